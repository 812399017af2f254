/*
 * HMP: the machine's life, and the program
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/hmp-impl.h"
#include "util/error.h"

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

bool hmp_system_powerdown(Hmp *hmp, const HmpArgs *args, GError **error)
{
    return qmp_system_powerdown(&hmp->qmp, error);
}

bool hmp_system_wakeup(Hmp *hmp, const HmpArgs *args, GError **error)
{
    return qmp_system_wakeup(&hmp->qmp, error);
}

bool hmp_exit_preconfig(Hmp *hmp, const HmpArgs *args, GError **error)
{
    return qmp_x_exit_preconfig(&hmp->qmp, error);
}

bool hmp_watchdog_action(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const char *name = hmp_text(args, "action");
    int action = qapi_enum_parse(&qapi_type_WatchdogAction, name);
    const ActionSettings settings = {
        .has_watchdog = true,
        .watchdog = (WatchdogAction)action,
    };

    if (action < 0) {
        return fm_error_set(error, "Parameter 'action' does not accept value "
                            "'%s'", name);
    }
    return qmp_set_action(&hmp->qmp, &settings, error);
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

/* Lines */

bool hmp_info_history(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const GPtrArray *history = hmp->session
        ? hmp_session_history(hmp->session) : NULL;

    for (unsigned i = 0; history && i < history->len; i++) {
        hmp_print(hmp, "%u: '%s'\n", i, (const char *)history->pdata[i]);
    }
    return true;
}
