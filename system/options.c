/*
 * The command line: one table of options
 *
 * Station one of the data's way (docs/devel/boot-flow.rst).  An option's
 * handler (options-*.c) turns its argument into typed values of the Config;
 * whatever it finds wrong is told with the option and its argument in front.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/options.h"

#include <stdio.h>
#include <string.h>

#include "system/help.h"
#include "system/readconfig.h"
#include "util/error.h"
#include "util/file.h"
#include "util/nearest.h"
#include "util/report.h"

typedef struct OptionDef {
    const char *name;           /* NULL: begins a group */
    const char *meta;           /* NULL: takes no argument */
    const char *help;
    OptionHandler *apply;       /* NULL: accepted, no effect */
} OptionDef;

static OptionHandler option_help, option_readconfig;

/** A row without a name begins a group of -help; its text is the title. */
static const OptionDef option_defs[] = {
    { NULL, NULL, "The machine", NULL },
    { "machine", "[type=]NAME[,PROP=VALUE...]",
      "select the machine (-machine help lists them, -machine NAME,help their "
      "properties)", option_machine },
    { "M", "[type=]NAME[,PROP=VALUE...]", "the same as -machine",
      option_machine },
    { "accel", "[accel=]NAME",
      "select who runs the processors; repeat to fall back (-accel help lists "
      "them)", option_accel },
    { "enable-kvm", NULL, "short for -accel kvm", option_enable_kvm },
    { "cpu", "MODEL[,FEATURE...]",
      "select the CPU model (-cpu help lists them); features are accepted, no "
      "processor of this version has them to show", option_cpu },
    { "smp", "[[cpus=]N][,maxcpus=N][,sockets=N][,dies=N]"
      "[,clusters=1][,cores=N][,threads=N]",
      "number of processors (default: 1)", option_smp },
    { "m", "[size=]SIZE[,slots=0][,maxmem=SIZE]",
      "RAM size, in MiB or with a suffix: -m 2G (default: 128M)", option_m },
    { "mem-path", "PATH", "RAM is a file; PATH is it, or its directory",
      option_mem_path },
    { "mem-prealloc", NULL, "have all RAM at the start",
      option_mem_prealloc },
    { "boot", "[order=]DRIVES[,once=DRIVES][,menu=on|off][,splash=FILE]"
      "[,splash-time=MS][,reboot-timeout=MS][,strict=on|off]",
      "where firmware boots from", option_boot },
    { "rtc", "[base=utc|localtime|DATE][,clock=host|rt|vm]"
      "[,driftfix=none|slew]", "what the real-time clock shows", option_rtc },
    { "uuid", "UUID", "the machine's UUID", option_uuid },
    { "name", "[guest=]NAME[,process=NAME][,debug-threads=on|off]",
      "names of machine and process", option_name },
    { "no-acpi", NULL, "short for -machine acpi=off", option_no_acpi },
    { "no-hpet", NULL, "short for -machine hpet=off", option_no_hpet },

    { NULL, NULL, "Firmware and what it is told", NULL },
    { "acpitable", "[sig=SIG][,rev=N][,oem_id=ID][,oem_table_id=ID]"
      "[,oem_rev=N][,asl_compiler_id=ID][,asl_compiler_rev=N]"
      ",{file|data}=FILE[:FILE...]", "add an ACPI table", option_acpitable },
    { "fw_cfg", "[name=]NAME,{file=FILE|string=TEXT}", "add a file to fw_cfg",
      option_fw_cfg },
    { "bios", "FILE", "firmware image for the ROM", option_bios },
    { "L", "DIR", "look for firmware images here first (-L help shows the "
      "search path)", option_data_dir },

    { NULL, NULL, "Devices and objects", NULL },
    { "device", "DRIVER[,id=ID][,PROP=VALUE...]",
      "add a device (-device help lists the drivers, -device DRIVER,help their "
      "properties)", option_device },
    { "object", "TYPE,id=ID[,PROP=VALUE...]",
      "create an object (-object help lists the types, -object TYPE,help their "
      "properties)", option_object },
    { "global", "DRIVER.PROP=VALUE", "a value for a property of all devices, "
      "objects and machines of a type; also as "
      "driver=DRIVER,property=PROP,value=VALUE", option_global },
    { "nodefaults", NULL, "no devices but those asked for",
      option_nodefaults },
    { "serial", "STREAM", "serial port on a stream", option_serial },
    { "debugcon", "STREAM", "debug port 0xe9 on a stream", option_debugcon },
    { "parallel", "none", "no parallel port; this version has none",
      option_parallel },
    { "nographic", NULL, "no display; serial port on standard input/output, "
      "and no monitor there", option_nographic },
    { "display", "none", "no display; this version has none", option_display },
    { "vga", "none", "no display device; this version has none", option_vga },
    { "k", "LANGUAGE", "accepted; no display of this version has a keyboard",
      NULL },
    { "net", "none", "no network; this version has none", option_net },
    { "nic", "none", "the same as -net none", option_net },
    { "audiodev", "[driver=]none,id=ID", "sound goes nowhere",
      option_audiodev },

    { NULL, NULL, "Streams", NULL },
    { "chardev", "BACKEND,id=ID[,PROP=VALUE...]",
      "create a character device, which other options name by its ID "
      "(-chardev help lists the kinds)", option_chardev },
    { "add-fd", "fd=N,set=N[,opaque=TEXT]",
      "add a descriptor to the set that /dev/fdset/N opens", option_add_fd },

    { NULL, NULL, "Monitors and tests", NULL },
    { "monitor", "STREAM", "monitor for people on a stream of its own "
      "(default: none)", option_monitor },
    { "qmp", "STREAM", "monitor for programs, QMP, on a stream", option_qmp },
    { "qmp-pretty", "STREAM", "the same as -qmp, with indented answers",
      option_qmp_pretty },
    { "mon", "[chardev=]ID[,mode=readline|control][,pretty=on|off]",
      "monitor on a character device: for people (readline), or QMP (control)",
      option_mon },
    { "qtest", "STREAM", "let a test drive the machine", option_qtest },
    { "qtest-log", "FILE|none", "where the test's conversation is logged "
      "(default: standard error)", option_qtest_log },

    { NULL, NULL, "Start, stop, reset", NULL },
    { "S", NULL, "do not start the machine; a monitor's 'cont' does",
      option_paused },
    { "preconfig", NULL, "build the machine when a monitor says so "
      "(x-exit-preconfig; for people: exit_preconfig)", option_preconfig },
    { "incoming", "defer|file:PATH|fd:N|unix:PATH",
      "restore a machine that was saved (migrate) instead of starting a new "
      "one: from a file, from descriptor N that was passed, or from who "
      "connects to this socket; defer: migrate-incoming says from where",
      option_incoming },
    { "action", "[reboot=reset|shutdown][,shutdown=poweroff|pause]"
      "[,panic=ACTION][,watchdog=ACTION]",
      "what becomes of the machine when something happens to it",
      option_action },
    { "no-reboot", NULL, "short for -action reboot=shutdown",
      option_no_reboot },
    { "no-shutdown", NULL, "short for -action shutdown=pause",
      option_no_shutdown },
    { "watchdog-action", "ACTION", "short for -action watchdog=ACTION",
      option_watchdog_action },

    { NULL, NULL, "The process", NULL },
    { "daemonize", NULL, "go into the background once everything is ready",
      option_daemonize },
    { "pidfile", "FILE", "write the process's number to a file",
      option_pidfile },
    { "run-with", "[user=NAME|UID:GID][,chroot=DIR]",
      "give up privileges before the machine runs", option_run_with },
    { "runas", "NAME|UID:GID", "the same as -run-with user=", option_runas },
    { "chroot", "DIR", "the same as -run-with chroot=", option_chroot },
    { "sandbox", "on[,obsolete=allow|deny]"
      "[,elevateprivileges=allow|deny|children][,spawn=allow|deny]"
      "[,resourcecontrol=allow|deny]",
      "deny system calls that are not needed", option_sandbox },
    { "overcommit", "[mem-lock=on|off][,cpu-pm=off]",
      "lock the process's memory, so that none is paged out",
      option_overcommit },
    { "d", "ITEM[,...]", "log these (-d help lists them)", option_log },
    { "D", "FILE", "where -d logs to; %d in the name is the process's number "
      "(default: standard error)", option_log_file },
    { "msg", "[timestamp=on|off][,guest-name=on|off]",
      "how lines on standard error begin", option_msg },

    { NULL, NULL, "The command line", NULL },
    { "readconfig", "FILE", "more options, from a file: sections as in "
      "[device \"ID\"], and lines as in driver = \"isa-serial\"",
      option_readconfig },
    { "no-user-config", NULL, "accepted; no configuration file is read",
      NULL },
    { "help", NULL, "this text", option_help },
    { "h", NULL, "the same as -help", option_help },
    { "version", NULL, "the version", option_version },
};

static bool option_help(Config *c, const char *option, const char *arg,
                        GError **error)
{
    puts("usage: firmament-system-x86_64 [option...]\n\n"
         "An option may begin with one or two dashes.  PROP=VALUE lists may "
         "also be JSON\nobjects.  STREAM is one of stdio, null, none, pty, "
         "file:PATH, pipe:PATH,\nchardev:ID, unix:PATH[,server=on][,wait=off], "
         "tcp:HOST:PORT[,server=on]...");
    for (size_t i = 0; i < G_N_ELEMENTS(option_defs); i++) {
        const OptionDef *def = &option_defs[i];

        if (!def->name) {
            printf("\n%s:\n\n", def->help);
            continue;
        }
        printf("-%s%s%s\n", def->name, def->meta ? " " : "",
               def->meta ? def->meta : "");
        help_print_text(def->help);
    }
    c->action = CONFIG_DONE;
    return true;
}

/** @name may be NULL: what does not begin with a dash is none. */
static const OptionDef *option_find(const char *name)
{
    for (size_t i = 0; name && i < G_N_ELEMENTS(option_defs); i++) {
        if (g_strcmp0(option_defs[i].name, name) == 0) {
            return &option_defs[i];
        }
    }
    return NULL;
}

/** Options that command lines for other emulators often have. */
static const char *const options_elsewhere[] = {
    "append", "async-teardown", "audio", "audio-help", "blockdev", "cdrom",
    "compat", "dfilter", "drive", "dtb", "dump-vmstate", "echr",
    "enable-sync-profile", "fda", "fdb", "fsdev", "full-screen", "gdb",
    "hda", "hdb", "hdc", "hdd", "icount", "initrd", "iscsi",
    "kernel", "loadvm", "mtdblock", "netdev", "no-fd-bootchk", "numa",
    "only-migratable", "option-rom", "pflash", "plugin", "portrait",
    "rotate", "s", "sd", "seed", "set", "singlestep", "smbios", "snapshot",
    "spice", "tpmdev", "trace", "usb", "usbdevice", "virtfs", "vnc",
    "win2k-hack", "writeconfig", "xen-attach", "xen-domid",
    "xen-domid-restrict", NULL,
};

static bool option_unknown(const char *word, const char *name, GError **error)
{
    Nearest nearest = { .name = NULL };

    if (!name) {
        return fm_error_set(error, "%s: invalid option: options begin with "
                            "'-'; disk images are not available in this "
                            "version", *word ? word : "''");
    }
    if (g_strv_contains(options_elsewhere, name)) {
        return fm_error_set(error, "%s: not available in this version", word);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(option_defs); i++) {
        if (option_defs[i].name) {
            nearest_offer(&nearest, name, option_defs[i].name);
        }
    }
    return nearest.name
           ? fm_error_set(error, "%s: invalid option (did you mean -%s? -help "
                          "lists all)", word, nearest.name)
           : fm_error_set(error, "%s: invalid option (-help lists them)", word);
}

/* In both passes: what a file says is as good as if it were said here */
static bool option_readconfig(Config *c, const char *option, const char *arg,
                              GError **error)
{
    g_assert_not_reached();
}

/** Those that count for others, wherever they stand. */
static bool option_comes_first(const OptionDef *def)
{
    return def->apply == option_msg || def->apply == option_name ||
           def->apply == option_add_fd || def->apply == option_data_dir;
}

/** @first: whether it is the turn of those that count for others. */
static bool option_apply(Config *c, const OptionDef *def, const char *option,
                         const char *arg, bool first, GError **error)
{
    return option_comes_first(def) != first || !def->apply ||
           def->apply(c, option, arg, error);
}

static bool option_read_sections(Config *c, const char *path, GError **error)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    GPtrArray *sections;

    if (!file_append(path, READCONFIG_MAX, text, error)) {
        return false;
    }
    sections = readconfig_parse((const char *)text->data, text->len, error);
    if (sections) {
        g_ptr_array_add(c->files, sections);
    }
    return sections != NULL;
}

/** A file that is a pipe can be read once, so the first pass keeps it. */
static bool option_read_file(Config *c, const char *option, const char *path,
                             bool first, GError **error)
{
    const GPtrArray *sections;

    if (first && !option_read_sections(c, path, error)) {
        return false;
    }
    sections = c->files->pdata[first ? c->files->len - 1 : c->next_file++];
    for (unsigned i = 0; i < sections->len && c->action != CONFIG_DONE; i++) {
        const ReadconfigSection *section = sections->pdata[i];
        g_autofree char *source = g_strdup_printf("%s: %s", option,
                                                  section->where);

        if (!option_apply(c, option_find(section->group->option), source,
                          section->arg->str, first, error)) {
            return fm_error_prefix(error, "%s: ", section->where);
        }
    }
    return true;
}

/**
 * Take the options of one pass: those that say how messages look come first,
 * so that it counts for the messages about all others; so do descriptors, which
 * others may name, and the places where files are looked for.
 */
static bool option_pass(Config *c, int argc, char **argv, bool first,
                        GError **error)
{
    for (int i = 1; i < argc && c->action != CONFIG_DONE; i++) {
        const char *word = argv[i];
        const char *name = word[0] == '-' ? word + 1 + (word[1] == '-') : NULL;
        const OptionDef *def = option_find(name);
        g_autofree char *option = NULL;
        const char *arg = NULL;
        bool ok;

        if (!def) {
            return option_unknown(word, name, error);
        }
        if (def->meta && i + 1 == argc) {
            return fm_error_set(error, "-%s: requires an argument", def->name);
        }
        if (def->meta) {
            arg = argv[++i];
        }
        option = arg ? g_strdup_printf("-%s %s", def->name, arg)
                     : g_strdup_printf("-%s", def->name);
        ok = def->apply == option_readconfig
             ? option_read_file(c, option, arg, first, error)
             : option_apply(c, def, option, arg, first, error);
        if (!ok) {
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
    options_close_added_fds(c);
    if (!option_pass(c, argc, argv, false, error)) {
        return NULL;
    }
    if (c->action != CONFIG_DONE && !config_resolve(c, error)) {
        return NULL;
    }
    return g_steal_pointer(&c);
}
