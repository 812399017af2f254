/*
 * QMP: greeting, negotiation, replies, errors and events, on every transport
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libqtest.h"

#define NONE "-nodefaults -display none -machine none "
#define NEGOTIATE "{'execute': 'qmp_capabilities'}\n"
#define QUIT "{'execute': 'quit'}\n"

/** The lines that a monitor on standard input and output answers to @input,
 *  the greeting first. */
static GStrv talk(const char *input, const char *options)
{
    QtestRun run = qtest_run(input, NONE "%s -qmp stdio", options);
    GStrv lines = g_strsplit(run.out, "\r\n", -1);
    guint n = g_strv_length(lines);

    g_assert_cmpint(run.status, ==, 0);
    g_assert_cmpstr(run.err, ==, "");
    /* Every line ends in CR LF, the last one too */
    g_assert_cmpuint(n, >, 0);
    g_assert_cmpstr(lines[n - 1], ==, "");
    g_free(lines[n - 1]);
    lines[n - 1] = NULL;
    qtest_run_clear(&run);
    return lines;
}

static json_object *parse(const char *line)
{
    json_object *object = json_tokener_parse(line);

    g_assert_nonnull(object);
    return object;
}

static void assert_error(const char *line, const char *class, const char *desc)
{
    json_object *reply = parse(line);
    json_object *error = qtest_json_get(reply, "error");

    g_assert_cmpstr(qtest_json_string(error, "class"), ==, class);
    if (!g_pattern_match_simple(desc, qtest_json_string(error, "desc"))) {
        g_error("expected %s, got %s", desc,
                qtest_json_string(error, "desc"));
    }
    g_assert_cmpint(json_object_object_length(error), ==, 2);
    json_object_put(reply);
}

/** What was sent behind quit is neither done nor answered. */
static void test_quit_is_last(void)
{
    g_auto(GStrv) lines = talk(NEGOTIATE QUIT "{'execute': 'system_reset'}"
                               "{'execute': 'query-status'}\n", "");

    g_assert_nonnull(strstr(lines[2], "SHUTDOWN"));
    g_assert_cmpstr(lines[3], ==, "{\"return\": {}}");
    g_assert_null(lines[4]);
}

static void test_greeting(void)
{
    g_auto(GStrv) lines = talk(NEGOTIATE QUIT, "");
    json_object *greeting = parse(lines[0]);
    json_object *qmp = qtest_json_get(greeting, "QMP");
    json_object *version = qtest_json_get(qmp, "version");
    json_object *numbers = qtest_json_get(version, "qemu");
    json_object *capabilities = qtest_json_get(qmp, "capabilities");

    g_assert_true(g_str_has_prefix(lines[0], "{\"QMP\": {\"version\": "));
    /* the level of the protocols, not our own number: that is the package's */
    g_assert_cmpint(qtest_json_int(numbers, "major"), ==, 7);
    g_assert_cmpint(qtest_json_int(numbers, "minor"), ==, 2);
    g_assert_cmpint(qtest_json_int(numbers, "micro"), ==, 0);
    g_assert_cmpstr(qtest_json_string(version, "package"), ==,
                    "firmament 0.1.0");
    g_assert_true(json_object_is_type(capabilities, json_type_array));
    json_object_put(greeting);
    g_assert_cmpstr(lines[1], ==, "{\"return\": {}}");
    g_assert_nonnull(strstr(lines[2], "SHUTDOWN"));
    g_assert_cmpstr(lines[3], ==, "{\"return\": {}}");
    g_assert_null(lines[4]);
}

static void test_negotiation(void)
{
    g_auto(GStrv) lines = talk(
        "{'execute': 'query-status', 'id': 1}"
        "{'execute': 'quit'}"
        "{'execute': 'qmp_capabilities', 'arguments': {'enable': ['fly']}}"
        "{'execute': 'qmp_capabilities', 'arguments': {'enable': []}}"
        "{'execute': 'qmp_capabilities', 'id': 2}" QUIT, "");

    for (unsigned i = 1; i < 3; i++) {
        assert_error(lines[i], "CommandNotFound", "Expecting capabilities "
                     "negotiation with 'qmp_capabilities'");
    }
    g_assert_nonnull(strstr(lines[1], "\"id\": 1"));
    assert_error(lines[3], "GenericError", "*fly*");
    g_assert_cmpstr(lines[4], ==, "{\"return\": {}}");
    assert_error(lines[5], "CommandNotFound", "Capabilities negotiation is "
                 "already complete, command ignored");
    g_assert_nonnull(strstr(lines[5], "\"id\": 2"));
}

/** What query-qmp-schema, whose answer @line is, says of a command. */
static void assert_oob(const char *line, const char *command, bool allowed)
{
    g_autofree char *start = g_strdup_printf(
        "{\"name\": \"%s\", \"meta-type\": \"command\"", command);
    const char *found = strstr(line, start);
    g_autofree char *entry = NULL;

    g_assert_nonnull(found);
    entry = g_strndup(found, strcspn(found, "}"));
    g_assert_nonnull(strstr(entry, allowed ? "\"allow-oob\": true"
                                           : "\"allow-oob\": false"));
}

/** Out-of-band execution is offered; some commands have it, and the schema
 *  says which. */
static void test_oob(void)
{
    g_auto(GStrv) lines = talk(
        "{'execute': 'qmp_capabilities', 'arguments': {'enable': ['oob']}}"
        "{'exec-oob': 'system_reset', 'id': 'o'}"
        "{'exec-oob': 'query-status', 'id': 'p'}"
        "{'execute': 'query-qmp-schema'}"
        NEGOTIATE QUIT, "");        /* again, so that it ends in any case */

    g_assert_nonnull(strstr(lines[0], "\"capabilities\": [\"oob\"]"));
    g_assert_cmpstr(lines[1], ==, "{\"return\": {}}");
    assert_error(lines[2], "GenericError",
                 "The command system_reset does not support OOB");
    g_assert_nonnull(strstr(lines[2], "\"id\": \"o\""));
    g_assert_true(g_str_has_prefix(lines[3], "{\"return\": {\"running\": "));
    g_assert_true(g_str_has_suffix(lines[3], ", \"id\": \"p\"}"));
    assert_oob(lines[4], "query-status", true);
    assert_oob(lines[4], "query-dump", true);
    assert_oob(lines[4], "dump-guest-memory", false);
    assert_oob(lines[4], "system_reset", false);
}

/* What is sent, and the error that comes back */
static const struct {
    const char *input, *class, *desc;
} errors[] = {
    { "{'execute': 'frob'}", "CommandNotFound",
      "The command frob has not been found" },
    { "{'execute': ''}", "CommandNotFound", "The command  has not been found" },
    { "{'execute': 'query-status', 'foo': 1}", "GenericError",
      "QMP input member 'foo' is unexpected" },
    { "{'exec-oob': 'query-status'}", "GenericError",
      "QMP input member 'exec-oob' is unexpected" },
    { "{'execute': 1}", "GenericError", "*'execute'*string*" },
    { "{'arguments': {}}", "GenericError", "*execute*" },
    { "{}", "GenericError", "*execute*" },
    { "{'execute': 'query-status', 'arguments': 7}", "GenericError",
      "*arguments*object*" },
    { "[1, 2]", "GenericError", "QMP input must be a JSON object" },
    { "17", "GenericError", "QMP input must be a JSON object" },
    { "'text'", "GenericError", "QMP input must be a JSON object" },
    { "null", "GenericError", "QMP input must be a JSON object" },
    { "{'execute': 'query-status', 'arguments': {'zz': 1}}", "GenericError",
      "Parameter 'zz' is unexpected" },
    { "{'execute': 'qom-get', 'arguments': {'path': '/'}}", "GenericError",
      "Parameter 'property' is missing" },
    { "{'execute': 'qom-get'}", "GenericError", "Parameter '*' is missing" },
    { "{'execute': 'qom-get', 'arguments': {'path': 1, 'property': 'x'}}",
      "GenericError", "Invalid parameter type for 'path', expected: string" },
    { "{'execute': 'qom-get', 'arguments': {'path': null, 'property': 'x'}}",
      "GenericError", "Invalid parameter type for 'path', expected: string" },
    { "{'execute': 'qom-get', 'arguments': {'path': '/nope', "
      "'property': 'x'}}", "DeviceNotFound", "Device '/nope' not found" },
    { "{'execute': 'qom-list', 'arguments': {'path': '/nope'}}",
      "DeviceNotFound", "Device '/nope' not found" },
    { "{'execute': 'device-list-properties', "
      "'arguments': {'typename': 'nope'}}", "DeviceNotFound",
      "Device 'nope' not found" },
    { "{'execute': 'object-del', 'arguments': {'id': 'nope'}}",
      "GenericError", "object 'nope' not found" },
    { "{'execute': bad}", "GenericError",
      "JSON parse error, invalid keyword 'bad'" },
    { "]", "GenericError", "JSON parse error, expecting value" },
    { "{'execute': }", "GenericError", "JSON parse error, expecting value" },
    { "{'execute' 'query-status'}", "GenericError", "JSON parse error*" },
    { "{'a': 1,}", "GenericError", "JSON parse error*" },
    { "{'execute': 'query-status' 'id': 1}", "GenericError",
      "JSON parse error*" },
    { "{'a': 'bad \\q escape'}", "GenericError", "JSON parse error*" },
    { "{'a': '\\u12'}", "GenericError", "JSON parse error*" },
};

/** Each error comes once, and the session goes on. */
static void test_errors(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(errors); i++) {
        g_autofree char *input = g_strdup_printf(
            NEGOTIATE "%s\n\xff{'execute': 'query-status', 'id': 'after'}\n"
            QUIT, errors[i].input);
        g_auto(GStrv) lines = talk(input, "");
        unsigned n = 3;

        g_test_message("%s", errors[i].input);
        g_assert_nonnull(lines[2]);
        assert_error(lines[2], errors[i].class, errors[i].desc);
        /* Damaged text may earn several errors, and 0xFF is one itself */
        while (lines[n] && strstr(lines[n], "JSON parse error")) {
            n++;
        }
        g_assert_nonnull(lines[n]);
        g_assert_nonnull(strstr(lines[n], "\"id\": \"after\""));
        g_assert_nonnull(strstr(lines[n], "\"return\""));
    }
}

/** 0xFF in the middle of a command: one error, then all is well. */
static void test_resynchronise(void)
{
    g_auto(GStrv) lines = talk(
        NEGOTIATE "{'execute': 'query-st\xff"
        "{'execute': 'query-name', 'id': 1}\n"
        "{'a': [1, {\xff{'execute': 'query-name', 'id': 2}\n" QUIT, "");

    assert_error(lines[2], "GenericError", "JSON parse error*");
    g_assert_cmpstr(lines[3], ==, "{\"return\": {}, \"id\": 1}");
    assert_error(lines[4], "GenericError", "JSON parse error*");
    g_assert_cmpstr(lines[5], ==, "{\"return\": {}, \"id\": 2}");
}

/** A bad byte in a string costs that command only, without any newline. */
static void test_bad_byte(void)
{
    static const char *const bad[] = { "\xff", "\001" };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *input = g_strdup_printf(
            "{\"execute\": \"qmp_capabilities\"}"
            "{\"execute\": \"query-name%s\"}"
            "{\"execute\": \"query-name\", \"id\": 1}"
            "{\"execute\": \"query-name\", \"id\": 2}"
            "{\"execute\": \"quit\"}", bad[i]);
        g_auto(GStrv) lines = talk(input, "");

        assert_error(lines[2], "GenericError", "JSON parse error*");
        g_assert_cmpstr(lines[3], ==, "{\"return\": {}, \"id\": 1}");
        g_assert_cmpstr(lines[4], ==, "{\"return\": {}, \"id\": 2}");
    }
}

static void test_id(void)
{
    static const char *const ids[] = {
        "1", "-5", "1.5", "true", "null", "\"text\"", "\"\"", "[]", "{}",
        "[1,{\"a\":[null,\"\\u0000\"]}]", "18446744073709551615",
        "\"\\ud83d\\ude00\"",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autofree char *input = g_strdup_printf(
            NEGOTIATE "{'execute': 'query-name', 'id': %s}"
            "{'execute': 'nope', 'id': %s}" QUIT, ids[i], ids[i]);
        g_auto(GStrv) lines = talk(input, "");
        json_object *expected = NULL;

        if (strcmp(ids[i], "null") != 0) {
            expected = parse(ids[i]);
        }
        for (unsigned n = 2; n < 4; n++) {
            json_object *reply = parse(lines[n]);

            g_assert_true(qtest_json_has(reply, "id"));
            g_assert_true(json_object_equal(qtest_json_get(reply, "id"),
                                            expected));
            json_object_put(reply);
        }
        json_object_put(expected);
    }
}

/** Quotes of both kinds, objects back to back, and one byte at a time. */
static void test_input_forms(void)
{
    static const char text[] =
        "{\"execute\": \"query-name\", \"id\": 1}{'execute':'query-name',"
        "'id':2}  \r\n\t{'execute': 'query-name',\n 'id':\n3}";
    Qtest *qts = qtest_start_qmp(NONE);
    QmpSession *qmp = qtest_qmp_session(qts);

    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; round && i < strlen(text); i++) {
            qmp_session_send(qmp, text + i, 1);
        }
        if (!round) {
            qmp_session_send(qmp, text, strlen(text));
        }
        for (int id = 1; id <= 3; id++) {
            json_object *reply = qmp_session_receive(qmp);

            g_assert_cmpint(qtest_json_int(reply, "id"), ==, id);
            g_assert_true(qtest_json_has(reply, "return"));
            json_object_put(reply);
        }
    }
    qtest_quit(qts);
}

/** Input that is too deep, too long or never ends. */
static void test_hostile(void)
{
    Qtest *qts = qtest_start_qmp(NONE);
    QmpSession *qmp = qtest_qmp_session(qts);
    g_autofree char *deep = g_strnfill(100000, '[');
    g_autofree char *letters = g_strnfill(4 * 1024 * 1024, 'x');
    g_autofree char *command = NULL;
    json_object *reply;
    unsigned n_errors = 0;

    qmp_session_send(qmp, deep, strlen(deep));
    qmp_session_send(qmp, "\xff", 1);
    qmp_session_send(qmp, "{'execute': 'query-name', 'id': 1}\n", 35);
    while ((reply = qmp_session_receive(qmp)) &&
           qtest_json_has(reply, "error")) {
        json_object_put(reply);
        n_errors++;
    }
    g_assert_cmpuint(n_errors, >, 0);
    g_assert_cmpint(qtest_json_int(reply, "id"), ==, 1);
    json_object_put(reply);

    /* Something long is answered, one way or the other */
    command = g_strdup_printf("{'execute': '%s'}", letters);
    reply = qtest_qmp(qts, "%s", command);
    g_assert_true(qtest_json_has(reply, "error"));
    json_object_put(reply);
    qmp_session_send(qmp, "\xff", 1);
    do {
        reply = qtest_qmp(qts, "{'execute': 'query-name', 'id': 2}");
        n_errors = qtest_json_has(reply, "error");
        json_object_put(reply);
    } while (n_errors);
    qtest_quit(qts);
}

/** Many commands before the first answer is read. */
static void test_pipelined(void)
{
    Qtest *qts = qtest_start_qmp(NONE);
    QmpSession *qmp = qtest_qmp_session(qts);
    g_autoptr(GString) text = g_string_new(NULL);

    for (int i = 0; i < 1000; i++) {
        g_string_append_printf(text, "{'execute': 'query-status', 'id': %d}\n",
                               i);
    }
    qmp_session_send(qmp, text->str, text->len);
    for (int i = 0; i < 1000; i++) {
        json_object *reply = qmp_session_receive(qmp);

        g_assert_cmpint(qtest_json_int(reply, "id"), ==, i);
        json_object_put(reply);
    }
    qtest_quit(qts);
}

static void assert_status(Qtest *qts, const char *status, bool running)
{
    json_object *info = qtest_qmp_return(qts, "{'execute': 'query-status'}");

    g_assert_cmpstr(qtest_json_string(info, "status"), ==, status);
    g_assert_true(qtest_json_bool(info, "running") == running);
    json_object_put(info);
}

/** An event: its name, and its data or none. */
static void assert_event(json_object *event, const char *name, int guest,
                         const char *reason)
{
    json_object *stamp = qtest_json_get(event, "timestamp");

    g_assert_cmpstr(qtest_json_string(event, "event"), ==, name);
    g_assert_cmpint(qtest_json_int(stamp, "seconds"), >, 1500000000);
    g_assert_cmpint(qtest_json_int(stamp, "microseconds"), <, 1000000);
    if (reason) {
        json_object *data = qtest_json_get(event, "data");

        g_assert_true(qtest_json_bool(data, "guest") == guest);
        g_assert_cmpstr(qtest_json_string(data, "reason"), ==, reason);
    } else {
        g_assert_false(qtest_json_has(event, "data"));
    }
}

/** The command's event comes first, its reply after it. */
static void expect_event_then_return(QmpSession *qmp, const char *command,
                                     const char *name, const char *reason)
{
    g_autofree char *text = g_strdup_printf("{'execute': '%s'}\n", command);
    json_object *message;

    qmp_session_send(qmp, text, strlen(text));
    message = qmp_session_receive(qmp);
    assert_event(message, name, false, reason);
    json_object_put(message);
    message = qmp_session_receive(qmp);
    g_assert_true(qtest_json_has(message, "return"));
    json_object_put(message);
}

static void test_events(void)
{
    Qtest *qts = qtest_start_qmp("-nodefaults -machine q35");
    QmpSession *qmp = qtest_qmp_session(qts);

    assert_status(qts, "running", true);
    expect_event_then_return(qmp, "stop", "STOP", NULL);
    assert_status(qts, "paused", false);
    qtest_qmp_ok(qts, "{'execute': 'stop'}");
    expect_event_then_return(qmp, "cont", "RESUME", NULL);
    assert_status(qts, "running", true);
    qtest_qmp_ok(qts, "{'execute': 'cont'}");
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    json_object *reset = qtest_qmp_event_wait(qts, "RESET");
    assert_event(reset, "RESET", false, "host-qmp-system-reset");
    json_object_put(reset);
    assert_status(qts, "running", true);
    g_assert_false(qmp_session_has_event(qmp, "STOP"));
    g_assert_false(qmp_session_has_event(qmp, "RESUME"));
    expect_event_then_return(qmp, "quit", "SHUTDOWN", "host-qmp-quit");
    g_assert_null(qmp_session_receive(qmp));
    g_assert_cmpint(qtest_wait_exit(qts), ==, 0);
    qtest_quit(qts);
}

static void test_prelaunch(void)
{
    Qtest *qts = qtest_start_qmp("-nodefaults -machine pc -S");

    assert_status(qts, "prelaunch", false);
    expect_event_then_return(qtest_qmp_session(qts), "cont", "RESUME", NULL);
    assert_status(qts, "running", true);
    qtest_quit(qts);
}

static void test_signal(gconstpointer data)
{
    Qtest *qts = qtest_start_qmp(NONE);
    json_object *event;

    kill(qtest_pid(qts), GPOINTER_TO_INT(data));
    event = qtest_qmp_event_wait(qts, "SHUTDOWN");
    assert_event(event, "SHUTDOWN", false, "host-signal");
    json_object_put(event);
    g_assert_null(qmp_session_receive(qtest_qmp_session(qts)));
    g_assert_cmpint(qtest_wait_exit(qts), ==, 0);
    qtest_quit(qts);
}

/** A TCP port that was free a moment ago. */
static unsigned free_port(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, len), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &len), ==, 0);
    close(fd);
    return ntohs(address.sin_port);
}

/** Sessions of every kind at once: each negotiates by itself, and all that
 *  have get the events. */
static void test_several(void)
{
    g_autofree char *path = qtest_temp_path("several.qmp");
    unsigned port = free_port();
    Qtest *qts = qtest_start_qmp(NONE "-qmp unix:%s,server=on,wait=off "
                                 "-qmp tcp:127.0.0.1:%u,server,nowait "
                                 "-chardev null,id=n -mon chardev=n,"
                                 "mode=control", path, port);
    QmpSession *local = qmp_session_connect_unix(path);
    QmpSession *tcp = qmp_session_connect_tcp("127.0.0.1", port);
    json_object *message;

    json_object_put(qmp_session_handshake(tcp));
    /* This one is greeted, but does not negotiate yet */
    message = qmp_session_receive(local);
    g_assert_true(qtest_json_has(message, "QMP"));
    json_object_put(message);

    qtest_qmp_ok(qts, "{'execute': 'stop'}");
    message = qmp_session_event_wait(tcp, "STOP");
    assert_event(message, "STOP", 0, NULL);
    json_object_put(message);

    json_object_put(qmp_session_call(local, "{'execute': "
                                     "'qmp_capabilities'}"));
    g_assert_false(qmp_session_has_event(local, "STOP"));
    json_object_put(qmp_session_call(local, "{'execute': 'cont'}"));
    message = qtest_qmp_event_wait(qts, "RESUME");
    json_object_put(message);
    message = qmp_session_event_wait(tcp, "RESUME");
    json_object_put(message);
    message = qmp_session_event_wait(local, "RESUME");
    json_object_put(message);

    /* A client goes, another comes and starts from the greeting */
    qmp_session_free(local);
    local = qmp_session_connect_unix(path);
    message = qmp_session_receive(local);
    g_assert_true(qtest_json_has(message, "QMP"));
    json_object_put(message);
    message = qmp_session_call(local, "{'execute': 'query-status'}");
    g_assert_true(qtest_json_has(message, "error"));
    json_object_put(message);

    qmp_session_free(local);
    qmp_session_free(tcp);
    qtest_quit(qts);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void test_queries(void)
{
    Qtest *qts = qtest_start_qmp("-nodefaults -machine q35 -name guest=Tess "
                                 "-uuid 324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87");
    json_object *value = qtest_qmp_return(qts, "{'execute': "
                                          "'query-version'}");
    bool found = false;

    g_assert_cmpint(qtest_json_int(qtest_json_get(value, "qemu"), "major"),
                    ==, 7);
    g_assert_cmpstr(qtest_json_string(value, "package"), ==,
                    "firmament 0.1.0");
    json_object_put(value);

    value = qtest_qmp_return(qts, "{'execute': 'query-name'}");
    g_assert_cmpstr(qtest_json_string(value, "name"), ==, "Tess");
    json_object_put(value);

    value = qtest_qmp_return(qts, "{'execute': 'query-uuid'}");
    g_assert_cmpstr(qtest_json_string(value, "UUID"), ==,
                    "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87");
    json_object_put(value);

    value = qtest_qmp_return(qts, "{'execute': 'query-target'}");
    g_assert_cmpstr(qtest_json_string(value, "arch"), ==, "x86_64");
    json_object_put(value);

    value = qtest_qmp_return(qts, "{'execute': 'query-machines'}");
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        json_object *machine = json_object_array_get_idx(value, i);
        const char *name = qtest_json_string(machine, "name");

        g_assert_cmpint(qtest_json_int(machine, "cpu-max"), >=, 1);
        found |= strcmp(name, "q35") == 0 ||
                 (qtest_json_has(machine, "alias") &&
                  strcmp(qtest_json_string(machine, "alias"), "q35") == 0);
    }
    g_assert_true(found);
    json_object_put(value);

    value = qtest_qmp_return(qts, "{'execute': 'query-chardev'}");
    found = false;
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        json_object *chardev = json_object_array_get_idx(value, i);

        if (strcmp(qtest_json_string(chardev, "label"), "libqtest") == 0) {
            found = true;
            g_assert_true(qtest_json_bool(chardev, "frontend-open"));
            g_assert_nonnull(strstr(qtest_json_string(chardev, "filename"),
                                    "unix:"));
        }
    }
    g_assert_true(found);
    json_object_put(value);
    qtest_quit(qts);
}

/** What was not given is empty or zero. */
static void test_queries_bare(void)
{
    Qtest *qts = qtest_start_qmp(NONE);
    json_object *value = qtest_qmp_return(qts, "{'execute': 'query-name'}");

    g_assert_false(qtest_json_has(value, "name"));
    json_object_put(value);
    value = qtest_qmp_return(qts, "{'execute': 'query-uuid'}");
    g_assert_cmpstr(qtest_json_string(value, "UUID"), ==,
                    "00000000-0000-0000-0000-000000000000");
    json_object_put(value);
    qtest_quit(qts);
}

/* Every command of issue 2 */
static const char *const commands[] = {
    "query-version", "query-status", "query-name", "query-uuid",
    "query-target", "query-machines", "query-commands", "query-qmp-schema",
    "query-chardev", "stop", "cont", "system_reset", "quit", "qom-list",
    "qom-get", "qom-set", "qom-list-types", "qom-list-properties",
    "device-list-properties", "object-add", "object-del", "query-acpi-tables",
    "dump-acpi-tables", "qmp_capabilities",
};

/** The schema has every command, and every type that it names. */
static void test_schema(void)
{
    Qtest *qts = qtest_start_qmp(NONE);
    json_object *list = qtest_qmp_return(qts, "{'execute': "
                                         "'query-commands'}");
    json_object *schema = qtest_qmp_return(qts, "{'execute': "
                                           "'query-qmp-schema'}");
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) entities = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *item = json_object_array_get_idx(list, i);

        g_assert_true(g_hash_table_add(
            names, (char *)qtest_json_string(item, "name")));
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_test_message("%s", commands[i]);
        g_assert_true(g_hash_table_contains(names, commands[i]));
    }
    for (size_t i = 0; i < json_object_array_length(schema); i++) {
        json_object *item = json_object_array_get_idx(schema, i);

        g_assert_true(g_hash_table_insert(
            entities, (char *)qtest_json_string(item, "name"), item));
    }
    for (size_t i = 0; i < json_object_array_length(schema); i++) {
        json_object *item = json_object_array_get_idx(schema, i);
        const char *meta = qtest_json_string(item, "meta-type");

        if (strcmp(meta, "command") == 0) {
            g_assert_true(g_hash_table_contains(
                names, qtest_json_string(item, "name")));
            g_assert_true(g_hash_table_contains(
                entities, qtest_json_string(item, "arg-type")));
            g_assert_true(g_hash_table_contains(
                entities, qtest_json_string(item, "ret-type")));
            g_hash_table_remove(names, qtest_json_string(item, "name"));
        } else if (strcmp(meta, "object") == 0) {
            json_object *members = qtest_json_get(item, "members");

            for (size_t m = 0; m < json_object_array_length(members); m++) {
                g_assert_true(g_hash_table_contains(
                    entities, qtest_json_string(
                        json_object_array_get_idx(members, m), "type")));
            }
        }
    }
    g_assert_cmpuint(g_hash_table_size(names), ==, 0);
    g_assert_true(g_hash_table_contains(entities, "SHUTDOWN"));
    json_object_put(list);
    json_object_put(schema);
    qtest_quit(qts);
}

/** `-mon pretty=on` indents, and stays JSON. */
static void test_pretty(void)
{
    g_autofree char *path = qtest_temp_path("pretty.qmp");
    Qtest *qts = qtest_start_qmp(NONE "-chardev socket,id=p,path=%s,server=on,"
                                 "wait=off -mon chardev=p,mode=control,"
                                 "pretty=on", path);
    QmpSession *qmp = qmp_session_connect_unix(path);
    json_object *reply;
    char *line;
    unsigned n = 0;

    json_object_put(qmp_session_handshake(qmp));
    reply = qmp_session_call(qmp, "{'execute': 'query-status'}");
    g_assert_true(qtest_json_has(reply, "return"));
    json_object_put(reply);
    qmp_session_send(qmp, "{'execute': 'query-status'}\n", 28);
    do {
        line = qmp_session_receive_line(qmp);
        n++;
    } while (line[0] != '}' && (g_free(line), true));
    g_free(line);
    g_assert_cmpuint(n, >, 2);
    qmp_session_free(qmp);
    qtest_quit(qts);
}

static void test_monitor_errors(void)
{
    qtest_expect_failure("-mon chardev=nope,mode=control: *nope*",
                         NONE "-mon chardev=nope,mode=control");
    qtest_expect_failure("-qmp unix:/nonexistent/dir/s: *",
                         NONE "-qmp unix:/nonexistent/dir/s");
    qtest_expect_failure("-chardev socket,id=a,path=/nonexistent/dir/s,"
                         "server=on: *", NONE "-chardev socket,id=a,"
                         "path=/nonexistent/dir/s,server=on");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/greeting", test_greeting);
    g_test_add_func("/qmp/quit-is-last", test_quit_is_last);
    g_test_add_func("/qmp/negotiation", test_negotiation);
    g_test_add_func("/qmp/errors", test_errors);
    g_test_add_func("/qmp/resynchronise", test_resynchronise);
    g_test_add_func("/qmp/bad-byte", test_bad_byte);
    g_test_add_func("/qmp/id", test_id);
    g_test_add_func("/qmp/input-forms", test_input_forms);
    g_test_add_func("/qmp/hostile", test_hostile);
    g_test_add_func("/qmp/pipelined", test_pipelined);
    g_test_add_func("/qmp/events", test_events);
    g_test_add_func("/qmp/prelaunch", test_prelaunch);
    g_test_add_data_func("/qmp/sigterm", GINT_TO_POINTER(SIGTERM),
                         test_signal);
    g_test_add_data_func("/qmp/sigint", GINT_TO_POINTER(SIGINT), test_signal);
    g_test_add_func("/qmp/several", test_several);
    g_test_add_func("/qmp/queries", test_queries);
    g_test_add_func("/qmp/queries-bare", test_queries_bare);
    g_test_add_func("/qmp/schema", test_schema);
    g_test_add_func("/qmp/pretty", test_pretty);
    g_test_add_func("/qmp/monitor-errors", test_monitor_errors);
    g_test_add_func("/qmp/oob", test_oob);
    return g_test_run();
}
