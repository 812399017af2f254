/*
 * The guest's ACPI tables as files: dump-acpi-tables and dump-acpi=DIR
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <glib/gstdio.h>
#include <string.h>

#include "libqtest.h"
#include "util/bytes.h"

static const uint8_t slic[36] = {
    'S', 'L', 'I', 'C', 36, 0, 0, 0, 1, 0x3a, 'A', 'B', 'R', 'A', 'C', 'A',
    'D', 'A', 'B', 'R', 'A', 'X', 'Y', 'Z', 4, 3, 2, 1, 'Q', 'U', 'U', 'X',
    8, 7, 6, 5,
};

static unsigned count_files(const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    unsigned n = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir)) {
        n++;
    }
    return n;
}

static GBytes *read_dump(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GError) error = NULL;
    char *content;
    gsize len;

    if (!g_file_get_contents(path, &content, &len, &error)) {
        g_error("%s", error->message);
    }
    return g_bytes_new_take(content, len);
}

static void assert_table(const char *directory, const char *name,
                         const char *signature)
{
    g_autoptr(GBytes) file = read_dump(directory, name);
    const uint8_t *bytes = g_bytes_get_data(file, NULL);
    gsize len = g_bytes_get_size(file);

    g_test_message("%s: %zu bytes", name, len);
    g_assert_cmpuint(len, >=, 36);
    g_assert_cmpmem(bytes, 4, signature, 4);
    g_assert_cmpuint(ld32_le(bytes + 4), ==, len);
    if (strcmp(signature, "FACS") != 0) {
        g_assert_cmphex(bytes_sum(bytes, len), ==, 0);
    }
}

static void assert_all(const char *directory, bool q35)
{
    static const struct {
        const char *file, *signature;
    } tables[] = {
        { "rsdt.dat", "RSDT" }, { "facp.dat", "FACP" }, { "facs.dat", "FACS" },
        { "dsdt.dat", "DSDT" }, { "apic.dat", "APIC" }, { "hpet.dat", "HPET" },
        { "waet.dat", "WAET" }, { "slic.dat", "SLIC" }, { "ssdt.dat", "SSDT" },
        { "ssdt1.dat", "SSDT" }, { "ssdt2.dat", "SSDT" },
        { "a_b1.dat", "A-b1" },
    };
    g_autoptr(GBytes) file = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        assert_table(directory, tables[i].file, tables[i].signature);
    }
    if (q35) {
        assert_table(directory, "mcfg.dat", "MCFG");
    }
    g_assert_cmpuint(count_files(directory), ==,
                     G_N_ELEMENTS(tables) + q35);
    file = read_dump(directory, "slic.dat");
    g_assert_cmpmem(g_bytes_get_data(file, NULL), g_bytes_get_size(file),
                    slic, sizeof(slic));
    file = (g_bytes_unref(file), read_dump(directory, "ssdt1.dat"));
    g_assert_cmpint(((const char *)g_bytes_get_data(file, NULL))[36], ==, 'b');
}

/** The user's tables: a SLIC, three SSDTs, and one with an odd signature. */
static char *table_options(void)
{
    g_autofree char *path = qtest_temp_file("slic", slic, sizeof(slic));
    g_autofree char *a = qtest_temp_file("a", "a", 1);
    g_autofree char *b = qtest_temp_file("b", "b", 1);
    g_autofree char *c = qtest_temp_file("c", "c", 1);

    return g_strdup_printf("-acpitable file=%s -acpitable sig=SSDT,data=%s "
                           "-acpitable sig=SSDT,data=%s "
                           "-acpitable sig=SSDT,data=%s "
                           "-acpitable sig=A-b1,data=%s",
                           path, a, b, c, a);
}

/** `-machine dump-acpi=DIR`: write, and end with status 0. */
static void test_option(gconstpointer machine)
{
    bool q35 = strcmp(machine, "q35") == 0;
    g_autofree char *name = g_strconcat("dump-", machine, NULL);
    g_autofree char *directory = qtest_temp_path(name);
    g_autofree char *tables = table_options();
    QtestRun run;

    /* Twice: the second time over what the first has left */
    for (unsigned i = 0; i < 2; i++) {
        run = qtest_run(NULL, "-nodefaults -display none "
                        "-machine %s,dump-acpi=%s %s", (const char *)machine,
                        directory, tables);
        g_assert_cmpstr(run.err, ==, "");
        g_assert_cmpstr(run.out, ==, "");
        g_assert_cmpint(run.status, ==, 0);
        qtest_run_clear(&run);
        assert_all(directory, q35);
    }
    /* Without them: what is left of them is told */
    run = qtest_run(NULL, "-nodefaults -machine %s,dump-acpi=%s",
                    (const char *)machine, directory);
    g_assert_cmpint(run.status, ==, 0);
    g_assert_true(g_pattern_match_simple("warning: * holds tables that this "
                                         "machine does not have:* slic.dat*\n",
                                         run.err));
    g_assert_null(strstr(run.err, "facp.dat"));
    qtest_run_clear(&run);
}

/** The command writes the same, byte for byte. */
static void test_command(gconstpointer machine)
{
    bool q35 = strcmp(machine, "q35") == 0;
    g_autofree char *first = qtest_temp_path(q35 ? "q35-a" : "pc-a");
    g_autofree char *second = qtest_temp_path(q35 ? "q35-b" : "pc-b");
    g_autofree char *tables = table_options();
    Qtest *qts = qtest_start_qmp("-nodefaults -machine %s %s",
                                 (const char *)machine, tables);
    g_autoptr(GDir) dir = NULL;
    QtestRun run;
    const char *name;

    g_assert_cmpint(g_mkdir(first, 0700), ==, 0);
    qtest_qmp_ok(qts, "{'execute': 'dump-acpi-tables', 'arguments': "
                 "{'directory': '%s'}}", first);
    assert_all(first, q35);
    qtest_quit(qts);

    run = qtest_run(NULL, "-nodefaults -display none -machine %s,"
                    "dump-acpi=%s %s", (const char *)machine, second, tables);
    g_assert_cmpint(run.status, ==, 0);
    qtest_run_clear(&run);
    dir = g_dir_open(first, 0, NULL);
    while ((name = g_dir_read_name(dir))) {
        g_autoptr(GBytes) a = read_dump(first, name);
        g_autoptr(GBytes) b = read_dump(second, name);

        g_assert_true(g_bytes_equal(a, b));
    }
}

static void test_errors(void)
{
    g_autofree char *directory = qtest_temp_path("none");
    Qtest *qts;

    qtest_expect_failure("-machine *: dump-acpi: *", "-display none "
                         "-machine q35,dump-acpi=/nonexistent/a/b");
    qtest_expect_failure("-machine *: dump-acpi: *", "-display none "
                         "-machine q35,dump-acpi=/dev/null");
    qtest_expect_failure("-machine none,*: *", "-display none "
                         "-machine none,dump-acpi=%s", directory);
    qtest_expect_failure("-machine q35,*: *", "-display none "
                         "-machine q35,firmware=image,dump-acpi=%s",
                         directory);
    g_assert_false(g_file_test(directory, G_FILE_TEST_EXISTS));

    qts = qtest_start_qmp("-nodefaults -machine q35");
    qtest_qmp_error(qts, "GenericError", "*/nonexistent/a*",
                    "{'execute': 'dump-acpi-tables', 'arguments': "
                    "{'directory': '/nonexistent/a'}}");
    qtest_qmp_error(qts, "GenericError", "Parameter 'directory' is missing",
                    "{'execute': 'dump-acpi-tables'}");
    qtest_quit(qts);
    /* Nothing has put tables there */
    qts = qtest_start("-nodefaults -machine q35");
    qtest_qmp_error(qts, "GenericError", "*RSDP*",
                    "{'execute': 'dump-acpi-tables', 'arguments': "
                    "{'directory': '%s'}}", directory);
    g_assert_false(g_file_test(directory, G_FILE_TEST_EXISTS));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/dump/pc/option", "pc", test_option);
    g_test_add_data_func("/dump/q35/option", "q35", test_option);
    g_test_add_data_func("/dump/pc/command", "pc", test_command);
    g_test_add_data_func("/dump/q35/command", "q35", test_command);
    g_test_add_func("/dump/errors", test_errors);
    return g_test_run();
}
