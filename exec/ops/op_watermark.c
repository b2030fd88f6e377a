/* op_watermark.c - a table with event time: decodes, computes columns, decides lateness.
 *
 * This source stands for three plan nodes, WATERMARK over an optional PROJECT (the table's computed
 * columns) over SCAN, because lateness needs to know where chunks begin and end (feed.h):
 *
 *     take chunk k -> decode a batch -> its maximum -+-> incoming known: mark slow rows, pass on
 *                                                    '-> not yet: park the batch
 *     chunk used up and incoming known: post the maximum behind it, then pass on what is parked,
 *     then the watermark that the chunk implies
 *
 * A row is slow when its event time is at or before the watermark in front of it (+ unit, for
 * sessions); only batches with such rows carry the column `wm` (batch.h). */
#include "base/mem.h"
#include "exec/kernels/kernels.h"
#include "exec/scan.h"

/* A chunk of 256 KiB holds at most a few batches of long rows, or hundreds of one-byte ones. */
typedef struct Parked {
    Batch *batch;
    Vector wm; /* the watermark expression of each row */
} Parked;

typedef struct WatermarkOp {
    Op op;
    Scan scan;
    EvalProgram *columns_program, *wm_program;
    EvalState *columns, *wm; /* columns: NULL without computed columns */
    u32 ncolumns, time_col;
    i64 unit_us, max_advance_us;
    Parked *parked;
    u32 nparked, parked_cap;
    bool used_up; /* the chunk in hand is decoded, but not posted */
    bool streams; /* the watermark before the chunk is known */
    i64 max_us;   /* running maximum, from the incoming one on */
    i64 sent_us;  /* the last watermark passed on */
} WatermarkOp;

static Status
watermark_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    WatermarkOp *w = mem_make(WatermarkOp);
    *ret_op = &w->op;
    const PlanNode *below = n->input[0];
    w->time_col = n->watermark.time_col;
    w->unit_us = type_time_unit_us(n->schema.at[w->time_col].type);
    w->max_advance_us = n->watermark.max_advance_us;
    w->sent_us = WATERMARK_NONE;
    if (below->kind == PLAN_PROJECT) {
        w->ncolumns = below->schema.len;
        w->columns_program = eval_compile(below->project.exprs, w->ncolumns, ctx->session);
        w->columns = eval_state_new(w->columns_program);
        below = below->input[0];
    }
    assert(below->kind == PLAN_SCAN);
    w->wm_program = eval_compile(&n->watermark.expr, 1, ctx->session);
    w->wm = eval_state_new(w->wm_program);
    return scan_open(&w->scan, ctx, err);
}

/* ---- a batch ------------------------------------------------------------------------------ */

static Status
compute_columns(WatermarkOp *w, Batch **batch, Err *err)
{
    if (!w->columns) return ERR_OK;
    Batch *b = *batch;
    Batch *wide = batch_new(w->ncolumns, b->rows);
    Status st = eval_run(w->columns, b, wide->col, err);
    batch_stamp(wide, b);
    batch_free(b);
    *batch = wide;
    return st;
}

static i64
greatest_value(const Vector *v)
{
    const i64 *at = vector_data(v, const i64);
    const u64 *valid = vector_valid(v);
    i64 least, greatest = WATERMARK_NONE;
    if (!valid) {
        kernel_table()->range(at, v->len, &least, &greatest);
        return greatest;
    }
    for (u32 i = 0; i < v->len; i++) {
        if (bit_get(valid, i)) greatest = MAX(greatest, at[i]);
    }
    return greatest;
}

/* The running maximum after a value; a jump beyond max_advance_us does not count. */
static i64
advance(const WatermarkOp *w, i64 max_us, i64 value_us)
{
    if (value_us <= max_us) return max_us;
    if (w->max_advance_us && max_us != WATERMARK_NONE && value_us - max_us > w->max_advance_us) {
        return max_us;
    }
    return value_us;
}

/* Carry the running maximum over the batch; when some row is slow, write it down per row. */
static void
mark_slow_rows(WatermarkOp *w, Batch *b, const Vector *wm)
{
    const i64 *value = vector_data(wm, const i64);
    const u64 *valid = vector_valid(wm);
    const i64 *ts = vector_data(&b->col[w->time_col], const i64);
    i64 max_us = w->max_us;
    i64 after = MAX(max_us, greatest_value(wm)), least, greatest;
    kernel_table()->range(ts, b->rows, &least, &greatest);
    bool maybe_slow = after != WATERMARK_NONE && least <= after + w->unit_us;
    if (!maybe_slow && !w->max_advance_us) {
        w->max_us = after;
        return;
    }
    Buf *buf = buf_new(b->rows * sizeof(i64));
    i64 *before = buf_data(buf, i64);
    bool slow = false;
    for (u32 i = 0; i < b->rows; i++) {
        before[i] = max_us;
        slow |= max_us != WATERMARK_NONE && ts[i] <= max_us + w->unit_us;
        if (!valid || bit_get(valid, i)) max_us = advance(w, max_us, value[i]);
    }
    w->max_us = max_us;
    if (slow)
        b->wm = buf;
    else
        buf_unref(buf);
}

/* Decode one batch of the chunk and compute its columns and its watermark expression. */
static Status
read_batch(WatermarkOp *w, Parked *ret, Err *err)
{
    *ret = (Parked){0};
    TRY(scan_next(&w->scan, &ret->batch, err));
    if (!ret->batch) return ERR_OK;
    Status st = compute_columns(w, &ret->batch, err);
    if (!st) st = eval_run(w->wm, ret->batch, &ret->wm, err);
    Batch *b = ret->batch;
    if (!st) {
        vector_flatten(&ret->wm);
        vector_flatten(&b->col[w->time_col]);
        const u64 *valid = vector_valid(&b->col[w->time_col]);
        for (u32 i = 0; valid && i < b->rows && !st; i++) {
            if (bit_get(valid, i)) continue;
            Str name = w->op.node->schema.at[w->time_col].name;
            st = err_set(err, W3107, w->op.node->pos,
                         "column \"%.*s\", the event time, is NULL in a row", STR_ARG(name));
        }
    }
    if (st) {
        vector_done(&ret->wm);
        batch_free(b);
        ret->batch = NULL;
    }
    return st;
}

static Status
pass_on(WatermarkOp *w, Parked *p, Out *out, Err *err)
{
    mark_slow_rows(w, p->batch, &p->wm);
    vector_done(&p->wm);
    Batch *b = p->batch;
    p->batch = NULL;
    return out_batch(out, b, err);
}

/* ---- a chunk ------------------------------------------------------------------------------ */

static Status
send_watermark(WatermarkOp *w, Out *out, Err *err)
{
    i64 now = feed_watermark(w->scan.feed);
    if (now <= w->sent_us || now == WATERMARK_MAX) return ERR_OK; /* MAX is the task's to send */
    w->sent_us = now;
    return out_watermark(out, now, w->scan.proc_time_us, err);
}

/* The lower bound of a partition from the first row of its first chunk: no row of it can be late
 * for a window that is open at that watermark, nor find a session closed that it would touch: one
 * that ends just where the row stands has its last unit one before it. */
static Status
probe(WatermarkOp *w, Err *err)
{
    Parked p;
    TRY(read_batch(w, &p, err));
    i64 bound = WATERMARK_NONE; /* a chunk without rows: the partition is read first */
    if (p.batch) {
        bound = vector_data(&p.batch->col[w->time_col], const i64)[0] - 2 * w->unit_us;
        const i64 *wm = vector_at(&p.wm, 0);
        bound = wm ? MIN(bound, *wm) : WATERMARK_NONE; /* NULL: the next row may be of any time */
    }
    while (p.batch) { /* the reader wants to see the end of a chunk that it has begun */
        vector_done(&p.wm);
        batch_free(p.batch);
        TRY(scan_next(&w->scan, &p.batch, err));
    }
    Taken t = w->scan.taken;
    scan_release(&w->scan);
    return feed_probe(w->scan.feed, &t, bound, err);
}

/* All of the chunk is decoded and the watermark before it is known: let the next chunk go on, then
 * pass on what had to wait. */
static Status
finish_chunk(WatermarkOp *w, Out *out, Err *err)
{
    i64 behind = w->max_us;
    for (u32 i = 0; i < w->nparked; i++) {
        if (w->max_advance_us) { /* jumps depend on each row: no shortcut over the batch */
            const i64 *value = vector_data(&w->parked[i].wm, const i64);
            const u64 *valid = vector_valid(&w->parked[i].wm);
            for (u32 r = 0; r < w->parked[i].wm.len; r++) {
                if (!valid || bit_get(valid, r)) behind = advance(w, behind, value[r]);
            }
        } else {
            behind = MAX(behind, greatest_value(&w->parked[i].wm));
        }
    }
    feed_post(w->scan.feed, &w->scan.taken, behind);
    Status st = ERR_OK;
    for (u32 i = 0; i < w->nparked && !st; i++) st = pass_on(w, &w->parked[i], out, err);
    if (st) return st;
    assert(w->max_us == behind);
    w->nparked = 0;
    w->used_up = false;
    scan_release(&w->scan);
    return send_watermark(w, out, err);
}

static Status
take_chunk(WatermarkOp *w, Out *out, PollResult *ret_result, Err *err)
{
    TakeResult took;
    TRY(scan_take(&w->scan, &took, err));
    w->streams = false;
    switch (took) {
    case TAKE_CHUNK:
        return w->scan.taken.probe ? probe(w, err) : ERR_OK;
    case TAKE_WAIT:
        *ret_result = POLL_WAIT;
        return send_watermark(w, out, err);
    case TAKE_IDLE:
        *ret_result = POLL_IDLE;
        return send_watermark(w, out, err);
    case TAKE_BARRIER: /* the watermark of what was read belongs to the epoch */
        *ret_result = POLL_BARRIER;
        return send_watermark(w, out, err);
    case TAKE_END:
        *ret_result = POLL_END;
        return ERR_OK;
    }
    UNREACHABLE();
}

static Status
watermark_poll(Op *op, Out *out, PollResult *ret_result, Err *err)
{
    WatermarkOp *w = (WatermarkOp *)op;
    *ret_result = POLL_WORKED;
    if (!w->scan.taken.chunk) return take_chunk(w, out, ret_result, err);

    if (!w->streams) {
        i64 incoming;
        w->streams = feed_incoming(w->scan.feed, &w->scan.taken, &incoming);
        if (w->streams) w->max_us = incoming;
    }
    if (w->used_up) {
        if (w->streams) return finish_chunk(w, out, err);
        *ret_result = POLL_WAIT;
        return ERR_OK;
    }
    Parked p;
    TRY(read_batch(w, &p, err));
    if (!p.batch) {
        w->used_up = true;
        return w->streams ? finish_chunk(w, out, err) : ERR_OK;
    }
    if (w->streams && w->nparked == 0) return pass_on(w, &p, out, err);
    mem_grow(w->parked, w->nparked, w->parked_cap);
    w->parked[w->nparked++] = p;
    return ERR_OK;
}

static Status
watermark_barrier(Op *op, StateWriter *writer, Out *out, Err *err)
{
    WatermarkOp *w = (WatermarkOp *)op;
    (void)out, (void)err;
    assert(w->nparked == 0);
    scan_barrier(&w->scan, state_epoch(writer));
    return ERR_OK;
}

static bool
watermark_ready(Op *op)
{
    WatermarkOp *w = (WatermarkOp *)op;
    i64 incoming;
    if (w->used_up) return feed_incoming(w->scan.feed, &w->scan.taken, &incoming);
    return scan_ready_to_take(&w->scan);
}

static void
watermark_destroy(Op *op)
{
    if (!op) return;
    WatermarkOp *w = (WatermarkOp *)op;
    for (u32 i = 0; i < w->nparked; i++) {
        batch_free(w->parked[i].batch);
        vector_done(&w->parked[i].wm);
    }
    mem_free(w->parked);
    eval_state_free(w->columns);
    eval_state_free(w->wm);
    eval_program_free(w->columns_program);
    eval_program_free(w->wm_program);
    scan_close(&w->scan);
    mem_free(w);
}

const OpDef op_watermark = {
    .create = watermark_create,
    .poll = watermark_poll,
    .ready = watermark_ready,
    .barrier = watermark_barrier,
    .destroy = watermark_destroy,
};
