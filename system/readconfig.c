/*
 * Configuration files: options in sections (-readconfig)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/readconfig.h"

#include <string.h>

#include "util/error.h"

static void section_free(void *p)
{
    ReadconfigSection *section = p;

    g_free(section->where);
    g_string_free(section->arg, TRUE);
    g_free(section);
}

static const OptionGroup *group_find(const char *name)
{
    for (const OptionGroup *g = option_groups(); g->name; g++) {
        if (strcmp(g->name, name) == 0) {
            return g;
        }
    }
    return NULL;
}

/** Add one item; a comma in a value is written twice. */
static void section_add(ReadconfigSection *section, const char *key,
                        const char *value)
{
    if (section->arg->len) {
        g_string_append_c(section->arg, ',');
    }
    g_string_append_printf(section->arg, "%s=", key);
    for (const char *c = value; *c; c++) {
        g_string_append_c(section->arg, *c);
        if (*c == ',') {
            g_string_append_c(section->arg, ',');
        }
    }
}

/** Text up to @end or a character of @stop, without blanks at its end. */
static char *take_word(const char **p, const char *stop)
{
    size_t len = strcspn(*p, stop);
    char *word = g_strndup(*p, len);

    *p += len;
    return g_strchomp(word);
}

/** A text in double quotes and nothing behind it but @behind. */
static char *take_quoted(const char *p, const char *behind, GError **error)
{
    const char *end = *p == '"' ? strchr(p + 1, '"') : NULL;

    if (!end) {
        fm_error_set(error, "expected a text in double quotes");
        return NULL;
    }
    if (strcmp(end + 1, behind) != 0) {
        fm_error_set(error, "'%s' is too much", end + 1);
        return NULL;
    }
    return g_strndup(p + 1, end - p - 1);
}

/** `[group]` or `[group "id"]`; @p is behind the bracket. */
static bool parse_section(const char *p, unsigned number, GPtrArray *sections,
                          GError **error)
{
    g_autofree char *name = take_word(&p, "]\"");
    g_autofree char *id = NULL;
    const OptionGroup *group = group_find(name);
    ReadconfigSection *section;

    if (*p == '"') {
        id = take_quoted(p, "]", error);
        if (!id) {
            return false;
        }
    } else if (strcmp(p, "]") != 0) {
        return fm_error_set(error, "expected [SECTION] or [SECTION \"ID\"]");
    }
    if (!group) {
        return fm_error_set(error, "there is no option group '%s'", name);
    }
    if (id && !group->id) {
        return fm_error_set(error, "a section '%s' has no name", name);
    }
    section = g_new0(ReadconfigSection, 1);
    section->group = group;
    section->arg = g_string_new(NULL);
    section->where = id ? g_strdup_printf("line %u: [%s \"%s\"]", number, name,
                                          id)
                        : g_strdup_printf("line %u: [%s]", number, name);
    g_ptr_array_add(sections, section);
    if (id) {
        section_add(section, group->id, id);
    }
    return true;
}

/** `key = "value"` */
static bool parse_item(const char *p, GPtrArray *sections, GError **error)
{
    g_autofree char *key = take_word(&p, "=\"");
    g_autofree char *value = NULL;

    if (!*key || key[strspn(key, "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] ||
        *p != '=') {
        return fm_error_set(error, "expected a comment, [SECTION] or "
                            "KEY = \"VALUE\"");
    }
    p++;
    value = take_quoted(p + strspn(p, " \t"), "", error);
    if (!value) {
        return fm_error_prefix(error, "%s: ", key);
    }
    if (!sections->len) {
        return fm_error_set(error, "%s: there is no section yet", key);
    }
    section_add(sections->pdata[sections->len - 1], key, value);
    return true;
}

static bool parse_line(char *line, unsigned number, GPtrArray *sections,
                       GError **error)
{
    const char *p = g_strstrip(line);

    if (!*p || *p == '#') {
        return true;
    }
    return *p == '[' ? parse_section(p + 1, number, sections, error)
                     : parse_item(p, sections, error);
}

GPtrArray *readconfig_parse(const char *text, size_t len, GError **error)
{
    g_autoptr(GPtrArray) sections = g_ptr_array_new_with_free_func(
        section_free);
    const char *end = text + len;

    for (unsigned number = 1; text < end; number++) {
        const char *newline = memchr(text, '\n', end - text);
        size_t line_len = (newline ? newline : end) - text;
        g_autofree char *line = g_strndup(text, line_len);
        bool ok = line_len > READCONFIG_LINE_MAX
                  ? fm_error_set(error, "has more than %d bytes",
                                 READCONFIG_LINE_MAX)
                  : strlen(line) < line_len
                  ? fm_error_set(error, "there is a NUL in it")
                  : parse_line(line, number, sections, error);

        if (!ok) {
            fm_error_prefix(error, "line %u: ", number);
            return NULL;
        }
        text += line_len + 1;
    }
    return g_steal_pointer(&sections);
}
