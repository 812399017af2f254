/*
 * isa-debugcon (docs/specs/debugcon.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/char/debugcon.h"

#include "device-rig.h"
#include "hw/acpi/tables.h"
#include "test-chardev.h"

/* R1, R2 */
static void test_port(void)
{
    Rig *rig = rig_new();
    TestChardev *chr = test_chardev_add(rig->root, "c0");
    g_autofree char *text = NULL;

    g_assert_cmphex(rig_inb(rig, 0xe9), ==, 0xff);
    rig_realize(rig_new_device(rig, &isa_debugcon_type, "chardev=c0", NULL));
    g_assert_cmphex(rig_inb(rig, 0xe9), ==, 0xe9);
    g_assert_cmphex(rig_inb(rig, 0xea), ==, 0xff);
    g_assert_cmphex(rig_inb(rig, 0xe8), ==, 0xff);
    for (const char *p = "hello"; *p; p++) {
        rig_outb(rig, 0xe9, *p);
    }
    address_space_store(&rig->io, 0xe9, 0x2221, 2);     /* its half only */
    test_chardev_send(chr, "thrown away");
    text = test_chardev_take(chr);
    g_assert_cmpstr(text, ==, "hello!");
    rig_free(rig);
}

/* R3 */
static void test_places(void)
{
    g_autofree AcpiPlatform *platform = g_new0(AcpiPlatform, 1);
    Rig *rig = rig_new();
    TestChardev *chr[2] = { test_chardev_add(rig->root, "c0"),
                            test_chardev_add(rig->root, "c1") };
    static const char *const configs[] = {
        "chardev=c0,iobase=0x402", "chardev=c1,iobase=0xffff,readback=0",
    };
    static const char *const names[] = { "DBG0", "DBG1" };
    static const uint16_t ports[] = { 0x402, 0xffff };
    static const uint8_t values[] = { 0xe9, 0 };

    for (unsigned i = 0; i < 2; i++) {
        Device *dev = rig_new_device(rig, &isa_debugcon_type, configs[i],
                                     NULL);
        const AcpiDevice *acpi = &platform->devices[i];
        g_autofree char *text = NULL;

        rig_realize(dev);
        g_assert_cmphex(rig_inb(rig, ports[i]), ==, values[i]);
        rig_outb(rig, ports[i], 'a' + i);
        text = test_chardev_take(chr[i]);
        g_assert_cmpint(text[0], ==, 'a' + (int)i);
        device_class(dev)->describe(dev, platform);
        g_assert_cmpuint(platform->n_devices, ==, i + 1);
        g_assert_cmpstr(acpi->name, ==, names[i]);
        g_assert_cmpstr(acpi->hid, ==, "PNP0C02");
        g_assert_cmphex(acpi->uid, ==, ports[i]);
        g_assert_true(acpi->hidden);
        g_assert_cmpint(acpi->irq, ==, -1);
        g_assert_cmpuint(acpi->n_io, ==, 1);
        g_assert_cmphex(acpi->io[0].base, ==, ports[i]);
        g_assert_cmpuint(acpi->io[0].len, ==, 1);
    }
    rig_free(rig);
}

static void test_errors(void)
{
    static const struct {
        const char *config, *message;
    } rows[] = {
        { "chardev=c0,iobase=0x10000",
          "isa-debugcon iobase=0x10000: must be at most 0xffff" },
        { "chardev=c0,readback=256",
          "isa-debugcon readback=0x100: must be at most 0xff" },
        { "chardev=nope", NULL },
    };
    Rig *rig = rig_new();
    Device *dev;
    GError *error = NULL;

    test_chardev_add(rig->root, "c0");
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_null(rig_new_device(rig, &isa_debugcon_type, rows[i].config,
                                     &error));
        if (rows[i].message) {
            g_assert_cmpstr(error->message, ==, rows[i].message);
        } else {
            g_assert_nonnull(strstr(error->message, "nope"));
        }
        g_clear_error(&error);
    }
    rig_realize(rig_new_device(rig, &isa_debugcon_type, "chardev=c0", NULL));
    dev = rig_new_device(rig, &isa_debugcon_type, "chardev=c0,iobase=1", NULL);
    g_assert_false(device_realize(dev, &error));
    g_assert_cmpstr(error->message, ==, "Device 'c0' is in use");
    g_clear_error(&error);
    g_assert_cmphex(rig_inb(rig, 1), ==, 0xff);
    test_chardev_add(rig->root, "c1");
    dev = rig_new_device(rig, &isa_debugcon_type, "chardev=c1", NULL);
    g_assert_false(device_realize(dev, &error));
    g_assert_nonnull(strstr(error->message, "isa-debugcon"));
    g_clear_error(&error);
    rig_free(rig);
}

/* R4: a host that does not read, and one that goes away */
static void test_slow_host(void)
{
    Rig *rig = rig_new();
    TestChardev *chr = test_chardev_add(rig->root, "c0");
    size_t len;

    rig_realize(rig_new_device(rig, &isa_debugcon_type, "chardev=c0", NULL));
    for (unsigned i = 0; i < 4 << 20; i++) {
        rig_outb(rig, 0xe9, 'x');
    }
    len = chardev_pending(&chr->parent);
    g_assert_cmpuint(len, ==, 1 << 20);
    g_free(test_chardev_take(chr));
    rig_outb(rig, 0xe9, 'y');
    g_assert_cmpuint(chardev_pending(&chr->parent), ==, 0);
    close(chr->fds[1]);
    chr->fds[1] = -1;
    test_chardev_run();
    g_assert_false(chardev_is_open(&chr->parent));
    rig_outb(rig, 0xe9, 'z');
    g_assert_cmphex(rig_inb(rig, 0xe9), ==, 0xe9);
    rig_free(rig);
}

static void test_fuzz(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(0xe9);
    Rig *rig = rig_new();
    TestChardev *chr = test_chardev_add(rig->root, "c0");
    g_autofree char *text = NULL;
    size_t written = 0;

    rig_realize(rig_new_device(rig, &isa_debugcon_type, "chardev=c0", NULL));
    for (unsigned i = 0; i < 100000; i++) {
        unsigned size = 1u << g_rand_int_range(rand, 0, 4);
        uint16_t port = g_rand_int_range(rand, 0xe2, 0xeb);

        if (g_rand_boolean(rand)) {
            address_space_load(&rig->io, port, size);
        } else {
            address_space_store(&rig->io, port, 0x6161616161616161, size);
            written += port <= 0xe9 && port + size > 0xe9;
        }
    }
    text = test_chardev_take(chr);
    g_assert_cmpuint(strlen(text), ==, written);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/debugcon/port", test_port);
    g_test_add_func("/debugcon/places", test_places);
    g_test_add_func("/debugcon/errors", test_errors);
    g_test_add_func("/debugcon/slow-host", test_slow_host);
    g_test_add_func("/debugcon/fuzz", test_fuzz);
    return g_test_run();
}
