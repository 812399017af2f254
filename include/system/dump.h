/*
 * A guest's memory as an ELF core file: what stands before the memory
 *
 * System V ABI, AMD64 supplement 1.0, and gABI 4.1 with its extension for many
 * program headers.  ELF64, little-endian, ET_CORE, EM_X86_64.  A PT_LOAD for
 * each range, with p_vaddr and p_paddr both the physical address, so that
 * debuggers find memory there.  There is no PT_NOTE: it would hold the state of
 * processors, and none runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_DUMP_H
#define SYSTEM_DUMP_H

#include "system/memory-copy.h"

/** What the header's length is a multiple of, so that memory's pages are the
 *  file's, and zeros can be holes. */
#define DUMP_HEADER_ALIGN 4096

/**
 * dump_build_header:
 * @ranges: MemoryRange, in the order in which their bytes will follow the
 *          header without gaps; any number
 *
 * Returns: all that stands before the memory.
 */
GBytes *dump_build_header(const GArray *ranges);

#endif
