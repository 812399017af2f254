/*
 * Intel 82371SB (PIIX3) ISA bridge, type "PIIX3" (8086:7000)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ISA_PIIX3_H
#define HW_ISA_PIIX3_H

#include "hw/isa/reset-port.h"
#include "hw/pci/pci.h"

typedef struct Piix3 {
    PciDevice parent;           /* registers are its guest state */
    ResetPort reset_port;
} Piix3;

extern const ObjectType piix3_type;

/** piix3_wire: before realize.  @reset resets the machine, now or soon. */
void piix3_wire(Piix3 *dev, void (*reset)(void *opaque), void *opaque);

/** piix3_reset_region: the register at port 0xCF9, for the host bridge's
 *  wiring; there as soon as the object is. */
MemoryRegion *piix3_reset_region(Piix3 *dev);

#endif
