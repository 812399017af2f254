/*
 * isa-serial: a 16550A on the ISA bus (docs/specs/serial.rst)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libqtest.h"

#define RUN "-nodefaults -display none -machine q35 "

enum { COM1 = 0x3f8, COM2 = 0x2f8 };
/* Registers, from the first port */
enum { RBR = 0, THR = 0, DLL = 0, DLM = 1, IER = 1, IIR = 2, FCR = 2, LCR = 3,
       MCR = 4, LSR = 5, MSR = 6, SCR = 7 };
enum { LSR_DR = 0x01, LSR_THRE = 0x20, LSR_TEMT = 0x40, LCR_DLAB = 0x80,
       MCR_OUT2 = 0x08, MCR_LOOP = 0x10, IER_RDI = 1, IER_THRI = 2,
       IIR_NONE = 1, IIR_THRI = 2, IIR_RDI = 4 };

/** Write @byte when the transmitter takes it. */
static void transmit(Qtest *qts, uint16_t base, uint8_t byte)
{
    for (unsigned i = 0; !(qtest_inb(qts, base + LSR) & LSR_THRE); i++) {
        g_assert_cmpuint(i, <, 1000);
        qtest_clock_step_next(qts);
    }
    qtest_outb(qts, base + THR, byte);
}

static void drain(Qtest *qts, uint16_t base)
{
    for (unsigned i = 0; !(qtest_inb(qts, base + LSR) & LSR_TEMT); i++) {
        g_assert_cmpuint(i, <, 1000);
        qtest_clock_step_next(qts);
    }
}

static void assert_content(const char *path, const char *expected)
{
    g_autofree char *content = NULL;

    g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
    g_assert_cmpstr(content, ==, expected);
}

static void test_output(gconstpointer machine)
{
    static const char text[] = "Hello, COM1\r\n";
    g_autofree char *path = qtest_temp_path("serial.out");
    Qtest *qts = qtest_start("-nodefaults -machine %s -serial file:%s",
                             (const char *)machine, path);

    g_assert_cmphex(qtest_inb(qts, COM1 + LSR), ==, LSR_THRE | LSR_TEMT);
    for (const char *p = text; *p; p++) {
        transmit(qts, COM1, *p);
    }
    drain(qts, COM1);
    qtest_quit(qts);
    assert_content(path, text);
}

static void test_registers(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine pc -serial null");

    qtest_outb(qts, COM1 + SCR, 0x5a);
    g_assert_cmphex(qtest_inb(qts, COM1 + SCR), ==, 0x5a);
    g_assert_cmphex(qtest_inb(qts, COM1 + IIR) & 0x0f, ==, IIR_NONE);
    /* A 16550A says so when its FIFOs are on */
    qtest_outb(qts, COM1 + FCR, 0x01);
    g_assert_cmphex(qtest_inb(qts, COM1 + IIR) & 0xc0, ==, 0xc0);
    qtest_outb(qts, COM1 + FCR, 0x00);
    g_assert_cmphex(qtest_inb(qts, COM1 + IIR) & 0xc0, ==, 0);
    /* The divisor is behind the data and interrupt registers */
    qtest_outb(qts, COM1 + LCR, LCR_DLAB | 3);
    qtest_outb(qts, COM1 + DLL, 0x34);
    qtest_outb(qts, COM1 + DLM, 0x12);
    g_assert_cmphex(qtest_inb(qts, COM1 + DLL), ==, 0x34);
    g_assert_cmphex(qtest_inb(qts, COM1 + DLM), ==, 0x12);
    qtest_outb(qts, COM1 + LCR, 3);
    g_assert_cmphex(qtest_inb(qts, COM1 + IER), ==, 0);
    qtest_outb(qts, COM1 + IER, 0xff);
    g_assert_cmphex(qtest_inb(qts, COM1 + IER), ==, 0x0f);
    qtest_quit(qts);
}

/** Loopback: what is sent comes back, and modem control is modem status. */
static void test_loopback(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine pc -serial null");

    qtest_outb(qts, COM1 + MCR, MCR_LOOP);
    transmit(qts, COM1, 0xa7);
    drain(qts, COM1);
    g_assert_cmphex(qtest_inb(qts, COM1 + LSR) & LSR_DR, ==, LSR_DR);
    g_assert_cmphex(qtest_inb(qts, COM1 + RBR), ==, 0xa7);
    g_assert_cmphex(qtest_inb(qts, COM1 + LSR) & LSR_DR, ==, 0);
    /* DTR, RTS, OUT1, OUT2 arrive as DSR, CTS, RI, DCD */
    qtest_outb(qts, COM1 + MCR, MCR_LOOP | 0x01);
    g_assert_cmphex(qtest_inb(qts, COM1 + MSR) & 0xf0, ==, 0x20);
    qtest_outb(qts, COM1 + MCR, MCR_LOOP | 0x02);
    g_assert_cmphex(qtest_inb(qts, COM1 + MSR) & 0xf0, ==, 0x10);
    qtest_outb(qts, COM1 + MCR, MCR_LOOP | 0x04);
    g_assert_cmphex(qtest_inb(qts, COM1 + MSR) & 0xf0, ==, 0x40);
    qtest_outb(qts, COM1 + MCR, MCR_LOOP | 0x08);
    g_assert_cmphex(qtest_inb(qts, COM1 + MSR) & 0xf0, ==, 0x80);
    qtest_quit(qts);
}

static void test_transmit_interrupt(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine q35 -serial null "
                             "-serial null");

    qtest_irq_intercept_in(qts, "ioapic");
    qtest_outb(qts, COM1 + MCR, MCR_OUT2);
    g_assert_false(qtest_irq_level(qts, 4));
    qtest_outb(qts, COM1 + IER, IER_THRI);
    g_assert_true(qtest_irq_level(qts, 4));
    /* Reading the cause takes it away */
    g_assert_cmphex(qtest_inb(qts, COM1 + IIR) & 0x0f, ==, IIR_THRI);
    g_assert_false(qtest_irq_level(qts, 4));
    g_assert_cmphex(qtest_inb(qts, COM1 + IIR) & 0x0f, ==, IIR_NONE);
    /* The second port has the other line */
    qtest_outb(qts, COM2 + MCR, MCR_OUT2);
    qtest_outb(qts, COM2 + IER, IER_THRI);
    g_assert_true(qtest_irq_level(qts, 3));
    g_assert_false(qtest_irq_level(qts, 4));
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    json_object_put(qtest_qmp_event_wait(qts, "RESET"));
    qtest_inb(qts, COM2 + IIR);
    g_assert_false(qtest_irq_level(qts, 3));
    qtest_quit(qts);
}

/** Input arrives from a socket, whoever connects and goes. */
static void test_input(void)
{
    g_autofree char *path = qtest_temp_path("serial.sock");
    Qtest *qts = qtest_start("-nodefaults -machine pc "
                             "-serial unix:%s,server=on,wait=off", path);
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    strcpy(address.sun_path, path);
    qtest_irq_intercept_in(qts, "ioapic");
    qtest_outb(qts, COM1 + MCR, MCR_OUT2);
    qtest_outb(qts, COM1 + IER, IER_RDI);
    for (unsigned round = 0; round < 2; round++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char back = 0;

        g_assert_cmpint(connect(fd, (struct sockaddr *)&address,
                                sizeof(address)), ==, 0);
        g_assert_cmpint(write(fd, "ab", 2), ==, 2);
        for (unsigned i = 0; i < 2; i++) {
            for (unsigned n = 0; !(qtest_inb(qts, COM1 + LSR) & LSR_DR); n++) {
                g_assert_cmpuint(n, <, 10000);
                qtest_clock_step(qts, 1000000);
                g_usleep(100);
            }
            g_assert_true(qtest_irq_level(qts, 4));
            g_assert_cmphex(qtest_inb(qts, COM1 + IIR) & 0x0f, ==, IIR_RDI);
            g_assert_cmphex(qtest_inb(qts, COM1 + RBR), ==, 'a' + i);
        }
        transmit(qts, COM1, 'x');
        drain(qts, COM1);
        g_assert_cmpint(read(fd, &back, 1), ==, 1);
        g_assert_cmpint(back, ==, 'x');
        close(fd);
    }
    qtest_quit(qts);
}

/** Where nobody asked for one, there is none; by default there is one. */
static void test_presence(void)
{
    Qtest *qts = qtest_start("-nodefaults -machine pc");

    g_assert_cmphex(qtest_inb(qts, COM1 + LSR), ==, 0xff);
    qtest_quit(qts);
    qts = qtest_start("-machine pc");
    g_assert_cmphex(qtest_inb(qts, COM1 + LSR), ==, LSR_THRE | LSR_TEMT);
    qtest_quit(qts);
    qts = qtest_start("-machine pc -serial none");
    g_assert_cmphex(qtest_inb(qts, COM1 + LSR), ==, 0xff);
    qtest_quit(qts);
    qts = qtest_start("-nodefaults -machine q35 -chardev null,id=n "
                      "-device isa-serial,chardev=n,iobase=0x4000,irq=5");
    g_assert_cmphex(qtest_inb(qts, 0x4000 + LSR), ==, LSR_THRE | LSR_TEMT);
    qtest_irq_intercept_in(qts, "ioapic");
    qtest_outb(qts, 0x4000 + MCR, MCR_OUT2);
    qtest_outb(qts, 0x4000 + IER, IER_THRI);
    g_assert_true(qtest_irq_level(qts, 5));
    qtest_quit(qts);
}

static void test_errors(void)
{
    qtest_expect_failure("-serial chardev:nope: *nope*",
                         RUN "-serial chardev:nope");
    qtest_expect_failure("-serial bogus: *", RUN "-serial bogus");
    qtest_expect_failure("-serial file:/nonexistent/x: *",
                         RUN "-serial file:/nonexistent/x");
    qtest_expect_failure("-device isa-serial,index=4: *index*",
                         RUN "-device isa-serial,index=4");
    qtest_expect_failure("-device isa-serial,iobase=0xfffa: *",
                         RUN "-device isa-serial,iobase=0xfffa");
    qtest_expect_failure("-device isa-serial,irq=16: *irq*",
                         RUN "-device isa-serial,irq=16");
    qtest_expect_failure("-device isa-serial,iobase=0x3f8: *",
                         RUN "-serial null -device isa-serial,iobase=0x3f8");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/serial/pc/output", "pc", test_output);
    g_test_add_data_func("/serial/q35/output", "q35", test_output);
    g_test_add_func("/serial/registers", test_registers);
    g_test_add_func("/serial/loopback", test_loopback);
    g_test_add_func("/serial/transmit-interrupt", test_transmit_interrupt);
    g_test_add_func("/serial/input", test_input);
    g_test_add_func("/serial/presence", test_presence);
    g_test_add_func("/serial/errors", test_errors);
    return g_test_run();
}
