/*
 * Reading files of fw_cfg over qtest, as firmware does by DMA
 *
 * Spec: docs/specs/fw_cfg.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"

enum {
    FETCH_DMA_ADDRESS_LOW = 0x518,  /* big endian; a write starts */
    FETCH_KEY_DIR = 0x19,
    FETCH_DMA_READ = 0x02,
    FETCH_DMA_SELECT = 0x08,
    FETCH_DESCRIPTOR_GPA = 0x10000,
    FETCH_DATA_GPA = 0x100000,
    FETCH_DIR_ENTRY = 64,
    FETCH_DIR_MAX = 4096,
};

static uint32_t be32(const uint8_t *p)
{
    uint32_t value;

    memcpy(&value, p, sizeof(value));
    return GUINT32_FROM_BE(value);
}

static void fetch_unhex(const char *hex, uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        to[i] = g_ascii_xdigit_value(hex[2 + 2 * i]) << 4 |
                g_ascii_xdigit_value(hex[3 + 2 * i]);
    }
}

/** The next @len bytes of what @control selects, as qtest writes bytes, until
 *  the next call. */
static const char *fetch(Channel *channel, uint32_t control, size_t len)
{
    const char *hex;

    qtest_command(channel, "write 0x%x 16 0x%08x%08x%016x",
                  FETCH_DESCRIPTOR_GPA, control | FETCH_DMA_READ,
                  (unsigned)len, FETCH_DATA_GPA);
    qtest_command(channel, "outl 0x%x 0x%x", FETCH_DMA_ADDRESS_LOW,
                  GUINT32_TO_BE(FETCH_DESCRIPTOR_GPA));
    if (strtoul(qtest_command(channel, "readl 0x%x", FETCH_DESCRIPTOR_GPA),
                NULL, 0)) {
        bench_die("fw_cfg: DMA did not complete");
    }
    hex = qtest_command(channel, "read 0x%x 0x%zx", FETCH_DATA_GPA, len);
    if (strlen(hex) < 2 + 2 * len) {
        bench_die("qtest: read: the reply is too short");
    }
    return hex;
}

static uint32_t fetch_select(unsigned key)
{
    return key << 16 | FETCH_DMA_SELECT;
}

/** All entries of the directory; the caller's to free. */
static uint8_t *fetch_directory(Channel *channel, uint32_t *count)
{
    uint8_t count_be[4];
    uint8_t *dir;

    fetch_unhex(fetch(channel, fetch_select(FETCH_KEY_DIR), sizeof(count_be)),
                count_be, sizeof(count_be));
    *count = be32(count_be);
    if (*count == 0 || *count > FETCH_DIR_MAX) {
        bench_die("fw_cfg: a directory of %u files", *count);
    }
    dir = g_malloc(*count * FETCH_DIR_ENTRY);
    fetch_unhex(fetch(channel, 0, *count * FETCH_DIR_ENTRY), dir,
                *count * FETCH_DIR_ENTRY);
    return dir;
}

static bool fetch_wanted(const uint8_t *entry)
{
    static const char *const names[] = {
        "etc/acpi/tables", "etc/acpi/rsdp", "etc/table-loader", NULL,
    };
    g_autofree char *name =
        g_strndup((const char *)entry + 8, FETCH_DIR_ENTRY - 8);

    return g_strv_contains(names, name);
}

unsigned bench_fetch_acpi(Channel *channel)
{
    uint32_t count;
    g_autofree uint8_t *dir = fetch_directory(channel, &count);
    unsigned total = 0;

    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = dir + i * FETCH_DIR_ENTRY;
        uint32_t len = be32(entry);

        /* the files' own bytes are not decoded: that would be our time */
        if (fetch_wanted(entry)) {
            fetch(channel, fetch_select(entry[4] << 8 | entry[5]), len);
            total += len;
        }
    }
    if (!total) {
        bench_die("fw_cfg: no ACPI files");
    }
    return total;
}

void bench_fetch_file(Channel *channel, const char *name, uint8_t *to,
                      size_t len)
{
    uint32_t count;
    g_autofree uint8_t *dir = fetch_directory(channel, &count);

    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = dir + i * FETCH_DIR_ENTRY;

        if (!strncmp((const char *)entry + 8, name, FETCH_DIR_ENTRY - 8)) {
            fetch_unhex(fetch(channel, fetch_select(entry[4] << 8 | entry[5]),
                              len), to, len);
            return;
        }
    }
    bench_die("fw_cfg: no %s", name);
}
