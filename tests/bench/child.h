/*
 * Programs under measurement: started, watched, reaped
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <sys/resource.h>
#include <sys/types.h>

#include "channel.h"

/** Who is compared. */
typedef enum BenchSide {
    BENCH_OURS,
    BENCH_PEER,
    BENCH_FLOOR,
    BENCH_N_SIDES,
} BenchSide;

typedef struct Contender {
    BenchSide side;
    char *binary;               /* absolute; NULL: does not take part */
    char **idle;                /* options by which the machine stands still */
    char *version;              /* first line of --version */
} Contender;

/** Which of the program's mouths is wired to us. */
typedef enum ChildWiring {
    CHILD_QMP_STDIO,
    CHILD_QMP_UNIX,
    CHILD_QTEST,
} ChildWiring;

typedef struct Child {
    pid_t pid;
    double started_us;
    Channel channel;
} Child;

/** What a child's memory is made of, from /proc/PID/smaps_rollup. */
typedef struct ChildMemory {
    double resident_kib;
    double anonymous_kib;
} ChildMemory;

/** bench_now_us: the monotonic clock, in microseconds. */
double bench_now_us(void);

/** bench_die: end the measured program and this one, with a message. */
void bench_die(const char *fmt, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

/**
 * child_start:
 * @prefix: words before the program's name, such as a tracer's; or NULL
 * @args: the machine's options, ends with NULL
 *
 * Start @contender's program in the current directory and connect to it.
 * Whatever it hangs in, it and this program end after two minutes.
 */
void child_start(Child *child, const Contender *contender,
                 const char *const *prefix, const char *const *args,
                 ChildWiring wiring);

/** child_memory: what the program's memory is now. */
void child_memory(const Child *child, ChildMemory *memory);

/** child_reap: wait for the program's end; free what child_start() took.
 *  @usage may be NULL. */
void child_reap(Child *child, struct rusage *usage);

/** child_kill: end the program, then as child_reap(). */
void child_kill(Child *child, struct rusage *usage);

#endif
