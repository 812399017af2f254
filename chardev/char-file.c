/*
 * Character device `file`: output goes to a file, input comes from another
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>

#include "chardev/char-impl.h"
#include "util/error.h"
#include "util/fd-passed.h"
#include "util/file.h"
#include "util/report.h"

typedef struct FileChardev {
    Chardev parent;
    int in_fd, out_fd;
    bool warned;                /* that output is lost */
} FileChardev;

static int chardev_file_open_one(const char *option, const char *path,
                                 int flags, GError **error)
{
    /* Without O_NONBLOCK a FIFO would wait for somebody at its other end. */
    int fd = file_open(path, flags | O_NONBLOCK, 0666);

    if (fd < 0) {
        fm_error_set(error, "%s=%s: cannot open it: %s", option, path,
                     fd == -ENXIO ? "nobody reads this FIFO"
                                  : g_strerror(-fd));
    }
    return fd;
}

static bool chardev_file_open(Chardev *chr, const ChardevOptions *options,
                              GError **error)
{
    FileChardev *file = (FileChardev *)chr;
    const ChardevFileOptions *config = &options->u.file;

    /* Input first: a mistake there must not have emptied the output file. */
    if (config->input_path) {
        file->in_fd = chardev_file_open_one("input-path", config->input_path,
                                            O_RDONLY, error);
        if (file->in_fd < 0) {
            return false;
        }
    }
    file->out_fd = chardev_file_open_one("path", config->path,
                                         O_WRONLY | O_CREAT |
                                         (config->append ? O_APPEND
                                                         : O_TRUNC), error);
    if (file->out_fd < 0) {
        return false;
    }
    chardev_opened(chr, file->in_fd, file->out_fd);
    return true;
}

static ssize_t chardev_file_write(Chardev *chr, const void *bytes, size_t len)
{
    FileChardev *file = (FileChardev *)chr;
    ssize_t n = write(file->out_fd, bytes, len);
    int err = errno;

    if (n >= 0) {
        return n;
    }
    if (err == EAGAIN || err == EINTR) {
        return -err;
    }
    if (!file->warned) {
        file->warned = true;
        report_warning("chardev '%s': output to '%s' is lost: %s",
                       chardev_id(chr), chardev_options(chr)->u.file.path,
                       g_strerror(err));
    }
    if (err == ENOSPC || err == EDQUOT || err == EFBIG) {
        /* There may be room again for what comes later. */
        return (ssize_t)len;
    }
    return -err;
}

static char *chardev_file_filename(const Chardev *chr)
{
    return g_strdup("file");
}

static void chardev_file_init(Object *obj)
{
    FileChardev *file = (FileChardev *)obj;

    file->in_fd = file->out_fd = -1;
}

static void chardev_file_finalize(Object *obj)
{
    FileChardev *file = (FileChardev *)obj;

    if (file->in_fd >= 0) {
        fd_passed_close(file->in_fd);
    }
    if (file->out_fd >= 0) {
        fd_passed_close(file->out_fd);
    }
}

static const ChardevClass chardev_file_class = {
    .open = chardev_file_open,
    .write = chardev_file_write,
    .filename = chardev_file_filename,
};

const ObjectType chardev_file_type = {
    .name = "chardev-file",
    .parent = &chardev_type,
    .doc = "a file that output is written to",
    .config_arm = "file",
    .instance_size = sizeof(FileChardev),
    .klass = &chardev_file_class,
    .init = chardev_file_init,
    .finalize = chardev_file_finalize,
};
