/*
 * The configuration: its life, and what follows from all options together
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/config.h"

#include <string.h>

#include "chardev/char.h"
#include "qapi/walker.h"
#include "util/error.h"
#include "util/report.h"

static void config_item_free(void *p)
{
    ConfigItem *item = p;

    qapi_free(item->type, item->value);
    g_free(item->option);
    g_free(item);
}

static void config_stream_free(void *p)
{
    ConfigStream *stream = p;

    g_free(stream->option);
    g_free(stream->chardev);
    g_free(stream);
}

static void machine_file_free(void *p)
{
    MachineFile *file = p;

    g_free(file->option);
    g_free(file->name);
    g_bytes_unref(file->content);
    g_free(file);
}

Config *config_new(void)
{
    Config *c = g_new0(Config, 1);

    c->machine = qapi_new(&qapi_type_MachineOptions);
    c->message = qapi_new(&qapi_type_MessageOptions);
    c->accels = g_ptr_array_new_with_free_func(g_free);
    c->setup.acpi_tables =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    c->setup.files = g_ptr_array_new_with_free_func(machine_file_free);
    c->setup.n_cpus = c->setup.max_cpus = 1;
    c->chardevs = g_ptr_array_new_with_free_func(config_item_free);
    c->objects = g_ptr_array_new_with_free_func(config_item_free);
    c->devices = g_ptr_array_new_with_free_func(config_item_free);
    c->monitors = g_ptr_array_new_with_free_func(config_item_free);
    c->qmps = g_ptr_array_new_with_free_func(config_stream_free);
    c->pretty_qmps = g_ptr_array_new_with_free_func(config_stream_free);
    c->hmps = g_ptr_array_new_with_free_func(config_stream_free);
    c->serials = g_ptr_array_new_with_free_func(config_stream_free);
    c->debugcons = g_ptr_array_new_with_free_func(config_stream_free);
    c->qtests = g_ptr_array_new_with_free_func(config_stream_free);
    return c;
}

void config_free(Config *c)
{
    if (!c) {
        return;
    }
    g_free(c->machine_option);
    qapi_free(&qapi_type_MachineOptions, c->machine);
    qapi_free(&qapi_type_MessageOptions, c->message);
    g_free(c->accel);
    g_free(c->ram_option);
    g_free(c->smp_option);
    g_free(c->qtest_log);
    g_free(c->guest_name);
    g_free(c->process_name);
    g_free((char *)c->setup.cpu_model);
    g_clear_pointer(&c->setup.bios, g_bytes_unref);
    GPtrArray *const lists[] = {
        c->accels, c->setup.acpi_tables, c->setup.files, c->chardevs,
        c->objects, c->devices, c->monitors, c->qmps, c->pretty_qmps,
        c->hmps, c->serials, c->debugcons, c->qtests,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_ptr_array_unref(lists[i]);
    }
    g_free(c);
}

void config_add_item(GPtrArray *items, const char *option,
                            const QapiType *type, void *value)
{
    ConfigItem *item = g_new(ConfigItem, 1);

    *item = (ConfigItem){ g_strdup(option), type, value };
    g_ptr_array_add(items, item);
}

bool config_add_stream(Config *c, GPtrArray *streams, const char *option,
                       const char *text, const char *id, GError **error)
{
    ConfigStream *stream = g_new0(ConfigStream, 1);

    stream->option = g_strdup(option);
    g_ptr_array_add(streams, stream);
    if (strcmp(text, "none") == 0) {
        return true;
    }
    if (g_str_has_prefix(text, "chardev:")) {
        stream->chardev = g_strdup(text + strlen("chardev:"));
    } else {
        ChardevOptions *options = chardev_parse_shorthand(text, id, error);

        if (!options) {
            return false;
        }
        config_add_item(c->chardevs, option, &qapi_type_ChardevOptions,
                        options);
        stream->chardev = g_strdup(id);
    }
    return true;
}

/* What follows from all together */

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
        if (i + 1 < c->accels->len) {
            report_warning("%s%s: not available; trying the next", option,
                           name);
        } else {
            fm_error_set(error, "%s%s: invalid accelerator %s (-accel help "
                         "lists them)", option, name, name);
        }
    }
    return false;
}

static bool config_resolve_machine(Config *c, GError **error)
{
    const MachineClass *klass;
    const char *option = c->machine_option ? c->machine_option : "-machine";

    c->machine_type = machine_find_type(c->machine->type);
    if (!c->machine_type) {
        return fm_error_set(error, "%s: unsupported machine type '%s' "
                            "(-machine help lists them)", option,
                            c->machine->type);
    }
    klass = object_type_class(c->machine_type);
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

bool config_resolve(Config *c, GError **error)
{
    if (!config_resolve_qtest(c, error) || !config_resolve_accel(c, error) ||
        !config_resolve_machine(c, error)) {
        return false;
    }
    config_default_serial(c);
    return true;
}
