/*
 * A bench for one device: a clock, two address spaces, an ISA bus, and lines
 * that remember what was done to them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_DEVICE_RIG_H
#define TESTS_UNIT_DEVICE_RIG_H

#include "hw/isa/isa.h"
#include "qapi/walker.h"

#define RIG_NUM_LINES 26        /* enough for every device's outputs */

typedef struct Rig {
    Object *root;               /* the devices are freed with it */
    MemoryRegion memory_root, io_root;
    AddressSpace memory, io;
    Clock clock;
    IsaBus bus;                 /* its lines are the first 16 */
    Irq lines[RIG_NUM_LINES];
    bool high[RIG_NUM_LINES];
    unsigned raised[RIG_NUM_LINES];     /* how often it went high */
} Rig;

static inline void rig_line_set(void *opaque, unsigned n, bool level)
{
    Rig *rig = opaque;

    rig->raised[n] += level && !rig->high[n];
    rig->high[n] = level;
}

static inline Rig *rig_new(void)
{
    Rig *rig = g_new0(Rig, 1);

    rig->root = object_new(&container_type, NULL, NULL);
    memory_region_init(&rig->memory_root, "memory", UINT64_C(1) << 62);
    memory_region_init(&rig->io_root, "io", 0x10000);
    address_space_init(&rig->memory, "memory", &rig->memory_root);
    address_space_init(&rig->io, "io", &rig->io_root);
    clock_init(&rig->clock);
    rig->bus = (IsaBus){ .io = &rig->io_root, .memory = &rig->memory_root,
                         .clock = &rig->clock };
    for (unsigned n = 0; n < RIG_NUM_LINES; n++) {
        irq_init(&rig->lines[n], rig_line_set, rig, n);
    }
    for (unsigned n = 0; n < ISA_NUM_IRQS; n++) {
        rig->bus.irqs[n] = &rig->lines[n];
    }
    return rig;
}

static inline void rig_free(Rig *rig)
{
    object_free(rig->root);
    g_assert_cmpint(clock_deadline_ns(&rig->clock), ==, -1);
    clock_cleanup(&rig->clock);
    address_space_cleanup(&rig->memory);
    address_space_cleanup(&rig->io);
    memory_region_cleanup(&rig->memory_root);
    memory_region_cleanup(&rig->io_root);
    g_free(rig);
}

/** rig_new_device: @config: key=value text, NULL for defaults.  Returns NULL
 *  with @error set if object_new() or object_complete() refuses. */
static inline Device *rig_new_device(Rig *rig, const ObjectType *type,
                                     const char *config, GError **error)
{
    void *value = config ? qapi_parse_option(object_type_config(type), config,
                                             NULL, NULL, NULL) : NULL;
    Object *obj;

    g_assert_true(!config || value);
    obj = object_new(type, value, error);
    if (!obj) {
        return NULL;
    }
    object_add_child(rig->root, "device[*]", obj);
    if (!object_complete(obj, rig->root, error)) {
        object_free(obj);
        return NULL;
    }
    if (object_is_a(obj, &isa_device_type)) {
        ((IsaDevice *)obj)->bus = &rig->bus;
    }
    return (Device *)obj;
}

static inline void rig_realize(Device *dev)
{
    GError *error = NULL;

    device_realize(dev, &error);
    g_assert_no_error(error);
}

static inline uint8_t rig_inb(Rig *rig, uint16_t port)
{
    return address_space_load(&rig->io, port, 1);
}

static inline void rig_outb(Rig *rig, uint16_t port, uint8_t value)
{
    address_space_store(&rig->io, port, value, 1);
}

static inline void rig_step(Rig *rig, int64_t ns)
{
    clock_advance(&rig->clock, clock_now_ns(&rig->clock) + ns);
}

#endif
