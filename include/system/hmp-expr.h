/*
 * HMP: numbers as expressions
 *
 * Decimal, 0x hexadecimal and 0 octal numbers, characters ('a', '\n'), the
 * operators
 *
 *     |   ^   &   + -   * / %   unary + - ~   ( )
 *
 * from the loosest to the tightest, as in C.  Values have 64 bits and wrap;
 * division is signed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_HMP_EXPR_H
#define SYSTEM_HMP_EXPR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** How deep parentheses and unary operators may be nested. */
#define HMP_EXPR_MAX_DEPTH 64

/**
 * hmp_expr_parse:
 * @text: moved behind the expression and the blanks after it; unchanged on
 *        failure
 * @one_word: the expression ends at the first blank outside parentheses, for
 *            another argument may follow that begins as an operator does
 *
 * Returns: false with @error set if @text does not begin with an expression, a
 * number does not fit 64 bits, something is divided by zero, or the nesting is
 * too deep.
 */
bool hmp_expr_parse(const char **text, bool one_word, uint64_t *value,
                    GError **error);

#endif
