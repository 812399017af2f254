/*
 * What guest memory is and holds, without disturbing it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/memory-scan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Zeros are looked for in pieces of this size, which files have holes of. */
#define SCAN_GRANULE ((size_t)4096)

/* Pages that are looked up at a time. */
#define SCAN_PAGES 4096

/* Documentation/admin-guide/mm/pagemap.rst: present, or swapped out. */
#define PAGEMAP_USED ((uint64_t)3 << 62)

/** A stretch of a file that is alike: a hole, or not. */
typedef struct FileExtent {
    int fd;                     /* -1: none is known */
    uint64_t start, end;
    bool hole;
} FileExtent;

struct MemoryScan {
    GArray *private;            /* MemoryRange of the host's addresses:
                                   anonymous memory that nobody shares */
    size_t page_len;
    int pagemap_fd;             /* -1: the host does not tell */

    /* What was looked up last: a guest may have touched every other page */
    uint64_t entries[SCAN_PAGES];
    uint64_t first_page;
    size_t n_pages;

    FileExtent extent;
};

/* Guest memory */

static bool scan_is_memory(const MemoryRegion *mr)
{
    return mr->kind == MEMORY_RAM || mr->kind == MEMORY_ROM;
}

const MemoryRegion *memory_scan_look(AddressSpace *as, uint64_t gpa,
                                     uint64_t *offset, uint64_t *len)
{
    const GArray *view = address_space_view(as, false);
    guint i = address_space_view_find(view, gpa);
    const FlatRange *range;

    if (i == view->len) {
        return NULL;
    }
    range = &g_array_index(view, FlatRange, i);
    if (range->start > gpa) {
        *len = MIN(*len, range->start - gpa);
        return NULL;
    }
    *len = MIN(*len - 1, range->last - gpa) + 1;
    if (!scan_is_memory(range->region)) {
        return NULL;
    }
    *offset = range->offset + (gpa - range->start);
    return range->region;
}

GArray *memory_scan_find_ram(AddressSpace *as, uint64_t first, uint64_t last)
{
    const GArray *view = address_space_view(as, false);
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(MemoryRange));

    for (guint i = address_space_view_find(view, first); i < view->len; i++) {
        const FlatRange *flat = &g_array_index(view, FlatRange, i);
        uint64_t start = MAX(flat->start, first);
        MemoryRange *before = ranges->len
            ? &g_array_index(ranges, MemoryRange, ranges->len - 1) : NULL;
        MemoryRange range = { start, MIN(flat->last, last) - start + 1 };

        if (flat->start > last) {
            break;
        }
        if (!scan_is_memory(flat->region)) {
            continue;
        }
        if (before && before->gpa + before->len == start) {
            before->len += range.len;
        } else {
            g_array_append_val(ranges, range);
        }
    }
    return ranges;
}

/* What is zero */

static bool scan_is_zero(const uint8_t *bytes, size_t len)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

size_t memory_scan_zero(const uint8_t *bytes, size_t len, bool *zero)
{
    size_t run = MIN(len, SCAN_GRANULE - (uintptr_t)bytes % SCAN_GRANULE);

    *zero = scan_is_zero(bytes, run);
    while (run < len) {
        size_t next = MIN(len - run, SCAN_GRANULE);

        if (scan_is_zero(bytes + run, next) != *zero) {
            break;
        }
        run += next;
    }
    return run;
}

/* What was never touched */

/** A line of /proc/self/maps: proc(5). */
static void scan_add_mapping(GArray *private, const char *line)
{
    uint64_t start, end, inode;
    char access[5];

    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*x:%*x %" SCNu64,
               &start, &end, access, &inode) == 4 &&
        inode == 0 && access[3] == 'p') {
        MemoryRange range = { start, end - start };

        g_array_append_val(private, range);
    }
}

MemoryScan *memory_scan_new(void)
{
    MemoryScan *scan = g_new0(MemoryScan, 1);
    g_autofree char *maps = NULL;
    char *line, *rest;

    scan->private = g_array_new(FALSE, FALSE, sizeof(MemoryRange));
    scan->extent.fd = -1;
    scan->page_len = (size_t)sysconf(_SC_PAGESIZE);
    scan->pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (scan->pagemap_fd >= 0 &&
        g_file_get_contents("/proc/self/maps", &maps, NULL, NULL)) {
        for (line = strtok_r(maps, "\n", &rest); line;
             line = strtok_r(NULL, "\n", &rest)) {
            scan_add_mapping(scan->private, line);
        }
    }
    return scan;
}

void memory_scan_free(MemoryScan *scan)
{
    if (scan->pagemap_fd >= 0) {
        close(scan->pagemap_fd);
    }
    g_array_unref(scan->private);
    g_free(scan);
}

/** How much of @len at @host is private and anonymous; 0: not its start. */
static uint64_t scan_private_len(const MemoryScan *scan, uintptr_t host,
                                 uint64_t len)
{
    for (guint i = 0; i < scan->private->len; i++) {
        const MemoryRange *range = &g_array_index(scan->private, MemoryRange,
                                                  i);

        if (host >= range->gpa && host - range->gpa < range->len) {
            return MIN(len, range->len - (host - range->gpa));
        }
    }
    return 0;
}

void memory_scan_forget(MemoryScan *scan)
{
    scan->n_pages = 0;
    scan->extent.fd = -1;
}

/** Look @page up, and those behind it.  Returns how many are known. */
static size_t scan_look_up(MemoryScan *scan, uint64_t page, uint64_t **entries)
{
    if (page < scan->first_page || page - scan->first_page >= scan->n_pages) {
        ssize_t n = pread(scan->pagemap_fd, scan->entries,
                          sizeof(scan->entries), (off_t)(page * 8));

        scan->first_page = page;
        scan->n_pages = n < 0 ? 0 : (size_t)n / 8;
    }
    *entries = scan->entries + (page - scan->first_page);
    return scan->n_pages - (page - scan->first_page);
}

/** The extent of the file that @offset lies in.  Holes are never looked for
 *  behind the file's end, where there is nothing to read either. */
static FileExtent scan_find_extent(int fd, uint64_t offset)
{
    FileExtent extent = { fd, offset, UINT64_MAX, false };
    off_t at = lseek(fd, 0, SEEK_CUR);
    off_t data = lseek(fd, (off_t)offset, SEEK_DATA);

    if (data < 0 && errno == ENXIO) {
        extent.hole = true;
    } else if (data > (off_t)offset) {
        extent.hole = true;
        extent.end = (uint64_t)data;
    } else if (data == (off_t)offset) {
        off_t hole = lseek(fd, (off_t)offset, SEEK_HOLE);

        extent.end = hole > (off_t)offset ? (uint64_t)hole : UINT64_MAX;
    }
    /* whoever passed us the descriptor may read on where it stood */
    lseek(fd, at, SEEK_SET);
    return extent;
}

/** How much of @len bytes of a file is in a @hole, or is not. */
static uint64_t scan_hole_len(MemoryScan *scan, int fd, uint64_t offset,
                              uint64_t len, bool *hole)
{
    const FileExtent *extent = &scan->extent;

    if (extent->fd != fd || offset < extent->start || offset >= extent->end) {
        scan->extent = scan_find_extent(fd, offset);
    }
    *hole = extent->hole;
    return MIN(len, extent->end - offset);
}

/** Of @len bytes at @host: how many are of pages that this process has, or are
 *  not; @len if the host does not tell, as if it had them. */
static uint64_t scan_missing_len(MemoryScan *scan, uintptr_t host,
                                 uint64_t len, bool *missing)
{
    size_t skip = host % scan->page_len;
    size_t run = 1, known;
    uint64_t *entries;

    *missing = false;
    known = scan_look_up(scan, host / scan->page_len, &entries);
    if (!known) {
        return len;
    }
    *missing = !(entries[0] & PAGEMAP_USED);
    while (run < known && run * scan->page_len - skip < len &&
           !(entries[run] & PAGEMAP_USED) == *missing) {
        run++;
    }
    return MIN(len, run * scan->page_len - skip);
}

uint64_t memory_scan_untouched(MemoryScan *scan, const MemoryRegion *mr,
                               uint64_t offset, uint64_t len, bool *untouched)
{
    uintptr_t host = (uintptr_t)mr->host + offset;
    uint64_t alike;
    bool hole;

    *untouched = false;
    if (mr->fd < 0) {
        alike = scan_private_len(scan, host, len);
        hole = alike > 0;
    } else {
        /* A page in a hole can be a private copy, or not be written yet. */
        alike = scan_hole_len(scan, mr->fd, offset, len, &hole);
    }
    if (!hole) {
        return alike ? alike : len;
    }
    return scan_missing_len(scan, host, alike, untouched);
}
