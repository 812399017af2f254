/*
 * What is said of the guest's faults: on standard error the first, in the log
 * all of them
 *
 * Apart from report.c, which the log itself uses.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <limits.h>

#include "util/log.h"
#include "util/report.h"

#define REPORT_GUEST_FAULTS_MAX 8

void report_guest_fault(unsigned *counter, const char *fmt, ...)
{
    bool logged = log_enabled(LOG_GUEST_ERRORS);
    g_autofree char *text = NULL;
    bool shown;
    va_list ap;

    if (*counter < UINT_MAX) {
        ++*counter;
    }
    /* not twice in the same place */
    shown = *counter <= REPORT_GUEST_FAULTS_MAX &&
            (!logged || log_fd() >= 0);
    if (!logged && !shown) {
        return;
    }
    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    if (logged) {
        log_line(LOG_GUEST_ERRORS, "%s", text);
    }
    if (shown) {
        report_error("guest fault: %s%s", text,
                     *counter == REPORT_GUEST_FAULTS_MAX
                     ? " (no more of these will be shown)" : "");
    }
}
