/*
 * A machine saved and restored: what comes back, and what is refused
 *
 * docs/specs/migration-stream.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include <sys/stat.h>

#include "backends/memory.h"
#include "migration/load.h"
#include "migration/machine-facts.h"
#include "migration/save.h"
#include "migration/state-codec.h"
#include "qapi/walker.h"
#include "system/memory-scan.h"
#include "system/types.h"
#include "util/bytes.h"
#include "util/error.h"

#define MIB (UINT64_C(1) << 20)
#define PAGE 4096

/* Devices with a table, and a machine that has some of them */

typedef struct TestDevice {
    Device parent;
    uint32_t reg;
    Timer timer;
} TestDevice;

typedef struct TestMachine {
    Machine parent;
    MemoryRegion ram;
    TestDevice *devices[3];
    uint16_t own;
} TestMachine;

static GString *loaded_log;     /* names, in order */

static bool test_device_loaded(void *obj, GError **error)
{
    TestDevice *dev = obj;

    g_string_append_printf(loaded_log, "%s ", dev->parent.parent.name);
    return dev->reg != 0xbad || fm_error_set(error, "reg: 0xbad cannot be");
}

static void test_device_reset(Device *dev)
{
    TestDevice *test = (TestDevice *)dev;

    test->reg = 0x1e5e7;
    if (test->timer.clock) {
        timer_set(&test->timer, clock_now_ns(test->timer.clock) + 10);
    }
}

static void test_device_finalize(Object *obj)
{
    timer_cancel(&((TestDevice *)obj)->timer);
}

static const StateField test_device_fields[] = {
    STATE_FIELD(TestDevice, reg),
    STATE_END
};

static const StateTable test_device_state = {
    .version = 2,
    .fields = test_device_fields,
    .loaded = test_device_loaded,
};

static const DeviceClass test_device_class = {
    .reset = test_device_reset,
    .state = &test_device_state,
};

static const ObjectType test_device_type = {
    .name = "test-device",
    .parent = &device_type,
    .doc = "Device of a test",
    .instance_size = sizeof(TestDevice),
    .klass = &test_device_class,
    .finalize = test_device_finalize,
};

static const DeviceClass other_device_class = {
    .stateless = "it is a test's",
};

static const ObjectType other_device_type = {
    .name = "other-device",
    .parent = &device_type,
    .doc = "Another device of a test",
    .instance_size = sizeof(TestDevice),
    .klass = &other_device_class,
};

static void expired(void *opaque)
{
    g_assert_not_reached();
}

static const StateField test_machine_fields[] = {
    STATE_FIELD(TestMachine, own),
    STATE_END
};

static const StateTable test_machine_state = {
    .version = 1,
    .fields = test_machine_fields,
};

static bool test_machine_build(Machine *machine, GError **error)
{
    TestMachine *test = (TestMachine *)machine;
    MachinePart parts[3];

    for (unsigned i = 0; i < 3; i++) {
        static const char *const names[] = { "first", "second", "third" };
        const ObjectType *type = i < 2 ? &test_device_type
                                       : &other_device_type;

        test->devices[i] = (TestDevice *)object_new(type, NULL, NULL);
        parts[i] = (MachinePart){ names[i], (Device *)test->devices[i] };
        timer_init(&test->devices[i]->timer, &machine->clock, expired, NULL);
    }
    if (!machine_init_ram(machine, &test->ram, error)) {
        return false;
    }
    memory_region_add(&machine->memory_root, 0, &test->ram, 0);
    return machine_add_parts(machine, parts, 3, error);
}

static void test_machine_finalize(Object *obj)
{
    memory_region_cleanup(&((TestMachine *)obj)->ram);
}

static const MachineClass test_machine_class = {
    .name = "test-1.0",
    .max_cpus = 4,
    .ram_id = "ram",
    .ram_most = UINT64_C(1) << 40,
    .build = test_machine_build,
    .state = &test_machine_state,
};

static const ObjectType test_machine_type = {
    .name = "test-1.0-machine",
    .parent = &machine_type,
    .doc = "Machine of a test",
    .instance_size = sizeof(TestMachine),
    .klass = &test_machine_class,
    .finalize = test_machine_finalize,
};

/* A machine in a world */

typedef struct World {
    Object *root;
    Machine *machine;
    MachineSetup setup;
    bool places;                /* pages where they belong, while they come */
} World;

static void world_init(World *w, uint64_t ram_size)
{
    *w = (World){
        .root = object_new(&container_type, NULL, NULL),
        .setup = {
            .ram_size = ram_size,
            .n_cpus = 1,
            .max_cpus = 1,
            .topology = { 1, 1, 1 },
            .files = g_ptr_array_new(),
            .rtc_fixed = true,
            .rtc_epoch_us = 1000000,
        },
    };
}

static void world_build(World *w, const ObjectType *type)
{
    g_autoptr(GError) error = NULL;
    Object *machine = object_new(type, NULL, &error);

    g_assert_no_error(error);
    object_add_child(w->root, "machine", machine);
    w->machine = (Machine *)machine;
    g_assert_true(machine_build(w->machine, &w->setup, &error));
    g_assert_true(machine_finish(w->machine, &error));
    g_assert_no_error(error);
    machine_reset_devices(w->machine);
}

static void world_make(World *w, uint64_t ram_size)
{
    world_init(w, ram_size);
    world_build(w, &test_machine_type);
}

static void world_free(World *w)
{
    object_free(w->root);
    g_ptr_array_unref(w->setup.files);
    g_clear_pointer(&w->setup.bios, g_bytes_unref);
}

static MemoryRegion *world_memory(const World *w, unsigned i)
{
    return w->machine->memories->pdata[i];
}

static uint8_t *world_ram(const World *w)
{
    return world_memory(w, 0)->host;
}

static TestDevice *world_device(const World *w, unsigned i)
{
    return ((TestMachine *)w->machine)->devices[i];
}

/* Saving and restoring */

/** A piece of memory ends where a host's huge page may. */
static void check_reach(const GByteArray *section)
{
    const uint8_t *content = section->data + 24 + ld16_le(section->data + 12) +
                             8;

    if (ld16_le(section->data + 4) == STREAM_MEMORY) {
        g_assert_cmpuint(ld64_le(content) % MIB + ld32_le(content + 8) * PAGE,
                         <=, MIB);
    }
}

static GByteArray *world_save(World *w, MemoryProgress *progress)
{
    MachineSaver *saver = machine_saver_new(w->machine, RUN_STATE_PAUSED);
    g_autoptr(GByteArray) piece = g_byte_array_new();
    GByteArray *out = g_byte_array_new();

    while (machine_saver_next(saver, piece)) {
        g_assert_cmpuint(piece->len, <=, MIB + 1024);
        if (out->len && piece->len) {
            check_reach(piece);
        }
        g_byte_array_append(out, piece->data, piece->len);
        g_byte_array_set_size(piece, 0);
    }
    g_assert_cmpuint(piece->len, ==, 0);
    g_assert_false(machine_saver_next(saver, piece));
    if (progress) {
        *progress = *machine_saver_progress(saver);
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

static bool world_load(World *w, const GByteArray *bytes,
                       MemoryProgress *progress, GError **error)
{
    StreamReader *reader = stream_reader_new();
    MachineLoader *loader = machine_loader_new(w->machine);
    RunState state = RUN_STATE_RUNNING;
    bool ok;

    if (w->places) {
        stream_reader_set_placer(reader, machine_loader_place, loader);
    }
    ok = feed(reader, loader, bytes->data, bytes->len, error) &&
         machine_loader_finish(loader, &state, error);
    if (!ok) {
        machine_loader_abandon(loader);
    } else {
        g_assert_cmpint(state, ==, RUN_STATE_PAUSED);
    }
    if (progress) {
        *progress = *machine_loader_progress(loader);
    }
    machine_loader_free(loader);
    stream_reader_free(reader);
    return ok;
}

static void expect_refused(World *w, const GByteArray *bytes,
                           const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(world_load(w, bytes, NULL, &error));
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, message);
}

/* Memory */

static bool is_untouched(const World *w, uint64_t offset, uint64_t len)
{
    MemoryScan *scan = memory_scan_new();
    bool untouched = true;

    while (len > 0 && untouched) {
        uint64_t n = memory_scan_untouched(scan, world_memory(w, 0), offset,
                                           len, &untouched);

        offset += n;
        len -= n;
    }
    memory_scan_free(scan);
    return untouched;
}

static void test_memory(void)
{
    World a, b;
    g_autoptr(GByteArray) bytes = NULL;
    g_autoptr(GError) error = NULL;
    MemoryProgress saved, restored;

    world_make(&a, 64 * MIB);
    world_make(&b, 64 * MIB);
    memset(world_ram(&a) + 5 * PAGE, 0x55, 700 * PAGE);
    memset(world_ram(&a) + 300 * PAGE, 0, 2 * PAGE);
    world_ram(&a)[20 * MIB] = 0;        /* touched, but zero */
    world_ram(&a)[64 * MIB - 1] = 1;
    world_ram(&b)[0] = world_ram(&b)[20 * MIB] = 1;
    bytes = world_save(&a, &saved);
    g_assert_true(world_load(&b, bytes, &restored, &error));
    g_assert_no_error(error);
    g_assert_cmpint(memcmp(world_ram(&a), world_ram(&b), 64 * MIB), ==, 0);
    g_assert_cmpuint(saved.normal_pages, ==, 699);
    g_assert_cmpuint(saved.zero_pages, ==, 64 * MIB / PAGE - 699);
    g_assert_cmpuint(saved.total, ==, 64 * MIB);
    g_assert_cmpuint(saved.done, ==, 64 * MIB);
    g_assert_cmpmem(&saved, sizeof(saved), &restored, sizeof(restored));
    g_assert_cmpuint(bytes->len, <, 700 * PAGE);
    world_free(&a);
    world_free(&b);
}

/** R13: who has no memory needs none for being saved and restored. */
static void test_untouched(void)
{
    World a, b;
    g_autoptr(GByteArray) bytes = NULL;

    world_make(&a, 1024 * MIB);
    world_make(&b, 1024 * MIB);
    memset(world_ram(&a) + 3 * PAGE, 1, 2 * PAGE);
    memset(world_ram(&b), 2, 16 * MIB);
    bytes = world_save(&a, NULL);
    g_assert_cmpuint(bytes->len, <, 3 * PAGE);
    g_assert_true(world_load(&b, bytes, NULL, NULL));
    /* nothing is told of memory without the right to know */
    if (is_untouched(&a, 512 * MIB, PAGE)) {
        g_assert_true(is_untouched(&a, 0, 3 * PAGE));
        g_assert_true(is_untouched(&a, 5 * PAGE, 1024 * MIB - 5 * PAGE));
        g_assert_false(is_untouched(&b, 3 * PAGE, PAGE));
        g_assert_true(is_untouched(&b, 5 * PAGE, 1024 * MIB - 5 * PAGE));
    }
    world_free(&a);
    world_free(&b);
}

/** Memory that others see is zero for them, too, and takes no room. */
static void test_shared(void)
{
    World w;
    MemoryBackendMemfdProperties *options;
    MemoryBackend *backend;
    g_autoptr(GByteArray) bytes = NULL;
    g_autoptr(GError) error = NULL;
    MachineLoader *loader;
    struct stat st;

    world_make(&w, 4 * MIB);
    bytes = world_save(&w, NULL);
    world_free(&w);

    world_init(&w, 4 * MIB);
    options = qapi_new(&qapi_type_MemoryBackendMemfdProperties);
    options->size = 4 * MIB;
    backend = (MemoryBackend *)object_new(&memory_backend_memfd_type, options,
                                          &error);
    g_assert_no_error(error);
    object_add_child(object_container(w.root, "/objects"), "ram",
                     &backend->parent);
    g_assert_true(object_complete(&backend->parent, w.root, &error));
    g_assert_true(memory_backend_properties(backend)->share);
    {
        MachineOptions *machine = qapi_new(&qapi_type_MachineOptions);
        Object *obj;

        machine->memory_backend = g_strdup("ram");
        obj = object_new(&test_machine_type, machine, &error);
        g_assert_no_error(error);
        object_add_child(w.root, "machine", obj);
        w.machine = (Machine *)obj;
        g_assert_true(machine_build(w.machine, &w.setup, &error));
        g_assert_no_error(error);
    }
    g_assert_true(world_ram(&w) == backend->host);
    memset(backend->host, 0xa5, 4 * MIB);
    g_assert_cmpint(fstat(backend->fd, &st), ==, 0);
    g_assert_cmpuint(st.st_blocks * 512, >=, 4 * MIB);
    loader = machine_loader_new(w.machine);
    machine_loader_free(loader);
    g_assert_cmpint(fstat(backend->fd, &st), ==, 0);
    g_assert_cmpuint(st.st_blocks, ==, 0);
    g_assert_cmpuint(backend->host[0], ==, 0);
    g_assert_cmpuint(backend->host[4 * MIB - 1], ==, 0);

    memset(backend->host, 0xa5, 4 * MIB);
    g_assert_true(world_load(&w, bytes, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(backend->host[MIB], ==, 0);
    world_free(&w);
}

/** One piece of memory for a machine of 16 pages, as nobody writes it. */
static bool load_piece(MachineLoader *loader, const char *name,
                       uint64_t offset, uint32_t pages, uint32_t bitmap,
                       unsigned bitmap_len, unsigned len, GError **error)
{
    g_autofree uint8_t *content = g_malloc0(12 + bitmap_len + len);
    StreamSection section = {
        .kind = STREAM_MEMORY,
        .version = 1,
        .name = name,
        .content = content,
        .len = 12 + bitmap_len + len,
        .offset = 500,
    };

    st64_le(content, offset);
    st32_le(content + 8, pages);
    stn_le(content + 12, bitmap_len, bitmap);
    memset(content + 12 + bitmap_len, 0x77, len);
    return machine_loader_section(loader, &section, error);
}

static void test_pieces(void)
{
    static const struct {
        const char *name;
        uint64_t offset;
        uint32_t pages, bitmap;
        unsigned bitmap_len, len;
        const char *message;
    } cases[] = {
        { "rom", 0, 1, 1, 1, PAGE, "this machine has no such memory" },
        { "ram", 1, 1, 1, 1, PAGE, "1 pages at byte 1 are not in that memory, "
          "which has 65536 bytes" },
        { "ram", 16 * PAGE, 1, 1, 1, PAGE, "1 pages at byte 65536 are not in "
          "that memory, which has 65536 bytes" },
        { "ram", 15 * PAGE, 2, 1, 1, PAGE, "2 pages at byte 61440 are not in "
          "that memory, which has 65536 bytes" },
        { "ram", -(uint64_t)PAGE, 2, 1, 1, PAGE, "2 pages at byte "
          "18446744073709547520 are not in that memory, which has 65536 "
          "bytes" },
        { "ram", 0, 17, 1, 3, PAGE, "17 pages at byte 0 are not in that "
          "memory, which has 65536 bytes" },
        { "ram", 0, UINT32_MAX, 1, 1, PAGE, "4109 bytes are too few for "
          "4294967295 pages" },
        { "ram", 0, 0, 0, 0, 0, "its bitmap has 0 pages, but there are 0 "
          "bytes of them" },
        { "ram", 0, 2, 0, 1, 0, "its bitmap has 0 pages, but there are 0 "
          "bytes of them" },
        { "ram", 0, 2, 4, 1, PAGE, "its bitmap goes beyond its 2 pages" },
        { "ram", 0, 2, 3, 1, PAGE, "its bitmap has 2 pages, but there are "
          "4096 bytes of them" },
        { "ram", 0, 2, 1, 1, PAGE + 1, "its bitmap has 1 pages, but there are "
          "4097 bytes of them" },
        { "ram", 0, 2, 1, 1, PAGE - 1, "its bitmap has 1 pages, but there are "
          "4095 bytes of them" },
        { "ram", 7 * PAGE, 1, 1, 1, PAGE, "a piece at byte 28672 comes after "
          "one that ends at byte 32768" },
        { "ram", 0, 16, 1, 2, PAGE, "a piece at byte 0 comes after one that "
          "ends at byte 32768" },
    };
    MachineLoader *loader;
    World w;

    world_make(&w, 16 * PAGE);
    loader = machine_loader_new(w.machine);
    g_assert_true(load_piece(loader, "ram", 5 * PAGE, 3, 5, 1, 2 * PAGE,
                             NULL));
    g_assert_cmpuint(world_ram(&w)[5 * PAGE], ==, 0x77);
    g_assert_cmpuint(world_ram(&w)[6 * PAGE], ==, 0);
    g_assert_cmpuint(world_ram(&w)[8 * PAGE - 1], ==, 0x77);
    memset(world_ram(&w), 0, 16 * PAGE);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *message = g_strdup_printf(
            "section '%s' at offset 500: %s", cases[i].name, cases[i].message);

        g_assert_false(load_piece(loader, cases[i].name, cases[i].offset,
                                  cases[i].pages, cases[i].bitmap,
                                  cases[i].bitmap_len, cases[i].len, &error));
        g_assert_cmpstr(error->message, ==, message);
        g_assert_true(world_ram(&w)[0] == 0 &&
                      memcmp(world_ram(&w), world_ram(&w) + 1,
                             16 * PAGE - 1) == 0);
    }
    {
        StreamSection section = { .kind = STREAM_MEMORY, .version = 1,
                                  .name = "ram",
                                  .content = (const uint8_t *)"123456789ab",
                                  .len = 11 };

        g_assert_false(machine_loader_section(loader, &section, NULL));
        section.version = 2;
        section.len = 0;
        g_assert_false(machine_loader_section(loader, &section, NULL));
    }
    g_assert_true(load_piece(loader, "ram", 8 * PAGE, 8, 0x80, 1, PAGE, NULL));
    g_assert_cmpuint(world_ram(&w)[16 * PAGE - 1], ==, 0x77);
    machine_loader_free(loader);
    world_free(&w);
}

/** Pages that are all there go straight to where they belong. */
static void test_placed(void)
{
    World a, b;
    g_autoptr(GByteArray) bytes = NULL;
    g_autoptr(GError) error = NULL;
    MemoryProgress saved, restored;

    world_make(&a, 8 * MIB);
    world_make(&b, 8 * MIB);
    b.places = true;
    for (unsigned i = 0; i < 5 * MIB / 4; i++) {
        st32_le(world_ram(&a) + MIB / 2 + 4 * i, i + 1);
    }
    memset(world_ram(&a) + 3 * MIB, 0, PAGE);
    bytes = world_save(&a, &saved);
    g_assert_true(world_load(&b, bytes, &restored, &error));
    g_assert_no_error(error);
    g_assert_cmpint(memcmp(world_ram(&a), world_ram(&b), 8 * MIB), ==, 0);
    g_assert_cmpmem(&saved, sizeof(saved), &restored, sizeof(restored));

    /* nothing is left of it when a byte of it is wrong */
    for (size_t at = 1000; at < bytes->len; at += MIB / 3) {
        bytes->data[at] ^= 4;
        machine_reset_devices(b.machine);
        g_assert_false(world_load(&b, bytes, NULL, NULL));
        g_assert_cmpuint(world_ram(&b)[0], ==, 0);
        g_assert_cmpint(memcmp(world_ram(&b), world_ram(&b) + 1, 8 * MIB - 1),
                        ==, 0);
        bytes->data[at] ^= 4;
    }
    world_free(&a);
    world_free(&b);
}

static uint8_t *place_piece(MachineLoader *loader, const char *name,
                            uint16_t version, uint64_t offset, uint32_t pages,
                            uint8_t bitmap, size_t len, size_t *at)
{
    uint8_t content[STREAM_SHOWN_MAX];
    const StreamSection section = {
        .kind = STREAM_MEMORY,
        .version = version,
        .name = name,
        .content = content,
        .len = len,
    };

    memset(content, bitmap, sizeof(content));
    st64_le(content, offset);
    st32_le(content + 8, pages);
    return machine_loader_place(loader, &section, sizeof(content), at);
}

static void test_not_placed(void)
{
    static const struct {
        const char *name;
        uint16_t version;
        uint64_t offset;
        uint32_t pages;
        uint8_t bitmap;
        size_t len;
    } cases[] = {
        { "rom", 1, 0, 8, 0xff, 13 + 8 * PAGE },
        { "ram", 2, 0, 8, 0xff, 13 + 8 * PAGE },
        { "ram", 1, 1, 8, 0xff, 13 + 8 * PAGE },
        { "ram", 1, 0, 8, 0xfe, 13 + 7 * PAGE },
        { "ram", 1, 0, 8, 0xff, 12 + 8 * PAGE },
        { "ram", 1, 0, 8, 0xff, 14 + 8 * PAGE },
        { "ram", 1, 1017 * PAGE, 8, 0xff, 13 + 8 * PAGE },
        { "ram", 1, -(uint64_t)PAGE, 8, 0xff, 13 + 8 * PAGE },
        { "ram", 1, 0, 0, 0xff, 12 },
        { "ram", 1, 0, 520, 0xff, 12 + 65 + 520 * PAGE },
        { "ram", 1, 0, UINT32_MAX, 0xff, STREAM_CONTENT_MAX },
    };
    MachineLoader *loader;
    size_t at = 0;
    World w;

    world_make(&w, 4 * MIB);
    loader = machine_loader_new(w.machine);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_null(place_piece(loader, cases[i].name, cases[i].version,
                                  cases[i].offset, cases[i].pages,
                                  cases[i].bitmap, cases[i].len, &at));
    }
    g_assert_true(place_piece(loader, "ram", 1, 1016 * PAGE, 8, 0xff,
                              13 + 8 * PAGE, &at) ==
                  world_ram(&w) + 1016 * PAGE);
    g_assert_cmpuint(at, ==, 13);
    g_assert_true(place_piece(loader, "ram", 1, 0, 512, 0xff,
                              12 + 64 + 512 * PAGE, &at) == world_ram(&w));
    g_assert_cmpuint(at, ==, 12 + 64);
    machine_loader_free(loader);
    world_free(&w);
}

/* Devices and the clock */

static void test_devices(void)
{
    World a, b;
    g_autoptr(GByteArray) bytes = NULL;
    g_autoptr(GError) error = NULL;
    MachineLoader *loader;

    world_make(&a, PAGE);
    world_make(&b, PAGE);
    world_device(&a, 0)->reg = 1;
    world_device(&a, 1)->reg = 2;
    ((TestMachine *)a.machine)->own = 0x1234;
    bytes = world_save(&a, NULL);
    g_string_truncate(loaded_log, 0);
    g_assert_true(world_load(&b, bytes, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(world_device(&b, 0)->reg, ==, 1);
    g_assert_cmpuint(world_device(&b, 1)->reg, ==, 2);
    g_assert_cmpuint(((TestMachine *)b.machine)->own, ==, 0x1234);
    g_assert_cmpstr(loaded_log->str, ==, "first second ");
    /* a timer that is not in the table does not go on as reset left it */
    g_assert_cmpint(clock_deadline_ns(&b.machine->clock), ==, -1);

    /* nothing of it is done before the end was seen */
    machine_reset_devices(b.machine);
    loader = machine_loader_new(b.machine);
    {
        StreamReader *reader = stream_reader_new();

        g_assert_false(feed(reader, loader, bytes->data, bytes->len - 1,
                            NULL));
        stream_reader_free(reader);
    }
    g_assert_cmpuint(world_device(&b, 0)->reg, ==, 0x1e5e7);
    machine_loader_free(loader);

    /* one refuses: all are as reset leaves them */
    g_byte_array_set_size(bytes, 0);
    g_byte_array_unref(g_steal_pointer(&bytes));
    world_device(&a, 1)->reg = 0xbad;
    world_ram(&a)[0] = 1;
    bytes = world_save(&a, NULL);
    g_assert_false(world_load(&b, bytes, NULL, &error));
    g_assert_true(g_str_has_prefix(error->message,
                                   "section '/machine/second' at offset "));
    g_assert_true(g_str_has_suffix(error->message,
                                   ": reg: 0xbad cannot be"));
    g_assert_cmpuint(world_device(&b, 0)->reg, ==, 0x1e5e7);
    g_assert_cmpuint(world_ram(&b)[0], ==, 0);
    world_free(&a);
    world_free(&b);
}

static void test_clock(void)
{
    World a, b;
    g_autoptr(GByteArray) bytes = NULL;
    int64_t before_us, after_us;

    world_make(&a, PAGE);
    timer_cancel(&world_device(&a, 0)->timer);
    timer_cancel(&world_device(&a, 1)->timer);
    clock_advance(&a.machine->clock, 5 * NS_PER_SECOND);
    bytes = world_save(&a, NULL);

    world_make(&b, PAGE);
    g_assert_true(world_load(&b, bytes, NULL, NULL));
    g_assert_cmpint(clock_now_ns(&b.machine->clock), ==, 5 * NS_PER_SECOND);
    g_assert_cmpint(clock_utc_us(&b.machine->clock), ==, 6000000);
    b.setup.rtc_fixed = false;
    before_us = g_get_real_time();
    g_assert_true(world_load(&b, bytes, NULL, NULL));
    after_us = g_get_real_time();
    g_assert_cmpint(clock_now_ns(&b.machine->clock), ==, 5 * NS_PER_SECOND);
    g_assert_cmpint(clock_utc_us(&b.machine->clock), >=, before_us);
    g_assert_cmpint(clock_utc_us(&b.machine->clock), <=, after_us);
    b.setup.rtc_local = true;
    g_assert_true(world_load(&b, bytes, NULL, NULL));
    {
        g_autoptr(GDateTime) now = g_date_time_new_now_local();

        g_assert_cmpint(ABS(clock_utc_us(&b.machine->clock) -
                            g_get_real_time() -
                            g_date_time_get_utc_offset(now)), <, 10000000);
    }
    world_free(&a);
    world_free(&b);
}

/* Streams of other machines */

static void put_section(StreamWriter *writer, GByteArray *out, StreamKind kind,
                        uint16_t version, const char *name,
                        const char *content, size_t len)
{
    stream_begin_section(writer, out, kind, version, name);
    g_byte_array_append(out, (const uint8_t *)content, len);
    stream_end_section(writer, out);
}

/** The stream of a small machine with its devices' sections replaced. */
static GByteArray *stream_begin(World *w, StreamWriter *writer)
{
    MachineSaver *saver = machine_saver_new(w->machine, RUN_STATE_PAUSED);
    g_autoptr(GByteArray) first = g_byte_array_new();
    GByteArray *out = g_byte_array_new();
    const uint8_t *section;
    size_t len;

    g_assert_true(machine_saver_next(saver, first));
    machine_saver_free(saver);
    *writer = (StreamWriter){ 0 };
    stream_write_preamble(writer, out);
    section = first->data + out->len;
    len = (size_t)ld64_le(section + 16);
    put_section(writer, out, STREAM_MACHINE, 1, "machine",
                (const char *)section + 24 + 7 + 8, len);
    return out;
}

#define REG "\003reg\004\001\000\000\000\001\002\003\004"
#define OWN "\020test-1.0-machine\003own\002\001\000\000\000\001\002"

typedef struct Part {
    const char *name;
    uint16_t version;
    const char *content;
    size_t len;
} Part;

#define PART(name, version, content) \
    { name, version, content, sizeof(content) - 1 }

static const Part good_parts[] = {
    PART("/machine", 1, OWN),
    PART("/machine/first", 2, "\013test-device" REG),
    PART("/machine/second", 2, "\013test-device" REG),
    PART("/machine/third", 1, "\014other-device"),
};

/** @parts instead of, or behind, the good ones of the same names. */
static GByteArray *stream_with(World *w, const Part *part, bool behind,
                               unsigned leave_out)
{
    StreamWriter writer;
    GByteArray *out = stream_begin(w, &writer);

    for (unsigned i = 0; i < G_N_ELEMENTS(good_parts); i++) {
        const Part *put = &good_parts[i];

        if (i == leave_out) {
            continue;
        }
        if (part && !behind && strcmp(part->name, put->name) == 0) {
            put = part;
        }
        put_section(&writer, out, STREAM_DEVICE, put->version, put->name,
                    put->content, put->len);
    }
    if (behind) {
        put_section(&writer, out, STREAM_DEVICE, part->version, part->name,
                    part->content, part->len);
    }
    stream_write_end(&writer, out);
    return out;
}

static void test_parts(void)
{
    static const struct {
        Part part;
        bool behind;
        const char *message;
    } cases[] = {
        { PART("/machine/fourth", 1, "\013test-device" REG), true,
          "this machine has no such device (it was a 'test-device')" },
        { PART("/machine/first", 2, "\013test-device" REG), true,
          "it comes for the second time" },
        { PART("/machine/first", 2, "\014other-device"), false,
          "it was a 'other-device', here it is a 'test-device'" },
        { PART("/machine/first", 2, "\014test-device\0" REG), false,
          "it does not say what device it is" },
        { PART("/machine/first", 3, "\013test-device" REG), false,
          "it is of version 3, this program knows versions 1 to 2" },
        { PART("/machine/first", 0, "\013test-device" REG), false,
          "it is of version 0, this program knows versions 1 to 2" },
        { PART("/machine/first", 2, ""), false,
          "it does not say what device it is" },
        { PART("/machine/first", 2, "\0"), false,
          "it does not say what device it is" },
        { PART("/machine/first", 2, "\013test-devic"), false,
          "it does not say what device it is" },
        { PART("/machine/third", 1, "\014other-device" REG), false,
          "13 bytes behind the last member" },
        { PART("/machine/first", 2, "\013test-device"), false,
          "it is missing, the content ends here" },
    };
    g_autoptr(GError) error = NULL;
    World w;

    world_make(&w, PAGE);
    {
        g_autoptr(GByteArray) good = stream_with(&w, NULL, false, 9);

        g_assert_true(world_load(&w, good, NULL, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(world_device(&w, 1)->reg, ==, 0x04030201);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) bytes = stream_with(&w, &cases[i].part,
                                                  cases[i].behind, 9);
        g_autofree char *prefix = g_strdup_printf("section '%s' at offset ",
                                                  cases[i].part.name);
        g_autoptr(GError) refused = NULL;

        g_assert_false(world_load(&w, bytes, NULL, &refused));
        g_test_message("%s", refused->message);
        g_assert_true(g_str_has_prefix(refused->message, prefix));
        if (!g_str_has_suffix(refused->message, cases[i].message)) {
            g_assert_cmpstr(refused->message, ==, cases[i].message);
        }
        g_assert_cmpuint(world_device(&w, 1)->reg, ==, 0x1e5e7);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(good_parts); i++) {
        g_autoptr(GByteArray) bytes = stream_with(&w, NULL, false, i);
        static const char *const types[] = {
            "test-1.0-machine", "test-device", "test-device", "other-device",
        };
        /* R6: what is missing is so at the end */
        g_autofree char *message = g_strdup_printf(
            "section 'end' at offset %u: there is no section '%s' before it: "
            "the saved machine had no such device (here it is a '%s')",
            bytes->len - 55, good_parts[i].name, types[i]);

        expect_refused(&w, bytes, message);
    }
    world_free(&w);
}

static void test_other_machines(void)
{
    g_autoptr(GByteArray) bytes = NULL;
    World w;

    world_make(&w, 2 * MIB);
    w.setup.n_cpus = 2;
    w.setup.max_cpus = 4;
    w.setup.topology.cores = 2;
    bytes = world_save(&w, NULL);
    g_assert_true(world_load(&w, bytes, NULL, NULL));

    w.setup.n_cpus = 1;
    expect_refused(&w, bytes, "section 'machine' at offset 24: -smp: the saved "
                   "machine has 2,maxcpus=4,dies=1,cores=2,threads=1, this one "
                   "has 1,maxcpus=4,dies=1,cores=2,threads=1");
    world_free(&w);

    world_make(&w, 2 * MIB + PAGE);
    expect_refused(&w, bytes, "section 'machine' at offset 24: -m: the saved "
                   "machine has 2 MiB of RAM, this one has 2101248 bytes");
    world_free(&w);

    world_init(&w, 2 * MIB);
    world_build(&w, machine_find_type("none"));
    expect_refused(&w, bytes, "section 'machine' at offset 24: -machine: the "
                   "saved machine is of type 'test-1.0', this one is of type "
                   "'none'");
    world_free(&w);

    world_make(&w, 2 * MIB);
    w.setup.n_cpus = 2;
    w.setup.max_cpus = 4;
    w.setup.topology.cores = 2;
    ((TestMachine *)w.machine)->ram.name = "mem0";
    expect_refused(&w, bytes, "section 'machine' at offset 24: -bios, -machine "
                   "memory-backend: the memory of the saved machine is [ram "
                   "2097152], that of this one [mem0 2097152] (name, bytes)");
    world_free(&w);
}

/** Values of the machine's section that only we can write so. */
static void test_machine_values(void)
{
    static const struct {
        const char *member;
        uint64_t value;
        const char *message;
    } cases[] = {
        { "now_ns", UINT64_MAX, "its clock cannot be at -1 ns" },
        { "now_ns", (UINT64_C(1) << 62) + 1,
          "its clock cannot be at 4611686018427387905 ns" },
        { "utc_us", INT64_MAX,
          "its time cannot be 9223372036854775807 us since 1970" },
        { "utc_us", UINT64_C(1) << 63,
          "its time cannot be -9223372036854775808 us since 1970" },
        { "state", 0x6565656565656565,
          "the run state 'eeeeee' is not known to this program" },
        { "type", 0x6565656565650a65, "-machine: the saved machine is of type "
          "'e\\neeeeee', this one is of type 'test-1.0'" },
        { "memories", 0xff, "it is not UTF-8" },
    };
    g_autoptr(GByteArray) bytes = NULL;
    World w;

    world_make(&w, PAGE);
    bytes = world_save(&w, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        size_t header = 24 + 24 + 7 + 8;
        size_t name_len = strlen(cases[i].member);
        size_t len = (size_t)ld64_le(bytes->data + 24 + 16);
        g_autofree uint8_t *content = g_memdup2(bytes->data + header, len);
        StreamSection section = {
            .kind = STREAM_MACHINE, .version = 1, .name = "machine",
            .content = content, .len = len, .offset = 24,
        };
        uint8_t *member = memmem(content, len, cases[i].member, name_len);
        MachineLoader *loader = machine_loader_new(w.machine);
        g_autoptr(GError) error = NULL;
        uint8_t *value = member + name_len + 5;

        stn_le(value, MIN(8, ld32_le(value - 4) * (value[-5] == 8 ? 8 : 1)),
               cases[i].value);
        g_assert_false(machine_loader_section(loader, &section, &error));
        if (!g_str_has_suffix(error->message, cases[i].message)) {
            g_assert_cmpstr(error->message, ==, cases[i].message);
        }
        machine_loader_free(loader);
    }
    world_free(&w);
}

/** A text is as long as it can be, whatever a section has room for. */
static void test_long_text(void)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    MachineLoader *loader;
    MachineFacts facts;
    World w;

    world_make(&w, PAGE);
    loader = machine_loader_new(w.machine);
    machine_facts_init(&facts, w.machine, RUN_STATE_PAUSED);
    g_free(facts.memories);
    facts.memories = g_strnfill(4097, '\n');
    state_encode(&machine_facts_state, &facts, content);
    {
        const StreamSection section = {
            .kind = STREAM_MACHINE, .version = 1, .name = "machine",
            .content = content->data, .len = content->len,
        };

        g_assert_false(machine_loader_section(loader, &section, &error));
    }
    g_assert_nonnull(strstr(error->message, "member 'memories' at offset "));
    g_assert_true(g_str_has_suffix(error->message, "it has 4097 bytes, at "
                                   "most 4096 can be"));
    machine_facts_cleanup(&facts);
    machine_loader_free(loader);
    world_free(&w);
}

/** Returns whether a machine that was saved in @state is restored. */
static bool load_state(World *w, RunState state, GError **error)
{
    MachineSaver *saver = machine_saver_new(w->machine, state);
    MachineLoader *loader = machine_loader_new(w->machine);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    StreamReader *reader = stream_reader_new();
    RunState loaded = state + 1;
    bool ok;

    while (machine_saver_next(saver, bytes)) {
    }
    ok = feed(reader, loader, bytes->data, bytes->len, error) &&
         machine_loader_finish(loader, &loaded, error);
    g_assert_true(!ok || loaded == state);
    machine_loader_free(loader);
    machine_saver_free(saver);
    stream_reader_free(reader);
    return ok;
}

/** What a machine was doing that cannot be gone on with. */
static void test_run_states(void)
{
    World w;

    world_make(&w, PAGE);
    for (int i = 0; i < RUN_STATE__MAX; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *message = NULL;

        if (i == RUN_STATE_PRELAUNCH || i == RUN_STATE_RUNNING ||
            i == RUN_STATE_PAUSED || i == RUN_STATE_SHUTDOWN) {
            g_assert_true(load_state(&w, i, &error));
            continue;
        }
        g_assert_false(load_state(&w, i, &error));
        message = g_strdup_printf(
            i == RUN_STATE_SUSPENDED
            ? "section 'machine' at offset 24: the run state is '%s', but the "
              "machine does not sleep"
            : "section 'machine' at offset 24: the machine was saved in the "
              "state '%s', which cannot be restored",
            qapi_type_RunState.values[i]);
        g_assert_cmpstr(error->message, ==, message);
    }
    w.machine->asleep = true;
    g_assert_true(load_state(&w, RUN_STATE_SUSPENDED, NULL));
    world_free(&w);
}

static void world_plug(World *w, const ObjectType *type)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(machine_plug(w->machine, (Device *)object_new(type, NULL,
                                                                NULL),
                               NULL, &error));
    g_assert_no_error(error);
}

/** Paths of devices that have no name can be other devices' over there. */
static void test_unnamed(void)
{
    const char *advice = "; devices without id= are numbered in their order "
                         "on the command line, give them one on both sides";
    const ObjectType *types[] = { &test_device_type, &other_device_type };

    for (unsigned i = 0; i < 3; i++) {
        g_autoptr(GByteArray) bytes = NULL;
        g_autoptr(GError) error = NULL;
        World a, b;

        world_make(&a, PAGE);
        world_make(&b, PAGE);
        if (i != 2) {
            world_plug(&a, types[0]);
        }
        if (i != 1) {
            world_plug(&b, types[1]);
        }
        bytes = world_save(&a, NULL);
        g_assert_false(world_load(&b, bytes, NULL, &error));
        g_assert_nonnull(strstr(error->message,
                                "'/machine/peripheral-anon/device[0]'"));
        g_assert_true(g_str_has_suffix(error->message, advice));
        world_free(&a);
        world_free(&b);
    }
}

/** Cut off or changed anywhere: refused, and the machine is as reset. */
static void test_damaged(void)
{
    g_autoptr(GByteArray) bytes = NULL;
    World a, b;
    guint len;

    world_make(&a, 4 * PAGE);
    world_make(&b, 4 * PAGE);
    world_device(&a, 0)->reg = 5;
    world_ram(&a)[PAGE] = 1;
    bytes = world_save(&a, NULL);
    len = bytes->len;
    for (guint i = 0; i < len; i += i > 1000 && i < 4000 ? 100 : 1) {
        g_autoptr(GError) error = NULL;

        bytes->len = i;
        g_assert_false(world_load(&b, bytes, NULL, &error));
        g_assert_nonnull(error);
        bytes->len = len;
        bytes->data[i] ^= 0x40;
        g_clear_error(&error);
        g_assert_false(world_load(&b, bytes, NULL, &error));
        g_assert_nonnull(error);
        bytes->data[i] ^= 0x40;
        g_assert_cmpuint(world_device(&b, 0)->reg, ==, 0x1e5e7);
        g_assert_cmpuint(world_ram(&b)[PAGE], ==, 0);
    }
    g_assert_true(world_load(&b, bytes, NULL, NULL));
    g_assert_cmpuint(world_device(&b, 0)->reg, ==, 5);
    world_free(&a);
    world_free(&b);
}

/* The boards */

/** What was restored is saved as the same bytes. */
static void test_board(gconstpointer name)
{
    g_autofree uint8_t *image = g_malloc(65536);
    g_autofree uint8_t *other = g_malloc(65536);
    g_autoptr(GByteArray) first = NULL, second = NULL;
    g_autoptr(GError) error = NULL;
    World a, b;

    memset(image, 0x11, 65536);
    memset(other, 0x22, 65536);
    world_init(&a, 8 * MIB);
    world_init(&b, 8 * MIB);
    a.setup.builtin_firmware = true;
    a.setup.bios = g_bytes_new(image, 65536);
    b.setup.bios = g_bytes_new(other, 65536);
    world_build(&a, machine_find_type(name));
    world_build(&b, machine_find_type(name));
    g_assert_true(machine_reset(a.machine, &error));
    g_assert_no_error(error);
    clock_advance(&a.machine->clock, NS_PER_SECOND + 12345);
    first = world_save(&a, NULL);
    g_assert_true(world_load(&b, first, NULL, &error));
    g_assert_no_error(error);
    second = world_save(&b, NULL);
    g_assert_cmpmem(first->data, first->len, second->data, second->len);

    /* R15 */
    g_assert_cmpuint(world_memory(&b, 1)->host[5], ==, 0x11);
    g_assert_true(machine_reset(b.machine, &error));
    g_assert_cmpuint(world_memory(&b, 1)->host[5], ==, 0x22);
    world_free(&a);
    world_free(&b);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    types_register();
    loaded_log = g_string_new(NULL);
    g_test_add_func("/save-load/memory", test_memory);
    g_test_add_func("/save-load/untouched", test_untouched);
    g_test_add_func("/save-load/shared", test_shared);
    g_test_add_func("/save-load/pieces", test_pieces);
    g_test_add_func("/save-load/placed", test_placed);
    g_test_add_func("/save-load/not-placed", test_not_placed);
    g_test_add_func("/save-load/devices", test_devices);
    g_test_add_func("/save-load/clock", test_clock);
    g_test_add_func("/save-load/parts", test_parts);
    g_test_add_func("/save-load/other-machines", test_other_machines);
    g_test_add_func("/save-load/machine-values", test_machine_values);
    g_test_add_func("/save-load/long-text", test_long_text);
    g_test_add_func("/save-load/run-states", test_run_states);
    g_test_add_func("/save-load/unnamed", test_unnamed);
    g_test_add_func("/save-load/damaged", test_damaged);
    g_test_add_data_func("/save-load/pc", "pc", test_board);
    g_test_add_data_func("/save-load/q35", "q35", test_board);
    status = g_test_run();
    g_string_free(loaded_log, TRUE);
    return status;
}
