/*
 * vmgenid: the VM generation ID (docs/specs/vmgenid.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest-fw-cfg.h"
#include "util/bytes.h"

#define FILE_GUID "etc/vmgenid_guid"
#define FILE_ADDR "etc/vmgenid_addr"

#define TEXT_1 "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87"
#define TEXT_2 "11112222-3333-4444-5555-666677778888"

#define RAM_LEN UINT64_C(0x8000000)
#define PAGE_GPA UINT64_C(0x3000000)
#define GUID_GPA (PAGE_GPA + 0x28)
/** Where the tests put what DMA shall write. */
#define DATA_GPA UINT64_C(0x2800000)

#define GPE UINT8_C(0x20)
#define SCI 9

static const uint8_t bytes_1[16] = {
    0xaf, 0x6e, 0x4e, 0x32, 0xd1, 0xd1, 0xf6, 0x4b,
    0xbf, 0x41, 0xb9, 0xbb, 0x6c, 0x91, 0xfb, 0x87,
};
static const uint8_t bytes_2[16] = {
    0x22, 0x22, 0x11, 0x11, 0x33, 0x33, 0x44, 0x44,
    0x55, 0x55, 0x66, 0x66, 0x77, 0x77, 0x88, 0x88,
};

/** A machine whose firmware the test plays, or is built in. */
typedef struct Guest {
    Qtest *qts;
    bool q35;
    uint16_t gpe0_sts, gpe0_en;
} Guest;

/* The chipset's part */

static void config_write(Guest *g, uint8_t devfn, uint8_t reg, uint32_t value)
{
    qtest_outl(g->qts, 0xcf8, 0x80000000u | devfn << 8 | reg);
    qtest_outl(g->qts, 0xcfc, value);
}

/** Place the power management block at 0x600, as firmware does. */
static void guest_place_pm(Guest *g)
{
    if (g->q35) {
        config_write(g, 0xf8, 0x40, 0x600);
        config_write(g, 0xf8, 0x44, 0x80);
    } else {
        config_write(g, 0x0b, 0x40, 0x600);
        config_write(g, 0x0b, 0x80, 1);
    }
}

static Guest guest_start(const char *machine, const char *options)
{
    bool q35 = strcmp(machine, "q35") == 0;
    Guest g = {
        .qts = qtest_start("-nodefaults -machine %s %s", machine, options),
        .q35 = q35,
        .gpe0_sts = q35 ? 0x620 : 0xafe0,
        .gpe0_en = q35 ? 0x628 : 0xafe2,
    };

    guest_place_pm(&g);
    return g;
}

/** Whether the guest has been notified since the last time. */
static bool guest_take_gpe(Guest *g)
{
    uint8_t sts = qtest_inb(g->qts, g->gpe0_sts);

    g_assert_cmphex(sts & ~GPE, ==, 0);
    qtest_outb(g->qts, g->gpe0_sts, sts);
    g_assert_cmphex(qtest_inb(g->qts, g->gpe0_sts), ==, 0);
    return sts;
}

/* Firmware's part */

static uint32_t guest_write_addr(Guest *g, uint32_t offset, const void *bytes,
                                 uint32_t len)
{
    QfwFile file;

    g_assert_true(qfw_find(g->qts, FILE_ADDR, &file));
    g_assert_cmpuint(file.len, ==, 8);
    qtest_memwrite(g->qts, DATA_GPA, bytes, len);
    g_assert_cmphex(qfw_dma(g->qts, QFW_DMA_SELECT | QFW_DMA_SKIP, file.key,
                            offset, 0), ==, 0);
    return qfw_dma(g->qts, QFW_DMA_WRITE, 0, len, DATA_GPA);
}

static void guest_place(Guest *g, uint64_t gpa)
{
    uint8_t raw[8];

    st64_le(raw, gpa);
    g_assert_cmphex(guest_write_addr(g, 0, raw, sizeof(raw)), ==, 0);
}

/** Download the page, and say where it is. */
static void guest_install(Guest *g)
{
    g_autoptr(GBytes) page = qfw_read_file(g->qts, FILE_GUID);

    qtest_memwrite(g->qts, PAGE_GPA, g_bytes_get_data(page, NULL),
                   g_bytes_get_size(page));
    guest_place(g, GUID_GPA);
}

static uint64_t guest_addr(Guest *g)
{
    g_autoptr(GBytes) raw = qfw_read_file(g->qts, FILE_ADDR);

    return ld64_le(g_bytes_get_data(raw, NULL));
}

static void assert_memory(Guest *g, uint64_t gpa, const uint8_t guid[16])
{
    uint8_t there[16];

    qtest_memread(g->qts, gpa, there, sizeof(there));
    g_assert_cmpmem(there, 16, guid, 16);
}

/* The host's part */

static char *host_query(Guest *g)
{
    json_object *info = qtest_qmp_return(
        g->qts, "{'execute': 'query-vm-generation-id'}");
    char *guid = g_strdup(qtest_json_string(info, "guid"));

    json_object_put(info);
    return guid;
}

static void assert_query(Guest *g, const char *wanted)
{
    g_autofree char *guid = host_query(g);

    g_assert_cmpstr(guid, ==, wanted);
}

static void host_set(Guest *g, const char *guid)
{
    qtest_qmp_ok(g->qts, "{'execute': 'set-vm-generation-id', "
                 "'arguments': {'guid': '%s'}}", guid);
}

static void assert_event(Guest *g, const char *wanted)
{
    json_object *event = qtest_qmp_event_wait(g->qts,
                                              "VM_GENERATION_ID_CHANGE");
    json_object *data = qtest_json_get(event, "data");

    g_assert_cmpint(json_object_object_length(data), ==, 1);
    g_assert_cmpstr(qtest_json_string(data, "guid"), ==, wanted);
    json_object_put(event);
}

static void assert_no_event(Guest *g)
{
    g_assert_false(qmp_session_has_event(qtest_qmp_session(g->qts),
                                         "VM_GENERATION_ID_CHANGE"));
}

/* Tests */

static void test_options(void)
{
    static const char *const bad[] = {
        "bad", "Auto", "{" TEXT_1 "}", TEXT_1 "0",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *line = g_strdup_printf(
            "-device vmgenid,guid=%s: Property 'vmgenid.guid' doesn't take "
            "value '%s': it is neither 'auto' nor a UUID of *", bad[i],
            bad[i]);

        qtest_expect_failure(line, "-nodefaults -device vmgenid,guid=%s",
                             bad[i]);
    }
    qtest_expect_failure("-device *: Property 'vmgenid.guid' doesn't take "
                         "value 'x': *", "-nodefaults -device "
                         "'{\"driver\": \"vmgenid\", \"guid\": \"x\"}'");
    qtest_expect_failure("-device vmgenid,restore=x: *restore*",
                         "-nodefaults -device vmgenid,restore=x");
    qtest_expect_failure("-device vmgenid,id=b: at most one vmgenid device is "
                         "permitted", "-nodefaults -device vmgenid "
                         "-device vmgenid,id=b");
    qtest_expect_failure("-device vmgenid: vmgenid requires DMA write support "
                         "in fw_cfg, which this machine type does not "
                         "provide", "-machine none -device vmgenid");
}

/** A user cannot stand in for it. */
static void test_file_names(void)
{
    static const char *const names[] = { FILE_GUID, FILE_ADDR };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *wanted = g_strdup_printf(
            "duplicate fw_cfg file name: %s\n", names[i]);
        QtestRun run = qtest_run(NULL, "-nodefaults -device vmgenid -fw_cfg "
                                 "name=%s,string=x", names[i]);

        g_assert_cmpint(run.status, ==, 1);
        g_assert_true(g_str_has_suffix(run.err, wanted));
        qtest_run_clear(&run);
    }
}

static void test_help(void)
{
    QtestRun run = qtest_run(NULL, "-device vmgenid,help");

    g_assert_cmpint(run.status, ==, 0);
    g_assert_nonnull(strstr(run.out, "guid=<string>"));
    g_assert_nonnull(strstr(run.out, "restore=<auto|renew|keep>"));
    qtest_run_clear(&run);
    run = qtest_run(NULL, "-device help");
    g_assert_nonnull(strstr(run.out, "name \"vmgenid\", desc "));
    qtest_run_clear(&run);
}

/** Each way to write the option; what shows it. */
static void test_show(gconstpointer machine)
{
    static const char *const options[] = {
        "-device vmgenid,id=v,guid=" TEXT_1,
        "-device vmgenid,id=v,guid=324E6EAF-D1D1-4BF6-BF41-B9BB6C91FB87",
        "-device '{\"driver\": \"vmgenid\", \"id\": \"v\", "
            "\"guid\": \"" TEXT_1 "\"}'",
        "-device vmgenid,id=v -global vmgenid.guid=" TEXT_1,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        Guest g = guest_start(machine, options[i]);
        g_autoptr(GBytes) page = qfw_read_file(g.qts, FILE_GUID);
        const uint8_t *bytes = g_bytes_get_data(page, NULL);
        json_object *value;

        g_assert_cmpuint(g_bytes_get_size(page), ==, 4096);
        for (unsigned k = 0; k < 4096; k++) {
            g_assert_cmphex(bytes[k], ==, k >= 0x28 && k < 0x38
                                          ? bytes_1[k - 0x28] : 0);
        }
        assert_query(&g, TEXT_1);
        value = qtest_qmp_return(g.qts, "{'execute': 'human-monitor-command', "
                                 "'arguments': {'command-line': "
                                 "'info vm-generation-id'}}");
        g_assert_cmpstr(json_object_get_string(value), ==, TEXT_1 "\r\n");
        json_object_put(value);
        host_set(&g, TEXT_2);
        value = qtest_qmp_return(g.qts, "{'execute': 'qom-get', 'arguments': "
                                 "{'path': '/machine/peripheral/v', "
                                 "'property': 'guid'}}");
        g_assert_cmpstr(json_object_get_string(value), ==, TEXT_2);
        json_object_put(value);
        qtest_quit(g.qts);
    }
}

static void test_auto(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                       g_free, NULL);

    for (unsigned i = 0; i < 4; i++) {
        Guest g = guest_start("pc", i % 2 ? "-device vmgenid,guid=auto"
                                          : "-device vmgenid");
        char *first = host_query(&g), *second;

        g_assert_true(g_hash_table_add(seen, first));
        host_set(&g, "auto");
        second = host_query(&g);
        g_assert_true(g_hash_table_add(seen, second));
        assert_event(&g, second);
        qtest_quit(g.qts);
    }
}

static void test_absent(gconstpointer machine)
{
    Qtest *qts = qtest_start("-nodefaults -machine %s", (const char *)machine);

    qtest_qmp_error(qts, "GenericError", "VM Generation ID device not found",
                    "{'execute': 'query-vm-generation-id'}");
    qtest_qmp_error(qts, "GenericError", "VM Generation ID device not found",
                    "{'execute': 'set-vm-generation-id', "
                    "'arguments': {'guid': 'auto'}}");
    qtest_quit(qts);
}

static void test_hotplug(void)
{
    Guest g = guest_start("pc", "-device vmgenid,id=v");

    qtest_qmp_error(g.qts, "GenericError", "Device 'vmgenid' does not support "
                    "hotplugging", "{'execute': 'device_add', "
                    "'arguments': {'driver': 'vmgenid'}}");
    qtest_qmp_error(g.qts, "GenericError", "Device 'vmgenid' does not support "
                    "hotplugging", "{'execute': 'device_del', "
                    "'arguments': {'id': 'v'}}");
    qtest_qmp_error(g.qts, "GenericError", "*", "{'execute': 'qom-set', "
                    "'arguments': {'path': '/machine/peripheral/v', "
                    "'property': 'guid', 'value': '" TEXT_2 "'}}");
    qtest_quit(g.qts);
}

/** It is set: memory, GPE, SCI, event; and again. */
static void test_set(gconstpointer machine)     /* R6 to R8 */
{
    Guest g = guest_start(machine, "-device vmgenid,guid=" TEXT_1);

    qtest_irq_intercept_in(g.qts, "ioapic");
    guest_install(&g);
    assert_memory(&g, GUID_GPA, bytes_1);
    g_assert_cmphex(guest_addr(&g), ==, GUID_GPA);
    g_assert_false(guest_take_gpe(&g));

    host_set(&g, TEXT_2);
    assert_event(&g, TEXT_2);
    assert_query(&g, TEXT_2);
    assert_memory(&g, GUID_GPA, bytes_2);
    g_assert_false(qtest_irq_level(g.qts, SCI));
    /* enabled while it is pending: the SCI follows */
    qtest_outb(g.qts, g.gpe0_en, GPE);
    g_assert_false(qtest_irq_level(g.qts, SCI));
    qtest_outw(g.qts, 0x604, 1);
    g_assert_true(qtest_irq_level(g.qts, SCI));
    /* zeros clear nothing, other bits neither */
    qtest_outb(g.qts, g.gpe0_sts, (uint8_t)~GPE);
    g_assert_true(qtest_irq_level(g.qts, SCI));
    g_assert_true(guest_take_gpe(&g));
    g_assert_false(qtest_irq_level(g.qts, SCI));

    host_set(&g, TEXT_2);
    host_set(&g, "11112222-3333-4444-5555-666677778888");
    assert_no_event(&g);
    g_assert_false(guest_take_gpe(&g));
    host_set(&g, "324E6EAF-D1D1-4BF6-BF41-B9BB6C91FB87");
    assert_event(&g, TEXT_1);
    assert_memory(&g, GUID_GPA, bytes_1);
    g_assert_true(qtest_irq_level(g.qts, SCI));
    g_assert_true(guest_take_gpe(&g));

    qtest_qmp_error(g.qts, "GenericError", "Parameter 'guid' expects a UUID "
                    "or 'auto'", "{'execute': 'set-vm-generation-id', "
                    "'arguments': {'guid': 'AUTO'}}");
    qtest_qmp_error(g.qts, "GenericError", "Parameter 'guid' is missing",
                    "{'execute': 'set-vm-generation-id'}");
    assert_query(&g, TEXT_1);
    assert_no_event(&g);
    qtest_quit(g.qts);
}

/** Running, paused, asleep. */
static void test_states(gconstpointer machine)
{
    Guest g = guest_start(machine, "-device vmgenid,guid=" TEXT_1);

    guest_install(&g);
    qtest_qmp_ok(g.qts, "{'execute': 'stop'}");
    host_set(&g, TEXT_2);
    assert_event(&g, TEXT_2);
    assert_memory(&g, GUID_GPA, bytes_2);
    g_assert_true(guest_take_gpe(&g));
    qtest_qmp_ok(g.qts, "{'execute': 'cont'}");
    qtest_outw(g.qts, 0x604, 0x2400);
    json_object_put(qtest_qmp_event_wait(g.qts, "SUSPEND"));
    host_set(&g, TEXT_1);
    assert_event(&g, TEXT_1);
    assert_memory(&g, GUID_GPA, bytes_1);
    g_assert_true(guest_take_gpe(&g));
    qtest_quit(g.qts);
}

/** Before firmware has placed it, and after a reset. */
static void test_unplaced(gconstpointer machine) /* R2, R4, R9 */
{
    Guest g = guest_start(machine, "-device vmgenid,guid=" TEXT_1);

    host_set(&g, TEXT_2);
    assert_event(&g, TEXT_2);
    g_assert_false(guest_take_gpe(&g));
    guest_install(&g);
    assert_memory(&g, GUID_GPA, bytes_2);
    g_assert_false(guest_take_gpe(&g));

    qtest_qmp_ok(g.qts, "{'execute': 'system_reset'}");
    guest_place_pm(&g);
    g_assert_cmphex(guest_addr(&g), ==, 0);
    assert_query(&g, TEXT_2);
    host_set(&g, TEXT_1);
    assert_memory(&g, GUID_GPA, bytes_2);
    g_assert_false(guest_take_gpe(&g));
    guest_install(&g);
    assert_memory(&g, GUID_GPA, bytes_1);
    g_assert_false(guest_take_gpe(&g));

    /* set in the middle of firmware's work: downloaded, not placed yet */
    qtest_qmp_ok(g.qts, "{'execute': 'system_reset'}");
    guest_place_pm(&g);
    host_set(&g, TEXT_2);
    guest_place(&g, GUID_GPA);
    assert_memory(&g, GUID_GPA, bytes_2);
    g_assert_true(guest_take_gpe(&g));
    qtest_quit(g.qts);
}

/** An address in pieces, rewritten, torn by a reset. */
static void test_pieces(gconstpointer machine)  /* R4, R5 */
{
    Guest g = guest_start(machine, "-device vmgenid,guid=" TEXT_1);
    uint8_t before[16], raw[9] = { 0 };

    guest_install(&g);
    qtest_qmp_ok(g.qts, "{'execute': 'system_reset'}");
    guest_place_pm(&g);
    st64_le(raw, GUID_GPA);
    /* what a number with bytes missing would have hit */
    qtest_memread(g.qts, 0x28, before, 16);
    for (unsigned i = 0; i < 8; i++) {
        host_set(&g, i % 2 ? TEXT_1 : TEXT_2);
        g_assert_cmphex(guest_write_addr(&g, i, raw + i, 1), ==, 0);
    }
    assert_memory(&g, 0x28, before);
    assert_memory(&g, GUID_GPA, bytes_1);

    /* a page that is moved, half of the way */
    st64_le(raw, UINT64_C(0x4000028));
    g_assert_cmphex(guest_write_addr(&g, 0, raw, 4), ==, 0);
    host_set(&g, TEXT_2);
    assert_memory(&g, GUID_GPA, bytes_2);
    g_assert_cmphex(guest_write_addr(&g, 4, raw + 4, 4), ==, 0);
    host_set(&g, TEXT_1);
    assert_memory(&g, UINT64_C(0x4000028), bytes_1);
    assert_memory(&g, GUID_GPA, bytes_2);

    /* nothing of a write that does not fit, or does not come from memory */
    g_assert_cmphex(guest_write_addr(&g, 0, raw, 9) & QFW_DMA_ERROR, ==, 1);
    g_assert_cmphex(guest_write_addr(&g, 4, raw, 5) & QFW_DMA_ERROR, ==, 1);
    g_assert_cmphex(guest_addr(&g), ==, 0x4000028);
    g_free(qtest_take_stderr(g.qts));
    qtest_quit(g.qts);
}

/** The address lies where DMA reads it from, or where its descriptor is. */
static void test_overlap(gconstpointer machine)
{
    static const uint64_t places[] = {
        DATA_GPA, DATA_GPA + 4, DATA_GPA - 8, QFW_SCRATCH_GPA,
        QFW_SCRATCH_GPA + 8, QFW_SCRATCH_GPA - 4,
    };
    Guest g = guest_start(machine, "-device vmgenid,guid=" TEXT_1);

    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        host_set(&g, i % 2 ? TEXT_1 : TEXT_2);
        guest_place(&g, places[i]);
        g_assert_cmphex(guest_addr(&g), ==, places[i]);
        host_set(&g, i % 2 ? TEXT_2 : TEXT_1);
        assert_memory(&g, places[i], i % 2 ? bytes_2 : bytes_1);
    }
    qtest_quit(g.qts);
}

static void test_bad_places(gconstpointer machine) /* R10 */
{
    static const uint64_t bad[] = {
        RAM_LEN, RAM_LEN - 8, RAM_LEN - 15, UINT64_MAX, UINT64_MAX - 15,
        UINT64_MAX - 16, UINT64_C(1) << 63, UINT64_C(0xfee00000),
        UINT64_C(0xfec00000), UINT64_C(0xa0000) - 8, UINT64_C(0xb8000),
        UINT64_C(0xf0000), UINT64_C(0xfffffff0), UINT64_C(0xffffff00),
        UINT64_C(1) << 32,
    };
    g_autofree uint8_t *rom = g_malloc(0x10000);
    g_autofree char *bios = NULL, *options = NULL;

    memset(rom, 0xf4, 0x10000);
    bios = qtest_temp_file("bios.bin", rom, 0x10000);
    options = g_strdup_printf("-m 128 -bios %s -device vmgenid,guid=" TEXT_1,
                              bios);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        Guest g = guest_start(machine, options);
        g_autofree char *wanted = g_strdup_printf(
            "guest fault: vmgenid: the GUID is to be at 0x%"
            G_GINT64_MODIFIER "x, which is not all RAM\n", bad[i]);
        g_autofree char *said = NULL, *again = NULL;
        uint8_t before[64], after[64];

        qtest_memset(g.qts, RAM_LEN - 32, 0x5a, 32);
        qtest_memread(g.qts, bad[i] - 32, before, 64);
        guest_place(&g, bad[i]);
        for (unsigned k = 0; k < 5; k++) {
            host_set(&g, k % 2 ? TEXT_1 : TEXT_2);
        }
        assert_query(&g, TEXT_2);
        assert_event(&g, TEXT_2);
        qtest_memread(g.qts, bad[i] - 32, after, 64);
        g_assert_cmpmem(before, 64, after, 64);
        g_assert_false(guest_take_gpe(&g));
        said = qtest_take_stderr(g.qts);
        g_assert_cmpstr(said, ==, wanted);
        /* a good one, and the machine does as always */
        guest_place(&g, RAM_LEN - 16);
        assert_memory(&g, RAM_LEN - 16, bytes_2);
        g_assert_true(guest_take_gpe(&g));
        host_set(&g, TEXT_1);
        assert_memory(&g, RAM_LEN - 16, bytes_1);
        /* the bad one again: another line */
        guest_place(&g, bad[i]);
        host_set(&g, TEXT_2);
        again = qtest_take_stderr(g.qts);
        g_assert_cmpstr(again, ==, wanted);
        qtest_quit(g.qts);
    }
}

/** The built-in firmware places it, at each boot. */
static void test_builtin(gconstpointer machine) /* R3, R4 */
{
    Guest g = {
        .q35 = strcmp(machine, "q35") == 0,
        .qts = qtest_start("-nodefaults -machine %s,firmware=builtin "
                           "-device vmgenid,guid=" TEXT_1,
                           (const char *)machine),
    };
    g_autofree uint8_t *page = g_malloc(4096);
    uint64_t gpa;

    g.gpe0_sts = g.q35 ? 0x620 : 0xafe0;
    for (unsigned boot = 0; boot < 2; boot++) {
        gpa = guest_addr(&g);
        g_assert_cmphex(gpa & 0xfff, ==, 0x28);
        qtest_memread(g.qts, gpa - 0x28, page, 4096);
        for (unsigned k = 0; k < 4096; k++) {
            g_assert_cmphex(page[k], ==, k >= 0x28 && k < 0x38
                                         ? bytes_1[k - 0x28] : 0);
        }
        g_assert_false(guest_take_gpe(&g));
        host_set(&g, TEXT_2);
        assert_memory(&g, gpa, bytes_2);
        g_assert_true(guest_take_gpe(&g));
        host_set(&g, TEXT_1);
        qtest_qmp_ok(g.qts, "{'execute': 'system_reset'}");
    }
    qtest_quit(g.qts);
}

/** The machine sleeps, and wakes: the GUID is where it was, and a change that
 *  came meanwhile is told. */
static void test_sleep(gconstpointer machine)   /* R4, R7 */
{
    bool q35 = strcmp(machine, "q35") == 0;
    Guest g = {
        .q35 = q35,
        .gpe0_sts = q35 ? 0x620 : 0xafe0,
        .qts = qtest_start("-nodefaults -machine %s,firmware=builtin "
                           "-device vmgenid,guid=" TEXT_1,
                           (const char *)machine),
    };
    uint64_t gpa = guest_addr(&g);

    for (unsigned round = 0; round < 3; round++) {
        const uint8_t *wanted = round ? bytes_2 : bytes_1;

        qtest_outw(g.qts, 0x604, 0x2400);
        json_object_put(qtest_qmp_event_wait(g.qts, "SUSPEND"));
        if (round == 1) {
            host_set(&g, TEXT_2);
            assert_event(&g, TEXT_2);
            assert_memory(&g, gpa, bytes_2);
        }
        qtest_qmp_ok(g.qts, "{'execute': 'system_wakeup'}");
        json_object_put(qtest_qmp_event_wait(g.qts, "WAKEUP"));
        g_assert_cmphex(guest_addr(&g), ==, gpa);
        assert_memory(&g, gpa, wanted);
        g_assert_cmpint(guest_take_gpe(&g), ==, round == 1);
    }
    host_set(&g, TEXT_1);
    assert_memory(&g, gpa, bytes_1);
    g_assert_true(guest_take_gpe(&g));
    qtest_quit(g.qts);
}

/** VGIA in the guest's SSDT is the page; the table stands behind the MADT. */
static void test_tables(gconstpointer machine)  /* R11 to R14 */
{
    Qtest *qts = qtest_start("-nodefaults -machine %s,firmware=builtin "
                             "-device vmgenid,guid=" TEXT_1,
                             (const char *)machine);
    Guest g = { .qts = qts };
    json_object *list = qtest_qmp_return(
        qts, "{'execute': 'query-acpi-tables'}");
    uint64_t ssdt = 0;

    for (size_t i = 1; i < json_object_array_length(list); i++) {
        json_object *table = json_object_array_get_idx(list, i);
        json_object *before = json_object_array_get_idx(list, i - 1);

        if (strcmp(qtest_json_string(table, "signature"), "SSDT") == 0) {
            ssdt = qtest_json_int(table, "address");
            g_assert_cmpint(qtest_json_int(table, "length"), ==, 202);
            g_assert_cmpint(qtest_json_int(table, "revision"), ==, 1);
            g_assert_true(qtest_json_bool(table, "checksum-ok"));
            g_assert_cmpstr(qtest_json_string(table, "origin"), ==,
                            "generated");
            g_assert_true(g_str_has_prefix(
                qtest_json_string(table, "oem-table-id"), "VMGENID"));
            g_assert_cmpstr(qtest_json_string(before, "signature"), ==,
                            "APIC");
        }
    }
    g_assert_cmphex(ssdt, !=, 0);
    g_assert_cmphex(qtest_readl(qts, ssdt + 37), ==, 0x41494756);   /* VGIA */
    g_assert_cmphex(qtest_readl(qts, ssdt + 42) + 0x28, ==, guest_addr(&g));
    json_object_put(list);
    qtest_quit(qts);
}

/** HMP's commands do as QMP's. */
static void test_hmp(void)
{
    Guest g = guest_start("pc", "-device vmgenid,guid=" TEXT_1);
    json_object *said;

    said = qtest_qmp_return(g.qts, "{'execute': 'human-monitor-command', "
                            "'arguments': {'command-line': "
                            "'set_vm_generation_id " TEXT_2 "'}}");
    g_assert_cmpstr(json_object_get_string(said), ==, "");
    json_object_put(said);
    assert_event(&g, TEXT_2);
    assert_query(&g, TEXT_2);
    said = qtest_qmp_return(g.qts, "{'execute': 'human-monitor-command', "
                            "'arguments': {'command-line': "
                            "'set_vm_generation_id x'}}");
    g_assert_true(g_str_has_prefix(json_object_get_string(said), "Error: "));
    json_object_put(said);
    qtest_quit(g.qts);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        GTestDataFunc run;
    } both[] = {
        { "show", test_show }, { "absent", test_absent },
        { "set", test_set }, { "states", test_states },
        { "unplaced", test_unplaced }, { "pieces", test_pieces },
        { "overlap", test_overlap }, { "bad-places", test_bad_places },
        { "builtin", test_builtin }, { "sleep", test_sleep },
        { "tables", test_tables },
    };
    static const char *const machines[] = { "pc", "q35" };

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vmgenid/options", test_options);
    g_test_add_func("/vmgenid/file-names", test_file_names);
    g_test_add_func("/vmgenid/help", test_help);
    g_test_add_func("/vmgenid/auto", test_auto);
    g_test_add_data_func("/vmgenid/none/absent", "none", test_absent);
    g_test_add_func("/vmgenid/hotplug", test_hotplug);
    g_test_add_func("/vmgenid/hmp", test_hmp);
    for (unsigned i = 0; i < G_N_ELEMENTS(both); i++) {
        for (unsigned m = 0; m < G_N_ELEMENTS(machines); m++) {
            g_autofree char *path = g_strdup_printf("/vmgenid/%s/%s",
                                                    machines[m],
                                                    both[i].name);

            g_test_add_data_func(path, machines[m], both[i].run);
        }
    }
    return g_test_run();
}
