/*
 * Errors: one GLib error domain for the whole project
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/error.h"

G_DEFINE_QUARK(firmament-error-quark, fm_error)

static void G_GNUC_PRINTF(3, 0)
error_set_va(GError **error, FmErrorCode code, const char *fmt, va_list ap)
{
    g_assert(!error || !*error);
    if (error) {
        *error = g_error_new_valist(FM_ERROR, code, fmt, ap);
    }
}

bool fm_error_set(GError **error, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    error_set_va(error, FM_ERROR_GENERIC, fmt, ap);
    va_end(ap);
    return false;
}

bool fm_error_set_code(GError **error, FmErrorCode code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    error_set_va(error, code, fmt, ap);
    va_end(ap);
    return false;
}

bool fm_error_prefix(GError **error, const char *fmt, ...)
{
    va_list ap;

    if (!error || !*error) {
        return false;
    }
    va_start(ap, fmt);
    g_autofree char *prefix = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    g_prefix_error(error, "%s", prefix);
    return false;
}

const char *fm_error_class(const GError *error)
{
    static const char *const classes[] = {
        [FM_ERROR_GENERIC] = "GenericError",
        [FM_ERROR_COMMAND_NOT_FOUND] = "CommandNotFound",
        [FM_ERROR_DEVICE_NOT_FOUND] = "DeviceNotFound",
        [FM_ERROR_DEVICE_NOT_ACTIVE] = "DeviceNotActive",
        [FM_ERROR_KVM_MISSING_CAP] = "KVMMissingCap",
    };

    if (error->domain != FM_ERROR || error->code < 0 ||
        error->code >= (int)G_N_ELEMENTS(classes)) {
        return classes[FM_ERROR_GENERIC];
    }
    return classes[error->code];
}
