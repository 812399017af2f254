/*
 * HPET: counter, timers and their interrupts (docs/specs/hpet.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest.h"

#define BASE UINT64_C(0xfed00000)
#define SECOND INT64_C(1000000000)
#define TICKS_PER_SECOND 100000000

enum { CAPABILITIES = 0, CONFIG = 0x10, STATUS = 0x20, COUNTER = 0xf0 };
enum { TIMER0 = 0x100, TIMER_STEP = 0x20, COMPARATOR = 8 };
enum { LEVEL = 1 << 1, INTERRUPT = 1 << 2, PERIODIC = 1 << 3,
       VALUE_SET = 1 << 6, ROUTE_SHIFT = 9 };

static void test_registers(gconstpointer machine)
{
    bool q35 = strcmp(machine, "q35") == 0;
    Qtest *qts = qtest_start("-nodefaults -machine %s",
                             (const char *)machine);

    g_assert_cmphex(qtest_readq(qts, BASE + CAPABILITIES), ==,
                    UINT64_C(0x009896808086a201));
    qtest_writeq(qts, BASE + CAPABILITIES, 0);
    g_assert_cmphex(qtest_readl(qts, BASE + CAPABILITIES), ==, 0x8086a201);
    g_assert_cmphex(qtest_readl(qts, BASE + CAPABILITIES + 4), ==, 10000000);
    g_assert_cmphex(qtest_readq(qts, BASE + CONFIG), ==, 0);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t timer = BASE + TIMER0 + TIMER_STEP * i;

        g_assert_cmphex(qtest_readl(qts, timer + 4), ==,
                        q35 ? 0x00ff0104 : 0x00000004);
    }
    g_assert_cmphex(qtest_readl(qts, BASE + TIMER0) & 0x30, ==, 0x30);
    qtest_quit(qts);
}

static void test_counter(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35");

    qtest_clock_step(qts, SECOND);
    g_assert_cmpuint(qtest_readq(qts, BASE + COUNTER), ==, 0);
    qtest_writeq(qts, BASE + COUNTER, 1000);
    qtest_writel(qts, BASE + CONFIG, 1);
    g_assert_cmpuint(qtest_readq(qts, BASE + COUNTER), ==, 1000);
    qtest_clock_step(qts, SECOND);
    g_assert_cmpuint(qtest_readq(qts, BASE + COUNTER), ==,
                     1000 + TICKS_PER_SECOND);
    qtest_writel(qts, BASE + CONFIG, 0);
    qtest_clock_step(qts, SECOND);
    g_assert_cmpuint(qtest_readq(qts, BASE + COUNTER), ==,
                     1000 + TICKS_PER_SECOND);
    qtest_quit(qts);
}

/** A single shot, level triggered: status until it is cleared. */
static void test_one_shot(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35");

    qtest_irq_intercept_in(qts, "ioapic");
    qtest_writel(qts, BASE + TIMER0, LEVEL | INTERRUPT | 16 << ROUTE_SHIFT);
    qtest_writeq(qts, BASE + TIMER0 + COMPARATOR, 5000);
    qtest_writel(qts, BASE + CONFIG, 1);
    qtest_clock_step(qts, 49990);
    g_assert_false(qtest_irq_level(qts, 16));
    qtest_clock_step(qts, 10);
    g_assert_true(qtest_irq_level(qts, 16));
    g_assert_cmphex(qtest_readl(qts, BASE + STATUS), ==, 1);
    qtest_writel(qts, BASE + STATUS, 1);
    g_assert_false(qtest_irq_level(qts, 16));
    g_assert_cmphex(qtest_readl(qts, BASE + STATUS), ==, 0);
    qtest_quit(qts);
}

static void test_periodic(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine pc");
    unsigned n = 0;

    qtest_irq_intercept_in(qts, "ioapic");
    qtest_writel(qts, BASE + TIMER0, LEVEL | INTERRUPT | PERIODIC |
                 VALUE_SET | 2 << ROUTE_SHIFT);
    qtest_writeq(qts, BASE + TIMER0 + COMPARATOR, TICKS_PER_SECOND / 100);
    qtest_writeq(qts, BASE + TIMER0 + COMPARATOR, TICKS_PER_SECOND / 100);
    qtest_writel(qts, BASE + CONFIG, 1);
    for (unsigned i = 0; i < 1000; i++) {
        qtest_clock_step(qts, SECOND / 1000);
        if (qtest_irq_level(qts, 2)) {
            n++;
            qtest_writel(qts, BASE + STATUS, 1);
            g_assert_false(qtest_irq_level(qts, 2));
        }
    }
    g_assert_cmpuint(n, ==, 100);
    qtest_quit(qts);
}

static void test_off(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35,hpet=off");

    g_assert_cmphex(qtest_readl(qts, BASE), ==, 0xffffffff);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/hpet/pc/registers", "pc", test_registers);
    g_test_add_data_func("/hpet/q35/registers", "q35", test_registers);
    g_test_add_func("/hpet/counter", test_counter);
    g_test_add_func("/hpet/one-shot", test_one_shot);
    g_test_add_func("/hpet/periodic", test_periodic);
    g_test_add_func("/hpet/off", test_off);
    return g_test_run();
}
