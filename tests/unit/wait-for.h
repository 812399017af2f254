/*
 * For tests of what happens in the main loop
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_WAIT_FOR_H
#define TESTS_UNIT_WAIT_FOR_H

#include <glib.h>

static inline gboolean wait_for_tick(gpointer opaque)
{
    return G_SOURCE_CONTINUE;
}

/** WAIT_FOR: let the main loop run until @condition; a minute is a failure. */
#define WAIT_FOR(condition)                                             \
    do {                                                                \
        guint tick_source = g_timeout_add(20, wait_for_tick, NULL);     \
        gint64 wait_end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC; \
                                                                        \
        while (!(condition)) {                                          \
            g_assert_cmpint(g_get_monotonic_time(), <, wait_end);       \
            g_main_context_iteration(NULL, TRUE);                       \
        }                                                               \
        g_source_remove(tick_source);                                   \
    } while (0)

#endif
