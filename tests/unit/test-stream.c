/*
 * The stream of sections: what is written is read, and nothing else is
 *
 * docs/specs/migration-stream.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "migration/stream.h"
#include "util/bytes.h"

#define PREAMBLE_LEN 24
#define HEADER_LEN 24

/* A stream of five sections, for tests to break */

static const struct {
    StreamKind kind;
    uint16_t version;
    const char *name;
    const char *content;
} sample[] = {
    { STREAM_MACHINE, 1, "machine", "a machine of some type" },
    { STREAM_MEMORY, 1, "pc.ram", "one page or another" },
    { STREAM_DEVICE, 3, "/machine/rtc", "" },
    { STREAM_DEVICE, 1, "/machine/peripheral/\xc3\xa4", "state" },
};

#define N_SAMPLE G_N_ELEMENTS(sample)

static void sample_write_section(StreamWriter *writer, GByteArray *out,
                                 unsigned i)
{
    stream_begin_section(writer, out, sample[i].kind, sample[i].version,
                         sample[i].name);
    g_byte_array_append(out, (const uint8_t *)sample[i].content,
                        strlen(sample[i].content));
    stream_end_section(writer, out);
}

/** @starts: where the sections begin, the end too, and the end of it all. */
static GByteArray *sample_write(size_t starts[N_SAMPLE + 2])
{
    GByteArray *out = g_byte_array_new();
    StreamWriter writer = { 0 };

    stream_write_preamble(&writer, out);
    for (unsigned i = 0; i < N_SAMPLE; i++) {
        starts[i] = out->len;
        g_assert_cmpuint(writer.len, ==, out->len);
        sample_write_section(&writer, out, i);
    }
    starts[N_SAMPLE] = out->len;
    stream_write_end(&writer, out);
    starts[N_SAMPLE + 1] = out->len;
    g_assert_cmpuint(writer.len, ==, out->len);
    return out;
}

static void sample_check(const StreamSection *section, unsigned i,
                         const size_t *starts)
{
    g_assert_cmpuint(i, <, N_SAMPLE);
    g_assert_cmpint(section->kind, ==, sample[i].kind);
    g_assert_cmpint(section->version, ==, sample[i].version);
    g_assert_cmpstr(section->name, ==, sample[i].name);
    g_assert_cmpmem(section->content, section->len, sample[i].content,
                    strlen(sample[i].content));
    if (starts) {
        g_assert_cmpuint(section->offset, ==, starts[i]);
        g_assert_cmpuint(section->content_offset, ==, starts[i] + HEADER_LEN +
                         strlen(sample[i].name) + 8);
    }
}

/** Read at most @step bytes at a time; every section has to be the sample's. */
static bool read_all(const uint8_t *bytes, size_t len, size_t step,
                     const size_t *starts, GError **error)
{
    StreamReader *reader = stream_reader_new();
    StreamProgress progress = STREAM_MORE;
    StreamSection section;
    unsigned i = 0;
    size_t at = 0, n;

    while (progress < STREAM_COMPLETE && at < len) {
        uint8_t *to = stream_reader_want(reader, &n);

        g_assert_cmpuint(n, >, 0);
        n = MIN(MIN(n, step), len - at);
        memcpy(to, bytes + at, n);
        at += n;
        progress = stream_reader_got(reader, n, &section, error);
        g_assert_cmpuint(stream_reader_offset(reader), ==, at);
        if (progress == STREAM_SECTION) {
            sample_check(&section, i++, starts);
        }
    }
    if (progress < STREAM_COMPLETE) {
        g_assert_false(stream_reader_truncated(reader, error));
    } else {
        stream_reader_want(reader, &n);
        g_assert_cmpuint(n, ==, 0);
    }
    g_assert_true(progress != STREAM_COMPLETE || i == N_SAMPLE);
    stream_reader_free(reader);
    return progress == STREAM_COMPLETE && at == len;
}

static bool read_array(const GByteArray *bytes, GError **error)
{
    return read_all(bytes->data, bytes->len, SIZE_MAX, NULL, error);
}

static void expect_refused(const GByteArray *bytes, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(read_array(bytes, &error));
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, message);
}

/* Checksums, made good again */

static size_t name_len_at(const GByteArray *bytes, size_t start)
{
    return ld16_le(bytes->data + start + 12);
}

static void mend_header(GByteArray *bytes, size_t start)
{
    size_t len = HEADER_LEN + name_len_at(bytes, start);

    st64_le(bytes->data + start + len,
            XXH3_64bits(bytes->data + start, len));
}

static void mend_preamble(GByteArray *bytes)
{
    st64_le(bytes->data + 16, XXH3_64bits(bytes->data, 16));
}

/* The format, byte by byte */

static void test_bytes(void)
{
    static const uint8_t preamble[16] = {
        0x89, 'F', 'V', 'M', 13, 10, 26, 10, 1, 0, 0, 0, 0, 0, 0, 0,
    };
    static const uint8_t header[31] = {
        'S', 'E', 'C', 'T', 1, 0, 1, 0, 0, 0, 0, 0, 7, 0, 0, 0,
        22, 0, 0, 0, 0, 0, 0, 0, 'm', 'a', 'c', 'h', 'i', 'n', 'e',
    };
    size_t starts[N_SAMPLE + 2];
    g_autoptr(GByteArray) bytes = sample_write(starts);
    const uint8_t *p = bytes->data + PREAMBLE_LEN, *end;
    uint64_t before = XXH3_64bits(preamble, 16), sum = XXH3_64bits(header, 31);

    g_assert_cmpmem(bytes->data, 16, preamble, 16);
    g_assert_cmpuint(ld64_le(bytes->data + 16), ==, before);
    g_assert_cmpmem(p, 31, header, 31);
    g_assert_cmpuint(ld64_le(p + 31), ==, sum);
    g_assert_cmpmem(p + 39, 22, sample[0].content, 22);
    before = XXH3_64bits_withSeed(sample[0].content, 22, sum + before);
    g_assert_cmpuint(ld64_le(p + 61), ==, before);

    /* END: header, "end", its checksum, 12 bytes, their checksum */
    end = bytes->data + starts[N_SAMPLE];
    g_assert_cmpuint(bytes->len - starts[N_SAMPLE], ==, 24 + 3 + 8 + 12 + 8);
    g_assert_cmpuint(ld16_le(end + 4), ==, 4);
    g_assert_cmpuint(ld32_le(end + 35), ==, N_SAMPLE);
    g_assert_cmpuint(ld64_le(end + 39), ==, bytes->len);
}

static void test_round_trip(void)
{
    size_t starts[N_SAMPLE + 2];
    g_autoptr(GByteArray) bytes = sample_write(starts);

    for (size_t step = 1; step < 40; step++) {
        g_autoptr(GError) error = NULL;

        g_assert_true(read_all(bytes->data, bytes->len, step, starts, &error));
        g_assert_no_error(error);
    }
    g_assert_true(read_all(bytes->data, bytes->len, SIZE_MAX, starts, NULL));
}

/* Damage */

static void test_truncated(void)
{
    size_t starts[N_SAMPLE + 2];
    g_autoptr(GByteArray) bytes = sample_write(starts);

    for (size_t len = 0; len < bytes->len; len++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *offset = g_strdup_printf("offset %zu", len);

        g_assert_false(read_all(bytes->data, len, SIZE_MAX, starts, &error));
        g_assert_nonnull(error);
        if (len == 0) {
            g_assert_cmpstr(error->message, ==, "the stream is empty");
        } else {
            g_assert_nonnull(strstr(error->message, offset));
        }
    }
    bytes->len = starts[2] + 10;
    expect_refused(bytes, "section 2 at offset 158: the stream ends inside of "
                   "it, at offset 168");
    bytes->len = starts[2] + 45;
    expect_refused(bytes, "section '/machine/rtc' at offset 158: the stream "
                   "ends inside of it, at offset 203");
    bytes->len = starts[2];
    expect_refused(bytes, "the stream ends at offset 158, its end section is "
                   "missing");
    bytes->len = 5;
    expect_refused(bytes, "preamble at offset 0: the stream ends inside of "
                   "it, at offset 5");
}

static void test_flipped(void)
{
    size_t starts[N_SAMPLE + 2];
    g_autoptr(GByteArray) bytes = sample_write(starts);

    for (size_t i = 0; i < bytes->len * 8; i++) {
        g_autoptr(GError) error = NULL;

        bytes->data[i / 8] ^= 1u << i % 8;
        g_assert_false(read_array(bytes, &error));
        g_assert_nonnull(error);
        bytes->data[i / 8] ^= 1u << i % 8;
    }
    g_assert_true(read_array(bytes, NULL));
}

static void test_carried_as_text(void)
{
    size_t starts[N_SAMPLE + 2];
    g_autoptr(GByteArray) bytes = sample_write(starts);

    g_byte_array_remove_index(bytes, 4);        /* CR LF becomes LF */
    expect_refused(bytes, "preamble at offset 0: this is a saved machine that "
                   "was damaged by being carried as text");
    memcpy(bytes->data, "\x7f" "ELF", 4);
    expect_refused(bytes, "preamble at offset 0: this is not a saved machine");
}

/* Whole sections in the wrong place */

static void append_range(GByteArray *to, const GByteArray *from, size_t start,
                         size_t end)
{
    g_byte_array_append(to, from->data + start, end - start);
}

/** The sample's sections in this order; N_SAMPLE is the end. */
static GByteArray *sample_shuffle(const GByteArray *bytes,
                                  const size_t *starts, const char *order)
{
    GByteArray *out = g_byte_array_new();

    append_range(out, bytes, 0, PREAMBLE_LEN);
    for (; *order; order++) {
        unsigned i = *order - '0';

        append_range(out, bytes, starts[i], starts[i + 1]);
    }
    return out;
}

static void test_order(void)
{
    static const struct {
        const char *order, *message;
    } cases[] = {
        { "02134", "section '/machine/rtc' at offset 93: it is number 2, "
          "number 1 should be here" },
        { "0134", "section '/machine/peripheral/\xc3\xa4' at offset 158: it "
          "is number 3, number 2 should be here" },
        { "01122", "section 'pc.ram' at offset 158: it is number 1, number 2 "
          "should be here" },
        { "1234", "section 'pc.ram' at offset 24: it is number 1, number 0 "
          "should be here" },
        { "4", "section 'end' at offset 24: it is number 4, number 0 should "
          "be here" },
        { "0124", "section 'end' at offset 210: it is number 4, number 3 "
          "should be here" },
        { "012", "the stream ends at offset 210, its end section is missing" },
    };
    size_t starts[N_SAMPLE + 2];
    g_autoptr(GByteArray) bytes = sample_write(starts);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) other = sample_shuffle(bytes, starts,
                                                     cases[i].order);

        expect_refused(other, cases[i].message);
    }
}

/** Numbers that were made to fit do not help: contents are chained. */
static void test_renumbered(void)
{
    size_t starts[N_SAMPLE + 2];
    g_autoptr(GByteArray) bytes = sample_write(starts);
    g_autoptr(GByteArray) other = sample_shuffle(bytes, starts, "0134");

    st32_le(other->data + starts[2] + 8, 2);
    mend_header(other, starts[2]);
    expect_refused(other, "section '/machine/peripheral/\xc3\xa4' at offset "
                   "158: the checksum of its content is wrong");
}

/** Half of one stream and half of another, as a file that is written over. */
static void test_spliced(void)
{
    g_autoptr(GByteArray) one = g_byte_array_new();
    g_autoptr(GByteArray) two = g_byte_array_new();
    StreamWriter a = { 0 }, b = { 0 };
    size_t half;

    stream_write_preamble(&a, one);
    stream_begin_section(&a, one, STREAM_MACHINE, 1, "machine");
    g_byte_array_append(one, (const uint8_t *)"at noon", 7);
    stream_end_section(&a, one);
    stream_write_preamble(&b, two);
    stream_begin_section(&b, two, STREAM_MACHINE, 1, "machine");
    g_byte_array_append(two, (const uint8_t *)"at dusk", 7);
    stream_end_section(&b, two);
    half = one->len;
    sample_write_section(&a, one, 1);
    stream_write_end(&a, one);
    sample_write_section(&b, two, 1);
    stream_write_end(&b, two);
    g_assert_cmpuint(one->len, ==, two->len);
    memcpy(one->data + half, two->data + half, two->len - half);

    {
        StreamReader *reader = stream_reader_new();
        StreamProgress progress = STREAM_MORE;
        g_autoptr(GError) error = NULL;
        StreamSection section;
        unsigned whole = 0;
        size_t at = 0, n;

        while (progress < STREAM_COMPLETE) {
            uint8_t *to = stream_reader_want(reader, &n);

            memcpy(to, one->data + at, n);
            at += n;
            progress = stream_reader_got(reader, n, &section, &error);
            whole += progress == STREAM_SECTION;
        }
        g_assert_cmpint(progress, ==, STREAM_FAILED);
        g_assert_cmpuint(whole, ==, 1);
        g_assert_cmpstr(error->message, ==, "section 'pc.ram' at offset 78: "
                        "the checksum of its content is wrong");
        stream_reader_free(reader);
    }
}

/* Headers with a good checksum that cannot be */

static void test_preambles(void)
{
    size_t starts[N_SAMPLE + 2];
    g_autoptr(GByteArray) bytes = sample_write(starts);

    st32_le(bytes->data + 8, 2);
    expect_refused(bytes, "preamble at offset 0: its checksum is wrong");
    mend_preamble(bytes);
    expect_refused(bytes, "preamble at offset 0: the stream is of version 2, "
                   "this program reads version 1");
    st32_le(bytes->data + 8, 1);
    st32_le(bytes->data + 12, 0x80000000);
    mend_preamble(bytes);
    expect_refused(bytes, "preamble at offset 0: the flags 0x80000000 are not "
                   "known to this program");
}

typedef struct BadHeader {
    size_t offset;              /* in the header */
    unsigned width;
    uint64_t value;
    const char *message;
} BadHeader;

static void test_headers(void)
{
    static const BadHeader cases[] = {
        { 0, 4, 0x54434554, "section 1 at offset 93: no section begins here" },
        { 4, 2, 0, "section 'pc.ram' at offset 93: sections of kind 0 are not "
          "known to this program" },
        { 4, 2, 5, "section 'pc.ram' at offset 93: sections of kind 5 are not "
          "known to this program" },
        { 4, 2, 1, "section 'pc.ram' at offset 93: the machine is described "
          "twice" },
        { 12, 2, 0, "section 1 at offset 93: a name of 0 bytes cannot be" },
        { 12, 2, 256, "section 1 at offset 93: a name of 256 bytes cannot "
          "be" },
        { 14, 2, 1, "section 'pc.ram' at offset 93: a field of its header is "
          "not zero as it should be" },
        { 16, 8, 16 * 1024 * 1024 + 1, "section 'pc.ram' at offset 93: a "
          "content of 16777217 bytes cannot be, at most 16777216 can" },
        { 16, 8, UINT64_C(1) << 63, "section 'pc.ram' at offset 93: a content "
          "of 9223372036854775808 bytes cannot be, at most 16777216 can" },
        { 16, 8, UINT64_MAX, "section 'pc.ram' at offset 93: a content of "
          "18446744073709551615 bytes cannot be, at most 16777216 can" },
        { 24, 1, 0xff, "section 1 at offset 93: its name is not printable "
          "UTF-8" },
        { 24, 1, '\n', "section 1 at offset 93: its name is not printable "
          "UTF-8" },
        { 24, 1, 0, "section 1 at offset 93: its name is not printable "
          "UTF-8" },
    };
    size_t starts[N_SAMPLE + 2];

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) bytes = sample_write(starts);

        stn_le(bytes->data + starts[1] + cases[i].offset, cases[i].width,
               cases[i].value);
        if (cases[i].offset != 12) {
            mend_header(bytes, starts[1]);
        }
        expect_refused(bytes, cases[i].message);
    }
}

static void expect_kinds_refused(const StreamKind *kinds, const char *message)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    StreamReader *reader = stream_reader_new();
    StreamProgress progress = STREAM_MORE;
    StreamWriter writer = { 0 };
    StreamSection section;
    size_t at = 0, n;

    stream_write_preamble(&writer, bytes);
    for (; *kinds; kinds++) {
        stream_begin_section(&writer, bytes, *kinds, 1, "x");
        stream_end_section(&writer, bytes);
    }
    while (progress < STREAM_COMPLETE) {
        uint8_t *to = stream_reader_want(reader, &n);

        g_assert_cmpuint(at + n, <=, bytes->len);
        memcpy(to, bytes->data + at, n);
        at += n;
        progress = stream_reader_got(reader, n, &section, &error);
    }
    g_assert_cmpint(progress, ==, STREAM_FAILED);
    g_assert_cmpstr(error->message, ==, message);
    stream_reader_free(reader);
}

static void test_kinds(void)
{
    expect_kinds_refused((StreamKind[]){ STREAM_MEMORY, 0 },
                         "section 'x' at offset 24: the machine was not "
                         "described before");
    expect_kinds_refused((StreamKind[]){ STREAM_MACHINE, STREAM_DEVICE,
                                         STREAM_MEMORY, 0 },
                         "section 'x' at offset 106: sections of kind 2 come "
                         "before those of kind 3");
    expect_kinds_refused((StreamKind[]){ STREAM_MACHINE, STREAM_END, 0 },
                         "section 'x' at offset 65: version 1 with 0 bytes is "
                         "not known to this program");
}

/** An end whose checksum is good, but which was made for something else. */
static void test_end(void)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    StreamWriter writer = { 0 };

    stream_write_preamble(&writer, bytes);
    for (unsigned i = 0; i < N_SAMPLE; i++) {
        sample_write_section(&writer, bytes, i);
    }
    writer.len++;
    stream_write_end(&writer, bytes);
    expect_refused(bytes, "section 'end' at offset 277: it says that 4 "
                   "sections come before it and the stream has 333 bytes, but "
                   "there are 4 and 332");
}

/** What is behind the end is somebody else's. */
static void test_behind_the_end(void)
{
    size_t starts[N_SAMPLE + 2];
    g_autoptr(GByteArray) bytes = sample_write(starts);

    g_byte_array_append(bytes, (const uint8_t *)"more", 4);
    g_assert_false(read_array(bytes, NULL));    /* not all of it is read */
    g_assert_true(read_all(bytes->data, bytes->len - 4, SIZE_MAX, starts,
                           NULL));
}

/* Growth */

/** A length that is allowed is not believed: memory comes with the bytes. */
static void test_growth(void)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    StreamReader *reader = stream_reader_new();
    StreamWriter writer = { 0 };
    StreamSection section;
    size_t n, most = 0, total = 0;
    uint8_t *to;

    stream_write_preamble(&writer, bytes);
    stream_begin_section(&writer, bytes, STREAM_MACHINE, 1, "machine");
    st64_le(bytes->data + PREAMBLE_LEN + 16, STREAM_CONTENT_MAX);
    mend_header(bytes, PREAMBLE_LEN);
    for (size_t at = 0; at < bytes->len; at += n) {
        to = stream_reader_want(reader, &n);
        memcpy(to, bytes->data + at, n);
        g_assert_cmpint(stream_reader_got(reader, n, &section, NULL), ==,
                        STREAM_MORE);
    }
    total = bytes->len;
    while (total < STREAM_CONTENT_MAX) {
        to = stream_reader_want(reader, &n);
        most = MAX(most, n);
        g_assert_cmpuint(n, <=, MAX(total, 4096));
        memset(to, 0, n);
        total += n;
        if (stream_reader_got(reader, n, &section, NULL) != STREAM_MORE) {
            break;
        }
    }
    g_assert_cmpuint(most, >, 1024 * 1024);
    stream_reader_free(reader);
}

/** The largest content there can be, whole. */
static void test_largest(void)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    StreamReader *reader = stream_reader_new();
    StreamProgress progress = STREAM_MORE;
    StreamWriter writer = { 0 };
    StreamSection section;
    size_t n, start;

    stream_write_preamble(&writer, bytes);
    stream_begin_section(&writer, bytes, STREAM_MACHINE, 1, "machine");
    start = bytes->len;
    g_byte_array_set_size(bytes, start + STREAM_CONTENT_MAX);
    memset(bytes->data + start, 0xa5, STREAM_CONTENT_MAX);
    stream_end_section(&writer, bytes);
    for (size_t at = 0; at < bytes->len; at += n) {
        uint8_t *to = stream_reader_want(reader, &n);

        g_assert_cmpint(progress, ==, STREAM_MORE);
        memcpy(to, bytes->data + at, n);
        progress = stream_reader_got(reader, n, &section, NULL);
    }
    g_assert_cmpint(progress, ==, STREAM_SECTION);
    g_assert_cmpmem(section.content, section.len, bytes->data + start,
                    STREAM_CONTENT_MAX);
    stream_reader_free(reader);
}

/* Content that goes where somebody else has room */

#define PLACED_LEN 700
#define GUARD 0xee

typedef struct Place {
    bool refuses;
    size_t at;
    unsigned n_shown;
    uint8_t room[PLACED_LEN + 1];
} Place;

static uint8_t placed_byte(size_t i)
{
    return (uint8_t)(i * 7 + (i >> 8));
}

static uint8_t *place(void *opaque, const StreamSection *section, size_t shown,
                      size_t *at)
{
    Place *p = opaque;

    g_assert_cmpint(section->kind, ==, STREAM_MEMORY);
    g_assert_cmpstr(section->name, ==, "ram");
    g_assert_cmpuint(section->len, ==, PLACED_LEN);
    g_assert_cmpuint(shown, >, 0);
    g_assert_cmpuint(shown, <=, STREAM_SHOWN_MAX);
    p->n_shown++;
    *at = MIN(p->at, shown);
    return p->refuses ? NULL : p->room;
}

/** Two that are placed, between them one that is too short. */
static GByteArray *placed_write(void)
{
    static const size_t lens[] = { PLACED_LEN, STREAM_SHOWN_MAX, PLACED_LEN };
    GByteArray *out = g_byte_array_new();
    StreamWriter writer = { 0 };

    stream_write_preamble(&writer, out);
    sample_write_section(&writer, out, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(lens); i++) {
        stream_begin_section(&writer, out, STREAM_MEMORY, 1, "ram");
        for (size_t j = 0; j < lens[i]; j++) {
            uint8_t byte = placed_byte(j);

            g_byte_array_append(out, &byte, 1);
        }
        stream_end_section(&writer, out);
    }
    sample_write_section(&writer, out, 2);
    stream_write_end(&writer, out);
    return out;
}

static void placed_check(const StreamSection *section, const Place *p)
{
    size_t kept = section->placed ? p->at : section->len;

    g_assert_cmpint(section->placed, ==,
                    section->len == PLACED_LEN && p && !p->refuses);
    for (size_t i = 0; i < section->len; i++) {
        g_assert_cmpuint(i < kept ? section->content[i] : p->room[i - kept],
                         ==, placed_byte(i));
    }
    if (section->placed) {
        g_assert_cmpuint(p->room[section->len - kept], ==, GUARD);
    }
}

/** @p: NULL: nobody places.  Returns NULL if all of it was read, or what was
 *  said. */
static char *placed_read(const uint8_t *bytes, size_t len, size_t step,
                         Place *p)
{
    StreamReader *reader = stream_reader_new();
    StreamProgress progress = STREAM_MORE;
    g_autoptr(GError) error = NULL;
    StreamSection section;
    size_t n;

    if (p) {
        memset(p->room, GUARD, sizeof(p->room));
        p->n_shown = 0;
        stream_reader_set_placer(reader, place, p);
    }
    while (progress < STREAM_COMPLETE && len > 0) {
        uint8_t *to = stream_reader_want(reader, &n);

        n = MIN(MIN(n, step), len);
        memcpy(to, bytes, n);
        bytes += n;
        len -= n;
        progress = stream_reader_got(reader, n, &section, &error);
        if (progress == STREAM_SECTION && section.kind == STREAM_MEMORY) {
            placed_check(&section, p);
        }
    }
    if (progress < STREAM_COMPLETE) {
        stream_reader_truncated(reader, &error);
    }
    stream_reader_free(reader);
    return error ? g_strdup(error->message) : NULL;
}

static void test_placed(void)
{
    static const size_t steps[] = { 1, 13, SIZE_MAX };
    g_autoptr(GByteArray) bytes = placed_write();

    for (size_t i = 0; i < 3 * (STREAM_SHOWN_MAX + 1); i++) {
        Place p = { .at = i / 3 };
        g_autofree char *said = placed_read(bytes->data, bytes->len,
                                            steps[i % 3], &p);

        g_assert_null(said);
        g_assert_cmpuint(p.n_shown, ==, 2);
        p.refuses = true;
        g_assert_null(placed_read(bytes->data, bytes->len, steps[i % 3], &p));
        g_assert_cmpuint(p.n_shown, ==, 2);
    }
}

/** It makes no difference to what is refused. */
static void test_placed_bad(void)
{
    g_autoptr(GByteArray) bytes = placed_write();

    for (size_t i = 0; i < bytes->len; i++) {
        Place p = { .at = i % (STREAM_SHOWN_MAX + 1) };
        g_autofree char *cut = placed_read(bytes->data, i, SIZE_MAX, NULL);
        g_autofree char *cut_placed = placed_read(bytes->data, i, SIZE_MAX,
                                                  &p);
        g_autofree char *flipped = NULL, *flipped_placed = NULL;

        g_assert_nonnull(cut);
        g_assert_cmpstr(cut_placed, ==, cut);
        bytes->data[i] ^= 1;
        flipped = placed_read(bytes->data, bytes->len, SIZE_MAX, NULL);
        flipped_placed = placed_read(bytes->data, bytes->len, SIZE_MAX, &p);
        g_assert_nonnull(flipped);
        g_assert_cmpstr(flipped_placed, ==, flipped);
        bytes->data[i] ^= 1;
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream/bytes", test_bytes);
    g_test_add_func("/stream/round-trip", test_round_trip);
    g_test_add_func("/stream/truncated", test_truncated);
    g_test_add_func("/stream/flipped", test_flipped);
    g_test_add_func("/stream/carried-as-text", test_carried_as_text);
    g_test_add_func("/stream/order", test_order);
    g_test_add_func("/stream/renumbered", test_renumbered);
    g_test_add_func("/stream/spliced", test_spliced);
    g_test_add_func("/stream/preambles", test_preambles);
    g_test_add_func("/stream/headers", test_headers);
    g_test_add_func("/stream/kinds", test_kinds);
    g_test_add_func("/stream/end", test_end);
    g_test_add_func("/stream/behind-the-end", test_behind_the_end);
    g_test_add_func("/stream/growth", test_growth);
    g_test_add_func("/stream/largest", test_largest);
    g_test_add_func("/stream/placed", test_placed);
    g_test_add_func("/stream/placed-bad", test_placed_bad);
    return g_test_run();
}
