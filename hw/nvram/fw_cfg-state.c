/*
 * fw_cfg: its state, as bytes
 *
 * What a guest may be in the middle of reading has to be there after a restore.
 * Most of it the restoring machine has by itself, because it was given the
 * same; a name, a length and a checksum tell.  ACPI tables are carried along
 * (fw_cfg-saved.c has what becomes of them).
 *
 * Spec: docs/specs/fw_cfg.rst, "Saving and restoring"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_cfg-internal.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

/** Bounds what a stream can make a file of tables look like. */
#define TABLES_LEN_MOST (16u * 1024 * 1024)

typedef enum FwCfgKind {
    KIND_FIXED = 0,             /* content that never changes */
    KIND_LIVE = 1,              /* content that is a device's */
    KIND_TABLES = 2,            /* ACPI tables: carried */
} FwCfgKind;

/* What there is */

static FwCfgKind fw_cfg_kind(const FwCfgItem *item)
{
    if (item->producer || (!item->name && item->key == FW_CFG_ACPI_TABLES)) {
        return KIND_TABLES;
    }
    return item->content ? KIND_FIXED : KIND_LIVE;
}

/* Saving */

static void fw_cfg_put_int(GByteArray *out, unsigned width, uint64_t value)
{
    uint8_t bytes[8];

    stn_le(bytes, width, value);
    g_byte_array_append(out, bytes, width);
}

static void fw_cfg_put_tables(const FwCfg *fw, const FwCfgItem *item,
                              GHashTable *now, GByteArray *out)
{
    const FwCfgRow *row = fw_cfg_saved_row(fw, item);
    GBytes *own = item->producer ? g_hash_table_lookup(now, item)
                                 : item->content;
    GBytes *content = item->content ? item->content : own;
    gsize len;
    const uint8_t *bytes = g_bytes_get_data(content, &len);

    fw_cfg_put_int(out, 1, row ? row->made : item->content != NULL);
    fw_cfg_put_int(out, 8, row ? row->hash : fw_cfg_hash(own));
    fw_cfg_put_int(out, 4, len);
    g_byte_array_append(out, bytes, len);
}

static void fw_cfg_put_item(const FwCfg *fw, const FwCfgItem *item,
                            GHashTable *now, GByteArray *out)
{
    FwCfgKind kind = fw_cfg_kind(item);
    size_t name_len = item->name ? strlen(item->name) : 0;

    fw_cfg_put_int(out, 1, name_len);
    if (item->name) {
        g_byte_array_append(out, (const uint8_t *)item->name, name_len);
    } else {
        fw_cfg_put_int(out, 2, item->key);
    }
    fw_cfg_put_int(out, 1, kind);
    fw_cfg_put_int(out, 4, item->len);
    if (kind == KIND_FIXED) {
        fw_cfg_put_int(out, 8, fw_cfg_hash(item->content));
    } else if (kind == KIND_TABLES) {
        fw_cfg_put_tables(fw, item, now, out);
    }
}

static GBytes *fw_cfg_get_items(const void *obj)
{
    const FwCfg *fw = obj;
    g_autoptr(GPtrArray) items = fw_cfg_items_all(fw);
    g_autoptr(GHashTable) now = fw_cfg_items_make_now(fw, false);
    GByteArray *out = g_byte_array_new();

    for (unsigned i = 0; i < items->len; i++) {
        fw_cfg_put_item(fw, items->pdata[i], now, out);
    }
    return g_byte_array_free_to_bytes(out);
}

/* Restoring: reading what was saved */

typedef struct FwCfgSource {
    const uint8_t *bytes;
    gsize left;
} FwCfgSource;

static const uint8_t *fw_cfg_take(FwCfgSource *source, gsize len)
{
    const uint8_t *bytes = source->bytes;

    if (len > source->left) {
        return NULL;
    }
    source->bytes += len;
    source->left -= len;
    return bytes;
}

static bool fw_cfg_take_int(FwCfgSource *source, unsigned width,
                            uint64_t *value)
{
    const uint8_t *bytes = fw_cfg_take(source, width);

    *value = bytes ? ldn_le(bytes, width) : 0;
    return bytes;
}

/** What an item is called; for comparing, not part of FwCfg. */
static bool fw_cfg_take_name(FwCfgSource *source, FwCfgItem *called)
{
    uint64_t name_len, key;
    const uint8_t *name;

    if (!fw_cfg_take_int(source, 1, &name_len)) {
        return false;
    }
    if (!name_len) {
        bool whole = fw_cfg_take_int(source, 2, &key);

        called->key = key;
        return whole;
    }
    name = fw_cfg_take(source, name_len);
    if (!name) {
        return false;
    }
    called->name = g_strndup((const char *)name, name_len);
    return true;
}

static int fw_cfg_compare(const FwCfgItem *a, const FwCfgItem *b)
{
    if (!a->name || !b->name) {
        return a->name ? 1 : b->name ? -1 : (int)a->key - b->key;
    }
    return strcmp(a->name, b->name);
}

/** @item: NULL if there is none left. */
static bool fw_cfg_check_name(const FwCfgItem *saved, const FwCfgItem *item,
                              GError **error)
{
    int order = item ? fw_cfg_compare(saved, item) : -1;
    g_autofree char *text = NULL;

    if (order == 0) {
        return true;
    }
    if (order > 0) {
        text = fw_cfg_item_text(item);
        return fm_error_set(error, "this machine has %s, the saved one had "
                            "not", text);
    }
    text = fw_cfg_item_text(saved);
    g_autofree char *shown = g_strescape(text, NULL);
    return fm_error_set(error, "the saved machine had %s, this one has not",
                        shown);
}

static bool fw_cfg_refuse_end(GError **error)
{
    return fm_error_set(error, "it ends inside of an item");
}

static bool fw_cfg_take_tables(FwCfgSource *source, FwCfgRow *row,
                               GError **error)
{
    uint64_t made, content_len;
    const uint8_t *bytes;

    if (!fw_cfg_take_int(source, 1, &made) ||
        !fw_cfg_take_int(source, 8, &row->hash) ||
        !fw_cfg_take_int(source, 4, &content_len) ||
        !(bytes = fw_cfg_take(source, content_len))) {
        return fw_cfg_refuse_end(error);
    }
    row->made = made;
    row->content = g_bytes_new(bytes, content_len);
    if (made > 1 || row->len > TABLES_LEN_MOST || content_len > row->len) {
        g_autofree char *text = fw_cfg_item_text(row->item);

        return fm_error_set(error, "%s cannot be as it was saved: %"
                            G_GUINT64_FORMAT " bytes of %u, made: %"
                            G_GUINT64_FORMAT, text, content_len, row->len,
                            made);
    }
    return true;
}

static bool fw_cfg_check_len(const FwCfgRow *row, GError **error)
{
    g_autofree char *text = NULL;

    if (row->len == row->item->len) {
        return true;
    }
    text = fw_cfg_item_text(row->item);
    return fm_error_set(error, "%s has %u bytes, on the saved machine it had "
                        "%u", text, row->item->len, row->len);
}

static bool fw_cfg_take_row(FwCfgSource *source, FwCfgRow *row, GError **error)
{
    FwCfgKind kind_here = fw_cfg_kind(row->item);
    uint64_t kind, len;

    if (!fw_cfg_take_int(source, 1, &kind) ||
        !fw_cfg_take_int(source, 4, &len)) {
        return fw_cfg_refuse_end(error);
    }
    row->len = len;
    if (kind != kind_here) {
        g_autofree char *text = fw_cfg_item_text(row->item);

        return fm_error_set(error, "%s was of kind %u, here it is of kind %u",
                            text, (unsigned)kind, kind_here);
    }
    switch (kind_here) {
    case KIND_FIXED:
        return fw_cfg_take_int(source, 8, &row->hash)
               ? fw_cfg_check_len(row, error) : fw_cfg_refuse_end(error);
    case KIND_LIVE:
        return fw_cfg_check_len(row, error);
    case KIND_TABLES:
        return fw_cfg_take_tables(source, row, error);
    }
    g_assert_not_reached();
}

/** The next item of the saved machine has to be @item. */
static bool fw_cfg_take_item(FwCfgSource *source, FwCfgItem *item,
                             FwCfgSaved *saved, GError **error)
{
    g_autofree FwCfgItem *called = g_new0(FwCfgItem, 1);
    bool named = fw_cfg_take_name(source, called);
    G_GNUC_UNUSED g_autofree char *name = called->name;
    FwCfgKind kind;
    FwCfgRow *row;

    if (!named) {
        return fw_cfg_refuse_end(error);
    }
    if (!fw_cfg_check_name(called, item, error)) {
        return false;
    }
    kind = fw_cfg_kind(item);
    row = g_new0(FwCfgRow, 1);
    row->item = item;
    if (!fw_cfg_take_row(source, row, error)) {
        fw_cfg_row_free(row);
        return false;
    }
    if (kind == KIND_TABLES) {
        g_ptr_array_add(saved->tables, row);
        return true;
    }
    if (kind == KIND_FIXED && row->hash != fw_cfg_hash(item->content)) {
        g_ptr_array_add(saved->changed, item);
    }
    fw_cfg_row_free(row);
    return true;
}

static bool fw_cfg_put_items(void *obj, GBytes *bytes, GError **error)
{
    FwCfg *fw = obj;
    g_autoptr(GPtrArray) items = fw_cfg_items_all(fw);
    FwCfgSource source;
    unsigned i = 0;

    fw_cfg_forget_saved(fw);
    fw->saved = fw_cfg_saved_new();
    source.bytes = g_bytes_get_data(bytes, &source.left);
    while (source.left) {
        FwCfgItem *item = i < items->len ? items->pdata[i++] : NULL;

        if (!fw_cfg_take_item(&source, item, fw->saved, error)) {
            return false;
        }
    }
    if (i < items->len) {
        g_autofree char *text = fw_cfg_item_text(items->pdata[i]);

        return fm_error_set(error, "this machine has %s, the saved one had "
                            "not", text);
    }
    return fw_cfg_saved_check(fw->saved, error);
}

/* Restoring: once all of it is read */

static bool fw_cfg_loaded(void *obj, GError **error)
{
    FwCfg *fw = obj;
    const FwCfgRow *row;

    fw_cfg_serve_saved(fw);
    fw->selected = fw_cfg_item(fw, fw->key);
    row = fw_cfg_saved_row(fw, fw->selected);
    if (row && row->item->producer && !row->made) {
        return fm_error_set(error, "key is that of '%s', which was not made",
                            row->item->name);
    }
    if (fw->offset > (fw->selected ? fw->selected->len : 0)) {
        return fm_error_set(error, "offset is %u, the selected item has %u "
                            "bytes", fw->offset,
                            fw->selected ? fw->selected->len : 0);
    }
    return true;
}

static const StateField fw_cfg_fields[] = {
    STATE_FIELD(FwCfg, key),
    STATE_FIELD(FwCfg, offset),
    STATE_FIELD(FwCfg, dma_addr_high),
    STATE_BLOB_FIELD("items", fw_cfg_get_items, fw_cfg_put_items),
    STATE_END
};

const StateTable fw_cfg_state = {
    .version = 1,
    .fields = fw_cfg_fields,
    .loaded = fw_cfg_loaded,
    .restored = fw_cfg_restored,
};
