/*
 * What a loader script had written back: kept, checked, written again
 *
 * Spec: docs/specs/fw-loader.rst, "Resume"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/firmware/script.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

/* An entry */
enum { AT_OFFSET = 56, AT_WIDTH = 60, AT_VALUE = 64 };

void firmware_write_back_append(GByteArray *record, const FirmwareWriteBack *w)
{
    uint8_t raw[FIRMWARE_WRITE_BACK_LEN] = { 0 };

    g_strlcpy((char *)raw, w->file, AT_OFFSET);
    st32_le(raw + AT_OFFSET, w->offset);
    st32_le(raw + AT_WIDTH, w->width);
    st64_le(raw + AT_VALUE, w->value);
    g_byte_array_append(record, raw, sizeof(raw));
}

static FirmwareWriteBack write_back_decode(const uint8_t *raw)
{
    FirmwareWriteBack w = {
        .offset = ld32_le(raw + AT_OFFSET),
        .width = ld32_le(raw + AT_WIDTH),
        .value = ld64_le(raw + AT_VALUE),
    };

    memcpy(w.file, raw, sizeof(w.file));
    return w;
}

static bool write_back_check_name(const char *file, GError **error)
{
    size_t len = strnlen(file, AT_OFFSET);

    if (len == 0 || len == AT_OFFSET) {
        return fm_error_set(error, "the file name %s",
                            len ? "has no NUL" : "is empty");
    }
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isprint(file[i])) {
            return fm_error_set(error, "the file name has the byte 0x%02x, "
                                "which no name here has", (uint8_t)file[i]);
        }
    }
    for (size_t i = len; i < AT_OFFSET; i++) {
        if (file[i]) {
            return fm_error_set(error, "the file name goes on after its NUL");
        }
    }
    return true;
}

static bool write_back_check(const FirmwareWriteBack *w, GError **error)
{
    if (!write_back_check_name(w->file, error)) {
        return false;
    }
    if (w->width != 1 && w->width != 2 && w->width != 4 && w->width != 8) {
        return fm_error_set(error, "a pointer of %u bytes; only 1, 2, 4 and 8 "
                            "are possible", w->width);
    }
    if (w->offset > UINT32_MAX - w->width) {
        return fm_error_set(error, "%u bytes at offset %u are in no file",
                            w->width, w->offset);
    }
    return w->width == 8 || w->value >> (8 * w->width) == 0 ||
           fm_error_set(error, "address 0x%" G_GINT64_MODIFIER "x does not "
                        "fit %u bytes", w->value, w->width);
}

bool builtin_check_write_backs(GBytes *bytes, GError **error)
{
    gsize len;
    const uint8_t *raw = g_bytes_get_data(bytes, &len);

    if (len % FIRMWARE_WRITE_BACK_LEN) {
        return fm_error_set(error, "%" G_GSIZE_FORMAT " bytes are not a "
                            "number of whole entries", len);
    }
    if (len / FIRMWARE_WRITE_BACK_LEN > FIRMWARE_WRITE_BACKS_MAX) {
        return fm_error_set(error, "%" G_GSIZE_FORMAT " entries, more than "
                            "%d", len / FIRMWARE_WRITE_BACK_LEN,
                            FIRMWARE_WRITE_BACKS_MAX);
    }
    for (gsize i = 0; i < len / FIRMWARE_WRITE_BACK_LEN; i++) {
        FirmwareWriteBack w =
            write_back_decode(raw + i * FIRMWARE_WRITE_BACK_LEN);

        if (!write_back_check(&w, error)) {
            return fm_error_prefix(error, "entry %" G_GSIZE_FORMAT ": ", i);
        }
    }
    return true;
}

static bool write_back_replay(FwCfgClient *client, const FirmwareWriteBack *w,
                              GError **error)
{
    const FwCfgClientFile *file = fw_cfg_client_find(client, w->file);
    uint8_t value[8];

    if (log_enabled(LOG_FIRMWARE)) {
        log_line(LOG_FIRMWARE, "resume: 0x%" G_GINT64_MODIFIER "x into %s at "
                 "%u, %u bytes", w->value, w->file, w->offset, w->width);
    }
    if (!file) {
        return fm_error_set(error, "resume: there is no file %s", w->file);
    }
    stn_le(value, w->width, w->value);
    return fw_cfg_client_poke(client, file, w->offset, value, w->width) ||
           fm_error_set(error, "resume: fw_cfg refuses the write to %s",
                        w->file);
}

bool firmware_write_backs_replay(FwCfgClient *client, GBytes *record,
                                 GError **error)
{
    gsize len;
    const uint8_t *raw = g_bytes_get_data(record, &len);
    bool ok = true;

    for (gsize at = 0; at < len; at += FIRMWARE_WRITE_BACK_LEN) {
        FirmwareWriteBack w = write_back_decode(raw + at);

        ok &= write_back_replay(client, &w, ok ? error : NULL);
    }
    return ok;
}
