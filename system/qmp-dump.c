/*
 * QMP: dumps of the guest's memory (qapi/dump.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/dump.h"
#include "system/system.h"
#include "util/error.h"
#include "util/fd-names.h"

static void dump_fill_result(const SystemDump *dump, DumpQueryResult *result)
{
    result->status = dump->status;
    result->total = dump->total;
    result->completed = dump->copy ? memory_copy_completed(dump->copy)
                                   : dump->completed;
}

/* The end */

static void dump_done(void *opaque, GError *error)
{
    System *system = opaque;
    SystemDump *dump = &system->dump;
    QmpDeferred *deferred = g_steal_pointer(&dump->deferred);
    DumpQueryResult result = { 0 };
    DumpCompletedEvent data = {
        .result = &result,
        .error = error ? error->message : NULL,
    };

    dump->completed = memory_copy_completed(dump->copy);
    dump->copy = NULL;
    dump->status = error ? DUMP_STATUS_FAILED : DUMP_STATUS_COMPLETED;
    dump_fill_result(dump, &result);
    monitor_emit(system->monitors, &qapi_event_DUMP_COMPLETED, &data);
    if (dump->resume && system->state == RUN_STATE_SAVE_VM) {
        system_cont(system, NULL);
    }
    if (!deferred) {
        g_clear_error(&error);
    } else if (error) {
        qmp_deferred_fail(deferred, error);
    } else {
        qmp_deferred_return(deferred, NULL);
    }
}

/* The beginning */

static FileSink *dump_open(const char *protocol, GError **error)
{
    const char *name;
    int fd;

    if (g_str_has_prefix(protocol, "file:")) {
        return file_sink_open(protocol + strlen("file:"), error);
    }
    if (!g_str_has_prefix(protocol, "fd:")) {
        fm_error_set(error, "Invalid parameter 'protocol': expected file:PATH "
                     "or fd:NAME");
        return NULL;
    }
    name = protocol + strlen("fd:");
    fd = fd_names_take(name, error);
    return fd < 0 ? NULL : file_sink_new_fd(fd, name, error);
}

static bool dump_check(const DumpGuestMemoryArgs *args, GError **error)
{
    if (args->paging) {
        return fm_error_set(error, "Parameter 'paging' expects false: no "
                            "processor runs whose page tables could be "
                            "followed");
    }
    if (args->has_begin != args->has_length) {
        return fm_error_set(error, "Parameter '%s' is missing",
                            args->has_begin ? "length" : "begin");
    }
    if (args->has_length && args->length == 0) {
        return fm_error_set(error, "Invalid parameter 'length': it is 0");
    }
    if (args->has_begin && args->begin + (args->length - 1) < args->begin) {
        return fm_error_set(error, "Invalid parameter 'length': there is no "
                            "address that far beyond 'begin'");
    }
    return true;
}

static GArray *dump_find_memory(System *system,
                                const DumpGuestMemoryArgs *args,
                                GError **error)
{
    uint64_t first = args->has_begin ? args->begin : 0;
    uint64_t last = args->has_begin ? first + (args->length - 1) : UINT64_MAX;
    GArray *ranges = memory_scan_find_ram(&system->machine->memory, first,
                                          last);

    if (ranges->len == 0) {
        fm_error_set(error, "dump: no guest memory to dump");
        g_array_unref(ranges);
        return NULL;
    }
    return ranges;
}

/** Takes @ranges. */
static bool dump_start(System *system, const char *protocol, GArray *ranges,
                       GError **error)
{
    SystemDump *dump = &system->dump;
    FileSink *sink = dump_open(protocol, error);

    if (!sink) {
        g_array_unref(ranges);
        return false;
    }
    dump->copy = memory_copy_start(system->copies, &system->machine->memory,
                                   dump_build_header(ranges), ranges, sink,
                                   dump_done, system);
    dump->status = DUMP_STATUS_ACTIVE;
    dump->total = memory_copy_total(dump->copy);
    return true;
}

bool qmp_dump_guest_memory(QmpContext *ctx, const DumpGuestMemoryArgs *args,
                           GError **error)
{
    System *system = ctx->system;
    GArray *ranges;

    if (system->state == RUN_STATE_INMIGRATE) {
        return fm_error_set(error, "Dump not allowed during incoming "
                            "migration");
    }
    if (!system_check_no_dump(system, error) ||
        !system_check_no_save(system, error) || !dump_check(args, error) ||
        !memory_copies_check(system->copies, error)) {
        return false;
    }
    ranges = dump_find_memory(system, args, error);
    if (!ranges || !dump_start(system, args->protocol, ranges, error)) {
        return false;
    }
    system->dump.resume = system_stop_to_save(system);
    system->dump.deferred = args->detach ? NULL : qmp_defer(ctx);
    return true;
}

bool qmp_query_dump(QmpContext *ctx, DumpQueryResult *ret, GError **error)
{
    dump_fill_result(&ctx->system->dump, ret);
    return true;
}

bool qmp_query_dump_guest_memory_capability(QmpContext *ctx,
                                            DumpGuestMemoryCapability *ret,
                                            GError **error)
{
    for (int i = 0; i < DUMP_GUEST_MEMORY_FORMAT__MAX; i++) {
        DumpGuestMemoryFormat *format = qapi_list_append(
            &qapi_type_DumpGuestMemoryFormatList, &ret->formats);

        *format = i;
    }
    return true;
}
