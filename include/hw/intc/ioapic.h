/*
 * I/O APIC: 24 interrupt inputs that become messages to processors
 *
 * Guest ABI: docs/specs/ioapic.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_INTC_IOAPIC_H
#define HW_INTC_IOAPIC_H

#include "hw/core/device.h"
#include "system/memory.h"

#define IOAPIC_BASE UINT32_C(0xfec00000)
#define IOAPIC_LEN 0x1000
#define IOAPIC_NUM_INPUTS 24

/** Fields of a redirection table entry (82093AA, 3.2.4) */
#define IOAPIC_ENTRY_VECTOR UINT64_C(0xff)
#define IOAPIC_ENTRY_DELIVERY_SHIFT 8       /* 3 bits */
#define IOAPIC_ENTRY_LOGICAL (UINT64_C(1) << 11)
#define IOAPIC_ENTRY_REMOTE_IRR (UINT64_C(1) << 14)
#define IOAPIC_ENTRY_LEVEL (UINT64_C(1) << 15)
#define IOAPIC_ENTRY_MASK (UINT64_C(1) << 16)
#define IOAPIC_ENTRY_DEST_SHIFT 56          /* 8 bits */

typedef struct IoApic IoApic;

/** A device of the board's own; its inputs are its unnamed gpio inputs. */
extern const ObjectType ioapic_type;

/** ioapic_wire: the registers go to @memory at IOAPIC_BASE; before realize. */
void ioapic_wire(IoApic *ioapic, MemoryRegion *memory);

/**
 * ioapic_set_deliver:
 * @deliver: gets the redirection table entry of each interrupt that is sent;
 *           it must not call ioapic_eoi().  NULL: there are no processors;
 *           what would be sent is lost, an input that stays high is not
 *
 * Level inputs that wait are sent at once.
 */
void ioapic_set_deliver(IoApic *ioapic,
                        void (*deliver)(void *opaque, uint64_t entry),
                        void *opaque);

/** ioapic_input: @n below IOAPIC_NUM_INPUTS.  High means asserted, whatever
 *  polarity the guest has programmed. */
Irq *ioapic_input(IoApic *ioapic, unsigned n);

/** ioapic_eoi: a processor has finished a level interrupt of @vector; inputs
 *  that are still high send it again. */
void ioapic_eoi(IoApic *ioapic, uint8_t vector);

#endif
