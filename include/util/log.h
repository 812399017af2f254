/*
 * The log: what happens between a machine and its firmware
 *
 * `-d ITEM,...` says of what, `-D FILE` where to.  A line is `ITEM: text`, with
 * the time before it if -msg timestamp=on.  Whoever has something to tell asks
 * log_enabled() first: while an item is off that is all it costs.
 *
 * The log is the process's own, not a machine's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** What can be logged; names and texts are in log_items. */
typedef enum LogItem {
    LOG_GUEST_ERRORS,
    LOG_UNIMP,
    LOG_FW_CFG,
    LOG_FIRMWARE,
    LOG_PM,
    LOG_PCI,
    LOG_RESET,
    LOG_QMP,
    LOG_CHARDEV,
    LOG_ITEM__MAX,
} LogItem;

typedef struct LogItemInfo {
    const char *name;
    const char *doc;
} LogItemInfo;

/** By LogItem. */
extern const LogItemInfo log_items[LOG_ITEM__MAX];

/** Bits 1 << LogItem; only log_enabled() looks at it. */
extern uint32_t log_mask;

/** log_enabled: whether lines of @item are wanted.  Any thread may ask. */
static inline bool log_enabled(LogItem item)
{
    return G_UNLIKELY(__atomic_load_n(&log_mask, __ATOMIC_RELAXED) >> item &
                      1);
}

/** log_line: one line, whether the item is on or not.  Control characters in
 *  the text come out as \xNN.  A line that cannot be written is lost; the
 *  first one is told of on standard error. */
void log_line(LogItem item, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/**
 * log_set_items_from_text:
 * @text: names with commas between them; `all`; `none`
 *
 * Log these from now on, and nothing else.
 *
 * Returns: false with @error set, and nothing changed, if there is no such
 * item.
 */
bool log_set_items_from_text(const char *text, GError **error);

/** log_help: the items, a line each, are appended. */
void log_help(GString *text);

/**
 * log_open:
 * @path: where the log goes from now on; `%d` in it is the process's number;
 *        `%%` is a percent sign.  Nothing waits for a pipe: it has to have a
 *        reader, and lines that it does not take are lost
 *
 * Returns: false with @error set, naming the file.
 */
bool log_open(const char *path, GError **error);

/** log_fd: the file that log_open() opened; -1: none, the log goes to standard
 *  error. */
int log_fd(void);

/** log_close: standard error again. */
void log_close(void);

#endif
