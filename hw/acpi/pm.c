/*
 * The fixed hardware of ACPI: PM1 block, PM timer, GPE0 block
 *
 * Every register answers to bytes as well as to words: what arrives is taken
 * byte by byte and acted upon once.
 *
 * The timer's top bit changes every 2.3 s.  That is worked out when somebody
 * looks; a host timer runs only while a change could raise the SCI.
 *
 * Spec: ACPI 6.5, 4.8; docs/specs/acpi-pm.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/pm.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

enum { PM1_EVT_LEN = 4, PM1_CNT_LEN = 2, PM_TMR_LEN = 4 };

/* Status bits that can cause an SCI; WAK_STS only tells. */
#define PM1_EVENTS (ACPI_PM1_TMR | ACPI_PM1_GBL | ACPI_PM1_PWRBTN |         \
                    ACPI_PM1_RTC)

enum { PM1_BM_RLD = 1 << 1, PM1_SLP_TYP = 7 << ACPI_PM1_SLP_TYP_SHIFT };

/* What PM1_CNT keeps; GBL_RLS and SLP_EN are written only. */
#define PM1_CNT_KEPT (ACPI_PM1_SCI_EN | PM1_BM_RLD | PM1_SLP_TYP)

/* What can be set in PM1_STS */
#define PM1_STATUS (PM1_EVENTS | ACPI_PM1_WAK)

#define PM_TMR_TOP_BIT 23
#define PM_TMR_MASK 0xffffffu

/* By SLP_TYP; 0: means nothing */
static const AcpiSleep pm_sleep_states[8] = {
    [0] = ACPI_SLEEP_S5, [1] = ACPI_SLEEP_S3, [2] = ACPI_SLEEP_S4,
};

/* Put the bytes of a guest's access in the place of those in @reg. */
static uint32_t pm_merge(uint32_t reg, uint64_t offset, uint64_t value,
                         unsigned size)
{
    uint8_t bytes[8];

    g_assert(offset + size <= sizeof(bytes));
    st32_le(bytes, reg);
    stn_le(bytes + offset, size, value);
    return ld32_le(bytes);
}

/* The SCI and the timer */

static uint64_t pm_next_change(uint64_t ticks)
{
    return ((ticks >> PM_TMR_TOP_BIT) + 1) << PM_TMR_TOP_BIT;
}

static bool pm_gpe0_pending(const AcpiPm *pm)
{
    for (unsigned i = 0; i < pm->gpe0_len / 2; i++) {
        if (pm->gpe0_sts[i] & pm->gpe0_en[i]) {
            return true;
        }
    }
    return false;
}

/* Bring TMR_STS up to date. */
static void pm_catch_up(AcpiPm *pm)
{
    uint64_t ticks = clock_ticks(pm->clock, ACPI_PM_TIMER_HZ);

    if (ticks >= pm->tmr_change_ticks) {
        pm->pm1_sts |= ACPI_PM1_TMR;
        pm->tmr_change_ticks = pm_next_change(ticks);
    }
}

/* Drive the SCI and arm the timer, as the registers say. */
static void pm_drive(AcpiPm *pm)
{
    bool acpi = pm->pm1_cnt & ACPI_PM1_SCI_EN;

    if (acpi && (pm->pm1_en & ~pm->pm1_sts & ACPI_PM1_TMR)) {
        timer_set(&pm->tmr_timer,
                  clock_ticks_to_ns(pm->tmr_change_ticks, ACPI_PM_TIMER_HZ));
    } else {
        timer_cancel(&pm->tmr_timer);
    }
    irq_set(pm->sci, acpi && ((pm->pm1_sts & pm->pm1_en) ||
                              pm_gpe0_pending(pm)));
}

static void pm_update(AcpiPm *pm)
{
    pm_catch_up(pm);
    pm_drive(pm);
}

static void pm_timer_expired(void *opaque)
{
    pm_update(opaque);
}

/* PM1a_EVT_BLK (ACPI 6.5, 4.8.3.1): STS, EN */

static uint64_t pm_evt_read(void *opaque, uint64_t offset, unsigned size)
{
    AcpiPm *pm = opaque;
    uint8_t bytes[PM1_EVT_LEN];

    g_assert(offset + size <= sizeof(bytes));
    pm_update(pm);
    st16_le(bytes, pm->pm1_sts);
    st16_le(bytes + 2, pm->pm1_en);
    return ldn_le(bytes + offset, size);
}

static void pm_evt_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    AcpiPm *pm = opaque;

    /* A change that is over is cleared, not seen after the clearing. */
    pm_update(pm);
    if (log_enabled(LOG_PM)) {
        log_line(LOG_PM, "PM1a_EVT_BLK+%u = 0x%x (%u bytes); PM1_STS was "
                 "0x%04x", (unsigned)offset, (unsigned)value, size,
                 pm->pm1_sts);
    }
    pm->pm1_sts &= ~pm_merge(0, offset, value, size);
    pm->pm1_en = (pm_merge((uint32_t)pm->pm1_en << 16, offset, value, size)
                  >> 16) & PM1_EVENTS;
    pm_update(pm);
}

static const MemoryRegionOps pm_evt_ops = {
    .read = pm_evt_read,
    .write = pm_evt_write,
};

/* PM1a_CNT_BLK (ACPI 6.5, 4.8.3.2) */

static uint64_t pm_cnt_read(void *opaque, uint64_t offset, unsigned size)
{
    const AcpiPm *pm = opaque;

    g_assert(offset + size <= PM1_CNT_LEN);
    return (pm->pm1_cnt >> (8 * offset)) & 0xffff >> (8 * (2 - size));
}

static void pm_cnt_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    AcpiPm *pm = opaque;
    uint16_t written = pm_merge(pm->pm1_cnt, offset, value, size);
    AcpiSleep state = pm_sleep_states[(written & PM1_SLP_TYP) >>
                                      ACPI_PM1_SLP_TYP_SHIFT];

    pm->pm1_cnt = written & PM1_CNT_KEPT;
    pm_update(pm);
    if (log_enabled(LOG_PM)) {
        log_line(LOG_PM, "PM1a_CNT_BLK = 0x%04x%s", written,
                 !(written & ACPI_PM1_SLP_EN) ? ""
                 : state ? ": sleep" : ": sleep, of a type that there is not");
    }
    if ((written & ACPI_PM1_SLP_EN) && state && pm->sleep) {
        pm->sleep(pm->opaque, state);
    }
}

static const MemoryRegionOps pm_cnt_ops = {
    .read = pm_cnt_read,
    .write = pm_cnt_write,
    .min_size = 1,
    .max_size = 2,
};

/* PM_TMR_BLK (ACPI 6.5, 4.8.3.3) */

static uint64_t pm_tmr_read(void *opaque, uint64_t offset, unsigned size)
{
    const AcpiPm *pm = opaque;

    return clock_ticks(pm->clock, ACPI_PM_TIMER_HZ) & PM_TMR_MASK;
}

static void pm_tmr_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    /* The counter is read only. */
}

static const MemoryRegionOps pm_tmr_ops = {
    .read = pm_tmr_read,
    .write = pm_tmr_write,
    .min_size = 4,
    .max_size = 4,
};

/* GPE0_BLK (ACPI 6.5, 4.8.4.1): STS half, EN half */

static uint8_t *pm_gpe0_byte(AcpiPm *pm, uint64_t offset)
{
    unsigned half = pm->gpe0_len / 2;

    g_assert(offset < pm->gpe0_len);
    return offset < half ? &pm->gpe0_sts[offset] : &pm->gpe0_en[offset - half];
}

static uint64_t pm_gpe0_read(void *opaque, uint64_t offset, unsigned size)
{
    return *pm_gpe0_byte(opaque, offset);
}

static void pm_gpe0_write(void *opaque, uint64_t offset, uint64_t value,
                          unsigned size)
{
    AcpiPm *pm = opaque;
    uint8_t *byte = pm_gpe0_byte(pm, offset);

    if (log_enabled(LOG_PM)) {
        log_line(LOG_PM, "GPE0_BLK+%u = 0x%02x; was 0x%02x", (unsigned)offset,
                 (unsigned)value, *byte);
    }
    if (offset < pm->gpe0_len / 2) {
        *byte &= ~value;
    } else {
        *byte = value;
    }
    pm_update(pm);
}

static const MemoryRegionOps pm_gpe0_ops = {
    .read = pm_gpe0_read,
    .write = pm_gpe0_write,
    .min_size = 1,
    .max_size = 1,
};

/* What others may do */

void acpi_pm_set_sci(AcpiPm *pm, Irq *sci)
{
    if (pm->sci != sci) {
        irq_set(pm->sci, false);
        pm->sci = sci;
        pm_update(pm);
    }
}

void acpi_pm_set_acpi(AcpiPm *pm, bool enabled)
{
    if (log_enabled(LOG_PM)) {
        log_line(LOG_PM, "ACPI mode %s", enabled ? "on" : "off");
    }
    if (enabled) {
        pm->pm1_cnt |= ACPI_PM1_SCI_EN;
    } else {
        pm->pm1_cnt &= ~ACPI_PM1_SCI_EN;
    }
    pm_update(pm);
}

void acpi_pm_raise_gpe(AcpiPm *pm, unsigned n)
{
    g_assert(n < pm->gpe0_len * 4u);
    if (log_enabled(LOG_PM)) {
        log_line(LOG_PM, "GPE %u raised", n);
    }
    pm->gpe0_sts[n / 8] |= 1u << n % 8;
    pm_update(pm);
}

void acpi_pm_power_button(AcpiPm *pm)
{
    if (log_enabled(LOG_PM)) {
        log_line(LOG_PM, "power button pressed");
    }
    pm->pm1_sts |= ACPI_PM1_PWRBTN;
    pm_update(pm);
}

uint64_t acpi_pm_raised_gpes(const AcpiPm *pm)
{
    return ld64_le(pm->gpe0_sts);
}

void acpi_pm_wake(AcpiPm *pm, uint64_t gpes)
{
    if (log_enabled(LOG_PM)) {
        log_line(LOG_PM, "awake, GPEs 0x%" G_GINT64_MODIFIER "x", gpes);
    }
    st64_le(pm->gpe0_sts, gpes);
    pm->pm1_sts |= ACPI_PM1_WAK | ACPI_PM1_PWRBTN;
    pm_update(pm);
}

/* Its life */

void acpi_pm_init(AcpiPm *pm, Clock *clock, MemoryRegion *container,
                  uint32_t evt, uint32_t cnt, uint32_t tmr,
                  MemoryRegion *gpe0_container, uint32_t gpe0_offset,
                  uint8_t gpe0_len)
{
    g_assert(gpe0_len % 2 == 0 && gpe0_len / 2u <= sizeof(pm->gpe0_sts));

    pm->clock = clock;
    pm->gpe0_len = gpe0_len;
    timer_init(&pm->tmr_timer, clock, pm_timer_expired, pm);

    memory_region_init_io(&pm->evt_mr, "acpi-pm1-event", PM1_EVT_LEN,
                          &pm_evt_ops, pm);
    memory_region_init_io(&pm->cnt_mr, "acpi-pm1-control", PM1_CNT_LEN,
                          &pm_cnt_ops, pm);
    memory_region_init_io(&pm->tmr_mr, "acpi-pm-timer", PM_TMR_LEN,
                          &pm_tmr_ops, pm);
    memory_region_init_io(&pm->gpe0_mr, "acpi-gpe0", gpe0_len,
                          &pm_gpe0_ops, pm);
    memory_region_add(container, evt, &pm->evt_mr, 0);
    memory_region_add(container, cnt, &pm->cnt_mr, 0);
    memory_region_add(container, tmr, &pm->tmr_mr, 0);
    memory_region_add(gpe0_container, gpe0_offset, &pm->gpe0_mr, 0);
}

void acpi_pm_cleanup(AcpiPm *pm)
{
    timer_cancel(&pm->tmr_timer);
    memory_region_cleanup(&pm->evt_mr);
    memory_region_cleanup(&pm->cnt_mr);
    memory_region_cleanup(&pm->tmr_mr);
    memory_region_cleanup(&pm->gpe0_mr);
}

void acpi_pm_reset(AcpiPm *pm)
{
    pm->pm1_sts = 0;
    pm->pm1_en = 0;
    pm->pm1_cnt = 0;
    memset(pm->gpe0_sts, 0, sizeof(pm->gpe0_sts));
    memset(pm->gpe0_en, 0, sizeof(pm->gpe0_en));
    pm->tmr_change_ticks =
        pm_next_change(clock_ticks(pm->clock, ACPI_PM_TIMER_HZ));
    pm_update(pm);
}

/* What is saved */

static void acpi_pm_saving(void *obj)
{
    pm_catch_up(obj);
}

static bool pm_check_gpe0(const AcpiPm *pm, GError **error)
{
    for (unsigned i = pm->gpe0_len / 2; i < sizeof(pm->gpe0_sts); i++) {
        if (pm->gpe0_sts[i] | pm->gpe0_en[i]) {
            return fm_error_set(error, "%s: byte %u is 0x%02x, there are only "
                                "%u", pm->gpe0_sts[i] ? "gpe0_sts" : "gpe0_en",
                                i, pm->gpe0_sts[i] ? pm->gpe0_sts[i]
                                                   : pm->gpe0_en[i],
                                pm->gpe0_len / 2);
        }
    }
    return true;
}

static bool acpi_pm_loaded(void *obj, GError **error)
{
    const AcpiPm *pm = obj;

    return state_check_bits("pm1_sts", pm->pm1_sts, PM1_STATUS, error) &&
           state_check_bits("pm1_en", pm->pm1_en, PM1_EVENTS, error) &&
           state_check_bits("pm1_cnt", pm->pm1_cnt, PM1_CNT_KEPT, error) &&
           pm_check_gpe0(pm, error);
}

void acpi_pm_restored(AcpiPm *pm, Irq *sci)
{
    pm->sci = sci;
    pm->tmr_change_ticks =
        pm_next_change(clock_ticks(pm->clock, ACPI_PM_TIMER_HZ));
    pm_drive(pm);
}

static const StateField acpi_pm_fields[] = {
    STATE_FIELD(AcpiPm, pm1_sts),
    STATE_FIELD(AcpiPm, pm1_en),
    STATE_FIELD(AcpiPm, pm1_cnt),
    STATE_ARRAY(AcpiPm, gpe0_sts),
    STATE_ARRAY(AcpiPm, gpe0_en),
    STATE_END
};

const StateTable acpi_pm_state = {
    .version = 1,
    .fields = acpi_pm_fields,
    .saving = acpi_pm_saving,
    .loaded = acpi_pm_loaded,
};
