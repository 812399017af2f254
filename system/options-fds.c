/*
 * -add-fd: descriptors that the process was started with
 *
 * They are taken before all other options are read, so that those can name
 * /dev/fdset/N, wherever they stand.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "qapi/walker.h"
#include "system/options.h"
#include "util/error.h"
#include "util/fd-sets.h"

/** Those that are closed on exec are not the starter's but our own. */
static bool option_check_fd(const AddFdOptions *add, GError **error)
{
    int flags;

    if (!add->has_fd || add->fd < 0) {
        return fm_error_set(error, "fd option is required and must be "
                            "non-negative");
    }
    if (add->fd <= STDERR_FILENO) {
        return fm_error_set(error, "fd cannot be a standard I/O stream");
    }
    flags = add->fd > G_MAXINT ? -1 : fcntl((int)add->fd, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC)) {
        return fm_error_set(error, "fd is not valid or already in use");
    }
    if (!add->has_set || add->set < 0) {
        return fm_error_set(error, "set option is required and must be "
                            "non-negative");
    }
    return true;
}

bool option_add_fd(Config *c, const char *option, const char *arg,
                   GError **error)
{
    const QapiType *type = &qapi_type_AddFdOptions;
    AddFdOptions *add = option_parse(c, type, "-add-fd", arg, NULL, error);
    bool ok = false;
    int fd, own;

    if (!add) {
        return c->action == CONFIG_DONE;
    }
    if (option_check_fd(add, error)) {
        fd = (int)add->fd;
        own = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        ok = own < 0 ? fm_error_set(error, "cannot duplicate fd: %s",
                                    g_strerror(errno))
                     : fd_sets_add(&add->set, own, add->opaque,
                                   FD_SET_OF_COMMAND_LINE, NULL, error);
        g_array_append_val(c->added_fds, fd);
    }
    qapi_free(type, add);
    return ok;
}

void options_close_added_fds(Config *c)
{
    for (guint i = 0; i < c->added_fds->len; i++) {
        int fd = g_array_index(c->added_fds, int, i);
        int flags = fcntl(fd, F_GETFD);

        /* One that was given twice may be closed, and ours, by now. */
        if (flags >= 0 && !(flags & FD_CLOEXEC)) {
            close(fd);
        }
    }
    g_array_set_size(c->added_fds, 0);
}
