/*
 * Fuzz: fw_cfg, by its ports and by DMA descriptors in guest memory
 *
 * Input: operations of one byte and what they take: select a key, read or write
 * a port, put a descriptor into memory and start it, start whatever is there,
 * poke bytes.  The guest has 64 KiB of RAM, ROM behind it, and nothing else.
 *
 * What must hold: ROM stays as it is; a descriptor in RAM that was started ends
 * with a control field of 0 or FW_CFG_DMA_ERROR, unless its own data went over
 * it; read-only files read the same afterwards; a writable file has not grown.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "hw/nvram/fw_cfg.h"
#include "util/bytes.h"

#define RAM_LEN 0x10000
#define ROM_LEN 0x1000
#define MADE_LEN 5000

typedef struct Rig {
    MemoryRegion memory_root, io_root, ram, rom;
    AddressSpace memory, io;
    FwCfg *fw;
    FwCfgProducer producer;
    uint8_t *writable;          /* 10 bytes: a byte too far is seen */
} Rig;

/* The machine */

static GBytes **rig_make(void *opaque, bool serve)
{
    GBytes **made = g_new0(GBytes *, 2);
    uint8_t content[100];

    memset(content, 'm', sizeof(content));
    made[0] = g_bytes_new(content, sizeof(content));
    return made;
}

static Rig *rig_new(void)
{
    g_autoptr(GBytes) fixed = g_bytes_new_static("0123456789", 10);
    Rig *rig = g_new0(Rig, 1);

    memory_region_init(&rig->memory_root, "memory", UINT64_C(1) << 62);
    memory_region_init(&rig->io_root, "io", 0x10000);
    memory_region_init_ram(&rig->ram, "ram", RAM_LEN, NULL, NULL);
    memory_region_init_rom(&rig->rom, "rom", ROM_LEN, NULL);
    memset(rig->rom.host, 0x5a, ROM_LEN);
    memory_region_add(&rig->memory_root, 0, &rig->ram, 0);
    memory_region_add(&rig->memory_root, RAM_LEN, &rig->rom, 0);
    address_space_init(&rig->memory, "memory", &rig->memory_root);
    address_space_init(&rig->io, "io", &rig->io_root);
    rig->producer = (FwCfgProducer){ rig_make, rig };
    rig->writable = g_malloc0(10);
    rig->fw = (FwCfg *)object_new(&fw_cfg_type, NULL, NULL);
    fw_cfg_wire(rig->fw, &rig->memory, &rig->io_root);
    fw_cfg_add_key_int(rig->fw, FW_CFG_CPUS, 2, 1);
    fw_cfg_add_file(rig->fw, "fixed", fixed);
    fw_cfg_add_made_file(rig->fw, "made", MADE_LEN, &rig->producer);
    fw_cfg_add_writable_file(rig->fw, "writable", rig->writable, 10, NULL,
                             NULL);
    fw_cfg_seal(rig->fw);
    g_assert_true(device_realize((Device *)rig->fw, NULL));
    return rig;
}

static void rig_free(Rig *rig)
{
    object_free((Object *)rig->fw);
    address_space_cleanup(&rig->memory);
    address_space_cleanup(&rig->io);
    memory_region_cleanup(&rig->rom);
    memory_region_cleanup(&rig->ram);
    memory_region_cleanup(&rig->io_root);
    memory_region_cleanup(&rig->memory_root);
    g_free(rig->writable);
    g_free(rig);
}

/* What the guest does */

static void rig_start(Rig *rig, uint64_t gpa)
{
    address_space_store(&rig->io, FW_CFG_PORT_DMA,
                        GUINT32_SWAP_LE_BE((uint32_t)(gpa >> 32)), 4);
    address_space_store(&rig->io, FW_CFG_PORT_DMA + 4,
                        GUINT32_SWAP_LE_BE((uint32_t)gpa), 4);
}

static void rig_transfer(Rig *rig, FuzzInput *in)
{
    uint64_t gpa = fuzz_take(in, 2) % (RAM_LEN - 16);
    uint8_t *descriptor = rig->ram.host + gpa;
    uint32_t control = fuzz_take(in, 1) | (uint32_t)fuzz_take(in, 2) << 16;
    uint32_t len = fuzz_take(in, 2);
    uint64_t data = fuzz_take(in, 3);

    st32_be(descriptor, control);
    st32_be(descriptor + 4, len);
    st64_be(descriptor + 8, data);
    rig_start(rig, gpa);
    if (data + len <= gpa || data >= gpa + 4 || !(control & FW_CFG_DMA_READ)) {
        g_assert_cmpuint(ld32_be(descriptor) & ~(uint32_t)FW_CFG_DMA_ERROR,
                         ==, 0);
    }
}

static void rig_poke(Rig *rig, FuzzInput *in)
{
    uint64_t gpa = fuzz_take(in, 3);
    unsigned len = fuzz_take(in, 1) % 32;

    len = MIN(len, in->left);
    address_space_write(&rig->memory, gpa, in->p, len);
    in->p += len;
    in->left -= len;
}

static void rig_step(Rig *rig, FuzzInput *in)
{
    uint8_t op = fuzz_take(in, 1);
    unsigned size = 1u << (op >> 6);
    unsigned port = FW_CFG_PORT_SELECT + (op >> 3) % 12;

    switch (op & 7) {
    case 0:
        address_space_store(&rig->io, FW_CFG_PORT_SELECT, fuzz_take(in, 2),
                            2);
        break;
    case 1:
        address_space_load(&rig->io, port, size);
        break;
    case 2:
        address_space_store(&rig->io, port, fuzz_take(in, size), size);
        break;
    case 3:
        rig_poke(rig, in);
        break;
    case 4:
        rig_start(rig, fuzz_take(in, 8));
        break;
    case 5:
        device_reset((Device *)rig->fw);
        break;
    default:
        rig_transfer(rig, in);
        break;
    }
}

/* What must hold */

static void rig_check_file(Rig *rig, const char *name, const void *content,
                           size_t len)
{
    const uint8_t *expected = content;

    address_space_store(&rig->io, FW_CFG_PORT_SELECT,
                        fw_cfg_find_file(rig->fw, name), 2);
    for (size_t i = 0; i < len; i++) {
        g_assert_cmpuint(address_space_load(&rig->io, FW_CFG_PORT_DATA, 1),
                         ==, expected[i]);
    }
}

static void rig_check(Rig *rig)
{
    for (unsigned i = 0; i < ROM_LEN; i++) {
        g_assert_cmpuint(rig->rom.host[i], ==, 0x5a);
    }
    /* behind a file's end there are zeros */
    rig_check_file(rig, "fixed", "0123456789\0", 12);
    rig_check_file(rig, "made", "mmmm", 4);
    rig_check_file(rig, "writable", rig->writable, 10);
}

static void fw_cfg_run(const uint8_t *bytes, size_t len)
{
    FuzzInput in = { bytes, len };
    Rig *rig = rig_new();

    while (in.left) {
        rig_step(rig, &in);
    }
    rig_check(rig);
    rig_free(rig);
}

const FuzzTarget fuzz_target = { .run = fw_cfg_run, .max_len = 4096 };
