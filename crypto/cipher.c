/*
 * Ciphers, by OpenSSL's libcrypto
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "crypto/cipher.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <pthread.h>

#include "util/error.h"

/* The version whose headers this was compiled with */
#define CIPHER_LIBRARY "libcrypto.so." G_STRINGIFY(OPENSSL_SHLIB_VERSION)

#define CIPHER_FUNCTIONS(F)                                             \
    F(EVP_CIPHER_CTX_new) F(EVP_CIPHER_CTX_free) F(EVP_aes_256_cbc)     \
    F(EVP_DecryptInit_ex) F(EVP_CIPHER_CTX_set_padding)                 \
    F(EVP_DecryptUpdate) F(EVP_DecryptFinal_ex)

typedef struct CipherLibrary {
#define F(name) __typeof__(name) *name;
    CIPHER_FUNCTIONS(F)
#undef F
    char *failure;              /* why it cannot be used; NULL: it can */
} CipherLibrary;

/* A library is the process's. */
static CipherLibrary cipher_library;
static pthread_once_t cipher_once = PTHREAD_ONCE_INIT;

static void cipher_load(void)
{
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {
#define F(name) { #name, offsetof(CipherLibrary, name) },
        CIPHER_FUNCTIONS(F)
#undef F
    };
    void *library = dlopen(CIPHER_LIBRARY, RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; library && i < G_N_ELEMENTS(functions); i++) {
        void *function = dlsym(library, functions[i].name);

        if (!function) {
            library = NULL;
        }
        *(void **)((char *)&cipher_library + functions[i].offset) = function;
    }
    if (!library) {
        const char *why = dlerror();

        cipher_library.failure = g_strdup(why ? why : CIPHER_LIBRARY);
    }
}

bool cipher_decrypt(const uint8_t *key, const uint8_t *iv, const uint8_t *in,
                    size_t len, uint8_t *out, GError **error)
{
    const CipherLibrary *lib = &cipher_library;
    EVP_CIPHER_CTX *ctx;
    int n = 0, rest = 0;
    bool ok;

    g_assert(len % CIPHER_BLOCK_LEN == 0 && len <= 1u << 30);
    pthread_once(&cipher_once, cipher_load);
    if (lib->failure) {
        return fm_error_set(error, "AES needs OpenSSL, which cannot be "
                            "loaded: %s", lib->failure);
    }
    ctx = lib->EVP_CIPHER_CTX_new();
    ok = ctx &&
         lib->EVP_DecryptInit_ex(ctx, lib->EVP_aes_256_cbc(), NULL, key,
                                 iv) == 1 &&
         lib->EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
         lib->EVP_DecryptUpdate(ctx, out, &n, in, (int)len) == 1 &&
         lib->EVP_DecryptFinal_ex(ctx, out + n, &rest) == 1 &&
         (size_t)n + (size_t)rest == len;
    lib->EVP_CIPHER_CTX_free(ctx);
    return ok || fm_error_set(error, "OpenSSL refuses to decrypt with AES-256 "
                              "in CBC mode");
}

bool cipher_unpad(const uint8_t *plain, size_t *len)
{
    uint8_t pad, wrong = 0;

    if (!*len || *len % CIPHER_BLOCK_LEN) {
        return false;
    }
    pad = plain[*len - 1];
    if (!pad || pad > CIPHER_BLOCK_LEN) {
        return false;
    }
    for (size_t i = *len - pad; i < *len; i++) {
        wrong |= plain[i] ^ pad;
    }
    *len -= wrong ? 0 : pad;
    return !wrong;
}
