/*
 * The DSDT's way from PCI interrupt pins to interrupt inputs
 *
 * A PIIX routes its four links to ISA interrupts, whatever the system uses.
 * An ICH9 routes eight of them to ISA interrupts for a system that uses the
 * PIC; for one that uses the IOAPIC each is wired to an input of its own.
 *
 * Spec: ACPI 6.5, 6.2.11 to 6.2.16; PIIX3 and ICH9 datasheets, "PIRQ route
 * control"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/dsdt-pci.h"

/* PIRQ route control: where the registers are, and what one holds */
enum { PIRQ_A_TO_D = 0x60, PIRQ_E_TO_H = 0x68 };
enum { PIRQ_IRQ = 0x0f, PIRQ_DISABLED = 0x80 };

/* Input of the IOAPIC that an ICH9's PIRQA is wired to */
#define ICH9_PIRQA_GSI 16

/* _STA of a link (ACPI 6.5, 6.3.7): present, enabled or not; never shown */
enum { LINK_DISABLED = 0x09, LINK_ENABLED = 0x0b };

/* An extended interrupt descriptor's first number (ACPI 6.5, 6.4.3.6) */
#define INTERRUPT_NUMBER 5

static void link_name_int(AmlWriter *w, const char *name, uint64_t value)
{
    aml_name(w, name);
    aml_int(w, value);
}

/* Links */

static unsigned link_count(const AcpiPlatform *p)
{
    return p->routing == ACPI_PCI_ROUTING_PIIX ? 4 : 8;
}

static unsigned link_of_pin(const AcpiPlatform *p, unsigned slot, unsigned pin)
{
    if (p->routing == ACPI_PCI_ROUTING_PIIX) {
        return (slot + 3 + pin) % 4;
    }
    return slot < 25 ? 4 + (slot + pin) % 4 : pin;
}

/** link_ref: the field of the ISA bridge that routes a link. */
static void link_ref(AmlWriter *w, unsigned link)
{
    char path[] = "\\_SB.PCI0.ISA.PIRA";

    path[sizeof(path) - 2] += link;
    aml_ref(w, path);
}

/* What all links share; Arg0 of the first two is the route control byte */

/** link_method_sta: LSTA, the byte as _STA. */
static void link_method_sta(AmlWriter *w)
{
    aml_method(w, "LSTA", 1, false);
    aml_if(w);
    aml_op(w, AML_OP_AND);
    aml_arg(w, 0);
    aml_int(w, PIRQ_DISABLED);
    aml_op(w, AML_OP_ZERO);             /* no target */
    aml_op(w, AML_OP_RETURN);
    aml_int(w, LINK_DISABLED);
    aml_end(w);
    aml_op(w, AML_OP_RETURN);
    aml_int(w, LINK_ENABLED);
    aml_end(w);
}

/** link_method_crs: LCRS, the byte as resources. */
static void link_method_crs(AmlWriter *w)
{
    aml_method(w, "LCRS", 1, true);
    aml_op(w, AML_OP_STORE);
    aml_template(w);
    aml_interrupts(w, (const uint32_t[]) { 0 }, 1);
    aml_end(w);
    aml_local(w, 0);

    aml_op(w, AML_OP_CREATE_DWORD_FIELD);
    aml_local(w, 0);
    aml_int(w, INTERRUPT_NUMBER);
    aml_ref(w, "INTN");

    aml_if(w);
    aml_op(w, AML_OP_LLESS);
    aml_arg(w, 0);
    aml_int(w, PIRQ_DISABLED);
    aml_op(w, AML_OP_AND);
    aml_arg(w, 0);
    aml_int(w, PIRQ_IRQ);
    aml_ref(w, "INTN");
    aml_end(w);

    aml_op(w, AML_OP_RETURN);
    aml_local(w, 0);
    aml_end(w);
}

/** link_method_srs: LSRS, resources as the byte. */
static void link_method_srs(AmlWriter *w)
{
    aml_method(w, "LSRS", 1, true);
    aml_op(w, AML_OP_CREATE_DWORD_FIELD);
    aml_arg(w, 0);
    aml_int(w, INTERRUPT_NUMBER);
    aml_ref(w, "INTN");
    aml_op(w, AML_OP_RETURN);
    aml_op(w, AML_OP_AND);
    aml_ref(w, "INTN");
    aml_int(w, PIRQ_IRQ);
    aml_op(w, AML_OP_ZERO);
    aml_end(w);
}

static void link_device(AmlWriter *w, unsigned link)
{
    /* ISA interrupts that nothing on a PC's ISA bus has by custom */
    static const uint32_t irqs[] = { 5, 10, 11 };
    const char name[] = { 'L', 'N', 'K', 'A' + link, '\0' };

    aml_device(w, name);
    aml_name(w, "_HID");
    aml_eisaid(w, "PNP0C0F");
    link_name_int(w, "_UID", link);
    aml_name(w, "_PRS");
    aml_template(w);
    aml_interrupts(w, irqs, G_N_ELEMENTS(irqs));
    aml_end(w);

    aml_method(w, "_STA", 0, false);
    aml_op(w, AML_OP_RETURN);
    aml_ref(w, "LSTA");
    link_ref(w, link);
    aml_end(w);

    aml_method(w, "_CRS", 0, false);
    aml_op(w, AML_OP_RETURN);
    aml_ref(w, "LCRS");
    link_ref(w, link);
    aml_end(w);

    aml_method(w, "_SRS", 1, false);
    aml_op(w, AML_OP_STORE);
    aml_ref(w, "LSRS");
    aml_arg(w, 0);
    link_ref(w, link);
    aml_end(w);

    aml_method(w, "_DIS", 0, false);
    aml_op(w, AML_OP_OR);
    link_ref(w, link);
    aml_int(w, PIRQ_DISABLED);
    link_ref(w, link);
    aml_end(w);
    aml_end(w);
}

/** link_routes: a _PRT package; @apic: straight to IOAPIC inputs. */
static void link_routes(AmlWriter *w, const AcpiPlatform *p, const char *name,
                        bool apic)
{
    aml_name(w, name);
    aml_package(w, __builtin_popcount(p->pci_slots) * 4);
    for (unsigned slot = 0; slot < 32; slot++) {
        bool there = p->pci_slots >> slot & 1;

        for (unsigned pin = 0; there && pin < 4; pin++) {
            unsigned link = link_of_pin(p, slot, pin);
            const char path[] = { 'L', 'N', 'K', 'A' + link, '\0' };

            aml_package(w, 4);
            aml_int(w, slot << 16 | 0xffff);
            aml_int(w, pin);
            if (apic) {
                aml_int(w, 0);
                aml_int(w, ICH9_PIRQA_GSI + link);
            } else {
                aml_ref(w, path);
                aml_int(w, 0);
            }
            aml_end(w);
        }
    }
    aml_end(w);
}

void acpi_dsdt_pci_prt(AmlWriter *w, const AcpiPlatform *p)
{
    if (p->routing == ACPI_PCI_ROUTING_PIIX) {
        link_routes(w, p, "_PRT", false);
        return;
    }
    link_routes(w, p, "PRTP", false);
    link_routes(w, p, "PRTA", true);
    aml_method(w, "_PRT", 0, false);
    aml_if(w);
    aml_ref(w, "PICF");
    aml_op(w, AML_OP_RETURN);
    aml_ref(w, "PRTA");
    aml_end(w);
    aml_op(w, AML_OP_RETURN);
    aml_ref(w, "PRTP");
    aml_end(w);
}

void acpi_dsdt_pci_mode(AmlWriter *w, const AcpiPlatform *p)
{
    if (p->routing == ACPI_PCI_ROUTING_PIIX) {
        return;
    }
    link_name_int(w, "PICF", 0);
    aml_method(w, "_PIC", 1, false);
    aml_op(w, AML_OP_STORE);
    aml_arg(w, 0);
    aml_ref(w, "PICF");
    aml_end(w);
}

void acpi_dsdt_pci_links(AmlWriter *w, const AcpiPlatform *p)
{
    link_method_sta(w);
    link_method_crs(w);
    link_method_srs(w);
    for (unsigned link = 0; link < link_count(p); link++) {
        link_device(w, link);
    }
}

void acpi_dsdt_pci_route_control(AmlWriter *w, const AcpiPlatform *p)
{
    char name[] = "PIRA";
    unsigned n = link_count(p);

    aml_region(w, "PIRQ", AML_PCI_CONFIG, PIRQ_A_TO_D,
               n == 4 ? 4 : PIRQ_E_TO_H + 4 - PIRQ_A_TO_D);
    aml_field(w, "PIRQ", AML_ACCESS_BYTE | AML_PRESERVE);
    for (unsigned link = 0; link < n; link++, name[3]++) {
        if (link == 4) {
            aml_field_skip(w, 8 * (PIRQ_E_TO_H - PIRQ_A_TO_D - 4));
        }
        aml_field_unit(w, name, 8);
    }
    aml_end(w);
}
