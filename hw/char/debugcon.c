/*
 * isa-debugcon: a port whose bytes go to a character device
 *
 * Firmware writes its log there without any set-up, and finds out by the
 * port's read value that somebody listens.
 *
 * Spec: docs/specs/debugcon.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/char/debugcon.h"

#include "chardev/char.h"
#include "hw/acpi/platform.h"
#include "qapi-types.h"
#include "util/error.h"

/* Output that may wait for a host that reads slowly */
#define DEBUGCON_MAX_PENDING (1 << 20)

typedef struct IsaDebugcon {
    IsaDevice parent;

    /* Links: found when the object is completed */
    Chardev *chardev;

    MemoryRegion mr;
} IsaDebugcon;

static const IsaDebugconProperties *debugcon_config(const Device *dev)
{
    return dev->parent.config;
}

static uint64_t debugcon_read(void *opaque, uint64_t offset, unsigned size)
{
    return debugcon_config(opaque)->readback;
}

static void debugcon_write(void *opaque, uint64_t offset, uint64_t value,
                           unsigned size)
{
    IsaDebugcon *s = opaque;
    uint8_t byte = value;

    /* The port cannot tell the guest to wait, so what is not taken is lost */
    if (chardev_pending(s->chardev) < DEBUGCON_MAX_PENDING) {
        chardev_write(s->chardev, &byte, 1);
    }
}

static const MemoryRegionOps debugcon_ops = {
    .read = debugcon_read,
    .write = debugcon_write,
    .min_size = 1,
    .max_size = 1,
};

/** debugcon_received: input is thrown away, not left unread: a chardev sees
 *  only by reading that the other side has gone. */
static void debugcon_received(void *opaque, const uint8_t *bytes, size_t len)
{
}

static void debugcon_describe(const Device *dev, AcpiPlatform *platform)
{
    unsigned n = 0;
    AcpiDevice *acpi;

    for (unsigned i = 0; i < platform->n_devices; i++) {
        n += g_str_has_prefix(platform->devices[i].name, "DB");
    }
    acpi = acpi_platform_add_device(platform);
    g_snprintf(acpi->name, sizeof(acpi->name), n < 10 ? "DBG%u" : "DB%02u", n);
    acpi->hid = "PNP0C02";
    /* Unlike a running number it cannot be another PNP0C02's */
    acpi->uid = debugcon_config(dev)->iobase;
    acpi->hidden = true;
    acpi->n_io = 1;
    acpi->io[0] = (AcpiIoRange) { debugcon_config(dev)->iobase, 1 };
}

static bool debugcon_realize(Device *dev, GError **error)
{
    IsaDebugcon *s = (IsaDebugcon *)dev;
    const ChardevUser user = {
        .received = debugcon_received,
        .opaque = s,
    };

    if (!isa_claim_ports(&s->parent, &s->mr, debugcon_config(dev)->iobase,
                         error)) {
        return false;
    }
    if (!chardev_attach(s->chardev, &user, error)) {
        memory_region_remove(&s->mr);
        return false;
    }
    return true;
}

static void debugcon_unrealize(Device *dev)
{
    IsaDebugcon *s = (IsaDebugcon *)dev;

    memory_region_remove(&s->mr);
    chardev_detach(s->chardev);
}

static void debugcon_init(Object *obj)
{
    IsaDebugcon *s = (IsaDebugcon *)obj;

    memory_region_init_io(&s->mr, "isa-debugcon", 1, &debugcon_ops, s);
}

static void debugcon_finalize(Object *obj)
{
    memory_region_cleanup(&((IsaDebugcon *)obj)->mr);
}

static bool debugcon_check(const Object *obj, const void *config,
                           GError **error)
{
    const IsaDebugconProperties *p = config;

    if (p->iobase > 0xffff) {
        return fm_error_set(error, "isa-debugcon iobase=0x%x: must be at most "
                            "0xffff", p->iobase);
    }
    if (p->readback > 0xff) {
        return fm_error_set(error, "isa-debugcon readback=0x%x: must be at "
                            "most 0xff", p->readback);
    }
    return true;
}

static const ObjectLink debugcon_links[] = {
    { "chardev", "/chardevs", &chardev_type, offsetof(IsaDebugcon, chardev) },
};

static const DeviceClass debugcon_class = {
    .bus = "ISA",
    .user_creatable = true,
    .realize = debugcon_realize,
    .unrealize = debugcon_unrealize,
    .describe = debugcon_describe,
    .stateless = "a byte that the guest writes is the host's at once",
};

const ObjectType isa_debugcon_type = {
    .name = "isa-debugcon",
    .parent = &isa_device_type,
    .doc = "Debug port",
    .instance_size = sizeof(IsaDebugcon),
    .config = &qapi_type_IsaDebugconProperties,
    .links = debugcon_links,
    .n_links = G_N_ELEMENTS(debugcon_links),
    .klass = &debugcon_class,
    .check = debugcon_check,
    .init = debugcon_init,
    .finalize = debugcon_finalize,
};
