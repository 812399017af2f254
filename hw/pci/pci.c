/*
 * PCI: bus, functions and configuration space (PCI Local Bus 3.0, 6)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/pci/pci.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

/* PCI 3.0, 6.1, figure 6-1: the header that every function has */
enum {
    PCI_VENDOR_ID = 0x00, PCI_DEVICE_ID = 0x02, PCI_REVISION_ID = 0x08,
    PCI_CLASS_CODE = 0x09, PCI_HEADER_TYPE = 0x0e,
    PCI_SUBSYSTEM_VENDOR_ID = 0x2c, PCI_SUBSYSTEM_ID = 0x2e,
};

#define PCI_HEADER_MULTIFUNCTION 0x80

/* Firmware takes a machine for virtual by the host bridge's. */
#define PCI_OUR_SUBSYSTEM_VENDOR 0x1af4
#define PCI_OUR_SUBSYSTEM 0x1100

/* The bus */

void pci_bus_plug(PciBus *bus, PciDevice *dev, uint8_t devfn)
{
    const PciDeviceClass *klass = object_type_class(dev->parent.parent.type);

    g_assert(!dev->bus && !dev->parent.realized && !bus->devices[devfn]);

    st16_le(dev->initial + PCI_VENDOR_ID, klass->vendor_id);
    st16_le(dev->initial + PCI_DEVICE_ID, klass->device_id);
    dev->initial[PCI_REVISION_ID] = klass->revision;
    stn_le(dev->initial + PCI_CLASS_CODE, 3, klass->class_code);
    dev->initial[PCI_HEADER_TYPE] =
        klass->multifunction ? PCI_HEADER_MULTIFUNCTION : 0;
    st16_le(dev->initial + PCI_SUBSYSTEM_VENDOR_ID, PCI_OUR_SUBSYSTEM_VENDOR);
    st16_le(dev->initial + PCI_SUBSYSTEM_ID, PCI_OUR_SUBSYSTEM);
    memcpy(dev->config, dev->initial, PCI_CONFIG_LEN);

    dev->bus = bus;
    dev->devfn = devfn;
    bus->devices[devfn] = dev;
}

static PciDevice *pci_bus_find(const PciBus *bus, uint32_t address)
{
    uint32_t bus_number = address >> 20;

    return bus_number == 0 ? bus->devices[address >> 12 & 0xff] : NULL;
}

static uint8_t pci_bus_config_read_byte(PciBus *bus, uint32_t address)
{
    const PciDevice *dev = pci_bus_find(bus, address);
    uint32_t offset = address & 0xfff;

    if (!dev) {
        return 0xff;
    }
    return offset < PCI_CONFIG_LEN ? dev->config[offset] : 0;
}

uint32_t pci_bus_config_read(PciBus *bus, uint32_t address, unsigned size)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        value |= (uint32_t)pci_bus_config_read_byte(bus, address + i)
                 << (8 * i);
    }
    return value;
}

static void pci_device_config_write(PciDevice *dev, unsigned offset,
                                    uint32_t value, unsigned size)
{
    const PciDeviceClass *klass = object_type_class(dev->parent.parent.type);

    for (unsigned i = offset; i < offset + size; i++) {
        uint8_t byte = value;

        dev->config[i] = (dev->config[i] & ~dev->wmask[i]) |
                         (byte & dev->wmask[i]);
        dev->config[i] &= ~(byte & dev->w1c[i]);
        value >>= 8;
    }
    if (klass->config_written) {
        klass->config_written(dev, offset, size);
    }
}

void pci_bus_config_write(PciBus *bus, uint32_t address, uint32_t value,
                          unsigned size)
{
    PciDevice *dev = pci_bus_find(bus, address);
    uint32_t offset = address & 0xfff;

    if (log_enabled(LOG_PCI)) {
        log_line(LOG_PCI, "%02x:%02x.%x config 0x%03x = 0x%x (%u bytes)%s",
                 address >> 20 & 0xff, address >> 15 & 0x1f,
                 address >> 12 & 7, offset, value, size,
                 dev ? "" : ": nobody is there");
    }
    if (address & (size - 1)) {
        for (unsigned i = 0; i < size; i++) {
            pci_bus_config_write(bus, address + i, value >> (8 * i) & 0xff,
                                 1);
        }
    } else if (dev && offset < PCI_CONFIG_LEN) {
        pci_device_config_write(dev, offset, value, size);
    }
}

/* Mechanism #1 (PCI 3.0, 3.2.2.3.2): 8 ports */

#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA 0xcfc

/* CONFIG_ADDRESS */
#define PCI_ADDRESS_ENABLE (1u << 31)
#define PCI_ADDRESS_WRITABLE (PCI_ADDRESS_ENABLE | 0x00fffffc)

static bool pci_ports_is_address(uint64_t offset, unsigned size)
{
    return offset == 0 && size == 4;
}

/* Whether an access that is none to CONFIG_ADDRESS takes in port 0xCF9. */
static bool pci_ports_reach_cf9(const PciConfigPorts *ports, uint64_t offset,
                                unsigned size)
{
    return ports->cf9 && ports->cf9->ops && offset <= 1 && offset + size > 1;
}

static uint64_t pci_address_read(void *opaque, uint64_t offset, unsigned size)
{
    PciConfigPorts *ports = opaque;
    uint64_t value = UINT64_MAX;

    if (pci_ports_is_address(offset, size)) {
        return ports->address;
    }
    if (pci_ports_reach_cf9(ports, offset, size)) {
        unsigned shift = 8 * (1 - offset);

        value &= ~(UINT64_C(0xff) << shift);
        value |= (ports->cf9->ops->read(ports->cf9->opaque, 0, 1) & 0xff)
                 << shift;
    }
    return value & UINT64_MAX >> (64 - 8 * size);
}

static void pci_address_write(void *opaque, uint64_t offset, uint64_t value,
                              unsigned size)
{
    PciConfigPorts *ports = opaque;

    if (pci_ports_is_address(offset, size)) {
        ports->address = value & PCI_ADDRESS_WRITABLE;
    } else if (pci_ports_reach_cf9(ports, offset, size)) {
        ports->cf9->ops->write(ports->cf9->opaque, 0,
                               value >> (8 * (1 - offset)) & 0xff, 1);
    }
}

static const MemoryRegionOps pci_address_ops = {
    .read = pci_address_read,
    .write = pci_address_write,
};

/* bus, devfn and register, spread as the bus's functions take them */
static uint32_t pci_ports_target(const PciConfigPorts *ports, uint64_t offset)
{
    return (ports->address & 0xffff00) << 4 |
           ((ports->address & 0xfc) + offset);
}

static uint64_t pci_data_read(void *opaque, uint64_t offset, unsigned size)
{
    PciConfigPorts *ports = opaque;

    if (!(ports->address & PCI_ADDRESS_ENABLE)) {
        return UINT64_MAX >> (64 - 8 * size);
    }
    return pci_bus_config_read(ports->bus, pci_ports_target(ports, offset),
                               size);
}

static void pci_data_write(void *opaque, uint64_t offset, uint64_t value,
                           unsigned size)
{
    PciConfigPorts *ports = opaque;

    if (ports->address & PCI_ADDRESS_ENABLE) {
        pci_bus_config_write(ports->bus, pci_ports_target(ports, offset),
                             value, size);
    }
}

static const MemoryRegionOps pci_data_ops = {
    .read = pci_data_read,
    .write = pci_data_write,
};

void pci_config_ports_init(PciConfigPorts *ports, PciBus *bus)
{
    ports->bus = bus;
    memory_region_init_io(&ports->address_mr, "pci-config-address", 4,
                          &pci_address_ops, ports);
    memory_region_init_io(&ports->data_mr, "pci-config-data", 4,
                          &pci_data_ops, ports);
    memory_region_add(bus->io, PCI_CONFIG_ADDRESS, &ports->address_mr, 0);
    memory_region_add(bus->io, PCI_CONFIG_DATA, &ports->data_mr, 0);
}

void pci_config_ports_cleanup(PciConfigPorts *ports)
{
    memory_region_cleanup(&ports->address_mr);
    memory_region_cleanup(&ports->data_mr);
}

static bool pci_config_ports_loaded(void *obj, GError **error)
{
    const PciConfigPorts *ports = obj;

    return state_check_bits("address", ports->address, PCI_ADDRESS_WRITABLE,
                            error);
}

static const StateField pci_config_ports_fields[] = {
    STATE_FIELD(PciConfigPorts, address),
    STATE_END
};

const StateTable pci_config_ports_state = {
    .version = 1,
    .fields = pci_config_ports_fields,
    .loaded = pci_config_ports_loaded,
};

/* Functions */

void pci_device_add_registers(PciDevice *dev, const PciRegister *registers,
                              size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const PciRegister *r = &registers[i];

        g_assert(r->width <= 8 && r->offset + r->width <= PCI_CONFIG_LEN);
        stn_le(dev->initial + r->offset, r->width, r->initial);
        stn_le(dev->config + r->offset, r->width, r->initial);
        stn_le(dev->wmask + r->offset, r->width, r->writable);
        stn_le(dev->w1c + r->offset, r->width, r->w1c);
    }
}

void pci_device_reset_config(PciDevice *dev)
{
    const PciDeviceClass *klass = object_type_class(dev->parent.parent.type);

    memcpy(dev->config, dev->initial, PCI_CONFIG_LEN);
    if (klass->config_written) {
        klass->config_written(dev, 0, PCI_CONFIG_LEN);
    }
}

/* As after a reset, wmask shows all that can ever be written. */
static bool pci_device_loaded(void *obj, GError **error)
{
    const PciDevice *dev = obj;

    for (unsigned i = 0; i < PCI_CONFIG_LEN; i++) {
        uint8_t fixed = ~(dev->wmask[i] | dev->w1c[i]);

        if ((dev->config[i] ^ dev->initial[i]) & fixed) {
            return fm_error_set(error, "config: byte 0x%02x is 0x%02x, but its "
                                "bits 0x%02x are read only and 0x%02x", i,
                                dev->config[i], fixed,
                                dev->initial[i] & fixed);
        }
    }
    return true;
}

static const StateField pci_device_fields[] = {
    STATE_ARRAY(PciDevice, config),
    STATE_END
};

const StateTable pci_device_state = {
    .version = 1,
    .fields = pci_device_fields,
    .loaded = pci_device_loaded,
};

static void pci_device_finalize(Object *obj)
{
    PciDevice *dev = (PciDevice *)obj;

    if (dev->bus) {
        dev->bus->devices[dev->devfn] = NULL;
    }
}

const ObjectType pci_device_type = {
    .name = "pci-device",
    .parent = &device_type,
    .doc = "A function on the PCI bus",
    .instance_size = sizeof(PciDevice),
    .abstract = true,
    .finalize = pci_device_finalize,
};
