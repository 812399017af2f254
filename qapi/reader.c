/*
 * Reading QAPI values from JSON, true or made from key=value text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"
#include "util/nearest.h"
#include "value.h"

/*
 * What json_parse_strict() lets through; JSON objects that were made in
 * another way are held to the same.
 */
#define QAPI_MAX_DEPTH 1024

/** Where a reader is: the names that lead there, innermost first. */
typedef struct QapiPath {
    const struct QapiPath *up;
    const char *name;           /* NULL: a list item */
    size_t index;
    unsigned depth;
    QapiInput input;
} QapiPath;

static void path_append(const QapiPath *path, GString *out)
{
    if (path->up) {
        path_append(path->up, out);
    }
    if (!path->name) {
        g_string_append_printf(out, path->input == QAPI_INPUT_TEXT ?
                               ".%zu" : "[%zu]", path->index);
        return;
    }
    if (out->len) {
        g_string_append_c(out, '.');
    }
    g_string_append(out, path->name);
}

/* The dotted path of @name inside @path; @name may be NULL: @path's own. */
static char *path_text(const QapiPath *path, const char *name)
{
    GString *out = g_string_new(NULL);

    path_append(path, out);
    if (name) {
        if (out->len) {
            g_string_append_c(out, '.');
        }
        g_string_append(out, name);
    }
    return g_string_free(out, FALSE);
}

static bool fail_type(const QapiPath *path, const QapiType *type,
                      const char *expected, GError **error)
{
    g_autofree char *text = path_text(path, NULL);

    return fm_error_set(error, "Invalid parameter type for '%s', expected: %s",
                        text[0] ? text : type->name, expected);
}

static bool fail_expects(const QapiPath *path, const QapiType *type,
                         const char *expected, GError **error)
{
    g_autofree char *text = path_text(path, NULL);

    return fm_error_set(error, "Parameter '%s' expects %s",
                        text[0] ? text : type->name, expected);
}

/* Text with embedded NULs: U+0000 in JSON is C0 80 in C */

static char *text_from_json(json_object *in)
{
    const char *text = json_object_get_string(in);
    size_t len = (size_t)json_object_get_string_len(in);
    size_t nuls = 0;

    for (const char *p = text; (p = memchr(p, 0, len - (p - text))); p++) {
        nuls++;
    }

    char *out = g_malloc(len + nuls + 1);
    char *end = out;

    if (nuls == 0) {
        memcpy(out, text, len);
        end += len;
    } else {
        for (size_t i = 0; i < len; i++) {
            if (text[i]) {
                *end++ = text[i];
            } else {
                *end++ = (char)0xc0;
                *end++ = (char)0x80;
            }
        }
    }
    *end = 0;
    return out;
}

/* Scalars */

static void int_store(const QapiType *type, void *value, uint64_t bits)
{
    switch (type->width) {
    case 1:
        *(uint8_t *)value = (uint8_t)bits;
        break;
    case 2:
        *(uint16_t *)value = (uint16_t)bits;
        break;
    case 4:
        *(uint32_t *)value = (uint32_t)bits;
        break;
    default:
        *(uint64_t *)value = bits;
        break;
    }
}

/* An integer of any type: its bits, and whether it is below zero. */
static bool int_fits(const QapiType *type, uint64_t bits, bool negative)
{
    unsigned value_bits = type->width * 8 - (type->is_signed ? 1 : 0);

    if (negative) {
        /* In two's complement the least number is the greatest's inverse. */
        return type->is_signed && ~bits >> value_bits == 0;
    }
    return value_bits == 64 || bits >> value_bits == 0;
}

typedef enum TextNumber {
    TEXT_NUMBER_GOOD,
    TEXT_NUMBER_BAD,            /* not a number at all */
    TEXT_NUMBER_RANGE,          /* beyond int64 and uint64 */
} TextNumber;

/* C's rules, base 0, and nothing before the number. */
static TextNumber int_parse(const char *text, const char **end,
                            uint64_t *bits, bool *negative)
{
    const char *digits = text + (*text == '-' || *text == '+');
    char *stop;

    if (!g_ascii_isdigit(*digits)) {
        return TEXT_NUMBER_BAD;
    }
    errno = 0;
    *negative = *text == '-';
    *bits = *negative ? (uint64_t)strtoll(text, &stop, 0) :
                        strtoull(digits, &stop, 0);
    if (*bits == 0) {
        *negative = false;
    }
    *end = stop;
    return errno == ERANGE ? TEXT_NUMBER_RANGE : TEXT_NUMBER_GOOD;
}

static bool int_from_text(const QapiType *type, const char *text,
                          const QapiPath *path, void *value, GError **error)
{
    const char *end = NULL;
    uint64_t bits;
    bool negative;
    TextNumber result = int_parse(text, &end, &bits, &negative);

    if (result == TEXT_NUMBER_BAD || *end) {
        return fail_expects(path, type, "an integer", error);
    }
    if (result == TEXT_NUMBER_RANGE || !int_fits(type, bits, negative)) {
        g_autofree char *c_type = g_strdup_printf(
            "%sint%u_t", type->is_signed ? "" : "u", type->width * 8u);

        return fail_expects(path, type, c_type, error);
    }
    int_store(type, value, bits);
    return true;
}

static bool size_from_text(const QapiType *type, const char *text,
                           const QapiPath *path, uint64_t *value,
                           GError **error)
{
    static const char suffixes[] = "kmgtpe";
    const char *end = NULL;
    uint64_t bits;
    bool negative;
    unsigned shift = 0;
    TextNumber result = int_parse(text, &end, &bits, &negative);

    if (result == TEXT_NUMBER_GOOD && *end && !end[1]) {
        const char *suffix = strchr(suffixes, g_ascii_tolower(*end));

        if (suffix) {
            shift = 10 * (unsigned)(suffix - suffixes + 1);
            end++;
        }
    }
    if (result != TEXT_NUMBER_GOOD || *end || negative ||
        bits > UINT64_MAX >> shift) {
        return fail_expects(path, type, "a size", error);
    }
    *value = bits << shift;
    return true;
}

static bool bool_parse(const char *text, bool *value)
{
    static const char *const words[][2] = {
        { "off", "on" }, { "no", "yes" }, { "false", "true" }, { "n", "y" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        for (int truth = 0; truth < 2; truth++) {
            if (strcmp(text, words[i][truth]) == 0) {
                *value = truth;
                return true;
            }
        }
    }
    return false;
}

static bool number_parse(const char *text, double *value)
{
    char *end;

    if (!*text || g_ascii_isspace(*text)) {
        return false;
    }
    *value = g_ascii_strtod(text, &end);
    return !*end && isfinite(*value);
}

static bool enum_from_text(const QapiType *type, const char *text,
                           const QapiPath *path, void *value, GError **error)
{
    int index = qapi_enum_parse(type, text);

    if (index < 0) {
        g_autofree char *where = path_text(path, NULL);
        g_autoptr(GString) known = g_string_new(NULL);

        for (uint32_t i = 0; i < type->n_values; i++) {
            g_string_append_printf(known, "%s%s", i ? ", " : "",
                                   type->values[i]);
        }
        return fm_error_set(error,
                            "Parameter '%s' does not accept value '%s' "
                            "(known: %s)", where[0] ? where : type->name,
                            text, known->str);
    }
    *(int *)value = index;
    return true;
}

/*
 * Reading.  A reader that fails may leave part of the value behind; who asked
 * for the whole value clears it.
 */

static bool read_value(const QapiType *type, json_object *in,
                       const QapiPath *path, void *value, GError **error);

static bool read_slot(const QapiType *type, json_object *in,
                      const QapiPath *path, void *slot, GError **error)
{
    if (type->kind == QAPI_KIND_STRUCT) {
        void **pointer = slot;

        *pointer = g_malloc0(type->size);
        slot = *pointer;
    }
    return read_value(type, in, path, slot, error);
}

static void slot_set_default(const QapiMember *member, void *slot)
{
    const QapiPath path = { .name = member->name, .input = QAPI_INPUT_TEXT };
    const QapiType *type = member->type;
    const char *text = member->default_text;
    bool good = true;

    switch (type->kind) {
    case QAPI_KIND_STR:
        *(char **)slot = g_strdup(text);
        break;
    case QAPI_KIND_BOOL:
        good = bool_parse(text, slot);
        break;
    case QAPI_KIND_INT:
        good = int_from_text(type, text, &path, slot, NULL);
        break;
    case QAPI_KIND_SIZE:
        good = size_from_text(type, text, &path, slot, NULL);
        break;
    case QAPI_KIND_NUMBER:
        good = number_parse(text, slot);
        break;
    case QAPI_KIND_ENUM:
        good = enum_from_text(type, text, &path, slot, NULL);
        break;
    default:
        good = false;
        break;
    }
    /* The generator has checked every default against its type. */
    g_assert(good);
}

static bool has_member(const QapiType *type, const void *value,
                       const char *name)
{
    for (;;) {
        if (qapi_find_member(type, name)) {
            return true;
        }

        const QapiBranch *arm = qapi_value_arm(type, value);

        if (!arm) {
            return false;
        }
        type = arm->type;
        value = qapi_at_const(value, arm->offset);
    }
}

static const char *nearest_member(const QapiType *type, const void *value,
                                  const char *name)
{
    Nearest nearest = { .name = NULL };

    while (type) {
        for (uint32_t i = 0; i < type->n_members; i++) {
            nearest_offer(&nearest, name, type->members[i].name);
        }

        const QapiBranch *arm = qapi_value_arm(type, value);

        type = arm ? arm->type : NULL;
        value = arm ? qapi_at_const(value, arm->offset) : NULL;
    }
    return nearest.name;
}

static bool fail_unknown(const QapiType *type, const void *value,
                         const char *name, const QapiPath *path,
                         GError **error)
{
    g_autofree char *text = path_text(path, name);

    if (path->input == QAPI_INPUT_JSON) {
        return fm_error_set(error, "Parameter '%s' is unexpected", text);
    }

    const char *near = nearest_member(type, value, name);

    if (near) {
        return fm_error_set(error, "Invalid parameter '%s' (did you mean "
                            "'%s'?)", text, near);
    }
    return fm_error_set(error, "Invalid parameter '%s'", text);
}

/*
 * Read the members of @type and of the arm that they select.  @n_known counts
 * the members found, @missing keeps the first that should have been there.
 */
static bool read_members(const QapiType *type, json_object *in,
                         const QapiPath *path, void *value, int *n_known,
                         const char **missing, GError **error)
{
    for (uint32_t i = 0; i < type->n_members; i++) {
        const QapiMember *member = &type->members[i];
        void *slot = qapi_at(value, member->offset);
        json_object *found;

        if (json_object_object_get_ex(in, member->name, &found)) {
            const QapiPath inner = {
                .up = path, .name = member->name, .input = path->input,
                .depth = path->depth + 1,
            };

            if (!read_slot(member->type, found, &inner, slot, error)) {
                return false;
            }
            if (member->has_offset >= 0) {
                *(bool *)qapi_at(value, (uint32_t)member->has_offset) = true;
            }
            (*n_known)++;
        } else if (member->default_text) {
            slot_set_default(member, slot);
        } else if (!member->optional) {
            if (!*missing) {
                *missing = member->name;
            }
            if (member->is_discriminator) {
                /* Which arm is meant, and what it has, cannot be known. */
                g_autofree char *text = path_text(path, *missing);

                return fm_error_set(error, "Parameter '%s' is missing", text);
            }
        }
    }

    const QapiBranch *arm = qapi_value_arm(type, value);

    return !arm || read_members(arm->type, in, path,
                                qapi_at(value, arm->offset), n_known, missing,
                                error);
}

static bool read_struct(const QapiType *type, json_object *in,
                        const QapiPath *path, void *value, GError **error)
{
    int n_known = 0;
    const char *missing = NULL;

    if (!json_object_is_type(in, json_type_object)) {
        return fail_type(path, type, "object", error);
    }
    if (!read_members(type, in, path, value, &n_known, &missing, error)) {
        return false;
    }
    if (n_known != json_object_object_length(in)) {
        /* An unknown name may be a required one misspelt: it comes first. */
        json_object_object_foreach(in, key, unused) {
            (void)unused;
            if (!has_member(type, value, key)) {
                return fail_unknown(type, value, key, path, error);
            }
        }
    }
    if (missing) {
        g_autofree char *text = path_text(path, missing);

        return fm_error_set(error, "Parameter '%s' is missing", text);
    }
    return true;
}

static bool read_list(const QapiType *type, json_object *in,
                      const QapiPath *path, QapiList *list, GError **error)
{
    if (!json_object_is_type(in, json_type_array)) {
        return fail_type(path, type, "array", error);
    }

    size_t len = json_object_array_length(in);

    if (len == 0) {
        return true;
    }
    list->items = g_malloc0_n(len, type->element->size);
    list->len = len;
    for (size_t i = 0; i < len; i++) {
        const QapiPath inner = {
            .up = path, .index = i, .input = path->input,
            .depth = path->depth + 1,
        };

        if (!read_value(type->element, json_object_array_get_idx(in, i),
                        &inner, (char *)list->items + i * type->element->size,
                        error)) {
            return false;
        }
    }
    return true;
}

/* Can a choice of type @type be meant by the JSON value @in? */
static bool choice_matches(const QapiType *type, json_object *in,
                           QapiInput input)
{
    json_type found = json_object_get_type(in);

    if (input == QAPI_INPUT_TEXT && found == json_type_string) {
        const char *text = json_object_get_string(in);
        const char *end = NULL;
        uint64_t bits;
        bool truth;
        double number;

        switch (type->kind) {
        case QAPI_KIND_BOOL:
            return bool_parse(text, &truth);
        case QAPI_KIND_INT:
        case QAPI_KIND_SIZE:
            /* A number with a fault is told as one, not taken as text. */
            return int_parse(text, &end, &bits, &truth) != TEXT_NUMBER_BAD &&
                   (!*end || type->kind == QAPI_KIND_SIZE);
        case QAPI_KIND_NUMBER:
            return number_parse(text, &number);
        case QAPI_KIND_ENUM:
            return qapi_enum_parse(type, text) >= 0;
        default:
            return false;
        }
    }
    switch (type->kind) {
    case QAPI_KIND_STR:
    case QAPI_KIND_ENUM:
        return found == json_type_string;
    case QAPI_KIND_BOOL:
        return found == json_type_boolean;
    case QAPI_KIND_INT:
    case QAPI_KIND_SIZE:
        return found == json_type_int;
    case QAPI_KIND_NUMBER:
        return found == json_type_int || found == json_type_double;
    case QAPI_KIND_NULL:
        return found == json_type_null;
    case QAPI_KIND_STRUCT:
        return found == json_type_object;
    case QAPI_KIND_LIST:
        return found == json_type_array;
    default:
        return false;
    }
}

static bool read_alternate(const QapiType *type, json_object *in,
                           const QapiPath *path, void *value, GError **error)
{
    const QapiBranch *chosen = NULL;

    for (uint32_t i = 0; i < type->n_branches; i++) {
        const QapiBranch *choice = &type->branches[i];

        if (choice_matches(choice->type, in, path->input)) {
            chosen = choice;
            break;
        }
        /* Text that is nothing more special is a string, or a bad enum. */
        if (path->input == QAPI_INPUT_TEXT &&
            json_object_is_type(in, json_type_string) &&
            (choice->type->kind == QAPI_KIND_STR ||
             choice->type->kind == QAPI_KIND_ENUM)) {
            chosen = choice;
        }
    }
    if (!chosen) {
        return fail_type(path, type, type->name, error);
    }
    *(QapiAlternateKind *)value = (QapiAlternateKind)(chosen - type->branches);
    return read_slot(chosen->type, in, path,
                     qapi_at(value, chosen->offset), error);
}

static bool read_text(const QapiType *type, json_object *in,
                      const QapiPath *path, void *value, GError **error)
{
    const char *text = json_object_get_string(in);

    switch (type->kind) {
    case QAPI_KIND_BOOL:
        return bool_parse(text, value) ||
               fail_expects(path, type, "'on' or 'off'", error);
    case QAPI_KIND_INT:
        return int_from_text(type, text, path, value, error);
    case QAPI_KIND_SIZE:
        return size_from_text(type, text, path, value, error);
    case QAPI_KIND_NUMBER:
        return number_parse(text, value) ||
               fail_expects(path, type, "a number", error);
    default:
        g_assert_not_reached();
    }
}

static bool read_json_scalar(const QapiType *type, json_object *in,
                             const QapiPath *path, void *value, GError **error)
{
    json_type found = json_object_get_type(in);

    switch (type->kind) {
    case QAPI_KIND_BOOL:
        if (found != json_type_boolean) {
            return fail_type(path, type, "boolean", error);
        }
        *(bool *)value = json_object_get_boolean(in);
        return true;
    case QAPI_KIND_INT:
    case QAPI_KIND_SIZE: {
        if (found != json_type_int) {
            return fail_type(path, type, "integer", error);
        }

        /* json-c clamps: each getter is right for its own half only. */
        int64_t number = json_object_get_int64(in);
        uint64_t bits = number < 0 ? (uint64_t)number :
                                     json_object_get_uint64(in);

        if (!int_fits(type, bits, number < 0)) {
            g_autofree char *c_type = g_strdup_printf(
                "%sint%u_t", type->is_signed ? "" : "u", type->width * 8u);

            return fail_expects(path, type, c_type, error);
        }
        int_store(type, value, bits);
        return true;
    }
    case QAPI_KIND_NUMBER:
        if (found != json_type_int && found != json_type_double) {
            return fail_type(path, type, "number", error);
        }
        *(double *)value = json_object_get_double(in);
        return true;
    default:
        g_assert_not_reached();
    }
}

static bool read_value(const QapiType *type, json_object *in,
                       const QapiPath *path, void *value, GError **error)
{
    if (path->depth > QAPI_MAX_DEPTH) {
        return fail_expects(path, type, "less nesting", error);
    }
    switch (type->kind) {
    case QAPI_KIND_STR:
        if (!json_object_is_type(in, json_type_string)) {
            return fail_type(path, type, "string", error);
        }
        *(char **)value = text_from_json(in);
        return true;
    case QAPI_KIND_ENUM:
        if (!json_object_is_type(in, json_type_string)) {
            return fail_type(path, type, "string", error);
        }
        return enum_from_text(type, json_object_get_string(in), path, value,
                              error);
    case QAPI_KIND_NULL:
        if (in) {
            return fail_type(path, type, "null", error);
        }
        *(bool *)value = true;
        return true;
    case QAPI_KIND_ANY:
        *(json_object **)value = json_object_get(in);
        return true;
    case QAPI_KIND_STRUCT:
        return read_struct(type, in, path, value, error);
    case QAPI_KIND_LIST:
        return read_list(type, in, path, value, error);
    case QAPI_KIND_ALTERNATE:
        return read_alternate(type, in, path, value, error);
    case QAPI_KIND_BOOL:
    case QAPI_KIND_INT:
    case QAPI_KIND_SIZE:
    case QAPI_KIND_NUMBER:
        if (path->input == QAPI_INPUT_TEXT &&
            json_object_is_type(in, json_type_string)) {
            return read_text(type, in, path, value, error);
        }
        return read_json_scalar(type, in, path, value, error);
    }
    g_assert_not_reached();
}

bool qapi_from_json(const QapiType *type, json_object *in, QapiInput input,
                    void *value, GError **error)
{
    const QapiPath path = { .name = "", .input = input };

    if (!read_value(type, in, &path, value, error)) {
        qapi_clear(type, value);
        return false;
    }
    return true;
}

bool qapi_member_from_json(const QapiMember *member, json_object *in,
                           QapiInput input, void *object, GError **error)
{
    const QapiPath path = { .name = member->name, .input = input };
    const QapiType *type = member->type;
    void *slot = qapi_at(object, member->offset);
    size_t slot_size = type->kind == QAPI_KIND_STRUCT ? sizeof(void *) :
                                                        type->size;
    /* The largest slot is an alternate's, with a list as its choice. */
    union {
        char bytes[sizeof(uint64_t) + sizeof(QapiList)];
        max_align_t align;
    } fresh = { 0 };

    g_assert(slot_size <= sizeof(fresh));
    if (!read_slot(type, in, &path, &fresh, error)) {
        qapi_slot_clear(type, &fresh);
        return false;
    }
    if (member->is_discriminator && *(int *)slot != *(int *)fresh.bytes) {
        return fm_error_set(error, "Parameter '%s' cannot be changed, other "
                            "parameters depend on it", member->name);
    }
    qapi_slot_clear(type, slot);
    memcpy(slot, &fresh, slot_size);
    if (member->has_offset >= 0) {
        *(bool *)qapi_at(object, (uint32_t)member->has_offset) = true;
    }
    return true;
}

/* Defaults */

void qapi_set_defaults(const QapiType *type, void *value)
{
    if (type->kind != QAPI_KIND_STRUCT) {
        return;
    }
    for (uint32_t i = 0; i < type->n_members; i++) {
        const QapiMember *member = &type->members[i];

        if (member->default_text) {
            slot_set_default(member, qapi_at(value, member->offset));
        }
    }
    /* A discriminator without a default selects nothing yet. */
    if (type->discriminator && type->discriminator->default_text) {
        const QapiBranch *arm = qapi_value_arm(type, value);

        if (arm) {
            qapi_set_defaults(arm->type, qapi_at(value, arm->offset));
        }
    }
}

void *qapi_new(const QapiType *type)
{
    void *value = g_malloc0(type->size);

    qapi_set_defaults(type, value);
    return value;
}
