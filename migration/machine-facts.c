/*
 * Which machine it is that was saved
 *
 * Spec: docs/specs/migration-stream.rst, "MACHINE"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "migration/machine-facts.h"

#include <inttypes.h>
#include <string.h>

#include "firmament-version.h"
#include "qapi/walker.h"
#include "util/error.h"

#define MIB (UINT64_C(1) << 20)

/* Sums of such times are far from the end of what 64 bits hold */
#define FACTS_NOW_MAX_NS (INT64_C(1) << 62)
#define FACTS_UTC_MIN_US (INT64_C(-62135596800) * 1000000)  /* year 1 */
#define FACTS_UTC_MAX_US (INT64_C(253402300799) * 1000000)  /* year 9999 */

/* Texts */

/* Bytes; the memories' lines are the longest by far */
#define FACTS_TEXT_MAX 4096

static GBytes *facts_get(const char *text)
{
    return g_bytes_new(text, strlen(text));
}

static bool facts_put(char **text, GBytes *bytes, GError **error)
{
    gsize len;
    const char *data = g_bytes_get_data(bytes, &len);

    if (len > FACTS_TEXT_MAX) {
        return fm_error_set(error, "it has %" G_GSIZE_FORMAT " bytes, at most "
                            "%d can be", len, FACTS_TEXT_MAX);
    }
    if (len && !g_utf8_validate(data, (gssize)len, NULL)) {
        return fm_error_set(error, "it is not UTF-8");
    }
    g_free(*text);
    /* no bytes are NULL, and g_strndup() of that is NULL */
    *text = len ? g_strndup(data, len) : g_strdup("");
    return true;
}

#define FACTS_TEXT(member)                                                  \
    static GBytes *facts_get_##member(const void *obj)                      \
    {                                                                       \
        return facts_get(((const MachineFacts *)obj)->member);              \
    }                                                                       \
    static bool facts_put_##member(void *obj, GBytes *bytes, GError **error) \
    {                                                                       \
        return facts_put(&((MachineFacts *)obj)->member, bytes, error);     \
    }

FACTS_TEXT(type)
FACTS_TEXT(memories)
FACTS_TEXT(state)
FACTS_TEXT(program)

#define FACTS_TEXT_FIELD(member)                                            \
    STATE_BLOB_FIELD(#member, facts_get_##member, facts_put_##member)

static const StateField facts_fields[] = {
    FACTS_TEXT_FIELD(type),
    STATE_FIELD(MachineFacts, ram_size),
    STATE_FIELD(MachineFacts, n_cpus),
    STATE_FIELD(MachineFacts, max_cpus),
    STATE_FIELD(MachineFacts, dies),
    STATE_FIELD(MachineFacts, cores),
    STATE_FIELD(MachineFacts, threads),
    FACTS_TEXT_FIELD(memories),
    FACTS_TEXT_FIELD(state),
    STATE_FIELD(MachineFacts, now_ns),
    STATE_FIELD(MachineFacts, utc_us),
    STATE_FIELD(MachineFacts, utc_fixed),
    FACTS_TEXT_FIELD(program),
    STATE_END
};

const StateTable machine_facts_state = { .version = 1, .fields = facts_fields };

/* What holds for a machine */

static char *facts_memories(const Machine *machine)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < machine->memories->len; i++) {
        const MemoryRegion *mr = machine->memories->pdata[i];

        g_string_append_printf(text, "%s %" PRIu64 "\n", mr->name, mr->size);
    }
    return g_string_free(text, FALSE);
}

void machine_facts_init(MachineFacts *facts, const Machine *machine,
                        RunState state)
{
    const MachineSetup *setup = machine->setup;

    *facts = (MachineFacts){
        .type = g_strdup(machine_class(machine)->name),
        .ram_size = setup->ram_size,
        .n_cpus = setup->n_cpus,
        .max_cpus = setup->max_cpus,
        .dies = setup->topology.dies,
        .cores = setup->topology.cores,
        .threads = setup->topology.threads,
        .memories = facts_memories(machine),
        .state = g_strdup(qapi_type_RunState.values[state]),
        .now_ns = clock_now_ns(&machine->clock),
        .utc_us = clock_utc_us(&machine->clock),
        .utc_fixed = setup->rtc_fixed,
        .program = g_strdup("firmament " FIRMAMENT_VERSION),
    };
}

void machine_facts_cleanup(MachineFacts *facts)
{
    g_free(facts->type);
    g_free(facts->memories);
    g_free(facts->state);
    g_free(facts->program);
    *facts = (MachineFacts){ 0 };
}

/* Comparing */

static bool facts_check_type(const MachineFacts *saved,
                             const MachineFacts *own, GError **error)
{
    g_autofree char *type = g_strescape(saved->type, NULL);

    return strcmp(saved->type, own->type) == 0 ||
           fm_error_set(error, "-machine: the saved machine is of type '%s', "
                        "this one is of type '%s'", type, own->type);
}

static char *facts_size(uint64_t size)
{
    return size % MIB == 0 ? g_strdup_printf("%" PRIu64 " MiB", size / MIB)
                           : g_strdup_printf("%" PRIu64 " bytes", size);
}

static bool facts_check_ram(const MachineFacts *saved, const MachineFacts *own,
                            GError **error)
{
    g_autofree char *theirs = facts_size(saved->ram_size);
    g_autofree char *ours = facts_size(own->ram_size);

    return saved->ram_size == own->ram_size ||
           fm_error_set(error, "-m: the saved machine has %s of RAM, this one "
                        "has %s", theirs, ours);
}

static char *facts_smp(const MachineFacts *facts)
{
    return g_strdup_printf("%" PRIu32 ",maxcpus=%" PRIu32 ",dies=%" PRIu32
                           ",cores=%" PRIu32 ",threads=%" PRIu32,
                           facts->n_cpus, facts->max_cpus, facts->dies,
                           facts->cores, facts->threads);
}

static bool facts_check_smp(const MachineFacts *saved, const MachineFacts *own,
                            GError **error)
{
    g_autofree char *theirs = facts_smp(saved);
    g_autofree char *ours = facts_smp(own);

    return strcmp(theirs, ours) == 0 ||
           fm_error_set(error, "-smp: the saved machine has %s, this one has "
                        "%s", theirs, ours);
}

/** The lines on one. */
static char *facts_list(const char *memories)
{
    g_autofree char *stripped = g_strchomp(g_strdup(memories));
    g_auto(GStrv) lines = g_strsplit(stripped, "\n", -1);
    g_autofree char *list = g_strjoinv(", ", lines);

    return g_strescape(list, NULL);
}

static bool facts_check_memories(const MachineFacts *saved,
                                 const MachineFacts *own, GError **error)
{
    g_autofree char *theirs = facts_list(saved->memories);
    g_autofree char *ours = facts_list(own->memories);

    return strcmp(saved->memories, own->memories) == 0 ||
           fm_error_set(error, "-bios, -machine memory-backend: the memory of "
                        "the saved machine is [%s], that of this one [%s] "
                        "(name, bytes)", theirs, ours);
}

static bool facts_check_state(const MachineFacts *saved, RunState *state,
                              GError **error)
{
    int value = qapi_enum_parse(&qapi_type_RunState, saved->state);
    g_autofree char *text = NULL;

    switch (value) {
    case RUN_STATE_PRELAUNCH:
    case RUN_STATE_RUNNING:
    case RUN_STATE_PAUSED:
    case RUN_STATE_SUSPENDED:
    case RUN_STATE_SHUTDOWN:
        *state = (RunState)value;
        return true;
    default:
        text = g_strescape(saved->state, NULL);
        return fm_error_set(error, value < 0
                            ? "the run state '%s' is not known to this program"
                            : "the machine was saved in the state '%s', which "
                              "cannot be restored", text);
    }
}

static bool facts_check_times(const MachineFacts *saved, GError **error)
{
    if (saved->now_ns < 0 || saved->now_ns > FACTS_NOW_MAX_NS) {
        return fm_error_set(error, "its clock cannot be at %" PRId64 " ns",
                            saved->now_ns);
    }
    if (saved->utc_us < FACTS_UTC_MIN_US || saved->utc_us > FACTS_UTC_MAX_US) {
        return fm_error_set(error, "its time cannot be %" PRId64 " us since "
                            "1970", saved->utc_us);
    }
    return true;
}

bool machine_facts_check(const MachineFacts *saved, const Machine *machine,
                         RunState *state, GError **error)
{
    MachineFacts own;
    bool alike;

    machine_facts_init(&own, machine, RUN_STATE_PRELAUNCH);
    alike = facts_check_type(saved, &own, error) &&
            facts_check_ram(saved, &own, error) &&
            facts_check_smp(saved, &own, error) &&
            facts_check_memories(saved, &own, error);
    machine_facts_cleanup(&own);
    return alike && facts_check_state(saved, state, error) &&
           facts_check_times(saved, error);
}
