/*
 * Processors of the PC, a type for each CPU model
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TARGET_I386_CPU_H
#define TARGET_I386_CPU_H

#include "hw/core/cpu.h"
#include "qapi-types.h"

#define X86_CPU_DEFAULT_MODEL CPU_MODEL_QEMU64

/** Abstract; then one a model, in CpuModel's order. */
extern const ObjectType x86_cpu_type;
extern const ObjectType x86_cpu_types[CPU_MODEL__MAX];

/**
 * x86_cpu_find_type:
 * @model: as `-cpu` has it: a CpuModel, and features behind commas; NULL: the
 *         default
 *
 * Returns: its type; NULL if there is no such model.
 */
const ObjectType *x86_cpu_find_type(const char *model);

/** x86_cpu_new: number @index of a machine; its local APIC has that ID. */
Cpu *x86_cpu_new(const ObjectType *type, unsigned index,
                 const CpuTopology *topology);

#endif
