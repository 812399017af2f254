/*
 * AML: resource descriptors
 *
 * Each function appends one descriptor to an open resource template.
 * Spec: ACPI 6.5, 6.4
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/acpi/aml.h"

#include "util/bytes.h"

/* Small descriptors: tag and length in one byte (ACPI 6.5, table 6.27) */
enum { SMALL_IRQ_NO_FLAGS = 0x22, SMALL_IO = 0x47 };

/* Large descriptors (ACPI 6.5, table 6.40) */
enum {
    LARGE_MEMORY32_FIXED = 0x86, LARGE_DWORD_ADDRESS = 0x87,
    LARGE_WORD_ADDRESS = 0x88, LARGE_INTERRUPT = 0x89,
    LARGE_QWORD_ADDRESS = 0x8a,
};

/* Address space descriptors (ACPI 6.5, 6.4.3.5) */
enum { ADDRESS_MEMORY = 0, ADDRESS_IO = 1, ADDRESS_BUS = 2 };
enum { ADDRESS_CONSUMED = 0x01, ADDRESS_MIN_MAX_FIXED = 0x0c };
enum { MEMORY_WRITABLE = 0x01, MEMORY_CACHEABLE = 0x02 };
enum { IO_ENTIRE_RANGE = 0x03 };

/* Extended interrupt flags (ACPI 6.5, 6.4.3.6): level and high are 0 */
enum { INTERRUPT_CONSUMED = 0x01, INTERRUPT_SHARED = 0x08 };

static void aml_resource_int(AmlWriter *w, unsigned width, uint64_t value)
{
    uint8_t raw[8];

    stn_le(raw, width, value);
    g_byte_array_append(w->out, raw, width);
}

static void aml_resource_large(AmlWriter *w, uint8_t tag, uint16_t len)
{
    aml_resource_int(w, 1, tag);
    aml_resource_int(w, 2, len);
}

/** aml_resource_address: @width 2, 4 or 8 bytes for each number. */
static void aml_resource_address(AmlWriter *w, unsigned width, uint8_t type,
                                 uint8_t flags, uint8_t type_flags,
                                 uint64_t first, uint64_t last)
{
    static const uint8_t tags[] = {
        [2] = LARGE_WORD_ADDRESS, [4] = LARGE_DWORD_ADDRESS,
        [8] = LARGE_QWORD_ADDRESS,
    };

    g_assert(first <= last);
    aml_resource_large(w, tags[width], 3 + 5 * width);
    aml_resource_int(w, 1, type);
    aml_resource_int(w, 1, flags);
    aml_resource_int(w, 1, type_flags);
    aml_resource_int(w, width, 0);          /* granularity */
    aml_resource_int(w, width, first);
    aml_resource_int(w, width, last);
    aml_resource_int(w, width, 0);          /* translation */
    aml_resource_int(w, width, last - first + 1);
}

void aml_io(AmlWriter *w, uint16_t base, uint8_t len)
{
    g_assert(len > 0 && base + len <= 0x10000);
    aml_resource_int(w, 1, SMALL_IO);
    aml_resource_int(w, 1, 1);              /* decodes 16 bits */
    aml_resource_int(w, 2, base);
    aml_resource_int(w, 2, base);
    aml_resource_int(w, 1, 1);              /* alignment */
    aml_resource_int(w, 1, len);
}

void aml_irq(AmlWriter *w, uint8_t irq)
{
    g_assert(irq < 16);
    aml_resource_int(w, 1, SMALL_IRQ_NO_FLAGS);
    aml_resource_int(w, 2, 1u << irq);
}

void aml_interrupts(AmlWriter *w, const uint32_t *gsi, unsigned n)
{
    g_assert(n >= 1 && n <= 16);
    aml_resource_large(w, LARGE_INTERRUPT, 2 + 4 * n);
    aml_resource_int(w, 1, INTERRUPT_CONSUMED | INTERRUPT_SHARED);
    aml_resource_int(w, 1, n);
    for (unsigned i = 0; i < n; i++) {
        aml_resource_int(w, 4, gsi[i]);
    }
}

void aml_memory32_fixed(AmlWriter *w, uint32_t base, uint32_t len,
                        bool writable)
{
    aml_resource_large(w, LARGE_MEMORY32_FIXED, 9);
    aml_resource_int(w, 1, writable);
    aml_resource_int(w, 4, base);
    aml_resource_int(w, 4, len);
}

void aml_word_bus(AmlWriter *w, uint16_t first, uint16_t last)
{
    aml_resource_address(w, 2, ADDRESS_BUS, ADDRESS_MIN_MAX_FIXED, 0,
                         first, last);
}

void aml_io_window(AmlWriter *w, uint16_t first, uint16_t last)
{
    aml_resource_address(w, 2, ADDRESS_IO, ADDRESS_MIN_MAX_FIXED,
                         IO_ENTIRE_RANGE, first, last);
}

void aml_dword_memory_window(AmlWriter *w, uint32_t first, uint32_t last,
                             bool cacheable)
{
    aml_resource_address(w, 4, ADDRESS_MEMORY, ADDRESS_MIN_MAX_FIXED,
                         MEMORY_WRITABLE | (cacheable ? MEMORY_CACHEABLE : 0),
                         first, last);
}

void aml_qword_memory_window(AmlWriter *w, uint64_t first, uint64_t last)
{
    aml_resource_address(w, 8, ADDRESS_MEMORY, ADDRESS_MIN_MAX_FIXED,
                         MEMORY_WRITABLE | MEMORY_CACHEABLE, first, last);
}

void aml_qword_memory_fixed(AmlWriter *w, uint64_t base, uint64_t len)
{
    aml_resource_address(w, 8, ADDRESS_MEMORY,
                         ADDRESS_MIN_MAX_FIXED | ADDRESS_CONSUMED,
                         MEMORY_WRITABLE, base, base + len - 1);
}
