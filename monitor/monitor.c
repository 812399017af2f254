/*
 * QMP: sessions that take commands, and events to all of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "monitor/monitor.h"

#include <string.h>

#include "firmament-version.h"
#include "monitor/json-text.h"
#include "monitor/qmp-framer.h"
#include "qapi/walker.h"
#include "util/error.h"
#include "util/report.h"

/* A session with more output waiting than this takes no commands and gets no
 * events. */
#define MONITOR_PENDING_MAX ((size_t)1 << 20)

/* An answer's buffer that has grown larger than this is not kept. */
#define MONITOR_BUFFER_KEEP 65536

/* Arguments and results up to this size need no allocation. */
#define MONITOR_VALUE_ROOM 256

struct MonitorSet {
    struct System *system;
    GPtrArray *monitors;
    bool closed;                /* no further command is taken */
};

struct Monitor {
    MonitorSet *set;
    Chardev *chr;
    bool pretty;

    /* The conversation with the present client */
    bool negotiated;
    bool oob;                   /* it may use exec-oob */
    bool blocked;               /* until its output has drained */
    bool warned;                /* that it misses events */
    QmpFramer framer;
    GByteArray *held;           /* input that came before it was blocked */

    /* The answer being made */
    GString *out;
    const char *return_text;
};

void monitor_return_text(Monitor *mon, const char *json)
{
    mon->return_text = json;
}

void monitor_complete_negotiation(Monitor *mon, bool oob)
{
    mon->negotiated = true;
    mon->oob = oob;
}

/* Output */

static int monitor_indent(const Monitor *mon)
{
    return mon->pretty ? 1 : JSON_TEXT_ONE_LINE;
}

/* The opening of a message; then its first member's name. */
static void monitor_begin(Monitor *mon, const char *key)
{
    g_string_truncate(mon->out, 0);
    g_string_append(mon->out, mon->pretty ? "{\n    \"" : "{\"");
    g_string_append(mon->out, key);
    g_string_append(mon->out, "\": ");
}

static void monitor_next(Monitor *mon, const char *key)
{
    g_string_append(mon->out, mon->pretty ? ",\n    \"" : ", \"");
    g_string_append(mon->out, key);
    g_string_append(mon->out, "\": ");
}

/* Returns false if the client cannot take it. */
static bool monitor_end(Monitor *mon)
{
    bool sent;

    g_string_append(mon->out, mon->pretty ? "\n}\r\n" : "}\r\n");
    sent = chardev_write(mon->chr, mon->out->str, mon->out->len);
    if (mon->out->allocated_len > MONITOR_BUFFER_KEEP) {
        g_string_free(mon->out, TRUE);
        mon->out = g_string_new(NULL);
    }
    return sent;
}

/* A value made here; taken over. */
static void monitor_append(Monitor *mon, json_object *value)
{
    json_text_append(mon->out, value, monitor_indent(mon));
    json_object_put(value);
}

static void monitor_append_error(Monitor *mon, const GError *error)
{
    json_object *value = json_object_new_object();

    json_object_object_add(value, "class",
                           json_object_new_string(fm_error_class(error)));
    json_object_object_add(value, "desc",
                           json_object_new_string(error->message));
    monitor_append(mon, value);
}

/* End the answer to @request; if it is longer than any that a client could be
 * sent, say that instead. */
static void monitor_end_answer(Monitor *mon, json_object *request)
{
    g_autoptr(GError) error = NULL;
    json_object *id;
    size_t len;

    if (json_object_is_type(request, json_type_object) &&
        json_object_object_get_ex(request, "id", &id)) {
        monitor_next(mon, "id");
        json_text_append(mon->out, id, monitor_indent(mon));
    }
    len = mon->out->len;
    if (!monitor_end(mon) && len > CHARDEV_MAX_PENDING - MONITOR_PENDING_MAX) {
        fm_error_set(&error, "The answer is too long to be sent");
        monitor_begin(mon, "error");
        monitor_append_error(mon, error);
        monitor_end(mon);
    }
}

static void monitor_send_error(Monitor *mon, const GError *error,
                               json_object *request)
{
    monitor_begin(mon, "error");
    monitor_append_error(mon, error);
    monitor_end_answer(mon, request);
}

static void monitor_greet(Monitor *mon)
{
    json_object *greeting = json_object_new_object();
    json_object *version = json_object_new_object();
    json_object *triple = json_object_new_object();
    json_object *capabilities = json_object_new_array();

    json_object_object_add(triple, "micro",
                           json_object_new_int(FIRMAMENT_PROTOCOL_MICRO));
    json_object_object_add(triple, "minor",
                           json_object_new_int(FIRMAMENT_PROTOCOL_MINOR));
    json_object_object_add(triple, "major",
                           json_object_new_int(FIRMAMENT_PROTOCOL_MAJOR));
    json_object_object_add(version, "qemu", triple);
    json_object_object_add(version, "package",
                           json_object_new_string("firmament "
                                                  FIRMAMENT_VERSION));
    json_object_object_add(greeting, "version", version);
    json_object_array_add(capabilities, json_object_new_string("oob"));
    json_object_object_add(greeting, "capabilities", capabilities);

    monitor_begin(mon, "QMP");
    monitor_append(mon, greeting);
    monitor_end(mon);
}

/* Commands */

/* What a request asks for, checked. */
typedef struct MonitorRequest {
    const char *name;
    json_object *arguments;     /* NULL: none */
    bool oob;                   /* exec-oob instead of execute */
} MonitorRequest;

static bool monitor_read_name(const char *key, json_object *value,
                              MonitorRequest *request, GError **error)
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

static bool monitor_read_request(const Monitor *mon, json_object *json,
                                 MonitorRequest *request, GError **error)
{
    if (!json_object_is_type(json, json_type_object)) {
        return fm_error_set(error, "QMP input must be a JSON object");
    }
    json_object_object_foreach(json, key, value) {
        if (strcmp(key, "execute") == 0 ||
            (mon->oob && strcmp(key, "exec-oob") == 0)) {
            if (!monitor_read_name(key, value, request, error)) {
                return false;
            }
        } else if (strcmp(key, "arguments") == 0) {
            if (!json_object_is_type(value, json_type_object)) {
                return fm_error_set(error, "QMP input member 'arguments' must "
                                    "be an object");
            }
            request->arguments = value;
        } else if (strcmp(key, "id") != 0) {
            return fm_error_set(error, "QMP input member '%s' is unexpected",
                                key);
        }
    }
    if (!request->name) {
        return fm_error_set(error, "QMP input lacks member 'execute'");
    }
    return true;
}

static const QapiCommand *monitor_find_command(const Monitor *mon,
                                               const MonitorRequest *request,
                                               GError **error)
{
    const char *name = request->name;
    bool negotiates = strcmp(name, "qmp_capabilities") == 0;
    const QapiCommand *command;

    if (!mon->negotiated && !negotiates) {
        fm_error_set_code(error, FM_ERROR_COMMAND_NOT_FOUND,
                          "Expecting capabilities negotiation with "
                          "'qmp_capabilities'");
        return NULL;
    }
    if (mon->negotiated && negotiates) {
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

static bool monitor_read_arguments(const QapiCommand *command,
                                   json_object *arguments, void *args,
                                   GError **error)
{
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

/* Room for a value of @type, zeroed: at @room if that is large enough. */
static void *monitor_value_room(const QapiType *type, void *room)
{
    if (!type || type->size <= MONITOR_VALUE_ROOM) {
        return room;
    }
    return g_malloc0(type->size);
}

static void monitor_value_free(const QapiType *type, void *value, void *room)
{
    if (type) {
        qapi_clear(type, value);
    }
    if (value != room) {
        g_free(value);
    }
}

static void monitor_append_return(Monitor *mon, const QapiCommand *command,
                                  const void *ret)
{
    monitor_begin(mon, "return");
    if (mon->return_text) {
        g_string_append(mon->out, mon->return_text);
    } else if (command->ret) {
        monitor_append(mon, qapi_to_json(command->ret, ret));
    } else {
        g_string_append(mon->out, "{}");
    }
}

/* Handle one command; its answer is in mon->out then, but not yet ended. */
static bool monitor_execute(Monitor *mon, const MonitorRequest *request,
                            GError **error)
{
    max_align_t args_room[MONITOR_VALUE_ROOM / sizeof(max_align_t)] = { 0 };
    max_align_t ret_room[MONITOR_VALUE_ROOM / sizeof(max_align_t)] = { 0 };
    QmpContext context = { .system = mon->set->system, .monitor = mon };
    const QapiCommand *command = monitor_find_command(mon, request, error);

    if (!command) {
        return false;
    }

    void *args = monitor_value_room(command->args, args_room);
    void *ret = monitor_value_room(command->ret, ret_room);
    bool ok = monitor_read_arguments(command, request->arguments, args, error);

    if (ok) {
        mon->return_text = NULL;
        ok = command->call(&context, command->args ? args : NULL,
                           command->ret ? ret : NULL, error);
        /* A handler says why it failed, and fails if it says so. */
        g_assert(ok == !*error);
    }
    if (ok) {
        monitor_append_return(mon, command, ret);
    }
    monitor_value_free(command->args, args, args_room);
    monitor_value_free(command->ret, ret, ret_room);
    return ok;
}

static void monitor_handle(Monitor *mon, json_object *json)
{
    MonitorRequest request = { 0 };
    g_autoptr(GError) error = NULL;

    if (!monitor_read_request(mon, json, &request, &error) ||
        !monitor_execute(mon, &request, &error)) {
        monitor_send_error(mon, error, json);
        return;
    }
    monitor_end_answer(mon, json);
}

/* Input */

static void monitor_handle_text(Monitor *mon, const char *text, size_t len)
{
    g_autoptr(GError) error = NULL;
    json_object *json = NULL;

    if (json_parse_strict(text, len, &json, &error)) {
        monitor_handle(mon, json);
        json_object_put(json);
    } else {
        monitor_send_error(mon, error, NULL);
    }
}

/* Returns how many bytes were handled: all, or as far as the client takes
 * its answers. */
static size_t monitor_handle_input(Monitor *mon, const uint8_t *bytes,
                                   size_t len)
{
    size_t left = len;
    const char *text;
    size_t text_len;

    for (;;) {
        switch (qmp_framer_next(&mon->framer, &bytes, &left, &text,
                                &text_len)) {
        case QMP_FRAME_MORE:
            return len;
        case QMP_FRAME_TEXT:
            monitor_handle_text(mon, text, text_len);
            break;
        case QMP_FRAME_ERROR: {
            g_autoptr(GError) error = NULL;

            fm_error_set(&error, "%.*s", (int)text_len, text);
            monitor_send_error(mon, error, NULL);
            break;
        }
        }
        if (mon->set->closed) {
            return len;
        }
        if (chardev_pending(mon->chr) > MONITOR_PENDING_MAX) {
            mon->blocked = true;
            return len - left;
        }
    }
}

static size_t monitor_can_receive(void *opaque)
{
    Monitor *mon = opaque;

    return mon->blocked || mon->set->closed ? 0 : SIZE_MAX;
}

static void monitor_received(void *opaque, const uint8_t *bytes, size_t len)
{
    Monitor *mon = opaque;
    size_t done = monitor_handle_input(mon, bytes, len);

    g_byte_array_append(mon->held, bytes + done, (guint)(len - done));
}

static void monitor_drained(void *opaque)
{
    Monitor *mon = opaque;

    mon->blocked = false;
    if (mon->held->len) {
        size_t done = monitor_handle_input(mon, mon->held->data,
                                           mon->held->len);

        g_byte_array_remove_range(mon->held, 0, (guint)done);
    }
    if (!mon->blocked) {
        chardev_accept_input(mon->chr);
    }
}

static void monitor_forget_client(Monitor *mon)
{
    mon->negotiated = mon->oob = mon->blocked = mon->warned = false;
    qmp_framer_cleanup(&mon->framer);
    g_byte_array_set_size(mon->held, 0);
}

static void monitor_event(void *opaque, ChardevEvent event)
{
    Monitor *mon = opaque;

    monitor_forget_client(mon);
    if (event == CHARDEV_OPENED) {
        monitor_greet(mon);
    }
}

/* Events */

static void monitor_send_event(Monitor *mon, const QapiEvent *event,
                               gint64 now_us, const void *data)
{
    json_object *timestamp;

    if (!mon->negotiated) {
        return;
    }
    if (chardev_pending(mon->chr) > MONITOR_PENDING_MAX) {
        if (!mon->warned) {
            mon->warned = true;
            report_warning("monitor on chardev '%s': its client does not read "
                           "and misses events", chardev_id(mon->chr));
        }
        return;
    }
    timestamp = json_object_new_object();
    json_object_object_add(timestamp, "seconds",
                           json_object_new_int64(now_us / G_USEC_PER_SEC));
    json_object_object_add(timestamp, "microseconds",
                           json_object_new_int64(now_us % G_USEC_PER_SEC));
    monitor_begin(mon, "timestamp");
    monitor_append(mon, timestamp);
    monitor_next(mon, "event");
    json_text_append_string(mon->out, event->name, strlen(event->name));
    if (event->data) {
        monitor_next(mon, "data");
        monitor_append(mon, qapi_to_json(event->data, data));
    }
    monitor_end(mon);
}

void monitor_emit(MonitorSet *set, const QapiEvent *event, const void *data)
{
    gint64 now_us = g_get_real_time();

    for (guint i = 0; i < set->monitors->len; i++) {
        monitor_send_event(g_ptr_array_index(set->monitors, i), event, now_us,
                           data);
    }
}

/* Sets */

static void monitor_free(gpointer opaque)
{
    Monitor *mon = opaque;

    chardev_detach(mon->chr);
    qmp_framer_cleanup(&mon->framer);
    g_byte_array_unref(mon->held);
    g_string_free(mon->out, TRUE);
    g_free(mon);
}

MonitorSet *monitor_set_new(struct System *system)
{
    MonitorSet *set = g_new0(MonitorSet, 1);

    set->system = system;
    set->monitors = g_ptr_array_new_with_free_func(monitor_free);
    return set;
}

void monitor_set_free(MonitorSet *set)
{
    if (set) {
        g_ptr_array_unref(set->monitors);
        g_free(set);
    }
}

bool monitor_set_add(MonitorSet *set, Chardev *chr, bool pretty,
                     GError **error)
{
    Monitor *mon = g_new0(Monitor, 1);
    const ChardevUser user = {
        .can_receive = monitor_can_receive,
        .received = monitor_received,
        .event = monitor_event,
        .drained = monitor_drained,
        .opaque = mon,
    };

    mon->set = set;
    mon->chr = chr;
    mon->pretty = pretty;
    mon->held = g_byte_array_new();
    mon->out = g_string_new(NULL);
    qmp_framer_init(&mon->framer);
    if (!chardev_attach(chr, &user, error)) {
        g_byte_array_unref(mon->held);
        g_string_free(mon->out, TRUE);
        g_free(mon);
        return false;
    }
    chardev_set_echo(chr, true);
    g_ptr_array_add(set->monitors, mon);
    return true;
}

void monitor_set_close(MonitorSet *set)
{
    set->closed = true;
}

void monitor_set_flush(MonitorSet *set, int timeout_ms)
{
    gint64 end_us = g_get_monotonic_time() + timeout_ms * INT64_C(1000);

    for (guint i = 0; i < set->monitors->len; i++) {
        Monitor *mon = g_ptr_array_index(set->monitors, i);
        gint64 left_us = end_us - g_get_monotonic_time();

        chardev_flush(mon->chr, MAX(left_us, 0) / 1000);
    }
}
