/*
 * Saving the machine: stop it, and write all of it down
 *
 * In each turn of the main loop a piece of the stream is made and written: a
 * MiB of memory, or the state of the devices.  Whatever has no room for it is
 * waited for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <glib-unix.h>

#include "chardev/socket-address.h"
#include "system/system.h"
#include "util/error.h"
#include "util/fd-names.h"
#include "util/file-replace.h"

/* What is looked at, and made, in a turn */
#define MIGRATE_TURN_LEN ((uint64_t)1 << 20)

/* Between looks at a limited bandwidth: well below RATE_LIMIT_BURST_US, so
 * that all of it is used */
#define MIGRATE_TICK_MS 20

/** What has to be before the next turn. */
typedef enum MigrateWait {
    MIGRATE_WAIT_NOTHING,
    MIGRATE_WAIT_ROOM,          /* the file takes more */
    MIGRATE_WAIT_TIME,          /* max-bandwidth allows more */
} MigrateWait;

struct Outgoing {
    System *system;
    RunState state;             /* what the machine was doing */
    FileReplace *file;
    MachineSaver *saver;
    bool committing;            /* all is written */
    bool cancelling;
    guint source;
    MigrateWait wait;           /* what the source is for */

    GByteArray *piece;
    size_t sent;                /* of it */
};

/* Where to */

static FileReplace *migrate_open_fd(const char *name, GError **error)
{
    int fd = fd_names_take(name, error);

    return fd < 0 ? NULL : file_replace_new_fd(fd, name, error);
}

static FileReplace *migrate_open_unix(const char *path, GError **error)
{
    int fd = socket_connect_path(path);

    if (fd < 0) {
        fm_error_set(error, "Failed to connect to '%s': %s", path,
                     fd == -EAGAIN ? "too many others wait there"
                                   : g_strerror(-fd));
        return NULL;
    }
    return file_replace_new_fd(fd, path, error);
}

static FileReplace *migrate_open(const char *uri, GError **error)
{
    MigrationProtocol protocol;
    const char *rest;

    if (!migration_parse_uri(uri, &protocol, &rest, error)) {
        return NULL;
    }
    switch (protocol) {
    case MIGRATION_FILE:
        return file_replace_open(rest, error);
    case MIGRATION_FD:
        return migrate_open_fd(rest, error);
    default:
        return migrate_open_unix(rest, error);
    }
}

/* The end */

static void migrate_free(Outgoing *out)
{
    g_clear_handle_id(&out->source, g_source_remove);
    file_replace_abandon(out->file);
    machine_saver_free(out->saver);
    g_byte_array_unref(out->piece);
    g_free(out);
}

void migrate_fill_progress(System *system)
{
    SystemMigration *migration = &system->migration;

    if (migration->outgoing) {
        migration->memory =
            *machine_saver_progress(migration->outgoing->saver);
    }
}

/** Saving has ended, the file is closed. */
static void migrate_close(System *system)
{
    migrate_fill_progress(system);
    system->migration.end_us = g_get_monotonic_time();
    migrate_free(g_steal_pointer(&system->migration.outgoing));
}

/** @error: NULL: it is saved; taken over. */
static void migrate_tell(System *system, GError *error)
{
    QmpDeferred *waiting = g_steal_pointer(&system->migration.waiting);

    if (!waiting) {
        g_clear_error(&error);
    } else if (error) {
        qmp_deferred_fail(waiting, error);
    } else {
        qmp_deferred_return(waiting, NULL);
    }
}

static void migrate_complete(System *system)
{
    RunState state = system->migration.outgoing->state;

    migrate_close(system);
    if (state != RUN_STATE_POSTMIGRATE) {
        system->migration.saved_state = state;
    }
    system->state = RUN_STATE_POSTMIGRATE;
    migration_set_status(system, MIGRATION_STATUS_COMPLETED);
    migrate_tell(system, NULL);
}

/** It came to nothing: the machine is as it was before. */
static void migrate_resume(System *system, RunState state)
{
    if (state == RUN_STATE_RUNNING) {
        system->state = RUN_STATE_PAUSED;
        system_cont(system, NULL);
    } else {
        system->state = state;
    }
}

static void migrate_is_cancelled(System *system)
{
    RunState state = system->migration.outgoing->state;
    GError *error = NULL;

    migrate_close(system);
    migration_set_status(system, MIGRATION_STATUS_CANCELLED);
    migrate_resume(system, state);
    fm_error_set(&error, "Migration cancelled by user");
    migrate_tell(system, error);
}

/** @error is taken over. */
static void migrate_fail(System *system, GError *error)
{
    RunState state = system->migration.outgoing->state;

    migrate_close(system);
    migration_fail(system, g_error_copy(error));
    migrate_resume(system, state);
    migrate_tell(system, error);
}

static void migrate_committed(void *opaque, GError *error)
{
    Outgoing *out = opaque;
    System *system = out->system;

    out->file = NULL;
    if (!error) {
        migrate_complete(system);
    } else if (out->cancelling) {
        g_error_free(error);
        migrate_is_cancelled(system);
    } else {
        migrate_fail(system, error);
    }
}

void migrate_cancel(System *system)
{
    Outgoing *out = system->migration.outgoing;

    if (!out || out->cancelling) {
        return;
    }
    out->cancelling = true;
    migration_set_status(system, MIGRATION_STATUS_CANCELLING);
    if (out->committing) {
        /* a file may have its name already: that is what counts */
        file_replace_cancel(out->file);
    } else {
        migrate_is_cancelled(system);
    }
}

void migrate_end(System *system)
{
    Outgoing *out = system->migration.outgoing;
    GError *error = NULL;

    if (out) {
        migrate_close(system);
        fm_error_set(&error, "the program ends");
        migration_fail(system, g_error_copy(error));
        migrate_tell(system, error);
    }
    g_clear_pointer(&system->migration.error, g_free);
}

/* On the way */

/** Have something to write.  All devices in one turn, so that nothing happens
 *  between one and the next.  Returns false if all has been written. */
static bool migrate_fill_piece(Outgoing *out)
{
    const MemoryProgress *memory = machine_saver_progress(out->saver);
    uint64_t before = memory->done;
    bool more = true;

    if (out->sent < out->piece->len) {
        return true;
    }
    g_byte_array_set_size(out->piece, 0);
    out->sent = 0;
    while (more && out->piece->len < MIGRATE_TURN_LEN &&
           memory->done - before < MIGRATE_TURN_LEN) {
        more = machine_saver_next(out->saver, out->piece);
    }
    return more || out->piece->len;
}

/** One turn; @wait: set, unless there is no other.  Returns 0, or a negative
 *  errno if it cannot be written. */
static int migrate_slice(Outgoing *out, bool *more, MigrateWait *wait)
{
    SystemMigration *migration = &out->system->migration;
    FileSink *sink = file_replace_sink(out->file);

    *more = migrate_fill_piece(out);
    *wait = MIGRATE_WAIT_NOTHING;
    while (out->sent < out->piece->len) {
        uint64_t len = rate_limit_ask(&migration->bandwidth,
                                      out->piece->len - out->sent,
                                      g_get_monotonic_time());
        ssize_t n = len ? file_sink_write(sink, out->piece->data + out->sent,
                                          len) : 0;

        if (n == -EAGAIN || !len) {
            *wait = len ? MIGRATE_WAIT_ROOM : MIGRATE_WAIT_TIME;
            return 0;
        }
        if (n < 0) {
            return (int)n;
        }
        rate_limit_spend(&migration->bandwidth, (uint64_t)n);
        out->sent += (size_t)n;
        migration->transferred += (uint64_t)n;
    }
    return 0;
}

static void migrate_schedule(Outgoing *out, MigrateWait wait);

static gboolean migrate_turn(Outgoing *out)
{
    System *system = out->system;
    MigrateWait wait;
    bool more;
    int err = migrate_slice(out, &more, &wait);
    GError *error = NULL;

    if (err == 0 && more) {
        if (wait == out->wait) {
            return G_SOURCE_CONTINUE;
        }
        migrate_schedule(out, wait);
        return G_SOURCE_REMOVE;
    }
    out->source = 0;
    if (err == 0) {
        out->committing = true;
        file_replace_commit(out->file, migrate_committed, out);
        return G_SOURCE_REMOVE;
    }
    fm_error_set(&error, "Could not write '%s': %s",
                 file_sink_name(file_replace_sink(out->file)),
                 g_strerror(-err));
    migrate_fail(system, error);
    return G_SOURCE_REMOVE;
}

static gboolean migrate_idle(gpointer opaque)
{
    return migrate_turn(opaque);
}

static gboolean migrate_ready(gint fd, GIOCondition condition, gpointer opaque)
{
    return migrate_turn(opaque);
}

/** Not below the priority of clients: one that never stops asking would keep
 *  it from ever ending. */
static void migrate_schedule(Outgoing *out, MigrateWait wait)
{
    out->wait = wait;
    switch (wait) {
    case MIGRATE_WAIT_NOTHING:
        out->source = g_idle_add_full(G_PRIORITY_DEFAULT, migrate_idle, out,
                                      NULL);
        break;
    case MIGRATE_WAIT_ROOM:
        out->source = g_unix_fd_add(file_sink_fd(file_replace_sink(out->file)),
                                    G_IO_OUT | G_IO_ERR | G_IO_HUP,
                                    migrate_ready, out);
        break;
    case MIGRATE_WAIT_TIME:
        out->source = g_timeout_add(MIGRATE_TICK_MS, migrate_idle, out);
        break;
    }
}

/* The beginning */

static bool migrate_check(const System *system, GError **error)
{
    if (system->state == RUN_STATE_INMIGRATE) {
        return fm_error_set(error, "Guest is waiting for an incoming "
                            "migration");
    }
    if (system->migration.outgoing) {
        return fm_error_set(error, "There's a migration process in progress");
    }
    return system_check_no_dump(system, error);
}

/** What the machine does when it is restored.  That it has been saved before
 *  is nothing to it. */
static RunState migrate_saved_state(const System *system)
{
    RunState state = system->state == RUN_STATE_POSTMIGRATE
                     ? system->migration.saved_state : system->state;

    /* it may have been woken since */
    return state == RUN_STATE_SUSPENDED && !system->machine->asleep
           ? RUN_STATE_RUNNING : state;
}

bool migrate_start(System *system, const char *uri, GError **error)
{
    SystemMigration *migration = &system->migration;
    FileReplace *file = migrate_check(system, error)
        ? migrate_open(uri, error) : NULL;
    Outgoing *out;

    if (!file) {
        return false;
    }
    out = g_new0(Outgoing, 1);
    *out = (Outgoing){
        .system = system,
        .state = system->state,
        .file = file,
        .saver = machine_saver_new(system->machine,
                                   migrate_saved_state(system)),
        .piece = g_byte_array_new(),
    };
    migration->outgoing = out;
    migration->saved = true;
    migration->transferred = 0;
    migration->begin_us = g_get_monotonic_time();
    migration->end_us = 0;
    /* the time before does not count */
    rate_limit_set(&migration->bandwidth, migration->bandwidth.rate,
                   migration->begin_us);
    migration_set_status(system, MIGRATION_STATUS_SETUP);
    migration_set_status(system, MIGRATION_STATUS_ACTIVE);
    system_stop_to_migrate(system);
    migrate_schedule(out, MIGRATE_WAIT_NOTHING);
    return true;
}
