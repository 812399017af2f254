/*
 * What a PC tells its firmware besides ACPI: fw_cfg keys and files, CMOS
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_I386_PC_FW_CFG_H
#define HW_I386_PC_FW_CFG_H

#include "hw/i386/pc-machine.h"

/**
 * pc_fill_fw_cfg: add all of it.
 *
 * Returns: false with @error set, beginning with the option at fault, if a
 * file of the user's cannot be added.
 */
bool pc_fill_fw_cfg(PcMachine *pc, GError **error);

/** pc_order_boot: at each reset: what holds for the first boot only is over at
 *  the second. */
void pc_order_boot(PcMachine *pc);

#endif
