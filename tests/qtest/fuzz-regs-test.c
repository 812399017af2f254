/*
 * A hostile guest: random accesses to every register there is
 *
 * The machine must go on answering, and must not grow.  Runs are the same each
 * time: the seed is the test's, or $QTEST_FUZZ_SEED.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libqtest-fw-cfg.h"
#include "libqtest-pci.h"

#define RAM_MIB 16
#define N_ACCESSES 30000
#define BATCH 250

/* Ports, in runs; SLP_EN is kept out of those of the PM block, because with it
 * the machine would rightly end */
static const struct {
    uint16_t base, len;
    bool pm;
} ports[] = {
    { 0x510, 12, false }, { 0x510, 12, false }, { 0x514, 8, false },
    { 0xcf8, 8, false }, { 0xcf8, 8, false }, { 0x600, 0x80, true },
    { 0xb000, 0x80, true }, { 0xafe0, 4, false }, { 0xb2, 2, false },
    { 0x70, 2, false }, { 0x3f8, 8, false }, { 0x402, 1, false },
    { 0xcf9, 1, false }, { 0x0, 0x70, false }, { 0x80, 0x80, false },
};

static const struct {
    uint64_t base, len;
} memory[] = {
    { 0xfed00000, 0x400 }, { 0xfec00000, 0x50 }, { 0xb0000000, 0x100 },
    { 0xb00f8000, 0x100 }, { 0xa0000, 0x60000 }, { 0, 0x2000 },
    { 0xfffffffffffffff0, 16 }, { 0xffff0000, 0x10000 },
};

/** How much the process may grow: its RAM, and what the allocator keeps;
 *  valgrind and the sanitizers keep much that was freed, or notes about it. */
static unsigned growth_kib(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    bool hoards = true;
#else
    bool hoards = g_getenv("UNDER_VALGRIND") != NULL;
#endif

    return (RAM_MIB + (hoards ? 400 : 16)) * 1024;
}

static uint32_t pick(GRand *rand, uint32_t n)
{
    return (uint64_t)g_rand_int(rand) * n >> 32;
}

/** A value that is often one with a meaning. */
static uint32_t any_value(GRand *rand)
{
    switch (pick(rand, 6)) {
    case 0:
        return 0;
    case 1:
        return UINT32_MAX;
    case 2:
        return 1u << pick(rand, 32);
    case 3:
        return pick(rand, 256);
    case 4:
        return 0x80000000 | pick(rand, 0x10000);    /* PCI address */
    default:
        return g_rand_int(rand);
    }
}

static void append_port(GString *lines, GRand *rand)
{
    unsigned i = pick(rand, G_N_ELEMENTS(ports));
    unsigned port = ports[i].base + pick(rand, ports[i].len);
    char size = "bwl"[pick(rand, 3)];
    uint32_t value = any_value(rand);

    if (ports[i].pm) {
        value &= ~0x20202020u;
    }
    if (pick(rand, 4) == 0) {
        g_string_append_printf(lines, "in%c 0x%x\n", size, port);
    } else {
        g_string_append_printf(lines, "out%c 0x%x 0x%x\n", size, port, value);
    }
}

static void append_memory(GString *lines, GRand *rand)
{
    unsigned i = pick(rand, G_N_ELEMENTS(memory));
    uint64_t gpa = memory[i].base + pick(rand, memory[i].len);
    char size = "bwlq"[pick(rand, 4)];

    if (pick(rand, 4) == 0) {
        g_string_append_printf(lines, "read%c 0x%" PRIx64 "\n", size, gpa);
    } else {
        g_string_append_printf(lines, "write%c 0x%" PRIx64 " 0x%x\n", size,
                               gpa, any_value(rand));
    }
}

/** A descriptor for fw_cfg's DMA, made of parts that are right and wrong. */
static void append_dma(GString *lines, GRand *rand)
{
    uint32_t control = pick(rand, 32) | (pick(rand, 2) ? pick(rand, 0x40)
                                         : pick(rand, 0x10000)) << 16;
    uint32_t len = pick(rand, 3) ? pick(rand, 0x20000) : any_value(rand);
    uint64_t gpa = pick(rand, 3) ? pick(rand, RAM_MIB << 20)
                                 : (uint64_t)any_value(rand) << 32 |
                                   any_value(rand);
    uint32_t at = pick(rand, 8) ? 0x100000 : any_value(rand);

    g_string_append_printf(lines, "write 0x100000 16 0x%08x%08x%016" PRIx64
                           "\noutl 0x514 0\noutl 0x518 0x%x\n", control, len,
                           gpa, GUINT32_SWAP_LE_BE(at));
}

static unsigned rss_kib(Qtest *qts)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", qtest_pid(qts));
    g_autofree char *text = NULL;
    const char *line;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    line = strstr(text, "VmRSS:");
    g_assert_nonnull(line);
    return strtoul(line + strlen("VmRSS:"), NULL, 10);
}

static void run_batch(Qtest *qts, const GString *lines)
{
    qtest_send_bytes(qts, lines->str, lines->len);
    for (const char *p = lines->str; (p = strchr(p, '\n')); p++) {
        g_autofree char *reply = qtest_receive_line(qts);

        /* An access that wraps at the last address or port may be refused */
        if (!g_str_has_prefix(reply, "OK") && !strstr(reply, "above 0xffff")) {
            g_error("%s", reply);
        }
    }
}

static void test_random(gconstpointer options)
{
    const char *seed_text = g_getenv("QTEST_FUZZ_SEED");
    uint32_t seed = seed_text ? strtoul(seed_text, NULL, 0) : 0x20261120;
    GRand *rand = g_rand_new_with_seed(seed);
    Qtest *qts = qtest_start("-nodefaults -m %d -serial null -machine %s "
                             "-fw_cfg opt/x,string=content", RAM_MIB,
                             (const char *)options);
    g_autofree char *faults = NULL;
    json_object *status;
    uint8_t signature[4];
    unsigned before = rss_kib(qts);

    g_test_message("seed 0x%x", seed);
    for (unsigned n = 0; n < N_ACCESSES; n += BATCH) {
        g_autoptr(GString) lines = g_string_new(NULL);

        for (unsigned i = 0; i < BATCH; i++) {
            unsigned kind = pick(rand, 16);

            if (kind == 0) {
                append_dma(lines, rand);
            } else if (kind == 1) {
                g_string_append_printf(lines, "clock_step %u\n",
                                       pick(rand, 100000000));
            } else if (kind < 5) {
                append_memory(lines, rand);
            } else {
                append_port(lines, rand);
            }
        }
        run_batch(qts, lines);
    }
    g_assert_cmpuint(rss_kib(qts), <, before + growth_kib());

    /* All is as it was after a reset */
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    status = qtest_qmp_return(qts, "{'execute': 'query-status'}");
    g_assert_cmpstr(qtest_json_string(status, "status"), ==, "running");
    json_object_put(status);
    qfw_select(qts, 0);
    qfw_read_port(qts, signature, 4);
    g_assert_cmpmem(signature, 4, "QEMU", 4);
    g_assert_cmphex(qpci_readw(qts, 0, 0), ==, 0x8086);
    /* and the log was not flooded */
    faults = qtest_take_stderr(qts);
    g_assert_cmpuint(strlen(faults), <, 20000);
    qtest_quit(qts);
    g_rand_free(rand);
}

/** One register at a time, each value in each size, in order. */
static void test_pci(gconstpointer machine)
{
    Qtest *qts = qtest_start("-nodefaults -m %d -machine %s", RAM_MIB,
                             (const char *)machine);
    static const uint8_t devfns[] = { 0, QPCI_DEVFN(1, 0), QPCI_DEVFN(1, 3),
                                      QPCI_DEVFN(31, 0) };
    static const uint8_t values[] = { 0xff, 0x00, 0x55, 0xaa };
    unsigned before = rss_kib(qts);

    for (unsigned d = 0; d < G_N_ELEMENTS(devfns); d++) {
        g_autoptr(GString) lines = g_string_new(NULL);

        for (unsigned offset = 0; offset < 256; offset++) {
            for (unsigned v = 0; v < G_N_ELEMENTS(values); v++) {
                uint32_t value = values[v] * 0x01010101u;

                g_string_append_printf(
                    lines, "outl 0xcf8 0x%x\noutb 0x%x 0x%x\noutl 0xcfc 0x%x\n"
                    "inl 0xcfc\nread 0xa0000 0x100\nwritel 0xc0000 0\n",
                    0x80000000u | devfns[d] << 8 | (offset & ~3u),
                    0xcfc + (offset & 3), values[v], value);
            }
        }
        run_batch(qts, lines);
    }
    g_assert_cmpuint(rss_kib(qts), <, before + growth_kib());
    qtest_qmp_ok(qts, "{'execute': 'system_reset'}");
    g_assert_cmphex(qpci_readw(qts, 0, 0), ==, 0x8086);
    g_free(qtest_take_stderr(qts));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/fuzz-regs/pc/random", "pc", test_random);
    g_test_add_data_func("/fuzz-regs/q35/random", "q35", test_random);
    g_test_add_data_func("/fuzz-regs/pc/builtin", "pc,firmware=builtin",
                         test_random);
    g_test_add_data_func("/fuzz-regs/q35/builtin", "q35,firmware=builtin",
                         test_random);
    g_test_add_data_func("/fuzz-regs/pc/pci", "pc", test_pci);
    g_test_add_data_func("/fuzz-regs/q35/pci", "q35", test_pci);
    return g_test_run();
}
