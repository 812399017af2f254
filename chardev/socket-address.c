/*
 * Sockets: addresses, and listening at them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "chardev/socket-address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"

/* Clients that may wait while one is served. */
#define SOCKET_BACKLOG 8

/* The longest path, without its NUL, or with the one that makes it abstract. */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* Options */

static bool socket_options_check_path(const ChardevSocketOptions *config,
                                      GError **error)
{
    size_t len = strlen(config->path);

    if (len == 0) {
        return fm_error_set(error, "path: is empty");
    }
    if (len > SOCKET_PATH_MAX) {
        return fm_error_set(error, "path=%s: has %zu bytes, a unix socket's "
                            "path has at most %zu", config->path, len,
                            SOCKET_PATH_MAX);
    }
    if (config->has_ipv4 || config->has_ipv6) {
        return fm_error_set(error, "%s: cannot be combined with 'path'",
                            config->has_ipv4 ? "ipv4" : "ipv6");
    }
    return true;
}

static bool socket_options_check_tcp(const ChardevSocketOptions *config,
                                     GError **error)
{
    if (!config->port) {
        return fm_error_set(error, config->host
                            ? "port: is missing; TCP needs host and port"
                            : "path: is missing; a socket needs 'path', or "
                              "'host' and 'port', or 'fd'");
    }
    if (!config->host) {
        return fm_error_set(error, "host: is missing; TCP needs host and "
                            "port (an empty host is every address)");
    }
    if (config->has_ipv4 && !config->ipv4 && config->has_ipv6 &&
        !config->ipv6) {
        return fm_error_set(error, "ipv4=off: ipv6 is off too");
    }
    return true;
}

/* Which of the options that exclude each other there are. */
static bool socket_options_check_kind(const ChardevSocketOptions *config,
                                      GError **error)
{
    const char *tcp = config->host ? "host" : config->port ? "port" : NULL;

    if (config->path && (tcp || config->fd)) {
        return fm_error_set(error, "path=%s: cannot be combined with '%s'",
                            config->path, tcp ? tcp : "fd");
    }
    if (config->fd && tcp) {
        return fm_error_set(error, "fd=%s: cannot be combined with '%s'",
                            config->fd, tcp);
    }
    if (!config->path && (config->has_abstract || config->has_tight)) {
        return fm_error_set(error, "%s: is for 'path' only",
                            config->has_abstract ? "abstract" : "tight");
    }
    return true;
}

bool socket_options_check(const ChardevSocketOptions *config, GError **error)
{
    if (!socket_options_check_kind(config, error)) {
        return false;
    }
    if (config->has_wait && !config->server) {
        return fm_error_set(error, "wait=%s: only a server can wait for a "
                            "client; add server=on",
                            config->wait ? "on" : "off");
    }
    if (config->reconnect && (config->server || config->fd)) {
        return fm_error_set(error, "reconnect=%u: %s", config->reconnect,
                            config->server ? "a server does not connect"
                            : "only who has made a connection can make it "
                              "again, not one that was given as 'fd'");
    }
    if (config->reconnect > G_MAXINT / 1000) {
        return fm_error_set(error, "reconnect=%u: is more than %d seconds",
                            config->reconnect, G_MAXINT / 1000);
    }
    if (config->path) {
        return socket_options_check_path(config, error);
    }
    return config->fd || socket_options_check_tcp(config, error);
}

/* Names */

static char *socket_tcp_name(const char *host, const char *port)
{
    return g_strdup_printf(strchr(host, ':') ? "tcp:[%s]:%s" : "tcp:%s:%s",
                           host, port);
}

static char *socket_unix_name(const char *path, bool abstract, bool tight)
{
    return g_strdup_printf("unix:%s%s%s", path,
                           abstract ? ",abstract=on,tight=" : "",
                           abstract ? tight ? "on" : "off" : "");
}

char *socket_options_name(const ChardevSocketOptions *config)
{
    if (config->path) {
        return socket_unix_name(config->path, config->abstract,
                                config->tight);
    }
    return socket_tcp_name(config->host, config->port);
}

/* One without a path has an empty one; an abstract one is told apart. */
static char *socket_local_unix_name(const struct sockaddr_un *address,
                                    socklen_t len)
{
    const size_t start = offsetof(struct sockaddr_un, sun_path);
    g_autofree char *path = NULL;

    if (len <= start) {
        return socket_unix_name("", false, true);
    }
    if (address->sun_path[0]) {
        path = g_strndup(address->sun_path, len - start);
        return socket_unix_name(path, false, true);
    }
    path = g_strndup(address->sun_path + 1, len - start - 1);
    return socket_unix_name(path, true, len < sizeof(*address));
}

char *socket_local_name(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
        return NULL;
    }
    if (address.ss_family == AF_UNIX) {
        return socket_local_unix_name((const struct sockaddr_un *)&address,
                                      len);
    }
    if (getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV)) {
        return NULL;
    }
    return socket_tcp_name(host, port);
}

/* Addresses */

static void socket_address_unix(const ChardevSocketOptions *config,
                                SocketAddresses *addresses)
{
    const size_t start = offsetof(struct sockaddr_un, sun_path);
    SocketAddress *at = &addresses->list[0];
    struct sockaddr_un *address = (struct sockaddr_un *)&at->bytes;
    size_t len = strlen(config->path);

    *at = (SocketAddress){ .len = sizeof(*address) };
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path + config->abstract, config->path, len);
    if (config->abstract && config->tight) {
        at->len = (socklen_t)(start + 1 + len);
    }
    addresses->n = 1;
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
                                       bool may_wait, GError **error)
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
        /* This name is known without asking anybody. */
        if (!may_wait && strcmp(host, "localhost") != 0) {
            fm_error_set(error, "host=%s: is a name, which may take long to "
                         "look up; a running machine takes addresses only",
                         host);
            return NULL;
        }
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

bool socket_addresses_find(const ChardevSocketOptions *config, bool may_wait,
                           SocketAddresses *addresses, GError **error)
{
    struct addrinfo *list;

    addresses->n = 0;
    if (config->path) {
        socket_address_unix(config, addresses);
        return true;
    }
    list = socket_resolve(config, may_wait, error);
    for (const struct addrinfo *info = list;
         info && addresses->n < SOCKET_ADDRESSES_MAX; info = info->ai_next) {
        SocketAddress *at = &addresses->list[addresses->n++];

        memcpy(&at->bytes, info->ai_addr, info->ai_addrlen);
        at->len = info->ai_addrlen;
    }
    if (list) {
        freeaddrinfo(list);
    }
    return addresses->n > 0;
}

/* Listening */

/* Returns the listening descriptor, or a negative errno. */
static int socket_listen_at(const SocketAddress *at, bool ipv6_only)
{
    const struct sockaddr *address = (const struct sockaddr *)&at->bytes;
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
    if (bind(fd, address, at->len) < 0 || listen(fd, SOCKET_BACKLOG) < 0) {
        err = errno;
        close(fd);
        return -err;
    }
    return fd;
}

/*
 * Is the socket at the path nobody's?  A connection would be noticed by a
 * server, and taken for its client; asking with a socket of another type is
 * refused before that, and by the kernel.
 */
static bool socket_path_is_stale(const SocketAddress *at)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool stale;

    if (fd < 0) {
        return false;
    }
    stale = connect(fd, (const struct sockaddr *)&at->bytes, at->len) < 0 &&
            errno == ECONNREFUSED;
    close(fd);
    return stale;
}

static int socket_listen_unix(const ChardevSocketOptions *config,
                              const SocketAddress *at, SocketPath *made,
                              GError **error)
{
    const char *path = config->path;
    struct stat st;
    int fd = socket_listen_at(at, false);

    if (fd == -EADDRINUSE) {
        if (!config->abstract && lstat(path, &st) == 0 &&
            !S_ISSOCK(st.st_mode)) {
            fm_error_set(error, "path=%s: is there already and is not a "
                         "socket", path);
            return -1;
        }
        if (config->abstract || !socket_path_is_stale(at)) {
            fm_error_set(error, "path=%s: another process is listening "
                         "there: Address already in use", path);
            return -1;
        }
        unlink(path);
        fd = socket_listen_at(at, false);
    }
    if (fd < 0) {
        fm_error_set(error, "path=%s: cannot listen: %s", path,
                     g_strerror(-fd));
        return -1;
    }
    if (!config->abstract && lstat(path, &st) == 0) {
        *made = (SocketPath){ file_absolute_path(path), st.st_dev, st.st_ino };
    }
    return fd;
}

int socket_listen_path(const char *path, SocketPath *made, GError **error)
{
    const ChardevSocketOptions config = { .path = (char *)path };
    SocketAddresses addresses;

    if (!socket_options_check_path(&config, error)) {
        return -1;
    }
    socket_address_unix(&config, &addresses);
    return socket_listen_unix(&config, &addresses.list[0], made, error);
}

void socket_path_remove(SocketPath *made)
{
    struct stat st;

    if (made->path && lstat(made->path, &st) == 0 &&
        st.st_dev == made->dev && st.st_ino == made->ino) {
        unlink(made->path);
    }
    g_clear_pointer(&made->path, g_free);
}

int socket_connect_path(const char *path)
{
    const ChardevSocketOptions config = { .path = (char *)path };
    SocketAddresses addresses;
    const SocketAddress *at = &addresses.list[0];
    int fd;

    if (strlen(path) > SOCKET_PATH_MAX) {
        return -ENAMETOOLONG;
    }
    socket_address_unix(&config, &addresses);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)&at->bytes, at->len) < 0) {
        int err = errno;

        close(fd);
        return -err;
    }
    return fd < 0 ? -errno : fd;
}

/* Listen at the first address of @family that works; 0: of any.  Returns a
 * descriptor, a negative errno, or @fd if there is no such address. */
static int socket_listen_first(const SocketAddresses *addresses, int family,
                               bool ipv6_only, int fd)
{
    for (unsigned i = 0; i < addresses->n && fd < 0; i++) {
        const SocketAddress *at = &addresses->list[i];

        if (!family || at->bytes.ss_family == family) {
            fd = socket_listen_at(at, ipv6_only);
        }
    }
    return fd;
}

static int socket_listen_tcp(const ChardevSocketOptions *config,
                             const SocketAddresses *addresses, GError **error)
{
    int fd = -EADDRNOTAVAIL;
    bool ipv4, ipv6;

    socket_families(config, &ipv4, &ipv6);
    if (!*config->host) {
        /* One IPv6 socket hears every address of both families. */
        fd = socket_listen_first(addresses, AF_INET6, !ipv4, fd);
    }
    if (fd < 0) {
        fd = socket_listen_first(addresses, 0, !ipv4, fd);
    }
    if (fd < 0) {
        fm_error_set(error, "host=%s,port=%s: %s: %s", config->host,
                     config->port, fd == -EADDRINUSE
                     ? "another process is listening there"
                     : "cannot listen", g_strerror(-fd));
        return -1;
    }
    return fd;
}

int socket_listen(const ChardevSocketOptions *config,
                  const SocketAddresses *addresses, SocketPath *path,
                  GError **error)
{
    if (config->path) {
        return socket_listen_unix(config, &addresses->list[0], path, error);
    }
    return socket_listen_tcp(config, addresses, error);
}
