/*
 * Devices: objects that a guest meets
 *
 * A device is created with its configuration, wired by the machine (which
 * hands it its bus, its address spaces and its interrupt lines), and realized.
 * It never looks anything up.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CORE_DEVICE_H
#define HW_CORE_DEVICE_H

#include "hw/core/irq.h"
#include "hw/core/state.h"
#include "qom/object.h"

typedef struct Device Device;
struct AcpiPlatform;

/** A named set of interrupt lines of one direction. */
typedef struct DeviceGpio {
    const char *name;           /* NULL: the unnamed set */
    bool output;
    unsigned n;
    Irq *in;                    /* inputs: n lines, borrowed */
    Irq **out;                  /* outputs: n pointers, borrowed */
} DeviceGpio;

typedef struct DeviceClass {
    /** The bus it plugs into, as users know it ("ISA", "PCI"); NULL: none. */
    const char *bus;
    bool user_creatable;        /* by -device */
    /** Wired by now: claim addresses, check what only now can be checked. */
    bool (*realize)(Device *dev, GError **error);
    /** Undo realize(); called once if that succeeded. */
    void (*unrealize)(Device *dev);
    /** To the state after power-on; also called once after realize. */
    void (*reset)(Device *dev);
    /** Add itself to what firmware is told (acpi_platform_add_device()). */
    void (*describe)(const Device *dev, struct AcpiPlatform *platform);
    /** What is saved and restored, of the whole instance struct.  A type that
     *  can be made has one of these two. */
    const StateTable *state;
    /** Why there is nothing to save. */
    const char *stateless;
} DeviceClass;

struct Device {
    Object parent;
    GArray *gpios;              /* DeviceGpio; NULL: none */
    bool realized;
};

extern const ObjectType device_type;

static inline const DeviceClass *device_class(const Device *dev)
{
    return object_type_class(dev->parent.type);
}

/**
 * device_new: an object of @type, as object_new() makes it, with what @globals
 * say about it (globals_apply()).
 *
 * Returns: NULL with @error set, as object_new().
 */
Device *device_new(const ObjectType *type, void *config,
                   const GPtrArray *globals, GError **error);

/**
 * device_add_inputs, device_add_outputs: declare lines, so that tests and
 * tools can find them by name.  @in and @out are the device's own arrays.
 */
void device_add_inputs(Device *dev, const char *name, Irq *in, unsigned n);
void device_add_outputs(Device *dev, const char *name, Irq **out, unsigned n);

/** device_find_gpio: NULL if there is none. */
DeviceGpio *device_find_gpio(const Device *dev, const char *name, bool output);

/** device_realize: call the class's realize and reset, once.  Returns false
 *  with @error set if the class refuses; @dev is then to be freed. */
bool device_realize(Device *dev, GError **error);

/** device_reset: nothing if the device is not realized or has no reset. */
void device_reset(Device *dev);

#endif
