/*
 * Fuzz: the loader script, checked and run by the built-in firmware
 *
 * Input: a byte; if it is `r` the rest is the script as it is in fw_cfg.
 * Otherwise every 12 bytes behind it are an entry: command, file, source (both
 * numbers of files of fuzz_files[]), alignment or width or zone (as powers of
 * two, and two bits), offset, source offset or start, length.
 *
 * What must hold: a script that the check refuses is not run; what fails leaves
 * all memory zero and the writable files as they were; what succeeds has its
 * blobs in RAM, aligned, and apart from each other.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "hw/acpi/loader.h"
#include "hw/firmware/builtin.h"
#include "hw/nvram/fw_cfg.h"
#include "util/bytes.h"

#define RAM_LEN (UINT64_C(2) << 20)
#define SCRIPT_MAX 0x8000

static const struct {
    const char *name;
    uint32_t len;
    bool writable;
} fuzz_files[] = {
    { "tables", 0x3000, false }, { "rsdp", 36, false }, { "one", 1, false },
    { "empty", 0, false }, { "big", 0x180000, false },
    { "written", 16, true }, { "narrow", 3, true },
    { "a-name-that-is-as-long-as-the-name-of-a-file-can-ever-b", 8, false },
};

#define N_FILES G_N_ELEMENTS(fuzz_files)

typedef struct Rig {
    MemoryRegion memory_root, io_root, ram, fseg;
    AddressSpace memory, io;
    FwCfg *fw;
    uint8_t written[N_FILES][16];
} Rig;

/* The machine */

static void rig_init_memory(Rig *rig)
{
    memory_region_init(&rig->memory_root, "memory", UINT64_C(1) << 40);
    memory_region_init(&rig->io_root, "io", 0x10000);
    g_assert_true(memory_region_init_ram(&rig->ram, "ram", RAM_LEN, NULL,
                                         NULL));
    memory_region_add(&rig->memory_root, 0, &rig->ram, 0);
    address_space_init(&rig->memory, "memory", &rig->memory_root);
    address_space_init(&rig->io, "io", &rig->io_root);
}

static void rig_add(Rig *rig, const char *name, const void *bytes, size_t len)
{
    g_autoptr(GBytes) content = g_bytes_new(bytes, len);

    fw_cfg_add_file(rig->fw, name, content);
}

static void rig_add_files(Rig *rig, const uint8_t *script, size_t len)
{
    uint8_t e820[20] = { 0 };

    for (unsigned i = 0; i < N_FILES; i++) {
        if (fuzz_files[i].writable) {
            memset(rig->written[i], 0xee, sizeof(rig->written[i]));
            fw_cfg_add_writable_file(rig->fw, fuzz_files[i].name,
                                     rig->written[i], fuzz_files[i].len, NULL,
                                     NULL);
        } else {
            g_autofree uint8_t *content = g_malloc0(fuzz_files[i].len + 1);

            memset(content, 0x11 * i, MIN(fuzz_files[i].len, 0x100));
            rig_add(rig, fuzz_files[i].name, content, fuzz_files[i].len);
        }
    }
    st64_le(e820 + 8, RAM_LEN);
    st32_le(e820 + 16, 1);
    rig_add(rig, "etc/e820", e820, sizeof(e820));
    rig_add(rig, "etc/table-loader", script, len);
}

static Rig *rig_new(const uint8_t *script, size_t len)
{
    Rig *rig = g_new0(Rig, 1);

    rig_init_memory(rig);
    rig->fw = (FwCfg *)object_new(&fw_cfg_type, NULL, NULL);
    fw_cfg_wire(rig->fw, &rig->memory, &rig->io_root);
    rig_add_files(rig, script, len);
    fw_cfg_seal(rig->fw);
    g_assert_true(device_realize((Device *)rig->fw, NULL));
    return rig;
}

static void rig_free(Rig *rig)
{
    object_free((Object *)rig->fw);
    address_space_cleanup(&rig->memory);
    address_space_cleanup(&rig->io);
    memory_region_cleanup(&rig->ram);
    memory_region_cleanup(&rig->io_root);
    memory_region_cleanup(&rig->memory_root);
    g_free(rig);
}

/* What must hold */

static void rig_check_untouched(const Rig *rig)
{
    const uint8_t *ram = rig->ram.host;

    g_assert_true(ram[0] == 0 && memcmp(ram, ram + 1, RAM_LEN - 1) == 0);
    for (unsigned i = 0; i < N_FILES; i++) {
        for (unsigned j = 0; j < 16 && fuzz_files[i].writable; j++) {
            g_assert_cmpuint(rig->written[i][j], ==, 0xee);
        }
    }
}

static void rig_check_blobs(const BuiltinResult *result)
{
    for (unsigned i = 0; i < result->blobs->len; i++) {
        const BuiltinBlob *a = &g_array_index(result->blobs, BuiltinBlob, i);

        g_assert_true(a->len && a->gpa % 16 == 0);
        g_assert_true(a->gpa >= 0xf0000 && a->gpa + a->len <= RAM_LEN);
        for (unsigned j = 0; j < i; j++) {
            const BuiltinBlob *b = &g_array_index(result->blobs, BuiltinBlob,
                                                  j);

            g_assert_true(a->gpa + a->len <= b->gpa ||
                          b->gpa + b->len <= a->gpa);
            g_assert_cmpstr(a->file, !=, b->file);
        }
    }
}

static int64_t rig_file_len(void *opaque, const char *name, bool *writable)
{
    for (unsigned i = 0; i < N_FILES; i++) {
        if (strcmp(fuzz_files[i].name, name) == 0) {
            *writable = fuzz_files[i].writable;
            return fuzz_files[i].len;
        }
    }
    return -1;
}

static void script_run(const uint8_t *script, size_t len)
{
    g_autoptr(GError) refused = NULL, error = NULL;
    Rig *rig = rig_new(script, len);
    BuiltinResult result = { 0 };
    bool checked, ran;

    checked = builtin_script_check(script, len, rig_file_len, NULL, &refused);
    g_assert_true(checked == !refused);
    ran = builtin_firmware_run(&rig->memory, &rig->io, &result, &error);
    g_assert_true(ran == !error);
    /* what names etc/e820 or the script is not known to rig_file_len() */
    g_assert_true(checked || !ran || strstr(refused->message, "etc/"));
    if (ran) {
        rig_check_blobs(&result);
        builtin_result_clear(&result);
    } else {
        rig_check_untouched(rig);
    }
    rig_free(rig);
}

/* The short form of a script */

static const char *script_file(uint8_t n)
{
    return fuzz_files[n % N_FILES].name;
}

static void script_append(GByteArray *script, FuzzInput *in)
{
    uint8_t raw[ACPI_LOADER_ENTRY_LEN];
    AcpiLoaderEntry e = { .command = fuzz_take(in, 1) % 5 };
    unsigned power;

    g_strlcpy(e.file, script_file(fuzz_take(in, 1)), sizeof(e.file));
    g_strlcpy(e.source, script_file(fuzz_take(in, 1)), sizeof(e.source));
    power = fuzz_take(in, 1);
    e.zone = power >> 6;
    e.align = 1u << power % 14;
    e.width = 1u << power % 4;
    e.offset = fuzz_take(in, 3);
    e.start = e.source_offset = fuzz_take(in, 3);
    e.len = fuzz_take(in, 2);
    acpi_loader_encode(&e, raw);
    g_byte_array_append(script, raw, sizeof(raw));
}

static void loader_script_run(const uint8_t *bytes, size_t len)
{
    FuzzInput in = { bytes, len };
    GByteArray *script = g_byte_array_new();

    if (fuzz_take(&in, 1) == 'r') {
        g_byte_array_append(script, in.p, in.left);
    } else {
        while (in.left && script->len < SCRIPT_MAX) {
            script_append(script, &in);
        }
    }
    script_run(script->data, script->len);
    g_byte_array_unref(script);
}

const FuzzTarget fuzz_target = {
    .run = loader_script_run, .max_len = SCRIPT_MAX,
};
