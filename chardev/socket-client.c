/*
 * Sockets of character devices: connecting to a server
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "socket-client.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <unistd.h>

#include "util/end-signals.h"
#include "util/report.h"

/* How long a server is given to answer. */
#define SOCKET_CONNECT_MS 30000

/* And how much of that the main loop waits: an answer from nearby comes so
 * soon that who asked can be told of a failure. */
#define SOCKET_BRIEF_MS 10

/* How often to look for a signal while the start waits. */
#define SOCKET_SIGNAL_MS 200

/* While the start waits for it */

/* Returns 0 or a negative errno. */
static int socket_client_wait(int fd, const SocketAddress *at)
{
    gint64 end = g_get_monotonic_time() + SOCKET_CONNECT_MS * 1000;

    for (;;) {
        struct pollfd wait = { .fd = fd, .events = POLLOUT };
        int err = connect(fd, (const struct sockaddr *)&at->bytes,
                          at->len) < 0 ? errno : 0;
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
        if (end_signals_pending()) {
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

/* Returns a descriptor, or a negative errno. */
static int socket_client_open(const SocketAddress *at)
{
    int fd = socket(at->bytes.ss_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    return fd < 0 ? -errno : fd;
}

int socket_client_connect_waiting(SocketClient *client)
{
    int err = -EADDRNOTAVAIL;

    for (unsigned i = 0; i < client->addresses.n; i++) {
        const SocketAddress *at = &client->addresses.list[i];
        int fd = socket_client_open(at);

        err = fd < 0 ? fd : socket_client_wait(fd, at);
        if (err == 0) {
            client->connected(client->opaque, fd);
            return 0;
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return err;
}

/* In the background */

static int socket_client_next(SocketClient *client, int err);

static int socket_client_start(SocketClient *client)
{
    client->next = 0;
    return socket_client_next(client, -EADDRNOTAVAIL);
}

static gboolean socket_client_again(gpointer opaque)
{
    socket_client_connect_background(opaque);
    return G_SOURCE_REMOVE;
}

void socket_client_lost(SocketClient *client)
{
    if (client->reconnect_s) {
        client->timer = g_timeout_add_seconds(client->reconnect_s,
                                              socket_client_again, client);
    }
}

static void socket_client_failed(SocketClient *client, int err)
{
    if (!client->told) {
        client->told = true;
        report_warning("chardev '%s': cannot connect to %s: %s", client->id,
                       client->address, g_strerror(-err));
    }
    socket_client_lost(client);
}

/* The attempt that is going on has ended with @err; 0: well.  Returns as
 * socket_client_next() does. */
static int socket_client_end(SocketClient *client, int err)
{
    int fd = client->fd;

    client->fd = -1;
    g_clear_handle_id(&client->source, g_source_remove);
    g_clear_handle_id(&client->timer, g_source_remove);
    if (err == 0) {
        client->connected(client->opaque, fd);
        return 0;
    }
    close(fd);
    return socket_client_next(client, err);
}

/* Returns 0 or a negative errno. */
static int socket_client_result(const SocketClient *client)
{
    int err = 0;
    socklen_t len = sizeof(err);

    if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0) {
        err = errno;
    }
    return -err;
}

static gboolean socket_client_ready(gint fd, GIOCondition condition,
                                    gpointer opaque)
{
    int err = socket_client_end(opaque, socket_client_result(opaque));

    if (err < 0) {
        socket_client_failed(opaque, err);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean socket_client_expired(gpointer opaque)
{
    int err = socket_client_end(opaque, -ETIMEDOUT);

    if (err < 0) {
        socket_client_failed(opaque, err);
    }
    return G_SOURCE_CONTINUE;
}

/*
 * Try the addresses that are left; @err is what became of the last one.
 * Returns 0 if one is connected or may still be; or a negative errno.
 */
static int socket_client_next(SocketClient *client, int err)
{
    while (client->next < client->addresses.n) {
        const SocketAddress *at = &client->addresses.list[client->next++];
        int fd = socket_client_open(at);

        if (fd < 0) {
            err = fd;
            continue;
        }
        if (connect(fd, (const struct sockaddr *)&at->bytes, at->len) == 0) {
            client->connected(client->opaque, fd);
            return 0;
        }
        err = -errno;
        if (err == -EINPROGRESS) {
            client->fd = fd;
            client->source = g_unix_fd_add(fd,
                                           G_IO_OUT | G_IO_ERR | G_IO_HUP,
                                           socket_client_ready, client);
            client->timer = g_timeout_add(SOCKET_CONNECT_MS,
                                          socket_client_expired, client);
            return 0;
        }
        close(fd);
    }
    return err;
}

int socket_client_connect_briefly(SocketClient *client)
{
    int err = socket_client_start(client);

    while (err == 0 && client->fd >= 0) {
        struct pollfd wait = { .fd = client->fd, .events = POLLOUT };

        if (poll(&wait, 1, SOCKET_BRIEF_MS) <= 0) {
            return 0;
        }
        err = socket_client_end(client, socket_client_result(client));
    }
    return err;
}

void socket_client_connect_background(SocketClient *client)
{
    int err;

    client->timer = 0;
    err = socket_client_start(client);
    if (err < 0) {
        socket_client_failed(client, err);
    }
}

/* Life */

void socket_client_init(SocketClient *client)
{
    *client = (SocketClient){ .fd = -1 };
}

void socket_client_cleanup(SocketClient *client)
{
    g_clear_handle_id(&client->source, g_source_remove);
    g_clear_handle_id(&client->timer, g_source_remove);
    if (client->fd >= 0) {
        close(client->fd);
        client->fd = -1;
    }
}
