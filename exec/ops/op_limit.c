/* op_limit.c - LIMIT and OFFSET; says that it has enough, so that reading stops early. */
#include "base/mem.h"
#include "exec/op.h"

typedef struct Limit {
    Op op;
    u64 skip, left; /* rows still to be passed over, and to be passed on */
} Limit;

static Status
limit_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    (void)ctx, (void)err;
    Limit *l = mem_make(Limit);
    l->skip = n->limit.offset;
    l->left = n->limit.count;
    *ret_op = &l->op;
    return ERR_OK;
}

static Status
limit_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    assert(port == 0);
    Limit *l = (Limit *)op;
    u32 skip = (u32)MIN(l->skip, (u64)b->rows);
    u32 rows = (u32)MIN(l->left, (u64)(b->rows - skip));
    l->skip -= skip;
    l->left -= rows;
    if (l->left == 0) out_enough(out);
    if (rows == b->rows) return out_batch(out, b, err);
    Batch *part = rows ? batch_slice(b, skip, rows) : NULL;
    batch_free(b);
    return part ? out_batch(out, part, err) : ERR_OK;
}

/* State: one record, the two counts. */
static Status
limit_barrier(Op *op, StateWriter *w, Out *out, Err *err)
{
    (void)out, (void)err;
    const Limit *l = (const Limit *)op;
    u64 counts[2] = {l->skip, l->left};
    state_put(w, (StateKey){0}, (Str){(const char *)counts, sizeof counts});
    return ERR_OK;
}

static Status
limit_record(void *ctx, const StateRecord *record, Err *err)
{
    Limit *l = ctx;
    u64 counts[2];
    if (record->image.len != sizeof counts) return state_damaged("the counts of LIMIT", err);
    memcpy(counts, record->image.ptr, sizeof counts);
    l->skip = counts[0];
    l->left = counts[1];
    return ERR_OK;
}

static Status
limit_restore(Op *op, StateReader *r, Err *err)
{
    return state_each(r, 0, limit_record, op, err);
}

static void
limit_destroy(Op *op)
{
    mem_free(op);
}

const OpDef op_limit = {
    .create = limit_create,
    .process = limit_process,
    .barrier = limit_barrier,
    .restore = limit_restore,
    .destroy = limit_destroy,
};
