/*
 * HMP: completing what is typed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "system/hmp-impl.h"

static void hmp_complete_names(const System *system, const HmpTable *table,
                               GPtrArray *candidates)
{
    for (size_t i = 0; i < table->n; i++) {
        const HmpCommand *row = &table->rows[i];
        g_auto(GStrv) names = g_strsplit(row->name, "|", -1);

        for (char **name = names; *name && hmp_is_available(system, row);
             name++) {
            g_ptr_array_add(candidates, g_strdup(*name));
        }
    }
}

static void hmp_complete_children(System *system, const char *path,
                                  GPtrArray *candidates)
{
    static const char *const homes[] = {
        "/objects", "/machine/peripheral", NULL,
    };
    g_autofree char *parent = g_path_get_dirname(path);
    Object *obj = object_resolve(system->root, *path ? parent : "/", NULL);

    for (unsigned i = 0; obj && obj->children && i < obj->children->len;
         i++) {
        const Object *child = obj->children->pdata[i];

        g_ptr_array_add(candidates, object_path(child));
    }
    for (const char *const *home = homes; !*path && *home; home++) {
        g_ptr_array_add(candidates, g_strdup(*home));
    }
}

static void hmp_complete_ids(System *system, const char *home,
                             GPtrArray *candidates)
{
    Object *obj = object_resolve(system->root, home, NULL);

    for (unsigned i = 0; obj && obj->children && i < obj->children->len;
         i++) {
        const Object *child = obj->children->pdata[i];

        g_ptr_array_add(candidates, g_strdup(child->name));
    }
}

static bool hmp_takes(const HmpCommand *command, const char *first_arg)
{
    const char *args = command->args;

    if (args[0] == '-') {
        args += strcspn(args, " ");
        args += *args == ' ';
    }
    return g_str_has_prefix(args, first_arg);
}

size_t hmp_complete(System *system, const char *before, GPtrArray *candidates)
{
    size_t start = hmp_blanks(before);
    size_t name_len = strcspn(before + start, " \t");
    const HmpCommand *command = hmp_find(&hmp_commands, before + start,
                                         name_len);
    const char *word = strrchr(before, ' ');
    size_t at = word ? (size_t)(word + 1 - before) : 0;

    if (at <= start) {
        hmp_complete_names(system, &hmp_commands, candidates);
        return start;
    }
    if (!command) {
        return at;
    }
    if (command->handler == hmp_info) {
        size_t subject = start + name_len + hmp_blanks(before + start +
                                                       name_len);
        size_t len = strcspn(before + subject, " ");

        if (!before[subject + len]) {
            hmp_complete_names(system, &hmp_infos, candidates);
            return subject;
        }
        command = hmp_find(&hmp_infos, before + subject, len);
    }
    if (!command) {
        return at;
    }
    if (command->handler == hmp_help) {
        hmp_complete_names(system, &hmp_commands, candidates);
    } else if (hmp_takes(command, "path:")) {
        hmp_complete_children(system, before + at, candidates);
    } else if (command->handler == hmp_object_del) {
        hmp_complete_ids(system, "/objects", candidates);
    } else if (command->handler == hmp_device_del) {
        hmp_complete_ids(system, "/machine/peripheral", candidates);
    } else if (command->handler == hmp_chardev_remove) {
        hmp_complete_ids(system, "/chardevs", candidates);
    }
    return at;
}
