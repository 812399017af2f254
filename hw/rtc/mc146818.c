/*
 * The real-time clock and its battery-backed memory (CMOS)
 *
 * The ten time bytes are kept as the guest sees them, together with the moment
 * at which they were last right; they are brought up to date when somebody
 * looks.  Timers run only while an interrupt is enabled that is not pending
 * already, so a clock that nobody uses costs nothing.
 *
 * Spec: Motorola MC146818A data sheet, 1984 ("the data sheet");
 * docs/specs/mc146818.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/rtc/mc146818.h"

#include "hw/acpi/platform.h"
#include "util/error.h"

#define RTC_PORT 0x70
#define RTC_NUM_PORTS 2
#define RTC_IRQ 8

#define US_PER_SECOND INT64_C(1000000)
#define NS_PER_US 1000
#define SECONDS_PER_DAY (24 * 60 * 60)

#define RTC_UPDATE_US 244           /* UIP rises this long before an update */
#define RTC_AFTER_DIVIDER_US 500000 /* a released divider's first update */
#define RTC_DIVIDER_HZ 32768

enum {
    RTC_SECONDS = 0, RTC_SECONDS_ALARM = 1,
    RTC_MINUTES = 2, RTC_MINUTES_ALARM = 3,
    RTC_HOURS = 4, RTC_HOURS_ALARM = 5,
    RTC_DAY_OF_WEEK = 6, RTC_DATE = 7, RTC_MONTH = 8, RTC_YEAR = 9,
    RTC_A = 10, RTC_B = 11, RTC_C = 12, RTC_D = 13,
    RTC_CENTURY_PS2 = 0x37,
};

enum {
    RTC_A_RS = 0x0f, RTC_A_DV = 0x70, RTC_A_DV_RUN = 0x20, RTC_A_UIP = 0x80,
    RTC_A_DV_RESET = 0x60,      /* both bits: the divider is held in reset */
};

enum {
    RTC_B_24H = 1 << 1, RTC_B_DM = 1 << 2, RTC_B_SQWE = 1 << 3,
    RTC_B_UIE = 1 << 4, RTC_B_AIE = 1 << 5, RTC_B_PIE = 1 << 6,
    RTC_B_SET = 1 << 7,
};

/* Register C's flags are at the places of their enable bits in B */
enum {
    RTC_C_UF = RTC_B_UIE, RTC_C_AF = RTC_B_AIE, RTC_C_PF = RTC_B_PIE,
    RTC_C_IRQF = 1 << 7,
};

#define RTC_D_VRT 0x80              /* the battery is good */
#define RTC_HOUR_PM 0x80
#define RTC_ALARM_ANY 0xc0          /* values from here on match any time */

/* What base_us can be, either way: more than 10000 years, and far enough from
 * where sums with it would overflow */
#define RTC_BASE_MOST_US (INT64_C(1) << 59)

struct Rtc {
    IsaDevice parent;

    /* Links: given by the machine when it wires the device */
    Irq *irq;

    /* Guest state: reset and saved; the battery keeps most of it */
    uint8_t index;
    uint8_t cmos[RTC_CMOS_LEN];
    int64_t base_us;            /* UTC at which the time bytes became so */
    uint64_t seen_ticks;        /* of the divider, up to which PF is right */

    MemoryRegion mr;
    Timer second;               /* next update or alarm that interrupts */
    Timer periodic;
};

/* Calendar */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t floor_mod(int64_t a, int64_t b)
{
    return a - floor_div(a, b) * b;
}

/** rtc_days: days from 0000-03-01 to the first day of that month; any month
 *  number will do, 13 is the next year's January. */
static int64_t rtc_days(int64_t year, int64_t month)
{
    int64_t m = month - 3;      /* March first: the leap day ends a year */
    int64_t y = year + floor_div(m, 12);

    m = floor_mod(m, 12);
    return y * 365 + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) +
           (m * 153 + 2) / 5;
}

/** rtc_civil: the inverse; @day counts from 1. */
static void rtc_civil(int64_t days, int *year, int *month, int *day)
{
    /* Close to the right month, and never after it */
    int64_t y = floor_div(days * 400, 146097) - 1, m = 3;

    while (rtc_days(y, m + 12) <= days) {
        y++;
    }
    while (rtc_days(y, m + 1) <= days) {
        m++;
    }
    *day = days - rtc_days(y, m) + 1;
    *year = floor_mod(y + (m > 12), 10000);
    *month = m > 12 ? m - 12 : m;
}

/* Time bytes */

static uint8_t rtc_encode(const Rtc *rtc, int value)
{
    return rtc->cmos[RTC_B] & RTC_B_DM ? value
                                       : (value / 10) << 4 | value % 10;
}

/** rtc_decode: any byte gives a number, if a meaningless one. */
static int rtc_decode(const Rtc *rtc, uint8_t byte)
{
    return rtc->cmos[RTC_B] & RTC_B_DM ? byte : (byte >> 4) * 10 + (byte & 15);
}

static uint8_t rtc_encode_hour(const Rtc *rtc, int hour)
{
    if (rtc->cmos[RTC_B] & RTC_B_24H) {
        return rtc_encode(rtc, hour);
    }
    return rtc_encode(rtc, hour % 12 ? hour % 12 : 12) |
           (hour >= 12 ? RTC_HOUR_PM : 0);
}

static int rtc_decode_hour(const Rtc *rtc, uint8_t byte)
{
    if (rtc->cmos[RTC_B] & RTC_B_24H) {
        return rtc_decode(rtc, byte);
    }
    return rtc_decode(rtc, byte & ~RTC_HOUR_PM) % 12 +
           (byte & RTC_HOUR_PM ? 12 : 0);
}

/** rtc_time: seconds since 0000-03-01 that the time bytes stand for. */
static int64_t rtc_time(const Rtc *rtc)
{
    const uint8_t *cmos = rtc->cmos;
    int year = rtc_decode(rtc, cmos[RTC_CENTURY]) * 100 +
               rtc_decode(rtc, cmos[RTC_YEAR]);
    int64_t days = rtc_days(year, rtc_decode(rtc, cmos[RTC_MONTH])) +
                   rtc_decode(rtc, cmos[RTC_DATE]) - 1;

    return days * SECONDS_PER_DAY +
           rtc_decode_hour(rtc, cmos[RTC_HOURS]) * 3600 +
           rtc_decode(rtc, cmos[RTC_MINUTES]) * 60 +
           rtc_decode(rtc, cmos[RTC_SECONDS]);
}

static void rtc_set_time(Rtc *rtc, int64_t time)
{
    uint8_t *cmos = rtc->cmos;
    int of_day = floor_mod(time, SECONDS_PER_DAY), year, month, day;

    rtc_civil(floor_div(time, SECONDS_PER_DAY), &year, &month, &day);
    cmos[RTC_SECONDS] = rtc_encode(rtc, of_day % 60);
    cmos[RTC_MINUTES] = rtc_encode(rtc, of_day / 60 % 60);
    cmos[RTC_HOURS] = rtc_encode_hour(rtc, of_day / 3600);
    cmos[RTC_DATE] = rtc_encode(rtc, day);
    cmos[RTC_MONTH] = rtc_encode(rtc, month);
    cmos[RTC_YEAR] = rtc_encode(rtc, year % 100);
    cmos[RTC_CENTURY] = rtc_encode(rtc, year / 100);
}

/** rtc_advance: @seconds updates; the day of the week goes on from whatever
 *  the guest has set. */
static void rtc_advance(Rtc *rtc, int64_t seconds)
{
    int64_t from = rtc_time(rtc), to = from + seconds;
    int64_t days = floor_div(to, SECONDS_PER_DAY) -
                   floor_div(from, SECONDS_PER_DAY);

    rtc->cmos[RTC_DAY_OF_WEEK] =
        1 + floor_mod(rtc->cmos[RTC_DAY_OF_WEEK] - 1 + days, 7);
    rtc_set_time(rtc, to);
}

static bool rtc_alarm_matches(const Rtc *rtc, unsigned index, uint8_t value)
{
    return rtc->cmos[index] >= RTC_ALARM_ANY || rtc->cmos[index] == value;
}

/** rtc_seconds_to_alarm: 1 to one day; 0 if the alarm bytes are no time. */
static unsigned rtc_seconds_to_alarm(const Rtc *rtc)
{
    int from = floor_mod(rtc_time(rtc), SECONDS_PER_DAY), t = from + 1;

    while (t <= from + SECONDS_PER_DAY) {
        if (!rtc_alarm_matches(rtc, RTC_HOURS_ALARM,
                               rtc_encode_hour(rtc, t / 3600 % 24))) {
            t = (t / 3600 + 1) * 3600;
        } else if (!rtc_alarm_matches(rtc, RTC_MINUTES_ALARM,
                                      rtc_encode(rtc, t / 60 % 60))) {
            t = (t / 60 + 1) * 60;
        } else if (!rtc_alarm_matches(rtc, RTC_SECONDS_ALARM,
                                      rtc_encode(rtc, t % 60))) {
            t++;
        } else {
            return t - from;
        }
    }
    return 0;
}

/* Its progress */

static bool rtc_divider_runs(const Rtc *rtc)
{
    return (rtc->cmos[RTC_A] & RTC_A_DV) == RTC_A_DV_RUN;
}

static bool rtc_updates(const Rtc *rtc)
{
    return rtc_divider_runs(rtc) && !(rtc->cmos[RTC_B] & RTC_B_SET);
}

/** rtc_period: of PF, in ticks of the divider; 0: none (Register A, RS). */
static unsigned rtc_period(const Rtc *rtc)
{
    unsigned rate = rtc->cmos[RTC_A] & RTC_A_RS;

    if (rate == 0 || !rtc_divider_runs(rtc)) {
        return 0;
    }
    return 1u << (rate < 3 ? rate + 6 : rate - 1);
}

/** rtc_catch_up_time: make time bytes, UF and AF what they are now. */
static void rtc_catch_up_time(Rtc *rtc)
{
    int64_t seconds;
    unsigned alarm;

    /* One that has refused its state is reset with it */
    rtc->base_us = CLAMP(rtc->base_us, -RTC_BASE_MOST_US, RTC_BASE_MOST_US);
    seconds = floor_div(clock_utc_us(rtc->parent.bus->clock) - rtc->base_us,
                        US_PER_SECOND);
    rtc->base_us += seconds * US_PER_SECOND;
    if (seconds == 0 || !rtc_updates(rtc)) {
        return;
    }
    if (seconds > 0) {
        alarm = rtc_seconds_to_alarm(rtc);
        rtc->cmos[RTC_C] |= RTC_C_UF;
        if (alarm != 0 && alarm <= seconds) {
            rtc->cmos[RTC_C] |= RTC_C_AF;
        }
    }
    rtc_advance(rtc, seconds);
}

/** rtc_catch_up: make time bytes and flags what they are now. */
static void rtc_catch_up(Rtc *rtc)
{
    uint64_t ticks = clock_ticks(rtc->parent.bus->clock, RTC_DIVIDER_HZ);
    unsigned period = rtc_period(rtc);

    if (period && ticks / period != rtc->seen_ticks / period) {
        rtc->cmos[RTC_C] |= RTC_C_PF;
    }
    rtc->seen_ticks = ticks;
    rtc_catch_up_time(rtc);
}

/** rtc_arm_second: for the next update whose flag would interrupt. */
static void rtc_arm_second(Rtc *rtc)
{
    uint8_t wanted = rtc->cmos[RTC_B] & ~rtc->cmos[RTC_C];
    unsigned seconds = 0;

    if (rtc_updates(rtc)) {
        if (wanted & RTC_B_UIE) {
            seconds = 1;
        } else if (wanted & RTC_B_AIE) {
            seconds = rtc_seconds_to_alarm(rtc);
        }
    }
    if (seconds) {
        /* From time zero, so that it is the same whenever it is armed */
        int64_t us = rtc->base_us + seconds * US_PER_SECOND -
                     rtc->parent.bus->clock->epoch_us;

        timer_set(&rtc->second, CLAMP(us, 0, INT64_MAX / NS_PER_US) *
                                NS_PER_US);
    } else {
        timer_cancel(&rtc->second);
    }
}

static void rtc_arm_periodic(Rtc *rtc)
{
    unsigned period = rtc_period(rtc);

    if (period && rtc->cmos[RTC_B] & ~rtc->cmos[RTC_C] & RTC_B_PIE) {
        timer_set(&rtc->periodic,
                  clock_ticks_to_ns((rtc->seen_ticks / period + 1) * period,
                                    RTC_DIVIDER_HZ));
    } else {
        timer_cancel(&rtc->periodic);
    }
}

/** rtc_update_irq: drive the line and arm the timers; after every change. */
static void rtc_update_irq(Rtc *rtc)
{
    uint8_t pending = rtc->cmos[RTC_B] & rtc->cmos[RTC_C] &
                      (RTC_C_UF | RTC_C_AF | RTC_C_PF);

    rtc->cmos[RTC_C] &= ~RTC_C_IRQF;
    rtc->cmos[RTC_C] |= pending ? RTC_C_IRQF : 0;
    if (rtc->irq && rtc->irq->level != (pending != 0)) {
        irq_set(rtc->irq, pending != 0);
    }
    rtc_arm_second(rtc);
    rtc_arm_periodic(rtc);
}

static void rtc_expired(void *opaque)
{
    rtc_catch_up(opaque);
    rtc_update_irq(opaque);
}

/* Registers */

static bool rtc_update_in_progress(const Rtc *rtc)
{
    return rtc_updates(rtc) &&
           clock_utc_us(rtc->parent.bus->clock) - rtc->base_us >=
           US_PER_SECOND - RTC_UPDATE_US;
}

static void rtc_write_a(Rtc *rtc, uint8_t value)
{
    bool was_reset = (rtc->cmos[RTC_A] & RTC_A_DV_RESET) == RTC_A_DV_RESET;

    rtc->cmos[RTC_A] = value & ~RTC_A_UIP;
    if (was_reset && rtc_divider_runs(rtc)) {
        rtc->base_us = clock_utc_us(rtc->parent.bus->clock) +
                       RTC_AFTER_DIVIDER_US - US_PER_SECOND;
    }
}

static void rtc_write_b(Rtc *rtc, uint8_t value)
{
    int64_t time = rtc_time(rtc);
    uint8_t changed = rtc->cmos[RTC_B] ^ value;

    if (value & RTC_B_SET) {
        value &= ~RTC_B_UIE;
    }
    rtc->cmos[RTC_B] = value;
    /* A guest that is setting the time will give all bytes in the new form */
    if (changed & (RTC_B_DM | RTC_B_24H) && !(value & RTC_B_SET)) {
        rtc_set_time(rtc, time);
    }
}

static uint8_t rtc_read_c(Rtc *rtc)
{
    uint8_t value;

    rtc_update_irq(rtc);
    value = rtc->cmos[RTC_C];
    rtc->cmos[RTC_C] = 0;
    rtc_update_irq(rtc);
    return value;
}

static uint64_t rtc_read(void *opaque, uint64_t offset, unsigned size)
{
    Rtc *rtc = opaque;

    if (offset == 0) {
        return 0xff;            /* the index cannot be read back */
    }
    rtc_catch_up(rtc);
    switch (rtc->index) {
    case RTC_A:
        return rtc->cmos[RTC_A] |
               (rtc_update_in_progress(rtc) ? RTC_A_UIP : 0);
    case RTC_C:
        return rtc_read_c(rtc);
    case RTC_D:
        return RTC_D_VRT;
    case RTC_CENTURY_PS2:
        return rtc->cmos[RTC_CENTURY];
    default:
        return rtc->cmos[rtc->index];
    }
}

static void rtc_write(void *opaque, uint64_t offset, uint64_t value,
                      unsigned size)
{
    Rtc *rtc = opaque;

    if (offset == 0) {
        rtc->index = value & 0x7f;      /* bit 7 masks the NMI */
        return;
    }
    rtc_catch_up(rtc);
    switch (rtc->index) {
    case RTC_A:
        rtc_write_a(rtc, value);
        break;
    case RTC_B:
        rtc_write_b(rtc, value);
        break;
    case RTC_C:
    case RTC_D:
        break;
    case RTC_CENTURY_PS2:
        rtc->cmos[RTC_CENTURY] = value;
        break;
    default:
        rtc->cmos[rtc->index] = value;
        break;
    }
    rtc_update_irq(rtc);
}

static const MemoryRegionOps rtc_ops = {
    .read = rtc_read,
    .write = rtc_write,
    .min_size = 1,
    .max_size = 1,
};

void rtc_set_cmos(Rtc *rtc, uint8_t index, uint8_t value)
{
    g_assert(index >= RTC_CMOS_FREE && index < RTC_CMOS_LEN &&
             index != RTC_CENTURY && index != RTC_CENTURY_PS2);
    rtc->cmos[index] = value;
}

static void rtc_describe(const Device *dev, AcpiPlatform *platform)
{
    AcpiDevice *acpi = acpi_platform_add_device(platform);

    g_strlcpy(acpi->name, "RTC", sizeof(acpi->name));
    acpi->hid = "PNP0B00";
    acpi->n_io = 1;
    acpi->io[0] = (AcpiIoRange) { RTC_PORT, RTC_NUM_PORTS };
    acpi->irq = RTC_IRQ;
}

/* What is saved */

static bool rtc_check_cmos(const Rtc *rtc, GError **error)
{
    static const struct { uint8_t index, possible; } bytes[] = {
        { RTC_A, (uint8_t)~RTC_A_UIP },
        { RTC_B, 0xff },
        { RTC_C, RTC_C_UF | RTC_C_AF | RTC_C_PF | RTC_C_IRQF },
        { RTC_D, 0 },                   /* kept elsewhere: rtc_read() */
        { RTC_CENTURY_PS2, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bytes); i++) {
        g_autofree char *member = g_strdup_printf("cmos[%u]", bytes[i].index);

        if (!state_check_bits(member, rtc->cmos[bytes[i].index],
                              bytes[i].possible, error)) {
            return false;
        }
    }
    return !(rtc->cmos[RTC_B] & RTC_B_SET && rtc->cmos[RTC_B] & RTC_B_UIE) ||
           fm_error_set(error, "cmos[%u] is 0x%02x, but SET clears UIE", RTC_B,
                        rtc->cmos[RTC_B]);
}

/** rtc_loaded: its line is its receiver's to restore; what has happened to the
 *  time meanwhile is seen when somebody looks, unless it has gone back: then
 *  nobody might look before it is again what it was. */
static bool rtc_loaded(void *obj, GError **error)
{
    Rtc *rtc = obj;
    uint64_t ticks = clock_ticks(rtc->parent.bus->clock, RTC_DIVIDER_HZ);

    if (rtc->index >= RTC_CMOS_LEN) {
        return fm_error_set(error, "index is %u, there are %d bytes",
                            rtc->index, RTC_CMOS_LEN);
    }
    if (rtc->base_us < -RTC_BASE_MOST_US || rtc->base_us > RTC_BASE_MOST_US) {
        return fm_error_set(error, "base_us is %" G_GINT64_FORMAT ", which is "
                            "no time of a calendar", rtc->base_us);
    }
    if (rtc->seen_ticks > ticks) {
        return fm_error_set(error, "seen_ticks is %" G_GUINT64_FORMAT ", the "
                            "machine's clock is at %" G_GUINT64_FORMAT,
                            rtc->seen_ticks, ticks);
    }
    if (!rtc_check_cmos(rtc, error)) {
        return false;
    }
    if (rtc->base_us > clock_utc_us(rtc->parent.bus->clock)) {
        rtc_catch_up_time(rtc);
    }
    rtc_arm_second(rtc);
    rtc_arm_periodic(rtc);
    return true;
}

static const StateField rtc_fields[] = {
    STATE_FIELD(Rtc, index),
    STATE_ARRAY(Rtc, cmos),
    STATE_FIELD(Rtc, base_us),
    STATE_FIELD(Rtc, seen_ticks),
    STATE_END
};

static const StateTable rtc_state = {
    .version = 1,
    .fields = rtc_fields,
    .loaded = rtc_loaded,
};

/* Life */

void rtc_wire(Rtc *rtc, Irq *irq)
{
    rtc->irq = irq;
}

/** rtc_reset: the RESET pin: time, memory and mode stay. */
static void rtc_reset(Device *dev)
{
    Rtc *rtc = (Rtc *)dev;

    rtc_catch_up(rtc);
    rtc->index = 0;
    rtc->cmos[RTC_B] &= ~(RTC_B_PIE | RTC_B_AIE | RTC_B_UIE | RTC_B_SQWE);
    rtc->cmos[RTC_C] = 0;
    rtc_update_irq(rtc);
}

/** rtc_power_on: as if the battery had kept the right time. */
static void rtc_power_on(Rtc *rtc)
{
    const Clock *clock = rtc->parent.bus->clock;
    int64_t seconds = floor_div(clock_utc_us(clock), US_PER_SECOND);
    int64_t days = floor_div(seconds, SECONDS_PER_DAY);

    rtc->cmos[RTC_A] = RTC_A_DV_RUN | 6;        /* 1024 Hz */
    rtc->cmos[RTC_B] = RTC_B_24H;
    rtc->base_us = seconds * US_PER_SECOND;
    rtc->seen_ticks = clock_ticks(clock, RTC_DIVIDER_HZ);
    rtc_set_time(rtc, seconds + rtc_days(1970, 1) * SECONDS_PER_DAY);
    /* 1970-01-01 was a Thursday; Sunday is 1 */
    rtc->cmos[RTC_DAY_OF_WEEK] = 1 + floor_mod(days + 4, 7);
}

static bool rtc_realize(Device *dev, GError **error)
{
    Rtc *rtc = (Rtc *)dev;
    IsaBus *bus = rtc->parent.bus;

    if (!isa_claim_ports(&rtc->parent, &rtc->mr, RTC_PORT, error)) {
        return false;
    }
    if (!rtc->irq) {
        rtc->irq = bus->irqs[RTC_IRQ];
    }
    timer_init(&rtc->second, bus->clock, rtc_expired, rtc);
    timer_init(&rtc->periodic, bus->clock, rtc_expired, rtc);
    rtc_power_on(rtc);
    return true;
}

static void rtc_unrealize(Device *dev)
{
    Rtc *rtc = (Rtc *)dev;

    timer_cancel(&rtc->second);
    timer_cancel(&rtc->periodic);
    memory_region_remove(&rtc->mr);
}

static void rtc_init(Object *obj)
{
    Rtc *rtc = (Rtc *)obj;

    memory_region_init_io(&rtc->mr, "rtc", RTC_NUM_PORTS, &rtc_ops, rtc);
    device_add_outputs(&rtc->parent.parent, NULL, &rtc->irq, 1);
}

static void rtc_finalize(Object *obj)
{
    memory_region_cleanup(&((Rtc *)obj)->mr);
}

static const DeviceClass rtc_class = {
    .bus = "ISA",
    .realize = rtc_realize,
    .unrealize = rtc_unrealize,
    .reset = rtc_reset,
    .describe = rtc_describe,
    .state = &rtc_state,
};

const ObjectType rtc_type = {
    .name = "mc146818rtc",
    .parent = &isa_device_type,
    .doc = "Real-time clock and CMOS memory",
    .instance_size = sizeof(Rtc),
    .klass = &rtc_class,
    .init = rtc_init,
    .finalize = rtc_finalize,
};
