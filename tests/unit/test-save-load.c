/*
 * A machine saved and restored: what comes back, and what is refused
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "migration/load.h"
#include "migration/save.h"
#include "qapi/walker.h"
#include "system/types.h"

#define MIB (UINT64_C(1) << 20)
#define PAGE 4096

typedef struct World {
    Object *root;
    Machine *machine;
    MachineSetup setup;
} World;

static void world_make(World *w, const char *type_name, uint64_t ram_size)
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
        },
    };
    machine = object_new(machine_find_type(type_name), NULL, &error);
    g_assert_no_error(error);
    object_add_child(w->root, "machine", machine);
    w->machine = (Machine *)machine;
    g_assert_true(machine_build(w->machine, &w->setup, &error));
    g_assert_true(machine_finish(w->machine, &error));
    g_assert_true(machine_reset(w->machine, &error));
    g_assert_no_error(error);
}

static void world_free(World *w)
{
    object_free(w->root);
}

static GByteArray *world_save(World *w)
{
    MachineSaver *saver = machine_saver_new(w->machine, RUN_STATE_PAUSED);
    GByteArray *out = g_byte_array_new();

    while (machine_saver_next(saver, out)) {
    }
    machine_saver_free(saver);
    return out;
}

static bool feed(StreamReader *reader, MachineLoader *loader,
                 const uint8_t *bytes, size_t len, GError **error)
{
    for (;;) {
        StreamSection section;
        size_t n;
        uint8_t *to = stream_reader_want(reader, &n);

        if (len == 0) {
            return stream_reader_truncated(reader, error);
        }
        n = MIN(n, len);
        memcpy(to, bytes, n);
        bytes += n;
        len -= n;
        switch (stream_reader_got(reader, n, &section, error)) {
        case STREAM_MORE:
            break;
        case STREAM_SECTION:
            if (!machine_loader_section(loader, &section, error)) {
                return false;
            }
            break;
        case STREAM_COMPLETE:
            g_assert_cmpuint(len, ==, 0);
            return true;
        case STREAM_FAILED:
            return false;
        }
    }
}

static bool world_load(World *w, const GByteArray *bytes, GError **error)
{
    StreamReader *reader = stream_reader_new();
    MachineLoader *loader = machine_loader_new(w->machine);
    RunState state = RUN_STATE_RUNNING;
    bool ok = feed(reader, loader, bytes->data, bytes->len, error) &&
              machine_loader_finish(loader, &state, error);

    if (!ok) {
        machine_loader_abandon(loader);
    } else {
        g_assert_cmpint(state, ==, RUN_STATE_PAUSED);
    }
    machine_loader_free(loader);
    stream_reader_free(reader);
    return ok;
}

static uint8_t *world_ram(World *w)
{
    return ((MemoryRegion *)w->machine->memories->pdata[0])->host;
}

static void test_memory(void)
{
    World a, b;
    g_autoptr(GByteArray) bytes = NULL;
    g_autoptr(GError) error = NULL;

    world_make(&a, "none", 64 * MIB);
    world_make(&b, "none", 64 * MIB);
    memset(world_ram(&a) + 5 * PAGE, 0x55, 700 * PAGE);
    world_ram(&a)[64 * MIB - 1] = 1;
    world_ram(&b)[0] = 1;
    bytes = world_save(&a);
    g_assert_true(world_load(&b, bytes, &error));
    g_assert_no_error(error);
    g_assert_cmpint(memcmp(world_ram(&a), world_ram(&b), 64 * MIB), ==, 0);
    world_free(&a);
    world_free(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    types_register();
    g_test_add_func("/save-load/memory", test_memory);
    return g_test_run();
}
