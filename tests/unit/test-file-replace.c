/*
 * Replacing a file: the old one or the new one, never anything else
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "under-valgrind.h"
#include "util/file-replace.h"
#include "util/sandbox.h"

#define NOBODY 65534
#define CANNOT 77
#define FDS_MAX 256             /* more than are ever open here */

typedef struct Rig {
    char *dir;
    char *path;                 /* "file" in it */
    bool done;
    GError *error;
} Rig;

static void rig_setup(Rig *rig, gconstpointer data)
{
    rig->dir = g_dir_make_tmp("file-replace-XXXXXX", NULL);
    rig->path = g_build_filename(rig->dir, "file", NULL);
}

static void rig_remove(const char *dir)
{
    GDir *entries = g_dir_open(dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR) &&
            !g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
            rig_remove(path);
        } else {
            g_unlink(path);
        }
    }
    g_dir_close(entries);
    g_rmdir(dir);
}

static void rig_teardown(Rig *rig, gconstpointer data)
{
    rig_remove(rig->dir);
    g_clear_error(&rig->error);
    g_free(rig->path);
    g_free(rig->dir);
}

static unsigned count_names(const char *path)
{
    GDir *entries = g_dir_open(path, 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(entries)) {
        n++;
    }
    g_dir_close(entries);
    return n;
}

static unsigned count_fds(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < FDS_MAX; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

static void assert_content(const char *path, const char *expected)
{
    g_autofree char *content = NULL;

    g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
    g_assert_cmpstr(content, ==, expected);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    g_assert_cmpint(stat(path, &st), ==, 0);
    return st.st_mode & 07777;
}

static void write_all(FileReplace *file, const char *text)
{
    FileSink *sink = file_replace_sink(file);
    ssize_t n = file_sink_write(sink, text, strlen(text));

    g_assert_cmpint(n, ==, strlen(text));
}

static void rig_done(void *opaque, GError *error)
{
    Rig *rig = opaque;

    g_assert_false(rig->done);
    rig->done = true;
    rig->error = error;
}

static void rig_commit(Rig *rig, FileReplace *file)
{
    rig->done = false;
    g_clear_error(&rig->error);
    file_replace_commit(file, rig_done, rig);
    g_assert_false(rig->done);
}

static void rig_wait(Rig *rig)
{
    while (!rig->done) {
        g_main_context_iteration(NULL, TRUE);
    }
}

static void rig_replace(Rig *rig, const char *path, const char *text)
{
    GError *error = NULL;
    FileReplace *file = file_replace_open(path, &error);

    g_assert_no_error(error);
    write_all(file, text);
    rig_commit(rig, file);
    rig_wait(rig);
    g_assert_no_error(rig->error);
}

static void assert_refused(const char *path, const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *expected = g_strdup_printf("Could not open '%s': %s", path,
                                                reason);

    g_assert_null(file_replace_open(path, &error));
    g_assert_cmpstr(error->message, ==, expected);
}

/* Regular files */

static void test_new(Rig *rig, gconstpointer data)
{
    FileReplace *file = file_replace_open(rig->path, NULL);

    g_assert_true(file_sink_is_stored(file_replace_sink(file)));
    write_all(file, "new");
    g_assert_false(g_file_test(rig->path, G_FILE_TEST_EXISTS));
    rig_commit(rig, file);
    rig_wait(rig);
    g_assert_no_error(rig->error);
    assert_content(rig->path, "new");
    g_assert_cmpint(mode_of(rig->path), ==, 0600);
    g_assert_cmpuint(count_names(rig->dir), ==, 1);
}

static void test_replace(Rig *rig, gconstpointer data)
{
    FileReplace *file;
    int old;

    g_file_set_contents(rig->path, "old", -1, NULL);
    g_chmod(rig->path, 0640);
    old = open(rig->path, O_RDONLY);
    file = file_replace_open(rig->path, NULL);
    write_all(file, "new and longer");
    assert_content(rig->path, "old");
    rig_commit(rig, file);
    rig_wait(rig);
    g_assert_no_error(rig->error);
    assert_content(rig->path, "new and longer");
    g_assert_cmpint(mode_of(rig->path), ==, 0640);
    g_assert_cmpuint(count_names(rig->dir), ==, 1);
    /* who has the old one open still has it */
    g_assert_cmpint(lseek(old, 0, SEEK_END), ==, 3);
    close(old);
}

static void test_abandon(Rig *rig, gconstpointer data)
{
    FileReplace *file;
    unsigned fds = count_fds();

    g_file_set_contents(rig->path, "old", -1, NULL);
    file = file_replace_open(rig->path, NULL);
    write_all(file, "new");
    file_replace_abandon(file);
    assert_content(rig->path, "old");
    g_assert_cmpuint(count_names(rig->dir), ==, 1);
    g_assert_cmpuint(count_fds(), ==, fds);
    file_replace_abandon(NULL);
}

/** In the middle of a commit it is one or the other. */
static void test_abandon_commit(Rig *rig, gconstpointer data)
{
    unsigned fds = count_fds();

    for (int i = 0; i < 25; i++) {
        g_autofree char *content = NULL;
        FileReplace *file;

        g_file_set_contents(rig->path, "old", -1, NULL);
        file = file_replace_open(rig->path, NULL);
        write_all(file, "new");
        rig_commit(rig, file);
        g_usleep((gulong)i * 40);
        file_replace_abandon(file);
        g_assert_false(g_main_context_iteration(NULL, FALSE));
        g_assert_false(rig->done);
        g_file_get_contents(rig->path, &content, NULL, NULL);
        g_assert_true(strcmp(content, "old") == 0 ||
                      strcmp(content, "new") == 0);
        g_assert_cmpuint(count_names(rig->dir), ==, 1);
    }
    g_assert_cmpuint(count_fds(), ==, fds);
}

static void test_cancel(Rig *rig, gconstpointer data)
{
    for (int i = 0; i < 25; i++) {
        FileReplace *file;

        g_file_set_contents(rig->path, "old", -1, NULL);
        file = file_replace_open(rig->path, NULL);
        write_all(file, "new");
        rig_commit(rig, file);
        g_usleep((gulong)i * 40);
        file_replace_cancel(file);
        rig_wait(rig);
        assert_content(rig->path, rig->error ? "old" : "new");
        g_assert_cmpuint(count_names(rig->dir), ==, 1);
    }
}

static void test_links(Rig *rig, gconstpointer data)
{
    g_autofree char *sub = g_build_filename(rig->dir, "sub", NULL);
    g_autofree char *target = g_build_filename(sub, "target", NULL);
    g_autofree char *again = g_build_filename(rig->dir, "again", NULL);
    g_autofree char *loop = g_build_filename(rig->dir, "loop", NULL);

    g_mkdir(sub, 0700);
    g_assert_cmpint(symlink("sub/target", rig->path), ==, 0);
    g_assert_cmpint(symlink(rig->path, again), ==, 0);
    g_assert_cmpint(symlink("loop", loop), ==, 0);
    /* first it leads nowhere */
    rig_replace(rig, again, "one");
    assert_content(target, "one");
    rig_replace(rig, again, "two");
    assert_content(target, "two");
    g_assert_true(g_file_test(rig->path, G_FILE_TEST_IS_SYMLINK));
    g_assert_true(g_file_test(again, G_FILE_TEST_IS_SYMLINK));
    g_assert_cmpuint(count_names(sub), ==, 1);
    assert_refused(loop, g_strerror(ELOOP));
}

static void test_relative(Rig *rig, gconstpointer data)
{
    g_autofree char *before = g_get_current_dir();

    g_assert_cmpint(g_chdir(rig->dir), ==, 0);
    rig_replace(rig, "file", "here");
    g_assert_cmpint(g_chdir(before), ==, 0);
    assert_content(rig->path, "here");
}

/** A file that is open, but has no name any more: it cannot be replaced. */
static void test_deleted(Rig *rig, gconstpointer data)
{
    int fd = open(rig->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    char bytes[8] = "";

    g_unlink(rig->path);
    if (access(path, F_OK) < 0) {
        g_test_skip("there is no /proc");
        close(fd);
        return;
    }
    rig_replace(rig, path, "text");
    g_assert_cmpint(pread(fd, bytes, sizeof(bytes), 0), ==, 4);
    g_assert_cmpstr(bytes, ==, "text");
    g_assert_cmpuint(count_names(rig->dir), ==, 0);
    close(fd);
}

static void test_errors(Rig *rig, gconstpointer data)
{
    g_autofree char *missing = g_build_filename(rig->dir, "no", "file", NULL);
    g_autofree char *slash = g_strconcat(rig->path, "/", NULL);
    g_autofree char *below = g_strconcat(rig->path, "/below", NULL);
    g_autofree char *name = g_strnfill(300, 'a');
    g_autofree char *longer = g_build_filename(rig->dir, name, NULL);

    assert_refused(rig->dir, g_strerror(EISDIR));
    assert_refused(missing, g_strerror(ENOENT));
    assert_refused(slash, g_strerror(EISDIR));
    assert_refused(longer, g_strerror(ENAMETOOLONG));
    assert_refused("", g_strerror(ENOENT));
    assert_refused("/dev/fdset/7", g_strerror(ENOENT));
    g_file_set_contents(rig->path, "old", -1, NULL);
    assert_refused(below, g_strerror(ENOTDIR));
    g_assert_cmpuint(count_names(rig->dir), ==, 1);
}

/** Begin, and find something else there in the end. */
static void expect_commit_fails(Rig *rig, FileReplace *file, int err)
{
    g_autofree char *expected = g_strdup_printf("Could not write '%s': %s",
                                                rig->path, g_strerror(err));

    write_all(file, "new");
    rig_commit(rig, file);
    rig_wait(rig);
    g_assert_nonnull(rig->error);
    g_assert_cmpstr(rig->error->message, ==, expected);
    g_clear_error(&rig->error);
}

static void test_changes(Rig *rig, gconstpointer data)
{
    g_autofree char *sub = g_build_filename(rig->dir, "sub", NULL);
    g_autofree char *below = g_build_filename(sub, "file", NULL);
    g_autofree char *other = g_build_filename(rig->dir, "other", NULL);
    FileReplace *file = file_replace_open(rig->path, NULL);

    /* a directory */
    g_mkdir(rig->path, 0700);
    expect_commit_fails(rig, file, EISDIR);
    g_assert_cmpuint(count_names(rig->dir), ==, 1);
    g_rmdir(rig->path);

    /* a link that leads elsewhere: that is not touched */
    g_file_set_contents(other, "other", -1, NULL);
    file = file_replace_open(rig->path, NULL);
    g_assert_cmpint(symlink(other, rig->path), ==, 0);
    write_all(file, "new");
    rig_commit(rig, file);
    rig_wait(rig);
    g_assert_no_error(rig->error);
    assert_content(rig->path, "new");
    assert_content(other, "other");
    g_assert_false(g_file_test(rig->path, G_FILE_TEST_IS_SYMLINK));

    /* and a directory that is gone */
    g_unlink(rig->path);
    g_free(rig->path);
    rig->path = g_strdup(below);
    g_mkdir(sub, 0700);
    file = file_replace_open(below, NULL);
    g_assert_cmpint(g_rmdir(sub), ==, 0);
    expect_commit_fails(rig, file, ENOENT);
}

static void test_long_name(Rig *rig, gconstpointer data)
{
    g_autofree char *name = g_strnfill(255, 'a');
    g_autofree char *path = g_build_filename(rig->dir, name, NULL);

    rig_replace(rig, path, "one");
    rig_replace(rig, path, "two");
    assert_content(path, "two");
    g_assert_cmpuint(count_names(rig->dir), ==, 1);
}

/* In a child, because it cannot be undone.  The child's status is 0 if all was
 * as it should be. */

static void run_child(void (*act)(Rig *), Rig *rig)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        act(rig);
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
}

static void refused_as_nobody(Rig *rig)
{
    g_autofree char *fresh = g_build_filename(rig->dir, "fresh", NULL);

    if (geteuid() == 0 && setuid(NOBODY) < 0) {
        _exit(1);
    }
    assert_refused(fresh, "there must be a new file beside it, and its "
                   "directory cannot be written");
    assert_refused(rig->path, "there must be a new file beside it, and its "
                   "directory cannot be written");
}

static void test_permissions(Rig *rig, gconstpointer data)
{
    g_file_set_contents(rig->path, "old", -1, NULL);
    g_chmod(rig->path, 0666);
    g_chmod(rig->dir, 0555);
    run_child(refused_as_nobody, rig);
    g_chmod(rig->dir, 0755);
    assert_content(rig->path, "old");
}

static void replace_as_nobody(Rig *rig)
{
    struct stat st;

    if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0) {
        _exit(1);
    }
    rig_replace(rig, rig->path, "theirs");
    g_assert_cmpint(stat(rig->path, &st), ==, 0);
    g_assert_cmpuint(st.st_uid, ==, NOBODY);
    g_assert_cmpuint(st.st_gid, ==, NOBODY);
    /* what another group could do, this one cannot */
    g_assert_cmpint(st.st_mode & 07777, ==, 0622);
}

/** Who had the old file has the new one. */
static void test_owner(Rig *rig, gconstpointer data)
{
    struct stat st;

    if (geteuid() != 0) {
        g_test_skip("only the superuser gives files away");
        return;
    }
    g_file_set_contents(rig->path, "old", -1, NULL);
    g_assert_cmpint(chown(rig->path, 1234, 5678), ==, 0);
    g_assert_cmpint(g_chmod(rig->path, 06666), ==, 0);
    rig_replace(rig, rig->path, "new");
    assert_content(rig->path, "new");
    g_assert_cmpint(stat(rig->path, &st), ==, 0);
    g_assert_cmpuint(st.st_uid, ==, 1234);
    g_assert_cmpuint(st.st_gid, ==, 5678);
    g_assert_cmpint(st.st_mode & 07777, ==, 06666);
    g_assert_cmpint(g_chmod(rig->path, 06672), ==, 0);
    g_assert_cmpint(g_chmod(rig->dir, 0777), ==, 0);
    run_child(replace_as_nobody, rig);
    assert_content(rig->path, "theirs");
}

/** Returns the exit status of a process that does nothing else. */
static int replace_mounted(Rig *rig, const char *other)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
        mount(other, rig->path, "none", MS_BIND, NULL) < 0) {
        return CANNOT;
    }
    assert_refused(rig->path, "it is a mount point, which cannot be replaced");
    assert_content(rig->path, "mounted");
    return 0;
}

/** A container's file may be one of the host's. */
static void test_mounted(Rig *rig, gconstpointer data)
{
    g_autofree char *other = g_build_filename(rig->dir, "other", NULL);
    int status;
    pid_t pid;

    g_file_set_contents(rig->path, "below", -1, NULL);
    g_file_set_contents(other, "mounted", -1, NULL);
    pid = fork();
    if (pid == 0) {
        status = replace_mounted(rig, other);
        g_free(other);
        _exit(status);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT) {
        g_test_skip("files cannot be mounted here");
        return;
    }
    g_assert_cmpint(status, ==, 0);
    assert_content(rig->path, "below");
    g_assert_cmpuint(count_names(rig->dir), ==, 2);
}

static void refused_read_only(Rig *rig)
{
    if (geteuid() == 0 && setuid(NOBODY) < 0) {
        _exit(1);
    }
    assert_refused(rig->path, g_strerror(EACCES));
}

/** Whoever protects a file does not want another one in its place. */
static void test_read_only(Rig *rig, gconstpointer data)
{
    g_file_set_contents(rig->path, "old", -1, NULL);
    g_chmod(rig->path, 0444);
    g_chmod(rig->dir, 0777);
    run_child(refused_read_only, rig);
    assert_content(rig->path, "old");
}

static void replace_limited(Rig *rig)
{
    const struct rlimit limit = { 2, 2 };
    FileReplace *file;

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    file = file_replace_open(rig->path, NULL);
    g_assert_cmpint(file_sink_write(file_replace_sink(file), "new", 3), ==, 2);
    g_assert_cmpint(file_sink_write(file_replace_sink(file), "w", 1), ==,
                    -EFBIG);
    file_replace_abandon(file);
}

static void test_full(Rig *rig, gconstpointer data)
{
    g_file_set_contents(rig->path, "old", -1, NULL);
    run_child(replace_limited, rig);
    assert_content(rig->path, "old");
    g_assert_cmpuint(count_names(rig->dir), ==, 1);
}

static void replace_sandboxed(Rig *rig)
{
    if (!sandbox_apply(SANDBOX_DENY_OBSOLETE | SANDBOX_DENY_ELEVATE |
                       SANDBOX_DENY_SPAWN | SANDBOX_DENY_RESOURCES, NULL)) {
        _exit(1);
    }
    rig_replace(rig, rig->path, "new");
}

static void test_sandbox(Rig *rig, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    if (!sandbox_prepare(&error)) {
        g_test_skip(error->message);
        return;
    }
    if (under_valgrind()) {
        g_test_skip("valgrind does not know seccomp()");
        return;
    }
    g_file_set_contents(rig->path, "old", -1, NULL);
    run_child(replace_sandboxed, rig);
    assert_content(rig->path, "new");
}

/** Without /proc the new file has a name from the start. */
static void replace_without_proc(Rig *rig)
{
    FileReplace *file;

    if (chroot(rig->dir) < 0 || chdir("/") < 0) {
        _exit(1);
    }
    rig_replace(rig, "file", "one");
    file = file_replace_open("/file", NULL);
    g_assert_cmpuint(count_names("/"), ==, 2);
    write_all(file, "two");
    assert_content("file", "one");
    file_replace_abandon(file);
    g_assert_cmpuint(count_names("/"), ==, 1);
    rig_replace(rig, "file", "three");
}

static void test_no_proc(Rig *rig, gconstpointer data)
{
    if (geteuid() != 0) {
        g_test_skip("only root can have no /proc");
        return;
    }
    run_child(replace_without_proc, rig);
    assert_content(rig->path, "three");
    g_assert_cmpuint(count_names(rig->dir), ==, 1);
}

/* Others */

static void test_pipe(Rig *rig, gconstpointer data)
{
    FileReplace *file;
    char bytes[8] = "";
    int reader;

    g_assert_cmpint(mkfifo(rig->path, 0600), ==, 0);
    assert_refused(rig->path, "it is a pipe that nobody reads from");
    reader = open(rig->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    file = file_replace_open(rig->path, NULL);
    g_assert_false(file_sink_is_stored(file_replace_sink(file)));
    write_all(file, "text");
    rig_commit(rig, file);
    rig_wait(rig);
    g_assert_no_error(rig->error);
    g_assert_cmpint(read(reader, bytes, sizeof(bytes)), ==, 4);
    g_assert_cmpstr(bytes, ==, "text");
    /* it is closed */
    g_assert_cmpint(read(reader, bytes, sizeof(bytes)), ==, 0);
    close(reader);
    g_assert_cmpuint(count_names(rig->dir), ==, 1);
}

static void test_device(Rig *rig, gconstpointer data)
{
    FileReplace *file = file_replace_open("/dev/full", NULL);

    g_assert_cmpint(file_sink_write(file_replace_sink(file), "x", 1), ==,
                    -ENOSPC);
    file_replace_abandon(file);
    rig_replace(rig, "/dev/null", "x");
}

static void test_fd(Rig *rig, gconstpointer data)
{
    int fd;
    g_autoptr(GError) error = NULL;
    FileReplace *file;

    g_file_set_contents(rig->path, "header, tail", -1, NULL);
    fd = open(rig->path, O_WRONLY | O_CLOEXEC);
    g_assert_cmpint(lseek(fd, 8, SEEK_SET), ==, 8);
    file = file_replace_new_fd(fd, "name", &error);
    g_assert_no_error(error);
    write_all(file, "body");
    rig_commit(rig, file);
    rig_wait(rig);
    g_assert_no_error(rig->error);
    assert_content(rig->path, "header, body");
    g_assert_cmpint(fcntl(fd, F_GETFD), ==, -1);
    g_assert_null(file_replace_new_fd(open(rig->path, O_RDONLY), "name",
                                      &error));
    g_assert_cmpstr(error->message, ==,
                    "Could not write 'name': it is not open for writing");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(Rig *, gconstpointer);
    } tests[] = {
        { "/file-replace/new", test_new },
        { "/file-replace/replace", test_replace },
        { "/file-replace/abandon", test_abandon },
        { "/file-replace/abandon-commit", test_abandon_commit },
        { "/file-replace/cancel", test_cancel },
        { "/file-replace/links", test_links },
        { "/file-replace/relative", test_relative },
        { "/file-replace/deleted", test_deleted },
        { "/file-replace/errors", test_errors },
        { "/file-replace/changes", test_changes },
        { "/file-replace/long-name", test_long_name },
        { "/file-replace/permissions", test_permissions },
        { "/file-replace/owner", test_owner },
        { "/file-replace/mounted", test_mounted },
        { "/file-replace/read-only", test_read_only },
        { "/file-replace/full", test_full },
        { "/file-replace/sandbox", test_sandbox },
        { "/file-replace/no-proc", test_no_proc },
        { "/file-replace/pipe", test_pipe },
        { "/file-replace/device", test_device },
        { "/file-replace/fd", test_fd },
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Rig, NULL, rig_setup, tests[i].test,
                   rig_teardown);
    }
    return g_test_run();
}
