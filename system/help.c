/*
 * What `help` prints, from the schema and the registered types
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "system/help.h"

#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "qapi/walker.h"

#define HELP_COLUMNS 80
#define HELP_INDENT 8

void help_print_type(const QapiType *type, const char *title,
                     const char *branch)
{
    g_autoptr(GString) text = g_string_new(NULL);

    qapi_help(type, branch, text);
    printf("%s options:\n%s", title, text->str);
}

void help_print_text(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t column = 0;

    for (char **word = words; *word; word++) {
        size_t len = strlen(*word);
        bool fits = column && column + 1 + len < HELP_COLUMNS;

        printf("%s%*s%s", column && !fits ? "\n" : "", fits ? 1 : HELP_INDENT,
               "", *word);
        column = (fits ? column + 1 : HELP_INDENT) + len;
    }
    puts("");
}

static void help_print_enum(const QapiType *type, const char *title)
{
    puts(title);
    for (unsigned i = 0; i < type->n_values; i++) {
        printf("%-20s %s\n", type->values[i], type->value_docs[i]);
    }
}

void help_print_machines(void)
{
    puts("Supported machines are:");
    for (const ObjectType *const *t = object_types(); *t; t++) {
        const MachineClass *klass;

        if ((*t)->abstract || !object_type_is_a(*t, &machine_type)) {
            continue;
        }
        klass = object_type_class(*t);
        if (klass->alias) {
            printf("%-20s %s (alias of %s)\n", klass->alias, (*t)->doc,
                   klass->name);
        }
        printf("%-20s %s%s\n", klass->name, (*t)->doc,
               klass->is_default ? " (default)" : "");
    }
}

void help_print_accelerators(void)
{
    help_print_enum(&qapi_type_AcceleratorKind,
                    "Accelerators supported by this program:");
}

void help_print_cpus(void)
{
    help_print_enum(&qapi_type_CpuModel, "Available CPUs:");
}

void help_print_objects(void)
{
    help_print_enum(&qapi_type_ObjectKind,
                    "List of user creatable objects:");
}

void help_print_devices(void)
{
    for (unsigned i = 0; i < qapi_type_DeviceDriver.n_values; i++) {
        const char *name = qapi_type_DeviceDriver.values[i];
        const DeviceClass *klass = object_type_class(object_type_find(name));

        printf("name \"%s\"%s%s, desc \"%s\"\n", name,
               klass->bus ? ", bus " : "", klass->bus ? klass->bus : "",
               qapi_type_DeviceDriver.value_docs[i]);
    }
}

void help_print_chardevs(void)
{
    help_print_enum(&qapi_type_ChardevBackendKind,
                    "Available chardev backend types:");
}
