/*
 * QAPI values: what the walker's parts share
 *
 * A value is reached in two ways.  As a value of its own (a command's
 * arguments, an item of a list, a union's arm) it is type->size bytes.  As a
 * member of a struct it is the same, except that a struct is held by pointer;
 * the place of a member is called a slot here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QAPI_VALUE_H
#define QAPI_VALUE_H

#include "qapi/walker.h"

/** qapi_value_arm: the arm that @value's discriminator selects; NULL if it has
 *  no members, or @type is no union. */
const QapiBranch *qapi_value_arm(const QapiType *type, const void *value);

/** qapi_alternate_choice: what @value, of an alternate type, holds. */
const QapiBranch *qapi_alternate_choice(const QapiType *type,
                                        const void *value);

/** qapi_slot_clear: free what is in a slot, and zero it. */
void qapi_slot_clear(const QapiType *type, void *slot);

static inline void *qapi_at(void *value, uint32_t offset)
{
    return (char *)value + offset;
}

static inline const void *qapi_at_const(const void *value, uint32_t offset)
{
    return (const char *)value + offset;
}

#endif
