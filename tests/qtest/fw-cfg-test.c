/*
 * fw_cfg: keys, directory, data port, DMA, and files of the user's
 * (docs/specs/fw_cfg.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest-fw-cfg.h"
#include "util/bytes.h"

#define BARE "-nodefaults -machine "
#define BUFFER (QFW_SCRATCH_GPA + 0x100000)

static Qtest *start(const void *machine, const char *options)
{
    return qtest_start(BARE "%s %s", (const char *)machine, options);
}

static uint64_t read_key(Qtest *qts, uint16_t key, unsigned len)
{
    uint8_t bytes[8] = { 0 };

    qfw_read_key(qts, key, bytes, len);
    return ldn_le(bytes, len);
}

static void test_keys(gconstpointer machine)
{
    static const uint8_t uuid[16] = {
        0x32, 0x4e, 0x6e, 0xaf, 0xd1, 0xd1, 0x4b, 0xf6,
        0xbf, 0x41, 0xb9, 0xbb, 0x6c, 0x91, 0xfb, 0x87,
    };
    Qtest *qts = start(machine, "-m 256 -smp 2,maxcpus=4 "
                       "-uuid 324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87");
    uint8_t bytes[16];

    qfw_read_key(qts, 0x00, bytes, 4);
    g_assert_cmpmem(bytes, 4, "QEMU", 4);
    g_assert_cmphex(read_key(qts, 0x01, 4), ==, 3);
    qfw_read_key(qts, 0x02, bytes, 16);
    g_assert_cmpmem(bytes, 16, uuid, 16);
    g_assert_cmphex(read_key(qts, 0x03, 8), ==, 256 << 20);
    g_assert_cmphex(read_key(qts, 0x04, 2), ==, 0);
    g_assert_cmphex(read_key(qts, 0x05, 2), ==, 2);
    g_assert_cmphex(read_key(qts, 0x0f, 2), ==, 4);
    g_assert_cmphex(read_key(qts, 0x8002, 4), ==, 1);
    /* No table of the user's, no kernel, no such key */
    g_assert_cmphex(read_key(qts, 0x8000, 8), ==, 0);
    g_assert_cmphex(read_key(qts, 0x08, 4), ==, 0);
    g_assert_cmphex(read_key(qts, 0x3fff, 8), ==, 0);
    qtest_quit(qts);

    qts = start(machine, "-nographic -serial none");
    g_assert_cmphex(read_key(qts, 0x04, 2), ==, 1);
    qtest_quit(qts);
}

static void test_ports(gconstpointer machine)
{
    Qtest *qts = start(machine, "");
    uint8_t bytes[8];

    qfw_select(qts, 0);
    qfw_read_port(qts, bytes, 8);
    g_assert_cmpmem(bytes, 8, "QEMU\0\0\0\0", 8);
    /* Selecting goes back to the start; the old write flag is ignored */
    qfw_select(qts, 0x4000);
    qfw_read_port(qts, bytes, 2);
    g_assert_cmpmem(bytes, 2, "QE", 2);
    /* A byte read of the selector gives the next data byte, a word read 0;
     * writes of data are ignored */
    g_assert_cmphex(qtest_inb(qts, QFW_PORT_SELECT), ==, 'M');
    g_assert_cmphex(qtest_inw(qts, QFW_PORT_SELECT), ==, 0);
    qtest_outb(qts, QFW_PORT_DATA, 0x55);
    g_assert_cmphex(qtest_inb(qts, QFW_PORT_DATA), ==, 'U');
    qfw_select(qts, 0);
    qfw_read_port(qts, bytes, 4);
    g_assert_cmpmem(bytes, 4, "QEMU", 4);
    qfw_select(qts, 0x3ffe);
    g_assert_cmphex(qtest_inb(qts, QFW_PORT_DATA), ==, 0);
    /* The DMA register tells that there is DMA */
    g_assert_cmphex(qtest_inl(qts, QFW_PORT_DMA), ==, 0x554d4551);
    g_assert_cmphex(qtest_inl(qts, QFW_PORT_DMA + 4), ==, 0x47464320);
    qtest_quit(qts);
}

static void test_directory(gconstpointer machine)
{
    static const char *const expected[] = {
        "etc/acpi/rsdp", "etc/acpi/tables", "etc/e820", "etc/system-states",
        "etc/table-loader", "opt/a", "opt/zz",
    };
    Qtest *qts = start(machine, "-fw_cfg name=opt/zz,string=last "
                       "-fw_cfg opt/a,string=first");
    g_autoptr(GArray) files = qfw_directory(qts);
    unsigned found = 0;

    for (guint i = 0; i < files->len; i++) {
        const QfwFile *file = &g_array_index(files, QfwFile, i);

        g_test_message("%04x %6u %s", file->key, file->len, file->name);
        g_assert_cmphex(file->key, ==, 0x20 + i);
        if (i > 0) {
            g_assert_cmpint(strcmp(file[-1].name, file->name), <, 0);
        }
        for (unsigned n = 0; n < G_N_ELEMENTS(expected); n++) {
            found += strcmp(expected[n], file->name) == 0;
        }
    }
    g_assert_cmpuint(found, ==, G_N_ELEMENTS(expected));
    qtest_quit(qts);
}

static void assert_file(Qtest *qts, const char *name, const void *bytes,
                        size_t len)
{
    g_autoptr(GBytes) file = qfw_read_file(qts, name);

    g_assert_cmpmem(g_bytes_get_data(file, NULL), g_bytes_get_size(file),
                    bytes, len);
}

static void test_files(gconstpointer machine)
{
    static const uint8_t states[] = { 0x80, 0, 0, 0x81, 0x82, 0x80 };
    static const uint8_t e820[] = {
        0, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 1, 0, 0, 0,
    };
    Qtest *qts = start(machine, "-m 256");

    assert_file(qts, "etc/system-states", states, sizeof(states));
    assert_file(qts, "etc/e820", e820, sizeof(e820));
    qtest_quit(qts);
}

/** RAM above 4 GiB has an entry of its own. */
static void test_e820_high(gconstpointer machine)
{
    bool q35 = strcmp(machine, "q35") == 0;
    uint64_t low = q35 ? 0x80000000 : 0xc0000000;
    Qtest *qts = start(machine, "-m 5G");
    g_autoptr(GBytes) file = qfw_read_file(qts, "etc/e820");
    const uint8_t *map = g_bytes_get_data(file, NULL);

    g_assert_cmpuint(g_bytes_get_size(file), ==, 60);
    g_assert_cmphex(ld64_le(map + 20), ==, 0);
    g_assert_cmphex(ld64_le(map + 28), ==, low);
    g_assert_cmphex(ld64_le(map + 40), ==, UINT64_C(1) << 32);
    g_assert_cmphex(ld64_le(map + 48), ==, (UINT64_C(5) << 30) - low);
    g_assert_cmphex(ld32_le(map + 56), ==, 1);
    qtest_quit(qts);
}

static void test_dma(gconstpointer machine)
{
    Qtest *qts = start(machine, "-fw_cfg opt/d,string=0123456789abcdef");
    uint8_t bytes[32], filled[32];
    g_autofree char *faults = NULL;
    QfwFile file;

    g_assert_true(qfw_find(qts, "opt/d", &file));
    g_assert_cmpuint(file.len, ==, 16);
    memset(filled, 0xee, sizeof(filled));

    /* A read beyond the end is filled with zeros, and succeeds */
    qtest_memwrite(qts, BUFFER, filled, 32);
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_SELECT | QFW_DMA_READ, file.key, 24,
                            BUFFER), ==, 0);
    qtest_memread(qts, BUFFER, bytes, 32);
    g_assert_cmpmem(bytes, 16, "0123456789abcdef", 16);
    g_assert_cmpmem(bytes + 16, 16, "\0\0\0\0\0\0\0\0\xee\xee\xee\xee\xee\xee"
                    "\xee\xee", 16);

    /* Select alone; the data port goes on from there, and so does DMA */
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_SELECT, file.key, 0, 0), ==, 0);
    g_assert_cmphex(qtest_inb(qts, QFW_PORT_DATA), ==, '0');
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_SKIP, 0, 4, 0), ==, 0);
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_READ, 0, 2, BUFFER), ==, 0);
    g_assert_cmphex(qtest_readw(qts, BUFFER), ==, '5' | '6' << 8);
    g_assert_cmphex(qtest_inb(qts, QFW_PORT_DATA), ==, '7');

    /* Read beats write beats skip */
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_SELECT | QFW_DMA_READ |
                            QFW_DMA_WRITE | QFW_DMA_SKIP, file.key, 2,
                            BUFFER), ==, 0);
    g_assert_cmphex(qtest_readw(qts, BUFFER), ==, '0' | '1' << 8);
    g_assert_cmphex(qtest_inb(qts, QFW_PORT_DATA), ==, '2');

    /* The user's files cannot be written */
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_SELECT | QFW_DMA_WRITE, file.key, 2,
                            BUFFER), ==, QFW_DMA_ERROR);
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_SELECT | QFW_DMA_WRITE |
                            QFW_DMA_SKIP, file.key, 2, BUFFER), ==,
                    QFW_DMA_ERROR);
    assert_file(qts, "opt/d", "0123456789abcdef", 16);

    /* Nothing at all succeeds; memory that is not there does not */
    g_assert_cmphex(qfw_dma(qts, 0, 0, 0, 0), ==, 0);
    g_assert_cmphex(qfw_dma(qts, 0, 0, 100, BUFFER), ==, 0);
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_SELECT | QFW_DMA_READ, file.key, 0,
                            UINT64_C(0xff00000000)), ==, 0);
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_SELECT | QFW_DMA_READ, file.key, 4,
                            UINT64_C(0xff00000000)), ==, QFW_DMA_ERROR);
    /* A key that does not exist reads as zeros */
    qtest_memwrite(qts, BUFFER, filled, 4);
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_SELECT | QFW_DMA_READ, 0x3ffe, 4,
                            BUFFER), ==, 0);
    g_assert_cmphex(qtest_readl(qts, BUFFER), ==, 0);
    /* A length that cannot be meant */
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_SELECT | QFW_DMA_READ, file.key,
                            0xffffffff, BUFFER), ==, QFW_DMA_ERROR);
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_SKIP, 0, 0xffffffff, 0), ==, 0);
    assert_file(qts, "opt/d", "0123456789abcdef", 16);
    /* The four that failed are in the log */
    faults = qtest_take_stderr(qts);
    g_assert_true(g_pattern_match_simple("guest fault: fw_cfg: *\n"
                                         "guest fault: fw_cfg: *\n"
                                         "guest fault: fw_cfg: *\n"
                                         "guest fault: fw_cfg: *\n", faults));
    qtest_quit(qts);
}

static void test_user_files(gconstpointer machine)
{
    static const uint8_t content[] = { 0, 1, 2, 0, 0xff, '\n' };
    g_autofree char *path = qtest_temp_file("content", content,
                                            sizeof(content));
    g_autofree char *empty = qtest_temp_file("empty", "", 0);
    g_autofree char *name = g_strnfill(51, 'x');
    g_autofree char *longest = g_strconcat("opt/", name, NULL);
    g_autofree char *options = g_strdup_printf(
        "-fw_cfg name=opt/file,file=%s -fw_cfg opt/text,string=hello,,world "
        "-fw_cfg name=opt/empty,file=%s -fw_cfg name=opt/none,string= "
        "-fw_cfg %s,string=x", path, empty, longest);
    Qtest *qts = start(machine, options);

    assert_file(qts, "opt/file", content, sizeof(content));
    assert_file(qts, "opt/text", "hello,world", 11);
    assert_file(qts, "opt/empty", "", 0);
    assert_file(qts, "opt/none", "", 0);
    g_assert_cmpuint(strlen(longest), ==, 55);
    assert_file(qts, longest, "x", 1);
    qtest_quit(qts);

    qts = start(machine, "-fw_cfg name=mine,string=x");
    qtest_expect_warning(qts, "warning: -fw_cfg name=mine,string=x: "
                         "externally provided fw_cfg item names should be "
                         "prefixed with \"opt/\"");
    assert_file(qts, "mine", "x", 1);
    qtest_quit(qts);
}

static void test_user_errors(void)
{
#define RUN "-nodefaults -display none -machine q35 "
    g_autofree char *name = g_strnfill(56, 'x');
    static const char exactly_one[] =
        "-fw_cfg *: name, plus exactly one of file*string*needed";
    QtestRun run;

    qtest_expect_failure("-fw_cfg name=x*: name too long (max. 55 char)",
                         RUN "-fw_cfg name=%s,string=x", name);
    qtest_expect_failure(exactly_one, RUN "-fw_cfg name=opt/x");
    qtest_expect_failure(exactly_one, RUN "-fw_cfg string=x");
    qtest_expect_failure(exactly_one, RUN "-fw_cfg name=opt/x,string=x,"
                         "file=/dev/null");
    qtest_expect_failure("-fw_cfg name=opt/x,string=b: duplicate fw_cfg file "
                         "name: opt/x", RUN "-fw_cfg name=opt/x,string=a "
                         "-fw_cfg name=opt/x,string=b");
    /* A name that is not the user's to give: a warning, then the error */
    run = qtest_run(NULL, RUN "-fw_cfg name=etc/e820,string=a");
    g_assert_cmpint(run.status, ==, 1);
    g_assert_true(g_pattern_match_simple("warning: -fw_cfg *\n-fw_cfg *: "
                                         "duplicate fw_cfg file name: "
                                         "etc/e820\n", run.err));
    qtest_run_clear(&run);
    qtest_expect_failure("-fw_cfg name=opt/x,file=/nonexistent: "
                         "*/nonexistent: No such file or directory",
                         RUN "-fw_cfg name=opt/x,file=/nonexistent");
    qtest_expect_failure("-fw_cfg name=opt/x,file=/tmp: */tmp: *directory",
                         RUN "-fw_cfg name=opt/x,file=/tmp");
    qtest_expect_failure("-fw_cfg *: *'bogus'*",
                         RUN "-fw_cfg name=opt/x,bogus=1");
    qtest_expect_failure("-fw_cfg name=,string=x: *",
                         RUN "-fw_cfg name=,string=x");
}

int main(int argc, char **argv)
{
    static const char *const machines[] = { "pc", "q35" };
    static const struct {
        const char *name;
        GTestDataFunc run;
    } each[] = {
        { "keys", test_keys }, { "ports", test_ports },
        { "directory", test_directory }, { "files", test_files },
        { "e820-high", test_e820_high }, { "dma", test_dma },
        { "user-files", test_user_files },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned m = 0; m < G_N_ELEMENTS(machines); m++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(each); i++) {
            g_autofree char *path = g_strdup_printf("/fw-cfg/%s/%s",
                                                    machines[m], each[i].name);

            g_test_add_data_func(path, machines[m], each[i].run);
        }
    }
    g_test_add_func("/fw-cfg/user-errors", test_user_errors);
    return g_test_run();
}
