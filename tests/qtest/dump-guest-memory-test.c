/*
 * Guest memory as files: dump-guest-memory, query-dump, pmemsave, memsave
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libqtest.h"

#define MIB ((uint64_t)1 << 20)

#define DUMP "{'execute': 'dump-guest-memory', 'arguments': " \
             "{'paging': false, 'protocol': 'file:%s'}}"
#define PMEMSAVE "{'execute': 'pmemsave', 'arguments': " \
                 "{'val': %" G_GUINT64_FORMAT ", 'size': %" G_GUINT64_FORMAT \
                 ", 'filename': '%s'}}"

static void expect_dump(Qtest *qts, const char *status, uint64_t total)
{
    json_object *dump = qtest_qmp_return(qts, "{'execute': 'query-dump'}");

    g_assert_cmpstr(qtest_json_string(dump, "status"), ==, status);
    g_assert_cmpuint((uint64_t)qtest_json_int(dump, "total"), ==, total);
    if (g_str_equal(status, "completed")) {
        g_assert_cmpuint((uint64_t)qtest_json_int(dump, "completed"), ==,
                         total);
    }
    json_object_put(dump);
}

static void expect_status(Qtest *qts, const char *expected)
{
    json_object *status = qtest_qmp_return(qts, "{'execute': 'query-status'}");

    g_assert_cmpstr(qtest_json_string(status, "status"), ==, expected);
    json_object_put(status);
}

/* A machine with something in its memory: 3 GiB, of which 1 is above 4 GiB */
static Qtest *start(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35 -m 3G -S");

    qtest_memset(qts, 0x1234, 0x5a, 10000);
    qtest_memset(qts, 64 * MIB - 1, 0xa5, 2);
    qtest_writeq(qts, ((uint64_t)4 << 30) + 0x1000, 0x0123456789abcdef);
    return qts;
}

/** Every byte of a segment is what the guest reads; @file is mapped. */
static void check_segment(Qtest *qts, const char *file, gsize file_len,
                          const Elf64_Phdr *segment)
{
    static uint8_t bytes[65536];
    uint64_t step = segment->p_filesz / 8 + 1;

    g_assert_cmpuint(segment->p_type, ==, PT_LOAD);
    g_assert_cmpuint(segment->p_offset + segment->p_filesz, <=, file_len);
    g_assert_cmpuint(segment->p_filesz, ==, segment->p_memsz);
    for (uint64_t at = 0; at < segment->p_filesz; at += step) {
        uint64_t len = MIN(sizeof(bytes), segment->p_filesz - at);

        qtest_memread(qts, segment->p_paddr + at, bytes, len);
        g_assert_true(memcmp(bytes, file + segment->p_offset + at, len) == 0);
    }
}

static uint64_t check_core(Qtest *qts, const char *path)
{
    GMappedFile *map = g_mapped_file_new(path, FALSE, NULL);
    const char *file = g_mapped_file_get_contents(map);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(file + header->e_phoff);
    uint64_t total = 0;

    g_assert_true(memcmp(header->e_ident, ELFMAG, SELFMAG) == 0);
    g_assert_cmpuint(header->e_type, ==, ET_CORE);
    g_assert_cmpuint(header->e_machine, ==, EM_X86_64);
    for (unsigned i = 0; i < header->e_phnum; i++) {
        check_segment(qts, file, g_mapped_file_get_length(map), &segments[i]);
        total += segments[i].p_filesz;
    }
    g_mapped_file_unref(map);
    return total;
}

static void test_file(void)
{
    g_autofree char *path = qtest_temp_path("core");
    Qtest *qts = start();
    struct stat st;
    uint64_t total;

    expect_dump(qts, "none", 0);
    qtest_qmp_ok(qts, DUMP, path);
    total = check_core(qts, path);
    g_assert_cmpuint(total, >, 3071 * MIB);
    g_assert_cmpuint(total, <=, 3072 * MIB);
    expect_dump(qts, "completed", total);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    g_assert_cmpint(st.st_blocks, <, 2000);

    /* What was there is replaced. */
    qtest_qmp_ok(qts, "{'execute': 'dump-guest-memory', 'arguments': "
                 "{'paging': false, 'protocol': 'file:%s', 'begin': 4672, "
                 "'length': 5000, 'format': 'elf', 'detach': false}}", path);
    g_assert_cmpuint(check_core(qts, path), ==, 5000);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_size, ==, 4096 + 5000);
    qtest_quit(qts);
}

/** How much of files and of shared memory is mapped and resident, in KiB. */
static uint64_t file_rss_kib(Qtest *qts)
{
    static const char *const names[] = { "\nRssFile:", "\nRssShmem:" };
    g_autofree char *path = g_strdup_printf("/proc/%d/status",
                                            (int)qtest_pid(qts));
    g_autofree char *status = NULL;
    uint64_t kib = 0;

    g_assert_true(g_file_get_contents(path, &status, NULL, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *line = strstr(status, names[i]);

        g_assert_nonnull(line);
        kib += g_ascii_strtoull(line + strlen(names[i]), NULL, 10);
    }
    return kib;
}

/* To read what nobody has ever written does not make it the host's. */
static void test_holes(gconstpointer backend)
{
    g_autofree char *path = qtest_temp_path("core");
    g_autofree char *ram = qtest_temp_path("ram");
    Qtest *qts = qtest_start("-nodefaults -machine q35,memory-backend=m "
                             "-object %s%s,id=m,size=1G",
                             (const char *)backend,
                             g_str_has_suffix(backend, "=") ? ram : "");
    uint64_t before;
    struct stat st;

    qtest_writeq(qts, 512 * MIB, 0x0123456789abcdef);
    before = file_rss_kib(qts);
    qtest_qmp_ok(qts, DUMP, path);
    qtest_qmp_ok(qts, PMEMSAVE, (uint64_t)0, 16 * MIB, "/dev/null");
    g_assert_cmpuint(file_rss_kib(qts), <, before + 8 * 1024);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_blocks, <, 2000);
    g_assert_cmpuint(check_core(qts, path), >, 1022 * MIB);
    qtest_quit(qts);
    unlink(path);
    unlink(ram);
}

/** What @argv prints; NULL if there is no such program: the test is skipped
 *  then. */
static char *read_with(const char *const *argv)
{
    g_autofree char *program = g_find_program_in_path(argv[0]);
    g_autofree char *errors = NULL;
    GError *error = NULL;
    char *out;
    int status;

    if (!program) {
        g_test_skip("the program that reads it is not installed");
        return NULL;
    }
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                 &out, &errors, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
    return out;
}

/* Readers that were not written here */
static void test_readelf(void)
{
    g_autofree char *path = qtest_temp_path("core");
    const char *const argv[] = { "readelf", "-hlW", path, NULL };
    g_autofree char *out = NULL;
    Qtest *qts = start();

    qtest_qmp_ok(qts, DUMP, path);
    qtest_quit(qts);
    out = read_with(argv);
    if (out) {
        g_assert_nonnull(strstr(out, "CORE (Core file)"));
        g_assert_nonnull(strstr(out, "X86-64"));
        g_assert_nonnull(strstr(out, " LOAD           0x001000 "
                                "0x0000000000000000 0x0000000000000000 "
                                "0x0a0000 0x0a0000 RWE 0"));
        g_assert_nonnull(strstr(out, " 0x0000000100000000 "
                                "0x0000000100000000 0x40000000 0x40000000 "
                                "RWE 0"));
        g_assert_null(strstr(out, "Warning"));
    }
}

static void test_gdb(void)
{
    g_autofree char *path = qtest_temp_path("core");
    const char *const argv[] = {
        "gdb", "-nx", "-batch", "-c", path, "-ex", "x/2xb 0x1233",
        "-ex", "x/4xb 0x3fffffe", "-ex", "x/1xg 0x100001000", NULL
    };
    g_autofree char *out = NULL;
    Qtest *qts = start();

    qtest_qmp_ok(qts, DUMP, path);
    qtest_quit(qts);
    out = read_with(argv);
    if (out) {
        g_assert_nonnull(strstr(out, "0x1233:\t0x00\t0x5a\n"));
        g_assert_nonnull(strstr(out, "0x3fffffe:\t0x00\t0xa5\t0xa5\t0x00\n"));
        g_assert_nonnull(strstr(out, "0x100001000:\t0x0123456789abcdef\n"));
    }
}

/* The machine stands still meanwhile, and goes on if it went. */
static void test_state(void)
{
    g_autofree char *path = qtest_temp_path("core");
    Qtest *qts = qtest_start("-nodefaults -machine pc -m 32");
    QmpSession *session = qtest_qmp_session(qts);
    static const char *const events[] = { "STOP", "DUMP_COMPLETED", "RESUME" };
    json_object *event;

    qtest_qmp_ok(qts, "{'execute': 'stop'}");
    qtest_qmp_ok(qts, "{'execute': 'cont'}");
    json_object_put(qtest_qmp_event_wait(qts, "STOP"));
    json_object_put(qtest_qmp_event_wait(qts, "RESUME"));
    qtest_qmp_ok(qts, DUMP, path);
    /* all of them before the answer */
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        g_assert_true(qmp_session_has_event(session, events[i]));
    }
    event = qtest_qmp_event_wait(qts, "DUMP_COMPLETED");
    g_assert_cmpstr(qtest_json_string(qtest_json_get(qtest_json_get(
        event, "data"), "result"), "status"), ==, "completed");
    g_assert_false(qtest_json_has(qtest_json_get(event, "data"), "error"));
    json_object_put(event);
    expect_status(qts, "running");

    json_object_put(qtest_qmp_event_wait(qts, "STOP"));
    json_object_put(qtest_qmp_event_wait(qts, "RESUME"));
    qtest_qmp_ok(qts, "{'execute': 'stop'}");
    json_object_put(qtest_qmp_event_wait(qts, "STOP"));
    qtest_qmp_ok(qts, DUMP, path);
    json_object_put(qtest_qmp_event_wait(qts, "DUMP_COMPLETED"));
    expect_status(qts, "paused");
    g_assert_false(qmp_session_has_event(session, "RESUME"));
    g_assert_false(qmp_session_has_event(session, "STOP"));

    qtest_qmp_ok(qts, "{'execute': 'dump-guest-memory', 'arguments': "
                 "{'paging': false, 'protocol': 'file:%s', 'detach': true}}",
                 path);
    json_object_put(qtest_qmp_event_wait(qts, "DUMP_COMPLETED"));
    g_assert_cmpuint(check_core(qts, path), >, 31 * MIB);
    qtest_quit(qts);
}

static const struct {
    const char *arguments, *error;
} dump_errors[] = {
    { "'protocol': 'nowhere'",
      "Invalid parameter 'protocol': expected file:PATH or fd:NAME" },
    { "'protocol': 'file:'", "Could not open '': No such file or directory" },
    { "'protocol': 'file:/nowhere/x'",
      "Could not open '/nowhere/x': No such file or directory" },
    { "'protocol': 'file:/'", "Could not open '/': Is a directory" },
    { "'protocol': 'fd:nope'",
      "File descriptor named 'nope' has not been found" },
    { "'protocol': 'file:/dev/null', 'begin': 1",
      "Parameter 'length' is missing" },
    { "'protocol': 'file:/dev/null', 'length': 1",
      "Parameter 'begin' is missing" },
    { "'protocol': 'file:/dev/null', 'begin': 1, 'length': 0",
      "Invalid parameter 'length': it is 0" },
    { "'protocol': 'file:/dev/null', 'begin': 18446744073709551615, "
      "'length': 2", "Invalid parameter 'length': *" },
    { "'protocol': 'file:/dev/null', 'begin': 655360, 'length': 131072",
      "dump: no guest memory to dump" },
    { "'protocol': 'file:/dev/null', 'begin': -1, 'length': 2", "*'begin'*" },
    { "'protocol': 'file:/dev/null', 'format': 'kdump-zlib'",
      "Parameter 'format' does not accept value 'kdump-zlib' (known: elf)" },
    { "'paging': true, 'protocol': 'file:/dev/null'",
      "Parameter 'paging' expects false: *" },
};

static void test_errors(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine pc -m 32");
    json_object *formats;

    for (size_t i = 0; i < G_N_ELEMENTS(dump_errors); i++) {
        bool paging = g_str_has_prefix(dump_errors[i].arguments, "'paging'");

        g_test_message("%s", dump_errors[i].arguments);
        qtest_qmp_error(qts, "GenericError", dump_errors[i].error,
                        "{'execute': 'dump-guest-memory', 'arguments': "
                        "{%s%s}}", paging ? "" : "'paging': false, ",
                        dump_errors[i].arguments);
    }
    expect_dump(qts, "none", 0);
    expect_status(qts, "running");
    formats = qtest_qmp_return(
        qts, "{'execute': 'query-dump-guest-memory-capability'}");
    g_assert_cmpstr(json_object_to_json_string_ext(
        formats, JSON_C_TO_STRING_PLAIN), ==, "{\"formats\":[\"elf\"]}");
    json_object_put(formats);
    qtest_quit(qts);

    /* A machine without memory has nothing to dump. */
    qts = qtest_start_qmp("-machine none");
    qtest_qmp_error(qts, "GenericError", "dump: no guest memory to dump", DUMP,
                    "/dev/null");
    qtest_quit(qts);
}

/* A file that may grow no further: as a full disk, but for the reason. */
static void test_full(void)
{
    g_autofree char *path = qtest_temp_path("core");
    g_autofree char *expected = NULL;
    Qtest *qts = qtest_start("-nodefaults -machine pc -m 32");
    const struct rlimit limit = { 8 * MIB, 8 * MIB };
    json_object *event;
    struct stat st;

    g_assert_cmpint(prlimit(qtest_pid(qts), RLIMIT_FSIZE, &limit, NULL), ==,
                    0);
    qtest_memset(qts, 4 * MIB, 1, 8 * MIB);
    expected = g_strdup_printf("Could not write '%s': File too large, after * "
                               "of * bytes of guest memory; the file has been "
                               "emptied", path);
    qtest_qmp_error(qts, "GenericError", expected, DUMP, path);
    event = qtest_qmp_event_wait(qts, "DUMP_COMPLETED");
    g_assert_cmpstr(qtest_json_string(qtest_json_get(qtest_json_get(
        event, "data"), "result"), "status"), ==, "failed");
    g_assert_true(g_pattern_match_simple(expected, qtest_json_string(
        qtest_json_get(event, "data"), "error")));
    json_object_put(event);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_size, ==, 0);
    expect_status(qts, "running");
    qtest_qmp_error(qts, "GenericError", expected, PMEMSAVE, (uint64_t)0,
                    16 * MIB, path);
    qtest_qmp_ok(qts, PMEMSAVE, (uint64_t)0, MIB, path);
    qtest_quit(qts);
}

/* Out of band */

static char *make_fifo(int *fd)
{
    char *path = qtest_temp_path("fifo");

    unlink(path);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    g_assert_cmpint(*fd, >=, 0);
    return path;
}

static QmpSession *connect_oob(const char *path)
{
    QmpSession *session = qmp_session_connect_unix(path);

    json_object_put(qmp_session_receive(session));      /* greeting */
    json_object_put(qmp_session_call(
        session, "{'execute': 'qmp_capabilities', "
        "'arguments': {'enable': ['oob']}}"));
    return session;
}

static void send_text(QmpSession *session, const char *fmt, ...)
    G_GNUC_PRINTF(2, 3);

static void send_text(QmpSession *session, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    qmp_session_send(session, text, strlen(text));
}

/* The next answer has that id; events before it are passed over. */
static json_object *expect_answer(QmpSession *session, const char *id)
{
    for (;;) {
        json_object *message = qmp_session_receive(session);

        g_assert_nonnull(message);
        if (!qtest_json_has(message, "event")) {
            g_assert_cmpstr(qtest_json_string(message, "id"), ==, id);
            return message;
        }
        json_object_put(message);
    }
}

static void expect_return(QmpSession *session, const char *id,
                          const char *member, const char *value)
{
    json_object *answer = expect_answer(session, id);
    json_object *ret = qtest_json_get(answer, "return");

    if (member) {
        g_assert_cmpstr(qtest_json_string(ret, member), ==, value);
    }
    json_object_put(answer);
}

/* Read the rest of a dump. */
static uint64_t drain(int fd)
{
    static uint8_t bytes[65536];
    uint64_t len = 0;

    fcntl(fd, F_SETFL, 0);
    for (;;) {
        ssize_t n = read(fd, bytes, sizeof(bytes));

        g_assert_cmpint(n, >=, 0);
        if (n == 0) {
            return len;
        }
        len += (uint64_t)n;
    }
}

/* A dump that nobody reads: its session's commands wait, those out of band
 * overtake, all other sessions are served. */
static void test_out_of_band(void)
{
    g_autofree char *socket = qtest_temp_path("oob");
    g_autofree char *fifo = NULL;
    Qtest *qts = qtest_start("-nodefaults -machine pc -m 32 "
                             "-qmp unix:%s,server=on,wait=off", socket);
    QmpSession *session = connect_oob(socket);
    json_object *answer;
    int fd;

    fifo = make_fifo(&fd);
    send_text(session, "{'execute': 'dump-guest-memory', 'id': 'dump', "
              "'arguments': {'paging': false, 'protocol': 'file:%s'}}"
              "{'execute': 'query-name', 'id': 'name'}"
              "{'execute': 'query-status', 'id': 'status'}", fifo);
    for (int i = 0; i < 3; i++) {
        send_text(session, "{'exec-oob': 'query-dump', 'id': 'o1'}"
                  "{'exec-oob': 'query-status', 'id': 'o2'}"
                  "{'exec-oob': 'query-name', 'id': 'o3'}");
        expect_return(session, "o1", "status", "active");
        expect_return(session, "o2", "status", "save-vm");
        answer = expect_answer(session, "o3");
        g_assert_true(qtest_json_has(answer, "error"));
        json_object_put(answer);
    }
    /* The others; and what must wait for a dump is refused. */
    expect_status(qts, "save-vm");
    qtest_writeb(qts, 0x1000, 1);
    qtest_qmp_error(qts, "GenericError", "There is a dump in process, please "
                    "wait.", "{'execute': 'cont'}");
    qtest_qmp_error(qts, "GenericError", "There is a dump in process, please "
                    "wait.", "{'execute': 'stop'}");
    qtest_qmp_error(qts, "GenericError", "There is a dump in process, please "
                    "wait.", DUMP, "/dev/null");
    qtest_qmp_ok(qts, PMEMSAVE, (uint64_t)0, MIB, "/dev/null");

    g_assert_cmpuint(drain(fd), >, 31 * MIB);
    close(fd);
    expect_return(session, "dump", NULL, NULL);
    answer = expect_answer(session, "name");
    json_object_put(answer);
    expect_return(session, "status", "status", "running");
    qmp_session_free(session);
    qtest_quit(qts);
}

/* A machine that is asleep, or falls asleep, is not woken meanwhile. */
static void test_asleep(void)
{
    enum { PM1_CNT = 0x604, SLEEP_S3 = 0x2400 };

    for (int before = 0; before < 2; before++) {
        Qtest *qts = qtest_start("-nodefaults -machine q35,firmware=builtin "
                                 "-m 32");
        g_autofree char *fifo = NULL;
        int fd;

        if (before) {
            qtest_outw(qts, PM1_CNT, SLEEP_S3);
        }
        fifo = make_fifo(&fd);
        qtest_qmp_ok(qts, "{'execute': 'dump-guest-memory', 'arguments': "
                     "{'paging': false, 'detach': true, 'protocol': "
                     "'file:%s'}}", fifo);
        if (!before) {
            qtest_outw(qts, PM1_CNT, SLEEP_S3);
        }
        expect_status(qts, before ? "suspended" : "save-vm");
        qtest_qmp_error(qts, "GenericError", "There is a dump in process, "
                        "please wait.", "{'execute': 'system_wakeup'}");
        g_assert_cmpuint(drain(fd), >, 31 * MIB);
        close(fd);
        json_object_put(qtest_qmp_event_wait(qts, "DUMP_COMPLETED"));
        expect_status(qts, "suspended");
        qtest_qmp_ok(qts, "{'execute': 'system_wakeup'}");
        expect_status(qts, "running");
        qtest_quit(qts);
    }
}

/* Without out-of-band execution everything waits. */
static void test_in_band(void)
{
    g_autofree char *socket = qtest_temp_path("inband");
    g_autofree char *fifo = NULL;
    Qtest *qts = qtest_start("-nodefaults -machine pc -m 32 "
                             "-qmp unix:%s,server=on,wait=off", socket);
    QmpSession *session = qmp_session_connect_unix(socket);
    int fd;

    json_object_put(qmp_session_handshake(session));
    fifo = make_fifo(&fd);
    send_text(session, "{'execute': 'dump-guest-memory', 'id': 'dump', "
              "'arguments': {'paging': false, 'protocol': 'file:%s'}}"
              "{'execute': 'query-status', 'id': 'status'}", fifo);
    json_object_put(qtest_qmp_event_wait(qts, "STOP"));
    expect_status(qts, "save-vm");
    drain(fd);
    close(fd);
    expect_return(session, "dump", NULL, NULL);
    expect_return(session, "status", "status", "running");
    qmp_session_free(session);
    qtest_quit(qts);
}

/* Its client goes: the dump goes on; the next client is not answered. */
static void test_client_goes(void)
{
    g_autofree char *socket = qtest_temp_path("goes");
    g_autofree char *fifo = NULL;
    Qtest *qts = qtest_start("-nodefaults -machine pc -m 32 "
                             "-qmp unix:%s,server=on,wait=off", socket);

    for (int oob = 0; oob < 2; oob++) {
        QmpSession *session = oob ? connect_oob(socket)
                                  : qmp_session_connect_unix(socket);
        json_object *event;
        int fd;

        if (!oob) {
            json_object_put(qmp_session_handshake(session));
        }
        g_free(fifo);
        fifo = make_fifo(&fd);
        send_text(session, "{'execute': 'dump-guest-memory', 'arguments': "
                  "{'paging': false, 'protocol': 'file:%s'}}"
                  "{'execute': 'quit'}", fifo);
        json_object_put(qtest_qmp_event_wait(qts, "STOP"));
        qmp_session_free(session);
        session = qmp_session_connect_unix(socket);
        json_object_put(qmp_session_handshake(session));
        expect_status(qts, "save-vm");
        drain(fd);
        close(fd);
        event = qtest_qmp_event_wait(qts, "DUMP_COMPLETED");
        g_assert_false(qtest_json_has(qtest_json_get(event, "data"),
                                      "error"));
        json_object_put(event);
        expect_status(qts, "running");
        json_object_put(qmp_session_call(session,
                                         "{'execute': 'query-status'}"));
        qmp_session_free(session);
    }
    qtest_quit(qts);
}

/* Somebody ends the program: whoever waits is told. */
static void test_quit(void)
{
    g_autofree char *socket = qtest_temp_path("quit");
    g_autofree char *fifo = NULL;
    Qtest *qts = qtest_start("-nodefaults -machine pc -m 32 "
                             "-qmp unix:%s,server=on,wait=off", socket);
    QmpSession *session = connect_oob(socket);
    json_object *answer;
    int fd;

    fifo = make_fifo(&fd);
    send_text(session, "{'execute': 'dump-guest-memory', 'id': 'dump', "
              "'arguments': {'paging': false, 'protocol': 'file:%s'}}"
              "{'execute': 'query-name', 'id': 'name'}", fifo);
    json_object_put(qtest_qmp_event_wait(qts, "STOP"));
    send_text(session, "{'exec-oob': 'quit', 'id': 'quit'}");
    expect_return(session, "quit", NULL, NULL);
    answer = expect_answer(session, "dump");
    g_assert_true(g_pattern_match_simple(
        "Could not write '*': the program ends, after *", qtest_json_string(
            qtest_json_get(answer, "error"), "desc")));
    json_object_put(answer);
    g_assert_null(qmp_session_receive(session));
    g_assert_cmpint(qtest_wait_exit(qts), ==, 0);
    close(fd);
    qmp_session_free(session);
    qtest_quit(qts);
}

/* pmemsave, memsave */

static void test_pmemsave(void)
{
    g_autofree char *path = qtest_temp_path("memory");
    g_autofree uint8_t *expected = g_malloc0(MIB + 2);
    g_autofree char *got = NULL;
    Qtest *qts = start();
    gsize len;

    /* from RAM to RAM, over addresses that nobody answers */
    qtest_memset(qts, 0x9fff0, 0x77, 16);
    qtest_memset(qts, 0x100000, 0x66, 2);
    qtest_qmp_ok(qts, PMEMSAVE, (uint64_t)0, MIB + 2, path);
    qtest_memread(qts, 0, expected, 0xa0000);
    qtest_memread(qts, MIB, expected + MIB, 2);
    g_assert_true(g_file_get_contents(path, &got, &len, NULL));
    g_assert_cmpuint(len, ==, MIB + 2);
    g_assert_true(memcmp(got, expected, len) == 0);
    g_clear_pointer(&got, g_free);

    qtest_qmp_ok(qts, PMEMSAVE, ((uint64_t)4 << 30) + 0x1001, (uint64_t)3,
                 path);
    g_assert_true(g_file_get_contents(path, &got, &len, NULL));
    g_assert_cmpmem(got, len, "\xcd\xab\x89", 3);
    g_clear_pointer(&got, g_free);

    /* a hole of a GiB costs nothing */
    qtest_qmp_ok(qts, PMEMSAVE, (uint64_t)0, (uint64_t)5 << 30, path);
    qtest_qmp_ok(qts, PMEMSAVE, (uint64_t)0, (uint64_t)0, path);
    g_assert_true(g_file_get_contents(path, &got, &len, NULL));
    g_assert_cmpuint(len, ==, 0);
    qtest_quit(qts);
}

static const struct {
    uint64_t gpa, len;
    const char *error;
} pmemsave_errors[] = {
    { 0, (uint64_t)1 << 63,
      "Invalid addr 0x0000000000000000/size 9223372036854775808 specified" },
    { 0, UINT64_MAX, "Invalid addr *" },
    { UINT64_MAX, 2, "Invalid addr 0xffffffffffffffff/size 2 specified" },
    { 0xa0000, 1, "Invalid addr 0x00000000000a0000/size 1 specified" },
    { 0xa0000, 0x20000, "Invalid addr *" },
    { 0, ((uint64_t)4 << 30) + 1, "Invalid addr *" },
    { (uint64_t)1 << 40, 4096, "Invalid addr *" },
};

static void test_pmemsave_errors(void)
{
    g_autofree char *path = qtest_temp_path("kept");
    Qtest *qts = qtest_start("-nodefaults -machine pc -m 32");
    g_autofree char *kept = NULL;

    g_assert_true(g_file_set_contents(path, "kept", -1, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(pmemsave_errors); i++) {
        qtest_qmp_error(qts, "GenericError", pmemsave_errors[i].error,
                        PMEMSAVE, pmemsave_errors[i].gpa,
                        pmemsave_errors[i].len, path);
    }
    /* what is refused has touched nothing */
    g_assert_true(g_file_get_contents(path, &kept, NULL, NULL));
    g_assert_cmpstr(kept, ==, "kept");
    qtest_qmp_error(qts, "GenericError", "Could not open '/nowhere/x': No "
                    "such file or directory", PMEMSAVE, (uint64_t)0,
                    (uint64_t)1, "/nowhere/x");
    qtest_qmp_error(qts, "GenericError", "*'size'*",
                    "{'execute': 'pmemsave', 'arguments': {'val': 0, 'size': "
                    "-1, 'filename': '/dev/null'}}");
    qtest_qmp_error(qts, "GenericError", "Parameter 'cpu-index' expects a CPU "
                    "number: CPU 3 does not run*",
                    "{'execute': 'memsave', 'arguments': {'val': 0, 'size': "
                    "1, 'filename': '%s', 'cpu-index': 3}}", path);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dump-guest-memory/file", test_file);
    g_test_add_data_func("/dump-guest-memory/holes/memfd",
                         "memory-backend-memfd", test_holes);
    g_test_add_data_func("/dump-guest-memory/holes/shared-file",
                         "memory-backend-file,share=on,mem-path=",
                         test_holes);
    g_test_add_data_func("/dump-guest-memory/holes/private-file",
                         "memory-backend-file,mem-path=", test_holes);
    g_test_add_func("/dump-guest-memory/readelf", test_readelf);
    g_test_add_func("/dump-guest-memory/gdb", test_gdb);
    g_test_add_func("/dump-guest-memory/state", test_state);
    g_test_add_func("/dump-guest-memory/errors", test_errors);
    g_test_add_func("/dump-guest-memory/full", test_full);
    g_test_add_func("/dump-guest-memory/out-of-band", test_out_of_band);
    g_test_add_func("/dump-guest-memory/asleep", test_asleep);
    g_test_add_func("/dump-guest-memory/in-band", test_in_band);
    g_test_add_func("/dump-guest-memory/client-goes", test_client_goes);
    g_test_add_func("/dump-guest-memory/quit", test_quit);
    g_test_add_func("/pmemsave/contents", test_pmemsave);
    g_test_add_func("/pmemsave/errors", test_pmemsave_errors);
    return g_test_run();
}
