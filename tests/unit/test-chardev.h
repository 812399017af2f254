/*
 * A character device whose other side is the test: a pair of sockets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_TEST_CHARDEV_H
#define TESTS_UNIT_TEST_CHARDEV_H

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chardev/char-impl.h"
#include "qapi/walker.h"

typedef struct TestChardev {
    Chardev parent;
    int fds[2];                 /* the chardev's, the test's */
} TestChardev;

static inline bool test_chardev_open(Chardev *chr,
                                     const ChardevOptions *options,
                                     GError **error)
{
    TestChardev *test = (TestChardev *)chr;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
                               test->fds), ==, 0);
    chardev_opened(chr, test->fds[0], test->fds[0]);
    return true;
}

static inline void test_chardev_hang_up(Chardev *chr)
{
    close(((TestChardev *)chr)->fds[0]);
}

static inline char *test_chardev_filename(const Chardev *chr)
{
    return g_strdup("test");
}

static inline void test_chardev_finalize(Object *obj)
{
    TestChardev *test = (TestChardev *)obj;

    if (test->parent.open) {
        close(test->fds[0]);
    }
    if (test->fds[1] >= 0) {
        close(test->fds[1]);
    }
}

static const ChardevClass test_chardev_class = {
    .open = test_chardev_open,
    .hang_up = test_chardev_hang_up,
    .filename = test_chardev_filename,
};

static const ObjectType test_chardev_type = {
    .name = "chardev-test",
    .parent = &chardev_type,
    .doc = "The test is the other side",
    .instance_size = sizeof(TestChardev),
    .klass = &test_chardev_class,
    .finalize = test_chardev_finalize,
};

/** test_chardev_add: open one as /chardevs/@id. */
static inline TestChardev *test_chardev_add(Object *root, const char *id)
{
    ChardevOptions *options = qapi_new(&qapi_type_ChardevOptions);
    Object *chr;

    options->id = g_strdup(id);
    options->backend = CHARDEV_BACKEND_KIND_NULL;
    chr = object_new(&test_chardev_type, options, NULL);
    g_assert_nonnull(chr);
    object_add_child(object_container(root, "/chardevs"), id, chr);
    test_chardev_open((Chardev *)chr, options, NULL);
    return (TestChardev *)chr;
}

/** test_chardev_run: let the main loop do what there is to do. */
static inline void test_chardev_run(void)
{
    for (unsigned i = 0; i < 1000 && g_main_context_iteration(NULL, FALSE);
         i++) {
    }
}

/** test_chardev_try_send: false if not all of @text could be sent. */
static inline bool test_chardev_try_send(TestChardev *test, const char *text)
{
    ssize_t n = write(test->fds[1], text, strlen(text));

    test_chardev_run();
    return n == (ssize_t)strlen(text);
}

static inline void test_chardev_send(TestChardev *test, const char *text)
{
    g_assert_true(test_chardev_try_send(test, text));
}

/** test_chardev_take: what has arrived, all of it; free with g_free(). */
static inline char *test_chardev_take(TestChardev *test)
{
    GString *text = g_string_new(NULL);
    char buf[4096];
    ssize_t n;

    test_chardev_run();
    while ((n = read(test->fds[1], buf, sizeof(buf))) > 0) {
        g_string_append_len(text, buf, n);
        test_chardev_run();
    }
    return g_string_free(text, FALSE);
}

#endif
