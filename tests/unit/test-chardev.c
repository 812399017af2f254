/*
 * Tests of character devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "chardev/char-impl.h"
#include "qapi/walker.h"
#include "under-valgrind.h"
#include "wait-for.h"

/* Apparatus */

static char *directory;

static char *in_directory(const char *name)
{
    return g_build_filename(directory, name, NULL);
}

/* What a user has heard. */
typedef struct Heard {
    GString *bytes;
    unsigned opened, closed, drained;
    size_t room;                /* what can_receive() returns */
} Heard;

static size_t heard_can_receive(void *opaque)
{
    return ((Heard *)opaque)->room;
}

static void heard_received(void *opaque, const uint8_t *bytes, size_t len)
{
    Heard *heard = opaque;

    g_assert_cmpuint(len, <=, heard->room);
    g_string_append_len(heard->bytes, (const char *)bytes, (gssize)len);
}

static void heard_event(void *opaque, ChardevEvent event)
{
    Heard *heard = opaque;

    *(event == CHARDEV_OPENED ? &heard->opened : &heard->closed) += 1;
}

static void heard_drained(void *opaque)
{
    ((Heard *)opaque)->drained++;
}

static Heard *attach(Chardev *chr)
{
    Heard *heard = g_new0(Heard, 1);
    const ChardevUser user = {
        .can_receive = heard_can_receive,
        .received = heard_received,
        .event = heard_event,
        .drained = heard_drained,
        .opaque = heard,
    };
    GError *error = NULL;

    heard->bytes = g_string_new(NULL);
    heard->room = SIZE_MAX;
    chardev_attach(chr, &user, &error);
    g_assert_no_error(error);
    return heard;
}

static void heard_free(Heard *heard)
{
    g_string_free(heard->bytes, TRUE);
    g_free(heard);
}

/* Let everything happen that is due. */
static void settle(void)
{
    for (int i = 0; i < 20; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
}

static ChardevOptions *parse(const char *text, GError **error)
{
    return qapi_parse_option(&qapi_type_ChardevOptions, text, "backend", NULL,
                             error);
}

/* From the text of -chardev. */
static Chardev *create(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

static Chardev *create(const char *fmt, ...)
{
    va_list ap;
    GError *error = NULL;

    va_start(ap, fmt);
    g_autofree char *text = g_strdup_vprintf(fmt, ap);
    va_end(ap);

    ChardevOptions *options = parse(text, &error);

    g_assert_no_error(error);

    Chardev *chr = chardev_create(options, &error);

    g_assert_no_error(error);
    return chr;
}

/* Whatever refuses it, the schema or the chardev. */
static void check_refused(const char *text, const char *expected)
{
    GError *error = NULL;
    ChardevOptions *options = parse(text, &error);
    Chardev *chr = options ? chardev_create(options, &error) : NULL;

    g_assert_null(chr);
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, expected);
    g_error_free(error);
}

static void drop(Chardev *chr)
{
    object_free((Object *)chr);
}

static int unix_socket(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    g_strlcpy(address->sun_path, path, sizeof(address->sun_path));

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static int unix_connect(const char *path)
{
    struct sockaddr_un address;
    int fd = unix_socket(path, &address);

    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                    ==, 0);
    return fd;
}

static int unix_listen(const char *path)
{
    struct sockaddr_un address;
    int fd = unix_socket(path, &address);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==,
                    0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    return fd;
}

static void put(int fd, const char *text)
{
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
}

/* Blocking; exactly as many bytes as @text has. */
static void expect(int fd, const char *text)
{
    size_t len = strlen(text);
    g_autofree char *got = g_malloc0(len + 1);

    for (size_t done = 0; done < len;) {
        ssize_t n = read(fd, got + done, len - done);

        g_assert_cmpint(n, >, 0);
        done += (size_t)n;
    }
    g_assert_cmpstr(got, ==, text);
}

/* The kinds */

static void test_null(void)
{
    Chardev *chr = create("null,id=n");
    Heard *heard = attach(chr);
    g_autofree char *name = chardev_filename(chr);

    g_assert_cmpstr(name, ==, "null");
    g_assert_cmpstr(chardev_id(chr), ==, "n");
    g_assert_true(chardev_is_open(chr));
    g_assert_cmpuint(heard->opened, ==, 1);
    for (int i = 0; i < 100; i++) {
        g_assert_true(chardev_write(chr, "x", 1));
    }
    g_assert_cmpuint(chardev_pending(chr), ==, 0);
    settle();
    g_assert_cmpuint(heard->bytes->len, ==, 0);
    drop(chr);
    heard_free(heard);
}

static void check_file(const char *path, const char *expected)
{
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, expected);
}

static void test_file(void)
{
    g_autofree char *out = in_directory("file.out");
    g_autofree char *in = in_directory("file.in");
    Chardev *chr;
    Heard *heard;

    g_assert_true(g_file_set_contents(out, "old", -1, NULL));
    g_assert_true(g_file_set_contents(in, "input", -1, NULL));

    chr = create("file,id=f,path=%s,append=on", out);
    g_assert_true(chardev_write(chr, " new", 4));
    check_file(out, "old new");
    drop(chr);

    chr = create("file,id=f,path=%s,input-path=%s", out, in);
    heard = attach(chr);
    g_assert_true(chardev_write(chr, "fresh", 5));
    check_file(out, "fresh");
    WAIT_FOR(heard->bytes->len == 5);
    g_assert_cmpstr(heard->bytes->str, ==, "input");
    /* The end of the input is not the end of the output. */
    settle();
    g_assert_true(chardev_is_open(chr));
    g_assert_cmpuint(heard->closed, ==, 0);
    g_assert_true(chardev_write(chr, "!", 1));
    check_file(out, "fresh!");
    drop(chr);
    heard_free(heard);
}

static void test_file_errors(void)
{
    g_autofree char *kept = in_directory("kept");
    g_autofree char *fifo = in_directory("fifo");
    g_autofree char *bad = g_strdup_printf("file,id=f,path=%s/no/x",
                                           directory);
    g_autofree char *bad_error = g_strdup_printf(
        "path=%s/no/x: cannot open it: No such file or directory", directory);
    g_autofree char *dir = g_strdup_printf("file,id=f,path=%s", directory);
    g_autofree char *dir_error = g_strdup_printf(
        "path=%s: cannot open it: Is a directory", directory);
    g_autofree char *input = g_strdup_printf(
        "file,id=f,path=%s,input-path=%s/no", kept, directory);
    g_autofree char *input_error = g_strdup_printf(
        "input-path=%s/no: cannot open it: No such file or directory",
        directory);
    g_autofree char *lonely = g_strdup_printf("file,id=f,path=%s", fifo);
    g_autofree char *lonely_error = g_strdup_printf(
        "path=%s: cannot open it: nobody reads this FIFO", fifo);

    g_assert_true(g_file_set_contents(kept, "kept", -1, NULL));
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    check_refused(bad, bad_error);
    check_refused(dir, dir_error);
    check_refused(input, input_error);
    check_refused(lonely, lonely_error);
    check_refused("file,id=f", "Parameter 'path' is missing");
    check_file(kept, "kept");
}

/* A full disk is not the end: later output may find room. */
static void test_file_full(void)
{
    Chardev *chr = create("file,id=f,path=/dev/full");

    g_assert_true(chardev_write(chr, "x", 1));
    g_assert_true(chardev_write(chr, "x", 1));
    g_assert_cmpuint(chardev_pending(chr), ==, 0);
    drop(chr);
}

static void test_stdio(void)
{
    int in[2], out[2], saved[2];
    Chardev *chr;
    Heard *heard;
    int flags;

    for (int i = 0; i < 2; i++) {
        saved[i] = dup(i);
    }
    fflush(stdout);
    g_assert_cmpint(pipe(in), ==, 0);
    g_assert_cmpint(pipe(out), ==, 0);
    dup2(in[0], 0);
    dup2(out[1], 1);
    flags = fcntl(1, F_GETFL);

    chr = create("stdio,id=s");
    heard = attach(chr);
    bool output = chardev_write(chr, "out", 3);
    bool non_blocking = fcntl(0, F_GETFL) & fcntl(1, F_GETFL) & O_NONBLOCK;

    put(in[1], "in");
    WAIT_FOR(heard->bytes->len == 2);
    close(in[1]);
    settle();

    bool open = chardev_is_open(chr);
    GError *error = NULL;
    Chardev *second = chardev_create(parse("stdio,id=t", NULL), &error);
    g_autofree char *name = chardev_filename(chr);

    drop(chr);

    bool restored = fcntl(1, F_GETFL) == flags &&
                    !(fcntl(0, F_GETFL) & O_NONBLOCK);

    /* Only now can a failure be shown. */
    for (int i = 0; i < 2; i++) {
        dup2(saved[i], i);
        close(saved[i]);
    }
    g_assert_true(output);
    g_assert_true(non_blocking);
    g_assert_true(open);
    g_assert_true(restored);
    g_assert_cmpstr(name, ==, "stdio");
    g_assert_cmpstr(heard->bytes->str, ==, "in");
    g_assert_null(second);
    g_assert_cmpstr(error->message, ==,
                    "stdio: already in use by chardev 's'");
    g_error_free(error);
    expect(out[0], "out");
    close(in[0]);
    close(out[0]);
    close(out[1]);
    heard_free(heard);
}

/* Unix sockets */

static void test_unix_server(void)
{
    g_autofree char *path = in_directory("server");
    Chardev *chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    Heard *heard = attach(chr);
    g_autofree char *name = chardev_filename(chr);
    g_autofree char *expected = g_strdup_printf("disconnected:unix:%s,"
                                                "server=on", path);
    g_autofree char *connected = NULL;
    int fd;

    g_assert_cmpstr(name, ==, expected);
    g_assert_false(chardev_is_open(chr));
    g_assert_false(chardev_write(chr, "x", 1));
    g_assert_cmpuint(heard->opened, ==, 0);

    for (unsigned round = 1; round <= 3; round++) {
        fd = unix_connect(path);
        WAIT_FOR(heard->opened == round);
        g_assert_true(chardev_is_open(chr));
        put(fd, "hello");
        WAIT_FOR(heard->bytes->len == 5);
        g_assert_cmpstr(heard->bytes->str, ==, "hello");
        g_string_truncate(heard->bytes, 0);
        g_assert_true(chardev_write(chr, "world", 5));
        expect(fd, "world");
        close(fd);
        WAIT_FOR(heard->closed == round);
        g_assert_false(chardev_is_open(chr));
    }
    fd = unix_connect(path);
    WAIT_FOR(heard->opened == 4);
    connected = chardev_filename(chr);
    g_assert_cmpstr(connected, ==, expected + strlen("disconnected:"));
    close(fd);
    drop(chr);
    heard_free(heard);
    g_assert_cmpint(access(path, F_OK), ==, -1);
}

/* Whoever ends the program does not have to wait for a server that does not
 * answer. */
static void test_connect_signal(void)
{
    const struct timespec at_once = { 0 };
    g_autofree char *path = in_directory("silent");
    g_autofree char *text = g_strdup_printf("socket,id=c,path=%s", path);
    g_autofree char *expected = g_strdup_printf(
        "path=%s: cannot connect: Interrupted system call", path);
    int listener = unix_listen(path);
    gint64 start = g_get_monotonic_time();
    int fds[64], n = 0;
    sigset_t signals;

    /* Nobody accepts: the backlog fills up. */
    while (n < (int)G_N_ELEMENTS(fds)) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
        fds[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(fds[n++], (struct sockaddr *)&address,
                    sizeof(address)) < 0) {
            break;
        }
    }
    g_assert_cmpint(errno, ==, EAGAIN);

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    raise(SIGTERM);
    check_refused(text, expected);
    g_assert_cmpint(sigtimedwait(&signals, NULL, &at_once), ==, SIGTERM);
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 20 * G_USEC_PER_SEC);

    while (n) {
        close(fds[--n]);
    }
    close(listener);
    g_assert_cmpint(unlink(path), ==, 0);
}

static void test_unix_client(void)
{
    g_autofree char *path = in_directory("client");
    int listener = unix_listen(path);
    Chardev *chr = create("socket,id=c,path=%s", path);
    Heard *heard = attach(chr);
    int fd = accept(listener, NULL, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpuint(heard->opened, ==, 1);
    put(fd, "abc");
    WAIT_FOR(heard->bytes->len == 3);
    g_assert_true(chardev_write(chr, "def", 3));
    expect(fd, "def");
    close(fd);
    WAIT_FOR(heard->closed == 1);
    g_assert_false(chardev_write(chr, "x", 1));
    drop(chr);
    heard_free(heard);
    close(listener);
    /* Not the client's to remove. */
    g_assert_cmpint(unlink(path), ==, 0);
}

/* The second client is served when the first has gone. */
static void test_backlog(void)
{
    g_autofree char *path = in_directory("backlog");
    Chardev *chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    Heard *heard = attach(chr);
    int first = unix_connect(path);

    WAIT_FOR(heard->opened == 1);

    int second = unix_connect(path);

    put(second, "two");
    settle();
    g_assert_cmpuint(heard->opened, ==, 1);
    g_assert_cmpuint(heard->bytes->len, ==, 0);
    put(first, "one");
    close(first);
    WAIT_FOR(heard->bytes->len == 6);
    g_assert_cmpstr(heard->bytes->str, ==, "onetwo");
    g_assert_cmpuint(heard->closed, ==, 1);
    g_assert_cmpuint(heard->opened, ==, 2);
    g_assert_true(chardev_write(chr, "hi", 2));
    expect(second, "hi");
    close(second);
    drop(chr);
    heard_free(heard);
}

static void test_in_use(void)
{
    g_autofree char *path = in_directory("in-use");
    g_autofree char *text = g_strdup_printf("socket,id=t,path=%s,server=on",
                                            path);
    g_autofree char *expected = g_strdup_printf(
        "path=%s: another process is listening there: Address already in use",
        path);
    g_autofree char *not_socket = g_strdup_printf(
        "path=%s: is there already and is not a socket", path);
    int listener = unix_listen(path);
    Chardev *chr;

    check_refused(text, expected);
    /* And it has not noticed that somebody asked. */
    fcntl(listener, F_SETFL, O_NONBLOCK);
    g_assert_cmpint(accept(listener, NULL, NULL), ==, -1);
    g_assert_cmpint(errno, ==, EAGAIN);

    /* Now nobody listens, but the path is still there. */
    close(listener);
    g_assert_cmpint(access(path, F_OK), ==, 0);
    chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    check_refused(text, expected);
    close(unix_connect(path));
    drop(chr);
    g_assert_cmpint(access(path, F_OK), ==, -1);

    g_assert_true(g_file_set_contents(path, "precious", -1, NULL));
    check_refused(text, not_socket);
    check_file(path, "precious");

    /* Only what is its own is removed. */
    unlink(path);
    chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    unlink(path);
    g_assert_true(g_file_set_contents(path, "other", -1, NULL));
    drop(chr);
    check_file(path, "other");
    unlink(path);
}

static void test_path_errors(void)
{
    g_autofree char *name = g_strnfill((gsize)(107 - strlen(directory) - 1),
                                       'n');
    g_autofree char *longest = in_directory(name);
    g_autofree char *text = g_strdup_printf("socket,id=s,server=on,path=%sn",
                                            longest);
    g_autofree char *expected = g_strdup_printf(
        "path=%sn: has 108 bytes, a unix socket's path has at most 107",
        longest);
    g_autofree char *nobody = g_strdup_printf("socket,id=s,path=%s/nobody",
                                              directory);
    g_autofree char *nobody_error = g_strdup_printf(
        "path=%s/nobody: cannot connect: No such file or directory",
        directory);
    Chardev *chr;

    g_assert_cmpuint(strlen(longest), ==, 107);
    chr = create("socket,id=s,server=on,wait=off,path=%s", longest);
    close(unix_connect(longest));
    drop(chr);
    g_assert_cmpint(access(longest, F_OK), ==, -1);
    check_refused(text, expected);
    check_refused(nobody, nobody_error);
}

static void test_option_errors(void)
{
    check_refused("socket,id=s,path=/x,host=h,port=1",
                  "path=/x: cannot be combined with 'host'");
    check_refused("socket,id=s,path=/x,port=1",
                  "path=/x: cannot be combined with 'port'");
    check_refused("socket,id=s", "path: is missing; a socket needs 'path', or "
                  "'host' and 'port', or 'fd'");
    check_refused("socket,id=s,path=/x,fd=7",
                  "path=/x: cannot be combined with 'fd'");
    check_refused("socket,id=s,host=h,port=1,fd=7",
                  "fd=7: cannot be combined with 'host'");
    check_refused("socket,id=s,host=h,port=1,abstract=on",
                  "abstract: is for 'path' only");
    check_refused("socket,id=s,path=/x,server=on,reconnect=1",
                  "reconnect=1: a server does not connect");
    check_refused("socket,id=s,fd=7,reconnect=1", "reconnect=1: only who has "
                  "made a connection can make it again, not one that was "
                  "given as 'fd'");
    check_refused("socket,id=s,path=/x,reconnect=2147484",
                  "reconnect=2147484: is more than 2147483 seconds");
    check_refused("socket,id=s,host=h",
                  "port: is missing; TCP needs host and port");
    check_refused("socket,id=s,port=1", "host: is missing; TCP needs host and "
                  "port (an empty host is every address)");
    check_refused("socket,id=s,path=/x,wait=on", "wait=on: only a server can "
                  "wait for a client; add server=on");
    check_refused("socket,id=s,path=/x,server=off,wait=off", "wait=off: only "
                  "a server can wait for a client; add server=on");
    check_refused("socket,id=s,path=", "path: is empty");
    check_refused("socket,id=s,path=/x,ipv4=on",
                  "ipv4: cannot be combined with 'path'");
    check_refused("socket,id=s,path=/x,ipv6=off",
                  "ipv6: cannot be combined with 'path'");
    check_refused("socket,id=s,host=h,port=1,ipv4=off,ipv6=off",
                  "ipv4=off: ipv6 is off too");
    check_refused("socket,id=s,host=127.0.0.1,port=65536",
                  "port=65536: ports go up to 65535");
    check_refused("socket,id=s,host=127.0.0.1,port=", "port: is empty");
    check_refused("socket,id=s,host=127.0.0.1,port=no-such-service-name",
                  "port=no-such-service-name: no such service");
    check_refused("null", "Parameter 'id' is missing");
    check_refused("null,id=", "Parameter 'id' expects an identifier");
    check_refused("null,id=a/b", "Parameter 'id' expects an identifier");
    check_refused("null,id=a[*]", "Parameter 'id' expects an identifier");
}

/* TCP */

static int tcp_connect(int family, unsigned port)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(
                              (uint16_t)port), .sin_addr.s_addr =
                              htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(
                                (uint16_t)port), .sin6_addr =
                                IN6ADDR_LOOPBACK_INIT };
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = family == AF_INET
             ? connect(fd, (struct sockaddr *)&in, sizeof(in))
             : connect(fd, (struct sockaddr *)&in6, sizeof(in6));

    if (rc < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The port that a server got from the kernel. */
static unsigned port_of(const Chardev *chr)
{
    g_autofree char *name = chardev_filename(chr);
    char *end = strstr(name, ",server=on");

    g_assert_nonnull(end);
    *end = '\0';
    return (unsigned)atoi(strrchr(name, ':') + 1);
}

/* A name that the host's resolver knows, where it knows one. */
static void test_tcp_name(void)
{
    const struct addrinfo hints = { .ai_family = AF_INET };
    struct addrinfo *found = NULL;
    Chardev *server, *client;
    Heard *heard;

    if (getaddrinfo("localhost", NULL, &hints, &found)) {
        g_test_skip("this host cannot resolve localhost");
        return;
    }
    freeaddrinfo(found);
    server = create("socket,id=s,host=127.0.0.1,port=0,server=on,wait=off");
    heard = attach(server);
    client = create("socket,id=c,host=localhost,port=%u,ipv4=on",
                    port_of(server));
    WAIT_FOR(heard->opened == 1);
    drop(client);
    drop(server);
    heard_free(heard);
}

static void test_tcp(void)
{
    Chardev *server = create("socket,id=s,host=127.0.0.1,port=0,server=on,"
                             "wait=off,nodelay=on");
    Heard *server_heard = attach(server);
    unsigned port = port_of(server);
    Chardev *client = create("socket,id=c,host=127.0.0.1,port=%u,ipv4=on",
                             port);
    Heard *client_heard = attach(client);
    g_autofree char *taken = g_strdup_printf(
        "socket,id=t,host=127.0.0.1,port=%u,server=on", port);
    g_autofree char *taken_error = g_strdup_printf(
        "host=127.0.0.1,port=%u: another process is listening there: "
        "Address already in use", port);
    g_autofree char *gone = g_strdup_printf(
        "socket,id=t,host=127.0.0.1,port=%u", port);
    g_autofree char *gone_error = g_strdup_printf(
        "host=127.0.0.1,port=%u: cannot connect: Connection refused", port);
    g_autofree char *name = chardev_filename(client);
    g_autofree char *expected = g_strdup_printf("tcp:127.0.0.1:%u", port);

    g_assert_cmpstr(name, ==, expected);
    WAIT_FOR(server_heard->opened == 1);
    g_assert_true(chardev_write(client, "ping", 4));
    WAIT_FOR(server_heard->bytes->len == 4);
    g_assert_true(chardev_write(server, "pong", 4));
    WAIT_FOR(client_heard->bytes->len == 4);
    check_refused(taken, taken_error);
    drop(client);
    WAIT_FOR(server_heard->closed == 1);
    drop(server);
    check_refused(gone, gone_error);
    heard_free(server_heard);
    heard_free(client_heard);
}

/* An empty host is every address of the families that are wanted. */
static void test_tcp_every_address(void)
{
    static const struct {
        const char *families;
        bool ipv4, ipv6;
    } cases[] = {
        { "", true, true },
        { ",ipv4=on", true, false },
        { ",ipv6=on", false, true },
        { ",ipv4=on,ipv6=on", true, true },
        { ",ipv4=off", false, true },
    };
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr =
                                IN6ADDR_LOOPBACK_INIT };
    bool have_ipv6 = probe >= 0 && bind(probe, (struct sockaddr *)&any,
                                        sizeof(any)) == 0;

    close(probe);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (!have_ipv6 && !cases[i].ipv4) {
            continue;
        }

        Chardev *chr = create("socket,id=s,host=,port=0,server=on,wait=off%s",
                              cases[i].families);
        int fd = tcp_connect(AF_INET, port_of(chr));
        int fd6 = tcp_connect(AF_INET6, port_of(chr));

        g_assert_true((fd >= 0) == cases[i].ipv4);
        g_assert_true((fd6 >= 0) == (cases[i].ipv6 && have_ipv6));
        if (fd >= 0) {
            close(fd);
        }
        if (fd6 >= 0) {
            close(fd6);
        }
        drop(chr);
    }
    if (!have_ipv6) {
        g_test_message("no IPv6 here: its half was not tried");
    }
}

/* Behaviour */

static void test_users(void)
{
    g_autofree char *path = in_directory("users");
    Chardev *chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    Heard *heard = attach(chr);
    const ChardevUser user = { .received = heard_received, .opaque = heard };
    GError *error = NULL;
    int fd;

    g_assert_true(chardev_is_attached(chr));
    g_assert_false(chardev_attach(chr, &user, &error));
    g_assert_cmpstr(error->message, ==, "Device 's' is in use");
    g_error_free(error);

    fd = unix_connect(path);
    WAIT_FOR(heard->opened == 1);
    chardev_detach(chr);
    chardev_detach(chr);
    g_assert_false(chardev_is_attached(chr));
    put(fd, "kept");
    settle();
    g_assert_cmpuint(heard->bytes->len, ==, 0);
    heard_free(heard);

    /* The next user finds the client, and what it has sent. */
    heard = attach(chr);
    g_assert_cmpuint(heard->opened, ==, 1);
    WAIT_FOR(heard->bytes->len == 4);
    close(fd);
    drop(chr);
    heard_free(heard);
}

static void test_can_receive(void)
{
    g_autofree char *path = in_directory("can-receive");
    Chardev *chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    Heard *heard = attach(chr);
    int fd = unix_connect(path);

    heard->room = 0;
    WAIT_FOR(heard->opened == 1);
    put(fd, "abcdef");
    settle();
    g_assert_cmpuint(heard->bytes->len, ==, 0);
    heard->room = 2;
    settle();
    g_assert_cmpuint(heard->bytes->len, ==, 0);
    chardev_accept_input(chr);
    WAIT_FOR(heard->bytes->len == 6);
    /* What was sent before the end arrives before the end is told. */
    heard->room = 0;
    put(fd, "ghi");
    close(fd);
    settle();
    g_assert_cmpuint(heard->closed, ==, 0);
    heard->room = 1;
    chardev_accept_input(chr);
    WAIT_FOR(heard->closed == 1);
    g_assert_cmpstr(heard->bytes->str, ==, "abcdefghi");
    drop(chr);
    heard_free(heard);
}

/* A client that does not read: output waits, up to the limit. */
/* No descriptor for a client: said once, tried again until there is one. */
static void test_no_descriptors(void)
{
    g_autofree char *path = in_directory("no-descriptors");
    Chardev *chr;
    Heard *heard;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int client = socket(AF_UNIX, SOCK_STREAM, 0), saved = dup(STDERR_FILENO);
    FILE *captured = tmpfile();
    gint64 end = g_get_monotonic_time() + 1300 * 1000;
    struct rlimit before, none;
    unsigned lines = 0;
    int c;

    if (under_valgrind()) {
        g_test_skip("valgrind accepts the client and closes it at once");
        close(client);
        close(saved);
        fclose(captured);
        return;
    }
    chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    heard = attach(chr);
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    settle();
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    dup2(fileno(captured), STDERR_FILENO);
    c = dup(client);
    g_assert_cmpint(c, >, 0);
    close(c);
    none = before;
    none.rlim_cur = (rlim_t)c;  /* the lowest that is free */
    setrlimit(RLIMIT_NOFILE, &none);
    g_assert_cmpint(connect(client, (struct sockaddr *)&address,
                            sizeof(address)), ==, 0);
    while (g_get_monotonic_time() < end) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(10000);
    }
    setrlimit(RLIMIT_NOFILE, &before);
    dup2(saved, STDERR_FILENO);
    close(saved);
    g_assert_cmpuint(heard->opened, ==, 0);
    WAIT_FOR(heard->opened == 1);

    rewind(captured);
    while ((c = fgetc(captured)) != EOF) {
        lines += c == '\n';
    }
    fclose(captured);
    g_assert_cmpuint(lines, ==, 1);
    close(client);
    WAIT_FOR(heard->closed == 1);
    drop(chr);
    heard_free(heard);
}

/* What a client left unread must not lock out the next one. */
static void test_gone_unread(void)
{
    g_autofree char *path = in_directory("gone-unread");
    Chardev *chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    Heard *heard = attach(chr);

    heard->room = 0;
    for (unsigned n = 1; n <= 3; n++) {
        int fd = unix_connect(path);

        WAIT_FOR(heard->opened == n);
        g_assert_cmpuint(heard->closed, ==, n - 1);
        g_assert_true(chardev_write(chr, "hi", 2));
        expect(fd, "hi");
        put(fd, "unread");
        settle();
        /* It only waits for an answer to what it said: it stays. */
        shutdown(fd, SHUT_WR);
        settle();
        g_assert_true(chardev_write(chr, "ho", 2));
        expect(fd, "ho");
        close(fd);
        settle();
        g_assert_cmpuint(heard->closed, ==, n - 1);
    }
    /* Nobody else came: the last one's words are still to be had. */
    heard->room = SIZE_MAX;
    chardev_accept_input(chr);
    WAIT_FOR(heard->closed == 3);
    g_assert_cmpstr(heard->bytes->str, ==, "unread");
    drop(chr);
    heard_free(heard);
}

static void test_write_limit(void)
{
    g_autofree char *path = in_directory("limit");
    Chardev *chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    Heard *heard = attach(chr);
    size_t piece = 1 << 20, total = 0, got = 0;
    g_autofree char *bytes = g_malloc(CHARDEV_MAX_PENDING + 1);
    g_autofree char *buffer = g_malloc(piece);
    int fd = unix_connect(path);

    WAIT_FOR(heard->opened == 1);
    for (size_t i = 0; i <= CHARDEV_MAX_PENDING; i++) {
        bytes[i] = (char)(i * 7 >> 3);
    }
    g_assert_false(chardev_write(chr, bytes, CHARDEV_MAX_PENDING + 1));
    while (chardev_write(chr, bytes + total % CHARDEV_MAX_PENDING, piece)) {
        total += piece;
        g_assert_cmpuint(chardev_pending(chr), <=, CHARDEV_MAX_PENDING);
    }
    g_assert_cmpuint(chardev_pending(chr), >, CHARDEV_MAX_PENDING - piece);
    g_assert_cmpuint(heard->drained, ==, 0);

    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (got < total) {
        ssize_t n = read(fd, buffer, piece);

        g_main_context_iteration(NULL, FALSE);
        for (ssize_t i = 0; i < n; i++, got++) {
            g_assert_true(buffer[i] == bytes[got % CHARDEV_MAX_PENDING]);
        }
    }
    WAIT_FOR(heard->drained == 1);
    g_assert_cmpuint(chardev_pending(chr), ==, 0);
    g_assert_true(chardev_write(chr, "more", 4));
    close(fd);
    drop(chr);
    heard_free(heard);
}

/* A client that has finished talking still gets everything. */
static void test_half_closed(void)
{
    g_autofree char *path = in_directory("half-closed");
    Chardev *chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    Heard *heard = attach(chr);
    size_t len = 3 << 20, got = 0;
    g_autofree char *bytes = g_malloc0(len);
    g_autofree char *buffer = g_malloc(len);
    int fd = unix_connect(path);
    ssize_t n = 1;

    WAIT_FOR(heard->opened == 1);
    g_assert_true(chardev_write(chr, bytes, len));
    g_assert_cmpuint(chardev_pending(chr), >, 0);
    shutdown(fd, SHUT_WR);
    settle();
    g_assert_cmpuint(heard->closed, ==, 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (n != 0) {
        g_main_context_iteration(NULL, FALSE);
        n = read(fd, buffer, len);
        got += n > 0 ? (size_t)n : 0;
    }
    g_assert_cmpuint(got, ==, len);
    WAIT_FOR(heard->closed == 1);
    close(fd);
    drop(chr);
    heard_free(heard);
}

/* Writing to a client that has gone: its last words are heard, then its end. */
static void test_gone(void)
{
    g_autofree char *path = in_directory("gone");
    Chardev *chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    Heard *heard = attach(chr);
    int fd = unix_connect(path);

    WAIT_FOR(heard->opened == 1);
    put(fd, "last words");
    close(fd);
    g_assert_false(chardev_write(chr, "x", 1));
    g_assert_cmpuint(heard->closed, ==, 0);
    WAIT_FOR(heard->closed == 1);
    g_assert_cmpstr(heard->bytes->str, ==, "last words");

    /* And with output that waited. */
    g_autofree char *bytes = g_malloc0(4 << 20);

    fd = unix_connect(path);
    WAIT_FOR(heard->opened == 2);
    g_assert_true(chardev_write(chr, bytes, 4 << 20));
    close(fd);
    WAIT_FOR(heard->closed == 2);
    g_assert_cmpuint(chardev_pending(chr), ==, 0);

    /* The next client gets nothing of it. */
    fd = unix_connect(path);
    WAIT_FOR(heard->opened == 3);
    g_assert_true(chardev_write(chr, "new", 3));
    expect(fd, "new");
    close(fd);
    drop(chr);
    heard_free(heard);
}

static void test_flush(void)
{
    g_autofree char *path = in_directory("flush");
    Chardev *chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    Heard *heard = attach(chr);
    g_autofree char *bytes = g_malloc0(2 << 20);
    int fd = unix_connect(path);
    gint64 before;

    WAIT_FOR(heard->opened == 1);
    g_assert_true(chardev_write(chr, bytes, 2 << 20));
    before = g_get_monotonic_time();
    chardev_flush(chr, 50);
    g_assert_cmpint(g_get_monotonic_time() - before, >=, 50 * 1000);
    g_assert_cmpuint(chardev_pending(chr), >, 0);
    close(fd);
    chardev_flush(chr, 50000);
    g_assert_cmpuint(chardev_pending(chr), ==, 0);
    drop(chr);
    heard_free(heard);
}

static unsigned open_descriptors(void)
{
    GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(dir)) {
        n++;
    }
    g_dir_close(dir);
    return n;
}

/* Pass @n descriptors with one byte. */
static void put_fds(int socket, const int *fds, size_t n)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(250 * sizeof(int))];
    } control = { .bytes = { 0 } };
    char byte = 'd';
    struct iovec iov = { &byte, 1 };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
                          .msg_control = &control,
                          .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
    struct cmsghdr *header = CMSG_FIRSTHDR(&msg);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(n * sizeof(int));
    memcpy(CMSG_DATA(header), fds, n * sizeof(int));
    g_assert_cmpint(sendmsg(socket, &msg, 0), ==, 1);
}

/* Descriptors for a user that takes none do not become ours. */
static void test_descriptors(void)
{
    g_autofree char *path = in_directory("descriptors");
    Chardev *chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    Heard *heard = attach(chr);
    int fd = unix_connect(path);
    int fds[250];
    unsigned before;

    WAIT_FOR(heard->opened == 1);
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        fds[i] = 2;
    }
    before = open_descriptors();
    for (size_t i = 0; i < 40; i++) {
        put_fds(fd, fds, G_N_ELEMENTS(fds));
        WAIT_FOR(heard->bytes->len == i + 1);
    }
    g_assert_cmpint(chardev_take_fd(chr), ==, -1);
    g_assert_cmpuint(open_descriptors(), ==, before);
    close(fd);
    drop(chr);
    heard_free(heard);
}

static bool same_file(int a, int b)
{
    struct stat of_a, of_b;

    return fstat(a, &of_a) == 0 && fstat(b, &of_b) == 0 &&
           of_a.st_ino == of_b.st_ino && of_a.st_dev == of_b.st_dev;
}

/* They wait in the order they came, until two messages have gone by, others
 * come, or the other side goes. */
static void test_take_fd(void)
{
    g_autofree char *path = in_directory("take-fd");
    Chardev *chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    Heard *heard = attach(chr);
    int fd = unix_connect(path);
    int fds[2], taken, many[250];
    unsigned before;

    chr->user.takes_fds = true;
    g_assert_cmpint(pipe(fds), ==, 0);
    WAIT_FOR(heard->opened == 1);
    before = open_descriptors();
    g_assert_cmpint(chardev_take_fd(chr), ==, -1);
    put_fds(fd, fds, 2);
    WAIT_FOR(heard->bytes->len == 1);
    g_assert_cmpuint(open_descriptors(), ==, before + 2);
    for (int i = 0; i < 2; i++) {
        taken = chardev_take_fd(chr);
        g_assert_true(same_file(taken, fds[i]));
        g_assert_cmpint(fcntl(taken, F_GETFD), ==, FD_CLOEXEC);
        close(taken);
    }
    g_assert_cmpint(chardev_take_fd(chr), ==, -1);

    put_fds(fd, fds, 2);
    WAIT_FOR(heard->bytes->len == 2);
    chardev_age_fds(chr);
    close(chardev_take_fd(chr));
    g_assert_cmpuint(open_descriptors(), ==, before + 1);
    chardev_age_fds(chr);
    g_assert_cmpuint(open_descriptors(), ==, before);

    put_fds(fd, fds, 1);
    WAIT_FOR(heard->bytes->len == 3);
    chardev_age_fds(chr);
    put_fds(fd, fds + 1, 1);
    WAIT_FOR(heard->bytes->len == 4);
    g_assert_cmpuint(open_descriptors(), ==, before + 1);
    taken = chardev_take_fd(chr);
    g_assert_true(same_file(taken, fds[1]));
    close(taken);

    for (size_t i = 0; i < G_N_ELEMENTS(many); i++) {
        many[i] = fds[0];
    }
    for (size_t i = 0; i < 40; i++) {
        put_fds(fd, many, G_N_ELEMENTS(many));
        WAIT_FOR(heard->bytes->len == i + 5);
        g_assert_cmpuint(open_descriptors(), ==, before + CHARDEV_MAX_FDS);
    }
    close(fd);
    WAIT_FOR(heard->closed == 1);
    /* its own and the connection's */
    g_assert_cmpuint(open_descriptors(), ==, before - 2);
    close(fds[0]);
    close(fds[1]);
    drop(chr);
    heard_free(heard);
}

static void test_many_clients(void)
{
    g_autofree char *path = in_directory("many");
    Chardev *chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    Heard *heard = attach(chr);
    unsigned before = open_descriptors();

    for (unsigned i = 1; i <= 500; i++) {
        close(unix_connect(path));
        WAIT_FOR(heard->closed == i);
    }
    g_assert_cmpuint(open_descriptors(), ==, before);
    drop(chr);
    heard_free(heard);
}

static unsigned asked;

static bool give_up(void)
{
    return ++asked == 2;
}

static gpointer connect_later(gpointer path)
{
    g_usleep(50000);
    return GINT_TO_POINTER(unix_connect(path));
}

static void test_wait(void)
{
    g_autofree char *path = in_directory("wait");
    g_autofree char *expected = g_strdup_printf(
        "unix:%s: no longer waiting for a client", path);
    Chardev *chr = create("socket,id=s,path=%s,server=on", path);
    Chardev *null = create("null,id=n");
    GError *error = NULL;
    GThread *thread;
    int fd;

    g_assert_false(chardev_wait_connected(chr, give_up, &error));
    g_assert_cmpstr(error->message, ==, expected);
    g_clear_error(&error);

    thread = g_thread_new("client", connect_later, path);
    g_assert_true(chardev_wait_connected(chr, NULL, &error));
    g_assert_no_error(error);
    g_assert_true(chardev_is_open(chr));
    fd = GPOINTER_TO_INT(g_thread_join(thread));
    g_assert_true(chardev_write(chr, "hi", 2));
    expect(fd, "hi");
    /* Nothing to wait for. */
    g_assert_true(chardev_wait_connected(chr, NULL, &error));
    g_assert_true(chardev_wait_connected(null, NULL, &error));
    settle();
    close(fd);
    drop(chr);
    drop(null);

    chr = create("socket,id=s,path=%s,server=on,wait=off", path);
    g_assert_true(chardev_wait_connected(chr, NULL, &error));
    g_assert_false(chardev_is_open(chr));
    drop(chr);
}

/* Short notation */

static void check_shorthand(const char *text, const char *expected)
{
    GError *error = NULL;
    ChardevOptions *options = chardev_parse_shorthand(text, "x", &error);
    json_object *json;

    g_assert_no_error(error);
    json = qapi_to_json(&qapi_type_ChardevOptions, options);
    g_assert_cmpstr(json_object_to_json_string_ext(json,
                                                   JSON_C_TO_STRING_PLAIN),
                    ==, expected);
    json_object_put(json);
    qapi_free(&qapi_type_ChardevOptions, options);
}

static void check_shorthand_refused(const char *text, const char *expected)
{
    GError *error = NULL;

    g_assert_null(chardev_parse_shorthand(text, "x", &error));
    g_assert_cmpstr(error->message, ==, expected);
    g_error_free(error);
}

#define BASE(backend) "{\"id\":\"x\",\"backend\":\"" backend "\"," \
    "\"logappend\":false"
#define UNIX(path, more) BASE("socket") \
    ",\"path\":\"" path "\",\"abstract\":false,\"tight\":true," \
    more ",\"nodelay\":false}"
#define TCP(host, port, more) BASE("socket") \
    ",\"abstract\":false,\"tight\":true,\"host\":\"" host "\",\"port\":\"" port "\"," more "}"

static void test_shorthand(void)
{
    check_shorthand("stdio",
                    BASE("stdio") ",\"signal\":true}");
    check_shorthand("null", BASE("null") "}");
    check_shorthand("file:a,b=c", BASE("file")
                    ",\"path\":\"a,b=c\",\"append\":false}");
    check_shorthand("pty", BASE("pty") "}");
    check_shorthand("pipe:a,b", BASE("pipe") ",\"path\":\"a,b\"}");
    check_shorthand("unix:a", UNIX("a", "\"server\":false,\"reconnect\":0,\"wait\":true"));
    check_shorthand("unix:a,server=on,wait=off",
                    UNIX("a", "\"server\":true,\"reconnect\":0,\"wait\":false"));
    check_shorthand("unix:a,server,nowait",
                    UNIX("a", "\"server\":true,\"reconnect\":0,\"wait\":false"));
    check_shorthand("unix:a,,b,server",
                    UNIX("a,b", "\"server\":true,\"reconnect\":0,\"wait\":true"));
    check_shorthand("tcp:h:1", TCP("h", "1", "\"server\":false,\"reconnect\":0,\"wait\":true,"
                                   "\"nodelay\":false"));
    check_shorthand("tcp::4444,server,nowait,nodelay",
                    TCP("", "4444", "\"server\":true,\"reconnect\":0,\"wait\":false,"
                        "\"nodelay\":true"));
    check_shorthand("tcp:[::1]:80,server=on",
                    TCP("::1", "80", "\"server\":true,\"reconnect\":0,\"wait\":true,"
                        "\"nodelay\":false"));

    check_shorthand_refused("foo", "'foo' is not a character device: expected "
                            "stdio, null, pty, file:PATH, pipe:PATH, "
                            "unix:PATH or "
                            "tcp:HOST:PORT");
    check_shorthand_refused("stdio,x", "'stdio,x' is not a character device: "
                            "expected stdio, null, pty, file:PATH, "
                            "pipe:PATH, unix:PATH or "
                            "tcp:HOST:PORT");
    check_shorthand_refused("tcp:1", "tcp:1: expected tcp:HOST:PORT");
    check_shorthand_refused("unix:a,id=y", "Invalid parameter 'id'");
    check_shorthand_refused("unix:a,backend=null",
                            "Invalid parameter 'backend'");
}

int main(int argc, char **argv)
{
    int result;

    /* As the program does. */
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    /* not in $TMPDIR, which may be too long for the names of sockets */
    directory = g_mkdtemp(g_strdup("/tmp/chardev-XXXXXX"));
    g_assert_nonnull(directory);
    g_test_add_func("/chardev/null", test_null);
    g_test_add_func("/chardev/file", test_file);
    g_test_add_func("/chardev/file-errors", test_file_errors);
    g_test_add_func("/chardev/file-full", test_file_full);
    g_test_add_func("/chardev/stdio", test_stdio);
    g_test_add_func("/chardev/unix-server", test_unix_server);
    g_test_add_func("/chardev/unix-client", test_unix_client);
    g_test_add_func("/chardev/connect-signal", test_connect_signal);
    g_test_add_func("/chardev/backlog", test_backlog);
    g_test_add_func("/chardev/in-use", test_in_use);
    g_test_add_func("/chardev/path-errors", test_path_errors);
    g_test_add_func("/chardev/option-errors", test_option_errors);
    g_test_add_func("/chardev/tcp", test_tcp);
    g_test_add_func("/chardev/tcp-name", test_tcp_name);
    g_test_add_func("/chardev/tcp-every-address", test_tcp_every_address);
    g_test_add_func("/chardev/users", test_users);
    g_test_add_func("/chardev/can-receive", test_can_receive);
    g_test_add_func("/chardev/no-descriptors", test_no_descriptors);
    g_test_add_func("/chardev/gone-unread", test_gone_unread);
    g_test_add_func("/chardev/write-limit", test_write_limit);
    g_test_add_func("/chardev/half-closed", test_half_closed);
    g_test_add_func("/chardev/gone", test_gone);
    g_test_add_func("/chardev/flush", test_flush);
    g_test_add_func("/chardev/descriptors", test_descriptors);
    g_test_add_func("/chardev/take-fd", test_take_fd);
    g_test_add_func("/chardev/many-clients", test_many_clients);
    g_test_add_func("/chardev/wait", test_wait);
    g_test_add_func("/chardev/shorthand", test_shorthand);
    result = g_test_run();

    GDir *dir = g_dir_open(directory, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = in_directory(name);

        g_unlink(path);
    }
    g_dir_close(dir);
    g_rmdir(directory);
    g_free(directory);
    return result;
}
