/*
 * HMP: objects
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/hmp-impl.h"
#include "util/error.h"

/* Making and deleting */

bool hmp_object_add(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const QapiType *type = &qapi_type_ObjectOptions;
    bool helped;
    void *options = hmp_read_options(hmp, type, hmp_text(args, "object"),
                                     &helped, error);
    bool ok = helped || (options &&
                         qmp_object_add(&hmp->qmp, options, error));

    qapi_free(type, options);
    return ok;
}

bool hmp_object_del(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const ObjectDelArgs del = { .id = (char *)hmp_text(args, "id") };

    return qmp_object_del(&hmp->qmp, &del, error);
}

/* Properties */

bool hmp_qom_list(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const QomListArgs list_args = { .path = (char *)hmp_text(args, "path") };
    ObjectPropertyInfoList list = { 0 };
    bool ok;

    if (!list_args.path) {
        hmp_print(hmp, "/\n");
        return true;
    }
    ok = qmp_qom_list(&hmp->qmp, &list_args, &list, error);
    for (size_t i = 0; i < list.len; i++) {
        hmp_print(hmp, "%s (%s)\n", list.items[i].name, list.items[i].type);
    }
    qapi_clear(&qapi_type_ObjectPropertyInfoList, &list);
    return ok;
}

bool hmp_qom_get(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const QomGetArgs get = {
        .path = (char *)hmp_text(args, "path"),
        .property = (char *)hmp_text(args, "property"),
    };
    json_object *value = NULL;

    if (!qmp_qom_get(&hmp->qmp, &get, &value, error)) {
        return false;
    }
    hmp_print_json(hmp, value);
    hmp_print(hmp, "\n");
    json_object_put(value);
    return true;
}

/** What qom-list calls the type of @obj's property; NULL: there is none. */
static char *hmp_property_type(const Object *obj, const char *name)
{
    g_autoptr(GPtrArray) rows = object_list_properties(obj);

    for (unsigned i = 0; i < rows->len; i++) {
        const ObjectPropertyRow *row = rows->pdata[i];

        if (strcmp(row->name, name) == 0) {
            return g_strdup(row->type);
        }
    }
    return NULL;
}

/** @text as JSON of the property's @type; what is no bool and no number is a
 *  string. */
static bool hmp_value_from_text(const char *type, const char *text,
                                json_object **value, GError **error)
{
    static const QapiType *const types[] = {
        &qapi_type_bool, &qapi_type_int, &qapi_type_int8, &qapi_type_int16,
        &qapi_type_int32, &qapi_type_int64, &qapi_type_uint8,
        &qapi_type_uint16, &qapi_type_uint32, &qapi_type_uint64,
        &qapi_type_size, &qapi_type_number,
    };
    const QapiType *found = &qapi_type_str;
    json_object *in = json_object_new_string(text);
    uint64_t room[2] = { 0 };
    bool ok;

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (strcmp(qapi_describe_type(types[i]), type) == 0) {
            found = types[i];
        }
    }
    ok = qapi_from_json(found, in, QAPI_INPUT_TEXT, room, error);
    if (ok) {
        *value = qapi_to_json(found, room);
        qapi_clear(found, room);
    }
    json_object_put(in);
    return ok;
}

bool hmp_qom_set(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const char *text = hmp_text(args, "value");
    QomSetArgs set = {
        .path = (char *)hmp_text(args, "path"),
        .property = (char *)hmp_text(args, "property"),
    };
    Object *obj = object_resolve(hmp->system->root, set.path, NULL);
    g_autofree char *type = obj ? hmp_property_type(obj, set.property) : NULL;
    bool ok;

    if (hmp_given(args, "-j")) {
        ok = json_parse_strict(text, strlen(text), &set.value, error);
    } else {
        /* if there is no such property, setting it says so */
        ok = hmp_value_from_text(type ? type : "string", text, &set.value,
                                 error);
    }
    ok = ok && qmp_qom_set(&hmp->qmp, &set, error);
    json_object_put(set.value);
    return ok;
}

/* The tree */

static void hmp_print_tree(Hmp *hmp, const Object *obj, const char *name,
                           unsigned depth)
{
    hmp_print(hmp, "%*s%s%s (%s)\n", (int)(2 * depth), "",
              *name == '/' ? "" : "/", name, obj->type->name);
    for (unsigned i = 0; obj->children && i < obj->children->len; i++) {
        const Object *child = obj->children->pdata[i];

        hmp_print_tree(hmp, child, child->name, depth + 1);
    }
}

bool hmp_info_qom_tree(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const char *path = hmp_text(args, "path");
    bool ambiguous = false;
    Object *obj;
    g_autofree char *full = NULL;

    if (!path) {
        path = "/machine";
    }
    obj = object_resolve(hmp->system->root, path, &ambiguous);
    if (ambiguous) {
        return fm_error_set(error, "Path '%s' is ambiguous", path);
    }
    if (!obj) {
        return fm_error_set(error, "Path '%s' could not be resolved", path);
    }
    full = object_path(obj);
    hmp_print_tree(hmp, obj, full, 0);
    return true;
}
