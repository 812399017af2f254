/*
 * Options that management tools always give: they say "none of that", or have
 * a shorter form elsewhere
 *
 * What would need something that is not there is refused; nothing is accepted
 * that would not be true.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "qapi/walker.h"
#include "system/options.h"
#include "util/error.h"

/** An option whose value needs only be one of its type. */
static bool option_check(Config *c, const QapiType *type, const char *title,
                         const char *arg, const char *implied_key,
                         GError **error)
{
    void *value = option_parse(c, type, title, arg, implied_key, error);

    qapi_free(type, value);
    return value || c->action == CONFIG_DONE;
}

bool option_net(Config *c, const char *option, const char *arg, GError **error)
{
    bool nic = g_str_has_prefix(option, "-nic");

    return option_check(c, &qapi_type_NetworkOptions, nic ? "-nic" : "-net",
                        arg, "type", error);
}

bool option_audiodev(Config *c, const char *option, const char *arg,
                     GError **error)
{
    return option_check(c, &qapi_type_AudiodevOptions, "-audiodev", arg,
                        "driver", error);
}

bool option_vga(Config *c, const char *option, const char *arg, GError **error)
{
    if (strcmp(arg, "help") == 0) {
        puts("none                 no display device");
        c->action = CONFIG_DONE;
        return true;
    }
    return strcmp(arg, "none") == 0 ||
           fm_error_set(error, "'%s' is not available; the machines have no "
                        "display device, only 'none'", arg);
}

bool option_parallel(Config *c, const char *option, const char *arg,
                     GError **error)
{
    return strcmp(arg, "none") == 0 ||
           fm_error_set(error, "'%s' is not available; the machines have no "
                        "parallel port, only 'none'", arg);
}

bool option_overcommit(Config *c, const char *option, const char *arg,
                       GError **error)
{
    const QapiType *type = &qapi_type_OvercommitOptions;
    OvercommitOptions *o = option_parse(c, type, "-overcommit", arg, NULL,
                                        error);
    bool ok;

    if (!o) {
        return c->action == CONFIG_DONE;
    }
    ok = !o->cpu_pm ||
         fm_error_set(error, "cpu-pm: needs an accelerator that runs on the "
                      "host's processors, which this version does not have");
    if (o->has_mem_lock) {
        c->mem_lock = o->mem_lock;
    }
    qapi_free(type, o);
    return ok;
}

bool option_enable_kvm(Config *c, const char *option, const char *arg,
                       GError **error)
{
    return option_accel(c, option, "kvm", error);
}

bool option_no_acpi(Config *c, const char *option, const char *arg,
                    GError **error)
{
    c->machine->has_acpi = true;
    c->machine->acpi = ON_OFF_AUTO_OFF;
    return true;
}

bool option_no_hpet(Config *c, const char *option, const char *arg,
                    GError **error)
{
    c->machine->has_hpet = true;
    c->machine->hpet = false;
    return true;
}
