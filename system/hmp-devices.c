/*
 * HMP: devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hw/core/device.h"
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/hmp-impl.h"

/* Coming and going */

bool hmp_device_add(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const QapiType *type = &qapi_type_DeviceOptions;
    bool helped;
    void *options = hmp_read_options(hmp, type, hmp_text(args, "device"),
                                     &helped, error);
    bool ok = helped || (options &&
                         qmp_device_add(&hmp->qmp, options, error));

    qapi_free(type, options);
    return ok;
}

bool hmp_device_del(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const DeviceDelArgs del = { .id = (char *)hmp_text(args, "id") };

    return qmp_device_del(&hmp->qmp, &del, error);
}

/* Looking at them */

static bool hmp_collect_device(Object *obj, void *opaque)
{
    GPtrArray *devices = opaque;

    if (object_is_a(obj, &device_type)) {
        g_ptr_array_add(devices, obj);
    }
    return true;
}

static GPtrArray *hmp_devices(const Hmp *hmp)
{
    GPtrArray *devices = g_ptr_array_new();

    object_foreach(&hmp->system->machine->parent, hmp_collect_device,
                   devices);
    return devices;
}

static const char *hmp_bus_of(const Device *dev)
{
    const char *bus = device_class(dev)->bus;

    return bus ? bus : "System";
}

static void hmp_print_properties(Hmp *hmp, Object *obj)
{
    g_autoptr(GPtrArray) rows = object_list_properties(obj);

    for (unsigned i = 0; i < rows->len; i++) {
        const ObjectPropertyRow *row = rows->pdata[i];
        g_autoptr(GError) error = NULL;
        json_object *value;

        if (strcmp(row->name, "type") == 0 ||
            g_str_has_prefix(row->type, "child<")) {
            continue;
        }
        value = object_property_get(obj, row->name, &error);
        hmp_print(hmp, "    %s = ", row->name);
        if (error) {
            hmp_print(hmp, "<%s>", error->message);
        } else {
            hmp_print_json(hmp, value);
        }
        hmp_print(hmp, "\n");
        json_object_put(value);
    }
}

static void hmp_print_device(Hmp *hmp, Device *dev)
{
    Object *obj = &dev->parent;
    bool named = obj->parent &&
                 g_strcmp0(obj->parent->name, "peripheral") == 0;
    g_autofree char *path = object_path(obj);

    hmp_print(hmp, "  dev: %s, id \"%s\", path %s\n", obj->type->name,
              named ? obj->name : "", path);
    for (unsigned i = 0; dev->gpios && i < dev->gpios->len; i++) {
        const DeviceGpio *gpio = &g_array_index(dev->gpios, DeviceGpio, i);

        hmp_print(hmp, "    gpio-%s \"%s\" %u\n", gpio->output ? "out" : "in",
                  gpio->name ? gpio->name : "", gpio->n);
    }
    hmp_print_properties(hmp, obj);
}

bool hmp_info_qtree(Hmp *hmp, const HmpArgs *args, GError **error)
{
    g_autoptr(GPtrArray) devices = hmp_devices(hmp);

    for (unsigned i = 0; i < devices->len; i++) {
        const char *bus = hmp_bus_of(devices->pdata[i]);
        bool first = true;

        for (unsigned k = 0; k < i && first; k++) {
            first = strcmp(hmp_bus_of(devices->pdata[k]), bus) != 0;
        }
        if (!first) {
            continue;
        }
        hmp_print(hmp, "bus: %s\n", bus);
        for (unsigned k = i; k < devices->len; k++) {
            if (strcmp(hmp_bus_of(devices->pdata[k]), bus) == 0) {
                hmp_print_device(hmp, devices->pdata[k]);
            }
        }
    }
    return true;
}

bool hmp_info_irq(Hmp *hmp, const HmpArgs *args, GError **error)
{
    g_autoptr(GPtrArray) devices = hmp_devices(hmp);

    for (unsigned i = 0; i < devices->len; i++) {
        const Device *dev = devices->pdata[i];
        g_autofree char *path = object_path(&dev->parent);

        for (unsigned k = 0; dev->gpios && k < dev->gpios->len; k++) {
            const DeviceGpio *gpio = &g_array_index(dev->gpios, DeviceGpio,
                                                    k);
            bool any = false;

            if (gpio->output) {
                continue;
            }
            hmp_print(hmp, "%s%s%s: %u inputs, high:", path,
                      gpio->name ? " " : "", gpio->name ? gpio->name : "",
                      gpio->n);
            for (unsigned line = 0; line < gpio->n; line++) {
                if (gpio->in[line].level) {
                    hmp_print(hmp, " %u", line);
                    any = true;
                }
            }
            hmp_print(hmp, "%s\n", any ? "" : " none");
        }
    }
    return true;
}
