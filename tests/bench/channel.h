/*
 * Lines to and from a measured program, and the two protocols on them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CHANNEL_H
#define BENCH_CHANNEL_H

#include <glib.h>
#include <stddef.h>

typedef struct Channel {
    int in_fd;                  /* read from here */
    int out_fd;                 /* write here; may be the same */
    char *buf;
    size_t len;                 /* bytes in buf */
    size_t size;                /* room in buf */
    size_t used;                /* bytes of buf already handed out */
} Channel;

/** channel_init: take over both descriptors. */
void channel_init(Channel *channel, int in_fd, int out_fd);

/** channel_connect: to a unix socket that somebody listens on. */
void channel_connect(Channel *channel, const char *path);

/** channel_cleanup: close the descriptors, free the buffer. */
void channel_cleanup(Channel *channel);

/**
 * qmp_expect: read lines until one contains @key
 *
 * Events are passed over.  Returns: the line, until the next call.  An error
 * reply or the end of the stream ends the whole program with a message.
 */
const char *qmp_expect(Channel *channel, const char *key);

/** qmp_command: send a command without arguments.  Returns: its reply, until
 *  the next call. */
const char *qmp_command(Channel *channel, const char *name);

/** qmp_send: send the text of a command and, if it is not -1, the descriptor
 *  @fd, which stays the caller's.  Its reply is still to be expected. */
void qmp_send(Channel *channel, int fd, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);

/** qtest_line: as qtest_command(), for a line of any length, with its
 *  newline. */
const char *qtest_line(Channel *channel, const char *line);

/**
 * qtest_command: send one command, wait for its OK
 *
 * Returns: what follows "OK", until the next call.  Any other answer ends the
 * whole program with a message.
 */
const char *qtest_command(Channel *channel, const char *fmt, ...)
    G_GNUC_PRINTF(2, 3);

#endif
