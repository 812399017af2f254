/*
 * Blobs with fix-ups, and the loader script made from them
 *
 * A blob is a file that firmware will place in guest memory.  While a blob is
 * filled, each pointer and each checksum that only firmware can complete is
 * recorded where it is written; no later code has to know where it was.  The
 * script for the linker/loader (docs/specs/fw-loader.rst) is then one pure
 * function of the set.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_BLOB_H
#define HW_ACPI_BLOB_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** Where firmware allocates a blob: the loader's own numbers. */
typedef enum AcpiZone {
    ACPI_ZONE_HIGH = 1,     /* anywhere in RAM below 4 GiB */
    ACPI_ZONE_FSEG = 2,     /* in the F-segment, 0xF0000 to 0xFFFFF */
} AcpiZone;

typedef enum AcpiOrigin {
    ACPI_ORIGIN_GENERATED,
    ACPI_ORIGIN_USER,
} AcpiOrigin;

/** A table inside a blob, for those who recognise it in guest memory later. */
typedef struct AcpiTableRecord {
    char signature[4];
    uint32_t offset;        /* in the blob */
    uint32_t len;
    AcpiOrigin origin;
} AcpiTableRecord;

typedef struct AcpiBlobSet AcpiBlobSet;

typedef struct AcpiBlob {
    AcpiBlobSet *set;
    char *file;             /* fw_cfg file name, at most 55 bytes */
    GByteArray *bytes;
    uint32_t align;         /* bytes, a power of two */
    AcpiZone zone;
    GArray *tables;         /* AcpiTableRecord, in order of offset */
} AcpiBlob;

typedef enum AcpiFixUpKind {
    ACPI_FIX_UP_POINTER,
    ACPI_FIX_UP_CHECKSUM,
    ACPI_FIX_UP_WRITE_BACK,
} AcpiFixUpKind;

typedef struct AcpiFixUp {
    AcpiFixUpKind kind;
    const AcpiBlob *blob;       /* patched; write-back: pointed into */
    const AcpiBlob *target;     /* pointer: pointed into */
    char *writable_file;        /* write-back: fw_cfg file that is written */
    uint32_t offset;            /* of the field in blob (or writable_file) */
    uint32_t target_offset;     /* write-back: in blob */
    uint32_t start, len;        /* checksum: bytes covered */
    uint8_t width;              /* pointer, write-back: 1, 2, 4 or 8 bytes */
} AcpiFixUp;

struct AcpiBlobSet {
    GPtrArray *blobs;           /* AcpiBlob, in order of creation */
    GArray *fix_ups;            /* AcpiFixUp, in order of appending */
};

AcpiBlobSet *acpi_blob_set_new(void);
void acpi_blob_set_free(AcpiBlobSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AcpiBlobSet, acpi_blob_set_free)

/**
 * acpi_blob_new:
 * @file: fw_cfg file name, at most 55 bytes, unique in the set
 * @align: bytes, a power of two up to 4096
 *
 * Returns: an empty blob, owned by @set.
 */
AcpiBlob *acpi_blob_new(AcpiBlobSet *set, const char *file, uint32_t align,
                        AcpiZone zone);

/** acpi_blob_find: by file name; NULL if there is none. */
AcpiBlob *acpi_blob_find(const AcpiBlobSet *set, const char *file);

/* Appending; integers are little-endian */
void acpi_blob_append(AcpiBlob *blob, const void *bytes, uint32_t len);
void acpi_blob_append_zeros(AcpiBlob *blob, uint32_t len);
void acpi_blob_append_int(AcpiBlob *blob, uint8_t width, uint64_t value);
/** acpi_blob_align: append zeros up to a multiple of @align. */
void acpi_blob_align(AcpiBlob *blob, uint32_t align);

/**
 * acpi_blob_append_pointer:
 * @width: size of the field in bytes, 4 or 8
 * @target: blob that the field will point into; of the same set
 * @offset: byte offset inside @target, less than its present size
 *
 * Append a pointer field and record its fix-up.  Until firmware adds the
 * address of @target the field holds @offset.
 * Spec: docs/specs/fw-loader.rst, "ADD_POINTER".
 */
void acpi_blob_append_pointer(AcpiBlob *blob, uint8_t width,
                              const AcpiBlob *target, uint32_t offset);

/**
 * acpi_blob_point: as acpi_blob_append_pointer(), for a field that is there
 * already, at @field in @blob.
 */
void acpi_blob_point(AcpiBlob *blob, uint32_t field, uint8_t width,
                     const AcpiBlob *target, uint32_t offset);

/**
 * acpi_blob_checksum:
 * @field: offset in @blob of the checksum byte
 * @start, @len: the bytes that shall sum to zero
 *
 * If no pointer is recorded inside the range the checksum is put in now;
 * otherwise the byte stays zero and firmware completes it.  To be called when
 * the range is complete.
 * Spec: docs/specs/fw-loader.rst, "ADD_CHECKSUM".
 */
void acpi_blob_checksum(AcpiBlob *blob, uint32_t field, uint32_t start,
                        uint32_t len);

/**
 * acpi_blob_write_back:
 * @blob, @offset: the place whose guest address is wanted
 * @writable_file: fw_cfg file that firmware writes it to, at @file_offset
 * @width: bytes, 1, 2, 4 or 8
 *
 * Spec: docs/specs/fw-loader.rst, "WRITE_POINTER".
 */
void acpi_blob_write_back(AcpiBlob *blob, uint32_t offset,
                          const char *writable_file, uint32_t file_offset,
                          uint8_t width);

/** acpi_blob_record_table: what was appended from @offset on is a table. */
void acpi_blob_record_table(AcpiBlob *blob, uint32_t offset,
                            AcpiOrigin origin);

/**
 * acpi_blob_set_script:
 *
 * Returns: the loader script, 128 bytes an entry, in the order in which
 * firmware needs it: all allocations, then write-backs, then pointers, then
 * checksums; padded with empty entries to a multiple of 4096 bytes.
 */
GBytes *acpi_blob_set_script(const AcpiBlobSet *set);

#endif
