/*
 * The command line: help, both notations, and what is refused
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest.h"

#define NONE "-nodefaults -display none -machine none "

/** Help is on standard output, holds these texts, and is no failure. */
static void assert_help(const char *options, const char *const *texts)
{
    QtestRun run = qtest_run(NULL, "%s", options);

    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpstr(run.err, ==, "");
    for (; *texts; texts++) {
        if (!strstr(run.out, *texts)) {
            g_error("%s: no '%s' in:\n%s", options, *texts, run.out);
        }
    }
    qtest_run_clear(&run);
}

#define TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_help(void)
{
    assert_help("-version", TEXTS("version 0.1.0", "QEMU 7.2.0"));
    assert_help("--version", TEXTS("version", "0.1.0"));
    assert_help("-help", TEXTS(
        "-machine", "-accel", "-cpu", "-m ", "-smp", "-nodefaults",
        "-no-user-config", "-nographic", "-display", "-S", "-uuid", "-name",
        "-qmp", "-mon", "-chardev", "-serial", "-debugcon", "-qtest",
        "-qtest-log", "-acpitable", "-device", "-object", "-fw_cfg", "-bios",
        "-msg", "-help", "-version"));
    assert_help("-h", TEXTS("-machine"));
    assert_help("-machine help", TEXTS("pc ", "q35 ", "none "));
    assert_help("-device help", TEXTS("isa-serial", "isa-debugcon"));
    assert_help("-object help", TEXTS("memory-backend-ram"));
    assert_help("-accel help", TEXTS("qtest"));
    assert_help("-cpu help", TEXTS("qemu64"));
}

/** X,help: properties with type, default and what they are for. */
static void test_property_help(void)
{
    assert_help("-machine q35,help", TEXTS(
        "x-oem-id=", "x-oem-table-id=", "oem-source=", "firmware=",
        "dump-acpi=", "accel=", "FIRMNT", "FIRMAMNT", "slic", "auto"));
    assert_help("-device isa-debugcon,help", TEXTS(
        "iobase=", "chardev=", "readback=", "uint32", "233"));
    assert_help("-device isa-serial,help", TEXTS("irq=", "index="));
    assert_help("-object memory-backend-ram,help", TEXTS(
        "size=", "prealloc=", "default: off"));
    assert_help("-acpitable help", TEXTS(
        "sig=", "rev=", "oem_id=", "oem_table_id=", "oem_rev=",
        "asl_compiler_id=", "asl_compiler_rev=", "file=", "data="));
    assert_help("-chardev help", TEXTS("socket", "file", "stdio", "null"));
    assert_help("-m help", TEXTS("size="));
    assert_help("-smp help", TEXTS("cpus=", "maxcpus=", "cores="));
    assert_help("-accel qtest,help", TEXTS("accel="));
    assert_help("-mon help", TEXTS("chardev=", "mode="));
}

static void test_unknown(void)
{
    qtest_expect_failure("-bogus: *", "-bogus");
    qtest_expect_failure("extra: *", "extra");
    qtest_expect_failure("-machine bogus: *'bogus'*",
                         "-display none -machine bogus");
    qtest_expect_failure("-M bogus: *'bogus'*", "-display none -M bogus");
    qtest_expect_failure("-machine q35,bogus=1: *'bogus'*",
                         "-display none -machine q35,bogus=1");
    qtest_expect_failure("-device bogus: *'bogus'*", NONE "-device bogus");
    qtest_expect_failure("-device isa-serial,bogus=1: *'bogus'*",
                         NONE "-device isa-serial,bogus=1");
    qtest_expect_failure("-object bogus,id=x: *'bogus'*",
                         NONE "-object bogus,id=x");
    qtest_expect_failure("-accel bogus: *bogus*", NONE "-accel bogus");
    qtest_expect_failure("-chardev bogus,id=x: *'bogus'*",
                         NONE "-chardev bogus,id=x");
    qtest_expect_failure("-display bogus: *", "-machine none -display bogus");
    qtest_expect_failure("-cpu bogus: *'bogus'*", NONE "-cpu bogus");
    qtest_expect_failure("-uuid zz: *", NONE "-uuid zz");
    qtest_expect_failure("-msg bogus=on: *'bogus'*", NONE "-msg bogus=on");
    qtest_expect_failure("-name bogus=x: *'bogus'*", NONE "-name bogus=x");
}

/** An option at the end that lacks its argument. */
static void test_no_argument(void)
{
    static const char *const options[] = {
        "-machine", "-accel", "-cpu", "-m", "-smp", "-display", "-uuid",
        "-name", "-qmp", "-mon", "-chardev", "-serial", "-debugcon", "-qtest",
        "-qtest-log", "-acpitable", "-device", "-object", "-fw_cfg", "-bios",
        "-msg",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autofree char *pattern = g_strconcat(options[i], ": *", NULL);

        qtest_expect_failure(pattern, "-nodefaults %s", options[i]);
    }
}

static void test_wrong_type(void)
{
    qtest_expect_failure("-machine q35,hpet=maybe: *'hpet'*",
                         "-display none -machine q35,hpet=maybe");
    qtest_expect_failure("-machine q35,firmware=other: *'firmware'*",
                         "-display none -machine q35,firmware=other");
    qtest_expect_failure("-machine q35,oem-source=x: *'oem-source'*",
                         "-display none -machine q35,oem-source=x");
    qtest_expect_failure("-machine *x-oem-id=SEVENLT: *x-oem-id*",
                         "-display none -machine q35,x-oem-id=SEVENLT");
    qtest_expect_failure("-machine *: *x-oem-table-id*",
                         "-display none -machine q35,"
                         "x-oem-table-id=NINELETRS");
    qtest_expect_failure("-device isa-serial,irq=x: *'irq'*",
                         NONE "-device isa-serial,irq=x");
    qtest_expect_failure("-device isa-serial,irq=4294967296: *'irq'*uint32*",
                         NONE "-device isa-serial,irq=4294967296");
    qtest_expect_failure("-device {*: *'irq'*", NONE "-device "
                         "'{\"driver\": \"isa-serial\", \"irq\": true}'");
    qtest_expect_failure("-object memory-backend-ram,id=r,size=x: *'size'*",
                         NONE "-object memory-backend-ram,id=r,size=x");
    qtest_expect_failure("-object memory-backend-ram,id=r: *'size'*",
                         NONE "-object memory-backend-ram,id=r");
    qtest_expect_failure("-object memory-backend-ram,size=1M: *'id'*",
                         NONE "-object memory-backend-ram,size=1M");
    qtest_expect_failure("-chardev null: *'id'*", NONE "-chardev null");
    qtest_expect_failure("-m x: *", "-display none -m x");
    qtest_expect_failure("-m 0: *", "-display none -machine q35 -m 0");
    qtest_expect_failure("-m 100E: *", "-display none -machine q35 -m 100E");
    qtest_expect_failure("-smp 0: *", "-display none -machine q35 -smp 0");
    qtest_expect_failure("-smp 256: *", "-display none -machine q35 -smp 256");
    qtest_expect_failure("-smp 4,maxcpus=2: *",
                         "-display none -machine q35 -smp 4,maxcpus=2");
    qtest_expect_failure("-smp x: *", "-display none -machine q35 -smp x");
}

static void test_ids(void)
{
    qtest_expect_failure("-object *: *'r'*", NONE
                         "-object memory-backend-ram,id=r,size=1M "
                         "-object memory-backend-ram,id=r,size=1M");
    qtest_expect_failure("-chardev *: *'c'*", NONE "-chardev null,id=c "
                         "-chardev null,id=c");
    qtest_expect_failure("-device *: *'d'*", "-nodefaults -display none "
                         "-machine q35 -device isa-serial,id=d "
                         "-device isa-serial,id=d,index=1");
    qtest_expect_failure("-object *: *", NONE
                         "-object memory-backend-ram,id=1/2,size=1M");
    /* A machine without the bus */
    qtest_expect_failure("-device isa-serial: *", NONE "-device isa-serial");
}

/** How many tables a machine with these options has. */
static size_t count_tables(const char *options)
{
    Qtest *qts = qtest_start_qmp("-nodefaults %s", options);
    json_object *tables = qtest_qmp_return(qts, "{'execute': "
                                           "'query-acpi-tables'}");
    g_autofree char *err = NULL;
    size_t n = json_object_array_length(tables);

    json_object_put(tables);
    err = qtest_take_stderr(qts);
    g_assert_cmpstr(err, ==, "");
    qtest_quit(qts);
    return n;
}

/** Both notations, and what later options add to earlier ones. */
static void test_notations(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine "
                             "'{\"type\": \"q35\", \"hpet\": false}' "
                             "-device '{\"driver\": \"isa-serial\", "
                             "\"id\": \"com\", \"irq\": 4}' "
                             "-object '{\"qom-type\": \"memory-backend-ram\", "
                             "\"id\": \"ram\", \"size\": 1048576}'");
    json_object *value;

    g_assert_cmphex(qtest_readl(qts, 0xfed00000), ==, 0xffffffff);
    g_assert_cmphex(qtest_inb(qts, 0x3fd), ==, 0x60);
    value = qtest_qmp_return(qts, "{'execute': 'qom-get', 'arguments': "
                             "{'path': '/objects/ram', 'property': 'size'}}");
    g_assert_cmpint(json_object_get_int64(value), ==, 1048576);
    json_object_put(value);
    qtest_quit(qts);

    qts = qtest_start("-nodefaults -machine q35 -machine hpet=off "
                      "-machine x-oem-id=ABC");
    g_assert_cmphex(qtest_readl(qts, 0xfed00000), ==, 0xffffffff);
    value = qtest_qmp_return(qts, "{'execute': 'qom-get', 'arguments': "
                             "{'path': '/machine', 'property': 'x-oem-id'}}");
    g_assert_cmpstr(json_object_get_string(value), ==, "ABC");
    json_object_put(value);
    qtest_quit(qts);

    /* Two dashes are as good as one, and -M is -machine */
    qts = qtest_start("--nodefaults -M q35 --S");
    value = qtest_qmp_return(qts, "{'execute': 'query-status'}");
    g_assert_cmpstr(qtest_json_string(value, "status"), ==, "prelaunch");
    json_object_put(value);
    qtest_quit(qts);
    g_assert_cmpuint(count_tables("-machine q35 -no-user-config -cpu qemu64 "
                             "-m size=64M -smp cpus=2,cores=2"), >, 5);
}

static void test_memory(void)
{
    static const struct {
        const char *option;
        uint64_t bytes;
    } sizes[] = {
        { "16", 16 << 20 }, { "16M", 16 << 20 }, { "16m", 16 << 20 },
        { "16384k", 16 << 20 }, { "0.25G", 256 << 20 },
        { "size=32", 32 << 20 }, { "size=33554432B", 32 << 20 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        Qtest *qts = qtest_start("-nodefaults -machine pc -m %s",
                                 sizes[i].option);

        g_test_message("%s", sizes[i].option);
        qtest_writel(qts, sizes[i].bytes - 4, 0x600df00d);
        g_assert_cmphex(qtest_readl(qts, sizes[i].bytes - 4), ==, 0x600df00d);
        g_assert_cmphex(qtest_readl(qts, sizes[i].bytes), ==, 0xffffffff);
        qtest_quit(qts);
    }
}

/** Accelerators are tried in order. */
static void test_accel(void)
{
    QtestRun run = qtest_run("{'execute':'qmp_capabilities'}"
                             "{'execute':'quit'}",
                             NONE "-accel kvm -accel qtest -qmp stdio");

    g_assert_cmpint(run.status, ==, 0);
    g_assert_true(run.err[0] == '\0' ||
                  g_pattern_match_simple("warning: -accel kvm: *\n", run.err));
    qtest_run_clear(&run);
    run = qtest_run("{'execute':'qmp_capabilities'}{'execute':'quit'}",
                    "-nodefaults -display none -machine none,accel=kvm:qtest "
                    "-qmp stdio");
    g_assert_cmpint(run.status, ==, 0);
    qtest_run_clear(&run);
    run = qtest_run(NULL, NONE "-accel bogus -accel worse");
    g_assert_cmpint(run.status, ==, 1);
    g_assert_nonnull(strstr(run.err, "-accel worse: "));
    qtest_run_clear(&run);
}

static void test_messages(void)
{
    QtestRun run = qtest_run("{'execute':'qmp_capabilities'}"
                             "{'execute':'quit'}",
                             "-nodefaults -display none -machine q35 "
                             "-name guest=Tess -msg timestamp=on,guest-name=on "
                             "-fw_cfg name=x,string=y -qmp stdio");

    g_assert_cmpint(run.status, ==, 0);
    g_test_message("%s", run.err);
    g_assert_true(g_regex_match_simple(
        "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z Tess "
        "warning: -fw_cfg ", run.err, 0, 0));
    qtest_run_clear(&run);
}

/** -name process= is what the process is called. */
static void test_process_name(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine none "
                             "-name Tess,process=tess-vm,debug-threads=on");
    g_autofree char *path = g_strdup_printf("/proc/%d/comm", qtest_pid(qts));
    g_autofree char *comm = NULL;

    g_assert_true(g_file_get_contents(path, &comm, NULL, NULL));
    g_assert_cmpstr(comm, ==, "tess-vm\n");
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options/help", test_help);
    g_test_add_func("/options/property-help", test_property_help);
    g_test_add_func("/options/unknown", test_unknown);
    g_test_add_func("/options/no-argument", test_no_argument);
    g_test_add_func("/options/wrong-type", test_wrong_type);
    g_test_add_func("/options/ids", test_ids);
    g_test_add_func("/options/notations", test_notations);
    g_test_add_func("/options/memory", test_memory);
    g_test_add_func("/options/accel", test_accel);
    g_test_add_func("/options/messages", test_messages);
    g_test_add_func("/options/process-name", test_process_name);
    return g_test_run();
}
