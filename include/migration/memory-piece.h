/*
 * A piece of memory, as the stream has it: pages in a row, those that are zero
 * left out
 *
 * Format: docs/specs/migration-stream.rst, "MEMORY".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MIGRATION_MEMORY_PIECE_H
#define MIGRATION_MEMORY_PIECE_H

#include "migration/stream.h"
#include "system/memory.h"

#define MEMORY_PIECE_VERSION 1

/** The stream's pages, whatever the host's are. */
#define MEMORY_PIECE_PAGE_LEN 4096
/** Most pages of a piece that we write; there may be larger ones. */
#define MEMORY_PIECE_PAGES 256

typedef struct MemoryPiece {
    uint64_t offset;            /* in its memory, bytes */
    uint32_t n_pages;
    uint32_t n_normal;          /* of these are not zero */
    const uint8_t *bitmap;      /* borrowed: a bit each, set: it is not zero */
    const uint8_t *bytes;       /* borrowed: the pages that are not zero, one
                                   after the other; not of interest to
                                   memory_piece_encode() */
} MemoryPiece;

/** memory_piece_len: the bytes of memory that it is about, zero or not. */
uint64_t memory_piece_len(const MemoryPiece *piece);

/** memory_piece_encode: append a section's content to @out, the pages out of
 *  @mr, in which @piece lies. */
void memory_piece_encode(const MemoryPiece *piece, const MemoryRegion *mr,
                         GByteArray *out);

/**
 * memory_piece_is_shown: whether all that memory_piece_parse() looks at is
 * there already, when @shown bytes of @section's content are (StreamPlacer).
 * It is not if the piece is much larger than ours.
 */
bool memory_piece_is_shown(const StreamSection *section, size_t shown);

/**
 * memory_piece_parse: take @section's content apart, into which @piece points
 * from then on.
 *
 * Returns: false with @error set if it is not whole, or anything that it says
 * of itself is not true.
 */
bool memory_piece_parse(MemoryPiece *piece, const StreamSection *section,
                        GError **error);

/**
 * memory_piece_check:
 * @filled: where the piece before it in @mr ends, bytes
 *
 * Returns: false with @error set if it does not lie in @mr, behind the one
 * before.
 */
bool memory_piece_check(const MemoryPiece *piece, const MemoryRegion *mr,
                        uint64_t filled, GError **error);

/** What of memory is to be huge pages; zeroed before the first piece. */
typedef struct MemoryPieceDense {
    const uint8_t *end;         /* host: where the last dense piece ends */
    unsigned n;                 /* stretches of such pieces */
} MemoryPieceDense;

/** memory_piece_prefer_huge: have the host take huge pages for a piece of @mr,
 *  before it is written, if it is large and as good as full. */
void memory_piece_prefer_huge(const MemoryPiece *piece, const MemoryRegion *mr,
                              MemoryPieceDense *dense);

/** memory_piece_copy: write the pages that are not zero into @mr, in which
 *  @piece lies; the others are left alone. */
void memory_piece_copy(const MemoryPiece *piece, MemoryRegion *mr);

#endif
