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
        ok = process_commit(process, error);
        if (ok) {
            system_run(system);
            failed = system->failed;
        }
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
