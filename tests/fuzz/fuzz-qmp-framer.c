/*
 * Fuzz: where QMP's input is cut into texts
 *
 * Input: a byte that says how long the pieces are in which the rest arrives,
 * then the stream.
 *
 * What must hold: the pieces make no difference to the texts and errors; texts
 * are no longer than the limit and not empty; nothing is found twice.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "monitor/qmp-framer.h"

/** Returns what was found, in pieces of @step bytes, as one log. */
static GString *framer_log(const uint8_t *bytes, size_t len, size_t step)
{
    GString *log = g_string_new(NULL);
    size_t total = 0;
    QmpFramer framer;

    qmp_framer_init(&framer);
    for (size_t at = 0; at < len; at += step) {
        /* of its own, so that a byte too far is seen */
        size_t left = MIN(step, len - at);
        g_autofree uint8_t *piece = g_memdup2(bytes + at, left);
        const uint8_t *p = piece;
        size_t text_len;
        const char *text;
        QmpFrame frame;

        while ((frame = qmp_framer_next(&framer, &p, &left, &text,
                                        &text_len)) != QMP_FRAME_MORE) {
            g_assert_true(text_len > 0 && text_len <= QMP_FRAMER_MAX_LEN);
            total += frame == QMP_FRAME_TEXT ? text_len : 0;
            g_string_append_printf(log, "%c%zu:", "-TE"[frame], text_len);
            g_string_append_len(log, text, text_len);
        }
        g_assert_cmpuint(left, ==, 0);
    }
    g_assert_cmpuint(total, <=, len);
    qmp_framer_cleanup(&framer);
    return log;
}

static void framer_run(const uint8_t *bytes, size_t len)
{
    GString *whole, *cut;

    if (!len) {
        return;
    }
    whole = framer_log(bytes + 1, len - 1, len);
    cut = framer_log(bytes + 1, len - 1, bytes[0] % 16 + 1);
    g_assert_cmpmem(whole->str, whole->len, cut->str, cut->len);
    g_string_free(whole, TRUE);
    g_string_free(cut, TRUE);
}

const FuzzTarget fuzz_target = { .run = framer_run, .max_len = 1 << 14 };
