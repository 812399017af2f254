/*
 * What the ACPI tests share: sample platforms, and firmware's part of the work
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_ACPI_SAMPLES_H
#define TESTS_UNIT_ACPI_SAMPLES_H

#include "hw/acpi/tables.h"

/** Where sample_link() puts the first blob. */
#define SAMPLE_BASE 0x07ff0000u

/** sample_pc, sample_q35: as the boards are after firmware placed things. */
void sample_pc(AcpiPlatform *p, unsigned n_cpus);
void sample_q35(AcpiPlatform *p, unsigned n_cpus);

/** sample_serial: a COM1 as the serial port describes itself. */
void sample_serial(AcpiPlatform *p);

/** sample_licence: Returns a table of @len bytes with this identity. */
GBytes *sample_licence(const char signature[4], const char oem_id[6],
                       const char oem_table_id[8], uint32_t len);

/** sample_slic_bytes: the 374-byte SLIC that shared tools make. */
GBytes *sample_slic_374(const char *oem_id, const char *oem_table_id);

/** Memory of a guest whose firmware has run a loader script. */
typedef struct SampleGuest {
    GPtrArray *files;           /* GByteArray, linked; one for each blob */
    GArray *bases;              /* uint64_t */
    const AcpiBlobSet *set;
} SampleGuest;

/**
 * sample_link: run the script of @set as real firmware would, and assert every
 * rule that SeaBIOS or OVMF has for it (docs/specs/fw-loader.rst).
 */
SampleGuest *sample_link(const AcpiBlobSet *set);
void sample_guest_free(SampleGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SampleGuest, sample_guest_free)

/** sample_file: the linked bytes of a blob, asserted to be there. */
const GByteArray *sample_file(const SampleGuest *guest, const char *file,
                              uint64_t *base);

/** sample_table: the @nth (from 0) table of a signature; NULL: none. */
const uint8_t *sample_table(const SampleGuest *guest, const char *signature,
                            unsigned nth, uint32_t *len);

#endif
