/*
 * Going into the background
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/error.h"
#include "util/report.h"

/** The pipe to the parent; -1: there is none, or it has been told. */
static int daemon_pipe = -1;

/** /dev/null, which need not be below the root that there is in the end. */
static int daemon_null = -1;

/** Returns whether all of @len bytes came before the end. */
static bool daemon_read(int fd, void *bytes, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = read(fd, (char *)bytes + done, len - done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        done += n;
    }
    return true;
}

/** The daemon has failed: it has told why, unless something ended it. */
static int daemon_explain(pid_t pid)
{
    int status = 0;
    pid_t reaped;

    do {
        reaped = waitpid(pid, &status, 0);
    } while (reaped < 0 && errno == EINTR);
    if (reaped == pid && WIFEXITED(status) && WEXITSTATUS(status)) {
        return WEXITSTATUS(status);
    }
    if (reaped == pid && WIFSIGNALED(status)) {
        report_error("-daemonize: the process in the background was ended by "
                     "signal %d (%s) before it was ready", WTERMSIG(status),
                     strsignal(WTERMSIG(status)));
    } else {
        report_error("-daemonize: the process in the background ended before "
                     "it was ready");
    }
    return EXIT_FAILURE;
}

/** What is left of the process that was started. */
static G_NORETURN void daemon_parent(int fd, pid_t between)
{
    pid_t pid;
    char ready;

    if (!daemon_read(fd, &pid, sizeof(pid))) {
        _exit(daemon_explain(between));
    }
    _exit(daemon_read(fd, &ready, 1) ? EXIT_SUCCESS : daemon_explain(pid));
}

/** Fork once more: who is no session leader can get no terminal. */
static void daemon_leave_session(void)
{
    pid_t pid;

    setsid();
    pid = fork();
    if (pid < 0) {
        report_error("-daemonize: cannot fork: %s", g_strerror(errno));
        _exit(EXIT_FAILURE);
    }
    if (pid > 0) {
        _exit(EXIT_SUCCESS);
    }
    pid = getpid();
    if (write(daemon_pipe, &pid, sizeof(pid)) != sizeof(pid)) {
        _exit(EXIT_FAILURE);
    }
    umask(027);
}

bool daemon_begin(GError **error)
{
    int fds[2];
    pid_t pid;

    daemon_null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (daemon_null < 0) {
        return fm_error_set(error, "-daemonize: cannot open /dev/null: %s",
                            g_strerror(errno));
    }
    if (pipe2(fds, O_CLOEXEC) < 0) {
        return fm_error_set(error, "-daemonize: cannot make a pipe: %s",
                            g_strerror(errno));
    }
    /* so that the second child becomes ours, too, and we learn its end */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    /* whatever is buffered would be written once by each */
    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        fm_error_set(error, "-daemonize: cannot fork: %s", g_strerror(errno));
        close(fds[0]);
        close(fds[1]);
        return false;
    }
    if (pid > 0) {
        close(fds[1]);
        daemon_parent(fds[0], pid);
    }
    close(fds[0]);
    daemon_pipe = fds[1];
    daemon_leave_session();
    return true;
}

bool daemon_is_abandoned(void)
{
    struct pollfd parent = { .fd = daemon_pipe };

    return daemon_pipe >= 0 && poll(&parent, 1, 0) > 0 &&
           (parent.revents & POLLERR);
}

/** Neither a file system nor a terminal is to be held by us. */
static bool daemon_let_go(int log_fd, GError **error)
{
    if (chdir("/") < 0) {
        return fm_error_set(error, "-daemonize: cannot change to /: %s",
                            g_strerror(errno));
    }
    dup2(daemon_null, STDIN_FILENO);
    dup2(daemon_null, STDOUT_FILENO);
    dup2(log_fd >= 0 ? log_fd : daemon_null, STDERR_FILENO);
    close(daemon_null);
    return true;
}

bool daemon_ready(int log_fd, GError **error)
{
    bool told;

    if (daemon_pipe < 0) {
        return true;
    }
    if (daemon_is_abandoned()) {
        return fm_error_set(error, "-daemonize: the process that was started "
                            "has ended meanwhile");
    }
    if (!daemon_let_go(log_fd, error)) {
        return false;
    }
    told = write(daemon_pipe, "", 1) == 1;
    close(daemon_pipe);
    daemon_pipe = -1;
    return told || fm_error_set(error, "-daemonize: the process that was "
                                "started has ended meanwhile");
}
