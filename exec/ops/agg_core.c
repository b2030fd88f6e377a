/* agg_core.c - rows into panes, panes into rows. */
#include "exec/ops/agg_core.h"
#include "base/mem.h"
#include "exec/kernels/kernels.h"
#include "exec/state/distinct.h"
#include "exec/window.h"

struct AggCore {
    const PlanNode *node;
    OpCtx *ctx;
    PaneShape shape;
    WindowClock clock;
    KeyBatch *keys;
    Pane **open; /* ascending by window start */
    u32 nopen, open_cap;
    u8 *rows[BATCH_ROWS_MAX];  /* the group of each lane */
    u8 *found[BATCH_ROWS_MAX]; /* the groups of one pane's lanes */
    i64 start[BATCH_ROWS_MAX]; /* the window of each lane */
    u16 lanes[BATCH_ROWS_MAX];
    u64 keep[BATCH_MASK_WORDS];
    u64 mask[BATCH_MASK_WORDS];
    u8 *nowhere; /* a row for lanes that are left out: never read */
};

AggCore *
agg_core_new(OpCtx *ctx, const PlanNode *n)
{
    AggCore *c = mem_make(AggCore);
    c->node = n;
    c->ctx = ctx;
    const AggCall **calls = arena_array(ctx->arena, const AggCall *, n->agg.naggs);
    u32 *state_bytes = arena_array(ctx->arena, u32, n->agg.naggs);
    for (u32 i = 0; i < n->agg.naggs; i++) {
        const BoundAgg *agg = &n->agg.aggs[i];
        calls[i] = agg->distinct ? distinct_call(ctx->arena, &agg->call) : &agg->call;
        state_bytes[i] = calls[i]->state_bytes;
    }
    /* A global phase's column numbers speak of its local phase's input, under the exchange. */
    const PlanNode *local = n->kind == PLAN_GLOBAL_AGG ? n->input[0]->input[0] : n;
    const Schema *input = &local->input[0]->schema;
    if (n->agg.window.kind != WINDOW_NONE) {
        c->clock = window_clock(input->at[n->agg.window.time_col].type, ctx->session);
    }
    c->shape.layout =
        row_layout_new(ctx->arena, input, n->agg.keys, n->agg.nkeys, state_bytes, n->agg.naggs);
    c->shape.aggs = calls;
    c->keys = key_batch_new(c->shape.layout);
    c->nowhere = mem_aligned(64, c->shape.layout->row_bytes);
    memset(c->nowhere, 0, c->shape.layout->row_bytes);
    return c;
}

void
agg_core_free(AggCore *c)
{
    if (!c) return;
    for (u32 i = 0; i < c->nopen; i++) pane_unref(c->open[i]);
    mem_free(c->open);
    mem_free(c->nowhere);
    key_batch_free(c->keys);
    mem_free(c);
}

/* ---- windows ------------------------------------------------------------------------------ */

/* The last event time of a window, on the watermark's clock: it closes when the watermark is there.
 */
static i64
window_last(const AggCore *c, i64 start_us)
{
    const TimeWindow *w = &c->node->agg.window;
    return window_to_event(c->clock, start_us + w->size_us) - w->unit_us;
}

/* The open pane of a window; made when absent. Windows are few: a linear look from the newest. */
static Pane *
pane_of(AggCore *c, i64 start_us)
{
    u32 at = c->nopen;
    while (at > 0 && pane_window_start(c->open[at - 1]) > start_us) at--;
    if (at > 0 && pane_window_start(c->open[at - 1]) == start_us) return c->open[at - 1];
    mem_grow(c->open, c->nopen, c->open_cap);
    memmove(c->open + at + 1, c->open + at, (c->nopen - at) * sizeof *c->open);
    c->nopen++;
    return c->open[at] = pane_new(&c->shape, start_us);
}

Pane *
agg_core_take(AggCore *c, i64 event_us)
{
    if (c->nopen == 0) return NULL;
    const TimeWindow *w = &c->node->agg.window;
    Pane *p = c->open[0];
    if (event_us != WATERMARK_MAX) {
        if (w->kind == WINDOW_NONE || w->bounded_only) return NULL;
        if (window_last(c, pane_window_start(p)) > event_us) return NULL;
    }
    c->nopen--;
    memmove(c->open, c->open + 1, c->nopen * sizeof *c->open);
    return p;
}

void
agg_core_need_group(AggCore *c)
{
    if (c->node->agg.nkeys || c->node->agg.window.kind != WINDOW_NONE) return;
    (void)pane_single_group(pane_of(c, 0));
}

/* ---- adding rows -------------------------------------------------------------------------- */

/* Rows of the one pane that all lanes fall into. */
static void
rows_of_one_pane(AggCore *c, const Batch *b, i64 start_us)
{
    Pane *p = pane_of(c, start_us);
    if (c->node->agg.nkeys == 0) {
        u8 *row = pane_single_group(p);
        for (u32 i = 0; i < b->rows; i++) c->rows[i] = row;
    } else {
        pane_find_groups(p, c->keys, NULL, b->rows, c->rows);
    }
}

/* Lanes that fall into several panes, pane by pane. keep says which lanes count; each is cleared
 * from `left` as its pane is met. */
static void
rows_of_many_panes(AggCore *c, const Batch *b)
{
    u64 left[BATCH_MASK_WORDS];
    memcpy(left, c->keep, sizeof left);
    for (u32 i = 0; i < b->rows; i++) {
        if (!bit_get(c->keep, i)) c->rows[i] = c->nowhere;
    }
    for (u32 first = 0; first < b->rows; first++) {
        if (!bit_get(left, first)) continue;
        u32 n = 0;
        for (u32 i = first; i < b->rows; i++) {
            if (!bit_get(left, i) || c->start[i] != c->start[first]) continue;
            bit_clear(left, i);
            c->lanes[n++] = (u16)i;
        }
        Pane *p = pane_of(c, c->start[first]);
        if (c->node->agg.nkeys == 0) {
            u8 *row = pane_single_group(p);
            for (u32 i = 0; i < n; i++) c->rows[c->lanes[i]] = row;
            continue;
        }
        pane_find_groups(p, c->keys, c->lanes, n, c->found);
        for (u32 i = 0; i < n; i++) c->rows[c->lanes[i]] = c->found[i];
    }
}

/* Which window each lane belongs to, and which lanes come too late for it (DIALECT 4: when
 * window_end - unit <= wm(row)). *ret_one: all lanes are kept and share one window. */
static Status
assign_windows(AggCore *c, const Batch *b, bool *ret_one, Err *err)
{
    const TimeWindow *w = &c->node->agg.window;
    Vector time = vector_share(&b->col[w->time_col]);
    vector_flatten(&time);
    const u64 *valid = vector_valid(&time);
    bool nulls = false;
    for (u32 i = 0; valid && i < b->rows; i++) nulls |= !bit_get(valid, i);
    if (nulls) {
        vector_done(&time);
        return err_set(err, W3107, c->node->pos, "a row has NULL as its event time");
    }
    const i64 *restrict ts = vector_data(&time, const i64);
    if (c->clock.zone) {
        memcpy(c->start, ts, b->rows * sizeof *ts);
        window_from_event(c->clock, c->start, b->rows);
        ts = c->start;
    }
    i64 lo, hi;
    kernel_table()->range(ts, b->rows, &lo, &hi);
    i64 first = window_start(w, lo);
    *ret_one = !b->wm && first == window_start(w, hi);
    for (u32 i = 0; i < b->rows && !*ret_one; i++) c->start[i] = window_start(w, ts[i]);
    if (*ret_one) c->start[0] = first;
    vector_done(&time);
    return ERR_OK;
}

static void
drop_late(AggCore *c, const Batch *b)
{
    memset(c->keep, 0xff, sizeof c->keep);
    if (!b->wm || c->node->agg.window.bounded_only) return;
    const i64 *wm = buf_data(b->wm, const i64);
    u64 late = 0;
    for (u32 i = 0; i < b->rows; i++) {
        if (window_last(c, c->start[i]) > wm[i]) continue;
        bit_clear(c->keep, i);
        late++;
    }
    if (late) c->ctx->counts->rows_late += late;
}

/* Lanes that count for one aggregate: kept, passing its FILTER, and with all arguments present
 * unless it counts NULLs. NULL: all do. */
static const u64 *
lanes_of_agg(AggCore *c, const BoundAgg *agg, const Batch *b, const Vector *args, bool one)
{
    const u64 *lanes = one ? NULL : c->keep;
    if (agg->filter) {
        Vector cond = vector_share(&b->col[agg->filter->column]);
        vector_flatten(&cond);
        const u8 *is_true = vector_data(&cond, const u8);
        const u64 *valid = vector_valid(&cond);
        for (u32 i = 0; i < b->rows; i++) {
            bool pass =
                is_true[i] && (!valid || bit_get(valid, i)) && (!lanes || bit_get(lanes, i));
            if (pass)
                bit_set(c->mask, i);
            else
                bit_clear(c->mask, i);
        }
        vector_done(&cond);
        lanes = c->mask;
    }
    if (agg->call.def->flags & AGG_COUNTS_NULLS) return lanes;
    for (u32 a = 0; a < agg->call.nargs; a++) {
        const u64 *valid = vector_valid(&args[a]);
        if (!valid) continue;
        for (u32 w = 0; w < (b->rows + 63) / 64; w++) {
            c->mask[w] = (lanes ? lanes[w] : ~(u64)0) & valid[w];
        }
        lanes = c->mask;
    }
    return lanes;
}

static void
update_aggs(AggCore *c, const Batch *b, bool one)
{
    const PlanNode *n = c->node;
    for (u32 i = 0; i < n->agg.naggs; i++) {
        const BoundAgg *agg = &n->agg.aggs[i];
        const AggCall *call = c->shape.aggs[i];
        u32 at = c->shape.layout->agg_at[i];
        Vector args[FUNC_ARGS_MAX] = {0};
        for (u32 a = 0; a < agg->call.nargs; a++) {
            assert(agg->args[a]->kind == BOUND_COLUMN);
            args[a] = vector_share(&b->col[agg->args[a]->column]);
            vector_flatten(&args[a]);
        }
        const u64 *lanes = lanes_of_agg(c, agg, b, args, one);
        if (one && n->agg.nkeys == 0) {
            call->fns->update_one(call, c->rows[0] + at, args, lanes, b->rows);
        } else {
            call->fns->update(call, c->rows, at, args, lanes, b->rows);
        }
        for (u32 a = 0; a < agg->call.nargs; a++) vector_done(&args[a]);
    }
}

Status
agg_core_add(AggCore *c, const Batch *b, Err *err)
{
    bool one = true;
    c->start[0] = 0;
    if (c->node->agg.window.kind != WINDOW_NONE) TRY(assign_windows(c, b, &one, err));
    if (c->node->agg.nkeys) key_batch_load(c->keys, b);
    if (one) {
        rows_of_one_pane(c, b, c->start[0]);
    } else {
        drop_late(c, b);
        rows_of_many_panes(c, b);
    }
    update_aggs(c, b, one);
    return ERR_OK;
}

void
agg_core_merge(AggCore *c, Pane *from)
{
    pane_merge_share(pane_of(c, pane_window_start(from)), from, c->ctx->subtask);
    pane_unref(from);
}

/* ---- firing ------------------------------------------------------------------------------- */

static Vector
time_column(const Column *col, i64 us, u32 rows)
{
    return vector_const(col->type, rows, &us);
}

static Status
emit_rows(AggCore *c, const Pane *p, u8 *const *rows, u32 n, Batch **ret_batch, Err *err)
{
    const PlanNode *node = c->node;
    const TimeWindow *w = &node->agg.window;
    Batch *b = batch_new(node->schema.len, n);
    u32 col = 0;
    for (u32 k = 0; k < node->agg.nkeys; k++) b->col[col++] = pane_key_column(p, k, rows, n);
    for (u32 a = 0; a < node->agg.naggs; a++, col++) {
        const AggCall *call = c->shape.aggs[a];
        b->col[col] = vector_new(node->schema.at[col].type, n);
        Status st = call->fns->finish(call, rows, c->shape.layout->agg_at[a], &b->col[col], n, err);
        if (st) {
            batch_free(b);
            return st;
        }
    }
    i64 start = pane_window_start(p), end = start + w->size_us;
    const Column *at = node->schema.at;
    if (node->agg.win_start) b->col[col] = time_column(&at[col], start, n), col++;
    if (node->agg.win_end) b->col[col] = time_column(&at[col], end, n), col++;
    if (node->agg.win_time) b->col[col] = time_column(&at[col], window_last(c, start), n), col++;
    assert(col == node->schema.len);
    *ret_batch = b;
    return ERR_OK;
}

Status
agg_core_emit(AggCore *c, Pane *p, Out *out, Err *err)
{
    u32 total = pane_rows(p);
    u32 *order = NULL;
    if (c->node->agg.sorted) {
        order = mem_array(u32, total);
        pane_sort(p, order);
    }
    Status st = ERR_OK;
    for (u32 from = 0; from < total && !st;) {
        u32 n = MIN(total - from, c->ctx->batch_rows);
        for (u32 i = 0; i < n; i++) c->rows[i] = pane_row(p, order ? order[from + i] : from + i);
        Batch *b = NULL;
        st = emit_rows(c, p, c->rows, n, &b, err);
        if (!st) st = out_batch(out, b, err);
        from += n;
    }
    mem_free(order);
    pane_unref(p);
    return st;
}
