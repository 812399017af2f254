/*
 * HMP: what the guest is told about the machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/hmp-impl.h"

/* ACPI tables */

/** A table's text, in a column; NULs (C0 80) are spaces. */
static void hmp_print_field(Hmp *hmp, const char *text, unsigned width)
{
    unsigned n = 0;

    for (const char *p = text ? text : ""; *p && n < width; n++) {
        if (p[0] == '\xc0' && p[1] == '\x80') {
            g_string_append_c(hmp->out, ' ');
            p += 2;
        } else {
            const char *next = g_utf8_next_char(p);

            g_string_append_len(hmp->out, p, next - p);
            p = next;
        }
    }
    hmp_print(hmp, "%*s", (int)(width - n + 1), "");
}

static void hmp_print_table(Hmp *hmp, const AcpiTableInfo *info)
{
    hmp_print_field(hmp, info->signature, 4);
    hmp_print(hmp, "%016" PRIx64 " %7" PRIu32 " ", info->address,
              info->length);
    if (info->has_revision) {
        hmp_print(hmp, "%3u ", info->revision);
        hmp_print_field(hmp, info->oem_id, 6);
        hmp_print_field(hmp, info->oem_table_id, 8);
        hmp_print(hmp, "%08" PRIx32 " ", info->oem_revision);
        hmp_print_field(hmp, info->creator_id, 4);
        hmp_print(hmp, "%08" PRIx32 " ", info->creator_revision);
    } else {
        hmp_print(hmp, "  - -      -        -        -    -        ");
    }
    hmp_print(hmp, "%-3s %s\n", info->checksum_ok ? "ok" : "BAD",
              qapi_type_AcpiTableOrigin.values[info->origin]);
}

bool hmp_info_acpi_tables(Hmp *hmp, const HmpArgs *args, GError **error)
{
    AcpiTableInfoList list = { 0 };
    bool ok = qmp_query_acpi_tables(&hmp->qmp, &list, error);

    if (ok) {
        hmp_print(hmp, "sig  address           length rev oem id table id "
                  "oem rev  tool tool rev sum origin\n");
    }
    for (size_t i = 0; i < list.len; i++) {
        hmp_print_table(hmp, &list.items[i]);
    }
    qapi_clear(&qapi_type_AcpiTableInfoList, &list);
    return ok;
}

/* PCI */

static void hmp_print_pci_region(Hmp *hmp, const PciMemoryRegion *region)
{
    bool unset = region->address == -1;
    uint64_t last = (uint64_t)region->address + (uint64_t)region->size - 1;
    bool io = region->type && region->type[0] == 'i';

    hmp_print(hmp, "      BAR%" PRId64 ": %s%s", region->bar,
              io ? "I/O" : region->mem_type_64 ? "64 bit " : "32 bit ",
              io ? "" : region->prefetch ? "prefetchable memory" : "memory");
    if (unset) {
        hmp_print(hmp, " not mapped, 0x%" PRIx64 " bytes\n",
                  (uint64_t)region->size);
    } else {
        hmp_print(hmp, " at 0x%0*" PRIx64 " [0x%0*" PRIx64 "]\n", io ? 4 : 8,
                  (uint64_t)region->address, io ? 4 : 8, last);
    }
}

static void hmp_print_pci_function(Hmp *hmp, const PciDeviceInfo *dev)
{
    hmp_print(hmp, "  Bus %2" PRId64 ", device %3" PRId64 ", function %"
              PRId64 ":\n", dev->bus, dev->slot, dev->function);
    if (dev->class_info->desc) {
        hmp_print(hmp, "    %s", dev->class_info->desc);
    } else {
        hmp_print(hmp, "    Class %04" PRIx64,
                  (uint64_t)dev->class_info->class);
    }
    hmp_print(hmp, ": PCI device %04" PRIx64 ":%04" PRIx64 "\n",
              (uint64_t)dev->id->vendor, (uint64_t)dev->id->device);
    if (dev->id->has_subsystem_vendor && dev->id->has_subsystem) {
        hmp_print(hmp, "      PCI subsystem %04" PRIx64 ":%04" PRIx64 "\n",
                  (uint64_t)dev->id->subsystem_vendor,
                  (uint64_t)dev->id->subsystem);
    }
    if (dev->has_irq) {
        hmp_print(hmp, "      IRQ %" PRId64 ", pin %c\n", dev->irq,
                  (int)('A' + dev->irq_pin - 1));
    }
    for (size_t i = 0; i < dev->regions.len; i++) {
        hmp_print_pci_region(hmp, &dev->regions.items[i]);
    }
    hmp_print(hmp, "      id \"%s\"\n", dev->qdev_id);
}

bool hmp_info_pci(Hmp *hmp, const HmpArgs *args, GError **error)
{
    PciInfoList list = { 0 };
    bool ok = qmp_query_pci(&hmp->qmp, &list, error);

    if (ok && !list.len) {
        hmp_print(hmp, "This machine has no PCI bus\n");
    }
    for (size_t i = 0; i < list.len; i++) {
        for (size_t k = 0; k < list.items[i].devices.len; k++) {
            hmp_print_pci_function(hmp, &list.items[i].devices.items[k]);
        }
    }
    qapi_clear(&qapi_type_PciInfoList, &list);
    return ok;
}
