/*
 * Character devices: byte streams between the machine and the host
 *
 * A chardev is an object under /chardevs.  It has at most one user (a monitor,
 * a serial port, qtest...), which gets what arrives and hears when the other
 * side comes and goes.  Nothing here blocks the main loop, except a server
 * that is told to wait for its first client before the machine starts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef CHARDEV_CHAR_H
#define CHARDEV_CHAR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "qapi-types.h"
#include "qom/object.h"

typedef struct Chardev Chardev;

/** The abstract type; its klass is a ChardevClass (chardev/char-impl.h). */
extern const ObjectType chardev_type;
extern const ObjectType chardev_socket_type, chardev_file_type,
    chardev_stdio_type, chardev_null_type, chardev_pipe_type, chardev_pty_type,
    chardev_ringbuf_type;

typedef enum ChardevEvent {
    CHARDEV_OPENED,             /* the other side is there */
    CHARDEV_CLOSED,             /* it has gone; it may come again */
} ChardevEvent;

/** What the user of a chardev wants to hear; all from the main loop. */
typedef struct ChardevUser {
    /** How many bytes received() may be given now; 0 stops reading until
     *  chardev_accept_input().  NULL: any number. */
    size_t (*can_receive)(void *opaque);
    void (*received)(void *opaque, const uint8_t *bytes, size_t len);
    void (*event)(void *opaque, ChardevEvent event);
    /** Output had to wait and none does any more.  NULL: not of interest. */
    void (*drained)(void *opaque);
    /** Descriptors that the other side passes are kept for chardev_take_fd();
     *  otherwise they are never received. */
    bool takes_fds;
    void *opaque;
} ChardevUser;

/** The most bytes of output that wait for the other side to take them.  A user
 *  whose output is the guest's doing should stop long before. */
#define CHARDEV_MAX_PENDING ((size_t)64 << 20)

/**
 * chardev_create:
 * @options: `-chardev`, typed; taken over
 *
 * Make the chardev named by options->id: open its file, connect or listen.
 * A server with wait=on waits for its first client only in
 * chardev_wait_connected().  A client gives its server 30 seconds, less if
 * SIGINT, SIGTERM or SIGHUP is blocked and pending; with `reconnect` it does
 * not wait for it.
 *
 * Returns: an object that is not yet in a tree; NULL with @error set, naming
 * file or address.  "Address already in use" says who is there.
 */
Chardev *chardev_create(ChardevOptions *options, GError **error);

/**
 * chardev_create_running: as chardev_create(), while the machine runs: nothing
 * waits.  A client that cannot connect at once does so in the background, and
 * a warning says if that fails.  A socket's host is an address, or localhost;
 * its fd is a name (util/fd-names.h).
 */
Chardev *chardev_create_running(ChardevOptions *options, GError **error);

/**
 * chardev_parse_shorthand:
 * @text: what -serial, -qmp, -qtest and -debugcon take: `stdio`, `null`,
 *        `pty`, `file:PATH`, `pipe:PATH`, `unix:PATH[,server=on][,wait=off]`,
 *        `tcp:HOST:PORT[,...]`, with the old spellings `server` and `nowait`
 * @id: for the new chardev
 *
 * Returns: options for chardev_create(); NULL with @error set.  `none` and
 * `chardev:ID` are the caller's to know.
 */
ChardevOptions *chardev_parse_shorthand(const char *text, const char *id,
                                        GError **error);

/**
 * chardev_attach: Returns false with @error set if @chr has a user already:
 * `Device 'ID' is in use`.  If the other side is there already, event(OPENED)
 * is called before this returns.
 */
bool chardev_attach(Chardev *chr, const ChardevUser *user, GError **error);
/** chardev_detach: nothing if there is no user.  Unsent output stays. */
void chardev_detach(Chardev *chr);

/** chardev_accept_input: can_receive() may be more than zero again. */
void chardev_accept_input(Chardev *chr);

/**
 * chardev_pause_input: the user still has input to deal with, and will call
 * chardev_accept_input() soon.  Until then nothing is read; and, unlike when
 * can_receive() says 0, the other side's going makes no way for the next one,
 * so that what it sent last is done.
 */
void chardev_pause_input(Chardev *chr);

/** The most received descriptors that wait; the rest are closed at once. */
#define CHARDEV_MAX_FDS 16

/**
 * chardev_take_fd: Returns the oldest of the descriptors that the other side
 * has passed over a unix socket and that nobody has taken yet, closed on exec;
 * it is the caller's to close.  -1: there is none.
 *
 * When they are to be had: from when the bytes that they came with are given
 * to received().  When the other side hangs up, those that wait are closed.
 */
int chardev_take_fd(Chardev *chr);

/**
 * chardev_age_fds: the user has handled a message completely.  Descriptors that
 * wait now have had their chance: they wait for one more message, for some
 * clients send them ahead of it, and are closed by the second call, or when
 * others arrive.
 */
void chardev_age_fds(Chardev *chr);

/**
 * chardev_set_echo: whether a terminal shows what is typed and hands it over by
 * the line, as people who type QMP want it; without echo, as it is at first,
 * each key goes to the user, as a serial port wants it.  Nothing happens if
 * @chr is not a terminal.
 */
void chardev_set_echo(Chardev *chr, bool echo);

/**
 * chardev_write: send all of @bytes, now or as the other side takes it; at
 * most CHARDEV_MAX_PENDING bytes wait.  The program has to ignore SIGPIPE.
 *
 * Returns: false if nobody is there, or the limit would be passed: then
 * nothing of @bytes was taken.
 */
bool chardev_write(Chardev *chr, const void *bytes, size_t len);

/** chardev_pending: bytes that wait to be sent. */
size_t chardev_pending(const Chardev *chr);

/** chardev_flush: send what waits, for at most @timeout_ms; for the way out. */
void chardev_flush(Chardev *chr, int timeout_ms);

/**
 * chardev_wait_connected: block until a server with wait=on has a client; at
 * once for all others.  @cancelled is asked after a signal and five times a
 * second; NULL: never.
 *
 * Returns: false with @error set if @cancelled returned true or the client
 * cannot be accepted.
 */
bool chardev_wait_connected(Chardev *chr, bool (*cancelled)(void),
                            GError **error);

/**
 * chardev_add_client:
 * @fd: a connected socket; taken over, also on failure
 *
 * Hand a connection to a server that has no client, as if it had come itself.
 *
 * Returns: false with @error set, `failed to add client: ...`, if @chr is no
 * server or has a client, or @fd is no such socket.
 */
bool chardev_add_client(Chardev *chr, int fd, GError **error);

/** chardev_is_open: whether the other side is there. */
bool chardev_is_open(const Chardev *chr);

/** chardev_is_attached: whether @chr has a user. */
bool chardev_is_attached(const Chardev *chr);

/** chardev_id: borrowed. */
const char *chardev_id(const Chardev *chr);

/** chardev_filename: as query-chardev shows it ("unix:/a/b,server=on",
 *  "tcp:127.0.0.1:4444", "pty:/dev/pts/3", "file", "stdio", "null"), after
 *  "disconnected:" while a socket has nobody on the other side; free with
 *  g_free(). */
char *chardev_filename(const Chardev *chr);

#endif
