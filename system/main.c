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
#include "system/system.h"
#include "system/types.h"
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

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = NULL;
    System *system;

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
    system = system_new(config, &error);
    if (!system ||
        (!config->preconfig && !system_build(system, &error))) {
        report_error("%s", error->message);
        system_free(system);
        return EXIT_FAILURE;
    }
    if (config->machine->dump_acpi) {
        if (!main_dump(system, &error)) {
            report_error("%s: dump-acpi: %s", config->machine_option,
                         error->message);
        }
    } else {
        system_run(system);
    }
    system_free(system);
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
