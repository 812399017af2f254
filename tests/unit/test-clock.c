/*
 * The machine's clock and its timers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/core/clock.h"

typedef struct Note {
    Timer timer;
    char name;
    GString *log;
    int64_t again_ns;           /* > 0: re-armed this much later */
    Timer *cancels;
} Note;

static void note_expired(void *opaque)
{
    Note *note = opaque;
    int64_t now = clock_now_ns(note->timer.clock);

    g_assert_false(note->timer.armed);
    g_string_append_printf(note->log, "%c@%" G_GINT64_FORMAT " ", note->name,
                           now);
    if (note->again_ns > 0) {
        timer_set(&note->timer, now + note->again_ns);
    }
    if (note->cancels) {
        timer_cancel(note->cancels);
    }
}

static void note_init(Note *note, Clock *clock, char name, GString *log)
{
    *note = (Note){ .name = name, .log = log };
    timer_init(&note->timer, clock, note_expired, note);
}

static void expect_log(GString *log, const char *expected)
{
    g_assert_cmpstr(log->str, ==, expected);
    g_string_truncate(log, 0);
}

static void test_order(void)
{
    GString *log = g_string_new(NULL);
    Clock clock;
    Note a, b, c;

    clock_init(&clock);
    note_init(&a, &clock, 'a', log);
    note_init(&b, &clock, 'b', log);
    note_init(&c, &clock, 'c', log);
    g_assert_cmpint(clock_now_ns(&clock), ==, 0);
    g_assert_cmpint(clock_deadline_ns(&clock), ==, -1);

    timer_set(&b.timer, 200);
    timer_set(&a.timer, 100);
    timer_set(&c.timer, 200);
    g_assert_cmpint(clock_deadline_ns(&clock), ==, 100);
    clock_advance(&clock, 99);
    expect_log(log, "");
    g_assert_cmpint(clock_now_ns(&clock), ==, 99);
    clock_advance(&clock, 100);
    expect_log(log, "a@100 ");
    /* Each at its own time, equal ones in the order of their setting */
    clock_advance(&clock, 1000);
    expect_log(log, "b@200 c@200 ");
    g_assert_cmpint(clock_now_ns(&clock), ==, 1000);
    g_assert_cmpint(clock_deadline_ns(&clock), ==, -1);

    /* Time does not go back, but what is overdue expires. */
    timer_set(&a.timer, 500);
    timer_set(&b.timer, -5);
    timer_set(&c.timer, 1001);
    expect_log(log, "");
    clock_advance(&clock, 10);
    expect_log(log, "b@1000 a@1000 ");
    g_assert_cmpint(clock_now_ns(&clock), ==, 1000);

    /* Setting again moves the timer. */
    timer_set(&c.timer, 3000);
    timer_set(&c.timer, 2000);
    g_assert_cmpuint(clock.armed->len, ==, 1);
    clock_advance(&clock, INT64_MAX);
    expect_log(log, "c@2000 ");
    g_assert_cmpint(clock_now_ns(&clock), ==, INT64_MAX);

    clock_cleanup(&clock);
    g_string_free(log, TRUE);
}

static void test_from_handler(void)
{
    GString *log = g_string_new(NULL);
    Clock clock;
    Note periodic, other;

    clock_init(&clock);
    note_init(&periodic, &clock, 'p', log);
    note_init(&other, &clock, 'o', log);
    periodic.again_ns = 10;
    timer_set(&periodic.timer, 10);
    timer_set(&other.timer, 25);
    clock_advance(&clock, 30);
    expect_log(log, "p@10 p@20 o@25 p@30 ");

    /* Cancelled by one that expires at the same time, but before */
    periodic.again_ns = 0;
    periodic.cancels = &other.timer;
    timer_set(&other.timer, 40);
    timer_set(&other.timer, 40);
    timer_set(&periodic.timer, 39);
    clock_advance(&clock, 50);
    expect_log(log, "p@39 ");
    g_assert_false(other.timer.armed);

    clock_cleanup(&clock);
    g_string_free(log, TRUE);
}

static void test_cancel(void)
{
    GString *log = g_string_new(NULL);
    Timer never = { 0 };
    Clock clock, none = { 0 };
    Note a, b;

    timer_cancel(&never);
    clock_cleanup(&none);

    clock_init(&clock);
    note_init(&a, &clock, 'a', log);
    note_init(&b, &clock, 'b', log);
    timer_cancel(&a.timer);
    timer_set(&a.timer, 10);
    timer_set(&b.timer, 20);
    timer_cancel(&a.timer);
    timer_cancel(&a.timer);
    g_assert_cmpint(clock_deadline_ns(&clock), ==, 20);

    /* The clock may go before a device lets go of its timer. */
    clock_cleanup(&clock);
    timer_cancel(&b.timer);
    g_assert_false(b.timer.armed);
    expect_log(log, "");
    g_string_free(log, TRUE);
}

typedef struct Runaway {
    Timer timer;
    unsigned count;
} Runaway;

static void runaway_expired(void *opaque)
{
    Runaway *r = opaque;

    r->count++;
    timer_set(&r->timer, clock_now_ns(r->timer.clock));
}

static void test_runaway(void)
{
    Runaway r = { .count = 0 };
    Clock clock;

    clock_init(&clock);
    timer_init(&r.timer, &clock, runaway_expired, &r);
    timer_set(&r.timer, 5);
    clock_advance(&clock, NS_PER_SECOND);
    g_assert_cmpuint(r.count, ==, 1000000);
    g_assert_cmpint(clock_now_ns(&clock), ==, NS_PER_SECOND);
    g_assert_true(r.timer.armed);
    clock_cleanup(&clock);
}

static void test_ticks(void)
{
    static const uint64_t rates[] = {
        1, 32768, 1193182, 3579545, 14318180, 100000000, 1000000000,
        2999999999, 10000000000,
    };
    Clock clock;

    clock_init(&clock);
    g_assert_cmpuint(clock_ticks(&clock, 3579545), ==, 0);

    /* No drift: ten years are ten years. */
    clock.now_ns = INT64_C(10) * 365 * 86400 * NS_PER_SECOND;
    g_assert_cmpuint(clock_ticks(&clock, 3579545), ==,
                     UINT64_C(10) * 365 * 86400 * 3579545);
    clock.now_ns--;
    g_assert_cmpuint(clock_ticks(&clock, 3579545), ==,
                     UINT64_C(10) * 365 * 86400 * 3579545 - 1);

    for (unsigned i = 0; i < G_N_ELEMENTS(rates); i++) {
        g_assert_cmpint(clock_ticks_to_ns(0, rates[i]), ==, 0);
        for (unsigned n = 0; n < 1000; n++) {
            uint64_t ticks = 1 + (uint64_t)n * n * n * n;
            int64_t ns = clock_ticks_to_ns(ticks, rates[i]);

            if (ns == INT64_MAX) {
                continue;
            }
            clock.now_ns = ns;
            g_assert_cmpuint(clock_ticks(&clock, rates[i]), >=, ticks);
            clock.now_ns = ns - 1;
            g_assert_cmpuint(clock_ticks(&clock, rates[i]), <, ticks);
        }
    }
    g_assert_cmpint(clock_ticks_to_ns(UINT64_MAX, 1), ==, INT64_MAX);
    g_assert_cmpint(clock_ticks_to_ns(INT64_MAX, NS_PER_SECOND), ==,
                    INT64_MAX);
    g_assert_cmpint(clock_ticks_to_ns(UINT64_C(1) << 63, NS_PER_SECOND), ==,
                    INT64_MAX);
    clock_cleanup(&clock);
}

static void test_utc(void)
{
    gint64 before = g_get_real_time();
    Clock clock;

    clock_init(&clock);
    g_assert_cmpint(clock_utc_us(&clock), >=, before);
    g_assert_cmpint(clock_utc_us(&clock), <=, g_get_real_time());
    before = clock_utc_us(&clock);
    clock_advance(&clock, 1500 * NS_PER_SECOND);
    g_assert_cmpint(clock_utc_us(&clock), ==, before + 1500000000);
    clock_cleanup(&clock);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/order", test_order);
    g_test_add_func("/clock/from-handler", test_from_handler);
    g_test_add_func("/clock/cancel", test_cancel);
    g_test_add_func("/clock/runaway", test_runaway);
    g_test_add_func("/clock/ticks", test_ticks);
    g_test_add_func("/clock/utc", test_utc);
    return g_test_run();
}
