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

/** An item, as the saved machine had it. */
typedef struct FwCfgRow {
    FwCfgItem *item;            /* here */
    uint32_t len;
    uint64_t hash;              /* of content that never changes; of tables: of
                                   what that machine made when it was saved */

    /* Tables */
    bool made;                  /* content is what firmware was given; if not,
                                   what it would have been */
    GBytes *content;

    /* and what this machine has, while content serves in its place */
    uint32_t own_len;
    GBytes *own_content;
} FwCfgRow;

/** What a saved machine had that this one may not have. */
typedef struct FwCfgSaved {
    GPtrArray *tables;          /* FwCfgRow, owned */
    GPtrArray *changed;         /* FwCfgItem, borrowed: other content here */
    bool serves;                /* tables are in the places of this machine's */
} FwCfgSaved;

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
    FwCfgSaved *saved;          /* what a saved machine had, while that is
                                   looked at or served; NULL: nothing */

    unsigned faults;
    MemoryRegion ports, ctl, dma_reg;
};

/* fw_cfg-items.c */

/** fw_cfg_item: what @key stands for, borrowed; NULL if it is not there. */
FwCfgItem *fw_cfg_item(FwCfg *fw, uint16_t key);

/**
 * fw_cfg_item_bytes: the bytes that an item has
 * @len: set to how many there are; what is missing up to the item's reads as 0
 *
 * Returns: borrowed; NULL if there are none, as of files not made yet.
 */
const uint8_t *fw_cfg_item_bytes(const FwCfgItem *item, uint32_t *len);

/**
 * fw_cfg_items_all: keys in rising order, then files by name; without the
 * directory, which follows from them.  Once it is sealed.
 *
 * Returns: FwCfgItem, borrowed; the array is the caller's.
 */
GPtrArray *fw_cfg_items_all(const FwCfg *fw);

/** fw_cfg_item_text: what messages call an item; the caller's to g_free(). */
char *fw_cfg_item_text(const FwCfgItem *item);

/** fw_cfg_items_make: all of @producer's files at once, so that they belong
 *  together. */
void fw_cfg_items_make(FwCfg *fw, const FwCfgProducer *producer);

/**
 * fw_cfg_items_make_now: what every producer makes now; no item becomes
 * another by it
 * @serve: as FwCfgProducer's make has it
 *
 * Returns: FwCfgItem -> GBytes, for every item that has a producer; the
 * caller's.
 */
GHashTable *fw_cfg_items_make_now(const FwCfg *fw, bool serve);

/** fw_cfg_make_directory: from the files and their lengths; the caller's. */
GBytes *fw_cfg_make_directory(const FwCfg *fw);

/** fw_cfg_items_init: there are none yet; fw_cfg_items_cleanup() frees. */
void fw_cfg_items_init(FwCfg *fw);
/** fw_cfg_items_reset: what was made is made anew when it is selected. */
void fw_cfg_items_reset(FwCfg *fw);
/** fw_cfg_items_cleanup: frees them, also if they were never sealed. */
void fw_cfg_items_cleanup(FwCfg *fw);

/* fw_cfg-saved.c; calls fw_cfg-items.c */

/** fw_cfg_hash: by which the contents of two machines are compared (XXH3-64,
 *  docs/specs/fw_cfg.rst, "Saving and restoring"). */
uint64_t fw_cfg_hash(GBytes *content);

/** fw_cfg_row_free: @p is an FwCfgRow; it goes with what it holds, its item
 *  stays. */
void fw_cfg_row_free(gpointer p);

/** fw_cfg_saved_new: with nothing in it.  Who reads a saved machine fills it;
 *  FwCfg.saved owns it, and fw_cfg_forget_saved() frees it. */
FwCfgSaved *fw_cfg_saved_new(void);

/**
 * fw_cfg_saved_check: whether its tables can all have been on one machine
 *
 * Returns: false with @error set if of files that are made together some were
 * made, and some were not.
 */
bool fw_cfg_saved_check(const FwCfgSaved *saved, GError **error);

/** fw_cfg_saved_row: what there is of @item in FwCfg.saved; NULL if it is not
 *  tables, or nothing of a saved machine is looked at or served. */
FwCfgRow *fw_cfg_saved_row(const FwCfg *fw, const FwCfgItem *item);

/** fw_cfg_serve_saved: FwCfg.saved's tables take the places of this machine's,
 *  with their lengths, in the directory too.  Once for each FwCfg.saved. */
void fw_cfg_serve_saved(FwCfg *fw);

/** fw_cfg_forget_saved: tables of a saved machine have served long enough; this
 *  machine's own take their places.  Does nothing if there are none. */
void fw_cfg_forget_saved(FwCfg *fw);

/**
 * fw_cfg_restored: all of the machine is as it was saved, and the saved tables
 * serve.  If this machine would make the same, FwCfg.saved is freed: what
 * firmware was given it keeps, the rest is this machine's own.  If not they
 * serve until fw_cfg_forget_saved(), and a warning says so.  A warning names
 * each item that has changed.
 * @obj: an FwCfg; as StateTable has it
 */
void fw_cfg_restored(void *obj);

/* fw_cfg-state.c; calls fw_cfg-saved.c and fw_cfg-items.c */

/** What is saved of an FwCfg, and how it is checked when it is loaded. */
extern const StateTable fw_cfg_state;

#endif
