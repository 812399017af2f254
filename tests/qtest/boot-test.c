/*
 * -boot and -rtc: what firmware and the guest find when the machine starts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include <time.h>

#include "libqtest-fw-cfg.h"
#include "libqtest.h"

#define BASE "-nodefaults -display none "
#define RESET "{'execute': 'system_reset'}"

static uint8_t cmos(Qtest *qts, uint8_t index)
{
    qtest_outb(qts, 0x70, index);
    return qtest_inb(qts, 0x71);
}

static void expect_order(Qtest *qts, uint8_t first, uint8_t third)
{
    g_assert_cmphex(cmos(qts, 0x3d), ==, first);
    g_assert_cmphex(cmos(qts, 0x38), ==, third);
}

static void test_order(void)
{
    static const struct {
        const char *option;
        uint8_t first, third;
    } rows[] = {
        { "", 0x12, 0x30 }, { "-boot c", 0x02, 0x00 },
        { "-boot cdn", 0x32, 0x40 }, { "-boot order=n", 0x04, 0x00 },
        { "-boot order=", 0x00, 0x00 }, { "-boot menu=on", 0x12, 0x30 },
        { "-boot cdn -boot strict=on", 0x32, 0x40 },
        { "-boot cdn -boot n", 0x04, 0x00 },
        { "-boot '{\"order\": \"dc\"}'", 0x23, 0x00 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Qtest *qts = qtest_start(BASE "-machine %s %s", i & 1 ? "pc" : "q35",
                                 rows[i].option);

        expect_order(qts, rows[i].first, rows[i].third);
        qtest_qmp_ok(qts, RESET);
        expect_order(qts, rows[i].first, rows[i].third);
        qtest_quit(qts);
    }
}

static void test_once(void)
{
    Qtest *qts = qtest_start(BASE "-machine q35 -boot order=c,once=n");

    expect_order(qts, 0x04, 0x00);
    qtest_qmp_ok(qts, RESET);
    expect_order(qts, 0x02, 0x00);
    /* from then on it is the guest's */
    qtest_outb(qts, 0x70, 0x3d);
    qtest_outb(qts, 0x71, 0x03);
    qtest_qmp_ok(qts, RESET);
    expect_order(qts, 0x03, 0x00);
    qtest_quit(qts);

    qts = qtest_start(BASE "-machine pc -boot once=d");
    expect_order(qts, 0x03, 0x00);
    qtest_outb(qts, 0xcf9, 6);
    expect_order(qts, 0x12, 0x30);
    qtest_quit(qts);
}

static void expect_file(Qtest *qts, const char *name, const void *bytes,
                        size_t len)
{
    g_autoptr(GBytes) file = qfw_read_file(qts, name);

    g_assert_cmpmem(g_bytes_get_data(file, NULL), g_bytes_get_size(file),
                    bytes, len);
}

static void test_files(void)
{
    uint8_t bmp[64] = { 'B', 'M', [28] = 24 };
    static const uint8_t jpeg[] = { 0xff, 0xd8, 0xff, 0xe0 };
    g_autofree char *bmp_path = qtest_temp_file("a", bmp, sizeof(bmp));
    g_autofree char *jpeg_path = qtest_temp_file("b", jpeg, sizeof(jpeg));
    uint8_t menu[2];
    QfwFile file;
    Qtest *qts = qtest_start(BASE "-machine q35");

    qfw_read_key(qts, 0x0e, menu, 2);
    g_assert_cmpmem(menu, 2, "\0\0", 2);
    expect_file(qts, "etc/boot-fail-wait", "\xff\xff\xff\xff", 4);
    g_assert_false(qfw_find(qts, "etc/boot-menu-wait", &file));
    qtest_quit(qts);

    qts = qtest_start(BASE "-machine pc -boot menu=on,splash-time=5000,"
                      "reboot-timeout=1000,splash=%s", bmp_path);
    qfw_read_key(qts, 0x0e, menu, 2);
    g_assert_cmpmem(menu, 2, "\1\0", 2);
    expect_file(qts, "etc/boot-menu-wait", "\x88\x13", 2);
    expect_file(qts, "etc/boot-fail-wait", "\xe8\x03\0\0", 4);
    expect_file(qts, "bootsplash.bmp", bmp, sizeof(bmp));
    qtest_quit(qts);

    qts = qtest_start(BASE "-machine pc -boot menu=on -boot splash=%s "
                      "-boot reboot-timeout=65535 -boot strict=on", jpeg_path);
    qfw_read_key(qts, 0x0e, menu, 2);
    g_assert_cmpmem(menu, 2, "\1\0", 2);
    expect_file(qts, "etc/boot-fail-wait", "\xff\xff\0\0", 4);
    expect_file(qts, "bootsplash.jpg", jpeg, sizeof(jpeg));
    qtest_quit(qts);
}

static void test_boot_errors(void)
{
    static const char *const rows[][2] = {
        { "zz", "order: 'z' is no drive's letter: expected some of a "
          "to p" },
        { "cc", "order: 'c' is given twice" }, { "once=C", "once: 'C' *" },
        { "splash-time=70000", "splash-time: expects 0 to 65535" },
        { "splash-time=-1", "splash-time: expects 0 to 65535" },
        { "reboot-timeout=-2", "reboot-timeout: expects -1 to 65535" },
        { "reboot-timeout=65536", "reboot-timeout: expects -1 to 65535" },
        { "menu=x", "*'menu'*" }, { "frob=1", "*'frob'*" },
        { "splash=/nope", "splash: *nope*" },
        { "splash=/proc/self/comm", "splash: file * is neither *" },
        { "splash=/dev/null", "splash: file * is neither *" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *pattern = g_strdup_printf("-boot %s: %s", rows[i][0],
                                                   rows[i][1]);

        qtest_expect_failure(pattern, BASE "-machine none -boot %s",
                             rows[i][0]);
    }
    qtest_expect_failure("*-boot order=p: 'p' is no drive that a PC *",
                         BASE "-machine pc -boot p");
    qtest_expect_failure("*-boot once=acdn: a PC tries at most 3 drives",
                         BASE "-machine q35 -boot once=acdn");
}

/** Seconds since 1970 that the clock shows. */
static int64_t rtc_seconds(Qtest *qts)
{
    uint8_t v[7];
    static const uint8_t indices[7] = { 0, 2, 4, 7, 8, 9, 0x32 };
    g_autoptr(GDateTime) date = NULL;

    /* a bad moment is over after that; the clock stands still otherwise */
    for (unsigned i = 0; i < 7; i++) {
        uint8_t bcd = cmos(qts, indices[i]);

        v[i] = (bcd >> 4) * 10 + (bcd & 15);
    }
    date = g_date_time_new_utc(v[6] * 100 + v[5], v[4], v[3], v[2], v[1],
                               v[0]);
    g_assert_nonnull(date);
    return g_date_time_to_unix(date);
}

static void test_rtc_base(void)
{
    static const struct {
        const char *base;
        int64_t seconds;
    } rows[] = {
        { "2006-06-17T16:01:21", 1150560081 }, { "2006-06-17", 1150502400 },
        { "1970-01-01", 0 }, { "2038-01-19T03:14:08", 2147483648 },
        { "2000-02-29T23:59:59", 951868799 },
    };
    static const char *const clocks[] = { "host", "rt", "vm" };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Qtest *qts = qtest_start(BASE "-machine q35 -rtc base=%s,clock=%s,"
                                 "driftfix=slew", rows[i].base, clocks[i % 3]);

        g_assert_cmpint(rtc_seconds(qts), ==, rows[i].seconds);
        qtest_clock_step(qts, INT64_C(90) * 1000000000);
        g_assert_cmpint(rtc_seconds(qts), ==, rows[i].seconds + 90);
        qtest_qmp_ok(qts, RESET);
        g_assert_cmpint(rtc_seconds(qts), ==, rows[i].seconds + 90);
        qtest_quit(qts);
    }
}

static void expect_now(const char *option, int64_t offset)
{
    int64_t before = time(NULL) + offset;
    Qtest *qts = qtest_start(BASE "-machine pc %s", option);
    int64_t shown = rtc_seconds(qts);

    g_assert_cmpint(shown, >=, before - 1);
    g_assert_cmpint(shown, <=, time(NULL) + offset + 1);
    qtest_quit(qts);
}

static void test_rtc_now(void)
{
    expect_now("", 0);
    expect_now("-rtc base=utc", 0);
    expect_now("-rtc base=localtime -rtc base=utc", 0);
    expect_now("-rtc base=2006-06-17 -rtc base=utc,driftfix=none", 0);
    g_setenv("TZ", "XYZ-05:30", TRUE);
    expect_now("-rtc base=utc", 0);
    expect_now("-rtc base=localtime", 19800);
    expect_now("-rtc base=localtime -rtc clock=vm", 19800);
    g_unsetenv("TZ");
}

static void test_rtc_errors(void)
{
    static const char *const bases[] = {
        "frob", "2006", "2006-06", "2006-13-01", "2006-02-30", "-1-01-01",
        "2006-06-17T", "2006-06-17T25:00:00", "2006-06-17T16:01",
        "2006-06-17x", "2006-06-17T16:01:21Z", "2006-06-17T16:01:61",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bases); i++) {
        g_test_message("%s", bases[i]);
        qtest_expect_failure("-rtc base=*: base: '*' is none of utc, *",
                             BASE "-machine none -rtc base=%s", bases[i]);
    }
    qtest_expect_failure("-rtc clock=x: *'clock'*", BASE "-rtc clock=x");
    qtest_expect_failure("-rtc driftfix=x: *'driftfix'*",
                         BASE "-rtc driftfix=x");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/boot/order", test_order);
    g_test_add_func("/boot/once", test_once);
    g_test_add_func("/boot/files", test_files);
    g_test_add_func("/boot/errors", test_boot_errors);
    g_test_add_func("/rtc-option/base", test_rtc_base);
    g_test_add_func("/rtc-option/now", test_rtc_now);
    g_test_add_func("/rtc-option/errors", test_rtc_errors);
    return g_test_run();
}
