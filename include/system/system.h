/*
 * The running system: one machine, its host side, its clients
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_SYSTEM_H
#define SYSTEM_SYSTEM_H

#include "accel/qtest.h"
#include "hw/core/machine.h"
#include "monitor/monitor.h"
#include "system/config.h"

typedef struct System {
    const Config *config;       /* borrowed */
    MachineSetup setup;         /* the configuration's, RAM resolved */
    Object *root;               /* "/": machine, objects, chardevs */
    Machine *machine;           /* in root */
    Object *ram;                /* pinned memory backend; NULL: none */
    MonitorSet *monitors;       /* QMP */
    GPtrArray *hmps;            /* HmpSession (monitor/hmp-session.h) */
    QtestServer *qtest;         /* NULL: no test drives it */

    RunState state;
    unsigned requests;          /* the guest's, bit 1 << MachineRequest */
    bool quit;                  /* leave the main loop */
} System;

/**
 * system_new:
 * @config: outlives the system; its types are registered (system/types.h)
 *
 * Make the host's side and the machine, start listening, wait for the clients
 * that were to be waited for, reset the machine.
 *
 * Returns: NULL with @error set, beginning with the option at fault; nothing is
 * left behind.
 */
System *system_new(const Config *config, GError **error);
void system_free(System *system);

/** system_run: the main loop, until somebody ends the machine. */
void system_run(System *system);

/**
 * system_object_add: what -object and object-add do.
 * @options: borrowed
 */
bool system_object_add(System *system, const ObjectOptions *options,
                       GError **error);
bool system_object_del(System *system, const char *id, GError **error);

/* Life cycle; each emits its events before it returns (system/run-state.c) */

/** system_stop: pause the machine; nothing if it does not run. */
void system_stop(System *system);
/** system_cont: let it run; nothing if it does. */
bool system_cont(System *system, GError **error);
/** system_reset: reset it now.  Not from inside a device. */
void system_reset(System *system, ShutdownCause cause);
/** system_shutdown: tell the clients and leave the main loop. */
void system_shutdown(System *system, ShutdownCause cause);
/** system_settle: do what the guest has asked for; after each access that a
 *  client made for it. */
void system_settle(System *system);

/**
 * system_acpi_tables: walk the guest's ACPI tables.
 *
 * Returns: AcpiFound (hw/acpi/walk.h); NULL with @error set if there is no
 * RSDP.
 */
GPtrArray *system_acpi_tables(System *system, GError **error);

#endif
