/*
 * A filter of system calls
 *
 * Which calls are denied, and why, is in docs/system/sandbox.rst.  The library
 * that makes the filter is loaded when it is used.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_SANDBOX_H
#define UTIL_SANDBOX_H

#include <glib.h>
#include <stdbool.h>

/** What is denied besides that which always is; bits. */
typedef enum SandboxDeny {
    SANDBOX_DENY_OBSOLETE = 1 << 0,     /* superseded calls */
    SANDBOX_DENY_ELEVATE = 1 << 1,      /* changing users and capabilities */
    SANDBOX_DENY_SPAWN = 1 << 2,        /* processes and programs */
    SANDBOX_DENY_RESOURCES = 1 << 3,    /* priorities, affinities, limits */
} SandboxDeny;

/**
 * sandbox_prepare: load what sandbox_apply() needs, while its file can still be
 * reached (-run-with chroot=).
 *
 * Returns: false with @error set if this build or this host has no such
 * library.
 */
bool sandbox_prepare(GError **error);

/**
 * sandbox_apply: after sandbox_prepare().
 * @deny: SandboxDeny bits
 *
 * Deny, from now on and for all threads, what no part of this program does.
 * It cannot be undone.  Programs that this one starts are held to the same and
 * gain no privileges (PR_SET_NO_NEW_PRIVS).
 *
 * Returns: false with @error set if this build or this host cannot filter.
 */
bool sandbox_apply(unsigned deny, GError **error);

#endif
