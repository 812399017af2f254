/*
 * Fuzz: a whole command line, by config_parse()
 *
 * Input: a word a line, then the files `a`, `b`... that options may name
 * (fuzz_files_take()).
 *
 * What must hold: there is a configuration or an error, which has a text; what
 * a typed option became can be written as JSON and read again, and is then the
 * same.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz.h"
#include "fuzz-qapi.h"
#include "system/config.h"
#include "system/types.h"
#include "util/report.h"

static void options_check(const Config *config)
{
    const GPtrArray *const lists[] = {
        config->chardevs, config->objects, config->devices, config->monitors,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (unsigned j = 0; j < lists[i]->len; j++) {
            const ConfigItem *item = lists[i]->pdata[j];

            fuzz_qapi_check(item->type, item->value);
        }
    }
    fuzz_qapi_check(&qapi_type_MachineOptions, config->machine);
}

static void options_run(const uint8_t *bytes, size_t len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = NULL;
    g_autofree char *text = fuzz_files_take(bytes, len, &len);
    g_autofree char *line = g_strconcat("firmament\n", text, NULL);
    g_auto(GStrv) words = g_strsplit(line, "\n", 64);

    config = config_parse((int)g_strv_length(words), words, &error);
    g_assert_true(!config == !!error);
    if (error) {
        g_assert_cmpstr(error->message, !=, "");
    } else {
        options_check(config);
    }
    report_configure(false, NULL);
    fuzz_files_drop();
}

const FuzzTarget fuzz_target = {
    .init = types_register, .run = options_run, .max_len = 1 << 16,
};
