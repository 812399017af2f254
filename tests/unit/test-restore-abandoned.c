/*
 * A stream that is refused leaves nothing of itself: whatever was restored when
 * a device refused, the machine is what it was before, and could be anything
 * else's next
 *
 * docs/specs/migration-stream.rst, R17
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hw/acpi/vmgenid.h"
#include "hw/char/serial.h"
#include "migration/load.h"
#include "migration/save.h"
#include "qapi/walker.h"
#include "system/types.h"
#include "util/bytes.h"
#include "under-valgrind.h"

#define MIB (UINT64_C(1) << 20)

/* Of a large section, one byte in so many is changed */
#define CHANGED_MOST 120

/* A machine in a world */

typedef struct World {
    Object *root;
    Machine *machine;
    MachineSetup setup;
} World;

static void world_plug(World *w, const ObjectType *type, const char *id)
{
    g_autoptr(GError) error = NULL;
    Object *dev = object_new(type, NULL, &error);

    g_assert_no_error(error);
    g_assert_true(machine_plug(w->machine, (Device *)dev, id, &error));
    g_assert_no_error(error);
}

static void world_make(World *w, const char *type)
{
    g_autoptr(GError) error = NULL;
    Object *machine = object_new(machine_find_type(type), NULL, &error);

    *w = (World){
        .root = object_new(&container_type, NULL, NULL),
        .machine = (Machine *)machine,
        .setup = {
            .ram_size = 2 * MIB,
            .n_cpus = 1,
            .max_cpus = 1,
            .topology = { 1, 1, 1 },
            .rtc_fixed = true,
            .rtc_epoch_us = 1000000,
            .builtin_firmware = true,
        },
    };
    object_add_child(w->root, "machine", machine);
    g_assert_true(machine_build(w->machine, &w->setup, &error));
    world_plug(w, &vmgenid_type, NULL);
    world_plug(w, &isa_serial_type, "s0");
    g_assert_true(machine_finish(w->machine, &error));
    g_assert_no_error(error);
    machine_reset_devices(w->machine);
}

static void world_free(World *w)
{
    object_free(w->root);
}

/** Something of everything that can be restored and that a reset keeps: time
 *  and battery, lines that are high, ROM, a GUID, what firmware had written
 *  back. */
static void world_use(World *w)
{
    AddressSpace *io = &w->machine->io, *memory = &w->machine->memory;
    g_autoptr(GError) error = NULL;

    g_assert_true(machine_reset(w->machine, &error));
    g_assert_no_error(error);
    clock_advance(&w->machine->clock, 3 * NS_PER_SECOND + 12345);
    address_space_store(io, 0x70, 0x50, 1);
    address_space_store(io, 0x71, 0x5a, 1);
    address_space_store(io, 0x3f9, 2, 1);
    address_space_store(io, 0x602, 0x120, 2);
    address_space_store(io, 0xb002, 0x120, 2);
    address_space_store(io, 0xb2, 2, 1);
    address_space_store(io, 0xb2, 0xf1, 1);
    machine_power_button(w->machine);
    /* an HPET timer that holds a line, in legacy replacement mode */
    address_space_store(memory, 0xfed00108, 1000, 8);
    address_space_store(memory, 0xfed00100, 0x6, 8);
    address_space_store(memory, 0xfed00010, 3, 8);
    clock_advance(&w->machine->clock, 4 * NS_PER_SECOND);
    vmgenid_set(w->machine->vmgenid, NULL);
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

static void assert_fresh(World *w, const GByteArray *fresh)
{
    g_autoptr(GByteArray) now = world_save(w);

    g_assert_cmpmem(fresh->data, fresh->len, now->data, now->len);
}

/* Its stream as sections */

static void section_free(gpointer data)
{
    StreamSection *section = data;

    g_free((char *)section->name);
    g_free((uint8_t *)section->content);
    g_free(section);
}

static GPtrArray *sections_of(World *w)
{
    GPtrArray *sections = g_ptr_array_new_with_free_func(section_free);
    g_autoptr(GByteArray) bytes = world_save(w);
    StreamReader *reader = stream_reader_new();
    StreamProgress progress = STREAM_MORE;

    for (size_t at = 0, n; progress != STREAM_COMPLETE; at += n) {
        StreamSection section;
        uint8_t *to = stream_reader_want(reader, &n);

        memcpy(to, bytes->data + at, n);
        progress = stream_reader_got(reader, n, &section, NULL);
        g_assert_cmpint(progress, !=, STREAM_FAILED);
        if (progress == STREAM_SECTION) {
            section.name = g_strdup(section.name);
            section.content = g_memdup2(section.content, section.len);
            g_ptr_array_add(sections, g_memdup2(&section, sizeof(section)));
        }
    }
    stream_reader_free(reader);
    return sections;
}

/** Returns whether the first @n were accepted, and as a whole if they are all
 *  there are.  Then they are abandoned all the same. */
static bool load_and_abandon(World *w, const GPtrArray *sections, unsigned n)
{
    MachineLoader *loader = machine_loader_new(w->machine);
    g_autoptr(GError) error = NULL;
    RunState state;
    bool ok = true;

    for (unsigned i = 0; ok && i < n; i++) {
        ok = machine_loader_section(loader, sections->pdata[i], &error);
    }
    ok = ok && machine_loader_finish(loader, &state, &error);
    g_assert_true(ok == !error);
    machine_loader_abandon(loader);
    machine_loader_free(loader);
    return ok;
}

/* The tests */

/** The stream ends after each of its sections. */
static void test_sections(gconstpointer type)
{
    g_autoptr(GByteArray) fresh = NULL;
    g_autoptr(GPtrArray) sections = NULL;
    World a, b;

    world_make(&a, type);
    world_make(&b, type);
    world_use(&a);
    fresh = world_save(&a);
    assert_fresh(&a, fresh);            /* looking changes nothing */
    g_byte_array_unref(fresh);
    sections = sections_of(&a);
    fresh = world_save(&b);
    assert_fresh(&b, fresh);
    for (unsigned n = 0; n < sections->len; n++) {
        g_assert_false(load_and_abandon(&b, sections, n));
        assert_fresh(&b, fresh);
    }
    g_assert_true(load_and_abandon(&b, sections, sections->len));
    assert_fresh(&b, fresh);
    world_free(&a);
    world_free(&b);
}

/** Each device gets what it cannot have, while the others get what is good. */
static void test_devices(gconstpointer type)
{
    g_autoptr(GByteArray) fresh = NULL;
    g_autoptr(GPtrArray) sections = NULL;
    unsigned step = under_valgrind() ? 40 : 1;
    World a, b;

    world_make(&a, type);
    world_make(&b, type);
    world_use(&a);
    sections = sections_of(&a);
    fresh = world_save(&b);
    for (unsigned i = 0; i < sections->len; i++) {
        StreamSection *section = sections->pdata[i];
        uint8_t *content = (uint8_t *)section->content;
        size_t each = (1 + section->len / CHANGED_MOST) * step;
        unsigned refused = 0;

        if (section->kind != STREAM_DEVICE) {
            continue;
        }
        for (size_t at = 0; at < section->len; at += each) {
            uint8_t was = content[at];

            content[at] = ~was;
            refused += !load_and_abandon(&b, sections, sections->len);
            content[at] = was;
            assert_fresh(&b, fresh);
        }
        g_test_message("%s: %u of %zu refused", section->name, refused,
                       (section->len + each - 1) / each);
        g_assert_cmpuint(refused, >, 0);
    }
    world_free(&a);
    world_free(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    types_register();
    g_test_add_data_func("/restore-abandoned/pc/sections", "pc",
                         test_sections);
    g_test_add_data_func("/restore-abandoned/q35/sections", "q35",
                         test_sections);
    g_test_add_data_func("/restore-abandoned/pc/devices", "pc", test_devices);
    g_test_add_data_func("/restore-abandoned/q35/devices", "q35",
                         test_devices);
    return g_test_run();
}
