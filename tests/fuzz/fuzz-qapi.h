/*
 * What holds of every value that the walker has read
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_FUZZ_FUZZ_QAPI_H
#define TESTS_FUZZ_FUZZ_QAPI_H

#include "qapi/walker.h"

/** fuzz_qapi_text: *@value as JSON text, as a client would be sent it; free
 *  with g_free(). */
char *fuzz_qapi_text(const QapiType *type, const void *value);

/** fuzz_qapi_check: *@value written as JSON, read and written again is the
 *  same text, and so is its copy. */
void fuzz_qapi_check(const QapiType *type, const void *value);

#endif
