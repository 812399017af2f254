/*
 * Lines to and from a measured program, and the two protocols on them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "channel.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "child.h"

#define CHANNEL_ROOM 65536

void channel_init(Channel *channel, int in_fd, int out_fd)
{
    *channel = (Channel){
        .in_fd = in_fd, .out_fd = out_fd,
        .buf = g_malloc(CHANNEL_ROOM), .size = CHANNEL_ROOM,
    };
}

void channel_connect(Channel *channel, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    if (fd < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        bench_die("%s: %s", path, g_strerror(errno));
    }
    channel_init(channel, fd, fd);
}

void channel_cleanup(Channel *channel)
{
    close(channel->in_fd);
    if (channel->out_fd != channel->in_fd) {
        close(channel->out_fd);
    }
    g_free(channel->buf);
}

static void channel_write(const Channel *channel, const char *text)
{
    size_t left = strlen(text);

    while (left) {
        ssize_t n = write(channel->out_fd, text, left);

        if (n < 0 && errno != EINTR) {
            bench_die("cannot write to the program: %s", g_strerror(errno));
        }
        if (n > 0) {
            text += n;
            left -= n;
        }
    }
}

static void channel_fill(Channel *channel)
{
    ssize_t n;

    if (channel->size - channel->len < CHANNEL_ROOM / 2) {
        channel->size *= 2;
        channel->buf = g_realloc(channel->buf, channel->size);
    }
    do {
        n = read(channel->in_fd, channel->buf + channel->len,
                 channel->size - channel->len);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) {
        bench_die("the program closed its channel");
    }
    channel->len += n;
}

/** The next line without its newline. */
static char *channel_read(Channel *channel)
{
    size_t seen = 0;

    channel->len -= channel->used;
    memmove(channel->buf, channel->buf + channel->used, channel->len);
    channel->used = 0;
    for (;;) {
        char *end = memchr(channel->buf + seen, '\n', channel->len - seen);

        if (end) {
            *end = '\0';
            channel->used = end - channel->buf + 1;
            return channel->buf;
        }
        seen = channel->len;
        channel_fill(channel);
    }
}

const char *qmp_expect(Channel *channel, const char *key)
{
    for (;;) {
        const char *line = channel_read(channel);

        if (g_str_has_prefix(line, "{\"error\"")) {
            bench_die("QMP: %s", line);
        }
        if (strstr(line, key)) {
            return line;
        }
    }
}

const char *qmp_command(Channel *channel, const char *name)
{
    char text[128];

    g_snprintf(text, sizeof(text), "{\"execute\": \"%s\"}\n", name);
    channel_write(channel, text);
    return qmp_expect(channel, "\"return\"");
}

void qmp_send(Channel *channel, int fd, const char *fmt, ...)
{
    char control[CMSG_SPACE(sizeof(int))] = { 0 };
    struct iovec bytes;
    struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };
    char text[1024];
    va_list args;

    va_start(args, fmt);
    bytes.iov_len = g_vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    bytes.iov_base = text;
    g_assert(bytes.iov_len < sizeof(text));
    if (fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof(control);
        *CMSG_FIRSTHDR(&message) = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(fd)),
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
        };
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &fd, sizeof(fd));
    }
    /* less than what a socket takes at once */
    if (sendmsg(channel->out_fd, &message, 0) != (ssize_t)bytes.iov_len) {
        bench_die("cannot write to the program: %s", g_strerror(errno));
    }
}

const char *qtest_line(Channel *channel, const char *text)
{
    channel_write(channel, text);
    for (;;) {
        const char *line = channel_read(channel);

        if (g_str_has_prefix(line, "OK")) {
            return line[2] == ' ' ? line + 3 : line + 2;
        }
        if (!g_str_has_prefix(line, "IRQ ")) {
            bench_die("qtest: %.60s: %s", text, line);
        }
    }
}

const char *qtest_command(Channel *channel, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    int len;

    va_start(args, fmt);
    len = g_vsnprintf(text, sizeof(text) - 1, fmt, args);
    va_end(args);
    g_assert(len < (int)sizeof(text) - 1);
    strcpy(text + len, "\n");
    return qtest_line(channel, text);
}
