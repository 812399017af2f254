/*
 * fw_cfg: the tables of a saved machine
 *
 * A guest that has read a part of the ACPI tables goes on with the rest of the
 * same ones, whatever this machine was given: the saved ones serve from when
 * they are loaded, until it is seen that this machine would make the same, or
 * until the next reset.
 *
 * Spec: docs/specs/fw_cfg.rst, "Saving and restoring"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_cfg-internal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "util/error.h"
#include "util/report.h"

uint64_t fw_cfg_hash(GBytes *content)
{
    gsize len;
    const void *bytes = g_bytes_get_data(content, &len);

    return XXH3_64bits(bytes, len);
}

/* What the saved machine had */

void fw_cfg_row_free(gpointer p)
{
    FwCfgRow *row = p;

    g_clear_pointer(&row->content, g_bytes_unref);
    g_clear_pointer(&row->own_content, g_bytes_unref);
    g_free(row);
}

FwCfgSaved *fw_cfg_saved_new(void)
{
    FwCfgSaved *saved = g_new0(FwCfgSaved, 1);

    saved->tables = g_ptr_array_new_with_free_func(fw_cfg_row_free);
    saved->changed = g_ptr_array_new();
    return saved;
}

static void fw_cfg_saved_free(FwCfgSaved *saved)
{
    g_ptr_array_unref(saved->tables);
    g_ptr_array_unref(saved->changed);
    g_free(saved);
}

FwCfgRow *fw_cfg_saved_row(const FwCfg *fw, const FwCfgItem *item)
{
    for (unsigned i = 0; fw->saved && i < fw->saved->tables->len; i++) {
        FwCfgRow *row = fw->saved->tables->pdata[i];

        if (row->item == item) {
            return row;
        }
    }
    return NULL;
}

bool fw_cfg_saved_check(const FwCfgSaved *saved, GError **error)
{
    for (unsigned i = 1; i < saved->tables->len; i++) {
        const FwCfgRow *row = saved->tables->pdata[i];
        const FwCfgRow *before = saved->tables->pdata[i - 1];

        if (row->item->producer &&
            row->item->producer == before->item->producer &&
            row->made != before->made) {
            return fm_error_set(error, "fw_cfg file '%s' was made and '%s' was "
                                "not", row->made ? row->item->name
                                                 : before->item->name,
                                row->made ? before->item->name
                                          : row->item->name);
        }
    }
    return true;
}

/* While it serves */

static void fw_cfg_set_content(FwCfgItem *item, GBytes *content, uint32_t len)
{
    g_clear_pointer(&item->content, g_bytes_unref);
    item->content = content ? g_bytes_ref(content) : NULL;
    item->len = len;
}

static void fw_cfg_renew_directory(FwCfg *fw)
{
    FwCfgItem *dir = &fw->fixed[0][FW_CFG_FILE_DIR];

    g_bytes_unref(dir->content);
    dir->content = fw_cfg_make_directory(fw);
}

void fw_cfg_serve_saved(FwCfg *fw)
{
    for (unsigned i = 0; i < fw->saved->tables->len; i++) {
        FwCfgRow *row = fw->saved->tables->pdata[i];
        FwCfgItem *item = row->item;

        row->own_len = item->len;
        row->own_content = item->content ? g_bytes_ref(item->content) : NULL;
        fw_cfg_set_content(item, row->content, row->len);
    }
    fw_cfg_renew_directory(fw);
    fw->saved->serves = true;
}

void fw_cfg_forget_saved(FwCfg *fw)
{
    if (!fw->saved) {
        return;
    }
    if (fw->saved->serves) {
        for (unsigned i = 0; i < fw->saved->tables->len; i++) {
            FwCfgRow *row = fw->saved->tables->pdata[i];

            fw_cfg_set_content(row->item, row->own_content, row->own_len);
        }
        fw_cfg_renew_directory(fw);
    }
    g_clear_pointer(&fw->saved, fw_cfg_saved_free);
}

/* Whether it has to serve */

/** Whether this machine's tables are those that the saved one would make. */
static bool fw_cfg_tables_agree(const FwCfg *fw)
{
    g_autoptr(GHashTable) now = fw_cfg_items_make_now(fw, true);

    for (unsigned i = 0; i < fw->saved->tables->len; i++) {
        const FwCfgRow *row = fw->saved->tables->pdata[i];
        GBytes *own = row->item->producer
                      ? g_hash_table_lookup(now, row->item)
                      : row->own_content;

        if (row->len != row->own_len || row->hash != fw_cfg_hash(own)) {
            return false;
        }
    }
    return true;
}

/** The tables are this machine's own: what firmware was given it keeps, as
 *  ever; the rest is made when it is wanted. */
static void fw_cfg_keep_given(FwCfg *fw)
{
    for (unsigned i = 0; i < fw->saved->tables->len; i++) {
        const FwCfgRow *row = fw->saved->tables->pdata[i];

        if (!row->item->producer) {
            fw_cfg_set_content(row->item, row->own_content, row->own_len);
        } else if (!row->made) {
            g_clear_pointer(&row->item->content, g_bytes_unref);
        }
    }
    g_clear_pointer(&fw->saved, fw_cfg_saved_free);
}

void fw_cfg_restored(void *obj)
{
    FwCfg *fw = obj;

    for (unsigned i = 0; i < fw->saved->changed->len; i++) {
        g_autofree char *text = fw_cfg_item_text(fw->saved->changed->pdata[i]);

        report_warning("%s has other content than on the saved machine; the "
                       "guest sees the new one", text);
    }
    if (fw_cfg_tables_agree(fw)) {
        fw_cfg_keep_given(fw);
    } else {
        report_warning("the saved machine's ACPI tables differ from the given "
                       "ones (-acpitable?); they serve until the next reset");
    }
}
