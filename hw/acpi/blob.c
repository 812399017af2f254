/*
 * Blobs with fix-ups, and the loader script made from them
 *
 * Spec: docs/specs/fw-loader.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/blob.h"

#include "hw/acpi/loader.h"
#include "util/bytes.h"

#define BLOB_MAX_ALIGN 4096

static bool blob_is_power_of_two(uint32_t n)
{
    return n && !(n & (n - 1));
}

static bool blob_name_fits(const char *file)
{
    return *file && strlen(file) < ACPI_LOADER_FILE_LEN;
}

/* The set */

static void blob_free(gpointer data)
{
    AcpiBlob *blob = data;

    g_free(blob->file);
    g_byte_array_unref(blob->bytes);
    g_array_unref(blob->tables);
    g_free(blob);
}

static void blob_fix_up_clear(gpointer data)
{
    AcpiFixUp *fix_up = data;

    g_free(fix_up->writable_file);
}

AcpiBlobSet *acpi_blob_set_new(void)
{
    AcpiBlobSet *set = g_new0(AcpiBlobSet, 1);

    set->blobs = g_ptr_array_new_with_free_func(blob_free);
    set->fix_ups = g_array_new(FALSE, FALSE, sizeof(AcpiFixUp));
    g_array_set_clear_func(set->fix_ups, blob_fix_up_clear);
    return set;
}

void acpi_blob_set_free(AcpiBlobSet *set)
{
    if (set) {
        g_array_unref(set->fix_ups);
        g_ptr_array_unref(set->blobs);
        g_free(set);
    }
}

AcpiBlob *acpi_blob_new(AcpiBlobSet *set, const char *file, uint32_t align,
                        AcpiZone zone)
{
    AcpiBlob *blob;

    g_assert(blob_name_fits(file) && !acpi_blob_find(set, file));
    g_assert(blob_is_power_of_two(align) && align <= BLOB_MAX_ALIGN);

    blob = g_new0(AcpiBlob, 1);
    blob->set = set;
    blob->file = g_strdup(file);
    blob->bytes = g_byte_array_new();
    blob->align = align;
    blob->zone = zone;
    blob->tables = g_array_new(FALSE, FALSE, sizeof(AcpiTableRecord));
    g_ptr_array_add(set->blobs, blob);
    return blob;
}

AcpiBlob *acpi_blob_find(const AcpiBlobSet *set, const char *file)
{
    for (guint i = 0; i < set->blobs->len; i++) {
        AcpiBlob *blob = g_ptr_array_index(set->blobs, i);

        if (!strcmp(blob->file, file)) {
            return blob;
        }
    }
    return NULL;
}

/* Bytes */

void acpi_blob_append(AcpiBlob *blob, const void *bytes, uint32_t len)
{
    g_byte_array_append(blob->bytes, bytes, len);
}

void acpi_blob_append_zeros(AcpiBlob *blob, uint32_t len)
{
    guint old = blob->bytes->len;

    g_byte_array_set_size(blob->bytes, old + len);
    memset(blob->bytes->data + old, 0, len);
}

void acpi_blob_append_int(AcpiBlob *blob, uint8_t width, uint64_t value)
{
    uint8_t raw[8];

    g_assert(width == 8 || value >> (8 * width) == 0);
    stn_le(raw, width, value);
    acpi_blob_append(blob, raw, width);
}

void acpi_blob_align(AcpiBlob *blob, uint32_t align)
{
    g_assert(blob_is_power_of_two(align));
    acpi_blob_append_zeros(blob, -blob->bytes->len & (align - 1));
}

/* Fix-ups */

static bool blob_holds(const AcpiBlob *blob, uint32_t offset, uint32_t len)
{
    return offset <= blob->bytes->len && len <= blob->bytes->len - offset;
}

void acpi_blob_point(AcpiBlob *blob, uint32_t field, uint8_t width,
                     const AcpiBlob *target, uint32_t offset)
{
    AcpiFixUp fix_up = {
        .kind = ACPI_FIX_UP_POINTER, .blob = blob, .target = target,
        .offset = field, .width = width,
    };

    g_assert(width == 4 || width == 8);
    g_assert(blob_holds(blob, field, width));
    /* OVMF takes no pointer that starts beyond its target */
    g_assert(target->set == blob->set && blob_holds(target, offset, 1));

    stn_le(blob->bytes->data + field, width, offset);
    g_array_append_val(blob->set->fix_ups, fix_up);
}

void acpi_blob_append_pointer(AcpiBlob *blob, uint8_t width,
                              const AcpiBlob *target, uint32_t offset)
{
    uint32_t field = blob->bytes->len;

    /* a blob may point into itself: only into what was there before */
    g_assert(blob_holds(target, offset, 1));
    acpi_blob_append_zeros(blob, width);
    acpi_blob_point(blob, field, width, target, offset);
}

static bool blob_has_pointer(const AcpiBlob *blob, uint32_t start,
                             uint32_t len)
{
    for (guint i = 0; i < blob->set->fix_ups->len; i++) {
        const AcpiFixUp *f = &g_array_index(blob->set->fix_ups, AcpiFixUp, i);

        if (f->kind == ACPI_FIX_UP_POINTER && f->blob == blob &&
            f->offset < start + len && start < f->offset + f->width) {
            return true;
        }
    }
    return false;
}

void acpi_blob_checksum(AcpiBlob *blob, uint32_t field, uint32_t start,
                        uint32_t len)
{
    AcpiFixUp fix_up = {
        .kind = ACPI_FIX_UP_CHECKSUM, .blob = blob, .offset = field,
        .start = start, .len = len,
    };
    uint8_t *bytes = blob->bytes->data;

    g_assert(blob_holds(blob, start, len));
    g_assert(field >= start && field - start < len);

    bytes[field] = 0;
    if (blob_has_pointer(blob, start, len)) {
        g_array_append_val(blob->set->fix_ups, fix_up);
    } else {
        bytes[field] = -bytes_sum(bytes + start, len);
    }
}

void acpi_blob_write_back(AcpiBlob *blob, uint32_t offset,
                          const char *writable_file, uint32_t file_offset,
                          uint8_t width)
{
    AcpiFixUp fix_up = {
        .kind = ACPI_FIX_UP_WRITE_BACK, .blob = blob,
        .offset = file_offset, .target_offset = offset, .width = width,
    };

    g_assert(width <= 8 && blob_is_power_of_two(width));
    g_assert(blob_name_fits(writable_file) && blob_holds(blob, offset, 1));

    fix_up.writable_file = g_strdup(writable_file);
    g_array_append_val(blob->set->fix_ups, fix_up);
}

/* The script */

static void blob_script_append(GByteArray *script,
                               const AcpiLoaderEntry *entry)
{
    uint8_t raw[ACPI_LOADER_ENTRY_LEN];

    acpi_loader_encode(entry, raw);
    g_byte_array_append(script, raw, sizeof(raw));
}

static AcpiLoaderEntry blob_fix_up_entry(const AcpiFixUp *f)
{
    AcpiLoaderEntry e = {
        .offset = f->offset, .width = f->width,
        .source_offset = f->target_offset, .start = f->start, .len = f->len,
    };

    switch (f->kind) {
    case ACPI_FIX_UP_POINTER:
        e.command = ACPI_LOADER_ADD_POINTER;
        g_strlcpy(e.file, f->blob->file, sizeof(e.file));
        g_strlcpy(e.source, f->target->file, sizeof(e.source));
        return e;
    case ACPI_FIX_UP_CHECKSUM:
        e.command = ACPI_LOADER_ADD_CHECKSUM;
        g_strlcpy(e.file, f->blob->file, sizeof(e.file));
        return e;
    case ACPI_FIX_UP_WRITE_BACK:
        e.command = ACPI_LOADER_WRITE_POINTER;
        g_strlcpy(e.file, f->writable_file, sizeof(e.file));
        g_strlcpy(e.source, f->blob->file, sizeof(e.source));
        return e;
    }
    g_assert_not_reached();
}

void acpi_blob_record_table(AcpiBlob *blob, uint32_t offset, AcpiOrigin origin)
{
    AcpiTableRecord record = {
        .offset = offset, .len = blob->bytes->len - offset, .origin = origin,
    };

    memcpy(record.signature, blob->bytes->data + offset, 4);
    g_array_append_val(blob->tables, record);
}

GBytes *acpi_blob_set_script(const AcpiBlobSet *set)
{
    /*
     * Nothing may name a file before it is allocated; an address is written
     * back before anything is patched; a checksum covers patched pointers.
     */
    static const AcpiFixUpKind order[] = {
        ACPI_FIX_UP_WRITE_BACK, ACPI_FIX_UP_POINTER, ACPI_FIX_UP_CHECKSUM,
    };
    GByteArray *script = g_byte_array_new();
    guint len;

    for (guint i = 0; i < set->blobs->len; i++) {
        const AcpiBlob *blob = g_ptr_array_index(set->blobs, i);
        AcpiLoaderEntry e = {
            .command = ACPI_LOADER_ALLOCATE, .align = blob->align,
            .zone = blob->zone,
        };

        g_strlcpy(e.file, blob->file, sizeof(e.file));
        blob_script_append(script, &e);
    }
    for (size_t k = 0; k < G_N_ELEMENTS(order); k++) {
        for (guint i = 0; i < set->fix_ups->len; i++) {
            const AcpiFixUp *f = &g_array_index(set->fix_ups, AcpiFixUp, i);

            if (f->kind == order[k]) {
                AcpiLoaderEntry e = blob_fix_up_entry(f);

                blob_script_append(script, &e);
            }
        }
    }
    len = script->len;
    g_byte_array_set_size(script, (len + ACPI_LOADER_SCRIPT_STEP - 1) &
                                  ~(ACPI_LOADER_SCRIPT_STEP - 1u));
    memset(script->data + len, 0, script->len - len);
    return g_byte_array_free_to_bytes(script);
}
