/*
 * The chipsets saved and restored: what one machine's guest did goes on in
 * another, and nothing that a stream can say breaks it
 *
 * The Rn are the requirements of docs/specs/acpi-pm.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "chipset-world.h"

#include <string.h>

#include "hw/isa/ich9-lpc.h"
#include "hw/isa/piix3.h"
#include "hw/isa/piix4-pm.h"
#include "hw/pci/i440fx.h"
#include "hw/pci/q35-mch.h"
#include "system/types.h"
#include "under-valgrind.h"

/* Saving and restoring, without the stream */

static GByteArray *world_save(World *w)
{
    GByteArray *all = g_byte_array_new();

    for (unsigned i = 0; i < w->n_functions; i++) {
        state_encode(world_table(w, i), w->functions[i], all);
    }
    return all;
}

static bool world_loaded(World *w, GError **error)
{
    for (unsigned i = 0; i < w->n_functions; i++) {
        if (!state_loaded(world_table(w, i), w->functions[i], error)) {
            return false;
        }
    }
    return true;
}

static void transfer(World *from, World *to)
{
    g_autoptr(GError) error = NULL;

    clock_restore(&to->machine->clock, from->machine->clock.now_ns,
                  from->machine->clock.epoch_us);
    for (unsigned i = 0; i < from->n_functions; i++) {
        const StateTable *table = world_table(from, i);
        g_autoptr(GByteArray) bytes = g_byte_array_new();

        state_encode(table, from->functions[i], bytes);
        state_decode(table, to->functions[i], table->version, bytes->data,
                     bytes->len, &error);
        g_assert_no_error(error);
    }
    world_loaded(to, &error);
    g_assert_no_error(error);
}

/* Comparing */

static void compare_views(AddressSpace *a, AddressSpace *b, bool for_write)
{
    const GArray *va = address_space_view(a, for_write);
    const GArray *vb = address_space_view(b, for_write);

    g_assert_cmpuint(va->len, ==, vb->len);
    for (unsigned i = 0; i < va->len; i++) {
        const FlatRange *ra = &g_array_index(va, FlatRange, i);
        const FlatRange *rb = &g_array_index(vb, FlatRange, i);

        g_assert_cmphex(ra->start, ==, rb->start);
        g_assert_cmphex(ra->last, ==, rb->last);
        g_assert_cmphex(ra->offset, ==, rb->offset);
        g_assert_cmpstr(ra->region->name, ==, rb->region->name);
    }
}

static void compare_lines(World *a, World *b)
{
    for (unsigned n = 0; n < IOAPIC_NUM_INPUTS; n++) {
        g_assert_true(world_line(a, n)->level == world_line(b, n)->level);
    }
}

static void compare_timers(const Timer *a, const Timer *b)
{
    g_assert_true(a->armed == b->armed);
    if (a->armed) {
        g_assert_cmpint(a->deadline_ns, ==, b->deadline_ns);
    }
}

static void compare(World *a, World *b)
{
    g_autoptr(GByteArray) saved_a = NULL;
    g_autoptr(GByteArray) saved_b = NULL;

    compare_lines(a, b);
    for (unsigned i = 0; i < a->n_functions; i++) {
        const PciDevice *pa = (PciDevice *)a->functions[i];
        const PciDevice *pb = (PciDevice *)b->functions[i];

        g_assert_cmpmem(pa->config, PCI_CONFIG_LEN, pb->config,
                        PCI_CONFIG_LEN);
        g_assert_cmpmem(pa->wmask, PCI_CONFIG_LEN, pb->wmask, PCI_CONFIG_LEN);
    }
    for (unsigned pass = 0; pass < 2; pass++) {
        compare_views(&a->machine->memory, &b->machine->memory, pass);
        compare_views(&a->machine->io, &b->machine->io, pass);
    }
    compare_timers(&world_pm(a)->tmr_timer, &world_pm(b)->tmr_timer);
    saved_a = world_save(a);
    saved_b = world_save(b);
    g_assert_cmpmem(saved_a->data, saved_a->len, saved_b->data, saved_b->len);
}

/* R27: both guests do the same and see the same. */
static void compare_futures(World *a, World *b, uint32_t seed)
{
    g_autoptr(GRand) rand_a = g_rand_new_with_seed(seed);
    g_autoptr(GRand) rand_b = g_rand_new_with_seed(seed);

    g_string_truncate(a->seen, 0);
    g_string_truncate(b->seen, 0);
    for (unsigned i = 0; i < 500; i++) {
        g_assert_cmphex(access_something(a, rand_a), ==,
                        access_something(b, rand_b));
    }
    g_assert_cmpstr(a->seen->str, ==, b->seen->str);
    compare(a, b);
}

/* States that a guest can bring a chipset into */

static void make_placed(World *w)
{
    const Kind *k = w->kind;

    place_pm(w, 0);
    config_out(w, 0, k->pam0, 0x30, 1);
    config_out(w, 0, k->pam0 + 1, 0x21, 1);
    config_out(w, 0, k->pam0 + 6, 0x13, 1);
    config_out(w, 0, k->smram, 0x4a, 1);
    if (k->q35) {
        config_out(w, 0, 0x60, 0xe8000003, 4);
        config_out(w, k->pm_devfn, 0x68, 0x0b, 1);
    }
    /* the address stays, half-way between two accesses */
    out(w, 0xcf8, 0x8000f840, 4);
}

static void make_locked(World *w)
{
    config_out(w, 0, w->kind->smram, 0x4a, 1);
    config_out(w, 0, w->kind->smram, 0x5a, 1);
    if (w->kind->q35) {
        place_pm(w, 0);
        out(w, PM + 0x30, 0x21, 4);
        config_out(w, w->kind->pm_devfn, 0xa0, 0x10, 1);
    }
    out(w, 0xcf9, 0x0a, 1);
    out(w, 0xb3, 0x77, 1);
}

static void make_sci(World *w)
{
    const Kind *k = w->kind;

    place_pm(w, k->q35 ? 4 : 0);
    out(w, 0xb2, k->acpi_enable, 1);
    out(w, k->gpe0 + k->gpe0_half, 1 << 5, 1);
    acpi_pm_raise_gpe(world_pm(w), 5);
    acpi_pm_raise_gpe(world_pm(w), 7);
    acpi_pm_power_button(world_pm(w));
    out(w, PM1_CNT + 1, 0x14, 1);
    g_assert_true(world_line(w, k->q35 ? 20 : 9)->level);
}

static void make_timer(World *w)
{
    place_pm(w, 0);
    advance(w, 12345678901);
    out(w, PM1_CNT, ACPI_PM1_SCI_EN, 2);
    out(w, PM, ACPI_PM1_TMR, 2);
    out(w, PM1_EN, ACPI_PM1_TMR, 2);
    advance(w, 1234);
    g_assert_true(world_pm(w)->tmr_timer.armed);
}

/* The timer's bit has changed and nobody has looked since. */
static void make_late(World *w)
{
    place_pm(w, 0);
    advance(w, INT64_C(3600) * NS_PER_SECOND + 7);
    g_assert_false(world_pm(w)->tmr_timer.armed);
}

static void make_nothing(World *w)
{
}

static void test_round_trips(gconstpointer data)
{
    static void (*const scenarios[])(World *w) = {
        make_nothing, make_placed, make_locked, make_sci, make_timer,
        make_late,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        World *a = world_new(data);
        World *b = world_new(data);

        scenarios[i](a);
        transfer(a, b);
        compare(a, b);
        compare_futures(a, b, i);
        world_free(a);
        world_free(b);
    }
}

/* Where ever many accesses lead */
static void test_random_states(gconstpointer data)
{
    unsigned rounds = times_to_run(100);

    for (unsigned seed = 1; seed <= rounds; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        World *a = world_new(data);
        World *b = world_new(data);

        for (unsigned i = 0; i < 300; i++) {
            switch (g_rand_int_range(rand, 0, 8)) {
            case 0: case 1: case 2: case 3:
                access_config(a, rand);
                break;
            case 4:
                acpi_pm_raise_gpe(world_pm(a), g_rand_int_range(rand, 0, 16));
                break;
            case 5:
                place_pm(a, 0);
                out(a, 0xb2, a->kind->acpi_enable, 1);
                break;
            default:
                access_port(a, rand);
                break;
            }
        }
        advance(a, g_rand_int(rand));
        transfer(a, b);
        compare(a, b);
        compare_futures(a, b, seed);
        world_free(a);
        world_free(b);
    }
}

/* R17: a line that the SCI has left is somebody else's. */
static void test_other_lines(gconstpointer data)
{
    World *a = world_new(data);
    World *b = world_new(data);

    make_sci(a);
    if (a->kind->q35) {
        irq_set(world_line(a, 9), true);
    }
    for (unsigned n = 0; n < IOAPIC_NUM_INPUTS; n++) {
        irq_set(world_line(b, n), world_line(a, n)->level);
    }
    g_string_truncate(b->seen, 0);
    transfer(a, b);
    g_assert_cmpstr(b->seen->str, ==, "");
    compare(a, b);
    world_free(a);
    world_free(b);
}


/* R28: what cannot be is refused, by the member's name. */

typedef struct Spoiled {
    const char *function;
    size_t offset;              /* in its struct */
    unsigned width;
    uint64_t value;
    const char *fault;          /* NULL: taken */
} Spoiled;

static const Spoiled spoiled[] = {
    { "i440fx", offsetof(PciDevice, config) + 0x00, 1, 0x87,
      "pci.config: byte 0x00 is 0x87, but its bits 0xff are read only and "
      "0x86" },
    { "i440fx", offsetof(PciDevice, config) + 0x72, 1, 0x03,
      "pci.config: byte 0x72 is 0x03, but its bits 0x87 are read only and "
      "0x02" },
    { "i440fx", offsetof(PciDevice, config) + 0xff, 1, 0x01,
      "pci.config: byte 0xff is 0x01, but its bits 0xff are read only and "
      "0x00" },
    { "i440fx", offsetof(PciDevice, config) + 0x72, 1, 0x52, NULL },
    { "i440fx", offsetof(PciDevice, config) + 0x07, 1, 0xf3, NULL },
    { "i440fx", offsetof(I440fx, ports.address), 4, 0x80000001,
      "ports.address is 0x80000001, bits 0x1 of it cannot be set" },
    { "mch", offsetof(Q35Mch, ports.address), 4, 0x7f000000,
      "ports.address is 0x7f000000, bits 0x7f000000 of it cannot be set" },
    { "mch", offsetof(PciDevice, config) + 0x64, 1, 0x1f,
      "pci.config: byte 0x64 is 0x1f, but its bits 0xf0 are read only and "
      "0x00" },
    { "piix3", offsetof(Piix3, reset_port.control), 1, 0x0a,
      "reset_port.control is 0xa, bits 0x8 of it cannot be set" },
    { "lpc", offsetof(Ich9Lpc, reset_port.control), 1, 0x0a, NULL },
    { "lpc", offsetof(Ich9Lpc, reset_port.control), 1, 0x04,
      "reset_port.control is 0x4, bits 0x4 of it cannot be set" },
    { "lpc", offsetof(Ich9Lpc, smi_en), 4, 0x80000023,
      "smi_en is 0x80000023, bits 0x80000000 of it cannot be set" },
    { "lpc", offsetof(PciDevice, config) + 0xa0, 1, 0x11,
      "pci.config: byte 0xa0 is 0x11, but its bits 0xef are read only and "
      "0x00" },
    { "piix4-pm", offsetof(Piix4Pm, pm.pm1_sts), 2, 0x8521, NULL },
    { "piix4-pm", offsetof(Piix4Pm, pm.pm1_sts), 2, 0x8523,
      "pm.pm1_sts is 0x8523, bits 0x2 of it cannot be set" },
    { "piix4-pm", offsetof(Piix4Pm, pm.pm1_en), 2, 0x8000,
      "pm.pm1_en is 0x8000, bits 0x8000 of it cannot be set" },
    { "piix4-pm", offsetof(Piix4Pm, pm.pm1_cnt), 2, 0x2001,
      "pm.pm1_cnt is 0x2001, bits 0x2000 of it cannot be set" },
    { "piix4-pm", offsetof(Piix4Pm, pm.gpe0_sts) + 1, 1, 0xff, NULL },
    { "piix4-pm", offsetof(Piix4Pm, pm.gpe0_sts) + 2, 1, 0x01,
      "pm.gpe0_sts: byte 2 is 0x01, there are only 2" },
    { "piix4-pm", offsetof(Piix4Pm, pm.gpe0_en) + 7, 1, 0x80,
      "pm.gpe0_en: byte 7 is 0x80, there are only 2" },
    { "lpc", offsetof(Ich9Lpc, pm.gpe0_en) + 7, 1, 0x80, NULL },
    { "lpc", offsetof(Ich9Lpc, pm.pm1_cnt), 2, 0x0004,
      "pm.pm1_cnt is 0x4, bits 0x4 of it cannot be set" },
};

static void test_refused(gconstpointer data)
{
    World *w = world_new(data);
    unsigned n = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(spoiled); i++) {
        const Spoiled *s = &spoiled[i];
        g_autofree char *path = g_strconcat("/machine/", s->function, NULL);
        uint8_t *dev = (uint8_t *)object_resolve(w->root, path, NULL);
        g_autoptr(GError) error = NULL;

        if (!dev) {
            continue;
        }
        /* in the host's order, which tests run on is little-endian */
        memcpy(dev + s->offset, &s->value, s->width);
        g_assert_true(world_loaded(w, &error) == !s->fault);
        g_assert_cmpstr(error ? error->message : NULL, ==, s->fault);
        machine_reset_devices(w->machine);
        n++;
    }
    g_assert_cmpuint(n, >, 5);
    world_free(w);
}

/* What follows from two registers is made to fit. */
static void test_corrected(gconstpointer data)
{
    World *w = world_new(data);
    PciDevice *host = (PciDevice *)w->functions[0];

    host->config[w->kind->smram] = 0x7a;
    if (w->kind->q35) {
        host->config[0x60] = 0x01;
        host->config[0x63] = 0xec;
    }
    g_assert_true(world_loaded(w, NULL));
    g_assert_cmphex(host->config[w->kind->smram], ==, 0x3a);
    g_assert_cmphex(host->wmask[w->kind->smram], ==, 0);
    if (w->kind->q35) {
        g_assert_cmphex(host->config[0x63], ==, 0xe0);
        g_assert_cmphex(address_space_load(&w->machine->memory, 0xe0000000, 4),
                        ==, 0x29c08086);
    }
    world_free(w);
}

/* Anything at all */

/* One byte in @sparse is something else: with many, nothing would be taken. */
static void randomize(const StateTable *table, uint8_t *obj, int sparse,
                      GRand *rand)
{
    for (const StateField *f = table->fields; f->kind != STATE_END_OF_TABLE;
         f++) {
        for (uint32_t i = 0; i < f->count; i++) {
            uint8_t *element = obj + f->offset + (size_t)f->stride * i;

            if (f->kind == STATE_PART) {
                randomize(f->part, element, sparse, rand);
                continue;
            }
            g_assert_cmpint(f->kind, ==, STATE_INTEGER);
            for (unsigned n = 0; n < f->width; n++) {
                if (g_rand_int_range(rand, 0, sparse) == 0) {
                    element[n] = random_value(rand) >> 8 * (n % 4);
                }
            }
        }
    }
}

/* All but one time in four: only what the guest could have written */
static void tame(World *w, GRand *rand)
{
    for (unsigned i = 0; i < w->n_functions; i++) {
        PciDevice *pci = (PciDevice *)w->functions[i];

        if (g_rand_int_range(rand, 0, 4) == 0) {
            continue;
        }
        for (unsigned n = 0; n < PCI_CONFIG_LEN; n++) {
            uint8_t live = pci->wmask[n] | pci->w1c[n];

            pci->config[n] = (pci->initial[n] & ~live) |
                             (pci->config[n] & live);
        }
    }
}

static void test_hostile(gconstpointer data)
{
    const uint32_t seed = 0x43484950;
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    World *w = world_new(data);
    World *fresh = world_new(data);
    size_t rounds = times_to_run(10000);
    unsigned taken = 0;

    g_test_message("seed 0x%08x", seed);
    for (size_t i = 0; i < rounds; i++) {
        int sparse = 1 << g_rand_int_range(rand, 0, 8);

        for (unsigned f = 0; f < w->n_functions; f++) {
            randomize(world_table(w, f), (uint8_t *)w->functions[f], sparse,
                      rand);
        }
        tame(w, rand);
        if (world_loaded(w, NULL)) {
            taken++;
            for (unsigned n = 0; n < 20; n++) {
                access_something(w, rand);
            }
        }
        machine_reset_devices(w->machine);
        clock_advance(&fresh->machine->clock, w->machine->clock.now_ns);
        machine_reset_devices(fresh->machine);
        compare(fresh, w);
    }
    g_test_message("%u of %zu taken", taken, rounds);
    g_assert_cmpuint(taken, >, rounds / 10);
    g_assert_cmpuint(taken, <, rounds);
    world_free(w);
    world_free(fresh);
}

static void add(const Kind *kind, const char *name, GTestDataFunc test)
{
    g_autofree char *path = g_strdup_printf("/chipset-state/%s/%s",
                                            kind->machine, name);

    g_test_add_data_func(path, kind, test);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    types_register();
    for (unsigned k = 0; k < G_N_ELEMENTS(kinds); k++) {
        add(&kinds[k], "round-trips", test_round_trips);
        add(&kinds[k], "random-states", test_random_states);
        add(&kinds[k], "other-lines", test_other_lines);
        add(&kinds[k], "refused", test_refused);
        add(&kinds[k], "corrected", test_corrected);
        add(&kinds[k], "hostile", test_hostile);
    }
    return g_test_run();
}
