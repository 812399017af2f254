/*
 * HMP: the host's side: character devices, descriptors, the log
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "chardev/char.h"
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/hmp-impl.h"
#include "util/error.h"
#include "util/log.h"

/* What one command takes out of a ring buffer, and shows. */
#define HMP_RINGBUF_MAX (1 << 20)

/* Character devices */

bool hmp_info_chardev(Hmp *hmp, const HmpArgs *args, GError **error)
{
    ChardevInfoList list = { 0 };
    bool ok = qmp_query_chardev(&hmp->qmp, &list, error);

    for (size_t i = 0; i < list.len; i++) {
        hmp_print(hmp, "%s: filename=%s%s\n", list.items[i].label,
                  list.items[i].filename,
                  list.items[i].frontend_open ? "" : " (not used)");
    }
    qapi_clear(&qapi_type_ChardevInfoList, &list);
    return ok;
}

bool hmp_chardev_add(Hmp *hmp, const HmpArgs *args, GError **error)
{
    bool helped;
    ChardevOptions *options = hmp_read_options(hmp, &qapi_type_ChardevOptions,
                                               hmp_text(args, "chardev"),
                                               &helped, error);
    bool pty = options && options->backend == CHARDEV_BACKEND_KIND_PTY;
    Chardev *chr = options ? system_add_chardev(hmp->system, options, error)
                           : NULL;

    if (chr && pty) {
        g_autofree char *filename = chardev_filename(chr);

        hmp_print(hmp, "char device redirected to %s (label %s)\n",
                  filename + strlen("pty:"), chardev_id(chr));
    }
    return chr || helped;
}

bool hmp_chardev_remove(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const ChardevRemoveArgs chr = { .id = (char *)hmp_text(args, "id") };

    return qmp_chardev_remove(&hmp->qmp, &chr, error);
}

/* Ring buffers */

bool hmp_ringbuf_write(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const RingbufWriteArgs ring = {
        .device = (char *)hmp_text(args, "device"),
        .data = (char *)hmp_text(args, "data"),
    };

    return qmp_ringbuf_write(&hmp->qmp, &ring, error);
}

/** Text as it is, what is none in octal. */
static void hmp_print_ringbuf(Hmp *hmp, const guchar *bytes, gsize len)
{
    for (gsize i = 0; i < len; i++) {
        if (bytes[i] == '\\') {
            hmp_print(hmp, "\\\\");
        } else if ((bytes[i] < 0x20 && bytes[i] != '\n') || bytes[i] == 0x7f) {
            hmp_print(hmp, "\\%03o", bytes[i]);
        } else {
            g_string_append_c(hmp->out, (char)bytes[i]);
        }
    }
    hmp_print(hmp, "\n");
}

bool hmp_ringbuf_read(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const RingbufReadArgs ring = {
        .device = (char *)hmp_text(args, "device"),
        .size = (int64_t)hmp_number(args, "size", 0),
        .has_format = true,
        .format = DATA_FORMAT_BASE64,
    };
    g_autofree char *text = NULL;
    g_autofree guchar *bytes = NULL;
    gsize len;

    if (ring.size > HMP_RINGBUF_MAX) {
        return fm_error_set(error, "size: at most %d bytes at a time",
                            HMP_RINGBUF_MAX);
    }
    if (!qmp_ringbuf_read(&hmp->qmp, &ring, &text, error)) {
        return false;
    }
    bytes = g_base64_decode(text, &len);
    hmp_print_ringbuf(hmp, bytes, len);
    return true;
}

/* Descriptors */

bool hmp_getfd(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const GetfdArgs getfd = { .fdname = (char *)hmp_text(args, "name") };

    return qmp_getfd(&hmp->qmp, &getfd, error);
}

bool hmp_closefd(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const ClosefdArgs closefd = { .fdname = (char *)hmp_text(args, "name") };

    return qmp_closefd(&hmp->qmp, &closefd, error);
}

bool hmp_info_fdset(Hmp *hmp, const HmpArgs *args, GError **error)
{
    FdsetInfoList list = { 0 };
    bool ok = qmp_query_fdsets(&hmp->qmp, &list, error);

    for (size_t i = 0; i < list.len; i++) {
        const FdsetInfo *set = &list.items[i];

        for (size_t k = 0; k < set->fds.len; k++) {
            const char *opaque = set->fds.items[k].opaque;

            hmp_print(hmp, "/dev/fdset/%" PRId64 ": fd %" PRId64 "%s%s\n",
                      set->fdset_id, set->fds.items[k].fd, opaque ? " " : "",
                      opaque ? opaque : "");
        }
    }
    qapi_clear(&qapi_type_FdsetInfoList, &list);
    return ok;
}

/* The log */

bool hmp_log(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const char *items = hmp_text(args, "items");

    if (strcmp(items, "help") == 0 || strcmp(items, "?") == 0) {
        log_help(hmp->out);
        return true;
    }
    return log_set_items_from_text(items, error);
}

bool hmp_logfile(Hmp *hmp, const HmpArgs *args, GError **error)
{
    return log_open(hmp_text(args, "file"), error);
}
