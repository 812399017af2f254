/*
 * Replacing a file: the old one is whole until the new one is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/file-replace.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"
#include "util/fd-sets.h"
#include "util/file.h"

/* As many as the kernel follows */
#define FILE_REPLACE_LINKS_MAX 40
#define FILE_REPLACE_TRIES 100

struct FileReplace {
    FileSink *sink;             /* NULL: closed */

    /* What is replaced; dir_fd is -1 if nothing is */
    int dir_fd;
    char *name;                 /* in that directory */
    char *temporary;            /* of the new file there; NULL: it has none */

    /* The thread that brings it to the disk */
    pthread_t thread;
    bool committing;
    atomic_bool cancelled;
    int err;                    /* 0 or a negative errno; the thread's until it
                                   has ended */
    int event_fd;               /* it is about to end */
    guint source;
    FileReplaceDone *done;
    void *opaque;
};

static FileReplace *file_replace_new(void)
{
    FileReplace *file = g_new0(FileReplace, 1);

    file->dir_fd = file->event_fd = -1;
    return file;
}

static void file_replace_free(FileReplace *file)
{
    g_clear_handle_id(&file->source, g_source_remove);
    file_sink_free(file->sink);
    if (file->temporary) {
        unlinkat(file->dir_fd, file->temporary, 0);
    }
    if (file->dir_fd >= 0) {
        close(file->dir_fd);
    }
    if (file->event_fd >= 0) {
        close(file->event_fd);
    }
    g_free(file->temporary);
    g_free(file->name);
    g_free(file);
}

/* Which file it is */

/** Returns the path that a chain of symbolic links leads to, which need not
 *  be there; NULL with errno set. */
static char *file_replace_follow(const char *path)
{
    g_autofree char *at = g_strdup(path);

    for (int i = 0; i < FILE_REPLACE_LINKS_MAX; i++) {
        char target[PATH_MAX];
        ssize_t len = readlink(at, target, sizeof(target) - 1);
        g_autofree char *dir = NULL;

        if (len < 0) {
            return g_steal_pointer(&at);
        }
        target[len] = '\0';
        dir = g_path_get_dirname(at);
        g_free(at);
        at = g_path_is_absolute(target) ? g_strdup(target)
                                        : g_build_filename(dir, target, NULL);
    }
    errno = ELOOP;
    return NULL;
}

/**
 * @st: what @path is; st_mode is 0 if it is not there
 *
 * Returns where it is if it can be replaced; NULL if it has to be written
 * directly: it is no regular file, or one that has no name any more and was
 * found by way of /proc.
 */
static char *file_replace_find(const char *path, const struct stat *st)
{
    g_autofree char *real = NULL;
    struct stat real_st;

    if (g_str_has_prefix(path, FD_SETS_PATH) ||
        (st->st_mode && !S_ISREG(st->st_mode))) {
        return NULL;
    }
    real = file_replace_follow(path);
    if (st->st_mode &&
        (!real || lstat(real, &real_st) < 0 || real_st.st_dev != st->st_dev ||
         real_st.st_ino != st->st_ino)) {
        return NULL;
    }
    return g_steal_pointer(&real);
}

/* The new one */

static char *file_replace_random_name(const FileReplace *file)
{
    uint64_t random = 0;

    /* without it, names are tried that may be taken */
    (void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
    /* a name may have 255 bytes */
    return g_strdup_printf(".%.200s.%016" PRIx64, file->name, random);
}

/** A file that gets its name at the end, by way of /proc.  Returns a
 *  descriptor, or a negative errno. */
static int file_replace_make_nameless(const FileReplace *file)
{
    int fd = openat(file->dir_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    char link[64];

    if (fd < 0) {
        return -errno;
    }
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (access(link, F_OK) < 0) {
        close(fd);
        return -EOPNOTSUPP;
    }
    return fd;
}

static int file_replace_make_named(FileReplace *file)
{
    int fd = -EEXIST;

    for (int i = 0; i < FILE_REPLACE_TRIES && fd == -EEXIST; i++) {
        g_autofree char *name = file_replace_random_name(file);

        fd = openat(file->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    0600);
        if (fd < 0) {
            fd = -errno;
        } else {
            file->temporary = g_steal_pointer(&name);
        }
    }
    return fd;
}

/* Returns a descriptor, or a negative errno. */
static int file_replace_make(FileReplace *file, const char *real,
                             const struct stat *st)
{
    g_autofree char *dir = g_path_get_dirname(real);
    int fd;

    file->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file->dir_fd < 0) {
        return -errno;
    }
    file->name = g_path_get_basename(real);
    if (st->st_mode &&
        faccessat(file->dir_fd, file->name, W_OK, AT_EACCESS) < 0) {
        return -errno;
    }
    fd = file_replace_make_nameless(file);
    if (fd < 0) {
        fd = file_replace_make_named(file);
    }
    if (fd >= 0 && st->st_mode && fchmod(fd, st->st_mode & 07777) < 0) {
        int err = errno;

        close(fd);
        return -err;
    }
    return fd;
}

FileReplace *file_replace_open(const char *path, GError **error)
{
    FileReplace *file;
    g_autofree char *real = NULL;
    struct stat st;
    int fd;

    if (stat(path, &st) < 0) {
        if (errno != ENOENT) {
            fm_error_set(error, "Could not open '%s': %s", path,
                         g_strerror(errno));
            return NULL;
        }
        st.st_mode = 0;
    }
    real = file_replace_find(path, &st);
    file = file_replace_new();
    if (!real) {
        file->sink = file_sink_open(path, error);
    } else if (*path == '\0' || g_str_has_suffix(path, "/")) {
        fm_error_set(error, "Could not open '%s': %s", path,
                     g_strerror(*path ? EISDIR : ENOENT));
    } else {
        fd = file_replace_make(file, real, &st);
        if (fd < 0) {
            fm_error_set(error, "Could not open '%s': %s", path,
                         g_strerror(-fd));
        } else {
            file->sink = file_sink_new_fd(fd, path, error);
        }
    }
    if (!file->sink) {
        file_replace_free(file);
        return NULL;
    }
    return file;
}

FileReplace *file_replace_new_fd(int fd, const char *name, GError **error)
{
    FileSink *sink = file_sink_new_fd(fd, name, error);
    FileReplace *file;

    if (!sink) {
        return NULL;
    }
    file = file_replace_new();
    file->sink = sink;
    return file;
}

FileSink *file_replace_sink(FileReplace *file)
{
    return file->sink;
}

/* The end: in the thread */

/** Give the nameless file its own name, if nobody has that, or another that
 *  it can be renamed from.  Returns 0 or a negative errno. */
static int file_replace_link(FileReplace *file)
{
    char link[64];
    const char *name = file->name;
    g_autofree char *random = NULL;
    int err;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", file_sink_fd(file->sink));
    for (int i = 0; i < FILE_REPLACE_TRIES; i++) {
        if (linkat(AT_FDCWD, link, file->dir_fd, name, AT_SYMLINK_FOLLOW) == 0) {
            file->temporary = g_steal_pointer(&random);
            return 0;
        }
        err = -errno;
        if (err != -EEXIST) {
            return err;
        }
        g_free(random);
        name = random = file_replace_random_name(file);
    }
    return -EEXIST;
}

/* Returns 0 or a negative errno. */
static int file_replace_take_name(FileReplace *file)
{
    bool nameless = !file->temporary;
    int err = nameless ? file_replace_link(file) : 0;

    if (err < 0) {
        return err;
    }
    if (file->temporary) {
        if (renameat(file->dir_fd, file->temporary, file->dir_fd,
                     file->name) < 0) {
            return -errno;
        }
        g_clear_pointer(&file->temporary, g_free);
    }
    return fsync(file->dir_fd) < 0 && errno != EINVAL ? -errno : 0;
}

/* Returns 0 or a negative errno. */
static int file_replace_to_disk(FileReplace *file)
{
    if (fsync(file_sink_fd(file->sink)) < 0 && errno != EINVAL) {
        return -errno;
    }
    if (file->dir_fd < 0) {
        return 0;
    }
    return file->cancelled ? -ECANCELED : file_replace_take_name(file);
}

static void *file_replace_thread(void *opaque)
{
    FileReplace *file = opaque;
    const uint64_t one = 1;
    ssize_t n;

    file->err = file_replace_to_disk(file);
    n = write(file->event_fd, &one, sizeof(one));
    g_assert(n == sizeof(one));
    return NULL;
}

/* The end: in the main loop */

static void file_replace_end(FileReplace *file, int err)
{
    FileReplaceDone *done = file->done;
    void *opaque = file->opaque;
    GError *error = NULL;
    g_autofree char *name = g_strdup(file_sink_name(file->sink));
    int closed = file_sink_finish(file->sink);

    err = err < 0 ? err : closed;
    if (err < 0) {
        fm_error_set(&error, "Could not write '%s': %s", name,
                     g_strerror(-err));
    }
    file->source = 0;
    file_replace_free(file);
    done(opaque, error);
}

static gboolean file_replace_joined(gint fd, GIOCondition condition,
                                    gpointer opaque)
{
    FileReplace *file = opaque;

    pthread_join(file->thread, NULL);
    file_replace_end(file, file->err);
    return G_SOURCE_REMOVE;
}

static gboolean file_replace_idle(gpointer opaque)
{
    FileReplace *file = opaque;

    file_replace_end(file, file->err);
    return G_SOURCE_REMOVE;
}

/* Returns 0 or a negative errno. */
static int file_replace_start(FileReplace *file)
{
    sigset_t all, before;
    int err;

    file->event_fd = eventfd(0, EFD_CLOEXEC);
    if (file->event_fd < 0) {
        return -errno;
    }
    /* signals are the main loop's */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&file->thread, NULL, file_replace_thread, file);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -err;
}

void file_replace_commit(FileReplace *file, FileReplaceDone *done,
                         void *opaque)
{
    file->done = done;
    file->opaque = opaque;
    if (file_sink_is_regular(file->sink)) {
        int err = file_replace_start(file);

        file->committing = err == 0;
        if (err < 0) {
            file->err = err;            /* there is no thread whose it is */
        }
    }
    file->source = file->committing
        ? g_unix_fd_add(file->event_fd, G_IO_IN, file_replace_joined, file)
        : g_idle_add_full(G_PRIORITY_DEFAULT, file_replace_idle, file, NULL);
}

void file_replace_cancel(FileReplace *file)
{
    file->cancelled = true;
}

void file_replace_abandon(FileReplace *file)
{
    if (!file) {
        return;
    }
    if (file->committing) {
        file_replace_cancel(file);
        pthread_join(file->thread, NULL);
    }
    file_replace_free(file);
}
