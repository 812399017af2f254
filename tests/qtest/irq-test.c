/*
 * Interrupt lines: interception, driving them, and the I/O APIC
 * (docs/devel/qtest.rst, docs/specs/ioapic.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "libqtest.h"

#define IOAPIC UINT64_C(0xfec00000)

enum { ID = 0, VERSION = 1, REDTBL = 0x10 };

static uint32_t ioapic_read(Qtest *qts, uint8_t index)
{
    qtest_writeb(qts, IOAPIC, index);
    return qtest_readl(qts, IOAPIC + 0x10);
}

static void ioapic_write(Qtest *qts, uint8_t index, uint32_t value)
{
    qtest_writeb(qts, IOAPIC, index);
    qtest_writel(qts, IOAPIC + 0x10, value);
}

static void test_registers(gconstpointer machine)
{
    Qtest *qts = qtest_start("-nodefaults -machine %s",
                             (const char *)machine);

    g_assert_cmphex(ioapic_read(qts, VERSION), ==, 0x00170020);
    g_assert_cmphex(ioapic_read(qts, ID), ==, 0);
    ioapic_write(qts, ID, 0xffffffff);
    g_assert_cmphex(ioapic_read(qts, ID), ==, 0x0f000000);
    for (unsigned i = 0; i < 24; i++) {
        g_assert_cmphex(ioapic_read(qts, REDTBL + 2 * i), ==, 0x10000);
        ioapic_write(qts, REDTBL + 2 * i, 0x10030 + i);
        ioapic_write(qts, REDTBL + 2 * i + 1, i << 24);
    }
    for (unsigned i = 0; i < 24; i++) {
        g_assert_cmphex(ioapic_read(qts, REDTBL + 2 * i), ==, 0x10030 + i);
        g_assert_cmphex(ioapic_read(qts, REDTBL + 2 * i + 1), ==, i << 24);
    }
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    json_object_put(qtest_qmp_event_wait(qts, "RESET"));
    g_assert_cmphex(ioapic_read(qts, REDTBL), ==, 0x10000);
    qtest_quit(qts);
}

static void test_intercept(gconstpointer machine)
{
    Qtest *qts = qtest_start("-nodefaults -machine %s -serial null",
                             (const char *)machine);
    g_autofree char *again = NULL, *other = NULL, *unknown = NULL;

    qtest_irq_intercept_in(qts, "ioapic");
    again = qtest_line(qts, "irq_intercept_in /machine/ioapic");
    g_assert_cmpstr(again, ==, "OK");
    other = qtest_line(qts, "irq_intercept_out rtc");
    g_assert_cmpstr(other, ==, "FAIL IRQ intercept already enabled");
    unknown = qtest_line(qts, "irq_intercept_in /machine/nobody");
    g_assert_cmpstr(unknown, ==, "FAIL Unknown device");
    for (unsigned i = 0; i < 24; i++) {
        qtest_set_irq_in(qts, "ioapic", NULL, i, true);
        g_assert_true(qtest_irq_level(qts, i));
        g_assert_false(qtest_irq_level(qts, i + 1));
        qtest_set_irq_in(qts, "ioapic", NULL, i, false);
        g_assert_false(qtest_irq_level(qts, i));
    }
    g_autofree char *bad = qtest_line(qts, "set_irq_in ioapic unnamed-gpio-in "
                                      "24 1");
    g_assert_true(g_str_has_prefix(bad, "FAIL "));
    g_autofree char *name = qtest_line(qts, "set_irq_in ioapic nolines 0 1");
    g_assert_true(g_str_has_prefix(name, "FAIL "));
    qtest_quit(qts);
}

/** The line that a device drives, seen from the device's side. */
static void test_intercept_out(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine pc");
    g_autofree char *reply = qtest_line(qts, "irq_intercept_out rtc");

    g_assert_cmpstr(reply, ==, "OK");
    qtest_outb(qts, 0x70, 0x0a);
    qtest_outb(qts, 0x71, 0x2f);
    qtest_outb(qts, 0x70, 0x0b);
    qtest_outb(qts, 0x71, 0x42);
    for (unsigned i = 0; i < 10 && !qtest_irq_level(qts, 0); i++) {
        qtest_clock_step_next(qts);
    }
    g_assert_true(qtest_irq_level(qts, 0));
    qtest_outb(qts, 0x70, 0x0c);
    qtest_inb(qts, 0x71);
    g_assert_false(qtest_irq_level(qts, 0));
    qtest_quit(qts);
}

/** What a reset does to lines is told before the reply to what asked for it. */
static void test_reset(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35 -serial null");

    qtest_irq_intercept_in(qts, "ioapic");
    qtest_outb(qts, 0x3fc, 8);
    qtest_outb(qts, 0x3f9, 2);
    g_assert_true(qtest_irq_level(qts, 4));
    qtest_outb(qts, 0xcf9, 6);
    g_assert_false(qtest_irq_level(qts, 4));
    qtest_quit(qts);
}

/** A machine that ends while a watched line is high. */
static void test_raised_at_quit(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35 -serial null");

    qtest_irq_intercept_in(qts, "ioapic");
    qtest_outb(qts, 0x3fc, 8);
    qtest_outb(qts, 0x3f9, 2);
    g_assert_true(qtest_irq_level(qts, 4));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/irq/pc/registers", "pc", test_registers);
    g_test_add_data_func("/irq/q35/registers", "q35", test_registers);
    g_test_add_data_func("/irq/pc/intercept", "pc", test_intercept);
    g_test_add_data_func("/irq/q35/intercept", "q35", test_intercept);
    g_test_add_func("/irq/intercept-out", test_intercept_out);
    g_test_add_func("/irq/reset", test_reset);
    g_test_add_func("/irq/raised-at-quit", test_raised_at_quit);
    return g_test_run();
}
