/*
 * Processors: what all kinds have alike
 *
 * A processor object says which processor it is and where in the machine.  It
 * holds no state that a program could see: nobody runs it in this version.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CORE_CPU_H
#define HW_CORE_CPU_H

#include "hw/core/device.h"

/** How many there are in one of the next larger; each at least 1. */
typedef struct CpuTopology {
    unsigned dies, cores, threads;
} CpuTopology;

typedef struct Cpu {
    Device parent;

    /* Links: given by the machine */
    unsigned index;             /* from 0 */
    unsigned socket_id, die_id, core_id, thread_id;
} Cpu;

/** Abstract. */
extern const ObjectType cpu_type;

/** cpu_place: @cpu is the machine's number @index; where that is follows from
 *  @topology. */
void cpu_place(Cpu *cpu, unsigned index, const CpuTopology *topology);

#endif
