/*
 * The host bridge in the DSDT: its windows, and what the system may control
 *
 * Spec: PCI Firmware 3.0, 4; ACPI 6.5, 6.2.2, 6.2.11
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/dsdt-pci.h"

/* Resources of every PC's host bridge */
enum {
    PCI_CONFIG_PORT = 0xcf8, PCI_CONFIG_LEN = 8,
    VGA_FIRST = 0xa0000, VGA_LAST = 0xbffff,
};

static void pci_name_int(AmlWriter *w, const char *name, uint64_t value)
{
    aml_name(w, name);
    aml_int(w, value);
}

static void pci_name_eisaid(AmlWriter *w, const char *name, const char *id)
{
    aml_name(w, name);
    aml_eisaid(w, id);
}

/* _CRS */

/** A range that belongs to a device beside the bus, not on it. */
typedef struct PciTaken {
    uint64_t first, last;
} PciTaken;

/** What is taken of one address space, in order of address. */
typedef struct PciTakenList {
    unsigned n;
    PciTaken ranges[4 + ACPI_MAX_DEVICES * ACPI_MAX_RANGES];
} PciTakenList;

typedef enum PciWindow {
    PCI_WINDOW_PORTS,
    PCI_WINDOW_MEMORY32,
    PCI_WINDOW_MEMORY64,
} PciWindow;

/** pci_take: @page: whole pages of this many bytes, a power of two. */
static void pci_take(PciTakenList *taken, uint64_t base, uint64_t len,
                     uint64_t page)
{
    PciTaken range = { base & ~(page - 1), (base + len - 1) | (page - 1) };
    unsigned i = taken->n++;

    g_assert(i < G_N_ELEMENTS(taken->ranges));
    while (i > 0 && taken->ranges[i - 1].first > range.first) {
        taken->ranges[i] = taken->ranges[i - 1];
        i--;
    }
    taken->ranges[i] = range;
}

static void pci_window(AmlWriter *w, PciWindow kind, uint64_t first,
                       uint64_t last)
{
    switch (kind) {
    case PCI_WINDOW_PORTS:
        aml_io_window(w, first, last);
        break;
    case PCI_WINDOW_MEMORY32:
        aml_dword_memory_window(w, first, last, false);
        break;
    case PCI_WINDOW_MEMORY64:
        aml_qword_memory_window(w, first, last);
        break;
    }
}

/** pci_windows: windows for @first to @last, around what is taken. */
static void pci_windows(AmlWriter *w, PciWindow kind, uint64_t first,
                        uint64_t last, const PciTakenList *taken)
{
    for (unsigned i = 0; i < taken->n && first <= last; i++) {
        const PciTaken *range = &taken->ranges[i];

        if (range->last < first || range->first > last) {
            continue;
        }
        if (range->first > first) {
            pci_window(w, kind, first, range->first - 1);
        }
        first = range->last + 1;
    }
    if (first <= last) {
        pci_window(w, kind, first, last);
    }
}

static void pci_taken_ports(PciTakenList *taken, const AcpiPlatform *p)
{
    taken->n = 0;
    pci_take(taken, PCI_CONFIG_PORT, PCI_CONFIG_LEN, 1);
    for (unsigned i = 0; i < p->n_devices; i++) {
        const AcpiDevice *d = &p->devices[i];

        for (unsigned k = 0; d->on_root && k < d->n_io; k++) {
            pci_take(taken, d->io[k].base, d->io[k].len, 1);
        }
    }
}

static void pci_taken_memory(PciTakenList *taken, const AcpiPlatform *p)
{
    taken->n = 0;
    pci_take(taken, p->io_apic, ACPI_APIC_LEN, 0x1000);
    pci_take(taken, p->local_apic, ACPI_APIC_LEN, 0x1000);
    if (p->has_hpet) {
        pci_take(taken, p->hpet_base, ACPI_HPET_LEN, 0x1000);
    }
    if (p->has_mcfg) {
        pci_take(taken, p->mcfg_base, acpi_mcfg_len(p), 0x1000);
    }
    for (unsigned i = 0; i < p->n_devices; i++) {
        const AcpiDevice *d = &p->devices[i];

        if (d->on_root && d->mmio_len) {
            pci_take(taken, d->mmio_base, d->mmio_len, 0x1000);
        }
    }
}

static void pci_crs(AmlWriter *w, const AcpiPlatform *p)
{
    PciTakenList taken;

    aml_name(w, "_CRS");
    aml_template(w);
    aml_word_bus(w, 0, p->has_mcfg ? p->mcfg_last_bus : 0xff);
    aml_io(w, PCI_CONFIG_PORT, PCI_CONFIG_LEN);
    pci_taken_ports(&taken, p);
    pci_windows(w, PCI_WINDOW_PORTS, 0, 0xffff, &taken);
    aml_dword_memory_window(w, VGA_FIRST, VGA_LAST, true);
    pci_taken_memory(&taken, p);
    pci_windows(w, PCI_WINDOW_MEMORY32, p->pci_hole_start, p->pci_hole_end,
                &taken);
    if (p->pci_hole64_end) {
        pci_windows(w, PCI_WINDOW_MEMORY64, p->pci_hole64_start,
                    p->pci_hole64_end, &taken);
    }
    aml_end(w);
}

/* _OSC (PCI Firmware 3.0, 4.5) */

/* Status, in the first DWord of Arg3 */
enum {
    OSC_FAILURE = 1 << 1, OSC_UNKNOWN_UUID = 1 << 2,
    OSC_UNKNOWN_REVISION = 1 << 3, OSC_MASKED = 1 << 4,
};

/*
 * Control that the system may have, in the third DWord: native hot-plug, PME,
 * AER, capability structure.  Not SHPC hot-plug: there is no such controller.
 */
#define OSC_GRANTED (1 << 0 | 1 << 2 | 1 << 3 | 1 << 4)

/** 33DB4D5B-1FF7-401C-9657-7441C03DD766 as ToUUID() has it. */
static const uint8_t osc_uuid[] = {
    0x5b, 0x4d, 0xdb, 0x33, 0xf7, 0x1f, 0x1c, 0x40,
    0x96, 0x57, 0x74, 0x41, 0xc0, 0x3d, 0xd7, 0x66,
};

static void pci_osc_status(AmlWriter *w, uint8_t bit)
{
    aml_op(w, AML_OP_OR);
    aml_ref(w, "STAT");
    aml_int(w, bit);
    aml_ref(w, "STAT");
}

/** pci_osc_refuse: the body of an If() that sends Arg3 back with @bit set. */
static void pci_osc_refuse(AmlWriter *w, uint8_t bit)
{
    pci_osc_status(w, bit);
    aml_op(w, AML_OP_RETURN);
    aml_arg(w, 3);
    aml_end(w);
}

static void pci_osc_field(AmlWriter *w, unsigned offset, const char *name)
{
    aml_op(w, AML_OP_CREATE_DWORD_FIELD);
    aml_arg(w, 3);
    aml_int(w, offset);
    aml_ref(w, name);
}

/** pci_osc: Arg0 UUID, Arg1 revision, Arg2 DWords, Arg3 the DWords. */
static void pci_osc(AmlWriter *w)
{
    aml_method(w, "_OSC", 4, true);
    pci_osc_field(w, 0, "STAT");

    aml_if(w);
    aml_op(w, AML_OP_LNOT);
    aml_op(w, AML_OP_LEQUAL);
    aml_arg(w, 0);
    aml_buffer(w, osc_uuid, sizeof(osc_uuid));
    pci_osc_refuse(w, OSC_UNKNOWN_UUID);

    aml_if(w);
    aml_op(w, AML_OP_LNOT);
    aml_op(w, AML_OP_LEQUAL);
    aml_arg(w, 1);
    aml_int(w, 1);
    pci_osc_refuse(w, OSC_UNKNOWN_REVISION);

    aml_if(w);
    aml_op(w, AML_OP_LLESS);
    aml_arg(w, 2);
    aml_int(w, 3);
    pci_osc_refuse(w, OSC_FAILURE);

    pci_osc_field(w, 8, "CTRL");
    aml_op(w, AML_OP_AND);
    aml_ref(w, "CTRL");
    aml_int(w, OSC_GRANTED);
    aml_local(w, 0);

    aml_if(w);
    aml_op(w, AML_OP_LNOT);
    aml_op(w, AML_OP_LEQUAL);
    aml_local(w, 0);
    aml_ref(w, "CTRL");
    pci_osc_status(w, OSC_MASKED);
    aml_op(w, AML_OP_STORE);
    aml_local(w, 0);
    aml_ref(w, "CTRL");
    aml_end(w);

    aml_op(w, AML_OP_RETURN);
    aml_arg(w, 3);
    aml_end(w);
}

/* Host bridge */

void acpi_dsdt_pci_host(AmlWriter *w, const AcpiPlatform *p)
{
    pci_name_eisaid(w, "_HID", p->pci_express ? "PNP0A08" : "PNP0A03");
    if (p->pci_express) {
        pci_name_eisaid(w, "_CID", "PNP0A03");
    }
    pci_name_int(w, "_UID", 0);
    pci_name_int(w, "_BBN", 0);
    pci_crs(w, p);
    acpi_dsdt_pci_prt(w, p);
    if (p->pci_express) {
        pci_osc(w);
    }
}
