/*
 * A piece of memory, as the stream has it
 *
 * Spec: docs/specs/migration-stream.rst, "MEMORY"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "migration/memory-piece.h"

#include <inttypes.h>
#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

#define PAGE_LEN MEMORY_PIECE_PAGE_LEN
#define PIECE_HEAD_LEN 12

/* Larger ones are checked as a whole before they take the host's memory; the
 * bitmaps of these are among what is shown. */
#define PIECE_SHOWN_PAGES 512
G_STATIC_ASSERT(PIECE_SHOWN_PAGES >= MEMORY_PIECE_PAGES);
G_STATIC_ASSERT(PIECE_HEAD_LEN + PIECE_SHOWN_PAGES / 8 <= STREAM_SHOWN_MAX);

/* A piece that is as good as full goes to huge pages, which the host makes in
 * half the time.  For each place where they begin and end again the host keeps
 * a record, of which it has 65530 for a process. */
#define PIECE_DENSE_PAGES (MEMORY_HUGE_LEN / 2 / PAGE_LEN)
#define PIECE_DENSE_MAX 4096

uint64_t memory_piece_len(const MemoryPiece *piece)
{
    return (uint64_t)piece->n_pages * PAGE_LEN;
}

static size_t memory_piece_bitmap_len(const MemoryPiece *piece)
{
    return piece->n_pages / 8 + (piece->n_pages % 8 != 0);
}

static bool memory_piece_has(const MemoryPiece *piece, uint32_t page)
{
    return piece->bitmap[page / 8] & 1u << page % 8;
}

/** Returns the first page behind @page that is not like it, in being zero. */
static uint32_t memory_piece_alike_end(const MemoryPiece *piece, uint32_t page)
{
    bool normal = memory_piece_has(piece, page);
    uint32_t end = page + 1;

    while (end < piece->n_pages && memory_piece_has(piece, end) == normal) {
        end++;
    }
    return end;
}

/* Into the stream */

void memory_piece_encode(const MemoryPiece *piece, const MemoryRegion *mr,
                         GByteArray *out)
{
    const uint8_t *from = mr->host + piece->offset;
    uint8_t head[PIECE_HEAD_LEN];
    uint32_t end;

    st64_le(head, piece->offset);
    st32_le(head + 8, piece->n_pages);
    g_byte_array_append(out, head, sizeof(head));
    g_byte_array_append(out, piece->bitmap, memory_piece_bitmap_len(piece));
    for (uint32_t i = 0; i < piece->n_pages; i = end) {
        end = memory_piece_alike_end(piece, i);
        if (memory_piece_has(piece, i)) {
            g_byte_array_append(out, from + (size_t)i * PAGE_LEN,
                                (end - i) * PAGE_LEN);
        }
    }
}

/* Out of the stream */

bool memory_piece_is_shown(const StreamSection *section, size_t shown)
{
    return shown >= PIECE_HEAD_LEN &&
           ld32_le(section->content + 8) <= PIECE_SHOWN_PAGES;
}

bool memory_piece_parse(MemoryPiece *piece, const StreamSection *section,
                        GError **error)
{
    size_t bitmap_len, left;

    if (section->len < PIECE_HEAD_LEN) {
        return fm_error_set(error, "%zu bytes are too few for a piece of "
                            "memory", section->len);
    }
    piece->offset = ld64_le(section->content);
    piece->n_pages = ld32_le(section->content + 8);
    piece->bitmap = section->content + PIECE_HEAD_LEN;
    bitmap_len = memory_piece_bitmap_len(piece);
    left = section->len - PIECE_HEAD_LEN;
    if (bitmap_len > left) {
        return fm_error_set(error, "%zu bytes are too few for %" PRIu32
                            " pages", section->len, piece->n_pages);
    }
    piece->bytes = piece->bitmap + bitmap_len;
    piece->n_normal = 0;
    for (size_t i = 0; i < bitmap_len; i++) {
        piece->n_normal += __builtin_popcount(piece->bitmap[i]);
    }
    if (piece->n_pages % 8 && piece->bitmap[bitmap_len - 1] >>
                              piece->n_pages % 8) {
        return fm_error_set(error, "its bitmap goes beyond its %" PRIu32
                            " pages", piece->n_pages);
    }
    left -= bitmap_len;
    if (piece->n_normal == 0 || left != (size_t)piece->n_normal * PAGE_LEN) {
        return fm_error_set(error, "its bitmap has %" PRIu32 " pages, but "
                            "there are %zu bytes of them", piece->n_normal,
                            left);
    }
    return true;
}

bool memory_piece_check(const MemoryPiece *piece, const MemoryRegion *mr,
                        uint64_t filled, GError **error)
{
    if (piece->offset % PAGE_LEN || piece->offset > mr->size ||
        memory_piece_len(piece) > mr->size - piece->offset) {
        return fm_error_set(error, "%" PRIu32 " pages at byte %" PRIu64 " are "
                            "not in that memory, which has %" PRIu64 " bytes",
                            piece->n_pages, piece->offset, mr->size);
    }
    if (piece->offset < filled) {
        return fm_error_set(error, "a piece at byte %" PRIu64 " comes after "
                            "one that ends at byte %" PRIu64, piece->offset,
                            filled);
    }
    return true;
}

void memory_piece_prefer_huge(const MemoryPiece *piece, const MemoryRegion *mr,
                              MemoryPieceDense *dense)
{
    const uint8_t *to = mr->host + piece->offset;

    if (piece->n_pages < PIECE_DENSE_PAGES ||
        piece->n_normal < piece->n_pages - piece->n_pages / 8) {
        return;
    }
    dense->n += to != dense->end;
    if (dense->n <= PIECE_DENSE_MAX) {
        memory_region_prefer_huge(mr, piece->offset, memory_piece_len(piece));
    }
    dense->end = to + memory_piece_len(piece);
}

void memory_piece_copy(const MemoryPiece *piece, MemoryRegion *mr)
{
    const uint8_t *from = piece->bytes;
    uint8_t *to = mr->host + piece->offset;
    uint32_t end;

    for (uint32_t i = 0; i < piece->n_pages; i = end) {
        size_t at = (size_t)i * PAGE_LEN, len;

        end = memory_piece_alike_end(piece, i);
        len = (size_t)(end - i) * PAGE_LEN;
        if (memory_piece_has(piece, i)) {
            memory_region_expect(mr, piece->offset + at, len);
            memcpy(to + at, from, len);
            from += len;
        }
    }
}
