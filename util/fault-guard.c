/*
 * Mapped files that shrink: a last word before the process dies of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/fault-guard.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

typedef struct FaultGuard {
    _Atomic(struct FaultGuard *) next;
    uintptr_t first, last;
    size_t text_len;
    char *text;                 /* all of the message but for the offset */
} FaultGuard;

/* The handler reads the list at any time; changes are one store each.  The
 * handler belongs to the process, and so do these. */
static _Atomic(FaultGuard *) fault_guards;
static pthread_mutex_t fault_guard_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction fault_guard_earlier;

/* Only what POSIX lets a signal handler do */
static void fault_guard_say(const FaultGuard *guard, uintptr_t address)
{
    static const char digits[] = "0123456789abcdef";
    char tail[2 * sizeof(uintptr_t) + 3];
    size_t at = sizeof(tail) - 1;
    uintptr_t offset = address - guard->first;
    ssize_t n;

    tail[at] = '\n';
    do {
        tail[--at] = digits[offset % 16];
        offset /= 16;
    } while (offset);
    tail[--at] = 'x';
    tail[--at] = '0';
    n = write(STDERR_FILENO, guard->text, guard->text_len);
    n = write(STDERR_FILENO, tail + at, sizeof(tail) - at);
    (void)n;
}

static void fault_guard_handler(int signal, siginfo_t *info, void *context)
{
    uintptr_t address = (uintptr_t)info->si_addr;
    bool fault = info->si_code > 0;
    int err = errno;

    for (FaultGuard *g = atomic_load(&fault_guards); fault && g;
         g = atomic_load(&g->next)) {
        if (address >= g->first && address <= g->last) {
            fault_guard_say(g, address);
            break;
        }
    }
    /* a fault happens again at once; what was sent must be sent again */
    sigaction(signal, &fault_guard_earlier, NULL);
    if (!fault) {
        raise(signal);
    }
    errno = err;
}

void fault_guard_add(const void *host, size_t len, const char *label)
{
    FaultGuard *guard = g_new0(FaultGuard, 1);
    struct sigaction action = {
        .sa_sigaction = fault_guard_handler,
        .sa_flags = SA_SIGINFO,
    };

    guard->first = (uintptr_t)host;
    guard->last = guard->first + len - 1;
    guard->text = g_strdup_printf("%s: guest memory is lost, it was made "
                                  "shorter or there is no room left for it: "
                                  "byte ", label);
    guard->text_len = strlen(guard->text);
    pthread_mutex_lock(&fault_guard_lock);
    if (!atomic_load(&fault_guards)) {
        sigemptyset(&action.sa_mask);
        sigaction(SIGBUS, &action, &fault_guard_earlier);
    }
    atomic_store(&guard->next, atomic_load(&fault_guards));
    atomic_store(&fault_guards, guard);
    pthread_mutex_unlock(&fault_guard_lock);
}

void fault_guard_remove(const void *host)
{
    _Atomic(FaultGuard *) *slot = &fault_guards;
    FaultGuard *guard;

    pthread_mutex_lock(&fault_guard_lock);
    while ((guard = atomic_load(slot)) && guard->first != (uintptr_t)host) {
        slot = &guard->next;
    }
    if (guard) {
        atomic_store(slot, atomic_load(&guard->next));
        if (!atomic_load(&fault_guards)) {
            sigaction(SIGBUS, &fault_guard_earlier, NULL);
        }
        g_free(guard->text);
        g_free(guard);
    }
    pthread_mutex_unlock(&fault_guard_lock);
}
