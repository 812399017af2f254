/*
 * Files that a user names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"
#include "util/fd-sets.h"

/** Memory that is asked for at a time; the length of a pipe is not known. */
#define FILE_CHUNK (64 * 1024)

int file_open(const char *path, int flags, mode_t mode)
{
    int fd;

    if (g_str_has_prefix(path, FD_SETS_PATH)) {
        return fd_sets_open(path, flags);
    }
    do {
        fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
    } while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

char *file_absolute_path(const char *path)
{
    g_autofree char *directory = NULL;

    if (g_path_is_absolute(path)) {
        return g_strdup(path);
    }
    directory = g_get_current_dir();
    return g_build_filename(directory, path, NULL);
}

/** Returns 0 or a negative errno; reads at most one byte more than @max. */
static int file_append_fd(int fd, size_t max, GByteArray *out)
{
    size_t start = out->len;

    for (;;) {
        size_t len = out->len, room = MIN(FILE_CHUNK, max + 1 - (len - start));
        ssize_t n;

        g_byte_array_set_size(out, len + room);
        n = read(fd, out->data + len, room);
        if (n < 0 && errno == EINTR) {
            n = 0;
        } else if (n <= 0) {
            int err = n < 0 ? -errno : 0;

            g_byte_array_set_size(out, len);
            return err;
        }
        g_byte_array_set_size(out, len + n);
        if (len + n - start > max) {
            return -EFBIG;
        }
    }
}

/** Only a regular file knows how much too long it is. */
static bool file_error_too_long(const char *path, size_t max,
                                const struct stat *st, GError **error)
{
    if (S_ISREG(st->st_mode)) {
        return fm_error_set(error, "file %s has %" PRIu64 " bytes, at most "
                            "%zu fit", path, (uint64_t)st->st_size, max);
    }
    return fm_error_set(error, "file %s has more than the %zu bytes that fit",
                        path, max);
}

bool file_append(const char *path, size_t max, GByteArray *out, GError **error)
{
    guint start = out->len;
    struct stat st = { 0 };
    int fd, err;

    fd = file_open(path, O_RDONLY, 0);
    if (fd < 0) {
        return fm_error_set(error, "can't open file %s: %s", path,
                            g_strerror(-fd));
    }
    err = file_append_fd(fd, max, out);
    if (err == -EFBIG) {
        fstat(fd, &st);
    }
    close(fd);
    if (!err) {
        return true;
    }
    g_byte_array_set_size(out, start);
    if (err == -EFBIG) {
        return file_error_too_long(path, max, &st, error);
    }
    return fm_error_set(error, "can't read file %s: %s", path,
                        g_strerror(-err));
}
