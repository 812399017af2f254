/*
 * The DSDT: which devices there are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_DSDT_H
#define HW_ACPI_DSDT_H

#include "hw/acpi/blob.h"
#include "hw/acpi/platform.h"

/** acpi_dsdt_build: append the DSDT to @blob. */
void acpi_dsdt_build(AcpiBlob *blob, const AcpiPlatform *platform);

#endif
