/*
 * Running a loader script, as firmware does
 *
 * Spec: docs/specs/fw-loader.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_FIRMWARE_SCRIPT_H
#define HW_FIRMWARE_SCRIPT_H

#include "hw/acpi/loader.h"
#include "hw/firmware/builtin.h"
#include "hw/firmware/fw-cfg-client.h"
#include "hw/firmware/zones.h"

/** The file that the script is read from. */
#define FIRMWARE_SCRIPT_FILE "etc/table-loader"

/**
 * What a script had written back, in a form that outlives the run, and can be
 * saved and restored with the machine.
 *
 * An entry is FIRMWARE_WRITE_BACK_LEN bytes, integers little-endian:
 *
 *     offset  bytes
 *      0       56    file: a name, a NUL, zeros
 *     56        4    offset in it
 *     60        4    width: 1, 2, 4 or 8
 *     64        8    value, which fits the width
 */
typedef struct FirmwareWriteBack {
    char file[56];
    uint32_t offset, width;
    uint64_t value;
} FirmwareWriteBack;

#define FIRMWARE_WRITE_BACK_LEN 72

/** So many a script may ask for: what is restored cannot keep the machine busy
 *  for long, whoever wrote it. */
#define FIRMWARE_WRITE_BACKS_MAX 256

/** firmware_write_back_append: @w, of a run, to @record. */
void firmware_write_back_append(GByteArray *record,
                                const FirmwareWriteBack *w);

/**
 * firmware_write_backs_replay: write all of it once more.
 * @client: open
 * @record: good (builtin_check_write_backs())
 *
 * Returns: false with @error set if there is no such file by now or fw_cfg
 * refuses the write; it tells of the first, and the others are done.
 */
bool firmware_write_backs_replay(FwCfgClient *client, GBytes *record,
                                 GError **error);

/**
 * firmware_script_fault: put "etc/table-loader entry N (COMMAND FILE): " before
 * @error's message.
 * @n: the entry, from 0
 * @e: decoded, of a known command
 *
 * Returns: false.
 */
bool firmware_script_fault(GError **error, size_t n, const AcpiLoaderEntry *e);

/**
 * firmware_script_run:
 * @client: open
 * @zones: receives what is allocated
 * @result: as for builtin_firmware_run(); not NULL, empty
 *
 * Read the script and the files it names, check everything, complete the files
 * in host memory, and only then touch the guest's: copy them to where they
 * were allocated (pages of zeros only where there is something else), then
 * write back.  The F-segment must be writable.
 *
 * Returns: false with @error set if the script is missing or breaks a rule, a
 * zone is too small or not RAM, or fw_cfg refuses a transfer; what was written
 * is then zero again, and what was written back is as before.
 */
bool firmware_script_run(FwCfgClient *client, FirmwareZones *zones,
                         BuiltinResult *result, GError **error);

#endif
