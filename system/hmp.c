/*
 * HMP: what is done with a line
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/hmp.h"

#include <string.h>

#include "monitor/json-text.h"
#include "system/hmp-impl.h"

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

void hmp_call(Hmp *hmp, const HmpTable *table, const HmpCommand *command,
              const char *name, size_t name_len, const char *text)
{
    HmpArgs args = { 0 };
    g_autoptr(GError) error = NULL;

    if (!hmp_is_available(hmp->system, command)) {
        hmp_print(hmp, "Error: The command '%s%.*s' is permitted only after "
                  "machine initialization has completed\n", table->prefix,
                  (int)name_len, name);
    } else if (!hmp_args_parse(command->args, command->name, text, &args,
                               &error)) {
        hmp_print(hmp, "%s\nTry \"help %s%.*s\" for more information\n",
                  error->message, table->prefix, (int)name_len, name);
    } else if (!command->handler(hmp, &args, &error)) {
        hmp_print(hmp, "Error: %s\n", error->message);
    }
    hmp_args_clear(&args);
}

/** The length of the name at the start of @text: a word; or up to a slash,
 *  where a format begins. */
static size_t hmp_name_len(const char *text)
{
    return strcspn(text, " \t/");
}

QmpDeferred *hmp_run(System *system, HmpSession *session, Chardev *stream,
                     const char *line, GString *out)
{
    Hmp hmp = {
        .system = system,
        .session = session,
        .qmp = { .system = system, .stream = stream },
        .out = out,
    };
    const char *name = line + hmp_blanks(line);
    size_t len = hmp_name_len(name);
    const HmpCommand *command = hmp_find(&hmp_commands, name, len);

    if (command) {
        hmp_call(&hmp, &hmp_commands, command, name, len, name + len);
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
    QmpDeferred *deferred = hmp_run(opaque, session,
                                    hmp_session_stream(session), line, out);

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
