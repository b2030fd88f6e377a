/* op_aggregate.c - GROUP BY in one phase: rows in, a row per group out when its window closes, or
 * at the end of a bounded input without a window.
 *
 * The state and the rules are agg_core.c's. Used where one subtask does all the work, or where a
 * fixed order of the results is asked for. */
#include "base/mem.h"
#include "exec/ops/agg_core.h"
#include "exec/ops/session.h"

typedef struct Aggregate {
    Op op;
    AggCore *core;
    JobCounts *counts;
    i64 event_us, proc_us; /* the watermark that fires, passed on when all rows are out */
} Aggregate;

static Status
aggregate_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    if (n->agg.window.kind == WINDOW_SESSION) return session_agg_create(ctx, n, ret_op, err);
    Aggregate *a = mem_make(Aggregate);
    a->counts = ctx->counts;
    *ret_op = &a->op;
    return agg_core_new(ctx, n, &a->core, err);
}

static Status
aggregate_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    assert(port == 0);
    (void)out;
    Status st = agg_core_add(((Aggregate *)op)->core, b, err);
    batch_free(b);
    return st ? st : agg_core_relieve(((Aggregate *)op)->core, err);
}

static Status
aggregate_resume(Op *op, Out *out, Err *err)
{
    Aggregate *a = (Aggregate *)op;
    bool done;
    TRY(agg_core_fire(a->core, agg_core_time(a->core, a->event_us, a->proc_us), out, &done, err));
    if (!done) {
        out_again(out);
        return ERR_OK;
    }
    a->counts->watermark_us = a->event_us;
    return out_watermark(out, a->event_us, a->proc_us, err);
}

static Status
aggregate_watermark(Op *op, i64 event_us, i64 proc_us, Out *out, Err *err)
{
    Aggregate *a = (Aggregate *)op;
    if (event_us == WATERMARK_MAX) agg_core_need_group(a->core);
    a->event_us = event_us;
    a->proc_us = proc_us;
    return aggregate_resume(op, out, err);
}

static Status
aggregate_barrier(Op *op, StateWriter *w, Out *out, Err *err)
{
    (void)out;
    return agg_core_save(((Aggregate *)op)->core, w, err);
}

static Status
aggregate_restore(Op *op, StateReader *r, Err *err)
{
    return agg_core_restore(((Aggregate *)op)->core, r, err);
}

static void
aggregate_destroy(Op *op)
{
    agg_core_free(((Aggregate *)op)->core);
    mem_free(op);
}

const OpDef op_aggregate = {
    .create = aggregate_create,
    .process = aggregate_process,
    .watermark = aggregate_watermark,
    .resume = aggregate_resume,
    .barrier = aggregate_barrier,
    .restore = aggregate_restore,
    .destroy = aggregate_destroy,
};
