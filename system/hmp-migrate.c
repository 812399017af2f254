/*
 * HMP: saving the machine, and restoring it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <inttypes.h>
#include <json.h>
#include <string.h>

#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/hmp-impl.h"
#include "util/error.h"

bool hmp_migrate(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const MigrateArgs migrate = { .uri = (char *)hmp_text(args, "uri") };

    if (!qmp_migrate(&hmp->qmp, &migrate, error)) {
        return false;
    }
    if (!hmp_given(args, "-d")) {
        hmp->system->migration.waiting = qmp_defer(&hmp->qmp);
    }
    return true;
}

bool hmp_migrate_cancel(Hmp *hmp, const HmpArgs *args, GError **error)
{
    return qmp_migrate_cancel(&hmp->qmp, error);
}

bool hmp_migrate_incoming(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const MigrateIncomingArgs incoming = {
        .uri = (char *)hmp_text(args, "uri"),
        .exit_on_error = true,
    };

    return qmp_migrate_incoming(&hmp->qmp, &incoming, error);
}

bool hmp_migrate_set_capability(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const char *name = hmp_text(args, "capability");
    const char *state = hmp_text(args, "state");
    int capability = qapi_enum_parse(&qapi_type_MigrationCapability, name);
    MigrationCapabilityStatus status = {
        .capability = (MigrationCapability)capability,
        .state = strcmp(state, "on") == 0,
    };
    const MigrateSetCapabilitiesArgs set = {
        .capabilities = { .items = &status, .len = 1 },
    };

    if (capability < 0) {
        return fm_error_set(error, "invalid parameter value: %s", name);
    }
    if (!status.state && strcmp(state, "off") != 0) {
        return fm_error_set(error, "Parameter 'state' expects 'on' or 'off'");
    }
    return qmp_migrate_set_capabilities(&hmp->qmp, &set, error);
}

bool hmp_info_migrate_capabilities(Hmp *hmp, const HmpArgs *args,
                                   GError **error)
{
    MigrationCapabilityStatusList list = { 0 };
    bool ok = qmp_query_migrate_capabilities(&hmp->qmp, &list, error);

    for (size_t i = 0; ok && i < list.len; i++) {
        hmp_print(hmp, "%s: %s\n", qapi_type_MigrationCapability.values[
                  list.items[i].capability],
                  list.items[i].state ? "on" : "off");
    }
    qapi_clear(&qapi_type_MigrationCapabilityStatusList, &list);
    return ok;
}

/** A size without a unit is in MiB. */
static bool hmp_read_parameter(const char *name, const char *value,
                               MigrationParameters *set, GError **error)
{
    const QapiType *type = &qapi_type_MigrationParameters;
    const QapiMember *member = qapi_find_member(type, name);
    size_t len = strlen(value);
    g_autofree char *text = NULL;
    json_object *in;
    bool ok;

    if (!member) {
        return fm_error_set(error, "invalid parameter value: %s", name);
    }
    text = g_strconcat(value, len && g_ascii_isdigit(value[len - 1]) ? "M"
                                                                     : "",
                       NULL);
    in = json_object_new_object();
    json_object_object_add(in, name, json_object_new_string(text));
    ok = qapi_from_json(type, in, QAPI_INPUT_TEXT, set, error);
    json_object_put(in);
    return ok;
}

bool hmp_migrate_set_parameter(Hmp *hmp, const HmpArgs *args, GError **error)
{
    MigrationParameters set = { 0 };
    bool ok = hmp_read_parameter(hmp_text(args, "parameter"),
                                 hmp_text(args, "value"), &set, error) &&
              qmp_migrate_set_parameters(&hmp->qmp, &set, error);

    qapi_clear(&qapi_type_MigrationParameters, &set);
    return ok;
}

bool hmp_info_migrate_parameters(Hmp *hmp, const HmpArgs *args,
                                 GError **error)
{
    MigrationParameters info = { 0 };
    bool ok = qmp_query_migrate_parameters(&hmp->qmp, &info, error);

    hmp_print(hmp, "max-bandwidth: %" PRIu64 " bytes/second%s\n",
              info.max_bandwidth, info.max_bandwidth ? "" : " (no limit)");
    return ok;
}

static void hmp_print_migration_stats(Hmp *hmp, const MigrationStats *ram)
{
    hmp_print(hmp, "transferred ram: %" PRId64 " kbytes\n",
              ram->transferred >> 10);
    hmp_print(hmp, "throughput: %.2f mbps\n", ram->mbps);
    hmp_print(hmp, "remaining ram: %" PRId64 " kbytes\n",
              ram->remaining >> 10);
    hmp_print(hmp, "total ram: %" PRId64 " kbytes\n", ram->total >> 10);
    hmp_print(hmp, "duplicate: %" PRId64 " pages\n", ram->duplicate);
    hmp_print(hmp, "normal: %" PRId64 " pages\n", ram->normal);
    hmp_print(hmp, "normal bytes: %" PRId64 " kbytes\n",
              ram->normal_bytes >> 10);
    hmp_print(hmp, "page size: %" PRId64 " kbytes\n", ram->page_size >> 10);
}

bool hmp_info_migrate(Hmp *hmp, const HmpArgs *args, GError **error)
{
    MigrationInfo info = { 0 };
    bool ok = qmp_query_migrate(&hmp->qmp, &info, error);

    hmp_print(hmp, "Migration status: %s%s%s%s\n",
              qapi_type_MigrationStatus.values[info.status],
              info.error_desc ? " (" : "",
              info.error_desc ? info.error_desc : "",
              info.error_desc ? ")" : "");
    if (info.has_total_time) {
        hmp_print(hmp, "total time: %" PRId64 " ms\n", info.total_time);
    }
    if (info.has_downtime) {
        hmp_print(hmp, "downtime: %" PRId64 " ms\n", info.downtime);
    }
    if (info.ram) {
        hmp_print_migration_stats(hmp, info.ram);
    }
    qapi_clear(&qapi_type_MigrationInfo, &info);
    return ok;
}
