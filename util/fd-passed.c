/*
 * Descriptors that others have passed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/fd-passed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/error.h"

int fd_passed_unblock(int fd, bool *undo)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0) {
        return -errno;
    }
    if (flags & O_NONBLOCK) {
        return 0;
    }
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return -errno;
    }
    *undo = true;
    return 0;
}

void fd_passed_block(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0) {
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    }
}

int fd_passed_close(int fd)
{
    const struct linger linger = { .l_onoff = 0 };

    /* fails for what is no socket, and that is all right */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    return close(fd);
}

/* Returns the lowest that is free, or a negative errno. */
static int fd_passed_next(void)
{
    int fd = open("/", O_PATH | O_CLOEXEC);

    if (fd < 0) {
        return -errno;
    }
    close(fd);
    return fd;
}

bool fd_passed_check_room(int fd, GError **error)
{
    struct rlimit limit;
    rlim_t reserve;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
        limit.rlim_cur == RLIM_INFINITY) {
        return true;
    }
    if (fd < 0) {
        fd = fd_passed_next();
    }
    reserve = MIN(FD_PASSED_RESERVE, limit.rlim_cur / 4);
    return (fd >= 0 ? (rlim_t)fd + reserve < limit.rlim_cur
                    : fd != -EMFILE && fd != -ENFILE) ||
           fm_error_set(error, "The process may have %llu file descriptors; "
                        "the last %llu are not given away",
                        (unsigned long long)limit.rlim_cur,
                        (unsigned long long)reserve);
}
