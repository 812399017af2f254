/*
 * QMP input: where one JSON text ends and the next begins
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "monitor/qmp-framer.h"

#include <string.h>

/* What is kept for the next text that does not come in one piece. */
#define QMP_FRAMER_KEEP 65536

static bool framer_is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool framer_is_quote(uint8_t c)
{
    return c == '"' || c == '\'';
}

/* One of the characters that stand alone in JSON. */
static bool framer_is_structural(uint8_t c)
{
    return c == '{' || c == '}' || c == '[' || c == ']' || c == ',' ||
           c == ':';
}

/* Inside a text, most bytes are just passed over. */
static bool framer_is_plain(uint8_t c)
{
    return c > ' ' && c != 0xff && c != '\\' && !framer_is_quote(c) &&
           !framer_is_structural(c);
}

void qmp_framer_init(QmpFramer *framer)
{
    *framer = (QmpFramer){ .state = QMP_FRAMER_BETWEEN };
}

void qmp_framer_cleanup(QmpFramer *framer)
{
    if (framer->held) {
        g_string_free(framer->held, TRUE);
    }
    qmp_framer_init(framer);
}

static void framer_drop_held(QmpFramer *framer)
{
    if (framer->held && framer->held->allocated_len > QMP_FRAMER_KEEP) {
        g_string_free(framer->held, TRUE);
        framer->held = NULL;
    } else if (framer->held) {
        g_string_truncate(framer->held, 0);
    }
}

static void framer_restart(QmpFramer *framer)
{
    framer->state = QMP_FRAMER_BETWEEN;
    framer->skipping = framer->line_start = false;
    framer->depth = 0;
}

/* Whether what is being skipped is over before @c. */
static bool framer_is_found_again(const QmpFramer *framer, uint8_t c)
{
    if (framer->state == QMP_FRAMER_LOST) {
        /* Without `[`, a command inside an array would be taken for one. */
        return c == '{' || c == '[' || c == '\n';
    }
    return framer->skipping && framer->line_start && c == '{';
}

static size_t framer_held_len(const QmpFramer *framer)
{
    return framer->held ? framer->held->len : 0;
}

static void framer_hold(QmpFramer *framer, const uint8_t *from, size_t len)
{
    if (!framer->held) {
        framer->held = g_string_sized_new(len);
    }
    g_string_append_len(framer->held, (const char *)from, (gssize)len);
}

/* Pass over the bytes at @at that change nothing; what is skipped has any
 * length.  Returns where they end. */
static const uint8_t *framer_pass_plain(const QmpFramer *framer,
                                        const uint8_t *start,
                                        const uint8_t *at, const uint8_t *end)
{
    if (framer->state == QMP_FRAMER_BETWEEN ||
        framer->state == QMP_FRAMER_ESCAPE) {
        return at;
    }
    if (!framer->skipping) {
        size_t room = QMP_FRAMER_MAX_LEN - framer_held_len(framer);

        end = MIN((size_t)(end - start), room) + start;
    }
    while (at < end && framer_is_plain(*at)) {
        at++;
    }
    return at;
}

/* What a byte did to the text that it belongs to. */
typedef enum FramerStep {
    STEP_INSIDE,                /* the text goes on */
    STEP_LAST,                  /* it ends with this byte */
    STEP_BEFORE,                /* it has ended before this byte */
    STEP_BAD_STRING,
    STEP_TOO_DEEP,
} FramerStep;

static FramerStep framer_open(QmpFramer *framer, uint8_t c)
{
    if (framer_is_quote(c)) {
        framer->state = QMP_FRAMER_STRING;
        framer->quote = c;
        return STEP_INSIDE;
    }
    if (c == '{' || c == '[') {
        framer->state = QMP_FRAMER_NESTED;
        framer->depth++;
        return framer->depth == QMP_FRAMER_MAX_DEPTH + 1 ? STEP_TOO_DEEP
                                                         : STEP_INSIDE;
    }
    if (framer->state == QMP_FRAMER_BETWEEN) {
        framer->state = QMP_FRAMER_WORD;
        return framer_is_structural(c) ? STEP_LAST : STEP_INSIDE;
    }
    if (c == '}' || c == ']') {
        framer->depth--;
        return framer->depth ? STEP_INSIDE : STEP_LAST;
    }
    return STEP_INSIDE;
}

static FramerStep framer_step(QmpFramer *framer, uint8_t c)
{
    switch (framer->state) {
    case QMP_FRAMER_BETWEEN:
    case QMP_FRAMER_NESTED:
        return framer_open(framer, c);
    case QMP_FRAMER_WORD:
        return framer_is_space(c) || framer_is_quote(c) ||
               framer_is_structural(c) ? STEP_BEFORE : STEP_INSIDE;
    case QMP_FRAMER_LOST:
        return STEP_INSIDE;
    case QMP_FRAMER_STRING:
    case QMP_FRAMER_ESCAPE:
        break;
    }

    bool escaped = framer->state == QMP_FRAMER_ESCAPE;

    framer->state = QMP_FRAMER_STRING;
    if (c == '\n' || c == '\r' || c == '\t') {
        /* Nobody goes on with a string on the next line. */
        if (c == '\n') {
            framer->state = framer->depth ? QMP_FRAMER_NESTED
                                          : QMP_FRAMER_BETWEEN;
        }
        return STEP_BAD_STRING;
    }
    if (escaped) {
        return STEP_INSIDE;
    }
    if (c == '\\') {
        framer->state = QMP_FRAMER_ESCAPE;
    } else if (c == framer->quote) {
        framer->state = QMP_FRAMER_NESTED;
        return framer->depth ? STEP_INSIDE : STEP_LAST;
    }
    return STEP_INSIDE;
}

/* Start to skip, unless the text is over already. */
static QmpFrame framer_fail(QmpFramer *framer, const char *message,
                            const char **text, size_t *text_len)
{
    framer_drop_held(framer);
    framer->skipping = framer->state != QMP_FRAMER_BETWEEN;
    *text = message;
    *text_len = strlen(message);
    return QMP_FRAME_ERROR;
}

static QmpFrame framer_found(QmpFramer *framer, const uint8_t *start,
                             const uint8_t *end, const char **text,
                             size_t *text_len)
{
    framer_restart(framer);
    if (framer_held_len(framer)) {
        framer_hold(framer, start, (size_t)(end - start));
        *text = framer->held->str;
        *text_len = framer->held->len;
    } else {
        *text = (const char *)start;
        *text_len = (size_t)(end - start);
    }
    return QMP_FRAME_TEXT;
}

/** What is no JSON in any place. */
static QmpFrame framer_stray(QmpFramer *framer, uint8_t c, const char **text,
                             size_t *text_len)
{
    framer_restart(framer);
    framer->state = QMP_FRAMER_LOST;
    return framer_fail(framer, c == 0xff
                       ? "JSON parse error, stray byte 0xff"
                       : "JSON parse error, stray control character",
                       text, text_len);
}

/** What follows from a step that has led from @start to @at. */
static QmpFrame framer_judge(QmpFramer *framer, FramerStep step,
                             const uint8_t *start, const uint8_t *at,
                             const char **text, size_t *text_len)
{
    if (framer->skipping) {
        if (step == STEP_LAST || step == STEP_BEFORE ||
            framer->state == QMP_FRAMER_BETWEEN) {
            framer_restart(framer);
        }
        return QMP_FRAME_MORE;
    }
    if (step == STEP_BAD_STRING) {
        return framer_fail(framer, "JSON parse error, control character in "
                           "string", text, text_len);
    }
    if (step == STEP_TOO_DEEP) {
        return framer_fail(framer, "JSON nesting depth limit exceeded", text,
                           text_len);
    }
    if (framer_held_len(framer) + (size_t)(at - start) > QMP_FRAMER_MAX_LEN) {
        if (step == STEP_LAST) {
            framer_restart(framer);
        }
        return framer_fail(framer, "JSON message size limit exceeded", text,
                           text_len);
    }
    return step == STEP_INSIDE ? QMP_FRAME_MORE
                               : framer_found(framer, start, at, text,
                                              text_len);
}

QmpFrame qmp_framer_next(QmpFramer *framer, const uint8_t **bytes,
                         size_t *len, const char **text, size_t *text_len)
{
    const uint8_t *at = *bytes;
    const uint8_t *end = at + *len;
    const uint8_t *start = at;  /* of the text, as far as it is not held */
    QmpFrame frame = QMP_FRAME_MORE;

    if (framer->state == QMP_FRAMER_BETWEEN) {
        /* It was the last call's answer. */
        framer_drop_held(framer);
    }
    while (at < end && frame == QMP_FRAME_MORE) {
        const uint8_t *passed = framer_pass_plain(framer, start, at, end);

        if (passed > at) {
            at = passed;
            framer->line_start = false;
            continue;
        }

        uint8_t c = *at;

        if (c == 0xff || (c < ' ' && !framer_is_space(c))) {
            at++;
            frame = framer_stray(framer, c, text, text_len);
            break;
        }
        if (framer_is_found_again(framer, c)) {
            framer_restart(framer);
        }
        framer->line_start = c == '\n';
        if (framer->state == QMP_FRAMER_BETWEEN) {
            if (framer_is_space(c)) {
                at++;
                continue;
            }
            start = at;
        }

        FramerStep step = framer_step(framer, c);

        if (step != STEP_BEFORE) {
            at++;
        }
        frame = framer_judge(framer, step, start, at, text, text_len);
    }
    if (frame == QMP_FRAME_MORE && framer->state != QMP_FRAMER_BETWEEN &&
        !framer->skipping) {
        framer_hold(framer, start, (size_t)(at - start));
    }
    *bytes = at;
    *len = (size_t)(end - at);
    return frame;
}
