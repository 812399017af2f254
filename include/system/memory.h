/*
 * Address spaces and the regions in them
 *
 * A region is RAM, ROM, a window onto another region, a device's registers or
 * a container of regions.  Where regions overlap the higher priority is seen;
 * at equal priority the one that was added later.
 *
 * A region may be seen by reads only or by writes only (that is what a
 * chipset's shadow-RAM attributes do), so an address space keeps two flat
 * views, one for reads and one for writes.  They are rebuilt at the first
 * access after a change, so a guest that flips attributes pays for what it
 * then uses.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_MEMORY_H
#define SYSTEM_MEMORY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct MemoryRegion MemoryRegion;
typedef struct AddressSpace AddressSpace;

/**
 * A device's registers.  @offset counts from the region's start.  Accesses
 * reach the device with a size between min_size and max_size (powers of two,
 * 1 to 8): larger ones are split, in rising order; smaller reads read
 * min_size at the aligned offset and take their part; smaller writes arrive
 * as they are made (the device sees the size).
 * Values are little-endian numbers.  Neither handler may be NULL.
 *
 * A handler may change the topology and access address spaces; it must not
 * free its own region.
 */
typedef struct MemoryRegionOps {
    uint64_t (*read)(void *opaque, uint64_t offset, unsigned size);
    void (*write)(void *opaque, uint64_t offset, uint64_t value,
                  unsigned size);
    uint8_t min_size, max_size;     /* 0: 1 and 4 */
} MemoryRegionOps;

typedef enum MemoryKind {
    MEMORY_CONTAINER,
    MEMORY_RAM,
    MEMORY_ROM,         /* RAM that ignores the guest's writes */
    MEMORY_IO,
    MEMORY_ALIAS,
} MemoryKind;

struct MemoryRegion {
    MemoryKind kind;
    const char *name;           /* borrowed; for people */
    uint64_t size;              /* bytes, 1 to 2^63 */

    /* Where it is; see memory_region_add() */
    MemoryRegion *container;
    uint64_t offset;
    int priority;
    bool enabled;
    bool readable, writable;    /* seen by reads, by writes */
    GPtrArray *children;        /* containers: highest priority first */

    /* RAM, ROM */
    uint8_t *host;
    int fd;                     /* borrowed: the file that the memory is a
                                   mapping of, from its start; -1: none */
    bool host_owned;
    bool anonymous;             /* private to this process: what is given back
                                   to the host comes back as zeros */
    bool shared;                /* others may see it; pages need not be there
                                   before they are used */

    /* IO */
    const MemoryRegionOps *ops;
    void *opaque;

    /* Alias */
    MemoryRegion *target;
    uint64_t target_offset;

    GPtrArray *spaces;          /* roots: AddressSpace that show it */
    GPtrArray *aliases;         /* MemoryRegion whose target this is */
};

/** A stretch of one view: addresses @start to @last belong to @region. */
typedef struct FlatRange {
    uint64_t start, last;
    MemoryRegion *region;       /* RAM, ROM or IO */
    uint64_t offset;            /* of start in region */
} FlatRange;

struct AddressSpace {
    const char *name;
    MemoryRegion *root;
    GArray *views[2];           /* FlatRange, sorted; [0] reads, [1] writes */
    bool stale;
    unsigned last_hit[2];
    unsigned io_nesting;        /* register accesses that are under way */
};

/** Outcome of an access. */
typedef enum MemoryResult {
    MEMORY_OK = 0,
    /** Some byte belongs to no region, or to registers that are out of reach
     *  because a device's DMA leads to registers too many times over. */
    MEMORY_UNASSIGNED,
} MemoryResult;

/* Regions are embedded in their owner; each _init is undone by _cleanup. */
void memory_region_init(MemoryRegion *mr, const char *name, uint64_t size);
/**
 * memory_region_init_ram:
 * @host: @size bytes of the caller's, which must outlive the region; NULL:
 *        anonymous memory is mapped, zero, not touched before the guest does
 *
 * Returns: false with @error set if the host has not that much address space.
 */
bool memory_region_init_ram(MemoryRegion *mr, const char *name, uint64_t size,
                            void *host, GError **error);
bool memory_region_init_rom(MemoryRegion *mr, const char *name, uint64_t size,
                            GError **error);
void memory_region_init_io(MemoryRegion *mr, const char *name, uint64_t size,
                           const MemoryRegionOps *ops, void *opaque);
/** memory_region_init_alias: a window of @size onto @target at @offset. */
void memory_region_init_alias(MemoryRegion *mr, const char *name,
                              MemoryRegion *target, uint64_t offset,
                              uint64_t size);
/** memory_region_cleanup: take it out of its container and free what it owns;
 *  a zeroed region is allowed. */
void memory_region_cleanup(MemoryRegion *mr);

/** memory_region_add: place @mr at @offset in @container. */
void memory_region_add(MemoryRegion *container, uint64_t offset,
                       MemoryRegion *mr, int priority);
/** memory_region_remove: undo memory_region_add(); nothing if not placed. */
void memory_region_remove(MemoryRegion *mr);

/**
 * memory_region_clear: make all of @mr, RAM or ROM, zero, at the least cost for
 * the host: memory that is zero already is not made resident, and whole pages
 * are given back to the host, out of a shared file, too, where that can have
 * holes.
 */
void memory_region_clear(MemoryRegion *mr);

/** memory_region_expect: @len bytes at @offset of @mr, RAM or ROM, are about to
 *  be written, all of them: the host may get ready for it, all at once. */
void memory_region_expect(const MemoryRegion *mr, uint64_t offset,
                          uint64_t len);

/** What x86-64 hosts call huge. */
#define MEMORY_HUGE_LEN (UINT64_C(2) * 1024 * 1024)

/**
 * memory_region_prefer_huge: have the host take huge pages where at least half
 * of one is among the @len bytes, MEMORY_HUGE_LEN / 2 or more, at @offset of
 * @mr, RAM or ROM.
 *
 * For what is in use all over: touching a byte of them makes all of a huge page
 * resident.  Nothing, if the memory is not anonymous or the host has no such
 * pages.
 */
void memory_region_prefer_huge(const MemoryRegion *mr, uint64_t offset,
                               uint64_t len);

/* Changes that take effect at once; no cost if nothing changes */
void memory_region_set_enabled(MemoryRegion *mr, bool enabled);
void memory_region_set_offset(MemoryRegion *mr, uint64_t offset);
void memory_region_set_access(MemoryRegion *mr, bool readable, bool writable);

void address_space_init(AddressSpace *as, const char *name,
                        MemoryRegion *root);
void address_space_cleanup(AddressSpace *as);

/**
 * address_space_read, address_space_write:
 *
 * Copy bytes as a bus master would.  Reads of addresses that nobody answers
 * give 0xFF; writes to them are dropped.  Register accesses are made with the
 * largest aligned size that is left, up to 8.  Addresses wrap at 2^64.
 *
 * Returns: MEMORY_UNASSIGNED if some byte had no owner; the rest was done.
 */
MemoryResult address_space_read(AddressSpace *as, uint64_t addr, void *buf,
                                uint64_t len);
MemoryResult address_space_write(AddressSpace *as, uint64_t addr,
                                 const void *buf, uint64_t len);
/** address_space_fill: write @len bytes of @value. */
MemoryResult address_space_fill(AddressSpace *as, uint64_t addr,
                                uint8_t value, uint64_t len);

/**
 * address_space_clear: write @len zeros, at the least cost for the host
 *
 * RAM that is zero already is not made resident, and whole pages of
 * anonymous memory are given back to the host.
 *
 * Returns: as address_space_write().
 */
MemoryResult address_space_clear(AddressSpace *as, uint64_t addr,
                                 uint64_t len);

/** address_space_load, _store: one access of 1, 2, 4 or 8 bytes,
 *  little-endian, in one piece where one region answers all of it. */
uint64_t address_space_load(AddressSpace *as, uint64_t addr, unsigned size);
void address_space_store(AddressSpace *as, uint64_t addr, uint64_t value,
                         unsigned size);

/**
 * address_space_peek: copy from RAM and ROM only, without any effect.
 * Returns: false, @buf unspecified, if some byte is neither.
 */
bool address_space_peek(AddressSpace *as, uint64_t addr, void *buf,
                        uint64_t len);

/** address_space_is_ram: whether writes to all of [addr, addr + len) reach
 *  RAM. */
bool address_space_is_ram(AddressSpace *as, uint64_t addr, uint64_t len);

/** address_space_view: the sorted FlatRange list; valid until a change. */
const GArray *address_space_view(AddressSpace *as, bool for_write);

/** address_space_view_find: index of the first range of @view that does not end
 *  before @addr; view->len if there is none. */
unsigned address_space_view_find(const GArray *view, uint64_t addr);

#endif
