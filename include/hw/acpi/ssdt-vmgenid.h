/*
 * What firmware and the operating system are told of the VM generation ID
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_SSDT_VMGENID_H
#define HW_ACPI_SSDT_VMGENID_H

#include "hw/acpi/blob.h"
#include "hw/acpi/platform.h"

/**
 * acpi_vmgenid_page_build: the blob for VMGENID_FILE_GUID (hw/acpi/vmgenid.h),
 * a page, zeros in place of the GUID, and the write-back of the GUID's address
 * to VMGENID_FILE_ADDR.
 *
 * Returns: the blob, owned by @set.
 * Spec: docs/specs/vmgenid.rst, R1 and R3.
 */
AcpiBlob *acpi_vmgenid_page_build(AcpiBlobSet *set);

/**
 * acpi_vmgenid_ssdt_build: append the SSDT.
 * @page: by acpi_vmgenid_page_build()
 *
 * Returns: its offset.
 * Spec: docs/specs/vmgenid.rst, R11 to R14.
 */
uint32_t acpi_vmgenid_ssdt_build(AcpiBlob *blob, const AcpiPlatform *p,
                                 const AcpiBlob *page);

#endif
