/*
 * What is saved of fw_cfg: docs/specs/fw_cfg.rst, "Saving and restoring"; each
 * test names the requirements it is for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "hw/nvram/fw_cfg.h"
#include "migration/state-codec.h"
#include "util/bytes.h"

#include "under-valgrind.h"

#define DIFFERS "*the saved machine's ACPI tables differ from the given ones " \
                "(-acpitable?); they serve until the next reset*"

/** In what a machine differs from the usual one. */
typedef struct Given {
    const char *extra;          /* another file; NULL: none */
    const char *hello;          /* content of one of the user's */
    const char *tables;         /* what is made has this; at most 64 bytes */
    uint32_t tables_len;
    uint8_t reg;                /* a register that is described, too */
} Given;

static const Given usual = { .hello = "Hello", .tables = "usual",
                             .tables_len = 64 };

typedef struct Rig {
    Given given;
    MemoryRegion memory_root, io_root;
    AddressSpace memory, io;
    FwCfg *fw;
    FwCfgProducer producer;
    uint8_t writable[8];
    unsigned n_made, n_served;
} Rig;

static GBytes **rig_make(void *opaque, bool serve)
{
    Rig *rig = opaque;
    GBytes **made = g_new0(GBytes *, 3);
    char *text = g_strdup_printf("%s register %u", rig->given.tables,
                                 rig->given.reg);

    rig->n_made++;
    rig->n_served += serve;
    made[0] = g_bytes_new_take(text, strlen(text));
    made[1] = g_bytes_new_static("script", 6);
    return made;
}

static void add_text(Rig *rig, const char *name, const char *content)
{
    g_autoptr(GBytes) bytes = g_bytes_new(content, strlen(content));

    fw_cfg_add_file(rig->fw, name, bytes);
}

static Rig *rig_new(const Given *given)
{
    Rig *rig = g_new0(Rig, 1);
    g_autoptr(GBytes) legacy = g_bytes_new(given->tables,
                                           strlen(given->tables));

    rig->given = *given;
    memory_region_init(&rig->memory_root, "memory", UINT64_C(1) << 52);
    memory_region_init(&rig->io_root, "io", 0x10000);
    address_space_init(&rig->memory, "memory", &rig->memory_root);
    address_space_init(&rig->io, "io", &rig->io_root);
    rig->fw = (FwCfg *)object_new(&fw_cfg_type, NULL, NULL);
    fw_cfg_wire(rig->fw, &rig->memory, &rig->io_root);

    rig->producer = (FwCfgProducer){ rig_make, rig };
    fw_cfg_add_made_file(rig->fw, "etc/tables", given->tables_len,
                         &rig->producer);
    fw_cfg_add_made_file(rig->fw, "etc/script", 16, &rig->producer);
    fw_cfg_add_writable_file(rig->fw, "etc/w", rig->writable,
                             sizeof(rig->writable), NULL, NULL);
    add_text(rig, "opt/hello", given->hello);
    if (given->extra) {
        add_text(rig, given->extra, "extra");
    }
    fw_cfg_add_key_int(rig->fw, FW_CFG_CPUS, 2, 3);
    fw_cfg_add_key(rig->fw, FW_CFG_ACPI_TABLES, legacy);
    fw_cfg_seal(rig->fw);
    g_assert_true(device_realize((Device *)rig->fw, NULL));
    return rig;
}

static void rig_free(Rig *rig)
{
    object_free((Object *)rig->fw);
    address_space_cleanup(&rig->memory);
    address_space_cleanup(&rig->io);
    memory_region_cleanup(&rig->memory_root);
    memory_region_cleanup(&rig->io_root);
    g_free(rig);
}

static const StateTable *rig_table(const Rig *rig)
{
    return device_class((Device *)rig->fw)->state;
}

static GByteArray *rig_save(Rig *rig)
{
    GByteArray *out = g_byte_array_new();

    state_encode(rig_table(rig), rig->fw, out);
    return out;
}

static bool rig_load(Rig *rig, const GByteArray *saved, GError **error)
{
    if (!state_decode(rig_table(rig), rig->fw, 1, saved->data, saved->len,
                      error) ||
        !state_loaded(rig_table(rig), rig->fw, error)) {
        return false;
    }
    state_restored(rig_table(rig), rig->fw);
    return true;
}

/** @rig becomes what was saved.  Returns what was said about it; free with
 *  g_free(). */
static char *rig_load_heard(Rig *rig, const GByteArray *saved)
{
    g_autoptr(GError) error = NULL;
    char said[4096] = "";
    int fds[2], before = dup(STDERR_FILENO);

    g_assert_cmpint(pipe(fds), ==, 0);
    g_assert_cmpint(dup2(fds[1], STDERR_FILENO), >=, 0);
    close(fds[1]);
    rig_load(rig, saved, &error);
    dup2(before, STDERR_FILENO);
    close(before);
    g_assert_cmpint(read(fds[0], said, sizeof(said) - 1), >=, 0);
    close(fds[0]);
    g_assert_no_error(error);
    return g_strdup(said);
}

static void rig_load_quietly(Rig *rig, const GByteArray *saved)
{
    g_autofree char *said = rig_load_heard(rig, saved);

    g_assert_cmpstr(said, ==, "");
}

/* What a guest does */

static void select_key(Rig *rig, uint16_t key)
{
    address_space_store(&rig->io, FW_CFG_PORT_SELECT, key, 2);
}

static void select_file(Rig *rig, const char *name)
{
    select_key(rig, fw_cfg_find_file(rig->fw, name));
}

static void assert_reads(Rig *rig, const char *expected)
{
    for (size_t i = 0; i <= strlen(expected); i++) {
        g_assert_cmphex(address_space_load(&rig->io, FW_CFG_PORT_DATA, 1), ==,
                        (uint8_t)expected[i]);
    }
}

static void skip(Rig *rig, unsigned n)
{
    while (n--) {
        address_space_load(&rig->io, FW_CFG_PORT_DATA, 1);
    }
}

/** The length that the directory gives for a file. */
static uint32_t listed_len(Rig *rig, const char *name)
{
    uint8_t len[4];

    select_key(rig, FW_CFG_FILE_DIR);
    skip(rig, 4 + 64 * (fw_cfg_find_file(rig->fw, name) - FW_CFG_FILE_FIRST));
    for (unsigned i = 0; i < sizeof(len); i++) {
        len[i] = address_space_load(&rig->io, FW_CFG_PORT_DATA, 1);
    }
    return ld32_be(len);
}

static void assert_same_again(Rig *rig, const GByteArray *saved)
{
    g_autoptr(GByteArray) again = rig_save(rig);

    g_assert_cmpmem(again->data, again->len, saved->data, saved->len);
}

/** Put @with, of the same length, in the place of @what. */
static void replace(GByteArray *bytes, const char *what, const char *with,
                    size_t len)
{
    uint8_t *at = memmem(bytes->data, bytes->len, what, len);

    g_assert_nonnull(at);
    memcpy(at, with, len);
}

/* R19 */
static void test_position(void)
{
    Rig *a = rig_new(&usual), *b = rig_new(&usual);
    g_autoptr(GByteArray) first = NULL, second = NULL;

    select_file(a, "opt/hello");
    skip(a, 2);
    first = rig_save(a);
    rig_load_quietly(b, first);
    assert_same_again(b, first);
    assert_reads(b, "llo");
    /* a key that is not there; half an address */
    select_key(a, 0x3fff);
    address_space_store(&a->io, FW_CFG_PORT_DMA, 0x78563412, 4);
    second = rig_save(a);
    rig_load_quietly(b, second);
    assert_same_again(b, second);
    assert_reads(b, "");
    rig_free(a);
    rig_free(b);
}

/* R22: what firmware was given it keeps, whatever has changed since */
static void test_same_tables(void)
{
    Rig *a = rig_new(&usual), *b = rig_new(&usual);
    g_autoptr(GByteArray) saved = NULL;

    a->given.reg = 1;
    select_file(a, "etc/tables");
    skip(a, 6);
    a->given.reg = b->given.reg = 2;
    saved = rig_save(a);
    g_assert_cmpuint(a->n_served, ==, 1);
    rig_load_quietly(b, saved);
    g_assert_cmpuint(b->n_served, ==, 1);
    assert_reads(b, "register 1");
    select_file(b, "etc/script");
    assert_reads(b, "script");
    g_assert_cmpuint(b->n_served, ==, 1);
    assert_same_again(a, saved);
    device_reset((Device *)b->fw);
    select_file(b, "etc/tables");
    assert_reads(b, "usual register 2");
    rig_free(a);
    rig_free(b);
}

/* R23: what was not made yet is made of what the registers are by then */
static void test_not_made(void)
{
    Rig *a = rig_new(&usual), *b = rig_new(&usual);
    g_autoptr(GByteArray) saved = NULL;

    saved = rig_save(a);
    g_assert_cmpuint(a->n_served, ==, 0);
    rig_load_quietly(b, saved);
    assert_same_again(b, saved);
    a->given.reg = b->given.reg = 7;
    select_file(a, "etc/tables");
    assert_reads(a, "usual register 7");
    select_file(b, "etc/tables");
    assert_reads(b, "usual register 7");
    rig_free(a);
    rig_free(b);
}

static const Given other = { .hello = "Hello", .tables = "an other one",
                             .tables_len = 128 };

/* R22, R23: the saved ones serve until the next reset, and longer machines */
static void test_other_tables(void)
{
    for (unsigned made = 0; made < 2; made++) {
        Rig *a = rig_new(&usual), *b = rig_new(&other), *c = rig_new(&usual);
        g_autoptr(GByteArray) saved = NULL, on = NULL;
        g_autofree char *said = NULL;

        if (made) {
            select_file(a, "etc/tables");
            skip(a, 6);
        }
        saved = rig_save(a);
        said = rig_load_heard(b, saved);
        g_assert_true(g_pattern_match_simple("warning: " DIFFERS, said));
        assert_same_again(b, saved);
        b->given.reg = 9;
        if (made) {
            assert_reads(b, "register 0");
        }
        g_assert_cmpuint(listed_len(b, "etc/tables"), ==, 64);
        select_file(b, "etc/tables");
        assert_reads(b, "usual register 0");
        select_file(b, "etc/script");
        assert_reads(b, "script");
        select_key(b, FW_CFG_ACPI_TABLES);
        assert_reads(b, "usual");

        /* back on a machine that makes them itself nothing differs */
        on = rig_save(b);
        rig_load_quietly(c, on);
        select_file(c, "etc/tables");
        assert_reads(c, "usual register 0");

        device_reset((Device *)b->fw);
        g_assert_cmpuint(listed_len(b, "etc/tables"), ==, 128);
        select_file(b, "etc/tables");
        assert_reads(b, "an other one register 9");
        select_key(b, FW_CFG_ACPI_TABLES);
        assert_reads(b, "an other one");
        rig_free(a);
        rig_free(b);
        rig_free(c);
    }
}

/* R22, R23: nothing of what a stream says outlives the next reset; not if its
 * checksum says that it is what this machine has anyway, either */
static void test_false_checksum(void)
{
    Rig *a = rig_new(&usual), *b = rig_new(&usual);
    g_autoptr(GByteArray) saved = rig_save(a);

    replace(saved, "usual", "wrong", 5);        /* the key's come first */
    rig_load_quietly(b, saved);
    select_key(b, FW_CFG_ACPI_TABLES);
    assert_reads(b, "usual");
    device_reset((Device *)b->fw);
    select_key(b, FW_CFG_ACPI_TABLES);
    assert_reads(b, "usual");
    rig_free(a);
    rig_free(b);
}

/* R22: the same tables, in files of other lengths */
static void test_other_lengths(void)
{
    Given longer = usual;
    Rig *a = rig_new(&usual), *b;
    g_autoptr(GByteArray) saved = rig_save(a);
    g_autofree char *said = NULL;

    longer.tables_len = 128;
    b = rig_new(&longer);
    said = rig_load_heard(b, saved);
    g_assert_true(g_pattern_match_simple(DIFFERS, said));
    g_assert_cmpuint(listed_len(b, "etc/tables"), ==, 64);
    rig_free(a);
    rig_free(b);
}

/* A machine that serves saved tables is restored, or freed, as any other */
static void test_twice(void)
{
    Rig *a = rig_new(&usual), *b = rig_new(&other);
    g_autoptr(GByteArray) saved = rig_save(a), own = rig_save(b);
    g_autofree char *said = rig_load_heard(b, saved);
    g_autofree char *again = rig_load_heard(b, saved);

    g_assert_true(g_pattern_match_simple(DIFFERS, said));
    g_assert_true(g_pattern_match_simple(DIFFERS, again));
    rig_load_quietly(b, own);
    g_assert_cmpuint(listed_len(b, "etc/tables"), ==, 128);
    g_free(rig_load_heard(b, saved));
    rig_free(a);
    rig_free(b);
}

/* R21 */
static void test_changed_content(void)
{
    Given given = usual;
    Rig *a = rig_new(&usual), *b;
    g_autoptr(GByteArray) saved = rig_save(a);
    g_autofree char *said = NULL;

    given.hello = "Jello";
    b = rig_new(&given);
    b->writable[0] = 1;             /* its owner's affair */
    said = rig_load_heard(b, saved);
    g_assert_cmpstr(said, ==, "warning: fw_cfg file 'opt/hello' has other "
                    "content than on the saved machine; the guest sees the new "
                    "one\n");
    select_file(b, "opt/hello");
    assert_reads(b, "Jello");
    rig_free(a);
    rig_free(b);
}

/* R20 */
static void test_other_files(void)
{
    static const struct { Given here, saved; const char *message; } rows[] = {
        { { .extra = "opt/x" }, { 0 },
          "*this machine has fw_cfg file 'opt/x', the saved one had not" },
        { { 0 }, { .extra = "opt/x" },
          "*the saved machine had fw_cfg file 'opt/x', this one has not" },
        { { .extra = "a" }, { .extra = "opt/x" },
          "*this machine has fw_cfg file 'a', the saved one had not" },
        { { .extra = "opt/y" }, { .extra = "opt/x" },
          "*the saved machine had fw_cfg file 'opt/x', this one has not" },
        { { .hello = "Hello!" }, { 0 },
          "*fw_cfg file 'opt/hello' has 6 bytes, on the saved machine it had "
          "5" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Given here = usual, there = usual;
        g_autoptr(GByteArray) saved = NULL;
        g_autoptr(GError) error = NULL;
        Rig *a, *b;

        here.extra = rows[i].here.extra;
        here.hello = rows[i].here.hello ? rows[i].here.hello : usual.hello;
        there.extra = rows[i].saved.extra;
        a = rig_new(&there);
        b = rig_new(&here);
        saved = rig_save(a);
        g_assert_false(rig_load(b, saved, &error));
        if (!g_pattern_match_simple(rows[i].message, error->message)) {
            g_assert_cmpstr(error->message, ==, rows[i].message);
        }
        rig_free(a);
        rig_free(b);
    }
}

/* What comes from anywhere */

static void assert_refused(Rig *rig, const GByteArray *saved,
                           const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(rig_load(rig, saved, &error));
    if (!g_pattern_match_simple(message, error->message)) {
        g_assert_cmpstr(error->message, ==, message);
    }
    device_reset((Device *)rig->fw);
    g_assert_cmpuint(listed_len(rig, "etc/tables"), ==, 64);
}

static void test_refusals(void)
{
    static const struct {
        const char *what, *with;
        size_t len;
        const char *message;
    } rows[] = {
        { "etc/w\1\x08", "etc/w\0\x08", 7,
          "*fw_cfg file 'etc/w' was of kind 0, here it is of kind 1" },
        { "etc/w", "\1\n\"'/", 5,
          "*had fw_cfg file '\\001\\n\\\"'/', this one has not" },
        { "etc/tables\2\x40\0\0\0", "etc/tables\2\x08\0\0\0", 15,
          "*etc/tables' cannot be as it was saved: 16 bytes of 8, made: 1" },
        { "etc/tables\2\x40\0\0\0", "etc/tables\2\x40\0\0\x40", 15,
          "*etc/tables' cannot be as it was saved: 16 bytes of 1073741888, *" },
        { "etc/tables\2\x40\0\0\0\1", "etc/tables\2\x40\0\0\0\2", 16,
          "*etc/tables' cannot be as it was saved: *, made: 2" },
        { "etc/script\2\x10\0\0\0\1", "etc/script\2\x10\0\0\0\0", 16,
          "*'etc/tables' was made and 'etc/script' was not" },
        { "offset\4\1\0\0\0\0", "offset\4\1\0\0\0\x41", 12,
          "offset is 65, the selected item has 64 bytes" },
        { "key\2\1\0\0\0\x21\0", "key\2\1\0\0\0\xff\x3f", 10,
          "offset is 3, the selected item has 0 bytes" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Rig *rig = rig_new(&usual);
        g_autoptr(GByteArray) saved = NULL;

        select_file(rig, "etc/tables");
        if (i == G_N_ELEMENTS(rows) - 1) {
            skip(rig, 3);
        }
        saved = rig_save(rig);
        replace(saved, rows[i].what, rows[i].with, rows[i].len);
        assert_refused(rig, saved, rows[i].message);
        rig_free(rig);
    }
}

/** The items end anywhere, with the member's length to match. */
static void test_truncated(void)
{
    Rig *rig = rig_new(&usual);
    g_autoptr(GByteArray) saved = rig_save(rig);
    const uint8_t *items = memmem(saved->data, saved->len, "\5items", 6);
    size_t head = items - saved->data + 6 + 5;

    for (size_t len = 0; len < saved->len - head; len++) {
        g_autoptr(GByteArray) cut = g_byte_array_new();
        g_autoptr(GError) error = NULL;

        g_byte_array_append(cut, saved->data, head + len);
        st32_le(cut->data + head - 4, len);
        g_assert_false(rig_load(rig, cut, &error));
        g_assert_nonnull(strstr(error->message, "items"));
        device_reset((Device *)rig->fw);
    }
    rig_load_quietly(rig, saved);
    rig_free(rig);
}

static void test_fuzz(void)
{
    uint32_t seed = g_test_rand_int();
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    Rig *rig = rig_new(&usual);
    g_autoptr(GByteArray) saved = NULL;
    int before = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
    unsigned loaded = 0;

    g_test_message("seed 0x%08x", seed);
    select_file(rig, "etc/script");
    saved = rig_save(rig);
    dup2(null, STDERR_FILENO);      /* thousands of warnings */
    for (size_t round = 0; round < times_to_run(10000); round++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();

        g_byte_array_append(bytes, saved->data, saved->len);
        for (unsigned n = g_rand_int_range(rand, 1, 4); n > 0; n--) {
            bytes->data[g_rand_int_range(rand, 0, bytes->len)] =
                g_rand_int(rand);
        }
        if (rig_load(rig, bytes, NULL)) {
            loaded++;
        } else {
            device_reset((Device *)rig->fw);
        }
        for (unsigned i = 0; i < 30; i++) {
            if (g_rand_int_range(rand, 0, 4) == 0) {
                select_key(rig, g_rand_boolean(rand)
                                ? g_rand_int_range(rand, 0x18, 0x26)
                                : FW_CFG_ACPI_TABLES);
            }
            skip(rig, g_rand_int_range(rand, 0, 40));
        }
        if (g_rand_boolean(rand)) {
            device_reset((Device *)rig->fw);
        }
    }
    dup2(before, STDERR_FILENO);
    close(before);
    close(null);
    g_assert_cmpuint(loaded, >, 0);
    device_reset((Device *)rig->fw);
    g_assert_cmpuint(listed_len(rig, "etc/tables"), ==, 64);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fw-cfg-state/position", test_position);
    g_test_add_func("/fw-cfg-state/same-tables", test_same_tables);
    g_test_add_func("/fw-cfg-state/not-made", test_not_made);
    g_test_add_func("/fw-cfg-state/other-tables", test_other_tables);
    g_test_add_func("/fw-cfg-state/other-lengths", test_other_lengths);
    g_test_add_func("/fw-cfg-state/false-checksum", test_false_checksum);
    g_test_add_func("/fw-cfg-state/twice", test_twice);
    g_test_add_func("/fw-cfg-state/changed-content", test_changed_content);
    g_test_add_func("/fw-cfg-state/other-files", test_other_files);
    g_test_add_func("/fw-cfg-state/refusals", test_refusals);
    g_test_add_func("/fw-cfg-state/truncated", test_truncated);
    g_test_add_func("/fw-cfg-state/fuzz", test_fuzz);
    return g_test_run();
}
