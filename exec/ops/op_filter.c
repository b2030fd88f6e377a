/* op_filter.c - keeps the rows for which a condition is TRUE. */
#include "base/mem.h"
#include "exec/op.h"

typedef struct Filter {
    Op op;
    EvalProgram *program;
    EvalState *state;
} Filter;

static Status
filter_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    (void)err;
    Filter *f = mem_make(Filter);
    f->program = eval_compile_filter(n->filter.cond, ctx->session);
    f->state = eval_state_new(f->program);
    *ret_op = &f->op;
    return ERR_OK;
}

static Status
filter_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    assert(port == 0);
    Filter *f = (Filter *)op;
    u16 rows[BATCH_ROWS_MAX];
    u32 kept = 0;
    Status st = eval_filter(f->state, b, rows, &kept, err);
    if (st || kept == 0) {
        batch_free(b);
        return st;
    }
    return out_batch(out, kept == b->rows ? b : batch_take(b, rows, kept), err);
}

static void
filter_destroy(Op *op)
{
    if (!op) return;
    Filter *f = (Filter *)op;
    eval_state_free(f->state);
    eval_program_free(f->program);
    mem_free(f);
}

const OpDef op_filter = {
    .create = filter_create,
    .process = filter_process,
    .destroy = filter_destroy,
};
