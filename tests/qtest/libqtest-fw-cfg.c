/*
 * libqtest: reading fw_cfg, as firmware does (docs/specs/fw_cfg.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "libqtest-fw-cfg.h"

#include <string.h>

#include "util/bytes.h"

#define QFW_KEY_DIRECTORY 0x19
#define QFW_BUFFER_GPA (QFW_SCRATCH_GPA + 0x1000)

void qfw_select(Qtest *qts, uint16_t key)
{
    qtest_outw(qts, QFW_PORT_SELECT, key);
}

void qfw_read_port(Qtest *qts, void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        ((uint8_t *)bytes)[i] = qtest_inb(qts, QFW_PORT_DATA);
    }
}

uint32_t qfw_dma(Qtest *qts, uint32_t control, uint16_t key, uint32_t len,
                 uint64_t gpa)
{
    uint8_t descriptor[16];

    st32_be(descriptor, control | (uint32_t)key << 16);
    st32_be(descriptor + 4, len);
    st64_be(descriptor + 8, gpa);
    qtest_memwrite(qts, QFW_SCRATCH_GPA, descriptor, sizeof(descriptor));
    /* The register is big-endian, the ports are not */
    qtest_outl(qts, QFW_PORT_DMA, 0);
    qtest_outl(qts, QFW_PORT_DMA + 4, GUINT32_SWAP_LE_BE(QFW_SCRATCH_GPA));
    qtest_memread(qts, QFW_SCRATCH_GPA, descriptor, 4);
    return ld32_be(descriptor);
}

void qfw_read_key(Qtest *qts, uint16_t key, void *bytes, uint32_t len)
{
    g_assert_cmphex(qfw_dma(qts, QFW_DMA_SELECT | QFW_DMA_READ, key, len,
                            QFW_BUFFER_GPA), ==, 0);
    qtest_memread(qts, QFW_BUFFER_GPA, bytes, len);
}

GArray *qfw_directory(Qtest *qts)
{
    GArray *files = g_array_new(FALSE, FALSE, sizeof(QfwFile));
    g_autofree uint8_t *blob = NULL;
    uint8_t count_be[4];
    uint32_t count;

    qfw_read_key(qts, QFW_KEY_DIRECTORY, count_be, 4);
    count = ld32_be(count_be);
    g_assert_cmpuint(count, <, 0x4000);
    blob = g_malloc(4 + 64 * count);
    qfw_read_key(qts, QFW_KEY_DIRECTORY, blob, 4 + 64 * count);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = blob + 4 + 64 * i;
        QfwFile file = { .len = ld32_be(entry), .key = ld16_be(entry + 4) };

        g_assert_cmphex(ld16_be(entry + 6), ==, 0);
        memcpy(file.name, entry + 8, sizeof(file.name));
        g_assert_cmpint(file.name[sizeof(file.name) - 1], ==, 0);
        g_array_append_val(files, file);
    }
    return files;
}

bool qfw_find(Qtest *qts, const char *name, QfwFile *file)
{
    g_autoptr(GArray) files = qfw_directory(qts);

    for (guint i = 0; i < files->len; i++) {
        *file = g_array_index(files, QfwFile, i);
        if (strcmp(file->name, name) == 0) {
            return true;
        }
    }
    return false;
}

GBytes *qfw_read_file(Qtest *qts, const char *name)
{
    QfwFile file;
    uint8_t *bytes;

    if (!qfw_find(qts, name, &file)) {
        g_error("no file %s in fw_cfg", name);
    }
    bytes = g_malloc(file.len + 1);
    qfw_read_key(qts, file.key, bytes, file.len);
    return g_bytes_new_take(bytes, file.len);
}
