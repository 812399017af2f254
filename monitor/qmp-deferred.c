/*
 * Commands whose answer comes later
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "monitor/qmp-deferred.h"

#include "monitor/monitor.h"

struct QmpDeferred {
    QmpDeferredDone *done;      /* NULL: nobody waits */
    void *opaque;
    bool forgotten;
};

QmpDeferred *qmp_defer(QmpContext *ctx)
{
    g_assert(!ctx->deferred);
    ctx->deferred = g_new0(QmpDeferred, 1);
    return ctx->deferred;
}

static void qmp_deferred_finish(QmpDeferred *deferred, const void *ret,
                                const GError *error)
{
    /* A handler that knows its answer has to return it. */
    g_assert(deferred->done || deferred->forgotten);
    if (deferred->done) {
        deferred->done(deferred->opaque, ret, error);
    }
    g_free(deferred);
}

void qmp_deferred_return(QmpDeferred *deferred, const void *ret)
{
    qmp_deferred_finish(deferred, ret, NULL);
}

void qmp_deferred_fail(QmpDeferred *deferred, GError *error)
{
    g_assert(error);
    qmp_deferred_finish(deferred, NULL, error);
    g_error_free(error);
}

void qmp_deferred_wait(QmpDeferred *deferred, QmpDeferredDone *done,
                       void *opaque)
{
    g_assert(!deferred->done && !deferred->forgotten);
    deferred->done = done;
    deferred->opaque = opaque;
}

void qmp_deferred_forget(QmpDeferred *deferred)
{
    if (deferred) {
        deferred->done = NULL;
        deferred->forgotten = true;
    }
}
