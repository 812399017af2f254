/*
 * A new file beside the one that it is to replace
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/file-beside.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "util/fd-sets.h"

/* As many as the kernel follows */
#define FILE_BESIDE_LINKS_MAX 40
#define FILE_BESIDE_TRIES 100

/* Which file it is */

/** Returns the path that a chain of symbolic links leads to, which need not
 *  be there; NULL with errno set. */
static char *file_beside_follow(const char *path)
{
    g_autofree char *at = g_strdup(path);

    for (int i = 0; i < FILE_BESIDE_LINKS_MAX; i++) {
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

char *file_beside_find(const char *path, const struct stat *st)
{
    g_autofree char *real = NULL;
    struct stat real_st;

    if (g_str_has_prefix(path, FD_SETS_PATH) ||
        (st->st_mode && !S_ISREG(st->st_mode))) {
        return NULL;
    }
    real = file_beside_follow(path);
    if (st->st_mode &&
        (!real || lstat(real, &real_st) < 0 || real_st.st_dev != st->st_dev ||
         real_st.st_ino != st->st_ino)) {
        return NULL;
    }
    return g_steal_pointer(&real);
}

/* The new one */

static char *file_beside_random_name(const FileBeside *beside)
{
    uint64_t random = 0;

    /* without it, names are tried that may be taken */
    (void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
    /* a name may have 255 bytes */
    return g_strdup_printf(".%.200s.%016" PRIx64, beside->name, random);
}

/** A file that gets its name at the end, by way of /proc.  Returns a
 *  descriptor, or a negative errno. */
static int file_beside_make_nameless(const FileBeside *beside)
{
    int fd = openat(beside->dir_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC,
                    0600);
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

static int file_beside_make_named(FileBeside *beside)
{
    int fd = -EEXIST;

    for (int i = 0; i < FILE_BESIDE_TRIES && fd == -EEXIST; i++) {
        g_autofree char *name = file_beside_random_name(beside);

        fd = openat(beside->dir_fd, name,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0) {
            fd = -errno;
        } else {
            beside->temporary = g_steal_pointer(&name);
        }
    }
    return fd;
}

/** Give the new file to those who had the old one.  If its group cannot have
 *  it, ours may do no more than others.  Returns 0 or a negative errno. */
static int file_beside_copy_access(int fd, const struct stat *old)
{
    mode_t mode = old->st_mode & 07777;
    mode_t others = (mode & S_IRWXO) << 3;
    struct stat st;

    if (fstat(fd, &st) < 0) {
        return -errno;
    }
    if (st.st_uid != old->st_uid && fchown(fd, old->st_uid, (gid_t)-1) < 0) {
        mode &= ~(mode_t)S_ISUID;
    }
    if (st.st_gid != old->st_gid && fchown(fd, (uid_t)-1, old->st_gid) < 0) {
        mode &= others | ~(mode_t)(S_ISGID | S_IRWXG);
    }
    /* last: chown(2) takes bits away */
    return fchmod(fd, mode) < 0 ? -errno : 0;
}

/** One file of the host's may be mounted on another, as containers do. */
static bool file_beside_is_mounted(const FileBeside *beside)
{
    struct statx st;

    return statx(beside->dir_fd, beside->name, AT_SYMLINK_NOFOLLOW, 0,
                 &st) == 0 &&
           (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

bool file_beside_is_locked_out(const FileBeside *beside)
{
    return beside->dir_fd >= 0 &&
           faccessat(beside->dir_fd, ".", W_OK, AT_EACCESS) < 0;
}

int file_beside_make(FileBeside *beside, const char *real,
                     const struct stat *st)
{
    g_autofree char *dir = g_path_get_dirname(real);
    int fd, err;

    beside->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (beside->dir_fd < 0) {
        return -errno;
    }
    beside->name = g_path_get_basename(real);
    if (st->st_mode &&
        faccessat(beside->dir_fd, beside->name, W_OK, AT_EACCESS) < 0) {
        return -errno;
    }
    if (st->st_mode && file_beside_is_mounted(beside)) {
        return -EBUSY;
    }
    fd = file_beside_make_nameless(beside);
    if (fd < 0) {
        fd = file_beside_make_named(beside);
    }
    err = fd >= 0 && st->st_mode ? file_beside_copy_access(fd, st) : 0;
    if (err < 0) {
        close(fd);
        return err;
    }
    return fd;
}

/* The end */

/** Give the nameless file its own name, if nobody has that, or another that
 *  it can be renamed from.  Returns 0 or a negative errno. */
static int file_beside_link(FileBeside *beside, int fd)
{
    char link[64];
    const char *name = beside->name;
    g_autofree char *random = NULL;
    int err;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    for (int i = 0; i < FILE_BESIDE_TRIES; i++) {
        if (linkat(AT_FDCWD, link, beside->dir_fd, name,
                   AT_SYMLINK_FOLLOW) == 0) {
            beside->temporary = g_steal_pointer(&random);
            return 0;
        }
        err = -errno;
        if (err != -EEXIST) {
            return err;
        }
        g_free(random);
        name = random = file_beside_random_name(beside);
    }
    return -EEXIST;
}

int file_beside_take_name(FileBeside *beside, int fd)
{
    bool nameless = !beside->temporary;
    int err = nameless ? file_beside_link(beside, fd) : 0;

    if (err < 0) {
        return err;
    }
    if (beside->temporary) {
        if (renameat(beside->dir_fd, beside->temporary, beside->dir_fd,
                     beside->name) < 0) {
            return -errno;
        }
        g_clear_pointer(&beside->temporary, g_free);
    }
    return fsync(beside->dir_fd) < 0 && errno != EINVAL ? -errno : 0;
}

void file_beside_cleanup(FileBeside *beside)
{
    if (beside->temporary) {
        unlinkat(beside->dir_fd, beside->temporary, 0);
    }
    if (beside->dir_fd >= 0) {
        close(beside->dir_fd);
    }
    g_free(beside->temporary);
    g_free(beside->name);
}
