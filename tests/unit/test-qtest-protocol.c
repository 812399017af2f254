/*
 * The qtest server: what each line does to a small target, and its reply
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "accel/qtest.h"
#include "hw/core/device.h"

#define RAM_LEN (1024 * 1024)
#define MMIO_GPA 0x200000
#define MMIO_LEN 0x1000

/* A device whose inputs are copied to its outputs, inverted. */
typedef struct Inverter {
    Device parent;
    Irq in[4], named[2];
    Irq *out[4];
    unsigned n_set;             /* how often its inputs were driven */
} Inverter;

static void inverter_set(void *opaque, unsigned n, bool level)
{
    Inverter *inv = opaque;

    inv->n_set++;
    irq_set(inv->out[n], !level);
}

static void inverter_set_named(void *opaque, unsigned n, bool level)
{
    ((Inverter *)opaque)->n_set++;
}

static void inverter_init(Object *obj)
{
    Inverter *inv = (Inverter *)obj;

    for (unsigned i = 0; i < 4; i++) {
        irq_init(&inv->in[i], inverter_set, inv, i);
    }
    for (unsigned i = 0; i < 2; i++) {
        irq_init(&inv->named[i], inverter_set_named, inv, i);
    }
    device_add_inputs(&inv->parent, NULL, inv->in, 4);
    device_add_inputs(&inv->parent, "wake", inv->named, 2);
    device_add_outputs(&inv->parent, NULL, inv->out, 4);
}

static const DeviceClass inverter_class;

static const ObjectType inverter_type = {
    .name = "test-inverter",
    .parent = &device_type,
    .instance_size = sizeof(Inverter),
    .klass = &inverter_class,
    .init = inverter_init,
};

/* Everything a test can reach. */
typedef struct Fixture {
    MemoryRegion memory_root, io_root, ram, mmio, ports;
    AddressSpace memory, io;
    Clock clock;
    Timer timer;
    unsigned n_expired;
    Object *root;
    Inverter *a, *b;
    QtestServer *server;
    GString *reply;
    uint64_t last_offset, last_value;
    unsigned last_size;
    bool asked;                 /* settle() has something to do */
} Fixture;

static uint64_t echo_read(void *opaque, uint64_t offset, unsigned size)
{
    Fixture *f = opaque;

    f->last_offset = offset;
    f->last_size = size;
    /* Reading offset 0xf00 raises a line, as reading a status may */
    if (offset == 0xf00) {
        irq_set(&f->a->in[1], !f->a->in[1].level);
    }
    return 0x8877665544332211 >> (8 * (offset % 8));
}

static void echo_write(void *opaque, uint64_t offset, uint64_t value,
                       unsigned size)
{
    Fixture *f = opaque;

    f->last_offset = offset;
    f->last_value = value;
    f->last_size = size;
    if (offset == 0xf00) {
        irq_set(&f->a->in[value % 4], value & 4);
    }
    f->asked = offset == 0xe00;
}

static const MemoryRegionOps echo_ops = {
    .read = echo_read,
    .write = echo_write,
    .min_size = 1,
    .max_size = 8,
};

static void timer_expired(void *opaque)
{
    ((Fixture *)opaque)->n_expired++;
}

static Inverter *add_inverter(Object *parent, const char *name)
{
    Object *obj = object_new(&inverter_type, NULL, NULL);

    g_assert_nonnull(obj);
    object_add_child(parent, name, obj);
    return (Inverter *)obj;
}

/** Offset 0xe00 asks for a change of line 3, which is made afterwards. */
static void settle(void *opaque)
{
    Fixture *f = opaque;

    if (f->asked) {
        f->asked = false;
        irq_set(&f->b->in[3], !f->b->in[3].level);
    }
}

static void setup(Fixture *f, gconstpointer data)
{
    QtestTarget target = {
        .memory = &f->memory,
        .io = &f->io,
        .clock = &f->clock,
        .settle = settle,
        .settle_opaque = f,
    };

    memory_region_init(&f->memory_root, "memory", UINT64_C(1) << 40);
    memory_region_init(&f->io_root, "io", 0x10000);
    g_assert_true(memory_region_init_ram(&f->ram, "ram", RAM_LEN, NULL, NULL));
    memory_region_init_io(&f->mmio, "echo", MMIO_LEN, &echo_ops, f);
    memory_region_init_io(&f->ports, "ports", MMIO_LEN, &echo_ops, f);
    memory_region_add(&f->memory_root, 0, &f->ram, 0);
    memory_region_add(&f->memory_root, MMIO_GPA, &f->mmio, 0);
    memory_region_add(&f->io_root, 0xf000, &f->ports, 0);
    address_space_init(&f->memory, "memory", &f->memory_root);
    address_space_init(&f->io, "io", &f->io_root);
    clock_init(&f->clock);
    timer_init(&f->timer, &f->clock, timer_expired, f);

    f->root = object_new(&container_type, NULL, NULL);
    f->a = add_inverter(object_container(f->root, "/machine/one"), "inv-a");
    f->b = add_inverter(object_container(f->root, "/machine/two"), "inv-b");
    for (unsigned i = 0; i < 3; i++) {
        f->a->out[i] = &f->b->in[i];    /* a's line 3 leads nowhere */
    }
    add_inverter(object_container(f->root, "/machine/one"), "twin");
    add_inverter(object_container(f->root, "/machine/two"), "twin");

    target.root = f->root;
    f->server = qtest_server_new(&target, NULL, "none", NULL);
    g_assert_nonnull(f->server);
    f->reply = g_string_new(NULL);
}

static void teardown(Fixture *f, gconstpointer data)
{
    qtest_server_free(f->server);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_null(f->a->in[i].observer);
        g_assert_null(f->b->in[i].observer);
    }
    g_assert_cmpuint(f->a->parent.parent.pins, ==, 0);
    g_assert_cmpuint(f->b->parent.parent.pins, ==, 0);
    g_string_free(f->reply, TRUE);
    object_free(f->root);
    timer_cancel(&f->timer);
    clock_cleanup(&f->clock);
    address_space_cleanup(&f->io);
    address_space_cleanup(&f->memory);
    memory_region_cleanup(&f->ports);
    memory_region_cleanup(&f->mmio);
    memory_region_cleanup(&f->ram);
    memory_region_cleanup(&f->io_root);
    memory_region_cleanup(&f->memory_root);
}

static const char *ask_bytes(Fixture *f, const char *line, size_t len)
{
    /* Exactly @len bytes, so that the sanitizer sees a read beyond them */
    g_autofree char *copy = g_malloc(len ? len : 1);

    memcpy(copy, line, len);
    g_string_truncate(f->reply, 0);
    qtest_handle_line(f->server, len ? copy : "", len, f->reply);
    return f->reply->str;
}

static const char *ask(Fixture *f, const char *line)
{
    return ask_bytes(f, line, strlen(line));
}

#define EXPECT(line, reply) g_assert_cmpstr(ask(f, line), ==, reply "\n")

/** Any number of IRQ lines, then one OK, FAIL or ERR, and nothing more. */
static void assert_one_reply(const char *reply)
{
    const char *end;

    while (g_str_has_prefix(reply, "IRQ raise ") ||
           g_str_has_prefix(reply, "IRQ lower ")) {
        reply = strchr(reply, '\n');
        g_assert_nonnull(reply);
        reply++;
    }
    g_assert_true(g_str_has_prefix(reply, "OK\n") ||
                  g_str_has_prefix(reply, "OK ") ||
                  g_str_has_prefix(reply, "FAIL ") ||
                  g_str_has_prefix(reply, "ERR "));
    end = strchr(reply, '\n');
    g_assert_nonnull(end);
    g_assert_cmpstr(end, ==, "\n");
}

static void test_ports(Fixture *f, gconstpointer data)
{
    EXPECT("outb 0xf010 0x5a", "OK");
    g_assert_cmphex(f->last_offset, ==, 0x10);
    g_assert_cmphex(f->last_value, ==, 0x5a);
    g_assert_cmpuint(f->last_size, ==, 1);
    EXPECT("outw 61456 4660", "OK");
    g_assert_cmphex(f->last_value, ==, 0x1234);
    g_assert_cmpuint(f->last_size, ==, 2);
    EXPECT("outl 0xf010 0x12345678", "OK");
    g_assert_cmphex(f->last_value, ==, 0x12345678);
    g_assert_cmpuint(f->last_size, ==, 4);
    EXPECT("outb 0xf010 -1", "OK");
    g_assert_cmphex(f->last_value & 0xff, ==, 0xff);

    EXPECT("inb 0xf000", "OK 0x0011");
    EXPECT("inw 0xf000", "OK 0x2211");
    EXPECT("inl 0xf000", "OK 0x44332211");
    EXPECT("inb 0xf007", "OK 0x0088");
    EXPECT("inb 0x100", "OK 0x00ff");
    EXPECT("inl 0x100", "OK 0xffffffff");
    EXPECT("inb 0xffff more words", "OK 0x0088");

    EXPECT("inb 0x10000", "FAIL port 0x10000 is above 0xffff");
    EXPECT("outl -1 0", "FAIL port 0xffffffffffffffff is above 0xffff");
    EXPECT("inb", "FAIL Usage: inb PORT");
    EXPECT("outw 1", "FAIL Usage: outw PORT VALUE");
    EXPECT("outw x 1", "FAIL port 'x' is no number of 64 bits");
    EXPECT("outw 1 y", "FAIL value 'y' is no number of 64 bits");
}

static void test_memory(Fixture *f, gconstpointer data)
{
    EXPECT("writeq 0x1000 0x1122334455667788", "OK");
    EXPECT("readq 0x1000", "OK 0x1122334455667788");
    EXPECT("readl 0x1000", "OK 0x0000000055667788");
    EXPECT("readw 0x1000", "OK 0x0000000000007788");
    EXPECT("readb 0x1000", "OK 0x0000000000000088");
    EXPECT("readb 0x1007", "OK 0x0000000000000011");
    EXPECT("writeb 0x1001 0xaa", "OK");
    EXPECT("writew 0x1002 0xbbbb", "OK");
    EXPECT("writel 0x1004 0xcccccccc", "OK");
    EXPECT("readq 0x1000", "OK 0xccccccccbbbbaa88");
    EXPECT("  readb\t0x1000\r", "OK 0x0000000000000088");
    EXPECT("readb 010000", "OK 0x0000000000000088");

    EXPECT("writel 0x200010 7", "OK");
    g_assert_cmpuint(f->last_size, ==, 4);
    g_assert_cmphex(f->last_offset, ==, 0x10);
    EXPECT("readq 0x200000", "OK 0x8877665544332211");
    EXPECT("readl 0xf0000000", "OK 0x00000000ffffffff");

    EXPECT("readb", "FAIL Usage: readb ADDRESS");
    EXPECT("writeq 0", "FAIL Usage: writeq ADDRESS VALUE");
    EXPECT("readb 0x", "FAIL address '0x' is no number of 64 bits");
    EXPECT("readb 08", "FAIL address '08' is no number of 64 bits");
    EXPECT("readb 1f", "FAIL address '1f' is no number of 64 bits");
    EXPECT("readb -", "FAIL address '-' is no number of 64 bits");
    EXPECT("readb 0x10000000000000000",
           "FAIL address '0x10000000000000000' is no number of 64 bits");
    EXPECT("readb 18446744073709551616",
           "FAIL address '18446744073709551616' is no number of 64 bits");
    EXPECT("readb 18446744073709551615", "OK 0x00000000000000ff");
}

static void test_blocks(Fixture *f, gconstpointer data)
{
    EXPECT("write 0x2000 4 0x01fFa0B9", "OK");
    EXPECT("read 0x2000 5", "OK 0x01ffa0b900");
    EXPECT("read 0x1fff 3", "OK 0x0001ff");
    /* Data that is shorter than the size is filled up with zeros */
    EXPECT("write 0x2001 3 0x77", "OK");
    EXPECT("read 0x2000 4", "OK 0x01770000");
    EXPECT("memset 0x2000 40 0xc3", "OK");
    EXPECT("read 0x2000 33", "OK 0xc3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3"
           "c3c3c3c3c3c3c3c3c3c3c3c3c3");
    EXPECT("memset 0x2000 0 1", "OK");
    EXPECT("memset 0x2000 1 0x1ff", "OK");
    EXPECT("readb 0x2000", "OK 0x00000000000000ff");
    /* Registers, and the end of RAM */
    EXPECT("read 0x200000 8", "OK 0x1122334455667788");
    EXPECT("read 0xfffff 2", "OK 0x00ff");

    EXPECT("read 0 0", "ERR invalid argument size");
    EXPECT("write 0 0 0x00", "ERR invalid argument size");
    EXPECT("b64read 0 0", "ERR invalid argument size");
    EXPECT("read 0 0x4000001",
           "ERR invalid argument size: more than 67108864 bytes");
    EXPECT("b64read 0 -1",
           "ERR invalid argument size: more than 67108864 bytes");
    EXPECT("memset 0 0x40000001 0",
           "ERR invalid argument size: more than 1073741824 bytes");
    EXPECT("read 0", "FAIL Usage: read ADDRESS SIZE");
    EXPECT("write 0 1", "FAIL Usage: write ADDRESS SIZE 0xDATA");
    EXPECT("memset 0 1", "FAIL Usage: memset ADDRESS SIZE VALUE");
    EXPECT("read 0 many", "FAIL size 'many' is no number of 64 bits");
    EXPECT("memset 0 1 x", "FAIL value 'x' is no number of 64 bits");

    /* A write that is refused writes nothing */
    EXPECT("memset 0x3000 4 0x11", "OK");
    EXPECT("write 0x3000 4 00112233", "ERR data is not 0x and digits");
    EXPECT("write 0x3000 4 0x", "ERR data is not 0x and digits");
    EXPECT("write 0x3000 4 0x123", "ERR data has an odd number of digits");
    EXPECT("write 0x3000 1 0x1234", "ERR more data than the size says");
    EXPECT("write 0x3000 4 0x0011223g",
           "ERR data holds something that is no hexadecimal digit");
    EXPECT("read 0x3000 4", "OK 0x11111111");
}

static void test_base64(Fixture *f, gconstpointer data)
{
    static const char *const texts[] = {
        "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy",
    };

    /* The vectors of RFC 4648, 10 */
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *write = g_strdup_printf("b64write 0x%x %u %s",
                                                 0x4000 + 16 * i, i + 1,
                                                 texts[i]);
        g_autofree char *read = g_strdup_printf("b64read 0x%x %u",
                                                0x4000 + 16 * i, i + 1);
        g_autofree char *reply = g_strdup_printf("OK %s\n", texts[i]);

        EXPECT("memset 0x4000 0x100 0", "OK");
        g_assert_cmpstr(ask(f, write), ==, "OK\n");
        g_assert_cmpstr(ask(f, read), ==, reply);
    }
    EXPECT("read 0x4050 6", "OK 0x666f6f626172");

    EXPECT("b64write 0x4050 2 Zg==",
           "ERR data is not as long as the size says");
    EXPECT("b64write 0x4050 3 Zm9vYg==",
           "ERR data is not as long as the size says");
    EXPECT("b64write 0x4050 1 Z", "ERR data is not base64");
    EXPECT("b64write 0x4050 3 Zm9*", "ERR data is not base64");
    EXPECT("b64write 0x4050 3 Z=9v", "ERR data is not base64");
    EXPECT("b64write 0x4050 1 Z===", "ERR data is not base64");
    EXPECT("b64write 0x4050 1", "FAIL Usage: b64write ADDRESS SIZE DATA");
    EXPECT("read 0x4050 6", "OK 0x666f6f626172");
}

/** Every length around the encoder's block, at every alignment. */
static void test_every_length(Fixture *f, gconstpointer data)
{
    for (unsigned len = 1; len <= 70; len++) {
        g_autoptr(GString) write = g_string_new(NULL);
        g_autoptr(GString) expected = g_string_new("OK 0x");
        g_autofree char *read = g_strdup_printf("read 0x%x %u", 0x5000 + len,
                                                len);

        g_string_printf(write, "write 0x%x %u 0x", 0x5000 + len, len);
        for (unsigned i = 0; i < len; i++) {
            unsigned byte = (i * 89 + len * 7) & 0xff;

            g_string_append_printf(write, "%02x", byte);
            g_string_append_printf(expected, "%02x", byte);
        }
        g_string_append_c(expected, '\n');
        g_assert_cmpstr(ask(f, write->str), ==, "OK\n");
        g_assert_cmpstr(ask(f, read), ==, expected->str);
    }
}

static void test_large(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) line = g_string_new("write 0 0x100000 0x");

    for (unsigned i = 0; i < RAM_LEN; i++) {
        unsigned byte = (i ^ i >> 8) & 0xff;

        g_string_append_c(line, "0123456789abcdef"[byte >> 4]);
        g_string_append_c(line, "0123456789abcdef"[byte & 15]);
    }
    g_assert_cmpstr(ask(f, line->str), ==, "OK\n");
    ask(f, "read 0 0x100000");
    g_assert_cmpuint(f->reply->len, ==, 5 + 2 * RAM_LEN + 1);
    g_assert_cmpmem(f->reply->str + 5, 2 * RAM_LEN, strstr(line->str, " 0x") +
                    strlen(" 0x100000 0x"), 2 * RAM_LEN);
    /* The most that can be read: RAM, then addresses that nobody answers */
    ask(f, "read 0 0x4000000");
    g_assert_cmpuint(f->reply->len, ==, 5 + 2 * 0x4000000 + 1);
    g_assert_true(g_str_has_suffix(f->reply->str, "ffff\n"));
}

static void test_unknown(Fixture *f, gconstpointer data)
{
    EXPECT("frobnicate 1 2", "FAIL Unknown command 'frobnicate'");
    EXPECT("READL 0", "FAIL Unknown command 'READL'");
    EXPECT("readl0", "FAIL Unknown command 'readl0'");
    EXPECT("", "FAIL Empty command");
    EXPECT(" \t\r", "FAIL Empty command");
    EXPECT("endianness", "OK little");
    EXPECT("endianness please", "OK little");
    EXPECT("module_load hw- qxl", "FAIL no modules: everything is built in");
    EXPECT("module_load hw-", "FAIL Usage: module_load PREFIX NAME");
    EXPECT("\xff\x01y", "FAIL Unknown command '\\xff\\x01y'");
    EXPECT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
           "aaa",
           "FAIL Unknown command 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
           "aaaaaaaaaaaaaaaaaaaa...'");
    g_assert_cmpstr(ask_bytes(f, "readl\0 0", 8), ==,
                    "ERR line holds a NUL byte\n");
    /* A newline cannot end a reply early */
    assert_one_reply(ask_bytes(f, "x\nOK", 4));
}

static void test_clock(Fixture *f, gconstpointer data)
{
    EXPECT("clock_step", "OK 0");
    EXPECT("clock_step 100", "OK 100");
    timer_set(&f->timer, 5000);
    EXPECT("clock_step 4899", "OK 4999");
    g_assert_cmpuint(f->n_expired, ==, 0);
    EXPECT("clock_step", "OK 5000");
    g_assert_cmpuint(f->n_expired, ==, 1);
    EXPECT("clock_step", "OK 5000");
    timer_set(&f->timer, 6000);
    EXPECT("clock_set 10000", "OK 10000");
    g_assert_cmpuint(f->n_expired, ==, 2);
    /* Time does not run backwards */
    EXPECT("clock_set 1", "OK 10000");
    EXPECT("clock_step 0", "OK 10000");
    /* A deadline that has passed */
    timer_set(&f->timer, 20);
    EXPECT("clock_step", "OK 10000");
    g_assert_cmpuint(f->n_expired, ==, 3);

    EXPECT("clock_set", "FAIL Usage: clock_set NS");
    EXPECT("clock_step soon", "FAIL step 'soon' is no number of 64 bits");
    EXPECT("clock_set soon", "FAIL time 'soon' is no number of 64 bits");
    EXPECT("clock_step 9223372036854775807",
           "FAIL step goes beyond the end of time");
    EXPECT("clock_step -1", "FAIL step goes beyond the end of time");
    EXPECT("clock_set 9223372036854775808",
           "FAIL time lies beyond the end of time");
    EXPECT("clock_set 9223372036854775807", "OK 9223372036854775807");
    EXPECT("clock_step 0", "OK 9223372036854775807");
    EXPECT("clock_step 1", "FAIL step goes beyond the end of time");
}

static void test_intercept_in(Fixture *f, gconstpointer data)
{
    EXPECT("irq_intercept_in", "FAIL Usage: irq_intercept_in PATH");
    EXPECT("irq_intercept_in nobody", "FAIL Unknown device");
    EXPECT("irq_intercept_in /machine", "FAIL Unknown device");
    EXPECT("irq_intercept_in twin",
           "FAIL Unknown device: the path fits several");
    EXPECT("irq_intercept_in inv-b", "OK");
    EXPECT("irq_intercept_in /machine/two/inv-b", "OK");
    EXPECT("irq_intercept_in inv-a", "FAIL IRQ intercept already enabled");
    EXPECT("irq_intercept_out inv-b", "FAIL IRQ intercept already enabled");

    /* The change is told before the reply, and the device still gets it */
    EXPECT("set_irq_in inv-a unnamed-gpio-in 2 0", "IRQ raise 2\nOK");
    g_assert_true(f->b->in[2].level);
    g_assert_cmpuint(f->b->n_set, ==, 1);
    EXPECT("set_irq_in inv-a unnamed-gpio-in 2 0", "OK");
    g_assert_cmpuint(f->b->n_set, ==, 2);
    EXPECT("set_irq_in inv-a unnamed-gpio-in 2 1", "IRQ lower 2\nOK");
    EXPECT("set_irq_in inv-b wake 1 1", "IRQ raise 1\nOK");

    /* So it is when a register does it: writing, and reading */
    EXPECT("writel 0x200f00 1", "IRQ raise 1\nOK");
    EXPECT("readl 0x200f00", "IRQ lower 1\nOK 0x0000000044332211");
    EXPECT("read 0x200f00 1", "IRQ raise 1\nOK 0x11");
    EXPECT("b64read 0x200f00 1", "IRQ lower 1\nOK EQ==");
}

/** What the machine does after a command is told before its reply. */
static void test_settle(Fixture *f, gconstpointer data)
{
    EXPECT("irq_intercept_in inv-b", "OK");
    EXPECT("writel 0x200e00 0", "IRQ raise 3\nOK");
    EXPECT("outl 0xfe00 0", "IRQ lower 3\nOK");
    EXPECT("outl 0xf010 0", "OK");
    /* In one reply buffer with others, and with an interrupt of its own */
    EXPECT("set_irq_in inv-a unnamed-gpio-in 1 1", "OK");
    f->asked = true;
    qtest_handle_line(f->server, "readl 0x200f00", 14, f->reply);
    g_assert_cmpstr(f->reply->str, ==, "OK\nIRQ raise 1\nIRQ raise 3\n"
                    "OK 0x0000000044332211\n");
}

static void test_intercept_out(Fixture *f, gconstpointer data)
{
    EXPECT("irq_intercept_out inv-a", "OK");
    EXPECT("set_irq_in inv-a unnamed-gpio-in 0 0", "IRQ raise 0\nOK");
    EXPECT("set_irq_in inv-a unnamed-gpio-in 3 0", "OK");
    /* Somebody else's line is not watched */
    EXPECT("set_irq_in inv-b unnamed-gpio-in 3 1", "OK");
    EXPECT("irq_intercept_in inv-a", "FAIL IRQ intercept already enabled");
}

static void test_set_irq(Fixture *f, gconstpointer data)
{
    EXPECT("set_irq_in inv-a wake 1 5", "OK");
    g_assert_true(f->a->named[1].level);
    EXPECT("set_irq_in inv-a wake 2 1", "FAIL line 2 is none of 2");
    EXPECT("set_irq_in inv-a wake -1 1",
           "FAIL line 18446744073709551615 is none of 2");
    EXPECT("set_irq_in inv-a sleep 0 1", "FAIL Unknown interrupt lines");
    EXPECT("set_irq_in nobody wake 0 1", "FAIL Unknown device");
    EXPECT("set_irq_in inv-a wake x 1",
           "FAIL line 'x' is no number of 64 bits");
    EXPECT("set_irq_in inv-a wake 0 on",
           "FAIL level 'on' is no number of 64 bits");
    EXPECT("set_irq_in inv-a wake 0",
           "FAIL Usage: set_irq_in PATH NAME LINE LEVEL");
}

/** Valid lines cut off at every length, and with every byte damaged. */
static void test_damaged(Fixture *f, gconstpointer data)
{
    static const char *const lines[] = {
        "outb 0xf010 0x5a", "inl 0xf000", "writeq 0x1000 0x11", "readq 0x1000",
        "write 0x2000 4 0x01ffa0b9", "read 0x2000 5", "b64read 0x2000 5",
        "b64write 0x2000 3 Zm9v", "memset 0x2000 40 0xc3", "endianness",
        "irq_intercept_in inv-b", "irq_intercept_out inv-a",
        "set_irq_in inv-a unnamed-gpio-in 2 1", "clock_step 5", "clock_set 9",
        "module_load hw- x",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        size_t len = strlen(lines[i]);

        for (size_t n = 0; n <= len; n++) {
            assert_one_reply(ask_bytes(f, lines[i], n));
        }
        for (size_t n = 0; n < len; n++) {
            static const char damage[] = {
                0, '\n', ' ', 'x', '-', '9', '\xff',
            };
            g_autofree char *line = g_strdup(lines[i]);

            for (unsigned d = 0; d < sizeof(damage); d++) {
                line[n] = damage[d];
                assert_one_reply(ask_bytes(f, line, len));
            }
        }
    }
}

static void test_random(Fixture *f, gconstpointer data)
{
    static const char *const words[] = {
        "outb", "outw", "outl", "inb", "inw", "inl", "writeb", "writew",
        "writel", "writeq", "readb", "readw", "readl", "readq", "read",
        "write", "b64read", "b64write", "memset", "endianness",
        "irq_intercept_in", "irq_intercept_out", "set_irq_in", "clock_step",
        "clock_set", "module_load", "inv-a", "inv-b", "twin", "/", "/machine",
        "unnamed-gpio-in", "wake", "0", "1", "2", "3", "7", "010", "0xf000",
        "0xf010", "0x200000", "0x200f00", "0xfffff", "0x100001", "0x1000",
        "0xffffffffffffffff", "-1", "0x4000001", "99999999999999999999",
        "0x00", "0x0011", "0x123", "Zm9v", "Zg==", "====", "0x", "", " ",
        "\t", "\xff", "OK",
    };
    GRand *rand = g_rand_new_with_seed(0x51c0ffee);

    for (unsigned i = 0; i < 100000; i++) {
        g_autoptr(GString) line = g_string_new(NULL);
        unsigned n = g_rand_int_range(rand, 0, 7);

        if (g_rand_int_range(rand, 0, 8) == 0) {
            for (n *= 6; n > 0; n--) {
                g_string_append_c(line, g_rand_int_range(rand, 0, 256));
            }
        } else {
            /* A command first, most of the time */
            g_string_append(line, words[g_rand_int_range(rand, 0, 28)]);
            for (; n > 0; n--) {
                g_string_append_c(line, ' ');
                g_string_append(line, words[g_rand_int_range(
                    rand, 0, G_N_ELEMENTS(words))]);
            }
        }
        if (line->len && g_rand_int_range(rand, 0, 16) == 0) {
            line->str[g_rand_int_range(rand, 0, line->len)] =
                g_rand_int_range(rand, 0, 256);
        }
        assert_one_reply(ask_bytes(f, line->str, line->len));
    }
    g_rand_free(rand);
    EXPECT("endianness", "OK little");
}

/** The log file that cannot be opened is named. */
static void test_log(void)
{
    QtestTarget target = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_null(qtest_server_new(&target, NULL, "/nonexistent/log", &error));
    g_assert_cmpstr(error->message, ==,
                    "-qtest-log /nonexistent/log: No such file or directory");
    qtest_server_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/qtest-protocol/" name, Fixture, NULL, \
                                       setup, function, teardown)
    ADD("ports", test_ports);
    ADD("memory", test_memory);
    ADD("blocks", test_blocks);
    ADD("base64", test_base64);
    ADD("every-length", test_every_length);
    ADD("large", test_large);
    ADD("unknown", test_unknown);
    ADD("clock", test_clock);
    ADD("intercept-in", test_intercept_in);
    ADD("settle", test_settle);
    ADD("intercept-out", test_intercept_out);
    ADD("set-irq", test_set_irq);
    ADD("damaged", test_damaged);
    ADD("random", test_random);
#undef ADD
    g_test_add_func("/qtest-protocol/log", test_log);
    return g_test_run();
}
