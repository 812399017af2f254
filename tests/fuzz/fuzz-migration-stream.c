/*
 * Fuzz: a saved machine from anywhere
 *
 * Input: a byte for the machine, `q`: q35, anything else: pc; a byte for what
 * follows.  `r`: a stream as it is.  Anything else: changes to the stream of a
 * machine that has booted; each is a section's number, what to do with it, an
 * offset in its content, a number of bytes, and these bytes.  Numbers and
 * checksums are made good again, so what the devices are given is what the
 * input says.
 *
 * What must hold: a stream read byte by byte is what it is read at once, and is
 * refused with the same words.  A machine that was refused has no memory and
 * can be reset and run.  One that was restored is saved as a stream that it can
 * be restored from, and which is then saved as the same bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "migration/load.h"
#include "migration/save.h"
#include "system/types.h"
#include "util/bytes.h"

#define RAM_LEN (UINT64_C(2) << 20)
#define PREAMBLE_LEN 24
#define HEADER_LEN 24
#define SUM_LEN 8

/* The machine */

typedef struct World {
    Object *root;
    Machine *machine;
    MachineSetup setup;
} World;

static void world_make(World *w, char type)
{
    Object *obj = object_new(machine_find_type(type == 'q' ? "q35" : "pc"),
                             NULL, NULL);

    *w = (World){
        .root = object_new(&container_type, NULL, NULL),
        .machine = (Machine *)obj,
        .setup = {
            .ram_size = RAM_LEN,
            .n_cpus = 1,
            .max_cpus = 1,
            .topology = { 1, 1, 1 },
            .rtc_fixed = true,
            .files = g_ptr_array_new(),
            .builtin_firmware = true,
        },
    };
    object_add_child(w->root, "machine", obj);
    g_assert_true(machine_build(w->machine, &w->setup, NULL));
    g_assert_true(machine_finish(w->machine, NULL));
}

static void world_free(World *w)
{
    object_free(w->root);
    g_ptr_array_unref(w->setup.files);
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

/** What a guest and time do to it. */
static void world_run(World *w)
{
    static const uint16_t ports[] = {
        0x71, 0x3f8, 0x3fa, 0xcfc, 0x511, 0x600, 0x604, 0x608, 0xb000, 0xafe0,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ports); i++) {
        address_space_load(&w->machine->io, ports[i], 1);
    }
    address_space_load(&w->machine->memory, 0xfed000f0, 8);
    address_space_load(&w->machine->memory, 0xfec00010, 4);
    clock_advance(&w->machine->clock,
                  clock_now_ns(&w->machine->clock) + NS_PER_SECOND / 4);
}

/* Reading */

/** Feed @loader, if there is one; @log gets what was read. */
static bool stream_feed(const uint8_t *bytes, size_t len, size_t step,
                        MachineLoader *loader, GString *log, GError **error)
{
    StreamReader *reader = stream_reader_new();
    StreamProgress progress = STREAM_MORE;
    StreamSection section;
    bool ok = true;

    if (loader && step == SIZE_MAX) {
        stream_reader_set_placer(reader, machine_loader_place, loader);
    }
    while (ok && progress < STREAM_COMPLETE) {
        size_t n;
        uint8_t *to = stream_reader_want(reader, &n);

        if (!len) {
            ok = stream_reader_truncated(reader, error);
            break;
        }
        n = MIN(MIN(n, step), len);
        memcpy(to, bytes, n);
        bytes += n;
        len -= n;
        progress = stream_reader_got(reader, n, &section, error);
        if (progress == STREAM_SECTION) {
            g_string_append_printf(log, "%d %u %s %zu\n", section.kind,
                                   section.version, section.name, section.len);
            ok = !loader || machine_loader_section(loader, &section, error);
        }
    }
    stream_reader_free(reader);
    return ok && progress == STREAM_COMPLETE;
}

static void check_steps(const uint8_t *bytes, size_t len)
{
    g_autoptr(GString) whole = g_string_new(NULL);
    g_autoptr(GString) pieces = g_string_new(NULL);
    g_autoptr(GError) whole_error = NULL, pieces_error = NULL;
    bool ok = stream_feed(bytes, len, SIZE_MAX, NULL, whole, &whole_error);

    g_assert_true(stream_feed(bytes, len, 1, NULL, pieces,
                              &pieces_error) == ok);
    g_assert_cmpstr(whole->str, ==, pieces->str);
    g_assert_true(ok == !whole_error && ok == !pieces_error);
    if (!ok) {
        g_assert_cmpstr(whole_error->message, ==, pieces_error->message);
    }
}

static bool world_load(World *w, const uint8_t *bytes, size_t len)
{
    MachineLoader *loader = machine_loader_new(w->machine);
    g_autoptr(GString) log = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    RunState state;
    bool ok = stream_feed(bytes, len, SIZE_MAX, loader, log, &error) &&
              machine_loader_finish(loader, &state, &error);

    g_assert_true(ok == !error);
    if (!ok) {
        g_assert_true(error->message[0]);
        machine_loader_abandon(loader);
    }
    machine_loader_free(loader);
    return ok;
}

/* Changes to a stream */

typedef struct Section {
    uint16_t kind, version;
    char *name;
    GByteArray *content;
} Section;

static void section_free(gpointer data)
{
    Section *section = data;

    g_free(section->name);
    g_byte_array_unref(section->content);
    g_free(section);
}

static Section *section_new(uint16_t kind, uint16_t version, const char *name,
                            size_t name_len, const uint8_t *content,
                            size_t len)
{
    Section *section = g_new0(Section, 1);

    section->kind = kind;
    section->version = version;
    section->name = g_strndup(name, name_len);
    section->content = g_byte_array_new();
    g_byte_array_append(section->content, content, len);
    return section;
}

/** Without the last. */
static GPtrArray *sections_split(const GByteArray *bytes)
{
    GPtrArray *sections = g_ptr_array_new_with_free_func(section_free);
    const uint8_t *p = bytes->data + PREAMBLE_LEN;

    while (ld16_le(p + 4) != STREAM_END) {
        size_t name_len = ld16_le(p + 12), len = ld64_le(p + 16);
        const uint8_t *content = p + HEADER_LEN + name_len + SUM_LEN;

        g_ptr_array_add(sections, section_new(ld16_le(p + 4), ld16_le(p + 6),
                                              (const char *)p + HEADER_LEN,
                                              name_len, content, len));
        p = content + len + SUM_LEN;
    }
    return sections;
}

static GByteArray *sections_join(const GPtrArray *sections)
{
    GByteArray *out = g_byte_array_new();
    StreamWriter writer = { 0 };

    stream_write_preamble(&writer, out);
    for (unsigned i = 0; i < sections->len; i++) {
        const Section *section = sections->pdata[i];

        stream_begin_section(&writer, out, section->kind, section->version,
                             section->name);
        g_byte_array_append(out, section->content->data,
                            section->content->len);
        stream_end_section(&writer, out);
    }
    stream_write_end(&writer, out);
    return out;
}

static void section_rename(Section *section, const uint8_t *bytes, size_t len)
{
    char *name = g_strndup((const char *)bytes, len);

    if (!*name) {
        g_free(name);
        return;
    }
    g_free(section->name);
    section->name = name;
}

static void section_replace(Section *section, size_t at, size_t drop,
                            const uint8_t *bytes, size_t len)
{
    GByteArray *old = section->content;
    GByteArray *content = g_byte_array_new();

    at = MIN(at, old->len);
    drop = MIN(drop, old->len - at);
    g_byte_array_append(content, old->data, at);
    g_byte_array_append(content, bytes, len);
    g_byte_array_append(content, old->data + at + drop,
                        old->len - at - drop);
    g_byte_array_unref(old);
    section->content = content;
}

static void sections_change(GPtrArray *sections, FuzzInput *in)
{
    unsigned i = fuzz_take(in, 1) % sections->len;
    Section *section = sections->pdata[i];
    uint8_t what = fuzz_take(in, 1);
    uint16_t at = fuzz_take(in, 2);
    size_t wanted = fuzz_take(in, 1), len = MIN(wanted, in->left);
    const uint8_t *bytes = in->p;

    in->p += len;
    in->left -= len;
    switch (what % 8) {
    case 0: case 1:
        section_replace(section, at, len, bytes, len);
        break;
    case 2:
        section_replace(section, at, 0, bytes, len);
        break;
    case 3:
        section_replace(section, at, len, NULL, 0);
        break;
    case 4:
        section_rename(section, bytes, len);
        break;
    case 5:
        section->version = at;
        break;
    case 6:
        if (sections->len > 1) {
            g_ptr_array_remove_index(sections, i);
        }
        break;
    case 7:
        g_ptr_array_insert(sections, at % (sections->len + 1),
                           section_new(section->kind, section->version,
                                       section->name, strlen(section->name),
                                       section->content->data,
                                       section->content->len));
        break;
    }
}

/* What inputs change: a pc and a q35 that have booted */
static GByteArray *booted[2];

static GByteArray *booted_stream(char type)
{
    GByteArray *bytes;
    World w;

    world_make(&w, type);
    g_assert_true(machine_reset(w.machine, NULL));
    clock_advance(&w.machine->clock, NS_PER_SECOND);
    bytes = world_save(&w);
    world_free(&w);
    return bytes;
}

static GByteArray *changed_stream(const GByteArray *bytes, FuzzInput *in)
{
    g_autoptr(GPtrArray) sections = sections_split(bytes);

    while (in->left && sections->len < 1000) {
        sections_change(sections, in);
    }
    return sections_join(sections);
}

/* What must hold */

static void check_refused(World *w)
{
    for (unsigned i = 0; i < w->machine->memories->len; i++) {
        const MemoryRegion *mr = w->machine->memories->pdata[i];
        const uint64_t *words = (const uint64_t *)mr->host;
        uint64_t any = 0;

        /* a sanitizer's memcmp() takes its time */
        for (size_t j = 0; j < mr->size / sizeof(*words); j++) {
            any |= words[j];
        }
        g_assert_cmpuint(any, ==, 0);
    }
    world_run(w);
    g_assert_true(machine_reset(w->machine, NULL));
    world_run(w);
}

static void check_restored(World *w)
{
    g_autoptr(GByteArray) first = world_save(w), second = NULL;

    g_assert_true(world_load(w, first->data, first->len));
    second = world_save(w);
    g_assert_cmpmem(first->data, first->len, second->data, second->len);
    world_run(w);
    g_assert_true(machine_reset(w->machine, NULL));
    world_run(w);
}

static void run(const uint8_t *bytes, size_t len)
{
    FuzzInput in = { bytes, len };
    char type = fuzz_take(&in, 1), mode = fuzz_take(&in, 1);
    g_autoptr(GByteArray) stream = NULL;
    World w;

    world_make(&w, type);
    if (mode == 'r') {
        stream = g_byte_array_new();
        g_byte_array_append(stream, in.p, in.left);
        check_steps(stream->data, stream->len);
    } else {
        stream = changed_stream(booted[type == 'q'], &in);
    }
    machine_reset_devices(w.machine);
    if (world_load(&w, stream->data, stream->len)) {
        check_restored(&w);
    } else {
        check_refused(&w);
    }
    world_free(&w);
}

static void init(void)
{
    types_register();
    booted[0] = booted_stream('p');
    booted[1] = booted_stream('q');
}

const FuzzTarget fuzz_target = { init, run, 64 * 1024 };
