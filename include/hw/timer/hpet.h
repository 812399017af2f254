/*
 * HPET: high precision event timers
 *
 * Guest ABI: docs/specs/hpet.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_TIMER_HPET_H
#define HW_TIMER_HPET_H

#include "hw/core/clock.h"
#include "hw/core/device.h"
#include "system/memory.h"

#define HPET_BASE UINT64_C(0xfed00000)
#define HPET_LEN 0x400
#define HPET_HZ 100000000
#define HPET_CAPABILITIES UINT64_C(0x009896808086a201)

#define HPET_NUM_TIMERS 3
#define HPET_NUM_LINES 24
/** The places of legacy lines, for the PIT's and the RTC's interrupts. */
#define HPET_NUM_LEGACY 2

/** A periodic timer interrupts at most this often: periods that are shorter
 *  (in ticks, 10 µs) are bundled. */
#define HPET_MIN_TICK 1000

typedef struct Hpet Hpet;

/** A device of the board's own.  Inputs "legacy": see hpet_legacy_input(). */
extern const ObjectType hpet_type;

/**
 * hpet_wire: before realize.
 * @memory: where the registers are placed, at HPET_BASE
 * @lines: HPET_NUM_LINES inputs of the I/O APIC; copied; NULL: not wired
 * @legacy: HPET_NUM_LEGACY lines: IRQ 0 (which is also the I/O APIC's input
 *          2) and IRQ 8; copied; NULL: not wired
 * @routes: Tn_INT_ROUTE_CAP: bit n says that timers can drive lines[n]
 */
void hpet_wire(Hpet *hpet, Clock *clock, MemoryRegion *memory,
               Irq *const *lines, Irq *const *legacy, uint32_t routes);

/**
 * hpet_legacy_input: what the PIT (@n 0) and the RTC (@n 1) drive, so that the
 * HPET can cut them off from IRQ 0 and IRQ 8 in legacy replacement mode.
 */
Irq *hpet_legacy_input(Hpet *hpet, unsigned n);

#endif
