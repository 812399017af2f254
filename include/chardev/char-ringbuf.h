/*
 * Character device `ringbuf`: the last of the output, kept in memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef CHARDEV_CHAR_RINGBUF_H
#define CHARDEV_CHAR_RINGBUF_H

#include "chardev/char.h"

/**
 * chardev_ringbuf_write: add to the buffer as the machine would; what was there
 * longest gives way.
 *
 * Returns: false with @error set, `ID is not a ringbuf device`.
 */
bool chardev_ringbuf_write(Chardev *chr, const void *bytes, size_t len,
                           GError **error);

/**
 * chardev_ringbuf_read: take up to @max bytes out of the buffer, the oldest
 * first.
 *
 * Returns: new bytes, g_byte_array_unref(); NULL with @error set, `ID is not a
 * ringbuf device`.
 */
GByteArray *chardev_ringbuf_read(Chardev *chr, size_t max, GError **error);

#endif
