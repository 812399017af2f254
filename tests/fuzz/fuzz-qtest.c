/*
 * Fuzz: qtest's lines on whole machines
 *
 * Input: a line that begins with the machine's letter (fuzz_system_new()), then
 * a command a line.
 *
 * What must hold: each command has exactly one answer, the last line of its
 * reply; the lines before it are about interrupts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "fuzz-system.h"
#include "system/types.h"

static void qtest_check_reply(const GString *reply)
{
    const char *p = reply->str;
    unsigned answers = 0;

    g_assert_cmpuint(strlen(p), ==, reply->len);
    while (*p) {
        const char *end = strchr(p, '\n');

        g_assert_nonnull(end);
        g_assert_cmpuint(answers, ==, 0);
        if (!g_str_has_prefix(p, "IRQ ")) {
            g_assert_true(g_str_has_prefix(p, "OK") ||
                          g_str_has_prefix(p, "FAIL ") ||
                          g_str_has_prefix(p, "ERR "));
            answers++;
        }
        p = end + 1;
    }
    g_assert_cmpuint(answers, ==, 1);
}

static void qtest_settle(void *opaque)
{
    system_settle(opaque);
}

static void qtest_run(const uint8_t *bytes, size_t len)
{
    FuzzInput in = { bytes, len };
    GString *reply = g_string_new(NULL);
    QtestServer *server;
    FuzzSystem *fuzz;
    const char *line;
    size_t n;

    if (!fuzz_take_line(&in, &line, &n)) {
        g_string_free(reply, TRUE);
        return;
    }
    fuzz = fuzz_system_new(n ? line[0] : '\0', "image");
    server = qtest_server_new(&(QtestTarget){
        .memory = &fuzz->system->machine->memory,
        .io = &fuzz->system->machine->io,
        .clock = &fuzz->system->machine->clock,
        .root = fuzz->system->root,
        .settle = qtest_settle,
        .settle_opaque = fuzz->system,
    }, NULL, "none", NULL);
    while (fuzz_take_line(&in, &line, &n)) {
        g_string_truncate(reply, 0);
        qtest_handle_line(server, line, n, reply);
        qtest_check_reply(reply);
    }
    qtest_server_free(server);
    fuzz_system_free(fuzz);
    g_string_free(reply, TRUE);
}

const FuzzTarget fuzz_target = {
    .init = types_register, .run = qtest_run, .max_len = 1 << 13,
};
