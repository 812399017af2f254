/*
 * Blobs, fix-ups, the loader script and its entries
 *
 * Requirements: docs/specs/fw-loader.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/blob.h"

#include "hw/acpi/loader.h"
#include "util/bytes.h"

#define LONGEST "etc/56789012345678901234567890123456789012345678901234"

/** entry: the @i-th entry of a script, decoded. */
static AcpiLoaderEntry entry(GBytes *script, unsigned i)
{
    const uint8_t *raw = g_bytes_get_data(script, NULL);
    AcpiLoaderEntry e;
    g_autoptr(GError) error = NULL;

    g_assert_true(acpi_loader_decode(raw + 128 * i, &e, &error));
    g_assert_no_error(error);
    return e;
}

static void test_append(void)
{
    g_autoptr(AcpiBlobSet) set = acpi_blob_set_new();
    AcpiBlob *b = acpi_blob_new(set, "etc/a", 64, ACPI_ZONE_HIGH);
    static const uint8_t expected[] = {
        'a', 'b', 0x34, 0x12, 0, 0, 0, 0, 0, 0, 0, 0x01, 0, 0, 0, 0, 0, 0,
        0x80, 0, 0, 0, 0, 0,
    };

    acpi_blob_append(b, "ab", 2);
    acpi_blob_append_int(b, 2, 0x1234);
    acpi_blob_align(b, 4);
    acpi_blob_append_zeros(b, 7);
    acpi_blob_append_int(b, 8, 0x8000000000000001);
    acpi_blob_align(b, 8);
    g_assert_cmpmem(b->bytes->data, b->bytes->len, expected,
                    sizeof(expected));
    acpi_blob_align(b, 8);
    g_assert_cmpuint(b->bytes->len, ==, sizeof(expected));

    g_assert_true(acpi_blob_find(set, "etc/a") == b);
    g_assert_null(acpi_blob_find(set, "etc/b"));
}

static void test_pointer(void)
{
    g_autoptr(AcpiBlobSet) set = acpi_blob_set_new();
    AcpiBlob *a = acpi_blob_new(set, "etc/a", 16, ACPI_ZONE_FSEG);
    AcpiBlob *b = acpi_blob_new(set, "etc/b", 64, ACPI_ZONE_HIGH);
    const AcpiFixUp *f;

    acpi_blob_append_zeros(b, 100);
    acpi_blob_append_int(a, 4, 0xffffffff);
    acpi_blob_append_pointer(a, 4, b, 99);
    acpi_blob_append_pointer(a, 8, b, 7);
    acpi_blob_point(a, 0, 4, a, 2);

    g_assert_cmpuint(a->bytes->len, ==, 16);
    g_assert_cmpuint(ld32_le(a->bytes->data), ==, 2);
    g_assert_cmpuint(ld32_le(a->bytes->data + 4), ==, 99);
    g_assert_cmpuint(ld64_le(a->bytes->data + 8), ==, 7);

    g_assert_cmpuint(set->fix_ups->len, ==, 3);
    f = &g_array_index(set->fix_ups, AcpiFixUp, 1);
    g_assert_cmpint(f->kind, ==, ACPI_FIX_UP_POINTER);
    g_assert_true(f->blob == a && f->target == b);
    g_assert_cmpuint(f->offset, ==, 8);
    g_assert_cmpuint(f->width, ==, 8);
}

/** A pointer may not start at or beyond its target's end. */
static void test_pointer_beyond(void)    /* R4 */
{
    if (g_test_subprocess()) {
        g_autoptr(AcpiBlobSet) set = acpi_blob_set_new();
        AcpiBlob *a = acpi_blob_new(set, "etc/a", 16, ACPI_ZONE_HIGH);

        acpi_blob_append_zeros(a, 4);
        /* the pointer's own bytes do not count */
        acpi_blob_append_pointer(a, 4, a, 4);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*blob_holds*");
}

static void test_checksum(void)    /* R5 */
{
    g_autoptr(AcpiBlobSet) set = acpi_blob_set_new();
    AcpiBlob *a = acpi_blob_new(set, "etc/a", 16, ACPI_ZONE_HIGH);

    acpi_blob_append(a, "\x10\x20\x30\x99", 4);
    acpi_blob_append_pointer(a, 4, a, 1);
    acpi_blob_append(a, "\x77\x99", 2);

    /* no pointer inside: put in at once */
    acpi_blob_checksum(a, 3, 0, 4);
    g_assert_cmphex(a->bytes->data[3], ==, 0xa0);
    acpi_blob_checksum(a, 9, 8, 2);
    g_assert_cmphex(a->bytes->data[9], ==, 0x89);
    g_assert_cmpuint(set->fix_ups->len, ==, 1);

    /* one byte of the pointer is enough to leave it to firmware */
    acpi_blob_checksum(a, 3, 0, 5);
    g_assert_cmphex(a->bytes->data[3], ==, 0);
    acpi_blob_checksum(a, 9, 7, 3);
    g_assert_cmphex(a->bytes->data[9], ==, 0);
    g_assert_cmpuint(set->fix_ups->len, ==, 3);
}

/** Whatever the order of recording, the script has the order firmware needs. */
static void test_script_order(void)    /* R2 */
{
    g_autoptr(AcpiBlobSet) set = acpi_blob_set_new();
    AcpiBlob *a = acpi_blob_new(set, "etc/a", 16, ACPI_ZONE_FSEG);
    AcpiBlob *b = acpi_blob_new(set, LONGEST, 4096, ACPI_ZONE_HIGH);
    g_autoptr(GBytes) script = NULL;
    AcpiLoaderEntry e;

    acpi_blob_append_zeros(b, 4096);
    acpi_blob_append_zeros(a, 16);
    acpi_blob_append_pointer(a, 4, b, 12);
    acpi_blob_checksum(a, 8, 0, 20);
    acpi_blob_write_back(b, 40, "etc/b_addr", 2, 8);
    acpi_blob_append_pointer(b, 8, a, 3);

    script = acpi_blob_set_script(set);
    g_assert_cmpuint(g_bytes_get_size(script), ==, 4096);

    e = entry(script, 0);
    g_assert_cmpuint(e.command, ==, ACPI_LOADER_ALLOCATE);
    g_assert_cmpstr(e.file, ==, "etc/a");
    g_assert_cmpuint(e.align, ==, 16);
    g_assert_cmpuint(e.zone, ==, 2);
    e = entry(script, 1);
    g_assert_cmpuint(e.command, ==, ACPI_LOADER_ALLOCATE);
    g_assert_cmpstr(e.file, ==, LONGEST);
    g_assert_cmpuint(e.align, ==, 4096);
    g_assert_cmpuint(e.zone, ==, 1);
    e = entry(script, 2);
    g_assert_cmpuint(e.command, ==, ACPI_LOADER_WRITE_POINTER);
    g_assert_cmpstr(e.file, ==, "etc/b_addr");
    g_assert_cmpstr(e.source, ==, LONGEST);
    g_assert_cmpuint(e.offset, ==, 2);
    g_assert_cmpuint(e.source_offset, ==, 40);
    g_assert_cmpuint(e.width, ==, 8);
    e = entry(script, 3);
    g_assert_cmpuint(e.command, ==, ACPI_LOADER_ADD_POINTER);
    g_assert_cmpstr(e.file, ==, "etc/a");
    g_assert_cmpstr(e.source, ==, LONGEST);
    g_assert_cmpuint(e.offset, ==, 16);
    g_assert_cmpuint(e.width, ==, 4);
    e = entry(script, 4);
    g_assert_cmpuint(e.command, ==, ACPI_LOADER_ADD_POINTER);
    g_assert_cmpstr(e.file, ==, LONGEST);
    g_assert_cmpstr(e.source, ==, "etc/a");
    g_assert_cmpuint(e.offset, ==, 4096);
    g_assert_cmpuint(e.width, ==, 8);
    e = entry(script, 5);
    g_assert_cmpuint(e.command, ==, ACPI_LOADER_ADD_CHECKSUM);
    g_assert_cmpstr(e.file, ==, "etc/a");
    g_assert_cmpuint(e.offset, ==, 8);
    g_assert_cmpuint(e.start, ==, 0);
    g_assert_cmpuint(e.len, ==, 20);
    for (unsigned i = 6; i < 32; i++) {
        g_assert_cmpuint(entry(script, i).command, ==, ACPI_LOADER_NONE);
    }
}

static void test_script_size(void)    /* R1 */
{
    for (unsigned n = 30; n <= 34; n++) {
        g_autoptr(AcpiBlobSet) set = acpi_blob_set_new();
        g_autoptr(GBytes) script = NULL;

        for (unsigned i = 0; i < n; i++) {
            g_autofree char *file = g_strdup_printf("etc/%u", i);

            acpi_blob_new(set, file, 1, ACPI_ZONE_HIGH);
        }
        script = acpi_blob_set_script(set);
        g_assert_cmpuint(g_bytes_get_size(script), ==, n <= 32 ? 4096 : 8192);
    }
}

/** Every field of every command at its byte. */
static void test_layout(void)    /* "Entry" */
{
    static const AcpiLoaderEntry full = {
        .file = "f", .source = "s", .align = 0x01020304, .zone = 0x05,
        .offset = 0x11121314, .source_offset = 0x21222324,
        .start = 0x31323334, .len = 0x41424344, .width = 0x08,
    };
    static const struct {
        AcpiLoaderCommand command;
        struct {
            unsigned at, len;
            uint64_t value;
        } fields[6];
    } cases[] = {
        { ACPI_LOADER_ALLOCATE,
          { { 4, 1, 'f' }, { 60, 4, 0x01020304 }, { 64, 1, 0x05 } } },
        { ACPI_LOADER_ADD_POINTER,
          { { 4, 1, 'f' }, { 60, 1, 's' }, { 116, 4, 0x11121314 },
            { 120, 1, 0x08 } } },
        { ACPI_LOADER_ADD_CHECKSUM,
          { { 4, 1, 'f' }, { 60, 4, 0x11121314 }, { 64, 4, 0x31323334 },
            { 68, 4, 0x41424344 } } },
        { ACPI_LOADER_WRITE_POINTER,
          { { 4, 1, 'f' }, { 60, 1, 's' }, { 116, 4, 0x11121314 },
            { 120, 4, 0x21222324 }, { 124, 1, 0x08 } } },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        AcpiLoaderEntry e = full, back;
        uint8_t raw[128], expected[128] = { 0 };

        e.command = cases[i].command;
        acpi_loader_encode(&e, raw);

        st32_le(expected, e.command);
        for (unsigned k = 0; k < 6 && cases[i].fields[k].len; k++) {
            stn_le(expected + cases[i].fields[k].at, cases[i].fields[k].len,
                   cases[i].fields[k].value);
        }
        g_assert_cmpmem(raw, 128, expected, 128);

        g_assert_true(acpi_loader_decode(raw, &back, NULL));
        acpi_loader_encode(&back, expected);
        g_assert_cmpmem(raw, 128, expected, 128);
    }
}

static void test_decode_errors(void)    /* "Entry" */
{
    AcpiLoaderEntry e = { .command = ACPI_LOADER_ADD_POINTER, .file = "f",
                          .source = "s", .width = 4 };
    uint8_t good[128], raw[128];
    g_autoptr(GError) error = NULL;

    acpi_loader_encode(&e, good);

    memcpy(raw, good, sizeof(raw));
    memset(raw + 60, 'x', 56);
    g_assert_false(acpi_loader_decode(raw, &e, &error));
    g_assert_cmpstr(error->message, ==,
                    "ADD_POINTER: the file name at byte 60 has no NUL");
    g_clear_error(&error);

    memcpy(raw, good, sizeof(raw));
    raw[4] = 0;
    g_assert_false(acpi_loader_decode(raw, &e, &error));
    g_assert_cmpstr(error->message, ==,
                    "ADD_POINTER: the file name at byte 4 is empty");

    /* a name with 55 bytes is the longest; what follows its NUL is nothing */
    memcpy(raw, good, sizeof(raw));
    memset(raw + 4, 'y', 55);
    raw[59] = 0;
    raw[62] = 'z';
    g_assert_true(acpi_loader_decode(raw, &e, NULL));
    g_assert_cmpuint(strlen(e.file), ==, 55);
    g_assert_cmpstr(e.source, ==, "s");

    /* unknown commands carry nothing, not even bad names */
    memset(raw, 0xff, sizeof(raw));
    g_assert_true(acpi_loader_decode(raw, &e, NULL));
    g_assert_cmpuint(e.command, ==, UINT32_MAX);
    g_assert_cmpstr(e.file, ==, "");
    g_assert_cmpuint(e.width, ==, 0);
    g_assert_null(acpi_loader_command_name(5));
    g_assert_cmpstr(acpi_loader_command_name(3), ==, "ADD_CHECKSUM");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi-blob/append", test_append);
    g_test_add_func("/acpi-blob/pointer", test_pointer);
    g_test_add_func("/acpi-blob/pointer-beyond", test_pointer_beyond);
    g_test_add_func("/acpi-blob/checksum", test_checksum);
    g_test_add_func("/acpi-blob/script-order", test_script_order);
    g_test_add_func("/acpi-blob/script-size", test_script_size);
    g_test_add_func("/acpi-loader/layout", test_layout);
    g_test_add_func("/acpi-loader/decode-errors", test_decode_errors);
    return g_test_run();
}
