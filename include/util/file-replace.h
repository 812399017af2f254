/*
 * Replacing a file: the old one is whole until the new one is
 *
 * The new file is written beside the old one, brought to the disk, and takes
 * the old one's name in one step.  Whatever happens before, the old one stays
 * as it was, and no half of a new one is left.  Where the file system can, the
 * new file has no name until it is complete, so that not even a kill leaves
 * one.
 *
 * What is no regular file (a pipe, a terminal) and /dev/fdset/N cannot be
 * replaced: that is written to directly, without a promise; so are descriptors
 * that were passed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_FILE_REPLACE_H
#define UTIL_FILE_REPLACE_H

#include "util/file-sink.h"

typedef struct FileReplace FileReplace;

/**
 * file_replace_open:
 * @path: as the user named it; if it is a symbolic link, what that leads to is
 *        replaced
 *
 * Begin.  A new file can be read by its owner alone; one that replaces another
 * has that one's permissions, owner and group, as far as we may give them
 * (file_beside_make()).  A file that must not be written is not replaced either.
 *
 * Returns: NULL with @error set, `Could not open 'PATH': REASON`.
 */
FileReplace *file_replace_open(const char *path, GError **error);

/**
 * file_replace_new_fd:
 * @fd: taken over, also on failure; written from where it stands
 * @name: for messages
 *
 * Nothing is replaced, but a regular file is brought to the disk all the same.
 *
 * Returns: NULL with @error set if @fd cannot be written.
 */
FileReplace *file_replace_new_fd(int fd, const char *name, GError **error);

/** file_replace_sink: what to write to, from its start; borrowed. */
FileSink *file_replace_sink(FileReplace *file);

/** FileReplaceDone: from the main loop.  @error: NULL if the new file has the
 *  name, and is on the disk; taken over. */
typedef void FileReplaceDone(void *opaque, GError *error);

/**
 * file_replace_commit: everything is written.  fsync(2), take the name, bring
 * the directory to the disk: in a thread of its own, for it takes long; then
 * call @done once from the main loop, after which @file is freed.  What no disk
 * has (file_sink_is_stored()) is closed before @done is called.
 */
void file_replace_commit(FileReplace *file, FileReplaceDone *done,
                         void *opaque);

/** file_replace_cancel: while a commit is under way: do not take the name, if
 *  that can still be helped; @done is called with an error then. */
void file_replace_cancel(FileReplace *file);

/** file_replace_abandon: leave everything as it was, and free @file.  While a
 *  commit is under way it is cancelled and waited for: the new file may have
 *  the name already; @done is not called then.  NULL is allowed. */
void file_replace_abandon(FileReplace *file);

#endif
