/*
 * A new file beside the one that it is to replace
 *
 * Where the file system can, the new file has no name until it takes the old
 * one's, so that not even a kill leaves one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_FILE_BESIDE_H
#define UTIL_FILE_BESIDE_H

#include <stdbool.h>
#include <sys/stat.h>

/** What is replaced. */
typedef struct FileBeside {
    int dir_fd;                 /* -1: nothing is */
    char *name;                 /* in that directory */
    char *temporary;            /* of the new file there; NULL: it has none */
} FileBeside;

#define FILE_BESIDE_NONE ((FileBeside){ .dir_fd = -1 })

/**
 * file_beside_find:
 * @path: as the user named it
 * @st: what @path is; st_mode is 0 if it is not there
 *
 * Returns: where the file is that is to be replaced, symbolic links followed;
 * it need not be there.  NULL if it has to be written directly: it is no
 * regular file, or one that has no name any more and was found by way of /proc.
 */
char *file_beside_find(const char *path, const struct stat *st);

/**
 * file_beside_make:
 * @beside: FILE_BESIDE_NONE; file_beside_cleanup() is for the caller to call,
 *          also on failure
 * @real: of file_beside_find()
 * @st: what is there; st_mode is 0 if nothing is
 *
 * Make the new file, empty.  One that replaces another has that one's
 * permissions, and its owner and group if we may give it to them; if not to the
 * group, ours may do no more than others.  Another can be read by its owner
 * alone.
 *
 * Returns: a descriptor, the caller's; or a negative errno: -EBUSY if a file is
 * mounted there, which nothing can replace.
 */
int file_beside_make(FileBeside *beside, const char *real,
                     const struct stat *st);

/** file_beside_is_locked_out: whether the new file could not be made because
 *  the directory must not be written. */
bool file_beside_is_locked_out(const FileBeside *beside);

/** file_beside_take_name: give the new file, open as @fd, the old one's name,
 *  and bring that to the disk.  Returns 0 or a negative errno; if it is that
 *  of the last step, the name has been taken. */
int file_beside_take_name(FileBeside *beside, int fd);

/** file_beside_cleanup: remove the new file if it has a name of its own. */
void file_beside_cleanup(FileBeside *beside);

#endif
