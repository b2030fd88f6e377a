/* op_result.c - rows of a query to whoever asked (JobOutput). */
#include "base/mem.h"
#include "exec/op.h"

typedef struct Result {
    Op op;
    const JobOutput *output;
    JobCounts *counts;
} Result;

static Status
result_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    (void)n, (void)err;
    Result *r = mem_make(Result);
    r->output = ctx->output;
    r->counts = ctx->counts;
    *ret_op = &r->op;
    return ERR_OK;
}

static Status
result_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    (void)out;
    assert(port == 0);
    Result *r = (Result *)op;
    r->counts->rows_out += b->rows;
    Status st = r->output->rows ? r->output->rows(r->output->ctx, b, err) : ERR_OK;
    batch_free(b);
    return st;
}

static void
result_destroy(Op *op)
{
    mem_free(op);
}

const OpDef op_result = {
    .create = result_create,
    .process = result_process,
    .destroy = result_destroy,
};
