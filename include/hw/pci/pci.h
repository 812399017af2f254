/*
 * PCI: bus, functions and configuration space (PCI Local Bus 3.0, 6)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_PCI_PCI_H
#define HW_PCI_PCI_H

#include "hw/core/clock.h"
#include "hw/core/device.h"
#include "system/memory.h"

#define PCI_CONFIG_LEN 256
#define PCI_DEVFN(slot, function) ((slot) << 3 | (function))
#define PCI_SLOT(devfn) ((devfn) >> 3 & 0x1f)
#define PCI_FUNCTION(devfn) ((devfn) & 7)

typedef struct PciDevice PciDevice;

/**
 * Bus 0: what the host bridge answers for.  @memory is a container of the
 * board's in which PCI memory space is laid out, ROM behind the bridge
 * included; the host bridge places it in system memory.  @io is the root of
 * the port space.  The bus outlives its functions.
 */
typedef struct PciBus {
    MemoryRegion *memory, *io;
    Clock *clock;
    PciDevice *devices[256];    /* by devfn; borrowed */
} PciBus;

/** The rest of DeviceClass; a PCI type's klass points to one of these. */
typedef struct PciDeviceClass {
    DeviceClass parent;
    uint16_t vendor_id, device_id;
    uint8_t revision;
    uint32_t class_code;        /* 24 bits, as in the register */
    bool multifunction;
    /** Configuration bytes changed; @offset, @len as the guest wrote. */
    void (*config_written)(PciDevice *dev, unsigned offset, unsigned len);
} PciDeviceClass;

/**
 * A function.  A byte of configuration space is what the guest wrote where
 * wmask has ones; ones written where w1c has ones clear.  reset copies
 * `initial` back.
 */
struct PciDevice {
    Device parent;
    PciBus *bus;                /* set when plugged, before realize */
    uint8_t devfn;
    uint8_t config[PCI_CONFIG_LEN];
    uint8_t initial[PCI_CONFIG_LEN];
    uint8_t wmask[PCI_CONFIG_LEN];
    uint8_t w1c[PCI_CONFIG_LEN];
};

extern const ObjectType pci_device_type;

/**
 * What of a PciDevice is saved: the bytes of configuration space.  loaded()
 * refuses bytes that differ from `initial` where nothing can change them.  What
 * follows from the bytes, writable bits of `wmask` included, is made by the
 * loaded() of the function that it is a part of.
 */
extern const StateTable pci_device_state;

/** A row of a PCI type's StateTable: the PciDevice that it begins with. */
#define STATE_PCI_DEVICE(type)                                              \
    { .name = "pci", .kind = STATE_PART, .count = 1,                        \
      .part = &pci_device_state, .offset = offsetof(type, parent) }

/** pci_bus_plug: put @dev at @devfn, which must be free; before realize.  The
 *  header (IDs, class, subsystem 1AF4:1100, header type) is filled in from the
 *  class; the device's own init sets `initial` and `wmask` beyond it. */
void pci_bus_plug(PciBus *bus, PciDevice *dev, uint8_t devfn);

/** A register of a specification's table, little-endian, at most 8 bytes. */
typedef struct PciRegister {
    uint8_t offset, width;      /* bytes */
    uint64_t initial;
    uint64_t writable;
    uint64_t w1c;
} PciRegister;

/** pci_device_add_registers: for a device's init: put the rows of @registers
 *  into `initial`, `wmask` and `w1c`, and into `config` what they start as. */
void pci_device_add_registers(PciDevice *dev, const PciRegister *registers,
                              size_t n);

/** pci_device_reset_config: copy `initial`, then tell config_written() of all
 *  of it; for a device's reset. */
void pci_device_reset_config(PciDevice *dev);

/**
 * pci_bus_config_read, _write:
 * @address: bus << 20 | devfn << 12 | offset, as in PCI Express's enhanced
 *           configuration space
 * @size: 1, 2 or 4; accesses may be unaligned and are then done bytewise
 *
 * A function that is not there reads all ones; offsets from 256 on read 0
 * in a function that is there.
 */
uint32_t pci_bus_config_read(PciBus *bus, uint32_t address, unsigned size);
void pci_bus_config_write(PciBus *bus, uint32_t address, uint32_t value,
                          unsigned size);

/**
 * Ports 0xCF8 to 0xCFF: configuration mechanism #1 (PCI 3.0, 3.2.2.3.2).
 *
 * Only a dword at 0xCF8 is an access to CONFIG_ADDRESS; anything else in its
 * four ports goes on to the bus, where a chipset's reset control register may
 * be at 0xCF9.  So that region is not placed in the port space, where it would
 * cut CONFIG_ADDRESS in two, but answers for that byte here.
 */
typedef struct PciConfigPorts {
    PciBus *bus;
    MemoryRegion *cf9;          /* 1 port; set by the owner; NULL: none */
    MemoryRegion address_mr, data_mr;

    /* Guest state: reset and saved */
    uint32_t address;
} PciConfigPorts;

extern const StateTable pci_config_ports_state;

/** pci_config_ports_init: claim the ports in @bus->io; `cf9` is kept.
 *  Reset: address = 0. */
void pci_config_ports_init(PciConfigPorts *ports, PciBus *bus);
void pci_config_ports_cleanup(PciConfigPorts *ports);

#endif
