/*
 * Memory backends: RAM of the host's for a machine to use
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "backends/memory.h"

#include <errno.h>
#include <sys/mman.h>

#include "qapi-types.h"
#include "util/error.h"

#define MEMORY_BACKEND_GRANULE 4096

static void memory_backend_finalize(Object *obj)
{
    MemoryBackend *backend = (MemoryBackend *)obj;

    if (backend->host) {
        munmap(backend->host, backend->size);
    }
}

const ObjectType memory_backend_type = {
    .name = "memory-backend",
    .parent = &object_type,
    .doc = "Abstract memory backend",
    .instance_size = sizeof(MemoryBackend),
    .abstract = true,
    .finalize = memory_backend_finalize,
};

/* memory-backend-ram */

static bool memory_backend_ram_check(const Object *obj, const void *config,
                                     GError **error)
{
    const MemoryBackendRamProperties *p = config;

    if (!p->size || p->size % MEMORY_BACKEND_GRANULE) {
        return fm_error_set(error, "property 'size' of memory-backend-ram is "
                            "%" G_GUINT64_FORMAT ", not a positive multiple "
                            "of %d", p->size, MEMORY_BACKEND_GRANULE);
    }
    return true;
}

static bool memory_backend_ram_complete(Object *obj, GError **error)
{
    MemoryBackend *backend = (MemoryBackend *)obj;
    const MemoryBackendRamProperties *p = obj->config;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    void *host;

    /* untouched memory costs nothing, unless all of it is wanted now */
    flags |= p->prealloc ? MAP_POPULATE : MAP_NORESERVE;
    host = p->size > SIZE_MAX / 2 ? MAP_FAILED
                                  : mmap(NULL, p->size, PROT_READ | PROT_WRITE,
                                         flags, -1, 0);
    if (host == MAP_FAILED) {
        return fm_error_set(error, "cannot have %" G_GUINT64_FORMAT " bytes of "
                            "RAM: %s", p->size, g_strerror(ENOMEM));
    }
    if (!p->dump) {
        madvise(host, p->size, MADV_DONTDUMP);
    }
    backend->host = host;
    backend->size = p->size;
    return true;
}

const ObjectType memory_backend_ram_type = {
    .name = "memory-backend-ram",
    .parent = &memory_backend_type,
    .doc = "RAM of the host's",
    .config = &qapi_type_MemoryBackendRamProperties,
    .check = memory_backend_ram_check,
    .complete = memory_backend_ram_complete,
};
