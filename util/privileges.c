/*
 * Giving up privileges
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"

/** Room for the groups of an ordinary user; more are asked for again. */
#define PRIVILEGES_GROUPS 32

/** Returns whether @text begins with a number that an ID can be; -1 means
 *  "unchanged" to the kernel, so it is none. */
static bool process_read_id(const char *text, char **end, guint32 *id)
{
    guint64 value;

    if (!g_ascii_isdigit(*text)) {
        return false;
    }
    value = g_ascii_strtoull(text, end, 10);
    *id = value;
    return value < G_MAXUINT32;
}

static ProcessUser *process_user_from_ids(const char *text)
{
    guint32 uid, gid;
    ProcessUser *user;
    char *end;

    if (!process_read_id(text, &end, &uid) || *end != ':' ||
        !process_read_id(end + 1, &end, &gid) || *end) {
        return NULL;
    }
    user = g_new0(ProcessUser, 1);
    user->uid = uid;
    user->gid = gid;
    user->groups = g_new(gid_t, 1);
    user->groups[0] = gid;
    user->n_groups = 1;
    return user;
}

ProcessUser *process_user_find(const char *text, GError **error)
{
    ProcessUser *user = process_user_from_ids(text);
    const struct passwd *entry;

    if (user) {
        return user;
    }
    errno = 0;
    entry = getpwnam(text);
    if (!entry) {
        fm_error_set(error, "there is no user '%s'%s%s, and it is not UID:GID",
                     text, errno ? ": " : "",
                     errno ? g_strerror(errno) : "");
        return NULL;
    }
    user = g_new0(ProcessUser, 1);
    user->uid = entry->pw_uid;
    user->gid = entry->pw_gid;
    user->n_groups = PRIVILEGES_GROUPS;
    user->groups = g_new(gid_t, user->n_groups);
    if (getgrouplist(text, user->gid, user->groups, &user->n_groups) < 0) {
        user->groups = g_renew(gid_t, user->groups, user->n_groups);
        getgrouplist(text, user->gid, user->groups, &user->n_groups);
    }
    return user;
}

void process_user_free(ProcessUser *user)
{
    if (user) {
        g_free(user->groups);
        g_free(user);
    }
}

static const char *process_error_text(int err)
{
    return err == EPERM ? "only root may do that" : g_strerror(err);
}

bool process_change_root(const char *dir, GError **error)
{
    if (chroot(dir) < 0) {
        return fm_error_set(error, "cannot change the root directory: %s",
                            process_error_text(errno));
    }
    return chdir("/") == 0 ||
           fm_error_set(error, "cannot change to its root: %s",
                        g_strerror(errno));
}

bool process_become(const ProcessUser *user, GError **error)
{
    if (setgroups(user->n_groups, user->groups) < 0 ||
        setresgid(user->gid, user->gid, user->gid) < 0 ||
        setresuid(user->uid, user->uid, user->uid) < 0) {
        return fm_error_set(error, "cannot become another user: %s",
                            process_error_text(errno));
    }
    if (user->uid && setuid(0) == 0) {
        return fm_error_set(error, "the host lets this process become root "
                            "again");
    }
    return true;
}
