/*
 * HMP: the host's side: character devices, descriptors, the log
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "chardev/char.h"
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/hmp-impl.h"
#include "util/error.h"
#include "util/log.h"

/* Character devices */

bool hmp_info_chardev(Hmp *hmp, const HmpArgs *args, GError **error)
{
    ChardevInfoList list = { 0 };
    bool ok = qmp_query_chardev(&hmp->qmp, &list, error);

    for (size_t i = 0; i < list.len; i++) {
        hmp_print(hmp, "%s: filename=%s%s\n", list.items[i].label,
                  list.items[i].filename,
                  list.items[i].frontend_open ? "" : " (not used)");
    }
    qapi_clear(&qapi_type_ChardevInfoList, &list);
    return ok;
}

/* Descriptors */

bool hmp_getfd(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const GetfdArgs getfd = { .fdname = (char *)hmp_text(args, "name") };

    return qmp_getfd(&hmp->qmp, &getfd, error);
}

bool hmp_closefd(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const ClosefdArgs closefd = { .fdname = (char *)hmp_text(args, "name") };

    return qmp_closefd(&hmp->qmp, &closefd, error);
}

bool hmp_info_fdset(Hmp *hmp, const HmpArgs *args, GError **error)
{
    FdsetInfoList list = { 0 };
    bool ok = qmp_query_fdsets(&hmp->qmp, &list, error);

    for (size_t i = 0; i < list.len; i++) {
        const FdsetInfo *set = &list.items[i];

        for (size_t k = 0; k < set->fds.len; k++) {
            const char *opaque = set->fds.items[k].opaque;

            hmp_print(hmp, "/dev/fdset/%" PRId64 ": fd %" PRId64 "%s%s\n",
                      set->fdset_id, set->fds.items[k].fd, opaque ? " " : "",
                      opaque ? opaque : "");
        }
    }
    qapi_clear(&qapi_type_FdsetInfoList, &list);
    return ok;
}
