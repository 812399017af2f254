/*
 * Intel 82441FX (440FX) host bridge, type "i440FX"
 *
 * What the guest sees of it: configuration mechanism #1, shadow RAM and SMRAM.
 * The DRAM and buffer timing registers of the real chip read 0.
 *
 * Spec: Intel 82441FX PMC data sheet, order number 290549
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/pci/i440fx.h"

enum { I440FX_PAM0 = 0x59, I440FX_SMRAM = 0x72 };

static const PciRegister i440fx_registers[] = {
    /* offset     bytes initial  writable        w1c */
    { 0x04,         2,  0x0006,  0x0140,         0x0000 },  /* PCICMD */
    { 0x06,         2,  0x0280,  0x0000,         0xf100 },  /* PCISTS */
    { 0x0d,         1,  0x00,    0xf8,           0x00 },    /* MLT */
    { I440FX_PAM0,  1,  0x00,    PAM0_WRITABLE,  0x00 },    /* PAM0 to PAM6 */
    { 0x5a,         1,  0x00,    PAM_WRITABLE,   0x00 },
    { 0x5b,         1,  0x00,    PAM_WRITABLE,   0x00 },
    { 0x5c,         1,  0x00,    PAM_WRITABLE,   0x00 },
    { 0x5d,         1,  0x00,    PAM_WRITABLE,   0x00 },
    { 0x5e,         1,  0x00,    PAM_WRITABLE,   0x00 },
    { 0x5f,         1,  0x00,    PAM_WRITABLE,   0x00 },
    { I440FX_SMRAM, 1,  SMRAM_C_BASE_SEG, SMRAM_WRITABLE, 0x00 },
};

/* Make what follows from the registers. */
static void i440fx_update(I440fx *dev)
{
    PciDevice *pci = &dev->parent;

    pam_update(&dev->pam, pci->config + I440FX_PAM0);
    pam_update_smram(&dev->pam, &pci->config[I440FX_SMRAM],
                     &pci->wmask[I440FX_SMRAM]);
}

static void i440fx_config_written(PciDevice *pci, unsigned offset,
                                  unsigned len)
{
    i440fx_update((I440fx *)pci);
}

/* Its life */

void i440fx_wire(I440fx *dev, const I440fxWiring *wiring)
{
    dev->wiring = *wiring;
}

static void i440fx_init(Object *obj)
{
    pci_device_add_registers((PciDevice *)obj, i440fx_registers,
                             G_N_ELEMENTS(i440fx_registers));
}

static bool i440fx_realize(Device *device, GError **error)
{
    I440fx *dev = (I440fx *)device;
    PciBus *bus = dev->parent.bus;

    if (!pam_init(&dev->pam, dev->wiring.memory, dev->wiring.ram, bus->memory,
                  error)) {
        return false;
    }
    dev->ports.cf9 = dev->wiring.cf9;
    pci_config_ports_init(&dev->ports, bus);
    return true;
}

static void i440fx_unrealize(Device *device)
{
    I440fx *dev = (I440fx *)device;

    pci_config_ports_cleanup(&dev->ports);
    pam_cleanup(&dev->pam);
}

static void i440fx_reset(Device *device)
{
    I440fx *dev = (I440fx *)device;

    dev->ports.address = 0;
    pci_device_reset_config(&dev->parent);
}

static bool i440fx_loaded(void *obj, GError **error)
{
    i440fx_update(obj);
    return true;
}

static const StateField i440fx_fields[] = {
    STATE_PCI_DEVICE(I440fx),
    STATE_PART_FIELD(I440fx, ports, &pci_config_ports_state),
    STATE_END
};

static const StateTable i440fx_state = {
    .version = 1,
    .fields = i440fx_fields,
    .loaded = i440fx_loaded,
};

static const PciDeviceClass i440fx_class = {
    .parent = {
        .bus = "PCI",
        .realize = i440fx_realize,
        .unrealize = i440fx_unrealize,
        .reset = i440fx_reset,
        .state = &i440fx_state,
    },
    .vendor_id = 0x8086,
    .device_id = 0x1237,
    .revision = 2,
    .class_code = 0x060000,             /* host bridge */
    .config_written = i440fx_config_written,
};

const ObjectType i440fx_type = {
    .name = "i440FX",
    .parent = &pci_device_type,
    .doc = "Intel 440FX host bridge",
    .instance_size = sizeof(I440fx),
    .klass = &i440fx_class,
    .init = i440fx_init,
};
