/*
 * fw_cfg, from inside: what its device and its saved state share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FW_CFG_INTERNAL_H
#define FW_CFG_INTERNAL_H

#include "hw/nvram/fw_cfg.h"

/* A key: bit 15 is the name space, bit 14 an old flag that is ignored */
#define KEY_INDEX_MASK 0x3fff
#define KEY_ARCH_LOCAL 0x8000

/* A directory entry, big-endian: size, key, 16 bits reserved, name */
#define DIR_HEADER_LEN 4
#define DIR_ENTRY_LEN 64
#define DIR_SIZE 0
#define DIR_KEY 4
#define DIR_NAME 8

/** What a key stands for. */
typedef struct FwCfgItem {
    char *name;                 /* NULL: not a file */
    uint32_t len;
    uint16_t key;
    bool used;                  /* fixed keys: something is there */

    GBytes *content;            /* at most len bytes; zeros after it */
    const FwCfgProducer *producer;      /* who makes content; NULL: nobody */
    const uint8_t *live;        /* len bytes of the owner's; NULL: none */

    /* Writable files */
    uint8_t *data;
    void (*written)(void *opaque, uint32_t offset, uint32_t len);
    void *opaque;
} FwCfgItem;

struct FwCfg {
    Device parent;

    /* Links: given by the machine */
    AddressSpace *dma;
    MemoryRegion *io;

    /* What there is to read; complete when sealed */
    FwCfgItem fixed[2][FW_CFG_FILE_FIRST];      /* [1]: arch-local */
    GPtrArray *files;           /* FwCfgItem, in order of adding */
    GPtrArray *sorted;          /* the same by name: by key; NULL: not sealed */
    GHashTable *by_name;        /* name -> FwCfgItem */

    /* Guest state: reset and saved */
    uint16_t key;               /* selected; may be one that is not there */
    FwCfgItem *selected;        /* follows; NULL: a key that is not there */
    uint32_t offset;            /* at most the selected item's len */
    uint32_t dma_addr_high;
    struct FwCfgSaved *saved;   /* what a saved machine had, while that is
                                   looked at or served; NULL: nothing */

    unsigned faults;
    MemoryRegion ports, ctl, dma_reg;
};

/** fw_cfg_item: NULL if the key is not there. */
FwCfgItem *fw_cfg_item(FwCfg *fw, uint16_t key);

/** fw_cfg_make_directory: from the files and their lengths. */
GBytes *fw_cfg_make_directory(const FwCfg *fw);

extern const StateTable fw_cfg_state;

/** fw_cfg_forget_saved: tables of a saved machine have served long enough; this
 *  machine's own take their places. */
void fw_cfg_forget_saved(FwCfg *fw);

#endif
