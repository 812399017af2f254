/*
 * The file that tells who we are
 *
 * A pidfile holds the process's number in decimal and a newline.  Its owner
 * holds a POSIX record lock on all of it (fcntl(2), F_SETLK) while it lives;
 * so F_GETLK and /proc/locks show other programs who that is, and what a
 * killed process left behind is known to be nobody's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_PIDFILE_H
#define UTIL_PIDFILE_H

#include <glib.h>
#include <stdbool.h>

typedef struct PidFile PidFile;

/**
 * pidfile_new:
 * @path: made with mode 0600 if it is not there.  What is there must be a
 *        regular file of one name, no symbolic link, and be empty or hold a
 *        number; or /dev/fdset/N, such a file that was passed
 *
 * Lock the file and write our number.
 *
 * Returns: NULL with @error set, without @path in front, if @path is another
 * kind of thing, cannot be written as a whole (then a file that was made is
 * removed again), or belongs to a living process, which is named.
 */
PidFile *pidfile_new(const char *path, GError **error);

/** pidfile_free: remove the file if it is still ours; where that is not
 *  permitted any more, or it was passed, empty it.  NULL is allowed. */
void pidfile_free(PidFile *file);

#endif
