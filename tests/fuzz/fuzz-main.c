/*
 * A fuzz target without a fuzzer: run the inputs that are named, each once
 *
 *   fuzz-TARGET FILE|DIRECTORY...
 *
 * Reports in TAP, a case a file; what the target prints goes to standard error.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz-engine.h"
#include "fuzz.h"

static int main_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/** All files at @path, sorted, so that every run is the same. */
static void main_add_files(GPtrArray *paths, const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    unsigned first = paths->len;
    const char *name;

    if (!dir) {
        g_ptr_array_add(paths, g_strdup(path));
        return;
    }
    while ((name = g_dir_read_name(dir))) {
        g_ptr_array_add(paths, g_build_filename(path, name, NULL));
    }
    qsort(paths->pdata + first, paths->len - first, sizeof(*paths->pdata),
          main_compare);
}

/** Returns false if the file cannot be read. */
static bool main_run(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *content = NULL;
    g_autofree uint8_t *bytes = NULL;
    gsize len;

    if (!g_file_get_contents(path, &content, &len, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return false;
    }
    /* without the NUL that GLib puts behind it: a byte too far is seen */
    bytes = g_memdup2(content, len);
    g_clear_pointer(&content, g_free);
    LLVMFuzzerTestOneInput(bytes, len);
    return true;
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    FILE *tap = fdopen(dup(STDOUT_FILENO), "w");
    unsigned n_bad = 0;

    for (int i = 1; i < argc; i++) {
        main_add_files(paths, argv[i]);
    }
    dup2(STDERR_FILENO, STDOUT_FILENO);
    fprintf(tap, "1..%u\n", paths->len);
    LLVMFuzzerInitialize(&argc, &argv);
    for (unsigned i = 0; i < paths->len; i++) {
        bool ok;

        fprintf(tap, "# %s\n", (char *)paths->pdata[i]);
        fflush(tap);
        ok = main_run(paths->pdata[i]);
        n_bad += !ok;
        fprintf(tap, "%sok %u %s\n", ok ? "" : "not ", i + 1,
                (char *)paths->pdata[i]);
    }
    fclose(tap);
    return n_bad || !paths->len;
}
