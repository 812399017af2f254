/*
 * The machine `none`: no board at all
 *
 * For programs that want to talk to the monitor, or to learn what this binary
 * can do, without a guest.  RAM, if any was asked for, is at address zero.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/core/null-machine.h"

typedef struct NullMachine {
    Machine parent;
    MemoryRegion ram;
} NullMachine;

static bool null_machine_build(Machine *machine, GError **error)
{
    NullMachine *null = (NullMachine *)machine;
    const MachineSetup *setup = machine->setup;

    if (!setup->ram_size) {
        return true;
    }
    if (!machine_init_ram(machine, &null->ram, error)) {
        return false;
    }
    memory_region_add(&machine->memory_root, 0, &null->ram, 0);
    return true;
}

static void null_machine_finalize(Object *obj)
{
    memory_region_cleanup(&((NullMachine *)obj)->ram);
}

static const MachineClass null_machine_class = {
    .name = "none",
    .max_cpus = 1,
    .ram_id = "ram",
    .ram_most = UINT64_C(1) << 40,
    .build = null_machine_build,
};

const ObjectType null_machine_type = {
    .name = "none-machine",
    .parent = &machine_type,
    .doc = "empty machine",
    .instance_size = sizeof(NullMachine),
    .klass = &null_machine_class,
    .finalize = null_machine_finalize,
};
