/*
 * QMP: the guest's ACPI tables (qapi/acpi.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/walk.h"
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/system.h"
#include "util/bytes.h"

/** A table's text field: one code point a byte, a NUL as C0 80. */
static char *qmp_acpi_text(const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < len; i++) {
        if (b[i]) {
            g_string_append_unichar(text, b[i]);
        } else {
            g_string_append(text, "\xc0\x80");
        }
    }
    return g_string_free(text, FALSE);
}

static void qmp_acpi_describe(const AcpiFound *found, AcpiTableInfo *info,
                              const AcpiBlobSet *set)
{
    const uint8_t *header = g_bytes_get_data(found->bytes, NULL);
    AcpiOrigin origin;

    info->signature = qmp_acpi_text(found->signature, 4);
    info->length = found->len;
    info->address = found->gpa;
    info->checksum_ok = found->checksum_ok;
    if (!acpi_walk_origin(found, set, &origin)) {
        info->origin = ACPI_TABLE_ORIGIN_UNKNOWN;
    } else if (origin == ACPI_ORIGIN_USER) {
        info->origin = ACPI_TABLE_ORIGIN_USER;
    } else {
        info->origin = ACPI_TABLE_ORIGIN_GENERATED;
    }
    if (!found->has_header) {
        return;
    }
    /* ACPI 6.5, 5.2.6 "System Description Table Header" */
    info->has_revision = true;
    info->revision = header[8];
    info->oem_id = qmp_acpi_text(header + 10, 6);
    info->oem_table_id = qmp_acpi_text(header + 16, 8);
    info->has_oem_revision = true;
    info->oem_revision = ld32_le(header + 24);
    info->creator_id = qmp_acpi_text(header + 28, 4);
    info->has_creator_revision = true;
    info->creator_revision = ld32_le(header + 32);
}

bool qmp_query_acpi_tables(QmpContext *ctx, AcpiTableInfoList *ret,
                           GError **error)
{
    g_autoptr(GPtrArray) tables = system_acpi_tables(ctx->system, error);

    if (!tables) {
        return false;
    }
    for (unsigned i = 0; i < tables->len; i++) {
        qmp_acpi_describe(tables->pdata[i],
                          qapi_list_append(&qapi_type_AcpiTableInfoList, ret),
                          machine_acpi_blobs(ctx->system->machine));
    }
    return true;
}

bool qmp_dump_acpi_tables(QmpContext *ctx, const DumpAcpiTablesArgs *args,
                          GError **error)
{
    g_autoptr(GPtrArray) tables = system_acpi_tables(ctx->system, error);

    return tables && acpi_walk_dump(tables, args->directory, error);
}
