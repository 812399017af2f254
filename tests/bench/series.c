/*
 * Samples and what may be said of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "series.h"

#include <stdlib.h>

#define SERIES_DRAWS 2000
#define SERIES_SEED 1

Series *series_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(double));
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/** Sorts its argument. */
static double median_of(double *values, size_t n)
{
    qsort(values, n, sizeof(double), by_value);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

double series_median(const Series *series)
{
    g_autofree double *values =
        g_memdup2(series->data, series->len * sizeof(double));

    return median_of(values, series->len);
}

double series_least(const Series *series)
{
    double least = g_array_index(series, double, 0);

    for (unsigned i = 1; i < series->len; i++) {
        least = MIN(least, g_array_index(series, double, i));
    }
    return least;
}

static double draw(GRand *dice, const Series *above, const Series *below,
                   double *x, double *y)
{
    unsigned n = above->len;

    for (unsigned i = 0; i < n; i++) {
        unsigned pick = g_rand_int_range(dice, 0, n);

        x[i] = g_array_index(above, double, pick);
        y[i] = g_array_index(below, double, pick);
    }
    return median_of(x, n) / median_of(y, n);
}

Ratio series_ratio(const Series *above, const Series *below)
{
    g_autofree double *x = g_new(double, above->len);
    g_autofree double *y = g_new(double, above->len);
    g_autofree double *ratios = g_new(double, SERIES_DRAWS);
    GRand *dice = g_rand_new_with_seed(SERIES_SEED);
    Ratio ratio;

    g_assert(above->len == below->len);
    for (unsigned i = 0; i < SERIES_DRAWS; i++) {
        ratios[i] = draw(dice, above, below, x, y);
    }
    g_rand_free(dice);
    qsort(ratios, SERIES_DRAWS, sizeof(double), by_value);
    ratio.value = series_median(above) / series_median(below);
    ratio.low = ratios[SERIES_DRAWS / 40];
    ratio.high = ratios[SERIES_DRAWS - 1 - SERIES_DRAWS / 40];
    return ratio;
}
