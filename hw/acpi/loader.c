/*
 * The linker/loader script: one entry of 128 bytes, written and read
 *
 * Spec: docs/specs/fw-loader.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/loader.h"

#include "util/bytes.h"
#include "util/error.h"

static const char *const loader_names[] = {
    [ACPI_LOADER_NONE] = "NONE",
    [ACPI_LOADER_ALLOCATE] = "ALLOCATE",
    [ACPI_LOADER_ADD_POINTER] = "ADD_POINTER",
    [ACPI_LOADER_ADD_CHECKSUM] = "ADD_CHECKSUM",
    [ACPI_LOADER_WRITE_POINTER] = "WRITE_POINTER",
};

#define LOADER_NAME_LEN ACPI_LOADER_FILE_LEN

/** Where an entry holds what; a field as long as a name is a name. */
typedef struct LoaderField {
    uint8_t command;
    uint8_t at;             /* in the entry */
    uint8_t len;            /* bytes there */
    uint8_t size;           /* bytes in AcpiLoaderEntry */
    uint16_t member;        /* offset in AcpiLoaderEntry */
} LoaderField;

#define FIELD(command, at, len, member)                                     \
    { ACPI_LOADER_##command, at, len,                                       \
      sizeof(((AcpiLoaderEntry *)0)->member),                               \
      offsetof(AcpiLoaderEntry, member) }

static const LoaderField loader_layout[] = {
    /*    command        at   bytes            member */
    FIELD(ALLOCATE,       4, LOADER_NAME_LEN, file),
    FIELD(ALLOCATE,      60, 4,               align),
    FIELD(ALLOCATE,      64, 1,               zone),
    FIELD(ADD_POINTER,    4, LOADER_NAME_LEN, file),
    FIELD(ADD_POINTER,   60, LOADER_NAME_LEN, source),
    FIELD(ADD_POINTER,  116, 4,               offset),
    FIELD(ADD_POINTER,  120, 1,               width),
    FIELD(ADD_CHECKSUM,   4, LOADER_NAME_LEN, file),
    FIELD(ADD_CHECKSUM,  60, 4,               offset),
    FIELD(ADD_CHECKSUM,  64, 4,               start),
    FIELD(ADD_CHECKSUM,  68, 4,               len),
    FIELD(WRITE_POINTER,  4, LOADER_NAME_LEN, file),
    FIELD(WRITE_POINTER, 60, LOADER_NAME_LEN, source),
    FIELD(WRITE_POINTER, 116, 4,              offset),
    FIELD(WRITE_POINTER, 120, 4,              source_offset),
    FIELD(WRITE_POINTER, 124, 1,              width),
};

#undef FIELD

const char *acpi_loader_command_name(uint32_t command)
{
    return command < G_N_ELEMENTS(loader_names) ? loader_names[command] : NULL;
}

void acpi_loader_encode(const AcpiLoaderEntry *entry, uint8_t *raw)
{
    g_assert(acpi_loader_command_name(entry->command));

    memset(raw, 0, ACPI_LOADER_ENTRY_LEN);
    st32_le(raw, entry->command);
    for (size_t i = 0; i < G_N_ELEMENTS(loader_layout); i++) {
        const LoaderField *f = &loader_layout[i];
        const uint8_t *member = (const uint8_t *)entry + f->member;

        if (f->command != entry->command) {
            continue;
        }
        if (f->len == LOADER_NAME_LEN) {
            size_t len = strnlen((const char *)member, LOADER_NAME_LEN);

            g_assert(len > 0 && len < LOADER_NAME_LEN);
            memcpy(raw + f->at, member, len);
        } else {
            /* same width on both sides, one of them in host order */
            g_assert(f->len == f->size);
            stn_le(raw + f->at, f->len,
                   f->size == 1 ? *member : *(const uint32_t *)member);
        }
    }
}

bool acpi_loader_decode(const uint8_t *raw, AcpiLoaderEntry *entry,
                        GError **error)
{
    *entry = (AcpiLoaderEntry) { .command = ld32_le(raw) };

    for (size_t i = 0; i < G_N_ELEMENTS(loader_layout); i++) {
        const LoaderField *f = &loader_layout[i];
        uint8_t *member = (uint8_t *)entry + f->member;

        if (f->command != entry->command) {
            continue;
        }
        if (f->len == LOADER_NAME_LEN) {
            size_t len = strnlen((const char *)raw + f->at, LOADER_NAME_LEN);

            if (len == 0 || len == LOADER_NAME_LEN) {
                return fm_error_set(error, "%s: the file name at byte %u %s",
                                    acpi_loader_command_name(entry->command),
                                    f->at, len ? "has no NUL" : "is empty");
            }
            memcpy(member, raw + f->at, len);
        } else if (f->size == 1) {
            *member = raw[f->at];
        } else {
            *(uint32_t *)member = ld32_le(raw + f->at);
        }
    }
    return true;
}
