/*
 * ACPI tables of the user's own: `-acpitable`
 *
 * Reads table files, makes or mends their headers, and finds the table whose
 * OEM identity the machine's own tables shall carry.  For users:
 * docs/system/acpitable.rst; byte by byte: docs/specs/acpitable.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_USER_TABLE_H
#define HW_ACPI_USER_TABLE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "qapi-types.h"

/** Longest table, header included. */
#define ACPI_USER_TABLE_MAX 65535

/** The identity that a licensed system compares (ACPI 6.5, 5.2.6). */
typedef struct AcpiOemIdentity {
    char oem_id[6];             /* as in the table: may hold NULs */
    char oem_table_id[8];
} AcpiOemIdentity;

/**
 * acpi_header_text:
 * @option: named first in the error
 * @text: modified UTF-8, one code point for each byte of the field
 * @field: @width bytes; what the text leaves of it is filled up with NULs
 *
 * Returns: false with @error set if the text is longer than the field or holds
 * a character above U+00FF.
 */
bool acpi_header_text(const char *option, const char *text, void *field,
                      unsigned width, GError **error);

/**
 * acpi_user_table_load:
 * @options: what was given with `-acpitable`; exactly one of file and data
 * @warnings: strings are appended, each without the option's name
 *
 * Read the files, in order, as one table.  With data a header is put before
 * them; with file the first 36 bytes are the header, and only what @options
 * name is replaced.  Length and checksum are always made right; a length that
 * was wrong is a warning.  Pipes and /dev/fd/N are read to their end.
 *
 * Returns: the table, 36 to ACPI_USER_TABLE_MAX bytes; NULL with @error set
 * (naming the file where one is at fault) if both or neither of file and data
 * are given, a list is empty, a file cannot be opened or read, is a directory,
 * or is empty, a table is shorter than 36 or longer than ACPI_USER_TABLE_MAX
 * bytes, or a text is longer than its field or holds a character above U+00FF.
 * Spec: ACPI 6.5, 5.2.6.
 */
GBytes *acpi_user_table_load(const AcpiTableOptions *options,
                             GPtrArray *warnings, GError **error);

/** acpi_oem_has_source: whether a table of the kind that @source names is among
 *  @tables. */
bool acpi_oem_has_source(const GPtrArray *tables, OemSource source);

/**
 * acpi_oem_select:
 * @tables: GBytes of every user table, in command-line order
 * @source: which table's identity counts: that of the first SLIC, the first
 *          MSDM, or none
 * @x_oem_id, @x_oem_table_id: what the machine's properties say; NULL: unset;
 *          at most 6 and 8 characters, padded with NULs
 * @identity: receives the identity for RSDT, XSDT and FADT
 * @general: receives the identity for the other generated tables: the
 *          properties', else FIRMNT and FIRMAMNT
 * @warnings: strings are appended, each with its option: when a table wins over a property, and when
 *          two licence tables (SLIC or MSDM) disagree, saying which won
 *
 * Returns: false with @error set if a property is too long.
 */
bool acpi_oem_select(const GPtrArray *tables, OemSource source,
                     const char *x_oem_id, const char *x_oem_table_id,
                     AcpiOemIdentity *identity, AcpiOemIdentity *general,
                     GPtrArray *warnings, GError **error);

/**
 * acpi_user_tables_legacy: Returns the content of fw_cfg key 0x8000: u16
 * count, then for each table u16 length and its bytes, little-endian; empty if
 * there is no table.
 */
GBytes *acpi_user_tables_legacy(const GPtrArray *tables);

#endif
