/*
 * fw_cfg: how firmware reads what the machine has to tell it
 *
 * The guest selects an item by its key and reads it a byte at a time from a
 * port, or hands over the address of a descriptor and has the item copied to
 * its memory.  A few items, whose owners want an answer, can be written too.
 *
 * Guest ABI and requirements: docs/specs/fw_cfg.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_cfg-internal.h"

#include "hw/acpi/platform.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"
#include "util/report.h"

/* ID bits */
#define ID_TRADITIONAL (1u << 0)
#define ID_DMA (1u << 1)

/* Ports, counted from FW_CFG_PORT_SELECT */
#define PORTS_LEN 12
#define PORTS_DMA (FW_CFG_PORT_DMA - FW_CFG_PORT_SELECT)
#define CTL_LEN 2
#define DMA_LEN 8

/* A DMA descriptor, big-endian: control (key in the high half), length,
 * address */
#define DESC_LEN 16
#define DESC_CONTROL 0
#define DESC_LENGTH 4
#define DESC_ADDRESS 8
#define DESC_KEY_SHIFT 16

#define MAX_FILES (KEY_INDEX_MASK + 1 - FW_CFG_FILE_FIRST)

/** What reading the DMA address register gives, in the order of the ports. */
static const char dma_signature[DMA_LEN + 1] = "QEMU CFG";

/* Items, from inside */

static void fw_cfg_item_free(gpointer p)
{
    FwCfgItem *item = p;

    g_clear_pointer(&item->content, g_bytes_unref);
    g_free(item->name);
    g_free(item);
}

/** The bytes that an item has; what is missing up to its len reads as 0. */
static const uint8_t *fw_cfg_item_bytes(const FwCfgItem *item, uint32_t *len)
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

/** All of a producer's files at once, so that they belong together. */
static void fw_cfg_make(FwCfg *fw, const FwCfgProducer *producer)
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

/* What the guest can do */

static void fw_cfg_select(FwCfg *fw, uint16_t key)
{
    fw->key = key;
    fw->selected = fw_cfg_item(fw, key);
    fw->offset = 0;
    if (log_enabled(LOG_FW_CFG)) {
        log_line(LOG_FW_CFG, "select 0x%04x %s, %u bytes", key,
                 !fw->selected ? "(nothing)"
                 : fw->selected->name ? fw->selected->name : "(key)",
                 fw->selected ? fw->selected->len : 0);
    }
    if (fw->selected && fw->selected->producer && !fw->selected->content) {
        fw_cfg_make(fw, fw->selected->producer);
    }
}

static uint8_t fw_cfg_read_byte(FwCfg *fw)
{
    const FwCfgItem *item = fw->selected;
    const uint8_t *bytes;
    uint32_t len;
    uint8_t value;

    if (!item || fw->offset >= item->len) {
        return 0;
    }
    bytes = fw_cfg_item_bytes(item, &len);
    value = fw->offset < len ? bytes[fw->offset] : 0;
    fw->offset++;
    return value;
}

static uint64_t fw_cfg_ctl_read(void *opaque, uint64_t offset, unsigned size)
{
    /* the selector cannot be read back; each single byte is data */
    return size == 1 ? fw_cfg_read_byte(opaque) : 0;
}

static void fw_cfg_ctl_write(void *opaque, uint64_t offset, uint64_t value,
                             unsigned size)
{
    if (offset == 0 && size == 2) {
        fw_cfg_select(opaque, value);
    }
}

static const MemoryRegionOps fw_cfg_ctl_ops = {
    .read = fw_cfg_ctl_read, .write = fw_cfg_ctl_write,
    .min_size = 1, .max_size = 2,
};

/** Bytes left in the selected item. */
static uint32_t fw_cfg_left(const FwCfg *fw)
{
    return fw->selected ? fw->selected->len - fw->offset : 0;
}

/*
 * Transfers reach RAM only, and all of it or none: no register is touched, so
 * no device (this one included) is entered from here, and no guest can make
 * one transfer longer than the memory that it owns.
 */
static bool fw_cfg_is_memory(FwCfg *fw, uint64_t gpa, uint64_t len)
{
    return gpa <= UINT64_MAX - len && address_space_is_ram(fw->dma, gpa, len);
}

static bool fw_cfg_dma_read(FwCfg *fw, uint64_t gpa, uint32_t len)
{
    const uint8_t *bytes = NULL;
    uint32_t advance = MIN(len, fw_cfg_left(fw));
    uint32_t have = 0, n;

    if (len && !fw_cfg_is_memory(fw, gpa, len)) {
        report_guest_fault(&fw->faults, "fw_cfg: DMA read of %u bytes to 0x%"
                           G_GINT64_MODIFIER "x, which is not all RAM",
                           len, gpa);
        return false;
    }
    if (fw->selected) {
        bytes = fw_cfg_item_bytes(fw->selected, &have);
    }
    n = fw->offset < have ? MIN(len, have - fw->offset) : 0;
    if (n) {
        address_space_write(fw->dma, gpa, bytes + fw->offset, n);
    }
    if (len > n) {
        address_space_fill(fw->dma, gpa + n, 0, len - n);
    }
    fw->offset += advance;
    return true;
}

static bool fw_cfg_dma_write(FwCfg *fw, uint64_t gpa, uint32_t len)
{
    FwCfgItem *item = fw->selected;
    g_autofree uint8_t *bytes = NULL;

    if (!len) {
        return true;
    }
    if (!item || !item->data) {
        report_guest_fault(&fw->faults, "fw_cfg: DMA write to %s, which is "
                           "read-only", item && item->name ? item->name
                                                           : "a key");
        return false;
    }
    if (len > fw_cfg_left(fw)) {
        report_guest_fault(&fw->faults, "fw_cfg: DMA write of %u bytes at %u "
                           "to %s, which has %u", len, fw->offset, item->name,
                           item->len);
        return false;
    }
    /* by way of a copy: nothing may be written if a part cannot be read */
    bytes = g_malloc(len);
    if (gpa > UINT64_MAX - len ||
        !address_space_peek(fw->dma, gpa, bytes, len)) {
        report_guest_fault(&fw->faults, "fw_cfg: DMA write of %u bytes from "
                           "0x%" G_GINT64_MODIFIER "x, which is not all "
                           "memory", len, gpa);
        return false;
    }
    memcpy(item->data + fw->offset, bytes, len);
    if (log_enabled(LOG_FW_CFG)) {
        log_line(LOG_FW_CFG, "%u bytes written at %u to %s", len, fw->offset,
                 item->name);
    }
    fw->offset += len;
    if (item->written) {
        item->written(item->opaque, fw->offset - len, len);
    }
    return true;
}

static bool fw_cfg_dma_transfer(FwCfg *fw, const uint8_t desc[DESC_LEN])
{
    uint32_t control = ld32_be(desc + DESC_CONTROL);
    uint32_t len = ld32_be(desc + DESC_LENGTH);
    uint64_t gpa = ld64_be(desc + DESC_ADDRESS);

    if (log_enabled(LOG_FW_CFG)) {
        log_line(LOG_FW_CFG, "DMA%s%s%s%s, %u bytes at 0x%" G_GINT64_MODIFIER
                 "x", control & FW_CFG_DMA_SELECT ? " select" : "",
                 control & FW_CFG_DMA_READ ? " read" : "",
                 control & FW_CFG_DMA_WRITE ? " write" : "",
                 control & FW_CFG_DMA_SKIP ? " skip" : "", len, gpa);
    }
    if (control & FW_CFG_DMA_SELECT) {
        fw_cfg_select(fw, control >> DESC_KEY_SHIFT);
    }
    if (control & FW_CFG_DMA_READ) {
        return fw_cfg_dma_read(fw, gpa, len);
    }
    if (control & FW_CFG_DMA_WRITE) {
        return fw_cfg_dma_write(fw, gpa, len);
    }
    if (control & FW_CFG_DMA_SKIP) {
        fw->offset += MIN(len, fw_cfg_left(fw));
    }
    return true;
}

static void fw_cfg_dma_run(FwCfg *fw, uint64_t desc_gpa)
{
    uint8_t desc[DESC_LEN], result[4];
    bool ok;

    if (!fw_cfg_is_memory(fw, desc_gpa, DESC_LEN) ||
        !address_space_peek(fw->dma, desc_gpa, desc, DESC_LEN)) {
        report_guest_fault(&fw->faults, "fw_cfg: DMA descriptor at 0x%"
                           G_GINT64_MODIFIER "x, which is not RAM", desc_gpa);
        if (!fw_cfg_is_memory(fw, desc_gpa, sizeof(result))) {
            return;
        }
        ok = false;
    } else {
        ok = fw_cfg_dma_transfer(fw, desc);
    }
    st32_be(result, ok ? 0 : FW_CFG_DMA_ERROR);
    address_space_write(fw->dma, desc_gpa + DESC_CONTROL, result,
                        sizeof(result));
}

static uint64_t fw_cfg_dma_reg_read(void *opaque, uint64_t offset,
                                    unsigned size)
{
    return ldn_le(dma_signature + offset, size);
}

static void fw_cfg_dma_reg_write(void *opaque, uint64_t offset,
                                 uint64_t value, unsigned size)
{
    FwCfg *fw = opaque;

    if (size != 4) {
        return;
    }
    /* the number's bytes are in the guest's order, the register's are not */
    if (offset == 0) {
        fw->dma_addr_high = GUINT32_SWAP_LE_BE((uint32_t)value);
    } else if (offset == 4) {
        uint64_t high = fw->dma_addr_high;

        fw->dma_addr_high = 0;
        fw_cfg_dma_run(fw, high << 32 | GUINT32_SWAP_LE_BE((uint32_t)value));
    }
}

static const MemoryRegionOps fw_cfg_dma_ops = {
    .read = fw_cfg_dma_reg_read, .write = fw_cfg_dma_reg_write,
    .min_size = 1, .max_size = 4,
};

/* Filling it, by machines */

void fw_cfg_wire(FwCfg *fw, AddressSpace *dma, MemoryRegion *io)
{
    g_assert(!fw->parent.realized);
    fw->dma = dma;
    fw->io = io;
}

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

/* What firmware is told */

static void fw_cfg_describe(const Device *dev, struct AcpiPlatform *platform)
{
    AcpiDevice *acpi = acpi_platform_add_device(platform);

    g_strlcpy(acpi->name, "FWCF", sizeof(acpi->name));
    acpi->hid = "QEMU0002";
    acpi->on_root = true;
    acpi->hidden = true;
    acpi->n_io = 1;
    acpi->io[0] = (AcpiIoRange) {
        .base = FW_CFG_PORT_SELECT, .len = PORTS_LEN,
    };
}

/* Its life */

static void fw_cfg_reset(Device *dev)
{
    FwCfg *fw = (FwCfg *)dev;

    fw_cfg_forget_saved(fw);
    for (unsigned i = 0; i < fw->files->len; i++) {
        FwCfgItem *item = g_ptr_array_index(fw->files, i);

        if (item->producer) {
            g_clear_pointer(&item->content, g_bytes_unref);
        }
    }
    fw->dma_addr_high = 0;
    fw_cfg_select(fw, FW_CFG_SIGNATURE);
}

static bool fw_cfg_realize(Device *dev, GError **error)
{
    FwCfg *fw = (FwCfg *)dev;

    g_assert(fw->dma && fw->io);
    memory_region_init(&fw->ports, "fw_cfg", PORTS_LEN);
    memory_region_init_io(&fw->ctl, "fw_cfg-control", CTL_LEN,
                          &fw_cfg_ctl_ops, fw);
    memory_region_init_io(&fw->dma_reg, "fw_cfg-dma", DMA_LEN,
                          &fw_cfg_dma_ops, fw);
    memory_region_add(&fw->ports, 0, &fw->ctl, 0);
    memory_region_add(&fw->ports, PORTS_DMA, &fw->dma_reg, 0);
    memory_region_add(fw->io, FW_CFG_PORT_SELECT, &fw->ports, 0);
    return true;
}

static void fw_cfg_unrealize(Device *dev)
{
    FwCfg *fw = (FwCfg *)dev;

    memory_region_cleanup(&fw->dma_reg);
    memory_region_cleanup(&fw->ctl);
    memory_region_cleanup(&fw->ports);
}

static void fw_cfg_init(Object *obj)
{
    FwCfg *fw = (FwCfg *)obj;
    g_autoptr(GBytes) signature = g_bytes_new_static("QEMU", 4);

    fw->files = g_ptr_array_new_with_free_func(fw_cfg_item_free);
    fw->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    fw_cfg_add_key(fw, FW_CFG_SIGNATURE, signature);
    fw_cfg_add_key_int(fw, FW_CFG_ID, 4, ID_TRADITIONAL | ID_DMA);
}

static void fw_cfg_finalize(Object *obj)
{
    FwCfg *fw = (FwCfg *)obj;

    fw_cfg_forget_saved(fw);
    for (unsigned i = 0; i < FW_CFG_FILE_FIRST; i++) {
        g_clear_pointer(&fw->fixed[0][i].content, g_bytes_unref);
        g_clear_pointer(&fw->fixed[1][i].content, g_bytes_unref);
    }
    g_clear_pointer(&fw->sorted, g_ptr_array_unref);
    g_hash_table_unref(fw->by_name);
    g_ptr_array_unref(fw->files);
}

static const DeviceClass fw_cfg_class = {
    .realize = fw_cfg_realize,
    .unrealize = fw_cfg_unrealize,
    .reset = fw_cfg_reset,
    .describe = fw_cfg_describe,
    .state = &fw_cfg_state,
};

const ObjectType fw_cfg_type = {
    .name = "fw_cfg",
    .parent = &device_type,
    .doc = "firmware configuration interface",
    .instance_size = sizeof(FwCfg),
    .klass = &fw_cfg_class,
    .init = fw_cfg_init,
    .finalize = fw_cfg_finalize,
};
