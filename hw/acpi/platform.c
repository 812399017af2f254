/*
 * A machine as its ACPI tables shall show it: a plain description
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/platform.h"

AcpiDevice *acpi_platform_add_device(AcpiPlatform *platform)
{
    AcpiDevice *device;

    g_assert(platform->n_devices < ACPI_MAX_DEVICES);
    device = &platform->devices[platform->n_devices++];
    *device = (AcpiDevice) { .irq = -1 };
    return device;
}
