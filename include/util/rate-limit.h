/*
 * So many bytes a second, and no more
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_RATE_LIMIT_H
#define UTIL_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/** What was not used is good for so much time later. */
#define RATE_LIMIT_BURST_US 100000

/** All of it zero: no limit. */
typedef struct RateLimit {
    uint64_t rate;              /* bytes a second; 0: no limit */
    double left;                /* bytes that may go now */
    int64_t seen_us;            /* when that was so */
} RateLimit;

/**
 * rate_limit_set: from @now_us on; nothing may go in this moment.
 * @rate: bytes a second; 0: no limit
 * @now_us: monotonic time in µs
 */
void rate_limit_set(RateLimit *limit, uint64_t rate, int64_t now_us);

/**
 * rate_limit_ask:
 * @want: bytes that there are to go
 * @now_us: not before the times given earlier
 *
 * Returns: how many of them may go now, which rate_limit_spend() is to be told
 * of as they do; 0: none yet.
 */
uint64_t rate_limit_ask(RateLimit *limit, uint64_t want, int64_t now_us);
void rate_limit_spend(RateLimit *limit, uint64_t len);

#endif
