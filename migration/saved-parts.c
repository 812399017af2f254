/*
 * What of a machine has state: itself and its devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "migration/saved-parts.h"

#include "migration/state-codec.h"

static const StateField no_fields[] = {
    STATE_END
};

static const StateTable no_state = { .version = 1, .fields = no_fields };

static void saved_part_free(gpointer data)
{
    SavedPart *part = data;

    g_clear_pointer(&part->members, g_bytes_unref);
    g_free(part->path);
    g_free(part);
}

static void saved_parts_add(GPtrArray *parts, Object *obj,
                            const StateTable *table)
{
    SavedPart *part = g_new0(SavedPart, 1);

    part->path = object_path(obj);
    part->obj = obj;
    part->table = table;
    g_ptr_array_add(parts, part);
}

static bool saved_parts_visit(Object *obj, void *opaque)
{
    if (object_is_a(obj, &device_type)) {
        const DeviceClass *klass = device_class((Device *)obj);

        /* nothing is left out because nobody has thought of it */
        g_assert(klass->state || klass->stateless);
        saved_parts_add(opaque, obj, klass->state ? klass->state : &no_state);
    }
    return true;
}

GPtrArray *saved_parts_find(Machine *machine)
{
    const StateTable *own = machine_class(machine)->state;
    GPtrArray *parts = g_ptr_array_new_with_free_func(saved_part_free);

    if (own) {
        saved_parts_add(parts, &machine->parent, own);
    }
    object_foreach(&machine->parent, saved_parts_visit, parts);
    return parts;
}

void saved_parts_tell_restored(const GPtrArray *parts)
{
    for (unsigned i = 0; i < parts->len; i++) {
        const SavedPart *part = parts->pdata[i];

        state_restored(part->table, part->obj);
    }
}
