/*
 * The ISA bus: ports, sixteen interrupt lines, and what plugs into them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ISA_ISA_H
#define HW_ISA_ISA_H

#include "hw/core/clock.h"
#include "hw/core/device.h"
#include "system/memory.h"

#define ISA_NUM_IRQS 16

/** What the machine gives to every ISA device. */
typedef struct IsaBus {
    MemoryRegion *io;           /* the root of the port space */
    MemoryRegion *memory;
    Clock *clock;
    Irq *irqs[ISA_NUM_IRQS];    /* inputs of the interrupt controllers */
    const bool *awaits_restore; /* the machine's; NULL: it never does */
} IsaBus;

typedef struct IsaDevice {
    Device parent;
    IsaBus *bus;                /* set when plugged, before realize */
} IsaDevice;

extern const ObjectType isa_device_type;

/**
 * isa_claim_ports: place @mr at port @base if no region of the port space is
 * there yet.
 *
 * Returns: false with @error set, naming device type and range, if the range
 * overlaps a device's or exceeds 0xFFFF.
 */
bool isa_claim_ports(IsaDevice *dev, MemoryRegion *mr, uint16_t base,
                     GError **error);

#endif
