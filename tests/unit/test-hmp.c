/*
 * HMP: expressions and arguments
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "system/hmp-expr.h"
#include "system/hmp-impl.h"

/* Expressions */

static void expect_value(const char *text, uint64_t expected)
{
    g_autoptr(GError) error = NULL;
    const char *p = text;
    uint64_t value = 0;
    bool ok = hmp_expr_parse(&p, false, &value, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
    g_assert_cmpstr(p, ==, "");
    g_assert_cmphex(value, ==, expected);
}

static void expect_fault(const char *text, const char *fault)
{
    g_autoptr(GError) error = NULL;
    const char *p = text;
    uint64_t value;

    g_assert_false(hmp_expr_parse(&p, false, &value, &error));
    g_assert_cmpstr(error->message, ==, fault);
    g_assert_true(p == text);
}

static void test_values(void)
{
    expect_value("0", 0);
    expect_value("0xFFFFFFFFffffffff", UINT64_MAX);
    expect_value("18446744073709551615", UINT64_MAX);
    expect_value("017", 15);
    expect_value("  1 + 2 * 3 ", 7);
    expect_value("(1+2)*3", 9);
    expect_value("10-2-3", 5);
    expect_value("100/10/5", 2);
    expect_value("-7/2", (uint64_t)-3);
    expect_value("-7%4", (uint64_t)-3);
    expect_value("1|6&3^1", 1 | ((6 & 3) ^ 1));
    expect_value("1+1&1", 0);
    expect_value("~0", UINT64_MAX);
    expect_value("- - +~-1", 0);
    expect_value("'a'", 'a');
    expect_value("'\\n'+'\\''", '\n' + '\'');
    expect_value("'\\0'", 0);
    expect_value("'\xff'", 0xff);
}

static void test_overflow(void)
{
    expect_value("0xffffffffffffffff+1", 0);
    expect_value("0x8000000000000000*2", 0);
    expect_value("0-1", UINT64_MAX);
    expect_value("0x8000000000000000/-1", UINT64_C(1) << 63);
    expect_value("0x8000000000000000%-1", 0);
    expect_value("-0x8000000000000000", UINT64_C(1) << 63);
}

static void test_faults(void)
{
    expect_fault("", "unexpected end of expression");
    expect_fault("1+", "unexpected end of expression");
    expect_fault("(1", "')' expected");
    expect_fault(")", "invalid char ')' in expression");
    expect_fault("1/0", "division by zero");
    expect_fault("1%(2-2)", "division by zero");
    expect_fault("18446744073709551616", "number does not fit 64 bits");
    expect_fault("0x10000000000000000", "number does not fit 64 bits");
    expect_fault("08", "invalid char '8' in number");
    expect_fault("0x", "invalid char 'x' in number");
    expect_fault("12ab", "invalid char 'a' in number");
    expect_fault("1.5", "invalid char '.' in number");
    expect_fault("$rip", "unknown register: no processor runs here");
    expect_fault("'", "character expected");
    expect_fault("''", "character expected");
    expect_fault("'ab'", "' expected");
    expect_fault("'\\q'", "unknown character '\\q'");
    expect_fault("\x01", "invalid byte 0x01 in expression");
    expect_fault("\xff", "invalid byte 0xff in expression");
}

static void test_depth(void)
{
    g_autofree char *minuses = g_strnfill(1 << 20, '-');
    g_autofree char *opened = g_strnfill(1 << 20, '(');
    g_autofree char *most = g_strnfill(HMP_EXPR_MAX_DEPTH - 1, '-');
    g_autofree char *text = g_strconcat(most, "1", NULL);
    g_autoptr(GString) long_sum = g_string_new("1");

    expect_fault(minuses, "nested deeper than 64 levels");
    expect_fault(opened, "nested deeper than 64 levels");
    expect_value(text, UINT64_MAX);
    for (unsigned i = 1; i < 100000; i++) {
        g_string_append(long_sum, "+(1)");
    }
    expect_value(long_sum->str, 100000);
}

static void test_one_word(void)
{
    const char *p = "  (1 + 2)*3 -4";
    uint64_t value;

    g_assert_true(hmp_expr_parse(&p, true, &value, NULL));
    g_assert_cmphex(value, ==, 9);
    g_assert_cmpstr(p, ==, "-4");
}

/* Arguments */

static void expect_args(const char *spec, const char *text, HmpArgs *args)
{
    g_autoptr(GError) error = NULL;
    bool ok = hmp_args_parse(spec, "cmd", text, args, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
}

static void expect_refused(const char *spec, const char *text,
                           const char *fault)
{
    g_autoptr(GError) error = NULL;
    HmpArgs args = { 0 };

    g_assert_false(hmp_args_parse(spec, "cmd", text, &args, &error));
    g_assert_cmpstr(error->message, ==, fault);
    hmp_args_clear(&args);
}

static void test_args(void)
{
    HmpArgs args = { 0 };

    expect_args("-a -b addr:i size:i file:s rest:S?",
                " -b 0x10 (2 * 3) \"a \\\"b\\\"\\n\"  what  is left ", &args);
    g_assert_false(hmp_given(&args, "-a"));
    g_assert_true(hmp_given(&args, "-b"));
    g_assert_cmphex(hmp_number(&args, "addr", 7), ==, 0x10);
    g_assert_cmphex(hmp_number(&args, "size", 7), ==, 6);
    g_assert_cmpstr(hmp_text(&args, "file"), ==, "a \"b\"\n");
    g_assert_cmpstr(hmp_text(&args, "rest"), ==, "what  is left");
    hmp_args_clear(&args);

    /* a path right behind a number is no division */
    args = (HmpArgs){ 0 };
    expect_args("addr:i size:i file:s", " 0 10 /tmp/x", &args);
    g_assert_cmphex(hmp_number(&args, "size", 7), ==, 10);
    g_assert_cmpstr(hmp_text(&args, "file"), ==, "/tmp/x");
    hmp_args_clear(&args);

    args = (HmpArgs){ 0 };
    expect_args("format:f addr:i", "/12cb 1 + 1", &args);
    g_assert_cmpuint(args.format.count, ==, 12);
    g_assert_cmpint(args.format.format, ==, 'c');
    g_assert_cmpint(args.format.size, ==, 'b');
    g_assert_cmphex(hmp_number(&args, "addr", 7), ==, 2);
    hmp_args_clear(&args);

    args = (HmpArgs){ 0 };
    expect_args("path:s?", "   ", &args);
    g_assert_null(hmp_text(&args, "path"));
    expect_args("", "  \t", &args);
    expect_args("-a -b", " -b -a", &args);
    g_assert_true(hmp_given(&args, "-a") && hmp_given(&args, "-b"));
    hmp_args_clear(&args);
}

static void test_args_refused(void)
{
    expect_refused("", "x", "cmd: extraneous characters at the end of line");
    expect_refused("path:s", "", "cmd: path expected");
    expect_refused("path:s", " \"ab", "cmd: path: unterminated string");
    expect_refused("path:s", " \"ab\\",
                   "cmd: path: unsupported escape in a string: '\\'");
    expect_refused("path:s", " \"a\\qb\"",
                   "cmd: path: unsupported escape in a string: '\\q'");
    expect_refused("path:s", "a b",
                   "cmd: extraneous characters at the end of line");
    expect_refused("addr:i", "", "cmd: addr: unexpected end of expression");
    expect_refused("format:f addr:i", "/z 1", "invalid char in format: 'z'");
    expect_refused("-f", " -x", "cmd: unsupported option -x");
    expect_refused("-f", " -f -f", "cmd: unsupported option -f");
    expect_refused("-f path:s?", " -x", "cmd: unsupported option -x");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hmp/expr/values", test_values);
    g_test_add_func("/hmp/expr/overflow", test_overflow);
    g_test_add_func("/hmp/expr/faults", test_faults);
    g_test_add_func("/hmp/expr/depth", test_depth);
    g_test_add_func("/hmp/expr/one-word", test_one_word);
    g_test_add_func("/hmp/args/read", test_args);
    g_test_add_func("/hmp/args/refused", test_args_refused);
    return g_test_run();
}
