/*
 * The running system: one machine, its host side, its clients
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_SYSTEM_H
#define SYSTEM_SYSTEM_H

#include "accel/qtest.h"
#include "hw/acpi/vmgenid.h"
#include "hw/core/machine.h"
#include "monitor/monitor.h"
#include "monitor/qmp-deferred.h"
#include "system/config.h"
#include "system/memory-copy.h"
#include "system/migration.h"

/** The last dump of the guest's memory. */
typedef struct SystemDump {
    DumpStatus status;
    uint64_t completed, total;  /* bytes, when it has ended */
    MemoryCopy *copy;           /* while it is active */
    QmpDeferred *deferred;      /* who waits for it; NULL: nobody */
    bool resume;                /* the machine ran */
} SystemDump;

typedef struct System {
    const Config *config;       /* borrowed */
    MachineSetup setup;         /* the configuration's, RAM resolved */
    Object *root;               /* "/": machine, objects, chardevs */
    Machine *machine;           /* in root; NULL before system_build() */
    MonitorSet *monitors;       /* QMP */
    GPtrArray *hmps;            /* HmpSession (monitor/hmp-session.h) */
    QtestServer *qtest;         /* NULL: no test drives it */

    MemoryCopies *copies;       /* of guest memory to files, under way */
    SystemDump dump;
    SystemMigration migration;

    RunState state;
    ActionSettings actions;     /* what is not set is as at first */
    unsigned requests;          /* the guest's, bit 1 << MachineRequest */
    bool quit;                  /* leave the main loop */
    bool failed;                /* and not because all is well */
} System;

/**
 * system_new:
 * @config: outlives the system; its types are registered (system/types.h)
 *
 * Make the host's side: objects, chardevs, monitors.  They listen from now on,
 * in the run state `preconfig`.  With -preconfig, wait for the clients that
 * are to be waited for.
 *
 * Returns: NULL with @error set, beginning with the option at fault; nothing is
 * left behind.
 */
System *system_new(const Config *config, GError **error);

/**
 * system_build: make the machine, its devices and the qtest server, wait for
 * the clients that are to be waited for and were not yet, reset the machine.
 * The run state is `prelaunch` then; with -incoming it is `inmigrate`, and no
 * firmware has run.
 *
 * Returns: false with @error set, beginning with the option at fault; nothing
 * of the machine is left, and it may be tried again.
 */
bool system_build(System *system, GError **error);

/** system_free: end it, whatever there is of it by now.  Clients are given a
 *  second to read what was sent to them last.  NULL is allowed. */
void system_free(System *system);

/**
 * system_start: let the machine run, unless -S was given.  One whose -incoming
 * names a file is there, or has failed, when this returns; its clients are
 * served meanwhile.
 *
 * Returns: false if it has failed, which was reported.
 */
bool system_start(System *system);

/** system_run: the main loop, until somebody ends the machine. */
void system_run(System *system);

/**
 * system_object_add: what -object and object-add do.
 * @options: borrowed
 *
 * Returns: false with @error set if the ID is taken or no ID, or the object
 * cannot be made as @options say.
 */
bool system_object_add(System *system, const ObjectOptions *options,
                       GError **error);
/** system_object_del: Returns false with @error set if there is none called
 *  @id, or it is in use. */
bool system_object_del(System *system, const char *id, GError **error);

/**
 * system_add_chardev: what chardev-add does, while the machine runs
 * (chardev_create_running()).
 * @options: taken over
 *
 * Returns: borrowed; NULL with @error set, which names the chardev.
 */
Chardev *system_add_chardev(System *system, ChardevOptions *options,
                            GError **error);

/* Life cycle; each emits its events before it returns (system/run-state.c) */

/** system_stop: pause the machine; nothing if it neither runs nor sleeps.  One
 *  that waits to be restored will not run then. */
void system_stop(System *system);
/** system_stop_to_save: the same, with the state of a machine that is being
 *  saved.  Returns whether it ran, and has to be resumed. */
bool system_stop_to_save(System *system);
/** system_stop_to_migrate: the same, also with one that does not run. */
void system_stop_to_migrate(System *system);
/** system_cont: let it run, or sleep on if it did; nothing if it does.  Fails
 *  while its memory is dumped and while it is saved.  One that waits to be
 *  restored will run then. */
bool system_cont(System *system, GError **error);
/** system_reset: reset it now, or what was set for that.  Not from inside a
 *  device. */
void system_reset(System *system, ShutdownCause cause);
/** system_shutdown: tell the clients and leave the main loop; if @cause is
 *  not the host's own wish, do what was set for that. */
void system_shutdown(System *system, ShutdownCause cause);
/** system_powerdown: press the power button. */
void system_powerdown(System *system);
/** system_wakeup: wake the machine, which runs then unless it was stopped.
 *  Returns false with @error set if it is not asleep or never can be, its
 *  memory is dumped, or it is being saved. */
bool system_wakeup(System *system, GError **error);
/** system_set_actions: what is set in @actions replaces what @settings say. */
void system_set_actions(ActionSettings *settings,
                        const ActionSettings *actions);
/** system_settle: do what the guest has asked for; after each access that a
 *  client made for it. */
void system_settle(System *system);

/** system_check_no_dump: Returns false with @error set, `There is a dump in
 *  process, please wait.`, while the guest's memory is dumped. */
bool system_check_no_dump(const System *system, GError **error);

/** system_check_no_save: Returns false with @error set while the machine is
 *  being saved, when nothing that belongs to it may change. */
bool system_check_no_save(const System *system, GError **error);

/** system_vm_generation_changed: tell the clients, if @change (of
 *  vmgenid_set() or vmgenid_restored()) was one (system/qmp-vmgenid.c). */
void system_vm_generation_changed(System *system, VmGenIdChange change);

/**
 * system_acpi_tables: walk the guest's ACPI tables.
 *
 * Returns: AcpiFound (hw/acpi/walk.h); NULL with @error set if there is no
 * RSDP.
 */
GPtrArray *system_acpi_tables(System *system, GError **error);

#endif
