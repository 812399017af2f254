/*
 * The machine: what belongs to one guest
 *
 * Everything hangs from one Machine: address spaces, clock, devices.  A board
 * type derives from machine_type and says in its MachineClass how it is built.
 *
 *     object_new -> machine_build -> machine_plug (each of the user's devices)
 *                -> machine_finish -> machine_reset ... object_free
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CORE_MACHINE_H
#define HW_CORE_MACHINE_H

#include "backends/memory.h"
#include "hw/core/clock.h"
#include "hw/core/cpu.h"
#include "hw/core/device.h"
#include "qapi-types.h"
#include "system/memory.h"
#include "util/uuid.h"

typedef struct Machine Machine;
struct AcpiBlobSet;
struct AcpiPlatform;
struct VmGenId;

#define MACHINE_BIOS_STEP 4096
#define MACHINE_BIOS_MAX (16 * 1024 * 1024)

/** Where the user's devices are: those with an ID, and all others. */
#define MACHINE_NAMED_DEVICES "/machine/peripheral"
#define MACHINE_OTHER_DEVICES "/machine/peripheral-anon"

/** A file of the user's for fw_cfg. */
typedef struct MachineFile {
    char *option;               /* as given, for error messages */
    char *name;
    GBytes *content;
} MachineFile;

/**
 * What a machine is made from besides its MachineOptions.  Borrowed: it
 * outlives the machine.
 */
typedef struct MachineSetup {
    uint64_t ram_size;          /* bytes, a multiple of 4096 */
    unsigned n_cpus, max_cpus;  /* 1 to the class's max_cpus */
    CpuTopology topology;
    const char *cpu_model;      /* as given; NULL: the default */
    Uuid uuid;                  /* zeros: none given */
    GPtrArray *acpi_tables;     /* GBytes; NULL: none */
    BootOptions *boot;          /* NULL: defaults */
    GBytes *splash;             /* the picture of it; NULL: none */
    bool rtc_local;             /* wall-clock time is the host's local time */
    bool rtc_fixed;             /* it starts at rtc_epoch_us */
    int64_t rtc_epoch_us;       /* us since 1970 */
    GPtrArray *globals;         /* GlobalOptions; NULL: none */
    GPtrArray *files;           /* MachineFile; NULL: none */
    GBytes *bios;               /* image for the ROM; NULL: none.  A positive
                                   multiple of MACHINE_BIOS_STEP bytes, at most
                                   MACHINE_BIOS_MAX */
    bool no_graphic;
    bool builtin_firmware;      /* MachineFirmware, resolved */
} MachineSetup;

/** What a guest can ask of its surroundings. */
typedef enum MachineRequest {
    MACHINE_REQUEST_RESET,
    MACHINE_REQUEST_SHUTDOWN,   /* ACPI S5 */
    MACHINE_REQUEST_SUSPEND,    /* ACPI S3 */
    MACHINE_REQUEST_SUSPEND_DISK, /* ACPI S4 */
} MachineRequest;

typedef struct MachineClass {
    const char *name;           /* as users write it; a version may be in it */
    const char *alias;          /* the name without a version; NULL: none */
    bool is_default;
    bool acpi;                  /* it has ACPI tables */
    unsigned max_cpus;          /* that -smp may ask for */
    const char *ram_id;         /* of the memory backend that is made if the
                                   user names none */
    const char *cpu_type;       /* of the default CPU model; NULL: it has
                                   no processors */
    uint64_t ram_default;       /* bytes, without -m */
    uint64_t ram_least, ram_most;
    /** Make RAM, buses and the board's own devices. */
    bool (*build)(Machine *machine, GError **error);
    /** Put a device on its bus, or wire one that needs none; realize follows.
     *  NULL: there is no bus, and nothing to be wired with. */
    bool (*plug)(Machine *machine, Device *dev, GError **error);
    /** All devices are there: make what describes them. */
    bool (*finish)(Machine *machine, GError **error);
    /** After every reset: play the firmware's part.  NULL: nothing to do. */
    bool (*boot)(Machine *machine, GError **error);
    /** The power button is pressed.  NULL: there is none. */
    void (*power_button)(Machine *machine);
    /** It wakes from ACPI S3: reset its devices (machine_reset_devices()), but
     *  for what has to outlive sleep, and play the firmware's part.  NULL: it
     *  cannot sleep. */
    bool (*wake)(Machine *machine, GError **error);
    /** What is saved and restored besides memory, clock and devices, of the
     *  whole instance struct.  NULL: nothing. */
    const StateTable *state;
    /** The ACPI blobs that firmware was last given, borrowed; NULL if there
     *  are none.  A machine without ACPI has no such function. */
    const struct AcpiBlobSet *(*acpi_blobs)(const Machine *machine);
} MachineClass;

struct Machine {
    Object parent;

    /* Links: given before machine_build(); RAM by the configuration */
    MemoryBackend *ram;         /* NULL: it has none */
    const MachineSetup *setup;
    void (*request)(void *opaque, MachineRequest request);
    void *request_opaque;

    MemoryRegion memory_root, io_root;
    AddressSpace memory, io;
    Clock clock;
    bool asleep;                /* in ACPI S3; state of the class's to save */
    bool awaits_restore;        /* what devices have now will be overwritten:
                                   they leave with the host what comes from it
                                   and cannot come again.  Set by whoever will
                                   restore it, until nobody can refuse */
    GPtrArray *cpus;            /* Cpu, borrowed, by index */
    GPtrArray *memories;        /* MemoryRegion, borrowed: RAM and ROM that
                                   are saved, by their names */
    struct VmGenId *vmgenid;    /* borrowed; NULL: none */
};

/** Abstract; its configuration is MachineOptions. */
extern const ObjectType machine_type;

static inline const MachineClass *machine_class(const Machine *machine)
{
    return object_type_class(machine->parent.type);
}

static inline const MachineOptions *machine_options(const Machine *machine)
{
    return machine->parent.config;
}

/** machine_find_type: by type name or alias; NULL if there is none. */
const ObjectType *machine_find_type(const char *name);

/**
 * machine_check_ram: whether a machine of @type can have @ram_size bytes.
 */
bool machine_check_ram(const ObjectType *type, uint64_t ram_size,
                       GError **error);

/**
 * machine_build: @machine is in a tree as "machine" under the root by now.
 * Returns: false with @error set; the machine is then to be freed.
 */
bool machine_build(Machine *machine, const MachineSetup *setup,
                   GError **error);

/**
 * machine_init_ram: what a class's build() makes the machine's RAM with: all of
 * it as one region, the memory backend's bytes if there is one, anonymous
 * memory if not, treated on the host as the options say.  It is saved
 * (machine_add_memory()).
 *
 * Returns: false with @error set if the host refuses.
 */
bool machine_init_ram(Machine *machine, MemoryRegion *ram, GError **error);

/** machine_add_memory: @mr, RAM or ROM whose name no other has, belongs to
 *  what is saved; for a class's build(). */
void machine_add_memory(Machine *machine, MemoryRegion *mr);

/**
 * machine_plug: wire @dev and realize it.
 * @id: name under /machine/peripheral; NULL: it gets one under
 *      /machine/peripheral-anon
 *
 * Takes over @dev, also on failure.  Errors: the ID is taken or no ID, the
 * machine has no such bus, a link cannot be resolved, the device refuses.
 */
bool machine_plug(Machine *machine, Device *dev, const char *id,
                  GError **error);

/**
 * machine_check_hotplug: whether devices of @type can come and go once
 * machine_finish() is over.
 *
 * Returns: false with @error set if the machine has no such bus, the bus does
 * not allow it, as no bus of this version does, or @type needs no bus.
 */
bool machine_check_hotplug(const Machine *machine, const ObjectType *type,
                           GError **error);

/**
 * machine_find_device: one of the user's.
 * @id: its name, or its absolute path
 *
 * Returns: NULL if there is none.
 */
Device *machine_find_device(Machine *machine, const char *id);

/** machine_add_cpu: put @cpu, which is taken over, also on failure, under
 *  /machine.  Returns false with @error set if it refuses. */
bool machine_add_cpu(Machine *machine, Cpu *cpu, GError **error);

/** A device of the board's own. */
typedef struct MachinePart {
    const char *name;           /* under /machine */
    Device *dev;
} MachinePart;

/**
 * machine_add_parts: put @n devices under /machine, then complete and realize
 * one after the other.  Takes over all of them, also on failure.
 *
 * Returns: false with @error set if one refuses.
 */
bool machine_add_parts(Machine *machine, const MachinePart *parts, unsigned n,
                       GError **error);

/** machine_finish: all devices are there.  Returns false with @error set,
 *  beginning with the option at fault, if they do not go together. */
bool machine_finish(Machine *machine, GError **error);

/**
 * machine_reset: reset every device, parents before children in the order in
 * which they were added, then boot.
 *
 * Returns: false with @error set if the built-in firmware failed; all devices
 * are reset all the same.
 */
bool machine_reset(Machine *machine, GError **error);

/**
 * machine_reset_devices: what machine_reset() does before it boots; for a
 * machine that is about to be restored, and one that wakes.
 */
void machine_reset_devices(Machine *machine);

/**
 * machine_restore_clock: the machine goes on at @now_ns
 * @utc_us: what the guest took for the time then, us since 1970
 *
 * From there the guest's time goes on if the setup gave it a start of its own;
 * otherwise it is the host's.  No timer is armed after that.
 */
void machine_restore_clock(Machine *machine, int64_t now_ns, int64_t utc_us);

/** machine_can_wake: whether the machine can sleep (ACPI S3). */
bool machine_can_wake(const Machine *machine);

/**
 * machine_wake: the machine is asleep (ACPI S3) and something wakes it: reset
 * its devices, memory stays, then play the firmware's part if that is built in.
 *
 * Returns: false with @error set if the built-in firmware failed; the machine
 * is awake all the same.
 */
bool machine_wake(Machine *machine, GError **error);

/** machine_request: hand what the guest wants to whoever runs the machine;
 *  it acts after the guest's access is over.  From MACHINE_REQUEST_SUSPEND on
 *  the machine is asleep, until it is woken or reset; asking again says
 *  nothing. */
void machine_request(Machine *machine, MachineRequest request);

/** machine_power_button: press it, if there is one. */
void machine_power_button(Machine *machine);

/** machine_acpi_blobs: as MachineClass.acpi_blobs; NULL without ACPI. */
const struct AcpiBlobSet *machine_acpi_blobs(const Machine *machine);

/** machine_describe: have every device add itself to @platform. */
void machine_describe(Machine *machine, struct AcpiPlatform *platform);

#endif
