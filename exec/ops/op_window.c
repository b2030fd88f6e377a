/* op_window.c - a window table function whose rows are used as they are: each row once per window
 * that it belongs to, with window_start, window_end and window_time appended.
 *
 * Drops nothing: a row is late only for an operator that closes windows (agg_core.c, op_rank.c),
 * and those find the watermark before the row in the batch. */
#include "base/mem.h"
#include "exec/op.h"
#include "exec/window.h"

typedef struct WindowOp {
    Op op;
    WindowClock clock;
} WindowOp;

static Status
window_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    (void)err;
    assert(n->window.spec.kind == WINDOW_TUMBLE); /* physical.c refuses the others */
    WindowOp *w = mem_make(WindowOp);
    w->clock = window_clock(n->schema.at[n->window.spec.time_col].type, ctx->session);
    *ret_op = &w->op;
    return ERR_OK;
}

static Status
window_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    assert(port == 0);
    const TimeWindow *w = &op->node->window.spec;
    const Column *at = op->node->schema.at;
    u32 cols = b->cols;
    assert(op->node->schema.len == cols + 3);
    Vector time = vector_share(&b->col[w->time_col]);
    vector_flatten(&time);
    const i64 *ts = vector_data(&time, const i64);
    const u64 *valid = vector_valid(&time);
    for (u32 i = 0; valid && i < b->rows; i++) {
        if (bit_get(valid, i)) continue;
        vector_done(&time);
        batch_free(b);
        return err_set(err, W3107, op->node->pos, "a row has NULL as its event time");
    }
    Batch *to = batch_new(cols + 3, b->rows);
    for (u32 c = 0; c < cols; c++) to->col[c] = vector_share(&b->col[c]);
    for (u32 c = cols; c < cols + 3; c++) to->col[c] = vector_new(at[c].type, b->rows);
    i64 *start = vector_data(&to->col[cols], i64);
    i64 *end = vector_data(&to->col[cols + 1], i64);
    i64 *last = vector_data(&to->col[cols + 2], i64);
    WindowClock clock = ((WindowOp *)op)->clock;
    memcpy(start, ts, b->rows * sizeof *ts);
    window_from_event(clock, start, b->rows);
    for (u32 i = 0; i < b->rows; i++) {
        start[i] = window_start(w, start[i]);
        end[i] = start[i] + w->size_us;
        last[i] = window_to_event(clock, end[i]) - w->unit_us;
    }
    vector_done(&time);
    batch_stamp(to, b);
    batch_free(b);
    return out_batch(out, to, err);
}

static void
window_destroy(Op *op)
{
    mem_free(op);
}

const OpDef op_window = {
    .create = window_create,
    .process = window_process,
    .destroy = window_destroy,
};
