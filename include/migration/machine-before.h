/*
 * What a machine was before any of its devices was restored
 *
 * Not all of a machine's state is what a reset would make.  It is kept in
 * memory, so that a restoring that fails at its end can be undone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MIGRATION_MACHINE_BEFORE_H
#define MIGRATION_MACHINE_BEFORE_H

#include "hw/core/machine.h"

typedef struct MachineBefore MachineBefore;

/**
 * machine_before_new: note what clock and devices are; memory is not kept
 * @machine: outlives it
 * @parts: of saved_parts_find(); outlives it
 */
MachineBefore *machine_before_new(Machine *machine, const GPtrArray *parts);
void machine_before_free(MachineBefore *before);

/** machine_before_put_back: the machine, whose devices have been reset, is what
 *  it was. */
void machine_before_put_back(const MachineBefore *before);

#endif
