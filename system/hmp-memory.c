/*
 * HMP: memory and ports
 *
 * Looking at memory changes nothing: device registers, which a read could
 * change, are named instead of read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "system/hmp-impl.h"
#include "util/bytes.h"
#include "util/error.h"

/* What one command shows at most, in bytes; then it says so. */
#define HMP_MEMORY_MAX_TEXT 65536

/* What is summed up at once: the machine waits meanwhile. */
#define HMP_SUM_MAX (UINT64_C(16) << 20)

static unsigned hmp_size_bytes(char size, unsigned otherwise)
{
    switch (size) {
    case 'b': return 1;
    case 'h': return 2;
    case 'w': return 4;
    case 'g': return 8;
    default: return otherwise;
    }
}

/* One value */

static void hmp_print_char(Hmp *hmp, uint8_t c)
{
    static const char letters[] = "nrt\\'";
    static const char meanings[] = "\n\r\t\\'";
    const char *special = c ? strchr(meanings, c) : NULL;

    if (special) {
        hmp_print(hmp, "'\\%c'", letters[special - meanings]);
    } else if (g_ascii_isprint(c)) {
        hmp_print(hmp, "'%c'", c);
    } else {
        hmp_print(hmp, "'\\x%02x'", c);
    }
}

static int64_t hmp_sign_extend(uint64_t value, unsigned bytes)
{
    unsigned shift = 64 - 8 * bytes;

    return (int64_t)(value << shift) >> shift;
}

/** @bytes wide, in columns as wide as the widest of its kind. */
static void hmp_print_item(Hmp *hmp, char format, uint64_t value,
                           unsigned bytes)
{
    static const int octal[] = { [1] = 4, [2] = 7, [4] = 12, [8] = 23 };
    static const int decimal[] = { [1] = 3, [2] = 5, [4] = 10, [8] = 20 };

    switch (format) {
    case 'c': hmp_print_char(hmp, (uint8_t)value); break;
    case 'd':
        hmp_print(hmp, "%*" PRId64, decimal[bytes] + 1,
                  hmp_sign_extend(value, bytes));
        break;
    case 'u':
        hmp_print(hmp, "%*" PRIu64, decimal[bytes], value);
        break;
    case 'o': hmp_print(hmp, "%#*" PRIo64, octal[bytes], value); break;
    default: hmp_print(hmp, "0x%0*" PRIx64, (int)(2 * bytes), value); break;
    }
}

/* Memory */

static const MemoryRegion *hmp_region_at(AddressSpace *as, uint64_t addr)
{
    const GArray *view = address_space_view(as, false);

    for (unsigned i = 0; i < view->len; i++) {
        const FlatRange *range = &g_array_index(view, FlatRange, i);

        if (addr >= range->start && addr <= range->last) {
            return range->region;
        }
    }
    return NULL;
}

/** Why the @len bytes from @addr on cannot be shown. */
static void hmp_print_why(Hmp *hmp, uint64_t addr, unsigned len)
{
    AddressSpace *as = &hmp->system->machine->memory;

    for (unsigned i = 0; i < len; i++) {
        const MemoryRegion *region = hmp_region_at(as, addr + i);

        if (region && region->kind == MEMORY_IO) {
            hmp_print(hmp, "Cannot access memory: registers of '%s'\n",
                      region->name);
            return;
        }
    }
    hmp_print(hmp, "Cannot access memory\n");
}

/** @count values of @bytes each, from @addr on. */
static void hmp_dump(Hmp *hmp, uint64_t addr, uint64_t count, char format,
                     unsigned bytes)
{
    AddressSpace *as = &hmp->system->machine->memory;
    unsigned columns = bytes == 1 ? 8 : 16 / bytes;
    size_t start = hmp->out->len;
    uint8_t buf[8];

    for (uint64_t i = 0; i < count; i++, addr += bytes) {
        bool readable = address_space_peek(as, addr, buf, bytes);
        bool first = i % columns == 0;

        if (hmp->out->len - start > HMP_MEMORY_MAX_TEXT) {
            hmp_print(hmp, "\n(%" PRIu64 " of %" PRIu64 " shown: one command "
                      "shows no more)\n", i, count);
            return;
        }
        if (first || !readable) {
            hmp_print(hmp, "%s%016" PRIx64 ":", i ? "\n" : "", addr);
        }
        hmp_print(hmp, " ");
        if (!readable) {
            hmp_print_why(hmp, addr, bytes);
            return;
        }
        hmp_print_item(hmp, format, ldn_le(buf, bytes), bytes);
    }
    if (count) {
        hmp_print(hmp, "\n");
    }
}

bool hmp_xp(Hmp *hmp, const HmpArgs *args, GError **error)
{
    char format = args->format.format ? args->format.format : 'x';
    unsigned bytes = hmp_size_bytes(args->format.size, 4);

    if (format == 'i') {
        return fm_error_set(error, "format: there is no disassembler; use x, "
                            "d, u, o or c");
    }
    if (format == 'c') {
        bytes = 1;
    }
    hmp_dump(hmp, hmp_number(args, "addr", 0), args->format.count, format,
             bytes);
    return true;
}

bool hmp_x(Hmp *hmp, const HmpArgs *args, GError **error)
{
    return fm_error_set(error, "no processor runs that could translate a "
                        "virtual address; xp shows memory by its physical "
                        "address");
}

bool hmp_sum(Hmp *hmp, const HmpArgs *args, GError **error)
{
    AddressSpace *as = &hmp->system->machine->memory;
    uint64_t addr = hmp_number(args, "addr", 0);
    uint64_t size = hmp_number(args, "size", 0);
    uint16_t sum = 0;
    uint8_t buf[4096];

    if (size > HMP_SUM_MAX) {
        return fm_error_set(error, "size: at most %" PRIu64 " bytes at a time",
                            HMP_SUM_MAX);
    }
    while (size > 0) {
        uint64_t len = MIN(size, sizeof(buf));

        if (!address_space_peek(as, addr, buf, len)) {
            return fm_error_set(error, "Cannot access memory between 0x%"
                                PRIx64 " and 0x%" PRIx64, addr,
                                addr + len - 1);
        }
        for (uint64_t i = 0; i < len; i++) {
            sum = (uint16_t)((sum >> 1 | sum << 15) + buf[i]);
        }
        addr += len;
        size -= len;
    }
    hmp_print(hmp, "%05u\n", sum);
    return true;
}

/* Ports */

static bool hmp_check_port(const HmpArgs *args, unsigned bytes,
                           GError **error)
{
    uint64_t port = hmp_number(args, "addr", 0);

    if (args->format.count != 1 || args->format.format ||
        bytes > 4) {
        return fm_error_set(error, "format: one port at a time, /b, /h "
                            "(2 bytes) or /w (4 bytes)");
    }
    return port <= 0x10000 - bytes ||
           fm_error_set(error, "addr: ports end at 0xffff");
}

bool hmp_i(Hmp *hmp, const HmpArgs *args, GError **error)
{
    unsigned bytes = hmp_size_bytes(args->format.size, 1);
    unsigned port = (unsigned)hmp_number(args, "addr", 0);

    if (!hmp_check_port(args, bytes, error)) {
        return false;
    }
    hmp_print(hmp, "port%c[0x%04x] = 0x%0*" PRIx64 "\n",
              bytes == 1 ? 'b' : bytes == 2 ? 'w' : 'l', port,
              (int)(2 * bytes),
              address_space_load(&hmp->system->machine->io, port, bytes));
    system_settle(hmp->system);
    return true;
}

bool hmp_o(Hmp *hmp, const HmpArgs *args, GError **error)
{
    unsigned bytes = hmp_size_bytes(args->format.size, 1);
    uint64_t value = hmp_number(args, "val", 0);

    if (!hmp_check_port(args, bytes, error) ||
        !system_check_no_save(hmp->system, error)) {
        return false;
    }
    if (value >> (8 * bytes) && ~value >> (8 * bytes - 1)) {
        return fm_error_set(error, "value: 0x%" PRIx64 " does not fit %u "
                            "byte%s", value, bytes, bytes == 1 ? "" : "s");
    }
    address_space_store(&hmp->system->machine->io,
                        hmp_number(args, "addr", 0), value, bytes);
    system_settle(hmp->system);
    return true;
}

/* Values */

bool hmp_print_value(Hmp *hmp, const HmpArgs *args, GError **error)
{
    uint64_t value = hmp_number(args, "value", 0);

    if (args->format.count != 1 || args->format.size ||
        args->format.format == 'i') {
        return fm_error_set(error, "format: one of /x, /d, /u, /o and /c");
    }
    switch (args->format.format) {
    case 'c': hmp_print_char(hmp, (uint8_t)value); break;
    case 'd': hmp_print(hmp, "%" PRId64, (int64_t)value); break;
    case 'u': hmp_print(hmp, "%" PRIu64, value); break;
    case 'o': hmp_print(hmp, "%#" PRIo64, value); break;
    default: hmp_print(hmp, "0x%" PRIx64, value); break;
    }
    hmp_print(hmp, "\n");
    return true;
}
