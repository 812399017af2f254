/*
 * A whole system for a fuzz target: a machine, objects, a QMP session without a
 * socket
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fuzz-system.h"

#include <signal.h>

#include "chardev/char-impl.h"
#include "fuzz.h"
#include "qapi/walker.h"

/* Output that is kept; a session that makes more is cut off */
#define FUZZ_OUTPUT_MAX (8 * 1024 * 1024)

/* How often the main loop turns for one piece of input */
#define FUZZ_TURNS 16

typedef struct FuzzChardev {
    Chardev parent;
    GString *out;
} FuzzChardev;

/* The stream */

static ssize_t fuzz_chardev_write(Chardev *chr, const void *bytes, size_t len)
{
    GString *out = ((FuzzChardev *)chr)->out;

    if (out->len > FUZZ_OUTPUT_MAX) {
        return -EPIPE;
    }
    g_string_append_len(out, bytes, len);
    return len;
}

static char *fuzz_chardev_filename(const Chardev *chr)
{
    return g_strdup("fuzz");
}

static const ChardevClass fuzz_chardev_class = {
    .write = fuzz_chardev_write,
    .filename = fuzz_chardev_filename,
};

static const ObjectType fuzz_chardev_type = {
    .name = "chardev-fuzz",
    .parent = &chardev_type,
    .instance_size = sizeof(FuzzChardev),
    .klass = &fuzz_chardev_class,
};

static Chardev *fuzz_chardev_add(Object *root, GString *out)
{
    ChardevOptions *options = qapi_new(&qapi_type_ChardevOptions);
    Object *obj;

    options->id = g_strdup("fuzz");
    options->backend = CHARDEV_BACKEND_KIND_NULL;
    obj = object_new(&fuzz_chardev_type, options, NULL);
    ((FuzzChardev *)obj)->out = out;
    object_add_child(object_container(root, "/chardevs"), "fuzz", obj);
    chardev_opened((Chardev *)obj, -1, -1);
    return (Chardev *)obj;
}

/* The system */

static Config *fuzz_system_config(char machine, const char *firmware)
{
    bool has_firmware = machine == 'p' || machine == 'q';
    const char *type = machine == 'p' ? "pc" : machine == 'q' ? "q35" : "none";
    g_autofree char *board =
        has_firmware ? g_strdup_printf("%s,firmware=%s", type, firmware)
                     : g_strdup(type);
    const char *const argv[] = {
        "firmament", "-nodefaults", "-machine", board, "-m", "16",
        "-object", "memory-backend-ram,id=ram0,size=64k",
        "-chardev", "null,id=null0", has_firmware ? "-serial" : NULL,
        "chardev:null0", "-device", "vmgenid", NULL,
    };

    g_autoptr(GError) error = NULL;
    Config *config = config_parse((int)g_strv_length((char **)argv),
                                  (char **)argv, &error);

    g_assert_no_error(error);
    return config;
}

FuzzSystem *fuzz_system_new(char machine, const char *firmware)
{
    FuzzSystem *fuzz = g_new0(FuzzSystem, 1);
    g_autoptr(GError) error = NULL;
    sigset_t signals;

    fuzz->config = fuzz_system_config(machine, firmware);
    fuzz->out = g_string_new(NULL);
    /* whoever runs the fuzzer may still interrupt it */
    sigprocmask(SIG_SETMASK, NULL, &signals);
    fuzz->system = system_new(fuzz->config, &error);
    g_assert_no_error(error);
    system_build(fuzz->system, &error);
    g_assert_no_error(error);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    fuzz->chr = fuzz_chardev_add(fuzz->system->root, fuzz->out);
    monitor_set_add(fuzz->system->monitors, fuzz->chr, false, &error);
    g_assert_no_error(error);
    return fuzz;
}

void fuzz_system_free(FuzzSystem *fuzz)
{
    system_free(fuzz->system);
    config_free(fuzz->config);
    g_string_free(fuzz->out, TRUE);
    g_free(fuzz);
}

void fuzz_system_receive(FuzzSystem *fuzz, const uint8_t *bytes, size_t len)
{
    const ChardevUser *user = &fuzz->chr->user;
    unsigned turns = 0;

    while (len && user->can_receive(user->opaque)) {
        size_t n = MIN(len, user->can_receive(user->opaque));
        /* of its own, so that a byte too far is seen */
        g_autofree uint8_t *piece = g_memdup2(bytes, n);

        user->received(user->opaque, piece, n);
        bytes += n;
        len -= n;
    }
    do {
        system_settle(fuzz->system);
    } while (turns++ < FUZZ_TURNS && g_main_context_iteration(NULL, FALSE));
}
