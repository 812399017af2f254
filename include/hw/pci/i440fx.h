/*
 * Intel 82441FX (440FX) host bridge, type "i440FX" (8086:1237)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PCI_I440FX_H
#define HW_PCI_I440FX_H

#include "hw/pci/pam.h"
#include "hw/pci/pci.h"

/** What the bridge is given; all but cf9 is needed. */
typedef struct I440fxWiring {
    MemoryRegion *memory;       /* system memory */
    MemoryRegion *ram;          /* RAM from address 0 up, 1 MiB or more */
    MemoryRegion *cf9;          /* piix3_reset_region(); NULL: none */
} I440fxWiring;

typedef struct I440fx {
    PciDevice parent;           /* registers are its guest state */

    /* Links: given by the machine when it wires the device */
    I440fxWiring wiring;

    /* Guest state: reset and saved */
    PciConfigPorts ports;       /* its address */

    Pam pam;                    /* follows the registers */
} I440fx;

extern const ObjectType i440fx_type;

/** i440fx_wire: before realize; @wiring is copied.  The bus that the bridge is
 *  plugged into (devfn 0) gives PCI memory space and the port space. */
void i440fx_wire(I440fx *dev, const I440fxWiring *wiring);

#endif
