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
