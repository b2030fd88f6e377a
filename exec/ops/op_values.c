/* op_values.c - rows written in the statement: VALUES, and SELECT without FROM. */
#include "base/mem.h"
#include "exec/op.h"

typedef struct Values {
    Op op;
    const Session *session;
    u32 batch_rows, next;
} Values;

static Status
values_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    (void)n, (void)err;
    Values *v = mem_make(Values);
    v->session = ctx->session;
    v->batch_rows = ctx->batch_rows;
    v->next = ctx->subtask == 0 ? 0 : n->values.nrows;
    *ret_op = &v->op;
    return ERR_OK;
}

static void
column_set(Vector *to, u32 i, const Vector *value)
{
    const void *slot = vector_at(value, 0);
    u32 bytes = type_slot_bytes[to->type.kind];
    if (!slot) {
        vector_set_null(to, i);
    } else if (type_phys[to->type.kind] == PHYS_STR) {
        Str text = strview_str(slot);
        vector_set_str(to, i, text.ptr, text.len);
    } else {
        memcpy(to->data->bytes + (size_t)i * bytes, slot, bytes);
    }
}

static Status
values_poll(Op *op, Out *out, PollResult *ret_result, Err *err)
{
    Values *v = (Values *)op;
    const PlanNode *n = op->node;
    u32 cols = n->schema.len, rows = MIN(n->values.nrows - v->next, v->batch_rows);
    *ret_result = rows ? POLL_WORKED : POLL_END;
    if (!rows) return ERR_OK;
    Batch *b = batch_new(cols, rows);
    b->seq = v->next;
    b->proc_time_us = v->session->start_time_us;
    Status st = ERR_OK;
    for (u32 c = 0; c < cols; c++) b->col[c] = vector_new(n->schema.at[c].type, rows);
    for (u32 i = 0; i < rows && !st; i++) {
        for (u32 c = 0; c < cols && !st; c++) {
            Vector value = {0};
            st = eval_const(n->values.rows[(size_t)(v->next + i) * cols + c], v->session, &value,
                            err);
            if (st) break;
            column_set(&b->col[c], i, &value);
            vector_done(&value);
        }
    }
    v->next += rows;
    if (!st) return out_batch(out, b, err);
    batch_free(b);
    return st;
}

/* State: one record, the number of the next row. */
static Status
values_barrier(Op *op, StateWriter *w, Out *out, Err *err)
{
    (void)out, (void)err;
    const Values *v = (const Values *)op;
    state_put(w, (StateKey){0}, (Str){(const char *)&v->next, sizeof v->next});
    return ERR_OK;
}

static Status
values_record(void *ctx, const StateRecord *record, Err *err)
{
    Values *v = ctx;
    u32 next;
    if (record->image.len != sizeof next) return state_damaged("the next row of VALUES", err);
    memcpy(&next, record->image.ptr, sizeof next);
    if (next > v->op.node->values.nrows) return state_damaged("the next row of VALUES", err);
    if (v->next < next) v->next = next;
    return ERR_OK;
}

static Status
values_restore(Op *op, StateReader *r, Err *err)
{
    return state_each(r, 0, values_record, op, err);
}

static void
values_destroy(Op *op)
{
    mem_free(op);
}

const OpDef op_values = {
    .create = values_create,
    .poll = values_poll,
    .barrier = values_barrier,
    .restore = values_restore,
    .destroy = values_destroy,
};
