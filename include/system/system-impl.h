/*
 * The running system: what it is made of, for system.c
 *
 * Errors begin with the option at fault.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_SYSTEM_IMPL_H
#define SYSTEM_SYSTEM_IMPL_H

#include "system/system.h"

/* system-host.c */

/**
 * system_make_host: the objects, chardevs and monitors of the configuration,
 * in this order.  The configuration's list of objects is empty then.
 *
 * Returns: false with @error set; what was made is in the system.
 */
bool system_make_host(System *system, GError **error);

/** system_find_chardev: borrowed; NULL with @error set, without an option, if
 *  there is none called @id. */
Chardev *system_find_chardev(const System *system, const char *id,
                             GError **error);

/**
 * system_wait_for_clients: as chardev_wait_connected(), for each chardev.  A
 * signal that ends the program ends the waiting, too, but is no failure: the
 * main loop will take it.
 */
bool system_wait_for_clients(System *system, GError **error);

/* system-machine.c */

/**
 * system_make_machine: the machine and the user's devices.
 *
 * Returns: false with @error set; what was made is in the system.
 */
bool system_make_machine(System *system, GError **error);

#endif
