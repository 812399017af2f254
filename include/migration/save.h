/*
 * A machine as a stream
 *
 * Made piece by piece, so that whoever writes it down can do something else in
 * between.  The machine must not run meanwhile.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MIGRATION_SAVE_H
#define MIGRATION_SAVE_H

#include "hw/core/machine.h"

typedef struct MachineSaver MachineSaver;

/** What has been done, in bytes and pages of 4 KiB. */
typedef struct MemoryProgress {
    uint64_t total;             /* bytes of RAM and ROM */
    uint64_t done;              /* bytes of it that were looked at */
    uint64_t zero_pages;        /* that were dropped because they are zero */
    uint64_t normal_pages;      /* that are in the stream */
} MemoryProgress;

/**
 * machine_saver_new:
 * @machine: outlives the saver
 * @state: what the machine was doing; kept in the stream
 */
MachineSaver *machine_saver_new(Machine *machine, RunState state);
void machine_saver_free(MachineSaver *saver);

/**
 * machine_saver_next: append the next piece to @out, which is best empty: at
 * most a little over 1 MiB of memory, or the state of a device.  It appends
 * nothing, and there is more to come, if it has looked at a lot of memory that
 * is all zero; a call takes about a millisecond or two.
 *
 * Returns: false if there was nothing left to append.
 */
bool machine_saver_next(MachineSaver *saver, GByteArray *out);

const MemoryProgress *machine_saver_progress(const MachineSaver *saver);

#endif
