/*
 * Character devices: the short notation of -serial, -qmp and their like
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "chardev/char.h"
#include "qapi/walker.h"
#include "util/error.h"

static void chardev_json_set(json_object *json, const char *key,
                             const char *text, size_t len)
{
    json_object_object_add(json, key,
                           json_object_new_string_len(text, (int)len));
}

/*
 * `HOST:PORT,key=value...`; an IPv6 address stands in brackets.  Anything else
 * with a colon in the host is told apart only by getaddrinfo().
 */
static bool chardev_parse_tcp(const char *text, json_object *json,
                              GError **error)
{
    size_t address_len = strcspn(text, ",");
    const char *colon = g_strrstr_len(text, (gssize)address_len, ":");
    const char *rest = text + address_len;

    if (!colon) {
        return fm_error_set(error, "tcp:%.*s: expected tcp:HOST:PORT",
                            (int)address_len, text);
    }

    const char *host = text;
    size_t host_len = (size_t)(colon - text);

    if (host_len >= 2 && host[0] == '[' && host[host_len - 1] == ']') {
        host++;
        host_len -= 2;
    }
    chardev_json_set(json, "host", host, host_len);
    chardev_json_set(json, "port", colon + 1, (size_t)(rest - colon - 1));
    return *rest == '\0' ||
           keyval_parse(rest + 1, NULL, &qapi_type_ChardevSocketOptions, json,
                        NULL, error);
}

/* The backend and the ID are not in the text, and cannot be set by it. */
static bool chardev_json_add_base(json_object *json, const char *backend,
                                  const char *id, GError **error)
{
    const char *const base[][2] = { { "backend", backend }, { "id", id } };

    for (size_t i = 0; i < G_N_ELEMENTS(base); i++) {
        if (json_object_object_get_ex(json, base[i][0], NULL)) {
            return fm_error_set(error, "Invalid parameter '%s'", base[i][0]);
        }
        chardev_json_set(json, base[i][0], base[i][1], strlen(base[i][1]));
    }
    return true;
}

ChardevOptions *chardev_parse_shorthand(const char *text, const char *id,
                                        GError **error)
{
    json_object *json = json_object_new_object();
    ChardevOptions *options = NULL;
    const char *backend = NULL;
    const char *rest;

    if (strcmp(text, "stdio") == 0 || strcmp(text, "null") == 0 ||
        strcmp(text, "pty") == 0) {
        backend = text;
    } else if (g_str_has_prefix(text, "file:") ||
               g_str_has_prefix(text, "pipe:")) {
        /* A path and nothing else: it may have commas. */
        rest = text + strlen("file:");
        backend = text[0] == 'f' ? "file" : "pipe";
        chardev_json_set(json, "path", rest, strlen(rest));
    } else if (g_str_has_prefix(text, "unix:")) {
        rest = text + strlen("unix:");
        if (keyval_parse(rest, "path", &qapi_type_ChardevSocketOptions, json,
                         NULL, error)) {
            backend = "socket";
        }
    } else if (g_str_has_prefix(text, "tcp:")) {
        if (chardev_parse_tcp(text + strlen("tcp:"), json, error)) {
            backend = "socket";
        }
    } else {
        fm_error_set(error, "'%s' is not a character device: expected stdio, "
                     "null, pty, file:PATH, pipe:PATH, unix:PATH or "
                     "tcp:HOST:PORT", text);
    }
    if (backend && chardev_json_add_base(json, backend, id, error)) {
        options = g_new0(ChardevOptions, 1);
        if (!qapi_from_json(&qapi_type_ChardevOptions, json, QAPI_INPUT_TEXT,
                            options, error)) {
            g_free(options);
            options = NULL;
        }
    }
    json_object_put(json);
    return options;
}
