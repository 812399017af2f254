/*
 * libqtest: reading fw_cfg, as firmware does (docs/specs/fw_cfg.rst)
 *
 * By DMA the functions use guest memory from QFW_SCRATCH_GPA on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_QTEST_LIBQTEST_FW_CFG_H
#define TESTS_QTEST_LIBQTEST_FW_CFG_H

#include "libqtest.h"

#define QFW_SCRATCH_GPA 0x2000000

#define QFW_PORT_SELECT 0x510
#define QFW_PORT_DATA 0x511
#define QFW_PORT_DMA 0x514

enum {
    QFW_DMA_ERROR = 1, QFW_DMA_READ = 2, QFW_DMA_SKIP = 4, QFW_DMA_SELECT = 8,
    QFW_DMA_WRITE = 16,
};

/** An entry of the directory. */
typedef struct QfwFile {
    char name[56];
    uint16_t key;
    uint32_t len;
} QfwFile;

void qfw_select(Qtest *qts, uint16_t key);

/** qfw_read_port: the next @len bytes of what is selected. */
void qfw_read_port(Qtest *qts, void *bytes, size_t len);

/** qfw_dma: run a descriptor.  @control: without the key; Returns the control
 *  word that the device leaves. */
uint32_t qfw_dma(Qtest *qts, uint32_t control, uint16_t key, uint32_t len,
                 uint64_t gpa);

/** qfw_read_key: select @key and read @len bytes by DMA. */
void qfw_read_key(Qtest *qts, uint16_t key, void *bytes, uint32_t len);

/** qfw_directory: QfwFile, in the directory's order; free with
 *  g_array_unref(). */
GArray *qfw_directory(Qtest *qts);

/** qfw_find: false if there is no such file. */
bool qfw_find(Qtest *qts, const char *name, QfwFile *file);

/** qfw_read_file: the content of a file that must be there, by DMA; free with
 *  g_bytes_unref(). */
GBytes *qfw_read_file(Qtest *qts, const char *name);

#endif
