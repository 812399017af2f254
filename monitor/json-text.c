/*
 * JSON values as the text that QMP clients get
 *
 * JSON: RFC 8259.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "monitor/json-text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

static void json_text_append_unit(GString *out, unsigned unit)
{
    static const char digits[] = "0123456789ABCDEF";
    const char escape[] = {
        '\\', 'u', digits[unit >> 12], digits[unit >> 8 & 15],
        digits[unit >> 4 & 15], digits[unit & 15],
    };

    g_string_append_len(out, escape, sizeof(escape));
}

/*
 * A character that is not plain, at @text.  Returns the bytes that it has.
 */
static size_t json_text_append_escape(GString *out, const char *text,
                                      size_t len)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    uint8_t c = (uint8_t)text[0];

    for (const char *l = letters; *l; l += 2) {
        if (c == (uint8_t)l[0]) {
            g_string_append_c(out, '\\');
            g_string_append_c(out, l[1]);
            return 1;
        }
    }
    if (c < 0x80) {
        json_text_append_unit(out, c);
        return 1;
    }
    if (c == 0xc0 && len >= 2 && (uint8_t)text[1] == 0x80) {
        json_text_append_unit(out, 0);
        return 2;
    }

    gunichar code = g_utf8_get_char_validated(text, (gssize)len);

    if (code == (gunichar)-1 || code == (gunichar)-2) {
        json_text_append_unit(out, 0xfffd);
        return 1;
    }
    if (code >= 0x10000) {
        json_text_append_unit(out, 0xd800 + ((code - 0x10000) >> 10));
        json_text_append_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
    } else {
        json_text_append_unit(out, code);
    }
    return (size_t)g_unichar_to_utf8(code, NULL);
}

static bool json_text_is_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

void json_text_append_string(GString *out, const char *text, size_t len)
{
    g_string_append_c(out, '"');
    while (len) {
        size_t plain = 0;

        while (plain < len && json_text_is_plain(text[plain])) {
            plain++;
        }
        g_string_append_len(out, text, (gssize)plain);
        text += plain;
        len -= plain;
        if (len) {
            size_t used = json_text_append_escape(out, text, len);

            text += used;
            len -= used;
        }
    }
    g_string_append_c(out, '"');
}

static void json_text_append_int(GString *out, json_object *value)
{
    char text[24];
    int64_t number = json_object_get_int64(value);
    int len;

    if (number < 0) {
        len = g_snprintf(text, sizeof(text), "%" PRId64, number);
    } else {
        /* json-c gives INT64_MAX for what only the unsigned type can hold. */
        len = g_snprintf(text, sizeof(text), "%" PRIu64,
                         json_object_get_uint64(value));
    }
    g_string_append_len(out, text, len);
}

/* What goes between two items, or between an item and a bracket. */
static void json_text_append_gap(GString *out, int indent, const char *text)
{
    if (indent == JSON_TEXT_ONE_LINE) {
        g_string_append(out, text);
        return;
    }
    g_string_append_c(out, '\n');
    for (int i = 0; i < indent; i++) {
        g_string_append(out, "    ");
    }
}

static void json_text_append_array(GString *out, json_object *array,
                                   int indent)
{
    size_t n = json_object_array_length(array);
    int inner = indent == JSON_TEXT_ONE_LINE ? indent : indent + 1;

    g_string_append_c(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i) {
            g_string_append_c(out, ',');
        }
        json_text_append_gap(out, inner, i ? " " : "");
        json_text_append(out, json_object_array_get_idx(array, i), inner);
    }
    if (n) {
        json_text_append_gap(out, indent, "");
    }
    g_string_append_c(out, ']');
}

static void json_text_append_object(GString *out, json_object *object,
                                    int indent)
{
    int inner = indent == JSON_TEXT_ONE_LINE ? indent : indent + 1;
    bool first = true;

    g_string_append_c(out, '{');
    json_object_object_foreach(object, key, member) {
        if (!first) {
            g_string_append_c(out, ',');
        }
        json_text_append_gap(out, inner, first ? "" : " ");
        json_text_append_string(out, key, strlen(key));
        g_string_append(out, ": ");
        json_text_append(out, member, inner);
        first = false;
    }
    if (!first) {
        json_text_append_gap(out, indent, "");
    }
    g_string_append_c(out, '}');
}

void json_text_append(GString *out, json_object *value, int indent)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        g_string_append(out, "null");
        break;
    case json_type_boolean:
        g_string_append(out, json_object_get_boolean(value) ? "true"
                                                            : "false");
        break;
    case json_type_double:
        g_string_append(out, json_object_to_json_string_ext(
                            value, JSON_C_TO_STRING_PLAIN));
        break;
    case json_type_int:
        json_text_append_int(out, value);
        break;
    case json_type_string:
        json_text_append_string(out, json_object_get_string(value),
                                (size_t)json_object_get_string_len(value));
        break;
    case json_type_array:
        json_text_append_array(out, value, indent);
        break;
    case json_type_object:
        json_text_append_object(out, value, indent);
        break;
    }
}

/* How long it may be */

static bool json_text_take(size_t *left, size_t len)
{
    bool fits = len < *left;

    *left = fits ? *left - len : 0;
    return fits;
}

static bool json_text_take_value(json_object *value, size_t *left)
{
    bool fits = json_text_take(left, 1);

    if (json_object_is_type(value, json_type_string)) {
        return json_text_take(left,
                              (size_t)json_object_get_string_len(value));
    }
    if (json_object_is_type(value, json_type_array)) {
        size_t n = json_object_array_length(value);

        for (size_t i = 0; fits && i < n; i++) {
            fits = json_text_take_value(json_object_array_get_idx(value, i),
                                        left);
        }
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member) {
            fits = fits && json_text_take(left, strlen(key)) &&
                   json_text_take_value(member, left);
        }
    }
    return fits;
}

bool json_text_fits(json_object *value, size_t max)
{
    size_t left = max + 1;

    return json_text_take_value(value, &left);
}
