/*
 * Fuzz: what stands before the memory in a dump, by dump_build_header()
 *
 * Input: a byte; then ranges: six bytes for the gap before one, six for its
 * length.  If the byte is 0xff they are repeated until a 16-bit count cannot
 * hold them.
 *
 * What must hold: a reader that knows only the ELF specification finds every
 * range at its address, and its bytes one behind the other in the file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <elf.h>

#include "fuzz.h"
#include "system/dump.h"

/* More than a 16-bit count holds */
#define DUMP_RANGES_MAX 70000
#define DUMP_LEN_MAX (UINT64_C(1) << 45)

static GArray *dump_ranges(FuzzInput in)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(MemoryRange));
    bool repeated = fuzz_take(&in, 1) == 0xff && in.left;
    uint64_t end = 0;

    do {
        FuzzInput again = in;

        while (again.left && ranges->len < DUMP_RANGES_MAX) {
            /* never adjacent, never empty; all of them end before 2^63 */
            uint64_t gap = fuzz_take(&again, 6) % DUMP_LEN_MAX + 1;
            MemoryRange range = {
                end + gap, fuzz_take(&again, 6) % DUMP_LEN_MAX + 1,
            };

            end = range.gpa + range.len;
            g_array_append_val(ranges, range);
        }
    } while (repeated && ranges->len < DUMP_RANGES_MAX);
    return ranges;
}

/* How many program headers there are */
static uint64_t dump_count(const uint8_t *bytes, size_t len)
{
    Elf64_Ehdr header;
    Elf64_Shdr section;

    g_assert_cmpuint(len, >=, sizeof(header));
    memcpy(&header, bytes, sizeof(header));
    g_assert_cmpmem(header.e_ident, SELFMAG, ELFMAG, SELFMAG);
    g_assert_cmpuint(header.e_type, ==, ET_CORE);
    g_assert_cmpuint(header.e_phentsize, ==, sizeof(Elf64_Phdr));
    if (header.e_phnum != PN_XNUM) {
        return header.e_phnum;
    }
    g_assert_cmpuint(header.e_shnum, >=, 1);
    g_assert_cmpuint(header.e_shoff, <=, len - sizeof(section));
    memcpy(&section, bytes + header.e_shoff, sizeof(section));
    return section.sh_info;
}

static void dump_check(const GArray *ranges, const uint8_t *bytes, size_t len)
{
    uint64_t offset = len, at;

    g_assert_cmpuint(len % DUMP_HEADER_ALIGN, ==, 0);
    g_assert_cmpuint(dump_count(bytes, len), ==, ranges->len);
    memcpy(&at, bytes + offsetof(Elf64_Ehdr, e_phoff), sizeof(at));
    g_assert_cmpuint(at, <=, len);
    g_assert_cmpuint(ranges->len, <=, (len - at) / sizeof(Elf64_Phdr));
    for (guint i = 0; i < ranges->len; i++, at += sizeof(Elf64_Phdr)) {
        const MemoryRange *range = &g_array_index(ranges, MemoryRange, i);
        Elf64_Phdr header;

        memcpy(&header, bytes + at, sizeof(header));
        g_assert_cmpuint(header.p_type, ==, PT_LOAD);
        g_assert_cmphex(header.p_paddr, ==, range->gpa);
        g_assert_cmphex(header.p_vaddr, ==, range->gpa);
        g_assert_cmphex(header.p_filesz, ==, range->len);
        g_assert_cmphex(header.p_memsz, ==, range->len);
        g_assert_cmphex(header.p_offset, ==, offset);
        offset += range->len;
    }
    for (; at < len; at++) {
        g_assert_cmphex(bytes[at], ==, 0);
    }
}

static void dump_run(const uint8_t *bytes, size_t len)
{
    g_autoptr(GArray) ranges = dump_ranges((FuzzInput){ bytes, len });
    g_autoptr(GBytes) header = dump_build_header(ranges);

    dump_check(ranges, g_bytes_get_data(header, NULL),
               g_bytes_get_size(header));
}

const FuzzTarget fuzz_target = { .run = dump_run, .max_len = 4096 };
