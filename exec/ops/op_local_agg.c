/* op_local_agg.c - the first phase of a GROUP BY: each worker aggregates the rows that it decoded.
 *
 * When the subtask's watermark closes a window, its pane goes as it is to every subtask of the
 * global phase (op_global_agg.c), which merges its share. Nothing is copied or hashed again. */
#include "base/mem.h"
#include "exec/ops/agg_core.h"

typedef struct LocalAgg {
    Op op;
    AggCore *core;
    u32 consumers;
} LocalAgg;

static Status
local_agg_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    LocalAgg *a = mem_make(LocalAgg);
    a->consumers = ctx->consumers;
    *ret_op = &a->op;
    return agg_core_new(ctx, n, &a->core, err);
}

static Status
local_agg_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    assert(port == 0);
    (void)out;
    Status st = agg_core_add(((LocalAgg *)op)->core, b, err);
    batch_free(b);
    return st;
}

static Status
local_agg_watermark(Op *op, i64 event_us, i64 proc_us, Out *out, Err *err)
{
    LocalAgg *a = (LocalAgg *)op;
    for (Pane *p; (p = agg_core_take(a->core, event_us));) {
        pane_share(p, a->consumers);
        TRY(out_pane(out, p, err));
    }
    return out_watermark(out, event_us, proc_us, err);
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
    .destroy = local_agg_destroy,
};
