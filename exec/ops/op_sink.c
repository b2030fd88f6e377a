/* op_sink.c - rows into a table's connector; made visible when all of them are written. */
#include "base/mem.h"
#include "exec/op.h"

typedef struct SinkOp {
    Op op;
    const SinkDef *def;
    Sink *sink;
    JobCounts *counts;
} SinkOp;

static Status
sink_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    SinkOp *s = mem_make(SinkOp);
    *ret_op = &s->op;
    s->def = n->sink.table->connector->sink;
    s->counts = ctx->counts;
    if (!s->def) {
        return err_set(err, W2024, n->pos,
                       "table \"%s\" cannot be written: connector '%s' only reads", n->sink.name,
                       n->sink.table->connector->name);
    }
    return s->def->open(n->sink.table, ctx->env, &s->sink, err);
}

/* A NOT NULL column takes no NULL: the planner lets nullable expressions through, since most of
 * them never give one. */
static Status
check_not_null(const TableSpec *table, const Batch *b, u32 pos, Err *err)
{
    for (u32 c = 0; c < b->cols; c++) {
        const Vector *v = &b->col[c];
        if (!table->fields[c].type.not_null || !v->valid) continue;
        for (u32 i = 0; i < b->rows; i++) {
            if (!vector_is_null(v, i)) continue;
            return err_set(err, W3103, pos,
                           "column \"%.*s\" of \"%.*s\" is NOT NULL, but a row has NULL",
                           STR_ARG(table->fields[c].name), STR_ARG(table->name));
        }
    }
    return ERR_OK;
}

static Status
sink_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    (void)out;
    assert(port == 0);
    SinkOp *s = (SinkOp *)op;
    Status st = check_not_null(op->node->sink.table, b, op->node->pos, err);
    if (!st) st = s->def->write(s->sink, b, err);
    s->counts->rows_out += b->rows;
    batch_free(b);
    return st;
}

static Status
sink_end(Op *op, Out *out, Err *err)
{
    (void)out;
    SinkOp *s = (SinkOp *)op;
    StrBuf unused = {0};
    Status st = s->def->barrier ? s->def->barrier(s->sink, 1, true, &unused, err) : ERR_OK;
    strbuf_done(&unused);
    if (!st && s->def->sync) st = s->def->sync(s->sink, 1, err);
    return st ? st : s->def->commit(s->sink, 1, err);
}

static void
sink_destroy(Op *op)
{
    if (!op) return;
    SinkOp *s = (SinkOp *)op;
    if (s->sink) s->def->close(s->sink, false);
    mem_free(s);
}

const OpDef op_sink = {
    .create = sink_create,
    .process = sink_process,
    .end = sink_end,
    .destroy = sink_destroy,
};
