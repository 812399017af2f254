/*
 * A machine from a stream
 *
 * Everything here comes from anywhere: a section is checked as a whole before
 * any of it is used.
 *
 * Spec: docs/specs/migration-stream.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "migration/load.h"

#include <inttypes.h>
#include <string.h>

#include "migration/machine-before.h"
#include "migration/machine-facts.h"
#include "migration/memory-piece.h"
#include "migration/saved-parts.h"
#include "migration/state-codec.h"
#include "util/error.h"

/* Of all devices' states together, for they are kept until the end */
#define LOADER_KEPT_MAX (UINT64_C(64) * 1024 * 1024)

struct MachineLoader {
    Machine *machine;
    uint64_t machine_offset;    /* of the machine's section */
    uint64_t end_offset;        /* of what has come, so that of END at last */
    RunState state;
    MachineFacts facts;
    MemoryProgress progress;
    uint64_t *filled;           /* of each memory: how far it was filled */
    MemoryPieceDense dense;
    GPtrArray *parts;           /* SavedPart */
    GHashTable *by_path;        /* the same */
    uint64_t kept_len;
    MachineBefore *before;      /* NULL: none has been */
};

static void loader_clear_memory(MachineLoader *loader)
{
    const GPtrArray *memories = loader->machine->memories;

    for (unsigned i = 0; i < memories->len; i++) {
        memory_region_clear(memories->pdata[i]);
    }
}

MachineLoader *machine_loader_new(Machine *machine)
{
    MachineLoader *loader = g_new0(MachineLoader, 1);

    loader->machine = machine;
    loader->filled = g_new0(uint64_t, machine->memories->len);
    loader->parts = saved_parts_find(machine);
    loader->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < loader->parts->len; i++) {
        SavedPart *part = loader->parts->pdata[i];

        g_hash_table_insert(loader->by_path, part->path, part);
    }
    for (unsigned i = 0; i < machine->memories->len; i++) {
        loader->progress.total +=
            ((const MemoryRegion *)machine->memories->pdata[i])->size;
    }
    loader_clear_memory(loader);
    return loader;
}

void machine_loader_free(MachineLoader *loader)
{
    g_clear_pointer(&loader->before, machine_before_free);
    machine_facts_cleanup(&loader->facts);
    g_hash_table_unref(loader->by_path);
    g_ptr_array_unref(loader->parts);
    g_free(loader->filled);
    g_free(loader);
}

const MemoryProgress *machine_loader_progress(const MachineLoader *loader)
{
    return &loader->progress;
}

static bool loader_check_version(const StreamSection *section,
                                 uint16_t version, GError **error)
{
    if (section->version == 0 || section->version > version) {
        return fm_error_set(error, "it is of version %u, this program knows "
                            "versions 1 to %u", section->version, version);
    }
    return true;
}

/* Which machine it is */

static bool loader_take_machine(MachineLoader *loader,
                                const StreamSection *section, GError **error)
{
    loader->machine_offset = section->offset;
    return loader_check_version(section, machine_facts_state.version, error) &&
           state_decode_at(&machine_facts_state, &loader->facts,
                           section->version, section->content, section->len,
                           section->content_offset, error) &&
           machine_facts_check(&loader->facts, loader->machine, &loader->state,
                               error);
}

/* Memory */

/** Returns the number of the memory that has that name, or -1. */
static int loader_find_memory(const MachineLoader *loader, const char *name)
{
    const GPtrArray *memories = loader->machine->memories;

    for (unsigned i = 0; i < memories->len; i++) {
        if (strcmp(((const MemoryRegion *)memories->pdata[i])->name,
                   name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/** Returns the same if @section is a piece of it, or -1 with @error set. */
static int loader_parse_piece(const MachineLoader *loader,
                              const StreamSection *section,
                              MemoryPiece *piece, GError **error)
{
    int i = loader_find_memory(loader, section->name);

    if (i < 0) {
        fm_error_set(error, "this machine has no such memory");
        return -1;
    }
    return loader_check_version(section, MEMORY_PIECE_VERSION, error) &&
           memory_piece_parse(piece, section, error) &&
           memory_piece_check(piece, loader->machine->memories->pdata[i],
                              loader->filled[i], error) ? i : -1;
}

uint8_t *machine_loader_place(void *opaque, const StreamSection *section,
                              size_t shown, size_t *at)
{
    MachineLoader *loader = opaque;
    MemoryPiece piece = { 0 };
    const MemoryRegion *mr;
    int i;

    if (!memory_piece_is_shown(section, shown)) {
        return NULL;
    }
    i = loader_parse_piece(loader, section, &piece, NULL);
    if (i < 0 || piece.n_normal != piece.n_pages) {
        return NULL;
    }
    mr = loader->machine->memories->pdata[i];
    memory_piece_prefer_huge(&piece, mr, &loader->dense);
    memory_region_expect(mr, piece.offset, memory_piece_len(&piece));
    *at = piece.bytes - section->content;
    return mr->host + piece.offset;
}

static bool loader_take_memory(MachineLoader *loader,
                               const StreamSection *section, GError **error)
{
    MemoryPiece piece = { 0 };
    int i = loader_parse_piece(loader, section, &piece, error);
    uint64_t end;

    if (i < 0) {
        return false;
    }
    if (!section->placed) {
        MemoryRegion *mr = loader->machine->memories->pdata[i];

        memory_piece_prefer_huge(&piece, mr, &loader->dense);
        memory_piece_copy(&piece, mr);
    }
    end = piece.offset + memory_piece_len(&piece);
    loader->progress.done += end - loader->filled[i];
    loader->progress.zero_pages +=
        (end - loader->filled[i]) / MEMORY_PIECE_PAGE_LEN - piece.n_normal;
    loader->progress.normal_pages += piece.n_normal;
    loader->filled[i] = end;
    return true;
}

/* Devices */

/** What can be done about it if the paths do not fit. */
static const char *loader_advice(const char *path)
{
    return g_str_has_prefix(path, MACHINE_OTHER_DEVICES "/")
           ? "; devices without id= are numbered in their order on the "
             "command line, give them one on both sides" : "";
}

static bool loader_take_part(MachineLoader *loader,
                             const StreamSection *section, GError **error)
{
    SavedPart *part = g_hash_table_lookup(loader->by_path, section->name);
    size_t type_len = section->len ? section->content[0] : 0;
    g_autofree char *raw = NULL, *type = NULL;
    size_t head_len = 1 + type_len;

    if (type_len == 0 || head_len > section->len ||
        memchr(section->content + 1, 0, type_len)) {
        return fm_error_set(error, "it does not say what device it is");
    }
    raw = g_strndup((const char *)section->content + 1, type_len);
    type = g_strescape(raw, NULL);
    if (!part) {
        return fm_error_set(error, "this machine has no such device (it was a "
                            "'%s')%s", type, loader_advice(section->name));
    }
    if (strcmp(raw, part->obj->type->name) != 0) {
        return fm_error_set(error, "it was a '%s', here it is a '%s'%s", type,
                            part->obj->type->name,
                            loader_advice(section->name));
    }
    if (part->members) {
        return fm_error_set(error, "it comes for the second time");
    }
    if (!loader_check_version(section, part->table->version, error)) {
        return false;
    }
    if (section->len > LOADER_KEPT_MAX - loader->kept_len) {
        return fm_error_set(error, "the devices' states have more than %"
                            PRIu64 " bytes together", LOADER_KEPT_MAX);
    }
    loader->kept_len += section->len;
    part->members = g_bytes_new(section->content + head_len,
                                section->len - head_len);
    part->version = section->version;
    part->section_offset = section->offset;
    part->members_offset = section->content_offset + head_len;
    return true;
}

static bool loader_take(MachineLoader *loader, const StreamSection *section,
                        GError **error)
{
    switch (section->kind) {
    case STREAM_MACHINE:
        return loader_take_machine(loader, section, error);
    case STREAM_MEMORY:
        return loader_take_memory(loader, section, error);
    case STREAM_DEVICE:
        return loader_take_part(loader, section, error);
    case STREAM_END:
        break;
    }
    g_assert_not_reached();
}

bool machine_loader_section(MachineLoader *loader,
                            const StreamSection *section, GError **error)
{
    loader->end_offset = section->end_offset;
    return loader_take(loader, section, error) ||
           fm_error_prefix(error, "section '%s' at offset %" PRIu64 ": ",
                           section->name, section->offset);
}

/* The end, if all goes well, and if not */

static bool loader_refuse_part(const SavedPart *part, GError **error)
{
    return fm_error_prefix(error, "section '%s' at offset %" PRIu64 ": ",
                           part->path, part->section_offset);
}

static bool loader_decode_part(const SavedPart *part, GError **error)
{
    gsize len;
    const uint8_t *bytes = g_bytes_get_data(part->members, &len);

    return state_decode_at(part->table, part->obj, part->version, bytes, len,
                           part->members_offset, error) ||
           loader_refuse_part(part, error);
}

static bool loader_check_parts(const MachineLoader *loader, GError **error)
{
    for (unsigned i = 0; i < loader->parts->len; i++) {
        const SavedPart *part = loader->parts->pdata[i];

        if (!part->members) {
            return fm_error_set(error, "section 'end' at offset %" PRIu64
                                ": there is no section '%s' before it: the "
                                "saved machine had no such device (here it is "
                                "a '%s')%s", loader->end_offset, part->path,
                                part->obj->type->name,
                                loader_advice(part->path));
        }
    }
    return true;
}

/** Whether it can be that the machine was doing what it says. */
static bool loader_check_state(const MachineLoader *loader, GError **error)
{
    return loader->state != RUN_STATE_SUSPENDED || loader->machine->asleep ||
           fm_error_set(error, "section 'machine' at offset %" PRIu64 ": the "
                        "run state is 'suspended', but the machine does not "
                        "sleep", loader->machine_offset);
}

bool machine_loader_finish(MachineLoader *loader, RunState *state,
                           GError **error)
{
    if (!loader_check_parts(loader, error)) {
        return false;
    }
    loader->before = machine_before_new(loader->machine, loader->parts);
    machine_restore_clock(loader->machine, loader->facts.now_ns,
                          loader->facts.utc_us);
    for (unsigned i = 0; i < loader->parts->len; i++) {
        if (!loader_decode_part(loader->parts->pdata[i], error)) {
            return false;
        }
    }
    for (unsigned i = 0; i < loader->parts->len; i++) {
        const SavedPart *part = loader->parts->pdata[i];

        if (!state_loaded(part->table, part->obj, error)) {
            return loader_refuse_part(part, error);
        }
    }
    if (!loader_check_state(loader, error)) {
        return false;
    }
    loader->machine->awaits_restore = false;
    saved_parts_tell_restored(loader->parts);
    loader->progress.zero_pages =
        loader->progress.total / MEMORY_PIECE_PAGE_LEN -
        loader->progress.normal_pages;
    loader->progress.done = loader->progress.total;
    *state = loader->state;
    return true;
}

void machine_loader_abandon(MachineLoader *loader)
{
    loader_clear_memory(loader);
    machine_reset_devices(loader->machine);
    if (loader->before) {
        machine_before_put_back(loader->before);
    }
}
