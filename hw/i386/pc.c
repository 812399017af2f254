/*
 * PC machines: what `pc` and `q35` have alike
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/i386/pc.h"

#include "hw/acpi/vmgenid.h"
#include "hw/firmware/builtin.h"
#include "hw/i386/pc-acpi.h"
#include "hw/i386/pc-fw-cfg.h"
#include "hw/timer/hpet.h"
#include "target/i386/cpu.h"
#include "util/error.h"

#define PC_RAM_BASE (640 * 1024)
#define PC_1M (1024 * 1024)
#define PC_4G (UINT64_C(1) << 32)

/** A ROM image ends at 4 GiB; its last 128 KiB are seen below 1 MiB, too. */
#define PC_ROM_ISA (128 * 1024)

/** The user's ISA devices; with the board's own fewer than ACPI_MAX_DEVICES. */
#define PC_MAX_PLUGGED 24

/* Memory map */

static bool pc_build_ram(PcMachine *pc, GError **error)
{
    const PcMachineClass *klass = pc_machine_class(pc);
    const MachineSetup *setup = pc->parent.setup;
    MemoryRegion *root = &pc->parent.memory_root;
    uint64_t low = setup->ram_size;

    if (low > klass->ram_low_most) {
        low = klass->ram_low_split;
    }
    pc->ram_low_size = low;
    pc->ram_high_size = setup->ram_size - low;
    if (!machine_init_ram(&pc->parent, &pc->ram, error)) {
        return false;
    }
    /* what lies behind the VGA and ROM areas only shadowing shows (PAM) */
    memory_region_init_alias(&pc->ram_base, "ram-below-640k", &pc->ram, 0,
                             PC_RAM_BASE);
    memory_region_add(root, 0, &pc->ram_base, 0);
    memory_region_init_alias(&pc->ram_low, "ram-below-4g", &pc->ram, PC_1M,
                             low - PC_1M);
    memory_region_add(root, PC_1M, &pc->ram_low, 0);
    if (pc->ram_high_size) {
        memory_region_init_alias(&pc->ram_high, "ram-above-4g", &pc->ram, low,
                                 pc->ram_high_size);
        memory_region_add(root, PC_4G, &pc->ram_high, 0);
    }
    return true;
}

static bool pc_build_rom(PcMachine *pc, GError **error)
{
    GBytes *image = pc->parent.setup->bios;
    uint64_t len, isa;

    if (!image) {
        return true;
    }
    len = g_bytes_get_size(image);
    g_assert(len && len % MACHINE_BIOS_STEP == 0 && len <= MACHINE_BIOS_MAX);
    if (!memory_region_init_rom(&pc->rom, "pc.bios", len, error)) {
        return false;
    }
    machine_add_memory(&pc->parent, &pc->rom);
    isa = MIN(len, PC_ROM_ISA);
    memory_region_init_alias(&pc->rom_isa, "isa-bios", &pc->rom, len - isa,
                             isa);
    memory_region_add(&pc->pci_memory, PC_4G - len, &pc->rom, 0);
    memory_region_add(&pc->pci_memory, 0x100000 - isa, &pc->rom_isa, 0);
    return true;
}

/* Devices */

/** A device of the board's own; what it can be told, it does not refuse. */
static Device *pc_new_device(PcMachine *pc, const ObjectType *type)
{
    Device *dev = device_new(type, NULL, pc->parent.setup->globals, NULL);

    g_assert(dev);
    return dev;
}

Irq *pc_irq(PcMachine *pc, unsigned gsi)
{
    return ioapic_input(pc->ioapic, gsi);
}

PciDevice *pc_new_pci(PcMachine *pc, const ObjectType *type, uint8_t devfn)
{
    PciDevice *dev = (PciDevice *)pc_new_device(pc, type);

    pci_bus_plug(&pc->pci, dev, devfn);
    return dev;
}

static bool pc_build_interrupts(PcMachine *pc, GError **error)
{
    const MachinePart part = { "ioapic", pc_new_device(pc, &ioapic_type) };

    pc->ioapic = (IoApic *)part.dev;
    ioapic_wire(pc->ioapic, &pc->parent.memory_root);
    /* MADT's override: the timer's interrupt 0 arrives at input 2 */
    for (unsigned i = 0; i < ISA_NUM_IRQS; i++) {
        pc->isa.irqs[i] = pc_irq(pc, i ? i : 2);
    }
    return machine_add_parts(&pc->parent, &part, 1, error);
}

static bool pc_build_fw_cfg(PcMachine *pc, GError **error)
{
    const MachinePart part = { "fw_cfg", pc_new_device(pc, &fw_cfg_type) };

    pc->fw_cfg = (FwCfg *)part.dev;
    fw_cfg_wire(pc->fw_cfg, &pc->parent.memory, &pc->parent.io_root);
    return machine_add_parts(&pc->parent, &part, 1, error);
}

static Hpet *pc_new_hpet(PcMachine *pc)
{
    Hpet *hpet = (Hpet *)pc_new_device(pc, &hpet_type);
    Irq *const legacy[HPET_NUM_LEGACY] = { pc->isa.irqs[0], pc->isa.irqs[8] };
    Irq *lines[HPET_NUM_LINES];

    for (unsigned i = 0; i < HPET_NUM_LINES; i++) {
        lines[i] = pc_irq(pc, i);
    }
    hpet_wire(hpet, &pc->parent.clock, &pc->parent.memory_root, lines, legacy,
              pc_machine_class(pc)->hpet_routes);
    return hpet;
}

static bool pc_build_timers(PcMachine *pc, GError **error)
{
    MachinePart parts[2] = { { "rtc", pc_new_device(pc, &rtc_type) } };
    unsigned n = 1;

    pc->rtc = (Rtc *)parts[0].dev;
    ((IsaDevice *)parts[0].dev)->bus = &pc->isa;
    if (machine_options(&pc->parent)->hpet) {
        Hpet *hpet = pc_new_hpet(pc);

        /* an HPET can stand in for the RTC, so it stands before it */
        rtc_wire(pc->rtc, hpet_legacy_input(hpet, 1));
        parts[n++] = (MachinePart){ "hpet0", (Device *)hpet };
    }
    return machine_add_parts(&pc->parent, parts, n, error);
}

static bool pc_build_cpus(PcMachine *pc, GError **error)
{
    const MachineSetup *setup = pc->parent.setup;
    const ObjectType *type = x86_cpu_find_type(setup->cpu_model);

    for (unsigned i = 0; i < setup->n_cpus; i++) {
        if (!machine_add_cpu(&pc->parent, x86_cpu_new(type, i,
                                                      &setup->topology),
                             error)) {
            return false;
        }
    }
    return true;
}

bool pc_build(Machine *machine, GError **error)
{
    PcMachine *pc = (PcMachine *)machine;

    return pc_build_ram(pc, error) && pc_build_rom(pc, error) &&
           pc_build_interrupts(pc, error) && pc_build_fw_cfg(pc, error) &&
           pc_machine_class(pc)->build_chipset(pc, error) &&
           pc_build_timers(pc, error) && pc_build_cpus(pc, error);
}

static bool pc_plug_vmgenid(PcMachine *pc, VmGenId *dev, GError **error)
{
    Machine *machine = &pc->parent;

    if (machine->vmgenid) {
        return fm_error_set(error, "at most one vmgenid device is permitted");
    }
    vmgenid_wire(dev, &machine->memory, pc->pm);
    machine->vmgenid = dev;
    return true;
}

bool pc_plug(Machine *machine, Device *dev, GError **error)
{
    PcMachine *pc = (PcMachine *)machine;

    if (object_is_a(&dev->parent, &vmgenid_type)) {
        return pc_plug_vmgenid(pc, (VmGenId *)dev, error);
    }
    if (!object_is_a(&dev->parent, &isa_device_type)) {
        return fm_error_set(error, "No '%s' bus found for device '%s'",
                            device_class(dev)->bus, dev->parent.type->name);
    }
    if (pc->n_plugged == PC_MAX_PLUGGED) {
        return fm_error_set(error, "the ISA bus takes at most %d devices",
                            PC_MAX_PLUGGED);
    }
    pc->n_plugged++;
    ((IsaDevice *)dev)->bus = &pc->isa;
    return true;
}

/* Life of the machine */

void pc_sleep(void *opaque, AcpiSleep state)
{
    PcMachine *pc = opaque;

    switch (state) {
    case ACPI_SLEEP_S3:
        rtc_set_cmos(pc->rtc, RTC_CMOS_SHUTDOWN, RTC_SHUTDOWN_S3);
        machine_request(opaque, MACHINE_REQUEST_SUSPEND);
        break;
    case ACPI_SLEEP_S4:
        machine_request(opaque, MACHINE_REQUEST_SUSPEND_DISK);
        break;
    case ACPI_SLEEP_S5:
        machine_request(opaque, MACHINE_REQUEST_SHUTDOWN);
        break;
    }
}

void pc_reset(void *opaque)
{
    machine_request(opaque, MACHINE_REQUEST_RESET);
}

bool pc_finish(Machine *machine, GError **error)
{
    PcMachine *pc = (PcMachine *)machine;

    if (!pc_acpi_init(pc, error) || !pc_fill_fw_cfg(pc, error)) {
        return false;
    }
    fw_cfg_seal(pc->fw_cfg);
    return true;
}

/** Each boot has the user's image, also after a machine with another one was
 *  restored. */
static void pc_fill_rom(PcMachine *pc)
{
    GBytes *image = pc->parent.setup->bios;

    if (image) {
        memcpy(pc->rom.host, g_bytes_get_data(image, NULL),
               g_bytes_get_size(image));
    }
}

bool pc_boot(Machine *machine, GError **error)
{
    PcMachine *pc = (PcMachine *)machine;
    BuiltinResult result;

    pc_fill_rom(pc);
    pc_order_boot(pc);
    g_clear_pointer(&pc->write_backs, g_bytes_unref);
    if (!machine->setup->builtin_firmware) {
        return true;
    }
    if (!builtin_firmware_run(&machine->memory, &machine->io, &result,
                              error)) {
        return false;
    }
    pc->write_backs = g_bytes_ref(result.write_backs);
    builtin_result_clear(&result);
    return true;
}

bool pc_wake(Machine *machine, GError **error)
{
    PcMachine *pc = (PcMachine *)machine;
    uint64_t gpes = acpi_pm_raised_gpes(pc->pm);

    machine_reset_devices(machine);
    acpi_pm_wake(pc->pm, gpes);
    return !machine->setup->builtin_firmware ||
           builtin_firmware_resume(&machine->memory, &machine->io,
                                   pc->write_backs, error);
}

void pc_power_button(Machine *machine)
{
    acpi_pm_power_button(((PcMachine *)machine)->pm);
}

const AcpiBlobSet *pc_acpi_blobs(const Machine *machine)
{
    return ((const PcMachine *)machine)->acpi_blobs;
}
