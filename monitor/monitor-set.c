/*
 * Sets of sessions, and events to all of a set
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "monitor/monitor-impl.h"

static void monitor_set_free_session(gpointer opaque)
{
    monitor_session_free(opaque);
}

MonitorSet *monitor_set_new(struct System *system)
{
    MonitorSet *set = g_new0(MonitorSet, 1);

    set->system = system;
    set->monitors = g_ptr_array_new_with_free_func(monitor_set_free_session);
    return set;
}

void monitor_set_free(MonitorSet *set)
{
    if (set) {
        g_ptr_array_unref(set->monitors);
        g_free(set);
    }
}

bool monitor_set_add(MonitorSet *set, Chardev *chr, bool pretty,
                     GError **error)
{
    Monitor *mon = monitor_session_new(set, chr, pretty, error);

    if (!mon) {
        return false;
    }
    g_ptr_array_add(set->monitors, mon);
    return true;
}

void monitor_emit(MonitorSet *set, const QapiEvent *event, const void *data)
{
    gint64 now_us = g_get_real_time();

    for (guint i = 0; i < set->monitors->len; i++) {
        monitor_send_event(g_ptr_array_index(set->monitors, i), event, now_us,
                           data);
    }
}

void monitor_set_preconfig(MonitorSet *set, bool preconfig)
{
    set->preconfig = preconfig;
}

void monitor_set_close(MonitorSet *set)
{
    set->closed = true;
}

void monitor_set_flush(MonitorSet *set, int timeout_ms)
{
    gint64 end_us = g_get_monotonic_time() + timeout_ms * INT64_C(1000);

    for (guint i = 0; i < set->monitors->len; i++) {
        Monitor *mon = g_ptr_array_index(set->monitors, i);
        gint64 left_us = end_us - g_get_monotonic_time();

        chardev_flush(mon->chr, MAX(left_us, 0) / 1000);
    }
}
