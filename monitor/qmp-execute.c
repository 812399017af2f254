/*
 * QMP: from a request's arguments to the beginning of its answer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "monitor/monitor-impl.h"
#include "qapi/walker.h"
#include "util/error.h"

/* Arguments and results up to this size need no allocation. */
#define EXECUTE_VALUE_ROOM 256

void monitor_return_text(Monitor *mon, const char *json)
{
    mon->return_text = json;
}

int qmp_take_fd(const QmpContext *ctx, GError **error)
{
    int fd = ctx->stream ? chardev_take_fd(ctx->stream) : -1;

    if (fd < 0) {
        fm_error_set(error, "No file descriptor supplied via SCM_RIGHTS");
    }
    return fd;
}

/* Room for a value of @type, zeroed: at @room if that is large enough. */
static void *execute_value_room(const QapiType *type, void *room)
{
    if (!type || type->size <= EXECUTE_VALUE_ROOM) {
        return room;
    }
    return g_malloc0(type->size);
}

static void execute_value_free(const QapiType *type, void *value, void *room)
{
    if (type) {
        qapi_clear(type, value);
    }
    if (value != room) {
        g_free(value);
    }
}

bool monitor_execute(Monitor *mon, const QmpRequest *request,
                     const QapiCommand *command, QmpDeferred **deferred,
                     GError **error)
{
    max_align_t args_room[EXECUTE_VALUE_ROOM / sizeof(max_align_t)] = { 0 };
    max_align_t ret_room[EXECUTE_VALUE_ROOM / sizeof(max_align_t)] = { 0 };
    QmpContext context = {
        .system = mon->set->system,
        .monitor = mon,
        .stream = mon->chr,
    };
    void *args = execute_value_room(command->args, args_room);
    void *ret = execute_value_room(command->ret, ret_room);
    bool ok = qmp_request_read_arguments(request, command, args, error);

    if (ok) {
        mon->return_text = NULL;
        ok = command->call(&context, command->args ? args : NULL,
                           command->ret ? ret : NULL, error);
        /* A handler says why it failed, and fails if it says so. */
        g_assert(ok == !*error);
        g_assert(ok || !context.deferred);
    }
    if (ok && !context.deferred) {
        monitor_answer_return(mon, command, ret, mon->return_text);
    }
    execute_value_free(command->args, args, args_room);
    execute_value_free(command->ret, ret, ret_room);
    *deferred = context.deferred;
    return ok;
}
