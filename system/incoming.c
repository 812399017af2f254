/*
 * Restoring the machine: what comes becomes memory, and at last devices
 *
 * Files are read about a MiB a turn of the main loop, anything else as it
 * comes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <glib-unix.h>

#include "migration/load.h"
#include "system/incoming-source.h"
#include "system/system.h"
#include "util/error.h"
#include "util/report.h"

/* What is read at once; when so much has been read the turn ends */
#define INCOMING_TURN_LEN ((size_t)1 << 20)

struct Incoming {
    System *system;
    char *option;               /* what messages begin with; NULL: nothing */
    bool exit_on_error;

    IncomingSource from;
    guint watch;                /* for what comes next */

    StreamReader *reader;
    MachineLoader *loader;      /* NULL: nothing has come */
};

static void incoming_free(Incoming *in)
{
    g_clear_handle_id(&in->watch, g_source_remove);
    incoming_source_close(&in->from);
    stream_reader_free(in->reader);
    g_clear_pointer(&in->loader, machine_loader_free);
    g_free(in->option);
    g_free(in);
}

/* The end */

bool incoming_is_stored(const System *system)
{
    const Incoming *in = system->migration.incoming;

    return in && in->from.stored;
}

void incoming_fill_progress(System *system)
{
    SystemMigration *migration = &system->migration;

    if (migration->incoming && migration->incoming->loader) {
        migration->memory =
            *machine_loader_progress(migration->incoming->loader);
    }
}

/** Restoring has ended. */
static void incoming_stop_counting(System *system)
{
    incoming_fill_progress(system);
    system->migration.end_us = g_get_monotonic_time();
}

/** What has come is as if it had not. */
static void incoming_abandon(Incoming *in)
{
    System *system = in->system;

    if (in->loader) {
        machine_loader_abandon(in->loader);
    }
    system->requests = 0;
    system->migration.incoming = NULL;
    incoming_free(in);
}

/** @error is taken over. */
static void incoming_fail(Incoming *in, GError *error)
{
    System *system = in->system;
    bool ends = in->exit_on_error;

    if (ends) {
        report_error("%s%s%s", in->option ? in->option : "",
                     in->option ? ": " : "", error->message);
    }
    incoming_abandon(in);
    migration_fail(system, error);
    if (ends) {
        system->failed = true;
        system_shutdown(system, SHUTDOWN_CAUSE_HOST_ERROR);
    }
}

/** It may have to learn that it is not the only one
 *  (docs/specs/vmgenid.rst). */
static void incoming_renew_generation(const Incoming *in)
{
    VmGenId *dev = in->system->machine->vmgenid;

    if (!dev) {
        return;
    }
    /* the descriptor of a move, or of a snapshot?  Who knows has not said it */
    if (in->from.protocol == MIGRATION_FD && in->from.stored &&
        !vmgenid_policy_is_given(dev)) {
        report_warning("%s%sit is a file, and its VM generation ID is kept; "
                       "if it may be restored again, say -device vmgenid,"
                       "restore=renew, otherwise restore=keep",
                       in->option ? in->option : "", in->option ? ": " : "");
    }
    system_vm_generation_changed(
        in->system, vmgenid_restored(dev, in->from.protocol == MIGRATION_FILE));
}

/** The stream was read and found good. */
static bool incoming_finish(Incoming *in, GError **error)
{
    System *system = in->system;
    RunState state;

    if (!incoming_source_check_end(&in->from, error) ||
        !machine_loader_finish(in->loader, &state, error)) {
        return false;
    }
    incoming_renew_generation(in);
    incoming_stop_counting(system);
    system->requests = 0;
    system->migration.incoming = NULL;
    incoming_free(in);
    if (state == RUN_STATE_RUNNING) {
        system->state = RUN_STATE_PAUSED;
        if (system->migration.start) {
            system_cont(system, NULL);
        }
    } else {
        system->state = state;
    }
    migration_set_status(system, MIGRATION_STATUS_COMPLETED);
    return true;
}

void incoming_cancel(System *system)
{
    if (system->migration.incoming) {
        migration_set_status(system, MIGRATION_STATUS_CANCELLING);
        incoming_abandon(system->migration.incoming);
        migration_set_status(system, MIGRATION_STATUS_CANCELLED);
    }
}

void incoming_end(System *system)
{
    if (system->migration.incoming) {
        incoming_free(g_steal_pointer(&system->migration.incoming));
    }
}

/* Reading */

/** What incoming_read() has come to. */
typedef enum IncomingProgress {
    INCOMING_MORE,
    INCOMING_WAIT,
    INCOMING_DONE,
    INCOMING_FAILED,            /* with an error set */
} IncomingProgress;

/** The first bytes have come. */
static void incoming_begin(Incoming *in)
{
    SystemMigration *migration = &in->system->migration;

    in->loader = machine_loader_new(in->system->machine);
    stream_reader_set_placer(in->reader, machine_loader_place, in->loader);
    migration->saved = false;
    migration->transferred = 0;
    migration->begin_us = g_get_monotonic_time();
    migration->end_us = 0;
    migration_set_status(in->system, MIGRATION_STATUS_ACTIVE);
}

/** Read once.  *@left, the bytes that this turn may still read, is lowered. */
static IncomingProgress incoming_read(Incoming *in, size_t *left,
                                      GError **error)
{
    StreamSection section;
    size_t len;
    uint8_t *room = stream_reader_want(in->reader, &len);
    ssize_t n = incoming_source_read(&in->from, room,
                                     MIN(len, INCOMING_TURN_LEN));

    if (n == -EAGAIN) {
        return INCOMING_WAIT;
    }
    if (n < 0) {
        fm_error_set(error, "Could not read: %s", g_strerror((int)-n));
        return INCOMING_FAILED;
    }
    if (n == 0) {
        stream_reader_truncated(in->reader, error);
        return INCOMING_FAILED;
    }
    if (!in->loader) {
        incoming_begin(in);
    }
    in->system->migration.transferred += (uint64_t)n;
    *left -= MIN(*left, (size_t)n);
    switch (stream_reader_got(in->reader, (size_t)n, &section, error)) {
    case STREAM_MORE:
        return INCOMING_MORE;
    case STREAM_SECTION:
        return machine_loader_section(in->loader, &section, error)
               ? INCOMING_MORE : INCOMING_FAILED;
    case STREAM_COMPLETE:
        return INCOMING_DONE;
    default:
        return INCOMING_FAILED;
    }
}

/** Returns whether there will be another turn; if not, @in is gone. */
static bool incoming_turn(Incoming *in)
{
    GError *error = NULL;
    IncomingProgress progress = INCOMING_MORE;
    size_t left = INCOMING_TURN_LEN;

    while (progress == INCOMING_MORE && left) {
        progress = incoming_read(in, &left, &error);
    }
    if (progress == INCOMING_MORE || progress == INCOMING_WAIT) {
        return true;
    }
    in->watch = 0;
    if (progress == INCOMING_FAILED || !incoming_finish(in, &error)) {
        incoming_fail(in, error);
    }
    return false;
}

static gboolean incoming_idle(gpointer opaque)
{
    return incoming_turn(opaque);
}

static gboolean incoming_ready(gint fd, GIOCondition condition,
                               gpointer opaque)
{
    return incoming_turn(opaque);
}

/* The beginning */

/** A pipe that has not had a writer yet is at its end, for read(2), but
 *  nothing is there to be waited for. */
static void incoming_watch_data(Incoming *in)
{
    in->watch = in->from.stored
        ? g_idle_add_full(G_PRIORITY_DEFAULT, incoming_idle, in, NULL)
        : g_unix_fd_add(in->from.fd, G_IO_IN | G_IO_ERR | G_IO_HUP,
                        incoming_ready, in);
}

static gboolean incoming_accept(gint listen_fd, GIOCondition condition,
                                gpointer opaque)
{
    Incoming *in = opaque;
    GError *error = NULL;

    if (!incoming_source_accept(&in->from, &error)) {
        in->watch = 0;
        incoming_fail(in, error);
        return G_SOURCE_REMOVE;
    }
    if (in->from.fd < 0) {
        return G_SOURCE_CONTINUE;
    }
    incoming_watch_data(in);
    return G_SOURCE_REMOVE;
}

bool incoming_start(System *system, const char *uri, const char *option,
                    bool exit_on_error, GError **error)
{
    IncomingSource from;
    Incoming *in;

    if (!incoming_source_open(&from, uri, error)) {
        return false;
    }
    in = g_new0(Incoming, 1);
    in->from = from;
    in->system = system;
    in->option = g_strdup(option);
    in->exit_on_error = exit_on_error;
    in->reader = stream_reader_new();
    if (from.fd >= 0) {
        incoming_watch_data(in);
    } else {
        in->watch = g_unix_fd_add(from.listen_fd, G_IO_IN, incoming_accept,
                                  in);
    }
    system->migration.incoming = in;
    migration_set_status(system, MIGRATION_STATUS_SETUP);
    return true;
}
