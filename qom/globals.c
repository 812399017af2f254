/*
 * Values for the properties of all objects of a type (-global)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qom/globals.h"

#include "qapi/walker.h"
#include "util/error.h"

static const QapiMember *global_member(const GlobalOptions *global,
                                       const ObjectType *type)
{
    const QapiType *config = object_type_config(type);

    return config ? qapi_find_member(config, global->property) : NULL;
}

/** The value as an option's text; in a list, one item. */
static bool global_set(const GlobalOptions *global, const QapiMember *member,
                       void *config, GError **error)
{
    json_object *text = json_object_new_string(global->value);
    bool ok = qapi_member_from_json(member, text, QAPI_INPUT_TEXT, config,
                                    error);

    json_object_put(text);
    return ok;
}

bool global_check(const GlobalOptions *global, bool *known, GError **error)
{
    const ObjectType *driver = object_type_find(global->driver);
    bool found = false, ok = true;

    *known = driver != NULL;
    for (const ObjectType *const *t = object_types(); driver && ok && *t; t++) {
        const QapiMember *member = global_member(global, *t);
        const QapiType *type = object_type_config(*t);
        void *scratch;

        if (!member || !object_type_is_a(*t, driver)) {
            continue;
        }
        found = true;
        scratch = qapi_new(type);
        ok = global_set(global, member, scratch, error);
        qapi_free(type, scratch);
    }
    return ok && (found || !driver ||
                  fm_error_set(error, "Property '%s.%s' not found",
                               global->driver, global->property));
}

/** Whether the input named it, or an earlier global did. */
static bool global_is_given(const QapiMember *member, const void *config)
{
    return member->has_offset >= 0
           ? *(const bool *)((const char *)config + member->has_offset)
           : qapi_member_present(member, config);
}

void globals_apply(const GPtrArray *globals, const ObjectType *type,
                   void *config)
{
    /* the last counts, so it comes first */
    for (unsigned i = globals ? globals->len : 0; i-- > 0;) {
        const GlobalOptions *global = globals->pdata[i];
        const ObjectType *driver = object_type_find(global->driver);
        const QapiMember *member = global_member(global, type);

        if (driver && member && object_type_is_a(type, driver) &&
            !global_is_given(member, config)) {
            global_set(global, member, config, NULL);
        }
    }
}
