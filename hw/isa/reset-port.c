/*
 * The reset control register, port 0xCF9
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/isa/reset-port.h"

static uint64_t reset_port_read(void *opaque, uint64_t offset, unsigned size)
{
    const ResetPort *port = opaque;

    return port->control;
}

static void reset_port_write(void *opaque, uint64_t offset, uint64_t value,
                             unsigned size)
{
    ResetPort *port = opaque;

    port->control = value & port->writable;
    if ((value & RESET_RCPU) && port->reset) {
        port->reset(port->opaque);
    }
}

static const MemoryRegionOps reset_port_ops = {
    .read = reset_port_read,
    .write = reset_port_write,
    .min_size = 1,
    .max_size = 1,
};

void reset_port_init(ResetPort *port, uint8_t writable)
{
    port->writable = writable;
    memory_region_init_io(&port->mr, "reset-control", 1, &reset_port_ops,
                          port);
}

void reset_port_cleanup(ResetPort *port)
{
    memory_region_cleanup(&port->mr);
}

void reset_port_wire(ResetPort *port, void (*reset)(void *opaque),
                     void *opaque)
{
    port->reset = reset;
    port->opaque = opaque;
}

static bool reset_port_loaded(void *obj, GError **error)
{
    const ResetPort *port = obj;

    return state_check_bits("control", port->control, port->writable, error);
}

static const StateField reset_port_fields[] = {
    STATE_FIELD(ResetPort, control),
    STATE_END
};

const StateTable reset_port_state = {
    .version = 1,
    .fields = reset_port_fields,
    .loaded = reset_port_loaded,
};
