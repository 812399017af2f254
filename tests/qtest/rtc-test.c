/*
 * The real-time clock and CMOS memory (docs/specs/mc146818.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest.h"

#define SECOND INT64_C(1000000000)

enum { SECONDS = 0, SECONDS_ALARM = 1, MINUTES = 2, MINUTES_ALARM = 3,
       HOURS = 4, HOURS_ALARM = 5, WEEKDAY = 6, DATE = 7, MONTH = 8, YEAR = 9,
       A = 10, B = 11, C = 12, D = 13, CENTURY = 0x32 };
enum { B_24H = 2, B_BINARY = 4, B_UIE = 0x10, B_AIE = 0x20, B_PIE = 0x40,
       B_SET = 0x80 };
enum { C_UF = 0x10, C_AF = 0x20, C_PF = 0x40, C_IRQF = 0x80 };

static uint8_t cmos_read(Qtest *qts, uint8_t index)
{
    qtest_outb(qts, 0x70, index);
    return qtest_inb(qts, 0x71);
}

static void cmos_write(Qtest *qts, uint8_t index, uint8_t value)
{
    qtest_outb(qts, 0x70, index);
    qtest_outb(qts, 0x71, value);
}

static void set_time(Qtest *qts, int year, int month, int date, int hour,
                     int minute, int second)
{
    cmos_write(qts, B, B_SET | B_24H | B_BINARY);
    cmos_write(qts, CENTURY, year / 100);
    cmos_write(qts, YEAR, year % 100);
    cmos_write(qts, MONTH, month);
    cmos_write(qts, DATE, date);
    cmos_write(qts, HOURS, hour);
    cmos_write(qts, MINUTES, minute);
    cmos_write(qts, SECONDS, second);
    cmos_write(qts, B, B_24H | B_BINARY);
}

static void assert_time(Qtest *qts, int year, int month, int date, int hour,
                        int minute, int second)
{
    g_assert_cmpint(cmos_read(qts, CENTURY) * 100 + cmos_read(qts, YEAR), ==,
                    year);
    g_assert_cmpint(cmos_read(qts, MONTH), ==, month);
    g_assert_cmpint(cmos_read(qts, DATE), ==, date);
    g_assert_cmpint(cmos_read(qts, HOURS), ==, hour);
    g_assert_cmpint(cmos_read(qts, MINUTES), ==, minute);
    g_assert_cmpint(cmos_read(qts, SECONDS), ==, second);
}

/** At start it tells the host's time, UTC, in BCD and 24 hours. */
static void test_now(gconstpointer machine)
{
    g_autoptr(GDateTime) before = g_date_time_new_now_utc();
    Qtest *qts = qtest_start("-nodefaults -machine %s",
                             (const char *)machine);
    g_autoptr(GDateTime) after = g_date_time_new_now_utc();
    g_autoptr(GDateTime) seen = NULL;
    int bcd[6];
    static const uint8_t indices[] = { CENTURY, YEAR, MONTH, DATE, HOURS,
                                       MINUTES };

    g_assert_cmphex(cmos_read(qts, B) & (B_24H | B_BINARY), ==, B_24H);
    g_assert_cmphex(cmos_read(qts, D), ==, 0x80);
    for (unsigned i = 0; i < 6; i++) {
        uint8_t value = cmos_read(qts, indices[i]);

        bcd[i] = (value >> 4) * 10 + (value & 15);
    }
    seen = g_date_time_new_utc(bcd[0] * 100 + bcd[1], bcd[2], bcd[3], bcd[4],
                               bcd[5], 0);
    g_assert_nonnull(seen);
    g_assert_cmpint(g_date_time_difference(seen, after), <=, 0);
    g_assert_cmpint(g_date_time_difference(before, seen), <,
                    62 * G_TIME_SPAN_SECOND);
    qtest_quit(qts);
}

/** Time passes with the machine's clock, over every boundary. */
static void test_passing(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35");

    set_time(qts, 2027, 12, 31, 23, 59, 58);
    assert_time(qts, 2027, 12, 31, 23, 59, 58);
    qtest_clock_step(qts, SECOND);
    assert_time(qts, 2027, 12, 31, 23, 59, 59);
    qtest_clock_step(qts, SECOND);
    assert_time(qts, 2028, 1, 1, 0, 0, 0);
    set_time(qts, 2028, 2, 28, 23, 59, 59);
    qtest_clock_step(qts, 2 * SECOND);
    assert_time(qts, 2028, 2, 29, 0, 0, 1);
    set_time(qts, 2100, 2, 28, 23, 59, 59);
    qtest_clock_step(qts, 2 * SECOND);
    assert_time(qts, 2100, 3, 1, 0, 0, 1);
    /* A set clock stands still */
    cmos_write(qts, B, B_SET | B_24H | B_BINARY);
    qtest_clock_step(qts, 100 * SECOND);
    assert_time(qts, 2100, 3, 1, 0, 0, 1);
    qtest_quit(qts);
}

static void test_formats(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine pc");

    /* BCD, twelve hours: 11:59:59 pm */
    cmos_write(qts, B, B_SET);
    cmos_write(qts, HOURS, 0x91);
    cmos_write(qts, MINUTES, 0x59);
    cmos_write(qts, SECONDS, 0x59);
    cmos_write(qts, B, 0);
    g_assert_cmphex(cmos_read(qts, HOURS), ==, 0x91);
    qtest_clock_step(qts, 2 * SECOND);
    g_assert_cmphex(cmos_read(qts, HOURS), ==, 0x12);
    g_assert_cmphex(cmos_read(qts, MINUTES), ==, 0);
    qtest_quit(qts);
}

static void test_alarm(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine pc");

    qtest_irq_intercept_in(qts, "ioapic");
    set_time(qts, 2027, 6, 15, 10, 0, 0);
    cmos_write(qts, HOURS_ALARM, 10);
    cmos_write(qts, MINUTES_ALARM, 0);
    cmos_write(qts, SECONDS_ALARM, 30);
    cmos_read(qts, C);
    cmos_write(qts, B, B_24H | B_BINARY | B_AIE);
    qtest_clock_step(qts, 28 * SECOND);
    g_assert_false(qtest_irq_level(qts, 8));
    qtest_clock_step(qts, 3 * SECOND);
    g_assert_true(qtest_irq_level(qts, 8));
    g_assert_cmphex(cmos_read(qts, C) & (C_IRQF | C_AF), ==, C_IRQF | C_AF);
    g_assert_false(qtest_irq_level(qts, 8));
    g_assert_cmphex(cmos_read(qts, C), ==, 0);
    qtest_quit(qts);
}

static void test_periodic(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35");
    int64_t start, now;
    unsigned n;

    qtest_irq_intercept_in(qts, "ioapic");
    cmos_write(qts, A, 0x2f);                   /* 2 Hz */
    cmos_read(qts, C);
    start = now = qtest_clock_step(qts, 0);
    cmos_write(qts, B, B_24H | B_PIE);
    for (n = 0; now < start + 10 * SECOND; n++) {
        for (unsigned i = 0; !qtest_irq_level(qts, 8); i++) {
            g_assert_cmpuint(i, <, 10);
            now = qtest_clock_step_next(qts);
        }
        g_assert_cmphex(cmos_read(qts, C) & (C_IRQF | C_PF), ==,
                        C_IRQF | C_PF);
        g_assert_false(qtest_irq_level(qts, 8));
    }
    g_assert_cmpuint(n, >=, 20);
    g_assert_cmpuint(n, <=, 21);
    qtest_quit(qts);
}

static void test_update_interrupt(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine pc");

    qtest_irq_intercept_in(qts, "ioapic");
    set_time(qts, 2027, 6, 15, 10, 0, 0);
    cmos_read(qts, C);
    cmos_write(qts, B, B_24H | B_BINARY | B_UIE);
    qtest_clock_step(qts, 2 * SECOND);
    g_assert_true(qtest_irq_level(qts, 8));
    g_assert_cmphex(cmos_read(qts, C) & (C_IRQF | C_UF), ==, C_IRQF | C_UF);
    g_assert_false(qtest_irq_level(qts, 8));
    qtest_quit(qts);
}

/** What firmware of old reads of memory, processors and boot order. */
static void test_cmos(gconstpointer machine)
{
    bool q35 = strcmp(machine, "q35") == 0;
    Qtest *qts = qtest_start("-nodefaults -machine %s -m 5G -smp 3",
                             (const char *)machine);
    uint64_t low = q35 ? 0x80000000 : 0xc0000000;
    uint64_t high = (UINT64_C(5) << 30) - low;

    g_assert_cmpuint(cmos_read(qts, 0x15) | cmos_read(qts, 0x16) << 8, ==,
                     640);
    g_assert_cmphex(cmos_read(qts, 0x17) | cmos_read(qts, 0x18) << 8, ==,
                    0xffff);
    g_assert_cmphex(cmos_read(qts, 0x30) | cmos_read(qts, 0x31) << 8, ==,
                    0xffff);
    g_assert_cmphex(cmos_read(qts, 0x34) | cmos_read(qts, 0x35) << 8, ==,
                    (low - 0x1000000) / 0x10000);
    g_assert_cmphex(cmos_read(qts, 0x5b) | cmos_read(qts, 0x5c) << 8 |
                    cmos_read(qts, 0x5d) << 16, ==, high / 0x10000);
    g_assert_cmpuint(cmos_read(qts, 0x5f), ==, 2);
    /* The rest is memory, and a reset leaves it */
    cmos_write(qts, 0x60, 0xa5);
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    json_object_put(qtest_qmp_event_wait(qts, "RESET"));
    g_assert_cmphex(cmos_read(qts, 0x60), ==, 0xa5);
    g_assert_cmpuint(cmos_read(qts, 0x5f), ==, 2);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/rtc/pc/now", "pc", test_now);
    g_test_add_data_func("/rtc/q35/now", "q35", test_now);
    g_test_add_func("/rtc/passing", test_passing);
    g_test_add_func("/rtc/formats", test_formats);
    g_test_add_func("/rtc/alarm", test_alarm);
    g_test_add_func("/rtc/periodic", test_periodic);
    g_test_add_func("/rtc/update-interrupt", test_update_interrupt);
    g_test_add_data_func("/rtc/pc/cmos", "pc", test_cmos);
    g_test_add_data_func("/rtc/q35/cmos", "q35", test_cmos);
    return g_test_run();
}
