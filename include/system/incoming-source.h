/*
 * Where a machine that is restored comes from
 *
 * A file or descriptor is there at once; at a socket somebody has to come
 * first.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_INCOMING_SOURCE_H
#define SYSTEM_INCOMING_SOURCE_H

#include "chardev/socket-address.h"
#include "system/migration.h"

typedef struct IncomingSource {
    MigrationProtocol protocol;
    int fd;                     /* -1: nobody has come */
    bool stored;                /* reading it does not wait for anybody */
    bool set_nonblock;          /* to be undone: others share the file */
    int listen_fd;              /* -1: nobody is waited for */
    SocketPath path;
} IncomingSource;

/**
 * incoming_source_open:
 * @source: filled in, whatever was there
 *
 * Returns: false with @error set if @uri is none or cannot be opened; there is
 * nothing to close then.
 */
bool incoming_source_open(IncomingSource *source, const char *uri,
                          GError **error);

/**
 * incoming_source_accept: take the connection that has come to listen_fd, and
 * listen no more; nothing if it has gone again.
 *
 * Returns: false with @error set if it cannot be taken.
 */
bool incoming_source_accept(IncomingSource *source, GError **error);

/** incoming_source_read: Returns how many bytes there were, 0 at the end; or a
 *  negative errno, -EAGAIN if it has to be waited for. */
ssize_t incoming_source_read(IncomingSource *source, void *bytes, size_t len);

/**
 * incoming_source_check_end: everything was read.  A file that was written for
 * us ends here; what else there is in one that somebody else has opened is
 * their business.
 *
 * Returns: false with @error set if there is more.
 */
bool incoming_source_check_end(const IncomingSource *source, GError **error);

/** incoming_source_close: it may be closed already. */
void incoming_source_close(IncomingSource *source);

#endif
