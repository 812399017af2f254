/*
 * Where firmware may put things: RAM below 4 GiB, and the F-segment
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_FIRMWARE_ZONES_H
#define HW_FIRMWARE_ZONES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hw/acpi/blob.h"

/** The F-segment, without the reset vector's 16 bytes at its end. */
#define FIRMWARE_FSEG_START 0xf0000
#define FIRMWARE_FSEG_END 0xffff0

/** Longest etc/e820: as many entries as an operating system's map holds. */
#define FIRMWARE_E820_ENTRY_LEN 20
#define FIRMWARE_E820_MAX_LEN (128 * FIRMWARE_E820_ENTRY_LEN)

/** A stretch of guest-physical memory; @end is exclusive. */
typedef struct FirmwareRange {
    uint64_t start, end;
} FirmwareRange;

typedef struct FirmwareZones {
    FirmwareRange high;         /* what is left; shrinks from its end */
    FirmwareRange fseg;         /* what is left; shrinks from its start */
    GArray *reserved;           /* FirmwareRange inside high */
} FirmwareZones;

/**
 * firmware_zones_init:
 * @e820, @len: the content of fw_cfg file etc/e820: entries of 20 bytes {u64
 *              address, u64 length, u32 type}, little-endian; type 1 is RAM
 *
 * ACPI_ZONE_HIGH is the part between 1 MiB and 4 GiB of the RAM entry that ends
 * highest there; entries of other types inside it are spared.
 *
 * Returns: false with @error set if no entry is RAM between 1 MiB and 4 GiB,
 * or @len is not a multiple of an entry's or over FIRMWARE_E820_MAX_LEN.
 * Undone by firmware_zones_cleanup(), which may also be called after a failure.
 * Spec: ACPI 6.5, 15.1 (types).
 */
bool firmware_zones_init(FirmwareZones *zones, const uint8_t *e820, size_t len,
                         GError **error);
void firmware_zones_cleanup(FirmwareZones *zones);

/**
 * firmware_zones_allocate:
 * @len: bytes, not 0
 * @align: bytes, a power of two up to 4096
 *
 * ACPI_ZONE_HIGH: whole pages of 4 KiB, as OVMF allocates, so that nothing
 * shares a page; from the top of RAM down, as SeaBIOS does.  ACPI_ZONE_FSEG:
 * aligned to at least 16 bytes, from the segment's start up.
 *
 * Returns: the guest-physical address; 0 if there is no room.
 */
uint64_t firmware_zones_allocate(FirmwareZones *zones, AcpiZone zone,
                                 uint32_t len, uint32_t align);

#endif
