/*
 * Intel ICH9 LPC bridge, type "ICH9-LPC" (8086:2918)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ISA_ICH9_LPC_H
#define HW_ISA_ICH9_LPC_H

#include "hw/acpi/pm.h"
#include "hw/isa/apm.h"
#include "hw/isa/reset-port.h"
#include "hw/pci/pci.h"
#include "qapi-types.h"

#define ICH9_GPE0_LEN 16

/** Values of ACPI_CNTL.SCI_IRQ_SEL. */
#define ICH9_SCI_SELECTIONS 8

/** What the bridge is given.  Clock and port space are the bus's. */
typedef struct Ich9LpcWiring {
    /* by SCI_IRQ_SEL: interrupts 9, 10, 11, (3 is reserved and means 9), 20,
       21, 22, 23; NULL: leads nowhere */
    Irq *sci[ICH9_SCI_SELECTIONS];
    void (*sleep)(void *opaque, AcpiSleep state);   /* NULL: nobody cares */
    void (*reset)(void *opaque);                    /* now or soon */
    void *opaque;               /* of both */
} Ich9LpcWiring;

typedef struct Ich9Lpc {
    PciDevice parent;           /* registers are its guest state */

    /* Links: given by the machine when it wires the device */
    Ich9LpcWiring wiring;

    AcpiPm pm;
    Apm apm;
    ResetPort reset_port;

    /* Guest state: reset and saved */
    uint32_t smi_en;

    MemoryRegion pm_mr;         /* 128 ports, where PMBASE says */
    MemoryRegion smi_mr;        /* SMI_EN and SMI_STS in it */
} Ich9Lpc;

extern const ObjectType ich9_lpc_type;

static inline const PowerManagementProperties *
ich9_lpc_properties(const Ich9Lpc *dev)
{
    return dev->parent.parent.parent.config;
}

/** ich9_lpc_wire: before realize; @wiring is copied. */
void ich9_lpc_wire(Ich9Lpc *dev, const Ich9LpcWiring *wiring);

/** ich9_lpc_reset_region: the register at port 0xCF9, for the host bridge's
 *  wiring; there as soon as the object is. */
MemoryRegion *ich9_lpc_reset_region(Ich9Lpc *dev);

#endif
