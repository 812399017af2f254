/*
 * What `help` prints
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_HELP_H
#define SYSTEM_HELP_H

#include "qapi/type.h"

/** help_print_type: the properties of @type, under "@title options:"; of a
 *  union only those of @branch, if that is not NULL. */
void help_print_type(const QapiType *type, const char *title,
                     const char *branch);

/** help_print_text: what an option does, in indented lines of 80 columns. */
void help_print_text(const char *text);

/* Lists for `-machine help` and its like */
void help_print_machines(void);
void help_print_accelerators(void);
void help_print_cpus(void);
void help_print_objects(void);
void help_print_devices(void);
void help_print_chardevs(void);

#endif
