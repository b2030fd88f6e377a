/* op_scan.c - a table without event time: chunks to batches, passed on as they are decoded. */
#include "base/mem.h"
#include "exec/scan.h"

typedef struct ScanOp {
    Op op;
    Scan scan;
} ScanOp;

static Status
scan_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    (void)n;
    ScanOp *s = mem_make(ScanOp);
    *ret_op = &s->op;
    return scan_open(&s->scan, ctx, err);
}

static Status
scan_poll(Op *op, Out *out, PollResult *ret_result, Err *err)
{
    Scan *s = &((ScanOp *)op)->scan;
    *ret_result = POLL_WORKED;
    if (!s->taken.chunk) {
        TakeResult took;
        TRY(scan_take(s, &took, err));
        if (took == TAKE_END) *ret_result = POLL_END;
        if (took == TAKE_IDLE) *ret_result = POLL_IDLE;
        if (took == TAKE_WAIT) *ret_result = POLL_WAIT;
        if (took == TAKE_BARRIER) *ret_result = POLL_BARRIER;
        if (took != TAKE_CHUNK) return ERR_OK;
    }
    Batch *b = NULL;
    TRY(scan_next(s, &b, err));
    if (b) return out_batch(out, b, err);
    scan_release(s);
    return ERR_OK;
}

static bool
scan_ready(Op *op)
{
    return scan_ready_to_take(&((ScanOp *)op)->scan);
}

static Status
scan_barrier_passed(Op *op, StateWriter *w, Out *out, Err *err)
{
    (void)out, (void)err;
    scan_barrier(&((ScanOp *)op)->scan, state_epoch(w));
    return ERR_OK;
}

static void
scan_destroy(Op *op)
{
    if (!op) return;
    scan_close(&((ScanOp *)op)->scan);
    mem_free(op);
}

const OpDef op_scan = {
    .create = scan_create,
    .poll = scan_poll,
    .ready = scan_ready,
    .barrier = scan_barrier_passed,
    .destroy = scan_destroy,
};
