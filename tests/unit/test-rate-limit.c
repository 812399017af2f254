/*
 * So many bytes a second, and no more
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <glib.h>

#include "util/rate-limit.h"

#define START_US 5000000

static void test_none(void)
{
    RateLimit limit = { 0 };

    for (int i = 0; i < 3; i++) {
        g_assert_cmpuint(rate_limit_ask(&limit, UINT64_MAX, START_US), ==,
                         UINT64_MAX);
        rate_limit_spend(&limit, UINT64_MAX);
    }
    /* no debt stays behind */
    rate_limit_set(&limit, 1000000, START_US);
    g_assert_cmpuint(rate_limit_ask(&limit, 9, START_US + 5), ==, 5);
}

static void test_rate(void)
{
    RateLimit limit = { 0 };

    rate_limit_set(&limit, 1000000, START_US);
    g_assert_cmpuint(rate_limit_ask(&limit, 100, START_US), ==, 0);
    g_assert_cmpuint(rate_limit_ask(&limit, 100, START_US + 40), ==, 40);
    rate_limit_spend(&limit, 30);
    g_assert_cmpuint(rate_limit_ask(&limit, 100, START_US + 40), ==, 10);
    g_assert_cmpuint(rate_limit_ask(&limit, 100, START_US + 60), ==, 30);
    g_assert_cmpuint(rate_limit_ask(&limit, 7, START_US + 60), ==, 7);
}

/** What was not used is lost in the end. */
static void test_burst(void)
{
    RateLimit limit = { 0 };

    rate_limit_set(&limit, 1000, START_US);
    g_assert_cmpuint(rate_limit_ask(&limit, 1000, START_US + 3600000000), ==,
                     1000 * RATE_LIMIT_BURST_US / 1000000);
}

/** Less than a byte in the time of a burst is still something. */
static void test_slow(void)
{
    RateLimit limit = { 0 };
    uint64_t sent = 0;

    rate_limit_set(&limit, 3, START_US);
    for (int64_t us = 0; us <= 10000000; us += 20000) {
        uint64_t len = rate_limit_ask(&limit, 1000, START_US + us);

        rate_limit_spend(&limit, len);
        sent += len;
    }
    g_assert_cmpuint(sent, >=, 28);
    g_assert_cmpuint(sent, <=, 30);
}

static void test_large(void)
{
    static const uint64_t rates[] = { INT64_MAX, UINT64_MAX };

    for (unsigned i = 0; i < G_N_ELEMENTS(rates); i++) {
        RateLimit limit = { 0 };

        rate_limit_set(&limit, rates[i], START_US);
        g_assert_cmpuint(rate_limit_ask(&limit, 1 << 20, START_US + 1), ==,
                         1 << 20);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rate-limit/none", test_none);
    g_test_add_func("/rate-limit/rate", test_rate);
    g_test_add_func("/rate-limit/burst", test_burst);
    g_test_add_func("/rate-limit/slow", test_slow);
    g_test_add_func("/rate-limit/large", test_large);
    return g_test_run();
}
