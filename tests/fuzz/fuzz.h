/*
 * Fuzz targets: what each of them is made of
 *
 * A target is one file that defines `fuzz_target`.  Built with libFuzzer's
 * engine it is a fuzzer; with any compiler and fuzz-main.c it is a program that
 * runs the files and directories it is given, each file once, so that the
 * seeds and whatever was found are run by `make check`.
 * How to run and to write one: docs/devel/fuzzing.rst.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct FuzzTarget {
    /** Once, before the first input; NULL: nothing. */
    void (*init)(void);
    /**
     * One input.  Whatever it holds, everything that is made is freed again,
     * and what must hold is asserted.  No file of the host's is reached; see
     * fuzz_files_take().
     */
    void (*run)(const uint8_t *bytes, size_t len);
    size_t max_len;             /* longer inputs are not run */
} FuzzTarget;

/** Each target's own. */
extern const FuzzTarget fuzz_target;

/** fuzz_run: one input, behind the fence that fuzz-files.c puts up; nothing
 *  if it is longer than the target takes. */
void fuzz_run(const uint8_t *bytes, size_t len);

/* Files */

/**
 * fuzz_files_take:
 * @bytes, @len: an input: parts, with the line `--` between them
 *
 * Until fuzz_files_drop() the second part and those behind it are the files
 * `a`, `b`, ... `h`.  They, /dev/null, and what is newly made, which leads
 * nowhere, are all that open(2) can reach while a target runs; there are no
 * sockets and no directories to be made.
 *
 * Returns: a copy of the first part, with a NUL behind it; its length is in
 * *@text_len.
 */
char *fuzz_files_take(const uint8_t *bytes, size_t len, size_t *text_len);
void fuzz_files_drop(void);

/** fuzz_files_fence: put the fence up, or take it away. */
void fuzz_files_fence(bool up);

/* Reading an input piece by piece; behind its end there are zeros */

typedef struct FuzzInput {
    const uint8_t *p;
    size_t left;
} FuzzInput;

static inline uint64_t fuzz_take(FuzzInput *in, unsigned width)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < width && in->left; i++, in->left--) {
        value |= (uint64_t)*in->p++ << (8 * i);
    }
    return value;
}

/** fuzz_take_line: up to a newline, which is not part of it, or the end.
 *  Returns false if nothing is left. */
static inline bool fuzz_take_line(FuzzInput *in, const char **line,
                                  size_t *len)
{
    const uint8_t *end;

    if (!in->left) {
        return false;
    }
    end = memchr(in->p, '\n', in->left);
    *line = (const char *)in->p;
    *len = end ? (size_t)(end - in->p) : in->left;
    in->left -= *len + (end != NULL);
    in->p += *len + (end != NULL);
    return true;
}

#endif
