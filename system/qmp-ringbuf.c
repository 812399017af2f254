/*
 * QMP commands about ring buffers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "chardev/char-ringbuf.h"
#include "monitor/monitor.h"
#include "qapi-types.h"
#include "system/system.h"
#include "util/error.h"

static Chardev *ringbuf_find(const QmpContext *ctx, const char *id,
                             GError **error)
{
    Chardev *chr = (Chardev *)object_child(
        object_container(ctx->system->root, "/chardevs"), id);

    if (!chr) {
        fm_error_set(error, "Device '%s' not found", id);
    }
    return chr;
}

/* In strings of ours a NUL is C0 80. */
static GByteArray *ringbuf_decode_text(const char *text)
{
    GByteArray *bytes = g_byte_array_new();

    while (*text) {
        bool nul = (uint8_t)text[0] == 0xc0 && (uint8_t)text[1] == 0x80;
        uint8_t byte = nul ? 0 : (uint8_t)*text;

        g_byte_array_append(bytes, &byte, 1);
        text += nul ? 2 : 1;
    }
    return bytes;
}

static char *ringbuf_encode_text(const GByteArray *bytes)
{
    GString *text = g_string_sized_new(bytes->len);

    for (guint i = 0; i < bytes->len; i++) {
        if (bytes->data[i]) {
            g_string_append_c(text, (char)bytes->data[i]);
        } else {
            g_string_append(text, "\xc0\x80");
        }
    }
    return g_string_free(text, FALSE);
}

/* GLib's decoder passes over what is no base64. */
static GByteArray *ringbuf_decode_base64(const char *text, GError **error)
{
    size_t len = strlen(text);
    size_t digits = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                           "abcdefghijklmnopqrstuvwxyz0123456789+/");
    gsize n;
    guchar *bytes;

    if (len % 4 || len - digits > 2 ||
        strspn(text + digits, "=") != len - digits) {
        fm_error_set(error, "Base64 data contains invalid characters");
        return NULL;
    }
    bytes = g_base64_decode(text, &n);
    return g_byte_array_new_take(bytes, n);
}

bool qmp_ringbuf_write(QmpContext *ctx, const RingbufWriteArgs *args,
                       GError **error)
{
    Chardev *chr = ringbuf_find(ctx, args->device, error);
    g_autoptr(GByteArray) bytes = NULL;

    if (!chr) {
        return false;
    }
    bytes = args->format == DATA_FORMAT_BASE64
            ? ringbuf_decode_base64(args->data, error)
            : ringbuf_decode_text(args->data);
    return bytes && chardev_ringbuf_write(chr, bytes->data, bytes->len, error);
}

bool qmp_ringbuf_read(QmpContext *ctx, const RingbufReadArgs *args, char **ret,
                      GError **error)
{
    Chardev *chr = ringbuf_find(ctx, args->device, error);
    g_autoptr(GByteArray) bytes = NULL;

    if (!chr) {
        return false;
    }
    if (args->size <= 0) {
        return fm_error_set(error, "size must be greater than zero");
    }
    bytes = chardev_ringbuf_read(chr, (size_t)args->size, error);
    if (!bytes) {
        return false;
    }
    *ret = args->format == DATA_FORMAT_BASE64
           ? g_base64_encode(bytes->data, bytes->len)
           : ringbuf_encode_text(bytes);
    return true;
}
