/*
 * Character device `socket`: unix and TCP sockets, on either side
 *
 * A server has one client at a time; the next waits in the backlog until the
 * first has gone.  What that one sent is then read to its end, but does not
 * keep the next one waiting if nobody wants it.  A client that has lost its
 * server does not come again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "chardev/char-impl.h"
#include "util/error.h"
#include "util/report.h"

/* Clients that may wait while one is served. */
#define SOCKET_BACKLOG 8

/* How long a server is given to answer. */
#define SOCKET_CONNECT_MS 30000

/* How often to look for a signal while waiting for the other side. */
#define SOCKET_SIGNAL_MS 200

/* How long to leave clients alone when there is no descriptor for them. */
#define SOCKET_RETRY_MS 500

/* The longest path, without its NUL. */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

typedef struct ChardevSocket {
    Chardev parent;

    int fd;                     /* the connection; -1: none */
    bool gone;                  /* its other side; the next may replace it */
    int listen_fd;              /* servers; -1: not yet */
    guint accept_source, retry_source;
    bool warned;                /* that a client cannot be accepted */
    char *address;              /* "unix:/a/b", "tcp:127.0.0.1:4444" */

    /* What was made at the path of a unix server, so that only this is
     * removed; 0: nothing */
    dev_t path_dev;
    ino_t path_ino;
} ChardevSocket;

static const ChardevSocketOptions *socket_config(const ChardevSocket *sock)
{
    return &chardev_options(&sock->parent)->u.socket;
}

static bool socket_is_tcp(const ChardevSocket *sock)
{
    return !socket_config(sock)->path;
}

static bool chardev_socket_check(const Object *obj, const void *value,
                                 GError **error)
{
    const ChardevOptions *options = value;
    const ChardevSocketOptions *config = &options->u.socket;

    if (config->path && (config->host || config->port)) {
        return fm_error_set(error, "path=%s: cannot be combined with '%s'",
                            config->path, config->host ? "host" : "port");
    }
    if (!config->path && !config->port) {
        return fm_error_set(error, config->host
                            ? "port: is missing; TCP needs host and port"
                            : "path: is missing; a socket needs 'path', or "
                              "'host' and 'port'");
    }
    if (!config->path && !config->host) {
        return fm_error_set(error, "host: is missing; TCP needs host and "
                            "port (an empty host is every address)");
    }
    if (config->has_wait && !config->server) {
        return fm_error_set(error, "wait=%s: only a server can wait for a "
                            "client; add server=on",
                            config->wait ? "on" : "off");
    }
    if (config->path) {
        size_t len = strlen(config->path);

        if (len == 0) {
            return fm_error_set(error, "path: is empty");
        }
        if (len > SOCKET_PATH_MAX) {
            return fm_error_set(error, "path=%s: has %zu bytes, a unix "
                                "socket's path has at most %zu", config->path,
                                len, SOCKET_PATH_MAX);
        }
        if (config->has_ipv4 || config->has_ipv6) {
            return fm_error_set(error, "%s: cannot be combined with 'path'",
                                config->has_ipv4 ? "ipv4" : "ipv6");
        }
    } else if (config->has_ipv4 && !config->ipv4 && config->has_ipv6 &&
               !config->ipv6) {
        return fm_error_set(error, "ipv4=off: ipv6 is off too");
    }
    return true;
}

/* Connection */

static void socket_set_nodelay(const ChardevSocket *sock, int fd)
{
    int on = 1;

    if (socket_is_tcp(sock) && socket_config(sock)->nodelay) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
}

static void socket_connected(ChardevSocket *sock, int fd)
{
    socket_set_nodelay(sock, fd);
    sock->fd = fd;
    sock->gone = false;
    chardev_opened(&sock->parent, fd, fd);
}

static void socket_receive_fds(Chardev *chr, struct msghdr *message)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level == SOL_SOCKET &&
            header->cmsg_type == SCM_RIGHTS) {
            int fds[CHARDEV_MAX_FDS];
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
        char bytes[CMSG_SPACE(CHARDEV_MAX_FDS * sizeof(int))];
    } control;
    struct iovec iov = { bytes, len };
    /* The kernel drops descriptors that there is no room for, before they are
     * ours: all of them if nobody would take them. */
    struct msghdr message = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = chr->user.takes_fds ? &control : NULL,
        .msg_controllen = chr->user.takes_fds ? sizeof(control) : 0,
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

/* Take the next client, if there is one.  Returns 0 or a negative errno. */
static int socket_accept(ChardevSocket *sock)
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

static void socket_watch_clients(ChardevSocket *sock);

static gboolean socket_accept_again(gpointer opaque)
{
    ChardevSocket *sock = opaque;

    sock->retry_source = 0;
    socket_watch_clients(sock);
    return G_SOURCE_REMOVE;
}

static gboolean socket_accept_ready(gint fd, GIOCondition condition,
                                    gpointer opaque)
{
    ChardevSocket *sock = opaque;
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

static void socket_watch_clients(ChardevSocket *sock)
{
    if (sock->listen_fd >= 0 && !sock->accept_source) {
        sock->accept_source = g_unix_fd_add(sock->listen_fd, G_IO_IN,
                                            socket_accept_ready, sock);
    }
}

static void chardev_socket_hang_up(Chardev *chr)
{
    ChardevSocket *sock = (ChardevSocket *)chr;

    close(sock->fd);
    sock->fd = -1;
    socket_watch_clients(sock);
}

static void chardev_socket_gone(Chardev *chr)
{
    ChardevSocket *sock = (ChardevSocket *)chr;

    sock->gone = true;
    socket_watch_clients(sock);
}

static bool chardev_socket_wait_connected(Chardev *chr,
                                          bool (*cancelled)(void),
                                          GError **error)
{
    ChardevSocket *sock = (ChardevSocket *)chr;

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
        if (!chr->open && cancelled && cancelled()) {
            return fm_error_set(error, "%s: no longer waiting for a client",
                                sock->address);
        }
    }
    return true;
}

/* Client */

/* Does a signal that ends the program wait, blocked, until we are done? */
static bool socket_signal_pending(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGINT) == 1 ||
           sigismember(&pending, SIGTERM) == 1 ||
           sigismember(&pending, SIGHUP) == 1;
}

/* Returns 0 or a negative errno. */
static int socket_connect_fd(int fd, const struct sockaddr *address,
                             socklen_t len)
{
    gint64 end = g_get_monotonic_time() + SOCKET_CONNECT_MS * 1000;

    for (;;) {
        struct pollfd wait = { .fd = fd, .events = POLLOUT };
        int err = connect(fd, address, len) < 0 ? errno : 0;
        socklen_t err_len = sizeof(err);
        gint64 left_us = end - g_get_monotonic_time();

        if (err == 0 || err == EISCONN) {
            return 0;
        }
        if (err != EINTR && err != EAGAIN && err != EINPROGRESS &&
            err != EALREADY) {
            return -err;
        }
        if (left_us <= 0) {
            return -ETIMEDOUT;
        }
        if (socket_signal_pending()) {
            return -EINTR;
        }
        if (err == EAGAIN) {
            /* A unix server whose backlog is full; nothing tells when not. */
            g_usleep(10000);
        } else if (poll(&wait, 1, (int)MIN(left_us / 1000 + 1,
                                           SOCKET_SIGNAL_MS)) > 0) {
            if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &err_len) < 0) {
                return -errno;
            }
            return -err;
        }
    }
}

/* Returns the connected descriptor, or a negative errno. */
static int socket_connect(const struct sockaddr *address, socklen_t len)
{
    int fd = socket(address->sa_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int err;

    if (fd < 0) {
        return -errno;
    }
    err = socket_connect_fd(fd, address, len);
    if (err < 0) {
        close(fd);
        return err;
    }
    return fd;
}

/* Server */

/* Returns the listening descriptor, or a negative errno. */
static int socket_listen(const struct sockaddr *address, socklen_t len,
                         bool ipv6_only)
{
    int fd = socket(address->sa_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1, only = ipv6_only;
    int err;

    if (fd < 0) {
        return -errno;
    }
    if (address->sa_family != AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    if (address->sa_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
    }
    if (bind(fd, address, len) < 0 || listen(fd, SOCKET_BACKLOG) < 0) {
        err = errno;
        close(fd);
        return -err;
    }
    return fd;
}

/* Unix */

/*
 * Is the socket at the path nobody's?  A connection would be noticed by a
 * server, and taken for its client; asking with a socket of another type is
 * refused before that, and by the kernel.
 */
static bool socket_path_is_stale(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool stale;

    if (fd < 0) {
        return false;
    }
    stale = connect(fd, (const struct sockaddr *)address,
                    sizeof(*address)) < 0 && errno == ECONNREFUSED;
    close(fd);
    return stale;
}

static bool socket_listen_unix(ChardevSocket *sock,
                               const struct sockaddr_un *address,
                               GError **error)
{
    const char *path = address->sun_path;
    const struct sockaddr *any = (const struct sockaddr *)address;
    struct stat st;
    int fd = socket_listen(any, sizeof(*address), false);

    if (fd == -EADDRINUSE) {
        if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
            return fm_error_set(error, "path=%s: is there already and is not "
                                "a socket", path);
        }
        if (!socket_path_is_stale(address)) {
            return fm_error_set(error, "path=%s: another process is listening "
                                "there: Address already in use", path);
        }
        unlink(path);
        fd = socket_listen(any, sizeof(*address), false);
    }
    if (fd < 0) {
        return fm_error_set(error, "path=%s: cannot listen: %s", path,
                            g_strerror(-fd));
    }
    sock->listen_fd = fd;
    if (lstat(path, &st) == 0) {
        sock->path_dev = st.st_dev;
        sock->path_ino = st.st_ino;
    }
    return true;
}

static bool socket_open_unix(ChardevSocket *sock, GError **error)
{
    const ChardevSocketOptions *config = socket_config(sock);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd;

    g_strlcpy(address.sun_path, config->path, sizeof(address.sun_path));
    sock->address = g_strdup_printf("unix:%s", config->path);
    if (config->server) {
        return socket_listen_unix(sock, &address, error);
    }
    fd = socket_connect((const struct sockaddr *)&address, sizeof(address));
    if (fd < 0) {
        return fm_error_set(error, "path=%s: cannot connect: %s", config->path,
                            g_strerror(-fd));
    }
    socket_connected(sock, fd);
    return true;
}

/* TCP */

static char *socket_tcp_name(const char *host, const char *port)
{
    return g_strdup_printf(strchr(host, ':') ? "tcp:[%s]:%s" : "tcp:%s:%s",
                           host, port);
}

/* The address as numbers; a server learns here which port it got. */
static char *socket_tcp_local_name(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
        getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV)) {
        return NULL;
    }
    return socket_tcp_name(host, port);
}

static bool socket_port_check(const char *port, bool *numeric, GError **error)
{
    *numeric = *port && strspn(port, "0123456789") == strlen(port);
    if (!*port) {
        return fm_error_set(error, "port: is empty");
    }
    if (*numeric && g_ascii_strtoull(port, NULL, 10) > G_MAXUINT16) {
        return fm_error_set(error, "port=%s: ports go up to 65535", port);
    }
    return true;
}

/* Which families may be used: to ask for one is to refuse the other. */
static void socket_families(const ChardevSocketOptions *config, bool *ipv4,
                            bool *ipv6)
{
    *ipv4 = config->has_ipv4 ? config->ipv4
                             : !(config->has_ipv6 && config->ipv6);
    *ipv6 = config->has_ipv6 ? config->ipv6
                             : !(config->has_ipv4 && config->ipv4);
}

/* Free the result with freeaddrinfo(). */
static struct addrinfo *socket_resolve(const ChardevSocketOptions *config,
                                       GError **error)
{
    const char *host = *config->host ? config->host : NULL;
    struct addrinfo *list = NULL;
    bool numeric, ipv4, ipv6;
    int rc;

    if (!socket_port_check(config->port, &numeric, error)) {
        return NULL;
    }
    socket_families(config, &ipv4, &ipv6);

    struct addrinfo hints = {
        .ai_family = !ipv4 ? AF_INET6 : !ipv6 ? AF_INET : AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICHOST | (numeric ? AI_NUMERICSERV : 0) |
                    (config->server ? AI_PASSIVE : 0),
    };

    /* Numbers first: the name service costs time, and may hang. */
    rc = getaddrinfo(host, config->port, &hints, &list);
    if (rc == EAI_NONAME && host) {
        hints.ai_flags &= ~AI_NUMERICHOST;
        rc = getaddrinfo(host, config->port, &hints, &list);
    }
    if (rc == EAI_SERVICE) {
        fm_error_set(error, "port=%s: no such service", config->port);
    } else if (rc) {
        fm_error_set(error, "host=%s: %s", config->host,
                     rc == EAI_SYSTEM ? g_strerror(errno) : gai_strerror(rc));
    }
    return rc ? NULL : list;
}

/* Listen at the first address of @family that works; 0: of any.  Returns a
 * descriptor, a negative errno, or @fd if there is no such address. */
static int socket_listen_first(const struct addrinfo *list, int family,
                               bool ipv6_only, int fd)
{
    for (; list && fd < 0; list = list->ai_next) {
        if (!family || list->ai_family == family) {
            fd = socket_listen(list->ai_addr, list->ai_addrlen, ipv6_only);
        }
    }
    return fd;
}

static bool socket_listen_tcp(ChardevSocket *sock,
                              const struct addrinfo *list, GError **error)
{
    const ChardevSocketOptions *config = socket_config(sock);
    int fd = -EADDRNOTAVAIL;
    bool ipv4, ipv6;

    socket_families(config, &ipv4, &ipv6);
    if (!*config->host) {
        /* One IPv6 socket hears every address of both families. */
        fd = socket_listen_first(list, AF_INET6, !ipv4, fd);
    }
    if (fd < 0) {
        fd = socket_listen_first(list, 0, !ipv4, fd);
    }
    if (fd < 0) {
        return fm_error_set(error, "host=%s,port=%s: %s: %s", config->host,
                            config->port, fd == -EADDRINUSE
                            ? "another process is listening there"
                            : "cannot listen", g_strerror(-fd));
    }
    sock->listen_fd = fd;

    char *name = socket_tcp_local_name(fd);

    if (name) {
        g_free(sock->address);
        sock->address = name;
    }
    return true;
}

static bool socket_connect_tcp(ChardevSocket *sock,
                               const struct addrinfo *list, GError **error)
{
    const ChardevSocketOptions *config = socket_config(sock);
    int fd = -EADDRNOTAVAIL;

    for (; list && fd < 0; list = list->ai_next) {
        fd = socket_connect(list->ai_addr, list->ai_addrlen);
    }
    if (fd < 0) {
        return fm_error_set(error, "host=%s,port=%s: cannot connect: %s",
                            config->host, config->port, g_strerror(-fd));
    }
    socket_connected(sock, fd);
    return true;
}

static bool socket_open_tcp(ChardevSocket *sock, GError **error)
{
    const ChardevSocketOptions *config = socket_config(sock);
    struct addrinfo *list = socket_resolve(config, error);
    bool ok;

    if (!list) {
        return false;
    }
    sock->address = socket_tcp_name(config->host, config->port);
    ok = config->server ? socket_listen_tcp(sock, list, error)
                        : socket_connect_tcp(sock, list, error);
    freeaddrinfo(list);
    return ok;
}

/* Type */

static bool chardev_socket_open(Chardev *chr, const ChardevOptions *options,
                                GError **error)
{
    ChardevSocket *sock = (ChardevSocket *)chr;

    if (!(socket_is_tcp(sock) ? socket_open_tcp(sock, error)
                              : socket_open_unix(sock, error))) {
        return false;
    }
    socket_watch_clients(sock);
    return true;
}

static char *chardev_socket_filename(const Chardev *chr)
{
    const ChardevSocket *sock = (const ChardevSocket *)chr;

    return g_strconcat(chr->open ? "" : "disconnected:", sock->address,
                       socket_config(sock)->server ? ",server=on" : "", NULL);
}

static void chardev_socket_init(Object *obj)
{
    ChardevSocket *sock = (ChardevSocket *)obj;

    sock->fd = sock->listen_fd = -1;
}

static void chardev_socket_finalize(Object *obj)
{
    ChardevSocket *sock = (ChardevSocket *)obj;
    struct stat st;

    if (sock->accept_source) {
        g_source_remove(sock->accept_source);
    }
    if (sock->retry_source) {
        g_source_remove(sock->retry_source);
    }
    if (sock->path_ino && lstat(socket_config(sock)->path, &st) == 0 &&
        st.st_dev == sock->path_dev && st.st_ino == sock->path_ino) {
        unlink(socket_config(sock)->path);
    }
    if (sock->fd >= 0) {
        close(sock->fd);
    }
    if (sock->listen_fd >= 0) {
        close(sock->listen_fd);
    }
    g_free(sock->address);
}

static const ChardevClass chardev_socket_class = {
    .open = chardev_socket_open,
    .read = chardev_socket_read,
    .write = chardev_socket_write,
    .hang_up = chardev_socket_hang_up,
    .gone = chardev_socket_gone,
    .wait_connected = chardev_socket_wait_connected,
    .filename = chardev_socket_filename,
};

const ObjectType chardev_socket_type = {
    .name = "chardev-socket",
    .parent = &chardev_type,
    .doc = "a unix or TCP socket, listening or connecting",
    .instance_size = sizeof(ChardevSocket),
    .klass = &chardev_socket_class,
    .check = chardev_socket_check,
    .init = chardev_socket_init,
    .finalize = chardev_socket_finalize,
};
