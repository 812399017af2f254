/*
 * Sets of descriptors that are opened by a path: /dev/fdset/N
 *
 * A program that may open what we may not passes the descriptors, by -add-fd
 * or add-fd, one for each way of access, and names the set where a path is
 * taken.  file_open() (util/file.h) then opens the set instead of a file.
 *
 * One store for the process, for the main loop's thread alone.  A set is there
 * while it has descriptors.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_FD_SETS_H
#define UTIL_FD_SETS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** The most descriptors in all sets; a description has at most 255 bytes. */
#define FD_SETS_MAX 512

/** What the paths of sets begin with. */
#define FD_SETS_PATH "/dev/fdset/"

/** Who added a descriptor decides who has to keep it. */
typedef enum FdSetOwner {
    FD_SET_OF_COMMAND_LINE,     /* stays */
    FD_SET_OF_CLIENT,           /* goes with the last client, if not opened */
} FdSetOwner;

/** One descriptor of a set; valid until the sets next change. */
typedef struct FdSetMember {
    int64_t set;
    int fd;
    char *opaque;               /* the adder's description; NULL: none */
    FdSetOwner owner;
} FdSetMember;

/**
 * fd_sets_add:
 * @set: NULL: the lowest number that no set has
 * @fd: an open descriptor; taken over, also on failure
 * @opaque: copied; NULL: none
 * @added: set to the new member; may be NULL
 *
 * Returns: false with @error set if *@set is negative, @opaque is too long, or
 * there are FD_SETS_MAX descriptors already.
 */
bool fd_sets_add(const int64_t *set, int fd, const char *opaque,
                 FdSetOwner owner, FdSetMember *added, GError **error);

/**
 * fd_sets_remove:
 * @fd: NULL: all descriptors of the set
 *
 * Close descriptors of a set.  What has been opened by way of it stays open.
 *
 * Returns: false with @error set, `File descriptor named 'fdset-id:1, fd:2'
 * not found`, if there is no such set or descriptor.
 */
bool fd_sets_remove(int64_t set, const int64_t *fd, GError **error);

/** fd_sets_member: the members in order of their sets' numbers, each set's in
 *  the order they came; NULL if there are not so many. */
const FdSetMember *fd_sets_member(guint index);

/**
 * fd_sets_clients_gone: the last client has gone.  The descriptors that clients
 * added are closed, except those of sets that have been opened: whoever uses
 * such a set may open it again.
 */
void fd_sets_clients_gone(void);

/**
 * fd_sets_open:
 * @path: begins with FD_SETS_PATH
 * @flags: as open(2) takes them
 *
 * Duplicate the set's descriptor with the access that is asked for; if there
 * is none, one for both reading and writing.  The duplicate shares its file's
 * position with the descriptor that was passed.  O_APPEND is added if asked
 * for and never taken away, O_NONBLOCK becomes what is asked for, for both;
 * O_TRUNC empties a regular file.  The duplicate is closed on exec.
 *
 * Returns: the duplicate; -EINVAL if no number follows, -ENOENT if there is no
 * such set, -EEXIST if flags have both O_CREAT and O_EXCL, -EACCES if no
 * descriptor allows the access, or what the host says.
 */
int fd_sets_open(const char *path, int flags);

#endif
