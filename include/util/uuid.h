/*
 * UUIDs: text, and new ones
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_UUID_H
#define UTIL_UUID_H

#include <stdbool.h>
#include <stdint.h>

/** A UUID in the order of its text form (RFC 9562, 4). */
typedef struct Uuid {
    uint8_t bytes[16];
} Uuid;

#define UUID_TEXT_LEN 36

/**
 * uuid_parse:
 * @text: 8-4-4-4-12 hexadecimal digits of either case, no braces
 *
 * Returns: false, with @uuid untouched, if @text is anything else.
 */
bool uuid_parse(const char *text, Uuid *uuid);

/** uuid_random: a new one from the kernel's random numbers (RFC 9562, 5.4,
 *  "UUID Version 4"). */
void uuid_random(Uuid *uuid);

/** uuid_format: lower case text with its NUL. */
void uuid_format(const Uuid *uuid, char text[UUID_TEXT_LEN + 1]);

#endif
