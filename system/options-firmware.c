/*
 * Options that say what the machine's firmware finds: its image, ACPI tables,
 * files in fw_cfg
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hw/acpi/user-table.h"
#include "qapi/walker.h"
#include "system/datadir.h"
#include "system/options.h"
#include "util/error.h"
#include "util/file.h"
#include "util/report.h"

/** Longest content of a -fw_cfg file. */
#define OPTION_FILE_MAX (64 * 1024 * 1024)

static GBytes *option_read_file(const char *path, size_t max, GError **error)
{
    g_autoptr(GByteArray) content = g_byte_array_new();

    return file_append(path, max, content, error)
           ? g_byte_array_free_to_bytes(g_steal_pointer(&content)) : NULL;
}

bool option_bios(Config *c, const char *option, const char *arg, GError **error)
{
    g_autofree char *path = datadir_find(c->data_dirs, arg);
    g_autoptr(GBytes) image = option_read_file(path, MACHINE_BIOS_MAX, error);
    gsize len = image ? g_bytes_get_size(image) : 0;

    if (!image) {
        return false;
    }
    if (!len || len % MACHINE_BIOS_STEP) {
        return fm_error_set(error, "file %s has %zu bytes, not a multiple of "
                            "4 KiB", path, len);
    }
    g_clear_pointer(&c->setup.bios, g_bytes_unref);
    c->setup.bios = g_steal_pointer(&image);
    return true;
}

/** A word of @arg that is no `name=value`; a comma in a value is doubled. */
static const char *acpitable_bare_word(const char *arg, size_t *len)
{
    for (const char *word = arg;; word += *len + 1) {
        bool named = false;

        for (*len = 0; word[*len] && (word[*len] != ',' ||
                                      word[*len + 1] == ','); ++*len) {
            named |= word[*len] == '=';
            *len += word[*len] == ',';
        }
        /* only the first may not be empty: a comma at the end is harmless */
        if (!named && (*len || word == arg)) {
            return word;
        }
        if (!word[*len]) {
            return NULL;
        }
    }
}

bool option_acpitable(Config *c, const char *option, const char *arg,
                      GError **error)
{
    const QapiType *type = &qapi_type_AcpiTableOptions;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *word = NULL;
    AcpiTableOptions *options;
    const char *bare;
    GBytes *table;
    size_t len;

    bare = *arg == '{' ? NULL : acpitable_bare_word(arg, &len);
    word = bare ? g_strndup(bare, len) : NULL;
    if (word && strcmp(word, "help") != 0 && strcmp(word, "?") != 0 &&
        !qapi_find_member(type, word)) {
        return fm_error_set(error, "'%.*s' is no suboption; 'file=%.*s' was "
                            "probably meant", (int)len, bare, (int)len, bare);
    }
    options = option_parse(c, type, "-acpitable", arg, NULL, error);
    if (!options) {
        return c->action == CONFIG_DONE;
    }
    table = acpi_user_table_load(options, warnings, error);
    qapi_free(type, options);
    for (unsigned i = 0; i < warnings->len; i++) {
        report_warning("%s: %s", option, (char *)warnings->pdata[i]);
    }
    if (!table) {
        return false;
    }
    g_ptr_array_add(c->setup.acpi_tables, table);
    return true;
}

bool option_fw_cfg(Config *c, const char *option, const char *arg,
                   GError **error)
{
    const QapiType *type = &qapi_type_FwCfgOptions;
    FwCfgOptions *o = option_parse(c, type, "-fw_cfg", arg, "name", error);
    GBytes *content = NULL;
    MachineFile *file;

    if (!o) {
        return c->action == CONFIG_DONE;
    }
    if (!o->name || !*o->name || !o->file == !o->string) {
        fm_error_set(error, "name, plus exactly one of file and string, are "
                     "needed");
    } else if (strlen(o->name) > 55) {
        fm_error_set(error, "name too long (max. 55 char)");
    } else if (o->file) {
        content = option_read_file(o->file, OPTION_FILE_MAX, error);
    } else {
        content = g_bytes_new(o->string, strlen(o->string));
    }
    if (content) {
        if (!g_str_has_prefix(o->name, "opt/")) {
            report_warning("%s: externally provided fw_cfg item names should "
                           "be prefixed with \"opt/\"", option);
        }
        file = g_new(MachineFile, 1);
        *file = (MachineFile){ g_strdup(option), g_strdup(o->name), content };
        g_ptr_array_add(c->setup.files, file);
    }
    qapi_free(type, o);
    return content != NULL;
}
