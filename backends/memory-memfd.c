/*
 * Memory backends: shareable memory without a name (memfd_create(2))
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory-impl.h"
#include "util/error.h"

static bool memory_backend_memfd_check(const Object *obj, const void *config,
                                       GError **error)
{
    const MemoryBackendMemfdProperties *p = config;
    uint64_t page = p->hugetlbsize;

    if (p->has_hugetlbsize && !p->hugetlb) {
        return fm_error_set(error, "property 'hugetlbsize' of "
                            "memory-backend-memfd needs hugetlb=on");
    }
    if (p->has_hugetlbsize && (page < 4096 || (page & (page - 1)))) {
        return fm_error_set(error, "property 'hugetlbsize' of "
                            "memory-backend-memfd is %" G_GUINT64_FORMAT
                            ", not a power of two from 4096", page);
    }
    return true;
}

/** Returns a descriptor of the right size; -1 with @error set. */
static int memory_memfd_open(const MemoryBackendMemfdProperties *p,
                             const char *id, GError **error)
{
    g_autofree char *name = g_strdup_printf("memory-backend-memfd %.100s", id);
    unsigned flags = MFD_CLOEXEC;
    int fd;

    if (p->seal) {
        flags |= MFD_ALLOW_SEALING;
    }
    if (p->hugetlb) {
        flags |= MFD_HUGETLB;
    }
    if (p->has_hugetlbsize) {
        flags |= (unsigned)g_bit_nth_lsf(p->hugetlbsize, -1) << MFD_HUGE_SHIFT;
    }
    fd = memfd_create(name, flags);
    if (fd < 0) {
        fm_error_set(error, "cannot make a memfd%s: %s",
                     p->hugetlb ? " of huge pages" : "",
                     p->hugetlb && errno == ENODEV
                     ? "the host has none of that size" : g_strerror(errno));
    }
    return fd;
}

static bool memory_memfd_size(int fd, const MemoryBackendMemfdProperties *p,
                              GError **error)
{
    if (p->size > INT64_MAX || ftruncate(fd, p->size) < 0) {
        int err = p->size > INT64_MAX ? EFBIG : errno;

        return fm_error_set(error, "a memfd cannot have %" G_GUINT64_FORMAT
                            " bytes: %s", p->size, g_strerror(err));
    }
    if (p->seal && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
                         F_SEAL_SEAL) < 0) {
        return fm_error_set(error, "seal=on: %s", g_strerror(errno));
    }
    return true;
}

static bool memory_backend_memfd_complete(Object *obj, GError **error)
{
    const MemoryBackendMemfdProperties *p = obj->config;
    MemoryBackend *backend = (MemoryBackend *)obj;
    MemorySource source = { .share_default = true, .label = "memfd" };
    struct stat st;

    backend->fd = memory_memfd_open(p, obj->name, error);
    if (backend->fd < 0) {
        return false;
    }
    fstat(backend->fd, &st);
    source.page_size = p->hugetlb ? st.st_blksize : 4096;
    if (p->size % source.page_size) {
        return fm_error_set(error, "property 'size' of memory-backend-memfd "
                            "is %" G_GUINT64_FORMAT ", not a multiple of the "
                            "host's huge pages of %" G_GUINT64_FORMAT
                            " bytes", p->size, source.page_size);
    }
    return memory_memfd_size(backend->fd, p, error) &&
           memory_backend_map(backend, &source, error);
}

const ObjectType memory_backend_memfd_type = {
    .name = "memory-backend-memfd",
    .parent = &memory_backend_type,
    .doc = "Shareable memory of the host's without a name",
    .config = &qapi_type_MemoryBackendMemfdProperties,
    .check = memory_backend_memfd_check,
    .complete = memory_backend_memfd_complete,
};
