/*
 * fw_cfg: how firmware reads what the machine has to tell it
 *
 * Guest ABI: docs/specs/fw_cfg.rst.  Items are small numbered keys, or files
 * in a directory; a guest selects one and reads it byte by byte or by DMA.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_NVRAM_FW_CFG_H
#define HW_NVRAM_FW_CFG_H

#include "hw/core/device.h"
#include "system/memory.h"

typedef struct FwCfg FwCfg;

extern const ObjectType fw_cfg_type;

/** Longest file name, without its NUL. */
#define FW_CFG_NAME_MAX 55
#define FW_CFG_FILE_SLOTS 32        /* at least; more with more files */

/** Well-known keys (docs/specs/fw_cfg.rst, "Keys"). */
typedef enum FwCfgKey {
    FW_CFG_SIGNATURE = 0x00,
    FW_CFG_ID = 0x01,
    FW_CFG_UUID = 0x02,
    FW_CFG_RAM_SIZE = 0x03,
    FW_CFG_NOGRAPHIC = 0x04,
    FW_CFG_CPUS = 0x05,
    FW_CFG_NUMA = 0x0d,
    FW_CFG_BOOT_MENU = 0x0e,
    FW_CFG_MAX_CPUS = 0x0f,
    FW_CFG_FILE_DIR = 0x19,
    FW_CFG_FILE_FIRST = 0x20,
    FW_CFG_ARCH_LOCAL = 0x8000,
    FW_CFG_ACPI_TABLES = 0x8000,
    FW_CFG_SMBIOS = 0x8001,
    FW_CFG_IRQ0_OVERRIDE = 0x8002,
    FW_CFG_E820 = 0x8003,
    FW_CFG_HPET = 0x8004,
} FwCfgKey;

/** Control bits of a DMA descriptor (docs/specs/fw_cfg.rst, "DMA"). */
enum {
    FW_CFG_DMA_ERROR = 1 << 0, FW_CFG_DMA_READ = 1 << 1,
    FW_CFG_DMA_SKIP = 1 << 2, FW_CFG_DMA_SELECT = 1 << 3,
    FW_CFG_DMA_WRITE = 1 << 4,
};

enum { FW_CFG_PORT_SELECT = 0x510, FW_CFG_PORT_DATA = 0x511,
       FW_CFG_PORT_DMA = 0x514 };

/**
 * Files that are made together, when the first of them is selected after a
 * reset.  @make returns one GBytes a file, in the order in which they were
 * added, as a NULL-terminated array that the caller owns (g_free() and
 * g_bytes_unref()).  Each must be at most as long as its file; the rest reads
 * as zeros.  They are ACPI tables and what belongs to them, and saved with the
 * machine (docs/specs/fw_cfg.rst, "Saving and restoring").
 * @serve: firmware gets them; false: they are only compared
 */
typedef struct FwCfgProducer {
    GBytes **(*make)(void *opaque, bool serve);
    void *opaque;
} FwCfgProducer;

/**
 * fw_cfg_wire: give the device its address spaces; before realize.
 * @dma: what descriptors and data are read from and written to
 * @io: container of the port space; ports 0x510 to 0x51B are claimed
 */
void fw_cfg_wire(FwCfg *fw, AddressSpace *dma, MemoryRegion *io);

/**
 * fw_cfg_add_key: @content under a fixed key that is not in use yet.
 * FW_CFG_SIGNATURE, FW_CFG_ID and FW_CFG_FILE_DIR are the device's own.
 */
void fw_cfg_add_key(FwCfg *fw, uint16_t key, GBytes *content);
void fw_cfg_add_key_int(FwCfg *fw, uint16_t key, unsigned width,
                        uint64_t value);

/** fw_cfg_add_file: a read-only file; asserts that the name is new. */
void fw_cfg_add_file(FwCfg *fw, const char *name, GBytes *content);

/**
 * fw_cfg_add_user_file: a file of the user's (`-fw_cfg`).  To be called when
 * all the machine's own files are added, so that it is the user's that is
 * refused when two have one name.
 *
 * Returns: false with @error set if the name is empty, longer than
 * FW_CFG_NAME_MAX, or in use (`duplicate fw_cfg file name: X`), @content is
 * 4 GiB or longer, or all 16352 keys of files are taken.
 */
bool fw_cfg_add_user_file(FwCfg *fw, const char *name, GBytes *content,
                          GError **error);

/** fw_cfg_add_made_file: a read-only file of @len bytes from @producer, which
 *  must outlive the device. */
void fw_cfg_add_made_file(FwCfg *fw, const char *name, uint32_t len,
                          const FwCfgProducer *producer);

/** fw_cfg_add_live_file: a read-only file that reads as what @bytes, @len bytes
 *  that belong to the owner and outlive the machine's run, are at the time. */
void fw_cfg_add_live_file(FwCfg *fw, const char *name, const uint8_t *bytes,
                          uint32_t len);

/**
 * fw_cfg_add_writable_file:
 * @data: @len bytes that belong to the owner and outlive the device; reset is
 *        the owner's affair
 * @written: called after each write with its offset and length; may be NULL
 */
void fw_cfg_add_writable_file(FwCfg *fw, const char *name, uint8_t *data,
                              uint32_t len,
                              void (*written)(void *opaque, uint32_t offset,
                                              uint32_t len), void *opaque);

/** fw_cfg_seal: sort the files, give them their keys, make the directory.
 *  Called once, when the machine is complete; nothing can be added later. */
void fw_cfg_seal(FwCfg *fw);

/** fw_cfg_find_file: Returns the file's key, -1 if there is none; sealed. */
int fw_cfg_find_file(const FwCfg *fw, const char *name);

#endif
