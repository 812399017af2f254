/*
 * HMP: a session with a person, or with a program that plays one
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "monitor/hmp-session.h"

#include <string.h>

#include "firmament-version.h"
#include "monitor/readline.h"

/* A session with more output waiting than this is given no turn. */
#define HMP_SESSION_PENDING_MAX ((size_t)64 << 10)

/* Input that is kept; and how much of it the editor gets at once, since one
 * key can show a whole line. */
#define HMP_SESSION_HELD_MAX 4096
#define HMP_SESSION_STEP 256

struct HmpSession {
    HmpSessionHost host;
    Chardev *chr;
    Readline *readline;
    GByteArray *held;           /* input whose turn has not come */
    GSource *turn;              /* NULL: no turn is due */
    bool blocked;               /* until its output has drained */
    void *pending;              /* of a line that takes its time; NULL: none */
};

/* Output */

static void hmp_session_output(void *opaque, const char *bytes, size_t len)
{
    HmpSession *session = opaque;

    chardev_write(session->chr, bytes, len);
}

/* Text as a command made it: a terminal wants its lines ended by CR LF. */
static void hmp_session_print(HmpSession *session, const GString *text)
{
    g_autoptr(GString) out = g_string_sized_new(text->len + 64);

    for (size_t i = 0; i < text->len; i++) {
        if (text->str[i] == '\n') {
            g_string_append_c(out, '\r');
        }
        g_string_append_c(out, text->str[i]);
    }
    chardev_write(session->chr, out->str, out->len);
}

/* Lines */

static bool hmp_session_accepts(const HmpSession *session)
{
    return session->host.accepts(session->host.opaque);
}

static void hmp_session_line(void *opaque, const char *line, bool cut)
{
    HmpSession *session = opaque;
    g_autoptr(GString) out = g_string_new(NULL);

    if (cut) {
        g_string_printf(out, "Error: the line was longer than %d bytes; "
                        "nothing was done\n", READLINE_MAX_LEN);
    } else {
        session->pending = session->host.run(session->host.opaque, session,
                                             line, out);
    }
    chardev_age_fds(session->chr);
    hmp_session_print(session, out);
    if (!session->pending && hmp_session_accepts(session)) {
        readline_start(session->readline);
    }
}

static void hmp_session_forget(HmpSession *session)
{
    if (session->pending) {
        session->host.forget(session->host.opaque, session->pending);
        session->pending = NULL;
    }
}

static size_t hmp_session_complete(void *opaque, const char *before,
                                   GPtrArray *candidates)
{
    HmpSession *session = opaque;

    return session->host.complete(session->host.opaque, before, candidates);
}

/* Input */

static void hmp_session_end_turns(HmpSession *session)
{
    if (session->turn) {
        g_source_destroy(session->turn);
        g_source_unref(session->turn);
        session->turn = NULL;
    }
}

static gboolean hmp_session_turn(void *opaque)
{
    HmpSession *session = opaque;
    GByteArray *held = session->held;

    if (!hmp_session_accepts(session)) {
        g_byte_array_set_size(held, 0);
    } else if (chardev_pending(session->chr) > HMP_SESSION_PENDING_MAX) {
        session->blocked = true;
    } else {
        size_t used = readline_input(session->readline, held->data,
                                     MIN(held->len, HMP_SESSION_STEP));

        g_byte_array_remove_range(held, 0, (guint)used);
    }
    if (held->len && !session->blocked && !session->pending) {
        return G_SOURCE_CONTINUE;
    }
    hmp_session_end_turns(session);
    chardev_accept_input(session->chr);
    return G_SOURCE_REMOVE;
}

static void hmp_session_want_turn(HmpSession *session)
{
    if (!session->turn && !session->blocked && !session->pending) {
        session->turn = g_idle_source_new();
        g_source_set_priority(session->turn, G_PRIORITY_DEFAULT);
        g_source_set_callback(session->turn, hmp_session_turn, session, NULL);
        g_source_attach(session->turn, NULL);
    }
}

static size_t hmp_session_can_receive(void *opaque)
{
    const HmpSession *session = opaque;

    /* not before all is dealt with: so the client's end comes behind it */
    return session->held->len || session->blocked || session->pending ||
           !hmp_session_accepts(session) ? 0 : HMP_SESSION_HELD_MAX;
}

static void hmp_session_received(void *opaque, const uint8_t *bytes,
                                 size_t len)
{
    HmpSession *session = opaque;

    g_byte_array_append(session->held, bytes, (guint)len);
    hmp_session_want_turn(session);
}

/* What kept the session has ended. */
static void hmp_session_go_on(HmpSession *session)
{
    if (session->held->len) {
        hmp_session_want_turn(session);
    } else {
        chardev_accept_input(session->chr);
    }
}

static void hmp_session_drained(void *opaque)
{
    HmpSession *session = opaque;

    session->blocked = false;
    hmp_session_go_on(session);
}

void hmp_session_finish(HmpSession *session, const GString *text)
{
    session->pending = NULL;
    hmp_session_print(session, text);
    if (hmp_session_accepts(session)) {
        readline_start(session->readline);
        hmp_session_go_on(session);
    }
}

static void hmp_session_event(void *opaque, ChardevEvent event)
{
    static const char greeting[] = "Firmament " FIRMAMENT_VERSION
        " monitor - type 'help' for more information\r\n";
    HmpSession *session = opaque;

    hmp_session_forget(session);
    g_byte_array_set_size(session->held, 0);
    session->blocked = false;
    readline_forget(session->readline);
    if (event == CHARDEV_OPENED) {
        chardev_write(session->chr, greeting, strlen(greeting));
        readline_start(session->readline);
    }
}

/* Its life */

const GPtrArray *hmp_session_history(const HmpSession *session)
{
    return readline_history(session->readline);
}

Chardev *hmp_session_stream(const HmpSession *session)
{
    return session->chr;
}

void hmp_session_flush(HmpSession *session, int timeout_ms)
{
    chardev_flush(session->chr, timeout_ms);
}

static void hmp_session_destroy(HmpSession *session)
{
    hmp_session_forget(session);
    hmp_session_end_turns(session);
    readline_free(session->readline);
    g_byte_array_unref(session->held);
    g_free(session);
}

HmpSession *hmp_session_new(Chardev *chr, const HmpSessionHost *host,
                            GError **error)
{
    HmpSession *session = g_new0(HmpSession, 1);
    const ReadlineUser editor_user = {
        .output = hmp_session_output,
        .line = hmp_session_line,
        .complete = hmp_session_complete,
        .opaque = session,
    };
    const ChardevUser stream_user = {
        .can_receive = hmp_session_can_receive,
        .received = hmp_session_received,
        .event = hmp_session_event,
        .drained = hmp_session_drained,
        .takes_fds = true,
        .opaque = session,
    };

    session->host = *host;
    session->chr = chr;
    session->held = g_byte_array_new();
    session->readline = readline_new(HMP_PROMPT, &editor_user);
    if (!chardev_attach(chr, &stream_user, error)) {
        hmp_session_destroy(session);
        return NULL;
    }
    chardev_set_echo(chr, false);
    return session;
}

void hmp_session_free(HmpSession *session)
{
    if (session) {
        chardev_detach(session->chr);
        hmp_session_destroy(session);
    }
}
