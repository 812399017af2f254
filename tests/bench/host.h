/*
 * What the figures were taken on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include <stdbool.h>

/** Facts that a reader needs to judge the figures; none that tells whose
 *  machine it is. */
typedef struct HostFacts {
    unsigned processors;        /* that we may run on */
    char *processor;            /* the model's name */
    char *kernel;               /* release and architecture */
    char *load_before;          /* 1, 5 and 15 minutes */
    char *load_after;
    char *date;                 /* UTC, ISO 8601 */
} HostFacts;

/** host_facts_init: all but load_after. */
void host_facts_init(HostFacts *facts);

/** host_facts_finish: load_after. */
void host_facts_finish(HostFacts *facts);

void host_facts_cleanup(HostFacts *facts);

/** host_pin: run this program, and those it starts, on the last processor
 *  that it may use; or on all of them again. */
void host_pin(bool on);

#endif
