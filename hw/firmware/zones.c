/*
 * Where firmware may put things: RAM below 4 GiB, and the F-segment
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/firmware/zones.h"

#include "util/bytes.h"
#include "util/error.h"

#define E820_RAM 1

#define HIGH_FLOOR (UINT64_C(1) << 20)
#define HIGH_CEILING (UINT64_C(1) << 32)
#define PAGE_LEN 4096u
#define FSEG_MIN_ALIGN 16u

/** An entry's part between 1 MiB and 4 GiB; empty if it has none. */
static FirmwareRange zones_clip(const uint8_t *entry)
{
    uint64_t start = ld64_le(entry), len = ld64_le(entry + 8);
    uint64_t end = len > UINT64_MAX - start ? UINT64_MAX : start + len;
    FirmwareRange range = {
        .start = MAX(start, HIGH_FLOOR), .end = MIN(end, HIGH_CEILING),
    };

    return range;
}

bool firmware_zones_init(FirmwareZones *zones, const uint8_t *e820, size_t len,
                         GError **error)
{
    *zones = (FirmwareZones) {
        .fseg = { FIRMWARE_FSEG_START, FIRMWARE_FSEG_END },
        .reserved = g_array_new(FALSE, FALSE, sizeof(FirmwareRange)),
    };

    if (len > FIRMWARE_E820_MAX_LEN) {
        return fm_error_set(error, "etc/e820: more than %d bytes",
                            FIRMWARE_E820_MAX_LEN);
    }
    if (len % FIRMWARE_E820_ENTRY_LEN) {
        return fm_error_set(error, "etc/e820: %" G_GSIZE_FORMAT " bytes are "
                            "not a number of whole entries", len);
    }
    for (size_t i = 0; i < len; i += FIRMWARE_E820_ENTRY_LEN) {
        FirmwareRange range = zones_clip(e820 + i);

        if (range.start >= range.end) {
            continue;
        }
        if (ld32_le(e820 + i + 16) != E820_RAM) {
            g_array_append_val(zones->reserved, range);
        } else if (range.end > zones->high.end) {
            zones->high = range;
        }
    }
    if (!zones->high.end) {
        return fm_error_set(error, "etc/e820: no RAM between 1 MiB and 4 GiB");
    }
    return true;
}

void firmware_zones_cleanup(FirmwareZones *zones)
{
    g_clear_pointer(&zones->reserved, g_array_unref);
}

/** A reserved range that meets [start, end); NULL: none does. */
static const FirmwareRange *zones_find_reserved(const FirmwareZones *zones,
                                                uint64_t start, uint64_t end)
{
    for (unsigned i = 0; i < zones->reserved->len; i++) {
        const FirmwareRange *r = &g_array_index(zones->reserved,
                                                FirmwareRange, i);

        if (r->start < end && start < r->end) {
            return r;
        }
    }
    return NULL;
}

static uint64_t zones_allocate_high(FirmwareZones *zones, uint64_t len)
{
    uint64_t end = zones->high.end;

    /* each round goes below a reserved range for good, so it ends */
    for (;;) {
        const FirmwareRange *reserved;
        uint64_t start;

        if (end < len || end - len < zones->high.start) {
            return 0;
        }
        start = (end - len) & ~(uint64_t)(PAGE_LEN - 1);
        if (start < zones->high.start) {
            return 0;
        }
        reserved = zones_find_reserved(zones, start, end);
        if (!reserved) {
            zones->high.end = start;
            return start;
        }
        end = reserved->start;
    }
}

static uint64_t zones_allocate_fseg(FirmwareZones *zones, uint32_t len,
                                    uint32_t align)
{
    uint64_t mask = MAX(align, FSEG_MIN_ALIGN) - 1;
    uint64_t start = (zones->fseg.start + mask) & ~mask;

    if (start > zones->fseg.end || len > zones->fseg.end - start) {
        return 0;
    }
    zones->fseg.start = start + len;
    return start;
}

uint64_t firmware_zones_allocate(FirmwareZones *zones, AcpiZone zone,
                                 uint32_t len, uint32_t align)
{
    g_assert(len && align && !(align & (align - 1)) && align <= PAGE_LEN);

    if (zone == ACPI_ZONE_FSEG) {
        return zones_allocate_fseg(zones, len, align);
    }
    /* a page is the most that align can ask for */
    return zones_allocate_high(zones, ((uint64_t)len + PAGE_LEN - 1) &
                                      ~(uint64_t)(PAGE_LEN - 1));
}
