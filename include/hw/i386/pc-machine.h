/*
 * A PC: what belongs to one, and in what two chipsets differ
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_I386_PC_MACHINE_H
#define HW_I386_PC_MACHINE_H

#include "hw/acpi/blob.h"
#include "hw/acpi/pm.h"
#include "hw/acpi/user-table.h"
#include "hw/core/machine.h"
#include "hw/intc/ioapic.h"
#include "hw/isa/isa.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/pci/pci.h"
#include "hw/rtc/mc146818.h"

typedef struct PcMachine PcMachine;

/** In what a chipset differs from the other. */
typedef struct PcMachineClass {
    MachineClass parent;

    /** If all RAM lies below the first, none is moved; otherwise what is above
     *  the second moves to 4 GiB.  Bytes. */
    uint64_t ram_low_most, ram_low_split;

    /** Which of the I/O APIC's inputs the HPET can drive, a bit each. */
    uint32_t hpet_routes;

    /** Make the chipset's functions, plug and wire them. */
    bool (*build_chipset)(PcMachine *pc, GError **error);
} PcMachineClass;

struct PcMachine {
    Machine parent;

    /* Memory map */
    MemoryRegion ram;           /* all of it */
    MemoryRegion ram_base, ram_low, ram_high;   /* where the guest sees it */
    MemoryRegion pci_memory;    /* PCI memory space */
    MemoryRegion rom, rom_isa;  /* below 4 GiB, and its end below 1 MiB */
    uint64_t ram_low_size, ram_high_size;

    PciBus pci;
    IsaBus isa;
    uint32_t boots;             /* since the machine was made */
    unsigned n_plugged;         /* devices of the user's on it */
    IoApic *ioapic;
    AcpiPm *pm;                 /* the chipset's */
    const PowerManagementProperties *pm_properties;
    Rtc *rtc;
    FwCfg *fw_cfg;

    /* What ACPI tables are made from besides the chipset */
    AcpiOemIdentity identity, general;
    FwCfgProducer acpi_producer;

    /* What firmware was last given, to recognise it by; NULL: nothing yet */
    AcpiBlobSet *acpi_blobs;

    /* BuiltinResult.write_backs of the last boot; NULL: none */
    GBytes *write_backs;
};

/** Abstract. */
extern const ObjectType pc_machine_type;

/** MachineClass.state of a PC. */
extern const StateTable pc_machine_state;

static inline const PcMachineClass *pc_machine_class(const PcMachine *pc)
{
    return object_type_class(pc->parent.parent.type);
}

#endif
