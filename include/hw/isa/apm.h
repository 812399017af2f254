/*
 * The advanced power management ports 0xB2 and 0xB3
 * (APMC and APMS of the Intel 82371AB, APM_CNT and APM_STS of the ICH9)
 *
 * ACPI's SMI command port.  A chipset raises an SMI for each write to APM_CNT
 * and firmware's handler turns ACPI on or off; here nothing runs in system
 * management mode and the machine does it by itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ISA_APM_H
#define HW_ISA_APM_H

#include "hw/core/state.h"
#include "system/memory.h"

#define APM_CNT_PORT 0xb2

/** A component of both chipsets' power management functions. */
typedef struct Apm {
    uint8_t enable, disable;            /* ACPI_ENABLE, ACPI_DISABLE */
    void (*set_acpi)(void *opaque, bool enabled);
    void *opaque;

    /* Guest state: reset and saved */
    uint8_t cnt, sts;

    MemoryRegion mr;
} Apm;

/** Both registers keep what is written; what a write did is others' state. */
extern const StateTable apm_state;

/**
 * apm_init: place the two ports in @io.
 * @enable, @disable: values that, written to APM_CNT, make @set_acpi be called
 */
void apm_init(Apm *apm, MemoryRegion *io, uint8_t enable, uint8_t disable,
              void (*set_acpi)(void *opaque, bool enabled), void *opaque);
void apm_cleanup(Apm *apm);
void apm_reset(Apm *apm);

#endif
