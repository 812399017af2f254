/*
 * The process around the machine: background, pidfile, log, privileges
 *
 *     process_new -> system_new, system_build -> process_confine
 *                 -> system_start -> process_ready -> system_run
 *                 -> system_free -> process_free
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_PROCESS_H
#define SYSTEM_PROCESS_H

#include "system/config.h"

typedef struct Process Process;

/**
 * process_new:
 * @config: outlives it
 *
 * Before anything is made: go into the background (-daemonize), open the log
 * (-D), take the pidfile.  With -daemonize this returns in the daemon only.
 *
 * Returns: NULL with @error set, beginning with the option at fault.
 */
Process *process_new(const Config *config, GError **error);

/**
 * process_confine: all that other options name is open, and listens: give up
 * what is not needed any more (-run-with, -sandbox).
 *
 * Returns: false with @error set, beginning with the option at fault; the
 * process should end.
 */
bool process_confine(Process *process, GError **error);

/**
 * process_ready: the machine is there: tell whoever started the daemon.
 *
 * Returns: false with @error set, beginning with the option at fault; the
 * process should end.
 */
bool process_ready(Process *process, GError **error);

/** process_free: last of all; removes the pidfile.  NULL is allowed. */
void process_free(Process *process);

#endif
