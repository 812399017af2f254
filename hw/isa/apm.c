/*
 * The advanced power management ports 0xB2 and 0xB3
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/isa/apm.h"

enum { APM_CNT, APM_STS };

static uint64_t apm_read(void *opaque, uint64_t offset, unsigned size)
{
    const Apm *apm = opaque;

    return offset == APM_CNT ? apm->cnt : apm->sts;
}

static void apm_write(void *opaque, uint64_t offset, uint64_t value,
                      unsigned size)
{
    Apm *apm = opaque;

    if (offset == APM_STS) {
        apm->sts = value;
        return;
    }
    apm->cnt = value;
    if (apm->cnt == apm->enable || apm->cnt == apm->disable) {
        apm->set_acpi(apm->opaque, apm->cnt == apm->enable);
    }
}

static const MemoryRegionOps apm_ops = {
    .read = apm_read,
    .write = apm_write,
    .min_size = 1,
    .max_size = 1,
};

void apm_init(Apm *apm, MemoryRegion *io, uint8_t enable, uint8_t disable,
              void (*set_acpi)(void *opaque, bool enabled), void *opaque)
{
    apm->enable = enable;
    apm->disable = disable;
    apm->set_acpi = set_acpi;
    apm->opaque = opaque;
    memory_region_init_io(&apm->mr, "apm", 2, &apm_ops, apm);
    memory_region_add(io, APM_CNT_PORT, &apm->mr, 0);
}

void apm_cleanup(Apm *apm)
{
    memory_region_cleanup(&apm->mr);
}

void apm_reset(Apm *apm)
{
    apm->cnt = 0;
    apm->sts = 0;
}

static const StateField apm_fields[] = {
    STATE_FIELD(Apm, cnt),
    STATE_FIELD(Apm, sts),
    STATE_END
};

const StateTable apm_state = { .version = 1, .fields = apm_fields };
