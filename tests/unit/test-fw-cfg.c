/*
 * fw_cfg: docs/specs/fw_cfg.rst; each test names the requirements it is for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hw/acpi/tables.h"
#include "hw/nvram/fw_cfg.h"
#include "util/bytes.h"

#define RAM_LEN 0x20000
#define ROM_GPA 0x40000
#define PROBE_GPA 0x80000       /* registers in the memory space */
#define PORTS_GPA 0x100000      /* the port space, seen by DMA */
#define DESC 0x100
#define DATA 0x2000

/** A memory space, a port space and the device: all that a guest needs. */
typedef struct Rig {
    MemoryRegion memory_root, io_root, ram, rom, probe, ports_in_memory;
    AddressSpace memory, io;
    FwCfg *fw;
    unsigned probed;            /* accesses to probe */

    uint8_t writable[16];
    unsigned n_written;
    uint32_t written_offset, written_len;

    FwCfgProducer producer;
    unsigned n_made;
} Rig;

static uint64_t probe_read(void *opaque, uint64_t offset, unsigned size)
{
    ((Rig *)opaque)->probed++;
    return 0;
}

static void probe_write(void *opaque, uint64_t offset, uint64_t value,
                        unsigned size)
{
    ((Rig *)opaque)->probed++;
}

static const MemoryRegionOps probe_ops = {
    .read = probe_read, .write = probe_write,
};

static Rig *rig_new(void)
{
    Rig *rig = g_new0(Rig, 1);

    memory_region_init(&rig->memory_root, "memory", UINT64_C(1) << 63);
    memory_region_init(&rig->io_root, "io", 0x10000);
    g_assert_true(memory_region_init_ram(&rig->ram, "ram", RAM_LEN, NULL,
                                         NULL));
    g_assert_true(memory_region_init_rom(&rig->rom, "rom", 0x1000, NULL));
    memory_region_init_io(&rig->probe, "probe", 0x1000, &probe_ops, rig);
    memory_region_init_alias(&rig->ports_in_memory, "ports", &rig->io_root, 0,
                             0x10000);
    memory_region_add(&rig->memory_root, 0, &rig->ram, 0);
    memory_region_add(&rig->memory_root, ROM_GPA, &rig->rom, 0);
    memory_region_add(&rig->memory_root, PROBE_GPA, &rig->probe, 0);
    memory_region_add(&rig->memory_root, PORTS_GPA, &rig->ports_in_memory, 0);
    address_space_init(&rig->memory, "memory", &rig->memory_root);
    address_space_init(&rig->io, "io", &rig->io_root);

    rig->fw = (FwCfg *)object_new(&fw_cfg_type, NULL, NULL);
    g_assert_nonnull(rig->fw);
    fw_cfg_wire(rig->fw, &rig->memory, &rig->io_root);
    return rig;
}

static void rig_free(Rig *rig)
{
    object_free((Object *)rig->fw);
    address_space_cleanup(&rig->memory);
    address_space_cleanup(&rig->io);
    memory_region_cleanup(&rig->ports_in_memory);
    memory_region_cleanup(&rig->probe);
    memory_region_cleanup(&rig->rom);
    memory_region_cleanup(&rig->ram);
    memory_region_cleanup(&rig->io_root);
    memory_region_cleanup(&rig->memory_root);
    g_free(rig);
}

static GBytes *text(const char *s)
{
    return g_bytes_new(s, strlen(s));
}

static void add_text(Rig *rig, const char *name, const char *content)
{
    g_autoptr(GBytes) bytes = text(content);

    fw_cfg_add_file(rig->fw, name, bytes);
}

static GBytes **make_two(void *opaque, bool serve)
{
    Rig *rig = opaque;
    GBytes **made = g_new0(GBytes *, 3);
    g_autofree char *first = g_strdup_printf("first %u", rig->n_made);

    rig->n_made++;
    made[0] = text(first);
    made[1] = text("second");
    return made;
}

static void on_written(void *opaque, uint32_t offset, uint32_t len)
{
    Rig *rig = opaque;

    rig->n_written++;
    rig->written_offset = offset;
    rig->written_len = len;
}

/** With a file of each kind, sealed and realized. */
static Rig *rig_new_full(void)
{
    Rig *rig = rig_new();

    rig->producer = (FwCfgProducer) { make_two, rig };
    fw_cfg_add_made_file(rig->fw, "z/first", 20, &rig->producer);
    fw_cfg_add_made_file(rig->fw, "a/second", 6, &rig->producer);
    fw_cfg_add_writable_file(rig->fw, "w", rig->writable,
                             sizeof(rig->writable), on_written, rig);
    add_text(rig, "hello", "Hello, firmware");
    add_text(rig, "empty", "");
    fw_cfg_add_key_int(rig->fw, FW_CFG_RAM_SIZE, 8, 0x0123456789abcdef);
    fw_cfg_add_key_int(rig->fw, FW_CFG_IRQ0_OVERRIDE, 4, 1);
    fw_cfg_seal(rig->fw);
    g_assert_true(device_realize((Device *)rig->fw, NULL));
    return rig;
}

/* What a guest does */

static void outw(Rig *rig, uint16_t port, uint16_t value)
{
    address_space_store(&rig->io, port, value, 2);
}

static uint32_t in(Rig *rig, uint16_t port, unsigned size)
{
    return address_space_load(&rig->io, port, size);
}

static void select_key(Rig *rig, uint16_t key)
{
    outw(rig, FW_CFG_PORT_SELECT, key);
}

static void assert_reads(Rig *rig, const void *expected, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        g_assert_cmphex(in(rig, FW_CFG_PORT_DATA, 1), ==,
                        ((const uint8_t *)expected)[i]);
    }
}

/** Run a descriptor that is at @desc_gpa; Returns its control field then. */
static uint32_t dma_at(Rig *rig, uint64_t desc_gpa, uint32_t control,
                       uint32_t len, uint64_t gpa)
{
    uint8_t desc[16];

    st32_be(desc, control);
    st32_be(desc + 4, len);
    st64_be(desc + 8, gpa);
    address_space_write(&rig->memory, desc_gpa, desc, sizeof(desc));
    address_space_store(&rig->io, FW_CFG_PORT_DMA,
                        GUINT32_SWAP_LE_BE((uint32_t)(desc_gpa >> 32)), 4);
    address_space_store(&rig->io, FW_CFG_PORT_DMA + 4,
                        GUINT32_SWAP_LE_BE((uint32_t)desc_gpa), 4);
    address_space_read(&rig->memory, desc_gpa, desc, 4);
    return ld32_be(desc);
}

static uint32_t dma(Rig *rig, uint32_t control, uint32_t len, uint64_t gpa)
{
    return dma_at(rig, DESC, control, len, gpa);
}

static uint32_t dma_select(int key)
{
    g_assert_cmpint(key, >=, 0);
    return (uint32_t)key << 16 | FW_CFG_DMA_SELECT;
}

static void assert_ram(Rig *rig, uint64_t gpa, const void *expected,
                       size_t len)
{
    g_autofree uint8_t *bytes = g_malloc(len);

    address_space_read(&rig->memory, gpa, bytes, len);
    g_assert_cmpmem(bytes, len, expected, len);
}

static int find(Rig *rig, const char *name)
{
    return fw_cfg_find_file(rig->fw, name);
}

/* The ports */

static void test_keys(void)     /* R1, R2, R3 */
{
    static const uint8_t ram[] = {
        0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0, 0,
    };
    Rig *rig = rig_new_full();

    /* after power-on the signature is selected */
    assert_reads(rig, "QEMU\0\0", 6);
    select_key(rig, FW_CFG_ID);
    assert_reads(rig, "\3\0\0\0\0", 5);
    select_key(rig, FW_CFG_RAM_SIZE);
    assert_reads(rig, ram, sizeof(ram));
    /* selecting again starts again; bit 14 is ignored */
    select_key(rig, 0x4000 | FW_CFG_RAM_SIZE);
    assert_reads(rig, ram, 3);
    select_key(rig, FW_CFG_RAM_SIZE);
    assert_reads(rig, ram, 3);
    /* bit 15 is another name space */
    select_key(rig, FW_CFG_IRQ0_OVERRIDE);
    assert_reads(rig, "\1\0\0\0\0", 5);
    select_key(rig, FW_CFG_IRQ0_OVERRIDE & 0x3fff);
    assert_reads(rig, "\0\0\0\0", 4);
    select_key(rig, 0x8000 | find(rig, "hello"));
    assert_reads(rig, "\0\0", 2);
    /* unknown keys, the last possible one among them */
    select_key(rig, 0x3fff);
    assert_reads(rig, "\0\0", 2);
    select_key(rig, 0xffff);
    assert_reads(rig, "\0\0", 2);
    rig_free(rig);
}

static void test_port_quirks(void)      /* R4, R5, R6 */
{
    Rig *rig = rig_new_full();

    /* a byte read of the selector's port gives data too */
    select_key(rig, FW_CFG_SIGNATURE);
    g_assert_cmphex(in(rig, 0x510, 1), ==, 'Q');
    g_assert_cmphex(in(rig, 0x511, 1), ==, 'E');
    /* 16 bits of it are 0 and move nothing */
    g_assert_cmphex(in(rig, 0x510, 2), ==, 0);
    g_assert_cmphex(in(rig, 0x511, 1), ==, 'M');
    /* data cannot be written; a byte is no selector */
    address_space_store(&rig->io, 0x511, 0x55, 1);
    address_space_store(&rig->io, 0x510, 0x01, 1);
    g_assert_cmphex(in(rig, 0x511, 1), ==, 'U');
    g_assert_cmphex(in(rig, 0x511, 1), ==, 0);

    g_assert_cmphex(in(rig, 0x514, 4), ==, 0x554d4551);
    g_assert_cmphex(in(rig, 0x518, 4), ==, 0x47464320);
    g_assert_cmphex(in(rig, 0x518, 1), ==, ' ');
    g_assert_cmphex(in(rig, 0x51a, 2), ==, 0x4746);
    /* between and beyond there is nothing */
    g_assert_cmphex(in(rig, 0x512, 1), ==, 0xff);
    g_assert_cmphex(in(rig, 0x51c, 1), ==, 0xff);
    rig_free(rig);
}

/* The directory */

static void test_directory(void)        /* R7, R8 */
{
    static const struct { const char *name; uint32_t len; } files[] = {
        { "a/second", 6 }, { "empty", 0 }, { "hello", 15 }, { "w", 16 },
        { "z/first", 20 },
    };
    Rig *rig = rig_new_full();
    uint8_t dir[4 + 64 * 32], next;

    select_key(rig, FW_CFG_FILE_DIR);
    for (size_t i = 0; i < sizeof(dir); i++) {
        dir[i] = in(rig, FW_CFG_PORT_DATA, 1);
    }
    g_assert_cmpuint(ld32_be(dir), ==, G_N_ELEMENTS(files));
    for (size_t i = 0; i < 32; i++) {
        const uint8_t *entry = dir + 4 + i * 64;
        char name[56] = "";

        if (i < G_N_ELEMENTS(files)) {
            g_strlcpy(name, files[i].name, sizeof(name));
            g_assert_cmpuint(ld32_be(entry), ==, files[i].len);
            g_assert_cmphex(ld16_be(entry + 4), ==, 0x20 + i);
            g_assert_cmphex(ld16_be(entry + 6), ==, 0);
            g_assert_cmpint(find(rig, name), ==, 0x20 + i);
        } else {
            g_assert_cmphex(ld64_be(entry), ==, 0);
        }
        g_assert_cmpmem(entry + 8, 56, name, 56);
    }
    next = in(rig, FW_CFG_PORT_DATA, 1);
    g_assert_cmphex(next, ==, 0);
    g_assert_cmpint(find(rig, "nothing"), ==, -1);

    select_key(rig, find(rig, "hello"));
    assert_reads(rig, "Hello, firmware\0", 16);
    rig_free(rig);
}

static void test_many_files(void)       /* R8 */
{
    enum { MOST = 0x4000 - 0x20 };
    Rig *rig = rig_new();
    g_autoptr(GBytes) content = text("x");
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < MOST; i++) {
        g_autofree char *name = g_strdup_printf("opt/%05u", i);

        g_assert_true(fw_cfg_add_user_file(rig->fw, name, content, NULL));
    }
    g_assert_false(fw_cfg_add_user_file(rig->fw, "opt/more", content, &error));
    g_assert_cmpstr(error->message, ==,
                    "no room for opt/more: there are 16352 files already");
    fw_cfg_seal(rig->fw);
    g_assert_true(device_realize((Device *)rig->fw, NULL));
    g_assert_cmphex(find(rig, "opt/16351"), ==, 0x3fff);
    select_key(rig, 0x3fff);
    assert_reads(rig, "x\0", 2);
    /* the directory has a slot for each: the last entry's key */
    g_assert_cmphex(dma(rig, dma_select(FW_CFG_FILE_DIR) | FW_CFG_DMA_SKIP,
                        4 + 64 * (MOST - 1) + 4, 0), ==, 0);
    assert_reads(rig, "\x3f\xff\0\0opt/16351", 13);
    rig_free(rig);
}

static void test_user_files(void)
{
    static const struct { const char *name, *message; } bad[] = {
        { "", "the name is empty" },
        { "etc/there", "duplicate fw_cfg file name: etc/there" },
        { "opt/23456789012345678901234567890123456789012345678901234X",
          "name too long (max. 55 char)" },
    };
    Rig *rig = rig_new();
    g_autoptr(GBytes) content = text("mine");
    g_autofree char *longest = g_strnfill(FW_CFG_NAME_MAX, 'n');

    add_text(rig, "etc/there", "theirs");
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(fw_cfg_add_user_file(rig->fw, bad[i].name, content,
                                            &error));
        g_assert_cmpstr(error->message, ==, bad[i].message);
    }
    g_assert_true(fw_cfg_add_user_file(rig->fw, longest, content, NULL));
    fw_cfg_seal(rig->fw);
    g_assert_true(device_realize((Device *)rig->fw, NULL));
    select_key(rig, find(rig, longest));
    assert_reads(rig, "mine\0", 5);
    rig_free(rig);
}

/* Made files */

static void test_made_files(void)       /* R9, R10 */
{
    Rig *rig = rig_new_full();

    g_assert_cmpuint(rig->n_made, ==, 0);
    select_key(rig, find(rig, "hello"));
    g_assert_cmpuint(rig->n_made, ==, 0);
    /* either makes both; what is short is padded */
    select_key(rig, find(rig, "a/second"));
    assert_reads(rig, "second\0", 7);
    g_assert_cmpuint(rig->n_made, ==, 1);
    select_key(rig, find(rig, "z/first"));
    assert_reads(rig, "first 0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 21);
    g_assert_cmpuint(rig->n_made, ==, 1);

    device_reset((Device *)rig->fw);
    assert_reads(rig, "QEMU", 4);
    g_assert_cmpuint(rig->n_made, ==, 1);
    /* selecting by DMA is selecting */
    memset(rig->ram.host + DATA, 0xee, 32);
    g_assert_cmphex(dma(rig, dma_select(find(rig, "z/first")) |
                        FW_CFG_DMA_READ, 24, DATA), ==, 0);
    g_assert_cmpuint(rig->n_made, ==, 2);
    assert_ram(rig, DATA, "first 1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xee", 25);
    rig_free(rig);
}

static void test_reset(void)    /* R10 */
{
    Rig *rig = rig_new_full();

    select_key(rig, find(rig, "hello"));
    assert_reads(rig, "He", 2);
    /* half an address is forgotten: the transfer then happens at DESC */
    address_space_store(&rig->io, FW_CFG_PORT_DMA, 0xffffffff, 4);
    device_reset((Device *)rig->fw);
    st32_be(rig->ram.host + DESC, FW_CFG_DMA_READ);
    st32_be(rig->ram.host + DESC + 4, 4);
    st64_be(rig->ram.host + DESC + 8, DATA);
    address_space_store(&rig->io, FW_CFG_PORT_DMA + 4,
                        GUINT32_SWAP_LE_BE(DESC), 4);
    assert_ram(rig, DESC, "\0\0\0\0", 4);
    assert_ram(rig, DATA, "QEMU", 4);
    rig_free(rig);
}

static void test_live_file(void)        /* R24 */
{
    Rig *rig = rig_new();
    char bytes[4] = { 'a', 'b', 'c', 'd' };

    fw_cfg_add_live_file(rig->fw, "live", (uint8_t *)bytes, sizeof(bytes));
    fw_cfg_seal(rig->fw);
    g_assert_true(device_realize((Device *)rig->fw, NULL));
    select_key(rig, find(rig, "live"));
    assert_reads(rig, "ab", 2);
    bytes[2] = 'C';
    assert_reads(rig, "Cd\0", 3);
    bytes[0] = 'A';
    g_assert_cmphex(dma(rig, dma_select(find(rig, "live")) | FW_CFG_DMA_READ,
                        5, DATA), ==, 0);
    assert_ram(rig, DATA, "AbCd\0", 5);
    g_assert_cmphex(dma(rig, dma_select(find(rig, "live")) | FW_CFG_DMA_WRITE,
                        1, DATA + 1), ==, FW_CFG_DMA_ERROR);
    g_assert_cmpint(bytes[0], ==, 'A');
    rig_free(rig);
}

/* DMA */

static void test_dma_read(void) /* R11, R12, R13 */
{
    Rig *rig = rig_new_full();
    int hello = find(rig, "hello");

    memset(rig->ram.host + DATA, 0xee, 64);
    g_assert_cmphex(dma(rig, dma_select(hello) | FW_CFG_DMA_READ, 5, DATA),
                    ==, 0);
    assert_ram(rig, DATA, "Hello\xee", 6);
    /* the next goes on, past the end, with zeros */
    g_assert_cmphex(dma(rig, FW_CFG_DMA_READ, 12, DATA), ==, 0);
    assert_ram(rig, DATA, ", firmware\0\0\xee", 13);
    g_assert_cmphex(dma(rig, FW_CFG_DMA_READ, 14, DATA), ==, 0);
    assert_ram(rig, DATA, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xee", 15);
    /* a key that is not there */
    memset(rig->ram.host + DATA, 0xee, 64);
    g_assert_cmphex(dma(rig, dma_select(0x3000) | FW_CFG_DMA_READ, 3, DATA),
                    ==, 0);
    assert_ram(rig, DATA, "\0\0\0\xee", 4);

    /* select alone; ports go on where DMA was, and the other way round */
    g_assert_cmphex(dma(rig, dma_select(hello), 0, 0), ==, 0);
    assert_reads(rig, "He", 2);
    g_assert_cmphex(dma(rig, FW_CFG_DMA_SKIP, 5, 0), ==, 0);
    assert_reads(rig, "fi", 2);
    g_assert_cmphex(dma(rig, FW_CFG_DMA_READ, 2, DATA), ==, 0);
    assert_ram(rig, DATA, "rm", 2);
    g_assert_cmphex(dma(rig, FW_CFG_DMA_SKIP, 0xffffffff, 0), ==, 0);
    assert_reads(rig, "\0", 1);

    /* nothing to do is done, wherever */
    g_assert_cmphex(dma(rig, 0, 0xffffffff, UINT64_MAX), ==, 0);
    g_assert_cmphex(dma(rig, FW_CFG_DMA_READ, 0, UINT64_MAX), ==, 0);
    g_assert_cmphex(dma(rig, FW_CFG_DMA_WRITE, 0, UINT64_MAX), ==, 0);
    rig_free(rig);
}

static void test_dma_precedence(void)   /* R12 */
{
    Rig *rig = rig_new_full();
    uint32_t all = FW_CFG_DMA_READ | FW_CFG_DMA_WRITE | FW_CFG_DMA_SKIP;

    memcpy(rig->writable, "abcdefghijklmnop", 16);
    memcpy(rig->ram.host + DATA, "ZZZZ", 4);
    g_assert_cmphex(dma(rig, dma_select(find(rig, "w")) | all, 4, DATA),
                    ==, 0);
    assert_ram(rig, DATA, "abcd", 4);
    g_assert_cmpuint(rig->n_written, ==, 0);
    memcpy(rig->ram.host + DATA, "ZZ", 2);
    g_assert_cmphex(dma(rig, FW_CFG_DMA_WRITE | FW_CFG_DMA_SKIP, 2, DATA),
                    ==, 0);
    g_assert_cmpmem(rig->writable, 16, "abcdZZghijklmnop", 16);
    g_assert_cmpuint(rig->n_written, ==, 1);
    rig_free(rig);
}

static void test_dma_write(void)        /* R14 */
{
    Rig *rig = rig_new_full();
    int w = find(rig, "w");

    memcpy(rig->writable, "0123456789abcdef", 16);
    memcpy(rig->ram.host + DATA, "ABCDEFGHIJKLMNOPQ", 17);
    /* inside, after a skip */
    g_assert_cmphex(dma(rig, dma_select(w) | FW_CFG_DMA_SKIP, 4, 0), ==, 0);
    g_assert_cmphex(dma(rig, FW_CFG_DMA_WRITE, 3, DATA), ==, 0);
    g_assert_cmpmem(rig->writable, 16, "0123ABC789abcdef", 16);
    g_assert_cmpuint(rig->n_written, ==, 1);
    g_assert_cmpuint(rig->written_offset, ==, 4);
    g_assert_cmpuint(rig->written_len, ==, 3);
    /* and on from there, readable at once */
    g_assert_cmphex(dma(rig, FW_CFG_DMA_WRITE, 1, DATA), ==, 0);
    assert_reads(rig, "89", 2);
    g_assert_cmpmem(rig->writable, 16, "0123ABCA89abcdef", 16);
    /* beyond the end: nothing at all */
    g_assert_cmphex(dma(rig, dma_select(w) | FW_CFG_DMA_WRITE, 17, DATA), ==,
                    FW_CFG_DMA_ERROR);
    g_assert_cmphex(dma(rig, dma_select(w) | FW_CFG_DMA_WRITE, 0xffffffff,
                        DATA), ==, FW_CFG_DMA_ERROR);
    g_assert_cmphex(dma(rig, dma_select(w) | FW_CFG_DMA_SKIP, 16, 0), ==, 0);
    g_assert_cmphex(dma(rig, FW_CFG_DMA_WRITE, 1, DATA), ==,
                    FW_CFG_DMA_ERROR);
    /* from where there is no memory, or not enough of it */
    g_assert_cmphex(dma(rig, dma_select(w) | FW_CFG_DMA_WRITE, 16,
                        RAM_LEN - 8), ==, FW_CFG_DMA_ERROR);
    g_assert_cmphex(dma(rig, dma_select(w) | FW_CFG_DMA_WRITE, 16,
                        UINT64_MAX - 3), ==, FW_CFG_DMA_ERROR);
    g_assert_cmphex(dma(rig, dma_select(w) | FW_CFG_DMA_WRITE, 16,
                        PROBE_GPA), ==, FW_CFG_DMA_ERROR);
    g_assert_cmpmem(rig->writable, 16, "0123ABCA89abcdef", 16);
    g_assert_cmpuint(rig->n_written, ==, 2);
    g_assert_cmpuint(rig->probed, ==, 0);
    /* ROM can be read from; all 16 fit */
    memset(rig->rom.host, 'r', 16);
    g_assert_cmphex(dma(rig, dma_select(w) | FW_CFG_DMA_WRITE, 16, ROM_GPA),
                    ==, 0);
    g_assert_cmpmem(rig->writable, 16, "rrrrrrrrrrrrrrrr", 16);
    /* what is read-only or not there stays so */
    g_assert_cmphex(dma(rig, dma_select(find(rig, "hello")) |
                        FW_CFG_DMA_WRITE, 1, DATA), ==, FW_CFG_DMA_ERROR);
    g_assert_cmphex(dma(rig, dma_select(find(rig, "z/first")) |
                        FW_CFG_DMA_WRITE, 1, DATA), ==, FW_CFG_DMA_ERROR);
    g_assert_cmphex(dma(rig, dma_select(FW_CFG_SIGNATURE) |
                        FW_CFG_DMA_WRITE, 1, DATA), ==, FW_CFG_DMA_ERROR);
    g_assert_cmphex(dma(rig, dma_select(0x3000) | FW_CFG_DMA_WRITE, 1, DATA),
                    ==, FW_CFG_DMA_ERROR);
    select_key(rig, FW_CFG_SIGNATURE);
    assert_reads(rig, "QEMU", 4);
    rig_free(rig);
}

static void test_dma_bad_target(void)   /* R15 */
{
    static const uint64_t bad[] = {
        RAM_LEN, RAM_LEN - 8, ROM_GPA, PROBE_GPA, PORTS_GPA + 0x510,
        PORTS_GPA + 0x50a, UINT64_MAX, UINT64_MAX - 14, UINT64_C(1) << 63,
        0x30000,
    };
    Rig *rig = rig_new_full();

    memset(rig->ram.host + RAM_LEN - 16, 0xee, 16);
    select_key(rig, find(rig, "hello"));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_cmphex(dma(rig, FW_CFG_DMA_READ, 15, bad[i]), ==,
                        FW_CFG_DMA_ERROR);
    }
    /* nothing was transferred, not even a part; nothing was moved */
    assert_ram(rig, RAM_LEN - 16, "\xee\xee\xee\xee\xee\xee\xee\xee"
               "\xee\xee\xee\xee\xee\xee\xee\xee", 16);
    g_assert_cmpuint(rig->probed, ==, 0);
    assert_reads(rig, "Hello", 5);
    /* 4 GiB of zeros are as long as the memory they go to */
    g_assert_cmphex(dma(rig, FW_CFG_DMA_READ, 0xffffffff, 0x1000), ==,
                    FW_CFG_DMA_ERROR);
    assert_reads(rig, ", ", 2);
    rig_free(rig);
}

static void test_dma_descriptor(void)   /* R16, R17 */
{
    static const uint64_t bad[] = {
        RAM_LEN, ROM_GPA, PROBE_GPA, PORTS_GPA + 0x514, PORTS_GPA + 0x510,
        UINT64_MAX, UINT64_MAX - 15, UINT64_MAX - 14, UINT64_C(0xfffffffff),
    };
    Rig *rig = rig_new_full();
    int hello = find(rig, "hello");

    select_key(rig, hello);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        address_space_store(&rig->io, FW_CFG_PORT_DMA,
                            GUINT32_SWAP_LE_BE((uint32_t)(bad[i] >> 32)), 4);
        address_space_store(&rig->io, FW_CFG_PORT_DMA + 4,
                            GUINT32_SWAP_LE_BE((uint32_t)bad[i]), 4);
    }
    g_assert_cmpuint(rig->probed, ==, 0);
    assert_reads(rig, "Hell", 4);

    /* cut off by the end of RAM: the part that says so is there */
    address_space_store(&rig->io, FW_CFG_PORT_DMA, 0, 4);
    address_space_store(&rig->io, FW_CFG_PORT_DMA + 4,
                        GUINT32_SWAP_LE_BE(RAM_LEN - 8), 4);
    assert_ram(rig, RAM_LEN - 8, "\0\0\0\1\0\0\0\0", 8);

    /* not aligned, at the very end, and under its own data */
    g_assert_cmphex(dma_at(rig, 0x103, dma_select(hello) | FW_CFG_DMA_READ, 5,
                           DATA), ==, 0);
    assert_ram(rig, DATA, "Hello", 5);
    g_assert_cmphex(dma_at(rig, RAM_LEN - 16, dma_select(hello) |
                           FW_CFG_DMA_READ, 5, DATA), ==, 0);
    g_assert_cmphex(dma_at(rig, DESC, dma_select(hello) | FW_CFG_DMA_READ, 15,
                           DESC), ==, 0);
    assert_ram(rig, DESC, "\0\0\0\0o, firmware\0", 16);

    /* other sizes start nothing */
    st32_be(rig->ram.host + DESC, dma_select(hello));
    address_space_store(&rig->io, 0x51a, GUINT16_SWAP_LE_BE(DESC), 2);
    address_space_store(&rig->io, 0x51b, DESC & 0xff, 1);
    g_assert_cmphex(ld32_be(rig->ram.host + DESC), ==, dma_select(hello));
    rig_free(rig);
}

static void test_dma_random(void)       /* R15 to R17 */
{
    Rig *rig = rig_new_full();
    g_autoptr(GRand) rand = g_rand_new_with_seed(20);

    for (unsigned i = 0; i < 50000; i++) {
        uint16_t port = 0x510 + g_rand_int_range(rand, 0, 12);
        unsigned size = 1u << g_rand_int_range(rand, 0, 3);
        uint32_t desc = g_rand_int_range(rand, 0, RAM_LEN + 64);
        uint32_t control = g_rand_int(rand);
        uint64_t gpa = g_rand_int_range(rand, 0, RAM_LEN + 64);
        uint32_t len = g_rand_boolean(rand) ? g_rand_int(rand)
                                            : g_rand_int(rand) & 0xff;

        if (g_rand_int_range(rand, 0, 4) == 0) {
            gpa = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);
        }
        if (g_rand_boolean(rand)) {
            control = (control & 0x3f) << 16 | (control >> 16 & 0x1f);
        }
        address_space_store(&rig->io, port, g_rand_int(rand), size);
        address_space_load(&rig->io, port, size);
        dma_at(rig, desc, control, len, gpa);
    }
    g_assert_cmpuint(rig->probed, ==, 0);
    rig_free(rig);
}

/* What firmware sees */

static void test_describe(void) /* R18 */
{
    Rig *rig = rig_new_full();
    g_autofree AcpiPlatform *platform = g_new0(AcpiPlatform, 1);
    const Device *dev = (const Device *)rig->fw;
    const AcpiDevice *acpi = &platform->devices[0];

    device_class(dev)->describe(dev, platform);
    g_assert_cmpuint(platform->n_devices, ==, 1);
    g_assert_cmpstr(acpi->name, ==, "FWCF");
    g_assert_cmpstr(acpi->hid, ==, "QEMU0002");
    g_assert_true(acpi->on_root && acpi->hidden);
    g_assert_cmpuint(acpi->n_io, ==, 1);
    g_assert_cmphex(acpi->io[0].base, ==, 0x510);
    g_assert_cmphex(acpi->io[0].len, ==, 0x0c);
    g_assert_cmpint(acpi->irq, ==, -1);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fw-cfg/keys", test_keys);
    g_test_add_func("/fw-cfg/port-quirks", test_port_quirks);
    g_test_add_func("/fw-cfg/directory", test_directory);
    g_test_add_func("/fw-cfg/many-files", test_many_files);
    g_test_add_func("/fw-cfg/user-files", test_user_files);
    g_test_add_func("/fw-cfg/made-files", test_made_files);
    g_test_add_func("/fw-cfg/reset", test_reset);
    g_test_add_func("/fw-cfg/live-file", test_live_file);
    g_test_add_func("/fw-cfg/dma/read", test_dma_read);
    g_test_add_func("/fw-cfg/dma/precedence", test_dma_precedence);
    g_test_add_func("/fw-cfg/dma/write", test_dma_write);
    g_test_add_func("/fw-cfg/dma/bad-target", test_dma_bad_target);
    g_test_add_func("/fw-cfg/dma/descriptor", test_dma_descriptor);
    g_test_add_func("/fw-cfg/dma/random", test_dma_random);
    g_test_add_func("/fw-cfg/describe", test_describe);
    return g_test_run();
}
