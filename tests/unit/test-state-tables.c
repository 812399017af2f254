/*
 * Every device's state table, or its reason for having none
 *
 * Over all types that the program knows.  What has none is listed as
 * diagnostics, with its reason.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/core/state.h"

#include <string.h>

#include "hw/core/clock.h"
#include "hw/core/machine.h"
#include "system/types.h"
#include "util/error.h"

/* include/hw/core/state.h: of a name in a table */
#define NAME_MAX_LEN 63

/* migration/state-codec.c: of one with its parts' before it */
#define FULL_NAME_MAX_LEN 255

/* More than that, and a table contains itself. */
#define PARTS_MAX_DEPTH 8

/** A walk over a table and its parts. */
typedef struct Walk {
    size_t size;                /* of the struct */
    GHashTable *names;          /* flattened: "timers[1].config" */
} Walk;

static bool walk_table(Walk *w, const StateTable *table, const char *prefix,
                       size_t base, unsigned depth, GError **error);

static bool walk_check_width(const StateField *f, const char *name,
                             GError **error)
{
    switch (f->kind) {
    case STATE_INTEGER:
        return f->width == 1 || f->width == 2 || f->width == 4 ||
               f->width == 8 ||
               fm_error_set(error, "%s: %u bytes are no integer", name,
                            f->width);
    case STATE_BOOL:
        return f->width == sizeof(bool) ||
               fm_error_set(error, "%s: %u bytes are no bool", name, f->width);
    default:
        return true;
    }
}

static size_t walk_element_size(const StateField *f)
{
    switch (f->kind) {
    case STATE_INTEGER:
    case STATE_BOOL:
        return f->width;
    case STATE_TIMER:
        return sizeof(Timer);
    default:
        return 0;       /* a part's own members tell; a blob has no place */
    }
}

static bool walk_check_place(const Walk *w, const StateField *f,
                             const char *name, size_t base, GError **error)
{
    size_t size = walk_element_size(f);
    size_t end;

    if (f->count == 0) {
        return fm_error_set(error, "%s: no elements", name);
    }
    if (f->count > 1 && (f->stride == 0 || f->stride < size)) {
        return fm_error_set(error, "%s: elements overlap", name);
    }
    end = base + f->offset + (size_t)(f->count - 1) * f->stride + size;
    return end <= w->size ||
           fm_error_set(error, "%s: ends at byte %zu of a struct of %zu", name,
                        end, w->size);
}

static bool walk_parts(Walk *w, const StateField *f, const char *name,
                       size_t base, unsigned depth, GError **error)
{
    if (!f->part) {
        return fm_error_set(error, "%s: a part without a table", name);
    }
    if (depth == PARTS_MAX_DEPTH) {
        return fm_error_set(error, "%s: parts without end", name);
    }
    for (uint32_t i = 0; i < f->count; i++) {
        g_autofree char *prefix =
            f->stride ? g_strdup_printf("%s[%u].", name, i)
                      : g_strconcat(name, ".", NULL);

        if (!walk_table(w, f->part, prefix, base + f->offset +
                        (size_t)i * f->stride, depth + 1, error)) {
            return false;
        }
    }
    return true;
}

static bool walk_check_name(const StateField *f, const char *name,
                            GError **error)
{
    if (strlen(f->name) > NAME_MAX_LEN) {
        return fm_error_set(error, "%s: longer than %d bytes", name,
                            NAME_MAX_LEN);
    }
    if (strlen(name) > FULL_NAME_MAX_LEN) {
        return fm_error_set(error, "%s: longer than %d bytes", name,
                            FULL_NAME_MAX_LEN);
    }
    for (const char *p = f->name; *p; p++) {
        if (!g_ascii_isgraph(*p)) {
            return fm_error_set(error, "%s: not printable", name);
        }
    }
    return true;
}

static bool walk_field(Walk *w, const StateTable *table, const StateField *f,
                       const char *prefix, size_t base, unsigned depth,
                       GError **error)
{
    g_autofree char *name = NULL;

    if (!f->name || !*f->name) {
        return fm_error_set(error, "%s: a member without a name", prefix);
    }
    name = g_strconcat(prefix, f->name, NULL);
    if (f->since > table->version) {
        return fm_error_set(error, "%s: since version %u of %u", name,
                            f->since, table->version);
    }
    if (!walk_check_name(f, name, error) ||
        !walk_check_width(f, name, error) ||
        !walk_check_place(w, f, name, base, error)) {
        return false;
    }
    if (f->kind == STATE_BLOB && !(f->get && f->put)) {
        return fm_error_set(error, "%s: a blob without get() and put()", name);
    }
    if (!g_hash_table_add(w->names, g_strdup(name))) {
        return fm_error_set(error, "%s: there twice", name);
    }
    return f->kind != STATE_PART ||
           walk_parts(w, f, name, base, depth, error);
}

static bool walk_table(Walk *w, const StateTable *table, const char *prefix,
                       size_t base, unsigned depth, GError **error)
{
    if (table->version < 1) {
        return fm_error_set(error, "'%s': version 0", prefix);
    }
    if (!table->fields || table->fields->kind == STATE_END_OF_TABLE) {
        return fm_error_set(error, "'%s': no members", prefix);
    }
    for (const StateField *f = table->fields; f->kind != STATE_END_OF_TABLE;
         f++) {
        if (!walk_field(w, table, f, prefix, base, depth, error)) {
            return false;
        }
    }
    return true;
}

/* Returns false with @error set if @table, of a struct of @size bytes, cannot
 * be what it should. */
static bool check_table(const StateTable *table, size_t size, GError **error)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                        g_free, NULL);
    Walk w = { .size = size, .names = names };

    return walk_table(&w, table, "", 0, 0, error);
}

static size_t type_size(const ObjectType *type)
{
    while (!type->instance_size) {
        type = type->parent;
    }
    return type->instance_size;
}

static void test_device(gconstpointer data)
{
    const ObjectType *type = data;
    const DeviceClass *klass = object_type_class(type);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(klass);
    if (!klass->state && !klass->stateless) {
        g_test_message("%s: has neither a state table nor a reason for having "
                       "none", type->name);
        g_test_fail();
        return;
    }
    g_assert_false(klass->state && klass->stateless);
    if (klass->stateless) {
        g_assert_cmpuint(strlen(klass->stateless), >, 0);
        g_test_message("%s: stateless: %s", type->name, klass->stateless);
        return;
    }
    check_table(klass->state, type_size(type), &error);
    g_assert_no_error(error);
}

/* A machine may have none: there are memory, clock and devices. */
static void test_machine(gconstpointer data)
{
    const ObjectType *type = data;
    const MachineClass *klass = object_type_class(type);
    g_autoptr(GError) error = NULL;

    if (klass->state) {
        check_table(klass->state, type_size(type), &error);
        g_assert_no_error(error);
    } else {
        g_test_message("%s: nothing besides memory, clock and devices",
                       type->name);
    }
}

/* What check_table() is for */

typedef struct Inner {
    uint8_t byte;
    uint32_t word;
} Inner;

typedef struct Outer {
    Inner inner[2];
    uint16_t halves[3];
    bool flag;
    uint8_t last;
} Outer;

static const StateField inner_fields[] = {
    STATE_FIELD(Inner, byte),
    STATE_FIELD(Inner, word),
    STATE_END
};

static const StateTable inner_table = { .version = 1, .fields = inner_fields };

static StateField recursive_fields[2];
static const StateTable recursive_table = {
    .version = 1, .fields = recursive_fields,
};

static GBytes *blob_get(const void *obj)
{
    return g_bytes_new(NULL, 0);
}

static const char long_name[] =
    "a-name-of-64-bytes-..............................................";

static void test_faults(void)
{
    G_STATIC_ASSERT(sizeof(long_name) - 1 > NAME_MAX_LEN);
    const struct {
        StateField fields[3];
        const char *fault;      /* NULL: none */
    } cases[] = {
        { { STATE_FIELD(Outer, flag), STATE_ARRAY(Outer, halves), STATE_END },
          NULL },
        { { STATE_PARTS(Outer, inner, &inner_table), STATE_FIELD(Outer, last),
            STATE_END }, NULL },
        { { STATE_FIELD(Outer, last), STATE_FIELD(Outer, last), STATE_END },
          "last: there twice" },
        { { STATE_PARTS(Outer, inner, &inner_table),
            { .name = "inner[1].word", .kind = STATE_INTEGER, .width = 4,
              .count = 1 }, STATE_END },
          "inner[1].word: there twice" },
        { { STATE_FIELD_SINCE(Outer, last, 2), STATE_END },
          "last: since version 2 of 1" },
        { { { .name = "beyond", .kind = STATE_INTEGER, .width = 4, .count = 1,
              .offset = offsetof(Outer, last) }, STATE_END },
          "beyond: ends at byte *" },
        { { { .name = "array", .kind = STATE_INTEGER, .width = 2, .count = 999,
              .stride = 2 }, STATE_END },
          "array: ends at byte 1998 *" },
        { { { .name = "array", .kind = STATE_INTEGER, .width = 2, .count = 2 },
            STATE_END },
          "array: elements overlap" },
        { { { .name = "inner", .kind = STATE_PART, .count = 3,
              .stride = sizeof(Inner), .part = &inner_table,
              .offset = sizeof(Inner) }, STATE_END },
          "inner[2].byte: ends at byte *" },
        { { { .name = "odd", .kind = STATE_INTEGER, .width = 3, .count = 1 },
            STATE_END },
          "odd: 3 bytes are no integer" },
        { { { .name = "timer", .kind = STATE_TIMER, .width = 8, .count = 1,
              .offset = offsetof(Outer, last) }, STATE_END },
          "timer: ends at byte *" },
        { { { .name = "part", .kind = STATE_PART, .count = 1 }, STATE_END },
          "part: a part without a table" },
        { { { .name = "part", .kind = STATE_PART, .count = 1,
              .part = &recursive_table }, STATE_END },
          "part.again.*: parts without end" },
        { { { .name = "blob", .kind = STATE_BLOB, .count = 1,
              .get = blob_get }, STATE_END },
          "blob: a blob without get() and put()" },
        { { { .name = long_name, .kind = STATE_INTEGER, .width = 1,
              .count = 1 }, STATE_END },
          "a-name-of-64-bytes-*: longer than 63 bytes" },
        { { { .name = "", .kind = STATE_INTEGER, .width = 1, .count = 1 },
            STATE_END },
          ": a member without a name" },
        { { { .name = "a b", .kind = STATE_INTEGER, .width = 1, .count = 1 },
            STATE_END },
          "a b: not printable" },
        { { STATE_END }, "'': no members" },
    };

    recursive_fields[0] = (StateField){
        .name = "again", .kind = STATE_PART, .count = 1,
        .part = &recursive_table,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const StateTable table = { .version = 1, .fields = cases[i].fields };
        g_autoptr(GError) error = NULL;

        g_assert_true(check_table(&table, sizeof(Outer), &error) ==
                      !cases[i].fault);
        if (cases[i].fault) {
            g_test_message("%s", error->message);
            g_assert_true(g_pattern_match_simple(cases[i].fault,
                                                 error->message));
        }
    }
    g_assert_false(check_table(&(StateTable){ .fields = inner_fields },
                               sizeof(Inner), NULL));
}

/* Returns how many types derive from @ancestor and can be made. */
static unsigned add(const ObjectType *ancestor, const char *prefix,
                    GTestDataFunc test)
{
    unsigned n = 0;

    for (const ObjectType *const *t = object_types(); *t; t++) {
        if (!(*t)->abstract && object_type_is_a(*t, ancestor)) {
            g_autofree char *path = g_strconcat(prefix, (*t)->name, NULL);

            g_test_add_data_func(path, *t, test);
            n++;
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    unsigned n;

    g_test_init(&argc, &argv, NULL);
    types_register();
    g_test_add_func("/state-tables/faults", test_faults);
    n = add(&device_type, "/state-tables/device/", test_device);
    g_assert_cmpuint(n, >, 0);
    n = add(&machine_type, "/state-tables/machine/", test_machine);
    g_assert_cmpuint(n, >, 0);
    return g_test_run();
}
