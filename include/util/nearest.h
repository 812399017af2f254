/*
 * Names that are nearly right: what a slip of the keyboard meant
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_NEAREST_H
#define UTIL_NEAREST_H

#include <stdbool.h>

/** The nearest of the names that were offered; starts as { .name = NULL }. */
typedef struct Nearest {
    const char *name;           /* borrowed; NULL: none is near */
    unsigned distance;          /* edits from what was looked for */
} Nearest;

/**
 * nearest_offer:
 * @nearest: the nearest so far
 * @wanted: what was looked for
 * @known: a name that there is; it must stay as long as @nearest
 *
 * Take @known if it is nearer to @wanted than all that were offered before, and
 * no more than two edits away.  Names of more than 63 bytes are near to none.
 */
void nearest_offer(Nearest *nearest, const char *wanted, const char *known);

#endif
