/*
 * AML: writing ACPI Machine Language (ACPI 6.5, 20)
 *
 * A stream writer.  AML is prefix notation, so a term is written by writing
 * its opcode and then its operands, in order; what has a package length is
 * opened and closed, and the length is filled in at the close.
 *
 *     aml_scope(&w, "\\_SB");
 *     aml_name(&w, "ANSW"); aml_int(&w, 42);
 *     aml_end(&w);
 *
 * Writing cannot fail: what is written comes from us, so a bad name or an
 * unbalanced end is our own bug and asserts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_ACPI_AML_H
#define HW_ACPI_AML_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define AML_MAX_DEPTH 16

/** A writer that appends to @out, which it does not own. */
typedef struct AmlWriter {
    GByteArray *out;
    unsigned depth;
    struct {
        uint32_t start;     /* of the package length */
        uint8_t kind;
    } open[AML_MAX_DEPTH];
} AmlWriter;

/** aml_init: write to the end of @out. */
void aml_init(AmlWriter *w, GByteArray *out);

/** aml_end: close the innermost open term and fill in its package length. */
void aml_end(AmlWriter *w);

/* Terms with a package length: each is open until aml_end() */
void aml_scope(AmlWriter *w, const char *path);
void aml_device(AmlWriter *w, const char *path);
/** aml_method: @args 0 to 7. */
void aml_method(AmlWriter *w, const char *path, unsigned args,
                bool serialized);
void aml_if(AmlWriter *w);          /* then a predicate, then the body */
void aml_else(AmlWriter *w);
/** aml_package: @count elements follow, 0 to 255. */
void aml_package(AmlWriter *w, unsigned count);
/** aml_field: @flags AML_ACCESS_* | ...; then aml_field_unit()/_skip(). */
void aml_field(AmlWriter *w, const char *region, uint8_t flags);
void aml_field_unit(AmlWriter *w, const char name[4], uint32_t bits);
void aml_field_skip(AmlWriter *w, uint32_t bits);
/** aml_template: a Buffer holding resource descriptors; aml_end() adds the end
 *  tag (ACPI 6.5, 6.4.2.9). */
void aml_template(AmlWriter *w);

/* Field flags (ACPI 6.5, 20.2.5.2 "FieldFlags") */
enum {
    AML_ACCESS_ANY = 0, AML_ACCESS_BYTE = 1, AML_ACCESS_WORD = 2,
    AML_ACCESS_DWORD = 3,
    AML_LOCK = 0x10, AML_PRESERVE = 0x00, AML_WRITE_AS_ZEROS = 0x40,
};

/* Operation region spaces (ACPI 6.5, 5.5.2.4) */
enum { AML_SYSTEM_MEMORY = 0, AML_SYSTEM_IO = 1, AML_PCI_CONFIG = 2 };

/** aml_region: OperationRegion(@name, @space, @offset, @len). */
void aml_region(AmlWriter *w, const char *name, uint8_t space,
                uint64_t offset, uint64_t len);

/** aml_name: Name(@path, ...); its value follows. */
void aml_name(AmlWriter *w, const char *path);

/* Data and operands */
/** aml_int: in the shortest encoding. */
void aml_int(AmlWriter *w, uint64_t value);
/**
 * aml_dword: always DWordConst, to be patched by a pointer.
 *
 * Returns: the offset in @out of its 4 bytes.  Not to be called inside an open
 * term, whose length could still move it.
 */
uint32_t aml_dword(AmlWriter *w, uint32_t value);
void aml_string(AmlWriter *w, const char *text);
/** aml_eisaid: "PNP0A03" as a DWord (ACPI 6.5, 6.1.5, 19.3.4). */
void aml_eisaid(AmlWriter *w, const char *id);
/** aml_ref: a name used as an operand, or a method call whose args follow. */
void aml_ref(AmlWriter *w, const char *path);
void aml_local(AmlWriter *w, unsigned n);
void aml_arg(AmlWriter *w, unsigned n);
void aml_buffer(AmlWriter *w, const void *bytes, uint32_t len);

/* Opcodes whose operands simply follow (ACPI 6.5, table 20.4) */
enum {
    AML_OP_ZERO = 0x00, AML_OP_ONE = 0x01, AML_OP_STORE = 0x70,
    AML_OP_ADD = 0x72, AML_OP_SUBTRACT = 0x74, AML_OP_SHIFT_LEFT = 0x79,
    AML_OP_SHIFT_RIGHT = 0x7a, AML_OP_AND = 0x7b, AML_OP_OR = 0x7d,
    AML_OP_NOT = 0x80, AML_OP_FIND_SET_LEFT = 0x81,
    AML_OP_FIND_SET_RIGHT = 0x82, AML_OP_DECREMENT = 0x76,
    AML_OP_NOTIFY = 0x86, AML_OP_INDEX = 0x88,
    AML_OP_CREATE_DWORD_FIELD = 0x8a, AML_OP_LAND = 0x90,
    AML_OP_LOR = 0x91, AML_OP_LNOT = 0x92, AML_OP_LEQUAL = 0x93,
    AML_OP_LLESS = 0x95, AML_OP_RETURN = 0xa4, AML_OP_ONES = 0xff,
};
/** aml_op: one opcode byte. */
void aml_op(AmlWriter *w, uint8_t opcode);

/* Resource descriptors, inside aml_template() (ACPI 6.5, 6.4) */
/** aml_io: fixed range of @len (1 to 255) ports, 16-bit decoded. */
void aml_io(AmlWriter *w, uint16_t base, uint8_t len);
/** aml_irq: edge, high, exclusive, one interrupt 0 to 15. */
void aml_irq(AmlWriter *w, uint8_t irq);
/** aml_interrupts: level, high, shared; extended, @n (1 to 16) numbers. */
void aml_interrupts(AmlWriter *w, const uint32_t *gsi, unsigned n);
void aml_memory32_fixed(AmlWriter *w, uint32_t base, uint32_t len,
                        bool writable);
/** aml_word_bus: bus numbers @first to @last. */
void aml_word_bus(AmlWriter *w, uint16_t first, uint16_t last);
/** aml_io_window: ports @first to @last, produced (entire range). */
void aml_io_window(AmlWriter *w, uint16_t first, uint16_t last);
/** aml_dword_memory_window: produced; @cacheable as for A0000h. */
void aml_dword_memory_window(AmlWriter *w, uint32_t first, uint32_t last,
                             bool cacheable);
void aml_qword_memory_window(AmlWriter *w, uint64_t first, uint64_t last);
/** aml_qword_memory_fixed: consumed, for what lies above 4 GiB. */
void aml_qword_memory_fixed(AmlWriter *w, uint64_t base, uint64_t len);

#endif
