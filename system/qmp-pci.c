/*
 * QMP: what is on the PCI bus (qapi/pci.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hw/pci/pci.h"
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/system.h"
#include "util/bytes.h"

/* PCI 3.0, 6.1: the header of type 0 */
enum {
    PCI_VENDOR_ID = 0x00, PCI_DEVICE_ID = 0x02, PCI_COMMAND = 0x04,
    PCI_SUB_CLASS = 0x0a, PCI_BAR_0 = 0x10, PCI_SUBSYSTEM_VENDOR_ID = 0x2c,
    PCI_SUBSYSTEM_ID = 0x2e, PCI_INTERRUPT_LINE = 0x3c,
    PCI_INTERRUPT_PIN = 0x3d,
};

#define PCI_N_BARS 6

/* PCI 3.0, 6.2.2 and 6.2.5.1 */
#define PCI_COMMAND_IO 1
#define PCI_COMMAND_MEMORY 2
#define PCI_BAR_IS_IO 1
#define PCI_BAR_TYPE 6
#define PCI_BAR_TYPE_64 4
#define PCI_BAR_PREFETCH 8

/** Classes (PCI 3.0, appendix D), those that chipsets have. */
static const struct {
    uint16_t code;              /* base class and sub-class */
    const char *name;
} pci_class_names[] = {
    { 0x0101, "IDE controller" },
    { 0x0106, "SATA controller" },
    { 0x0200, "Ethernet controller" },
    { 0x0300, "VGA controller" },
    { 0x0600, "Host bridge" },
    { 0x0601, "ISA bridge" },
    { 0x0604, "PCI bridge" },
    { 0x0680, "Bridge" },
    { 0x0c03, "USB controller" },
    { 0x0c05, "SMBus" },
};

static const char *qmp_pci_class_name(uint16_t code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pci_class_names); i++) {
        if (pci_class_names[i].code == code) {
            return pci_class_names[i].name;
        }
    }
    return NULL;
}

/** The register at @offset: a bit that can be written is part of the
 *  address, so the lowest of those is the size.  Returns the bytes it has. */
static unsigned qmp_pci_describe_bar(const PciDevice *dev, unsigned bar,
                                     PciDeviceInfo *info)
{
    unsigned offset = PCI_BAR_0 + 4 * bar;
    uint64_t value = ld32_le(dev->config + offset);
    uint64_t writable = ld32_le(dev->wmask + offset);
    bool io = value & PCI_BAR_IS_IO;
    bool wide = !io && (value & PCI_BAR_TYPE) == PCI_BAR_TYPE_64 &&
                bar + 1 < PCI_N_BARS;
    uint16_t decodes = ld16_le(dev->config + PCI_COMMAND);
    PciMemoryRegion *region;

    if (wide) {
        value |= (uint64_t)ld32_le(dev->config + offset + 4) << 32;
        writable |= (uint64_t)ld32_le(dev->wmask + offset + 4) << 32;
    }
    if (!writable) {
        return wide ? 8 : 4;
    }
    region = qapi_list_append(&qapi_type_PciMemoryRegionList, &info->regions);
    region->bar = bar;
    region->type = g_strdup(io ? "io" : "memory");
    region->size = (int64_t)(writable & -writable);
    region->address = (int64_t)(value & writable);
    if (!(decodes & (io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)) ||
        !region->address) {
        region->address = -1;
    }
    region->has_prefetch = region->has_mem_type_64 = !io;
    region->prefetch = !io && value & PCI_BAR_PREFETCH;
    region->mem_type_64 = wide;
    return wide ? 8 : 4;
}

static void qmp_pci_describe(const PciDevice *dev, PciDeviceInfo *info)
{
    const Object *obj = &dev->parent.parent;
    uint16_t code = ld16_le(dev->config + PCI_SUB_CLASS);
    bool named = g_strcmp0(obj->parent->name, "peripheral") == 0;

    info->slot = PCI_SLOT(dev->devfn);
    info->function = PCI_FUNCTION(dev->devfn);
    info->class_info = g_new0(PciDeviceClassInfo, 1);
    info->class_info->desc = g_strdup(qmp_pci_class_name(code));
    info->class_info->class = code;
    info->id = g_new0(PciDeviceId, 1);
    info->id->vendor = ld16_le(dev->config + PCI_VENDOR_ID);
    info->id->device = ld16_le(dev->config + PCI_DEVICE_ID);
    info->id->has_subsystem = info->id->has_subsystem_vendor = true;
    info->id->subsystem_vendor = ld16_le(dev->config +
                                         PCI_SUBSYSTEM_VENDOR_ID);
    info->id->subsystem = ld16_le(dev->config + PCI_SUBSYSTEM_ID);
    info->irq_pin = dev->config[PCI_INTERRUPT_PIN];
    info->has_irq = info->irq_pin != 0;
    info->irq = info->has_irq ? dev->config[PCI_INTERRUPT_LINE] : 0;
    info->qdev_id = g_strdup(named ? obj->name : "");
    for (unsigned bar = 0; bar < PCI_N_BARS; ) {
        bar += qmp_pci_describe_bar(dev, bar, info) / 4;
    }
}

static bool qmp_pci_find_bus(Object *obj, void *opaque)
{
    const PciBus **bus = opaque;

    if (object_is_a(obj, &pci_device_type)) {
        *bus = ((const PciDevice *)obj)->bus;
    }
    return !*bus;
}

bool qmp_query_pci(QmpContext *ctx, PciInfoList *ret, GError **error)
{
    const PciBus *bus = NULL;
    PciInfo *info;

    object_foreach(&ctx->system->machine->parent, qmp_pci_find_bus, &bus);
    if (!bus) {
        return true;
    }
    info = qapi_list_append(&qapi_type_PciInfoList, ret);
    for (size_t i = 0; i < G_N_ELEMENTS(bus->devices); i++) {
        if (bus->devices[i]) {
            qmp_pci_describe(bus->devices[i],
                             qapi_list_append(&qapi_type_PciDeviceInfoList,
                                              &info->devices));
        }
    }
    return true;
}
