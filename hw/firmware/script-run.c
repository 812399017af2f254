/*
 * Running a loader script, as firmware does
 *
 * Three steps: what the script says is checked against what files there are;
 * the files are read and completed in host memory, which checks what only
 * their bytes can tell; then guest memory is written.  So there is next to
 * nothing to undo when something is wrong.
 *
 * Spec: docs/specs/fw-loader.rst, "Rules"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/firmware/script.h"

#include <string.h>

#include "hw/acpi/loader.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

#define PAGE_LEN 4096u

/* ACPI 6.5, 5.2.6 and 5.2.10: offset of a table's length; what FACS has */
#define TABLE_HEADER_LEN 36
#define TABLE_LENGTH 4
#define FACS_LEN 64

/* What OVMF installs before it gives up */
#define MAX_TABLES 128

/* What the bytes say */

/** A file that was allocated. */
typedef struct ScriptBlob {
    const FwCfgClientFile *file;
    uint64_t gpa;
    uint8_t *bytes;             /* as they will be in guest memory */
    uint32_t used;              /* from here on they are zeros, untouched */
    AcpiZone zone;
} ScriptBlob;

typedef struct ScriptWriteBack {
    const FwCfgClientFile *file;
    size_t entry;
    uint32_t offset;
    uint8_t width;
    uint8_t value[8];
    uint8_t old[8];             /* before it was written */
} ScriptWriteBack;

/** A patched pointer, for the second look that OVMF takes. */
typedef struct ScriptPointer {
    size_t entry;
    const ScriptBlob *target;
    uint32_t offset;            /* in target */
} ScriptPointer;

typedef struct ScriptRun {
    FwCfgClient *client;
    FirmwareZones *zones;
    GHashTable *blobs;          /* name -> ScriptBlob */
    GPtrArray *order;           /* ScriptBlob, as allocated */
    GArray *pointers;           /* ScriptPointer */
    GArray *write_backs;        /* ScriptWriteBack */
} ScriptRun;

static void script_blob_free(gpointer p)
{
    ScriptBlob *blob = p;

    g_free(blob->bytes);
    g_free(blob);
}

static bool script_allocate(ScriptRun *run, const AcpiLoaderEntry *e,
                            GError **error)
{
    const FwCfgClientFile *file = fw_cfg_client_find(run->client, e->file);
    uint64_t gpa = firmware_zones_allocate(run->zones, e->zone, file->len,
                                           e->align);
    ScriptBlob *blob;
    uint8_t *bytes;

    if (!gpa) {
        return fm_error_set(error, "no room for %u bytes in %s", file->len,
                            e->zone == ACPI_ZONE_FSEG ? "the F-segment"
                                                      : "RAM below 4 GiB");
    }
    /* calloc() gives big ones as pages that zeros do not make resident */
    bytes = g_try_malloc0(file->len);
    if (!bytes) {
        return fm_error_set(error, "the host has no memory for %u bytes",
                            file->len);
    }
    blob = g_new0(ScriptBlob, 1);
    blob->file = file;
    blob->gpa = gpa;
    blob->bytes = bytes;
    blob->zone = e->zone;
    g_ptr_array_add(run->order, blob);
    g_hash_table_insert(run->blobs, (char *)file->name, blob);
    return fw_cfg_client_read(run->client, file, bytes, file->len,
                              &blob->used, error);
}

/** The @len bytes at @offset, which are about to be written. */
static uint8_t *script_field(ScriptBlob *blob, uint32_t offset, uint32_t len)
{
    blob->used = MAX(blob->used, offset + len);
    return blob->bytes + offset;
}

static bool script_fits(uint64_t value, uint8_t width)
{
    return width == 8 || value >> (8 * width) == 0;
}

static bool script_add_pointer(ScriptRun *run, size_t n,
                               const AcpiLoaderEntry *e, GError **error)
{
    ScriptBlob *blob = g_hash_table_lookup(run->blobs, e->file);
    const ScriptBlob *target = g_hash_table_lookup(run->blobs, e->source);
    uint8_t *field = script_field(blob, e->offset, e->width);
    uint64_t value = ldn_le(field, e->width);
    ScriptPointer pointer = { .entry = n, .target = target };

    if (value >= target->file->len) {
        return fm_error_set(error, "the pointer at offset %u starts as 0x%"
                            G_GINT64_MODIFIER "x, outside %s (%u bytes)",
                            e->offset, value, e->source, target->file->len);
    }
    if (!script_fits(target->gpa + value, e->width)) {
        return fm_error_set(error, "address 0x%" G_GINT64_MODIFIER "x does "
                            "not fit %u bytes", target->gpa + value,
                            e->width);
    }
    stn_le(field, e->width, target->gpa + value);
    pointer.offset = value;
    g_array_append_val(run->pointers, pointer);
    return true;
}

static void script_add_checksum(ScriptRun *run, const AcpiLoaderEntry *e)
{
    ScriptBlob *blob = g_hash_table_lookup(run->blobs, e->file);

    *script_field(blob, e->offset, 1) -= bytes_sum(blob->bytes + e->start,
                                                   e->len);
}

static bool script_write_pointer(ScriptRun *run, size_t n,
                                 const AcpiLoaderEntry *e, GError **error)
{
    const ScriptBlob *source = g_hash_table_lookup(run->blobs, e->source);
    uint64_t value = source->gpa + e->source_offset;
    ScriptWriteBack w = {
        .file = fw_cfg_client_find(run->client, e->file), .entry = n,
        .offset = e->offset, .width = e->width,
    };

    if (!script_fits(value, e->width)) {
        return fm_error_set(error, "address 0x%" G_GINT64_MODIFIER "x does "
                            "not fit %u bytes", value, e->width);
    }
    if (run->write_backs->len == FIRMWARE_WRITE_BACKS_MAX) {
        return fm_error_set(error, "this writes back one address more than "
                            "the %d that a resume repeats",
                            FIRMWARE_WRITE_BACKS_MAX);
    }
    stn_le(w.value, e->width, value);
    g_array_append_val(run->write_backs, w);
    return true;
}

static bool script_apply(ScriptRun *run, size_t n, const AcpiLoaderEntry *e,
                         GError **error)
{
    switch (e->command) {
    case ACPI_LOADER_ALLOCATE:
        return script_allocate(run, e, error);
    case ACPI_LOADER_ADD_POINTER:
        return script_add_pointer(run, n, e, error);
    case ACPI_LOADER_ADD_CHECKSUM:
        script_add_checksum(run, e);
        return true;
    case ACPI_LOADER_WRITE_POINTER:
        return script_write_pointer(run, n, e, error);
    default:
        return true;
    }
}

/** Whether OVMF takes @bytes for a table of its to install. */
static bool script_is_table(const uint8_t *bytes, uint32_t len)
{
    uint32_t claimed;

    if (len < TABLE_HEADER_LEN) {
        return false;
    }
    claimed = ld32_le(bytes + TABLE_LENGTH);
    if (claimed > len) {
        return false;
    }
    if (!memcmp(bytes, "FACS", 4)) {
        return claimed >= FACS_LEN;
    }
    /* those two it makes itself */
    return claimed >= TABLE_HEADER_LEN && memcmp(bytes, "RSDT", 4) &&
           memcmp(bytes, "XSDT", 4) && bytes_sum(bytes, claimed) == 0;
}

/** OVMF installs each table that is pointed to, once, but only so many. */
static bool script_count_tables(const ScriptRun *run, size_t *entry,
                                GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_autofree uint64_t *gpas = g_new(uint64_t, run->pointers->len);
    unsigned n = 0;

    for (unsigned i = 0; i < run->pointers->len; i++) {
        const ScriptPointer *p = &g_array_index(run->pointers, ScriptPointer,
                                                i);

        gpas[i] = p->target->gpa + p->offset;
        if (g_hash_table_add(seen, &gpas[i]) &&
            script_is_table(p->target->bytes + p->offset,
                            p->target->file->len - p->offset) &&
            ++n > MAX_TABLES) {
            *entry = p->entry;
            return fm_error_set(error, "this points to one table more than "
                                "the %d that OVMF takes", MAX_TABLES);
        }
    }
    return true;
}

/* The guest's memory */

static bool script_is_zero(const uint8_t *bytes, size_t len)
{
    return bytes[0] == 0 && !memcmp(bytes, bytes + 1, len - 1);
}

/** Fresh RAM is zero already, and stays without host memory where it has to be
 *  zero. */
static void script_put(AddressSpace *memory, const ScriptBlob *blob)
{
    uint64_t gpa = blob->gpa;
    uint32_t done = 0;

    while (done < blob->used) {
        uint32_t n = MIN(blob->used - done, PAGE_LEN - (gpa & (PAGE_LEN - 1)));

        if (script_is_zero(blob->bytes + done, n)) {
            address_space_clear(memory, gpa, n);
        } else {
            address_space_write(memory, gpa, blob->bytes + done, n);
        }
        gpa += n;
        done += n;
    }
    address_space_clear(memory, gpa, blob->file->len - done);
}

static bool script_check_ram(const ScriptRun *run, GError **error)
{
    for (unsigned i = 0; i < run->order->len; i++) {
        const ScriptBlob *blob = g_ptr_array_index(run->order, i);

        if (!address_space_is_ram(run->client->memory, blob->gpa,
                                  blob->file->len)) {
            return fm_error_set(error, FIRMWARE_SCRIPT_FILE " (ALLOCATE %s): "
                                "0x%" G_GINT64_MODIFIER "x is not all RAM",
                                blob->file->name, blob->gpa);
        }
    }
    return true;
}

static void script_install(const ScriptRun *run)
{
    AddressSpace *memory = run->client->memory;
    uint64_t fseg_len = FIRMWARE_FSEG_END - FIRMWARE_FSEG_START;

    /* an RSDP of the boot before this one must not be found */
    if (address_space_is_ram(memory, FIRMWARE_FSEG_START, fseg_len)) {
        address_space_clear(memory, FIRMWARE_FSEG_START, fseg_len);
    }
    for (unsigned i = 0; i < run->order->len; i++) {
        const ScriptBlob *blob = g_ptr_array_index(run->order, i);

        script_put(memory, blob);
    }
}

static void script_uninstall(const ScriptRun *run)
{
    for (unsigned i = 0; i < run->order->len; i++) {
        const ScriptBlob *blob = g_ptr_array_index(run->order, i);

        address_space_clear(run->client->memory, blob->gpa, blob->file->len);
    }
}

/** Write back; fw_cfg alone knows which files it lets be written. */
static bool script_write_back(const ScriptRun *run, GError **error)
{
    for (unsigned i = 0; i < run->write_backs->len; i++) {
        ScriptWriteBack *w = &g_array_index(run->write_backs,
                                            ScriptWriteBack, i);

        if (fw_cfg_client_peek(run->client, w->file, w->offset, w->old,
                               w->width) &&
            fw_cfg_client_poke(run->client, w->file, w->offset, w->value,
                               w->width)) {
            continue;
        }
        fm_error_set(error, FIRMWARE_SCRIPT_FILE " entry %" G_GSIZE_FORMAT
                     " (%s %s): fw_cfg refuses the write", w->entry,
                     acpi_loader_command_name(ACPI_LOADER_WRITE_POINTER),
                     w->file->name);
        while (i--) {
            w = &g_array_index(run->write_backs, ScriptWriteBack, i);
            fw_cfg_client_poke(run->client, w->file, w->offset, w->old,
                               w->width);
        }
        return false;
    }
    return true;
}

static GBytes *script_keep_write_backs(const ScriptRun *run)
{
    GByteArray *record = g_byte_array_new();

    for (unsigned i = 0; i < run->write_backs->len; i++) {
        const ScriptWriteBack *w = &g_array_index(run->write_backs,
                                                  ScriptWriteBack, i);
        FirmwareWriteBack kept = {
            .offset = w->offset, .width = w->width,
            .value = ldn_le(w->value, w->width),
        };

        g_strlcpy(kept.file, w->file->name, sizeof(kept.file));
        firmware_write_back_append(record, &kept);
    }
    return g_byte_array_free_to_bytes(record);
}

static void script_tell(const ScriptRun *run, BuiltinResult *result)
{
    result->write_backs = script_keep_write_backs(run);
    for (unsigned i = 0; i < run->order->len; i++) {
        const ScriptBlob *blob = g_ptr_array_index(run->order, i);
        BuiltinBlob told = { .gpa = blob->gpa, .len = blob->file->len };

        g_strlcpy(told.file, blob->file->name, sizeof(told.file));
        g_array_append_val(result->blobs, told);

        /* ACPI 6.5, 5.2.5.1: where, and by what, an RSDP is known */
        for (uint32_t at = 0; blob->zone == ACPI_ZONE_FSEG &&
                              blob->file->len - at >= 20 &&
                              !result->rsdp_gpa; at += 16) {
            if (!memcmp(blob->bytes + at, "RSD PTR ", 8) &&
                bytes_sum(blob->bytes + at, 20) == 0) {
                result->rsdp_gpa = blob->gpa + at;
            }
        }
    }
}

/** What an entry that is done has done. */
static void script_log(const ScriptRun *run, size_t n,
                       const AcpiLoaderEntry *e)
{
    const ScriptBlob *blob = g_hash_table_lookup(run->blobs, e->file);

    switch (e->command) {
    case ACPI_LOADER_ALLOCATE:
        log_line(LOG_FIRMWARE, "entry %zu: ALLOCATE %s, %u bytes aligned to "
                 "%u in %s: 0x%" G_GINT64_MODIFIER "x", n, e->file,
                 blob->file->len, e->align, e->zone == ACPI_ZONE_FSEG
                 ? "the F-segment" : "high memory", blob->gpa);
        break;
    case ACPI_LOADER_ADD_POINTER:
        log_line(LOG_FIRMWARE, "entry %zu: ADD_POINTER to %s in %s at %u, %u "
                 "bytes: 0x%" G_GINT64_MODIFIER "x", n, e->source, e->file,
                 e->offset, e->width, ldn_le(blob->bytes + e->offset,
                                             e->width));
        break;
    case ACPI_LOADER_ADD_CHECKSUM:
        log_line(LOG_FIRMWARE, "entry %zu: ADD_CHECKSUM of %s, %u bytes at "
                 "%u, to %u: 0x%02x", n, e->file, e->len, e->start, e->offset,
                 blob->bytes[e->offset]);
        break;
    case ACPI_LOADER_WRITE_POINTER:
        log_line(LOG_FIRMWARE, "entry %zu: WRITE_POINTER to %s plus %u into "
                 "%s at %u, %u bytes", n, e->source, e->source_offset, e->file,
                 e->offset, e->width);
        break;
    default:
        break;
    }
}

/* All of it */

static int64_t script_file_len(void *opaque, const char *name, bool *writable)
{
    const FwCfgClientFile *file = fw_cfg_client_find(opaque, name);

    /* the directory does not say; trying is the only way to know */
    *writable = true;
    return file ? (int64_t)file->len : -1;
}

static bool script_complete(ScriptRun *run, const uint8_t *script, size_t len,
                            GError **error)
{
    AcpiLoaderEntry e;
    size_t n;

    for (n = 0; n < len / ACPI_LOADER_ENTRY_LEN; n++) {
        bool decoded = acpi_loader_decode(script + n * ACPI_LOADER_ENTRY_LEN,
                                          &e, NULL);

        g_assert(decoded);      /* it was, when it was checked */
        if (!script_apply(run, n, &e, error)) {
            return firmware_script_fault(error, n, &e);
        }
        if (log_enabled(LOG_FIRMWARE)) {
            script_log(run, n, &e);
        }
    }
    if (!script_count_tables(run, &n, error)) {
        acpi_loader_decode(script + n * ACPI_LOADER_ENTRY_LEN, &e, NULL);
        return firmware_script_fault(error, n, &e);
    }
    return true;
}

bool firmware_script_run(FwCfgClient *client, FirmwareZones *zones,
                         BuiltinResult *result, GError **error)
{
    const FwCfgClientFile *file = fw_cfg_client_find(client,
                                                     FIRMWARE_SCRIPT_FILE);
    g_autofree uint8_t *script = NULL;
    g_autoptr(GHashTable) blobs = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(
                                                        script_blob_free);
    g_autoptr(GArray) pointers = g_array_new(FALSE, FALSE,
                                             sizeof(ScriptPointer));
    g_autoptr(GArray) write_backs = g_array_new(FALSE, FALSE,
                                                sizeof(ScriptWriteBack));
    ScriptRun run = {
        .client = client, .zones = zones, .blobs = blobs, .order = order,
        .pointers = pointers, .write_backs = write_backs,
    };

    if (!file) {
        return fm_error_set(error, "fw_cfg: there is no file "
                            FIRMWARE_SCRIPT_FILE);
    }
    script = g_try_malloc0(MAX(file->len, 1));
    if (!script) {
        return fm_error_set(error, FIRMWARE_SCRIPT_FILE ": the host has no "
                            "memory for %u bytes", file->len);
    }
    if (!fw_cfg_client_read(client, file, script, file->len, NULL, error) ||
        !builtin_script_check(script, file->len, script_file_len, client,
                              error) ||
        !script_complete(&run, script, file->len, error) ||
        !script_check_ram(&run, error)) {
        return false;
    }
    script_install(&run);
    if (!script_write_back(&run, error)) {
        script_uninstall(&run);
        return false;
    }
    script_tell(&run, result);
    return true;
}
