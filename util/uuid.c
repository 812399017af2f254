/*
 * UUIDs: text, and new ones
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/uuid.h"

#include <errno.h>
#include <glib.h>
#include <sys/random.h>

static bool uuid_hyphen_before(unsigned byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool uuid_parse(const char *text, Uuid *uuid)
{
    Uuid parsed;

    for (unsigned i = 0; i < sizeof(parsed.bytes); i++) {
        int high, low;

        if (uuid_hyphen_before(i) && *text++ != '-') {
            return false;
        }
        high = g_ascii_xdigit_value(text[0]);
        low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);
        if (low < 0) {
            return false;
        }
        parsed.bytes[i] = high << 4 | low;
        text += 2;
    }
    if (*text) {
        return false;
    }
    *uuid = parsed;
    return true;
}

void uuid_format(const Uuid *uuid, char text[UUID_TEXT_LEN + 1])
{
    static const char digits[] = "0123456789abcdef";

    for (unsigned i = 0; i < sizeof(uuid->bytes); i++) {
        if (uuid_hyphen_before(i)) {
            *text++ = '-';
        }
        *text++ = digits[uuid->bytes[i] >> 4];
        *text++ = digits[uuid->bytes[i] & 15];
    }
    *text = '\0';
}

void uuid_random(Uuid *uuid)
{
    ssize_t n;

    /* so few bytes come whole, or not at all */
    do {
        n = getrandom(uuid->bytes, sizeof(uuid->bytes), 0);
    } while (n < 0 && errno == EINTR);
    if (n != sizeof(uuid->bytes)) {
        g_error("no random numbers from the kernel: %s", g_strerror(errno));
    }
    uuid->bytes[6] = (uuid->bytes[6] & 0x0f) | 4 << 4;      /* version */
    uuid->bytes[8] = (uuid->bytes[8] & 0x3f) | 2 << 6;      /* variant */
}
