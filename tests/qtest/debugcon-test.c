/*
 * isa-debugcon: the firmware's log port (docs/specs/debugcon.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest.h"

#define RUN "-nodefaults -display none -machine q35 "

static void write_text(Qtest *qts, uint16_t port, const char *text)
{
    for (; *text; text++) {
        qtest_outb(qts, port, *text);
    }
}

static void assert_content(const char *path, const char *expected)
{
    g_autofree char *content = NULL;

    g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
    g_assert_cmpstr(content, ==, expected);
}

static void test_device(gconstpointer machine)
{
    g_autofree char *path = qtest_temp_path("debug.log");
    Qtest *qts = qtest_start("-nodefaults -machine %s -chardev file,id=log,"
                             "path=%s -device isa-debugcon,iobase=0x402,"
                             "chardev=log", (const char *)machine, path);

    g_assert_cmphex(qtest_inb(qts, 0x402), ==, 0xe9);
    write_text(qts, 0x402, "firmware says\n");
    qtest_outb(qts, 0x403, 'x');
    qtest_quit(qts);
    assert_content(path, "firmware says\n");
}

/** Absent unless asked for. */
static void test_absent(gconstpointer machine)
{
    Qtest *qts = qtest_start("-machine %s", (const char *)machine);

    g_assert_cmphex(qtest_inb(qts, 0x402), ==, 0xff);
    g_assert_cmphex(qtest_inb(qts, 0xe9), ==, 0xff);
    qtest_outb(qts, 0x402, 'x');
    qtest_quit(qts);
}

static void test_option(void)
{
    g_autofree char *path = qtest_temp_path("debug.log");
    Qtest *qts = qtest_start("-nodefaults -machine pc -debugcon file:%s",
                             path);

    g_assert_cmphex(qtest_inb(qts, 0xe9), ==, 0xe9);
    write_text(qts, 0xe9, "by -debugcon");
    qtest_quit(qts);
    assert_content(path, "by -debugcon");
}

/** Two at once, one with a read value of its own. */
static void test_two(void)
{
    g_autofree char *first = qtest_temp_path("first.log");
    g_autofree char *second = qtest_temp_path("second.log");
    Qtest *qts = qtest_start("-nodefaults -machine pc -chardev file,id=a,"
                             "path=%s -chardev file,id=b,path=%s "
                             "-device isa-debugcon,iobase=0x402,chardev=a "
                             "-device isa-debugcon,iobase=0x500,chardev=b,"
                             "readback=0x77", first, second);

    g_assert_cmphex(qtest_inb(qts, 0x402), ==, 0xe9);
    g_assert_cmphex(qtest_inb(qts, 0x500), ==, 0x77);
    write_text(qts, 0x402, "one");
    write_text(qts, 0x500, "two");
    qtest_quit(qts);
    assert_content(first, "one");
    assert_content(second, "two");
}

static void test_errors(void)
{
    qtest_expect_failure("-device isa-debugcon: Parameter 'chardev' is "
                         "missing", RUN "-device isa-debugcon");
    qtest_expect_failure("-device isa-debugcon,chardev=nope: *nope*",
                         RUN "-device isa-debugcon,chardev=nope");
    qtest_expect_failure("-device isa-debugcon,iobase=0x10000,chardev=n: *",
                         RUN "-chardev null,id=n "
                         "-device isa-debugcon,iobase=0x10000,chardev=n");
    qtest_expect_failure("-device isa-debugcon,iobase=x,chardev=n: *iobase*",
                         RUN "-chardev null,id=n "
                         "-device isa-debugcon,iobase=x,chardev=n");
    /* A port that somebody else has */
    qtest_expect_failure("-device isa-debugcon,iobase=0x510,chardev=n: *",
                         RUN "-chardev null,id=n "
                         "-device isa-debugcon,iobase=0x510,chardev=n");
    qtest_expect_failure("-device isa-debugcon,iobase=0x403,chardev=n: "
                         "*'n'*in use*", RUN "-chardev null,id=n "
                         "-device isa-debugcon,iobase=0x402,chardev=n "
                         "-device isa-debugcon,iobase=0x403,chardev=n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/debugcon/pc/device", "pc", test_device);
    g_test_add_data_func("/debugcon/q35/device", "q35", test_device);
    g_test_add_data_func("/debugcon/pc/absent", "pc", test_absent);
    g_test_add_data_func("/debugcon/q35/absent", "q35", test_absent);
    g_test_add_func("/debugcon/option", test_option);
    g_test_add_func("/debugcon/two", test_two);
    g_test_add_func("/debugcon/errors", test_errors);
    return g_test_run();
}
