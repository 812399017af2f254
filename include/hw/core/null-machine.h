/*
 * The machine `none`: no board at all
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CORE_NULL_MACHINE_H
#define HW_CORE_NULL_MACHINE_H

#include "hw/core/machine.h"

extern const ObjectType null_machine_type;

#endif
