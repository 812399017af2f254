/*
 * Objects: types, the tree, properties
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hw/core/device.h"
#include "qapi/walker.h"
#include "qom/object.h"
#include "util/error.h"

/* A few types, with their schema written by hand */

typedef struct ThingOptions {
    char *backend;
    char *label;
    bool has_level;
    uint8_t level;              /* default 3 */
    bool has_limit;
    uint8_t limit;              /* default 100 */
    bool has_extra;
    uint32_t extra;
} ThingOptions;

#define MEMBER(st, field, schema_name, type_of, ...)                    \
    { .name = schema_name, .type = type_of, .offset = offsetof(st, field), \
      .optional = true, .doc = "", __VA_ARGS__ }
#define HAS(st, field) .has_offset = offsetof(st, has_##field)

static const QapiMember thing_members[] = {
    MEMBER(ThingOptions, backend, "backend", &qapi_type_str, .has_offset = -1),
    MEMBER(ThingOptions, label, "label", &qapi_type_str, .has_offset = -1),
    MEMBER(ThingOptions, level, "level", &qapi_type_uint8,
           HAS(ThingOptions, level), .default_text = "3"),
    MEMBER(ThingOptions, limit, "limit", &qapi_type_uint8,
           HAS(ThingOptions, limit), .default_text = "100"),
    MEMBER(ThingOptions, extra, "extra", &qapi_type_uint32,
           HAS(ThingOptions, extra)),
};

static const QapiType thing_options = {
    .name = "ThingOptions",
    .kind = QAPI_KIND_STRUCT,
    .size = sizeof(ThingOptions),
    .doc = "",
    .members = thing_members,
    .n_members = G_N_ELEMENTS(thing_members),
};

typedef struct ArmOptions {
    char *path;
} ArmOptions;

typedef struct UnionOptions {
    int kind;
    union {
        ArmOptions file;
    } u;
} UnionOptions;

static const char *const union_kind_values[] = { "null", "file" };
static const char *const union_kind_docs[] = { "", "" };

static const QapiType union_kind = {
    .name = "UnionKind",
    .kind = QAPI_KIND_ENUM,
    .size = sizeof(int),
    .doc = "",
    .values = union_kind_values,
    .value_docs = union_kind_docs,
    .n_values = G_N_ELEMENTS(union_kind_values),
};

static const QapiMember arm_members[] = {
    MEMBER(ArmOptions, path, "path", &qapi_type_str, .has_offset = -1),
};

static const QapiType arm_options = {
    .name = "ArmOptions",
    .kind = QAPI_KIND_STRUCT,
    .size = sizeof(ArmOptions),
    .doc = "",
    .members = arm_members,
    .n_members = G_N_ELEMENTS(arm_members),
};

static const QapiMember union_members[] = {
    { .name = "kind", .type = &union_kind, .doc = "", .has_offset = -1,
      .offset = offsetof(UnionOptions, kind), .is_discriminator = true },
};

static const QapiBranch union_branches[] = {
    { "null", NULL, 0 },
    { "file", &arm_options, offsetof(UnionOptions, u.file) },
};

static const QapiType union_options = {
    .name = "UnionOptions",
    .kind = QAPI_KIND_STRUCT,
    .size = sizeof(UnionOptions),
    .doc = "",
    .members = union_members,
    .n_members = G_N_ELEMENTS(union_members),
    .discriminator = &union_members[0],
    .branches = union_branches,
    .n_branches = G_N_ELEMENTS(union_branches),
};

/* What happened, in order */
static GString *calls;

static void expect_calls(const char *expected)
{
    g_assert_cmpstr(calls->str, ==, expected);
    g_string_truncate(calls, 0);
}

static void note(const Object *obj, const char *what)
{
    g_string_append_printf(calls, "%s%s%s ", what, obj->name ? ":" : "",
                           obj->name ? obj->name : "");
}

typedef struct Backend {
    Object parent;
} Backend;

static void backend_finalize(Object *obj)
{
    note(obj, "backend-finalize");
}

static const ObjectType backend_type = {
    .name = "backend",
    .parent = &object_type,
    .instance_size = sizeof(Backend),
    .config = &union_options,
    .finalize = backend_finalize,
};

/* One whose objects all have the same arm */
static const ObjectType file_backend_type = {
    .name = "file-backend",
    .parent = &backend_type,
    .config_arm = "file",
};

typedef struct Thing {
    Object parent;
    const ThingOptions *options;
    Backend *backend;
    bool fail_complete;
    uint32_t count;
} Thing;

static json_object *thing_get_count(Object *obj, GError **error)
{
    return json_object_new_int64(((Thing *)obj)->count);
}

static bool thing_set_count(Object *obj, json_object *value, GError **error)
{
    if (!json_object_is_type(value, json_type_int)) {
        return fm_error_set(error, "count: not a number");
    }
    ((Thing *)obj)->count = json_object_get_int64(value);
    return true;
}

static json_object *thing_get_broken(Object *obj, GError **error)
{
    fm_error_set(error, "broken: cannot be told");
    return NULL;
}

static const ObjectProperty thing_properties[] = {
    { "count", "uint32", "How many", thing_get_count, thing_set_count },
    { "broken", "uint32", NULL, thing_get_broken, NULL },
};

static const ObjectLink thing_links[] = {
    { "backend", "/backends", &backend_type, offsetof(Thing, backend) },
};

static const char *const thing_changeable[] = { "level", "extra", NULL };

static bool thing_check(const Object *obj, const void *config, GError **error)
{
    const ThingOptions *options = config;

    g_string_append(calls, obj->config ? "thing-recheck " : "thing-check ");
    if (options->level > options->limit) {
        return fm_error_set(error, "level: above limit");
    }
    return true;
}

static void thing_init(Object *obj)
{
    ((Thing *)obj)->options = obj->config;
    g_string_append(calls, "thing-init ");
}

static void thing_changed(Object *obj, const char *member)
{
    g_string_append_printf(calls, "thing-changed:%s=%u ", member,
                           ((Thing *)obj)->options->level);
}

static bool thing_complete(Object *obj, GError **error)
{
    Thing *thing = (Thing *)obj;

    note(obj, thing->backend ? "complete-with-backend" : "complete");
    return !thing->fail_complete || fm_error_set(error, "told to fail");
}

static void thing_dispose(Object *obj)
{
    note(obj, "thing-dispose");
}

static void thing_finalize(Object *obj)
{
    note(obj, "thing-finalize");
}

static const ObjectType thing_type = {
    .name = "thing",
    .parent = &object_type,
    .instance_size = sizeof(Thing),
    .abstract = true,
    .config = &thing_options,
    .changeable = thing_changeable,
    .properties = thing_properties,
    .n_properties = G_N_ELEMENTS(thing_properties),
    .links = thing_links,
    .n_links = G_N_ELEMENTS(thing_links),
    .klass = "class of things",
    .check = thing_check,
    .init = thing_init,
    .changed = thing_changed,
    .complete = thing_complete,
    .dispose = thing_dispose,
    .finalize = thing_finalize,
};

static bool gadget_check(const Object *obj, const void *config, GError **error)
{
    const ThingOptions *options = config;

    g_string_append(calls, "gadget-check ");
    return options->level != 13 || fm_error_set(error, "level: bad luck");
}

static void gadget_init(Object *obj)
{
    g_string_append(calls, "gadget-init ");
}

static void gadget_dispose(Object *obj)
{
    note(obj, "gadget-dispose");
}

static void gadget_finalize(Object *obj)
{
    note(obj, "gadget-finalize");
}

static const ObjectType gadget_type = {
    .name = "gadget",
    .parent = &thing_type,
    .check = gadget_check,
    .init = gadget_init,
    .dispose = gadget_dispose,
    .finalize = gadget_finalize,
};

static const ObjectType *const test_types[] = {
    &object_type, &container_type, &device_type, &backend_type, &thing_type,
    &gadget_type, NULL,
};

static ThingOptions *thing_options_new(const char *backend, unsigned level)
{
    ThingOptions *options = qapi_new(&thing_options);

    options->backend = g_strdup(backend);
    options->level = level;
    return options;
}

static Object *container_new(void)
{
    return object_new(&container_type, NULL, NULL);
}

static void expect_error(GError **error, const char *message)
{
    g_assert_error(*error, FM_ERROR, FM_ERROR_GENERIC);
    g_assert_cmpstr((*error)->message, ==, message);
    g_clear_error(error);
}

/* Types */

static void test_types_known(void)
{
    object_types_register(test_types);
    g_assert_true(object_types() == test_types);
    g_assert_true(object_type_find("gadget") == &gadget_type);
    g_assert_null(object_type_find("gadge"));
    g_assert_null(object_type_find(""));

    g_assert_true(object_type_is_a(&gadget_type, &gadget_type));
    g_assert_true(object_type_is_a(&gadget_type, &thing_type));
    g_assert_true(object_type_is_a(&gadget_type, &object_type));
    g_assert_false(object_type_is_a(&thing_type, &gadget_type));
    g_assert_false(object_type_is_a(&gadget_type, &backend_type));

    g_assert_true(object_type_config(&gadget_type) == &thing_options);
    g_assert_null(object_type_config(&container_type));
    g_assert_cmpstr(object_type_class(&gadget_type), ==, "class of things");
    g_assert_null(object_type_class(&container_type));
}

/* Life */

static void test_new(void)
{
    g_autoptr(GError) error = NULL;
    Object *obj = object_new(&gadget_type, NULL, &error);

    g_assert_no_error(error);
    expect_calls("thing-check gadget-check thing-init gadget-init ");
    g_assert_true(object_is_a(obj, &thing_type));
    g_assert_cmpuint(((Thing *)obj)->options->level, ==, 3);
    object_free(obj);
    expect_calls("gadget-dispose thing-dispose gadget-finalize "
                 "thing-finalize ");

    /* The configuration is taken over also where it is refused. */
    g_assert_null(object_new(&gadget_type, thing_options_new("x", 13),
                             &error));
    expect_error(&error, "level: bad luck");
    expect_calls("thing-check gadget-check ");
    g_assert_null(object_new(&gadget_type, thing_options_new(NULL, 101),
                             &error));
    expect_error(&error, "level: above limit");
    expect_calls("thing-check ");
    object_free(NULL);
}

static void test_free_order(void)
{
    Object *root = container_new();
    Object *box = object_container(root, "/box");
    const char *const names[] = { "a", "b", "c" };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        object_add_child(box, names[i], object_new(&backend_type, NULL, NULL));
    }
    object_add_child(object_child(box, "b"), "inner",
                     object_new(&backend_type, NULL, NULL));
    object_free(object_child(box, "a"));
    expect_calls("backend-finalize:a ");
    g_assert_null(object_child(box, "a"));
    g_assert_nonnull(object_child(box, "b"));
    object_free(root);
    expect_calls("backend-finalize:c backend-finalize:inner "
                 "backend-finalize:b ");
}

static void test_pins(void)
{
    Object *root = container_new();

    object_pin(root);
    object_pin(root);
    object_unpin(root);
    g_assert_cmpuint(root->pins, ==, 1);
    if (g_test_subprocess()) {
        object_free(root);
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*pins == 0*");
    object_unpin(root);
    object_free(root);
}

/* Links */

typedef struct LinkFixture {
    Object *root, *backend, *box;
} LinkFixture;

static void link_set_up(LinkFixture *f)
{
    f->root = container_new();
    f->backend = object_new(&backend_type, NULL, NULL);
    object_add_child(object_container(f->root, "/backends"), "be0",
                     f->backend);
    object_add_child(object_container(f->root, "/backends"), "odd",
                     container_new());
    f->box = object_container(f->root, "/box");
}

static Thing *link_add(LinkFixture *f, const char *backend)
{
    Object *obj = object_new(&gadget_type, thing_options_new(backend, 0), NULL);

    object_add_child(f->box, "thing[*]", obj);
    g_string_truncate(calls, 0);
    return (Thing *)obj;
}

static char *get_string(Object *obj, const char *name)
{
    GError *error = NULL;
    json_object *value = object_property_get(obj, name, &error);
    char *text;

    g_assert_no_error(error);
    g_assert_true(json_object_is_type(value, json_type_string));
    text = g_strdup(json_object_get_string(value));
    json_object_put(value);
    return text;
}

static void expect_string(Object *obj, const char *name, const char *expected)
{
    g_autofree char *text = get_string(obj, name);

    g_assert_cmpstr(text, ==, expected);
}

static void test_link(void)
{
    g_autoptr(GError) error = NULL;
    LinkFixture f;
    Thing *thing, *none, *failing;

    link_set_up(&f);
    thing = link_add(&f, "be0");
    expect_string(&thing->parent, "backend", "be0");
    g_assert_cmpuint(f.backend->pins, ==, 0);
    g_assert_true(object_complete(&thing->parent, f.root, &error));
    expect_calls("complete-with-backend:thing[0] ");
    g_assert_true((Object *)thing->backend == f.backend);
    g_assert_cmpuint(f.backend->pins, ==, 1);
    expect_string(&thing->parent, "backend", "/backends/be0");

    none = link_add(&f, NULL);
    g_assert_true(object_complete(&none->parent, f.root, &error));
    g_assert_null(none->backend);
    expect_string(&none->parent, "backend", "");
    object_free(&none->parent);

    /* What was pinned is let go also when the completion fails later. */
    failing = link_add(&f, "be0");
    failing->fail_complete = true;
    g_assert_false(object_complete(&failing->parent, f.root, &error));
    expect_error(&error, "told to fail");
    g_assert_cmpuint(f.backend->pins, ==, 2);
    object_free(&failing->parent);
    g_assert_cmpuint(f.backend->pins, ==, 1);

    object_free(&thing->parent);
    g_assert_cmpuint(f.backend->pins, ==, 0);
    object_free(f.root);
    g_string_truncate(calls, 0);
}

static void test_link_errors(void)
{
    static const struct {
        const char *id, *message;
    } cases[] = {
        { "be1", "Property 'gadget.backend' can't find value 'be1'" },
        { "", "Property 'gadget.backend' can't find value ''" },
        { "/backends/be0",
          "Property 'gadget.backend' can't find value '/backends/be0'" },
        { "odd", "Property 'gadget.backend' needs an object of type "
          "'backend', 'odd' is of type 'container'" },
    };
    g_autoptr(GError) error = NULL;
    LinkFixture f;
    Object *empty, *self;

    link_set_up(&f);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        Thing *thing = link_add(&f, cases[i].id);

        g_assert_false(object_complete(&thing->parent, f.root, &error));
        expect_error(&error, cases[i].message);
        g_assert_false(thing->parent.completed);
        object_free(&thing->parent);
    }

    /* No container there at all; and no object is its own backend. */
    empty = container_new();
    self = object_new(&gadget_type, thing_options_new("me", 0), NULL);
    g_assert_false(object_complete(self, empty, &error));
    expect_error(&error, "Property 'gadget.backend' can't find value 'me'");
    object_add_child(object_container(f.root, "/backends"), "me", self);
    g_assert_false(object_complete(self, f.root, &error));
    expect_error(&error, "Property 'gadget.backend' can't find value 'me'");
    object_free(empty);
    object_free(f.root);
    g_string_truncate(calls, 0);
}

/* Tree */

static void expect_path(const Object *obj, const char *expected)
{
    g_autofree char *path = object_path(obj);

    g_assert_cmpstr(path, ==, expected);
}

static bool count_until(Object *obj, void *opaque)
{
    unsigned *left = opaque;

    return --*left > 0;
}

static void test_tree(void)
{
    Object *root = container_new();
    Object *rtc = object_container(root, "/machine/rtc");
    Object *uart = object_container(root, "/machine/unattached/uart");
    Object *uart2 = object_container(root, "/machine/peripheral/uart");
    bool ambiguous = true;
    unsigned left = 100;

    expect_path(root, "/");
    expect_path(uart, "/machine/unattached/uart");
    g_assert_true(object_root(uart) == root);
    g_assert_true(object_container(root, "/") == root);
    g_assert_true(object_container(root, "/machine/rtc") == rtc);

    g_assert_true(object_resolve(root, "/", NULL) == root);
    g_assert_true(object_resolve(root, "/machine/rtc", NULL) == rtc);
    g_assert_true(object_resolve(root, "/machine/rtc/", NULL) == rtc);
    g_assert_null(object_resolve(root, "/machine/rt", NULL));
    g_assert_null(object_resolve(root, "/rtc", NULL));
    g_assert_null(object_resolve(root, "/machine/rtc/x", NULL));

    g_assert_true(object_resolve(root, "rtc", &ambiguous) == rtc);
    g_assert_false(ambiguous);
    g_assert_true(object_resolve(root, "machine/rtc", NULL) == rtc);
    g_assert_null(object_resolve(root, "tc", NULL));
    g_assert_null(object_resolve(root, "x/machine/rtc", NULL));
    g_assert_null(object_resolve(root, "", &ambiguous));
    g_assert_false(ambiguous);
    g_assert_null(object_resolve(root, "uart", &ambiguous));
    g_assert_true(ambiguous);
    g_assert_null(object_resolve(root, "nothing", &ambiguous));
    g_assert_false(ambiguous);
    g_assert_true(object_resolve(root, "peripheral/uart", NULL) == uart2);

    /* Below a given root only */
    g_assert_true(object_resolve(object_child(root, "machine"), "rtc", NULL) ==
                  rtc);
    g_assert_null(object_resolve(object_child(root, "machine"), "machine/rtc",
                                 NULL));

    /* root, machine, rtc, unattached, uart, peripheral, uart */
    g_assert_true(object_foreach(root, count_until, &left));
    g_assert_cmpuint(left, ==, 93);
    left = 3;
    g_assert_false(object_foreach(root, count_until, &left));
    g_assert_cmpuint(left, ==, 0);
    object_free(root);
}

static void test_ids(void)
{
    static const char *const good[] = { "a", "Z9", "net0.b-c_d" };
    static const char *const bad[] = {
        "", "/", "a/b", "a[*]", "a[0]", "0a", "_a", "-a", ".a", "a b", " a",
        "a\n", "\xc3\xa4",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(object_check_id(good[i], NULL));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(object_check_id(bad[i], &error));
        g_assert_cmpstr(error->message, ==,
                        "Parameter 'id' expects an identifier");
    }
}

static void test_long_ids(void)
{
    g_autofree char *id = g_strnfill(OBJECT_ID_MAX + 1, 'x');
    g_autoptr(GError) error = NULL;

    g_assert_false(object_check_id(id, &error));
    g_assert_cmpstr(error->message, ==,
                    "Parameter 'id' has 128 characters, at most 127 fit");
    id[OBJECT_ID_MAX] = '\0';
    g_assert_true(object_check_id(id, NULL));
}

static void test_numbers(void)
{
    Object *root = container_new();
    Object *child;

    for (unsigned i = 0; i < 3; i++) {
        object_add_child(root, "device[*]", container_new());
    }
    g_assert_nonnull(object_child(root, "device[0]"));
    g_assert_nonnull(object_child(root, "device[2]"));
    object_free(object_child(root, "device[1]"));
    /* Names that only look alike */
    object_add_child(root, "device[1]x", container_new());
    object_add_child(root, "device[]", container_new());
    object_add_child(root, "dev", container_new());
    object_add_child(root, "device[99999999999999999999]", container_new());
    child = container_new();
    object_add_child(root, "device[*]", child);
    g_assert_cmpstr(child->name, ==, "device[1]");
    child = container_new();
    object_add_child(root, "device[*]", child);
    g_assert_cmpstr(child->name, ==, "device[3]");
    child = container_new();
    object_add_child(root, "other[*]", child);
    g_assert_cmpstr(child->name, ==, "other[0]");
    object_free(root);
}

static void test_many(void)
{
    Object *root = container_new();
    g_autofree char *name = NULL;

    for (unsigned i = 0; i < 5000; i++) {
        object_add_child(root, "device[*]", container_new());
    }
    name = g_strdup_printf("device[%u]", 4999);
    g_assert_nonnull(object_resolve(root, name, NULL));
    object_free(root);
}

static void test_name_taken(void)
{
    if (g_test_subprocess()) {
        Object *root = object_container(container_new(), "/a/b");

        object_add_child(root->parent, "b", container_new());
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*object_child*");
}

/* Properties */

static char *rows_text(GPtrArray *rows)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < rows->len; i++) {
        const ObjectPropertyRow *row = g_ptr_array_index(rows, i);

        g_string_append_printf(text, "%s:%s%s%s ", row->name, row->type,
                               row->default_text ? "=" : "",
                               row->default_text ? row->default_text : "");
    }
    g_ptr_array_unref(rows);
    return g_string_free(text, FALSE);
}

static void test_list(void)
{
    Object *obj = object_new(&gadget_type, NULL, NULL);
    UnionOptions *file = qapi_new(&union_options);
    Object *backend;
    g_autofree char *of_object = NULL, *of_type = NULL, *of_union = NULL;
    g_autofree char *of_type_arm = NULL, *of_type_base = NULL;

    object_add_child(obj, "inner", container_new());
    of_object = rows_text(object_list_properties(obj));
    g_assert_cmpstr(of_object, ==, "type:string label:string level:uint8=3 "
                    "limit:uint8=100 extra:uint32 backend:link<backend> "
                    "count:uint32 broken:uint32 inner:child<container> ");
    of_type = rows_text(object_type_list_properties(&gadget_type));
    g_assert_cmpstr(of_type, ==, "type:string label:string level:uint8=3 "
                    "limit:uint8=100 extra:uint32 backend:link<backend> "
                    "count:uint32 broken:uint32 ");
    object_free(obj);

    /* A type shows the arm that all of its objects have. */
    of_type_arm = rows_text(object_type_list_properties(&file_backend_type));
    g_assert_cmpstr(of_type_arm, ==, "type:string kind:UnionKind "
                    "path:string ");
    of_type_base = rows_text(object_type_list_properties(&backend_type));
    g_assert_cmpstr(of_type_base, ==, "type:string kind:UnionKind ");

    /* A union shows its active arm. */
    file->kind = 1;
    file->u.file.path = g_strdup("/a");
    backend = object_new(&backend_type, file, NULL);
    of_union = rows_text(object_list_properties(backend));
    g_assert_cmpstr(of_union, ==, "type:string kind:UnionKind path:string ");
    expect_string(backend, "kind", "file");
    expect_string(backend, "path", "/a");
    object_free(backend);
    backend = object_new(&backend_type, NULL, NULL);
    g_assert_null(object_property_get(backend, "path", NULL));
    object_free(backend);
    g_string_truncate(calls, 0);
}

static void test_get(void)
{
    g_autoptr(GError) error = NULL;
    Object *root = container_new();
    Object *obj = object_new(&gadget_type, NULL, NULL);
    json_object *value;

    object_add_child(root, "g", obj);
    expect_string(obj, "type", "gadget");
    expect_string(root, "g", "/g");
    value = object_property_get(obj, "level", &error);
    g_assert_cmpint(json_object_get_int(value), ==, 3);
    json_object_put(value);
    /* Optional, without a default, not given */
    g_assert_null(object_property_get(obj, "extra", &error));
    g_assert_no_error(error);
    value = object_property_get(obj, "count", &error);
    g_assert_cmpint(json_object_get_int(value), ==, 0);
    json_object_put(value);

    g_assert_null(object_property_get(obj, "broken", &error));
    expect_error(&error, "broken: cannot be told");
    g_assert_null(object_property_get(obj, "nope", &error));
    expect_error(&error, "Property 'gadget.nope' not found");
    g_assert_null(object_property_get(root, "level", &error));
    expect_error(&error, "Property 'container.level' not found");
    object_free(root);
    g_string_truncate(calls, 0);
}

static bool set_int(Object *obj, const char *name, int64_t n, GError **error)
{
    json_object *value = json_object_new_int64(n);
    bool ok = object_property_set(obj, name, value, error);

    json_object_put(value);
    return ok;
}

static void test_set(void)
{
    g_autoptr(GError) error = NULL;
    Object *root = container_new();
    Object *obj = object_new(&gadget_type, thing_options_new("be", 1), NULL);
    const ThingOptions *options = ((Thing *)obj)->options;

    object_add_child(root, "g", obj);
    g_string_truncate(calls, 0);
    g_assert_true(set_int(obj, "level", 50, &error));
    g_assert_no_error(error);
    expect_calls("thing-recheck gadget-check thing-changed:level=50 ");
    g_assert_true(options == obj->config);
    g_assert_cmpuint(options->level, ==, 50);
    g_assert_true(options->has_level);
    g_assert_cmpstr(options->backend, ==, "be");

    /* Refused by one check or the other: nothing has changed. */
    g_assert_false(set_int(obj, "level", 101, &error));
    expect_error(&error, "level: above limit");
    g_assert_false(set_int(obj, "level", 13, &error));
    expect_error(&error, "level: bad luck");
    expect_calls("thing-recheck thing-recheck gadget-check ");
    g_assert_cmpuint(options->level, ==, 50);

    /* Refused by the schema */
    g_assert_false(set_int(obj, "level", 256, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_false(object_property_set(obj, "level", NULL, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    expect_calls("");

    g_assert_false(options->has_extra);
    g_assert_true(set_int(obj, "extra", 1u << 31, &error));
    g_assert_true(options->has_extra);
    g_assert_cmpuint(options->extra, ==, 1u << 31);
    g_string_truncate(calls, 0);

    g_assert_false(set_int(obj, "limit", 5, &error));
    expect_error(&error, "Property 'gadget.limit' can't be changed after the "
                 "object was created");
    g_assert_false(set_int(obj, "backend", 5, &error));
    expect_error(&error, "Property 'gadget.backend' can't be changed after "
                 "the object was created");
    g_assert_false(set_int(obj, "nope", 5, &error));
    expect_error(&error, "Property 'gadget.nope' not found");
    g_assert_false(set_int(obj, "type", 5, &error));
    expect_error(&error, "Property 'gadget.type' is not writable");
    g_assert_false(set_int(obj, "broken", 5, &error));
    expect_error(&error, "Property 'gadget.broken' is not writable");
    g_assert_false(set_int(root, "g", 5, &error));
    expect_error(&error, "Property 'container.g' is not writable");

    g_assert_true(set_int(obj, "count", 7, &error));
    g_assert_cmpuint(((Thing *)obj)->count, ==, 7);
    g_assert_false(object_property_set(obj, "count", NULL, &error));
    expect_error(&error, "count: not a number");
    expect_calls("");
    object_free(root);
    g_string_truncate(calls, 0);
}

/* Devices */

typedef struct Lamp {
    Device parent;
    Irq in[2];
    Irq *out;
    bool fail;
} Lamp;

static bool lamp_realize(Device *dev, GError **error)
{
    g_string_append(calls, "realize ");
    return !((Lamp *)dev)->fail || fm_error_set(error, "lamp: broken");
}

static void lamp_unrealize(Device *dev)
{
    g_string_append(calls, "unrealize ");
}

static void lamp_reset(Device *dev)
{
    g_string_append(calls, "reset ");
}

static void lamp_line(void *opaque, unsigned n, bool level)
{
    g_string_append_printf(calls, "line%u=%d ", n, level);
}

static void lamp_init(Object *obj)
{
    Lamp *lamp = (Lamp *)obj;

    for (unsigned i = 0; i < G_N_ELEMENTS(lamp->in); i++) {
        irq_init(&lamp->in[i], lamp_line, lamp, i);
    }
    device_add_inputs(&lamp->parent, NULL, lamp->in, G_N_ELEMENTS(lamp->in));
    device_add_outputs(&lamp->parent, NULL, &lamp->out, 1);
    device_add_inputs(&lamp->parent, "named", lamp->in, 1);
}

static void lamp_finalize(Object *obj)
{
    g_string_append(calls, "finalize ");
}

static const DeviceClass lamp_class = {
    .bus = "Test",
    .realize = lamp_realize,
    .unrealize = lamp_unrealize,
    .reset = lamp_reset,
};

static const ObjectType lamp_type = {
    .name = "lamp",
    .parent = &device_type,
    .instance_size = sizeof(Lamp),
    .klass = &lamp_class,
    .init = lamp_init,
    .finalize = lamp_finalize,
};

static const ObjectType plain_device_type = {
    .name = "plain-device",
    .parent = &device_type,
};

static void test_device_life(void)
{
    g_autoptr(GError) error = NULL;
    Lamp *lamp = (Lamp *)object_new(&lamp_type, NULL, NULL);
    Device *plain = (Device *)object_new(&plain_device_type, NULL, NULL);

    device_reset(&lamp->parent);
    expect_calls("");
    g_assert_true(device_realize(&lamp->parent, &error));
    expect_calls("realize reset ");
    device_reset(&lamp->parent);
    expect_calls("reset ");
    /* unrealize() still finds the whole device. */
    object_free(&lamp->parent.parent);
    expect_calls("unrealize finalize ");

    lamp = (Lamp *)object_new(&lamp_type, NULL, NULL);
    lamp->fail = true;
    g_assert_false(device_realize(&lamp->parent, &error));
    expect_error(&error, "lamp: broken");
    object_free(&lamp->parent.parent);
    expect_calls("realize finalize ");

    g_assert_null(device_class(plain)->bus);
    g_assert_true(device_realize(plain, &error));
    device_reset(plain);
    object_free(&plain->parent);
    expect_calls("");
}

static void lamp_observer(void *opaque, Irq *irq, bool level)
{
    g_string_append_printf(calls, "seen%u=%d ", irq->n, level);
}

static void test_device_lines(void)
{
    Lamp *lamp = (Lamp *)object_new(&lamp_type, NULL, NULL);
    Device *dev = &lamp->parent;
    DeviceGpio *gpio = device_find_gpio(dev, NULL, false);

    g_assert_cmpuint(gpio->n, ==, 2);
    g_assert_true(gpio->in == lamp->in);
    g_assert_true(device_find_gpio(dev, NULL, true)->out == &lamp->out);
    g_assert_true(device_find_gpio(dev, "named", false)->in == lamp->in);
    g_assert_null(device_find_gpio(dev, "named", true));
    g_assert_null(device_find_gpio(dev, "other", false));

    irq_set(lamp->out, true);           /* leads nowhere */
    lamp->in[1].observer = lamp_observer;
    irq_set(&gpio->in[1], true);
    irq_set(&gpio->in[1], true);
    irq_set(&gpio->in[1], false);
    expect_calls("seen1=1 line1=1 line1=1 seen1=0 line1=0 ");
    object_free(&dev->parent);
    g_string_truncate(calls, 0);
}

int main(int argc, char **argv)
{
    int status;

    calls = g_string_new(NULL);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/object/types", test_types_known);
    g_test_add_func("/object/new", test_new);
    g_test_add_func("/object/free-order", test_free_order);
    g_test_add_func("/object/pins", test_pins);
    g_test_add_func("/object/link", test_link);
    g_test_add_func("/object/link-errors", test_link_errors);
    g_test_add_func("/object/tree", test_tree);
    g_test_add_func("/object/ids", test_ids);
    g_test_add_func("/object/long-ids", test_long_ids);
    g_test_add_func("/object/numbers", test_numbers);
    g_test_add_func("/object/many", test_many);
    g_test_add_func("/object/name-taken", test_name_taken);
    g_test_add_func("/object/list", test_list);
    g_test_add_func("/object/get", test_get);
    g_test_add_func("/object/set", test_set);
    g_test_add_func("/device/life", test_device_life);
    g_test_add_func("/device/lines", test_device_lines);
    status = g_test_run();
    g_string_free(calls, TRUE);
    return status;
}
