/*
 * The machine: what belongs to one guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/core/machine.h"

#include <string.h>

#include "util/error.h"

const ObjectType *machine_find_type(const char *name)
{
    for (const ObjectType *const *t = object_types(); *t; t++) {
        const MachineClass *klass;

        if ((*t)->abstract || !object_type_is_a(*t, &machine_type)) {
            continue;
        }
        klass = object_type_class(*t);
        if (strcmp(klass->name, name) == 0 ||
            (klass->alias && strcmp(klass->alias, name) == 0)) {
            return *t;
        }
    }
    return NULL;
}

/* Building */

bool machine_check_ram(const ObjectType *type, uint64_t ram_size,
                       GError **error)
{
    const MachineClass *klass = object_type_class(type);

    if (ram_size >= klass->ram_least && ram_size <= klass->ram_most) {
        return true;
    }

    g_autofree char *size = g_format_size_full(ram_size,
                                               G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *least = g_format_size_full(klass->ram_least,
                                                G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *most = g_format_size_full(klass->ram_most,
                                               G_FORMAT_SIZE_IEC_UNITS);

    return fm_error_set(error, "%s of RAM: a machine of type '%s' has %s to "
                        "%s", size, klass->name, least, most);
}

/** The host's time, as the guest shall take it. */
static int64_t machine_host_time_us(const MachineSetup *setup)
{
    int64_t now_us = g_get_real_time();

    if (setup->rtc_local) {
        g_autoptr(GDateTime) now = g_date_time_new_now_local();

        now_us += g_date_time_get_utc_offset(now);
    }
    return now_us;
}

/** The clock's epoch is what the guest shall take for the time. */
static void machine_set_time(Machine *machine, const MachineSetup *setup)
{
    machine->clock.epoch_us = setup->rtc_fixed ? setup->rtc_epoch_us
                                               : machine_host_time_us(setup);
}

bool machine_build(Machine *machine, const MachineSetup *setup,
                   GError **error)
{
    const MachineClass *klass = machine_class(machine);
    Object *root = object_root(&machine->parent);

    machine->setup = setup;
    machine_set_time(machine, setup);
    if (!object_complete(&machine->parent, root, error)) {
        return false;
    }
    if (!machine_check_ram(machine->parent.type, setup->ram_size, error)) {
        return false;
    }
    if (setup->max_cpus > klass->max_cpus) {
        return fm_error_set(error, "%u processors asked for, a machine of "
                            "type '%s' has at most %u", setup->max_cpus,
                            klass->name, klass->max_cpus);
    }
    if (!klass->build(machine, error)) {
        return false;
    }
    /* after the board's own devices: those are reset and described first */
    object_container(root, MACHINE_NAMED_DEVICES);
    object_container(root, MACHINE_OTHER_DEVICES);
    return true;
}

bool machine_init_ram(Machine *machine, MemoryRegion *ram, GError **error)
{
    const MemoryBackend *backend = machine->ram;

    if (!memory_region_init_ram(ram, backend && backend->ram_name
                                     ? backend->ram_name
                                     : machine_class(machine)->ram_id,
                                machine->setup->ram_size,
                                backend ? backend->host : NULL, error)) {
        return false;
    }
    if (backend) {
        ram->fd = backend->fd;
        ram->anonymous = backend->anonymous;
        ram->shared = memory_backend_properties(backend)->share &&
                      !memory_backend_properties(backend)->prealloc;
    }
    machine_add_memory(machine, ram);
    return true;
}

void machine_add_memory(Machine *machine, MemoryRegion *mr)
{
    for (unsigned i = 0; i < machine->memories->len; i++) {
        const MemoryRegion *other = machine->memories->pdata[i];

        g_assert(strcmp(other->name, mr->name) != 0);
    }
    g_ptr_array_add(machine->memories, mr);
}

bool machine_add_parts(Machine *machine, const MachinePart *parts, unsigned n,
                       GError **error)
{
    Object *root = object_root(&machine->parent);

    for (unsigned i = 0; i < n; i++) {
        object_add_child(&machine->parent, parts[i].name,
                         &parts[i].dev->parent);
    }
    for (unsigned i = 0; i < n; i++) {
        if (!object_complete(&parts[i].dev->parent, root, error) ||
            !device_realize(parts[i].dev, error)) {
            return false;
        }
    }
    return true;
}

bool machine_add_cpu(Machine *machine, Cpu *cpu, GError **error)
{
    g_autofree char *name = g_strdup_printf("cpu[%u]", cpu->index);
    const MachinePart part = { name, &cpu->parent };

    g_ptr_array_add(machine->cpus, cpu);
    return machine_add_parts(machine, &part, 1, error);
}

bool machine_plug(Machine *machine, Device *dev, const char *id,
                  GError **error)
{
    const MachineClass *klass = machine_class(machine);
    const DeviceClass *device = device_class(dev);
    Object *root = object_root(&machine->parent);
    Object *home = object_container(root, id ? MACHINE_NAMED_DEVICES
                                             : MACHINE_OTHER_DEVICES);

    if (id && !object_check_id(id, error)) {
        object_free(&dev->parent);
        return false;
    }
    if (id && object_child(home, id)) {
        object_free(&dev->parent);
        return fm_error_set(error, "Duplicate device ID '%s'", id);
    }
    object_add_child(home, id ? id : "device[*]", &dev->parent);
    if (!klass->plug && device->bus) {
        fm_error_set(error, "No '%s' bus found for device '%s'",
                     device->bus, dev->parent.type->name);
    } else if (object_complete(&dev->parent, root, error) &&
               (!klass->plug || klass->plug(machine, dev, error)) &&
               device_realize(dev, error)) {
        return true;
    }
    object_free(&dev->parent);
    return false;
}

bool machine_check_hotplug(const Machine *machine, const ObjectType *type,
                           GError **error)
{
    const DeviceClass *device = object_type_class(type);
    g_autofree char *bus = NULL;

    if (!device->bus) {
        return fm_error_set(error, "Device '%s' does not support hotplugging",
                            type->name);
    }
    if (!machine_class(machine)->plug) {
        return fm_error_set(error, "No '%s' bus found for device '%s'",
                            device->bus, type->name);
    }
    bus = g_ascii_strdown(device->bus, -1);
    return fm_error_set(error, "Bus '%s.0' does not support hotplugging", bus);
}

Device *machine_find_device(Machine *machine, const char *id)
{
    Object *root = object_root(&machine->parent);
    Object *home = object_container(root, MACHINE_NAMED_DEVICES);
    Object *obj = *id == '/' ? object_resolve(root, id, NULL)
                             : object_child(home, id);
    bool users = obj && (obj->parent == home ||
                         obj->parent == object_container(
                             root, MACHINE_OTHER_DEVICES));

    return users ? (Device *)obj : NULL;
}

bool machine_finish(Machine *machine, GError **error)
{
    const MachineClass *klass = machine_class(machine);

    return !klass->finish || klass->finish(machine, error);
}

/* Running */

static bool machine_reset_one(Object *obj, void *opaque)
{
    if (object_is_a(obj, &device_type)) {
        device_reset((Device *)obj);
    }
    return true;
}

void machine_reset_devices(Machine *machine)
{
    object_foreach(&machine->parent, machine_reset_one, NULL);
}

bool machine_reset(Machine *machine, GError **error)
{
    const MachineClass *klass = machine_class(machine);

    machine->asleep = false;
    machine_reset_devices(machine);
    return !klass->boot || klass->boot(machine, error);
}

void machine_restore_clock(Machine *machine, int64_t now_ns, int64_t utc_us)
{
    if (!machine->setup->rtc_fixed) {
        utc_us = machine_host_time_us(machine->setup);
    }
    clock_restore(&machine->clock, now_ns, utc_us - now_ns / 1000);
}

bool machine_can_wake(const Machine *machine)
{
    return machine_class(machine)->wake;
}

bool machine_wake(Machine *machine, GError **error)
{
    g_assert(machine->asleep);
    machine->asleep = false;
    return machine_class(machine)->wake(machine, error);
}

void machine_request(Machine *machine, MachineRequest request)
{
    if (request == MACHINE_REQUEST_SUSPEND) {
        if (machine->asleep) {
            return;
        }
        machine->asleep = true;
    }
    if (machine->request) {
        machine->request(machine->request_opaque, request);
    }
}

void machine_power_button(Machine *machine)
{
    const MachineClass *klass = machine_class(machine);

    if (klass->power_button) {
        klass->power_button(machine);
    }
}

static bool machine_describe_one(Object *obj, void *opaque)
{
    if (object_is_a(obj, &device_type)) {
        const Device *dev = (Device *)obj;
        const DeviceClass *klass = device_class(dev);

        if (dev->realized && klass->describe) {
            klass->describe(dev, opaque);
        }
    }
    return true;
}

const struct AcpiBlobSet *machine_acpi_blobs(const Machine *machine)
{
    const MachineClass *klass = machine_class(machine);

    return klass->acpi_blobs ? klass->acpi_blobs(machine) : NULL;
}

void machine_describe(Machine *machine, struct AcpiPlatform *platform)
{
    object_foreach(&machine->parent, machine_describe_one, platform);
}

/* Its type */

static void machine_init(Object *obj)
{
    Machine *machine = (Machine *)obj;

    memory_region_init(&machine->memory_root, "memory", UINT64_C(1) << 52);
    memory_region_init(&machine->io_root, "io", UINT64_C(1) << 16);
    address_space_init(&machine->memory, "memory", &machine->memory_root);
    address_space_init(&machine->io, "io", &machine->io_root);
    clock_init(&machine->clock);
    machine->cpus = g_ptr_array_new();
    machine->memories = g_ptr_array_new();
}

static void machine_finalize(Object *obj)
{
    Machine *machine = (Machine *)obj;

    address_space_cleanup(&machine->memory);
    address_space_cleanup(&machine->io);
    memory_region_cleanup(&machine->memory_root);
    memory_region_cleanup(&machine->io_root);
    clock_cleanup(&machine->clock);
    g_ptr_array_unref(machine->memories);
    g_ptr_array_unref(machine->cpus);
}

/** A character is one byte of a table's field; a NUL is two bytes here. */
static bool machine_check_text(const char *property, const char *text,
                               unsigned width, GError **error)
{
    unsigned len = 0;

    for (const char *p = text ? text : ""; *p; p++) {
        len += (*p & 0xc0) != 0x80;     /* a byte that begins one */
    }
    return len <= width ||
           fm_error_set(error, "%s has %u characters, at most %u fit",
                        property, len, width);
}

static bool machine_check(const Object *obj, const void *config,
                          GError **error)
{
    const MachineOptions *options = config;
    const MachineClass *klass = object_type_class(obj->type);

    if (options->acpi == (klass->acpi ? ON_OFF_AUTO_OFF : ON_OFF_AUTO_ON)) {
        return fm_error_set(error, "acpi=%s is not available: a machine of "
                            "type '%s' %s", klass->acpi ? "off" : "on",
                            klass->name, klass->acpi ? "always has ACPI"
                                                     : "never has ACPI");
    }
    if (options->smm == ON_OFF_AUTO_ON) {
        return fm_error_set(error, "smm=on is not available: no processor of "
                            "this version has system management mode");
    }
    if (options->vmport == ON_OFF_AUTO_ON) {
        return fm_error_set(error, "vmport=on is not available: there is no "
                            "such device");
    }
    if (options->usb) {
        return fm_error_set(error, "usb=on is not available: there is no USB "
                            "controller");
    }
    return machine_check_text("x-oem-id", options->x_oem_id, 6, error) &&
           machine_check_text("x-oem-table-id", options->x_oem_table_id, 8,
                              error);
}

static const ObjectLink machine_links[] = {
    { "memory-backend", "/objects", &memory_backend_type,
      offsetof(Machine, ram) },
};

const ObjectType machine_type = {
    .name = "machine",
    .parent = &object_type,
    .doc = "Abstract machine",
    .instance_size = sizeof(Machine),
    .abstract = true,
    .config = &qapi_type_MachineOptions,
    .links = machine_links,
    .n_links = G_N_ELEMENTS(machine_links),
    .init = machine_init,
    .finalize = machine_finalize,
    .check = machine_check,
};
