/*
 * HMP: reading a command's arguments
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "system/hmp-expr.h"
#include "system/hmp-impl.h"
#include "util/error.h"

/** One argument as the description has it. */
typedef struct HmpParam {
    char name[16];
    char kind;                  /* s, S, i, f; '-': flag */
    bool optional;
} HmpParam;

size_t hmp_blanks(const char *text)
{
    return strspn(text, " \t");
}

static unsigned hmp_params_parse(const char *spec,
                                 HmpParam params[HMP_MAX_ARGS])
{
    g_auto(GStrv) words = g_strsplit(spec, " ", -1);
    unsigned n = 0;

    for (char **word = words; *word && **word; word++) {
        HmpParam *param = &params[n++];
        const char *colon = strchr(*word, ':');
        size_t len = colon ? (size_t)(colon - *word) : strlen(*word);

        g_assert(n <= HMP_MAX_ARGS && len < sizeof(param->name));
        memcpy(param->name, *word, len);
        param->kind = colon ? colon[1] : '-';
        param->optional = !colon || colon[1] == 'f' || colon[2] == '?';
    }
    return n;
}

static const char *hmp_skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t') {
        p++;
    }
    return p;
}

static bool hmp_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\0';
}

/* Kinds */

/** Text in double quotes; *@text is behind the first. */
static char *hmp_read_quoted(const char **text, GError **error)
{
    static const char letters[] = "nrt\\\"'";
    static const char meanings[] = "\n\r\t\\\"'";
    g_autoptr(GString) out = g_string_new(NULL);
    const char *p;

    for (p = *text; *p && *p != '"'; p++) {
        const char *letter = NULL;

        if (*p != '\\') {
            g_string_append_c(out, *p);
            continue;
        }
        letter = p[1] ? strchr(letters, p[1]) : NULL;
        if (!letter) {
            fm_error_set(error, "unsupported escape in a string: '\\%.1s'",
                         p + 1);
            return NULL;
        }
        g_string_append_c(out, meanings[letter - letters]);
        p++;
    }
    if (!*p) {
        fm_error_set(error, "unterminated string");
        return NULL;
    }
    *text = p + 1;
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *hmp_read_word(const char **text, GError **error)
{
    const char *start = *text;

    if (*start == '"') {
        *text = start + 1;
        return hmp_read_quoted(text, error);
    }
    while (!hmp_is_blank(**text)) {
        (*text)++;
    }
    return g_strndup(start, (gsize)(*text - start));
}

static char *hmp_read_rest(const char **text)
{
    char *rest = g_strchomp(g_strdup(*text));

    *text += strlen(*text);
    return rest;
}

/** /[COUNT][FORMAT][SIZE]; *@text is at the slash. */
static bool hmp_read_format(const char **text, HmpFormat *format,
                            GError **error)
{
    const char *p = *text + 1;

    if (g_ascii_isdigit(*p)) {
        char *end;

        format->count = g_ascii_strtoull(p, &end, 10);
        p = end;
    }
    for (; !hmp_is_blank(*p); p++) {
        if (strchr("xduoci", *p)) {
            format->format = *p;
        } else if (strchr("bhwg", *p)) {
            format->size = *p;
        } else {
            return fm_error_set(error, "invalid char in format: '%.1s'", p);
        }
    }
    *text = p;
    return true;
}

/* All of them */

static bool hmp_read_flag(const char **text, const char *flag)
{
    size_t len = strlen(flag);

    if (strncmp(*text, flag, len) != 0 || !hmp_is_blank((*text)[len])) {
        return false;
    }
    *text += len;
    return true;
}

static bool hmp_read_arg(const char **text, const HmpParam *param, bool last,
                         HmpArgs *args, GError **error)
{
    unsigned n = args->n;

    switch (param->kind) {
    case 'i':
        if (!hmp_expr_parse(text, !last, &args->args[n].number, error)) {
            return false;
        }
        break;
    case 's':
        args->args[n].text = hmp_read_word(text, error);
        if (!args->args[n].text) {
            return false;
        }
        break;
    default:
        g_assert(param->kind == 'S');
        args->args[n].text = hmp_read_rest(text);
        break;
    }
    memcpy(args->args[n].name, param->name, sizeof(param->name));
    args->n++;
    return true;
}

/** Flags of @params that are given here, in any order; returns the index of
 *  the first parameter that is none. */
static unsigned hmp_read_flags(const char **text, const HmpParam *params,
                               unsigned i, unsigned n, HmpArgs *args)
{
    unsigned end = i;
    bool found = true;

    while (end < n && params[end].kind == '-') {
        end++;
    }
    while (found && args->n < HMP_MAX_ARGS) {
        found = false;
        *text = hmp_skip_blanks(*text);
        for (unsigned k = i; k < end && !found; k++) {
            found = !hmp_given(args, params[k].name) &&
                    hmp_read_flag(text, params[k].name);
            if (found) {
                memcpy(args->args[args->n++].name, params[k].name,
                       sizeof(params[k].name));
            }
        }
    }
    return end;
}

bool hmp_args_parse(const char *spec, const char *name, const char *text,
                    HmpArgs *args, GError **error)
{
    HmpParam params[HMP_MAX_ARGS] = { 0 };
    unsigned n = hmp_params_parse(spec, params);

    args->format.count = 1;
    for (unsigned i = 0; i < n; i++) {
        text = hmp_skip_blanks(text);
        if (params[i].kind == '-') {
            i = hmp_read_flags(&text, params, i, n, args);
            if (*text == '-' && text[1] && hmp_is_blank(text[2])) {
                return fm_error_set(error, "%s: unsupported option -%.1s",
                                    name, text + 1);
            }
            if (i == n) {
                break;
            }
        }
        if (params[i].kind == 'f') {
            if (*text == '/' && !hmp_read_format(&text, &args->format,
                                                 error)) {
                return false;
            }
            continue;
        }
        if (!*text && params[i].optional) {
            break;
        }
        if (!*text && params[i].kind != 'i') {
            return fm_error_set(error, "%s: %s expected", name,
                                params[i].name);
        }
        if (!hmp_read_arg(&text, &params[i], i + 1 == n, args, error)) {
            return fm_error_prefix(error, "%s: %s: ", name, params[i].name);
        }
    }
    return !*hmp_skip_blanks(text) ||
           fm_error_set(error, "%s: extraneous characters at the end of line",
                        name);
}

void hmp_args_clear(HmpArgs *args)
{
    for (unsigned i = 0; i < HMP_MAX_ARGS; i++) {
        g_clear_pointer(&args->args[i].text, g_free);
    }
}

/* Access */

static int hmp_args_find(const HmpArgs *args, const char *name)
{
    for (unsigned i = 0; i < args->n; i++) {
        if (strcmp(args->args[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

const char *hmp_text(const HmpArgs *args, const char *name)
{
    int i = hmp_args_find(args, name);

    return i < 0 ? NULL : args->args[i].text;
}

uint64_t hmp_number(const HmpArgs *args, const char *name, uint64_t otherwise)
{
    int i = hmp_args_find(args, name);

    return i < 0 ? otherwise : args->args[i].number;
}

bool hmp_given(const HmpArgs *args, const char *name)
{
    return hmp_args_find(args, name) >= 0;
}
