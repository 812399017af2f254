/*
 * device_add and device_del: refused where a bus does not allow it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "libqtest.h"

#define NO_HOTPLUG "Bus 'isa.0' does not support hotplugging"

static void test_add(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35 "
                             "-device isa-serial,id=a");

    qtest_qmp_error(qts, "GenericError", NO_HOTPLUG, "{'execute': "
                    "'device_add', 'arguments': {'driver': 'isa-serial', "
                    "'id': 'b', 'index': 1}}");
    qtest_qmp_error(qts, "GenericError", "Parameter 'driver' is missing",
                    "{'execute': 'device_add', 'arguments': {'id': 'b'}}");
    qtest_qmp_error(qts, "GenericError", "*'driver'*'frob'*",
                    "{'execute': 'device_add', 'arguments': "
                    "{'driver': 'frob', 'id': 'b'}}");
    qtest_qmp_error(qts, "GenericError", "*'frob'*", "{'execute': "
                    "'device_add', 'arguments': {'driver': 'isa-serial', "
                    "'frob': 1}}");
    /* a device of the board's own */
    qtest_qmp_error(qts, "GenericError", "*'driver'*'hpet'*", "{'execute': "
                    "'device_add', 'arguments': {'driver': 'hpet'}}");
    g_assert_cmphex(qtest_inb(qts, 0x2fd), ==, 0xff);
    g_assert_cmphex(qtest_inb(qts, 0x3fd), ==, 0x60);
    qtest_quit(qts);

    qts = qtest_start("-nodefaults -machine none");
    qtest_qmp_error(qts, "GenericError",
                    "No 'ISA' bus found for device 'isa-serial'",
                    "{'execute': 'device_add', 'arguments': "
                    "{'driver': 'isa-serial', 'id': 'b'}}");
    qtest_quit(qts);
}

static void test_del(void)
{
    static const char *const unknown[] = {
        "b", "", "/", "/machine", "/machine/rtc", "/machine/peripheral", "..",
        "/machine/peripheral/b", "rtc", "machine/peripheral/a",
    };
    static const char *const known[] = {
        "a", "/machine/peripheral/a", "/machine/peripheral-anon/device[0]",
    };
    Qtest *qts = qtest_start("-nodefaults -machine pc "
                             "-device isa-serial,id=a "
                             "-device isa-serial,index=1");

    for (unsigned i = 0; i < G_N_ELEMENTS(unknown); i++) {
        qtest_qmp_error(qts, "DeviceNotFound", "Device '*' not found",
                        "{'execute': 'device_del', 'arguments': "
                        "{'id': '%s'}}", unknown[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(known); i++) {
        qtest_qmp_error(qts, "GenericError", NO_HOTPLUG,
                        "{'execute': 'device_del', 'arguments': "
                        "{'id': '%s'}}", known[i]);
    }
    g_assert_cmphex(qtest_inb(qts, 0x3fd), ==, 0x60);
    g_assert_cmphex(qtest_inb(qts, 0x2fd), ==, 0x60);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hotplug/add", test_add);
    g_test_add_func("/hotplug/del", test_del);
    return g_test_run();
}
