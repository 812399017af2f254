/*
 * ACPI tables of a machine that was saved, on one that was given the same table
 * files or others (docs/specs/fw_cfg.rst, R22, R23)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include <unistd.h>

#include "hw/acpi/tables.h"
#include "hw/acpi/walk.h"
#include "hw/i386/pc-machine.h"
#include "machine-world.h"
#include "migration/load.h"
#include "migration/save.h"

#define RAM_SIZE (16 * 1024 * 1024)
#define MOST_FILE_LEN (2 * 1024 * 1024)

/** @with_slic: the user gives a table; @boot: the built-in firmware runs. */
static void world_make(World *w, const char *type_name, bool with_slic,
                       bool boot)
{
    world_build(w, type_name, RAM_SIZE, with_slic);
    if (boot) {
        g_assert_true(machine_reset(w->machine, NULL));
    } else {
        machine_reset_devices(w->machine);
    }
}

static void world_load(World *w, const GByteArray *saved)
{
    StreamReader *reader = stream_reader_new();
    MachineLoader *loader = machine_loader_new(w->machine);
    StreamProgress progress = STREAM_MORE;
    g_autoptr(GError) error = NULL;
    RunState state;

    for (size_t at = 0, len; progress != STREAM_COMPLETE; at += len) {
        StreamSection section;
        uint8_t *to = stream_reader_want(reader, &len);

        memcpy(to, saved->data + at, len);
        progress = stream_reader_got(reader, len, &section, &error);
        if (progress == STREAM_SECTION) {
            machine_loader_section(loader, &section, &error);
        }
        g_assert_no_error(error);
    }
    machine_loader_finish(loader, &state, &error);
    g_assert_no_error(error);
    machine_loader_free(loader);
    stream_reader_free(reader);
}

/** @to, which has not booted, becomes @from.  Returns what was said. */
static char *world_copy(World *from, World *to)
{
    MachineSaver *saver = machine_saver_new(from->machine, RUN_STATE_PAUSED);
    g_autoptr(GByteArray) saved = g_byte_array_new();
    char said[4096] = "";
    int fds[2], before = dup(STDERR_FILENO);

    while (machine_saver_next(saver, saved)) {
    }
    machine_saver_free(saver);
    g_assert_cmpint(pipe(fds), ==, 0);
    g_assert_cmpint(dup2(fds[1], STDERR_FILENO), >=, 0);
    close(fds[1]);
    world_load(to, saved);
    dup2(before, STDERR_FILENO);
    close(before);
    g_assert_cmpint(read(fds[0], said, sizeof(said) - 1), >=, 0);
    close(fds[0]);
    return g_strdup(said);
}

/** A file, as the guest reads it. */
static GByteArray *world_read(World *w, const char *name)
{
    FwCfg *fw = ((PcMachine *)w->machine)->fw_cfg;
    GByteArray *content = g_byte_array_new();
    unsigned zeros = 0;

    address_space_store(&w->machine->io, FW_CFG_PORT_SELECT,
                        fw_cfg_find_file(fw, name), 2);
    while (zeros < 8192 && content->len < MOST_FILE_LEN) {
        uint8_t byte = address_space_load(&w->machine->io, FW_CFG_PORT_DATA,
                                          1);

        zeros = byte ? 0 : zeros + 1;
        g_byte_array_append(content, &byte, 1);
    }
    return content;
}

static void assert_same_files(World *a, World *b)
{
    static const char *const names[] = { ACPI_FILE_RSDP, ACPI_FILE_TABLES,
                                         ACPI_FILE_LOADER };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GByteArray) x = world_read(a, names[i]);
        g_autoptr(GByteArray) y = world_read(b, names[i]);

        g_assert_cmpmem(x->data, x->len, y->data, y->len);
    }
}

/** "FACP g, SLIC u, DSDT ?, ": signature and origin of each table in memory. */
static char *world_origins(World *w)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = acpi_walk(world_peek, &w->machine->memory,
                                           NULL, NULL, &error);
    GString *text = g_string_new(NULL);

    g_assert_no_error(error);
    for (unsigned i = 0; i < found->len; i++) {
        const AcpiFound *table = found->pdata[i];
        AcpiOrigin origin;
        char c = '?';

        if (acpi_walk_origin(table, machine_acpi_blobs(w->machine), &origin)) {
            c = origin == ACPI_ORIGIN_USER ? 'u' : 'g';
        }
        g_string_append_printf(text, "%.4s %c, ", table->signature, c);
    }
    return g_string_free(text, FALSE);
}

/** All is as if it had not been saved. */
static void test_same(gconstpointer type)
{
    World a, b;
    g_autofree char *said = NULL, *before = NULL, *after = NULL;

    world_make(&a, type, true, true);
    world_make(&b, type, true, false);
    before = world_origins(&a);
    g_assert_nonnull(strstr(before, "SLIC u"));
    g_assert_null(strchr(before, '?'));
    said = world_copy(&a, &b);
    g_assert_cmpstr(said, ==, "");
    after = world_origins(&b);
    g_assert_cmpstr(after, ==, before);
    assert_same_files(&a, &b);
    world_free(&a);
    world_free(&b);
}

/** Saved before firmware asked for them: they are made when it asks. */
static void test_not_booted(gconstpointer type)
{
    World a, b;
    g_autofree char *said = NULL;

    world_make(&a, type, true, false);
    world_make(&b, type, true, false);
    said = world_copy(&a, &b);
    g_assert_cmpstr(said, ==, "");
    g_assert_true(machine_reset(a.machine, NULL));
    g_assert_true(machine_class(b.machine)->boot(b.machine, NULL));
    assert_same_files(&a, &b);
    world_free(&a);
    world_free(&b);
}

/** The saved tables serve, and are nobody's; then it is this machine's turn. */
static void test_other(gconstpointer type)
{
    World a, b, c;
    g_autofree char *said = NULL, *restored = NULL, *own = NULL, *reset = NULL;

    world_make(&a, type, true, true);
    world_make(&b, type, false, false);
    world_make(&c, type, false, true);
    said = world_copy(&a, &b);
    g_assert_cmpstr(said, ==, "warning: the saved machine's ACPI tables differ "
                    "from the given ones (-acpitable?); they serve until the "
                    "next reset\n");
    assert_same_files(&a, &b);
    restored = world_origins(&b);
    g_assert_nonnull(strstr(restored, "SLIC ?"));
    g_assert_nonnull(strstr(restored, "DSDT g"));
    g_assert_true(machine_reset(b.machine, NULL));
    assert_same_files(&c, &b);
    reset = world_origins(&b);
    own = world_origins(&c);
    g_assert_cmpstr(reset, ==, own);
    world_free(&a);
    world_free(&b);
    world_free(&c);
}

static void add(const char *name, const char *type, GTestDataFunc function)
{
    g_autofree char *path = g_strdup_printf("/saved-tables/%s/%s", type, name);

    g_test_add_data_func(path, type, function);
}

int main(int argc, char **argv)
{
    static const char *const types[] = { "pc", "q35" };

    g_test_init(&argc, &argv, NULL);
    types_register();
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        add("same", types[i], test_same);
        add("not-booted", types[i], test_not_booted);
        add("other", types[i], test_other);
    }
    return g_test_run();
}
