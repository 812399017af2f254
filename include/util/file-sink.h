/*
 * Files that are written without waiting for anybody
 *
 * A regular file is written at once, in pieces that the caller keeps short.
 * A pipe, a socket or a terminal takes what it has room for.  Zeros become
 * holes where that is possible: in a regular file that has nothing beyond the
 * place where writing begins.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_FILE_SINK_H
#define UTIL_FILE_SINK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct FileSink FileSink;

/**
 * file_sink_open:
 * @path: opened with file_open(); a regular file loses its content, a new one
 *        can be read by its owner alone
 *
 * Returns: NULL with @error set, `Could not open 'PATH': REASON`: also if it is
 * a pipe that nobody reads from.
 */
FileSink *file_sink_open(const char *path, GError **error);

/**
 * file_sink_new_fd:
 * @fd: taken over, also on failure; written from where it stands
 * @name: for messages
 *
 * Returns: NULL with @error set if @fd cannot be written.
 */
FileSink *file_sink_new_fd(int fd, const char *name, GError **error);

/** file_sink_free: NULL is allowed. */
void file_sink_free(FileSink *sink);

/** file_sink_fd: borrowed, to wait for it. */
int file_sink_fd(const FileSink *sink);

/** file_sink_name: as messages quote it; borrowed. */
const char *file_sink_name(const FileSink *sink);

/** file_sink_is_stored: whether fsync(2) brings it to a disk: a regular file, a
 *  block device. */
bool file_sink_is_stored(const FileSink *sink);

/** file_sink_has_holes: whether zeros cost nothing. */
bool file_sink_has_holes(const FileSink *sink);

/** file_sink_write: Returns how many bytes were taken, at least one; or a
 *  negative errno, -EAGAIN if it has to be waited for. */
ssize_t file_sink_write(FileSink *sink, const void *bytes, size_t len);

/** file_sink_write_zeros: the same, with zeros; no more than 64 KiB are taken
 *  at a time where there are no holes, all where there are. */
ssize_t file_sink_write_zeros(FileSink *sink, uint64_t len);

/** file_sink_finish: all has been written.  Closes it.  Returns 0 or a
 *  negative errno. */
int file_sink_finish(FileSink *sink);

/** file_sink_empty: it will not be finished.  If it is a regular file that was
 *  opened by path it loses its content, so that no half of something is taken
 *  for the whole; then this returns true. */
bool file_sink_empty(FileSink *sink);

#endif
