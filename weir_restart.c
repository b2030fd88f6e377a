/* weir_restart.c - a query that crashes again and again, for tests: its rows must be those of an
 * undisturbed run.
 *
 * Epochs end as often as rows come in. After every n-th one the job is dropped with all that it has
 * in memory, and a new job goes on from the store. Rows are held back until their epoch is
 * committed, as an exactly-once sink does; those of an undecided epoch are forgotten. */
#include "base/mem.h"
#include "exec/state/store.h"
#include "planner/explain.h"
#include "weir_desk.h"
#include <pthread.h>
#include <stdlib.h>

/* Epochs end between blocks: small ones have few rows. They double every so many starts, or a long
 * file would take as many crashes as it has lines. */
enum { BLOCK_BYTES = 64, BLOCK_STARTS = 8, BLOCK_DOUBLINGS = 14 };

/* Rows of one epoch, not yet shown. */
typedef struct Pending {
    Batch *batch;
    u64 epoch;
} Pending;

typedef struct Restarting {
    Desk *desk;
    pthread_mutex_t lock;
    Pending *at;
    u32 len, cap;
    u64 passed;    /* the epoch whose barrier came last: rows since then belong to the next */
    u32 committed; /* epochs of this start */
    u32 starts;
    Job *job;
    JobCounts at_epoch; /* of this start, by its last committed epoch */
    atomic_bool crash;
    Status status; /* of showing rows */
    Err err;
} Restarting;

static Status
restarting_rows(void *ctx, const Batch *b, Err *err)
{
    Restarting *r = ctx;
    (void)err;
    pthread_mutex_lock(&r->lock);
    mem_grow(r->at, r->len, r->cap);
    r->at[r->len++] = (Pending){batch_slice(b, 0, b->rows), r->passed + 1};
    pthread_mutex_unlock(&r->lock);
    return ERR_OK;
}

static void
restarting_barrier(void *ctx, u64 epoch)
{
    Restarting *r = ctx;
    pthread_mutex_lock(&r->lock);
    r->passed = epoch;
    pthread_mutex_unlock(&r->lock);
}

/* Show the rows up to an epoch. */
static void
restarting_show(Restarting *r, u64 epoch)
{
    const WeirOutput *out = r->desk->out;
    u32 kept = 0;
    for (u32 i = 0; i < r->len; i++) {
        Pending *p = &r->at[i];
        if (p->epoch > epoch) {
            r->at[kept++] = *p;
            continue;
        }
        if (!r->status && out->rows) r->status = out->rows(out->ctx, p->batch, &r->err);
        batch_free(p->batch);
    }
    r->len = kept;
}

static void
restarting_committed(void *ctx, u64 epoch)
{
    Restarting *r = ctx;
    pthread_mutex_lock(&r->lock);
    restarting_show(r, epoch);
    job_epoch_counts(r->job, &r->at_epoch);
    if (++r->committed == r->desk->weir->options.restart_epochs) atomic_store(&r->crash, true);
    pthread_mutex_unlock(&r->lock);
}

static void
restarting_forget(Restarting *r)
{
    for (u32 i = 0; i < r->len; i++) batch_free(r->at[i].batch);
    r->len = 0;
    r->committed = 0;
    atomic_store(&r->crash, false);
}

/* One start of the job, until it has ended or crashed. */
static Status
restarting_start(Restarting *r, const Plan *plan, StateStore *store, WeirSummary *summary, Err *err)
{
    Desk *d = r->desk;
    ConnectorEnv env = d->connectors;
    env.block_bytes = (u32)BLOCK_BYTES << MIN(r->starts++ / BLOCK_STARTS, (u32)BLOCK_DOUBLINGS);
    JobOptions options = {
        .session = &d->session,
        .env = &env,
        .output = {.ctx = r, .rows = restarting_rows, .barrier = restarting_barrier},
        .threads = weir_threads(d->weir),
        .batch_rows = d->weir->options.batch_rows ? d->weir->options.batch_rows : BATCH_ROWS_MAX,
        .seed = d->weir->options.seed,
        .interrupt = &r->crash,
        .store = store,
        .committed = restarting_committed,
        .committed_ctx = r,
        .late_naming = expr_explain,
        .memory_limit = (u64)weir_setting_quantity(d->weir, "state.memory-limit")};
    Job *job = NULL;
    r->passed = state_store_epoch(store);
    r->at_epoch = (JobCounts){0};
    TRY(job_open(plan, &options, &job, err));
    r->job = job;
    Status st = job_run(job, err);
    if (!st) restarting_show(r, UINT64_MAX);
    desk_keep_late(d->weir, job);
    const JobCounts *c = st ? &r->at_epoch : job_counts(job); /* a crash takes the rest along */
    summary->rows_in += c->rows_in;
    summary->rows_out += c->rows_out;
    summary->rows_late += c->rows_late;
    summary->rows_skipped += c->rows_skipped;
    job_close(job);
    return st;
}

Status
desk_run_restarting(Desk *d, const Plan *plan, Err *err)
{
    StateStore *store = NULL;
    char folder[] = "/tmp/weir-restart-XXXXXX";
    if (!mkdtemp(folder)) return err_set(err, W5001, POS_NONE, "cannot make %s", folder);
    TRY(state_store_open(folder, STORE_SCRATCH, &store, err));
    Restarting r = {.desk = d};
    WeirSummary summary = {.ran = true};
    pthread_mutex_init(&r.lock, NULL);
    Status st = desk_run_begin(d, plan, err);
    while (!st) {
        st = restarting_start(&r, plan, store, &summary, err);
        bool crashed = st && err->code == W8002 && atomic_load(&r.crash);
        if (!crashed || atomic_load(&d->weir->interrupt)) break;
        restarting_forget(&r);
        st = ERR_OK;
    }
    restarting_forget(&r);
    if (!st && r.status) {
        st = r.status;
        *err = r.err;
    }
    mem_free(r.at);
    pthread_mutex_destroy(&r.lock);
    state_store_close(store);
    if (!st && d->out->end) st = d->out->end(d->out->ctx, &summary, err);
    return st;
}
