/*
 * The machines: memory map, PCI configuration, power management, reset
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest-pci.h"
#include "libqtest.h"

#define BARE "-nodefaults -machine "

/* PM registers (ACPI 6.5, 4.8.3), where firmware usually places them */
#define PMBASE 0x600
enum { PM1_STS = PMBASE, PM1_EN = PMBASE + 2, PM1_CNT = PMBASE + 4,
       PM_TMR = PMBASE + 8 };
enum { TMR_STS = 1, SCI_EN = 1, SLP_EN = 0x2000 };
#define PM_TIMER_HZ 3579545
#define SECOND INT64_C(1000000000)

/* What the two boards do differently */
typedef struct Board {
    const char *name;
    uint8_t host, pm;           /* devfn */
    uint8_t pam0, smram;        /* of host */
    uint8_t pm_enable, pm_enable_bit;   /* of pm */
    uint8_t acpi_enable, acpi_disable;  /* to port 0xB2 */
    uint16_t gpe0, gpe0_len;
    uint64_t ram_low_most, ram_low_split;
} Board;

static const Board boards[] = {
    { "pc", QPCI_DEVFN(0, 0), QPCI_DEVFN(1, 3), 0x59, 0x72, 0x80, 0x01, 0xf1,
      0xf0, 0xafe0, 4, 0xe0000000, 0xc0000000 },
    { "q35", QPCI_DEVFN(0, 0), QPCI_DEVFN(31, 0), 0x90, 0x9d, 0x44, 0x80, 2, 3,
      PMBASE + 0x20, 16, 0xb0000000, 0x80000000 },
};

static void place_pm(Qtest *qts, const Board *board)
{
    qpci_writel(qts, board->pm, 0x40, PMBASE | 1);
    qpci_writeb(qts, board->pm, board->pm_enable, board->pm_enable_bit);
}

static Qtest *start(const Board *board)
{
    Qtest *qts = qtest_start(BARE "%s", board->name);

    place_pm(qts, board);
    return qts;
}

/* PCI */

static const struct {
    const char *machine;
    uint8_t devfn;
    uint32_t id;
    uint8_t revision;
    uint32_t class;
    bool multifunction;
} functions[] = {
    { "pc", QPCI_DEVFN(0, 0), 0x12378086, 2, 0x060000, false },
    { "pc", QPCI_DEVFN(1, 0), 0x70008086, 0, 0x060100, true },
    { "pc", QPCI_DEVFN(1, 3), 0x71138086, 3, 0x068000, false },
    { "q35", QPCI_DEVFN(0, 0), 0x29c08086, 0, 0x060000, false },
    { "q35", QPCI_DEVFN(31, 0), 0x29188086, 2, 0x060100, false },
};

static void test_pci_ids(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = qtest_start(BARE "%s", board->name);

    for (unsigned i = 0; i < G_N_ELEMENTS(functions); i++) {
        uint8_t devfn = functions[i].devfn;

        if (strcmp(functions[i].machine, board->name) != 0) {
            continue;
        }
        g_assert_cmphex(qpci_readl(qts, devfn, 0), ==, functions[i].id);
        g_assert_cmphex(qpci_readw(qts, devfn, 2), ==, functions[i].id >> 16);
        g_assert_cmphex(qpci_readb(qts, devfn, 8), ==, functions[i].revision);
        g_assert_cmphex(qpci_readl(qts, devfn, 8) >> 8, ==,
                        functions[i].class);
        g_assert_cmphex(qpci_readl(qts, devfn, 0x2c), ==, 0x11001af4);
        if (functions[i].multifunction) {
            g_assert_cmphex(qpci_readb(qts, devfn, 0x0e), ==, 0x80);
        }
        /* Identity is read only */
        qpci_writel(qts, devfn, 0, 0xdeadbeef);
        qpci_writel(qts, devfn, 8, 0xdeadbeef);
        qpci_writel(qts, devfn, 0x2c, 0xdeadbeef);
        g_assert_cmphex(qpci_readl(qts, devfn, 0), ==, functions[i].id);
        g_assert_cmphex(qpci_readl(qts, devfn, 8) >> 8, ==,
                        functions[i].class);
        g_assert_cmphex(qpci_readl(qts, devfn, 0x2c), ==, 0x11001af4);
    }
    /* Nobody: another slot, another bus */
    g_assert_cmphex(qpci_readl(qts, QPCI_DEVFN(5, 0), 0), ==, 0xffffffff);
    qtest_outl(qts, 0xcf8, 0x80010000);
    g_assert_cmphex(qtest_inl(qts, 0xcf8), ==, 0x80010000);
    g_assert_cmphex(qtest_inl(qts, 0xcfc), ==, 0xffffffff);
    /* The address register is not enabled */
    qtest_outl(qts, 0xcf8, 0);
    g_assert_cmphex(qtest_inl(qts, 0xcfc), ==, 0xffffffff);
    qtest_quit(qts);
}

static void test_ecam(void)
{
    Qtest *qts = qtest_start(BARE "q35");
    const uint64_t base = 0xb0000000;

    g_assert_cmphex(qpci_readl(qts, 0, 0x60), ==, base);
    g_assert_cmphex(qtest_readl(qts, base), ==, 0xffffffff);
    qpci_writel(qts, 0, 0x64, 0);
    qpci_writel(qts, 0, 0x60, base | 1);
    g_assert_cmphex(qtest_readl(qts, base), ==, 0x29c08086);
    g_assert_cmphex(qtest_readw(qts, base + 2), ==, 0x29c0);
    g_assert_cmphex(qtest_readb(qts, base + 3), ==, 0x29);
    g_assert_cmphex(qtest_readl(qts, base + (31 << 15)), ==, 0x29188086);
    g_assert_cmphex(qtest_readl(qts, base + 0x100), ==, 0);
    g_assert_cmphex(qtest_readl(qts, base + (5 << 15)), ==, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, base + (1 << 20)), ==, 0xffffffff);
    /* Both ways lead to the same registers */
    qtest_writel(qts, base + (31 << 15) + 0x40, 0x1001);
    g_assert_cmphex(qpci_readl(qts, QPCI_DEVFN(31, 0), 0x40), ==, 0x1001);

    /* The window moves, and goes */
    qpci_writel(qts, 0, 0x60, 0xd0000001);
    g_assert_cmphex(qtest_readl(qts, base), ==, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, 0xd0000000), ==, 0x29c08086);
    qpci_writel(qts, 0, 0x60, 0xd0000000);
    g_assert_cmphex(qtest_readl(qts, 0xd0000000), ==, 0xffffffff);
    qtest_quit(qts);
}

/* Memory */

static void test_ram(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = qtest_start(BARE "%s", board->name);

    /* 128 MiB where nothing is said */
    qtest_writel(qts, 128 * 1024 * 1024 - 4, 0x12345678);
    g_assert_cmphex(qtest_readl(qts, 128 * 1024 * 1024 - 4), ==, 0x12345678);
    qtest_writel(qts, 128 * 1024 * 1024, 0x12345678);
    g_assert_cmphex(qtest_readl(qts, 128 * 1024 * 1024), ==, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, 0), ==, 0);
    qtest_writel(qts, 0x9fffc, 0xabcdef01);
    g_assert_cmphex(qtest_readl(qts, 0x9fffc), ==, 0xabcdef01);
    qtest_quit(qts);
}

static void assert_ram_end(Qtest *qts, uint64_t end)
{
    qtest_writeq(qts, end - 8, 0x1122334455667788);
    g_assert_cmphex(qtest_readq(qts, end - 8), ==, 0x1122334455667788);
    qtest_writeb(qts, end, 0x5a);
    g_assert_cmphex(qtest_readb(qts, end), ==, 0xff);
}

/** Where RAM is split: as long as it fits below the hole it stays in one. */
static void test_ram_split(gconstpointer data)
{
    const Board *board = data;
    unsigned mib = board->ram_low_most >> 20;
    Qtest *qts = qtest_start(BARE "%s -m %u", board->name, mib);

    assert_ram_end(qts, board->ram_low_most);
    g_assert_cmphex(qtest_readb(qts, UINT64_C(1) << 32), ==, 0xff);
    qtest_quit(qts);

    qts = qtest_start(BARE "%s -m %u", board->name, mib + 1);
    assert_ram_end(qts, board->ram_low_split);
    assert_ram_end(qts, (UINT64_C(1) << 32) + board->ram_low_most +
                   0x100000 - board->ram_low_split);
    qtest_quit(qts);
}

/** PAM: each stretch by itself, for reads and for writes. */
static void test_pam(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = qtest_start(BARE "%s", board->name);

    for (unsigned segment = 0; segment < 13; segment++) {
        /* 0 is the F-segment, then 16 KiB each from 0xC0000 on */
        uint64_t gpa = segment ? 0xc0000 + 0x4000 * (segment - 1) : 0xf0000;
        uint64_t last = gpa + (segment ? 0x3fff : 0xffff);
        uint8_t reg = board->pam0 + (segment + 1) / 2;
        unsigned shift = segment % 2 ? 0 : 4;

        g_assert_cmphex(qpci_readb(qts, board->host, reg) >> shift & 3, ==, 0);
        g_assert_cmphex(qtest_readb(qts, gpa), ==, 0xff);
        qpci_writeb(qts, board->host, reg, 3 << shift);
        g_assert_cmphex(qpci_readb(qts, board->host, reg), ==, 3 << shift);
        qtest_writeb(qts, gpa, 0x11);
        qtest_writeb(qts, last, 0x22);
        g_assert_cmphex(qtest_readb(qts, gpa), ==, 0x11);
        g_assert_cmphex(qtest_readb(qts, last), ==, 0x22);
        /* read only */
        qpci_writeb(qts, board->host, reg, 1 << shift);
        qtest_writeb(qts, gpa, 0x33);
        g_assert_cmphex(qtest_readb(qts, gpa), ==, 0x11);
        g_assert_cmphex(qtest_readb(qts, last), ==, 0x22);
        /* write only */
        qpci_writeb(qts, board->host, reg, 2 << shift);
        qtest_writeb(qts, gpa, 0x44);
        g_assert_cmphex(qtest_readb(qts, gpa), ==, 0xff);
        qpci_writeb(qts, board->host, reg, 1 << shift);
        g_assert_cmphex(qtest_readb(qts, gpa), ==, 0x44);
        /* off, which leaves what is in RAM */
        qpci_writeb(qts, board->host, reg, 0);
        g_assert_cmphex(qtest_readb(qts, gpa), ==, 0xff);
        g_assert_cmphex(qtest_readb(qts, last), ==, 0xff);
    }
    /* A reset closes them */
    qpci_writeb(qts, board->host, board->pam0, 0x30);
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    json_object_put(qtest_qmp_event_wait(qts, "RESET"));
    g_assert_cmphex(qpci_readb(qts, board->host, board->pam0), ==, 0);
    g_assert_cmphex(qtest_readb(qts, 0xf0000), ==, 0xff);
    qtest_quit(qts);
}

static void test_smram(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = qtest_start(BARE "%s", board->name);
    uint8_t reg = board->smram;

    g_assert_cmphex(qpci_readb(qts, board->host, reg), ==, 0x02);
    g_assert_cmphex(qtest_readb(qts, 0xa0000), ==, 0xff);
    qpci_writeb(qts, board->host, reg, 0x4a);   /* open */
    qtest_writeb(qts, 0xa0000, 0x5a);
    qtest_writeb(qts, 0xbffff, 0xa5);
    g_assert_cmphex(qtest_readb(qts, 0xa0000), ==, 0x5a);
    g_assert_cmphex(qtest_readb(qts, 0xbffff), ==, 0xa5);
    qpci_writeb(qts, board->host, reg, 0x0a);   /* closed */
    g_assert_cmphex(qtest_readb(qts, 0xa0000), ==, 0xff);
    qpci_writeb(qts, board->host, reg, 0x4a);
    g_assert_cmphex(qtest_readb(qts, 0xa0000), ==, 0x5a);
    qpci_writeb(qts, board->host, reg, 0x1a);   /* locked */
    g_assert_cmphex(qpci_readb(qts, board->host, reg), ==, 0x1a);
    qpci_writeb(qts, board->host, reg, 0x4a);
    g_assert_cmphex(qpci_readb(qts, board->host, reg), ==, 0x1a);
    g_assert_cmphex(qtest_readb(qts, 0xa0000), ==, 0xff);
    qtest_quit(qts);
}

static void test_bios(gconstpointer data)
{
    const Board *board = data;
    g_autofree uint8_t *image = g_malloc(0x40000);
    g_autofree char *path = NULL;
    Qtest *qts;

    for (unsigned i = 0; i < 0x40000; i++) {
        image[i] = i >> 12 ^ i;
    }
    path = qtest_temp_file("bios.bin", image, 0x40000);
    qts = qtest_start(BARE "%s -bios %s", board->name, path);
    g_assert_cmphex(qtest_readb(qts, 0xfffc0000), ==, image[0]);
    g_assert_cmphex(qtest_readb(qts, 0xfffffff0), ==, image[0x3fff0]);
    g_assert_cmphex(qtest_readb(qts, 0xe1000), ==, image[0x21000]);
    g_assert_cmphex(qtest_readb(qts, 0xfffff), ==, image[0x3ffff]);
    qtest_writeb(qts, 0xfffffff0, 0);
    g_assert_cmphex(qtest_readb(qts, 0xfffffff0), ==, image[0x3fff0]);
    qtest_quit(qts);
    qtest_expect_failure("-bios /nonexistent*: *", BARE "%s -display none "
                         "-bios /nonexistent", board->name);
}

static void test_none(void)
{
    Qtest *qts = qtest_start(BARE "none");

    g_assert_cmphex(qtest_readl(qts, 0x1000), ==, 0xffffffff);
    qtest_writel(qts, 0x1000, 0);
    g_assert_cmphex(qtest_readl(qts, 0x1000), ==, 0xffffffff);
    g_assert_cmphex(qtest_inl(qts, 0xcf8), ==, 0xffffffff);
    g_assert_cmphex(qtest_inb(qts, 0x511), ==, 0xff);
    qtest_qmp_error(qts, "GenericError", "*", "{'execute': "
                    "'query-acpi-tables'}");
    qtest_quit(qts);
}

/* Power management */

static void test_pm_place(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = qtest_start(BARE "%s", board->name);

    /* Nowhere before it is placed and enabled */
    g_assert_cmphex(qtest_inw(qts, PM1_CNT), ==, 0xffff);
    qpci_writel(qts, board->pm, 0x40, PMBASE | 1);
    g_assert_cmphex(qpci_readl(qts, board->pm, 0x40), ==, PMBASE | 1);
    g_assert_cmphex(qtest_inw(qts, PM1_CNT), ==, 0xffff);
    qpci_writeb(qts, board->pm, board->pm_enable, board->pm_enable_bit);
    g_assert_cmphex(qtest_inw(qts, PM1_CNT), ==, 0);
    qtest_outw(qts, PM1_EN, 0x0021);
    g_assert_cmphex(qtest_inw(qts, PM1_EN), ==, 0x0021);
    /* It moves with its state */
    qpci_writel(qts, board->pm, 0x40, 0xb000 | 1);
    g_assert_cmphex(qtest_inw(qts, PM1_EN), ==, 0xffff);
    g_assert_cmphex(qtest_inw(qts, 0xb002), ==, 0x0021);
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    json_object_put(qtest_qmp_event_wait(qts, "RESET"));
    g_assert_cmphex(qtest_inw(qts, 0xb002), ==, 0xffff);
    qtest_quit(qts);
}

static void test_pm_acpi_enable(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = start(board);

    qtest_outb(qts, 0xb2, board->acpi_enable);
    g_assert_cmphex(qtest_inw(qts, PM1_CNT) & SCI_EN, ==, SCI_EN);
    qtest_outb(qts, 0xb2, board->acpi_disable);
    g_assert_cmphex(qtest_inw(qts, PM1_CNT) & SCI_EN, ==, 0);
    qtest_outb(qts, 0xb3, 0x77);
    g_assert_cmphex(qtest_inb(qts, 0xb3), ==, 0x77);
    qtest_quit(qts);
}

static void test_pm_timer(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = start(board);
    uint32_t before = qtest_inl(qts, PM_TMR);

    g_assert_cmphex(qtest_inl(qts, PM_TMR), ==, before);
    qtest_clock_step(qts, SECOND);
    g_assert_cmpuint((qtest_inl(qts, PM_TMR) - before) & 0xffffff, ==,
                     PM_TIMER_HZ);
    /* 24 bits: it wraps */
    qtest_clock_step(qts, 10 * SECOND);
    g_assert_cmpuint(qtest_inl(qts, PM_TMR), <, 1 << 24);
    g_assert_cmpuint((qtest_inl(qts, PM_TMR) - before) & 0xffffff, ==,
                     11 * PM_TIMER_HZ % (1 << 24));
    /* and is read only */
    before = qtest_inl(qts, PM_TMR);
    qtest_outl(qts, PM_TMR, 0);
    g_assert_cmpuint(qtest_inl(qts, PM_TMR), ==, before);
    qtest_quit(qts);
}

/** The timer's top bit changes: a status bit, and the SCI where enabled. */
static void test_pm_sci(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = start(board);
    int64_t half_ns = (INT64_C(1) << 23) * SECOND / PM_TIMER_HZ + 1;

    qtest_irq_intercept_in(qts, "ioapic");
    qtest_outb(qts, 0xb2, board->acpi_enable);
    qtest_clock_set(qts, half_ns);
    g_assert_cmphex(qtest_inw(qts, PM1_STS) & TMR_STS, ==, TMR_STS);
    g_assert_false(qtest_irq_level(qts, 9));
    qtest_outw(qts, PM1_EN, TMR_STS);
    g_assert_true(qtest_irq_level(qts, 9));
    qtest_outw(qts, PM1_STS, TMR_STS);
    g_assert_cmphex(qtest_inw(qts, PM1_STS) & TMR_STS, ==, 0);
    g_assert_false(qtest_irq_level(qts, 9));
    qtest_clock_set(qts, 2 * half_ns - 10);
    g_assert_false(qtest_irq_level(qts, 9));
    qtest_clock_set(qts, 2 * half_ns);
    g_assert_true(qtest_irq_level(qts, 9));
    qtest_outw(qts, PM1_EN, 0);
    g_assert_false(qtest_irq_level(qts, 9));
    qtest_quit(qts);
}

static void test_gpe0(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = start(board);
    unsigned half = board->gpe0_len / 2;

    for (unsigned i = 0; i < half; i++) {
        g_assert_cmphex(qtest_inb(qts, board->gpe0 + i), ==, 0);
        qtest_outb(qts, board->gpe0 + i, 0xff);
        g_assert_cmphex(qtest_inb(qts, board->gpe0 + i), ==, 0);
        qtest_outb(qts, board->gpe0 + half + i, 0x5a);
        g_assert_cmphex(qtest_inb(qts, board->gpe0 + half + i), ==, 0x5a);
    }
    qtest_quit(qts);
}

static void assert_reason(json_object *event, bool guest, const char *reason)
{
    json_object *data = qtest_json_get(event, "data");

    g_assert_true(qtest_json_bool(data, "guest") == guest);
    g_assert_cmpstr(qtest_json_string(data, "reason"), ==, reason);
    json_object_put(event);
}

static void test_s5(gconstpointer data)
{
    Qtest *qts = start(data);

    qtest_outw(qts, PM1_CNT, SLP_EN);
    assert_reason(qtest_qmp_event_wait(qts, "SHUTDOWN"), true,
                  "guest-shutdown");
    g_assert_cmpint(qtest_wait_exit(qts), ==, 0);
    qtest_quit(qts);
}

static void test_s4(gconstpointer data)
{
    Qtest *qts = start(data);

    qtest_outw(qts, PM1_CNT, SLP_EN | 2 << 10);
    json_object_put(qtest_qmp_event_wait(qts, "SUSPEND_DISK"));
    assert_reason(qtest_qmp_event_wait(qts, "SHUTDOWN"), true,
                  "guest-shutdown");
    g_assert_cmpint(qtest_wait_exit(qts), ==, 0);
    qtest_quit(qts);
}

static void test_reset_port(gconstpointer data)
{
    static const uint8_t values[] = { 0x06, 0x0e, 0x04 };
    const Board *board = data;
    Qtest *qts = start(board);

    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        place_pm(qts, board);
        qtest_outw(qts, PM1_EN, 1);
        qtest_outb(qts, 0xcf9, 0x02);
        g_assert_cmphex(qtest_inw(qts, PM1_EN), ==, 1);
        qtest_outb(qts, 0xcf9, values[i]);
        assert_reason(qtest_qmp_event_wait(qts, "RESET"), true,
                      "guest-reset");
        g_assert_cmphex(qtest_inw(qts, PM1_EN), ==, 0xffff);
    }
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        GTestDataFunc run;
    } each[] = {
        { "pci-ids", test_pci_ids }, { "ram", test_ram },
        { "ram-split", test_ram_split }, { "pam", test_pam },
        { "smram", test_smram }, { "bios", test_bios },
        { "pm-place", test_pm_place },
        { "pm-acpi-enable", test_pm_acpi_enable },
        { "pm-timer", test_pm_timer }, { "pm-sci", test_pm_sci },
        { "gpe0", test_gpe0 }, { "s5", test_s5 }, { "s4", test_s4 },
        { "reset-port", test_reset_port },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned b = 0; b < G_N_ELEMENTS(boards); b++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(each); i++) {
            g_autofree char *path = g_strdup_printf("/machine/%s/%s",
                                                    boards[b].name,
                                                    each[i].name);

            g_test_add_data_func(path, &boards[b], each[i].run);
        }
    }
    g_test_add_func("/machine/q35/ecam", test_ecam);
    g_test_add_func("/machine/none", test_none);
    return g_test_run();
}
