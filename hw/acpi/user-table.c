/*
 * ACPI tables of the user's own: `-acpitable`
 *
 * Spec: ACPI 6.5, 5.2.6 "System Description Table Header";
 *       docs/specs/acpitable.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/user-table.h"

#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

enum { HEADER_LENGTH = 4, HEADER_CHECKSUM = 9, HEADER_LEN = 36 };

typedef enum FieldKind {
    FIELD_TEXT,
    FIELD_UINT,
} FieldKind;

/** A header field that an option may set. */
typedef struct AcpiHeaderField {
    const char *option;
    uint8_t at, width;          /* in the table, bytes */
    FieldKind kind;
    uint16_t member;            /* in AcpiTableOptions: of the value */
    uint16_t has;               /* of has_NAME; only if FIELD_UINT */
    const char *text;           /* default with data= */
    uint32_t number;
} AcpiHeaderField;

#define TEXT(at, width, name, text)                                         \
    { #name, at, width, FIELD_TEXT, offsetof(AcpiTableOptions, name), 0,    \
      text, 0 }
#define UINT(at, width, name, number)                                       \
    { #name, at, width, FIELD_UINT, offsetof(AcpiTableOptions, name),       \
      offsetof(AcpiTableOptions, has_##name), NULL, number }

/* The length at 4 and the checksum at 9 are never the user's to choose */
static const AcpiHeaderField user_table_header[] = {
    /*   at  bytes  option           with data= */
    TEXT( 0, 4, sig,              "QEMU"),
    UINT( 8, 1, rev,              1),
    TEXT(10, 6, oem_id,           "QEMUQE"),
    TEXT(16, 8, oem_table_id,     "QEMUQEMU"),
    UINT(24, 4, oem_rev,          1),
    TEXT(28, 4, asl_compiler_id,  "QEMU"),
    UINT(32, 4, asl_compiler_rev, 1),
};

#undef TEXT
#undef UINT

/* Header text */

bool acpi_header_text(const char *option, const char *text, void *field,
                      unsigned width, GError **error)
{
    const uint8_t *p = (const uint8_t *)text;
    uint8_t *out = field;
    unsigned n = 0;

    while (*p) {
        unsigned c = *p++;

        if (c >= 0x80) {
            /* two bytes hold U+0080 to U+07FF and, in this form, U+0000 */
            if (c < 0xc0 || (*p & 0xc0) != 0x80) {
                return fm_error_set(error, "%s: character %u is not UTF-8",
                                    option, n + 1);
            }
            if (c > 0xc3) {
                return fm_error_set(error, "%s: character %u is above U+00FF",
                                    option, n + 1);
            }
            c = (c & 0x1f) << 6 | (*p++ & 0x3f);
            if (c > 0 && c < 0x80) {
                return fm_error_set(error, "%s: character %u is not UTF-8",
                                    option, n + 1);
            }
        }
        if (n < width) {
            out[n] = c;
        }
        n++;
    }
    if (n > width) {
        return fm_error_set(error, "%s: text has %u characters, at most %u "
                            "fit", option, n, width);
    }
    memset(out + n, 0, width - n);
    return true;
}

/** user_table_uint: a member of AcpiTableOptions of @width bytes. */
static uint32_t user_table_uint(const void *member, unsigned width)
{
    return width == 1 ? *(const uint8_t *)member : *(const uint32_t *)member;
}

/**
 * user_table_set_header: what @options name; with @defaults what they do not
 * name as well.  @given receives whether they name anything.
 */
static bool user_table_set_header(uint8_t *table,
                                  const AcpiTableOptions *options,
                                  bool defaults, bool *given, GError **error)
{
    const char *base = (const char *)options;

    *given = false;
    for (size_t i = 0; i < G_N_ELEMENTS(user_table_header); i++) {
        const AcpiHeaderField *f = &user_table_header[i];

        if (f->kind == FIELD_TEXT) {
            const char *text = *(char *const *)(base + f->member);

            *given |= text != NULL;
            text = text ? text : defaults ? f->text : NULL;
            if (text && !acpi_header_text(f->option, text, table + f->at,
                                          f->width, error)) {
                return false;
            }
        } else {
            bool has = *(const bool *)(base + f->has);

            *given |= has;
            if (has || defaults) {
                stn_le(table + f->at, f->width,
                       has ? user_table_uint(base + f->member, f->width) :
                       f->number);
            }
        }
    }
    return true;
}

/* Files */

/** user_table_read: append every file of a colon-separated @list, in order. */
static bool user_table_read(const char *option, const char *list,
                            GByteArray *table, GError **error)
{
    g_auto(GStrv) paths = g_strsplit(list, ":", -1);

    if (!paths[0]) {
        return fm_error_set(error, "%s: names no file", option);
    }
    for (unsigned i = 0; paths[i]; i++) {
        guint start = table->len;

        if (!*paths[i]) {
            return fm_error_set(error, "%s: file %u in '%s' has an empty name",
                                option, i + 1, list);
        }
        if (!file_append(paths[i], ACPI_USER_TABLE_MAX, table, error)) {
            return false;
        }
        if (table->len == start) {
            return fm_error_set(error, "file %s is empty", paths[i]);
        }
        if (table->len > ACPI_USER_TABLE_MAX) {
            return fm_error_set(error, "%s: table has %u bytes, at most %u "
                                "fit", paths[i], table->len,
                                ACPI_USER_TABLE_MAX);
        }
    }
    return true;
}

/** user_table_is_signature: what all known tables have. */
static bool user_table_is_signature(const uint8_t *signature)
{
    for (unsigned i = 0; i < 4; i++) {
        if (!g_ascii_isalnum(signature[i]) && signature[i] != '_' &&
            signature[i] != '!') {
            return false;
        }
    }
    return true;
}

/**
 * user_table_warn: mistakes that give a table all the same: another file than
 * was meant, file and data swapped.
 */
static void user_table_warn(const char *list, const uint8_t *table,
                            uint32_t len, const AcpiTableOptions *options,
                            GPtrArray *warnings)
{
    const uint8_t *body = table + HEADER_LEN;

    if (options->file && !options->sig && !user_table_is_signature(table)) {
        g_ptr_array_add(warnings, g_strdup_printf(
            "%s: does not begin with a table's signature; is it the table in "
            "binary form?", list));
    }
    if (options->data && len >= 2 * HEADER_LEN &&
        user_table_is_signature(body) &&
        ld32_le(body + HEADER_LENGTH) == len - HEADER_LEN) {
        g_ptr_array_add(warnings, g_strdup_printf(
            "%s: begins with a table's header; 'file=' was probably meant",
            list));
    }
}

/* Tables */

GBytes *acpi_user_table_load(const AcpiTableOptions *options,
                             GPtrArray *warnings, GError **error)
{
    const char *list = options->file ? options->file : options->data;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    uint8_t *table;
    uint32_t said, len;
    guint warned;
    bool given;

    if (!options->file == !options->data) {
        fm_error_set(error, list ? "'data' and 'file' exclude each other" :
                     "one of 'data' and 'file' is needed");
        return NULL;
    }

    if (options->data) {
        /* made by user_table_set_header() */
        g_byte_array_set_size(bytes, HEADER_LEN);
        memset(bytes->data, 0, HEADER_LEN);
    }
    if (!user_table_read(options->file ? "file" : "data", list, bytes,
                         error)) {
        return NULL;
    }
    table = bytes->data;
    len = bytes->len;
    if (len < HEADER_LEN) {
        fm_error_set(error, "%s: table has %u bytes, its header alone takes "
                     "%u", list, len, HEADER_LEN);
        return NULL;
    }
    said = ld32_le(table + HEADER_LENGTH);
    warned = warnings->len;
    user_table_warn(list, table, len, options, warnings);
    if (!user_table_set_header(table, options, options->data, &given, error)) {
        g_ptr_array_set_size(warnings, warned);
        return NULL;
    }
    if (options->file && said != len) {
        g_ptr_array_add(warnings, g_strdup_printf(
            "%s: header says %u bytes, file has %u; mended", list, said,
            len));
    }
    if (options->data && !given) {
        g_ptr_array_add(warnings, g_strdup_printf(
            "%s: data without a header option; table gets signature QEMU and "
            "OEM ID QEMUQE", list));
    }
    st32_le(table + HEADER_LENGTH, len);
    table[HEADER_CHECKSUM] = 0;
    table[HEADER_CHECKSUM] = -bytes_sum(table, len);
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

GBytes *acpi_user_tables_legacy(const GPtrArray *tables)
{
    GByteArray *item = g_byte_array_new();
    uint8_t raw[2];

    if (tables && tables->len) {
        g_assert(tables->len <= UINT16_MAX);
        st16_le(raw, tables->len);
        g_byte_array_append(item, raw, sizeof(raw));
    }
    for (guint i = 0; tables && i < tables->len; i++) {
        gsize len;
        const void *bytes = g_bytes_get_data(g_ptr_array_index(tables, i),
                                             &len);

        st16_le(raw, len);
        g_byte_array_append(item, raw, sizeof(raw));
        g_byte_array_append(item, bytes, len);
    }
    return g_byte_array_free_to_bytes(item);
}
