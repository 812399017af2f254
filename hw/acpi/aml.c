/*
 * AML: writing ACPI Machine Language
 *
 * Spec: ACPI 6.5, 20 (encoding) and 6.4 (resource descriptors)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/aml.h"

#include "util/bytes.h"

/* Opcodes that the functions below write themselves (ACPI 6.5, table 20.4) */
enum {
    OP_NAME = 0x08, OP_BYTE = 0x0a, OP_WORD = 0x0b, OP_DWORD = 0x0c,
    OP_STRING = 0x0d, OP_QWORD = 0x0e, OP_SCOPE = 0x10, OP_BUFFER = 0x11,
    OP_PACKAGE = 0x12, OP_METHOD = 0x14, OP_DUAL_NAME = 0x2e,
    OP_MULTI_NAME = 0x2f, OP_EXT = 0x5b, OP_LOCAL0 = 0x60, OP_ARG0 = 0x68,
    OP_IF = 0xa0, OP_ELSE = 0xa1,
};

/* Second byte after OP_EXT */
enum { EXT_REGION = 0x80, EXT_FIELD = 0x81, EXT_DEVICE = 0x82 };

/* AmlWriter.open[].kind */
enum { OPEN_PLAIN, OPEN_TEMPLATE };

void aml_init(AmlWriter *w, GByteArray *out)
{
    *w = (AmlWriter) { .out = out };
}

static void aml_bytes(AmlWriter *w, const void *bytes, uint32_t len)
{
    g_byte_array_append(w->out, bytes, len);
}

void aml_op(AmlWriter *w, uint8_t opcode)
{
    aml_bytes(w, &opcode, 1);
}

static void aml_little(AmlWriter *w, unsigned width, uint64_t value)
{
    uint8_t raw[8];

    stn_le(raw, width, value);
    aml_bytes(w, raw, width);
}

/* Names */

/** aml_segment: up to 4 characters, filled up with '_' (ACPI 6.5, 20.2.2). */
static void aml_segment(AmlWriter *w, const char *seg, size_t len)
{
    char name[4] = { '_', '_', '_', '_' };

    g_assert(len >= 1 && len <= sizeof(name));
    for (size_t i = 0; i < len; i++) {
        g_assert(g_ascii_isupper(seg[i]) || seg[i] == '_' ||
                 (i > 0 && g_ascii_isdigit(seg[i])));
        name[i] = seg[i];
    }
    aml_bytes(w, name, sizeof(name));
}

/** aml_path: a name string: "\\_SB.PCI0", "^ISA", "_HID", "\\". */
static void aml_path(AmlWriter *w, const char *path)
{
    unsigned count = 1;

    while (*path == '\\' || *path == '^') {
        aml_op(w, *path++);
    }
    if (!*path) {
        aml_op(w, 0);       /* NullName: the root itself */
        return;
    }
    for (const char *p = path; *p; p++) {
        count += *p == '.';
    }
    g_assert(count <= 255);
    if (count == 2) {
        aml_op(w, OP_DUAL_NAME);
    } else if (count > 2) {
        aml_op(w, OP_MULTI_NAME);
        aml_op(w, count);
    }
    for (; count; count--) {
        size_t len = strcspn(path, ".");

        aml_segment(w, path, len);
        path += len + (count > 1);
    }
}

void aml_ref(AmlWriter *w, const char *path)
{
    aml_path(w, path);
}

void aml_name(AmlWriter *w, const char *path)
{
    aml_op(w, OP_NAME);
    aml_path(w, path);
}

/* Data terms */

/** aml_int_encode: the shortest encoding; returns its length, at most 9. */
static unsigned aml_int_encode(uint8_t raw[9], uint64_t value)
{
    static const struct {
        uint64_t max;
        uint8_t op, width;
    } forms[] = {
        { UINT8_MAX, OP_BYTE, 1 },
        { UINT16_MAX, OP_WORD, 2 },
        { UINT32_MAX, OP_DWORD, 4 },
        { UINT64_MAX, OP_QWORD, 8 },
    };
    unsigned i = 0;

    if (value <= 1) {
        raw[0] = value ? AML_OP_ONE : AML_OP_ZERO;
        return 1;
    }
    while (value > forms[i].max) {
        i++;
    }
    raw[0] = forms[i].op;
    stn_le(raw + 1, forms[i].width, value);
    return 1 + forms[i].width;
}

void aml_int(AmlWriter *w, uint64_t value)
{
    uint8_t raw[9];

    aml_bytes(w, raw, aml_int_encode(raw, value));
}

uint32_t aml_dword(AmlWriter *w, uint32_t value)
{
    g_assert(w->depth == 0);
    aml_op(w, OP_DWORD);
    aml_little(w, 4, value);
    return w->out->len - 4;
}

void aml_string(AmlWriter *w, const char *text)
{
    for (const char *p = text; *p; p++) {
        g_assert((uint8_t)*p < 0x80);
    }
    aml_op(w, OP_STRING);
    aml_bytes(w, text, strlen(text) + 1);
}

void aml_eisaid(AmlWriter *w, const char *id)
{
    uint32_t value = 0;

    g_assert(strlen(id) == 7);
    for (unsigned i = 0; i < 3; i++) {
        g_assert(g_ascii_isupper(id[i]));
        value = value << 5 | (id[i] - 'A' + 1);
    }
    for (unsigned i = 3; i < 7; i++) {
        g_assert(g_ascii_isxdigit(id[i]));
        value = value << 4 | g_ascii_xdigit_value(id[i]);
    }
    /* big-endian, in a little-endian integer */
    aml_op(w, OP_DWORD);
    aml_little(w, 4, GUINT32_SWAP_LE_BE(value));
}

void aml_local(AmlWriter *w, unsigned n)
{
    g_assert(n < 8);
    aml_op(w, OP_LOCAL0 + n);
}

void aml_arg(AmlWriter *w, unsigned n)
{
    g_assert(n < 7);
    aml_op(w, OP_ARG0 + n);
}

/* Terms with package length */

/**
 * aml_length_encode: a package length (ACPI 6.5, 20.2.4); returns how many
 * bytes it takes.
 */
static unsigned aml_length_encode(uint8_t raw[4], uint32_t value)
{
    unsigned more = value < 1 << 6 ? 0 : value < 1 << 12 ? 1 :
                    value < 1 << 20 ? 2 : 3;

    g_assert(value < 1 << 28);
    if (more == 0) {
        raw[0] = value;
        return 1;
    }
    raw[0] = more << 6 | (value & 0x0f);
    stn_le(raw + 1, more, value >> 4);
    return 1 + more;
}

static void aml_insert(AmlWriter *w, uint32_t at, const uint8_t *bytes,
                       unsigned len)
{
    guint old = w->out->len;

    g_byte_array_set_size(w->out, old + len);
    memmove(w->out->data + at + len, w->out->data + at, old - at);
    memcpy(w->out->data + at, bytes, len);
}

static void aml_open(AmlWriter *w, uint8_t kind)
{
    g_assert(w->depth < AML_MAX_DEPTH);
    w->open[w->depth].start = w->out->len;
    w->open[w->depth].kind = kind;
    w->depth++;
}

void aml_end(AmlWriter *w)
{
    uint8_t raw[9];
    uint32_t start, len;
    unsigned own = 1;

    g_assert(w->depth > 0);
    w->depth--;
    start = w->open[w->depth].start;

    if (w->open[w->depth].kind == OPEN_TEMPLATE) {
        /* end tag; a checksum of 0 counts as right (ACPI 6.5, 6.4.2.9) */
        aml_op(w, 0x79);
        aml_op(w, 0x00);
        aml_insert(w, start, raw, aml_int_encode(raw, w->out->len - start));
    }
    /* the length counts its own bytes */
    len = w->out->len - start;
    while (aml_length_encode(raw, len + own) != own) {
        own++;
    }
    aml_insert(w, start, raw, own);
}

void aml_scope(AmlWriter *w, const char *path)
{
    aml_op(w, OP_SCOPE);
    aml_open(w, OPEN_PLAIN);
    aml_path(w, path);
}

void aml_device(AmlWriter *w, const char *path)
{
    aml_op(w, OP_EXT);
    aml_op(w, EXT_DEVICE);
    aml_open(w, OPEN_PLAIN);
    aml_path(w, path);
}

void aml_method(AmlWriter *w, const char *path, unsigned args,
                bool serialized)
{
    g_assert(args <= 7);
    aml_op(w, OP_METHOD);
    aml_open(w, OPEN_PLAIN);
    aml_path(w, path);
    aml_op(w, args | serialized << 3);
}

void aml_if(AmlWriter *w)
{
    aml_op(w, OP_IF);
    aml_open(w, OPEN_PLAIN);
}

void aml_else(AmlWriter *w)
{
    aml_op(w, OP_ELSE);
    aml_open(w, OPEN_PLAIN);
}

void aml_package(AmlWriter *w, unsigned count)
{
    g_assert(count <= 255);
    aml_op(w, OP_PACKAGE);
    aml_open(w, OPEN_PLAIN);
    aml_op(w, count);
}

void aml_template(AmlWriter *w)
{
    aml_op(w, OP_BUFFER);
    aml_open(w, OPEN_TEMPLATE);
}

void aml_buffer(AmlWriter *w, const void *bytes, uint32_t len)
{
    aml_op(w, OP_BUFFER);
    aml_open(w, OPEN_PLAIN);
    aml_int(w, len);
    aml_bytes(w, bytes, len);
    aml_end(w);
}

void aml_region(AmlWriter *w, const char *name, uint8_t space,
                uint64_t offset, uint64_t len)
{
    aml_op(w, OP_EXT);
    aml_op(w, EXT_REGION);
    aml_path(w, name);
    aml_op(w, space);
    aml_int(w, offset);
    aml_int(w, len);
}

void aml_field(AmlWriter *w, const char *region, uint8_t flags)
{
    aml_op(w, OP_EXT);
    aml_op(w, EXT_FIELD);
    aml_open(w, OPEN_PLAIN);
    aml_path(w, region);
    aml_op(w, flags);
}

void aml_field_unit(AmlWriter *w, const char name[4], uint32_t bits)
{
    uint8_t raw[4];

    aml_segment(w, name, 4);
    aml_bytes(w, raw, aml_length_encode(raw, bits));
}

void aml_field_skip(AmlWriter *w, uint32_t bits)
{
    uint8_t raw[4];

    aml_op(w, 0x00);
    aml_bytes(w, raw, aml_length_encode(raw, bits));
}
