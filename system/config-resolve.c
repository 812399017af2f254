/*
 * The configuration: what follows from all options together
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "qapi/walker.h"
#include "qom/globals.h"
#include "system/config.h"
#include "util/error.h"
#include "util/file.h"
#include "util/report.h"

/** Accelerators that the field knows and we have not. */
static bool config_accel_exists(const char *name)
{
    static const char *const names[] = {
        "hax", "hvf", "kvm", "mshv", "nvmm", "tcg", "whpx", "xen", NULL,
    };

    return g_strv_contains(names, name);
}

/** Without processors there is nothing to accelerate: what was asked for is
 *  as good as what there is. */
static bool config_accel_is_idle(const Config *c, const char *name)
{
    const MachineClass *klass = object_type_class(c->machine_type);

    return !klass->cpu_type && config_accel_exists(name);
}

static bool config_resolve_accel(Config *c, GError **error)
{
    const char *from_machine = c->machine->accel;
    const char *option = from_machine ? "-machine accel=" : "-accel ";
    bool both = from_machine && c->accels->len;

    if (both) {
        return fm_error_set(error, "-accel: cannot be used together with "
                            "-machine accel=");
    }
    if (from_machine) {
        g_auto(GStrv) names = g_strsplit(from_machine, ":", -1);

        for (char **name = names; *name; name++) {
            g_ptr_array_add(c->accels, g_strdup(*name));
        }
    }
    if (!c->accels->len) {
        g_ptr_array_add(c->accels, g_strdup("qtest"));
    }
    for (unsigned i = 0; i < c->accels->len; i++) {
        const char *name = c->accels->pdata[i];

        if (qapi_enum_parse(&qapi_type_AcceleratorKind, name) >= 0) {
            c->accel = g_strdup(name);
            return true;
        }
        if (config_accel_is_idle(c, name)) {
            c->accel = g_strdup("qtest");
            return true;
        }
        if (i + 1 < c->accels->len) {
            report_warning("%s%s: not available; trying the next", option,
                           name);
        } else {
            fm_error_set(error, "%s%s: %s %s%s (-accel help lists them)",
                         option, name,
                         config_accel_exists(name) ? "accelerator"
                                                   : "invalid accelerator",
                         name,
                         config_accel_exists(name)
                         ? " is not available in this version" : "");
        }
    }
    return false;
}

static const char *config_machine_option(const Config *c)
{
    return c->machine_option ? c->machine_option : "-machine";
}

static bool config_find_machine(Config *c, GError **error)
{
    c->machine_type = machine_find_type(c->machine->type);
    return c->machine_type ||
           fm_error_set(error, "%s: unsupported machine type '%s' (-machine "
                        "help lists them)", config_machine_option(c),
                        c->machine->type);
}

static bool config_resolve_machine(Config *c, GError **error)
{
    const MachineClass *klass = object_type_class(c->machine_type);
    const char *option = config_machine_option(c);

    globals_apply(c->setup.globals, c->machine_type, c->machine);
    if (!klass->acpi && (c->machine->dump_acpi ||
                         c->machine->firmware == MACHINE_FIRMWARE_BUILTIN)) {
        return fm_error_set(error, "%s: machine type '%s' has no firmware "
                            "interface and no ACPI tables", option,
                            klass->name);
    }
    if (c->machine->dump_acpi &&
        c->machine->firmware == MACHINE_FIRMWARE_IMAGE) {
        return fm_error_set(error, "%s: dump-acpi needs firmware=builtin",
                            option);
    }
    if (!klass->acpi && c->setup.acpi_tables->len) {
        report_warning("-acpitable: machine type '%s' has no ACPI tables; "
                       "this one is not used", klass->name);
    }
    c->setup.builtin_firmware =
        c->machine->firmware == MACHINE_FIRMWARE_BUILTIN ||
        (c->machine->firmware == MACHINE_FIRMWARE_AUTO &&
         (!c->qtests->len || c->machine->dump_acpi));
    if (c->setup.max_cpus > klass->max_cpus) {
        return fm_error_set(error, "%s: machine type '%s' has at most %u "
                            "processors", c->smp_option, klass->name,
                            klass->max_cpus);
    }
    if (!c->ram_option) {
        c->setup.ram_size = klass->ram_default;
    } else if (!machine_check_ram(c->machine_type, c->setup.ram_size, error)) {
        return fm_error_prefix(error, "%s: ", c->ram_option);
    }
    return true;
}

static ObjectOptions *config_find_object(const Config *c, const char *id)
{
    for (unsigned i = 0; i < c->objects->len; i++) {
        const ConfigItem *item = c->objects->pdata[i];
        ObjectOptions *options = item->value;

        if (strcmp(options->id, id) == 0) {
            return options;
        }
    }
    return NULL;
}

/** The machine's RAM where the user names no memory backend. */
static void config_default_ram(Config *c, const char *id)
{
    ObjectOptions *options = g_new0(ObjectOptions, 1);
    g_autofree char *option = c->mem_path
        ? g_strconcat("-mem-path ", c->mem_path, NULL)
        : g_strdup(c->ram_option ? c->ram_option : "-m (default)");
    MemoryBackendProperties *p;

    options->id = g_strdup(id);
    if (c->mem_path) {
        options->qom_type = OBJECT_KIND_MEMORY_BACKEND_FILE;
        qapi_set_defaults(&qapi_type_MemoryBackendFileProperties,
                          &options->u.memory_backend_file);
        options->u.memory_backend_file.mem_path = g_strdup(c->mem_path);
    } else {
        options->qom_type = OBJECT_KIND_MEMORY_BACKEND_RAM;
        qapi_set_defaults(&qapi_type_MemoryBackendRamProperties,
                          &options->u.memory_backend_ram);
    }
    /* all kinds begin with what they have alike */
    p = (MemoryBackendProperties *)&options->u;
    p->size = c->setup.ram_size;
    p->has_reserve = true;
    p->reserve = false;
    p->dump = c->machine->dump_guest_core;
    p->merge = c->machine->mem_merge;
    config_add_item(c->objects, option, &qapi_type_ObjectOptions, options);
    c->machine->memory_backend = g_strdup(id);
}

/** -mem-prealloc is about the machine's RAM, wherever that comes from. */
static void config_prealloc(ObjectOptions *options)
{
    const QapiBranch *branch =
        qapi_find_branch(&qapi_type_ObjectOptions,
                         qapi_type_ObjectKind.values[options->qom_type]);
    const QapiMember *member = qapi_find_member(branch->type, "prealloc");
    char *arm = (char *)options + branch->offset;
    bool *given;

    if (member) {
        given = (bool *)(arm + member->has_offset);
        *(bool *)(arm + member->offset) |= !*given;
        *given = true;
    }
}

static bool config_resolve_ram(Config *c, GError **error)
{
    const MachineClass *klass = object_type_class(c->machine_type);
    const char *id = c->machine->memory_backend;
    ObjectOptions *options;

    if (id && c->mem_path) {
        return fm_error_set(error, "-mem-path %s: cannot be used together "
                            "with -machine memory-backend=", c->mem_path);
    }
    if (!id && config_find_object(c, klass->ram_id)) {
        return fm_error_set(error, "-object id=%s: this ID is kept for the "
                            "machine's own RAM; -machine memory-backend=%s "
                            "makes the object that", klass->ram_id,
                            klass->ram_id);
    }
    if (!id && c->setup.ram_size) {
        config_default_ram(c, klass->ram_id);
    } else if (!id && (c->mem_path || c->mem_prealloc)) {
        report_warning("%s: the machine has no RAM; there is no use for it",
                       c->mem_path ? "-mem-path" : "-mem-prealloc");
    }
    id = c->machine->memory_backend;
    options = id && c->mem_prealloc ? config_find_object(c, id) : NULL;
    if (options) {
        config_prealloc(options);
    }
    return true;
}

static bool config_resolve_qtest(Config *c, GError **error)
{
    ConfigStream *qtest = c->qtests->len ? c->qtests->pdata[0] : NULL;

    if (qtest && !qtest->chardev) {
        g_ptr_array_set_size(c->qtests, 0);
    }
    if (!qtest && c->qtest_log) {
        return fm_error_set(error, "-qtest-log %s: needs -qtest",
                            c->qtest_log);
    }
    return true;
}

/** A serial port that nobody asked for, unless nobody wanted any. */
static void config_default_serial(Config *c)
{
    const MachineClass *klass = object_type_class(c->machine_type);

    if (!c->no_defaults && !c->serials->len && klass->plug) {
        const char *text = c->setup.no_graphic ? "stdio" : "null";

        config_add_stream(c, c->serials, "-serial (default)", text, "serial0",
                      NULL);
    }
}

/** Somebody has to be able to end it. */
static bool config_resolve_preconfig(const Config *c, GError **error)
{
    const GPtrArray *const lists[] = { c->hmps, c->qmps, c->pretty_qmps };
    bool monitor = c->monitors->len > 0;

    if (!c->preconfig) {
        return true;
    }
    for (size_t k = 0; k < G_N_ELEMENTS(lists); k++) {
        for (unsigned i = 0; i < lists[k]->len; i++) {
            monitor |= ((ConfigStream *)lists[k]->pdata[i])->chardev != NULL;
        }
    }
    if (!monitor) {
        return fm_error_set(error, "-preconfig: needs a monitor (-qmp, "
                            "-monitor), where x-exit-preconfig or "
                            "exit_preconfig is given");
    }
    if (c->machine->dump_acpi) {
        return fm_error_set(error, "-preconfig: cannot be used together with "
                            "-machine dump-acpi=");
    }
    return true;
}

/** The option that reads standard input; NULL: none does. */
static const char *config_find_stdio(const Config *c)
{
    for (unsigned i = 0; i < c->chardevs->len; i++) {
        const ConfigItem *item = c->chardevs->pdata[i];
        const ChardevOptions *chardev = item->value;

        if (chardev->backend == CHARDEV_BACKEND_KIND_STDIO) {
            return item->option;
        }
    }
    return NULL;
}

static bool config_resolve_incoming(const Config *c, GError **error)
{
    const char *stdio = config_find_stdio(c);

    if (!c->incoming) {
        return true;
    }
    if (c->machine->dump_acpi) {
        return fm_error_set(error, "-incoming %s: cannot be used together with "
                            "-machine dump-acpi=", c->incoming);
    }
    return strcmp(c->incoming, "fd:0") != 0 || !stdio ||
           fm_error_set(error, "-incoming fd:0: standard input is read by %s "
                        "already", stdio);
}

/** It is opened when the machine is built, which is later. */
static void config_keep_incoming(Config *c)
{
    const char *path = strchr(c->incoming, ':');
    g_autofree char *protocol = NULL, *absolute = NULL;

    if (!path || g_str_has_prefix(c->incoming, "fd:")) {
        return;
    }
    path++;
    protocol = g_strndup(c->incoming, (size_t)(path - c->incoming));
    absolute = file_absolute_path(path);
    g_free(c->incoming);
    c->incoming = g_strconcat(protocol, absolute, NULL);
}

/** Nobody is at the terminal, and relative names have to be kept. */
static bool config_resolve_daemon(Config *c, GError **error)
{
    const char *stdio = config_find_stdio(c);

    if (!c->daemonize) {
        return true;
    }
    if (c->machine->dump_acpi) {
        return fm_error_set(error, "-daemonize: cannot be used together with "
                            "-machine dump-acpi=");
    }
    if (c->incoming && c->preconfig) {
        config_keep_incoming(c);
    }
    if (stdio && g_str_has_suffix(stdio, " (default)")) {
        return fm_error_set(error, "-nographic: cannot be used together with "
                            "-daemonize while something is left on standard "
                            "input/output; add -nodefaults");
    }
    if (stdio) {
        return fm_error_set(error, "%s: cannot use stdio with -daemonize",
                            stdio);
    }
    if (c->qtest_log && strcmp(c->qtest_log, "none") != 0) {
        char *path = file_absolute_path(c->qtest_log);

        g_free(c->qtest_log);
        c->qtest_log = path;
    }
    return true;
}

bool config_resolve(Config *c, GError **error)
{
    if (!config_resolve_qtest(c, error) || !config_find_machine(c, error) ||
        !config_resolve_accel(c, error) || !config_resolve_machine(c, error) ||
        !config_resolve_ram(c, error) || !config_resolve_preconfig(c, error)) {
        return false;
    }
    config_default_serial(c);
    return config_resolve_incoming(c, error) &&
           config_resolve_daemon(c, error);
}
