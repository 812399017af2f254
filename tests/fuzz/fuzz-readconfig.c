/*
 * Fuzz: configuration files, by readconfig_parse() and by -readconfig
 *
 * Input: the file, then the files `b`, `c`... that its sections may name
 * (fuzz_files_take()).
 *
 * What must hold: there is an error or a list of sections, each of a group that
 * there is.  The sections as options on a command line are the same
 * configuration as the file, or as little one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "qapi/walker.h"
#include "system/config.h"
#include "system/readconfig.h"
#include "system/types.h"
#include "util/report.h"

/* Sections that are compared with options */
#define READCONFIG_SECTIONS_MAX 100

static GPtrArray *readconfig_sections(const char *text, size_t len)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *sections = readconfig_parse(text, len, &error);

    g_assert_true(!sections == !!error);
    if (error) {
        g_assert_true(g_str_has_prefix(error->message, "line "));
    }
    for (guint i = 0; sections && i < sections->len; i++) {
        const ReadconfigSection *section = sections->pdata[i];

        g_assert_nonnull(section->group->option);
        g_assert_true(g_str_has_prefix(section->where, "line "));
        g_assert_cmpuint(strlen(section->arg->str), ==, section->arg->len);
    }
    return sections;
}

static Config *readconfig_options(const GPtrArray *sections)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(words, g_strdup("firmament"));
    for (guint i = 0; i < sections->len; i++) {
        const ReadconfigSection *section = sections->pdata[i];

        g_ptr_array_add(words, g_strconcat("-", section->group->option,
                                           NULL));
        g_ptr_array_add(words, g_strdup(section->arg->str));
    }
    g_ptr_array_add(words, NULL);
    return config_parse((int)words->len - 1, (char **)words->pdata, NULL);
}

static void readconfig_append(GString *text, const QapiType *type,
                              const void *value)
{
    json_object *json = qapi_to_json(type, value);

    g_string_append(text, json_object_to_json_string(json));
    g_string_append_c(text, '\n');
    json_object_put(json);
}

static char *readconfig_describe(const Config *config)
{
    const GPtrArray *const lists[] = {
        config->chardevs, config->objects, config->devices, config->monitors,
    };
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (guint k = 0; k < lists[i]->len; k++) {
            const ConfigItem *item = lists[i]->pdata[k];

            readconfig_append(text, item->type, item->value);
        }
    }
    readconfig_append(text, &qapi_type_MachineOptions, config->machine);
    return g_string_free(text, FALSE);
}

static void readconfig_compare(const GPtrArray *sections)
{
    const char *words[] = { "firmament", "-readconfig", "a", NULL };
    g_autoptr(Config) by_file = config_parse(3, (char **)words, NULL);
    g_autoptr(Config) by_words = readconfig_options(sections);

    g_assert_true(!by_file == !by_words);
    if (by_file && by_file->action != CONFIG_DONE) {
        g_autofree char *file_text = readconfig_describe(by_file);
        g_autofree char *words_text = readconfig_describe(by_words);

        g_assert_cmpstr(file_text, ==, words_text);
    }
}

static void readconfig_run(const uint8_t *bytes, size_t len)
{
    static const char before[] = "\n--\n";
    g_autofree char *input = g_malloc(strlen(before) + len);
    g_autofree char *nothing = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) sections = NULL;
    size_t nothing_len, text_len;

    memcpy(input, before, strlen(before));
    memcpy(input + strlen(before), bytes, len);
    /* the file, as text and as the first of the files */
    text = fuzz_files_take(bytes, len, &text_len);
    nothing = fuzz_files_take((const uint8_t *)input, strlen(before) + len,
                              &nothing_len);
    sections = readconfig_sections(text, text_len);
    if (sections && sections->len <= READCONFIG_SECTIONS_MAX) {
        readconfig_compare(sections);
    }
    report_configure(false, NULL);
    fuzz_files_drop();
}

const FuzzTarget fuzz_target = {
    .init = types_register, .run = readconfig_run, .max_len = 1 << 14,
};
