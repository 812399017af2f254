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

/* options-machine.c */
OptionHandler option_machine, option_accel, option_cpu, option_m, option_smp,
    option_uuid, option_bios, option_acpitable, option_fw_cfg;

/* options-host.c */
OptionHandler option_name, option_object, option_device, option_chardev,
    option_serial, option_debugcon, option_qmp, option_qmp_pretty,
    option_monitor, option_mon, option_qtest, option_qtest_log, option_paused,
    option_nodefaults, option_nographic, option_display, option_msg, option_version;

/**
 * option_parse: an option's argument as a value of @type (qapi_parse_option()).
 * @title: what help is headed with
 *
 * Returns: a new value; NULL with @error unset if help was asked for: it has
 * been printed and c->action is CONFIG_DONE.
 */
void *option_parse(Config *c, const QapiType *type, const char *title,
                   const char *arg, const char *implied_key, GError **error);

#endif
