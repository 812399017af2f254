/*
 * What becomes of a machine that is reset, turned off, or whose power button
 * is pressed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libqtest-pci.h"
#include "libqtest.h"

#define PM_BASE 0x600
enum { PM1_STS = PM_BASE, PM1_EN = PM_BASE + 2, PM1_CNT = PM_BASE + 4 };
enum { PM1_PWRBTN = 1 << 8, PM1_SCI_EN = 1 << 0 };
#define SCI 9

#define QUERY "{'execute': 'query-status'}"
#define RESET "{'execute': 'system_reset'}"

/** What firmware does first of all: place the power management block. */
static void place_pm(Qtest *qts, bool q35)
{
    if (q35) {
        qpci_writel(qts, QPCI_DEVFN(31, 0), 0x40, PM_BASE | 1);
        qpci_writeb(qts, QPCI_DEVFN(31, 0), 0x44, 0x80);
    } else {
        qpci_writel(qts, QPCI_DEVFN(1, 3), 0x40, PM_BASE | 1);
        qpci_writeb(qts, QPCI_DEVFN(1, 3), 0x80, 1);
    }
}

static void turn_off(Qtest *qts)
{
    place_pm(qts, true);
    qtest_outw(qts, PM1_CNT, 0x2000);
}

static void expect_status(Qtest *qts, const char *status)
{
    json_object *value = qtest_qmp_return(qts, QUERY);

    g_assert_cmpstr(qtest_json_string(value, "status"), ==, status);
    g_assert_cmpint(qtest_json_bool(value, "running"), ==,
                    g_str_equal(status, "running"));
    json_object_put(value);
}

static void expect_event(Qtest *qts, const char *name, const char *reason)
{
    json_object *event = qtest_qmp_event_wait(qts, name);

    g_assert_cmpstr(qtest_json_string(qtest_json_get(event, "data"),
                                      "reason"), ==, reason);
    json_object_put(event);
}

static void expect_stop(Qtest *qts)
{
    json_object_put(qtest_qmp_event_wait(qts, "STOP"));
}

static void test_no_reboot(void)
{
    static const char *const options[] = {
        "-no-reboot", "-action reboot=shutdown",
        "-action reboot=reset -action reboot=shutdown,panic=pause",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        Qtest *qts = qtest_start("-machine q35 -nodefaults %s", options[i]);

        qtest_outb(qts, 0xcf9, 6);
        expect_event(qts, "SHUTDOWN", "guest-reset");
        g_assert_cmpint(qtest_wait_exit(qts), ==, 0);
        qtest_quit(qts);

        qts = qtest_start("-machine q35 -nodefaults %s", options[i]);
        qtest_qmp_ok(qts, RESET);
        expect_event(qts, "SHUTDOWN", "host-qmp-system-reset");
        g_assert_cmpint(qtest_wait_exit(qts), ==, 0);
        qtest_quit(qts);
    }
}

static void test_no_shutdown(void)
{
    Qtest *qts = qtest_start("-machine q35 -nodefaults -no-shutdown");

    turn_off(qts);
    expect_event(qts, "SHUTDOWN", "guest-shutdown");
    expect_stop(qts);
    expect_status(qts, "shutdown");
    qtest_qmp_ok(qts, "{'execute': 'stop'}");
    expect_status(qts, "shutdown");
    qtest_qmp_error(qts, "GenericError", "Resetting the Virtual Machine is "
                    "required", "{'execute': 'cont'}");
    qtest_qmp_ok(qts, RESET);
    expect_event(qts, "RESET", "host-qmp-system-reset");
    expect_status(qts, "prelaunch");
    qtest_qmp_ok(qts, "{'execute': 'cont'}");
    expect_status(qts, "running");
    /* a second time; and what the host wants ends it all the same */
    turn_off(qts);
    expect_event(qts, "SHUTDOWN", "guest-shutdown");
    qtest_quit(qts);

    /* before it was started: it is off, and did not stop */
    qts = qtest_start("-machine q35 -nodefaults -action shutdown=pause -S");
    turn_off(qts);
    expect_event(qts, "SHUTDOWN", "guest-shutdown");
    expect_status(qts, "shutdown");
    g_assert_false(qmp_session_has_event(qtest_qmp_session(qts), "STOP"));
    qtest_quit(qts);
}

static void test_neither(void)
{
    Qtest *qts = qtest_start("-machine q35 -nodefaults -no-shutdown "
                             "-no-reboot");

    qtest_outb(qts, 0xcf9, 6);
    expect_event(qts, "SHUTDOWN", "guest-reset");
    expect_stop(qts);
    expect_status(qts, "shutdown");
    qtest_qmp_ok(qts, RESET);
    expect_event(qts, "SHUTDOWN", "host-qmp-system-reset");
    expect_status(qts, "shutdown");
    qtest_qmp_ok(qts, "{'execute': 'set-action', 'arguments': "
                 "{'reboot': 'reset'}}");
    qtest_qmp_ok(qts, RESET);
    expect_event(qts, "RESET", "host-qmp-system-reset");
    expect_status(qts, "prelaunch");
    qtest_quit(qts);
}

static void test_set_action(void)
{
    Qtest *qts = qtest_start("-machine q35 -nodefaults");

    qtest_qmp_ok(qts, "{'execute': 'set-action'}");
    qtest_qmp_ok(qts, "{'execute': 'set-action', 'arguments': "
                 "{'shutdown': 'pause', 'panic': 'none', "
                 "'watchdog': 'inject-nmi'}}");
    qtest_qmp_error(qts, "GenericError", "*'reboot'*'pause'*",
                    "{'execute': 'set-action', 'arguments': "
                    "{'shutdown': 'poweroff', 'reboot': 'pause'}}");
    turn_off(qts);
    expect_event(qts, "SHUTDOWN", "guest-shutdown");
    expect_status(qts, "shutdown");
    qtest_qmp_ok(qts, RESET);
    qtest_qmp_ok(qts, "{'execute': 'set-action', 'arguments': "
                 "{'shutdown': 'poweroff', 'reboot': 'shutdown'}}");
    qtest_outb(qts, 0xcf9, 6);
    expect_event(qts, "SHUTDOWN", "guest-reset");
    g_assert_cmpint(qtest_wait_exit(qts), ==, 0);
    qtest_quit(qts);
}

static void test_errors(void)
{
    qtest_expect_failure("-action frob=x: *'frob'*", "-action frob=x");
    qtest_expect_failure("-action reboot=pause: *'reboot'*'pause'*",
                         "-action reboot=pause");
    qtest_expect_failure("-action shutdown: *", "-action shutdown");
    qtest_expect_failure("-watchdog-action frob: 'frob' *",
                         "-watchdog-action frob");
}

/** docs/specs/acpi-pm.rst, R19: the status bit always, the SCI if it is
 *  enabled. */
static void power_button(bool q35)
{
    Qtest *qts = qtest_start("-machine %s -nodefaults", q35 ? "q35" : "pc");

    place_pm(qts, q35);
    qtest_irq_intercept_in(qts, "ioapic");
    qtest_qmp_ok(qts, "{'execute': 'system_powerdown'}");
    json_object_put(qtest_qmp_event_wait(qts, "POWERDOWN"));
    g_assert_cmphex(qtest_inw(qts, PM1_STS) & PM1_PWRBTN, ==, PM1_PWRBTN);
    g_assert_false(qtest_irq_level(qts, SCI));
    qtest_outw(qts, PM1_STS, PM1_PWRBTN);
    g_assert_cmphex(qtest_inw(qts, PM1_STS) & PM1_PWRBTN, ==, 0);

    qtest_outw(qts, PM1_EN, PM1_PWRBTN);
    qtest_outb(qts, 0xb2, q35 ? 2 : 0xf1);
    g_assert_cmphex(qtest_inw(qts, PM1_CNT) & PM1_SCI_EN, ==, PM1_SCI_EN);
    qtest_qmp_ok(qts, "{'execute': 'system_powerdown'}");
    qtest_inw(qts, PM1_STS);
    g_assert_true(qtest_irq_level(qts, SCI));
    qtest_outw(qts, PM1_STS, PM1_PWRBTN);
    g_assert_false(qtest_irq_level(qts, SCI));
    expect_status(qts, "running");
    qtest_quit(qts);
}

static void test_power_button(void)
{
    Qtest *qts;

    power_button(true);
    power_button(false);
    /* a machine without one: only the event */
    qts = qtest_start("-machine none -nodefaults");
    qtest_qmp_ok(qts, "{'execute': 'system_powerdown'}");
    json_object_put(qtest_qmp_event_wait(qts, "POWERDOWN"));
    expect_status(qts, "running");
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/action/no-reboot", test_no_reboot);
    g_test_add_func("/action/no-shutdown", test_no_shutdown);
    g_test_add_func("/action/neither", test_neither);
    g_test_add_func("/action/set-action", test_set_action);
    g_test_add_func("/action/errors", test_errors);
    g_test_add_func("/action/power-button", test_power_button);
    return g_test_run();
}
