/*
 * The guest state of a device: what loaded() checks with
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/core/state.h"

#include "util/error.h"

bool state_check_bits(const char *member, uint64_t value, uint64_t possible,
                      GError **error)
{
    uint64_t others = value & ~possible;

    return !others ||
           fm_error_set(error, "%s is 0x%" G_GINT64_MODIFIER "x, bits 0x%"
                        G_GINT64_MODIFIER "x of it cannot be set", member,
                        value, others);
}
