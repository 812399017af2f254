/*
 * The machine `q35`
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_I386_PC_Q35_H
#define HW_I386_PC_Q35_H

#include "hw/i386/pc-machine.h"

extern const ObjectType pc_q35_machine_type;

#endif
