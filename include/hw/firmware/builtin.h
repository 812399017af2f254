/*
 * The built-in firmware: plays the firmware's part, without a processor
 *
 * It sees of the machine what a firmware image would: ports, PCI configuration
 * space and memory.  It places the power management block, enables the PCI
 * Express configuration window, opens the F-segment, reads fw_cfg by DMA, runs
 * the whole loader script, and leaves guest memory as firmware leaves it.  When
 * the machine wakes from S3 it repeats what does not outlive sleep.
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
    GBytes *write_backs;        /* what a resume from S3 repeats: entries of
                                   FIRMWARE_WRITE_BACK_LEN bytes (script.h) */
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
 * builtin_firmware_resume: what firmware does when the machine wakes from S3
 * and its devices are reset: set up the chipset as at boot, write to fw_cfg
 * again what the run wrote back.  The script is not run, and of memory nothing
 * changes; transfers go through a page of the F-segment, which is firmware's.
 * @write_backs: what the run of this boot gave; NULL: nothing
 *
 * Returns: false with @error set if fw_cfg refuses a write; the others are done
 * all the same.
 * Spec: docs/specs/fw-loader.rst, "Resume".
 */
bool builtin_firmware_resume(AddressSpace *memory, AddressSpace *io,
                             GBytes *write_backs, GError **error);

/**
 * builtin_check_write_backs: whether @bytes, which may come from anywhere, can
 * be what a run gave.
 *
 * Returns: false with @error set, naming the entry (from 0), if they cannot.
 */
bool builtin_check_write_backs(GBytes *bytes, GError **error);

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
