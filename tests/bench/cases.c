/*
 * What is measured: one row a case
 *
 * A new case is a row, and a function if none of those here does it.  What a
 * row means to a reader of the figures is told in docs/devel/benchmarks.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

void bench_greet(Child *child)
{
    qmp_expect(&child->channel, "\"QMP\"");
    qmp_command(&child->channel, "qmp_capabilities");
}

void bench_quit(Child *child, struct rusage *usage)
{
    qmp_command(&child->channel, "quit");
    child_reap(child, usage);
}

static double timeval_ms(const struct timeval *time)
{
    return time->tv_sec * 1e3 + time->tv_usec / 1e3;
}

/** A whole life: exec to status (ms), quit to exit (ms), resident and
 *  anonymous memory (KiB) in between, minor faults, processor time (ms). */
static void sample_life(const BenchCase *bench, const Contender *contender,
                        double *values)
{
    Child child;
    ChildMemory memory;
    struct rusage usage;
    double quit_us;

    child_start(&child, contender, NULL, bench->args, CHILD_QMP_STDIO);
    bench_greet(&child);
    qmp_command(&child.channel, "query-status");
    values[0] = (bench_now_us() - child.started_us) / 1e3;
    child_memory(&child, &memory);
    quit_us = bench_now_us();
    bench_quit(&child, &usage);
    values[1] = (bench_now_us() - quit_us) / 1e3;
    values[2] = memory.resident_kib;
    values[3] = memory.anonymous_kib;
    values[4] = usage.ru_minflt;
    values[5] = timeval_ms(&usage.ru_utime) + timeval_ms(&usage.ru_stime);
}

/** Until our program has shown the tables, SLIC among them; the others cannot
 *  and show their status instead. */
static void sample_tables(const BenchCase *bench, const Contender *contender,
                          double *values)
{
    Child child;
    const char *reply;

    child_start(&child, contender, NULL, bench->args, CHILD_QMP_STDIO);
    bench_greet(&child);
    if (contender->side == BENCH_OURS) {
        reply = qmp_command(&child.channel, "query-acpi-tables");
        if (!strstr(reply, "\"SLIC\"")) {
            bench_die("query-acpi-tables: no SLIC in %s", reply);
        }
    } else {
        qmp_command(&child.channel, "query-status");
    }
    values[0] = (bench_now_us() - child.started_us) / 1e3;
    bench_quit(&child, NULL);
}

/** The "total" line of strace's summary: time, seconds, usecs/call, calls. */
static double read_strace_total(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[256];
    double calls = 0;

    while (file && fgets(line, sizeof(line), file)) {
        if (strstr(line, " total")) {
            sscanf(line, "%*f %*f %*d %lf", &calls);
        }
    }
    if (file) {
        fclose(file);
    }
    if (!calls) {
        bench_die("strace told no total");
    }
    return calls;
}

static void sample_syscalls(const BenchCase *bench, const Contender *contender,
                            double *values)
{
    static const char *const strace[] = {
        "strace", "-f", "-c", "-o", "strace.txt", NULL,
    };
    Child child;

    child_start(&child, contender, strace, bench->args, CHILD_QMP_STDIO);
    bench_greet(&child);
    qmp_command(&child.channel, "query-status");
    bench_quit(&child, NULL);
    values[0] = read_strace_total("strace.txt");
}

static void sample_qmp(const BenchCase *bench, const Contender *contender,
                       double *values)
{
    Child child;
    double start_us;

    child_start(&child, contender, NULL, bench->args, CHILD_QMP_UNIX);
    bench_greet(&child);
    start_us = bench_now_us();
    for (unsigned i = 0; i < bench->repeat; i++) {
        qmp_command(&child.channel, bench->command);
    }
    values[0] = (bench_now_us() - start_us) / bench->repeat;
    bench_quit(&child, NULL);
}

static void sample_qtest(const BenchCase *bench, const Contender *contender,
                         double *values)
{
    Child child;
    double start_us;

    child_start(&child, contender, NULL, bench->args, CHILD_QTEST);
    qtest_command(&child.channel, "%s", bench->command);
    start_us = bench_now_us();
    for (unsigned i = 0; i < bench->repeat; i++) {
        qtest_command(&child.channel, "%s", bench->command);
    }
    values[0] = (bench_now_us() - start_us) / bench->repeat;
    child_kill(&child, NULL);
}

static void sample_fw_cfg(const BenchCase *bench, const Contender *contender,
                          double *values)
{
    Child child;
    double start_us;

    child_start(&child, contender, NULL, bench->args, CHILD_QTEST);
    qtest_command(&child.channel, "readl 0x1000");
    start_us = bench_now_us();
    bench_fetch_acpi(&child.channel);
    values[0] = (bench_now_us() - start_us) / 1e3;
    child_kill(&child, NULL);
}

/** As much as 256 MiB have above 1 MiB. */
#define STATE_FILLED_MIB 255

#define WITH_QTEST \
    "-qtest", "unix:" BENCH_QTEST ",server=on,wait=off", \
    "-qtest-log", "/dev/null"

#define Q35 { "-M", "q35", "-acpitable", "file=" BENCH_SLIC }

const BenchCase bench_cases[] = {
    { .name = "life-q35", .args = Q35, .sample = sample_life,
      .doc = "exec to query-status to exit; its memory",
      .figures = { { "to status", "ms", 0.05 },
                   { "quit to exit", "ms", 0.1 },
                   { "resident", "KiB", 0.12 },
                   { "anonymous", "KiB", 0.1 },
                   { "minor faults", "", 0.12 },
                   { "processor", "ms" } } },
    { .name = "life-none", .args = { "-M", "none" }, .sample = sample_life,
      .doc = "the same without a machine",
      .figures = { { "to status", "ms", 0.07 },
                   { "quit to exit", "ms" },
                   { "resident", "KiB" },
                   { "anonymous", "KiB" },
                   { "minor faults", "" },
                   { "processor", "ms" } } },
    { .name = "life-syscalls", .args = Q35, .sample = sample_syscalls,
      .doc = "system calls of that life", .share = 10, .needs = "strace",
      .figures = { { "system calls", "", 0.12 } } },
    { .name = "life-tables", .args = Q35, .sample = sample_tables,
      .doc = "exec to the SLIC in query-acpi-tables; others: to query-status",
      .figures = { { "to tables", "ms" } } },
    { .name = "qmp-pinned", .args = Q35, .sample = sample_qmp,
      .doc = "QMP round trip, both ends on one processor",
      .command = "query-status", .repeat = 2000, .share = 2, .pinned = true,
      .figures = { { "round trip", "us", 0.12 } } },
    { .name = "qmp-free", .args = Q35, .sample = sample_qmp,
      .doc = "QMP round trip, the scheduler's choice",
      .command = "query-status", .repeat = 2000, .share = 2,
      .figures = { { "round trip", "us", 0.12 } } },
    { .name = "qmp-schema", .args = Q35, .sample = sample_qmp,
      .doc = "query-qmp-schema", .command = "query-qmp-schema", .repeat = 20,
      .share = 2, .pinned = true,
      .figures = { { "round trip", "us", 0.02 } } },
    { .name = "qtest-readl", .args = Q35, .sample = sample_qtest,
      .doc = "qtest round trip, both ends on one processor",
      .command = "readl 0x1000", .repeat = 10000, .share = 2, .pinned = true,
      .figures = { { "round trip", "us", 0.8 } } },
    { .name = "qtest-free", .args = Q35, .sample = sample_qtest,
      .doc = "qtest round trip, the scheduler's choice",
      .command = "readl 0x1000", .repeat = 10000, .share = 2,
      .figures = { { "round trip", "us", 0.8 } } },
    { .name = "qtest-read4k", .args = Q35, .sample = sample_qtest,
      .doc = "qtest read of 4 KiB", .command = "read 0x1000 0x1000",
      .repeat = 500, .share = 2, .pinned = true,
      .figures = { { "round trip", "us", 0.12 } } },
    { .name = "qtest-read128k", .args = Q35, .sample = sample_qtest,
      .doc = "qtest read of 128 KiB", .command = "read 0x100000 0x20000",
      .repeat = 50, .share = 2, .pinned = true,
      .figures = { { "round trip", "us", 0.03 } } },
    { .name = "fwcfg-dma", .args = Q35, .sample = sample_fw_cfg,
      .doc = "the three ACPI files by fw_cfg DMA, first read",
      .no_floor = true, .pinned = true,
      .figures = { { "first read", "ms", 0.1 } } },
    { .name = "vmgenid-set", .sample = sample_set_guid,
      .args = { "-M", "q35,firmware=builtin", "-device", "vmgenid",
                WITH_QTEST },
      .doc = "set-vm-generation-id, to its reply, to the guest's memory",
      .repeat = 1000, .share = 2, .pinned = true, .no_floor = true,
      .no_peer = "has no command for it",
      .figures = { { "to reply", "us" }, { "to memory", "us" } } },
    { .name = "state-zero", .sample = sample_save_restore,
      .args = { "-M", "q35", "-m", "256M", WITH_QTEST },
      .doc = "256 MiB, mostly zero, saved and restored; floor: dd",
      .share = 4, .needs = "dd",
      .figures = { { "save to disk", "ms", .beside_floor = true },
                   { "... processor", "ms" },
                   { "restore", "ms", .beside_floor = true },
                   { "... processor", "ms" },
                   { "beside a read", "ms", .beside_floor = true },
                   { "file", "MiB" } } },
    { .name = "state-random", .sample = sample_save_restore,
      .args = { "-M", "q35", "-m", "256M", WITH_QTEST },
      .doc = "256 MiB of random bytes, saved and restored; floor: dd",
      .filled_mib = STATE_FILLED_MIB, .share = 4, .needs = "dd",
      .figures = { { "save to disk", "ms", .wanted_floor = 1.3 },
                   { "... processor", "ms" },
                   { "restore", "ms", 1.0, .wanted_floor = 1.1 },
                   { "... processor", "ms" },
                   { "beside a read", "ms", .beside_floor = true },
                   { "file", "MiB" } } },
    { .name = NULL },
};
