/*
 * Memory backends: having every page at once
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory-impl.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

typedef struct PreallocSlice {
    pthread_t thread;
    uint8_t *host;
    size_t len, page_size;
    int result;
    bool started;
} PreallocSlice;

int memory_touch(uint8_t *host, size_t len, size_t page_size)
{
    int ends[2], result = 0;

    /* The kernel reads and writes for us: where a store would be a signal, a
     * system call fails. */
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -errno;
    }
    for (size_t at = 0; at < len && !result; at += page_size) {
        if (write(ends[1], host + at, 1) != 1 ||
            read(ends[0], host + at, 1) != 1) {
            result = errno == EFAULT ? -ENOSPC : -errno;
        }
    }
    close(ends[0]);
    close(ends[1]);
    return result;
}

static void *prealloc_slice(void *opaque)
{
    PreallocSlice *slice = opaque;
    int rc;

    do {
        rc = madvise(slice->host, slice->len, MADV_POPULATE_WRITE);
    } while (rc < 0 && (errno == EINTR || errno == EAGAIN));
    if (rc < 0 && errno == EINVAL) {
        slice->result = memory_touch(slice->host, slice->len,
                                     slice->page_size);
    } else if (rc < 0) {
        slice->result = errno == EFAULT ? -ENOSPC : -errno;
    }
    return NULL;
}

int memory_prealloc(uint8_t *host, size_t len, size_t page_size,
                    unsigned n_threads)
{
    size_t n_pages = len / page_size;
    unsigned n = MAX(MIN(n_threads, n_pages), 1);
    g_autofree PreallocSlice *slices = g_new0(PreallocSlice, n);
    int result = 0;

    for (unsigned i = 0; i < n; i++) {
        size_t first = n_pages / n * i;
        size_t pages = i + 1 < n ? n_pages / n : n_pages - first;

        slices[i].host = host + first * page_size;
        slices[i].len = pages * page_size;
        slices[i].page_size = page_size;
        /* what no thread can be had for, the caller does; the last anyway */
        slices[i].started = i + 1 < n &&
                            pthread_create(&slices[i].thread, NULL,
                                           prealloc_slice, &slices[i]) == 0;
        if (!slices[i].started) {
            prealloc_slice(&slices[i]);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        if (slices[i].started) {
            pthread_join(slices[i].thread, NULL);
        }
        result = result ? result : slices[i].result;
    }
    return result;
}
