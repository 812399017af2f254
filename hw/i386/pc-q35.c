/*
 * The machine `q35`: Q35 memory controller hub, ICH9 LPC bridge
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/i386/pc-q35.h"
#include "hw/i386/pc.h"
#include "hw/isa/ich9-lpc.h"
#include "hw/pci/q35-mch.h"

/** The interrupts that ACPI_CNTL.SCI_IRQ_SEL chooses from (ICH9, 13.1.14). */
static const uint8_t pc_q35_sci[ICH9_SCI_SELECTIONS] = {
    9, 10, 11, 9, 20, 21, 22, 23,
};

static bool pc_q35_build_chipset(PcMachine *pc, GError **error)
{
    Machine *machine = &pc->parent;
    PciDevice *mch = pc_new_pci(pc, &q35_mch_type, PCI_DEVFN(0, 0));
    PciDevice *lpc = pc_new_pci(pc, &ich9_lpc_type, PCI_DEVFN(31, 0));
    const Q35MchWiring mch_wiring = {
        .memory = &machine->memory_root,
        .ram = &pc->ram,
        .cf9 = ich9_lpc_reset_region((Ich9Lpc *)lpc),
    };
    Ich9LpcWiring lpc_wiring = {
        .sleep = pc_sleep,
        .reset = pc_reset,
        .opaque = pc,
    };

    for (unsigned i = 0; i < ICH9_SCI_SELECTIONS; i++) {
        lpc_wiring.sci[i] = pc_irq(pc, pc_q35_sci[i]);
    }
    q35_mch_wire((Q35Mch *)mch, &mch_wiring);
    ich9_lpc_wire((Ich9Lpc *)lpc, &lpc_wiring);
    pc->pm = &((Ich9Lpc *)lpc)->pm;
    pc->pm_properties = ich9_lpc_properties((Ich9Lpc *)lpc);

    const MachinePart parts[] = {
        { "mch", &mch->parent },
        { "lpc", &lpc->parent },
    };
    return machine_add_parts(machine, parts, G_N_ELEMENTS(parts), error);
}

static const PcMachineClass pc_q35_class = {
    .parent = {
        .name = "q35",
        .acpi = true,
        .max_cpus = 255,
        .ram_id = PC_RAM_ID,
        .cpu_type = PC_CPU_TYPE,
        .ram_default = PC_RAM_DEFAULT,
        .ram_least = PC_RAM_LEAST,
        .ram_most = PC_RAM_MOST(UINT64_C(0x80000000)),
        .build = pc_build,
        .plug = pc_plug,
        .finish = pc_finish,
        .boot = pc_boot,
        .power_button = pc_power_button,
        .wake = pc_wake,
        .state = &pc_machine_state,
        .acpi_blobs = pc_acpi_blobs,
    },
    .ram_low_most = UINT64_C(0xb0000000),
    .ram_low_split = UINT64_C(0x80000000),
    .hpet_routes = 0x00ff0104,
    .build_chipset = pc_q35_build_chipset,
};

const ObjectType pc_q35_machine_type = {
    .name = "q35-machine",
    .parent = &pc_machine_type,
    .doc = "Standard PC (Q35 + ICH9)",
    .klass = &pc_q35_class,
};
