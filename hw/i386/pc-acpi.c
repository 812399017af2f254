/*
 * A PC's ACPI tables: the machine described, and the files made from that
 *
 * Station three of the data's way (docs/devel/boot-flow.rst).  The tables are
 * built when firmware first selects one of their files after a reset, so they
 * show where firmware has put the chipset's registers by then.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/tables.h"
#include "hw/i386/pc-acpi.h"
#include "util/error.h"
#include "util/report.h"

#define PC_LOCAL_APIC 0xfee00000

/** PCI memory below 4 GiB ends where the interrupt controllers begin. */
#define PC_PCI_HOLE_END (IOAPIC_BASE - 1)

void pc_describe(PcMachine *pc, AcpiPlatform *platform)
{
    Machine *machine = &pc->parent;

    *platform = (AcpiPlatform){
        .identity = pc->identity,
        .general = pc->general,
        .n_cpus = machine->setup->n_cpus,
        .local_apic = PC_LOCAL_APIC,
        .io_apic = IOAPIC_BASE,
        .io_apic_id = 0,
        .pci_hole_start = pc->ram_low_size,
        .pci_hole_end = PC_PCI_HOLE_END,
        .user_tables = machine->setup->acpi_tables,
    };
    for (unsigned devfn = 0; devfn < G_N_ELEMENTS(pc->pci.devices); devfn++) {
        if (pc->pci.devices[devfn]) {
            platform->pci_slots |= 1u << PCI_SLOT(devfn);
        }
    }
    machine_describe(machine, platform);
}

static GBytes *pc_acpi_file(const AcpiBlobSet *set, const char *name)
{
    const GByteArray *bytes = acpi_blob_find(set, name)->bytes;

    return g_bytes_new(bytes->data, bytes->len);
}

/** FwCfgProducer: the files in the order in which pc_acpi_init() adds them. */
static GBytes **pc_acpi_make(void *opaque, bool serve)
{
    PcMachine *pc = opaque;
    g_autofree AcpiPlatform *platform = g_new(AcpiPlatform, 1);
    GBytes **files = g_new0(GBytes *, 4);
    g_autoptr(AcpiBlobSet) set = NULL;

    pc_describe(pc, platform);
    set = acpi_tables_build(platform);
    files[0] = pc_acpi_file(set, ACPI_FILE_RSDP);
    files[1] = pc_acpi_file(set, ACPI_FILE_TABLES);
    files[2] = acpi_blob_set_script(set);

    if (serve) {
        /* kept to recognise the tables by in guest memory */
        g_clear_pointer(&pc->acpi_blobs, acpi_blob_set_free);
        pc->acpi_blobs = g_steal_pointer(&set);
    }
    return files;
}

bool pc_acpi_init(PcMachine *pc, GError **error)
{
    const MachineOptions *options = machine_options(&pc->parent);
    const MachineSetup *setup = pc->parent.setup;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) legacy = NULL;
    uint32_t capacity;

    capacity = acpi_tables_capacity(setup->acpi_tables, setup->n_cpus, error);
    if (!capacity) {
        return fm_error_prefix(error, "-acpitable: ");
    }
    legacy = acpi_user_tables_legacy(setup->acpi_tables);
    if (options->has_oem_source && options->oem_source != OEM_SOURCE_NONE &&
        !acpi_oem_has_source(setup->acpi_tables, options->oem_source)) {
        report_warning("-machine oem-source=%s: there is no such table; RSDT "
                       "and FADT keep the machine's identity",
                       qapi_type_OemSource.values[options->oem_source]);
    }
    if (!acpi_oem_select(setup->acpi_tables, options->oem_source,
                         options->x_oem_id, options->x_oem_table_id,
                         &pc->identity, &pc->general, warnings, error)) {
        return fm_error_prefix(error, "-machine: ");
    }
    for (unsigned i = 0; i < warnings->len; i++) {
        report_warning("%s", (char *)warnings->pdata[i]);
    }
    pc->acpi_producer = (FwCfgProducer){ pc_acpi_make, pc };
    fw_cfg_add_made_file(pc->fw_cfg, ACPI_FILE_RSDP, 20, &pc->acpi_producer);
    fw_cfg_add_made_file(pc->fw_cfg, ACPI_FILE_TABLES, capacity,
                         &pc->acpi_producer);
    fw_cfg_add_made_file(pc->fw_cfg, ACPI_FILE_LOADER,
                         acpi_tables_script_capacity(setup->acpi_tables,
                                                     pc->parent.vmgenid),
                         &pc->acpi_producer);
    fw_cfg_add_key(pc->fw_cfg, FW_CFG_ACPI_TABLES, legacy);
    return true;
}
