/*
 * Values for the properties of all objects of a type (-global)
 *
 * A value given to the object itself counts more; of several that apply, the
 * last.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QOM_GLOBALS_H
#define QOM_GLOBALS_H

#include "qapi-types.h"
#include "qom/object.h"

/**
 * global_check: whether @global can be applied to some registered type.
 * @known: set to whether there is such a type at all
 *
 * Returns: false with @error set if the type is known, but neither it nor one
 * that derives from it has such a property, or the value does not fit it.
 */
bool global_check(const GlobalOptions *global, bool *known, GError **error);

/**
 * globals_apply:
 * @globals: GlobalOptions, each checked; NULL: none
 * @config: configuration of an object of @type that is to be made
 *
 * Fill in what @globals say and @config was not given.
 */
void globals_apply(const GPtrArray *globals, const ObjectType *type,
                   void *config);

#endif
