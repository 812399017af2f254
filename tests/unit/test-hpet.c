/*
 * HPET (docs/specs/hpet.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/timer/hpet.h"

#include "device-rig.h"
#include "hw/acpi/tables.h"
#include "under-valgrind.h"

#define TICK_NS 10
#define ROUTES UINT32_C(0x00ff0104)     /* as on q35 */

enum { CAPABILITIES = 0x00, CONFIG = 0x10, STATUS = 0x20, COUNTER = 0xf0 };
enum { ENABLE = 1, LEGACY = 2 };
enum { LEVEL = 0x02, INT = 0x04, PERIODIC = 0x08, SETVAL = 0x40,
       MODE32 = 0x100 };

#define TN_CONFIG(n) (0x100 + 0x20 * (n))
#define TN_COMPARATOR(n) (0x108 + 0x20 * (n))
#define TN_FSB(n) (0x110 + 0x20 * (n))
#define ROUTE(line) ((line) << 9)

/* The rig's lines after the I/O APIC's */
enum { LINE_IRQ0 = HPET_NUM_LINES, LINE_IRQ8 };

typedef struct Fixture {
    Rig *rig;
    Hpet *hpet;
} Fixture;

static void fixture_set_up(Fixture *f, gconstpointer data)
{
    Irq *lines[HPET_NUM_LINES], *legacy[HPET_NUM_LEGACY];
    Device *dev;

    f->rig = rig_new();
    for (unsigned n = 0; n < HPET_NUM_LINES; n++) {
        lines[n] = &f->rig->lines[n];
    }
    legacy[0] = &f->rig->lines[LINE_IRQ0];
    legacy[1] = &f->rig->lines[LINE_IRQ8];
    dev = rig_new_device(f->rig, &hpet_type, NULL, NULL);
    f->hpet = (Hpet *)dev;
    hpet_wire(f->hpet, &f->rig->clock, &f->rig->memory_root, lines, legacy,
              ROUTES);
    rig_realize(dev);
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
    rig_free(f->rig);
}

static uint64_t get(Fixture *f, unsigned reg)
{
    return address_space_load(&f->rig->memory, HPET_BASE + reg, 8);
}

static void set(Fixture *f, unsigned reg, uint64_t value)
{
    address_space_store(&f->rig->memory, HPET_BASE + reg, value, 8);
}

static void set32(Fixture *f, unsigned reg, uint32_t value)
{
    address_space_store(&f->rig->memory, HPET_BASE + reg, value, 4);
}

static void step(Fixture *f, uint64_t ticks)
{
    rig_step(f->rig, ticks * TICK_NS);
}

/* R1, R2 */
static void test_reset_values(Fixture *f, gconstpointer data)
{
    for (unsigned round = 0; round < 2; round++) {
        g_assert_cmphex(get(f, CAPABILITIES), ==, 0x009896808086a201);
        g_assert_cmphex(get(f, CONFIG), ==, 0);
        g_assert_cmphex(get(f, STATUS), ==, 0);
        g_assert_cmphex(get(f, COUNTER), ==, 0);
        g_assert_cmphex(get(f, TN_CONFIG(0)), ==, 0x00ff010400000030);
        g_assert_cmphex(get(f, TN_CONFIG(1)), ==, 0x00ff010400000020);
        g_assert_cmphex(get(f, TN_CONFIG(2)), ==, 0x00ff010400000020);
        g_assert_cmphex(get(f, TN_CONFIG(3)), ==, 0);
        for (unsigned n = 0; n < HPET_NUM_TIMERS; n++) {
            g_assert_cmphex(get(f, TN_COMPARATOR(n)), ==, UINT64_MAX);
            g_assert_cmphex(get(f, TN_FSB(n)), ==, 0);
        }
        for (unsigned reg = 0; reg < HPET_LEN; reg += 8) {
            set(f, reg, 0x0123456789abcdef);
        }
        step(f, 12345);
        device_reset((Device *)f->hpet);
    }
    g_assert_cmpint(clock_deadline_ns(&f->rig->clock), ==, -1);
}

/* R1, R3: what can be written, in which sizes */
static void test_registers(Fixture *f, gconstpointer data)
{
    set(f, CAPABILITIES, 0);
    g_assert_cmphex(get(f, CAPABILITIES), ==, 0x009896808086a201);
    set(f, CONFIG, UINT64_MAX & ~(uint64_t)ENABLE);
    g_assert_cmphex(get(f, CONFIG), ==, LEGACY);
    set(f, CONFIG, 0);
    set(f, TN_CONFIG(0), UINT64_MAX);
    /* No timer can drive line 31: the route stays */
    g_assert_cmphex(get(f, TN_CONFIG(0)), ==, 0x00ff01040000017e);
    set(f, TN_CONFIG(1), UINT64_MAX);
    g_assert_cmphex(get(f, TN_CONFIG(1)), ==, 0x00ff010400000126);
    set(f, TN_CONFIG(1), ROUTE(23));
    g_assert_cmphex(get(f, TN_CONFIG(1)), ==, 0x00ff010400002e20);
    set(f, TN_CONFIG(1), ROUTE(3));
    g_assert_cmphex(get(f, TN_CONFIG(1)), ==, 0x00ff010400002e20);
    g_assert_cmphex(get(f, TN_COMPARATOR(1)), ==, UINT32_MAX);  /* MODE32 */
    set(f, TN_COMPARATOR(1), UINT64_MAX);
    set32(f, TN_COMPARATOR(1), 0x11111111);
    g_assert_cmphex(get(f, TN_COMPARATOR(1)), ==, 0xffffffff11111111);
    set32(f, TN_COMPARATOR(1) + 4, 0x22222222);
    g_assert_cmphex(get(f, TN_COMPARATOR(1)), ==, 0x2222222211111111);
    g_assert_cmphex(address_space_load(&f->rig->memory,
                                       HPET_BASE + TN_COMPARATOR(1) + 4, 4),
                    ==, 0x22222222);
    set(f, TN_CONFIG(1), MODE32);
    g_assert_cmphex(get(f, TN_COMPARATOR(1)), ==, 0x11111111);
    address_space_store(&f->rig->memory, HPET_BASE + TN_COMPARATOR(1) + 1,
                        0xab, 1);
    g_assert_cmphex(get(f, TN_COMPARATOR(1)), ==, 0x1111ab11);
    set(f, TN_FSB(0), 0x1234);
    g_assert_cmphex(get(f, TN_FSB(0)), ==, 0);
}

/* R4 */
static void test_counter(Fixture *f, gconstpointer data)
{
    step(f, 1000);
    g_assert_cmpuint(get(f, COUNTER), ==, 0);
    set(f, CONFIG, ENABLE);
    step(f, 1000);
    g_assert_cmpuint(get(f, COUNTER), ==, 1000);
    set(f, CONFIG, 0);
    step(f, 1000);
    g_assert_cmpuint(get(f, COUNTER), ==, 1000);
    set(f, COUNTER, 0xfffffffffffffff0);
    set(f, CONFIG, ENABLE);
    step(f, 0x20);
    g_assert_cmphex(get(f, COUNTER), ==, 0x10);
    set32(f, COUNTER + 4, 0x80000000);
    step(f, 1);
    g_assert_cmphex(get(f, COUNTER), ==, 0x8000000000000011);
}

/* R5: one-shot, edge */
static void test_one_shot(Fixture *f, gconstpointer data)
{
    set(f, TN_CONFIG(0), INT | ROUTE(2));
    set(f, TN_COMPARATOR(0), 5000);
    step(f, 10000);
    g_assert_cmpuint(f->rig->raised[2], ==, 0);
    set(f, CONFIG, ENABLE);
    step(f, 4999);
    g_assert_cmpuint(f->rig->raised[2], ==, 0);
    step(f, 1);
    g_assert_cmpuint(f->rig->raised[2], ==, 1);
    g_assert_false(f->rig->high[2]);
    g_assert_cmphex(get(f, STATUS), ==, 0);
    rig_step(f->rig, 1000 * NS_PER_SECOND);
    g_assert_cmpuint(f->rig->raised[2], ==, 1);

    /* 32 bits: once around is 42.9 s; without an effect it does not run */
    set(f, TN_CONFIG(0), INT | ROUTE(2) | MODE32);
    set(f, COUNTER, 0);
    set(f, TN_COMPARATOR(0), 0);
    step(f, 1);
    g_assert_cmpuint(f->rig->raised[2], ==, 2);
    step(f, UINT32_MAX - 1);
    g_assert_cmpuint(f->rig->raised[2], ==, 2);
    step(f, 1);
    g_assert_cmpuint(f->rig->raised[2], ==, 3);
    set(f, TN_CONFIG(0), ROUTE(2) | MODE32);
    g_assert_cmpint(clock_deadline_ns(&f->rig->clock), ==, -1);
}

/* R6: level: the status bit holds the line */
static void test_level(Fixture *f, gconstpointer data)
{
    for (unsigned n = 0; n < 3; n++) {
        set(f, TN_CONFIG(n), LEVEL | INT | ROUTE(16));
        set(f, TN_COMPARATOR(n), 100 * (n + 1));
    }
    set(f, CONFIG, ENABLE);
    step(f, 1000);
    g_assert_cmphex(get(f, STATUS), ==, 7);
    g_assert_cmpuint(f->rig->raised[16], ==, 1);
    set(f, STATUS, 1);
    g_assert_cmphex(get(f, STATUS), ==, 6);
    set32(f, STATUS + 4, UINT32_MAX);   /* not the half with the bits */
    g_assert_cmphex(get(f, STATUS), ==, 6);
    g_assert_true(f->rig->high[16]);    /* two still hold it */
    set(f, TN_CONFIG(2), LEVEL | INT | ROUTE(8));
    g_assert_true(f->rig->high[8]);
    set32(f, STATUS, 2);
    g_assert_false(f->rig->high[16]);
    set(f, TN_CONFIG(2), LEVEL | ROUTE(8));
    g_assert_false(f->rig->high[8]);
    g_assert_cmphex(get(f, STATUS), ==, 4);
    set(f, TN_CONFIG(2), INT | ROUTE(8));
    g_assert_cmphex(get(f, STATUS), ==, 0);
    /* Status without interrupt */
    set(f, TN_CONFIG(1), LEVEL | ROUTE(16));
    set(f, TN_COMPARATOR(1), 2000);
    step(f, 2000);
    g_assert_cmphex(get(f, STATUS), ==, 2);
    g_assert_false(f->rig->high[16]);
    device_reset((Device *)f->hpet);
    g_assert_cmphex(get(f, STATUS), ==, 0);
}

/* R7: periodic, the way operating systems set it up */
static void test_periodic(Fixture *f, gconstpointer data)
{
    set(f, CONFIG, ENABLE);
    step(f, 777);
    set32(f, TN_CONFIG(0), INT | PERIODIC | SETVAL | MODE32 | ROUTE(2));
    set32(f, TN_COMPARATOR(0), 5000);
    g_assert_cmphex(get(f, TN_CONFIG(0)) & SETVAL, ==, 0);
    set32(f, TN_COMPARATOR(0), 2000);
    g_assert_cmpuint(get(f, TN_COMPARATOR(0)), ==, 5000);
    step(f, 5000 - 777 - 1);
    g_assert_cmpuint(f->rig->raised[2], ==, 0);
    step(f, 1);
    g_assert_cmpuint(f->rig->raised[2], ==, 1);
    g_assert_cmpuint(get(f, TN_COMPARATOR(0)), ==, 7000);
    step(f, 20000);
    g_assert_cmpuint(f->rig->raised[2], ==, 11);
    /* Through the wrap of 32 bits nothing is lost */
    for (unsigned i = 0; i < 4; i++) {
        step(f, UINT64_C(1) << 30);
    }
    g_assert_cmpuint(f->rig->raised[2], ==, 11 + (1u << 31) / 1000);
    /* A host that comes late gives one interrupt for all that are due */
    f->rig->raised[2] = 0;
    f->rig->clock.now_ns += 10001 * TICK_NS;
    step(f, 0);
    g_assert_cmpuint(f->rig->raised[2], ==, 1);
    g_assert_cmpuint((uint32_t)(get(f, TN_COMPARATOR(0)) - get(f, COUNTER)),
                     <=, 2000);
    /* A period of zero is a one-shot */
    set(f, TN_COMPARATOR(0), 0);
    step(f, 10000);
    g_assert_cmpuint(f->rig->raised[2], ==, 2);
}

/* R8: a period too short for the host */
static void test_short_period(Fixture *f, gconstpointer data)
{
    static const unsigned periods[] = { 1, 3, 999, 1000 };

    for (unsigned i = 0; i < G_N_ELEMENTS(periods); i++) {
        unsigned before = f->rig->raised[2];

        set(f, CONFIG, 0);
        set(f, COUNTER, 0);
        set(f, TN_CONFIG(0), INT | PERIODIC | SETVAL | ROUTE(2));
        set(f, TN_COMPARATOR(0), periods[i]);
        set(f, CONFIG, ENABLE);
        rig_step(f->rig, NS_PER_SECOND / 10);
        g_assert_cmpuint(f->rig->raised[2] - before, <=, 10001);
        g_assert_cmpuint(f->rig->raised[2] - before, >=, 5000);
        /* The comparator is where it would be: a multiple, and ahead */
        g_assert_cmpuint(get(f, TN_COMPARATOR(0)) % periods[i], ==, 0);
        g_assert_cmpuint(get(f, TN_COMPARATOR(0)), >, get(f, COUNTER));
    }
}

/* R9 */
static void test_legacy(Fixture *f, gconstpointer data)
{
    Irq *pit = hpet_legacy_input(f->hpet, 0);
    Irq *rtc = hpet_legacy_input(f->hpet, 1);

    irq_set(pit, true);
    g_assert_true(f->rig->high[LINE_IRQ0]);
    irq_set(pit, false);
    g_assert_false(f->rig->high[LINE_IRQ0]);
    irq_set(rtc, true);
    g_assert_true(f->rig->high[LINE_IRQ8]);

    set(f, TN_CONFIG(0), INT | ROUTE(2));
    set(f, TN_CONFIG(1), INT | LEVEL | ROUTE(2));
    set(f, TN_CONFIG(2), INT | ROUTE(2));
    for (unsigned n = 0; n < 3; n++) {
        set(f, TN_COMPARATOR(n), 1000);
    }
    set(f, CONFIG, ENABLE | LEGACY);
    g_assert_false(f->rig->high[LINE_IRQ8]);    /* the RTC is cut off */
    irq_set(pit, true);
    g_assert_false(f->rig->high[LINE_IRQ0]);
    step(f, 1000);
    g_assert_cmpuint(f->rig->raised[LINE_IRQ0], ==, 2);
    g_assert_false(f->rig->high[LINE_IRQ0]);
    g_assert_true(f->rig->high[LINE_IRQ8]);
    g_assert_cmpuint(f->rig->raised[2], ==, 1); /* timer 2's */
    set(f, STATUS, 2);
    g_assert_false(f->rig->high[LINE_IRQ8]);
    set(f, CONFIG, ENABLE);                     /* they are back */
    g_assert_true(f->rig->high[LINE_IRQ8]);
    g_assert_true(f->rig->high[LINE_IRQ0]);
    irq_set(rtc, false);
    set(f, CONFIG, ENABLE | LEGACY);
    device_reset((Device *)f->hpet);
    g_assert_true(f->rig->high[LINE_IRQ0]);     /* the PIT's is not ours */
    g_assert_false(f->rig->high[LINE_IRQ8]);
}

/* R10: a guest that is still there when the clock has no more nanoseconds */
static void test_end_of_time(Fixture *f, gconstpointer data)
{
    for (unsigned n = 0; n < HPET_NUM_TIMERS; n++) {
        set(f, TN_CONFIG(n), INT | ROUTE(2));
    }
    set(f, CONFIG, ENABLE);
    clock_advance(&f->rig->clock, INT64_MAX - 1000);
    set(f, TN_CONFIG(0), INT | PERIODIC | SETVAL | ROUTE(2));
    set(f, TN_COMPARATOR(0), UINT64_MAX);
    set(f, TN_COMPARATOR(1), UINT64_MAX - 1);
    set(f, TN_COMPARATOR(2), get(f, COUNTER) + 50);
    clock_advance(&f->rig->clock, INT64_MAX - 1);
    g_assert_cmpuint(f->rig->raised[2], ==, 1);
    g_assert_cmpuint(get(f, COUNTER), ==, (uint64_t)INT64_MAX / TICK_NS);
}

/* R6, R9: on a PC IRQ 8 is the I/O APIC's input 8 */
static void test_shared_line(void)
{
    Rig *rig = rig_new();
    Fixture f = { .rig = rig };
    Device *dev = rig_new_device(rig, &hpet_type, NULL, NULL);
    Irq *lines[HPET_NUM_LINES], *legacy[HPET_NUM_LEGACY];

    for (unsigned n = 0; n < HPET_NUM_LINES; n++) {
        lines[n] = &rig->lines[n];
    }
    legacy[0] = lines[2];
    legacy[1] = lines[8];
    f.hpet = (Hpet *)dev;
    hpet_wire(f.hpet, &rig->clock, &rig->memory_root, lines, legacy, ROUTES);
    rig_realize(dev);
    set(&f, TN_CONFIG(2), INT | LEVEL | ROUTE(8));
    set(&f, TN_COMPARATOR(2), 10);
    set(&f, CONFIG, ENABLE);
    step(&f, 10);
    irq_set(hpet_legacy_input(f.hpet, 1), true);
    g_assert_true(rig->high[8]);
    irq_set(hpet_legacy_input(f.hpet, 1), false);
    g_assert_true(rig->high[8]);
    irq_set(hpet_legacy_input(f.hpet, 1), true);
    set(&f, STATUS, 4);
    g_assert_true(rig->high[8]);
    set(&f, TN_CONFIG(2), INT | ROUTE(8));      /* no edge on a high line */
    set(&f, TN_COMPARATOR(2), 20);
    step(&f, 10);
    g_assert_true(rig->high[8]);
    irq_set(hpet_legacy_input(f.hpet, 1), false);
    g_assert_false(rig->high[8]);
    g_assert_cmpuint(rig->raised[8], ==, 1);
    rig_free(rig);
}

static void test_wiring(void)
{
    g_autofree AcpiPlatform *platform = g_new0(AcpiPlatform, 1);
    Rig *rig = rig_new();
    Fixture f = { .rig = rig };
    Device *dev = rig_new_device(rig, &hpet_type, NULL, NULL);

    /* Nothing connected: it counts, and drives nothing */
    f.hpet = (Hpet *)dev;
    hpet_wire(f.hpet, &rig->clock, &rig->memory_root, NULL, NULL, 4);
    rig_realize(dev);
    g_assert_cmphex(get(&f, TN_CONFIG(2)), ==, 0x0000000400000020);
    set(&f, TN_CONFIG(0), INT | ROUTE(2));
    set(&f, TN_CONFIG(1), INT | LEVEL);         /* line 0: not possible */
    set(&f, TN_COMPARATOR(0), 10);
    set(&f, TN_COMPARATOR(1), 10);
    set(&f, CONFIG, ENABLE);
    step(&f, 10);
    g_assert_cmphex(get(&f, STATUS), ==, 2);
    set(&f, CONFIG, ENABLE | LEGACY);
    set(&f, TN_COMPARATOR(0), 20);
    step(&f, 20);
    device_class(dev)->describe(dev, platform);
    g_assert_true(platform->has_hpet);
    g_assert_cmphex(platform->hpet_base, ==, 0xfed00000);
    g_assert_cmphex(platform->hpet_id, ==, 0x8086a201);
    g_assert_cmpuint(platform->hpet_min_tick, ==, HPET_MIN_TICK);
    g_assert_nonnull(device_find_gpio(dev, "legacy", false));
    rig_free(rig);
}

/* R10 */
static void test_fuzz(Fixture *f, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(0x8086a201);

    for (size_t i = times_to_run(100000); i; i--) {
        unsigned size = 1u << g_rand_int_range(rand, 0, 4);
        uint64_t addr = HPET_BASE + g_rand_int_range(rand, 0, HPET_LEN - 8);
        uint64_t value = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);

        if (i % 2) {            /* where the registers are */
            addr = HPET_BASE + (addr & 0x1f8);
        }
        if (i % 16 == 0) {
            set(f, CONFIG, ENABLE | (i / 16 % 5 == 0 ? LEGACY : 0));
        }
        switch (g_rand_int_range(rand, 0, 12)) {
        case 0:
            /* At most 10 ms: 1000 expiries of the periodic timer */
            step(f, value % (UINT64_C(1) << (i % 20)));
            break;
        case 1:
            irq_set(hpet_legacy_input(f->hpet, i % 2), value & 1);
            break;
        case 2: case 3: case 4: case 5:
            address_space_load(&f->rig->memory, addr, size);
            break;
        default:
            address_space_store(&f->rig->memory, addr,
                                i % 3 ? value : value & 0xff, size);
            break;
        }
        g_assert_cmpuint(f->rig->clock.armed->len, <=, HPET_NUM_TIMERS);
    }
    irq_set(hpet_legacy_input(f->hpet, 0), false);
    irq_set(hpet_legacy_input(f->hpet, 1), false);
    device_reset((Device *)f->hpet);
    for (unsigned n = 0; n < RIG_NUM_LINES; n++) {
        g_assert_false(f->rig->high[n]);
        f->rig->raised[n] = 0;
    }
    test_periodic(f, data);
}

#define ADD(name, function)                                                 \
    g_test_add("/hpet/" name, Fixture, NULL, fixture_set_up, function,      \
               fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("reset-values", test_reset_values);
    ADD("registers", test_registers);
    ADD("counter", test_counter);
    ADD("one-shot", test_one_shot);
    ADD("level", test_level);
    ADD("periodic", test_periodic);
    ADD("short-period", test_short_period);
    ADD("legacy", test_legacy);
    ADD("end-of-time", test_end_of_time);
    g_test_add_func("/hpet/shared-line", test_shared_line);
    g_test_add_func("/hpet/wiring", test_wiring);
    ADD("fuzz", test_fuzz);
    return g_test_run();
}
