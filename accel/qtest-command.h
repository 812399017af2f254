/*
 * qtest's commands: one line to the machine, one reply
 *
 * They know the machine and the lines that are watched, and no stream.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef ACCEL_QTEST_COMMAND_H
#define ACCEL_QTEST_COMMAND_H

#include "accel/qtest.h"
#include "hw/core/device.h"

/* The most bytes one command reads or writes */
#define QTEST_DATA_MAX (UINT64_C(64) * 1024 * 1024)
/* memset needs no memory of ours, only time */
#define QTEST_FILL_MAX (UINT64_C(1024) * 1024 * 1024)
/* Two digits a byte, and room for the command's other words */
#define QTEST_LINE_MAX (2 * QTEST_DATA_MAX + 1024)

typedef struct QtestCommands {
    QtestTarget target;

    /** Where changes of lines go that no command causes. */
    void (*unasked)(void *opaque, const char *text, size_t len);
    void *unasked_opaque;

    /* Interrupt interception */
    GString *current;           /* reply of the command that runs; or NULL */
    Device *intercepted;        /* pinned */
    bool intercepted_out;
    GPtrArray *lines;           /* QtestLine */
} QtestCommands;

/** qtest_commands_init: @target is copied. */
void qtest_commands_init(QtestCommands *commands, const QtestTarget *target,
                         void (*unasked)(void *opaque, const char *text,
                                         size_t len), void *opaque);
/** qtest_commands_cleanup: observers are taken off the lines. */
void qtest_commands_cleanup(QtestCommands *commands);

/** qtest_commands_run: as qtest_handle_line(). */
void qtest_commands_run(QtestCommands *commands, const char *line, size_t len,
                        GString *reply);

/** qtest_commands_release_lines: end the interception of interrupt lines. */
void qtest_commands_release_lines(QtestCommands *commands);

/** qtest_append_shown: append the first @max bytes of @text as a human reader
 *  can take them: nothing that ends a line. */
void qtest_append_shown(GString *to, const char *text, size_t len, size_t max);

#endif
