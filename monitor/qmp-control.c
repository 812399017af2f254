/*
 * QMP commands about QMP itself, and about the program
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "firmament-version.h"
#include "monitor/monitor.h"
#include "qapi-types.h"
#include "qapi/walker.h"

bool qmp_qmp_capabilities(QmpContext *ctx, const QmpCapabilitiesArgs *args,
                          GError **error)
{
    /* 'oob' is the only one there is */
    monitor_complete_negotiation(ctx->monitor, args->enable.len > 0);
    return true;
}

bool qmp_query_version(QmpContext *ctx, VersionInfo *ret, GError **error)
{
    ret->qemu = g_new0(VersionTriple, 1);
    ret->qemu->major = FIRMAMENT_PROTOCOL_MAJOR;
    ret->qemu->minor = FIRMAMENT_PROTOCOL_MINOR;
    ret->qemu->micro = FIRMAMENT_PROTOCOL_MICRO;
    ret->package = g_strdup("firmament " FIRMAMENT_VERSION);
    return true;
}

bool qmp_query_commands(QmpContext *ctx, CommandInfoList *ret, GError **error)
{
    for (size_t i = 0; i < qapi_n_commands; i++) {
        CommandInfo *info = qapi_list_append(&qapi_type_CommandInfoList, ret);

        info->name = g_strdup(qapi_commands[i].name);
    }
    return true;
}

bool qmp_query_qmp_schema(QmpContext *ctx, SchemaInfoList *ret,
                          GError **error)
{
    monitor_return_text(ctx->monitor, qapi_introspect());
    return true;
}
