/*
 * Saving the machine, and restoring it
 *
 * Both are done in slices, while the main loop goes on; the machine does not
 * run meanwhile.  How a machine becomes a stream, and a stream a machine:
 * migration/.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_MIGRATION_H
#define SYSTEM_MIGRATION_H

#include "migration/save.h"
#include "monitor/qmp-deferred.h"
#include "util/rate-limit.h"

struct System;
typedef struct Outgoing Outgoing;
typedef struct Incoming Incoming;

/** How the last saving or restoring stands; all of it zero: there was none. */
typedef struct SystemMigration {
    MigrationStatus status;
    bool events;                /* a capability: MIGRATION is sent */
    RateLimit bandwidth;        /* a parameter: of what is sent */
    char *error;                /* why it failed; NULL: it did not */

    Outgoing *outgoing;         /* while saving */
    Incoming *incoming;         /* while waiting for a stream, and restoring */
    bool start;                 /* run, when restored, what ran when saved */

    RunState saved_state;       /* in postmigrate: what it was doing before */

    /* Of the last saving or restoring */
    bool saved;                 /* that it was */
    MemoryProgress memory;
    uint64_t transferred;       /* bytes of the stream */
    int64_t begin_us, end_us;   /* monotonic; begin is 0 before the first one,
                                   end is 0 while it is under way */
    QmpDeferred *waiting;       /* who waits for its end; NULL: nobody */
} SystemMigration;

/** What a stream comes from or goes to. */
typedef enum MigrationProtocol {
    MIGRATION_FILE,
    MIGRATION_FD,
    MIGRATION_UNIX,
} MigrationProtocol;

/**
 * migration_parse_uri:
 * @rest: set to what is behind the protocol, in @uri; not empty
 *
 * Returns: false with @error set if @uri is none of `file:PATH`, `fd:NAME`,
 * `unix:PATH`.
 */
bool migration_parse_uri(const char *uri, MigrationProtocol *protocol,
                         const char **rest, GError **error);

/** migration_set_status: and tell the clients, if they want to know. */
void migration_set_status(struct System *system, MigrationStatus status);

/** migration_fail: the status is `failed` now; @error is taken over. */
void migration_fail(struct System *system, GError *error);

/* Saving: system/migrate.c */

/**
 * migrate_start: stop the machine and begin to save it.
 *
 * Returns: false with @error set, and nothing has changed, if one is under way
 * already, the machine waits to be restored, a dump is under way, or @uri
 * cannot be opened.
 */
bool migrate_start(struct System *system, const char *uri, GError **error);

/** migrate_fill_progress: bring system->migration up to date, if it is being
 *  saved. */
void migrate_fill_progress(struct System *system);

/** migrate_cancel: give up saving, if it is under way; the machine goes on.
 *  It may turn out that it was complete already. */
void migrate_cancel(struct System *system);

/** migrate_end: the same on the way out: the machine does not go on. */
void migrate_end(struct System *system);

/* Restoring: system/incoming.c */

/**
 * incoming_start: wait for a stream.
 * @option: what messages begin with; NULL: nothing
 * @exit_on_error: end the process if restoring fails
 *
 * Returns: false with @error set if @uri cannot be opened.
 */
bool incoming_start(struct System *system, const char *uri, const char *option,
                    bool exit_on_error, GError **error);

/** incoming_is_stored: whether the machine is being restored from a file or
 *  device, where nobody has to send anything. */
bool incoming_is_stored(const struct System *system);

/** incoming_fill_progress: bring system->migration up to date, if it is being
 *  restored. */
void incoming_fill_progress(struct System *system);

/** incoming_cancel: give up restoring, if it is under way; the machine is as
 *  if nothing had come. */
void incoming_cancel(struct System *system);

/** incoming_end: the same on the way out, in silence. */
void incoming_end(struct System *system);

#endif
