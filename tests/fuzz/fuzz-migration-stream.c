/*
 * Fuzz: a saved machine from anywhere
 *
 * Input: a byte for the machine, `q`: q35, anything else: pc; a byte for what
 * follows.  `r`: a stream as it is.  `m`: other values of members in the stream
 * of a machine that has booted: how many, and for each a member's number, which
 * of its values, what to do and with which number; then what is done to the
 * machine if it was restored.  Anything else: changes to that stream; each is a
 * section's number, what to do with it, an offset in its content, a number of
 * bytes, and these bytes.  Numbers and checksums are made good again, so what
 * the devices are given is what the input says.
 *
 * What must hold: a stream read byte by byte is what it is read at once, and is
 * refused with the same words.  A machine that was refused is what it was
 * before, to the last byte of what would be saved of it, and can be reset and
 * run.  One that was restored is saved as a stream that it can be restored
 * from, and which is then saved as the same bytes; it can be used, and after
 * that the same holds.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "hw/acpi/vmgenid.h"
#include "hw/char/serial.h"
#include "migration/load.h"
#include "migration/save.h"
#include "qapi/walker.h"
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

static void world_plug(World *w)
{
    VmGenIdProperties *p = qapi_new(&qapi_type_VmGenIdProperties);

    g_free(p->guid);
    p->guid = g_strdup("11111111-2222-3333-4444-555555555555");
    g_assert_true(machine_plug(w->machine, (Device *)object_new(
                               &vmgenid_type, p, NULL), NULL, NULL));
    g_assert_true(machine_plug(w->machine, (Device *)object_new(
                               &isa_serial_type, NULL, NULL), "s", NULL));
}

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
            .builtin_firmware = true,
        },
    };
    object_add_child(w->root, "machine", obj);
    g_assert_true(machine_build(w->machine, &w->setup, NULL));
    world_plug(w);
    g_assert_true(machine_finish(w->machine, NULL));
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

/* Where in ports and memory something is, and how far it goes */
typedef struct Place {
    uint64_t base;
    uint16_t len;
} Place;

static const Place use_ports[] = {
    { 0x70, 2 }, { 0xb2, 2 }, { 0x3f8, 8 }, { 0x510, 12 }, { 0x600, 0x80 },
    { 0xcf8, 8 }, { 0xafe0, 4 }, { 0xb000, 0x40 }, { 0, 0xffff },
};

static const Place use_memory[] = {
    { 0xfed00000, 0x400 }, { 0xfec00000, 0x44 }, { 0xa0000, 0xffff },
    { 0xf0000, 0xffff }, { 0xb0000000, 0xffff }, { 0x1000, 0x1000 },
    { 0xfffffff0, 0x20 },
};

static void use_access(World *w, FuzzInput *in, unsigned what)
{
    bool io = what & 1, store = what & 2;
    unsigned size = 1u << (what >> 2) % (io ? 3 : 4);
    const Place *places = io ? use_ports : use_memory;
    uint8_t place = fuzz_take(in, 1) %
                    (io ? G_N_ELEMENTS(use_ports) : G_N_ELEMENTS(use_memory));
    uint64_t at = places[place].base +
                  fuzz_take(in, 2) % (places[place].len + 1u);
    AddressSpace *as = io ? &w->machine->io : &w->machine->memory;

    if (store) {
        address_space_store(as, at, fuzz_take(in, size), size);
    } else {
        address_space_load(as, at, size);
    }
}

/** A guest that does anything at all, and what else happens to it. */
static void world_use(World *w, FuzzInput *in)
{
    Clock *clock = &w->machine->clock;

    for (unsigned n = 0, jumps = 0; in->left && n < 64; n++) {
        uint8_t what = fuzz_take(in, 1);

        switch (what >> 5) {
        case 0:
            if (jumps++ < 4) {
                clock_advance(clock, clock_now_ns(clock) +
                                     (INT64_C(1) << (what & 31)) * 1024);
            }
            break;
        case 1:
            if (w->machine->asleep && what & 1) {
                machine_wake(w->machine, NULL);
            } else if (what == 0x20) {
                machine_reset(w->machine, NULL);
            } else if (what == 0x22) {
                machine_power_button(w->machine);
            } else {
                const Uuid guid = { { what } };

                vmgenid_set(w->machine->vmgenid, &guid);
            }
            break;
        default:
            use_access(w, in, what & 31);
            break;
        }
    }
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

/* Changes to members */

/** Values of a member, all of one width. */
typedef struct Values {
    unsigned section;
    size_t offset;              /* in its content */
    uint32_t n;
    unsigned width;
} Values;

/** Of a list of members (docs/specs/migration-stream.rst, "Members"). */
static void values_add(GArray *all, unsigned i, const Section *section,
                       size_t at)
{
    while (at < section->content->len) {
        const uint8_t *p = section->content->data + at;
        size_t head = 1u + p[0] + 5;
        uint8_t code = p[head - 5];
        Values v = {
            .section = i,
            .offset = at + head,
            .n = code == 0x30 ? 1 : ld32_le(p + head - 4),
            .width = code == 0x10 || code == 0x40 ? 1 : code == 0x20 ? 8
                     : code == 0x30 ? 2 : code,
        };

        if (v.n) {
            g_array_append_val(all, v);
        }
        at = v.offset + (size_t)v.n * v.width;
    }
}

static GArray *values_find(const GPtrArray *sections)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Values));

    for (unsigned i = 0; i < sections->len; i++) {
        const Section *section = sections->pdata[i];

        if (section->kind == STREAM_MACHINE) {
            values_add(all, i, section, 0);
        } else if (section->kind == STREAM_DEVICE) {
            values_add(all, i, section, 1 + section->content->data[0]);
        }
    }
    return all;
}

static void value_change(const GPtrArray *sections, const GArray *all,
                         FuzzInput *in)
{
    const Values *v = &g_array_index(all, Values,
                                     fuzz_take(in, 2) % all->len);
    const Section *section = sections->pdata[v->section];
    uint8_t *p = section->content->data + v->offset +
                 fuzz_take(in, 2) % v->n * v->width;
    uint64_t value = ldn_le(p, v->width);
    uint8_t what = fuzz_take(in, 1);

    switch (what >> 6) {
    case 0:
        value = fuzz_take(in, v->width);
        break;
    case 1:
        value ^= UINT64_C(1) << (what & 63);
        break;
    case 2:
        value = (UINT64_C(1) << (what & 63)) - 1;
        break;
    case 3:
        value += (uint64_t)(what & 63) - 32;
        break;
    }
    stn_le(p, v->width, value);
}

/* What inputs change: a pc and a q35 that have booted */
static GByteArray *booted[2];

/* ... and what is saved of ones that have not */
static GByteArray *fresh[2];

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

static GByteArray *fresh_stream(char type)
{
    GByteArray *bytes;
    World w;

    world_make(&w, type);
    machine_reset_devices(w.machine);
    bytes = world_save(&w);
    world_free(&w);
    return bytes;
}

static GByteArray *stream_of_members(const GByteArray *bytes, FuzzInput *in)
{
    g_autoptr(GPtrArray) sections = sections_split(bytes);
    g_autoptr(GArray) all = values_find(sections);

    for (unsigned n = fuzz_take(in, 1) % 16; n > 0; n--) {
        value_change(sections, all, in);
    }
    return sections_join(sections);
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

static void check_refused(World *w, const GByteArray *before)
{
    g_autoptr(GByteArray) after = world_save(w);

    g_assert_cmpmem(before->data, before->len, after->data, after->len);
    world_run(w);
    g_assert_true(machine_reset(w->machine, NULL));
    world_run(w);
}

/** Saved, restored and saved again. */
static void check_same(World *w)
{
    g_autoptr(GByteArray) first = world_save(w), second = NULL;

    /* later than that a machine is not restored */
    if (clock_now_ns(&w->machine->clock) > INT64_C(1) << 62) {
        return;
    }
    machine_reset_devices(w->machine);
    g_assert_true(world_load(w, first->data, first->len));
    second = world_save(w);
    g_assert_cmpmem(first->data, first->len, second->data, second->len);
}

static void check_restored(World *w, FuzzInput *in)
{
    check_same(w);
    if (in->left) {
        world_use(w, in);
        check_same(w);
    }
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
        in.left = 0;
    } else if (mode == 'm') {
        stream = stream_of_members(booted[type == 'q'], &in);
    } else {
        stream = changed_stream(booted[type == 'q'], &in);
    }
    machine_reset_devices(w.machine);
    if (world_load(&w, stream->data, stream->len)) {
        check_restored(&w, &in);
    } else {
        check_refused(&w, fresh[type == 'q']);
    }
    world_free(&w);
}

static void init(void)
{
    types_register();
    booted[0] = booted_stream('p');
    booted[1] = booted_stream('q');
    fresh[0] = fresh_stream('p');
    fresh[1] = fresh_stream('q');
}

const FuzzTarget fuzz_target = { init, run, 64 * 1024 };
