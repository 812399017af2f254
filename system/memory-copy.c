/*
 * Copies of guest memory to files, made while the main loop goes on
 *
 * Host memory is found anew for each piece, so that the guest and clients may
 * change the topology meanwhile.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/memory-copy.h"

#include <errno.h>
#include <glib-unix.h>
#include <inttypes.h>

#include "util/error.h"

/* What is written in a turn; and how much of memory that costs nothing is
 * passed over. */
#define COPY_WORK_LEN ((uint64_t)1 << 20)
#define COPY_PASS_LEN ((uint64_t)64 << 20)

struct MemoryCopy {
    MemoryCopies *copies;
    AddressSpace *as;
    GBytes *header;
    GArray *ranges;             /* MemoryRange */
    FileSink *sink;
    MemoryScan *scan;
    guint source;
    bool waits;                 /* the source is for the sink, not for idling */

    /* What comes next */
    size_t header_sent;
    guint index;                /* in ranges */
    uint64_t range_sent;
    uint64_t completed;

    MemoryCopyDone *done;
    void *opaque;
};

/* Progress */

/** Write guest memory at @gpa, at most @len bytes.  Returns how many, or a
 *  negative errno; @work is what it cost, in bytes. */
static ssize_t copy_memory(MemoryCopy *copy, uint64_t gpa, uint64_t len,
                           uint64_t *work)
{
    uint64_t offset;
    const MemoryRegion *mr = memory_scan_look(copy->as, gpa, &offset, &len);
    bool holes = file_sink_has_holes(copy->sink);
    bool zero = !mr;
    const uint8_t *host;
    ssize_t n;

    if (!zero) {
        len = memory_scan_untouched(copy->scan, mr, offset, len, &zero);
    }
    if (zero) {
        n = file_sink_write_zeros(copy->sink, len);
        *work = holes || n < 0 ? 0 : (uint64_t)n;
        return n;
    }
    host = mr->host + offset;
    len = MIN(len, COPY_WORK_LEN);
    if (holes) {
        len = memory_scan_zero(host, len, &zero);
    }
    n = zero ? file_sink_write_zeros(copy->sink, len)
             : file_sink_write(copy->sink, host, len);
    *work = n < 0 ? 0 : (uint64_t)n;
    return n;
}

static size_t copy_header_len(const MemoryCopy *copy)
{
    return copy->header ? g_bytes_get_size(copy->header) : 0;
}

static bool copy_has_more(const MemoryCopy *copy)
{
    return copy->index < copy->ranges->len ||
           copy->header_sent < copy_header_len(copy);
}

/** The same with whatever comes next, which is there. */
static ssize_t copy_next(MemoryCopy *copy, uint64_t *work)
{
    const MemoryRange *range;
    ssize_t n;

    if (copy->header_sent < copy_header_len(copy)) {
        const uint8_t *bytes = g_bytes_get_data(copy->header, NULL);

        n = file_sink_write(copy->sink, bytes + copy->header_sent,
                            MIN(copy_header_len(copy) - copy->header_sent,
                                COPY_WORK_LEN));
        if (n > 0) {
            copy->header_sent += (size_t)n;
            *work = (uint64_t)n;
        }
        return n;
    }
    range = &g_array_index(copy->ranges, MemoryRange, copy->index);
    n = copy_memory(copy, range->gpa + copy->range_sent,
                    MIN(range->len - copy->range_sent, COPY_PASS_LEN), work);
    if (n > 0) {
        copy->completed += (uint64_t)n;
        copy->range_sent += (uint64_t)n;
        if (copy->range_sent == range->len) {
            copy->range_sent = 0;
            copy->index++;
        }
    }
    return n;
}

/** One turn.  Returns 0 if it is all written, or a negative errno: -EAGAIN if
 *  the sink takes no more, -EINPROGRESS if it does. */
static int copy_slice(MemoryCopy *copy)
{
    uint64_t worked = 0, passed = 0;

    memory_scan_forget(copy->scan);
    while (copy_has_more(copy)) {
        uint64_t work = 0;
        ssize_t n = copy_next(copy, &work);

        if (n < 0) {
            return (int)n;
        }
        worked += work;
        passed += (uint64_t)n;
        if (worked >= COPY_WORK_LEN || passed >= COPY_PASS_LEN) {
            return -EINPROGRESS;
        }
    }
    return file_sink_finish(copy->sink);
}

uint64_t memory_copy_completed(const MemoryCopy *copy)
{
    return copy->completed;
}

uint64_t memory_copy_total(const MemoryCopy *copy)
{
    uint64_t total = 0;

    for (guint i = 0; i < copy->ranges->len; i++) {
        total += g_array_index(copy->ranges, MemoryRange, i).len;
    }
    return total;
}

/* Life */

static void copy_free(MemoryCopy *copy)
{
    g_clear_handle_id(&copy->source, g_source_remove);
    memory_scan_free(copy->scan);
    file_sink_free(copy->sink);
    g_bytes_unref(copy->header);
    g_array_unref(copy->ranges);
    g_free(copy);
}

/** @why: NULL if it is all written. */
static void copy_end(MemoryCopy *copy, const char *why)
{
    GError *error = NULL;

    if (why) {
        bool emptied = file_sink_empty(copy->sink);

        fm_error_set(&error, "Could not write '%s': %s, after %" PRIu64 " of %"
                     PRIu64 " bytes of guest memory%s",
                     file_sink_name(copy->sink), why, copy->completed,
                     memory_copy_total(copy),
                     emptied ? "; the file has been emptied" : "");
    }
    /* closed before anybody is told, who may want to read it */
    g_clear_pointer(&copy->sink, file_sink_free);
    g_ptr_array_remove_fast(copy->copies, copy);
    copy->done(copy->opaque, error);
    copy_free(copy);
}

static void copy_schedule(MemoryCopy *copy, bool wait);

static gboolean copy_turn(MemoryCopy *copy)
{
    int err = copy_slice(copy);
    bool wait = err == -EAGAIN;

    if (err == -EINPROGRESS || wait) {
        if (wait == copy->waits) {
            return G_SOURCE_CONTINUE;
        }
        copy_schedule(copy, wait);
        return G_SOURCE_REMOVE;
    }
    copy->source = 0;
    copy_end(copy, err < 0 ? g_strerror(-err) : NULL);
    return G_SOURCE_REMOVE;
}

static gboolean copy_idle(gpointer opaque)
{
    return copy_turn(opaque);
}

static gboolean copy_ready(gint fd, GIOCondition condition, gpointer opaque)
{
    return copy_turn(opaque);
}

/** Not below the priority of clients: one that never stops asking would keep
 *  a copy from ever ending. */
static void copy_schedule(MemoryCopy *copy, bool wait)
{
    copy->waits = wait;
    copy->source = wait
        ? g_unix_fd_add(file_sink_fd(copy->sink),
                        G_IO_OUT | G_IO_ERR | G_IO_HUP, copy_ready, copy)
        : g_idle_add_full(G_PRIORITY_DEFAULT, copy_idle, copy, NULL);
}

MemoryCopy *memory_copy_start(MemoryCopies *copies, AddressSpace *as,
                              GBytes *header, GArray *ranges, FileSink *sink,
                              MemoryCopyDone *done, void *opaque)
{
    MemoryCopy *copy = g_new0(MemoryCopy, 1);

    copy->copies = copies;
    copy->as = as;
    copy->header = header;
    copy->ranges = ranges;
    copy->sink = sink;
    copy->done = done;
    copy->opaque = opaque;
    copy->scan = memory_scan_new();
    g_assert(copies->len < MEMORY_COPIES_MAX);
    g_ptr_array_add(copies, copy);
    copy_schedule(copy, false);
    return copy;
}


MemoryCopies *memory_copies_new(void)
{
    return g_ptr_array_new();
}

void memory_copies_free(MemoryCopies *copies)
{
    g_assert(copies->len == 0);
    g_ptr_array_unref(copies);
}

bool memory_copies_check(const MemoryCopies *copies, GError **error)
{
    return copies->len < MEMORY_COPIES_MAX ||
           fm_error_set(error, "%d copies of guest memory are under way "
                        "already", MEMORY_COPIES_MAX);
}

void memory_copies_end(MemoryCopies *copies, const char *why)
{
    while (copies->len) {
        copy_end(g_ptr_array_index(copies, 0), why);
    }
}
