/*
 * Saving a machine, restoring it, moving it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libqtest-pci.h"
#include "libqtest.h"

#define MIB (UINT64_C(1) << 20)
#define RAM_MIB 32
/* Of random bytes: more than sockets hold */
#define NOISE_GPA (8 * MIB)
#define NOISE_LEN (4 * MIB)

#define MIGRATE "{'execute': 'migrate', 'arguments': {'uri': '%s'}}"
#define INCOMING "{'execute': 'migrate-incoming', 'arguments': {'uri': '%s'}}"
#define CANCEL "{'execute': 'migrate_cancel'}"
#define EVENTS "{'execute': 'migrate-set-capabilities', 'arguments': " \
    "{'capabilities': [{'capability': 'events', 'state': %s}]}}"
#define CONT "{'execute': 'cont'}"
#define STOP "{'execute': 'stop'}"

/* Machines */

static Qtest *start(const char *machine, const char *options)
{
    Qtest *qts = qtest_start("-nodefaults -machine %s -m %d %s", machine,
                             RAM_MIB, options);

    qtest_qmp_ok(qts, "{'execute': 'migrate-set-capabilities', 'arguments': "
                 "{'capabilities': [{'capability': 'events', "
                 "'state': true}]}}");
    return qts;
}

static void expect_state(Qtest *qts, const char *state)
{
    json_object *value = qtest_qmp_return(qts, "{'execute': 'query-status'}");

    g_assert_cmpstr(qtest_json_string(value, "status"), ==, state);
    g_assert_cmpint(qtest_json_bool(value, "running"), ==,
                    g_str_equal(state, "running"));
    json_object_put(value);
}

/** The next steps, NULL after the last, are these; nothing in between. */
static void expect_steps(Qtest *qts, ...)
{
    va_list steps;
    const char *step;

    va_start(steps, qts);
    while ((step = va_arg(steps, const char *))) {
        json_object *event = qtest_qmp_event_wait(qts, "MIGRATION");

        g_assert_cmpstr(qtest_json_string(qtest_json_get(event, "data"),
                                          "status"), ==, step);
        json_object_put(event);
    }
    va_end(steps);
    g_assert_false(qmp_session_has_event(qtest_qmp_session(qts), "MIGRATION"));
}

static void expect_event(Qtest *qts, const char *name)
{
    json_object_put(qtest_qmp_event_wait(qts, name));
}

static bool has_event(Qtest *qts, const char *name)
{
    return qmp_session_has_event(qtest_qmp_session(qts), name);
}

static void expect_info(Qtest *qts, const char *status, const char *error)
{
    json_object *info = qtest_qmp_return(qts, "{'execute': 'query-migrate'}");

    g_assert_cmpstr(qtest_json_string(info, "status"), ==, status);
    g_assert_cmpint(qtest_json_has(info, "error-desc"), ==, error != NULL);
    if (error && !g_pattern_match_simple(error, qtest_json_string(
                                                    info, "error-desc"))) {
        g_error("'%s' is not '%s'", qtest_json_string(info, "error-desc"),
                error);
    }
    json_object_put(info);
}

static char *hmp(Qtest *qts, const char *line)
{
    json_object *value = qtest_qmp_return(
        qts, "{'execute': 'human-monitor-command', 'arguments': "
        "{'command-line': '%s'}}", line);
    char *text = g_strdup(json_object_get_string(value));

    json_object_put(value);
    return text;
}

static void expect_hmp(Qtest *qts, const char *line, const char *pattern)
{
    g_autofree char *text = hmp(qts, line);

    if (!g_pattern_match_simple(pattern, text)) {
        g_error("%s: '%s' is not '%s'", line, text, pattern);
    }
}

static void wait_restored(Qtest *qts)
{
    for (int i = 0;; i++) {
        json_object *value = qtest_qmp_return(qts,
                                              "{'execute': 'query-status'}");
        bool there = strcmp(qtest_json_string(value, "status"), "inmigrate");

        json_object_put(value);
        if (there) {
            return;
        }
        g_assert_cmpint(i, <, QTEST_TIMEOUT_S * 100);
        g_usleep(10000);
    }
}

/** To a file, all steps of it. */
static void save(Qtest *qts, const char *path, bool runs)
{
    g_autofree char *uri = g_strconcat("file:", path, NULL);

    qtest_qmp_ok(qts, MIGRATE, uri);
    expect_steps(qts, "setup", "active", "completed", NULL);
    g_assert_cmpint(has_event(qts, "STOP"), ==, runs);
    if (runs) {
        expect_event(qts, "STOP");
    }
    g_assert_false(has_event(qts, "RESUME"));
    expect_state(qts, "postmigrate");
    expect_info(qts, "completed", NULL);
}

static Qtest *restore(const char *machine, const char *path,
                      const char *options)
{
    g_autofree char *all = g_strdup_printf("-incoming file:%s %s", path,
                                           options);
    Qtest *qts = start(machine, all);

    wait_restored(qts);
    expect_info(qts, "completed", NULL);
    /* it is chance which of them we were there for */
    while (has_event(qts, "MIGRATION")) {
        expect_event(qts, "MIGRATION");
    }
    while (has_event(qts, "RESUME")) {
        expect_event(qts, "RESUME");
    }
    return qts;
}

/* Memory */

static void make_noise(uint8_t *noise)
{
    GRand *rand = g_rand_new_with_seed(7);

    for (size_t i = 0; i < NOISE_LEN; i += 4) {
        guint32 word = g_rand_int(rand);

        memcpy(noise + i, &word, sizeof(word));
    }
    g_rand_free(rand);
}

static void fill(Qtest *qts)
{
    g_autofree uint8_t *noise = g_malloc(NOISE_LEN);

    make_noise(noise);
    qtest_memwrite(qts, NOISE_GPA, noise, NOISE_LEN);
    qtest_writeq(qts, 0x1000, 0x1122334455667788);
    qtest_writeb(qts, MIB - 1 - 0x60000, 0x5a);         /* 0x9ffff */
    qtest_memset(qts, MIB, 0xa5, 3 * 4096);
    qtest_memset(qts, MIB + 4096, 0, 4096);             /* zero again */
    qtest_writel(qts, RAM_MIB * MIB - 4, 0xcafef00d);
}

static void check(Qtest *qts)
{
    g_autofree uint8_t *noise = g_malloc(NOISE_LEN);
    g_autofree uint8_t *there = g_malloc(NOISE_LEN);

    make_noise(noise);
    qtest_memread(qts, NOISE_GPA, there, NOISE_LEN);
    g_assert_cmpint(memcmp(noise, there, NOISE_LEN), ==, 0);
    g_assert_cmphex(qtest_readq(qts, 0x1000), ==, 0x1122334455667788);
    g_assert_cmphex(qtest_readq(qts, 0x1008), ==, 0);
    g_assert_cmphex(qtest_readb(qts, 0x9ffff), ==, 0x5a);
    g_assert_cmphex(qtest_readl(qts, MIB + 4092), ==, 0xa5a5a5a5);
    g_assert_cmphex(qtest_readl(qts, MIB + 4096), ==, 0);
    g_assert_cmphex(qtest_readl(qts, MIB + 8192), ==, 0xa5a5a5a5);
    g_assert_cmphex(qtest_readl(qts, RAM_MIB * MIB - 4), ==, 0xcafef00d);
}

static void expect_empty(Qtest *qts)
{
    g_assert_cmphex(qtest_readq(qts, 0x1000), ==, 0);
    g_assert_cmphex(qtest_readl(qts, MIB), ==, 0);
    g_assert_cmphex(qtest_readq(qts, NOISE_GPA), ==, 0);
}

/* From one to another */

static void test_file(gconstpointer machine)
{
    g_autofree char *path = qtest_temp_path("saved");
    Qtest *qts = start(machine, "");

    fill(qts);
    save(qts, path, true);
    check(qts);
    qtest_quit(qts);

    qts = restore(machine, path, "");
    expect_state(qts, "running");
    check(qts);
    /* it is a machine like any other: it can be saved in its turn */
    qtest_writel(qts, 0x2000, 1);
    save(qts, path, true);
    qtest_qmp_ok(qts, CONT);
    expect_event(qts, "RESUME");
    expect_state(qts, "running");
    qtest_quit(qts);

    qts = restore(machine, path, "-S");
    expect_state(qts, "paused");
    check(qts);
    g_assert_cmphex(qtest_readl(qts, 0x2000), ==, 1);
    qtest_qmp_ok(qts, CONT);
    expect_state(qts, "running");
    qtest_quit(qts);
    g_unlink(path);
}

static void test_unix(gconstpointer machine)
{
    g_autofree char *path = qtest_temp_path("socket");
    g_autofree char *uri = g_strconcat("unix:", path, NULL);
    Qtest *to = start(machine, "-incoming defer");
    Qtest *from = start(machine, "");

    expect_state(to, "inmigrate");
    fill(from);
    qtest_qmp_ok(to, INCOMING, uri);
    expect_steps(to, "setup", NULL);
    expect_info(to, "setup", NULL);
    /* what is told can be changed at any time */
    qtest_qmp_ok(to, EVENTS, "false");
    qtest_qmp_ok(to, EVENTS, "true");
    qtest_qmp_error(to, "GenericError", "The incoming migration has already "
                    "been started", INCOMING, uri);
    qtest_qmp_ok(from, MIGRATE, uri);
    expect_steps(from, "setup", "active", "completed", NULL);
    expect_steps(to, "active", "completed", NULL);
    expect_event(to, "RESUME");
    expect_state(to, "running");
    expect_state(from, "postmigrate");
    check(to);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    qtest_qmp_error(to, "GenericError", "The incoming migration has already "
                    "been started", INCOMING, uri);
    qtest_quit(from);
    qtest_quit(to);
}

/* Registers */

static void write_cmos(Qtest *qts, uint8_t index, uint8_t value)
{
    qtest_outb(qts, 0x70, index);
    qtest_outb(qts, 0x71, value);
}

static uint8_t read_cmos(Qtest *qts, uint8_t index)
{
    qtest_outb(qts, 0x70, index);
    return qtest_inb(qts, 0x71);
}

/** A guest's doings: a register here and there, a timer that runs, a line that
 *  is high. */
static void touch(Qtest *qts)
{
    write_cmos(qts, 0x50, 0x77);
    qtest_outb(qts, 0x3fb, 0x03);               /* COM1: 8N1 */
    qtest_outb(qts, 0x3ff, 0x42);               /* its scratch register */
    qtest_writel(qts, 0xfec00000, 0x13);        /* IOAPIC, entry 1 */
    qtest_writel(qts, 0xfec00010, 0x0f00dead);
    qtest_writeq(qts, 0xfed00108, 1000000);     /* HPET, timer 0 */
    qtest_writeq(qts, 0xfed00100, 4);           /* an interrupt */
    qtest_writeq(qts, 0xfed00010, 1);           /* go */
    qtest_clock_step(qts, 1000000);
}

static void check_touched(Qtest *qts)
{
    uint64_t counter;

    g_assert_cmphex(read_cmos(qts, 0x50), ==, 0x77);
    g_assert_cmphex(qtest_inb(qts, 0x3fb), ==, 0x03);
    g_assert_cmphex(qtest_inb(qts, 0x3ff), ==, 0x42);
    qtest_writel(qts, 0xfec00000, 0x13);
    g_assert_cmphex(qtest_readl(qts, 0xfec00010), ==, 0x0f000000);
    g_assert_cmphex(qtest_readq(qts, 0xfed00108), ==, 1000000);
    g_assert_cmphex(qtest_readq(qts, 0xfed00010), ==, 1);
    /* the clock goes on from where it stood */
    counter = qtest_readq(qts, 0xfed000f0);
    g_assert_cmpuint(counter, ==, 100000);
    qtest_clock_step(qts, 1000000);
    g_assert_cmpuint(qtest_readq(qts, 0xfed000f0), ==, 200000);
}

static void test_registers(gconstpointer machine)
{
    g_autofree char *path = qtest_temp_path("saved");
    Qtest *qts = start(machine, "-serial null");

    touch(qts);
    qtest_qmp_ok(qts, "{'execute': 'system_powerdown'}");
    save(qts, path, true);
    qtest_quit(qts);
    qts = restore(machine, path, "-serial null");
    check_touched(qts);
    /* reset is as ever */
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    g_assert_cmphex(qtest_readq(qts, 0xfed00010), ==, 0);
    g_assert_cmphex(qtest_inb(qts, 0x3fb), ==, 0);
    qtest_quit(qts);
    g_unlink(path);
}

/* What query-migrate has */
static void test_info(void)
{
    g_autofree char *path = qtest_temp_path("saved");
    Qtest *qts = start("q35", "");
    json_object *info = qtest_qmp_return(qts, "{'execute': 'query-migrate'}");
    json_object *ram;
    int64_t normal, transferred;

    g_assert_cmpint(json_object_object_length(info), ==, 0);
    json_object_put(info);
    fill(qts);
    save(qts, path, true);
    info = qtest_qmp_return(qts, "{'execute': 'query-migrate'}");
    ram = qtest_json_get(info, "ram");
    g_assert_cmpint(qtest_json_int(info, "total-time"), >=, 0);
    g_assert_cmpint(qtest_json_int(info, "downtime"), >=, 0);
    g_assert_cmpint(qtest_json_int(info, "setup-time"), ==, 0);
    g_assert_cmpint(qtest_json_int(ram, "total"), >=, RAM_MIB * MIB);
    g_assert_cmpint(qtest_json_int(ram, "remaining"), ==, 0);
    g_assert_cmpint(qtest_json_int(ram, "page-size"), ==, 4096);
    /* the noise, and five more pages */
    g_assert_cmpint(qtest_json_int(ram, "normal"), >=, 1024 + 5);
    g_assert_cmpint(qtest_json_int(ram, "normal"), <, 1024 + 100);
    g_assert_cmpint(qtest_json_int(ram, "normal-bytes"), ==,
                    qtest_json_int(ram, "normal") * 4096);
    g_assert_cmpint(qtest_json_int(ram, "normal") +
                    qtest_json_int(ram, "duplicate"), ==,
                    qtest_json_int(ram, "total") / 4096);
    g_assert_cmpint(qtest_json_int(ram, "transferred"), >,
                    qtest_json_int(ram, "normal-bytes"));
    normal = qtest_json_int(ram, "normal");
    transferred = qtest_json_int(ram, "transferred");
    json_object_put(info);
    qtest_quit(qts);

    /* and on the other side */
    qts = restore("q35", path, "");
    info = qtest_qmp_return(qts, "{'execute': 'query-migrate'}");
    ram = qtest_json_get(info, "ram");
    g_assert_cmpint(qtest_json_int(info, "total-time"), >=, 0);
    g_assert_false(qtest_json_has(info, "downtime"));
    g_assert_false(qtest_json_has(info, "setup-time"));
    g_assert_cmpint(qtest_json_int(ram, "total"), >=, RAM_MIB * MIB);
    g_assert_cmpint(qtest_json_int(ram, "remaining"), ==, 0);
    g_assert_cmpint(qtest_json_int(ram, "normal"), ==, normal);
    g_assert_cmpint(qtest_json_int(ram, "transferred"), ==, transferred);
    json_object_put(info);
    qtest_quit(qts);
    g_unlink(path);
}

/* Run states */

static void place_pm(Qtest *qts)
{
    qpci_writel(qts, QPCI_DEVFN(31, 0), 0x40, 0x601);
    qpci_writeb(qts, QPCI_DEVFN(31, 0), 0x44, 0x80);
}

/** Bring a machine into a state. */
typedef void Bring(Qtest *qts);

static void bring_nowhere(Qtest *qts)
{
}

static void bring_stop(Qtest *qts)
{
    qtest_qmp_ok(qts, STOP);
    expect_event(qts, "STOP");
}

static void bring_sleep(Qtest *qts)
{
    place_pm(qts);
    qtest_outw(qts, 0x604, 0x2400);
}

static void bring_off(Qtest *qts)
{
    place_pm(qts);
    qtest_outw(qts, 0x604, 0x2000);
    expect_event(qts, "STOP");
}

static void bring_saved(Qtest *qts)
{
    g_autofree char *path = qtest_temp_path("before");
    json_object *value = qtest_qmp_return(qts, "{'execute': 'query-status'}");

    save(qts, path, qtest_json_bool(value, "running"));
    json_object_put(value);
    g_unlink(path);
}

static void bring_saved_twice(Qtest *qts)
{
    bring_saved(qts);
    bring_saved(qts);
}

static void bring_saved_stopped(Qtest *qts)
{
    bring_saved(qts);
    qtest_qmp_ok(qts, STOP);
    g_assert_false(has_event(qts, "STOP"));
}

static void bring_saved_asleep(Qtest *qts)
{
    bring_sleep(qts);
    bring_saved(qts);
}

static void bring_saved_woken(Qtest *qts)
{
    bring_saved_asleep(qts);
    qtest_qmp_ok(qts, "{'execute': 'system_wakeup'}");
}

static void bring_saved_reset(Qtest *qts)
{
    bring_saved(qts);
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
}

/** It was off, and so it is: it does not become a machine that can run by
 *  being saved. */
static void bring_saved_off(Qtest *qts)
{
    bring_off(qts);
    bring_saved(qts);
    qtest_qmp_error(qts, "GenericError", "Resetting the Virtual Machine is "
                    "required", CONT);
    qtest_qmp_ok(qts, STOP);
}

static void test_states(void)
{
    static const struct {
        const char *options;
        Bring *bring;
        const char *state;
        const char *after, *after_S;
    } rows[] = {
        { "", bring_nowhere, "running", "running", "paused" },
        { "-S", bring_nowhere, "prelaunch", "prelaunch", "prelaunch" },
        { "", bring_stop, "paused", "paused", "paused" },
        { "", bring_sleep, "suspended", "suspended", "suspended" },
        { "-no-shutdown", bring_off, "shutdown", "shutdown", "shutdown" },
        /* that it was saved before is nothing to it */
        { "", bring_saved, "postmigrate", "running", "paused" },
        { "-S", bring_saved, "postmigrate", "prelaunch", "prelaunch" },
        { "", bring_saved_twice, "postmigrate", "running", "paused" },
        { "", bring_saved_stopped, "postmigrate", "paused", "paused" },
        { "", bring_saved_asleep, "postmigrate", "suspended", "suspended" },
        { "", bring_saved_woken, "postmigrate", "running", "paused" },
        { "", bring_saved_reset, "prelaunch", "prelaunch", "prelaunch" },
        { "-no-shutdown", bring_saved_off, "postmigrate", "shutdown",
          "shutdown" },
    };
    g_autofree char *path = qtest_temp_path("saved");

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Qtest *qts = start("q35", rows[i].options);

        rows[i].bring(qts);
        expect_state(qts, rows[i].state);
        save(qts, path, g_str_equal(rows[i].state, "running"));
        qtest_quit(qts);
        qts = restore("q35", path, "");
        expect_state(qts, rows[i].after);
        qtest_quit(qts);
        qts = restore("q35", path, "-S");
        expect_state(qts, rows[i].after_S);
        qtest_quit(qts);
    }
    g_unlink(path);
}

/** A machine that waits: whether it will run can be said before. */
static void test_waiting(void)
{
    static const struct {
        const char *options, *command, *state;
    } rows[] = {
        { "-S", CONT, "running" },
        { "", STOP, "paused" },
    };
    g_autofree char *path = qtest_temp_path("saved");
    g_autofree char *uri = g_strconcat("file:", path, NULL);
    Qtest *qts = start("pc", "");

    fill(qts);
    save(qts, path, true);
    qtest_quit(qts);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *options = g_strconcat("-incoming defer ",
                                               rows[i].options, NULL);

        qts = start("pc", options);
        expect_state(qts, "inmigrate");
        qtest_qmp_ok(qts, "%s", rows[i].command);
        expect_state(qts, "inmigrate");
        g_assert_false(has_event(qts, "RESUME"));
        g_assert_false(has_event(qts, "STOP"));
        qtest_qmp_error(qts, "GenericError", "Guest is waiting for an "
                        "incoming migration", MIGRATE, uri);
        qtest_qmp_error(qts, "GenericError", "Dump not allowed during "
                        "incoming migration", "{'execute': "
                        "'dump-guest-memory', 'arguments': {'paging': false, "
                        "'protocol': 'file:/dev/null'}}");
        qtest_qmp_error(qts, "GenericError", "Guest is waiting for an "
                        "incoming migration",
                        "{'execute': 'system_powerdown'}");
        /* the machine can be reset, which changes nothing */
        qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
        expect_event(qts, "RESET");
        expect_state(qts, "inmigrate");
        /* and a test can have the guest ask for that */
        qtest_outb(qts, 0xcf9, 6);
        qtest_qmp_ok(qts, INCOMING, uri);
        expect_steps(qts, "setup", "active", "completed", NULL);
        expect_state(qts, rows[i].state);
        g_assert_false(has_event(qts, "RESET"));
        check(qts);
        qtest_quit(qts);
    }
    g_unlink(path);
}

static char *query_guid(Qtest *qts)
{
    json_object *info = qtest_qmp_return(
        qts, "{'execute': 'query-vm-generation-id'}");
    char *guid = g_strdup(qtest_json_string(info, "guid"));

    json_object_put(info);
    return guid;
}

/** From a file the machine is another one, and clients learn of it. */
static void test_generation(void)
{
    g_autofree char *path = qtest_temp_path("saved");
    g_autofree char *uri = g_strconcat("file:", path, NULL);
    Qtest *qts = start("q35", "-device vmgenid");
    g_autofree char *before = query_guid(qts);
    g_autofree char *after = NULL;
    json_object *event;

    save(qts, path, true);
    qtest_quit(qts);
    qts = start("q35", "-device vmgenid -incoming defer");
    qtest_qmp_error(qts, "GenericError", "The machine waits to be restored*",
                    "{'execute': 'set-vm-generation-id', 'arguments': "
                    "{'guid': 'auto'}}");
    qtest_qmp_ok(qts, INCOMING, uri);
    expect_steps(qts, "setup", "active", "completed", NULL);
    event = qtest_qmp_event_wait(qts, "VM_GENERATION_ID_CHANGE");
    after = query_guid(qts);
    g_assert_cmpstr(qtest_json_string(qtest_json_get(event, "data"), "guid"),
                    ==, after);
    g_assert_cmpstr(before, !=, after);
    json_object_put(event);
    qtest_quit(qts);
    g_unlink(path);
}

static void test_not_incoming(void)
{
    Qtest *qts = start("pc", "");

    qtest_qmp_error(qts, "GenericError", "'-incoming' was not specified on "
                    "the command line", INCOMING, "file:x");
    qtest_qmp_ok(qts, CANCEL);
    g_assert_false(has_event(qts, "MIGRATION"));
    qtest_quit(qts);
}

/** No firmware has run: guest memory is what was saved. */
static void test_firmware(void)
{
    Qtest *qts = start("pc", "-incoming defer -machine firmware=builtin");

    for (uint64_t gpa = 0; gpa < RAM_MIB * MIB; gpa += MIB) {
        g_autofree uint8_t *bytes = g_malloc(MIB);

        /* but for ROM and what is no memory */
        qtest_memread(qts, gpa, bytes, 640 << 10);
        g_assert_true(bytes[0] == 0 &&
                      memcmp(bytes, bytes + 1, (640 << 10) - 1) == 0);
    }
    qtest_quit(qts);
}

/* Failures */

/** Listen, as a program that would be restored does. */
static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==,
                    0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    return fd;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                    ==, 0);
    return fd;
}

/** Begin to save to somebody who does not read.  Returns the listening
 *  socket. */
static int stall(Qtest *qts, const char *path)
{
    g_autofree char *uri = g_strconcat("unix:", path, NULL);
    int fd = listen_at(path);

    qtest_qmp_ok(qts, MIGRATE, uri);
    expect_steps(qts, "setup", "active", NULL);
    expect_state(qts, "finish-migrate");
    return fd;
}

/** What is sent to a serial port before the machine is restored comes after
 *  what the saved one had. */
static void test_serial(void)
{
    g_autofree char *path = qtest_temp_path("saved");
    g_autofree char *line = qtest_temp_path("serial");
    g_autofree char *uri = g_strconcat("file:", path, NULL);
    g_autofree char *options = g_strdup_printf(
        "-incoming defer -chardev socket,id=c0,path=%s -serial chardev:c0",
        line);
    int listener = listen_at(line), fd;
    Qtest *qts = start("pc", "-serial null");

    qtest_outb(qts, 0x3fc, 0x10);       /* loopback */
    qtest_outb(qts, 0x3f8, '1');
    qtest_outb(qts, 0x3fc, 0);
    save(qts, path, true);
    qtest_quit(qts);

    qts = start("pc", options);
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    g_assert_cmpint(write(fd, "23", 2), ==, 2);
    /* the reset asks for more, and there is time for it to come */
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    g_usleep(20000);
    expect_state(qts, "inmigrate");
    qtest_qmp_ok(qts, INCOMING, uri);
    wait_restored(qts);
    for (const char *c = "123"; *c; c++) {
        for (int i = 0; !(qtest_inb(qts, 0x3fd) & 1); i++) {
            g_assert_cmpint(i, <, QTEST_TIMEOUT_S * 100);
            g_usleep(10000);
        }
        g_assert_cmphex(qtest_inb(qts, 0x3f8), ==, *c);
    }
    qtest_quit(qts);
    close(fd);
    close(listener);
    g_unlink(line);
    g_unlink(path);
}

static void test_cancel(gconstpointer machine)
{
    static const char *const refused[] = {
        CONT, STOP, "{'execute': 'system_reset'}",
        "{'execute': 'system_powerdown'}",
        "{'execute': 'device_add', 'arguments': {'driver': 'isa-debugcon', "
        "'chardev': 'x'}}",
        "{'execute': 'dump-guest-memory', 'arguments': {'paging': false, "
        "'protocol': 'file:/dev/null'}}",
        "{'execute': 'set-vm-generation-id', 'arguments': {'guid': 'auto'}}",
    };
    g_autofree char *path = qtest_temp_path("socket");
    Qtest *qts = start(machine, "-device vmgenid");
    int fd;

    fill(qts);
    fd = stall(qts, path);
    expect_event(qts, "STOP");
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        qtest_qmp_error(qts, "GenericError", "The machine is being saved*",
                        "%s", refused[i]);
    }
    qtest_qmp_error(qts, "GenericError",
                    "There's a migration process in progress", MIGRATE,
                    "file:/dev/null");
    expect_hmp(qts, "o /b 0x80 1", "Error: The machine is being saved*");
    expect_info(qts, "active", NULL);
    g_assert_false(has_event(qts, "RESUME"));
    qtest_qmp_ok(qts, CANCEL);
    expect_steps(qts, "cancelling", "cancelled", NULL);
    expect_event(qts, "RESUME");
    expect_state(qts, "running");
    expect_info(qts, "cancelled", NULL);
    check(qts);
    /* there is nothing more to cancel */
    qtest_qmp_ok(qts, CANCEL);
    g_assert_false(has_event(qts, "MIGRATION"));
    close(fd);
    g_unlink(path);
    qtest_quit(qts);
}

/** A machine that did not run does not run after a failure either. */
static void test_closed(void)
{
    g_autofree char *path = qtest_temp_path("socket");
    Qtest *qts = start("q35", "");
    int fd;

    fill(qts);
    fd = stall(qts, path);
    close(fd);
    expect_steps(qts, "failed", NULL);
    expect_event(qts, "RESUME");
    expect_state(qts, "running");
    expect_info(qts, "failed", "Could not write '*': Broken pipe");
    g_unlink(path);

    qtest_qmp_ok(qts, STOP);
    fd = stall(qts, path);
    close(fd);
    expect_steps(qts, "failed", NULL);
    expect_state(qts, "paused");
    g_assert_false(has_event(qts, "RESUME"));
    g_unlink(path);
    check(qts);
    qtest_quit(qts);
}

static void test_uri_errors(void)
{
    static const struct {
        const char *uri, *error;
    } rows[] = {
        { "exec:cat", "unknown migration protocol: exec:cat (there are "
          "file:PATH, fd:NAME, unix:PATH)" },
        { "", "unknown migration protocol:  (*" },
        { "file:", "'file:' expects a path behind it" },
        { "fd:", "'fd:' expects a name behind it" },
        { "fd:nope", "File descriptor named 'nope' has not been found" },
        { "file:/no/such/file", "Could not open '/no/such/file': No such file "
          "or directory" },
        { "file:/", "Could not open '/': Is a directory" },
        { "unix:/no/such", "Failed to connect to '/no/such': No such file or "
          "directory" },
    };
    Qtest *qts = start("pc", "");

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        qtest_qmp_error(qts, "GenericError", rows[i].error, MIGRATE,
                        rows[i].uri);
    }
    qtest_qmp_error(qts, "GenericError", "Parameter 'blk' expects false",
                    "{'execute': 'migrate', 'arguments': {'uri': 'file:x', "
                    "'blk': true}}");
    expect_state(qts, "running");
    g_assert_false(has_event(qts, "MIGRATION"));
    g_assert_false(has_event(qts, "STOP"));
    qtest_quit(qts);
}

/** Saving to a file, and the end in the middle of it: the old one, or the new
 *  one, whole. */
static void test_quit(void)
{
    g_autofree char *dir = qtest_temp_path("dir");
    g_autofree char *path = g_build_filename(dir, "saved", NULL);
    g_autofree char *uri = g_strconcat("file:", path, NULL);
    g_autofree char *socket_path = qtest_temp_path("socket");
    g_autofree char *content = NULL;
    Qtest *qts = start("q35", "");
    GDir *entries;
    gsize len;
    int fd;

    g_mkdir(dir, 0700);
    g_file_set_contents(path, "old", -1, NULL);
    fill(qts);
    qtest_qmp_ok(qts, MIGRATE, uri);
    qtest_quit(qts);
    g_assert_true(g_file_get_contents(path, &content, &len, NULL));
    if (strcmp(content, "old") != 0) {
        qtest_quit(restore("q35", path, ""));
    }
    g_unlink(path);
    entries = g_dir_open(dir, 0, NULL);
    g_assert_null(g_dir_read_name(entries));
    g_dir_close(entries);
    g_rmdir(dir);

    /* and while somebody does not read */
    qts = start("q35", "");
    fill(qts);
    fd = stall(qts, socket_path);
    qtest_quit(qts);
    close(fd);
    g_unlink(socket_path);
}

/* Bad streams */

static char *saved_bytes(gsize *len)
{
    g_autofree char *path = qtest_temp_path("saved");
    Qtest *qts = start("q35", "");
    char *bytes;

    qtest_memset(qts, MIB, 0xa5, 4096);
    save(qts, path, true);
    qtest_quit(qts);
    g_assert_true(g_file_get_contents(path, &bytes, len, NULL));
    g_unlink(path);
    return bytes;
}

/** The program ends, and says why. */
static void expect_refused(const char *bytes, gsize len, const char *error)
{
    g_autofree char *path = qtest_temp_file("bad", bytes, len);
    g_autofree char *pattern = g_strconcat("*-incoming file:*bad: ", error,
                                           NULL);

    qtest_expect_failure(pattern, "-nodefaults -nographic -machine q35 -m %d "
                         "-qmp null -incoming file:%s", RAM_MIB, path);
    g_unlink(path);
}

static void test_bad_files(void)
{
    gsize len;
    g_autofree char *bytes = saved_bytes(&len);
    g_autofree char *more = g_malloc(len + 5);

    expect_refused("", 0, "*");
    expect_refused("hello", 5, "*");
    expect_refused("hello, this is no machine at all", 32, "*");
    for (gsize part = 1; part < len; part += len / 20) {
        expect_refused(bytes, part, "*offset*");
    }
    expect_refused(bytes, len - 1, "*offset*");
    memcpy(more, bytes, len);
    memcpy(more + len, "tail!", 5);
    expect_refused(more, len + 5, "the machine ends at offset * 5 more bytes");
    for (gsize at = 0; at < len; at += len / 20 + 1) {
        bytes[at] ^= 0x10;
        expect_refused(bytes, len, "*");
        bytes[at] ^= 0x10;
    }
}

static void test_bad_options(void)
{
    qtest_expect_failure("*-incoming bogus:x: unknown migration protocol: "
                         "bogus:x*", "-machine pc -incoming bogus:x");
    qtest_expect_failure("*-incoming file:/no/such: Could not open '/no/such': "
                         "No such file or directory*",
                         "-nodefaults -machine pc -incoming file:/no/such");
    qtest_expect_failure("*-incoming file:/: Could not open '/': Is a "
                         "directory*", "-nodefaults -machine pc -incoming "
                         "file:/");
    qtest_expect_failure("*-incoming fd:99: descriptor 99 is not open, or was "
                         "not passed*",
                         "-nodefaults -machine pc -incoming fd:99");
    qtest_expect_failure("*-incoming fd:nope: File descriptor named 'nope' "
                         "has not been found*",
                         "-nodefaults -machine pc -incoming fd:nope");
    qtest_expect_failure("*-incoming fd:9x: '9x' is neither a name nor*",
                         "-nodefaults -machine pc -incoming fd:9x");
    qtest_expect_failure("*-incoming unix:/no/such/socket: *",
                         "-nodefaults -machine pc -incoming "
                         "unix:/no/such/socket");
    qtest_expect_failure("*-incoming defer: cannot be used together with "
                         "-machine dump-acpi=*",
                         "-nodefaults -machine pc,dump-acpi=/tmp -incoming "
                         "defer");
}

#define TRY "{'execute': 'migrate-incoming', 'arguments': {'uri': '%s', " \
            "'exit-on-error': false}}"

/** Without exit-on-error, the machine waits for another. */
static void test_try_again(gconstpointer machine)
{
    g_autofree char *path = qtest_temp_path("saved");
    g_autofree char *uri = g_strconcat("file:", path, NULL);
    g_autofree char *socket_path = qtest_temp_path("socket");
    g_autofree char *socket_uri = g_strconcat("unix:", socket_path, NULL);
    g_autofree char *bytes = NULL, *bad = NULL, *bad_uri = NULL;
    Qtest *qts = start(machine, "");
    gsize len;
    ssize_t sent;
    int fd;

    fill(qts);
    save(qts, path, true);
    qtest_quit(qts);
    g_file_get_contents(path, &bytes, &len, NULL);
    bad = qtest_temp_file("bad", bytes, len - 100);
    bad_uri = g_strconcat("file:", bad, NULL);

    qts = start(machine, "-incoming defer");
    qtest_qmp_ok(qts, TRY, bad_uri);
    expect_steps(qts, "setup", "active", "failed", NULL);
    expect_info(qts, "failed", "*offset*");
    expect_state(qts, "inmigrate");
    expect_empty(qts);

    /* somebody who sends a part, and goes */
    qtest_qmp_ok(qts, TRY, socket_uri);
    fd = connect_to(socket_path);
    sent = send(fd, bytes, 1000, MSG_NOSIGNAL);
    g_assert_cmpint(sent, ==, 1000);
    expect_steps(qts, "setup", "active", NULL);
    expect_info(qts, "active", NULL);
    close(fd);
    expect_steps(qts, "failed", NULL);
    g_assert_false(g_file_test(socket_path, G_FILE_TEST_EXISTS));

    /* somebody who sends nothing of use */
    qtest_qmp_ok(qts, TRY, socket_uri);
    fd = connect_to(socket_path);
    sent = send(fd, "GET / HTTP/1.0\r\n\r\nand then something more", 42,
                MSG_NOSIGNAL);
    g_assert_cmpint(sent, ==, 42);
    expect_steps(qts, "setup", "active", "failed", NULL);
    close(fd);

    /* somebody who comes and sends nothing: one does not wait for ever */
    qtest_qmp_ok(qts, TRY, socket_uri);
    fd = connect_to(socket_path);
    expect_steps(qts, "setup", NULL);
    expect_state(qts, "inmigrate");
    qtest_qmp_ok(qts, CANCEL);
    expect_steps(qts, "cancelling", "cancelled", NULL);
    close(fd);
    expect_empty(qts);

    qtest_qmp_error(qts, "GenericError", "Could not open '/no/such': No such "
                    "file or directory", TRY, "file:/no/such");
    qtest_qmp_ok(qts, TRY, uri);
    expect_steps(qts, "setup", "active", "completed", NULL);
    expect_state(qts, "running");
    check(qts);
    qtest_quit(qts);
    g_unlink(path);
    g_unlink(bad);
}

/* HMP */

static void test_hmp(void)
{
    g_autofree char *path = qtest_temp_path("saved");
    g_autofree char *line = g_strdup_printf("migrate file:%s", path);
    g_autofree char *detached = g_strdup_printf("migrate -d file:%s", path);
    g_autofree char *incoming = g_strdup_printf("migrate_incoming file:%s",
                                                path);
    Qtest *qts = start("pc", "");

    expect_hmp(qts, "info migrate", "Migration status: none*");
    expect_hmp(qts, "info migrate_capabilities", "events: on\r\n");
    expect_hmp(qts, "migrate_set_capability events off", "");
    expect_hmp(qts, "info migrate_capabilities", "events: off\r\n");
    expect_hmp(qts, "migrate_set_capability eve on",
               "Error: invalid parameter value: eve\r\n");
    expect_hmp(qts, "migrate_set_capability events 1",
               "Error: *'on' or 'off'*");
    expect_hmp(qts, "migrate file:/no/such/x", "Error: Could not open*");
    expect_hmp(qts, "migrate_cancel", "");
    expect_hmp(qts, incoming, "Error: '-incoming' was not specified*");
    /* without -d it is over afterwards */
    expect_hmp(qts, line, "");
    expect_state(qts, "postmigrate");
    expect_hmp(qts, "info migrate", "Migration status: completed\r\n*"
               "total ram: *duplicate: *normal: *");
    expect_hmp(qts, detached, "");
    qtest_quit(qts);

    qts = start("pc", "-incoming defer");
    expect_hmp(qts, "info status", "VM status: paused (inmigrate)\r\n");
    expect_hmp(qts, incoming, "");
    wait_restored(qts);
    qtest_quit(qts);
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/migrate/file/pc", "pc", test_file);
    g_test_add_data_func("/migrate/file/q35", "q35", test_file);
    g_test_add_data_func("/migrate/unix/pc", "pc", test_unix);
    g_test_add_data_func("/migrate/unix/q35", "q35", test_unix);
    g_test_add_data_func("/migrate/registers/pc", "pc", test_registers);
    g_test_add_data_func("/migrate/registers/q35", "q35", test_registers);
    g_test_add_func("/migrate/info", test_info);
    g_test_add_func("/migrate/states", test_states);
    g_test_add_func("/migrate/waiting", test_waiting);
    g_test_add_func("/migrate/serial", test_serial);
    g_test_add_func("/migrate/generation", test_generation);
    g_test_add_func("/migrate/not-incoming", test_not_incoming);
    g_test_add_func("/migrate/firmware", test_firmware);
    g_test_add_data_func("/migrate/cancel/pc", "pc", test_cancel);
    g_test_add_data_func("/migrate/cancel/q35", "q35", test_cancel);
    g_test_add_func("/migrate/closed", test_closed);
    g_test_add_func("/migrate/uri-errors", test_uri_errors);
    g_test_add_func("/migrate/quit", test_quit);
    g_test_add_func("/migrate/bad-files", test_bad_files);
    g_test_add_func("/migrate/bad-options", test_bad_options);
    g_test_add_data_func("/migrate/try-again/pc", "pc", test_try_again);
    g_test_add_data_func("/migrate/try-again/q35", "q35", test_try_again);
    g_test_add_func("/migrate/hmp", test_hmp);
    return g_test_run();
}
