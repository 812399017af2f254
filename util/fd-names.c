/*
 * Descriptors that clients have passed and named
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/fd-names.h"

#include <string.h>

#include "util/error.h"
#include "util/fd-passed.h"

#define FD_NAME_LEN_MAX 255

/* Name to descriptor; the process's, as descriptors are.  NULL: none yet. */
static GHashTable *fd_names;

static bool fd_names_find(const char *name, int *fd)
{
    gpointer value;

    if (!fd_names || !g_hash_table_lookup_extended(fd_names, name, NULL,
                                                   &value)) {
        return false;
    }
    *fd = GPOINTER_TO_INT(value);
    return true;
}

static bool fd_names_check(const char *name, GError **error)
{
    int old;

    if (g_ascii_isdigit(*name)) {
        return fm_error_set(error, "Parameter 'fdname' expects a name not "
                            "starting with a digit");
    }
    if (strlen(name) > FD_NAME_LEN_MAX) {
        return fm_error_set(error, "Parameter 'fdname' expects a name of at "
                            "most %d bytes", FD_NAME_LEN_MAX);
    }
    if (!fd_names_find(name, &old) && fd_names &&
        g_hash_table_size(fd_names) >= FD_NAMES_MAX) {
        return fm_error_set(error, "There are %d named file descriptors "
                            "already; closefd makes room", FD_NAMES_MAX);
    }
    return true;
}

bool fd_names_add(const char *name, int fd, GError **error)
{
    int old;

    if (!fd_names_check(name, error) || !fd_passed_check_room(fd, error)) {
        fd_passed_close(fd);
        return false;
    }
    if (!fd_names) {
        fd_names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                         NULL);
    }
    if (fd_names_find(name, &old)) {
        fd_passed_close(old);
    }
    g_hash_table_insert(fd_names, g_strdup(name), GINT_TO_POINTER(fd));
    return true;
}

int fd_names_take(const char *name, GError **error)
{
    int fd;

    if (!fd_names_find(name, &fd)) {
        fm_error_set(error, "File descriptor named '%s' has not been found",
                     name);
        return -1;
    }
    g_hash_table_remove(fd_names, name);
    return fd;
}

bool fd_names_close(const char *name, GError **error)
{
    int fd;

    if (!fd_names_find(name, &fd)) {
        return fm_error_set(error, "File descriptor named '%s' not found",
                            name);
    }
    g_hash_table_remove(fd_names, name);
    fd_passed_close(fd);
    return true;
}
