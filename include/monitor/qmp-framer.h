/*
 * QMP input: where one JSON text ends and the next begins
 *
 * A stream is cut into texts: objects and arrays, and at top level also
 * strings and words (runs of other characters), so that every mistake gets its
 * own answer.  Nothing is parsed here; the cost is linear in the bytes, and no
 * more than QMP_FRAMER_MAX_LEN of them are held.
 *
 * A client that has lost its way gets back to a known state by
 *
 *   - the byte 0xFF, or a control character other than tab, newline and
 *     carriage return, anywhere: whatever was begun is dropped, with one error
 *     for each such byte, and then input is skipped in silence up to the next
 *     `{` or `[`, which begins a text, or newline.  Quotes mean nothing
 *     meanwhile: one that is left over from a string does not open another;
 *   - a tab, newline or carriage return inside a string, which JSON does not
 *     allow, or a text that is too long or too deep: one error, and then
 *     input is skipped.  Skipping ends with the end of the outermost object or
 *     array, with one of the bytes above, or with a line that starts with `{`.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MONITOR_QMP_FRAMER_H
#define MONITOR_QMP_FRAMER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** The longest text, in bytes. */
#define QMP_FRAMER_MAX_LEN ((size_t)16 << 20)

/** How deep objects and arrays may be nested. */
#define QMP_FRAMER_MAX_DEPTH 1024

typedef enum QmpFrame {
    QMP_FRAME_MORE,             /* all input is used up, no text is complete */
    QMP_FRAME_TEXT,
    QMP_FRAME_ERROR,
} QmpFrame;

typedef enum QmpFramerState {
    QMP_FRAMER_BETWEEN,         /* texts */
    QMP_FRAMER_WORD,
    QMP_FRAMER_NESTED,
    QMP_FRAMER_STRING,
    QMP_FRAMER_ESCAPE,          /* after a backslash in a string */
    QMP_FRAMER_LOST,            /* after a stray byte; always skipping */
} QmpFramerState;

typedef struct QmpFramer {
    QmpFramerState state;
    bool skipping;
    bool line_start;
    uint8_t quote;              /* of the string */
    size_t depth;
    GString *held;              /* the text so far; NULL: nothing */
} QmpFramer;

/** qmp_framer_init: the state before the first byte. */
void qmp_framer_init(QmpFramer *framer);
/** qmp_framer_cleanup: free what @framer holds; it can be used again. */
void qmp_framer_cleanup(QmpFramer *framer);

/**
 * qmp_framer_next:
 * @bytes, @len: the input; moved past what has been used up
 * @text, @text_len: a text, or the description of an error; valid until the
 *                   next call, and while the input is
 *
 * Find the next text.  To be called until it returns QMP_FRAME_MORE.
 */
QmpFrame qmp_framer_next(QmpFramer *framer, const uint8_t **bytes,
                         size_t *len, const char **text, size_t *text_len);

#endif
