/*
 * Character devices: what a kind of character device is made of
 *
 * char.c moves the bytes: it watches the descriptors, keeps the output that
 * waits, and tells the user.  A kind of character device opens descriptors,
 * names itself, and says what happens when the other side has gone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef CHARDEV_CHAR_IMPL_H
#define CHARDEV_CHAR_IMPL_H

#include <sys/types.h>

#include "chardev/char.h"

struct Chardev {
    Object parent;

    /* The machine's side */
    ChardevUser user;
    bool attached;
    bool machine_runs;          /* it is made meanwhile: nothing may wait */

    /* The other side; open means that it is there */
    bool open;
    int in_fd, out_fd;          /* -1: none; may be the same */
    bool input_ended;           /* nothing more will be read */
    bool output_failed;         /* nothing more can be written */
    guint in_source, out_source, gone_source;   /* 0: not watched */

    /* Output that waits: queue[queue_sent] and what follows */
    GByteArray *queue;
    size_t queue_sent;

    /* The copy of all output */
    int log_fd;                 /* -1: none */
    bool log_warned;            /* that some of it is lost */

    /* Descriptors that were received and not taken, the oldest first; the
     * first n_aged_fds have seen a message go by */
    int fds[CHARDEV_MAX_FDS];
    unsigned n_fds, n_aged_fds;
};

typedef struct ChardevClass {
    /** Open what @options say; calls chardev_opened() if the other side is
     *  there at once.  What was acquired is freed by finalize, also after a
     *  failure. */
    bool (*open)(Chardev *chr, const ChardevOptions *options, GError **error);

    /** Both return a count of bytes or a negative errno; read returns 0 at the
     *  end of input.  NULL: read(2) on in_fd, write(2) on out_fd. */
    ssize_t (*read)(Chardev *chr, void *bytes, size_t len);
    ssize_t (*write)(Chardev *chr, const void *bytes, size_t len);

    /** The other side has gone and its descriptors are to be closed.  NULL: it
     *  never goes; the end of input is just that. */
    void (*hang_up)(Chardev *chr);

    /** The other side has gone, but the user takes no input now, so that what
     *  was sent last is still unread: whoever comes next may end that with
     *  chardev_hang_up().  NULL: nobody can come. */
    void (*gone)(Chardev *chr);

    /** As chardev_add_client(), but @fd is the caller's on failure, and the
     *  reason is all there is in @error.  NULL: it takes no clients. */
    bool (*add_client)(Chardev *chr, int fd, GError **error);

    /** As chardev_wait_connected().  NULL: there is nothing to wait for. */
    bool (*wait_connected)(Chardev *chr, bool (*cancelled)(void),
                           GError **error);

    /** NULL: it is no terminal. */
    void (*set_echo)(Chardev *chr, bool echo);

    /** New text, as chardev_filename() documents it. */
    char *(*filename)(const Chardev *chr);
} ChardevClass;

/**
 * chardev_opened:
 * @in_fd, @out_fd: non-blocking; -1: nothing to read, or to write; they stay
 *                  the caller's
 *
 * The other side is there.
 */
void chardev_opened(Chardev *chr, int in_fd, int out_fd);

/**
 * chardev_add_fds:
 * @fds: just received, closed on exec; taken over
 *
 * Keep them for chardev_take_fd(); what there is no room for is closed.
 */
void chardev_add_fds(Chardev *chr, const int *fds, unsigned n);

/** chardev_drop_fds: close those that nobody has taken. */
void chardev_drop_fds(Chardev *chr);

/** chardev_hang_up: the end of the other side, from the main loop; the class
 *  has a hang_up(). */
void chardev_hang_up(Chardev *chr);

/** chardev_options: what the chardev was made from; borrowed. */
const ChardevOptions *chardev_options(const Chardev *chr);

#endif
