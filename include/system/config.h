/*
 * The configuration: what the command line said, typed
 *
 * Nothing has happened yet when this is complete except that files named by
 * options were read; so a mistake anywhere on the command line leaves no
 * trace.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_CONFIG_H
#define SYSTEM_CONFIG_H

#include <glib.h>

#include "hw/core/machine.h"
#include "qapi-types.h"
#include "util/privileges.h"

/** A typed value and the option it came from, for error messages. */
typedef struct ConfigItem {
    char *option;               /* "-device isa-serial,chardev=a" */
    const QapiType *type;
    void *value;
} ConfigItem;

/** An option whose argument names a stream in the short form. */
typedef struct ConfigStream {
    char *option;               /* "-qmp unix:/tmp/q" */
    char *chardev;              /* ID of the chardev it uses; NULL: `none` */
} ConfigStream;

/** What is to be done. */
typedef enum ConfigAction {
    CONFIG_RUN,
    CONFIG_DONE,                /* help or version was printed */
} ConfigAction;

typedef struct Config {
    ConfigAction action;

    char *machine_option;       /* the last -machine, as given; NULL: none */
    const ObjectType *machine_type;
    MachineOptions *machine;    /* every -machine, one after the other */
    GPtrArray *accels;          /* char *: names, in order of preference */
    char *accel;                /* the one that is used */

    MachineSetup setup;         /* RAM size, processors, tables, files... */
    char *ram_option;           /* "-m 64"; NULL: not given */
    char *smp_option;           /* "-smp 2"; NULL: not given */
    char *mem_path;             /* file or directory for RAM; NULL: none */
    bool mem_prealloc;          /* have all RAM at the start */

    GPtrArray *files;           /* each -readconfig's sections, in order */
    unsigned next_file;         /* whose turn it is in the second pass */

    GPtrArray *chardevs;        /* ConfigItem of ChardevOptions */
    GPtrArray *objects;         /* ConfigItem of ObjectOptions */
    GPtrArray *devices;         /* ConfigItem of DeviceOptions */
    GPtrArray *monitors;        /* ConfigItem of MonitorOptions */
    GPtrArray *qmps;            /* ConfigStream of -qmp */
    GPtrArray *pretty_qmps;     /* ConfigStream of -qmp-pretty */
    GPtrArray *hmps;            /* ConfigStream of -monitor */
    GPtrArray *serials;         /* ConfigStream of -serial */
    GPtrArray *debugcons;       /* ConfigStream of -debugcon */
    GPtrArray *qtests;          /* ConfigStream of -qtest; at most one */
    char *qtest_log;            /* NULL: not given */
    GArray *added_fds;          /* int: -add-fd's, to be closed */

    char *guest_name;           /* NULL: none */
    char *process_name;
    MessageOptions *message;
    bool no_defaults;
    bool paused;                /* -S */

    /* The process */
    bool daemonize;
    char *pidfile;              /* NULL: none */
    ProcessUser *user;          /* whom to become; NULL: nobody */
    char *user_option;          /* "-run-with user=a" */
    char *chroot;               /* NULL: none */
    char *chroot_option;
    SandboxOptions *sandbox;    /* NULL: not given */
    char *sandbox_option;
    char *log_path;             /* -D; NULL: standard error */
    GPtrArray *data_dirs;       /* char *: -L, in order */
    bool preconfig;             /* a client says when the machine is built */
    ActionSettings actions;     /* what was given */
    char *incoming;             /* where the machine comes from; NULL: it is
                                   a new one */
    bool mem_lock;              /* keep all memory from being paged out */
} Config;

/** config_new: what holds if no option says otherwise. */
Config *config_new(void);
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/** config_add_item: @value of @type, which is taken over, goes to @items. */
void config_add_item(GPtrArray *items, const char *option,
                     const QapiType *type, void *value);

/**
 * config_add_stream: a stream in the short form goes to @streams.
 * @text: `none`; `chardev:ID`, one that there is; anything else makes a new
 *        chardev
 * @id: what the new one is called
 *
 * Returns: false with @error set if @text is no stream.
 */
bool config_add_stream(Config *c, GPtrArray *streams, const char *option,
                       const char *text, const char *id, GError **error);

/**
 * config_resolve: what follows from all options together: accelerator, machine
 * type, defaults.
 *
 * Returns: false with @error set, beginning with the option at fault.
 */
bool config_resolve(Config *config, GError **error);

/**
 * config_parse:
 * @argc, @argv: as main() gets them
 *
 * Read the command line, load the files that it names, check what can be
 * checked without making anything.  Warnings and help are printed.
 *
 * Returns: NULL with @error set; the message begins with the option at fault.
 */
Config *config_parse(int argc, char **argv, GError **error);

#endif
