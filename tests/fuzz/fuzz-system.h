/*
 * A whole system for a fuzz target: a machine, objects, a QMP session without a
 * socket
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_FUZZ_FUZZ_SYSTEM_H
#define TESTS_FUZZ_FUZZ_SYSTEM_H

#include "system/system.h"

typedef struct FuzzSystem {
    Config *config;
    System *system;
    Chardev *chr;               /* the session's; in the system's tree */
    GString *out;               /* what it was sent */
} FuzzSystem;

/**
 * fuzz_system_new:
 * @machine: `p...`: pc, `q...`: q35, anything else: none
 * @firmware: "builtin" or "image", where there is a firmware
 *
 * 16 MiB of RAM, a serial port and a memory backend; not started yet.
 */
FuzzSystem *fuzz_system_new(char machine, const char *firmware);
void fuzz_system_free(FuzzSystem *fuzz);

/** fuzz_system_receive: the session's client sends @bytes; what it causes is
 *  done before this returns. */
void fuzz_system_receive(FuzzSystem *fuzz, const uint8_t *bytes, size_t len);

#endif
