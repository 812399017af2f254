/*
 * Copies of guest memory to files, made while the main loop goes on
 *
 * A copy is made in slices: a regular file gets at most 1 MiB in each turn of
 * the main loop, anything else what it has room for.  RAM and ROM are copied
 * as the guest's reads see them at that moment; every other address in a range
 * reads as zeros, for registers are not to be read without the guest knowing.
 * Zeros become holes in regular files.  RAM that nobody has touched is not
 * touched, where the host can tell.
 *
 * When a copy fails, a regular file that it has opened is emptied, so that no
 * half of a guest is taken for the whole; the error says so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_MEMORY_COPY_H
#define SYSTEM_MEMORY_COPY_H

#include "system/memory-scan.h"
#include "util/file-sink.h"

/** How many may be under way at a time. */
#define MEMORY_COPIES_MAX 16

typedef struct MemoryCopy MemoryCopy;

/** Those that are under way. */
typedef GPtrArray MemoryCopies;

/** MemoryCopyDone: a copy has ended, its file is closed; the copy is freed
 *  after this.  @error: NULL if all was written; taken over. */
typedef void MemoryCopyDone(void *opaque, GError *error);

/** memory_copies_new: none.  Free with memory_copies_free(). */
MemoryCopies *memory_copies_new(void);
/** memory_copies_free: after memory_copies_end(). */
void memory_copies_free(MemoryCopies *copies);
/** memory_copies_check: Returns false with @error set if MEMORY_COPIES_MAX are
 *  under way. */
bool memory_copies_check(const MemoryCopies *copies, GError **error);
/** memory_copies_end: all of them fail, with @why. */
void memory_copies_end(MemoryCopies *copies, const char *why);

/**
 * memory_copy_start:
 * @as: outlives the copy
 * @header: what is written first, taken over; NULL: nothing
 * @ranges: MemoryRange, written one after the other; taken over
 * @sink: taken over
 * @done: called once, from the main loop or memory_copies_end()
 *
 * Start one; memory_copies_check() has allowed it.
 *
 * Returns: a copy that is under way until @done is called; borrowed.
 */
MemoryCopy *memory_copy_start(MemoryCopies *copies, AddressSpace *as,
                              GBytes *header, GArray *ranges, FileSink *sink,
                              MemoryCopyDone *done, void *opaque);

/** memory_copy_completed, _total: bytes of guest memory that were written so
 *  far, and that are to be written. */
uint64_t memory_copy_completed(const MemoryCopy *copy);
uint64_t memory_copy_total(const MemoryCopy *copy);

#endif
