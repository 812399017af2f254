/*
 * HMP: processors and memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/hmp-impl.h"

/* Processors */

bool hmp_info_cpus(Hmp *hmp, const HmpArgs *args, GError **error)
{
    CpuInfoFastList list = { 0 };
    bool ok = qmp_query_cpus_fast(&hmp->qmp, &list, error);

    /* the star: the one that commands are about */
    for (size_t i = 0; i < list.len; i++) {
        hmp_print(hmp, "%c CPU #%" PRId64 ": thread_id=%" PRId64 "\n",
                  i ? ' ' : '*', list.items[i].cpu_index,
                  list.items[i].thread_id);
    }
    qapi_clear(&qapi_type_CpuInfoFastList, &list);
    return ok;
}

bool hmp_info_kvm(Hmp *hmp, const HmpArgs *args, GError **error)
{
    KvmInfo info = { 0 };

    if (!qmp_query_kvm(&hmp->qmp, &info, error)) {
        return false;
    }
    hmp_print(hmp, "kvm support: %s\n", !info.present ? "not compiled" :
              info.enabled ? "enabled" : "disabled");
    return true;
}

bool hmp_info_registers(Hmp *hmp, const HmpArgs *args, GError **error)
{
    hmp_print(hmp, "No processor runs code, so none has registers "
              "(accelerator %s)\n", hmp->system->config->accel);
    return true;
}

/* Memory */

static const char *hmp_bool(bool value)
{
    return value ? "true" : "false";
}

static void hmp_print_memdev(Hmp *hmp, const Memdev *backend)
{
    hmp_print(hmp, "memory backend: %s\n", backend->id ? backend->id : "");
    hmp_print(hmp, "  size:  %" PRIu64 "\n", backend->size);
    hmp_print(hmp, "  merge: %s\n", hmp_bool(backend->merge));
    hmp_print(hmp, "  dump: %s\n", hmp_bool(backend->dump));
    hmp_print(hmp, "  prealloc: %s\n", hmp_bool(backend->prealloc));
    hmp_print(hmp, "  share: %s\n", hmp_bool(backend->share));
    if (backend->has_reserve) {
        hmp_print(hmp, "  reserve: %s\n", hmp_bool(backend->reserve));
    }
    hmp_print(hmp, "  policy: %s\n",
              qapi_type_HostMemPolicy.values[backend->policy]);
    hmp_print(hmp, "  host nodes:");
    for (size_t i = 0; i < backend->host_nodes.len; i++) {
        hmp_print(hmp, " %u", backend->host_nodes.items[i]);
    }
    hmp_print(hmp, "\n");
}

bool hmp_info_memdev(Hmp *hmp, const HmpArgs *args, GError **error)
{
    MemdevList list = { 0 };
    bool ok = qmp_query_memdev(&hmp->qmp, &list, error);

    for (size_t i = 0; i < list.len; i++) {
        hmp_print_memdev(hmp, &list.items[i]);
    }
    qapi_clear(&qapi_type_MemdevList, &list);
    return ok;
}

bool hmp_info_memory_size_summary(Hmp *hmp, const HmpArgs *args,
                                  GError **error)
{
    MemoryInfo info = { 0 };

    if (!qmp_query_memory_size_summary(&hmp->qmp, &info, error)) {
        return false;
    }
    hmp_print(hmp, "base memory: %" PRIu64 "\n", info.base_memory);
    if (info.has_plugged_memory) {
        hmp_print(hmp, "plugged memory: %" PRIu64 "\n", info.plugged_memory);
    }
    return true;
}
