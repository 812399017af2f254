/*
 * QMP: memory backends (qapi/machine.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "backends/memory.h"
#include "qapi/walker.h"
#include "system/system.h"

static void qmp_memdev_fill(Memdev *info, const MemoryBackend *backend)
{
    const MemoryBackendProperties *p = memory_backend_properties(backend);
    const QapiMember *nodes = qapi_find_member(&qapi_type_Memdev,
                                               "host-nodes");

    info->id = g_strdup(backend->parent.name);
    info->size = p->size;
    info->merge = p->merge;
    info->dump = p->dump;
    info->prealloc = p->prealloc;
    info->share = p->share;
    info->has_reserve = true;
    info->reserve = p->reserve;
    info->policy = p->policy;
    qapi_copy(nodes->type, &p->host_nodes, &info->host_nodes);
}

bool qmp_query_memdev(QmpContext *ctx, MemdevList *ret, GError **error)
{
    const Object *objects = object_container(ctx->system->root, "/objects");

    for (unsigned i = 0; objects->children && i < objects->children->len;
         i++) {
        const Object *obj = objects->children->pdata[i];

        if (object_is_a(obj, &memory_backend_type)) {
            qmp_memdev_fill(qapi_list_append(&qapi_type_MemdevList, ret),
                            (const MemoryBackend *)obj);
        }
    }
    return true;
}
