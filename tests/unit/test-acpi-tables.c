/*
 * The machine's own tables: every field at its offset, linked as firmware does
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "acpi-samples.h"
#include "hw/acpi/table-header.h"
#include "util/bytes.h"

/** A field, and what it must hold; len over 8 is compared as text. */
typedef struct Expected {
    unsigned at, len;
    uint64_t value;
    const char *text;
} Expected;

#define END { 0, 0, 0, NULL }

typedef struct Built {
    AcpiPlatform p;
    GPtrArray *user;
    AcpiBlobSet *set;
    SampleGuest *guest;
} Built;

static void built_init(Built *b, bool q35, unsigned n_cpus)
{
    memset(b, 0, sizeof(*b));
    if (q35) {
        sample_q35(&b->p, n_cpus);
    } else {
        sample_pc(&b->p, n_cpus);
    }
    b->user = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    b->p.user_tables = b->user;
}

static void built_build(Built *b)
{
    b->set = acpi_tables_build(&b->p);
    b->guest = sample_link(b->set);
}

static void built_cleanup(Built *b)
{
    sample_guest_free(b->guest);
    acpi_blob_set_free(b->set);
    g_ptr_array_unref(b->user);
}

/** gpa_of: where a table ended up. */
static uint64_t gpa_of(const Built *b, const char *signature)
{
    uint64_t base;
    const GByteArray *bytes = sample_file(b->guest, ACPI_FILE_TABLES, &base);

    return base + (sample_table(b->guest, signature, 0, NULL) - bytes->data);
}

static void check_fields(const uint8_t *table, const Expected *e)
{
    for (; e->len; e++) {
        if (e->text) {
            g_assert_cmpmem(table + e->at, e->len, e->text, e->len);
        } else if (ldn_le(table + e->at, e->len) != e->value) {
            g_error("offset %u: %" G_GINT64_MODIFIER "x, expected %"
                    G_GINT64_MODIFIER "x", e->at,
                    ldn_le(table + e->at, e->len), e->value);
        }
    }
}

/** check_rest_zero: no byte set that @e does not name. */
static void check_rest_zero(const uint8_t *table, uint32_t len,
                            const Expected *e)
{
    g_autofree uint8_t *copy = g_memdup2(table, len);

    for (; e->len; e++) {
        memset(copy + e->at, 0, e->len);
    }
    for (uint32_t i = ACPI_HEADER_LEN; i < len; i++) {
        g_assert_cmphex(copy[i], ==, 0);
    }
}

/** check_table: header, checksum, and every field. */
static void check_table(const Built *b, const char *signature, uint32_t len,
                        uint8_t revision, const char *oem_id,
                        const char *oem_table_id, const Expected *fields)
{
    uint32_t actual = 0;
    const uint8_t *t = sample_table(b->guest, signature, 0, &actual);
    const Expected header[] = {
        { 0, 4, 0, signature }, { 4, 4, len, NULL }, { 8, 1, revision, NULL },
        { 10, 6, 0, oem_id }, { 16, 8, 0, oem_table_id }, { 24, 4, 1, NULL },
        { 28, 4, 0, "FMNT" }, { 32, 4, 1, NULL }, END,
    };

    g_assert_nonnull(t);
    g_assert_cmpuint(actual, ==, len);
    check_fields(t, header);
    g_assert_cmphex(bytes_sum(t, len), ==, 0);
    check_fields(t, fields);
    check_rest_zero(t, len, fields);
}

/* Tables */

static void test_facs(void)    /* fw-loader R9 */
{
    Built b;
    uint32_t len = 0;
    const uint8_t *t;

    built_init(&b, false, 1);
    built_build(&b);
    t = sample_table(b.guest, "FACS", 0, &len);
    g_assert_cmpuint(len, ==, 64);
    g_assert_cmpmem(t, 4, "FACS", 4);
    g_assert_cmpuint(ld32_le(t + 4), ==, 64);
    for (unsigned i = 8; i < 64; i++) {
        g_assert_cmphex(t[i], ==, 0);
    }
    g_assert_cmpuint(gpa_of(&b, "FACS") % 64, ==, 0);
    g_assert_true(t == sample_file(b.guest, ACPI_FILE_TABLES, NULL)->data);
    built_cleanup(&b);
}

static void test_fadt_pc(void)
{
    Built b;

    built_init(&b, false, 2);
    sample_serial(&b.p);
    built_build(&b);

    const Expected fields[] = {
        { 36, 4, gpa_of(&b, "FACS"), NULL },
        { 40, 4, gpa_of(&b, "DSDT"), NULL },
        { 44, 1, 1, NULL }, { 46, 2, 9, NULL }, { 48, 4, 0xb2, NULL },
        { 52, 1, 0xf1, NULL }, { 53, 1, 0xf0, NULL },
        { 56, 4, 0x600, NULL }, { 64, 4, 0x604, NULL }, { 76, 4, 0x608, NULL },
        { 80, 4, 0xafe0, NULL }, { 88, 1, 4, NULL }, { 89, 1, 2, NULL },
        { 91, 1, 4, NULL }, { 92, 1, 4, NULL }, { 96, 2, 0xfff, NULL },
        { 98, 2, 0xfff, NULL }, { 108, 1, 0x32, NULL },
        { 109, 2, 1, NULL }, { 112, 4, 0x84a5, NULL },
        { 116, 4, 0x00000801, NULL }, { 120, 8, 0xcf9, NULL },
        { 128, 1, 0x0f, NULL }, { 132, 8, 0, NULL },
        { 140, 8, gpa_of(&b, "DSDT"), NULL },
        { 148, 4, 0x00002001, NULL }, { 152, 8, 0x600, NULL },
        { 172, 4, 0x00001001, NULL }, { 176, 8, 0x604, NULL },
        { 208, 4, 0x00002001, NULL }, { 212, 8, 0x608, NULL },
        { 220, 4, 0x00002001, NULL }, { 224, 8, 0xafe0, NULL }, END,
    };
    check_table(&b, "FACP", 244, 3, "FIRMNT", "FIRMAMNT", fields);
    built_cleanup(&b);
}

static void test_fadt_q35(void)
{
    Built b;

    built_init(&b, true, 2);
    b.p.has_8042 = true;
    built_build(&b);

    const Expected fields[] = {
        { 36, 4, gpa_of(&b, "FACS"), NULL },
        { 40, 4, gpa_of(&b, "DSDT"), NULL },
        { 44, 1, 1, NULL }, { 46, 2, 9, NULL }, { 48, 4, 0xb2, NULL },
        { 52, 1, 2, NULL }, { 53, 1, 3, NULL },
        { 56, 4, 0x600, NULL }, { 64, 4, 0x604, NULL }, { 76, 4, 0x608, NULL },
        { 80, 4, 0x620, NULL }, { 88, 1, 4, NULL }, { 89, 1, 2, NULL },
        { 91, 1, 4, NULL }, { 92, 1, 16, NULL }, { 96, 2, 0xfff, NULL },
        { 98, 2, 0xfff, NULL }, { 108, 1, 0x32, NULL },
        { 109, 2, 2, NULL }, { 112, 4, 0x84a5, NULL },
        { 116, 4, 0x00000801, NULL }, { 120, 8, 0xcf9, NULL },
        { 128, 1, 0x0f, NULL }, { 132, 8, 0, NULL },
        { 140, 8, gpa_of(&b, "DSDT"), NULL },
        { 148, 4, 0x00002001, NULL }, { 152, 8, 0x600, NULL },
        { 172, 4, 0x00001001, NULL }, { 176, 8, 0x604, NULL },
        { 208, 4, 0x00002001, NULL }, { 212, 8, 0x608, NULL },
        { 220, 4, 0x00008001, NULL }, { 224, 8, 0x620, NULL }, END,
    };
    check_table(&b, "FACP", 244, 3, "FIRMNT", "FIRMAMNT", fields);
    built_cleanup(&b);
}

/** What the FADT says about old devices is what is there. */
static void test_fadt_boot_arch(void)
{
    for (unsigned i = 0; i < 4; i++) {
        Built b;

        built_init(&b, true, 1);
        b.p.has_8042 = i & 2;
        b.p.has_reset_reg = i & 2;
        if (i & 1) {
            sample_serial(&b.p);
        }
        built_build(&b);
        const uint8_t *t = sample_table(b.guest, "FACP", 0, NULL);

        g_assert_cmphex(ld16_le(t + 109), ==, i);
        g_assert_cmphex(ld32_le(t + 112), ==, i & 2 ? 0x84a5 : 0x80a5);
        if (!(i & 2)) {
            for (unsigned k = 116; k < 129; k++) {
                g_assert_cmphex(t[k], ==, 0);
            }
        }
        built_cleanup(&b);
    }
}

static void test_madt(void)
{
    static const unsigned counts[] = { 1, 2, 255 };

    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        unsigned n = counts[i], at = 44;
        g_autoptr(GArray) fields = g_array_new(TRUE, TRUE, sizeof(Expected));
        static const uint8_t tail[] = {
            1, 12, 3, 0, 0x00, 0x00, 0xc0, 0xfe, 0, 0, 0, 0,
            2, 10, 0, 0, 2, 0, 0, 0, 0, 0,
            2, 10, 0, 5, 5, 0, 0, 0, 0x0d, 0,
            2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0,
            2, 10, 0, 10, 10, 0, 0, 0, 0x0d, 0,
            2, 10, 0, 11, 11, 0, 0, 0, 0x0d, 0,
            4, 6, 0xff, 0, 0, 1,
        };
        Built b;
        Expected e = { 36, 8, 0x1fee00000, NULL };

        g_array_append_val(fields, e);
        for (unsigned cpu = 0; cpu < n; cpu++, at += 8) {
            e = (Expected) { at, 8, 0x100000800 | (uint64_t)cpu << 24 |
                                    cpu << 16, NULL };
            g_array_append_val(fields, e);
        }
        e = (Expected) { at, sizeof(tail), 0, (const char *)tail };
        g_array_append_val(fields, e);

        built_init(&b, true, n);
        b.p.io_apic_id = 3;
        built_build(&b);
        check_table(&b, "APIC", at + sizeof(tail), 1, "FIRMNT", "FIRMAMNT",
                    (const Expected *)fields->data);
        built_cleanup(&b);
    }
}

static void test_madt_without_pic(void)
{
    Built b;

    built_init(&b, true, 1);
    b.p.has_pic = false;
    built_build(&b);
    g_assert_cmphex(ld32_le(sample_table(b.guest, "APIC", 0, NULL) + 40), ==,
                    0);
    built_cleanup(&b);
}

static void test_small_tables(void)
{
    static const Expected hpet[] = {
        { 36, 4, 0x8086a201, NULL }, { 40, 4, 0x00004000, NULL },
        { 44, 8, 0xfed00000, NULL }, { 52, 1, 0, NULL },
        { 53, 2, 0x1234, NULL }, { 55, 1, 0, NULL }, END,
    };
    static const Expected mcfg[] = {
        { 36, 8, 0, NULL }, { 44, 8, 0xb0000000, NULL }, { 52, 2, 0, NULL },
        { 54, 1, 0, NULL }, { 55, 1, 0x7f, NULL }, { 56, 4, 0, NULL }, END,
    };
    static const Expected waet[] = { { 36, 4, 2, NULL }, END };
    Built b;

    built_init(&b, true, 1);
    b.p.hpet_min_tick = 0x1234;
    b.p.mcfg_last_bus = 0x7f;
    built_build(&b);
    check_table(&b, "HPET", 56, 1, "FIRMNT", "FIRMAMNT", hpet);
    check_table(&b, "MCFG", 60, 1, "FIRMNT", "FIRMAMNT", mcfg);
    check_table(&b, "WAET", 40, 1, "FIRMNT", "FIRMAMNT", waet);
    built_cleanup(&b);

    built_init(&b, false, 1);
    b.p.has_hpet = false;
    built_build(&b);
    g_assert_null(sample_table(b.guest, "HPET", 0, NULL));
    g_assert_null(sample_table(b.guest, "MCFG", 0, NULL));
    built_cleanup(&b);
}

static void test_rsdt_and_rsdp(void)    /* acpitable R11, R15 */
{
    static const char *const order[] = {
        "FACP", "APIC", "HPET", "MCFG", "WAET", "SLIC", "MSDM", "SSDT",
    };
    Built b;
    uint64_t base;
    const GByteArray *rsdp, *tables;
    const AcpiTableRecord *last;
    Expected fields[G_N_ELEMENTS(order) + 1] = { 0 };

    built_init(&b, true, 2);
    memcpy(b.p.identity.oem_id, "ABRACA", 6);
    memcpy(b.p.identity.oem_table_id, "DABRA\0YZ", 8);
    g_ptr_array_add(b.user, sample_licence("SLIC", "ABRACA", "DABRA\0YZ",
                                           374));
    g_ptr_array_add(b.user, sample_licence("MSDM", "ABRACA", "DABRA\0YZ", 85));
    g_ptr_array_add(b.user, sample_licence("SSDT", "OTHERS", "OTHERS  ", 36));
    built_build(&b);

    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        fields[i] = (Expected) { 36 + 4 * i, 4, gpa_of(&b, order[i]), NULL };
    }
    check_table(&b, "RSDT", 36 + 4 * G_N_ELEMENTS(order), 1, "ABRACA",
                "DABRA\0YZ", fields);

    rsdp = sample_file(b.guest, ACPI_FILE_RSDP, &base);
    g_assert_cmpuint(rsdp->len, ==, 20);
    g_assert_cmpuint(base % 16, ==, 0);
    g_assert_cmpmem(rsdp->data, 8, "RSD PTR ", 8);
    g_assert_cmpmem(rsdp->data + 9, 6, "FIRMNT", 6);
    g_assert_cmpuint(rsdp->data[15], ==, 0);
    g_assert_cmpuint(ld32_le(rsdp->data + 16), ==, gpa_of(&b, "RSDT"));
    g_assert_cmphex(bytes_sum(rsdp->data, 20), ==, 0);

    /* RSDT is the last table, and nothing follows it */
    const AcpiBlob *blob = acpi_blob_find(b.set, ACPI_FILE_TABLES);

    tables = sample_file(b.guest, ACPI_FILE_TABLES, NULL);
    last = &g_array_index(blob->tables, AcpiTableRecord,
                          blob->tables->len - 1);
    g_assert_cmpmem(last->signature, 4, "RSDT", 4);
    g_assert_cmpuint(last->offset + last->len, ==, tables->len);
    built_cleanup(&b);
}

/** The licence's identity goes to RSDT and FADT and to nothing else. */
static void test_identity(void)    /* acpitable R14, R16 */
{
    for (unsigned q35 = 0; q35 < 2; q35++) {
        Built b;

        built_init(&b, q35, 1);
        memcpy(b.p.identity.oem_id, "AB\0\0\0\0", 6);
        memcpy(b.p.identity.oem_table_id, "T\0\0\0\0\0\0\0", 8);
        memcpy(b.p.general.oem_id, "MINE  ", 6);
        memcpy(b.p.general.oem_table_id, "MYTABLE ", 8);
        built_build(&b);
        const AcpiBlob *blob = acpi_blob_find(b.set, ACPI_FILE_TABLES);

        for (guint i = 1; i < blob->tables->len; i++) {
            const AcpiTableRecord *r = &g_array_index(blob->tables,
                                                      AcpiTableRecord, i);
            const uint8_t *t = blob->bytes->data + r->offset;
            bool licensed = !memcmp(r->signature, "RSDT", 4) ||
                            !memcmp(r->signature, "FACP", 4);

            g_assert_cmpmem(t + 10, 6,
                            licensed ? "AB\0\0\0\0" : "MINE  ", 6);
            g_assert_cmpmem(t + 16, 8,
                            licensed ? "T\0\0\0\0\0\0\0" : "MYTABLE ", 8);
            g_assert_cmpuint(ld32_le(t + 24), ==, 1);
            g_assert_cmpmem(t + 28, 4, "FMNT", 4);
        }
        g_assert_cmpmem(sample_file(b.guest, ACPI_FILE_RSDP, NULL)->data + 9,
                        6, "MINE  ", 6);
        built_cleanup(&b);
    }
}

/** User tables stay byte for byte, without a fix-up; so do their records. */
static void test_user_tables(void)    /* acpitable R11, fw-loader R7 */
{
    Built b;
    gsize len;
    const void *bytes;
    uint32_t in_blob = 0;
    const AcpiBlob *blob;

    built_init(&b, true, 1);
    g_ptr_array_add(b.user, sample_licence("OEM0", "AAAAAA", "BBBBBBBB", 37));
    g_ptr_array_add(b.user, sample_licence("OEM0", "CCCCCC", "DDDDDDDD",
                                           65535));
    built_build(&b);
    blob = acpi_blob_find(b.set, ACPI_FILE_TABLES);

    for (unsigned i = 0; i < 2; i++) {
        bytes = g_bytes_get_data(g_ptr_array_index(b.user, i), &len);
        g_assert_cmpmem(sample_table(b.guest, "OEM0", i, &in_blob), in_blob,
                        bytes, len);
    }
    for (guint i = 0; i < blob->tables->len; i++) {
        const AcpiTableRecord *r = &g_array_index(blob->tables,
                                                  AcpiTableRecord, i);

        g_assert_cmpint(r->origin, ==, memcmp(r->signature, "OEM0", 4) ?
                        ACPI_ORIGIN_GENERATED : ACPI_ORIGIN_USER);
        if (i > 0) {
            g_assert_cmpuint(r->offset, ==, r[-1].offset + r[-1].len);
        }
    }
    /* checksums that firmware completes: FADT, RSDT, RSDP */
    for (guint i = 0, n = 0; i < b.set->fix_ups->len; i++) {
        n += g_array_index(b.set->fix_ups, AcpiFixUp, i).kind ==
             ACPI_FIX_UP_CHECKSUM;
        g_assert_cmpuint(n, <=, 3);
    }
    built_cleanup(&b);
}

static void test_capacity(void)    /* acpitable R13, fw-loader R9 */
{
    g_autoptr(GPtrArray) user = g_ptr_array_new_with_free_func(
        (GDestroyNotify)g_bytes_unref);
    g_autoptr(GError) error = NULL;
    uint32_t before = 0;

    g_assert_cmpuint(acpi_tables_capacity(NULL, 1, NULL), ==, 128 * 1024);
    g_assert_cmpuint(acpi_tables_capacity(user, 255, NULL), ==, 128 * 1024);
    for (unsigned i = 1; i < 40; i++) {
        uint32_t now;

        g_ptr_array_add(user, sample_licence("OEM0", "AAAAAA", "BBBBBBBB",
                                             65535));
        now = acpi_tables_capacity(user, 1, &error);
        if (!now) {
            g_assert_cmpuint(before, ==, 2 * 1024 * 1024);
            g_assert_cmpuint(i, ==, 32);
            break;
        }
        g_assert_no_error(error);
        g_assert_cmpuint(now % (128 * 1024), ==, 0);
        g_assert_cmpuint(now, >=, i * 65535);
        g_assert_cmpuint(now, >=, before);
        before = now;
    }
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, "all tables together need "
                    "2121864 bytes, at most 2097152 fit");
}

/** The script never outgrows what was promised, and is as long for most. */
static void test_script_capacity(void)    /* fw-loader R1 */
{
    g_assert_cmpuint(acpi_tables_script_capacity(NULL, false), ==, 4096);
    g_assert_cmpuint(acpi_tables_script_capacity(NULL, true), ==, 4096);
    for (unsigned i = 0; i < 24; i++) {
        unsigned n = 10 + i / 2;
        Built b;

        built_init(&b, true, 1);
        b.p.has_vmgenid = i % 2;
        for (unsigned k = 0; k < n; k++) {
            g_ptr_array_add(b.user, sample_licence("OEM0", "AAAAAA",
                                                   "BBBBBBBB", 36));
        }
        built_build(&b);
        g_autoptr(GBytes) script = acpi_blob_set_script(b.set);

        g_assert_cmpuint(g_bytes_get_size(script), ==,
                         acpi_tables_script_capacity(b.user,
                                                     b.p.has_vmgenid));
        g_assert_cmpuint(g_bytes_get_size(script), ==,
                         n <= (b.p.has_vmgenid ? 13 : 18) ? 4096 : 8192);
        built_cleanup(&b);
    }
}

/** The most that can be asked for fits in what capacity promises. */
static void test_largest(void)
{
    Built b;

    built_init(&b, true, ACPI_MAX_CPUS);
    b.p.mcfg_base = 0x800000000;
    for (unsigned i = 0; i < ACPI_MAX_DEVICES; i++) {
        AcpiDevice *d = acpi_platform_add_device(&b.p);

        g_snprintf(d->name, sizeof(d->name), "D%03u", i);
        d->hid = "ABCD0001";
        d->uid = 0x12345678;
        d->on_root = i & 1;
        d->n_io = ACPI_MAX_RANGES;
        for (unsigned k = 0; k < ACPI_MAX_RANGES; k++) {
            d->io[k] = (AcpiIoRange) { 0x100 * i + 8 * k, 8 };
        }
        d->irq = 3;
        d->mmio_base = 0xc0000000 + 0x10000 * i;
        d->mmio_len = 0x100;
    }
    built_build(&b);
    /* and with room to spare for what will come */
    g_assert_cmpuint(sample_file(b.guest, ACPI_FILE_TABLES, NULL)->len, <,
                     30 * 1024);
    built_cleanup(&b);
}

/** Two builds of one platform are the same bytes. */
static void test_pure(void)
{
    Built a, b;

    built_init(&a, true, 3);
    built_init(&b, true, 3);
    built_build(&a);
    built_build(&b);
    for (unsigned i = 0; i < 2; i++) {
        const AcpiBlob *x = g_ptr_array_index(a.set->blobs, i);
        const AcpiBlob *y = g_ptr_array_index(b.set->blobs, i);

        g_assert_cmpmem(x->bytes->data, x->bytes->len, y->bytes->data,
                        y->bytes->len);
    }
    built_cleanup(&a);
    built_cleanup(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi-tables/facs", test_facs);
    g_test_add_func("/acpi-tables/fadt/pc", test_fadt_pc);
    g_test_add_func("/acpi-tables/fadt/q35", test_fadt_q35);
    g_test_add_func("/acpi-tables/fadt/boot-arch", test_fadt_boot_arch);
    g_test_add_func("/acpi-tables/madt", test_madt);
    g_test_add_func("/acpi-tables/madt/without-pic", test_madt_without_pic);
    g_test_add_func("/acpi-tables/small", test_small_tables);
    g_test_add_func("/acpi-tables/rsdt-and-rsdp", test_rsdt_and_rsdp);
    g_test_add_func("/acpi-tables/identity", test_identity);
    g_test_add_func("/acpi-tables/user", test_user_tables);
    g_test_add_func("/acpi-tables/capacity", test_capacity);
    g_test_add_func("/acpi-tables/script-capacity", test_script_capacity);
    g_test_add_func("/acpi-tables/largest", test_largest);
    g_test_add_func("/acpi-tables/pure", test_pure);
    return g_test_run();
}
