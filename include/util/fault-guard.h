/*
 * Mapped files that shrink: a last word before the process dies of it
 *
 * Who accesses a mapped page that its file no longer has, or has no room for on
 * its disk or among the huge pages, gets SIGBUS.  Nothing can bring the content back, and to go on
 * with something else would hand the guest memory that it never wrote; so the
 * process ends as it would have, but says which file it was.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_FAULT_GUARD_H
#define UTIL_FAULT_GUARD_H

#include <stddef.h>

/**
 * fault_guard_add:
 * @host, @len: a mapping that stays until fault_guard_remove()
 * @label: what it is a mapping of, for the message; copied
 *
 * The process's SIGBUS handler is replaced while there are such mappings, and
 * has its turn afterwards.
 */
void fault_guard_add(const void *host, size_t len, const char *label);

/** fault_guard_remove: before it is unmapped.  Nothing if it was not added. */
void fault_guard_remove(const void *host);

#endif
