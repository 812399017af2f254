/*
 * For tests of objects: a tree with /objects, and a directory for files
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_OBJECT_BENCH_H
#define TESTS_UNIT_OBJECT_BENCH_H

#include <glib/gstdio.h>

#include "qom/object.h"

typedef struct Bench {
    Object *root, *home;        /* "/", "/objects" */
    char *dir;
} Bench;

/** bench_up, bench_down: as g_test_add() takes them. */
static inline void bench_up(Bench *b, gconstpointer data)
{
    b->root = object_new(&container_type, NULL, NULL);
    b->home = object_container(b->root, "/objects");
    b->dir = g_dir_make_tmp("object-bench-XXXXXX", NULL);
    g_assert_nonnull(b->dir);
}

static inline void bench_down(Bench *b, gconstpointer data)
{
    GDir *dir = g_dir_open(b->dir, 0, NULL);
    const char *name;

    object_free(b->root);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(b->dir, name, NULL);

        g_assert_cmpint(g_remove(path), ==, 0);
    }
    g_dir_close(dir);
    g_assert_cmpint(g_rmdir(b->dir), ==, 0);
    g_free(b->dir);
}

static inline char *bench_path(const Bench *b, const char *name)
{
    return g_build_filename(b->dir, name, NULL);
}

#endif
