/*
 * isa-serial (docs/specs/serial.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/char/serial.h"

#include "device-rig.h"
#include "hw/acpi/tables.h"
#include "test-chardev.h"

#define COM1 0x3f8
#define COM1_IRQ 4

enum { RBR = COM1, THR = COM1, DLL = COM1, IER, DLM = IER, IIR, FCR = IIR,
       LCR, MCR, LSR, MSR, SCR };

/* 8N1 at divisor 1: 10 bits */
#define CHAR_NS (10 * 16 * NS_PER_SECOND / 1843200)

typedef struct Fixture {
    Rig *rig;
    TestChardev *chr;
    Device *dev;
} Fixture;

static void fixture_set_up(Fixture *f, gconstpointer data)
{
    const char *config = data;

    f->rig = rig_new();
    f->chr = test_chardev_add(f->rig->root, "c0");
    f->dev = rig_new_device(f->rig, &isa_serial_type,
                            config ? config : "chardev=c0,index=0", NULL);
    g_assert_nonnull(f->dev);
    rig_realize(f->dev);
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
    rig_free(f->rig);
}

static uint8_t in(Fixture *f, uint16_t port)
{
    return rig_inb(f->rig, port);
}

static void out(Fixture *f, uint16_t port, uint8_t value)
{
    rig_outb(f->rig, port, value);
}

static bool irq(Fixture *f)
{
    return f->rig->high[COM1_IRQ];
}

static void assert_sent(Fixture *f, const char *expected)
{
    g_autofree char *text = test_chardev_take(f->chr);

    g_assert_cmpstr(text, ==, expected);
}

static void set_divisor(Fixture *f, uint16_t divisor, uint8_t lcr)
{
    out(f, LCR, lcr | 0x80);
    out(f, DLL, divisor & 0xff);
    out(f, DLM, divisor >> 8);
    out(f, LCR, lcr);
}

/* R2 */
static void test_reset_values(Fixture *f, gconstpointer data)
{
    for (unsigned round = 0; round < 2; round++) {
        g_assert_cmphex(in(f, IER), ==, 0);
        g_assert_cmphex(in(f, IIR), ==, 0x01);
        g_assert_cmphex(in(f, LCR), ==, 0);
        g_assert_cmphex(in(f, MCR), ==, 0);
        g_assert_cmphex(in(f, LSR), ==, 0x60);
        g_assert_cmphex(in(f, MSR), ==, 0xb0);
        g_assert_cmphex(in(f, SCR), ==, 0);
        g_assert_false(irq(f));
        for (uint16_t port = IER; port <= SCR; port++) {
            out(f, port, 0xff);
        }
        device_reset(f->dev);
    }
}

/* R1, R3 */
static void test_registers(Fixture *f, gconstpointer data)
{
    out(f, SCR, 0xa5);
    g_assert_cmphex(in(f, SCR), ==, 0xa5);
    out(f, IER, 0xf5);
    g_assert_cmphex(in(f, IER), ==, 0x05);
    out(f, MCR, 0xff);
    g_assert_cmphex(in(f, MCR), ==, 0x1f);
    out(f, MCR, 0);
    out(f, LSR, 0xff);
    g_assert_cmphex(in(f, LSR), ==, 0x60);
    set_divisor(f, 0x1234, 3);
    g_assert_cmphex(in(f, IER), ==, 0x05);
    out(f, LCR, 0x83);
    g_assert_cmphex(in(f, DLL), ==, 0x34);
    g_assert_cmphex(in(f, DLM), ==, 0x12);
    g_assert_cmphex(in(f, LCR), ==, 0x83);
    /* A word access is two of a byte */
    address_space_store(&f->rig->io, DLL, 0x5678, 2);
    g_assert_cmphex(address_space_load(&f->rig->io, DLL, 2), ==, 0x5678);
    g_assert_cmphex(in(f, COM1 + 8), ==, 0xff);
}

/* R4: output, and the THRE interrupt */
static void test_output(Fixture *f, gconstpointer data)
{
    out(f, THR, 'a');
    assert_sent(f, "a");
    g_assert_cmphex(in(f, LSR), ==, 0x60);
    g_assert_false(irq(f));

    out(f, IER, 0x02);          /* enabling with an empty THR interrupts */
    g_assert_true(irq(f));
    g_assert_cmphex(in(f, IIR), ==, 0x02);
    g_assert_false(irq(f));     /* reading IIR has cleared it */
    g_assert_cmphex(in(f, IIR), ==, 0x01);
    out(f, THR, 'b');
    g_assert_true(irq(f));
    g_assert_cmpuint(f->rig->raised[COM1_IRQ], ==, 2);
    out(f, IER, 0x02);          /* already on: nothing new */
    g_assert_cmphex(in(f, IIR), ==, 0x02);
    out(f, IER, 0x02);
    g_assert_cmphex(in(f, IIR), ==, 0x01);
    out(f, IER, 0);
    out(f, IER, 0x02);
    g_assert_cmphex(in(f, IIR), ==, 0x02);
    assert_sent(f, "b");
}

/* R5: input without FIFOs: one byte at a time, the rest waits outside */
static void test_input(Fixture *f, gconstpointer data)
{
    test_chardev_send(f->chr, "xyz");
    g_assert_cmphex(in(f, LSR), ==, 0x61);
    g_assert_false(irq(f));
    out(f, IER, 0x01);
    g_assert_true(irq(f));
    g_assert_cmphex(in(f, IIR), ==, 0x04);
    for (const char *p = "xyz"; *p; p++) {
        g_assert_cmphex(in(f, LSR) & 1, ==, 1);
        g_assert_cmphex(in(f, RBR), ==, *p);
        test_chardev_run();
    }
    g_assert_cmphex(in(f, LSR), ==, 0x60);
    g_assert_false(irq(f));
    g_assert_cmphex(in(f, RBR), ==, 0);
}

/* R6: the FIFO's four triggers, and that it takes 16 bytes */
static void test_fifo(Fixture *f, gconstpointer data)
{
    static const unsigned triggers[] = { 1, 4, 8, 14 };

    out(f, IER, 0x01);
    for (unsigned i = 0; i < G_N_ELEMENTS(triggers); i++) {
        out(f, FCR, 0x07 | i << 6);
        for (unsigned n = 1; n <= 16; n++) {
            test_chardev_send(f->chr, "q");
            g_assert_cmphex(in(f, IIR), ==,
                            n >= triggers[i] ? 0xc4 : 0xc1);
            g_assert_cmpint(irq(f), ==, n >= triggers[i]);
        }
        for (unsigned n = 16; n > 0; n--) {
            g_assert_cmphex(in(f, IIR), ==,
                            n >= triggers[i] ? 0xc4 : 0xc1);
            g_assert_cmphex(in(f, RBR), ==, 'q');
        }
        g_assert_cmphex(in(f, LSR), ==, 0x60);
    }
    test_chardev_send(f->chr, "0123456789abcdefghij");
    for (const char *p = "0123456789abcdefghij"; *p; p++) {
        g_assert_cmphex(in(f, RBR), ==, *p);
        test_chardev_run();
    }
    g_assert_cmphex(in(f, LSR) & 2, ==, 0);
    /* Clearing, and switching off, throw away what is in it */
    test_chardev_send(f->chr, "k");
    out(f, FCR, 0x03);
    g_assert_cmphex(in(f, LSR), ==, 0x60);
    test_chardev_send(f->chr, "k");
    out(f, FCR, 0);
    g_assert_cmphex(in(f, LSR), ==, 0x60);
    g_assert_cmphex(in(f, IIR), ==, 0x01);
}

/* R7: character timeout after four characters' time */
static void test_timeout(Fixture *f, gconstpointer data)
{
    set_divisor(f, 1, 3);
    out(f, FCR, 0xc1);
    out(f, IER, 0x01);
    test_chardev_send(f->chr, "ab");
    rig_step(f->rig, 4 * CHAR_NS - 10);
    g_assert_cmphex(in(f, IIR), ==, 0xc1);
    rig_step(f->rig, 20);
    g_assert_cmphex(in(f, IIR), ==, 0xcc);
    g_assert_true(irq(f));
    g_assert_cmphex(in(f, RBR), ==, 'a');       /* clears it, restarts it */
    g_assert_cmphex(in(f, IIR), ==, 0xc1);
    g_assert_false(irq(f));
    rig_step(f->rig, 3 * CHAR_NS);
    test_chardev_send(f->chr, "c");             /* so does a new byte */
    rig_step(f->rig, 3 * CHAR_NS);
    g_assert_cmphex(in(f, IIR), ==, 0xc1);
    rig_step(f->rig, 2 * CHAR_NS);
    g_assert_cmphex(in(f, IIR), ==, 0xcc);
    g_assert_cmphex(in(f, RBR), ==, 'b');
    g_assert_cmphex(in(f, RBR), ==, 'c');
    rig_step(f->rig, NS_PER_SECOND);
    g_assert_cmphex(in(f, IIR), ==, 0xc1);
    clock_advance(&f->rig->clock, INT64_MAX - 40 * NS_PER_SECOND);
    /* The longest: divisor 0, 12 bits a character */
    set_divisor(f, 0, 0x0f);
    test_chardev_send(f->chr, "d");
    rig_step(f->rig, 27 * NS_PER_SECOND);
    g_assert_cmphex(in(f, IIR), ==, 0xc1);
    rig_step(f->rig, NS_PER_SECOND);
    g_assert_cmphex(in(f, IIR), ==, 0xcc);
    /* The same across the end of the clock */
    test_chardev_send(f->chr, "e");
    g_assert_cmphex(in(f, IIR), ==, 0xc1);
    clock_advance(&f->rig->clock, INT64_MAX);
    g_assert_cmphex(in(f, IIR), ==, 0xcc);
}

/* R8: loopback: data, lines and their changes, overrun */
static void test_loopback(Fixture *f, gconstpointer data)
{
    static const struct {
        uint8_t mcr, msr;
    } lines[] = { { 0x10, 0 }, { 0x11, 0x20 }, { 0x12, 0x10 },
                  { 0x14, 0x40 }, { 0x18, 0x80 }, { 0x1f, 0xf0 } };

    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        out(f, MCR, lines[i].mcr);
        g_assert_cmphex(in(f, MSR) & 0xf0, ==, lines[i].msr);
    }
    out(f, MCR, 0x10);
    g_assert_cmphex(in(f, MSR), ==, 0x0f);      /* RI's end counts... */
    out(f, MCR, 0x1f);
    g_assert_cmphex(in(f, MSR), ==, 0xfb);      /* ...its start does not */
    g_assert_cmphex(in(f, MSR), ==, 0xf0);

    out(f, THR, 'l');
    g_assert_cmphex(in(f, LSR), ==, 0x61);
    assert_sent(f, "");
    test_chardev_send(f->chr, "outside");       /* waits */
    out(f, THR, 'm');
    g_assert_cmphex(in(f, LSR), ==, 0x63);      /* overrun */
    g_assert_cmphex(in(f, LSR), ==, 0x61);
    g_assert_cmphex(in(f, RBR), ==, 'm');       /* RBR has the newest */

    out(f, FCR, 0x01);
    for (unsigned i = 0; i < 17; i++) {
        out(f, THR, 'A' + i);
    }
    g_assert_cmphex(in(f, LSR), ==, 0x63);
    for (unsigned i = 0; i < 16; i++) {
        g_assert_cmphex(in(f, RBR), ==, 'A' + i);       /* FIFO: the oldest */
    }
    out(f, MCR, 0);
    test_chardev_run();
    g_assert_cmphex(in(f, RBR), ==, 'o');
}

/* R9: all four interrupts at once, from the highest priority down */
static void test_priorities(Fixture *f, gconstpointer data)
{
    out(f, IER, 0x0f);
    out(f, MCR, 0x10);
    out(f, THR, '1');
    out(f, THR, '2');
    g_assert_cmphex(in(f, IIR), ==, 0x06);
    g_assert_cmphex(in(f, LSR), ==, 0x63);
    g_assert_cmphex(in(f, IIR), ==, 0x04);
    g_assert_cmphex(in(f, RBR), ==, '2');
    g_assert_cmphex(in(f, IIR), ==, 0x02);
    g_assert_true(irq(f));
    g_assert_cmphex(in(f, IIR), ==, 0x00);
    g_assert_cmphex(in(f, MSR), ==, 0x0b);
    g_assert_cmphex(in(f, IIR), ==, 0x01);
    g_assert_false(irq(f));
    /* The line stayed high all the time */
    g_assert_cmpuint(f->rig->raised[COM1_IRQ], ==, 1);
}

/* R10: a host that does not read */
static void test_slow_host(Fixture *f, gconstpointer data)
{
    unsigned sent = 0, kept;
    g_autofree char *text = NULL;

    out(f, FCR, 0x01);
    while (in(f, LSR) & 0x20 && sent < 10000000) {
        out(f, THR, 'z');
        sent++;
    }
    g_assert_cmpuint(sent, <, 10000000);        /* it does stop */
    for (unsigned i = 0; i < 20; i++) {
        out(f, THR, 'y');       /* 15 find room in the FIFO */
    }
    g_assert_cmpuint(chardev_pending(&f->chr->parent), <=, 65536);
    rig_step(f->rig, NS_PER_SECOND / 2);
    g_assert_cmphex(in(f, LSR), ==, 0);
    text = test_chardev_take(f->chr);           /* now it reads */
    g_assert_cmphex(in(f, LSR), ==, 0x60);
    g_assert_cmpuint(strlen(text), ==, sent + 15);
    g_assert_cmpint(text[sent - 1], ==, 'z');
    g_assert_cmpint(text[sent], ==, 'y');

    /* The guest can clear what waits */
    while (in(f, LSR) & 0x20) {
        out(f, THR, 'v');
    }
    out(f, THR, 'v');
    out(f, MCR, 0x10);          /* loopback has nothing to do with it */
    out(f, THR, 'v');
    g_assert_cmphex(in(f, LSR), ==, 0x01);
    out(f, FCR, 0x05);
    g_assert_cmphex(in(f, LSR), ==, 0x61);
    out(f, FCR, 0x03);
    out(f, MCR, 0);
    g_free(test_chardev_take(f->chr));

    /* It stops again, for good: the guest goes on after a second */
    for (kept = 0; in(f, LSR) & 0x20; kept++) {
        out(f, THR, 'x');
    }
    rig_step(f->rig, NS_PER_SECOND + NS_PER_SECOND / 50);
    for (unsigned i = 0; i < 100000; i++) {
        g_assert_cmphex(in(f, LSR), ==, 0x60);
        out(f, THR, 'w');
    }
    g_assert_cmpuint(chardev_pending(&f->chr->parent), <=, 65536);
    g_free(text);
    text = test_chardev_take(f->chr);
    g_assert_cmpuint(strlen(text), ==, kept - 1);
    out(f, THR, '!');
    assert_sent(f, "!");
    /* From then on it is waited for again */
    for (sent = 0; in(f, LSR) & 0x20 && sent < 10000000; sent++) {
        out(f, THR, 'u');
    }
    g_assert_cmphex(in(f, LSR), ==, 0);
}

/* R10: the other side goes away while output waits */
static void test_host_gone(Fixture *f, gconstpointer data)
{
    while (in(f, LSR) & 0x20) {
        out(f, THR, 'z');
    }
    close(f->chr->fds[1]);
    f->chr->fds[1] = -1;
    test_chardev_run();
    g_assert_false(chardev_is_open(&f->chr->parent));
    g_assert_cmphex(in(f, LSR), ==, 0x60);
    out(f, THR, 'z');
    g_assert_cmphex(in(f, LSR), ==, 0x60);
}

static void test_reset_drops_input(Fixture *f, gconstpointer data)
{
    test_chardev_send(f->chr, "ab");
    out(f, IER, 0x03);
    g_assert_true(irq(f));
    device_reset(f->dev);
    g_assert_false(irq(f));
    g_assert_cmphex(in(f, LSR), ==, 0x60);
    test_chardev_run();                         /* the rest comes after it */
    g_assert_cmphex(in(f, RBR), ==, 'b');
}

static void test_no_chardev(void)
{
    Rig *rig = rig_new();
    Device *dev = rig_new_device(rig, &isa_serial_type, "index=1", NULL);

    rig_realize(dev);
    rig_outb(rig, 0x2f8 + 1, 0x02);
    rig_outb(rig, 0x2f8, 'a');
    g_assert_cmphex(rig_inb(rig, 0x2f8 + 5), ==, 0x60);
    g_assert_true(rig->high[3]);
    device_reset(dev);
    g_assert_false(rig->high[3]);
    rig_free(rig);
}

/* R11: where it is, and what ACPI says of it */
static void test_places(void)
{
    static const struct {
        const char *config;
        uint16_t iobase;
        uint8_t irq, uid;
        const char *name;
    } rows[] = {
        { NULL, 0x3f8, 4, 1, "COM1" },          /* the first that is free */
        { "index=2", 0x3e8, 4, 3, "COM3" },
        { NULL, 0x2f8, 3, 2, "COM2" },
        { "index=3,irq=10", 0x2e8, 10, 4, "COM4" },
        { "iobase=0x100,irq=15", 0x100, 15, 5, "COM5" },
        { "index=1,iobase=0xfff8", 0xfff8, 3, 6, "COM6" },
    };
    g_autofree AcpiPlatform *platform = g_new0(AcpiPlatform, 1);
    Rig *rig = rig_new();
    Device *last;
    GError *error = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Device *dev = rig_new_device(rig, &isa_serial_type, rows[i].config,
                                     NULL);
        const AcpiDevice *acpi = &platform->devices[i];

        rig_realize(dev);
        device_class(dev)->describe(dev, platform);
        g_assert_cmpuint(platform->n_devices, ==, i + 1);
        g_assert_cmpstr(acpi->name, ==, rows[i].name);
        g_assert_cmpstr(acpi->hid, ==, "PNP0501");
        g_assert_cmpuint(acpi->uid, ==, rows[i].uid);
        g_assert_cmpint(acpi->irq, ==, rows[i].irq);
        g_assert_cmpuint(acpi->n_io, ==, 1);
        g_assert_cmphex(acpi->io[0].base, ==, rows[i].iobase);
        g_assert_cmpuint(acpi->io[0].len, ==, 8);
        g_assert_false(acpi->hidden);
        rig_outb(rig, rows[i].iobase + 1, 0x02);
        g_assert_true(rig->high[rows[i].irq]);
        rig_outb(rig, rows[i].iobase + 1, 0);
    }
    last = rig_new_device(rig, &isa_serial_type, NULL, NULL);
    g_assert_false(device_realize(last, &error));
    g_assert_cmpstr(error->message, ==, "isa-serial: no iobase given, and all "
                    "4 standard ports are in use");
    g_clear_error(&error);
    last = rig_new_device(rig, &isa_serial_type, "iobase=0x2ff", NULL);
    g_assert_false(device_realize(last, &error));
    g_assert_nonnull(strstr(error->message, "isa-serial"));
    g_clear_error(&error);
    rig_free(rig);
}

static void test_errors(void)
{
    static const struct {
        const char *config, *message;
    } rows[] = {
        { "index=4", "isa-serial index=4: must be 0 to 3" },
        { "iobase=0xfff9", "isa-serial iobase=0xfff9: must be at most "
                           "0xfff8" },
        { "iobase=0xffffffff", "isa-serial iobase=0xffffffff: must be at most "
                               "0xfff8" },
        { "irq=16", "isa-serial irq=16: must be 0 to 15" },
        { "chardev=nope", NULL },
    };
    Rig *rig = rig_new();
    Device *dev;
    GError *error = NULL;

    test_chardev_add(rig->root, "c0");
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_null(rig_new_device(rig, &isa_serial_type, rows[i].config,
                                     &error));
        if (rows[i].message) {
            g_assert_cmpstr(error->message, ==, rows[i].message);
        } else {
            g_assert_nonnull(strstr(error->message, "nope"));
        }
        g_clear_error(&error);
    }
    rig_realize(rig_new_device(rig, &isa_serial_type, "chardev=c0", NULL));
    dev = rig_new_device(rig, &isa_serial_type, "chardev=c0", NULL);
    g_assert_false(device_realize(dev, &error));
    g_assert_cmpstr(error->message, ==, "Device 'c0' is in use");
    g_clear_error(&error);
    /* A failed one has given its ports back */
    rig_realize(rig_new_device(rig, &isa_serial_type, "index=1", NULL));
    rig_free(rig);
}

/* R12 */
static void test_fuzz(Fixture *f, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(0x16550);

    for (unsigned i = 0; i < 100000; i++) {
        uint16_t port = COM1 + g_rand_int_range(rand, 0, 8);

        switch (g_rand_int_range(rand, 0, 20)) {
        case 0:
            rig_step(f->rig, g_rand_int(rand) % NS_PER_SECOND);
            break;
        case 1:
            if (i % 4 == 0) {
                test_chardev_try_send(f->chr, "input");
            }
            break;
        case 2:
            if (i % 64 == 0) {
                g_free(test_chardev_take(f->chr));
            }
            break;
        case 3:
            if (i % 256 == 0) {
                device_reset(f->dev);
            }
            break;
        case 4: case 5: case 6: case 7: case 8: case 9:
            in(f, port);
            break;
        default:
            out(f, port, g_rand_int(rand));
            break;
        }
        g_assert_cmpuint(f->rig->clock.armed->len, <=, 2);
    }
    device_reset(f->dev);
    g_assert_false(irq(f));
}

#define ADD(name, function)                                                 \
    g_test_add("/serial/" name, Fixture, NULL, fixture_set_up, function,    \
               fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("reset-values", test_reset_values);
    ADD("registers", test_registers);
    ADD("output", test_output);
    ADD("input", test_input);
    ADD("fifo", test_fifo);
    ADD("timeout", test_timeout);
    ADD("loopback", test_loopback);
    ADD("priorities", test_priorities);
    ADD("slow-host", test_slow_host);
    ADD("host-gone", test_host_gone);
    ADD("reset-drops-input", test_reset_drops_input);
    g_test_add_func("/serial/no-chardev", test_no_chardev);
    g_test_add_func("/serial/places", test_places);
    g_test_add_func("/serial/errors", test_errors);
    ADD("fuzz", test_fuzz);
    return g_test_run();
}
