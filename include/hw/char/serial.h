/*
 * isa-serial: a 16550A UART on the ISA bus
 *
 * Guest ABI: docs/specs/serial.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CHAR_SERIAL_H
#define HW_CHAR_SERIAL_H

#include "hw/isa/isa.h"

/** Ports that a UART takes. */
#define SERIAL_NUM_PORTS 8

/**
 * An IsaDevice that users may create; configured by IsaSerialProperties.
 *
 * Creation fails if the index is above 3, the ports would go beyond 0xFFFF or
 * the interrupt line is not one of the bus; realize fails if the ports are
 * taken or the chardev is in use.  Without a chardev what the guest sends is
 * thrown away.
 */
extern const ObjectType isa_serial_type;

#endif
