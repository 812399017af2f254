/*
 * Character devices: their users, the output that waits, their making
 *
 * Output is written at once if nothing waits, so that an answer costs one
 * system call and no turn of the main loop.  Errors in writing are never told
 * from inside chardev_write(): input that the other side sent before it went
 * is still read, and its end says that nobody is there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "chardev/char.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <unistd.h>

#include "chardev/char-impl.h"
#include "qapi/walker.h"
#include "util/error.h"
#include "util/fd-passed.h"
#include "util/file.h"
#include "util/log.h"
#include "util/report.h"

/* Bytes that are read in one go. */
#define CHARDEV_READ_LEN 16384

/* An empty queue that has grown larger than this gives its memory back. */
#define CHARDEV_QUEUE_KEEP 65536

static const ChardevClass *chardev_class(const Chardev *chr)
{
    return object_type_class(chr->parent.type);
}

const ChardevOptions *chardev_options(const Chardev *chr)
{
    return chr->parent.config;
}

const char *chardev_id(const Chardev *chr)
{
    return chardev_options(chr)->id;
}

bool chardev_is_open(const Chardev *chr)
{
    return chr->open;
}

bool chardev_is_attached(const Chardev *chr)
{
    return chr->attached;
}

char *chardev_filename(const Chardev *chr)
{
    return chardev_class(chr)->filename(chr);
}

void chardev_set_echo(Chardev *chr, bool echo)
{
    const ChardevClass *klass = chardev_class(chr);

    if (klass->set_echo) {
        klass->set_echo(chr, echo);
    }
}

bool chardev_wait_connected(Chardev *chr, bool (*cancelled)(void),
                            GError **error)
{
    const ChardevClass *klass = chardev_class(chr);

    return !klass->wait_connected ||
           klass->wait_connected(chr, cancelled, error);
}

bool chardev_add_client(Chardev *chr, int fd, GError **error)
{
    const ChardevClass *klass = chardev_class(chr);

    if (klass->add_client ? klass->add_client(chr, fd, error)
        : fm_error_set(error, "chardev '%s' is no socket", chardev_id(chr))) {
        return true;
    }
    fd_passed_close(fd);
    return fm_error_prefix(error, "failed to add client: ");
}

/*
 * GLib blocks a source while it is dispatched, at the price of four system
 * calls, unless the source says that it can recurse.  These never do: nothing
 * runs the main loop from inside it.
 */
static guint chardev_source_add(int fd, GIOCondition condition,
                                GUnixFDSourceFunc ready, Chardev *chr)
{
    GSource *source = g_unix_fd_source_new(fd, condition);
    guint id;

    g_source_set_can_recurse(source, TRUE);
    g_source_set_callback(source, G_SOURCE_FUNC(ready), chr, NULL);
    id = g_source_attach(source, NULL);
    g_source_unref(source);
    return id;
}

static void chardev_tell(Chardev *chr, ChardevEvent event)
{
    if (log_enabled(LOG_CHARDEV)) {
        log_line(LOG_CHARDEV, "%s: %s", chardev_id(chr),
                 event == CHARDEV_OPENED ? "the other side is there"
                                         : "the other side has gone");
    }
    if (chr->attached && chr->user.event) {
        chr->user.event(chr->user.opaque, event);
    }
}

/* Output */

size_t chardev_pending(const Chardev *chr)
{
    return chr->queue->len - chr->queue_sent;
}

static void chardev_queue_clear(Chardev *chr)
{
    chr->queue_sent = 0;
    if (chr->queue->len > CHARDEV_QUEUE_KEEP) {
        g_byte_array_unref(chr->queue);
        chr->queue = g_byte_array_new();
    } else {
        g_byte_array_set_size(chr->queue, 0);
    }
}

/*
 * Write until all is written or the other side takes no more.  Returns how
 * much was written; an error shows in output_failed.
 */
static size_t chardev_write_some(Chardev *chr, const uint8_t *bytes,
                                 size_t len)
{
    const ChardevClass *klass = chardev_class(chr);
    size_t done = 0;

    while (done < len) {
        ssize_t n;

        if (klass->write) {
            n = klass->write(chr, bytes + done, len - done);
        } else {
            n = write(chr->out_fd, bytes + done, len - done);
            n = n < 0 ? -errno : n;
        }
        if (n >= 0) {
            done += (size_t)n;
        } else if (n == -EAGAIN) {
            break;
        } else if (n != -EINTR) {
            chr->output_failed = true;
            break;
        }
    }
    return done;
}

/* Send what waits, as far as it goes. */
static void chardev_queue_send(Chardev *chr)
{
    chr->queue_sent += chardev_write_some(chr,
                                          chr->queue->data + chr->queue_sent,
                                          chardev_pending(chr));
    if (chr->output_failed || chardev_pending(chr) == 0) {
        chardev_queue_clear(chr);
    } else if (chr->queue_sent > chr->queue->len / 2) {
        g_byte_array_remove_range(chr->queue, 0, (guint)chr->queue_sent);
        chr->queue_sent = 0;
    }
}

void chardev_hang_up(Chardev *chr)
{
    g_clear_handle_id(&chr->in_source, g_source_remove);
    g_clear_handle_id(&chr->out_source, g_source_remove);
    g_clear_handle_id(&chr->gone_source, g_source_remove);
    chardev_queue_clear(chr);
    chardev_drop_fds(chr);
    chardev_class(chr)->hang_up(chr);
    chr->in_fd = chr->out_fd = -1;
    chr->open = false;
    chardev_tell(chr, CHARDEV_CLOSED);
}

static gboolean chardev_output_ready(gint fd, GIOCondition condition,
                                     gpointer opaque)
{
    Chardev *chr = opaque;

    chardev_queue_send(chr);
    if (chardev_pending(chr)) {
        return G_SOURCE_CONTINUE;
    }
    chr->out_source = 0;
    if (chr->attached && chr->user.drained) {
        chr->user.drained(chr->user.opaque);
    }
    if (chr->input_ended && chardev_pending(chr) == 0 &&
        chardev_class(chr)->hang_up) {
        chardev_hang_up(chr);
    }
    return G_SOURCE_REMOVE;
}

/* Nothing waits for the log: what it does not take is lost. */
static void chardev_log(Chardev *chr, const uint8_t *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(chr->log_fd, bytes, len);

        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            if (!chr->log_warned) {
                chr->log_warned = true;
                report_warning("chardev '%s': output is missing from logfile "
                               "'%s': %s", chardev_id(chr),
                               chardev_options(chr)->logfile,
                               g_strerror(n ? errno : EIO));
            }
            return;
        }
    }
}

static bool chardev_send(Chardev *chr, const uint8_t *from, size_t len)
{
    if (!chr->open || chr->output_failed ||
        len > CHARDEV_MAX_PENDING - chardev_pending(chr)) {
        return false;
    }
    if (chardev_pending(chr) == 0) {
        size_t done = chardev_write_some(chr, from, len);

        if (chr->output_failed) {
            return false;
        }
        from += done;
        len -= done;
    }
    if (len) {
        g_byte_array_append(chr->queue, from, (guint)len);
        if (!chr->out_source) {
            chr->out_source =
                chardev_source_add(chr->out_fd, G_IO_OUT | G_IO_ERR | G_IO_HUP,
                                   chardev_output_ready, chr);
        }
    }
    return true;
}

bool chardev_write(Chardev *chr, const void *bytes, size_t len)
{
    bool taken = chardev_send(chr, bytes, len);

    /* What there is no room for is the caller's to send again. */
    if (chr->log_fd >= 0 && (taken || !chr->open || chr->output_failed)) {
        chardev_log(chr, bytes, len);
    }
    return taken;
}

void chardev_flush(Chardev *chr, int timeout_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;

    while (chardev_pending(chr)) {
        struct pollfd wait = { .fd = chr->out_fd, .events = POLLOUT };

        chardev_queue_send(chr);

        gint64 left_us = end - g_get_monotonic_time();

        if (left_us <= 0) {
            return;
        }
        if (chardev_pending(chr)) {
            poll(&wait, 1, (int)(left_us / 1000) + 1);
        }
    }
}

/* Input */

static void chardev_end_of_input(Chardev *chr)
{
    g_clear_handle_id(&chr->in_source, g_source_remove);
    chr->input_ended = true;
    /* Who has only finished talking may still be listening. */
    if (chardev_class(chr)->hang_up && chardev_pending(chr) == 0) {
        chardev_hang_up(chr);
    }
}

static gboolean chardev_gone(gint fd, GIOCondition condition, gpointer opaque)
{
    Chardev *chr = opaque;

    chr->gone_source = 0;
    chardev_class(chr)->gone(chr);
    return G_SOURCE_REMOVE;
}

static gboolean chardev_input_ready(gint fd, GIOCondition condition,
                                    gpointer opaque)
{
    Chardev *chr = opaque;
    const ChardevClass *klass = chardev_class(chr);
    uint8_t bytes[CHARDEV_READ_LEN];
    size_t room = sizeof(bytes);
    ssize_t n;

    if (chr->user.can_receive) {
        room = MIN(room, chr->user.can_receive(chr->user.opaque));
    }
    if (room == 0) {
        chr->in_source = 0;
        if (klass->gone && !chr->gone_source) {
            chr->gone_source = chardev_source_add(chr->in_fd, G_IO_HUP,
                                                  chardev_gone, chr);
        }
        return G_SOURCE_REMOVE;
    }
    if (klass->read) {
        n = klass->read(chr, bytes, room);
    } else {
        n = read(chr->in_fd, bytes, room);
        n = n < 0 ? -errno : n;
    }
    if (n > 0) {
        chr->user.received(chr->user.opaque, bytes, (size_t)n);
    } else if (n == 0) {
        chardev_end_of_input(chr);
    } else if (n != -EAGAIN && n != -EINTR) {
        chardev_queue_clear(chr);
        g_clear_handle_id(&chr->out_source, g_source_remove);
        chardev_end_of_input(chr);
    }
    /* Whoever removed the source has destroyed it already. */
    return G_SOURCE_CONTINUE;
}

void chardev_accept_input(Chardev *chr)
{
    if (chr->attached && chr->open && chr->in_fd >= 0 && !chr->input_ended &&
        !chr->in_source) {
        g_clear_handle_id(&chr->gone_source, g_source_remove);
        chr->in_source =
            chardev_source_add(chr->in_fd, G_IO_IN | G_IO_ERR | G_IO_HUP,
                               chardev_input_ready, chr);
    }
}

void chardev_pause_input(Chardev *chr)
{
    g_clear_handle_id(&chr->in_source, g_source_remove);
    g_clear_handle_id(&chr->gone_source, g_source_remove);
}

void chardev_opened(Chardev *chr, int in_fd, int out_fd)
{
    g_assert(!chr->open);
    chr->in_fd = in_fd;
    chr->out_fd = out_fd;
    chr->input_ended = chr->output_failed = false;
    chr->open = true;
    chardev_tell(chr, CHARDEV_OPENED);
    chardev_accept_input(chr);
}

/* Users */

bool chardev_attach(Chardev *chr, const ChardevUser *user, GError **error)
{
    if (chr->attached) {
        return fm_error_set(error, "Device '%s' is in use", chardev_id(chr));
    }
    chr->user = *user;
    chr->attached = true;
    if (chr->open) {
        chardev_tell(chr, CHARDEV_OPENED);
    }
    chardev_accept_input(chr);
    return true;
}

void chardev_detach(Chardev *chr)
{
    g_clear_handle_id(&chr->in_source, g_source_remove);
    g_clear_handle_id(&chr->gone_source, g_source_remove);
    chardev_drop_fds(chr);
    chr->attached = false;
    chr->user = (ChardevUser){ 0 };
}

/* Creation */

static bool chardev_open_log(Chardev *chr, GError **error)
{
    const ChardevOptions *options = chardev_options(chr);

    if (!options->logfile) {
        return true;
    }
    chr->log_fd = file_open(options->logfile, O_WRONLY | O_CREAT | O_NONBLOCK |
                            (options->logappend ? O_APPEND : O_TRUNC), 0666);
    return chr->log_fd >= 0 ||
           fm_error_set(error, "logfile=%s: cannot open it: %s",
                        options->logfile, g_strerror(-chr->log_fd));
}

static Chardev *chardev_make(ChardevOptions *options, bool machine_runs,
                             GError **error)
{
    static const ObjectType *const types[CHARDEV_BACKEND_KIND__MAX] = {
        [CHARDEV_BACKEND_KIND_SOCKET] = &chardev_socket_type,
        [CHARDEV_BACKEND_KIND_FILE] = &chardev_file_type,
        [CHARDEV_BACKEND_KIND_STDIO] = &chardev_stdio_type,
        [CHARDEV_BACKEND_KIND_NULL] = &chardev_null_type,
        [CHARDEV_BACKEND_KIND_PIPE] = &chardev_pipe_type,
        [CHARDEV_BACKEND_KIND_PTY] = &chardev_pty_type,
        [CHARDEV_BACKEND_KIND_RINGBUF] = &chardev_ringbuf_type,
    };
    Object *obj = object_new(types[options->backend], options, error);
    Chardev *chr = (Chardev *)obj;

    if (!chr) {
        return NULL;
    }
    chr->machine_runs = machine_runs;
    if ((machine_runs && !fd_passed_check_room(-1, error)) ||
        !chardev_open_log(chr, error) ||
        !chardev_class(chr)->open(chr, chardev_options(chr), error)) {
        object_free(obj);
        return NULL;
    }
    if (chr && log_enabled(LOG_CHARDEV)) {
        g_autofree char *name = chardev_filename(chr);

        log_line(LOG_CHARDEV, "%s: is %s", chardev_id(chr), name);
    }
    return chr;
}

Chardev *chardev_create(ChardevOptions *options, GError **error)
{
    return chardev_make(options, false, error);
}

Chardev *chardev_create_running(ChardevOptions *options, GError **error)
{
    return chardev_make(options, true, error);
}

/* Type */

static bool chardev_check(const Object *obj, const void *config,
                          GError **error)
{
    const ChardevOptions *options = config;

    return object_check_id(options->id, error);
}

static void chardev_init(Object *obj)
{
    Chardev *chr = (Chardev *)obj;

    chr->in_fd = chr->out_fd = chr->log_fd = -1;
    chr->queue = g_byte_array_new();
}

static void chardev_finalize(Object *obj)
{
    Chardev *chr = (Chardev *)obj;

    g_clear_handle_id(&chr->in_source, g_source_remove);
    g_clear_handle_id(&chr->out_source, g_source_remove);
    g_clear_handle_id(&chr->gone_source, g_source_remove);
    chardev_drop_fds(chr);
    if (chr->log_fd >= 0) {
        fd_passed_close(chr->log_fd);
    }
    g_byte_array_unref(chr->queue);
}

const ObjectType chardev_type = {
    .name = "chardev",
    .parent = &object_type,
    .doc = "byte stream between the machine and the host",
    .instance_size = sizeof(Chardev),
    .abstract = true,
    .config = &qapi_type_ChardevOptions,
    .check = chardev_check,
    .init = chardev_init,
    .finalize = chardev_finalize,
};
