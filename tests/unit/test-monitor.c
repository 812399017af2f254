/*
 * Tests of QMP sessions: whole conversations, with commands of their own
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/json-text.h"
#include "monitor/monitor.h"
#include "monitor/qmp-deferred.h"
#include "qapi/walker.h"
#include "under-valgrind.h"
#include "util/error.h"

/* Commands */

typedef struct EchoArgs {
    char *text;
    bool has_times;
    int64_t times;
} EchoArgs;

static const QapiMember echo_members[] = {
    { .name = "text", .type = &qapi_type_str, .doc = "",
      .offset = offsetof(EchoArgs, text), .has_offset = -1 },
    { .name = "times", .type = &qapi_type_int, .doc = "", .optional = true,
      .offset = offsetof(EchoArgs, times),
      .has_offset = offsetof(EchoArgs, has_times) },
};

static const QapiType echo_type = {
    .name = "EchoArgs", .kind = QAPI_KIND_STRUCT, .size = sizeof(EchoArgs),
    .doc = "", .members = echo_members,
    .n_members = G_N_ELEMENTS(echo_members),
};

/* A result and arguments that do not fit the space on the stack. */
typedef struct Wide {
    char room[5000];
    uint64_t number;
} Wide;

static const QapiMember wide_members[] = {
    { .name = "number", .type = &qapi_type_uint64, .doc = "",
      .offset = offsetof(Wide, number), .has_offset = -1 },
};

static const QapiType wide_type = {
    .name = "Wide", .kind = QAPI_KIND_STRUCT, .size = sizeof(Wide), .doc = "",
    .members = wide_members, .n_members = G_N_ELEMENTS(wide_members),
};

static const QapiEvent plain_event = { .name = "PLAIN", .doc = "" };
static const QapiEvent data_event = { .name = "DATA", .doc = "",
                                      .data = &echo_type };

static MonitorSet *set;
static unsigned calls;

static bool call_echo(QmpContext *ctx, const void *opaque, void *ret,
                      GError **error)
{
    const EchoArgs *args = opaque;
    GString *out = g_string_new(NULL);

    calls++;
    for (int64_t i = 0; i < (args->has_times ? args->times : 1); i++) {
        g_string_append(out, args->text);
    }
    ((EchoArgs *)ret)->text = g_string_free(out, FALSE);
    return true;
}

static bool call_nothing(QmpContext *ctx, const void *args, void *ret,
                         GError **error)
{
    calls++;
    g_assert_null(args);
    g_assert_null(ret);
    return true;
}

static bool call_wide(QmpContext *ctx, const void *args, void *ret,
                      GError **error)
{
    ((Wide *)ret)->number = ((const Wide *)args)->number;
    return true;
}

static bool call_fail(QmpContext *ctx, const void *args, void *ret,
                      GError **error)
{
    return fm_error_set_code(error, FM_ERROR_DEVICE_NOT_FOUND,
                             "Device 'nope' not found");
}

static bool call_notify(QmpContext *ctx, const void *args, void *ret,
                        GError **error)
{
    const EchoArgs data = { .text = (char *)"x", .has_times = true,
                            .times = -1 };

    monitor_emit(set, &plain_event, NULL);
    monitor_emit(set, &data_event, &data);
    return true;
}

/* Commands that wait for a test to answer them, the oldest first. */
static GQueue under_way = G_QUEUE_INIT;

static bool call_later(QmpContext *ctx, const void *args, void *ret,
                       GError **error)
{
    calls++;
    g_queue_push_tail(&under_way, qmp_defer(ctx));
    return true;
}

static bool call_text(QmpContext *ctx, const void *args, void *ret,
                      GError **error)
{
    monitor_return_text(ctx->monitor, "[{\"ready\": \"made\"}]");
    return true;
}

/* What the program's own table does for the commands of QMP itself */

static bool call_qmp_capabilities(QmpContext *ctx, const void *args, void *ret,
                                  GError **error)
{
    return qmp_qmp_capabilities(ctx, args, error);
}

static bool call_query_commands(QmpContext *ctx, const void *args, void *ret,
                                GError **error)
{
    return qmp_query_commands(ctx, ret, error);
}

static bool call_query_qmp_schema(QmpContext *ctx, const void *args, void *ret,
                                  GError **error)
{
    return qmp_query_qmp_schema(ctx, ret, error);
}

static bool call_query_version(QmpContext *ctx, const void *args, void *ret,
                               GError **error)
{
    return qmp_query_version(ctx, ret, error);
}

/* In place of the generated table, which the linker then leaves alone. */
const QapiCommand qapi_commands[] = {
    { .name = "echo", .doc = "", .args = &echo_type, .ret = &echo_type,
      .call = call_echo },
    { .name = "fail", .doc = "", .call = call_fail },
    { .name = "later", .doc = "", .args = &echo_type, .ret = &echo_type,
      .call = call_later },
    { .name = "nothing", .doc = "", .call = call_nothing },
    { .name = "notify", .doc = "", .allow_oob = true, .call = call_notify },
    { .name = "qmp_capabilities", .doc = "",
      .args = &qapi_type_QmpCapabilitiesArgs, .call = call_qmp_capabilities },
    { .name = "query-commands", .doc = "", .ret = &qapi_type_CommandInfoList,
      .call = call_query_commands },
    { .name = "query-qmp-schema", .doc = "", .ret = &qapi_type_SchemaInfoList,
      .call = call_query_qmp_schema },
    { .name = "query-version", .doc = "", .ret = &qapi_type_VersionInfo,
      .call = call_query_version },
    { .name = "text", .doc = "", .ret = &qapi_type_SchemaInfoList,
      .call = call_text },
    { .name = "wide", .doc = "", .args = &wide_type, .ret = &wide_type,
      .call = call_wide },
};
const size_t qapi_n_commands = G_N_ELEMENTS(qapi_commands);

/* Apparatus */

static char *directory;

typedef struct Session {
    char *path;
    Chardev *chr;
    int fd;
    GString *in;                /* received, not yet looked at */
} Session;

static void client_connect(Session *session)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    g_strlcpy(address.sun_path, session->path, sizeof(address.sun_path));
    session->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(connect(session->fd, (struct sockaddr *)&address,
                            sizeof(address)), ==, 0);
    fcntl(session->fd, F_SETFL, O_NONBLOCK);
    g_string_truncate(session->in, 0);
}

static void client_close(Session *session)
{
    close(session->fd);
    while (chardev_is_open(session->chr)) {
        g_main_context_iteration(NULL, TRUE);
    }
}

static Session *session_new(const char *name, bool pretty)
{
    Session *session = g_new0(Session, 1);
    GError *error = NULL;

    session->path = g_build_filename(directory, name, NULL);
    session->in = g_string_new(NULL);

    g_autofree char *text = g_strdup_printf("unix:%s,server=on,wait=off",
                                            session->path);
    ChardevOptions *options = chardev_parse_shorthand(text, name, &error);

    g_assert_no_error(error);
    session->chr = chardev_create(options, &error);
    g_assert_no_error(error);
    g_assert_true(monitor_set_add(set, session->chr, pretty, &error));
    client_connect(session);
    return session;
}

static void session_free(Session *session)
{
    close(session->fd);
    object_free((Object *)session->chr);
    g_string_free(session->in, TRUE);
    g_free(session->path);
    g_free(session);
}

/* Send all; the monitor runs while the socket is full. */
static void say_bytes(Session *session, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(session->fd, bytes, len);

        if (n < 0) {
            g_assert_cmpint(errno, ==, EAGAIN);
            g_main_context_iteration(NULL, FALSE);
            continue;
        }
        bytes += n;
        len -= (size_t)n;
    }
}

static void say(Session *session, const char *text)
{
    say_bytes(session, text, strlen(text));
}

/* The next line, without its end. */
static char *hear(Session *session)
{
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    char *newline;

    while (!(newline = memchr(session->in->str, '\n', session->in->len))) {
        char bytes[65536];
        ssize_t n;

        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_main_context_iteration(NULL, FALSE);
        n = read(session->fd, bytes, sizeof(bytes));
        g_assert_cmpint(n, !=, 0);
        if (n > 0) {
            g_string_append_len(session->in, bytes, n);
        }
    }

    size_t len = (size_t)(newline - session->in->str);

    g_assert_cmpuint(len, >, 0);

    char *line = g_strndup(session->in->str, len);

    /* A message ends with both characters, also where it is indented. */
    if (line[0] == '}' || line[len - 1] == '\r') {
        g_assert_true(line[len - 1] == '\r');
        line[len - 1] = '\0';
    }
    g_string_erase(session->in, 0, (gssize)len + 1);
    return line;
}

static void expect(Session *session, const char *expected)
{
    g_autofree char *line = hear(session);

    g_assert_cmpstr(line, ==, expected);
}

/* Nothing more has come, nor will. */
static void expect_silence(Session *session)
{
    char byte;

    for (int i = 0; i < 50; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_cmpuint(session->in->len, ==, 0);
    g_assert_cmpint(read(session->fd, &byte, 1), ==, -1);
}

static void check(Session *session, const char *request, const char *answer)
{
    say(session, request);
    expect(session, answer);
}

static void check_error(Session *session, const char *request,
                        const char *class, const char *desc)
{
    g_autofree char *answer = g_strdup_printf(
        "{\"error\": {\"class\": \"%s\", \"desc\": \"%s\"}}", class, desc);

    check(session, request, answer);
}

/* A line with the program's version between @before and @after. */
static void expect_version(Session *session, bool major_first,
                           const char *before, const char *after)
{
    VersionInfo version = { 0 };
    g_autofree char *triple = NULL;
    g_autofree char *line = NULL;

    g_assert_true(qmp_query_version(NULL, &version, NULL));
    triple = major_first
        ? g_strdup_printf("\"major\": %d, \"minor\": %d, \"micro\": %d",
                          (int)version.qemu->major, (int)version.qemu->minor,
                          (int)version.qemu->micro)
        : g_strdup_printf("\"micro\": %d, \"minor\": %d, \"major\": %d",
                          (int)version.qemu->micro, (int)version.qemu->minor,
                          (int)version.qemu->major);
    line = g_strdup_printf("%s{\"qemu\": {%s}, \"package\": \"%s\"}%s",
                           before, triple, version.package, after);
    qapi_clear(&qapi_type_VersionInfo, &version);
    expect(session, line);
}

static void expect_greeting(Session *session)
{
    expect_version(session, false, "{\"QMP\": {\"version\": ",
                   ", \"capabilities\": [\"oob\"]}}");
}

static void negotiate(Session *session)
{
    expect_greeting(session);
    check(session, "{\"execute\": \"qmp_capabilities\"}\n",
          "{\"return\": {}}");
}

/* A new set with one session that has negotiated. */
static Session *begin(void)
{
    Session *session;

    set = monitor_set_new(NULL);
    session = session_new("monitor", false);
    negotiate(session);
    calls = 0;
    return session;
}

static void finish(Session *session)
{
    expect_silence(session);
    monitor_set_free(set);
    set = NULL;
    session_free(session);
}

/* Tests */

static void test_negotiation(void)
{
    Session *session;

    set = monitor_set_new(NULL);
    session = session_new("monitor", false);
    expect_greeting(session);
    check_error(session, "{\"execute\": \"nothing\"}\n", "CommandNotFound",
                "Expecting capabilities negotiation with 'qmp_capabilities'");
    check_error(session, "{\"execute\": \"nope\"}\n", "CommandNotFound",
                "Expecting capabilities negotiation with 'qmp_capabilities'");
    check_error(session, "{\"execute\": \"qmp_capabilities\", \"arguments\": "
                "{\"enable\": [\"new\"]}}\n", "GenericError",
                "Parameter 'enable[0]' does not accept value 'new' "
                "(known: oob)");
    check_error(session, "{\"execute\": \"nothing\"}\n", "CommandNotFound",
                "Expecting capabilities negotiation with 'qmp_capabilities'");
    /* No events before. */
    monitor_emit(set, &plain_event, NULL);
    check(session, "{\"execute\": \"qmp_capabilities\", \"arguments\": "
          "{\"enable\": []}, \"id\": \"caps\"}\n",
          "{\"return\": {}, \"id\": \"caps\"}");
    check_error(session, "{\"execute\": \"qmp_capabilities\"}\n",
                "CommandNotFound", "Capabilities negotiation is already "
                "complete, command ignored");
    check(session, "{\"execute\": \"nothing\"}\n", "{\"return\": {}}");
    finish(session);
}

static void test_commands(void)
{
    Session *session = begin();

    check(session, "{\"execute\": \"nothing\"}", "{\"return\": {}}");
    check(session, "{\"execute\": \"nothing\", \"arguments\": {}}",
          "{\"return\": {}}");
    check(session, "{\"execute\": \"echo\", \"arguments\": {\"text\": \"a\"}}",
          "{\"return\": {\"text\": \"a\"}}");
    check(session, "{\"arguments\": {\"times\": 3, \"text\": \"ab\"}, "
          "\"execute\": \"echo\"}", "{\"return\": {\"text\": \"ababab\"}}");
    check(session, "{'execute': 'echo', 'arguments': {'text': '\"\\'}'}}",
          "{\"return\": {\"text\": \"\\\"'}\"}}");
    check(session, "{\"execute\": \"wide\", \"arguments\": "
          "{\"number\": 18446744073709551615}}",
          "{\"return\": {\"number\": 18446744073709551615}}");
    check(session, "{\"execute\": \"text\", \"id\": 1}",
          "{\"return\": [{\"ready\": \"made\"}], \"id\": 1}");
    /* And not once more for the next. */
    check(session, "{\"execute\": \"nothing\"}", "{\"return\": {}}");
    say(session, "{\"execute\": \"query-version\"}");
    expect_version(session, true, "{\"return\": ", "}");
    check(session, "{\"execute\": \"query-commands\"}",
          "{\"return\": [{\"name\": \"echo\"}, {\"name\": \"fail\"}, "
          "{\"name\": \"later\"}, {\"name\": \"nothing\"}, {\"name\": \"notify\"}, "
          "{\"name\": \"qmp_capabilities\"}, {\"name\": \"query-commands\"}, "
          "{\"name\": \"query-qmp-schema\"}, {\"name\": \"query-version\"}, "
          "{\"name\": \"text\"}, {\"name\": \"wide\"}]}");
    finish(session);
}

static void test_schema(void)
{
    Session *session = begin();
    GError *error = NULL;
    json_object *json, *list;
    g_autofree char *line = NULL;

    say(session, "{\"execute\": \"query-qmp-schema\"}");
    line = hear(session);
    g_assert_true(json_parse_strict(line, strlen(line), &json, &error));
    g_assert_no_error(error);
    g_assert_true(json_object_object_get_ex(json, "return", &list));
    /* It is what the schema itself says that it is. */
    SchemaInfoList infos = { 0 };

    g_assert_true(qapi_from_json(&qapi_type_SchemaInfoList, list,
                                 QAPI_INPUT_JSON, &infos, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(infos.len, >, 20);
    qapi_clear(&qapi_type_SchemaInfoList, &infos);
    json_object_put(json);
    finish(session);
}

static void test_errors(void)
{
    Session *session = begin();

    check_error(session, "{\"execute\": \"nope\"}\n", "CommandNotFound",
                "The command nope has not been found");
    check_error(session, "{\"execute\": \"fail\"}\n", "DeviceNotFound",
                "Device 'nope' not found");
    check_error(session, "42\n", "GenericError",
                "QMP input must be a JSON object");
    check_error(session, "[{\"execute\": \"nothing\"}]", "GenericError",
                "QMP input must be a JSON object");
    check_error(session, "null\n", "GenericError",
                "QMP input must be a JSON object");
    check_error(session, "{}", "GenericError",
                "QMP input lacks member 'execute'");
    check_error(session, "{\"execute\": \"nothing\", \"foo\": 1}",
                "GenericError", "QMP input member 'foo' is unexpected");
    check_error(session, "{\"exec-oob\": \"nothing\"}", "GenericError",
                "QMP input member 'exec-oob' is unexpected");
    check_error(session, "{\"execute\": 1}", "GenericError",
                "QMP input member 'execute' must be a string");
    check_error(session, "{\"execute\": null}", "GenericError",
                "QMP input member 'execute' must be a string");
    check_error(session, "{\"execute\": \"echo\", \"arguments\": null}",
                "GenericError",
                "QMP input member 'arguments' must be an object");
    check_error(session, "{\"execute\": \"nothing\", \"arguments\": "
                "{\"zz\": 1}}", "GenericError",
                "Parameter 'zz' is unexpected");
    check_error(session, "{\"execute\": \"echo\", \"arguments\": "
                "{\"text\": \"a\", \"zz\": 1}}", "GenericError",
                "Parameter 'zz' is unexpected");
    check_error(session, "{\"execute\": \"echo\"}", "GenericError",
                "Parameter 'text' is missing");
    check_error(session, "{\"execute\": \"echo\", \"arguments\": "
                "{\"text\": 1}}", "GenericError",
                "Invalid parameter type for 'text', expected: string");
    check_error(session, "{\"execute\": \"wide\", \"arguments\": "
                "{\"number\": \"x\"}}", "GenericError",
                "Invalid parameter type for 'number', expected: integer");
    g_assert_cmpuint(calls, ==, 0);
    /* The text of an error is escaped as any other. */
    check_error(session, "{\"execute\": \"a\\\"\\n\303\251\"}\n",
                "CommandNotFound",
                "The command a\\\"\\n\\u00E9 has not been found");
    finish(session);
}

/* Any id comes back, with answers and with errors. */
static void test_ids(void)
{
    static const char *const ids[] = {
        "1", "-5", "\"a\"", "null", "true", "[]", "{}", "[1, [2, null]]",
        "{\"a\": {\"b\": [\"c\"]}}", "18446744073709551615",
        "-9223372036854775808", "1.5", "\"\\u0000\\u001F\\u007F\"",
        "\"\\u00E9\\uD83D\\uDE00\\uFFFF\"", "\"\\\"\\\\\\b\\f\\n\\r\\t/\"",
        "\"\"",
    };
    Session *session = begin();

    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autofree char *good = g_strdup_printf(
            "{\"execute\": \"nothing\", \"id\": %s}\n", ids[i]);
        g_autofree char *bad = g_strdup_printf(
            "{\"id\": %s, \"x\": 1}\n", ids[i]);
        g_autofree char *answer = g_strdup_printf(
            "{\"return\": {}, \"id\": %s}", ids[i]);
        g_autofree char *error = g_strdup_printf(
            "{\"error\": {\"class\": \"GenericError\", \"desc\": \"QMP input "
            "member 'x' is unexpected\"}, \"id\": %s}", ids[i]);

        check(session, good, answer);
        check(session, bad, error);
    }
    finish(session);
}

static void check_alive(Session *session)
{
    check(session, "{\"execute\": \"nothing\"}\n", "{\"return\": {}}");
}

static void test_garbage(void)
{
    Session *session = begin();
    g_autofree char *brackets = g_strnfill(100000, '[');

    check_error(session, "bad\n", "GenericError",
                "JSON parse error, invalid keyword 'bad'");
    check_alive(session);
    check_error(session, "}\n", "GenericError",
                "JSON parse error, expecting value");
    check_alive(session);
    check_error(session, "{\"execute\": }\n", "GenericError",
                "JSON parse error, expecting value");
    check_alive(session);
    check_error(session, "{\"execute\": bad}\n", "GenericError",
                "JSON parse error, invalid keyword 'bad'");
    check_alive(session);
    check_error(session, "\xff", "GenericError",
                "JSON parse error, stray byte 0xff");
    check_alive(session);
    check_error(session, "{\"execute\": \"nothing\xff", "GenericError",
                "JSON parse error, stray byte 0xff");
    check_alive(session);
    check_error(session, "{\"execute\": \"nothing\n", "GenericError",
                "JSON parse error, control character in string");
    check_alive(session);
    say(session, brackets);
    check_error(session, "\n", "GenericError",
                "JSON nesting depth limit exceeded");
    check_alive(session);
    /* What was begun waits for its end. */
    say(session, "{\"execute\": ");
    expect_silence(session);
    check(session, "\"nothing\"}", "{\"return\": {}}");
    finish(session);
}

static void test_back_to_back(void)
{
    Session *session = begin();

    say(session, "{'execute':'nothing','id':1}{'execute':'nope','id':2}"
        "x{'execute':'nothing','id':3}\r\n\r\n {'execute':'nothing'}");
    expect(session, "{\"return\": {}, \"id\": 1}");
    expect(session, "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": "
           "\"The command nope has not been found\"}, \"id\": 2}");
    expect(session, "{\"error\": {\"class\": \"GenericError\", \"desc\": "
           "\"JSON parse error, invalid keyword 'x'\"}}");
    expect(session, "{\"return\": {}, \"id\": 3}");
    expect(session, "{\"return\": {}}");
    finish(session);
}

static void expect_event(Session *session, const char *rest)
{
    g_autofree char *line = hear(session);
    long long seconds = 0, micro = -1;
    int used = 0;

    g_assert_cmpint(sscanf(line, "{\"timestamp\": {\"seconds\": %lld, "
                           "\"microseconds\": %lld}, %n", &seconds, &micro,
                           &used), ==, 2);
    g_assert_cmpint(ABS(seconds - g_get_real_time() / G_USEC_PER_SEC), <, 60);
    g_assert_true(micro >= 0 && micro < 1000000);
    g_assert_cmpstr(line + used, ==, rest);
}

static void test_events(void)
{
    Session *session = begin();
    Session *second = session_new("second", false);
    Session *silent = session_new("silent", false);

    negotiate(second);
    expect_greeting(silent);
    say(session, "{\"execute\": \"notify\"}");
    /* Before the answer, and to everybody who has negotiated. */
    expect_event(session, "\"event\": \"PLAIN\"}");
    expect_event(session, "\"event\": \"DATA\", \"data\": {\"text\": \"x\", "
                 "\"times\": -1}}");
    expect(session, "{\"return\": {}}");
    expect_event(second, "\"event\": \"PLAIN\"}");
    expect_event(second, "\"event\": \"DATA\", \"data\": {\"text\": \"x\", "
                 "\"times\": -1}}");
    expect_silence(second);
    expect_silence(silent);
    finish(session);
    session_free(second);
    session_free(silent);
}

/* Nothing of one client is left for the next. */
static void test_next_client(void)
{
    static const char *const leftovers[] = {
        "", "{", "{\"execute\": \"not", "[[[[", "\"abc\n", "bad", "{\"a\n",
    };
    Session *session = begin();

    for (size_t i = 0; i < G_N_ELEMENTS(leftovers); i++) {
        say(session, leftovers[i]);
        client_close(session);
        monitor_emit(set, &plain_event, NULL);
        client_connect(session);
        expect_greeting(session);
        check_error(session, "{\"execute\": \"nothing\"}\n", "CommandNotFound",
                    "Expecting capabilities negotiation with "
                    "'qmp_capabilities'");
        check(session, "{\"execute\": \"qmp_capabilities\"}\n",
              "{\"return\": {}}");
    }
    finish(session);
}

/* Commands that were sent before the client went are carried out. */
static void test_last_words(void)
{
    Session *session = begin();

    say(session, "{\"execute\": \"nothing\"}{\"execute\": \"nothing\"}");
    client_close(session);
    g_assert_cmpuint(calls, ==, 2);
    client_connect(session);
    negotiate(session);
    finish(session);
}

/* A client that sends and never reads is held back, and misses events; when
 * it reads, it finds every answer, in order. */
static void test_never_reads(void)
{
    static const char command[] = "{\"execute\": \"echo\", \"arguments\": "
                                  "{\"text\": \"0123456789\", \"times\": "
                                  "10000}, \"id\": %u}";
    Session *session = begin();
    Session *other = session_new("other", false);
    unsigned asked = 0, done, missed;

    negotiate(other);
    /* Until the socket takes no more for a good while. */
    for (unsigned refused = 0; refused < 1000;) {
        g_autofree char *text = g_strdup_printf(command, asked);
        ssize_t n = write(session->fd, text, strlen(text));

        g_main_context_iteration(NULL, FALSE);
        if (n < 0) {
            refused++;
            continue;
        }
        g_assert_cmpint(n, ==, (ssize_t)strlen(text));
        refused = 0;
        asked++;
        g_assert_cmpuint(chardev_pending(session->chr), <, 2 << 20);
    }
    done = calls;
    g_assert_cmpuint(done, <, asked);
    g_assert_cmpuint(chardev_pending(session->chr), >, 1 << 20);

    /* The others do not notice. */
    check_alive(other);
    for (missed = 0; missed < 1000; missed++) {
        monitor_emit(set, &plain_event, NULL);
        expect_event(other, "\"event\": \"PLAIN\"}");
    }
    g_assert_cmpuint(chardev_pending(session->chr), <, 2 << 20);

    for (unsigned i = 0; i < asked; i++) {
        g_autofree char *line = hear(session);
        g_autofree char *end = g_strdup_printf("789\"}, \"id\": %u}", i);

        g_assert_true(g_str_has_prefix(line, "{\"return\": {\"text\": \"012"));
        g_assert_true(g_str_has_suffix(line, end));
    }
    check_alive(session);
    monitor_emit(set, &plain_event, NULL);
    expect_event(session, "\"event\": \"PLAIN\"}");
    finish(session);
    session_free(other);
}

/* The same client, but it goes. */
static void test_never_reads_and_goes(void)
{
    Session *session = begin();
    g_autofree char *text = g_strdup_printf(
        "{\"execute\": \"echo\", \"arguments\": {\"text\": \"x\", "
        "\"times\": %d}}", under_valgrind() ? 30000 : 300000);
    unsigned asked = 0;

    for (unsigned refused = 0; refused < 100;) {
        ssize_t n = write(session->fd, text, strlen(text));

        g_main_context_iteration(NULL, FALSE);
        asked += n > 0;
        refused += n < 0;
    }
    client_close(session);
    g_assert_cmpuint(calls, ==, asked);
    client_connect(session);
    negotiate(session);
    finish(session);
}

static void test_answer_too_long(void)
{
    Session *session = begin();

    check_error(session, "{\"execute\": \"echo\", \"arguments\": {\"text\": "
                "\"0123456789abcdef\", \"times\": 5000000}}", "GenericError",
                "The answer is too long to be sent");
    check_alive(session);
    finish(session);
}

/* An error repeats what was wrong, but not all of it. */
static void test_error_too_long(void)
{
    Session *session = begin();
    g_autofree char *name = g_strnfill(12 << 20, 'a');
    g_autofree char *request = g_strdup_printf("{\"execute\": \"%s\"}", name);
    g_autofree char *start = g_strndup(name, 4096 - strlen("The command "));
    g_autofree char *desc = g_strconcat("The command ", start, "...", NULL);

    check_error(session, request, "CommandNotFound", desc);
    check_alive(session);
    finish(session);
}

static void test_long_request(void)
{
    Session *session = begin();
    size_t len = 4 << 20;
    g_autofree char *gap = g_strnfill(len, ' ');
    g_autofree char *text = g_strnfill(65000, 'y');
    g_autofree char *request = g_strdup_printf(
        "{\"execute\": %s\"nothing\", \"id\": \"%s\"}", gap, text);
    g_autofree char *answer = g_strdup_printf(
        "{\"return\": {}, \"id\": \"%s\"}", text);
    g_autofree char *block = g_strnfill(1 << 20, ' ');

    check(session, request, answer);
    say(session, "{\"execute\": ");
    for (int i = 0; i < 20; i++) {
        say_bytes(session, block, 1 << 20);
    }
    expect(session, "{\"error\": {\"class\": \"GenericError\", \"desc\": "
           "\"JSON message size limit exceeded\"}}");
    say(session, "\"nothing\"}\n");
    check_alive(session);
    finish(session);
}

static void test_pretty(void)
{
    static const char *const lines[] = {
        "{", "    \"return\": {", "        \"text\": \"a\"", "    },",
        "    \"id\": [", "        1,", "        {}", "    ]", "}",
    };
    Session *session;

    set = monitor_set_new(NULL);
    session = session_new("pretty", true);
    expect(session, "{");
    expect(session, "    \"QMP\": {");
    for (int i = 0; i < 13; i++) {
        g_free(hear(session));
    }
    say(session, "{\"execute\": \"qmp_capabilities\"}");
    expect(session, "{");
    expect(session, "    \"return\": {}");
    expect(session, "}");
    say(session, "{\"execute\": \"echo\", \"arguments\": {\"text\": \"a\"}, "
        "\"id\": [1, {}]}");
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        expect(session, lines[i]);
    }
    finish(session);
}

/* exec-oob is for sessions that asked for it, and commands that allow it. */
static void test_oob(void)
{
    Session *session;

    set = monitor_set_new(NULL);
    session = session_new("oob", false);
    expect_greeting(session);
    check_error(session, "{\"exec-oob\": \"qmp_capabilities\"}", "GenericError",
                "QMP input member 'exec-oob' is unexpected");
    check(session, "{\"execute\": \"qmp_capabilities\", \"arguments\": "
          "{\"enable\": [\"oob\"]}}", "{\"return\": {}}");
    check_error(session, "{\"exec-oob\": \"nothing\"}", "GenericError",
                "The command nothing does not support OOB");
    check_error(session, "{\"exec-oob\": \"nope\"}", "CommandNotFound",
                "The command nope has not been found");
    check_error(session, "{\"exec-oob\": \"notify\", \"execute\": \"notify\"}",
                "GenericError",
                "QMP input member 'exec-oob' clashes with 'execute'");
    check_error(session, "{\"exec-oob\": 5}", "GenericError",
                "QMP input member 'exec-oob' must be a string");
    say(session, "{\"exec-oob\": \"notify\", \"id\": 1}");
    g_free(hear(session));      /* its two events */
    g_free(hear(session));
    expect(session, "{\"return\": {}, \"id\": 1}");

    /* The next client has to ask for it anew. */
    client_close(session);
    client_connect(session);
    negotiate(session);
    check_error(session, "{\"exec-oob\": \"notify\"}", "GenericError",
                "QMP input member 'exec-oob' is unexpected");
    finish(session);
}

/* Commands that answer later */

#define LATER "{\"execute\": \"later\", \"arguments\": {\"text\": \"\"}"

static Session *begin_oob(void)
{
    Session *session;

    set = monitor_set_new(NULL);
    session = session_new("monitor", false);
    expect_greeting(session);
    check(session, "{\"execute\": \"qmp_capabilities\", \"arguments\": "
          "{\"enable\": [\"oob\"]}}", "{\"return\": {}}");
    calls = 0;
    return session;
}

static void answer_oldest(const char *text)
{
    const EchoArgs ret = { .text = (char *)text };

    qmp_deferred_return(g_queue_pop_head(&under_way), &ret);
}

/* The client waits, in order; nobody else does. */
static void test_later(void)
{
    Session *session = begin();
    Session *other = session_new("other", false);
    GError *error = NULL;

    negotiate(other);
    say(session, LATER ", \"id\": {\"a\": null}}"
        "{\"execute\": \"nothing\", \"id\": 2}" LATER "}"
        "bad {\"execute\": \"nothing\", \"id\": null}");
    expect_silence(session);
    g_assert_cmpuint(calls, ==, 1);
    check_alive(other);
    monitor_emit(set, &plain_event, NULL);
    expect_event(session, "\"event\": \"PLAIN\"}");
    expect_event(other, "\"event\": \"PLAIN\"}");

    answer_oldest("first");
    expect(session, "{\"return\": {\"text\": \"first\"}, "
           "\"id\": {\"a\": null}}");
    expect(session, "{\"return\": {}, \"id\": 2}");
    expect_silence(session);
    fm_error_set_code(&error, FM_ERROR_DEVICE_NOT_FOUND, "It has gone");
    qmp_deferred_fail(g_queue_pop_head(&under_way), error);
    expect(session, "{\"error\": {\"class\": \"DeviceNotFound\", \"desc\": "
           "\"It has gone\"}}");
    expect(session, "{\"error\": {\"class\": \"GenericError\", \"desc\": "
           "\"JSON parse error, invalid keyword 'bad'\"}}");
    expect(session, "{\"return\": {}, \"id\": null}");
    check_alive(session);
    finish(session);
    session_free(other);
}

/* A session that is not read takes no memory for what its client sends. */
static void test_later_flood(void)
{
    static const char text[] = "{\"execute\": \"nothing\"}";
    Session *session = begin();
    unsigned sent = 0;

    say(session, LATER "}");
    for (unsigned refused = 0; refused < 1000;) {
        ssize_t n = write(session->fd, text, strlen(text));

        g_main_context_iteration(NULL, FALSE);
        if (n > 0) {
            g_assert_cmpint(n, ==, (ssize_t)strlen(text));
            refused = 0;
            sent++;
            g_assert_cmpuint(sent, <, 1000000);
        } else {
            refused++;
        }
    }
    g_assert_cmpuint(calls, ==, 1);
    answer_oldest("x");
    expect(session, "{\"return\": {\"text\": \"x\"}}");
    while (sent--) {
        expect(session, "{\"return\": {}}");
    }
    finish(session);
}

/* Its client goes, and the next is not answered for it. */
static void test_later_client_goes(void)
{
    Session *session = begin();

    say(session, LATER "}{\"execute\": \"nothing\"}");
    expect_silence(session);
    close(session->fd);
    client_connect(session);
    expect_greeting(session);
    answer_oldest("late");
    expect_silence(session);
    g_assert_cmpuint(calls, ==, 1);
    check(session, "{\"execute\": \"qmp_capabilities\"}",
          "{\"return\": {}}");
    check_alive(session);
    finish(session);
}

/* Who has only finished talking still gets all answers. */
static void test_later_half_closed(void)
{
    Session *session = begin();

    say(session, LATER "}{\"execute\": \"nothing\"}");
    shutdown(session->fd, SHUT_WR);
    expect_silence(session);
    answer_oldest("x");
    expect(session, "{\"return\": {\"text\": \"x\"}}");
    expect(session, "{\"return\": {}}");
    client_close(session);
    client_connect(session);
    negotiate(session);
    finish(session);
}

/* The set is closed, or goes, before the answer is there. */
static void test_later_set_goes(void)
{
    Session *session = begin();

    say(session, LATER "}{\"execute\": \"nothing\"}");
    expect_silence(session);
    monitor_set_close(set);
    answer_oldest("x");
    expect(session, "{\"return\": {\"text\": \"x\"}}");
    finish(session);
    g_assert_cmpuint(calls, ==, 1);

    session = begin_oob();
    say(session, LATER "}{\"execute\": \"nothing\"}");
    expect_silence(session);
    finish(session);
    answer_oldest("nobody");
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    g_assert_cmpuint(calls, ==, 1);

    /* Between the answer and what waits for it. */
    session = begin_oob();
    say(session, LATER "}{\"execute\": \"nothing\"}");
    expect_silence(session);
    answer_oldest("x");
    monitor_set_free(set);
    session_free(session);
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    g_assert_cmpuint(calls, ==, 1);
}

static void expect_notified(Session *session, int id)
{
    g_autofree char *answer = g_strdup_printf("{\"return\": {}, \"id\": %d}",
                                              id);

    expect_event(session, "\"event\": \"PLAIN\"}");
    expect_event(session, "\"event\": \"DATA\", \"data\": {\"text\": \"x\", "
                 "\"times\": -1}}");
    expect(session, answer);
}

/* Out of band overtakes; the rest stays in order, mistakes too. */
static void test_overtake(void)
{
    Session *session = begin_oob();

    say(session, LATER ", \"id\": 1}"
        "{\"execute\": \"nothing\", \"id\": 2}"
        "bad [] \"x\n"
        "{\"execute\": \"notify\", \"id\": 3}"
        "{\"exec-oob\": \"notify\", \"id\": 4}"
        "{\"exec-oob\": \"nothing\", \"id\": 5}"
        "{\"exec-oob\": \"nope\", \"id\": 6}");
    expect_notified(session, 4);
    expect(session, "{\"error\": {\"class\": \"GenericError\", \"desc\": "
           "\"The command nothing does not support OOB\"}, \"id\": 5}");
    expect(session, "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": "
           "\"The command nope has not been found\"}, \"id\": 6}");
    expect_silence(session);
    say(session, "{\"exec-oob\": \"notify\", \"id\": 4}");
    expect_notified(session, 4);
    g_assert_cmpuint(calls, ==, 1);

    answer_oldest("x");
    expect(session, "{\"return\": {\"text\": \"x\"}, \"id\": 1}");
    expect(session, "{\"return\": {}, \"id\": 2}");
    expect(session, "{\"error\": {\"class\": \"GenericError\", \"desc\": "
           "\"JSON parse error, invalid keyword 'bad'\"}}");
    expect(session, "{\"error\": {\"class\": \"GenericError\", \"desc\": "
           "\"QMP input must be a JSON object\"}}");
    expect(session, "{\"error\": {\"class\": \"GenericError\", \"desc\": "
           "\"JSON parse error, control character in string\"}}");
    expect_notified(session, 3);
    check_alive(session);
    finish(session);
}

/* Eight may wait; behind them nothing is read until one has had its turn. */
static void test_overtake_limit(void)
{
    Session *session = begin_oob();

    say(session, LATER "}");
    for (int i = 0; i < 7; i++) {
        say(session, LATER "}");
    }
    say(session, "{\"exec-oob\": \"notify\", \"id\": 1}");
    expect_notified(session, 1);
    say(session, "{\"execute\": \"nothing\"}");
    expect_silence(session);
    say(session, "{\"exec-oob\": \"notify\", \"id\": 2}");
    expect_silence(session);
    g_assert_cmpuint(calls, ==, 1);
    answer_oldest("0");
    expect(session, "{\"return\": {\"text\": \"0\"}}");
    expect_notified(session, 2);
    expect_silence(session);
    for (int i = 0; i < 7; i++) {
        answer_oldest("n");
        expect(session, "{\"return\": {\"text\": \"n\"}}");
        if (i < 6) {
            expect_silence(session);
        }
    }
    expect(session, "{\"return\": {}}");
    g_assert_cmpuint(calls, ==, 9);
    check_alive(session);
    finish(session);
}

/* Nor is it when what waits is long. */
static void test_overtake_bytes(void)
{
    Session *session = begin_oob();
    g_autofree char *gap = g_strnfill(12 << 20, ' ');
    g_autofree char *request = g_strdup_printf(
        "{\"execute\": %s\"nothing\", \"id\": \"i\"}", gap);
    const char *answer = "{\"return\": {}, \"id\": \"i\"}";

    say(session, LATER "}");
    say(session, request);
    say(session, "{\"exec-oob\": \"notify\", \"id\": 1}");
    expect_notified(session, 1);
    say(session, request);
    expect_silence(session);
    say(session, "{\"exec-oob\": \"notify\", \"id\": 2}");
    expect_silence(session);
    answer_oldest("x");
    expect(session, "{\"return\": {\"text\": \"x\"}}");
    expect(session, answer);
    expect(session, answer);
    expect_notified(session, 2);
    finish(session);
}

/* The client goes while some wait: those are forgotten. */
static void test_overtake_client_goes(void)
{
    Session *session = begin_oob();

    say(session, LATER "}{\"execute\": \"nothing\"}"
        "{\"execute\": \"nothing\"}");
    client_close(session);
    client_connect(session);
    negotiate(session);
    answer_oldest("late");
    check_alive(session);
    expect_silence(session);
    g_assert_cmpuint(calls, ==, 2);     /* of which one was check_alive()'s */
    finish(session);
}

/* Take what has come: in-band answers are in the order of their requests. */
static void take_answers(Session *session, int *last)
{
    char bytes[65536];
    char *newline;
    ssize_t n = read(session->fd, bytes, sizeof(bytes));

    if (n > 0) {
        g_string_append_len(session->in, bytes, n);
    }
    while ((newline = memchr(session->in->str, '\n', session->in->len))) {
        size_t len = (size_t)(newline - session->in->str) + 1;
        g_autofree char *line = g_strndup(session->in->str, len);
        const char *id = strstr(line, "\"id\": 1");

        if (id) {
            g_assert_cmpint(atoi(id + 6), >, *last);
            *last = atoi(id + 6);
        }
        g_string_erase(session->in, 0, (gssize)len);
    }
}

/* Whatever the client does, whenever the answers come. */
static void test_later_random(void)
{
    GRand *rand = g_rand_new_with_seed(11);
    Session *session = begin_oob();
    int next = 100000, last = 0;

    for (int step = 0; step < 20000; step++) {
        g_autofree char *text = NULL;

        switch (g_rand_int_range(rand, 0, 12)) {
        case 0: case 1:
            text = g_strdup_printf(LATER ", \"id\": %d}", next++);
            break;
        case 2: case 3: case 4:
            text = g_strdup_printf("{\"execute\": \"nothing\", \"id\": %d}",
                                   next++);
            break;
        case 5:
            text = g_strdup("{\"exec-oob\": \"notify\"}");
            break;
        case 6:
            text = g_strdup("bad \xff");
            break;
        case 7: case 8:
            if (under_way.length) {
                answer_oldest("x");
            }
            break;
        case 9: case 10:
            g_main_context_iteration(NULL, FALSE);
            break;
        default:
            if (g_rand_int_range(rand, 0, 50) == 0) {
                close(session->fd);
                client_connect(session);
                say(session, "{\"execute\": \"qmp_capabilities\", "
                    "\"arguments\": {\"enable\": [\"oob\"]}}");
            }
        }
        if (text) {
            ssize_t n = write(session->fd, text, strlen(text));

            /* what has been begun has to be ended */
            g_assert_true(n > 0 || errno == EAGAIN);
            say(session, text + (n > 0 ? (size_t)n : strlen(text)));
        }
        take_answers(session, &last);
    }
    g_assert_cmpint(last, >, 100000);
    for (int i = 0; i < 1000 || under_way.length; i++) {
        if (under_way.length) {
            answer_oldest("x");
        }
        g_main_context_iteration(NULL, FALSE);
        take_answers(session, &last);
    }
    check_alive(session);
    g_rand_free(rand);
    finish(session);
}

/* A monitor's stream is its own. */
static void test_in_use(void)
{
    Session *session = begin();
    GError *error = NULL;

    g_assert_false(monitor_set_add(set, session->chr, false, &error));
    g_assert_cmpstr(error->message, ==, "Device 'monitor' is in use");
    g_error_free(error);
    monitor_set_flush(set, 10);
    check_alive(session);
    finish(session);
}

/* Whatever is said, in whatever pieces: the session lives on. */
static void test_random(void)
{
    static const char *const words[] = {
        "{", "}", "[", "]", "\"", "'", "\\", ",", ":", "\n", " ", "\xff",
        "\"execute\"", "\"nothing\"", "\"id\"", "1", "null",
        "{\"execute\": \"nothing\"}", "\303", "\001", "true", "-", "1e999",
        "\"\\u", "\t",
    };
    GRand *rand = g_rand_new_with_seed(7);
    Session *session = begin();

    for (int run = 0; run < 300; run++) {
        for (int i = 0; i < 30; i++) {
            say(session, words[g_rand_int_range(rand, 0,
                                                G_N_ELEMENTS(words))]);
            if (g_rand_boolean(rand)) {
                g_main_context_iteration(NULL, FALSE);
            }
        }
        say(session, "\xff{\"execute\": \"nothing\", \"id\": \"run\"}");
        for (bool found = false; !found;) {
            g_autofree char *line = hear(session);

            found = g_str_equal(line, "{\"return\": {}, \"id\": \"run\"}");
            g_assert_true(found || g_str_has_prefix(line, "{\"error\": ") ||
                          g_str_has_prefix(line, "{\"return\": {}"));
        }
    }
    g_rand_free(rand);
    finish(session);
}

static void check_string(const char *text, size_t len, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);
    /* Without a byte to spare. */
    g_autofree char *copy = g_memdup2(text, len);

    json_text_append_string(out, copy, len);
    g_assert_cmpstr(out->str, ==, expected);
}

/* Not every text that has to be shown is UTF-8. */
static void test_strings(void)
{
    check_string("", 0, "\"\"");
    check_string("plain", 5, "\"plain\"");
    check_string("a\0b", 3, "\"a\\u0000b\"");
    check_string("a\xc0\x80" "b", 4, "\"a\\u0000b\"");
    check_string("\xc0", 1, "\"\\uFFFD\"");
    check_string("\xff\xfe", 2, "\"\\uFFFD\\uFFFD\"");
    check_string("\xe2\x82\xac", 3, "\"\\u20AC\"");
    check_string("\xe2\x82", 2, "\"\\uFFFD\\uFFFD\"");
    check_string("\xed\xa0\x80", 3, "\"\\uFFFD\\uFFFD\\uFFFD\"");
    check_string("\xf0\x9f\x98\x80x", 5, "\"\\uD83D\\uDE00x\"");
}

static void skip_long(void)
{
    g_test_skip("texts of the greatest length take valgrind minutes");
}

static void add_long(const char *path, GTestFunc test)
{
    g_test_add_func(path, under_valgrind() ? skip_long : test);
}

int main(int argc, char **argv)
{
    int result;

    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    /* not in $TMPDIR, which may be too long for the names of sockets */
    directory = g_mkdtemp(g_strdup("/tmp/monitor-XXXXXX"));
    g_assert_nonnull(directory);
    g_test_add_func("/monitor/negotiation", test_negotiation);
    g_test_add_func("/monitor/oob", test_oob);
    g_test_add_func("/monitor/commands", test_commands);
    g_test_add_func("/monitor/schema", test_schema);
    g_test_add_func("/monitor/errors", test_errors);
    g_test_add_func("/monitor/ids", test_ids);
    g_test_add_func("/monitor/garbage", test_garbage);
    g_test_add_func("/monitor/back-to-back", test_back_to_back);
    g_test_add_func("/monitor/events", test_events);
    g_test_add_func("/monitor/next-client", test_next_client);
    g_test_add_func("/monitor/last-words", test_last_words);
    g_test_add_func("/monitor/never-reads", test_never_reads);
    g_test_add_func("/monitor/never-reads-and-goes",
                    test_never_reads_and_goes);
    g_test_add_func("/monitor/long-request", test_long_request);
    g_test_add_func("/monitor/pretty", test_pretty);
    g_test_add_func("/monitor/later", test_later);
    g_test_add_func("/monitor/later-flood", test_later_flood);
    g_test_add_func("/monitor/later-client-goes", test_later_client_goes);
    g_test_add_func("/monitor/later-half-closed", test_later_half_closed);
    g_test_add_func("/monitor/later-set-goes", test_later_set_goes);
    g_test_add_func("/monitor/overtake", test_overtake);
    g_test_add_func("/monitor/overtake-limit", test_overtake_limit);
    g_test_add_func("/monitor/overtake-client-goes",
                    test_overtake_client_goes);
    g_test_add_func("/monitor/later-random", test_later_random);
    g_test_add_func("/monitor/in-use", test_in_use);
    g_test_add_func("/monitor/random", test_random);
    g_test_add_func("/monitor/strings", test_strings);
    add_long("/monitor/answer-too-long", test_answer_too_long);
    add_long("/monitor/error-too-long", test_error_too_long);
    add_long("/monitor/overtake-bytes", test_overtake_bytes);
    result = g_test_run();
    g_rmdir(directory);
    g_free(directory);
    return result;
}
