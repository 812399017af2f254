/*
 * QMP: what the machine is (qapi/machine.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/system.h"

bool qmp_query_machines(QmpContext *ctx, MachineInfoList *ret, GError **error)
{
    for (const ObjectType *const *t = object_types(); *t; t++) {
        const MachineClass *klass;
        MachineInfo *info;

        if ((*t)->abstract || !object_type_is_a(*t, &machine_type)) {
            continue;
        }
        klass = object_type_class(*t);
        info = qapi_list_append(&qapi_type_MachineInfoList, ret);
        info->name = g_strdup(klass->name);
        info->alias = g_strdup(klass->alias);
        info->has_is_default = info->is_default = klass->is_default;
        info->cpu_max = klass->max_cpus;
        info->acpi = klass->acpi;
        info->default_cpu_type = g_strdup(klass->cpu_type);
        info->default_ram_id = g_strdup(klass->ram_id);
    }
    return true;
}

bool qmp_query_target(QmpContext *ctx, TargetInfo *ret, GError **error)
{
    ret->arch = g_strdup("x86_64");
    return true;
}

bool qmp_query_uuid(QmpContext *ctx, UuidInfo *ret, GError **error)
{
    char text[UUID_TEXT_LEN + 1];

    uuid_format(&ctx->system->setup.uuid, text);
    ret->UUID = g_strdup(text);
    return true;
}

bool qmp_query_name(QmpContext *ctx, NameInfo *ret, GError **error)
{
    ret->name = g_strdup(ctx->system->config->guest_name);
    return true;
}

bool qmp_query_current_machine(QmpContext *ctx, CurrentMachineParams *ret,
                               GError **error)
{
    ret->wakeup_suspend_support = machine_can_wake(ctx->system->machine);
    return true;
}

bool qmp_query_memory_size_summary(QmpContext *ctx, MemoryInfo *ret,
                                   GError **error)
{
    ret->base_memory = ctx->system->setup.ram_size;
    ret->has_plugged_memory = true;
    return true;
}
