/*
 * HMP: memory as files
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/hmp-impl.h"

bool hmp_pmemsave(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const PmemsaveArgs save = {
        .val = hmp_number(args, "addr", 0),
        .size = hmp_number(args, "size", 0),
        .filename = (char *)hmp_text(args, "file"),
    };

    return qmp_pmemsave(&hmp->qmp, &save, error);
}

bool hmp_memsave(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const MemsaveArgs save = {
        .val = hmp_number(args, "addr", 0),
        .size = hmp_number(args, "size", 0),
        .filename = (char *)hmp_text(args, "file"),
    };

    return qmp_memsave(&hmp->qmp, &save, error);
}

bool hmp_dump_guest_memory(Hmp *hmp, const HmpArgs *args, GError **error)
{
    g_autofree char *protocol = g_strconcat("file:", hmp_text(args, "file"),
                                            NULL);
    DumpGuestMemoryArgs dump = {
        .paging = hmp_given(args, "-p"),
        .protocol = protocol,
        .has_detach = true,
        .detach = hmp_given(args, "-d"),
        .has_begin = hmp_given(args, "begin"),
        .begin = hmp_number(args, "begin", 0),
        .has_length = hmp_given(args, "length"),
        .length = hmp_number(args, "length", 0),
    };

    return qmp_dump_guest_memory(&hmp->qmp, &dump, error);
}

bool hmp_info_dump(Hmp *hmp, const HmpArgs *args, GError **error)
{
    DumpQueryResult result = { 0 };

    if (!qmp_query_dump(&hmp->qmp, &result, error)) {
        return false;
    }
    hmp_print(hmp, "Status: %s\n",
              qapi_type_DumpStatus.values[result.status]);
    if (result.status == DUMP_STATUS_ACTIVE) {
        hmp_print(hmp, "Finished: %.2f %%\n",
                  100.0 * (double)result.completed / (double)result.total);
    }
    return true;
}
