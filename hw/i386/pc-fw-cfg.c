/*
 * What a PC tells its firmware besides ACPI: fw_cfg keys and files, CMOS
 *
 * Guest ABI: docs/specs/fw_cfg.rst, "Keys" and "Files".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hw/acpi/vmgenid.h"
#include "hw/i386/pc-fw-cfg.h"
#include "util/bytes.h"
#include "util/error.h"

/* ACPI 6.5, 15, "Address Range Types" */
enum { E820_RAM = 1, E820_RESERVED = 2 };

#define E820_ENTRY_LEN 20

/** Taken by processors for HyperTransport: 1012 GiB to 1024 GiB. */
#define HT_BASE UINT64_C(0xfd00000000)
#define HT_LEN UINT64_C(0x300000000)

#define PC_4G (UINT64_C(1) << 32)

/** Without -boot: hard disk, floppy disk, CD-ROM. */
#define PC_BOOT_ORDER "cad"
#define PC_BOOT_DRIVES 3

/* CMOS: first and second drive, from the low digit; third, the high digit */
enum { CMOS_BOOT_FIRST = 0x3d, CMOS_BOOT_THIRD = 0x38 };

static void pc_append_e820(GByteArray *map, uint64_t base, uint64_t len,
                           uint32_t type)
{
    uint8_t entry[E820_ENTRY_LEN];

    st64_le(entry, base);
    st64_le(entry + 8, len);
    st32_le(entry + 16, type);
    g_byte_array_append(map, entry, sizeof(entry));
}

static GBytes *pc_e820(const PcMachine *pc)
{
    GByteArray *map = g_byte_array_new();

    pc_append_e820(map, HT_BASE, HT_LEN, E820_RESERVED);
    pc_append_e820(map, 0, pc->ram_low_size, E820_RAM);
    if (pc->ram_high_size) {
        pc_append_e820(map, PC_4G, pc->ram_high_size, E820_RAM);
    }
    return g_byte_array_free_to_bytes(map);
}

/* Where to boot from */

/** What CMOS has for a drive's letter; 0: none. */
static uint8_t pc_boot_code(char drive)
{
    switch (drive) {
    case 'a':
        return 1;
    case 'c':
        return 2;
    case 'd':
        return 3;
    case 'n':
        return 4;
    default:
        return 0;
    }
}

static bool pc_check_boot_order(const char *property, const char *order,
                                GError **error)
{
    for (const char *c = order; c && *c; c++) {
        if (!pc_boot_code(*c)) {
            return fm_error_set(error, "-boot %s=%s: '%c' is no drive that a "
                                "PC boots from (a, c, d, n)", property, order,
                                *c);
        }
    }
    return !order || strlen(order) <= PC_BOOT_DRIVES ||
           fm_error_set(error, "-boot %s=%s: a PC tries at most %d drives",
                        property, order, PC_BOOT_DRIVES);
}

static void pc_set_boot_order(PcMachine *pc, const char *order)
{
    uint8_t codes[PC_BOOT_DRIVES] = { 0 };

    for (unsigned i = 0; i < PC_BOOT_DRIVES && order[i]; i++) {
        codes[i] = pc_boot_code(order[i]);
    }
    rtc_set_cmos(pc->rtc, CMOS_BOOT_FIRST, codes[1] << 4 | codes[0]);
    rtc_set_cmos(pc->rtc, CMOS_BOOT_THIRD, codes[2] << 4);
}

static const char *pc_boot_order(const PcMachine *pc)
{
    const BootOptions *boot = pc->parent.setup->boot;

    return boot && boot->order ? boot->order : PC_BOOT_ORDER;
}

void pc_order_boot(PcMachine *pc)
{
    const BootOptions *boot = pc->parent.setup->boot;

    if (boot && boot->once && pc->boots < 2) {
        pc_set_boot_order(pc, pc->boots ? pc_boot_order(pc) : boot->once);
        pc->boots++;
    }
}

static bool pc_fill_boot(PcMachine *pc, GError **error)
{
    const BootOptions *boot = pc->parent.setup->boot;
    GBytes *splash = pc->parent.setup->splash;
    uint8_t fail_wait[4], menu_wait[2];
    g_autoptr(GBytes) fail = NULL;
    g_autoptr(GBytes) menu = NULL;

    pc_set_boot_order(pc, pc_boot_order(pc));
    fw_cfg_add_key_int(pc->fw_cfg, FW_CFG_BOOT_MENU, 2, boot && boot->menu);
    st32_le(fail_wait, boot ? boot->reboot_timeout : -1);
    fail = g_bytes_new(fail_wait, sizeof(fail_wait));
    fw_cfg_add_file(pc->fw_cfg, "etc/boot-fail-wait", fail);
    if (!boot) {
        return true;
    }
    if (boot->has_splash_time) {
        st16_le(menu_wait, boot->splash_time);
        menu = g_bytes_new(menu_wait, sizeof(menu_wait));
        fw_cfg_add_file(pc->fw_cfg, "etc/boot-menu-wait", menu);
    }
    if (splash) {
        bool bmp = *(const char *)g_bytes_get_data(splash, NULL) == 'B';

        fw_cfg_add_file(pc->fw_cfg, bmp ? "bootsplash.bmp" : "bootsplash.jpg",
                        splash);
    }
    return pc_check_boot_order("order", boot->order, error) &&
           pc_check_boot_order("once", boot->once, error);
}

/** CMOS as firmware of the last thirty years reads it. */
static void pc_fill_cmos(PcMachine *pc)
{
    uint64_t extended_kib = (pc->ram_low_size - 0x100000) / 1024;
    uint64_t low_64k = pc->ram_low_size > 0x1000000
                       ? (pc->ram_low_size - 0x1000000) / 0x10000 : 0;
    uint64_t high_64k = pc->ram_high_size / 0x10000;

    extended_kib = MIN(extended_kib, 0xffff);
    low_64k = MIN(low_64k, 0xffff);
    const struct { uint8_t index, value; } cmos[] = {
        { 0x10, 0 },                        /* no floppy drive */
        { 0x14, 0x02 },                     /* equipment: coprocessor */
        { 0x15, 640 & 0xff }, { 0x16, 640 >> 8 },
        { 0x17, extended_kib }, { 0x18, extended_kib >> 8 },
        { 0x30, extended_kib }, { 0x31, extended_kib >> 8 },
        { 0x34, low_64k }, { 0x35, low_64k >> 8 },
        { 0x5b, high_64k }, { 0x5c, high_64k >> 8 }, { 0x5d, high_64k >> 16 },
        { 0x5f, pc->parent.setup->n_cpus - 1 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cmos); i++) {
        rtc_set_cmos(pc->rtc, cmos[i].index, cmos[i].value);
    }
}

static void pc_fill_vmgenid(FwCfg *fw, VmGenId *dev)
{
    fw_cfg_add_live_file(fw, VMGENID_FILE_GUID, vmgenid_page(dev),
                         VMGENID_PAGE_LEN);
    fw_cfg_add_writable_file(fw, VMGENID_FILE_ADDR, vmgenid_addr(dev),
                             VMGENID_ADDR_LEN, vmgenid_addr_written, dev);
}

bool pc_fill_fw_cfg(PcMachine *pc, GError **error)
{
    /* for each of S0 to S5: bit 7, it is there; SLP_TYP */
    const uint8_t states[] = {
        0x80, 0x00, 0x00, pc->pm_properties->disable_s3 ? 0x01 : 0x81,
        pc->pm_properties->disable_s4 ? 0x02 : 0x82, 0x80,
    };
    const MachineSetup *setup = pc->parent.setup;
    g_autoptr(GBytes) uuid = g_bytes_new(setup->uuid.bytes, 16);
    g_autoptr(GBytes) e820 = pc_e820(pc);
    g_autoptr(GBytes) system_states = g_bytes_new(states, sizeof(states));
    FwCfg *fw = pc->fw_cfg;

    fw_cfg_add_key(fw, FW_CFG_UUID, uuid);
    fw_cfg_add_key_int(fw, FW_CFG_RAM_SIZE, 8, setup->ram_size);
    fw_cfg_add_key_int(fw, FW_CFG_NOGRAPHIC, 2, setup->no_graphic);
    fw_cfg_add_key_int(fw, FW_CFG_CPUS, 2, setup->n_cpus);
    fw_cfg_add_key_int(fw, FW_CFG_MAX_CPUS, 2, setup->max_cpus);
    fw_cfg_add_key_int(fw, FW_CFG_IRQ0_OVERRIDE, 4, 1);
    fw_cfg_add_file(fw, "etc/e820", e820);
    fw_cfg_add_file(fw, "etc/system-states", system_states);
    if (pc->parent.vmgenid) {
        pc_fill_vmgenid(fw, pc->parent.vmgenid);
    }
    pc_fill_cmos(pc);
    if (!pc_fill_boot(pc, error)) {
        return false;
    }

    for (unsigned i = 0; setup->files && i < setup->files->len; i++) {
        const MachineFile *file = setup->files->pdata[i];

        if (!fw_cfg_add_user_file(fw, file->name, file->content, error)) {
            return fm_error_prefix(error, "%s: ", file->option);
        }
    }
    return true;
}
