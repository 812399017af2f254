/*
 * The running system: its machine, and the devices that the user adds to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "backends/memory.h"
#include "qapi/walker.h"
#include "system/system-impl.h"
#include "util/error.h"

static void system_machine_request(void *opaque, MachineRequest request)
{
    System *system = opaque;

    system->requests |= 1u << request;
}

/** @given: whether the user gave the backend @property itself. */
static void system_set_ram(MemoryBackend *backend, const char *property,
                           bool given, bool is, bool wanted)
{
    if (!given && is != wanted) {
        json_object *value = json_object_new_boolean(wanted);

        object_property_set(&backend->parent, property, value, NULL);
        json_object_put(value);
    }
}

/** What -machine says of its RAM holds where the backend itself says nothing;
 *  it is the backend that then shows it. */
static bool system_advise_ram(const Config *config, MemoryBackend *backend,
                              GError **error)
{
    const MemoryBackendProperties *p = memory_backend_properties(backend);
    const MachineOptions *machine = config->machine;

    if (machine->has_dump_guest_core) {
        system_set_ram(backend, "dump", p->has_dump, p->dump,
                       machine->dump_guest_core);
    }
    if (machine->has_mem_merge) {
        bool given = p->has_merge;

        system_set_ram(backend, "merge", given, p->merge, machine->mem_merge);
        if (!given && p->merge != machine->mem_merge) {
            return fm_error_set(error, "%s: mem-merge=on: this host cannot "
                                "merge pages", config->machine_option);
        }
    }
    return true;
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
    if (!memory_backend_claim(backend, config->incoming, error)) {
        return fm_error_prefix(error, "%s: memory-backend: ",
                               config->machine_option);
    }
    setup->ram_size = backend->size;
    return system_advise_ram(config, backend, error);
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

static bool system_plug_serials(System *system, GError **error)
{
    const GPtrArray *serials = system->config->serials;

    for (unsigned i = 0; i < serials->len; i++) {
        const ConfigStream *serial = serials->pdata[i];
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
    return true;
}

static bool system_plug_debugcons(System *system, GError **error)
{
    const GPtrArray *debugcons = system->config->debugcons;

    for (unsigned i = 0; i < debugcons->len; i++) {
        const ConfigStream *debugcon = debugcons->pdata[i];
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
    return true;
}

static bool system_plug_devices(System *system, GError **error)
{
    const GPtrArray *devices = system->config->devices;

    for (unsigned i = 0; i < devices->len; i++) {
        const ConfigItem *item = devices->pdata[i];
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

bool system_make_machine(System *system, GError **error)
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
    return system_plug_serials(system, error) &&
           system_plug_debugcons(system, error) &&
           system_plug_devices(system, error) &&
           machine_finish(system->machine, error);
}
