/*
 * ACPI S3: put to sleep, woken, and all that can happen in between
 *
 * The Rn are the requirements of docs/specs/acpi-pm.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest-pci.h"
#include "libqtest.h"

#define BARE "-nodefaults -machine "

#define PMBASE 0x600
enum { PM1_STS = PMBASE, PM1_EN = PMBASE + 2, PM1_CNT = PMBASE + 4 };
enum { PM1_PWRBTN = 0x100, PM1_WAK = 0x8000, PM1_SCI_EN = 1,
       PM1_SLEEP_S3 = 0x2400, PM1_SLEEP_S5 = 0x2000 };

#define NOT_ASLEEP "Unable to wake up: guest is not in suspended state"

typedef struct Board {
    const char *name;
    uint8_t pm;                 /* devfn */
    uint8_t pm_enable, pm_enable_bit;
    uint8_t pam0;               /* of the host bridge */
    uint16_t gpe0_en;
} Board;

static const Board boards[] = {
    { "pc", QPCI_DEVFN(1, 3), 0x80, 0x01, 0x59, 0xafe2 },
    { "q35", QPCI_DEVFN(31, 0), 0x44, 0x80, 0x90, PMBASE + 0x28 },
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

static uint8_t cmos(Qtest *qts, uint8_t index)
{
    qtest_outb(qts, 0x70, index);
    return qtest_inb(qts, 0x71);
}

static void assert_status(Qtest *qts, const char *expected)
{
    json_object *status = qtest_qmp_return(qts, "{'execute': 'query-status'}");

    g_assert_cmpstr(qtest_json_string(status, "status"), ==, expected);
    g_assert_true(qtest_json_bool(status, "running") ==
                  (strcmp(expected, "running") == 0));
    json_object_put(status);
}

/** The next message is this event, and nothing came before it. */
static void assert_next_event(Qtest *qts, const char *name)
{
    json_object *event = qmp_session_receive(qtest_qmp_session(qts));

    g_assert_cmpstr(qtest_json_string(event, "event"), ==, name);
    json_object_put(event);
}

static void wait_event(Qtest *qts, const char *name)
{
    json_object_put(qtest_qmp_event_wait(qts, name));
}

static void assert_no_event(Qtest *qts, const char *name)
{
    /* what is on its way comes before a reply */
    json_object_put(qtest_qmp_return(qts, "{'execute': 'query-name'}"));
    g_assert_false(qmp_session_has_event(qtest_qmp_session(qts), name));
}

static void wake(Qtest *qts)
{
    qtest_qmp_ok(qts, "{'execute': 'system_wakeup'}");
}

static void refuse_wake(Qtest *qts)
{
    qtest_qmp_error(qts, "GenericError", NOT_ASLEEP,
                    "{'execute': 'system_wakeup'}");
}

static void put_to_sleep(Qtest *qts, const Board *board)
{
    place_pm(qts, board);
    qtest_outw(qts, PM1_CNT, PM1_SLEEP_S3);
    wait_event(qts, "SUSPEND");
}

/* R21 to R23: what a guest finds */
static void test_wake(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = start(board);

    refuse_wake(qts);
    g_assert_cmphex(cmos(qts, 0x0f), ==, 0);
    qtest_outw(qts, PM1_EN, PM1_PWRBTN);
    qtest_outb(qts, board->gpe0_en, 0x20);
    qtest_memset(qts, 0x100000, 0x5a, 0x10000);
    qtest_outw(qts, PM1_CNT, PM1_SLEEP_S3 | PM1_SCI_EN);
    assert_next_event(qts, "SUSPEND");
    assert_status(qts, "suspended");

    /* asleep: registers as they were, and firmware can tell why */
    g_assert_cmphex(cmos(qts, 0x0f), ==, 0xfe);
    g_assert_cmphex(qtest_inw(qts, PM1_CNT), ==, 0x0401);
    g_assert_cmphex(qtest_inw(qts, PM1_EN), ==, PM1_PWRBTN);
    g_assert_cmphex(qtest_inw(qts, PM1_STS), ==, 0);

    wake(qts);
    assert_status(qts, "running");
    wait_event(qts, "WAKEUP");
    assert_no_event(qts, "RESUME");
    assert_no_event(qts, "RESET");

    /* the chipset is as after any reset */
    g_assert_cmphex(qtest_inw(qts, PM1_CNT), ==, 0xffff);
    g_assert_cmphex(qpci_readl(qts, board->pm, 0x40), ==, 1);
    g_assert_cmphex(qpci_readb(qts, board->pm, board->pm_enable) &
                    board->pm_enable_bit, ==, 0);
    place_pm(qts, board);
    g_assert_cmphex(qtest_inw(qts, PM1_STS), ==, PM1_WAK | PM1_PWRBTN);
    g_assert_cmphex(qtest_inw(qts, PM1_EN), ==, 0);
    g_assert_cmphex(qtest_inw(qts, PM1_CNT), ==, 0);
    g_assert_cmphex(qtest_inb(qts, board->gpe0_en), ==, 0);
    qtest_outw(qts, PM1_STS, PM1_WAK);
    g_assert_cmphex(qtest_inw(qts, PM1_STS), ==, PM1_PWRBTN);

    /* memory and CMOS are not; nobody has read the code yet */
    g_assert_cmphex(cmos(qts, 0x0f), ==, 0xfe);
    for (unsigned at = 0; at < 0x10000; at += 8) {
        g_assert_cmphex(qtest_readq(qts, 0x100000 + at), ==,
                        UINT64_C(0x5a5a5a5a5a5a5a5a));
    }
    qtest_quit(qts);
}

/* R21, R26 */
static void test_twice(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = start(board);

    for (unsigned i = 0; i < 3; i++) {
        put_to_sleep(qts, board);
        /* what sleeps does not fall asleep */
        qtest_outw(qts, PM1_CNT, PM1_SLEEP_S3);
        assert_no_event(qts, "SUSPEND");
        assert_status(qts, "suspended");
        wake(qts);
        wait_event(qts, "WAKEUP");
        refuse_wake(qts);
        assert_no_event(qts, "WAKEUP");
        assert_status(qts, "running");
    }
    qtest_quit(qts);
}

/* R19 */
static void test_power_button(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = start(board);

    put_to_sleep(qts, board);
    qtest_qmp_ok(qts, "{'execute': 'system_powerdown'}");
    wait_event(qts, "POWERDOWN");
    assert_status(qts, "suspended");
    g_assert_cmphex(qtest_inw(qts, PM1_STS), ==, PM1_PWRBTN);
    assert_no_event(qts, "WAKEUP");
    qtest_quit(qts);
}

/* R25 */
static void test_cont(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = start(board);

    /* this does not wake it */
    put_to_sleep(qts, board);
    qtest_qmp_ok(qts, "{'execute': 'cont'}");
    assert_status(qts, "suspended");
    assert_no_event(qts, "RESUME");

    /* stopped, and let sleep on */
    qtest_qmp_ok(qts, "{'execute': 'stop'}");
    wait_event(qts, "STOP");
    assert_status(qts, "paused");
    qtest_qmp_ok(qts, "{'execute': 'cont'}");
    wait_event(qts, "RESUME");
    assert_status(qts, "suspended");
    wake(qts);
    wait_event(qts, "WAKEUP");
    assert_status(qts, "running");

    /* woken while it is stopped, it stays stopped */
    put_to_sleep(qts, board);
    qtest_qmp_ok(qts, "{'execute': 'stop'}");
    wait_event(qts, "STOP");
    wake(qts);
    wait_event(qts, "WAKEUP");
    assert_status(qts, "paused");
    refuse_wake(qts);
    qtest_qmp_ok(qts, "{'execute': 'cont'}");
    wait_event(qts, "RESUME");
    assert_status(qts, "running");
    qtest_quit(qts);
}

/* Only a test can make a stopped machine fall asleep. */
static void test_stopped(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = start(board);

    qtest_qmp_ok(qts, "{'execute': 'stop'}");
    wait_event(qts, "STOP");
    put_to_sleep(qts, board);
    assert_status(qts, "paused");
    g_assert_cmphex(cmos(qts, 0x0f), ==, 0xfe);
    qtest_qmp_ok(qts, "{'execute': 'cont'}");
    wait_event(qts, "RESUME");
    assert_status(qts, "suspended");
    wake(qts);
    assert_status(qts, "running");
    qtest_quit(qts);

    /* one that was never started */
    qts = qtest_start(BARE "%s -S", board->name);
    put_to_sleep(qts, board);
    assert_status(qts, "prelaunch");
    wake(qts);
    wait_event(qts, "WAKEUP");
    assert_status(qts, "prelaunch");
    refuse_wake(qts);
    qtest_quit(qts);
}

/* R23, R26 */
static void test_reset(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = start(board);

    put_to_sleep(qts, board);
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    wait_event(qts, "RESET");
    assert_status(qts, "running");
    refuse_wake(qts);
    assert_no_event(qts, "WAKEUP");
    place_pm(qts, board);
    g_assert_cmphex(qtest_inw(qts, PM1_STS), ==, 0);
    /* no firmware here that would take it */
    g_assert_cmphex(cmos(qts, 0x0f), ==, 0xfe);

    /* one that is stopped besides: it sleeps no more when it is let run */
    put_to_sleep(qts, board);
    qtest_qmp_ok(qts, "{'execute': 'stop'}");
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    assert_status(qts, "paused");
    refuse_wake(qts);
    qtest_qmp_ok(qts, "{'execute': 'cont'}");
    assert_status(qts, "running");
    qtest_quit(qts);
}

static void test_end(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = start(board);

    put_to_sleep(qts, board);
    qtest_qmp_ok(qts, "{'execute': 'quit'}");
    wait_event(qts, "SHUTDOWN");
    g_assert_cmpint(qtest_wait_exit(qts), ==, 0);
    qtest_quit(qts);

    /* turned off in its sleep, and kept */
    qts = qtest_start(BARE "%s -action shutdown=pause", board->name);
    put_to_sleep(qts, board);
    qtest_outw(qts, PM1_CNT, PM1_SLEEP_S5);
    wait_event(qts, "SHUTDOWN");
    assert_status(qts, "shutdown");
    refuse_wake(qts);
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    qtest_qmp_ok(qts, "{'execute': 'cont'}");
    assert_status(qts, "running");
    qtest_quit(qts);
}

static void test_hmp(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = start(board);
    json_object *said;

    put_to_sleep(qts, board);
    said = qtest_qmp_return(qts, "{'execute': 'human-monitor-command', "
                            "'arguments': {'command-line': "
                            "'system_wakeup'}}");
    g_assert_cmpstr(json_object_get_string(said), ==, "");
    json_object_put(said);
    wait_event(qts, "WAKEUP");
    said = qtest_qmp_return(qts, "{'execute': 'human-monitor-command', "
                            "'arguments': {'command-line': "
                            "'system_wakeup'}}");
    g_assert_cmpstr(json_object_get_string(said), ==, "Error: " NOT_ASLEEP
                    "\r\n");
    json_object_put(said);
    qtest_quit(qts);
}

/* R24: the built-in firmware's resume */
static void test_builtin(gconstpointer data)
{
    const Board *board = data;
    Qtest *qts = qtest_start(BARE "%s,firmware=builtin", board->name);
    g_autofree uint8_t *low = g_malloc(0xa0000);
    g_autofree uint8_t *after = g_malloc(0xa0000);
    uint8_t fseg[2][0x10000];
    json_object *tables;
    int64_t n_tables;

    tables = qtest_qmp_return(qts, "{'execute': 'query-acpi-tables'}");
    n_tables = json_object_array_length(tables);
    json_object_put(tables);
    g_assert_cmpint(n_tables, >, 5);
    /* an operating system has all of it by now */
    qtest_memset(qts, 0, 0xc3, 0xa0000);
    qtest_memset(qts, 0x100000, 0xc3, 0x10000);
    qtest_memread(qts, 0, low, 0xa0000);
    qtest_memread(qts, 0xf0000, fseg[0], sizeof(fseg[0]));

    for (unsigned i = 0; i < 2; i++) {
        qtest_outw(qts, PM1_CNT, PM1_SLEEP_S3);
        wait_event(qts, "SUSPEND");
        g_assert_cmphex(cmos(qts, 0x0f), ==, 0xfe);
        wake(qts);
        wait_event(qts, "WAKEUP");
        assert_status(qts, "running");

        /* placed as at boot; the code is read, and taken */
        g_assert_cmphex(qpci_readl(qts, board->pm, 0x40), ==, PMBASE | 1);
        g_assert_cmphex(qpci_readb(qts, 0, board->pam0), ==, 0x10);
        g_assert_cmphex(qpci_readb(qts, 0, board->pam0 + 1), ==, 0x33);
        g_assert_cmphex(qtest_inw(qts, PM1_STS), ==, PM1_WAK | PM1_PWRBTN);
        g_assert_cmphex(cmos(qts, 0x0f), ==, 0);
        qtest_memread(qts, 0, after, 0xa0000);
        g_assert_cmpmem(low, 0xa0000, after, 0xa0000);
        qtest_memread(qts, 0xf0000, fseg[1], sizeof(fseg[1]));
        g_assert_cmpmem(fseg[0], sizeof(fseg[0]), fseg[1], sizeof(fseg[1]));
        g_assert_cmphex(qtest_readl(qts, 0x10fffc), ==, 0xc3c3c3c3);
        tables = qtest_qmp_return(qts, "{'execute': 'query-acpi-tables'}");
        g_assert_cmpint(json_object_array_length(tables), ==, n_tables);
        json_object_put(tables);
    }

    /* a boot takes the code, too */
    qtest_outw(qts, PM1_CNT, PM1_SLEEP_S3);
    wait_event(qts, "SUSPEND");
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    g_assert_cmphex(cmos(qts, 0x0f), ==, 0);
    g_assert_cmphex(qtest_inw(qts, PM1_STS), ==, 0);
    qtest_quit(qts);
}

static void test_none(void)
{
    Qtest *qts = qtest_start(BARE "none");
    json_object *machine;

    qtest_qmp_error(qts, "GenericError", "wake-up from suspend is not "
                    "supported by this guest",
                    "{'execute': 'system_wakeup'}");
    machine = qtest_qmp_return(qts, "{'execute': 'query-current-machine'}");
    g_assert_false(qtest_json_bool(machine, "wakeup-suspend-support"));
    json_object_put(machine);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        GTestDataFunc run;
    } each[] = {
        { "wake", test_wake }, { "twice", test_twice },
        { "power-button", test_power_button }, { "cont", test_cont },
        { "stopped", test_stopped }, { "reset", test_reset },
        { "end", test_end }, { "hmp", test_hmp },
        { "builtin", test_builtin },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned b = 0; b < G_N_ELEMENTS(boards); b++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(each); i++) {
            g_autofree char *path = g_strdup_printf("/sleep/%s/%s",
                                                    boards[b].name,
                                                    each[i].name);

            g_test_add_data_func(path, &boards[b], each[i].run);
        }
    }
    g_test_add_func("/sleep/none", test_none);
    return g_test_run();
}
