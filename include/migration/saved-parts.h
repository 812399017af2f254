/*
 * What of a machine has state: itself and its devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MIGRATION_SAVED_PARTS_H
#define MIGRATION_SAVED_PARTS_H

#include "hw/core/machine.h"

typedef struct SavedPart {
    char *path;                 /* its section's name */
    Object *obj;                /* borrowed */
    const StateTable *table;    /* of no members, if it is stateless */

    /* Restoring: what has come for it; NULL: nothing yet */
    GBytes *members;
    uint16_t version;
    uint64_t section_offset, members_offset;
} SavedPart;

/** saved_parts_find: SavedPart, in the order of the tree, parents first; free
 *  with g_ptr_array_unref(). */
GPtrArray *saved_parts_find(Machine *machine);

/** saved_parts_tell_restored: everybody has been loaded and nobody has refused:
 *  state_restored() for all of them, in their order. */
void saved_parts_tell_restored(const GPtrArray *parts);

#endif
