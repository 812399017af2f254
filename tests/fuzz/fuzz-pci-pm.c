/*
 * Fuzz: a guest that plays with chipset and power management on pc and q35
 *
 * Input: a byte for the machine; then operations of one byte and what they
 * take: ports, PCI configuration space by ports and by the window in memory,
 * registers in memory, interrupt lines' causes, time, resets, cont and stop.
 *
 * What must hold: time is bounded, however the timers are set; after a reset
 * configuration space is as it was at first; reading RAM's first page still
 * works.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "fuzz-system.h"
#include "system/types.h"

/* One operation's time: the guest's timers may be set to run at any rate */
#define STEP_MAX_NS (NS_PER_SECOND / 4)
#define STEPS_MAX 40

#define N_FUNCTIONS 5
#define CONFIG_LEN 256

typedef struct Guest {
    FuzzSystem *fuzz;
    AddressSpace *memory, *io;
    unsigned n_steps;
    uint32_t initial[N_FUNCTIONS][CONFIG_LEN / 4];
} Guest;

/* Host bridge, and where pc and q35 have functions */
static const uint32_t pci_functions[N_FUNCTIONS] = {
    0x00 << 11, 0x01 << 11, 0x01 << 11 | 3 << 8, 0x1f << 11,
    0x1f << 11 | 3 << 8,
};

static const struct {
    uint16_t base, len;
} port_ranges[] = {
    { 0x600, 0x80 }, { 0xb000, 0x40 }, { 0xafe0, 4 }, { 0xb2, 2 },
    { 0x70, 2 }, { 0x3f8, 8 }, { 0xcf8, 8 }, { 0x510, 12 }, { 0x402, 1 },
    { 0x92, 1 }, { 0x4d0, 2 }, { 0x20, 2 }, { 0x40, 4 }, { 0x60, 5 },
    { 0x80, 16 }, { 0, 0xffff },
};

static const struct {
    uint64_t base, len;
} memory_ranges[] = {
    { 0xfed00000, 0x400 }, { 0xfec00000, 0x50 }, { 0xb0000000, 0x1000 },
    { 0xb00f8000, 0x1000 }, { 0xa0000, 0x60000 }, { 0xfffe0000, 0x20000 },
    { 0xfed1c000, 0x4000 }, { 0, 0x10000 },
};

static uint32_t guest_config_read(Guest *guest, uint32_t function,
                                  unsigned offset)
{
    address_space_store(guest->io, 0xcf8, 0x80000000 | function | offset, 4);
    return address_space_load(guest->io, 0xcfc, 4);
}

static void guest_read_config(Guest *guest,
                              uint32_t config[N_FUNCTIONS][CONFIG_LEN / 4])
{
    for (unsigned i = 0; i < N_FUNCTIONS; i++) {
        for (unsigned j = 0; j < CONFIG_LEN / 4; j++) {
            config[i][j] = guest_config_read(guest, pci_functions[i], 4 * j);
        }
    }
}

/** After a reset the guest finds configuration space as it did at first. */
static void guest_check_reset(Guest *guest)
{
    uint32_t now[N_FUNCTIONS][CONFIG_LEN / 4];

    system_reset(guest->fuzz->system, SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    guest_read_config(guest, now);
    for (unsigned i = 0; i < N_FUNCTIONS; i++) {
        for (unsigned j = 0; j < CONFIG_LEN / 4; j++) {
            g_assert_cmphex(now[i][j], ==, guest->initial[i][j]);
        }
    }
}

/* What the guest does */

static void guest_port(Guest *guest, FuzzInput *in, unsigned size, bool write)
{
    unsigned i = fuzz_take(in, 1) % G_N_ELEMENTS(port_ranges);
    unsigned port = port_ranges[i].base;

    port += fuzz_take(in, port_ranges[i].len > 256 ? 2 : 1) %
            port_ranges[i].len;
    if (write) {
        address_space_store(guest->io, port, fuzz_take(in, size), size);
    } else {
        address_space_load(guest->io, port, size);
    }
}

static void guest_config(Guest *guest, FuzzInput *in, unsigned size,
                         bool write)
{
    uint32_t function = pci_functions[fuzz_take(in, 1) % N_FUNCTIONS];
    unsigned offset = fuzz_take(in, 1);

    address_space_store(guest->io, 0xcf8, 0x80000000 | function |
                        (offset & 0xfc), 4);
    if (write) {
        address_space_store(guest->io, 0xcfc + (offset & 3),
                            fuzz_take(in, size), size);
    } else {
        address_space_load(guest->io, 0xcfc + (offset & 3), size);
    }
}

static void guest_memory(Guest *guest, FuzzInput *in, unsigned size,
                         bool write)
{
    unsigned i = fuzz_take(in, 1) % G_N_ELEMENTS(memory_ranges);
    uint64_t gpa = memory_ranges[i].base +
                   fuzz_take(in, 3) % memory_ranges[i].len;

    if (write) {
        address_space_store(guest->memory, gpa, fuzz_take(in, size), size);
    } else {
        address_space_load(guest->memory, gpa, size);
    }
}

static void guest_step_time(Guest *guest, FuzzInput *in)
{
    Clock *clock = &guest->fuzz->system->machine->clock;
    int64_t ns = (int64_t)fuzz_take(in, 4) % STEP_MAX_NS;
    int64_t deadline_ns = clock_deadline_ns(clock);
    int64_t now_ns = clock_now_ns(clock);

    if (guest->n_steps++ < STEPS_MAX) {
        /* nothing given: as far as the next timer, however far that is */
        clock_advance(clock, ns || deadline_ns < 0 ? now_ns + ns
                                                   : deadline_ns);
        g_assert_true(clock_now_ns(clock) >= now_ns);
    }
}

static void guest_step(Guest *guest, FuzzInput *in)
{
    uint8_t op = fuzz_take(in, 1);
    unsigned size = 1u << (op >> 4 & 3);
    System *system = guest->fuzz->system;

    switch (op & 15) {
    case 0: case 1: case 2: case 3:
        guest_port(guest, in, size, op & 1);
        break;
    case 4: case 5: case 6: case 7:
        guest_config(guest, in, size, op & 1);
        break;
    case 8: case 9: case 10: case 11:
        guest_memory(guest, in, size, op & 1);
        break;
    case 12:
        guest_check_reset(guest);
        break;
    case 13:
        system_cont(system, NULL);
        break;
    case 14:
        system_stop(system);
        break;
    default:
        guest_step_time(guest, in);
        break;
    }
    system_settle(system);
}

static void pci_pm_run(const uint8_t *bytes, size_t len)
{
    FuzzInput in = { bytes, len };
    Guest guest = {
        .fuzz = fuzz_system_new(fuzz_take(&in, 1) & 1 ? 'q' : 'p', "image"),
    };
    Machine *machine = guest.fuzz->system->machine;

    guest.memory = &machine->memory;
    guest.io = &machine->io;
    guest_read_config(&guest, guest.initial);
    while (in.left) {
        guest_step(&guest, &in);
    }
    guest_check_reset(&guest);
    fuzz_system_free(guest.fuzz);
}

const FuzzTarget fuzz_target = {
    .init = types_register, .run = pci_pm_run, .max_len = 2048,
};
