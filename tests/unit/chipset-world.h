/*
 * A machine whose chipset's guest does something, and what its interrupt lines
 * were seen to do
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_CHIPSET_WORLD_H
#define TESTS_UNIT_CHIPSET_WORLD_H

#include "hw/core/machine.h"
#include "hw/i386/pc-machine.h"
#include "migration/state-codec.h"

#define RAM_SIZE (64 * 1024 * 1024)
#define MAX_FUNCTIONS 3
#define PM 0x600

/* In the block */
#define PM1_EN (PM + 2)
#define PM1_CNT (PM + 4)

typedef struct Kind {
    const char *machine;
    bool q35;
    const char *functions[MAX_FUNCTIONS + 1];   /* ends with NULL */
    uint8_t pam0, smram, pm_devfn, enable_reg, enable;
    unsigned gpe0, gpe0_half;
    uint8_t acpi_enable;
} Kind;

static const Kind kinds[] = {
    { "pc", false, { "/machine/i440fx", "/machine/piix3", "/machine/piix4-pm" },
      0x59, 0x72, PCI_DEVFN(1, 3), 0x80, 0x01, 0xafe0, 2, 0xf1 },
    { "q35", true, { "/machine/mch", "/machine/lpc" },
      0x90, 0x9d, PCI_DEVFN(31, 0), 0x44, 0x80, PM + 0x20, 8, 2 },
};

/* A machine, and what has been seen on its interrupt lines */
typedef struct World {
    const Kind *kind;
    Object *root;
    Machine *machine;
    MachineSetup setup;
    Device *functions[MAX_FUNCTIONS];
    unsigned n_functions;
    GString *seen;
} World;

static inline void world_see(void *opaque, Irq *irq, bool level)
{
    World *w = opaque;

    g_string_append_printf(w->seen, "%" G_GINT64_FORMAT ": %u %s\n",
                           w->machine->clock.now_ns, irq->n,
                           level ? "up" : "down");
}

static inline Irq *world_line(World *w, unsigned n)
{
    return ioapic_input(((PcMachine *)w->machine)->ioapic, n);
}

static inline World *world_new(const Kind *kind)
{
    World *w = g_new0(World, 1);

    *w = (World){
        .kind = kind,
        .root = object_new(&container_type, NULL, NULL),
        .setup = {
            .ram_size = RAM_SIZE, .n_cpus = 1, .max_cpus = 1,
            .topology = { 1, 1, 1 }, .files = g_ptr_array_new(),
            .rtc_fixed = true,
        },
        .seen = g_string_new(NULL),
    };
    w->machine = (Machine *)object_new(machine_find_type(kind->machine), NULL,
                                       NULL);
    object_add_child(w->root, "machine", &w->machine->parent);
    g_assert_true(machine_build(w->machine, &w->setup, NULL));
    g_assert_true(machine_finish(w->machine, NULL));
    machine_reset_devices(w->machine);
    for (unsigned i = 0; kind->functions[i]; i++) {
        w->functions[w->n_functions++] =
            (Device *)object_resolve(w->root, kind->functions[i], NULL);
        g_assert_nonnull(w->functions[i]);
    }
    for (unsigned n = 0; n < IOAPIC_NUM_INPUTS; n++) {
        world_line(w, n)->observer = world_see;
        world_line(w, n)->observer_opaque = w;
    }
    return w;
}

static inline void world_free(World *w)
{
    object_free(w->root);
    g_ptr_array_unref(w->setup.files);
    g_string_free(w->seen, TRUE);
    g_free(w);
}

static inline AcpiPm *world_pm(World *w)
{
    return ((PcMachine *)w->machine)->pm;
}

static inline const StateTable *world_table(const World *w, unsigned i)
{
    return device_class(w->functions[i])->state;
}

static inline uint64_t in(World *w, unsigned port, unsigned size)
{
    return address_space_load(&w->machine->io, port, size);
}

static inline void out(World *w, unsigned port, uint64_t value, unsigned size)
{
    address_space_store(&w->machine->io, port, value, size);
}

static inline void config_out(World *w, unsigned devfn, unsigned reg,
                              uint32_t value, unsigned size)
{
    out(w, 0xcf8, 1u << 31 | devfn << 8 | (reg & 0xfc), 4);
    out(w, 0xcfc + (reg & 3), value, size);
}

static inline void advance(World *w, int64_t ns)
{
    clock_advance(&w->machine->clock, w->machine->clock.now_ns + ns);
}

static inline void place_pm(World *w, unsigned selection)
{
    config_out(w, w->kind->pm_devfn, 0x40, PM, 4);
    config_out(w, w->kind->pm_devfn, w->kind->enable_reg,
               w->kind->enable | selection, 1);
}

/* A guest's accesses */

static inline uint32_t random_value(GRand *rand)
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

static inline void access_config(World *w, GRand *rand)
{
    static const uint8_t regs[] = {
        0x04, 0x40, 0x41, 0x44, 0x59, 0x5a, 0x5f, 0x60, 0x62, 0x64, 0x68, 0x72,
        0x80, 0x90, 0x92, 0x94, 0x9d, 0x9e, 0xa0,
    };
    const PciDevice *pci = (PciDevice *)
        w->functions[g_rand_int_range(rand, 0, w->n_functions)];
    unsigned reg = g_rand_boolean(rand)
        ? regs[g_rand_int_range(rand, 0, G_N_ELEMENTS(regs))]
        : (unsigned)g_rand_int_range(rand, 0, 256);
    uint32_t value = random_value(rand);
    unsigned size = 1u << g_rand_int_range(rand, 0, 3);

    config_out(w, pci->devfn, reg, value, size);
}

static inline uint64_t access_port(World *w, GRand *rand)
{
    static const uint16_t ports[] = {
        0xb2, 0xcf8, 0xcfc, 0xafe0, PM, PM + 4, PM + 8, PM + 0x20, PM + 0x30,
    };
    unsigned port = ports[g_rand_int_range(rand, 0, G_N_ELEMENTS(ports))] +
                    (unsigned)g_rand_int_range(rand, 0, 8);
    uint32_t value = random_value(rand);
    unsigned size = 1u << g_rand_int_range(rand, 0, 3);

    if (g_rand_boolean(rand)) {
        out(w, port, value, size);
    }
    return in(w, port, size);
}

static inline uint64_t access_memory(World *w, GRand *rand)
{
    uint64_t gpa = 0x9fff8 + random_value(rand) % 0x60010;
    uint32_t value = random_value(rand);
    unsigned size = 1u << g_rand_int_range(rand, 0, 4);

    if (g_rand_boolean(rand)) {
        gpa = 0xb0000000 + (random_value(rand) & 0x0ffffff8);
    }
    address_space_store(&w->machine->memory, gpa, value, size);
    return address_space_load(&w->machine->memory, gpa, size);
}

/* Returns what the guest read. */
static inline uint64_t access_something(World *w, GRand *rand)
{
    switch (g_rand_int_range(rand, 0, 8)) {
    case 0: case 1: case 2:
        access_config(w, rand);
        return 0;
    case 3: case 4: case 5:
        return access_port(w, rand);
    case 6:
        return access_memory(w, rand);
    default:
        advance(w, g_rand_int_range(rand, 0, 1000000000));
        if (g_rand_boolean(rand)) {
            place_pm(w, 0);
        }
        return 0;
    }
}

#endif
