/*
 * -acpitable: everything that is refused, and what is mended with a warning
 *
 * Each error is one line that begins with the option, exit status 1, and
 * nothing has happened.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libqtest.h"

#define RUN "-nodefaults -display none -machine "

static const uint8_t slic[36] = {
    'S', 'L', 'I', 'C', 36, 0, 0, 0, 1, 0x3a, 'A', 'B', 'R', 'A', 'C', 'A',
    'D', 'A', 'B', 'R', 'A', 'X', 'Y', 'Z', 4, 3, 2, 1, 'Q', 'U', 'U', 'X',
    8, 7, 6, 5,
};

/** Expect `-acpitable ARGS: TEXT`. */
static void G_GNUC_PRINTF(3, 4) refuse(const char *machine, const char *text,
                                       const char *fmt, ...)
{
    g_autofree char *args = NULL;
    g_autofree char *pattern = NULL;
    va_list ap;

    va_start(ap, fmt);
    args = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    pattern = g_strdup_printf("-acpitable %s: %s", args, text);
    qtest_expect_failure(pattern, RUN "%s -acpitable %s", machine, args);
}

static char *file_of(const char *name, size_t len)
{
    g_autofree uint8_t *bytes = g_malloc0(MAX(len, sizeof(slic)));

    memcpy(bytes, slic, sizeof(slic));
    bytes[4] = len;
    bytes[5] = len >> 8;
    return qtest_temp_file(name, bytes, len);
}

static void test_files(gconstpointer data)
{
    const char *machine = data;
    const char *dir = qtest_temp_dir();
    g_autofree char *good = file_of("good", 36);
    g_autofree char *empty = file_of("empty", 0);
    g_autofree char *shorter = file_of("short", 35);
    g_autofree char *longer = file_of("long", 65536);
    g_autofree char *body = file_of("body", 65500);

    refuse(machine, "*/nonexistent*: No such file or directory",
           "file=/nonexistent");
    refuse(machine, "*/nonexistent*: No such file or directory",
           "data=/nonexistent");
    refuse(machine, "*: Is a directory", "file=%s", dir);
    refuse(machine, "*empty*", "file=%s", empty);
    refuse(machine, "*35*36*", "file=%s", shorter);
    refuse(machine, "*long*65535*", "file=%s", longer);
    refuse(machine, "*65535*", "sig=TEST,data=%s", body);
    /* of several files the one at fault is named */
    refuse(machine, "*/nonexistent*: No such file or directory",
           "file=%s:/nonexistent", good);
    refuse(machine, "*", "file=%s:", good);
    refuse(machine, "*", "file=:%s", good);
    refuse(machine, "*", "file=");
    refuse(machine, "*", "data=");
}

/** Root reads everything, so the mode only matters to others. */
static void test_unreadable(void)
{
    g_autofree char *path = file_of("secret", 36);

    if (geteuid() == 0) {
        g_test_skip("root can read any file");
        return;
    }
    chmod(path, 0);
    refuse("q35", "*secret*: Permission denied", "file=%s", path);
}

static void test_suboptions(gconstpointer data)
{
    const char *machine = data;
    g_autofree char *path = file_of("slic", 36);

    refuse(machine, "*'data'*'file'*", "sig=SLIC");
    refuse(machine, "*'data'*'file'*", "file=%s,data=%s", path, path);
    refuse(machine, "*'bogus'*", "file=%s,bogus=1", path);
    refuse(machine, "*'file=*slic' was probably meant", "%s", path);
    refuse(machine, "*rev*uint8*", "file=%s,rev=256", path);
    refuse(machine, "*rev*", "file=%s,rev=-1", path);
    refuse(machine, "*rev*", "file=%s,rev=", path);
    refuse(machine, "*rev*", "file=%s,rev=one", path);
    refuse(machine, "*rev*", "file=%s,rev=1x", path);
    refuse(machine, "*oem_rev*uint32*", "file=%s,oem_rev=4294967296", path);
    refuse(machine, "*oem_rev*", "file=%s,oem_rev=99999999999999999999",
           path);
    refuse(machine, "*asl_compiler_rev*uint32*",
           "file=%s,asl_compiler_rev=0x100000000", path);
    /* Text is never cut */
    refuse(machine, "*sig*", "file=%s,sig=SLICE", path);
    refuse(machine, "*oem_id*", "file=%s,oem_id=SEVENLT", path);
    refuse(machine, "*oem_table_id*", "file=%s,oem_table_id=NINELETRS", path);
    refuse(machine, "*asl_compiler_id*", "file=%s,asl_compiler_id=FIVES",
           path);
}

static void test_json(void)
{
    g_autofree char *path = file_of("slic", 36);

    qtest_expect_failure("-acpitable {*}: *rev*", RUN "q35 -acpitable "
                         "'{\"file\": \"%s\", \"rev\": 256}'", path);
    qtest_expect_failure("-acpitable {*}: *rev*", RUN "q35 -acpitable "
                         "'{\"file\": \"%s\", \"rev\": \"x\"}'", path);
    qtest_expect_failure("-acpitable {*}: *'bogus'*", RUN "q35 -acpitable "
                         "'{\"file\": \"%s\", \"bogus\": 1}'", path);
    qtest_expect_failure("-acpitable {*: *", RUN "q35 -acpitable '{\"file\"'");
}

/** The first of several tables is good, the second is not. */
static void test_second(void)
{
    g_autofree char *path = file_of("slic", 36);

    qtest_expect_failure("-acpitable file=/nonexistent: *", RUN "q35 "
                         "-acpitable file=%s -acpitable file=/nonexistent",
                         path);
}

/** No socket, no dump, no file is left by a start that fails. */
static void test_no_effect(void)
{
    g_autofree char *socket = qtest_temp_path("no.sock");
    g_autofree char *dump = qtest_temp_path("no-dump");
    g_autofree char *log = qtest_temp_path("no.log");

    qtest_expect_failure("-acpitable file=/nonexistent: *", RUN
                         "q35,dump-acpi=%s -acpitable file=/nonexistent "
                         "-qmp unix:%s,server=on,wait=off "
                         "-debugcon file:%s", dump, socket, log);
    g_assert_false(g_file_test(socket, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(dump, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(log, G_FILE_TEST_EXISTS));
}

/** Too much for the tables' file, in tables that are each all right. */
static void test_too_many(gconstpointer data)
{
    g_autofree char *path = file_of("large", 65535);
    g_autoptr(GString) options = g_string_new(NULL);

    for (unsigned i = 0; i < 40; i++) {
        g_string_append_printf(options, " -acpitable file=%s", path);
    }
    qtest_expect_failure("-acpitable*: *", RUN "%s%s", (const char *)data,
                         options->str);
}

static void test_length_warning(gconstpointer data)
{
    g_autofree uint8_t *bytes = g_memdup2(slic, sizeof(slic));
    g_autofree char *path = NULL;
    Qtest *qts;

    bytes[4] = 99;
    path = qtest_temp_file("wrong-length", bytes, sizeof(slic));
    qts = qtest_start_qmp("-nodefaults -machine %s -acpitable file=%s",
                          (const char *)data, path);
    qtest_expect_warning(qts, "warning: -acpitable file=*: *99*36*");
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    static const char *const machines[] = { "pc", "q35", "none" };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(machines); i++) {
        const char *m = machines[i];
        g_autofree char *files = g_strdup_printf("/acpitable/%s/files", m);
        g_autofree char *sub = g_strdup_printf("/acpitable/%s/suboptions", m);

        g_test_add_data_func(files, m, test_files);
        g_test_add_data_func(sub, m, test_suboptions);
    }
    g_test_add_func("/acpitable/unreadable", test_unreadable);
    g_test_add_func("/acpitable/json", test_json);
    g_test_add_func("/acpitable/second", test_second);
    g_test_add_func("/acpitable/no-effect", test_no_effect);
    g_test_add_data_func("/acpitable/pc/too-many", "pc", test_too_many);
    g_test_add_data_func("/acpitable/q35/too-many", "q35", test_too_many);
    g_test_add_data_func("/acpitable/pc/length-warning", "pc",
                         test_length_warning);
    g_test_add_data_func("/acpitable/q35/length-warning", "q35",
                         test_length_warning);
    return g_test_run();
}
