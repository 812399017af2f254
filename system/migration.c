/*
 * Saving the machine, and restoring it: what both have alike
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/migration.h"

#include <string.h>

#include "system/system.h"
#include "util/error.h"

bool migration_parse_uri(const char *uri, MigrationProtocol *protocol,
                         const char **rest, GError **error)
{
    static const char *const prefixes[] = {
        [MIGRATION_FILE] = "file:",
        [MIGRATION_FD] = "fd:",
        [MIGRATION_UNIX] = "unix:",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (!g_str_has_prefix(uri, prefixes[i])) {
            continue;
        }
        *protocol = i;
        *rest = uri + strlen(prefixes[i]);
        return **rest ||
               fm_error_set(error, "'%s' expects %s behind it", prefixes[i],
                            i == MIGRATION_FD ? "a name" : "a path");
    }
    return fm_error_set(error, "unknown migration protocol: %s (there are "
                        "file:PATH, fd:NAME, unix:PATH)", uri);
}

void migration_set_status(System *system, MigrationStatus status)
{
    const MigrationEvent data = { .status = status };

    system->migration.status = status;
    if (status != MIGRATION_STATUS_FAILED) {
        g_clear_pointer(&system->migration.error, g_free);
    }
    if (system->migration.events) {
        monitor_emit(system->monitors, &qapi_event_MIGRATION, &data);
    }
}

void migration_fail(System *system, GError *error)
{
    g_free(system->migration.error);
    system->migration.error = g_strdup(error->message);
    g_error_free(error);
    migration_set_status(system, MIGRATION_STATUS_FAILED);
}
