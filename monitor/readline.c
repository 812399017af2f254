/*
 * A line editor: bytes from a terminal in, bytes for it out
 *
 * The terminal is told of a change by as little as it takes: a character at
 * the line's end is one character, for whoever pastes a long line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "monitor/readline.h"

#include <stdint.h>
#include <string.h>

#define CTRL(letter) ((letter) & 0x1f)
#define ESC 0x1b
#define DEL 0x7f

/* Each character that is sought shows a whole line. */
#define READLINE_MAX_SOUGHT 127

typedef enum ReadlineState {
    READLINE_PLAIN,
    READLINE_ESCAPE,            /* after ESC */
    READLINE_CSI,               /* after ESC [ */
    READLINE_SS3,               /* after ESC O */
} ReadlineState;

struct Readline {
    ReadlineUser user;
    char *prompt;
    GString *out;               /* for the terminal, not yet given to it */

    /* The line */
    GString *line;
    size_t cursor;              /* offset of a character in it */
    bool cut;                   /* what was typed last did not fit */
    bool rang;                  /* and the bell rang for it */

    /* Input */
    ReadlineState state;
    unsigned parameter;         /* of the control sequence, the first */
    bool parameter_ended;
    bool after_cr;              /* a newline now belongs to it */
    bool entered;               /* a line, by the present byte */
    char partial[4];            /* a UTF-8 character's first bytes */
    unsigned partial_len;

    /* History */
    GPtrArray *history;         /* char *, oldest first */
    size_t history_len;         /* bytes in it */
    unsigned shown;             /* index of the one shown; its length: none */
    char *draft;                /* the line that was left for it; may be NULL */

    /* Search */
    GString *sought;            /* NULL: no search */
    unsigned found;             /* index in history; its length: none yet */
};

/* Characters and words */

static bool readline_continues(char byte)
{
    return (byte & 0xc0) == 0x80;
}

static size_t readline_columns(const char *text, size_t len)
{
    size_t columns = 0;

    for (size_t i = 0; i < len; i++) {
        columns += !readline_continues(text[i]);
    }
    return columns;
}

static size_t readline_before(const Readline *rl, size_t at)
{
    while (at > 0 && readline_continues(rl->line->str[--at])) {
        /* on to the character's first byte */
    }
    return at;
}

static size_t readline_behind(const Readline *rl, size_t at)
{
    if (at < rl->line->len) {
        at++;
    }
    while (at < rl->line->len && readline_continues(rl->line->str[at])) {
        at++;
    }
    return at;
}

static size_t readline_word_before(const Readline *rl, size_t at)
{
    while (at > 0 && rl->line->str[at - 1] == ' ') {
        at--;
    }
    while (at > 0 && rl->line->str[at - 1] != ' ') {
        at--;
    }
    return at;
}

static size_t readline_word_behind(const Readline *rl, size_t at)
{
    while (at < rl->line->len && rl->line->str[at] == ' ') {
        at++;
    }
    while (at < rl->line->len && rl->line->str[at] != ' ') {
        at++;
    }
    return at;
}

/* The terminal */

static void readline_ring(Readline *rl)
{
    g_string_append_c(rl->out, '\a');
}

static void readline_show_left(Readline *rl, size_t columns)
{
    if (columns) {
        g_string_append_printf(rl->out, "\033[%zuD", columns);
    }
}

static void readline_flush(Readline *rl)
{
    if (rl->out->len) {
        rl->user.output(rl->user.opaque, rl->out->str, rl->out->len);
        g_string_truncate(rl->out, 0);
    }
}

/* The terminal's cursor is at @at: show what follows there, and go to the
 * line's own cursor. */
static void readline_show_rest(Readline *rl, size_t at)
{
    const GString *line = rl->line;

    g_string_append_len(rl->out, line->str + at, (gssize)(line->len - at));
    g_string_append(rl->out, "\033[K");
    readline_show_left(rl, readline_columns(line->str + rl->cursor,
                                            line->len - rl->cursor));
}

/* Prompt and line, from the terminal's first column on. */
static void readline_show(Readline *rl)
{
    g_string_append_c(rl->out, '\r');
    g_string_append(rl->out, rl->prompt);
    readline_show_rest(rl, 0);
}

/* Changes */

static void readline_move(Readline *rl, size_t to)
{
    const char *text = rl->line->str;

    if (to < rl->cursor) {
        readline_show_left(rl, readline_columns(text + to, rl->cursor - to));
    } else {
        g_string_append_len(rl->out, text + rl->cursor,
                            (gssize)(to - rl->cursor));
    }
    rl->cursor = to;
}

static void readline_insert(Readline *rl, const char *text, size_t len)
{
    size_t at = rl->cursor;

    if (rl->line->len + len > READLINE_MAX_LEN) {
        rl->cut = true;
        if (!rl->rang) {
            rl->rang = true;
            readline_ring(rl);
        }
        return;
    }
    g_string_insert_len(rl->line, (gssize)at, text, (gssize)len);
    rl->cursor += len;
    if (rl->cursor == rl->line->len) {
        g_string_append_len(rl->out, text, (gssize)len);
    } else {
        readline_show_rest(rl, at);
    }
}

/* From @from, at or before the cursor, up to @to, at or behind it. */
static void readline_erase(Readline *rl, size_t from, size_t to)
{
    if (from == to) {
        return;
    }
    readline_move(rl, from);
    g_string_erase(rl->line, (gssize)from, (gssize)(to - from));
    rl->cut = rl->rang = false;
    readline_show_rest(rl, from);
}

static void readline_transpose(Readline *rl)
{
    size_t last = rl->cursor == rl->line->len ? readline_before(rl, rl->cursor)
                                              : rl->cursor;
    size_t end = readline_behind(rl, last);
    size_t first = readline_before(rl, last);

    if (last == 0 || last == end) {
        return;
    }

    g_autofree char *moved = g_strndup(rl->line->str + last, end - last);

    readline_move(rl, first);
    g_string_erase(rl->line, (gssize)last, (gssize)(end - last));
    g_string_insert(rl->line, (gssize)first, moved);
    rl->cursor = end;
    readline_show_rest(rl, first);
}

static void readline_replace(Readline *rl, const char *text)
{
    readline_move(rl, 0);
    g_string_assign(rl->line, text);
    rl->cursor = rl->line->len;
    rl->cut = rl->rang = false;
    readline_show_rest(rl, 0);
}

/* History */

static void readline_remember(Readline *rl)
{
    GPtrArray *history = rl->history;
    const char *last = history->len ? history->pdata[history->len - 1] : "";

    if (rl->line->len && !rl->cut && strcmp(last, rl->line->str) != 0) {
        g_ptr_array_add(history, g_strdup(rl->line->str));
        rl->history_len += rl->line->len;
    }
    while (history->len > READLINE_MAX_HISTORY ||
           rl->history_len > READLINE_MAX_HISTORY_LEN) {
        rl->history_len -= strlen(history->pdata[0]);
        g_ptr_array_remove_index(history, 0);
    }
}

static void readline_recall(Readline *rl, bool older)
{
    if (older ? rl->shown == 0 : rl->shown == rl->history->len) {
        readline_ring(rl);
        return;
    }
    if (rl->shown == rl->history->len) {
        g_free(rl->draft);
        rl->draft = g_strdup(rl->line->str);
    }
    rl->shown += older ? -1 : 1;
    readline_replace(rl, rl->shown < rl->history->len
                         ? rl->history->pdata[rl->shown] : rl->draft);
}

const GPtrArray *readline_history(const Readline *rl)
{
    return rl->history;
}

/* Completion */

static int readline_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* How many bytes all of the sorted @words begin with. */
static size_t readline_common(const GPtrArray *words)
{
    const char *first = words->pdata[0];
    const char *last = words->pdata[words->len - 1];
    size_t len = 0;

    while (first[len] && first[len] == last[len]) {
        len++;
    }
    while (len && readline_continues(first[len])) {
        len--;
    }
    return len;
}

static void readline_list(Readline *rl, const GPtrArray *words)
{
    unsigned width = 0, column = 0;

    for (unsigned i = 0; i < words->len; i++) {
        width = MAX(width, (unsigned)strlen(words->pdata[i]) + 2);
    }
    g_string_append(rl->out, "\r\n");
    for (unsigned i = 0; i < words->len; i++) {
        bool last = column + 2 * width > 80 || i + 1 == words->len;

        g_string_append_printf(rl->out, "%-*s%s", last ? 0 : (int)width,
                               (char *)words->pdata[i], last ? "\r\n" : "");
        column = last ? 0 : column + width;
    }
    readline_show(rl);
}

static void readline_complete(Readline *rl)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *before = g_strndup(rl->line->str, rl->cursor);
    size_t start, typed, common;

    if (!rl->user.complete) {
        readline_ring(rl);
        return;
    }
    start = rl->user.complete(rl->user.opaque, before, words);
    g_assert(start <= rl->cursor);
    typed = rl->cursor - start;
    for (unsigned i = words->len; i-- > 0; ) {
        if (strncmp(words->pdata[i], before + start, typed) != 0) {
            g_ptr_array_remove_index_fast(words, i);
        }
    }
    if (!words->len) {
        readline_ring(rl);
        return;
    }
    g_ptr_array_sort(words, readline_compare);
    common = readline_common(words);
    if (common > typed) {
        readline_insert(rl, (char *)words->pdata[0] + typed, common - typed);
    } else if (words->len > 1) {
        readline_list(rl, words);
    }
    if (words->len == 1) {
        readline_insert(rl, " ", 1);
    }
}

/* Search */

static void readline_search_show(Readline *rl)
{
    const char *match = rl->found < rl->history->len
                        ? rl->history->pdata[rl->found] : "";

    g_string_append_printf(rl->out, "\r(search)`%s': %s\033[K",
                           rl->sought->str, match);
}

/* Look from @from on, an index, for older lines. */
static void readline_search(Readline *rl, unsigned from)
{
    for (unsigned i = MIN(from + 1, rl->history->len); i-- > 0; ) {
        if (strstr(rl->history->pdata[i], rl->sought->str)) {
            rl->found = i;
            readline_search_show(rl);
            return;
        }
    }
    readline_ring(rl);
    readline_search_show(rl);
}

static void readline_search_start(Readline *rl)
{
    rl->sought = g_string_new(NULL);
    rl->found = rl->history->len;
    readline_search_show(rl);
}

static void readline_search_end(Readline *rl, bool take)
{
    g_string_free(rl->sought, TRUE);
    rl->sought = NULL;
    if (take && rl->found < rl->history->len) {
        g_string_assign(rl->line, rl->history->pdata[rl->found]);
        rl->cursor = rl->line->len;
        rl->cut = rl->rang = false;
    }
    readline_show(rl);
}

static void readline_search_add(Readline *rl, const char *text, size_t len)
{
    if (rl->sought->len + len > READLINE_MAX_SOUGHT) {
        readline_ring(rl);
        return;
    }
    g_string_append_len(rl->sought, text, (gssize)len);
    readline_search(rl, rl->found);
}

static void readline_search_back(Readline *rl)
{
    size_t len = rl->sought->len;

    while (len > 0 && readline_continues(rl->sought->str[--len])) {
        /* on to the character's first byte */
    }
    g_string_truncate(rl->sought, len);
    rl->found = rl->history->len;
    if (len) {
        readline_search(rl, rl->found);
    } else {
        readline_search_show(rl);
    }
}

/* Returns false if the search has ended and the byte means what it means
 * elsewhere. */
static bool readline_search_control(Readline *rl, uint8_t byte)
{
    switch (byte) {
    case CTRL('r'):
        if (rl->sought->len) {
            readline_search(rl, rl->found ? rl->found - 1 : 0);
        }
        return true;
    case CTRL('h'):
    case DEL:
        readline_search_back(rl);
        return true;
    case CTRL('g'):
        readline_search_end(rl, false);
        return true;
    case CTRL('c'):
        readline_search_end(rl, false);
        return false;
    default:
        readline_search_end(rl, true);
        return false;
    }
}

/* Keys */

static void readline_clear_line(Readline *rl)
{
    g_string_truncate(rl->line, 0);
    rl->cursor = 0;
    rl->cut = rl->rang = false;
    g_clear_pointer(&rl->draft, g_free);
    rl->shown = rl->history->len;
}

static void readline_enter(Readline *rl)
{
    g_autofree char *text = g_strdup(rl->line->str);
    bool cut = rl->cut;

    readline_remember(rl);
    readline_clear_line(rl);
    g_string_append(rl->out, "\r\n");
    readline_flush(rl);
    rl->entered = true;
    rl->user.line(rl->user.opaque, text, cut);
}

static void readline_control(Readline *rl, uint8_t byte)
{
    size_t end = rl->line->len;

    switch (byte) {
    case CTRL('a'): readline_move(rl, 0); break;
    case CTRL('b'): readline_move(rl, readline_before(rl, rl->cursor)); break;
    case CTRL('c'):
        readline_clear_line(rl);
        g_string_append(rl->out, "^C\r\n");
        readline_show(rl);
        break;
    case CTRL('d'):
        readline_erase(rl, rl->cursor, readline_behind(rl, rl->cursor));
        break;
    case CTRL('e'): readline_move(rl, end); break;
    case CTRL('f'): readline_move(rl, readline_behind(rl, rl->cursor)); break;
    case CTRL('h'):
    case DEL:
        readline_erase(rl, readline_before(rl, rl->cursor), rl->cursor);
        break;
    case '\t': readline_complete(rl); break;
    case '\n':
    case '\r': readline_enter(rl); break;
    case CTRL('k'): readline_erase(rl, rl->cursor, end); break;
    case CTRL('l'):
        g_string_append(rl->out, "\033[H\033[2J");
        readline_show(rl);
        break;
    case CTRL('n'): readline_recall(rl, false); break;
    case CTRL('p'): readline_recall(rl, true); break;
    case CTRL('r'): readline_search_start(rl); break;
    case CTRL('t'): readline_transpose(rl); break;
    case CTRL('u'): readline_erase(rl, 0, rl->cursor); break;
    case CTRL('w'):
        readline_erase(rl, readline_word_before(rl, rl->cursor), rl->cursor);
        break;
    case ESC: rl->state = READLINE_ESCAPE; break;
    case 0: break;              /* padding */
    default: readline_ring(rl); break;
    }
}

/* The end of a control sequence: ESC [ parameter @final (ECMA-48, 5.4), as
 * terminals send for their keys. */
static void readline_key(Readline *rl, char final)
{
    static const char keys[] = "\0\x01\0\x04\x05\0\0\x01\x05";   /* before ~ */

    switch (final) {
    case 'A': readline_control(rl, CTRL('p')); break;
    case 'B': readline_control(rl, CTRL('n')); break;
    case 'C': readline_control(rl, CTRL('f')); break;
    case 'D': readline_control(rl, CTRL('b')); break;
    case 'F': readline_control(rl, CTRL('e')); break;
    case 'H': readline_control(rl, CTRL('a')); break;
    case '~':
        if (rl->parameter < sizeof(keys) - 1) {
            readline_control(rl, (uint8_t)keys[rl->parameter]);
        }
        break;
    default: break;             /* a key that means nothing here */
    }
}

/* Returns false if @byte does not belong to the sequence, which is dropped. */
static bool readline_csi(Readline *rl, uint8_t byte)
{
    if (byte < 0x20 || byte >= DEL) {
        rl->state = READLINE_PLAIN;
        return false;
    }
    if (g_ascii_isdigit(byte)) {
        if (!rl->parameter_ended) {
            rl->parameter = MIN(rl->parameter * 10 + (byte - '0'), 1000);
        }
    } else if (byte < 0x40) {
        rl->parameter_ended = true;
    } else {
        rl->state = READLINE_PLAIN;
        readline_key(rl, (char)byte);
    }
    return true;
}

static bool readline_escape(Readline *rl, uint8_t byte)
{
    rl->state = READLINE_PLAIN;
    if (byte == '[') {
        rl->state = READLINE_CSI;
        rl->parameter = 0;
        rl->parameter_ended = false;
    } else if (byte == 'O') {
        rl->state = READLINE_SS3;
    } else if (byte == 'b') {
        readline_move(rl, readline_word_before(rl, rl->cursor));
    } else if (byte == 'f') {
        readline_move(rl, readline_word_behind(rl, rl->cursor));
    } else if (byte == 'd') {
        readline_erase(rl, rl->cursor, readline_word_behind(rl, rl->cursor));
    } else {
        return byte >= 0x20 && byte < DEL;
    }
    return true;
}

/* Input */

static void readline_text(Readline *rl, const char *text, size_t len)
{
    if (rl->sought) {
        readline_search_add(rl, text, len);
    } else {
        readline_insert(rl, text, len);
    }
}

/* A byte of a character that is not ASCII; whole characters are taken.  The
 * controls U+0080 to U+009F do to a terminal what escape sequences do. */
static void readline_utf8(Readline *rl, uint8_t byte)
{
    gunichar c;

    if (rl->partial_len && !readline_continues((char)byte)) {
        rl->partial_len = 0;
        readline_ring(rl);
    }
    rl->partial[rl->partial_len++] = (char)byte;
    c = g_utf8_get_char_validated(rl->partial, rl->partial_len);
    if (c == (gunichar)-2 && rl->partial_len < sizeof(rl->partial)) {
        return;
    }
    if (c >= 0xa0 && c < (gunichar)-2) {
        readline_text(rl, rl->partial, rl->partial_len);
    } else {
        readline_ring(rl);
    }
    rl->partial_len = 0;
}

static void readline_byte(Readline *rl, uint8_t byte)
{
    bool after_cr = rl->after_cr;

    rl->after_cr = byte == '\r';
    if (byte == '\n' && after_cr) {
        return;
    }
    if (byte >= 0x80 && rl->state == READLINE_PLAIN) {
        readline_utf8(rl, byte);
        return;
    }
    if (rl->partial_len) {
        rl->partial_len = 0;
        readline_ring(rl);
    }
    switch (rl->state) {
    case READLINE_ESCAPE:
        if (readline_escape(rl, byte)) {
            return;
        }
        break;
    case READLINE_CSI:
        if (readline_csi(rl, byte)) {
            return;
        }
        break;
    case READLINE_SS3:
        rl->state = READLINE_PLAIN;
        if (byte >= 0x20 && byte < DEL) {
            readline_key(rl, (char)byte);
            return;
        }
        break;
    case READLINE_PLAIN:
        break;
    }
    if (byte >= 0x80) {
        readline_utf8(rl, byte);
    } else if (byte >= 0x20 && byte != DEL) {
        readline_text(rl, (const char *)&byte, 1);
    } else if (!rl->sought || !readline_search_control(rl, byte)) {
        readline_control(rl, byte);
    }
}

size_t readline_input(Readline *rl, const void *bytes, size_t len)
{
    const uint8_t *in = bytes;
    size_t used = 0;

    rl->entered = false;
    while (used < len && !rl->entered) {
        readline_byte(rl, in[used++]);
    }
    readline_flush(rl);
    return used;
}

/* Its life */

void readline_start(Readline *rl)
{
    g_string_append(rl->out, rl->prompt);
    g_string_append_len(rl->out, rl->line->str, (gssize)rl->line->len);
    rl->cursor = rl->line->len;
    readline_flush(rl);
}

void readline_forget(Readline *rl)
{
    g_ptr_array_set_size(rl->history, 0);
    rl->history_len = 0;
    if (rl->sought) {
        g_string_free(rl->sought, TRUE);
        rl->sought = NULL;
    }
    rl->state = READLINE_PLAIN;
    rl->partial_len = 0;
    rl->after_cr = false;
    readline_clear_line(rl);
}

Readline *readline_new(const char *prompt, const ReadlineUser *user)
{
    Readline *rl = g_new0(Readline, 1);

    rl->user = *user;
    rl->prompt = g_strdup(prompt);
    rl->out = g_string_new(NULL);
    rl->line = g_string_new(NULL);
    rl->history = g_ptr_array_new_with_free_func(g_free);
    return rl;
}

void readline_free(Readline *rl)
{
    if (!rl) {
        return;
    }
    readline_forget(rl);
    g_string_free(rl->out, TRUE);
    g_string_free(rl->line, TRUE);
    g_ptr_array_unref(rl->history);
    g_free(rl->prompt);
    g_free(rl);
}
