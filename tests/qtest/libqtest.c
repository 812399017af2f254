/*
 * libqtest: start a machine and drive it from a test
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "libqtest.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define QTEST_MAX_MACHINES 16
#define QTEST_MAX_IRQS 256

/** A stream that is read in lines or pieces. */
typedef struct QtestStream {
    int read_fd, write_fd;
    GString *buffer;            /* read, not used yet */
    size_t scanned;             /* of buffer, without a newline */
} QtestStream;

struct QmpSession {
    QtestStream stream;
    json_tokener *tokener;
    GQueue events;              /* json_object */
    Qtest *owner;               /* for messages; may be NULL */
};

struct Qtest {
    pid_t pid;
    int pidfd;
    bool exited;
    int status;
    char *stderr_path;
    size_t stderr_taken;
    QtestStream stream;
    bool has_qtest;
    bool irq_level[QTEST_MAX_IRQS];
    QmpSession *qmp;
};

/* What is to be cleaned up at any end */

static struct {
    char dir[64];               /* "" while there is none */
    volatile pid_t pids[QTEST_MAX_MACHINES];
    unsigned n_started;
} qtest_process;

/* What ends a test early: a failed assertion, and who runs it */
static const int qtest_signals[] = {
    SIGABRT, SIGTERM, SIGINT, SIGHUP,
};

static int qtest_remove_entry(const char *path, const struct stat *st,
                              int type, struct FTW *ftw)
{
    return remove(path);
}

static void qtest_at_exit(void)
{
    for (unsigned i = 0; i < QTEST_MAX_MACHINES; i++) {
        if (qtest_process.pids[i]) {
            kill(qtest_process.pids[i], SIGKILL);
        }
    }
    nftw(qtest_process.dir, qtest_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/** Only what is safe in a signal's handler may be used. */
static void qtest_at_signal(int sig)
{
    pid_t child;

    for (unsigned i = 0; i < QTEST_MAX_MACHINES; i++) {
        if (qtest_process.pids[i]) {
            kill(qtest_process.pids[i], SIGKILL);
        }
    }
    child = fork();
    if (child == 0) {
        execl("/bin/rm", "rm", "-rf", qtest_process.dir, (char *)NULL);
        _exit(127);
    }
    waitpid(child, NULL, 0);
    raise(sig);
}

const char *qtest_temp_dir(void)
{
    if (!qtest_process.dir[0]) {
        struct sigaction action = {
            .sa_handler = qtest_at_signal, .sa_flags = SA_RESETHAND,
        };

        g_strlcpy(qtest_process.dir, "/tmp/firmament-qtest-XXXXXX",
                  sizeof(qtest_process.dir));
        if (!mkdtemp(qtest_process.dir)) {
            g_error("mkdtemp: %s", g_strerror(errno));
        }
        atexit(qtest_at_exit);
        for (unsigned i = 0; i < G_N_ELEMENTS(qtest_signals); i++) {
            sigaction(qtest_signals[i], &action, NULL);
        }
        /* A machine that has gone is seen by write(), not by a signal */
        signal(SIGPIPE, SIG_IGN);
    }
    return qtest_process.dir;
}

char *qtest_temp_path(const char *name)
{
    return g_build_filename(qtest_temp_dir(), name, NULL);
}

char *qtest_temp_file(const char *name, const void *bytes, size_t len)
{
    char *path = qtest_temp_path(name);
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(path, bytes, len, &error)) {
        g_error("%s", error->message);
    }
    return path;
}

static void qtest_register(pid_t pid, pid_t instead)
{
    for (unsigned i = 0; i < QTEST_MAX_MACHINES; i++) {
        if (qtest_process.pids[i] == instead) {
            qtest_process.pids[i] = pid;
            return;
        }
    }
    g_error("more than %d processes at a time", QTEST_MAX_MACHINES);
}

/* Processes */

static char *qtest_read_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    char *text;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        g_error("%s", error->message);
    }
    return text;
}

/** Say how a machine ended that was not expected to. */
static void qtest_print_end(const Qtest *qts)
{
    struct pollfd pfd = { .fd = qts->pidfd, .events = POLLIN };
    siginfo_t info;

    if (!qts->exited && poll(&pfd, 1, 1000) > 0 &&
        waitid(P_PIDFD, qts->pidfd, &info, WEXITED | WNOWAIT) == 0) {
        fprintf(stderr, "libqtest: the machine ended: %s %d\n",
                info.si_code == CLD_EXITED ? "status" : "signal",
                info.si_status);
    }
}

/** End the test; @qts may be NULL. */
static void G_GNUC_NORETURN G_GNUC_PRINTF(2, 3)
qtest_die(const Qtest *qts, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    fprintf(stderr, "libqtest: %s\n", text);
    if (qts) {
        g_autofree char *err = qtest_read_file(qts->stderr_path);

        qtest_print_end(qts);
        fprintf(stderr, "libqtest: the machine's standard error:\n%s", err);
    }
    abort();
}

static GStrv qtest_argv(const char *options)
{
    const char *binary = g_getenv("QTEST_FIRMAMENT_BINARY");
    const char *wrapper = g_getenv("QTEST_WRAPPER");
    g_autofree char *command = NULL;
    g_autofree char *quoted = NULL;
    g_autoptr(GError) error = NULL;
    GStrv argv;

    if (!binary) {
        binary = g_getenv("QTEST_QEMU_BINARY");
    }
    if (!binary) {
        g_error("QTEST_FIRMAMENT_BINARY is not set");
    }
    quoted = g_shell_quote(binary);
    command = g_strdup_printf("%s %s %s", wrapper ? wrapper : "", quoted,
                              options);
    if (!g_shell_parse_argv(command, NULL, &argv, &error)) {
        g_error("%s: %s", command, error->message);
    }
    return argv;
}

static int qtest_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0) {
        g_error("%s: %s", path, g_strerror(errno));
    }
    return fd;
}

/** Start a program with these standard streams, which are closed here. */
static pid_t qtest_spawn(const char *options, int in, int out, int err)
{
    g_auto(GStrv) argv = qtest_argv(options);
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0) {
        g_error("fork: %s", g_strerror(errno));
    }
    if (pid == 0) {
        /* However the test ends, its machines end with it */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(127);
        }
        signal(SIGPIPE, SIG_DFL);
        for (unsigned i = 0; i < G_N_ELEMENTS(qtest_signals); i++) {
            signal(qtest_signals[i], SIG_DFL);
        }
        dup2(in, 0);
        dup2(out, 1);
        dup2(err, 2);
        execvp(argv[0], argv);
        dprintf(2, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    close(in);
    close(out);
    close(err);
    qtest_register(pid, 0);
    return pid;
}

/** Wait until @fd can be read; false after the time limit. */
static bool qtest_poll(int fd, short events, gint64 deadline_us)
{
    struct pollfd pfd = { .fd = fd, .events = events };
    int n;

    do {
        gint64 left = deadline_us - g_get_monotonic_time();

        n = poll(&pfd, 1, MAX(left / 1000, 0));
    } while (n < 0 && errno == EINTR);
    return n > 0;
}

static gint64 qtest_deadline_us(void)
{
    return g_get_monotonic_time() + QTEST_TIMEOUT_S * G_USEC_PER_SEC;
}

/** The status of a process that ends by itself; -SIGKILL after the time limit,
 *  when it is killed. */
static int qtest_reap(pid_t pid, int pidfd, bool *in_time)
{
    int wstatus;

    *in_time = qtest_poll(pidfd, POLLIN, qtest_deadline_us());
    if (!*in_time) {
        kill(pid, SIGKILL);
    }
    while (waitpid(pid, &wstatus, 0) < 0) {
        g_assert(errno == EINTR);
    }
    qtest_register(0, pid);
    return WIFEXITED(wstatus) ? WEXITSTATUS(wstatus) : -WTERMSIG(wstatus);
}

QtestRun qtest_run(const char *input, const char *fmt, ...)
{
    g_autofree char *options = NULL;
    g_autofree char *in = NULL;
    g_autofree char *out = qtest_temp_path("run.out");
    g_autofree char *err = qtest_temp_path("run.err");
    QtestRun run;
    bool in_time;
    int pidfd;
    pid_t pid;
    va_list ap;

    va_start(ap, fmt);
    options = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    in = input ? qtest_temp_file("run.in", input, strlen(input))
               : g_strdup("/dev/null");
    pid = qtest_spawn(options, qtest_open(in, O_RDONLY),
                      qtest_open(out, O_WRONLY | O_CREAT | O_TRUNC),
                      qtest_open(err, O_WRONLY | O_CREAT | O_TRUNC));
    pidfd = pidfd_open(pid, 0);
    g_assert_cmpint(pidfd, >=, 0);
    run.status = qtest_reap(pid, pidfd, &in_time);
    close(pidfd);
    run.out = qtest_read_file(out);
    run.err = qtest_read_file(err);
    if (!in_time) {
        qtest_die(NULL, "the program did not end: %s\n%s", options, run.err);
    }
    return run;
}

void qtest_run_clear(QtestRun *run)
{
    g_free(run->out);
    g_free(run->err);
}

void qtest_expect_failure(const char *pattern, const char *fmt, ...)
{
    g_autofree char *options = NULL;
    QtestRun run;
    size_t len;
    va_list ap;

    va_start(ap, fmt);
    options = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    run = qtest_run(NULL, "%s", options);
    len = strlen(run.err);
    if (run.status != 1 || run.out[0] || len == 0 ||
        strchr(run.err, '\n') != run.err + len - 1) {
        qtest_die(NULL, "%s\n  expected status 1 and one line, got status %d, "
                  "output '%s', errors '%s'", options, run.status, run.out,
                  run.err);
    }
    run.err[len - 1] = '\0';
    if (!g_pattern_match_simple(pattern, run.err)) {
        qtest_die(NULL, "%s\n  expected %s\n  got      %s", options, pattern,
                  run.err);
    }
    qtest_run_clear(&run);
}

/* Streams */

static void qtest_stream_init(QtestStream *stream, int read_fd, int write_fd)
{
    *stream = (QtestStream){ .read_fd = read_fd, .write_fd = write_fd,
                             .buffer = g_string_new(NULL) };
}

static void qtest_stream_cleanup(QtestStream *stream)
{
    if (stream->buffer) {
        close(stream->read_fd);
        if (stream->write_fd != stream->read_fd) {
            close(stream->write_fd);
        }
        g_string_free(stream->buffer, TRUE);
        stream->buffer = NULL;
    }
}

static void qtest_stream_send(QtestStream *stream, const Qtest *qts,
                              const char *bytes, size_t len)
{
    gint64 deadline_us = qtest_deadline_us();

    while (len) {
        ssize_t n;

        if (!qtest_poll(stream->write_fd, POLLOUT, deadline_us)) {
            qtest_die(qts, "the machine takes no input");
        }
        n = write(stream->write_fd, bytes, len);
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            qtest_die(qts, "write: %s", g_strerror(errno));
        }
        if (n > 0) {
            bytes += n;
            len -= n;
        }
    }
}

/** Read more into the buffer; false at the end of the stream. */
static bool qtest_stream_fill(QtestStream *stream, const Qtest *qts)
{
    GString *buffer = stream->buffer;
    size_t old = buffer->len;
    ssize_t n;

    if (!qtest_poll(stream->read_fd, POLLIN, qtest_deadline_us())) {
        qtest_die(qts, "no answer; received so far: '%s'", buffer->str);
    }
    g_string_set_size(buffer, old + 65536);
    do {
        n = read(stream->read_fd, buffer->str + old, 65536);
    } while (n < 0 && errno == EINTR);
    g_string_truncate(buffer, old + MAX(n, 0));
    return n > 0;
}

/** The next line without its end; NULL at the end of the stream. */
static char *qtest_stream_line(QtestStream *stream, const Qtest *qts)
{
    GString *buffer = stream->buffer;
    const char *newline;
    char *line;

    while (!(newline = memchr(buffer->str + stream->scanned, '\n',
                              buffer->len - stream->scanned))) {
        stream->scanned = buffer->len;
        if (!qtest_stream_fill(stream, qts)) {
            return NULL;
        }
    }
    line = g_strndup(buffer->str, newline - buffer->str);
    g_string_erase(buffer, 0, newline + 1 - buffer->str);
    stream->scanned = 0;
    return line;
}

static struct sockaddr_un qtest_unix_address(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    g_assert_cmpuint(strlen(path), <, sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    return address;
}

static int qtest_listen(const char *path)
{
    struct sockaddr_un address = qtest_unix_address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, 1) < 0) {
        g_error("%s: %s", path, g_strerror(errno));
    }
    return fd;
}

/** Accept one client and close the listening socket; -1 if the machine ends
 *  first. */
static int qtest_accept(Qtest *qts, int listen_fd)
{
    struct pollfd pfds[2] = {
        { .fd = listen_fd, .events = POLLIN },
        { .fd = qts->pidfd, .events = POLLIN },
    };
    int fd = -1;

    if (poll(pfds, 2, QTEST_TIMEOUT_S * 1000) <= 0) {
        qtest_die(qts, "the machine does not connect");
    }
    if (pfds[0].revents) {
        fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    }
    close(listen_fd);
    if (fd < 0) {
        qtest_die(qts, "the machine ended before it connected");
    }
    return fd;
}

static int qtest_try_connect(const char *path)
{
    struct sockaddr_un address = qtest_unix_address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/** Connect to a machine that has just been started. */
static int qtest_connect(const Qtest *qts, const char *path)
{
    gint64 deadline_us = qtest_deadline_us();
    int fd;

    while ((fd = qtest_try_connect(path)) < 0) {
        if (qts && qtest_poll(qts->pidfd, POLLIN, 0)) {
            qtest_die(qts, "the machine ended before it listened");
        }
        if (g_get_monotonic_time() > deadline_us) {
            qtest_die(qts, "%s: the machine does not listen", path);
        }
        g_usleep(1000);
    }
    return fd;
}

/* Machines */

typedef enum QtestMode {
    QTEST_MACHINE_CONNECTS,
    QTEST_MACHINE_LISTENS,
    QTEST_QMP_ONLY,
} QtestMode;

static Qtest *G_GNUC_PRINTF(2, 0)
qtest_start_mode(QtestMode mode, const char *fmt, va_list ap)
{
    Qtest *qts = g_new0(Qtest, 1);
    unsigned number = qtest_process.n_started++;
    g_autofree char *base = g_strdup_printf("%s/%u", qtest_temp_dir(), number);
    g_autofree char *qtest_path = g_strdup_printf("%s.qtest", base);
    g_autofree char *qmp_path = g_strdup_printf("%s.qmp", base);
    g_autofree char *extra = g_strdup_vprintf(fmt, ap);
    bool listens = mode == QTEST_MACHINE_LISTENS;
    const char *how = listens ? ",server=on,wait=off" : "";
    g_autoptr(GString) options = g_string_new(NULL);
    int qtest_fd = -1, qmp_fd = -1;

    qts->stderr_path = g_strdup_printf("%s.err", base);
    qts->has_qtest = mode != QTEST_QMP_ONLY;
    if (!listens) {
        qtest_fd = qts->has_qtest ? qtest_listen(qtest_path) : -1;
        qmp_fd = qtest_listen(qmp_path);
    }
    if (qts->has_qtest) {
        g_string_append_printf(options, "-qtest unix:%s%s "
                               "-qtest-log /dev/null ", qtest_path, how);
    }
    g_string_append_printf(options, "-chardev socket,path=%s%s,id=libqtest "
                           "-mon chardev=libqtest,mode=control -display none "
                           "%s -accel qtest", qmp_path, how, extra);
    qts->pid = qtest_spawn(options->str, qtest_open("/dev/null", O_RDONLY),
                           qtest_open("/dev/null", O_WRONLY),
                           qtest_open(qts->stderr_path,
                                      O_WRONLY | O_CREAT | O_TRUNC));
    qts->pidfd = pidfd_open(qts->pid, 0);
    g_assert_cmpint(qts->pidfd, >=, 0);
    if (listens) {
        qtest_fd = qtest_connect(qts, qtest_path);
        qmp_fd = qtest_connect(qts, qmp_path);
    } else {
        qtest_fd = qts->has_qtest ? qtest_accept(qts, qtest_fd) : -1;
        qmp_fd = qtest_accept(qts, qmp_fd);
        unlink(qtest_path);
        unlink(qmp_path);
    }
    if (qts->has_qtest) {
        g_autofree char *order = NULL;

        qtest_stream_init(&qts->stream, qtest_fd, qtest_fd);
        order = qtest_command(qts, "endianness");
        g_assert_cmpstr(order, ==, "little");
    }
    qts->qmp = qmp_session_new(qmp_fd, qmp_fd);
    qts->qmp->owner = qts;
    json_object_put(qmp_session_handshake(qts->qmp));
    return qts;
}

Qtest *qtest_start(const char *fmt, ...)
{
    Qtest *qts;
    va_list ap;

    va_start(ap, fmt);
    qts = qtest_start_mode(QTEST_MACHINE_CONNECTS, fmt, ap);
    va_end(ap);
    return qts;
}

Qtest *qtest_start_listening(const char *fmt, ...)
{
    Qtest *qts;
    va_list ap;

    va_start(ap, fmt);
    qts = qtest_start_mode(QTEST_MACHINE_LISTENS, fmt, ap);
    va_end(ap);
    return qts;
}

Qtest *qtest_start_qmp(const char *fmt, ...)
{
    Qtest *qts;
    va_list ap;

    va_start(ap, fmt);
    qts = qtest_start_mode(QTEST_QMP_ONLY, fmt, ap);
    va_end(ap);
    return qts;
}

int qtest_wait_exit(Qtest *qts)
{
    bool in_time;

    if (!qts->exited) {
        qts->status = qtest_reap(qts->pid, qts->pidfd, &in_time);
        qts->exited = true;
        if (!in_time) {
            qtest_die(qts, "the machine does not end");
        }
    }
    return qts->status;
}

char *qtest_take_stderr(Qtest *qts)
{
    g_autofree char *all = qtest_read_file(qts->stderr_path);
    char *text = g_strdup(all + qts->stderr_taken);

    qts->stderr_taken = strlen(all);
    return text;
}

void qtest_expect_warning(Qtest *qts, const char *pattern)
{
    g_autofree char *text = qtest_take_stderr(qts);
    size_t len = strlen(text);

    if (len == 0 || strchr(text, '\n') != text + len - 1) {
        qtest_die(qts, "expected one warning, got '%s'", text);
    }
    text[len - 1] = '\0';
    if (!g_pattern_match_simple(pattern, text)) {
        qtest_die(qts, "expected %s\n  got      %s", pattern, text);
    }
}

void qtest_quit(Qtest *qts)
{
    g_autofree char *err = NULL;

    if (!qts) {
        return;
    }
    if (!qts->exited) {
        qtest_qmp_ok(qts, "{'execute': 'quit'}");
    }
    if (qtest_wait_exit(qts) != 0) {
        qtest_die(qts, "the machine ended with status %d", qts->status);
    }
    err = qtest_take_stderr(qts);
    if (err[0]) {
        qtest_die(qts, "standard error is not empty");
    }
    qmp_session_free(qts->qmp);
    qtest_stream_cleanup(&qts->stream);
    close(qts->pidfd);
    unlink(qts->stderr_path);
    g_free(qts->stderr_path);
    g_free(qts);
}

pid_t qtest_pid(const Qtest *qts)
{
    return qts->pid;
}

/* Qtest protocol */

void qtest_send_bytes(Qtest *qts, const void *bytes, size_t len)
{
    g_assert_true(qts->has_qtest);
    qtest_stream_send(&qts->stream, qts, bytes, len);
}

char *qtest_receive_line(Qtest *qts)
{
    char *line;
    char verb[6];
    unsigned n;

    while ((line = qtest_stream_line(&qts->stream, qts)) &&
           g_str_has_prefix(line, "IRQ ")) {
        if (sscanf(line, "IRQ %5s %u", verb, &n) != 2 || n >= QTEST_MAX_IRQS ||
            (strcmp(verb, "raise") && strcmp(verb, "lower"))) {
            qtest_die(qts, "not understood: %s", line);
        }
        qts->irq_level[n] = strcmp(verb, "raise") == 0;
        g_free(line);
    }
    if (!line) {
        qtest_die(qts, "the machine closed its qtest socket");
    }
    return line;
}

char *qtest_line(Qtest *qts, const char *line)
{
    g_autofree char *text = g_strconcat(line, "\n", NULL);

    qtest_send_bytes(qts, text, strlen(text));
    return qtest_receive_line(qts);
}

/** Takes @line over. */
static char *qtest_must(Qtest *qts, char *line)
{
    g_autofree char *reply = qtest_line(qts, line);

    if (strcmp(reply, "OK") != 0 && !g_str_has_prefix(reply, "OK ")) {
        qtest_die(qts, "%.200s: %s", line, reply);
    }
    g_free(line);
    return g_strdup(reply[2] ? reply + 3 : "");
}

char *qtest_command(Qtest *qts, const char *fmt, ...)
{
    va_list ap;
    char *line;

    va_start(ap, fmt);
    line = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    return qtest_must(qts, line);
}

static uint64_t qtest_get(Qtest *qts, const char *verb, char size,
                          uint64_t address)
{
    g_autofree char *reply = qtest_command(qts, "%s%c 0x%" PRIx64, verb, size,
                                           address);
    char *end;
    uint64_t value = g_ascii_strtoull(reply, &end, 0);

    g_assert_true(g_str_has_prefix(reply, "0x"));
    g_assert_cmpstr(end, ==, "");
    return value;
}

static void qtest_put(Qtest *qts, const char *verb, char size,
                      uint64_t address, uint64_t value)
{
    g_free(qtest_command(qts, "%s%c 0x%" PRIx64 " 0x%" PRIx64, verb, size,
                         address, value));
}

uint8_t qtest_inb(Qtest *qts, uint16_t port)
{
    return qtest_get(qts, "in", 'b', port);
}

uint16_t qtest_inw(Qtest *qts, uint16_t port)
{
    return qtest_get(qts, "in", 'w', port);
}

uint32_t qtest_inl(Qtest *qts, uint16_t port)
{
    return qtest_get(qts, "in", 'l', port);
}

void qtest_outb(Qtest *qts, uint16_t port, uint8_t value)
{
    qtest_put(qts, "out", 'b', port, value);
}

void qtest_outw(Qtest *qts, uint16_t port, uint16_t value)
{
    qtest_put(qts, "out", 'w', port, value);
}

void qtest_outl(Qtest *qts, uint16_t port, uint32_t value)
{
    qtest_put(qts, "out", 'l', port, value);
}

uint8_t qtest_readb(Qtest *qts, uint64_t gpa)
{
    return qtest_get(qts, "read", 'b', gpa);
}

uint16_t qtest_readw(Qtest *qts, uint64_t gpa)
{
    return qtest_get(qts, "read", 'w', gpa);
}

uint32_t qtest_readl(Qtest *qts, uint64_t gpa)
{
    return qtest_get(qts, "read", 'l', gpa);
}

uint64_t qtest_readq(Qtest *qts, uint64_t gpa)
{
    return qtest_get(qts, "read", 'q', gpa);
}

void qtest_writeb(Qtest *qts, uint64_t gpa, uint8_t value)
{
    qtest_put(qts, "write", 'b', gpa, value);
}

void qtest_writew(Qtest *qts, uint64_t gpa, uint16_t value)
{
    qtest_put(qts, "write", 'w', gpa, value);
}

void qtest_writel(Qtest *qts, uint64_t gpa, uint32_t value)
{
    qtest_put(qts, "write", 'l', gpa, value);
}

void qtest_writeq(Qtest *qts, uint64_t gpa, uint64_t value)
{
    qtest_put(qts, "write", 'q', gpa, value);
}

void qtest_memread(Qtest *qts, uint64_t gpa, void *bytes, size_t len)
{
    g_autofree char *reply = NULL;
    uint8_t *b = bytes;

    if (!len) {
        return;
    }
    reply = qtest_command(qts, "read 0x%" PRIx64 " 0x%zx", gpa, len);
    g_assert_true(g_str_has_prefix(reply, "0x"));
    g_assert_cmpuint(strlen(reply), ==, 2 + 2 * len);
    for (size_t i = 0; i < len; i++) {
        int high = g_ascii_xdigit_value(reply[2 + 2 * i]);
        int low = g_ascii_xdigit_value(reply[3 + 2 * i]);

        g_assert_true(high >= 0 && low >= 0);
        b[i] = high << 4 | low;
    }
}

void qtest_memwrite(Qtest *qts, uint64_t gpa, const void *bytes, size_t len)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const uint8_t *b = bytes;

    if (!len) {
        return;
    }
    g_string_printf(line, "write 0x%" PRIx64 " 0x%zx 0x", gpa, len);
    for (size_t i = 0; i < len; i++) {
        g_string_append_c(line, "0123456789abcdef"[b[i] >> 4]);
        g_string_append_c(line, "0123456789abcdef"[b[i] & 15]);
    }
    g_free(qtest_must(qts, g_strdup(line->str)));
}

void qtest_memset(Qtest *qts, uint64_t gpa, uint8_t value, size_t len)
{
    g_free(qtest_command(qts, "memset 0x%" PRIx64 " 0x%zx 0x%x", gpa, len,
                         value));
}

static int64_t qtest_time(char *reply)
{
    g_autofree char *text = reply;
    char *end;
    int64_t ns = g_ascii_strtoll(text, &end, 10);

    g_assert_true(end != text && *end == '\0');
    return ns;
}

int64_t qtest_clock_step(Qtest *qts, int64_t ns)
{
    return qtest_time(qtest_command(qts, "clock_step %" PRId64, ns));
}

int64_t qtest_clock_step_next(Qtest *qts)
{
    return qtest_time(qtest_command(qts, "clock_step"));
}

int64_t qtest_clock_set(Qtest *qts, int64_t ns)
{
    return qtest_time(qtest_command(qts, "clock_set %" PRId64, ns));
}

void qtest_irq_intercept_in(Qtest *qts, const char *path)
{
    g_free(qtest_command(qts, "irq_intercept_in %s", path));
}

void qtest_irq_intercept_out(Qtest *qts, const char *path)
{
    g_free(qtest_command(qts, "irq_intercept_out %s", path));
}

void qtest_set_irq_in(Qtest *qts, const char *path, const char *name,
                      unsigned n, bool level)
{
    g_free(qtest_command(qts, "set_irq_in %s %s %u %d", path,
                         name ? name : "unnamed-gpio-in", n, level));
}

bool qtest_irq_level(Qtest *qts, unsigned n)
{
    g_assert_cmpuint(n, <, QTEST_MAX_IRQS);
    return qts->irq_level[n];
}

/* QMP */

QmpSession *qmp_session_new(int read_fd, int write_fd)
{
    QmpSession *session = g_new0(QmpSession, 1);

    /* The test that talks QMP only never asked for the directory, but wants
     * what comes with it */
    qtest_temp_dir();
    qtest_stream_init(&session->stream, read_fd, write_fd);
    session->tokener = json_tokener_new();
    g_queue_init(&session->events);
    return session;
}

QmpSession *qmp_session_connect_unix(const char *path)
{
    int fd = qtest_connect(NULL, path);

    return qmp_session_new(fd, fd);
}

QmpSession *qmp_session_connect_tcp(const char *host, unsigned port)
{
    g_autofree char *service = g_strdup_printf("%u", port);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    gint64 deadline_us = qtest_deadline_us();
    struct addrinfo *list;
    int fd;

    g_assert_cmpint(getaddrinfo(host, service, &hints, &list), ==, 0);
    fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (connect(fd, list->ai_addr, list->ai_addrlen) < 0) {
        if (g_get_monotonic_time() > deadline_us) {
            g_error("port %u: %s", port, g_strerror(errno));
        }
        g_usleep(1000);
    }
    freeaddrinfo(list);
    return qmp_session_new(fd, fd);
}

static void qtest_put_json(gpointer object)
{
    json_object_put(object);
}

void qmp_session_free(QmpSession *session)
{
    if (session) {
        qtest_stream_cleanup(&session->stream);
        json_tokener_free(session->tokener);
        g_queue_clear_full(&session->events, qtest_put_json);
        g_free(session);
    }
}

void qmp_session_send(QmpSession *session, const char *text, size_t len)
{
    qtest_stream_send(&session->stream, session->owner, text, len);
}

json_object *qmp_session_receive(QmpSession *session)
{
    GString *buffer = session->stream.buffer;

    json_tokener_reset(session->tokener);
    for (;;) {
        json_object *object;
        enum json_tokener_error status = json_tokener_continue;
        size_t blank = strspn(buffer->str, " \t\r\n");

        g_string_erase(buffer, 0, blank);
        if (buffer->len) {
            json_tokener_reset(session->tokener);
            object = json_tokener_parse_ex(session->tokener, buffer->str,
                                           buffer->len);
            status = json_tokener_get_error(session->tokener);
        }
        if (status == json_tokener_success) {
            g_string_erase(buffer, 0,
                           json_tokener_get_parse_end(session->tokener));
            return object;
        }
        if (status != json_tokener_continue) {
            qtest_die(session->owner, "not JSON: %s", buffer->str);
        }
        if (!qtest_stream_fill(&session->stream, session->owner)) {
            if (buffer->len) {
                qtest_die(session->owner, "cut short: %s", buffer->str);
            }
            return NULL;
        }
    }
}

char *qmp_session_receive_line(QmpSession *session)
{
    g_autofree char *line = qtest_stream_line(&session->stream,
                                              session->owner);

    return line ? g_strconcat(line, "\n", NULL) : NULL;
}

json_object *qmp_session_handshake(QmpSession *session)
{
    json_object *greeting = qmp_session_receive(session);
    json_object *reply;

    if (!greeting) {
        qtest_die(session->owner, "no greeting");
    }
    g_assert_true(qtest_json_has(greeting, "QMP"));
    reply = qmp_session_call(session, "{'execute': 'qmp_capabilities'}");
    g_assert_true(qtest_json_has(reply, "return"));
    json_object_put(reply);
    return greeting;
}

static json_object *G_GNUC_PRINTF(2, 0)
qmp_session_vcall(QmpSession *session, const char *fmt, va_list ap)
{
    g_autofree char *text = g_strdup_vprintf(fmt, ap);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    json_object *message;

    /* In one piece: the machine may be gone after the last brace */
    qmp_session_send(session, line, strlen(line));
    while ((message = qmp_session_receive(session)) &&
           qtest_json_has(message, "event")) {
        g_queue_push_tail(&session->events, message);
    }
    if (!message) {
        qtest_die(session->owner, "the machine closed its monitor after %s",
                  text);
    }
    return message;
}

json_object *qmp_session_call(QmpSession *session, const char *fmt, ...)
{
    json_object *reply;
    va_list ap;

    va_start(ap, fmt);
    reply = qmp_session_vcall(session, fmt, ap);
    va_end(ap);
    return reply;
}

static json_object *qmp_session_take_event(QmpSession *session,
                                           const char *name)
{
    for (GList *l = session->events.head; l; l = l->next) {
        if (strcmp(qtest_json_string(l->data, "event"), name) == 0) {
            json_object *event = l->data;

            g_queue_delete_link(&session->events, l);
            return event;
        }
    }
    return NULL;
}

bool qmp_session_has_event(QmpSession *session, const char *name)
{
    json_object *event = qmp_session_take_event(session, name);

    if (event) {
        g_queue_push_head(&session->events, event);
    }
    return event != NULL;
}

json_object *qmp_session_event_wait(QmpSession *session, const char *name)
{
    json_object *event;

    while (!(event = qmp_session_take_event(session, name))) {
        json_object *message = qmp_session_receive(session);

        if (!message) {
            qtest_die(session->owner, "the monitor closed before %s", name);
        }
        g_assert_true(qtest_json_has(message, "event"));
        g_queue_push_tail(&session->events, message);
    }
    return event;
}

QmpSession *qtest_qmp_session(Qtest *qts)
{
    return qts->qmp;
}

json_object *qtest_qmp(Qtest *qts, const char *fmt, ...)
{
    json_object *reply;
    va_list ap;

    va_start(ap, fmt);
    reply = qmp_session_vcall(qts->qmp, fmt, ap);
    va_end(ap);
    return reply;
}

static json_object *G_GNUC_PRINTF(2, 0)
qtest_qmp_vreturn(Qtest *qts, const char *fmt, va_list ap)
{
    json_object *reply = qmp_session_vcall(qts->qmp, fmt, ap);
    json_object *value;

    if (!json_object_object_get_ex(reply, "return", &value)) {
        qtest_die(qts, "%s: %s", fmt, json_object_to_json_string(reply));
    }
    value = json_object_get(value);
    json_object_put(reply);
    return value;
}

json_object *qtest_qmp_return(Qtest *qts, const char *fmt, ...)
{
    json_object *value;
    va_list ap;

    va_start(ap, fmt);
    value = qtest_qmp_vreturn(qts, fmt, ap);
    va_end(ap);
    return value;
}

void qtest_qmp_ok(Qtest *qts, const char *fmt, ...)
{
    json_object *value;
    va_list ap;

    va_start(ap, fmt);
    value = qtest_qmp_vreturn(qts, fmt, ap);
    va_end(ap);
    g_assert_cmpstr(json_object_to_json_string_ext(value,
                                                   JSON_C_TO_STRING_PLAIN),
                    ==, "{}");
    json_object_put(value);
}

void qtest_qmp_error(Qtest *qts, const char *class, const char *pattern,
                     const char *fmt, ...)
{
    json_object *reply, *error;
    va_list ap;

    va_start(ap, fmt);
    reply = qmp_session_vcall(qts->qmp, fmt, ap);
    va_end(ap);
    error = qtest_json_get(reply, "error");
    g_assert_cmpstr(qtest_json_string(error, "class"), ==, class);
    if (!g_pattern_match_simple(pattern, qtest_json_string(error, "desc"))) {
        qtest_die(qts, "%s\n  expected %s\n  got      %s", fmt, pattern,
                  qtest_json_string(error, "desc"));
    }
    json_object_put(reply);
}

json_object *qtest_qmp_event_wait(Qtest *qts, const char *name)
{
    return qmp_session_event_wait(qts->qmp, name);
}

/* JSON */

bool qtest_json_has(json_object *object, const char *member)
{
    return json_object_object_get_ex(object, member, NULL);
}

json_object *qtest_json_get(json_object *object, const char *member)
{
    json_object *value;

    if (!json_object_object_get_ex(object, member, &value)) {
        qtest_die(NULL, "no '%s' in %s", member,
                  json_object_to_json_string(object));
    }
    return value;
}

const char *qtest_json_string(json_object *object, const char *member)
{
    json_object *value = qtest_json_get(object, member);

    g_assert_true(json_object_is_type(value, json_type_string));
    return json_object_get_string(value);
}

int64_t qtest_json_int(json_object *object, const char *member)
{
    json_object *value = qtest_json_get(object, member);

    g_assert_true(json_object_is_type(value, json_type_int));
    return json_object_get_int64(value);
}

bool qtest_json_bool(json_object *object, const char *member)
{
    json_object *value = qtest_json_get(object, member);

    g_assert_true(json_object_is_type(value, json_type_boolean));
    return json_object_get_boolean(value);
}
