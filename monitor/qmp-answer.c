/*
 * QMP: what a session sends to its client
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "firmament-version.h"
#include "monitor/json-text.h"
#include "monitor/monitor-impl.h"
#include "qapi/walker.h"
#include "util/error.h"
#include "util/log.h"
#include "util/report.h"

/* An answer's buffer that has grown larger than this is not kept. */
#define ANSWER_BUFFER_KEEP 65536

/* Bytes of a message that are logged. */
#define ANSWER_LOG_MAX ((size_t)4096)

void monitor_log(const Monitor *mon, const char *verb, const char *text,
                 size_t len)
{
    log_line(LOG_QMP, "%s %s %.*s%s", chardev_id(mon->chr), verb,
             (int)MIN(len, ANSWER_LOG_MAX), text,
             len > ANSWER_LOG_MAX ? "..." : "");
}

static int answer_indent(const Monitor *mon)
{
    return mon->pretty ? 1 : JSON_TEXT_ONE_LINE;
}

/* The opening of a message; then its first member's name. */
static void answer_begin(Monitor *mon, const char *key)
{
    g_string_truncate(mon->out, 0);
    g_string_append(mon->out, mon->pretty ? "{\n    \"" : "{\"");
    g_string_append(mon->out, key);
    g_string_append(mon->out, "\": ");
}

static void answer_next(Monitor *mon, const char *key)
{
    g_string_append(mon->out, mon->pretty ? ",\n    \"" : ", \"");
    g_string_append(mon->out, key);
    g_string_append(mon->out, "\": ");
}

/* Returns false if the client cannot take it. */
static bool answer_send(Monitor *mon)
{
    bool sent;

    g_string_append(mon->out, mon->pretty ? "\n}\r\n" : "}\r\n");
    if (log_enabled(LOG_QMP)) {
        monitor_log(mon, "sends", mon->out->str, mon->out->len - 2);
    }
    sent = chardev_write(mon->chr, mon->out->str, mon->out->len);
    if (mon->out->allocated_len > ANSWER_BUFFER_KEEP) {
        g_string_free(mon->out, TRUE);
        mon->out = g_string_new(NULL);
    }
    return sent;
}

/* A value made here; taken over. */
static void answer_append(Monitor *mon, json_object *value)
{
    json_text_append(mon->out, value, answer_indent(mon));
    json_object_put(value);
}

/* Answers */

void monitor_answer_return(Monitor *mon, const QapiCommand *command,
                           const void *ret, const char *text)
{
    answer_begin(mon, "return");
    if (text) {
        g_string_append(mon->out, text);
    } else if (command->ret) {
        answer_append(mon, qapi_to_json(command->ret, ret));
    } else {
        g_string_append(mon->out, "{}");
    }
}

/* What a client said can be part of it, as long as it likes. */
static json_object *answer_description(const char *message)
{
    g_autofree char *start = NULL;
    g_autofree char *text = NULL;

    if (strlen(message) <= MONITOR_ERROR_MAX) {
        return json_object_new_string(message);
    }
    /* a character that was cut is shown as one that is none */
    start = g_strndup(message, MONITOR_ERROR_MAX);
    text = g_strconcat(start, "...", NULL);
    return json_object_new_string(text);
}

void monitor_answer_error(Monitor *mon, const GError *error)
{
    json_object *value = json_object_new_object();

    json_object_object_add(value, "class",
                           json_object_new_string(fm_error_class(error)));
    json_object_object_add(value, "desc",
                           answer_description(error->message));
    answer_begin(mon, "error");
    answer_append(mon, value);
}

/* Send it; if it is longer than any that a client could be sent, say that
 * instead. */
static void answer_end(Monitor *mon)
{
    size_t len = mon->out->len;

    if (!answer_send(mon) && len > CHARDEV_MAX_PENDING - MONITOR_PENDING_MAX) {
        g_autoptr(GError) error = NULL;

        fm_error_set(&error, "The answer is too long to be sent");
        monitor_answer_error(mon, error);
        answer_send(mon);
    }
}

/* An id may be anything, JSON's null too, which json-c gives as NULL. */
static bool answer_find_id(json_object *request, json_object **id)
{
    return json_object_is_type(request, json_type_object) &&
           json_object_object_get_ex(request, "id", id) &&
           json_text_fits(*id, MONITOR_ID_MAX);
}

char *monitor_answer_id(const Monitor *mon, json_object *request)
{
    json_object *id;
    GString *text;

    if (!answer_find_id(request, &id)) {
        return NULL;
    }
    text = g_string_new(NULL);
    json_text_append(text, id, answer_indent(mon));
    return g_string_free(text, FALSE);
}

void monitor_answer_end(Monitor *mon, json_object *request)
{
    json_object *id;

    if (answer_find_id(request, &id)) {
        answer_next(mon, "id");
        json_text_append(mon->out, id, answer_indent(mon));
    }
    answer_end(mon);
}

void monitor_answer_end_text(Monitor *mon, const char *id)
{
    if (id) {
        answer_next(mon, "id");
        g_string_append(mon->out, id);
    }
    answer_end(mon);
}

/* What is sent unasked */

void monitor_send_greeting(Monitor *mon)
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

    answer_begin(mon, "QMP");
    answer_append(mon, greeting);
    answer_send(mon);
}

void monitor_send_event(Monitor *mon, const QapiEvent *event, gint64 now_us,
                        const void *data)
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
    answer_begin(mon, "timestamp");
    answer_append(mon, timestamp);
    answer_next(mon, "event");
    json_text_append_string(mon->out, event->name, strlen(event->name));
    if (event->data) {
        answer_next(mon, "data");
        answer_append(mon, qapi_to_json(event->data, data));
    }
    answer_send(mon);
}
