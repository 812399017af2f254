/*
 * The floor: a process that answers QMP and qtest and emulates nothing
 *
 * Every reply is canned.  No program that keeps the protocols can be faster,
 * so the distance to it is what is ours to shorten.  It takes the same options
 * as the real ones and ignores all but -qmp and -qtest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FLOOR_GREETING \
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 0, " \
    "\"major\": 0}, \"package\": \"floor\"}, \"capabilities\": []}}\r\n"
#define FLOOR_STATUS \
    "{\"return\": {\"status\": \"prelaunch\", \"singlestep\": false, " \
    "\"running\": false}}\r\n"
#define FLOOR_READ_MAX (1 << 20)

typedef struct Mouth {
    int in_fd;
    int out_fd;
    bool qmp;
    size_t len;
    char buf[65536];
} Mouth;

static void put(const Mouth *mouth, const char *text)
{
    size_t left = strlen(text);

    while (left) {
        ssize_t n = write(mouth->out_fd, text, left);

        if (n <= 0) {
            exit(EXIT_SUCCESS);
        }
        text += n;
        left -= n;
    }
}

static void attach(Mouth *mouth, const char *where)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    mouth->in_fd = STDIN_FILENO;
    mouth->out_fd = STDOUT_FILENO;
    if (!strcmp(where, "stdio")) {
        return;
    }
    if (strncmp(where, "unix:", 5) ||
        strlen(where + 5) >= sizeof(address.sun_path)) {
        exit(EXIT_FAILURE);
    }
    strcpy(address.sun_path, where + 5);
    mouth->in_fd = mouth->out_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(mouth->in_fd, (struct sockaddr *)&address,
                sizeof(address)) < 0) {
        exit(EXIT_FAILURE);
    }
}

static void answer_qmp(const Mouth *mouth, const char *line)
{
    if (strstr(line, "\"query-status\"")) {
        put(mouth, FLOOR_STATUS);
        return;
    }
    put(mouth, "{\"return\": {}}\r\n");
    if (strstr(line, "\"quit\"")) {
        exit(EXIT_SUCCESS);
    }
}

static void answer_qtest(const Mouth *mouth, const char *line)
{
    static char reply[2 * FLOOR_READ_MAX + sizeof("OK 0x\n")] = "OK 0x";
    char *digits = reply + strlen("OK 0x");
    long address, size;

    if (sscanf(line, "read %li %li", &address, &size) == 2 && size > 0 &&
        size <= FLOOR_READ_MAX) {
        memset(digits, '0', 2 * size);
        strcpy(digits + 2 * size, "\n");
        put(mouth, reply);
    } else if (!strncmp(line, "read", 4) || !strncmp(line, "in", 2)) {
        put(mouth, "OK 0x0000000000000000\n");
    } else {
        put(mouth, "OK\n");
    }
}

static void listen_to(Mouth *mouth)
{
    ssize_t n = read(mouth->in_fd, mouth->buf + mouth->len,
                     sizeof(mouth->buf) - mouth->len);
    char *end;

    if (n <= 0) {
        exit(EXIT_SUCCESS);
    }
    mouth->len += n;
    while ((end = memchr(mouth->buf, '\n', mouth->len))) {
        *end = '\0';
        (mouth->qmp ? answer_qmp : answer_qtest)(mouth, mouth->buf);
        mouth->len -= end + 1 - mouth->buf;
        memmove(mouth->buf, end + 1, mouth->len);
    }
}

int main(int argc, char **argv)
{
    static Mouth mouth;
    struct pollfd ready = { .events = POLLIN };

    for (int i = 1; i + 1 < argc; i++) {
        mouth.qmp = !strcmp(argv[i], "-qmp");
        if (mouth.qmp || !strcmp(argv[i], "-qtest")) {
            attach(&mouth, argv[i + 1]);
            break;
        }
    }
    if (mouth.qmp) {
        put(&mouth, FLOOR_GREETING);
    }
    ready.fd = mouth.in_fd;
    while (poll(&ready, 1, -1) > 0) {
        listen_to(&mouth);
    }
    return EXIT_SUCCESS;
}
