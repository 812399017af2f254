/*
 * For tests of whole machines: one in a tree of its own, whose firmware is
 * built in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_MACHINE_WORLD_H
#define TESTS_UNIT_MACHINE_WORLD_H

#include "hw/core/machine.h"
#include "system/types.h"

/* ACPI 6.5, 5.2.6: a header alone; its bytes sum to zero */
static const uint8_t world_slic[36] = {
    'S', 'L', 'I', 'C', 36, 0, 0, 0, 1, 0x3a, 'A', 'B', 'R', 'A', 'C', 'A',
    'D', 'A', 'B', 'R', 'A', 'X', 'Y', 'Z', 4, 3, 2, 1, 'Q', 'U', 'U', 'X',
    8, 7, 6, 5,
};

typedef struct World {
    Object *root;
    Machine *machine;
    MachineSetup setup;
} World;

/** world_build: a machine that is complete and has not been reset.
 * @with_slic: the user gives world_slic
 */
static inline void world_build(World *w, const char *type_name,
                               uint64_t ram_size, bool with_slic)
{
    g_autoptr(GError) error = NULL;
    Object *machine;

    *w = (World){
        .root = object_new(&container_type, NULL, NULL),
        .setup = {
            .ram_size = ram_size,
            .n_cpus = 1,
            .max_cpus = 1,
            .topology = { 1, 1, 1 },
            .acpi_tables = g_ptr_array_new_with_free_func(
                (GDestroyNotify)g_bytes_unref),
            .files = g_ptr_array_new(),
            .builtin_firmware = true,
        },
    };
    if (with_slic) {
        g_ptr_array_add(w->setup.acpi_tables,
                        g_bytes_new_static(world_slic, sizeof(world_slic)));
    }
    machine = object_new(machine_find_type(type_name), NULL, &error);
    g_assert_no_error(error);
    object_add_child(w->root, "machine", machine);
    w->machine = (Machine *)machine;
    g_assert_true(machine_build(w->machine, &w->setup, &error));
    g_assert_true(machine_finish(w->machine, &error));
    g_assert_no_error(error);
}

static inline void world_free(World *w)
{
    object_free(w->root);
    g_ptr_array_unref(w->setup.acpi_tables);
    g_ptr_array_unref(w->setup.files);
}

/** world_peek: for acpi_walk(); @opaque: an AddressSpace. */
static inline bool world_peek(void *opaque, uint64_t gpa, void *buf, size_t len)
{
    return address_space_peek(opaque, gpa, buf, len);
}

#endif
