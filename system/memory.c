/*
 * Address spaces and the regions in them
 *
 * Inside a view nothing wraps: a stretch of a region is carried as its first
 * and last offset and the address of the first, all unsigned, and is only
 * ever cut smaller on the way down.  The access loop does wrap at 2^64.
 *
 * A device's handler may change the topology.  So the loop looks each piece
 * up anew and works on a copy of the range, and nothing of a region is used
 * after its handler was called.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "system/memory.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

#define MEMORY_SIZE_MAX (UINT64_C(1) << 63)

/* Regions nest by the machine's design, not by what a guest does. */
#define MEMORY_DEPTH_MAX 64

/* A guest may point a device's DMA at that device's own registers. */
#define MEMORY_IO_NESTING_MAX 4

/* How much of RAM is looked at, and cleared, at once */
#define MEMORY_PAGE_LEN 4096

/* Page faults are cheaper than a call that saves so many, or fewer */
#define MEMORY_EXPECT_MIN (16 * 4096)

/* Linux 5.14; what an older one answers is not looked at */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum { VIEW_READ, VIEW_WRITE };

/* Changes */

/* Everything that shows @mr must be flattened again. */
static void memory_region_touch(MemoryRegion *mr)
{
    for (; mr; mr = mr->container) {
        for (unsigned i = 0; mr->spaces && i < mr->spaces->len; i++) {
            AddressSpace *as = g_ptr_array_index(mr->spaces, i);

            as->stale = true;
        }
        for (unsigned i = 0; mr->aliases && i < mr->aliases->len; i++) {
            memory_region_touch(g_ptr_array_index(mr->aliases, i));
        }
    }
}

/* Whether @sought is part of what @mr shows. */
static bool memory_region_shows(const MemoryRegion *mr,
                                const MemoryRegion *sought)
{
    if (mr == sought) {
        return true;
    }
    if (mr->kind == MEMORY_ALIAS) {
        return mr->target && memory_region_shows(mr->target, sought);
    }
    for (unsigned i = 0; mr->children && i < mr->children->len; i++) {
        if (memory_region_shows(g_ptr_array_index(mr->children, i), sought)) {
            return true;
        }
    }
    return false;
}

static void pointers_add(GPtrArray **array, void *pointer)
{
    if (!*array) {
        *array = g_ptr_array_new();
    }
    g_ptr_array_add(*array, pointer);
}

/* Regions */

static void memory_region_setup(MemoryRegion *mr, MemoryKind kind,
                                const char *name, uint64_t size)
{
    g_assert(size > 0 && size <= MEMORY_SIZE_MAX);
    *mr = (MemoryRegion){
        .kind = kind,
        .name = name,
        .size = size,
        .fd = -1,
        .enabled = true,
        .readable = true,
        .writable = true,
    };
}

void memory_region_init(MemoryRegion *mr, const char *name, uint64_t size)
{
    memory_region_setup(mr, MEMORY_CONTAINER, name, size);
}

static bool memory_region_map(MemoryRegion *mr, GError **error)
{
    void *host = MAP_FAILED;

    errno = ENOMEM;
    if (mr->size <= SIZE_MAX) {
        host = mmap(NULL, mr->size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    if (host == MAP_FAILED) {
        fm_error_set(error, "memory '%s': can't map %" G_GUINT64_FORMAT
                     " bytes: %s", mr->name, mr->size, g_strerror(errno));
        memset(mr, 0, sizeof(*mr));
        return false;
    }
    mr->host = host;
    mr->host_owned = mr->anonymous = true;
    return true;
}

bool memory_region_init_ram(MemoryRegion *mr, const char *name, uint64_t size,
                            void *host, GError **error)
{
    memory_region_setup(mr, MEMORY_RAM, name, size);
    mr->host = host;
    return host || memory_region_map(mr, error);
}

bool memory_region_init_rom(MemoryRegion *mr, const char *name, uint64_t size,
                            GError **error)
{
    memory_region_setup(mr, MEMORY_ROM, name, size);
    return memory_region_map(mr, error);
}

static bool io_size_valid(unsigned size)
{
    return size == 1 || size == 2 || size == 4 || size == 8;
}

static unsigned io_min_size(const MemoryRegionOps *ops)
{
    return ops->min_size ? ops->min_size : 1;
}

static unsigned io_max_size(const MemoryRegionOps *ops)
{
    return ops->max_size ? ops->max_size : 4;
}

void memory_region_init_io(MemoryRegion *mr, const char *name, uint64_t size,
                           const MemoryRegionOps *ops, void *opaque)
{
    g_assert(ops->read && ops->write);
    g_assert(io_size_valid(io_min_size(ops)));
    g_assert(io_size_valid(io_max_size(ops)));
    g_assert(io_min_size(ops) <= io_max_size(ops));

    memory_region_setup(mr, MEMORY_IO, name, size);
    mr->ops = ops;
    mr->opaque = opaque;
}

void memory_region_init_alias(MemoryRegion *mr, const char *name,
                              MemoryRegion *target, uint64_t offset,
                              uint64_t size)
{
    g_assert(target != mr);
    memory_region_setup(mr, MEMORY_ALIAS, name, size);
    mr->target = target;
    mr->target_offset = offset;
    pointers_add(&target->aliases, mr);
}

void memory_region_cleanup(MemoryRegion *mr)
{
    memory_region_touch(mr);
    memory_region_remove(mr);
    if (mr->children) {
        for (unsigned i = 0; i < mr->children->len; i++) {
            MemoryRegion *child = g_ptr_array_index(mr->children, i);

            child->container = NULL;
        }
        g_ptr_array_unref(mr->children);
    }
    if (mr->target) {
        g_ptr_array_remove(mr->target->aliases, mr);
    }
    if (mr->aliases) {
        for (unsigned i = 0; i < mr->aliases->len; i++) {
            MemoryRegion *alias = g_ptr_array_index(mr->aliases, i);

            alias->target = NULL;
        }
        g_ptr_array_unref(mr->aliases);
    }
    if (mr->spaces) {
        for (unsigned i = 0; i < mr->spaces->len; i++) {
            AddressSpace *as = g_ptr_array_index(mr->spaces, i);

            as->root = NULL;
        }
        g_ptr_array_unref(mr->spaces);
    }
    if (mr->host_owned) {
        munmap(mr->host, mr->size);
    }
    memset(mr, 0, sizeof(*mr));
}

void memory_region_add(MemoryRegion *container, uint64_t offset,
                       MemoryRegion *mr, int priority)
{
    unsigned i = 0;

    g_assert(container->kind == MEMORY_CONTAINER && container->size > 0);
    g_assert(mr->size > 0 && !mr->container);
    g_assert(!memory_region_shows(mr, container));

    if (!container->children) {
        container->children = g_ptr_array_new();
    }
    while (i < container->children->len) {
        const MemoryRegion *other = g_ptr_array_index(container->children, i);

        if (other->priority <= priority) {
            break;
        }
        i++;
    }
    g_ptr_array_insert(container->children, i, mr);
    mr->container = container;
    mr->offset = offset;
    mr->priority = priority;
    memory_region_touch(container);
}

void memory_region_remove(MemoryRegion *mr)
{
    if (mr->container) {
        memory_region_touch(mr->container);
        g_ptr_array_remove(mr->container->children, mr);
        mr->container = NULL;
    }
}

void memory_region_set_enabled(MemoryRegion *mr, bool enabled)
{
    if (mr->enabled != enabled) {
        mr->enabled = enabled;
        memory_region_touch(mr);
    }
}

void memory_region_set_offset(MemoryRegion *mr, uint64_t offset)
{
    if (mr->offset != offset) {
        mr->offset = offset;
        memory_region_touch(mr);
    }
}

void memory_region_set_access(MemoryRegion *mr, bool readable, bool writable)
{
    if (mr->readable != readable || mr->writable != writable) {
        mr->readable = readable;
        mr->writable = writable;
        memory_region_touch(mr);
    }
}

/* Views */

/* The part of a region that a view gets to see: offsets first to last, the
 * first of them at addr. */
typedef struct Window {
    uint64_t first, last;
    uint64_t addr;
} Window;

unsigned address_space_view_find(const GArray *view, uint64_t addr)
{
    unsigned low = 0, high = view->len;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (g_array_index(view, FlatRange, middle).last < addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Show @mr where nothing that came before it is shown.  Addresses in a view
 * stay below 2^63, so one more than a last one does not overflow. */
static void view_fill_gaps(GArray *view, MemoryRegion *mr, Window w)
{
    uint64_t last = w.addr + (w.last - w.first);
    uint64_t addr = w.addr;
    unsigned i = address_space_view_find(view, addr);

    while (addr <= last) {
        uint64_t gap_last = last;

        if (i < view->len) {
            const FlatRange *next = &g_array_index(view, FlatRange, i);

            if (next->start <= addr) {
                addr = next->last + 1;
                i++;
                continue;
            }
            gap_last = MIN(last, next->start - 1);
        }

        FlatRange range = {
            .start = addr,
            .last = gap_last,
            .region = mr,
            .offset = w.first + (addr - w.addr),
        };

        g_array_insert_val(view, i, range);
        i++;
        addr = gap_last + 1;
    }
}

static void view_render(GArray *view, unsigned which, MemoryRegion *mr,
                        Window w, unsigned depth)
{
    g_assert(depth < MEMORY_DEPTH_MAX);

    if (!mr->enabled || !(which == VIEW_WRITE ? mr->writable : mr->readable)) {
        return;
    }
    if (mr->kind == MEMORY_ALIAS) {
        uint64_t target_last;

        if (!mr->target || mr->target_offset >= mr->target->size ||
            w.first > mr->target->size - 1 - mr->target_offset) {
            return;
        }
        target_last = mr->target->size - 1 - mr->target_offset;
        w.last = MIN(w.last, target_last) + mr->target_offset;
        w.first += mr->target_offset;
        view_render(view, which, mr->target, w, depth + 1);
        return;
    }
    if (mr->kind != MEMORY_CONTAINER) {
        view_fill_gaps(view, mr, w);
        return;
    }
    for (unsigned i = 0; mr->children && i < mr->children->len; i++) {
        MemoryRegion *child = g_ptr_array_index(mr->children, i);
        Window part;

        if (child->offset > w.last ||
            (child->offset < w.first &&
             w.first - child->offset >= child->size)) {
            continue;
        }
        part.first = child->offset < w.first ? w.first - child->offset : 0;
        part.last = MIN(w.last - child->offset, child->size - 1);
        part.addr = child->offset < w.first
                        ? w.addr : w.addr + (child->offset - w.first);
        view_render(view, which, child, part, depth + 1);
    }
}

/* Neighbours that continue each other become one, so that an access across
 * them is made in one piece. */
static void view_merge(GArray *view)
{
    unsigned out = 0;

    for (unsigned i = 1; i < view->len; i++) {
        FlatRange *to = &g_array_index(view, FlatRange, out);
        const FlatRange *from = &g_array_index(view, FlatRange, i);

        if (from->region == to->region && from->start - 1 == to->last &&
            from->offset - to->offset == from->start - to->start) {
            to->last = from->last;
        } else {
            out++;
            g_array_index(view, FlatRange, out) = *from;
        }
    }
    if (view->len > 0) {
        g_array_set_size(view, out + 1);
    }
}

static void address_space_rebuild(AddressSpace *as)
{
    for (unsigned which = 0; which < G_N_ELEMENTS(as->views); which++) {
        GArray *view = as->views[which];

        g_array_set_size(view, 0);
        if (as->root) {
            view_render(view, which, as->root,
                        (Window){ .last = as->root->size - 1 }, 0);
        }
        view_merge(view);
        as->last_hit[which] = 0;
    }
    as->stale = false;
}

void address_space_init(AddressSpace *as, const char *name,
                        MemoryRegion *root)
{
    *as = (AddressSpace){
        .name = name,
        .root = root,
        .views = { g_array_new(FALSE, FALSE, sizeof(FlatRange)),
                   g_array_new(FALSE, FALSE, sizeof(FlatRange)) },
        .stale = true,
    };
    pointers_add(&root->spaces, as);
}

void address_space_cleanup(AddressSpace *as)
{
    if (as->root) {
        g_ptr_array_remove(as->root->spaces, as);
    }
    for (unsigned which = 0; which < G_N_ELEMENTS(as->views); which++) {
        if (as->views[which]) {
            g_array_unref(as->views[which]);
        }
    }
    memset(as, 0, sizeof(*as));
}

const GArray *address_space_view(AddressSpace *as, bool for_write)
{
    if (as->stale) {
        address_space_rebuild(as);
    }
    return as->views[for_write ? VIEW_WRITE : VIEW_READ];
}

/* Accesses */

/* What answers at an address, and how far it goes. */
typedef struct Spot {
    MemoryRegion *region;       /* NULL: nothing */
    uint64_t offset;            /* in region */
    uint64_t len;               /* bytes, at most what was asked for */
} Spot;

static inline Spot address_space_find(AddressSpace *as, unsigned which,
                                      uint64_t addr, uint64_t len)
{
    const GArray *view = address_space_view(as, which == VIEW_WRITE);
    const FlatRange *ranges = (const FlatRange *)view->data;
    unsigned i = as->last_hit[which];
    Spot spot = { .len = len };
    uint64_t last = UINT64_MAX;

    if (i >= view->len || addr < ranges[i].start || addr > ranges[i].last) {
        i = address_space_view_find(view, addr);
    }
    if (i < view->len && addr >= ranges[i].start) {
        as->last_hit[which] = i;
        spot.region = ranges[i].region;
        spot.offset = ranges[i].offset + (addr - ranges[i].start);
        last = ranges[i].last;
    } else if (i < view->len) {
        last = ranges[i].start - 1;
    }
    if (last - addr < len - 1) {
        spot.len = last - addr + 1;
    }
    return spot;
}

/* The size of one access to registers: a power of two, at most what the device
 * takes; @aligned as a bus master would cut it. */
static unsigned io_piece(const Spot *spot, uint64_t addr, bool aligned)
{
    unsigned size = io_max_size(spot->region->ops);

    while (size > spot->len || (aligned && (addr & (size - 1)))) {
        size >>= 1;
    }
    return size;
}

/* Read up to @size bytes; Returns how many it was. */
static unsigned io_read(AddressSpace *as, const Spot *spot, unsigned size,
                        uint8_t *buf)
{
    const MemoryRegionOps *ops = spot->region->ops;
    unsigned min = io_min_size(ops);
    uint64_t offset = spot->offset;
    unsigned skip = 0, whole = size;
    uint64_t value;

    if (size < min) {
        skip = offset & (min - 1);
        size = MIN(size, min - skip);
        offset -= skip;
        whole = min;
    }
    as->io_nesting++;
    value = ops->read(spot->region->opaque, offset, whole);
    as->io_nesting--;
    stn_le(buf, size, value >> (skip * 8));
    return size;
}

static void io_write(AddressSpace *as, const Spot *spot, unsigned size,
                     uint64_t value)
{
    as->io_nesting++;
    spot->region->ops->write(spot->region->opaque, spot->offset, value, size);
    as->io_nesting--;
}

/* Registers that may not be reached now are as good as not there. */
static bool spot_answers(const AddressSpace *as, const Spot *spot)
{
    return spot->region && (spot->region->kind != MEMORY_IO ||
                            as->io_nesting < MEMORY_IO_NESTING_MAX);
}

static void log_unassigned(const AddressSpace *as, const char *access,
                           uint64_t addr, uint64_t len)
{
    log_line(LOG_UNIMP, "%s: %s of %" PRIu64 " bytes at 0x%" PRIx64 ": nobody "
             "answers", as->name, access, len, addr);
}

static MemoryResult access_read(AddressSpace *as, uint64_t addr, uint8_t *buf,
                                uint64_t len, bool aligned)
{
    MemoryResult result = MEMORY_OK;

    while (len > 0) {
        Spot spot = address_space_find(as, VIEW_READ, addr, len);

        if (!spot_answers(as, &spot)) {
            memset(buf, 0xFF, spot.len);
            result = MEMORY_UNASSIGNED;
            if (log_enabled(LOG_UNIMP)) {
                log_unassigned(as, "read", addr, spot.len);
            }
        } else if (spot.region->kind == MEMORY_IO) {
            spot.len = io_read(as, &spot, io_piece(&spot, addr, aligned), buf);
        } else {
            memcpy(buf, spot.region->host + spot.offset, spot.len);
        }
        buf += spot.len;
        addr += spot.len;
        len -= spot.len;
    }
    return result;
}

/* @buf: NULL: every byte is @fill */
static MemoryResult access_write(AddressSpace *as, uint64_t addr,
                                 const uint8_t *buf, uint8_t fill,
                                 uint64_t len, bool aligned)
{
    MemoryResult result = MEMORY_OK;
    uint8_t fill_bytes[8];

    memset(fill_bytes, fill, sizeof(fill_bytes));
    while (len > 0) {
        Spot spot = address_space_find(as, VIEW_WRITE, addr, len);

        if (!spot_answers(as, &spot)) {
            result = MEMORY_UNASSIGNED;
            if (log_enabled(LOG_UNIMP)) {
                log_unassigned(as, "write", addr, spot.len);
            }
        } else if (spot.region->kind == MEMORY_IO) {
            spot.len = io_piece(&spot, addr, aligned);
            io_write(as, &spot, spot.len,
                     ldn_le(buf ? buf : fill_bytes, spot.len));
        } else if (spot.region->kind == MEMORY_RAM) {
            if (buf) {
                memcpy(spot.region->host + spot.offset, buf, spot.len);
            } else {
                memset(spot.region->host + spot.offset, fill, spot.len);
            }
        }
        buf = buf ? buf + spot.len : NULL;
        addr += spot.len;
        len -= spot.len;
    }
    return result;
}

MemoryResult address_space_read(AddressSpace *as, uint64_t addr, void *buf,
                                uint64_t len)
{
    return access_read(as, addr, buf, len, true);
}

MemoryResult address_space_write(AddressSpace *as, uint64_t addr,
                                 const void *buf, uint64_t len)
{
    return access_write(as, addr, buf, 0, len, true);
}

MemoryResult address_space_fill(AddressSpace *as, uint64_t addr,
                                uint8_t value, uint64_t len)
{
    return access_write(as, addr, NULL, value, len, true);
}

/* Only written where it is not zero: reading leaves it without host memory. */
static void ram_zero(uint8_t *bytes, uint64_t len)
{
    while (len > 0) {
        uint64_t n = MIN(len, MEMORY_PAGE_LEN);

        if (bytes[0] || memcmp(bytes, bytes + 1, n - 1)) {
            memset(bytes, 0, n);
        }
        bytes += n;
        len -= n;
    }
}

static void ram_clear(const MemoryRegion *mr, uint64_t offset, uint64_t len)
{
    uint8_t *bytes = mr->host + offset;
    size_t page = getpagesize();
    uint64_t head = -(uintptr_t)bytes & (page - 1);
    uint64_t whole = len < head ? 0 : (len - head) & ~(uint64_t)(page - 1);

    /* it comes back as zeros, without a page fault for each page */
    if (mr->anonymous && whole > 0 &&
        madvise(bytes + head, whole, MADV_DONTNEED) == 0) {
        ram_zero(bytes, head);
        ram_zero(bytes + head + whole, len - head - whole);
    } else {
        ram_zero(bytes, len);
    }
}

void memory_region_clear(MemoryRegion *mr)
{
    g_assert(mr->kind == MEMORY_RAM || mr->kind == MEMORY_ROM);
    if (!mr->shared || madvise(mr->host, mr->size, MADV_REMOVE) != 0) {
        ram_clear(mr, 0, mr->size);
    }
}

void memory_region_expect(const MemoryRegion *mr, uint64_t offset,
                          uint64_t len)
{
    size_t page = getpagesize();
    uintptr_t first = (uintptr_t)(mr->host + offset);
    uintptr_t start = first & -page, end = (first + len + page - 1) & -page;

    if (len >= MEMORY_EXPECT_MIN) {
        madvise((void *)start, end - start, MADV_POPULATE_WRITE);
    }
}

void memory_region_prefer_huge(const MemoryRegion *mr, uint64_t offset,
                               uint64_t len)
{
    uintptr_t first = (uintptr_t)mr->host, last = first + mr->size;
    uintptr_t start = (first + offset + MEMORY_HUGE_LEN / 2 - 1) &
                      -MEMORY_HUGE_LEN;
    uintptr_t end = (first + offset + len + MEMORY_HUGE_LEN / 2) &
                    -MEMORY_HUGE_LEN;

    g_assert(mr->kind == MEMORY_RAM || mr->kind == MEMORY_ROM);
    g_assert(offset <= mr->size && len <= mr->size - offset);
    g_assert(len >= MEMORY_HUGE_LEN / 2);
    /* the neighbours' memory is theirs */
    start = start < first ? start + MEMORY_HUGE_LEN : start;
    end = end > last ? end - MEMORY_HUGE_LEN : end;
    if (mr->anonymous && start < end) {
        madvise((void *)start, end - start, MADV_HUGEPAGE);
    }
}

MemoryResult address_space_clear(AddressSpace *as, uint64_t addr, uint64_t len)
{
    MemoryResult result = MEMORY_OK;

    while (len > 0) {
        Spot spot = address_space_find(as, VIEW_WRITE, addr, len);

        if (spot.region && spot.region->kind == MEMORY_RAM) {
            ram_clear(spot.region, spot.offset, spot.len);
        } else if (address_space_fill(as, addr, 0, spot.len) != MEMORY_OK) {
            result = MEMORY_UNASSIGNED;
        }
        addr += spot.len;
        len -= spot.len;
    }
    return result;
}

uint64_t address_space_load(AddressSpace *as, uint64_t addr, unsigned size)
{
    uint8_t buf[8];
    Spot spot;

    g_assert(io_size_valid(size));
    spot = address_space_find(as, VIEW_READ, addr, size);
    access_read(as, addr, buf, size, spot.len < size);
    return ldn_le(buf, size);
}

void address_space_store(AddressSpace *as, uint64_t addr, uint64_t value,
                         unsigned size)
{
    uint8_t buf[8];
    Spot spot;

    g_assert(io_size_valid(size));
    spot = address_space_find(as, VIEW_WRITE, addr, size);
    stn_le(buf, size, value);
    access_write(as, addr, buf, 0, size, spot.len < size);
}

bool address_space_peek(AddressSpace *as, uint64_t addr, void *buf,
                        uint64_t len)
{
    uint8_t *out = buf;

    while (len > 0) {
        Spot spot = address_space_find(as, VIEW_READ, addr, len);

        if (!spot.region || spot.region->kind == MEMORY_IO) {
            return false;
        }
        memcpy(out, spot.region->host + spot.offset, spot.len);
        out += spot.len;
        addr += spot.len;
        len -= spot.len;
    }
    return true;
}

bool address_space_is_ram(AddressSpace *as, uint64_t addr, uint64_t len)
{
    while (len > 0) {
        Spot spot = address_space_find(as, VIEW_WRITE, addr, len);

        if (!spot.region || spot.region->kind != MEMORY_RAM) {
            return false;
        }
        addr += spot.len;
        len -= spot.len;
    }
    return true;
}
