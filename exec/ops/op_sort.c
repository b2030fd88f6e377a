/* op_sort.c - ORDER BY over a bounded input, with LIMIT fused in: at most a few times `limit` rows
 * are held then. Spilling larger sorts is not done here yet: the whole input is in memory.
 *
 * State (table 0): the rows in the order of arrival, a record per epoch that brought some. When
 * rows were forgotten, all that are left are written anew. */
#include "base/mem.h"
#include "exec/op.h"
#include "exec/sorter.h"
#include "exec/state/row_codec.h"

typedef struct Sort {
    Op op;
    Sorter *sorter;
    u32 batch_rows;
    u64 prune_at; /* rows held at which all but `limit` are forgotten */
    u64 emitted;
    bool durable;
    bool rewrite; /* rows that are stored were forgotten */
    StrBuf log;   /* images of the rows since the last barrier */
    u32 next_chunk;
} Sort;

static Status
sort_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    (void)err;
    Sort *s = mem_make(Sort);
    s->sorter = sorter_new(n->sort.keys, n->sort.nkeys, n->schema.len, SORT_BY_ARRIVAL);
    s->batch_rows = ctx->batch_rows;
    s->durable = ctx->durable;
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
    if (s->durable && !s->rewrite) rows_encode(&op->node->schema, b, &s->log);
    sorter_add(s->sorter, b);
    if (sorter_rows(s->sorter) >= s->prune_at) {
        sorter_sort(s->sorter);
        sorter_truncate(s->sorter, op->node->sort.limit);
        s->rewrite = s->durable;
    }
    return ERR_OK;
}

static void
sort_log_all(Sort *s)
{
    strbuf_clear(&s->log);
    sorter_sort(s->sorter);
    u64 rows = sorter_rows(s->sorter);
    for (u64 from = 0; from < rows; from += BATCH_ROWS_MAX) {
        u32 n = (u32)MIN(rows - from, (u64)BATCH_ROWS_MAX);
        Batch *b = sorter_batch(s->sorter, from, n);
        rows_encode(&s->op.node->schema, b, &s->log);
        batch_free(b);
    }
}

static Status
sort_barrier(Op *op, StateWriter *w, Out *out, Err *err)
{
    Sort *s = (Sort *)op;
    (void)out, (void)err;
    if (s->rewrite) {
        state_delete_table(w, 0);
        s->next_chunk = 0;
        sort_log_all(s);
        s->rewrite = false;
    }
    if (!s->log.len) return ERR_OK;
    state_put(w, (StateKey){.chunk = s->next_chunk++}, strbuf_view(&s->log));
    strbuf_clear(&s->log);
    return ERR_OK;
}

static Status
sort_record(void *ctx, const StateRecord *record, Err *err)
{
    Sort *s = ctx;
    Str bytes = record->image;
    while (bytes.len) {
        Batch *b = NULL;
        TRY(rows_decode(&s->op.node->schema, &bytes, BATCH_ROWS_MAX, &b, err));
        sorter_add(s->sorter, b);
    }
    s->next_chunk = record->key.chunk + 1;
    return ERR_OK;
}

static Status
sort_restore(Op *op, StateReader *r, Err *err)
{
    return state_each(r, 0, sort_record, op, err);
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
    strbuf_done(&((Sort *)op)->log);
    sorter_free(((Sort *)op)->sorter);
    mem_free(op);
}

const OpDef op_sort = {
    .create = sort_create,
    .process = sort_process,
    .resume = sort_resume,
    .barrier = sort_barrier,
    .restore = sort_restore,
    .end = sort_end,
    .destroy = sort_destroy,
};
