/*
 * Objects: named types, a tree with paths, properties from the schema
 *
 * An object's configuration is one QAPI struct, declared in qapi/ *.json and
 * named by its type; qom-get, qom-set, qom-list, introspection and help all
 * read the same metadata.  What an object tells beyond its configuration are
 * its type's state properties.
 *
 * The tree owns: an object belongs to its parent and is freed with it,
 * children before their parent, the youngest first.  Destroying an object that
 * was never completed works, so creating one has one way to fail.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QOM_OBJECT_H
#define QOM_OBJECT_H

#include <glib.h>
#include <json.h>
#include <stdbool.h>

#include "qapi/type.h"

typedef struct Object Object;
typedef struct ObjectType ObjectType;

/** A property that is state, not configuration. */
typedef struct ObjectProperty {
    const char *name;
    const char *type;           /* as qom-list shows it: "uint32", "string" */
    const char *doc;
    /** Returns a new JSON value; NULL with @error set if it cannot be told. */
    json_object *(*get)(Object *obj, GError **error);
    /** NULL: read only. */
    bool (*set)(Object *obj, json_object *value, GError **error);
} ObjectProperty;

/** A string in the configuration that names another object by its ID. */
typedef struct ObjectLink {
    const char *member;         /* of the configuration struct; a 'str' */
    const char *container;      /* path whose child is meant: "/chardevs" */
    const ObjectType *type;     /* what the child must be */
    size_t offset;              /* of the pointer in the instance struct */
} ObjectLink;

struct ObjectType {
    const char *name;
    const ObjectType *parent;   /* NULL: a root type */
    const char *doc;            /* one line, for help */
    size_t instance_size;       /* 0: the parent's */
    bool abstract;

    const QapiType *config;     /* NULL: the parent's, or none at all */
    /** Where that is a union: the discriminator's value in every object of this
     *  type, so that the type's properties are known without one.  NULL: the
     *  parent's, or none in particular. */
    const char *config_arm;

    /** Names of configuration members that qom-set may change later; ends
     *  with NULL.  Everything else is fixed at creation. */
    const char *const *changeable;

    const ObjectProperty *properties;
    unsigned n_properties;
    const ObjectLink *links;
    unsigned n_links;

    /** What the kind of type adds, e.g. a DeviceClass; NULL: the parent's. */
    const void *klass;

    /**
     * Check a whole proposed configuration, at creation and before each
     * change.  Called from the root type down.  NULL: the schema says it all.
     * At creation @obj is all zero but for its type; obj->config is NULL.
     */
    bool (*check)(const Object *obj, const void *config, GError **error);
    /** A changeable member has changed; from the root type down.  The new
     *  value is in obj->config, whose address never changes. */
    void (*changed)(Object *obj, const char *member);
    /** Fill in a zeroed instance; from the root type down.  Cannot fail. */
    void (*init)(Object *obj);
    /** Last step of object_complete(), links resolved; only the most derived
     *  one that is set is called.  Optional members of obj->config that the
     *  user left out and that are decided here, or when a device is realized,
     *  are filled in, so that qom-get tells what holds. */
    bool (*complete)(Object *obj, GError **error);
    /** First step of object_free(), the children are gone: leave the outside
     *  world while the whole instance still stands; from the type up to the
     *  root, and only then any finalize(). */
    void (*dispose)(Object *obj);
    /** Free what the instance owns; from the type up to the root. */
    void (*finalize)(Object *obj);
};

struct Object {
    const ObjectType *type;
    Object *parent;             /* NULL: a root, or not in a tree */
    char *name;                 /* in the parent */
    GPtrArray *children;        /* NULL: none yet */
    void *config;               /* of object_config_type() */
    unsigned pins;
    bool completed;
};

/** The plain container, and the root of every other type. */
extern const ObjectType object_type;
extern const ObjectType container_type;

/* Types */

/**
 * object_types_register:
 * @types: NULL-terminated, constant for the life of the process
 *
 * Name the types that object_type_find() knows.  Called once, before any
 * look-up; later calls with the same @types do nothing.
 */
void object_types_register(const ObjectType *const *types);

/** object_type_find: by name; NULL if no registered type has it. */
const ObjectType *object_type_find(const char *name);

/** object_types: the registered list. */
const ObjectType *const *object_types(void);

bool object_type_is_a(const ObjectType *type, const ObjectType *ancestor);

/** object_type_config: the configuration struct of @type; NULL: none. */
const QapiType *object_type_config(const ObjectType *type);

/** object_type_class: the nearest klass up the chain; NULL: none. */
const void *object_type_class(const ObjectType *type);

/* Objects */

/** Most characters of an ID: paths that it is in are names in files, too. */
#define OBJECT_ID_MAX 127

/**
 * object_check_id:
 * @id: what a user calls an object; it will be its name in the tree
 *
 * Returns: false with @error set, `Parameter 'id' expects an identifier`,
 * unless @id is a letter, followed by letters, digits, '-', '.' and '_', or if
 * it is longer than OBJECT_ID_MAX.
 */
bool object_check_id(const char *id, GError **error);

/**
 * object_new:
 * @type: not abstract
 * @config: a value of the type's configuration struct, made by qapi_new() or
 *          qapi_parse_option(); taken over, also on failure.  NULL: defaults
 *
 * Returns: a new object outside any tree; NULL with @error set if a check
 * refuses the configuration.
 */
Object *object_new(const ObjectType *type, void *config, GError **error);

/**
 * object_add_child:
 * @parent: takes over @child
 * @name: unique among @parent's children, without '/'; "device[*]" takes the
 *        lowest free number
 *
 * Asserts on a name that is taken: whoever takes names from users asks
 * object_check_id() and object_child() first.
 */
void object_add_child(Object *parent, const char *name, Object *child);

/**
 * object_complete:
 * @root: where the links' containers are found
 *
 * Resolve @obj's links, pin what they name, and call its complete().
 * Returns: false with @error set; @obj is then to be freed.
 */
bool object_complete(Object *obj, Object *root, GError **error);

/**
 * object_free: free @obj's children and @obj, and take it out of its parent.
 * Its pins must be gone.  NULL is allowed.
 */
void object_free(Object *obj);

/**
 * object_pin, object_unpin: somebody outside the tree uses @obj; while there
 * are pins a user cannot delete it.
 */
void object_pin(Object *obj);
void object_unpin(Object *obj);

bool object_is_a(const Object *obj, const ObjectType *type);

/** object_child: direct child by name; NULL if there is none. */
Object *object_child(const Object *parent, const char *name);

/** object_container: the container at absolute @path under @root, made as
 *  needed. */
Object *object_container(Object *root, const char *path);

/** object_root: the top of the tree that @obj is in. */
Object *object_root(Object *obj);

/** object_path: Returns the absolute path, to be freed with g_free(). */
char *object_path(const Object *obj);

/**
 * object_resolve:
 * @path: absolute ("/machine/rtc"), or partial: the end of exactly one
 *        object's path ("rtc")
 * @ambiguous: set to true if a partial path fits several; may be NULL
 *
 * Returns: NULL if there is none or several.
 */
Object *object_resolve(Object *root, const char *path, bool *ambiguous);

/** object_foreach: @visit @obj and everything below it, parents first; stops
 *  when it returns false. */
bool object_foreach(Object *obj, bool (*visit)(Object *obj, void *opaque),
                    void *opaque);

/* Properties */

/** One row of qom-list. */
typedef struct ObjectPropertyRow {
    char *name;
    char *type;         /* "child<isa-serial>", "link<chardev>", "string" */
    const char *doc;    /* NULL: none */
    char *default_text; /* NULL: none */
} ObjectPropertyRow;

void object_property_row_free(ObjectPropertyRow *row);

/** object_list_properties: "type", configuration, links, state, children, in
 *  this order; ObjectPropertyRow, free with g_ptr_array_unref(). */
GPtrArray *object_list_properties(const Object *obj);

/** object_type_list_properties: the same for a type: no children. */
GPtrArray *object_type_list_properties(const ObjectType *type);

/**
 * object_property_get: Returns a new JSON value; a child or a link is its path
 * as a string.  NULL with @error unset is the JSON null.  Errors:
 * `Property 'TYPE.NAME' not found`, and `... is not readable` where the schema
 * gives the member the feature `write-only`.
 */
json_object *object_property_get(Object *obj, const char *name,
                                 GError **error);

/**
 * object_property_set: Returns false with @error set if there is no such
 * property, it is read only or fixed at creation, or the value does not fit.
 */
bool object_property_set(Object *obj, const char *name, json_object *value,
                         GError **error);

#endif
