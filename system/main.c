/*
 * firmament-system-x86_64
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "hw/acpi/walk.h"
#include "system/process.h"
#include "system/system.h"
#include "system/types.h"
#include "util/error.h"
#include "util/report.h"

/** `-machine dump-acpi=DIR`: write the tables instead of running. */
static bool main_dump(System *system, GError **error)
{
    g_autoptr(GPtrArray) tables = system_acpi_tables(system, error);

    return tables &&
           acpi_walk_dump(tables, system->config->machine->dump_acpi, error);
}

/** Whoever started the program may have closed the standard descriptors: a
 *  file or a client that got one of their numbers would get our messages. */
static void main_fill_standard_fds(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) {
        close(fd);
    }
}

/** Whoever started a daemon learns only then that it is there, when it cannot
 *  fail any more to restore what it was given.  @failed: whether it has, or
 *  something later, which was reported. */
static bool main_live(Process *process, System *system, bool *failed,
                      GError **error)
{
    if (!process_confine(process, error)) {
        return false;
    }
    if (system_start(system)) {
        if (!process_ready(process, error)) {
            return false;
        }
        system_run(system);
    }
    *failed = system->failed;
    return true;
}

/** From the configuration to the end of the machine. */
static bool main_run(const Config *config, GError **error)
{
    Process *process = process_new(config, error);
    System *system = process ? system_new(config, error) : NULL;
    bool failed = false;
    bool ok = system && (config->preconfig || system_build(system, error));

    if (ok && config->machine->dump_acpi) {
        ok = main_dump(system, error) ||
             fm_error_prefix(error, "%s: dump-acpi: ", config->machine_option);
    } else if (ok) {
        ok = main_live(process, system, &failed, error);
    }
    if (!ok) {
        report_error("%s", (*error)->message);
    }
    system_free(system);
    process_free(process);
    return ok && !failed;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = NULL;

    main_fill_standard_fds();
    /* both are errors of the call that caused them */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    types_register();
    config = config_parse(argc, argv, &error);
    if (!config) {
        report_error("%s", error->message);
        return EXIT_FAILURE;
    }
    if (config->action == CONFIG_DONE) {
        return EXIT_SUCCESS;
    }
    return main_run(config, &error) ? EXIT_SUCCESS : EXIT_FAILURE;
}
