/*
 * Memory backends: what their kinds share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BACKENDS_MEMORY_IMPL_H
#define BACKENDS_MEMORY_IMPL_H

#include "backends/memory.h"

/** What a backend's memory is a mapping of. */
typedef struct MemorySource {
    uint64_t page_size;         /* bytes; the size is a multiple of it */
    uint64_t align;             /* of the address; 0: a page's */
    bool readonly;
    bool share_default;         /* if the user did not say */
    bool on_disk;               /* what it holds when shared needs no RAM */
    const char *label;          /* for error messages: "file /dev/shm/ram" */
} MemorySource;

/**
 * memory_backend_map: map the backend's file, or anonymous memory if it has
 * none, as the common properties say, whole: bound to its nodes, left out of
 * dumps, preallocated.
 * @source: what the file is like
 *
 * Fills in `share`, and `merge` where the host cannot.
 * Returns: false with @error set; finalize undoes what was done.
 */
bool memory_backend_map(MemoryBackend *backend, const MemorySource *source,
                        GError **error);

/**
 * memory_prealloc: have every page of a mapping now, with its content.
 * @host, @len: multiples of @page_size
 * @n_threads: how many share the work; 1: only the caller
 *
 * Returns: 0, or a negative errno if there is not enough for all of it; no
 * signal comes of that.
 */
int memory_prealloc(uint8_t *host, size_t len, size_t page_size,
                    unsigned n_threads);

/**
 * memory_touch: what memory_prealloc() does where the kernel cannot populate a
 * mapping by itself (Linux before 5.14): a write to each page.
 */
int memory_touch(uint8_t *host, size_t len, size_t page_size);

/** memory_bind: the nodes that the pages of a mapping come from (mbind(2)). */
bool memory_bind(uint8_t *host, size_t len,
                 const MemoryBackendProperties *p, GError **error);

#endif
