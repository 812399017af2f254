/*
 * Bytes that nobody else shall see
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "crypto/secure-bytes.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/error.h"

SecureBytes *secure_bytes_new(size_t len, GError **error)
{
    SecureBytes *bytes = g_new0(SecureBytes, 1);
    size_t page = sysconf(_SC_PAGESIZE);

    bytes->len = len;
    bytes->mapped = (len / page + 1) * page;
    bytes->data = mmap(NULL, bytes->mapped, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes->data == MAP_FAILED) {
        fm_error_set(error, "no memory for a secret of %zu bytes: %s", len,
                     g_strerror(errno));
        g_free(bytes);
        return NULL;
    }
    madvise(bytes->data, bytes->mapped, MADV_DONTDUMP);
    /* without the right to lock it is as safe as other memory */
    mlock(bytes->data, bytes->mapped);
    return bytes;
}

void secure_bytes_truncate(SecureBytes *bytes, size_t len)
{
    g_assert(len <= bytes->len);
    explicit_bzero(bytes->data + len, bytes->len - len);
    bytes->len = len;
}

void secure_bytes_free(SecureBytes *bytes)
{
    if (bytes) {
        explicit_bzero(bytes->data, bytes->mapped);
        munmap(bytes->data, bytes->mapped);
        g_free(bytes);
    }
}
