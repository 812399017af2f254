/*
 * The qtest accelerator's server: what its stream and its commands share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef ACCEL_QTEST_INTERNAL_H
#define ACCEL_QTEST_INTERNAL_H

#include <stdio.h>

#include "accel/qtest.h"
#include "hw/core/device.h"

/* The most bytes one command reads or writes */
#define QTEST_DATA_MAX (UINT64_C(64) * 1024 * 1024)
/* memset needs no memory of ours, only time */
#define QTEST_FILL_MAX (UINT64_C(1024) * 1024 * 1024)
/* Two digits a byte, and room for the command's other words */
#define QTEST_LINE_MAX (2 * QTEST_DATA_MAX + 1024)

struct QtestServer {
    QtestTarget target;

    /* The stream */
    Chardev *chr;
    GByteArray *input;          /* the start of a line */
    size_t scanned;             /* of input, without a newline */
    bool skipping;              /* the line is too long: drop it to its end */
    GString *reply;             /* being gathered */
    GString *output;            /* not taken by the chardev yet */
    size_t output_sent;

    /* The log */
    FILE *log;                  /* NULL: none */
    bool log_owned;
    gint64 log_start_us;

    /* Interrupt interception */
    GString *current;           /* reply of the command that runs; or NULL */
    Device *intercepted;        /* pinned */
    bool intercepted_out;
    GPtrArray *lines;           /* QtestLine */
};

/** qtest_send: hand @len bytes of whole lines to the client, in time. */
void qtest_send(QtestServer *server, const char *text, size_t len);

/** qtest_send_unasked: the same for what answers no command; dropped if the
 *  client does not read. */
void qtest_send_unasked(QtestServer *server, const char *text, size_t len);

/** qtest_release_lines: end the interception of interrupt lines. */
void qtest_release_lines(QtestServer *server);

/** qtest_append_shown: append the first @max bytes of @text as a human reader
 *  can take them: nothing that ends a line. */
void qtest_append_shown(GString *to, const char *text, size_t len, size_t max);

#endif
