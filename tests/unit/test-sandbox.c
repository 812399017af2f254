/*
 * The filter of system calls: what is denied, and what is not
 *
 * Each call is made by a child that has applied the filter; a call that the
 * filter lets through fails of itself, or is harmless.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/sandbox.h"

#define ALL (SANDBOX_DENY_OBSOLETE | SANDBOX_DENY_ELEVATE | \
             SANDBOX_DENY_SPAWN | SANDBOX_DENY_RESOURCES)

/** What a child tells by its exit status when the call came back. */
enum { CHILD_WORKED = 0, CHILD_NO_FILTER = 200, CHILD_STRANGE = 201 };

/** Returns 0 or the errno of the call. */
typedef int Call(void);

static int call_mount(void)
{
    return mount("none", "/no/such", "tmpfs", 0, NULL) ? errno : 0;
}

static int call_chroot(void)
{
    return chroot("/no/such") ? errno : 0;
}

static int call_unshare(void)
{
    return unshare(0) ? errno : 0;
}

static int call_ptrace(void)
{
    return ptrace(PTRACE_ATTACH, 0x7fffffff, NULL, NULL) ? errno : 0;
}

static int call_reboot(void)
{
    return syscall(SYS_reboot, 0, 0, 0, NULL) ? errno : 0;
}

static int call_bpf(void)
{
    return syscall(SYS_bpf, -1, NULL, 0) ? errno : 0;
}

static int call_io_uring(void)
{
    return syscall(SYS_io_uring_setup, 0, NULL) ? errno : 0;
}

static int call_execve(void)
{
    char *const argv[] = { (char *)"/no/such", NULL };

    return execve(argv[0], argv, argv + 1) ? errno : 0;
}

static int call_fork(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        _exit(0);
    }
    return pid < 0 ? errno : 0;
}

static int call_clone3(void)
{
    return syscall(SYS_clone3, NULL, 0) < 0 ? errno : 0;
}

static int call_setuid(void)
{
    return setuid(getuid()) ? errno : 0;
}

static int call_setgroups(void)
{
    return syscall(SYS_setgroups, -1, NULL) ? errno : 0;
}

static int call_setpriority(void)
{
    return setpriority(PRIO_PROCESS, 0, 19) ? errno : 0;
}

static int call_setrlimit(void)
{
    const struct rlimit limit = { 0, 0 };

    return setrlimit(RLIMIT_CORE, &limit) ? errno : 0;
}

static int call_getrlimit(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_CORE, &limit) ? errno : 0;
}

static void *call_thread_main(void *result)
{
    *(int *)result = 0;
    return NULL;
}

static int call_thread(void)
{
    pthread_t thread;
    int result = EINVAL;
    int err = pthread_create(&thread, NULL, call_thread_main, &result);

    if (!err) {
        pthread_join(thread, NULL);
    }
    return err ? err : result;
}

#ifdef SYS_modify_ldt
static int call_modify_ldt(void)
{
    char entry[16];

    return syscall(SYS_modify_ldt, 0, entry, 0) < 0 ? errno : 0;
}
#endif

static void child_mute(void)
{
    struct rlimit none = { 0, 0 };

    /* a killed child leaves no core */
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

/** Returns the wait status of a child that applies the filter, then calls. */
static int run_child(unsigned deny, Call *call)
{
    int status = 0;
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        int err;

        child_mute();
        if (!sandbox_prepare(NULL) || !sandbox_apply(deny, NULL)) {
            _exit(CHILD_NO_FILTER);
        }
        err = call();
        _exit(err >= 0 && err < CHILD_NO_FILTER ? err : CHILD_STRANGE);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return status;
}

static void assert_killed(unsigned deny, Call *call)
{
    int status = run_child(deny, call);

    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGSYS);
}

static void assert_result(unsigned deny, Call *call, int err)
{
    int status = run_child(deny, call);

    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, err);
}

/** By the filter or without it, but not by a signal. */
static void assert_left_alone(unsigned deny, Call *call)
{
    int status = run_child(deny, call);

    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), <, CHILD_NO_FILTER);
}

static void test_always(void)
{
    Call *const calls[] = {
        call_mount, call_chroot, call_unshare, call_ptrace, call_reboot,
        call_bpf,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        assert_killed(0, calls[i]);
        assert_killed(ALL, calls[i]);
    }
    assert_result(0, call_io_uring, ENOSYS);
}

static void test_obsolete(void)
{
#ifdef SYS_modify_ldt
    assert_killed(SANDBOX_DENY_OBSOLETE, call_modify_ldt);
    assert_left_alone(ALL & ~(unsigned)SANDBOX_DENY_OBSOLETE,
                      call_modify_ldt);
#else
    g_test_skip("this architecture has none that can be tried");
#endif
}

static void test_elevate(void)
{
    const unsigned others = ALL & ~(unsigned)SANDBOX_DENY_ELEVATE;

    assert_killed(SANDBOX_DENY_ELEVATE, call_setuid);
    assert_killed(SANDBOX_DENY_ELEVATE, call_setgroups);
    assert_result(others, call_setuid, 0);
    assert_left_alone(others, call_setgroups);
}

static void test_spawn(void)
{
    const unsigned others = ALL & ~(unsigned)SANDBOX_DENY_SPAWN;

    assert_killed(SANDBOX_DENY_SPAWN, call_execve);
    assert_killed(SANDBOX_DENY_SPAWN, call_fork);
    assert_result(SANDBOX_DENY_SPAWN, call_clone3, ENOSYS);
    assert_result(others, call_execve, ENOENT);
    assert_result(others, call_fork, 0);
    /* a thread is no process */
    assert_result(ALL, call_thread, 0);
}

static void test_resources(void)
{
    const unsigned others = ALL & ~(unsigned)SANDBOX_DENY_RESOURCES;

    assert_result(SANDBOX_DENY_RESOURCES, call_setpriority, EPERM);
    assert_result(SANDBOX_DENY_RESOURCES, call_setrlimit, EPERM);
    assert_result(SANDBOX_DENY_RESOURCES, call_getrlimit, 0);
    assert_result(others, call_setpriority, 0);
    assert_result(others, call_setrlimit, 0);
}

/* Threads that there are already */

static int thread_pipe[2];

static void *thread_that_mounts(void *opaque)
{
    char go;

    if (read(thread_pipe[0], &go, 1) == 1) {
        call_mount();
    }
    return NULL;
}

static int call_mount_in_old_thread(void)
{
    return write(thread_pipe[1], "", 1) == 1 && pause() ? EINTR : 0;
}

static void test_threads(void)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        pthread_t thread;

        child_mute();
        /* if the filter were this thread's only, the other one would not be
         * killed, and this one would wait for the alarm */
        alarm(10);
        if (pipe(thread_pipe) ||
            pthread_create(&thread, NULL, thread_that_mounts, NULL) ||
            !sandbox_prepare(NULL) || !sandbox_apply(ALL, NULL)) {
            _exit(CHILD_NO_FILTER);
        }
        _exit(call_mount_in_old_thread());
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGSYS);
}

/** Whether this build and this host can filter at all. */
static bool sandbox_is_there(void)
{
    int status = run_child(0, call_getrlimit);

    return !WIFEXITED(status) || WEXITSTATUS(status) != CHILD_NO_FILTER;
}

/** Where there is no filter, the user hears why. */
static void test_not_there(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(sandbox_prepare(&error) && sandbox_apply(ALL, &error));
    g_assert_nonnull(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!sandbox_is_there()) {
        g_test_add_func("/sandbox/not-there", test_not_there);
        return g_test_run();
    }
    g_test_add_func("/sandbox/always", test_always);
    g_test_add_func("/sandbox/obsolete", test_obsolete);
    g_test_add_func("/sandbox/elevate", test_elevate);
    g_test_add_func("/sandbox/spawn", test_spawn);
    g_test_add_func("/sandbox/resources", test_resources);
    g_test_add_func("/sandbox/threads", test_threads);
    return g_test_run();
}
