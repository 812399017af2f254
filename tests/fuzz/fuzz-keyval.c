/*
 * Fuzz: key=value text and JSON as a value of every type of the schema
 *
 * Input: a line with a type's name, then the text, which may be any number of
 * bytes: key=value text for a struct, JSON for any type.  A name that is none
 * stands for the type with the number that its bytes add up to.
 *
 * What must hold: a value or an error; a value that was read is written as JSON
 * that reads as the same value; a failed reading leaves nothing behind.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "fuzz-qapi.h"
#include "qapi/command.h"

static const QapiType *keyval_type(const char *name, size_t len)
{
    size_t sum = 0;

    for (size_t i = 0; i < qapi_n_types; i++) {
        if (strlen(qapi_types[i]->name) == len &&
            memcmp(qapi_types[i]->name, name, len) == 0) {
            return qapi_types[i];
        }
    }
    for (size_t i = 0; i < len; i++) {
        sum += (uint8_t)name[i];
    }
    return qapi_types[sum % qapi_n_types];
}

static void keyval_option(const QapiType *type, const char *text)
{
    const char *implied_key = type->n_members ? type->members[0].name : NULL;
    g_autoptr(GError) error = NULL;
    bool help = false;
    void *value;

    value = qapi_parse_option(type, text, implied_key, &help, &error);
    g_assert_cmpint((value != NULL) + (error != NULL) + help, ==, 1);
    if (value) {
        fuzz_qapi_check(type, value);
        qapi_free(type, value);
    }
}

static void keyval_json(const QapiType *type, const char *text, size_t len)
{
    g_autoptr(GError) error = NULL;
    g_autofree uint8_t *value = g_malloc0(type->size);
    json_object *json;

    if (!json_parse_strict(text, len, &json, &error)) {
        g_assert_nonnull(error);
        return;
    }
    if (qapi_from_json(type, json, QAPI_INPUT_JSON, value, &error)) {
        g_assert_no_error(error);
        fuzz_qapi_check(type, value);
        qapi_clear(type, value);
    } else {
        g_assert_nonnull(error);
    }
    for (uint32_t i = 0; i < type->size; i++) {
        g_assert_cmpuint(value[i], ==, 0);
    }
    json_object_put(json);
}

static void keyval_run(const uint8_t *bytes, size_t len)
{
    FuzzInput in = { bytes, len };
    const QapiType *type;
    const char *name;
    size_t name_len;

    if (!fuzz_take_line(&in, &name, &name_len)) {
        return;
    }
    type = keyval_type(name, name_len);
    if (type->kind == QAPI_KIND_STRUCT) {
        g_autofree char *text = g_strndup((const char *)in.p, in.left);

        keyval_option(type, text);
    }
    keyval_json(type, (const char *)in.p, in.left);
}

const FuzzTarget fuzz_target = { .run = keyval_run, .max_len = 1 << 16 };
