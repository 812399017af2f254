/*
 * Intel 82371AB (PIIX4) power management function, type "PIIX4_PM"
 *
 * What the guest sees of it: ACPI's PM1 block and timer where PMBA says, a
 * GPE0 block at fixed ports and the SMI command port.  There is no SMBus
 * controller: SMBBA and SMBHSTCFG read as after reset and keep nothing.
 *
 * Spec: Intel 82371AB data sheet, order number 290562, function 3;
 *       docs/specs/acpi-pm.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/isa/piix4-pm.h"

#include "hw/acpi/platform.h"
#include "util/bytes.h"

/* Values of the SMI command port; those that firmware of this chipset uses */
enum { PIIX4_ACPI_ENABLE = 0xf1, PIIX4_ACPI_DISABLE = 0xf0 };

enum { PIIX4_PMBA = 0x40, PIIX4_PMREGMISC = 0x80 };
enum { PIIX4_PMIOSE = 1 << 0 };

static const PciRegister piix4_registers[] = {
    /* offset       bytes initial     writable      w1c */
    { 0x06,           2,  0x0280,     0x0000,       0x7800 },   /* PCISTS */
    { 0x3c,           1,  0x00,       0xff,         0x00 },     /* INTLN */
    { 0x3d,           1,  0x01,       0x00,         0x00 },     /* INTPN */
    { PIIX4_PMBA,     4,  0x00000001, 0x0000ffc0,   0x00 },
    { PIIX4_PMREGMISC, 1, 0x00,       PIIX4_PMIOSE, 0x00 },
    { 0x90,           4,  0x00000001, 0x00000000,   0x00 },     /* SMBBA */
};

/* The block that PMBA places */
#define PIIX4_PM_LEN 64
enum { PIIX4_PM_EVT = 0x00, PIIX4_PM_CNT = 0x04, PIIX4_PM_TMR = 0x08 };

/* It gives way to devices with ports of their own. */
enum { PRIORITY_WINDOW = -1 };

static uint16_t piix4_pm_base(const Piix4Pm *dev)
{
    return ld16_le(dev->parent.config + PIIX4_PMBA) & ~(PIIX4_PM_LEN - 1);
}

static bool piix4_pm_enabled(const Piix4Pm *dev)
{
    return dev->parent.config[PIIX4_PMREGMISC] & PIIX4_PMIOSE;
}

static void piix4_pm_update_block(Piix4Pm *dev)
{
    memory_region_set_offset(&dev->pm_mr, piix4_pm_base(dev));
    memory_region_set_enabled(&dev->pm_mr, piix4_pm_enabled(dev));
}

static void piix4_pm_config_written(PciDevice *pci, unsigned offset,
                                    unsigned len)
{
    piix4_pm_update_block((Piix4Pm *)pci);
}

static void piix4_pm_set_acpi(void *opaque, bool enabled)
{
    Piix4Pm *dev = opaque;

    acpi_pm_set_acpi(&dev->pm, enabled);
}

/* What firmware is told */

static void piix4_pm_describe(const Device *device, AcpiPlatform *platform)
{
    const Piix4Pm *dev = (const Piix4Pm *)device;
    uint16_t base = piix4_pm_enabled(dev) ? piix4_pm_base(dev) : 0;

    if (base) {
        platform->pm1a_evt = base + PIIX4_PM_EVT;
        platform->pm1a_cnt = base + PIIX4_PM_CNT;
        platform->pm_tmr = base + PIIX4_PM_TMR;
    }
    platform->disable_s3 = piix4_pm_properties(dev)->disable_s3;
    platform->disable_s4 = piix4_pm_properties(dev)->disable_s4;
    platform->gpe0 = PIIX4_GPE0_BASE;
    platform->gpe0_len = PIIX4_GPE0_LEN;
    platform->smi_cmd = APM_CNT_PORT;
    platform->acpi_enable = PIIX4_ACPI_ENABLE;
    platform->acpi_disable = PIIX4_ACPI_DISABLE;
    platform->sci_irq = PIIX4_SCI_IRQ;
}

/* Its life */

void piix4_pm_wire(Piix4Pm *dev, Irq *sci,
                   void (*sleep)(void *opaque, AcpiSleep state),
                   void *opaque)
{
    dev->pm.sci = sci;
    dev->pm.sleep = sleep;
    dev->pm.opaque = opaque;
}

static void piix4_pm_init(Object *obj)
{
    pci_device_add_registers((PciDevice *)obj, piix4_registers,
                             G_N_ELEMENTS(piix4_registers));
}

static bool piix4_pm_realize(Device *device, GError **error)
{
    Piix4Pm *dev = (Piix4Pm *)device;
    PciBus *bus = dev->parent.bus;

    memory_region_init(&dev->pm_mr, "piix4-pm", PIIX4_PM_LEN);
    memory_region_set_enabled(&dev->pm_mr, false);
    memory_region_add(bus->io, 0, &dev->pm_mr, PRIORITY_WINDOW);
    acpi_pm_init(&dev->pm, bus->clock, &dev->pm_mr, PIIX4_PM_EVT,
                 PIIX4_PM_CNT, PIIX4_PM_TMR, bus->io, PIIX4_GPE0_BASE,
                 PIIX4_GPE0_LEN);
    apm_init(&dev->apm, bus->io, PIIX4_ACPI_ENABLE, PIIX4_ACPI_DISABLE,
             piix4_pm_set_acpi, dev);
    return true;
}

static void piix4_pm_unrealize(Device *device)
{
    Piix4Pm *dev = (Piix4Pm *)device;

    apm_cleanup(&dev->apm);
    acpi_pm_cleanup(&dev->pm);
    memory_region_cleanup(&dev->pm_mr);
}

static void piix4_pm_reset(Device *device)
{
    Piix4Pm *dev = (Piix4Pm *)device;

    acpi_pm_reset(&dev->pm);
    apm_reset(&dev->apm);
    pci_device_reset_config(&dev->parent);
}

static bool piix4_pm_loaded(void *obj, GError **error)
{
    Piix4Pm *dev = obj;

    piix4_pm_update_block(dev);
    acpi_pm_restored(&dev->pm, dev->pm.sci);
    return true;
}

static const StateField piix4_pm_fields[] = {
    STATE_PCI_DEVICE(Piix4Pm),
    STATE_PART_FIELD(Piix4Pm, pm, &acpi_pm_state),
    STATE_PART_FIELD(Piix4Pm, apm, &apm_state),
    STATE_END
};

static const StateTable piix4_pm_state = {
    .version = 1,
    .fields = piix4_pm_fields,
    .loaded = piix4_pm_loaded,
};

static const PciDeviceClass piix4_pm_class = {
    .parent = {
        .bus = "PCI",
        .realize = piix4_pm_realize,
        .unrealize = piix4_pm_unrealize,
        .reset = piix4_pm_reset,
        .describe = piix4_pm_describe,
        .state = &piix4_pm_state,
    },
    .vendor_id = 0x8086,
    .device_id = 0x7113,
    .revision = 3,
    .class_code = 0x068000,             /* other bridge */
    .config_written = piix4_pm_config_written,
};

const ObjectType piix4_pm_type = {
    .name = "PIIX4_PM",
    .parent = &pci_device_type,
    .doc = "Intel PIIX4 power management",
    .instance_size = sizeof(Piix4Pm),
    .config = &qapi_type_PowerManagementProperties,
    .klass = &piix4_pm_class,
    .init = piix4_pm_init,
};
