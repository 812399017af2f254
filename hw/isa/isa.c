/*
 * The ISA bus: ports, sixteen interrupt lines, and what plugs into them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/isa/isa.h"

#include "util/error.h"

#define ISA_LAST_PORT 0xffff

bool isa_claim_ports(IsaDevice *dev, MemoryRegion *mr, uint16_t base,
                     GError **error)
{
    const char *type = dev->parent.parent.type->name;
    MemoryRegion *io = dev->bus->io;
    uint64_t last = base + (mr->size - 1);

    if (last > ISA_LAST_PORT) {
        return fm_error_set(error, "%s: ports 0x%x to 0x%" G_GINT64_MODIFIER
                            "x go beyond 0x%x", type, base, last,
                            ISA_LAST_PORT);
    }
    for (unsigned i = 0; io->children && i < io->children->len; i++) {
        const MemoryRegion *other = g_ptr_array_index(io->children, i);

        /* A window that firmware will place is no obstacle yet. */
        if (other->enabled && other->offset <= last &&
            base <= other->offset + (other->size - 1)) {
            return fm_error_set(error, "%s: ports 0x%x to 0x%"
                                G_GINT64_MODIFIER "x are in use by '%s'",
                                type, base, last, other->name);
        }
    }
    memory_region_add(io, base, mr, 0);
    return true;
}

/* Never seen by a device: every type has its own. */
static const DeviceClass isa_device_class = {
    .bus = "ISA",
};

const ObjectType isa_device_type = {
    .name = "isa-device",
    .parent = &device_type,
    .doc = "A device on the ISA bus",
    .instance_size = sizeof(IsaDevice),
    .abstract = true,
    .klass = &isa_device_class,
};
