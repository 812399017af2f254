/*
 * The members of a state table as bytes
 *
 * Spec: docs/specs/migration-stream.rst, "Members"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "migration/state-codec.h"

#include <inttypes.h>
#include <string.h>

#include "hw/core/clock.h"
#include "util/bytes.h"
#include "util/error.h"

/* "Members": how the values are written.  Integers' is their width. */
enum {
    CODE_BOOL = 0x10,
    CODE_TIMER = 0x20,
    CODE_PART = 0x30,
    CODE_BLOB = 0x40,
};

/* Of a timer that is not armed */
#define TIMER_NEVER INT64_C(-1)

#define MEMBER_NAME_MAX 255

static uint8_t field_code(const StateField *field)
{
    switch (field->kind) {
    case STATE_INTEGER:
        return field->width;
    case STATE_BOOL:
        return CODE_BOOL;
    case STATE_TIMER:
        return CODE_TIMER;
    case STATE_PART:
        return CODE_PART;
    case STATE_BLOB:
        return CODE_BLOB;
    case STATE_END_OF_TABLE:
        break;
    }
    g_assert_not_reached();
}

static void *field_element(const StateField *field, void *obj, uint32_t i)
{
    return (uint8_t *)obj + field->offset + (size_t)field->stride * i;
}

/** What comes before the names of the members of a part. */
static char *part_prefix(const char *prefix, const StateField *field,
                         uint32_t i)
{
    return field->count == 1 && !field->stride
        ? g_strdup_printf("%s%s.", prefix, field->name)
        : g_strdup_printf("%s%s[%" PRIu32 "].", prefix, field->name, i);
}

static uint64_t host_load(const void *p, unsigned width)
{
    switch (width) {
    case 1:
        return *(const uint8_t *)p;
    case 2:
        return *(const uint16_t *)p;
    case 4:
        return *(const uint32_t *)p;
    case 8:
        return *(const uint64_t *)p;
    }
    g_assert_not_reached();
}

static void host_store(void *p, unsigned width, uint64_t value)
{
    switch (width) {
    case 1:
        *(uint8_t *)p = value;
        return;
    case 2:
        *(uint16_t *)p = value;
        return;
    case 4:
        *(uint32_t *)p = value;
        return;
    case 8:
        *(uint64_t *)p = value;
        return;
    }
    g_assert_not_reached();
}

/* Encoding */

static void encode_uint(GByteArray *out, unsigned width, uint64_t value)
{
    uint8_t bytes[8];

    stn_le(bytes, width, value);
    g_byte_array_append(out, bytes, width);
}

static void encode_head(const StateField *field, const char *prefix,
                        uint32_t count, GByteArray *out)
{
    size_t prefix_len = strlen(prefix), name_len = strlen(field->name);

    g_assert(prefix_len + name_len <= MEMBER_NAME_MAX);
    encode_uint(out, 1, prefix_len + name_len);
    g_byte_array_append(out, (const uint8_t *)prefix, prefix_len);
    g_byte_array_append(out, (const uint8_t *)field->name, name_len);
    encode_uint(out, 1, field_code(field));
    encode_uint(out, 4, count);
}

static void encode_blob(const StateField *field, void *obj,
                        const char *prefix, GByteArray *out)
{
    g_autoptr(GBytes) blob = field->get(obj);
    gsize len;
    const uint8_t *bytes = g_bytes_get_data(blob, &len);

    g_assert(len <= UINT32_MAX);
    encode_head(field, prefix, len, out);
    g_byte_array_append(out, bytes, len);
}

static void encode_element(const StateField *field, void *element,
                           GByteArray *out)
{
    if (field->kind == STATE_INTEGER) {
        encode_uint(out, field->width, host_load(element, field->width));
    } else if (field->kind == STATE_BOOL) {
        encode_uint(out, 1, *(bool *)element);
    } else {
        const Timer *timer = element;

        encode_uint(out, 8, timer->armed ? MAX(timer->deadline_ns, 0)
                                         : TIMER_NEVER);
    }
}

static void encode_table(const StateTable *table, void *obj,
                         const char *prefix, GByteArray *out);

static void encode_part(const StateField *field, void *obj,
                        const char *prefix, GByteArray *out)
{
    encode_head(field, prefix, field->count, out);
    encode_uint(out, 2, field->part->version);
    for (uint32_t i = 0; i < field->count; i++) {
        g_autofree char *inner = part_prefix(prefix, field, i);

        encode_table(field->part, field_element(field, obj, i), inner, out);
    }
}

static void encode_table(const StateTable *table, void *obj,
                         const char *prefix, GByteArray *out)
{
    if (table->saving) {
        table->saving(obj);
    }
    for (const StateField *f = table->fields; f->kind != STATE_END_OF_TABLE;
         f++) {
        if (f->kind == STATE_BLOB) {
            encode_blob(f, obj, prefix, out);
        } else if (f->kind == STATE_PART) {
            encode_part(f, obj, prefix, out);
        } else {
            encode_head(f, prefix, f->count, out);
            for (uint32_t i = 0; i < f->count; i++) {
                encode_element(f, field_element(f, obj, i), out);
            }
        }
    }
}

void state_encode(const StateTable *table, void *obj, GByteArray *out)
{
    encode_table(table, obj, "", out);
}

/* Decoding */

/** What is left of the bytes. */
typedef struct StateSource {
    const uint8_t *bytes;
    size_t len, at;
    uint64_t offset;            /* of the first byte, for messages */
} StateSource;

/** A member as it comes. */
typedef struct StateMember {
    char name[MEMBER_NAME_MAX + 1];
    uint64_t offset;
    uint8_t code;
    uint32_t count;
} StateMember;

static const uint8_t *source_take(StateSource *source, size_t len)
{
    const uint8_t *bytes = source->bytes + source->at;

    if (len > source->len - source->at) {
        return NULL;
    }
    source->at += len;
    return bytes;
}

static bool G_GNUC_PRINTF(3, 4)
member_refuse(const StateMember *member, GError **error, const char *fmt, ...)
{
    g_autofree char *fault = NULL;
    va_list ap;

    va_start(ap, fmt);
    fault = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    return fm_error_set(error, "member '%s' at offset %" PRIu64 ": %s",
                        member->name, member->offset, fault);
}

/** The next member has to be @name.  Without a NUL in it a name that is not
 *  the table's is at least text. */
static bool source_take_head(StateSource *source, const char *name,
                             StateMember *member, GError **error)
{
    const uint8_t *len, *text = NULL, *rest = NULL;

    *member = (StateMember){ .offset = source->offset + source->at };
    g_strlcpy(member->name, name, sizeof(member->name));
    len = source_take(source, 1);
    if (!len) {
        return member_refuse(member, error, "it is missing, the content ends "
                             "here");
    }
    text = source_take(source, *len);
    rest = text ? source_take(source, 5) : NULL;
    if (!rest) {
        return member_refuse(member, error, "the content ends inside of it");
    }
    if (*len != strlen(name) || memcmp(text, name, *len) != 0) {
        g_autofree char *raw = g_strndup((const char *)text, *len);
        g_autofree char *found = g_strescape(raw, NULL);

        return member_refuse(member, error, "it should be here, there is '%s'",
                             found);
    }
    member->code = rest[0];
    member->count = ld32_le(rest + 1);
    return true;
}

static bool member_check(const StateMember *member, const StateField *field,
                         GError **error)
{
    uint8_t code = field_code(field);

    if (member->code != code) {
        return member_refuse(member, error, "its values are of kind 0x%02x, "
                             "0x%02x is expected", member->code, code);
    }
    if (field->kind != STATE_BLOB && member->count != field->count) {
        return member_refuse(member, error, "there are %" PRIu32 " of it, %"
                             PRIu32 " are expected", member->count,
                             field->count);
    }
    return true;
}

static bool decode_blob(const StateField *field, void *obj,
                        const StateMember *member, StateSource *source,
                        GError **error)
{
    const uint8_t *bytes = source_take(source, member->count);
    g_autoptr(GBytes) blob = NULL;

    if (!bytes) {
        return member_refuse(member, error, "the content ends inside of it");
    }
    blob = g_bytes_new(bytes, member->count);
    return field->put(obj, blob, error) ||
           fm_error_prefix(error, "member '%s' at offset %" PRIu64 ": ",
                           member->name, member->offset);
}

static bool decode_timer(Timer *timer, int64_t deadline_ns,
                         const StateMember *member, GError **error)
{
    if (deadline_ns == TIMER_NEVER) {
        timer_cancel(timer);
        return true;
    }
    if (deadline_ns < 0 || !timer->clock) {
        return member_refuse(member, error, "%" PRId64 " is no time at which "
                             "it can be due", deadline_ns);
    }
    timer_set(timer, deadline_ns);
    return true;
}

static bool decode_element(const StateField *field, void *element,
                           const uint8_t *bytes, const StateMember *member,
                           GError **error)
{
    if (field->kind == STATE_INTEGER) {
        host_store(element, field->width, ldn_le(bytes, field->width));
        return true;
    }
    if (field->kind == STATE_BOOL) {
        if (*bytes > 1) {
            return member_refuse(member, error, "%u is neither 0 nor 1",
                                 *bytes);
        }
        *(bool *)element = *bytes;
        return true;
    }
    return decode_timer(element, (int64_t)ld64_le(bytes), member, error);
}

static bool decode_values(const StateField *field, void *obj,
                          const StateMember *member, StateSource *source,
                          GError **error)
{
    unsigned width = field->kind == STATE_BOOL ? 1 : field->width;

    for (uint32_t i = 0; i < field->count; i++) {
        const uint8_t *bytes = source_take(source, width);

        if (!bytes) {
            return member_refuse(member, error, "the content ends inside of "
                                 "it");
        }
        if (!decode_element(field, field_element(field, obj, i), bytes, member,
                            error)) {
            return false;
        }
    }
    return true;
}

static bool decode_table(const StateTable *table, void *obj, uint16_t version,
                         const char *prefix, StateSource *source,
                         GError **error);

static bool decode_part(const StateField *field, void *obj, const char *prefix,
                        const StateMember *member, StateSource *source,
                        GError **error)
{
    const uint8_t *bytes = source_take(source, 2);
    uint16_t version = bytes ? ld16_le(bytes) : 0;

    if (!bytes) {
        return member_refuse(member, error, "the content ends inside of it");
    }
    if (version == 0 || version > field->part->version) {
        return member_refuse(member, error, "it is of version %u, this program "
                             "knows versions 1 to %u", version,
                             field->part->version);
    }
    for (uint32_t i = 0; i < field->count; i++) {
        g_autofree char *inner = part_prefix(prefix, field, i);

        if (!decode_table(field->part, field_element(field, obj, i), version,
                          inner, source, error)) {
            return false;
        }
    }
    return true;
}

static bool decode_field(const StateField *field, void *obj,
                         const char *prefix, StateSource *source,
                         GError **error)
{
    g_autofree char *name = g_strconcat(prefix, field->name, NULL);
    StateMember member;

    if (!source_take_head(source, name, &member, error) ||
        !member_check(&member, field, error)) {
        return false;
    }
    switch (field->kind) {
    case STATE_BLOB:
        return decode_blob(field, obj, &member, source, error);
    case STATE_PART:
        return decode_part(field, obj, prefix, &member, source, error);
    default:
        return decode_values(field, obj, &member, source, error);
    }
}

static bool decode_table(const StateTable *table, void *obj, uint16_t version,
                         const char *prefix, StateSource *source,
                         GError **error)
{
    for (const StateField *f = table->fields; f->kind != STATE_END_OF_TABLE;
         f++) {
        if (f->since <= version &&
            !decode_field(f, obj, prefix, source, error)) {
            return false;
        }
    }
    return true;
}

bool state_decode_at(const StateTable *table, void *obj, uint16_t version,
                     const uint8_t *bytes, size_t len, uint64_t offset,
                     GError **error)
{
    StateSource source = { .bytes = bytes, .len = len, .offset = offset };

    g_assert(version <= table->version);
    if (!decode_table(table, obj, version, "", &source, error)) {
        return false;
    }
    return source.at == len ||
           fm_error_set(error, "offset %" PRIu64 ": %zu bytes behind the last "
                        "member", offset + source.at, len - source.at);
}

bool state_decode(const StateTable *table, void *obj, uint16_t version,
                  const uint8_t *bytes, size_t len, GError **error)
{
    return state_decode_at(table, obj, version, bytes, len, 0, error);
}

bool state_loaded(const StateTable *table, void *obj, GError **error)
{
    for (const StateField *f = table->fields; f->kind != STATE_END_OF_TABLE;
         f++) {
        for (uint32_t i = 0; f->kind == STATE_PART && i < f->count; i++) {
            if (!state_loaded(f->part, field_element(f, obj, i), error)) {
                g_autofree char *prefix = part_prefix("", f, i);

                return fm_error_prefix(error, "%s", prefix);
            }
        }
    }
    return !table->loaded || table->loaded(obj, error);
}

void state_restored(const StateTable *table, void *obj)
{
    for (const StateField *f = table->fields; f->kind != STATE_END_OF_TABLE;
         f++) {
        for (uint32_t i = 0; f->kind == STATE_PART && i < f->count; i++) {
            state_restored(f->part, field_element(f, obj, i));
        }
    }
    if (table->restored) {
        table->restored(obj);
    }
}
