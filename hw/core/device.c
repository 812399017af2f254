/*
 * Devices: objects that a guest meets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/core/device.h"

#include "qapi/walker.h"
#include "qom/globals.h"

Device *device_new(const ObjectType *type, void *config,
                   const GPtrArray *globals, GError **error)
{
    const QapiType *config_type = object_type_config(type);

    if (config_type && !config) {
        config = qapi_new(config_type);
    }
    globals_apply(globals, type, config);
    return (Device *)object_new(type, config, error);
}

static void device_add_lines(Device *dev, DeviceGpio gpio)
{
    g_assert(!device_find_gpio(dev, gpio.name, gpio.output));
    if (!dev->gpios) {
        dev->gpios = g_array_new(FALSE, FALSE, sizeof(DeviceGpio));
    }
    g_array_append_val(dev->gpios, gpio);
}

void device_add_inputs(Device *dev, const char *name, Irq *in, unsigned n)
{
    device_add_lines(dev, (DeviceGpio){ .name = name, .n = n, .in = in });
}

void device_add_outputs(Device *dev, const char *name, Irq **out, unsigned n)
{
    device_add_lines(dev, (DeviceGpio){ .name = name, .output = true, .n = n,
                                        .out = out });
}

DeviceGpio *device_find_gpio(const Device *dev, const char *name, bool output)
{
    for (unsigned i = 0; dev->gpios && i < dev->gpios->len; i++) {
        DeviceGpio *gpio = &g_array_index(dev->gpios, DeviceGpio, i);

        if (gpio->output == output && !g_strcmp0(gpio->name, name)) {
            return gpio;
        }
    }
    return NULL;
}

bool device_realize(Device *dev, GError **error)
{
    const DeviceClass *klass = device_class(dev);

    g_assert(!dev->realized);
    if (klass->realize && !klass->realize(dev, error)) {
        return false;
    }
    dev->realized = true;
    device_reset(dev);
    return true;
}

void device_reset(Device *dev)
{
    const DeviceClass *klass = device_class(dev);

    if (dev->realized && klass->reset) {
        klass->reset(dev);
    }
}

static void device_dispose(Object *obj)
{
    Device *dev = (Device *)obj;
    const DeviceClass *klass = device_class(dev);

    if (dev->realized && klass->unrealize) {
        klass->unrealize(dev);
    }
    dev->realized = false;
}

static void device_finalize(Object *obj)
{
    Device *dev = (Device *)obj;

    if (dev->gpios) {
        g_array_unref(dev->gpios);
    }
}

/* So that every device has a class, if only this one. */
static const DeviceClass device_plain_class;

const ObjectType device_type = {
    .name = "device",
    .parent = &object_type,
    .doc = "What a guest meets",
    .instance_size = sizeof(Device),
    .abstract = true,
    .klass = &device_plain_class,
    .dispose = device_dispose,
    .finalize = device_finalize,
};
