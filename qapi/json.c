/*
 * Reading one JSON value from text
 *
 * json-c builds the value; it is shown only text that a scanner here has
 * found to be JSON.  That gives QMP's error texts and one place where
 * hostile input is judged, and lets single quotes be turned into double ones
 * on the way.  The scanner keeps its own stack of one bit for each level, so
 * nothing recurses.
 *
 * JSON: RFC 8259.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi/walker.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "util/error.h"

#define JSON_MAX_DEPTH 1024

/* What a value costs is up to json-c: some 700 bytes for the two of `{}`. */
#define JSON_MAX_VALUES 65536

/* A keyword or number that is wrong is shown up to this many bytes. */
#define JSON_SHOWN_MAX 40

typedef struct JsonScan {
    const char *at;
    const char *end;
    GString *out;               /* the text that json-c reads */
    unsigned depth;
    unsigned deepest;
    size_t n_values, n_members;
    uint8_t in_object[JSON_MAX_DEPTH / 8];      /* else in an array */
} JsonScan;

static bool json_fail(GError **error, const char *what)
{
    return fm_error_set(error, "JSON parse error, %s", what);
}

/* With the text that is wrong, cut where it is no longer plain ASCII. */
static bool json_fail_text(GError **error, const char *what,
                           const char *text, size_t len)
{
    int shown = 0;

    while (shown < (int)MIN(len, JSON_SHOWN_MAX) &&
           g_ascii_isgraph(text[shown])) {
        shown++;
    }
    return fm_error_set(error, "JSON parse error, %s '%.*s'", what, shown,
                        text);
}

static void scan_space(JsonScan *scan)
{
    while (scan->at < scan->end && strchr(" \t\r\n", *scan->at)) {
        scan->at++;
    }
}

static bool scan_is(const JsonScan *scan, char c)
{
    return scan->at < scan->end && *scan->at == c;
}

/* The four digits of a \u escape, or -1. */
static int32_t scan_hex4(const char *at, const char *end)
{
    int32_t unit = 0;

    if (end - at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(at[i]);

        if (digit < 0) {
            return -1;
        }
        unit = unit << 4 | digit;
    }
    return unit;
}

/* A backslash and what follows it; surrogates must come in pairs. */
static bool scan_escape(JsonScan *scan, bool is_key, GError **error)
{
    const char *start = scan->at;

    if (scan->end - start < 2) {
        return json_fail(error, "string is not closed");
    }
    if (start[1] == '\'') {
        /* Not JSON, but what a single-quoted string needs. */
        g_string_append_c(scan->out, '\'');
        scan->at += 2;
        return true;
    }
    if (start[1] != 'u') {
        if (!strchr("\"\\/bfnrt", start[1])) {
            return json_fail_text(error, "invalid escape sequence", start, 2);
        }
        scan->at += 2;
        g_string_append_len(scan->out, start, 2);
        return true;
    }

    int32_t unit = scan_hex4(start + 2, scan->end);
    size_t len = 6;

    if (unit >= 0xd800 && unit <= 0xdbff && scan->end - start >= 12 &&
        start[6] == '\\' && start[7] == 'u') {
        int32_t low = scan_hex4(start + 8, scan->end);

        unit = low >= 0xdc00 && low <= 0xdfff
               ? 0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff)) : -1;
        len = 12;
    }
    if (unit < 0 || (unit >= 0xd800 && unit <= 0xdfff) ||
        /* A member's name is a C string in json-c. */
        (unit == 0 && is_key)) {
        return json_fail_text(error, "invalid escape sequence", start,
                              MIN(len, (size_t)(scan->end - start)));
    }
    scan->at += len;
    if (unit >= 0x10000) {
        /* json-c reads some pairs, those of U+1D800 for one, as U+FFFD. */
        g_string_append_unichar(scan->out, (gunichar)unit);
    } else {
        g_string_append_len(scan->out, start, (gssize)len);
    }
    return true;
}

static bool scan_string(JsonScan *scan, bool is_key, GError **error)
{
    char quote = *scan->at++;

    g_string_append_c(scan->out, '"');
    while (scan->at < scan->end && *scan->at != quote) {
        const char *start = scan->at;

        while (scan->at < scan->end && *scan->at != quote &&
               *scan->at != '\\' && *scan->at != '"' &&
               (uint8_t)*scan->at >= 0x20) {
            scan->at++;
        }
        g_string_append_len(scan->out, start, scan->at - start);
        if (scan->at == scan->end || *scan->at == quote) {
            break;
        }
        if (*scan->at == '"') {
            g_string_append(scan->out, "\\\"");
            scan->at++;
        } else if (*scan->at == '\\') {
            if (!scan_escape(scan, is_key, error)) {
                return false;
            }
        } else {
            return json_fail(error, "control character in a string");
        }
    }
    if (scan->at == scan->end) {
        return json_fail(error, "string is not closed");
    }
    scan->at++;
    g_string_append_c(scan->out, '"');
    return true;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && g_ascii_isdigit(*at)) {
        at++;
    }
    return at;
}

static bool scan_number(JsonScan *scan, GError **error)
{
    const char *start = scan->at;
    const char *at = start + (*start == '-');
    const char *digits = at;
    bool good, integer = true;

    at = skip_digits(at, scan->end);
    good = at > digits && (*digits != '0' || at == digits + 1);
    if (good && at < scan->end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, scan->end);
        good = at > digits;
        integer = false;
    }
    if (good && at < scan->end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < scan->end && (*at == '+' || *at == '-')) {
            at++;
        }
        digits = at;
        at = skip_digits(at, scan->end);
        good = at > digits;
        integer = false;
    }
    if (!good || (at < scan->end && (g_ascii_isalnum(*at) || *at == '.'))) {
        while (at < scan->end && (g_ascii_isalnum(*at) || *at == '.')) {
            at++;
        }
        return json_fail_text(error, "invalid number", start,
                              (size_t)(at - start));
    }

    g_autofree char *text = g_strndup(start, (gsize)(at - start));

    errno = 0;
    if (!integer) {
        good = isfinite(g_ascii_strtod(text, NULL));
    } else if (*text == '-') {
        g_ascii_strtoll(text, NULL, 10);
        good = errno != ERANGE;
    } else {
        g_ascii_strtoull(text, NULL, 10);
        good = errno != ERANGE;
    }
    if (!good) {
        return json_fail_text(error, "number is out of range:", text,
                              (size_t)(at - start));
    }
    g_string_append_len(scan->out, start, at - start);
    scan->at = at;
    return true;
}

static bool scan_keyword(JsonScan *scan, GError **error)
{
    static const char *const words[] = { "true", "false", "null" };
    const char *start = scan->at;

    while (scan->at < scan->end && (g_ascii_isalnum(*scan->at) ||
                                    *scan->at == '_')) {
        scan->at++;
    }

    size_t len = (size_t)(scan->at - start);

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (len == strlen(words[i]) && memcmp(start, words[i], len) == 0) {
            g_string_append_len(scan->out, start, (gssize)len);
            return true;
        }
    }
    return json_fail_text(error, "invalid keyword", start, len);
}

static bool scan_open(JsonScan *scan, GError **error)
{
    if (scan->depth == JSON_MAX_DEPTH) {
        return fm_error_set(error, "JSON parse error, nested deeper than %d",
                            JSON_MAX_DEPTH);
    }

    uint8_t bit = (uint8_t)(1u << scan->depth % 8);
    uint8_t *byte = &scan->in_object[scan->depth / 8];

    *byte = *scan->at == '{' ? *byte | bit : *byte & (uint8_t)~bit;
    scan->depth++;
    scan->deepest = MAX(scan->deepest, scan->depth);
    g_string_append_c(scan->out, *scan->at++);
    return true;
}

static bool scan_in_object(const JsonScan *scan)
{
    unsigned level = scan->depth - 1;

    return scan->in_object[level / 8] >> level % 8 & 1;
}

/* A member's name and the colon after it. */
static bool scan_key(JsonScan *scan, GError **error)
{
    if (!scan_is(scan, '"') && !scan_is(scan, '\'')) {
        return json_fail(error, "expecting a member's name");
    }
    if (!scan_string(scan, true, error)) {
        return false;
    }
    scan_space(scan);
    if (!scan_is(scan, ':')) {
        return json_fail(error, "expecting ':'");
    }
    g_string_append_c(scan->out, *scan->at++);
    scan->n_members++;
    return true;
}

/*
 * One value.  @opened is set if it is the start of an object or array that is
 * not empty, so that a value or a name follows.
 */
static bool scan_value(JsonScan *scan, bool *opened, GError **error)
{
    *opened = false;
    scan_space(scan);
    if (scan->at == scan->end) {
        return json_fail(error, "expecting value");
    }
    if (++scan->n_values > JSON_MAX_VALUES) {
        return fm_error_set(error, "JSON parse error, more than %d values",
                            JSON_MAX_VALUES);
    }
    switch (*scan->at) {
    case '{':
    case '[': {
        char close = *scan->at == '{' ? '}' : ']';

        if (!scan_open(scan, error)) {
            return false;
        }
        scan_space(scan);
        *opened = !scan_is(scan, close);
        return true;
    }
    case '"':
    case '\'':
        return scan_string(scan, false, error);
    case '-':
    case '0' ... '9':
        return scan_number(scan, error);
    default:
        if (g_ascii_isalpha(*scan->at)) {
            return scan_keyword(scan, error);
        }
        return json_fail(error, "expecting value");
    }
}

/* What follows a value: @more is set if another one must. */
static bool scan_after(JsonScan *scan, bool *more, GError **error)
{
    *more = false;
    while (scan->depth > 0) {
        bool in_object = scan_in_object(scan);

        scan_space(scan);
        if (scan_is(scan, ',')) {
            g_string_append_c(scan->out, *scan->at++);
            *more = true;
            return true;
        }
        if (!scan_is(scan, in_object ? '}' : ']')) {
            return json_fail(error, in_object ? "expecting ',' or '}'" :
                                                "expecting ',' or ']'");
        }
        g_string_append_c(scan->out, *scan->at++);
        scan->depth--;
    }
    return true;
}

static bool scan_document(JsonScan *scan, GError **error)
{
    bool more, opened;

    do {
        if (scan->depth > 0 && scan_in_object(scan)) {
            scan_space(scan);
            if (!scan_key(scan, error)) {
                return false;
            }
        }
        if (!scan_value(scan, &opened, error)) {
            return false;
        }
        more = opened;
        if (!opened && !scan_after(scan, &more, error)) {
            return false;
        }
    } while (more);

    scan_space(scan);
    if (scan->at < scan->end) {
        return json_fail(error, "text after the value");
    }
    return true;
}

/* The members of all objects in @value, as json-c has kept them. */
static size_t json_count_members(json_object *value)
{
    size_t n = 0;

    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            n += json_count_members(json_object_array_get_idx(value, i));
        }
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member) {
            (void)key;
            n += 1 + json_count_members(member);
        }
    }
    return n;
}

bool json_parse_strict(const char *text, size_t len, json_object **out,
                       GError **error)
{
    *out = NULL;
    if (len >= INT_MAX / 2) {
        return json_fail(error, "text is too long");
    }
    if (!g_utf8_validate_len(text, len, NULL)) {
        return json_fail(error, "invalid UTF-8");
    }

    g_autoptr(GString) clean = g_string_sized_new(len + 1);
    JsonScan scan = { .at = text, .end = text + len, .out = clean };

    if (!scan_document(&scan, error)) {
        return false;
    }

    /*
     * json-c counts the value inside the innermost level as one more.  It
     * clears room for every level it may meet: few for most texts.
     */
    json_tokener *tokener = json_tokener_new_ex((int)scan.deepest + 1);

    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    /* With its NUL: a number ends at what follows it. */
    *out = json_tokener_parse_ex(tokener, clean->str, (int)clean->len + 1);

    enum json_tokener_error result = json_tokener_get_error(tokener);

    json_tokener_free(tokener);
    if (result != json_tokener_success) {
        json_object_put(*out);
        *out = NULL;
        return json_fail(error, json_tokener_error_desc(result));
    }
    /* Of members with one name json-c has kept the last. */
    if (json_count_members(*out) != scan.n_members) {
        json_object_put(*out);
        *out = NULL;
        return json_fail(error, "duplicate key");
    }
    return true;
}
