/*
 * The line editor: keys in, lines out, and what a terminal then shows
 *
 * The terminal is played by a small one of the test's own, which knows just the
 * sequences that the editor may use; so what a person sees is compared, not how
 * it got there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <string.h>

#include "monitor/readline.h"
#include "under-valgrind.h"

#define PROMPT "> "

typedef struct Bench {
    Readline *rl;
    GPtrArray *lines;           /* char *, as entered */
    bool cut;                   /* the last line was */
    /* The terminal's last row, one gunichar a column, and its cursor */
    GArray *row;
    unsigned column;
    unsigned bells;
    size_t n_bytes;             /* that it got */
} Bench;

/* The terminal */

static void terminal_put(Bench *b, gunichar c)
{
    if (b->column >= b->row->len) {
        g_assert_cmpuint(b->column, ==, b->row->len);
        g_array_append_val(b->row, c);
    } else {
        g_array_index(b->row, gunichar, b->column) = c;
    }
    b->column++;
}

/** After ESC [; returns what follows the sequence. */
static const char *terminal_sequence(Bench *b, const char *p)
{
    char *end;
    unsigned n = (unsigned)strtoul(p, &end, 10);

    switch (*end) {
    case 'D':
        g_assert_cmpuint(n, <=, b->column);
        g_assert_cmpuint(n, >, 0);
        b->column -= n;
        break;
    case 'K': g_array_set_size(b->row, b->column); break;
    case 'H': b->column = 0; break;
    case 'J': g_array_set_size(b->row, 0); break;
    default: g_error("unexpected sequence ESC [ %s", p);
    }
    return end + 1;
}

static void terminal_output(void *opaque, const char *bytes, size_t len)
{
    Bench *b = opaque;
    g_autofree char *text = g_strndup(bytes, len);
    const char *p = text;

    g_assert_cmpuint(strlen(text), ==, len);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    b->n_bytes += len;
    while (*p) {
        gunichar c = g_utf8_get_char(p);

        p = g_utf8_next_char(p);
        if (c == '\r') {
            b->column = 0;
        } else if (c == '\n') {
            g_array_set_size(b->row, 0);
        } else if (c == '\a') {
            b->bells++;
        } else if (c == 033) {
            g_assert_cmpint(*p, ==, '[');
            p = terminal_sequence(b, p + 1);
        } else {
            g_assert_true(c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0));
            terminal_put(b, c);
        }
    }
}

/* The bench */

static void bench_line(void *opaque, const char *line, bool cut)
{
    Bench *b = opaque;

    g_assert_true(g_utf8_validate(line, -1, NULL));
    g_assert_cmpuint(strlen(line), <=, READLINE_MAX_LEN);
    g_ptr_array_add(b->lines, g_strdup(line));
    b->cut = cut;
    readline_start(b->rl);
}

static size_t bench_complete(void *opaque, const char *before,
                             GPtrArray *candidates)
{
    static const char *const words[] = {
        "status", "stop", "quit", "zähne", "zäune", "help", NULL,
    };
    const char *blank = strrchr(before, ' ');

    for (const char *const *word = words; *word; word++) {
        g_ptr_array_add(candidates, g_strdup(*word));
    }
    return blank ? (size_t)(blank + 1 - before) : 0;
}

static void bench_init(Bench *b)
{
    const ReadlineUser user = {
        .output = terminal_output,
        .line = bench_line,
        .complete = bench_complete,
        .opaque = b,
    };

    *b = (Bench){ 0 };
    b->lines = g_ptr_array_new_with_free_func(g_free);
    b->row = g_array_new(FALSE, FALSE, sizeof(gunichar));
    b->rl = readline_new(PROMPT, &user);
    readline_start(b->rl);
}

static void bench_cleanup(Bench *b)
{
    readline_free(b->rl);
    g_ptr_array_unref(b->lines);
    g_array_unref(b->row);
}

static void type_bytes(Bench *b, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;

    while (len) {
        size_t used = readline_input(b->rl, p, len);

        g_assert_cmpuint(used, >, 0);
        g_assert_cmpuint(used, <=, len);
        p += used;
        len -= used;
    }
}

static void type(Bench *b, const char *keys)
{
    type_bytes(b, keys, strlen(keys));
}

/** What is on the last row, with a '|' where the cursor is. */
static void expect_row(Bench *b, const char *expected)
{
    g_autoptr(GString) shown = g_string_new(NULL);

    for (unsigned i = 0; i <= b->row->len; i++) {
        if (i == b->column) {
            g_string_append_c(shown, '|');
        }
        if (i < b->row->len) {
            g_string_append_unichar(shown, g_array_index(b->row, gunichar,
                                                         i));
        }
    }
    g_assert_cmpstr(shown->str, ==, expected);
}

static void expect_line(Bench *b, const char *expected)
{
    g_assert_cmpuint(b->lines->len, >, 0);
    g_assert_cmpstr(b->lines->pdata[b->lines->len - 1], ==, expected);
}

/* Tests */

typedef struct Case {
    const char *keys;
    const char *row;            /* what is shown then */
    const char *line;           /* what Enter gives */
} Case;

static void test_keys(void)
{
    static const Case cases[] = {
        { "", "> |", "" },
        { "abc", "> abc|", "abc" },
        { "abc\x01x", "> x|abc", "xabc" },
        { "abc\x01\x05x", "> abcx|", "abcx" },
        { "abc\x02\x02x", "> ax|bc", "axbc" },
        { "abc\x02\x02\x06x", "> abx|c", "abxc" },
        { "abc\x02\x04", "> ab|", "ab" },
        { "abc\x04", "> abc|", "abc" },
        { "abc\x01\x0b", "> |", "" },
        { "abc\x02\x0b", "> ab|", "ab" },
        { "abc\x02\x15", "> |c", "c" },
        { "ab cd  \x17", "> ab |", "ab " },
        { "ab cd\x17\x17\x17", "> |", "" },
        { "abc\x14", "> acb|", "acb" },
        { "abc\x02\x14", "> acb|", "acb" },
        { "a\x14", "> a|", "a" },
        { "abc\x01\x14", "> |abc", "abc" },
        { "abc\x08\x7f", "> a|", "a" },
        { "\x08\x7f\x04\x0b\x15\x17\x14\x02\x06", "> |", "" },
        { "abc\x0c", "> abc|", "abc" },
        { "ab\x02\x0c", "> a|b", "ab" },
        { "abc\x03", "> |", "" },
        { "abc\033[D\033[Dx", "> ax|bc", "axbc" },
        { "abc\033[D\033[Cx", "> abcx|", "abcx" },
        { "abc\033[Hx", "> x|abc", "xabc" },
        { "abc\033[1~x", "> x|abc", "xabc" },
        { "abc\033[7~x\033[8~y", "> xabcy|", "xabcy" },
        { "abc\033OHx\033OFy", "> xabcy|", "xabcy" },
        { "abc\033[H\033[3~", "> |bc", "bc" },
        { "abc\033[H\033[4~x", "> abcx|", "abcx" },
        { "abc\033[H\033[1;5Cx", "> ax|bc", "axbc" },
        { "abc\033[200~\033[99999999999999999999~\033[~", "> abc|", "abc" },
        { "ab cd\033b\033bx\033fy", "> xaby| cd", "xaby cd" },
        { "ab cd\x01\033d", "> | cd", " cd" },
        { "aä€𝄞", "> aä€𝄞|", "aä€𝄞" },
        { "aä€𝄞\x02\x02\x7f", "> a|€𝄞", "a€𝄞" },
        { "ä€\x14", "> €ä|", "€ä" },
        { "äöü\x01\x04\x06\x0b", "> ö|", "ö" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Bench b;

        bench_init(&b);
        type(&b, cases[i].keys);
        expect_row(&b, cases[i].row);
        g_assert_cmpuint(b.lines->len, ==, 0);
        type(&b, "\n");
        expect_line(&b, cases[i].line);
        expect_row(&b, "> |");
        bench_cleanup(&b);
    }
}

static void test_line_ends(void)
{
    Bench b;

    bench_init(&b);
    type(&b, "a\nb\rc\r\nd\n\ne\r\r");
    g_ptr_array_add(b.lines, NULL);

    g_autofree char *all = g_strjoinv("|", (char **)b.lines->pdata);

    g_assert_cmpstr(all, ==, "a|b|c|d||e|");
    bench_cleanup(&b);
}

/** One line a call, so that others get their turn. */
static void test_one_line_a_call(void)
{
    Bench b;

    bench_init(&b);
    g_assert_cmpuint(readline_input(b.rl, "one\ntwo\n", 8), ==, 4);
    g_assert_cmpuint(b.lines->len, ==, 1);
    g_assert_cmpuint(readline_input(b.rl, "two\n", 4), ==, 4);
    g_assert_cmpuint(b.lines->len, ==, 2);
    bench_cleanup(&b);
}

static void test_history(void)
{
    Bench b;

    bench_init(&b);
    type(&b, "one\none\n\ntwo\n");
    g_assert_cmpuint(readline_history(b.rl)->len, ==, 2);
    type(&b, "dra\x10");
    expect_row(&b, "> two|");
    type(&b, "\033[A");
    expect_row(&b, "> one|");
    b.bells = 0;
    type(&b, "\x10");
    g_assert_cmpuint(b.bells, ==, 1);
    expect_row(&b, "> one|");
    type(&b, "\x0e\033[B");
    expect_row(&b, "> dra|");
    type(&b, "\x10\x10!\n");
    expect_line(&b, "one!");
    g_assert_cmpuint(readline_history(b.rl)->len, ==, 3);
    bench_cleanup(&b);
}

static void test_history_bounded(void)
{
    g_autofree char *large = g_strnfill(4000, 'x');
    Bench b;

    bench_init(&b);
    for (unsigned i = 0; i < 3 * READLINE_MAX_HISTORY; i++) {
        g_autofree char *line = g_strdup_printf("line %u\n", i);

        type(&b, line);
    }
    g_assert_cmpuint(readline_history(b.rl)->len, ==, READLINE_MAX_HISTORY);
    g_assert_cmpstr(readline_history(b.rl)->pdata[0], ==, "line 256");
    for (unsigned i = 0; i < 40; i++) {
        g_autofree char *line = g_strdup_printf("%s%u\n", large, i);

        type(&b, line);
    }
    g_assert_cmpuint(readline_history(b.rl)->len, ==,
                     READLINE_MAX_HISTORY_LEN / 4002);
    readline_forget(b.rl);
    g_assert_cmpuint(readline_history(b.rl)->len, ==, 0);
    bench_cleanup(&b);
}

static void test_search(void)
{
    Bench b;

    bench_init(&b);
    type(&b, "info status\nstop\ninfo pci\n");
    type(&b, "x\x12inf");
    expect_row(&b, "(search)`inf': info pci|");
    type(&b, "\x12");
    expect_row(&b, "(search)`inf': info status|");
    type(&b, "\x01");
    expect_row(&b, "> |info status");
    type(&b, "\x15\x0b\x12to\n");
    expect_line(&b, "stop");
    /* nothing found; given up */
    type(&b, "kept\x12q");
    expect_row(&b, "(search)`q': |");
    type(&b, "\x07");
    expect_row(&b, "> kept|");
    type(&b, "\x12pcx\x7f");
    expect_row(&b, "(search)`pc': info pci|");
    type(&b, "\x7f\x7f\x7f");
    expect_row(&b, "(search)`': |");
    type(&b, "\x12\x03");
    expect_row(&b, "> |");
    bench_cleanup(&b);
}

static void test_completion(void)
{
    Bench b;

    bench_init(&b);
    type(&b, "q\t");
    expect_row(&b, "> quit |");
    type(&b, "s\t");
    expect_row(&b, "> quit st|");
    type(&b, "\t");
    expect_row(&b, "> quit st|");
    type(&b, "a\t");
    expect_row(&b, "> quit status |");
    b.bells = 0;
    type(&b, "nothing\t");
    g_assert_cmpuint(b.bells, ==, 1);
    /* in front of what follows; and not in the middle of a character: ä and
     * the next letter begin alike */
    type(&b, "\x15x\x02h\t");
    expect_row(&b, "> help |x");
    type(&b, "\x03z\t");
    expect_row(&b, "> zä|");
    bench_cleanup(&b);
}

/** A line that is too long is not cut in silence, and costs no more. */
static void test_too_long(void)
{
    g_autofree char *text = g_strnfill(1 << 20, 'x');
    size_t n_bytes;
    Bench b;

    bench_init(&b);
    type_bytes(&b, text, READLINE_MAX_LEN);
    g_assert_cmpuint(b.bells, ==, 0);
    n_bytes = b.n_bytes;
    g_assert_cmpuint(n_bytes, ==, READLINE_MAX_LEN + strlen(PROMPT));
    type_bytes(&b, text, 1 << 20);
    g_assert_cmpuint(b.bells, ==, 1);
    g_assert_cmpuint(b.n_bytes, ==, n_bytes + 1);
    type(&b, "\n");
    g_assert_true(b.cut);
    g_assert_cmpuint(strlen(b.lines->pdata[0]), ==, READLINE_MAX_LEN);
    g_assert_cmpuint(readline_history(b.rl)->len, ==, 0);
    /* one that was made shorter again is as good as any */
    type_bytes(&b, text, READLINE_MAX_LEN + 1);
    type(&b, "\x7f\n");
    g_assert_false(b.cut);
    bench_cleanup(&b);
}

/* Ways into each state, and what is left of it afterwards does not matter */
static const char *const states[] = {
    "", "abc", "abc\x02", "abc\x01", "\033", "abc\033", "\033[", "\033[1",
    "\033[1;", "\033O", "\xc3", "ab\xe2\x82", "\xf0\x9d\x84", "\x12",
    "\x12i", "\x12i\033", "\x10", "\x10\x10", "ab\r", "q\t", "\x12\xc3",
    "\xc2",
};

/** Each byte value at each state, and each pair of them: all that comes out is
 *  valid, and a line typed then is the line that is got. */
static void test_every_byte(void)
{
    const unsigned step = under_valgrind() ? 51 : 5;

    for (size_t s = 0; s < G_N_ELEMENTS(states); s++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            for (unsigned next = 0; next < 256; next += step) {
                const uint8_t bytes[] = { byte, next };
                Bench b;

                bench_init(&b);
                type(&b, "info one\nstop two\n");
                type(&b, states[s]);
                type_bytes(&b, bytes, sizeof(bytes));
                /* out of a sequence, out of a search, to an empty line */
                type(&b, "\x07\x07\x03");
                expect_row(&b, "> |");
                type(&b, "hello\n");
                expect_line(&b, "hello");
                bench_cleanup(&b);
            }
        }
    }
}

/** Bytes by chance never break anything; the seed is the test framework's. */
static void test_noise(void)
{
    static const uint8_t likely[] = {
        1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 20, 21, 23, 27,
        '[', 'O', '1', '3', '~', 'A', 'D', 'H', 'a', ' ', 's', 0x7f, 0xc3,
        0xa4, 0xe2, 0x82, 0xac, 0xf0, 0xff, 0x80,
    };
    Bench b;

    bench_init(&b);
    for (unsigned i = 0; i < times_to_run(200000); i++) {
        uint8_t byte = g_test_rand_bit()
            ? likely[g_test_rand_int_range(0, sizeof(likely))]
            : (uint8_t)g_test_rand_int_range(0, 256);

        type_bytes(&b, &byte, 1);
        if (b.lines->len > 100) {
            g_ptr_array_set_size(b.lines, 0);
        }
    }
    bench_cleanup(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/readline/keys", test_keys);
    g_test_add_func("/readline/line-ends", test_line_ends);
    g_test_add_func("/readline/one-line-a-call", test_one_line_a_call);
    g_test_add_func("/readline/history", test_history);
    g_test_add_func("/readline/history-bounded", test_history_bounded);
    g_test_add_func("/readline/search", test_search);
    g_test_add_func("/readline/completion", test_completion);
    g_test_add_func("/readline/too-long", test_too_long);
    g_test_add_func("/readline/every-byte", test_every_byte);
    g_test_add_func("/readline/noise", test_noise);
    return g_test_run();
}
