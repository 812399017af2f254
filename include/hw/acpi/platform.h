/*
 * A machine as its ACPI tables shall show it: a plain description
 *
 * Devices add themselves to it from their live registers (DeviceClass.describe);
 * the tables are built from it and from nothing else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_PLATFORM_H
#define HW_ACPI_PLATFORM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hw/acpi/user-table.h"

#define ACPI_MAX_RANGES 4
#define ACPI_MAX_DEVICES 32
#define ACPI_MAX_CPUS 255

typedef struct AcpiIoRange {
    uint16_t base;
    uint8_t len;
} AcpiIoRange;

/**
 * A device that firmware cannot find by itself, as its own file describes it:
 * it becomes a Device with _HID, _UID, _STA and _CRS in the DSDT.
 */
typedef struct AcpiDevice {
    char name[5];               /* "COM1"; unique within its parent */
    const char *hid;            /* "PNP0501" as EISA ID, else as string */
    unsigned uid;
    bool on_root;               /* in \_SB; otherwise on the ISA bridge */
    bool hidden;                /* _STA 0x0B: working, not shown to users */
    unsigned n_io;
    AcpiIoRange io[ACPI_MAX_RANGES];
    int irq;                    /* ISA interrupt, -1: none */
    uint32_t mmio_base, mmio_len;   /* len 0: none */
} AcpiDevice;

/** How PCI interrupt pins reach interrupt inputs. */
typedef enum AcpiPciRouting {
    /* 4 links: (slot - 1 + pin) mod 4 */
    ACPI_PCI_ROUTING_PIIX,
    /* 8 links: slots 0-24 E + (slot + pin) mod 4; slots 25-31 A + pin */
    ACPI_PCI_ROUTING_ICH9,
} AcpiPciRouting;

typedef struct AcpiPlatform AcpiPlatform;

struct AcpiPlatform {
    AcpiOemIdentity identity;   /* RSDT, FADT */
    AcpiOemIdentity general;    /* every other generated table; RSDP */

    unsigned n_cpus;            /* 1 to ACPI_MAX_CPUS; APIC IDs 0 to n-1 */

    /* Power management; ports are 0 while firmware has not placed them */
    uint16_t pm1a_evt, pm1a_cnt, pm_tmr;
    uint16_t gpe0;
    uint8_t gpe0_len;           /* bytes, status and enable together */
    uint16_t smi_cmd;
    uint8_t acpi_enable, acpi_disable;
    uint8_t sci_irq;
    bool has_reset_reg;
    uint16_t reset_port;
    uint8_t reset_value;
    bool has_8042;
    bool disable_s3, disable_s4;        /* not told to the guest */

    /* Interrupt controllers */
    uint32_t local_apic;
    uint32_t io_apic;
    uint8_t io_apic_id;
    bool has_pic;               /* a pair of 8259 (MADT PCAT_COMPAT) */

    bool has_hpet;
    uint64_t hpet_base;
    uint32_t hpet_id;           /* low half of the capabilities register */
    uint16_t hpet_min_tick;

    bool has_vmgenid;           /* a VM generation ID */

    /* PCI */
    bool pci_express;           /* PNP0A08 and _OSC, else PNP0A03 */
    bool has_mcfg;              /* PCIEXBAR is enabled */
    uint64_t mcfg_base;
    uint8_t mcfg_last_bus;
    AcpiPciRouting routing;
    uint32_t pci_slots;         /* bit n: there is a device in slot n */
    uint8_t isa_slot, isa_function;
    uint32_t pci_hole_start, pci_hole_end;      /* inclusive end */
    uint64_t pci_hole64_start, pci_hole64_end;  /* end 0: none */

    unsigned n_devices;
    AcpiDevice devices[ACPI_MAX_DEVICES];

    const GPtrArray *user_tables;       /* GBytes; borrowed */
};

/** acpi_platform_add_device: Returns a zeroed device with irq -1. */
AcpiDevice *acpi_platform_add_device(AcpiPlatform *platform);

#endif
