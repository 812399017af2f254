/*
 * Files that are written without waiting for anybody
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/file-sink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"
#include "util/fd-passed.h"
#include "util/file.h"

#define FILE_SINK_ZEROS_LEN 65536

struct FileSink {
    int fd;
    char *name;
    bool opened;                /* by us, by path */
    bool regular;
    bool stored;
    bool holes;
    bool ends_with_hole;
    bool set_nonblock;          /* to be undone: others share the file */
};

/** What is regular never waits.  Returns 0 or a negative errno. */
static int file_sink_unblock(FileSink *sink)
{
    return sink->regular ? 0 : fd_passed_unblock(sink->fd,
                                                 &sink->set_nonblock);
}

/* Returns 0 or a negative errno. */
static int file_sink_look(FileSink *sink)
{
    int flags = fcntl(sink->fd, F_GETFL);
    struct stat st;

    if (flags < 0 || fstat(sink->fd, &st) < 0) {
        return -errno;
    }
    if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH)) {
        return -EBADF;
    }
    sink->regular = S_ISREG(st.st_mode);
    sink->stored = sink->regular || S_ISBLK(st.st_mode);
    sink->holes = sink->regular && !(flags & O_APPEND) &&
                  lseek(sink->fd, 0, SEEK_CUR) >= st.st_size;
    return file_sink_unblock(sink);
}

static FileSink *file_sink_new(int fd, const char *name, bool opened,
                               GError **error)
{
    FileSink *sink = g_new0(FileSink, 1);
    int err;

    sink->fd = fd;
    sink->name = g_strdup(name);
    sink->opened = opened;
    err = file_sink_look(sink);
    if (err < 0) {
        fm_error_set(error, "Could not write '%s': %s", name,
                     err == -EBADF ? "it is not open for writing"
                                   : g_strerror(-err));
        file_sink_free(sink);
        return NULL;
    }
    return sink;
}

FileSink *file_sink_open(const char *path, GError **error)
{
    int fd = file_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0600);
    struct stat st;

    if (fd == -ENXIO && stat(path, &st) == 0 && S_ISFIFO(st.st_mode)) {
        fm_error_set(error, "Could not open '%s': it is a pipe that nobody "
                     "reads from", path);
        return NULL;
    }
    if (fd < 0) {
        fm_error_set(error, "Could not open '%s': %s", path, g_strerror(-fd));
        return NULL;
    }
    return file_sink_new(fd, path, true, error);
}

FileSink *file_sink_new_fd(int fd, const char *name, GError **error)
{
    return file_sink_new(fd, name, false, error);
}

/* Returns 0 or a negative errno. */
static int file_sink_close(FileSink *sink)
{
    int fd = sink->fd;

    if (fd < 0) {
        return 0;
    }
    if (sink->set_nonblock) {
        fd_passed_block(fd);
    }
    sink->fd = -1;
    return fd_passed_close(fd) < 0 && errno != EINTR ? -errno : 0;
}

void file_sink_free(FileSink *sink)
{
    if (sink) {
        file_sink_close(sink);
        g_free(sink->name);
        g_free(sink);
    }
}

int file_sink_fd(const FileSink *sink)
{
    return sink->fd;
}

const char *file_sink_name(const FileSink *sink)
{
    return sink->name;
}

bool file_sink_is_stored(const FileSink *sink)
{
    return sink->stored;
}

bool file_sink_has_holes(const FileSink *sink)
{
    return sink->holes;
}

ssize_t file_sink_write(FileSink *sink, const void *bytes, size_t len)
{
    int err = file_sink_unblock(sink);
    ssize_t n;

    if (err < 0) {
        return err;
    }
    do {
        n = write(sink->fd, bytes, len);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        sink->ends_with_hole = false;
        return n;
    }
    return n < 0 ? -errno : -EIO;
}

ssize_t file_sink_write_zeros(FileSink *sink, uint64_t len)
{
    static const uint8_t zeros[FILE_SINK_ZEROS_LEN];

    if (!sink->holes) {
        return file_sink_write(sink, zeros, MIN(len, sizeof(zeros)));
    }
    if (lseek(sink->fd, (off_t)len, SEEK_CUR) < 0) {
        return -errno;
    }
    sink->ends_with_hole = true;
    return (ssize_t)len;
}

int file_sink_finish(FileSink *sink)
{
    if (sink->ends_with_hole &&
        ftruncate(sink->fd, lseek(sink->fd, 0, SEEK_CUR)) < 0) {
        return -errno;
    }
    return file_sink_close(sink);
}

bool file_sink_empty(FileSink *sink)
{
    return sink->opened && sink->regular && sink->fd >= 0 &&
           ftruncate(sink->fd, 0) == 0;
}
