/*
 * The guest's side of fw_cfg: how firmware finds it and reads files by DMA
 *
 * Uses ports and guest memory only.  Descriptor and data go through one page
 * of memory, which is put back as it was.
 * Guest ABI: docs/specs/fw_cfg.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_FIRMWARE_FW_CFG_CLIENT_H
#define HW_FIRMWARE_FW_CFG_CLIENT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/memory.h"

/** A page that transfers can go through: free memory before any boot loader. */
#define FW_CFG_CLIENT_PAGE 0x6000
#define FW_CFG_CLIENT_PAGE_LEN 4096

/** A directory entry. */
typedef struct FwCfgClientFile {
    char name[56];
    uint32_t len;
    uint16_t key;
} FwCfgClientFile;

typedef struct FwCfgClient {
    AddressSpace *memory, *io;
    uint64_t page_gpa;
    GArray *files;              /* FwCfgClientFile, as in the directory */
    uint8_t saved[FW_CFG_CLIENT_PAGE_LEN];      /* what the page held */
} FwCfgClient;

/**
 * fw_cfg_client_open: find fw_cfg, read the directory.
 * @page_gpa: the page that transfers go through, FW_CFG_CLIENT_PAGE_LEN bytes
 *            below 4 GiB that nobody else uses until it is closed
 *
 * Returns: false with @error set if there is no fw_cfg, it has no DMA, the
 * directory makes no sense, or the page is not RAM; nothing is then to be
 * closed.
 * Spec: docs/specs/fw_cfg.rst, "Finding it".
 */
bool fw_cfg_client_open(FwCfgClient *client, AddressSpace *memory,
                        AddressSpace *io, uint64_t page_gpa, GError **error);

/** fw_cfg_client_close: put the page back as it was. */
void fw_cfg_client_close(FwCfgClient *client);

/** fw_cfg_client_find: by name; NULL if there is none. */
const FwCfgClientFile *fw_cfg_client_find(const FwCfgClient *client,
                                          const char *name);

/**
 * fw_cfg_client_read: the first @len bytes of a file.
 * @buf: zeroed; where the file holds zeros it is not touched, so that memory
 *       of a big sparse file is not used
 * @used: NULL, or how many bytes of @buf are followed by nothing but zeros
 *        that were not touched
 *
 * Returns: false with @error set if fw_cfg reports an error.
 */
bool fw_cfg_client_read(FwCfgClient *client, const FwCfgClientFile *file,
                        uint8_t *buf, uint32_t len, uint32_t *used,
                        GError **error);

/**
 * fw_cfg_client_peek, fw_cfg_client_poke: read or write @len bytes, at most 8,
 * at @offset in a file.
 *
 * Returns: false if fw_cfg reports an error: a file that is read-only, or too
 * short.
 */
bool fw_cfg_client_peek(FwCfgClient *client, const FwCfgClientFile *file,
                        uint32_t offset, void *buf, uint32_t len);
bool fw_cfg_client_poke(FwCfgClient *client, const FwCfgClientFile *file,
                        uint32_t offset, const void *buf, uint32_t len);

#endif
