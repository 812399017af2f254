/*
 * Options: key=value text and its JSON alternative
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi/walker.h"

#include <string.h>

#include "util/error.h"

#define KEYVAL_KEY_MAX 127

static bool keyval_bad_key(const char *key, GError **error)
{
    return fm_error_set(error, "Invalid parameter '%s'", key);
}

/* Does @type, or an arm of it, have a bool member @name? */
static bool keyval_has_bool(const QapiType *type, const char *name)
{
    const QapiMember *member = qapi_find_member(type, name);

    if (member) {
        return member->type->kind == QAPI_KIND_BOOL;
    }
    for (uint32_t i = 0; i < type->n_branches; i++) {
        if (type->branches[i].type &&
            keyval_has_bool(type->branches[i].type, name)) {
            return true;
        }
    }
    return false;
}

static bool keyval_has_member(const QapiType *type, const char *name)
{
    if (qapi_find_member(type, name)) {
        return true;
    }
    for (uint32_t i = 0; i < type->n_branches; i++) {
        if (type->branches[i].type &&
            keyval_has_member(type->branches[i].type, name)) {
            return true;
        }
    }
    return false;
}

static bool keyval_is_index(const char *part)
{
    return part[strspn(part, "0123456789")] == 0;
}

static bool keyval_good_part(const char *part)
{
    if (!*part) {
        return false;
    }
    for (; *part; part++) {
        if (!g_ascii_isalnum(*part) && *part != '-' && *part != '_') {
            return false;
        }
    }
    return true;
}

/*
 * The element of @container (an object or array) that @part names; *@found is
 * NULL if it does not exist yet.
 */
static bool keyval_find(json_object *container, const char *part,
                        const char *key, json_object **found, GError **error)
{
    *found = NULL;
    if (json_object_is_type(container, json_type_object)) {
        json_object_object_get_ex(container, part, found);
        return true;
    }
    if (!keyval_is_index(part)) {
        return fm_error_set(error, "Parameter '%s' is used both as a list and "
                            "as an object", key);
    }

    size_t len = json_object_array_length(container);
    guint64 index = 0;

    /* A list grows by one item at a time: text cannot make it large. */
    if (!g_ascii_string_to_unsigned(part, 10, 0, len, &index, NULL)) {
        return fm_error_set(error, "Parameter '%s' leaves out item %zu of its "
                            "list", key, len);
    }
    if (index < len) {
        *found = json_object_array_get_idx(container, index);
    }
    return true;
}

/* Put @value, which is taken, where keyval_find() looked. */
static void keyval_put(json_object *container, const char *part,
                       json_object *value)
{
    if (json_object_is_type(container, json_type_object)) {
        json_object_object_add(container, part, value);
    } else {
        json_object_array_put_idx(container,
                                  g_ascii_strtoull(part, NULL, 10), value);
    }
}

static bool keyval_is_container(json_object *value)
{
    return json_object_is_type(value, json_type_object) ||
           json_object_is_type(value, json_type_array);
}

/* Store @text under the dotted @key. */
static bool keyval_store(json_object *into, const char *key, const char *text,
                         GError **error)
{
    g_auto(GStrv) parts = NULL;
    json_object *found;

    if (strlen(key) > KEYVAL_KEY_MAX) {
        return fm_error_set(error, "Parameter '%.32s...' has a name longer "
                            "than %d bytes", key, KEYVAL_KEY_MAX);
    }
    parts = g_strsplit(key, ".", -1);
    if (!*parts) {
        return keyval_bad_key(key, error);
    }
    for (char **part = parts; *part; part++) {
        if (!keyval_good_part(*part)) {
            return keyval_bad_key(key, error);
        }
    }

    char **part = parts;

    for (; part[1]; part++) {
        if (!keyval_find(into, *part, key, &found, error)) {
            return false;
        }
        if (!found) {
            found = keyval_is_index(part[1]) ? json_object_new_array() :
                                               json_object_new_object();
            keyval_put(into, *part, found);
        } else if (!keyval_is_container(found)) {
            return fm_error_set(error, "Parameter '%s' is inside one that has "
                                "a value", key);
        }
        into = found;
    }
    if (!keyval_find(into, *part, key, &found, error)) {
        return false;
    }
    if (found && keyval_is_container(found)) {
        return fm_error_set(error, "Parameter '%s' cannot have a value, there "
                            "are others inside it", key);
    }
    keyval_put(into, *part, json_object_new_string(text));
    return true;
}

/*
 * Cut the next item off @text: up to a comma that is not written twice.
 * Doubled commas become single ones.
 */
static char *keyval_next_item(const char **text)
{
    GString *item = g_string_new(NULL);
    const char *at = *text;

    while (*at) {
        size_t plain = strcspn(at, ",");

        g_string_append_len(item, at, (gssize)plain);
        at += plain;
        if (*at) {
            if (at[1] != ',') {
                at++;
                break;
            }
            g_string_append_c(item, ',');
            at += 2;
        }
    }
    *text = at;
    return g_string_free(item, FALSE);
}

bool keyval_parse(const char *text, const char *implied_key,
                  const QapiType *type, json_object *into, bool *help,
                  GError **error)
{
    while (*text) {
        g_autofree char *item = keyval_next_item(&text);
        char *value = strchr(item, '=');
        const char *key = item;
        bool good;

        if (value) {
            *value++ = 0;
            good = keyval_store(into, key, value, error);
        } else if (help && (g_str_equal(item, "help") ||
                            g_str_equal(item, "?"))) {
            *help = true;
            good = true;
        } else if (implied_key) {
            good = keyval_store(into, implied_key, item, error);
        } else if (type && g_str_has_prefix(item, "no") &&
                   !keyval_has_member(type, item) &&
                   keyval_has_bool(type, item + 2)) {
            good = keyval_store(into, item + 2, "off", error);
        } else if (type && keyval_has_member(type, item) &&
                   !keyval_has_bool(type, item)) {
            return fm_error_set(error, "Parameter '%s' needs a value: %s=...",
                                item, item);
        } else {
            good = keyval_store(into, item, "on", error);
        }
        if (!good) {
            return false;
        }
        /* It is the key of the first item only. */
        implied_key = NULL;
    }
    return true;
}

void *qapi_parse_option(const QapiType *type, const char *text,
                        const char *implied_key, bool *help, GError **error)
{
    json_object *in = NULL;
    QapiInput input;
    void *value = NULL;

    if (*text == '{') {
        input = QAPI_INPUT_JSON;
        if (!json_parse_strict(text, strlen(text), &in, error)) {
            return NULL;
        }
    } else {
        bool asked = false;

        input = QAPI_INPUT_TEXT;
        in = json_object_new_object();
        if (!keyval_parse(text, implied_key, type, in, help ? &asked : NULL,
                          error)) {
            json_object_put(in);
            return NULL;
        }
        if (asked) {
            *help = true;
            json_object_put(in);
            return NULL;
        }
    }
    value = g_malloc0(type->size);
    if (!qapi_from_json(type, in, input, value, error)) {
        g_clear_pointer(&value, g_free);
    }
    json_object_put(in);
    return value;
}
