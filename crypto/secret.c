/*
 * Secrets: passwords and keys that other objects name by ID
 *
 *     data or file -> base64, if it is -> AES-256-CBC, if there is a key
 *
 * No copy stays behind on the way: each station's memory is overwritten.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "crypto/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "crypto/cipher.h"
#include "crypto/secure-bytes.h"
#include "qapi-types.h"
#include "util/error.h"
#include "util/fd-passed.h"
#include "util/file.h"

/** How long a pipe may take to give all of it: while the program starts; and
 *  while it runs, where everybody waits. */
#define SECRET_START_MS 1000
#define SECRET_RUN_MS 10

struct Secret {
    Object parent;
    Secret *key;                /* link: keyid; NULL: not encrypted */
    SecureBytes *bytes;         /* NULL until completed */
};

const uint8_t *secret_bytes(const Secret *secret, size_t *len)
{
    g_assert(secret->bytes);
    *len = secret->bytes->len;
    return secret->bytes->data;
}

const char *secret_text(const Secret *secret, GError **error)
{
    size_t len;
    const char *text = (const char *)secret_bytes(secret, &len);

    if (!g_utf8_validate(text, (gssize)len, NULL)) {
        fm_error_set(error, "secret '%s' is not UTF-8 text",
                     secret->parent.name);
        return NULL;
    }
    return text;
}

/* Where it comes from */

/** JSON's text as bytes: U+0000 is C0 80 in a C string. */
static SecureBytes *secret_from_data(const char *data, GError **error)
{
    size_t len = strlen(data), n = 0;
    SecureBytes *bytes;

    if (len > SECRET_MAX_LEN) {
        fm_error_set(error, "property 'data' of secret has %zu bytes, at most "
                     "%d fit", len, SECRET_MAX_LEN);
        return NULL;
    }
    bytes = secure_bytes_new(len, error);
    if (!bytes) {
        return NULL;
    }
    for (const char *c = data; *c; c++) {
        bool nul = c[0] == (char)0xc0 && c[1] == (char)0x80;

        bytes->data[n++] = nul ? 0 : (uint8_t)*c;
        c += nul;
    }
    secure_bytes_truncate(bytes, n);
    return bytes;
}

/** Whether there is something to read, or the end, before @deadline_us. */
static bool secret_wait(int fd, gint64 deadline_us)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    gint64 left_us;
    int rc;

    do {
        left_us = MAX(deadline_us - g_get_monotonic_time(), 0);
        rc = poll(&wait, 1, (int)((left_us + 999) / 1000));
    } while (rc < 0 && errno == EINTR);
    return rc > 0;
}

/** Returns 0 or a negative errno; what comes first decides: the end, one byte
 *  more than fits, or the deadline. */
static int secret_read_fd(int fd, int wait_ms, SecureBytes *bytes, size_t *len)
{
    gint64 deadline_us = g_get_monotonic_time() +
                         wait_ms * G_TIME_SPAN_MILLISECOND;

    *len = 0;
    while (*len < bytes->len) {
        ssize_t n;

        if (!secret_wait(fd, deadline_us)) {
            return -ETIMEDOUT;
        }
        n = read(fd, bytes->data + *len, bytes->len - *len);
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return -errno;
        }
        if (n == 0) {
            return 0;
        }
        *len += MAX(n, 0);
    }
    return -EFBIG;
}

static SecureBytes *secret_from_file(const char *path, GError **error)
{
    g_autoptr(SecureBytes) room = secure_bytes_new(SECRET_MAX_LEN + 1, error);
    int wait_ms = g_main_depth() ? SECRET_RUN_MS : SECRET_START_MS;
    SecureBytes *bytes;
    size_t len;
    int fd, rc;

    if (!room) {
        return NULL;
    }
    /* a FIFO that nobody writes to: do not wait for that in open(2) */
    fd = file_open(path, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0) {
        fm_error_set(error, "can't open file %s: %s", path, g_strerror(-fd));
        return NULL;
    }
    rc = secret_read_fd(fd, wait_ms, room, &len);
    fd_passed_close(fd);
    if (rc == -EFBIG) {
        fm_error_set(error, "file %s has more than the %d bytes that fit",
                     path, SECRET_MAX_LEN);
    } else if (rc == -ETIMEDOUT) {
        fm_error_set(error, "file %s: its end did not come within %d ms",
                     path, wait_ms);
    } else if (rc) {
        fm_error_set(error, "can't read file %s: %s", path, g_strerror(-rc));
    }
    bytes = rc ? NULL : secure_bytes_new(len, error);
    if (bytes) {
        memcpy(bytes->data, room->data, len);
    }
    return bytes;
}

/* What it is */

/**
 * RFC 4648, 4; what pads it may be missing, and line ends do not count.
 * Returns false if it is something else.
 */
static bool secret_is_base64(const char *text, size_t len, size_t *missing)
{
    size_t digits = 0, pads = 0;

    for (size_t i = 0; i < len; i++) {
        bool digit = g_ascii_isalnum(text[i]) || text[i] == '+' ||
                     text[i] == '/';

        if (text[i] == '\n' || text[i] == '\r') {
            continue;
        }
        if ((!digit && text[i] != '=') || (digit && pads)) {
            return false;
        }
        digits += digit;
        pads += !digit;
    }
    *missing = pads ? 0 : (4 - digits % 4) % 4;
    return digits % 4 != 1 && pads <= 2 && (!pads || (digits + pads) % 4 == 0);
}

/** @what: what is decoded, for error messages. */
static SecureBytes *secret_decode_base64(const char *text, size_t len,
                                         const char *what, GError **error)
{
    SecureBytes *bytes;
    size_t missing, n;
    guint save = 0;
    int state = 0;

    if (!secret_is_base64(text, len, &missing)) {
        fm_error_set(error, "property '%s' of secret is no base64", what);
        return NULL;
    }
    bytes = secure_bytes_new(len / 4 * 3 + 6, error);
    if (bytes) {
        n = g_base64_decode_step(text, len, bytes->data, &state, &save);
        n += g_base64_decode_step("==", missing, bytes->data + n, &state,
                                  &save);
        secure_bytes_truncate(bytes, n);
    }
    return bytes;
}

static SecureBytes *secret_decrypt(const Secret *secret, const char *iv_text,
                                   const SecureBytes *in, GError **error)
{
    g_autoptr(SecureBytes) iv = NULL, out = NULL;
    size_t key_len, len = in->len;
    const uint8_t *key = secret_bytes(secret->key, &key_len);

    iv = secret_decode_base64(iv_text, strlen(iv_text), "iv", error);
    if (!iv) {
        return NULL;
    }
    if (key_len != CIPHER_KEY_LEN) {
        fm_error_set(error, "property 'keyid': secret '%s' has %zu bytes, a "
                     "key has %d",
                     secret->key->parent.name, key_len, CIPHER_KEY_LEN);
        return NULL;
    }
    if (iv->len != CIPHER_BLOCK_LEN) {
        fm_error_set(error, "property 'iv' of secret has %zu bytes, needs "
                     "%d", iv->len, CIPHER_BLOCK_LEN);
        return NULL;
    }
    if (!len || len % CIPHER_BLOCK_LEN) {
        fm_error_set(error, "encrypted data has %zu bytes, not a positive "
                     "multiple of %d", len, CIPHER_BLOCK_LEN);
        return NULL;
    }
    out = secure_bytes_new(len, error);
    if (!out ||
        !cipher_decrypt(key, iv->data, in->data, len, out->data, error)) {
        return NULL;
    }
    if (!cipher_unpad(out->data, &len)) {
        fm_error_set(error, "the padding of the decrypted data is wrong: key, "
                     "iv and data do not belong together");
        return NULL;
    }
    secure_bytes_truncate(out, len);
    return g_steal_pointer(&out);
}

/* Life */

static bool secret_check(const Object *obj, const void *config, GError **error)
{
    const SecretProperties *p = config;

    if (!p->data && !p->file) {
        return fm_error_set(error, "Either 'file' or 'data' must be provided");
    }
    if (p->data && p->file) {
        return fm_error_set(error, "'file' and 'data' are mutually exclusive");
    }
    if (p->keyid && !p->iv) {
        return fm_error_set(error, "IV is required to decrypt secret: "
                            "property 'iv' is missing");
    }
    if (p->iv && !p->keyid) {
        return fm_error_set(error, "property 'iv' of secret needs 'keyid'");
    }
    return true;
}

static bool secret_complete(Object *obj, GError **error)
{
    Secret *secret = (Secret *)obj;
    SecretProperties *p = obj->config;
    g_autoptr(SecureBytes) bytes = p->file ? secret_from_file(p->file, error)
                                           : secret_from_data(p->data, error);

    if (p->data) {
        explicit_bzero(p->data, strlen(p->data));
        g_clear_pointer(&p->data, g_free);
    }
    if (!bytes) {
        return false;
    }
    if (p->format == SECRET_FORMAT_BASE64) {
        SecureBytes *decoded =
            secret_decode_base64((char *)bytes->data, bytes->len,
                                 p->file ? "file" : "data", error);

        if (!decoded) {
            return false;
        }
        secure_bytes_free(bytes);
        bytes = decoded;
    }
    secret->bytes = secret->key ? secret_decrypt(secret, p->iv, bytes, error)
                                : g_steal_pointer(&bytes);
    return secret->bytes != NULL;
}

static void secret_finalize(Object *obj)
{
    secure_bytes_free(((Secret *)obj)->bytes);
}

static const ObjectLink secret_links[] = {
    { "keyid", "/objects", &secret_type, offsetof(Secret, key) },
};

const ObjectType secret_type = {
    .name = "secret",
    .parent = &object_type,
    .doc = "A password or key for other objects",
    .instance_size = sizeof(Secret),
    .config = &qapi_type_SecretProperties,
    .links = secret_links,
    .n_links = G_N_ELEMENTS(secret_links),
    .check = secret_check,
    .complete = secret_complete,
    .finalize = secret_finalize,
};
