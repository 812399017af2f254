/*
 * Character device `ringbuf`: the last of the output, kept in memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "chardev/char-ringbuf.h"

#include <inttypes.h>

#include "chardev/char-impl.h"
#include "util/error.h"

/* The largest buffer. */
#define RINGBUF_MAX ((size_t)64 << 20)

typedef struct RingbufChardev {
    Chardev parent;
    uint8_t *bytes;
    size_t size;                /* a power of two */
    size_t start, end;          /* running counts of bytes read and written */
} RingbufChardev;

static bool chardev_ringbuf_check(const Object *obj, const void *value,
                                  GError **error)
{
    const ChardevOptions *options = value;
    uint64_t size = options->u.ringbuf.size;

    if (size == 0 || (size & (size - 1))) {
        return fm_error_set(error, "size of ringbuf chardev must be power of "
                            "two");
    }
    if (size > RINGBUF_MAX) {
        return fm_error_set(error, "size=%" PRIu64 ": a ring buffer has at "
                            "most %zu bytes", size, RINGBUF_MAX);
    }
    return true;
}

static bool chardev_ringbuf_open(Chardev *chr, const ChardevOptions *options,
                                 GError **error)
{
    RingbufChardev *ring = (RingbufChardev *)chr;

    ring->size = options->u.ringbuf.size;
    ring->bytes = g_try_malloc(ring->size);
    if (!ring->bytes) {
        return fm_error_set(error, "size=%zu: there is no memory for it",
                            ring->size);
    }
    chardev_opened(chr, -1, -1);
    return true;
}

static ssize_t chardev_ringbuf_put(Chardev *chr, const void *bytes, size_t len)
{
    RingbufChardev *ring = (RingbufChardev *)chr;
    const uint8_t *from = bytes;

    for (size_t i = 0; i < len; i++) {
        ring->bytes[ring->end++ & (ring->size - 1)] = from[i];
    }
    if (ring->end - ring->start > ring->size) {
        ring->start = ring->end - ring->size;
    }
    return (ssize_t)len;
}

static RingbufChardev *chardev_ringbuf_cast(Chardev *chr, GError **error)
{
    if (!object_is_a((Object *)chr, &chardev_ringbuf_type)) {
        fm_error_set(error, "%s is not a ringbuf device", chardev_id(chr));
        return NULL;
    }
    return (RingbufChardev *)chr;
}

bool chardev_ringbuf_write(Chardev *chr, const void *bytes, size_t len,
                           GError **error)
{
    return chardev_ringbuf_cast(chr, error) &&
           chardev_ringbuf_put(chr, bytes, len) >= 0;
}

GByteArray *chardev_ringbuf_read(Chardev *chr, size_t max, GError **error)
{
    RingbufChardev *ring = chardev_ringbuf_cast(chr, error);
    GByteArray *bytes;
    size_t len;

    if (!ring) {
        return NULL;
    }
    len = MIN(max, ring->end - ring->start);
    bytes = g_byte_array_sized_new((guint)len);
    g_byte_array_set_size(bytes, (guint)len);
    for (size_t i = 0; i < len; i++) {
        bytes->data[i] = ring->bytes[ring->start++ & (ring->size - 1)];
    }
    return bytes;
}

static char *chardev_ringbuf_filename(const Chardev *chr)
{
    return g_strdup("ringbuf");
}

static void chardev_ringbuf_finalize(Object *obj)
{
    g_free(((RingbufChardev *)obj)->bytes);
}

static const ChardevClass chardev_ringbuf_class = {
    .open = chardev_ringbuf_open,
    .write = chardev_ringbuf_put,
    .filename = chardev_ringbuf_filename,
};

const ObjectType chardev_ringbuf_type = {
    .name = "chardev-ringbuf",
    .parent = &chardev_type,
    .doc = "memory that keeps the last of the output",
    .config_arm = "ringbuf",
    .instance_size = sizeof(RingbufChardev),
    .klass = &chardev_ringbuf_class,
    .check = chardev_ringbuf_check,
    .finalize = chardev_ringbuf_finalize,
};
