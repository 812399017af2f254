/*
 * QMP: what the command line takes (qapi/command-line.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/options.h"
#include "system/system.h"
#include "util/error.h"

static CommandLineParameterType parameter_type(const QapiType *type)
{
    switch (type->kind) {
    case QAPI_KIND_BOOL:
        return COMMAND_LINE_PARAMETER_TYPE_BOOLEAN;
    case QAPI_KIND_INT:
    case QAPI_KIND_NUMBER:
        return COMMAND_LINE_PARAMETER_TYPE_NUMBER;
    case QAPI_KIND_SIZE:
        return COMMAND_LINE_PARAMETER_TYPE_SIZE;
    default:
        return COMMAND_LINE_PARAMETER_TYPE_STRING;
    }
}

static bool option_info_has(const CommandLineOptionInfo *info,
                            const char *name)
{
    for (size_t i = 0; i < info->parameters.len; i++) {
        if (strcmp(info->parameters.items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/** Arms of a union can have members of one name: once is enough. */
static void option_info_add(CommandLineOptionInfo *info, const QapiType *type)
{
    for (unsigned i = 0; i < type->n_members; i++) {
        const QapiMember *member = &type->members[i];
        CommandLineParameterInfo *parameter;

        if (option_info_has(info, member->name)) {
            continue;
        }
        parameter = qapi_list_append(&qapi_type_CommandLineParameterInfoList,
                                     &info->parameters);
        parameter->name = g_strdup(member->name);
        parameter->type = parameter_type(member->type);
        parameter->help = g_strdup(member->doc);
        parameter->q_default = g_strdup(member->default_text);
    }
    for (unsigned i = 0; i < type->n_branches; i++) {
        if (type->branches[i].type) {
            option_info_add(info, type->branches[i].type);
        }
    }
}

bool qmp_query_command_line_options(QmpContext *ctx,
                                    const QueryCommandLineOptionsArgs *args,
                                    CommandLineOptionInfoList *ret,
                                    GError **error)
{
    for (const OptionGroup *g = option_groups(); g->name; g++) {
        CommandLineOptionInfo *info;

        if (args->option && strcmp(args->option, g->name)) {
            continue;
        }
        info = qapi_list_append(&qapi_type_CommandLineOptionInfoList, ret);
        info->option = g_strdup(g->name);
        option_info_add(info, g->type);
    }
    return ret->len || fm_error_set(error, "invalid option name: %s",
                                    args->option);
}
