/*
 * Which machine it is that was saved
 *
 * The content of the stream's first section; what has to be alike on both sides
 * is compared here, in the words of the options that it comes from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MIGRATION_MACHINE_FACTS_H
#define MIGRATION_MACHINE_FACTS_H

#include "hw/core/machine.h"

typedef struct MachineFacts {
    char *type;                 /* as -machine has it, with the version */
    uint64_t ram_size;          /* bytes */
    uint32_t n_cpus, max_cpus;
    uint32_t dies, cores, threads;
    char *memories;             /* a line each: name, space, bytes */
    char *state;                /* RunState's name */
    int64_t now_ns;             /* the machine's clock */
    int64_t utc_us;             /* the guest's time then, since 1970 */
    bool utc_fixed;             /* it did not follow the host's */
    char *program;              /* that saved it; for people */
} MachineFacts;

/** Over a MachineFacts. */
extern const StateTable machine_facts_state;

/** machine_facts_init: what holds for @machine, which is doing @state. */
void machine_facts_init(MachineFacts *facts, const Machine *machine,
                        RunState state);
/** machine_facts_cleanup: a zeroed one is allowed. */
void machine_facts_cleanup(MachineFacts *facts);

/**
 * machine_facts_check: whether @machine can become the one that @saved is about
 * @state: set to what it was doing
 *
 * Returns: false with @error set if they are not alike, or @saved cannot be.
 */
bool machine_facts_check(const MachineFacts *saved, const Machine *machine,
                         RunState *state, GError **error);

#endif
