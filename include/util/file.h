/*
 * Reading files that a user names
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_FILE_H
#define UTIL_FILE_H

#include <glib.h>
#include <stdbool.h>

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
