/*
 * QMP requests: what one asks for, and whether it may be asked
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "monitor/qmp-request.h"

#include <string.h>

#include "monitor/json-text.h"
#include "monitor/monitor-impl.h"
#include "qapi/walker.h"
#include "util/error.h"

bool qmp_request_is_oob(json_object *json)
{
    return json_object_is_type(json, json_type_object) &&
           json_object_object_get_ex(json, "exec-oob", NULL);
}

static bool qmp_request_read_name(const char *key, json_object *value,
                                  QmpRequest *request, GError **error)
{
    if (!json_object_is_type(value, json_type_string)) {
        return fm_error_set(error, "QMP input member '%s' must be a string",
                            key);
    }
    if (request->name) {
        return fm_error_set(error, "QMP input member 'exec-oob' clashes with "
                            "'execute'");
    }
    request->name = json_object_get_string(value);
    request->oob = strcmp(key, "exec-oob") == 0;
    return true;
}

bool qmp_request_read(json_object *json, bool oob, QmpRequest *request,
                      GError **error)
{
    if (!json_object_is_type(json, json_type_object)) {
        return fm_error_set(error, "QMP input must be a JSON object");
    }
    json_object_object_foreach(json, key, value) {
        if (strcmp(key, "execute") == 0 ||
            (oob && strcmp(key, "exec-oob") == 0)) {
            if (!qmp_request_read_name(key, value, request, error)) {
                return false;
            }
        } else if (strcmp(key, "arguments") == 0) {
            if (!json_object_is_type(value, json_type_object)) {
                return fm_error_set(error, "QMP input member 'arguments' must "
                                    "be an object");
            }
            request->arguments = value;
        } else if (strcmp(key, "id") == 0) {
            if (!json_text_fits(value, MONITOR_ID_MAX)) {
                return fm_error_set(error, "QMP input member 'id' is too "
                                    "long");
            }
        } else {
            return fm_error_set(error, "QMP input member '%s' is unexpected",
                                key);
        }
    }
    if (!request->name) {
        return fm_error_set(error, "QMP input lacks member 'execute'");
    }
    return true;
}

const QapiCommand *qmp_request_find_command(const QmpRequest *request,
                                            bool negotiated, GError **error)
{
    const char *name = request->name;
    bool negotiates = strcmp(name, "qmp_capabilities") == 0;
    const QapiCommand *command;

    if (!negotiated && !negotiates) {
        fm_error_set_code(error, FM_ERROR_COMMAND_NOT_FOUND,
                          "Expecting capabilities negotiation with "
                          "'qmp_capabilities'");
        return NULL;
    }
    if (negotiated && negotiates) {
        fm_error_set_code(error, FM_ERROR_COMMAND_NOT_FOUND,
                          "Capabilities negotiation is already complete, "
                          "command ignored");
        return NULL;
    }
    command = qapi_find_command(name);
    if (!command) {
        fm_error_set_code(error, FM_ERROR_COMMAND_NOT_FOUND,
                          "The command %s has not been found", name);
    } else if (request->oob && !command->allow_oob) {
        fm_error_set(error, "The command %s does not support OOB", name);
        return NULL;
    }
    return command;
}

bool qmp_request_read_arguments(const QmpRequest *request,
                                const QapiCommand *command, void *args,
                                GError **error)
{
    json_object *arguments = request->arguments;
    json_object *none = NULL;
    bool ok;

    if (!command->args) {
        if (arguments) {
            json_object_object_foreach(arguments, key, value) {
                (void)value;
                return fm_error_set(error, "Parameter '%s' is unexpected",
                                    key);
            }
        }
        return true;
    }
    if (!arguments) {
        arguments = none = json_object_new_object();
    }
    ok = qapi_from_json(command->args, arguments, QAPI_INPUT_JSON, args,
                        error);
    json_object_put(none);
    return ok;
}
