/*
 * Memory backends: each kind, its effects, and what is refused
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../backends/memory-impl.h"
#include "object-bench.h"
#include "qapi/walker.h"
#include "under-valgrind.h"
#include "util/fault-guard.h"

#define MIB (1024 * 1024)

/** A file of @len bytes of 0xa5; returns its path. */
static char *bench_file(const Bench *b, const char *name, size_t len)
{
    g_autofree char *content = g_malloc(len + 1);
    char *path = bench_path(b, name);

    memset(content, 0xa5, len);
    g_assert_true(g_file_set_contents(path, content, (gssize)len, NULL));
    return path;
}

static uint64_t file_len(const char *path)
{
    struct stat st;

    g_assert_cmpint(stat(path, &st), ==, 0);
    return st.st_size;
}

static uint8_t file_byte(const char *path, off_t at)
{
    uint8_t byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(pread(fd, &byte, 1, at), ==, 1);
    close(fd);
    return byte;
}

/** An object of @type called @id; NULL with @error set. */
static MemoryBackend *bench_try(Bench *b, const ObjectType *type,
                                const char *id, GError **error,
                                const char *fmt, ...) G_GNUC_PRINTF(5, 6);

static MemoryBackend *bench_try(Bench *b, const ObjectType *type,
                                const char *id, GError **error,
                                const char *fmt, ...)
{
    g_autofree char *text = NULL;
    void *config;
    Object *obj;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    config = qapi_parse_option(type->config, text, NULL, NULL, error);
    obj = config ? object_new(type, config, error) : NULL;
    if (!obj) {
        return NULL;
    }
    object_add_child(b->home, id, obj);
    if (!object_complete(obj, b->root, error)) {
        object_free(obj);
        return NULL;
    }
    return (MemoryBackend *)obj;
}

#define bench_make(b, type, id, ...)                                    \
    ({                                                                  \
        GError *error_ = NULL;                                          \
        MemoryBackend *made_ = bench_try(b, type, id, &error_, __VA_ARGS__); \
        g_assert_no_error(error_);                                      \
        made_;                                                          \
    })

#define bench_refuse(b, type, pattern, ...)                             \
    do {                                                                \
        g_autoptr(GError) error_ = NULL;                                \
        g_assert_null(bench_try(b, type, "bad", &error_, __VA_ARGS__)); \
        g_assert_nonnull(error_);                                       \
        if (!g_pattern_match_simple(pattern, error_->message)) {        \
            g_error("'%s' is not '%s'", error_->message, pattern);      \
        }                                                               \
    } while (0)

/** A line of /proc/self/smaps for the mapping that @host is in; the kernel
 *  makes one of neighbours that are alike. */
static char *smaps_line(const void *host, const char *key)
{
    /* line by line: sanitizers make it a megabyte, and measure strings whole
       wherever something is looked for in them */
    FILE *smaps = fopen("/proc/self/smaps", "re");
    char line[512];
    bool inside = false, found = false;

    g_assert_nonnull(smaps);
    while (!found && fgets(line, sizeof(line), smaps)) {
        unsigned long first, last;

        if (sscanf(line, "%lx-%lx ", &first, &last) == 2) {
            inside = (unsigned long)host >= first &&
                     (unsigned long)host < last;
        } else {
            found = inside && g_str_has_prefix(line, key);
        }
    }
    fclose(smaps);
    if (!found) {
        g_error("no %s of the mapping at %p", key, host);
    }
    return g_strdup(line + strlen(key));
}

static bool has_flag(const MemoryBackend *backend, const char *flag)
{
    g_autofree char *flags = smaps_line(backend->host, "VmFlags:");
    g_auto(GStrv) words = g_strsplit(g_strstrip(flags), " ", -1);

    return g_strv_contains((const char *const *)words, flag);
}

/* What is done */

static void test_ram(Bench *b, gconstpointer data)
{
    MemoryBackend *plain = bench_make(b, &memory_backend_ram_type, "plain",
                                      "size=1M");
    MemoryBackend *other = bench_make(b, &memory_backend_ram_type, "other",
                                      "size=2M,share=on,dump=off,reserve=off,"
                                      "x-use-canonical-path-for-ramblock-id="
                                      "on");

    g_assert_cmpuint(plain->size, ==, MIB);
    g_assert_cmpstr(plain->ram_name, ==, "plain");
    g_assert_cmpstr(other->ram_name, ==, "/objects/other");
    g_assert_false(memory_backend_properties(plain)->share);
    g_assert_true(memory_backend_properties(plain)->has_share);
    g_assert_false(has_flag(plain, "sh"));
    g_assert_true(has_flag(other, "sh"));
    g_assert_false(has_flag(plain, "dd"));
    g_assert_true(has_flag(other, "dd"));
    g_assert_true(has_flag(other, "nr"));
    plain->host[MIB - 1] = 1;
    other->host[2 * MIB - 1] = 1;
}

static void test_change(Bench *b, gconstpointer data)
{
    MemoryBackend *m = bench_make(b, &memory_backend_ram_type, "m", "size=1M");
    json_object *off = json_object_new_boolean(false);
    json_object *on = json_object_new_boolean(true);
    bool can_merge = memory_backend_properties(m)->merge;

    g_assert_cmpint(has_flag(m, "mg"), ==, can_merge);
    g_assert_true(object_property_set(&m->parent, "merge", off, NULL));
    g_assert_false(has_flag(m, "mg"));
    g_assert_true(object_property_set(&m->parent, "merge", on, NULL));
    g_assert_cmpint(memory_backend_properties(m)->merge, ==, can_merge);
    g_assert_true(object_property_set(&m->parent, "dump", off, NULL));
    g_assert_true(has_flag(m, "dd"));
    g_assert_true(object_property_set(&m->parent, "dump", on, NULL));
    g_assert_false(has_flag(m, "dd"));
    g_assert_false(object_property_set(&m->parent, "share", on, NULL));
    g_assert_false(object_property_set(&m->parent, "prealloc", on, NULL));
    json_object_put(off);
    json_object_put(on);
}

static uint64_t resident_kib(const MemoryBackend *backend)
{
    size_t n = backend->size / 4096, resident = 0;
    g_autofree unsigned char *pages = g_malloc(n);

    g_assert_cmpint(mincore(backend->host, backend->size, pages), ==, 0);
    for (size_t i = 0; i < n; i++) {
        resident += pages[i] & 1;
    }
    return resident * 4;
}

static void test_prealloc(Bench *b, gconstpointer data)
{
    static const unsigned threads[] = { 1, 3, 7, 1024 };
    MemoryBackend *lazy = bench_make(b, &memory_backend_ram_type, "lazy",
                                     "size=3M,merge=off");
    g_autofree char *path = bench_path(b, "file");

    g_assert_cmpuint(resident_kib(lazy), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        MemoryBackend *m = bench_make(b, &memory_backend_ram_type, "m",
                                      "size=3M,prealloc=on,merge=off,"
                                      "prealloc-threads=%u", threads[i]);

        g_assert_cmpuint(resident_kib(m), ==, 3 * 1024);
        object_free(&m->parent);
    }
    lazy = bench_make(b, &memory_backend_file_type, "file",
                      "size=3M,prealloc=on,share=on,mem-path=%s", path);
    g_assert_cmpuint(resident_kib(lazy), ==, 3 * 1024);
    g_assert_cmpuint(file_len(path), ==, 3 * MIB);
}

/** What kernels without MADV_POPULATE_WRITE get: the same, content kept. */
static void test_touch(Bench *b, gconstpointer data)
{
    g_autofree char *path = bench_file(b, "file", 16 * 4096);
    MemoryBackend *m = bench_make(b, &memory_backend_file_type, "m",
                                  "size=64k,share=on,mem-path=%s", path);

    g_assert_cmpint(memory_touch(m->host, m->size, 4096), ==, 0);
    g_assert_cmpuint(resident_kib(m), ==, 64);
    for (size_t i = 0; i < m->size; i++) {
        g_assert_cmphex(m->host[i], ==, 0xa5);
    }
    /* both ways tell of pages that are not there, and live */
    g_assert_cmpint(truncate(path, 4096), ==, 0);
    g_assert_cmpint(memory_touch(m->host, m->size, 4096), ==, -ENOSPC);
    g_assert_cmpint(memory_prealloc(m->host, m->size, 4096, 2), ==, -ENOSPC);
}

static void test_file(Bench *b, gconstpointer data)
{
    g_autofree char *made = bench_path(b, "made");
    g_autofree char *there = bench_file(b, "there", 3 * 4096 + 5);
    g_autofree char *empty = bench_file(b, "empty", 0);
    MemoryBackend *m;
    struct stat st;

    m = bench_make(b, &memory_backend_file_type, "made",
                   "size=1M,share=on,mem-path=%s", made);
    m->host[5] = 0x77;
    m->host[MIB - 1] = 0x78;
    g_assert_cmphex(file_byte(made, 5), ==, 0x77);
    g_assert_cmphex(file_byte(made, MIB - 1), ==, 0x78);
    g_assert_cmpint(stat(made, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, 0600);

    m = bench_make(b, &memory_backend_file_type, "private",
                   "size=1M,mem-path=%s", made);
    g_assert_cmphex(m->host[5], ==, 0x77);
    m->host[5] = 1;
    g_assert_cmphex(file_byte(made, 5), ==, 0x77);

    m = bench_make(b, &memory_backend_file_type, "longer",
                   "size=8k,share=on,mem-path=%s", there);
    m->host[0] = 1;
    g_assert_cmpuint(file_len(there), ==, 3 * 4096 + 5);
    g_assert_cmphex(file_byte(there, 3 * 4096 + 4), ==, 0xa5);

    m = bench_make(b, &memory_backend_file_type, "empty",
                   "size=8k,mem-path=%s", empty);
    g_assert_cmpuint(file_len(empty), ==, 8192);
    object_free(&m->parent);
    g_assert_cmpuint(file_len(empty), ==, 8192);
}

static void test_directory(Bench *b, gconstpointer data)
{
    MemoryBackend *m = bench_make(b, &memory_backend_file_type, "m",
                                  "size=1M,share=on,mem-path=%s", b->dir);
    g_autoptr(GDir) dir = g_dir_open(b->dir, 0, NULL);

    m->host[0] = 1;
    g_assert_null(g_dir_read_name(dir));
}

static void test_readonly(Bench *b, gconstpointer data)
{
    g_autofree char *path = bench_file(b, "file", 4096);
    MemoryBackend *m;

    g_assert_cmpint(chmod(path, 0400), ==, 0);
    m = bench_make(b, &memory_backend_file_type, "m",
                   "size=4k,readonly=on,share=on,mem-path=%s", path);
    g_assert_true(m->readonly);
    g_assert_cmphex(m->host[4095], ==, 0xa5);
    g_assert_false(has_flag(m, "wr"));
}

static void test_align(Bench *b, gconstpointer data)
{
    g_autofree char *path = bench_file(b, "file", 12 * 4096);

    for (unsigned shift = 12; shift < 31; shift++) {
        MemoryBackend *m = bench_make(b, &memory_backend_file_type, "m",
                                      "size=48k,mem-path=%s,align=%u", path,
                                      1u << shift);

        g_assert_cmphex((uintptr_t)m->host % (1u << shift), ==, 0);
        m->host[m->size - 1] = 1;
        object_free(&m->parent);
    }
}

static void test_discard(Bench *b, gconstpointer data)
{
    g_autofree char *path = bench_path(b, "file");
    MemoryBackend *m = bench_make(b, &memory_backend_file_type, "m",
                                  "size=1M,share=on,discard-data=on,"
                                  "mem-path=%s", path);

    memset(m->host, 1, MIB);
    object_free(&m->parent);
    g_assert_cmpuint(file_len(path), ==, MIB);
    g_assert_cmphex(file_byte(path, 5000), ==, 0);
}

static void test_memfd(Bench *b, gconstpointer data)
{
    MemoryBackend *m = bench_make(b, &memory_backend_memfd_type, "m",
                                  "size=1M");
    MemoryBackend *p = bench_make(b, &memory_backend_memfd_type, "p",
                                  "size=1M,share=off,seal=off");

    g_assert_true(memory_backend_properties(m)->share);
    g_assert_true(has_flag(m, "sh"));
    g_assert_false(has_flag(p, "sh"));
    m->host[0] = m->host[MIB - 1] = 1;
    p->host[0] = p->host[MIB - 1] = 1;
}

static void test_nodes(Bench *b, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    MemoryBackend *m = bench_try(b, &memory_backend_ram_type, "m", &error,
                                 "size=1M,policy=bind,host-nodes.0=0");

    if (!m && g_pattern_match_simple("*not implemented*", error->message)) {
        g_test_skip("the kernel has no NUMA policies");
        return;
    }
    g_assert_no_error(error);
    g_assert_nonnull(m);
    bench_make(b, &memory_backend_ram_type, "i",
               "size=1M,policy=interleave,host-nodes.0=0,prealloc=on");
    bench_make(b, &memory_backend_ram_type, "pr",
               "size=1M,policy=preferred,host-nodes.0=0");
    bench_refuse(b, &memory_backend_ram_type, "policy bind: *",
                 "size=1M,policy=bind,host-nodes.0=1023");
    bench_refuse(b, &memory_backend_ram_type, "host-nodes: node 1024: *1023",
                 "size=1M,policy=bind,host-nodes.0=1024");
}

/* What is refused */

/** What more than the address space holds is told with. */
static const char *no_room(void)
{
    return under_valgrind() ? "cannot have *Invalid argument"
                            : "cannot have *Cannot allocate memory";
}

static void test_bad_common(Bench *b, gconstpointer data)
{
    static const ObjectType *const types[] = {
        &memory_backend_ram_type, &memory_backend_memfd_type,
        &memory_backend_file_type,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        const ObjectType *t = types[i];
        g_autofree char *path = bench_path(b, "new");
        g_autofree char *end = t == &memory_backend_file_type
            ? g_strdup_printf(",mem-path=%s", path) : g_strdup("");

        bench_refuse(b, t, "property 'size' of memory-backend-* is 0, *",
                     "size=0%s", end);
        bench_refuse(b, t, "*'size'*is 1,*", "size=1%s", end);
        bench_refuse(b, t, "*'size'*is 4095,*", "size=4095%s", end);
        bench_refuse(b, t, "*9223372036854775808 bytes*",
                     "size=0x8000000000000000%s", end);
        bench_refuse(b, t, "*18446744073709547520 bytes*",
                     "size=0xfffffffffffff000%s", end);
        bench_refuse(b, t, "*'size'*18446744073709551615*",
                     "size=0xffffffffffffffff%s", end);
        bench_refuse(b, t, "Parameter 'size' expects a size", "size=-1%s",
                     end);
        bench_refuse(b, t, "*'prealloc-threads'*is 0*",
                     "size=1M,prealloc-threads=0%s", end);
        bench_refuse(b, t, "*'prealloc-threads'*is 1025*",
                     "size=1M,prealloc-threads=1025%s", end);
        bench_refuse(b, t, "host-nodes must be empty*",
                     "size=1M,host-nodes.0=0%s", end);
        bench_refuse(b, t, "host-nodes must be set for policy bind",
                     "size=1M,policy=bind%s", end);
        bench_refuse(b, t, "Parameter 'policy' does not accept*",
                     "size=1M,policy=local%s", end);
        /* more than any host has: told, not killed for it */
        bench_refuse(b, t, "*35184372088832 bytes*",
                     "size=32T,prealloc=on,reserve=off%s", end);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    }
    bench_refuse(b, &memory_backend_ram_type, no_room(), "size=64T");
}

static void test_bad_file(Bench *b, gconstpointer data)
{
    const ObjectType *t = &memory_backend_file_type;
    g_autofree char *small = bench_file(b, "small", 100);
    g_autofree char *whole = bench_file(b, "whole", 4096);
    g_autofree char *empty = bench_file(b, "empty", 0);
    g_autofree char *fifo = bench_path(b, "fifo");
    g_autofree char *link = bench_path(b, "link");
    g_autofree char *nowhere = bench_path(b, "nowhere");

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_cmpint(symlink("missing/file", link), ==, 0);
    bench_refuse(b, t, "Parameter 'mem-path' is missing", "size=4k");
    bench_refuse(b, t, "can't open backing store  *No such file*",
                 "size=4k,mem-path=");
    bench_refuse(b, t, "*/nowhere/x for guest RAM: No such file*",
                 "size=4k,mem-path=%s/x", nowhere);
    bench_refuse(b, t, "*/small/x for guest RAM: Not a directory",
                 "size=4k,mem-path=%s/x", small);
    bench_refuse(b, t, "*/link for guest RAM: No such file*",
                 "size=4k,mem-path=%s", link);
    bench_refuse(b, t, "*/nowhere for guest RAM: No such file*",
                 "size=4k,readonly=on,mem-path=%s", nowhere);
    bench_refuse(b, t, "*/fifo is neither a file nor a directory",
                 "size=4k,mem-path=%s", fifo);
    bench_refuse(b, t, "*/fifo is neither a file nor a directory",
                 "size=4k,readonly=on,mem-path=%s", fifo);
    bench_refuse(b, t, "/dev/null is neither a file nor a directory",
                 "size=4k,mem-path=/dev/null");
    bench_refuse(b, t, "* is neither a file nor a directory to write to",
                 "size=4k,readonly=on,mem-path=%s", b->dir);
    bench_refuse(b, t, "file */small has 100 bytes, property 'size' asks for "
                 "4096", "size=4k,mem-path=%s", small);
    bench_refuse(b, t, "file */empty has 0 bytes, *",
                 "size=4k,readonly=on,mem-path=%s", empty);
    bench_refuse(b, t, "*'align'*is 4095,*", "size=4k,align=4095,mem-path=%s",
                 whole);
    bench_refuse(b, t, "*'align'*is 12288,*", "size=4k,align=12k,mem-path=%s",
                 whole);
    bench_refuse(b, t, no_room(), "size=4k,align=%"
                 G_GUINT64_FORMAT ",mem-path=%s", UINT64_C(1) << 63, whole);
    bench_refuse(b, t, "*'pmem'*", "size=4k,pmem=on,mem-path=%s", whole);
    bench_refuse(b, t, "*'discard-data'*share=on*",
                 "size=4k,discard-data=on,mem-path=%s", whole);
    bench_refuse(b, t, "*'discard-data' and 'readonly'*",
                 "size=4k,discard-data=on,share=on,readonly=on,mem-path=%s",
                 whole);
    bench_refuse(b, t, "prealloc=on: *read-only*",
                 "size=4k,prealloc=on,readonly=on,mem-path=%s", whole);
    /* nothing of the failures is left */
    g_assert_cmpuint(file_len(small), ==, 100);
    g_assert_cmpuint(file_len(whole), ==, 4096);
    bench_refuse(b, t, "policy bind*", "size=8k,policy=bind,"
                 "host-nodes.0=1023,mem-path=%s", empty);
    g_assert_cmpuint(file_len(empty), ==, 0);
    g_assert_false(g_file_test(nowhere, G_FILE_TEST_EXISTS));
}

static void test_bad_memfd(Bench *b, gconstpointer data)
{
    const ObjectType *t = &memory_backend_memfd_type;

    bench_refuse(b, t, "*'hugetlbsize'*needs hugetlb=on",
                 "size=2M,hugetlbsize=2M");
    bench_refuse(b, t, "*'hugetlbsize'*is 3000,*",
                 "size=2M,hugetlb=on,hugetlbsize=3000");
    bench_refuse(b, t, "*'hugetlbsize'*is 0,*",
                 "size=2M,hugetlb=on,hugetlbsize=0");
    bench_refuse(b, t, "cannot make a memfd of huge pages: *none of that size",
                 "size=2M,hugetlb=on,hugetlbsize=8M");
    bench_refuse(b, t, "*huge pages*", "size=4k,hugetlb=on");
}

static void test_too_large(Bench *b, gconstpointer data)
{
    g_autofree char *path = bench_path(b, "x");

    bench_refuse(b, &memory_backend_file_type, "file * cannot have * bytes: *",
                 "size=0x7ffffffffffff000,share=on,mem-path=%s", path);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/** Mount as who may, or as root of a world of our own. */
static bool enter_own_mounts(void)
{
    g_autofree char *uid = g_strdup_printf("0 %u 1", (unsigned)getuid());
    g_autofree char *gid = g_strdup_printf("0 %u 1", (unsigned)getgid());
    const char *const files[][2] = {
        { "/proc/self/setgroups", "deny" },
        { "/proc/self/uid_map", uid },
        { "/proc/self/gid_map", gid },
    };

    if (unshare(CLONE_NEWNS) < 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
            return false;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
            int fd = open(files[i][0], O_WRONLY | O_CLOEXEC);
            size_t len = strlen(files[i][1]);

            if (fd < 0 || write(fd, files[i][1], len) != (ssize_t)len) {
                return false;
            }
            close(fd);
        }
    }
    return mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0;
}

/** In a world of its own, where b->dir is a small disk: 77 if there is none. */
static int full_disk_child(Bench *b)
{
    g_autofree char *path = bench_path(b, "file");
    MemoryBackend *m;

    if (!enter_own_mounts() ||
        mount("none", b->dir, "tmpfs", 0, "size=1M,mode=0777") < 0) {
        return 77;
    }
    m = bench_make(b, &memory_backend_file_type, "sparse",
                   "size=2M,share=on,mem-path=%s", path);
    object_free(&m->parent);
    g_remove(path);
    bench_refuse(b, &memory_backend_file_type, "prealloc=on: cannot have all "
                 "2097152 bytes of file */file: No space left on device",
                 "size=2M,share=on,prealloc=on,prealloc-threads=2,mem-path=%s",
                 path);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    return 0;
}

static void test_full_disk(Bench *b, gconstpointer data)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        _exit(full_disk_child(b));
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        g_test_skip("no right to mount a file system");
        return;
    }
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

/* A file that shrinks under us */

static void lose_file(void)
{
    Bench b;
    g_autofree char *path = NULL;
    MemoryBackend *m;

    bench_up(&b, NULL);
    path = bench_file(&b, "lost", 8192);
    m = bench_make(&b, &memory_backend_file_type, "m",
                   "size=8k,share=on,mem-path=%s", path);
    g_assert_cmpint(truncate(path, 4096), ==, 0);
    g_remove(path);
    g_rmdir(b.dir);
    m->host[0x1234] = 1;
    g_assert_not_reached();
}

static void test_lost_file(void)
{
    if (g_test_subprocess()) {
        lose_file();
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*file */lost: guest memory is lost, it was "
                              "made shorter or there is no room left for it: "
                              "byte 0x1234\n*");
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    signals++;
}

/** Somebody else's handler has its turn, and is there again afterwards. */
static void test_guard_chain(void)
{
    static uint8_t pages[3];
    struct sigaction ours = { .sa_handler = count_signal }, earlier, now;

    sigaction(SIGBUS, &ours, &earlier);
    fault_guard_add(&pages[0], 1, "a");
    fault_guard_add(&pages[1], 1, "b");
    fault_guard_add(&pages[2], 1, "c");
    fault_guard_remove(&pages[1]);
    fault_guard_remove(&pages[1]);
    sigaction(SIGBUS, NULL, &now);
    g_assert_true(now.sa_handler != count_signal);
    raise(SIGBUS);
    g_assert_cmpint(signals, ==, 1);
    fault_guard_remove(&pages[2]);
    fault_guard_remove(&pages[0]);
    sigaction(SIGBUS, NULL, &now);
    g_assert_true(now.sa_handler == count_signal);
    sigaction(SIGBUS, &earlier, NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(Bench *b, gconstpointer data);
    } tests[] = {
        { "ram", test_ram },
        { "change", test_change },
        { "prealloc", test_prealloc },
        { "touch", test_touch },
        { "file", test_file },
        { "directory", test_directory },
        { "readonly", test_readonly },
        { "align", test_align },
        { "discard", test_discard },
        { "memfd", test_memfd },
        { "nodes", test_nodes },
        { "bad/common", test_bad_common },
        { "bad/file", test_bad_file },
        { "bad/memfd", test_bad_memfd },
        { "bad/too-large", test_too_large },
        { "bad/full-disk", test_full_disk },
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strconcat("/memory-backend/", tests[i].name,
                                            NULL);

        g_test_add(path, Bench, NULL, bench_up, tests[i].test, bench_down);
    }
    g_test_add_func("/memory-backend/lost-file", test_lost_file);
    g_test_add_func("/fault-guard/chain", test_guard_chain);
    return g_test_run();
}
