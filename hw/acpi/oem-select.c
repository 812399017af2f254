/*
 * Whose OEM identity the machine's own tables carry
 *
 * A licensed system compares the OEM ID and OEM table ID of its licence table
 * with those of RSDT, XSDT and FADT.
 * Spec: docs/specs/acpitable.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/user-table.h"

#include "util/error.h"

enum { HEADER_OEM_ID = 10, HEADER_OEM_TABLE_ID = 16 };

/* Indexed by OemSource; OEM_SOURCE_NONE is no table's signature */
static const char oem_signatures[][5] = {
    [OEM_SOURCE_SLIC] = "SLIC",
    [OEM_SOURCE_MSDM] = "MSDM",
};
static const char *const oem_source_names[] = {
    [OEM_SOURCE_SLIC] = "slic",
    [OEM_SOURCE_MSDM] = "msdm",
    [OEM_SOURCE_NONE] = "none",
};

static const char *oem_table(const GPtrArray *tables, guint i)
{
    return g_bytes_get_data(g_ptr_array_index(tables, i), NULL);
}

static AcpiOemIdentity oem_of_table(const char *table)
{
    AcpiOemIdentity oem;

    memcpy(oem.oem_id, table + HEADER_OEM_ID, sizeof(oem.oem_id));
    memcpy(oem.oem_table_id, table + HEADER_OEM_TABLE_ID,
           sizeof(oem.oem_table_id));
    return oem;
}

static bool oem_is_licence(const char *table)
{
    for (size_t i = 0; i < G_N_ELEMENTS(oem_signatures); i++) {
        if (!memcmp(table, oem_signatures[i], 4)) {
            return true;
        }
    }
    return false;
}

/** oem_show: bytes as text; what cannot be printed as \xNN. */
static char *oem_show(const char *bytes, size_t len)
{
    GString *text = g_string_new("'");

    for (size_t i = 0; i < len; i++) {
        if (g_ascii_isprint(bytes[i]) && bytes[i] != '\\') {
            g_string_append_c(text, bytes[i]);
        } else {
            g_string_append_printf(text, "\\x%02x", (uint8_t)bytes[i]);
        }
    }
    g_string_append_c(text, '\'');
    return g_string_free(text, FALSE);
}

static char *oem_show_table(const GPtrArray *tables, guint i)
{
    const char *table = oem_table(tables, i);
    g_autofree char *id = oem_show(table + HEADER_OEM_ID, 6);
    g_autofree char *table_id = oem_show(table + HEADER_OEM_TABLE_ID, 8);

    return g_strdup_printf("table %u (%.4s, %s %s)", i + 1, table, id,
                           table_id);
}

/**
 * oem_warn_disagreement: one warning at most, about the first licence table
 * that differs from the winner; or from the first one, if none won (-1).
 */
static void oem_warn_disagreement(const GPtrArray *tables, OemSource source,
                                  int winner, GPtrArray *warnings)
{
    int reference = winner;

    for (guint i = 0; i < tables->len; i++) {
        const char *table = oem_table(tables, i);

        if (!oem_is_licence(table)) {
            continue;
        }
        if (reference < 0) {
            reference = i;
        }
        AcpiOemIdentity a = oem_of_table(oem_table(tables, reference));
        AcpiOemIdentity b = oem_of_table(table);

        if (memcmp(&a, &b, sizeof(a))) {
            g_autofree char *first = oem_show_table(tables, reference);
            g_autofree char *second = oem_show_table(tables, i);
            g_autofree char *won = winner < 0 ? g_strdup("neither wins") :
                                   g_strdup_printf("table %d wins",
                                                   winner + 1);

            g_ptr_array_add(warnings, g_strdup_printf(
                "-acpitable: licence tables disagree: %s and %s; %s "
                "(oem-source=%s)",
                first, second, won, oem_source_names[source]));
            return;
        }
    }
}

/** oem_warn_property: a property that a table keeps out of RSDT and FADT. */
static void oem_warn_property(const char *property, const char *own,
                              const char *theirs, size_t len,
                              OemSource source, GPtrArray *warnings)
{
    if (memcmp(own, theirs, len)) {
        g_autofree char *shown = oem_show(theirs, len);

        g_ptr_array_add(warnings, g_strdup_printf(
            "-machine %s: RSDT and FADT get %s from the %s table instead", property,
            shown, oem_signatures[source]));
    }
}

/** oem_find: the first table that @source names; -1 if there is none. */
static int oem_find(const GPtrArray *tables, OemSource source)
{
    for (guint i = 0; source != OEM_SOURCE_NONE && tables && i < tables->len;
         i++) {
        if (!memcmp(oem_table(tables, i), oem_signatures[source], 4)) {
            return i;
        }
    }
    return -1;
}

bool acpi_oem_has_source(const GPtrArray *tables, OemSource source)
{
    return oem_find(tables, source) >= 0;
}

bool acpi_oem_select(const GPtrArray *tables, OemSource source,
                     const char *x_oem_id, const char *x_oem_table_id,
                     AcpiOemIdentity *identity, AcpiOemIdentity *general,
                     GPtrArray *warnings, GError **error)
{
    int winner;

    if (!acpi_header_text("x-oem-id", x_oem_id ? x_oem_id : "FIRMNT",
                          general->oem_id, sizeof(general->oem_id), error) ||
        !acpi_header_text("x-oem-table-id",
                          x_oem_table_id ? x_oem_table_id : "FIRMAMNT",
                          general->oem_table_id,
                          sizeof(general->oem_table_id), error)) {
        return false;
    }
    *identity = *general;
    if (!tables) {
        return true;
    }

    winner = oem_find(tables, source);
    if (winner >= 0) {
        *identity = oem_of_table(oem_table(tables, winner));
        if (x_oem_id) {
            oem_warn_property("x-oem-id", general->oem_id, identity->oem_id,
                              sizeof(identity->oem_id), source, warnings);
        }
        if (x_oem_table_id) {
            oem_warn_property("x-oem-table-id", general->oem_table_id,
                              identity->oem_table_id,
                              sizeof(identity->oem_table_id), source,
                              warnings);
        }
    }
    oem_warn_disagreement(tables, source, winner, warnings);
    return true;
}
