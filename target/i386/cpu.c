/*
 * Processors of the PC, a type for each CPU model
 *
 * What a model can do is not modelled, since nobody runs it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "target/i386/cpu.h"

#include <string.h>

#include "qapi/walker.h"

typedef struct X86Cpu {
    Cpu parent;
    uint32_t apic_id;           /* as the MADT says it */
} X86Cpu;

static json_object *x86_cpu_get_apic_id(Object *obj, GError **error)
{
    return json_object_new_int64(((X86Cpu *)obj)->apic_id);
}

static const ObjectProperty x86_cpu_properties[] = {
    { "apic-id", "uint32", "ID of its local APIC", x86_cpu_get_apic_id, NULL },
};

const ObjectType *x86_cpu_find_type(const char *model)
{
    g_autofree char *name = model ? g_strndup(model, strcspn(model, ","))
                                  : NULL;
    int index = name ? qapi_enum_parse(&qapi_type_CpuModel, name)
                     : X86_CPU_DEFAULT_MODEL;

    return index < 0 ? NULL : &x86_cpu_types[index];
}

Cpu *x86_cpu_new(const ObjectType *type, unsigned index,
                 const CpuTopology *topology)
{
    X86Cpu *cpu = (X86Cpu *)object_new(type, NULL, NULL);

    cpu_place(&cpu->parent, index, topology);
    cpu->apic_id = index;
    return &cpu->parent;
}

const ObjectType x86_cpu_type = {
    .name = "x86_64-cpu",
    .parent = &cpu_type,
    .doc = "Abstract processor of a PC",
    .instance_size = sizeof(X86Cpu),
    .abstract = true,
    .properties = x86_cpu_properties,
    .n_properties = G_N_ELEMENTS(x86_cpu_properties),
};

#define X86_CPU_MODEL(model, text)                      \
    {                                                   \
        .name = model "-x86_64-cpu",                    \
        .parent = &x86_cpu_type,                        \
        .doc = text,                                    \
    }

const ObjectType x86_cpu_types[CPU_MODEL__MAX] = {
    [CPU_MODEL_QEMU32] = X86_CPU_MODEL("qemu32", "32-bit processor"),
    [CPU_MODEL_QEMU64] = X86_CPU_MODEL("qemu64", "64-bit processor"),
    [CPU_MODEL_KVM32] = X86_CPU_MODEL("kvm32", "32-bit processor for KVM"),
    [CPU_MODEL_KVM64] = X86_CPU_MODEL("kvm64", "64-bit processor for KVM"),
    [CPU_MODEL_BASE] = X86_CPU_MODEL("base", "Least 64-bit processor"),
    [CPU_MODEL_MAX] = X86_CPU_MODEL("max", "Processor that can everything"),
};
