/*
 * QAPI metadata: what the schema's types look like at run time
 *
 * scripts/qapi-gen.py turns qapi/ *.json into plain C structs and constant
 * tables of the types below.  Everything that handles configuration by name
 * walks these tables (qapi/walker.h): reading JSON and key=value text, writing
 * JSON, freeing, introspection, help.
 *
 * How a schema type appears in C:
 *
 *   'str'                 char *            modified UTF-8: a NUL inside the
 *                                           text is the two bytes C0 80
 *   'bool'                bool
 *   'int', 'int8'...      int64_t, int8_t...
 *   'uint8'...'uint64'    uint8_t...uint64_t
 *   'size'                uint64_t          text form: suffixes k M G T P E
 *   'number'              double
 *   'any'                 struct json_object *   (own reference; NULL is the
 *                         JSON null, and if optional, absent)
 *   'null'                bool              always true
 *   enum Foo              Foo (int-sized)   FOO_BAR = index into type->values
 *   struct Foo            Foo *             NULL only if optional and absent
 *   ['Foo']               FooList           { size_t len; T *items; }, items
 *                                           in place (struct types by value)
 *   union Foo             one struct: the base's members, then an anonymous
 *                         union `u` with one struct by value for each branch,
 *                         named after the branch in C spelling
 *   alternate Foo         struct { QapiAlternateKind type; union u }, in place;
 *                         type is one of FOO_KIND_NAME, `u` has one member for
 *                         each choice
 *
 * An optional member without a default that is not a pointer, and every
 * optional list, has a `bool has_NAME` before it.  An optional member with a
 * 'default' is always filled in; it has a `bool has_NAME` too, true if the
 * input named it.  NAME is the schema's name with '-' turned into '_'; the
 * member itself has `q_` before a name that C does not take as it is, such as a
 * keyword: `has_default`, `q_default`.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QAPI_TYPE_H
#define QAPI_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

typedef enum QapiKind {
    QAPI_KIND_STR,
    QAPI_KIND_BOOL,
    QAPI_KIND_INT,          /* width and is_signed say which */
    QAPI_KIND_SIZE,
    QAPI_KIND_NUMBER,
    QAPI_KIND_NULL,
    QAPI_KIND_ANY,
    QAPI_KIND_ENUM,
    QAPI_KIND_STRUCT,       /* also flat unions: those have branches */
    QAPI_KIND_LIST,
    QAPI_KIND_ALTERNATE,
} QapiKind;

/** Which choice an alternate holds: index into its type's branches. */
typedef uint32_t QapiAlternateKind;

typedef struct QapiType QapiType;

/** One member of a struct, as the schema declares it. */
typedef struct QapiMember {
    const char *name;           /* the schema's spelling */
    const QapiType *type;
    const char *default_text;   /* as key=value text; NULL: none */
    const char *doc;            /* one paragraph, or "" */
    uint32_t offset;            /* of the value in the C struct */
    int32_t has_offset;         /* of has_NAME; -1: there is none */
    const char *const *features;        /* ends with NULL; NULL: none */
    bool optional;
    bool is_discriminator;      /* of the union whose member this is */
} QapiMember;

/** One arm of a flat union, or one choice of an alternate. */
typedef struct QapiBranch {
    const char *name;           /* union: enum value; alternate: member */
    const QapiType *type;       /* NULL: a union arm without members */
    uint32_t offset;            /* of the arm's struct or value */
} QapiBranch;

struct QapiType {
    const char *name;           /* "AcpiTableOptions", "str", "[str]" */
    QapiKind kind;
    uint8_t width;              /* ints: bytes */
    bool is_signed;
    uint32_t size;              /* sizeof the C value */
    const char *doc;            /* one paragraph, or "" */
    const char *const *features;        /* ends with NULL; NULL: none */

    /* structs: base members first; the discriminator is one of them */
    const QapiMember *members;
    uint32_t n_members;
    const QapiMember *discriminator;
    const QapiBranch *branches;
    uint32_t n_branches;

    /* enums: n_members values; value_docs runs beside it */
    const char *const *values;
    const char *const *value_docs;
    const char *const *const *value_features;   /* NULL: no value has any */
    uint32_t n_values;

    /* lists */
    const QapiType *element;
};

/** What every FooList looks like. */
typedef struct QapiList {
    size_t len;
    void *items;
} QapiList;

typedef struct strList {
    size_t len;
    char **items;
} strList;

/** Built-in types; the generated tables refer to them. */
extern const QapiType qapi_type_str, qapi_type_bool, qapi_type_int,
    qapi_type_int8, qapi_type_int16, qapi_type_int32, qapi_type_int64,
    qapi_type_uint8, qapi_type_uint16, qapi_type_uint32, qapi_type_uint64,
    qapi_type_size, qapi_type_number, qapi_type_any, qapi_type_null,
    qapi_type_strList;

#endif
