/*
 * The members of a state table as bytes
 *
 * Format: docs/specs/migration-stream.rst, "Members".  Every member is written
 * with its name, its width and how many there are; parts' members have the
 * part's name before theirs ("timers[1].config").
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MIGRATION_STATE_CODEC_H
#define MIGRATION_STATE_CODEC_H

#include "hw/core/state.h"

/** state_encode: append the members of @obj; calls saving() first, the whole's
 *  before its parts'. */
void state_encode(const StateTable *table, void *obj, GByteArray *out);

/**
 * state_decode: fill in @obj; loaded() is not called.
 * @version: that @bytes were written with, at most table->version
 * @bytes, @len: from anywhere
 *
 * Returns: false with @error set if a member is missing, unknown, there twice,
 * or not of the width and number that the table has; @obj may be half filled
 * in.  The message names the member and its offset in @bytes.
 */
bool state_decode(const StateTable *table, void *obj, uint16_t version,
                  const uint8_t *bytes, size_t len, GError **error);

/** state_decode_at: the same; the messages' offsets count from @offset, which
 *  is that of @bytes in the stream. */
bool state_decode_at(const StateTable *table, void *obj, uint16_t version,
                     const uint8_t *bytes, size_t len, uint64_t offset,
                     GError **error);

/** state_loaded: call loaded(), the parts' before the whole's.  Returns false
 *  with @error set if one refuses; what a part says of its member begins with
 *  the part's name then ("pm.pm1_sts"). */
bool state_loaded(const StateTable *table, void *obj, GError **error);

/** state_restored: call restored(), the parts' before the whole's. */
void state_restored(const StateTable *table, void *obj);

#endif
