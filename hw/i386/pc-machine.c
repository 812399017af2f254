/*
 * A PC: what belongs to one
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/i386/pc-machine.h"

#include "hw/firmware/builtin.h"

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
        .awaits_restore = &machine->awaits_restore,
    };
}

static void pc_machine_finalize(Object *obj)
{
    PcMachine *pc = (PcMachine *)obj;

    g_clear_pointer(&pc->acpi_blobs, acpi_blob_set_free);
    g_clear_pointer(&pc->write_backs, g_bytes_unref);
    memory_region_cleanup(&pc->rom_isa);
    memory_region_cleanup(&pc->rom);
    memory_region_cleanup(&pc->pci_memory);
    memory_region_cleanup(&pc->ram_high);
    memory_region_cleanup(&pc->ram_low);
    memory_region_cleanup(&pc->ram_base);
    memory_region_cleanup(&pc->ram);
}

/* What is saved */

static GBytes *pc_machine_get_write_backs(const void *obj)
{
    const PcMachine *pc = obj;

    return pc->write_backs ? g_bytes_ref(pc->write_backs)
                           : g_bytes_new(NULL, 0);
}

static bool pc_machine_put_write_backs(void *obj, GBytes *bytes,
                                       GError **error)
{
    PcMachine *pc = obj;

    if (!builtin_check_write_backs(bytes, error)) {
        return false;
    }
    g_clear_pointer(&pc->write_backs, g_bytes_unref);
    pc->write_backs = g_bytes_ref(bytes);
    return true;
}

static const StateField pc_machine_fields[] = {
    STATE_FIELD(PcMachine, boots),
    { .name = "asleep", .kind = STATE_BOOL, .count = 1, .width = sizeof(bool),
      .offset = offsetof(PcMachine, parent.asleep) },
    STATE_BLOB_FIELD("write-backs", pc_machine_get_write_backs,
                     pc_machine_put_write_backs),
    STATE_END
};

const StateTable pc_machine_state = {
    .version = 1,
    .fields = pc_machine_fields,
};

/* Its type */

const ObjectType pc_machine_type = {
    .name = "generic-pc-machine",
    .parent = &machine_type,
    .doc = "Abstract PC",
    .instance_size = sizeof(PcMachine),
    .abstract = true,
    .init = pc_machine_init,
    .finalize = pc_machine_finalize,
};
