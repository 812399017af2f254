/*
 * QMP: whether the machine runs (qapi/run-state.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi-types.h"
#include "system/system.h"
#include "util/error.h"

bool qmp_query_status(QmpContext *ctx, StatusInfo *ret, GError **error)
{
    ret->status = ctx->system->state;
    ret->running = ret->status == RUN_STATE_RUNNING;
    return true;
}

bool qmp_stop(QmpContext *ctx, GError **error)
{
    if (!system_check_no_dump(ctx->system, error) ||
        !system_check_no_save(ctx->system, error)) {
        return false;
    }
    system_stop(ctx->system);
    return true;
}

bool qmp_cont(QmpContext *ctx, GError **error)
{
    return system_cont(ctx->system, error);
}

bool qmp_x_exit_preconfig(QmpContext *ctx, GError **error)
{
    System *system = ctx->system;

    if (system->machine) {
        return fm_error_set(error, "The command is permitted only before "
                            "machine initialization");
    }
    return system_build(system, error) &&
           (system->config->paused || system_cont(system, error));
}

bool qmp_system_reset(QmpContext *ctx, GError **error)
{
    if (!system_check_no_save(ctx->system, error)) {
        return false;
    }
    system_reset(ctx->system, SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    return true;
}

bool qmp_quit(QmpContext *ctx, GError **error)
{
    system_shutdown(ctx->system, SHUTDOWN_CAUSE_HOST_QMP_QUIT);
    return true;
}

bool qmp_system_powerdown(QmpContext *ctx, GError **error)
{
    if (!system_check_no_save(ctx->system, error)) {
        return false;
    }
    if (ctx->system->state == RUN_STATE_INMIGRATE) {
        return fm_error_set(error, "Guest is waiting for an incoming "
                            "migration");
    }
    system_powerdown(ctx->system);
    return true;
}

bool qmp_system_wakeup(QmpContext *ctx, GError **error)
{
    return system_wakeup(ctx->system, error);
}

bool qmp_set_action(QmpContext *ctx, const ActionSettings *args,
                    GError **error)
{
    system_set_actions(&ctx->system->actions, args);
    return true;
}
