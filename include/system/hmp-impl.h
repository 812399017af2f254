/*
 * HMP: what a command is made of
 *
 * A command is a row of a table in system/hmp-commands.c: names, the arguments
 * that it takes, help, and a handler.  The handler gets the arguments read and
 * checked, and appends what it has to say to a string; most call a QMP
 * command's handler and print what that returns.
 *
 * Arguments are described by words, in order:
 *
 *     NAME:s      a word, or text in double quotes
 *     NAME:S      the rest of the line
 *     NAME:i      a number: an expression (system/hmp-expr.h)
 *     NAME:f      a format: /[COUNT][FORMAT][SIZE]
 *     -x          a flag, one letter
 *
 * A '?' at the end of a word (but a flag) makes the argument optional; all
 * behind it have to be optional, too.  A format is always optional.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_HMP_IMPL_H
#define SYSTEM_HMP_IMPL_H

#include "system/hmp.h"

#define HMP_MAX_ARGS 6

/** A format, as given. */
typedef struct HmpFormat {
    uint64_t count;             /* 1 if not given */
    char format;                /* one of "xduoci"; NUL: not given */
    char size;                  /* one of "bhwg"; NUL: not given */
} HmpFormat;

/** The arguments of one call; those that were not given are not in it. */
typedef struct HmpArgs {
    unsigned n;
    struct {
        char name[16];
        char *text;             /* s, S; NULL for others */
        uint64_t number;        /* i */
    } args[HMP_MAX_ARGS];
    HmpFormat format;
} HmpArgs;

/** hmp_blanks: how many there are at the start of @text. */
size_t hmp_blanks(const char *text);

/** hmp_args_parse:
 * @spec: the description
 * @name: the command's names, for messages
 * @text: the line behind the command's name
 * @args: zeroed; to be freed with hmp_args_clear(), also after a failure
 *
 * Returns: false with @error set if @text is not as @spec says.
 */
bool hmp_args_parse(const char *spec, const char *name, const char *text,
                    HmpArgs *args, GError **error);
void hmp_args_clear(HmpArgs *args);

/** hmp_text: an argument s or S; NULL: not given. */
const char *hmp_text(const HmpArgs *args, const char *name);
/** hmp_number: an argument i; @otherwise: if it was not given. */
uint64_t hmp_number(const HmpArgs *args, const char *name, uint64_t otherwise);
/** hmp_given: whether an optional argument, or a flag such as "-f", was given. */
bool hmp_given(const HmpArgs *args, const char *name);

/** What a handler gets besides. */
typedef struct Hmp {
    System *system;
    HmpSession *session;        /* NULL: none */
    QmpContext qmp;             /* for QMP's handlers */
    GString *out;
} Hmp;

/** hmp_print: to what the command says. */
void hmp_print(Hmp *hmp, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/** hmp_print_json: a value, borrowed, on one line, without its end. */
void hmp_print_json(Hmp *hmp, json_object *value);

/**
 * HmpHandler: Returns false with @error set: the engine says it in a line that
 * begins with "Error: ".  A QMP handler that is called with hmp->qmp may defer
 * its answer: then the command is done when that comes, and has said all that
 * it says unless it fails.
 */
typedef bool HmpHandler(Hmp *hmp, const HmpArgs *args, GError **error);

/** When a command can be called: with -preconfig, there is no machine at
 *  first.  As QMP's `allow-preconfig` says where the command is there, too. */
typedef enum HmpWhen {
    HMP_MACHINE,                /* when there is a machine */
    HMP_ANY_TIME,
} HmpWhen;

typedef struct HmpCommand {
    const char *name;           /* several: "quit|q" */
    const char *args;           /* as above; "": none */
    const char *params;         /* as help shows them; "": none */
    const char *help;           /* what it does; no full stop */
    HmpHandler *handler;
    HmpWhen when;
} HmpCommand;

typedef struct HmpTable {
    const HmpCommand *rows;
    size_t n;
    const char *prefix;         /* what is typed before a name: "info " */
} HmpTable;

/** The commands; what `info` shows. */
extern const HmpTable hmp_commands, hmp_infos;

/** hmp_find: a name's command, by one of its names, of @len bytes; NULL: there
 *  is none. */
const HmpCommand *hmp_find(const HmpTable *table, const char *name,
                           size_t len);

/** hmp_is_available: whether it can be called now. */
bool hmp_is_available(const System *system, const HmpCommand *command);

/** hmp_call: read the arguments, and call the handler.
 * @name: the name of @name_len bytes as it was typed
 * @text: what is behind it
 */
void hmp_call(Hmp *hmp, const HmpTable *table, const HmpCommand *command,
              const char *name, size_t name_len, const char *text);

/* hmp-help.c: help, info */
HmpHandler hmp_help, hmp_info;

/**
 * hmp_read_options: an argument that is as that of -object, -device...
 * @type: a union; the key of its discriminator may be left out
 * @helped: whether @text asks for help, which has been given
 *
 * Returns: a new value of @type (free with qapi_free()); NULL: help has been
 * given, or @error is set.
 */
void *hmp_read_options(Hmp *hmp, const QapiType *type, const char *text,
                       bool *helped, GError **error);

/* hmp-migrate.c: saving and restoring */
HmpHandler hmp_migrate, hmp_migrate_cancel, hmp_migrate_incoming,
    hmp_migrate_set_capability, hmp_migrate_set_parameter;
HmpHandler hmp_info_migrate, hmp_info_migrate_capabilities,
    hmp_info_migrate_parameters;

/* hmp-run.c: the machine's life, the program */
HmpHandler hmp_stop, hmp_cont, hmp_quit, hmp_system_reset,
    hmp_system_powerdown, hmp_system_wakeup, hmp_exit_preconfig,
    hmp_watchdog_action;
HmpHandler hmp_info_status, hmp_info_version, hmp_info_name, hmp_info_uuid,
    hmp_info_history;

/* hmp-host.c: character devices, descriptors, the log */
HmpHandler hmp_info_chardev, hmp_chardev_add, hmp_chardev_remove,
    hmp_ringbuf_read, hmp_ringbuf_write, hmp_getfd, hmp_closefd,
    hmp_info_fdset, hmp_log, hmp_logfile;

/* hmp-machine.c: processors and memory */
HmpHandler hmp_info_cpus, hmp_info_kvm, hmp_info_registers, hmp_info_memdev,
    hmp_info_memory_size_summary;

/* hmp-memory.c: memory and ports */
HmpHandler hmp_x, hmp_xp, hmp_sum, hmp_i, hmp_o, hmp_print_value;

/* hmp-dump.c: memory as files */
HmpHandler hmp_pmemsave, hmp_memsave, hmp_dump_guest_memory, hmp_info_dump;

/* hmp-objects.c: objects */
HmpHandler hmp_object_add, hmp_object_del, hmp_qom_list, hmp_qom_get,
    hmp_qom_set, hmp_info_qom_tree;

/* hmp-devices.c: devices */
HmpHandler hmp_device_add, hmp_device_del, hmp_info_qtree, hmp_info_irq;

/* hmp-mtree.c: address spaces */
HmpHandler hmp_info_mtree, hmp_info_roms;

/* hmp-info.c: what the guest is told */
HmpHandler hmp_info_acpi_tables, hmp_info_pci;

/* hmp-vmgenid.c: the VM generation ID */
HmpHandler hmp_info_vm_generation_id, hmp_set_vm_generation_id;

#endif
