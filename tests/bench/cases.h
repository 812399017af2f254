/*
 * What is measured: one row a case
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include <stdbool.h>

#include "child.h"

#define BENCH_MAX_FIGURES 6
#define BENCH_MAX_ARGS 8

/** One number that a case yields. */
typedef struct BenchFigure {
    const char *name;           /* NULL ends a case's figures */
    const char *unit;
    double wanted;              /* ours over the peer's; 0: none named */
} BenchFigure;

typedef struct BenchCase BenchCase;

struct BenchCase {
    const char *name;           /* "GROUP-WHAT": CASES= takes either */
    const char *doc;
    const char *args[BENCH_MAX_ARGS];   /* the machine's options */

    /**
     * Take one sample of @contender.
     * @values: room for one value for each figure, in their order
     */
    void (*sample)(const BenchCase *bench, const Contender *contender,
                   double *values);

    const char *command;        /* what is repeated, if anything is */
    unsigned repeat;            /* how often, for one sample */
    unsigned share;             /* one sample for so many RUNS; 0: for each */
    bool pinned;                /* both ends on one processor */
    bool no_floor;              /* canned replies cannot do it */
    const char *needs;          /* a program without which it is skipped */
    BenchFigure figures[BENCH_MAX_FIGURES + 1];
};

/** All cases; the last has no name. */
extern const BenchCase bench_cases[];

/** The file that cases pass to -acpitable, in the current directory. */
#define BENCH_SLIC "slic.bin"

/** bench_fetch_acpi: read the three ACPI files of fw_cfg over qtest, by DMA.
 *  Returns: their bytes in all. */
unsigned bench_fetch_acpi(Channel *channel);

#endif
