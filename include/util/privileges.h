/*
 * Giving up privileges
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_PRIVILEGES_H
#define UTIL_PRIVILEGES_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/** Whom to become. */
typedef struct ProcessUser {
    uid_t uid;
    gid_t gid;
    gid_t *groups;              /* supplementary, gid among them */
    int n_groups;
} ProcessUser;

/**
 * process_user_find:
 * @text: a user's name, or `UID:GID`, which need not be known to the host
 *
 * Returns: the user with the groups that the host's databases say; NULL with
 * @error set if there is no such user.
 */
ProcessUser *process_user_find(const char *text, GError **error);
void process_user_free(ProcessUser *user);

/**
 * process_change_root: @dir becomes the root of what this process can name;
 * the current directory, too.
 *
 * Returns: false with @error set, which does not name @dir.
 */
bool process_change_root(const char *dir, GError **error);

/**
 * process_become: become @user for good, with its groups only.
 *
 * Returns: false with @error set; the process may be half changed and should
 * end.
 */
bool process_become(const ProcessUser *user, GError **error);

#endif
