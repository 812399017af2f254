/*
 * QMP: sessions that take commands, and events to all of them
 *
 * Each session greets its client, negotiates, and answers one command after
 * the other.  A command may take its time (monitor/qmp-deferred.h); what the
 * client sent after it waits, all others are served.
 *
 * A client that has negotiated `oob` can overtake: what it sends by exec-oob
 * is carried out as soon as it is read, before whatever waits, if the command
 * allows it.  Behind a command that is under way up to 8 requests wait, and
 * the session is read on; then not, until one of them has had its turn.
 * Mistakes wait for their turn as well.  It is the client's business to tell
 * answers apart, by an `id`, which none needs to have.
 *
 * A session whose client does not read its answers takes no more commands
 * until it does, and misses events; nobody else waits for it.  When the client
 * goes, whatever waits is forgotten; the work of a command that is under way
 * goes on, its answer is dropped.
 *
 * Events that a command causes are sent before its answer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include "chardev/char.h"
#include "qapi/command.h"

typedef struct Monitor Monitor;
typedef struct MonitorSet MonitorSet;
struct System;

/** What a command handler gets. */
struct QmpContext {
    struct System *system;      /* NULL in tests of the protocol alone */
    Monitor *monitor;           /* the session that asked; NULL: none of QMP */
    Chardev *stream;            /* what qmp_take_fd() takes from; NULL: none */
    struct QmpDeferred *deferred;       /* by qmp_defer() */
};

/**
 * monitor_set_new:
 * @system: handed to every command handler
 *
 * Returns: an empty set of sessions; events go to all of a set.
 */
MonitorSet *monitor_set_new(struct System *system);
/** monitor_set_free: the streams are only detached; NULL is allowed.  Not from
 *  inside a command. */
void monitor_set_free(MonitorSet *set);

/**
 * monitor_set_add:
 * @chr: the session's stream; it gets a greeting whenever a client comes
 * @pretty: answers are indented
 *
 * @chr has to outlive the set.
 *
 * Returns: false with @error set if @chr has a user already.
 */
bool monitor_set_add(MonitorSet *set, Chardev *chr, bool pretty,
                     GError **error);

/**
 * monitor_emit:
 * @data: a value of event->data, borrowed; NULL if the event has none
 *
 * Send an event, stamped with the host's time, to every session that has
 * negotiated.
 */
void monitor_emit(MonitorSet *set, const QapiEvent *event, const void *data);

/** monitor_set_preconfig: while there is no machine, only commands that the
 *  schema marks `allow-preconfig` are taken. */
void monitor_set_preconfig(MonitorSet *set, bool preconfig);

/** monitor_set_close: take no further command, not even those that have
 *  arrived already; answers and events still go out. */
void monitor_set_close(MonitorSet *set);

/** monitor_set_flush: send what waits, for at most @timeout_ms all together;
 *  for the way out. */
void monitor_set_flush(MonitorSet *set, int timeout_ms);

/* For command handlers */

/**
 * monitor_return_text:
 * @json: constant JSON text of the type that the command returns
 *
 * Answer the command that is being handled with text that is there already,
 * instead of with what the handler leaves in its return value.
 */
void monitor_return_text(Monitor *mon, const char *json);

/**
 * qmp_take_fd: Returns a descriptor that the client has passed with the command
 * that is being handled, or just ahead of it, closed on exec and now the
 * caller's; -1 with @error set, `No file descriptor supplied via SCM_RIGHTS`,
 * if there is none.  A command that needs several takes several.
 */
int qmp_take_fd(const QmpContext *ctx, GError **error);

/**
 * monitor_complete_negotiation: commands are taken from now on.
 * @oob: also by exec-oob
 */
void monitor_complete_negotiation(Monitor *mon, bool oob);

#endif
