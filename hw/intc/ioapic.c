/*
 * I/O APIC: 24 interrupt inputs that become messages to processors
 *
 * Spec: Intel 82093AA I/O Advanced Programmable Interrupt Controller data
 * sheet, May 1996 (290566-001); the EOI register: Intel ICH9 data sheet,
 * August 2008 (316972-004), 13.5; docs/specs/ioapic.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/intc/ioapic.h"

#include "hw/acpi/platform.h"
#include "util/report.h"

/* Memory-mapped registers */
enum { IOAPIC_IOREGSEL = 0x00, IOAPIC_IOWIN = 0x10, IOAPIC_EOI = 0x40 };

/* Indexed registers; from REDTBL on, two for each input */
enum { IOAPIC_ID = 0x00, IOAPIC_VER = 0x01, IOAPIC_ARB = 0x02,
       IOAPIC_REDTBL = 0x10 };

#define IOAPIC_VERSION 0x00170020       /* 24 entries; with EOI register */
#define IOAPIC_ID_MASK 0x0f000000

#define IOAPIC_ENTRY_STATUS (UINT64_C(1) << 12)
#define IOAPIC_ENTRY_WRITABLE (UINT64_C(0xff0000000001ffff) &               \
                               ~(IOAPIC_ENTRY_STATUS |                      \
                                 IOAPIC_ENTRY_REMOTE_IRR))

struct IoApic {
    Device parent;

    /* Links: given by the machine when it wires the device */
    MemoryRegion *memory;
    void (*deliver)(void *opaque, uint64_t entry);
    void *opaque;

    /* Guest state: reset and saved */
    uint8_t select;
    uint32_t id;
    uint64_t entries[IOAPIC_NUM_INPUTS];

    /* Saved, but not reset: whoever drives an input resets itself */
    uint32_t levels;            /* inputs that are high */
    Irq inputs[IOAPIC_NUM_INPUTS];      /* their levels follow */

    MemoryRegion mr;
    unsigned faults;
};

/* Interrupts */

/** ioapic_is_level: only fixed and lowest-priority interrupts have an end that
 *  the I/O APIC is told of; all others are sent once for each edge. */
static bool ioapic_is_level(uint64_t entry)
{
    return entry & IOAPIC_ENTRY_LEVEL &&
           (entry >> IOAPIC_ENTRY_DELIVERY_SHIFT & 7) <= 1;
}

/** ioapic_send_level: send input @n if it is high and was not sent before. */
static void ioapic_send_level(IoApic *ioapic, unsigned n)
{
    uint64_t *entry = &ioapic->entries[n];

    if (ioapic->deliver && ioapic->levels >> n & 1 &&
        ioapic_is_level(*entry) &&
        !(*entry & (IOAPIC_ENTRY_MASK | IOAPIC_ENTRY_REMOTE_IRR))) {
        *entry |= IOAPIC_ENTRY_REMOTE_IRR;
        ioapic->deliver(ioapic->opaque, *entry);
    }
}

static void ioapic_input_changed(void *opaque, unsigned n, bool level)
{
    IoApic *ioapic = opaque;
    uint64_t entry = ioapic->entries[n];
    bool rising = level && !(ioapic->levels >> n & 1);

    ioapic->levels &= ~(1u << n);
    ioapic->levels |= (uint32_t)level << n;
    if (ioapic_is_level(entry)) {
        ioapic_send_level(ioapic, n);
    } else if (rising && ioapic->deliver && !(entry & IOAPIC_ENTRY_MASK)) {
        ioapic->deliver(ioapic->opaque, entry);
    }
}

void ioapic_eoi(IoApic *ioapic, uint8_t vector)
{
    for (unsigned n = 0; n < IOAPIC_NUM_INPUTS; n++) {
        uint64_t *entry = &ioapic->entries[n];

        if (*entry & IOAPIC_ENTRY_REMOTE_IRR &&
            (*entry & IOAPIC_ENTRY_VECTOR) == vector) {
            *entry &= ~IOAPIC_ENTRY_REMOTE_IRR;
            ioapic_send_level(ioapic, n);
        }
    }
}

/* Registers */

static uint32_t ioapic_read_indexed(const IoApic *ioapic)
{
    unsigned n = (ioapic->select - IOAPIC_REDTBL) / 2;

    switch (ioapic->select) {
    case IOAPIC_ID:
    case IOAPIC_ARB:            /* loaded with every write of the ID */
        return ioapic->id;
    case IOAPIC_VER:
        return IOAPIC_VERSION;
    default:
        break;
    }
    if (ioapic->select < IOAPIC_REDTBL || n >= IOAPIC_NUM_INPUTS) {
        return 0;
    }
    return ioapic->entries[n] >> (ioapic->select & 1) * 32;
}

static void ioapic_write_entry(IoApic *ioapic, unsigned n, unsigned shift,
                               uint32_t value)
{
    uint64_t *entry = &ioapic->entries[n];
    uint64_t writable = IOAPIC_ENTRY_WRITABLE & (uint64_t)UINT32_MAX << shift;

    *entry = (*entry & ~writable) | ((uint64_t)value << shift & writable);
    if (!ioapic_is_level(*entry)) {
        /* Nobody will end what is an edge now */
        *entry &= ~IOAPIC_ENTRY_REMOTE_IRR;
    }
    ioapic_send_level(ioapic, n);
}

static void ioapic_write_indexed(IoApic *ioapic, uint32_t value)
{
    unsigned n = (ioapic->select - IOAPIC_REDTBL) / 2;

    if (ioapic->select == IOAPIC_ID) {
        ioapic->id = value & IOAPIC_ID_MASK;
    } else if (ioapic->select >= IOAPIC_REDTBL && n < IOAPIC_NUM_INPUTS) {
        ioapic_write_entry(ioapic, n, (ioapic->select & 1) * 32, value);
    }
}

static uint64_t ioapic_read(void *opaque, uint64_t offset, unsigned size)
{
    IoApic *ioapic = opaque;

    switch (offset) {
    case IOAPIC_IOREGSEL:
        return ioapic->select;
    case IOAPIC_IOWIN:
        return ioapic_read_indexed(ioapic);
    default:
        return 0;
    }
}

static void ioapic_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    IoApic *ioapic = opaque;

    switch (offset) {
    case IOAPIC_IOREGSEL:
        ioapic->select = value;
        break;
    case IOAPIC_IOWIN:
        if (size != 4) {
            report_guest_fault(&ioapic->faults, "I/O APIC: %u-byte write to "
                               "IOWIN ignored", size);
            break;
        }
        ioapic_write_indexed(ioapic, value);
        break;
    case IOAPIC_EOI:
        ioapic_eoi(ioapic, value);
        break;
    default:
        break;
    }
}

static const MemoryRegionOps ioapic_ops = {
    .read = ioapic_read,
    .write = ioapic_write,
    .min_size = 4,
    .max_size = 4,
};

static void ioapic_describe(const Device *dev, AcpiPlatform *platform)
{
    platform->io_apic = IOAPIC_BASE;
    /* The ID that firmware is to give it; at reset it has the same one */
    platform->io_apic_id = 0;
}

/* What is saved */

static bool ioapic_check_entry(unsigned n, uint64_t entry, GError **error)
{
    g_autofree char *member = g_strdup_printf("entries[%u]", n);
    uint64_t possible = IOAPIC_ENTRY_WRITABLE;

    if (ioapic_is_level(entry)) {
        possible |= IOAPIC_ENTRY_REMOTE_IRR;
    }
    return state_check_bits(member, entry, possible, error);
}

static bool ioapic_loaded(void *obj, GError **error)
{
    IoApic *ioapic = obj;

    if (!state_check_bits("id", ioapic->id, IOAPIC_ID_MASK, error) ||
        !state_check_bits("levels", ioapic->levels,
                          (1u << IOAPIC_NUM_INPUTS) - 1, error)) {
        return false;
    }
    for (unsigned n = 0; n < IOAPIC_NUM_INPUTS; n++) {
        if (!ioapic_check_entry(n, ioapic->entries[n], error)) {
            return false;
        }
    }
    for (unsigned n = 0; n < IOAPIC_NUM_INPUTS; n++) {
        irq_restore(&ioapic->inputs[n], ioapic->levels >> n & 1);
        /* One that had no processor to go to has waited for one */
        ioapic_send_level(ioapic, n);
    }
    return true;
}

static const StateField ioapic_fields[] = {
    STATE_FIELD(IoApic, select),
    STATE_FIELD(IoApic, id),
    STATE_ARRAY(IoApic, entries),
    STATE_FIELD(IoApic, levels),
    STATE_END
};

static const StateTable ioapic_state = {
    .version = 1,
    .fields = ioapic_fields,
    .loaded = ioapic_loaded,
};

/* Life */

void ioapic_wire(IoApic *ioapic, MemoryRegion *memory)
{
    ioapic->memory = memory;
}

void ioapic_set_deliver(IoApic *ioapic,
                        void (*deliver)(void *opaque, uint64_t entry),
                        void *opaque)
{
    ioapic->deliver = deliver;
    ioapic->opaque = opaque;
    for (unsigned n = 0; n < IOAPIC_NUM_INPUTS; n++) {
        ioapic_send_level(ioapic, n);
    }
}

Irq *ioapic_input(IoApic *ioapic, unsigned n)
{
    g_assert(n < IOAPIC_NUM_INPUTS);
    return &ioapic->inputs[n];
}

static void ioapic_reset(Device *dev)
{
    IoApic *ioapic = (IoApic *)dev;

    ioapic->select = 0;
    ioapic->id = 0;
    for (unsigned n = 0; n < IOAPIC_NUM_INPUTS; n++) {
        ioapic->entries[n] = IOAPIC_ENTRY_MASK;
    }
}

static bool ioapic_realize(Device *dev, GError **error)
{
    IoApic *ioapic = (IoApic *)dev;

    memory_region_add(ioapic->memory, IOAPIC_BASE, &ioapic->mr, 0);
    return true;
}

static void ioapic_unrealize(Device *dev)
{
    memory_region_remove(&((IoApic *)dev)->mr);
}

static void ioapic_init(Object *obj)
{
    IoApic *ioapic = (IoApic *)obj;

    memory_region_init_io(&ioapic->mr, "ioapic", IOAPIC_LEN, &ioapic_ops,
                          ioapic);
    for (unsigned n = 0; n < IOAPIC_NUM_INPUTS; n++) {
        irq_init(&ioapic->inputs[n], ioapic_input_changed, ioapic, n);
        ioapic->entries[n] = IOAPIC_ENTRY_MASK;
    }
    device_add_inputs(&ioapic->parent, NULL, ioapic->inputs,
                      IOAPIC_NUM_INPUTS);
}

static void ioapic_finalize(Object *obj)
{
    memory_region_cleanup(&((IoApic *)obj)->mr);
}

static const DeviceClass ioapic_class = {
    .realize = ioapic_realize,
    .unrealize = ioapic_unrealize,
    .reset = ioapic_reset,
    .describe = ioapic_describe,
    .state = &ioapic_state,
};

const ObjectType ioapic_type = {
    .name = "ioapic",
    .parent = &device_type,
    .doc = "I/O APIC",
    .instance_size = sizeof(IoApic),
    .klass = &ioapic_class,
    .init = ioapic_init,
    .finalize = ioapic_finalize,
};
