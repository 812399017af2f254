/*
 * Tests of character devices: sockets that come by other ways, pipes,
 * terminals, ring buffers, logs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "chardev/char-impl.h"
#include "chardev/char-ringbuf.h"
#include "qapi/walker.h"
#include "util/fd-names.h"
#include "wait-for.h"

/* Apparatus */

static char *directory;

static char *in_directory(const char *name)
{
    return g_build_filename(directory, name, NULL);
}

typedef struct Heard {
    GString *bytes;
    unsigned opened, closed;
} Heard;

static void heard_received(void *opaque, const uint8_t *bytes, size_t len)
{
    g_string_append_len(((Heard *)opaque)->bytes, (const char *)bytes,
                        (gssize)len);
}

static void heard_event(void *opaque, ChardevEvent event)
{
    Heard *heard = opaque;

    *(event == CHARDEV_OPENED ? &heard->opened : &heard->closed) += 1;
}

static Heard *attach(Chardev *chr)
{
    Heard *heard = g_new0(Heard, 1);
    const ChardevUser user = {
        .received = heard_received,
        .event = heard_event,
        .opaque = heard,
    };

    heard->bytes = g_string_new(NULL);
    g_assert_true(chardev_attach(chr, &user, NULL));
    return heard;
}

static void drop(Chardev *chr, Heard *heard)
{
    object_free((Object *)chr);
    if (heard) {
        g_string_free(heard->bytes, TRUE);
        g_free(heard);
    }
}

static Chardev *make(bool running, GError **error, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);

/* From the text of -chardev. */
static Chardev *make(bool running, GError **error, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    ChardevOptions *options;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    options = qapi_parse_option(&qapi_type_ChardevOptions, text, "backend",
                                NULL, error);
    g_assert_nonnull(options);
    return running ? chardev_create_running(options, error)
                   : chardev_create(options, error);
}

static void assert_error(GError **error, const char *expected)
{
    g_assert_nonnull(*error);
    g_assert_cmpstr((*error)->message, ==, expected);
    g_clear_error(error);
}

static void assert_filename(const Chardev *chr, const char *expected)
{
    g_autofree char *filename = chardev_filename(chr);

    g_assert_cmpstr(filename, ==, expected);
}

static void expect(int fd, const char *text)
{
    char bytes[64];
    size_t len = strlen(text), done = 0;

    while (done < len) {
        ssize_t n = read(fd, bytes + done, len - done);

        g_assert_cmpint(n, >, 0);
        done += (size_t)n;
    }
    g_assert_cmpmem(bytes, done, text, len);
}

static int unix_listen(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==,
                    0);
    g_assert_cmpint(listen(fd, 4), ==, 0);
    return fd;
}

/* Both directions between @fd and @chr. */
static void assert_talks(Chardev *chr, Heard *heard, int fd)
{
    g_string_truncate(heard->bytes, 0);
    g_assert_cmpint(write(fd, "in", 2), ==, 2);
    WAIT_FOR(heard->bytes->len == 2);
    g_assert_cmpstr(heard->bytes->str, ==, "in");
    g_assert_true(chardev_write(chr, "out", 3));
    expect(fd, "out");
}

/* Sockets */

static void test_fd_number(void)
{
    g_autoptr(GError) error = NULL;
    int fds[2], file = open("/dev/null", O_RDWR);
    Chardev *chr;
    Heard *heard;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    g_assert_null(make(false, &error, "socket,id=s,fd=%d,server=on", file));
    g_clear_error(&error);
    g_assert_cmpint(fcntl(file, F_GETFD), ==, -1);

    chr = make(false, &error, "socket,id=s,fd=%d", fds[0]);
    g_assert_no_error(error);
    g_assert_cmpint(fcntl(fds[0], F_GETFD), ==, FD_CLOEXEC);
    assert_filename(chr, "unix:");
    heard = attach(chr);
    assert_talks(chr, heard, fds[1]);
    close(fds[1]);
    WAIT_FOR(heard->closed == 1);
    drop(chr, heard);

    g_assert_null(make(false, &error, "socket,id=s,fd=x"));
    assert_error(&error, "fd=x: expected the number of a descriptor");
    g_assert_null(make(false, &error, "socket,id=s,fd=1000000"));
    assert_error(&error, "fd=1000000: there is no such descriptor");
    /* One of our own */
    file = open("/dev/null", O_RDWR | O_CLOEXEC);
    g_assert_null(make(false, &error, "socket,id=s,fd=%d", file));
    g_clear_error(&error);
    g_assert_cmpint(fcntl(file, F_GETFD), ==, FD_CLOEXEC);
    close(file);
}

static void assert_name_refused(int fd, const char *more, const char *expected)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(fd_names_add("sock", fd, NULL));
    g_assert_null(make(true, &error, "socket,id=s,fd=sock%s", more));
    assert_error(&error, expected);
    g_assert_cmpint(fcntl(fd, F_GETFD), ==, -1);
}

static void test_fd_name(void)
{
    g_autofree char *path = in_directory("listening");
    g_autofree char *filename = g_strdup_printf("disconnected:unix:%s,"
                                                "server=on", path);
    g_autoptr(GError) error = NULL;
    int fds[2], listener = unix_listen(path);
    struct stat st;
    Chardev *chr;

    g_assert_null(make(true, &error, "socket,id=s,fd=nobody"));
    assert_error(&error, "fd=nobody: File descriptor named 'nobody' has not "
                 "been found");
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    assert_name_refused(fds[0], ",server=on", "fd=sock: the socket does not "
                        "listen, as server=on needs it");
    close(fds[1]);
    assert_name_refused(dup(listener), "", "fd=sock: the socket listens; use "
                        "it with server=on");
    assert_name_refused(socket(AF_UNIX, SOCK_STREAM, 0), "", "fd=sock: the "
                        "socket is not connected");
    assert_name_refused(socket(AF_UNIX, SOCK_DGRAM, 0), "", "fd=sock: the "
                        "descriptor is not a stream socket");
    assert_name_refused(open("/dev/null", O_RDWR), "", "fd=sock: the "
                        "descriptor is not a socket");

    g_assert_true(fd_names_add("sock", listener, NULL));
    chr = make(true, &error, "socket,id=s,fd=sock,server=on");
    g_assert_no_error(error);
    assert_filename(chr, filename);
    drop(chr, NULL);
    /* Who made the path removes it. */
    g_assert_cmpint(stat(path, &st), ==, 0);
    unlink(path);
}

static void test_abstract(void)
{
    g_autofree char *path = in_directory("abstract");
    g_autoptr(GError) error = NULL;
    g_autofree char *in_use = g_strdup_printf("path=%s: another process is "
                                              "listening there: Address "
                                              "already in use", path);
    Chardev *server, *client;
    Heard *server_heard, *client_heard;

    server = make(false, &error, "socket,id=s,path=%s,abstract=on,server=on,"
                  "wait=off", path);
    g_assert_no_error(error);
    g_assert_cmpint(access(path, F_OK), ==, -1);
    g_assert_null(make(false, &error, "socket,id=t,path=%s,abstract=on,"
                       "server=on,wait=off", path));
    assert_error(&error, in_use);
    /* Another name */
    g_assert_null(make(false, &error, "socket,id=c,path=%s,abstract=on,"
                       "tight=off", path));
    g_clear_error(&error);
    client = make(false, &error, "socket,id=c,path=%s,abstract=on", path);
    g_assert_no_error(error);
    server_heard = attach(server);
    client_heard = attach(client);
    WAIT_FOR(server_heard->opened == 1);
    g_assert_true(chardev_write(client, "hello", 5));
    WAIT_FOR(server_heard->bytes->len == 5);
    drop(client, client_heard);
    WAIT_FOR(server_heard->closed == 1);
    drop(server, server_heard);
}

static void test_reconnect(void)
{
    g_autofree char *path = in_directory("reconnect");
    g_autoptr(GError) error = NULL;
    Chardev *chr;
    Heard *heard;
    int listener, fd;

    if (g_test_subprocess()) {
        /* Several attempts fail, and one line is said. */
        chr = make(false, &error, "socket,id=s,path=%s,reconnect=1",
                   "/nowhere/at/all");
        heard = attach(chr);
        g_usleep(1200 * 1000);
        for (int i = 0; i < 5; i++) {
            g_main_context_iteration(NULL, FALSE);
        }
        drop(chr, heard);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("warning: chardev 's': cannot connect to "
                              "unix:/nowhere/at/all: No such file or "
                              "directory\n");

    listener = unix_listen(path);
    chr = make(false, &error, "socket,id=s,path=%s,reconnect=1", path);
    g_assert_no_error(error);
    heard = attach(chr);
    for (unsigned i = 1; i <= 2; i++) {
        WAIT_FOR(heard->opened == i);
        fd = accept(listener, NULL, NULL);
        assert_talks(chr, heard, fd);
        close(fd);
        WAIT_FOR(heard->closed == i);
    }
    drop(chr, heard);
    close(listener);
    unlink(path);
}

static void test_running(void)
{
    g_autoptr(GError) error = NULL;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
    Chardev *chr;
    Heard *heard;

    g_assert_null(make(true, &error, "socket,id=s,host=no.such.host,port=1"));
    assert_error(&error, "host=no.such.host: is a name, which may take long "
                 "to look up; a running machine takes addresses only");
    g_assert_cmpint(bind(listener, (struct sockaddr *)&address, len), ==, 0);
    g_assert_cmpint(getsockname(listener, (struct sockaddr *)&address, &len),
                    ==, 0);
    g_assert_null(make(true, &error, "socket,id=s,host=127.0.0.1,port=%u",
                       ntohs(address.sin_port)));
    g_assert_true(g_str_has_suffix(error->message,
                                   "cannot connect: Connection refused"));
    g_clear_error(&error);
    g_assert_cmpint(listen(listener, 1), ==, 0);
    chr = make(true, &error, "socket,id=s,host=127.0.0.1,port=%u",
               ntohs(address.sin_port));
    g_assert_no_error(error);
    heard = attach(chr);
    WAIT_FOR(heard->opened == 1);
    fd = accept(listener, NULL, NULL);
    assert_talks(chr, heard, fd);
    close(fd);
    WAIT_FOR(heard->closed == 1);
    drop(chr, heard);
    close(listener);
}

static void test_add_client(void)
{
    g_autofree char *path = in_directory("add-client");
    g_autoptr(GError) error = NULL;
    Chardev *chr = make(false, &error, "socket,id=s,path=%s,server=on,"
                        "wait=off", path);
    Chardev *null = make(false, &error, "null,id=n");
    Heard *heard = attach(chr);
    int fds[2], more[2];

    for (unsigned i = 1; i <= 2; i++) {
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
        g_assert_true(chardev_add_client(chr, fds[0], &error));
        g_assert_cmpuint(heard->opened, ==, i);
        assert_talks(chr, heard, fds[1]);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, more), ==, 0);
        g_assert_false(chardev_add_client(chr, more[0], &error));
        assert_error(&error, "failed to add client: chardev 's' has a client");
        g_assert_cmpint(fcntl(more[0], F_GETFD), ==, -1);
        close(more[1]);
        close(fds[1]);
        WAIT_FOR(heard->closed == i);
    }
    g_assert_false(chardev_add_client(chr, open("/dev/null", O_RDWR), &error));
    assert_error(&error, "failed to add client: the descriptor is not a "
                 "socket");
    g_assert_false(chardev_add_client(null, open("/dev/null", O_RDWR),
                                      &error));
    assert_error(&error, "failed to add client: chardev 'n' is no socket");
    drop(null, NULL);
    drop(chr, heard);
}

/* The others */

static void test_pipe(void)
{
    g_autofree char *path = in_directory("pipe");
    g_autofree char *in = g_strconcat(path, ".in", NULL);
    g_autofree char *out = g_strconcat(path, ".out", NULL);
    g_autofree char *nothing = g_strdup_printf("path=%s: cannot open it: No "
                                               "such file or directory", path);
    g_autofree char *half = g_strdup_printf("path=%s: cannot open %s: No such "
                                            "file or directory", path, out);
    g_autoptr(GError) error = NULL;
    int in_fd, out_fd;
    Chardev *chr;
    Heard *heard;

    g_assert_null(make(false, &error, "pipe,id=p,path=%s", path));
    assert_error(&error, nothing);
    g_assert_cmpint(mkfifo(in, 0600), ==, 0);
    g_assert_null(make(false, &error, "pipe,id=p,path=%s", path));
    assert_error(&error, half);
    g_assert_cmpint(mkfifo(out, 0600), ==, 0);
    chr = make(false, &error, "pipe,id=p,path=%s", path);
    g_assert_no_error(error);
    heard = attach(chr);
    /* Someone who comes and goes is no end. */
    for (unsigned i = 1; i <= 2; i++) {
        in_fd = open(in, O_WRONLY | O_NONBLOCK);
        out_fd = open(out, O_RDONLY | O_NONBLOCK);
        g_assert_cmpint(write(in_fd, "in", 2), ==, 2);
        WAIT_FOR(heard->bytes->len == 2 * i);
        g_assert_true(chardev_write(chr, "out", 3));
        expect(out_fd, "out");
        close(in_fd);
        close(out_fd);
    }
    assert_filename(chr, "pipe");
    drop(chr, heard);
    unlink(in);
    unlink(out);
}

static void test_pty(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *filename = NULL;
    Chardev *chr = make(true, &error, "pty,id=p");
    Heard *heard = attach(chr);
    int fd;

    g_assert_no_error(error);
    filename = chardev_filename(chr);
    g_assert_true(g_str_has_prefix(filename, "pty:/dev/"));
    g_assert_false(chardev_is_open(chr));
    g_assert_false(chardev_write(chr, "lost", 4));
    for (unsigned i = 1; i <= 2; i++) {
        fd = open(filename + strlen("pty:"), O_RDWR | O_NOCTTY);
        g_assert_cmpint(fd, >=, 0);
        WAIT_FOR(heard->opened == i);
        assert_talks(chr, heard, fd);
        close(fd);
        WAIT_FOR(heard->closed == i);
    }
    drop(chr, heard);
}

/* At the start its name is told where programs look for it. */
static void test_pty_told(void)
{
    if (g_test_subprocess()) {
        drop(make(false, NULL, "pty,id=p"), NULL);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stdout("*char device redirected to /dev/* (label "
                              "p)\n*");
}

static void assert_ring(Chardev *chr, size_t max, const char *expected)
{
    g_autoptr(GByteArray) bytes = chardev_ringbuf_read(chr, max, NULL);

    g_assert_cmpmem(bytes->data, bytes->len, expected, strlen(expected));
}

static void test_ringbuf(void)
{
    g_autoptr(GError) error = NULL;
    Chardev *chr = make(false, &error, "ringbuf,id=r,size=8");
    Chardev *null = make(false, &error, "null,id=n");

    assert_filename(chr, "ringbuf");
    assert_ring(chr, 100, "");
    g_assert_true(chardev_write(chr, "abc", 3));
    g_assert_true(chardev_ringbuf_write(chr, "def", 3, &error));
    assert_ring(chr, 2, "ab");
    g_assert_true(chardev_write(chr, "0123", 4));
    assert_ring(chr, SIZE_MAX, "cdef0123");
    g_assert_true(chardev_write(chr, "123456789abcdef", 15));
    assert_ring(chr, SIZE_MAX, "89abcdef");
    assert_ring(chr, SIZE_MAX, "");
    g_assert_null(chardev_ringbuf_read(null, 1, &error));
    assert_error(&error, "n is not a ringbuf device");
    g_assert_false(chardev_ringbuf_write(null, "x", 1, &error));
    assert_error(&error, "n is not a ringbuf device");
    drop(chr, NULL);
    drop(null, NULL);

    g_assert_null(make(false, &error, "ringbuf,id=r,size=0"));
    assert_error(&error, "size of ringbuf chardev must be power of two");
    g_assert_null(make(false, &error, "ringbuf,id=r,size=24"));
    assert_error(&error, "size of ringbuf chardev must be power of two");
    g_assert_null(make(false, &error, "ringbuf,id=r,size=128M"));
    assert_error(&error, "size=134217728: a ring buffer has at most 67108864 "
                 "bytes");
}

static void assert_file(const char *path, const char *expected)
{
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, expected);
}

static void test_logfile(void)
{
    g_autofree char *path = in_directory("log");
    g_autofree char *socket = in_directory("logged");
    g_autoptr(GError) error = NULL;
    Chardev *chr;

    chr = make(false, &error, "null,id=n,logfile=%s", path);
    g_assert_true(chardev_write(chr, "one", 3));
    drop(chr, NULL);
    chr = make(false, &error, "null,id=n,logfile=%s,logappend=on", path);
    g_assert_true(chardev_write(chr, "two", 3));
    drop(chr, NULL);
    assert_file(path, "onetwo");
    /* Also what nobody receives */
    chr = make(false, &error, "socket,id=s,path=%s,server=on,wait=off,"
               "logfile=%s", socket, path);
    g_assert_no_error(error);
    g_assert_false(chardev_write(chr, "three", 5));
    drop(chr, NULL);
    assert_file(path, "three");
    g_assert_null(make(false, &error, "null,id=n,logfile=/nowhere/x"));
    assert_error(&error, "logfile=/nowhere/x: cannot open it: No such file or "
                 "directory");
    unlink(path);
}

int main(int argc, char **argv)
{
    int result;

    /* As the program does. */
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    /* not in $TMPDIR, which may be too long for the names of sockets */
    directory = g_mkdtemp(g_strdup("/tmp/chardev-kinds-XXXXXX"));
    g_assert_nonnull(directory);
    g_test_add_func("/chardev-kinds/fd-number", test_fd_number);
    g_test_add_func("/chardev-kinds/fd-name", test_fd_name);
    g_test_add_func("/chardev-kinds/abstract", test_abstract);
    g_test_add_func("/chardev-kinds/reconnect", test_reconnect);
    g_test_add_func("/chardev-kinds/running", test_running);
    g_test_add_func("/chardev-kinds/add-client", test_add_client);
    g_test_add_func("/chardev-kinds/pipe", test_pipe);
    g_test_add_func("/chardev-kinds/pty", test_pty);
    g_test_add_func("/chardev-kinds/pty-told", test_pty_told);
    g_test_add_func("/chardev-kinds/ringbuf", test_ringbuf);
    g_test_add_func("/chardev-kinds/logfile", test_logfile);
    result = g_test_run();
    g_rmdir(directory);
    g_free(directory);
    return result;
}
