/*
 * Names that are nearly right: what a slip of the keyboard meant
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/nearest.h"

#include <glib.h>
#include <limits.h>
#include <string.h>

#define NEAREST_EDITS 2
#define NEAREST_MAX_LEN 63

/* Edit distance between two short names. */
static unsigned nearest_distance(const char *a, const char *b)
{
    unsigned row[NEAREST_MAX_LEN + 1];
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len > NEAREST_MAX_LEN || b_len > NEAREST_MAX_LEN) {
        return UINT_MAX;
    }
    for (unsigned i = 0; i <= b_len; i++) {
        row[i] = i;
    }
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (unsigned j = 1; j <= b_len; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_len];
}

void nearest_offer(Nearest *nearest, const char *wanted, const char *known)
{
    unsigned distance = nearest_distance(wanted, known);
    unsigned limit = nearest->name ? nearest->distance : NEAREST_EDITS + 1;

    /* Two edits turn any name of two letters into any other. */
    if (distance < limit && distance < strlen(known)) {
        nearest->name = known;
        nearest->distance = distance;
    }
}
