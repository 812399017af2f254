/*
 * What `help` says about a QAPI type
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "qapi/walker.h"

/* The schema's documentation is reStructuredText; a terminal is not. */
static void help_append_doc(GString *out, const char *doc)
{
    g_auto(GStrv) parts = g_strsplit(doc, "``", -1);
    g_autofree char *plain = g_strjoinv("'", parts);

    g_string_append(out, plain);
}

/* @known: a member whose value is known already; NULL: none */
static void help_members(const QapiType *type, const QapiMember *known,
                         GString *out)
{
    for (uint32_t i = 0; i < type->n_members; i++) {
        const QapiMember *member = &type->members[i];
        g_autoptr(GString) left = g_string_new(NULL);

        if (member == known) {
            continue;
        }

        g_string_append_printf(left, "%s=<", member->name);
        if (member->type->kind == QAPI_KIND_ENUM) {
            for (uint32_t j = 0; j < member->type->n_values; j++) {
                g_string_append_printf(left, "%s%s", j ? "|" : "",
                                       member->type->values[j]);
            }
        } else {
            g_string_append(left, qapi_describe_type(member->type));
        }
        g_string_append_c(left, '>');
        g_string_append_printf(out, "  %-20s - ", left->str);
        help_append_doc(out, member->doc);
        if (member->default_text) {
            g_string_append_printf(out, " (default: %s)",
                                   member->default_text);
        }
        g_string_append_c(out, '\n');
    }
}

void qapi_help(const QapiType *type, const char *branch, GString *out)
{
    help_members(type, branch ? type->discriminator : NULL, out);
    for (uint32_t i = 0; i < type->n_branches; i++) {
        const QapiBranch *arm = &type->branches[i];

        if (!arm->type || (branch && strcmp(arm->name, branch) != 0)) {
            continue;
        }
        if (arm->type->n_members == 0) {
            continue;
        }
        if (!branch) {
            g_string_append_printf(out, "With %s=%s:\n",
                                   type->discriminator->name, arm->name);
        }
        qapi_help(arm->type, NULL, out);
    }
}
