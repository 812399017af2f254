/*
 * The running system: one machine, its host side, its clients
 *
 * Station two of the data's way (docs/devel/boot-flow.rst): typed
 * configuration becomes objects.  Whatever fails here is told with the option
 * that it came from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/system.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "backends/memory.h"
#include "hw/acpi/walk.h"
#include "qapi/walker.h"
#include "qom/globals.h"
#include "system/hmp.h"
#include "util/daemon.h"
#include "util/error.h"
#include "util/report.h"

/** How long clients may take to read what was sent to them at the end. */
#define SYSTEM_FLUSH_MS 1000

/* The host's side: objects */

bool system_object_add(System *system, const ObjectOptions *options,
                       GError **error)
{
    const QapiType *union_type = &qapi_type_ObjectOptions;
    const char *name = qapi_type_ObjectKind.values[options->qom_type];
    const QapiBranch *branch = qapi_find_branch(union_type, name);
    const ObjectType *type = object_type_find(name);
    Object *home = object_container(system->root, "/objects");
    void *config;
    Object *obj;

    if (object_child(home, options->id)) {
        return fm_error_set(error, "attempt to add duplicate property '%s' to "
                            "object (type 'container')", options->id);
    }
    if (!object_check_id(options->id, error)) {
        return false;
    }
    config = qapi_clone(branch->type, (const char *)options + branch->offset);
    globals_apply(system->setup.globals, type, config);
    obj = object_new(type, config, error);
    if (!obj) {
        return false;
    }
    object_add_child(home, options->id, obj);
    if (!object_complete(obj, system->root, error)) {
        object_free(obj);
        return false;
    }
    return true;
}

bool system_object_del(System *system, const char *id, GError **error)
{
    Object *obj = object_child(object_container(system->root, "/objects"), id);

    if (!obj) {
        return fm_error_set(error, "object '%s' not found", id);
    }
    if (obj->pins) {
        return fm_error_set(error, "object '%s' is in use, can not be deleted",
                            id);
    }
    object_free(obj);
    return true;
}

/** The configuration lets go of each: what the object does not keep, such as a
 *  secret's data, shall not be kept elsewhere. */
static bool system_make_objects(System *system, GError **error)
{
    GPtrArray *objects = system->config->objects;

    for (unsigned i = 0; i < objects->len; i++) {
        const ConfigItem *item = objects->pdata[i];
        const ObjectOptions *options = item->value;

        if (object_child(object_container(system->root, "/objects"),
                         options->id)) {
            return fm_error_set(error, "%s: Duplicate ID '%s' for object",
                                item->option, options->id);
        }
        if (!system_object_add(system, item->value, error)) {
            return fm_error_prefix(error, "%s: ", item->option);
        }
    }
    g_ptr_array_set_size(objects, 0);
    return true;
}

/* The host's side: streams */

static Object *system_chardevs(const System *system)
{
    return object_container(system->root, "/chardevs");
}

static bool system_make_chardevs(System *system, GError **error)
{
    const GPtrArray *chardevs = system->config->chardevs;

    for (unsigned i = 0; i < chardevs->len; i++) {
        const ConfigItem *item = chardevs->pdata[i];
        const ChardevOptions *given = item->value;
        Chardev *chr;

        if (object_child(system_chardevs(system), given->id)) {
            return fm_error_set(error, "%s: Chardev with id '%s' already "
                                "exists", item->option, given->id);
        }
        chr = chardev_create(qapi_clone(item->type, given), error);
        if (!chr) {
            return fm_error_prefix(error, "%s: ", item->option);
        }
        object_add_child(system_chardevs(system), given->id, (Object *)chr);
    }
    return true;
}

Chardev *system_add_chardev(System *system, ChardevOptions *options,
                            GError **error)
{
    Object *home = system_chardevs(system);
    g_autofree char *id = g_strdup(options->id);
    Chardev *chr;

    if (object_child(home, id)) {
        qapi_free(&qapi_type_ChardevOptions, options);
        fm_error_set(error, "Chardev with id '%s' already exists", id);
        return NULL;
    }
    chr = chardev_create_running(options, error);
    if (!chr) {
        fm_error_prefix(error, "Failed to add chardev '%s': ", id);
        return NULL;
    }
    object_add_child(home, id, (Object *)chr);
    return chr;
}

static Chardev *system_find_chardev(const System *system, const char *id,
                                    GError **error)
{
    Chardev *chr = (Chardev *)object_child(system_chardevs(system), id);

    if (!chr) {
        fm_error_set(error, "chardev '%s' not found", id);
    }
    return chr;
}

/** The signals that end the machine in order; they are blocked from
 *  system_new() on and read from a descriptor. */
static void system_signal_set(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGHUP);
}

static bool system_signal_pending(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGINT) == 1 ||
           sigismember(&pending, SIGTERM) == 1 ||
           sigismember(&pending, SIGHUP) == 1;
}

static bool system_wait_is_over(void)
{
    return system_signal_pending() || daemon_is_abandoned();
}

/** A signal meanwhile is no failure: the main loop will take it. */
static bool system_wait_for_clients(System *system, GError **error)
{
    const GPtrArray *chardevs = system->config->chardevs;

    for (unsigned i = 0; i < chardevs->len; i++) {
        const ConfigItem *item = chardevs->pdata[i];
        const ChardevOptions *options = item->value;
        Chardev *chr = system_find_chardev(system, options->id, NULL);

        if (system_signal_pending()) {
            return true;
        }
        if (!chardev_wait_connected(chr, system_wait_is_over, error)) {
            if (system_signal_pending()) {
                g_clear_error(error);
                return true;
            }
            return fm_error_prefix(error, "%s: ", item->option);
        }
    }
    return true;
}

static bool system_add_qmp(System *system, const char *id, bool pretty,
                           GError **error)
{
    Chardev *chr = system_find_chardev(system, id, error);

    return chr && monitor_set_add(system->monitors, chr, pretty, error);
}

static bool system_add_hmp(System *system, const char *id, GError **error)
{
    Chardev *chr = system_find_chardev(system, id, error);
    HmpSession *session = chr ? hmp_open(system, chr, error) : NULL;

    if (session) {
        g_ptr_array_add(system->hmps, session);
    }
    return session;
}

/** -monitor, -qmp, -qmp-pretty */
static bool system_make_monitor_streams(System *system, GError **error)
{
    const Config *config = system->config;
    const GPtrArray *const lists[] = {
        config->hmps, config->qmps, config->pretty_qmps,
    };

    for (size_t k = 0; k < G_N_ELEMENTS(lists); k++) {
        for (unsigned i = 0; i < lists[k]->len; i++) {
            const ConfigStream *stream = lists[k]->pdata[i];
            const char *id = stream->chardev;

            if (id && !(lists[k] == config->hmps
                        ? system_add_hmp(system, id, error)
                        : system_add_qmp(system, id,
                                         lists[k] == config->pretty_qmps,
                                         error))) {
                return fm_error_prefix(error, "%s: ", stream->option);
            }
        }
    }
    return true;
}

static bool system_make_monitors(System *system, GError **error)
{
    const Config *config = system->config;

    if (!system_make_monitor_streams(system, error)) {
        return false;
    }
    for (unsigned i = 0; i < config->monitors->len; i++) {
        const ConfigItem *item = config->monitors->pdata[i];
        const MonitorOptions *mon = item->value;

        if (!(mon->mode == MONITOR_MODE_READLINE
              ? system_add_hmp(system, mon->chardev, error)
              : system_add_qmp(system, mon->chardev, mon->pretty, error))) {
            return fm_error_prefix(error, "%s: ", item->option);
        }
    }
    return true;
}

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

/* The machine */

static void system_machine_request(void *opaque, MachineRequest request)
{
    System *system = opaque;

    system->requests |= 1u << request;
}

/** The machine's RAM is a memory backend; it will link to it itself. */
static bool system_find_ram(System *system, MachineSetup *setup,
                            GError **error)
{
    const Config *config = system->config;
    const char *id = config->machine->memory_backend;
    Object *obj;
    MemoryBackend *backend;

    if (!id) {
        return true;
    }
    obj = object_child(object_container(system->root, "/objects"), id);
    if (!obj || !object_is_a(obj, &memory_backend_type)) {
        return fm_error_set(error, "%s: memory-backend: no memory backend '%s'",
                            config->machine_option, id);
    }
    backend = (MemoryBackend *)obj;
    if (backend->readonly) {
        return fm_error_set(error, "%s: memory-backend: '%s' is read-only and "
                            "cannot be a machine's RAM",
                            config->machine_option, id);
    }
    if (config->ram_option && backend->size != setup->ram_size) {
        return fm_error_set(error, "%s: memory backend '%s' has %"
                            G_GUINT64_FORMAT " bytes, -m asks for %"
                            G_GUINT64_FORMAT, config->machine_option, id,
                            backend->size, setup->ram_size);
    }
    setup->ram_size = backend->size;
    setup->ram_host = backend->host;
    setup->ram_name = backend->ram_name;
    setup->ram_anonymous = backend->anonymous;
    return true;
}

static bool system_plug(System *system, const ObjectType *type, void *options,
                        const char *id, const char *option, GError **error)
{
    Device *dev = device_new(type, options, system->setup.globals, error);

    if (!dev || !machine_plug(system->machine, dev, id, error)) {
        return fm_error_prefix(error, "%s: ", option);
    }
    return true;
}

/** -serial, -debugcon and -device, in this order. */
static bool system_plug_devices(System *system, GError **error)
{
    const Config *config = system->config;

    for (unsigned i = 0; i < config->serials->len; i++) {
        const ConfigStream *serial = config->serials->pdata[i];
        IsaSerialProperties *p;

        if (!serial->chardev) {
            continue;
        }
        p = qapi_new(&qapi_type_IsaSerialProperties);
        p->chardev = g_strdup(serial->chardev);
        p->has_index = true;
        p->index = i;
        if (!system_plug(system, object_type_find("isa-serial"), p, NULL,
                         serial->option, error)) {
            return false;
        }
    }
    for (unsigned i = 0; i < config->debugcons->len; i++) {
        const ConfigStream *debugcon = config->debugcons->pdata[i];
        IsaDebugconProperties *p;

        if (!debugcon->chardev) {
            continue;
        }
        p = qapi_new(&qapi_type_IsaDebugconProperties);
        p->chardev = g_strdup(debugcon->chardev);
        if (!system_plug(system, object_type_find("isa-debugcon"), p, NULL,
                         debugcon->option, error)) {
            return false;
        }
    }
    for (unsigned i = 0; i < config->devices->len; i++) {
        const ConfigItem *item = config->devices->pdata[i];
        const DeviceOptions *options = item->value;
        const char *name = qapi_type_DeviceDriver.values[options->driver];
        const QapiBranch *branch = qapi_find_branch(item->type, name);
        void *p = qapi_clone(branch->type,
                             (const char *)options + branch->offset);

        if (!system_plug(system, object_type_find(name), p, options->id,
                         item->option, error)) {
            return false;
        }
    }
    return true;
}

static bool system_make_machine(System *system, GError **error)
{
    const Config *config = system->config;
    const char *option = config->machine_option ? config->machine_option
                                                : "-machine pc";
    Object *machine = object_new(config->machine_type,
                                 qapi_clone(&qapi_type_MachineOptions,
                                            config->machine), error);

    if (!machine) {
        return fm_error_prefix(error, "%s: ", option);
    }
    object_add_child(system->root, "machine", machine);
    system->machine = (Machine *)machine;
    system->machine->request = system_machine_request;
    system->machine->request_opaque = system;
    if (!system_find_ram(system, &system->setup, error)) {
        return false;
    }
    if (!machine_build(system->machine, &system->setup, error)) {
        return fm_error_prefix(error, "%s: ", option);
    }
    /* a message of finish() names its own option */
    return system_plug_devices(system, error) &&
           machine_finish(system->machine, error);
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

    system_signal_set(&signals);
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
    if (!system_make_objects(system, error) ||
        !system_make_chardevs(system, error) ||
        !system_make_monitors(system, error) ||
        (config->preconfig && !system_wait_for_clients(system, error))) {
        system_free(system);
        return NULL;
    }
    return system;
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
    if (!machine_reset(system->machine, error)) {
        fm_error_prefix(error, "-machine firmware=builtin: ");
        system_free_machine(system);
        return false;
    }
    monitor_set_preconfig(system->monitors, false);
    system->state = RUN_STATE_PRELAUNCH;
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
    /* whoever waits for one is told */
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

void system_run(System *system)
{
    sigset_t signals;
    unsigned source;
    int fd;

    /* a descriptor instead of a handler: nothing runs in the middle of
     * something else, and no thread is needed */
    system_signal_set(&signals);
    fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    source = g_unix_fd_add(fd, G_IO_IN, system_signal, system);

    if (system->machine && !system->config->paused) {
        system_cont(system, NULL);
    }
    while (!system->quit) {
        g_main_context_iteration(NULL, TRUE);
        system_settle(system);
    }
    g_source_remove(source);
    close(fd);
}
