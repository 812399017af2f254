/*
 * A management daemon's probe: what it asks before it uses the program
 *
 * The commands, in the order in which libvirt 9 sends them to a machine of type
 * none, and what of the answers it depends on.  The real thing is
 * libvirt-probe.py.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest.h"

#define START "-S -no-user-config -nodefaults -nographic -machine none"

static json_object *ask(Qtest *qts, const char *command)
{
    return qtest_qmp_return(qts, "{'execute': '%s'}", command);
}

/** In an array of objects: the one whose @key is @name; NULL if none is. */
static json_object *find(json_object *array, const char *key, const char *name)
{
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        json_object *item = json_object_array_get_idx(array, i);

        if (strcmp(qtest_json_string(item, key), name) == 0) {
            return item;
        }
    }
    return NULL;
}

static void check_names(Qtest *qts, const char *command,
                        const char *const *names)
{
    json_object *list = ask(qts, command);

    for (; *names; names++) {
        g_test_message("%s: %s", command, *names);
        g_assert_nonnull(find(list, "name", *names));
    }
    json_object_put(list);
}

static void check_identity(Qtest *qts)
{
    json_object *value = ask(qts, "query-version");
    json_object *level = qtest_json_get(value, "qemu");

    /* below 4.2 it would go no further */
    g_assert_cmpint(qtest_json_int(level, "major") * 100 +
                    qtest_json_int(level, "minor"), >=, 402);
    qtest_json_int(level, "micro");
    g_assert_nonnull(qtest_json_string(value, "package"));
    json_object_put(value);
    value = ask(qts, "query-target");
    g_assert_cmpstr(qtest_json_string(value, "arch"), ==, "x86_64");
    json_object_put(value);
    value = ask(qts, "query-kvm");
    g_assert_false(qtest_json_bool(value, "enabled") &&
                   !qtest_json_bool(value, "present"));
    json_object_put(value);
}

static void check_commands(Qtest *qts)
{
    static const char *const commands[] = {
        "device_add", "device_del", "object-add", "object-del", "qom-get",
        "qom-list-properties", "qom-set",
        "query-command-line-options", "query-cpu-definitions",
        "query-cpus-fast", "query-current-machine", "query-hotpluggable-cpus",
        "query-machines", "query-migrate-capabilities", "query-status",
        "set-action", "stop", "cont", "system_powerdown", "system_reset",
        "system_wakeup", NULL,
    };
    static const char *const types[] = {
        "ICH9-LPC", "PIIX4_PM", "isa-serial", "max-x86_64-cpu",
        "memory-backend-ram", "none-machine", NULL,
    };

    check_names(qts, "query-commands", commands);
    check_names(qts, "qom-list-types", types);
}

/** A device that there is not is no reason to give up. */
static void check_properties(Qtest *qts)
{
    static const char *const devices[][2] = {
        { "virtio-blk-pci", NULL }, { "scsi-hd", NULL },
        { "PIIX4_PM", "disable_s3" }, { "kvm-pit", NULL },
        { "ICH9-LPC", "disable_s4" }, { "virtio-balloon-ccw", NULL },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(devices); i++) {
        const char *type = devices[i][0];
        json_object *list;

        if (!devices[i][1]) {
            qtest_qmp_error(qts, "DeviceNotFound", "*", "{'execute': "
                            "'device-list-properties', 'arguments': "
                            "{'typename': '%s'}}", type);
            continue;
        }
        list = qtest_qmp_return(qts, "{'execute': 'device-list-properties', "
                                "'arguments': {'typename': '%s'}}", type);
        g_assert_nonnull(find(list, "name", devices[i][1]));
        json_object_put(list);
    }
    json_object_put(qtest_qmp_return(qts, "{'execute': 'qom-list-properties', "
                                     "'arguments': {'typename': "
                                     "'max-x86_64-cpu'}}"));
}

static void check_machines(Qtest *qts)
{
    static const char *const names[] = { "pc", "q35" };
    json_object *list = ask(qts, "query-machines");

    g_assert_nonnull(find(list, "name", "none"));
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        json_object *machine = find(list, "name", names[i]);

        g_assert_nonnull(machine);
        g_assert_cmpint(qtest_json_int(machine, "cpu-max"), ==, 255);
        g_assert_cmpstr(qtest_json_string(machine, "default-ram-id"), ==,
                        "pc.ram");
        g_assert_cmpstr(qtest_json_string(machine, "default-cpu-type"), ==,
                        "qemu64-x86_64-cpu");
    }
    json_object_put(list);
    list = qtest_qmp_return(qts, "{'execute': 'qom-list-properties', "
                            "'arguments': {'typename': 'none-machine'}}");
    g_assert_nonnull(find(list, "name", "hpet"));
    json_object_put(list);
    list = ask(qts, "query-cpu-definitions");
    g_assert_nonnull(find(list, "typename", "max-x86_64-cpu"));
    json_object_put(list);
}

static void check_options(Qtest *qts)
{
    json_object *list = ask(qts, "query-command-line-options");
    json_object *smp = find(list, "option", "smp-opts");
    json_object *dies;

    g_assert_nonnull(smp);
    dies = find(qtest_json_get(smp, "parameters"), "name", "dies");
    g_assert_nonnull(dies);
    g_assert_cmpstr(qtest_json_string(dies, "type"), ==, "number");
    json_object_put(list);

    list = qtest_qmp_return(qts, "{'execute': 'query-command-line-options', "
                            "'arguments': {'option': 'memory'}}");
    g_assert_cmpuint(json_object_array_length(list), ==, 1);
    g_assert_nonnull(find(list, "option", "memory"));
    json_object_put(list);
    qtest_qmp_error(qts, "GenericError", "invalid option name: frob",
                    "{'execute': 'query-command-line-options', 'arguments': "
                    "{'option': 'frob'}}");
}

static void test_probe(void)
{
    Qtest *qts = qtest_start_qmp(START);
    json_object *schema;

    check_identity(qts);
    schema = ask(qts, "query-qmp-schema");
    g_assert_nonnull(find(schema, "name", "query-status"));
    json_object_put(schema);
    check_commands(qts);
    check_properties(qts);
    check_machines(qts);
    check_options(qts);
    json_object_put(ask(qts, "query-migrate-capabilities"));
    /* TPM, SEV, SGX: "no such command" is an answer, too */
    qtest_qmp_error(qts, "CommandNotFound", "*",
                    "{'execute': 'query-no-such-thing'}");
    qtest_quit(qts);
}

/** What it asks a machine that it has started. */
static void test_started(void)
{
    Qtest *qts = qtest_start("-S -no-user-config -nodefaults -no-shutdown "
                             "-machine q35,usb=off,dump-guest-core=off "
                             "-smp 4,sockets=1,dies=2,cores=1,threads=2 "
                             "-overcommit mem-lock=off -msg timestamp=on");
    json_object *cpus = ask(qts, "query-cpus-fast");
    json_object *places = ask(qts, "query-hotpluggable-cpus");
    json_object *value;

    g_assert_cmpuint(json_object_array_length(cpus), ==, 4);
    g_assert_cmpuint(json_object_array_length(places), ==, 4);
    for (int i = 0; i < 4; i++) {
        json_object *cpu = json_object_array_get_idx(cpus, i);
        json_object *props = qtest_json_get(cpu, "props");
        const char *path = qtest_json_string(cpu, "qom-path");

        g_assert_cmpint(qtest_json_int(cpu, "cpu-index"), ==, i);
        g_assert_cmpint(qtest_json_int(props, "socket-id"), ==, 0);
        g_assert_cmpint(qtest_json_int(props, "die-id"), ==, i / 2);
        g_assert_cmpint(qtest_json_int(props, "core-id"), ==, 0);
        g_assert_cmpint(qtest_json_int(props, "thread-id"), ==, i % 2);
        g_assert_cmpint(qtest_json_int(cpu, "thread-id"), ==, qtest_pid(qts));
        g_assert_nonnull(find(places, "qom-path", path));
        value = qtest_qmp_return(qts, "{'execute': 'qom-get', 'arguments': "
                                 "{'path': '%s', 'property': 'apic-id'}}",
                                 path);
        g_assert_cmpint(json_object_get_int64(value), ==, i);
        json_object_put(value);
    }
    json_object_put(places);
    json_object_put(cpus);
    value = ask(qts, "query-current-machine");
    g_assert_true(qtest_json_bool(value, "wakeup-suspend-support"));
    json_object_put(value);
    value = ask(qts, "query-memory-size-summary");
    g_assert_cmpint(qtest_json_int(value, "base-memory"), ==, 128 << 20);
    json_object_put(value);
    value = ask(qts, "query-accelerators");
    g_assert_cmpstr(qtest_json_string(value, "enabled"), ==, "qtest");
    json_object_put(value);
    value = ask(qts, "query-iothreads");
    g_assert_cmpuint(json_object_array_length(value), ==, 0);
    json_object_put(value);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/probe/none", test_probe);
    g_test_add_func("/probe/started", test_started);
    return g_test_run();
}
