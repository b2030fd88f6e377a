/* op_global_agg.c - the second phase of a GROUP BY: each subtask merges its share of the hash space
 * from the panes of all local phases, and fires windows when all of them have passed. */
#include "base/mem.h"
#include "exec/ops/agg_core.h"

typedef struct GlobalAgg {
    Op op;
    AggCore *core;
    JobCounts *counts;
    i64 event_us, proc_us; /* the watermark that fires, passed on when all rows are out */
    bool first;            /* the subtask that answers for an empty input */
} GlobalAgg;

static Status
global_agg_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    GlobalAgg *g = mem_make(GlobalAgg);
    g->counts = ctx->counts;
    g->first = ctx->subtask == 0;
    *ret_op = &g->op;
    return agg_core_new(ctx, n, &g->core, err);
}

static Status
global_agg_pane(Op *op, Pane *p, Out *out, Err *err)
{
    (void)out;
    agg_core_merge(((GlobalAgg *)op)->core, p);
    return agg_core_relieve(((GlobalAgg *)op)->core, err);
}

static Status
global_agg_resume(Op *op, Out *out, Err *err)
{
    GlobalAgg *g = (GlobalAgg *)op;
    bool done;
    TRY(agg_core_fire(g->core, agg_core_time(g->core, g->event_us, g->proc_us), out, &done, err));
    if (!done) {
        out_again(out);
        return ERR_OK;
    }
    g->counts->watermark_us = g->event_us;
    return out_watermark(out, g->event_us, g->proc_us, err);
}

static Status
global_agg_watermark(Op *op, i64 event_us, i64 proc_us, Out *out, Err *err)
{
    GlobalAgg *g = (GlobalAgg *)op;
    if (event_us == WATERMARK_MAX && g->first) agg_core_need_group(g->core);
    g->event_us = event_us;
    g->proc_us = proc_us;
    return global_agg_resume(op, out, err);
}

static Status
global_agg_barrier(Op *op, StateWriter *w, Out *out, Err *err)
{
    (void)out;
    return agg_core_save(((GlobalAgg *)op)->core, w, err);
}

static Status
global_agg_restore(Op *op, StateReader *r, Err *err)
{
    return agg_core_restore(((GlobalAgg *)op)->core, r, err);
}

static void
global_agg_destroy(Op *op)
{
    agg_core_free(((GlobalAgg *)op)->core);
    mem_free(op);
}

const OpDef op_global_agg = {
    .create = global_agg_create,
    .pane = global_agg_pane,
    .watermark = global_agg_watermark,
    .resume = global_agg_resume,
    .barrier = global_agg_barrier,
    .restore = global_agg_restore,
    .destroy = global_agg_destroy,
};
