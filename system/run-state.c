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

/** Whether the machine has been turned off; that it was saved does not turn it
 *  on. */
static bool run_state_is_off(const System *system)
{
    return system->state == RUN_STATE_SHUTDOWN ||
           (system->state == RUN_STATE_POSTMIGRATE &&
            system->migration.saved_state == RUN_STATE_SHUTDOWN);
}

void system_stop(System *system)
{
    system->migration.start = false;
    if (system->state == RUN_STATE_POSTMIGRATE && !run_state_is_off(system)) {
        /* so that it does not run if it is saved once more */
        system->migration.saved_state = RUN_STATE_PAUSED;
    }
    if (system->state == RUN_STATE_SUSPENDED) {
        /* so that being woken does not make it run */
        system->state = RUN_STATE_PAUSED;
        monitor_emit(system->monitors, &qapi_event_STOP, NULL);
        return;
    }
    run_state_stop(system, RUN_STATE_PAUSED);
}

bool system_stop_to_save(System *system)
{
    return run_state_stop(system, RUN_STATE_SAVE_VM);
}

void system_stop_to_migrate(System *system)
{
    if (!run_state_stop(system, RUN_STATE_FINISH_MIGRATE)) {
        system->state = RUN_STATE_FINISH_MIGRATE;
    }
}

bool system_check_no_dump(const System *system, GError **error)
{
    return system->dump.status != DUMP_STATUS_ACTIVE ||
           fm_error_set(error, "There is a dump in process, please wait.");
}

bool system_check_no_save(const System *system, GError **error)
{
    return !system->migration.outgoing ||
           fm_error_set(error, "The machine is being saved; wait until it is, "
                        "or end that with migrate_cancel");
}

bool system_cont(System *system, GError **error)
{
    if (!system_check_no_dump(system, error) ||
        !system_check_no_save(system, error)) {
        return false;
    }
    if (run_state_is_off(system)) {
        return fm_error_set(error, "Resetting the Virtual Machine is required");
    }
    switch (system->state) {
    case RUN_STATE_RUNNING:
    case RUN_STATE_SUSPENDED:           /* this does not wake it */
        return true;
    case RUN_STATE_INMIGRATE:
        system->migration.start = true;
        return true;
    default:
        system->state = system->machine->asleep ? RUN_STATE_SUSPENDED
                                                : RUN_STATE_RUNNING;
        monitor_emit(system->monitors, &qapi_event_RESUME, NULL);
        return true;
    }
}

static bool run_state_is_guests(ShutdownCause cause)
{
    return cause == SHUTDOWN_CAUSE_GUEST_SHUTDOWN ||
           cause == SHUTDOWN_CAUSE_GUEST_RESET;
}

void system_set_actions(ActionSettings *settings,
                        const ActionSettings *actions)
{
    if (actions->has_reboot) {
        settings->has_reboot = true;
        settings->reboot = actions->reboot;
    }
    if (actions->has_shutdown) {
        settings->has_shutdown = true;
        settings->shutdown = actions->shutdown;
    }
    if (actions->has_panic) {
        settings->has_panic = true;
        settings->panic = actions->panic;
    }
    if (actions->has_watchdog) {
        settings->has_watchdog = true;
        settings->watchdog = actions->watchdog;
    }
}

/** What the machine does and what is done to it; not that the process shall
 *  end, which it does whatever was set. */
static bool run_state_is_machines(ShutdownCause cause)
{
    return run_state_is_guests(cause) ||
           cause == SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET;
}

void system_shutdown(System *system, ShutdownCause cause)
{
    bool running = system->state == RUN_STATE_RUNNING;
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
    if (run_state_is_machines(cause) &&
        system->actions.shutdown == SHUTDOWN_ACTION_PAUSE) {
        if (running) {
            monitor_emit(system->monitors, &qapi_event_STOP, NULL);
        }
        return;
    }
    monitor_set_close(system->monitors);
    system->quit = true;
}

void system_powerdown(System *system)
{
    machine_power_button(system->machine);
    monitor_emit(system->monitors, &qapi_event_POWERDOWN, NULL);
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
    if (system->actions.reboot == REBOOT_ACTION_SHUTDOWN &&
        system->state != RUN_STATE_INMIGRATE) {
        system_shutdown(system, cause);
        return;
    }
    if (system->state == RUN_STATE_SUSPENDED) {
        system->state = RUN_STATE_RUNNING;
    } else if (system->state == RUN_STATE_SHUTDOWN ||
               system->state == RUN_STATE_POSTMIGRATE) {
        system->state = RUN_STATE_PRELAUNCH;
    }
    if (system->state == RUN_STATE_INMIGRATE) {
        /* its firmware has run already, where it comes from */
        machine_reset_devices(system->machine);
    } else if (!machine_reset(system->machine, &error)) {
        report_error("-machine firmware=builtin: %s", error->message);
    }
    monitor_emit(system->monitors, &qapi_event_RESET, &data);
}

bool system_wakeup(System *system, GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (!machine_can_wake(system->machine)) {
        return fm_error_set(error, "wake-up from suspend is not supported by "
                            "this guest");
    }
    if (!system->machine->asleep || run_state_is_off(system)) {
        return fm_error_set(error, "Unable to wake up: guest is not in "
                            "suspended state");
    }
    if (!system_check_no_dump(system, error) ||
        !system_check_no_save(system, error)) {
        return false;
    }
    if (log_enabled(LOG_RESET)) {
        log_line(LOG_RESET, "the guest wakes (ACPI S3)");
    }
    if (!machine_wake(system->machine, &failure)) {
        report_error("-machine firmware=builtin: %s", failure->message);
    }
    if (system->state == RUN_STATE_SUSPENDED) {
        system->state = RUN_STATE_RUNNING;
    }
    monitor_emit(system->monitors, &qapi_event_WAKEUP, NULL);
    return true;
}

static void run_state_suspend(System *system)
{
    if (!system->machine->asleep) {
        return;                         /* it was restored meanwhile */
    }
    if (log_enabled(LOG_RESET)) {
        log_line(LOG_RESET, "the guest sleeps (ACPI S3)");
    }
    /* a test can do this to a machine that is stopped: it stays stopped, and
     * sleeps when it is let run */
    if (system->state == RUN_STATE_RUNNING) {
        system->state = RUN_STATE_SUSPENDED;
    }
    monitor_emit(system->monitors, &qapi_event_SUSPEND, NULL);
}

void system_settle(System *system)
{
    unsigned requests = system->requests;

    /* a machine that is being saved, or restored, does not run: a test has
     * asked for it */
    if (!requests || system->migration.outgoing ||
        system->state == RUN_STATE_INMIGRATE) {
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
