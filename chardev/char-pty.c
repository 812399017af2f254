/*
 * Character device `pty`: a terminal of our own making
 *
 * Some program opens the terminal that the chardev's name tells; that is a
 * client's coming, and its closing it is the client's going.  The kernel tells
 * the second, but not the first, so it is asked from time to time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/char-impl.h"
#include "util/error.h"

/* How often to look whether somebody has opened the terminal. */
#define PTY_POLL_MS 250

typedef struct PtyChardev {
    Chardev parent;
    int fd;                     /* the master; -1: none */
    char *name;                 /* of the slave: "/dev/pts/3" */
    guint poll_timer;
} PtyChardev;

/* A master without a slave is hung up. */
static bool chardev_pty_has_client(const PtyChardev *pty)
{
    struct pollfd wait = { .fd = pty->fd, .events = POLLOUT };

    return poll(&wait, 1, 0) >= 0 && !(wait.revents & POLLHUP);
}

static gboolean chardev_pty_look(gpointer opaque)
{
    PtyChardev *pty = opaque;

    if (!chardev_pty_has_client(pty)) {
        return G_SOURCE_CONTINUE;
    }
    pty->poll_timer = 0;
    chardev_opened(&pty->parent, pty->fd, pty->fd);
    return G_SOURCE_REMOVE;
}

static void chardev_pty_hang_up(Chardev *chr)
{
    PtyChardev *pty = (PtyChardev *)chr;

    pty->poll_timer = g_timeout_add(PTY_POLL_MS, chardev_pty_look, pty);
}

/*
 * No echo and no lines, until a program that opens it says otherwise.  The
 * master counts as hung up only when a slave was there once.  Returns 0 or a
 * negative errno.
 */
static int chardev_pty_prepare(const char *name)
{
    int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios modes;
    int err = 0;

    if (slave < 0) {
        return -errno;
    }
    if (tcgetattr(slave, &modes) < 0) {
        err = -errno;
    } else {
        cfmakeraw(&modes);
        err = tcsetattr(slave, TCSAFLUSH, &modes) < 0 ? -errno : 0;
    }
    close(slave);
    return err;
}

static bool chardev_pty_open(Chardev *chr, const ChardevOptions *options,
                             GError **error)
{
    PtyChardev *pty = (PtyChardev *)chr;
    char name[64];
    int err = 0;

    pty->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (pty->fd < 0 || grantpt(pty->fd) < 0 || unlockpt(pty->fd) < 0) {
        err = -errno;
    } else {
        err = -ptsname_r(pty->fd, name, sizeof(name));
    }
    if (err == 0) {
        err = chardev_pty_prepare(name);
    }
    if (err < 0) {
        return fm_error_set(error, "pty: cannot make a terminal: %s",
                            g_strerror(-err));
    }
    pty->name = g_strdup(name);
    if (!chr->machine_runs) {
        /* Nobody has another way to ask yet; programs read this line. */
        printf("char device redirected to %s (label %s)\n", name,
               chardev_id(chr));
        fflush(stdout);
    }
    chardev_pty_hang_up(chr);
    return true;
}

static char *chardev_pty_filename(const Chardev *chr)
{
    /* Programs look for the name in here, also while nobody is there. */
    return g_strconcat("pty:", ((const PtyChardev *)chr)->name, NULL);
}

static void chardev_pty_init(Object *obj)
{
    ((PtyChardev *)obj)->fd = -1;
}

static void chardev_pty_finalize(Object *obj)
{
    PtyChardev *pty = (PtyChardev *)obj;

    g_clear_handle_id(&pty->poll_timer, g_source_remove);
    if (pty->fd >= 0) {
        close(pty->fd);
    }
    g_free(pty->name);
}

static const ChardevClass chardev_pty_class = {
    .open = chardev_pty_open,
    .hang_up = chardev_pty_hang_up,
    .filename = chardev_pty_filename,
};

const ObjectType chardev_pty_type = {
    .name = "chardev-pty",
    .parent = &chardev_type,
    .doc = "a terminal that some program opens",
    .config_arm = "pty",
    .instance_size = sizeof(PtyChardev),
    .klass = &chardev_pty_class,
    .init = chardev_pty_init,
    .finalize = chardev_pty_finalize,
};
