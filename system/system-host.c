/*
 * The running system: the host's side, which is objects, streams and monitors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "qapi/walker.h"
#include "qom/globals.h"
#include "system/hmp.h"
#include "system/system-impl.h"
#include "util/daemon.h"
#include "util/end-signals.h"
#include "util/error.h"

/* Objects */

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

/* Streams */

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

Chardev *system_find_chardev(const System *system, const char *id,
                             GError **error)
{
    Chardev *chr = (Chardev *)object_child(system_chardevs(system), id);

    if (!chr) {
        fm_error_set(error, "chardev '%s' not found", id);
    }
    return chr;
}

static bool system_wait_is_over(void)
{
    return end_signals_pending() || daemon_is_abandoned();
}

bool system_wait_for_clients(System *system, GError **error)
{
    const GPtrArray *chardevs = system->config->chardevs;

    for (unsigned i = 0; i < chardevs->len; i++) {
        const ConfigItem *item = chardevs->pdata[i];
        const ChardevOptions *options = item->value;
        Chardev *chr = system_find_chardev(system, options->id, NULL);

        if (end_signals_pending()) {
            return true;
        }
        if (!chardev_wait_connected(chr, system_wait_is_over, error)) {
            if (end_signals_pending()) {
                g_clear_error(error);
                return true;
            }
            return fm_error_prefix(error, "%s: ", item->option);
        }
    }
    return true;
}

/* Monitors */

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

bool system_make_host(System *system, GError **error)
{
    return system_make_objects(system, error) &&
           system_make_chardevs(system, error) &&
           system_make_monitors(system, error);
}
