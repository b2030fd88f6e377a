/* workers.h - workers that run tasks.
 *
 * A worker picks a task that can run: consumers before producers, so that queues drain, and among
 * sources the one that it ran last, whose buffers are warm. With a seed there is one worker, which
 * picks at random: the same seed gives the same interleaving. */
#pragma once
#include "exec/checkpoint.h"

typedef struct WorkOptions {
    u32 threads;                  /* >= 1 */
    u64 seed;                     /* not 0: one thread, random order */
    const atomic_bool *interrupt; /* true: stop with W8002 */
    void (*tick)(void *ctx); /* about ten times a second from the calling thread; may be NULL */
    void *tick_ctx;
    Checkpoint *checkpoint; /* NULL: no epochs */
} WorkOptions;

/* Run until all tasks are done or the checkpoint has stopped them; with until_idle, until nothing
 * more can be done before sources get new rows. The first failure stops all and comes back. */
Status workers_run(Shared *s, const WorkOptions *options, bool until_idle, Err *err) MUST_USE;
