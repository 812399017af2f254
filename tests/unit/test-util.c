/*
 * Errors, reports, UUIDs, bytes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/report.h"
#include "util/uuid.h"

/* Errors */

static void test_error(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(fm_error_set(NULL, "nobody hears"));
    g_assert_false(fm_error_prefix(NULL, "nobody hears"));
    g_assert_false(fm_error_prefix(&error, "nothing to put this before"));
    g_assert_null(error);

    g_assert_false(fm_error_set(&error, "file %s: %d bytes", "a", 3));
    g_assert_cmpstr(error->message, ==, "file a: 3 bytes");
    g_assert_cmpstr(fm_error_class(error), ==, "GenericError");
    g_assert_false(fm_error_prefix(&error, "-acpitable %d: ", 1));
    g_assert_cmpstr(error->message, ==, "-acpitable 1: file a: 3 bytes");
    g_clear_error(&error);

    fm_error_set_code(&error, FM_ERROR_DEVICE_NOT_FOUND, "gone");
    g_assert_cmpstr(fm_error_class(error), ==, "DeviceNotFound");
    g_clear_error(&error);
    g_set_error_literal(&error, G_FILE_ERROR, G_FILE_ERROR_ACCES, "foreign");
    g_assert_cmpstr(fm_error_class(error), ==, "GenericError");
}

/* Reports */

static FILE *capture_file;
static int capture_saved;

static void capture_start(void)
{
    fflush(stderr);
    capture_file = tmpfile();
    g_assert_nonnull(capture_file);
    capture_saved = dup(STDERR_FILENO);
    dup2(fileno(capture_file), STDERR_FILENO);
}

static char *capture_end(void)
{
    long len;
    char *text;

    dup2(capture_saved, STDERR_FILENO);
    close(capture_saved);
    fseek(capture_file, 0, SEEK_END);
    len = ftell(capture_file);
    rewind(capture_file);
    text = g_malloc0(len + 1);
    g_assert_cmpuint(fread(text, 1, len, capture_file), ==, len);
    fclose(capture_file);
    return text;
}

static void expect_captured(const char *expected)
{
    g_autofree char *text = capture_end();

    g_assert_cmpstr(text, ==, expected);
}

static void test_report(void)
{
    capture_start();
    report_error("-m %s: no such size, 100%% sure", "x");
    report_warning("odd: %d", 3);
    expect_captured("-m x: no such size, 100% sure\nwarning: odd: 3\n");

    report_configure(false, "guest one");
    capture_start();
    report_error("a");
    report_warning("b");
    expect_captured("guest one a\nguest one warning: b\n");
    report_configure(false, NULL);
}

static void test_timestamp(void)
{
    gint64 before = g_get_real_time() / G_USEC_PER_SEC, told;
    g_autofree char *text = NULL, *time = NULL;
    g_autoptr(GDateTime) parsed = NULL;

    report_configure(true, "g");
    capture_start();
    report_error("a");
    text = capture_end();
    report_configure(false, NULL);

    g_assert_true(g_regex_match_simple(
        "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z g a\\n$", text, 0,
        0));
    time = g_strndup(text, strcspn(text, " "));
    parsed = g_date_time_new_from_iso8601(time, NULL);
    g_assert_nonnull(parsed);
    told = g_date_time_to_unix(parsed);
    g_assert_cmpint(told, >=, before);
    g_assert_cmpint(told, <=, g_get_real_time() / G_USEC_PER_SEC);
}

static void test_guest_fault(void)
{
    unsigned counter = 0, other = 0;
    GString *expected = g_string_new(NULL);

    capture_start();
    for (unsigned i = 1; i <= 100; i++) {
        report_guest_fault(&counter, "reads %u", i);
    }
    report_guest_fault(&other, "other");
    for (unsigned i = 1; i <= 8; i++) {
        g_string_append_printf(expected, "guest fault: reads %u%s\n", i,
                               i == 8 ? " (no more of these will be shown)"
                                      : "");
    }
    g_string_append(expected, "guest fault: other\n");
    expect_captured(expected->str);
    g_assert_cmpuint(counter, ==, 100);

    /* A patient guest does not get it to start again. */
    counter = UINT_MAX;
    capture_start();
    report_guest_fault(&counter, "x");
    report_guest_fault(&counter, "x");
    expect_captured("");
    g_string_free(expected, TRUE);
}

static void *report_many(void *name)
{
    for (unsigned i = 0; i < 200; i++) {
        report_configure(false, name);
        report_error("%0*d", 300, 0);
    }
    return NULL;
}

static void test_threads(void)
{
    static char names[4][2] = { "a", "b", "c", "d" };
    pthread_t threads[4];
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    capture_start();
    for (unsigned i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, report_many, names[i]);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    text = capture_end();
    report_configure(false, NULL);

    /* Every line is whole. */
    lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4 * 200 + 1);
    for (unsigned i = 0; i < 4 * 200; i++) {
        g_assert_cmpuint(strlen(lines[i]), ==, 302);
    }
}

/* UUIDs */

static void test_uuid(void)
{
    static const char text[] = "00112233-4455-6677-8899-aAbBcCdDeEfF";
    static const char *const bad[] = {
        "", "0", "00112233445566778899aabbccddeeff",
        "{00112233-4455-6677-8899-aabbccddeeff}",
        "00112233-4455-6677-8899-aabbccddeef",
        "00112233-4455-6677-8899-aabbccddeeff0",
        "00112233-4455-6677-8899-aabbccddeeff ",
        " 00112233-4455-6677-8899-aabbccddeeff",
        "00112233-4455-6677-8899-aabbccddeefg",
        "00112233-4455-6677-8899_aabbccddeeff",
        "0011223-34455-6677-8899-aabbccddeeff",
        "+0112233-4455-6677-8899-aabbccddeeff",
    };
    char out[UUID_TEXT_LEN + 1];
    Uuid uuid;

    g_assert_true(uuid_parse(text, &uuid));
    for (unsigned i = 0; i < 16; i++) {
        g_assert_cmphex(uuid.bytes[i], ==, i * 0x11);
    }
    uuid_format(&uuid, out);
    g_assert_cmpstr(out, ==, "00112233-4455-6677-8899-aabbccddeeff");

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(uuid_parse(bad[i], &uuid));
        g_assert_cmphex(uuid.bytes[15], ==, 0xff);
    }
    /* Cut at every length */
    for (unsigned len = 0; len < UUID_TEXT_LEN; len++) {
        g_autofree char *cut = g_strndup(text, len);

        g_assert_false(uuid_parse(cut, &uuid));
    }
}

/** Version 4, variant 10 (RFC 9562, 5.4); every other bit takes both values. */
static void test_uuid_random(void)
{
    Uuid ones = { { 0 } }, zeros = { { 0 } };

    for (unsigned i = 0; i < 200; i++) {
        Uuid uuid;

        uuid_random(&uuid);
        for (unsigned k = 0; k < sizeof(uuid.bytes); k++) {
            ones.bytes[k] |= uuid.bytes[k];
            zeros.bytes[k] |= (uint8_t)~uuid.bytes[k];
        }
    }
    for (unsigned k = 0; k < sizeof(ones.bytes); k++) {
        g_assert_cmphex(ones.bytes[k], ==, k == 6 ? 0x4f :
                                           k == 8 ? 0xbf : 0xff);
        g_assert_cmphex(zeros.bytes[k], ==, k == 6 ? 0xbf :
                                            k == 8 ? 0x7f : 0xff);
    }
}

/* Bytes */

static void test_bytes(void)
{
    uint8_t b[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

    g_assert_cmphex(ld16_le(b + 1), ==, 0x0302);
    g_assert_cmphex(ld16_be(b + 1), ==, 0x0203);
    g_assert_cmphex(ld32_le(b + 1), ==, 0x05040302);
    g_assert_cmphex(ld32_be(b + 1), ==, 0x02030405);
    g_assert_cmphex(ld64_le(b + 1), ==, UINT64_C(0x0908070605040302));
    g_assert_cmphex(ld64_be(b + 1), ==, UINT64_C(0x0203040506070809));
    for (unsigned width = 0; width <= 8; width++) {
        uint8_t copy[9] = { 0 };

        stn_le(copy, width, ldn_le(b, width));
        g_assert_true(!memcmp(copy, b, width));
        g_assert_cmphex(copy[width], ==, 0);
    }
    st32_be(b, 0xa1b2c3d4);
    g_assert_true(!memcmp(b, "\xa1\xb2\xc3\xd4\x05", 5));
    g_assert_cmphex(bytes_sum("\xff\x01\x80\x81", 4), ==, 1);
    g_assert_cmphex(bytes_sum("", 0), ==, 0);
}

/* Files */

static void assert_file_fails(const char *path, size_t max,
                              const char *expected)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    g_byte_array_append(out, (const guint8 *)"kept", 4);
    g_assert_false(file_append(path, max, out, &error));
    g_assert_cmpstr(error->message, ==, expected);
    g_assert_cmpmem(out->data, out->len, "kept", 4);
}

static void test_file(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autofree char *path = NULL, *text = NULL, *pipe_path = NULL;
    g_autofree char *big = g_malloc0(100000);
    g_autoptr(GError) error = NULL;
    int fd = g_file_open_tmp(NULL, &path, &error), fds[2];

    g_assert_no_error(error);
    g_assert_cmpint(write(fd, big, 100000), ==, 100000);
    close(fd);
    g_assert_true(file_append(path, 100000, out, &error));
    g_assert_cmpuint(out->len, ==, 100000);
    g_assert_true(file_append(path, 100001, out, &error));
    g_assert_cmpuint(out->len, ==, 200000);

    text = g_strdup_printf("file %s has 100000 bytes, at most 99999 fit",
                           path);
    assert_file_fails(path, 99999, text);
    assert_file_fails("/dev/zero", 10, "file /dev/zero has more than the 10 "
                      "bytes that fit");
    assert_file_fails("/", 10, "can't read file /: Is a directory");
    assert_file_fails("/nowhere/x", 10, "can't open file /nowhere/x: No such "
                      "file or directory");

    g_assert_cmpint(pipe(fds), ==, 0);
    g_assert_cmpint(write(fds[1], "piped", 5), ==, 5);
    close(fds[1]);
    pipe_path = g_strdup_printf("/dev/fd/%d", fds[0]);
    g_byte_array_set_size(out, 0);
    g_assert_true(file_append(pipe_path, 5, out, &error));
    g_assert_cmpmem(out->data, out->len, "piped", 5);
    close(fds[0]);
    g_assert_cmpint(unlink(path), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error", test_error);
    g_test_add_func("/report/lines", test_report);
    g_test_add_func("/report/timestamp", test_timestamp);
    g_test_add_func("/report/guest-fault", test_guest_fault);
    g_test_add_func("/report/threads", test_threads);
    g_test_add_func("/uuid", test_uuid);
    g_test_add_func("/uuid/random", test_uuid_random);
    g_test_add_func("/bytes", test_bytes);
    g_test_add_func("/file", test_file);
    return g_test_run();
}
