/*
 * The file that tells who we are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"
#include "util/fd-sets.h"
#include "util/file.h"
#include "util/report.h"

/** More than a number and a newline. */
#define PIDFILE_TEXT_MAX 32

/** How often the file may vanish while we take it. */
#define PIDFILE_ATTEMPTS 100

struct PidFile {
    char *path;                 /* absolute */
    int fd;                     /* holds the lock */
};

/** Whether @path is the open file, still. */
static bool pidfile_is_at(int fd, const char *path)
{
    struct stat at_path, opened;

    return lstat(path, &at_path) == 0 && fstat(fd, &opened) == 0 &&
           at_path.st_dev == opened.st_dev && at_path.st_ino == opened.st_ino;
}

/** Returns the number that the file holds; 0: it is empty; -1: something
 *  else is in it. */
static gint64 pidfile_read(int fd)
{
    char text[PIDFILE_TEXT_MAX + 1];
    ssize_t len = pread(fd, text, PIDFILE_TEXT_MAX, 0);
    char *end;
    guint64 pid;

    if (len <= 0) {
        return len;
    }
    text[len] = 0;
    pid = g_ascii_strtoull(text, &end, 10);
    end += strspn(end, "\r\n");
    return g_ascii_isdigit(text[0]) && end == text + len && pid &&
           pid <= G_MAXINT32 ? (gint64)pid : -1;
}

static bool pidfile_check(int fd, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) < 0) {
        return fm_error_set(error, "%s", g_strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return fm_error_set(error, "is there already and is no regular file");
    }
    if (st.st_nlink > 1) {
        return fm_error_set(error, "is there already and has other names (hard "
                            "links)");
    }
    if (pidfile_read(fd) < 0) {
        return fm_error_set(error, "is there already and does not hold a "
                            "process number");
    }
    return true;
}

static bool pidfile_error_taken(int fd, GError **error)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    gint64 pid = 0;

    if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
        pid = lock.l_pid;
    }
    if (pid <= 0) {
        /* another kind of lock, or a process that we cannot see */
        pid = pidfile_read(fd);
    }
    if (pid <= 0) {
        return fm_error_set(error, "is in use by another process");
    }
    return fm_error_set(error, "is in use by process %" G_GINT64_FORMAT, pid);
}

/** Returns the open file; -1 with @error set. */
static int pidfile_open(const char *path, GError **error)
{
    /* not O_TRUNC: it may be somebody's; O_NONBLOCK: or a FIFO */
    int fd = file_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);

    if (fd == -ELOOP) {
        fm_error_set(error, "is a symbolic link");
    } else if (fd < 0) {
        fm_error_set(error, "cannot open it: %s", g_strerror(-fd));
    }
    return MAX(fd, -1);
}

/** Returns the open, locked file that is at @path; -1 with @error set. */
static int pidfile_take(const char *path, GError **error)
{
    for (unsigned i = 0; i < PIDFILE_ATTEMPTS; i++) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        int fd = pidfile_open(path, error);
        bool locked;

        if (fd < 0) {
            return -1;
        }
        locked = pidfile_check(fd, error) &&
                 (fcntl(fd, F_SETLK, &lock) == 0 ||
                  pidfile_error_taken(fd, error));
        /* one that was passed has its name elsewhere */
        if (locked && (g_str_has_prefix(path, FD_SETS_PATH) ||
                       pidfile_is_at(fd, path))) {
            return fd;
        }
        /* who had it has just removed it: ours would have no name */
        close(fd);
        if (!locked) {
            return -1;
        }
    }
    fm_error_set(error, "vanishes again and again");
    return -1;
}

static bool pidfile_write(int fd, GError **error)
{
    char text[PIDFILE_TEXT_MAX];
    size_t len = g_snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    ssize_t n = -1;

    if (ftruncate(fd, 0) == 0) {
        n = pwrite(fd, text, len, 0);
    }
    if (n == (ssize_t)len) {
        return true;
    }
    return fm_error_set(error, "cannot write it: %s",
                        g_strerror(n < 0 ? errno : ENOSPC));
}

PidFile *pidfile_new(const char *path, GError **error)
{
    g_autofree char *absolute = file_absolute_path(path);
    PidFile *file;
    int fd = pidfile_take(absolute, error);

    if (fd < 0) {
        return NULL;
    }
    file = g_new(PidFile, 1);
    file->path = g_steal_pointer(&absolute);
    file->fd = fd;
    if (!pidfile_write(fd, error)) {
        g_clear_pointer(&file, pidfile_free);
    }
    return file;
}

void pidfile_free(PidFile *file)
{
    bool removed;

    if (!file) {
        return;
    }
    removed = pidfile_is_at(file->fd, file->path) && unlink(file->path) == 0;
    /* whoever reads it where we cannot reach it finds nobody */
    if (!removed && ftruncate(file->fd, 0) < 0) {
        report_warning("-pidfile %s: is left behind: %s", file->path,
                       g_strerror(errno));
    }
    close(file->fd);
    g_free(file->path);
    g_free(file);
}
