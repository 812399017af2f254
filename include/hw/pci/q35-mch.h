/*
 * Intel Q35 memory controller hub, type "mch" (8086:29C0)
 *
 * As the 440FX, and PCI Express's enhanced configuration space in memory,
 * where PCIEXBAR says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PCI_Q35_MCH_H
#define HW_PCI_Q35_MCH_H

#include "hw/pci/pam.h"
#include "hw/pci/pci.h"

/** What the hub is given; all but cf9 is needed. */
typedef struct Q35MchWiring {
    MemoryRegion *memory;       /* system memory */
    MemoryRegion *ram;          /* RAM from address 0 up, 1 MiB or more */
    MemoryRegion *cf9;          /* ich9_lpc_reset_region(); NULL: none */
} Q35MchWiring;

typedef struct Q35Mch {
    PciDevice parent;           /* registers are its guest state */

    /* Links: given by the machine when it wires the device */
    Q35MchWiring wiring;

    /* Guest state: reset and saved */
    PciConfigPorts ports;       /* its address */

    Pam pam;                    /* these follow the registers */
    MemoryRegion ecam_mr;       /* 256 MiB: all buses */
    MemoryRegion window_mr;     /* the part of it that PCIEXBAR shows */
} Q35Mch;

extern const ObjectType q35_mch_type;

/** q35_mch_wire: before realize; @wiring is copied.  The bus that the hub is
 *  plugged into (devfn 0) gives PCI memory space and the port space. */
void q35_mch_wire(Q35Mch *dev, const Q35MchWiring *wiring);

#endif
