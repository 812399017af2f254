/*
 * A PC's ACPI tables: the machine described, and the files made from that
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_I386_PC_ACPI_H
#define HW_I386_PC_ACPI_H

#include "hw/i386/pc-machine.h"

struct AcpiPlatform;

/** pc_describe: the machine as its ACPI tables shall show it, from the
 *  chipset's live state. */
void pc_describe(PcMachine *pc, struct AcpiPlatform *platform);

/**
 * pc_acpi_init: choose the tables' OEM identity, add the tables' files to
 * fw_cfg.  Warnings are printed.
 *
 * Returns: false with @error set, beginning with the option at fault, if the
 * user's tables are too many or a property does not fit.
 */
bool pc_acpi_init(PcMachine *pc, GError **error);

#endif
