/*
 * What holds of every value that the walker has read
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz-qapi.h"

#include "monitor/json-text.h"

char *fuzz_qapi_text(const QapiType *type, const void *value)
{
    json_object *json = qapi_to_json(type, value);
    GString *text = g_string_new(NULL);

    json_text_append(text, json, JSON_TEXT_ONE_LINE);
    json_object_put(json);
    return g_string_free(text, FALSE);
}

void fuzz_qapi_check(const QapiType *type, const void *value)
{
    g_autofree char *text = fuzz_qapi_text(type, value);
    g_autofree char *again = NULL, *copied = NULL;
    g_autoptr(GError) error = NULL;
    void *read = g_malloc0(type->size), *copy = qapi_clone(type, value);
    json_object *json;
    bool ok;

    ok = json_parse_strict(text, strlen(text), &json, &error) &&
         qapi_from_json(type, json, QAPI_INPUT_JSON, read, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    again = fuzz_qapi_text(type, read);
    copied = fuzz_qapi_text(type, copy);
    g_assert_cmpstr(again, ==, text);
    g_assert_cmpstr(copied, ==, text);
    json_object_put(json);
    qapi_free(type, read);
    qapi_free(type, copy);
}
