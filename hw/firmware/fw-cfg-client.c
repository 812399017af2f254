/*
 * The guest's side of fw_cfg: how firmware finds it and reads files by DMA
 *
 * Guest ABI: docs/specs/fw_cfg.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/firmware/fw-cfg-client.h"

#include "hw/nvram/fw_cfg.h"
#include "util/bytes.h"
#include "util/error.h"

/* The page: data first, the descriptor at the end */
#define DESC_LEN 16
#define DATA_LEN (FW_CFG_CLIENT_PAGE_LEN - DESC_LEN)

#define ID_DMA (1u << 1)
#define DIR_HEADER_LEN 4
#define DIR_ENTRY_LEN 64

/* Keys 0x20 to 0x3fff can be files */
#define MAX_FILES (0x4000 - FW_CFG_FILE_FIRST)

/** Run one descriptor on the data area; @control holds select and key too. */
static bool client_dma(FwCfgClient *client, uint32_t control, uint32_t len)
{
    uint64_t desc_gpa = client->page_gpa + DATA_LEN;
    uint8_t desc[DESC_LEN], result[4];

    st32_be(desc, control);
    st32_be(desc + 4, len);
    st64_be(desc + 8, client->page_gpa);
    address_space_write(client->memory, desc_gpa, desc, sizeof(desc));
    /* the register is big-endian: its low half, last, starts the transfer */
    address_space_store(client->io, FW_CFG_PORT_DMA, 0, 4);
    address_space_store(client->io, FW_CFG_PORT_DMA + 4,
                        GUINT32_SWAP_LE_BE((uint32_t)desc_gpa), 4);
    address_space_read(client->memory, desc_gpa, result, sizeof(result));
    return ld32_be(result) == 0;
}

static uint32_t client_select(uint16_t key)
{
    return (uint32_t)key << 16 | FW_CFG_DMA_SELECT;
}

static bool client_read_failed(const char *what, GError **error)
{
    return fm_error_set(error, "fw_cfg: reading %s by DMA failed", what);
}

static bool client_is_zero(const uint8_t *bytes, size_t len)
{
    return bytes[0] == 0 && !memcmp(bytes, bytes + 1, len - 1);
}

/** Stream an item, selected by the first transfer, through the page. */
static bool client_read_key(FwCfgClient *client, uint16_t key, uint8_t *buf,
                            uint32_t len, uint32_t *used)
{
    uint32_t done = 0;
    uint32_t control = client_select(key) | FW_CFG_DMA_READ;
    uint8_t bytes[DATA_LEN];

    *used = 0;
    while (done < len) {
        uint32_t n = MIN(len - done, DATA_LEN);

        if (!client_dma(client, control, n)) {
            return false;
        }
        address_space_read(client->memory, client->page_gpa, bytes, n);
        if (!client_is_zero(bytes, n)) {
            memcpy(buf + done, bytes, n);
            *used = done + n;
        }
        control = FW_CFG_DMA_READ;
        done += n;
    }
    return true;
}

static bool client_read_directory(FwCfgClient *client, GError **error)
{
    uint8_t header[DIR_HEADER_LEN] = { 0 };
    g_autofree uint8_t *dir = NULL;
    uint32_t n, used;

    if (!client_read_key(client, FW_CFG_FILE_DIR, header, sizeof(header),
                         &used)) {
        return client_read_failed("the directory", error);
    }
    n = ld32_be(header);
    if (n > MAX_FILES) {
        return fm_error_set(error, "fw_cfg: the directory claims %u files, "
                            "more than there are keys", n);
    }
    dir = g_malloc0(DIR_HEADER_LEN + n * DIR_ENTRY_LEN);
    if (!client_read_key(client, FW_CFG_FILE_DIR, dir,
                         DIR_HEADER_LEN + n * DIR_ENTRY_LEN, &used)) {
        return client_read_failed("the directory", error);
    }
    g_array_set_size(client->files, n);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *entry = dir + DIR_HEADER_LEN + i * DIR_ENTRY_LEN;
        FwCfgClientFile *file = &g_array_index(client->files,
                                               FwCfgClientFile, i);

        file->len = ld32_be(entry);
        file->key = ld16_be(entry + 4);
        memcpy(file->name, entry + 8, sizeof(file->name));
        if (file->name[sizeof(file->name) - 1]) {
            return fm_error_set(error, "fw_cfg: directory entry %u: the file "
                                "name has no NUL", i);
        }
    }
    return true;
}

bool fw_cfg_client_open(FwCfgClient *client, AddressSpace *memory,
                        AddressSpace *io, uint64_t page_gpa, GError **error)
{
    uint8_t id[8];

    client->memory = memory;
    client->io = io;
    client->page_gpa = page_gpa;

    /* by the ports, which are safe to try; DMA only if it says that it can */
    for (unsigned key = FW_CFG_SIGNATURE; key <= FW_CFG_ID; key++) {
        address_space_store(io, FW_CFG_PORT_SELECT, key, 2);
        for (unsigned i = 0; i < 4; i++) {
            id[key * 4 + i] = address_space_load(io, FW_CFG_PORT_DATA, 1);
        }
    }
    if (memcmp(id, "QEMU", 4)) {
        return fm_error_set(error, "fw_cfg: there is none at port 0x%x",
                            FW_CFG_PORT_SELECT);
    }
    if (!(ld32_le(id + 4) & ID_DMA)) {
        return fm_error_set(error, "fw_cfg: it has no DMA");
    }
    if (!address_space_is_ram(memory, page_gpa, FW_CFG_CLIENT_PAGE_LEN)) {
        return fm_error_set(error, "fw_cfg: a transfer needs memory, but there "
                            "is no RAM at 0x%" G_GINT64_MODIFIER "x",
                            page_gpa);
    }
    address_space_read(memory, page_gpa, client->saved,
                       sizeof(client->saved));
    client->files = g_array_new(FALSE, TRUE, sizeof(FwCfgClientFile));
    if (!client_read_directory(client, error)) {
        fw_cfg_client_close(client);
        return false;
    }
    return true;
}

void fw_cfg_client_close(FwCfgClient *client)
{
    address_space_write(client->memory, client->page_gpa, client->saved,
                        sizeof(client->saved));
    g_clear_pointer(&client->files, g_array_unref);
}

const FwCfgClientFile *fw_cfg_client_find(const FwCfgClient *client,
                                          const char *name)
{
    for (unsigned i = 0; i < client->files->len; i++) {
        const FwCfgClientFile *file = &g_array_index(client->files,
                                                     FwCfgClientFile, i);

        if (!strcmp(file->name, name)) {
            return file;
        }
    }
    return NULL;
}

bool fw_cfg_client_read(FwCfgClient *client, const FwCfgClientFile *file,
                        uint8_t *buf, uint32_t len, uint32_t *used,
                        GError **error)
{
    uint32_t unused;

    return client_read_key(client, file->key, buf, len,
                           used ? used : &unused) ||
           client_read_failed(file->name, error);
}

bool fw_cfg_client_peek(FwCfgClient *client, const FwCfgClientFile *file,
                        uint32_t offset, void *buf, uint32_t len)
{
    g_assert(len <= 8);
    if (!client_dma(client, client_select(file->key) | FW_CFG_DMA_SKIP,
                    offset) ||
        !client_dma(client, FW_CFG_DMA_READ, len)) {
        return false;
    }
    address_space_read(client->memory, client->page_gpa, buf, len);
    return true;
}

bool fw_cfg_client_poke(FwCfgClient *client, const FwCfgClientFile *file,
                        uint32_t offset, const void *buf, uint32_t len)
{
    g_assert(len <= 8);
    if (!client_dma(client, client_select(file->key) | FW_CFG_DMA_SKIP,
                    offset)) {
        return false;
    }
    address_space_write(client->memory, client->page_gpa, buf, len);
    return client_dma(client, FW_CFG_DMA_WRITE, len);
}
