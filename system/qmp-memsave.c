/*
 * QMP: stretches of memory as plain files (qapi/dump.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <inttypes.h>

#include "qapi-types.h"
#include "system/system.h"
#include "util/error.h"

static void memsave_done(void *opaque, GError *error)
{
    if (error) {
        qmp_deferred_fail(opaque, error);
    } else {
        qmp_deferred_return(opaque, NULL);
    }
}

static bool memsave_has_memory(AddressSpace *as, uint64_t first, uint64_t last)
{
    GArray *ranges = memory_scan_find_ram(as, first, last);
    bool found = ranges->len > 0;

    g_array_unref(ranges);
    return found;
}

/** There has to be memory, and the range must not end beyond all of it, or a
 *  typing error would fill the host's disk. */
static bool memsave_check(AddressSpace *as, uint64_t gpa, uint64_t len,
                          GError **error)
{
    uint64_t last = gpa + (len - 1);

    if (len == 0) {
        return true;
    }
    if (last < gpa || !memsave_has_memory(as, gpa, last) ||
        !memsave_has_memory(as, last, UINT64_MAX)) {
        return fm_error_set(error, "Invalid addr 0x%016" PRIx64 "/size %"
                            PRIu64 " specified", gpa, len);
    }
    return true;
}

bool qmp_pmemsave(QmpContext *ctx, const PmemsaveArgs *args, GError **error)
{
    System *system = ctx->system;
    const MemoryRange range = { args->val, args->size };
    GArray *ranges;
    FileSink *sink;

    if (!memsave_check(&system->machine->memory, args->val, args->size,
                       error) ||
        !memory_copies_check(system->copies, error)) {
        return false;
    }
    sink = file_sink_open(args->filename, error);
    if (!sink) {
        return false;
    }
    ranges = g_array_new(FALSE, FALSE, sizeof(MemoryRange));
    if (range.len) {
        g_array_append_val(ranges, range);
    }
    memory_copy_start(system->copies, &system->machine->memory, NULL, ranges,
                      sink, memsave_done, qmp_defer(ctx));
    return true;
}

bool qmp_memsave(QmpContext *ctx, const MemsaveArgs *args, GError **error)
{
    return fm_error_set(error, "Parameter 'cpu-index' expects a CPU number: "
                        "CPU %" PRIu64 " does not run, and no other does",
                        args->cpu_index);
}
