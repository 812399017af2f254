/*
 * Options that management tools always give: what is true of this machine is
 * accepted, anything else is refused
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include <unistd.h>

#include "libqtest.h"

#define BASE "-nodefaults -display none "

static void test_accepted(void)
{
    static const char *const options[] = {
        "-machine none,accel=kvm:tcg", "-machine none -accel kvm -accel tcg",
        "-machine none -enable-kvm", "-machine none,acpi=off",
        "-machine none -no-acpi",
        "-machine q35,usb=off,vmport=off,smm=off,dump-guest-core=on,"
        "mem-merge=off,acpi=on", "-machine pc,vmport=auto,smm=auto,acpi=auto",
        "-net none", "-nic none", "-nic type=none", "-vga none",
        "-parallel none", "-k en-us", "-audiodev none,id=a",
        "-audiodev '{\"id\": \"audio1\", \"driver\": \"none\"}'",
        "-overcommit mem-lock=off", "-overcommit cpu-pm=off",
        "-m size=131072k,slots=0,maxmem=134217728",
        "-smp 2,sockets=1,dies=1,clusters=1,cores=2,threads=1",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        QtestRun run = qtest_run("{'execute':'qmp_capabilities'}"
                                 "{'execute':'quit'}",
                                 BASE "-qmp stdio %s", options[i]);

        g_test_message("%s", options[i]);
        g_assert_cmpstr(run.err, ==, "");
        g_assert_cmpint(run.status, ==, 0);
        qtest_run_clear(&run);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *option, *fault;
    } rows[] = {
        { "-enable-kvm", "-accel kvm: accelerator kvm is not available *" },
        { "-machine none,accel=frob",
          "-machine accel=frob: invalid accelerator frob *" },
        { "-machine q35,usb=on", "-machine q35,usb=on: usb=on *" },
        { "-machine q35,vmport=on", "-machine *: vmport=on *" },
        { "-machine q35,smm=on", "-machine *: smm=on *" },
        { "-machine q35,acpi=off", "-machine *: acpi=off *'q35'*" },
        { "-no-acpi -machine q35", "-machine q35: acpi=off *'q35'*" },
        { "-machine none,acpi=on", "-machine *: acpi=on *'none'*" },
        { "-machine q35,dump-guest-core=maybe", "*'dump-guest-core'*" },
        { "-net user", "-net user: *'user'*none*" },
        { "-nic none,id=x", "-nic none,id=x: Invalid parameter 'id' (-nic help "
          "lists them)" },
        { "-netdev user,id=n", "-netdev: not available in this version" },
        { "-usb", "-usb: not available in this version" },
        { "-vga std", "-vga std: 'std' *" },
        { "-parallel null", "-parallel null: 'null' *" },
        { "-audiodev pa,id=a", "-audiodev pa,id=a: *'pa'*" },
        { "-audiodev none", "-audiodev none: Parameter 'id' is missing" },
        { "-overcommit cpu-pm=on", "-overcommit cpu-pm=on: cpu-pm: *" },
        { "-overcommit frob=on", "-overcommit frob=on: *'frob'*" },
        { "-cpu host", "-cpu host: CPU model 'host' requires *" },
        { "-m 128,slots=1", "-m 128,slots=1: slots=1: *" },
        { "-m 128,slots=-1", "-m 128,slots=-1: *'slots'*" },
        { "-m 128,maxmem=1G", "-m 128,maxmem=1G: maxmem: *" },
        { "-m 128,maxmem=1M",
          "-m *: maxmem=1048576 is less than size=134217728 (bytes)" },
        { "-object secret,id=a,data=x -object secret,id=a,data=y",
          "-object secret,id=a,data=y: Duplicate ID 'a' for object" },
        { "-smp 2,cores=3", "-smp 2,cores=3: * cores (3) * (maxcpus=2)" },
        { "-smp 2,sockets=2,cores=2", "*: sockets (2) * (maxcpus=2)" },
        { "-smp 6,sockets=4", "-smp 6,sockets=4: sockets (4) * (maxcpus=6)" },
        { "-smp 2,clusters=2", "-smp 2,clusters=2: clusters *" },
        { "-smp 2,clusters=0", "-smp 2,clusters=0: clusters *" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].option);
        qtest_expect_failure(rows[i].fault, BASE "%s", rows[i].option);
    }
}

/** A file under /proc of the machine's process. */
static char *process_file(Qtest *qts, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", qtest_pid(qts),
                                            name);
    char *text;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/** Whether the guest's RAM, the one mapping of just its size, has a flag. */
static bool ram_has_flag(Qtest *qts, unsigned ram_kib, const char *flag)
{
    g_autofree char *smaps = process_file(qts, "smaps");
    g_autofree char *pattern = g_strdup_printf(
        "^Size: +%u kB\\n(?:(?!VmFlags).*\\n)*"
        "VmFlags:.* %s(?: |$)", ram_kib, flag);

    return g_regex_match_simple(pattern, smaps, G_REGEX_MULTILINE, 0);
}

/** The one memory backend's @member, by query-memdev and by qom-get. */
static bool ram_property(Qtest *qts, const char *member)
{
    json_object *all = qtest_qmp_return(qts, "{'execute': 'query-memdev'}");
    json_object *memdev = json_object_array_get_idx(all, 0);
    json_object *got = qtest_qmp_return(
        qts, "{'execute': 'qom-get', 'arguments': {'path': '/objects/%s', "
        "'property': '%s'}}", qtest_json_string(memdev, "id"), member);
    bool value = qtest_json_bool(memdev, member);

    g_assert_cmpint(json_object_get_boolean(got), ==, value);
    json_object_put(got);
    json_object_put(all);
    return value;
}

static void expect_ram(const char *machine, const char *backend, bool dump,
                       bool merge)
{
    Qtest *qts = qtest_start("-machine %s -m 24 -nodefaults %s", machine,
                             backend);

    g_assert_cmpint(ram_property(qts, "dump"), ==, dump);
    g_assert_cmpint(ram_has_flag(qts, 24 * 1024, "dd"), ==, !dump);
    g_assert_cmpint(ram_property(qts, "merge"), ==, merge);
    g_assert_cmpint(ram_has_flag(qts, 24 * 1024, "mg"), ==, merge);
    qtest_quit(qts);
}

/** What -machine says, what the backend says, and what then holds: all who
 *  tell of it agree. */
static void test_ram_advice(void)
{
#define BACKEND "-object memory-backend-ram,id=r,size=24M"
    const bool merges = access("/sys/kernel/mm/ksm", F_OK) == 0;

    expect_ram("q35", "", true, false);
    expect_ram("q35,dump-guest-core=off", "", false, false);
    expect_ram("q35,memory-backend=r", BACKEND, true, merges);
    expect_ram("q35,memory-backend=r,dump-guest-core=off,mem-merge=off",
               BACKEND, false, false);
    expect_ram("none,memory-backend=r,dump-guest-core=off,mem-merge=off",
               BACKEND ",dump=on", true, false);
    expect_ram("pc,memory-backend=r,dump-guest-core=on",
               BACKEND ",dump=off,merge=off", false, false);
    if (merges) {
        expect_ram("q35,mem-merge=on", "", true, true);
        expect_ram("q35,memory-backend=r,mem-merge=off",
                   BACKEND ",merge=on", true, true);
    } else {
        qtest_expect_failure("*mem-merge=on: this host cannot merge pages",
                             BASE "-machine none,mem-merge=on,"
                             "memory-backend=r " BACKEND);
    }
#undef BACKEND
}

static void test_dump_guest_core(void)
{
    Qtest *qts = qtest_start("-machine q35 -nodefaults -m 24");

    g_assert_true(ram_has_flag(qts, 24 * 1024, "rd"));
    g_assert_false(ram_has_flag(qts, 24 * 1024, "dd"));
    qtest_quit(qts);

    qts = qtest_start("-machine q35,dump-guest-core=off -nodefaults -m 24");
    g_assert_true(ram_has_flag(qts, 24 * 1024, "dd"));
    qtest_quit(qts);

    qts = qtest_start("-machine none,dump-guest-core=off,memory-backend=r "
                      "-nodefaults -object memory-backend-ram,id=r,size=24M");
    g_assert_true(ram_has_flag(qts, 24 * 1024, "dd"));
    qtest_quit(qts);
}

static void test_mem_lock(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    g_test_skip("sanitizers make mlockall() do nothing");
#else
    Qtest *qts = qtest_start("-machine none -nodefaults -m 4");
    g_autofree char *before = process_file(qts, "status");
    g_autofree char *after = NULL;
    QtestRun run;

    g_assert_nonnull(strstr(before, "VmLck:\t       0 kB"));
    qtest_quit(qts);

    run = qtest_run("{'execute':'qmp_capabilities'}{'execute':'quit'}",
                    BASE "-machine none -overcommit mem-lock=on -qmp stdio");
    if (run.status) {
        /* a host that does not let us: it says so */
        g_assert_true(g_str_has_prefix(run.err,
                                       "-overcommit mem-lock=on: memory "
                                       "cannot be locked: "));
        g_test_skip("this host does not allow that much locked memory");
        qtest_run_clear(&run);
        return;
    }
    qtest_run_clear(&run);
    qts = qtest_start("-machine none -nodefaults -m 4 "
                      "-overcommit mem-lock=on");
    after = process_file(qts, "status");
    g_assert_null(strstr(after, "VmLck:\t       0 kB"));
    qtest_quit(qts);
#endif
}

static void test_no_hpet(void)
{
    Qtest *qts = qtest_start("-machine q35 -nodefaults -no-hpet");

    g_assert_cmphex(qtest_readl(qts, 0xfed00000), ==, 0xffffffff);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/compat-options/accepted", test_accepted);
    g_test_add_func("/compat-options/refused", test_refused);
    g_test_add_func("/compat-options/dump-guest-core", test_dump_guest_core);
    g_test_add_func("/compat-options/ram-advice", test_ram_advice);
    g_test_add_func("/compat-options/mem-lock", test_mem_lock);
    g_test_add_func("/compat-options/no-hpet", test_no_hpet);
    return g_test_run();
}
