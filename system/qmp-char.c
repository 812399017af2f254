/*
 * QMP commands about character devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "chardev/char.h"
#include "monitor/monitor.h"
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/system.h"

bool qmp_query_chardev(QmpContext *ctx, ChardevInfoList *ret, GError **error)
{
    Object *container = object_container(ctx->system->root, "/chardevs");

    for (guint i = 0; container->children && i < container->children->len;
         i++) {
        Object *obj = g_ptr_array_index(container->children, i);

        if (object_is_a(obj, &chardev_type)) {
            const Chardev *chr = (const Chardev *)obj;
            ChardevInfo *info = qapi_list_append(&qapi_type_ChardevInfoList,
                                                 ret);

            info->label = g_strdup(chardev_id(chr));
            info->filename = chardev_filename(chr);
            info->frontend_open = chardev_is_attached(chr);
        }
    }
    return true;
}
