/*
 * The fence around a fuzz target: the only files are those in its input
 *
 * The C library's functions are replaced by their names, for this program and
 * the libraries it uses.  While the fence is down, which is whenever the
 * fuzzing engine itself is at work, they do what they always do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
/* under their own names: open() as open64() is of no use here */
#undef _FILE_OFFSET_BITS

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"

#define FUZZ_FILES_MAX 8

static const char fuzz_separator[] = "\n--\n";

static struct {
    bool fenced;
    unsigned n_files;
    struct {
        const uint8_t *bytes;
        size_t len;
    } files[FUZZ_FILES_MAX];
} fuzz_files;

void fuzz_files_fence(bool up)
{
    fuzz_files.fenced = up;
}

char *fuzz_files_take(const uint8_t *bytes, size_t len, size_t *text_len)
{
    const size_t gap = strlen(fuzz_separator);
    const uint8_t *cut = memmem(bytes, len, fuzz_separator, gap);
    char *text;

    *text_len = cut ? (size_t)(cut - bytes) : len;
    text = g_malloc(*text_len + 1);
    memcpy(text, bytes, *text_len);
    text[*text_len] = '\0';
    fuzz_files.n_files = 0;
    while (cut && fuzz_files.n_files < FUZZ_FILES_MAX) {
        const uint8_t *start = cut + gap;
        size_t left = len - (start - bytes);

        cut = memmem(start, left, fuzz_separator, gap);
        fuzz_files.files[fuzz_files.n_files].bytes = start;
        fuzz_files.files[fuzz_files.n_files].len =
            cut ? (size_t)(cut - start) : left;
        fuzz_files.n_files++;
    }
    return text;
}

void fuzz_files_drop(void)
{
    fuzz_files.n_files = 0;
}

/** A file in memory, so that it looks like one to fstat(2) too. */
static int fuzz_open_memory(const char *path)
{
    unsigned i = path[0] && !path[1] ? (unsigned)(path[0] - 'a') : UINT_MAX;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    if (fd >= 0 && i < fuzz_files.n_files && fuzz_files.files[i].len) {
        size_t len = fuzz_files.files[i].len;

        g_assert(write(fd, fuzz_files.files[i].bytes, len) == (ssize_t)len);
        lseek(fd, 0, SEEK_SET);
    }
    return fd;
}

static int fuzz_open(int directory, const char *path, int flags, mode_t mode)
{
    unsigned i = path[0] && !path[1] ? (unsigned)(path[0] - 'a') : UINT_MAX;

    if (!fuzz_files.fenced || strcmp(path, "/dev/null") == 0) {
        return syscall(SYS_openat, directory, path, flags, mode);
    }
    if (i < fuzz_files.n_files || (flags & O_CREAT)) {
        return fuzz_open_memory(path);
    }
    errno = ENOENT;
    return -1;
}

/* What takes the C library's place */

#define FUZZ_MODE(mode) \
    mode_t mode; \
    va_list ap; \
    va_start(ap, flags); \
    mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0; \
    va_end(ap)

int open(const char *path, int flags, ...)
{
    FUZZ_MODE(mode);
    return fuzz_open(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    FUZZ_MODE(mode);
    return fuzz_open(AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
    FUZZ_MODE(mode);
    return fuzz_open(directory, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...)
{
    FUZZ_MODE(mode);
    return fuzz_open(directory, path, flags, mode);
}

int mkdir(const char *path, mode_t mode)
{
    if (fuzz_files.fenced) {
        errno = EACCES;
        return -1;
    }
    return syscall(SYS_mkdir, path, mode);
}

int unlink(const char *path)
{
    if (fuzz_files.fenced) {
        errno = EACCES;
        return -1;
    }
    return syscall(SYS_unlink, path);
}

int socket(int domain, int type, int protocol)
{
    if (fuzz_files.fenced) {
        errno = EACCES;
        return -1;
    }
    return syscall(SYS_socket, domain, type, protocol);
}

/** Names are not looked up: that would ask the network. */
int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints,
                struct addrinfo **restrict found)
{
    return EAI_FAIL;
}
