/*
 * Whole machines: many in one process, and nothing of them left behind
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <malloc.h>
#include <string.h>

#include "hw/acpi/walk.h"
#include "hw/char/serial.h"
#include "hw/i386/pc-machine.h"
#include "machine-world.h"
#include "qapi/walker.h"

#define RAM_SIZE (64 * 1024 * 1024)
#define MACHINES 1000

/* Mappings that come and go by themselves: a sanitizer's */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SPARE_MAPPINGS (MACHINES / 10)
#else
#define SPARE_MAPPINGS 0
#endif

static void world_make(World *w, const char *type_name)
{
    world_build(w, type_name, RAM_SIZE, true);
    g_assert_true(machine_reset(w->machine, NULL));
}

/** The SLIC's identity is where it belongs, and nowhere else. */
static void world_check(World *w)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = acpi_walk(world_peek, &w->machine->memory,
                                           NULL, NULL, &error);
    unsigned matching = 0;

    g_assert_no_error(error);
    for (unsigned i = 0; i < found->len; i++) {
        const AcpiFound *table = found->pdata[i];
        const uint8_t *bytes = g_bytes_get_data(table->bytes, NULL);

        g_assert_true(table->checksum_ok);
        if (table->has_header && memcmp(bytes + 10, world_slic + 10, 14) == 0) {
            g_assert_true(memcmp(bytes, "RSDT", 4) == 0 ||
                          memcmp(bytes, "FACP", 4) == 0 ||
                          memcmp(bytes, "SLIC", 4) == 0);
            matching++;
        }
    }
    g_assert_cmpuint(matching, ==, 3);
}

static unsigned count_mappings(void)
{
    g_autofree char *maps = NULL;
    unsigned lines = 0;

    g_assert_true(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
    for (const char *p = maps; *p; p++) {
        lines += *p == '\n';
    }
    return lines;
}

/**
 * In a process whose allocators keep nothing for later: what GLib's slices and
 * the C library's cache of freed blocks hold counts as used, and varies with
 * the addresses that blocks happen to have.
 */
static void test_thousand(void)
{
    size_t used = 0;
    unsigned mappings = 0;

    if (!g_test_subprocess()) {
        g_setenv("G_SLICE", "always-malloc", true);
        g_setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", true);
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
        g_test_trap_assert_passed();
        return;
    }

    for (unsigned i = 0; i < MACHINES; i++) {
        World w;

        world_make(&w, i & 1 ? "pc" : "q35");
        if (i % 100 < 2) {
            world_check(&w);
        }
        world_free(&w);
        if (i == 101) {
            /* what is kept for good is there by now */
            used = mallinfo2().uordblks;
            mappings = count_mappings();
        }
    }
    g_assert_cmpuint(mallinfo2().uordblks, ==, used);
    g_assert_cmpuint(count_mappings(), <=, mappings + SPARE_MAPPINGS);
}

static void test_side_by_side(void)
{
    World a, b;

    world_make(&a, "pc");
    world_make(&b, "q35");
    world_check(&a);
    world_check(&b);
    /* what one guest does is nothing to the other */
    address_space_fill(&a.machine->memory, 0x100000, 0xff,
                       RAM_SIZE - 0x100000);
    world_check(&b);
    g_assert_true(machine_reset(a.machine, NULL));
    world_check(&a);
    world_free(&a);
    world_check(&b);
    world_free(&b);
}

static void test_none(void)
{
    World w;

    world_make(&w, "none");
    g_assert_null(machine_acpi_blobs(w.machine));
    world_free(&w);
}

/** A name that the tree cannot hold is the user's mistake, not ours. */
static void test_device_ids(void)
{
    static const char *const bad[] = { "", "a/b", "a[*]" };
    World w;

    world_make(&w, "q35");
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        Object *dev = object_new(&isa_serial_type, NULL, &error);

        g_assert_no_error(error);
        g_assert_false(machine_plug(w.machine, (Device *)dev, bad[i],
                                    &error));
        g_assert_cmpstr(error->message, ==,
                        "Parameter 'id' expects an identifier");
    }
    world_free(&w);
}

/**
 * docs/specs/acpitable.rst R17: a character is a byte of the field, however
 * long it is on the command line; a broken one leads nowhere.
 */
static void test_oem_text(void)
{
    static const struct {
        const char *id, *table_id, *message;
    } cases[] = {
        { "SIXTHS", "EIGHTHS_", NULL },
        { "\u00e4\u00f6\u00fc\u00c4\u00d6\u00dc", NULL, NULL },
        { "A\xc0\x80" "BCDE", "\xc0\x80" "1234567", NULL },
        { "\xc3", "1234567\xc3", NULL },
        { "SEVENTH", NULL, "x-oem-id has 7 characters, at most 6 fit" },
        { NULL, "NINELETRS",
          "x-oem-table-id has 9 characters, at most 8 fit" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        MachineOptions *options = qapi_new(&qapi_type_MachineOptions);
        g_autoptr(GError) error = NULL;
        Object *machine;

        options->x_oem_id = g_strdup(cases[i].id);
        options->x_oem_table_id = g_strdup(cases[i].table_id);
        machine = object_new(machine_find_type("q35"), options, &error);
        g_assert_cmpstr(error ? error->message : NULL, ==, cases[i].message);
        if (machine) {
            object_free(machine);
        }
    }
}

/* What a PC saves besides its devices */

static const StateField *find_field(const StateTable *table, const char *name)
{
    for (const StateField *f = table->fields; f->kind; f++) {
        if (strcmp(f->name, name) == 0) {
            return f;
        }
    }
    g_assert_not_reached();
}

static void test_state(gconstpointer type_name)
{
    static const uint8_t good[72] = { 'a', [60] = 8, [64] = 1 };
    static const uint8_t bad[72] = { [60] = 8 };
    World w;

    world_make(&w, type_name);
    const StateTable *table = machine_class(w.machine)->state;
    const StateField *asleep = find_field(table, "asleep");
    const StateField *blob = find_field(table, "write-backs");
    g_autoptr(GBytes) none = blob->get(w.machine);
    g_autoptr(GBytes) entry = g_bytes_new(good, sizeof(good));
    g_autoptr(GBytes) wrong = g_bytes_new(bad, sizeof(bad));
    g_autoptr(GError) error = NULL;

    g_assert_true((bool *)((char *)w.machine + asleep->offset) ==
                  &w.machine->asleep);
    g_assert_cmpuint(find_field(table, "boots")->width, ==, 4);
    g_assert_cmpuint(g_bytes_get_size(none), ==, 0);
    g_assert_true(blob->put(w.machine, entry, &error));
    g_assert_no_error(error);
    /* what is refused changes nothing */
    g_assert_false(blob->put(w.machine, wrong, &error));
    g_assert_cmpstr(error->message, ==, "entry 0: the file name is empty");
    g_autoptr(GBytes) kept = blob->get(w.machine);
    g_assert_true(g_bytes_equal(kept, entry));

    /* a restored machine may sleep, and replays what was restored */
    g_clear_error(&error);
    machine_request(w.machine, MACHINE_REQUEST_SUSPEND);
    g_assert_true(w.machine->asleep);
    g_assert_false(machine_wake(w.machine, &error));
    g_assert_cmpstr(error->message, ==, "resume: there is no file a");
    g_assert_false(w.machine->asleep);
    world_check(&w);

    /* the next boot has its own */
    g_assert_true(machine_reset(w.machine, NULL));
    g_autoptr(GBytes) anew = blob->get(w.machine);
    g_assert_true(g_bytes_equal(anew, none));
    world_free(&w);
}

/* docs/specs/acpi-pm.rst R22: what outlives sleep, and what does not */
static void test_wake(gconstpointer type_name)
{
    g_autoptr(GError) error = NULL;
    World w;

    world_make(&w, type_name);
    AcpiPm *pm = ((PcMachine *)w.machine)->pm;

    g_assert_true(machine_can_wake(w.machine));
    machine_request(w.machine, MACHINE_REQUEST_SUSPEND);
    address_space_store(&w.machine->memory, 0x200000, 0x12345678, 4);
    acpi_pm_raise_gpe(pm, 5);
    pm->gpe0_en[0] = 0x20;
    pm->pm1_en = ACPI_PM1_TMR;
    g_assert_true(machine_wake(w.machine, &error));
    g_assert_no_error(error);
    g_assert_cmphex(address_space_load(&w.machine->memory, 0x200000, 4), ==,
                    0x12345678);
    g_assert_cmphex(acpi_pm_raised_gpes(pm), ==, 0x20);
    g_assert_cmphex(pm->gpe0_en[0], ==, 0);
    g_assert_cmphex(pm->pm1_en, ==, 0);
    g_assert_cmphex(pm->pm1_sts, ==, ACPI_PM1_WAK | ACPI_PM1_PWRBTN);
    world_check(&w);

    g_assert_true(machine_reset(w.machine, &error));
    g_assert_cmphex(acpi_pm_raised_gpes(pm), ==, 0);
    world_free(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    types_register();
    g_test_add_func("/machines/none", test_none);
    g_test_add_func("/machines/device-ids", test_device_ids);
    g_test_add_func("/machines/oem-text", test_oem_text);
    g_test_add_func("/machines/side-by-side", test_side_by_side);
    g_test_add_data_func("/machines/wake/pc", "pc", test_wake);
    g_test_add_data_func("/machines/wake/q35", "q35", test_wake);
    g_test_add_data_func("/machines/state/pc", "pc", test_state);
    g_test_add_data_func("/machines/state/q35", "q35", test_state);
    g_test_add_func("/machines/thousand", test_thousand);
    return g_test_run();
}
