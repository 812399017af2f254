/*
 * Finding ACPI tables in memory that somebody else wrote
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "acpi-samples.h"
#include "hw/acpi/walk.h"
#include "under-valgrind.h"
#include "util/bytes.h"

#define LOW_LEN 0x500000
#define HIGH_GPA UINT64_C(0x100000000)
#define HIGH_LEN 0x10000

/* Where the tests put things */
#define RSDP 0xe0100
#define RSDT 0x100000
#define XSDT 0x101000
#define FADT 0x102000
#define FACS 0x103000
#define DSDT 0x104000
#define SSDT 0x105000
#define FREE 0x110000

/* The last bytes of all; addresses go on at 0 after them */
#define TOP_GPA (UINT64_MAX - 15)
static const uint8_t top_bytes[16] = "TOPX\x24";

/** Memory from 0, with a hole, some more above 4 GiB, and at the top. */
typedef struct Guest {
    uint8_t *low, *high;
    uint64_t hole, hole_len;
    unsigned n_reads;
    uint64_t n_bytes;
} Guest;

static bool guest_read(void *opaque, uint64_t gpa, void *buf, size_t len)
{
    Guest *guest = opaque;

    guest->n_reads++;
    if (gpa >= TOP_GPA) {
        size_t n = MIN(len, UINT64_MAX - gpa + 1);

        memcpy(buf, top_bytes + (gpa - TOP_GPA), n);
        memcpy((uint8_t *)buf + n, guest->low, len - n);
        return true;
    }
    if (gpa < LOW_LEN && len <= LOW_LEN - gpa &&
        (gpa >= guest->hole + guest->hole_len || gpa + len <= guest->hole ||
         !guest->hole_len)) {
        memcpy(buf, guest->low + gpa, len);
    } else if (gpa >= HIGH_GPA && gpa - HIGH_GPA < HIGH_LEN &&
               len <= HIGH_LEN - (gpa - HIGH_GPA)) {
        memcpy(buf, guest->high + (gpa - HIGH_GPA), len);
    } else {
        return false;
    }
    guest->n_bytes += len;
    return true;
}

static uint8_t *guest_at(Guest *guest, uint64_t gpa)
{
    return gpa >= HIGH_GPA ? guest->high + (gpa - HIGH_GPA)
                           : guest->low + gpa;
}

static void put_rsdp(Guest *guest, uint64_t gpa, uint8_t revision,
                     uint32_t rsdt, uint64_t xsdt)
{
    uint8_t *rsdp = guest_at(guest, gpa);

    memset(rsdp, 0, 36);
    memcpy(rsdp, "RSD PTR ", 8);
    memcpy(rsdp + 9, "FIRMNT", 6);
    rsdp[15] = revision;
    st32_le(rsdp + 16, rsdt);
    rsdp[8] = -bytes_sum(rsdp, 20);
    if (revision >= 2) {
        st32_le(rsdp + 20, 36);
        st64_le(rsdp + 24, xsdt);
        rsdp[32] = -bytes_sum(rsdp, 36);
    }
}

static void fix_checksum(Guest *guest, uint64_t gpa)
{
    uint8_t *table = guest_at(guest, gpa);

    table[9] = 0;
    table[9] = -bytes_sum(table, ld32_le(table + 4));
}

static void put_table(Guest *guest, uint64_t gpa, const char *signature,
                      uint32_t len)
{
    uint8_t *table = guest_at(guest, gpa);

    memcpy(table, signature, 4);
    st32_le(table + 4, len);
    fix_checksum(guest, gpa);
}

/** A root table: @n addresses of @width bytes. */
static void put_root(Guest *guest, uint64_t gpa, unsigned width,
                     const uint64_t *list, unsigned n)
{
    uint8_t *table = guest_at(guest, gpa);

    for (unsigned i = 0; i < n; i++) {
        stn_le(table + 36 + i * width, width, list[i]);
    }
    put_table(guest, gpa, width == 4 ? "RSDT" : "XSDT", 36 + n * width);
}

static Guest *guest_new(void)
{
    Guest *guest = g_new0(Guest, 1);

    guest->low = g_malloc0(LOW_LEN);
    guest->high = g_malloc0(HIGH_LEN);
    return guest;
}

static void guest_free(Guest *guest)
{
    g_free(guest->low);
    g_free(guest->high);
    g_free(guest);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Guest, guest_free)

/** RSDT: FADT (with FACS and DSDT) and SSDT; XSDT: the same. */
static Guest *guest_new_full(void)
{
    static const uint64_t list[] = { FADT, SSDT };
    Guest *guest = guest_new();

    put_rsdp(guest, RSDP, 2, RSDT, XSDT);
    put_root(guest, RSDT, 4, list, 2);
    put_root(guest, XSDT, 8, list, 2);
    st32_le(guest->low + FADT + 36, FACS);
    st32_le(guest->low + FADT + 40, DSDT);
    put_table(guest, FADT, "FACP", 244);
    memcpy(guest->low + FACS, "FACS\x40\0\0\0", 8);
    put_table(guest, DSDT, "DSDT", 100);
    put_table(guest, SSDT, "SSDT", 64);
    return guest;
}

/** Walk; Returns "SIGN@address ..." of what was found, "!" a bad checksum. */
static char *walk_names(Guest *guest, GPtrArray *faults)
{
    g_autoptr(GPtrArray) found = acpi_walk(guest_read, guest, NULL, faults,
                                           NULL);
    GString *names = g_string_new(NULL);

    if (!found) {
        return g_string_free(names, FALSE);
    }
    for (unsigned i = 0; i < found->len; i++) {
        const AcpiFound *table = g_ptr_array_index(found, i);

        g_assert_cmpuint(g_bytes_get_size(table->bytes), ==, table->len);
        g_assert_cmpmem(g_bytes_get_data(table->bytes, NULL), table->len,
                        guest_at(guest, table->gpa), table->len);
        g_string_append_printf(names, "%s%.4s@%" G_GINT64_MODIFIER "x%s",
                               i ? " " : "", table->signature, table->gpa,
                               table->checksum_ok ? "" : "!");
    }
    return g_string_free(names, FALSE);
}

static void assert_walk(Guest *guest, const char *names, const char *fault)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *got = walk_names(guest, faults);
    g_autofree char *again = walk_names(guest, NULL);

    g_assert_cmpstr(got, ==, names);
    g_assert_cmpstr(again, ==, names);
    if (fault) {
        g_assert_cmpuint(faults->len, ==, 1);
        g_assert_cmpstr(g_ptr_array_index(faults, 0), ==, fault);
    } else {
        g_assert_cmpuint(faults->len, ==, 0);
    }
}

#define ALL "RSDT@100000 XSDT@101000 FACP@102000 FACS@103000 DSDT@104000 " \
            "SSDT@105000"

/* The RSDP */

static void assert_rsdp(Guest *guest, uint64_t expected)
{
    uint64_t gpa = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = acpi_walk(guest_read, guest, &gpa, NULL,
                                           &error);

    g_assert_cmphex(gpa, ==, expected);
    if (expected) {
        g_assert_nonnull(found);
    } else {
        g_assert_null(found);
        g_assert_cmpstr(error->message, ==, "no RSDP in guest memory");
    }
}

static void test_rsdp(void)
{
    g_autoptr(Guest) guest = guest_new();

    assert_rsdp(guest, 0);
    for (uint64_t gpa = 0xdfff0; gpa <= 0x100000; gpa += 0x10) {
        put_rsdp(guest, gpa, 0, 0, 0);
        if (gpa < 0xe0000 || gpa > 0xffff0) {
            assert_rsdp(guest, 0);
        } else if (gpa % 0x1000 < 0x20 || gpa % 0x1000 >= 0xfe0) {
            assert_rsdp(guest, gpa);
        }
        memset(guest->low + gpa, 0, 36);
    }
    /* not on a boundary */
    put_rsdp(guest, 0xe0008, 0, 0, 0);
    assert_rsdp(guest, 0);
    memset(guest->low + 0xe0008, 0, 36);
    /* the second is taken if the first is broken, in either part */
    put_rsdp(guest, 0xf0000, 0, 0, 0);
    put_rsdp(guest, 0xe0000, 0, 0, 0);
    assert_rsdp(guest, 0xe0000);
    guest->low[0xe0013]++;
    assert_rsdp(guest, 0xf0000);
    put_rsdp(guest, 0xe0000, 2, 0, 0);
    assert_rsdp(guest, 0xe0000);
    guest->low[0xe0023]++;
    assert_rsdp(guest, 0xf0000);
    put_rsdp(guest, 0xe0000, 2, 0, 0);
    st32_le(guest->low + 0xe0014, 35);
    guest->low[0xe0020]++;
    assert_rsdp(guest, 0xf0000);
}

static void test_ebda(void)
{
    g_autoptr(Guest) guest = guest_new();

    st16_le(guest->low + 0x40e, 0x9fc0);
    put_rsdp(guest, 0xf0000, 0, 0, 0);
    put_rsdp(guest, 0x9fff0, 0, 0, 0);
    assert_rsdp(guest, 0x9fff0);
    /* only its first KiB */
    st16_le(guest->low + 0x40e, 0x9fbf);
    assert_rsdp(guest, 0xf0000);
    /* above all that there is, and none */
    st16_le(guest->low + 0x40e, 0xffff);
    assert_rsdp(guest, 0xf0000);
    st16_le(guest->low + 0x40e, 0);
    put_rsdp(guest, 0, 0, 0, 0);
    assert_rsdp(guest, 0xf0000);
}

static void test_rsdp_beside_hole(void)
{
    g_autoptr(Guest) guest = guest_new();

    put_rsdp(guest, 0xf0820, 0, 0, 0);
    guest->hole = 0xe0000;
    guest->hole_len = 0x10820;
    assert_rsdp(guest, 0xf0820);
    guest->hole_len++;
    assert_rsdp(guest, 0);
    guest->hole = 0xf0834;
    guest->hole_len = 0x10000;
    assert_rsdp(guest, 0xf0820);
    guest->hole--;
    assert_rsdp(guest, 0);
}

/* The tables */

static void test_order(void)
{
    g_autoptr(Guest) guest = guest_new_full();
    static const uint64_t other[] = { 0, SSDT, FADT, 0, HIGH_GPA + 0x100 };

    assert_walk(guest, ALL, NULL);

    /* without XSDT */
    put_rsdp(guest, RSDP, 0, RSDT, XSDT);
    assert_walk(guest, "RSDT@100000 FACP@102000 FACS@103000 DSDT@104000 "
                "SSDT@105000", NULL);

    /* without RSDT, above 4 GiB, empty entries */
    put_rsdp(guest, RSDP, 2, 0, HIGH_GPA);
    put_root(guest, HIGH_GPA, 8, other, G_N_ELEMENTS(other));
    put_table(guest, HIGH_GPA + 0x100, "TPM2", 76);
    assert_walk(guest, "XSDT@100000000 SSDT@105000 FACP@102000 FACS@103000 "
                "DSDT@104000 TPM2@100000100", NULL);

    /* what only the XSDT has comes after what the RSDT has */
    put_rsdp(guest, RSDP, 2, RSDT, HIGH_GPA);
    assert_walk(guest, "RSDT@100000 XSDT@100000000 FACP@102000 FACS@103000 "
                "DSDT@104000 SSDT@105000 TPM2@100000100", NULL);
}

static void test_fadt(void)
{
    g_autoptr(Guest) guest = guest_new_full();
    uint8_t *fadt = guest->low + FADT;

    put_rsdp(guest, RSDP, 0, RSDT, 0);
    /* the 64-bit fields win, if the table has them */
    st64_le(fadt + 132, HIGH_GPA);
    st64_le(fadt + 140, HIGH_GPA + 0x100);
    fix_checksum(guest, FADT);
    memcpy(guest->high, "FACS\x40\0\0\0", 8);
    put_table(guest, HIGH_GPA + 0x100, "DSDT", 36);
    assert_walk(guest, "RSDT@100000 FACP@102000 FACS@100000000 "
                "DSDT@100000100 SSDT@105000", NULL);
    put_table(guest, FADT, "FACP", 147);
    assert_walk(guest, "RSDT@100000 FACP@102000 FACS@100000000 DSDT@104000 "
                "SSDT@105000", NULL);
    put_table(guest, FADT, "FACP", 116);
    assert_walk(guest, "RSDT@100000 FACP@102000 FACS@103000 DSDT@104000 "
                "SSDT@105000", NULL);
    put_table(guest, FADT, "FACP", 43);
    assert_walk(guest, "RSDT@100000 FACP@102000 FACS@103000 SSDT@105000",
                NULL);
    put_table(guest, FADT, "FACP", 36);
    assert_walk(guest, "RSDT@100000 FACP@102000 SSDT@105000", NULL);
}

static void test_contents(void)
{
    g_autoptr(Guest) guest = guest_new_full();
    g_autoptr(GPtrArray) found = NULL;
    const AcpiFound *table;

    guest->low[SSDT + 50] ^= 1;
    found = acpi_walk(guest_read, guest, NULL, NULL, NULL);
    g_assert_cmpuint(found->len, ==, 6);
    table = g_ptr_array_index(found, 2);
    g_assert_cmpmem(table->signature, 4, "FACP", 4);
    g_assert_cmphex(table->gpa, ==, FADT);
    g_assert_cmpuint(table->len, ==, 244);
    g_assert_true(table->has_header && table->checksum_ok);
    table = g_ptr_array_index(found, 3);
    g_assert_false(table->has_header);
    g_assert_true(table->checksum_ok);
    table = g_ptr_array_index(found, 5);
    g_assert_false(table->checksum_ok);
    g_assert_true(table->has_header);
}

/* Hostile ones */

static void test_faults(void)
{
    static const struct {
        uint64_t at;
        unsigned width;
        uint64_t value;
        const char *names, *fault;
    } bad[] = {
        { SSDT + 4, 4, 35, "RSDT@100000 XSDT@101000 FACP@102000 FACS@103000 "
          "DSDT@104000",
          "SSDT at 0x105000: a length of 35 bytes is impossible" },
        { SSDT + 4, 4, 0, "RSDT@100000 XSDT@101000 FACP@102000 FACS@103000 "
          "DSDT@104000",
          "SSDT at 0x105000: a length of 0 bytes is impossible" },
        { SSDT + 4, 4, 2 * 1024 * 1024 + 1, "RSDT@100000 XSDT@101000 "
          "FACP@102000 FACS@103000 DSDT@104000", "SSDT at 0x105000: a length "
          "of 2097153 bytes is impossible" },
        { SSDT + 4, 4, 0xffffffff, "RSDT@100000 XSDT@101000 FACP@102000 "
          "FACS@103000 DSDT@104000", "SSDT at 0x105000: a length of "
          "4294967295 bytes is impossible" },
        { SSDT, 4, 0x0a1b00ff, "RSDT@100000 XSDT@101000 FACP@102000 "
          "FACS@103000 DSDT@104000 \xff@105000!", NULL },
        { DSDT, 1, 'E', "RSDT@100000 XSDT@101000 FACP@102000 FACS@103000 "
          "SSDT@105000", "DSDT at 0x104000: the signature is 'ESDT'" },
        { DSDT, 4, 0x0a1b00ff, "RSDT@100000 XSDT@101000 FACP@102000 "
          "FACS@103000 SSDT@105000",
          "DSDT at 0x104000: the signature is '....'" },
        { FACS + 4, 4, 63, "RSDT@100000 XSDT@101000 FACP@102000 DSDT@104000 "
          "SSDT@105000",
          "FACS at 0x103000: a length of 63 bytes is impossible" },
        { FADT + 36, 4, RSDP, "RSDT@100000 XSDT@101000 FACP@102000! "
          "DSDT@104000 SSDT@105000",
          "FACS at 0xe0100: the signature is 'RSD.'" },
        { FADT + 132, 8, UINT64_MAX - 3, "RSDT@100000 XSDT@101000 "
          "FACP@102000! DSDT@104000 SSDT@105000",
          "FACS at 0xfffffffffffffffc: there is no memory" },
        { RSDT, 1, 'X', "XSDT@101000 FACP@102000 FACS@103000 DSDT@104000 "
          "SSDT@105000", "RSDT at 0x100000: the signature is 'XSDT'" },
        { XSDT + 44, 8, UINT64_MAX, "RSDT@100000 XSDT@101000! FACP@102000 "
          "FACS@103000 DSDT@104000 SSDT@105000",
          "table at 0xffffffffffffffff: there is no memory" },
        { XSDT + 44, 8, TOP_GPA, "RSDT@100000 XSDT@101000! FACP@102000 "
          "FACS@103000 DSDT@104000 SSDT@105000", "TOPX at "
          "0xfffffffffffffff0: a length of 36 bytes is impossible" },
        { XSDT + 44, 8, LOW_LEN - 7, "RSDT@100000 XSDT@101000! FACP@102000 "
          "FACS@103000 DSDT@104000 SSDT@105000",
          "table at 0x4ffff9: there is no memory" },
        /* in circles */
        { RSDT + 40, 4, RSDT, "RSDT@100000! XSDT@101000 FACP@102000 "
          "FACS@103000 DSDT@104000 SSDT@105000", NULL },
        { RSDT + 40, 4, XSDT, "RSDT@100000! XSDT@101000 FACP@102000 "
          "FACS@103000 DSDT@104000 SSDT@105000", NULL },
        { FADT + 40, 4, FADT, "RSDT@100000 XSDT@101000 FACP@102000! "
          "FACS@103000 SSDT@105000", NULL },
        { FADT + 40, 4, RSDT, "RSDT@100000 XSDT@101000 FACP@102000! "
          "FACS@103000 SSDT@105000", NULL },
        /* half an entry is none */
        { RSDT + 4, 4, 43, "RSDT@100000! XSDT@101000 FACP@102000 FACS@103000 "
          "DSDT@104000 SSDT@105000", NULL },
        { RSDT + 4, 4, 36, "RSDT@100000! XSDT@101000 FACP@102000 FACS@103000 "
          "DSDT@104000 SSDT@105000", NULL },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Guest) guest = guest_new_full();

        stn_le(guest_at(guest, bad[i].at), bad[i].width, bad[i].value);
        assert_walk(guest, bad[i].names, bad[i].fault);
    }
}

static void test_cut_short(void)
{
    g_autoptr(Guest) guest = guest_new_full();
    static const uint64_t list[] = { LOW_LEN - 99 };

    put_rsdp(guest, RSDP, 0, RSDT, 0);
    put_root(guest, RSDT, 4, list, 1);
    put_table(guest, LOW_LEN - 99, "SSDT", 99);
    assert_walk(guest, "RSDT@100000 SSDT@4fff9d", NULL);
    st32_le(guest->low + LOW_LEN - 95, 100);
    assert_walk(guest, "RSDT@100000", "SSDT at 0x4fff9d: not all of its 100 "
                "bytes are in memory");
}

static void test_too_many(void)
{
    g_autoptr(Guest) guest = guest_new();
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) found = NULL;
    uint64_t list[300];

    for (unsigned i = 0; i < G_N_ELEMENTS(list); i++) {
        list[i] = FREE + i * 64;
        put_table(guest, list[i], "SSDT", 36);
    }
    put_rsdp(guest, RSDP, 2, RSDT, XSDT);
    put_root(guest, RSDT, 4, list, G_N_ELEMENTS(list));
    put_root(guest, XSDT, 8, list, G_N_ELEMENTS(list));
    found = acpi_walk(guest_read, guest, NULL, faults, NULL);
    g_assert_cmpuint(found->len, ==, ACPI_WALK_MAX_TABLES);
    g_assert_cmpuint(faults->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(faults, 0), ==,
                    "more than 256 tables: the rest is left out");
}

/** All of memory as one RSDT, whose entries are anything. */
static void test_big_root(void)
{
    g_autoptr(Guest) guest = guest_new();
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) found = NULL;

    for (uint32_t at = 0; at < ACPI_WALK_MAX_LEN; at += 4) {
        st32_le(guest->low + RSDT + at, 0x80000000 + at);
    }
    put_rsdp(guest, RSDP, 0, RSDT, 0);
    put_table(guest, RSDT, "RSDT", ACPI_WALK_MAX_LEN);
    found = acpi_walk(guest_read, guest, NULL, faults, NULL);
    g_assert_cmpuint(found->len, ==, 1);
    g_assert_cmpuint(faults->len, ==, ACPI_WALK_MAX_TABLES);
    g_assert_cmpuint(guest->n_reads, <, 1000);
}

/** Two hundred tables of 1 MiB in little more than 1 MiB. */
static void test_overlapping(void)
{
    g_autoptr(Guest) guest = guest_new();
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) found = NULL;
    uint64_t list[200];

    for (unsigned i = 0; i < G_N_ELEMENTS(list); i++) {
        list[i] = FREE + i * 64;
        memcpy(guest->low + list[i], "OVER", 4);
        st32_le(guest->low + list[i] + 4, 1024 * 1024);
    }
    put_rsdp(guest, RSDP, 0, RSDT, 0);
    put_root(guest, RSDT, 4, list, G_N_ELEMENTS(list));
    found = acpi_walk(guest_read, guest, NULL, faults, NULL);
    g_assert_cmpuint(found->len, ==, 16);
    g_assert_cmpuint(faults->len, ==, 1 + 200 - 16);
    g_assert_cmpuint(guest->n_bytes, <, ACPI_WALK_MAX_TOTAL + 0x40000);
    g_assert_cmpstr(g_ptr_array_index(faults, 1), ==,
                    "OVER at 0x110400: left out, the tables before it are too "
                    "long");
}

static void test_random(void)
{
    static const uint64_t spots[] = {
        RSDP, RSDT, XSDT, FADT, FACS, DSDT, SSDT, FREE, 0x40e,
    };
    static const uint64_t values[] = {
        0, 1, 35, 36, 63, 64, RSDP, RSDT, XSDT, FADT, FACS, DSDT, SSDT,
        LOW_LEN - 36, LOW_LEN - 1, 0x1fffff, 0x200000, 0x200001, 0x7fffffff,
        0xffffffff, HIGH_GPA, HIGH_GPA + HIGH_LEN - 4, UINT64_MAX,
        UINT64_MAX - 36, UINT64_C(1) << 63,
    };
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    g_autoptr(Guest) guest = guest_new_full();
    const size_t rounds = times_to_run(50000);
    unsigned walked = 0, faulty = 0;

    for (size_t i = 0; i < rounds; i++) {
        struct { uint64_t at; uint8_t old[8]; } undo[4];
        unsigned n = g_rand_int_range(rand, 1, 5);
        g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) found = NULL;
        bool mend = g_rand_boolean(rand);

        for (unsigned k = 0; k < n; k++) {
            unsigned spot = g_rand_int_range(rand, 0, G_N_ELEMENTS(spots));
            uint64_t at = spots[spot] + g_rand_int_range(rand, 0, 37) * 4;

            undo[k].at = at;
            memcpy(undo[k].old, guest->low + at, 8);
            if (g_rand_boolean(rand)) {
                stn_le(guest->low + at, g_rand_boolean(rand) ? 4 : 8,
                       values[g_rand_int_range(rand, 0,
                                               G_N_ELEMENTS(values))]);
            } else {
                guest->low[at + g_rand_int_range(rand, 0, 8)] =
                    g_rand_int(rand);
            }
        }
        uint8_t sum[2] = { guest->low[RSDP + 8], guest->low[RSDP + 32] };
        if (mend) {
            guest->low[RSDP + 8] -= bytes_sum(guest->low + RSDP, 20);
            guest->low[RSDP + 32] -= bytes_sum(guest->low + RSDP, 36);
        }
        guest->n_bytes = guest->n_reads = 0;
        found = acpi_walk(guest_read, guest, NULL, faults, NULL);
        walked += found != NULL;
        faulty += faults->len > 0;
        g_assert_cmpuint(guest->n_bytes, <, ACPI_WALK_MAX_TOTAL + 0x80000);
        g_assert_cmpuint(guest->n_reads, <, 20000);
        g_assert_cmpuint(faults->len, <=, ACPI_WALK_MAX_TABLES + 1);
        if (mend) {
            guest->low[RSDP + 8] = sum[0];
            guest->low[RSDP + 32] = sum[1];
        }
        while (n--) {
            memcpy(guest->low + undo[n].at, undo[n].old, 8);
        }
    }
    g_assert_cmpuint(walked, >, rounds / 5);
    g_assert_cmpuint(walked, <, rounds);
    g_assert_cmpuint(faulty, >, rounds / 50);
    assert_walk(guest, ALL, NULL);
}

/* The origin */

/** Memory as firmware leaves it: the linked files, zeros below 1 MiB. */
static bool linked_read(void *opaque, uint64_t gpa, void *buf, size_t len)
{
    const SampleGuest *guest = opaque;
    bool low = gpa + len <= 0x100000;

    memset(buf, 0, len);
    for (unsigned i = 0; i < guest->files->len; i++) {
        const GByteArray *file = g_ptr_array_index(guest->files, i);
        uint64_t base = g_array_index(guest->bases, uint64_t, i);
        uint64_t from = MAX(gpa, base), to = MIN(gpa + len, base + file->len);

        if (from < to) {
            memcpy((uint8_t *)buf + (from - gpa), file->data + (from - base),
                   to - from);
            if (to - from == len) {
                return true;
            }
        }
    }
    return low;
}

static AcpiBlobSet *sample_set(AcpiPlatform *platform, GPtrArray *user_tables)
{
    sample_q35(platform, 3);
    g_ptr_array_add(user_tables, sample_licence("SLIC", "ABRACA", "ABRAXYZ",
                                                374));
    g_ptr_array_add(user_tables, sample_licence("MSDM", "OTHERS",
                                                "OTHERLIC", 85));
    platform->user_tables = user_tables;
    return acpi_tables_build(platform);
}

static void free_bytes(gpointer bytes)
{
    g_bytes_unref(bytes);
}

static void test_origin(void)
{
    g_autofree AcpiPlatform *platform = g_new0(AcpiPlatform, 1);
    g_autoptr(GPtrArray) user = g_ptr_array_new_with_free_func(free_bytes);
    g_autoptr(AcpiBlobSet) set = sample_set(platform, user);
    g_autoptr(AcpiBlobSet) none = acpi_blob_set_new();
    g_autoptr(SampleGuest) guest = sample_link(set);
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) found = acpi_walk(linked_read, guest, NULL, faults,
                                           NULL);
    g_autoptr(GString) names = g_string_new(NULL);

    g_assert_nonnull(found);
    g_assert_cmpuint(faults->len, ==, 0);
    for (unsigned i = 0; i < found->len; i++) {
        AcpiFound *table = g_ptr_array_index(found, i);
        GBytes *whole = table->bytes;
        AcpiOrigin origin = 99;

        g_assert_true(table->checksum_ok);
        g_assert_true(acpi_walk_origin(table, set, &origin));
        g_string_append_printf(names, "%.4s%s ", table->signature,
                               origin == ACPI_ORIGIN_USER ? "(user)" : "");
        g_assert_false(acpi_walk_origin(table, none, &origin));
        g_assert_false(acpi_walk_origin(table, NULL, &origin));

        /* one other byte and it is another table; of a FACS that is its own
         * affair */
        g_autofree uint8_t *bytes = g_memdup2(g_bytes_get_data(whole, NULL),
                                              table->len);
        bytes[table->len > 40 && table->has_header ? 12 : 35] ^= 1;
        table->bytes = g_bytes_new(bytes, table->len);
        g_assert_true(acpi_walk_origin(table, set, &origin) ==
                      !table->has_header);
        g_bytes_unref(table->bytes);
        table->bytes = whole;
        table->len--;
        g_assert_false(acpi_walk_origin(table, set, &origin));
        table->len++;
        table->signature[0] ^= 1;
        g_assert_false(acpi_walk_origin(table, set, &origin));
        table->signature[0] ^= 1;
    }
    g_assert_cmpstr(names->str, ==, "RSDT FACP FACS DSDT APIC HPET MCFG WAET "
                    "SLIC(user) MSDM(user) ");
}

/* The files */

static AcpiFound *table_new(const char *signature, uint8_t fill)
{
    AcpiFound *table = g_new0(AcpiFound, 1);

    memcpy(table->signature, signature, 4);
    table->len = 36;
    table->has_header = true;
    table->bytes = g_bytes_new_take(g_strnfill(36, fill), 36);
    return table;
}

static void table_free(gpointer p)
{
    g_bytes_unref(((AcpiFound *)p)->bytes);
    g_free(p);
}

static void test_dump(void)
{
    static const struct { const char *signature, *file; } tables[] = {
        { "RSDT", "rsdt.dat" }, { "FACP", "facp.dat" }, { "SSDT", "ssdt.dat" },
        { "SSDT", "ssdt1.dat" }, { "TPM2", "tpm2.dat" },
        { "SSDT", "ssdt2.dat" }, { "../x", "___x.dat" },
        { "A\xff\0/", "a___.dat" },
        { "\0/\0X", "___x1.dat" },
    };
    g_autofree char *top = g_dir_make_tmp("walk-XXXXXX", NULL);
    g_autofree char *dir = g_build_filename(top, "dump", NULL);
    g_autofree char *in_file = g_build_filename(dir, "rsdt.dat", NULL);
    g_autofree char *deep = g_build_filename(top, "no", "such", NULL);
    g_autofree char *in_way = g_build_filename(dir, "facp.dat", NULL);
    g_autofree char *message = NULL;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(table_free);
    GError *error = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_ptr_array_add(found, table_new(tables[i].signature, 'a' + i));
    }
    /* twice: into a new directory, and over what is there */
    for (unsigned round = 0; round < 2; round++) {
        g_assert_true(acpi_walk_dump(found, dir, &error));
        for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
            const AcpiFound *table = g_ptr_array_index(found, i);
            g_autofree char *path = g_build_filename(dir, tables[i].file,
                                                     NULL);
            g_autofree char *content = NULL;
            gsize len;

            g_assert_true(g_file_get_contents(path, &content, &len, NULL));
            g_assert_cmpmem(content, len, g_bytes_get_data(table->bytes, NULL),
                            table->len);
            g_assert_true(g_file_set_contents(path, "longer than the table "
                                              "which will replace it", -1,
                                              NULL));
        }
    }

    g_assert_false(acpi_walk_dump(found, deep, &error));
    message = g_strdup_printf("can't make directory %s: %s", deep,
                              g_strerror(ENOENT));
    g_assert_cmpstr(error->message, ==, message);
    g_clear_error(&error);
    g_free(message);

    g_assert_false(acpi_walk_dump(found, in_file, &error));
    message = g_strdup_printf("%s is not a directory", in_file);
    g_assert_cmpstr(error->message, ==, message);
    g_clear_error(&error);
    g_free(message);

    g_assert_cmpint(g_unlink(in_way), ==, 0);
    g_assert_cmpint(g_mkdir(in_way, 0700), ==, 0);
    g_assert_false(acpi_walk_dump(found, dir, &error));
    message = g_strdup_printf("can't write file %s: %s", in_way,
                              g_strerror(EISDIR));
    g_assert_cmpstr(error->message, ==, message);
    g_clear_error(&error);

    g_assert_cmpint(g_rmdir(in_way), ==, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_autofree char *path = g_build_filename(dir, tables[i].file, NULL);

        g_unlink(path);
    }
    g_assert_cmpint(g_rmdir(dir), ==, 0);
    g_assert_cmpint(g_rmdir(top), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi-walk/rsdp", test_rsdp);
    g_test_add_func("/acpi-walk/ebda", test_ebda);
    g_test_add_func("/acpi-walk/rsdp-beside-hole", test_rsdp_beside_hole);
    g_test_add_func("/acpi-walk/order", test_order);
    g_test_add_func("/acpi-walk/fadt", test_fadt);
    g_test_add_func("/acpi-walk/contents", test_contents);
    g_test_add_func("/acpi-walk/faults", test_faults);
    g_test_add_func("/acpi-walk/cut-short", test_cut_short);
    g_test_add_func("/acpi-walk/too-many", test_too_many);
    g_test_add_func("/acpi-walk/big-root", test_big_root);
    g_test_add_func("/acpi-walk/overlapping", test_overlapping);
    g_test_add_func("/acpi-walk/random", test_random);
    g_test_add_func("/acpi-walk/origin", test_origin);
    g_test_add_func("/acpi-walk/dump", test_dump);
    return g_test_run();
}
