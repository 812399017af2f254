/*
 * The command line's options: what they have alike, and their handlers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_OPTIONS_H
#define SYSTEM_OPTIONS_H

#include "system/config.h"

/**
 * OptionHandler: take one option.
 * @c: what has been read so far
 * @option: name and argument, as given: "-m 64"
 * @arg: the argument; NULL if the option takes none
 *
 * Returns: false with @error set, without the option in front.  c->action is
 * CONFIG_DONE if help was asked for and printed.
 */
typedef bool OptionHandler(Config *c, const char *option, const char *arg,
                           GError **error);

/** An option that has parameters. */
typedef struct OptionGroup {
    const char *name;           /* in introspection and in a configuration
                                   file */
    const char *option;         /* on the command line, without the dash */
    const QapiType *type;       /* of its argument */
    const char *id;             /* what `[name "ID"]` in a file sets; NULL: such
                                   a section has no name of its own */
} OptionGroup;

/** option_groups: all of them; ends with one that has no name. */
const OptionGroup *option_groups(void);

/* options-machine.c */
OptionHandler option_machine, option_accel, option_cpu, option_m, option_smp,
    option_uuid, option_mem_path, option_mem_prealloc;

/* options-firmware.c */
OptionHandler option_bios, option_acpitable, option_fw_cfg;

/* options-global.c */
OptionHandler option_global;

/* options-boot.c */
OptionHandler option_rtc, option_boot;

/* options-compat.c */
OptionHandler option_net, option_audiodev, option_vga, option_parallel,
    option_overcommit, option_enable_kvm, option_no_acpi, option_no_hpet;

/* options-run.c */
OptionHandler option_incoming, option_action, option_watchdog_action,
    option_no_reboot, option_no_shutdown;

/* options-host.c */
OptionHandler option_name, option_object, option_device, option_chardev,
    option_serial, option_debugcon, option_qmp, option_qmp_pretty,
    option_monitor, option_mon, option_qtest, option_qtest_log, option_paused,
    option_nodefaults, option_nographic, option_display, option_msg,
    option_version;

/* options-process.c */
OptionHandler option_preconfig, option_daemonize, option_pidfile, option_runas,
    option_chroot, option_run_with, option_sandbox, option_log,
    option_log_file, option_data_dir;

/* options-fds.c */
OptionHandler option_add_fd;

/** options_close_added_fds: the descriptors that -add-fd was given; their
 *  sets have duplicates. */
void options_close_added_fds(Config *c);

/**
 * option_parse: an option's argument as a value of @type (qapi_parse_option()).
 * @title: what help is headed with: the option
 *
 * Returns: a new value; NULL with @error set, naming the member, if @arg is no
 * @type; NULL with @error unset if help was asked for: it has been printed and
 * c->action is CONFIG_DONE.
 */
void *option_parse(Config *c, const QapiType *type, const char *title,
                   const char *arg, const char *implied_key, GError **error);

/**
 * option_add: for options that add to what was given before: the members that
 * @arg names replace those of @value, a @type; all others stay.
 * @arg: one that option_parse() has taken as a whole
 *
 * Returns: false with @error set, some members replaced, if @arg is no @type.
 */
bool option_add(const QapiType *type, const char *arg, const char *implied_key,
                void *value, GError **error);

/**
 * option_suggest_help: if @error, which is set or NULL, is about a property
 * that there is not, and has no better advice, add that @asked ("-m help")
 * lists those that there are.
 */
void option_suggest_help(GError **error, const char *asked);

#endif
