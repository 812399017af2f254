/*
 * A machine as a stream
 *
 * Spec: docs/specs/migration-stream.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "migration/save.h"

#include <string.h>

#include "migration/machine-facts.h"
#include "migration/memory-piece.h"
#include "migration/saved-parts.h"
#include "migration/state-codec.h"
#include "migration/stream.h"
#include "system/memory-scan.h"

#define PAGE_LEN MEMORY_PIECE_PAGE_LEN

/* How much memory one call looks at that is zero.  To learn from the host that
 * a page was never touched is that much cheaper than to look at it. */
#define SEARCH_LEN (16u * 1024 * 1024)
#define SEARCH_UNTOUCHED_SHARE 16

typedef enum SaverState {
    SAVER_MACHINE,
    SAVER_MEMORY,
    SAVER_PARTS,
    SAVER_END,
    SAVER_DONE,
} SaverState;

struct MachineSaver {
    Machine *machine;
    RunState run_state;
    SaverState state;
    StreamWriter writer;
    MemoryProgress progress;

    /* Memory: where in which it goes on, and what is known of what follows */
    MemoryScan *scan;
    unsigned memory;
    uint64_t offset;
    uint64_t alike_end;
    bool untouched;

    GPtrArray *parts;           /* SavedPart */
    unsigned part;
};

MachineSaver *machine_saver_new(Machine *machine, RunState state)
{
    MachineSaver *saver = g_new0(MachineSaver, 1);

    saver->machine = machine;
    saver->run_state = state;
    saver->scan = memory_scan_new();
    saver->parts = saved_parts_find(machine);
    for (unsigned i = 0; i < machine->memories->len; i++) {
        const MemoryRegion *mr = machine->memories->pdata[i];

        g_assert(mr->size % PAGE_LEN == 0);
        saver->progress.total += mr->size;
    }
    return saver;
}

void machine_saver_free(MachineSaver *saver)
{
    memory_scan_free(saver->scan);
    g_ptr_array_unref(saver->parts);
    g_free(saver);
}

const MemoryProgress *machine_saver_progress(const MachineSaver *saver)
{
    return &saver->progress;
}

/* Which machine it is */

static void saver_put_machine(MachineSaver *saver, GByteArray *out)
{
    MachineFacts facts;

    machine_facts_init(&facts, saver->machine, saver->run_state);
    stream_write_preamble(&saver->writer, out);
    stream_begin_section(&saver->writer, out, STREAM_MACHINE,
                         machine_facts_state.version, "machine");
    state_encode(&machine_facts_state, &facts, out);
    stream_end_section(&saver->writer, out);
    machine_facts_cleanup(&facts);
}

/* Memory */

/** How many bytes at @offset, whole pages, are @zero, or are not. */
static uint64_t saver_look(MachineSaver *saver, const MemoryRegion *mr,
                           uint64_t offset, bool *zero)
{
    if (offset >= saver->alike_end) {
        uint64_t len = memory_scan_untouched(saver->scan, mr, offset,
                                             mr->size - offset,
                                             &saver->untouched);

        /* a file's hole may end anywhere */
        saver->untouched = saver->untouched && len >= PAGE_LEN;
        saver->alike_end = offset + (len < PAGE_LEN ? PAGE_LEN
                                                    : len & ~(PAGE_LEN - 1ull));
    }
    if (saver->untouched) {
        *zero = true;
        return saver->alike_end - offset;
    }
    memory_scan_zero(mr->host + offset, PAGE_LEN, zero);
    return PAGE_LEN;
}

/** Go to the next page that is not zero.  Returns false if that has to go on
 *  in another call. */
static bool saver_search(MachineSaver *saver, const MemoryRegion *mr)
{
    uint64_t cost = 0;

    while (saver->offset < mr->size && cost < SEARCH_LEN) {
        bool zero;
        uint64_t len = saver_look(saver, mr, saver->offset, &zero);

        if (!zero) {
            return true;
        }
        cost += saver->untouched ? len / SEARCH_UNTOUCHED_SHARE : len;
        saver->offset += len;
        saver->progress.done += len;
        saver->progress.zero_pages += len / PAGE_LEN;
    }
    return saver->offset == mr->size;
}

/** From a page that is not zero to the last such within reach: pieces end where
 *  the restoring host may have huge pages end. */
static void saver_put_piece(MachineSaver *saver, const MemoryRegion *mr,
                            GByteArray *out)
{
    uint64_t left = (mr->size - saver->offset) / PAGE_LEN;
    uint8_t bitmap[MEMORY_PIECE_PAGES / 8] = { 0 };
    MemoryPiece piece = { .offset = saver->offset, .bitmap = bitmap };
    unsigned reach = MEMORY_PIECE_PAGES -
                     saver->offset / PAGE_LEN % MEMORY_PIECE_PAGES;
    unsigned most = MIN(left, reach);

    for (unsigned i = 0; i < most; i++) {
        bool zero;

        saver_look(saver, mr, saver->offset + i * PAGE_LEN, &zero);
        if (!zero) {
            bitmap[i / 8] |= 1u << i % 8;
            piece.n_pages = i + 1;
            piece.n_normal++;
        }
    }
    stream_begin_section(&saver->writer, out, STREAM_MEMORY,
                         MEMORY_PIECE_VERSION, mr->name);
    memory_piece_encode(&piece, mr, out);
    stream_end_section(&saver->writer, out);

    saver->offset += memory_piece_len(&piece);
    saver->progress.done += memory_piece_len(&piece);
    saver->progress.normal_pages += piece.n_normal;
    saver->progress.zero_pages += piece.n_pages - piece.n_normal;
}

/** Returns false if there was nothing left of memory. */
static bool saver_put_memory(MachineSaver *saver, GByteArray *out)
{
    const GPtrArray *memories = saver->machine->memories;

    while (saver->memory < memories->len) {
        const MemoryRegion *mr = memories->pdata[saver->memory];

        if (!saver_search(saver, mr)) {
            return true;
        }
        if (saver->offset < mr->size) {
            saver_put_piece(saver, mr, out);
            return true;
        }
        saver->memory++;
        saver->offset = saver->alike_end = 0;
    }
    return false;
}

/* Devices */

static void saver_put_part(MachineSaver *saver, GByteArray *out)
{
    const SavedPart *part = saver->parts->pdata[saver->part];
    const char *type = part->obj->type->name;
    uint8_t type_len = strlen(type);

    stream_begin_section(&saver->writer, out, STREAM_DEVICE,
                         part->table->version, part->path);
    g_byte_array_append(out, &type_len, 1);
    g_byte_array_append(out, (const uint8_t *)type, type_len);
    state_encode(part->table, part->obj, out);
    stream_end_section(&saver->writer, out);
    saver->part++;
}

bool machine_saver_next(MachineSaver *saver, GByteArray *out)
{
    switch (saver->state) {
    case SAVER_MACHINE:
        saver_put_machine(saver, out);
        saver->state = SAVER_MEMORY;
        return true;
    case SAVER_MEMORY:
        if (saver_put_memory(saver, out)) {
            return true;
        }
        saver->state = SAVER_PARTS;
        G_GNUC_FALLTHROUGH;
    case SAVER_PARTS:
        if (saver->part < saver->parts->len) {
            saver_put_part(saver, out);
            return true;
        }
        saver->state = SAVER_END;
        G_GNUC_FALLTHROUGH;
    case SAVER_END:
        stream_write_end(&saver->writer, out);
        saver->state = SAVER_DONE;
        return true;
    case SAVER_DONE:
        break;
    }
    return false;
}
