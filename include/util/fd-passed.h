/*
 * Descriptors that others have passed
 *
 * What is behind one is the other side's choice, and so is what it costs to
 * close it; and there are only so many for all clients together.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_FD_PASSED_H
#define UTIL_FD_PASSED_H

#include <glib.h>
#include <stdbool.h>

/** Descriptors that are not given away to what clients pass and ask for, so
 *  that other clients can come and files can be opened. */
#define FD_PASSED_RESERVE 64

/**
 * fd_passed_unblock: have reads and writes not wait.  Who else has the open file
 * has its flags, too, and may undo that at any time: to be called before each.
 * @undo: set to true if it has to be undone in the end (fd_passed_block());
 *        left alone otherwise
 *
 * Returns: 0 or a negative errno.
 */
int fd_passed_unblock(int fd, bool *undo);

/** fd_passed_block: have them wait, as they did for others. */
void fd_passed_block(int fd);

/**
 * fd_passed_close: close(2) @fd without waiting: close() of a socket that was
 * told to linger takes until its data is sent, or as long as its owner says.
 *
 * Returns: what close() does, and errno.
 */
int fd_passed_close(int fd);

/**
 * fd_passed_check_room:
 * @fd: the descriptor that was made last; -1: look which is next
 *
 * Returns: false with @error set if fewer than FD_PASSED_RESERVE of those that
 * the process may have are left behind @fd; of very few, a quarter.
 */
bool fd_passed_check_room(int fd, GError **error);

#endif
