/*
 * fw_cfg, from inside: what its device, its items and its saved state share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FW_CFG_INTERNAL_H
#define FW_CFG_INTERNAL_H

#include "hw/nvram/fw_cfg.h"

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

/* fw_cfg-items.c */

/** fw_cfg_item: NULL if the key is not there. */
FwCfgItem *fw_cfg_item(FwCfg *fw, uint16_t key);

/**
 * fw_cfg_item_bytes: the bytes that an item has
 * @len: set to how many there are; what is missing up to the item's reads as 0
 */
const uint8_t *fw_cfg_item_bytes(const FwCfgItem *item, uint32_t *len);

/** fw_cfg_items_make: all of @producer's files at once, so that they belong
 *  together. */
void fw_cfg_items_make(FwCfg *fw, const FwCfgProducer *producer);

/** fw_cfg_make_directory: from the files and their lengths. */
GBytes *fw_cfg_make_directory(const FwCfg *fw);

/** fw_cfg_items_init: there are none yet. */
void fw_cfg_items_init(FwCfg *fw);
/** fw_cfg_items_reset: what was made is made anew when it is selected. */
void fw_cfg_items_reset(FwCfg *fw);
void fw_cfg_items_cleanup(FwCfg *fw);

/* fw_cfg-state.c */

extern const StateTable fw_cfg_state;

/** fw_cfg_forget_saved: tables of a saved machine have served long enough; this
 *  machine's own take their places. */
void fw_cfg_forget_saved(FwCfg *fw);

#endif
