/* workers.c - one lock, one condition, N workers.
 *
 * The lock is taken a few times per batch (2048 rows), never per row, so its cost does not show. */
#include "exec/workers.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include <errno.h>
#include <time.h>

typedef struct Workers {
    Shared *shared;
    const WorkOptions *options;
    bool until_idle;
    pthread_cond_t changed; /* a task may have become runnable, or all is over */
    u32 waiters, running;
    bool over;
    Status status;
    Err err;
    Rng rng;
    i64 ticked_us;
} Workers;

static Task *
pick_seeded(Workers *s)
{
    Task *chosen = NULL;
    u32 seen = 0;
    for (u32 i = 0; i < s->shared->ntasks; i++) {
        if (!task_runnable(s->shared->tasks[i])) continue;
        if (rng_below(&s->rng, ++seen) == 0) chosen = s->shared->tasks[i];
    }
    assert(!seen || chosen);
    return chosen;
}

static Task *
pick(Workers *s, Task *last)
{
    if (s->options->seed) return pick_seeded(s);
    Task *source = NULL;
    for (u32 i = s->shared->ntasks; i-- > 0;) {
        Task *t = s->shared->tasks[i];
        if (!task_runnable(t)) continue;
        if (t->nin) return t;
        if (t == last || !source) source = t;
    }
    return source;
}

static bool
all_done(const Workers *s)
{
    for (u32 i = 0; i < s->shared->ntasks; i++) {
        if (!s->shared->tasks[i]->done) return false;
    }
    return true;
}

static bool
wake_idle_sources(Workers *s)
{
    bool any = false;
    for (u32 i = 0; i < s->shared->ntasks; i++) {
        any |= s->shared->tasks[i]->idle;
        s->shared->tasks[i]->idle = false;
    }
    return any;
}

static void
fail(Workers *s, Status st, const Err *err)
{
    if (!s->status) {
        s->status = st;
        s->err = *err;
    }
    s->over = true;
}

/* Nothing can run for this worker now. With others at work, wait for them; else sources are idle
 * (look again in a millisecond, or be content), or all is done. */
static void
rest(Workers *s)
{
    if (s->running) {
        s->waiters++;
        pthread_cond_wait(&s->changed, &s->shared->lock);
        s->waiters--;
        return;
    }
    if (all_done(s) || s->until_idle) {
        s->over = true;
        pthread_cond_broadcast(&s->changed);
        return;
    }
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until); /* tidy: ok, what the condition waits by */
    until.tv_nsec += 1000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    s->waiters++;
    (void)pthread_cond_timedwait(&s->changed, &s->shared->lock, &until);
    s->waiters--;
    (void)wake_idle_sources(s);
}

static void
tick(Workers *s)
{
    if (!s->options->tick) return;
    i64 now = clock_monotonic_us();
    if (now - s->ticked_us < 100000) return;
    s->ticked_us = now;
    pthread_mutex_unlock(&s->shared->lock);
    s->options->tick(s->options->tick_ctx);
    pthread_mutex_lock(&s->shared->lock);
}

static void
work(Workers *s, bool caller)
{
    Task *last = NULL;
    Err err;
    pthread_mutex_lock(&s->shared->lock);
    while (!s->over) {
        if (caller) tick(s);
        if (s->options->interrupt && atomic_load(s->options->interrupt)) {
            fail(s, err_set(&err, W8002, POS_NONE, "interrupted"), &err);
            break;
        }
        if (s->options->checkpoint) {
            bool over;
            Status st = checkpoint_step(s->options->checkpoint, &over, &err);
            if (st) fail(s, st, &err);
            s->over |= over;
            if (s->over) break;
        }
        Task *t = pick(s, last);
        if (!t) {
            rest(s);
            continue;
        }
        t->running = true;
        s->running++;
        pthread_mutex_unlock(&s->shared->lock);
        bool progress = false;
        Status st = task_step(t, &progress, &err);
        pthread_mutex_lock(&s->shared->lock);
        t->running = false;
        s->running--;
        if (progress && !t->nin) { /* its siblings' time moves on too */
            s->shared->moves++;
            (void)wake_idle_sources(s);
        }
        if (st) fail(s, st, &err);
        if (s->waiters) pthread_cond_broadcast(&s->changed);
        last = t->nin ? last : t;
    }
    if (s->waiters) pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->shared->lock);
}

static void *
worker_main(void *arg)
{
    work(arg, false);
    return NULL;
}

Status
workers_run(Shared *shared, const WorkOptions *options, bool until_idle, Err *err)
{
    Workers s = {.shared = shared, .options = options, .until_idle = until_idle};
    s.rng = rng_seed(options->seed);
    s.ticked_us = clock_monotonic_us();
    pthread_cond_init(&s.changed, NULL);
    (void)wake_idle_sources(&s);
    u32 extra = options->seed ? 0 : options->threads - 1;
    pthread_t *threads = mem_array(pthread_t, extra);
    u32 started = 0;
    /* A thread that the system refuses is one worker less, not a failure. */
    while (started < extra && pthread_create(&threads[started], NULL, worker_main, &s) == 0) {
        started++;
    }
    work(&s, true);
    for (u32 i = 0; i < started; i++) (void)pthread_join(threads[i], NULL);
    mem_free(threads);
    pthread_cond_destroy(&s.changed);
    if (s.status) *err = s.err;
    return s.status;
}
