/*
 * Programs under measurement: started, watched, reaped
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In the current directory, which is our own. */
#define CHILD_SOCKET "socket"
#define CHILD_LIMIT_S 120

extern char **environ;

static volatile pid_t child_alive;

double bench_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

void bench_die(const char *fmt, ...)
{
    va_list args;

    fputs("vmbench: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    if (child_alive) {
        kill(child_alive, SIGKILL);
    }
    exit(EXIT_FAILURE);
}

static void child_alarm(int sig)
{
    static const char text[] = "vmbench: a program took too long\n";

    if (child_alive) {
        kill(child_alive, SIGKILL);
    }
    _exit(write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ? 4 : 3);
}

static int child_listen(void)
{
    struct sockaddr_un address = {
        .sun_family = AF_UNIX, .sun_path = CHILD_SOCKET,
    };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    unlink(CHILD_SOCKET);
    if (fd < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, 1) < 0) {
        bench_die("%s: %s", CHILD_SOCKET, g_strerror(errno));
    }
    return fd;
}

static int child_accept(int listener)
{
    struct pollfd ready = { .fd = listener, .events = POLLIN };
    int fd;

    while (poll(&ready, 1, 200) == 0) {
        if (waitpid(child_alive, NULL, WNOHANG) > 0) {
            child_alive = 0;
            bench_die("the program ended before it connected");
        }
    }
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        bench_die("%s: %s", CHILD_SOCKET, g_strerror(errno));
    }
    close(listener);
    return fd;
}

static void append_words(GPtrArray *argv, const char *const *words)
{
    for (; words && *words; words++) {
        g_ptr_array_add(argv, (char *)*words);
    }
}

static GPtrArray *child_argv(const Contender *contender,
                             const char *const *prefix,
                             const char *const *args, ChildWiring wiring)
{
    static const char *const base[] = {
        "-nodefaults", "-display", "none", NULL,
    };
    static const char *const wires[][5] = {
        [CHILD_QMP_STDIO] = { "-qmp", "stdio" },
        [CHILD_QMP_UNIX] = { "-qmp", "unix:" CHILD_SOCKET },
        [CHILD_QTEST] = { "-qtest", "unix:" CHILD_SOCKET,
                          "-qtest-log", "/dev/null" },
    };
    GPtrArray *argv = g_ptr_array_new();

    append_words(argv, prefix);
    g_ptr_array_add(argv, contender->binary);
    append_words(argv, base);
    append_words(argv, (const char *const *)contender->idle);
    append_words(argv, args);
    append_words(argv, wires[wiring]);
    g_ptr_array_add(argv, NULL);
    return argv;
}

/** Start the clock and the program with these standard streams. */
static void child_spawn(Child *child, GPtrArray *argv, int in_fd, int out_fd)
{
    posix_spawn_file_actions_t actions;
    char **words = (char **)argv->pdata;
    int rc;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
    signal(SIGALRM, child_alarm);
    alarm(CHILD_LIMIT_S);
    child->started_us = bench_now_us();
    rc = posix_spawnp(&child->pid, words[0], &actions, NULL, words, environ);
    if (rc) {
        bench_die("cannot run %s: %s", words[0], g_strerror(rc));
    }
    child_alive = child->pid;
    posix_spawn_file_actions_destroy(&actions);
}

static void child_start_piped(Child *child, GPtrArray *argv)
{
    int to[2], from[2];

    if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0) {
        bench_die("pipe: %s", g_strerror(errno));
    }
    child_spawn(child, argv, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    channel_init(&child->channel, from[0], to[1]);
}

static void child_start_connected(Child *child, GPtrArray *argv)
{
    int listener = child_listen();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int fd;

    child_spawn(child, argv, null, null);
    close(null);
    fd = child_accept(listener);
    channel_init(&child->channel, fd, fd);
}

void child_start(Child *child, const Contender *contender,
                 const char *const *prefix, const char *const *args,
                 ChildWiring wiring)
{
    g_autoptr(GPtrArray) argv = child_argv(contender, prefix, args, wiring);

    if (wiring == CHILD_QMP_STDIO) {
        child_start_piped(child, argv);
    } else {
        child_start_connected(child, argv);
    }
}

void child_memory(const Child *child, ChildMemory *memory)
{
    char path[64], line[256];
    FILE *file;

    *memory = (ChildMemory){ 0 };
    g_snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)child->pid);
    file = fopen(path, "re");
    if (!file) {
        bench_die("%s: %s", path, g_strerror(errno));
    }
    while (fgets(line, sizeof(line), file)) {
        sscanf(line, "Rss: %lf", &memory->resident_kib);
        sscanf(line, "Anonymous: %lf", &memory->anonymous_kib);
    }
    fclose(file);
}

void child_reap(Child *child, struct rusage *usage)
{
    while (wait4(child->pid, NULL, 0, usage) < 0) {
        if (errno != EINTR) {
            bench_die("wait: %s", g_strerror(errno));
        }
    }
    child_alive = 0;
    alarm(0);
    channel_cleanup(&child->channel);
}

void child_kill(Child *child, struct rusage *usage)
{
    kill(child->pid, SIGKILL);
    child_reap(child, usage);
}
