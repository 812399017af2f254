/*
 * The command line: what help, IDs and hostile words do to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "system/config.h"
#include "system/types.h"

/** Parse a command line of which @text is all, words between blanks. */
static Config *parse(const char *text, GError **error)
{
    g_autofree char *line = g_strconcat("program ", text, NULL);
    g_auto(GStrv) words = g_strsplit(line, " ", -1);

    return config_parse((int)g_strv_length(words), words, error);
}

/** Parse with what is printed thrown away: it is not TAP. */
static Config *parse_quietly(const char *text, GError **error)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC), saved;
    Config *config;

    fflush(stdout);
    saved = dup(STDOUT_FILENO);
    dup2(null, STDOUT_FILENO);
    config = parse(text, error);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(null);
    return config;
}

static void test_help(void)
{
    static const char *const lines[] = {
        "-help", "-version", "-machine help", "-machine q35,help", "-m help",
        "-device help", "-device isa-serial,help",
        "-device driver=isa-serial,help", "-device isa-serial,index=1,help",
        "-object memory-backend-ram,help",
        "-object qom-type=memory-backend-ram,help",
        "-chardev socket,help", "-chardev backend=socket,help",
        "-acpitable help", "-accel help", "-cpu help",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Config) config = parse_quietly(lines[i], &error);

        g_assert_no_error(error);
        g_assert_cmpint(config->action, ==, CONFIG_DONE);
    }
}

static void test_help_errors(void)
{
    static const char *const rows[][2] = {
        /* A mistake counts more than the help that goes with it. */
        { "-mon help,@", "-mon help,@: Invalid parameter '@' (-mon help "
          "lists them)" },
        { "-machine ?,@=1", "-machine ?,@=1: Invalid parameter '@' "
          "(-machine NAME,help lists them)" },
        { "-machine nope,help", "-machine nope,help: unsupported machine type "
          "'nope' (-machine help lists them)" },
        { "-machine q35,dump-acpi", "-machine q35,dump-acpi: Parameter "
          "'dump-acpi' needs a value: dump-acpi=..." },
        { "-acpitable sig,file=/x", "-acpitable sig,file=/x: Parameter 'sig' "
          "needs a value: sig=..." },
        { "-usb", "-usb: not available in this version" },
        { "-frob", "-frob: invalid option (-help lists them)" },
        { "--machien q35", "--machien: invalid option (did you mean -machine? "
          "-help lists all)" },
        { "disk.img", "disk.img: invalid option: options begin with '-'; disk "
          "images are not available in this version" },
        { "-m slots=2", "-m slots=2: 'size' is missing: it has to be given "
          "with 'slots' and 'maxmem'" },
        { "-global isa-serial.index", "-global isa-serial.index: a value is "
          "missing: DRIVER.PROP=VALUE" },
        { "-", "-: invalid option (-help lists them)" },
        { "-device isa-serial,bogus=1", "-device isa-serial,bogus=1: Invalid "
          "parameter 'bogus' (-device isa-serial,help lists them)" },
        { "-chardev null,id=a,bogus=1", "-chardev null,id=a,bogus=1: Invalid "
          "parameter 'bogus' (-chardev null,help lists them)" },
        { "-M q35,bogus=1", "-M q35,bogus=1: Invalid parameter 'bogus' "
          "(-machine NAME,help lists them)" },
        { "-device nope,help", "-device nope,help: 'nope' is no driver" },
        { "-device driver=,help", "-device driver=,help: '' is no driver" },
        { "-object qom-type=x,help",
          "-object qom-type=x,help: 'x' is no qom-type" },
        { "-chardev isa-serial,help",
          "-chardev isa-serial,help: 'isa-serial' is no backend" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(parse(rows[i][0], &error));
        g_assert_cmpstr(error->message, ==, rows[i][1]);
    }
}

/** A path in the place of a suboption, wherever it stands. */
static void test_acpitable_bare(void)
{
    static const char *const rows[][2] = {
        { "/slic", "/slic" }, { "a,,b", "a,,b" }, { "", "" },
        { "/slic,sig=SLIC", "/slic" }, { "sig=SLIC,/slic", "/slic" },
        { "sig=SLIC,/slic,rev=1", "/slic" }, { "sig=A,,=,/slic", "/slic" },
        { "file=/no,helpful", "helpful" },
    };
    static const char *const named[] = {
        "file=/no,,such", "file=/no,,,,such", "file=/no,", "sig=A,,,file=/no",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *line = g_strconcat("-acpitable ", rows[i][0], NULL);
        g_autofree char *message = g_strdup_printf(
            "%s: '%s' is no suboption; 'file=%s' was probably meant", line,
            rows[i][1], rows[i][1]);
        g_autoptr(GError) error = NULL;

        g_assert_null(parse(line, &error));
        g_assert_cmpstr(error->message, ==, message);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++) {
        g_autofree char *line = g_strconcat("-acpitable ", named[i], NULL);
        g_autoptr(GError) error = NULL;

        g_assert_null(parse(line, &error));
        g_assert_nonnull(strstr(error->message, "can't open file /no"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    types_register();
    g_test_add_func("/config/help", test_help);
    g_test_add_func("/config/help-errors", test_help_errors);
    g_test_add_func("/config/acpitable-bare", test_acpitable_bare);
    return g_test_run();
}
