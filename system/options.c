/*
 * The command line: one table of options
 *
 * Station one of the data's way (docs/devel/boot-flow.rst).  An option's
 * handler (options-machine.c, options-host.c) turns its argument into typed
 * values of the Config; whatever it finds wrong is told with the option and
 * its argument in front.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/options.h"

#include <stdio.h>
#include <string.h>

#include "util/error.h"
#include "util/report.h"

typedef struct OptionDef {
    const char *name;
    const char *meta;           /* NULL: takes no argument */
    const char *help;
    OptionHandler *apply;       /* NULL: accepted, no effect */
} OptionDef;

static OptionHandler option_help;

static const OptionDef option_defs[] = {
    { "machine", "[type=]NAME[,PROP=VALUE...]",
      "select the machine (-machine help lists them)", option_machine },
    { "M", "NAME[,...]", "the same", option_machine },
    { "accel", "[accel=]NAME",
      "select who runs the processors; repeat to fall back", option_accel },
    { "cpu", "MODEL[,FEATURE...]", "select the CPU model", option_cpu },
    { "m", "[size=]MEGS", "RAM size (default: 128M)", option_m },
    { "smp", "[[cpus=]N][,maxcpus=N][,sockets=N][,dies=N][,cores=N]"
      "[,threads=N]", "number of processors (default: 1)", option_smp },
    { "uuid", "UUID", "the machine's UUID", option_uuid },
    { "name", "[guest=]NAME[,process=NAME]", "names of machine and process",
      option_name },
    { "bios", "FILE", "firmware image for the ROM", option_bios },
    { "acpitable", "[sig=SIG][,rev=N][,oem_id=ID][,oem_table_id=ID]"
      "[,oem_rev=N][,asl_compiler_id=ID][,asl_compiler_rev=N]"
      ",{file|data}=FILE[:FILE...]", "add an ACPI table", option_acpitable },
    { "fw_cfg", "[name=]NAME,{file=FILE|string=TEXT}", "add a file to fw_cfg",
      option_fw_cfg },
    { "object", "TYPE,id=ID[,PROP=VALUE...]",
      "create an object (-object help lists the types)", option_object },
    { "device", "DRIVER[,id=ID][,PROP=VALUE...]",
      "add a device (-device help lists the drivers)", option_device },
    { "chardev", "BACKEND,id=ID[,PROP=VALUE...]",
      "create a character device (-chardev help lists the kinds)",
      option_chardev },
    { "serial", "STREAM", "serial port on a stream", option_serial },
    { "debugcon", "STREAM", "debug port 0xe9 on a stream", option_debugcon },
    { "monitor", "STREAM", "monitor for people on a stream of its own "
      "(default: none)", option_monitor },
    { "qmp", "STREAM", "QMP monitor on a stream", option_qmp },
    { "qmp-pretty", "STREAM", "the same, with indented answers",
      option_qmp_pretty },
    { "mon", "[chardev=]ID[,mode=readline|control][,pretty=on|off]",
      "monitor on a character device: for people, or QMP", option_mon },
    { "qtest", "STREAM", "let a test drive the machine", option_qtest },
    { "qtest-log", "FILE|none", "where the test's conversation is logged",
      option_qtest_log },
    { "S", NULL, "do not start the machine ('cont' does)", option_paused },
    { "nodefaults", NULL, "no devices but those asked for",
      option_nodefaults },
    { "no-user-config", NULL, "accepted; no configuration file is read",
      NULL },
    { "nographic", NULL, "no display; serial port on standard input/output, and "
      "no monitor there",
      option_nographic },
    { "display", "none", "no display", option_display },
    { "msg", "[timestamp=on|off][,guest-name=on|off]",
      "how lines on standard error begin", option_msg },
    { "help", NULL, "this text", option_help },
    { "h", NULL, "the same", option_help },
    { "version", NULL, "the version", option_version },
};

static bool option_help(Config *c, const char *option, const char *arg,
                        GError **error)
{
    puts("usage: firmament-system-x86_64 [options]\n\n"
         "STREAM is one of stdio, null, none, file:PATH, chardev:ID,\n"
         "unix:PATH[,server=on][,wait=off], tcp:HOST:PORT[,server=on]...\n");
    for (size_t i = 0; i < G_N_ELEMENTS(option_defs); i++) {
        const OptionDef *def = &option_defs[i];

        printf("-%s%s%s\n        %s\n", def->name, def->meta ? " " : "",
               def->meta ? def->meta : "", def->help);
    }
    c->action = CONFIG_DONE;
    return true;
}

static const OptionDef *option_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(option_defs); i++) {
        if (strcmp(option_defs[i].name, name) == 0) {
            return &option_defs[i];
        }
    }
    return NULL;
}

/** Options that command lines for other emulators often have. */
static const char *const options_elsewhere[] = {
    "action", "add-fd", "append", "audio", "blockdev", "boot", "cdrom", "d",
    "D", "daemonize", "dfilter", "drive", "enable-kvm", "gdb", "global", "hda",
    "hdb", "icount", "incoming", "initrd", "k", "kernel", "L", "loadvm",
    "mem-path", "mem-prealloc", "net", "netdev", "nic",
    "no-reboot", "no-shutdown", "numa", "overcommit", "parallel", "pidfile",
    "preconfig", "readconfig", "rtc", "run-with", "s", "sandbox",
    "set", "smbios", "snapshot", "spice", "tpmdev", "trace", "usb", "vga",
    "vnc", "watchdog-action", "writeconfig", NULL,
};

static bool option_is_about_messages(const OptionDef *def)
{
    return def->apply == option_msg || def->apply == option_name;
}

/**
 * Take the options of one pass: those that say how messages look come first,
 * so that it counts for the messages about all others.
 */
static bool option_pass(Config *c, int argc, char **argv, bool messages,
                        GError **error)
{
    for (int i = 1; i < argc && c->action != CONFIG_DONE; i++) {
        const char *word = argv[i];
        const char *name = word[0] == '-' && word[1] == '-' ? word + 2
                                                            : word + 1;
        const OptionDef *def = word[0] == '-' ? option_find(name) : NULL;
        g_autofree char *option = NULL;
        const char *arg = NULL;

        if (!def && word[0] == '-' && g_strv_contains(options_elsewhere, name)) {
            return fm_error_set(error, "%s: not available in this version",
                                word);
        }
        if (!def) {
            return fm_error_set(error, "%s: invalid option (-help lists them)",
                                word);
        }
        if (def->meta && i + 1 == argc) {
            return fm_error_set(error, "-%s: requires an argument", def->name);
        }
        if (def->meta) {
            arg = argv[++i];
        }
        option = arg ? g_strdup_printf("-%s %s", def->name, arg)
                     : g_strdup_printf("-%s", def->name);
        if (option_is_about_messages(def) == messages && def->apply &&
            !def->apply(c, option, arg, error)) {
            return fm_error_prefix(error, "%s: ", option);
        }
    }
    return true;
}

Config *config_parse(int argc, char **argv, GError **error)
{
    g_autoptr(Config) c = config_new();

    if (!option_pass(c, argc, argv, true, error)) {
        return NULL;
    }
    report_configure(c->message->timestamp,
                     c->message->guest_name ? c->guest_name : NULL);
    if (!option_pass(c, argc, argv, false, error)) {
        return NULL;
    }
    if (c->action != CONFIG_DONE && !config_resolve(c, error)) {
        return NULL;
    }
    return g_steal_pointer(&c);
}
