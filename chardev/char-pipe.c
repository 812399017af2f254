/*
 * Character device `pipe`: FIFOs that the host has made
 *
 * Input comes from PATH.in and output goes to PATH.out; if there are no such
 * files, PATH is opened for both.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "chardev/char-impl.h"
#include "util/error.h"
#include "util/fd-passed.h"
#include "util/file.h"

typedef struct PipeChardev {
    Chardev parent;
    int in_fd, out_fd;
} PipeChardev;

/* For both ways, so that nobody need be at the other end yet and its leaving
 * is no end.  Returns a descriptor or a negative errno. */
static int chardev_pipe_open_one(const char *path)
{
    return file_open(path, O_RDWR | O_NONBLOCK, 0);
}

static bool chardev_pipe_open(Chardev *chr, const ChardevOptions *options,
                              GError **error)
{
    PipeChardev *fifo = (PipeChardev *)chr;
    const char *path = options->u.pipe.path;
    g_autofree char *in_path = g_strconcat(path, ".in", NULL);
    g_autofree char *out_path = g_strconcat(path, ".out", NULL);
    int fd;

    fifo->in_fd = chardev_pipe_open_one(in_path);
    fifo->out_fd = chardev_pipe_open_one(out_path);
    if (fifo->in_fd >= 0 && fifo->out_fd >= 0) {
        chardev_opened(chr, fifo->in_fd, fifo->out_fd);
        return true;
    }
    if (fifo->in_fd != -ENOENT || fifo->out_fd != -ENOENT) {
        bool in = fifo->in_fd < 0;

        return fm_error_set(error, "path=%s: cannot open %s: %s", path,
                            in ? in_path : out_path,
                            g_strerror(in ? -fifo->in_fd : -fifo->out_fd));
    }
    fd = chardev_pipe_open_one(path);
    if (fd < 0) {
        return fm_error_set(error, "path=%s: cannot open it: %s", path,
                            g_strerror(-fd));
    }
    fifo->in_fd = fd;
    chardev_opened(chr, fd, fd);
    return true;
}

static char *chardev_pipe_filename(const Chardev *chr)
{
    return g_strdup("pipe");
}

static void chardev_pipe_init(Object *obj)
{
    PipeChardev *fifo = (PipeChardev *)obj;

    fifo->in_fd = fifo->out_fd = -1;
}

static void chardev_pipe_finalize(Object *obj)
{
    PipeChardev *fifo = (PipeChardev *)obj;

    if (fifo->in_fd >= 0) {
        fd_passed_close(fifo->in_fd);
    }
    if (fifo->out_fd >= 0) {
        fd_passed_close(fifo->out_fd);
    }
}

static const ChardevClass chardev_pipe_class = {
    .open = chardev_pipe_open,
    .filename = chardev_pipe_filename,
};

const ObjectType chardev_pipe_type = {
    .name = "chardev-pipe",
    .parent = &chardev_type,
    .doc = "a pair of FIFOs",
    .config_arm = "pipe",
    .instance_size = sizeof(PipeChardev),
    .klass = &chardev_pipe_class,
    .init = chardev_pipe_init,
    .finalize = chardev_pipe_finalize,
};
