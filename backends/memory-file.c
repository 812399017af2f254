/*
 * Memory backends: a file of the host's
 *
 * A file that is there keeps its length and its content, whatever happens; one
 * that we make is removed again if it cannot be used.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "memory-impl.h"
#include "util/error.h"
#include "util/file.h"

#define MEMORY_PAGE 4096

typedef struct MemoryFile {
    int fd;                     /* the backend's */
    const char *path;           /* as the user gave it */
    uint64_t size;              /* bytes that it shall have */
    bool readonly;
    bool made;                  /* by us, under this name */
    struct stat st;
    uint64_t page_size;
    bool on_disk;
} MemoryFile;

static bool memory_backend_file_check(const Object *obj, const void *config,
                                      GError **error)
{
    const MemoryBackendFileProperties *p = config;
    uint64_t align = p->align;

    if (align % MEMORY_PAGE || (align & (align - 1))) {
        return fm_error_set(error, "property 'align' of memory-backend-file "
                            "is %" G_GUINT64_FORMAT ", not %d times a power "
                            "of two", align, MEMORY_PAGE);
    }
    if (p->pmem) {
        return fm_error_set(error, "property 'pmem' of memory-backend-file: "
                            "persistent memory is not available");
    }
    if (p->discard_data && !(p->has_share && p->share)) {
        return fm_error_set(error, "property 'discard-data' of "
                            "memory-backend-file needs share=on: nothing is "
                            "written to the file otherwise");
    }
    if (p->discard_data && p->readonly) {
        return fm_error_set(error, "properties 'discard-data' and 'readonly' "
                            "of memory-backend-file exclude each other");
    }
    return true;
}

/** A file without a name in the directory; returns as file_open() does. */
static int memory_file_open_in(const char *directory, const char *id)
{
    g_autofree char *name = g_strdup_printf("%s/firmament-%s.XXXXXX",
                                            directory, id);
    int fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0) {
        return -errno;
    }
    unlink(name);
    return fd;
}

static int memory_file_open(MemoryFile *file, const char *id)
{
    /* nobody may write at a FIFO's other end: do not wait for that */
    int flags = (file->readonly ? O_RDONLY : O_RDWR) | O_NONBLOCK;
    int fd = file_open(file->path, flags, 0);

    if (fd == -ENOENT && !file->readonly) {
        fd = file_open(file->path, flags | O_CREAT | O_EXCL, 0600);
        file->made = fd >= 0;
    }
    if (fd == -EEXIST) {
        /* another machine over the same file was faster */
        fd = file_open(file->path, flags, 0);
    }
    if (fd == -EISDIR && !file->readonly) {
        fd = memory_file_open_in(file->path, id);
    }
    return fd;
}

static bool memory_file_look(MemoryFile *file, GError **error)
{
    struct statfs fs;

    if (fstat(file->fd, &file->st) < 0 || fstatfs(file->fd, &fs) < 0) {
        return fm_error_set(error, "file %s: %s", file->path,
                            g_strerror(errno));
    }
    if (!S_ISREG(file->st.st_mode)) {
        return fm_error_set(error, "%s is neither a file nor a directory%s",
                            file->path, S_ISDIR(file->st.st_mode)
                            ? " to write to" : "");
    }
    file->page_size = fs.f_type == HUGETLBFS_MAGIC ? fs.f_bsize : MEMORY_PAGE;
    file->on_disk = fs.f_type != HUGETLBFS_MAGIC && fs.f_type != TMPFS_MAGIC &&
                    fs.f_type != RAMFS_MAGIC;
    return true;
}

/** An empty file gets its size; one with content must be large enough. */
static bool memory_file_size(MemoryFile *file, GError **error)
{
    uint64_t has = file->st.st_size;

    if (has >= file->size) {
        return true;
    }
    if (has || file->readonly) {
        return fm_error_set(error, "file %s has %" G_GUINT64_FORMAT " bytes, "
                            "property 'size' asks for %" G_GUINT64_FORMAT,
                            file->path, has, file->size);
    }
    if (file->size % file->page_size) {
        return fm_error_set(error, "property 'size' is %" G_GUINT64_FORMAT
                            ", not a multiple of %" G_GUINT64_FORMAT ", the "
                            "page size of %s", file->size, file->page_size,
                            file->path);
    }
    if (file->size > INT64_MAX || ftruncate(file->fd, file->size) < 0) {
        int err = file->size > INT64_MAX ? EFBIG : errno;

        return fm_error_set(error, "file %s cannot have %" G_GUINT64_FORMAT
                            " bytes: %s", file->path, file->size,
                            g_strerror(err));
    }
    return true;
}

static bool memory_file_map(MemoryBackend *backend, MemoryFile *file,
                            GError **error)
{
    const MemoryBackendFileProperties *p = backend->parent.config;
    g_autofree char *label = g_strdup_printf("file %s", file->path);
    const MemorySource source = {
        .page_size = file->page_size,
        .align = p->align,
        .readonly = file->readonly,
        .on_disk = file->on_disk,
        .label = label,
    };

    return memory_backend_map(backend, &source, error);
}

static bool memory_backend_file_complete(Object *obj, GError **error)
{
    const MemoryBackendFileProperties *p = obj->config;
    MemoryFile file = { .path = p->mem_path, .size = p->size,
                        .readonly = p->readonly };
    MemoryBackend *backend = (MemoryBackend *)obj;
    bool ok;

    file.fd = memory_file_open(&file, obj->name);
    if (file.fd < 0) {
        return fm_error_set(error, "can't open backing store %s for guest "
                            "RAM: %s", file.path, g_strerror(-file.fd));
    }
    backend->fd = file.fd;
    ok = memory_file_look(&file, error) && memory_file_size(&file, error) &&
         memory_file_map(backend, &file, error);
    if (!ok && file.made) {
        unlink(file.path);
    } else if (!ok && !file.readonly && file.st.st_size == 0 &&
               S_ISREG(file.st.st_mode)) {
        /* it was empty and is so again; if not, that is no second error */
        int rc = ftruncate(file.fd, 0);

        (void)rc;
    }
    return ok;
}

/** Before memory_backend_finalize(), which unmaps it. */
static void memory_backend_file_finalize(Object *obj)
{
    MemoryBackend *backend = (MemoryBackend *)obj;
    const MemoryBackendFileProperties *p = obj->config;

    if (p->discard_data && obj->completed) {
        madvise(backend->host, backend->size, MADV_REMOVE);
    }
}

const ObjectType memory_backend_file_type = {
    .name = "memory-backend-file",
    .parent = &memory_backend_type,
    .doc = "A file of the host's as RAM",
    .config = &qapi_type_MemoryBackendFileProperties,
    .check = memory_backend_file_check,
    .complete = memory_backend_file_complete,
    .finalize = memory_backend_file_finalize,
};
