/*
 * JSON values as the text that QMP clients get
 *
 * The text is ASCII: other characters are written as \u escapes, so that it
 * survives any log.  In strings C0 80 is a NUL, and bytes that are not UTF-8
 * (file names are not always) become U+FFFD.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MONITOR_JSON_TEXT_H
#define MONITOR_JSON_TEXT_H

#include <stdbool.h>
#include <glib.h>
#include <json.h>

/** The indent of json_text_append() that puts everything on one line. */
#define JSON_TEXT_ONE_LINE (-1)

/**
 * json_text_append:
 * @value: borrowed; NULL is the JSON null; nested at most 1100 levels deep,
 *         for this function calls itself
 * @indent: how deep the text around @value is nested, for four spaces a level;
 *          or JSON_TEXT_ONE_LINE: `{"a": [1, 2]}`
 */
void json_text_append(GString *out, json_object *value, int indent);

/** json_text_append_string: @len bytes as a JSON string, with its quotes. */
void json_text_append_string(GString *out, const char *text, size_t len);

/**
 * json_text_fits: Returns whether the characters and values in @value are at
 * most @max together, without looking at many more; its text is at most some
 * times as long.
 */
bool json_text_fits(json_object *value, size_t max);

#endif
