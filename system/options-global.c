/*
 * -global: values for the properties of all objects of a type
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "qapi/walker.h"
#include "qom/globals.h"
#include "system/options.h"
#include "util/error.h"
#include "util/report.h"

/** DRIVER.PROP=VALUE: the value is all that follows, commas as they are. */
static GlobalOptions *global_parse_short(const char *arg)
{
    const char *equals = strchr(arg, '=');
    const char *dot = equals ? memrchr(arg, '.', equals - arg) : NULL;
    GlobalOptions *global;

    if (!dot || dot == arg || dot + 1 == equals ||
        memchr(arg, ',', equals - arg)) {
        return NULL;
    }
    global = qapi_new(&qapi_type_GlobalOptions);
    global->driver = g_strndup(arg, dot - arg);
    global->property = g_strndup(dot + 1, equals - dot - 1);
    global->value = g_strdup(equals + 1);
    return global;
}

bool option_global(Config *c, const char *option, const char *arg,
                   GError **error)
{
    const QapiType *type = &qapi_type_GlobalOptions;
    GlobalOptions *global = *arg == '{' ? NULL : global_parse_short(arg);
    bool known;

    if (!global && strchr(arg, '.') && !strpbrk(arg, "=,{")) {
        return fm_error_set(error, "a value is missing: "
                            "DRIVER.PROP=VALUE");
    }
    if (!global) {
        global = option_parse(c, type, "-global", arg, NULL, error);
    }
    if (!global) {
        return c->action == CONFIG_DONE;
    }
    if (!global_check(global, &known, error)) {
        qapi_free(type, global);
        return false;
    }
    if (!known) {
        report_warning("%s: there is no type '%s' here; without effect",
                       option, global->driver);
    }
    g_ptr_array_add(c->setup.globals, global);
    return true;
}
