/*
 * The built-in firmware: plays the firmware's part, without a processor
 *
 * It sees of the machine what a firmware image would: ports, PCI configuration
 * space and memory.  It places the power management block, enables the PCI
 * Express configuration window, opens the F-segment, reads fw_cfg by DMA, runs
 * the whole loader script, and leaves guest memory as firmware leaves it.
 * The rules it enforces are the stricter ones of SeaBIOS's and OVMF's
 * (docs/specs/fw-loader.rst).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_FIRMWARE_BUILTIN_H
#define HW_FIRMWARE_BUILTIN_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/memory.h"

/** A blob that the loader script had placed. */
typedef struct BuiltinBlob {
    char file[56];
    uint64_t gpa;
    uint32_t len;
} BuiltinBlob;

/** What a run did. */
typedef struct BuiltinResult {
    GArray *blobs;              /* BuiltinBlob, in order of allocation */
    uint64_t rsdp_gpa;          /* 0: the script placed none */
} BuiltinResult;

/**
 * builtin_firmware_run:
 * @memory, @io: the guest's memory and ports
 * @result: receives what was done; builtin_result_clear() frees it.  May be
 *          NULL
 *
 * Returns: false with @error set if there is no fw_cfg with DMA, no RAM is
 * described by etc/e820, or the loader script breaks a rule; the message names
 * entry number (from 0), command, file and reason.  Memory that was allocated
 * is then zero, and no file is written back; if fw_cfg refuses a write-back,
 * those before it are undone.
 */
bool builtin_firmware_run(AddressSpace *memory, AddressSpace *io,
                          BuiltinResult *result, GError **error);

void builtin_result_clear(BuiltinResult *result);

/**
 * builtin_script_check:
 * @script, @len: a loader script
 * @file_len: Returns the length of a fw_cfg file, -1 if there is none; and in
 *            *@writable whether it can be written
 *
 * Check all that can be known before running: what builtin_firmware_run()
 * does first.  A pure function, for fuzzers and tests.
 */
bool builtin_script_check(const uint8_t *script, size_t len,
                          int64_t (*file_len)(void *opaque, const char *file,
                                              bool *writable),
                          void *opaque, GError **error);

#endif
