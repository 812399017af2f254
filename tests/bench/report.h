/*
 * Figures for people (a table) and for programs (JSON)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "cases.h"
#include "host.h"
#include "series.h"

/** What came of one case. */
typedef struct BenchResult {
    const BenchCase *bench;
    char *skipped;              /* why nothing was measured; NULL: it was */
    Series *samples[BENCH_MAX_FIGURES][BENCH_N_SIDES];
} BenchResult;

/** report_head, _result, _tail: the table, printed as it grows. */
void report_head(const Contender *contenders, const HostFacts *facts);
void report_result(const BenchResult *result);
void report_tail(const HostFacts *facts);

/** report_json: everything, to @path; false if it cannot be written, which
 *  has been told. */
bool report_json(const char *path, const GPtrArray *results,
                 const Contender *contenders, const HostFacts *facts);

#endif
