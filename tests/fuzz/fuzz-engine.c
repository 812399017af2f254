/*
 * What a fuzzing engine calls; fuzz-main.c calls it where there is none
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz-engine.h"

#include "fuzz.h"

void fuzz_run(const uint8_t *bytes, size_t len)
{
    if (len <= fuzz_target.max_len) {
        fuzz_files_fence(true);
        fuzz_target.run(bytes, len);
        fuzz_files_fence(false);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    if (fuzz_target.init) {
        fuzz_target.init();
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    /* an input of nothing may come without an address */
    fuzz_run(len ? bytes : (const uint8_t *)"", len);
    return 0;
}
