/*
 * Options that have parameters, under the names that introspection and
 * configuration files have for them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/options.h"

static const OptionGroup groups[] = {
    { "accel", "accel", &qapi_type_AcceleratorOptions, NULL },
    { "action", "action", &qapi_type_ActionSettings, NULL },
    { "acpi", "acpitable", &qapi_type_AcpiTableOptions, NULL },
    { "add-fd", "add-fd", &qapi_type_AddFdOptions, NULL },
    { "audiodev", "audiodev", &qapi_type_AudiodevOptions, "id" },
    { "boot-opts", "boot", &qapi_type_BootOptions, NULL },
    { "chardev", "chardev", &qapi_type_ChardevOptions, "id" },
    { "device", "device", &qapi_type_DeviceOptions, "id" },
    { "fw_cfg", "fw_cfg", &qapi_type_FwCfgOptions, "name" },
    { "global", "global", &qapi_type_GlobalOptions, NULL },
    { "machine", "machine", &qapi_type_MachineOptions, NULL },
    { "memory", "m", &qapi_type_MemoryOptions, NULL },
    { "mon", "mon", &qapi_type_MonitorOptions, "id" },
    { "msg", "msg", &qapi_type_MessageOptions, NULL },
    { "name", "name", &qapi_type_NameOptions, NULL },
    { "net", "net", &qapi_type_NetworkOptions, NULL },
    { "nic", "nic", &qapi_type_NetworkOptions, NULL },
    { "object", "object", &qapi_type_ObjectOptions, "id" },
    { "overcommit", "overcommit", &qapi_type_OvercommitOptions, NULL },
    { "rtc", "rtc", &qapi_type_RtcOptions, NULL },
    { "run-with", "run-with", &qapi_type_RunWithOptions, NULL },
    { "sandbox", "sandbox", &qapi_type_SandboxOptions, NULL },
    { "smp-opts", "smp", &qapi_type_SmpOptions, NULL },
    { NULL, NULL, NULL, NULL },
};

const OptionGroup *option_groups(void)
{
    return groups;
}
