/*
 * The signals that end the program in order: SIGINT, SIGTERM, SIGHUP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/end-signals.h"

void end_signals_init(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGHUP);
}

bool end_signals_pending(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGINT) == 1 ||
           sigismember(&pending, SIGTERM) == 1 ||
           sigismember(&pending, SIGHUP) == 1;
}
