/*
 * Character device `null`: takes everything, gives nothing
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "chardev/char-impl.h"

static bool chardev_null_open(Chardev *chr, const ChardevOptions *options,
                              GError **error)
{
    chardev_opened(chr, -1, -1);
    return true;
}

static ssize_t chardev_null_write(Chardev *chr, const void *bytes, size_t len)
{
    return (ssize_t)len;
}

static char *chardev_null_filename(const Chardev *chr)
{
    return g_strdup("null");
}

static const ChardevClass chardev_null_class = {
    .open = chardev_null_open,
    .write = chardev_null_write,
    .filename = chardev_null_filename,
};

const ObjectType chardev_null_type = {
    .name = "chardev-null",
    .parent = &chardev_type,
    .doc = "nothing; output is thrown away",
    .config_arm = "null",
    .klass = &chardev_null_class,
};
