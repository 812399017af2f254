/*
 * Memory backends: memory of the host's for a machine to use
 *
 * docs/system/objects.rst says what users see of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BACKENDS_MEMORY_H
#define BACKENDS_MEMORY_H

#include "qapi-types.h"
#include "qom/object.h"

typedef struct MemoryBackend {
    Object parent;
    uint8_t *host;              /* page aligned; NULL until completed */
    uint64_t size;              /* bytes */
    int fd;                     /* what the memory is a mapping of; -1: nothing
                                   but memory */
    char *ram_name;             /* what the memory is called; NULL: as its user
                                   says */
    bool readonly;              /* nobody may write to it */
    bool anonymous;             /* nobody else sees it, and no page of it was
                                   asked for before it is used */
} MemoryBackend;

/** Abstract; its kinds. */
extern const ObjectType memory_backend_type, memory_backend_ram_type,
    memory_backend_file_type, memory_backend_memfd_type;

/**
 * memory_backend_claim: the backend, which is completed, becomes a machine's
 * RAM.
 * @alone: a machine will be restored there: what others have in the same file,
 *         shared, would be overwritten
 *
 * The file stays locked (F_OFD_SETLK) while the backend is there; programs that
 * only look at it need not care.
 *
 * Returns: false with @error set if another process has the file as RAM, and
 * it or this one wants to be alone.
 */
bool memory_backend_claim(MemoryBackend *backend, bool alone, GError **error);

/** memory_backend_properties: what all kinds have alike; borrowed.  `share` is
 *  always given once the backend is completed. */
static inline const MemoryBackendProperties *
memory_backend_properties(const MemoryBackend *backend)
{
    return backend->parent.config;
}

#endif
