/*
 * Fuzz: `-acpitable`, its key=value text or JSON, and the table files
 *
 * Input: the option's argument, then the files `a`, `b`... that it may name
 * (fuzz_files_take()); a line break in the argument begins another option.
 *
 * What must hold: an option gives a table or an error, never both; a table has
 * 36 to ACPI_USER_TABLE_MAX bytes, its length field says how many, and they sum
 * to zero.  All tables together give an identity, and the legacy fw_cfg item is
 * as long as its parts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "hw/acpi/user-table.h"
#include "qapi/walker.h"
#include "util/bytes.h"

static void acpitable_check(GBytes *table)
{
    size_t len;
    const uint8_t *bytes = g_bytes_get_data(table, &len);

    g_assert_true(len >= 36 && len <= ACPI_USER_TABLE_MAX);
    g_assert_cmpuint(ld32_le(bytes + 4), ==, len);
    g_assert_cmpuint(bytes_sum(bytes, len), ==, 0);
}

static void acpitable_load(const char *text, GPtrArray *tables)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    AcpiTableOptions *options;
    GBytes *table;

    options = qapi_parse_option(&qapi_type_AcpiTableOptions, text, NULL, NULL,
                                &error);
    g_assert_true(!options == !!error);
    if (!options) {
        return;
    }
    table = acpi_user_table_load(options, warnings, &error);
    g_assert_true(!table == !!error);
    if (table) {
        acpitable_check(table);
        g_ptr_array_add(tables, table);
    }
    qapi_free(&qapi_type_AcpiTableOptions, options);
}

static void acpitable_use(const GPtrArray *tables)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) legacy = acpi_user_tables_legacy(tables);
    AcpiOemIdentity identity, general;
    size_t len = tables->len ? 2 : 0;

    for (unsigned i = 0; i < tables->len; i++) {
        len += 2 + g_bytes_get_size(tables->pdata[i]);
    }
    g_assert_cmpuint(g_bytes_get_size(legacy), ==, len);
    for (OemSource source = 0; source < OEM_SOURCE__MAX; source++) {
        acpi_oem_has_source(tables, source);
        g_assert_true(acpi_oem_select(tables, source, NULL, "PROPERTY",
                                      &identity, &general, warnings, NULL));
    }
}

static void acpitable_run(const uint8_t *bytes, size_t len)
{
    g_autoptr(GPtrArray) tables =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autofree char *text = fuzz_files_take(bytes, len, &len);
    g_auto(GStrv) options = g_strsplit(text, "\n", 8);

    for (char **option = options; *option; option++) {
        acpitable_load(*option, tables);
    }
    acpitable_use(tables);
    fuzz_files_drop();
}

const FuzzTarget fuzz_target = { .run = acpitable_run, .max_len = 1 << 18 };
