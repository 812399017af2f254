/*
 * Every type of object that this program knows
 *
 * A list instead of constructors: what is linked is what is written here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/types.h"

#include "backends/memory.h"
#include "chardev/char.h"
#include "crypto/secret.h"
#include "hw/acpi/vmgenid.h"
#include "hw/isa/piix4-pm.h"
#include "hw/char/debugcon.h"
#include "hw/char/serial.h"
#include "hw/core/null-machine.h"
#include "hw/i386/pc-i440fx.h"
#include "hw/i386/pc-q35.h"
#include "hw/intc/ioapic.h"
#include "hw/isa/ich9-lpc.h"
#include "hw/isa/piix3.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/pci/i440fx.h"
#include "hw/pci/q35-mch.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/hpet.h"
#include "qapi-types.h"
#include "target/i386/cpu.h"

static const ObjectType *const types[] = {
    &object_type,
    &container_type,
    &chardev_type,
    &chardev_socket_type,
    &chardev_file_type,
    &chardev_stdio_type,
    &chardev_null_type,
    &chardev_pipe_type,
    &chardev_pty_type,
    &chardev_ringbuf_type,
    &memory_backend_type,
    &memory_backend_file_type,
    &memory_backend_memfd_type,
    &memory_backend_ram_type,
    &secret_type,
    &device_type,
    &pci_device_type,
    &i440fx_type,
    &piix3_type,
    &piix4_pm_type,
    &q35_mch_type,
    &ich9_lpc_type,
    &isa_device_type,
    &isa_serial_type,
    &isa_debugcon_type,
    &rtc_type,
    &hpet_type,
    &ioapic_type,
    &fw_cfg_type,
    &vmgenid_type,
    &cpu_type,
    &x86_cpu_type,
    &x86_cpu_types[CPU_MODEL_QEMU32],
    &x86_cpu_types[CPU_MODEL_QEMU64],
    &x86_cpu_types[CPU_MODEL_KVM32],
    &x86_cpu_types[CPU_MODEL_KVM64],
    &x86_cpu_types[CPU_MODEL_BASE],
    &x86_cpu_types[CPU_MODEL_MAX],
    &machine_type,
    &null_machine_type,
    &pc_machine_type,
    &pc_i440fx_machine_type,
    &pc_q35_machine_type,
    NULL,
};

/** What the schema offers to users is there. */
static void types_check_enum(const QapiType *type, const char *prefix)
{
    for (unsigned i = 0; i < type->n_values; i++) {
        g_autofree char *name = g_strconcat(prefix, type->values[i], NULL);

        if (!object_type_find(name)) {
            g_error("'%s' of %s is not in system/types.c", name, type->name);
        }
    }
}

void types_register(void)
{
    object_types_register(types);
    types_check_enum(&qapi_type_DeviceDriver, "");
    types_check_enum(&qapi_type_ObjectKind, "");
    types_check_enum(&qapi_type_ChardevBackendKind, "chardev-");
}
