/*
 * The qtest accelerator's server: a test drives the machine by text lines
 *
 * Protocol: docs/devel/qtest.rst.  There is no processor; the test reads and
 * writes ports and memory, moves the clock, and watches interrupt lines.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef ACCEL_QTEST_H
#define ACCEL_QTEST_H

#include "chardev/char.h"
#include "hw/core/clock.h"
#include "system/memory.h"

typedef struct QtestServer QtestServer;

/** What a test can reach. */
typedef struct QtestTarget {
    AddressSpace *memory, *io;
    Clock *clock;
    Object *root;               /* where device paths are resolved */
    /** Called after each command, before its reply: what the machine has
     *  asked for (a reset, say) happens now.  NULL: nothing. */
    void (*settle)(void *opaque);
    void *settle_opaque;
} QtestTarget;

/**
 * qtest_server_new:
 * @target: copied
 * @chr: the test's stream; NULL: none, lines come by qtest_handle_line() only
 * @log_path: where the conversation is logged; "none": nowhere; NULL: standard
 *            error
 *
 * Returns: NULL with @error set if the log cannot be opened or @chr is in use.
 */
QtestServer *qtest_server_new(const QtestTarget *target, Chardev *chr,
                              const char *log_path, GError **error);
/** qtest_server_free: NULL is allowed; observers are taken off the lines, so
 *  it goes before the machine. */
void qtest_server_free(QtestServer *server);

/**
 * qtest_handle_line:
 * @line: one command, without its newline; @len bytes, may hold anything
 * @reply: lines are appended, newlines included: any number of `IRQ ...`, then
 *         exactly one of OK, FAIL or ERR
 *
 * One command, without a stream: what the server does with each line.
 */
void qtest_handle_line(QtestServer *server, const char *line, size_t len,
                       GString *reply);

#endif
