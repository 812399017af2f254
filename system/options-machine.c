/*
 * Options that say what the machine is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <inttypes.h>
#include <string.h>

#include "qapi/walker.h"
#include "system/help.h"
#include "system/options.h"
#include "util/error.h"

bool option_machine(Config *c, const char *option, const char *arg,
                    GError **error)
{
    const QapiType *type = &qapi_type_MachineOptions;
    g_autoptr(GError) local = NULL;
    bool help = false;
    MachineOptions *whole;

    if (strcmp(arg, "help") == 0 || strcmp(arg, "?") == 0) {
        help_print_machines();
        c->action = CONFIG_DONE;
        return true;
    }
    whole = qapi_parse_option(type, arg, "type", &help, &local);
    if (help && !memchr(arg, '=', strcspn(arg, ","))) {
        g_autofree char *name = g_strndup(arg, strcspn(arg, ","));

        if (!machine_find_type(name)) {
            return fm_error_set(error, "unsupported machine type '%s' "
                                "(-machine help lists them)", name);
        }
    }
    if (help) {
        help_print_type(type, "-machine", NULL);
        c->action = CONFIG_DONE;
        return true;
    }
    if (!whole) {
        g_propagate_error(error, g_steal_pointer(&local));
        option_suggest_help(error, "-machine NAME,help");
        return false;
    }
    qapi_free(type, whole);
    g_free(c->machine_option);
    c->machine_option = g_strdup(option);
    return option_add(type, arg, "type", c->machine, error);
}

bool option_accel(Config *c, const char *option, const char *arg,
                  GError **error)
{
    AcceleratorOptions *accel;

    if (strcmp(arg, "help") == 0 || strcmp(arg, "?") == 0) {
        help_print_accelerators();
        c->action = CONFIG_DONE;
        return true;
    }
    accel = option_parse(c, &qapi_type_AcceleratorOptions, "-accel", arg,
                         "accel", error);
    if (!accel) {
        return c->action == CONFIG_DONE;
    }
    g_ptr_array_add(c->accels, g_strdup(accel->accel));
    qapi_free(&qapi_type_AcceleratorOptions, accel);
    return true;
}

bool option_cpu(Config *c, const char *option, const char *arg, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(arg, ",", -1);

    if (g_strv_contains((const char *const *)parts, "help") ||
        g_strv_contains((const char *const *)parts, "?")) {
        help_print_cpus();
        c->action = CONFIG_DONE;
        return true;
    }
    if (g_strcmp0(parts[0], "host") == 0) {
        return fm_error_set(error, "CPU model 'host' requires an accelerator "
                            "that runs on the host's processors, which this "
                            "version does not have");
    }
    if (!parts[0] || qapi_enum_parse(&qapi_type_CpuModel, parts[0]) < 0) {
        return fm_error_set(error, "unable to find CPU model '%s' (-cpu help "
                            "lists them)", parts[0] ? parts[0] : "");
    }
    for (char **part = parts + 1; *part; part++) {
        const char *name = *part + (**part == '+' || **part == '-');
        size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.");

        if (!len || (name[len] != '\0' && name[len] != '=') ||
            (name != *part && name[len])) {
            return fm_error_set(error, "'%s' is no CPU feature: expected "
                                "NAME=VALUE, +NAME or -NAME", *part);
        }
    }
    g_free((char *)c->setup.cpu_model);
    c->setup.cpu_model = g_strdup(arg);
    return true;
}

static bool option_parse_ram(const char *text, uint64_t *bytes)
{
    static const char suffixes[] = "kMGTPE";
    uint64_t unit = 1024 * 1024;
    const char *suffix;
    double value;
    char *end;

    if (!g_ascii_isdigit(*text)) {
        return false;
    }
    value = g_ascii_strtod(text, &end);
    if (*end) {
        char letter = *end == 'K' ? 'k' : *end == 'k' ? 'k'
                                        : g_ascii_toupper(*end);

        suffix = letter == 'B' ? NULL : strchr(suffixes, letter);
        if ((!suffix && letter != 'B') || end[1]) {
            return false;
        }
        unit = suffix ? UINT64_C(1) << 10 * (suffix - suffixes + 1) : 1;
    }
    if (!(value * unit < 9e18)) {
        return false;
    }
    /* whole numbers stay exact */
    *bytes = value == (uint64_t)value ? (uint64_t)value * unit
                                      : (uint64_t)(value * unit);
    return true;
}

/** Memory that could be added later: there is no place for any. */
static bool option_check_hotplug(const MemoryOptions *memory, uint64_t size,
                                 GError **error)
{
    if (memory->slots) {
        return fm_error_set(error, "slots=%" PRIu64 ": memory cannot be added "
                            "to a machine that runs; only slots=0 is "
                            "available", memory->slots);
    }
    if (memory->has_maxmem && memory->maxmem < size) {
        return fm_error_set(error, "maxmem=%" PRIu64 " is less than size=%"
                            PRIu64 " (bytes)", memory->maxmem, size);
    }
    return !memory->has_maxmem || memory->maxmem == size ||
           fm_error_set(error, "maxmem: memory cannot be added to a machine "
                        "that runs; it can only be the same as size");
}

bool option_m(Config *c, const char *option, const char *arg, GError **error)
{
    MemoryOptions *memory = option_parse(c, &qapi_type_MemoryOptions, "-m",
                                         arg, "size", error);
    bool ok;

    if (!memory) {
        return c->action == CONFIG_DONE;
    }
    if (!memory->size) {
        qapi_free(&qapi_type_MemoryOptions, memory);
        return fm_error_set(error, "'size' is missing: it has to be given "
                            "with 'slots' and 'maxmem'");
    }
    ok = option_parse_ram(memory->size, &c->setup.ram_size);
    if (!ok) {
        fm_error_set(error, "'size' expects a number of MiB, or a number with "
                     "one of the suffixes B, K, M, G, T, P, E");
    } else {
        ok = option_check_hotplug(memory, c->setup.ram_size, error);
    }
    c->setup.ram_size = (c->setup.ram_size + 0x1fff) & ~UINT64_C(0x1fff);
    g_free(c->ram_option);
    c->ram_option = g_strdup(option);
    qapi_free(&qapi_type_MemoryOptions, memory);
    return ok;
}

/** What of the topology is not given follows from the rest; sockets last. */
static bool option_smp_resolve(SmpOptions *s, MachineSetup *setup,
                               GError **error)
{
    static const char rule[] = "CPU topology parameters must be 1 or more";
    uint64_t dies = s->has_dies ? s->dies : 1;
    uint64_t threads = s->has_threads ? s->threads : 1;
    uint64_t cores = s->has_cores ? s->cores : 1;
    uint64_t sockets = s->has_sockets ? s->sockets : 1;
    uint64_t wanted = s->has_maxcpus ? s->maxcpus : s->has_cpus ? s->cpus : 0;
    uint64_t product;

    if ((s->has_cpus && !s->cpus) || (s->has_maxcpus && !s->maxcpus) ||
        !dies || !threads || !cores || !sockets) {
        return fm_error_set(error, rule);
    }
    if (s->has_clusters && s->clusters != 1) {
        return fm_error_set(error, "clusters not supported by this machine's "
                            "CPU topology");
    }
    if (dies > 65535 || threads > 65535 || cores > 65535 || sockets > 65535) {
        return fm_error_set(error, "CPU topology parameters must be below "
                            "65536");
    }
    if (wanted && !s->has_cores) {
        cores = MAX(wanted / (sockets * dies * threads), 1);
    } else if (wanted && !s->has_sockets) {
        sockets = MAX(wanted / (dies * cores * threads), 1);
    }
    setup->topology = (CpuTopology){ dies, cores, threads };
    product = sockets * dies * cores * threads;
    setup->max_cpus = wanted ? wanted : product;
    setup->n_cpus = s->has_cpus ? s->cpus : setup->max_cpus;
    if (product != setup->max_cpus) {
        return fm_error_set(error, "sockets (%u) * dies (%u) * cores (%u) * "
                            "threads (%u) is not the number of processors "
                            "(maxcpus=%u)",
                            (unsigned)sockets, (unsigned)dies, (unsigned)cores,
                            (unsigned)threads, setup->max_cpus);
    }
    if (setup->n_cpus > setup->max_cpus) {
        return fm_error_set(error, "maxcpus (%u) must be at least cpus (%u)",
                            setup->max_cpus, setup->n_cpus);
    }
    return true;
}

bool option_smp(Config *c, const char *option, const char *arg, GError **error)
{
    SmpOptions *smp = option_parse(c, &qapi_type_SmpOptions, "-smp", arg,
                                   "cpus", error);
    bool ok;

    if (!smp) {
        return c->action == CONFIG_DONE;
    }
    ok = option_smp_resolve(smp, &c->setup, error);
    g_free(c->smp_option);
    c->smp_option = g_strdup(option);
    qapi_free(&qapi_type_SmpOptions, smp);
    return ok;
}

bool option_mem_path(Config *c, const char *option, const char *arg,
                     GError **error)
{
    if (!*arg) {
        return fm_error_set(error, "a path is needed");
    }
    g_free(c->mem_path);
    c->mem_path = g_strdup(arg);
    return true;
}

bool option_mem_prealloc(Config *c, const char *option, const char *arg,
                         GError **error)
{
    c->mem_prealloc = true;
    return true;
}

bool option_uuid(Config *c, const char *option, const char *arg, GError **error)
{
    return uuid_parse(arg, &c->setup.uuid) ||
           fm_error_set(error, "'%s' is no UUID: expected "
                        "8-4-4-4-12 hexadecimal digits", arg);
}
