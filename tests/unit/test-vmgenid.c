/*
 * vmgenid: the VM generation ID (docs/specs/vmgenid.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/vmgenid.h"

#include "device-rig.h"
#include "hw/acpi/platform.h"
#include "hw/acpi/ssdt-vmgenid.h"
#include "migration/state-codec.h"
#include "qapi-types.h"
#include "util/bytes.h"

#define RAM_LEN 0x10000
#define ROM_GPA 0x20000
#define GUID_GPA 0x1028

#define TEXT_1 "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87"
#define TEXT_2 "11112222-3333-4444-5555-666677778888"

static const uint8_t bytes_1[16] = {
    0xaf, 0x6e, 0x4e, 0x32, 0xd1, 0xd1, 0xf6, 0x4b,
    0xbf, 0x41, 0xb9, 0xbb, 0x6c, 0x91, 0xfb, 0x87,
};
static const uint8_t bytes_2[16] = {
    0x22, 0x22, 0x11, 0x11, 0x33, 0x33, 0x44, 0x44,
    0x55, 0x55, 0x66, 0x66, 0x77, 0x77, 0x88, 0x88,
};

/** A device, 64 KiB of RAM, as much ROM, and a GPE block. */
typedef struct Bench {
    Rig *rig;
    MemoryRegion ram, rom, pm_ports;
    AcpiPm pm;
    VmGenId *dev;
} Bench;

static Bench *bench_new(const char *config)
{
    Bench *b = g_new0(Bench, 1);

    b->rig = rig_new();
    g_assert_true(memory_region_init_ram(&b->ram, "ram", RAM_LEN, NULL,
                                         NULL));
    g_assert_true(memory_region_init_rom(&b->rom, "rom", RAM_LEN, NULL));
    memory_region_add(&b->rig->memory_root, 0, &b->ram, 0);
    memory_region_add(&b->rig->memory_root, ROM_GPA, &b->rom, 0);
    memory_region_init(&b->pm_ports, "pm", 64);
    acpi_pm_init(&b->pm, &b->rig->clock, &b->pm_ports, 0, 4, 8, &b->pm_ports,
                 32, 4);
    b->dev = (VmGenId *)rig_new_device(b->rig, &vmgenid_type, config, NULL);
    vmgenid_wire(b->dev, &b->rig->memory, &b->pm);
    rig_realize((Device *)b->dev);
    return b;
}

static void bench_free(Bench *b)
{
    object_free((Object *)b->dev);
    acpi_pm_cleanup(&b->pm);
    memory_region_cleanup(&b->pm_ports);
    memory_region_cleanup(&b->ram);
    memory_region_cleanup(&b->rom);
    rig_free(b->rig);
    g_free(b);
}

static void bench_write_addr(Bench *b, unsigned offset, const void *bytes,
                             unsigned len)
{
    memcpy(vmgenid_addr(b->dev) + offset, bytes, len);
    vmgenid_addr_written(b->dev, offset, len);
}

static void bench_place(Bench *b, uint64_t gpa)
{
    uint8_t raw[8];

    st64_le(raw, gpa);
    bench_write_addr(b, 0, raw, sizeof(raw));
}

static bool bench_has(Bench *b, uint64_t gpa, const uint8_t guid[16])
{
    return memcmp((uint8_t *)b->ram.host + gpa, guid, 16) == 0;
}

/** Whether the guest has been notified since the last time. */
static bool bench_take_gpe(Bench *b)
{
    bool raised = b->pm.gpe0_sts[0] & 1 << 5;

    g_assert_cmphex(b->pm.gpe0_sts[0] & ~(1 << 5), ==, 0);
    b->pm.gpe0_sts[0] = 0;
    return raised;
}

static VmGenIdChange bench_set(Bench *b, const char *text)
{
    Uuid guid;

    g_assert_true(uuid_parse(text, &guid));
    return vmgenid_set(b->dev, &guid);
}

static void assert_guid(const VmGenId *dev, const char *wanted)
{
    char text[UUID_TEXT_LEN + 1];

    uuid_format(vmgenid_guid(dev), text);
    g_assert_cmpstr(text, ==, wanted);
    g_assert_cmpstr(((VmGenIdProperties *)((Object *)dev)->config)->guid, ==,
                    wanted);
}

static void assert_change(VmGenIdChange change, bool changed, bool notified)
{
    g_assert_cmpint(change.changed, ==, changed);
    g_assert_cmpint(change.notified, ==, notified);
}

static void test_page(void)                     /* R1, R2 */
{
    static const uint8_t zeros[VMGENID_PAGE_LEN];
    Bench *b = bench_new("guid=324E6EAF-d1d1-4bf6-bf41-b9bb6c91fb87");
    const uint8_t *page = vmgenid_page(b->dev);

    assert_guid(b->dev, TEXT_1);
    g_assert_cmpmem(page, 0x28, zeros, 0x28);
    g_assert_cmpmem(page + 0x28, 16, bytes_1, 16);
    g_assert_cmpmem(page + 0x38, VMGENID_PAGE_LEN - 0x38, zeros,
                    VMGENID_PAGE_LEN - 0x38);
    assert_change(bench_set(b, TEXT_2), true, false);
    g_assert_cmpmem(page + 0x28, 16, bytes_2, 16);
    g_assert_true(page == vmgenid_page(b->dev));
    bench_free(b);
}

static void test_parse(void)
{
    static const char *const bad[] = {
        "", "Auto", "AUTO", "auto ", " auto", "bad",
        "{324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87}",
        "324e6eafd1d14bf6bf41b9bb6c91fb87", TEXT_1 "0", TEXT_1 " ",
        "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb8g",
    };
    Rig *rig = rig_new();
    bool random;
    Uuid guid;

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        VmGenIdProperties *p = qapi_new(&qapi_type_VmGenIdProperties);
        g_autofree char *wanted = g_strdup_printf(
            "Property 'vmgenid.guid' doesn't take value '%s': it is neither "
            "'auto' nor a UUID of 8-4-4-4-12 hexadecimal digits", bad[i]);
        g_autoptr(GError) error = NULL;

        g_assert_false(vmgenid_parse(bad[i], &guid, &random));
        g_free(p->guid);
        p->guid = g_strdup(bad[i]);
        g_assert_null(object_new(&vmgenid_type, p, &error));
        g_assert_cmpstr(error->message, ==, wanted);
    }
    g_assert_true(vmgenid_parse("auto", &guid, &random) && random);
    g_assert_true(vmgenid_parse(TEXT_1, &guid, &random) && !random);
    rig_free(rig);
}

/** Nobody has wired it: there is no fw_cfg. */
static void test_unwired(void)
{
    Rig *rig = rig_new();
    Device *dev = rig_new_device(rig, &vmgenid_type, NULL, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(device_realize(dev, &error));
    g_assert_cmpstr(error->message, ==, "vmgenid requires DMA write support "
                    "in fw_cfg, which this machine type does not provide");
    rig_free(rig);
}

static void test_random(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                       g_free, NULL);

    for (unsigned i = 0; i < 100; i++) {
        Bench *b = bench_new(i % 2 ? NULL : "guid=auto");
        char text[UUID_TEXT_LEN + 1];

        for (unsigned k = 0; k < 2; k++) {
            uuid_format(vmgenid_guid(b->dev), text);
            assert_guid(b->dev, text);
            /* RFC 9562, 5.4: version 4, variant 10 */
            g_assert_cmpint(text[14], ==, '4');
            g_assert_nonnull(strchr("89ab", text[19]));
            g_assert_true(g_hash_table_add(seen, g_strdup(text)));
            assert_change(vmgenid_set(b->dev, NULL), true, false);
        }
        bench_free(b);
    }
}

static void test_write(void)                    /* R6 to R8 */
{
    Bench *b = bench_new("guid=" TEXT_1);
    uint8_t after[16];

    /* placing it copies nothing: the page was downloaded to there */
    bench_place(b, GUID_GPA);
    g_assert_false(bench_has(b, GUID_GPA, bytes_1));
    g_assert_false(bench_take_gpe(b));
    memcpy((uint8_t *)b->ram.host + GUID_GPA, bytes_1, 16);

    memset((uint8_t *)b->ram.host + GUID_GPA + 16, 0xcc, 16);
    memset(after, 0xcc, 16);
    assert_change(bench_set(b, TEXT_2), true, true);
    g_assert_true(bench_has(b, GUID_GPA, bytes_2));
    g_assert_true(bench_has(b, GUID_GPA + 16, after));
    g_assert_true(bench_take_gpe(b));

    /* the same again */
    memset((uint8_t *)b->ram.host + GUID_GPA, 0, 16);
    assert_change(bench_set(b, TEXT_2), false, false);
    g_assert_false(bench_has(b, GUID_GPA, bytes_2));
    g_assert_false(bench_take_gpe(b));

    /* another, which is in guest memory already */
    memcpy((uint8_t *)b->ram.host + GUID_GPA, bytes_1, 16);
    assert_change(bench_set(b, TEXT_1), true, false);
    g_assert_false(bench_take_gpe(b));

    /* a new place; the one before is left alone */
    bench_place(b, 0x3001);
    assert_change(bench_set(b, TEXT_2), true, true);
    g_assert_true(bench_has(b, 0x3001, bytes_2));
    g_assert_true(bench_has(b, GUID_GPA, bytes_1));

    /* zero: no place */
    bench_take_gpe(b);
    bench_place(b, 0);
    assert_change(bench_set(b, TEXT_1), true, false);
    g_assert_true(bench_has(b, 0x3001, bytes_2));
    g_assert_false(bench_take_gpe(b));
    bench_free(b);
}

static void test_reset(void)                    /* R5 */
{
    static const uint8_t zeros[8];
    Bench *b = bench_new("guid=" TEXT_1);

    bench_place(b, GUID_GPA);
    device_reset((Device *)b->dev);
    g_assert_cmpmem(vmgenid_addr(b->dev), 8, zeros, 8);
    assert_change(bench_set(b, TEXT_2), true, false);
    assert_guid(b->dev, TEXT_2);
    device_reset((Device *)b->dev);
    assert_guid(b->dev, TEXT_2);
    g_assert_false(bench_take_gpe(b));
    bench_free(b);
}

/** An address counts when it is whole. */
static void test_pieces(void)                   /* R5 */
{
    const uint64_t gpa = GUID_GPA;
    uint8_t raw[8];
    Bench *b = bench_new("guid=" TEXT_1);

    st64_le(raw, gpa);
    for (unsigned i = 0; i < 8; i++) {
        assert_change(vmgenid_set(b->dev, NULL), true, false);
        bench_write_addr(b, (i + 3) % 8, raw + (i + 3) % 8, 1);
        /* a byte that is written twice is not another */
        if (i < 7) {
            bench_write_addr(b, (i + 3) % 8, raw + (i + 3) % 8, 1);
            assert_change(vmgenid_set(b->dev, NULL), true, false);
        }
    }
    g_assert_true(bench_has(b, GUID_GPA, vmgenid_page(b->dev) + 0x28));
    bench_take_gpe(b);

    /* half of a new one: the old one counts, with no byte of the new one */
    st64_le(raw, 0x2028);
    bench_write_addr(b, 0, raw, 4);
    assert_change(bench_set(b, TEXT_2), true, true);
    g_assert_true(bench_has(b, GUID_GPA, bytes_2));
    bench_write_addr(b, 4, raw + 4, 4);
    assert_change(bench_set(b, TEXT_1), true, true);
    g_assert_true(bench_has(b, 0x2028, bytes_1));
    g_assert_true(bench_has(b, GUID_GPA, bytes_2));

    /* a reset in between: the other half alone is nothing */
    bench_write_addr(b, 0, raw, 4);
    device_reset((Device *)b->dev);
    bench_write_addr(b, 4, raw + 4, 4);
    assert_change(bench_set(b, TEXT_2), true, false);
    bench_free(b);
}

/** The GUID changes between firmware's download and its write-back. */
static void test_race(void)                     /* R9 */
{
    Bench *b = bench_new("guid=" TEXT_1);

    memcpy((uint8_t *)b->ram.host + GUID_GPA, vmgenid_page(b->dev) + 0x28, 16);
    assert_change(bench_set(b, TEXT_2), true, false);
    bench_place(b, GUID_GPA);
    g_assert_true(bench_has(b, GUID_GPA, bytes_2));
    g_assert_true(bench_take_gpe(b));
    /* once */
    bench_place(b, 0x2028);
    g_assert_false(bench_has(b, 0x2028, bytes_2));
    g_assert_false(bench_take_gpe(b));

    /* downloaded after the change: nothing to do */
    device_reset((Device *)b->dev);
    assert_change(bench_set(b, TEXT_1), true, false);
    memcpy((uint8_t *)b->ram.host + GUID_GPA, vmgenid_page(b->dev) + 0x28, 16);
    bench_place(b, GUID_GPA);
    g_assert_false(bench_take_gpe(b));
    bench_free(b);
}

/** What the guest gets for a bad address: nothing, and a line. */
static void test_bad_places_child(void)
{
    static const uint64_t bad[] = {
        RAM_LEN, RAM_LEN - 8, RAM_LEN - 15, ROM_GPA, ROM_GPA - 16, 1,
        UINT64_MAX, UINT64_MAX - 15, UINT64_MAX - 16, UINT64_C(1) << 63,
    };
    Bench *b = bench_new(NULL);
    g_autofree uint8_t *before = g_malloc(RAM_LEN);

    memset(b->ram.host, 0x5a, RAM_LEN);
    memset(b->rom.host, 0x5a, RAM_LEN);
    memset(before, 0x5a, RAM_LEN);
    for (unsigned i = 0; i < 6; i++) {
        uint64_t gpa = bad[i];

        if (gpa == 1) {                 /* good; so a new address is new */
            bench_place(b, RAM_LEN - 16);
            assert_change(bench_set(b, TEXT_2), true, true);
            memset(b->ram.host, 0x5a, RAM_LEN);
            bench_take_gpe(b);
            continue;
        }
        bench_place(b, gpa);
        assert_change(bench_set(b, TEXT_1), true, false);
        assert_change(bench_set(b, TEXT_2), true, false);
        assert_change(vmgenid_set(b->dev, NULL), true, false);
    }
    device_reset((Device *)b->dev);
    g_assert_cmpmem(b->ram.host, RAM_LEN, before, RAM_LEN);
    g_assert_cmpmem(b->rom.host, RAM_LEN, before, RAM_LEN);
    for (unsigned i = 6; i < G_N_ELEMENTS(bad); i++) {
        bench_place(b, bad[i]);
        assert_change(bench_set(b, TEXT_1), true, false);
        assert_change(bench_set(b, TEXT_2), true, false);
    }
    g_assert_cmpmem(b->ram.host, RAM_LEN, before, RAM_LEN);
    g_assert_false(bench_take_gpe(b));
    bench_free(b);
}

static void test_bad_places(void)               /* R10 */
{
    if (g_test_subprocess()) {
        test_bad_places_child();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    /* a line for each of the first addresses, and no more than the 8 that a
     * device may say */
    g_test_trap_assert_stderr("*vmgenid: the GUID is to be at 0x10000, which "
                              "is not all RAM*0xfff8,*0xfff1,*0x20000,*"
                              "0x1fff0,*0xffffffffffffffff,*"
                              "0xfffffffffffffff0,*0xffffffffffffffef,*");
    g_test_trap_assert_stderr_unmatched("*0x10000,*0x10000,*");
    g_test_trap_assert_stderr_unmatched("*0x8000000000000000,*");
}

/** Save one, and restore the other from that. */
static void copy_state(VmGenId *from, VmGenId *to)
{
    const StateTable *table = device_class((Device *)from)->state;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    state_encode(table, from, bytes);
    state_decode(table, to, table->version, bytes->data, bytes->len, &error);
    g_assert_no_error(error);
    state_loaded(table, to, &error);
    g_assert_no_error(error);
}

/** A machine is saved with TEXT_1 at GUID_GPA, and restored. */
static void test_restored(void)                 /* R15 */
{
    static const struct {
        const char *config;
        bool from_file, changed;
        const char *guid;               /* NULL: a new random one */
    } rows[] = {
        { NULL, true, true, NULL },
        { NULL, false, false, TEXT_1 },
        { "guid=auto,restore=auto", true, true, NULL },
        { "restore=renew", false, true, NULL },
        { "restore=renew", true, true, NULL },
        { "restore=keep", true, false, TEXT_1 },
        { "restore=keep", false, false, TEXT_1 },
        { "guid=" TEXT_2, true, true, TEXT_2 },
        { "guid=" TEXT_2 ",restore=keep", false, true, TEXT_2 },
        { "guid=" TEXT_2 ",restore=renew", true, true, TEXT_2 },
        { "guid=" TEXT_1 ",restore=renew", true, false, TEXT_1 },
    };

    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
        bool placed = i % 2;
        Bench *from = bench_new("guid=" TEXT_1);
        Bench *to = bench_new(rows[i / 2].config);
        char own[UUID_TEXT_LEN + 1];

        uuid_format(vmgenid_guid(to->dev), own);
        if (placed) {
            bench_place(from, GUID_GPA);
        }
        memcpy((uint8_t *)to->ram.host + GUID_GPA, bytes_1, 16);
        copy_state(from->dev, to->dev);
        g_assert_cmpmem(vmgenid_page(to->dev) + 0x28, 16, bytes_1, 16);
        assert_guid(to->dev, TEXT_1);
        assert_change(vmgenid_restored(to->dev, rows[i / 2].from_file),
                      rows[i / 2].changed, rows[i / 2].changed && placed);
        if (rows[i / 2].guid) {
            assert_guid(to->dev, rows[i / 2].guid);
        } else {
            char text[UUID_TEXT_LEN + 1];

            uuid_format(vmgenid_guid(to->dev), text);
            g_assert_cmpstr(text, !=, TEXT_1);
            g_assert_cmpstr(text, !=, own);
        }
        g_assert_cmpint(bench_has(to, GUID_GPA, vmgenid_page(to->dev) + 0x28),
                        ==, placed || !rows[i / 2].changed);
        g_assert_cmpint(bench_take_gpe(to), ==,
                        placed && rows[i / 2].changed);
        /* restored in the middle of firmware's work */
        if (!placed) {
            bench_place(to, GUID_GPA);
            g_assert_cmpint(bench_take_gpe(to), ==, rows[i / 2].changed);
            g_assert_true(bench_has(to, GUID_GPA,
                                    vmgenid_page(to->dev) + 0x28));
        }
        bench_free(from);
        bench_free(to);
    }
}

/** Half an address is saved, and the other half arrives after the restore. */
static void test_saved_half(void)               /* R5, R15 */
{
    Bench *from = bench_new("guid=" TEXT_1);
    Bench *to = bench_new(NULL);
    uint8_t raw[8];

    st64_le(raw, 0x2028);
    bench_place(from, GUID_GPA);
    bench_write_addr(from, 4, raw + 4, 4);
    copy_state(from->dev, to->dev);
    assert_change(bench_set(to, TEXT_2), true, true);
    g_assert_true(bench_has(to, GUID_GPA, bytes_2));
    bench_write_addr(to, 0, raw, 4);
    assert_change(bench_set(to, TEXT_1), true, true);
    g_assert_true(bench_has(to, 0x2028, bytes_1));
    bench_free(from);
    bench_free(to);
}

/** A stream may say anything. */
static void test_bad_state(void)
{
    Bench *from = bench_new(NULL);
    Bench *to = bench_new(NULL);
    const StateTable *table = device_class((Device *)from->dev)->state;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const uint8_t most = 0xff;
    g_autoptr(GError) error = NULL;

    for (const StateField *f = table->fields; f->kind != STATE_END_OF_TABLE;
         f++) {
        if (strcmp(f->name, "addr_written") == 0) {
            memcpy((uint8_t *)from->dev + f->offset, &most, 1);
        }
    }
    state_encode(table, from->dev, bytes);
    g_assert_true(state_decode(table, to->dev, 1, bytes->data, bytes->len,
                               NULL));
    g_assert_false(state_loaded(table, to->dev, &error));
    g_assert_nonnull(strstr(error->message, "addr_written"));
    bench_free(from);
    bench_free(to);
}

static void test_describe(void)
{
    g_autofree AcpiPlatform *platform = g_new0(AcpiPlatform, 1);
    Bench *b = bench_new(NULL);

    device_class((Device *)b->dev)->describe((Device *)b->dev, platform);
    g_assert_true(platform->has_vmgenid);
    g_assert_cmpuint(platform->n_devices, ==, 0);
    bench_free(b);
}

/** Whatever a guest and a host do, it is the guest's own RAM that changes. */
static void test_fuzz(void)
{
    if (g_test_subprocess()) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(5);
        Bench *b = bench_new(NULL);

        for (unsigned i = 0; i < 100000; i++) {
            unsigned offset = g_rand_int_range(rand, 0, 8);
            uint8_t raw[8];

            switch (g_rand_int_range(rand, 0, 4)) {
            case 0:
                vmgenid_set(b->dev, NULL);
                break;
            case 1:
                bench_place(b, g_rand_int_range(rand, 0, 0x30000));
                break;
            case 2:
                st32_le(raw, g_rand_int(rand));
                st32_le(raw + 4, g_rand_int(rand));
                bench_write_addr(b, offset, raw,
                                 g_rand_int_range(rand, 1, 9 - offset));
                break;
            default:
                if (g_rand_int_range(rand, 0, 50) == 0) {
                    device_reset((Device *)b->dev);
                }
            }
        }
        bench_free(b);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
}

/* The tables: docs/specs/vmgenid.rst, R11 to R14 */

static void test_ssdt(void)
{
    /* from offset 36 on; VGIA is at 42 */
    static const char aml[] =
        "\x08VGIA\x0c\0\0\0\0"
        "\x10\x41\x08\\_SB_\x5b\x82\x48\x07VGEN"
        "\x08_HID\x0dQEMUVGID\0\x08_CID\x0dVM_Gen_Counter\0"
        "\x08_DDN\x0dVM_Gen_Counter\0"
        "\x14\x17_STA\0\x70\x0a\x0f\x60\xa0\x0a\x93VGIA\0\x70\0\x60\xa4\x60"
        "\x14\x20" "ADDR\0\x70\x12\x02\x02\x60\x70\x72VGIA\x0a\x28\0\x88\x60"
        "\0\0\x70\0\x88\x60\x01\0\xa4\x60"
        "\x14\x19\\\x2e_GPE_E05\0\x86\\\x2e_SB_VGEN\x0a\x80";
    g_autofree AcpiPlatform *p = g_new0(AcpiPlatform, 1);
    g_autoptr(AcpiBlobSet) set = acpi_blob_set_new();
    AcpiBlob *page = acpi_vmgenid_page_build(set);
    AcpiBlob *blob = acpi_blob_new(set, "etc/acpi/tables", 64,
                                   ACPI_ZONE_HIGH);
    const AcpiFixUp *f;
    uint32_t offset;

    memcpy(p->general.oem_id, "FIRMNT", 6);
    memcpy(p->general.oem_table_id, "FIRMAMNT", 8);
    acpi_blob_append_zeros(blob, 3);
    offset = acpi_vmgenid_ssdt_build(blob, p, page);
    g_assert_cmpuint(offset, ==, 3);
    g_assert_cmpuint(blob->bytes->len, ==, 3 + 202);
    g_assert_cmpmem(blob->bytes->data + 3, 4, "SSDT", 4);
    g_assert_cmpuint(ld32_le(blob->bytes->data + 3 + 4), ==, 202);
    g_assert_cmpuint(blob->bytes->data[3 + 8], ==, 1);
    g_assert_cmpmem(blob->bytes->data + 3 + 10, 14, "FIRMNTVMGENID\0", 14);
    g_assert_cmpmem(blob->bytes->data + 3 + 36, 202 - 36, aml,
                    sizeof(aml) - 1);

    g_assert_cmpstr(page->file, ==, "etc/vmgenid_guid");
    g_assert_cmpuint(page->bytes->len, ==, 4096);
    g_assert_cmpuint(page->align, ==, 4096);
    g_assert_cmpint(page->zone, ==, ACPI_ZONE_HIGH);
    g_assert_cmpuint(set->fix_ups->len, ==, 3);
    f = &g_array_index(set->fix_ups, AcpiFixUp, 0);
    g_assert_cmpint(f->kind, ==, ACPI_FIX_UP_WRITE_BACK);
    g_assert_cmpstr(f->writable_file, ==, "etc/vmgenid_addr");
    g_assert_cmpuint(f->target_offset, ==, 40);
    g_assert_cmpuint(f->offset, ==, 0);
    g_assert_cmpuint(f->width, ==, 8);
    f = &g_array_index(set->fix_ups, AcpiFixUp, 1);
    g_assert_cmpint(f->kind, ==, ACPI_FIX_UP_POINTER);
    g_assert_true(f->blob == blob && f->target == page);
    g_assert_cmpuint(f->offset, ==, 3 + 42);
    g_assert_cmpuint(f->width, ==, 4);
    f = &g_array_index(set->fix_ups, AcpiFixUp, 2);
    g_assert_cmpint(f->kind, ==, ACPI_FIX_UP_CHECKSUM);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vmgenid/page", test_page);
    g_test_add_func("/vmgenid/parse", test_parse);
    g_test_add_func("/vmgenid/unwired", test_unwired);
    g_test_add_func("/vmgenid/random", test_random);
    g_test_add_func("/vmgenid/write", test_write);
    g_test_add_func("/vmgenid/reset", test_reset);
    g_test_add_func("/vmgenid/pieces", test_pieces);
    g_test_add_func("/vmgenid/race", test_race);
    g_test_add_func("/vmgenid/bad-places", test_bad_places);
    g_test_add_func("/vmgenid/restored", test_restored);
    g_test_add_func("/vmgenid/saved-half", test_saved_half);
    g_test_add_func("/vmgenid/bad-state", test_bad_state);
    g_test_add_func("/vmgenid/describe", test_describe);
    g_test_add_func("/vmgenid/fuzz", test_fuzz);
    g_test_add_func("/vmgenid/ssdt", test_ssdt);
    return g_test_run();
}
