/*
 * The VM generation ID: a GUID in guest memory that changes when the machine
 * is restored or cloned
 *
 * Firmware downloads a page with the GUID and writes back where it has placed
 * it.  Each later GUID is written there, and GPE 5 has the guest look again.
 *
 * The address is the guest's word: it is looked at anew each time, for a guest
 * can also change what lies there.
 *
 * Spec: Virtual Machine Generation ID (Microsoft, 2012-08-01);
 * docs/specs/vmgenid.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/vmgenid.h"

#include <string.h>

#include "hw/acpi/platform.h"
#include "qapi-types.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"
#include "util/report.h"

#define VMGENID_GUID_LEN 16
#define VMGENID_ADDR_WHOLE 0xff         /* a bit for each byte */

struct VmGenId {
    Device parent;

    /* Links: given by the machine */
    AddressSpace *memory;
    AcpiPm *pm;

    /* What the user gave; config->guid shows the GUID that holds */
    bool is_given;
    Uuid given;

    /* Guest state: saved; all but guid is reset */
    Uuid guid;
    uint8_t addr[VMGENID_ADDR_LEN];     /* VMGENID_FILE_ADDR */
    uint8_t addr_written;       /* bytes of it since guid_gpa was taken, a bit
                                   each */
    uint64_t guid_gpa;          /* 0: not placed */
    bool newer;                 /* guid has changed since the reset, and has
                                   not been written to guest memory */

    /* What follows from it */
    uint8_t page[VMGENID_PAGE_LEN];     /* VMGENID_FILE_GUID */

    bool refused;               /* the log has it that guid_gpa is no good */
    unsigned faults;
};

/* The GUID */

bool vmgenid_parse(const char *text, Uuid *guid, bool *random)
{
    *random = strcmp(text, "auto") == 0;
    return *random || uuid_parse(text, guid);
}

/** The first three fields are little-endian in memory. */
static void vmgenid_encode(const Uuid *guid, uint8_t bytes[VMGENID_GUID_LEN])
{
    const uint8_t *text = guid->bytes;

    st32_le(bytes, ld32_be(text));
    st16_le(bytes + 4, ld16_be(text + 4));
    st16_le(bytes + 6, ld16_be(text + 6));
    memcpy(bytes + 8, text + 8, VMGENID_GUID_LEN - 8);
}

/** What follows from the GUID: the page, and what qom-get shows. */
static void vmgenid_show(VmGenId *dev)
{
    VmGenIdProperties *p = dev->parent.parent.config;
    char text[UUID_TEXT_LEN + 1];

    vmgenid_encode(&dev->guid, dev->page + VMGENID_GUID_OFFSET);
    uuid_format(&dev->guid, text);
    g_free(p->guid);
    p->guid = g_strdup(text);
}

const Uuid *vmgenid_guid(const VmGenId *dev)
{
    return &dev->guid;
}

const uint8_t *vmgenid_page(const VmGenId *dev)
{
    return dev->page;
}

/* In guest memory */

/** Whether the GUID can be written where the guest wants it; @there: what is
 *  there now. */
static bool vmgenid_check_place(VmGenId *dev,
                                uint8_t there[VMGENID_GUID_LEN])
{
    uint64_t gpa = dev->guid_gpa;

    if (gpa <= UINT64_MAX - VMGENID_GUID_LEN &&
        address_space_is_ram(dev->memory, gpa, VMGENID_GUID_LEN) &&
        address_space_peek(dev->memory, gpa, there, VMGENID_GUID_LEN)) {
        return true;
    }
    if (!dev->refused) {
        report_guest_fault(&dev->faults, "vmgenid: the GUID is to be at 0x%"
                           G_GINT64_MODIFIER "x, which is not all RAM", gpa);
    }
    dev->refused = true;
    return false;
}

/** Returns whether the guest's memory had another, and the guest is told. */
static bool vmgenid_write(VmGenId *dev)
{
    const uint8_t *guid = dev->page + VMGENID_GUID_OFFSET;
    uint8_t there[VMGENID_GUID_LEN];

    if (!dev->guid_gpa || !vmgenid_check_place(dev, there)) {
        return false;
    }
    dev->newer = false;
    if (memcmp(there, guid, VMGENID_GUID_LEN) == 0) {
        return false;
    }
    address_space_write(dev->memory, dev->guid_gpa, guid, VMGENID_GUID_LEN);
    acpi_pm_raise_gpe(dev->pm, VMGENID_GPE);
    return true;
}

/* What the guest can do: place it */

uint8_t *vmgenid_addr(VmGenId *dev)
{
    return dev->addr;
}

void vmgenid_addr_written(void *opaque, uint32_t offset, uint32_t len)
{
    VmGenId *dev = opaque;

    for (uint32_t i = offset; i < offset + len; i++) {
        dev->addr_written |= 1u << i;
    }
    if (dev->addr_written == VMGENID_ADDR_WHOLE) {
        dev->addr_written = 0;
        dev->guid_gpa = ld64_le(dev->addr);
        dev->refused = false;
        if (log_enabled(LOG_PM)) {
            log_line(LOG_PM, "VM generation ID placed at 0x%"
                     G_GINT64_MODIFIER "x", dev->guid_gpa);
        }
        /* no copy, for it is where the page was downloaded to; unless that
         * was before the last change */
        if (dev->newer) {
            vmgenid_write(dev);
        }
    }
}

/* What the host can do */

VmGenIdChange vmgenid_set(VmGenId *dev, const Uuid *guid)
{
    VmGenIdChange change = { 0 };
    Uuid new;

    if (guid) {
        new = *guid;
    } else {
        uuid_random(&new);
    }
    if (memcmp(&new, &dev->guid, sizeof(new)) == 0) {
        return change;
    }
    dev->guid = new;
    dev->newer = true;
    vmgenid_show(dev);
    change.changed = true;
    change.notified = vmgenid_write(dev);
    if (log_enabled(LOG_PM)) {
        log_line(LOG_PM, "VM generation ID %s, %s",
                 ((VmGenIdProperties *)dev->parent.parent.config)->guid,
                 change.notified ? "written to guest memory"
                 : dev->guid_gpa ? "not written to guest memory"
                                 : "not placed yet");
    }
    return change;
}

bool vmgenid_policy_is_given(const VmGenId *dev)
{
    const VmGenIdProperties *p = dev->parent.parent.config;

    return dev->is_given || p->restore != VM_GEN_ID_RESTORE_AUTO;
}

VmGenIdChange vmgenid_restored(VmGenId *dev, bool from_file)
{
    const VmGenIdProperties *p = dev->parent.parent.config;
    VmGenIdChange change = { 0 };

    if (dev->is_given) {
        change = vmgenid_set(dev, &dev->given);
    } else if (p->restore == VM_GEN_ID_RESTORE_RENEW ||
               (p->restore == VM_GEN_ID_RESTORE_AUTO && from_file)) {
        change = vmgenid_set(dev, NULL);
    }
    if (!change.changed && log_enabled(LOG_PM)) {
        log_line(LOG_PM, "VM generation ID %s, restored as it was saved",
                 p->guid);
    }
    return change;
}

/* What firmware is told */

static void vmgenid_describe(const Device *dev, struct AcpiPlatform *platform)
{
    platform->has_vmgenid = true;
}

/* Its life */

void vmgenid_wire(VmGenId *dev, AddressSpace *memory, AcpiPm *pm)
{
    g_assert(!dev->parent.realized);
    dev->memory = memory;
    dev->pm = pm;
}

static void vmgenid_reset(Device *d)
{
    VmGenId *dev = (VmGenId *)d;

    memset(dev->addr, 0, sizeof(dev->addr));
    dev->addr_written = 0;
    dev->guid_gpa = 0;
    dev->newer = false;
    dev->refused = false;
}

static bool vmgenid_realize(Device *d, GError **error)
{
    VmGenId *dev = (VmGenId *)d;

    if (!dev->memory) {
        return fm_error_set(error, "vmgenid requires DMA write support in "
                            "fw_cfg, which this machine type does not "
                            "provide");
    }
    if (dev->is_given) {
        dev->guid = dev->given;
    } else {
        uuid_random(&dev->guid);
    }
    vmgenid_show(dev);
    return true;
}

static bool vmgenid_complete(Object *obj, GError **error)
{
    VmGenId *dev = (VmGenId *)obj;
    const VmGenIdProperties *p = obj->config;
    bool random;

    vmgenid_parse(p->guid, &dev->given, &random);
    dev->is_given = !random;
    return true;
}

static bool vmgenid_check(const Object *obj, const void *config,
                          GError **error)
{
    const VmGenIdProperties *p = config;
    bool random;
    Uuid guid;

    return vmgenid_parse(p->guid, &guid, &random) ||
           fm_error_set(error, "Property 'vmgenid.guid' doesn't take value "
                        "'%s': it is neither 'auto' nor a UUID of 8-4-4-4-12 "
                        "hexadecimal digits", p->guid);
}

/* What is saved */

static bool vmgenid_loaded(void *obj, GError **error)
{
    VmGenId *dev = obj;

    if (dev->addr_written == VMGENID_ADDR_WHOLE) {
        return fm_error_set(error, "addr_written: 0x%02x, but an address that "
                            "is whole counts already", dev->addr_written);
    }
    vmgenid_show(dev);
    return true;
}

static const StateField vmgenid_fields[] = {
    STATE_ARRAY(VmGenId, guid.bytes),
    STATE_ARRAY(VmGenId, addr),
    STATE_FIELD(VmGenId, addr_written),
    STATE_FIELD(VmGenId, guid_gpa),
    STATE_FIELD(VmGenId, newer),
    STATE_END
};

static const StateTable vmgenid_state = {
    .version = 1,
    .fields = vmgenid_fields,
    .loaded = vmgenid_loaded,
};

/* Its type */

static const DeviceClass vmgenid_class = {
    .user_creatable = true,
    .realize = vmgenid_realize,
    .reset = vmgenid_reset,
    .describe = vmgenid_describe,
    .state = &vmgenid_state,
};

const ObjectType vmgenid_type = {
    .name = "vmgenid",
    .parent = &device_type,
    .doc = "VM generation ID",
    .instance_size = sizeof(VmGenId),
    .config = &qapi_type_VmGenIdProperties,
    .klass = &vmgenid_class,
    .check = vmgenid_check,
    .complete = vmgenid_complete,
};
