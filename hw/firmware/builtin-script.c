/*
 * Checking a loader script against the files that there are
 *
 * Spec: docs/specs/fw-loader.rst, "Rules"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/firmware/script.h"

#include "hw/acpi/loader.h"
#include "util/error.h"

#define MAX_ALIGN 4096

bool firmware_script_fault(GError **error, size_t n, const AcpiLoaderEntry *e)
{
    return fm_error_prefix(error, FIRMWARE_SCRIPT_FILE " entry %"
                           G_GSIZE_FORMAT " (%s %s): ", n,
                           acpi_loader_command_name(e->command), e->file);
}

typedef struct ScriptCheck {
    int64_t (*file_len)(void *opaque, const char *file, bool *writable);
    void *opaque;
    GHashTable *allocated;      /* name -> uint32_t length */
} ScriptCheck;

static bool check_allocate(ScriptCheck *check, const AcpiLoaderEntry *e,
                           GError **error)
{
    bool writable = false;
    int64_t len = check->file_len(check->opaque, e->file, &writable);

    if (len < 0) {
        return fm_error_set(error, "there is no such file");
    }
    if (len == 0) {
        return fm_error_set(error, "the file is empty");
    }
    if (len > UINT32_MAX) {
        return fm_error_set(error, "the file is too long");
    }
    if (!e->align || (e->align & (e->align - 1))) {
        return fm_error_set(error, "alignment %u is not a power of two",
                            e->align);
    }
    if (e->align > MAX_ALIGN) {
        return fm_error_set(error, "alignment %u is more than %d", e->align,
                            MAX_ALIGN);
    }
    if (e->zone != ACPI_ZONE_HIGH && e->zone != ACPI_ZONE_FSEG) {
        return fm_error_set(error, "there is no zone %u", e->zone);
    }
    if (!g_hash_table_insert(check->allocated, g_strdup(e->file),
                             GUINT_TO_POINTER((uint32_t)len))) {
        return fm_error_set(error, "the file is allocated already");
    }
    return true;
}

/** The length of an allocated file; 0 with @error set if it is not. */
static uint32_t check_allocated(ScriptCheck *check, const char *file,
                                GError **error)
{
    uint32_t len = GPOINTER_TO_UINT(g_hash_table_lookup(check->allocated,
                                                        file));

    if (!len) {
        fm_error_set(error, "%s is not allocated yet", file);
    }
    return len;
}

/** A pointer's width and place in a file of @len bytes. */
static bool check_field(const AcpiLoaderEntry *e, uint32_t len, GError **error)
{
    if (e->width != 1 && e->width != 2 && e->width != 4 && e->width != 8) {
        return fm_error_set(error, "a pointer of %u bytes; only 1, 2, 4 and 8 "
                            "are possible", e->width);
    }
    if (e->offset >= len) {
        return fm_error_set(error, "offset %u lies outside the file (%u "
                            "bytes)", e->offset, len);
    }
    if (e->width > len - e->offset) {
        return fm_error_set(error, "%u bytes at offset %u reach beyond the "
                            "file (%u bytes)", e->width, e->offset, len);
    }
    return true;
}

static bool check_add_pointer(ScriptCheck *check, const AcpiLoaderEntry *e,
                              GError **error)
{
    uint32_t len = check_allocated(check, e->file, error);

    return len && check_field(e, len, error) &&
           check_allocated(check, e->source, error);
}

static bool check_add_checksum(ScriptCheck *check, const AcpiLoaderEntry *e,
                               GError **error)
{
    uint32_t len = check_allocated(check, e->file, error);

    if (!len) {
        return false;
    }
    if (e->offset >= len) {
        return fm_error_set(error, "offset %u lies outside the file (%u "
                            "bytes)", e->offset, len);
    }
    if (e->start > len || e->len > len - e->start) {
        return fm_error_set(error, "%u bytes from %u on reach beyond the file "
                            "(%u bytes)", e->len, e->start, len);
    }
    return true;
}

static bool check_write_pointer(ScriptCheck *check, const AcpiLoaderEntry *e,
                                GError **error)
{
    bool writable = false;
    int64_t len = check->file_len(check->opaque, e->file, &writable);
    uint32_t source_len;

    if (len < 0) {
        return fm_error_set(error, "there is no such file");
    }
    if (!writable) {
        return fm_error_set(error, "the file is read-only");
    }
    if (!check_field(e, MIN(len, UINT32_MAX), error)) {
        return false;
    }
    source_len = check_allocated(check, e->source, error);
    if (!source_len) {
        return false;
    }
    if (e->source_offset >= source_len) {
        return fm_error_set(error, "source offset %u lies outside %s (%u "
                            "bytes)", e->source_offset, e->source, source_len);
    }
    return true;
}

static bool check_entry(ScriptCheck *check, const AcpiLoaderEntry *e,
                        GError **error)
{
    switch (e->command) {
    case ACPI_LOADER_ALLOCATE:
        return check_allocate(check, e, error);
    case ACPI_LOADER_ADD_POINTER:
        return check_add_pointer(check, e, error);
    case ACPI_LOADER_ADD_CHECKSUM:
        return check_add_checksum(check, e, error);
    case ACPI_LOADER_WRITE_POINTER:
        return check_write_pointer(check, e, error);
    default:
        /* padding, and what later versions may invent */
        return true;
    }
}

bool builtin_script_check(const uint8_t *script, size_t len,
                          int64_t (*file_len)(void *opaque, const char *file,
                                              bool *writable),
                          void *opaque, GError **error)
{
    g_autoptr(GHashTable) allocated =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    ScriptCheck check = {
        .file_len = file_len, .opaque = opaque, .allocated = allocated,
    };
    g_autoptr(GError) local = NULL;

    if (len % ACPI_LOADER_ENTRY_LEN) {
        return fm_error_set(error, FIRMWARE_SCRIPT_FILE ": %" G_GSIZE_FORMAT
                            " bytes are not a multiple of %d", len,
                            ACPI_LOADER_ENTRY_LEN);
    }
    for (size_t n = 0; n < len / ACPI_LOADER_ENTRY_LEN; n++) {
        AcpiLoaderEntry e;

        if (!acpi_loader_decode(script + n * ACPI_LOADER_ENTRY_LEN, &e,
                                &local)) {
            fm_error_prefix(&local, FIRMWARE_SCRIPT_FILE " entry %"
                            G_GSIZE_FORMAT ": ", n);
        } else if (!check_entry(&check, &e, &local)) {
            firmware_script_fault(&local, n, &e);
        }
        if (local) {
            g_propagate_error(error, g_steal_pointer(&local));
            return false;
        }
    }
    return true;
}
