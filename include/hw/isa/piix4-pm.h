/*
 * Intel 82371AB (PIIX4) power management function, type "PIIX4_PM" (8086:7113)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ISA_PIIX4_PM_H
#define HW_ISA_PIIX4_PM_H

#include "hw/acpi/pm.h"
#include "hw/isa/apm.h"
#include "hw/pci/pci.h"
#include "qapi-types.h"

/** The GPE0 block is not Intel's: its ports are fixed. */
#define PIIX4_GPE0_BASE 0xafe0
#define PIIX4_GPE0_LEN 4

/** ISA interrupt that the SCI is wired to. */
#define PIIX4_SCI_IRQ 9

typedef struct Piix4Pm {
    PciDevice parent;           /* registers are its guest state */

    AcpiPm pm;
    Apm apm;

    MemoryRegion pm_mr;         /* 64 ports, where PMBA says */
} Piix4Pm;

extern const ObjectType piix4_pm_type;

static inline const PowerManagementProperties *
piix4_pm_properties(const Piix4Pm *dev)
{
    return dev->parent.parent.parent.config;
}

/**
 * piix4_pm_wire: before realize.  Clock and port space are the bus's.
 * @sci: interrupt PIIX4_SCI_IRQ; NULL: leads nowhere
 * @sleep: the guest enters a sleep state; NULL: nobody cares
 */
void piix4_pm_wire(Piix4Pm *dev, Irq *sci,
                   void (*sleep)(void *opaque, AcpiSleep state),
                   void *opaque);

#endif
