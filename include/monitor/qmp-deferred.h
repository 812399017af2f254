/*
 * Commands whose answer comes later
 *
 * A handler that cannot answer without waiting for something says so with
 * qmp_defer() and returns true.  Whoever does the work gives the answer later,
 * once, from the main loop.  Whoever asked may lose interest meanwhile: then
 * the work goes on, and its answer is dropped.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MONITOR_QMP_DEFERRED_H
#define MONITOR_QMP_DEFERRED_H

#include "qapi/command.h"

typedef struct QmpDeferred QmpDeferred;

/**
 * QmpDeferredDone: the answer is there.
 * @ret: a value of the type that the command returns, borrowed; NULL if it
 *       returns none, and if it failed
 * @error: why it failed, borrowed; NULL if it did not
 */
typedef void QmpDeferredDone(void *opaque, const void *ret,
                             const GError *error);

/* For command handlers */

/**
 * qmp_defer:
 * @ctx: what the handler was given; it is not valid after the handler
 *
 * The answer to the command that is being handled comes later.  The handler
 * leaves its return value alone and returns true; from then on one of the two
 * functions below may be called.
 *
 * Returns: what to give the answer to; it belongs to the caller until then.
 */
QmpDeferred *qmp_defer(QmpContext *ctx);

/** qmp_deferred_return: the command has succeeded.  @ret is borrowed, NULL if
 *  the command returns nothing; @deferred is freed. */
void qmp_deferred_return(QmpDeferred *deferred, const void *ret);

/** qmp_deferred_fail: the command has failed.  @error is taken over,
 *  @deferred is freed. */
void qmp_deferred_fail(QmpDeferred *deferred, GError *error);

/* For whoever calls handlers, after the handler has returned */

/** qmp_deferred_wait: have @done called once, when the answer is there. */
void qmp_deferred_wait(QmpDeferred *deferred, QmpDeferredDone *done,
                       void *opaque);

/** qmp_deferred_forget: nobody waits any more; @deferred is no longer the
 *  caller's to use.  NULL is allowed. */
void qmp_deferred_forget(QmpDeferred *deferred);

#endif
