/*
 * Files that a user names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_FILE_H
#define UTIL_FILE_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/**
 * file_open:
 * @path: as the user named it
 * @flags: as open(2) takes them; O_CLOEXEC and O_NOCTTY are added
 * @mode: for a file that is made
 *
 * What every path that a user or a client names is opened with, so that all of
 * them may be the same kinds of path: a file's, or /dev/fdset/N, a set of
 * descriptors that were passed (fd_sets_open() in util/fd-sets.h).
 *
 * Returns: a descriptor, the caller's to close; or a negative errno.
 */
int file_open(const char *path, int flags, mode_t mode);

/**
 * file_absolute_path: what @path names from now on, wherever the process goes
 * (-daemonize).  Free with g_free().
 */
char *file_absolute_path(const char *path);

/**
 * file_append:
 * @path: a file, a pipe, /dev/fd/N: whatever has an end
 * @max: bytes that it may have at most
 * @out: what it holds is appended; nothing is on failure
 *
 * Returns: false with @error set, naming @path, if it cannot be opened or
 * read, is a directory, or has more than @max bytes.
 */
bool file_append(const char *path, size_t max, GByteArray *out,
                 GError **error);

#endif
