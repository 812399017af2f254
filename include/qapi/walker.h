/*
 * The walker: everything that is done to QAPI values by way of their metadata
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QAPI_WALKER_H
#define QAPI_WALKER_H

#include <glib.h>
#include <json.h>

#include "qapi/type.h"

/** Where the JSON value came from decides how strict its reading is. */
typedef enum QapiInput {
    /** True JSON: types must match exactly. */
    QAPI_INPUT_JSON,
    /**
     * Made from key=value text by keyval_parse(): every scalar is a string
     * and is converted to the member's type: on/off/yes/no/true/false/y/n for
     * bool; integers by C's rules (base 0); size with a suffix.
     */
    QAPI_INPUT_TEXT,
} QapiInput;

/**
 * qapi_from_json:
 * @type: type of *@value
 * @in: a JSON value; borrowed; NULL means the JSON null
 * @input: how @in is to be read
 * @value: @type->size zeroed bytes, filled in
 *
 * Errors are set with QMP's wording and the member's dotted path:
 *   Parameter 'a.b' is missing
 *   Parameter 'x' is unexpected
 *   Invalid parameter type for 'x', expected: string    (or integer, boolean,
 *                                number, array, object, null)
 *   Parameter 'x' expects uint8_t       (a number outside the type's range)
 *   Parameter 'x' expects an integer | 'on' or 'off' | a number | a size
 *                                (text that cannot be converted)
 *   Invalid parameter 'y'   wording for text input's unknown member; it adds
 *                           the known member that is nearest, if one is near
 *   Parameter 'x' does not accept value 'y' (known: a, b, c)   enums
 *   Parameter 'x' expects less nesting      (deeper than 1024)
 * A list's item is 'a[0]' in JSON and 'a.0' in text; a value that is no member
 * has its type's name.  Of several faults an unknown member is told first.
 *
 * The JSON type selects an alternate's choice; its name is what is expected
 * where none fits.  Text is the first choice that it can be read as, a string
 * only where it can be nothing else.
 *
 * Returns: false with @error set and *@value cleared (as qapi_clear() leaves
 * it) if @in does not fit @type.
 */
bool qapi_from_json(const QapiType *type, json_object *in, QapiInput input,
                    void *value, GError **error);

/**
 * qapi_member_from_json:
 *
 * As qapi_from_json(), for one member of the struct at @object whose new
 * value is @in.  The old value is freed only when the new one is known good.
 * Also sets has_NAME.
 *
 * Returns: false with @error set as qapi_from_json() does, and for a union's
 * discriminator if the value is another one: the arm's members would be those
 * of another type.
 */
bool qapi_member_from_json(const QapiMember *member, json_object *in,
                           QapiInput input, void *object, GError **error);

/**
 * qapi_to_json: Returns a new JSON value, owned by the caller; absent optional
 * members are left out, members that hold their default are not.  A value may
 * be the JSON null, which json-c writes as NULL.
 */
json_object *qapi_to_json(const QapiType *type, const void *value);

/** qapi_member_to_json: the same for one member of the struct at @object. */
json_object *qapi_member_to_json(const QapiMember *member, const void *object);

/** qapi_member_present: false if @member is optional and absent in @object. */
bool qapi_member_present(const QapiMember *member, const void *object);

/** qapi_member_has_feature: whether the schema gives @member that feature. */
bool qapi_member_has_feature(const QapiMember *member, const char *name);

/** qapi_set_defaults: fill the zeroed @value with the schema's defaults. */
void qapi_set_defaults(const QapiType *type, void *value);

/** qapi_clear: free what the value owns and zero it; not the memory itself.
 *  Strings whose member has the feature `write-only` are overwritten. */
void qapi_clear(const QapiType *type, void *value);

/** qapi_new: a zeroed value with the schema's defaults; see qapi_free(). */
void *qapi_new(const QapiType *type);

/** qapi_free: qapi_clear() and g_free(); NULL is allowed. */
void qapi_free(const QapiType *type, void *value);

/** qapi_copy: deep copy of *@from into the zeroed *@to. */
void qapi_copy(const QapiType *type, const void *from, void *to);

/** qapi_clone: Returns a new value, a deep copy of *@from; see qapi_free(). */
void *qapi_clone(const QapiType *type, const void *from);

/**
 * qapi_list_append: make room for one more item in the list at @list of type
 * @type; Returns the new, zeroed item.
 */
void *qapi_list_append(const QapiType *type, void *list);

/** qapi_find_member: by the schema's spelling; NULL if there is none. */
const QapiMember *qapi_find_member(const QapiType *type, const char *name);

/** qapi_find_branch: by discriminator value; NULL if there is none. */
const QapiBranch *qapi_find_branch(const QapiType *type, const char *name);

/** qapi_enum_parse: Returns the index of @text in @type's values, or -1. */
int qapi_enum_parse(const QapiType *type, const char *text);

/**
 * qapi_describe_type: Returns what help and qom-list call the type: "string",
 * "bool", "uint32", "size", "number", the enum's or struct's name...
 */
const char *qapi_describe_type(const QapiType *type);

/**
 * qapi_help:
 * @type: a struct type
 * @out: one line a member is appended, in this form:
 *       `  name=<type>          - doc (default: x)`
 *       enums list their values as <a|b|c>.  A union's arms follow, each under
 *       a line that says which value they belong to; with @branch, only its,
 *       and the discriminator is left out.
 */
void qapi_help(const QapiType *type, const char *branch, GString *out);

/**
 * keyval_parse:
 * @text: `key=value,...`; a comma in a value is written twice; `a.b=` and
 *        `a.0=` make objects and lists, whose items come in order; a key
 *        without `=` is `key=on`, and `nokey` is `key=off` where @type has a
 *        bool member `key` and no member `nokey`; where @type has a member
 *        `key` that is no bool, a value is needed
 * @implied_key: the key of the first item if that has no `=`; NULL: none
 * @type: the struct it is meant for, for the `nokey` form; may be NULL
 * @into: JSON object that the members are added to; a later key replaces an
 *        earlier one
 * @help: set to true if an item is `help` or `?`; NULL: not taken as special
 *
 * Returns: false with @error set, @into possibly changed, on an empty or
 * malformed key, a key longer than 127 bytes, or nesting that conflicts.
 */
bool keyval_parse(const char *text, const char *implied_key,
                  const QapiType *type, json_object *into, bool *help,
                  GError **error);

/**
 * qapi_parse_option:
 * @type: a struct type
 * @text: an option's argument: a JSON object if it starts with `{`, key=value
 *        text otherwise
 * @implied_key: as for keyval_parse()
 * @help: as for keyval_parse(); when it is set the result is NULL, no error
 *
 * Returns: a new value of @type (free with qapi_free()), or NULL.
 */
void *qapi_parse_option(const QapiType *type, const char *text,
                        const char *implied_key, bool *help, GError **error);

/**
 * json_parse_strict:
 * @text: one complete JSON value of @len bytes, single quotes allowed where
 *        JSON has double ones
 *
 * Integers outside int64 and uint64, nesting deeper than 1024, more than 65536
 * values, an object with two members of one name, bad UTF-8 and trailing text
 * are errors, worded as QMP words them:
 *   JSON parse error, invalid keyword 'bad'
 *   JSON parse error, expecting value
 *   JSON parse error, ...
 *
 * Returns: false with @error set; otherwise *@out is owned by the caller and
 * may be NULL, which is json-c's null.
 */
bool json_parse_strict(const char *text, size_t len, json_object **out,
                       GError **error);

/**
 * qapi_introspect:
 *
 * Returns: the value of query-qmp-schema as JSON text, made when first asked
 * for and kept; a constant of the process.  Every type of the schema is in it
 * under its own name, also those that only command-line options use.
 */
const char *qapi_introspect(void);

#endif
