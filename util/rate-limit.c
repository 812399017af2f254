/*
 * So many bytes a second, and no more
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/rate-limit.h"

#include <glib.h>

#define US_PER_S 1e6

void rate_limit_set(RateLimit *limit, uint64_t rate, int64_t now_us)
{
    limit->rate = rate;
    limit->left = 0;
    limit->seen_us = now_us;
}

uint64_t rate_limit_ask(RateLimit *limit, uint64_t want, int64_t now_us)
{
    double per_us = (double)limit->rate / US_PER_S;
    double burst = MAX(per_us * RATE_LIMIT_BURST_US, 1);

    if (!limit->rate) {
        return want;
    }
    limit->left += per_us * (double)(now_us - limit->seen_us);
    limit->left = MIN(limit->left, burst);
    limit->seen_us = now_us;
    return limit->left >= (double)want ? want : (uint64_t)limit->left;
}

void rate_limit_spend(RateLimit *limit, uint64_t len)
{
    limit->left -= limit->rate ? (double)len : 0;
}
