/*
 * Memory backends: RAM of the host's for a machine to use
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BACKENDS_MEMORY_H
#define BACKENDS_MEMORY_H

#include "qom/object.h"

typedef struct MemoryBackend {
    Object parent;
    uint8_t *host;              /* page aligned; NULL until completed */
    uint64_t size;              /* bytes */
} MemoryBackend;

/** Abstract; and anonymous memory. */
extern const ObjectType memory_backend_type, memory_backend_ram_type;

#endif
