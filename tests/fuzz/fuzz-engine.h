/*
 * The two functions that libFuzzer's engine looks for, by the names it knows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_FUZZ_FUZZ_ENGINE_H
#define TESTS_FUZZ_FUZZ_ENGINE_H

#include <stddef.h>
#include <stdint.h>

/** LLVMFuzzerInitialize: before the first input.  Returns: 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/** LLVMFuzzerTestOneInput: one input; it may be without an address if it has
 *  no bytes.  Returns: 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#endif
