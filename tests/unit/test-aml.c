/*
 * AML encodings, byte by byte (ACPI 6.5, 20 and 6.4)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/aml.h"

#include "util/bytes.h"

typedef struct Writing {
    GByteArray *out;
    AmlWriter w;
} Writing;

static void writing_begin(Writing *t, gconstpointer data)
{
    t->out = g_byte_array_new();
    aml_init(&t->w, t->out);
}

static void writing_end(Writing *t, gconstpointer data)
{
    g_assert_cmpuint(t->w.depth, ==, 0);
    g_byte_array_unref(t->out);
}

/** expect: exactly these bytes were written since the last call. */
static void expect(Writing *t, const char *hex)
{
    GString *got = g_string_new(NULL);

    for (guint i = 0; i < t->out->len; i++) {
        g_string_append_printf(got, "%s%02x", i ? " " : "", t->out->data[i]);
    }
    g_assert_cmpstr(got->str, ==, hex);
    g_string_free(got, TRUE);
    g_byte_array_set_size(t->out, 0);
}

static void test_integers(Writing *t, gconstpointer data)
{
    static const struct {
        uint64_t value;
        const char *hex;
    } cases[] = {
        { 0, "00" }, { 1, "01" }, { 2, "0a 02" }, { 0xff, "0a ff" },
        { 0x100, "0b 00 01" }, { 0xffff, "0b ff ff" },
        { 0x10000, "0c 00 00 01 00" }, { UINT32_MAX, "0c ff ff ff ff" },
        { UINT32_MAX + 1ull, "0e 00 00 00 00 01 00 00 00" },
        { UINT64_MAX, "0e ff ff ff ff ff ff ff ff" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        aml_int(&t->w, cases[i].value);
        expect(t, cases[i].hex);
    }
    aml_op(&t->w, AML_OP_ONES);
    g_assert_cmpuint(aml_dword(&t->w, 1), ==, 2);
    expect(t, "ff 0c 01 00 00 00");
}

static void test_names(Writing *t, gconstpointer data)
{
    static const struct {
        const char *path, *hex;
    } cases[] = {
        { "\\", "5c 00" },
        { "_SB", "5f 53 42 5f" },
        { "\\_SB", "5c 5f 53 42 5f" },
        { "^^ISA", "5e 5e 49 53 41 5f" },
        { "_SB.PCI0", "2e 5f 53 42 5f 50 43 49 30" },
        { "\\_SB.PCI0.A", "5c 2f 03 5f 53 42 5f 50 43 49 30 41 5f 5f 5f" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        aml_ref(&t->w, cases[i].path);
        expect(t, cases[i].hex);
    }
}

static void test_data(Writing *t, gconstpointer data)
{
    aml_string(&t->w, "AB");
    expect(t, "0d 41 42 00");
    aml_eisaid(&t->w, "PNP0A03");
    expect(t, "0c 41 d0 0a 03");
    aml_eisaid(&t->w, "PNP0C0F");
    expect(t, "0c 41 d0 0c 0f");
    aml_buffer(&t->w, "\x11\x22", 2);
    expect(t, "11 05 0a 02 11 22");
    aml_buffer(&t->w, "", 0);
    expect(t, "11 02 00");
    aml_name(&t->w, "ANSW");
    aml_int(&t->w, 42);
    expect(t, "08 41 4e 53 57 0a 2a");
    aml_local(&t->w, 7);
    aml_arg(&t->w, 6);
    expect(t, "67 6e");
}

static void test_terms(Writing *t, gconstpointer data)
{
    aml_scope(&t->w, "\\_SB");
    aml_device(&t->w, "DEV0");
    aml_end(&t->w);
    aml_end(&t->w);
    expect(t, "10 0d 5c 5f 53 42 5f 5b 82 05 44 45 56 30");

    aml_method(&t->w, "MTHD", 7, true);
    aml_if(&t->w);
    aml_arg(&t->w, 0);
    aml_end(&t->w);
    aml_else(&t->w);
    aml_op(&t->w, AML_OP_RETURN);
    aml_op(&t->w, AML_OP_ZERO);
    aml_end(&t->w);
    aml_end(&t->w);
    expect(t, "14 0d 4d 54 48 44 0f a0 02 68 a1 03 a4 00");

    aml_package(&t->w, 2);
    aml_int(&t->w, 0);
    aml_ref(&t->w, "LNKA");
    aml_end(&t->w);
    expect(t, "12 07 02 00 4c 4e 4b 41");

    aml_region(&t->w, "REG0", AML_PCI_CONFIG, 0x60, 4);
    expect(t, "5b 80 52 45 47 30 02 0a 60 0a 04");
    aml_field(&t->w, "REG0", AML_ACCESS_BYTE | AML_LOCK | AML_WRITE_AS_ZEROS);
    aml_field_unit(&t->w, "FLDA", 8);
    aml_field_skip(&t->w, 64);
    aml_end(&t->w);
    expect(t, "5b 81 0e 52 45 47 30 51 46 4c 44 41 08 00 40 04");
}

/** A package length counts its own bytes; each boundary on both sides. */
static void test_package_lengths(Writing *t, gconstpointer data)
{
    static const struct {
        uint32_t body;              /* bytes after the length */
        unsigned own;               /* bytes of the length */
    } cases[] = {
        { 5, 1 }, { 62, 1 }, { 63, 2 }, { 64, 2 }, { 4093, 2 }, { 4094, 3 },
        { 4095, 3 }, { (1 << 20) - 4, 3 }, { (1 << 20) - 3, 4 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint32_t total = cases[i].body + cases[i].own;
        uint32_t got;

        aml_scope(&t->w, "BODY");
        for (uint32_t n = 4; n < cases[i].body; n++) {
            aml_op(&t->w, AML_OP_ONE);
        }
        aml_end(&t->w);
        g_assert_cmpuint(t->out->len, ==, 1 + total);
        g_assert_cmpuint(t->out->data[1] >> 6, ==, cases[i].own - 1);
        got = cases[i].own == 1 ? t->out->data[1] :
              (t->out->data[1] & 0x0f) |
              (uint32_t)ldn_le(t->out->data + 2, cases[i].own - 1) << 4;
        g_assert_cmpuint(got, ==, total);
        g_assert_cmpmem(t->out->data + 1 + cases[i].own, 4, "BODY", 4);
        g_byte_array_set_size(t->out, 0);
    }
}

static void test_resources(Writing *t, gconstpointer data)
{
    static const uint32_t irqs[] = { 5, 10 };

    aml_template(&t->w);
    aml_end(&t->w);
    expect(t, "11 05 0a 02 79 00");

    aml_io(&t->w, 0x3f8, 8);
    expect(t, "47 01 f8 03 f8 03 01 08");
    aml_irq(&t->w, 4);
    expect(t, "22 10 00");
    aml_interrupts(&t->w, irqs, 2);
    expect(t, "89 0a 00 09 02 05 00 00 00 0a 00 00 00");
    aml_memory32_fixed(&t->w, 0xfed00000, 0x400, true);
    expect(t, "86 09 00 01 00 00 d0 fe 00 04 00 00");
    aml_memory32_fixed(&t->w, 0, 1, false);
    expect(t, "86 09 00 00 00 00 00 00 01 00 00 00");
    aml_word_bus(&t->w, 0, 0xff);
    expect(t, "88 0d 00 02 0c 00 00 00 00 00 ff 00 00 00 00 01");
    aml_io_window(&t->w, 0xd00, 0xffff);
    expect(t, "88 0d 00 01 0c 03 00 00 00 0d ff ff 00 00 00 f3");
    aml_dword_memory_window(&t->w, 0xa0000, 0xbffff, true);
    expect(t, "87 17 00 00 0c 03 00 00 00 00 00 00 0a 00 ff ff 0b 00 "
           "00 00 00 00 00 00 02 00");
    aml_dword_memory_window(&t->w, 0xc0000000, 0xffffffff, false);
    expect(t, "87 17 00 00 0c 01 00 00 00 00 00 00 00 c0 ff ff ff ff "
           "00 00 00 00 00 00 00 40");
    aml_qword_memory_window(&t->w, 1ull << 32, (1ull << 33) - 1);
    expect(t, "8a 2b 00 00 0c 03 00 00 00 00 00 00 00 00 "
           "00 00 00 00 01 00 00 00 ff ff ff ff 01 00 00 00 "
           "00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00");
    aml_qword_memory_fixed(&t->w, 1ull << 35, 1ull << 28);
    expect(t, "8a 2b 00 00 0d 01 00 00 00 00 00 00 00 00 "
           "00 00 00 00 08 00 00 00 ff ff ff 0f 08 00 00 00 "
           "00 00 00 00 00 00 00 00 00 00 00 10 00 00 00 00");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, fn)                                                       \
    g_test_add("/aml/" name, Writing, NULL, writing_begin, fn, writing_end)
    ADD("integers", test_integers);
    ADD("names", test_names);
    ADD("data", test_data);
    ADD("terms", test_terms);
    ADD("package-lengths", test_package_lengths);
    ADD("resources", test_resources);
#undef ADD
    return g_test_run();
}
