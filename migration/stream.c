/*
 * The stream that a saved machine is: sections, named, numbered, checked
 *
 * Spec: docs/specs/migration-stream.rst
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "migration/stream.h"

#include <inttypes.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "util/bytes.h"
#include "util/error.h"

/* "Preamble" */
#define PREAMBLE_LEN 24
#define PREAMBLE_CHECKED_LEN 16
/* A byte beyond ASCII, both kinds of line ends, and the end of text: whatever
 * takes the stream for text changes one of them. */
static const uint8_t stream_magic[8] = {
    0x89, 'F', 'V', 'M', '\r', '\n', 0x1a, '\n',
};

/* "Sections" */
#define HEADER_LEN 24
#define SECTION_MAGIC UINT32_C(0x54434553)      /* "SECT" */
#define SUM_LEN 8

/* "END" */
#define END_LEN 12

/* What a reader begins with; it doubles as bytes arrive. */
#define READER_FIRST_SIZE 4096

static uint64_t stream_sum(const void *bytes, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, len, seed);
}

/* Writing */

void stream_write_preamble(StreamWriter *writer, GByteArray *out)
{
    uint8_t bytes[PREAMBLE_LEN] = { 0 };

    memcpy(bytes, stream_magic, sizeof(stream_magic));
    st32_le(bytes + 8, STREAM_VERSION);
    writer->sum = stream_sum(bytes, PREAMBLE_CHECKED_LEN, 0);
    st64_le(bytes + PREAMBLE_CHECKED_LEN, writer->sum);
    g_byte_array_append(out, bytes, sizeof(bytes));
    writer->len = sizeof(bytes);
}

void stream_begin_section(StreamWriter *writer, GByteArray *out,
                          StreamKind kind, uint16_t version, const char *name)
{
    size_t name_len = strlen(name);
    uint8_t *header;

    g_assert(name_len > 0 && name_len <= STREAM_NAME_MAX);
    writer->section = out->len;
    writer->content = out->len + HEADER_LEN + name_len + SUM_LEN;
    g_byte_array_set_size(out, writer->content);
    header = out->data + writer->section;
    st32_le(header, SECTION_MAGIC);
    st16_le(header + 4, kind);
    st16_le(header + 6, version);
    st32_le(header + 8, writer->n_sections);
    st16_le(header + 12, name_len);
    st16_le(header + 14, 0);
    memcpy(header + HEADER_LEN, name, name_len);
}

void stream_end_section(StreamWriter *writer, GByteArray *out)
{
    uint8_t *header = out->data + writer->section;
    size_t header_len = writer->content - writer->section - SUM_LEN;
    size_t len = out->len - writer->content;
    uint8_t sum[SUM_LEN];

    g_assert(len <= STREAM_CONTENT_MAX);
    st64_le(header + 16, len);
    st64_le(header + header_len, stream_sum(header, header_len, 0));
    writer->sum = stream_sum(out->data + writer->content, len,
                             ld64_le(header + header_len) + writer->sum);
    st64_le(sum, writer->sum);
    g_byte_array_append(out, sum, sizeof(sum));
    writer->len += out->len - writer->section;
    writer->n_sections++;
}

void stream_write_end(StreamWriter *writer, GByteArray *out)
{
    const char name[] = "end";
    uint8_t content[END_LEN];

    st32_le(content, writer->n_sections);
    st64_le(content + 4, writer->len + HEADER_LEN + strlen(name) + SUM_LEN +
                         END_LEN + SUM_LEN);
    stream_begin_section(writer, out, STREAM_END, 1, name);
    g_byte_array_append(out, content, sizeof(content));
    stream_end_section(writer, out);
}

/* Reading */

/** What the reader waits for; each is checked before it goes on. */
typedef enum ReaderState {
    READER_PREAMBLE,
    READER_HEADER,
    READER_NAME,                /* and the header's checksum */
    READER_SHOWN,               /* as much content as a placer is shown */
    READER_CONTENT,             /* and its checksum */
    READER_WHOLE,               /* for nothing: a section was handed out */
    READER_ENDED,
} ReaderState;

struct StreamReader {
    ReaderState state;
    uint8_t *bytes;             /* the section from its start */
    size_t size;                /* of the memory */
    size_t filled;
    size_t need;                /* up to here before the next check */
    uint64_t offset;            /* of the section in the stream */
    uint32_t n_sections;        /* that are whole */
    uint16_t kind;              /* of the last */
    uint64_t sum;               /* of the content before */
    uint64_t header_sum;
    size_t content;             /* where it begins in @bytes */
    char name[STREAM_NAME_MAX + 1];

    /* Of the content, what is not put in @bytes: the checksum stands there in
     * its place.  @filled and @need count it nevertheless. */
    StreamPlacer *placer;
    void *opaque;
    uint8_t *place;             /* NULL: all is */
    size_t place_at, place_len; /* in @bytes */
};

StreamReader *stream_reader_new(void)
{
    StreamReader *reader = g_new0(StreamReader, 1);

    reader->size = READER_FIRST_SIZE;
    reader->bytes = g_malloc(reader->size);
    reader->need = PREAMBLE_LEN;
    return reader;
}

void stream_reader_free(StreamReader *reader)
{
    if (reader) {
        g_free(reader->bytes);
        g_free(reader);
    }
}

void stream_reader_set_placer(StreamReader *reader, StreamPlacer *placer,
                              void *opaque)
{
    reader->placer = placer;
    reader->opaque = opaque;
}

uint64_t stream_reader_offset(const StreamReader *reader)
{
    return reader->offset + reader->filled;
}

/** What the section is called in messages; it may have no name yet. */
static char *reader_section(const StreamReader *reader)
{
    if (reader->state == READER_PREAMBLE) {
        return g_strdup("preamble at offset 0");
    }
    if (reader->name[0]) {
        return g_strdup_printf("section '%s' at offset %" PRIu64,
                               reader->name, reader->offset);
    }
    return g_strdup_printf("section %" PRIu32 " at offset %" PRIu64,
                           reader->n_sections, reader->offset);
}

static bool G_GNUC_PRINTF(3, 4)
reader_refuse(const StreamReader *reader, GError **error, const char *fmt, ...)
{
    g_autofree char *section = reader_section(reader);
    g_autofree char *fault = NULL;
    va_list ap;

    va_start(ap, fmt);
    fault = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    return fm_error_set(error, "%s: %s", section, fault);
}

/** Wait for @more bytes, behind those that are there. */
static void reader_expect(StreamReader *reader, ReaderState state, size_t more)
{
    reader->state = state;
    reader->need = reader->filled + more;
}

static void reader_expect_section(StreamReader *reader)
{
    reader->offset += reader->filled;
    reader->filled = 0;
    reader->name[0] = '\0';
    reader->place = NULL;
    reader_expect(reader, READER_HEADER, HEADER_LEN);
}

/** Where the next byte goes, and how many can. */
static uint8_t *reader_room(const StreamReader *reader, size_t *len)
{
    size_t done = reader->filled - reader->place_at;

    if (!reader->place) {
        *len = MIN(reader->need, reader->size) - reader->filled;
        return reader->bytes + reader->filled;
    }
    if (done < reader->place_len) {
        *len = reader->place_len - done;
        return reader->place + done;
    }
    *len = reader->need - reader->filled;
    return reader->bytes + reader->filled - reader->place_len;
}

uint8_t *stream_reader_want(StreamReader *reader, size_t *len)
{
    if (reader->state == READER_ENDED) {
        *len = 0;
        return reader->bytes;
    }
    if (reader->state == READER_WHOLE) {
        reader_expect_section(reader);
    }
    if (!reader->place && reader->filled == reader->size) {
        reader->size *= 2;
        reader->bytes = g_realloc(reader->bytes, reader->size);
    }
    return reader_room(reader, len);
}

static bool reader_take_preamble(StreamReader *reader, GError **error)
{
    const uint8_t *bytes = reader->bytes;
    uint32_t version = ld32_le(bytes + 8), flags = ld32_le(bytes + 12);

    if (memcmp(bytes, stream_magic, sizeof(stream_magic)) != 0) {
        return reader_refuse(reader, error, "%s",
                             memcmp(bytes + 1, stream_magic + 1, 3) == 0
                             ? "this is a saved machine that was damaged by "
                               "being carried as text"
                             : "this is not a saved machine");
    }
    reader->sum = stream_sum(bytes, PREAMBLE_CHECKED_LEN, 0);
    if (reader->sum != ld64_le(bytes + PREAMBLE_CHECKED_LEN)) {
        return reader_refuse(reader, error, "its checksum is wrong");
    }
    if (version != STREAM_VERSION) {
        return reader_refuse(reader, error, "the stream is of version %" PRIu32
                             ", this program reads version %d", version,
                             STREAM_VERSION);
    }
    if (flags) {
        return reader_refuse(reader, error, "the flags 0x%" PRIx32 " are not "
                             "known to this program", flags);
    }
    reader_expect_section(reader);
    return true;
}

/** The header without its name.  Its checksum comes behind the name, of whose
 *  length nothing is believed but that it is in range. */
static bool reader_take_header(StreamReader *reader, GError **error)
{
    const uint8_t *header = reader->bytes;
    uint16_t name_len = ld16_le(header + 12);

    if (ld32_le(header) != SECTION_MAGIC) {
        return reader_refuse(reader, error, "no section begins here");
    }
    if (name_len == 0 || name_len > STREAM_NAME_MAX) {
        return reader_refuse(reader, error, "a name of %u bytes cannot be",
                             name_len);
    }
    reader_expect(reader, READER_NAME, name_len + SUM_LEN);
    return true;
}

static bool reader_name_is_good(const char *name, size_t len)
{
    if (!g_utf8_validate(name, (gssize)len, NULL)) {
        return false;
    }
    for (const char *p = name; p < name + len; p = g_utf8_next_char(p)) {
        if (!g_unichar_isprint(g_utf8_get_char(p))) {
            return false;
        }
    }
    return true;
}

/** Sections come in the order of their kinds, the first and the last once. */
static bool reader_check_kind(const StreamReader *reader, uint16_t kind,
                              GError **error)
{
    if (kind < STREAM_MACHINE || kind > STREAM_END) {
        return reader_refuse(reader, error, "sections of kind %u are not known "
                             "to this program", kind);
    }
    if ((kind == STREAM_MACHINE) != (reader->n_sections == 0)) {
        return reader_refuse(reader, error, kind == STREAM_MACHINE
                             ? "the machine is described twice"
                             : "the machine was not described before");
    }
    if (kind < reader->kind) {
        return reader_refuse(reader, error, "sections of kind %u come before "
                             "those of kind %u", kind, reader->kind);
    }
    return true;
}

static bool reader_take_name(StreamReader *reader, GError **error)
{
    const uint8_t *header = reader->bytes;
    const char *name = (const char *)header + HEADER_LEN;
    size_t name_len = ld16_le(header + 12);
    uint32_t number = ld32_le(header + 8);
    uint64_t len = ld64_le(header + 16);

    reader->content = reader->filled;
    reader->header_sum = stream_sum(header, HEADER_LEN + name_len, 0);
    if (reader->header_sum != ld64_le(name + name_len)) {
        return reader_refuse(reader, error, "the checksum of its header is "
                             "wrong");
    }
    if (!reader_name_is_good(name, name_len)) {
        return reader_refuse(reader, error, "its name is not printable UTF-8");
    }
    memcpy(reader->name, name, name_len);
    reader->name[name_len] = '\0';
    if (number != reader->n_sections) {
        return reader_refuse(reader, error, "it is number %" PRIu32
                             ", number %" PRIu32 " should be here", number,
                             reader->n_sections);
    }
    if (ld16_le(header + 14)) {
        return reader_refuse(reader, error, "a field of its header is not zero "
                             "as it should be");
    }
    if (len > STREAM_CONTENT_MAX) {
        return reader_refuse(reader, error, "a content of %" PRIu64 " bytes "
                             "cannot be, at most %u can", len,
                             STREAM_CONTENT_MAX);
    }
    if (!reader_check_kind(reader, ld16_le(header + 4), error)) {
        return false;
    }
    reader->kind = ld16_le(header + 4);
    if (reader->placer && reader->kind == STREAM_MEMORY &&
        len > STREAM_SHOWN_MAX) {
        reader_expect(reader, READER_SHOWN, STREAM_SHOWN_MAX);
    } else {
        reader_expect(reader, READER_CONTENT, (size_t)len + SUM_LEN);
    }
    return true;
}

static StreamSection reader_section_now(const StreamReader *reader)
{
    return (StreamSection){
        .kind = ld16_le(reader->bytes + 4),
        .version = ld16_le(reader->bytes + 6),
        .name = reader->name,
        .content = reader->bytes + reader->content,
        .len = (size_t)ld64_le(reader->bytes + 16),
        .placed = reader->place != NULL,
        .offset = reader->offset,
        .content_offset = reader->offset + reader->content,
        .end_offset = reader->offset + reader->content +
                      ld64_le(reader->bytes + 16) + SUM_LEN,
    };
}

/** Its length is in range, for the header was checked. */
static void reader_take_shown(StreamReader *reader)
{
    StreamSection section = reader_section_now(reader);
    size_t shown = reader->filled - reader->content, at = 0;

    reader->place = reader->placer(reader->opaque, &section, shown, &at);
    if (reader->place) {
        g_assert(at <= shown);
        memcpy(reader->place, section.content + at, shown - at);
        reader->place_at = reader->content + at;
        reader->place_len = section.len - at;
    }
    reader_expect(reader, READER_CONTENT, section.len - shown + SUM_LEN);
}

/** Of content that is in two places. */
static uint64_t reader_sum_placed(const StreamReader *reader, uint64_t seed)
{
    XXH3_state_t state;

    XXH3_INITSTATE(&state);
    XXH3_64bits_reset_withSeed(&state, seed);
    XXH3_64bits_update(&state, reader->bytes + reader->content,
                       reader->place_at - reader->content);
    XXH3_64bits_update(&state, reader->place, reader->place_len);
    return XXH3_64bits_digest(&state);
}

static bool reader_check_end(const StreamReader *reader,
                             const StreamSection *section, GError **error)
{
    uint64_t len = stream_reader_offset(reader);

    if (section->version != 1 || section->len != END_LEN) {
        return reader_refuse(reader, error, "version %u with %zu bytes is not "
                             "known to this program", section->version,
                             section->len);
    }
    if (ld32_le(section->content) != reader->n_sections ||
        ld64_le(section->content + 4) != len) {
        return reader_refuse(reader, error, "it says that %" PRIu32 " sections "
                             "come before it and the stream has %" PRIu64
                             " bytes, but there are %" PRIu32 " and %" PRIu64,
                             ld32_le(section->content),
                             ld64_le(section->content + 4), reader->n_sections,
                             len);
    }
    return true;
}

static bool reader_take_content(StreamReader *reader, StreamSection *section,
                                GError **error)
{
    size_t in_place = reader->place ? reader->place_len : 0;
    const uint8_t *sum = reader->bytes + reader->filled - in_place - SUM_LEN;
    uint64_t seed = reader->header_sum + reader->sum;

    *section = reader_section_now(reader);
    reader->sum = reader->place
        ? reader_sum_placed(reader, seed)
        : stream_sum(section->content, section->len, seed);
    if (reader->sum != ld64_le(sum)) {
        return reader_refuse(reader, error, "the checksum of its content is "
                             "wrong");
    }
    return section->kind != STREAM_END ||
           reader_check_end(reader, section, error);
}

/** All that was wanted is there. */
static bool reader_take(StreamReader *reader, StreamSection *section,
                        GError **error)
{
    switch (reader->state) {
    case READER_PREAMBLE:
        return reader_take_preamble(reader, error);
    case READER_HEADER:
        return reader_take_header(reader, error);
    case READER_NAME:
        return reader_take_name(reader, error);
    case READER_SHOWN:
        reader_take_shown(reader);
        return true;
    case READER_CONTENT:
        return reader_take_content(reader, section, error);
    case READER_WHOLE:
    case READER_ENDED:
        break;
    }
    g_assert_not_reached();
}

StreamProgress stream_reader_got(StreamReader *reader, size_t len,
                                 StreamSection *section, GError **error)
{
    bool content = reader->state == READER_CONTENT;
    size_t room;

    g_assert(reader->state < READER_WHOLE);
    reader_room(reader, &room);
    g_assert(len > 0 && len <= room);
    reader->filled += len;
    if (reader->filled < reader->need) {
        return STREAM_MORE;
    }
    if (!reader_take(reader, section, error)) {
        reader->state = READER_ENDED;
        return STREAM_FAILED;
    }
    if (!content) {
        return STREAM_MORE;
    }
    if (section->kind == STREAM_END) {
        reader->state = READER_ENDED;
        return STREAM_COMPLETE;
    }
    reader->state = READER_WHOLE;
    reader->n_sections++;
    return STREAM_SECTION;
}

bool stream_reader_truncated(const StreamReader *reader, GError **error)
{
    uint64_t offset = stream_reader_offset(reader);

    if (offset == 0) {
        return fm_error_set(error, "the stream is empty");
    }
    if (reader->state == READER_WHOLE || reader->filled == 0) {
        return fm_error_set(error, "the stream ends at offset %" PRIu64
                            ", its end section is missing", offset);
    }
    return reader_refuse(reader, error, "the stream ends inside of it, at "
                         "offset %" PRIu64, offset);
}
