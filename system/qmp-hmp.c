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

bool qmp_human_monitor_command(QmpContext *ctx,
                               const HumanMonitorCommandArgs *args,
                               char **ret, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (args->has_cpu_index &&
        (args->cpu_index < 0 ||
         args->cpu_index >= ctx->system->setup.n_cpus)) {
        return fm_error_set(error, "Parameter 'cpu-index' expects a CPU "
                            "number");
    }
    hmp_run(ctx->system, NULL, args->command_line, out);
    *ret = qmp_hmp_lines(out);
    return true;
}
