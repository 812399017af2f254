/*
 * The guest state of a device, described: what is saved and restored
 *
 * One table a device, beside its struct's "Guest state" group.  A table lists
 * members; each has a name of its own in the stream, so a stream tells what it
 * holds, and a fault in it can be named.  What is derived from the state (what
 * is mapped where, timers that follow from registers) is not listed: loaded()
 * makes it anew.  Members' types have a width of their own (uint32_t, not
 * size_t): a stream goes from one build to any other.
 *
 *     static const StateField apm_fields[] = {
 *         STATE_FIELD(Apm, cnt),
 *         STATE_FIELD(Apm, sts),
 *         STATE_END
 *     };
 *     const StateTable apm_state = { .version = 1, .fields = apm_fields };
 *
 * Who writes and reads the stream: migration/.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_CORE_STATE_H
#define HW_CORE_STATE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct StateTable StateTable;

typedef enum StateKind {
    STATE_END_OF_TABLE,
    STATE_INTEGER,              /* width bytes each, in the host's order */
    STATE_BOOL,                 /* bool; anything but 0 and 1 is refused */
    STATE_TIMER,                /* Timer: its deadline, if it is armed */
    STATE_PART,                 /* a struct with a table of its own */
    STATE_BLOB,                 /* bytes that get() and put() deal with */
} StateKind;

typedef struct StateField {
    const char *name;           /* in the table; at most 63 bytes */
    StateKind kind;
    uint8_t width;              /* INTEGER: 1, 2, 4 or 8 bytes */
    uint16_t since;             /* the table's version that it came with; 0 is
                                   1.  In an older stream it is not looked for
                                   and stays as reset left it */
    uint32_t count;             /* elements of an array; 1: no array */
    uint32_t stride;            /* bytes from one to the next */
    size_t offset;              /* of the first, in the struct */
    const StateTable *part;     /* PART */
    /** BLOB: Returns what is to be saved, the caller's to unref. */
    GBytes *(*get)(const void *obj);
    /** BLOB: Returns false with @error set if @bytes are not what get() can
     *  return; they may come from anywhere. */
    bool (*put)(void *obj, GBytes *bytes, GError **error);
} StateField;

struct StateTable {
    uint16_t version;           /* from 1; a part has its own in the stream */
    const StateField *fields;   /* up to STATE_END */
    /** Bring the members up to date, before they are read.  NULL: they are. */
    void (*saving)(void *obj);
    /**
     * All members of all devices are restored, and the clock before them: check
     * them, for they may come from anywhere, and make what follows from them.
     * What is not a member is as after a reset.  The levels of interrupt lines
     * are state of whoever receives them: driving a line to what it was changes
     * nothing.  Parts before the whole.  NULL: nothing to do, every value is
     * good.
     *
     * Returns: false with @error set, its first word the member's name (a
     * part's is put before it), if the values cannot be.
     */
    bool (*loaded)(void *obj, GError **error);
    /** Nobody has refused: what takes the whole machine as it is now, or is not
     *  to be said of one that was refused.  NULL: nothing to do. */
    void (*restored)(void *obj);
};

#define STATE_IS_BOOL(x) _Generic((x), bool: 1, default: 0)

/* A number, an enum or a bool */
#define STATE_FIELD_SINCE(type, member, version)                            \
    { .name = #member, .since = (version), .count = 1,                      \
      .kind = STATE_IS_BOOL(((type *)0)->member) ? STATE_BOOL               \
                                                 : STATE_INTEGER,           \
      .width = sizeof(((type *)0)->member),                                 \
      .offset = offsetof(type, member) }
#define STATE_FIELD(type, member) STATE_FIELD_SINCE(type, member, 1)

/* An array of numbers or bools; of bytes, too */
#define STATE_ARRAY(type, member)                                           \
    { .name = #member, .count = G_N_ELEMENTS(((type *)0)->member),          \
      .kind = STATE_IS_BOOL(((type *)0)->member[0]) ? STATE_BOOL            \
                                                    : STATE_INTEGER,        \
      .width = sizeof(((type *)0)->member[0]),                              \
      .stride = sizeof(((type *)0)->member[0]),                             \
      .offset = offsetof(type, member) }

/* One number in each of an array of structs: array[].member */
#define STATE_COLUMN(type, array, member)                                   \
    { .name = #array "." #member,                                           \
      .count = G_N_ELEMENTS(((type *)0)->array),                            \
      .kind = STATE_IS_BOOL(((type *)0)->array[0].member) ? STATE_BOOL      \
                                                          : STATE_INTEGER,  \
      .width = sizeof(((type *)0)->array[0].member),                        \
      .stride = sizeof(((type *)0)->array[0]),                              \
      .offset = offsetof(type, array[0].member) }

#define STATE_TIMER_FIELD(type, member)                                     \
    { .name = #member, .kind = STATE_TIMER, .count = 1, .width = 8,         \
      .offset = offsetof(type, member) }

/* A struct that is a member, and an array of them */
#define STATE_PART_FIELD(type, member, table)                               \
    { .name = #member, .kind = STATE_PART, .count = 1, .part = (table),     \
      .offset = offsetof(type, member) }
#define STATE_PARTS(type, member, table)                                    \
    { .name = #member, .kind = STATE_PART, .part = (table),                 \
      .count = G_N_ELEMENTS(((type *)0)->member),                           \
      .stride = sizeof(((type *)0)->member[0]),                             \
      .offset = offsetof(type, member) }

/* Bytes of no fixed number; the functions get the whole struct */
#define STATE_BLOB_FIELD(blob_name, get_fn, put_fn)                         \
    { .name = (blob_name), .kind = STATE_BLOB, .count = 1,                  \
      .get = (get_fn), .put = (put_fn) }

#define STATE_END { .kind = STATE_END_OF_TABLE }

/**
 * state_check_bits: for loaded(): whether a register has only bits that there
 * are.
 * @member: its name, for the message
 * @possible: the bits that can be set
 *
 * Returns: false with @error set if @value has others.
 */
bool state_check_bits(const char *member, uint64_t value, uint64_t possible,
                      GError **error);

#endif
