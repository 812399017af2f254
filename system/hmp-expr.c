/*
 * HMP: numbers as expressions
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/hmp-expr.h"

#include <errno.h>
#include <string.h>

#include "util/error.h"

typedef struct HmpExpr {
    const char *at;
    bool one_word;
    unsigned parentheses;       /* that are open */
    unsigned depth;
} HmpExpr;

static void hmp_expr_skip_blanks(HmpExpr *expr)
{
    if (!expr->one_word || expr->parentheses) {
        while (*expr->at == ' ' || *expr->at == '\t') {
            expr->at++;
        }
    }
}

/* Operands */

static bool hmp_expr_number(HmpExpr *expr, uint64_t *value, GError **error)
{
    char *end;

    errno = 0;
    *value = g_ascii_strtoull(expr->at, &end, 0);
    if (errno == ERANGE) {
        return fm_error_set(error, "number does not fit 64 bits");
    }
    if (g_ascii_isalnum(*end) || *end == '_' || *end == '.') {
        return fm_error_set(error, "invalid char '%c' in number", *end);
    }
    expr->at = end;
    return true;
}

static bool hmp_expr_character(HmpExpr *expr, uint64_t *value, GError **error)
{
    static const char letters[] = "ntr0\\'";
    static const char meanings[] = "\n\t\r\0\\'";
    const char *p = expr->at + 1;

    if (*p == '\\' && p[1]) {
        const char *letter = strchr(letters, p[1]);

        if (!letter) {
            return fm_error_set(error, "unknown character '\\%c'", p[1]);
        }
        *value = (uint8_t)meanings[letter - letters];
        p += 2;
    } else if (*p && *p != '\'') {
        *value = (uint8_t)*p++;
    } else {
        return fm_error_set(error, "character expected");
    }
    if (*p != '\'') {
        return fm_error_set(error, "' expected");
    }
    expr->at = p + 1;
    return true;
}

static bool hmp_expr_fault(const HmpExpr *expr, GError **error)
{
    char c = *expr->at;

    if (c == '\0') {
        return fm_error_set(error, "unexpected end of expression");
    }
    if (c == '$') {
        return fm_error_set(error, "unknown register: no processor runs here");
    }
    if (!g_ascii_isprint(c)) {
        return fm_error_set(error, "invalid byte 0x%02x in expression",
                            (uint8_t)c);
    }
    return fm_error_set(error, "invalid char '%c' in expression", c);
}

/* Operators */

static bool hmp_expr_binary(HmpExpr *expr, unsigned level, uint64_t *value,
                            GError **error);

static bool hmp_expr_parenthesis(HmpExpr *expr, uint64_t *value,
                                 GError **error)
{
    expr->at++;
    expr->parentheses++;
    if (!hmp_expr_binary(expr, 0, value, error)) {
        return false;
    }
    if (*expr->at != ')') {
        return fm_error_set(error, "')' expected");
    }
    expr->at++;
    expr->parentheses--;
    return true;
}

static bool hmp_expr_operand(HmpExpr *expr, uint64_t *value, GError **error)
{
    if (g_ascii_isdigit(*expr->at)) {
        return hmp_expr_number(expr, value, error);
    }
    switch (*expr->at) {
    case '\'': return hmp_expr_character(expr, value, error);
    case '(': return hmp_expr_parenthesis(expr, value, error);
    default: return hmp_expr_fault(expr, error);
    }
}

static bool hmp_expr_unary(HmpExpr *expr, uint64_t *value, GError **error)
{
    char operator;

    hmp_expr_skip_blanks(expr);
    operator = *expr->at;
    if (++expr->depth > HMP_EXPR_MAX_DEPTH) {
        return fm_error_set(error, "nested deeper than %d levels",
                            HMP_EXPR_MAX_DEPTH);
    }
    if (operator == '+' || operator == '-' || operator == '~') {
        expr->at++;
        if (!hmp_expr_unary(expr, value, error)) {
            return false;
        }
        *value = operator == '-' ? -*value : operator == '~' ? ~*value
                                                             : *value;
    } else if (!hmp_expr_operand(expr, value, error)) {
        return false;
    }
    expr->depth--;
    hmp_expr_skip_blanks(expr);
    return true;
}

static bool hmp_expr_divide(char operator, uint64_t *value, uint64_t by,
                            GError **error)
{
    if (by == 0) {
        return fm_error_set(error, "division by zero");
    }
    if (by == UINT64_MAX) {
        /* by -1, which the lowest number cannot be divided by in C */
        *value = operator == '/' ? -*value : 0;
    } else if (operator == '/') {
        *value = (uint64_t)((int64_t)*value / (int64_t)by);
    } else {
        *value = (uint64_t)((int64_t)*value % (int64_t)by);
    }
    return true;
}

static bool hmp_expr_apply(char operator, uint64_t *value, uint64_t other,
                           GError **error)
{
    switch (operator) {
    case '|': *value |= other; break;
    case '^': *value ^= other; break;
    case '&': *value &= other; break;
    case '+': *value += other; break;
    case '-': *value -= other; break;
    case '*': *value *= other; break;
    default: return hmp_expr_divide(operator, value, other, error);
    }
    return true;
}

static const char *const hmp_expr_levels[] = { "|", "^", "&", "+-", "*/%" };

static bool hmp_expr_binary(HmpExpr *expr, unsigned level, uint64_t *value,
                            GError **error)
{
    bool tightest = level + 1 == G_N_ELEMENTS(hmp_expr_levels);
    uint64_t other;

    if (tightest ? !hmp_expr_unary(expr, value, error)
                 : !hmp_expr_binary(expr, level + 1, value, error)) {
        return false;
    }
    while (*expr->at && strchr(hmp_expr_levels[level], *expr->at)) {
        char operator = *expr->at++;

        if (tightest ? !hmp_expr_unary(expr, &other, error)
                     : !hmp_expr_binary(expr, level + 1, &other, error)) {
            return false;
        }
        if (!hmp_expr_apply(operator, value, other, error)) {
            return false;
        }
    }
    return true;
}

bool hmp_expr_parse(const char **text, bool one_word, uint64_t *value,
                    GError **error)
{
    HmpExpr expr = { .at = *text };

    hmp_expr_skip_blanks(&expr);
    expr.one_word = one_word;
    if (!hmp_expr_binary(&expr, 0, value, error)) {
        return false;
    }
    expr.one_word = false;
    hmp_expr_skip_blanks(&expr);
    *text = expr.at;
    return true;
}
