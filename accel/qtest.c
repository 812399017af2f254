/*
 * The qtest accelerator's server: a test drives the machine by text lines
 *
 * One line in, one reply out, interrupt changes in between; the protocol is in
 * docs/devel/qtest.rst.  A test is a friend, but its lines are not trusted:
 * whatever arrives is answered, and neither lines nor replies take more memory
 * than the limits allow.
 *
 * Replies go out with one write for all the lines that came in together.
 * What the other side does not take yet is kept here and sent piece by piece;
 * until it has gone no further line is read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "accel/qtest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "qtest-command.h"
#include "util/error.h"
#include "util/file.h"

/* Interrupt lines that nobody reads are dropped beyond this */
#define QTEST_OUTPUT_MAX (2 * QTEST_LINE_MAX)

#define QTEST_PIECE (1024 * 1024)   /* handed over at a time, of much */
#define QTEST_BATCH (256 * 1024)    /* replies gathered before a write */
#define QTEST_KEEP (1024 * 1024)    /* buffers above this are given back */
#define QTEST_LOG_MAX 4096          /* bytes of a line that are logged */

struct QtestServer {
    QtestCommands commands;

    /* The stream */
    Chardev *chr;
    GByteArray *input;          /* the start of a line */
    size_t scanned;             /* of input, without a newline */
    bool skipping;              /* the line is too long: drop it to its end */
    GString *reply;             /* being gathered */
    GString *output;            /* not taken by the chardev yet */
    size_t output_sent;

    /* The log */
    FILE *log;                  /* NULL: none */
    bool log_owned;
    gint64 log_start_us;
};

/* The log */

static void qtest_log(QtestServer *server, char direction, const char *text,
                      size_t len)
{
    g_autoptr(GString) line = NULL;

    if (!server->log) {
        return;
    }
    line = g_string_new(NULL);
    g_string_printf(line, "[%c +%.6f] ", direction,
                    (g_get_monotonic_time() - server->log_start_us) / 1e6);
    qtest_append_shown(line, text, len, QTEST_LOG_MAX);
    g_string_append_c(line, '\n');
    fwrite(line->str, 1, line->len, server->log);
}

static void qtest_log_replies(QtestServer *server, const char *text,
                              size_t len)
{
    while (server->log && len) {
        const char *newline = memchr(text, '\n', len);
        size_t n = newline ? (size_t)(newline - text) : len;

        qtest_log(server, 'S', text, n);
        n += newline != NULL;
        text += n;
        len -= n;
    }
}

static bool qtest_open_log(QtestServer *server, const char *path,
                           GError **error)
{
    struct stat st;
    int fd;

    if (!path) {
        server->log = stderr;
        return true;
    }
    if (strcmp(path, "none") == 0) {
        return true;
    }
    fd = file_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0) {
        return fm_error_set(error, "-qtest-log %s: %s", path, g_strerror(-fd));
    }
    /* What clients pass who want no log: do not even format it */
    if (fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
        st.st_rdev == makedev(1, 3)) {
        close(fd);
        return true;
    }
    server->log = fdopen(fd, "w");
    server->log_owned = true;
    setvbuf(server->log, NULL, _IOLBF, 0);
    return true;
}

/* The stream */

/** Whether enough waits to be sent that no further line should be run. */
static bool qtest_stalled(const QtestServer *server)
{
    return server->output->len || chardev_pending(server->chr) > QTEST_KEEP;
}

/** Give a buffer's memory back after a line or reply that was large. */
static void qtest_trim(GString **text)
{
    if ((*text)->len == 0 && (*text)->allocated_len > QTEST_KEEP) {
        g_string_free(*text, TRUE);
        *text = g_string_new(NULL);
    }
}

static void qtest_drop_output(QtestServer *server)
{
    g_string_truncate(server->output, 0);
    server->output_sent = 0;
    qtest_trim(&server->output);
}

/** Hand over what waits here, as far as the chardev takes it. */
static void qtest_push_output(QtestServer *server)
{
    while (server->output_sent < server->output->len) {
        size_t n = MIN(QTEST_PIECE, server->output->len - server->output_sent);

        if (!chardev_write(server->chr,
                           server->output->str + server->output_sent, n)) {
            if (chardev_pending(server->chr)) {
                return;
            }
            break;              /* nobody is there */
        }
        server->output_sent += n;
    }
    qtest_drop_output(server);
}

static void qtest_send(QtestServer *server, const char *text, size_t len)
{
    qtest_log_replies(server, text, len);
    if (server->output->len || !chardev_write(server->chr, text, len)) {
        g_string_append_len(server->output, text, len);
        qtest_push_output(server);
    }
}

/** What answers no command; dropped if the client does not read. */
static void qtest_send_unasked(void *opaque, const char *text, size_t len)
{
    QtestServer *server = opaque;

    if (server->chr && server->output->len < QTEST_OUTPUT_MAX) {
        qtest_send(server, text, len);
    }
}

static void qtest_send_replies(QtestServer *server)
{
    if (server->reply->len) {
        qtest_send(server, server->reply->str, server->reply->len);
        g_string_truncate(server->reply, 0);
        qtest_trim(&server->reply);
    }
}

/**
 * Run the whole lines in @text; @scanned bytes are known to hold no newline.
 * Stops early while output stalls.  Returns how many bytes are done with.
 */
static size_t qtest_run_lines(QtestServer *server, const char *text,
                              size_t len, size_t scanned)
{
    size_t used = 0;

    while (!qtest_stalled(server)) {
        const char *newline = memchr(text + used + scanned, '\n',
                                     len - used - scanned);
        size_t n;

        if (!newline) {
            break;
        }
        n = newline - (text + used);
        scanned = 0;
        if (server->skipping) {
            server->skipping = false;
            g_string_append(server->reply, "ERR line is too long\n");
        } else {
            qtest_log(server, 'R', text + used, n);
            qtest_commands_run(&server->commands, text + used, n,
                               server->reply);
        }
        used += n + 1;
        if (server->log || server->reply->len >= QTEST_BATCH) {
            qtest_send_replies(server);
        }
    }
    qtest_send_replies(server);
    return used;
}

static void qtest_run_input(QtestServer *server)
{
    GByteArray *input = server->input;
    size_t used;

    if (!input->len) {
        return;
    }
    used = qtest_run_lines(server, (char *)input->data, input->len,
                           server->scanned);
    /* A client that closes may have emptied the buffer meanwhile */
    used = MIN(used, input->len);
    if (used && used == input->len && used > QTEST_KEEP) {
        g_byte_array_unref(input);
        input = server->input = g_byte_array_new();
    } else if (used) {
        g_byte_array_remove_range(input, 0, used);
    }
    server->scanned = qtest_stalled(server) ? 0 : input->len;
    if (server->scanned > QTEST_LINE_MAX) {
        server->skipping = true;
    }
    if (server->skipping && !qtest_stalled(server)) {
        g_byte_array_unref(input);
        server->input = g_byte_array_new();
        server->scanned = 0;
    }
}

static void qtest_drained(void *opaque)
{
    QtestServer *server = opaque;

    qtest_push_output(server);
    qtest_run_input(server);
    if (!qtest_stalled(server)) {
        chardev_accept_input(server->chr);
    }
}

static size_t qtest_can_receive(void *opaque)
{
    return qtest_stalled(opaque) ? 0 : QTEST_KEEP;
}

static void qtest_received(void *opaque, const uint8_t *bytes, size_t len)
{
    QtestServer *server = opaque;

    /* Nearly always whole lines come: run them where they are */
    if (server->input->len == 0 && !server->skipping) {
        size_t used = qtest_run_lines(server, (const char *)bytes, len, 0);

        bytes += used;
        len -= used;
        if (len == 0) {
            return;
        }
    }
    g_byte_array_append(server->input, bytes, len);
    qtest_run_input(server);
}

static void qtest_event(void *opaque, ChardevEvent event)
{
    QtestServer *server = opaque;

    if (server->log) {
        fprintf(server->log, "[I %.6f] %s\n",
                (g_get_monotonic_time() - server->log_start_us) / 1e6,
                event == CHARDEV_OPENED ? "OPENED" : "CLOSED");
    }
    /* Each client starts from nothing */
    qtest_drop_output(server);
    g_byte_array_set_size(server->input, 0);
    g_string_truncate(server->reply, 0);
    server->scanned = 0;
    server->skipping = false;
    qtest_commands_release_lines(&server->commands);
}

/* Its life */

QtestServer *qtest_server_new(const QtestTarget *target, Chardev *chr,
                              const char *log_path, GError **error)
{
    QtestServer *server = g_new0(QtestServer, 1);

    qtest_commands_init(&server->commands, target, qtest_send_unasked, server);
    server->input = g_byte_array_new();
    server->reply = g_string_new(NULL);
    server->output = g_string_new(NULL);
    server->log_start_us = g_get_monotonic_time();
    if (!qtest_open_log(server, log_path, error)) {
        qtest_server_free(server);
        return NULL;
    }
    if (chr) {
        const ChardevUser user = {
            .can_receive = qtest_can_receive,
            .received = qtest_received,
            .event = qtest_event,
            .drained = qtest_drained,
            .opaque = server,
        };

        if (!chardev_attach(chr, &user, error)) {
            qtest_server_free(server);
            return NULL;
        }
        server->chr = chr;
    }
    return server;
}

void qtest_server_free(QtestServer *server)
{
    if (!server) {
        return;
    }
    if (server->chr) {
        chardev_detach(server->chr);
    }
    qtest_commands_cleanup(&server->commands);
    qtest_drop_output(server);
    g_byte_array_unref(server->input);
    g_string_free(server->reply, TRUE);
    g_string_free(server->output, TRUE);
    if (server->log_owned) {
        fclose(server->log);
    }
    g_free(server);
}

void qtest_handle_line(QtestServer *server, const char *line, size_t len,
                       GString *reply)
{
    qtest_commands_run(&server->commands, line, len, reply);
}
