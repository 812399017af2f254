/*
 * Descriptors that clients have passed: by name, and in sets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/fd-names.h"

static bool fd_is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int fd_new(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static void assert_error(GError **error, const char *message)
{
    g_assert_nonnull(*error);
    g_assert_cmpstr((*error)->message, ==, message);
    g_clear_error(error);
}

/* Names */

static void test_names(void)
{
    g_autoptr(GError) error = NULL;
    int first = fd_new(), second = fd_new(), third = fd_new();

    g_assert_true(fd_names_add("a", first, &error));
    g_assert_true(fd_names_add("", second, &error));
    g_assert_cmpint(fd_names_take("", &error), ==, second);
    g_assert_cmpint(fd_names_take("", &error), ==, -1);
    assert_error(&error, "File descriptor named '' has not been found");
    g_assert_true(fd_is_open(second));
    close(second);

    /* The same name again closes what had it. */
    g_assert_true(fd_names_add("a", third, &error));
    g_assert_false(fd_is_open(first));
    g_assert_true(fd_names_close("a", &error));
    g_assert_false(fd_is_open(third));
    g_assert_false(fd_names_close("a", &error));
    assert_error(&error, "File descriptor named 'a' not found");
}

/* What is refused has been taken over all the same. */
static void test_names_refused(void)
{
    g_autofree char *longest = g_strnfill(255, 'n');
    g_autofree char *too_long = g_strnfill(256, 'n');
    g_autoptr(GError) error = NULL;
    int fd = fd_new();

    g_assert_false(fd_names_add("1a", fd, &error));
    assert_error(&error, "Parameter 'fdname' expects a name not starting with "
                 "a digit");
    g_assert_false(fd_is_open(fd));
    fd = fd_new();
    g_assert_false(fd_names_add(too_long, fd, &error));
    assert_error(&error, "Parameter 'fdname' expects a name of at most 255 "
                 "bytes");
    g_assert_false(fd_is_open(fd));
    g_assert_true(fd_names_add(longest, fd_new(), &error));
    g_assert_true(fd_names_close(longest, &error));
}

static void test_names_full(void)
{
    g_autoptr(GError) error = NULL;
    char name[16];
    int fd;

    for (int i = 0; i < FD_NAMES_MAX; i++) {
        g_snprintf(name, sizeof(name), "n%d", i);
        g_assert_true(fd_names_add(name, fd_new(), &error));
    }
    fd = fd_new();
    g_assert_false(fd_names_add("more", fd, &error));
    assert_error(&error, "There are 512 named file descriptors already; "
                 "closefd makes room");
    g_assert_false(fd_is_open(fd));
    /* One that is there can still be replaced. */
    g_assert_true(fd_names_add("n0", fd_new(), &error));
    for (int i = 0; i < FD_NAMES_MAX; i++) {
        g_snprintf(name, sizeof(name), "n%d", i);
        g_assert_true(fd_names_close(name, &error));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fds/names", test_names);
    g_test_add_func("/fds/names/refused", test_names_refused);
    g_test_add_func("/fds/names/full", test_names_full);
    return g_test_run();
}
