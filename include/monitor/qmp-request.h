/*
 * QMP requests: what one asks for, and whether it may be asked
 *
 * Nothing here knows of sessions; the wording of the errors is QMP's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MONITOR_QMP_REQUEST_H
#define MONITOR_QMP_REQUEST_H

#include <json.h>

#include "qapi/command.h"

/** What a request asks for, checked; borrowed from its JSON. */
typedef struct QmpRequest {
    const char *name;
    json_object *arguments;     /* NULL: none */
    bool oob;                   /* exec-oob instead of execute */
} QmpRequest;

/** qmp_request_is_oob: whether @json, which may be anything, is meant to
 *  overtake others: an object with exec-oob. */
bool qmp_request_is_oob(json_object *json);

/**
 * qmp_request_read:
 * @oob: whether exec-oob may be used
 * @request: zeroed; valid as long as @json
 *
 * Returns: false with @error set if @json is no request.
 */
bool qmp_request_read(json_object *json, bool oob, QmpRequest *request,
                      GError **error);

/**
 * qmp_request_find_command:
 * @negotiated: whether the session has; before it, only qmp_capabilities is
 *              found, and after it never
 *
 * Returns: the command; NULL with @error set if there is none, or it cannot be
 * executed now, or not in this way.
 */
const QapiCommand *qmp_request_find_command(const QmpRequest *request,
                                            bool negotiated, GError **error);

/**
 * qmp_request_read_arguments:
 * @args: zeroed room for a value of command->args; to be cleared also on
 *        failure.  Not looked at if the command takes none
 */
bool qmp_request_read_arguments(const QmpRequest *request,
                                const QapiCommand *command, void *args,
                                GError **error);

#endif
