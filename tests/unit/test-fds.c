/*
 * Descriptors that clients have passed: by name, and in sets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd-names.h"
#include "util/fd-sets.h"
#include "util/file.h"

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

/* Sets */

static int64_t set_add(int64_t set, int fd, FdSetOwner owner)
{
    g_autoptr(GError) error = NULL;
    FdSetMember added;

    g_assert_true(fd_sets_add(set < 0 ? NULL : &set, fd, NULL, owner, &added,
                              &error));
    g_assert_cmpint(added.fd, ==, fd);
    return added.set;
}

static void assert_member(guint index, int64_t set, int fd)
{
    const FdSetMember *member = fd_sets_member(index);

    g_assert_nonnull(member);
    g_assert_cmpint(member->set, ==, set);
    g_assert_cmpint(member->fd, ==, fd);
}

static void set_remove(int64_t set)
{
    g_assert_true(fd_sets_remove(set, NULL, NULL));
}

static void test_sets(void)
{
    g_autoptr(GError) error = NULL;
    FdSetMember added;
    int64_t bad = -1, five = 5;
    int a = fd_new(), b = fd_new(), c = fd_new(), d = fd_new();
    int64_t first = a, nowhere = 4711;

    /* The lowest number that is free, and an order that does not depend on
     * when they came. */
    g_assert_cmpint(set_add(-1, a, FD_SET_OF_CLIENT), ==, 0);
    g_assert_true(fd_sets_add(&five, b, "five", FD_SET_OF_CLIENT, &added,
                              &error));
    g_assert_cmpstr(added.opaque, ==, "five");
    g_assert_cmpint(set_add(-1, c, FD_SET_OF_CLIENT), ==, 1);
    g_assert_cmpint(set_add(0, d, FD_SET_OF_CLIENT), ==, 0);
    assert_member(0, 0, a);
    assert_member(1, 0, d);
    assert_member(2, 1, c);
    assert_member(3, 5, b);
    g_assert_null(fd_sets_member(4));

    g_assert_true(fd_sets_remove(0, &first, &error));
    g_assert_false(fd_is_open(a));
    assert_member(0, 0, d);
    g_assert_false(fd_sets_remove(0, &nowhere, &error));
    assert_error(&error, "File descriptor named 'fdset-id:0, fd:4711' not "
                 "found");
    g_assert_false(fd_sets_remove(7, NULL, &error));
    assert_error(&error, "File descriptor named 'fdset-id:7' not found");

    a = fd_new();
    g_assert_false(fd_sets_add(&bad, a, NULL, FD_SET_OF_CLIENT, NULL, &error));
    assert_error(&error, "Parameter 'fdset-id' expects a non-negative value");
    g_assert_false(fd_is_open(a));
    set_remove(0);
    set_remove(1);
    set_remove(5);
    g_assert_null(fd_sets_member(0));
    g_assert_false(fd_is_open(b) || fd_is_open(c) || fd_is_open(d));
}

static void test_sets_full(void)
{
    g_autofree char *too_long = g_strnfill(256, 'o');
    g_autoptr(GError) error = NULL;
    int64_t three = 3;
    int fd = fd_new();

    g_assert_false(fd_sets_add(&three, fd, too_long, FD_SET_OF_CLIENT, NULL,
                               &error));
    assert_error(&error, "Parameter 'opaque' expects at most 255 bytes");
    for (int i = 0; i < FD_SETS_MAX; i++) {
        set_add(3, fd_new(), FD_SET_OF_CLIENT);
    }
    fd = fd_new();
    g_assert_false(fd_sets_add(&three, fd, NULL, FD_SET_OF_CLIENT, NULL,
                               &error));
    assert_error(&error, "There are 512 file descriptors in sets already; "
                 "remove-fd makes room");
    g_assert_false(fd_is_open(fd));
    set_remove(3);
    g_assert_null(fd_sets_member(0));
}

static void test_sets_paths(void)
{
    static const struct { const char *path; int err; } bad[] = {
        { "/dev/fdset/", EINVAL },
        { "/dev/fdset/x", EINVAL },
        { "/dev/fdset/1x", EINVAL },
        { "/dev/fdset/-1", EINVAL },
        { "/dev/fdset/ 1", EINVAL },
        { "/dev/fdset/1/", EINVAL },
        { "/dev/fdset/99999999999999999999", EINVAL },
        { "/dev/fdset/9223372036854775808", EINVAL },
        { "/dev/fdset/9223372036854775807", ENOENT },
        { "/dev/fdset/1", ENOENT },
        { "/dev/fdset", ENOENT },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_cmpint(file_open(bad[i].path, O_RDONLY, 0), ==, -bad[i].err);
    }
}

static void assert_access(int flags, int expected)
{
    int fd = file_open("/dev/fdset/1", flags, 0);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(fcntl(fd, F_GETFL) & O_ACCMODE, ==, expected);
    g_assert_cmpint(fcntl(fd, F_GETFD), ==, FD_CLOEXEC);
    close(fd);
}

static void test_sets_access(void)
{
    int ro = open("/dev/null", O_RDONLY), wo = open("/dev/null", O_WRONLY);

    set_add(1, ro, FD_SET_OF_CLIENT);
    assert_access(O_RDONLY, O_RDONLY);
    g_assert_cmpint(file_open("/dev/fdset/1", O_WRONLY, 0), ==, -EACCES);
    g_assert_cmpint(file_open("/dev/fdset/1", O_RDWR, 0), ==, -EACCES);
    g_assert_cmpint(file_open("/dev/fdset/1", O_RDONLY | O_CREAT | O_EXCL, 0),
                    ==, -EEXIST);
    /* One that can do both is the second choice. */
    set_add(1, open("/dev/null", O_RDWR), FD_SET_OF_CLIENT);
    assert_access(O_WRONLY, O_RDWR);
    set_add(1, wo, FD_SET_OF_CLIENT);
    assert_access(O_RDONLY, O_RDONLY);
    assert_access(O_WRONLY | O_CREAT, O_WRONLY);
    assert_access(O_RDWR, O_RDWR);
    set_remove(1);
}

static void test_sets_flags(void)
{
    char path[] = "/tmp/test-fds-XXXXXX";
    int passed = mkstemp(path);
    struct stat st;
    int fd;

    unlink(path);
    g_assert_cmpint(write(passed, "old text", 8), ==, 8);
    set_add(0, passed, FD_SET_OF_CLIENT);
    fd = file_open("/dev/fdset/0", O_WRONLY | O_APPEND | O_NONBLOCK, 0);
    g_assert_cmpint(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK), ==,
                    O_APPEND | O_NONBLOCK);
    close(fd);
    fd = file_open("/dev/fdset/0", O_RDWR, 0);
    g_assert_cmpint(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK), ==,
                    O_APPEND);
    close(fd);
    g_assert_cmpint(fstat(passed, &st), ==, 0);
    g_assert_cmpint(st.st_size, ==, 8);
    fd = file_open("/dev/fdset/0", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    g_assert_cmpint(fstat(passed, &st), ==, 0);
    g_assert_cmpint(st.st_size, ==, 0);
    /* What was opened outlives its set. */
    set_remove(0);
    g_assert_false(fd_is_open(passed));
    g_assert_cmpint(write(fd, "new", 3), ==, 3);
    g_assert_cmpint(fstat(fd, &st), ==, 0);
    g_assert_cmpint(st.st_size, ==, 3);
    close(fd);
}

static void test_sets_clients_gone(void)
{
    int unused = fd_new(), opened = fd_new(), too = fd_new(), stays = fd_new();

    set_add(1, unused, FD_SET_OF_CLIENT);
    set_add(2, opened, FD_SET_OF_CLIENT);
    set_add(3, stays, FD_SET_OF_COMMAND_LINE);
    close(file_open("/dev/fdset/2", O_RDWR, 0));
    set_add(2, too, FD_SET_OF_CLIENT);
    fd_sets_clients_gone();
    g_assert_false(fd_is_open(unused));
    assert_member(0, 2, opened);
    assert_member(1, 2, too);
    assert_member(2, 3, stays);
    g_assert_null(fd_sets_member(3));
    set_remove(2);
    set_remove(3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fds/names", test_names);
    g_test_add_func("/fds/names/refused", test_names_refused);
    g_test_add_func("/fds/names/full", test_names_full);
    g_test_add_func("/fds/sets", test_sets);
    g_test_add_func("/fds/sets/full", test_sets_full);
    g_test_add_func("/fds/sets/paths", test_sets_paths);
    g_test_add_func("/fds/sets/access", test_sets_access);
    g_test_add_func("/fds/sets/flags", test_sets_flags);
    g_test_add_func("/fds/sets/clients-gone", test_sets_clients_gone);
    return g_test_run();
}
