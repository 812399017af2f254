/*
 * Secrets: passwords and keys that other objects name by ID
 *
 * An object that needs one has a 'str' in its configuration and an ObjectLink
 * to `secret_type` in /objects (include/qom/object.h); once it is completed,
 * the link leads to the bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "qom/object.h"

/** Most bytes of a secret, and of the data or file that it is made from. */
#define SECRET_MAX_LEN (64 * 1024)

typedef struct Secret Secret;

/** `secret`; its configuration is SecretProperties. */
extern const ObjectType secret_type;

/**
 * secret_bytes: decoded and decrypted; borrowed, valid as long as the object
 * is.  A NUL, not counted in @len, follows the last byte.
 */
const uint8_t *secret_bytes(const Secret *secret, size_t *len);

/**
 * secret_text: the same as text; borrowed.
 *
 * Returns: NULL with @error set unless it is UTF-8 without a NUL.
 */
const char *secret_text(const Secret *secret, GError **error);

#endif
