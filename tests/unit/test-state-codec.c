/*
 * State tables as bytes: round trips, and every way in which bytes can be wrong
 *
 * docs/specs/migration-stream.rst, "Members"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hw/core/clock.h"
#include "migration/state-codec.h"
#include "util/bytes.h"
#include "util/error.h"

/* A device with one of everything */

typedef enum Colour { RED, GREEN } Colour;

typedef struct Inner {
    uint16_t level;
    Timer timer;
} Inner;

typedef struct Outer {
    uint8_t byte;
    uint16_t word;
    uint32_t dword;
    uint64_t qword;
    int64_t negative;
    bool flag;
    Colour colour;
    uint16_t array[3];
    bool flags[2];
    struct {
        uint32_t value;
        uint8_t other;
    } rows[2];
    Timer timer;
    Inner one;
    Inner many[2];
    GBytes *blob;
    uint32_t late;
    char log[8];                /* calls, a letter each */
} Outer;

static void note(Outer *o, char c)
{
    size_t len = strlen(o->log);

    g_assert_cmpuint(len, <, sizeof(o->log) - 1);
    o->log[len] = c;
}

static void inner_saving(void *obj)
{
    ((Inner *)obj)->level++;
}

static bool inner_loaded(void *obj, GError **error)
{
    return ((Inner *)obj)->level != 0xdead ||
           fm_error_set(error, "level: 0xdead cannot be");
}

static const StateField inner_fields[] = {
    STATE_FIELD(Inner, level),
    STATE_TIMER_FIELD(Inner, timer),
    STATE_END
};

static const StateTable inner_state = {
    .version = 2,
    .fields = inner_fields,
    .saving = inner_saving,
    .loaded = inner_loaded,
};

static GBytes *outer_get_blob(const void *obj)
{
    return g_bytes_ref(((const Outer *)obj)->blob);
}

static bool outer_put_blob(void *obj, GBytes *bytes, GError **error)
{
    Outer *o = obj;

    if (g_bytes_get_size(bytes) > 5) {
        return fm_error_set(error, "it has more than 5 bytes");
    }
    g_clear_pointer(&o->blob, g_bytes_unref);
    o->blob = g_bytes_ref(bytes);
    return true;
}

static void outer_saving(void *obj)
{
    Outer *o = obj;

    note(o, 's');
    /* before its parts are written */
    o->one.level = 100;
}

static bool outer_loaded(void *obj, GError **error)
{
    note(obj, 'l');
    return true;
}

static const StateField outer_fields[] = {
    STATE_FIELD(Outer, byte),
    STATE_FIELD(Outer, word),
    STATE_FIELD(Outer, dword),
    STATE_FIELD(Outer, qword),
    STATE_FIELD(Outer, negative),
    STATE_FIELD(Outer, flag),
    STATE_FIELD(Outer, colour),
    STATE_ARRAY(Outer, array),
    STATE_ARRAY(Outer, flags),
    STATE_COLUMN(Outer, rows, value),
    STATE_TIMER_FIELD(Outer, timer),
    STATE_PART_FIELD(Outer, one, &inner_state),
    STATE_PARTS(Outer, many, &inner_state),
    STATE_BLOB_FIELD("blob", outer_get_blob, outer_put_blob),
    STATE_FIELD_SINCE(Outer, late, 2),
    STATE_END
};

static const StateTable outer_state = {
    .version = 2,
    .fields = outer_fields,
    .saving = outer_saving,
    .loaded = outer_loaded,
};

static void expired(void *opaque)
{
}

static void outer_init(Outer *o, Clock *clock)
{
    *o = (Outer){ .blob = g_bytes_new_static("", 0) };
    timer_init(&o->timer, clock, expired, o);
    timer_init(&o->one.timer, clock, expired, o);
    for (unsigned i = 0; i < 2; i++) {
        timer_init(&o->many[i].timer, clock, expired, o);
    }
}

static void outer_fill(Outer *o)
{
    o->byte = 0x12;
    o->word = 0x3456;
    o->dword = 0x789abcde;
    o->qword = 0xf123456789abcdef;
    o->negative = -2;
    o->flag = true;
    o->colour = GREEN;
    o->array[0] = 1;
    o->array[2] = 0xffff;
    o->flags[1] = true;
    o->rows[0].value = 7;
    o->rows[1].value = 8;
    o->rows[1].other = 9;
    o->many[0].level = 5;
    o->many[1].level = 6;
    o->late = 77;
    timer_set(&o->timer, 1000);
    timer_set(&o->many[1].timer, INT64_MAX);
    g_clear_pointer(&o->blob, g_bytes_unref);
    o->blob = g_bytes_new_static("blob", 4);
}

static void outer_cleanup(Outer *o)
{
    timer_cancel(&o->timer);
    timer_cancel(&o->one.timer);
    timer_cancel(&o->many[0].timer);
    timer_cancel(&o->many[1].timer);
    g_bytes_unref(o->blob);
}

/* A pair of them */

typedef struct Rig {
    Clock clock;
    Outer from, to;
    GByteArray *bytes;
} Rig;

static void rig_init(Rig *rig)
{
    clock_init(&rig->clock);
    outer_init(&rig->from, &rig->clock);
    outer_init(&rig->to, &rig->clock);
    outer_fill(&rig->from);
    rig->bytes = g_byte_array_new();
    state_encode(&outer_state, &rig->from, rig->bytes);
}

static void rig_cleanup(Rig *rig)
{
    outer_cleanup(&rig->from);
    outer_cleanup(&rig->to);
    clock_cleanup(&rig->clock);
    g_byte_array_unref(rig->bytes);
}

static bool rig_decode(Rig *rig, GError **error)
{
    return state_decode(&outer_state, &rig->to, 2, rig->bytes->data,
                        rig->bytes->len, error);
}

/** Where member @name begins. */
static size_t rig_find(const Rig *rig, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i + 1 + len < rig->bytes->len; i++) {
        if (rig->bytes->data[i] == len &&
            memcmp(rig->bytes->data + i + 1, name, len) == 0) {
            return i;
        }
    }
    g_assert_not_reached();
}

/** ... and its first value. */
static uint8_t *rig_value(const Rig *rig, const char *name)
{
    return rig->bytes->data + rig_find(rig, name) + 1 + strlen(name) + 5;
}

static void rig_expect_refused(Rig *rig, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(rig_decode(rig, &error));
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, message);
}

/* What comes back */

static void test_round_trip(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_init(&rig);
    g_assert_cmpstr(rig.from.log, ==, "s");
    g_assert_cmpuint(rig.from.one.level, ==, 101);  /* the whole's first */
    rig.to.rows[1].other = 3;
    timer_set(&rig.to.one.timer, 5);
    g_assert_true(rig_decode(&rig, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(rig.to.log, ==, "");

    g_assert_cmpuint(rig.to.byte, ==, 0x12);
    g_assert_cmpuint(rig.to.word, ==, 0x3456);
    g_assert_cmpuint(rig.to.dword, ==, 0x789abcde);
    g_assert_cmpuint(rig.to.qword, ==, 0xf123456789abcdef);
    g_assert_cmpint(rig.to.negative, ==, -2);
    g_assert_true(rig.to.flag);
    g_assert_cmpint(rig.to.colour, ==, GREEN);
    g_assert_cmpmem(rig.to.array, 6, rig.from.array, 6);
    g_assert_cmpmem(rig.to.flags, 2, rig.from.flags, 2);
    g_assert_cmpuint(rig.to.rows[0].value, ==, 7);
    g_assert_cmpuint(rig.to.rows[1].value, ==, 8);
    g_assert_cmpuint(rig.to.rows[1].other, ==, 3);  /* is not in the table */
    g_assert_true(rig.to.timer.armed);
    g_assert_cmpint(rig.to.timer.deadline_ns, ==, 1000);
    g_assert_false(rig.to.one.timer.armed);
    g_assert_cmpuint(rig.to.one.level, ==, 101);
    g_assert_false(rig.to.many[0].timer.armed);
    g_assert_cmpuint(rig.to.many[1].level, ==, 7);
    g_assert_cmpint(rig.to.many[1].timer.deadline_ns, ==, INT64_MAX);
    g_assert_true(g_bytes_equal(rig.to.blob, rig.from.blob));
    g_assert_cmpuint(rig.to.late, ==, 77);

    g_assert_true(state_loaded(&outer_state, &rig.to, &error));
    g_assert_cmpstr(rig.to.log, ==, "l");
    rig_cleanup(&rig);
}

/** The layout, byte by byte. */
static void test_bytes(void)
{
    static const uint8_t start[] = {
        4, 'b', 'y', 't', 'e', 1, 1, 0, 0, 0, 0x12,
        4, 'w', 'o', 'r', 'd', 2, 1, 0, 0, 0, 0x56, 0x34,
    };
    static const uint8_t one[] = {
        3, 'o', 'n', 'e', 0x30, 1, 0, 0, 0, 2, 0,
        9, 'o', 'n', 'e', '.', 'l', 'e', 'v', 'e', 'l', 2, 1, 0, 0, 0, 101, 0,
        9, 'o', 'n', 'e', '.', 't', 'i', 'm', 'e', 'r', 0x20, 1, 0, 0, 0,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    };
    static const uint8_t flags[] = {
        5, 'f', 'l', 'a', 'g', 's', 0x10, 2, 0, 0, 0, 0, 1,
    };
    static const uint8_t end[] = {
        4, 'b', 'l', 'o', 'b', 0x40, 4, 0, 0, 0, 'b', 'l', 'o', 'b',
        4, 'l', 'a', 't', 'e', 4, 1, 0, 0, 0, 77, 0, 0, 0,
    };
    Rig rig;

    rig_init(&rig);
    g_assert_cmpmem(rig.bytes->data, sizeof(start), start, sizeof(start));
    g_assert_cmpmem(rig.bytes->data + rig_find(&rig, "one"), sizeof(one), one,
                    sizeof(one));
    g_assert_cmpmem(rig.bytes->data + rig_find(&rig, "flags"), sizeof(flags),
                    flags, sizeof(flags));
    g_assert_cmpmem(rig.bytes->data + rig.bytes->len - sizeof(end),
                    sizeof(end), end, sizeof(end));
    rig_find(&rig, "many[1].timer");
    rig_find(&rig, "rows.value");
    rig_cleanup(&rig);
}

/** An older stream has fewer members; those stay as they were. */
static void test_since(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_init(&rig);
    rig.to.late = 5;
    rig.bytes->len = rig_find(&rig, "late");
    g_assert_true(state_decode(&outer_state, &rig.to, 1, rig.bytes->data,
                               rig.bytes->len, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(rig.to.late, ==, 5);
    g_assert_cmpuint(rig.to.byte, ==, 0x12);
    rig_cleanup(&rig);

    /* ... and must not have it */
    rig_init(&rig);
    g_assert_false(state_decode(&outer_state, &rig.to, 1, rig.bytes->data,
                                rig.bytes->len, &error));
    g_assert_nonnull(strstr(error->message, "14 bytes behind the last"));
    rig_cleanup(&rig);
}

/* The next release: members of every kind that came in between, in the device
 * and in a part of it, are not in a stream of this one */

typedef struct Grown {
    uint8_t first;
    uint16_t array[2];
    bool flags[2];
    struct {
        uint32_t value;
    } rows[2];
    Inner part;
    Inner other, others[2];
    Timer timer;
    uint32_t blob;
    uint64_t last;
    unsigned n_loaded;
} Grown;

static bool grown_part_loaded(void *obj, GError **error)
{
    /* with what a reset gives what was not in the stream */
    return ((Inner *)obj)->timer.deadline_ns == 77 ||
           fm_error_set(error, "timer: not as reset left it");
}

static const StateField old_part_fields[] = {
    STATE_FIELD(Inner, level),
    STATE_END
};

static const StateTable old_part_state = {
    .version = 1, .fields = old_part_fields,
};

static const StateField new_part_fields[] = {
    { .name = "timer", .kind = STATE_TIMER, .count = 1, .width = 8,
      .since = 2, .offset = offsetof(Inner, timer) },
    STATE_FIELD(Inner, level),
    STATE_END
};

static const StateTable new_part_state = {
    .version = 2, .fields = new_part_fields, .loaded = grown_part_loaded,
};

static const StateField old_fields[] = {
    STATE_FIELD(Grown, first),
    STATE_PART_FIELD(Grown, part, &old_part_state),
    STATE_FIELD(Grown, last),
    STATE_END
};

static const StateTable old_state = { .version = 1, .fields = old_fields };

static GBytes *grown_get_blob(const void *obj)
{
    return g_bytes_new(&((const Grown *)obj)->blob, 4);
}

static bool grown_put_blob(void *obj, GBytes *bytes, GError **error)
{
    if (g_bytes_get_size(bytes) != 4) {
        return fm_error_set(error, "it has no 4 bytes");
    }
    memcpy(&((Grown *)obj)->blob, g_bytes_get_data(bytes, NULL), 4);
    return true;
}

static bool grown_loaded(void *obj, GError **error)
{
    ((Grown *)obj)->n_loaded++;
    return true;
}

static const StateField new_fields[] = {
    STATE_FIELD(Grown, first),
    { .name = "array", .kind = STATE_INTEGER, .width = 2, .count = 2,
      .stride = 2, .since = 2, .offset = offsetof(Grown, array) },
    { .name = "flags", .kind = STATE_BOOL, .width = 1, .count = 2,
      .stride = sizeof(bool), .since = 2, .offset = offsetof(Grown, flags) },
    { .name = "rows.value", .kind = STATE_INTEGER, .width = 4, .count = 2,
      .stride = 4, .since = 3, .offset = offsetof(Grown, rows) },
    STATE_PART_FIELD(Grown, part, &new_part_state),
    { .name = "other", .kind = STATE_PART, .count = 1, .since = 2,
      .part = &new_part_state, .offset = offsetof(Grown, other) },
    { .name = "others", .kind = STATE_PART, .count = 2, .since = 3,
      .stride = sizeof(Inner), .part = &new_part_state,
      .offset = offsetof(Grown, others) },
    { .name = "timer", .kind = STATE_TIMER, .count = 1, .width = 8,
      .since = 2, .offset = offsetof(Grown, timer) },
    { .name = "blob", .kind = STATE_BLOB, .count = 1, .since = 3,
      .get = grown_get_blob, .put = grown_put_blob },
    STATE_FIELD(Grown, last),
    STATE_END
};

static const StateTable new_state = {
    .version = 3, .fields = new_fields, .loaded = grown_loaded,
};

static void grown_reset(Grown *g, Clock *clock)
{
    Inner *parts[] = { &g->part, &g->other, &g->others[0], &g->others[1] };

    *g = (Grown){
        .first = 1, .array = { 2, 3 }, .flags = { false, true },
        .rows = { { 4 }, { 5 } }, .blob = 6, .last = 7,
    };
    timer_init(&g->timer, clock, expired, g);
    timer_set(&g->timer, 66);
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        timer_init(&parts[i]->timer, clock, expired, g);
        timer_set(&parts[i]->timer, 77);
        parts[i]->level = 10 + i;
    }
}

static void test_grown(void)
{
    g_autoptr(GByteArray) old = g_byte_array_new(), new = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Grown from, to, reset;
    Clock clock;

    clock_init(&clock);
    grown_reset(&from, &clock);
    from.first = 0x11;
    from.part.level = 0x22;
    from.last = 0x33;
    state_encode(&old_state, &from, old);

    /* an old stream: what is in it is taken, all else is as reset left it */
    grown_reset(&reset, &clock);
    grown_reset(&to, &clock);
    g_assert_true(state_decode(&new_state, &to, 1, old->data, old->len,
                               &error));
    g_assert_true(state_loaded(&new_state, &to, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(to.n_loaded, ==, 1);
    g_assert_cmphex(to.first, ==, 0x11);
    g_assert_cmphex(to.part.level, ==, 0x22);
    g_assert_cmphex(to.last, ==, 0x33);
    reset.first = 0x11;
    reset.part.level = 0x22;
    reset.last = 0x33;
    state_encode(&new_state, &reset, new);
    g_byte_array_set_size(old, 0);
    state_encode(&new_state, &to, old);
    g_assert_cmpmem(old->data, old->len, new->data, new->len);

    /* the new one's streams are read, too, but not as anything else */
    grown_reset(&to, &clock);
    g_assert_true(state_decode(&new_state, &to, 3, new->data, new->len,
                               &error));
    g_assert_false(state_decode(&new_state, &to, 2, new->data, new->len,
                                NULL));
    g_assert_false(state_decode(&new_state, &to, 1, new->data, new->len,
                                NULL));
    g_assert_false(state_decode(&old_state, &to, 1, new->data, new->len,
                                NULL));
    clock_cleanup(&clock);
}

/** A part gets a member, the device that it is in does not have to know. */
static void test_grown_part(void)
{
    static const StateField fields[] = {
        STATE_FIELD(Grown, first),
        STATE_PART_FIELD(Grown, part, &new_part_state),
        STATE_FIELD(Grown, last),
        STATE_END
    };
    static const StateTable table = { .version = 1, .fields = fields };
    g_autoptr(GByteArray) old = g_byte_array_new(), new = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Grown from, to;
    Clock clock;

    clock_init(&clock);
    grown_reset(&from, &clock);
    from.part.level = 0x22;
    state_encode(&old_state, &from, old);
    grown_reset(&to, &clock);
    g_assert_true(state_decode(&table, &to, 1, old->data, old->len, &error));
    g_assert_true(state_loaded(&table, &to, &error));
    g_assert_cmphex(to.part.level, ==, 0x22);
    g_assert_cmpint(to.part.timer.deadline_ns, ==, 77);

    state_encode(&table, &from, new);
    g_assert_false(state_decode(&old_state, &to, 1, new->data, new->len,
                                &error));
    g_assert_true(g_str_has_suffix(error->message, ": it is of version 2, this "
                                   "program knows versions 1 to 1"));
    clock_cleanup(&clock);
}

/* What is refused */

static void test_truncated(void)
{
    Rig rig;
    guint len;

    rig_init(&rig);
    len = rig.bytes->len;
    for (guint i = 0; i < len; i++) {
        g_autoptr(GError) error = NULL;

        rig.bytes->len = i;
        g_assert_false(rig_decode(&rig, &error));
        g_assert_nonnull(strstr(error->message, "member '"));
        g_assert_nonnull(strstr(error->message, " at offset "));
    }
    rig.bytes->len = 0;
    rig_expect_refused(&rig, "member 'byte' at offset 0: it is missing, the "
                       "content ends here");
    rig.bytes->len = 22;
    rig_expect_refused(&rig, "member 'word' at offset 11: the content ends "
                       "inside of it");
    rig.bytes->len = len;
    g_byte_array_append(rig.bytes, (const uint8_t *)"x", 1);
    g_assert_false(rig_decode(&rig, NULL));
    rig.bytes->len = len;
    g_assert_true(rig_decode(&rig, NULL));
    rig_cleanup(&rig);
}

/** Values can be anything; all else can only be what it is. */
static void test_flipped(void)
{
    Rig rig;
    unsigned accepted = 0;

    rig_init(&rig);
    for (guint i = 0; i < rig.bytes->len * 8; i++) {
        g_autoptr(GError) error = NULL;

        rig.bytes->data[i / 8] ^= 1u << i % 8;
        if (rig_decode(&rig, &error)) {
            g_assert_no_error(error);
            accepted++;
        } else {
            g_assert_nonnull(error);
        }
        rig.bytes->data[i / 8] ^= 1u << i % 8;
    }
    /* every bit of the integers and the blob; of bools the lowest; of the
     * armed timers' deadlines all but the sign, but for the last one that may
     * be, which becomes -1; of those that are not armed the sign */
    g_assert_cmpuint(accepted, ==,
                     8 * (1 + 2 + 4 + 8 + 8 + 4 + 6 + 8 + 3 * 2 + 4 + 4) +
                     3 + 63 + 64 + 2);
    rig_cleanup(&rig);
}

static void test_members(void)
{
    Rig rig;

    rig_init(&rig);
    rig.bytes->data[rig_find(&rig, "word") + 1] = 'l';
    rig_expect_refused(&rig, "member 'word' at offset 11: it should be here, "
                       "there is 'lord'");
    rig.bytes->data[rig_find(&rig, "lord") + 1] = '\n';
    rig_expect_refused(&rig, "member 'word' at offset 11: it should be here, "
                       "there is '\\nord'");
    rig_cleanup(&rig);

    rig_init(&rig);     /* twice */
    g_byte_array_append(rig.bytes, rig.bytes->data, 11);
    memmove(rig.bytes->data + 11, rig.bytes->data, rig.bytes->len - 11);
    rig_expect_refused(&rig, "member 'word' at offset 11: it should be here, "
                       "there is 'byte'");
    rig_cleanup(&rig);

    rig_init(&rig);     /* not at all */
    g_byte_array_remove_range(rig.bytes, 0, 11);
    rig_expect_refused(&rig, "member 'byte' at offset 0: it should be here, "
                       "there is 'word'");
    rig_cleanup(&rig);
}

static void test_shapes(void)
{
    Rig rig;

    rig_init(&rig);
    rig_value(&rig, "word")[-5] = 4;
    rig_expect_refused(&rig, "member 'word' at offset 11: its values are of "
                       "kind 0x04, 0x02 is expected");
    rig_value(&rig, "word")[-5] = 2;
    rig_value(&rig, "word")[-4] = 2;
    rig_expect_refused(&rig, "member 'word' at offset 11: there are 2 of it, "
                       "1 are expected");
    rig_value(&rig, "word")[-4] = 1;
    st32_le(rig_value(&rig, "blob") - 4, UINT32_MAX);
    g_assert_false(rig_decode(&rig, NULL));
    st32_le(rig_value(&rig, "blob") - 4, 4);
    g_assert_true(rig_decode(&rig, NULL));
    rig_cleanup(&rig);
}

static void expect_ends(Rig *rig, const char *end)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(rig_decode(rig, &error));
    g_assert_nonnull(error);
    if (!g_str_has_suffix(error->message, end)) {
        g_assert_cmpstr(error->message, ==, end);
    }
}

static void test_values(void)
{
    Rig rig;

    rig_init(&rig);
    *rig_value(&rig, "flag") = 2;
    expect_ends(&rig, ": 2 is neither 0 nor 1");
    *rig_value(&rig, "flag") = 1;
    st64_le(rig_value(&rig, "timer"), INT64_MIN);
    expect_ends(&rig, ": -9223372036854775808 is no time at which it can be "
                "due");
    st64_le(rig_value(&rig, "timer"), 5);
    st16_le(rig_value(&rig, "many"), 3);
    expect_ends(&rig, ": it is of version 3, this program knows versions 1 to "
                "2");
    st16_le(rig_value(&rig, "many"), 0);
    expect_ends(&rig, ": it is of version 0, this program knows versions 1 to "
                "2");
    st16_le(rig_value(&rig, "many"), 1);
    st32_le(rig_value(&rig, "blob") - 4, 6);
    expect_ends(&rig, ": it has more than 5 bytes");
    rig_cleanup(&rig);
}

static void test_loaded(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_init(&rig);
    st16_le(rig_value(&rig, "many[1].level"), 0xdead);
    g_assert_true(rig_decode(&rig, NULL));
    g_assert_false(state_loaded(&outer_state, &rig.to, &error));
    g_assert_cmpstr(error->message, ==, "many[1].level: 0xdead cannot be");
    g_assert_cmpstr(rig.to.log, ==, "");        /* parts before the whole */
    rig_cleanup(&rig);
}

/** A timer that nobody has set up cannot be armed by what comes. */
static void test_bare_timer(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_init(&rig);
    rig.to.timer.clock = NULL;
    g_assert_false(rig_decode(&rig, &error));
    g_assert_nonnull(strstr(error->message, "1000 is no time"));
    rig_cleanup(&rig);
}

static void test_offsets(void)
{
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_init(&rig);
    g_assert_false(state_decode_at(&outer_state, &rig.to, 2, rig.bytes->data,
                                   15, 5000, &error));
    g_assert_cmpstr(error->message, ==, "member 'word' at offset 5011: the "
                    "content ends inside of it");
    rig_cleanup(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state-codec/round-trip", test_round_trip);
    g_test_add_func("/state-codec/bytes", test_bytes);
    g_test_add_func("/state-codec/since", test_since);
    g_test_add_func("/state-codec/grown", test_grown);
    g_test_add_func("/state-codec/grown-part", test_grown_part);
    g_test_add_func("/state-codec/truncated", test_truncated);
    g_test_add_func("/state-codec/flipped", test_flipped);
    g_test_add_func("/state-codec/members", test_members);
    g_test_add_func("/state-codec/shapes", test_shapes);
    g_test_add_func("/state-codec/values", test_values);
    g_test_add_func("/state-codec/loaded", test_loaded);
    g_test_add_func("/state-codec/bare-timer", test_bare_timer);
    g_test_add_func("/state-codec/offsets", test_offsets);
    return g_test_run();
}
