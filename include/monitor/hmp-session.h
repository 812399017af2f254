/*
 * HMP: a session with a person, or with a program that plays one
 *
 * A stream, a line editor, and a prompt.  What a line means is not known here:
 * whoever makes the session says how it is run (system/hmp.h).
 *
 * One line is run in a turn of the main loop, however many have come, so that
 * others get theirs.  A client that does not read is given no more turns until
 * it does.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MONITOR_HMP_SESSION_H
#define MONITOR_HMP_SESSION_H

#include "chardev/char.h"

/** Programs look for it. */
#define HMP_PROMPT "(qemu) "

typedef struct HmpSession HmpSession;

typedef struct HmpSessionHost {
    /**
     * Run one line; what it says goes to @out, its lines ended by '\n'.
     *
     * Returns: NULL: it is done.  Otherwise it takes its time: no further line
     * is run before hmp_session_finish(); not to be called from in here.
     */
    void *(*run)(void *opaque, HmpSession *session, const char *line,
                 GString *out);
    /** The client has gone: what run() returned as @pending needs no
     *  hmp_session_finish() any more. */
    void (*forget)(void *opaque, void *pending);
    /** As ReadlineUser.complete (monitor/readline.h). */
    size_t (*complete)(void *opaque, const char *before,
                       GPtrArray *candidates);
    /** Whether lines are still taken; not any more once it was false. */
    bool (*accepts)(void *opaque);
    void *opaque;
} HmpSessionHost;

/**
 * hmp_session_new: greet, and prompt, whoever is on @chr now and whoever comes
 * later.  @chr has to outlive the session.
 *
 * Returns: NULL with @error set if @chr has a user already.
 */
HmpSession *hmp_session_new(Chardev *chr, const HmpSessionHost *host,
                            GError **error);
/** hmp_session_free: the stream is only detached; NULL is allowed.  Not from
 *  inside run(). */
void hmp_session_free(HmpSession *session);

/** hmp_session_finish: a line that took its time is done and says @text. */
void hmp_session_finish(HmpSession *session, const GString *text);

/** hmp_session_stream: borrowed; while a line is run, the descriptors that came
 *  with it, or with the line before, can be taken from it. */
Chardev *hmp_session_stream(const HmpSession *session);

/** hmp_session_flush: send what waits, for at most @timeout_ms. */
void hmp_session_flush(HmpSession *session, int timeout_ms);

/** hmp_session_history: char *, the lines that were entered, oldest first;
 *  borrowed. */
const GPtrArray *hmp_session_history(const HmpSession *session);

#endif
