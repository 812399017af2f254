/*
 * Sockets of character devices: connecting to a server
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef CHARDEV_SOCKET_CLIENT_H
#define CHARDEV_SOCKET_CLIENT_H

#include "chardev/socket-address.h"

typedef struct SocketClient {
    /* Set by the owner before it connects; borrowed */
    SocketAddresses addresses;
    const char *id, *address;   /* for the warning that nobody answers */
    unsigned reconnect_s;       /* 0: never */
    /** There is a connection, @fd, which is the owner's. */
    void (*connected)(void *opaque, int fd);
    void *opaque;

    bool told;                  /* that it cannot connect; reset by the owner */

    /* The attempt that is going on */
    unsigned next;              /* address */
    int fd;                     /* -1: none */
    guint source, timer;        /* the timer also of the next attempt */
} SocketClient;

void socket_client_init(SocketClient *client);
/** socket_client_cleanup: give up what is going on. */
void socket_client_cleanup(SocketClient *client);

/**
 * socket_client_connect_waiting: at the start of the program.  Each address is
 * given 30 seconds, less if SIGINT, SIGTERM or SIGHUP is blocked and pending.
 *
 * Returns: 0, and connected() has been called; or a negative errno.
 */
int socket_client_connect_waiting(SocketClient *client);

/**
 * socket_client_connect_briefly: from the main loop, which is held up for at
 * most 10 ms an address.
 *
 * Returns: 0 if it is connected, or goes on in the background; a negative
 * errno if all addresses have failed by then.
 */
int socket_client_connect_briefly(SocketClient *client);

/** socket_client_connect_background: from the main loop, which waits for
 *  nothing.  A failure is told once, and followed by another attempt if
 *  there is to be one. */
void socket_client_connect_background(SocketClient *client);

/** socket_client_lost: the connection has gone: see to the next attempt. */
void socket_client_lost(SocketClient *client);

#endif
