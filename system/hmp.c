/*
 * HMP: commands for people
 *
 * The tables of commands, and what is done with a line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/hmp.h"

#include <string.h>

#include "monitor/json-text.h"
#include "system/hmp-impl.h"
#include "util/error.h"

static HmpHandler hmp_help, hmp_info;

static const HmpCommand hmp_commands[] = {
    { "help|?", "command:S?", "[command]",
      "tell what commands there are, or what one does", hmp_help },
    { "info", "subject:S?", "[subject]",
      "show something about the machine (help info: what there is)",
      hmp_info },
    { "stop|s", "", "", "pause the machine", hmp_stop },
    { "cont|c", "", "", "let a paused machine run", hmp_cont },
    { "system_reset", "", "", "reset the machine", hmp_system_reset },
    { "quit|q", "", "", "end the program", hmp_quit },
    { "x", "format:f addr:i", "/fmt addr",
      "show memory by virtual address", hmp_x },
    { "xp", "format:f addr:i", "/fmt addr",
      "show memory by physical address: /[count][xduoc][bhwg]", hmp_xp },
    { "sum", "addr:i size:i", "addr size",
      "checksum of physical memory, as sum(1) makes it of a file", hmp_sum },
    { "pmemsave", "addr:i size:i file:s", "addr size file",
      "write physical memory to a file", hmp_pmemsave },
    { "memsave", "addr:i size:i file:s", "addr size file",
      "write virtual memory to a file", hmp_memsave },
    { "dump-guest-memory", "-p -d file:s begin:i? length:i?",
      "[-p] [-d] file [begin length]",
      "write all memory, or a part, to an ELF core file (-p: follow page "
      "tables; -d: go on meanwhile)", hmp_dump_guest_memory },
    { "i", "format:f addr:i", "/fmt addr", "read an I/O port", hmp_i },
    { "o", "format:f addr:i val:i", "/fmt addr value", "write an I/O port",
      hmp_o },
    { "print|p", "format:f value:i", "/fmt expr",
      "show the value of an expression", hmp_print_value },
    { "object_add", "object:S", "[qom-type=]type,id=str[,prop=value...]",
      "create an object (object_add help: what there is)", hmp_object_add },
    { "object_del", "id:s", "id", "delete an object", hmp_object_del },
    { "qom-list", "path:s?", "[path]", "show an object's properties",
      hmp_qom_list },
    { "qom-get", "path:s property:s", "path property",
      "show a property's value", hmp_qom_get },
    { "qom-set", "-j path:s property:s value:S", "[-j] path property value",
      "set a property (-j: the value is JSON)", hmp_qom_set },
};

static const HmpCommand hmp_infos[] = {
    { "acpi-tables", "", "", "the ACPI tables in guest memory",
      hmp_info_acpi_tables },
    { "chardev", "", "", "the character devices", hmp_info_chardev },
    { "cpus", "", "", "the processors", hmp_info_cpus },
    { "dump", "", "", "how far the last dump of memory is", hmp_info_dump },
    { "history", "", "", "the lines that were entered here",
      hmp_info_history },
    { "irq", "", "", "the interrupt inputs of devices, and which are high",
      hmp_info_irq },
    { "mtree", "-f", "[-f]",
      "address spaces and the regions in them (-f: as they are seen)",
      hmp_info_mtree },
    { "name", "", "", "the machine's name", hmp_info_name },
    { "pci", "", "", "the PCI functions", hmp_info_pci },
    { "qom-tree", "path:s?", "[path]", "the tree of objects",
      hmp_info_qom_tree },
    { "qtree", "", "", "the devices by bus, with their properties",
      hmp_info_qtree },
    { "registers", "", "", "the processors' registers",
      hmp_info_registers },
    { "roms", "", "", "the ROM that the guest sees", hmp_info_roms },
    { "status", "", "", "whether the machine runs", hmp_info_status },
    { "uuid", "", "", "the machine's UUID", hmp_info_uuid },
    { "version", "", "", "the program's version", hmp_info_version },
};

/* Output */

void hmp_print(Hmp *hmp, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_string_append_vprintf(hmp->out, fmt, ap);
    va_end(ap);
}

void hmp_print_json(Hmp *hmp, json_object *value)
{
    json_text_append(hmp->out, value, JSON_TEXT_ONE_LINE);
}

/** Whatever was said, and by whomever the text in it was given: a terminal
 *  gets no control characters and no bytes that are no text. */
static void hmp_make_harmless(GString *out)
{
    g_autofree char *valid = g_utf8_make_valid(out->str, (gssize)out->len);

    g_string_assign(out, valid);
    for (size_t i = 0; i < out->len; i++) {
        uint8_t byte = (uint8_t)out->str[i];

        if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) {
            out->str[i] = '?';
        } else if (byte == 0xc2 && (uint8_t)out->str[i + 1] < 0xa0) {
            /* U+0080 to U+009F */
            out->str[i] = out->str[i + 1] = '?';
        }
    }
}

/* Commands */

/** Whether @name, of @len bytes, is among the alternatives of @names. */
static bool hmp_is_named(const char *names, const char *name, size_t len)
{
    for (;;) {
        size_t this = strcspn(names, "|");

        if (this == len && strncmp(names, name, len) == 0) {
            return true;
        }
        if (!names[this]) {
            return false;
        }
        names += this + 1;
    }
}

static const HmpCommand *hmp_find_in(const HmpCommand *table, size_t n,
                                     const char *name, size_t len)
{
    for (size_t i = 0; len && i < n; i++) {
        if (hmp_is_named(table[i].name, name, len)) {
            return &table[i];
        }
    }
    return NULL;
}

static const HmpCommand *hmp_find(const char *name, size_t len)
{
    return hmp_find_in(hmp_commands, G_N_ELEMENTS(hmp_commands), name, len);
}

static const HmpCommand *hmp_find_info(const char *name, size_t len)
{
    return hmp_find_in(hmp_infos, G_N_ELEMENTS(hmp_infos), name, len);
}

/**
 * Read the arguments and call the handler.
 * @prefix: "info " for a subject
 */
static void hmp_call(Hmp *hmp, const HmpCommand *command, const char *prefix,
                     const char *name, size_t name_len, const char *text)
{
    HmpArgs args = { 0 };
    g_autoptr(GError) error = NULL;

    if (!hmp_args_parse(command->args, command->name, text, &args, &error)) {
        hmp_print(hmp, "%s\nTry \"help %s%.*s\" for more information\n",
                  error->message, prefix, (int)name_len, name);
    } else if (!command->handler(hmp, &args, &error)) {
        hmp_print(hmp, "Error: %s\n", error->message);
    }
    hmp_args_clear(&args);
}

static size_t hmp_blanks(const char *text)
{
    return strspn(text, " \t");
}

/** The length of the name at the start of @text: a word; or up to a slash,
 *  where a format begins. */
static size_t hmp_name_len(const char *text)
{
    return strcspn(text, " \t/");
}

QmpDeferred *hmp_run(System *system, HmpSession *session, const char *line,
                     GString *out)
{
    Hmp hmp = {
        .system = system,
        .session = session,
        .qmp = { .system = system },
        .out = out,
    };
    const char *name = line + hmp_blanks(line);
    size_t len = hmp_name_len(name);
    const HmpCommand *command = hmp_find(name, len);

    if (command) {
        hmp_call(&hmp, command, "", name, len, name + len);
    } else if (*name) {
        hmp_print(&hmp, "unknown command: '%.*s'\n", (int)MAX(len, 1), name);
    }
    hmp_make_harmless(out);
    return hmp.qmp.deferred;
}

void hmp_finish(const GError *error, GString *out)
{
    if (error) {
        g_string_append_printf(out, "Error: %s\n", error->message);
        hmp_make_harmless(out);
    }
}

/* help */

static void hmp_help_row(Hmp *hmp, const HmpCommand *command,
                         const char *prefix)
{
    hmp_print(hmp, "%s%s %s -- %s\n", prefix, command->name, command->params,
              command->help);
}

static bool hmp_help_infos(Hmp *hmp)
{
    for (size_t i = 0; i < G_N_ELEMENTS(hmp_infos); i++) {
        hmp_help_row(hmp, &hmp_infos[i], "info ");
    }
    return true;
}

static bool hmp_help(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const char *name = hmp_text(args, "command");
    size_t len = name ? strcspn(name, " \t") : 0;
    const char *rest = name ? name + len + hmp_blanks(name + len) : "";
    const HmpCommand *command = name ? hmp_find(name, len) : NULL;
    bool info = command && command->handler == hmp_info;

    if (!name) {
        for (size_t i = 0; i < G_N_ELEMENTS(hmp_commands); i++) {
            hmp_help_row(hmp, &hmp_commands[i], "");
        }
        return true;
    }
    if (info && !*rest) {
        return hmp_help_infos(hmp);
    }
    if (info) {
        command = hmp_find_info(rest, strlen(rest));
    } else if (*rest) {
        command = NULL;
    }
    if (command) {
        hmp_help_row(hmp, command, info ? "info " : "");
    } else {
        hmp_print(hmp, "unknown command: '%s'\n", name);
    }
    return true;
}

/* info */

static bool hmp_info(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const char *subject = hmp_text(args, "subject");
    size_t len = subject ? strcspn(subject, " \t") : 0;
    const HmpCommand *command = subject ? hmp_find_info(subject, len) : NULL;

    if (!subject) {
        return hmp_help_infos(hmp);
    }
    if (command) {
        hmp_call(hmp, command, "info ", subject, len, subject + len);
    } else {
        hmp_print(hmp, "unknown command: 'info %.*s'\n", (int)len, subject);
    }
    return true;
}

/* Completion */

static void hmp_complete_names(const HmpCommand *table, size_t n,
                               GPtrArray *candidates)
{
    for (size_t i = 0; i < n; i++) {
        g_auto(GStrv) names = g_strsplit(table[i].name, "|", -1);

        for (char **name = names; *name; name++) {
            g_ptr_array_add(candidates, g_strdup(*name));
        }
    }
}

static void hmp_complete_children(System *system, const char *path,
                                  GPtrArray *candidates)
{
    static const char *const homes[] = {
        "/objects", "/machine/peripheral", NULL,
    };
    g_autofree char *parent = g_path_get_dirname(path);
    Object *obj = object_resolve(system->root, *path ? parent : "/", NULL);

    for (unsigned i = 0; obj && obj->children && i < obj->children->len;
         i++) {
        const Object *child = obj->children->pdata[i];

        g_ptr_array_add(candidates, object_path(child));
    }
    for (const char *const *home = homes; !*path && *home; home++) {
        g_ptr_array_add(candidates, g_strdup(*home));
    }
}

static void hmp_complete_ids(System *system, const char *home,
                             GPtrArray *candidates)
{
    Object *obj = object_resolve(system->root, home, NULL);

    for (unsigned i = 0; obj && obj->children && i < obj->children->len;
         i++) {
        const Object *child = obj->children->pdata[i];

        g_ptr_array_add(candidates, g_strdup(child->name));
    }
}

static bool hmp_takes(const HmpCommand *command, const char *first_arg)
{
    const char *args = command->args;

    if (args[0] == '-') {
        args += strcspn(args, " ");
        args += *args == ' ';
    }
    return g_str_has_prefix(args, first_arg);
}

size_t hmp_complete(System *system, const char *before, GPtrArray *candidates)
{
    size_t start = hmp_blanks(before);
    size_t name_len = strcspn(before + start, " \t");
    const HmpCommand *command = hmp_find(before + start, name_len);
    const char *word = strrchr(before, ' ');
    size_t at = word ? (size_t)(word + 1 - before) : 0;

    if (at <= start) {
        hmp_complete_names(hmp_commands, G_N_ELEMENTS(hmp_commands),
                           candidates);
        return start;
    }
    if (!command) {
        return at;
    }
    if (command->handler == hmp_info) {
        size_t subject = start + name_len + hmp_blanks(before + start +
                                                       name_len);
        size_t len = strcspn(before + subject, " ");

        if (!before[subject + len]) {
            hmp_complete_names(hmp_infos, G_N_ELEMENTS(hmp_infos),
                               candidates);
            return subject;
        }
        command = hmp_find_info(before + subject, len);
    }
    if (!command) {
        return at;
    }
    if (command->handler == hmp_help) {
        hmp_complete_names(hmp_commands, G_N_ELEMENTS(hmp_commands),
                           candidates);
    } else if (hmp_takes(command, "path:")) {
        hmp_complete_children(system, before + at, candidates);
    } else if (command->handler == hmp_object_del) {
        hmp_complete_ids(system, "/objects", candidates);
    }
    return at;
}

/* Sessions */

static void hmp_session_done(void *opaque, const void *ret,
                             const GError *error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    hmp_finish(error, out);
    hmp_session_finish(opaque, out);
}

static void *hmp_session_run(void *opaque, HmpSession *session,
                             const char *line, GString *out)
{
    QmpDeferred *deferred = hmp_run(opaque, session, line, out);

    if (deferred) {
        qmp_deferred_wait(deferred, hmp_session_done, session);
    }
    return deferred;
}

static void hmp_session_forget_run(void *opaque, void *pending)
{
    qmp_deferred_forget(pending);
}

static size_t hmp_session_complete(void *opaque, const char *before,
                                   GPtrArray *candidates)
{
    return hmp_complete(opaque, before, candidates);
}

static bool hmp_session_accepts(void *opaque)
{
    const System *system = opaque;

    return !system->quit;
}

HmpSession *hmp_open(System *system, Chardev *chr, GError **error)
{
    const HmpSessionHost host = {
        .run = hmp_session_run,
        .forget = hmp_session_forget_run,
        .complete = hmp_session_complete,
        .accepts = hmp_session_accepts,
        .opaque = system,
    };

    return hmp_session_new(chr, &host, error);
}
