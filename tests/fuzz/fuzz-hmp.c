/*
 * Fuzz: a person at the monitor of a whole system
 *
 * Input: a line that begins with the machine's letter (fuzz_system_new()); then
 * the keys that are typed into the line editor, followed by the files `a`,
 * `b`... that commands may name (fuzz_files_take()).  Each line that is entered
 * is run, and what the Tab key asks for is found, as in a session.
 *
 * What must hold: whatever was typed, the terminal is sent text with no other
 * control characters than the editor's own, and each command's output is whole
 * lines; completion replaces a part of what was typed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "fuzz-system.h"
#include "monitor/readline.h"
#include "system/hmp.h"
#include "system/types.h"

typedef struct FuzzTerminal {
    FuzzSystem *fuzz;
    Readline *readline;
} FuzzTerminal;

static void terminal_output(void *opaque, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        g_assert_true((uint8_t)bytes[i] >= 0x20 ||
                      memchr("\a\b\r\n\033", bytes[i], 5));
    }
}

static void terminal_check(const GString *out)
{
    g_assert_true(g_utf8_validate(out->str, (gssize)out->len, NULL));
    g_assert_true(!out->len || out->str[out->len - 1] == '\n');
    for (size_t i = 0; i < out->len; i++) {
        uint8_t c = (uint8_t)out->str[i];

        g_assert_true((c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t');
    }
}

/* A command that has taken its time; perhaps until the system's end. */
static void terminal_done(void *opaque, const void *ret, const GError *error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    hmp_finish(error, out);
    terminal_check(out);
}

static void terminal_line(void *opaque, const char *line, bool cut)
{
    FuzzTerminal *terminal = opaque;
    g_autoptr(GString) out = g_string_new(NULL);

    g_assert_true(g_utf8_validate(line, -1, NULL));
    g_assert_cmpuint(strlen(line), <=, READLINE_MAX_LEN);
    if (!cut) {
        QmpDeferred *deferred = hmp_run(terminal->fuzz->system, NULL, NULL,
                                        line, out);

        if (deferred) {
            qmp_deferred_wait(deferred, terminal_done, NULL);
        }
        terminal_check(out);
    }
}

static size_t terminal_complete(void *opaque, const char *before,
                                GPtrArray *candidates)
{
    FuzzTerminal *terminal = opaque;
    size_t at = hmp_complete(terminal->fuzz->system, before, candidates);

    g_assert_cmpuint(at, <=, strlen(before));
    return at;
}

static void hmp_type(FuzzTerminal *terminal, const FuzzInput *in)
{
    const uint8_t *keys = in->p;
    size_t left = in->left;

    readline_start(terminal->readline);
    while (left && !terminal->fuzz->system->quit) {
        size_t n = readline_input(terminal->readline, keys, left);

        g_assert_true(n > 0 && n <= left);
        keys += n;
        left -= n;
        if (left) {
            /* what the command has begun goes on meanwhile */
            fuzz_system_receive(terminal->fuzz, NULL, 0);
            readline_start(terminal->readline);
        }
    }
}

static void hmp_fuzz_run(const uint8_t *bytes, size_t len)
{
    g_autofree char *text = fuzz_files_take(bytes, len, &len);
    FuzzInput in = { (const uint8_t *)text, len };
    FuzzTerminal terminal = { 0 };
    const ReadlineUser user = {
        .output = terminal_output,
        .line = terminal_line,
        .complete = terminal_complete,
        .opaque = &terminal,
    };
    const char *line;
    size_t n;

    if (!fuzz_take_line(&in, &line, &n)) {
        return;
    }
    terminal.fuzz = fuzz_system_new(n ? line[0] : '\0', "builtin");
    terminal.readline = readline_new("> ", &user);
    hmp_type(&terminal, &in);
    readline_free(terminal.readline);
    fuzz_system_free(terminal.fuzz);
    fuzz_files_drop();
}

const FuzzTarget fuzz_target = {
    .init = types_register, .run = hmp_fuzz_run, .max_len = 1 << 13,
};
