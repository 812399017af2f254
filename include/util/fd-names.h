/*
 * Descriptors that clients have passed and named
 *
 * One store for the process: `getfd` puts a descriptor in under a name, and
 * whatever takes a descriptor's name (a character device's `fd`, `add_client`,
 * a dump's `fd:NAME`) takes it out.  A descriptor stays until then, or until
 * `closefd`; also when the client that passed it has gone.
 *
 * For the main loop's thread alone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_FD_NAMES_H
#define UTIL_FD_NAMES_H

#include <glib.h>
#include <stdbool.h>

/** The most descriptors that are held; a name has at most 255 bytes. */
#define FD_NAMES_MAX 512

/**
 * fd_names_add:
 * @name: does not start with a digit, so that it is no descriptor's number
 * @fd: an open descriptor; taken over, also on failure
 *
 * Hold @fd under @name; the one that had the name is closed.
 *
 * Returns: false with @error set if @name starts with a digit or is too long,
 * or FD_NAMES_MAX are held already.
 */
bool fd_names_add(const char *name, int fd, GError **error);

/**
 * fd_names_take: Returns the descriptor called @name, which is the caller's to
 * close and has the name no more; -1 with @error set, `File descriptor named
 * 'NAME' has not been found`, if there is none.
 */
int fd_names_take(const char *name, GError **error);

/**
 * fd_names_close: close the descriptor called @name.
 *
 * Returns: false with @error set, `File descriptor named 'NAME' not found`, if
 * there is none.
 */
bool fd_names_close(const char *name, GError **error);

#endif
