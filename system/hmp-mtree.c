/*
 * HMP: address spaces and the regions in them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "system/hmp-impl.h"

/* Regions nest by the machine's design; this is only against our own bugs. */
#define HMP_MTREE_MAX_DEPTH 64

static const char *hmp_kind_name(const MemoryRegion *mr)
{
    switch (mr->kind) {
    case MEMORY_RAM: return "ram";
    case MEMORY_ROM: return "rom";
    case MEMORY_ALIAS: return mr->target ? hmp_kind_name(mr->target)
                                         : "nothing";
    case MEMORY_IO: return "i/o";
    default: return "container";
    }
}

static const char *hmp_access_name(const MemoryRegion *mr)
{
    if (!mr->enabled) {
        return " [disabled]";
    }
    if (mr->readable && mr->writable) {
        return "";
    }
    return mr->readable ? " [reads only]" :
           mr->writable ? " [writes only]" : " [unseen]";
}

/* The tree */

static void hmp_print_region(Hmp *hmp, const MemoryRegion *mr, uint64_t at,
                             unsigned depth, GPtrArray *targets)
{
    hmp_print(hmp, "%*s%016" PRIx64 "-%016" PRIx64 " (prio %d, %s): ",
              (int)(2 * depth), "", at, at + mr->size - 1, mr->priority,
              hmp_kind_name(mr));
    if (mr->kind == MEMORY_ALIAS && mr->target) {
        hmp_print(hmp, "alias %s @%s %016" PRIx64 "-%016" PRIx64, mr->name,
                  mr->target->name, mr->target_offset,
                  mr->target_offset + mr->size - 1);
        if (!g_ptr_array_find(targets, mr->target, NULL)) {
            g_ptr_array_add(targets, mr->target);
        }
    } else {
        hmp_print(hmp, "%s", mr->name);
    }
    hmp_print(hmp, "%s\n", hmp_access_name(mr));
    for (unsigned i = 0; mr->children && i < mr->children->len &&
         depth < HMP_MTREE_MAX_DEPTH; i++) {
        const MemoryRegion *child = mr->children->pdata[i];

        hmp_print_region(hmp, child, at + child->offset, depth + 1, targets);
    }
}

static void hmp_print_trees(Hmp *hmp, AddressSpace *const *spaces, unsigned n)
{
    g_autoptr(GPtrArray) targets = g_ptr_array_new();

    for (unsigned i = 0; i < n; i++) {
        hmp_print(hmp, "address-space: %s\n", spaces[i]->name);
        if (spaces[i]->root) {
            hmp_print_region(hmp, spaces[i]->root, 0, 1, targets);
        }
        hmp_print(hmp, "\n");
    }
    /* it grows while the targets' own aliases are met */
    for (unsigned i = 0; i < targets->len; i++) {
        const MemoryRegion *mr = targets->pdata[i];

        if (mr->container) {
            continue;           /* shown above */
        }
        hmp_print(hmp, "memory-region: %s\n", mr->name);
        hmp_print_region(hmp, mr, 0, 1, targets);
        hmp_print(hmp, "\n");
    }
}

/* What is seen */

static void hmp_print_view(Hmp *hmp, const GArray *view)
{
    for (unsigned i = 0; i < view->len; i++) {
        const FlatRange *range = &g_array_index(view, FlatRange, i);

        hmp_print(hmp, "  %016" PRIx64 "-%016" PRIx64 " (%s): %s",
                  range->start, range->last, hmp_kind_name(range->region),
                  range->region->name);
        if (range->offset) {
            hmp_print(hmp, " @%016" PRIx64, range->offset);
        }
        hmp_print(hmp, "\n");
    }
    if (!view->len) {
        hmp_print(hmp, "  nothing\n");
    }
}

static bool hmp_views_equal(const GArray *a, const GArray *b)
{
    if (a->len != b->len) {
        return false;
    }
    for (unsigned i = 0; i < a->len; i++) {
        const FlatRange *x = &g_array_index(a, FlatRange, i);
        const FlatRange *y = &g_array_index(b, FlatRange, i);

        if (x->start != y->start || x->last != y->last ||
            x->region != y->region || x->offset != y->offset) {
            return false;
        }
    }
    return true;
}

static void hmp_print_views(Hmp *hmp, AddressSpace *as)
{
    const GArray *reads = address_space_view(as, false);
    const GArray *writes = address_space_view(as, true);

    hmp_print(hmp, "FlatView of address-space: %s\n", as->name);
    if (hmp_views_equal(reads, writes)) {
        hmp_print_view(hmp, reads);
    } else {
        hmp_print(hmp, " Reads:\n");
        hmp_print_view(hmp, reads);
        hmp_print(hmp, " Writes:\n");
        hmp_print_view(hmp, writes);
    }
    hmp_print(hmp, "\n");
}

bool hmp_info_mtree(Hmp *hmp, const HmpArgs *args, GError **error)
{
    Machine *machine = hmp->system->machine;
    AddressSpace *const spaces[] = { &machine->memory, &machine->io };

    if (hmp_given(args, "-f")) {
        for (size_t i = 0; i < G_N_ELEMENTS(spaces); i++) {
            hmp_print_views(hmp, spaces[i]);
        }
    } else {
        hmp_print_trees(hmp, spaces, G_N_ELEMENTS(spaces));
    }
    return true;
}

bool hmp_info_roms(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const GArray *view = address_space_view(&hmp->system->machine->memory,
                                            false);

    for (unsigned i = 0; i < view->len; i++) {
        const FlatRange *range = &g_array_index(view, FlatRange, i);

        if (range->region->kind == MEMORY_ROM) {
            hmp_print(hmp, "addr=%016" PRIx64 " size=0x%06" PRIx64
                      " mem=rom name=\"%s\"\n", range->start,
                      range->last - range->start + 1, range->region->name);
        }
    }
    return true;
}
