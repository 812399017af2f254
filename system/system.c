/*
 * The running system: one machine, its host side, its clients
 *
 * Station two of the data's way (docs/devel/boot-flow.rst): typed
 * configuration becomes objects.  Whatever fails here is told with the option
 * that it came from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/system-impl.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "hw/acpi/walk.h"
#include "system/hmp.h"
#include "util/end-signals.h"
#include "util/error.h"
#include "util/report.h"

/** How long clients may take to read what was sent to them at the end. */
#define SYSTEM_FLUSH_MS 1000

/* Who drives it */

static void system_settle_test(void *opaque)
{
    system_settle(opaque);
}

static bool system_make_qtest(System *system, GError **error)
{
    const Config *config = system->config;
    const QtestTarget target = {
        .memory = &system->machine->memory,
        .io = &system->machine->io,
        .clock = &system->machine->clock,
        .root = system->root,
        .settle = system_settle_test,
        .settle_opaque = system,
    };
    const ConfigStream *stream;
    Chardev *chr;

    if (!config->qtests->len) {
        return true;
    }
    stream = config->qtests->pdata[0];
    chr = system_find_chardev(system, stream->chardev, error);
    if (chr) {
        system->qtest = qtest_server_new(&target, chr, config->qtest_log,
                                         error);
    }
    return system->qtest || fm_error_prefix(error, "%s: ", stream->option);
}

/** Undo system_make_machine() and what came after it, done or half done. */
static void system_free_machine(System *system)
{
    qtest_server_free(system->qtest);
    system->qtest = NULL;
    /* its devices use chardevs and objects: it goes before those */
    object_free((Object *)system->machine);
    system->machine = NULL;
    system->setup = system->config->setup;
    system->requests = 0;
}

/** Last, so that what is short is told as what it is. */
static bool system_lock_memory(const System *system, GError **error)
{
    return !system->config->mem_lock ||
           mlockall(MCL_CURRENT | MCL_FUTURE) == 0 ||
           fm_error_set(error, "-overcommit mem-lock=on: memory cannot be "
                        "locked: %s", g_strerror(errno));
}

/* All of it */

System *system_new(const Config *config, GError **error)
{
    System *system = g_new0(System, 1);
    sigset_t signals;

    end_signals_init(&signals);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    system->config = config;
    system->setup = config->setup;
    system->actions = config->actions;
    system->state = RUN_STATE_PRECONFIG;
    system->root = object_new(&container_type, NULL, NULL);
    object_container(system->root, "/objects");
    object_container(system->root, "/chardevs");
    system->monitors = monitor_set_new(system);
    system->hmps = g_ptr_array_new_with_free_func(
        (GDestroyNotify)hmp_session_free);
    system->copies = memory_copies_new();
    monitor_set_preconfig(system->monitors, true);
    if (config->process_name) {
        prctl(PR_SET_NAME, config->process_name);
    }
    if (!system_make_host(system, error) ||
        (config->preconfig && !system_wait_for_clients(system, error))) {
        system_free(system);
        return NULL;
    }
    return system;
}

static bool system_boot(System *system, GError **error)
{
    if (!machine_reset(system->machine, error)) {
        return fm_error_prefix(error, "-machine firmware=builtin: ");
    }
    system->state = RUN_STATE_PRELAUNCH;
    return true;
}

/** Firmware does not run: it has, where the machine comes from. */
static bool system_await(System *system, GError **error)
{
    const char *uri = system->config->incoming;
    g_autofree char *option = g_strconcat("-incoming ", uri, NULL);

    machine_reset_devices(system->machine);
    if (strcmp(uri, "defer") != 0 &&
        !incoming_start(system, uri, option, true, error)) {
        return fm_error_prefix(error, "%s: ", option);
    }
    system->machine->awaits_restore = true;
    system->state = RUN_STATE_INMIGRATE;
    return true;
}

bool system_build(System *system, GError **error)
{
    if (!system_make_machine(system, error) ||
        !system_make_qtest(system, error) ||
        !system_lock_memory(system, error) ||
        (!system->config->preconfig &&
         !system_wait_for_clients(system, error))) {
        system_free_machine(system);
        return false;
    }
    if (!(system->config->incoming ? system_await(system, error)
                                   : system_boot(system, error))) {
        system_free_machine(system);
        return false;
    }
    monitor_set_preconfig(system->monitors, false);
    return true;
}

/** What clients were sent last. */
static void system_flush(System *system)
{
    gint64 end_us = g_get_monotonic_time() + SYSTEM_FLUSH_MS * INT64_C(1000);

    monitor_set_flush(system->monitors, SYSTEM_FLUSH_MS);
    for (unsigned i = 0; i < system->hmps->len; i++) {
        gint64 left_us = end_us - g_get_monotonic_time();

        hmp_session_flush(system->hmps->pdata[i], MAX(left_us, 0) / 1000);
    }
}

void system_free(System *system)
{
    if (!system) {
        return;
    }
    incoming_end(system);
    /* whoever waits for one is told */
    migrate_end(system);
    memory_copies_end(system->copies, "the program ends");
    memory_copies_free(system->copies);
    system_flush(system);
    system_free_machine(system);
    monitor_set_free(system->monitors);
    g_ptr_array_unref(system->hmps);
    object_free(system->root);
    g_free(system);
}

static bool system_acpi_peek(void *opaque, uint64_t gpa, void *buf, size_t len)
{
    return address_space_peek(opaque, gpa, buf, len);
}

GPtrArray *system_acpi_tables(System *system, GError **error)
{
    return acpi_walk(system_acpi_peek, &system->machine->memory, NULL, NULL,
                     error);
}

/* Main loop */

static gboolean system_signal(gint fd, GIOCondition condition, void *opaque)
{
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof(info)) == sizeof(info)) {
        system_shutdown(opaque, SHUTDOWN_CAUSE_HOST_SIGNAL);
    }
    return G_SOURCE_CONTINUE;
}

/** The main loop, until somebody ends the machine or @on says no more. */
static void system_loop(System *system, bool (*on)(const System *))
{
    sigset_t signals;
    unsigned source;
    int fd;

    /* a descriptor instead of a handler: nothing runs in the middle of
     * something else, and no thread is needed */
    end_signals_init(&signals);
    fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    source = g_unix_fd_add(fd, G_IO_IN, system_signal, system);
    while (!system->quit && on(system)) {
        g_main_context_iteration(NULL, TRUE);
        system_settle(system);
    }
    g_source_remove(source);
    close(fd);
}

static bool system_lives(const System *system)
{
    return true;
}

bool system_start(System *system)
{
    if (system->machine && !system->config->paused) {
        system_cont(system, NULL);
    }
    if (incoming_is_stored(system)) {
        system_loop(system, incoming_is_stored);
    }
    return !system->failed;
}

void system_run(System *system)
{
    system_loop(system, system_lives);
}
