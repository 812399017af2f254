/*
 * QMP: the VM generation ID (qapi/vmgenid.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "hw/acpi/vmgenid.h"
#include "qapi-types.h"
#include "system/system.h"
#include "util/error.h"

static VmGenId *qmp_vmgenid(const QmpContext *ctx, GError **error)
{
    VmGenId *dev = ctx->system->machine->vmgenid;

    if (!dev) {
        fm_error_set(error, "VM Generation ID device not found");
    }
    return dev;
}

bool qmp_query_vm_generation_id(QmpContext *ctx, GuidInfo *ret, GError **error)
{
    const VmGenId *dev = qmp_vmgenid(ctx, error);
    char text[UUID_TEXT_LEN + 1];

    if (!dev) {
        return false;
    }
    uuid_format(vmgenid_guid(dev), text);
    ret->guid = g_strdup(text);
    return true;
}

bool qmp_set_vm_generation_id(QmpContext *ctx,
                              const SetVmGenerationIdArgs *args,
                              GError **error)
{
    VmGenId *dev = qmp_vmgenid(ctx, error);
    bool random;
    Uuid guid;

    if (!dev || !system_check_no_save(ctx->system, error)) {
        return false;
    }
    if (ctx->system->state == RUN_STATE_INMIGRATE) {
        return fm_error_set(error, "The machine waits to be restored; -device "
                            "vmgenid,guid= says what it gets then");
    }
    if (!vmgenid_parse(args->guid, &guid, &random)) {
        return fm_error_set(error, "Parameter 'guid' expects a UUID or "
                            "'auto'");
    }
    system_vm_generation_changed(ctx->system,
                                 vmgenid_set(dev, random ? NULL : &guid));
    return true;
}

void system_vm_generation_changed(System *system, VmGenIdChange change)
{
    char text[UUID_TEXT_LEN + 1];
    VmGenerationIdChangeEvent data = { .guid = text };

    if (change.changed) {
        uuid_format(vmgenid_guid(system->machine->vmgenid), text);
        monitor_emit(system->monitors, &qapi_event_VM_GENERATION_ID_CHANGE,
                     &data);
    }
}
