/*
 * The log: what happens between a machine and its firmware
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"
#include "util/report.h"

const LogItemInfo log_items[LOG_ITEM__MAX] = {
    [LOG_GUEST_ERRORS] = { "guest_errors", "what the guest did wrong, all of "
                           "it" },
    [LOG_UNIMP] = { "unimp", "what the guest asked for that is not "
                    "implemented" },
    [LOG_FW_CFG] = { "fw_cfg", "fw_cfg: selected items, DMA, writes" },
    [LOG_FIRMWARE] = { "firmware", "built-in firmware: each entry of the "
                       "loader script" },
    [LOG_PM] = { "pm", "ACPI power management registers and GPEs" },
    [LOG_PCI] = { "pci", "PCI configuration writes" },
    [LOG_RESET] = { "reset", "resets and what the guest asks for: shutdown, "
                    "sleep" },
    [LOG_QMP] = { "qmp", "QMP: requests, answers, events" },
    [LOG_CHARDEV] = { "chardev", "character devices: made, connected, gone" },
};

uint32_t log_mask;

/** The file of -D; -1: none. */
static int log_file = -1;

/** Whether somebody has been told that lines are lost. */
static bool log_failed;

/** Whether what was written last is the start of a line. */
static bool log_cut;

/** Returns the bit of the item; 0: there is none of this name. */
static uint32_t log_item_bit(const char *name)
{
    if (strcmp(name, "all") == 0) {
        return (1u << LOG_ITEM__MAX) - 1;
    }
    for (unsigned i = 0; i < LOG_ITEM__MAX; i++) {
        if (strcmp(log_items[i].name, name) == 0) {
            return 1u << i;
        }
    }
    return 0;
}

bool log_set_items_from_text(const char *text, GError **error)
{
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    uint32_t mask = 0;

    for (char **name = names; *name; name++) {
        uint32_t bit = log_item_bit(*name);

        if (strcmp(*name, "none") == 0) {
            continue;
        }
        if (!bit) {
            return fm_error_set(error, "'%s' is no log item (help lists "
                                "them)", *name);
        }
        mask |= bit;
    }
    __atomic_store_n(&log_mask, mask, __ATOMIC_RELAXED);
    return true;
}

void log_help(GString *text)
{
    for (unsigned i = 0; i < LOG_ITEM__MAX; i++) {
        g_string_append_printf(text, "%-15s %s\n", log_items[i].name,
                               log_items[i].doc);
    }
    g_string_append_printf(text, "%-15s %s\n", "all", "all of these");
    g_string_append_printf(text, "%-15s %s\n", "none", "none of these");
}

static char *log_expand_path(const char *path)
{
    GString *expanded = g_string_new(NULL);

    for (; *path; path++) {
        if (path[0] == '%' && path[1] == 'd') {
            g_string_append_printf(expanded, "%ld", (long)getpid());
            path++;
        } else {
            g_string_append_c(expanded, *path);
            path += path[0] == '%' && path[1] == '%';
        }
    }
    return g_string_free(expanded, FALSE);
}

void log_close(void)
{
    if (log_file >= 0) {
        close(log_file);
        log_file = -1;
    }
}

bool log_open(const char *path, GError **error)
{
    g_autofree char *expanded = log_expand_path(path);
    /* O_APPEND: standard error may become the same file; O_NONBLOCK: a pipe
     * that nobody reads holds nobody up */
    int fd = file_open(expanded, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND |
                       O_NONBLOCK, 0666);

    if (fd < 0) {
        return fm_error_set(error, "cannot open %s: %s", expanded,
                            fd == -ENXIO ? "nobody reads from it"
                                         : g_strerror(-fd));
    }
    log_close();
    log_file = fd;
    log_failed = log_cut = false;
    return true;
}

int log_fd(void)
{
    return log_file;
}

static void log_tell_lost(int err)
{
    bool told = __atomic_exchange_n(&log_failed, true, __ATOMIC_RELAXED);

    if (!told && log_file >= 0) {
        report_warning("-D: lines of the log are lost: %s", g_strerror(err));
    }
}

/** Returns how much of it was written. */
static size_t log_write(const char *line, size_t len)
{
    int fd = log_file >= 0 ? log_file : STDERR_FILENO;
    size_t done = 0;

    while (done < len) {
        ssize_t n = write(fd, line + done, len - done);

        if (n == 0 || (n < 0 && errno != EINTR)) {
            log_tell_lost(errno);
            break;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return done;
}

/** A line begins at the left also where only the start of one before it could
 *  be written. */
static void log_write_line(GString *line)
{
    bool cut = __atomic_exchange_n(&log_cut, false, __ATOMIC_RELAXED);
    size_t done;

    if (cut) {
        g_string_prepend_c(line, '\n');
    }
    /* one write() a line, so that lines of several threads stay whole */
    done = log_write(line->str, line->len);
    if (done < line->len && (done || cut)) {
        __atomic_store_n(&log_cut, true, __ATOMIC_RELAXED);
    }
}

/** What a guest or a client says cannot look like a line of ours. */
static void log_append_shown(GString *line, const char *text)
{
    for (; *text; text++) {
        if (g_ascii_iscntrl(*text)) {
            g_string_append_printf(line, "\\x%02x", (unsigned char)*text);
        } else {
            g_string_append_c(line, *text);
        }
    }
}

void log_line(LogItem item, const char *fmt, ...)
{
    g_autofree char *time_text = report_timestamp_text();
    g_autofree char *text = NULL;
    GString *line = g_string_new(time_text);
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    g_string_append(line, log_items[item].name);
    g_string_append(line, ": ");
    log_append_shown(line, text);
    g_string_append_c(line, '\n');
    log_write_line(line);
    g_string_free(line, TRUE);
}
