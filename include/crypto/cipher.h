/*
 * Ciphers, by OpenSSL's libcrypto
 *
 * The library is loaded when a cipher is first used: most machines never use
 * one, and to link it would cost every start as much as all else together.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef CRYPTO_CIPHER_H
#define CRYPTO_CIPHER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CIPHER_BLOCK_LEN 16
#define CIPHER_KEY_LEN 32

/**
 * cipher_decrypt: AES-256 in CBC mode.
 * @key: CIPHER_KEY_LEN bytes
 * @iv: CIPHER_BLOCK_LEN bytes
 * @in, @out: @len bytes, a multiple of CIPHER_BLOCK_LEN up to 2^30; may not
 *            overlap
 *
 * Padding is left as it is.
 * Returns: false with @error set if the library cannot be loaded or refuses.
 * Spec: FIPS 197; NIST SP 800-38A, 6.2.
 */
bool cipher_decrypt(const uint8_t *key, const uint8_t *iv, const uint8_t *in,
                    size_t len, uint8_t *out, GError **error);

/**
 * cipher_unpad:
 * @plain: decrypted, *@len bytes
 * @len: becomes the length without the padding
 *
 * Returns: false if the padding is not that of PKCS #7 (RFC 5652, 6.3).
 */
bool cipher_unpad(const uint8_t *plain, size_t *len);

#endif
