/*
 * HMP: commands for people
 *
 * A line is a command's name and its arguments.  What it says is text for
 * people and may change; programs use QMP.  docs/devel/hmp.rst says how to add
 * a command.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_HMP_H
#define SYSTEM_HMP_H

#include "monitor/hmp-session.h"
#include "monitor/qmp-deferred.h"
#include "system/system.h"

/**
 * hmp_run:
 * @session: the session that it comes from; NULL: none, it has no history
 * @stream: where the command takes descriptors from; NULL: there are none
 * @line: UTF-8; bytes that are not do no harm
 * @out: what the command says is appended, lines ended by '\n'.  Errors are
 *       said, too, in a line that begins with "Error: ", or, if the line
 *       cannot be understood, names the fault and where to look
 *
 * Returns: NULL: it is done.  Otherwise the command takes its time: the caller
 * waits (qmp_deferred_wait()) and then calls hmp_finish().
 */
QmpDeferred *hmp_run(System *system, HmpSession *session, Chardev *stream,
                     const char *line, GString *out);

/** hmp_finish: what a command that took its time says at its end; @error as
 *  QmpDeferredDone got it. */
void hmp_finish(const GError *error, GString *out);

/** hmp_complete: as HmpSessionHost.complete (monitor/hmp-session.h). */
size_t hmp_complete(System *system, const char *before, GPtrArray *candidates);

/** hmp_open: a session on @chr; see hmp_session_new(). */
HmpSession *hmp_open(System *system, Chardev *chr, GError **error);

#endif
