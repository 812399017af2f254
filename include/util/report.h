/*
 * What is said on standard error: user errors, warnings, the guest's faults
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_REPORT_H
#define UTIL_REPORT_H

#include <glib.h>
#include <stdbool.h>

/**
 * report_configure:
 * @timestamp: start each line with the time of day, ISO 8601, UTC
 * @guest_name: start each line with this name; NULL for none; copied
 *
 * What `-msg` sets.  Holds for every later line of this process.
 */
void report_configure(bool timestamp, const char *guest_name);

/** report_timestamp_text: the time and a space, if lines start with it; NULL
 *  if not.  Free with g_free(). */
char *report_timestamp_text(void);

/** report_error: one line on standard error; the text is shown as it is. */
void report_error(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/** report_warning: one line on standard error, "warning: " before the text. */
void report_warning(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/** report_info: one line on standard error, "info: " before the text. */
void report_info(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/**
 * report_guest_fault:
 * @counter: a counter that belongs to the machine's device, zero at first
 *
 * A line about something the guest did wrong.  The first 8 for a @counter are
 * printed, the last of them saying that no more will be; later ones only
 * count.  So a hostile guest cannot flood standard error.  The log has all of
 * them if it was asked for guest_errors.
 */
void report_guest_fault(unsigned *counter, const char *fmt, ...)
    G_GNUC_PRINTF(2, 3);

#endif
