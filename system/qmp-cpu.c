/*
 * QMP: processors, and who runs them (qapi/cpu.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <unistd.h>

#include "hw/core/cpu.h"
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/system.h"
#include "target/i386/cpu.h"
#include "util/error.h"

bool qmp_query_accelerators(QmpContext *ctx, AcceleratorInfo *ret,
                            GError **error)
{
    const QapiType *kinds = &qapi_type_AcceleratorKind;

    ret->enabled = qapi_enum_parse(kinds, ctx->system->config->accel);
    for (unsigned i = 0; i < kinds->n_values; i++) {
        AcceleratorKind *kind =
            qapi_list_append(&qapi_type_AcceleratorKindList, &ret->present);

        *kind = i;
    }
    return true;
}

bool qmp_query_kvm(QmpContext *ctx, KvmInfo *ret, GError **error)
{
    ret->present = qapi_enum_parse(&qapi_type_AcceleratorKind, "kvm") >= 0;
    ret->enabled = g_str_equal(ctx->system->config->accel, "kvm");
    return true;
}

static CpuInstanceProperties *qmp_cpu_properties(const System *system,
                                                 const Cpu *cpu)
{
    CpuInstanceProperties *props = g_new0(CpuInstanceProperties, 1);

    props->has_socket_id = props->has_core_id = props->has_thread_id = true;
    props->socket_id = cpu->socket_id;
    props->core_id = cpu->core_id;
    props->thread_id = cpu->thread_id;
    props->has_die_id = system->setup.topology.dies > 1;
    props->die_id = cpu->die_id;
    return props;
}

bool qmp_query_cpus_fast(QmpContext *ctx, CpuInfoFastList *ret, GError **error)
{
    const GPtrArray *cpus = ctx->system->machine->cpus;

    for (unsigned i = 0; i < cpus->len; i++) {
        const Cpu *cpu = cpus->pdata[i];
        CpuInfoFast *info = qapi_list_append(&qapi_type_CpuInfoFastList, ret);

        info->cpu_index = cpu->index;
        info->qom_path = object_path(&cpu->parent.parent);
        info->thread_id = getpid();
        info->props = qmp_cpu_properties(ctx->system, cpu);
        info->target = SYS_EMU_TARGET_X86_64;
    }
    return true;
}

bool qmp_query_hotpluggable_cpus(QmpContext *ctx, HotpluggableCPUList *ret,
                                 GError **error)
{
    const GPtrArray *cpus = ctx->system->machine->cpus;

    if (!cpus->len) {
        return fm_error_set(error, "The feature 'query-hotpluggable-cpus' is "
                            "not enabled");
    }
    for (unsigned i = 0; i < cpus->len; i++) {
        const Cpu *cpu = cpus->pdata[i];
        HotpluggableCPU *place =
            qapi_list_append(&qapi_type_HotpluggableCPUList, ret);

        place->type = g_strdup(cpu->parent.parent.type->name);
        place->vcpus_count = 1;
        place->props = qmp_cpu_properties(ctx->system, cpu);
        place->qom_path = object_path(&cpu->parent.parent);
    }
    return true;
}

bool qmp_query_cpu_definitions(QmpContext *ctx, CpuDefinitionInfoList *ret,
                               GError **error)
{
    for (unsigned i = 0; i < CPU_MODEL__MAX; i++) {
        CpuDefinitionInfo *info =
            qapi_list_append(&qapi_type_CpuDefinitionInfoList, ret);

        info->name = g_strdup(qapi_type_CpuModel.values[i]);
        info->typename = g_strdup(x86_cpu_types[i].name);
        info->has_unavailable_features = true;
        info->has_migration_safe = true;
        info->migration_safe = i != CPU_MODEL_MAX;
        info->q_static = i == CPU_MODEL_BASE;
    }
    return true;
}

bool qmp_query_iothreads(QmpContext *ctx, IOThreadInfoList *ret,
                         GError **error)
{
    return true;
}
