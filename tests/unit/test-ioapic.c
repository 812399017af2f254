/*
 * I/O APIC (docs/specs/ioapic.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/intc/ioapic.h"

#include "device-rig.h"
#include "hw/acpi/tables.h"

enum { IOREGSEL = 0x00, IOWIN = 0x10, EOI = 0x40 };

#define LEVEL IOAPIC_ENTRY_LEVEL
#define MASK IOAPIC_ENTRY_MASK
#define REMOTE_IRR IOAPIC_ENTRY_REMOTE_IRR

typedef struct Fixture {
    Rig *rig;
    IoApic *ioapic;
    unsigned delivered;
    uint64_t last;
} Fixture;

static void deliver(void *opaque, uint64_t entry)
{
    Fixture *f = opaque;

    f->delivered++;
    f->last = entry;
}

static void fixture_set_up(Fixture *f, gconstpointer data)
{
    Device *dev;

    f->rig = rig_new();
    dev = rig_new_device(f->rig, &ioapic_type, NULL, NULL);
    f->ioapic = (IoApic *)dev;
    ioapic_wire(f->ioapic, &f->rig->memory_root);
    rig_realize(dev);
    ioapic_set_deliver(f->ioapic, deliver, f);
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
    rig_free(f->rig);
}

static void store(Fixture *f, unsigned reg, uint64_t value, unsigned size)
{
    address_space_store(&f->rig->memory, IOAPIC_BASE + reg, value, size);
}

static uint32_t get(Fixture *f, uint8_t index)
{
    store(f, IOREGSEL, index, 4);
    return address_space_load(&f->rig->memory, IOAPIC_BASE + IOWIN, 4);
}

static void set(Fixture *f, uint8_t index, uint32_t value)
{
    store(f, IOREGSEL, index, 4);
    store(f, IOWIN, value, 4);
}

static uint64_t get_entry(Fixture *f, unsigned n)
{
    return get(f, 0x10 + 2 * n) | (uint64_t)get(f, 0x11 + 2 * n) << 32;
}

static void set_entry(Fixture *f, unsigned n, uint64_t value)
{
    set(f, 0x11 + 2 * n, value >> 32);
    set(f, 0x10 + 2 * n, value);
}

static void input(Fixture *f, unsigned n, bool level)
{
    irq_set(ioapic_input(f->ioapic, n), level);
}

/* R1, R2 */
static void test_reset_values(Fixture *f, gconstpointer data)
{
    for (unsigned round = 0; round < 2; round++) {
        g_assert_cmphex(get(f, 0), ==, 0);
        g_assert_cmphex(get(f, 1), ==, 0x00170020);
        g_assert_cmphex(get(f, 2), ==, 0);
        for (unsigned n = 0; n < IOAPIC_NUM_INPUTS; n++) {
            g_assert_cmphex(get_entry(f, n), ==, 0x10000);
        }
        for (unsigned i = 0; i < 0x100; i++) {
            set(f, i, 0xffffffff);
        }
        device_reset((Device *)f->ioapic);
    }
}

/* R2, R3 */
static void test_registers(Fixture *f, gconstpointer data)
{
    set(f, 0, 0xffffffff);
    g_assert_cmphex(get(f, 0), ==, 0x0f000000);
    g_assert_cmphex(get(f, 2), ==, 0x0f000000);
    set(f, 1, 0);
    g_assert_cmphex(get(f, 1), ==, 0x00170020);
    set_entry(f, 0, UINT64_MAX);
    g_assert_cmphex(get_entry(f, 0), ==, 0xff0000000001afff);
    set_entry(f, 23, 0x1234567800010099);
    g_assert_cmphex(get_entry(f, 23), ==, 0x1200000000010099);
    for (unsigned i = 3; i < 0x100; i++) {
        if (i < 0x10 || i >= 0x40) {
            set(f, i, 0xffffffff);
            g_assert_cmphex(get(f, i), ==, 0);
        }
    }
    /* IOREGSEL has 8 bits and takes bytes; IOWIN takes words of 32 bits */
    store(f, IOREGSEL, 0xffffff01, 4);
    g_assert_cmphex(address_space_load(&f->rig->memory, IOAPIC_BASE, 4), ==,
                    1);
    store(f, IOREGSEL, 0, 1);
    store(f, IOWIN, 0x05, 1);
    store(f, IOWIN, 0x0500, 2);
    g_assert_cmphex(get(f, 0), ==, 0x0f000000);
    store(f, 0x20, 0xffffffff, 4);
    g_assert_cmphex(address_space_load(&f->rig->memory, IOAPIC_BASE + 0x20,
                                       4), ==, 0);
}

/* R4 */
static void test_edge(Fixture *f, gconstpointer data)
{
    set_entry(f, 5, MASK | 0x31);
    input(f, 5, true);
    set_entry(f, 5, UINT64_C(3) << 56 | 0x931);
    g_assert_cmpuint(f->delivered, ==, 0);      /* the edge was masked */
    input(f, 5, true);
    g_assert_cmpuint(f->delivered, ==, 0);      /* it is no new one */
    input(f, 5, false);
    g_assert_cmpuint(f->delivered, ==, 0);
    input(f, 5, true);
    g_assert_cmpuint(f->delivered, ==, 1);
    g_assert_cmphex(f->last, ==, 0x0300000000000931);
    g_assert_cmphex(get_entry(f, 5), ==, 0x0300000000000931);
    input(f, 5, false);
    input(f, 5, true);
    g_assert_cmpuint(f->delivered, ==, 2);
    ioapic_eoi(f->ioapic, 0x31);
    g_assert_cmpuint(f->delivered, ==, 2);
}

/* R5 */
static void test_level(Fixture *f, gconstpointer data)
{
    set_entry(f, 16, LEVEL | MASK | 0x40);
    input(f, 16, true);
    g_assert_cmpuint(f->delivered, ==, 0);
    set_entry(f, 16, LEVEL | 0x40);             /* it was waiting */
    g_assert_cmpuint(f->delivered, ==, 1);
    g_assert_cmphex(get_entry(f, 16), ==, LEVEL | REMOTE_IRR | 0x40);
    input(f, 16, false);
    input(f, 16, true);
    g_assert_cmpuint(f->delivered, ==, 1);      /* not before its end */
    ioapic_eoi(f->ioapic, 0x41);
    g_assert_cmpuint(f->delivered, ==, 1);
    ioapic_eoi(f->ioapic, 0x40);
    g_assert_cmpuint(f->delivered, ==, 2);
    input(f, 16, false);
    store(f, EOI, 0x40, 4);                     /* the register does it too */
    g_assert_cmpuint(f->delivered, ==, 2);
    g_assert_cmphex(get_entry(f, 16), ==, LEVEL | 0x40);
    input(f, 16, true);
    g_assert_cmpuint(f->delivered, ==, 3);

    /* Masked while in service: it stays so, and comes again after both */
    set_entry(f, 16, LEVEL | MASK | 0x40);
    g_assert_cmphex(get_entry(f, 16), ==, LEVEL | MASK | REMOTE_IRR | 0x40);
    ioapic_eoi(f->ioapic, 0x40);
    g_assert_cmpuint(f->delivered, ==, 3);
    set_entry(f, 16, LEVEL | 0x40);
    g_assert_cmpuint(f->delivered, ==, 4);

    /* Made an edge: REMOTE_IRR goes, as old systems rely on */
    set_entry(f, 16, MASK | 0x40);
    g_assert_cmphex(get_entry(f, 16), ==, MASK | 0x40);
    set_entry(f, 16, LEVEL | 0x40);
    g_assert_cmpuint(f->delivered, ==, 5);

    /* The guest cannot set it */
    input(f, 16, false);
    ioapic_eoi(f->ioapic, 0x40);
    set_entry(f, 16, LEVEL | REMOTE_IRR | 0x1000 | 0x40);
    g_assert_cmphex(get_entry(f, 16), ==, LEVEL | 0x40);
}

/* R5: two inputs of one vector */
static void test_shared_vector(Fixture *f, gconstpointer data)
{
    set_entry(f, 20, LEVEL | 0x50);
    set_entry(f, 21, LEVEL | 0x150);            /* lowest priority */
    input(f, 20, true);
    input(f, 21, true);
    g_assert_cmpuint(f->delivered, ==, 2);
    input(f, 20, false);
    ioapic_eoi(f->ioapic, 0x50);
    g_assert_cmpuint(f->delivered, ==, 3);
    g_assert_cmphex(f->last, ==, LEVEL | REMOTE_IRR | 0x150);
    g_assert_cmphex(get_entry(f, 20), ==, LEVEL | 0x50);
}

/* R6: NMI and its like are edges, whatever the trigger says */
static void test_nmi(Fixture *f, gconstpointer data)
{
    set_entry(f, 3, LEVEL | 0x400);
    input(f, 3, true);
    g_assert_cmpuint(f->delivered, ==, 1);
    g_assert_cmphex(get_entry(f, 3), ==, LEVEL | 0x400);
    input(f, 3, false);
    input(f, 3, true);
    g_assert_cmpuint(f->delivered, ==, 2);
}

/* R7 */
static void test_no_processors(Fixture *f, gconstpointer data)
{
    ioapic_set_deliver(f->ioapic, NULL, NULL);
    set_entry(f, 1, 0x21);
    set_entry(f, 9, LEVEL | 0x29);
    input(f, 1, true);
    input(f, 9, true);
    g_assert_cmphex(get_entry(f, 9), ==, LEVEL | 0x29);
    ioapic_set_deliver(f->ioapic, deliver, f);
    g_assert_cmpuint(f->delivered, ==, 1);
    g_assert_cmphex(f->last, ==, LEVEL | REMOTE_IRR | 0x29);
}

/* R8: a reset does not change what others drive */
static void test_reset(Fixture *f, gconstpointer data)
{
    set_entry(f, 9, LEVEL | 0x29);
    input(f, 9, true);
    device_reset((Device *)f->ioapic);
    g_assert_cmphex(get_entry(f, 9), ==, MASK);
    set_entry(f, 9, LEVEL | 0x39);
    g_assert_cmpuint(f->delivered, ==, 2);
    g_assert_cmphex(f->last, ==, LEVEL | REMOTE_IRR | 0x39);
}

static void test_description(Fixture *f, gconstpointer data)
{
    g_autofree AcpiPlatform *platform = g_new0(AcpiPlatform, 1);
    Device *dev = (Device *)f->ioapic;
    const DeviceGpio *gpio = device_find_gpio(dev, NULL, false);

    platform->io_apic_id = 7;
    device_class(dev)->describe(dev, platform);
    g_assert_cmphex(platform->io_apic, ==, 0xfec00000);
    g_assert_cmpuint(platform->io_apic_id, ==, 0);
    g_assert_nonnull(gpio);
    g_assert_cmpuint(gpio->n, ==, 24);
    g_assert_true(&gpio->in[7] == ioapic_input(f->ioapic, 7));
}

/* R9, and that levels and REMOTE_IRR agree with a simple model */
static void test_fuzz(Fixture *f, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(0x82093aa);

    for (unsigned i = 0; i < 100000; i++) {
        unsigned n = g_rand_int_range(rand, 0, IOAPIC_NUM_INPUTS);
        uint32_t value = g_rand_int(rand);

        switch (g_rand_int_range(rand, 0, 8)) {
        case 0: case 1:
            input(f, n, value & 1);
            break;
        case 2:
            ioapic_eoi(f->ioapic, value);
            break;
        case 3:
            store(f, value & 0xff8, value, 1u << (i % 4));
            break;
        case 4:
            address_space_load(&f->rig->memory, IOAPIC_BASE + (value & 0xff8),
                               1u << (i % 4));
            break;
        default:
            /* Few vectors, so that ends of interrupts meet them */
            set(f, value >> 24, value & (i % 2 ? 0xffffff03 : 0x1ff03));
            break;
        }
        for (n = 0; i % 50 == 0 && n < IOAPIC_NUM_INPUTS; n++) {
            uint64_t entry = get_entry(f, n);
            bool level = entry & LEVEL && (entry >> 8 & 7) <= 1;

            g_assert_true(level || !(entry & REMOTE_IRR));
            g_assert_true(!level || entry & (MASK | REMOTE_IRR) ||
                          !ioapic_input(f->ioapic, n)->level);
        }
    }
    g_assert_cmpuint(f->delivered, >, 100);
}

#define ADD(name, function)                                                 \
    g_test_add("/ioapic/" name, Fixture, NULL, fixture_set_up, function,    \
               fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("reset-values", test_reset_values);
    ADD("registers", test_registers);
    ADD("edge", test_edge);
    ADD("level", test_level);
    ADD("shared-vector", test_shared_vector);
    ADD("nmi", test_nmi);
    ADD("no-processors", test_no_processors);
    ADD("reset", test_reset);
    ADD("description", test_description);
    ADD("fuzz", test_fuzz);
    return g_test_run();
}
