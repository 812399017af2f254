/*
 * Sessions and sets, for the files of monitor/ alone
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MONITOR_MONITOR_IMPL_H
#define MONITOR_MONITOR_IMPL_H

#include <json.h>

#include "monitor/monitor.h"
#include "monitor/qmp-deferred.h"
#include "monitor/qmp-framer.h"
#include "monitor/qmp-request.h"

/** A session with more output waiting than this takes no commands and gets no
 *  events. */
#define MONITOR_PENDING_MAX ((size_t)1 << 20)

/* The longest id that is sent back (json_text_fits()), and bytes of the longest
 * error: each can be many times as long when it is written. */
#define MONITOR_ID_MAX ((size_t)65536)
#define MONITOR_ERROR_MAX ((size_t)4096)

struct MonitorSet {
    struct System *system;
    GPtrArray *monitors;
    bool closed;                /* no further command is taken */
    bool preconfig;             /* there is no machine yet */
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
    bool turn_over;             /* others have theirs; go_on_source is due */
    bool handled;               /* a text of the bytes that came last */
    QmpFramer framer;
    GByteArray *held;           /* input that came before it was held back */

    /* Commands that do not end at once */
    QmpDeferred *deferred;      /* the one that is under way; NULL: none */
    const QapiCommand *deferred_command;
    char *deferred_id;          /* as text; NULL: none */
    GQueue waiting;             /* what came behind it, out of band aside */
    size_t waiting_len;         /* bytes */
    guint go_on_source;         /* it has ended, or a turn: what waits is to
                                   go on */

    /* The answer being made */
    GString *out;
    const char *return_text;
};

/* Sessions (monitor/qmp-session.c) */

/** monitor_session_new: NULL with @error set if @chr has a user already. */
Monitor *monitor_session_new(MonitorSet *set, Chardev *chr, bool pretty,
                             GError **error);
void monitor_session_free(Monitor *mon);

/* Commands (monitor/qmp-execute.c) */

/**
 * monitor_execute: have @command, which @request names, carried out.
 * @deferred: what the answer will be given to, if it comes later; or NULL,
 *            and the answer has been begun
 *
 * Returns: false with @error set if it failed: no answer has been begun.
 */
bool monitor_execute(Monitor *mon, const QmpRequest *request,
                     const QapiCommand *command, QmpDeferred **deferred,
                     GError **error);

/* Messages (monitor/qmp-answer.c); each is sent at once, or not at all if the
 * client does not take it */

void monitor_send_greeting(Monitor *mon);
void monitor_send_event(Monitor *mon, const QapiEvent *event, gint64 now_us,
                        const void *data);

/** monitor_answer_return: begin the answer to @command in mon->out.
 *  @text: the result as it is sent; NULL: @ret is it */
void monitor_answer_return(Monitor *mon, const QapiCommand *command,
                           const void *ret, const char *text);
void monitor_answer_error(Monitor *mon, const GError *error);
/** monitor_answer_id: as text, of @request, which may be anything; NULL if it
 *  has none.  Free with g_free(). */
char *monitor_answer_id(const Monitor *mon, json_object *request);
/** monitor_answer_end: with the id of @request, which may be anything; send
 *  it. */
void monitor_answer_end(Monitor *mon, json_object *request);
/** monitor_answer_end_text: with an id that is text already; NULL: none. */
void monitor_answer_end_text(Monitor *mon, const char *id);

/** monitor_log: tell those who asked for it (`-d qmp`) what was said; of long
 *  texts the beginning. */
void monitor_log(const Monitor *mon, const char *verb, const char *text,
                 size_t len);

#endif
