/*
 * Where a machine that is restored comes from
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/incoming-source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"
#include "util/fd-names.h"
#include "util/fd-passed.h"
#include "util/file.h"

/** Returns 0 or a negative errno. */
static int incoming_source_unblock(IncomingSource *source)
{
    return source->stored ? 0 : fd_passed_unblock(source->fd,
                                                  &source->set_nonblock);
}

ssize_t incoming_source_read(IncomingSource *source, void *bytes, size_t len)
{
    int err = incoming_source_unblock(source);
    ssize_t n;

    if (err < 0) {
        return err;
    }
    do {
        n = read(source->fd, bytes, len);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

void incoming_source_close(IncomingSource *source)
{
    if (source->listen_fd >= 0) {
        fd_passed_close(source->listen_fd);
        source->listen_fd = -1;
    }
    socket_path_remove(&source->path);
    if (source->fd >= 0) {
        if (source->set_nonblock) {
            fd_passed_block(source->fd);
        }
        fd_passed_close(source->fd);
        source->fd = -1;
    }
}

/** Take over @fd, also on failure. */
static bool incoming_source_take(IncomingSource *source, int fd, GError **error)
{
    int flags = fcntl(fd, F_GETFL);
    struct stat st;
    int err;

    source->fd = fd;
    if (flags < 0 || fstat(fd, &st) < 0) {
        return fm_error_set(error, "%s", g_strerror(errno));
    }
    if ((flags & O_ACCMODE) == O_WRONLY || (flags & O_PATH)) {
        return fm_error_set(error, "it is not open for reading");
    }
    if (S_ISDIR(st.st_mode)) {
        return fm_error_set(error, "%s", g_strerror(EISDIR));
    }
    source->stored = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
    err = incoming_source_unblock(source);
    if (err < 0) {
        return fm_error_set(error, "%s", g_strerror(-err));
    }
    return true;
}

static bool incoming_source_open_file(IncomingSource *source, const char *path,
                                      GError **error)
{
    int fd = file_open(path, O_RDONLY | O_NONBLOCK, 0);

    if (fd < 0) {
        return fm_error_set(error, "Could not open '%s': %s", path,
                            g_strerror(-fd));
    }
    return incoming_source_take(source, fd, error) ||
           fm_error_prefix(error, "Could not open '%s': ", path);
}

/** A descriptor that the process was started with; ours are closed on exec.
 *  What is standard input or the like stays open, for the number is to stay
 *  taken.  Returns a descriptor; -1 with @error set. */
static int incoming_source_inherit(const char *number, GError **error)
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

static bool incoming_source_open_fd(IncomingSource *source, const char *name,
                                    GError **error)
{
    int fd = g_ascii_isdigit(*name) ? incoming_source_inherit(name, error)
                                    : fd_names_take(name, error);

    return fd >= 0 && (incoming_source_take(source, fd, error) ||
                       fm_error_prefix(error, "descriptor '%s': ", name));
}

bool incoming_source_accept(IncomingSource *source, GError **error)
{
    int fd = accept4(source->listen_fd, NULL, NULL,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);

    /* it may have gone again */
    if (fd < 0 && (errno == EAGAIN || errno == EINTR ||
                   errno == ECONNABORTED)) {
        return true;
    }
    if (fd < 0) {
        return fm_error_set(error, "cannot take the connection: %s",
                            g_strerror(errno));
    }
    incoming_source_close(source);
    return incoming_source_take(source, fd, error);
}

static bool incoming_source_listen(IncomingSource *source, const char *path,
                                   GError **error)
{
    source->listen_fd = socket_listen_path(path, &source->path, error);
    return source->listen_fd >= 0;
}

static bool incoming_source_start(IncomingSource *source, const char *rest,
                                  GError **error)
{
    switch (source->protocol) {
    case MIGRATION_FILE:
        return incoming_source_open_file(source, rest, error);
    case MIGRATION_FD:
        return incoming_source_open_fd(source, rest, error);
    default:
        return incoming_source_listen(source, rest, error);
    }
}

bool incoming_source_open(IncomingSource *source, const char *uri,
                          GError **error)
{
    const char *rest;

    *source = (IncomingSource){ .fd = -1, .listen_fd = -1 };
    if (!migration_parse_uri(uri, &source->protocol, &rest, error)) {
        return false;
    }
    if (!incoming_source_start(source, rest, error)) {
        incoming_source_close(source);
        return false;
    }
    return true;
}

bool incoming_source_check_end(const IncomingSource *source, GError **error)
{
    struct stat st;
    off_t at;

    if (source->protocol != MIGRATION_FILE || fstat(source->fd, &st) < 0 ||
        !S_ISREG(st.st_mode)) {
        return true;
    }
    at = lseek(source->fd, 0, SEEK_CUR);
    return at >= st.st_size ||
           fm_error_set(error, "the machine ends at offset %" PRIu64 ", but "
                        "the file has %" PRIu64 " more bytes", (uint64_t)at,
                        (uint64_t)(st.st_size - at));
}
