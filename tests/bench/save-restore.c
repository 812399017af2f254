/*
 * A machine saved to a file on the disk, and restored from it
 *
 * We are asked for a file, and say that we are done when it is on the disk.
 * The peer writes to a descriptor of a file; that this is brought to the disk
 * afterwards is part of its time.  Both restore from their own file, which is
 * in the page cache, as dd finds it too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cases.h"

#define STATE_CHUNK_LEN 65536u
#define STATE_FILL_GPA (1u << 20)

/* Memory that nothing can be saved of: from 1 MiB, which RAM goes on from */

static void state_randomize(uint64_t *words, size_t n)
{
    static uint64_t state = 0x9e3779b97f4a7c15;

    for (size_t i = 0; i < n; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        words[i] = state;
    }
}

static void state_fill(unsigned mib)
{
    static uint64_t chunk[STATE_CHUNK_LEN / 8];
    Channel qtest;

    channel_connect(&qtest, BENCH_QTEST);
    for (unsigned at = 0; at < mib << 20; at += STATE_CHUNK_LEN) {
        g_autofree char *text = NULL;
        g_autofree char *line = NULL;

        state_randomize(chunk, G_N_ELEMENTS(chunk));
        text = g_base64_encode((const guchar *)chunk, sizeof(chunk));
        line = g_strdup_printf("b64write 0x%x 0x%x %s\n", STATE_FILL_GPA + at,
                               STATE_CHUNK_LEN, text);
        qtest_line(&qtest, line);
    }
    channel_cleanup(&qtest);
}

/* What it takes */

typedef struct Cost {
    double ms, processor_ms;
} Cost;

static double state_spec_ms(const struct timespec *time)
{
    return time->tv_sec * 1e3 + time->tv_nsec / 1e6;
}

/** Of a process, with its threads that have ended. */
static double state_processor_ms(const Child *child)
{
    struct timespec time;
    clockid_t clock;

    if (clock_getcpuclockid(child->pid, &clock) ||
        clock_gettime(clock, &time) < 0) {
        bench_die("cannot tell processor time");
    }
    return state_spec_ms(&time);
}

static double state_val_ms(const struct timeval *time)
{
    return time->tv_sec * 1e3 + time->tv_usec / 1e3;
}

/** Of all children that have ended. */
static double state_children_ms(void)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    return state_val_ms(&usage.ru_utime) + state_val_ms(&usage.ru_stime);
}

static Cost state_begin(const Child *child)
{
    Cost cost;

    cost.processor_ms = child ? state_processor_ms(child)
                              : state_children_ms();
    cost.ms = bench_now_us() / 1e3;
    return cost;
}

/** @cost: of the beginning; becomes what was spent since. */
static void state_end(const Child *child, Cost *cost)
{
    cost->ms = bench_now_us() / 1e3 - cost->ms;
    cost->processor_ms = (child ? state_processor_ms(child)
                                : state_children_ms()) - cost->processor_ms;
}

/* The two machines */

static void state_start(Child *child, const BenchCase *bench,
                        const Contender *contender, bool incoming)
{
    const char *args[BENCH_MAX_ARGS + 3] = { NULL };
    size_t n = 0;

    while (bench->args[n]) {
        args[n] = bench->args[n];
        n++;
    }
    if (incoming) {
        args[n++] = "-incoming";
        args[n++] = "defer";
    }
    child_start(child, contender, NULL, args, CHILD_QMP_UNIX);
    bench_greet(child);
    qmp_send(&child->channel, -1,
             "{\"execute\": \"migrate-set-capabilities\", \"arguments\": "
             "{\"capabilities\": [{\"capability\": \"events\", "
             "\"state\": true}]}}\n");
    qmp_expect(&child->channel, "\"return\"");
}

static void state_await_completed(Channel *channel)
{
    const char *line;

    do {
        line = qmp_expect(channel, "\"MIGRATION\"");
        if (strstr(line, "\"failed\"")) {
            bench_die("it failed: %s", line);
        }
    } while (!strstr(line, "\"completed\""));
}

static void state_pass_fd(Channel *channel, int fd)
{
    qmp_send(channel, fd, "{\"execute\": \"getfd\", \"arguments\": "
             "{\"fdname\": \"state\"}}\n");
    qmp_expect(channel, "\"return\"");
}

static int state_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0) {
        bench_die("%s: %s", path, g_strerror(errno));
    }
    return fd;
}

static void state_save_ours(Channel *channel)
{
    qmp_send(channel, -1, "{\"execute\": \"migrate\", \"arguments\": "
             "{\"uri\": \"file:" BENCH_STATE_OURS "\"}}\n");
    state_await_completed(channel);
}

static void state_save_peer(Channel *channel, int fd)
{
    qmp_send(channel, -1, "{\"execute\": \"migrate\", \"arguments\": "
             "{\"uri\": \"fd:state\"}}\n");
    state_await_completed(channel);
    if (fsync(fd) < 0) {
        bench_die("%s: %s", BENCH_STATE_PEER, g_strerror(errno));
    }
}

static Cost state_save(const BenchCase *bench, const Contender *contender)
{
    Child child;
    Cost cost;
    int fd;

    state_start(&child, bench, contender, false);
    state_fill(bench->filled_mib);
    if (contender->side == BENCH_OURS) {
        g_unlink(BENCH_STATE_OURS);
        cost = state_begin(&child);
        state_save_ours(&child.channel);
        state_end(&child, &cost);
    } else {
        g_unlink(BENCH_STATE_PEER);
        fd = state_open(BENCH_STATE_PEER, O_RDWR | O_CREAT);
        /* it would write 128 MiB a second */
        qmp_send(&child.channel, -1,
                 "{\"execute\": \"migrate-set-parameters\", \"arguments\": "
                 "{\"max-bandwidth\": 1099511627776}}\n");
        qmp_expect(&child.channel, "\"return\"");
        state_pass_fd(&child.channel, fd);
        cost = state_begin(&child);
        state_save_peer(&child.channel, fd);
        state_end(&child, &cost);
        close(fd);
    }
    bench_quit(&child, NULL);
    return cost;
}

/** Have free memory be memory that was used before, in huge pages.  What a
 *  virtual machine has not used lately its host has first to find, at eight
 *  times the price; the peer's huge pages are just free again, since it takes
 *  them for the machine that is saved, too.  More than is needed: other free
 *  pages come in between. */
static void state_warm_up(unsigned mib)
{
    size_t len = (size_t)mib * 4 << 20;
    uint8_t *host = mmap(NULL, len, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (host == MAP_FAILED) {
        bench_die("no memory: %s", g_strerror(errno));
    }
    madvise(host, len, MADV_HUGEPAGE);
    memset(host, 1, len);
    munmap(host, len);
}

static Cost state_restore(const BenchCase *bench, const Contender *contender)
{
    bool ours = contender->side == BENCH_OURS;
    Child child;
    Cost cost;

    if (bench->filled_mib) {
        state_warm_up(bench->filled_mib);
    }
    state_start(&child, bench, contender, true);
    if (!ours) {
        int fd = state_open(BENCH_STATE_PEER, O_RDONLY);

        state_pass_fd(&child.channel, fd);
        close(fd);
    }
    cost = state_begin(&child);
    qmp_send(&child.channel, -1, "{\"execute\": \"migrate-incoming\", "
             "\"arguments\": {\"uri\": \"%s\"}}\n",
             ours ? "file:" BENCH_STATE_OURS : "fd:state");
    state_await_completed(&child.channel);
    state_end(&child, &cost);
    bench_quit(&child, NULL);
    return cost;
}

/* The floor */

static Cost state_copy(const char *to, const char *conv)
{
    g_autofree char *output = g_strconcat("of=", to, NULL);
    const char *argv[] = {
        "dd", "if=" BENCH_STATE_OURS, output, "bs=1M", "status=none", conv,
        NULL,
    };
    int status = 0;
    Cost cost;

    if (strcmp(to, "/dev/null") != 0) {
        g_unlink(to);
    }
    cost = state_begin(NULL);
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
                      NULL, NULL, NULL, &status, NULL) || status) {
        bench_die("dd cannot copy %s to %s", BENCH_STATE_OURS, to);
    }
    state_end(NULL, &cost);
    return cost;
}

static double state_mib(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        bench_die("%s: %s", path, g_strerror(errno));
    }
    return st.st_size / 1048576.0;
}

void sample_save_restore(const BenchCase *bench, const Contender *contender,
                         double *values)
{
    const char *path = BENCH_STATE_COPY;
    Cost save, restore, read;

    if (contender->side == BENCH_FLOOR) {
        save = state_copy(BENCH_STATE_COPY, "conv=fsync");
        restore = state_copy(BENCH_STATE_COPY, "conv=fsync");
        read = state_copy("/dev/null", NULL);
    } else {
        save = state_save(bench, contender);
        read = restore = state_restore(bench, contender);
        path = contender->side == BENCH_OURS ? BENCH_STATE_OURS
                                             : BENCH_STATE_PEER;
    }
    values[0] = save.ms;
    values[1] = save.processor_ms;
    values[2] = restore.ms;
    values[3] = restore.processor_ms;
    values[4] = read.ms;
    values[5] = state_mib(path);
}
