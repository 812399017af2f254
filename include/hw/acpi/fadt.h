/*
 * The FADT: where the fixed hardware is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_FADT_H
#define HW_ACPI_FADT_H

#include "hw/acpi/blob.h"
#include "hw/acpi/platform.h"

/**
 * acpi_fadt_build: append the FADT to @blob, in which the FACS and the DSDT
 * already stand at the offsets @facs and @dsdt.
 */
void acpi_fadt_build(AcpiBlob *blob, const AcpiPlatform *platform,
                     uint32_t facs, uint32_t dsdt);

#endif
