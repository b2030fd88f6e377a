/* op_expand.c - GROUPING SETS: each row once per set, without the columns that the set leaves out.
 *
 * Columns are shared, not copied; a column that is gone becomes a constant NULL. */
#include "base/mem.h"
#include "exec/op.h"

static Status
expand_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    (void)ctx, (void)n, (void)err;
    *ret_op = mem_make(Op);
    return ERR_OK;
}

static Batch *
expand_set(const PlanNode *n, const Batch *b, u32 set)
{
    const u32 cols = b->cols;
    const bool *gone = n->expand.gone + (size_t)set * cols;
    const i32 number = (i32)set;
    Batch *to = batch_new(cols + 1, b->rows);
    for (u32 c = 0; c < cols; c++) {
        to->col[c] =
            gone[c] ? vector_null(n->schema.at[c].type, b->rows) : vector_share(&b->col[c]);
    }
    to->col[cols] = vector_const(n->schema.at[cols].type, b->rows, &number);
    batch_stamp(to, b);
    return to;
}

static Status
expand_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    assert(port == 0 && op->node->schema.len == b->cols + 1);
    Status st = ERR_OK;
    for (u32 i = 0; i < op->node->expand.nsets && !st; i++) {
        st = out_batch(out, expand_set(op->node, b, i), err);
    }
    batch_free(b);
    return st;
}

static void
expand_destroy(Op *op)
{
    mem_free(op);
}

const OpDef op_expand = {
    .create = expand_create,
    .process = expand_process,
    .destroy = expand_destroy,
};
