/*
 * Restoring the machine: what comes becomes memory, and at last devices
 *
 * Files are read about a MiB a turn of the main loop, anything else as it
 * comes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chardev/socket-address.h"
#include "migration/load.h"
#include "system/system.h"
#include "util/error.h"
#include "util/fd-names.h"
#include "util/fd-passed.h"
#include "util/file.h"
#include "util/report.h"

/* What is read at once; when so much has been read the turn ends */
#define INCOMING_TURN_LEN ((size_t)1 << 20)

struct Incoming {
    System *system;
    char *option;               /* what messages begin with; NULL: nothing */
    bool exit_on_error;
    MigrationProtocol protocol;

    /* Where from */
    int listen_fd;              /* -1: nobody is waited for */
    SocketPath path;
    int fd;                     /* -1: nobody has come */
    bool regular;               /* reading it does not wait for anybody */
    bool set_nonblock;          /* to be undone: others share the file */
    guint source;

    StreamReader *reader;
    MachineLoader *loader;      /* NULL: nothing has come */
};

static void incoming_close(Incoming *in)
{
    g_clear_handle_id(&in->source, g_source_remove);
    if (in->listen_fd >= 0) {
        fd_passed_close(in->listen_fd);
        in->listen_fd = -1;
    }
    socket_path_remove(&in->path);
    if (in->fd >= 0) {
        if (in->set_nonblock) {
            fcntl(in->fd, F_SETFL, fcntl(in->fd, F_GETFL) & ~O_NONBLOCK);
        }
        fd_passed_close(in->fd);
        in->fd = -1;
    }
}

static void incoming_free(Incoming *in)
{
    incoming_close(in);
    stream_reader_free(in->reader);
    g_clear_pointer(&in->loader, machine_loader_free);
    g_free(in->option);
    g_free(in);
}

/* The end */

/** What has come is as if it had not. */
static void incoming_abandon(Incoming *in)
{
    System *system = in->system;

    if (in->loader) {
        machine_loader_abandon(in->loader);
    }
    system->requests = 0;
    system->migration.incoming = NULL;
    incoming_free(in);
}

/** @error is taken over. */
static void incoming_fail(Incoming *in, GError *error)
{
    System *system = in->system;
    bool ends = in->exit_on_error;

    if (ends) {
        report_error("%s%s%s", in->option ? in->option : "",
                     in->option ? ": " : "", error->message);
    }
    incoming_abandon(in);
    migration_fail(system, error);
    if (ends) {
        system->failed = true;
        system_shutdown(system, SHUTDOWN_CAUSE_HOST_ERROR);
    }
}

/** A file that was written for us ends where the stream does; what else there
 *  is in one that somebody else has opened is their business. */
static bool incoming_check_end(const Incoming *in, GError **error)
{
    struct stat st;
    off_t at;

    if (in->protocol != MIGRATION_FILE || fstat(in->fd, &st) < 0 ||
        !S_ISREG(st.st_mode)) {
        return true;
    }
    at = lseek(in->fd, 0, SEEK_CUR);
    return at >= st.st_size ||
           fm_error_set(error, "the machine ends at offset %" PRIu64 ", but "
                        "the file has %" PRIu64 " more bytes", (uint64_t)at,
                        (uint64_t)(st.st_size - at));
}

/** It may have to learn that it is not the only one (docs/specs/vmgenid.rst). */
static void incoming_renew_generation(const Incoming *in)
{
    VmGenId *dev = in->system->machine->vmgenid;

    if (!dev) {
        return;
    }
    /* the descriptor of a move, or of a snapshot?  Who knows has not said it */
    if (in->protocol == MIGRATION_FD && in->regular &&
        !vmgenid_policy_is_given(dev)) {
        report_warning("%s%sit is a file, and its VM generation ID is kept; "
                       "if it may be restored again, say -device vmgenid,"
                       "restore=renew, otherwise restore=keep",
                       in->option ? in->option : "", in->option ? ": " : "");
    }
    system_vm_generation_changed(
        in->system, vmgenid_restored(dev, in->protocol == MIGRATION_FILE));
}

/** The stream was read and found good. */
static bool incoming_finish(Incoming *in, GError **error)
{
    System *system = in->system;
    RunState state;

    if (!incoming_check_end(in, error) ||
        !machine_loader_finish(in->loader, &state, error)) {
        return false;
    }
    incoming_renew_generation(in);
    system->requests = 0;
    system->migration.incoming = NULL;
    incoming_free(in);
    if (state == RUN_STATE_RUNNING) {
        system->state = RUN_STATE_PAUSED;
        if (system->migration.start) {
            system_cont(system, NULL);
        }
    } else {
        system->state = state;
    }
    migration_set_status(system, MIGRATION_STATUS_COMPLETED);
    return true;
}

void incoming_cancel(System *system)
{
    if (system->migration.incoming) {
        migration_set_status(system, MIGRATION_STATUS_CANCELLING);
        incoming_abandon(system->migration.incoming);
        migration_set_status(system, MIGRATION_STATUS_CANCELLED);
    }
}

void incoming_end(System *system)
{
    if (system->migration.incoming) {
        incoming_free(g_steal_pointer(&system->migration.incoming));
    }
}

/* Reading */

/** What incoming_read() has come to. */
typedef enum IncomingProgress {
    INCOMING_MORE,
    INCOMING_WAIT,
    INCOMING_DONE,
    INCOMING_FAILED,            /* with an error set */
} IncomingProgress;

/** Read once.  *@left, the bytes that this turn may still read, is lowered. */
static IncomingProgress incoming_read(Incoming *in, size_t *left,
                                      GError **error)
{
    StreamSection section;
    size_t len;
    uint8_t *room = stream_reader_want(in->reader, &len);
    ssize_t n = read(in->fd, room, MIN(len, INCOMING_TURN_LEN));

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return INCOMING_WAIT;
    }
    if (n < 0) {
        fm_error_set(error, "Could not read: %s", g_strerror(errno));
        return INCOMING_FAILED;
    }
    if (n == 0) {
        stream_reader_truncated(in->reader, error);
        return INCOMING_FAILED;
    }
    if (!in->loader) {
        migration_set_status(in->system, MIGRATION_STATUS_ACTIVE);
        in->loader = machine_loader_new(in->system->machine);
        stream_reader_set_placer(in->reader, machine_loader_place, in->loader);
    }
    *left -= MIN(*left, (size_t)n);
    switch (stream_reader_got(in->reader, (size_t)n, &section, error)) {
    case STREAM_MORE:
        return INCOMING_MORE;
    case STREAM_SECTION:
        return machine_loader_section(in->loader, &section, error)
               ? INCOMING_MORE : INCOMING_FAILED;
    case STREAM_COMPLETE:
        return INCOMING_DONE;
    default:
        return INCOMING_FAILED;
    }
}

/** Returns whether there will be another turn; if not, @in is gone. */
static bool incoming_turn(Incoming *in)
{
    GError *error = NULL;
    IncomingProgress progress = INCOMING_MORE;
    size_t left = INCOMING_TURN_LEN;

    while (progress == INCOMING_MORE && left) {
        progress = incoming_read(in, &left, &error);
    }
    if (progress == INCOMING_MORE || progress == INCOMING_WAIT) {
        return true;
    }
    in->source = 0;
    if (progress == INCOMING_FAILED || !incoming_finish(in, &error)) {
        incoming_fail(in, error);
    }
    return false;
}

static gboolean incoming_idle(gpointer opaque)
{
    return incoming_turn(opaque);
}

static gboolean incoming_ready(gint fd, GIOCondition condition,
                               gpointer opaque)
{
    return incoming_turn(opaque);
}

/* Where from */

/** Take over @fd, also on failure. */
static bool incoming_take(Incoming *in, int fd, GError **error)
{
    int flags = fcntl(fd, F_GETFL);
    struct stat st;

    in->fd = fd;
    if (flags < 0 || fstat(fd, &st) < 0) {
        return fm_error_set(error, "%s", g_strerror(errno));
    }
    if ((flags & O_ACCMODE) == O_WRONLY || (flags & O_PATH)) {
        return fm_error_set(error, "it is not open for reading");
    }
    if (S_ISDIR(st.st_mode)) {
        return fm_error_set(error, "%s", g_strerror(EISDIR));
    }
    in->regular = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
    if (!in->regular && !(flags & O_NONBLOCK)) {
        if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
            return fm_error_set(error, "%s", g_strerror(errno));
        }
        in->set_nonblock = true;
    }
    /* A pipe that has not had a writer yet is at its end, for read(2), but
     * nothing is there to be waited for */
    in->source = in->regular
        ? g_idle_add_full(G_PRIORITY_DEFAULT, incoming_idle, in, NULL)
        : g_unix_fd_add(fd, G_IO_IN | G_IO_ERR | G_IO_HUP, incoming_ready, in);
    return true;
}

static bool incoming_open_file(Incoming *in, const char *path, GError **error)
{
    int fd = file_open(path, O_RDONLY | O_NONBLOCK, 0);

    if (fd < 0) {
        return fm_error_set(error, "Could not open '%s': %s", path,
                            g_strerror(-fd));
    }
    return incoming_take(in, fd, error) ||
           fm_error_prefix(error, "Could not open '%s': ", path);
}

/** A descriptor that the process was started with; ours are closed on exec.
 *  What is standard input or the like stays open, for the number is to stay
 *  taken.  Returns a descriptor; -1 with @error set. */
static int incoming_inherited(const char *number, GError **error)
{
    guint64 fd;
    int flags, own;

    if (!g_ascii_string_to_unsigned(number, 10, 0, G_MAXINT, &fd, NULL)) {
        fm_error_set(error, "'%s' is neither a name nor a descriptor's number",
                     number);
        return -1;
    }
    flags = fcntl((int)fd, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC)) {
        fm_error_set(error, "descriptor %s is not open, or was not passed",
                     number);
        return -1;
    }
    own = fcntl((int)fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (own < 0) {
        fm_error_set(error, "descriptor %s: %s", number, g_strerror(errno));
    } else if (fd > STDERR_FILENO) {
        close((int)fd);
    }
    return own;
}

static bool incoming_open_fd(Incoming *in, const char *name, GError **error)
{
    int fd = g_ascii_isdigit(*name) ? incoming_inherited(name, error)
                                    : fd_names_take(name, error);

    return fd >= 0 && (incoming_take(in, fd, error) ||
                       fm_error_prefix(error, "descriptor '%s': ", name));
}

static gboolean incoming_accept(gint listen_fd, GIOCondition condition,
                                gpointer opaque)
{
    Incoming *in = opaque;
    GError *error = NULL;
    int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    /* it may have gone again */
    if (fd < 0 && (errno == EAGAIN || errno == EINTR ||
                   errno == ECONNABORTED)) {
        return G_SOURCE_CONTINUE;
    }
    in->source = 0;
    if (fd < 0) {
        fm_error_set(&error, "cannot take the connection: %s",
                     g_strerror(errno));
        incoming_fail(in, error);
        return G_SOURCE_REMOVE;
    }
    incoming_close(in);
    if (!incoming_take(in, fd, &error)) {
        incoming_fail(in, error);
    }
    return G_SOURCE_REMOVE;
}

static bool incoming_listen(Incoming *in, const char *path, GError **error)
{
    in->listen_fd = socket_listen_path(path, &in->path, error);
    if (in->listen_fd >= 0) {
        in->source = g_unix_fd_add(in->listen_fd, G_IO_IN, incoming_accept,
                                   in);
    }
    return in->listen_fd >= 0;
}

static bool incoming_open(Incoming *in, const char *uri, GError **error)
{
    const char *rest;

    if (!migration_parse_uri(uri, &in->protocol, &rest, error)) {
        return false;
    }
    switch (in->protocol) {
    case MIGRATION_FILE:
        return incoming_open_file(in, rest, error);
    case MIGRATION_FD:
        return incoming_open_fd(in, rest, error);
    default:
        return incoming_listen(in, rest, error);
    }
}

bool incoming_start(System *system, const char *uri, const char *option,
                    bool exit_on_error, GError **error)
{
    Incoming *in = g_new0(Incoming, 1);

    in->system = system;
    in->option = g_strdup(option);
    in->exit_on_error = exit_on_error;
    in->listen_fd = in->fd = -1;
    if (!incoming_open(in, uri, error)) {
        incoming_free(in);
        return false;
    }
    in->reader = stream_reader_new();
    system->migration.incoming = in;
    migration_set_status(system, MIGRATION_STATUS_SETUP);
    return true;
}
