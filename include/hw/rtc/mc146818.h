/*
 * The real-time clock and its battery-backed memory (CMOS)
 *
 * Guest ABI: docs/specs/mc146818.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_RTC_MC146818_H
#define HW_RTC_MC146818_H

#include "hw/isa/isa.h"

#define RTC_CMOS_LEN 128
/** The first byte that has no meaning for the clock. */
#define RTC_CMOS_FREE 0x0e
/** Where the century is; also what the FADT's CENTURY says. */
#define RTC_CENTURY 0x32
/** Where firmware finds why the machine starts (the "shutdown code"), and that
 *  it wakes from ACPI S3. */
#define RTC_CMOS_SHUTDOWN 0x0f
#define RTC_SHUTDOWN_S3 0xfe

typedef struct Rtc Rtc;

/** An IsaDevice of the board's own: ports 0x70 and 0x71, IRQ 8.  Its time is
 *  the machine's clock's until the guest sets it. */
extern const ObjectType rtc_type;

/**
 * rtc_wire: drive @irq instead of the bus's line 8, which somebody else stands
 * in front of (an HPET); before realize.
 */
void rtc_wire(Rtc *rtc, Irq *irq);

/**
 * rtc_set_cmos: what the board keeps there; it outlasts resets, until the
 * guest overwrites it.
 * @index: RTC_CMOS_FREE to 127, but not RTC_CENTURY or 0x37, its second place
 */
void rtc_set_cmos(Rtc *rtc, uint8_t index, uint8_t value);

#endif
