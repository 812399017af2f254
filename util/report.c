/*
 * What is said on standard error: user errors, warnings
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/report.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How this process, not one machine of it, words its lines. */
static pthread_mutex_t report_lock = PTHREAD_MUTEX_INITIALIZER;
static bool report_timestamp;
static char *report_guest_name;

void report_configure(bool timestamp, const char *guest_name)
{
    pthread_mutex_lock(&report_lock);
    report_timestamp = timestamp;
    g_free(report_guest_name);
    report_guest_name = g_strdup(guest_name);
    pthread_mutex_unlock(&report_lock);
}

static char *report_time(void)
{
    gint64 now_us = g_get_real_time();
    time_t now = now_us / G_USEC_PER_SEC;
    struct tm utc;

    gmtime_r(&now, &utc);
    return g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ ",
                           utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                           utc.tm_hour, utc.tm_min, utc.tm_sec,
                           (int)(now_us % G_USEC_PER_SEC));
}

char *report_timestamp_text(void)
{
    bool wanted;

    pthread_mutex_lock(&report_lock);
    wanted = report_timestamp;
    pthread_mutex_unlock(&report_lock);
    return wanted ? report_time() : NULL;
}

static char *report_prefix(void)
{
    g_autofree char *time_text = NULL;
    char *prefix;

    pthread_mutex_lock(&report_lock);
    if (report_timestamp) {
        time_text = report_time();
    }
    prefix = g_strconcat(time_text ? time_text : "",
                         report_guest_name ? report_guest_name : "",
                         report_guest_name ? " " : "", NULL);
    pthread_mutex_unlock(&report_lock);
    return prefix;
}

/* One write() a line, so that lines of several threads stay whole. */
static void report_write(const char *line)
{
    size_t left = strlen(line);

    while (left > 0) {
        ssize_t n = write(STDERR_FILENO, line, left);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return;             /* there is nobody left to tell */
        }
        line += n;
        left -= n;
    }
}

static void G_GNUC_PRINTF(2, 0) report_line(const char *kind,
                                            const char *fmt, va_list ap)
{
    g_autofree char *prefix = report_prefix();
    g_autofree char *text = g_strdup_vprintf(fmt, ap);
    g_autofree char *line = g_strconcat(prefix, kind, text, "\n", NULL);

    report_write(line);
}

void report_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report_line("", fmt, ap);
    va_end(ap);
}

void report_warning(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report_line("warning: ", fmt, ap);
    va_end(ap);
}

void report_info(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report_line("info: ", fmt, ap);
    va_end(ap);
}
