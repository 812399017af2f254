/*
 * The life cycle of the machine: running, stopped, reset, ended
 *
 * What a client asks for happens at once, its events before its reply.  What
 * the guest asks for happens when its access is over (system_settle()).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/system.h"
#include "util/error.h"
#include "util/log.h"
#include "util/report.h"

/** Returns whether it ran. */
static bool run_state_stop(System *system, RunState state)
{
    if (system->state != RUN_STATE_RUNNING) {
        return false;
    }
    system->state = state;
    monitor_emit(system->monitors, &qapi_event_STOP, NULL);
    return true;
}

void system_stop(System *system)
{
    run_state_stop(system, RUN_STATE_PAUSED);
}

bool system_stop_to_save(System *system)
{
    return run_state_stop(system, RUN_STATE_SAVE_VM);
}

bool system_cont(System *system, GError **error)
{
    if (!system_check_no_dump(system, error)) {
        return false;
    }
    switch (system->state) {
    case RUN_STATE_RUNNING:
    case RUN_STATE_SUSPENDED:           /* only a reset wakes it */
        return true;
    case RUN_STATE_SHUTDOWN:
        return fm_error_set(error, "Resetting the Virtual Machine is required");
    default:
        system->state = RUN_STATE_RUNNING;
        monitor_emit(system->monitors, &qapi_event_RESUME, NULL);
        return true;
    }
}

static bool run_state_is_guests(ShutdownCause cause)
{
    return cause == SHUTDOWN_CAUSE_GUEST_SHUTDOWN ||
           cause == SHUTDOWN_CAUSE_GUEST_RESET;
}

void system_reset(System *system, ShutdownCause cause)
{
    g_autoptr(GError) error = NULL;
    ResetEvent data = {
        .guest = run_state_is_guests(cause),
        .reason = cause,
    };

    if (log_enabled(LOG_RESET)) {
        log_line(LOG_RESET, "reset: %s",
                 qapi_type_ShutdownCause.values[cause]);
    }
    system->requests &= ~(1u << MACHINE_REQUEST_RESET);
    if (system->state == RUN_STATE_SUSPENDED) {
        system->state = RUN_STATE_RUNNING;
    }
    if (!machine_reset(system->machine, &error)) {
        report_error("-machine firmware=builtin: %s", error->message);
    }
    monitor_emit(system->monitors, &qapi_event_RESET, &data);
}

void system_shutdown(System *system, ShutdownCause cause)
{
    ShutdownEvent data = {
        .guest = run_state_is_guests(cause),
        .reason = cause,
    };

    if (system->quit) {
        return;
    }
    if (log_enabled(LOG_RESET)) {
        log_line(LOG_RESET, "the end: %s",
                 qapi_type_ShutdownCause.values[cause]);
    }
    system->state = RUN_STATE_SHUTDOWN;
    monitor_emit(system->monitors, &qapi_event_SHUTDOWN, &data);
    monitor_set_close(system->monitors);
    system->quit = true;
}

static void run_state_suspend(System *system)
{
    if (log_enabled(LOG_RESET)) {
        log_line(LOG_RESET, "the guest sleeps (ACPI S3)");
    }
    /* a test can do this to a machine that is stopped: it stays stopped */
    if (system->state == RUN_STATE_RUNNING) {
        system->state = RUN_STATE_SUSPENDED;
    }
    monitor_emit(system->monitors, &qapi_event_SUSPEND, NULL);
}

void system_settle(System *system)
{
    unsigned requests = system->requests;

    if (!requests) {
        return;
    }
    system->requests = 0;
    if (requests & 1u << MACHINE_REQUEST_SUSPEND_DISK) {
        monitor_emit(system->monitors, &qapi_event_SUSPEND_DISK, NULL);
    }
    if (requests & (1u << MACHINE_REQUEST_SHUTDOWN |
                    1u << MACHINE_REQUEST_SUSPEND_DISK)) {
        system_shutdown(system, SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    } else if (requests & 1u << MACHINE_REQUEST_RESET) {
        system_reset(system, SHUTDOWN_CAUSE_GUEST_RESET);
    } else if (requests & 1u << MACHINE_REQUEST_SUSPEND) {
        run_state_suspend(system);
    }
}
