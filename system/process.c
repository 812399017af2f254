/*
 * The process around the machine: background, pidfile, log, privileges
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/process.h"

#include "util/daemon.h"
#include "util/error.h"
#include "util/log.h"
#include "util/pidfile.h"
#include "util/sandbox.h"

struct Process {
    const Config *config;       /* borrowed */
    PidFile *pidfile;           /* NULL: none */
};

Process *process_new(const Config *config, GError **error)
{
    Process *process;

    if (config->daemonize && !daemon_begin(error)) {
        return NULL;
    }
    if (config->log_path && !log_open(config->log_path, error)) {
        fm_error_prefix(error, "-D %s: ", config->log_path);
        return NULL;
    }
    process = g_new0(Process, 1);
    process->config = config;
    if (config->pidfile) {
        process->pidfile = pidfile_new(config->pidfile, error);
        if (!process->pidfile) {
            fm_error_prefix(error, "-pidfile %s: ", config->pidfile);
            g_clear_pointer(&process, process_free);
        }
    }
    return process;
}

static bool process_drop(const Config *config, GError **error)
{
    if (config->chroot && !process_change_root(config->chroot, error)) {
        return fm_error_prefix(error, "%s: ", config->chroot_option);
    }
    if (config->user && !process_become(config->user, error)) {
        return fm_error_prefix(error, "%s: ", config->user_option);
    }
    return true;
}

static unsigned process_sandbox_deny(const SandboxOptions *sandbox)
{
    unsigned deny = 0;

    if (sandbox->obsolete == SANDBOX_POLICY_DENY) {
        deny |= SANDBOX_DENY_OBSOLETE;
    }
    if (sandbox->elevateprivileges == SANDBOX_ELEVATE_POLICY_DENY) {
        deny |= SANDBOX_DENY_ELEVATE;
    }
    if (sandbox->spawn == SANDBOX_POLICY_DENY) {
        deny |= SANDBOX_DENY_SPAWN;
    }
    if (sandbox->resourcecontrol == SANDBOX_POLICY_DENY) {
        deny |= SANDBOX_DENY_RESOURCES;
    }
    return deny;
}

bool process_confine(Process *process, GError **error)
{
    const Config *config = process->config;
    const SandboxOptions *sandbox = config->sandbox;
    bool filter = sandbox && sandbox->enable;

    if (filter && !sandbox_prepare(error)) {
        return fm_error_prefix(error, "%s: ", config->sandbox_option);
    }
    if (!process_drop(config, error)) {
        return false;
    }
    return !filter ||
           sandbox_apply(process_sandbox_deny(sandbox), error) ||
           fm_error_prefix(error, "%s: ", config->sandbox_option);
}

bool process_ready(Process *process, GError **error)
{
    if (!process->config->daemonize) {
        return true;
    }
    if (!daemon_ready(log_fd(), error)) {
        return false;
    }
    /* it is standard error now */
    log_close();
    return true;
}

void process_free(Process *process)
{
    if (process) {
        pidfile_free(process->pidfile);
        g_free(process);
    }
}
