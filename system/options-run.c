/*
 * Options that say how the machine runs: when it starts, what time it is, what
 * becomes of it when something happens to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "qapi/walker.h"
#include "system/options.h"
#include "system/system.h"
#include "util/error.h"

bool option_incoming(Config *c, const char *option, const char *arg,
                     GError **error)
{
    MigrationProtocol protocol;
    const char *rest;

    if (strcmp(arg, "defer") != 0 &&
        !migration_parse_uri(arg, &protocol, &rest, error)) {
        return false;
    }
    g_free(c->incoming);
    c->incoming = g_strdup(arg);
    return true;
}

bool option_action(Config *c, const char *option, const char *arg,
                   GError **error)
{
    const QapiType *type = &qapi_type_ActionSettings;
    ActionSettings *actions = option_parse(c, type, "-action", arg, NULL,
                                           error);

    if (!actions) {
        return c->action == CONFIG_DONE;
    }
    system_set_actions(&c->actions, actions);
    qapi_free(type, actions);
    return true;
}

bool option_watchdog_action(Config *c, const char *option, const char *arg,
                            GError **error)
{
    int action = qapi_enum_parse(&qapi_type_WatchdogAction, arg);

    if (action < 0) {
        return fm_error_set(error, "'%s' is no such action (-action help "
                            "lists them)", arg);
    }
    system_set_actions(&c->actions, &(ActionSettings){ .has_watchdog = true,
                                                       .watchdog = action });
    return true;
}

bool option_no_reboot(Config *c, const char *option, const char *arg,
                      GError **error)
{
    system_set_actions(&c->actions, &(ActionSettings){
        .has_reboot = true, .reboot = REBOOT_ACTION_SHUTDOWN });
    return true;
}

bool option_no_shutdown(Config *c, const char *option, const char *arg,
                        GError **error)
{
    system_set_actions(&c->actions, &(ActionSettings){
        .has_shutdown = true, .shutdown = SHUTDOWN_ACTION_PAUSE });
    return true;
}
