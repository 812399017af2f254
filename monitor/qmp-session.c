/*
 * QMP sessions: the commands of one client, in order and out of band
 *
 * A command may be under way for long (monitor/qmp-deferred.h).  A session
 * without out-of-band execution is not read meanwhile.  One that has it is
 * read on: what comes out of band is carried out at once, the rest waits as
 * text, for its trees are many times larger; so it is parsed twice.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "monitor/monitor-impl.h"
#include "qapi/walker.h"
#include "util/error.h"
#include "util/fd-sets.h"
#include "util/log.h"

/* How many requests may wait, which clients count on; and with how many bytes
 * reading stops at the latest. */
#define SESSION_WAITING_MAX 8
#define SESSION_WAITING_LEN_MAX QMP_FRAMER_MAX_LEN

/* Texts that are handled in a turn of the main loop: they can be as short as a
 * byte, and others want their turn. */
#define SESSION_TURN_TEXTS 64

/** What waits for a command that is under way. */
typedef struct SessionInput {
    char *text;                 /* a request, perhaps; NULL: an error */
    size_t len;
    GError *error;              /* of the framer's */
} SessionInput;

static void session_input_free(gpointer opaque)
{
    SessionInput *input = opaque;

    g_free(input->text);
    g_clear_error(&input->error);
    g_free(input);
}

void monitor_complete_negotiation(Monitor *mon, bool oob)
{
    mon->negotiated = true;
    mon->oob = oob;
}

/* Commands */

static void session_deferred_done(void *opaque, const void *ret,
                                  const GError *error);

static bool session_handle_request(Monitor *mon, json_object *json,
                                   QmpDeferred **deferred, GError **error)
{
    QmpRequest request = { 0 };
    const QapiCommand *command;

    if (!qmp_request_read(json, mon->oob, &request, error)) {
        return false;
    }
    command = qmp_request_find_command(&request, mon->negotiated, error);
    if (command && mon->set->preconfig && !command->allow_preconfig) {
        return fm_error_set(error, "The command '%s' is permitted only after "
                            "machine initialization has completed",
                            request.name);
    }
    if (!command ||
        !monitor_execute(mon, &request, command, deferred, error)) {
        return false;
    }
    if (*deferred) {
        /* What overtakes others has nothing to wait for. */
        g_assert(!request.oob);
        mon->deferred = *deferred;
        mon->deferred_command = command;
        mon->deferred_id = monitor_answer_id(mon, json);
        qmp_deferred_wait(*deferred, session_deferred_done, mon);
    }
    return true;
}

static void session_handle(Monitor *mon, json_object *json)
{
    g_autoptr(GError) error = NULL;
    QmpDeferred *deferred = NULL;

    if (!session_handle_request(mon, json, &deferred, &error)) {
        monitor_answer_error(mon, error);
    }
    if (!deferred) {
        monitor_answer_end(mon, json);
    }
}

static void session_send_error(Monitor *mon, const GError *error)
{
    monitor_answer_error(mon, error);
    monitor_answer_end(mon, NULL);
}

/* Order */

/* Is there something that an in-band request has to wait for? */
static bool session_is_busy(const Monitor *mon)
{
    return mon->deferred || mon->go_on_source || mon->waiting.length;
}

/* Must input wait, even such as might be out of band? */
static bool session_is_held(const Monitor *mon)
{
    if (mon->blocked || mon->turn_over || mon->set->closed) {
        return true;
    }
    return session_is_busy(mon) &&
           (!mon->oob || mon->waiting.length >= SESSION_WAITING_MAX ||
            mon->waiting_len >= SESSION_WAITING_LEN_MAX);
}

/* One of the arguments is NULL. */
static void session_wait(Monitor *mon, const char *text, size_t len,
                         GError *error)
{
    SessionInput *input = g_new0(SessionInput, 1);

    input->text = g_memdup2(text, len);
    input->len = len;
    input->error = error;
    g_queue_push_tail(&mon->waiting, input);
    mon->waiting_len += len;
}

/* A log is for more eyes than a password: what may hold one is not shown,
 * whichever command it is for, and also if it cannot be read. */
static void session_log(const Monitor *mon, const char *text, size_t len)
{
    static const char hidden[] = "something about a secret, not shown";

    if (memmem(text, len, "secret", strlen("secret"))) {
        text = hidden;
        len = strlen(hidden);
    }
    monitor_log(mon, "receives", text, len);
}

static void session_handle_text(Monitor *mon, const char *text, size_t len)
{
    g_autoptr(GError) error = NULL;
    json_object *json = NULL;
    bool parsed = json_parse_strict(text, len, &json, &error);

    if (log_enabled(LOG_QMP)) {
        session_log(mon, text, len);
    }
    if (session_is_busy(mon) && !(parsed && qmp_request_is_oob(json))) {
        session_wait(mon, text, len, NULL);
    } else if (parsed) {
        session_handle(mon, json);
    } else {
        session_send_error(mon, error);
    }
    json_object_put(json);
}

static void session_handle_bad_text(Monitor *mon, const char *message,
                                    size_t len)
{
    g_autoptr(GError) error = NULL;

    fm_error_set(&error, "%.*s", (int)len, message);
    if (session_is_busy(mon)) {
        session_wait(mon, NULL, 0, g_steal_pointer(&error));
    } else {
        session_send_error(mon, error);
    }
}

/* The first of those that wait, whose turn it is. */
static void session_handle_waiting(Monitor *mon)
{
    SessionInput *input = g_queue_pop_head(&mon->waiting);
    g_autoptr(GError) error = NULL;
    json_object *json = NULL;

    mon->waiting_len -= input->len;
    if (input->error) {
        session_send_error(mon, input->error);
    } else if (json_parse_strict(input->text, input->len, &json, &error)) {
        session_handle(mon, json);
        json_object_put(json);
    } else {
        session_send_error(mon, error);
    }
    session_input_free(input);
}

static void session_look_at_output(Monitor *mon)
{
    if (chardev_pending(mon->chr) > MONITOR_PENDING_MAX) {
        mon->blocked = true;
    }
}

/* Turns */

static void session_go_on(Monitor *mon);

static gboolean session_go_on_later(gpointer opaque)
{
    Monitor *mon = opaque;

    mon->go_on_source = 0;
    mon->turn_over = false;
    session_go_on(mon);
    return G_SOURCE_REMOVE;
}

static void session_want_turn(Monitor *mon)
{
    if (!mon->go_on_source) {
        mon->go_on_source = g_idle_add_full(G_PRIORITY_DEFAULT,
                                            session_go_on_later, mon, NULL);
    }
}

static void session_end_turn(Monitor *mon)
{
    mon->turn_over = true;
    chardev_pause_input(mon->chr);
    session_want_turn(mon);
}

/* Input */

/* Returns how many bytes were handled: all, or as far as it goes now. */
static size_t session_handle_input(Monitor *mon, const uint8_t *bytes,
                                   size_t len)
{
    size_t left = len;
    const char *text;
    size_t text_len;
    unsigned texts = 0;

    for (;;) {
        switch (qmp_framer_next(&mon->framer, &bytes, &left, &text,
                                &text_len)) {
        case QMP_FRAME_MORE:
            /* those that wait may want the descriptors that came with them */
            if (mon->handled && !session_is_busy(mon)) {
                chardev_age_fds(mon->chr);
            }
            mon->handled = false;
            return len;
        case QMP_FRAME_TEXT:
            session_handle_text(mon, text, text_len);
            mon->handled = true;
            break;
        case QMP_FRAME_ERROR:
            session_handle_bad_text(mon, text, text_len);
            break;
        }
        session_look_at_output(mon);
        if (++texts == SESSION_TURN_TEXTS && left) {
            session_end_turn(mon);
        }
        if (session_is_held(mon)) {
            return len - left;
        }
    }
}

static size_t session_can_receive(void *opaque)
{
    return session_is_held(opaque) ? 0 : SIZE_MAX;
}

static void session_received(void *opaque, const uint8_t *bytes, size_t len)
{
    Monitor *mon = opaque;
    size_t done = session_handle_input(mon, bytes, len);

    g_byte_array_append(mon->held, bytes + done, (guint)(len - done));
}

/* Whatever the session was waiting for has happened. */
static void session_go_on(Monitor *mon)
{
    while (mon->waiting.length && !mon->deferred && !mon->blocked &&
           !mon->set->closed) {
        session_handle_waiting(mon);
        session_look_at_output(mon);
    }
    if (mon->held->len && !session_is_held(mon)) {
        g_autoptr(GByteArray) held = mon->held;

        mon->held = g_byte_array_new();
        session_received(mon, held->data, held->len);
    }
    if (!mon->turn_over) {
        chardev_accept_input(mon->chr);
    }
}

static void session_drained(void *opaque)
{
    Monitor *mon = opaque;

    mon->blocked = false;
    session_go_on(mon);
}

/* Commands that are under way */

static void session_deferred_done(void *opaque, const void *ret,
                                  const GError *error)
{
    Monitor *mon = opaque;
    g_autofree char *id = g_steal_pointer(&mon->deferred_id);

    mon->deferred = NULL;
    if (error) {
        monitor_answer_error(mon, error);
    } else {
        monitor_answer_return(mon, mon->deferred_command, ret, NULL);
    }
    monitor_answer_end_text(mon, id);
    session_look_at_output(mon);
    /* Not from inside somebody's work. */
    session_want_turn(mon);
}

/* Clients */

static void session_forget_client(Monitor *mon)
{
    mon->negotiated = mon->oob = mon->blocked = mon->warned = false;
    mon->turn_over = mon->handled = false;
    qmp_framer_cleanup(&mon->framer);
    g_byte_array_set_size(mon->held, 0);
    qmp_deferred_forget(mon->deferred);
    mon->deferred = NULL;
    g_clear_pointer(&mon->deferred_id, g_free);
    g_queue_clear_full(&mon->waiting, session_input_free);
    mon->waiting_len = 0;
    g_clear_handle_id(&mon->go_on_source, g_source_remove);
}

static bool session_set_has_client(const MonitorSet *set)
{
    for (guint i = 0; i < set->monitors->len; i++) {
        const Monitor *mon = g_ptr_array_index(set->monitors, i);

        if (chardev_is_open(mon->chr)) {
            return true;
        }
    }
    return false;
}

static void session_event(void *opaque, ChardevEvent event)
{
    Monitor *mon = opaque;

    session_forget_client(mon);
    if (event == CHARDEV_OPENED) {
        monitor_send_greeting(mon);
    } else if (!session_set_has_client(mon->set)) {
        fd_sets_clients_gone();
    }
}

static void session_free(Monitor *mon)
{
    session_forget_client(mon);
    g_byte_array_unref(mon->held);
    g_string_free(mon->out, TRUE);
    g_free(mon);
}

Monitor *monitor_session_new(MonitorSet *set, Chardev *chr, bool pretty,
                             GError **error)
{
    Monitor *mon = g_new0(Monitor, 1);
    const ChardevUser user = {
        .can_receive = session_can_receive,
        .received = session_received,
        .event = session_event,
        .drained = session_drained,
        .takes_fds = true,
        .opaque = mon,
    };

    mon->set = set;
    mon->chr = chr;
    mon->pretty = pretty;
    mon->held = g_byte_array_new();
    mon->out = g_string_new(NULL);
    qmp_framer_init(&mon->framer);
    if (!chardev_attach(chr, &user, error)) {
        session_free(mon);
        return NULL;
    }
    chardev_set_echo(chr, true);
    return mon;
}

void monitor_session_free(Monitor *mon)
{
    chardev_detach(mon->chr);
    session_free(mon);
}
