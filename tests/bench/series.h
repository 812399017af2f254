/*
 * Samples and what may be said of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_SERIES_H
#define BENCH_SERIES_H

#include <glib.h>

/** Samples in the order in which they were taken, as doubles. */
typedef GArray Series;

/** A ratio of medians and the interval that it lies in, nineteen times of
 *  twenty (percentile bootstrap over the pairs). */
typedef struct Ratio {
    double value;
    double low;
    double high;
} Ratio;

/** series_new: empty; freed with g_array_unref(). */
Series *series_new(void);

/** series_median, series_least: of at least one sample. */
double series_median(const Series *series);
double series_least(const Series *series);

/**
 * series_ratio: median of @above over median of @below
 *
 * Both have the same number of samples, at least one; those with the same
 * index were taken one after the other and are drawn together.  The same
 * samples give the same answer.
 */
Ratio series_ratio(const Series *above, const Series *below);

#endif
