/*
 * The stream that a saved machine is: sections, named, numbered, checked
 *
 * Format: docs/specs/migration-stream.rst.  Nothing here knows machines: this
 * turns sections into bytes and bytes into sections.  Bytes may come from
 * anywhere; sections that the reader hands out are whole, in order, and what
 * the writer wrote.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MIGRATION_STREAM_H
#define MIGRATION_STREAM_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Of the format as a whole. */
#define STREAM_VERSION 1

#define STREAM_NAME_MAX 255
/** Most bytes of a section's content. */
#define STREAM_CONTENT_MAX (16u * 1024 * 1024)

typedef enum StreamKind {
    STREAM_MACHINE = 1,         /* first, once: which machine this is */
    STREAM_MEMORY = 2,          /* a piece of RAM or ROM, by its name */
    STREAM_DEVICE = 3,          /* a device's state, by its path */
    STREAM_END = 4,             /* last, once: nothing is missing */
} StreamKind;

/** A section. */
typedef struct StreamSection {
    StreamKind kind;
    uint16_t version;           /* of the content; its kind's affair */
    const char *name;           /* UTF-8, printable, 1 to STREAM_NAME_MAX */
    const uint8_t *content;     /* of what was placed, only what stands before */
    size_t len;
    bool placed;                /* the rest is where StreamPlacer has said */
    uint64_t offset;            /* where in the stream the section begins */
    uint64_t content_offset;    /* and its content */
    uint64_t end_offset;        /* where the next one begins */
} StreamSection;

/* Writing */

typedef struct StreamWriter {
    uint32_t n_sections;        /* so far */
    uint64_t len;               /* bytes so far */
    uint64_t sum;               /* checksum of the last content */
    size_t section, content;    /* of the open section, in the array */
} StreamWriter;

/** stream_write_preamble: what stands first; @writer is zeroed before. */
void stream_write_preamble(StreamWriter *writer, GByteArray *out);

/**
 * stream_begin_section, stream_end_section: what is appended to @out in between
 * is the content, at most STREAM_CONTENT_MAX bytes.
 */
void stream_begin_section(StreamWriter *writer, GByteArray *out,
                          StreamKind kind, uint16_t version, const char *name);
void stream_end_section(StreamWriter *writer, GByteArray *out);

/** stream_write_end: the last section. */
void stream_write_end(StreamWriter *writer, GByteArray *out);

/* Reading */

typedef struct StreamReader StreamReader;

StreamReader *stream_reader_new(void);
/** stream_reader_free: NULL is allowed. */
void stream_reader_free(StreamReader *reader);

/** What of a section a StreamPlacer is shown, at most. */
#define STREAM_SHOWN_MAX 256

/**
 * StreamPlacer: a section of memory begins
 * @section: its header, which is good; of its content, whose checksum is not
 *           known yet, only @shown bytes are there
 * @at: set to where in the content, up to @shown, what is placed begins
 *
 * Returns: room for all of the content from @at on, which is written while it
 * comes.  It may be torn or turn out to be wrong: nobody may use it before the
 * section is handed out, and if that never happens, not at all.  NULL: it is
 * kept like others.
 */
typedef uint8_t *StreamPlacer(void *opaque, const StreamSection *section,
                              size_t shown, size_t *at);

/** stream_reader_set_placer: before the first section of memory. */
void stream_reader_set_placer(StreamReader *reader, StreamPlacer *placer,
                              void *opaque);

/**
 * stream_reader_want:
 * @len: set to how many bytes are wanted next, at least 1; 0: the last section
 *       has been read, or it has failed
 *
 * Returns: where to put them, or as many of them as there are.  What is kept
 * grows with what arrives, never with what a length says.
 */
uint8_t *stream_reader_want(StreamReader *reader, size_t *len);

/** What stream_reader_got() has to say. */
typedef enum StreamProgress {
    STREAM_MORE,                /* go on */
    STREAM_SECTION,             /* *section is whole; valid until the next call;
                                   the end is not handed out */
    STREAM_COMPLETE,            /* that was the end, and nothing is missing */
    STREAM_FAILED,              /* with @error set */
} StreamProgress;

/**
 * stream_reader_got: @len bytes, at least one, are where they were wanted.
 *
 * Fails if this is no saved machine, it is of a newer version, a checksum is
 * wrong, a section is out of order, its header cannot be, or sections are
 * missing at the end.  The message names the section and its offset.
 */
StreamProgress stream_reader_got(StreamReader *reader, size_t len,
                                 StreamSection *section, GError **error);

/** stream_reader_truncated: no more bytes will come: set @error to what is
 *  missing where.  Returns false always. */
bool stream_reader_truncated(const StreamReader *reader, GError **error);

/** stream_reader_offset: bytes read so far. */
uint64_t stream_reader_offset(const StreamReader *reader);

#endif
