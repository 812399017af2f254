/*
 * State tables of I/O APIC, RTC, HPET and serial port: a device that was
 * restored cannot be told from the one that was saved
 *
 * Each device is driven with random accesses and saved; a fresh one takes the
 * state, and both are driven alike from there on: what they read, their lines
 * and the time of their next timer stay the same.
 *
 * docs/specs: ioapic.rst R10, mc146818.rst R15, hpet.rst R11, serial.rst R13
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/char/serial.h"
#include "hw/intc/ioapic.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/hpet.h"
#include "migration/state-codec.h"

#include "device-rig.h"
#include "test-chardev.h"
#include "under-valgrind.h"

/* The rig's lines after the I/O APIC's */
enum { LINE_IRQ0 = HPET_NUM_LINES, LINE_IRQ8 };

typedef struct Bench {
    Rig *rig;
    Device *dev;
    TestChardev *chr;           /* of a serial port that has one */
    unsigned delivered;         /* by an I/O APIC */
    uint64_t last;
} Bench;

/** A kind of device, and what can happen to one. */
typedef struct Kind {
    const char *name;
    Device *(*make)(Bench *b);
    /** Something at random.  Returns what is seen of it. */
    uint64_t (*act)(Bench *b, GRand *rand);
    int64_t step_ns;            /* time that passes between, at most */
} Kind;

/* I/O APIC */

static void deliver(void *opaque, uint64_t entry)
{
    Bench *b = opaque;

    b->delivered++;
    b->last = entry;
}

static Device *ioapic_make(Bench *b)
{
    Device *dev = rig_new_device(b->rig, &ioapic_type, NULL, NULL);

    ioapic_wire((IoApic *)dev, &b->rig->memory_root);
    rig_realize(dev);
    ioapic_set_deliver((IoApic *)dev, deliver, b);
    return dev;
}

static uint64_t ioapic_act(Bench *b, GRand *rand)
{
    IoApic *ioapic = (IoApic *)b->dev;
    unsigned n = g_rand_int_range(rand, 0, IOAPIC_NUM_INPUTS);
    uint32_t value = g_rand_int(rand);

    switch (g_rand_int_range(rand, 0, 5)) {
    case 0:
        irq_set(ioapic_input(ioapic, n), value & 1);
        return ioapic_input(ioapic, n)->level;
    case 1:
        ioapic_eoi(ioapic, value & 3);
        return 0;
    case 2:
        address_space_store(&b->rig->memory, IOAPIC_BASE, value & 0x3f, 1);
        return 0;
    case 3:
        /* few vectors, few that are masked */
        address_space_store(&b->rig->memory, IOAPIC_BASE + 0x10,
                            value & (value >> 30 ? 0xff00ff03 : 0xffffffff),
                            4);
        return 0;
    default:
        return address_space_load(&b->rig->memory, IOAPIC_BASE +
                                  (value & 0x10), 4);
    }
}

/* RTC */

static Device *rtc_make(Bench *b)
{
    Device *dev = rig_new_device(b->rig, &rtc_type, NULL, NULL);

    rig_realize(dev);
    return dev;
}

static uint64_t rtc_act(Bench *b, GRand *rand)
{
    static const uint8_t registers[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                                         11, 11, 12, 12, 13, 0x32, 0x37, 0x40 };
    uint32_t value = g_rand_int(rand);

    switch (g_rand_int_range(rand, 0, 4)) {
    case 0: case 1:
        rig_outb(b->rig, 0x70, registers[value % G_N_ELEMENTS(registers)]);
        return 0;
    case 2:
        /* half of the bytes a running divider, or an alarm at any time */
        rig_outb(b->rig, 0x71, value & 1 ? value >> 8
                                         : (value & 2 ? 0x20 | value >> 28
                                                      : 0xff));
        return 0;
    default:
        return rig_inb(b->rig, 0x71);
    }
}

/* HPET */

static Device *hpet_make(Bench *b)
{
    Irq *lines[HPET_NUM_LINES], *legacy[HPET_NUM_LEGACY];
    Device *dev = rig_new_device(b->rig, &hpet_type, NULL, NULL);

    for (unsigned n = 0; n < HPET_NUM_LINES; n++) {
        lines[n] = &b->rig->lines[n];
    }
    legacy[0] = &b->rig->lines[LINE_IRQ0];
    legacy[1] = &b->rig->lines[LINE_IRQ8];
    hpet_wire((Hpet *)dev, &b->rig->clock, &b->rig->memory_root, lines, legacy,
              0x00ff0104);
    rig_realize(dev);
    return dev;
}

static uint64_t hpet_act(Bench *b, GRand *rand)
{
    static const uint16_t registers[] = { 0x10, 0x10, 0x20, 0xf0, 0x100, 0x108,
                                          0x120, 0x128, 0x140, 0x148 };
    uint32_t value = g_rand_int(rand);
    unsigned reg = registers[value % G_N_ELEMENTS(registers)];

    switch (g_rand_int_range(rand, 0, 4)) {
    case 0:
        irq_set(hpet_legacy_input((Hpet *)b->dev, value >> 8 & 1),
                value >> 9 & 1);
        return 0;
    case 1: case 2:
        value = g_rand_int(rand);
        /* mostly small numbers, so that counter and comparators meet */
        address_space_store(&b->rig->memory, HPET_BASE + reg,
                            reg < 0x20 ? value & 3 :
                            reg & 8 ? value & 0x3fff : value & 0xffff,
                            value >> 31 ? 8 : 4);
        return 0;
    default:
        return address_space_load(&b->rig->memory, HPET_BASE + reg, 8);
    }
}

/* Serial port */

static Device *serial_make_with(Bench *b, const char *config)
{
    Device *dev = rig_new_device(b->rig, &isa_serial_type, config, NULL);

    g_assert_nonnull(dev);
    rig_realize(dev);
    return dev;
}

/** Without a character device: what it receives comes by its own loop. */
static Device *serial_make(Bench *b)
{
    return serial_make_with(b, "index=0");
}

static Device *serial_make_connected(Bench *b)
{
    b->chr = test_chardev_add(b->rig->root, "c0");
    return serial_make_with(b, "index=0,chardev=c0");
}

static uint64_t serial_act(Bench *b, GRand *rand)
{
    static const uint8_t registers[] = { 0, 0, 0, 0, 1, 2, 2, 3, 4, 5, 6, 7 };
    uint32_t value = g_rand_int(rand);
    unsigned reg = registers[value % G_N_ELEMENTS(registers)];

    if (value >> 31) {
        return rig_inb(b->rig, 0x3f8 + reg);
    }
    value >>= 8;
    /* mostly with FIFOs, in a loop, at a high speed */
    switch (value >> 16 & 3 ? reg : 8) {
    case 2:
        value = (value & 0xc0) | 1;
        break;
    case 3:
        value &= 0x7f;
        break;
    case 4:
        value |= 0x10;
        break;
    default:
        break;
    }
    rig_outb(b->rig, 0x3f8 + reg, value);
    return 0;
}

static const Kind kinds[] = {
    { "ioapic", ioapic_make, ioapic_act, 1 },
    { "rtc", rtc_make, rtc_act, NS_PER_SECOND / 3 },
    { "hpet", hpet_make, hpet_act, 50000 },
    { "serial", serial_make, serial_act, 3000000 },
};

/* Two of a kind */

static void bench_set_up(Bench *b, const Kind *kind)
{
    *b = (Bench){ .rig = rig_new() };
    b->dev = kind->make(b);
}

static void bench_tear_down(Bench *b)
{
    rig_free(b->rig);
}

static GByteArray *bench_save(Bench *b)
{
    GByteArray *out = g_byte_array_new();

    state_encode(device_class(b->dev)->state, b->dev, out);
    return out;
}

static bool bench_load(Bench *b, const uint8_t *bytes, size_t len,
                       GError **error)
{
    const StateTable *table = device_class(b->dev)->state;

    if (!state_decode(table, b->dev, table->version, bytes, len, error) ||
        !state_loaded(table, b->dev, error)) {
        return false;
    }
    state_restored(table, b->dev);
    return true;
}

/** Make @to, which is fresh, what @from is; so are the receivers of its lines,
 *  and nothing happens to them. */
static void bench_copy(Bench *from, Bench *to)
{
    g_autoptr(GByteArray) saved = bench_save(from), again = NULL;
    g_autoptr(GError) error = NULL;
    unsigned raised[RIG_NUM_LINES];

    clock_restore(&to->rig->clock, from->rig->clock.now_ns,
                  from->rig->clock.epoch_us);
    for (unsigned n = 0; n < RIG_NUM_LINES; n++) {
        to->rig->lines[n].level = from->rig->lines[n].level;
        to->rig->high[n] = from->rig->high[n];
        to->rig->raised[n] = raised[n] = from->rig->raised[n];
    }
    to->delivered = 0;
    g_assert_true(bench_load(to, saved->data, saved->len, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(to->delivered, ==, 0);
    g_assert_cmpmem(to->rig->raised, sizeof(raised), raised, sizeof(raised));
    to->delivered = from->delivered;
    to->last = from->last;
    again = bench_save(to);
    g_assert_cmpmem(again->data, again->len, saved->data, saved->len);
}

static void assert_alike(Bench *a, Bench *b)
{
    g_assert_cmpint(clock_deadline_ns(&a->rig->clock), ==,
                    clock_deadline_ns(&b->rig->clock));
    g_assert_cmpmem(a->rig->high, sizeof(a->rig->high), b->rig->high,
                    sizeof(b->rig->high));
    g_assert_cmpmem(a->rig->raised, sizeof(a->rig->raised), b->rig->raised,
                    sizeof(b->rig->raised));
    g_assert_cmpuint(a->delivered, ==, b->delivered);
    g_assert_cmphex(a->last, ==, b->last);
}

static uint64_t bench_act(Bench *b, const Kind *kind, uint32_t seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    uint64_t seen = kind->act(b, rand);

    if (g_rand_int_range(rand, 0, 3) == 0) {
        rig_step(b->rig, g_rand_double_range(rand, 0, kind->step_ns));
    }
    return seen;
}

static uint32_t pick_seed(void)
{
    uint32_t seed = g_test_rand_int();

    g_test_message("seed 0x%08x", seed);
    return seed;
}

static void test_twins(gconstpointer data)
{
    const Kind *kind = data;
    uint32_t seed = pick_seed();

    for (size_t round = 0; round < times_to_run(300); round++) {
        Bench a, b;

        bench_set_up(&a, kind);
        bench_set_up(&b, kind);
        for (unsigned i = 0; i < 150; i++) {
            bench_act(&a, kind, seed++);
        }
        bench_copy(&a, &b);
        assert_alike(&a, &b);
        for (unsigned i = 0; i < 150; i++, seed++) {
            uint64_t seen = bench_act(&a, kind, seed);

            g_assert_cmphex(seen, ==, bench_act(&b, kind, seed));
            assert_alike(&a, &b);
        }
        bench_tear_down(&a);
        bench_tear_down(&b);
    }
}

/** What cannot be is refused or does no harm; what can be is used. */
static void test_hostile(gconstpointer data)
{
    const Kind *kind = data;
    uint32_t seed = pick_seed();
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    g_autoptr(GByteArray) saved = NULL;
    unsigned loaded = 0, refused = 0;
    Bench b;

    bench_set_up(&b, kind);
    for (unsigned i = 0; i < 100; i++) {
        bench_act(&b, kind, seed++);
    }
    saved = bench_save(&b);
    for (size_t round = 0; round < times_to_run(10000); round++) {
        g_autofree uint8_t *bytes = g_memdup2(saved->data, saved->len);
        g_autoptr(GError) error = NULL;

        for (unsigned n = g_rand_int_range(rand, 1, 5); n > 0; n--) {
            bytes[g_rand_int_range(rand, 0, saved->len)] = g_rand_int(rand);
        }
        device_reset(b.dev);
        if (bench_load(&b, bytes, saved->len, &error)) {
            loaded++;
        } else {
            refused++;
            g_assert_nonnull(error);
            device_reset(b.dev);
        }
        for (unsigned i = 0; i < 20; i++) {
            bench_act(&b, kind, seed++);
        }
    }
    g_assert_cmpuint(loaded, >, 0);
    g_assert_cmpuint(refused, >, 0);
    bench_tear_down(&b);
}

/* What is refused, and how that is said */

/** The first byte of @member's values in @saved. */
static uint8_t *find_value(GByteArray *saved, const char *member)
{
    size_t len = strlen(member);

    for (size_t i = 0; i + len + 5 < saved->len; i++) {
        if (saved->data[i] == len &&
            memcmp(saved->data + i + 1, member, len) == 0) {
            return saved->data + i + 1 + len + 5;
        }
    }
    g_assert_not_reached();
}

typedef struct Refusal {
    unsigned kind;
    const char *member;
    unsigned at;                /* byte of the values */
    uint8_t value;
    const char *message;
} Refusal;

enum { IOAPIC, RTC, HPET, SERIAL };

static const Refusal refusals[] = {
    { IOAPIC, "id", 0, 1, "id is 0x1, bits 0x1 of it cannot be set" },
    { IOAPIC, "levels", 3, 1,
      "levels is 0x1000000, bits 0x1000000 of it cannot be set" },
    { IOAPIC, "entries", 8 * 5 + 3, 0x10,
      "entries[5] is 0x10010000, bits 0x10000000 of it cannot be set" },
    { IOAPIC, "entries", 8 * 23 + 1, 0x40,      /* ended by nobody */
      "entries[23] is 0x14000, bits 0x4000 of it cannot be set" },
    { RTC, "index", 0, 0x80, "index is 128, there are 128 bytes" },
    { RTC, "base_us", 7, 0x7f, "base_us is * no time of a calendar" },
    { RTC, "base_us", 7, 0x80, "base_us is * no time of a calendar" },
    { RTC, "seen_ticks", 0, 1,
      "seen_ticks is 1, the machine's clock is at 0" },
    { RTC, "cmos", 10, 0xa6,
      "cmos[10] is 0xa6, bits 0x80 of it cannot be set" },
    { RTC, "cmos", 11, 0x92, "cmos[11] is 0x92, but SET clears UIE" },
    { RTC, "cmos", 12, 0x0f, "cmos[12] is 0xf, bits 0xf of it cannot be set" },
    { RTC, "cmos", 13, 0x80, "cmos[13] is 0x80, *" },
    { RTC, "cmos", 0x37, 0x20, "cmos[55] is 0x20, *" },
    { HPET, "gen_conf", 0, 4, "gen_conf is 0x4, bits 0x4 of it cannot be set" },
    { HPET, "status", 0, 1, "status is 0x1, bits 0x1 of it cannot be set" },
    { HPET, "timers[1].config", 0, 0x28,        /* only timer 0 is periodic */
      "timers[1].config is 0xff010400000028, which is not one of this timer" },
    { HPET, "timers[2].config", 4, 0,
      "timers[2].config is 0xff010000000020, which is not one of this timer" },
    { HPET, "timers[0].config", 1, 0x06,
      "timers[0].config says line 3, which it cannot drive" },
    { HPET, "timers[0].config", 1, 0x01,
      "timers[0].comparator has more than the 32 bits of its mode" },
    { HPET, "timers[2].period", 0, 9,
      "timers[2].period is 9, which the timer cannot have" },
    { HPET, "timers[0].match", 7, 0,
      "timers[0].match is due, but the timer is halted" },
    { SERIAL, "place", 0, 0xe8, "*: the saved port is at iobase=0x3e8,irq=4, "
      "this one at iobase=0x3f8,irq=4" },
    { SERIAL, "ier", 0, 0x10, "ier is 0x10, bits 0x10 of it cannot be set" },
    { SERIAL, "mcr", 0, 0x20, "mcr is 0x20, bits 0x20 of it cannot be set" },
    { SERIAL, "fcr", 0, 0xc0, "fcr is 0xc0, bits 0xc0 of it cannot be set" },
    { SERIAL, "mcr", 0, 0x10,
      "msr is 0xb0, its lines are 0x00 while mcr is 0x10" },
    { SERIAL, "rx.first", 0, 16, "rx.first is 16, the FIFO has 16 places" },
    { SERIAL, "tx.len", 0, 2, "tx.len is 2, 1 fit" },
    { SERIAL, "timeout_pending", 0, 1,
      "timeout_pending is set, but nothing has waited that long" },
    { SERIAL, "timeout", 7, 0,
      "timeout is due, but nothing waits in the FIFO" },
    { SERIAL, "overrun", 0, 2, "member 'overrun' *" },
};

static void test_refusals(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        const Refusal *r = &refusals[i];
        g_autoptr(GByteArray) saved = NULL;
        g_autoptr(GError) error = NULL;
        Bench b;

        bench_set_up(&b, &kinds[r->kind]);
        saved = bench_save(&b);
        find_value(saved, r->member)[r->at] = r->value;
        g_assert_false(bench_load(&b, saved->data, saved->len, &error));
        if (!g_pattern_match_simple(r->message, error->message)) {
            g_assert_cmpstr(error->message, ==, r->message);
        }
        bench_tear_down(&b);
    }
}

/* What the random accesses do not reach */

/** A level that waits for a processor is sent when there is one. */
static void test_ioapic_waiting(void)
{
    Bench a, b;
    g_autoptr(GByteArray) saved = NULL;

    bench_set_up(&a, &kinds[IOAPIC]);
    bench_set_up(&b, &kinds[IOAPIC]);
    ioapic_set_deliver((IoApic *)a.dev, NULL, NULL);
    address_space_store(&a.rig->memory, IOAPIC_BASE, 0x10 + 2 * 9, 1);
    address_space_store(&a.rig->memory, IOAPIC_BASE + 0x10, 0x8029, 4);
    irq_set(ioapic_input((IoApic *)a.dev, 9), true);
    saved = bench_save(&a);
    g_assert_true(bench_load(&b, saved->data, saved->len, NULL));
    g_assert_cmpuint(b.delivered, ==, 1);
    g_assert_cmphex(b.last, ==, 0xc029);
    bench_tear_down(&a);
    bench_tear_down(&b);
}

static void count_changes(void *opaque, Irq *irq, bool level)
{
    ++*(unsigned *)opaque;
}

/** Who watches an input learns of what it has become. */
static void test_ioapic_observer(void)
{
    Bench a, b;
    g_autoptr(GByteArray) saved = NULL;
    unsigned changes = 0;
    Irq *input;

    bench_set_up(&a, &kinds[IOAPIC]);
    bench_set_up(&b, &kinds[IOAPIC]);
    irq_set(ioapic_input((IoApic *)a.dev, 3), true);
    input = ioapic_input((IoApic *)b.dev, 3);
    input->observer = count_changes;
    input->observer_opaque = &changes;
    saved = bench_save(&a);
    g_assert_true(bench_load(&b, saved->data, saved->len, NULL));
    g_assert_cmpuint(changes, ==, 1);
    g_assert_true(input->level);
    irq_set(input, true);
    g_assert_cmpuint(changes, ==, 1);
    bench_tear_down(&a);
    bench_tear_down(&b);
}

static uint8_t rtc_get(Bench *b, uint8_t index)
{
    rig_outb(b->rig, 0x70, index);
    return rig_inb(b->rig, 0x71);
}

static void rtc_put(Bench *b, uint8_t index, uint8_t value)
{
    rig_outb(b->rig, 0x70, index);
    rig_outb(b->rig, 0x71, value);
}

/** Days later on another host, and on one whose clock is behind. */
static void test_rtc_jump(void)
{
    for (int64_t days = -1; days <= 10000; days += 10001) {
        Bench a, b;
        g_autoptr(GByteArray) saved = NULL;
        int64_t epoch_us = INT64_C(1700000000) * 1000000;

        bench_set_up(&a, &kinds[RTC]);
        bench_set_up(&b, &kinds[RTC]);
        clock_restore(&a.rig->clock, 0, epoch_us);
        rtc_put(&a, 11, 0x12);          /* 24 h; interrupt at each update */
        rtc_get(&a, 12);
        saved = bench_save(&a);
        clock_restore(&b.rig->clock, 0,
                      epoch_us + days * 24 * 3600 * INT64_C(1000000));
        g_assert_true(bench_load(&b, saved->data, saved->len, NULL));
        g_assert_false(b.rig->high[8]);
        if (days < 0) {
            /* the next update is in a second at most, not in a day */
            rig_step(b.rig, NS_PER_SECOND - 1);
            g_assert_false(b.rig->high[8]);
            rig_step(b.rig, 1);
            g_assert_true(b.rig->high[8]);
            g_assert_cmphex(rtc_get(&b, 7), ==, 0x13);
        } else {
            /* 14 November 2023, 10000 days later; updates and alarms
             * are over */
            rig_step(b.rig, 0);
            g_assert_true(b.rig->high[8]);
            g_assert_cmphex(rtc_get(&b, 12), ==, 0xb0);
            g_assert_cmphex(rtc_get(&b, 9), ==, 0x51);
            g_assert_cmphex(rtc_get(&b, 8), ==, 0x04);
            g_assert_cmphex(rtc_get(&b, 7), ==, 0x01);
        }
        bench_tear_down(&a);
        bench_tear_down(&b);
    }
}

/** A match that is over is not repeated within its tick. */
static void test_hpet_tick(void)
{
    Bench a, b;

    bench_set_up(&a, &kinds[HPET]);
    bench_set_up(&b, &kinds[HPET]);
    address_space_store(&a.rig->memory, HPET_BASE + 0x108, 5, 8);
    address_space_store(&a.rig->memory, HPET_BASE + 0x100, 0x1004, 8);
    address_space_store(&a.rig->memory, HPET_BASE + 0x10, 1, 8);
    rig_step(a.rig, 50);
    g_assert_cmpuint(a.rig->raised[8], ==, 1);
    bench_copy(&a, &b);
    rig_step(b.rig, 9);
    g_assert_cmpuint(b.rig->raised[8], ==, 1);
    assert_alike(&a, &b);
    bench_tear_down(&a);
    bench_tear_down(&b);
}

/* What is between a serial port's FIFOs and the host */

static const Kind connected = { "serial", serial_make_connected, serial_act,
                                3000000 };

/** What the host has not taken is sent by the restored port, once it runs; not
 *  when it is restored, for that may fail yet. */
static void test_serial_sends(void)
{
    Bench a, b;
    g_autoptr(GByteArray) saved = NULL;
    g_autofree char *nothing = NULL, *sent = NULL;
    unsigned n = 0;

    bench_set_up(&a, &connected);
    bench_set_up(&b, &connected);
    rig_outb(a.rig, 0x3fa, 1);
    rig_outb(a.rig, 0x3f9, 2);
    while (rig_inb(a.rig, 0x3fd) & 0x20) {
        rig_outb(a.rig, 0x3f8, 'x');
        g_assert_cmpuint(++n, <, 10000000);
    }
    rig_outb(a.rig, 0x3f8, 'y');
    rig_outb(a.rig, 0x3f8, 'z');
    saved = bench_save(&a);
    clock_restore(&b.rig->clock, a.rig->clock.now_ns, a.rig->clock.epoch_us);
    g_assert_true(bench_load(&b, saved->data, saved->len, NULL));
    nothing = test_chardev_take(b.chr);
    g_assert_cmpstr(nothing, ==, "");
    g_assert_cmphex(rig_inb(b.rig, 0x3fd), ==, 0);
    rig_step(b.rig, 0);
    sent = test_chardev_take(b.chr);
    g_assert_cmpstr(sent, ==, "xyz");
    g_assert_cmphex(rig_inb(b.rig, 0x3fd), ==, 0x60);
    g_assert_true(b.rig->high[4]);
    bench_tear_down(&a);
    bench_tear_down(&b);
}

/** What it has received is there; what waits on this host comes after it, all
 *  of it. */
static void test_serial_receives(void)
{
    bool awaits_restore = true;
    Bench a, b;
    g_autoptr(GByteArray) saved = NULL;

    bench_set_up(&a, &connected);
    bench_set_up(&b, &connected);
    b.rig->bus.awaits_restore = &awaits_restore;
    rig_outb(a.rig, 0x3fa, 1);
    test_chardev_send(a.chr, "one");
    test_chardev_send(b.chr, "23");
    test_chardev_run();
    device_reset(b.dev);                /* which asks for more */
    test_chardev_run();
    saved = bench_save(&a);
    clock_restore(&b.rig->clock, a.rig->clock.now_ns, a.rig->clock.epoch_us);
    awaits_restore = false;
    g_assert_true(bench_load(&b, saved->data, saved->len, NULL));
    rig_step(b.rig, 0);
    test_chardev_run();
    for (const char *c = "one23"; *c; c++) {
        g_assert_cmphex(rig_inb(b.rig, 0x3fd), ==, 0x61);
        g_assert_cmphex(rig_inb(b.rig, 0x3f8), ==, *c);
    }
    g_assert_cmphex(rig_inb(b.rig, 0x3fd), ==, 0x60);
    bench_tear_down(&a);
    bench_tear_down(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *twins = g_strconcat("/device-state/", kinds[i].name,
                                             "/twins", NULL);
        g_autofree char *hostile = g_strconcat("/device-state/", kinds[i].name,
                                               "/hostile", NULL);

        g_test_add_data_func(twins, &kinds[i], test_twins);
        g_test_add_data_func(hostile, &kinds[i], test_hostile);
    }
    g_test_add_func("/device-state/refusals", test_refusals);
    g_test_add_func("/device-state/ioapic/waiting", test_ioapic_waiting);
    g_test_add_func("/device-state/ioapic/observer", test_ioapic_observer);
    g_test_add_func("/device-state/rtc/jump", test_rtc_jump);
    g_test_add_func("/device-state/hpet/tick", test_hpet_tick);
    g_test_add_func("/device-state/serial/sends", test_serial_sends);
    g_test_add_func("/device-state/serial/receives", test_serial_receives);
    return g_test_run();
}
