/*
 * The reset control register, port 0xCF9
 * (RC of the Intel 82371SB, RST_CNT of the ICH9)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ISA_RESET_PORT_H
#define HW_ISA_RESET_PORT_H

#include "hw/core/state.h"
#include "system/memory.h"

#define RESET_PORT 0xcf9

enum {
    RESET_SRST = 1 << 1,        /* hard or soft: both are the same here */
    RESET_RCPU = 1 << 2,        /* writing it resets; reads 0 */
    RESET_FULL = 1 << 3,        /* ICH9: power cycle too: no difference */
};

/** What FADT's RESET_VALUE is; any value with RESET_RCPU would do. */
#define RESET_VALUE 0x0f

/** A component of both chipsets' ISA bridges. */
typedef struct ResetPort {
    uint8_t writable;
    void (*reset)(void *opaque);
    void *opaque;

    /* Guest state: reset and saved */
    uint8_t control;

    MemoryRegion mr;            /* 1 port; see PciConfigPorts */
} ResetPort;

extern const StateTable reset_port_state;

/** reset_port_init: set up `mr`, which the host bridge answers with.
 *  @writable: RESET_SRST and RESET_FULL as far as they are kept. */
void reset_port_init(ResetPort *port, uint8_t writable);
void reset_port_cleanup(ResetPort *port);

/** reset_port_wire: call @reset for each write with RESET_RCPU set.  It is the
 *  last thing the access does, so it may reset the machine at once. */
void reset_port_wire(ResetPort *port, void (*reset)(void *opaque),
                     void *opaque);

#endif
