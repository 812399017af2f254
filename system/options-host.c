/*
 * Options that say what is on the host's side: objects, devices, streams,
 * the process
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "firmament-version.h"
#include "qapi/walker.h"
#include "system/help.h"
#include "system/options.h"
#include "util/error.h"

/** The name at the start of @arg; @key may be before it. */
static char *option_first_name(const char *arg, const char *key)
{
    size_t key_len = strlen(key);

    if (strncmp(arg, key, key_len) == 0 && arg[key_len] == '=') {
        arg += key_len + 1;
    }
    return g_strndup(arg, strcspn(arg, ","));
}

/* Objects, devices, streams */

/**
 * -object and -device: a union whose discriminator is the type's name.
 * `help` alone lists the types, `TYPE,help` the properties.
 */
static bool option_typed(Config *c, GPtrArray *items, const QapiType *type,
                         const char *key, void (*list)(void),
                         const char *option, const char *arg, GError **error)
{
    g_autofree char *name = option_first_name(arg, key);
    bool help = false;
    void *value;

    if (strcmp(arg, "help") == 0 || strcmp(arg, "?") == 0) {
        list();
        c->action = CONFIG_DONE;
        return true;
    }
    value = qapi_parse_option(type, arg, key, &help, error);
    if (help) {
        if (!qapi_find_branch(type, name)) {
            return fm_error_set(error, "'%s' is no %s", name, key);
        }
        help_print_type(type, name, name);
        c->action = CONFIG_DONE;
        return true;
    }
    if (!value) {
        g_autofree char *asked = g_strdup_printf(
            "%.*s %s,help", (int)strcspn(option, " "), option, name);

        option_suggest_help(error, asked);
        return false;
    }
    config_add_item(items, option, type, value);
    return true;
}

bool option_object(Config *c, const char *option, const char *arg,
                   GError **error)
{
    return option_typed(c, c->objects, &qapi_type_ObjectOptions, "qom-type",
                        help_print_objects, option, arg, error);
}

bool option_device(Config *c, const char *option, const char *arg,
                   GError **error)
{
    return option_typed(c, c->devices, &qapi_type_DeviceOptions, "driver",
                        help_print_devices, option, arg, error);
}

bool option_chardev(Config *c, const char *option, const char *arg,
                    GError **error)
{
    return option_typed(c, c->chardevs, &qapi_type_ChardevOptions, "backend",
                        help_print_chardevs, option, arg, error);
}

bool option_mon(Config *c, const char *option, const char *arg, GError **error)
{
    const QapiType *type = &qapi_type_MonitorOptions;
    MonitorOptions *mon = option_parse(c, type, "-mon", arg, "chardev", error);

    if (!mon) {
        return c->action == CONFIG_DONE;
    }
    if (mon->mode == MONITOR_MODE_READLINE && mon->pretty) {
        qapi_free(type, mon);
        return fm_error_set(error, "pretty: only mode=control has it");
    }
    config_add_item(c->monitors, option, type, mon);
    return true;
}

/** -monitor, -qmp and -qmp-pretty: their streams are numbered together. */
static bool option_monitor_stream(Config *c, GPtrArray *streams,
                                  const char *option, const char *arg,
                                  GError **error)
{
    g_autofree char *id = g_strdup_printf("compat_monitor%u", c->hmps->len +
                                          c->qmps->len + c->pretty_qmps->len);

    return config_add_stream(c, streams, option, arg, id, error);
}

bool option_qmp(Config *c, const char *option, const char *arg, GError **error)
{
    return option_monitor_stream(c, c->qmps, option, arg, error);
}

bool option_qmp_pretty(Config *c, const char *option, const char *arg,
                       GError **error)
{
    return option_monitor_stream(c, c->pretty_qmps, option, arg, error);
}

bool option_monitor(Config *c, const char *option, const char *arg,
                    GError **error)
{
    if (strcmp(arg, "vc") == 0 || g_str_has_prefix(arg, "vc:")) {
        return fm_error_set(error, "there is no display that could show it");
    }
    return option_monitor_stream(c, c->hmps, option, arg, error);
}

bool option_serial(Config *c, const char *option, const char *arg,
                   GError **error)
{
    g_autofree char *id = g_strdup_printf("serial%u", c->serials->len);

    if (c->serials->len == 4) {
        return fm_error_set(error, "a machine has at most 4 serial ports");
    }
    return config_add_stream(c, c->serials, option, arg, id, error);
}

bool option_debugcon(Config *c, const char *option, const char *arg,
                     GError **error)
{
    if (c->debugcons->len) {
        return fm_error_set(error, "given twice; for another port use -device "
                            "isa-debugcon,iobase=");
    }
    return config_add_stream(c, c->debugcons, option, arg, "debugcon", error);
}

bool option_qtest(Config *c, const char *option, const char *arg,
                  GError **error)
{
    if (c->qtests->len) {
        return fm_error_set(error, "given twice");
    }
    return config_add_stream(c, c->qtests, option, arg, "qtest", error);
}

bool option_qtest_log(Config *c, const char *option, const char *arg,
                      GError **error)
{
    g_free(c->qtest_log);
    c->qtest_log = g_strdup(arg);
    return true;
}

/* The process */

bool option_name(Config *c, const char *option, const char *arg, GError **error)
{
    const QapiType *type = &qapi_type_NameOptions;
    NameOptions *name = option_parse(c, type, "-name", arg, "guest", error);

    if (!name) {
        return c->action == CONFIG_DONE;
    }
    if (name->process && strlen(name->process) > 15) {
        fm_error_set(error, "process: a process's name has at most 15 bytes");
        qapi_free(type, name);
        return false;
    }
    if (name->guest) {
        g_free(c->guest_name);
        c->guest_name = g_strdup(name->guest);
    }
    if (name->process) {
        g_free(c->process_name);
        c->process_name = g_strdup(name->process);
    }
    qapi_free(type, name);
    return true;
}

bool option_msg(Config *c, const char *option, const char *arg, GError **error)
{
    MessageOptions *message = option_parse(c, &qapi_type_MessageOptions,
                                           "-msg", arg, NULL, error);

    if (!message) {
        return c->action == CONFIG_DONE;
    }
    qapi_free(&qapi_type_MessageOptions, c->message);
    c->message = message;
    return true;
}

bool option_paused(Config *c, const char *option, const char *arg,
                   GError **error)
{
    c->paused = true;
    return true;
}

bool option_nodefaults(Config *c, const char *option, const char *arg,
                       GError **error)
{
    c->no_defaults = true;
    return true;
}

bool option_nographic(Config *c, const char *option, const char *arg,
                      GError **error)
{
    c->setup.no_graphic = true;
    return true;
}

bool option_display(Config *c, const char *option, const char *arg,
                    GError **error)
{
    if (strcmp(arg, "help") == 0) {
        puts("Available display backend types:\nnone");
        c->action = CONFIG_DONE;
        return true;
    }
    return strcmp(arg, "none") == 0 ||
           fm_error_set(error, "'%s' is not available; the only display is "
                        "'none'", arg);
}

bool option_version(Config *c, const char *option, const char *arg,
                    GError **error)
{
    puts("Firmament emulator version " FIRMAMENT_VERSION "\n"
         "Command line, QMP and qtest protocols of QEMU "
         FIRMAMENT_PROTOCOL_LEVEL);
    c->action = CONFIG_DONE;
    return true;
}
