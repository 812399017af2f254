/*
 * The signals that end the program in order: SIGINT, SIGTERM, SIGHUP
 *
 * They are blocked from the start and read by the main loop; whoever waits
 * before there is one asks whether to go on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_END_SIGNALS_H
#define UTIL_END_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/** end_signals_init: @signals becomes the set of them. */
void end_signals_init(sigset_t *signals);

/** end_signals_pending: whether one is blocked and waits. */
bool end_signals_pending(void);

#endif
