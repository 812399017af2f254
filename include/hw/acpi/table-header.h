/*
 * The header that all tables of ours begin with (ACPI 6.5, 5.2.6)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_TABLE_HEADER_H
#define HW_ACPI_TABLE_HEADER_H

#include "hw/acpi/blob.h"
#include "hw/acpi/user-table.h"

#define ACPI_HEADER_LEN 36

/**
 * acpi_table_begin:
 * @revision: the table's revision
 *
 * Append a 36-byte header with a zero length and checksum, creator `FMNT` 1,
 * OEM revision 1.
 *
 * Returns: the table's offset, for acpi_table_end().
 */
uint32_t acpi_table_begin(AcpiBlob *blob, const char signature[4],
                          uint8_t revision, const AcpiOemIdentity *oem);

/** acpi_table_end: fill in length and checksum, record the table. */
void acpi_table_end(AcpiBlob *blob, uint32_t offset);

#endif
