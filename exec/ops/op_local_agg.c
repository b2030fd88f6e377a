/* op_local_agg.c - the first phase of a GROUP BY: each worker aggregates the rows that it decoded.
 *
 * When the subtask's watermark closes the first window that counts a pane, the pane goes as it is
 * to every subtask of the global phase (op_global_agg.c), which merges its share. Nothing is copied
 * or hashed again. At a barrier all panes go, and when memory is short. */
#include "base/mem.h"
#include "exec/ops/agg_core.h"

typedef struct LocalAgg {
    Op op;
    AggCore *core;
    u32 consumers;
    _Atomic(u64) *state_bytes; /* the job's, see exec/pressure.h; may be NULL */
} LocalAgg;

static Status
local_agg_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    LocalAgg *a = mem_make(LocalAgg);
    a->consumers = ctx->consumers;
    a->state_bytes = ctx->state_bytes;
    *ret_op = &a->op;
    return agg_core_new(ctx, n, &a->core, err);
}

/* Panes whose first window closes by then. */
static Status
local_agg_send(LocalAgg *a, i64 time_us, Out *out, Err *err)
{
    for (Pane *p; (p = agg_core_take(a->core, time_us));) {
        pane_charge(p, a->state_bytes);
        pane_share(p, a->consumers);
        TRY(out_pane(out, p, err));
    }
    return ERR_OK;
}

static Status
local_agg_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    assert(port == 0);
    LocalAgg *a = (LocalAgg *)op;
    Status st = agg_core_add(a->core, b, err);
    batch_free(b);
    TRY(st);
    return agg_core_is_pressed(a->core) ? local_agg_send(a, WATERMARK_MAX, out, err) : ERR_OK;
}

static Status
local_agg_watermark(Op *op, i64 event_us, i64 proc_us, Out *out, Err *err)
{
    LocalAgg *a = (LocalAgg *)op;
    i64 time_us = agg_core_time(a->core, event_us, proc_us);
    TRY(local_agg_send(a, time_us, out, err));
    agg_core_close(a->core, time_us);
    return out_watermark(out, event_us, proc_us, err);
}

/* This phase keeps nothing across epochs. */
static Status
local_agg_barrier(Op *op, StateWriter *w, Out *out, Err *err)
{
    (void)w;
    return local_agg_send((LocalAgg *)op, WATERMARK_MAX, out, err);
}

static void
local_agg_destroy(Op *op)
{
    agg_core_free(((LocalAgg *)op)->core);
    mem_free(op);
}

const OpDef op_local_agg = {
    .create = local_agg_create,
    .process = local_agg_process,
    .watermark = local_agg_watermark,
    .barrier = local_agg_barrier,
    .destroy = local_agg_destroy,
};
