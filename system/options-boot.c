/*
 * Options that say what the machine finds when it starts: its time, where to
 * boot from
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "qapi/walker.h"
#include "system/options.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define BOOT_MAX_MS 65535
#define SPLASH_MAX (16 * 1024 * 1024)

/* A BMP file: its header's size, and where it has the bits of a pixel */
enum { BMP_HEADER_LEN = 54, BMP_BITS = 28 };

/* The clock */

static bool rtc_parse_date(const char *text, int64_t *us)
{
    int year, month, day, hour = 0, minute = 0, second = 0;
    int date_len = 0, len = 0;
    g_autoptr(GDateTime) date = NULL;

    sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &date_len);
    if (!date_len) {
        return false;
    }
    sscanf(text + date_len, "T%2d:%2d:%2d%n", &hour, &minute, &second, &len);
    if (text[date_len + len]) {
        return false;
    }
    date = g_date_time_new_utc(year, month, day, hour, minute, second);
    if (date) {
        *us = g_date_time_to_unix(date) * G_USEC_PER_SEC;
    }
    return date != NULL;
}

bool option_rtc(Config *c, const char *option, const char *arg, GError **error)
{
    const QapiType *type = &qapi_type_RtcOptions;
    RtcOptions *rtc = option_parse(c, type, "-rtc", arg, NULL, error);
    bool ok = true;

    if (!rtc) {
        return c->action == CONFIG_DONE;
    }
    if (rtc->has_base) {
        c->setup.rtc_local = strcmp(rtc->base, "localtime") == 0;
        c->setup.rtc_fixed = !c->setup.rtc_local &&
                             strcmp(rtc->base, "utc") != 0;
        ok = !c->setup.rtc_fixed ||
             rtc_parse_date(rtc->base, &c->setup.rtc_epoch_us) ||
             fm_error_set(error, "base: '%s' is none of utc, localtime, "
                          "2006-06-17T16:01:21 and 2006-06-17", rtc->base);
    }
    qapi_free(type, rtc);
    return ok;
}

/* Where to boot from */

/** What is so for every machine; which of the drives it has is its own. */
static bool boot_check_drives(const char *property, const char *drives,
                              GError **error)
{
    for (const char *d = drives; d && *d; d++) {
        if (*d < 'a' || *d > 'p') {
            return fm_error_set(error, "%s: '%c' is no drive's letter: "
                                "expected some of a to p", property, *d);
        }
        if (memchr(drives, *d, d - drives)) {
            return fm_error_set(error, "%s: '%c' is given twice", property,
                                *d);
        }
    }
    return true;
}

static bool boot_check_ms(const char *property, int64_t ms, int64_t least,
                          GError **error)
{
    return (ms >= least && ms <= BOOT_MAX_MS) ||
           fm_error_set(error, "%s: expects %" G_GINT64_FORMAT " to %d",
                        property, least, BOOT_MAX_MS);
}

static bool boot_read_splash(Config *c, const char *path, GError **error)
{
    g_autoptr(GByteArray) picture = g_byte_array_new();
    const uint8_t *p;
    bool jpeg, bmp;

    if (!file_append(path, SPLASH_MAX, picture, error)) {
        return fm_error_prefix(error, "splash: ");
    }
    p = picture->data;
    jpeg = picture->len > 2 && p[0] == 0xff && p[1] == 0xd8;
    bmp = picture->len > BMP_HEADER_LEN && p[0] == 'B' && p[1] == 'M' &&
          ld16_le(p + BMP_BITS) == 24;
    if (!jpeg && !bmp) {
        return fm_error_set(error, "splash: file %s is neither a JPEG nor a "
                            "BMP with 24 bits a pixel", path);
    }
    g_clear_pointer(&c->setup.splash, g_bytes_unref);
    c->setup.splash = g_byte_array_free_to_bytes(g_steal_pointer(&picture));
    return true;
}

static bool boot_check(Config *c, const BootOptions *boot, GError **error)
{
    return boot_check_drives("order", boot->order, error) &&
           boot_check_drives("once", boot->once, error) &&
           boot_check_ms("reboot-timeout", boot->reboot_timeout, -1, error) &&
           (!boot->has_splash_time ||
            boot_check_ms("splash-time", boot->splash_time, 0, error)) &&
           (!boot->splash || boot_read_splash(c, boot->splash, error));
}

bool option_boot(Config *c, const char *option, const char *arg,
                 GError **error)
{
    const QapiType *type = &qapi_type_BootOptions;
    BootOptions *boot = option_parse(c, type, "-boot", arg, "order", error);
    bool ok;

    if (!boot) {
        return c->action == CONFIG_DONE;
    }
    ok = boot_check(c, boot, error);
    qapi_free(type, boot);
    if (ok && !c->setup.boot) {
        c->setup.boot = qapi_new(type);
    }
    return ok && option_add(type, arg, "order", c->setup.boot, error);
}
