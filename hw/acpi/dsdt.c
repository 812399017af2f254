/*
 * The DSDT: what an operating system cannot find out by itself
 *
 *     \_S3 \_S4 \_S5   sleep states that this machine has
 *     \_PIC            ICH9: which interrupt controller the system uses
 *     \_SB
 *         LNKA...      PCI interrupt links
 *         PCI0         host bridge
 *             ISA      ISA bridge, and the devices on it
 *         HPET, MEMR   high precision timer; memory that is taken
 *         ...          devices on the root
 *         CPUS         processors
 *     \_GPE            general-purpose events
 *
 * Spec: ACPI 6.5, 5.3, 6, 7.4.2, 8.4.  The table's revision is 1: integers
 * have 32 bits, and no more is needed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/dsdt.h"
#include "hw/acpi/table-header.h"

#include "hw/acpi/aml.h"
#include "hw/acpi/dsdt-pci.h"

/* I/O ports of the PM block, by chipset (PIIX4 and ICH9 datasheets) */
enum { PM_LEN_PIIX4 = 64, PM_LEN_ICH9 = 128 };

/* SMI command and status port */
#define APM_LEN 2

/* _STA (ACPI 6.5, 6.3.7) */
enum { STA_WORKING = 0x0f, STA_HIDDEN = 0x0b };

static void dsdt_name_int(AmlWriter *w, const char *name, uint64_t value)
{
    aml_name(w, name);
    aml_int(w, value);
}

/** dsdt_hid: "PNP0501" as an EISA ID, "QEMU0002" or "ACPI0007" as text. */
static void dsdt_hid(AmlWriter *w, const char *name, const char *id)
{
    bool eisa = strlen(id) == 7;

    for (unsigned i = 0; eisa && i < 7; i++) {
        eisa = i < 3 ? g_ascii_isupper(id[i]) : g_ascii_isxdigit(id[i]);
    }
    aml_name(w, name);
    if (eisa) {
        aml_eisaid(w, id);
    } else {
        aml_string(w, id);
    }
}

/** dsdt_ports: as much of the range as there is below 64 KiB. */
static void dsdt_ports(AmlWriter *w, uint16_t base, uint8_t len)
{
    aml_io(w, base, MIN(len, 0x10000 - base));
}

/* Sleep states */

static void dsdt_sleep_state(AmlWriter *w, const char *name, uint8_t slp_typ)
{
    aml_name(w, name);
    aml_package(w, 4);
    aml_int(w, slp_typ);        /* for PM1a_CNT */
    aml_int(w, slp_typ);        /* for PM1b_CNT */
    aml_int(w, 0);
    aml_int(w, 0);
    aml_end(w);
}

/* Devices */

static void dsdt_device(AmlWriter *w, const AcpiDevice *d)
{
    aml_device(w, d->name);
    dsdt_hid(w, "_HID", d->hid);
    dsdt_name_int(w, "_UID", d->uid);
    dsdt_name_int(w, "_STA", d->hidden ? STA_HIDDEN : STA_WORKING);
    aml_name(w, "_CRS");
    aml_template(w);
    for (unsigned i = 0; i < d->n_io; i++) {
        dsdt_ports(w, d->io[i].base, d->io[i].len);
    }
    if (d->mmio_len) {
        aml_memory32_fixed(w, d->mmio_base, d->mmio_len, true);
    }
    if (d->irq >= 0) {
        aml_irq(w, d->irq);
    }
    aml_end(w);
    aml_end(w);
}

static void dsdt_devices(AmlWriter *w, const AcpiPlatform *p, bool on_root)
{
    for (unsigned i = 0; i < p->n_devices; i++) {
        if (p->devices[i].on_root == on_root) {
            dsdt_device(w, &p->devices[i]);
        }
    }
}

/**
 * dsdt_ports_taken: ports of the chipset that no PCI device may be put over.
 * It stands on the bus, within PCI0's windows, not beside it.
 */
static void dsdt_ports_taken(AmlWriter *w, const AcpiPlatform *p)
{
    unsigned pm_len = p->routing == ACPI_PCI_ROUTING_ICH9 ? PM_LEN_ICH9 :
                      PM_LEN_PIIX4;
    bool gpe0_in_pm = p->gpe0 >= p->pm1a_evt &&
                      p->gpe0 < p->pm1a_evt + pm_len;

    aml_device(w, "IOPR");
    dsdt_hid(w, "_HID", "PNP0C02");
    dsdt_name_int(w, "_UID", 0);
    aml_name(w, "_CRS");
    aml_template(w);
    if (p->smi_cmd) {
        dsdt_ports(w, p->smi_cmd, APM_LEN);
    }
    if (p->pm1a_evt) {
        dsdt_ports(w, p->pm1a_evt, pm_len);
    }
    if (p->gpe0 && !gpe0_in_pm) {
        dsdt_ports(w, p->gpe0, p->gpe0_len);
    }
    /* PCI0 has the ports from CF8h to CFFh itself */
    if (p->has_reset_reg && (p->reset_port & ~7) != 0xcf8) {
        dsdt_ports(w, p->reset_port, 1);
    }
    aml_end(w);
    aml_end(w);
}

static void dsdt_isa_bridge(AmlWriter *w, const AcpiPlatform *p)
{
    aml_device(w, "ISA");
    dsdt_name_int(w, "_ADR", p->isa_slot << 16 | p->isa_function);
    acpi_dsdt_pci_route_control(w, p);
    dsdt_ports_taken(w, p);
    dsdt_devices(w, p, false);
    aml_end(w);
}

/* On the root */

static void dsdt_hpet(AmlWriter *w, const AcpiPlatform *p)
{
    g_assert(p->hpet_base <= UINT32_MAX - ACPI_HPET_LEN);
    aml_device(w, "HPET");
    dsdt_hid(w, "_HID", "PNP0103");
    dsdt_name_int(w, "_UID", 0);
    aml_name(w, "_CRS");
    aml_template(w);
    aml_memory32_fixed(w, p->hpet_base, ACPI_HPET_LEN, true);
    aml_end(w);
    aml_end(w);
}

/** dsdt_memory_taken: PCI Firmware 3.0, 4.1.2 wants the MCFG window here. */
static void dsdt_memory_taken(AmlWriter *w, const AcpiPlatform *p)
{
    uint64_t mcfg_len = acpi_mcfg_len(p);

    aml_device(w, "MEMR");
    dsdt_hid(w, "_HID", "PNP0C02");
    dsdt_name_int(w, "_UID", 1);
    aml_name(w, "_CRS");
    aml_template(w);
    aml_memory32_fixed(w, p->io_apic, ACPI_APIC_LEN, true);
    aml_memory32_fixed(w, p->local_apic, ACPI_APIC_LEN, true);
    if (p->has_mcfg && p->mcfg_base + mcfg_len - 1 <= UINT32_MAX) {
        aml_memory32_fixed(w, p->mcfg_base, mcfg_len, true);
    } else if (p->has_mcfg) {
        aml_qword_memory_fixed(w, p->mcfg_base, mcfg_len);
    }
    aml_end(w);
    aml_end(w);
}

/** dsdt_processors: _UID as in the MADT (ACPI 6.5, 8.4.1, 8.4.2). */
static void dsdt_processors(AmlWriter *w, const AcpiPlatform *p)
{
    aml_device(w, "CPUS");
    dsdt_hid(w, "_HID", "ACPI0010");
    dsdt_hid(w, "_CID", "PNP0A05");     /* a container, for older systems */
    dsdt_name_int(w, "_UID", 0);
    for (unsigned i = 0; i < p->n_cpus; i++) {
        char name[5];

        g_snprintf(name, sizeof(name), "C%03X", i);
        aml_device(w, name);
        dsdt_hid(w, "_HID", "ACPI0007");
        dsdt_name_int(w, "_UID", i);
        aml_end(w);
    }
    aml_end(w);
}

/* The table */

void acpi_dsdt_build(AcpiBlob *blob, const AcpiPlatform *p)
{
    uint32_t offset = acpi_table_begin(blob, "DSDT", 1, &p->general);
    AmlWriter writer, *w = &writer;

    aml_init(w, blob->bytes);
    if (!p->disable_s3) {
        dsdt_sleep_state(w, "_S3", 1);
    }
    if (!p->disable_s4) {
        dsdt_sleep_state(w, "_S4", 2);
    }
    dsdt_sleep_state(w, "_S5", 0);
    acpi_dsdt_pci_mode(w, p);

    aml_scope(w, "_SB");
    acpi_dsdt_pci_links(w, p);
    aml_device(w, "PCI0");
    acpi_dsdt_pci_host(w, p);
    dsdt_isa_bridge(w, p);
    aml_end(w);
    if (p->has_hpet) {
        dsdt_hpet(w, p);
    }
    dsdt_memory_taken(w, p);
    dsdt_devices(w, p, true);
    dsdt_processors(w, p);
    aml_end(w);

    aml_scope(w, "_GPE");
    dsdt_hid(w, "_HID", "ACPI0006");
    aml_end(w);

    g_assert(w->depth == 0);
    acpi_table_end(blob, offset);
}
