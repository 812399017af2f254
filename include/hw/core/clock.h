/*
 * The machine's clock and its timers
 *
 * Virtual time counts in nanoseconds from the machine's creation.  Under the
 * qtest accelerator nothing but clock_advance() moves it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CORE_CLOCK_H
#define HW_CORE_CLOCK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define NS_PER_SECOND INT64_C(1000000000)

typedef struct Clock Clock;

typedef struct Timer {
    Clock *clock;
    void (*expired)(void *opaque);
    void *opaque;
    int64_t deadline_ns;        /* valid while armed */
    bool armed;
} Timer;

struct Clock {
    int64_t now_ns;
    int64_t epoch_us;           /* wall-clock time at time zero, µs since 1970;
                                   the host's UTC unless somebody sets it */
    GPtrArray *armed;           /* Timer, earliest first */
};

void clock_init(Clock *clock);
void clock_cleanup(Clock *clock);

static inline int64_t clock_now_ns(const Clock *clock)
{
    return clock->now_ns;
}

/** clock_utc_us: wall-clock time as the guest shall see it, µs since 1970. */
int64_t clock_utc_us(const Clock *clock);

/** clock_ticks: @hz ticks since time zero, without rounding drift;
 *  @hz up to 10^10. */
uint64_t clock_ticks(const Clock *clock, uint64_t hz);

/** clock_ticks_to_ns: the first time at which clock_ticks() is @ticks;
 *  INT64_MAX if that is out of range. */
int64_t clock_ticks_to_ns(uint64_t ticks, uint64_t hz);

/** clock_deadline_ns: the earliest timer's; -1 if none is armed. */
int64_t clock_deadline_ns(const Clock *clock);

/**
 * clock_advance: move time to @to_ns (never backwards), expiring timers in
 * order, each at its own time.  At most one million expiries; a device that
 * re-arms itself without end is cut off there and time jumps to @to_ns.
 */
void clock_advance(Clock *clock, int64_t to_ns);

/**
 * clock_restore: it is @now_ns, and time zero was at @epoch_us; for a machine
 * that is restored.  Every timer is disarmed: what it waited for belongs to the
 * time before.
 */
void clock_restore(Clock *clock, int64_t now_ns, int64_t epoch_us);

void timer_init(Timer *timer, Clock *clock, void (*expired)(void *opaque),
                void *opaque);
/** timer_set: arm for @deadline_ns; one that has passed expires at the next
 *  clock_advance(). */
void timer_set(Timer *timer, int64_t deadline_ns);

/** timer_set_in: arm for @delay_ns (not negative) from now, or for the end of
 *  time if that comes first. */
static inline void timer_set_in(Timer *timer, int64_t delay_ns)
{
    int64_t now_ns = clock_now_ns(timer->clock);

    timer_set(timer, delay_ns > INT64_MAX - now_ns ? INT64_MAX
                                                   : now_ns + delay_ns);
}

/** timer_cancel: nothing if not armed; a zeroed timer is allowed. */
void timer_cancel(Timer *timer);

#endif
