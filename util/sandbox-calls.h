/*
 * The system calls that the sandbox denies: one table
 *
 * docs/system/sandbox.rst gives the reasons, group by group.  A name that the
 * host's architecture does not have costs nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_SANDBOX_CALLS_H
#define UTIL_SANDBOX_CALLS_H

#include "util/sandbox.h"

/** What becomes of a denied call. */
typedef enum SandboxAnswer {
    SANDBOX_KILL,               /* the process ends by SIGSYS */
    SANDBOX_EPERM,              /* it fails; libraries try it and cope */
    SANDBOX_ENOSYS,             /* it fails; libraries fall back to another */
} SandboxAnswer;

typedef struct SandboxGroup {
    unsigned deny;              /* SandboxDeny; 0: always */
    SandboxAnswer answer;
    const char *const *calls;   /* ends with NULL */
} SandboxGroup;

#define SANDBOX_CALLS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const SandboxGroup sandbox_groups[] = {
    /* the host as a whole */
    { 0, SANDBOX_KILL, SANDBOX_CALLS(
        "reboot", "kexec_load", "kexec_file_load", "init_module",
        "finit_module", "delete_module", "swapon", "swapoff", "acct",
        "quotactl", "quotactl_fd", "syslog", "vhangup", "iopl", "ioperm",
        "settimeofday", "clock_settime", "clock_adjtime", "adjtimex",
        "stime", "sethostname", "setdomainname") },
    /* what the file system looks like */
    { 0, SANDBOX_KILL, SANDBOX_CALLS(
        "mount", "umount", "umount2", "pivot_root", "chroot", "open_tree",
        "move_mount", "fsopen", "fsconfig", "fsmount", "fspick",
        "mount_setattr", "unshare", "setns", "mknod", "mknodat",
        "open_by_handle_at", "fanotify_init", "fanotify_mark") },
    /* other processes */
    { 0, SANDBOX_KILL, SANDBOX_CALLS(
        "ptrace", "process_vm_readv", "process_vm_writev", "kcmp",
        "pidfd_getfd", "process_madvise", "move_pages", "migrate_pages") },
    /* the kernel's own programs, keys, and second doors */
    { 0, SANDBOX_KILL, SANDBOX_CALLS(
        "bpf", "perf_event_open", "add_key", "request_key", "keyctl",
        "personality", "lookup_dcookie") },
    { 0, SANDBOX_ENOSYS, SANDBOX_CALLS(
        "io_uring_setup", "io_uring_enter", "io_uring_register") },

    { SANDBOX_DENY_OBSOLETE, SANDBOX_KILL, SANDBOX_CALLS(
        "_sysctl", "afs_syscall", "bdflush", "break", "create_module",
        "epoll_ctl_old", "epoll_wait_old", "ftime", "get_kernel_syms",
        "getpmsg", "gtty", "idle", "lock", "modify_ldt", "mpx",
        "nfsservctl", "oldfstat", "oldlstat", "oldolduname", "oldstat",
        "olduname", "prof", "profil", "putpmsg", "query_module", "readdir",
        "remap_file_pages", "security", "sgetmask", "signal", "ssetmask",
        "stty", "sysfs", "tuxcall", "ulimit", "uselib", "ustat", "vm86",
        "vm86old", "vserver") },

    { SANDBOX_DENY_ELEVATE, SANDBOX_KILL, SANDBOX_CALLS(
        "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid",
        "setfsuid", "setfsgid", "setgroups", "setuid32", "setgid32",
        "setreuid32", "setregid32", "setresuid32", "setresgid32",
        "setfsuid32", "setfsgid32", "setgroups32", "capset") },

    /* clone is looked at more closely */
    { SANDBOX_DENY_SPAWN, SANDBOX_KILL, SANDBOX_CALLS(
        "fork", "vfork", "execve", "execveat") },
    /* its flags are in memory, which a filter cannot read: the C library
     * falls back to clone */
    { SANDBOX_DENY_SPAWN, SANDBOX_ENOSYS, SANDBOX_CALLS("clone3") },

    /* prlimit64 is looked at more closely */
    { SANDBOX_DENY_RESOURCES, SANDBOX_EPERM, SANDBOX_CALLS(
        "setpriority", "nice", "sched_setparam", "sched_setscheduler",
        "sched_setaffinity", "sched_setattr", "ioprio_set", "setrlimit") },
};

#endif
