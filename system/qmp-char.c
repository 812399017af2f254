/*
 * QMP commands about character devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include <unistd.h>

#include "chardev/char.h"
#include "monitor/monitor.h"
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/system.h"
#include "util/error.h"
#include "util/fd-names.h"
#include "util/fd-passed.h"

static Object *qmp_chardevs(const QmpContext *ctx)
{
    return object_container(ctx->system->root, "/chardevs");
}

static Chardev *qmp_find_chardev(const QmpContext *ctx, const char *id)
{
    Object *obj = object_child(qmp_chardevs(ctx), id);

    return obj && object_is_a(obj, &chardev_type) ? (Chardev *)obj : NULL;
}

bool qmp_query_chardev(QmpContext *ctx, ChardevInfoList *ret, GError **error)
{
    Object *container = qmp_chardevs(ctx);

    for (guint i = 0; container->children && i < container->children->len;
         i++) {
        Object *obj = g_ptr_array_index(container->children, i);

        if (object_is_a(obj, &chardev_type)) {
            const Chardev *chr = (const Chardev *)obj;
            ChardevInfo *info = qapi_list_append(&qapi_type_ChardevInfoList,
                                                 ret);

            info->label = g_strdup(chardev_id(chr));
            info->filename = chardev_filename(chr);
            info->frontend_open = chardev_is_attached(chr);
        }
    }
    return true;
}

bool qmp_query_chardev_backends(QmpContext *ctx, ChardevBackendInfoList *ret,
                                GError **error)
{
    const QapiType *kinds = &qapi_type_ChardevBackendKind;

    for (unsigned i = 0; i < kinds->n_values; i++) {
        ChardevBackendInfo *info =
            qapi_list_append(&qapi_type_ChardevBackendInfoList, ret);

        info->name = g_strdup(kinds->values[i]);
    }
    return true;
}

/* chardev-add: the wire's form of a character device, as that of -chardev */

static void backend_copy_log(const char *logfile, bool append,
                             ChardevOptions *to)
{
    to->logfile = g_strdup(logfile);
    to->has_logappend = append;
    to->logappend = append;
}

static void backend_copy_address(const SocketAddressLegacy *from,
                                 ChardevSocketOptions *to)
{
    to->tight = true;
    switch (from->type) {
    case SOCKET_ADDRESS_TYPE_INET: {
        const InetSocketAddress *inet = from->u.inet.data;

        to->host = g_strdup(inet->host);
        to->port = g_strdup(inet->port);
        to->has_ipv4 = inet->has_ipv4;
        to->ipv4 = inet->ipv4;
        to->has_ipv6 = inet->has_ipv6;
        to->ipv6 = inet->ipv6;
        break;
    }
    case SOCKET_ADDRESS_TYPE_UNIX:
        to->path = g_strdup(from->u.q_unix.data->path);
        to->abstract = from->u.q_unix.data->abstract;
        to->tight = from->u.q_unix.data->tight;
        break;
    case SOCKET_ADDRESS_TYPE_FD:
        to->fd = g_strdup(from->u.fd.data->str);
        break;
    default:
        g_assert_not_reached();
    }
}

static bool backend_copy_socket(const ChardevSocket *from, ChardevOptions *to,
                                GError **error)
{
    ChardevSocketOptions *socket = &to->u.socket;

    if (from->reconnect < 0 || from->reconnect > G_MAXUINT32) {
        return fm_error_set(error, "Parameter 'reconnect' expects uint32_t");
    }
    backend_copy_log(from->logfile, from->logappend, to);
    backend_copy_address(from->addr, socket);
    socket->server = from->server;
    socket->has_wait = from->has_wait;
    socket->wait = from->wait;
    socket->nodelay = from->nodelay;
    socket->reconnect = (uint32_t)from->reconnect;
    return true;
}

static void backend_copy_file(const ChardevFile *from, ChardevOptions *to)
{
    backend_copy_log(from->logfile, from->logappend, to);
    to->u.file.path = g_strdup(from->out);
    to->u.file.input_path = g_strdup(from->in);
    to->u.file.append = from->append;
}

static bool backend_copy_ringbuf(const ChardevRingbuf *from,
                                 ChardevOptions *to, GError **error)
{
    if (from->size < 0) {
        return fm_error_set(error, "Parameter 'size' expects a positive "
                            "value");
    }
    backend_copy_log(from->logfile, from->logappend, to);
    to->u.ringbuf.size = (uint64_t)from->size;
    return true;
}

/* Fill @to, whose id is set. */
static bool backend_copy(const ChardevBackend *from, ChardevOptions *to,
                         GError **error)
{
    to->backend = from->type;
    switch (from->type) {
    case CHARDEV_BACKEND_KIND_SOCKET:
        return backend_copy_socket(from->u.socket.data, to, error);
    case CHARDEV_BACKEND_KIND_FILE:
        backend_copy_file(from->u.file.data, to);
        return true;
    case CHARDEV_BACKEND_KIND_STDIO:
        backend_copy_log(from->u.stdio.data->logfile,
                         from->u.stdio.data->logappend, to);
        to->u.stdio.signal = from->u.stdio.data->signal;
        return true;
    case CHARDEV_BACKEND_KIND_NULL:
        backend_copy_log(from->u.null.data->logfile,
                         from->u.null.data->logappend, to);
        return true;
    case CHARDEV_BACKEND_KIND_PIPE:
        backend_copy_log(from->u.pipe.data->logfile,
                         from->u.pipe.data->logappend, to);
        to->u.pipe.path = g_strdup(from->u.pipe.data->device);
        return true;
    case CHARDEV_BACKEND_KIND_PTY:
        backend_copy_log(from->u.pty.data->logfile,
                         from->u.pty.data->logappend, to);
        return true;
    case CHARDEV_BACKEND_KIND_RINGBUF:
        return backend_copy_ringbuf(from->u.ringbuf.data, to, error);
    default:
        g_assert_not_reached();
    }
}

bool qmp_chardev_add(QmpContext *ctx, const ChardevAddArgs *args,
                     ChardevReturn *ret, GError **error)
{
    ChardevOptions *options = g_new0(ChardevOptions, 1);
    Chardev *chr;

    options->id = g_strdup(args->id);
    if (!backend_copy(args->backend, options, error)) {
        qapi_free(&qapi_type_ChardevOptions, options);
        return fm_error_prefix(error, "Failed to add chardev '%s': ",
                               args->id);
    }
    chr = system_add_chardev(ctx->system, options, error);
    if (!chr) {
        return false;
    }
    if (args->backend->type == CHARDEV_BACKEND_KIND_PTY) {
        g_autofree char *filename = chardev_filename(chr);

        ret->pty = g_strdup(filename + strlen("pty:"));
    }
    return true;
}

bool qmp_chardev_remove(QmpContext *ctx, const ChardevRemoveArgs *args,
                        GError **error)
{
    Chardev *chr = qmp_find_chardev(ctx, args->id);

    if (!chr) {
        return fm_error_set(error, "Chardev '%s' not found", args->id);
    }
    if (chardev_is_attached(chr) || ((Object *)chr)->pins) {
        return fm_error_set(error, "Chardev '%s' is busy", args->id);
    }
    object_free((Object *)chr);
    return true;
}

/* Connections that are handed over */

static bool add_client_check(const AddClientArgs *args, Chardev *chr,
                             GError **error)
{
    static const struct { const char *protocol, *message; } displays[] = {
        { "vnc", "VNC is not in use" },
        { "spice", "SPICE is not in use" },
        { "@dbus-display", "D-Bus display is not in use" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(displays); i++) {
        if (strcmp(args->protocol, displays[i].protocol) == 0) {
            return fm_error_set_code(error, FM_ERROR_DEVICE_NOT_ACTIVE, "%s",
                                     displays[i].message);
        }
    }
    if (!chr) {
        return fm_error_set(error, "protocol '%s' is invalid", args->protocol);
    }
    return !args->tls ||
           fm_error_set(error, "tls: a character device has no encryption");
}

bool qmp_add_client(QmpContext *ctx, const AddClientArgs *args, GError **error)
{
    Chardev *chr = qmp_find_chardev(ctx, args->protocol);
    int fd = fd_names_take(args->fdname, error);

    if (fd < 0) {
        return false;
    }
    if (!add_client_check(args, chr, error)) {
        fd_passed_close(fd);
        return false;
    }
    return chardev_add_client(chr, fd, error);
}
