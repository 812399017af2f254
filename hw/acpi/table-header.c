/*
 * The header that all tables of ours begin with (ACPI 6.5, 5.2.6)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/table-header.h"

#include "util/bytes.h"

enum {
    HEADER_LENGTH = 4, HEADER_CHECKSUM = 9, HEADER_OEM_REVISION = 1,
    HEADER_CREATOR_REVISION = 1,
};

uint32_t acpi_table_begin(AcpiBlob *blob, const char signature[4],
                          uint8_t revision, const AcpiOemIdentity *oem)
{
    uint32_t offset = blob->bytes->len;

    acpi_blob_append(blob, signature, 4);
    acpi_blob_append_int(blob, 4, 0);                   /* length */
    acpi_blob_append_int(blob, 1, revision);
    acpi_blob_append_int(blob, 1, 0);                   /* checksum */
    acpi_blob_append(blob, oem->oem_id, sizeof(oem->oem_id));
    acpi_blob_append(blob, oem->oem_table_id, sizeof(oem->oem_table_id));
    acpi_blob_append_int(blob, 4, HEADER_OEM_REVISION);
    acpi_blob_append(blob, "FMNT", 4);                  /* creator */
    acpi_blob_append_int(blob, 4, HEADER_CREATOR_REVISION);
    g_assert(blob->bytes->len - offset == ACPI_HEADER_LEN);
    return offset;
}

void acpi_table_end(AcpiBlob *blob, uint32_t offset)
{
    uint32_t len = blob->bytes->len - offset;

    st32_le(blob->bytes->data + offset + HEADER_LENGTH, len);
    acpi_blob_checksum(blob, offset + HEADER_CHECKSUM, offset, len);
    acpi_blob_record_table(blob, offset, ACPI_ORIGIN_GENERATED);
}
