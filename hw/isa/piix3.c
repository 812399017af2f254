/*
 * Intel 82371SB (PIIX3) ISA bridge, type "PIIX3"
 *
 * What the guest sees of it: interrupt route registers, which keep what
 * firmware writes, and the reset control register.  The legacy devices of the
 * real chip are the board's.
 *
 * Spec: Intel 82371FB/SB data sheet, order number 290550
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/isa/piix3.h"

#include "hw/acpi/platform.h"

static const PciRegister piix3_registers[] = {
    /* offset bytes initial  writable  w1c */
    { 0x04,     2,  0x0007,  0x0108,   0x0000 },    /* PCICMD */
    { 0x06,     2,  0x0200,  0x0000,   0x7800 },    /* PCISTS */
    { 0x60,     1,  0x80,    0x8f,     0x00 },      /* PIRQRC[A:D] */
    { 0x61,     1,  0x80,    0x8f,     0x00 },
    { 0x62,     1,  0x80,    0x8f,     0x00 },
    { 0x63,     1,  0x80,    0x8f,     0x00 },
};

/* What firmware is told */

static void piix3_describe(const Device *device, AcpiPlatform *platform)
{
    const PciDevice *pci = (const PciDevice *)device;

    platform->isa_slot = PCI_SLOT(pci->devfn);
    platform->isa_function = PCI_FUNCTION(pci->devfn);
    platform->routing = ACPI_PCI_ROUTING_PIIX;
    platform->has_reset_reg = true;
    platform->reset_port = RESET_PORT;
    platform->reset_value = RESET_VALUE;
}

/* Its life */

void piix3_wire(Piix3 *dev, void (*reset)(void *opaque), void *opaque)
{
    reset_port_wire(&dev->reset_port, reset, opaque);
}

MemoryRegion *piix3_reset_region(Piix3 *dev)
{
    return &dev->reset_port.mr;
}

static void piix3_init(Object *obj)
{
    pci_device_add_registers((PciDevice *)obj, piix3_registers,
                             G_N_ELEMENTS(piix3_registers));
    reset_port_init(&((Piix3 *)obj)->reset_port, RESET_SRST);
}

static void piix3_reset(Device *device)
{
    ((Piix3 *)device)->reset_port.control = 0;
    pci_device_reset_config((PciDevice *)device);
}

static void piix3_finalize(Object *obj)
{
    reset_port_cleanup(&((Piix3 *)obj)->reset_port);
}

/* The interrupt route registers lead nowhere, so nothing follows from them. */
static const StateField piix3_fields[] = {
    STATE_PCI_DEVICE(Piix3),
    STATE_PART_FIELD(Piix3, reset_port, &reset_port_state),
    STATE_END
};

static const StateTable piix3_state = { .version = 1, .fields = piix3_fields };

static const PciDeviceClass piix3_class = {
    .parent = {
        .bus = "PCI",
        .reset = piix3_reset,
        .state = &piix3_state,
        .describe = piix3_describe,
    },
    .vendor_id = 0x8086,
    .device_id = 0x7000,
    .class_code = 0x060100,             /* ISA bridge */
    .multifunction = true,
};

const ObjectType piix3_type = {
    .name = "PIIX3",
    .parent = &pci_device_type,
    .doc = "Intel PIIX3 ISA bridge",
    .instance_size = sizeof(Piix3),
    .klass = &piix3_class,
    .init = piix3_init,
    .finalize = piix3_finalize,
};
