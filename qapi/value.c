/*
 * QAPI values: looking into them, freeing, copying
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "value.h"

#include <string.h>

/* Look-up */

const QapiMember *qapi_find_member(const QapiType *type, const char *name)
{
    for (uint32_t i = 0; i < type->n_members; i++) {
        if (strcmp(type->members[i].name, name) == 0) {
            return &type->members[i];
        }
    }
    return NULL;
}

const QapiBranch *qapi_find_branch(const QapiType *type, const char *name)
{
    for (uint32_t i = 0; i < type->n_branches; i++) {
        if (strcmp(type->branches[i].name, name) == 0) {
            return &type->branches[i];
        }
    }
    return NULL;
}

int qapi_enum_parse(const QapiType *type, const char *text)
{
    for (uint32_t i = 0; i < type->n_values; i++) {
        if (strcmp(type->values[i], text) == 0) {
            return (int)i;
        }
    }
    return -1;
}

const QapiBranch *qapi_value_arm(const QapiType *type, const void *value)
{
    if (!type->discriminator) {
        return NULL;
    }

    /* The generator emits one branch for each value of the enum. */
    const int *kind = (const void *)((const char *)value +
                                     type->discriminator->offset);
    g_assert(*kind >= 0 && (uint32_t)*kind < type->n_branches);

    const QapiBranch *arm = &type->branches[*kind];
    return arm->type ? arm : NULL;
}

const QapiBranch *qapi_alternate_choice(const QapiType *type,
                                        const void *value)
{
    const QapiAlternateKind *kind = value;

    g_assert(*kind < type->n_branches);
    return &type->branches[*kind];
}

bool qapi_member_has_feature(const QapiMember *member, const char *name)
{
    for (const char *const *f = member->features; f && *f; f++) {
        if (strcmp(*f, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Freeing */

/** Nothing of a secret stays in memory that somebody else gets next. */
static void member_wipe(const QapiMember *member, void *slot)
{
    char *text = member->type->kind == QAPI_KIND_STR ? *(char **)slot : NULL;

    if (text && qapi_member_has_feature(member, "write-only")) {
        explicit_bzero(text, strlen(text));
    }
}

void qapi_slot_clear(const QapiType *type, void *slot)
{
    if (type->kind == QAPI_KIND_STRUCT) {
        void **pointer = slot;

        qapi_free(type, *pointer);
        *pointer = NULL;
    } else {
        qapi_clear(type, slot);
    }
}

void qapi_clear(const QapiType *type, void *value)
{
    switch (type->kind) {
    case QAPI_KIND_STR:
        g_free(*(char **)value);
        break;
    case QAPI_KIND_ANY:
        json_object_put(*(json_object **)value);
        break;
    case QAPI_KIND_STRUCT: {
        const QapiBranch *arm = qapi_value_arm(type, value);

        if (arm) {
            qapi_clear(arm->type, qapi_at(value, arm->offset));
        }
        for (uint32_t i = 0; i < type->n_members; i++) {
            const QapiMember *member = &type->members[i];
            void *slot = qapi_at(value, member->offset);

            member_wipe(member, slot);
            qapi_slot_clear(member->type, slot);
        }
        break;
    }
    case QAPI_KIND_LIST: {
        QapiList *list = value;

        for (size_t i = 0; i < list->len; i++) {
            qapi_clear(type->element,
                       (char *)list->items + i * type->element->size);
        }
        g_free(list->items);
        break;
    }
    case QAPI_KIND_ALTERNATE: {
        const QapiBranch *choice = qapi_alternate_choice(type, value);

        qapi_slot_clear(choice->type, qapi_at(value, choice->offset));
        break;
    }
    case QAPI_KIND_BOOL:
    case QAPI_KIND_INT:
    case QAPI_KIND_SIZE:
    case QAPI_KIND_NUMBER:
    case QAPI_KIND_NULL:
    case QAPI_KIND_ENUM:
        break;
    }
    memset(value, 0, type->size);
}

void qapi_free(const QapiType *type, void *value)
{
    if (value) {
        qapi_clear(type, value);
        g_free(value);
    }
}

/* Copying */

static void slot_copy(const QapiType *type, const void *from, void *to)
{
    if (type->kind == QAPI_KIND_STRUCT) {
        const void *old = *(void *const *)from;

        if (old) {
            void *fresh = g_malloc0(type->size);

            qapi_copy(type, old, fresh);
            *(void **)to = fresh;
        }
    } else {
        qapi_copy(type, from, to);
    }
}

static void qapi_copy_struct(const QapiType *type, const void *from, void *to)
{
    const QapiBranch *arm = qapi_value_arm(type, from);

    for (uint32_t i = 0; i < type->n_members; i++) {
        const QapiMember *member = &type->members[i];

        slot_copy(member->type, qapi_at_const(from, member->offset),
                  qapi_at(to, member->offset));
        if (member->has_offset >= 0) {
            uint32_t offset = (uint32_t)member->has_offset;

            *(bool *)qapi_at(to, offset) =
                *(const bool *)qapi_at_const(from, offset);
        }
    }
    if (arm) {
        qapi_copy(arm->type, qapi_at_const(from, arm->offset),
                  qapi_at(to, arm->offset));
    }
}

static void qapi_copy_list(const QapiType *type, const QapiList *from,
                           QapiList *to)
{
    size_t size = type->element->size;

    if (from->len == 0) {
        return;
    }
    to->items = g_malloc0_n(from->len, size);
    to->len = from->len;
    for (size_t i = 0; i < from->len; i++) {
        qapi_copy(type->element, (const char *)from->items + i * size,
                  (char *)to->items + i * size);
    }
}

void qapi_copy(const QapiType *type, const void *from, void *to)
{
    switch (type->kind) {
    case QAPI_KIND_STR:
        *(char **)to = g_strdup(*(char *const *)from);
        return;
    case QAPI_KIND_ANY: {
        /* Not shared: who holds a value may change it. */
        json_object *old = *(json_object *const *)from;

        if (old) {
            int result = json_object_deep_copy(old, to, NULL);

            g_assert(result == 0);
        }
        return;
    }
    case QAPI_KIND_STRUCT:
        qapi_copy_struct(type, from, to);
        return;
    case QAPI_KIND_LIST:
        qapi_copy_list(type, from, to);
        return;
    case QAPI_KIND_ALTERNATE: {
        const QapiBranch *choice = qapi_alternate_choice(type, from);

        *(QapiAlternateKind *)to = *(const QapiAlternateKind *)from;
        slot_copy(choice->type, qapi_at_const(from, choice->offset),
                  qapi_at(to, choice->offset));
        return;
    }
    case QAPI_KIND_BOOL:
    case QAPI_KIND_INT:
    case QAPI_KIND_SIZE:
    case QAPI_KIND_NUMBER:
    case QAPI_KIND_NULL:
    case QAPI_KIND_ENUM:
        memcpy(to, from, type->size);
        return;
    }
    g_assert_not_reached();
}

void *qapi_clone(const QapiType *type, const void *from)
{
    void *to = g_malloc0(type->size);

    qapi_copy(type, from, to);
    return to;
}

void *qapi_list_append(const QapiType *type, void *list)
{
    QapiList *grown = list;
    size_t size = type->element->size;

    g_assert(type->kind == QAPI_KIND_LIST);
    grown->items = g_realloc_n(grown->items, grown->len + 1, size);

    void *item = (char *)grown->items + grown->len++ * size;

    memset(item, 0, size);
    return item;
}

const char *qapi_describe_type(const QapiType *type)
{
    return type->kind == QAPI_KIND_STR ? "string" : type->name;
}
