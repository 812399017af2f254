/*
 * HMP: help and info
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "qapi/walker.h"
#include "system/hmp-impl.h"
#include "util/error.h"

static void hmp_help_row(Hmp *hmp, const HmpTable *table,
                         const HmpCommand *command)
{
    hmp_print(hmp, "%s%s %s -- %s\n", table->prefix, command->name,
              command->params, command->help);
}

static bool hmp_help_table(Hmp *hmp, const HmpTable *table)
{
    for (size_t i = 0; i < table->n; i++) {
        if (hmp_is_available(hmp->system, &table->rows[i])) {
            hmp_help_row(hmp, table, &table->rows[i]);
        }
    }
    return true;
}

bool hmp_help(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const char *name = hmp_text(args, "command");
    size_t len = name ? strcspn(name, " \t") : 0;
    const char *rest = name ? name + len + hmp_blanks(name + len) : "";
    const HmpTable *table = &hmp_commands;
    const HmpCommand *command = name ? hmp_find(table, name, len) : NULL;

    if (!name) {
        return hmp_help_table(hmp, table);
    }
    if (command && command->handler == hmp_info) {
        table = &hmp_infos;
        if (!*rest) {
            return hmp_help_table(hmp, table);
        }
        command = hmp_find(table, rest, strlen(rest));
    } else if (*rest) {
        command = NULL;
    }
    if (command) {
        hmp_help_row(hmp, table, command);
    } else {
        hmp_print(hmp, "unknown command: '%s'\n", name);
    }
    return true;
}

bool hmp_info(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const char *subject = hmp_text(args, "subject");
    size_t len = subject ? strcspn(subject, " \t") : 0;
    const HmpCommand *command = subject ? hmp_find(&hmp_infos, subject, len)
                                        : NULL;

    if (!subject) {
        return hmp_help_table(hmp, &hmp_infos);
    }
    if (command) {
        hmp_call(hmp, &hmp_infos, command, subject, len, subject + len);
    } else {
        hmp_print(hmp, "unknown command: 'info %.*s'\n", (int)len, subject);
    }
    return true;
}

/* Help with an argument */

/** `help`: the kinds; `KIND,help`: one kind's properties. */
static bool hmp_help_kinds(Hmp *hmp, const QapiType *type, const char *text,
                           GError **error)
{
    const QapiType *kinds = type->discriminator->type;
    g_autofree char *name = NULL;
    size_t key_len = strlen(type->discriminator->name);

    if (strncmp(text, type->discriminator->name, key_len) == 0 &&
        text[key_len] == '=') {
        text += key_len + 1;
    }
    name = g_strndup(text, strcspn(text, ","));
    if (qapi_find_branch(type, name)) {
        hmp_print(hmp, "%s options:\n", name);
        qapi_help(type, name, hmp->out);
        return true;
    }
    if (strcmp(name, "help") != 0 && strcmp(name, "?") != 0) {
        return fm_error_set(error, "'%s' is no %s", name,
                            type->discriminator->name);
    }
    for (unsigned i = 0; i < kinds->n_values; i++) {
        hmp_print(hmp, "%-20s %s\n", kinds->values[i], kinds->value_docs[i]);
    }
    return true;
}

void *hmp_read_options(Hmp *hmp, const QapiType *type, const char *text,
                       bool *helped, GError **error)
{
    bool help = strcmp(text, "help") == 0 || strcmp(text, "?") == 0;
    void *options = NULL;

    if (!help) {
        options = qapi_parse_option(type, text, type->discriminator->name,
                                    &help, error);
    }
    *helped = help && hmp_help_kinds(hmp, type, text, error);
    return options;
}
