/*
 * Configuration files: options in sections (-readconfig)
 *
 *     # a comment
 *     [device "com1"]
 *       driver = "isa-serial"
 *       chardev = "c"
 *
 * is -device driver=isa-serial,chardev=c,id=com1.  A section's name is that of
 * query-command-line-options.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSTEM_READCONFIG_H
#define SYSTEM_READCONFIG_H

#include "system/options.h"

/** What a file may have at most: bytes, bytes in a line. */
#define READCONFIG_MAX (1024 * 1024)
#define READCONFIG_LINE_MAX 4096

/** A section: one option. */
typedef struct ReadconfigSection {
    const OptionGroup *group;
    char *where;                /* `line 3: [device "com1"]` */
    GString *arg;               /* key=value text */
} ReadconfigSection;

/**
 * readconfig_parse:
 * @text: a file's @len bytes
 *
 * Returns: ReadconfigSection, in order, free with g_ptr_array_unref(); NULL
 * with @error set, naming the line, if a line is no comment, section or
 * `key = "value"`, there is no such section, or it should (not) have a name.
 */
GPtrArray *readconfig_parse(const char *text, size_t len, GError **error);

#endif
