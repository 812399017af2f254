/*
 * Introspection: the schema as query-qmp-schema tells it
 *
 * The form is QMP's SchemaInfo: a list of entries with a name and a meta-type,
 * which refer to each other by name.  Clients know one integer type only, so
 * all widths are "int".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi/walker.h"

#include "qapi/command.h"

/* The type of "no arguments" and "returns nothing". */
#define EMPTY_TYPE "q_empty"

static const struct {
    const char *name;
    const char *json_type;
} introspect_builtins[] = {
    { "str", "string" },
    { "bool", "boolean" },
    { "int", "int" },
    { "number", "number" },
    { "null", "null" },
    { "any", "value" },
};

static void append_type_name(GString *out, const QapiType *type)
{
    if (!type) {
        g_string_append(out, EMPTY_TYPE);
        return;
    }
    switch (type->kind) {
    case QAPI_KIND_INT:
    case QAPI_KIND_SIZE:
        g_string_append(out, "int");
        break;
    case QAPI_KIND_LIST:
        g_string_append_c(out, '[');
        append_type_name(out, type->element);
        g_string_append_c(out, ']');
        break;
    default:
        g_string_append(out, type->name);
        break;
    }
}

/* `, "key": "name of type"` */
static void append_type(GString *out, const char *key, const QapiType *type)
{
    g_string_append_printf(out, ", \"%s\": \"", key);
    append_type_name(out, type);
    g_string_append_c(out, '"');
}

static void append_features(GString *out, const char *const *features)
{
    if (!features) {
        return;
    }
    g_string_append(out, ", \"features\": [");
    for (const char *const *name = features; *name; name++) {
        g_string_append_printf(out, "%s\"%s\"", name == features ? "" : ", ",
                               *name);
    }
    g_string_append_c(out, ']');
}

static void append_default(GString *out, const QapiMember *member)
{
    const char *text = member->default_text;

    g_string_append(out, ", \"default\": ");
    if (!text) {
        g_string_append(out, "null");
        return;
    }
    switch (member->type->kind) {
    case QAPI_KIND_BOOL:
        g_string_append(out, g_str_equal(text, "on") ? "true" : "false");
        break;
    case QAPI_KIND_STR:
    case QAPI_KIND_ENUM: {
        json_object *string = json_object_new_string(text);

        g_string_append(out, json_object_to_json_string(string));
        json_object_put(string);
        break;
    }
    default:
        /* Numbers are decimal in a schema. */
        g_string_append(out, text);
        break;
    }
}

static void append_struct(GString *out, const QapiType *type)
{
    g_string_append(out, ", \"meta-type\": \"object\", \"members\": [");
    for (uint32_t i = 0; i < type->n_members; i++) {
        const QapiMember *member = &type->members[i];

        g_string_append_printf(out, "%s{\"name\": \"%s\"", i ? ", " : "",
                               member->name);
        append_type(out, "type", member->type);
        if (member->optional) {
            append_default(out, member);
        }
        append_features(out, member->features);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
    if (type->discriminator) {
        g_string_append_printf(out, ", \"tag\": \"%s\", \"variants\": [",
                               type->discriminator->name);
        for (uint32_t i = 0; i < type->n_branches; i++) {
            g_string_append_printf(out, "%s{\"case\": \"%s\"", i ? ", " : "",
                                   type->branches[i].name);
            append_type(out, "type", type->branches[i].type);
            g_string_append_c(out, '}');
        }
        g_string_append_c(out, ']');
    }
}

static void append_enum(GString *out, const QapiType *type)
{
    g_string_append(out, ", \"meta-type\": \"enum\", \"members\": [");
    for (uint32_t i = 0; i < type->n_values; i++) {
        g_string_append_printf(out, "%s{\"name\": \"%s\"", i ? ", " : "",
                               type->values[i]);
        if (type->value_features) {
            append_features(out, type->value_features[i]);
        }
        g_string_append_c(out, '}');
    }
    g_string_append(out, "], \"values\": [");
    for (uint32_t i = 0; i < type->n_values; i++) {
        g_string_append_printf(out, "%s\"%s\"", i ? ", " : "",
                               type->values[i]);
    }
    g_string_append_c(out, ']');
}

static void append_alternate(GString *out, const QapiType *type)
{
    g_string_append(out, ", \"meta-type\": \"alternate\", \"members\": [");
    for (uint32_t i = 0; i < type->n_branches; i++) {
        g_string_append(out, i ? ", {\"type\": \"" : "{\"type\": \"");
        append_type_name(out, type->branches[i].type);
        g_string_append(out, "\"}");
    }
    g_string_append_c(out, ']');
}

static void append_entry_type(GString *out, const QapiType *type)
{
    g_string_append(out, ", {\"name\": \"");
    append_type_name(out, type);
    g_string_append_c(out, '"');
    switch (type->kind) {
    case QAPI_KIND_STRUCT:
        append_struct(out, type);
        break;
    case QAPI_KIND_ENUM:
        append_enum(out, type);
        break;
    case QAPI_KIND_ALTERNATE:
        append_alternate(out, type);
        break;
    case QAPI_KIND_LIST:
        g_string_append(out, ", \"meta-type\": \"array\"");
        append_type(out, "element-type", type->element);
        break;
    default:
        g_assert_not_reached();
    }
    append_features(out, type->features);
    g_string_append_c(out, '}');
}

static bool is_int_list(const QapiType *type)
{
    return type->kind == QAPI_KIND_LIST &&
           (type->element->kind == QAPI_KIND_INT ||
            type->element->kind == QAPI_KIND_SIZE);
}

static char *introspect(void)
{
    GString *out = g_string_sized_new(32 * 1024);
    bool int_list_told = false;

    g_string_append(out, "[{\"name\": \"" EMPTY_TYPE "\", "
                    "\"meta-type\": \"object\", \"members\": []}");
    for (size_t i = 0; i < G_N_ELEMENTS(introspect_builtins); i++) {
        g_string_append_printf(out, ", {\"name\": \"%s\", \"meta-type\": "
                               "\"builtin\", \"json-type\": \"%s\"}",
                               introspect_builtins[i].name,
                               introspect_builtins[i].json_type);
    }
    for (size_t i = 0; i < qapi_n_types; i++) {
        /* Lists of different widths have become one type. */
        if (is_int_list(qapi_types[i])) {
            if (int_list_told) {
                continue;
            }
            int_list_told = true;
        }
        append_entry_type(out, qapi_types[i]);
    }
    for (size_t i = 0; i < qapi_n_commands; i++) {
        const QapiCommand *command = &qapi_commands[i];

        g_string_append_printf(out, ", {\"name\": \"%s\", \"meta-type\": "
                               "\"command\"", command->name);
        append_type(out, "arg-type", command->args);
        append_type(out, "ret-type", command->ret);
        g_string_append_printf(out, ", \"allow-oob\": %s",
                               command->allow_oob ? "true" : "false");
        append_features(out, command->features);
        g_string_append_c(out, '}');
    }
    for (size_t i = 0; i < qapi_n_events; i++) {
        g_string_append_printf(out, ", {\"name\": \"%s\", \"meta-type\": "
                               "\"event\"", qapi_events[i]->name);
        append_type(out, "arg-type", qapi_events[i]->data);
        append_features(out, qapi_events[i]->features);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
    return g_string_free(out, FALSE);
}

const char *qapi_introspect(void)
{
    static char *text;

    if (g_once_init_enter(&text)) {
        g_once_init_leave(&text, introspect());
    }
    return text;
}
