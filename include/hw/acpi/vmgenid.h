/*
 * The VM generation ID: a GUID in guest memory that changes when the machine
 * is restored or cloned
 *
 * Guest ABI: docs/specs/vmgenid.rst.  Firmware places a page with the GUID in
 * guest memory and writes the address back; from then on the device writes
 * each new GUID there and raises GPE 5.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_VMGENID_H
#define HW_ACPI_VMGENID_H

#include "hw/acpi/pm.h"
#include "hw/core/device.h"
#include "system/memory.h"
#include "util/uuid.h"

/** fw_cfg's files. */
#define VMGENID_FILE_GUID "etc/vmgenid_guid"
#define VMGENID_FILE_ADDR "etc/vmgenid_addr"

#define VMGENID_PAGE_LEN 4096
#define VMGENID_GUID_OFFSET 0x28    /* in the page */
#define VMGENID_ADDR_LEN 8
#define VMGENID_GPE 5

typedef struct VmGenId VmGenId;

extern const ObjectType vmgenid_type;

/**
 * vmgenid_parse: what a user writes for a GUID.
 * @random: set: it is `auto` (in lower case), and @guid is untouched
 *
 * Returns: false if @text is neither `auto` nor a UUID (uuid_parse()).
 */
bool vmgenid_parse(const char *text, Uuid *guid, bool *random);

/**
 * vmgenid_wire: before realize, which refuses a device that is not wired: the
 * machine has no fw_cfg to tell firmware of it.
 * @memory: where the GUID is written
 * @pm: the chipset's, whose GPE 5 notifies the guest
 */
void vmgenid_wire(VmGenId *dev, AddressSpace *memory, AcpiPm *pm);

/** vmgenid_page: the live content of VMGENID_FILE_GUID, VMGENID_PAGE_LEN bytes
 *  that follow each change. */
const uint8_t *vmgenid_page(const VmGenId *dev);

/**
 * vmgenid_addr: the content of VMGENID_FILE_ADDR, VMGENID_ADDR_LEN bytes that
 * firmware writes, little-endian; vmgenid_addr_written() is to be told of each
 * write.  An address counts when all of its bytes have been written since a
 * reset or the one before it, in whatever pieces; until then the one before it
 * does.  A new address has nothing written there, except a GUID that was set
 * since the reset and is in no guest memory yet.
 */
uint8_t *vmgenid_addr(VmGenId *dev);
void vmgenid_addr_written(void *dev, uint32_t offset, uint32_t len);

/** vmgenid_guid: what the guest reads, or will read. */
const Uuid *vmgenid_guid(const VmGenId *dev);

/** What a new GUID has led to. */
typedef struct VmGenIdChange {
    bool changed;               /* it is another one than before */
    bool notified;              /* the guest's memory was rewritten */
} VmGenIdChange;

/**
 * vmgenid_set: from now on the GUID is @guid; NULL: a new random one.  If it
 * has been placed and the bytes in guest memory differ, they are rewritten and
 * the guest is notified.  An address that is not all RAM is refused, once in
 * the log.
 */
VmGenIdChange vmgenid_set(VmGenId *dev, const Uuid *guid);

/** vmgenid_policy_is_given: whether the user has said what becomes of a saved
 *  GUID, by `guid` or by `restore`. */
bool vmgenid_policy_is_given(const VmGenId *dev);

/**
 * vmgenid_restored: all of the machine's state is restored: do what `guid` and
 * `restore` say (docs/system/vm-generation-id.rst).
 * @from_file: by a URI `file:`
 */
VmGenIdChange vmgenid_restored(VmGenId *dev, bool from_file);

#endif
