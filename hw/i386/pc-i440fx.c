/*
 * The machine `pc`: i440FX host bridge, PIIX3 ISA bridge, PIIX4 power
 * management
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/isa/piix4-pm.h"
#include "hw/i386/pc-i440fx.h"
#include "hw/i386/pc.h"
#include "hw/isa/piix3.h"
#include "hw/pci/i440fx.h"

static bool pc_i440fx_build_chipset(PcMachine *pc, GError **error)
{
    Machine *machine = &pc->parent;
    PciDevice *bridge = pc_new_pci(pc, &i440fx_type, PCI_DEVFN(0, 0));
    PciDevice *isa = pc_new_pci(pc, &piix3_type, PCI_DEVFN(1, 0));
    PciDevice *pm = pc_new_pci(pc, &piix4_pm_type, PCI_DEVFN(1, 3));
    const I440fxWiring wiring = {
        .memory = &machine->memory_root,
        .ram = &pc->ram,
        .cf9 = piix3_reset_region((Piix3 *)isa),
    };

    i440fx_wire((I440fx *)bridge, &wiring);
    piix3_wire((Piix3 *)isa, pc_reset, pc);
    piix4_pm_wire((Piix4Pm *)pm, pc_irq(pc, PIIX4_SCI_IRQ), pc_sleep, pc);
    pc->pm = &((Piix4Pm *)pm)->pm;
    pc->pm_properties = piix4_pm_properties((Piix4Pm *)pm);

    const MachinePart parts[] = {
        { "i440fx", &bridge->parent },
        { "piix3", &isa->parent },
        { "piix4-pm", &pm->parent },
    };
    return machine_add_parts(machine, parts, G_N_ELEMENTS(parts), error);
}

static const PcMachineClass pc_i440fx_class = {
    .parent = {
        .name = "pc",
        .is_default = true,
        .acpi = true,
        .max_cpus = 255,
        .ram_id = PC_RAM_ID,
        .cpu_type = PC_CPU_TYPE,
        .ram_default = PC_RAM_DEFAULT,
        .ram_least = PC_RAM_LEAST,
        .ram_most = PC_RAM_MOST(UINT64_C(0xc0000000)),
        .build = pc_build,
        .plug = pc_plug,
        .finish = pc_finish,
        .boot = pc_boot,
        .power_button = pc_power_button,
        .wake = pc_wake,
        .state = &pc_machine_state,
        .acpi_blobs = pc_acpi_blobs,
    },
    .ram_low_most = UINT64_C(0xe0000000),
    .ram_low_split = UINT64_C(0xc0000000),
    .hpet_routes = 0x00000004,
    .build_chipset = pc_i440fx_build_chipset,
};

const ObjectType pc_i440fx_machine_type = {
    .name = "pc-machine",
    .parent = &pc_machine_type,
    .doc = "Standard PC (i440FX + PIIX)",
    .klass = &pc_i440fx_class,
};
