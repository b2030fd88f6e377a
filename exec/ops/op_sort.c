/* op_sort.c - ORDER BY over a bounded input, with LIMIT fused in: at most a few times `limit` rows
 * are held then. Spilling larger sorts is not done here yet: the whole input is in memory. */
#include "base/mem.h"
#include "exec/op.h"
#include "exec/sorter.h"

typedef struct Sort {
    Op op;
    Sorter *sorter;
    u32 batch_rows;
    u64 prune_at; /* rows held at which all but `limit` are forgotten */
    u64 emitted;
} Sort;

static Status
sort_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    (void)err;
    Sort *s = mem_make(Sort);
    s->sorter = sorter_new(n->sort.keys, n->sort.nkeys, n->schema.len, SORT_BY_ARRIVAL);
    s->batch_rows = ctx->batch_rows;
    /* 4: each row is then sorted at most 4/3 times on average. */
    bool limited = n->sort.limit < UINT64_MAX / 4;
    s->prune_at = limited ? MAX(n->sort.limit * 4, (u64)4 * BATCH_ROWS_MAX) : UINT64_MAX;
    *ret_op = &s->op;
    return ERR_OK;
}

static Status
sort_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    (void)out, (void)err;
    assert(port == 0);
    Sort *s = (Sort *)op;
    sorter_add(s->sorter, b);
    if (sorter_rows(s->sorter) >= s->prune_at) {
        sorter_sort(s->sorter);
        sorter_truncate(s->sorter, op->node->sort.limit);
    }
    return ERR_OK;
}

static Status
sort_resume(Op *op, Out *out, Err *err)
{
    Sort *s = (Sort *)op;
    u64 rows = MIN(sorter_rows(s->sorter), op->node->sort.limit);
    while (s->emitted < rows) {
        if (!out_has_room(out)) {
            out_again(out);
            return ERR_OK;
        }
        u32 n = (u32)MIN(rows - s->emitted, (u64)s->batch_rows);
        Batch *b = sorter_batch(s->sorter, s->emitted, n);
        s->emitted += n;
        TRY(out_batch(out, b, err));
    }
    return ERR_OK;
}

static Status
sort_end(Op *op, Out *out, Err *err)
{
    sorter_sort(((Sort *)op)->sorter);
    return sort_resume(op, out, err);
}

static void
sort_destroy(Op *op)
{
    if (!op) return;
    sorter_free(((Sort *)op)->sorter);
    mem_free(op);
}

const OpDef op_sort = {
    .create = sort_create,
    .process = sort_process,
    .resume = sort_resume,
    .end = sort_end,
    .destroy = sort_destroy,
};
