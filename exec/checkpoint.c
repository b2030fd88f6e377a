/* checkpoint.c - declaring, collecting and writing epochs.
 *
 * Everything but the writing happens under the lock of Shared, by whichever worker looks for work;
 * what is written is owned by the thread that writes while `phase` says so. */
#include "exec/checkpoint.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "exec/late.h"

typedef enum Phase {
    PHASE_IDLE,
    PHASE_ALIGNING, /* declared, tasks are passing the barrier */
    PHASE_READY,    /* all have; the changes wait for the writer */
    PHASE_WRITING,
} Phase;

/* An epoch with more images than a million keys of ordinary aggregates have is rare: the memory
 * that they took is not kept for the next one. */
enum { TRIM_BYTES = 128 << 20 };

struct Checkpoint {
    CheckpointOptions options;
    Phase phase;
    i64 due_us;   /* monotonic: when the next epoch ends */
    u64 progress; /* of the sources when the last one was declared */
    bool over;    /* the epoch that was asked for by `stop` is written */
    StateChanges changes;
    StoreMeta *meta; /* for the next epoch; their texts live in the job's arena */
    u32 nmeta;
    Status status; /* the first failure of the writer */
    Err err;
    bool threaded, closing;
    pthread_t thread;
    pthread_cond_t work; /* phase is READY, or closing */
    pthread_cond_t done; /* phase is IDLE again */
};

/* ---- writing -------------------------------------------------------------------------------- */

/* Calls one function of every sink. */
static Status
sinks_each(const Checkpoint *c, u64 epoch, bool commit, Err *err)
{
    const Shared *s = c->options.shared;
    for (u32 t = 0; t < s->ntasks; t++) {
        for (u32 i = 0; i < s->tasks[t]->nops; i++) {
            Op *op = s->tasks[t]->ops[i];
            Status (*call)(Op *, u64, Err *) = commit ? op->def->commit : op->def->sync;
            if (call) TRY(call(op, epoch, err));
        }
    }
    return ERR_OK;
}

/* Sinks first make their bytes durable, then the transaction decides, then the files are shown. */
static Status
epoch_write(Checkpoint *c, u64 epoch, Err *err)
{
    TRY(sinks_each(c, epoch, false, err));
    if (c->options.store) {
        late_log_write(c->options.late, epoch, &c->changes);
        TRY(state_store_commit(c->options.store, epoch, c->changes.at, c->changes.len, c->meta,
                               c->nmeta, err));
    }
    bool much = c->changes.bytes > TRIM_BYTES;
    state_changes_done(&c->changes);
    if (much) mem_trim();
    c->nmeta = 0;
    TRY(sinks_each(c, epoch, true, err));
    (void)failpoint(FAIL_EPOCH_DONE);
    return ERR_OK;
}

/* With the lock held, which is released while it writes. */
static void
write_ready(Checkpoint *c)
{
    Shared *s = c->options.shared;
    u64 epoch = s->epoch;
    Err err = {.pos = POS_NONE};
    c->phase = PHASE_WRITING;
    pthread_mutex_unlock(&s->lock);
    Status st = epoch_write(c, epoch, &err);
    pthread_mutex_lock(&s->lock);
    c->phase = PHASE_IDLE;
    if (st && !c->status) {
        c->status = st;
        c->err = err;
    }
    if (!st && c->options.committed) c->options.committed(c->options.committed_ctx, epoch);
    if (s->stop_epoch && epoch >= s->stop_epoch) c->over = true;
    pthread_cond_broadcast(&c->done);
}

static void *
writer_main(void *arg)
{
    Checkpoint *c = arg;
    pthread_mutex_t *lock = &c->options.shared->lock;
    pthread_mutex_lock(lock);
    for (;;) {
        while (c->phase != PHASE_READY && !c->closing) pthread_cond_wait(&c->work, lock);
        if (c->phase != PHASE_READY) break;
        write_ready(c);
    }
    pthread_mutex_unlock(lock);
    return NULL;
}

/* ---- opening and closing -------------------------------------------------------------------- */

Checkpoint *
checkpoint_open(const CheckpointOptions *options)
{
    Checkpoint *c = mem_make(Checkpoint);
    c->options = *options;
    c->due_us = clock_monotonic_us() + options->interval_us;
    pthread_cond_init(&c->work, NULL);
    pthread_cond_init(&c->done, NULL);
    if (options->store && !options->inline_writes)
        c->threaded = pthread_create(&c->thread, NULL, writer_main, c) == 0;
    return c;
}

void
checkpoint_close(Checkpoint *c)
{
    if (!c) return;
    if (c->threaded) {
        pthread_mutex_lock(&c->options.shared->lock);
        c->closing = true;
        pthread_cond_signal(&c->work);
        pthread_mutex_unlock(&c->options.shared->lock);
        (void)pthread_join(c->thread, NULL);
    }
    pthread_cond_destroy(&c->work);
    pthread_cond_destroy(&c->done);
    state_changes_done(&c->changes);
    mem_free(c->meta);
    mem_free(c);
}

void
checkpoint_first(Checkpoint *c, StateChanges *changes, const StoreMeta *meta, u32 nmeta)
{
    state_changes_join(&c->changes, changes);
    mem_free(c->meta);
    c->meta = mem_array(StoreMeta, nmeta + 1);
    if (nmeta) memcpy(c->meta, meta, nmeta * sizeof *meta);
    c->nmeta = nmeta;
}

/* ---- an epoch's way ------------------------------------------------------------------------- */

/* Are there sources that may still read? Without them the job is about to end anyway. */
static bool
sources_left(const Shared *s)
{
    for (u32 i = 0; i < s->ntasks; i++) {
        if (!s->tasks[i]->nin && !s->tasks[i]->done) return true;
    }
    return false;
}

/* Without an interval an epoch ends whenever some source has given something. */
static bool
is_due(const Checkpoint *c)
{
    if (c->options.interval_us == 0) return c->options.shared->progress != c->progress;
    return clock_monotonic_us() >= c->due_us;
}

static void
declare(Checkpoint *c, bool stop)
{
    Shared *s = c->options.shared;
    s->epoch++;
    if (stop) s->stop_epoch = s->epoch;
    for (u32 i = 0; i < c->options.nfeeds; i++) feed_barrier(c->options.feeds[i], s->epoch);
    for (u32 i = 0; i < s->ntasks; i++) {
        s->tasks[i]->idle = false; /* it has something to do now */
        s->tasks[i]->waiting = false;
    }
    c->phase = PHASE_ALIGNING;
    c->progress = s->progress;
    c->due_us = clock_monotonic_us() + c->options.interval_us;
    (void)failpoint(FAIL_BARRIER_DECLARED);
}

/* Tasks that have ended pass the barrier, too: their sinks have rows in the epoch. */
static bool
is_aligned(const Shared *s)
{
    for (u32 i = 0; i < s->ntasks; i++) {
        if (s->tasks[i]->epoch != s->epoch) return false;
    }
    return true;
}

/* Tasks that ended on the way may have changes of this epoch, too. */
static void
collect(Checkpoint *c)
{
    Shared *s = c->options.shared;
    for (u32 i = 0; i < s->ntasks; i++) state_changes_join(&c->changes, &s->tasks[i]->changes);
    for (u32 i = 0; i < c->options.nfeeds; i++) {
        StateWriter w = {&c->changes, c->options.scans[i]->id, 0, s->epoch};
        state_put(&w, (StateKey){.table = FEED_TABLE}, feed_position(c->options.feeds[i]));
    }
    (void)failpoint(FAIL_BARRIER_ALIGNED);
}

static Status
failure(Checkpoint *c, Err *err)
{
    if (c->status) *err = c->err;
    return c->status;
}

Status
checkpoint_step(Checkpoint *c, bool *ret_over, Err *err)
{
    Shared *s = c->options.shared;
    *ret_over = c->over;
    TRY(failure(c, err));
    if (!c->options.store) return ERR_OK;
    if (c->phase == PHASE_IDLE && !s->stop_epoch && sources_left(s)) {
        bool stop = c->options.stop && atomic_load(c->options.stop);
        if (stop || is_due(c)) declare(c, stop);
    }
    if (c->phase == PHASE_ALIGNING && is_aligned(s)) {
        collect(c);
        c->phase = PHASE_READY;
        if (c->threaded)
            pthread_cond_signal(&c->work);
        else
            write_ready(c);
        *ret_over = c->over;
    }
    return failure(c, err);
}

i64
checkpoint_wait_us(const Checkpoint *c)
{
    if (!c->options.store) return INT64_MAX;
    return MAX(c->due_us - clock_monotonic_us(), (i64)0);
}

Status
checkpoint_finish(Checkpoint *c, const StoreMeta *meta, u32 nmeta, Err *err)
{
    Shared *s = c->options.shared;
    pthread_mutex_lock(&s->lock);
    while (c->phase == PHASE_READY || c->phase == PHASE_WRITING)
        pthread_cond_wait(&c->done, &s->lock);
    Status st = failure(c, err);
    pthread_mutex_unlock(&s->lock);
    if (st) return st;
    u64 epoch = ++s->epoch;
    for (u32 t = 0; t < s->ntasks; t++) {
        for (u32 i = 0; i < s->tasks[t]->nops; i++) {
            Op *op = s->tasks[t]->ops[i];
            StateWriter w = {&s->tasks[t]->changes, op->node->id, (u16)s->tasks[t]->subtask, epoch};
            if (op->def->finish) TRY(op->def->finish(op, &w, err));
        }
    }
    for (u32 i = 0; i < s->ntasks; i++) state_changes_join(&c->changes, &s->tasks[i]->changes);
    int why = failpoint(FAIL_FINISH);
    if (why) return err_set(err, W5001, POS_NONE, "the job cannot end: %s", strerror(why));
    StoreMeta *all = mem_array(StoreMeta, c->nmeta + nmeta + 1);
    if (c->nmeta) memcpy(all, c->meta, c->nmeta * sizeof *all);
    if (nmeta) memcpy(all + c->nmeta, meta, nmeta * sizeof *all);
    mem_free(c->meta);
    c->meta = all;
    c->nmeta += nmeta;
    return epoch_write(c, epoch, err);
}

Status
checkpoint_finished(Checkpoint *c, Err *err)
{
    StateStore *store = c->options.store;
    if (!store) return ERR_OK;
    StoreMeta finished = {STR("finished"), STR("yes")};
    return state_store_commit(store, ++c->options.shared->epoch, NULL, 0, &finished, 1, err);
}
