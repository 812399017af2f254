/*
 * The linker/loader script: one entry of 128 bytes, written and read
 *
 * The machine writes the script for firmware to run, and the built-in firmware
 * runs it.  Both go through the one layout table behind these two functions.
 * Spec: docs/specs/fw-loader.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_LOADER_H
#define HW_ACPI_LOADER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define ACPI_LOADER_ENTRY_LEN 128
#define ACPI_LOADER_FILE_LEN 56     /* with its NUL */

/** The script is padded with empty entries to a multiple of this. */
#define ACPI_LOADER_SCRIPT_STEP 4096

typedef enum AcpiLoaderCommand {
    ACPI_LOADER_NONE = 0,
    ACPI_LOADER_ALLOCATE = 1,
    ACPI_LOADER_ADD_POINTER = 2,
    ACPI_LOADER_ADD_CHECKSUM = 3,
    ACPI_LOADER_WRITE_POINTER = 4,
} AcpiLoaderCommand;

/** One entry, decoded; which fields count depends on the command. */
typedef struct AcpiLoaderEntry {
    uint32_t command;
    char file[ACPI_LOADER_FILE_LEN];    /* allocated, patched or written */
    char source[ACPI_LOADER_FILE_LEN];  /* pointed into */
    uint32_t align;             /* ALLOCATE: bytes */
    uint8_t zone;               /* ALLOCATE: AcpiZone */
    uint32_t offset;            /* of the pointer or the checksum in file */
    uint32_t source_offset;     /* WRITE_POINTER */
    uint32_t start, len;        /* ADD_CHECKSUM */
    uint8_t width;              /* pointers: bytes */
} AcpiLoaderEntry;

/**
 * acpi_loader_encode:
 * @entry: a known command; its names shorter than ACPI_LOADER_FILE_LEN
 * @raw: receives ACPI_LOADER_ENTRY_LEN bytes; what the command does not use is
 *       zero
 */
void acpi_loader_encode(const AcpiLoaderEntry *entry, uint8_t *raw);

/**
 * acpi_loader_decode:
 * @raw: ACPI_LOADER_ENTRY_LEN bytes, from anywhere
 * @entry: receives the entry; what the command does not use is zero
 *
 * File names are copied up to their NUL.
 *
 * Returns: false with @error set if a name that the command uses lacks its NUL
 * or is empty.  An unknown command is no error: command holds it, nothing else
 * is filled in.
 */
bool acpi_loader_decode(const uint8_t *raw, AcpiLoaderEntry *entry,
                        GError **error);

/** acpi_loader_command_name: "ALLOCATE"...; NULL for an unknown command. */
const char *acpi_loader_command_name(uint32_t command);

#endif
