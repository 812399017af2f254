/*
 * A guest's memory as an ELF core file: what stands before the memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/dump.h"

#include <elf.h>
#include <string.h>

#include "util/bytes.h"

G_STATIC_ASSERT(sizeof(Elf64_Ehdr) == 64);
G_STATIC_ASSERT(sizeof(Elf64_Phdr) == 56);
G_STATIC_ASSERT(sizeof(Elf64_Shdr) == 64);

static const uint8_t dump_ident[EI_NIDENT] = {
    [EI_MAG0] = ELFMAG0, [EI_MAG1] = ELFMAG1,
    [EI_MAG2] = ELFMAG2, [EI_MAG3] = ELFMAG3,
    [EI_CLASS] = ELFCLASS64,
    [EI_DATA] = ELFDATA2LSB,
    [EI_VERSION] = EV_CURRENT,
    [EI_OSABI] = ELFOSABI_NONE,
};

static void dump_append_file_header(GByteArray *out, guint n_segments)
{
    bool many = n_segments >= PN_XNUM;
    Elf64_Ehdr header = {
        .e_type = GUINT16_TO_LE(ET_CORE),
        .e_machine = GUINT16_TO_LE(EM_X86_64),
        .e_version = GUINT32_TO_LE(EV_CURRENT),
        .e_phoff = GUINT64_TO_LE(sizeof(header) +
                                 (many ? sizeof(Elf64_Shdr) : 0)),
        .e_shoff = many ? GUINT64_TO_LE(sizeof(header)) : 0,
        .e_ehsize = GUINT16_TO_LE(sizeof(header)),
        .e_phentsize = GUINT16_TO_LE(sizeof(Elf64_Phdr)),
        .e_phnum = GUINT16_TO_LE(many ? PN_XNUM : n_segments),
        .e_shentsize = GUINT16_TO_LE(sizeof(Elf64_Shdr)),
        .e_shnum = many ? GUINT16_TO_LE(1) : 0,
    };

    memcpy(header.e_ident, dump_ident, sizeof(dump_ident));
    g_byte_array_append(out, (const uint8_t *)&header, sizeof(header));
    if (many) {
        /* The first section header tells what e_phnum cannot. */
        Elf64_Shdr section = { .sh_info = GUINT32_TO_LE(n_segments) };

        g_byte_array_append(out, (const uint8_t *)&section, sizeof(section));
    }
}

static void dump_append_segment(GByteArray *out, const MemoryRange *range,
                                uint64_t offset)
{
    Elf64_Phdr header = {
        .p_type = GUINT32_TO_LE(PT_LOAD),
        .p_flags = GUINT32_TO_LE(PF_R | PF_W | PF_X),
        .p_offset = GUINT64_TO_LE(offset),
        .p_vaddr = GUINT64_TO_LE(range->gpa),
        .p_paddr = GUINT64_TO_LE(range->gpa),
        .p_filesz = GUINT64_TO_LE(range->len),
        .p_memsz = GUINT64_TO_LE(range->len),
    };

    g_byte_array_append(out, (const uint8_t *)&header, sizeof(header));
}

GBytes *dump_build_header(const GArray *ranges)
{
    GByteArray *out = g_byte_array_new();
    guint len, padded;
    uint64_t offset;

    dump_append_file_header(out, ranges->len);
    len = out->len + ranges->len * (guint)sizeof(Elf64_Phdr);
    padded = (len + DUMP_HEADER_ALIGN - 1) / DUMP_HEADER_ALIGN *
             DUMP_HEADER_ALIGN;
    offset = padded;
    for (guint i = 0; i < ranges->len; i++) {
        const MemoryRange *range = &g_array_index(ranges, MemoryRange, i);

        dump_append_segment(out, range, offset);
        offset += range->len;
    }
    g_byte_array_set_size(out, padded);
    memset(out->data + len, 0, padded - len);
    return g_byte_array_free_to_bytes(out);
}
