/*
 * QAPI metadata of QMP commands and events
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QAPI_COMMAND_H
#define QAPI_COMMAND_H

#include <glib.h>

#include "qapi/type.h"

/** Who runs a command; monitor/monitor.h says what is in it. */
typedef struct QmpContext QmpContext;

typedef struct QapiCommand {
    const char *name;
    const char *doc;
    const QapiType *args;       /* a struct; NULL: takes no arguments */
    const QapiType *ret;        /* NULL: returns {} */
    const char *const *features;        /* ends with NULL; NULL: none */
    bool allow_oob;
    bool allow_preconfig;

    /**
     * Call the handler with parsed arguments.
     * @args: a value of type args, or NULL
     * @ret: zeroed room for a value of type ret, or NULL
     *
     * Generated: it calls `bool qmp_NAME(QmpContext *ctx, const ARGS *args,
     * RET *ret, GError **error)`, without the parameters that NAME lacks.
     */
    bool (*call)(QmpContext *ctx, const void *args, void *ret, GError **error);
} QapiCommand;

typedef struct QapiEvent {
    const char *name;
    const char *doc;
    const QapiType *data;       /* a struct; NULL: carries no data */
    const char *const *features;        /* ends with NULL; NULL: none */
} QapiEvent;

/** All commands, sorted by name; all types and events in schema order. */
extern const QapiCommand qapi_commands[];
extern const size_t qapi_n_commands;
extern const QapiEvent *const qapi_events[];
extern const size_t qapi_n_events;
extern const QapiType *const qapi_types[];
extern const size_t qapi_n_types;

/** qapi_find_command: by name; NULL if there is none. */
const QapiCommand *qapi_find_command(const char *name);

#endif
