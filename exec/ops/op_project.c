/* op_project.c - computes the columns of its output from those of its input. */
#include "base/mem.h"
#include "exec/op.h"

typedef struct Project {
    Op op;
    EvalProgram *program;
    EvalState *state;
} Project;

static Status
project_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    (void)err;
    Project *p = mem_make(Project);
    p->program = eval_compile(n->project.exprs, n->schema.len, ctx->session);
    p->state = eval_state_new(p->program);
    *ret_op = &p->op;
    return ERR_OK;
}

static Status
project_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    assert(port == 0);
    Project *p = (Project *)op;
    Batch *to = batch_new(op->node->schema.len, b->rows);
    batch_stamp(to, b);
    Status st = eval_run(p->state, b, to->col, err);
    batch_free(b);
    if (!st) return out_batch(out, to, err);
    batch_free(to);
    return st;
}

static void
project_destroy(Op *op)
{
    if (!op) return;
    Project *p = (Project *)op;
    eval_state_free(p->state);
    eval_program_free(p->program);
    mem_free(p);
}

const OpDef op_project = {
    .create = project_create,
    .process = project_process,
    .destroy = project_destroy,
};
