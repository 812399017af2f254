/*
 * What guest memory is and holds, without disturbing it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_MEMORY_SCAN_H
#define SYSTEM_MEMORY_SCAN_H

#include "system/memory.h"

/** A stretch of guest memory. */
typedef struct MemoryRange {
    uint64_t gpa, len;          /* bytes */
} MemoryRange;

typedef struct MemoryScan MemoryScan;

/** memory_scan_find_ram: the MemoryRange list of all RAM and ROM that reads
 *  find in [@first, @last], sorted, none adjacent to the next. */
GArray *memory_scan_find_ram(AddressSpace *as, uint64_t first, uint64_t last);

/**
 * memory_scan_look:
 * @len: at least 1; cut down to what is alike
 * @offset: set to where in the region the bytes are
 *
 * Returns: the region whose bytes reads of @gpa find, until the topology
 * changes; NULL if it is neither RAM nor ROM.
 */
const MemoryRegion *memory_scan_look(AddressSpace *as, uint64_t gpa,
                                     uint64_t *offset, uint64_t *len);

/** memory_scan_zero: Returns how many of @len bytes, at least one, are @zero
 *  or, a file's block at a time, not. */
size_t memory_scan_zero(const uint8_t *bytes, size_t len, bool *zero);

/** memory_scan_new: learn what the host tells about its memory, as it is
 *  mapped now. */
MemoryScan *memory_scan_new(void);
void memory_scan_free(MemoryScan *scan);

/** memory_scan_forget: somebody may have touched memory since the last call of
 *  memory_scan_untouched(). */
void memory_scan_forget(MemoryScan *scan);

/**
 * memory_scan_untouched:
 * @mr: RAM or ROM that was mapped when @scan was made
 * @offset, @len: what of it; @len is at least 1
 *
 * Returns: how many of @len bytes, at least one, are @untouched, or not.  They
 * are if they are zero because nobody has ever touched them, so that to read
 * them would cost the host memory.  The host tells of anonymous memory that
 * nobody shares, and of files whose file system knows their holes; all other
 * memory counts as touched.
 */
uint64_t memory_scan_untouched(MemoryScan *scan, const MemoryRegion *mr,
                               uint64_t offset, uint64_t len,
                               bool *untouched);

#endif
