/* op_union_all.c - rows of all inputs, as they come. Which input is read when, and the watermark of
 * the whole, are the task's business (exec/task.c). */
#include "base/mem.h"
#include "exec/op.h"

static Status
union_all_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    (void)ctx, (void)n, (void)err;
    *ret_op = mem_make(Op);
    return ERR_OK;
}

static Status
union_all_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    assert(port < op->node->ninputs);
    return out_batch(out, b, err);
}

static void
union_all_destroy(Op *op)
{
    mem_free(op);
}

const OpDef op_union_all = {
    .create = union_all_create,
    .process = union_all_process,
    .destroy = union_all_destroy,
};
