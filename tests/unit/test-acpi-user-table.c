/*
 * -acpitable: reading tables, mending headers, whose OEM identity counts
 *
 * Requirements: docs/specs/acpitable.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acpi-samples.h"
#include "util/bytes.h"

/** The 36 bytes that many have tested with: ids, revisions, no body. */
static const uint8_t slic_36[] = {
    0x53, 0x4c, 0x49, 0x43, 0x24, 0x00, 0x00, 0x00, 0x01, 0x3a, 0x41, 0x42,
    0x52, 0x41, 0x43, 0x41, 0x44, 0x41, 0x42, 0x52, 0x41, 0x58, 0x59, 0x5a,
    0x04, 0x03, 0x02, 0x01, 0x51, 0x55, 0x55, 0x58, 0x08, 0x07, 0x06, 0x05,
};

typedef struct Loading {
    char *directory;
    GPtrArray *paths;           /* files to remove */
    GPtrArray *warnings;
    AcpiTableOptions options;
} Loading;

static void loading_begin(Loading *t, gconstpointer data)
{
    memset(t, 0, sizeof(*t));
    t->directory = g_dir_make_tmp("firmament-XXXXXX", NULL);
    g_assert_nonnull(t->directory);
    t->paths = g_ptr_array_new_with_free_func(g_free);
    t->warnings = g_ptr_array_new_with_free_func(g_free);
}

static void loading_end(Loading *t, gconstpointer data)
{
    for (guint i = 0; i < t->paths->len; i++) {
        g_unlink(g_ptr_array_index(t->paths, i));
    }
    g_assert_cmpint(g_rmdir(t->directory), ==, 0);
    g_ptr_array_unref(t->paths);
    g_ptr_array_unref(t->warnings);
    g_free(t->directory);
}

static char *new_path(Loading *t)
{
    char *path = g_strdup_printf("%s/%u", t->directory, t->paths->len);

    g_ptr_array_add(t->paths, path);
    return path;
}

static char *new_file(Loading *t, const void *bytes, size_t len)
{
    char *path = new_path(t);

    g_assert_true(g_file_set_contents(path, bytes, len, NULL));
    return path;
}

static char *new_zeros(Loading *t, size_t len)
{
    g_autofree uint8_t *zeros = g_malloc0(len);

    return new_file(t, zeros, len);
}

/** load: what the options give, which is no error. */
static GBytes *load(Loading *t)
{
    g_autoptr(GError) error = NULL;
    GBytes *table = acpi_user_table_load(&t->options, t->warnings, &error);
    gsize len;
    const uint8_t *bytes;

    g_assert_no_error(error);
    bytes = g_bytes_get_data(table, &len);
    g_assert_cmpuint(len, >=, 36);
    g_assert_cmpuint(len, <=, ACPI_USER_TABLE_MAX);
    g_assert_cmpuint(ld32_le(bytes + 4), ==, len);
    g_assert_cmphex(bytes_sum(bytes, len), ==, 0);
    return table;
}

static void expect_bytes(GBytes *table, const void *bytes, size_t len)
{
    gsize got_len;
    const void *got = g_bytes_get_data(table, &got_len);

    g_assert_cmpmem(got, got_len, bytes, len);
}

static void expect_warning(Loading *t, const char *text)
{
    g_assert_cmpuint(t->warnings->len, ==, text ? 1 : 0);
    if (text) {
        g_assert_cmpstr(g_ptr_array_index(t->warnings, 0), ==, text);
        g_ptr_array_set_size(t->warnings, 0);
    }
}

/** expect_error: the message; a %s in @format is @path. */
static void expect_error(Loading *t, const char *format, const char *path)
{
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(format);

    g_assert_null(acpi_user_table_load(&t->options, t->warnings, &error));
    g_assert_nonnull(error);
    g_string_replace(text, "%s", path ? path : "", 0);
    g_assert_cmpstr(error->message, ==, text->str);
    g_assert_cmpuint(t->warnings->len, ==, 0);
    g_string_free(text, TRUE);
}

/* Good tables */

static void test_slic_36(Loading *t, gconstpointer data)    /* R1, R5, R8 */
{
    t->options.file = new_file(t, slic_36, sizeof(slic_36));
    g_autoptr(GBytes) table = load(t);

    expect_bytes(table, slic_36, sizeof(slic_36));
    expect_warning(t, NULL);
}

static void test_slic_374(Loading *t, gconstpointer data)
{
    g_autoptr(GBytes) slic = sample_slic_374("EXMPL1", "EXMPLTBL");
    gsize len;
    const void *bytes = g_bytes_get_data(slic, &len);

    g_assert_cmpuint(len, ==, 374);
    t->options.file = new_file(t, bytes, len);
    g_autoptr(GBytes) table = load(t);
    expect_bytes(table, bytes, len);
    expect_warning(t, NULL);

    /* as libvirt passes it: the signature said twice */
    t->options.sig = (char *)"SLIC";
    g_autoptr(GBytes) again = load(t);
    expect_bytes(again, bytes, len);
    expect_warning(t, NULL);
}

/** Each option replaces its field and nothing else. */
static void test_override(Loading *t, gconstpointer data)    /* R6 */
{
    uint8_t expected[36];
    g_autoptr(GBytes) table = NULL;

    t->options = (AcpiTableOptions) {
        .sig = (char *)"ABC", .has_rev = true, .rev = 255,
        .oem_id = (char *)"LIB", .oem_table_id = (char *)"",
        .has_oem_rev = true, .oem_rev = UINT32_MAX,
        .asl_compiler_id = (char *)"WXYZ",
        .has_asl_compiler_rev = true, .asl_compiler_rev = 0x01020304,
        .file = new_file(t, slic_36, sizeof(slic_36)),
    };
    table = load(t);
    memcpy(expected, slic_36, 36);
    memcpy(expected, "ABC\0", 4);
    expected[8] = 255;
    memcpy(expected + 10, "LIB\0\0\0", 6);
    memset(expected + 16, 0, 8);
    memset(expected + 24, 0xff, 4);
    memcpy(expected + 28, "WXYZ\4\3\2\1", 8);
    expected[9] = 0;
    expected[9] = -bytes_sum(expected, 36);
    expect_bytes(table, expected, 36);

    /* one at a time */
    for (unsigned i = 0; i < 7; i++) {
        static const struct {
            unsigned at, len;
        } fields[] = { { 0, 4 }, { 8, 1 }, { 10, 6 }, { 16, 8 }, { 24, 4 },
                       { 28, 4 }, { 32, 4 } };
        AcpiTableOptions *o = &t->options;
        const uint8_t *bytes;

        *o = (AcpiTableOptions) { .file = o->file };
        o->sig = i == 0 ? (char *)"Q" : NULL;
        o->has_rev = i == 1;
        o->oem_id = i == 2 ? (char *)"Q" : NULL;
        o->oem_table_id = i == 3 ? (char *)"Q" : NULL;
        o->has_oem_rev = i == 4;
        o->asl_compiler_id = i == 5 ? (char *)"Q" : NULL;
        o->has_asl_compiler_rev = i == 6;
        g_autoptr(GBytes) one = load(t);
        bytes = g_bytes_get_data(one, NULL);
        for (unsigned k = 0; k < 36; k++) {
            bool mine = k >= fields[i].at &&
                        k < fields[i].at + fields[i].len;

            if (mine) {
                bool text = i == 0 || i == 2 || i == 3 || i == 5;

                g_assert_cmphex(bytes[k], ==,
                                text && k == fields[i].at ? 'Q' : 0);
            } else if (k != 9) {
                g_assert_cmphex(bytes[k], ==, slic_36[k]);
            }
        }
    }
    expect_warning(t, NULL);
}

static void test_data(Loading *t, gconstpointer data)    /* R1, R6 */
{
    static const uint8_t expected[] =
        "QEMU\x28\0\0\0\x01\0QEMUQEQEMUQEMU\x01\0\0\0QEMU\x01\0\0\0body";
    uint8_t bytes[40];
    g_autoptr(GBytes) table = NULL;
    g_autofree char *warning = NULL;

    t->options.data = new_file(t, "body", 4);
    table = load(t);
    memcpy(bytes, expected, 40);
    bytes[9] = -bytes_sum(bytes, 40);
    expect_bytes(table, bytes, 40);
    warning = g_strdup_printf("%s: data without a header option; table gets "
                              "signature QEMU and OEM ID QEMUQE",
                              t->options.data);
    expect_warning(t, warning);

    t->options.sig = (char *)"SLIC";
    g_autoptr(GBytes) slic = load(t);
    memcpy(bytes, "SLIC", 4);
    bytes[9] = 0;
    bytes[9] = -bytes_sum(bytes, 40);
    expect_bytes(slic, bytes, 40);
    expect_warning(t, NULL);
}

/** Any byte value, a NUL included, goes through a text option. */
static void test_text(Loading *t, gconstpointer data)    /* R9 */
{
    const uint8_t *bytes;
    g_autoptr(GBytes) table = NULL;

    t->options.file = new_file(t, slic_36, 36);
    t->options.oem_id = (char *)"\xc0\x80" "A\xc2\x80\xc3\xbf\x7f\xc0\x80";
    t->options.oem_table_id = (char *)"\xc0\x80\xc0\x80\xc0\x80\xc0\x80"
                              "\xc0\x80\xc0\x80\xc0\x80\xc3\xa9";
    table = load(t);
    bytes = g_bytes_get_data(table, NULL);
    g_assert_cmpmem(bytes + 10, 6, "\0A\x80\xff\x7f\0", 6);
    g_assert_cmpmem(bytes + 16, 8, "\0\0\0\0\0\0\0\xe9", 8);
}

static void test_list(Loading *t, gconstpointer data)    /* R2 */
{
    char *a = new_file(t, slic_36, 7), *b = new_file(t, slic_36 + 7, 28);
    char *c = new_file(t, slic_36 + 35, 1);
    g_autofree char *list = g_strjoin(":", a, b, c, NULL);
    g_autoptr(GBytes) table = NULL;

    t->options.file = list;
    table = load(t);
    expect_bytes(table, slic_36, 36);
    expect_warning(t, NULL);
}

static void test_length_mended(Loading *t, gconstpointer data)    /* R7 */
{
    uint8_t bytes[40] = { 0 };
    g_autofree char *warning = NULL;

    memcpy(bytes, slic_36, 36);
    bytes[9] = 0x11;                    /* a wrong sum needs no warning */
    st32_le(bytes + 4, 374);
    t->options.file = new_file(t, bytes, 40);
    g_autoptr(GBytes) table = load(t);
    warning = g_strdup_printf("%s: header says 374 bytes, file has 40; mended",
                              t->options.file);
    expect_warning(t, warning);
    g_assert_cmpuint(g_bytes_get_size(table), ==, 40);
}

/** Files that are hardly what was meant still give a table, and a warning. */
static void test_doubtful(Loading *t, gconstpointer data)
{
    static const char text[] = "DefinitionBlock (\"\", \"SSDT\", 1, \"A\", 1)";
    static const char source[] = "/*\n * Intel ACPI Component Architecture *\n";
    g_autofree char *not_table = NULL, *swapped = NULL;

    t->options.file = new_file(t, (const uint8_t *)source, sizeof(source));
    g_bytes_unref(load(t));
    not_table = g_strdup_printf("%s: does not begin with a table's signature; "
                                "is it the table in binary form?",
                                t->options.file);
    g_assert_cmpstr(g_ptr_array_index(t->warnings, 0), ==, not_table);
    g_ptr_array_set_size(t->warnings, 0);

    t->options = (AcpiTableOptions) { .sig = (char *)"SLIC" };
    t->options.data = new_file(t, slic_36, 36);
    g_bytes_unref(load(t));
    swapped = g_strdup_printf("%s: begins with a table's header; 'file=' was "
                              "probably meant", t->options.data);
    expect_warning(t, swapped);
    /* a body that looks like nothing of the kind */
    t->options.data = new_file(t, (const uint8_t *)text, sizeof(text));
    g_bytes_unref(load(t));
    expect_warning(t, NULL);
}

/** A SLIC cut short anywhere: an error, or a table of what is there. */
static void test_truncated(Loading *t, gconstpointer data)    /* R5 */
{
    g_autoptr(GBytes) slic = sample_slic_374("EXMPL1", "EXMPLTBL");
    const char *bytes = g_bytes_get_data(slic, NULL);

    t->options.file = new_path(t);
    for (size_t len = 0; len <= 374; len++) {
        g_assert_true(g_file_set_contents(t->options.file, bytes, len, NULL));
        if (len == 0) {
            expect_error(t, "file %s is empty", t->options.file);
        } else if (len < 36) {
            g_autofree char *text = g_strdup_printf(
                "%%s: table has %zu bytes, its header alone takes 36", len);

            expect_error(t, text, t->options.file);
        } else {
            g_autoptr(GBytes) table = load(t);

            g_assert_cmpuint(g_bytes_get_size(table), ==, len);
            g_assert_cmpuint(t->warnings->len, ==, len < 374);
            g_ptr_array_set_size(t->warnings, 0);
        }
    }
}

/** The longest table, and one byte more, by file and by data. */
static void test_longest(Loading *t, gconstpointer data)    /* R5 */
{
    static const size_t extra[] = { 0, 36 };
    char *one = new_zeros(t, 1);

    for (size_t i = 0; i < 2; i++) {
        char *path = new_zeros(t, 65535 - extra[i]);
        g_autofree char *list = g_strjoin(":", path, one, NULL);

        t->options = (AcpiTableOptions) { .sig = (char *)"LONG" };
        *(i ? &t->options.data : &t->options.file) = path;
        g_autoptr(GBytes) table = load(t);
        g_assert_cmpuint(g_bytes_get_size(table), ==, 65535);
        g_ptr_array_set_size(t->warnings, 0);

        *(i ? &t->options.data : &t->options.file) = list;
        expect_error(t, "%s: table has 65536 bytes, at most 65535 fit", one);

        path = new_zeros(t, 65536 - extra[i]);
        *(i ? &t->options.data : &t->options.file) = path;
        expect_error(t, i ? "%s: table has 65536 bytes, at most 65535 fit" :
                     "file %s has 65536 bytes, at most 65535 fit", path);
    }
    /* and one that never ends */
    t->options = (AcpiTableOptions) { .file = (char *)"/dev/zero" };
    expect_error(t, "file %s has more than the 65535 bytes that fit",
                 "/dev/zero");
}

/* Pipes */

typedef struct Feeder {
    const char *fifo;           /* NULL: fd */
    int fd;
    const uint8_t *bytes;
    size_t len;
    pthread_t reader;           /* interrupted between the bytes */
} Feeder;

static void feeder_signal(int sig)
{
}

/** feeder: write byte by byte, so that every read is short. */
static gpointer feeder(gpointer data)
{
    Feeder *f = data;
    int fd;

    /* while there is no writer the reader's open() waits */
    for (unsigned i = 0; i < 50; i++) {
        pthread_kill(f->reader, SIGUSR1);
        g_usleep(200);
    }
    fd = f->fifo ? open(f->fifo, O_WRONLY) : f->fd;
    for (size_t i = 0; i < f->len; i++) {
        pthread_kill(f->reader, SIGUSR1);
        g_usleep(200);
        g_assert_cmpint(write(fd, f->bytes + i, 1), ==, 1);
    }
    close(fd);
    return NULL;
}

static void test_pipes(Loading *t, gconstpointer data)    /* R3 */
{
    struct sigaction action = { .sa_handler = feeder_signal };
    char *fifo = new_path(t);
    g_autofree char *by_fd = NULL;
    int fds[2];
    Feeder f = { .fifo = fifo, .bytes = slic_36, .len = 36,
                 .reader = pthread_self() };
    GThread *thread;

    /* no SA_RESTART: open() and read() end with EINTR */
    g_assert_cmpint(sigaction(SIGUSR1, &action, NULL), ==, 0);
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    thread = g_thread_new("feeder", feeder, &f);
    t->options.file = fifo;
    g_autoptr(GBytes) table = load(t);
    g_thread_join(thread);
    expect_bytes(table, slic_36, 36);

    g_assert_cmpint(pipe(fds), ==, 0);
    f.fifo = NULL;
    f.fd = fds[1];
    by_fd = g_strdup_printf("/dev/fd/%d", fds[0]);
    thread = g_thread_new("feeder", feeder, &f);
    t->options.file = by_fd;
    g_autoptr(GBytes) again = load(t);
    g_thread_join(thread);
    expect_bytes(again, slic_36, 36);
    close(fds[0]);
    expect_warning(t, NULL);
}

/* Errors */

static void test_options_wrong(Loading *t, gconstpointer data)    /* R1, R2 */
{
    char *path = new_file(t, slic_36, 36);
    g_autofree char *holed = g_strdup_printf("%s::%s", path, path);
    g_autofree char *leading = g_strdup_printf(":%s", path);
    g_autofree char *trailing = g_strdup_printf("%s:", path);

    expect_error(t, "one of 'data' and 'file' is needed", NULL);
    t->options.file = t->options.data = path;
    expect_error(t, "'data' and 'file' exclude each other", NULL);

    t->options.data = NULL;
    t->options.file = (char *)"";
    expect_error(t, "file: names no file", NULL);
    t->options.file = (char *)":";
    expect_error(t, "file: file 1 in ':' has an empty name", NULL);
    t->options.file = leading;
    expect_error(t, "file: file 1 in '%s' has an empty name", leading);
    t->options.file = holed;
    expect_error(t, "file: file 2 in '%s' has an empty name", holed);
    t->options.file = NULL;
    t->options.data = trailing;
    expect_error(t, "data: file 2 in '%s' has an empty name", trailing);
    t->options.data = (char *)"";
    expect_error(t, "data: names no file", NULL);
}

static void test_files_wrong(Loading *t, gconstpointer data)    /* R4 */
{
    char *missing = new_path(t);
    char *empty = new_file(t, "", 0);
    char *good = new_file(t, slic_36, 36);
    g_autofree char *list = g_strjoin(":", good, empty, NULL);

    t->options.file = missing;
    expect_error(t, "can't open file %s: No such file or directory", missing);
    t->options.file = empty;
    expect_error(t, "file %s is empty", empty);
    t->options.file = list;
    expect_error(t, "file %s is empty", empty);
    t->options.file = t->directory;
    expect_error(t, "can't read file %s: Is a directory", t->directory);

    /* root may read everything: be somebody else for a moment */
    bool root = geteuid() == 0;

    g_chmod(good, 0);
    t->options.file = good;
    g_assert_true(!root || seteuid(65534) == 0);
    expect_error(t, "can't open file %s: Permission denied", good);
    g_assert_true(!root || seteuid(0) == 0);
}

static void test_text_wrong(Loading *t, gconstpointer data)    /* R9 */
{
    static const struct {
        size_t member;
        const char *text, *error;
    } cases[] = {
        { offsetof(AcpiTableOptions, sig), "SLICE",
          "sig: text has 5 characters, at most 4 fit" },
        { offsetof(AcpiTableOptions, oem_id), "SEVENTH",
          "oem_id: text has 7 characters, at most 6 fit" },
        { offsetof(AcpiTableOptions, oem_table_id), "NINELONG9",
          "oem_table_id: text has 9 characters, at most 8 fit" },
        { offsetof(AcpiTableOptions, asl_compiler_id), "\xc3\xa9\xc3\xa9"
          "\xc3\xa9\xc3\xa9\xc0\x80",
          "asl_compiler_id: text has 5 characters, at most 4 fit" },
        { offsetof(AcpiTableOptions, sig), "A\xc4\x80",
          "sig: character 2 is above U+00FF" },
        { offsetof(AcpiTableOptions, sig), "\xe2\x82\xac",
          "sig: character 1 is above U+00FF" },
        { offsetof(AcpiTableOptions, sig), "AB\xf0\x9f\x98\x80",
          "sig: character 3 is above U+00FF" },
        { offsetof(AcpiTableOptions, sig), "\x80",
          "sig: character 1 is not UTF-8" },
        { offsetof(AcpiTableOptions, sig), "A\xc3",
          "sig: character 2 is not UTF-8" },
        { offsetof(AcpiTableOptions, sig), "\xc1\xbf",
          "sig: character 1 is not UTF-8" },
    };
    char *path = new_file(t, slic_36, 36);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        t->options = (AcpiTableOptions) { .file = path };
        *(const char **)((char *)&t->options + cases[i].member) =
            cases[i].text;
        expect_error(t, cases[i].error, NULL);
        t->options.data = t->options.file;
        t->options.file = NULL;
        expect_error(t, cases[i].error, NULL);
    }
}

/* OEM identity */

typedef struct OemCase {
    OemSource source;
    const char *x_oem_id, *x_oem_table_id;
    const char *tables[4];      /* signature, OEM ID, OEM table ID: 4+6+8 */
    const char *identity;       /* 6+8 */
    const char *general;
    const char *warnings[3];
} OemCase;

static const OemCase oem_cases[] = {
    /* nothing given */
    { OEM_SOURCE_SLIC, NULL, NULL, { NULL },
      "FIRMNTFIRMAMNT", "FIRMNTFIRMAMNT", { NULL } },
    /* properties are filled up with NULs */
    { OEM_SOURCE_SLIC, "ME", "T\xc0\x80", { "SSDTAAAAAABBBBBBBB" },
      "ME\0\0\0\0T\0\0\0\0\0\0\0", "ME\0\0\0\0T\0\0\0\0\0\0\0", { NULL } },
    /* a SLIC gives both, NULs and all, and to RSDT and FADT only */
    { OEM_SOURCE_SLIC, NULL, NULL, { "SSDTXXXXXXYYYYYYYY",
                                     "SLICAB\0\0\0\0T\0\0\0\0\0\0\0" },
      "AB\0\0\0\0T\0\0\0\0\0\0\0", "FIRMNTFIRMAMNT", { NULL } },
    /* the first of two; the same identity is no quarrel */
    { OEM_SOURCE_SLIC, NULL, NULL, { "SLICAAAAAABBBBBBBB",
                                     "SLICAAAAAABBBBBBBB",
                                     "MSDMAAAAAABBBBBBBB" },
      "AAAAAABBBBBBBB", "FIRMNTFIRMAMNT", { NULL } },
    { OEM_SOURCE_SLIC, NULL, NULL, { "SLICAAAAAABBBBBBBB",
                                     "SLICCCCCCCDDDDDDDD",
                                     "SLICEEEEEEFFFFFFFF" },
      "AAAAAABBBBBBBB", "FIRMNTFIRMAMNT",
      { "-acpitable: licence tables disagree: table 1 (SLIC, 'AAAAAA' "
        "'BBBBBBBB') and table 2 (SLIC, 'CCCCCC' 'DDDDDDDD'); table 1 wins "
        "(oem-source=slic)" } },
    /* an MSDM before the SLIC that wins */
    { OEM_SOURCE_SLIC, NULL, NULL, { "MSDMAAAAAABBBBBBBB",
                                     "SLICCCCCC\0DDDDDDDD" },
      "CCCCC\0DDDDDDDD", "FIRMNTFIRMAMNT",
      { "-acpitable: licence tables disagree: table 2 (SLIC, 'CCCCC\\x00' "
        "'DDDDDDDD') and table 1 (MSDM, 'AAAAAA' 'BBBBBBBB'); table 2 wins "
        "(oem-source=slic)" } },
    { OEM_SOURCE_MSDM, NULL, NULL, { "SLICAAAAAABBBBBBBB",
                                     "MSDMAAAAAADDDDDDDD" },
      "AAAAAADDDDDDDD", "FIRMNTFIRMAMNT",
      { "-acpitable: licence tables disagree: table 2 (MSDM, 'AAAAAA' "
        "'DDDDDDDD') and table 1 (SLIC, 'AAAAAA' 'BBBBBBBB'); table 2 wins "
        "(oem-source=msdm)" } },
    /* no table of the kind asked for */
    { OEM_SOURCE_MSDM, "ME", NULL, { "SLICAAAAAABBBBBBBB" },
      "ME\0\0\0\0FIRMAMNT", "ME\0\0\0\0FIRMAMNT", { NULL } },
    { OEM_SOURCE_NONE, NULL, NULL, { "SLICAAAAAABBBBBBBB",
                                     "MSDMCCCCCCBBBBBBBB" },
      "FIRMNTFIRMAMNT", "FIRMNTFIRMAMNT",
      { "-acpitable: licence tables disagree: table 1 (SLIC, 'AAAAAA' "
        "'BBBBBBBB') and table 2 (MSDM, 'CCCCCC' 'BBBBBBBB'); neither wins "
        "(oem-source=none)" } },
    { OEM_SOURCE_NONE, NULL, NULL, { "SLICAAAAAABBBBBBBB" },
      "FIRMNTFIRMAMNT", "FIRMNTFIRMAMNT", { NULL } },
    /* a table wins over properties; equal ones are no contest */
    { OEM_SOURCE_SLIC, "ME", "MYTABLE", { "SLICAAAAAABBBBBBBB" },
      "AAAAAABBBBBBBB", "ME\0\0\0\0MYTABLE\0",
      { "-machine x-oem-id: RSDT and FADT get 'AAAAAA' from the SLIC table "
        "instead",
        "-machine x-oem-table-id: RSDT and FADT get 'BBBBBBBB' from the SLIC "
        "table instead" } },
    { OEM_SOURCE_SLIC, "AAAAAA", "MYTABLE", { "SLICAAAAAABBBB\\\0\n\xff" },
      "AAAAAABBBB\\\0\n\xff", "AAAAAAMYTABLE\0",
      { "-machine x-oem-table-id: RSDT and FADT get "
        "'BBBB\\x5c\\x00\\x0a\\xff' from the SLIC table instead" } },
};

static void test_oem_select(void)    /* R14 to R19 */
{
    for (size_t i = 0; i < G_N_ELEMENTS(oem_cases); i++) {
        const OemCase *c = &oem_cases[i];
        g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func(
            (GDestroyNotify)g_bytes_unref);
        g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GError) error = NULL;
        AcpiOemIdentity identity, general;
        guint n = 0;

        for (unsigned k = 0; k < 4 && c->tables[k]; k++) {
            g_ptr_array_add(tables, sample_licence(c->tables[k],
                                                   c->tables[k] + 4,
                                                   c->tables[k] + 10, 36));
        }
        g_assert_true(acpi_oem_select(tables, c->source, c->x_oem_id,
                                      c->x_oem_table_id, &identity, &general,
                                      warnings, &error));
        g_assert_no_error(error);
        g_assert_cmpmem(identity.oem_id, 6, c->identity, 6);
        g_assert_cmpmem(identity.oem_table_id, 8, c->identity + 6, 8);
        g_assert_cmpmem(general.oem_id, 6, c->general, 6);
        g_assert_cmpmem(general.oem_table_id, 8, c->general + 6, 8);
        for (; n < 3 && c->warnings[n]; n++) {
            g_assert_cmpuint(warnings->len, >, n);
            g_assert_cmpstr(g_ptr_array_index(warnings, n), ==,
                            c->warnings[n]);
        }
        g_assert_cmpuint(warnings->len, ==, n);
    }
}

static void test_oem_wrong(void)    /* R17 */
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    AcpiOemIdentity identity, general;

    g_assert_false(acpi_oem_select(NULL, OEM_SOURCE_SLIC, "SEVENTH", NULL,
                                   &identity, &general, warnings, &error));
    g_assert_cmpstr(error->message, ==,
                    "x-oem-id: text has 7 characters, at most 6 fit");
    g_clear_error(&error);
    g_assert_false(acpi_oem_select(NULL, OEM_SOURCE_SLIC, NULL, "NINELONG9",
                                   &identity, &general, warnings, &error));
    g_assert_cmpstr(error->message, ==,
                    "x-oem-table-id: text has 9 characters, at most 8 fit");
    g_assert_true(acpi_oem_select(NULL, OEM_SOURCE_SLIC, "SIXTHS", NULL,
                                  &identity, &general, warnings, NULL));
    g_assert_cmpuint(warnings->len, ==, 0);
}

static void test_legacy(void)    /* R12 */
{
    g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func(
        (GDestroyNotify)g_bytes_unref);
    g_autoptr(GBytes) none = acpi_user_tables_legacy(NULL);
    g_autoptr(GBytes) empty = acpi_user_tables_legacy(tables);
    GByteArray *expected = g_byte_array_new();

    g_assert_cmpuint(g_bytes_get_size(none), ==, 0);
    g_assert_cmpuint(g_bytes_get_size(empty), ==, 0);

    g_ptr_array_add(tables, g_bytes_new(slic_36, 36));
    g_autoptr(GBytes) one = acpi_user_tables_legacy(tables);
    g_byte_array_append(expected, (const uint8_t *)"\1\0\x24\0", 4);
    g_byte_array_append(expected, slic_36, 36);
    expect_bytes(one, expected->data, expected->len);

    g_ptr_array_add(tables, sample_licence("LONG", "AAAAAA", "BBBBBBBB",
                                           0x1234));
    g_autoptr(GBytes) two = acpi_user_tables_legacy(tables);
    expected->data[0] = 2;
    g_byte_array_append(expected, (const uint8_t *)"\x34\x12", 2);
    g_byte_array_append(expected, g_bytes_get_data(tables->pdata[1], NULL),
                        0x1234);
    expect_bytes(two, expected->data, expected->len);
    g_byte_array_unref(expected);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, fn)                                                       \
    g_test_add("/acpi-user-table/" name, Loading, NULL, loading_begin, fn,  \
               loading_end)
    ADD("slic-36", test_slic_36);
    ADD("slic-374", test_slic_374);
    ADD("override", test_override);
    ADD("data", test_data);
    ADD("text", test_text);
    ADD("list", test_list);
    ADD("length-mended", test_length_mended);
    ADD("doubtful", test_doubtful);
    ADD("truncated", test_truncated);
    ADD("longest", test_longest);
    ADD("pipes", test_pipes);
    ADD("options-wrong", test_options_wrong);
    ADD("files-wrong", test_files_wrong);
    ADD("text-wrong", test_text_wrong);
#undef ADD
    g_test_add_func("/acpi-oem/select", test_oem_select);
    g_test_add_func("/acpi-oem/wrong", test_oem_wrong);
    g_test_add_func("/acpi-user-table/legacy", test_legacy);
    return g_test_run();
}
