/*
 * The real-time clock and CMOS memory (docs/specs/mc146818.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/rtc/mc146818.h"

#include "device-rig.h"
#include "hw/acpi/tables.h"

#define RTC_IRQ 8

enum { SECONDS = 0, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM,
       DAY_OF_WEEK, DATE, MONTH, YEAR, A, B, C, D, CENTURY = 0x32 };

enum { B_24H = 0x02, B_DM = 0x04, B_UIE = 0x10, B_AIE = 0x20, B_PIE = 0x40,
       B_SET = 0x80 };

/* 2023-11-14 22:13:20 UTC, a Tuesday, and a bit */
#define EPOCH_US (INT64_C(1700000000) * 1000000 + 250000)

typedef struct Fixture {
    Rig *rig;
    Rtc *rtc;
} Fixture;

static void fixture_set_up_at(Fixture *f, int64_t epoch_us)
{
    Device *dev;

    f->rig = rig_new();
    f->rig->clock.epoch_us = epoch_us;
    dev = rig_new_device(f->rig, &rtc_type, NULL, NULL);
    rig_realize(dev);
    f->rtc = (Rtc *)dev;
}

static void fixture_set_up(Fixture *f, gconstpointer data)
{
    fixture_set_up_at(f, EPOCH_US);
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
    rig_free(f->rig);
}

static uint8_t get(Fixture *f, uint8_t index)
{
    rig_outb(f->rig, 0x70, index);
    return rig_inb(f->rig, 0x71);
}

static void set(Fixture *f, uint8_t index, uint8_t value)
{
    rig_outb(f->rig, 0x70, index);
    rig_outb(f->rig, 0x71, value);
}

static bool irq(Fixture *f)
{
    return f->rig->high[RTC_IRQ];
}

static bool timers_run(Fixture *f)
{
    return clock_deadline_ns(&f->rig->clock) >= 0;
}

/** assert_time: "CCYY-MM-DD HH:MM:SS w" of the bytes as they are, in hex. */
static void assert_time(Fixture *f, const char *expected)
{
    g_autofree char *text =
        g_strdup_printf("%02x%02x-%02x-%02x %02x:%02x:%02x %x",
                        get(f, CENTURY), get(f, YEAR), get(f, MONTH),
                        get(f, DATE), get(f, HOURS), get(f, MINUTES),
                        get(f, SECONDS), get(f, DAY_OF_WEEK));

    g_assert_cmpstr(text, ==, expected);
}

static void set_bytes(Fixture *f, uint8_t century, uint8_t year, uint8_t month,
                      uint8_t date, uint8_t hours, uint8_t minutes,
                      uint8_t seconds)
{
    set(f, B, get(f, B) | B_SET);
    set(f, CENTURY, century);
    set(f, YEAR, year);
    set(f, MONTH, month);
    set(f, DATE, date);
    set(f, HOURS, hours);
    set(f, MINUTES, minutes);
    set(f, SECONDS, seconds);
    set(f, B, get(f, B) & ~B_SET);
}

/* R1, R2, R3 */
static void test_power_on(Fixture *f, gconstpointer data)
{
    assert_time(f, "2023-11-14 22:13:20 3");
    g_assert_cmphex(get(f, A), ==, 0x26);
    g_assert_cmphex(get(f, B), ==, 0x02);
    g_assert_cmphex(get(f, C), ==, 0x00);
    g_assert_cmphex(get(f, D), ==, 0x80);
    g_assert_cmphex(get(f, 0x37), ==, 0x20);
    g_assert_cmphex(get(f, 0x80 | CENTURY), ==, 0x20);  /* the NMI's bit */
    g_assert_cmphex(rig_inb(f->rig, 0x70), ==, 0xff);
    g_assert_false(timers_run(f));
    /* The second changes where the host's does */
    rig_step(f->rig, 749 * 1000000);
    g_assert_cmphex(get(f, SECONDS), ==, 0x20);
    rig_step(f->rig, 1000000);
    g_assert_cmphex(get(f, SECONDS), ==, 0x21);
    rig_step(f->rig, 3600 * NS_PER_SECOND * 24 * 366);
    assert_time(f, "2024-11-14 22:13:21 5");
}

/* R4: every form of the hours, through a day */
static void test_forms(Fixture *f, gconstpointer data)
{
    static const uint8_t modes[] = { 0, B_24H, B_DM, B_DM | B_24H };

    for (unsigned m = 0; m < G_N_ELEMENTS(modes); m++) {
        bool binary = modes[m] & B_DM;

        set(f, B, modes[m]);
        set_bytes(f, binary ? 20 : 0x20, binary ? 24 : 0x24, 2,
                  binary ? 28 : 0x28,
                  modes[m] & B_24H ? 0 : binary ? 12 : 0x12, 0, 0);
        for (unsigned hour = 0; hour < 48; hour++) {
            unsigned h = hour % 24;
            unsigned h12 = h % 12 ? h % 12 : 12;
            unsigned shown = modes[m] & B_24H ? h : h12;
            unsigned byte = binary ? shown : shown / 10 * 16 + shown % 10;
            unsigned date = 28 + hour / 24;

            if (!(modes[m] & B_24H) && h >= 12) {
                byte |= 0x80;
            }
            g_assert_cmphex(get(f, HOURS), ==, byte);
            g_assert_cmphex(get(f, DATE), ==,
                            binary ? date : date / 10 * 16 + date % 10);
            rig_step(f->rig, 3600 * NS_PER_SECOND);
        }
        g_assert_cmphex(get(f, DATE), ==, 1);
        g_assert_cmphex(get(f, MONTH), ==, 3);
    }
    /* Changing the form of a running clock does not change the time */
    set(f, B, B_24H);
    set_bytes(f, 0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59);
    set(f, B, B_DM);
    g_assert_cmphex(get(f, HOURS), ==, 0x80 | 11);
    g_assert_cmphex(get(f, YEAR), ==, 99);
    rig_step(f->rig, NS_PER_SECOND);
    g_assert_cmphex(get(f, CENTURY), ==, 20);
    g_assert_cmphex(get(f, YEAR), ==, 0);
    g_assert_cmphex(get(f, HOURS), ==, 12);
    /* Of one that is being set the bytes stay */
    set(f, B, B_24H | B_SET);
    set(f, MINUTES, 0x45);
    set(f, B, B_24H | B_DM | B_SET);
    g_assert_cmphex(get(f, MINUTES), ==, 0x45);
}

/* R5: dates against GLib's calendar, and the ends of the scale */
static void test_dates(Fixture *f, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1582);

    set(f, B, B_DM | B_24H);
    for (unsigned i = 0; i < 2000; i++) {
        GDate date;
        unsigned year = g_rand_int_range(rand, 1, 9999);
        unsigned step = g_rand_int_range(rand, 1, 2000);

        g_date_clear(&date, 1);
        g_date_set_dmy(&date, g_rand_int_range(rand, 1, 29),
                       g_rand_int_range(rand, 1, 13), year);
        set_bytes(f, year / 100, year % 100, g_date_get_month(&date),
                  g_date_get_day(&date), 12, 0, 0);
        g_date_add_days(&date, step);
        rig_step(f->rig, step * 24 * 3600 * NS_PER_SECOND);
        if (g_date_get_year(&date) > 9999) {
            continue;
        }
        g_assert_cmpuint(get(f, CENTURY) * 100 + get(f, YEAR), ==,
                         g_date_get_year(&date));
        g_assert_cmpuint(get(f, MONTH), ==, g_date_get_month(&date));
        g_assert_cmpuint(get(f, DATE), ==, g_date_get_day(&date));
        f->rig->clock.now_ns = 0;       /* or 300 years will be over */
        f->rig->clock.epoch_us = EPOCH_US;
        get(f, A);
    }
    set(f, B, B_24H);
    set_bytes(f, 0x99, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59);
    rig_step(f->rig, NS_PER_SECOND);
    g_assert_cmphex(get(f, YEAR), ==, 0);
    g_assert_cmphex(get(f, CENTURY), ==, 0);
    g_assert_cmphex(get(f, MONTH), ==, 1);
}

static void test_epochs(void)
{
    static const struct {
        int64_t utc_seconds;
        const char *time;
    } rows[] = {
        { 0, "1970-01-01 00:00:00 5" },
        { -1, "1969-12-31 23:59:59 4" },
        { -11644473600, "1601-01-01 00:00:00 2" },
        { 951782400, "2000-02-29 00:00:00 3" },
        { 253402300799, "9999-12-31 23:59:59 6" },
        { 253402300800, "0000-01-01 00:00:00 7" },
        { -62167219201, "9999-12-31 23:59:59 6" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Fixture f;

        fixture_set_up_at(&f, rows[i].utc_seconds * 1000000);
        assert_time(&f, rows[i].time);
        /* The host's clock may go backwards */
        f.rig->clock.epoch_us -= 5 * 1000000;
        get(&f, A);
        f.rig->clock.epoch_us += 5 * 1000000;
        assert_time(&f, rows[i].time);
        rig_free(f.rig);
    }
}

/* R6: SET holds the time; the second's phase goes on */
static void test_set(Fixture *f, gconstpointer data)
{
    set(f, B, B_24H | B_UIE | B_SET);
    g_assert_cmphex(get(f, B), ==, B_24H | B_SET);      /* SET clears UIE */
    rig_step(f->rig, 10 * NS_PER_SECOND);
    assert_time(f, "2023-11-14 22:13:20 3");
    g_assert_cmphex(get(f, C), ==, 0x40);       /* only PF */
    set(f, SECONDS, 0x58);
    set(f, B, B_24H);
    rig_step(f->rig, 749 * 1000000);
    g_assert_cmphex(get(f, SECONDS), ==, 0x58);
    rig_step(f->rig, 1000000);
    g_assert_cmphex(get(f, SECONDS), ==, 0x59);
    /* A guest may also write while the clock runs */
    set(f, MINUTES, 0x59);
    set(f, HOURS, 0x23);
    set(f, DAY_OF_WEEK, 0x07);
    rig_step(f->rig, NS_PER_SECOND);
    assert_time(f, "2023-11-15 00:00:00 1");
}

/* R7: the divider: held in reset, and half a second after its release */
static void test_divider(Fixture *f, gconstpointer data)
{
    set(f, A, 0x76);
    set(f, SECONDS, 0x00);
    rig_step(f->rig, 5 * NS_PER_SECOND);
    g_assert_cmphex(get(f, SECONDS), ==, 0x00);
    g_assert_cmphex(get(f, C), ==, 0x00);
    set(f, A, 0xa6);
    g_assert_cmphex(get(f, A), ==, 0x26);       /* UIP cannot be written */
    rig_step(f->rig, NS_PER_SECOND / 2 - 1000000);
    g_assert_cmphex(get(f, SECONDS), ==, 0x00);
    rig_step(f->rig, 2000000);
    g_assert_cmphex(get(f, SECONDS), ==, 0x01);
}

/* R8 */
static void test_uip(Fixture *f, gconstpointer data)
{
    rig_step(f->rig, 749755 * 1000);
    g_assert_cmphex(get(f, A), ==, 0x26);
    rig_step(f->rig, 1000);
    g_assert_cmphex(get(f, A), ==, 0xa6);
    rig_step(f->rig, 243 * 1000);
    g_assert_cmphex(get(f, A), ==, 0xa6);
    g_assert_cmphex(get(f, SECONDS), ==, 0x20);
    rig_step(f->rig, 1000);
    g_assert_cmphex(get(f, A), ==, 0x26);
    g_assert_cmphex(get(f, SECONDS), ==, 0x21);
    set(f, B, B_SET);
    rig_step(f->rig, NS_PER_SECOND - 100 * 1000);
    g_assert_cmphex(get(f, A), ==, 0x26);
}

/* R9: flags without interrupts; no timer runs for them */
static void test_flags(Fixture *f, gconstpointer data)
{
    set(f, SECONDS_ALARM, 0x30);
    set(f, MINUTES_ALARM, 0x13);
    set(f, HOURS_ALARM, 0x22);
    rig_step(f->rig, 5 * NS_PER_SECOND);
    g_assert_cmphex(get(f, C), ==, 0x50);       /* update, periodic */
    g_assert_cmphex(get(f, C), ==, 0x00);
    rig_step(f->rig, 10 * NS_PER_SECOND);
    g_assert_cmphex(get(f, C), ==, 0x70);       /* and alarm */
    g_assert_false(timers_run(f));
    g_assert_cmpuint(f->rig->raised[RTC_IRQ], ==, 0);
    /* A flag that is up already interrupts when it is enabled */
    rig_step(f->rig, NS_PER_SECOND);
    set(f, B, B_24H | B_UIE);
    g_assert_true(irq(f));
    g_assert_cmphex(get(f, C), ==, 0xd0);
    g_assert_false(irq(f));
}

/* R10 */
static void test_update_interrupt(Fixture *f, gconstpointer data)
{
    get(f, C);
    set(f, B, B_24H | B_UIE);
    g_assert_true(timers_run(f));
    rig_step(f->rig, 749 * 1000000);
    g_assert_false(irq(f));
    rig_step(f->rig, 2000000);
    g_assert_true(irq(f));
    g_assert_false(timers_run(f));      /* not until somebody reads C */
    rig_step(f->rig, 10 * NS_PER_SECOND);
    g_assert_cmpuint(f->rig->raised[RTC_IRQ], ==, 1);
    g_assert_cmphex(get(f, C) & 0x90, ==, 0x90);
    g_assert_false(irq(f));
    rig_step(f->rig, NS_PER_SECOND);
    g_assert_cmpuint(f->rig->raised[RTC_IRQ], ==, 2);
}

/* R11 */
static void test_alarm(Fixture *f, gconstpointer data)
{
    static const struct {
        uint8_t hours, minutes, seconds;
        int after;              /* seconds from 22:13:20; -1: never */
    } rows[] = {
        { 0x22, 0x13, 0x21, 1 },
        { 0x22, 0x13, 0x20, 86400 },
        { 0x22, 0x13, 0x19, 86399 },
        { 0xff, 0xff, 0xff, 1 },
        { 0xff, 0xff, 0x19, 59 },
        { 0xc0, 0x14, 0x05, 45 },
        { 0x00, 0xff, 0xff, 6400 },
        { 0x22, 0x13, 0x7f, -1 },
        { 0x25, 0xff, 0xff, -1 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        unsigned raised;

        set_bytes(f, 0x20, 0x23, 0x11, 0x14, 0x22, 0x13, 0x20);
        set(f, HOURS_ALARM, rows[i].hours);
        set(f, MINUTES_ALARM, rows[i].minutes);
        set(f, SECONDS_ALARM, rows[i].seconds);
        get(f, C);
        raised = f->rig->raised[RTC_IRQ];
        set(f, B, B_24H | B_AIE);
        g_assert_cmpint(timers_run(f), ==, rows[i].after > 0);
        if (rows[i].after > 0) {
            rig_step(f->rig, (rows[i].after - 1) * NS_PER_SECOND);
            g_assert_false(irq(f));
            rig_step(f->rig, NS_PER_SECOND);
            g_assert_true(irq(f));
            g_assert_cmphex(get(f, C) & 0xa0, ==, 0xa0);
        } else {
            rig_step(f->rig, 2 * 86400 * NS_PER_SECOND);
            g_assert_cmpuint(f->rig->raised[RTC_IRQ], ==, raised);
        }
        set(f, B, B_24H);
    }
    /* In 12 hours' form the alarm knows noon from midnight */
    set(f, B, 0);
    set_bytes(f, 0x20, 0x23, 0x11, 0x14, 0x12, 0x00, 0x00);
    set(f, HOURS_ALARM, 0x92);
    set(f, MINUTES_ALARM, 0x00);
    set(f, SECONDS_ALARM, 0x00);
    set(f, B, B_AIE);
    rig_step(f->rig, (12 * 3600 - 1) * NS_PER_SECOND);
    g_assert_false(irq(f));
    rig_step(f->rig, NS_PER_SECOND);
    g_assert_true(irq(f));
}

/* R12: the rates, each over one second of a guest that reads C every time */
static void test_periodic(Fixture *f, gconstpointer data)
{
    static const unsigned rates[16] = { 0, 256, 128, 8192, 4096, 2048, 1024,
                                        512, 256, 128, 64, 32, 16, 8, 4, 2 };

    for (unsigned rate = 0; rate < 16; rate++) {
        unsigned before;

        set(f, A, 0x20 | rate);
        set(f, B, B_24H | B_PIE);
        get(f, C);
        before = f->rig->raised[RTC_IRQ];
        g_assert_cmpint(timers_run(f), ==, rate != 0);
        for (unsigned i = 0; i < 16384; i++) {
            rig_step(f->rig, NS_PER_SECOND / 16384);
            if (irq(f)) {
                g_assert_cmphex(get(f, C) & 0xc0, ==, 0xc0);
            }
        }
        g_assert_cmpint(ABS((int)(f->rig->raised[RTC_IRQ] - before) -
                            (int)rates[rate]), <=, 1);
    }
    set(f, A, 0x76);
    g_assert_false(timers_run(f));
}

/* R13: what a reset leaves alone */
static void test_reset(Fixture *f, gconstpointer data)
{
    for (unsigned i = RTC_CMOS_FREE; i < RTC_CMOS_LEN; i++) {
        if (i != RTC_CENTURY && i != 0x37) {
            rtc_set_cmos(f->rtc, i, 0xff - i);
        }
    }
    set(f, 0x0f, 0xfe);
    set_bytes(f, 0x20, 0x30, 0x01, 0x02, 0x03, 0x04, 0x05);
    set(f, DAY_OF_WEEK, 0x04);
    set(f, SECONDS_ALARM, 0x11);
    set(f, B, B_24H | B_UIE | B_PIE | B_AIE | 0x08);
    rig_step(f->rig, NS_PER_SECOND);
    g_assert_true(irq(f));
    device_reset((Device *)f->rtc);
    g_assert_false(irq(f));
    g_assert_false(timers_run(f));
    g_assert_cmphex(get(f, B), ==, B_24H);
    g_assert_cmphex(get(f, C), ==, 0);
    g_assert_cmphex(get(f, 0x0f), ==, 0xfe);
    g_assert_cmphex(get(f, SECONDS_ALARM), ==, 0x11);
    assert_time(f, "2030-01-02 03:04:06 4");
    for (unsigned i = 0x10; i < RTC_CMOS_LEN; i++) {
        if (i != RTC_CENTURY && i != 0x37) {
            g_assert_cmphex(get(f, i), ==, 0xff - i);
        }
    }
}

/* R14: a guest that is still there when the clock has no more nanoseconds */
static void test_end_of_time(Fixture *f, gconstpointer data)
{
    set(f, B, B_24H | B_UIE | B_AIE | B_PIE);
    clock_advance(&f->rig->clock, INT64_MAX);
    g_assert_true(irq(f));
    g_assert_cmphex(get(f, C) & 0xd0, ==, 0xd0);
    set(f, HOURS_ALARM, 0x01);
    set(f, A, 0x23);
    clock_advance(&f->rig->clock, INT64_MAX);
    g_assert_cmphex(get(f, CENTURY), ==, 0x23);
}

static void test_wiring(void)
{
    g_autofree AcpiPlatform *platform = g_new0(AcpiPlatform, 1);
    Rig *rig = rig_new();
    Fixture f = { .rig = rig };
    Device *dev = rig_new_device(rig, &rtc_type, NULL, NULL), *other;
    GError *error = NULL;

    f.rtc = (Rtc *)dev;
    rtc_wire(f.rtc, &rig->lines[20]);
    rig_realize(dev);
    set(&f, B, B_24H | B_UIE);
    rig_step(rig, NS_PER_SECOND);
    g_assert_true(rig->high[20]);
    g_assert_false(rig->high[RTC_IRQ]);
    device_class(dev)->describe(dev, platform);
    g_assert_cmpuint(platform->n_devices, ==, 1);
    g_assert_cmpstr(platform->devices[0].name, ==, "RTC");
    g_assert_cmpstr(platform->devices[0].hid, ==, "PNP0B00");
    g_assert_cmpint(platform->devices[0].irq, ==, 8);
    g_assert_cmphex(platform->devices[0].io[0].base, ==, 0x70);
    g_assert_cmpuint(platform->devices[0].io[0].len, ==, 2);
    other = rig_new_device(rig, &rtc_type, NULL, NULL);
    g_assert_false(device_realize(other, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    rig_free(rig);
}

/* R14 */
static void test_fuzz(Fixture *f, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(0x146818);

    for (unsigned i = 0; i < 100000; i++) {
        uint8_t index = g_rand_int(rand) & (i % 4 ? 0x0f : 0xff);

        switch (g_rand_int_range(rand, 0, 12)) {
        case 0:
            rig_step(f->rig, g_rand_int(rand) % (1u << (i % 31)));
            break;
        case 1:
            if (i % 16 == 0) {
                rig_step(f->rig, g_rand_int(rand) * INT64_C(30000));
            }
            break;
        case 2: case 3: case 4: case 5:
            get(f, index);
            break;
        default:
            set(f, index, g_rand_int(rand));
            break;
        }
        g_assert_cmpuint(f->rig->clock.armed->len, <=, 2);
    }
    /* It still is a clock */
    set(f, A, 0x26);
    set(f, B, B_24H);
    set_bytes(f, 0x20, 0x30, 0x01, 0x31, 0x23, 0x59, 0x59);
    set(f, DAY_OF_WEEK, 0x05);
    rig_step(f->rig, NS_PER_SECOND);
    assert_time(f, "2030-02-01 00:00:00 6");
}

#define ADD(name, function)                                                 \
    g_test_add("/rtc/" name, Fixture, NULL, fixture_set_up, function,       \
               fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("power-on", test_power_on);
    ADD("forms", test_forms);
    ADD("dates", test_dates);
    g_test_add_func("/rtc/epochs", test_epochs);
    ADD("set", test_set);
    ADD("divider", test_divider);
    ADD("uip", test_uip);
    ADD("flags", test_flags);
    ADD("update-interrupt", test_update_interrupt);
    ADD("alarm", test_alarm);
    ADD("periodic", test_periodic);
    ADD("reset", test_reset);
    ADD("end-of-time", test_end_of_time);
    g_test_add_func("/rtc/wiring", test_wiring);
    ADD("fuzz", test_fuzz);
    return g_test_run();
}
