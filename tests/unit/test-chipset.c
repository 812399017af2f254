/*
 * The two chipsets: what their functions show, where they are moved, what they
 * tell firmware, and that no guest can break them
 *
 * The Rn are the requirements of docs/specs/acpi-pm.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hw/isa/piix4-pm.h"
#include "hw/acpi/tables.h"
#include "hw/isa/ich9-lpc.h"
#include "hw/isa/isa.h"
#include "hw/isa/piix3.h"
#include "hw/pci/i440fx.h"
#include "hw/pci/q35-mch.h"
#include "util/bytes.h"

#define MIB UINT64_C(0x100000)
#define RAM_LEN (16 * MIB)

/* What is seen where */
enum { IN_RAM = 0xaa, IN_PCI = 0x55 };

/* Where the chipset has what */
typedef struct Chipset {
    const char *name;
    bool q35;
    uint8_t pam0, smram;
    uint8_t pm_devfn, enable_reg, enable;
    unsigned pm_align;
    unsigned gpe0;              /* fixed, or 0 */
    unsigned gpe0_offset, gpe0_len;
    uint8_t acpi_enable, acpi_disable;
} Chipset;

static const Chipset chipsets[] = {
    { "pc", false, 0x59, 0x72, PCI_DEVFN(1, 3), 0x80, 0x01, 64, 0xafe0, 0, 4,
      0xf1, 0xf0 },
    { "q35", true, 0x90, 0x9d, PCI_DEVFN(31, 0), 0x44, 0x80, 128, 0, 0x20, 16,
      2, 3 },
};

/* The functions, host bridge first */
#define MAX_FUNCTIONS 3

typedef struct Rig {
    const Chipset *chipset;
    MemoryRegion memory_root, io_root;
    MemoryRegion ram, pci_memory, shadowed;
    AddressSpace memory, io;
    Clock clock;
    PciBus bus;
    Irq sci[ICH9_SCI_SELECTIONS];
    Device *functions[MAX_FUNCTIONS];
    unsigned n_functions;
    unsigned resets, sleeps;
    bool reset_at_once;
} Rig;

static void rig_irq(void *opaque, unsigned n, bool level)
{
}

static void rig_reset_all(Rig *rig)
{
    for (unsigned i = 0; i < rig->n_functions; i++) {
        device_reset(rig->functions[i]);
    }
}

static void rig_reset(void *opaque)
{
    Rig *rig = opaque;

    rig->resets++;
    if (rig->reset_at_once) {
        rig_reset_all(rig);
    }
}

static void rig_sleep(void *opaque, AcpiSleep state)
{
    ((Rig *)opaque)->sleeps++;
}

static void *rig_add(Rig *rig, const ObjectType *type, uint8_t devfn)
{
    Object *obj = object_new(type, NULL, NULL);

    g_assert_nonnull(obj);
    pci_bus_plug(&rig->bus, (PciDevice *)obj, devfn);
    rig->functions[rig->n_functions++] = (Device *)obj;
    return obj;
}

static void rig_add_pc(Rig *rig)
{
    I440fx *host = rig_add(rig, &i440fx_type, 0);
    Piix3 *isa = rig_add(rig, &piix3_type, PCI_DEVFN(1, 0));
    Piix4Pm *pm = rig_add(rig, &piix4_pm_type, PCI_DEVFN(1, 3));

    piix3_wire(isa, rig_reset, rig);
    i440fx_wire(host, &(I440fxWiring) {
        .memory = &rig->memory_root,
        .ram = &rig->ram,
        .cf9 = piix3_reset_region(isa),
    });
    piix4_pm_wire(pm, &rig->sci[0], rig_sleep, rig);
}

static void rig_add_q35(Rig *rig)
{
    Q35Mch *host = rig_add(rig, &q35_mch_type, 0);
    Ich9Lpc *lpc = rig_add(rig, &ich9_lpc_type, PCI_DEVFN(31, 0));
    Ich9LpcWiring wiring = {
        .sleep = rig_sleep, .reset = rig_reset, .opaque = rig,
    };

    for (unsigned i = 0; i < ICH9_SCI_SELECTIONS; i++) {
        wiring.sci[i] = &rig->sci[i];
    }
    ich9_lpc_wire(lpc, &wiring);
    q35_mch_wire(host, &(Q35MchWiring) {
        .memory = &rig->memory_root,
        .ram = &rig->ram,
        .cf9 = ich9_lpc_reset_region(lpc),
    });
}

static void rig_set_up(Rig *rig, const void *data)
{
    rig->chipset = data;
    clock_init(&rig->clock);
    memory_region_init(&rig->memory_root, "memory", UINT64_C(1) << 52);
    memory_region_init(&rig->io_root, "io", 0x10000);
    address_space_init(&rig->memory, "memory", &rig->memory_root);
    address_space_init(&rig->io, "io", &rig->io_root);
    memory_region_init(&rig->pci_memory, "pci", UINT64_C(1) << 52);
    g_assert_true(memory_region_init_ram(&rig->ram, "ram", RAM_LEN, NULL,
                                         NULL));
    memory_region_add(&rig->memory_root, 0, &rig->ram, 0);
    /* something writable behind the bridge, where ROM would be */
    g_assert_true(memory_region_init_ram(&rig->shadowed, "behind", 0x60000,
                                         NULL, NULL));
    memory_region_add(&rig->pci_memory, 0xa0000, &rig->shadowed, 0);

    rig->bus.memory = &rig->pci_memory;
    rig->bus.io = &rig->io_root;
    rig->bus.clock = &rig->clock;
    for (unsigned i = 0; i < ICH9_SCI_SELECTIONS; i++) {
        irq_init(&rig->sci[i], rig_irq, rig, i);
    }
    if (rig->chipset->q35) {
        rig_add_q35(rig);
    } else {
        rig_add_pc(rig);
    }
    for (unsigned i = 0; i < rig->n_functions; i++) {
        g_assert_true(device_realize(rig->functions[i], NULL));
    }
}

static void rig_tear_down(Rig *rig, const void *data)
{
    while (rig->n_functions > 0) {
        object_free(&rig->functions[--rig->n_functions]->parent);
    }
    /* everything that they placed is gone */
    g_assert_cmpuint(rig->io_root.children->len, ==, 0);
    g_assert_cmpuint(rig->memory_root.children->len, ==, 1);
    g_assert_cmpuint(rig->clock.armed->len, ==, 0);
    address_space_cleanup(&rig->memory);
    address_space_cleanup(&rig->io);
    memory_region_cleanup(&rig->shadowed);
    memory_region_cleanup(&rig->ram);
    memory_region_cleanup(&rig->pci_memory);
    memory_region_cleanup(&rig->memory_root);
    memory_region_cleanup(&rig->io_root);
    clock_cleanup(&rig->clock);
}

static uint64_t in(Rig *rig, unsigned port, unsigned size)
{
    return address_space_load(&rig->io, port, size);
}

static void out(Rig *rig, unsigned port, uint64_t value, unsigned size)
{
    address_space_store(&rig->io, port, value, size);
}

static uint32_t config_in(Rig *rig, unsigned devfn, unsigned reg,
                          unsigned size)
{
    out(rig, 0xcf8, 1u << 31 | devfn << 8 | (reg & 0xfc), 4);
    return in(rig, 0xcfc + (reg & 3), size);
}

static void config_out(Rig *rig, unsigned devfn, unsigned reg, uint32_t value,
                       unsigned size)
{
    out(rig, 0xcf8, 1u << 31 | devfn << 8 | (reg & 0xfc), 4);
    out(rig, 0xcfc + (reg & 3), value, size);
}

static void rig_place_pm(Rig *rig, unsigned base, bool enabled)
{
    const Chipset *c = rig->chipset;

    config_out(rig, c->pm_devfn, 0x40, base, 4);
    config_out(rig, c->pm_devfn, c->enable_reg, enabled ? c->enable : 0, 1);
}

static AcpiPlatform rig_describe(Rig *rig)
{
    AcpiPlatform platform = { 0 };

    for (unsigned i = 0; i < rig->n_functions; i++) {
        const DeviceClass *klass = device_class(rig->functions[i]);

        if (klass->describe) {
            klass->describe(rig->functions[i], &platform);
        }
    }
    return platform;
}

/* Identity and reset values */

typedef struct Expected {
    bool q35;
    uint8_t devfn, reg, size;
    uint32_t value;
} Expected;

static const Expected initial[] = {
    { false, PCI_DEVFN(0, 0), 0x00, 4, 0x12378086 },
    { false, PCI_DEVFN(0, 0), 0x08, 4, 0x06000002 },
    { false, PCI_DEVFN(0, 0), 0x0e, 1, 0x00 },
    { false, PCI_DEVFN(0, 0), 0x2c, 4, 0x11001af4 },
    { false, PCI_DEVFN(0, 0), 0x59, 1, 0x00 },
    { false, PCI_DEVFN(0, 0), 0x5a, 2, 0x0000 },
    { false, PCI_DEVFN(0, 0), 0x5c, 4, 0x00000000 },
    { false, PCI_DEVFN(0, 0), 0x72, 1, 0x02 },
    { false, PCI_DEVFN(1, 0), 0x00, 4, 0x70008086 },
    { false, PCI_DEVFN(1, 0), 0x08, 4, 0x06010000 },
    { false, PCI_DEVFN(1, 0), 0x0e, 1, 0x80 },
    { false, PCI_DEVFN(1, 0), 0x2c, 4, 0x11001af4 },
    { false, PCI_DEVFN(1, 0), 0x60, 4, 0x80808080 },
    { false, PCI_DEVFN(1, 1), 0x00, 4, 0xffffffff },
    { false, PCI_DEVFN(1, 3), 0x00, 4, 0x71138086 },
    { false, PCI_DEVFN(1, 3), 0x08, 4, 0x06800003 },
    { false, PCI_DEVFN(1, 3), 0x2c, 4, 0x11001af4 },
    { false, PCI_DEVFN(1, 3), 0x3c, 2, 0x0100 },
    { false, PCI_DEVFN(1, 3), 0x40, 4, 0x00000001 },
    { false, PCI_DEVFN(1, 3), 0x80, 1, 0x00 },
    { false, PCI_DEVFN(1, 3), 0x90, 4, 0x00000001 },
    { false, PCI_DEVFN(1, 3), 0xd2, 1, 0x00 },
    { true, PCI_DEVFN(0, 0), 0x00, 4, 0x29c08086 },
    { true, PCI_DEVFN(0, 0), 0x08, 4, 0x06000000 },
    { true, PCI_DEVFN(0, 0), 0x2c, 4, 0x11001af4 },
    { true, PCI_DEVFN(0, 0), 0x60, 4, 0xb0000000 },
    { true, PCI_DEVFN(0, 0), 0x64, 4, 0x00000000 },
    { true, PCI_DEVFN(0, 0), 0x90, 4, 0x00000000 },
    { true, PCI_DEVFN(0, 0), 0x94, 2, 0x0000 },
    { true, PCI_DEVFN(0, 0), 0x96, 1, 0x00 },
    { true, PCI_DEVFN(0, 0), 0x9d, 1, 0x02 },
    { true, PCI_DEVFN(0, 0), 0x9e, 1, 0x38 },
    { true, PCI_DEVFN(31, 0), 0x00, 4, 0x29188086 },
    { true, PCI_DEVFN(31, 0), 0x08, 4, 0x06010002 },
    { true, PCI_DEVFN(31, 0), 0x2c, 4, 0x11001af4 },
    { true, PCI_DEVFN(31, 0), 0x40, 4, 0x00000001 },
    { true, PCI_DEVFN(31, 0), 0x44, 1, 0x00 },
    { true, PCI_DEVFN(31, 0), 0x60, 4, 0x80808080 },
    { true, PCI_DEVFN(31, 0), 0x68, 4, 0x80808080 },
    { true, PCI_DEVFN(31, 0), 0xa0, 2, 0x0000 },
    { true, PCI_DEVFN(31, 0), 0xf0, 4, 0x00000000 },
};

static void test_initial(Rig *rig, const void *data)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(initial); i++) {
            const Expected *e = &initial[i];

            if (e->q35 == rig->chipset->q35) {
                g_assert_cmphex(config_in(rig, e->devfn, e->reg, e->size), ==,
                                e->value);
            }
        }
        /* the second time after writing every register, and a reset */
        for (unsigned i = 0; i < rig->n_functions; i++) {
            const PciDevice *pci = (PciDevice *)rig->functions[i];

            for (unsigned reg = 0; reg < PCI_CONFIG_LEN; reg += 4) {
                config_out(rig, pci->devfn, reg, 0xffffffff, 4);
            }
        }
        rig_reset_all(rig);
    }
}

static void test_writable(Rig *rig, const void *data)
{
    static const struct {
        bool q35;
        uint8_t devfn, reg, size;
        uint32_t ones;          /* read back after all ones were written */
    } masks[] = {
        { false, PCI_DEVFN(0, 0), 0x59, 1, 0x30 },
        { false, PCI_DEVFN(0, 0), 0x5a, 1, 0x33 },
        { false, PCI_DEVFN(0, 0), 0x5f, 1, 0x33 },
        { false, PCI_DEVFN(1, 0), 0x60, 4, 0x8f8f8f8f },
        { false, PCI_DEVFN(1, 3), 0x40, 4, 0x0000ffc1 },
        { false, PCI_DEVFN(1, 3), 0x80, 1, 0x01 },
        { false, PCI_DEVFN(1, 3), 0x90, 4, 0x00000001 },
        { false, PCI_DEVFN(1, 3), 0xd2, 1, 0x00 },
        { true, PCI_DEVFN(0, 0), 0x90, 1, 0x30 },
        { true, PCI_DEVFN(0, 0), 0x91, 1, 0x33 },
        { true, PCI_DEVFN(0, 0), 0x96, 1, 0x33 },
        { true, PCI_DEVFN(0, 0), 0x9e, 1, 0x38 },
        { true, PCI_DEVFN(0, 0), 0x60, 4, 0xfc000007 },
        { true, PCI_DEVFN(0, 0), 0x64, 4, 0x0000000f },
        { true, PCI_DEVFN(31, 0), 0x40, 4, 0x0000ff81 },
        { true, PCI_DEVFN(31, 0), 0x44, 1, 0x87 },
        { true, PCI_DEVFN(31, 0), 0x60, 4, 0x8f8f8f8f },
        { true, PCI_DEVFN(31, 0), 0x68, 4, 0x8f8f8f8f },
        { true, PCI_DEVFN(31, 0), 0xf0, 4, 0x00000000 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(masks); i++) {
        if (masks[i].q35 == rig->chipset->q35) {
            config_out(rig, masks[i].devfn, masks[i].reg, 0xffffffff,
                       masks[i].size);
            g_assert_cmphex(config_in(rig, masks[i].devfn, masks[i].reg,
                                      masks[i].size), ==, masks[i].ones);
        }
    }
}

/* Shadow and SMRAM */

static void rig_fill(Rig *rig)
{
    memset(rig->ram.host, IN_RAM, MIB);
    memset(rig->shadowed.host, IN_PCI, rig->shadowed.size);
}

static uint8_t rig_peek(Rig *rig, uint32_t gpa)
{
    uint8_t byte;

    g_assert_cmpint(address_space_read(&rig->memory, gpa, &byte, 1), ==,
                    MEMORY_OK);
    return byte;
}

static void rig_check_seen(Rig *rig, uint32_t gpa, bool reads_ram,
                           bool writes_ram)
{
    uint8_t byte = 0x11;

    g_assert_cmphex(rig_peek(rig, gpa), ==, reads_ram ? IN_RAM : IN_PCI);
    address_space_write(&rig->memory, gpa, &byte, 1);
    g_assert_cmphex(rig->ram.host[gpa], ==, writes_ram ? 0x11 : IN_RAM);
    g_assert_cmphex(rig->shadowed.host[gpa - 0xa0000], ==,
                    writes_ram ? IN_PCI : 0x11);
    rig->ram.host[gpa] = IN_RAM;
    rig->shadowed.host[gpa - 0xa0000] = IN_PCI;
}

static void test_pam(Rig *rig, const void *data)
{
    rig_fill(rig);
    for (unsigned segment = 0; segment < 13; segment++) {
        uint32_t base = segment ? 0xc0000 + (segment - 1) * 0x4000 : 0xf0000;
        uint32_t len = segment ? 0x4000 : 0x10000;
        unsigned reg = rig->chipset->pam0 + (segment + 1) / 2;
        unsigned shift = segment % 2 ? 0 : 4;

        for (unsigned mode = 0; mode < 4; mode++) {
            bool re = mode & 1, we = mode & 2;

            config_out(rig, 0, reg, mode << shift, 1);
            g_assert_cmphex(config_in(rig, 0, reg, 1), ==, mode << shift);
            rig_check_seen(rig, base, re, we);
            rig_check_seen(rig, base + len / 2, re, we);
            rig_check_seen(rig, base + len - 1, re, we);
            /* the neighbours are as they were */
            rig_check_seen(rig, base - 1, false, false);
            if (base + len < MIB) {
                rig_check_seen(rig, base + len, false, false);
            }
        }
        config_out(rig, 0, reg, 0, 1);
    }

    /* all at once, as firmware does; then reset takes it back */
    for (unsigned i = 0; i < 7; i++) {
        config_out(rig, 0, rig->chipset->pam0 + i, i ? 0x33 : 0x30, 1);
    }
    for (uint32_t gpa = 0xc0000; gpa < MIB; gpa += 0x1000) {
        rig_check_seen(rig, gpa, true, true);
    }
    rig_check_seen(rig, 0xbffff, false, false);
    g_assert_true(address_space_is_ram(&rig->memory, 0, 0xa0000));
    rig_reset_all(rig);
    for (uint32_t gpa = 0xc0000; gpa < MIB; gpa += 0x1000) {
        rig_check_seen(rig, gpa, false, false);
    }
    g_assert_cmphex(rig_peek(rig, 0x9ffff), ==, IN_RAM);
}

/* An access across segments of different attributes is cut at their border. */
static void test_pam_borders(Rig *rig, const void *data)
{
    uint8_t bytes[8];

    rig_fill(rig);
    config_out(rig, 0, rig->chipset->pam0 + 1, 0x01, 1);
    address_space_read(&rig->memory, 0xc4000 - 4, bytes, sizeof(bytes));
    g_assert_cmphex(ld64_le(bytes), ==, UINT64_C(0x55555555aaaaaaaa));
    memset(bytes, 0x22, sizeof(bytes));
    address_space_write(&rig->memory, 0xc4000 - 4, bytes, sizeof(bytes));
    g_assert_cmphex(ld64_le(rig->shadowed.host + 0x24000 - 4), ==,
                    UINT64_C(0x2222222222222222));
    g_assert_cmphex(ld64_le(rig->ram.host + 0xc4000 - 4), ==,
                    UINT64_C(0xaaaaaaaaaaaaaaaa));
}

static void rig_check_smram(Rig *rig, bool open)
{
    rig_check_seen(rig, 0xa0000, open, open);
    rig_check_seen(rig, 0xbffff, open, open);
    rig_check_seen(rig, 0xc0000, false, false);
    g_assert_cmphex(rig_peek(rig, 0x9ffff), ==, IN_RAM);
}

static void test_smram(Rig *rig, const void *data)
{
    unsigned reg = rig->chipset->smram;

    rig_fill(rig);
    rig_check_smram(rig, false);
    for (unsigned v = 0; v < 0x100; v++) {
        if (v & SMRAM_D_LCK) {
            continue;
        }
        config_out(rig, 0, reg, v, 1);
        g_assert_cmphex(config_in(rig, 0, reg, 1), ==, (v & 0x78) | 0x02);
        rig_check_smram(rig, (v & 0x68) == 0x48);
    }

    /* D_LCK clears D_OPEN and makes the register read only until reset */
    config_out(rig, 0, reg, 0x4a, 1);
    rig_check_smram(rig, true);
    config_out(rig, 0, reg, 0x5a, 1);
    g_assert_cmphex(config_in(rig, 0, reg, 1), ==, 0x1a);
    rig_check_smram(rig, false);
    for (unsigned v = 0; v < 0x100; v++) {
        config_out(rig, 0, reg, v, 1);
        g_assert_cmphex(config_in(rig, 0, reg, 1), ==, 0x1a);
    }
    rig_check_smram(rig, false);
    rig_reset_all(rig);
    g_assert_cmphex(config_in(rig, 0, reg, 1), ==, 0x02);
    config_out(rig, 0, reg, 0x4a, 1);
    rig_check_smram(rig, true);
    rig_reset_all(rig);
    rig_check_smram(rig, false);
}

/* PCI Express configuration */

static uint64_t rig_ecam(Rig *rig, uint64_t base, unsigned bus,
                         unsigned devfn, unsigned reg, unsigned size)
{
    return address_space_load(&rig->memory,
                              base + (bus << 20 | devfn << 12 | reg), size);
}

static void test_ecam(Rig *rig, const void *data)
{
    static const struct {
        uint64_t bar, base, len;        /* len 0: no window */
    } bars[] = {
        { UINT64_C(0xb0000001), UINT64_C(0xb0000000), 256 * MIB },
        { UINT64_C(0xe0000001), UINT64_C(0xe0000000), 256 * MIB },
        { UINT64_C(0xec000001), UINT64_C(0xe0000000), 256 * MIB },
        { UINT64_C(0xe8000003), UINT64_C(0xe8000000), 128 * MIB },
        { UINT64_C(0xec000003), UINT64_C(0xe8000000), 128 * MIB },
        { UINT64_C(0xec000005), UINT64_C(0xec000000), 64 * MIB },
        { UINT64_C(0xec000007), 0, 0 },
        { UINT64_C(0xec000004), 0, 0 },
        { UINT64_C(0xff0000001), UINT64_C(0xff0000000), 256 * MIB },
        { UINT64_C(0xffc000005), UINT64_C(0xffc000000), 64 * MIB },
    };

    if (!rig->chipset->q35) {
        g_test_message("no window in a 440FX: checked that there is none");
        g_assert_false(rig_describe(rig).has_mcfg);
        g_assert_false(rig_describe(rig).pci_express);
        return;
    }
    g_assert_cmphex(rig_ecam(rig, 0xb0000000, 0, 0, 0, 4), ==, 0xffffffff);
    for (unsigned i = 0; i < G_N_ELEMENTS(bars); i++) {
        AcpiPlatform platform;

        config_out(rig, 0, 0x60, bars[i].bar & ~1u, 4);
        config_out(rig, 0, 0x64, bars[i].bar >> 32, 4);
        config_out(rig, 0, 0x60, bars[i].bar, 4);
        platform = rig_describe(rig);
        g_assert_true(platform.pci_express);
        g_assert_true(platform.has_mcfg == (bars[i].len > 0));
        if (!bars[i].len) {
            g_assert_cmphex(rig_ecam(rig, bars[i].bar & 0xfc000000, 0, 0, 0,
                                     4), ==, 0xffffffff);
            continue;
        }
        g_assert_cmphex(platform.mcfg_base, ==, bars[i].base);
        g_assert_cmpuint(platform.mcfg_last_bus, ==, bars[i].len / MIB - 1);
        g_assert_cmphex(config_in(rig, 0, 0x60, 4), ==,
                        (bars[i].base & 0xfc000000) | (bars[i].bar & 7));

        /* both ways into configuration space agree, at every width */
        for (unsigned devfn = 0; devfn < 256; devfn++) {
            for (unsigned reg = 0; reg < 0x100; reg += 4) {
                g_assert_cmphex(rig_ecam(rig, bars[i].base, 0, devfn, reg, 4),
                                ==, config_in(rig, devfn, reg, 4));
            }
        }
        g_assert_cmphex(rig_ecam(rig, bars[i].base, 0, 0xf8, 2, 2), ==,
                        0x2918);
        g_assert_cmphex(rig_ecam(rig, bars[i].base, 0, 0xf8, 1, 1), ==, 0x80);
        g_assert_cmphex(rig_ecam(rig, bars[i].base, 0, 0xf8, 0, 8), ==,
                        config_in(rig, 0xf8, 0, 4) |
                        (uint64_t)config_in(rig, 0xf8, 4, 4) << 32);
        /* extended space; other buses, to the last address of the window */
        g_assert_cmphex(rig_ecam(rig, bars[i].base, 0, 0xf8, 0x100, 4), ==, 0);
        g_assert_cmphex(rig_ecam(rig, bars[i].base, 0, 8, 0x100, 4), ==,
                        0xffffffff);
        g_assert_cmphex(rig_ecam(rig, bars[i].base, 1, 0xf8, 0, 4), ==,
                        0xffffffff);
        g_assert_cmphex(address_space_load(&rig->memory, bars[i].base +
                                           bars[i].len - 4, 4), ==,
                        0xffffffff);
        /* writes arrive too */
        address_space_store(&rig->memory, bars[i].base + 0xf8060, 0x05, 1);
        g_assert_cmphex(config_in(rig, 0xf8, 0x60, 4), ==, 0x80808005);
        config_out(rig, 0xf8, 0x60, 0x80, 1);
    }

    /* the window can move itself away, also with one 8-byte write */
    config_out(rig, 0, 0x60, 0xb0000001, 4);
    config_out(rig, 0, 0x64, 0, 4);
    address_space_store(&rig->memory, 0xb0000060, 0xc0000003, 4);
    g_assert_cmphex(rig_ecam(rig, 0xc0000000, 0, 0, 0, 4), ==, 0x29c08086);
    g_assert_cmphex(rig_ecam(rig, 0xb0000000, 0, 0, 0, 4), ==, 0xffffffff);
    address_space_store(&rig->memory, 0xc0000060, UINT64_C(0xd0000005), 8);
    g_assert_cmphex(rig_ecam(rig, 0xd0000000, 0, 0, 0, 4), ==, 0x29c08086);

    /* RAM wins where the window is laid over it */
    memset(rig->ram.host, IN_RAM, 16);
    config_out(rig, 0, 0x60, 0x00000001, 4);
    g_assert_cmphex(rig_peek(rig, 0), ==, IN_RAM);
    g_assert_cmphex(rig_ecam(rig, 0, 16, 0, 0, 4), ==, 0xffffffff);

    rig_reset_all(rig);
    g_assert_false(rig_describe(rig).has_mcfg);
    g_assert_cmphex(rig_ecam(rig, 0xb0000000, 0, 0, 0, 4), ==, 0xffffffff);
}

/* The PM block's places */

/* R14: PMBASE moves everything, anywhere; disabled it is nowhere */
static void test_pmbase(Rig *rig, const void *data)
{
    const Chipset *c = rig->chipset;
    unsigned moves = 0;

    for (unsigned base = 0; base < 0x10000; base += 64) {
        unsigned aligned = base & ~(c->pm_align - 1);
        unsigned gpe0 = c->gpe0 ? c->gpe0 : aligned + c->gpe0_offset;

        /* Below, and at GPE0's and the configuration ports, others win. */
        if (aligned < 0x100 || (aligned <= 0xcff && aligned + 127 >= 0xcf8) ||
            (c->gpe0 && aligned <= c->gpe0 && aligned + 63 >= c->gpe0)) {
            rig_place_pm(rig, base, true);
            continue;
        }
        rig_place_pm(rig, base, true);
        g_assert_cmphex(config_in(rig, c->pm_devfn, 0x40, 4), ==, aligned | 1);
        out(rig, aligned + 2, 0x0100, 2);
        g_assert_cmphex(in(rig, aligned + 2, 2), ==, 0x0100);
        out(rig, aligned + 4, 0x1400, 2);
        g_assert_cmphex(in(rig, aligned + 4, 2), ==, 0x1400);
        out(rig, gpe0 + c->gpe0_len / 2, 0xc3, 1);
        g_assert_cmphex(in(rig, gpe0 + c->gpe0_len / 2, 1), ==, 0xc3);
        clock_advance(&rig->clock, rig->clock.now_ns + 1000000);
        g_assert_cmphex(in(rig, aligned + 8, 4), ==,
                        clock_ticks(&rig->clock, ACPI_PM_TIMER_HZ) & 0xffffff);
        out(rig, aligned + 2, 0, 2);
        out(rig, aligned + 4, 0, 2);
        rig_place_pm(rig, base, false);
        g_assert_cmphex(in(rig, aligned + 2, 2), ==, 0xffff);
        moves++;
    }
    g_assert_cmpuint(moves, >, 900);

    rig_place_pm(rig, 0x600, true);
    out(rig, 0x602, 0x0100, 2);
    rig_reset_all(rig);
    g_assert_cmphex(in(rig, 0x602, 2), ==, 0xffff);
    rig_place_pm(rig, 0x600, true);
    g_assert_cmphex(in(rig, 0x600, 4), ==, 0);

    /* laid over the configuration ports it does not lock the guest out */
    rig_place_pm(rig, 0xcc0, true);
    g_assert_cmphex(config_in(rig, c->pm_devfn, 0x40, 2) & 0xff80, ==, 0xc80);
    rig_place_pm(rig, 0x600, true);
    g_assert_cmphex(in(rig, 0x602, 2), ==, 0);
}

/* R15: what is in the block besides */
static void test_pm_block(Rig *rig, const void *data)
{
    rig_place_pm(rig, 0x600, true);
    for (unsigned i = 0; i < rig->chipset->pm_align; i++) {
        bool there = i < 6 || (i >= 8 && i < 12);

        if (rig->chipset->q35) {
            there = there || (i >= 0x20 && i < 0x38);
        }
        if (!there) {
            out(rig, 0x600 + i, 0, 1);
            g_assert_cmphex(in(rig, 0x600 + i, 1), ==, 0xff);
        } else if (i < 8) {
            g_assert_cmphex(in(rig, 0x600 + i, 1), ==, 0);
        }
    }
    g_assert_cmphex(in(rig, 0x600 + rig->chipset->pm_align, 1), ==, 0xff);
}

/* R5, R13: from the SMI command port and an event to the line */
static void test_sci(Rig *rig, const void *data)
{
    const Chipset *c = rig->chipset;
    AcpiPm *pm = c->q35 ? &((Ich9Lpc *)rig->functions[1])->pm
                        : &((Piix4Pm *)rig->functions[2])->pm;

    rig_place_pm(rig, 0x600, true);
    out(rig, 0x602, ACPI_PM1_PWRBTN, 2);
    acpi_pm_power_button(pm);
    g_assert_false(rig->sci[0].level);
    out(rig, 0xb2, c->acpi_disable, 1);
    out(rig, 0xb2, c->acpi_enable, 1);
    g_assert_cmphex(in(rig, 0x604, 2), ==, ACPI_PM1_SCI_EN);
    g_assert_true(rig->sci[0].level);
    out(rig, 0xb2, c->acpi_disable, 1);
    g_assert_cmphex(in(rig, 0x604, 2), ==, 0);
    g_assert_false(rig->sci[0].level);
    out(rig, 0xb2, c->acpi_enable, 1);

    if (c->q35) {
        static const uint8_t irqs[] = { 9, 10, 11, 9, 20, 21, 22, 23 };

        /* R17: ACPI_CNTL selects the line; the selection shows in the tables */
        for (unsigned sel = 0; sel < 8; sel++) {
            config_out(rig, 0xf8, 0x44, 0x80 | sel, 1);
            for (unsigned i = 0; i < 8; i++) {
                g_assert_true(rig->sci[i].level ==
                              (i == (sel == 3 ? 0 : sel)));
            }
            g_assert_cmpuint(rig_describe(rig).sci_irq, ==, irqs[sel]);
        }
    }
    rig_reset_all(rig);
    for (unsigned i = 0; i < 8; i++) {
        g_assert_false(rig->sci[i].level);
    }

    rig_place_pm(rig, 0x600, true);
    out(rig, 0x604, ACPI_PM1_SLP_EN, 2);
    g_assert_cmpuint(rig->sleeps, ==, 1);
}

/* R15: SMI_EN and the lock on it */
static void test_smi(Rig *rig, const void *data)
{
    if (!rig->chipset->q35) {
        g_test_message("no SMI_EN in PIIX4's block");
        rig_place_pm(rig, 0x600, true);
        g_assert_cmphex(in(rig, 0x630, 4), ==, 0xffffffff);
        return;
    }
    rig_place_pm(rig, 0x600, true);
    g_assert_cmphex(in(rig, 0x630, 4), ==, 0x02);
    out(rig, 0x630, 0xffffffff, 4);
    g_assert_cmphex(in(rig, 0x630, 4), ==, 0x23);
    g_assert_cmphex(in(rig, 0x634, 4), ==, 0);
    config_out(rig, 0xf8, 0xa0, 0xffff, 2);
    g_assert_cmphex(config_in(rig, 0xf8, 0xa0, 2), ==, 0x0010);
    config_out(rig, 0xf8, 0xa0, 0, 2);
    g_assert_cmphex(config_in(rig, 0xf8, 0xa0, 2), ==, 0x0010);
    out(rig, 0x630, 0, 4);
    g_assert_cmphex(in(rig, 0x630, 4), ==, 0x01);
    rig_reset_all(rig);
    g_assert_cmphex(config_in(rig, 0xf8, 0xa0, 2), ==, 0);
    rig_place_pm(rig, 0x600, true);
    out(rig, 0x630, 0, 1);
    g_assert_cmphex(in(rig, 0x630, 4), ==, 0x00);
}

/* R16: the reset control register */
static void test_reset_port(Rig *rig, const void *data)
{
    out(rig, 0xcf9, 0x02, 1);
    g_assert_cmpuint(rig->resets, ==, 0);
    g_assert_cmphex(in(rig, 0xcf9, 1), ==, 0x02);
    out(rig, 0xcf9, 0x06, 1);
    g_assert_cmpuint(rig->resets, ==, 1);
    out(rig, 0xcf9, 0x0e, 1);
    g_assert_cmpuint(rig->resets, ==, 2);
    g_assert_cmphex(in(rig, 0xcf9, 1), ==, rig->chipset->q35 ? 0x0a : 0x02);
    out(rig, 0xcf9, 0x04, 1);
    g_assert_cmpuint(rig->resets, ==, 3);
    out(rig, 0xcf9, RESET_VALUE, 1);
    g_assert_cmpuint(rig->resets, ==, 4);
    out(rig, 0xcf8, 0x80000600, 4);
    g_assert_cmpuint(rig->resets, ==, 4);

    rig->reset_at_once = true;
    out(rig, 0xcf9, 0x0e, 1);
    g_assert_cmpuint(rig->resets, ==, 5);
    g_assert_cmphex(in(rig, 0xcf9, 1), ==, 0);
    g_assert_cmphex(in(rig, 0xcf8, 4), ==, 0);
}

/* R18: what the tables will say, from live registers */
static void test_describe(Rig *rig, const void *data)
{
    const Chipset *c = rig->chipset;

    for (unsigned pass = 0; pass < 4; pass++) {
        AcpiPlatform p;
        unsigned base = pass == 1 ? 0x600 : pass == 2 ? 0xb000 : 0;

        /* pass 3: enabled at port 0 is as good as not placed */
        if (pass > 0) {
            rig_place_pm(rig, base, true);
        }
        p = rig_describe(rig);
        g_assert_cmphex(p.pm1a_evt, ==, base);
        g_assert_cmphex(p.pm1a_cnt, ==, base ? base + 4 : 0);
        g_assert_cmphex(p.pm_tmr, ==, base ? base + 8 : 0);
        g_assert_cmphex(p.gpe0, ==,
                        c->gpe0 ? c->gpe0 : base ? base + c->gpe0_offset : 0);
        g_assert_cmpuint(p.gpe0_len, ==, c->gpe0_len);
        g_assert_cmphex(p.smi_cmd, ==, 0xb2);
        g_assert_cmphex(p.acpi_enable, ==, c->acpi_enable);
        g_assert_cmphex(p.acpi_disable, ==, c->acpi_disable);
        g_assert_cmpuint(p.sci_irq, ==, 9);
        g_assert_true(p.has_reset_reg);
        g_assert_cmphex(p.reset_port, ==, 0xcf9);
        g_assert_cmphex(p.reset_value & RESET_RCPU, ==, RESET_RCPU);
        g_assert_cmpuint(p.isa_slot, ==, c->q35 ? 31 : 1);
        g_assert_cmpuint(p.isa_function, ==, 0);
        g_assert_cmpint(p.routing, ==, c->q35 ? ACPI_PCI_ROUTING_ICH9
                                              : ACPI_PCI_ROUTING_PIIX);
    }
    rig_place_pm(rig, 0x600, false);
    g_assert_cmphex(rig_describe(rig).pm1a_evt, ==, 0);
}

/* ISA's ports */

static uint64_t nothing_read(void *opaque, uint64_t offset, unsigned size)
{
    return 0x42;
}

static void nothing_write(void *opaque, uint64_t offset, uint64_t value,
                          unsigned size)
{
}

static const MemoryRegionOps nothing_ops = {
    .read = nothing_read, .write = nothing_write,
};

static const DeviceClass test_isa_class = { .bus = "ISA" };

static const ObjectType test_isa_type = {
    .name = "test-isa-device",
    .parent = &isa_device_type,
    .doc = "a device to test with",
    .instance_size = sizeof(IsaDevice),
    .klass = &test_isa_class,
};

static void test_claim(Rig *rig, const void *data)
{
    static const struct {
        uint16_t base;
        uint8_t len;
        const char *fault;      /* NULL: works */
    } claims[] = {
        { 0xcf8, 1, "test-isa-device: ports 0xcf8 to 0xcf8 are in use by "
                    "'pci-config-address'" },
        { 0xcf0, 9, "test-isa-device: ports 0xcf0 to 0xcf8 are in use by "
                    "'pci-config-address'" },
        { 0xcff, 2, "test-isa-device: ports 0xcff to 0xd00 are in use by "
                    "'pci-config-data'" },
        { 0xb3, 1, "test-isa-device: ports 0xb3 to 0xb3 are in use by 'apm'" },
        { 0xffff, 2, "test-isa-device: ports 0xffff to 0x10000 go beyond "
                     "0xffff" },
        { 0xffff, 1, NULL }, { 0xcf0, 8, NULL }, { 0xd00, 1, NULL },
        /* no obstacle: the block that firmware has not placed yet */
        { 0x0, 0x40, NULL }, { 0x600, 8, NULL },
    };
    IsaBus bus = { .io = &rig->io_root };
    IsaDevice *dev = (IsaDevice *)object_new(&test_isa_type, NULL, NULL);
    MemoryRegion mrs[G_N_ELEMENTS(claims)];

    dev->bus = &bus;
    for (unsigned i = 0; i < G_N_ELEMENTS(claims); i++) {
        g_autoptr(GError) error = NULL;

        memory_region_init_io(&mrs[i], "mine", claims[i].len, &nothing_ops,
                              NULL);
        g_assert_true(isa_claim_ports(dev, &mrs[i], claims[i].base, &error) ==
                      !claims[i].fault);
        g_assert_cmpstr(error ? error->message : NULL, ==, claims[i].fault);
        if (!claims[i].fault) {
            g_assert_cmphex(in(rig, claims[i].base, 1), ==, 0x42);
        }
    }
    /* a device that was there first stays visible under the PM block */
    rig_place_pm(rig, 0x600, true);
    g_assert_cmphex(in(rig, 0x602, 1), ==, 0x42);
    g_assert_cmphex(in(rig, 0x608, 4), ==, 0);

    for (unsigned i = 0; i < G_N_ELEMENTS(claims); i++) {
        memory_region_cleanup(&mrs[i]);
    }
    object_free(&dev->parent.parent);
}

/* A host bridge that has too little RAM to shadow with refuses, whole. */
static void test_small_ram(Rig *rig, const void *data)
{
    g_autoptr(GError) error = NULL;
    MemoryRegion ram, root, pci, io;
    PciBus bus = { .memory = &pci, .io = &io, .clock = &rig->clock };
    Object *host = object_new(rig->chipset->q35 ? &q35_mch_type
                                                : &i440fx_type, NULL, NULL);

    memory_region_init(&root, "memory", UINT64_C(1) << 40);
    memory_region_init(&pci, "pci", UINT64_C(1) << 40);
    memory_region_init(&io, "io", 0x10000);
    g_assert_true(memory_region_init_ram(&ram, "ram", MIB - 4096, NULL,
                                         NULL));
    pci_bus_plug(&bus, (PciDevice *)host, 0);
    if (rig->chipset->q35) {
        q35_mch_wire((Q35Mch *)host, &(Q35MchWiring) {
            .memory = &root, .ram = &ram,
        });
    } else {
        i440fx_wire((I440fx *)host, &(I440fxWiring) {
            .memory = &root, .ram = &ram,
        });
    }
    g_assert_false(device_realize((Device *)host, &error));
    g_assert_cmpstr(error->message, ==, "RAM of 1044480 bytes is less than "
                    "the 1 MiB that the chipset needs");
    object_free(host);
    g_assert_null(bus.devices[0]);
    memory_region_cleanup(&ram);
    memory_region_cleanup(&root);
    memory_region_cleanup(&pci);
    memory_region_cleanup(&io);
}

/* Fuzzing */

/* Everything that a reset must bring back, as bytes */
static GByteArray *rig_snapshot(Rig *rig)
{
    GByteArray *all = g_byte_array_new();
    AddressSpace *const spaces[] = { &rig->memory, &rig->io };

    for (unsigned i = 0; i < rig->n_functions; i++) {
        const PciDevice *pci = (PciDevice *)rig->functions[i];

        g_byte_array_append(all, pci->config, sizeof(pci->config));
        g_byte_array_append(all, pci->wmask, sizeof(pci->wmask));
    }
    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(spaces); i++) {
        const GArray *view = address_space_view(spaces[i / 2], i % 2);

        g_byte_array_append(all, (const uint8_t *)view->data,
                            view->len * sizeof(FlatRange));
    }
    for (unsigned port = 0xb2; port < 0xb4; port++) {
        uint8_t byte = in(rig, port, 1);

        g_byte_array_append(all, &byte, 1);
    }
    for (unsigned i = 0; i < ICH9_SCI_SELECTIONS; i++) {
        uint8_t level = rig->sci[i].level;

        g_byte_array_append(all, &level, 1);
    }
    return all;
}

static uint32_t fuzz_value(GRand *rand)
{
    switch (g_rand_int_range(rand, 0, 4)) {
    case 0:
        return g_rand_int(rand);
    case 1:
        return 1u << g_rand_int_range(rand, 0, 32);
    case 2:
        return ~(1u << g_rand_int_range(rand, 0, 32));
    default:
        return g_rand_boolean(rand) ? UINT32_MAX : 0;
    }
}

/* A register that does something, half the time. */
static void fuzz_config(Rig *rig, GRand *rand)
{
    static const uint8_t regs[] = {
        0x04, 0x40, 0x41, 0x44, 0x59, 0x5a, 0x5f, 0x60, 0x62, 0x64, 0x72,
        0x80, 0x90, 0x92, 0x94, 0x9d, 0x9e, 0xa0, 0xf0,
    };
    const PciDevice *pci = (PciDevice *)
        rig->functions[g_rand_int_range(rand, 0, rig->n_functions)];
    unsigned reg = g_rand_boolean(rand)
        ? regs[g_rand_int_range(rand, 0, G_N_ELEMENTS(regs))]
        : (unsigned)g_rand_int_range(rand, 0, 256);

    config_out(rig, pci->devfn, reg, fuzz_value(rand),
               1u << g_rand_int_range(rand, 0, 3));
}

static void fuzz_ports(Rig *rig, GRand *rand)
{
    static const uint16_t ports[] = {
        0xb2, 0xcf8, 0xcfc, 0xafe0, 0x600, 0x604, 0x608, 0x620, 0x630,
    };
    unsigned port = g_rand_int_range(rand, 0, 4) == 0
        ? (unsigned)g_rand_int_range(rand, 0, 0x10000)
        : ports[g_rand_int_range(rand, 0, G_N_ELEMENTS(ports))] +
              (unsigned)g_rand_int_range(rand, 0, 8);
    unsigned size = 1u << g_rand_int_range(rand, 0, 4);

    out(rig, port, (uint64_t)fuzz_value(rand) << 32 | fuzz_value(rand), size);
    in(rig, port, size);
}

static void fuzz_memory(Rig *rig, GRand *rand)
{
    uint64_t gpa = fuzz_value(rand);
    unsigned size = 1u << g_rand_int_range(rand, 0, 4);

    switch (g_rand_int_range(rand, 0, 3)) {
    case 0:
        gpa = 0x9fff8 + gpa % 0x60010;
        break;
    case 1:
        /* around the configuration window, where ever it is */
        gpa = rig_describe(rig).mcfg_base + gpa % (2 * MIB);
        break;
    default:
        gpa <<= g_rand_int_range(rand, 0, 33);
        break;
    }
    address_space_store(&rig->memory, gpa, fuzz_value(rand), size);
    address_space_load(&rig->memory, gpa, size);
}

/* The seed is fixed: what fails, fails again. */
static void test_fuzz(Rig *rig, const void *data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(0x46495242);
    g_autoptr(GByteArray) before = rig_snapshot(rig);

    rig->reset_at_once = true;
    for (unsigned i = 0; i < 200000; i++) {
        switch (g_rand_int_range(rand, 0, 8)) {
        case 0: case 1: case 2:
            fuzz_config(rig, rand);
            break;
        case 3: case 4: case 5:
            fuzz_ports(rig, rand);
            break;
        case 6:
            fuzz_memory(rig, rand);
            break;
        default:
            clock_advance(&rig->clock, rig->clock.now_ns +
                          g_rand_int_range(rand, 0, 1000000000));
            if (i % 64 == 7) {
                rig_place_pm(rig, 0x600, true);
            }
            break;
        }
        /* no more than one timer, whatever the guest does */
        g_assert_cmpuint(rig->clock.armed->len, <=, 1);
        if (i % 1000 == 999) {
            g_autoptr(GByteArray) after = NULL;

            rig_describe(rig);
            rig_reset_all(rig);
            after = rig_snapshot(rig);
            g_assert_cmpmem(before->data, before->len, after->data,
                            after->len);
        }
    }
    g_assert_cmpuint(rig->resets, >, 100);
    g_assert_cmpuint(rig->sleeps, >, 10);
}

static void add(const char *name, void (*test)(Rig *rig, const void *data))
{
    for (unsigned i = 0; i < G_N_ELEMENTS(chipsets); i++) {
        g_autofree char *path = g_strdup_printf("/chipset/%s/%s",
                                                chipsets[i].name, name);

        g_test_add(path, Rig, &chipsets[i], rig_set_up, test, rig_tear_down);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("initial", test_initial);
    add("writable", test_writable);
    add("pam", test_pam);
    add("pam-borders", test_pam_borders);
    add("smram", test_smram);
    add("ecam", test_ecam);
    add("pmbase", test_pmbase);
    add("pm-block", test_pm_block);
    add("sci", test_sci);
    add("smi", test_smi);
    add("reset-port", test_reset_port);
    add("describe", test_describe);
    add("claim", test_claim);
    add("small-ram", test_small_ram);
    add("fuzz", test_fuzz);
    return g_test_run();
}
