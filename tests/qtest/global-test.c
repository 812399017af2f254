/*
 * -global: values for the properties of all objects of a type
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest-fw-cfg.h"
#include "libqtest.h"

#define BASE "-nodefaults -display none "

static int64_t get_int(Qtest *qts, const char *path, const char *property)
{
    json_object *value = qtest_qmp_return(qts, "{'execute': 'qom-get', "
                                          "'arguments': {'path': '%s', "
                                          "'property': '%s'}}", path,
                                          property);
    int64_t number = json_object_get_int64(value);

    json_object_put(value);
    return number;
}

/** The last counts, but what the device was given counts more. */
static void test_device(void)
{
    Qtest *qts = qtest_start(BASE "-machine q35 "
                             "-global isa-serial.irq=7 "
                             "-global isa-serial.irq=5 "
                             "-global driver=isa-serial,property=iobase,"
                             "value=0x3e8 "
                             "-device isa-serial,id=a "
                             "-device isa-serial,id=b,irq=4,iobase=0x2f8");

    g_assert_cmpint(get_int(qts, "/machine/peripheral/a", "irq"), ==, 5);
    g_assert_cmphex(get_int(qts, "/machine/peripheral/a", "iobase"), ==,
                    0x3e8);
    g_assert_cmpint(get_int(qts, "/machine/peripheral/b", "irq"), ==, 4);
    g_assert_cmphex(get_int(qts, "/machine/peripheral/b", "iobase"), ==,
                    0x2f8);
    g_assert_cmphex(qtest_inb(qts, 0x3ed), ==, 0x60);
    qtest_quit(qts);

    /* the short forms make devices, too */
    qts = qtest_start(BASE "-machine pc -global isa-debugcon.iobase=0x402 "
                      "-debugcon null");
    g_assert_cmphex(qtest_inb(qts, 0x402), ==, 0xe9);
    g_assert_cmphex(qtest_inb(qts, 0xe9), ==, 0xff);
    qtest_quit(qts);
}

/** Of the type itself, or of one that it derives from. */
static void test_machine(void)
{
    static const char *const drivers[] = {
        "q35-machine", "generic-pc-machine", "machine",
    };
    Qtest *qts;

    for (unsigned i = 0; i < G_N_ELEMENTS(drivers); i++) {
        qts = qtest_start(BASE "-machine q35 -global %s.hpet=off", drivers[i]);
        g_assert_cmphex(qtest_readl(qts, 0xfed00000), ==, 0xffffffff);
        qtest_quit(qts);
    }
    qts = qtest_start(BASE "-machine q35 -global pc-machine.hpet=off");
    g_assert_cmphex(qtest_readl(qts, 0xfed00000), !=, 0xffffffff);
    qtest_quit(qts);
    qts = qtest_start(BASE "-machine q35,hpet=on -global machine.hpet=off");
    g_assert_cmphex(qtest_readl(qts, 0xfed00000), !=, 0xffffffff);
    qtest_quit(qts);
}

static void test_object(void)
{
    Qtest *qts = qtest_start(BASE "-machine none "
                             "-global memory-backend-ram.dump=off "
                             "-object memory-backend-ram,id=a,size=4k "
                             "-object memory-backend-ram,id=b,size=4k,dump=on");

    g_assert_false(get_int(qts, "/objects/a", "dump"));
    g_assert_true(get_int(qts, "/objects/b", "dump"));
    qtest_qmp_ok(qts, "{'execute': 'object-add', 'arguments': {'qom-type': "
                 "'memory-backend-ram', 'id': 'c', 'size': 4096}}");
    g_assert_false(get_int(qts, "/objects/c", "dump"));
    qtest_quit(qts);
}

static bool tables_have(Qtest *qts, const char *name)
{
    g_autoptr(GBytes) tables = qfw_read_file(qts, "etc/acpi/tables");
    gsize len;
    const void *bytes = g_bytes_get_data(tables, &len);

    return memmem(bytes, len, name, strlen(name)) != NULL;
}

/** docs/specs/acpi-pm.rst, R20: sleep states that the guest is not told of. */
static void test_sleep_states(void)
{
    static const char *const machines[][2] = {
        { "pc", "PIIX4_PM" }, { "q35", "ICH9-LPC" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(machines); i++) {
        for (unsigned off = 0; off < 4; off++) {
            Qtest *qts = qtest_start(BASE "-machine %s "
                                     "-global %s.disable_s3=%u "
                                     "-global %s.disable_s4=%u",
                                     machines[i][0], machines[i][1], off & 1,
                                     machines[i][1], off >> 1);
            g_autoptr(GBytes) states = qfw_read_file(qts,
                                                     "etc/system-states");
            const uint8_t *state = g_bytes_get_data(states, NULL);

            g_assert_cmpuint(g_bytes_get_size(states), ==, 6);
            g_assert_cmphex(state[3], ==, off & 1 ? 0x01 : 0x81);
            g_assert_cmphex(state[4], ==, off & 2 ? 0x02 : 0x82);
            g_assert_cmphex(state[5], ==, 0x80);
            g_assert_cmpint(tables_have(qts, "_S3_"), ==, !(off & 1));
            g_assert_cmpint(tables_have(qts, "_S4_"), ==, !(off & 2));
            g_assert_true(tables_have(qts, "_S5_"));
            qtest_quit(qts);
        }
    }
}

/** Tools give them for devices that there are not. */
static void test_unknown_driver(void)
{
    Qtest *qts = qtest_start(BASE "-machine pc "
                             "-global kvm-pit.lost_tick_policy=delay");

    qtest_expect_warning(qts, "warning: -global kvm-pit.lost_tick_policy="
                         "delay: there is no type 'kvm-pit' *");
    qtest_quit(qts);
}

static void test_errors(void)
{
    static const char *const rows[][2] = {
        { "isa-serial.frob=1", "*: Property 'isa-serial.frob' not found" },
        { "isa-serial.irq=x", "*: Parameter 'irq' expects *" },
        { "isa-serial.irq=4294967296", "*: Parameter 'irq' expects *" },
        { "PIIX4_PM.disable_s3=256", "*: Parameter 'disable_s3' expects *" },
        { "isa-serial.irq", "*" }, { "isa-serial", "*" }, { "=1", "*" },
        { ".irq=1", "*" }, { "isa-serial.=1", "*" },
        { "driver=isa-serial,property=irq", "*: Parameter 'value' is missing" },
        { "driver=isa-serial,property=irq,value=x", "*: *'irq'*" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *pattern = g_strdup_printf("-global %s%s", rows[i][0],
                                                   rows[i][1]);

        g_test_message("%s", rows[i][0]);
        qtest_expect_failure(pattern, BASE "-machine none -global %s",
                             rows[i][0]);
    }
    /* what only the whole configuration shows */
    qtest_expect_failure("-machine *: x-oem-id has 7 characters*",
                         BASE "-machine q35 -global machine.x-oem-id=SEVENLT");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/global/device", test_device);
    g_test_add_func("/global/machine", test_machine);
    g_test_add_func("/global/object", test_object);
    g_test_add_func("/global/sleep-states", test_sleep_states);
    g_test_add_func("/global/unknown-driver", test_unknown_driver);
    g_test_add_func("/global/errors", test_errors);
    return g_test_run();
}
