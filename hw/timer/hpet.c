/*
 * HPET: high precision event timers
 *
 * Three timers and a 64-bit counter of 10 ns.  Timer 0 can be periodic; in
 * legacy replacement mode timers 0 and 1 take the places of PIT and RTC.
 *
 * Spec: IA-PC HPET (High Precision Event Timers) Specification, revision 1.0a,
 * October 2004; docs/specs/hpet.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/timer/hpet.h"

#include "hw/acpi/platform.h"
#include "util/error.h"

/* Registers (2.3.1) */
enum {
    HPET_GCAP_ID = 0x000, HPET_GEN_CONF = 0x010, HPET_GINTR_STA = 0x020,
    HPET_MAIN_CNT = 0x0f0, HPET_TIMERS = 0x100, HPET_TIMER_LEN = 0x20,
};

/* A timer's registers, from its first */
enum { HPET_TN_CONF = 0x00, HPET_TN_COMPARATOR = 0x08 };

enum { HPET_ENABLE_CNF = 1 << 0, HPET_LEG_RT_CNF = 1 << 1 };

/* Timer configuration and capabilities (2.3.8) */
enum {
    HPET_TN_INT_TYPE = 1 << 1, HPET_TN_INT_ENB = 1 << 2,
    HPET_TN_TYPE = 1 << 3, HPET_TN_PER_INT_CAP = 1 << 4,
    HPET_TN_SIZE_CAP = 1 << 5, HPET_TN_VAL_SET = 1 << 6,
    HPET_TN_32MODE = 1 << 8, HPET_TN_INT_ROUTE_SHIFT = 9,
    HPET_TN_INT_ROUTE = 0x1f << 9,
};

#define HPET_TN_WRITABLE (HPET_TN_INT_TYPE | HPET_TN_INT_ENB | HPET_TN_TYPE | \
                          HPET_TN_VAL_SET | HPET_TN_32MODE |                 \
                          HPET_TN_INT_ROUTE)

typedef struct HpetTimer {
    Hpet *hpet;

    /* Guest state: reset and saved */
    uint64_t config;
    uint64_t comparator;        /* periodic: the next match */
    uint64_t period;            /* ticks */
    Timer match;                /* it tells whether this tick's is over */
} HpetTimer;

struct Hpet {
    Device parent;

    /* Links: given by the machine when it wires the device */
    Clock *clock;
    MemoryRegion *memory;
    Irq *lines[HPET_NUM_LINES];
    Irq *legacy[HPET_NUM_LEGACY];
    uint32_t routes;

    /* Guest state: reset and saved */
    uint64_t gen_conf;
    uint32_t status;
    uint64_t counter;           /* halted: its value; running: minus ticks */
    HpetTimer timers[HPET_NUM_TIMERS];

    /* Saved, but not reset: whoever drives an input resets itself */
    Irq legacy_in[HPET_NUM_LEGACY];

    MemoryRegion mr;
    uint32_t driven;            /* lines that are high; see hpet_line() */
};

/* Lines */

static bool hpet_is_legacy(const Hpet *hpet)
{
    return hpet->gen_conf & HPET_LEG_RT_CNF;
}

/** hpet_line: the line of a number in `driven`: lines, then legacy. */
static Irq *hpet_line(const Hpet *hpet, unsigned n)
{
    return n < HPET_NUM_LINES ? hpet->lines[n]
                              : hpet->legacy[n - HPET_NUM_LINES];
}

/** hpet_line_is_high: IRQ 0 and IRQ 8 may be inputs of the I/O APIC that
 *  timers can drive as well. */
static bool hpet_line_is_high(const Hpet *hpet, const Irq *line)
{
    for (unsigned n = 0; n < HPET_NUM_LINES + HPET_NUM_LEGACY; n++) {
        if (hpet->driven >> n & 1 && hpet_line(hpet, n) == line) {
            return true;
        }
    }
    return false;
}

/** hpet_timer_line: number of the line that timer @n drives, -1: none. */
static int hpet_timer_line(const Hpet *hpet, unsigned n)
{
    unsigned route = (hpet->timers[n].config & HPET_TN_INT_ROUTE) >>
                     HPET_TN_INT_ROUTE_SHIFT;

    if (hpet_is_legacy(hpet) && n < HPET_NUM_LEGACY) {
        return HPET_NUM_LINES + n;
    }
    return route < HPET_NUM_LINES && hpet->routes >> route & 1 ? (int)route
                                                               : -1;
}

/** hpet_lines: the lines that are to be high; several timers may hold the
 *  same one. */
static uint32_t hpet_lines(const Hpet *hpet)
{
    uint32_t driven = 0;

    for (unsigned n = 0; n < HPET_NUM_TIMERS; n++) {
        int line = hpet_timer_line(hpet, n);

        if (line >= 0 && hpet->status >> n & 1 &&
            hpet->timers[n].config & HPET_TN_INT_ENB) {
            driven |= 1u << line;
        }
    }
    for (unsigned n = 0; n < HPET_NUM_LEGACY && !hpet_is_legacy(hpet); n++) {
        driven |= (uint32_t)hpet->legacy_in[n].level << (HPET_NUM_LINES + n);
    }
    return driven;
}

static void hpet_update_lines(Hpet *hpet)
{
    uint32_t driven = hpet_lines(hpet), changed = driven ^ hpet->driven;

    hpet->driven = driven;
    for (unsigned n = 0; n < HPET_NUM_LINES + HPET_NUM_LEGACY; n++) {
        if (changed >> n & 1) {
            irq_set(hpet_line(hpet, n),
                    hpet_line_is_high(hpet, hpet_line(hpet, n)));
        }
    }
}

static void hpet_interrupt(Hpet *hpet, unsigned n)
{
    const HpetTimer *timer = &hpet->timers[n];
    int line = hpet_timer_line(hpet, n);

    if (timer->config & HPET_TN_INT_TYPE) {
        hpet->status |= 1u << n;
        hpet_update_lines(hpet);
    } else if (timer->config & HPET_TN_INT_ENB && line >= 0 &&
               !hpet_line_is_high(hpet, hpet_line(hpet, line))) {
        irq_set(hpet_line(hpet, line), true);
        irq_set(hpet_line(hpet, line), false);
    }
}

/* The timers */

static uint64_t hpet_counter(const Hpet *hpet)
{
    return hpet->counter + (hpet->gen_conf & HPET_ENABLE_CNF
                            ? clock_ticks(hpet->clock, HPET_HZ) : 0);
}

/** hpet_timer_mask: what of counter and comparator takes part. */
static uint64_t hpet_timer_mask(const HpetTimer *timer)
{
    return timer->config & HPET_TN_32MODE ? UINT32_MAX : UINT64_MAX;
}

/** hpet_timer_runs: a disabled one-shot timer that keeps no status does nothing
 *  at all. */
static bool hpet_timer_runs(const HpetTimer *timer)
{
    return timer->hpet->gen_conf & HPET_ENABLE_CNF &&
           timer->config & (HPET_TN_INT_ENB | HPET_TN_INT_TYPE | HPET_TN_TYPE);
}

/**
 * hpet_timer_arm: for the next time at which counter and comparator are equal;
 * at least @least ticks from now.
 */
static void hpet_timer_arm(HpetTimer *timer, uint64_t least)
{
    const Hpet *hpet = timer->hpet;
    uint64_t mask = hpet_timer_mask(timer), ticks, now;

    if (!hpet_timer_runs(timer)) {
        timer_cancel(&timer->match);
        return;
    }
    ticks = (timer->comparator - hpet_counter(hpet) - least) & mask;
    now = clock_ticks(hpet->clock, HPET_HZ);
    if (ticks > UINT64_MAX - now - least) {
        timer_cancel(&timer->match);    /* after the end of time */
        return;
    }
    timer_set(&timer->match, clock_ticks_to_ns(now + ticks + least, HPET_HZ));
}

/** hpet_timer_step: bring a periodic timer's comparator after the counter,
 *  far enough that the host has time for other things. */
static void hpet_timer_step(HpetTimer *timer)
{
    uint64_t mask = hpet_timer_mask(timer), period = timer->period & mask;
    uint64_t late = (hpet_counter(timer->hpet) - timer->comparator) & mask;
    uint64_t steps;

    if (period == 0) {
        return;                 /* as one-shot: it matches once around */
    }
    steps = late / period + 1;
    if (period < HPET_MIN_TICK) {
        steps = (late + HPET_MIN_TICK + period - 1) / period;
    }
    timer->comparator = (timer->comparator + steps * period) & mask;
}

static void hpet_timer_matched(void *opaque)
{
    HpetTimer *timer = opaque;

    if (timer->config & HPET_TN_TYPE) {
        hpet_timer_step(timer);
    }
    hpet_timer_arm(timer, 1);
    hpet_interrupt(timer->hpet, timer - timer->hpet->timers);
}

static void hpet_arm_all(Hpet *hpet)
{
    for (unsigned n = 0; n < HPET_NUM_TIMERS; n++) {
        hpet_timer_arm(&hpet->timers[n], 0);
    }
}

/* Registers */

static uint64_t hpet_read_reg(const Hpet *hpet, uint64_t reg)
{
    const HpetTimer *timer;

    switch (reg) {
    case HPET_GCAP_ID:
        return HPET_CAPABILITIES;
    case HPET_GEN_CONF:
        return hpet->gen_conf;
    case HPET_GINTR_STA:
        return hpet->status;
    case HPET_MAIN_CNT:
        return hpet_counter(hpet);
    default:
        break;
    }
    if (reg < HPET_TIMERS ||
        reg >= HPET_TIMERS + HPET_NUM_TIMERS * HPET_TIMER_LEN) {
        return 0;
    }
    timer = &hpet->timers[(reg - HPET_TIMERS) / HPET_TIMER_LEN];
    switch (reg % HPET_TIMER_LEN) {
    case HPET_TN_CONF:
        return timer->config;
    case HPET_TN_COMPARATOR:
        return timer->comparator;
    default:
        return 0;               /* no FSB interrupts */
    }
}

static void hpet_write_gen_conf(Hpet *hpet, uint64_t value)
{
    uint64_t counter = hpet_counter(hpet);

    hpet->gen_conf = value & (HPET_ENABLE_CNF | HPET_LEG_RT_CNF);
    hpet->counter = 0;
    hpet->counter = counter - hpet_counter(hpet);
    hpet_update_lines(hpet);
    hpet_arm_all(hpet);
}

static void hpet_write_config(Hpet *hpet, unsigned n, uint64_t value)
{
    HpetTimer *timer = &hpet->timers[n];
    unsigned route = (value & HPET_TN_INT_ROUTE) >> HPET_TN_INT_ROUTE_SHIFT;
    uint64_t writable = HPET_TN_WRITABLE;

    if (!(timer->config & HPET_TN_PER_INT_CAP)) {
        writable &= ~(uint64_t)(HPET_TN_TYPE | HPET_TN_VAL_SET);
    }
    if (!(hpet->routes >> route & 1)) {
        writable &= ~(uint64_t)HPET_TN_INT_ROUTE;
    }
    timer->config = (timer->config & ~writable) | (value & writable);
    timer->comparator &= hpet_timer_mask(timer);
    timer->period &= hpet_timer_mask(timer);
    if (!(timer->config & HPET_TN_INT_TYPE)) {
        hpet->status &= ~(1u << n);     /* edges leave no status (2.3.6) */
    }
    hpet_update_lines(hpet);
    hpet_timer_arm(timer, 0);
}

/** hpet_write_comparator: @value has what was there in the bytes that were
 *  not @written. */
static void hpet_write_comparator(HpetTimer *timer, uint64_t value,
                                  uint64_t written)
{
    uint64_t mask = hpet_timer_mask(timer);

    if (timer->config & HPET_TN_TYPE) {
        timer->period = ((timer->period & ~written) | (value & written)) &
                        mask;
    }
    if (!(timer->config & HPET_TN_TYPE) || timer->config & HPET_TN_VAL_SET) {
        timer->comparator = value & mask;
    }
    timer->config &= ~(uint64_t)HPET_TN_VAL_SET;
    hpet_timer_arm(timer, 0);
}

static void hpet_write_reg(Hpet *hpet, uint64_t reg, uint64_t value,
                           uint64_t written)
{
    unsigned n = (reg - HPET_TIMERS) / HPET_TIMER_LEN;

    if (reg == HPET_GEN_CONF) {
        hpet_write_gen_conf(hpet, value);
    } else if (reg == HPET_GINTR_STA) {
        hpet->status &= ~(value & written);
        hpet_update_lines(hpet);
    } else if (reg == HPET_MAIN_CNT) {
        hpet->counter = 0;
        hpet->counter = value - hpet_counter(hpet);
        hpet_arm_all(hpet);
    } else if (reg >= HPET_TIMERS && n < HPET_NUM_TIMERS) {
        if (reg % HPET_TIMER_LEN == HPET_TN_CONF) {
            hpet_write_config(hpet, n, value);
        } else if (reg % HPET_TIMER_LEN == HPET_TN_COMPARATOR) {
            hpet_write_comparator(&hpet->timers[n], value, written);
        }
    }
}

static uint64_t hpet_read(void *opaque, uint64_t offset, unsigned size)
{
    return hpet_read_reg(opaque, offset & ~7ull) >> (offset & 7) * 8;
}

static void hpet_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    uint64_t reg = offset & ~7ull;
    unsigned shift = (offset & 7) * 8;
    uint64_t written = (UINT64_MAX >> (64 - size * 8)) << shift;

    hpet_write_reg(opaque, reg,
                   (hpet_read_reg(opaque, reg) & ~written) |
                   (value << shift & written), written);
}

static const MemoryRegionOps hpet_ops = {
    .read = hpet_read,
    .write = hpet_write,
    .min_size = 4,
    .max_size = 8,
};

static void hpet_describe(const Device *dev, AcpiPlatform *platform)
{
    platform->has_hpet = true;
    platform->hpet_base = HPET_BASE;
    platform->hpet_id = (uint32_t)HPET_CAPABILITIES;
    platform->hpet_min_tick = HPET_MIN_TICK;
}

/* What is saved */

/** hpet_timer_constant: the bits of its configuration that are for reading. */
static uint64_t hpet_timer_constant(const Hpet *hpet, unsigned n)
{
    return (uint64_t)hpet->routes << 32 | HPET_TN_SIZE_CAP |
           (n == 0 ? HPET_TN_PER_INT_CAP : 0);
}

static bool hpet_timer_check_config(const Hpet *hpet, unsigned n,
                                    GError **error)
{
    const HpetTimer *timer = &hpet->timers[n];
    uint64_t constant = hpet_timer_constant(hpet, n);
    uint64_t writable = HPET_TN_WRITABLE;
    unsigned route = (timer->config & HPET_TN_INT_ROUTE) >>
                     HPET_TN_INT_ROUTE_SHIFT;

    if (!(constant & HPET_TN_PER_INT_CAP)) {
        writable &= ~(uint64_t)(HPET_TN_TYPE | HPET_TN_VAL_SET);
    }
    if ((timer->config & ~writable) != constant) {
        return fm_error_set(error, "timers[%u].config is 0x%" G_GINT64_MODIFIER
                            "x, which is not one of this timer", n,
                            timer->config);
    }
    return !route || hpet->routes >> route & 1 ||
           fm_error_set(error, "timers[%u].config says line %u, which it "
                        "cannot drive", n, route);
}

static bool hpet_timer_check(const Hpet *hpet, unsigned n, GError **error)
{
    const HpetTimer *timer = &hpet->timers[n];
    uint64_t mask = hpet_timer_mask(timer);

    if (!hpet_timer_check_config(hpet, n, error)) {
        return false;
    }
    if (timer->comparator & ~mask) {
        return fm_error_set(error, "timers[%u].comparator has more than the 32 "
                            "bits of its mode", n);
    }
    if (timer->period & (timer->config & HPET_TN_PER_INT_CAP ? ~mask
                                                             : UINT64_MAX)) {
        return fm_error_set(error, "timers[%u].period is %" G_GUINT64_FORMAT
                            ", which the timer cannot have", n, timer->period);
    }
    return !timer->match.armed || hpet_timer_runs(timer) ||
           fm_error_set(error, "timers[%u].match is due, but the timer is "
                        "halted", n);
}

static bool hpet_loaded(void *obj, GError **error)
{
    Hpet *hpet = obj;
    uint32_t levels = 0;

    if (!state_check_bits("gen_conf", hpet->gen_conf,
                          HPET_ENABLE_CNF | HPET_LEG_RT_CNF, error)) {
        return false;
    }
    for (unsigned n = 0; n < HPET_NUM_TIMERS; n++) {
        if (!hpet_timer_check(hpet, n, error)) {
            return false;
        }
        levels |= hpet->timers[n].config & HPET_TN_INT_TYPE ? 1u << n : 0;
    }
    hpet->driven = hpet_lines(hpet);
    return state_check_bits("status", hpet->status, levels, error);
}

static const StateField hpet_timer_fields[] = {
    STATE_FIELD(HpetTimer, config),
    STATE_FIELD(HpetTimer, comparator),
    STATE_FIELD(HpetTimer, period),
    STATE_TIMER_FIELD(HpetTimer, match),
    STATE_END
};

static const StateTable hpet_timer_state = {
    .version = 1,
    .fields = hpet_timer_fields,
};

static const StateField hpet_fields[] = {
    STATE_FIELD(Hpet, gen_conf),
    STATE_FIELD(Hpet, status),
    STATE_FIELD(Hpet, counter),
    STATE_PARTS(Hpet, timers, &hpet_timer_state),
    STATE_COLUMN(Hpet, legacy_in, level),
    STATE_END
};

static const StateTable hpet_state = {
    .version = 1,
    .fields = hpet_fields,
    .loaded = hpet_loaded,
};

/* Life */

static void hpet_legacy_changed(void *opaque, unsigned n, bool level)
{
    hpet_update_lines(opaque);
}

Irq *hpet_legacy_input(Hpet *hpet, unsigned n)
{
    g_assert(n < HPET_NUM_LEGACY);
    return &hpet->legacy_in[n];
}

void hpet_wire(Hpet *hpet, Clock *clock, MemoryRegion *memory,
               Irq *const *lines, Irq *const *legacy, uint32_t routes)
{
    hpet->clock = clock;
    hpet->memory = memory;
    if (lines) {
        memcpy(hpet->lines, lines, sizeof(hpet->lines));
    }
    if (legacy) {
        memcpy(hpet->legacy, legacy, sizeof(hpet->legacy));
    }
    hpet->routes = routes;
}

static void hpet_reset(Device *dev)
{
    Hpet *hpet = (Hpet *)dev;

    hpet->gen_conf = 0;
    hpet->status = 0;
    hpet->counter = 0;
    for (unsigned n = 0; n < HPET_NUM_TIMERS; n++) {
        HpetTimer *timer = &hpet->timers[n];

        timer->config = hpet_timer_constant(hpet, n);
        timer->comparator = UINT64_MAX;
        timer->period = 0;
        timer_cancel(&timer->match);
    }
    hpet_update_lines(hpet);
}

static bool hpet_realize(Device *dev, GError **error)
{
    Hpet *hpet = (Hpet *)dev;

    for (unsigned n = 0; n < HPET_NUM_TIMERS; n++) {
        hpet->timers[n].hpet = hpet;
        timer_init(&hpet->timers[n].match, hpet->clock, hpet_timer_matched,
                   &hpet->timers[n]);
    }
    memory_region_add(hpet->memory, HPET_BASE, &hpet->mr, 0);
    return true;
}

static void hpet_unrealize(Device *dev)
{
    Hpet *hpet = (Hpet *)dev;

    for (unsigned n = 0; n < HPET_NUM_TIMERS; n++) {
        timer_cancel(&hpet->timers[n].match);
    }
    memory_region_remove(&hpet->mr);
}

static void hpet_init(Object *obj)
{
    Hpet *hpet = (Hpet *)obj;

    memory_region_init_io(&hpet->mr, "hpet", HPET_LEN, &hpet_ops, hpet);
    for (unsigned n = 0; n < HPET_NUM_LEGACY; n++) {
        irq_init(&hpet->legacy_in[n], hpet_legacy_changed, hpet, n);
    }
    device_add_inputs(&hpet->parent, "legacy", hpet->legacy_in,
                      HPET_NUM_LEGACY);
    device_add_outputs(&hpet->parent, NULL, hpet->lines, HPET_NUM_LINES);
    device_add_outputs(&hpet->parent, "legacy", hpet->legacy,
                       HPET_NUM_LEGACY);
}

static void hpet_finalize(Object *obj)
{
    memory_region_cleanup(&((Hpet *)obj)->mr);
}

static const DeviceClass hpet_class = {
    .realize = hpet_realize,
    .unrealize = hpet_unrealize,
    .reset = hpet_reset,
    .describe = hpet_describe,
    .state = &hpet_state,
};

const ObjectType hpet_type = {
    .name = "hpet",
    .parent = &device_type,
    .doc = "High precision event timers",
    .instance_size = sizeof(Hpet),
    .klass = &hpet_class,
    .init = hpet_init,
    .finalize = hpet_finalize,
};
