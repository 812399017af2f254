/*
 * Finding ACPI tables in guest memory, as an operating system does
 *
 * Reads only, from any memory, written by anybody: every length and address is
 * the guest's word and is checked.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_WALK_H
#define HW_ACPI_WALK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hw/acpi/blob.h"

/** The most tables that one walk reports, the longest it reads, and how much
 *  it reads in all: overlapping tables make memory look bigger than it is. */
#define ACPI_WALK_MAX_TABLES 256
#define ACPI_WALK_MAX_LEN (2 * 1024 * 1024)
#define ACPI_WALK_MAX_TOTAL (16 * 1024 * 1024)

/**
 * AcpiReader: copy @len bytes from guest-physical @gpa; false if not all of
 * them are in RAM or ROM.  Must have no effect on the guest.
 */
typedef bool AcpiReader(void *opaque, uint64_t gpa, void *buf, size_t len);

/** A table that was found. */
typedef struct AcpiFound {
    char signature[4];
    uint64_t gpa;
    uint32_t len;
    bool has_header;            /* false: FACS */
    bool checksum_ok;           /* FACS has none: true */
    GBytes *bytes;              /* all of the table */
} AcpiFound;

/**
 * acpi_walk:
 * @rsdp_gpa: receives the RSDP's address; may be NULL
 *
 * Find the RSDP (ACPI 6.5, 5.2.5.1: first KiB of the EBDA, then 0xE0000 to
 * 0xFFFFF, on 16-byte boundaries, checksum valid) and follow it: the RSDT, the
 * XSDT if there is one, then each table they list, once, in order; after the
 * FADT its FACS and DSDT.
 *
 * Returns: AcpiFound in that order (free with g_ptr_array_unref()); NULL with
 * @error set if there is no RSDP.  What is cut short, claims an impossible
 * length, is not what points to it says (RSDT, XSDT, FACS, DSDT), or goes
 * beyond the limits above is left out with a line in @faults, a string array
 * that may be NULL; at most ACPI_WALK_MAX_TABLES addresses are tried.
 */
GPtrArray *acpi_walk(AcpiReader *read, void *opaque, uint64_t *rsdp_gpa,
                     GPtrArray *faults, GError **error);

/**
 * acpi_walk_origin:
 * @found: a table from acpi_walk()
 * @set: what the machine last handed to firmware; NULL: nothing
 * @origin: receives where @found came from
 *
 * A table is recognised by its bytes; those that firmware has to complete
 * (recorded pointers, checksums) do not count, and of a FACS only its
 * signature and length.
 *
 * Returns: false if @found is in no blob of @set.
 */
bool acpi_walk_origin(const AcpiFound *found, const AcpiBlobSet *set,
                      AcpiOrigin *origin);

/**
 * acpi_walk_dump:
 * @tables: AcpiFound
 * @directory: made if it is not there (its parent must be)
 *
 * Write each table to a file named as acpixtract(1) names it: the signature in
 * lower case, `.dat`; from the second of a signature on with a number, ssdt1.
 * Signature bytes that are no letter or digit become `_`.
 *
 * Other `.dat` files in @directory stay, with a warning that names them.
 *
 * Returns: false with @error naming the file; files already written stay.
 */
bool acpi_walk_dump(const GPtrArray *tables, const char *directory,
                    GError **error);

#endif
