/*
 * Bytes that nobody else shall see
 *
 * In pages of their own: not in core dumps, not in swap where the process may
 * lock memory, and overwritten before they are given back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef CRYPTO_SECURE_BYTES_H
#define CRYPTO_SECURE_BYTES_H

#include <glib.h>
#include <stdint.h>

typedef struct SecureBytes {
    uint8_t *data;              /* a NUL follows the last byte */
    size_t len;
    size_t mapped;              /* bytes, whole pages */
} SecureBytes;

/**
 * secure_bytes_new:
 * @len: bytes; may be 0
 *
 * Returns: @len bytes of zeros; free with secure_bytes_free().  NULL with
 * @error set if the process can have no more mappings.
 */
SecureBytes *secure_bytes_new(size_t len, GError **error);

/** secure_bytes_truncate: drop what is behind the first @len bytes. */
void secure_bytes_truncate(SecureBytes *bytes, size_t len);

/** secure_bytes_free: overwrite and free; NULL is allowed. */
void secure_bytes_free(SecureBytes *bytes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SecureBytes, secure_bytes_free)

#endif
