/*
 * The qtest protocol over a stream: docs/devel/qtest.rst
 *
 * What each command does in detail is tests/unit/test-qtest-protocol.c's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "libqtest.h"

#define MIB (1024 * 1024)

static void expect(Qtest *qts, const char *line, const char *reply)
{
    g_autofree char *got = qtest_line(qts, line);

    g_assert_cmpstr(got, ==, reply);
}

static void test_replies(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine pc");

    expect(qts, "endianness", "OK little");
    expect(qts, "outl 0xcf8 0x80000000", "OK");
    expect(qts, "inl 0xcfc", "OK 0x12378086");
    expect(qts, "inw 0xcfc", "OK 0x8086");
    expect(qts, "inb 0xcfd", "OK 0x0080");
    expect(qts, "writeq 0x100000 0x1122334455667788", "OK");
    expect(qts, "readb 0x100000", "OK 0x0000000000000088");
    expect(qts, "readw 0x100000", "OK 0x0000000000007788");
    expect(qts, "readl 0x100000", "OK 0x0000000055667788");
    expect(qts, "readq 0x100000", "OK 0x1122334455667788");
    expect(qts, "read 0x100000 8", "OK 0x8877665544332211");
    expect(qts, "write 0x100000 4 0x0102", "OK");
    expect(qts, "read 0x100000 5", "OK 0x0102000044");
    expect(qts, "b64read 0x100000 2", "OK AQI=");
    expect(qts, "b64write 0x100000 3 Zm9v", "OK");
    expect(qts, "read 0x100000 3", "OK 0x666f6f");
    expect(qts, "memset 0x100000 3 0x41", "OK");
    expect(qts, "read 0x100000 4", "OK 0x41414100");
    expect(qts, "memset 0x100000 0 0x41", "OK");
    expect(qts, "clock_step 1000", "OK 1000");
    expect(qts, "clock_set 5000", "OK 5000");
    expect(qts, "irq_intercept_in nobody", "FAIL Unknown device");
    expect(qts, "frobnicate", "FAIL Unknown command 'frobnicate'");
    expect(qts, "READL 0", "FAIL Unknown command 'READL'");
    expect(qts, "write 0 0 0x00", "ERR invalid argument size");
    qtest_quit(qts);
}

/** What kills others is answered, and the machine lives on. */
static void test_malformed(void)
{
    static const char *const lines[] = {
        "", " ", "\r", "readb", "readb x", "read 0 0", "read 0", "write 0 1",
        "write 0 1 11", "write 0 1 0xzz", "b64write 0 1 !", "memset 0",
        "outb", "outb 0x10000 0", "inb 99999999999999999999", "clock_step x",
        "clock_set", "set_irq_in", "irq_intercept_in", "module_load",
        "read 0 0xffffffffffffffff", "memset 0 0xffffffffffffffff 1",
        "\xff\xfe\x80", "readb\x01 0",
    };
    Qtest *qts = qtest_start("-nodefaults -machine none");

    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *reply = qtest_line(qts, lines[i]);

        g_test_message("line %u: %s", i, reply);
        g_assert_true(g_str_has_prefix(reply, "FAIL ") ||
                      g_str_has_prefix(reply, "ERR "));
        expect(qts, "endianness", "OK little");
    }
    qtest_send_bytes(qts, "read\0b 0\n", 9);
    g_free(qtest_receive_line(qts));
    expect(qts, "endianness", "OK little");
    qtest_quit(qts);
}

/** Lines in one write, and one line in many. */
static void test_framing(void)
{
    static const char line[] = "readl 0xfee00000\r\n";
    Qtest *qts = qtest_start("-nodefaults -machine pc");
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < 2000; i++) {
        g_string_append_printf(text, "writel 0x%x %u\nreadl 0x%x\n",
                               0x100000 + 4 * i, i, 0x100000 + 4 * i);
    }
    qtest_send_bytes(qts, text->str, text->len);
    for (unsigned i = 0; i < 2000; i++) {
        g_autofree char *expected = g_strdup_printf("OK 0x%016x", i);
        g_autofree char *first = qtest_receive_line(qts);
        g_autofree char *second = qtest_receive_line(qts);

        g_assert_cmpstr(first, ==, "OK");
        g_assert_cmpstr(second, ==, expected);
    }
    for (size_t i = 0; i < strlen(line); i++) {
        qtest_send_bytes(qts, line + i, 1);
    }
    g_autofree char *reply = qtest_receive_line(qts);
    g_assert_true(g_str_has_prefix(reply, "OK 0x"));
    qtest_quit(qts);
}

static void test_large(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35 -m 128");
    g_autofree uint8_t *out = g_malloc(4 * MIB);
    g_autofree uint8_t *in = g_malloc(4 * MIB);
    g_autofree char *text = NULL;
    g_autofree char *line = NULL;
    g_autofree char *reply = NULL;

    for (size_t i = 0; i < 4 * MIB; i++) {
        out[i] = i ^ i >> 8 ^ i >> 16;
    }
    qtest_memwrite(qts, 0x200000, out, 4 * MIB);
    qtest_memread(qts, 0x200000, in, 4 * MIB);
    g_assert_cmpmem(in, 4 * MIB, out, 4 * MIB);

    text = g_base64_encode(out, 4 * MIB);
    line = g_strdup_printf("b64write 0x1000000 %d %s", 4 * MIB, text);
    expect(qts, line, "OK");
    memset(in, 0, 4 * MIB);
    qtest_memread(qts, 0x1000000, in, 4 * MIB);
    g_assert_cmpmem(in, 4 * MIB, out, 4 * MIB);
    reply = qtest_command(qts, "b64read 0x1000000 %d", 4 * MIB);
    g_assert_cmpstr(reply, ==, text);
    qtest_quit(qts);
}

/** Replies that are asked for much faster than they are read. */
static void test_slow_reader(void)
{
    static const char lines[] = "read 0x100000 0x3000000\nendianness\n"
        "read 0x100000 0x3000000\nread 0x100000 16\n";
    Qtest *qts = qtest_start("-nodefaults -machine q35 -m 128");

    qtest_memset(qts, 0x100000, 0xa5, 0x3000000);
    qtest_send_bytes(qts, lines, strlen(lines));
    g_usleep(200000);
    for (unsigned i = 0; i < 4; i++) {
        g_autofree char *line = qtest_receive_line(qts);

        if (i == 1) {
            g_assert_cmpstr(line, ==, "OK little");
        } else {
            size_t len = i == 3 ? 16 : 0x3000000;

            g_assert_cmpuint(strlen(line), ==, 5 + 2 * len);
            g_assert_cmpuint(strspn(line + 5, "a5"), ==, 2 * len);
        }
    }
    qtest_quit(qts);
}

/** A line beyond all limits is skipped to its end and answered. */
static void test_too_long(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine none");
    g_autofree char *piece = g_strnfill(MIB, '0');

    qtest_send_bytes(qts, "write 0 1 0x", 12);
    for (unsigned i = 0; i < 130; i++) {
        qtest_send_bytes(qts, piece, MIB);
    }
    qtest_send_bytes(qts, "\nendianness\n", 12);
    g_autofree char *first = qtest_receive_line(qts);
    g_autofree char *second = qtest_receive_line(qts);
    g_assert_cmpstr(first, ==, "ERR line is too long");
    g_assert_cmpstr(second, ==, "OK little");
    qtest_quit(qts);
}

/** The machine may be the side that listens. */
static void test_listening(void)
{
    Qtest *qts = qtest_start_listening("-nodefaults -machine pc");

    expect(qts, "inl 0xcf8", "OK 0x0000");
    qtest_quit(qts);
}

static void assert_reply(QmpSession *stream, const char *line,
                         const char *reply)
{
    g_autofree char *got = NULL;

    qmp_session_send(stream, line, strlen(line));
    got = qmp_session_receive_line(stream);
    g_assert_cmpstr(got, ==, reply);
}

/** A client goes in the middle of a line; the next starts from nothing. */
static void test_reconnect(void)
{
    g_autofree char *path = qtest_temp_path("again.qtest");
    Qtest *qts = qtest_start_qmp("-nodefaults -machine pc -qtest-log none "
                                 "-qtest unix:%s,server=on,wait=off", path);
    QmpSession *stream = qmp_session_connect_unix(path);

    assert_reply(stream, "irq_intercept_in ioapic\n", "OK\n");
    assert_reply(stream, "irq_intercept_in rtc\n",
                 "FAIL IRQ intercept already enabled\n");
    assert_reply(stream, "writel 0x100000 7\nwritel 0x10", "OK\n");
    qmp_session_free(stream);
    stream = qmp_session_connect_unix(path);
    assert_reply(stream, "readl 0x100000\n", "OK 0x0000000000000007\n");
    assert_reply(stream, "irq_intercept_in rtc\n", "OK\n");
    qmp_session_free(stream);
    qtest_quit(qts);
}

static void test_log(void)
{
    g_autofree char *path = qtest_temp_path("qtest.log");
    Qtest *qts = qtest_start("-nodefaults -machine pc -qtest-log %s", path);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    expect(qts, "writel 0x100000 7", "OK");
    expect(qts, "readl 0x100000", "OK 0x0000000000000007");
    qtest_quit(qts);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    static const char *const expected[] = {
        "[I *] OPENED", "[R +*] endianness", "[S +*] OK little",
        "[R +*] writel 0x100000 7", "[S +*] OK", "[R +*] readl 0x100000",
        "[S +*] OK 0x0000000000000007",
    };
    g_assert_cmpuint(g_strv_length(lines), >=, G_N_ELEMENTS(expected));
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        if (!g_pattern_match_simple(expected[i], lines[i])) {
            g_error("expected %s, got %s", expected[i], lines[i]);
        }
    }
}

static void test_errors(void)
{
    qtest_expect_failure("-qtest*: -qtest-log /nonexistent/log: *",
                         "-nodefaults -display none -machine none "
                         "-chardev null,id=n -qtest chardev:n "
                         "-qtest-log /nonexistent/log");
    qtest_expect_failure("-qtest unix:/nonexistent/sock: *",
                         "-nodefaults -display none -machine none "
                         "-qtest unix:/nonexistent/sock");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest-protocol/replies", test_replies);
    g_test_add_func("/qtest-protocol/malformed", test_malformed);
    g_test_add_func("/qtest-protocol/framing", test_framing);
    g_test_add_func("/qtest-protocol/large", test_large);
    g_test_add_func("/qtest-protocol/slow-reader", test_slow_reader);
    g_test_add_func("/qtest-protocol/too-long", test_too_long);
    g_test_add_func("/qtest-protocol/listening", test_listening);
    g_test_add_func("/qtest-protocol/reconnect", test_reconnect);
    g_test_add_func("/qtest-protocol/log", test_log);
    g_test_add_func("/qtest-protocol/errors", test_errors);
    return g_test_run();
}
