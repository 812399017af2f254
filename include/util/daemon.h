/*
 * Going into the background
 *
 * The process that was started becomes the parent, which returns to whoever
 * started it only when the daemon says that it is ready, or has failed.
 *
 * The state is the process's own: there is one parent at most.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_DAEMON_H
#define UTIL_DAEMON_H

#include <glib.h>
#include <stdbool.h>

/**
 * daemon_begin: fork; before there are threads.
 *
 * Returns in the daemon only: in a session of its own that can get no
 * terminal, with umask 027, in the directory and with the standard descriptors
 * that it had.  The parent waits and exits: 0 after daemon_ready(); 1 when the
 * daemon has failed, which tells why on the standard error that both have.  A
 * daemon that is killed is told of by the parent.
 *
 * Returns: false with @error set, in the process that called, if that cannot
 * be done.
 */
bool daemon_begin(GError **error);

/** daemon_is_abandoned: daemon_begin() was called, and its parent has gone
 *  before daemon_ready(). */
bool daemon_is_abandoned(void);

/**
 * daemon_ready:
 * @log_fd: where standard error goes from now on; -1: nowhere
 *
 * Let go of the directory and of the standard descriptors, then let the parent
 * return.  Nothing if daemon_begin() was not called.
 *
 * Returns: false with @error set if the parent has gone: nobody knows of this
 * daemon.
 */
bool daemon_ready(int log_fd, GError **error);

#endif
