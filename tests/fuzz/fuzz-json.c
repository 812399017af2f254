/*
 * Fuzz: JSON in and out
 *
 * Input: a JSON text.
 *
 * What must hold: a text that is accepted is written as ASCII, indented or not,
 * which is accepted in turn and written the same.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "monitor/json-text.h"
#include "qapi/walker.h"

static char *json_write(json_object *value, int indent)
{
    GString *text = g_string_new(NULL);

    json_text_append(text, value, indent);
    for (size_t i = 0; i < text->len; i++) {
        g_assert_true(g_ascii_isprint(text->str[i]) ||
                      (indent >= 0 && strchr("\r\n", text->str[i])));
    }
    return g_string_free(text, FALSE);
}

static void json_check(json_object *value, int indent)
{
    g_autofree char *text = json_write(value, indent);
    g_autofree char *again = NULL;
    g_autoptr(GError) error = NULL;
    json_object *read;

    json_parse_strict(text, strlen(text), &read, &error);
    g_assert_no_error(error);
    again = json_write(read, indent);
    g_assert_cmpstr(again, ==, text);
    json_object_put(read);
}

static void json_run(const uint8_t *bytes, size_t len)
{
    g_autoptr(GError) error = NULL;
    json_object *value;

    if (json_parse_strict((const char *)bytes, len, &value, &error)) {
        g_assert_no_error(error);
        json_check(value, JSON_TEXT_ONE_LINE);
        json_check(value, 0);
        json_object_put(value);
    } else {
        g_assert_nonnull(error);
    }
}

const FuzzTarget fuzz_target = { .run = json_run, .max_len = 1 << 18 };
