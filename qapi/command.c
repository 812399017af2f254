/*
 * QAPI metadata of QMP commands: look-up
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi/command.h"

#include <string.h>

const QapiCommand *qapi_find_command(const char *name)
{
    size_t low = 0, high = qapi_n_commands;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, qapi_commands[middle].name);

        if (order == 0) {
            return &qapi_commands[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}
