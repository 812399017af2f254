/*
 * QMP: objects and their properties (qapi/qom.json, qapi/qdev.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hw/core/device.h"
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/system.h"
#include "util/error.h"

static Object *qmp_qom_resolve(QmpContext *ctx, const char *path,
                               GError **error)
{
    bool ambiguous = false;
    Object *obj = object_resolve(ctx->system->root, path, &ambiguous);

    if (ambiguous) {
        fm_error_set(error, "Path '%s' is ambiguous", path);
    } else if (!obj) {
        fm_error_set_code(error, FM_ERROR_DEVICE_NOT_FOUND,
                          "Device '%s' not found", path);
    }
    return obj;
}

/** A default, written as the schema's text form, as the JSON it stands for. */
static json_object *qmp_qom_default(const ObjectPropertyRow *row)
{
    bool number = g_str_has_prefix(row->type, "int") ||
                  g_str_has_prefix(row->type, "uint") ||
                  strcmp(row->type, "size") == 0;

    if (!row->default_text) {
        return NULL;
    }
    if (strcmp(row->type, "bool") == 0) {
        return json_object_new_boolean(strcmp(row->default_text, "on") == 0 ||
                                       strcmp(row->default_text, "true") == 0);
    }
    if (number) {
        return json_object_new_uint64(g_ascii_strtoull(row->default_text, NULL,
                                                       0));
    }
    return json_object_new_string(row->default_text);
}

/** Takes over @rows. */
static void qmp_qom_rows(GPtrArray *rows, bool with_defaults,
                         ObjectPropertyInfoList *ret)
{
    for (unsigned i = 0; i < rows->len; i++) {
        const ObjectPropertyRow *row = rows->pdata[i];
        ObjectPropertyInfo *info =
            qapi_list_append(&qapi_type_ObjectPropertyInfoList, ret);

        info->name = g_strdup(row->name);
        info->type = g_strdup(row->type);
        if (with_defaults) {
            info->description = g_strdup(row->doc);
            info->default_value = qmp_qom_default(row);
        }
    }
    g_ptr_array_unref(rows);
}

bool qmp_qom_list(QmpContext *ctx, const QomListArgs *args,
                  ObjectPropertyInfoList *ret, GError **error)
{
    Object *obj = qmp_qom_resolve(ctx, args->path, error);

    if (!obj) {
        return false;
    }
    qmp_qom_rows(object_list_properties(obj), false, ret);
    return true;
}

bool qmp_qom_get(QmpContext *ctx, const QomGetArgs *args,
                 struct json_object **ret, GError **error)
{
    g_autoptr(GError) local = NULL;
    Object *obj = qmp_qom_resolve(ctx, args->path, error);

    if (!obj) {
        return false;
    }
    *ret = object_property_get(obj, args->property, &local);
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    return true;
}

bool qmp_qom_set(QmpContext *ctx, const QomSetArgs *args, GError **error)
{
    Object *obj = qmp_qom_resolve(ctx, args->path, error);

    return obj && object_property_set(obj, args->property, args->value, error);
}

bool qmp_qom_list_types(QmpContext *ctx, const QomListTypesArgs *args,
                        ObjectTypeInfoList *ret, GError **error)
{
    const ObjectType *wanted = NULL;

    if (args->implements) {
        wanted = object_type_find(args->implements);
        if (!wanted) {
            return true;
        }
    }
    for (const ObjectType *const *t = object_types(); *t; t++) {
        ObjectTypeInfo *info;

        if (((*t)->abstract && !args->abstract) ||
            (wanted && !object_type_is_a(*t, wanted))) {
            continue;
        }
        info = qapi_list_append(&qapi_type_ObjectTypeInfoList, ret);
        info->name = g_strdup((*t)->name);
        info->has_abstract = info->abstract = (*t)->abstract;
        info->parent = (*t)->parent ? g_strdup((*t)->parent->name) : NULL;
    }
    return true;
}

static bool qmp_qom_list_type(const char *name, const ObjectType *base,
                              ObjectPropertyInfoList *ret, GError **error)
{
    const ObjectType *type = object_type_find(name);

    if (!type || !object_type_is_a(type, base)) {
        return fm_error_set_code(error, FM_ERROR_DEVICE_NOT_FOUND,
                                 "%s '%s' not found", base == &device_type
                                 ? "Device" : "Class", name);
    }
    qmp_qom_rows(object_type_list_properties(type), true, ret);
    return true;
}

bool qmp_qom_list_properties(QmpContext *ctx,
                             const QomListPropertiesArgs *args,
                             ObjectPropertyInfoList *ret, GError **error)
{
    return qmp_qom_list_type(args->typename, &object_type, ret, error);
}

bool qmp_device_list_properties(QmpContext *ctx,
                                const DeviceListPropertiesArgs *args,
                                ObjectPropertyInfoList *ret, GError **error)
{
    return qmp_qom_list_type(args->typename, &device_type, ret, error);
}

bool qmp_object_add(QmpContext *ctx, const ObjectOptions *args, GError **error)
{
    return system_object_add(ctx->system, args, error);
}

bool qmp_object_del(QmpContext *ctx, const ObjectDelArgs *args,
                    GError **error)
{
    return system_object_del(ctx->system, args->id, error);
}
