/*
 * What the figures were taken on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host.h"

#include <errno.h>
#include <glib.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>

#include "child.h"

static char *host_load(void)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;

    if (!g_file_get_contents("/proc/loadavg", &text, NULL, NULL)) {
        return g_strdup("?");
    }
    words = g_strsplit(text, " ", 4);
    g_clear_pointer(&words[3], g_free);
    return g_strjoinv(" ", words);
}

static char *host_processor(void)
{
    g_autofree char *text = NULL;
    char *name;

    if (!g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL)) {
        return g_strdup("?");
    }
    name = strstr(text, "model name");
    name = name ? strchr(name, ':') : NULL;
    return name ? g_strstrip(g_strndup(name + 1, strcspn(name, "\n") - 1))
                : g_strdup("?");
}

static cpu_set_t host_processors(void)
{
    static cpu_set_t all;
    static bool known;

    if (!known) {
        sched_getaffinity(0, sizeof(all), &all);
        known = true;
    }
    return all;
}

void host_facts_init(HostFacts *facts)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    cpu_set_t processors = host_processors();
    struct utsname name;

    uname(&name);
    *facts = (HostFacts){
        .processors = CPU_COUNT(&processors),
        .processor = host_processor(),
        .kernel = g_strdup_printf("%s %s %s", name.sysname, name.release,
                                  name.machine),
        .load_before = host_load(),
        .date = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ"),
    };
}

void host_facts_finish(HostFacts *facts)
{
    facts->load_after = host_load();
}

void host_facts_cleanup(HostFacts *facts)
{
    g_free(facts->processor);
    g_free(facts->kernel);
    g_free(facts->load_before);
    g_free(facts->load_after);
    g_free(facts->date);
}

void host_pin(bool on)
{
    cpu_set_t wanted = host_processors();

    if (on) {
        int last = CPU_SETSIZE - 1;

        while (!CPU_ISSET(last, &wanted)) {
            last--;
        }
        CPU_ZERO(&wanted);
        CPU_SET(last, &wanted);
    }
    if (sched_setaffinity(0, sizeof(wanted), &wanted) < 0) {
        bench_die("cannot choose a processor: %s", g_strerror(errno));
    }
}
