/*
 * Secrets and the cipher under them
 *
 * Fixed vectors are NIST's; what another program encrypts is read, too, if
 * `openssl` is installed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include <sys/stat.h>

#include "crypto/cipher.h"
#include "crypto/secret.h"
#include "crypto/secure-bytes.h"
#include "object-bench.h"
#include "qapi-types.h"
#include "qapi/walker.h"

/* NIST SP 800-38A, F.2.5 "CBC-AES256.Encrypt" */
static const char nist_key[] =
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";
static const char nist_iv[] = "000102030405060708090a0b0c0d0e0f";
static const char nist_plain[] =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
static const char nist_cipher[] =
    "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
    "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b";

static GByteArray *unhex(const char *text)
{
    GByteArray *bytes = g_byte_array_new();

    for (; *text; text += 2) {
        uint8_t byte = g_ascii_xdigit_value(text[0]) << 4 |
                       g_ascii_xdigit_value(text[1]);

        g_byte_array_append(bytes, &byte, 1);
    }
    return bytes;
}

static char *bench_file(const Bench *b, const char *name, const void *bytes,
                        size_t len)
{
    char *path = bench_path(b, name);

    g_assert_true(g_file_set_contents(path, bytes, (gssize)len, NULL));
    return path;
}

/** A secret called @id from JSON without its braces. */
static Secret *bench_try(Bench *b, const char *id, GError **error,
                         const char *fmt, ...) G_GNUC_PRINTF(4, 5);

static Secret *bench_try(Bench *b, const char *id, GError **error,
                         const char *fmt, ...)
{
    g_autofree char *members = NULL, *text = NULL;
    void *config;
    Object *obj;
    va_list ap;

    va_start(ap, fmt);
    members = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    text = g_strdup_printf("{%s}", members);
    config = qapi_parse_option(secret_type.config, text, NULL, NULL, error);
    obj = config ? object_new(&secret_type, config, error) : NULL;
    if (!obj) {
        return NULL;
    }
    object_add_child(b->home, id, obj);
    if (!object_complete(obj, b->root, error)) {
        object_free(obj);
        return NULL;
    }
    return (Secret *)obj;
}

#define bench_make(b, id, ...)                                          \
    ({                                                                  \
        GError *error_ = NULL;                                          \
        Secret *made_ = bench_try(b, id, &error_, __VA_ARGS__);         \
        g_assert_no_error(error_);                                      \
        made_;                                                          \
    })

#define bench_refuse(b, pattern, ...)                                   \
    do {                                                                \
        g_autoptr(GError) error_ = NULL;                                \
        g_assert_null(bench_try(b, "bad", &error_, __VA_ARGS__));       \
        g_assert_nonnull(error_);                                       \
        if (!g_pattern_match_simple(pattern, error_->message)) {        \
            g_error("'%s' is not '%s'", error_->message, pattern);      \
        }                                                               \
    } while (0)

static void assert_bytes(const Secret *secret, const void *bytes, size_t len)
{
    size_t has;
    const uint8_t *p = secret_bytes(secret, &has);

    g_assert_cmpmem(p, has, bytes, len);
    g_assert_cmpint(p[has], ==, 0);
}

/* The cipher */

static void test_vectors(void)
{
    g_autoptr(GByteArray) key = unhex(nist_key), iv = unhex(nist_iv);
    g_autoptr(GByteArray) in = unhex(nist_cipher), plain = unhex(nist_plain);
    uint8_t out[64];
    g_autoptr(GError) error = NULL;

    for (size_t len = 16; len <= sizeof(out); len += 16) {
        cipher_decrypt(key->data, iv->data, in->data, len, out, &error);
        g_assert_no_error(error);
        g_assert_cmpmem(out, len, plain->data, len);
    }
}

static void test_unpad(void)
{
    uint8_t block[32];

    for (unsigned pad = 0; pad < 256; pad++) {
        size_t len = sizeof(block);
        bool good = pad >= 1 && pad <= 16;

        memset(block, 0x11, sizeof(block));
        memset(block + 16, pad, 16);
        g_assert_cmpint(cipher_unpad(block, &len), ==, good);
        g_assert_cmpuint(len, ==, good ? 32 - pad : 32);
        if (pad < 2 || pad > 16) {
            continue;
        }
        /* each byte of it counts */
        block[32 - pad] ^= 1;
        len = sizeof(block);
        g_assert_false(cipher_unpad(block, &len));
    }
    for (size_t bad = 0; bad < 32; bad++) {
        size_t len = bad;

        memset(block, 1, sizeof(block));
        g_assert_cmpint(cipher_unpad(block, &len), ==, bad == 16);
    }
}

/* Secrets in the clear */

static void test_raw(Bench *b, gconstpointer data)
{
    static const char bytes[] = "a\0\xff\n";
    g_autofree char *path = bench_file(b, "f", bytes, 4);
    g_autofree char *none = bench_file(b, "none", "", 0);
    g_autofree char *most = g_strnfill(SECRET_MAX_LEN, 'x');
    g_autofree char *full = bench_file(b, "full", most, SECRET_MAX_LEN);

    assert_bytes(bench_make(b, "a", "'data': 'hello'"), "hello", 5);
    assert_bytes(bench_make(b, "b", "'data': ''"), "", 0);
    assert_bytes(bench_make(b, "c", "'data': 'x\\u0000y\\u20ac', 'format': "
                            "'raw'"), "x\0y\xe2\x82\xac", 6);
    assert_bytes(bench_make(b, "d", "'file': '%s'", path), bytes, 4);
    assert_bytes(bench_make(b, "e", "'file': '%s'", none), "", 0);
    assert_bytes(bench_make(b, "f", "'file': '%s'", full), most,
                 SECRET_MAX_LEN);
    assert_bytes(bench_make(b, "g", "'data': '%s'", most), most,
                 SECRET_MAX_LEN);
}

static void test_base64(Bench *b, gconstpointer data)
{
    static const struct {
        const char *text, *bytes;
    } good[] = {
        { "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" },
        { "Zm9vYg==", "foob" }, { "Zm9vYmE=", "fooba" },
        { "Zm9vYmFy", "foobar" }, { "Zg", "f" }, { "Zm8", "fo" },
        { "Zm9v\\nYmFy\\r\\n", "foobar" }, { "Zg=\\n=\\n", "f" },
    };
    static const char *const bad[] = {
        "Z", "Zm9vY", "Zg=", "Zg===", "=", "==", "Z===", "Zg==Zg==", "Z=g=",
        "Zm9v!", "Zm9v Zm9v", "Zm9\\u0000", "\\u20ac", "Zm8-", "Zm8_",
    };
    g_autofree char *path = bench_file(b, "f", "Zm9v\n", 5);

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        Secret *s = bench_make(b, "s", "'data': '%s', 'format': 'base64'",
                               good[i].text);

        assert_bytes(s, good[i].bytes, strlen(good[i].bytes));
        object_free((Object *)s);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        bench_refuse(b, "property 'data' of secret is no base64",
                     "'data': '%s', 'format': 'base64'", bad[i]);
    }
    assert_bytes(bench_make(b, "f", "'file': '%s', 'format': 'base64'", path),
                 "foo", 3);
}

static void test_text(Bench *b, gconstpointer data)
{
    Secret *good = bench_make(b, "good", "'data': 'pass \\u20ac'");
    static const char *const bad[] = { "AA==", "/w==", "YQBi", "wIA=" };
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr(secret_text(good, &error), ==, "pass \xe2\x82\xac");
    g_assert_no_error(error);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        Secret *s = bench_make(b, "s", "'data': '%s', 'format': 'base64'",
                               bad[i]);

        g_assert_null(secret_text(s, &error));
        g_assert_cmpstr(error->message, ==, "secret 's' is not UTF-8 text");
        g_clear_error(&error);
        object_free((Object *)s);
    }
}

/** Nobody reads it back, and the configuration has let go of it. */
static void test_hidden(Bench *b, gconstpointer data)
{
    Secret *s = bench_make(b, "s", "'data': 'hidden'");
    Object *obj = (Object *)s;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) rows = object_list_properties(obj);
    bool listed = false;
    const QapiMember *member = qapi_find_member(&qapi_type_SecretProperties,
                                                "data");

    g_assert_true(qapi_member_has_feature(member, "write-only"));
    g_assert_false(qapi_member_has_feature(member, "deprecated"));
    g_assert_false(qapi_member_has_feature(member + 1, "write-only"));
    g_assert_null(object_property_get(obj, "data", &error));
    g_assert_cmpstr(error->message, ==, "Property 'secret.data' is not "
                    "readable");
    g_assert_null(((SecretProperties *)obj->config)->data);
    for (unsigned i = 0; i < rows->len; i++) {
        const ObjectPropertyRow *row = rows->pdata[i];

        listed |= strcmp(row->name, "data") == 0;
    }
    g_assert_true(listed);
}

/** What is dropped is overwritten. */
static void test_wipe(void)
{
    g_autoptr(SecureBytes) bytes = secure_bytes_new(4096, NULL);

    g_assert_cmpuint(bytes->mapped, ==, 8192);
    memset(bytes->data, 'x', bytes->len);
    secure_bytes_truncate(bytes, 3);
    g_assert_cmpuint(bytes->len, ==, 3);
    g_assert_cmpmem(bytes->data, 4, "xxx", 4);
    for (size_t i = 3; i < bytes->mapped; i++) {
        g_assert_cmpint(bytes->data[i], ==, 0);
    }
}

/* Encrypted ones */

static Secret *bench_key(Bench *b)
{
    g_autoptr(GByteArray) key = unhex(nist_key);
    g_autofree char *path = bench_file(b, "key", key->data, key->len);

    return bench_make(b, "masterKey0", "'format': 'raw', 'file': '%s'", path);
}

static char *base64_of(const char *hex)
{
    g_autoptr(GByteArray) bytes = unhex(hex);

    return g_base64_encode(bytes->data, bytes->len);
}

/* "firmware" under nist_key and nist_iv, by `openssl enc -aes-256-cbc` */
static const char encrypted[] = "2350dc8d021c390e6230ec619dfe8d00";

static void test_encrypted(Bench *b, gconstpointer data)
{
    Secret *key = bench_key(b), *secret;
    g_autofree char *iv = base64_of(nist_iv);
    g_autofree char *text = base64_of(encrypted);
    g_autoptr(GByteArray) raw = unhex(encrypted);
    g_autofree char *path = bench_file(b, "raw", raw->data, raw->len);
    json_object *value;

    secret = bench_make(b, "s", "'data': '%s', 'format': 'base64', 'keyid': "
                        "'masterKey0', 'iv': '%s'", text, iv);
    assert_bytes(secret, "firmware", 8);
    value = object_property_get((Object *)secret, "keyid", NULL);
    g_assert_cmpstr(json_object_get_string(value), ==, "/objects/masterKey0");
    json_object_put(value);
    g_assert_cmpuint(((Object *)key)->pins, ==, 1);
    object_free((Object *)secret);
    g_assert_cmpuint(((Object *)key)->pins, ==, 0);
    secret = bench_make(b, "s", "'file': '%s', 'keyid': 'masterKey0', 'iv': "
                        "'%s'", path, iv);
    assert_bytes(secret, "firmware", 8);
}

static void test_bad_encrypted(Bench *b, gconstpointer data)
{
    g_autofree char *iv = base64_of(nist_iv), *text = base64_of(encrypted);
    g_autofree char *long_text = base64_of(nist_cipher);

    bench_key(b);
    bench_make(b, "short", "'data': '0123456789abcdef0123456789abcde'");
    bench_make(b, "long", "'data': '0123456789abcdef0123456789abcdef0'");
    bench_make(b, "other", "'data': '0123456789abcdef0123456789abcdef'");
    object_add_child(b->home, "box", object_new(&container_type, NULL, NULL));
#define ENCRYPTED(data_, key_, iv_)                                     \
    "'data': '%s', 'format': 'base64', 'keyid': '%s', 'iv': '%s'", data_, \
    key_, iv_
    bench_refuse(b, "Property 'secret.keyid' can't find value 'nobody'",
                 ENCRYPTED(text, "nobody", iv));
    bench_refuse(b, "Property 'secret.keyid' can't find value 'bad'",
                 ENCRYPTED(text, "bad", iv));
    bench_refuse(b, "*'secret.keyid' needs an object of type 'secret'*",
                 ENCRYPTED(text, "box", iv));
    bench_refuse(b, "property 'keyid': secret 'short' has 31 bytes, a key "
                 "has 32", ENCRYPTED(text, "short", iv));
    bench_refuse(b, "property 'keyid': secret 'long' has 33 bytes, a key "
                 "has 32", ENCRYPTED(text, "long", iv));
    bench_refuse(b, "the padding of the decrypted data is wrong*",
                 ENCRYPTED(text, "other", iv));
    bench_refuse(b, "the padding of the decrypted data is wrong*",
                 ENCRYPTED(long_text, "masterKey0", iv));
    bench_refuse(b, "property 'iv' of secret has 15 bytes, needs 16",
                 ENCRYPTED(text, "masterKey0", "AAECAwQFBgcICQoLDA0O"));
    bench_refuse(b, "property 'iv' of secret has 0 bytes, needs 16",
                 ENCRYPTED(text, "masterKey0", ""));
    bench_refuse(b, "property 'iv' of secret is no base64",
                 ENCRYPTED(text, "masterKey0", "!"));
    bench_refuse(b, "encrypted data has 0 bytes, *",
                 ENCRYPTED("", "masterKey0", iv));
    bench_refuse(b, "encrypted data has 3 bytes, *",
                 ENCRYPTED("AAAA", "masterKey0", iv));
    bench_refuse(b, "IV is required to decrypt secret: *",
                 "'data': 'x', 'keyid': 'masterKey0'");
    bench_refuse(b, "property 'iv' of secret needs 'keyid'",
                 "'data': 'x', 'iv': '%s'", iv);
#undef ENCRYPTED
}

static void test_bad(Bench *b, gconstpointer data)
{
    g_autofree char *much = g_strnfill(SECRET_MAX_LEN + 1, 'x');
    g_autofree char *big = bench_file(b, "big", much, SECRET_MAX_LEN + 1);
    g_autofree char *fifo = g_build_filename(b->dir, "fifo", NULL);

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    bench_refuse(b, "Either 'file' or 'data' must be provided",
                 "'format': 'raw'");
    bench_refuse(b, "'file' and 'data' are mutually exclusive",
                 "'data': 'x', 'file': 'y'");
    bench_refuse(b, "Parameter 'format' does not accept value 'hex'*",
                 "'data': 'x', 'format': 'hex'");
    bench_refuse(b, "can't open file */nothing: No such file or directory",
                 "'file': '%s/nothing'", b->dir);
    bench_refuse(b, "can't open file : No such file or directory",
                 "'file': ''");
    bench_refuse(b, "can't read file */object-bench-*: Is a directory",
                 "'file': '%s'", b->dir);
    bench_refuse(b, "file */big has more than the 65536 bytes that fit",
                 "'file': '%s'", big);
    bench_refuse(b, "file /dev/zero has more than the 65536 bytes that fit",
                 "'file': '/dev/zero'");
    bench_refuse(b, "property 'data' of secret has 65537 bytes, *",
                 "'data': '%s'", much);
    /* and nobody waits for ever */
    bench_refuse(b, "file */fifo: its end did not come within 1000 ms",
                 "'file': '%s'", fifo);
}

/* Another program's encryption */

static bool openssl_encrypt(const char *openssl, const char *key_hex,
                            const char *iv_hex, const char *in,
                            const char *out)
{
    const char *argv[] = { openssl, "enc", "-aes-256-cbc", "-K", key_hex,
                           "-iv", iv_hex, "-in", in, "-out", out, NULL };
    int status = -1;

    return g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, NULL, NULL,
                        &status, NULL) && status == 0;
}

static void test_openssl(Bench *b, gconstpointer data)
{
    g_autofree char *openssl = g_find_program_in_path("openssl");
    g_autofree char *iv = base64_of(nist_iv);
    g_autofree char *out = g_build_filename(b->dir, "out", NULL);
    uint8_t plain[50];

    if (!openssl) {
        g_test_skip("the program 'openssl' is not installed");
        return;
    }
    bench_key(b);
    for (size_t len = 0; len < sizeof(plain); len++) {
        g_autofree char *in = NULL;
        Secret *secret;

        for (size_t i = 0; i < len; i++) {
            plain[i] = g_test_rand_int();
        }
        in = bench_file(b, "in", plain, len);
        g_assert_true(openssl_encrypt(openssl, nist_key, nist_iv, in, out));
        secret = bench_make(b, "s", "'file': '%s', 'keyid': 'masterKey0', "
                            "'iv': '%s'", out, iv);
        assert_bytes(secret, plain, len);
        object_free((Object *)secret);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(Bench *b, gconstpointer data);
    } tests[] = {
        { "raw", test_raw },
        { "base64", test_base64 },
        { "text", test_text },
        { "hidden", test_hidden },
        { "encrypted", test_encrypted },
        { "openssl", test_openssl },
        { "bad", test_bad },
        { "bad-encrypted", test_bad_encrypted },
    };

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cipher/vectors", test_vectors);
    g_test_add_func("/cipher/unpad", test_unpad);
    g_test_add_func("/secret/wipe", test_wipe);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strconcat("/secret/", tests[i].name, NULL);

        g_test_add(path, Bench, NULL, bench_up, tests[i].test, bench_down);
    }
    return g_test_run();
}
