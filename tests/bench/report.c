/*
 * Figures for people (a table) and for programs (JSON)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static const char *const report_sides[] = {
    [BENCH_OURS] = "ours", [BENCH_PEER] = "peer", [BENCH_FLOOR] = "floor",
};

/** Four significant digits, whatever the size. */
static const char *number(char text[16], double value)
{
    int digits = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;

    g_snprintf(text, 16, "%.*f", digits, value);
    return text;
}

/** "met" is certain when the whole interval is on one side of the wish. */
static const char *verdict(const Ratio *ratio, double wanted)
{
    if (!wanted) {
        return "";
    }
    if (ratio->value <= wanted) {
        return ratio->high <= wanted ? "met" : "met?";
    }
    return ratio->low > wanted ? "MISSED" : "missed?";
}

void report_head(const Contender *contenders, const HostFacts *facts)
{
    printf("%s; %u processors (%s); %s; load average %s\n", facts->date,
           facts->processors, facts->processor, facts->kernel,
           facts->load_before);
    for (BenchSide side = 0; side < BENCH_N_SIDES; side++) {
        if (contenders[side].binary) {
            printf("%-6s %s\n", report_sides[side], contenders[side].version);
        }
    }
    printf("\n%-15s %-13s %-4s %10s %10s %10s %7s %15s %7s %6s\n",
           "case", "figure", "", "ours", "peer", "floor", "ratio",
           "95% interval", "least", "wanted");
}

/** Of the samples that nobody interrupted, if there were any. */
static double ratio_of_least(Series *const *samples, BenchSide below)
{
    return series_least(samples[BENCH_OURS]) / series_least(samples[below]);
}

static void report_ratio(Series *const *samples, BenchSide below,
                         double wanted)
{
    Ratio ratio = series_ratio(samples[BENCH_OURS], samples[below]);

    printf(" %7.4f %7.4f-%7.4f %7.4f", ratio.value, ratio.low, ratio.high,
           ratio_of_least(samples, below));
    if (wanted) {
        printf(" %6.2f %s", wanted, verdict(&ratio, wanted));
    }
}

static bool tells_floor(const BenchFigure *figure, Series *const *samples)
{
    return samples[BENCH_FLOOR]->len &&
           (figure->wanted_floor || figure->beside_floor);
}

static void report_figure(const BenchResult *result, unsigned index)
{
    const BenchFigure *figure = &result->bench->figures[index];
    Series *const *samples = result->samples[index];
    char text[16];

    printf("%-15s %-13s %-4s", index ? "" : result->bench->name, figure->name,
           figure->unit);
    for (BenchSide side = 0; side < BENCH_N_SIDES; side++) {
        printf(" %10s", samples[side]->len
               ? number(text, series_median(samples[side])) : "-");
    }
    if (samples[BENCH_PEER]->len) {
        report_ratio(samples, BENCH_PEER, figure->wanted);
    }
    putchar('\n');
    if (tells_floor(figure, samples)) {
        printf("%-67s", "                  ours over the floor's");
        report_ratio(samples, BENCH_FLOOR, figure->wanted_floor);
        putchar('\n');
    }
}

void report_result(const BenchResult *result)
{
    if (result->skipped) {
        printf("%-15s skipped: %s\n", result->bench->name, result->skipped);
    } else {
        for (unsigned i = 0; result->bench->figures[i].name; i++) {
            report_figure(result, i);
        }
        if (result->bench->no_peer) {
            printf("%-15s the peer %s\n", "", result->bench->no_peer);
        }
    }
    fflush(stdout);
}

void report_tail(const HostFacts *facts)
{
    printf("\nload average %s\n", facts->load_after);
    if (g_ascii_strtod(facts->load_before, NULL) > facts->processors ||
        g_ascii_strtod(facts->load_after, NULL) > facts->processors) {
        puts("The host was busy: what takes long was interrupted more, so "
             "ratios of times flatter\nthe shorter; those of the least "
             "samples do so less.  Counts, memory and processor\ntime are "
             "as good as ever.");
    }
}

/* JSON */

static void add_text(json_object *to, const char *key, const char *text)
{
    json_object_object_add(to, key, json_object_new_string(text));
}

static void add_number(json_object *to, const char *key, double value)
{
    json_object_object_add(to, key, json_object_new_double(value));
}

static json_object *side_json(const Series *samples)
{
    json_object *side = json_object_new_object();
    json_object *list = json_object_new_array_ext(samples->len);

    add_number(side, "median", series_median(samples));
    for (unsigned i = 0; i < samples->len; i++) {
        double value = g_array_index(samples, double, i);

        json_object_array_add(list, json_object_new_double(value));
    }
    json_object_object_add(side, "samples", list);
    return side;
}

static void add_ratio(json_object *out, Series *const *samples,
                      BenchSide below, double wanted)
{
    Ratio ratio = series_ratio(samples[BENCH_OURS], samples[below]);

    add_number(out, "ratio", ratio.value);
    add_number(out, "ratio-low", ratio.low);
    add_number(out, "ratio-high", ratio.high);
    add_number(out, "ratio-of-least", ratio_of_least(samples, below));
    if (wanted) {
        add_number(out, "wanted", wanted);
        json_object_object_add(out, "met", json_object_new_boolean(
                                   ratio.value <= wanted));
    }
}

static json_object *figure_json(const BenchResult *result, unsigned index)
{
    const BenchFigure *figure = &result->bench->figures[index];
    Series *const *samples = result->samples[index];
    json_object *out = json_object_new_object();

    add_text(out, "case", result->bench->name);
    add_text(out, "figure", figure->name);
    add_text(out, "unit", figure->unit);
    for (BenchSide side = 0; side < BENCH_N_SIDES; side++) {
        if (samples[side]->len) {
            json_object_object_add(out, report_sides[side],
                                   side_json(samples[side]));
        }
    }
    if (samples[BENCH_PEER]->len) {
        add_ratio(out, samples, BENCH_PEER, figure->wanted);
    }
    if (tells_floor(figure, samples)) {
        json_object *floor = json_object_new_object();

        add_ratio(floor, samples, BENCH_FLOOR, figure->wanted_floor);
        json_object_object_add(out, "beside-floor", floor);
    }
    if (result->bench->no_peer) {
        add_text(out, "no-peer", result->bench->no_peer);
    }
    return out;
}

static void append_result(json_object *list, const BenchResult *result)
{
    if (result->skipped) {
        json_object *out = json_object_new_object();

        add_text(out, "case", result->bench->name);
        add_text(out, "skipped", result->skipped);
        json_object_array_add(list, out);
        return;
    }
    for (unsigned i = 0; result->bench->figures[i].name; i++) {
        json_object_array_add(list, figure_json(result, i));
    }
}

static json_object *host_json(const HostFacts *facts)
{
    json_object *host = json_object_new_object();

    add_text(host, "date", facts->date);
    json_object_object_add(host, "processors",
                           json_object_new_int(facts->processors));
    add_text(host, "processor", facts->processor);
    add_text(host, "kernel", facts->kernel);
    add_text(host, "load-before", facts->load_before);
    add_text(host, "load-after", facts->load_after);
    return host;
}

bool report_json(const char *path, const GPtrArray *results,
                 const Contender *contenders, const HostFacts *facts)
{
    json_object *out = json_object_new_object();
    json_object *versions = json_object_new_object();
    json_object *list = json_object_new_array();
    bool ok;

    for (BenchSide side = 0; side < BENCH_N_SIDES; side++) {
        if (contenders[side].binary) {
            add_text(versions, report_sides[side], contenders[side].version);
        }
    }
    for (unsigned i = 0; i < results->len; i++) {
        append_result(list, results->pdata[i]);
    }
    json_object_object_add(out, "host", host_json(facts));
    json_object_object_add(out, "versions", versions);
    json_object_object_add(out, "figures", list);
    ok = json_object_to_file_ext(path, out, JSON_C_TO_STRING_PRETTY |
                                 JSON_C_TO_STRING_SPACED) == 0;
    if (!ok) {
        fprintf(stderr, "vmbench: %s: %s", path, json_util_get_last_err());
    }
    json_object_put(out);
    return ok;
}
