/*
 * A filter of system calls
 *
 * The calls are in sandbox-calls.h.  libseccomp turns them into the kernel's
 * filter, which also kills what comes by another architecture's numbers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/sandbox.h"

#include <errno.h>
#include <string.h>

#include "firmament-version.h"
#include "util/error.h"
#include "util/report.h"

#ifdef FIRMAMENT_SECCOMP

#include <dlfcn.h>
#include <sched.h>
#include <seccomp.h>

#include "sandbox-calls.h"

#define SANDBOX_LIBRARY "libseccomp.so.2"

/** Functions of libseccomp, under their names there. */
typedef struct SandboxLibrary {
    __typeof__(seccomp_init) *init;
    __typeof__(seccomp_release) *release;
    __typeof__(seccomp_attr_set) *attr_set;
    __typeof__(seccomp_syscall_resolve_name) *resolve_name;
    __typeof__(seccomp_rule_add_array) *rule_add_array;
    __typeof__(seccomp_load) *load;
} SandboxLibrary;

/** Loaded once and for all: the process has one filter. */
static SandboxLibrary sandbox_library;

bool sandbox_prepare(GError **error)
{
    SandboxLibrary *lib = &sandbox_library;
    void *handle = dlopen(SANDBOX_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    const struct {
        void *slot;
        const char *name;
    } functions[] = {
        { &lib->init, "seccomp_init" },
        { &lib->release, "seccomp_release" },
        { &lib->attr_set, "seccomp_attr_set" },
        { &lib->resolve_name, "seccomp_syscall_resolve_name" },
        { &lib->rule_add_array, "seccomp_rule_add_array" },
        { &lib->load, "seccomp_load" },
    };

    if (!handle) {
        return fm_error_set(error, "needs libseccomp: %s", dlerror());
    }
    for (size_t i = 0; i < G_N_ELEMENTS(functions); i++) {
        void *function = dlsym(handle, functions[i].name);

        if (!function) {
            return fm_error_set(error, "%s", dlerror());
        }
        memcpy(functions[i].slot, &function, sizeof(function));
    }
    return true;
}

static uint32_t sandbox_action(SandboxAnswer answer)
{
    switch (answer) {
    case SANDBOX_EPERM:
        return SCMP_ACT_ERRNO(EPERM);
    case SANDBOX_ENOSYS:
        return SCMP_ACT_ERRNO(ENOSYS);
    default:
        return SCMP_ACT_KILL_PROCESS;
    }
}

/** Deny @call, if its argument is as @when says; NULL: always. */
static bool sandbox_deny(const SandboxLibrary *lib, scmp_filter_ctx filter,
                         SandboxAnswer answer, const char *call,
                         const struct scmp_arg_cmp *when, GError **error)
{
    int number = lib->resolve_name(call);
    int err;

    if (number == __NR_SCMP_ERROR) {
        report_warning("-sandbox: this version of libseccomp does not know the "
                       "system call %s, which stays allowed", call);
        return true;
    }
    err = lib->rule_add_array(filter, sandbox_action(answer), number,
                              when != NULL, when);
    /* a call that this architecture does not have */
    if (err == 0 || number < 0) {
        return true;
    }
    return fm_error_set(error, "cannot deny the system call %s: %s", call,
                        g_strerror(-err));
}

static bool sandbox_add_rules(const SandboxLibrary *lib,
                              scmp_filter_ctx filter, unsigned deny,
                              GError **error)
{
    /* flags without CLONE_THREAD make a process */
    const struct scmp_arg_cmp process = {
        .arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_THREAD,
        .datum_b = 0,
    };
    /* with a new limit; the C library reads limits with it, too */
    const struct scmp_arg_cmp changes = {
        .arg = 2, .op = SCMP_CMP_NE, .datum_a = 0,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(sandbox_groups); i++) {
        const SandboxGroup *group = &sandbox_groups[i];

        if (group->deny & ~deny) {
            continue;
        }
        for (const char *const *call = group->calls; *call; call++) {
            if (!sandbox_deny(lib, filter, group->answer, *call, NULL,
                              error)) {
                return false;
            }
        }
    }
    return (!(deny & SANDBOX_DENY_SPAWN) ||
            sandbox_deny(lib, filter, SANDBOX_KILL, "clone", &process,
                         error)) &&
           (!(deny & SANDBOX_DENY_RESOURCES) ||
            sandbox_deny(lib, filter, SANDBOX_EPERM, "prlimit64", &changes,
                         error));
}

bool sandbox_apply(unsigned deny, GError **error)
{
    const SandboxLibrary *lib = &sandbox_library;
    scmp_filter_ctx filter;
    int err;
    bool ok;

    g_assert(lib->load);        /* it was prepared */
    filter = lib->init(SCMP_ACT_ALLOW);
    if (!filter) {
        return fm_error_set(error, "this host cannot filter system calls");
    }
    lib->attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
#ifdef FIRMAMENT_SECCOMP_OPTIMIZE
    /* a tree instead of a list: each call passes seven rules, not a hundred;
     * a library that cannot do that makes the list */
    lib->attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
#endif
    ok = sandbox_add_rules(lib, filter, deny, error);
    if (ok) {
        err = lib->load(filter);
        ok = err == 0 ||
             fm_error_set(error, "the kernel does not take the filter: %s",
                          g_strerror(-err));
    }
    lib->release(filter);
    return ok;
}

#else

bool sandbox_prepare(GError **error)
{
    return fm_error_set(error, "this program was built without libseccomp");
}

bool sandbox_apply(unsigned deny, GError **error)
{
    return sandbox_prepare(error);
}

#endif
