/*
 * The configuration: its life
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/config.h"

#include <string.h>

#include "chardev/char.h"
#include "qapi/walker.h"

static void config_item_free(void *p)
{
    ConfigItem *item = p;

    qapi_free(item->type, item->value);
    /* what was typed may have been a secret */
    explicit_bzero(item->option, strlen(item->option));
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

static void config_global_free(void *global)
{
    qapi_free(&qapi_type_GlobalOptions, global);
}

Config *config_new(void)
{
    Config *c = g_new0(Config, 1);

    c->machine = qapi_new(&qapi_type_MachineOptions);
    c->message = qapi_new(&qapi_type_MessageOptions);
    c->accels = g_ptr_array_new_with_free_func(g_free);
    c->setup.acpi_tables =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    c->setup.globals = g_ptr_array_new_with_free_func(config_global_free);
    c->setup.files = g_ptr_array_new_with_free_func(machine_file_free);
    c->setup.n_cpus = c->setup.max_cpus = 1;
    c->setup.topology = (CpuTopology){ 1, 1, 1 };
    c->files = g_ptr_array_new_with_free_func(
        (GDestroyNotify)g_ptr_array_unref);
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
    c->added_fds = g_array_new(FALSE, FALSE, sizeof(int));
    c->data_dirs = g_ptr_array_new_with_free_func(g_free);
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
    g_free(c->mem_path);
    g_free(c->qtest_log);
    g_array_unref(c->added_fds);
    g_free(c->guest_name);
    g_free(c->process_name);
    g_free(c->pidfile);
    process_user_free(c->user);
    g_free(c->user_option);
    g_free(c->chroot);
    g_free(c->chroot_option);
    qapi_free(&qapi_type_SandboxOptions, c->sandbox);
    g_free(c->sandbox_option);
    g_free(c->log_path);
    g_free(c->incoming);
    g_free((char *)c->setup.cpu_model);
    g_clear_pointer(&c->setup.bios, g_bytes_unref);
    g_clear_pointer(&c->setup.splash, g_bytes_unref);
    qapi_free(&qapi_type_BootOptions, c->setup.boot);
    GPtrArray *const lists[] = {
        c->accels, c->files, c->setup.acpi_tables, c->setup.globals,
        c->setup.files, c->chardevs,
        c->objects, c->devices, c->monitors, c->qmps, c->pretty_qmps,
        c->hmps, c->serials, c->debugcons, c->qtests, c->data_dirs,
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
