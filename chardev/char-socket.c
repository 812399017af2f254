/*
 * Character device `socket`: unix and TCP sockets, on either side
 *
 * A server has one client at a time; the next waits in the backlog until the
 * first has gone.  What that one sent is then read to its end, but does not
 * keep the next one waiting if nobody wants it.  A client that has lost its
 * server comes again only with `reconnect`.
 *
 * A client connects before the machine starts, and the start waits for it;
 * with `reconnect`, or while the machine runs, nothing waits: it connects in
 * the background.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chardev/char-impl.h"
#include "socket-client.h"
#include "util/error.h"
#include "util/fd-passed.h"
#include "util/fd-names.h"
#include "util/report.h"

/* How often to look for a signal while waiting for the other side. */
#define SOCKET_SIGNAL_MS 200

/* The most descriptors that one message can have (unix(7)). */
#define SOCKET_MESSAGE_FDS 253

/* How long to leave clients alone when there is no descriptor for them. */
#define SOCKET_RETRY_MS 500

typedef struct SocketChardev {
    Chardev parent;

    int fd;                     /* the connection; -1: none */
    bool gone;                  /* its other side; the next may replace it */
    char *address;              /* "unix:/a/b", "tcp:127.0.0.1:4444" */

    /* Servers */
    int listen_fd;              /* -1: not yet */
    guint accept_source, retry_source;
    bool warned;                /* that a client cannot be accepted */
    SocketPath path;

    SocketClient client;
} SocketChardev;

static const ChardevSocketOptions *socket_config(const SocketChardev *sock)
{
    return &chardev_options(&sock->parent)->u.socket;
}

static bool chardev_socket_check(const Object *obj, const void *value,
                                 GError **error)
{
    const ChardevOptions *options = value;

    return socket_options_check(&options->u.socket, error);
}

/* Connection */

static void socket_connected(SocketChardev *sock, int fd)
{
    int on = 1;

    if (socket_config(sock)->nodelay) {
        /* Only TCP knows it. */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    sock->fd = fd;
    sock->gone = sock->client.told = false;
    chardev_opened(&sock->parent, fd, fd);
}

static void socket_receive_fds(Chardev *chr, struct msghdr *message)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level == SOL_SOCKET &&
            header->cmsg_type == SCM_RIGHTS) {
            int fds[SOCKET_MESSAGE_FDS];
            size_t len = header->cmsg_len - CMSG_LEN(0);

            memcpy(fds, CMSG_DATA(header), len);
            chardev_add_fds(chr, fds, (unsigned)(len / sizeof(fds[0])));
        }
    }
}

static ssize_t chardev_socket_read(Chardev *chr, void *bytes, size_t len)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(SOCKET_MESSAGE_FDS * sizeof(int))];
    } control;
    struct iovec iov = { bytes, len };
    /* All that come are received, wanted or not: the kernel would close those
     * that there is no room for, and wait if it is told to. */
    struct msghdr message = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control),
    };
    ssize_t n = recvmsg(chr->in_fd, &message,
                        MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (n < 0) {
        return -errno;
    }
    socket_receive_fds(chr, &message);
    return n;
}

static ssize_t chardev_socket_write(Chardev *chr, const void *bytes,
                                    size_t len)
{
    ssize_t n = send(chr->out_fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    return n < 0 ? -errno : n;
}

/* Server */

/* Take the next client, if there is one.  Returns 0 or a negative errno. */
static int socket_accept(SocketChardev *sock)
{
    int fd = accept4(sock->listen_fd, NULL, NULL,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        return -errno;
    }
    sock->warned = false;
    socket_connected(sock, fd);
    return 0;
}

static void socket_watch_clients(SocketChardev *sock);

static gboolean socket_accept_again(gpointer opaque)
{
    SocketChardev *sock = opaque;

    sock->retry_source = 0;
    socket_watch_clients(sock);
    return G_SOURCE_REMOVE;
}

static gboolean socket_accept_ready(gint fd, GIOCondition condition,
                                    gpointer opaque)
{
    SocketChardev *sock = opaque;
    int err;

    if (sock->parent.open && sock->gone) {
        chardev_hang_up(&sock->parent);
    }
    err = sock->parent.open ? 0 : socket_accept(sock);
    if (err == -EAGAIN || err == -EINTR || err == -ECONNABORTED) {
        return G_SOURCE_CONTINUE;
    }
    sock->accept_source = 0;
    if (err < 0) {
        /* No descriptor or no memory: asking on would only burn the CPU. */
        if (!sock->warned) {
            sock->warned = true;
            report_warning("chardev '%s': cannot accept a client: %s",
                           chardev_id(&sock->parent), g_strerror(-err));
        }
        sock->retry_source = g_timeout_add(SOCKET_RETRY_MS,
                                           socket_accept_again, sock);
    }
    return G_SOURCE_REMOVE;
}

static void socket_watch_clients(SocketChardev *sock)
{
    if (sock->listen_fd >= 0 && !sock->accept_source) {
        sock->accept_source = g_unix_fd_add(sock->listen_fd, G_IO_IN,
                                            socket_accept_ready, sock);
    }
}

static void chardev_socket_gone(Chardev *chr)
{
    SocketChardev *sock = (SocketChardev *)chr;

    sock->gone = true;
    socket_watch_clients(sock);
}

static bool chardev_socket_wait_connected(Chardev *chr,
                                          bool (*cancelled)(void),
                                          GError **error)
{
    SocketChardev *sock = (SocketChardev *)chr;
    bool told = false;

    if (!socket_config(sock)->server || !socket_config(sock)->wait) {
        return true;
    }
    while (!chr->open) {
        struct pollfd wait = { .fd = sock->listen_fd, .events = POLLIN };
        /* A signal may have been handled just before, or by another thread:
         * so wait in short pieces. */
        int n = poll(&wait, 1, SOCKET_SIGNAL_MS);
        int err = n > 0 ? socket_accept(sock) : 0;

        if (err < 0 && err != -EAGAIN && err != -EINTR &&
            err != -ECONNABORTED) {
            return fm_error_set(error, "%s: cannot accept a client: %s",
                                sock->address, g_strerror(-err));
        }
        /* Whoever sees nothing happen, and did not mean to wait, learns why. */
        if (n == 0 && !told) {
            report_info("waiting for a client on %s (wait=off starts without)",
                        sock->address);
            told = true;
        }
        if (!chr->open && cancelled && cancelled()) {
            return fm_error_set(error, "%s: no longer waiting for a client",
                                sock->address);
        }
    }
    return true;
}

/* Client */

static void chardev_socket_hang_up(Chardev *chr)
{
    SocketChardev *sock = (SocketChardev *)chr;

    fd_passed_close(sock->fd);
    sock->fd = -1;
    socket_watch_clients(sock);
    socket_client_lost(&sock->client);
}

static void socket_client_connected(void *opaque, int fd)
{
    socket_connected(opaque, fd);
}

static bool socket_open_client(SocketChardev *sock, GError **error)
{
    const ChardevSocketOptions *config = socket_config(sock);
    SocketClient *client = &sock->client;
    int err;

    client->id = chardev_id(&sock->parent);
    client->address = sock->address;
    client->reconnect_s = config->reconnect;
    client->connected = socket_client_connected;
    client->opaque = sock;
    if (config->reconnect) {
        socket_client_connect_background(client);
        return true;
    }
    err = sock->parent.machine_runs ? socket_client_connect_briefly(client)
                                    : socket_client_connect_waiting(client);
    if (err < 0 && config->path) {
        return fm_error_set(error, "path=%s: cannot connect: %s", config->path,
                            g_strerror(-err));
    }
    if (err < 0) {
        return fm_error_set(error, "host=%s,port=%s: cannot connect: %s",
                            config->host, config->port, g_strerror(-err));
    }
    return true;
}

/* Sockets that were passed */

/* Is @fd a stream socket that listens, or that is connected? */
static bool socket_check_fd(int fd, bool listens, GError **error)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof(int), peer_len = sizeof(peer);
    int type = 0, listening = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0) {
        return fm_error_set(error, errno == EBADF
                            ? "there is no such descriptor"
                            : "the descriptor is not a socket");
    }
    if (type != SOCK_STREAM) {
        return fm_error_set(error, "the descriptor is not a stream socket");
    }
    len = sizeof(int);
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len);
    if (listens && !listening) {
        return fm_error_set(error, "the socket does not listen, as server=on "
                            "needs it");
    }
    if (!listens && listening) {
        return fm_error_set(error, "the socket listens; use it with "
                            "server=on");
    }
    if (!listens && getpeername(fd, (struct sockaddr *)&peer, &peer_len) < 0) {
        return fm_error_set(error, "the socket is not connected");
    }
    return true;
}

/* On the command line a number, which the process was started with; while the
 * machine runs, a name.  Returns -1 with @error set. */
static int socket_take_fd(const SocketChardev *sock, GError **error)
{
    const char *text = socket_config(sock)->fd;
    guint64 number;
    int flags;

    if (sock->parent.machine_runs) {
        return fd_names_take(text, error);
    }
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT, &number, NULL)) {
        fm_error_set(error, "expected the number of a descriptor");
        return -1;
    }
    flags = fcntl((int)number, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC)) {
        /* Those that are closed on exec are our own. */
        fm_error_set(error, "there is no such descriptor");
        return -1;
    }
    return (int)number;
}

static bool socket_open_fd(SocketChardev *sock, GError **error)
{
    bool server = socket_config(sock)->server;
    int fd = socket_take_fd(sock, error);

    if (fd < 0 || !socket_check_fd(fd, server, error)) {
        if (fd >= 0) {
            fd_passed_close(fd);
        }
        return fm_error_prefix(error, "fd=%s: ", socket_config(sock)->fd);
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    sock->address = socket_local_name(fd);
    if (!sock->address) {
        sock->address = g_strdup("socket");
    }
    if (server) {
        sock->listen_fd = fd;
    } else {
        socket_connected(sock, fd);
    }
    return true;
}

static bool chardev_socket_add_client(Chardev *chr, int fd, GError **error)
{
    SocketChardev *sock = (SocketChardev *)chr;

    if (!socket_config(sock)->server) {
        return fm_error_set(error, "chardev '%s' is no server",
                            chardev_id(chr));
    }
    if (!socket_check_fd(fd, false, error)) {
        return false;
    }
    if (chr->open && sock->gone) {
        chardev_hang_up(chr);
    }
    if (chr->open) {
        return fm_error_set(error, "chardev '%s' has a client",
                            chardev_id(chr));
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    socket_connected(sock, fd);
    return true;
}

/* Type */

static bool socket_open_server(SocketChardev *sock, GError **error)
{
    char *name;

    sock->listen_fd = socket_listen(socket_config(sock),
                                    &sock->client.addresses,
                                    &sock->path, error);
    if (sock->listen_fd < 0) {
        return false;
    }
    /* Only now is it known which port a TCP server got. */
    name = socket_config(sock)->path ? NULL
                                     : socket_local_name(sock->listen_fd);
    if (name) {
        g_free(sock->address);
        sock->address = name;
    }
    return true;
}

static bool chardev_socket_open(Chardev *chr, const ChardevOptions *options,
                                GError **error)
{
    SocketChardev *sock = (SocketChardev *)chr;
    const ChardevSocketOptions *config = socket_config(sock);
    bool ok;

    if (config->fd) {
        ok = socket_open_fd(sock, error);
    } else {
        sock->address = socket_options_name(config);
        ok = socket_addresses_find(config, !chr->machine_runs,
                                   &sock->client.addresses, error) &&
             (config->server ? socket_open_server(sock, error)
                             : socket_open_client(sock, error));
    }
    if (ok) {
        socket_watch_clients(sock);
    }
    return ok;
}

static char *chardev_socket_filename(const Chardev *chr)
{
    const SocketChardev *sock = (const SocketChardev *)chr;

    return g_strconcat(chr->open ? "" : "disconnected:", sock->address,
                       socket_config(sock)->server ? ",server=on" : "", NULL);
}

static void chardev_socket_init(Object *obj)
{
    SocketChardev *sock = (SocketChardev *)obj;

    sock->fd = sock->listen_fd = -1;
    socket_client_init(&sock->client);
}

static void chardev_socket_finalize(Object *obj)
{
    SocketChardev *sock = (SocketChardev *)obj;

    g_clear_handle_id(&sock->accept_source, g_source_remove);
    g_clear_handle_id(&sock->retry_source, g_source_remove);
    socket_client_cleanup(&sock->client);
    socket_path_remove(&sock->path);
    if (sock->fd >= 0) {
        fd_passed_close(sock->fd);
    }
    if (sock->listen_fd >= 0) {
        fd_passed_close(sock->listen_fd);
    }
    g_free(sock->address);
}

static const ChardevClass chardev_socket_class = {
    .open = chardev_socket_open,
    .read = chardev_socket_read,
    .write = chardev_socket_write,
    .hang_up = chardev_socket_hang_up,
    .gone = chardev_socket_gone,
    .add_client = chardev_socket_add_client,
    .wait_connected = chardev_socket_wait_connected,
    .filename = chardev_socket_filename,
};

const ObjectType chardev_socket_type = {
    .name = "chardev-socket",
    .parent = &chardev_type,
    .doc = "a unix or TCP socket, listening or connecting",
    .config_arm = "socket",
    .instance_size = sizeof(SocketChardev),
    .klass = &chardev_socket_class,
    .check = chardev_socket_check,
    .init = chardev_socket_init,
    .finalize = chardev_socket_finalize,
};
