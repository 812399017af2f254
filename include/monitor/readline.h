/*
 * A line editor: bytes from a terminal in, bytes for it out
 *
 * A state machine that knows no descriptors and no clock.  Lines are UTF-8;
 * a byte that is none, and a control character that has no meaning, change
 * nothing but make the terminal's bell ring.  Every character is taken to be
 * one column wide, and a line that is wider than the terminal can be edited
 * but is not shown well (C-l shows it anew).
 *
 *   C-a Home, C-e End         to the line's start, end
 *   C-b Left, C-f Right       one character; Alt-b, Alt-f: one word
 *   C-d Delete, C-h DEL       delete the character here, before
 *   C-k, C-u, C-w, Alt-d      delete to the end, to the start, the word before,
 *                             the word here
 *   C-t                       exchange the two characters before
 *   C-p Up, C-n Down          older, newer line of the history
 *   C-r                       search the history backwards as one types;
 *                             C-r again: an older one; C-g: give up
 *   Tab                       complete
 *   C-l                       clear the screen
 *   C-c                       drop the line
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MONITOR_READLINE_H
#define MONITOR_READLINE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/** The longest line, in bytes.  What is typed beyond is dropped. */
#define READLINE_MAX_LEN 4095

/** The most lines that are remembered, and bytes in all of them. */
#define READLINE_MAX_HISTORY 128
#define READLINE_MAX_HISTORY_LEN 65536

typedef struct Readline Readline;

typedef struct ReadlineUser {
    /** Bytes for the terminal. */
    void (*output)(void *opaque, const char *bytes, size_t len);
    /**
     * A line was entered; the terminal's cursor is on a new one.
     * @cut: more was typed than fits: @line is only the start of it
     */
    void (*line)(void *opaque, const char *line, bool cut);
    /**
     * Find what can stand in the place of the word that ends the text.
     * @before: the line up to the cursor
     * @candidates: char *, to be added, each a whole word; unsorted
     *
     * Returns: the offset in @before at which the word begins.  NULL: nothing
     * is completed.
     */
    size_t (*complete)(void *opaque, const char *before,
                       GPtrArray *candidates);
    void *opaque;
} ReadlineUser;

/** readline_new: @prompt is copied. */
Readline *readline_new(const char *prompt, const ReadlineUser *user);
/** readline_free: NULL is allowed. */
void readline_free(Readline *rl);

/** readline_start: show the prompt, ready for a new line; the history stays.
 *  To be called at first, and when a line has been dealt with. */
void readline_start(Readline *rl);

/** readline_forget: drop line and history: another person is there. */
void readline_forget(Readline *rl);

/**
 * readline_input: take bytes, up to the first end of a line (CR, LF, or CR LF),
 * for which user->line() is called.
 *
 * Returns: how many of the @len bytes were used up.
 */
size_t readline_input(Readline *rl, const void *bytes, size_t len);

/** readline_history: the lines that are remembered, oldest first; borrowed,
 *  char *. */
const GPtrArray *readline_history(const Readline *rl);

#endif
