/*
 * Options: what their handlers read arguments with
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "qapi/walker.h"
#include "system/help.h"
#include "system/options.h"

void option_suggest_help(GError **error, const char *asked)
{
    static const char unknown[] = "Invalid parameter '";

    if (error && g_str_has_prefix((*error)->message, unknown) &&
        g_str_has_suffix((*error)->message, "'")) {
        char *text = g_strdup_printf("%s (%s lists them)",
                                     (*error)->message, asked);

        g_free((*error)->message);
        (*error)->message = text;
    }
}

void *option_parse(Config *c, const QapiType *type, const char *title,
                   const char *arg, const char *implied_key, GError **error)
{
    bool help = false;
    void *value = qapi_parse_option(type, arg, implied_key, &help, error);

    if (help) {
        help_print_type(type, title, NULL);
        c->action = CONFIG_DONE;
    } else if (!value) {
        g_autofree char *asked = g_strconcat(title, " help", NULL);

        option_suggest_help(error, asked);
    }
    return value;
}

bool option_add(const QapiType *type, const char *arg, const char *implied_key,
                void *value, GError **error)
{
    QapiInput input = *arg == '{' ? QAPI_INPUT_JSON : QAPI_INPUT_TEXT;
    json_object *given = NULL;
    bool ok;

    if (input == QAPI_INPUT_JSON) {
        ok = json_parse_strict(arg, strlen(arg), &given, error);
    } else {
        given = json_object_new_object();
        ok = keyval_parse(arg, implied_key, type, given, NULL, error);
    }
    if (ok) {
        json_object_object_foreach(given, key, member) {
            ok = ok && qapi_member_from_json(qapi_find_member(type, key),
                                             member, input, value, error);
        }
    }
    json_object_put(given);
    return ok;
}
