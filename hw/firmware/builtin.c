/*
 * The built-in firmware: plays the firmware's part, without a processor
 *
 * Here: what it does to the chipset before and after the loader script runs,
 * and at a resume from S3.
 * Addresses and values are those that SeaBIOS leaves behind, so that a machine
 * looks the same whoever started it.
 *
 * Specs: 82371AB (PIIX4) April 1997, 7.2 (PMBA, PMREGMISC); 82441FX (PMC) May
 * 1996, 3.2.18 (PAM); ICH9 316972-004, 13.1.13 (PMBASE) and 13.1.14
 * (ACPI_CNTL); Q35 316966-002, 5.1.12 (PCIEXBAR), 5.1.16 (PAM0).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/firmware/builtin.h"

#include "hw/firmware/script.h"
#include "util/error.h"

/* PCI 3.0, 3.2.2.3.2 */
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE (1u << 31)

#define PM_BASE 0x600
#define PCIEXBAR_BASE 0xb0000000u
#define ENABLE 1u               /* bit 0 of PMBASE and PCIEXBAR */

/* PAM0 rules the F-segment by its high half, PAM1 to PAM6 C0000 to EFFFF */
#define PAM_COUNT 7
#define PAM0_OPEN 0x30          /* reads and writes reach RAM */
#define PAM0_CLOSED 0x10        /* reads reach RAM, writes do not */
#define PAM_OPEN 0x33

/* Why the machine starts; who reads it clears it (IBM PC AT) */
#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_SHUTDOWN 0x0f

/* The page for transfers at a resume: nobody but firmware uses this segment */
#define RESUME_PAGE 0xfe000

/** A write to configuration space of a function on bus 0. */
typedef struct BuiltinConfigWrite {
    uint8_t slot, function, reg;
    uint8_t width;              /* 0: end of list */
    uint32_t value;
} BuiltinConfigWrite;

/** A chipset, known by its host bridge. */
typedef struct BuiltinChipset {
    uint32_t host_id;           /* device << 16 | vendor, at 00.0 */
    uint8_t pam0;               /* register of the host bridge */
    BuiltinConfigWrite setup[4];
} BuiltinChipset;

static const BuiltinChipset builtin_chipsets[] = {
    {   /* 82441FX and PIIX: the PM function's PMBA, PMIOSE */
        .host_id = 0x12378086, .pam0 = 0x59, .setup = {
            { 0x01, 3, 0x40, 4, PM_BASE | ENABLE },
            { 0x01, 3, 0x80, 1, 0x01 },
        },
    },
    {   /* Q35 and ICH9: the LPC bridge's PMBASE, ACPI_EN; PCIEXBAR of 256 MiB,
         * its high half first so that it never appears elsewhere */
        .host_id = 0x29c08086, .pam0 = 0x90, .setup = {
            { 0x1f, 0, 0x40, 4, PM_BASE | ENABLE },
            { 0x1f, 0, 0x44, 1, 0x80 },
            { 0x00, 0, 0x64, 4, 0 },
            { 0x00, 0, 0x60, 4, PCIEXBAR_BASE | ENABLE },
        },
    },
};

static void builtin_config_address(AddressSpace *io, uint8_t slot,
                                   uint8_t function, uint8_t reg)
{
    address_space_store(io, CONFIG_ADDRESS,
                        CONFIG_ENABLE | (uint32_t)slot << 11 |
                        (uint32_t)function << 8 | (reg & 0xfc), 4);
}

static void builtin_config_write(AddressSpace *io, const BuiltinConfigWrite *w)
{
    builtin_config_address(io, w->slot, w->function, w->reg);
    address_space_store(io, CONFIG_DATA + (w->reg & 3), w->value, w->width);
}

/** Returns NULL for a host bridge that is unknown or not there. */
static const BuiltinChipset *builtin_find_chipset(AddressSpace *io)
{
    uint32_t id;

    builtin_config_address(io, 0, 0, 0);
    id = address_space_load(io, CONFIG_DATA, 4);
    for (size_t i = 0; i < G_N_ELEMENTS(builtin_chipsets); i++) {
        if (builtin_chipsets[i].host_id == id) {
            return &builtin_chipsets[i];
        }
    }
    return NULL;
}

static void builtin_set_pam(AddressSpace *io, const BuiltinChipset *chipset,
                            unsigned n, uint8_t value)
{
    const BuiltinConfigWrite w = { 0, 0, chipset->pam0 + n, 1, value };

    builtin_config_write(io, &w);
}

static void builtin_setup_chipset(AddressSpace *io,
                                  const BuiltinChipset *chipset)
{
    for (size_t i = 0; i < G_N_ELEMENTS(chipset->setup); i++) {
        if (chipset->setup[i].width) {
            builtin_config_write(io, &chipset->setup[i]);
        }
    }
    builtin_set_pam(io, chipset, 0, PAM0_OPEN);
    for (unsigned n = 1; n < PAM_COUNT; n++) {
        builtin_set_pam(io, chipset, n, PAM_OPEN);
    }
}

static bool builtin_read_e820(FwCfgClient *client, FirmwareZones *zones,
                              GError **error)
{
    const FwCfgClientFile *file = fw_cfg_client_find(client, "etc/e820");
    g_autofree uint8_t *e820 = NULL;
    uint32_t len;

    if (!file) {
        return fm_error_set(error, "fw_cfg: there is no file etc/e820");
    }
    /* one byte more than any good map has is enough to be refused */
    len = MIN(file->len, FIRMWARE_E820_MAX_LEN + 1);
    e820 = g_malloc0(len + 1);
    return fw_cfg_client_read(client, file, e820, len, NULL, error) &&
           firmware_zones_init(zones, e820, len, error);
}

static bool builtin_load(AddressSpace *memory, AddressSpace *io,
                         BuiltinResult *result, GError **error)
{
    FwCfgClient client;
    FirmwareZones zones = { .reserved = NULL };
    bool ok;

    if (!fw_cfg_client_open(&client, memory, io, FW_CFG_CLIENT_PAGE, error)) {
        return false;
    }
    ok = builtin_read_e820(&client, &zones, error) &&
         firmware_script_run(&client, &zones, result, error);
    firmware_zones_cleanup(&zones);
    fw_cfg_client_close(&client);
    return ok;
}

/** Takes from CMOS why the machine starts, which it has been told. */
static void builtin_clear_shutdown_code(AddressSpace *io)
{
    address_space_store(io, CMOS_INDEX, CMOS_SHUTDOWN, 1);
    address_space_store(io, CMOS_DATA, 0, 1);
}

bool builtin_firmware_run(AddressSpace *memory, AddressSpace *io,
                          BuiltinResult *result, GError **error)
{
    const BuiltinChipset *chipset = builtin_find_chipset(io);
    BuiltinResult local = {
        .blobs = g_array_new(FALSE, FALSE, sizeof(BuiltinBlob)),
    };
    bool ok;

    builtin_clear_shutdown_code(io);
    /* before fw_cfg: the tables that it makes tell of these */
    if (chipset) {
        builtin_setup_chipset(io, chipset);
    }
    ok = builtin_load(memory, io, &local, error);
    if (chipset) {
        builtin_set_pam(io, chipset, 0, PAM0_CLOSED);
    }
    if (ok && result) {
        *result = local;
    } else {
        builtin_result_clear(&local);
    }
    return ok;
}

static bool builtin_replay(AddressSpace *memory, AddressSpace *io,
                           GBytes *write_backs, GError **error)
{
    FwCfgClient client;
    bool ok;

    if (!write_backs || !g_bytes_get_size(write_backs)) {
        return true;
    }
    if (!fw_cfg_client_open(&client, memory, io, RESUME_PAGE, error)) {
        return false;
    }
    ok = firmware_write_backs_replay(&client, write_backs, error);
    fw_cfg_client_close(&client);
    return ok;
}

bool builtin_firmware_resume(AddressSpace *memory, AddressSpace *io,
                             GBytes *write_backs, GError **error)
{
    const BuiltinChipset *chipset = builtin_find_chipset(io);
    bool ok;

    builtin_clear_shutdown_code(io);
    if (chipset) {
        builtin_setup_chipset(io, chipset);
    }
    ok = builtin_replay(memory, io, write_backs, error);
    if (chipset) {
        builtin_set_pam(io, chipset, 0, PAM0_CLOSED);
    }
    return ok;
}

void builtin_result_clear(BuiltinResult *result)
{
    g_clear_pointer(&result->blobs, g_array_unref);
    g_clear_pointer(&result->write_backs, g_bytes_unref);
    result->rsdp_gpa = 0;
}
