/*
 * ACPI tables as the guest sees them, and the user's tables among them
 *
 * The whole way: -acpitable, the machine's tables, fw_cfg, the built-in
 * firmware, guest memory, query-acpi-tables.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libqtest-fw-cfg.h"
#include "libqtest-pci.h"
#include "util/bytes.h"

static const uint8_t slic[36] = {
    'S', 'L', 'I', 'C', 36, 0, 0, 0, 1, 0x3a, 'A', 'B', 'R', 'A', 'C', 'A',
    'D', 'A', 'B', 'R', 'A', 'X', 'Y', 'Z', 4, 3, 2, 1, 'Q', 'U', 'U', 'X',
    8, 7, 6, 5,
};

/** A file with a table of @len bytes: valid header and checksum, made-up
 *  content. */
static char *make_table(const char *name, const char *signature, size_t len,
                        const char *oem_id, const char *oem_table_id)
{
    g_autofree uint8_t *table = g_malloc0(len);

    for (size_t i = 36; i < len; i++) {
        table[i] = i * 37 + 11;
    }
    memcpy(table, signature, 4);
    st32_le(table + 4, len);
    table[8] = 1;
    memcpy(table + 10, oem_id, 6);
    memcpy(table + 16, oem_table_id, 8);
    st32_le(table + 24, 1);
    memcpy(table + 28, "EXMP", 4);
    st32_le(table + 32, 1);
    table[9] = -bytes_sum(table, len);
    return qtest_temp_file(name, table, len);
}

/** A whole SLIC: key and marker structures with made-up content. */
static char *make_full_slic(const char *name)
{
    g_autofree char *path = make_table(name, "SLIC", 374, "EXMPL1",
                                       "EXMPLTBL");
    g_autofree char *content = NULL;
    uint8_t *table;
    gsize len;

    g_assert_true(g_file_get_contents(path, &content, &len, NULL));
    table = (uint8_t *)content;
    st32_le(table + 36, 0);
    st32_le(table + 40, 156);
    st32_le(table + 36 + 156, 1);
    st32_le(table + 36 + 160, 182);
    table[9] = 0;
    table[9] = -bytes_sum(table, len);
    return qtest_temp_file(name, content, len);
}

/* Looking at the tables */

static json_object *query(Qtest *qts)
{
    return qtest_qmp_return(qts, "{'execute': 'query-acpi-tables'}");
}

/** The @n-th table of that signature; NULL if there is none. */
static json_object *find_nth(json_object *tables, const char *signature,
                             unsigned n)
{
    for (size_t i = 0; i < json_object_array_length(tables); i++) {
        json_object *table = json_object_array_get_idx(tables, i);

        if (strcmp(qtest_json_string(table, "signature"), signature) == 0 &&
            n-- == 0) {
            return table;
        }
    }
    return NULL;
}

static json_object *find(json_object *tables, const char *signature)
{
    json_object *table = find_nth(tables, signature, 0);

    if (!table) {
        g_error("no %s in %s", signature, json_object_to_json_string(tables));
    }
    return table;
}

/** A text member has one code point a byte, NULs included. */
static void assert_text(json_object *table, const char *member,
                        const char *bytes, size_t len)
{
    json_object *value = qtest_json_get(table, member);
    g_autoptr(GString) expected = g_string_new(NULL);

    for (size_t i = 0; i < len; i++) {
        uint8_t byte = bytes[i];

        if (byte < 0x80) {
            g_string_append_c(expected, byte);
        } else {
            g_string_append_unichar(expected, byte);
        }
    }
    g_assert_cmpmem(json_object_get_string(value),
                    json_object_get_string_len(value), expected->str,
                    expected->len);
}

/** The bytes of the table; in JSON each is the code point of that number. */
static void assert_identity(json_object *table, const char *oem_id,
                            const char *oem_table_id)
{
    assert_text(table, "oem-id", oem_id, 6);
    assert_text(table, "oem-table-id", oem_table_id, 8);
}

static void assert_origins(json_object *tables, size_t n_user)
{
    for (size_t i = 0; i < json_object_array_length(tables); i++) {
        json_object *table = json_object_array_get_idx(tables, i);
        const char *origin = qtest_json_string(table, "origin");

        g_assert_true(qtest_json_bool(table, "checksum-ok"));
        if (strcmp(origin, "user") == 0) {
            g_assert_cmpuint(n_user--, >, 0);
        } else {
            g_assert_cmpstr(origin, ==, "generated");
        }
    }
    g_assert_cmpuint(n_user, ==, 0);
}

/** RSDT and FADT carry the one identity, all other own tables the other. */
static void assert_identities(Qtest *qts, const char *id, const char *table_id,
                              const char *general, const char *general_table)
{
    json_object *tables = query(qts);

    for (size_t i = 0; i < json_object_array_length(tables); i++) {
        json_object *table = json_object_array_get_idx(tables, i);
        const char *signature = qtest_json_string(table, "signature");

        if (strcmp(qtest_json_string(table, "origin"), "generated") != 0 ||
            strcmp(signature, "FACS") == 0) {
            continue;
        }
        if (strcmp(signature, "RSDT") == 0 || strcmp(signature, "XSDT") == 0 ||
            strcmp(signature, "FACP") == 0) {
            assert_identity(table, id, table_id);
        } else {
            assert_identity(table, general, general_table);
        }
        g_assert_cmpint(qtest_json_int(table, "oem-revision"), ==, 1);
        assert_text(table, "creator-id", "FMNT", 4);
    }
    json_object_put(tables);
}

static GBytes *read_table(Qtest *qts, json_object *table)
{
    uint32_t len = qtest_json_int(table, "length");
    uint8_t *bytes = g_malloc(len);

    qtest_memread(qts, qtest_json_int(table, "address"), bytes, len);
    return g_bytes_new_take(bytes, len);
}

#define FIRM "FIRMNT", "FIRMAMNT"

/* Layout */

/** The walk's order, lengths, revisions and members. */
static void test_list(gconstpointer machine)
{
    static const struct {
        const char *signature;
        unsigned len;               /* 0: any */
        unsigned revision;
        bool only_q35;
    } expected[] = {
        { "RSDT", 0, 1, false }, { "FACP", 244, 3, false },
        { "FACS", 64, 0, false }, { "DSDT", 0, 1, false },
        { "APIC", 0, 1, false }, { "HPET", 56, 1, false },
        { "MCFG", 60, 1, true }, { "WAET", 40, 1, false },
    };
    bool q35 = strcmp(machine, "q35") == 0;
    Qtest *qts = qtest_start_qmp("-nodefaults -machine %s",
                                 (const char *)machine);
    json_object *tables = query(qts);
    size_t n = 0;

    g_test_message("%s", json_object_to_json_string(tables));
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        json_object *table;

        if (expected[i].only_q35 && !q35) {
            continue;
        }
        table = json_object_array_get_idx(tables, n++);
        g_assert_cmpstr(qtest_json_string(table, "signature"), ==,
                        expected[i].signature);
        if (expected[i].len) {
            g_assert_cmpint(qtest_json_int(table, "length"), ==,
                            expected[i].len);
        }
        g_assert_cmpint(qtest_json_int(table, "address"), >, 0);
        if (strcmp(expected[i].signature, "FACS") == 0) {
            g_assert_false(qtest_json_has(table, "revision"));
            g_assert_false(qtest_json_has(table, "oem-id"));
            g_assert_false(qtest_json_has(table, "oem-table-id"));
            g_assert_false(qtest_json_has(table, "oem-revision"));
            g_assert_false(qtest_json_has(table, "creator-id"));
            g_assert_false(qtest_json_has(table, "creator-revision"));
        } else {
            g_assert_cmpint(qtest_json_int(table, "revision"), ==,
                            expected[i].revision);
            g_assert_cmpint(qtest_json_int(table, "creator-revision"), ==, 1);
        }
    }
    g_assert_cmpuint(json_object_array_length(tables), ==, n);
    assert_origins(tables, 0);
    json_object_put(tables);
    assert_identities(qts, FIRM, FIRM);
    qtest_quit(qts);
}

/** From the RSDP in the F-segment on, with nothing but memory reads. */
static void test_memory(gconstpointer machine)
{
    g_autofree char *path = qtest_temp_file("slic", slic, sizeof(slic));
    Qtest *qts = qtest_start("-nodefaults -machine %s,firmware=builtin "
                             "-acpitable file=%s", (const char *)machine,
                             path);
    g_autofree uint8_t *segment = g_malloc(0x10000);
    const uint8_t *rsdp = NULL;
    uint8_t header[36];
    json_object *tables = query(qts);
    g_autoptr(GBytes) facp = read_table(qts, find(tables, "FACP"));
    const uint8_t *fadt = g_bytes_get_data(facp, NULL);
    uint32_t rsdt, rsdt_len;

    qtest_memread(qts, 0xf0000, segment, 0x10000);
    for (unsigned i = 0; i < 0x10000 && !rsdp; i += 16) {
        if (memcmp(segment + i, "RSD PTR ", 8) == 0 &&
            bytes_sum(segment + i, 20) == 0) {
            rsdp = segment + i;
        }
    }
    g_assert_nonnull(rsdp);
    g_assert_cmpmem(rsdp + 9, 6, "FIRMNT", 6);
    g_assert_cmpuint(rsdp[15], ==, 0);
    rsdt = ld32_le(rsdp + 16);
    g_assert_cmphex(rsdt, ==, qtest_json_int(find(tables, "RSDT"), "address"));
    qtest_memread(qts, rsdt, header, 36);
    g_assert_cmpmem(header, 4, "RSDT", 4);
    g_assert_cmpmem(header + 10, 14, slic + 10, 14);
    g_assert_cmpmem(fadt + 10, 14, slic + 10, 14);
    rsdt_len = ld32_le(header + 4);
    /* The last entry is the SLIC, as it is in the file */
    qtest_memread(qts, qtest_readl(qts, rsdt + rsdt_len - 4), header, 36);
    g_assert_cmpmem(header, 36, slic, 36);

    /* The FADT names the blocks that the firmware has placed */
    g_assert_cmphex(ld32_le(fadt + 36), ==,
                    qtest_json_int(find(tables, "FACS"), "address"));
    g_assert_cmphex(ld32_le(fadt + 40), ==,
                    qtest_json_int(find(tables, "DSDT"), "address"));
    g_assert_cmphex(ld32_le(fadt + 56), !=, 0);
    g_assert_cmphex(ld32_le(fadt + 64), ==, ld32_le(fadt + 56) + 4);
    g_assert_cmphex(ld32_le(fadt + 76), ==, ld32_le(fadt + 56) + 8);
    g_assert_cmphex(qtest_inw(qts, ld32_le(fadt + 64)), !=, 0xffff);
    g_assert_cmphex(ld32_le(fadt + 48), ==, 0xb2);
    g_assert_cmphex(ld64_le(fadt + 140), ==, ld32_le(fadt + 40));
    if (strcmp(machine, "q35") == 0) {
        g_assert_cmphex(ld32_le(fadt + 80), ==, ld32_le(fadt + 56) + 0x20);
        g_assert_cmphex(qtest_readl(qts, 0xb0000000), ==, 0x29c08086);
    } else {
        g_assert_cmphex(ld32_le(fadt + 80), ==, 0xafe0);
    }
    /* FACS: 64-byte aligned, its length, nothing else */
    g_assert_cmphex(ld32_le(fadt + 36) % 64, ==, 0);
    json_object_put(tables);
    qtest_quit(qts);
}

/** MADT and MCFG say what the machine has. */
static void test_content(gconstpointer machine)
{
    Qtest *qts = qtest_start("-nodefaults -machine %s,firmware=builtin "
                             "-smp 3", (const char *)machine);
    json_object *tables = query(qts);
    g_autoptr(GBytes) apic = read_table(qts, find(tables, "APIC"));
    const uint8_t *madt = g_bytes_get_data(apic, NULL);
    size_t len = g_bytes_get_size(apic), n_cpus = 0, n_ioapics = 0;

    g_assert_cmphex(ld32_le(madt + 36), ==, 0xfee00000);
    for (size_t i = 44; i < len; i += madt[i + 1]) {
        g_assert_cmpuint(madt[i + 1], >=, 2);
        g_assert_cmpuint(i + madt[i + 1], <=, len);
        if (madt[i] == 0) {
            g_assert_cmpuint(madt[i + 3], ==, n_cpus);
            g_assert_cmphex(ld32_le(madt + i + 4), ==, 1);
            n_cpus++;
        } else if (madt[i] == 1) {
            g_assert_cmphex(ld32_le(madt + i + 4), ==, 0xfec00000);
            n_ioapics++;
        }
    }
    g_assert_cmpuint(n_cpus, ==, 3);
    g_assert_cmpuint(n_ioapics, ==, 1);
    if (strcmp(machine, "q35") == 0) {
        g_autoptr(GBytes) file = read_table(qts, find(tables, "MCFG"));
        const uint8_t *mcfg = g_bytes_get_data(file, NULL);

        g_assert_cmphex(ld64_le(mcfg + 44), ==, 0xb0000000);
        g_assert_cmphex(ld16_le(mcfg + 52), ==, 0);
        g_assert_cmpuint(mcfg[54], ==, 0);
        g_assert_cmpuint(mcfg[55], ==, 255);
    } else {
        g_assert_null(find_nth(tables, "MCFG", 0));
    }
    json_object_put(tables);
    qtest_quit(qts);

    qts = qtest_start_qmp("-nodefaults -machine %s,hpet=off",
                          (const char *)machine);
    tables = query(qts);
    g_assert_null(find_nth(tables, "HPET", 0));
    json_object_put(tables);
    qtest_quit(qts);
}

/* Who plays */

/** With a qtest client the machine stays as it was reset, unless asked. */
static void test_firmware(gconstpointer machine)
{
    Qtest *qts = qtest_start("-nodefaults -machine %s",
                             (const char *)machine);
    json_object *tables;

    qtest_qmp_error(qts, "GenericError", "*RSDP*",
                    "{'execute': 'query-acpi-tables'}");
    qtest_quit(qts);
    qts = qtest_start_qmp("-nodefaults -machine %s,firmware=image",
                          (const char *)machine);
    qtest_qmp_error(qts, "GenericError", "*RSDP*",
                    "{'execute': 'query-acpi-tables'}");
    qtest_quit(qts);
    qts = qtest_start_qmp("-nodefaults -machine %s,firmware=builtin -S",
                          (const char *)machine);
    tables = query(qts);
    g_assert_cmpuint(json_object_array_length(tables), >, 5);
    json_object_put(tables);
    qtest_quit(qts);
}

/** After a reset it plays its part again, with the same outcome. */
static void test_reset(gconstpointer machine)
{
    g_autofree char *path = make_full_slic("slic374");
    Qtest *qts = qtest_start("-nodefaults -machine %s,firmware=builtin "
                             "-acpitable file=%s", (const char *)machine,
                             path);
    json_object *before = query(qts), *after;
    uint64_t rsdt = qtest_json_int(find(before, "RSDT"), "address");

    /* The guest spoils a table: it is no longer the machine's */
    qtest_writel(qts, rsdt + 36, 0);
    after = query(qts);
    g_assert_false(qtest_json_bool(find(after, "RSDT"), "checksum-ok"));
    json_object_put(after);
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    json_object_put(qtest_qmp_event_wait(qts, "RESET"));
    after = query(qts);
    g_assert_true(json_object_equal(before, after));
    json_object_put(before);
    json_object_put(after);
    qtest_quit(qts);
}

/** A table that the guest has put there itself. */
static void test_unknown_origin(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35,firmware=builtin");
    json_object *tables = query(qts);
    uint64_t waet = qtest_json_int(find(tables, "WAET"), "address");
    uint8_t bytes[40];

    json_object_put(tables);
    qtest_memread(qts, waet, bytes, 40);
    memcpy(bytes, "TEST", 4);
    bytes[9] = 0;
    bytes[9] = -bytes_sum(bytes, 40);
    qtest_memwrite(qts, waet, bytes, 40);
    tables = query(qts);
    g_assert_null(find_nth(tables, "WAET", 0));
    g_assert_cmpstr(qtest_json_string(find(tables, "TEST"), "origin"), ==,
                    "unknown");
    g_assert_true(qtest_json_bool(find(tables, "TEST"), "checksum-ok"));
    json_object_put(tables);
    qtest_quit(qts);
}

/** fw_cfg's files are made when first selected, from the chipset as it is. */
static void test_lazy(gconstpointer machine)
{
    bool q35 = strcmp(machine, "q35") == 0;
    uint8_t pm = q35 ? QPCI_DEVFN(31, 0) : QPCI_DEVFN(1, 3);
    Qtest *qts = qtest_start("-nodefaults -machine %s",
                             (const char *)machine);

    for (unsigned round = 0; round < 2; round++) {
        g_autoptr(GBytes) file = NULL;
        g_autoptr(GBytes) again = NULL;
        const uint8_t *blob, *fadt = NULL;
        gsize len;

        if (round) {
            qpci_writel(qts, pm, 0x40, 0x601);
            qpci_writeb(qts, pm, q35 ? 0x44 : 0x80, q35 ? 0x80 : 0x01);
            if (q35) {
                qpci_writel(qts, 0, 0x60, 0xb0000001);
            }
        }
        file = qfw_read_file(qts, "etc/acpi/tables");
        blob = g_bytes_get_data(file, &len);
        g_assert_cmpuint(len, ==, 131072);
        fadt = memmem(blob, len, "FACP", 4);
        g_assert_nonnull(fadt);
        g_assert_cmphex(ld32_le(fadt + 56), ==, round ? 0x600 : 0);
        g_assert_true(!!memmem(blob, len, "MCFG", 4) == (q35 && round));

        /* Later changes are not seen before the next reset */
        qpci_writel(qts, pm, 0x40, 0x701);
        again = qfw_read_file(qts, "etc/acpi/tables");
        g_assert_true(g_bytes_equal(file, again));
        qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
        json_object_put(qtest_qmp_event_wait(qts, "RESET"));
    }
    qtest_quit(qts);
}

/* The user's own tables */

static void test_slic(gconstpointer machine)
{
    g_autofree char *small = qtest_temp_file("slic", slic, sizeof(slic));
    g_autofree char *full = make_full_slic("slic374");
    Qtest *qts = qtest_start("-nodefaults -machine %s,firmware=builtin "
                             "-acpitable file=%s", (const char *)machine,
                             small);
    json_object *tables = query(qts);
    json_object *table = find(tables, "SLIC");
    g_autoptr(GBytes) bytes = read_table(qts, table);
    uint8_t legacy[40];
    QfwFile file;

    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                    slic, sizeof(slic));
    assert_origins(tables, 1);
    g_assert_cmpstr(qtest_json_string(table, "origin"), ==, "user");
    assert_identity(table, "ABRACA", "DABRAXYZ");
    g_assert_cmpint(qtest_json_int(table, "revision"), ==, 1);
    g_assert_cmpint(qtest_json_int(table, "oem-revision"), ==, 0x01020304);
    assert_text(table, "creator-id", "QUUX", 4);
    g_assert_cmpint(qtest_json_int(table, "creator-revision"), ==,
                    0x05060708);
    json_object_put(tables);
    assert_identities(qts, "ABRACA", "DABRAXYZ", FIRM);
    /* The key of old has it, too: count, length, table */
    qfw_read_key(qts, 0x8000, legacy, 40);
    g_assert_cmpmem(legacy, 4, "\1\0\x24\0", 4);
    g_assert_cmpmem(legacy + 4, 36, slic, 36);
    g_assert_true(qfw_find(qts, "etc/acpi/tables", &file));
    qtest_quit(qts);

    qts = qtest_start_qmp("-nodefaults -machine %s -acpitable "
                          "sig=SLIC,file=%s", (const char *)machine, full);
    tables = query(qts);
    g_assert_cmpint(qtest_json_int(find(tables, "SLIC"), "length"), ==, 374);
    json_object_put(tables);
    assert_identities(qts, "EXMPL1", "EXMPLTBL", FIRM);
    qtest_quit(qts);
}

/** Short identities are padded with NULs, which are kept everywhere. */
static void test_short_ids(gconstpointer machine)
{
    g_autofree char *path = make_table("short-ids", "SLIC", 374,
                                       "AB\0\0\0\0", "XYZ\0\0\0\0\0");
    g_autofree char *holes = make_table("holes", "SLIC", 40, "A\0B\0\0C",
                                        "\0\0X\0\0\0\0Y");
    g_autofree char *body = qtest_temp_file("body", "body", 4);
    Qtest *qts = qtest_start_qmp("-nodefaults -machine %s "
                                 "-acpitable file=%s", (const char *)machine,
                                 path);

    assert_identities(qts, "AB\0\0\0\0", "XYZ\0\0\0\0\0", FIRM);
    qtest_quit(qts);
    qts = qtest_start_qmp("-nodefaults -machine %s -acpitable file=%s",
                          (const char *)machine, holes);
    assert_identities(qts, "A\0B\0\0C", "\0\0X\0\0\0\0Y", FIRM);
    qtest_quit(qts);
    qts = qtest_start_qmp("-nodefaults -machine %s -acpitable sig=SLIC,"
                          "oem_id=Q,oem_table_id=RST,data=%s",
                          (const char *)machine, body);
    assert_identities(qts, "Q\0\0\0\0\0", "RST\0\0\0\0\0", FIRM);
    qtest_quit(qts);
    /* bytes above 0x7f are one code point each */
    g_autofree char *high = make_table("high", "SLIC", 40, "\xc3\xa4" "bcde",
                                       "\xff\xfe" "ghijkl");
    qts = qtest_start_qmp("-nodefaults -machine %s -acpitable file=%s",
                          (const char *)machine, high);
    assert_identities(qts, "\xc3\xa4" "bcde", "\xff\xfe" "ghijkl", FIRM);
    qtest_quit(qts);
}

static void test_oem_source(gconstpointer data)
{
    const char *machine = data;
    g_autofree char *path = qtest_temp_file("slic", slic, sizeof(slic));
    g_autofree char *same = make_table("same", "MSDM", 85, "ABRACA",
                                       "DABRAXYZ");
    g_autofree char *msdm = make_table("msdm", "MSDM", 85, "MSDMOE",
                                       "MSDMTABL");
    g_autofree char *other = make_table("other", "SLIC", 374, "OTHER1",
                                        "OTHERTBL");
    Qtest *qts = qtest_start_qmp("-nodefaults -machine %s,oem-source=msdm "
                                 "-acpitable file=%s", machine, msdm);

    assert_identities(qts, "MSDMOE", "MSDMTABL", FIRM);
    qtest_quit(qts);
    /* An MSDM is no SLIC, and none is none */
    qts = qtest_start_qmp("-nodefaults -machine %s -acpitable file=%s",
                          machine, msdm);
    assert_identities(qts, FIRM, FIRM);
    qtest_quit(qts);
    qts = qtest_start_qmp("-nodefaults -machine %s,oem-source=none "
                          "-acpitable file=%s", machine, path);
    assert_identities(qts, FIRM, FIRM);
    qtest_quit(qts);
    qts = qtest_start_qmp("-nodefaults -machine %s,oem-source=msdm "
                          "-acpitable file=%s", machine, path);
    qtest_expect_warning(qts, "warning: -machine oem-source=msdm: there is "
                         "no such table*");
    assert_identities(qts, FIRM, FIRM);
    qtest_quit(qts);

    /* Two that agree, and two that do not */
    qts = qtest_start_qmp("-nodefaults -machine %s -acpitable file=%s "
                          "-acpitable file=%s", machine, path, same);
    assert_identities(qts, "ABRACA", "DABRAXYZ", FIRM);
    qtest_quit(qts);
    qts = qtest_start_qmp("-nodefaults -machine %s -acpitable file=%s "
                          "-acpitable file=%s", machine, msdm, path);
    qtest_expect_warning(qts, "warning: *SLIC*");
    assert_identities(qts, "ABRACA", "DABRAXYZ", FIRM);
    qtest_quit(qts);
    qts = qtest_start_qmp("-nodefaults -machine %s,oem-source=msdm "
                          "-acpitable file=%s -acpitable file=%s", machine,
                          path, msdm);
    qtest_expect_warning(qts, "warning: *MSDM*");
    assert_identities(qts, "MSDMOE", "MSDMTABL", FIRM);
    qtest_quit(qts);
    qts = qtest_start_qmp("-nodefaults -machine %s -acpitable file=%s "
                          "-acpitable file=%s", machine, other, path);
    qtest_expect_warning(qts, "warning: *SLIC*");
    assert_identities(qts, "OTHER1", "OTHERTBL", FIRM);
    qtest_quit(qts);
}

static void test_oem_properties(gconstpointer data)
{
    const char *machine = data;
    g_autofree char *path = qtest_temp_file("slic", slic, sizeof(slic));
    Qtest *qts = qtest_start("-nodefaults -machine %s,firmware=builtin,"
                             "x-oem-id=AB,x-oem-table-id=CDE", machine);
    g_autoptr(GBytes) rsdp = qfw_read_file(qts, "etc/acpi/rsdp");
    g_autofree char *warnings = NULL;

    /* Properties are filled up with NULs (docs/specs/acpitable.rst) */
    assert_identities(qts, "AB\0\0\0\0", "CDE\0\0\0\0\0", "AB\0\0\0\0",
                      "CDE\0\0\0\0\0");
    g_assert_cmpmem((const char *)g_bytes_get_data(rsdp, NULL) + 9, 6,
                    "AB\0\0\0\0", 6);
    qtest_quit(qts);
    /* The table wins over the properties, with a warning */
    qts = qtest_start_qmp("-nodefaults -machine %s,x-oem-id=OTHERS,"
                          "x-oem-table-id=OTHERTBL -acpitable file=%s",
                          machine, path);
    warnings = qtest_take_stderr(qts);
    g_assert_true(g_pattern_match_simple("warning: *x-oem-id: *ABRACA*\n"
                                         "warning: *x-oem-table-id: "
                                         "*DABRAXYZ*\n", warnings));
    assert_identities(qts, "ABRACA", "DABRAXYZ", "OTHERS", "OTHERTBL");
    qtest_quit(qts);
    qts = qtest_start_qmp("-nodefaults -machine %s,oem-source=none,"
                          "x-oem-id=OTHERS -acpitable file=%s", machine,
                          path);
    assert_identities(qts, "OTHERS", "FIRMAMNT", "OTHERS", "FIRMAMNT");
    qtest_quit(qts);
}

/** Overrides of the header's fields, and the defaults where one is made. */
static void test_headers(gconstpointer machine)
{
    g_autofree char *path = qtest_temp_file("slic", slic, sizeof(slic));
    g_autofree char *body = qtest_temp_file("body", "0123456789", 10);
    Qtest *qts = qtest_start_qmp(
        "-nodefaults -machine %s -acpitable sig=TEST,rev=7,oem_id=LIBVRT,"
        "oem_table_id=TABLE,oem_rev=0x11223344,asl_compiler_id=CC,"
        "asl_compiler_rev=99,file=%s -acpitable sig=BODY,data=%s",
        (const char *)machine, path, body);
    json_object *tables = query(qts);
    json_object *table = find(tables, "TEST");

    assert_origins(tables, 2);
    assert_identity(table, "LIBVRT", "TABLE\0\0\0");
    g_assert_cmpint(qtest_json_int(table, "length"), ==, 36);
    g_assert_cmpint(qtest_json_int(table, "revision"), ==, 7);
    g_assert_cmpint(qtest_json_int(table, "oem-revision"), ==, 0x11223344);
    assert_text(table, "creator-id", "CC\0\0", 4);
    g_assert_cmpint(qtest_json_int(table, "creator-revision"), ==, 99);
    table = find(tables, "BODY");
    assert_identity(table, "QEMUQE", "QEMUQEMU");
    g_assert_cmpint(qtest_json_int(table, "length"), ==, 46);
    g_assert_cmpint(qtest_json_int(table, "revision"), ==, 1);
    g_assert_cmpint(qtest_json_int(table, "oem-revision"), ==, 1);
    assert_text(table, "creator-id", "QEMU", 4);
    g_assert_cmpint(qtest_json_int(table, "creator-revision"), ==, 1);
    json_object_put(tables);
    qtest_quit(qts);

    /* A SLIC without its own identity still gives what it has */
    qts = qtest_start_qmp("-nodefaults -machine %s -acpitable sig=SLIC,"
                          "data=%s", (const char *)machine, body);
    assert_identities(qts, "QEMUQE", "QEMUQEMU", FIRM);
    qtest_quit(qts);
    qts = qtest_start_qmp("-nodefaults -machine %s -acpitable file=%s,"
                          "oem_id=LIBVRT", (const char *)machine, path);
    assert_identities(qts, "LIBVRT", "DABRAXYZ", FIRM);
    qtest_quit(qts);
}

/** Several tables stay in the order of the command line. */
static void test_order(void)
{
    g_autofree char *body = qtest_temp_file("body", "x", 1);
    g_autoptr(GString) options = g_string_new("-nodefaults -machine q35");
    json_object *tables;
    size_t n;
    Qtest *qts;

    for (unsigned i = 0; i < 20; i++) {
        g_string_append_printf(options, " -acpitable sig=SSDT,oem_rev=%u,"
                               "data=%s", i, body);
    }
    qts = qtest_start_qmp("%s", options->str);
    tables = query(qts);
    n = json_object_array_length(tables);
    g_assert_cmpuint(n, ==, 8 + 20);
    for (unsigned i = 0; i < 20; i++) {
        json_object *table = json_object_array_get_idx(tables, 8 + i);

        g_assert_cmpint(qtest_json_int(table, "oem-revision"), ==, i);
    }
    assert_origins(tables, 20);
    json_object_put(tables);
    qtest_quit(qts);
}

/** The blob of tables grows in steps of 128 KiB. */
static void test_growth(gconstpointer machine)
{
    g_autofree char *path = make_table("large", "LRGE", 65535, "ABCDEF",
                                       "GHIJKLMN");
    g_autoptr(GString) tables = g_string_new(NULL);
    unsigned n_given = 0;

    for (unsigned n = 1; n <= 29; n += 4) {
        Qtest *qts;
        json_object *list;
        QfwFile file;

        for (; n_given < n; n_given++) {
            g_string_append_printf(tables, " -acpitable file=%s", path);
        }
        qts = qtest_start("-nodefaults -machine %s,firmware=builtin%s",
                          (const char *)machine, tables->str);
        g_assert_true(qfw_find(qts, "etc/acpi/tables", &file));
        g_assert_cmpuint(file.len % 131072, ==, 0);
        g_assert_cmpuint(file.len, >, n * 65535);
        list = query(qts);
        g_assert_nonnull(find_nth(list, "LRGE", n - 1));
        g_assert_null(find_nth(list, "LRGE", n));
        json_object_put(list);
        qtest_quit(qts);
    }
}

/* Where tables come from */

static void assert_slic_from(const char *argument)
{
    Qtest *qts = qtest_start_qmp("-nodefaults -machine q35 "
                                 "-acpitable %s", argument);

    assert_identities(qts, "ABRACA", "DABRAXYZ", FIRM);
    qtest_quit(qts);
}

/** Colon-separated files are one table. */
static void test_pieces(void)
{
    g_autofree char *a = qtest_temp_file("piece-a", slic, 11);
    g_autofree char *b = qtest_temp_file("piece-b", slic + 11, 20);
    g_autofree char *c = qtest_temp_file("piece-c", slic + 31, 5);
    g_autofree char *file = g_strdup_printf("file=%s:%s:%s", a, b, c);
    g_autofree char *json = g_strdup_printf("'{\"file\": \"%s:%s:%s\"}'", a,
                                            b, c);

    assert_slic_from(file);
    assert_slic_from(json);
}

static gpointer feed_pipe(gpointer path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    /* In pieces, as slow programs write */
    for (unsigned i = 0; i < sizeof(slic); i += 9) {
        g_assert_cmpint(write(fd, slic + i, 9), ==, 9);
        g_usleep(2000);
    }
    close(fd);
    return NULL;
}

static void test_pipe(void)
{
    g_autofree char *path = qtest_temp_path("fifo");
    g_autofree char *argument = g_strdup_printf("file=%s", path);
    GThread *thread;

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    thread = g_thread_new("feeder", feed_pipe, path);
    assert_slic_from(argument);
    g_thread_join(thread);
}

/** A descriptor that the parent hands over. */
static void test_descriptor(void)
{
    g_autofree char *path = qtest_temp_file("slic", slic, sizeof(slic));
    g_autofree char *argument = NULL;
    int fd = open(path, O_RDONLY);      /* inherited: not close-on-exec */

    argument = g_strdup_printf("file=/dev/fd/%d", fd);
    assert_slic_from(argument);
    close(fd);
}

int main(int argc, char **argv)
{
    static const char *const machines[] = { "pc", "q35" };
    static const struct {
        const char *name;
        GTestDataFunc run;
    } each[] = {
        { "list", test_list }, { "memory", test_memory },
        { "content", test_content }, { "firmware", test_firmware },
        { "reset", test_reset }, { "lazy", test_lazy },
        { "slic", test_slic }, { "short-ids", test_short_ids },
        { "oem-source", test_oem_source },
        { "oem-properties", test_oem_properties },
        { "headers", test_headers }, { "growth", test_growth },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned m = 0; m < G_N_ELEMENTS(machines); m++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(each); i++) {
            g_autofree char *path = g_strdup_printf("/acpi-tables/%s/%s",
                                                    machines[m], each[i].name);

            g_test_add_data_func(path, machines[m], each[i].run);
        }
    }
    g_test_add_func("/acpi-tables/unknown-origin", test_unknown_origin);
    g_test_add_func("/acpi-tables/order", test_order);
    g_test_add_func("/acpi-tables/pieces", test_pieces);
    g_test_add_func("/acpi-tables/pipe", test_pipe);
    g_test_add_func("/acpi-tables/descriptor", test_descriptor);
    return g_test_run();
}
