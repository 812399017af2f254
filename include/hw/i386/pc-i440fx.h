/*
 * The machine `pc`
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_I386_PC_I440FX_H
#define HW_I386_PC_I440FX_H

#include "hw/i386/pc-machine.h"

extern const ObjectType pc_i440fx_machine_type;

#endif
