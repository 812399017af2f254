/*
 * Intel ICH9 LPC bridge, type "ICH9-LPC"
 *
 * What the guest sees of it: ACPI's fixed hardware where PMBASE says, the SMI
 * command port, interrupt route registers, which keep what firmware writes,
 * and the reset control register.
 *
 * Nothing runs in system management mode: SMI_EN keeps what is written and
 * SMI_STS never shows anything.  There is no root complex register block, so
 * RCBA cannot be enabled and reads 0; TCO, GPIO and LPC decode registers are
 * absent too.
 *
 * Spec: Intel ICH9 data sheet, order number 316972, device 31 function 0;
 *       docs/specs/acpi-pm.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/isa/ich9-lpc.h"

#include "hw/acpi/platform.h"
#include "util/bytes.h"

/* Values of the SMI command port; those that firmware of this chipset uses */
enum { ICH9_ACPI_ENABLE = 2, ICH9_ACPI_DISABLE = 3 };

enum { ICH9_PMBASE = 0x40, ICH9_ACPI_CNTL = 0x44, ICH9_GEN_PMCON_1 = 0xa0 };
enum { ICH9_ACPI_EN = 1 << 7, ICH9_SCI_IRQ_SEL = 7 };
enum { ICH9_SMI_LOCK = 1 << 4 };

static const PciRegister ich9_registers[] = {
    /* offset         bytes initial     writable       w1c */
    { 0x04,             2,  0x0007,     0x0140,        0x0000 }, /* PCICMD */
    { 0x06,             2,  0x0200,     0x0000,        0xf900 }, /* PCISTS */
    { ICH9_PMBASE,      4,  0x00000001, 0x0000ff80,    0x00 },
    { ICH9_ACPI_CNTL,   1,  0x00,       ICH9_ACPI_EN | ICH9_SCI_IRQ_SEL,
                                                       0x00 },
    { 0x60,             1,  0x80,       0x8f,          0x00 },   /* PIRQA-D */
    { 0x61,             1,  0x80,       0x8f,          0x00 },
    { 0x62,             1,  0x80,       0x8f,          0x00 },
    { 0x63,             1,  0x80,       0x8f,          0x00 },
    { 0x68,             1,  0x80,       0x8f,          0x00 },   /* PIRQE-H */
    { 0x69,             1,  0x80,       0x8f,          0x00 },
    { 0x6a,             1,  0x80,       0x8f,          0x00 },
    { 0x6b,             1,  0x80,       0x8f,          0x00 },
    { ICH9_GEN_PMCON_1, 2,  0x0000,     ICH9_SMI_LOCK, 0x00 },
};

/* by SCI_IRQ_SEL; 3 is reserved */
static const uint8_t ich9_sci_irqs[ICH9_SCI_SELECTIONS] = {
    9, 10, 11, 9, 20, 21, 22, 23,
};
enum { ICH9_SCI_RESERVED = 3 };

/* The block that PMBASE places */
#define ICH9_PM_LEN 128
enum {
    ICH9_PM_EVT = 0x00, ICH9_PM_CNT = 0x04, ICH9_PM_TMR = 0x08,
    ICH9_PM_GPE0 = 0x20, ICH9_PM_SMI = 0x30,
};

/* It gives way to devices with ports of their own. */
enum { PRIORITY_WINDOW = -1 };

/* SMI_EN: what is kept, and what it is after reset */
enum { ICH9_GBL_SMI_EN = 1 << 0, ICH9_EOS = 1 << 1, ICH9_APMC_EN = 1 << 5 };
#define ICH9_SMI_EN_KEPT (ICH9_GBL_SMI_EN | ICH9_EOS | ICH9_APMC_EN)
#define ICH9_SMI_EN_INITIAL ICH9_EOS

/* SMI_EN, SMI_STS */

static uint64_t ich9_smi_read(void *opaque, uint64_t offset, unsigned size)
{
    const Ich9Lpc *dev = opaque;

    return offset < 4 ? dev->smi_en >> (8 * offset) & 0xff : 0;
}

static void ich9_smi_write(void *opaque, uint64_t offset, uint64_t value,
                           unsigned size)
{
    Ich9Lpc *dev = opaque;
    uint32_t writable = ICH9_SMI_EN_KEPT;

    if (offset >= 4) {
        return;
    }
    if (dev->parent.config[ICH9_GEN_PMCON_1] & ICH9_SMI_LOCK) {
        writable &= ~ICH9_GBL_SMI_EN;
    }
    writable &= UINT32_C(0xff) << (8 * offset);
    dev->smi_en = (dev->smi_en & ~writable) |
                  ((uint32_t)value << (8 * offset) & writable);
}

static const MemoryRegionOps ich9_smi_ops = {
    .read = ich9_smi_read,
    .write = ich9_smi_write,
    .min_size = 1,
    .max_size = 1,
};

/* Configuration space */

static uint16_t ich9_pm_base(const Ich9Lpc *dev)
{
    return ld16_le(dev->parent.config + ICH9_PMBASE) & ~(ICH9_PM_LEN - 1);
}

static bool ich9_pm_enabled(const Ich9Lpc *dev)
{
    return dev->parent.config[ICH9_ACPI_CNTL] & ICH9_ACPI_EN;
}

static unsigned ich9_sci_selection(const Ich9Lpc *dev)
{
    unsigned sel = dev->parent.config[ICH9_ACPI_CNTL] & ICH9_SCI_IRQ_SEL;

    return sel == ICH9_SCI_RESERVED ? 0 : sel;
}

static Irq *ich9_sci(const Ich9Lpc *dev)
{
    return dev->wiring.sci[ich9_sci_selection(dev)];
}

/* Make what follows from the registers, but for the SCI. */
static void ich9_lpc_update(Ich9Lpc *dev)
{
    PciDevice *pci = &dev->parent;

    memory_region_set_offset(&dev->pm_mr, ich9_pm_base(dev));
    memory_region_set_enabled(&dev->pm_mr, ich9_pm_enabled(dev));

    /* SMI_LOCK can be set, but only reset clears it. */
    pci->wmask[ICH9_GEN_PMCON_1] =
        pci->config[ICH9_GEN_PMCON_1] & ICH9_SMI_LOCK ? 0 : ICH9_SMI_LOCK;
}

static void ich9_lpc_config_written(PciDevice *pci, unsigned offset,
                                    unsigned len)
{
    Ich9Lpc *dev = (Ich9Lpc *)pci;

    ich9_lpc_update(dev);
    acpi_pm_set_sci(&dev->pm, ich9_sci(dev));
}

static void ich9_lpc_set_acpi(void *opaque, bool enabled)
{
    Ich9Lpc *dev = opaque;

    acpi_pm_set_acpi(&dev->pm, enabled);
}

/* What firmware is told */

static void ich9_lpc_describe(const Device *device, AcpiPlatform *platform)
{
    const Ich9Lpc *dev = (const Ich9Lpc *)device;
    uint16_t base = ich9_pm_enabled(dev) ? ich9_pm_base(dev) : 0;

    if (base) {
        platform->pm1a_evt = base + ICH9_PM_EVT;
        platform->pm1a_cnt = base + ICH9_PM_CNT;
        platform->pm_tmr = base + ICH9_PM_TMR;
        platform->gpe0 = base + ICH9_PM_GPE0;
    }
    platform->disable_s3 = ich9_lpc_properties(dev)->disable_s3;
    platform->disable_s4 = ich9_lpc_properties(dev)->disable_s4;
    platform->gpe0_len = ICH9_GPE0_LEN;
    platform->smi_cmd = APM_CNT_PORT;
    platform->acpi_enable = ICH9_ACPI_ENABLE;
    platform->acpi_disable = ICH9_ACPI_DISABLE;
    platform->sci_irq = ich9_sci_irqs[ich9_sci_selection(dev)];
    platform->has_reset_reg = true;
    platform->reset_port = RESET_PORT;
    platform->reset_value = RESET_VALUE;
    platform->isa_slot = PCI_SLOT(dev->parent.devfn);
    platform->isa_function = PCI_FUNCTION(dev->parent.devfn);
    platform->routing = ACPI_PCI_ROUTING_ICH9;
}

/* Its life */

void ich9_lpc_wire(Ich9Lpc *dev, const Ich9LpcWiring *wiring)
{
    dev->wiring = *wiring;
    dev->pm.sci = wiring->sci[0];
    dev->pm.sleep = wiring->sleep;
    dev->pm.opaque = wiring->opaque;
    reset_port_wire(&dev->reset_port, wiring->reset, wiring->opaque);
}

MemoryRegion *ich9_lpc_reset_region(Ich9Lpc *dev)
{
    return &dev->reset_port.mr;
}

static void ich9_lpc_init(Object *obj)
{
    pci_device_add_registers((PciDevice *)obj, ich9_registers,
                             G_N_ELEMENTS(ich9_registers));
    reset_port_init(&((Ich9Lpc *)obj)->reset_port, RESET_SRST | RESET_FULL);
}

static bool ich9_lpc_realize(Device *device, GError **error)
{
    Ich9Lpc *dev = (Ich9Lpc *)device;
    PciBus *bus = dev->parent.bus;

    memory_region_init(&dev->pm_mr, "ich9-pm", ICH9_PM_LEN);
    memory_region_set_enabled(&dev->pm_mr, false);
    memory_region_add(bus->io, 0, &dev->pm_mr, PRIORITY_WINDOW);
    acpi_pm_init(&dev->pm, bus->clock, &dev->pm_mr, ICH9_PM_EVT, ICH9_PM_CNT,
                 ICH9_PM_TMR, &dev->pm_mr, ICH9_PM_GPE0, ICH9_GPE0_LEN);
    memory_region_init_io(&dev->smi_mr, "ich9-smi", 8, &ich9_smi_ops, dev);
    memory_region_add(&dev->pm_mr, ICH9_PM_SMI, &dev->smi_mr, 0);
    apm_init(&dev->apm, bus->io, ICH9_ACPI_ENABLE, ICH9_ACPI_DISABLE,
             ich9_lpc_set_acpi, dev);
    return true;
}

static void ich9_lpc_unrealize(Device *device)
{
    Ich9Lpc *dev = (Ich9Lpc *)device;

    apm_cleanup(&dev->apm);
    acpi_pm_cleanup(&dev->pm);
    memory_region_cleanup(&dev->smi_mr);
    memory_region_cleanup(&dev->pm_mr);
}

static void ich9_lpc_reset(Device *device)
{
    Ich9Lpc *dev = (Ich9Lpc *)device;

    acpi_pm_reset(&dev->pm);
    apm_reset(&dev->apm);
    dev->reset_port.control = 0;
    dev->smi_en = ICH9_SMI_EN_INITIAL;
    pci_device_reset_config(&dev->parent);
}

static void ich9_lpc_finalize(Object *obj)
{
    reset_port_cleanup(&((Ich9Lpc *)obj)->reset_port);
}

static bool ich9_lpc_loaded(void *obj, GError **error)
{
    Ich9Lpc *dev = obj;

    if (!state_check_bits("smi_en", dev->smi_en, ICH9_SMI_EN_KEPT, error)) {
        return false;
    }
    ich9_lpc_update(dev);
    acpi_pm_restored(&dev->pm, ich9_sci(dev));
    return true;
}

static const StateField ich9_lpc_fields[] = {
    STATE_PCI_DEVICE(Ich9Lpc),
    STATE_PART_FIELD(Ich9Lpc, pm, &acpi_pm_state),
    STATE_PART_FIELD(Ich9Lpc, apm, &apm_state),
    STATE_PART_FIELD(Ich9Lpc, reset_port, &reset_port_state),
    STATE_FIELD(Ich9Lpc, smi_en),
    STATE_END
};

static const StateTable ich9_lpc_state = {
    .version = 1,
    .fields = ich9_lpc_fields,
    .loaded = ich9_lpc_loaded,
};

static const PciDeviceClass ich9_lpc_class = {
    .parent = {
        .bus = "PCI",
        .realize = ich9_lpc_realize,
        .unrealize = ich9_lpc_unrealize,
        .reset = ich9_lpc_reset,
        .describe = ich9_lpc_describe,
        .state = &ich9_lpc_state,
    },
    .vendor_id = 0x8086,
    .device_id = 0x2918,
    .revision = 2,
    .class_code = 0x060100,             /* ISA bridge */
    .config_written = ich9_lpc_config_written,
};

const ObjectType ich9_lpc_type = {
    .name = "ICH9-LPC",
    .parent = &pci_device_type,
    .doc = "Intel ICH9 LPC bridge",
    .instance_size = sizeof(Ich9Lpc),
    .config = &qapi_type_PowerManagementProperties,
    .klass = &ich9_lpc_class,
    .init = ich9_lpc_init,
    .finalize = ich9_lpc_finalize,
};
