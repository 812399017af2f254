/*
 * -readconfig: options from a file
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest.h"

#define BASE "-nodefaults -display none "

static char *config_file(const char *text)
{
    return qtest_temp_file("config", text, strlen(text));
}

static void expect_text(Qtest *qts, const char *path, const char *property,
                        const char *text)
{
    json_object *value = qtest_qmp_return(qts, "{'execute': 'qom-get', "
                                          "'arguments': {'path': '%s', "
                                          "'property': '%s'}}", path,
                                          property);

    g_assert_cmpstr(json_object_get_string(value), ==, text);
    json_object_put(value);
}

/** Every kind of section, and what the command line says besides. */
static void test_sections(void)
{
    g_autofree char *path = config_file(
        "# a machine\n"
        "\n"
        "[machine]\n"
        "  type = \"q35\"\n"
        "\thpet=\"off\"\n"
        "[memory]\n  size = \"64\"\n"
        "[smp-opts]\n  cpus = \"3\"\n"
        "[name]\n  guest = \"Tess, the machine\"\n"
        "[chardev \"c,,\"]\n  backend = \"null\"\n"
        "[chardev \"c0\"]\n  backend = \"null\"\n"
        "[device \"com\"]\n  driver = \"isa-serial\"\n  chardev = \"c0\"\n"
        "[object \"ram\"]\n  qom-type = \"memory-backend-ram\"\n"
        "  size = \"1M\"\n"
        "[global]\n  driver = \"isa-serial\"\n  property = \"irq\"\n"
        "  value = \"7\"\n"
        "[fw_cfg \"opt/a\"]\n  string = \"with, comma\"\n"
        "  # the end, without a newline");
    Qtest *qts;
    json_object *value;

    /* an ID that is none shows that a section is as good as an option */
    qtest_expect_failure("-readconfig *: line 12: ?chardev \"c,,\"]: *",
                         BASE "-readconfig %s", path);
    g_free(path);
    path = config_file(
        "[machine]\ntype = \"q35\"\nhpet = \"off\"\n"
        "[memory]\nsize = \"64\"\n[smp-opts]\ncpus = \"3\"\n"
        "[name]\nguest = \"Tess, the machine\"\n"
        "[chardev \"c0\"]\nbackend = \"null\"\n"
        "[device \"com\"]\ndriver = \"isa-serial\"\nchardev = \"c0\"\n"
        "[global]\ndriver = \"isa-serial\"\nproperty = \"irq\"\n"
        "value = \"7\"\n[msg]\ntimestamp = \"off\"\n");
    qts = qtest_start(BASE "-readconfig %s -machine x-oem-id=ABC", path);
    expect_text(qts, "/machine", "x-oem-id", "ABC");
    expect_text(qts, "/machine/peripheral/com", "irq", "7");
    g_assert_cmphex(qtest_readl(qts, 0xfed00000), ==, 0xffffffff);
    qtest_writel(qts, (64 << 20) - 4, 0x600df00d);
    g_assert_cmphex(qtest_readl(qts, (64 << 20) - 4), ==, 0x600df00d);
    value = qtest_qmp_return(qts, "{'execute': 'query-name'}");
    g_assert_cmpstr(qtest_json_string(value, "name"), ==, "Tess, the machine");
    json_object_put(value);
    value = qtest_qmp_return(qts, "{'execute': 'query-cpus-fast'}");
    g_assert_cmpuint(json_object_array_length(value), ==, 3);
    json_object_put(value);
    qtest_quit(qts);
}

/** How messages look counts for all of them, and a pipe is read once. */
static void test_messages(void)
{
    g_autofree char *path = config_file("[msg]\nguest-name = \"on\"\n"
                                        "[name]\nguest = \"Tess\"\n");
    QtestRun run = qtest_run("{'execute':'qmp_capabilities'}"
                             "{'execute':'quit'}",
                             BASE "-machine q35 -fw_cfg name=x,string=y "
                             "-qmp stdio -readconfig %s", path);

    g_assert_cmpint(run.status, ==, 0);
    g_assert_true(g_str_has_prefix(run.err, "Tess warning: -fw_cfg "));
    qtest_run_clear(&run);

    run = qtest_run("[machine]\ntype = \"frob\"\n",
                    BASE "-readconfig /dev/stdin");
    g_assert_cmpint(run.status, ==, 1);
    g_assert_nonnull(strstr(run.err, "unsupported machine type 'frob'"));
    qtest_run_clear(&run);
}

static void test_errors(void)
{
    static const struct {
        const char *text, *fault;
    } rows[] = {
        { "[frob]\n", "line 1: there is no option group 'frob'" },
        { "\n\n[device \"a\"]\nfrob = \"1\"\ndriver = \"isa-serial\"\n",
          "line 3: ?device \"a\"]: *'frob'*" },
        { "[device]\ndriver = isa-serial\n",
          "line 2: driver: expected a text in double quotes" },
        { "[device]\ndriver = \"isa-serial\n",
          "line 2: driver: expected a text in double quotes" },
        { "[device]\ndriver = \"isa-serial\" x\n",
          "line 2: driver: ' x' is too much" },
        { "driver = \"x\"\n", "line 1: driver: there is no section yet" },
        { "[device\n", "line 1: expected ?SECTION]*" },
        { "[device \"a\n", "line 1: expected a text in double quotes" },
        { "[device \"a\"\n", "line 1: '' is too much" },
        { "[device] x\n", "line 1: expected ?SECTION]*" },
        { "[]\n", "line 1: there is no option group ''" },
        { "[machine \"x\"]\n", "line 1: a section 'machine' has no name" },
        { "[machine]\nfrob\n", "line 2: expected a comment, *" },
        { "[machine]\na,b = \"c\"\n", "line 2: expected a comment, *" },
        { "[machine]\n= \"c\"\n", "line 2: expected a comment, *" },
        { "[readconfig]\nfile = \"x\"\n",
          "line 1: there is no option group *" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = config_file(rows[i].text);
        g_autofree char *pattern = g_strdup_printf("-readconfig %s: %s", path,
                                                   rows[i].fault);

        g_test_message("%s", rows[i].text);
        qtest_expect_failure(pattern, BASE "-readconfig %s", path);
    }
    qtest_expect_failure("-readconfig /nope: can't open file /nope: *",
                         BASE "-readconfig /nope");
    qtest_expect_failure("-readconfig /: *", BASE "-readconfig /");
    qtest_expect_failure("-readconfig /dev/zero: *", BASE
                         "-readconfig /dev/zero");
}

/** What is no text, or too much of it. */
static void test_hostile(void)
{
    static const char nul[] = "[machine]\0\n";
    g_autofree char *line = g_strnfill(5000, 'x');
    g_autofree char *big = g_malloc(2 << 20);
    g_autofree char *path = qtest_temp_file("nul", nul, sizeof(nul) - 1);

    qtest_expect_failure("-readconfig *: line 1: there is a NUL in it",
                         BASE "-readconfig %s", path);
    g_free(path);
    path = qtest_temp_file("line", line, 5000);
    qtest_expect_failure("-readconfig *: line 1: has more than 4096 bytes",
                         BASE "-readconfig %s", path);
    g_free(path);
    memset(big, '\n', 2 << 20);
    path = qtest_temp_file("big", big, 2 << 20);
    qtest_expect_failure("-readconfig *", BASE "-readconfig %s", path);
    /* every byte there is */
    for (unsigned i = 0; i < 256; i++) {
        g_autofree char *one = NULL;
        const char bytes[] = { '[', 'n', 'i', 'c', ']', '\n', i, '=', '"',
                               i, '"', '\n' };
        QtestRun run;

        one = qtest_temp_file("byte", bytes, sizeof(bytes));
        run = qtest_run(NULL, BASE "-machine none -readconfig %s", one);
        g_assert_cmpint(run.status, ==, 1);
        g_assert_true(g_str_has_prefix(run.err, "-readconfig "));
        qtest_run_clear(&run);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/readconfig/sections", test_sections);
    g_test_add_func("/readconfig/messages", test_messages);
    g_test_add_func("/readconfig/errors", test_errors);
    g_test_add_func("/readconfig/hostile", test_hostile);
    return g_test_run();
}
