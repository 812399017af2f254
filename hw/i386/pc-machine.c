/*
 * A PC: what belongs to one
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/i386/pc-machine.h"

static void pc_machine_init(Object *obj)
{
    PcMachine *pc = (PcMachine *)obj;
    Machine *machine = &pc->parent;

    memory_region_init(&pc->pci_memory, "pci", UINT64_C(1) << 52);
    pc->pci = (PciBus){
        .memory = &pc->pci_memory,
        .io = &machine->io_root,
        .clock = &machine->clock,
    };
    pc->isa = (IsaBus){
        .io = &machine->io_root,
        .memory = &machine->memory_root,
        .clock = &machine->clock,
    };
}

static void pc_machine_finalize(Object *obj)
{
    PcMachine *pc = (PcMachine *)obj;

    g_clear_pointer(&pc->acpi_blobs, acpi_blob_set_free);
    memory_region_cleanup(&pc->rom_isa);
    memory_region_cleanup(&pc->rom);
    memory_region_cleanup(&pc->pci_memory);
    memory_region_cleanup(&pc->ram_high);
    memory_region_cleanup(&pc->ram_low);
    memory_region_cleanup(&pc->ram_base);
    memory_region_cleanup(&pc->ram);
}

const ObjectType pc_machine_type = {
    .name = "generic-pc-machine",
    .parent = &machine_type,
    .doc = "Abstract PC",
    .instance_size = sizeof(PcMachine),
    .abstract = true,
    .init = pc_machine_init,
    .finalize = pc_machine_finalize,
};
