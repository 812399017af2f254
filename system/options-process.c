/*
 * Options about the process: background, privileges, log, search path
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "qapi/walker.h"
#include "system/datadir.h"
#include "system/options.h"
#include "util/error.h"
#include "util/log.h"

static void option_keep(char **slot, const char *text)
{
    g_free(*slot);
    *slot = g_strdup(text);
}

bool option_preconfig(Config *c, const char *option, const char *arg,
                      GError **error)
{
    c->preconfig = true;
    return true;
}

/* Background */

bool option_daemonize(Config *c, const char *option, const char *arg,
                      GError **error)
{
    c->daemonize = true;
    return true;
}

bool option_pidfile(Config *c, const char *option, const char *arg,
                    GError **error)
{
    option_keep(&c->pidfile, arg);
    return true;
}

/* Privileges */

bool option_runas(Config *c, const char *option, const char *arg,
                  GError **error)
{
    ProcessUser *user = process_user_find(arg, error);

    if (!user) {
        return false;
    }
    g_clear_pointer(&c->user, process_user_free);
    c->user = user;
    option_keep(&c->user_option, option);
    return true;
}

bool option_chroot(Config *c, const char *option, const char *arg,
                   GError **error)
{
    option_keep(&c->chroot, arg);
    option_keep(&c->chroot_option, option);
    return true;
}

bool option_run_with(Config *c, const char *option, const char *arg,
                     GError **error)
{
    const QapiType *type = &qapi_type_RunWithOptions;
    RunWithOptions *with = option_parse(c, type, "-run-with", arg, NULL,
                                        error);
    bool ok;

    if (!with) {
        return c->action == CONFIG_DONE;
    }
    ok = (!with->user || option_runas(c, option, with->user, error) ||
          fm_error_prefix(error, "user: ")) &&
         (!with->chroot || option_chroot(c, option, with->chroot, error));
    qapi_free(type, with);
    return ok;
}

bool option_sandbox(Config *c, const char *option, const char *arg,
                    GError **error)
{
    const QapiType *type = &qapi_type_SandboxOptions;
    SandboxOptions *sandbox = option_parse(c, type, "-sandbox", arg, "enable",
                                           error);

    if (!sandbox) {
        return c->action == CONFIG_DONE;
    }
    qapi_free(type, c->sandbox);
    c->sandbox = sandbox;
    option_keep(&c->sandbox_option, option);
    return true;
}

/* Log */

bool option_log(Config *c, const char *option, const char *arg, GError **error)
{
    if (strcmp(arg, "help") == 0 || strcmp(arg, "?") == 0) {
        g_autoptr(GString) text = g_string_new("Log items:\n");

        log_help(text);
        fputs(text->str, stdout);
        c->action = CONFIG_DONE;
        return true;
    }
    return log_set_items_from_text(arg, error);
}

bool option_log_file(Config *c, const char *option, const char *arg,
                     GError **error)
{
    option_keep(&c->log_path, arg);
    return true;
}

/* Search path */

bool option_data_dir(Config *c, const char *option, const char *arg,
                     GError **error)
{
    if (strcmp(arg, "help") == 0 || strcmp(arg, "?") == 0) {
        g_autoptr(GString) text = g_string_new(NULL);

        datadir_list(c->data_dirs, text);
        fputs(text->str, stdout);
        c->action = CONFIG_DONE;
        return true;
    }
    g_ptr_array_add(c->data_dirs, g_strdup(arg));
    return true;
}
