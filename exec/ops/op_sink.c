/* op_sink.c - rows into a table's connector; made visible epoch by epoch, or when all are written.
 *
 * A run without state is one epoch: finish(), sync(), commit(). With state, each barrier stores the
 * sink's own description of what it owes (table 0, one record), which restore() hands back to it.
 * The description is written only when it has changed: a sink that got no rows costs no write. */
#include "base/mem.h"
#include "exec/op.h"

enum { SINK_TABLE = 0 };

typedef struct SinkOp {
    Op op;
    const SinkDef *def;
    Sink *sink;
    JobCounts *counts;
    StrBuf described; /* what the store holds, or will when the epoch is decided */
    bool durable;
    bool stored; /* described was put at least once by this process */
} SinkOp;

static Status
sink_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    SinkOp *s = mem_make(SinkOp);
    *ret_op = &s->op;
    s->def = n->sink.table->connector->sink;
    s->counts = ctx->counts;
    s->durable = ctx->durable;
    if (!s->def) {
        return err_set(err, W2024, n->pos,
                       "table \"%s\" cannot be written: connector '%s' only reads", n->sink.name,
                       n->sink.table->connector->name);
    }
    ConnectorEnv env = ctx->env ? *ctx->env : (ConnectorEnv){0};
    StrBuf name = {0}; /* a job may write into one table twice: the node tells its sinks apart */
    if (ctx->job) strbuf_printf(&name, "%s#%u", ctx->job, n->id);
    if (s->durable) env.job = name.ptr ? name.ptr : "";
    Status st = s->def->open(n->sink.table, &env, &s->sink, err);
    strbuf_done(&name);
    return st;
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

/* ---- epochs --------------------------------------------------------------------------------- */

static Status
sink_describe(SinkOp *s, bool last, StateWriter *w, Err *err)
{
    StrBuf now = {0};
    Status st = ERR_OK;
    if (s->def->barrier) st = s->def->barrier(s->sink, state_epoch(w), last, &now, err);
    bool same = s->stored && str_eq(strbuf_view(&now), strbuf_view(&s->described));
    if (!st && !same) {
        state_put(w, (StateKey){.table = SINK_TABLE}, strbuf_view(&now));
        strbuf_done(&s->described);
        s->described = now;
        now = (StrBuf){0};
        s->stored = true;
    }
    strbuf_done(&now);
    return st;
}

static Status
sink_barrier(Op *op, StateWriter *w, Out *out, Err *err)
{
    (void)out;
    return sink_describe((SinkOp *)op, false, w, err);
}

static Status
sink_finish(Op *op, StateWriter *w, Err *err)
{
    return sink_describe((SinkOp *)op, true, w, err);
}

static Status
sink_sync(Op *op, u64 epoch, Err *err)
{
    SinkOp *s = (SinkOp *)op;
    return s->def->sync ? s->def->sync(s->sink, epoch, err) : ERR_OK;
}

static Status
sink_commit(Op *op, u64 epoch, Err *err)
{
    SinkOp *s = (SinkOp *)op;
    return s->def->commit(s->sink, epoch, err);
}

static Status
restore_record(void *ctx, const StateRecord *record, Err *err)
{
    SinkOp *s = ctx;
    if (!s->def->restore) return ERR_OK;
    return s->def->restore(s->sink, record->image, err);
}

static Status
sink_restore(Op *op, StateReader *r, Err *err)
{
    return state_each(r, SINK_TABLE, restore_record, op, err);
}

static void
sink_destroy(Op *op)
{
    if (!op) return;
    SinkOp *s = (SinkOp *)op;
    if (s->sink) s->def->close(s->sink, s->durable);
    strbuf_done(&s->described);
    mem_free(s);
}

const OpDef op_sink = {
    .create = sink_create,
    .process = sink_process,
    .barrier = sink_barrier,
    .restore = sink_restore,
    .finish = sink_finish,
    .sync = sink_sync,
    .commit = sink_commit,
    .destroy = sink_destroy,
};
