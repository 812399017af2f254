/*
 * A machine from a stream
 *
 * The machine has been built and reset, its firmware has not run.  Memory is
 * filled as it arrives; devices wait until the whole stream is there and
 * found good, and are then restored all at once.  A machine whose restoring
 * has failed has to be made what it was (machine_loader_abandon()) before it is
 * used for anything.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MIGRATION_LOAD_H
#define MIGRATION_LOAD_H

#include "hw/core/machine.h"
#include "migration/save.h"
#include "migration/stream.h"

typedef struct MachineLoader MachineLoader;

/** machine_loader_new: @machine outlives the loader.  All of its memory is
 *  cleared. */
MachineLoader *machine_loader_new(Machine *machine);
void machine_loader_free(MachineLoader *loader);

/**
 * machine_loader_place: the StreamPlacer of a MachineLoader: where @section's
 * pages belong if they are all there, none of them zero.  What is not said then
 * is said by machine_loader_section().
 */
uint8_t *machine_loader_place(void *loader, const StreamSection *section,
                              size_t shown, size_t *at);

/**
 * machine_loader_section: take a section; what is needed of it is copied.
 *
 * Returns: false with @error set, naming section and offset, if it is not what
 * this machine has.
 */
bool machine_loader_section(MachineLoader *loader,
                            const StreamSection *section, GError **error);

/**
 * machine_loader_finish: the stream is complete: restore clock and devices.
 * @state: set to what the machine was doing when it was saved
 *
 * Returns: false with @error set, naming section and offset, if a device's
 * state is missing or cannot be, or the machine cannot do what it was doing.
 */
bool machine_loader_finish(MachineLoader *loader, RunState *state,
                           GError **error);

/** machine_loader_abandon: nothing of the stream is left: the memory is
 *  cleared, clock and devices are as before machine_loader_finish().  Whether
 *  that has been called, or what came of it, does not matter. */
void machine_loader_abandon(MachineLoader *loader);

const MemoryProgress *machine_loader_progress(const MachineLoader *loader);

#endif
