/*
 * Memory backends: what all kinds have alike, and anonymous memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "backends/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "memory-impl.h"
#include "util/error.h"
#include "util/fault-guard.h"

#define MEMORY_BACKEND_GRANULE 4096
#define MEMORY_BACKEND_MAX_THREADS 1024

static bool memory_backend_check(const Object *obj, const void *config,
                                 GError **error)
{
    const MemoryBackendProperties *p = config;

    if (!p->size || p->size % MEMORY_BACKEND_GRANULE) {
        return fm_error_set(error, "property 'size' of %s is %"
                            G_GUINT64_FORMAT ", not a positive multiple of "
                            "%d", obj->type->name, p->size,
                            MEMORY_BACKEND_GRANULE);
    }
    if (!p->prealloc_threads ||
        p->prealloc_threads > MEMORY_BACKEND_MAX_THREADS) {
        return fm_error_set(error, "property 'prealloc-threads' of %s is %u, "
                            "must be 1 to %d", obj->type->name,
                            p->prealloc_threads, MEMORY_BACKEND_MAX_THREADS);
    }
    return true;
}

/** Addresses, or MAP_FAILED with errno set. */
static uint8_t *memory_map_aligned(int fd, size_t len,
                                   const MemorySource *source,
                                   int protection, int flags)
{
    size_t align = source->align;
    uint8_t *room, *host;

    if (align <= source->page_size) {
        return mmap(NULL, len, protection, flags, fd, 0);
    }
    if (align > SIZE_MAX - len) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    room = mmap(NULL, len + align, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) {
        return MAP_FAILED;
    }
    host = (uint8_t *)(((uintptr_t)room + align - 1) & ~(align - 1));
    if (mmap(host, len, protection, flags | MAP_FIXED, fd, 0) == MAP_FAILED) {
        int err = errno;

        munmap(room, len + align);
        errno = err;
        return MAP_FAILED;
    }
    if (host > room) {
        munmap(room, host - room);
    }
    munmap(host + len, room + align - host);
    return host;
}

/** Asking for more than there can be would have the kernel kill somebody. */
static bool memory_fits_host(uint64_t size)
{
    struct sysinfo info;

    return sysinfo(&info) < 0 ||
           size / info.mem_unit <= (uint64_t)info.totalram + info.totalswap;
}

static bool memory_backend_populate(MemoryBackend *backend,
                                    const MemorySource *source,
                                    const MemoryBackendProperties *p,
                                    GError **error)
{
    bool needs_ram = !(source->on_disk && p->share);
    int rc;

    if (source->readonly) {
        return fm_error_set(error, "prealloc=on: nothing is allocated for a "
                            "read-only file");
    }
    rc = needs_ram && !memory_fits_host(p->size)
         ? -ENOMEM
         : memory_prealloc(backend->host, backend->size, source->page_size,
                           p->prealloc_threads);
    return !rc || fm_error_set(error, "prealloc=on: cannot have all %"
                               G_GUINT64_FORMAT " bytes of %s: %s", p->size,
                               source->label, g_strerror(-rc));
}

/** Advice that a kernel without the feature does not know. */
static bool memory_backend_advise(MemoryBackend *backend,
                                  MemoryBackendProperties *p, GError **error)
{
    if (!p->dump && madvise(backend->host, p->size, MADV_DONTDUMP) < 0) {
        return fm_error_set(error, "dump=off: %s", g_strerror(errno));
    }
    if (p->merge && madvise(backend->host, p->size, MADV_MERGEABLE) < 0) {
        if (p->has_merge) {
            return fm_error_set(error, "merge=on: the host cannot merge "
                                "pages: %s", g_strerror(errno));
        }
        p->merge = false;
    }
    return true;
}

static bool memory_backend_refuse(const MemoryBackendProperties *p,
                                  const MemorySource *source, int err,
                                  GError **error)
{
    return fm_error_set(error, "cannot have %" G_GUINT64_FORMAT " bytes of "
                        "%s: %s", p->size, source->label, g_strerror(err));
}

bool memory_backend_map(MemoryBackend *backend, const MemorySource *source,
                        GError **error)
{
    MemoryBackendProperties *p = backend->parent.config;
    int protection = PROT_READ | (source->readonly ? 0 : PROT_WRITE);
    int flags = backend->fd < 0 ? MAP_ANONYMOUS : 0;
    uint8_t *host;

    if (!p->has_share) {
        p->has_share = true;
        p->share = source->share_default;
    }
    if (p->size % source->page_size) {
        return fm_error_set(error, "property 'size' of %s is %"
                            G_GUINT64_FORMAT ", not a multiple of %"
                            G_GUINT64_FORMAT ", the page size of %s",
                            backend->parent.type->name, p->size,
                            source->page_size, source->label);
    }
    if (p->size > SIZE_MAX / 2) {
        return memory_backend_refuse(p, source, ENOMEM, error);
    }
    flags |= p->share ? MAP_SHARED : MAP_PRIVATE;
    flags |= p->reserve ? 0 : MAP_NORESERVE;
    host = memory_map_aligned(backend->fd, p->size, source, protection, flags);
    if (host == MAP_FAILED) {
        return memory_backend_refuse(p, source, errno, error);
    }
    backend->host = host;
    backend->size = p->size;
    backend->readonly = source->readonly;
    backend->anonymous = backend->fd < 0 && !p->share && !p->prealloc;
    backend->ram_name = p->x_use_canonical_path_for_ramblock_id
                        ? object_path(&backend->parent)
                        : g_strdup(backend->parent.name);
    if (backend->fd >= 0) {
        fault_guard_add(host, p->size, source->label);
    }
    return memory_bind(host, p->size, p, error) &&
           memory_backend_advise(backend, p, error) &&
           (!p->prealloc ||
            memory_backend_populate(backend, source, p, error));
}

static void memory_backend_init(Object *obj)
{
    MemoryBackend *backend = (MemoryBackend *)obj;

    backend->fd = -1;
}

static void memory_backend_finalize(Object *obj)
{
    MemoryBackend *backend = (MemoryBackend *)obj;

    if (backend->host) {
        fault_guard_remove(backend->host);
        munmap(backend->host, backend->size);
    }
    if (backend->fd >= 0) {
        close(backend->fd);
    }
    g_free(backend->ram_name);
}

static void memory_backend_changed(Object *obj, const char *member)
{
    MemoryBackend *backend = (MemoryBackend *)obj;
    MemoryBackendProperties *p = obj->config;
    bool is_dump = strcmp(member, "dump") == 0;
    int advice = is_dump ? p->dump ? MADV_DODUMP : MADV_DONTDUMP
                         : p->merge ? MADV_MERGEABLE : MADV_UNMERGEABLE;

    if (madvise(backend->host, backend->size, advice) < 0 && !is_dump) {
        p->merge = false;
    }
}

static const char *const memory_backend_changeable[] = {
    "dump", "merge", NULL
};

bool memory_backend_claim(MemoryBackend *backend, bool alone, GError **error)
{
    /* of the open file: it goes with the backend, and not with another one
     * that this process closes */
    struct flock lock = { .l_type = alone ? F_WRLCK : F_RDLCK,
                          .l_whence = SEEK_SET };

    if (backend->fd < 0 || backend->readonly ||
        !memory_backend_properties(backend)->share ||
        fcntl(backend->fd, F_OFD_SETLK, &lock) == 0 ||
        (errno != EAGAIN && errno != EACCES)) {
        return true;            /* or this file system has no locks */
    }
    return fm_error_set(error, "the file of '%s', with share=on, is the memory "
                        "of another machine, and restoring one overwrites it",
                        backend->parent.name);
}

const ObjectType memory_backend_type = {
    .name = "memory-backend",
    .parent = &object_type,
    .doc = "Abstract memory backend",
    .instance_size = sizeof(MemoryBackend),
    .config = &qapi_type_MemoryBackendProperties,
    .abstract = true,
    .changeable = memory_backend_changeable,
    .check = memory_backend_check,
    .changed = memory_backend_changed,
    .init = memory_backend_init,
    .finalize = memory_backend_finalize,
};

/* memory-backend-ram */

static bool memory_backend_ram_complete(Object *obj, GError **error)
{
    const MemorySource source = {
        .page_size = MEMORY_BACKEND_GRANULE,
        .label = "RAM",
    };

    return memory_backend_map((MemoryBackend *)obj, &source, error);
}

const ObjectType memory_backend_ram_type = {
    .name = "memory-backend-ram",
    .parent = &memory_backend_type,
    .doc = "RAM of the host's",
    .config = &qapi_type_MemoryBackendRamProperties,
    .complete = memory_backend_ram_complete,
};
