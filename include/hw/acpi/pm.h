/*
 * The fixed hardware of ACPI: PM1 block, PM timer, GPE0 block
 * (ACPI 6.5, 4.8.3 and 4.8.4)
 *
 * A component that both chipsets' power management functions embed: they
 * decide where its ports are and which interrupt the SCI is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_PM_H
#define HW_ACPI_PM_H

#include "hw/core/clock.h"
#include "hw/core/irq.h"
#include "hw/core/state.h"
#include "system/memory.h"

#define ACPI_PM_TIMER_HZ 3579545

/** PM1_STS and PM1_EN bits (ACPI 6.5, tables 4.13, 4.14) */
enum {
    ACPI_PM1_TMR = 1 << 0, ACPI_PM1_GBL = 1 << 5, ACPI_PM1_PWRBTN = 1 << 8,
    ACPI_PM1_RTC = 1 << 10, ACPI_PM1_WAK = 1 << 15,
};

/** PM1_CNT bits (ACPI 6.5, table 4.15) */
enum {
    ACPI_PM1_SCI_EN = 1 << 0, ACPI_PM1_SLP_TYP_SHIFT = 10,
    ACPI_PM1_SLP_EN = 1 << 13,
};

/** What the guest asked for by SLP_TYP and SLP_EN: the state of that number. */
typedef enum AcpiSleep { ACPI_SLEEP_S3 = 3, ACPI_SLEEP_S4, ACPI_SLEEP_S5 }
    AcpiSleep;

typedef struct AcpiPm {
    /* Links: given by the owner */
    Clock *clock;
    Irq *sci;
    void (*sleep)(void *opaque, AcpiSleep state);
    void *opaque;

    /* Guest state: reset and saved */
    uint16_t pm1_sts, pm1_en, pm1_cnt;
    uint8_t gpe0_sts[8], gpe0_en[8];

    /* These follow from them and the time */
    uint64_t tmr_change_ticks;  /* the timer's top bit changes next, and
                                   TMR_STS has yet to be told */
    Timer tmr_timer;            /* armed while that could raise the SCI */
    MemoryRegion evt_mr;        /* 4 ports */
    MemoryRegion cnt_mr;        /* 2 ports */
    MemoryRegion tmr_mr;        /* 4 ports */
    MemoryRegion gpe0_mr;       /* gpe0_len ports */
    uint8_t gpe0_len;           /* status and enable together; even, <= 16 */
} AcpiPm;

/** Its loaded() checks the registers; the owner's calls acpi_pm_restored(). */
extern const StateTable acpi_pm_state;

/**
 * acpi_pm_init: the links `sci`, `sleep` and `opaque` are kept; `sleep` is the
 * last thing that a guest's access does, so it may reset the machine.
 *
 * @container: region that the ports are placed in, at these offsets; what is
 *             enabled and where it appears is the owner's affair
 * @gpe0_container: where the GPE0 block is, at @gpe0_offset
 *
 * SLP_TYP values: 0 = S5, 1 = S3, 2 = S4 (docs/specs/acpi-pm.rst).
 */
void acpi_pm_init(AcpiPm *pm, Clock *clock, MemoryRegion *container,
                  uint32_t evt, uint32_t cnt, uint32_t tmr,
                  MemoryRegion *gpe0_container, uint32_t gpe0_offset,
                  uint8_t gpe0_len);
void acpi_pm_cleanup(AcpiPm *pm);
void acpi_pm_reset(AcpiPm *pm);

/** acpi_pm_set_sci: from now on the SCI is @sci (NULL: leads nowhere); the
 *  line that it was before goes low. */
void acpi_pm_set_sci(AcpiPm *pm, Irq *sci);

/** acpi_pm_restored: the registers and the clock are restored and the SCI is
 *  @sci (NULL: leads nowhere): drive it, arm the timer.  No other line is
 *  touched. */
void acpi_pm_restored(AcpiPm *pm, Irq *sci);

/** acpi_pm_set_acpi: what the SMI command port's ACPI_ENABLE (true) and
 *  ACPI_DISABLE do: SCI_EN. */
void acpi_pm_set_acpi(AcpiPm *pm, bool enabled);

/** acpi_pm_raise_gpe: set status bit @n (0 to gpe0_len * 4 - 1). */
void acpi_pm_raise_gpe(AcpiPm *pm, unsigned n);

/** acpi_pm_power_button: set PWRBTN_STS. */
void acpi_pm_power_button(AcpiPm *pm);

/** acpi_pm_raised_gpes: the status bits of GPE0, event n in bit n. */
uint64_t acpi_pm_raised_gpes(const AcpiPm *pm);

/**
 * acpi_pm_wake: the machine wakes from S3, @pm is reset: set WAK_STS, and
 * PWRBTN_STS, for it is told to have been the power button (ACPI 6.5,
 * 4.8.2.2.1.1).
 * @gpes: acpi_pm_raised_gpes() before the reset: what happened while it slept
 *        has yet to be noticed
 */
void acpi_pm_wake(AcpiPm *pm, uint64_t gpes);

#endif
