/*
 * PC machines: what `pc` and `q35` have alike
 *
 * A PC is built in this order: memory map, interrupt controller, fw_cfg, the
 * chipset (the only thing in which the two differ), timers, then what the user
 * plugs in; at the end fw_cfg is filled with what describes it all.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_I386_PC_H
#define HW_I386_PC_H

#include "hw/acpi/pm.h"
#include "hw/i386/pc-machine.h"

/** What its RAM is called, and the memory backend that a tool makes for it. */
#define PC_RAM_ID "pc.ram"

/** Type of the default CPU model. */
#define PC_CPU_TYPE "qemu64-x86_64-cpu"

#define PC_RAM_DEFAULT (128 * 1024 * 1024)

/** Below 1 MiB there would be no place for tables. */
#define PC_RAM_LEAST (2 * 1024 * 1024)

/** RAM ends below what processors reserve (HyperTransport, 1012 GiB up); its
 *  part above @split is moved to 4 GiB. */
#define PC_RAM_MOST(split) (UINT64_C(0xfd00000000) - (UINT64_C(1) << 32) + \
                            (split))

/* A PC's MachineClass */
bool pc_build(Machine *machine, GError **error);
bool pc_plug(Machine *machine, Device *dev, GError **error);
bool pc_finish(Machine *machine, GError **error);
bool pc_boot(Machine *machine, GError **error);
bool pc_wake(Machine *machine, GError **error);
void pc_power_button(Machine *machine);
const AcpiBlobSet *pc_acpi_blobs(const Machine *machine);

/** pc_new_pci: a function of the chipset's, put on the bus at @devfn; its
 *  wiring and machine_add_parts() follow. */
PciDevice *pc_new_pci(PcMachine *pc, const ObjectType *type, uint8_t devfn);

/** pc_irq: the interrupt controller's input @gsi. */
Irq *pc_irq(PcMachine *pc, unsigned gsi);

/** pc_sleep, pc_reset: what a chipset calls; @opaque is the PcMachine. */
void pc_sleep(void *opaque, AcpiSleep state);
void pc_reset(void *opaque);

#endif
