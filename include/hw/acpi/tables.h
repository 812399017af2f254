/*
 * The machine's own ACPI tables, built from a plain description of it
 *
 * Nothing here touches a machine: the board fills in an AcpiPlatform from the
 * chipset's live state, acpi_tables_build() turns it into blobs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_TABLES_H
#define HW_ACPI_TABLES_H

#include "hw/acpi/blob.h"
#include "hw/acpi/platform.h"

#define ACPI_FILE_TABLES "etc/acpi/tables"
#define ACPI_FILE_RSDP "etc/acpi/rsdp"
#define ACPI_FILE_LOADER "etc/table-loader"

/** The tables file grows in these steps, up to this size. */
#define ACPI_TABLES_STEP (128 * 1024)
#define ACPI_TABLES_MAX (2 * 1024 * 1024)

/**
 * acpi_tables_capacity: size of the tables file for these user tables and this
 * many processors, a multiple of ACPI_TABLES_STEP, found without building.
 *
 * Returns: 0 with @error set if it would be over ACPI_TABLES_MAX.
 */
uint32_t acpi_tables_capacity(const GPtrArray *user_tables, unsigned n_cpus,
                              GError **error);

/**
 * acpi_tables_script_capacity: size of the loader script for these user
 * tables, with a VM generation ID or without, a multiple of 4096; what a real
 * script leaves of it is empty entries.
 */
uint32_t acpi_tables_script_capacity(const GPtrArray *user_tables,
                                     bool has_vmgenid);

/**
 * acpi_tables_build:
 *
 * Build FACS, DSDT, FADT, MADT, HPET, MCFG, WAET, the user's tables and RSDT
 * into the blob ACPI_FILE_TABLES, and the RSDP (revision 0: ACPI 1.0 layout,
 * 20 bytes) into ACPI_FILE_RSDP.  Neither is padded.  A VM generation ID has an
 * SSDT, and a blob for its page (hw/acpi/ssdt-vmgenid.h).  The result depends
 * on nothing but @platform.
 *
 * Order of RSDT entries: FACP APIC SSDT HPET MCFG WAET, then the user's tables
 * in command-line order.
 *
 * Returns: a new set; it never fails (acpi_tables_capacity() has checked).
 * Spec: ACPI 6.5, 5.2 (table revisions: each table's own comment).
 */
AcpiBlobSet *acpi_tables_build(const AcpiPlatform *platform);

#endif
