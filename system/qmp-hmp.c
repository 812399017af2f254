/*
 * QMP: HMP's commands (qapi/control.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi-types.h"
#include "system/hmp.h"
#include "util/error.h"

/* Programs get lines ended as those on a terminal are. */
static char *qmp_hmp_lines(const GString *text)
{
    GString *out = g_string_sized_new(text->len + 64);

    for (size_t i = 0; i < text->len; i++) {
        if (text->str[i] == '\n') {
            g_string_append_c(out, '\r');
        }
        g_string_append_c(out, text->str[i]);
    }
    return g_string_free(out, FALSE);
}

/** A command that takes its time, and who waits for it. */
typedef struct QmpHmpCall {
    GString *out;
    QmpDeferred *deferred;      /* human-monitor-command's own */
} QmpHmpCall;

static void qmp_hmp_done(void *opaque, const void *ret, const GError *error)
{
    QmpHmpCall *call = opaque;
    g_autofree char *text = NULL;

    hmp_finish(error, call->out);
    text = qmp_hmp_lines(call->out);
    qmp_deferred_return(call->deferred, &text);
    g_string_free(call->out, TRUE);
    g_free(call);
}

bool qmp_human_monitor_command(QmpContext *ctx,
                               const HumanMonitorCommandArgs *args,
                               char **ret, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    QmpDeferred *deferred;

    if (args->has_cpu_index &&
        (args->cpu_index < 0 ||
         args->cpu_index >= ctx->system->setup.n_cpus)) {
        return fm_error_set(error, "Parameter 'cpu-index' expects a CPU "
                            "number");
    }
    deferred = hmp_run(ctx->system, NULL, ctx->stream, args->command_line,
                       out);
    if (deferred) {
        QmpHmpCall *call = g_new(QmpHmpCall, 1);

        *call = (QmpHmpCall){ g_steal_pointer(&out), qmp_defer(ctx) };
        qmp_deferred_wait(deferred, qmp_hmp_done, call);
    } else {
        *ret = qmp_hmp_lines(out);
    }
    return true;
}
