/*
 * vmbench: our program beside its peer and the floor, sample by sample
 *
 *   vmbench [options] OURS      --help tells the options
 *
 * All take their samples in turn, so that whatever else the host does hits all
 * of them alike: the ratios are what counts.  A missed wish is told, and fails
 * nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

/** At least so many samples, however small a share of RUNS a case takes. */
#define BENCH_MIN_SAMPLES 3

static char *option_cases;
static int option_runs = 20;
static char *option_peer;
static char *option_peer_idle;
static char *option_floor;
static char *option_slic;
static char *option_json;

static const GOptionEntry options[] = {
    { "cases", 'c', 0, G_OPTION_ARG_STRING, &option_cases,
      "only these cases or groups of cases", "NAME,..." },
    { "runs", 'r', 0, G_OPTION_ARG_INT, &option_runs,
      "samples of each case (20)", "N" },
    { "peer", 'p', 0, G_OPTION_ARG_STRING, &option_peer,
      "program to compare with", "PROGRAM" },
    { "peer-idle", 'i', 0, G_OPTION_ARG_STRING, &option_peer_idle,
      "what keeps its machine from running (-accel tcg -S)", "OPTIONS" },
    { "floor", 'f', 0, G_OPTION_ARG_STRING, &option_floor,
      "program that answers and does nothing", "PROGRAM" },
    { "slic", 's', 0, G_OPTION_ARG_FILENAME, &option_slic,
      "table for -acpitable", "FILE" },
    { "json", 'j', 0, G_OPTION_ARG_FILENAME, &option_json,
      "where the figures go, beside standard output", "FILE" },
    { NULL },
};

/* The contenders */

static char *first_line_of_version(const char *binary)
{
    const char *argv[] = { binary, "--version", NULL };
    char *text = NULL;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL,
                      NULL, NULL, &text, NULL, NULL, NULL)) {
        bench_die("cannot run %s", binary);
    }
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static char **split_words(const char *text)
{
    char **words = NULL;

    if (!g_shell_parse_argv(text, NULL, &words, NULL)) {
        bench_die("--peer-idle: no options in '%s'", text);
    }
    return words;
}

static void contender_init(Contender *contender, BenchSide side,
                           const char *program, const char *idle)
{
    g_autofree char *path = g_find_program_in_path(program);

    if (!path) {
        bench_die("%s: no such program", program);
    }
    contender->side = side;
    contender->idle = split_words(idle);
    contender->binary = g_canonicalize_filename(path, NULL);
    contender->version = side == BENCH_FLOOR
        ? g_strdup("canned replies") : first_line_of_version(path);
}

/* One case */

static bool names_case(const char *name, const BenchCase *bench)
{
    size_t len = strlen(name);

    return g_str_has_prefix(bench->name, name) &&
           (!bench->name[len] || bench->name[len] == '-');
}

static bool is_chosen(char **chosen, const BenchCase *bench)
{
    for (; chosen && *chosen; chosen++) {
        if (names_case(*chosen, bench)) {
            return true;
        }
    }
    return !option_cases;
}

static void check_chosen(char **chosen)
{
    for (; chosen && *chosen; chosen++) {
        const BenchCase *bench = bench_cases;

        while (bench->name && !names_case(*chosen, bench)) {
            bench++;
        }
        if (!bench->name) {
            bench_die("--cases: no case '%s'", *chosen);
        }
    }
}

static void take_sample(BenchResult *result, const Contender *contender)
{
    double values[BENCH_MAX_FIGURES];

    result->bench->sample(result->bench, contender, values);
    for (unsigned i = 0; result->bench->figures[i].name; i++) {
        g_array_append_val(result->samples[i][contender->side], values[i]);
    }
}

static bool takes_part(const Contender *contender, const BenchCase *bench)
{
    return contender->binary &&
           !(contender->side == BENCH_FLOOR && bench->no_floor) &&
           !(contender->side == BENCH_PEER && bench->no_peer);
}

static void measure(BenchResult *result, const Contender *contenders)
{
    const BenchCase *bench = result->bench;
    int share = bench->share ? bench->share : 1;
    int runs = MAX(option_runs / share, MIN(option_runs, BENCH_MIN_SAMPLES));

    host_pin(bench->pinned);
    for (int i = 0; i < runs; i++) {
        for (BenchSide side = 0; side < BENCH_N_SIDES; side++) {
            if (takes_part(&contenders[side], bench)) {
                take_sample(result, &contenders[side]);
            }
        }
    }
    host_pin(false);
}

static BenchResult *run_case(const BenchCase *bench,
                             const Contender *contenders)
{
    BenchResult *result = g_new0(BenchResult, 1);

    result->bench = bench;
    for (unsigned i = 0; i < BENCH_MAX_FIGURES; i++) {
        for (BenchSide side = 0; side < BENCH_N_SIDES; side++) {
            result->samples[i][side] = series_new();
        }
    }
    if (bench->needs) {
        g_autofree char *path = g_find_program_in_path(bench->needs);

        if (!path) {
            result->skipped = g_strdup_printf("no %s here", bench->needs);
            return result;
        }
    }
    measure(result, contenders);
    return result;
}

static void result_free(void *opaque)
{
    BenchResult *result = opaque;

    for (unsigned i = 0; i < BENCH_MAX_FIGURES; i++) {
        for (BenchSide side = 0; side < BENCH_N_SIDES; side++) {
            g_array_unref(result->samples[i][side]);
        }
    }
    g_free(result->skipped);
    g_free(result);
}

/* All of them, in a directory of our own */

static char *enter_workplace(void)
{
    char *dir = g_dir_make_tmp("vmbench-XXXXXX", NULL);
    g_autofree char *slic = NULL;
    size_t len;

    if (!g_file_get_contents(option_slic, &slic, &len, NULL)) {
        bench_die("--slic: cannot read %s", option_slic);
    }
    if (!dir || chdir(dir) < 0 ||
        !g_file_set_contents(BENCH_SLIC, slic, len, NULL)) {
        bench_die("cannot make a directory to work in");
    }
    return dir;
}

static void leave_workplace(const char *dir)
{
    static const char *const files[] = {
        BENCH_SLIC, "socket", "strace.txt", BENCH_STATE_OURS,
        BENCH_STATE_PEER, BENCH_STATE_COPY, BENCH_QTEST,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_unlink(files[i]);
    }
    g_rmdir(dir);
}

static void parse_options(int argc, char **argv, Contender *contenders)
{
    g_autoptr(GOptionContext) context = g_option_context_new("OURS");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        bench_die("%s", error->message);
    }
    if (argc != 2 || !option_slic || option_runs < 1) {
        bench_die("OURS, --slic and at least one run are needed");
    }
    contender_init(&contenders[BENCH_OURS], BENCH_OURS, argv[1],
                   "-accel qtest");
    if (option_peer) {
        /* Debian builds its QEMU without the qtest accelerator; a machine
         * that was never started stands as still. */
        contender_init(&contenders[BENCH_PEER], BENCH_PEER, option_peer,
                       option_peer_idle ? option_peer_idle : "-accel tcg -S");
    }
    if (option_floor) {
        contender_init(&contenders[BENCH_FLOOR], BENCH_FLOOR, option_floor,
                       "-accel none");
    }
}

static bool bench_all(const Contender *contenders, const char *json)
{
    g_auto(GStrv) chosen =
        option_cases ? g_strsplit(option_cases, ",", -1) : NULL;
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func(result_free);
    HostFacts facts;
    bool ok;

    check_chosen(chosen);
    host_facts_init(&facts);
    report_head(contenders, &facts);
    for (const BenchCase *bench = bench_cases; bench->name; bench++) {
        if (is_chosen(chosen, bench)) {
            BenchResult *result = run_case(bench, contenders);

            g_ptr_array_add(results, result);
            report_result(result);
        }
    }
    host_facts_finish(&facts);
    report_tail(&facts);
    ok = !json || report_json(json, results, contenders, &facts);
    host_facts_cleanup(&facts);
    return ok;
}

int main(int argc, char **argv)
{
    static Contender contenders[BENCH_N_SIDES];
    g_autofree char *json = NULL;
    g_autofree char *dir = NULL;
    bool ok;

    signal(SIGPIPE, SIG_IGN);
    parse_options(argc, argv, contenders);
    if (option_json) {
        json = g_canonicalize_filename(option_json, NULL);
    }
    dir = enter_workplace();
    ok = bench_all(contenders, json);
    leave_workplace(dir);
    for (BenchSide side = 0; side < BENCH_N_SIDES; side++) {
        g_free(contenders[side].binary);
        g_strfreev(contenders[side].idle);
        g_free(contenders[side].version);
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
