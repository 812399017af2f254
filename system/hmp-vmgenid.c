/*
 * HMP: the VM generation ID
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/hmp-impl.h"

bool hmp_info_vm_generation_id(Hmp *hmp, const HmpArgs *args, GError **error)
{
    GuidInfo info = { 0 };
    bool ok = qmp_query_vm_generation_id(&hmp->qmp, &info, error);

    if (ok) {
        hmp_print(hmp, "%s\n", info.guid);
    }
    qapi_clear(&qapi_type_GuidInfo, &info);
    return ok;
}

bool hmp_set_vm_generation_id(Hmp *hmp, const HmpArgs *args, GError **error)
{
    const SetVmGenerationIdArgs set = {
        .guid = (char *)hmp_text(args, "guid"),
    };

    return qmp_set_vm_generation_id(&hmp->qmp, &set, error);
}
