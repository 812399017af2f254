/*
 * Where firmware images and other files of ours and our neighbours' are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/datadir.h"

#include <string.h>
#include <unistd.h>

#include "firmament-version.h"

static const char *const datadir_usual[] = {
    "/usr/share/seabios",
    "/usr/share/qemu",
    FIRMAMENT_DATADIR,
};

static char *datadir_find_in(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return access(path, R_OK) == 0 ? g_steal_pointer(&path) : NULL;
}

char *datadir_find(const GPtrArray *dirs, const char *name)
{
    char *path = NULL;

    if (strchr(name, '/') || access(name, R_OK) == 0) {
        return g_strdup(name);
    }
    for (unsigned i = 0; dirs && !path && i < dirs->len; i++) {
        path = datadir_find_in(dirs->pdata[i], name);
    }
    for (size_t i = 0; !path && i < G_N_ELEMENTS(datadir_usual); i++) {
        path = datadir_find_in(datadir_usual[i], name);
    }
    return path ? path : g_strdup(name);
}

void datadir_list(const GPtrArray *dirs, GString *text)
{
    for (unsigned i = 0; dirs && i < dirs->len; i++) {
        g_string_append_printf(text, "%s\n", (char *)dirs->pdata[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(datadir_usual); i++) {
        g_string_append_printf(text, "%s\n", datadir_usual[i]);
    }
}
