/*
 * QMP: devices that come and go (qapi/qdev.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi-types.h"
#include "system/system.h"
#include "util/error.h"

bool qmp_device_add(QmpContext *ctx, const DeviceOptions *args, GError **error)
{
    const char *name = qapi_type_DeviceDriver.values[args->driver];

    return system_check_no_save(ctx->system, error) &&
           machine_check_hotplug(ctx->system->machine, object_type_find(name),
                                 error);
}

bool qmp_device_del(QmpContext *ctx, const DeviceDelArgs *args, GError **error)
{
    Machine *machine = ctx->system->machine;
    Device *dev = machine_find_device(machine, args->id);

    if (!dev) {
        return fm_error_set_code(error, FM_ERROR_DEVICE_NOT_FOUND,
                                 "Device '%s' not found", args->id);
    }
    return system_check_no_save(ctx->system, error) &&
           machine_check_hotplug(machine, dev->parent.type, error);
}
