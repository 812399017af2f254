/*
 * What a test does less of where every instruction costs fifty
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_UNDER_VALGRIND_H
#define TESTS_UNIT_UNDER_VALGRIND_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/** under_valgrind: whether `make valgrind` runs this, by $UNDER_VALGRIND. */
static inline bool under_valgrind(void)
{
    return g_getenv("UNDER_VALGRIND") != NULL;
}

/** runs_slowly: whether valgrind or the thread sanitizer makes every access to
 *  memory slow, and needs most of the address space itself. */
static inline bool runs_slowly(void)
{
#ifdef __SANITIZE_THREAD__
    return true;
#else
    return under_valgrind();
#endif
}

/** times_to_run: @n; a fiftieth of it where this runs slowly. */
static inline size_t times_to_run(size_t n)
{
    return runs_slowly() ? n / 50 + 1 : n;
}

#endif
