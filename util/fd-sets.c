/*
 * Sets of descriptors that are opened by a path: /dev/fdset/N
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/fd-sets.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"
#include "util/fd-passed.h"

#define FD_SET_OPAQUE_LEN_MAX 255

typedef struct FdSetEntry {
    FdSetMember member;
    bool opened;                /* its set has been, by file_open() */
} FdSetEntry;

/* FdSetEntry, as fd_sets_member() orders them; the process's.  NULL: none */
static GPtrArray *fd_sets;

static void fd_set_entry_free(gpointer opaque)
{
    FdSetEntry *entry = opaque;

    fd_passed_close(entry->member.fd);
    g_free(entry->member.opaque);
    g_free(entry);
}

static guint fd_sets_len(void)
{
    return fd_sets ? fd_sets->len : 0;
}

static FdSetEntry *fd_sets_entry(guint index)
{
    return g_ptr_array_index(fd_sets, index);
}

const FdSetMember *fd_sets_member(guint index)
{
    return index < fd_sets_len() ? &fd_sets_entry(index)->member : NULL;
}

/* Adding and removing */

static int64_t fd_sets_free_number(void)
{
    int64_t number = 0;

    for (guint i = 0; i < fd_sets_len(); i++) {
        int64_t set = fd_sets_entry(i)->member.set;

        if (set > number) {
            break;
        }
        number = set + 1;
    }
    return number;
}

static bool fd_sets_check(const int64_t *set, const char *opaque,
                          GError **error)
{
    if (set && *set < 0) {
        return fm_error_set(error, "Parameter 'fdset-id' expects a "
                            "non-negative value");
    }
    if (opaque && strlen(opaque) > FD_SET_OPAQUE_LEN_MAX) {
        return fm_error_set(error, "Parameter 'opaque' expects at most %d "
                            "bytes", FD_SET_OPAQUE_LEN_MAX);
    }
    if (fd_sets_len() >= FD_SETS_MAX) {
        return fm_error_set(error, "There are %d file descriptors in sets "
                            "already; remove-fd makes room", FD_SETS_MAX);
    }
    return true;
}

bool fd_sets_add(const int64_t *set, int fd, const char *opaque,
                 FdSetOwner owner, FdSetMember *added, GError **error)
{
    FdSetEntry *entry;
    guint at = 0;

    if (!fd_sets_check(set, opaque, error) ||
        !fd_passed_check_room(fd, error)) {
        fd_passed_close(fd);
        return false;
    }
    if (!fd_sets) {
        fd_sets = g_ptr_array_new_with_free_func(fd_set_entry_free);
    }
    entry = g_new0(FdSetEntry, 1);
    entry->member = (FdSetMember){
        .set = set ? *set : fd_sets_free_number(),
        .fd = fd,
        .opaque = g_strdup(opaque),
        .owner = owner,
    };
    while (at < fd_sets->len &&
           fd_sets_entry(at)->member.set <= entry->member.set) {
        entry->opened = fd_sets_entry(at)->member.set == entry->member.set &&
                        fd_sets_entry(at)->opened;
        at++;
    }
    g_ptr_array_insert(fd_sets, (gint)at, entry);
    if (added) {
        *added = entry->member;
    }
    return true;
}

bool fd_sets_remove(int64_t set, const int64_t *fd, GError **error)
{
    guint len = fd_sets_len();

    for (guint i = len; i-- > 0;) {
        const FdSetMember *member = fd_sets_member(i);

        if (member->set == set && (!fd || member->fd == *fd)) {
            g_ptr_array_remove_index(fd_sets, i);
        }
    }
    if (fd_sets_len() < len) {
        return true;
    }
    if (fd) {
        return fm_error_set(error, "File descriptor named 'fdset-id:%" PRId64
                            ", fd:%" PRId64 "' not found", set, *fd);
    }
    return fm_error_set(error, "File descriptor named 'fdset-id:%" PRId64
                        "' not found", set);
}

void fd_sets_clients_gone(void)
{
    for (guint i = fd_sets_len(); i-- > 0;) {
        const FdSetEntry *entry = fd_sets_entry(i);

        if (entry->member.owner == FD_SET_OF_CLIENT && !entry->opened) {
            g_ptr_array_remove_index(fd_sets, i);
        }
    }
}

/* Opening */

/* Returns 0 or a negative errno. */
static int fd_set_path_number(const char *path, int64_t *set)
{
    const char *text = path + strlen(FD_SETS_PATH);
    size_t digits = strspn(text, "0123456789");
    guint64 number = g_ascii_strtoull(text, NULL, 10);

    if (digits == 0 || text[digits] || number > INT64_MAX) {
        return -EINVAL;
    }
    *set = (int64_t)number;
    return 0;
}

/* Returns the best descriptor of the set, or a negative errno. */
static int fd_set_choose(int64_t set, int flags)
{
    int best = -ENOENT;
    bool exact = false;

    for (guint i = 0; i < fd_sets_len() && !exact; i++) {
        FdSetEntry *entry = fd_sets_entry(i);
        int has;

        if (entry->member.set != set) {
            continue;
        }
        has = fcntl(entry->member.fd, F_GETFL);
        exact = (has & O_ACCMODE) == (flags & O_ACCMODE);
        if (exact || (best < 0 && (has & O_ACCMODE) == O_RDWR)) {
            best = entry->member.fd;
        } else if (best == -ENOENT) {
            best = -EACCES;
        }
    }
    return best;
}

/* Returns 0 or a negative errno. */
static int fd_set_apply_flags(int fd, int flags)
{
    int has = fcntl(fd, F_GETFL);
    int wanted = (has & ~O_NONBLOCK) | (flags & (O_NONBLOCK | O_APPEND));
    struct stat st;

    if (wanted != has && fcntl(fd, F_SETFL, wanted) < 0) {
        return -errno;
    }
    if ((flags & O_TRUNC) && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)) {
        return -errno;
    }
    return 0;
}

static void fd_set_mark_opened(int64_t set)
{
    for (guint i = 0; i < fd_sets_len(); i++) {
        FdSetEntry *entry = fd_sets_entry(i);

        entry->opened = entry->opened || entry->member.set == set;
    }
}

int fd_sets_open(const char *path, int flags)
{
    int64_t set;
    int err = fd_set_path_number(path, &set);
    int fd;

    if (err < 0) {
        return err;
    }
    fd = fd_set_choose(set, flags);
    if (fd < 0) {
        return fd;
    }
    if ((flags & O_CREAT) && (flags & O_EXCL)) {
        return -EEXIST;
    }
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    err = fd_set_apply_flags(fd, flags);
    if (err < 0) {
        close(fd);
        return err;
    }
    fd_set_mark_opened(set);
    return fd;
}
