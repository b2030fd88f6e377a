/* op_window.c - a window table function whose rows are used as they are: each row once per window
 * that it belongs to, with window_start, window_end and window_time appended.
 *
 * Rows of one window keep their order. With few windows per row, rows come out one after the other,
 * each with all its windows; with many, windows do, each with all its rows, whose columns are then
 * mostly shared and not copied.
 *
 * Drops nothing but rows in no window (HOP with gaps): a row is late only for an operator that
 * closes windows (agg_core.c, op_rank.c), and those find the watermark before the row in the batch.
 */
#include "base/mem.h"
#include "exec/op.h"
#include "exec/ops/session.h"
#include "exec/window.h"

enum { ROW_BY_ROW_MAX = 16 }; /* windows per row */

typedef struct WindowOp {
    Op op;
    WindowCut cut;
    u32 batch_rows;
    bool row_by_row;
    /* Of the batch in hand: per row, the slice, and ends of the next and the last window. */
    i64 slice[BATCH_ROWS_MAX], next[BATCH_ROWS_MAX], last[BATCH_ROWS_MAX];
    /* Of the batch being made: the row, and the window's end. */
    u16 rows[BATCH_ROWS_MAX];
    i64 end[BATCH_ROWS_MAX];
    u32 n;
} WindowOp;

static Status
window_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    const TimeWindow *spec = &n->window.spec;
    if (spec->kind == WINDOW_SESSION) return session_window_create(ctx, n, ret_op, err);
    WindowOp *w = mem_make(WindowOp);
    w->cut = window_cut(spec, window_clock(n->schema.at[spec->time_col].type, ctx->session));
    w->batch_rows = ctx->batch_rows;
    w->row_by_row = w->cut.size_us / w->cut.step_us <= ROW_BY_ROW_MAX;
    *ret_op = &w->op;
    return ERR_OK;
}

/* Which windows each row belongs to. */
static Status
rows_find_windows(WindowOp *w, const Batch *b, Err *err)
{
    Vector time = vector_share(&b->col[w->op.node->window.spec.time_col]);
    vector_flatten(&time);
    const u64 *valid = vector_valid(&time);
    for (u32 i = 0; valid && i < b->rows; i++) {
        if (bit_get(valid, i)) continue;
        vector_done(&time);
        return err_set(err, W3107, w->op.node->pos, "a row has NULL as its event time");
    }
    memcpy(w->slice, time.data->bytes, b->rows * sizeof(i64));
    vector_done(&time);
    window_from_event(w->cut.clock, w->slice, b->rows);
    for (u32 i = 0; i < b->rows; i++) {
        i64 ts = w->slice[i];
        w->slice[i] = cut_slice(&w->cut, ts);
        w->next[i] = cut_first_end(&w->cut, ts);
        w->last[i] = cut_last_end(&w->cut, ts);
    }
    return ERR_OK;
}

/* Kinds and watermarks of the rows taken, and where they come from. */
static void
window_stamp(const WindowOp *w, const Batch *from, Batch *to)
{
    to->seq = from->seq;
    to->chunk = from->chunk;
    to->table = from->table;
    to->partition = from->partition;
    to->proc_time_us = from->proc_time_us;
    if (from->kind) {
        to->kind = buf_new(w->n);
        for (u32 i = 0; i < w->n; i++) to->kind->bytes[i] = from->kind->bytes[w->rows[i]];
    }
    if (from->wm) {
        to->wm = buf_new(w->n * sizeof(i64));
        const i64 *wm = buf_data(from->wm, i64);
        for (u32 i = 0; i < w->n; i++) buf_data(to->wm, i64)[i] = wm[w->rows[i]];
    }
}

/* The rows gathered so far, with their windows. whole: they are all rows of b, in order. */
static Status
window_send(WindowOp *w, const Batch *b, bool whole, Out *out, Err *err)
{
    const Column *at = w->op.node->schema.at;
    u32 cols = b->cols, n = w->n;
    Batch *to = batch_new(cols + 3, n);
    for (u32 c = 0; c < cols; c++) {
        to->col[c] = whole ? vector_share(&b->col[c]) : vector_take(&b->col[c], w->rows, n);
    }
    for (u32 c = cols; c < cols + 3; c++) to->col[c] = vector_new(at[c].type, n);
    i64 *start = vector_data(&to->col[cols], i64), *end = vector_data(&to->col[cols + 1], i64);
    i64 *last = vector_data(&to->col[cols + 2], i64);
    for (u32 i = 0; i < n; i++) {
        start[i] = cut_start_of(&w->cut, w->slice[w->rows[i]], w->end[i]);
        end[i] = w->end[i];
        bool same = i && end[i] == end[i - 1];
        last[i] = same ? last[i - 1] : cut_last_us(&w->cut, end[i]);
    }
    if (whole)
        batch_stamp(to, b);
    else
        window_stamp(w, b, to);
    w->n = 0;
    return out_batch(out, to, err);
}

static Status
send_row_by_row(WindowOp *w, const Batch *b, Out *out, Err *err)
{
    bool whole = true;
    for (u32 i = 0; i < b->rows; i++) {
        whole &= w->next[i] == w->last[i];
        for (; w->next[i] <= w->last[i]; w->next[i] += w->cut.step_us) {
            w->rows[w->n] = (u16)i;
            w->end[w->n++] = w->next[i];
            if (w->n == w->batch_rows && !(whole && w->n == b->rows)) {
                TRY(window_send(w, b, false, out, err));
                whole = false;
            }
        }
    }
    return w->n ? window_send(w, b, whole && w->n == b->rows, out, err) : ERR_OK;
}

static Status
send_by_window(WindowOp *w, const Batch *b, Out *out, Err *err)
{
    for (;;) {
        i64 end = INT64_MAX;
        for (u32 i = 0; i < b->rows; i++) {
            if (w->next[i] <= w->last[i]) end = MIN(end, w->next[i]);
        }
        if (end == INT64_MAX) return ERR_OK;
        for (u32 i = 0; i < b->rows; i++) {
            if (w->next[i] != end || end > w->last[i]) continue;
            w->next[i] += w->cut.step_us;
            w->rows[w->n] = (u16)i;
            w->end[w->n++] = end;
        }
        TRY(window_send(w, b, w->n == b->rows, out, err));
    }
}

static Status
window_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    assert(port == 0 && op->node->schema.len == b->cols + 3);
    WindowOp *w = (WindowOp *)op;
    Status st = rows_find_windows(w, b, err);
    w->n = 0;
    if (!st) {
        st = w->row_by_row ? send_row_by_row(w, b, out, err) : send_by_window(w, b, out, err);
    }
    batch_free(b);
    return st;
}

static void
window_destroy(Op *op)
{
    mem_free(op);
}

const OpDef op_window = {
    .create = window_create,
    .process = window_process,
    .destroy = window_destroy,
};
