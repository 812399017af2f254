/*
 * The built-in firmware, on a machine of RAM, fw_cfg and half a host bridge
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "acpi-samples.h"
#include "hw/acpi/loader.h"
#include "hw/acpi/tables.h"
#include "hw/acpi/walk.h"
#include "hw/firmware/script.h"
#include "hw/firmware/zones.h"
#include "hw/nvram/fw_cfg.h"
#include "under-valgrind.h"
#include "util/bytes.h"

#define MIB (UINT64_C(1) << 20)
#define RAM_LEN (16 * MIB)
#define TABLES_LEN 0x20000
#define BRIDGE_PC 0x12378086
#define BRIDGE_Q35 0x29c08086
#define BRIDGE_NONE 0xffffffff

/* What the random scripts and the bad ones work on */
enum { FILE_TABLES, FILE_RSDP, FILE_GUID, FILE_SCRIPT, N_FILES };

typedef struct Rig {
    MemoryRegion memory_root, io_root, ram, rom, config, cmos_ports;
    AddressSpace memory, io;
    FwCfg *fw;

    /* Configuration mechanism #1, with a log */
    uint32_t bridge_id, address;
    GString *config_log;
    uint8_t pam0_reg;

    uint8_t cmos_index, cmos[128];

    FwCfgProducer producer;
    GBytes *files[N_FILES];     /* what is made */
    uint8_t addr[16], addr2[8]; /* writable files */
    unsigned n_written;
} Rig;

/* The machine */

static uint64_t config_read(void *opaque, uint64_t offset, unsigned size)
{
    Rig *rig = opaque;

    return offset == 4 && rig->address == 0x80000000 ? rig->bridge_id
                                                     : UINT32_MAX;
}

static void config_write(void *opaque, uint64_t offset, uint64_t value,
                         unsigned size)
{
    Rig *rig = opaque;
    unsigned reg = (rig->address & 0xfc) + (offset & 3);

    if (offset == 0 && size == 4) {
        rig->address = value;
        return;
    }
    g_string_append_printf(rig->config_log, "%02x.%x/%02x=%0*x ",
                           rig->address >> 11 & 0x1f, rig->address >> 8 & 7,
                           reg, size * 2, (unsigned)value);
    if (rig->pam0_reg && (rig->address & ~0xffu) == 0x80000000 &&
        reg == rig->pam0_reg) {
        memory_region_set_access(&rig->rom, !(value & 0x10),
                                 !(value & 0x20));
    }
}

static const MemoryRegionOps config_ops = {
    .read = config_read, .write = config_write, .min_size = 1, .max_size = 4,
};

static uint64_t cmos_read(void *opaque, uint64_t offset, unsigned size)
{
    Rig *rig = opaque;

    return offset ? rig->cmos[rig->cmos_index & 127] : 0xff;
}

static void cmos_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    Rig *rig = opaque;

    if (offset) {
        rig->cmos[rig->cmos_index & 127] = value;
    } else {
        rig->cmos_index = value;
    }
}

static const MemoryRegionOps cmos_ops = {
    .read = cmos_read, .write = cmos_write, .min_size = 1, .max_size = 1,
};

static void on_written(void *opaque, uint32_t offset, uint32_t len)
{
    ((Rig *)opaque)->n_written++;
}

static GBytes **rig_make(void *opaque, bool serve)
{
    Rig *rig = opaque;
    GBytes **made = g_new0(GBytes *, N_FILES + 1);

    for (unsigned i = 0; i < N_FILES; i++) {
        made[i] = g_bytes_ref(rig->files[i]);
    }
    return made;
}

static void rig_add(Rig *rig, const char *name, const void *bytes, size_t len)
{
    g_autoptr(GBytes) content = g_bytes_new(bytes, len);

    fw_cfg_add_file(rig->fw, name, content);
}

/** A machine without fw_cfg. */
static Rig *rig_new_bare(uint32_t bridge_id)
{
    Rig *rig = g_new0(Rig, 1);

    rig->bridge_id = bridge_id;
    rig->pam0_reg = bridge_id == BRIDGE_PC ? 0x59
                    : bridge_id == BRIDGE_Q35 ? 0x90 : 0;
    rig->config_log = g_string_new(NULL);
    memory_region_init(&rig->memory_root, "memory", UINT64_C(1) << 40);
    memory_region_init(&rig->io_root, "io", 0x10000);
    g_assert_true(memory_region_init_ram(&rig->ram, "ram", RAM_LEN, NULL,
                                         NULL));
    g_assert_true(memory_region_init_rom(&rig->rom, "rom", 0x10000, NULL));
    memset(rig->rom.host, 0xf0, 0x10000);
    memory_region_init_io(&rig->config, "config", 8, &config_ops, rig);
    memory_region_init_io(&rig->cmos_ports, "cmos", 2, &cmos_ops, rig);
    memory_region_add(&rig->memory_root, 0, &rig->ram, 0);
    memory_region_add(&rig->memory_root, 0xf0000, &rig->rom, 1);
    memory_region_add(&rig->io_root, 0xcf8, &rig->config, 0);
    memory_region_add(&rig->io_root, 0x70, &rig->cmos_ports, 0);
    address_space_init(&rig->memory, "memory", &rig->memory_root);
    address_space_init(&rig->io, "io", &rig->io_root);
    return rig;
}

static void e820_append(GByteArray *e820, uint64_t addr, uint64_t len,
                        uint32_t type)
{
    uint8_t entry[20];

    st64_le(entry, addr);
    st64_le(entry + 8, len);
    st32_le(entry + 16, type);
    g_byte_array_append(e820, entry, sizeof(entry));
}

/** With fw_cfg and files; @script_len: of etc/table-loader in the directory. */
static Rig *rig_new(uint32_t bridge_id, const uint8_t *e820, size_t e820_len,
                    size_t script_len)
{
    Rig *rig = rig_new_bare(bridge_id);

    for (unsigned i = 0; i < N_FILES; i++) {
        rig->files[i] = g_bytes_new(NULL, 0);
    }
    rig->producer = (FwCfgProducer) { rig_make, rig };
    rig->fw = (FwCfg *)object_new(&fw_cfg_type, NULL, NULL);
    fw_cfg_wire(rig->fw, &rig->memory, &rig->io_root);
    fw_cfg_add_made_file(rig->fw, "etc/acpi/tables", TABLES_LEN,
                         &rig->producer);
    fw_cfg_add_made_file(rig->fw, "etc/acpi/rsdp", 20, &rig->producer);
    fw_cfg_add_made_file(rig->fw, "guid", 4096, &rig->producer);
    fw_cfg_add_made_file(rig->fw, "etc/table-loader", script_len,
                         &rig->producer);
    fw_cfg_add_writable_file(rig->fw, "addr", rig->addr, 16, on_written, rig);
    fw_cfg_add_writable_file(rig->fw, "addr2", rig->addr2, 8, on_written, rig);
    rig_add(rig, "ro", "12345678", 8);
    rig_add(rig, "empty", "", 0);
    if (e820) {
        rig_add(rig, "etc/e820", e820, e820_len);
    }
    fw_cfg_seal(rig->fw);
    g_assert_true(device_realize((Device *)rig->fw, NULL));
    memcpy(rig->addr, "addressofnothing", 16);
    memcpy(rig->addr2, "anotherX", 8);
    return rig;
}

static Rig *rig_new_default(uint32_t bridge_id, size_t script_len)
{
    g_autoptr(GByteArray) e820 = g_byte_array_new();

    e820_append(e820, UINT64_C(0xfd00000000), UINT64_C(0x300000000), 2);
    e820_append(e820, 0, RAM_LEN, 1);
    return rig_new(bridge_id, e820->data, e820->len, script_len);
}

static void rig_set(Rig *rig, unsigned file, const void *bytes, size_t len)
{
    g_bytes_unref(rig->files[file]);
    rig->files[file] = g_bytes_new(bytes, len);
}

static void rig_free(Rig *rig)
{
    object_free((Object *)rig->fw);
    for (unsigned i = 0; i < N_FILES; i++) {
        g_clear_pointer(&rig->files[i], g_bytes_unref);
    }
    address_space_cleanup(&rig->memory);
    address_space_cleanup(&rig->io);
    memory_region_cleanup(&rig->cmos_ports);
    memory_region_cleanup(&rig->config);
    memory_region_cleanup(&rig->rom);
    memory_region_cleanup(&rig->ram);
    memory_region_cleanup(&rig->io_root);
    memory_region_cleanup(&rig->memory_root);
    g_string_free(rig->config_log, TRUE);
    g_free(rig);
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    return bytes[0] == 0 && !memcmp(bytes, bytes + 1, len - 1);
}

static void assert_untouched(const Rig *rig)
{
    g_assert_true(is_zero(rig->ram.host, RAM_LEN));
    g_assert_cmpmem(rig->addr, 16, "addressofnothing", 16);
    g_assert_cmpmem(rig->addr2, 8, "anotherX", 8);
}

static void assert_refused(Rig *rig, const char *message)
{
    g_autoptr(GError) error = NULL;
    BuiltinResult result = { .rsdp_gpa = 99 };

    g_assert_false(builtin_firmware_run(&rig->memory, &rig->io, &result,
                                        &error));
    g_assert_cmpstr(error->message, ==, message);
    g_assert_null(result.blobs);
}

/* The script */

static AcpiLoaderEntry allocate(const char *file, uint32_t align, uint8_t zone)
{
    AcpiLoaderEntry e = {
        .command = ACPI_LOADER_ALLOCATE, .align = align, .zone = zone,
    };

    g_strlcpy(e.file, file, sizeof(e.file));
    return e;
}

static AcpiLoaderEntry add_pointer(const char *file, const char *source,
                                   uint32_t offset, uint8_t width)
{
    AcpiLoaderEntry e = {
        .command = ACPI_LOADER_ADD_POINTER, .offset = offset, .width = width,
    };

    g_strlcpy(e.file, file, sizeof(e.file));
    g_strlcpy(e.source, source, sizeof(e.source));
    return e;
}

static AcpiLoaderEntry add_checksum(const char *file, uint32_t offset,
                                    uint32_t start, uint32_t len)
{
    AcpiLoaderEntry e = {
        .command = ACPI_LOADER_ADD_CHECKSUM, .offset = offset, .start = start,
        .len = len,
    };

    g_strlcpy(e.file, file, sizeof(e.file));
    return e;
}

static AcpiLoaderEntry write_pointer(const char *file, const char *source,
                                     uint32_t offset, uint32_t source_offset,
                                     uint8_t width)
{
    AcpiLoaderEntry e = {
        .command = ACPI_LOADER_WRITE_POINTER, .offset = offset,
        .source_offset = source_offset, .width = width,
    };

    g_strlcpy(e.file, file, sizeof(e.file));
    g_strlcpy(e.source, source, sizeof(e.source));
    return e;
}

static void script_add(GByteArray *script, AcpiLoaderEntry e)
{
    uint8_t raw[ACPI_LOADER_ENTRY_LEN];

    acpi_loader_encode(&e, raw);
    g_byte_array_append(script, raw, sizeof(raw));
}

/** The file lengths of rig_new(), for builtin_script_check() alone. */
static int64_t file_len(void *opaque, const char *name, bool *writable)
{
    static const struct { const char *name; int64_t len; bool writable; }
    files[] = {
        { "etc/acpi/tables", TABLES_LEN, false },
        { "etc/acpi/rsdp", 20, false }, { "guid", 4096, false },
        { "empty", 0, false }, { "ro", 8, false },
        { "addr", 16, true }, { "addr2", 8, true },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        if (!strcmp(files[i].name, name)) {
            *writable = files[i].writable;
            return files[i].len;
        }
    }
    return -1;
}

/* All goes well */

/** Serve @set, and a GUID that asks to be written back. */
static Rig *rig_serve(uint32_t bridge_id, AcpiBlobSet *set)
{
    AcpiBlob *guid = acpi_blob_new(set, "guid", 4096, ACPI_ZONE_HIGH);
    const AcpiBlob *tables = acpi_blob_find(set, ACPI_FILE_TABLES);
    const AcpiBlob *rsdp = acpi_blob_find(set, ACPI_FILE_RSDP);
    g_autoptr(GBytes) script = NULL;
    Rig *rig;

    acpi_blob_append_zeros(guid, 40);
    acpi_blob_append(guid, "0123456789abcdef", 16);
    acpi_blob_append_zeros(guid, 4096 - 56);
    acpi_blob_write_back(guid, 40, "addr", 4, 8);
    script = acpi_blob_set_script(set);
    rig = rig_new_default(bridge_id, g_bytes_get_size(script));
    rig_set(rig, FILE_TABLES, tables->bytes->data, tables->bytes->len);
    rig_set(rig, FILE_RSDP, rsdp->bytes->data, rsdp->bytes->len);
    rig_set(rig, FILE_GUID, guid->bytes->data, guid->bytes->len);
    rig_set(rig, FILE_SCRIPT, g_bytes_get_data(script, NULL),
            g_bytes_get_size(script));
    return rig;
}

static bool rig_reader(void *opaque, uint64_t gpa, void *buf, size_t len)
{
    return address_space_peek(opaque, gpa, buf, len);
}

static void assert_tables(Rig *rig, const AcpiBlobSet *set)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) found = acpi_walk(rig_reader, &rig->memory, NULL,
                                           faults, NULL);
    g_autoptr(GString) names = g_string_new(NULL);

    g_assert_nonnull(found);
    g_assert_cmpuint(faults->len, ==, 0);
    for (unsigned i = 0; i < found->len; i++) {
        const AcpiFound *table = g_ptr_array_index(found, i);
        AcpiOrigin origin;

        g_string_append_len(names, table->signature, 4);
        g_string_append_c(names, ' ');
        g_assert_true(table->checksum_ok);
        g_assert_true(acpi_walk_origin(table, set, &origin));
        g_assert_cmpint(origin, ==, ACPI_ORIGIN_GENERATED);
    }
    g_assert_true(g_str_has_prefix(names->str, "RSDT FACP FACS DSDT APIC "));
}

static void test_run(gconstpointer bridge)
{
    uint32_t bridge_id = GPOINTER_TO_UINT(bridge);
    g_autofree AcpiPlatform *platform = g_new0(AcpiPlatform, 1);
    g_autoptr(AcpiBlobSet) set = NULL;
    g_autofree uint8_t *first = g_malloc(RAM_LEN);
    BuiltinResult result;
    g_autoptr(GError) error = NULL;
    uint64_t guid_gpa = 0;
    Rig *rig;

    (bridge_id == BRIDGE_PC ? sample_pc : sample_q35)(platform, 2);
    set = acpi_tables_build(platform);
    rig = rig_serve(bridge_id, set);
    g_assert_true(builtin_firmware_run(&rig->memory, &rig->io, &result,
                                       &error));
    g_assert_no_error(error);

    g_assert_cmpuint(result.blobs->len, ==, 3);
    for (unsigned i = 0; i < 3; i++) {
        const BuiltinBlob *blob = &g_array_index(result.blobs, BuiltinBlob, i);

        g_assert_cmpstr(blob->file, ==, ((const AcpiBlob *)
                        g_ptr_array_index(set->blobs, i))->file);
        if (!strcmp(blob->file, "etc/acpi/rsdp")) {
            g_assert_cmphex(blob->gpa, ==, result.rsdp_gpa);
            g_assert_cmphex(blob->gpa & 15, ==, 0);
            g_assert_cmphex(blob->gpa, >=, 0xf0000);
            g_assert_cmphex(blob->gpa, <, 0xffff0);
        } else {
            g_assert_cmphex(blob->gpa & 0xfff, ==, 0);
            g_assert_cmphex(blob->gpa, >=, RAM_LEN - 0x40000);
            g_assert_cmphex(blob->gpa + blob->len, <=, RAM_LEN);
        }
        if (!strcmp(blob->file, "guid")) {
            guid_gpa = blob->gpa;
        }
    }
    g_assert_cmpmem(rig->ram.host + guid_gpa + 40, 16, "0123456789abcdef", 16);
    g_assert_cmpmem(rig->addr, 4, "addr", 4);
    g_assert_cmphex(ld64_le(rig->addr + 4), ==, guid_gpa + 40);
    g_assert_cmpmem(rig->addr + 12, 4, "hing", 4);
    g_assert_cmpuint(rig->n_written, ==, 1);
    assert_tables(rig, set);
    builtin_result_clear(&result);

    /* nothing else: neither the page for transfers nor the reset vector */
    g_assert_true(is_zero(rig->ram.host, 0xf0000));
    g_assert_true(is_zero(rig->ram.host + 0xffff0, RAM_LEN - 0x40000 -
                          0xffff0));
    /* the F-segment reads RAM, and is closed for writing */
    address_space_store(&rig->memory, 0xf0000, 0x55555555, 4);
    g_assert_cmphex(address_space_load(&rig->memory, 0xf0000, 4), !=,
                    0x55555555);

    /* again, after a reset, over what is there and what the guest did to it */
    memcpy(first, rig->ram.host, RAM_LEN);
    memset(rig->ram.host + RAM_LEN - 0x40000, 0xaa, 0x30000);
    memcpy(rig->ram.host + 0xf8000, first + 0xf0000, 20);
    memset(rig->ram.host + 0x6000, 0x66, 4096);
    memset(first + 0x6000, 0x66, 4096);
    memset(rig->addr, 0, sizeof(rig->addr));
    memory_region_set_access(&rig->rom, true, true);
    device_reset((Device *)rig->fw);
    g_assert_true(builtin_firmware_run(&rig->memory, &rig->io, NULL, NULL));
    assert_tables(rig, set);
    g_assert_cmpmem(rig->ram.host, RAM_LEN - 0x40000, first,
                    RAM_LEN - 0x40000);
    g_assert_cmpmem(rig->ram.host + guid_gpa, 4096, first + guid_gpa, 4096);
    g_assert_cmphex(ld64_le(rig->addr + 4), ==, guid_gpa + 40);
    rig_free(rig);
}

static void test_chipset(void)
{
    static const struct { uint32_t id; const char *log; } bridges[] = {
        { BRIDGE_PC, "01.3/40=00000601 01.3/80=01 "
          "00.0/59=30 00.0/5a=33 00.0/5b=33 00.0/5c=33 00.0/5d=33 "
          "00.0/5e=33 00.0/5f=33 00.0/59=10 " },
        { BRIDGE_Q35, "1f.0/40=00000601 1f.0/44=80 00.0/64=00000000 "
          "00.0/60=b0000001 00.0/90=30 00.0/91=33 00.0/92=33 00.0/93=33 "
          "00.0/94=33 00.0/95=33 00.0/96=33 00.0/90=10 " },
        { BRIDGE_NONE, "" },
        { 0x12378087, "" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bridges); i++) {
        Rig *rig = rig_new_default(bridges[i].id, 0);

        g_assert_true(builtin_firmware_run(&rig->memory, &rig->io, NULL,
                                           NULL));
        g_assert_cmpstr(rig->config_log->str, ==, bridges[i].log);
        assert_untouched(rig);
        rig_free(rig);
    }
}

/* The machine is bad */

static void test_bad_machine(void)
{
    static const uint8_t short_e820[19] = { 0 };
    g_autoptr(GByteArray) high = g_byte_array_new();
    g_autofree uint8_t *long_e820 = g_malloc0(20 * 129);
    Rig *rig = rig_new_bare(BRIDGE_PC);

    assert_refused(rig, "fw_cfg: there is none at port 0x510");
    rig_free(rig);

    rig = rig_new(BRIDGE_PC, NULL, 0, 0);
    assert_refused(rig, "fw_cfg: there is no file etc/e820");
    assert_untouched(rig);
    rig_free(rig);

    rig = rig_new(BRIDGE_PC, short_e820, sizeof(short_e820), 0);
    assert_refused(rig, "etc/e820: 19 bytes are not a number of whole "
                   "entries");
    rig_free(rig);

    rig = rig_new(BRIDGE_PC, long_e820, 20 * 129, 0);
    assert_refused(rig, "etc/e820: more than 2560 bytes");
    rig_free(rig);

    e820_append(high, 0, MIB, 1);
    e820_append(high, UINT64_C(1) << 32, MIB, 1);
    e820_append(high, MIB, MIB, 2);
    rig = rig_new(BRIDGE_PC, high->data, high->len, 0);
    assert_refused(rig, "etc/e820: no RAM between 1 MiB and 4 GiB");
    assert_untouched(rig);
    rig_free(rig);

    rig = rig_new_default(BRIDGE_PC, 0);
    memory_region_set_enabled(&rig->ram, false);
    assert_refused(rig, "fw_cfg: a transfer needs memory, but there is no RAM "
                   "at 0x6000");
    rig_free(rig);
}

static void test_no_script(void)
{
    Rig *rig = rig_new_bare(BRIDGE_PC);
    g_autoptr(GByteArray) e820 = g_byte_array_new();

    e820_append(e820, 0, RAM_LEN, 1);
    rig->fw = (FwCfg *)object_new(&fw_cfg_type, NULL, NULL);
    fw_cfg_wire(rig->fw, &rig->memory, &rig->io_root);
    rig_add(rig, "etc/e820", e820->data, e820->len);
    fw_cfg_seal(rig->fw);
    g_assert_true(device_realize((Device *)rig->fw, NULL));
    assert_refused(rig, "fw_cfg: there is no file etc/table-loader");
    rig_free(rig);
}

/* The script is bad */

typedef struct BadScript {
    AcpiLoaderEntry entry;      /* after allocate(tables), allocate(rsdp) */
    const char *reason;
    bool late;                  /* only the files' bytes can tell */
} BadScript;

#define T "etc/acpi/tables"
#define R "etc/acpi/rsdp"

static void test_bad_entries(void)    /* "Rules" */
{
    const BadScript bad[] = {
        { .entry = allocate("nothing", 16, 1),
          .reason = "there is no such file" },
        { .entry = allocate("empty", 16, 1),
          .reason = "the file is empty" },
        { .entry = allocate("guid", 0, 1),
          .reason = "alignment 0 is not a power of two" },
        { .entry = allocate("guid", 48, 1),
          .reason = "alignment 48 is not a power of two" },
        { .entry = allocate("guid", 8192, 1),
          .reason = "alignment 8192 is more than 4096" },
        { .entry = allocate("guid", 16, 0),
          .reason = "there is no zone 0" },
        { .entry = allocate("guid", 16, 3),
          .reason = "there is no zone 3" },
        { .entry = allocate(T, 64, 1),
          .reason = "the file is allocated already" },
        { .entry = add_pointer("guid", T, 0, 4),
          .reason = "guid is not allocated yet" },
        { .entry = add_pointer(T, "guid", 0, 4),
          .reason = "guid is not allocated yet" },
        { .entry = add_pointer("nothing", T, 0, 4),
          .reason = "nothing is not allocated yet" },
        { .entry = add_pointer(T, R, 0, 0),
          .reason = "a pointer of 0 bytes; only 1, 2, 4 and 8 are possible" },
        { .entry = add_pointer(T, R, 0, 3),
          .reason = "a pointer of 3 bytes; only 1, 2, 4 and 8 are possible" },
        { .entry = add_pointer(T, R, 0, 16),
          .reason = "a pointer of 16 bytes; only 1, 2, 4 and 8 are possible" },
        { .entry = add_pointer(T, R, 999999, 4),
          .reason = "offset 999999 lies outside the file (131072 bytes)" },
        { .entry = add_pointer(T, R, 131072, 1),
          .reason = "offset 131072 lies outside the file (131072 bytes)" },
        { .entry = add_pointer(T, R, 131069, 4),
          .reason = "4 bytes at offset 131069 reach beyond the file "
          "(131072 bytes)" },
        { .entry = add_pointer(T, R, 0xffffffff, 8),
          .reason = "offset 4294967295 lies outside the file (131072 bytes)" },
        { .entry = add_pointer(T, R, 0, 4),
          .reason = "the pointer at offset 0 starts as 0x14, "
          "outside etc/acpi/rsdp (20 bytes)", .late = true },
        { .entry = add_pointer(T, R, 8, 8),
          .reason = "the pointer at offset 8 starts as "
          "0xffffffffffffffff, outside etc/acpi/rsdp (20 bytes)",
          .late = true },
        { .entry = add_pointer(T, R, 0x40, 2),
          .reason = "address 0xf0000 does not fit 2 bytes", .late = true },
        { .entry = add_pointer(R, T, 0, 1),
          .reason = "address 0xfe0052 does not fit 1 bytes", .late = true },
        { .entry = add_checksum("guid", 0, 0, 4),
          .reason = "guid is not allocated yet" },
        { .entry = add_checksum(T, 131072, 0, 4),
          .reason = "offset 131072 lies outside the file (131072 bytes)" },
        { .entry = add_checksum(T, 0, 131073, 0),
          .reason = "0 bytes from 131073 on reach beyond "
          "the file (131072 bytes)" },
        { .entry = add_checksum(T, 0, 1, 131072),
          .reason = "131072 bytes from 1 on reach beyond "
          "the file (131072 bytes)" },
        { .entry = add_checksum(T, 0, 0xffffffff, 0xffffffff),
          .reason = "4294967295 bytes from "
          "4294967295 on reach beyond the file (131072 bytes)" },
        { .entry = write_pointer("nothing", T, 0, 0, 8),
          .reason = "there is no such file" },
        { .entry = write_pointer("addr", "guid", 0, 0, 8),
          .reason = "guid is not allocated yet" },
        { .entry = write_pointer("addr", T, 0, 0, 5),
          .reason = "a pointer of 5 bytes; only 1, 2, 4 and 8 are possible" },
        { .entry = write_pointer("addr", T, 16, 0, 1),
          .reason = "offset 16 lies outside the file (16 bytes)" },
        { .entry = write_pointer("addr", T, 9, 0, 8),
          .reason = "8 bytes at offset 9 reach beyond the file (16 bytes)" },
        { .entry = write_pointer("addr", T, 0, 131072, 8),
          .reason = "source offset 131072 lies "
          "outside etc/acpi/tables (131072 bytes)" },
        { .entry = write_pointer("addr", T, 0, 0, 2),
          .reason = "address 0xfe0000 does not fit 2 bytes", .late = true },
    };
    static const uint8_t tables[0x10] = {
        20, 0, 0, 0, 0, 0, 0, 0,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        const AcpiLoaderEntry *e = &bad[i].entry;
        g_autoptr(GByteArray) script = g_byte_array_new();
        g_autofree char *message = g_strdup_printf(
            "etc/table-loader entry 4 (%s %s): %s",
            acpi_loader_command_name(e->command), e->file, bad[i].reason);
        g_autoptr(GError) error = NULL;
        Rig *rig;

        script_add(script, allocate(T, 64, ACPI_ZONE_HIGH));
        script_add(script, allocate(R, 16, ACPI_ZONE_FSEG));
        /* done by then, and not to be seen afterwards */
        script_add(script, add_pointer(T, R, 0x80, 4));
        script_add(script, write_pointer("addr2", T, 0, 0, 8));
        script_add(script, *e);
        g_assert_true(builtin_script_check(script->data, script->len,
                                           file_len, NULL, &error) ==
                      bad[i].late);
        if (!bad[i].late) {
            g_assert_cmpstr(error->message, ==, message);
        }

        rig = rig_new_default(BRIDGE_PC, script->len);
        rig_set(rig, FILE_TABLES, tables, sizeof(tables));
        rig_set(rig, FILE_RSDP, "RSD PTR ", 8);
        rig_set(rig, FILE_SCRIPT, script->data, script->len);
        assert_refused(rig, message);
        assert_untouched(rig);
        g_assert_cmpuint(rig->n_written, ==, 0);
        g_assert_true(g_str_has_suffix(rig->config_log->str, "00.0/59=10 "));
        rig_free(rig);
    }
}

static void test_bad_names(void)    /* "Rules" */
{
    static const struct { AcpiLoaderCommand command; unsigned at; } names[] = {
        { ACPI_LOADER_ALLOCATE, 4 },
        { ACPI_LOADER_ADD_POINTER, 4 }, { ACPI_LOADER_ADD_POINTER, 60 },
        { ACPI_LOADER_ADD_CHECKSUM, 4 },
        { ACPI_LOADER_WRITE_POINTER, 4 }, { ACPI_LOADER_WRITE_POINTER, 60 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        uint8_t raw[ACPI_LOADER_ENTRY_LEN];
        g_autofree char *message = g_strdup_printf(
            "etc/table-loader entry 0: %s: the file name at byte %u has no "
            "NUL", acpi_loader_command_name(names[i].command), names[i].at);
        Rig *rig = rig_new_default(BRIDGE_PC, sizeof(raw));

        memset(raw, 'x', sizeof(raw));
        st32_le(raw, names[i].command);
        if (names[i].at == 60) {
            raw[59] = 0;
        }
        rig_set(rig, FILE_SCRIPT, raw, sizeof(raw));
        assert_refused(rig, message);
        assert_untouched(rig);
        rig_free(rig);
    }
}

static void test_read_only(void)    /* "Rules" */
{
    g_autoptr(GByteArray) script = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Rig *rig;

    script_add(script, allocate(T, 64, ACPI_ZONE_HIGH));
    script_add(script, write_pointer("addr", T, 0, 5, 8));
    script_add(script, write_pointer("addr2", T, 0, 5, 8));
    script_add(script, write_pointer("ro", T, 0, 0, 8));

    g_assert_false(builtin_script_check(script->data, script->len, file_len,
                                        NULL, &error));
    g_assert_cmpstr(error->message, ==, "etc/table-loader entry 3 "
                    "(WRITE_POINTER ro): the file is read-only");

    /* the guest finds out when it tries, and takes back what it wrote */
    rig = rig_new_default(BRIDGE_PC, script->len);
    rig_set(rig, FILE_TABLES, "tables", 6);
    rig_set(rig, FILE_SCRIPT, script->data, script->len);
    assert_refused(rig, "etc/table-loader entry 3 (WRITE_POINTER ro): fw_cfg "
                   "refuses the write");
    assert_untouched(rig);
    g_assert_cmpuint(rig->n_written, ==, 4);
    rig_free(rig);
}

static void test_no_room(void)
{
    static const struct { uint64_t ram, reserved, reserved_len; bool fits; }
    maps[] = {
        { 2 * MIB, 0, 0, true },
        { MIB + TABLES_LEN, 0, 0, true },
        { MIB + TABLES_LEN - 1, 0, 0, false },
        { 2 * MIB, MIB + TABLES_LEN, MIB, true },
        { 2 * MIB, MIB + TABLES_LEN - 1, MIB, false },
        { 2 * MIB, MIB + 4096, 4096, true },
        { 2 * MIB, MIB + 0x70000, 0x20000, true },
        { 2 * MIB, 0, UINT64_MAX, false },
    };
    g_autoptr(GByteArray) script = g_byte_array_new();

    script_add(script, allocate(T, 1, ACPI_ZONE_HIGH));
    for (size_t i = 0; i < G_N_ELEMENTS(maps); i++) {
        g_autoptr(GByteArray) e820 = g_byte_array_new();
        BuiltinResult result;
        Rig *rig;

        e820_append(e820, 0, maps[i].ram, 1);
        e820_append(e820, maps[i].reserved, maps[i].reserved_len, 2);
        rig = rig_new(BRIDGE_PC, e820->data, e820->len, script->len);
        rig_set(rig, FILE_TABLES, "tables", 6);
        rig_set(rig, FILE_SCRIPT, script->data, script->len);
        if (maps[i].fits) {
            const BuiltinBlob *blob;

            g_assert_true(builtin_firmware_run(&rig->memory, &rig->io,
                                               &result, NULL));
            blob = &g_array_index(result.blobs, BuiltinBlob, 0);
            g_assert_cmphex(blob->gpa, >=, MIB);
            g_assert_cmphex(blob->gpa + TABLES_LEN, <=, maps[i].ram);
            g_assert_true(blob->gpa + TABLES_LEN <= maps[i].reserved ||
                          blob->gpa >= maps[i].reserved +
                                       maps[i].reserved_len);
            g_assert_cmphex(result.rsdp_gpa, ==, 0);
            builtin_result_clear(&result);
        } else {
            assert_refused(rig, "etc/table-loader entry 0 (ALLOCATE "
                           "etc/acpi/tables): no room for 131072 bytes in RAM "
                           "below 4 GiB");
            assert_untouched(rig);
        }
        rig_free(rig);
    }
}

static void test_fseg(void)
{
    g_autoptr(GByteArray) script = g_byte_array_new();
    Rig *rig;

    script_add(script, allocate("guid", 4096, ACPI_ZONE_FSEG));
    script_add(script, allocate(T, 16, ACPI_ZONE_FSEG));
    rig = rig_new_default(BRIDGE_PC, script->len);
    rig_set(rig, FILE_SCRIPT, script->data, script->len);
    assert_refused(rig, "etc/table-loader entry 1 (ALLOCATE etc/acpi/tables): "
                   "no room for 131072 bytes in the F-segment");
    assert_untouched(rig);
    rig_free(rig);

    /* nobody who could make it writable */
    g_byte_array_set_size(script, ACPI_LOADER_ENTRY_LEN);
    rig = rig_new_default(BRIDGE_NONE, script->len);
    rig_set(rig, FILE_SCRIPT, script->data, script->len);
    assert_refused(rig, "etc/table-loader (ALLOCATE guid): 0xf0000 is not all "
                   "RAM");
    assert_untouched(rig);
    rig_free(rig);
}

static void test_unknown_commands(void)
{
    uint8_t script[3 * ACPI_LOADER_ENTRY_LEN];
    Rig *rig = rig_new_default(BRIDGE_PC, sizeof(script));

    memset(script, 0xff, sizeof(script));
    st32_le(script + ACPI_LOADER_ENTRY_LEN, 5);
    memset(script + 2 * ACPI_LOADER_ENTRY_LEN, 0, ACPI_LOADER_ENTRY_LEN);
    rig_set(rig, FILE_SCRIPT, script, sizeof(script));
    g_assert_true(builtin_firmware_run(&rig->memory, &rig->io, NULL, NULL));
    assert_untouched(rig);
    rig_free(rig);
}

static void test_too_many_tables(void)    /* "Rules" */
{
    for (unsigned n = 128; n <= 129; n++) {
        g_autoptr(GByteArray) script = g_byte_array_new();
        g_autofree uint8_t *tables = g_malloc0(TABLES_LEN);
        Rig *rig;

        script_add(script, allocate(T, 64, ACPI_ZONE_HIGH));
        for (unsigned i = 0; i < n + 3; i++) {
            uint8_t *table = tables + 0x1000 + i * 64;

            /* an RSDT, no table at all, and one twice do not count */
            memcpy(table, i == 0 ? "RSDT" : "TEST", 4);
            table[4] = 36;
            table[9] = i == 1 ? 1 : -bytes_sum(table, 36);
            st32_le(tables + i * 4, 0x1000 + (i == 2 ? 3 : i) * 64);
            script_add(script, add_pointer(T, T, i * 4, 4));
        }
        rig = rig_new_default(BRIDGE_PC, script->len);
        rig_set(rig, FILE_TABLES, tables, TABLES_LEN);
        rig_set(rig, FILE_SCRIPT, script->data, script->len);
        if (n == 128) {
            g_assert_true(builtin_firmware_run(&rig->memory, &rig->io, NULL,
                                               NULL));
        } else {
            assert_refused(rig, "etc/table-loader entry 132 (ADD_POINTER "
                           "etc/acpi/tables): this points to one table more "
                           "than the 128 that OVMF takes");
            assert_untouched(rig);
        }
        rig_free(rig);
    }
}

/** A script with everything in it. */
static GByteArray *whole_script(void)
{
    GByteArray *script = g_byte_array_new();

    script_add(script, allocate(R, 16, ACPI_ZONE_FSEG));
    script_add(script, allocate("guid", 4096, ACPI_ZONE_HIGH));
    script_add(script, allocate(T, 64, ACPI_ZONE_HIGH));
    script_add(script, write_pointer("addr", "guid", 0, 40, 8));
    script_add(script, add_pointer(T, T, 0x40, 4));
    script_add(script, add_pointer(T, "guid", 0x44, 4));
    script_add(script, add_checksum(T, 9, 0, 0x100));
    script_add(script, add_pointer(R, T, 16, 4));
    script_add(script, add_checksum(R, 8, 0, 20));
    return script;
}

static void test_truncated(void)
{
    g_autoptr(GByteArray) script = whole_script();
    const unsigned step = runs_slowly() ? 32 : 1;

    for (unsigned len = 0; len <= script->len; len += step) {
        Rig *rig = rig_new_default(BRIDGE_PC, len);
        g_autofree char *message = g_strdup_printf(
            "etc/table-loader: %u bytes are not a multiple of 128", len);

        rig_set(rig, FILE_TABLES, "tables", 6);
        rig_set(rig, FILE_RSDP, "RSD PTR ", 8);
        rig_set(rig, FILE_SCRIPT, script->data, len);
        if (len % ACPI_LOADER_ENTRY_LEN) {
            assert_refused(rig, message);
            g_assert_true(is_zero(rig->ram.host, RAM_LEN));
        } else {
            g_assert_true(builtin_firmware_run(&rig->memory, &rig->io, NULL,
                                               NULL));
        }
        rig_free(rig);
    }
}

/* "Resume": R10, R11 */

static void fill(Rig *rig)
{
    for (uint64_t at = 0; at < RAM_LEN; at += 8) {
        st64_le(rig->ram.host + at, at * UINT64_C(0x9e3779b97f4a7c15));
    }
}

/** What a reset of the devices does to the rig. */
static void rig_reset(Rig *rig)
{
    memory_region_set_access(&rig->rom, true, true);
    device_reset((Device *)rig->fw);
    memcpy(rig->addr, "addressofnothing", 16);
    memcpy(rig->addr2, "anotherX", 8);
    g_string_truncate(rig->config_log, 0);
    rig->n_written = 0;
    rig->cmos[0x0f] = 0xfe;
}

static void test_resume(gconstpointer bridge)
{
    uint32_t bridge_id = GPOINTER_TO_UINT(bridge);
    g_autoptr(GByteArray) script = g_byte_array_new();
    g_autofree uint8_t *before = g_malloc(RAM_LEN);
    g_autofree char *log = NULL;
    g_autoptr(GError) error = NULL;
    BuiltinResult result;
    uint64_t tables, guid;
    Rig *rig;

    script_add(script, allocate("guid", 4096, ACPI_ZONE_HIGH));
    script_add(script, allocate(T, 64, ACPI_ZONE_HIGH));
    script_add(script, write_pointer("addr", "guid", 4, 40, 8));
    script_add(script, write_pointer("addr2", T, 1, 5, 4));
    rig = rig_new_default(bridge_id, script->len);
    rig_set(rig, FILE_SCRIPT, script->data, script->len);
    rig->cmos[0x0f] = 0xaa;
    g_assert_true(builtin_firmware_run(&rig->memory, &rig->io, &result,
                                       &error));
    g_assert_cmphex(rig->cmos[0x0f], ==, 0);
    guid = g_array_index(result.blobs, BuiltinBlob, 0).gpa;
    tables = g_array_index(result.blobs, BuiltinBlob, 1).gpa;
    g_assert_cmpuint(g_bytes_get_size(result.write_backs), ==,
                     2 * FIRMWARE_WRITE_BACK_LEN);
    g_assert_true(builtin_check_write_backs(result.write_backs, &error));
    log = g_strdup(rig->config_log->str);

    /* all of memory is the operating system's, and stays so; and that the
     * script is another by now is of no importance */
    fill(rig);
    memcpy(before, rig->ram.host, RAM_LEN);
    rig_set(rig, FILE_SCRIPT, "", 0);
    for (unsigned i = 0; i < 2; i++) {
        rig_reset(rig);
        g_assert_true(builtin_firmware_resume(&rig->memory, &rig->io,
                                              result.write_backs, &error));
        g_assert_no_error(error);
        g_assert_cmpmem(rig->ram.host, RAM_LEN, before, RAM_LEN);
        g_assert_cmpmem(rig->addr, 4, "addr", 4);
        g_assert_cmphex(ld64_le(rig->addr + 4), ==, guid + 40);
        g_assert_cmpmem(rig->addr + 12, 4, "hing", 4);
        g_assert_cmpmem(rig->addr2, 1, "a", 1);
        g_assert_cmphex(ld32_le(rig->addr2 + 1), ==, tables + 5);
        g_assert_cmpmem(rig->addr2 + 5, 3, "erX", 3);
        g_assert_cmpuint(rig->n_written, ==, 2);
        g_assert_cmpstr(rig->config_log->str, ==, log);
        g_assert_cmphex(rig->cmos[0x0f], ==, 0);
    }

    /* nothing to write back */
    rig_reset(rig);
    g_assert_true(builtin_firmware_resume(&rig->memory, &rig->io, NULL,
                                          &error));
    g_assert_cmpstr(rig->config_log->str, ==, log);
    g_assert_cmpmem(rig->ram.host, RAM_LEN, before, RAM_LEN);
    g_assert_cmpuint(rig->n_written, ==, 0);
    builtin_result_clear(&result);
    rig_free(rig);
}

static void record_add(GByteArray *record, const char *file, uint32_t offset,
                       uint32_t width, uint64_t value)
{
    FirmwareWriteBack w = {
        .offset = offset, .width = width, .value = value,
    };

    g_strlcpy(w.file, file, sizeof(w.file));
    firmware_write_back_append(record, &w);
}

/* fw_cfg is not as it was: what can be done is done, the first fault told */
static void test_resume_refused(void)
{
    static const struct {
        const char *file;
        uint32_t offset;
        const char *reason;
    } bad[] = {
        { "nothing", 0, "resume: there is no file nothing" },
        { "ro", 0, "resume: fw_cfg refuses the write to ro" },
        { "empty", 0, "resume: fw_cfg refuses the write to empty" },
        { "addr", 9, "resume: fw_cfg refuses the write to addr" },
        { "addr", 0xfffffff7, "resume: fw_cfg refuses the write to addr" },
    };
    Rig *rig = rig_new_default(BRIDGE_PC, 0);
    g_autofree uint8_t *before = g_malloc(RAM_LEN);

    fill(rig);
    memcpy(before, rig->ram.host, RAM_LEN);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        GByteArray *entries = g_byte_array_new();
        g_autoptr(GBytes) record = NULL;
        g_autoptr(GError) error = NULL;

        record_add(entries, bad[i].file, bad[i].offset, 8, i);
        record_add(entries, "nobody", 0, 1, 1);
        record_add(entries, "addr2", 0, 8, 0x1122334455667788);
        record = g_byte_array_free_to_bytes(entries);
        g_assert_true(builtin_check_write_backs(record, &error));
        rig_reset(rig);
        g_assert_false(builtin_firmware_resume(&rig->memory, &rig->io, record,
                                               &error));
        g_assert_cmpstr(error->message, ==, bad[i].reason);
        g_assert_cmpmem(rig->addr, 16, "addressofnothing", 16);
        g_assert_cmphex(ld64_le(rig->addr2), ==, 0x1122334455667788);
        g_assert_cmpmem(rig->ram.host, RAM_LEN, before, RAM_LEN);
        g_assert_true(g_str_has_suffix(rig->config_log->str, "00.0/59=10 "));
    }
    rig_free(rig);
}

static void test_resume_bad_machine(void)
{
    GByteArray *entries = g_byte_array_new();
    g_autoptr(GBytes) record = NULL;
    g_autoptr(GError) error = NULL;
    Rig *rig = rig_new_bare(BRIDGE_PC);

    record_add(entries, "addr", 0, 8, 1);
    record = g_byte_array_free_to_bytes(entries);
    g_assert_false(builtin_firmware_resume(&rig->memory, &rig->io, record,
                                           &error));
    g_assert_cmpstr(error->message, ==, "fw_cfg: there is none at port 0x510");
    g_assert_true(g_str_has_suffix(rig->config_log->str, "00.0/59=10 "));
    rig_free(rig);
    g_clear_error(&error);

    /* nobody who could open the F-segment */
    rig = rig_new_default(BRIDGE_NONE, 0);
    g_assert_false(builtin_firmware_resume(&rig->memory, &rig->io, record,
                                           &error));
    g_assert_cmpstr(error->message, ==, "fw_cfg: a transfer needs memory, but "
                    "there is no RAM at 0xfe000");
    assert_untouched(rig);
    rig_free(rig);
}

static void assert_bad_record(GByteArray *entries, const char *message)
{
    g_autoptr(GBytes) record = g_bytes_new(entries->data, entries->len);
    g_autoptr(GError) error = NULL;

    g_assert_false(builtin_check_write_backs(record, &error));
    g_assert_cmpstr(error->message, ==, message);
}

/* R12 */
static void test_bad_records(void)
{
    static const struct {
        unsigned at, len;
        uint8_t byte;
        const char *reason;
    } bad[] = {
        { 72 + 2, 1, 0, "entry 1: the file name goes on after its NUL" },
        { 72 + 0, 4, 0, "entry 1: the file name is empty" },
        { 72 + 0, 56, 'x', "entry 1: the file name has no NUL" },
        { 72 + 55, 1, 1, "entry 1: the file name goes on after its NUL" },
        { 72 + 1, 1, 0x1b, "entry 1: the file name has the byte 0x1b, which no "
          "name here has" },
        { 72 + 3, 1, 0xc3, "entry 1: the file name has the byte 0xc3, which no "
          "name here has" },
        { 72 + 56, 4, 0xff, "entry 1: 8 bytes at offset 4294967295 are in no "
          "file" },
        { 72 + 60, 1, 0, "entry 1: a pointer of 0 bytes; only 1, 2, 4 and 8 "
          "are possible" },
        { 72 + 60, 1, 3, "entry 1: a pointer of 3 bytes; only 1, 2, 4 and 8 "
          "are possible" },
        { 72 + 63, 1, 1, "entry 1: a pointer of 16777224 bytes; only 1, 2, 4 "
          "and 8 are possible" },
        { 72 + 60, 1, 4, "entry 1: address 0x8000000000000000 does not fit 4 "
          "bytes" },
        { 72 + 60, 1, 1, "entry 1: address 0x8000000000000000 does not fit 1 "
          "bytes" },
    };
    g_autoptr(GByteArray) good = g_byte_array_new();

    record_add(good, "addr", 0xfffffffe, 1, 0xff);
    record_add(good, "addr", 0xfffffff7, 8, UINT64_C(1) << 63);
    g_assert_cmpuint(good->len, ==, 144);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GByteArray) entries = g_byte_array_new();

        g_byte_array_append(entries, good->data, good->len);
        memset(entries->data + bad[i].at, bad[i].byte, bad[i].len);
        assert_bad_record(entries, bad[i].reason);
    }
    for (unsigned len = 0; len <= good->len; len++) {
        g_autoptr(GBytes) record = g_bytes_new(good->data, len);

        g_assert_true(builtin_check_write_backs(record, NULL) ==
                      (len % 72 == 0));
    }
    g_byte_array_set_size(good, 73);
    assert_bad_record(good, "73 bytes are not a number of whole entries");
    g_byte_array_set_size(good, 257 * 72);
    assert_bad_record(good, "257 entries, more than 256");
}

/* What a script may ask for, a record can hold */
static void test_most_write_backs(void)
{
    for (unsigned n = 256; n <= 257; n++) {
        g_autoptr(GByteArray) script = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        BuiltinResult result;
        Rig *rig;

        script_add(script, allocate(T, 64, ACPI_ZONE_HIGH));
        for (unsigned i = 0; i < n; i++) {
            script_add(script, write_pointer("addr2", T, 0, i, 8));
        }
        rig = rig_new_default(BRIDGE_PC, script->len);
        rig_set(rig, FILE_SCRIPT, script->data, script->len);
        if (n == 257) {
            assert_refused(rig, "etc/table-loader entry 257 (WRITE_POINTER "
                           "addr2): this writes back one address more than "
                           "the 256 that a resume repeats");
            assert_untouched(rig);
        } else {
            uint64_t last;

            g_assert_true(builtin_firmware_run(&rig->memory, &rig->io,
                                               &result, &error));
            g_assert_true(builtin_check_write_backs(result.write_backs,
                                                    &error));
            last = ld64_le(rig->addr2);
            rig_reset(rig);
            g_assert_true(builtin_firmware_resume(&rig->memory, &rig->io,
                                                  result.write_backs,
                                                  &error));
            g_assert_cmphex(ld64_le(rig->addr2), ==, last);
            g_assert_cmpuint(rig->n_written, ==, 256);
            builtin_result_clear(&result);
        }
        rig_free(rig);
    }
}

static void test_random_records(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(4);
    Rig *rig = rig_new_default(BRIDGE_Q35, 0);
    unsigned passed = 0;

    for (size_t i = times_to_run(20000); i; i--) {
        GByteArray *entries = g_byte_array_new();
        g_autoptr(GBytes) record = NULL;
        g_autoptr(GError) error = NULL;
        bool ok;

        record_add(entries, "addr", 4, 8, 0x100000);
        record_add(entries, "addr2", 0, 4, 0x200000);
        for (unsigned k = g_rand_int_range(rand, 0, 3); k; k--) {
            entries->data[g_rand_int_range(rand, 0, entries->len)] =
                g_rand_int(rand);
        }
        record = g_byte_array_free_to_bytes(entries);
        ok = builtin_check_write_backs(record, &error);
        g_assert_true(ok == !error);
        if (ok) {
            builtin_firmware_resume(&rig->memory, &rig->io, record, NULL);
            passed++;
        }
    }
    g_assert_cmpuint(passed, >, times_to_run(20000) / 20);
    g_assert_true(is_zero(rig->ram.host, RAM_LEN));
    rig_free(rig);
}

/* Random scripts */

static void randomize(GRand *rand, uint8_t *raw)
{
    static const char *const names[] = {
        T, R, "guid", "addr", "addr2", "ro", "empty", "nothing", "",
    };
    static const uint32_t numbers[] = {
        0, 1, 2, 4, 8, 16, 20, 36, 64, 128, 4095, 4096, 131071, 131072,
        0x7fffffff, 0x80000000, 0xffffffff,
    };
    unsigned n = g_rand_int_range(rand, 1, 4);

    while (n--) {
        unsigned at = g_rand_int_range(rand, 0, 128);

        switch (g_rand_int_range(rand, 0, 5)) {
        case 0:
            raw[at] = g_rand_int(rand);
            break;
        case 1:
            st32_le(raw, g_rand_int_range(rand, 0, 6));
            break;
        case 2:
            at = g_rand_boolean(rand) ? 4 : 60;
            memset(raw + at, 0, 56);
            g_strlcpy((char *)raw + at,
                      names[g_rand_int_range(rand, 0, G_N_ELEMENTS(names))],
                      56);
            break;
        default:
            st32_le(raw + (at & 0x7c),
                    numbers[g_rand_int_range(rand, 0, G_N_ELEMENTS(numbers))]);
            break;
        }
    }
}

static void test_random(void)
{
    enum { ENTRIES = 12 };
    const size_t rounds = times_to_run(50000);
    g_autoptr(GRand) rand = g_rand_new_with_seed(2);
    g_autoptr(GByteArray) good = whole_script();
    Rig *rig = rig_new_default(BRIDGE_Q35, ENTRIES * ACPI_LOADER_ENTRY_LEN);
    uint8_t script[ENTRIES * ACPI_LOADER_ENTRY_LEN];
    uint8_t tables[0x200];
    unsigned passed = 0, refused = 0;

    rig_set(rig, FILE_GUID, "g", 1);
    for (unsigned i = 0; i < rounds; i++) {
        g_autoptr(GError) error = NULL;
        BuiltinResult result;
        bool check;

        memset(script, 0, sizeof(script));
        memcpy(script, good->data, good->len);
        for (unsigned k = g_rand_int_range(rand, 0, 4); k; k--) {
            randomize(rand, script + g_rand_int_range(rand, 0, ENTRIES) *
                                     ACPI_LOADER_ENTRY_LEN);
        }
        memset(tables, 0, sizeof(tables));
        for (unsigned k = 0; k < 8; k++) {
            tables[g_rand_int_range(rand, 0, sizeof(tables))] =
                g_rand_int(rand);
        }
        rig_set(rig, FILE_TABLES, tables, sizeof(tables));
        rig_set(rig, FILE_RSDP, "RSD PTR ", 8);
        rig_set(rig, FILE_SCRIPT, script, sizeof(script));
        memcpy(rig->addr, "addressofnothing", 16);
        memcpy(rig->addr2, "anotherX", 8);
        rig->n_written = 0;
        g_string_truncate(rig->config_log, 0);
        device_reset((Device *)rig->fw);

        check = builtin_script_check(script, sizeof(script), file_len, NULL,
                                     NULL);
        if (builtin_firmware_run(&rig->memory, &rig->io, &result, &error)) {
            g_assert_no_error(error);
            /* what the pure check refuses does not run */
            g_assert_true(check);
            for (unsigned b = 0; b < result.blobs->len; b++) {
                const BuiltinBlob *blob = &g_array_index(result.blobs,
                                                         BuiltinBlob, b);

                memset(rig->ram.host + blob->gpa, 0, blob->len);
            }
            builtin_result_clear(&result);
            passed++;
        } else {
            g_assert_nonnull(error);
            g_assert_cmpmem(rig->addr, 16, "addressofnothing", 16);
            g_assert_cmpmem(rig->addr2, 8, "anotherX", 8);
            refused++;
        }
        if (i % 1000 == 0) {
            g_assert_true(is_zero(rig->ram.host, RAM_LEN));
        }
    }
    /* both kinds were tried, and enough of them */
    g_assert_cmpuint(passed, >, rounds / 20);
    g_assert_cmpuint(refused, >, rounds / 20);
    g_assert_true(is_zero(rig->ram.host, RAM_LEN));
    rig_free(rig);
}

static void test_random_bytes(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    uint8_t script[8 * ACPI_LOADER_ENTRY_LEN];

    for (size_t i = times_to_run(50000); i; i--) {
        size_t len = g_rand_int_range(rand, 0, sizeof(script));

        for (size_t k = 0; k < len; k++) {
            script[k] = k % 128 < 4 ? (k % 128 ? 0 : g_rand_int(rand) % 6)
                                    : g_rand_int(rand) % 3 ? 0
                                                           : g_rand_int(rand);
        }
        if (g_rand_boolean(rand)) {
            len &= ~127u;
        }
        g_autoptr(GError) error = NULL;
        bool ok = builtin_script_check(script, len, file_len, NULL, &error);

        g_assert_true(ok == !error);
        g_assert_true(!ok || len % 128 == 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/builtin/run/pc", GUINT_TO_POINTER(BRIDGE_PC),
                         test_run);
    g_test_add_data_func("/builtin/run/q35", GUINT_TO_POINTER(BRIDGE_Q35),
                         test_run);
    g_test_add_func("/builtin/chipset", test_chipset);
    g_test_add_func("/builtin/bad-machine", test_bad_machine);
    g_test_add_func("/builtin/no-script", test_no_script);
    g_test_add_func("/builtin/bad-entries", test_bad_entries);
    g_test_add_func("/builtin/bad-names", test_bad_names);
    g_test_add_func("/builtin/read-only", test_read_only);
    g_test_add_func("/builtin/no-room", test_no_room);
    g_test_add_func("/builtin/fseg", test_fseg);
    g_test_add_func("/builtin/unknown-commands", test_unknown_commands);
    g_test_add_func("/builtin/too-many-tables", test_too_many_tables);
    g_test_add_func("/builtin/truncated", test_truncated);
    g_test_add_data_func("/builtin/resume/pc", GUINT_TO_POINTER(BRIDGE_PC),
                         test_resume);
    g_test_add_data_func("/builtin/resume/q35", GUINT_TO_POINTER(BRIDGE_Q35),
                         test_resume);
    g_test_add_func("/builtin/resume/refused", test_resume_refused);
    g_test_add_func("/builtin/resume/bad-machine", test_resume_bad_machine);
    g_test_add_func("/builtin/resume/bad-records", test_bad_records);
    g_test_add_func("/builtin/resume/most-write-backs",
                    test_most_write_backs);
    g_test_add_func("/builtin/resume/random-records", test_random_records);
    g_test_add_func("/builtin/random", test_random);
    g_test_add_func("/builtin/random-bytes", test_random_bytes);
    return g_test_run();
}
