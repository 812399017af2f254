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

/** What reading the DMA address register gives, in the order of the ports. */
static const char dma_signature[DMA_LEN + 1] = "QEMU CFG";

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
        fw_cfg_items_make(fw, fw->selected->producer);
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

/* Links, by machines */

void fw_cfg_wire(FwCfg *fw, AddressSpace *dma, MemoryRegion *io)
{
    g_assert(!fw->parent.realized);
    fw->dma = dma;
    fw->io = io;
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
    fw_cfg_items_reset(fw);
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

    fw_cfg_items_init(fw);
    fw_cfg_add_key(fw, FW_CFG_SIGNATURE, signature);
    fw_cfg_add_key_int(fw, FW_CFG_ID, 4, ID_TRADITIONAL | ID_DMA);
}

static void fw_cfg_finalize(Object *obj)
{
    FwCfg *fw = (FwCfg *)obj;

    fw_cfg_forget_saved(fw);
    fw_cfg_items_cleanup(fw);
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
