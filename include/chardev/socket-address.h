/*
 * Sockets: addresses, and listening at them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef CHARDEV_SOCKET_ADDRESS_H
#define CHARDEV_SOCKET_ADDRESS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "qapi-types.h"

/** The most addresses of one host that are tried. */
#define SOCKET_ADDRESSES_MAX 8

typedef struct SocketAddress {
    struct sockaddr_storage bytes;
    socklen_t len;
} SocketAddress;

typedef struct SocketAddresses {
    SocketAddress list[SOCKET_ADDRESSES_MAX];
    unsigned n;
} SocketAddresses;

/** What listening at a path has made, so that only this is removed. */
typedef struct SocketPath {
    char *path;                 /* absolute; NULL: nothing */
    dev_t dev;
    ino_t ino;
} SocketPath;

/** socket_options_check: Returns false with @error set if options contradict
 *  each other, or one is missing. */
bool socket_options_check(const ChardevSocketOptions *config, GError **error);

/** socket_options_name: where @config leads, which is no descriptor:
 *  "unix:/a/b", "tcp:localhost:4444"; free with g_free(). */
char *socket_options_name(const ChardevSocketOptions *config);

/**
 * socket_addresses_find:
 * @may_wait: the name service may be asked, for as long as it takes
 *
 * Returns: false with @error set if there are none, or host is a name and
 * @may_wait is false.
 */
bool socket_addresses_find(const ChardevSocketOptions *config, bool may_wait,
                           SocketAddresses *addresses, GError **error);

/**
 * socket_listen:
 * @path: set to what was made, if it is a unix socket with a path
 *
 * Listen where @config says.  A socket that a dead process has left at the
 * path is replaced.
 *
 * Returns: a descriptor; -1 with @error set, which says if somebody else
 * listens there.
 */
int socket_listen(const ChardevSocketOptions *config,
                  const SocketAddresses *addresses, SocketPath *path,
                  GError **error);

/** socket_listen_path: the same for the unix socket at @path; fails, too, if
 *  @path is too long for one. */
int socket_listen_path(const char *path, SocketPath *made, GError **error);

/** socket_path_remove: remove what listening has made, unless something else
 *  is there by now, and forget it. */
void socket_path_remove(SocketPath *path);

/** socket_connect_path: Returns a nonblocking descriptor that is connected to
 *  the unix socket at @path, or a negative errno: -EAGAIN if too many others
 *  wait for its owner. */
int socket_connect_path(const char *path);

/** socket_local_name: the address that @fd is bound to, as
 *  socket_options_name() has it, the host and port as numbers; free with
 *  g_free().  NULL: not known. */
char *socket_local_name(int fd);

#endif
