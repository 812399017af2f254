/*
 * Objects: named types, a tree with paths, properties from the schema
 *
 * Objects are few and small, so everything is a scan of short arrays.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "qapi/walker.h"
#include "qom/object.h"
#include "util/error.h"

const ObjectType object_type = {
    .name = "object",
    .doc = "Root of every type",
    .instance_size = sizeof(Object),
    .abstract = true,
};

const ObjectType container_type = {
    .name = "container",
    .parent = &object_type,
    .doc = "Holds other objects",
};

/* Types */

static const ObjectType *const no_types[] = { NULL };
static const ObjectType *const *registered_types;

static const QapiMember *type_member(const ObjectType *type, const char *name)
{
    const QapiType *config = object_type_config(type);

    return config ? qapi_find_member(config, name) : NULL;
}

static const ObjectLink *type_link(const ObjectType *type, const char *name)
{
    for (; type; type = type->parent) {
        for (unsigned i = 0; i < type->n_links; i++) {
            if (!strcmp(type->links[i].member, name)) {
                return &type->links[i];
            }
        }
    }
    return NULL;
}

static const ObjectProperty *type_state(const ObjectType *type,
                                        const char *name)
{
    for (; type; type = type->parent) {
        for (unsigned i = 0; i < type->n_properties; i++) {
            if (!strcmp(type->properties[i].name, name)) {
                return &type->properties[i];
            }
        }
    }
    return NULL;
}

static bool type_is_changeable(const ObjectType *type, const char *name)
{
    for (; type; type = type->parent) {
        if (type->changeable &&
            g_strv_contains((const char *const *)type->changeable, name)) {
            return true;
        }
    }
    return false;
}

static const QapiBranch *type_config_arm(const ObjectType *type)
{
    const QapiType *config = object_type_config(type);

    while (type && !type->config_arm) {
        type = type->parent;
    }
    return type ? qapi_find_branch(config, type->config_arm) : NULL;
}

/* A mistake in a type's tables shall not wait for the user who meets it. */
static void type_assert_sound(const ObjectType *type)
{
    g_assert(type->name && *type->name);
    g_assert(!type->config_arm || type_config_arm(type));
    for (unsigned i = 0; i < type->n_links; i++) {
        const ObjectLink *link = &type->links[i];
        const QapiMember *member = type_member(type, link->member);

        g_assert(member && member->type->kind == QAPI_KIND_STR);
        g_assert(link->container && link->type);
        g_assert(!type_is_changeable(type, link->member));
    }
    for (unsigned i = 0; i < type->n_properties; i++) {
        g_assert(type->properties[i].get);
        g_assert(!type_member(type, type->properties[i].name));
    }
}

void object_types_register(const ObjectType *const *types)
{
    if (registered_types == types) {
        return;
    }
    g_assert(!registered_types);
    for (unsigned i = 0; types[i]; i++) {
        type_assert_sound(types[i]);
    }
    registered_types = types;
}

const ObjectType *const *object_types(void)
{
    return registered_types ? registered_types : no_types;
}

const ObjectType *object_type_find(const char *name)
{
    for (const ObjectType *const *t = object_types(); *t; t++) {
        if (!strcmp((*t)->name, name)) {
            return *t;
        }
    }
    return NULL;
}

bool object_type_is_a(const ObjectType *type, const ObjectType *ancestor)
{
    while (type && type != ancestor) {
        type = type->parent;
    }
    return type != NULL;
}

const QapiType *object_type_config(const ObjectType *type)
{
    while (type && !type->config) {
        type = type->parent;
    }
    return type ? type->config : NULL;
}

const void *object_type_class(const ObjectType *type)
{
    while (type && !type->klass) {
        type = type->parent;
    }
    return type ? type->klass : NULL;
}

static size_t type_instance_size(const ObjectType *type)
{
    while (!type->instance_size) {
        type = type->parent;
    }
    return type->instance_size;
}

/* Life of an object */

bool object_check_id(const char *id, GError **error)
{
    const char *c = id;

    while (g_ascii_isalnum(*c) || *c == '-' || *c == '.' || *c == '_') {
        c++;
    }
    if (!g_ascii_isalpha(*id) || *c) {
        return fm_error_set(error, "Parameter 'id' expects an identifier");
    }
    return c - id <= OBJECT_ID_MAX ||
           fm_error_set(error, "Parameter 'id' has %zu characters, at most %d "
                        "fit", (size_t)(c - id), OBJECT_ID_MAX);
}

static bool object_check(const Object *obj, const ObjectType *type,
                         const void *config, GError **error)
{
    if (type->parent && !object_check(obj, type->parent, config, error)) {
        return false;
    }
    return !type->check || type->check(obj, config, error);
}

static void object_init(Object *obj, const ObjectType *type)
{
    if (type->parent) {
        object_init(obj, type->parent);
    }
    if (type->init) {
        type->init(obj);
    }
}

static void object_announce_change(Object *obj, const ObjectType *type,
                                   const char *member)
{
    if (type->parent) {
        object_announce_change(obj, type->parent, member);
    }
    if (type->changed) {
        type->changed(obj, member);
    }
}

Object *object_new(const ObjectType *type, void *config, GError **error)
{
    const QapiType *config_type = object_type_config(type);
    Object *obj;

    g_assert(!type->abstract);
    g_assert(config_type || !config);

    if (config_type && !config) {
        config = qapi_new(config_type);
    }
    obj = g_malloc0(type_instance_size(type));
    obj->type = type;
    if (!object_check(obj, type, config, error)) {
        if (config_type) {
            qapi_free(config_type, config);
        }
        g_free(obj);
        return NULL;
    }
    obj->config = config;
    object_init(obj, type);
    return obj;
}

static unsigned object_lowest_free_number(const Object *parent,
                                          const char *name, size_t stem_len)
{
    unsigned n_children = parent->children ? parent->children->len : 0;
    g_autofree bool *used = g_new0(bool, n_children + 1);
    unsigned n = 0;

    for (unsigned i = 0; i < n_children; i++) {
        const Object *child = g_ptr_array_index(parent->children, i);
        guint64 number;
        char *end;

        if (strncmp(child->name, name, stem_len)) {
            continue;
        }
        number = g_ascii_strtoull(child->name + stem_len, &end, 10);
        if (!strcmp(end, "]") && number <= n_children) {
            used[number] = true;
        }
    }
    while (used[n]) {
        n++;
    }
    return n;
}

void object_add_child(Object *parent, const char *name, Object *child)
{
    g_assert(child != parent && !child->parent && !child->name);
    g_assert(*name && !strchr(name, '/'));

    if (g_str_has_suffix(name, "[*]")) {
        size_t stem_len = strlen(name) - 2;

        child->name = g_strdup_printf("%.*s%u]", (int)stem_len, name,
                                      object_lowest_free_number(parent, name,
                                                                stem_len));
    } else {
        child->name = g_strdup(name);
    }
    g_assert(!object_child(parent, child->name));

    if (!parent->children) {
        parent->children = g_ptr_array_new();
    }
    g_ptr_array_add(parent->children, child);
    child->parent = parent;
}

static Object **object_link_slot(Object *obj, const ObjectLink *link)
{
    return (Object **)((char *)obj + link->offset);
}

static const char *object_link_text(const Object *obj, const ObjectLink *link)
{
    const QapiMember *member = type_member(obj->type, link->member);

    return *(char *const *)((const char *)obj->config + member->offset);
}

static bool object_resolve_link(Object *obj, Object *root,
                                const ObjectLink *link, GError **error)
{
    const char *id = object_link_text(obj, link);
    Object *container, *target;

    if (!id) {
        return true;
    }
    container = object_resolve(root, link->container, NULL);
    target = container ? object_child(container, id) : NULL;
    if (!target || target == obj) {
        return fm_error_set(error, "Property '%s.%s' can't find value '%s'",
                            obj->type->name, link->member, id);
    }
    if (!object_is_a(target, link->type)) {
        return fm_error_set(error, "Property '%s.%s' needs an object of type "
                            "'%s', '%s' is of type '%s'", obj->type->name,
                            link->member, link->type->name, id,
                            target->type->name);
    }
    object_pin(target);
    *object_link_slot(obj, link) = target;
    return true;
}

bool object_complete(Object *obj, Object *root, GError **error)
{
    const ObjectType *type;

    g_assert(!obj->completed);
    for (type = obj->type; type; type = type->parent) {
        for (unsigned i = 0; i < type->n_links; i++) {
            if (!object_resolve_link(obj, root, &type->links[i], error)) {
                return false;
            }
        }
    }
    for (type = obj->type; type && !type->complete; type = type->parent) {
    }
    if (type && !type->complete(obj, error)) {
        return false;
    }
    obj->completed = true;
    return true;
}

static void object_leave_parent(Object *obj)
{
    GPtrArray *siblings;
    unsigned i;

    if (!obj->parent) {
        return;
    }
    /* From the end: a tree is taken down youngest first. */
    siblings = obj->parent->children;
    for (i = siblings->len; g_ptr_array_index(siblings, i - 1) != obj; i--) {
    }
    g_ptr_array_remove_index(siblings, i - 1);
    obj->parent = NULL;
}

void object_free(Object *obj)
{
    const ObjectType *type;

    if (!obj) {
        return;
    }
    while (obj->children && obj->children->len > 0) {
        object_free(g_ptr_array_index(obj->children, obj->children->len - 1));
    }
    g_assert(obj->pins == 0);

    for (type = obj->type; type; type = type->parent) {
        if (type->dispose) {
            type->dispose(obj);
        }
    }
    /* Before finalize(), which may clear the pointers. */
    for (type = obj->type; type; type = type->parent) {
        for (unsigned i = 0; i < type->n_links; i++) {
            Object *target = *object_link_slot(obj, &type->links[i]);

            if (target) {
                object_unpin(target);
            }
        }
    }
    for (type = obj->type; type; type = type->parent) {
        if (type->finalize) {
            type->finalize(obj);
        }
    }
    object_leave_parent(obj);
    if (obj->children) {
        g_ptr_array_unref(obj->children);
    }
    if (obj->config) {
        qapi_free(object_type_config(obj->type), obj->config);
    }
    g_free(obj->name);
    g_free(obj);
}

void object_pin(Object *obj)
{
    obj->pins++;
}

void object_unpin(Object *obj)
{
    g_assert(obj->pins > 0);
    obj->pins--;
}

bool object_is_a(const Object *obj, const ObjectType *type)
{
    return object_type_is_a(obj->type, type);
}

/* The tree */

static Object *object_child_n(const Object *parent, const char *name,
                              size_t len)
{
    unsigned n = parent->children ? parent->children->len : 0;

    for (unsigned i = 0; i < n; i++) {
        Object *child = g_ptr_array_index(parent->children, i);

        if (!strncmp(child->name, name, len) && child->name[len] == '\0') {
            return child;
        }
    }
    return NULL;
}

Object *object_child(const Object *parent, const char *name)
{
    return object_child_n(parent, name, strlen(name));
}

Object *object_container(Object *root, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    Object *obj = root;

    g_assert(path[0] == '/');
    for (unsigned i = 0; parts[i]; i++) {
        Object *child;

        if (!*parts[i]) {
            continue;
        }
        child = object_child(obj, parts[i]);
        if (!child) {
            child = object_new(&container_type, NULL, NULL);
            object_add_child(obj, parts[i], child);
        }
        obj = child;
    }
    return obj;
}

Object *object_root(Object *obj)
{
    while (obj->parent) {
        obj = obj->parent;
    }
    return obj;
}

char *object_path(const Object *obj)
{
    GString *path = g_string_new(NULL);

    for (; obj->parent; obj = obj->parent) {
        g_string_prepend(path, obj->name);
        g_string_prepend_c(path, '/');
    }
    if (path->len == 0) {
        g_string_append_c(path, '/');
    }
    return g_string_free(path, FALSE);
}

static Object *object_resolve_absolute(Object *root, const char *path)
{
    Object *obj = root;

    while (obj && *path) {
        size_t len = strcspn(path, "/");

        if (len > 0) {
            obj = object_child_n(obj, path, len);
        }
        path += len;
        path += *path == '/';
    }
    return obj;
}

typedef struct ObjectSearch {
    const Object *root;
    char **parts;
    unsigned n_parts;
    Object *found;
    bool ambiguous;
} ObjectSearch;

static bool object_search_visit(Object *obj, void *opaque)
{
    ObjectSearch *search = opaque;
    const Object *o = obj;

    for (unsigned i = search->n_parts; i > 0; i--, o = o->parent) {
        if (o == search->root || strcmp(o->name, search->parts[i - 1])) {
            return true;
        }
    }
    if (search->found) {
        search->ambiguous = true;
        return false;
    }
    search->found = obj;
    return true;
}

Object *object_resolve(Object *root, const char *path, bool *ambiguous)
{
    g_auto(GStrv) parts = NULL;
    ObjectSearch search = { .root = root };

    if (ambiguous) {
        *ambiguous = false;
    }
    if (path[0] == '/') {
        return object_resolve_absolute(root, path);
    }
    parts = g_strsplit(path, "/", -1);
    search.parts = parts;
    search.n_parts = g_strv_length(parts);
    if (search.n_parts == 0) {
        return NULL;
    }
    object_foreach(root, object_search_visit, &search);
    if (ambiguous) {
        *ambiguous = search.ambiguous;
    }
    return search.ambiguous ? NULL : search.found;
}

bool object_foreach(Object *obj, bool (*visit)(Object *obj, void *opaque),
                    void *opaque)
{
    if (!visit(obj, opaque)) {
        return false;
    }
    for (unsigned i = 0; obj->children && i < obj->children->len; i++) {
        if (!object_foreach(g_ptr_array_index(obj->children, i), visit,
                            opaque)) {
            return false;
        }
    }
    return true;
}

/* Properties */

/* A member and the struct that holds it: the configuration or, where that is
 * a union, its active arm. */
typedef struct ConfigPart {
    const QapiType *type;       /* NULL: there is none */
    void *value;
} ConfigPart;

static ConfigPart config_next_part(ConfigPart part)
{
    ConfigPart next = { NULL, NULL };
    const QapiType *tags;
    const QapiBranch *branch;
    int tag;

    if (!part.type->discriminator) {
        return next;
    }
    tags = part.type->discriminator->type;
    memcpy(&tag, (char *)part.value + part.type->discriminator->offset,
           sizeof(tag));
    g_assert(tag >= 0 && (unsigned)tag < tags->n_values);
    branch = qapi_find_branch(part.type, tags->values[tag]);
    if (branch && branch->type) {
        next.type = branch->type;
        next.value = (char *)part.value + branch->offset;
    }
    return next;
}

static const QapiMember *config_find(const QapiType *type, void *config,
                                     const char *name, ConfigPart *where)
{
    const QapiMember *member = NULL;
    ConfigPart part = { config ? type : NULL, config };

    while (part.type && !(member = qapi_find_member(part.type, name))) {
        part = config_next_part(part);
    }
    *where = part;
    return member;
}

static void rows_add(GPtrArray *list, const char *name, char *type,
                     const char *doc, const char *default_text)
{
    ObjectPropertyRow *row = g_new0(ObjectPropertyRow, 1);

    row->name = g_strdup(name);
    row->type = type;
    row->doc = doc && *doc ? doc : NULL;
    row->default_text = g_strdup(default_text);
    g_ptr_array_add(list, row);
}

void object_property_row_free(ObjectPropertyRow *row)
{
    if (row) {
        g_free(row->name);
        g_free(row->type);
        g_free(row->default_text);
        g_free(row);
    }
}

static void rows_add_members(GPtrArray *list, const ObjectType *type,
                             const QapiType *config)
{
    for (unsigned i = 0; i < config->n_members; i++) {
        const QapiMember *m = &config->members[i];

        /* "type" is the object's own; links have rows of their own. */
        if (strcmp(m->name, "type") && !type_link(type, m->name)) {
            rows_add(list, m->name, g_strdup(qapi_describe_type(m->type)),
                     m->doc, m->default_text);
        }
    }
}

static void rows_add_links(GPtrArray *list, const ObjectType *type)
{
    if (type->parent) {
        rows_add_links(list, type->parent);
    }
    for (unsigned i = 0; i < type->n_links; i++) {
        const ObjectLink *link = &type->links[i];

        rows_add(list, link->member,
                 g_strdup_printf("link<%s>", link->type->name),
                 type_member(type, link->member)->doc, NULL);
    }
}

static void rows_add_states(GPtrArray *list, const ObjectType *type)
{
    if (type->parent) {
        rows_add_states(list, type->parent);
    }
    for (unsigned i = 0; i < type->n_properties; i++) {
        rows_add(list, type->properties[i].name,
                 g_strdup(type->properties[i].type), type->properties[i].doc,
                 NULL);
    }
}

/* @config: NULL for a type alone */
static GPtrArray *rows_list(const ObjectType *type, void *config)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(
        (GDestroyNotify)object_property_row_free);
    const QapiType *config_type = object_type_config(type);

    rows_add(list, "type", g_strdup("string"), "The object's type", NULL);
    if (config) {
        ConfigPart part = { config_type, config };

        for (; part.type; part = config_next_part(part)) {
            rows_add_members(list, type, part.type);
        }
    } else if (config_type) {
        const QapiBranch *arm = type_config_arm(type);

        rows_add_members(list, type, config_type);
        if (arm && arm->type) {
            rows_add_members(list, type, arm->type);
        }
    }
    rows_add_links(list, type);
    rows_add_states(list, type);
    return list;
}

GPtrArray *object_list_properties(const Object *obj)
{
    GPtrArray *list = rows_list(obj->type, obj->config);

    for (unsigned i = 0; obj->children && i < obj->children->len; i++) {
        const Object *child = g_ptr_array_index(obj->children, i);

        rows_add(list, child->name,
                 g_strdup_printf("child<%s>", child->type->name), NULL, NULL);
    }
    return list;
}

GPtrArray *object_type_list_properties(const ObjectType *type)
{
    return rows_list(type, NULL);
}

static json_object *path_to_json(const Object *obj)
{
    g_autofree char *path = object_path(obj);

    return json_object_new_string(path);
}

static bool no_such_property(const Object *obj, const char *name,
                             GError **error)
{
    return fm_error_set(error, "Property '%s.%s' not found", obj->type->name,
                        name);
}

json_object *object_property_get(Object *obj, const char *name, GError **error)
{
    const ObjectLink *link;
    const QapiMember *member;
    const ObjectProperty *state;
    const Object *child;
    ConfigPart where;

    if (!strcmp(name, "type")) {
        return json_object_new_string(obj->type->name);
    }
    link = type_link(obj->type, name);
    if (link) {
        const Object *target = *object_link_slot(obj, link);
        const char *text = object_link_text(obj, link);

        return target ? path_to_json(target)
                      : json_object_new_string(text ? text : "");
    }
    member = config_find(object_type_config(obj->type), obj->config, name,
                         &where);
    if (member && qapi_member_has_feature(member, "write-only")) {
        fm_error_set(error, "Property '%s.%s' is not readable",
                     obj->type->name, name);
        return NULL;
    }
    if (member) {
        return qapi_member_present(member, where.value)
                   ? qapi_member_to_json(member, where.value) : NULL;
    }
    state = type_state(obj->type, name);
    if (state) {
        return state->get(obj, error);
    }
    child = object_child(obj, name);
    if (child) {
        return path_to_json(child);
    }
    no_such_property(obj, name, error);
    return NULL;
}

static bool object_change_member(Object *obj, const char *name,
                                 json_object *value, GError **error)
{
    const QapiType *type = object_type_config(obj->type);
    void *proposal = g_malloc0(type->size);
    const QapiMember *member;
    g_autofree void *old = NULL;
    ConfigPart where;

    qapi_copy(type, obj->config, proposal);
    member = config_find(type, proposal, name, &where);
    if (!qapi_member_from_json(member, value, QAPI_INPUT_JSON, where.value,
                               error) ||
        !object_check(obj, obj->type, proposal, error)) {
        qapi_free(type, proposal);
        return false;
    }
    /* In place: instances keep pointers to their configuration. */
    old = g_memdup2(obj->config, type->size);
    memcpy(obj->config, proposal, type->size);
    g_free(proposal);
    qapi_clear(type, old);
    object_announce_change(obj, obj->type, name);
    return true;
}

bool object_property_set(Object *obj, const char *name, json_object *value,
                         GError **error)
{
    const ObjectProperty *state;
    ConfigPart where;

    if (strcmp(name, "type")) {
        if (config_find(object_type_config(obj->type), obj->config, name,
                        &where)) {
            if (type_is_changeable(obj->type, name)) {
                return object_change_member(obj, name, value, error);
            }
            return fm_error_set(error, "Property '%s.%s' can't be changed "
                                "after the object was created",
                                obj->type->name, name);
        }
        state = type_state(obj->type, name);
        if (state && state->set) {
            return state->set(obj, value, error);
        }
        if (!state && !object_child(obj, name)) {
            return no_such_property(obj, name, error);
        }
    }
    return fm_error_set(error, "Property '%s.%s' is not writable",
                        obj->type->name, name);
}
