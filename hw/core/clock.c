/*
 * The machine's clock and its timers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/core/clock.h"

/* Bounds what one clock_advance() can be made to do by a guest. */
#define CLOCK_MAX_EXPIRIES 1000000
#define CLOCK_MAX_HZ UINT64_C(10000000000)

void clock_init(Clock *clock)
{
    *clock = (Clock){
        .epoch_us = g_get_real_time(),
        .armed = g_ptr_array_new(),
    };
}

void clock_cleanup(Clock *clock)
{
    if (!clock->armed) {
        return;
    }
    for (unsigned i = 0; i < clock->armed->len; i++) {
        Timer *timer = g_ptr_array_index(clock->armed, i);

        timer->armed = false;
    }
    g_ptr_array_unref(clock->armed);
    *clock = (Clock){ 0 };
}

int64_t clock_utc_us(const Clock *clock)
{
    return clock->epoch_us + clock->now_ns / 1000;
}

uint64_t clock_ticks(const Clock *clock, uint64_t hz)
{
    g_assert(hz <= CLOCK_MAX_HZ);
    return (unsigned __int128)clock->now_ns * hz / NS_PER_SECOND;
}

int64_t clock_ticks_to_ns(uint64_t ticks, uint64_t hz)
{
    unsigned __int128 ns;

    g_assert(hz > 0 && hz <= CLOCK_MAX_HZ);
    ns = ((unsigned __int128)ticks * NS_PER_SECOND + hz - 1) / hz;
    return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

int64_t clock_deadline_ns(const Clock *clock)
{
    const Timer *first;

    if (clock->armed->len == 0) {
        return -1;
    }
    first = g_ptr_array_index(clock->armed, 0);
    return first->deadline_ns;
}

void clock_advance(Clock *clock, int64_t to_ns)
{
    to_ns = MAX(to_ns, clock->now_ns);
    for (unsigned n = 0; n < CLOCK_MAX_EXPIRIES && clock->armed->len > 0;
         n++) {
        Timer *timer = g_ptr_array_index(clock->armed, 0);

        if (timer->deadline_ns > to_ns) {
            break;
        }
        g_ptr_array_remove_index(clock->armed, 0);
        timer->armed = false;
        clock->now_ns = MAX(clock->now_ns, timer->deadline_ns);
        timer->expired(timer->opaque);
    }
    clock->now_ns = MAX(clock->now_ns, to_ns);
}

void clock_restore(Clock *clock, int64_t now_ns, int64_t epoch_us)
{
    for (unsigned i = 0; i < clock->armed->len; i++) {
        Timer *timer = g_ptr_array_index(clock->armed, i);

        timer->armed = false;
    }
    g_ptr_array_set_size(clock->armed, 0);
    clock->now_ns = now_ns;
    clock->epoch_us = epoch_us;
}

void timer_init(Timer *timer, Clock *clock, void (*expired)(void *opaque),
                void *opaque)
{
    *timer = (Timer){ .clock = clock, .expired = expired, .opaque = opaque };
}

void timer_set(Timer *timer, int64_t deadline_ns)
{
    GPtrArray *armed = timer->clock->armed;
    unsigned i;

    timer_cancel(timer);
    for (i = armed->len; i > 0; i--) {
        const Timer *before = g_ptr_array_index(armed, i - 1);

        if (before->deadline_ns <= deadline_ns) {
            break;
        }
    }
    g_ptr_array_insert(armed, i, timer);
    timer->deadline_ns = deadline_ns;
    timer->armed = true;
}

void timer_cancel(Timer *timer)
{
    if (timer->armed) {
        g_ptr_array_remove(timer->clock->armed, timer);
        timer->armed = false;
    }
}
