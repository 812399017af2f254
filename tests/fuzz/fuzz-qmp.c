/*
 * Fuzz: a QMP client of a whole system
 *
 * Input: a line that begins with the machine's letter (fuzz_system_new()), with
 * `+` behind it if the session is to be negotiated already; then the stream,
 * which arrives line by line, followed by the files `a`, `b`... that commands
 * may name (fuzz_files_take()).
 *
 * What must hold: every line that is sent is one JSON object that QMP knows:
 * greeting, answer, error or event.  Ending the system in whatever state the
 * client has left it frees everything.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "fuzz-system.h"
#include "qapi/walker.h"
#include "system/types.h"

static void qmp_check_line(const char *line, size_t len)
{
    static const char *const kinds[] = { "QMP", "return", "error", "event" };
    g_autoptr(GError) error = NULL;
    json_object *json;
    unsigned n = 0;

    json_parse_strict(line, len, &json, &error);
    g_assert_no_error(error);
    g_assert_true(json_object_is_type(json, json_type_object));
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        n += json_object_object_get_ex(json, kinds[i], NULL);
    }
    g_assert_cmpuint(n, ==, 1);
    json_object_put(json);
}

static void qmp_check_output(const GString *out)
{
    const char *p = out->str, *end;

    while ((end = strstr(p, "\r\n"))) {
        /* the schema is long, and always the same */
        if (end - p < 65536) {
            qmp_check_line(p, end - p);
        }
        p = end + 2;
    }
    g_assert_cmpstr(p, ==, "");
}

static void qmp_run(const uint8_t *bytes, size_t len)
{
    static const char negotiate[] = "{'execute':'qmp_capabilities'}";
    g_autofree char *text = fuzz_files_take(bytes, len, &len);
    FuzzInput in = { (const uint8_t *)text, len };
    FuzzSystem *fuzz;
    const char *line;
    size_t n;

    if (!fuzz_take_line(&in, &line, &n)) {
        return;
    }
    fuzz = fuzz_system_new(n ? line[0] : '\0', "builtin");
    if (n > 1 && line[1] == '+') {
        fuzz_system_receive(fuzz, (const uint8_t *)negotiate,
                            strlen(negotiate));
    }
    while (fuzz_take_line(&in, &line, &n)) {
        /* with its newline, if it has one */
        n += (const uint8_t *)line + n < in.p;
        fuzz_system_receive(fuzz, (const uint8_t *)line, n);
    }
    qmp_check_output(fuzz->out);
    fuzz_system_free(fuzz);
    fuzz_files_drop();
}

const FuzzTarget fuzz_target = {
    .init = types_register, .run = qmp_run, .max_len = 1 << 14,
};
