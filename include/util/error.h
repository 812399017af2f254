/*
 * Errors: one GLib error domain for the whole project
 *
 * A function that can fail because of what a user or a management program
 * asked for takes a `GError **error` as its last parameter and says so by its
 * result (false or NULL).  The message names the option or property first,
 * then the fault, without a full stop.  It is found where the fault is seen
 * and reported once, by the outermost caller.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef UTIL_ERROR_H
#define UTIL_ERROR_H

#include <glib.h>
#include <stdbool.h>

/** The domain of every error that Firmament makes itself. */
#define FM_ERROR (fm_error_quark())

/**
 * FmErrorCode: what a QMP client is told as the error's "class".
 *
 * The names follow QMP's own; anything without a class of its own is
 * FM_ERROR_GENERIC.
 */
typedef enum FmErrorCode {
    FM_ERROR_GENERIC,
    FM_ERROR_COMMAND_NOT_FOUND,
    FM_ERROR_DEVICE_NOT_FOUND,
    FM_ERROR_DEVICE_NOT_ACTIVE,
    FM_ERROR_KVM_MISSING_CAP,
} FmErrorCode;

GQuark fm_error_quark(void);

/**
 * fm_error_set:
 * @error: where the error goes; NULL discards it
 * @fmt: printf format of the message, without a full stop or newline
 *
 * Set a generic error.  Returns false always, so that a failing function can
 * end with `return fm_error_set(error, ...)`.
 */
bool fm_error_set(GError **error, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/**
 * fm_error_set_code: as fm_error_set(), with the QMP class @code.
 */
bool fm_error_set_code(GError **error, FmErrorCode code, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);

/**
 * fm_error_prefix:
 * @error: an error location whose callee has just failed; NULL is allowed
 * @fmt: printf format of the text that goes before the message
 *
 * Put text before the message.  Returns false always, as fm_error_set() does.
 */
bool fm_error_prefix(GError **error, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/**
 * fm_error_class:
 * @error: an error of any domain
 *
 * Returns: the QMP error class, a constant such as "GenericError".
 */
const char *fm_error_class(const GError *error);

#endif
