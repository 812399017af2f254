/*
 * The PCI part of the DSDT: interrupt links, the host bridge, its routes
 *
 * Each function appends terms where the writer stands.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_DSDT_PCI_H
#define HW_ACPI_DSDT_PCI_H

#include "hw/acpi/aml.h"
#include "hw/acpi/platform.h"

/** Bytes of memory that these devices take. */
#define ACPI_APIC_LEN 0x1000
#define ACPI_HPET_LEN 0x400
/** acpi_mcfg_len: bytes of the configuration window. */
static inline uint64_t acpi_mcfg_len(const AcpiPlatform *platform)
{
    return ((uint64_t)platform->mcfg_last_bus + 1) << 20;
}

/**
 * acpi_dsdt_pci_mode: on the root, \_PIC, if routes depend on what the system
 * says there.
 */
void acpi_dsdt_pci_mode(AmlWriter *w, const AcpiPlatform *platform);

/**
 * acpi_dsdt_pci_links: in \_SB, the links and what they share.
 * Spec: ACPI 6.5, 6.2.13; PIIX3 and ICH9 datasheets, "PIRQ route control".
 */
void acpi_dsdt_pci_links(AmlWriter *w, const AcpiPlatform *platform);

/**
 * acpi_dsdt_pci_prt: in \_SB.PCI0, _PRT; an ICH9's depends on what the system
 * said to \_PIC.
 */
void acpi_dsdt_pci_prt(AmlWriter *w, const AcpiPlatform *platform);

/** acpi_dsdt_pci_route_control: in \_SB.PCI0.ISA, the links' registers. */
void acpi_dsdt_pci_route_control(AmlWriter *w, const AcpiPlatform *platform);

/**
 * acpi_dsdt_pci_host: in \_SB.PCI0, everything but the devices on the bus.
 *
 * The windows leave out what is taken by devices that are not on the bus: the
 * MCFG window, IOAPIC, local APIC, HPET, devices on the root.
 * Spec: PCI Firmware 3.0, 4; ACPI 6.5, 6.2.11, 6.2.13.
 */
void acpi_dsdt_pci_host(AmlWriter *w, const AcpiPlatform *platform);

#endif
