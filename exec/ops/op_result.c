/* op_result.c - rows of a query to whoever asked (JobOutput).
 *
 * Nobody can take rows back that somebody has seen: after a restart the rows of the open epoch come
 * a second time. The state (table 0, one record) holds how many were delivered by the last epoch.
 */
#include "base/mem.h"
#include "exec/op.h"

typedef struct Result {
    Op op;
    const JobOutput *output;
    JobCounts *counts;
    u64 delivered, stored; /* rows; as the last record has it */
} Result;

enum { RESULT_TABLE = 0 };

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
    r->delivered += b->rows;
    Status st = r->output->rows ? r->output->rows(r->output->ctx, b, err) : ERR_OK;
    batch_free(b);
    return st;
}

static Status
result_barrier(Op *op, StateWriter *w, Out *out, Err *err)
{
    (void)out, (void)err;
    Result *r = (Result *)op;
    if (r->output->barrier) r->output->barrier(r->output->ctx, state_epoch(w));
    if (r->stored == r->delivered) return ERR_OK;
    memcpy(state_room(w, (StateKey){.table = RESULT_TABLE}, sizeof(u64)), &r->delivered,
           sizeof(u64));
    r->stored = r->delivered;
    return ERR_OK;
}

static Status
restore_record(void *ctx, const StateRecord *record, Err *err)
{
    Result *r = ctx;
    if (record->image.len != sizeof(u64)) return state_damaged("a result", err);
    memcpy(&r->delivered, record->image.ptr, sizeof(u64));
    r->stored = r->delivered;
    return ERR_OK;
}

static Status
result_restore(Op *op, StateReader *r, Err *err)
{
    return state_each(r, RESULT_TABLE, restore_record, op, err);
}

static void
result_destroy(Op *op)
{
    mem_free(op);
}

const OpDef op_result = {
    .create = result_create,
    .process = result_process,
    .barrier = result_barrier,
    .restore = result_restore,
    .destroy = result_destroy,
};
