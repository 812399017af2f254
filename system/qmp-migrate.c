/*
 * QMP: saving the machine, and restoring it (qapi/migration.json)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi-types.h"
#include "qapi/walker.h"
#include "system/system.h"
#include "util/error.h"

#define MIGRATE_PAGE_LEN 4096

/* Capabilities */

bool qmp_query_migrate_capabilities(QmpContext *ctx,
                                    MigrationCapabilityStatusList *ret,
                                    GError **error)
{
    MigrationCapabilityStatus *info =
        qapi_list_append(&qapi_type_MigrationCapabilityStatusList, ret);

    info->capability = MIGRATION_CAPABILITY_EVENTS;
    info->state = ctx->system->migration.events;
    return true;
}

bool qmp_migrate_set_capabilities(QmpContext *ctx,
                                  const MigrateSetCapabilitiesArgs *args,
                                  GError **error)
{
    for (size_t i = 0; i < args->capabilities.len; i++) {
        /* there is but one */
        ctx->system->migration.events = args->capabilities.items[i].state;
    }
    return true;
}

/* Parameters */

bool qmp_query_migrate_parameters(QmpContext *ctx, MigrationParameters *ret,
                                  GError **error)
{
    ret->has_max_bandwidth = true;
    ret->max_bandwidth = ctx->system->migration.bandwidth.rate;
    return true;
}

bool qmp_migrate_set_parameters(QmpContext *ctx,
                                const MigrationParameters *args,
                                GError **error)
{
    if (args->has_max_bandwidth) {
        rate_limit_set(&ctx->system->migration.bandwidth, args->max_bandwidth,
                       g_get_monotonic_time());
    }
    return true;
}

/* How it stands */

static void migrate_fill_stats(const SystemMigration *migration,
                               int64_t taken_us, MigrationStats *stats)
{
    const MemoryProgress *memory = &migration->memory;
    double seconds = (double)MAX(taken_us, 1) / G_USEC_PER_SEC;

    stats->transferred = (int64_t)migration->transferred;
    stats->total = (int64_t)memory->total;
    stats->remaining = (int64_t)(memory->total - memory->done);
    stats->duplicate = (int64_t)memory->zero_pages;
    stats->normal = (int64_t)memory->normal_pages;
    stats->normal_bytes = stats->normal * MIGRATE_PAGE_LEN;
    stats->mbps = (double)migration->transferred * 8 / seconds / 1e6;
    stats->dirty_sync_count = 1;
    stats->page_size = MIGRATE_PAGE_LEN;
    stats->pages_per_second =
        (uint64_t)((double)(memory->done / MIGRATE_PAGE_LEN) / seconds);
    stats->downtime_bytes = migration->transferred;
}

bool qmp_query_migrate(QmpContext *ctx, MigrationInfo *ret, GError **error)
{
    SystemMigration *migration = &ctx->system->migration;
    MigrationStatus status = migration->status;
    int64_t taken_us;

    ret->has_status = status != MIGRATION_STATUS_NONE;
    ret->status = status;
    ret->error_desc = g_strdup(migration->error);
    if (!migration->begin_us || (status != MIGRATION_STATUS_ACTIVE &&
                              status != MIGRATION_STATUS_CANCELLING &&
                              status != MIGRATION_STATUS_COMPLETED)) {
        return true;
    }
    migrate_fill_progress(ctx->system);
    incoming_fill_progress(ctx->system);
    taken_us = (migration->end_us ? migration->end_us
                                  : g_get_monotonic_time()) -
               migration->begin_us;
    ret->ram = qapi_new(&qapi_type_MigrationStats);
    migrate_fill_stats(migration, taken_us, ret->ram);
    ret->has_total_time = true;
    ret->total_time = taken_us / 1000;
    ret->has_setup_time = migration->saved;
    ret->has_downtime = migration->saved &&
                        status == MIGRATION_STATUS_COMPLETED;
    ret->downtime = ret->total_time;
    return true;
}

/* Saving */

bool qmp_migrate(QmpContext *ctx, const MigrateArgs *args, GError **error)
{
    const struct {
        const char *name;
        bool given;
    } refused[] = {
        { "blk", args->blk }, { "inc", args->inc }, { "resume", args->resume },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        if (refused[i].given) {
            return fm_error_set(error, "Parameter '%s' expects false",
                                refused[i].name);
        }
    }
    return migrate_start(ctx->system, args->uri, error);
}

bool qmp_migrate_cancel(QmpContext *ctx, GError **error)
{
    migrate_cancel(ctx->system);
    incoming_cancel(ctx->system);
    return true;
}

/* Restoring */

bool qmp_migrate_incoming(QmpContext *ctx, const MigrateIncomingArgs *args,
                          GError **error)
{
    System *system = ctx->system;
    g_autofree char *option = g_strconcat("migrate-incoming ", args->uri, NULL);

    if (!system->config->incoming) {
        return fm_error_set(error, "'-incoming' was not specified on the "
                            "command line");
    }
    if (system->migration.incoming ||
        system->state != RUN_STATE_INMIGRATE) {
        return fm_error_set(error, "The incoming migration has already been "
                            "started");
    }
    return incoming_start(system, args->uri, option, args->exit_on_error,
                          error);
}
