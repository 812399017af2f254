/*
 * HMP: the machine's life, and the program
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/hmp-impl.h"

/* Life */

bool hmp_stop(Hmp *hmp, const HmpArgs *args, GError **error)
{
    return qmp_stop(&hmp->qmp, error);
}

bool hmp_cont(Hmp *hmp, const HmpArgs *args, GError **error)
{
    return qmp_cont(&hmp->qmp, error);
}

bool hmp_system_reset(Hmp *hmp, const HmpArgs *args, GError **error)
{
    return qmp_system_reset(&hmp->qmp, error);
}

bool hmp_quit(Hmp *hmp, const HmpArgs *args, GError **error)
{
    return qmp_quit(&hmp->qmp, error);
}

bool hmp_info_status(Hmp *hmp, const HmpArgs *args, GError **error)
{
    StatusInfo info = { 0 };

    if (!qmp_query_status(&hmp->qmp, &info, error)) {
        return false;
    }
    hmp_print(hmp, "VM status: %s", info.running ? "running" : "paused");
    if (!info.running && info.status != RUN_STATE_PAUSED) {
        hmp_print(hmp, " (%s)", qapi_type_RunState.values[info.status]);
    }
    hmp_print(hmp, "\n");
    return true;
}

/* Names */

bool hmp_info_version(Hmp *hmp, const HmpArgs *args, GError **error)
{
    VersionInfo info = { 0 };
    bool ok = qmp_query_version(&hmp->qmp, &info, error);

    if (ok) {
        hmp_print(hmp, "%" PRId64 ".%" PRId64 ".%" PRId64 " (%s)\n",
                  info.qemu->major, info.qemu->minor, info.qemu->micro,
                  info.package);
    }
    qapi_clear(&qapi_type_VersionInfo, &info);
    return ok;
}

bool hmp_info_name(Hmp *hmp, const HmpArgs *args, GError **error)
{
    NameInfo info = { 0 };
    bool ok = qmp_query_name(&hmp->qmp, &info, error);

    if (ok && info.name) {
        hmp_print(hmp, "%s\n", info.name);
    }
    qapi_clear(&qapi_type_NameInfo, &info);
    return ok;
}

bool hmp_info_uuid(Hmp *hmp, const HmpArgs *args, GError **error)
{
    UuidInfo info = { 0 };
    bool ok = qmp_query_uuid(&hmp->qmp, &info, error);

    if (ok) {
        hmp_print(hmp, "%s\n", info.UUID);
    }
    qapi_clear(&qapi_type_UuidInfo, &info);
    return ok;
}

/* The host's side */

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

bool hmp_info_history(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const GPtrArray *history = hmp->session
        ? hmp_session_history(hmp->session) : NULL;

    for (unsigned i = 0; history && i < history->len; i++) {
        hmp_print(hmp, "%u: '%s'\n", i, (const char *)history->pdata[i]);
    }
    return true;
}

/* Processors */

bool hmp_info_cpus(Hmp *hmp, const HmpArgs *args, GError **error)
{
    for (unsigned i = 0; i < hmp->system->setup.n_cpus; i++) {
        hmp_print(hmp, "  CPU #%u: runs no code (accelerator %s)\n", i,
                  hmp->system->config->accel);
    }
    return true;
}

bool hmp_info_registers(Hmp *hmp, const HmpArgs *args, GError **error)
{
    hmp_print(hmp, "No processor runs code, so none has registers "
              "(accelerator %s)\n", hmp->system->config->accel);
    return true;
}
