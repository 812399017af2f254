/*
 * Address spaces and regions
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "system/memory.h"
#include "under-valgrind.h"
#include "util/bytes.h"

/* A device that logs what reaches it; a read gives the offset's bytes, each
 * byte being the low byte of its own offset. */
typedef struct Probe {
    MemoryRegion mr;
    GString *log;
} Probe;

static uint64_t probe_value(uint64_t offset, unsigned size)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < size; i++) {
        bytes[i] = offset + i;
    }
    return ldn_le(bytes, size);
}

static uint64_t probe_read(void *opaque, uint64_t offset, unsigned size)
{
    Probe *probe = opaque;

    g_string_append_printf(probe->log, "r%u@%u ", size, (unsigned)offset);
    return probe_value(offset, size);
}

static void probe_write(void *opaque, uint64_t offset, uint64_t value,
                        unsigned size)
{
    Probe *probe = opaque;

    g_string_append_printf(probe->log, "w%u@%u=%" G_GINT64_MODIFIER "x ", size,
                           (unsigned)offset, value);
}

#define PROBE_OPS(min, max)                                             \
    { .read = probe_read, .write = probe_write, .min_size = min,        \
      .max_size = max }

static const MemoryRegionOps probe_default_ops = PROBE_OPS(0, 0);
static const MemoryRegionOps probe_ops_1_1 = PROBE_OPS(1, 1);
static const MemoryRegionOps probe_ops_1_8 = PROBE_OPS(1, 8);
static const MemoryRegionOps probe_ops_2_2 = PROBE_OPS(2, 2);
static const MemoryRegionOps probe_ops_4_4 = PROBE_OPS(4, 4);

static void probe_init(Probe *probe, uint64_t size, const MemoryRegionOps *ops)
{
    memory_region_init_io(&probe->mr, "probe", size, ops, probe);
    probe->log = g_string_new(NULL);
}

static void probe_cleanup(Probe *probe)
{
    memory_region_cleanup(&probe->mr);
    g_string_free(probe->log, TRUE);
}

static void probe_expect(Probe *probe, const char *log)
{
    g_assert_cmpstr(probe->log->str, ==, log);
    g_string_truncate(probe->log, 0);
}

/* The view as text: "start-last:name+offset ..." in hexadecimal. */
static char *view_text(AddressSpace *as, bool for_write)
{
    const GArray *view = address_space_view(as, for_write);
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < view->len; i++) {
        const FlatRange *r = &g_array_index(view, FlatRange, i);

        g_string_append_printf(text, "%s%" G_GINT64_MODIFIER "x-%"
                               G_GINT64_MODIFIER "x:%s+%" G_GINT64_MODIFIER
                               "x", i ? " " : "", r->start, r->last,
                               r->region->name, r->offset);
    }
    return g_string_free(text, FALSE);
}

static void expect_view(AddressSpace *as, bool for_write, const char *expected)
{
    g_autofree char *text = view_text(as, for_write);

    g_assert_cmpstr(text, ==, expected);
}

static void expect_views(AddressSpace *as, const char *expected)
{
    expect_view(as, false, expected);
    expect_view(as, true, expected);
}

static void ram_init(MemoryRegion *mr, const char *name, uint64_t size)
{
    GError *error = NULL;

    g_assert_true(memory_region_init_ram(mr, name, size, NULL, &error));
    g_assert_no_error(error);
}

/* Views */

static void test_overlap(void)
{
    MemoryRegion root, low, high, same;
    AddressSpace as;

    memory_region_init(&root, "root", 0x10000);
    ram_init(&low, "low", 0x1000);
    ram_init(&high, "high", 0x100);
    ram_init(&same, "same", 0x200);
    address_space_init(&as, "as", &root);
    expect_views(&as, "");

    memory_region_add(&root, 0x1000, &low, 0);
    expect_views(&as, "1000-1fff:low+0");
    memory_region_add(&root, 0x1800, &high, 1);
    expect_views(&as, "1000-17ff:low+0 1800-18ff:high+0 1900-1fff:low+900");

    /* At equal priority the later one is seen. */
    memory_region_add(&root, 0x1780, &same, 0);
    expect_views(&as, "1000-177f:low+0 1780-17ff:same+0 1800-18ff:high+0 "
                 "1900-197f:same+180 1980-1fff:low+980");

    memory_region_set_enabled(&high, false);
    expect_views(&as, "1000-177f:low+0 1780-197f:same+0 1980-1fff:low+980");
    memory_region_set_offset(&same, 0xf00);
    expect_views(&as, "f00-10ff:same+0 1100-1fff:low+100");
    memory_region_remove(&same);
    memory_region_remove(&same);
    expect_views(&as, "1000-1fff:low+0");

    /* A negative priority lies below. */
    memory_region_add(&root, 0xf00, &same, -1);
    expect_views(&as, "f00-fff:same+0 1000-1fff:low+0");

    memory_region_cleanup(&same);
    memory_region_cleanup(&high);
    memory_region_cleanup(&low);
    expect_views(&as, "");
    memory_region_cleanup(&root);
    expect_views(&as, "");
    address_space_cleanup(&as);
}

static void test_clip(void)
{
    MemoryRegion root, box, ram;
    AddressSpace as;

    memory_region_init(&root, "root", UINT64_C(1) << 63);
    memory_region_init(&box, "box", 0x100);
    ram_init(&ram, "ram", 0x1000);
    address_space_init(&as, "as", &root);
    memory_region_add(&root, 0x2000, &box, 0);

    /* Larger than its container, then sticking out at the end */
    memory_region_add(&box, 0, &ram, 0);
    expect_views(&as, "2000-20ff:ram+0");
    memory_region_set_offset(&ram, 0xc0);
    expect_views(&as, "20c0-20ff:ram+0");
    /* Where a guest may put it: outside, and across the end of everything */
    memory_region_set_offset(&ram, 0x100);
    expect_views(&as, "");
    memory_region_set_offset(&ram, UINT64_MAX);
    expect_views(&as, "");
    memory_region_set_offset(&ram, 0);
    memory_region_set_offset(&box, UINT64_MAX - 0x7f);
    expect_views(&as, "");
    memory_region_set_offset(&box, (UINT64_C(1) << 63) - 0x80);
    expect_views(&as, "7fffffffffffff80-7fffffffffffffff:ram+0");

    memory_region_cleanup(&ram);
    memory_region_cleanup(&box);
    memory_region_cleanup(&root);
    address_space_cleanup(&as);
}

static void test_alias(void)
{
    MemoryRegion root, pci, ram, rom, high, twice, nowhere, wide;
    AddressSpace as, pci_as;

    memory_region_init(&root, "root", 0x100000);
    memory_region_init(&pci, "pci", 0x100000);
    ram_init(&ram, "ram", 0x8000);
    g_assert_true(memory_region_init_rom(&rom, "rom", 0x1000, NULL));
    address_space_init(&as, "as", &root);
    address_space_init(&pci_as, "pci", &pci);

    memory_region_init_alias(&high, "high", &ram, 0x4000, 0x4000);
    memory_region_add(&root, 0x10000, &high, 0);
    expect_views(&as, "10000-13fff:ram+4000");

    /* An alias of an alias, and one that goes beyond its target's end */
    memory_region_init_alias(&twice, "twice", &high, 0x3000, 0x9000);
    memory_region_add(&root, 0x20000, &twice, 0);
    expect_views(&as, "10000-13fff:ram+4000 20000-20fff:ram+7000");

    /* A window onto that part of a window that leads nowhere */
    memory_region_init_alias(&nowhere, "nowhere", &twice, 0x1800, 0x1000);
    memory_region_add(&root, 0, &nowhere, 0);
    expect_views(&as, "10000-13fff:ram+4000 20000-20fff:ram+7000");

    /* A window onto a container follows what happens in there. */
    memory_region_init_alias(&wide, "wide", &pci, 0x80000, 0x80000);
    memory_region_add(&root, 0x80000, &wide, -1);
    memory_region_add(&pci, 0x7f800, &rom, 0);
    expect_views(&as, "10000-13fff:ram+4000 20000-20fff:ram+7000 "
                 "80000-807ff:rom+800");
    expect_views(&pci_as, "7f800-807ff:rom+0");
    memory_region_set_offset(&rom, 0x90000);
    expect_views(&as, "10000-13fff:ram+4000 20000-20fff:ram+7000 "
                 "90000-90fff:rom+0");
    memory_region_set_access(&rom, false, true);
    expect_view(&as, false, "10000-13fff:ram+4000 20000-20fff:ram+7000");
    expect_view(&as, true, "10000-13fff:ram+4000 20000-20fff:ram+7000 "
                "90000-90fff:rom+0");

    /* What is aliased may go first. */
    memory_region_cleanup(&ram);
    expect_view(&as, true, "90000-90fff:rom+0");
    memory_region_cleanup(&pci);
    expect_view(&as, true, "");
    memory_region_cleanup(&rom);
    memory_region_cleanup(&wide);
    memory_region_cleanup(&nowhere);
    memory_region_cleanup(&twice);
    memory_region_cleanup(&high);
    address_space_cleanup(&as);
    address_space_cleanup(&pci_as);
    memory_region_cleanup(&root);
}

static void test_merge(void)
{
    MemoryRegion root, ram, parts[4];
    AddressSpace as;

    memory_region_init(&root, "root", 0x10000);
    ram_init(&ram, "ram", 0x4000);
    address_space_init(&as, "as", &root);
    for (unsigned i = 0; i < 4; i++) {
        memory_region_init_alias(&parts[i], "part", &ram, i * 0x1000, 0x1000);
        memory_region_add(&root, i * 0x1000, &parts[i], 0);
    }
    expect_views(&as, "0-3fff:ram+0");
    memory_region_set_access(&parts[2], true, false);
    expect_view(&as, false, "0-3fff:ram+0");
    expect_view(&as, true, "0-1fff:ram+0 3000-3fff:ram+3000");
    for (unsigned i = 0; i < 4; i++) {
        memory_region_cleanup(&parts[i]);
    }
    memory_region_cleanup(&ram);
    memory_region_cleanup(&root);
    address_space_cleanup(&as);
}

/* What a chipset's programmable attribute map does: a RAM window above ROM,
 * its visibility to reads and to writes set one by one. */
static void test_shadow(void)
{
    MemoryRegion root, ram, rom, shadow;
    AddressSpace as;
    uint8_t byte;

    memory_region_init(&root, "root", 0x100000);
    ram_init(&ram, "ram", 0x100000);
    g_assert_true(memory_region_init_rom(&rom, "rom", 0x10000, NULL));
    memory_region_init_alias(&shadow, "shadow", &ram, 0xf0000, 0x10000);
    memory_region_add(&root, 0, &ram, 0);
    memory_region_add(&root, 0xf0000, &rom, 1);
    memory_region_add(&root, 0xf0000, &shadow, 2);
    address_space_init(&as, "as", &root);

    for (unsigned attributes = 0; attributes < 4; attributes++) {
        bool read_ram = attributes & 1, write_ram = attributes & 2;

        memory_region_set_access(&shadow, read_ram, write_ram);
        rom.host[0x123] = 0xee;
        ram.host[0xf0123] = 0x11;

        g_assert_cmphex(address_space_load(&as, 0xf0123, 1), ==,
                        read_ram ? 0x11 : 0xee);
        address_space_store(&as, 0xf0123, 0x22, 1);
        g_assert_cmphex(rom.host[0x123], ==, 0xee);
        g_assert_cmphex(ram.host[0xf0123], ==, write_ram ? 0x22 : 0x11);
        g_assert_cmphex(address_space_load(&as, 0xf0123, 1), ==,
                        !read_ram ? 0xee : write_ram ? 0x22 : 0x11);

        g_assert_true(address_space_peek(&as, 0xf0123, &byte, 1));
        g_assert_cmphex(byte, ==, address_space_load(&as, 0xf0123, 1));
        g_assert_true(address_space_is_ram(&as, 0xf0000, 0x10000) ==
                      write_ram);
    }

    /* The ROM ignores writes, but it is there. */
    memory_region_set_enabled(&shadow, false);
    g_assert_cmpint(address_space_fill(&as, 0xf0000, 0x55, 0x10000), ==,
                    MEMORY_OK);
    g_assert_cmphex(rom.host[0], ==, 0);
    g_assert_cmphex(ram.host[0xf0000], ==, 0);

    memory_region_cleanup(&shadow);
    memory_region_cleanup(&rom);
    memory_region_cleanup(&ram);
    memory_region_cleanup(&root);
    address_space_cleanup(&as);
}

/* No flattening where nothing has changed, and one for any number of changes */
static void test_lazy(void)
{
    MemoryRegion root, ram;
    AddressSpace as;

    memory_region_init(&root, "root", 0x1000);
    ram_init(&ram, "ram", 0x1000);
    memory_region_add(&root, 0, &ram, 0);
    address_space_init(&as, "as", &root);
    g_assert_true(as.stale);
    address_space_load(&as, 0, 4);
    g_assert_false(as.stale);

    memory_region_set_enabled(&ram, true);
    memory_region_set_offset(&ram, 0);
    memory_region_set_access(&ram, true, true);
    memory_region_remove(&root);
    g_assert_false(as.stale);

    for (unsigned i = 0; i < 1000; i++) {
        memory_region_set_access(&ram, i & 1, true);
        g_assert_true(as.stale);
    }
    address_space_load(&as, 0, 4);
    g_assert_false(as.stale);

    memory_region_cleanup(&ram);
    memory_region_cleanup(&root);
    address_space_cleanup(&as);
}

/* Accesses */

typedef struct IoFixture {
    MemoryRegion root;
    AddressSpace as;
    Probe probe;
} IoFixture;

static void io_set_up(IoFixture *f, const MemoryRegionOps *ops)
{
    memory_region_init(&f->root, "root", 0x10000);
    address_space_init(&f->as, "as", &f->root);
    probe_init(&f->probe, 0x100, ops);
    memory_region_add(&f->root, 0x1000, &f->probe.mr, 0);
}

static void io_tear_down(IoFixture *f)
{
    probe_cleanup(&f->probe);
    memory_region_cleanup(&f->root);
    address_space_cleanup(&f->as);
}

static void test_split(void)
{
    IoFixture f;
    uint8_t bytes[16];

    io_set_up(&f, &probe_default_ops);
    g_assert_cmphex(address_space_load(&f.as, 0x1010, 1), ==, 0x10);
    g_assert_cmphex(address_space_load(&f.as, 0x1010, 2), ==, 0x1110);
    g_assert_cmphex(address_space_load(&f.as, 0x1010, 4), ==, 0x13121110);
    g_assert_cmphex(address_space_load(&f.as, 0x1010, 8), ==,
                    UINT64_C(0x1716151413121110));
    probe_expect(&f.probe, "r1@16 r2@16 r4@16 r4@16 r4@20 ");
    /* One instruction's access is one access, aligned or not... */
    g_assert_cmphex(address_space_load(&f.as, 0x1011, 4), ==, 0x14131211);
    address_space_store(&f.as, 0x1013, 0xffffffffaabb, 2);
    address_space_store(&f.as, 0x1000, UINT64_C(0x1122334455667788), 8);
    probe_expect(&f.probe, "r4@17 w2@19=aabb w4@0=55667788 w4@4=11223344 ");
    /* ...a bus master's is cut at aligned addresses. */
    g_assert_cmpint(address_space_read(&f.as, 0x1001, bytes, 12), ==,
                    MEMORY_OK);
    probe_expect(&f.probe, "r1@1 r2@2 r4@4 r4@8 r1@12 ");
    for (unsigned i = 0; i < 12; i++) {
        g_assert_cmphex(bytes[i], ==, i + 1);
    }
    address_space_write(&f.as, 0x1003, "\1\2\3\4\5\6", 6);
    probe_expect(&f.probe, "w1@3=1 w4@4=5040302 w1@8=6 ");
    address_space_fill(&f.as, 0x1003, 0xa5, 6);
    probe_expect(&f.probe, "w1@3=a5 w4@4=a5a5a5a5 w1@8=a5 ");
    io_tear_down(&f);

    io_set_up(&f, &probe_ops_1_8);
    g_assert_cmphex(address_space_load(&f.as, 0x1000, 8), ==,
                    UINT64_C(0x0706050403020100));
    address_space_fill(&f.as, 0x1000, 0xff, 9);
    probe_expect(&f.probe, "r8@0 w8@0=ffffffffffffffff w1@8=ff ");
    io_tear_down(&f);

    io_set_up(&f, &probe_ops_1_1);
    g_assert_cmphex(address_space_load(&f.as, 0x1002, 4), ==, 0x05040302);
    probe_expect(&f.probe, "r1@2 r1@3 r1@4 r1@5 ");
    io_tear_down(&f);
}

static void test_min_size(void)
{
    IoFixture f;

    io_set_up(&f, &probe_ops_4_4);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(address_space_load(&f.as, 0x1004 + i, 1), ==, 4 + i);
        probe_expect(&f.probe, "r4@4 ");
    }
    g_assert_cmphex(address_space_load(&f.as, 0x1006, 2), ==, 0x0706);
    probe_expect(&f.probe, "r4@4 ");
    g_assert_cmphex(address_space_load(&f.as, 0x1007, 2), ==, 0x0807);
    probe_expect(&f.probe, "r4@4 r4@8 ");
    address_space_store(&f.as, 0x1007, 0x99, 1);
    probe_expect(&f.probe, "w1@7=99 ");
    io_tear_down(&f);

    io_set_up(&f, &probe_ops_2_2);
    g_assert_cmphex(address_space_load(&f.as, 0x1001, 1), ==, 1);
    g_assert_cmphex(address_space_load(&f.as, 0x1002, 4), ==, 0x05040302);
    probe_expect(&f.probe, "r2@0 r2@2 r2@4 ");
    io_tear_down(&f);
}

static void test_unassigned(void)
{
    IoFixture f;
    uint8_t bytes[16];

    io_set_up(&f, &probe_default_ops);
    g_assert_cmphex(address_space_load(&f.as, 0x0, 4), ==, 0xffffffff);
    g_assert_cmphex(address_space_load(&f.as, UINT64_MAX - 3, 8), ==,
                    UINT64_MAX);
    g_assert_cmpint(address_space_write(&f.as, 0x8000, "x", 1), ==,
                    MEMORY_UNASSIGNED);

    /* Half in, half out: the half that has an owner is done. */
    memset(bytes, 0, sizeof(bytes));
    g_assert_cmpint(address_space_read(&f.as, 0xffc, bytes, 8), ==,
                    MEMORY_UNASSIGNED);
    g_assert_true(!memcmp(bytes, "\xff\xff\xff\xff\0\1\2\3", 8));
    g_assert_cmphex(address_space_load(&f.as, 0x10fe, 4), ==, 0xfffffffe);
    address_space_store(&f.as, 0xfff, 0x11223344, 4);
    probe_expect(&f.probe, "r4@0 r2@254 w2@0=2233 w1@2=11 ");

    /* Nothing at all */
    g_assert_cmpint(address_space_read(&f.as, 0x5000, NULL, 0), ==, MEMORY_OK);
    g_assert_cmpint(address_space_fill(&f.as, 0, 1, UINT64_MAX), ==,
                    MEMORY_UNASSIGNED);
    g_string_truncate(f.probe.log, 0);

    g_assert_false(address_space_peek(&f.as, 0x1000, bytes, 1));
    g_assert_false(address_space_peek(&f.as, 0x5000, bytes, 1));
    g_assert_false(address_space_is_ram(&f.as, 0x1000, 1));
    probe_expect(&f.probe, "");
    io_tear_down(&f);
}

/* A device that is narrower than an access and has a neighbour */
static void test_neighbours(void)
{
    IoFixture f;
    Probe second;

    io_set_up(&f, &probe_default_ops);
    probe_init(&second, 2, &probe_default_ops);
    memory_region_add(&f.root, 0x1002, &second.mr, 1);
    g_assert_cmphex(address_space_load(&f.as, 0x1000, 4), ==, 0x01000100);
    probe_expect(&f.probe, "r2@0 ");
    probe_expect(&second, "r2@0 ");
    address_space_store(&f.as, 0x1001, 0xddccbbaa, 4);
    probe_expect(&f.probe, "w1@1=aa w1@4=dd ");
    probe_expect(&second, "w2@0=ccbb ");
    probe_cleanup(&second);
    io_tear_down(&f);
}

static void test_wrap(void)
{
    MemoryRegion root, low, high;
    AddressSpace as;
    uint8_t bytes[0x40];

    memory_region_init(&root, "root", UINT64_C(1) << 63);
    ram_init(&low, "low", 0x10);
    memory_region_add(&root, 0, &low, 0);
    address_space_init(&as, "as", &root);
    memset(low.host, 0x11, 0x10);

    g_assert_cmpint(address_space_read(&as, UINT64_MAX - 0xf, bytes, 0x20), ==,
                    MEMORY_UNASSIGNED);
    for (unsigned i = 0; i < 0x20; i++) {
        g_assert_cmphex(bytes[i], ==, i < 0x10 ? 0xff : 0x11);
    }
    g_assert_cmphex(address_space_load(&as, UINT64_MAX - 1, 4), ==,
                    0x1111ffff);
    address_space_store(&as, UINT64_MAX, 0x2233, 2);
    g_assert_cmphex(low.host[0], ==, 0x22);
    g_assert_cmphex(low.host[1], ==, 0x11);
    g_assert_false(address_space_peek(&as, UINT64_MAX, bytes, 2));
    g_assert_false(address_space_is_ram(&as, UINT64_MAX, 2));

    /* The highest address that a region can have */
    ram_init(&high, "high", 0x10);
    memory_region_add(&root, (UINT64_C(1) << 63) - 0x10, &high, 0);
    g_assert_cmpint(address_space_fill(&as, (UINT64_C(1) << 63) - 1, 0x77,
                                       UINT64_MAX), ==, MEMORY_UNASSIGNED);
    g_assert_cmphex(high.host[0xf], ==, 0x77);
    g_assert_cmphex(high.host[0], ==, 0x77);
    g_assert_cmphex(low.host[0], ==, 0x77);

    memory_region_cleanup(&low);
    memory_region_cleanup(&high);
    memory_region_cleanup(&root);
    address_space_cleanup(&as);
}

/* Handlers that change things */

typedef struct Meddler {
    MemoryRegion mr;
    MemoryRegion *victim;
    AddressSpace *as;
    unsigned calls;
} Meddler;

static uint64_t meddler_read(void *opaque, uint64_t offset, unsigned size)
{
    Meddler *m = opaque;

    m->calls++;
    memory_region_set_enabled(m->victim, !m->victim->enabled);
    return 0;
}

static void meddler_write(void *opaque, uint64_t offset, uint64_t value,
                          unsigned size)
{
    Meddler *m = opaque;

    m->calls++;
    memory_region_remove(m->victim);
    memory_region_remove(&m->mr);
}

static const MemoryRegionOps meddler_ops = {
    .read = meddler_read,
    .write = meddler_write,
    .max_size = 1,
};

static void test_change_in_handler(void)
{
    MemoryRegion root, ram;
    Meddler m = { .victim = &ram };
    AddressSpace as;
    uint8_t bytes[8];

    memory_region_init(&root, "root", 0x1000);
    ram_init(&ram, "ram", 0x1000);
    memory_region_init_io(&m.mr, "meddler", 4, &meddler_ops, &m);
    memory_region_add(&root, 0, &ram, 0);
    memory_region_add(&root, 0, &m.mr, 1);
    address_space_init(&as, "as", &root);

    /* Each of the four reads switches the RAM behind; four leave it off. */
    memory_region_set_enabled(&ram, false);
    g_assert_cmpint(address_space_read(&as, 0, bytes, 8), ==,
                    MEMORY_UNASSIGNED);
    g_assert_cmpuint(m.calls, ==, 4);
    memory_region_set_enabled(&ram, true);

    /* The first write takes everything away, itself too. */
    m.calls = 0;
    g_assert_cmpint(address_space_write(&as, 0, "abcdefgh", 8), ==,
                    MEMORY_UNASSIGNED);
    g_assert_cmpuint(m.calls, ==, 1);
    expect_views(&as, "");

    memory_region_cleanup(&m.mr);
    memory_region_cleanup(&ram);
    memory_region_cleanup(&root);
    address_space_cleanup(&as);
}

static uint64_t looper_read(void *opaque, uint64_t offset, unsigned size)
{
    Meddler *m = opaque;

    m->calls++;
    return address_space_load(m->as, 0, 4);
}

static void looper_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    Meddler *m = opaque;

    m->calls++;
    address_space_store(m->as, 0, value, 4);
}

static const MemoryRegionOps looper_ops = {
    .read = looper_read,
    .write = looper_write,
};

/* A device whose DMA hits its own registers does not eat the host's stack. */
static void test_dma_to_itself(void)
{
    AddressSpace as;
    Meddler m = { .as = &as };

    memory_region_init_io(&m.mr, "looper", 4, &looper_ops, &m);
    address_space_init(&as, "as", &m.mr);
    g_assert_cmphex(address_space_load(&as, 0, 4), ==, 0xffffffff);
    g_assert_cmpuint(m.calls, >, 0);
    g_assert_cmpuint(m.calls, <, 10);
    address_space_store(&as, 0, 1, 4);
    g_assert_cmpuint(m.calls, <, 20);
    /* and it answers as before afterwards */
    m.calls = 0;
    address_space_load(&as, 0, 4);
    g_assert_cmpuint(m.calls, >, 0);
    memory_region_cleanup(&m.mr);
    address_space_cleanup(&as);
}

/* RAM */

static void test_ram(void)
{
    const uint64_t much = UINT64_C(1) << (runs_slowly() ? 34 : 40);
    uint8_t own[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    MemoryRegion mr;
    AddressSpace as;
    g_autoptr(GError) error = NULL;

    g_assert_true(memory_region_init_ram(&mr, "own", sizeof(own), own, NULL));
    address_space_init(&as, "as", &mr);
    g_assert_cmphex(address_space_load(&as, 1, 8), ==,
                    UINT64_C(0x0008070605040302));
    address_space_store(&as, 8, UINT64_C(0x8877665544332211), 8);
    g_assert_true(!memcmp(own + 8, "\x11\x22\x33\x44\x55\x66\x77\x88", 8));
    g_assert_true(address_space_is_ram(&as, 0, 16));
    g_assert_false(address_space_is_ram(&as, 0, 17));
    memory_region_cleanup(&mr);
    address_space_cleanup(&as);
    g_assert_cmphex(own[8], ==, 0x11);

    /* Much more than this host has may still be mapped; not everything. */
    ram_init(&mr, "big", much);
    address_space_init(&as, "as", &mr);
    address_space_store(&as, much - 1, 0x5a, 1);
    g_assert_cmphex(address_space_load(&as, much - 1, 1), ==, 0x5a);
    memory_region_cleanup(&mr);
    address_space_cleanup(&as);

    g_assert_false(memory_region_init_ram(&mr, "too-big", UINT64_C(1) << 62,
                                          NULL, &error));
    g_assert_nonnull(strstr(error->message, "memory 'too-big': can't map "
                            "4611686018427387904 bytes: "));
    memory_region_cleanup(&mr);
    memory_region_cleanup(&mr);
}

/* Against a model, byte by byte */

#define FUZZ_REGIONS 14
#define FUZZ_SPACE 256

/* What the model says a byte is. */
static MemoryRegion *model_find(MemoryRegion *mr, bool for_write,
                                uint64_t at, uint64_t *offset)
{
    if (!mr->enabled || !(for_write ? mr->writable : mr->readable) ||
        at >= mr->size) {
        return NULL;
    }
    if (mr->kind == MEMORY_ALIAS) {
        if (!mr->target || at > UINT64_MAX - mr->target_offset) {
            return NULL;
        }
        return model_find(mr->target, for_write, at + mr->target_offset,
                          offset);
    }
    if (mr->kind == MEMORY_CONTAINER) {
        for (unsigned i = 0; mr->children && i < mr->children->len; i++) {
            MemoryRegion *child = g_ptr_array_index(mr->children, i);
            MemoryRegion *found;

            found = at < child->offset
                        ? NULL : model_find(child, for_write,
                                            at - child->offset, offset);
            if (found) {
                return found;
            }
        }
        return NULL;
    }
    *offset = at;
    return mr;
}

static void fuzz_compare(AddressSpace *as)
{
    for (unsigned for_write = 0; for_write < 2; for_write++) {
        const GArray *view = address_space_view(as, for_write);
        uint64_t next = 0;
        unsigned covered = 0;

        for (unsigned i = 0; i < view->len; i++) {
            const FlatRange *r = &g_array_index(view, FlatRange, i);

            g_assert_true(r->start >= next && r->last >= r->start);
            next = r->last + 1;
            for (uint64_t a = r->start; a <= r->last; a++, covered++) {
                uint64_t offset = 0;

                g_assert_true(model_find(as->root, for_write, a, &offset) ==
                              r->region);
                g_assert_cmpuint(offset, ==, r->offset + (a - r->start));
            }
        }
        for (uint64_t a = 0; a < FUZZ_SPACE; a++) {
            uint64_t offset;

            if (model_find(as->root, for_write, a, &offset)) {
                g_assert_cmpuint(covered--, >, 0);
            }
        }
        g_assert_cmpuint(covered, ==, 0);
    }
}

static bool fuzz_contains(const MemoryRegion *mr, const MemoryRegion *sought)
{
    if (mr == sought || (mr->target && fuzz_contains(mr->target, sought))) {
        return true;
    }
    for (unsigned i = 0; mr->children && i < mr->children->len; i++) {
        if (fuzz_contains(g_ptr_array_index(mr->children, i), sought)) {
            return true;
        }
    }
    return false;
}

static uint64_t fuzz_offset(void)
{
    uint64_t near = g_test_rand_int_range(0, 280);

    return g_test_rand_int_range(0, 20) ? near : UINT64_MAX - near;
}

static void fuzz_region_init(MemoryRegion *regions, unsigned i, uint8_t *host)
{
    uint64_t size = g_test_rand_int_range(1, 200);

    switch (g_test_rand_int_range(0, 5)) {
    case 0:
        memory_region_init(&regions[i], "container", size);
        break;
    case 1:
        memory_region_init_io(&regions[i], "io", size, &probe_ops_1_1, NULL);
        break;
    case 2:
    case 3:
        memory_region_init_alias(&regions[i], "alias",
                                 &regions[g_test_rand_int_range(0, i)],
                                 fuzz_offset(), size);
        break;
    default:
        memory_region_init_ram(&regions[i], "ram", size, host, NULL);
        break;
    }
}

static void fuzz_step(MemoryRegion *regions)
{
    MemoryRegion *mr = &regions[g_test_rand_int_range(1, FUZZ_REGIONS)];
    MemoryRegion *box = &regions[g_test_rand_int_range(0, FUZZ_REGIONS)];

    switch (g_test_rand_int_range(0, 5)) {
    case 0:
        memory_region_set_enabled(mr, g_test_rand_int_range(0, 4));
        break;
    case 1:
        memory_region_set_offset(mr, fuzz_offset());
        break;
    case 2:
        memory_region_set_access(mr, g_test_rand_int_range(0, 4),
                                 g_test_rand_int_range(0, 4));
        break;
    case 3:
        if (!g_test_rand_int_range(0, 3)) {
            memory_region_remove(mr);
        }
        break;
    default:
        if (box->kind == MEMORY_CONTAINER && !mr->container &&
            !fuzz_contains(mr, box)) {
            memory_region_add(box, fuzz_offset(), mr,
                              g_test_rand_int_range(-1, 3));
        }
        break;
    }
}

static void fuzz_access(AddressSpace *as, uint8_t *host)
{
    uint8_t bytes[64];
    uint64_t addr = fuzz_offset();
    unsigned len = g_test_rand_int_range(0, sizeof(bytes));
    bool unassigned = false, io = false;

    for (unsigned i = 0; i < len; i++) {
        uint64_t offset;
        MemoryRegion *mr = model_find(as->root, false, addr + i, &offset);

        unassigned |= !mr;
        io |= mr && mr->kind == MEMORY_IO;
    }
    if (!io) {
        g_assert_cmpint(address_space_read(as, addr, bytes, len), ==,
                        unassigned ? MEMORY_UNASSIGNED : MEMORY_OK);
        for (unsigned i = 0; i < len; i++) {
            uint64_t offset;
            MemoryRegion *mr = model_find(as->root, false, addr + i, &offset);

            g_assert_cmphex(bytes[i], ==, mr ? mr->host[offset] : 0xff);
        }
    }
    g_assert_true(address_space_peek(as, addr, bytes, len) ==
                  (!io && !unassigned));
}

/* Zeros everywhere in [@first, @end) of 64 KiB of 0xa5, and nowhere else */
static void check_clear(void *host, uint64_t first, uint64_t end)
{
    MemoryRegion root, ram;
    AddressSpace as;
    g_autofree uint8_t *bytes = g_malloc(0x10000);

    memory_region_init(&root, "root", 0x10000);
    g_assert_true(memory_region_init_ram(&ram, "ram", 0x10000, host, NULL));
    memory_region_add(&root, 0, &ram, 0);
    address_space_init(&as, "as", &root);
    address_space_fill(&as, 0, 0xa5, 0x10000);
    g_assert_cmpint(address_space_clear(&as, first, end - first), ==,
                    MEMORY_OK);
    address_space_read(&as, 0, bytes, 0x10000);
    for (unsigned i = 0; i < 0x10000; i++) {
        g_assert_cmphex(bytes[i], ==, i >= first && i < end ? 0 : 0xa5);
    }
    address_space_cleanup(&as);
    memory_region_cleanup(&ram);
    memory_region_cleanup(&root);
}

static void test_clear(void)
{
    static const uint64_t edges[] = {
        0, 1, 0xfff, 0x1000, 0x1001, 0x1fff, 0x2000, 0x5432, 0xffff, 0x10000,
    };
    g_autofree uint8_t *host = g_malloc(0x10000 + 1);

    for (size_t i = 0; i < G_N_ELEMENTS(edges); i++) {
        for (size_t j = i; j < G_N_ELEMENTS(edges); j++) {
            check_clear(NULL, edges[i], edges[j]);
            check_clear(host + 1, edges[i], edges[j]);
        }
    }
}

/* What is no RAM gets zeros as from any bus master, or tells */
static void test_clear_devices(void)
{
    MemoryRegion root, ram;
    AddressSpace as;
    Probe probe;

    memory_region_init(&root, "root", 0x10000);
    ram_init(&ram, "ram", 0x1000);
    probe_init(&probe, 4, &probe_ops_4_4);
    memory_region_add(&root, 0x1000, &ram, 0);
    memory_region_add(&root, 0x2000, &probe.mr, 0);
    address_space_init(&as, "as", &root);
    address_space_fill(&as, 0x1000, 0xa5, 0x1000);
    g_assert_cmpint(address_space_clear(&as, 0x1800, 0x804), ==, MEMORY_OK);
    probe_expect(&probe, "w4@0=0 ");
    g_assert_cmphex(address_space_load(&as, 0x17fc, 8), ==, 0xa5a5a5a5);
    g_assert_cmpint(address_space_clear(&as, 0x2000, 5), ==,
                    MEMORY_UNASSIGNED);
    address_space_cleanup(&as);
    probe_cleanup(&probe);
    memory_region_cleanup(&ram);
    memory_region_cleanup(&root);
}

/** What the host was told of the memory at @host: proc(5), "VmFlags". */
static bool is_huge(const uint8_t *host)
{
    FILE *file = fopen("/proc/self/smaps", "re");
    char line[1024];
    bool within = false, huge = false;

    g_assert_nonnull(file);
    while (fgets(line, sizeof(line), file)) {
        uintptr_t start, end;

        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end) == 2) {
            within = (uintptr_t)host >= start && (uintptr_t)host < end;
        } else if (within && g_str_has_prefix(line, "VmFlags:")) {
            huge = strstr(line, " hg") != NULL;
        }
    }
    fclose(file);
    return huge;
}

/** Of the memory from @block on, the @n huge pages, those in @bits, and in no
 *  other are preferred. */
static void check_huge(const uint8_t *block, unsigned n, unsigned bits)
{
    for (unsigned i = 0; i < n; i++) {
        g_assert_cmpint(is_huge(block + i * MEMORY_HUGE_LEN), ==,
                        bits >> i & 1);
        g_assert_cmpint(is_huge(block + (i + 1) * MEMORY_HUGE_LEN - 1), ==,
                        bits >> i & 1);
    }
}

static void test_huge(void)
{
    const uint64_t huge = MEMORY_HUGE_LEN, half = huge / 2;
    MemoryRegion mr;
    uint64_t base;
    uint8_t *own = g_malloc(2 * huge);

    if (!g_file_test("/sys/kernel/mm/transparent_hugepage", G_FILE_TEST_EXISTS)) {
        g_test_skip("the host has no huge pages");
        g_free(own);
        return;
    }
    ram_init(&mr, "ram", 9 * huge);
    base = -(uintptr_t)mr.host & (huge - 1);
    memory_region_prefer_huge(&mr, base + half, half);
    check_huge(mr.host + base, 8, 1);
    memory_region_prefer_huge(&mr, base + 2 * huge + half / 2, half);
    check_huge(mr.host + base, 8, 1 | 4);
    memory_region_prefer_huge(&mr, base + 3 * huge + half + 1, half);
    check_huge(mr.host + base, 8, 1 | 4);
    memory_region_prefer_huge(&mr, base + 4 * huge + half, 2 * huge);
    check_huge(mr.host + base, 8, 1 | 4 | 16 | 32 | 64);
    memory_region_cleanup(&mr);

    /* huge pages that are partly others' memory */
    ram_init(&mr, "ram", 3 * huge);
    memory_region_prefer_huge(&mr, 0, 3 * huge);
    g_assert_false(is_huge(mr.host - 1));
    g_assert_false(is_huge(mr.host + 3 * huge));
    memory_region_cleanup(&mr);

    g_assert_true(memory_region_init_ram(&mr, "ram", 2 * huge, own, NULL));
    memory_region_prefer_huge(&mr, 0, 2 * huge);
    g_assert_false(is_huge(own));
    g_assert_false(is_huge(own + huge));
    memory_region_cleanup(&mr);
    g_free(own);
}

static void test_fuzz(void)
{
    g_autofree uint8_t *host = g_malloc(256);

    for (unsigned i = 0; i < 256; i++) {
        host[i] = i ^ 0x5a;
    }
    for (unsigned round = 0; round < 300; round++) {
        MemoryRegion regions[FUZZ_REGIONS];
        AddressSpace spaces[2];

        memory_region_init(&regions[0], "root", FUZZ_SPACE);
        for (unsigned i = 1; i < FUZZ_REGIONS; i++) {
            fuzz_region_init(regions, i, host);
        }
        address_space_init(&spaces[0], "all", &regions[0]);
        address_space_init(&spaces[1], "part", &regions[1]);
        for (unsigned step = 0; step < 60; step++) {
            fuzz_step(regions);
            fuzz_compare(&spaces[0]);
            fuzz_compare(&spaces[1]);
            fuzz_access(&spaces[0], host);
        }
        /* Any order of going must do. */
        for (unsigned i = 0; i < FUZZ_REGIONS; i++) {
            memory_region_cleanup(&regions[(i + round) % FUZZ_REGIONS]);
            if (spaces[0].root) {
                fuzz_compare(&spaces[0]);
            }
        }
        address_space_cleanup(&spaces[0]);
        address_space_cleanup(&spaces[1]);
    }
}

/* For information */

static uint64_t plain_read(void *opaque, uint64_t offset, unsigned size)
{
    return offset;
}

static void plain_write(void *opaque, uint64_t offset, uint64_t value,
                        unsigned size)
{
}

static const MemoryRegionOps plain_ops = {
    .read = plain_read,
    .write = plain_write,
};

static void test_speed(void)
{
    enum { N = 1000000 };
    MemoryRegion root, ram, io;
    AddressSpace as;
    uint64_t sum = 0;
    gint64 start, ram_us, io_us, flip_us;

    memory_region_init(&root, "root", UINT64_C(1) << 40);
    ram_init(&ram, "ram", 1 << 20);
    memory_region_init_io(&io, "io", 0x1000, &plain_ops, NULL);
    memory_region_add(&root, 0, &ram, 0);
    memory_region_add(&root, 0xfed00000, &io, 0);
    address_space_init(&as, "as", &root);

    start = g_get_monotonic_time();
    for (unsigned i = 0; i < N; i++) {
        sum += address_space_load(&as, i & 0xffff, 4);
    }
    ram_us = g_get_monotonic_time() - start;
    g_assert_cmpuint(sum, ==, 0);

    start = g_get_monotonic_time();
    for (unsigned i = 0; i < N; i++) {
        sum += address_space_load(&as, 0xfed00000 + (i & 0xffc), 4);
    }
    io_us = g_get_monotonic_time() - start;
    g_assert_cmpuint(sum, >, 0);

    start = g_get_monotonic_time();
    for (unsigned i = 0; i < N / 100; i++) {
        memory_region_set_access(&ram, true, i & 1);
        sum += address_space_load(&as, 0, 4);
    }
    flip_us = g_get_monotonic_time() - start;

    g_test_message("RAM %.1f ns, register %.1f ns, change and read %.1f ns",
                   ram_us * 1000.0 / N, io_us * 1000.0 / N,
                   flip_us * 100000.0 / N);
    memory_region_cleanup(&io);
    memory_region_cleanup(&ram);
    memory_region_cleanup(&root);
    address_space_cleanup(&as);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/memory/overlap", test_overlap);
    g_test_add_func("/memory/clip", test_clip);
    g_test_add_func("/memory/alias", test_alias);
    g_test_add_func("/memory/merge", test_merge);
    g_test_add_func("/memory/shadow", test_shadow);
    g_test_add_func("/memory/lazy", test_lazy);
    g_test_add_func("/memory/split", test_split);
    g_test_add_func("/memory/min-size", test_min_size);
    g_test_add_func("/memory/unassigned", test_unassigned);
    g_test_add_func("/memory/neighbours", test_neighbours);
    g_test_add_func("/memory/wrap", test_wrap);
    g_test_add_func("/memory/change-in-handler", test_change_in_handler);
    g_test_add_func("/memory/dma-to-itself", test_dma_to_itself);
    g_test_add_func("/memory/ram", test_ram);
    g_test_add_func("/memory/clear", test_clear);
    g_test_add_func("/memory/clear-devices", test_clear_devices);
    g_test_add_func("/memory/huge", test_huge);
    g_test_add_func("/memory/fuzz", test_fuzz);
    g_test_add_func("/memory/speed", test_speed);
    return g_test_run();
}
