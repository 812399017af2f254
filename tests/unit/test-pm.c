/*
 * ACPI's fixed hardware: PM1, PM timer, GPE0, the SCI; the APM ports
 *
 * The Rn are the requirements of docs/specs/acpi-pm.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/pm.h"
#include "hw/isa/apm.h"

#define PM 0x600
#define EVT (PM + 0)
#define EN (PM + 2)
#define CNT (PM + 4)
#define TMR (PM + 8)

/* The top bit changes every 2^23 ticks. */
#define HALF_TICKS (1u << 23)

typedef struct Rig {
    Clock clock;
    MemoryRegion io_root;
    AddressSpace io;
    Irq sci, other;
    unsigned sci_calls;
    AcpiPm pm;
    Apm apm;
    unsigned sleeps;
    AcpiSleep last_sleep;
    unsigned gpe0, gpe0_half;
} Rig;

static void rig_sci(void *opaque, unsigned n, bool level)
{
    ((Rig *)opaque)->sci_calls++;
}

static void rig_sleep(void *opaque, AcpiSleep state)
{
    Rig *rig = opaque;

    rig->sleeps++;
    rig->last_sleep = state;
    /* what the worst machine would do at once */
    acpi_pm_reset(&rig->pm);
}

static void rig_set_acpi(void *opaque, bool enabled)
{
    acpi_pm_set_acpi(&((Rig *)opaque)->pm, enabled);
}

/* @data: length of the GPE0 block */
static void rig_set_up(Rig *rig, const void *data)
{
    unsigned gpe0_len = GPOINTER_TO_UINT(data);

    clock_init(&rig->clock);
    memory_region_init(&rig->io_root, "io", 0x10000);
    address_space_init(&rig->io, "io", &rig->io_root);
    irq_init(&rig->sci, rig_sci, rig, 9);
    irq_init(&rig->other, rig_sci, rig, 10);
    rig->pm.sci = &rig->sci;
    rig->pm.sleep = rig_sleep;
    rig->pm.opaque = rig;
    rig->gpe0 = gpe0_len == 4 ? 0xafe0 : PM + 0x20;
    rig->gpe0_half = gpe0_len / 2;
    acpi_pm_init(&rig->pm, &rig->clock, &rig->io_root, EVT, CNT, TMR,
                 &rig->io_root, rig->gpe0, gpe0_len);
    apm_init(&rig->apm, &rig->io_root, 0xf1, 0xf0, rig_set_acpi, rig);
    acpi_pm_reset(&rig->pm);
    apm_reset(&rig->apm);
}

static void rig_tear_down(Rig *rig, const void *data)
{
    apm_cleanup(&rig->apm);
    acpi_pm_cleanup(&rig->pm);
    g_assert_cmpuint(rig->clock.armed->len, ==, 0);
    address_space_cleanup(&rig->io);
    memory_region_cleanup(&rig->io_root);
    clock_cleanup(&rig->clock);
}

static uint64_t in(Rig *rig, unsigned port, unsigned size)
{
    return address_space_load(&rig->io, port, size);
}

static void out(Rig *rig, unsigned port, uint64_t value, unsigned size)
{
    address_space_store(&rig->io, port, value, size);
}

/* To the moment at which the timer has counted @ticks. */
static void rig_tick_to(Rig *rig, uint64_t ticks)
{
    clock_advance(&rig->clock, clock_ticks_to_ns(ticks, ACPI_PM_TIMER_HZ));
}

/* R1 to R3: after reset; which bits there are */
static void test_reset(Rig *rig, const void *data)
{
    out(rig, EN, 0xffff, 2);
    g_assert_cmphex(in(rig, EN, 2), ==, 0x0521);
    out(rig, CNT, 0xffff & ~ACPI_PM1_SLP_EN, 2);
    g_assert_cmphex(in(rig, CNT, 2), ==, 0x1c03);
    for (unsigned i = 0; i < rig->gpe0_half; i++) {
        out(rig, rig->gpe0 + rig->gpe0_half + i, 0x80 + i, 1);
        g_assert_cmphex(in(rig, rig->gpe0 + rig->gpe0_half + i, 1), ==,
                        0x80 + i);
    }
    acpi_pm_raise_gpe(&rig->pm, rig->gpe0_half * 8 - 1);
    acpi_pm_power_button(&rig->pm);
    g_assert_true(rig->sci.level);

    acpi_pm_reset(&rig->pm);
    g_assert_cmphex(in(rig, EVT, 4), ==, 0);
    g_assert_cmphex(in(rig, CNT, 2), ==, 0);
    for (unsigned i = 0; i < 2 * rig->gpe0_half; i++) {
        g_assert_cmphex(in(rig, rig->gpe0 + i, 1), ==, 0);
    }
    g_assert_false(rig->sci.level);
    g_assert_false(rig->pm.tmr_timer.armed);
}

/* R4: status bits clear where ones are written, at any width */
static void test_w1c(Rig *rig, const void *data)
{
    rig_tick_to(rig, HALF_TICKS);
    acpi_pm_power_button(&rig->pm);
    g_assert_cmphex(in(rig, EVT, 2), ==, 0x0101);
    g_assert_cmphex(in(rig, EVT, 1), ==, 0x01);
    g_assert_cmphex(in(rig, EVT + 1, 1), ==, 0x01);

    out(rig, EVT, 0x0000, 2);
    out(rig, EVT, 0xfe, 1);
    out(rig, EVT + 1, 0xfe, 1);
    g_assert_cmphex(in(rig, EVT, 2), ==, 0x0101);
    out(rig, EVT + 1, 0x01, 1);
    g_assert_cmphex(in(rig, EVT, 2), ==, 0x0001);
    acpi_pm_power_button(&rig->pm);
    out(rig, EVT, 0x01, 1);
    g_assert_cmphex(in(rig, EVT, 2), ==, 0x0100);

    /* a dword clears and enables at once; across the middle too */
    out(rig, EVT, 0x01200100, 4);
    g_assert_cmphex(in(rig, EVT, 4), ==, 0x01200000);
    acpi_pm_power_button(&rig->pm);
    out(rig, EVT + 1, 0x2101, 2);
    g_assert_cmphex(in(rig, EVT, 4), ==, 0x01210000);
    g_assert_cmphex(in(rig, EVT + 1, 2), ==, 0x2100);
    out(rig, EN + 1, 0x04, 1);
    g_assert_cmphex(in(rig, EN, 2), ==, 0x0421);
}

/* R5: the SCI is the OR of what is set and enabled, while SCI_EN */
static void test_sci(Rig *rig, const void *data)
{
    acpi_pm_power_button(&rig->pm);
    out(rig, EN, ACPI_PM1_PWRBTN, 2);
    g_assert_false(rig->sci.level);
    out(rig, CNT, ACPI_PM1_SCI_EN, 2);
    g_assert_true(rig->sci.level);
    out(rig, EN, 0, 2);
    g_assert_false(rig->sci.level);
    out(rig, EN, ACPI_PM1_PWRBTN, 2);
    g_assert_true(rig->sci.level);

    /* two causes: clearing one is not enough */
    acpi_pm_raise_gpe(&rig->pm, 5);
    out(rig, rig->gpe0 + rig->gpe0_half, 0x20, 1);
    out(rig, EVT, ACPI_PM1_PWRBTN, 2);
    g_assert_true(rig->sci.level);
    out(rig, rig->gpe0, 0x20, 1);
    g_assert_false(rig->sci.level);

    /* WAK_STS can be enabled by nobody */
    rig->pm.pm1_sts = ACPI_PM1_WAK;
    out(rig, EN, 0xffff, 2);
    g_assert_false(rig->sci.level);
    out(rig, EVT, ACPI_PM1_WAK, 2);
    g_assert_cmphex(in(rig, EVT, 2), ==, 0);
}

/* R6: each bit of GPE0, its status, enable and clearing */
static void test_gpe0(Rig *rig, const void *data)
{
    out(rig, CNT, ACPI_PM1_SCI_EN, 2);
    for (unsigned n = 0; n < rig->gpe0_half * 8; n++) {
        unsigned sts = rig->gpe0 + n / 8, en = sts + rig->gpe0_half;
        unsigned bit = 1u << n % 8;

        acpi_pm_raise_gpe(&rig->pm, n);
        g_assert_cmphex(in(rig, sts, 1), ==, bit);
        g_assert_false(rig->sci.level);
        out(rig, en, bit, 1);
        g_assert_true(rig->sci.level);
        out(rig, sts, ~bit & 0xff, 1);
        g_assert_true(rig->sci.level);
        out(rig, sts, bit, 1);
        g_assert_false(rig->sci.level);
        g_assert_cmphex(in(rig, sts, 1), ==, 0);
        out(rig, en, 0, 1);
    }
    /* wide accesses */
    acpi_pm_raise_gpe(&rig->pm, 0);
    acpi_pm_raise_gpe(&rig->pm, 9);
    g_assert_cmphex(in(rig, rig->gpe0, 2), ==, 0x0201);
    out(rig, rig->gpe0, 0x0201, 2);
    g_assert_cmphex(in(rig, rig->gpe0, 2), ==, 0);
    if (rig->gpe0_half == 2) {
        acpi_pm_raise_gpe(&rig->pm, 15);
        out(rig, rig->gpe0, 0x12348000, 4);
        g_assert_cmphex(in(rig, rig->gpe0, 4), ==, 0x12340000);
    }
}

/* R7: 24 bits at 3.579545 MHz, read in any width, never written */
static void test_timer_counts(Rig *rig, const void *data)
{
    g_assert_cmphex(in(rig, TMR, 4), ==, 0);
    clock_advance(&rig->clock, NS_PER_SECOND);
    g_assert_cmpuint(in(rig, TMR, 4), ==, ACPI_PM_TIMER_HZ);
    out(rig, TMR, 0, 4);
    out(rig, TMR + 1, 0xff, 1);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(in(rig, TMR + i, 1), ==,
                        ACPI_PM_TIMER_HZ >> (8 * i) & 0xff);
    }
    g_assert_cmphex(in(rig, TMR + 2, 2), ==, ACPI_PM_TIMER_HZ >> 16);
    rig_tick_to(rig, 0xffffff);
    g_assert_cmphex(in(rig, TMR, 4), ==, 0xffffff);
    rig_tick_to(rig, 0x1000000);
    g_assert_cmphex(in(rig, TMR, 4), ==, 0);
    rig_tick_to(rig, 0x1000001);
    g_assert_cmphex(in(rig, TMR, 4), ==, 1);
}

/* R8: TMR_STS at each change of the top bit, enabled or not */
static void test_timer_status(Rig *rig, const void *data)
{
    for (unsigned change = 1; change <= 5; change++) {
        rig_tick_to(rig, (uint64_t)change * HALF_TICKS - 1);
        g_assert_cmphex(in(rig, EVT, 2), ==, 0);
        rig_tick_to(rig, (uint64_t)change * HALF_TICKS);
        g_assert_cmphex(in(rig, EVT, 2), ==, ACPI_PM1_TMR);
        out(rig, EVT, ACPI_PM1_TMR, 2);
        g_assert_cmphex(in(rig, EVT, 2), ==, 0);
    }
    /* unseen changes are one event, and clearing ends them all */
    rig_tick_to(rig, 1000 * (uint64_t)HALF_TICKS);
    out(rig, EVT, ACPI_PM1_TMR, 2);
    g_assert_cmphex(in(rig, EVT, 2), ==, 0);
    g_assert_cmpint(clock_deadline_ns(&rig->clock), ==, -1);
}

/* R9: the SCI by the timer, at its time; the host is woken for nothing else */
static void test_timer_sci(Rig *rig, const void *data)
{
    out(rig, EN, ACPI_PM1_TMR, 2);
    g_assert_cmpint(clock_deadline_ns(&rig->clock), ==, -1);
    out(rig, CNT, ACPI_PM1_SCI_EN, 2);
    for (unsigned change = 1; change <= 3; change++) {
        int64_t due = clock_ticks_to_ns((uint64_t)change * HALF_TICKS,
                                        ACPI_PM_TIMER_HZ);

        g_assert_cmpint(clock_deadline_ns(&rig->clock), ==, due);
        clock_advance(&rig->clock, due - 1);
        g_assert_false(rig->sci.level);
        clock_advance(&rig->clock, due);
        g_assert_true(rig->sci.level);
        g_assert_cmpint(clock_deadline_ns(&rig->clock), ==, -1);
        out(rig, EVT, ACPI_PM1_TMR, 2);
        g_assert_false(rig->sci.level);
    }
    out(rig, CNT, 0, 2);
    g_assert_cmpint(clock_deadline_ns(&rig->clock), ==, -1);
    out(rig, CNT, ACPI_PM1_SCI_EN, 2);
    out(rig, EN, 0, 2);
    g_assert_cmpint(clock_deadline_ns(&rig->clock), ==, -1);

    /* a year with nobody clearing the status is one interrupt */
    out(rig, EN, ACPI_PM1_TMR, 2);
    rig->sci_calls = 0;
    clock_advance(&rig->clock, 365 * 86400 * NS_PER_SECOND);
    g_assert_true(rig->sci.level);
    g_assert_cmpuint(rig->sci_calls, ==, 1);
}

/* R10, R11: sleep types; SLP_EN alone acts and reads 0 */
static void test_sleep(Rig *rig, const void *data)
{
    static const AcpiSleep states[8] = {
        ACPI_SLEEP_S5, ACPI_SLEEP_S3, ACPI_SLEEP_S4,
    };

    for (unsigned typ = 0; typ < 8; typ++) {
        unsigned expected = states[typ] ? 1 : 0;

        rig->sleeps = 0;
        acpi_pm_reset(&rig->pm);
        out(rig, CNT, typ << ACPI_PM1_SLP_TYP_SHIFT, 2);
        g_assert_cmpuint(rig->sleeps, ==, 0);
        g_assert_cmphex(in(rig, CNT, 2), ==, typ << ACPI_PM1_SLP_TYP_SHIFT);
        out(rig, CNT, typ << ACPI_PM1_SLP_TYP_SHIFT | ACPI_PM1_SLP_EN, 2);
        g_assert_cmpuint(rig->sleeps, ==, expected);
        g_assert_cmphex(in(rig, CNT, 2) & ACPI_PM1_SLP_EN, ==, 0);
        if (expected) {
            g_assert_cmpuint(rig->last_sleep, ==, states[typ]);
        }
        /* the high byte by itself; the low byte never sleeps */
        out(rig, CNT + 1, (typ << 2) | 0x20, 1);
        g_assert_cmpuint(rig->sleeps, ==, 2 * expected);
        out(rig, CNT, 0xfe, 1);
        g_assert_cmpuint(rig->sleeps, ==, 2 * expected);
    }
    rig->pm.sleep = NULL;
    out(rig, CNT, ACPI_PM1_SLP_EN, 2);
    g_assert_cmphex(in(rig, CNT, 2), ==, 0);
}

/* R12: bytes of PM1_CNT keep the other byte */
static void test_control_bytes(Rig *rig, const void *data)
{
    out(rig, CNT, ACPI_PM1_SCI_EN, 1);
    out(rig, CNT + 1, 0x14, 1);
    g_assert_cmphex(in(rig, CNT, 2), ==, 0x1401);
    g_assert_cmphex(in(rig, CNT, 1), ==, 0x01);
    g_assert_cmphex(in(rig, CNT + 1, 1), ==, 0x14);
    /* the rest of a dword belongs to nobody */
    out(rig, CNT, 0xffff0403, 4);
    g_assert_cmphex(in(rig, CNT, 4), ==, 0xffff0403);
}

/* R13: the SMI command port */
static void test_apm(Rig *rig, const void *data)
{
    acpi_pm_power_button(&rig->pm);
    out(rig, EN, ACPI_PM1_PWRBTN, 2);
    for (unsigned v = 0; v < 0x100; v++) {
        unsigned before = in(rig, CNT, 2);

        out(rig, 0xb2, v, 1);
        g_assert_cmphex(in(rig, 0xb2, 1), ==, v);
        g_assert_cmphex(in(rig, CNT, 2), ==,
                        v == 0xf1 ? 1 : v == 0xf0 ? 0 : before);
        g_assert_true(rig->sci.level == (in(rig, CNT, 2) & 1));
    }
    out(rig, 0xb2, 0xf0, 1);
    out(rig, 0xb3, 0xf1, 1);
    g_assert_cmphex(in(rig, 0xb3, 1), ==, 0xf1);
    g_assert_cmphex(in(rig, CNT, 2), ==, 0);
    out(rig, 0xb2, 0x77f1, 2);
    g_assert_cmphex(in(rig, 0xb2, 2), ==, 0x77f1);
    g_assert_cmphex(in(rig, CNT, 2), ==, 1);
    apm_reset(&rig->apm);
    g_assert_cmphex(in(rig, 0xb2, 2), ==, 0);
}

/* The owner moves the SCI to another line. */
static void test_set_sci(Rig *rig, const void *data)
{
    out(rig, CNT, ACPI_PM1_SCI_EN, 2);
    out(rig, EN, ACPI_PM1_PWRBTN, 2);
    acpi_pm_power_button(&rig->pm);
    g_assert_true(rig->sci.level);
    acpi_pm_set_sci(&rig->pm, &rig->other);
    g_assert_false(rig->sci.level);
    g_assert_true(rig->other.level);
    acpi_pm_set_sci(&rig->pm, NULL);
    g_assert_false(rig->other.level);
    out(rig, EVT, 0xffff, 2);
    acpi_pm_set_sci(&rig->pm, &rig->sci);
    g_assert_false(rig->sci.level);
}

/* R22: what a guest finds that was woken */
static void test_wake(Rig *rig, const void *data)
{
    out(rig, CNT, ACPI_PM1_SCI_EN, 2);
    out(rig, EN, ACPI_PM1_PWRBTN, 2);
    acpi_pm_raise_gpe(&rig->pm, 5);
    acpi_pm_raise_gpe(&rig->pm, rig->gpe0_half * 8 - 1);
    uint64_t gpes = acpi_pm_raised_gpes(&rig->pm);

    g_assert_cmphex(gpes, ==, UINT64_C(1) << (rig->gpe0_half * 8 - 1) | 0x20);
    acpi_pm_reset(&rig->pm);
    acpi_pm_wake(&rig->pm, gpes);
    g_assert_cmphex(in(rig, EVT, 4), ==, 0x8100);
    g_assert_false(rig->sci.level);

    /* the button can interrupt, that it woke cannot */
    out(rig, CNT, ACPI_PM1_SCI_EN, 2);
    g_assert_false(rig->sci.level);
    out(rig, EN, 0xffff & ~ACPI_PM1_PWRBTN, 2);
    g_assert_false(rig->sci.level);
    out(rig, EN, ACPI_PM1_PWRBTN, 2);
    g_assert_true(rig->sci.level);
    out(rig, EVT, 0, 2);
    g_assert_cmphex(in(rig, EVT, 2), ==, 0x8100);
    out(rig, EVT, ACPI_PM1_PWRBTN, 2);
    g_assert_false(rig->sci.level);
    g_assert_cmphex(in(rig, EVT, 2), ==, ACPI_PM1_WAK);
    out(rig, EVT + 1, 0x80, 1);
    g_assert_cmphex(in(rig, EVT, 2), ==, 0);

    /* what was raised in its sleep is noticed now */
    g_assert_cmphex(in(rig, rig->gpe0, 1), ==, 0x20);
    g_assert_cmphex(in(rig, rig->gpe0 + rig->gpe0_half - 1, 1), ==, 0x80);
    out(rig, rig->gpe0 + rig->gpe0_half, 0x20, 1);
    g_assert_true(rig->sci.level);
    out(rig, rig->gpe0, 0x20, 1);
    g_assert_false(rig->sci.level);
}

static void add(const char *name, unsigned gpe0_len,
                void (*test)(Rig *rig, const void *data))
{
    g_autofree char *path = g_strdup_printf("/pm/gpe0-%u/%s", gpe0_len, name);

    g_test_add(path, Rig, GUINT_TO_POINTER(gpe0_len), rig_set_up, test,
               rig_tear_down);
}

int main(int argc, char **argv)
{
    static const unsigned gpe0_lens[] = { 4, 16 };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(gpe0_lens); i++) {
        unsigned len = gpe0_lens[i];

        add("reset", len, test_reset);
        add("w1c", len, test_w1c);
        add("sci", len, test_sci);
        add("gpe0", len, test_gpe0);
        add("timer-counts", len, test_timer_counts);
        add("timer-status", len, test_timer_status);
        add("timer-sci", len, test_timer_sci);
        add("sleep", len, test_sleep);
        add("wake", len, test_wake);
        add("control-bytes", len, test_control_bytes);
        add("apm", len, test_apm);
        add("set-sci", len, test_set_sci);
    }
    return g_test_run();
}
