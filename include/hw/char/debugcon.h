/*
 * isa-debugcon: a port whose bytes go to a character device
 *
 * Guest ABI: docs/specs/debugcon.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CHAR_DEBUGCON_H
#define HW_CHAR_DEBUGCON_H

#include "hw/isa/isa.h"

/**
 * An IsaDevice that users may create; configured by IsaDebugconProperties.
 *
 * Creation fails if the port is beyond 0xFFFF or `readback` is not a byte;
 * realize fails if the port is taken or the chardev is in use.
 */
extern const ObjectType isa_debugcon_type;

#endif
