/*
 * Character device `stdio`: the process's standard input and output
 *
 * The terminal's modes and the descriptors' flags are shared with whoever
 * started the process, so they are put back when the chardev goes, or at the
 * latest when the process exits.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "chardev/char-impl.h"
#include "util/error.h"

/*
 * Standard input and output belong to the process, not to a machine: this is
 * what they were like, and who has them now.
 */
static struct {
    Chardev *owner;             /* NULL: nobody */
    bool registered;            /* with atexit() */
    bool terminal;
    int flags[2];
    struct termios modes;
} stdio_saved;

static void chardev_stdio_restore(void)
{
    if (!stdio_saved.owner) {
        return;
    }
    for (int fd = 0; fd < 2; fd++) {
        fcntl(fd, F_SETFL, stdio_saved.flags[fd]);
    }
    if (stdio_saved.terminal) {
        tcsetattr(STDIN_FILENO, TCSANOW, &stdio_saved.modes);
    }
    stdio_saved.owner = NULL;
}

static void chardev_stdio_set_echo(Chardev *chr, bool echo)
{
    struct termios modes = stdio_saved.modes;

    if (!stdio_saved.terminal) {
        return;
    }
    if (!echo) {
        modes.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP |
                                     INLCR | IGNCR | ICRNL | IXON);
        modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
        modes.c_cc[VMIN] = 1;
        modes.c_cc[VTIME] = 0;
    }
    if (!chardev_options(chr)->u.stdio.signal) {
        modes.c_lflag &= ~(tcflag_t)ISIG;
    }
    tcsetattr(STDIN_FILENO, TCSANOW, &modes);
}

static bool chardev_stdio_open(Chardev *chr, const ChardevOptions *options,
                               GError **error)
{
    int flags[2];

    if (stdio_saved.owner) {
        return fm_error_set(error, "stdio: already in use by chardev '%s'",
                            chardev_id(stdio_saved.owner));
    }
    /* Both before either is changed: they may be one open file. */
    for (int fd = 0; fd < 2; fd++) {
        flags[fd] = fcntl(fd, F_GETFL);
        if (flags[fd] < 0) {
            return fm_error_set(error, "stdio: standard %s: %s",
                                fd ? "output" : "input", g_strerror(errno));
        }
        stdio_saved.flags[fd] = flags[fd];
    }
    stdio_saved.terminal = tcgetattr(STDIN_FILENO, &stdio_saved.modes) == 0;
    stdio_saved.owner = chr;
    if (!stdio_saved.registered) {
        stdio_saved.registered = true;
        atexit(chardev_stdio_restore);
    }
    for (int fd = 0; fd < 2; fd++) {
        if (fcntl(fd, F_SETFL, flags[fd] | O_NONBLOCK) < 0) {
            return fm_error_set(error, "stdio: standard %s: %s",
                                fd ? "output" : "input", g_strerror(errno));
        }
    }
    chardev_stdio_set_echo(chr, false);
    chardev_opened(chr, STDIN_FILENO, STDOUT_FILENO);
    return true;
}

static char *chardev_stdio_filename(const Chardev *chr)
{
    return g_strdup("stdio");
}

static void chardev_stdio_finalize(Object *obj)
{
    if (stdio_saved.owner == (Chardev *)obj) {
        chardev_stdio_restore();
    }
}

static const ChardevClass chardev_stdio_class = {
    .open = chardev_stdio_open,
    .set_echo = chardev_stdio_set_echo,
    .filename = chardev_stdio_filename,
};

const ObjectType chardev_stdio_type = {
    .name = "chardev-stdio",
    .parent = &chardev_type,
    .doc = "standard input and output",
    .config_arm = "stdio",
    .klass = &chardev_stdio_class,
    .finalize = chardev_stdio_finalize,
};
