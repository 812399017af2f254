/*
 * fw_cfg: what there is to read, by key and by name
 *
 * Keys below FW_CFG_FILE_FIRST have a place each; files get their keys when all
 * of them are there, by name.
 *
 * Spec: docs/specs/fw_cfg.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_cfg-internal.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

/* A key: bit 15 is the name space, bit 14 an old flag that is ignored */
#define KEY_INDEX_MASK 0x3fff
#define KEY_ARCH_LOCAL 0x8000

/* A directory entry, big-endian: size, key, 16 bits reserved, name */
#define DIR_HEADER_LEN 4
#define DIR_ENTRY_LEN 64
#define DIR_SIZE 0
#define DIR_KEY 4
#define DIR_NAME 8

#define MAX_FILES (KEY_INDEX_MASK + 1 - FW_CFG_FILE_FIRST)

const uint8_t *fw_cfg_item_bytes(const FwCfgItem *item, uint32_t *len)
{
    gsize size;
    const uint8_t *bytes;

    if (item->data || item->live) {
        *len = item->len;
        return item->data ? item->data : item->live;
    }
    if (!item->content) {
        *len = 0;
        return NULL;
    }
    bytes = g_bytes_get_data(item->content, &size);
    *len = size;
    return bytes;
}

FwCfgItem *fw_cfg_item(FwCfg *fw, uint16_t key)
{
    unsigned index = key & KEY_INDEX_MASK;
    bool local = key & KEY_ARCH_LOCAL;

    if (index < FW_CFG_FILE_FIRST) {
        FwCfgItem *item = &fw->fixed[local][index];

        return item->used ? item : NULL;
    }
    index -= FW_CFG_FILE_FIRST;
    if (local || !fw->sorted || index >= fw->sorted->len) {
        return NULL;
    }
    return g_ptr_array_index(fw->sorted, index);
}

GPtrArray *fw_cfg_items_all(const FwCfg *fw)
{
    GPtrArray *items = g_ptr_array_new();

    for (unsigned local = 0; local < 2; local++) {
        for (unsigned i = 0; i < FW_CFG_FILE_FIRST; i++) {
            const FwCfgItem *item = &fw->fixed[local][i];

            if (item->used && item->key != FW_CFG_FILE_DIR) {
                g_ptr_array_add(items, (gpointer)item);
            }
        }
    }
    for (unsigned i = 0; i < fw->sorted->len; i++) {
        g_ptr_array_add(items, fw->sorted->pdata[i]);
    }
    return items;
}

char *fw_cfg_item_text(const FwCfgItem *item)
{
    return item->name ? g_strdup_printf("fw_cfg file '%s'", item->name)
                      : g_strdup_printf("fw_cfg key 0x%04x", item->key);
}

void fw_cfg_items_make(FwCfg *fw, const FwCfgProducer *producer)
{
    g_autofree GBytes **made = producer->make(producer->opaque, true);
    unsigned n = 0;

    for (unsigned i = 0; i < fw->files->len; i++) {
        FwCfgItem *item = g_ptr_array_index(fw->files, i);

        if (item->producer == producer) {
            g_assert(made[n] && g_bytes_get_size(made[n]) <= item->len);
            g_clear_pointer(&item->content, g_bytes_unref);
            item->content = made[n++];
        }
    }
    g_assert(!made[n]);
}

GHashTable *fw_cfg_items_make_now(const FwCfg *fw, bool serve)
{
    GHashTable *made = g_hash_table_new_full(NULL, NULL, NULL,
                                             (GDestroyNotify)g_bytes_unref);

    for (unsigned i = 0; i < fw->files->len; i++) {
        const FwCfgItem *first = fw->files->pdata[i];
        const FwCfgProducer *producer = first->producer;
        g_autofree GBytes **files = NULL;
        unsigned n = 0;

        if (!producer || g_hash_table_contains(made, first)) {
            continue;
        }
        files = producer->make(producer->opaque, serve);
        for (unsigned j = i; j < fw->files->len; j++) {
            FwCfgItem *item = fw->files->pdata[j];

            if (item->producer == producer) {
                g_hash_table_insert(made, item, files[n++]);
            }
        }
    }
    return made;
}

/* Filling it, by machines */

void fw_cfg_add_key(FwCfg *fw, uint16_t key, GBytes *content)
{
    FwCfgItem *item;

    g_assert((key & ~KEY_ARCH_LOCAL) < FW_CFG_FILE_FIRST &&
             (key == FW_CFG_FILE_DIR || !fw->sorted));
    g_assert(g_bytes_get_size(content) <= UINT32_MAX);
    item = &fw->fixed[key >= KEY_ARCH_LOCAL][key & KEY_INDEX_MASK];
    g_assert(!item->used);
    item->used = true;
    item->key = key;
    item->content = g_bytes_ref(content);
    item->len = g_bytes_get_size(content);
}

void fw_cfg_add_key_int(FwCfg *fw, uint16_t key, unsigned width,
                        uint64_t value)
{
    uint8_t raw[8];

    g_assert(width <= sizeof(raw));
    stn_le(raw, width, value);
    g_autoptr(GBytes) content = g_bytes_new(raw, width);
    fw_cfg_add_key(fw, key, content);
}

static FwCfgItem *fw_cfg_new_file(FwCfg *fw, const char *name, uint32_t len)
{
    FwCfgItem *item;

    g_assert(!fw->sorted && fw->files->len < MAX_FILES);
    g_assert(*name && strlen(name) <= FW_CFG_NAME_MAX);
    g_assert(!g_hash_table_contains(fw->by_name, name));

    item = g_new0(FwCfgItem, 1);
    item->used = true;
    item->name = g_strdup(name);
    item->len = len;
    g_ptr_array_add(fw->files, item);
    g_hash_table_insert(fw->by_name, item->name, item);
    return item;
}

void fw_cfg_add_file(FwCfg *fw, const char *name, GBytes *content)
{
    FwCfgItem *item;

    g_assert(g_bytes_get_size(content) <= UINT32_MAX);
    item = fw_cfg_new_file(fw, name, g_bytes_get_size(content));
    item->content = g_bytes_ref(content);
}

bool fw_cfg_add_user_file(FwCfg *fw, const char *name, GBytes *content,
                          GError **error)
{
    gsize len = g_bytes_get_size(content);

    if (!*name) {
        return fm_error_set(error, "the name is empty");
    }
    if (strlen(name) > FW_CFG_NAME_MAX) {
        return fm_error_set(error, "name too long (max. %d char)",
                            FW_CFG_NAME_MAX);
    }
    if (g_hash_table_contains(fw->by_name, name)) {
        return fm_error_set(error, "duplicate fw_cfg file name: %s", name);
    }
    if (len > UINT32_MAX) {
        return fm_error_set(error, "%s has %" G_GSIZE_FORMAT " bytes, more "
                            "than the %u that a file can have", name, len,
                            UINT32_MAX);
    }
    if (fw->files->len >= MAX_FILES) {
        return fm_error_set(error, "no room for %s: there are %d files "
                            "already", name, MAX_FILES);
    }
    fw_cfg_add_file(fw, name, content);
    return true;
}

void fw_cfg_add_made_file(FwCfg *fw, const char *name, uint32_t len,
                          const FwCfgProducer *producer)
{
    fw_cfg_new_file(fw, name, len)->producer = producer;
}

void fw_cfg_add_live_file(FwCfg *fw, const char *name, const uint8_t *bytes,
                          uint32_t len)
{
    fw_cfg_new_file(fw, name, len)->live = bytes;
}

void fw_cfg_add_writable_file(FwCfg *fw, const char *name, uint8_t *data,
                              uint32_t len,
                              void (*written)(void *opaque, uint32_t offset,
                                              uint32_t len), void *opaque)
{
    FwCfgItem *item = fw_cfg_new_file(fw, name, len);

    item->data = data;
    item->written = written;
    item->opaque = opaque;
}

static gint fw_cfg_compare_names(gconstpointer a, gconstpointer b)
{
    const FwCfgItem *x = *(FwCfgItem *const *)a, *y = *(FwCfgItem *const *)b;

    return strcmp(x->name, y->name);
}

GBytes *fw_cfg_make_directory(const FwCfg *fw)
{
    unsigned n = fw->sorted->len;
    gsize len = DIR_HEADER_LEN +
                (gsize)DIR_ENTRY_LEN * MAX(n, FW_CFG_FILE_SLOTS);
    uint8_t *dir = g_malloc0(len);

    st32_be(dir, n);
    for (unsigned i = 0; i < n; i++) {
        const FwCfgItem *item = g_ptr_array_index(fw->sorted, i);
        uint8_t *entry = dir + DIR_HEADER_LEN + i * DIR_ENTRY_LEN;

        st32_be(entry + DIR_SIZE, item->len);
        st16_be(entry + DIR_KEY, item->key);
        memcpy(entry + DIR_NAME, item->name, strlen(item->name));
    }
    return g_bytes_new_take(dir, len);
}

void fw_cfg_seal(FwCfg *fw)
{
    unsigned n = fw->files->len;
    g_autoptr(GPtrArray) sorted = g_ptr_array_sized_new(n);
    g_autoptr(GBytes) directory = NULL;

    g_assert(!fw->sorted);
    for (unsigned i = 0; i < n; i++) {
        g_ptr_array_add(sorted, g_ptr_array_index(fw->files, i));
    }
    g_ptr_array_sort(sorted, fw_cfg_compare_names);
    for (unsigned i = 0; i < n; i++) {
        ((FwCfgItem *)g_ptr_array_index(sorted, i))->key =
            FW_CFG_FILE_FIRST + i;
    }
    fw->sorted = g_steal_pointer(&sorted);
    directory = fw_cfg_make_directory(fw);
    fw_cfg_add_key(fw, FW_CFG_FILE_DIR, directory);
}

int fw_cfg_find_file(const FwCfg *fw, const char *name)
{
    const FwCfgItem *item = g_hash_table_lookup(fw->by_name, name);

    g_assert(fw->sorted);
    return item ? item->key : -1;
}

/* Their life */

static void fw_cfg_item_free(gpointer p)
{
    FwCfgItem *item = p;

    g_clear_pointer(&item->content, g_bytes_unref);
    g_free(item->name);
    g_free(item);
}

void fw_cfg_items_init(FwCfg *fw)
{
    fw->files = g_ptr_array_new_with_free_func(fw_cfg_item_free);
    fw->by_name = g_hash_table_new(g_str_hash, g_str_equal);
}

void fw_cfg_items_reset(FwCfg *fw)
{
    for (unsigned i = 0; i < fw->files->len; i++) {
        FwCfgItem *item = g_ptr_array_index(fw->files, i);

        if (item->producer) {
            g_clear_pointer(&item->content, g_bytes_unref);
        }
    }
}

void fw_cfg_items_cleanup(FwCfg *fw)
{
    for (unsigned i = 0; i < FW_CFG_FILE_FIRST; i++) {
        g_clear_pointer(&fw->fixed[0][i].content, g_bytes_unref);
        g_clear_pointer(&fw->fixed[1][i].content, g_bytes_unref);
    }
    g_clear_pointer(&fw->sorted, g_ptr_array_unref);
    g_hash_table_unref(fw->by_name);
    g_ptr_array_unref(fw->files);
}
