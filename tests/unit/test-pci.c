/*
 * PCI: configuration space, mechanism #1, and the function's registers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/pci/pci.h"

#include <string.h>

#include "hw/isa/reset-port.h"
#include "util/bytes.h"

/* A function with a register of each kind. */
enum { TEST_PLAIN = 0x40, TEST_MIXED = 0x44, TEST_W1C = 0x48 };

typedef struct TestDevice {
    PciDevice parent;
    unsigned writes, last_offset, last_len;
} TestDevice;

static const PciRegister test_registers[] = {
    { TEST_PLAIN, 4, 0x12345678, 0xffffffff, 0 },
    { TEST_MIXED, 2, 0xa5a5, 0x0ff0, 0 },
    { TEST_W1C, 2, 0xffff, 0x000f, 0xff00 },
    { 0xfc, 4, 0, 0xffffffff, 0 },
};

static void test_device_init(Object *obj)
{
    pci_device_add_registers((PciDevice *)obj, test_registers,
                             G_N_ELEMENTS(test_registers));
}

static void test_device_config_written(PciDevice *pci, unsigned offset,
                                       unsigned len)
{
    TestDevice *dev = (TestDevice *)pci;

    dev->writes++;
    dev->last_offset = offset;
    dev->last_len = len;
}

static void test_device_reset(Device *dev)
{
    pci_device_reset_config((PciDevice *)dev);
}

static const PciDeviceClass test_device_class = {
    .parent = { .bus = "PCI", .reset = test_device_reset },
    .vendor_id = 0x1b36,
    .device_id = 0xabcd,
    .revision = 0x42,
    .class_code = 0x058001,
    .multifunction = true,
    .config_written = test_device_config_written,
};

static const ObjectType test_device_type = {
    .name = "test-pci-device",
    .parent = &pci_device_type,
    .doc = "a function to test with",
    .instance_size = sizeof(TestDevice),
    .klass = &test_device_class,
    .init = test_device_init,
};

typedef struct Rig {
    MemoryRegion io_root, memory_root;
    AddressSpace io;
    PciBus bus;
    PciConfigPorts ports;
    ResetPort reset_port;
    TestDevice *dev;
    unsigned resets;
} Rig;

#define TEST_DEVFN PCI_DEVFN(3, 2)

static void rig_count_reset(void *opaque)
{
    ((Rig *)opaque)->resets++;
}

static void rig_set_up(Rig *rig, const void *data)
{
    memory_region_init(&rig->io_root, "io", 0x10000);
    memory_region_init(&rig->memory_root, "pci", 1 << 20);
    address_space_init(&rig->io, "io", &rig->io_root);
    rig->bus.io = &rig->io_root;
    rig->bus.memory = &rig->memory_root;
    reset_port_init(&rig->reset_port, RESET_SRST | RESET_FULL);
    reset_port_wire(&rig->reset_port, rig_count_reset, rig);
    rig->ports.cf9 = &rig->reset_port.mr;
    pci_config_ports_init(&rig->ports, &rig->bus);

    rig->dev = (TestDevice *)object_new(&test_device_type, NULL, NULL);
    g_assert_nonnull(rig->dev);
    pci_bus_plug(&rig->bus, &rig->dev->parent, TEST_DEVFN);
    g_assert_true(device_realize(&rig->dev->parent.parent, NULL));
}

static void rig_tear_down(Rig *rig, const void *data)
{
    object_free(&rig->dev->parent.parent.parent);
    g_assert_null(rig->bus.devices[TEST_DEVFN]);
    pci_config_ports_cleanup(&rig->ports);
    reset_port_cleanup(&rig->reset_port);
    address_space_cleanup(&rig->io);
    memory_region_cleanup(&rig->io_root);
    memory_region_cleanup(&rig->memory_root);
}

static uint32_t rig_target(unsigned offset)
{
    return (uint32_t)TEST_DEVFN << 12 | offset;
}

static void rig_select(Rig *rig, unsigned bus, unsigned devfn, unsigned reg)
{
    address_space_store(&rig->io, 0xcf8,
                        1u << 31 | bus << 16 | devfn << 8 | (reg & 0xfc), 4);
}

static void test_header(Rig *rig, const void *data)
{
    static const struct { unsigned offset, size; uint32_t value; } header[] = {
        { 0x00, 2, 0x1b36 }, { 0x02, 2, 0xabcd }, { 0x04, 4, 0 },
        { 0x08, 1, 0x42 }, { 0x09, 1, 0x01 }, { 0x0a, 1, 0x80 },
        { 0x0b, 1, 0x05 }, { 0x0c, 1, 0 }, { 0x0e, 1, 0x80 },
        { 0x10, 4, 0 }, { 0x24, 4, 0 }, { 0x2c, 2, 0x1af4 },
        { 0x2e, 2, 0x1100 }, { 0x34, 1, 0 }, { 0x3d, 1, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(header); i++) {
        uint32_t at = rig_target(header[i].offset);

        g_assert_cmphex(pci_bus_config_read(&rig->bus, at, header[i].size),
                        ==, header[i].value);
        /* nothing of the header can be written */
        pci_bus_config_write(&rig->bus, at, 0x5aa55aa5, header[i].size);
        g_assert_cmphex(pci_bus_config_read(&rig->bus, at, header[i].size),
                        ==, header[i].value);
    }
}

static void test_masks(Rig *rig, const void *data)
{
    PciBus *bus = &rig->bus;

    pci_bus_config_write(bus, rig_target(TEST_MIXED), 0x1234, 2);
    g_assert_cmphex(pci_bus_config_read(bus, rig_target(TEST_MIXED), 2), ==,
                    0xa235);

    /* ones clear, zeros keep, and the plain bits beside them are stored */
    pci_bus_config_write(bus, rig_target(TEST_W1C), 0x8105, 2);
    g_assert_cmphex(pci_bus_config_read(bus, rig_target(TEST_W1C), 2), ==,
                    0x7ef5);
    pci_bus_config_write(bus, rig_target(TEST_W1C), 0x00, 1);
    g_assert_cmphex(pci_bus_config_read(bus, rig_target(TEST_W1C), 2), ==,
                    0x7ef0);

    device_reset(&rig->dev->parent.parent);
    g_assert_cmphex(pci_bus_config_read(bus, rig_target(TEST_MIXED), 2), ==,
                    0xa5a5);
    g_assert_cmphex(pci_bus_config_read(bus, rig_target(TEST_W1C), 2), ==,
                    0xffff);
    g_assert_cmpuint(rig->dev->last_offset, ==, 0);
    g_assert_cmpuint(rig->dev->last_len, ==, PCI_CONFIG_LEN);
}

static void test_absent(Rig *rig, const void *data)
{
    PciBus *bus = &rig->bus;
    unsigned writes = rig->dev->writes;

    g_assert_cmphex(pci_bus_config_read(bus, 0, 4), ==, 0xffffffff);
    g_assert_cmphex(pci_bus_config_read(bus, 1u << 20 | rig_target(0), 2), ==,
                    0xffff);
    pci_bus_config_write(bus, 1u << 20 | rig_target(TEST_PLAIN), 0, 4);
    pci_bus_config_write(bus, 255u << 20, 0, 4);

    /* extended space of a function that is there */
    g_assert_cmphex(pci_bus_config_read(bus, rig_target(0x100), 4), ==, 0);
    g_assert_cmphex(pci_bus_config_read(bus, rig_target(0xffc), 4), ==, 0);
    pci_bus_config_write(bus, rig_target(0x100), 0xffffffff, 4);
    pci_bus_config_write(bus, rig_target(0xfff), 0xff, 1);
    g_assert_cmpuint(rig->dev->writes, ==, writes);
}

static void test_unaligned(Rig *rig, const void *data)
{
    PciBus *bus = &rig->bus;
    unsigned writes = rig->dev->writes;

    g_assert_cmphex(pci_bus_config_read(bus, rig_target(TEST_PLAIN + 1), 2),
                    ==, 0x3456);
    pci_bus_config_write(bus, rig_target(TEST_PLAIN + 1), 0xbeef, 2);
    g_assert_cmphex(pci_bus_config_read(bus, rig_target(TEST_PLAIN), 4), ==,
                    0x12beef78);
    g_assert_cmpuint(rig->dev->writes, ==, writes + 2);

    /* across the end of configuration space, and of the function */
    pci_bus_config_write(bus, rig_target(0xfe), 0x11223344, 4);
    g_assert_cmphex(pci_bus_config_read(bus, rig_target(0xfe), 4), ==, 0x3344);
    g_assert_cmphex(pci_bus_config_read(bus, rig_target(0xffe), 4), ==,
                    0xffff0000);
    pci_bus_config_write(bus, rig_target(0xffe), 0, 4);
    /* the very last address */
    g_assert_cmphex(pci_bus_config_read(bus, UINT32_MAX - 1, 4) & 0xffff, ==,
                    0xffff);
}

static void test_ports(Rig *rig, const void *data)
{
    /* CONFIG_ADDRESS keeps its defined bits only */
    address_space_store(&rig->io, 0xcf8, 0xffffffff, 4);
    g_assert_cmphex(address_space_load(&rig->io, 0xcf8, 4), ==, 0x80fffffc);

    rig_select(rig, 0, TEST_DEVFN, TEST_PLAIN);
    g_assert_cmphex(address_space_load(&rig->io, 0xcfc, 4), ==, 0x12345678);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(address_space_load(&rig->io, 0xcfc + i, 1), ==,
                        0x12345678 >> (8 * i) & 0xff);
    }
    g_assert_cmphex(address_space_load(&rig->io, 0xcfe, 2), ==, 0x1234);

    address_space_store(&rig->io, 0xcfd, 0xaa, 1);
    address_space_store(&rig->io, 0xcfe, 0xbbcc, 2);
    g_assert_cmphex(address_space_load(&rig->io, 0xcfc, 4), ==, 0xbbccaa78);
    g_assert_cmpuint(rig->dev->last_offset, ==, TEST_PLAIN + 2);
    g_assert_cmpuint(rig->dev->last_len, ==, 2);

    /* not enabled, other bus, other function: nobody answers */
    address_space_store(&rig->io, 0xcf8, TEST_DEVFN << 8 | TEST_PLAIN, 4);
    g_assert_cmphex(address_space_load(&rig->io, 0xcfc, 4), ==, 0xffffffff);
    g_assert_cmphex(address_space_load(&rig->io, 0xcfc, 1), ==, 0xff);
    address_space_store(&rig->io, 0xcfc, 0, 4);
    rig_select(rig, 1, TEST_DEVFN, TEST_PLAIN);
    g_assert_cmphex(address_space_load(&rig->io, 0xcfc, 4), ==, 0xffffffff);
    rig_select(rig, 0, TEST_DEVFN + 1, TEST_PLAIN);
    g_assert_cmphex(address_space_load(&rig->io, 0xcfc, 2), ==, 0xffff);
    rig_select(rig, 0, TEST_DEVFN, TEST_PLAIN);
    g_assert_cmphex(address_space_load(&rig->io, 0xcfc, 4), ==, 0xbbccaa78);
}

/* docs/specs/acpi-pm.rst, R16 */
static void test_cf9(Rig *rig, const void *data)
{
    rig_select(rig, 0, TEST_DEVFN, TEST_PLAIN);

    /* bytes and words are no accesses to CONFIG_ADDRESS */
    address_space_store(&rig->io, 0xcf8, 0x00, 1);
    address_space_store(&rig->io, 0xcfa, 0x0000, 2);
    address_space_store(&rig->io, 0xcfb, 0x00, 1);
    g_assert_cmphex(address_space_load(&rig->io, 0xcf8, 4), ==,
                    1u << 31 | TEST_DEVFN << 8 | TEST_PLAIN);
    g_assert_cmphex(address_space_load(&rig->io, 0xcf8, 1), ==, 0xff);
    g_assert_cmphex(address_space_load(&rig->io, 0xcfa, 2), ==, 0xffff);

    /* a dword there never reaches the reset port */
    address_space_store(&rig->io, 0xcf8, 0x80000600, 4);
    g_assert_cmpuint(rig->resets, ==, 0);
    g_assert_cmphex(address_space_load(&rig->io, 0xcf9, 1), ==, 0x00);

    /* 02 then 06 */
    address_space_store(&rig->io, 0xcf9, 0x02, 1);
    g_assert_cmpuint(rig->resets, ==, 0);
    g_assert_cmphex(address_space_load(&rig->io, 0xcf9, 1), ==, 0x02);
    address_space_store(&rig->io, 0xcf9, 0x06, 1);
    g_assert_cmpuint(rig->resets, ==, 1);
    g_assert_cmphex(address_space_load(&rig->io, 0xcf9, 1), ==, 0x02);
    address_space_store(&rig->io, 0xcf9, 0x0e, 1);
    g_assert_cmpuint(rig->resets, ==, 2);
    address_space_store(&rig->io, 0xcf9, 0x04, 1);
    g_assert_cmpuint(rig->resets, ==, 3);
    for (unsigned v = 0; v < 0x100; v++) {
        unsigned before = rig->resets;

        address_space_store(&rig->io, 0xcf9, v, 1);
        g_assert_cmpuint(rig->resets - before, ==, v >> 2 & 1);
        g_assert_cmphex(address_space_load(&rig->io, 0xcf9, 1), ==, v & 0x0a);
    }

    /* words, aligned and not, take it in too */
    rig->resets = 0;
    address_space_store(&rig->io, 0xcf8, 0x0400, 2);
    g_assert_cmpuint(rig->resets, ==, 1);
    address_space_store(&rig->io, 0xcf8, 0x0004, 2);
    g_assert_cmpuint(rig->resets, ==, 1);
    address_space_store(&rig->io, 0xcf9, 0x0804, 2);
    g_assert_cmpuint(rig->resets, ==, 2);
    address_space_store(&rig->io, 0xcf9, 0x02, 1);
    g_assert_cmphex(address_space_load(&rig->io, 0xcf8, 2), ==, 0x02ff);
    g_assert_cmphex(address_space_load(&rig->io, 0xcf9, 2), ==, 0xff02);
    g_assert_cmphex(address_space_load(&rig->io, 0xcf8, 4), ==, 0x80000600);
}

static void test_without_cf9(Rig *rig, const void *data)
{
    rig->ports.cf9 = NULL;
    address_space_store(&rig->io, 0xcf9, 0x06, 1);
    g_assert_cmpuint(rig->resets, ==, 0);
    g_assert_cmphex(address_space_load(&rig->io, 0xcf9, 1), ==, 0xff);
}

static void add(const char *path, void (*test)(Rig *rig, const void *data))
{
    g_test_add(path, Rig, NULL, rig_set_up, test, rig_tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/pci/header", test_header);
    add("/pci/masks", test_masks);
    add("/pci/absent", test_absent);
    add("/pci/unaligned", test_unaligned);
    add("/pci/ports", test_ports);
    add("/pci/cf9", test_cf9);
    add("/pci/without-cf9", test_without_cf9);
    return g_test_run();
}
