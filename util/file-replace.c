/*
 * Replacing a file: the old one is whole until the new one is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "util/file-replace.h"

#include <errno.h>
#include <glib-unix.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file-beside.h"

struct FileReplace {
    FileSink *sink;             /* NULL: closed */

    FileBeside beside;

    /* The thread that brings it to the disk */
    pthread_t thread;
    bool committing;
    atomic_bool cancelled;
    int err;                    /* 0 or a negative errno; the thread's until it
                                   has ended */
    int event_fd;               /* it is about to end */
    guint source;
    FileReplaceDone *done;
    void *opaque;
};

static FileReplace *file_replace_new(void)
{
    FileReplace *file = g_new0(FileReplace, 1);

    file->beside = FILE_BESIDE_NONE;
    file->event_fd = -1;
    return file;
}

static void file_replace_free(FileReplace *file)
{
    g_clear_handle_id(&file->source, g_source_remove);
    file_sink_free(file->sink);
    file_beside_cleanup(&file->beside);
    if (file->event_fd >= 0) {
        close(file->event_fd);
    }
    g_free(file);
}

static const char *file_replace_why(const FileReplace *file, int err)
{
    if (err == -EBUSY) {
        return "it is a mount point, which cannot be replaced";
    }
    return err == -EACCES && file_beside_is_locked_out(&file->beside)
           ? "there must be a new file beside it, and its directory cannot be "
             "written" : g_strerror(-err);
}

FileReplace *file_replace_open(const char *path, GError **error)
{
    FileReplace *file;
    g_autofree char *real = NULL;
    struct stat st;
    int fd;

    if (stat(path, &st) < 0) {
        if (errno != ENOENT) {
            fm_error_set(error, "Could not open '%s': %s", path,
                         g_strerror(errno));
            return NULL;
        }
        st.st_mode = 0;
    }
    real = file_beside_find(path, &st);
    file = file_replace_new();
    if (!real) {
        file->sink = file_sink_open(path, error);
    } else if (*path == '\0' || g_str_has_suffix(path, "/")) {
        fm_error_set(error, "Could not open '%s': %s", path,
                     g_strerror(*path ? EISDIR : ENOENT));
    } else {
        fd = file_beside_make(&file->beside, real, &st);
        if (fd < 0) {
            fm_error_set(error, "Could not open '%s': %s", path,
                         file_replace_why(file, fd));
        } else {
            file->sink = file_sink_new_fd(fd, path, error);
        }
    }
    if (!file->sink) {
        file_replace_free(file);
        return NULL;
    }
    return file;
}

FileReplace *file_replace_new_fd(int fd, const char *name, GError **error)
{
    FileSink *sink = file_sink_new_fd(fd, name, error);
    FileReplace *file;

    if (!sink) {
        return NULL;
    }
    file = file_replace_new();
    file->sink = sink;
    return file;
}

FileSink *file_replace_sink(FileReplace *file)
{
    return file->sink;
}

/* The end: in the thread */

/* Returns 0 or a negative errno. */
static int file_replace_to_disk(FileReplace *file)
{
    int fd = file_sink_fd(file->sink);

    if (fsync(fd) < 0 && errno != EINVAL) {
        return -errno;
    }
    if (file->beside.dir_fd < 0) {
        return 0;
    }
    return file->cancelled ? -ECANCELED
                           : file_beside_take_name(&file->beside, fd);
}

static void *file_replace_thread(void *opaque)
{
    FileReplace *file = opaque;
    const uint64_t one = 1;
    ssize_t n;

    file->err = file_replace_to_disk(file);
    n = write(file->event_fd, &one, sizeof(one));
    g_assert(n == sizeof(one));
    return NULL;
}

/* The end: in the main loop */

static void file_replace_end(FileReplace *file, int err)
{
    FileReplaceDone *done = file->done;
    void *opaque = file->opaque;
    GError *error = NULL;
    g_autofree char *name = g_strdup(file_sink_name(file->sink));
    int closed = file_sink_finish(file->sink);

    err = err < 0 ? err : closed;
    if (err < 0) {
        fm_error_set(&error, "Could not write '%s': %s", name,
                     g_strerror(-err));
    }
    file->source = 0;
    file_replace_free(file);
    done(opaque, error);
}

static gboolean file_replace_joined(gint fd, GIOCondition condition,
                                    gpointer opaque)
{
    FileReplace *file = opaque;

    pthread_join(file->thread, NULL);
    file_replace_end(file, file->err);
    return G_SOURCE_REMOVE;
}

static gboolean file_replace_idle(gpointer opaque)
{
    FileReplace *file = opaque;

    file_replace_end(file, file->err);
    return G_SOURCE_REMOVE;
}

/* Returns 0 or a negative errno. */
static int file_replace_start(FileReplace *file)
{
    sigset_t all, before;
    int err;

    file->event_fd = eventfd(0, EFD_CLOEXEC);
    if (file->event_fd < 0) {
        return -errno;
    }
    /* signals are the main loop's */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&file->thread, NULL, file_replace_thread, file);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -err;
}

void file_replace_commit(FileReplace *file, FileReplaceDone *done,
                         void *opaque)
{
    file->done = done;
    file->opaque = opaque;
    if (file_sink_is_stored(file->sink)) {
        int err = file_replace_start(file);

        file->committing = err == 0;
        if (err < 0) {
            file->err = err;            /* there is no thread whose it is */
        }
    }
    file->source = file->committing
        ? g_unix_fd_add(file->event_fd, G_IO_IN, file_replace_joined, file)
        : g_idle_add_full(G_PRIORITY_DEFAULT, file_replace_idle, file, NULL);
}

void file_replace_cancel(FileReplace *file)
{
    file->cancelled = true;
}

void file_replace_abandon(FileReplace *file)
{
    if (!file) {
        return;
    }
    if (file->committing) {
        file_replace_cancel(file);
        pthread_join(file->thread, NULL);
    }
    file_replace_free(file);
}
