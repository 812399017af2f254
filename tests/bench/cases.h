/*
 * What is measured: one row a case
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include <stdbool.h>
#include <stdint.h>

#include "child.h"

#define BENCH_MAX_FIGURES 6
#define BENCH_MAX_ARGS 12

/** One number that a case yields. */
typedef struct BenchFigure {
    const char *name;           /* NULL ends a case's figures */
    const char *unit;
    double wanted;              /* ours over the peer's; 0: none named */
    double wanted_floor;        /* ours over the floor's; 0: none named */
    bool beside_floor;          /* tell that ratio though none is wanted */
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
    unsigned filled_mib;        /* memory with random bytes in it, from 1 MiB */
    unsigned share;             /* one sample for so many RUNS; 0: for each */
    bool pinned;                /* both ends on one processor */
    bool no_floor;              /* canned replies cannot do it */
    const char *no_peer;        /* why the peer cannot do it; NULL: it can */
    const char *needs;          /* a program without which it is skipped */
    BenchFigure figures[BENCH_MAX_FIGURES + 1];
};

/** bench_greet: greeting and negotiation, what every QMP client begins with. */
void bench_greet(Child *child);

/** bench_quit: have it end, and wait for that; @usage may be NULL. */
void bench_quit(Child *child, struct rusage *usage);

/** All cases; the last has no name. */
extern const BenchCase bench_cases[];

/** The file that cases pass to -acpitable, in the current directory. */
#define BENCH_SLIC "slic.bin"

/** What samples leave there. */
#define BENCH_STATE_OURS "state.ours"
#define BENCH_STATE_PEER "state.peer"
#define BENCH_STATE_COPY "state.copy"
#define BENCH_QTEST "qtest"

/** sample_save_restore: a machine to a file on the disk (ms, processor ms), and
 *  from it (the same, and the first again for another floor); the file's size
 *  (MiB).  The floor copies the file that we have saved. */
void sample_save_restore(const BenchCase *bench, const Contender *contender,
                         double *values);

/** sample_set_guid: set-vm-generation-id to its reply (us), and until the
 *  guest's memory has been seen changed (us). */
void sample_set_guid(const BenchCase *bench, const Contender *contender,
                     double *values);

/** bench_fetch_file: read one file of fw_cfg over qtest, by DMA.  Ends this
 *  program if there is none such.
 *  @to: room for @len bytes */
void bench_fetch_file(Channel *channel, const char *name, uint8_t *to,
                      size_t len);

/** bench_fetch_acpi: read the three ACPI files of fw_cfg over qtest, by DMA.
 *  Returns: their bytes in all. */
unsigned bench_fetch_acpi(Channel *channel);

#endif
