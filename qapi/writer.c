/*
 * Writing QAPI values as JSON
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "value.h"

/* Text with embedded NULs: C0 80 in C is U+0000 in JSON */

static json_object *text_to_json(const char *text)
{
    size_t len = strlen(text);

    if (g_utf8_validate(text, (gssize)len, NULL)) {
        return json_object_new_string_len(text, (int)len);
    }

    /* Command lines are bytes: what is not UTF-8 must not reach a client. */
    g_autoptr(GString) out = g_string_sized_new(len + 16);
    const char *end = text + len;

    while (text < end) {
        const char *good;

        g_utf8_validate(text, end - text, &good);
        g_string_append_len(out, text, good - text);
        if (good == end) {
            break;
        }
        if ((uint8_t)good[0] == 0xc0 && (uint8_t)good[1] == 0x80) {
            g_string_append_c(out, 0);
            text = good + 2;
        } else {
            g_string_append(out, "\xef\xbf\xbd");
            text = good + 1;
        }
    }
    return json_object_new_string_len(out->str, (int)out->len);
}

static json_object *int_to_json(const QapiType *type, const void *value)
{
    int64_t number;

    switch (type->width) {
    case 1:
        number = type->is_signed ? (int64_t)*(const int8_t *)value :
                                   (int64_t)*(const uint8_t *)value;
        break;
    case 2:
        number = type->is_signed ? (int64_t)*(const int16_t *)value :
                                   (int64_t)*(const uint16_t *)value;
        break;
    case 4:
        number = type->is_signed ? (int64_t)*(const int32_t *)value :
                                   (int64_t)*(const uint32_t *)value;
        break;
    default:
        if (!type->is_signed) {
            return json_object_new_uint64(*(const uint64_t *)value);
        }
        number = *(const int64_t *)value;
        break;
    }
    return json_object_new_int64(number);
}

static json_object *slot_to_json(const QapiType *type, const void *slot)
{
    if (type->kind == QAPI_KIND_STRUCT) {
        const void *pointer = *(void *const *)slot;

        return pointer ? qapi_to_json(type, pointer) : NULL;
    }
    return qapi_to_json(type, slot);
}

bool qapi_member_present(const QapiMember *member, const void *object)
{
    const void *slot = qapi_at_const(object, member->offset);

    if (!member->optional || member->default_text) {
        return true;
    }
    if (member->has_offset >= 0) {
        uint32_t offset = (uint32_t)member->has_offset;

        return *(const bool *)qapi_at_const(object, offset);
    }
    return *(void *const *)slot != NULL;
}

json_object *qapi_member_to_json(const QapiMember *member, const void *object)
{
    return slot_to_json(member->type, qapi_at_const(object, member->offset));
}

static void members_to_json(const QapiType *type, const void *value,
                            json_object *out)
{
    for (uint32_t i = 0; i < type->n_members; i++) {
        const QapiMember *member = &type->members[i];

        if (qapi_member_present(member, value)) {
            /* The schema's names differ and live as long as the program. */
            json_object_object_add_ex(out, member->name,
                                      qapi_member_to_json(member, value),
                                      JSON_C_OBJECT_ADD_KEY_IS_NEW |
                                      JSON_C_OBJECT_KEY_IS_CONSTANT);
        }
    }

    const QapiBranch *arm = qapi_value_arm(type, value);

    if (arm) {
        members_to_json(arm->type, qapi_at_const(value, arm->offset), out);
    }
}

json_object *qapi_to_json(const QapiType *type, const void *value)
{
    switch (type->kind) {
    case QAPI_KIND_STR: {
        const char *text = *(char *const *)value;

        return text_to_json(text ? text : "");
    }
    case QAPI_KIND_BOOL:
        return json_object_new_boolean(*(const bool *)value);
    case QAPI_KIND_INT:
    case QAPI_KIND_SIZE:
        return int_to_json(type, value);
    case QAPI_KIND_NUMBER:
        return json_object_new_double(*(const double *)value);
    case QAPI_KIND_NULL:
        return NULL;
    case QAPI_KIND_ANY:
        return json_object_get(*(json_object *const *)value);
    case QAPI_KIND_ENUM: {
        int index = *(const int *)value;

        g_assert(index >= 0 && (uint32_t)index < type->n_values);
        return json_object_new_string(type->values[index]);
    }
    case QAPI_KIND_STRUCT: {
        json_object *out = json_object_new_object();

        members_to_json(type, value, out);
        return out;
    }
    case QAPI_KIND_LIST: {
        const QapiList *list = value;
        json_object *out = json_object_new_array();

        for (size_t i = 0; i < list->len; i++) {
            json_object_array_add(
                out, qapi_to_json(type->element, (const char *)list->items +
                                                 i * type->element->size));
        }
        return out;
    }
    case QAPI_KIND_ALTERNATE: {
        const QapiBranch *choice = qapi_alternate_choice(type, value);

        return slot_to_json(choice->type, qapi_at_const(value, choice->offset));
    }
    }
    g_assert_not_reached();
}
