/*
 * Lines to and from a measured program, and the two protocols on them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "channel.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
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
