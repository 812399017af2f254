/*
 * Character devices: descriptors that the other side passes
 *
 * They wait here between their arrival and the message that uses them, a few
 * of them and not for long: what a client passes is the client's doing, and
 * the process has only so many descriptors.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "chardev/char-impl.h"
#include "util/fd-passed.h"

/* Take the first @n out of the list. */
static void chardev_remove_fds(Chardev *chr, unsigned n)
{
    chr->n_fds -= n;
    chr->n_aged_fds -= MIN(n, chr->n_aged_fds);
    memmove(chr->fds, chr->fds + n, chr->n_fds * sizeof(chr->fds[0]));
}

static void chardev_close_fds(Chardev *chr, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        fd_passed_close(chr->fds[i]);
    }
    chardev_remove_fds(chr, n);
}

int chardev_take_fd(Chardev *chr)
{
    int fd = chr->fds[0];

    if (!chr->n_fds) {
        return -1;
    }
    chardev_remove_fds(chr, 1);
    return fd;
}

void chardev_age_fds(Chardev *chr)
{
    chardev_close_fds(chr, chr->n_aged_fds);
    chr->n_aged_fds = chr->n_fds;
}

void chardev_add_fds(Chardev *chr, const int *fds, unsigned n)
{
    chardev_close_fds(chr, chr->n_aged_fds);
    for (unsigned i = 0; i < n; i++) {
        if (chr->user.takes_fds && chr->n_fds < CHARDEV_MAX_FDS) {
            chr->fds[chr->n_fds++] = fds[i];
        } else {
            fd_passed_close(fds[i]);
        }
    }
}

void chardev_drop_fds(Chardev *chr)
{
    chardev_close_fds(chr, chr->n_fds);
}
