/*
 * QMP commands about descriptors that clients pass
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "monitor/monitor.h"
#include "qapi-types.h"
#include "qapi/walker.h"
#include "util/error.h"
#include "util/fd-names.h"
#include "util/fd-sets.h"

bool qmp_getfd(QmpContext *ctx, const GetfdArgs *args, GError **error)
{
    int fd = qmp_take_fd(ctx, error);

    return fd >= 0 && fd_names_add(args->fdname, fd, error);
}

bool qmp_closefd(QmpContext *ctx, const ClosefdArgs *args, GError **error)
{
    return fd_names_close(args->fdname, error);
}

bool qmp_add_fd(QmpContext *ctx, const AddFdArgs *args, AddfdInfo *ret,
                GError **error)
{
    int fd = qmp_take_fd(ctx, error);
    FdSetMember added;

    if (fd < 0 ||
        !fd_sets_add(args->has_fdset_id ? &args->fdset_id : NULL, fd,
                     args->opaque, FD_SET_OF_CLIENT, &added, error)) {
        return false;
    }
    ret->fdset_id = added.set;
    ret->fd = added.fd;
    return true;
}

bool qmp_remove_fd(QmpContext *ctx, const RemoveFdArgs *args, GError **error)
{
    return fd_sets_remove(args->fdset_id, args->has_fd ? &args->fd : NULL,
                          error);
}

bool qmp_query_fdsets(QmpContext *ctx, FdsetInfoList *ret, GError **error)
{
    const FdSetMember *member;
    FdsetInfo *info = NULL;

    for (guint i = 0; (member = fd_sets_member(i)); i++) {
        FdsetFdInfo *fd;

        if (!info || info->fdset_id != member->set) {
            info = qapi_list_append(&qapi_type_FdsetInfoList, ret);
            info->fdset_id = member->set;
        }
        fd = qapi_list_append(&qapi_type_FdsetFdInfoList, &info->fds);
        fd->fd = member->fd;
        fd->opaque = g_strdup(member->opaque);
    }
    return true;
}
