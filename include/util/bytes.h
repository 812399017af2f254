/*
 * Loads and stores of integers in a stated byte order, at any alignment
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_BYTES_H
#define UTIL_BYTES_H

#include <glib.h>
#include <stdint.h>
#include <string.h>

#define BYTES_DEFINE(bits, order, convert)                                  \
    static inline uint##bits##_t ld##bits##_##order(const void *p)          \
    {                                                                       \
        uint##bits##_t v;                                                   \
        memcpy(&v, p, sizeof(v));                                           \
        return convert(v);                                                  \
    }                                                                       \
    static inline void st##bits##_##order(void *p, uint##bits##_t v)        \
    {                                                                       \
        v = convert(v);                                                     \
        memcpy(p, &v, sizeof(v));                                           \
    }

BYTES_DEFINE(16, le, GUINT16_FROM_LE)
BYTES_DEFINE(32, le, GUINT32_FROM_LE)
BYTES_DEFINE(64, le, GUINT64_FROM_LE)
BYTES_DEFINE(16, be, GUINT16_FROM_BE)
BYTES_DEFINE(32, be, GUINT32_FROM_BE)
BYTES_DEFINE(64, be, GUINT64_FROM_BE)

#undef BYTES_DEFINE

/** ldn_le: little-endian load of @width bytes; @width 0 to 8. */
static inline uint64_t ldn_le(const void *p, unsigned width)
{
    uint64_t v = 0;

    memcpy(&v, p, width);
    return GUINT64_FROM_LE(v);
}

/** stn_le: little-endian store of the low @width bytes; @width 0 to 8. */
static inline void stn_le(void *p, unsigned width, uint64_t v)
{
    v = GUINT64_TO_LE(v);
    memcpy(p, &v, width);
}

/** bytes_sum: sum of @len bytes modulo 256. */
static inline uint8_t bytes_sum(const void *p, size_t len)
{
    const uint8_t *b = p;
    uint8_t sum = 0;

    while (len--) {
        sum += *b++;
    }
    return sum;
}

#endif
