/*
 * What a machine was before any of its devices was restored
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "migration/machine-before.h"

#include "migration/saved-parts.h"
#include "migration/state-codec.h"

struct MachineBefore {
    Machine *machine;
    const GPtrArray *parts;     /* SavedPart */
    int64_t now_ns, epoch_us;
    bool awaits_restore;
    GPtrArray *members;         /* GByteArray, in the order of the parts */
};

MachineBefore *machine_before_new(Machine *machine, const GPtrArray *parts)
{
    MachineBefore *before = g_new0(MachineBefore, 1);

    before->machine = machine;
    before->parts = parts;
    before->now_ns = machine->clock.now_ns;
    before->epoch_us = machine->clock.epoch_us;
    before->awaits_restore = machine->awaits_restore;
    before->members =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    for (unsigned i = 0; i < parts->len; i++) {
        const SavedPart *part = parts->pdata[i];
        GByteArray *members = g_byte_array_new();

        state_encode(part->table, part->obj, members);
        g_ptr_array_add(before->members, members);
    }
    return before;
}

void machine_before_free(MachineBefore *before)
{
    g_ptr_array_unref(before->members);
    g_free(before);
}

void machine_before_put_back(const MachineBefore *before)
{
    const GPtrArray *parts = before->parts;

    clock_restore(&before->machine->clock, before->now_ns, before->epoch_us);
    for (unsigned i = 0; i < parts->len; i++) {
        const SavedPart *part = parts->pdata[i];
        const GByteArray *members = before->members->pdata[i];
        bool ok = state_decode(part->table, part->obj, part->table->version,
                               members->data, members->len, NULL);

        g_assert(ok);
    }
    for (unsigned i = 0; i < parts->len; i++) {
        const SavedPart *part = parts->pdata[i];
        bool ok = state_loaded(part->table, part->obj, NULL);

        g_assert(ok);
    }
    before->machine->awaits_restore = before->awaits_restore;
    saved_parts_tell_restored(parts);
}
