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
    for (unsigned i = 0; i < hmp->system->setup.n_cpus; i++) {
        hmp_print(hmp, "  CPU #%u: runs no code (accelerator %s)\n", i,
                  hmp->system->config->accel);
    }
    return true;
}

bool hmp_info_registers(Hmp *hmp, const HmpArgs *args, GError **error)
{
    hmp_print(hmp, "No processor runs code, so none has registers "
              "(accelerator %s)\n", hmp->system->config->accel);
    return true;
}
