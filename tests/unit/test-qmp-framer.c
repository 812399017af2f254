/*
 * Tests of the QMP input framer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "monitor/qmp-framer.h"

#include <string.h>

#include "under-valgrind.h"

/*
 * Feed @len bytes in pieces of @piece bytes.  Returns what came out, one line
 * each: "T" and the text, or "E" and the error.
 */
static char *feed(QmpFramer *framer, const char *bytes, size_t len,
                  size_t piece)
{
    GString *out = g_string_new(NULL);

    for (size_t from = 0; from < len; from += piece) {
        /* A copy without a byte to spare: nothing may be read beyond it. */
        size_t left = MIN(piece, len - from);
        g_autofree uint8_t *copy = g_memdup2(bytes + from, left);
        const uint8_t *at = copy;
        const char *text;
        size_t text_len;
        QmpFrame frame;

        while ((frame = qmp_framer_next(framer, &at, &left, &text,
                                        &text_len)) != QMP_FRAME_MORE) {
            g_string_append_c(out, frame == QMP_FRAME_TEXT ? 'T' : 'E');
            g_string_append_len(out, text, (gssize)text_len);
            g_string_append_c(out, '\n');
        }
        g_assert_cmpuint(left, ==, 0);
    }
    return g_string_free(out, FALSE);
}

static char *feed_text(const char *text)
{
    QmpFramer framer;
    char *out;

    qmp_framer_init(&framer);
    out = feed(&framer, text, strlen(text), strlen(text));
    qmp_framer_cleanup(&framer);
    return out;
}

static void check(const char *input, const char *expected)
{
    size_t len = strlen(input);

    for (size_t piece = 1; piece <= len; piece++) {
        QmpFramer framer;
        g_autofree char *out = NULL;

        qmp_framer_init(&framer);
        out = feed(&framer, input, len, piece);
        g_assert_cmpstr(out, ==, expected);
        qmp_framer_cleanup(&framer);
    }
}

#define GIGABYTE ((size_t)1 << 30)

#define STRAY "EJSON parse error, stray byte 0xff\n"
#define CONTROL "EJSON parse error, stray control character\n"
#define BAD_STRING "EJSON parse error, control character in string\n"
#define DEEP "EJSON nesting depth limit exceeded\n"
#define LONG "EJSON message size limit exceeded\n"

static void test_texts(void)
{
    check("{}", "T{}\n");
    check(" \t\r\n{ } \n", "T{ }\n");
    check("{\"a\": [1, {\"b\": {}}]}\r\n", "T{\"a\": [1, {\"b\": {}}]}\n");
    check("{}{}\n[]{}", "T{}\nT{}\nT[]\nT{}\n");
    check("{\n  \"a\":\n  1\n}\n", "T{\n  \"a\":\n  1\n}\n");
}

static void test_strings(void)
{
    check("{\"}\": \"]}\"}", "T{\"}\": \"]}\"}\n");
    check("{'}': '\"}'}", "T{'}': '\"}'}\n");
    check("{\"'\": 1}{'\\'}': 2}", "T{\"'\": 1}\nT{'\\'}': 2}\n");
    check("{\"\\\"}\": \"\\\\\"}{}", "T{\"\\\"}\": \"\\\\\"}\nT{}\n");
    check("\"a b\"'c {'", "T\"a b\"\nT'c {'\n");
    check("{\"\303\251\": \"\360\237\230\200\"}",
          "T{\"\303\251\": \"\360\237\230\200\"}\n");
}

static void test_garbage(void)
{
    check("bad\n{}\n", "Tbad\nT{}\n");
    check("bad{}", "Tbad\nT{}\n");
    check("1 true,x\"y\"", "T1\nTtrue\nT,\nTx\nT\"y\"\n");
    check("}]:,{}", "T}\nT]\nT:\nT,\nT{}\n");
    check("@#$ {}", "T@#$\nT{}\n");
    /* Whose kinds of bracket do not match is the parser's to say. */
    check("{]{}", "T{]\nT{}\n");
    check("\200\376 {}", "T\200\376\nT{}\n");
}

static void test_resync(void)
{
    check("\xff{}", STRAY "T{}\n");
    check("\xff\xff\n{}", STRAY STRAY "T{}\n");
    check("{\"a\": [[\xff{}", STRAY "T{}\n");
    check("{\"a\": \"x\xff{}", STRAY "T{}\n");
    check("{\"a\": \"x\\\xff{}", STRAY "T{}\n");
    check("word\xff{}", STRAY "T{}\n");
    check("{\"a\": [[\001{}", CONTROL "T{}\n");
    check("{\"a\": \"\033{}", CONTROL "T{}\n");
}

/* No newline is needed to get over a stray byte, wherever it was. */
static void test_lost(void)
{
    check("{\"a\": \"b\xff\"}{\"c\": \"d\"}{\"e\": \"f\"}",
          STRAY "T{\"c\": \"d\"}\nT{\"e\": \"f\"}\n");
    check("{'a': 'b\001c'} \r\t{'d': 'e'}", CONTROL "T{'d': 'e'}\n");
    check("{\"a\": \"b\xff\"}\n{\"c\": \"d\"}\n",
          STRAY "T{\"c\": \"d\"}\n");
    check("{\"a\xff\": \"b\"}[\"c\"]", STRAY "T[\"c\"]\n");
    check("{\"a\": \xff\"b\", \"c\": 1}{}", STRAY "T{}\n");
    check("\xff \"lost\\\" ', ]}: 1 {}", STRAY "T{}\n");
    /* Each stray byte is answered. */
    check("{\"a\": \"\xff\"\xff\"}{}", STRAY STRAY "T{}\n");
    /* What is on a line of its own is told its mistakes again. */
    check("\xff lost\nbad\n{}", STRAY "Tbad\nT{}\n");
    check("\xff[{}]{}", STRAY "T[{}]\nT{}\n");
    check("{\"a\": \"b\tc\xff\"}{}", BAD_STRING STRAY "T{}\n");
}

static void test_bad_string(void)
{
    check("{\"a\": \"b\n{}\n", BAD_STRING "T{}\n");
    check("{\"a\": \"b\r\n{}\r\n", BAD_STRING "T{}\n");
    check("{\"a\": \"b\\\n{}\n", BAD_STRING "T{}\n");
    check("{\"a\": \"b\tc\"} {}", BAD_STRING "T{}\n");
    check("{\"a\": \"b\tc\", \"d\": [\"}\", {}]} {}", BAD_STRING "T{}\n");
    check("\"b\n{}", BAD_STRING "T{}\n");
    check("\"b\tc\" {}", BAD_STRING "T{}\n");
    check("{\"a\": \"b\n  still lost }\n", BAD_STRING);
    check("{\"a\": \"b\n  lost } {}\n", BAD_STRING "T{}\n");
    /* Only a brace that is first on its line begins anew. */
    check("{\"a\": \"b\nx{} lost } {}\n", BAD_STRING "T{}\n");
    check("{\"a\": \"b\n\xff{}\n", BAD_STRING STRAY "T{}\n");
}

/* Every prefix gives nothing, and what follows a 0xFF is understood. */
static void test_truncated(void)
{
    static const char text[] = "{\"execute\": 'a}', \"arguments\": "
                               "{\"x\": [1, 2.5, null, \"\\\"\\\\{\"]}}";

    for (size_t len = 1; len < strlen(text); len++) {
        for (size_t piece = 1; piece <= len; piece++) {
            QmpFramer framer;
            g_autofree char *first = NULL;
            g_autofree char *second = NULL;

            qmp_framer_init(&framer);
            first = feed(&framer, text, len, piece);
            g_assert_cmpstr(first, ==, "");
            second = feed(&framer, "\xff{}", 3, piece);
            g_assert_cmpstr(second, ==, STRAY "T{}\n");
            qmp_framer_cleanup(&framer);
        }
    }
}

static char *nested(size_t depth, size_t closed, const char *after)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < depth; i++) {
        g_string_append_c(text, '[');
    }
    for (size_t i = 0; i < closed; i++) {
        g_string_append_c(text, ']');
    }
    g_string_append(text, after);
    return g_string_free(text, FALSE);
}

static void test_depth(void)
{
    g_autofree char *deepest = nested(QMP_FRAMER_MAX_DEPTH,
                                      QMP_FRAMER_MAX_DEPTH, "");
    g_autofree char *all_right = g_strconcat("T", deepest, "\n", NULL);
    g_autofree char *closed = nested(QMP_FRAMER_MAX_DEPTH + 1,
                                     QMP_FRAMER_MAX_DEPTH + 1, "{}");
    g_autofree char *open = nested(100000, 0, "\n{}\n");
    g_autofree char *open_resync = nested(100000, 0, " {} \xff{}");
    g_autofree char *saw = nested(QMP_FRAMER_MAX_DEPTH + 1, 5,
                                  "[[[[[[[[[[ ]]]]");
    g_autofree char *out = feed_text(deepest);

    g_assert_cmpstr(out, ==, all_right);
    g_free(out);
    out = feed_text(closed);
    g_assert_cmpstr(out, ==, DEEP "T{}\n");
    g_free(out);
    out = feed_text(open);
    g_assert_cmpstr(out, ==, DEEP "T{}\n");
    g_free(out);
    out = feed_text(open_resync);
    g_assert_cmpstr(out, ==, DEEP STRAY "T{}\n");
    g_free(out);
    /* Around the limit there is still one error. */
    out = feed_text(saw);
    g_assert_cmpstr(out, ==, DEEP);
}

/* A string of @len bytes with its quotes, in an object. */
static char *long_text(size_t len)
{
    char *text = g_malloc(len + 1);

    memset(text, 'x', len);
    memcpy(text, "{\"", 2);
    memcpy(text + len - 2, "\"}", 3);
    return text;
}

static void check_length(size_t len, bool allowed, size_t piece)
{
    g_autofree char *text = long_text(len);
    QmpFramer framer;
    g_autofree char *out = NULL;
    g_autofree char *next = NULL;

    qmp_framer_init(&framer);
    out = feed(&framer, text, len, piece);
    if (allowed) {
        g_assert_cmpuint(strlen(out), ==, len + 2);
        g_assert_true(out[0] == 'T' && memcmp(out + 1, text, len) == 0);
    } else {
        g_assert_cmpstr(out, ==, LONG);
    }
    next = feed(&framer, "{}", 2, piece);
    g_assert_cmpstr(next, ==, "T{}\n");
    qmp_framer_cleanup(&framer);
}

static void test_length(void)
{
    static const size_t pieces[] = { 4096, 65536, 10000019, SIZE_MAX / 2 };

    for (size_t i = 0; i < times_to_run(G_N_ELEMENTS(pieces)); i++) {
        check_length(QMP_FRAMER_MAX_LEN, true, pieces[i]);
        check_length(QMP_FRAMER_MAX_LEN + 1, false, pieces[i]);
        check_length(QMP_FRAMER_MAX_LEN * 3, false, pieces[i]);
    }
}

/* @total bytes of @bytes over and over, after @before. */
static void check_endless(const char *before, const char *bytes, size_t total,
                          const char *after, const char *expected)
{
    size_t len = strlen(bytes);
    GString *block = g_string_new(NULL);
    GString *out = g_string_new(NULL);
    QmpFramer framer;
    char *text;

    total = MAX(times_to_run(total), 2 * QMP_FRAMER_MAX_LEN);
    while (block->len < 65536) {
        g_string_append_len(block, bytes, (gssize)len);
    }
    qmp_framer_init(&framer);
    text = feed(&framer, before, strlen(before), 1);
    g_string_append(out, text);
    g_free(text);
    for (size_t sent = 0; sent < total; sent += block->len) {
        const uint8_t *at = (const uint8_t *)block->str;
        size_t left = block->len;
        const char *found;
        size_t found_len;

        while (qmp_framer_next(&framer, &at, &left, &found, &found_len) !=
               QMP_FRAME_MORE) {
            g_string_append_c(out, 'E');
            g_string_append_len(out, found, (gssize)found_len);
            g_string_append_c(out, '\n');
        }
        g_assert_true(!framer.held || framer.held->allocated_len <=
                      4 * QMP_FRAMER_MAX_LEN);
    }
    text = feed(&framer, after, strlen(after), 1);
    g_string_append(out, text);
    g_free(text);
    g_assert_cmpstr(out->str, ==, expected);
    g_assert_true(!framer.held ||
                  framer.held->allocated_len <= QMP_FRAMER_MAX_LEN);
    g_string_free(out, TRUE);
    g_string_free(block, TRUE);
    qmp_framer_cleanup(&framer);
}

static void test_endless(void)
{
    check_endless("{\"a\": \"", "x", GIGABYTE, "\n{}\n", LONG "T{}\n");
    check_endless("{\"a\": ", "1234567,", GIGABYTE / 16, "\n{}\n",
                  LONG "T{}\n");
    check_endless("", "x", GIGABYTE / 16, " {}", LONG "T{}\n");
    check_endless("\xff", "x\" ]\\", GIGABYTE / 16, "{}", STRAY "T{}\n");
}

/* What is no text's beginning costs nothing. */
static void test_space(void)
{
    check_endless("", " \t\r\n", GIGABYTE / 16, "{}", "T{}\n");
}

/* Any bytes at all: the same answers, however they are cut. */
static void test_random(void)
{
    static const char alphabet[] = "{}[]\"'\\,: \n\tax1\xff\001\303";
    GRand *rand = g_rand_new_with_seed(42);

    for (int run = 0; run < 3000; run++) {
        char bytes[80];
        g_autofree char *whole = NULL;
        QmpFramer framer;

        for (size_t i = 0; i < sizeof(bytes); i++) {
            bytes[i] = alphabet[g_rand_int_range(rand, 0,
                                                 sizeof(alphabet) - 1)];
        }
        qmp_framer_init(&framer);
        whole = feed(&framer, bytes, sizeof(bytes), sizeof(bytes));
        qmp_framer_cleanup(&framer);
        for (size_t piece = 1; piece < sizeof(bytes); piece += 7) {
            g_autofree char *out = feed(&framer, bytes, sizeof(bytes), piece);
            g_autofree char *after = NULL;

            g_assert_cmpstr(out, ==, whole);
            after = feed(&framer, "\xff{}", 3, 1);
            g_assert_cmpstr(after, ==, STRAY "T{}\n");
            qmp_framer_cleanup(&framer);
        }
    }
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp-framer/texts", test_texts);
    g_test_add_func("/qmp-framer/strings", test_strings);
    g_test_add_func("/qmp-framer/garbage", test_garbage);
    g_test_add_func("/qmp-framer/resync", test_resync);
    g_test_add_func("/qmp-framer/lost", test_lost);
    g_test_add_func("/qmp-framer/bad-string", test_bad_string);
    g_test_add_func("/qmp-framer/truncated", test_truncated);
    g_test_add_func("/qmp-framer/depth", test_depth);
    g_test_add_func("/qmp-framer/length", test_length);
    g_test_add_func("/qmp-framer/endless", test_endless);
    g_test_add_func("/qmp-framer/space", test_space);
    g_test_add_func("/qmp-framer/random", test_random);
    return g_test_run();
}
