/*
 * Intel Q35 memory controller hub, type "mch"
 *
 * What the guest sees of it: configuration mechanism #1, PCI Express's
 * enhanced configuration space in memory, shadow RAM and SMRAM.  Without
 * system management mode there is no extended SMRAM, so ESMRAMC cannot turn it
 * on; EPBAR, MCHBAR and DMIBAR read 0, disabled.
 *
 * Spec: Intel 3 Series Express Chipset Family data sheet, order number
 * 316966, device 0
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/pci/q35-mch.h"

#include "hw/acpi/platform.h"
#include "util/bytes.h"

#define MIB UINT64_C(0x100000)

enum { MCH_PCIEXBAR = 0x60, MCH_PAM0 = 0x90, MCH_SMRAM = 0x9d };

/* The window gives way to RAM and to the board's devices. */
enum { PRIORITY_WINDOW = -1 };

/* PCIEXBAR */
enum { PCIEXBAREN = 1 << 0 };
#define PCIEXBAR_LENGTH_SHIFT 1
#define PCIEXBAR_WRITABLE UINT64_C(0x0000000ffc000007)
#define PCIEXBAR_BASE UINT64_C(0x0000000ffc000000)

/* by PCIEXBAR.LENGTH; 0: reserved */
static const uint64_t mch_window_len[4] = { 256 * MIB, 128 * MIB, 64 * MIB };

static const PciRegister mch_registers[] = {
    /* offset      bytes initial  writable        w1c */
    { 0x04,          2,  0x0006,  0x0100,         0x0000 }, /* PCICMD */
    { 0x06,          2,  0x0080,  0x0000,         0x7100 }, /* PCISTS */
    { MCH_PCIEXBAR,  8,  0xb0000000, PCIEXBAR_WRITABLE, 0x00 },
    { MCH_PAM0,      1,  0x00,    PAM0_WRITABLE,  0x00 },   /* PAM0 to PAM6 */
    { 0x91,          1,  0x00,    PAM_WRITABLE,   0x00 },
    { 0x92,          1,  0x00,    PAM_WRITABLE,   0x00 },
    { 0x93,          1,  0x00,    PAM_WRITABLE,   0x00 },
    { 0x94,          1,  0x00,    PAM_WRITABLE,   0x00 },
    { 0x95,          1,  0x00,    PAM_WRITABLE,   0x00 },
    { 0x96,          1,  0x00,    PAM_WRITABLE,   0x00 },
    { MCH_SMRAM,     1,  SMRAM_C_BASE_SEG, SMRAM_WRITABLE, 0x00 },
    { 0x9e,          1,  0x38,    0x00,           0x40 },   /* ESMRAMC */
};

/* The configuration window */

static uint64_t mch_ecam_read(void *opaque, uint64_t offset, unsigned size)
{
    Q35Mch *dev = opaque;

    return pci_bus_config_read(dev->parent.bus, offset, size);
}

static void mch_ecam_write(void *opaque, uint64_t offset, uint64_t value,
                           unsigned size)
{
    Q35Mch *dev = opaque;

    pci_bus_config_write(dev->parent.bus, offset, value, size);
}

static const MemoryRegionOps mch_ecam_ops = {
    .read = mch_ecam_read,
    .write = mch_ecam_write,
};

/* Returns its size, 0 while it is disabled; then @base is not set. */
static uint64_t mch_window(const Q35Mch *dev, uint64_t *base)
{
    uint64_t bar = ld64_le(dev->parent.config + MCH_PCIEXBAR);
    uint64_t len = mch_window_len[bar >> PCIEXBAR_LENGTH_SHIFT & 3];

    if (!(bar & PCIEXBAREN) || !len) {
        return 0;
    }
    *base = bar & PCIEXBAR_BASE;
    return len;
}

static void mch_update_window(Q35Mch *dev)
{
    uint8_t *bar_le = dev->parent.config + MCH_PCIEXBAR;
    uint64_t bar = ld64_le(bar_le);
    uint64_t len = mch_window_len[bar >> PCIEXBAR_LENGTH_SHIFT & 3];
    uint64_t base;

    /* Address bits inside the window are a mask: read only, 0. */
    if (len) {
        st64_le(bar_le, bar & ~(PCIEXBAR_BASE & (len - 1)));
    }
    len = mch_window(dev, &base);
    if (len && dev->window_mr.size != len) {
        memory_region_cleanup(&dev->window_mr);
        memory_region_init_alias(&dev->window_mr, "pci-express-config",
                                 &dev->ecam_mr, 0, len);
        memory_region_add(dev->wiring.memory, base, &dev->window_mr,
                          PRIORITY_WINDOW);
    } else if (len) {
        memory_region_set_offset(&dev->window_mr, base);
    }
    memory_region_set_enabled(&dev->window_mr, len > 0);
}

/* Make what follows from the registers. */
static void mch_update(Q35Mch *dev)
{
    PciDevice *pci = &dev->parent;

    mch_update_window(dev);
    pam_update(&dev->pam, pci->config + MCH_PAM0);
    pam_update_smram(&dev->pam, &pci->config[MCH_SMRAM],
                     &pci->wmask[MCH_SMRAM]);
}

static void mch_config_written(PciDevice *pci, unsigned offset, unsigned len)
{
    mch_update((Q35Mch *)pci);
}

/* What firmware is told */

static void mch_describe(const Device *device, AcpiPlatform *platform)
{
    uint64_t len = mch_window((const Q35Mch *)device, &platform->mcfg_base);

    platform->pci_express = true;
    platform->has_mcfg = len > 0;
    platform->mcfg_last_bus = len ? len / MIB - 1 : 0;
}

/* Its life */

void q35_mch_wire(Q35Mch *dev, const Q35MchWiring *wiring)
{
    dev->wiring = *wiring;
}

static void mch_init(Object *obj)
{
    pci_device_add_registers((PciDevice *)obj, mch_registers,
                             G_N_ELEMENTS(mch_registers));
}

static bool mch_realize(Device *device, GError **error)
{
    Q35Mch *dev = (Q35Mch *)device;
    PciBus *bus = dev->parent.bus;

    if (!pam_init(&dev->pam, dev->wiring.memory, dev->wiring.ram, bus->memory,
                  error)) {
        return false;
    }
    memory_region_init_io(&dev->ecam_mr, "pci-express-config", 256 * MIB,
                          &mch_ecam_ops, dev);
    dev->ports.cf9 = dev->wiring.cf9;
    pci_config_ports_init(&dev->ports, bus);
    return true;
}

static void mch_unrealize(Device *device)
{
    Q35Mch *dev = (Q35Mch *)device;

    pci_config_ports_cleanup(&dev->ports);
    memory_region_cleanup(&dev->window_mr);
    memory_region_cleanup(&dev->ecam_mr);
    pam_cleanup(&dev->pam);
}

static void mch_reset(Device *device)
{
    Q35Mch *dev = (Q35Mch *)device;

    dev->ports.address = 0;
    pci_device_reset_config(&dev->parent);
}

static bool mch_loaded(void *obj, GError **error)
{
    mch_update(obj);
    return true;
}

static const StateField mch_fields[] = {
    STATE_PCI_DEVICE(Q35Mch),
    STATE_PART_FIELD(Q35Mch, ports, &pci_config_ports_state),
    STATE_END
};

static const StateTable mch_state = {
    .version = 1,
    .fields = mch_fields,
    .loaded = mch_loaded,
};

static const PciDeviceClass mch_class = {
    .parent = {
        .bus = "PCI",
        .realize = mch_realize,
        .unrealize = mch_unrealize,
        .reset = mch_reset,
        .state = &mch_state,
        .describe = mch_describe,
    },
    .vendor_id = 0x8086,
    .device_id = 0x29c0,
    .class_code = 0x060000,             /* host bridge */
    .config_written = mch_config_written,
};

const ObjectType q35_mch_type = {
    .name = "mch",
    .parent = &pci_device_type,
    .doc = "Intel Q35 memory controller hub",
    .instance_size = sizeof(Q35Mch),
    .klass = &mch_class,
    .init = mch_init,
};
