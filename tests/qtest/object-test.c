/*
 * Objects: object-add and object-del, and the tree's qom commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest.h"

#define ADD "{'execute': 'object-add', 'arguments': "
#define DEL "{'execute': 'object-del', 'arguments': "
#define GET "{'execute': 'qom-get', 'arguments': "
#define SET "{'execute': 'qom-set', 'arguments': "

static json_object *list(Qtest *qts, const char *path)
{
    return qtest_qmp_return(qts, "{'execute': 'qom-list', 'arguments': "
                            "{'path': '%s'}}", path);
}

/** The row called @name; NULL if there is none. */
static json_object *find(json_object *rows, const char *name)
{
    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        json_object *row = json_object_array_get_idx(rows, i);

        if (strcmp(qtest_json_string(row, "name"), name) == 0) {
            return row;
        }
    }
    return NULL;
}

static void test_add_del(void)
{
    Qtest *qts = qtest_start_qmp("-nodefaults -machine none");
    json_object *rows, *row, *value;

    for (unsigned round = 0; round < 3; round++) {
        qtest_qmp_ok(qts, ADD "{'qom-type': 'memory-backend-ram', "
                     "'id': 'ram0', 'size': 2097152}}");
        rows = list(qts, "/objects");
        row = find(rows, "ram0");
        g_assert_nonnull(row);
        g_assert_cmpstr(qtest_json_string(row, "type"), ==,
                        "child<memory-backend-ram>");
        json_object_put(rows);

        rows = list(qts, "/objects/ram0");
        g_assert_nonnull(find(rows, "type"));
        g_assert_nonnull(find(rows, "size"));
        g_assert_nonnull(find(rows, "prealloc"));
        json_object_put(rows);
        value = qtest_qmp_return(qts, GET "{'path': '/objects/ram0', "
                                 "'property': 'size'}}");
        g_assert_cmpint(json_object_get_int64(value), ==, 2097152);
        json_object_put(value);
        /* The end of a path is enough where only one object has it */
        value = qtest_qmp_return(qts, GET "{'path': 'ram0', "
                                 "'property': 'type'}}");
        g_assert_cmpstr(json_object_get_string(value), ==,
                        "memory-backend-ram");
        json_object_put(value);

        qtest_qmp_error(qts, "GenericError", "*ram0*", ADD
                        "{'qom-type': 'memory-backend-ram', 'id': 'ram0', "
                        "'size': 4096}}");
        qtest_qmp_ok(qts, DEL "{'id': 'ram0'}}");
        qtest_qmp_error(qts, "GenericError", "object 'ram0' not found",
                        DEL "{'id': 'ram0'}}");
        rows = list(qts, "/objects");
        g_assert_null(find(rows, "ram0"));
        json_object_put(rows);
    }
    qtest_quit(qts);
}

static void test_errors(void)
{
    Qtest *qts = qtest_start_qmp("-nodefaults -machine none "
                                 "-object memory-backend-ram,id=r,size=1M");

    qtest_qmp_error(qts, "GenericError", "*qom-type*", ADD "{'id': 'x'}}");
    qtest_qmp_error(qts, "GenericError", "*bogus*",
                    ADD "{'qom-type': 'bogus', 'id': 'x'}}");
    qtest_qmp_error(qts, "GenericError", "Parameter 'size' is missing",
                    ADD "{'qom-type': 'memory-backend-ram', 'id': 'x'}}");
    qtest_qmp_error(qts, "GenericError", "Parameter 'id' is missing",
                    ADD "{'qom-type': 'memory-backend-ram', 'size': 4096}}");
    qtest_qmp_error(qts, "GenericError", "Parameter 'zz' is unexpected",
                    ADD "{'qom-type': 'memory-backend-ram', 'id': 'x', "
                    "'size': 4096, 'zz': 1}}");
    qtest_qmp_error(qts, "GenericError", "Invalid parameter type for 'size'*",
                    ADD "{'qom-type': 'memory-backend-ram', 'id': 'x', "
                    "'size': '4096'}}");
    qtest_qmp_error(qts, "GenericError", "*size*",
                    ADD "{'qom-type': 'memory-backend-ram', 'id': 'x', "
                    "'size': 0}}");
    qtest_qmp_error(qts, "GenericError", "*size*",
                    ADD "{'qom-type': 'memory-backend-ram', 'id': 'x', "
                    "'size': -1}}");
    qtest_qmp_error(qts, "GenericError", "*",
                    ADD "{'qom-type': 'memory-backend-ram', 'id': 'x', "
                    "'size': 18446744073709547520}}");
    qtest_qmp_error(qts, "GenericError", "*id*",
                    ADD "{'qom-type': 'memory-backend-ram', 'id': '', "
                    "'size': 4096}}");
    qtest_qmp_error(qts, "GenericError", "*id*",
                    ADD "{'qom-type': 'memory-backend-ram', 'id': 'a/b', "
                    "'size': 4096}}");
    qtest_qmp_error(qts, "GenericError", "*size*",
                    SET "{'path': '/objects/r', 'property': 'size', "
                    "'value': 4096}}");
    qtest_qmp_error(qts, "GenericError", "*type*",
                    SET "{'path': '/objects/r', 'property': 'type', "
                    "'value': 'x'}}");
    qtest_qmp_error(qts, "GenericError", "Property 'memory-backend-ram.nope' "
                    "not found", GET "{'path': '/objects/r', "
                    "'property': 'nope'}}");
    qtest_qmp_error(qts, "GenericError", "Property 'memory-backend-ram.nope' "
                    "not found", SET "{'path': '/objects/r', "
                    "'property': 'nope', 'value': 1}}");
    qtest_qmp_error(qts, "DeviceNotFound", "Device '/objects/q' not found",
                    GET "{'path': '/objects/q', 'property': 'size'}}");
    qtest_quit(qts);
}

/** A backend is the machine's RAM: it cannot go while the machine has it. */
static void test_machine_memory(void)
{
    Qtest *qts = qtest_start("-nodefaults -object memory-backend-ram,id=ram,"
                             "size=64M -machine q35,memory-backend=ram");

    qtest_writel(qts, (64 << 20) - 4, 0x12345678);
    g_assert_cmphex(qtest_readl(qts, (64 << 20) - 4), ==, 0x12345678);
    g_assert_cmphex(qtest_readl(qts, 64 << 20), ==, 0xffffffff);
    qtest_qmp_error(qts, "GenericError", "*'ram'*in use*",
                    DEL "{'id': 'ram'}}");
    qtest_writel(qts, 0x1000, 1);
    qtest_quit(qts);
    qtest_expect_failure("-machine q35,memory-backend=nope: *'nope'*",
                         "-nodefaults -display none "
                         "-machine q35,memory-backend=nope");
    qtest_expect_failure("-machine *: *", "-nodefaults -display none -m 32 "
                         "-object memory-backend-ram,id=ram,size=64M "
                         "-machine q35,memory-backend=ram");
}

static void assert_number(Qtest *qts, const char *path, const char *property,
                          int64_t expected)
{
    json_object *value = qtest_qmp_return(qts, GET "{'path': '%s', "
                                          "'property': '%s'}}", path,
                                          property);

    g_assert_true(json_object_is_type(value, json_type_int));
    g_assert_cmpint(json_object_get_int64(value), ==, expected);
    json_object_put(value);
}

/** What a device decided by itself is told as if it had been asked for. */
static void test_decided(void)
{
    Qtest *qts = qtest_start_qmp("-nodefaults -machine pc "
                                 "-device isa-serial,id=b,index=1 "
                                 "-device isa-serial,id=a "
                                 "-device isa-serial,id=x,iobase=0x200,irq=9");

    assert_number(qts, "b", "iobase", 0x2f8);
    assert_number(qts, "b", "irq", 3);
    assert_number(qts, "a", "index", 0);
    assert_number(qts, "a", "iobase", 0x3f8);
    assert_number(qts, "a", "irq", 4);
    assert_number(qts, "x", "iobase", 0x200);
    assert_number(qts, "x", "irq", 9);
    qtest_quit(qts);
}

static void test_tree(gconstpointer machine)
{
    Qtest *qts = qtest_start_qmp("-nodefaults -machine %s -chardev null,id=c "
                                 "-device isa-serial,id=com,chardev=c "
                                 "-device isa-debugcon,iobase=0x402,"
                                 "chardev=c2 -chardev null,id=c2",
                                 (const char *)machine);
    json_object *rows = list(qts, "/"), *value;

    g_assert_nonnull(find(rows, "machine"));
    g_assert_nonnull(find(rows, "objects"));
    g_assert_nonnull(find(rows, "chardevs"));
    json_object_put(rows);
    rows = list(qts, "/machine");
    g_assert_nonnull(find(rows, "firmware"));
    g_assert_nonnull(find(rows, "peripheral"));
    g_assert_nonnull(find(rows, "peripheral-anon"));
    g_assert_nonnull(find(rows, "ioapic"));
    g_assert_nonnull(find(rows, "fw_cfg"));
    json_object_put(rows);
    rows = list(qts, "/machine/peripheral");
    g_assert_cmpstr(qtest_json_string(find(rows, "com"), "type"), ==,
                    "child<isa-serial>");
    json_object_put(rows);
    rows = list(qts, "/machine/peripheral-anon");
    g_assert_cmpstr(qtest_json_string(find(rows, "device[0]"), "type"), ==,
                    "child<isa-debugcon>");
    json_object_put(rows);
    value = qtest_qmp_return(qts, GET "{'path': '/machine/peripheral-anon/"
                             "device[0]', 'property': 'iobase'}}");
    g_assert_cmpint(json_object_get_int64(value), ==, 0x402);
    json_object_put(value);
    value = qtest_qmp_return(qts, GET "{'path': '/machine', "
                             "'property': 'oem-source'}}");
    g_assert_cmpstr(json_object_get_string(value), ==, "slic");
    json_object_put(value);
    qtest_qmp_error(qts, "GenericError", "*oem-source*",
                    SET "{'path': '/machine', 'property': 'oem-source', "
                    "'value': 'none'}}");
    qtest_quit(qts);
}

static void test_types(void)
{
    Qtest *qts = qtest_start_qmp("-nodefaults -machine none");
    json_object *all = qtest_qmp_return(qts, "{'execute': "
                                        "'qom-list-types'}");
    json_object *devices = qtest_qmp_return(qts, "{'execute': "
                                            "'qom-list-types', 'arguments': "
                                            "{'implements': 'device'}}");
    json_object *abstract = qtest_qmp_return(qts, "{'execute': "
                                             "'qom-list-types', 'arguments': "
                                             "{'abstract': true}}");
    json_object *rows;

    g_assert_nonnull(find(all, "memory-backend-ram"));
    g_assert_nonnull(find(all, "isa-serial"));
    g_assert_null(find(all, "device"));
    g_assert_nonnull(find(abstract, "device"));
    g_assert_nonnull(find(devices, "isa-serial"));
    g_assert_null(find(devices, "memory-backend-ram"));
    json_object_put(all);
    json_object_put(devices);
    json_object_put(abstract);

    rows = qtest_qmp_return(qts, "{'execute': 'device-list-properties', "
                            "'arguments': {'typename': 'isa-debugcon'}}");
    g_assert_cmpstr(qtest_json_string(find(rows, "iobase"), "type"), ==,
                    "uint32");
    g_assert_cmpint(qtest_json_int(find(rows, "iobase"), "default-value"), ==,
                    0xe9);
    g_assert_nonnull(qtest_json_string(find(rows, "iobase"), "description"));
    json_object_put(rows);
    rows = qtest_qmp_return(qts, "{'execute': 'qom-list-properties', "
                            "'arguments': {'typename': "
                            "'memory-backend-ram'}}");
    g_assert_nonnull(find(rows, "size"));
    json_object_put(rows);
    /* what only this kind of chardev has, too */
    rows = qtest_qmp_return(qts, "{'execute': 'qom-list-properties', "
                            "'arguments': {'typename': 'chardev-socket'}}");
    g_assert_nonnull(find(rows, "backend"));
    g_assert_nonnull(find(rows, "server"));
    json_object_put(rows);
    qtest_qmp_error(qts, "DeviceNotFound", "*", "{'execute': "
                    "'device-list-properties', 'arguments': "
                    "{'typename': 'memory-backend-ram'}}");
    qtest_qmp_error(qts, "DeviceNotFound", "*nope*", "{'execute': "
                    "'qom-list-properties', 'arguments': "
                    "{'typename': 'nope'}}");
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/object/add-del", test_add_del);
    g_test_add_func("/object/errors", test_errors);
    g_test_add_func("/object/machine-memory", test_machine_memory);
    g_test_add_data_func("/object/pc/tree", "pc", test_tree);
    g_test_add_data_func("/object/q35/tree", "q35", test_tree);
    g_test_add_func("/object/decided", test_decided);
    g_test_add_func("/object/types", test_types);
    return g_test_run();
}
