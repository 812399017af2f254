/*
 * libqtest: start a machine and drive it from a test
 *
 * A machine is a process: $QTEST_FIRMAMENT_BINARY, or $QTEST_QEMU_BINARY if
 * the first is not set; with the words of $QTEST_WRAPPER before it, if that is
 * set, which may be valgrind and its options.  It is driven over two unix sockets, one that speaks
 * the qtest protocol (docs/devel/qtest.rst) and one that speaks QMP.
 *
 * Nothing here returns a failure: what should not happen ends the test with a
 * message that holds what the machine wrote on standard error.  Nothing waits
 * for longer than QTEST_TIMEOUT_S seconds.  However the test ends, its
 * machines are killed and its temporary directory is removed.
 *
 * Options are given as text that is split as a shell would split it, made by
 * printf() formats.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_LIBQTEST_H
#define TESTS_QTEST_LIBQTEST_H

#include <glib.h>
#include <json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define QTEST_TIMEOUT_S 60

typedef struct Qtest Qtest;
typedef struct QmpSession QmpSession;

/* Machines */

/**
 * qtest_start:
 * @fmt: options
 *
 * Start a machine that connects to the test's qtest and QMP sockets, without a
 * display, with the qtest accelerator; negotiate QMP.
 *
 * Returns: the machine; end it with qtest_quit().
 */
Qtest *qtest_start(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/** qtest_start_listening: the same, but the machine listens and the test
 *  connects. */
Qtest *qtest_start_listening(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/** qtest_start_qmp: without -qtest: there is QMP only, and the functions that
 *  need the qtest protocol must not be used. */
Qtest *qtest_start_qmp(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/**
 * qtest_quit: end the machine by QMP's quit, unless it has ended, and free it.
 *
 * The test fails if the exit status is not 0 or if standard error holds
 * anything that qtest_take_stderr() has not taken.  NULL is allowed.
 */
void qtest_quit(Qtest *qts);

/** qtest_wait_exit: the machine ends by itself: wait for that, without a word
 *  of ours.  Returns the exit status; minus the number of a signal. */
int qtest_wait_exit(Qtest *qts);

/** qtest_take_stderr: what came on standard error since the last call; free
 *  with g_free(). */
char *qtest_take_stderr(Qtest *qts);

/** qtest_expect_warning: take what is on standard error, which must be one
 *  line that matches @pattern (as g_pattern_match() does), "warning: "
 *  included. */
void qtest_expect_warning(Qtest *qts, const char *pattern);

pid_t qtest_pid(const Qtest *qts);

/* Runs of the program */

/** What a run of the program left. */
typedef struct QtestRun {
    int status;                 /* exit status; minus the number of a signal */
    char *out, *err;
} QtestRun;

/**
 * qtest_run:
 * @input: what the program finds on standard input; NULL: nothing
 * @fmt: all of the options
 *
 * Run the program to its end.  Free with qtest_run_clear().
 */
QtestRun qtest_run(const char *input, const char *fmt, ...)
    G_GNUC_PRINTF(2, 3);
void qtest_run_clear(QtestRun *run);

/**
 * qtest_expect_failure:
 * @pattern: of the one line, as g_pattern_match() takes it
 * @fmt: all of the options
 *
 * Run the program, which must refuse its options: exit status 1, nothing on
 * standard output, one line on standard error that matches @pattern.
 */
void qtest_expect_failure(const char *pattern, const char *fmt, ...)
    G_GNUC_PRINTF(2, 3);

/* Files */

/** qtest_temp_dir: the test's private directory, removed at its end. */
const char *qtest_temp_dir(void);

/** qtest_temp_path: path of @name there; free with g_free(). */
char *qtest_temp_path(const char *name);

/** qtest_temp_file: write @len bytes to @name there.  Returns its path; free
 *  with g_free(). */
char *qtest_temp_file(const char *name, const void *bytes, size_t len);

/* Qtest protocol */

/**
 * qtest_line:
 * @line: one command, without newline
 *
 * Returns: the reply's line, whatever it is; free with g_free().  Lines about
 * interrupts are kept for qtest_irq_level().
 */
char *qtest_line(Qtest *qts, const char *line);

/** qtest_command: send a command that must succeed.  Returns what follows
 *  "OK" and a space; free with g_free(). */
char *qtest_command(Qtest *qts, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/** qtest_send_bytes, qtest_receive_line: the stream as it is. */
void qtest_send_bytes(Qtest *qts, const void *bytes, size_t len);
char *qtest_receive_line(Qtest *qts);

uint8_t qtest_inb(Qtest *qts, uint16_t port);
uint16_t qtest_inw(Qtest *qts, uint16_t port);
uint32_t qtest_inl(Qtest *qts, uint16_t port);
void qtest_outb(Qtest *qts, uint16_t port, uint8_t value);
void qtest_outw(Qtest *qts, uint16_t port, uint16_t value);
void qtest_outl(Qtest *qts, uint16_t port, uint32_t value);

uint8_t qtest_readb(Qtest *qts, uint64_t gpa);
uint16_t qtest_readw(Qtest *qts, uint64_t gpa);
uint32_t qtest_readl(Qtest *qts, uint64_t gpa);
uint64_t qtest_readq(Qtest *qts, uint64_t gpa);
void qtest_writeb(Qtest *qts, uint64_t gpa, uint8_t value);
void qtest_writew(Qtest *qts, uint64_t gpa, uint16_t value);
void qtest_writel(Qtest *qts, uint64_t gpa, uint32_t value);
void qtest_writeq(Qtest *qts, uint64_t gpa, uint64_t value);

/* @len of 0 does nothing */
void qtest_memread(Qtest *qts, uint64_t gpa, void *bytes, size_t len);
void qtest_memwrite(Qtest *qts, uint64_t gpa, const void *bytes, size_t len);
void qtest_memset(Qtest *qts, uint64_t gpa, uint8_t value, size_t len);

/* Each returns the time that it is then, in ns */
int64_t qtest_clock_step(Qtest *qts, int64_t ns);
int64_t qtest_clock_step_next(Qtest *qts);
int64_t qtest_clock_set(Qtest *qts, int64_t ns);

void qtest_irq_intercept_in(Qtest *qts, const char *path);
void qtest_irq_intercept_out(Qtest *qts, const char *path);
/** qtest_set_irq_in: @name NULL: the unnamed lines. */
void qtest_set_irq_in(Qtest *qts, const char *path, const char *name,
                      unsigned n, bool level);
/** qtest_irq_level: of a line that is intercepted, as last reported. */
bool qtest_irq_level(Qtest *qts, unsigned n);

/* QMP */

/**
 * qtest_qmp: execute a command.
 * @fmt: the command as JSON; strings may be in single quotes
 *
 * Returns: the reply, an object with "return" or "error"; free with
 * json_object_put().  Events that come before it are kept.
 */
json_object *qtest_qmp(Qtest *qts, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/** qtest_qmp_return: the same; it must succeed.  Returns the value of
 *  "return". */
json_object *qtest_qmp_return(Qtest *qts, const char *fmt, ...)
    G_GNUC_PRINTF(2, 3);

/** qtest_qmp_ok: the same, and the result must be the empty object. */
void qtest_qmp_ok(Qtest *qts, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/** qtest_qmp_error: it must fail with that class and a description that
 *  matches @pattern (as g_pattern_match() does). */
void qtest_qmp_error(Qtest *qts, const char *class, const char *pattern,
                     const char *fmt, ...) G_GNUC_PRINTF(4, 5);

/** qtest_qmp_event_wait: the next event of that name, kept or yet to come;
 *  others that come are kept.  Free with json_object_put(). */
json_object *qtest_qmp_event_wait(Qtest *qts, const char *name);

/** qtest_qmp_session: borrowed. */
QmpSession *qtest_qmp_session(Qtest *qts);

/* Sessions of their own, for tests of QMP itself */

/** qmp_session_new: talk over @read_fd and @write_fd (which may be the same);
 *  both are taken over.  Nothing is read or sent yet. */
QmpSession *qmp_session_new(int read_fd, int write_fd);
QmpSession *qmp_session_connect_unix(const char *path);
QmpSession *qmp_session_connect_tcp(const char *host, unsigned port);
/** qmp_session_free: NULL is allowed. */
void qmp_session_free(QmpSession *session);

/** qmp_session_handshake: take the greeting and negotiate.  Returns the
 *  greeting. */
json_object *qmp_session_handshake(QmpSession *session);

void qmp_session_send(QmpSession *session, const char *text, size_t len);

/** qmp_session_receive: the next message of any kind; NULL: the other side has
 *  closed. */
json_object *qmp_session_receive(QmpSession *session);

/** qmp_session_receive_line: the next line as it is, its end included. */
char *qmp_session_receive_line(QmpSession *session);

/** qmp_session_call, _event_wait, _has_event: as qtest_qmp() and others. */
json_object *qmp_session_call(QmpSession *session, const char *fmt, ...)
    G_GNUC_PRINTF(2, 3);
json_object *qmp_session_event_wait(QmpSession *session, const char *name);
/** qmp_session_has_event: whether one is kept already. */
bool qmp_session_has_event(QmpSession *session, const char *name);

/* JSON: what must be there */
json_object *qtest_json_get(json_object *object, const char *member);
const char *qtest_json_string(json_object *object, const char *member);
int64_t qtest_json_int(json_object *object, const char *member);
bool qtest_json_bool(json_object *object, const char *member);
bool qtest_json_has(json_object *object, const char *member);

#endif
