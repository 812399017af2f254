/*
 * How long it takes until a guest has a new VM generation ID
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"

#define SET_ADDR_FILE "etc/vmgenid_addr"

static uint64_t set_guid_gpa(Channel *qtest)
{
    uint64_t gpa_le = 0;

    bench_fetch_file(qtest, SET_ADDR_FILE, (uint8_t *)&gpa_le,
                     sizeof(gpa_le));
    if (!gpa_le) {
        bench_die("the generation ID has not been placed");
    }
    return GUINT64_FROM_LE(gpa_le);
}

/** The first field of a GUID is little-endian in memory. */
static bool set_is_seen(Channel *qtest, uint64_t gpa, uint32_t number)
{
    const char *seen = qtest_command(qtest, "readl 0x%" G_GINT64_MODIFIER "x",
                                     gpa);

    return strtoull(seen, NULL, 0) == number;
}

void sample_set_guid(const BenchCase *bench, const Contender *contender,
                     double *values)
{
    Child child;
    Channel qtest;
    uint64_t gpa;

    child_start(&child, contender, NULL, bench->args, CHILD_QMP_UNIX);
    bench_greet(&child);
    channel_connect(&qtest, BENCH_QTEST);
    gpa = set_guid_gpa(&qtest);
    values[0] = values[1] = 0;
    for (uint32_t i = 1; i <= bench->repeat; i++) {
        double start_us = bench_now_us();

        qmp_send(&child.channel, -1, "{\"execute\": \"set-vm-generation-id\", "
                 "\"arguments\": {\"guid\": "
                 "\"%08x-d1d1-4bf6-bf41-b9bb6c91fb87\"}}\n", i);
        qmp_expect(&child.channel, "\"return\"");
        values[0] += (bench_now_us() - start_us) / bench->repeat;
        if (!set_is_seen(&qtest, gpa, i)) {
            bench_die("set-vm-generation-id: the guest does not see it");
        }
        values[1] += (bench_now_us() - start_us) / bench->repeat;
    }
    channel_cleanup(&qtest);
    bench_quit(&child, NULL);
}
