/*
 * Tests of copies of guest memory to files, of what is written to, and of the
 * header of a dump
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/dump.h"
#include "system/memory-copy.h"
#include "under-valgrind.h"
#include "util/error.h"

#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)

static char *directory;

static char *temp_path(const char *name)
{
    return g_build_filename(directory, name, NULL);
}

/* A pipe whose writing end is opened anew by its path. */
static char *make_pipe(int *read_fd)
{
    char *path = temp_path("pipe");

    unlink(path);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    *read_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    g_assert_cmpint(*read_fd, >=, 0);
    return path;
}

/* Sinks */

static void check_open_fails(const char *path, const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *expected = g_strdup_printf("Could not open '%s': %s",
                                                path, reason);

    g_assert_null(file_sink_open(path, &error));
    g_assert_cmpstr(error->message, ==, expected);
}

static void test_sink_errors(void)
{
    g_autofree char *pipe_path = NULL, *file = temp_path("file");
    g_autoptr(GError) error = NULL;
    int fd;

    check_open_fails("/nowhere/x", "No such file or directory");
    check_open_fails(directory, "Is a directory");
    pipe_path = make_pipe(&fd);
    close(fd);
    check_open_fails(pipe_path, "it is a pipe that nobody reads from");

    g_assert_true(g_file_set_contents(file, "kept", -1, NULL));
    fd = open(file, O_RDONLY | O_CLOEXEC);
    g_assert_null(file_sink_new_fd(fd, "mine", &error));
    g_assert_cmpstr(error->message, ==, "Could not write 'mine': it is not "
                    "open for writing");
    g_assert_cmpint(fcntl(fd, F_GETFD), ==, -1);
}

/* Write zeros, a letter and zeros; then the file has to be @expected. */
static void check_sink(FileSink *sink, const char *path, bool holes,
                       const void *expected, size_t len)
{
    g_autofree char *content = NULL;
    gsize got;

    g_assert_nonnull(sink);
    g_assert_cmpint(file_sink_has_holes(sink), ==, holes);
    g_assert_cmpint(file_sink_write_zeros(sink, 3), ==, 3);
    g_assert_cmpint(file_sink_write(sink, "x", 1), ==, 1);
    g_assert_cmpint(file_sink_write_zeros(sink, 2), ==, 2);
    g_assert_cmpint(file_sink_finish(sink), ==, 0);
    file_sink_free(sink);
    g_assert_true(g_file_get_contents(path, &content, &got, NULL));
    g_assert_cmpmem(content, got, expected, len);
}

static void test_sink_files(void)
{
    g_autofree char *path = temp_path("file");
    struct stat st;
    int fd;

    unlink(path);
    check_sink(file_sink_open(path, NULL), path, true, "\0\0\0x\0\0", 6);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    /* Whatever was there is gone. */
    g_assert_true(g_file_set_contents(path, "0123456789", -1, NULL));
    check_sink(file_sink_open(path, NULL), path, true, "\0\0\0x\0\0", 6);
    /* A descriptor is written from where it stands, and nothing else is. */
    g_assert_true(g_file_set_contents(path, "0123456789", -1, NULL));
    fd = open(path, O_WRONLY | O_CLOEXEC);
    g_assert_cmpint(lseek(fd, 2, SEEK_SET), ==, 2);
    check_sink(file_sink_new_fd(fd, "fd", NULL), path, false,
               "01\0\0\0x\0\0" "89", 10);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    g_assert_cmpint(lseek(fd, 10, SEEK_SET), ==, 10);
    check_sink(file_sink_new_fd(fd, "fd", NULL), path, true,
               "01\0\0\0x\0\0" "89\0\0\0x\0\0", 16);
    g_assert_true(g_file_set_contents(path, "01", -1, NULL));
    fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    check_sink(file_sink_new_fd(fd, "fd", NULL), path, false,
               "01\0\0\0x\0\0", 8);
}

/* Who shares the descriptor finds it as it was. */
static void test_sink_pipe(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *big = g_malloc0(MIB);
    FileSink *sink;
    int fds[2], kept;

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    kept = dup(fds[1]);
    sink = file_sink_new_fd(fds[1], "pipe", &error);
    g_assert_no_error(error);
    g_assert_false(file_sink_has_holes(sink));
    while (file_sink_write(sink, big, MIB) > 0) {
    }
    g_assert_cmpint(file_sink_write(sink, big, MIB), ==, -EAGAIN);
    g_assert_cmpint(file_sink_write_zeros(sink, UINT64_MAX), ==, -EAGAIN);
    g_assert_false(file_sink_empty(sink));
    close(fds[0]);
    g_assert_cmpint(file_sink_write(sink, big, MIB), ==, -EPIPE);
    file_sink_free(sink);
    g_assert_false(fcntl(kept, F_GETFL) & O_NONBLOCK);
    close(kept);
}

/* Guest memory: RAM from 0 to 4 MiB, ROM from 5 to 6, registers at 7, RAM
 * from 8 to 12 MiB, of which a window is seen at 16 */

typedef struct Guest {
    MemoryRegion root, low, rom, io, high, window;
    AddressSpace as;
    MemoryCopies *copies;

    bool done;
    GError *error;
    uint64_t completed;
    MemoryCopy *copy;
} Guest;

static uint64_t io_read(void *opaque, uint64_t offset, unsigned size)
{
    /* nobody may read registers */
    g_assert_not_reached();
}

static void io_write(void *opaque, uint64_t offset, uint64_t value,
                     unsigned size)
{
}

static const MemoryRegionOps io_ops = { .read = io_read, .write = io_write };

static Guest *guest_new(void)
{
    Guest *guest = g_new0(Guest, 1);

    memory_region_init(&guest->root, "root", (uint64_t)1 << 63);
    g_assert_true(memory_region_init_ram(&guest->low, "low", 4 * MIB, NULL,
                                         NULL));
    g_assert_true(memory_region_init_rom(&guest->rom, "rom", MIB, NULL));
    memory_region_init_io(&guest->io, "io", 4096, &io_ops, NULL);
    g_assert_true(memory_region_init_ram(&guest->high, "high", 4 * MIB, NULL,
                                         NULL));
    memory_region_init_alias(&guest->window, "window", &guest->high, MIB, MIB);
    memory_region_add(&guest->root, 0, &guest->low, 0);
    memory_region_add(&guest->root, 5 * MIB, &guest->rom, 0);
    memory_region_add(&guest->root, 7 * MIB, &guest->io, 0);
    memory_region_add(&guest->root, 8 * MIB, &guest->high, 0);
    memory_region_add(&guest->root, 16 * MIB, &guest->window, 0);
    address_space_init(&guest->as, "memory", &guest->root);
    guest->copies = memory_copies_new();
    /* something to find: not at pages' borders, and some zeros in between */
    memset(guest->low.host + 5000, 0x11, 100000);
    memset(guest->low.host + 3 * MIB, 0, 8192);
    memset(guest->rom.host + MIB - 1, 0x22, 1);
    memset(guest->high.host + MIB, 0x33, MIB);
    memset(guest->high.host + 4 * MIB - 1, 0x44, 1);
    return guest;
}

static void guest_free(Guest *guest)
{
    memory_copies_free(guest->copies);
    address_space_cleanup(&guest->as);
    memory_region_cleanup(&guest->window);
    memory_region_cleanup(&guest->high);
    memory_region_cleanup(&guest->io);
    memory_region_cleanup(&guest->rom);
    memory_region_cleanup(&guest->low);
    memory_region_cleanup(&guest->root);
    g_clear_error(&guest->error);
    g_free(guest);
}

static void guest_done(void *opaque, GError *error)
{
    Guest *guest = opaque;

    g_assert_false(guest->done);
    guest->done = true;
    guest->error = error;
    guest->completed = memory_copy_completed(guest->copy);
}

static void guest_copy(Guest *guest, FileSink *sink, const char *header,
                       const MemoryRange *ranges, guint n)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(MemoryRange));

    g_array_append_vals(array, ranges, n);
    guest->copy = memory_copy_start(
        guest->copies, &guest->as,
        header ? g_bytes_new(header, strlen(header)) : NULL, array, sink,
        guest_done, guest);
}

/* What the guest reads at @gpa, or zeros. */
static void guest_expect(Guest *guest, GByteArray *out, uint64_t gpa,
                         uint64_t len)
{
    for (uint64_t at = gpa; at < gpa + len;) {
        uint8_t bytes[4096] = { 0 };
        uint64_t n = MIN(gpa + len - at, 4096 - at % 4096);

        address_space_peek(&guest->as, at, bytes, n);
        g_byte_array_append(out, bytes, (guint)n);
        at += n;
    }
}

static void test_find_ram(void)
{
    static const MemoryRange expected[] = {
        { 0, 4 * MIB }, { 5 * MIB, MIB }, { 8 * MIB, 4 * MIB },
        { 16 * MIB, MIB },
    };
    Guest *guest = guest_new();
    GArray *ranges = memory_scan_find_ram(&guest->as, 0, UINT64_MAX);
    MemoryRegion next;

    g_assert_cmpmem(ranges->data, ranges->len * sizeof(MemoryRange), expected,
                    sizeof(expected));
    g_array_unref(ranges);

    /* A part, and neighbours become one. */
    g_assert_true(memory_region_init_ram(&next, "next", MIB, NULL, NULL));
    memory_region_add(&guest->root, 4 * MIB, &next, 0);
    ranges = memory_scan_find_ram(&guest->as, 3 * MIB + 5, 7 * MIB);
    g_assert_cmpuint(ranges->len, ==, 1);
    g_assert_cmpuint(g_array_index(ranges, MemoryRange, 0).gpa, ==,
                     3 * MIB + 5);
    g_assert_cmpuint(g_array_index(ranges, MemoryRange, 0).len, ==,
                     3 * MIB - 5);
    g_array_unref(ranges);

    ranges = memory_scan_find_ram(&guest->as, 6 * MIB, 8 * MIB - 1);
    g_assert_cmpuint(ranges->len, ==, 0);
    g_array_unref(ranges);
    memory_region_cleanup(&next);
    guest_free(guest);
}

static void check_file(Guest *guest, const char *path, GByteArray *expected)
{
    g_autofree char *content = NULL;
    gsize len;

    while (!guest->done) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_no_error(guest->error);
    g_assert_true(g_file_get_contents(path, &content, &len, NULL));
    g_assert_cmpuint(len, ==, expected->len);
    /* not g_assert_cmpmem(), which would print all of it */
    g_assert_true(!len || memcmp(content, expected->data, len) == 0);
}

static void test_copy_file(void)
{
    static const MemoryRange ranges[] = {
        { 1000, 3 * MIB }, { 3 * MIB, 6 * MIB }, { 11 * MIB, 6 * MIB },
    };
    Guest *guest = guest_new();
    g_autofree char *path = temp_path("copy");
    g_autoptr(GByteArray) expected = g_byte_array_new();
    struct stat st;

    guest_copy(guest, file_sink_open(path, NULL), "header", ranges,
               G_N_ELEMENTS(ranges));
    g_assert_cmpuint(memory_copy_total(guest->copy), ==, 15 * MIB);
    g_byte_array_append(expected, (const guint8 *)"header", 6);
    for (guint i = 0; i < G_N_ELEMENTS(ranges); i++) {
        guest_expect(guest, expected, ranges[i].gpa, ranges[i].len);
    }
    check_file(guest, path, expected);
    g_assert_cmpuint(guest->completed, ==, 15 * MIB);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_blocks, <, 4 * MIB / 512);
    guest_free(guest);
}

/* Nothing at all is still a file. */
static void test_copy_nothing(void)
{
    Guest *guest = guest_new();
    g_autofree char *path = temp_path("nothing");
    g_autoptr(GByteArray) expected = g_byte_array_new();

    guest_copy(guest, file_sink_open(path, NULL), NULL, NULL, 0);
    check_file(guest, path, expected);
    guest_free(guest);
}

/* Page tables are all that a guest of 64 GiB costs that was never touched. */
static void test_copy_untouched(void)
{
    const MemoryRange range = { (uint64_t)1 << 40, (uint64_t)64 << 30 };
    Guest *guest = guest_new();
    g_autofree char *path = temp_path("untouched");
    MemoryRegion huge;
    struct rusage before, after;
    struct stat st;

    if (access("/proc/self/pagemap", R_OK) < 0 || under_valgrind()) {
        g_test_skip("nobody tells what has been touched");
        guest_free(guest);
        return;
    }
    g_assert_true(memory_region_init_ram(&huge, "huge", range.len, NULL,
                                         NULL));
    memory_region_add(&guest->root, range.gpa, &huge, 0);
    huge.host[range.len / 2] = 1;
    getrusage(RUSAGE_SELF, &before);
    guest_copy(guest, file_sink_open(path, NULL), NULL, &range, 1);
    while (!guest->done) {
        g_main_context_iteration(NULL, TRUE);
    }
    getrusage(RUSAGE_SELF, &after);
    g_assert_no_error(guest->error);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpuint((uint64_t)st.st_size, ==, range.len);
    g_assert_cmpint(st.st_blocks, <, 1000);
    g_assert_cmpint(after.ru_maxrss - before.ru_maxrss, <, 16 * 1024);
    g_assert_cmpint(after.ru_minflt - before.ru_minflt, <, 10000);
    memory_region_cleanup(&huge);
    unlink(path);
    guest_free(guest);
}

/* Memory that is a file's has content before anybody touches it here. */
static void test_copy_shared(void)
{
    const MemoryRange range = { (uint64_t)1 << 40, 2 * MIB };
    static const int kinds[] = { MAP_SHARED, MAP_PRIVATE };

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        Guest *guest = guest_new();
        g_autofree char *path = temp_path("shared"), *content = NULL;
        int fd = memfd_create("memory", MFD_CLOEXEC);
        MemoryRegion shared;
        gsize len;
        void *host;

        g_assert_cmpint(ftruncate(fd, 2 * MIB), ==, 0);
        g_assert_cmpint(pwrite(fd, "there", 5, MIB - 2), ==, 5);
        host = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, kinds[i], fd, 0);
        g_assert_true(host != MAP_FAILED);
        g_assert_true(memory_region_init_ram(&shared, "shared", 2 * MIB, host,
                                             NULL));
        memory_region_add(&guest->root, range.gpa, &shared, 0);
        guest_copy(guest, file_sink_open(path, NULL), NULL, &range, 1);
        while (!guest->done) {
            g_main_context_iteration(NULL, TRUE);
        }
        g_assert_no_error(guest->error);
        g_assert_true(g_file_get_contents(path, &content, &len, NULL));
        g_assert_cmpuint(len, ==, 2 * MIB);
        g_assert_cmpmem(content + MIB - 2, 5, "there", 5);
        memory_region_cleanup(&shared);
        munmap(host, 2 * MIB);
        close(fd);
        guest_free(guest);
    }
}

static uint64_t file_blocks_len(int fd)
{
    struct stat st;

    g_assert_cmpint(fstat(fd, &st), ==, 0);
    return (uint64_t)st.st_blocks * 512;
}

/* One byte of memory that is a file's, written by its @kind of mapping or by
 * others, must be found; all other memory must stay the hole it is. */
static void check_copy_holes(int kind)
{
    const MemoryRange range = { (uint64_t)1 << 40, 1024 * MIB };
    const uint64_t mine = 100 * MIB + 3, theirs = 1024 * MIB - 1;
    Guest *guest = guest_new();
    g_autofree char *path = temp_path("holes");
    int fd = memfd_create("memory", MFD_CLOEXEC);
    int copy;
    uint8_t bytes[2];
    MemoryRegion region;
    uint8_t *host;

    g_assert_cmpint(ftruncate(fd, (off_t)range.len), ==, 0);
    g_assert_cmpint(pwrite(fd, "t", 1, (off_t)theirs), ==, 1);
    g_assert_cmpint(lseek(fd, 5, SEEK_SET), ==, 5);
    host = mmap(NULL, range.len, PROT_READ | PROT_WRITE, kind | MAP_NORESERVE,
                fd, 0);
    g_assert_true(host != MAP_FAILED);
    g_assert_true(memory_region_init_ram(&region, "file", range.len, host,
                                         NULL));
    region.fd = fd;
    memory_region_add(&guest->root, range.gpa, &region, 0);
    host[mine] = 'm';

    guest_copy(guest, file_sink_open(path, NULL), NULL, &range, 1);
    while (!guest->done) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_no_error(guest->error);
    copy = open(path, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(lseek(copy, 0, SEEK_END), ==, (off_t)range.len);
    g_assert_cmpint(pread(copy, bytes, 1, (off_t)mine), ==, 1);
    g_assert_cmpint(pread(copy, bytes + 1, 1, (off_t)theirs), ==, 1);
    g_assert_cmpmem(bytes, 2, "mt", 2);
    g_assert_cmpuint(file_blocks_len(copy), <, MIB);
    close(copy);
    unlink(path);
    g_assert_cmpuint(file_blocks_len(fd), <, 4 * MIB);
    /* whoever shares the descriptor finds it as it was */
    g_assert_cmpint(lseek(fd, 0, SEEK_CUR), ==, 5);
    memory_region_cleanup(&region);
    munmap(host, range.len);
    close(fd);
    guest_free(guest);
}

static void test_copy_holes(void)
{
    if (access("/proc/self/pagemap", R_OK) < 0) {
        g_test_skip("nobody tells what has been touched");
        return;
    }
    check_copy_holes(MAP_SHARED);
    check_copy_holes(MAP_PRIVATE);
}

/* The topology changes while a pipe is full: what is not there any more reads
 * as zeros, and nobody looks where it was. */
static void test_copy_pipe(void)
{
    const MemoryRange range = { 8 * MIB, 4 * MIB };
    Guest *guest = guest_new();
    g_autoptr(GByteArray) got = g_byte_array_new();
    g_autofree uint8_t *bytes = g_malloc(MIB);
    g_autofree char *path = NULL;
    int fd;

    path = make_pipe(&fd);
    guest_copy(guest, file_sink_open(path, NULL), NULL, &range, 1);
    for (int i = 0; i < 100; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_false(guest->done);
    g_assert_cmpuint(memory_copy_completed(guest->copy), <, MIB);
    for (;;) {
        ssize_t n = read(fd, bytes, 32768);

        if (n > 0) {
            g_byte_array_append(got, bytes, (guint)n);
            if (got->len >= 2 * MIB + 500000 && guest->high.container) {
                memory_region_remove(&guest->window);
                memory_region_cleanup(&guest->high);
            }
        } else if (guest->done) {
            g_assert_cmpint(n, ==, 0);
            break;
        }
        g_main_context_iteration(NULL, FALSE);
    }
    close(fd);
    g_assert_no_error(guest->error);
    g_assert_cmpuint(got->len, ==, 4 * MIB);
    g_assert_cmphex(got->data[0], ==, 0);
    g_assert_cmphex(got->data[MIB], ==, 0x33);
    g_assert_cmphex(got->data[2 * MIB - 1], ==, 0x33);
    g_assert_cmphex(got->data[4 * MIB - 1], ==, 0);
    guest_free(guest);
}

/* Files that cannot be written to their end. */
static void test_copy_fails(void)
{
    const MemoryRange range = { 8 * MIB, 4 * MIB };
    Guest *guest = guest_new();
    g_autofree char *path = temp_path("limit"), *pipe_path = NULL;
    g_autofree char *expected = NULL;
    struct rlimit limit, old;
    struct stat st;
    int fd;

    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
    limit = old;
    limit.rlim_cur = MIB + 4096;
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    guest_copy(guest, file_sink_open(path, NULL), NULL, &range, 1);
    while (!guest->done) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
    expected = g_strdup_printf("Could not write '%s': File too large, after "
                               "1052672 of 4194304 bytes of guest memory; the "
                               "file has been emptied", path);
    g_assert_cmpstr(guest->error->message, ==, expected);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_size, ==, 0);

    /* Its reader goes. */
    guest->done = false;
    g_clear_error(&guest->error);
    pipe_path = make_pipe(&fd);
    guest_copy(guest, file_sink_open(pipe_path, NULL), NULL, &range, 1);
    for (int i = 0; i < 100; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
    close(fd);
    while (!guest->done) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_nonnull(strstr(guest->error->message, "': Broken pipe, after "));
    g_assert_null(strstr(guest->error->message, "emptied"));
    guest_free(guest);
}

/* The program ends, from every kind of waiting. */
static void test_copies_end(void)
{
    const MemoryRange range = { 8 * MIB, 4 * MIB };

    for (int turns = 0; turns < 5; turns++) {
        Guest *guest = guest_new();
        g_autofree char *path = NULL;
        int fd;

        path = make_pipe(&fd);
        guest_copy(guest, file_sink_open(path, NULL), NULL, &range, 1);
        for (int i = 0; i < turns; i++) {
            g_main_context_iteration(NULL, FALSE);
        }
        memory_copies_end(guest->copies, "the program ends");
        g_assert_true(guest->done);
        g_assert_nonnull(strstr(guest->error->message,
                                "': the program ends, after "));
        close(fd);
        guest_free(guest);
    }
}

static void test_copies_many(void)
{
    const MemoryRange range = { 8 * MIB, 4 * MIB };
    Guest *guests[MEMORY_COPIES_MAX];
    Guest *first = guest_new();
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int fd;

    path = make_pipe(&fd);
    for (int i = 0; i < MEMORY_COPIES_MAX; i++) {
        g_assert_true(memory_copies_check(first->copies, &error));
        guests[i] = guest_new();
        memory_copies_free(guests[i]->copies);
        guests[i]->copies = first->copies;
        guest_copy(guests[i], file_sink_open(path, NULL), NULL, &range, 1);
    }
    g_assert_false(memory_copies_check(first->copies, &error));
    g_assert_cmpstr(error->message, ==, "16 copies of guest memory are under "
                    "way already");
    memory_copies_end(first->copies, "enough");
    for (int i = 0; i < MEMORY_COPIES_MAX; i++) {
        g_assert_true(guests[i]->done);
        guests[i]->copies = memory_copies_new();
        guest_free(guests[i]);
    }
    close(fd);
    guest_free(first);
}

/* The header of a dump */

static const Elf64_Phdr *check_header(GBytes *bytes, guint n, bool many)
{
    gsize len;
    const uint8_t *data = g_bytes_get_data(bytes, &len);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)data;
    static const uint8_t ident[EI_NIDENT] = "\177ELF\2\1\1";

    g_assert_cmpmem(header->e_ident, EI_NIDENT, ident, EI_NIDENT);
    g_assert_cmpuint(header->e_type, ==, ET_CORE);
    g_assert_cmpuint(header->e_machine, ==, EM_X86_64);
    g_assert_cmpuint(header->e_version, ==, 1);
    g_assert_cmpuint(header->e_ehsize, ==, 64);
    g_assert_cmpuint(header->e_phentsize, ==, 56);
    g_assert_cmpuint(len % 4096, ==, 0);
    g_assert_cmpuint(len, >=, header->e_phoff + n * 56ul);
    if (many) {
        const Elf64_Shdr *section =
            (const Elf64_Shdr *)(data + header->e_shoff);

        g_assert_cmpuint(header->e_phnum, ==, PN_XNUM);
        g_assert_cmpuint(header->e_shnum, ==, 1);
        g_assert_cmpuint(header->e_shentsize, ==, 64);
        g_assert_cmpuint(section->sh_type, ==, SHT_NULL);
        g_assert_cmpuint(section->sh_info, ==, n);
    } else {
        g_assert_cmpuint(header->e_phnum, ==, n);
        g_assert_cmpuint(header->e_shoff, ==, 0);
        g_assert_cmpuint(header->e_shnum, ==, 0);
    }
    return (const Elf64_Phdr *)(data + header->e_phoff);
}

static void check_dump(guint n)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(MemoryRange));
    const Elf64_Phdr *segment;
    GBytes *bytes;
    uint64_t offset;

    for (guint i = 0; i < n; i++) {
        MemoryRange range = { (uint64_t)i << 40 | 5, 4096 + i };

        g_array_append_val(ranges, range);
    }
    bytes = dump_build_header(ranges);
    segment = check_header(bytes, n, n >= 65535);
    offset = g_bytes_get_size(bytes);
    for (guint i = 0; i < n; i++, segment++) {
        g_assert_cmpuint(segment->p_type, ==, PT_LOAD);
        g_assert_cmphex(segment->p_vaddr, ==, (uint64_t)i << 40 | 5);
        g_assert_cmphex(segment->p_paddr, ==, segment->p_vaddr);
        g_assert_cmpuint(segment->p_filesz, ==, 4096 + i);
        g_assert_cmpuint(segment->p_memsz, ==, 4096 + i);
        g_assert_cmpuint(segment->p_offset, ==, offset);
        offset += segment->p_filesz;
    }
    g_bytes_unref(bytes);
    g_array_unref(ranges);
}

static void test_dump_header(void)
{
    static const guint counts[] = { 1, 3, 72, 73, 65534, 65535, 70000 };

    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        check_dump(counts[i]);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GDir) dir = NULL;
    const char *name;
    int result;

    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    directory = g_dir_make_tmp("memory-copy-XXXXXX", NULL);
    g_assert_nonnull(directory);
    g_test_add_func("/file-sink/errors", test_sink_errors);
    g_test_add_func("/file-sink/files", test_sink_files);
    g_test_add_func("/file-sink/pipe", test_sink_pipe);
    g_test_add_func("/memory-copy/find-ram", test_find_ram);
    g_test_add_func("/memory-copy/file", test_copy_file);
    g_test_add_func("/memory-copy/nothing", test_copy_nothing);
    g_test_add_func("/memory-copy/untouched", test_copy_untouched);
    g_test_add_func("/memory-copy/shared", test_copy_shared);
    g_test_add_func("/memory-copy/holes", test_copy_holes);
    g_test_add_func("/memory-copy/pipe", test_copy_pipe);
    g_test_add_func("/memory-copy/fails", test_copy_fails);
    g_test_add_func("/memory-copy/end", test_copies_end);
    g_test_add_func("/memory-copy/many", test_copies_many);
    g_test_add_func("/dump/header", test_dump_header);
    result = g_test_run();
    dir = g_dir_open(directory, 0, NULL);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = temp_path(name);

        unlink(path);
    }
    g_rmdir(directory);
    g_free(directory);
    return result;
}
