/* agg_core.c - rows into panes, panes into rows. */
#include "exec/ops/agg_core.h"
#include "base/mem.h"
#include "exec/kernels/kernels.h"
#include "exec/state/distinct.h"
#include "exec/window.h"
#include <stdlib.h>

struct AggCore {
    const PlanNode *node;
    OpCtx *ctx;
    PaneShape shape;
    WindowClock clock;
    KeyBatch *keys;
    Pane **open; /* open[oldest..nopen), ascending by window start */
    u32 oldest, nopen, open_cap;
    Pane **fresh; /* made lately: they join the open ones many at a time */
    u32 nfresh, fresh_cap;
    u32 usual_rows; /* groups of the pane taken last: what a new one will need */
    Pane *firing;   /* being emitted */
    u32 *order;     /* its rows in order; NULL: as they are */
    u32 emitted;
    u8 *rows[BATCH_ROWS_MAX];  /* the group of each lane */
    u8 *found[BATCH_ROWS_MAX]; /* the groups of one pane's lanes */
    i64 start[BATCH_ROWS_MAX]; /* the window of each lane */
    u16 lanes[BATCH_ROWS_MAX];
    u64 keep[BATCH_MASK_WORDS];
    u64 mask[BATCH_MASK_WORDS];
    u8 *nowhere; /* a row for lanes that are left out: never read */
};

Status
agg_core_new(OpCtx *ctx, const PlanNode *n, AggCore **ret_core, Err *err)
{
    if (n->agg.nkeys > ROW_KEYS_MAX) {
        return err_set(err, W2001, n->pos, "not supported yet: GROUP BY of more than %d columns",
                       ROW_KEYS_MAX);
    }
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
    *ret_core = c;
    return ERR_OK;
}

void
agg_core_free(AggCore *c)
{
    if (!c) return;
    for (u32 i = c->oldest; i < c->nopen; i++) pane_unref(c->open[i]);
    for (u32 i = 0; i < c->nfresh; i++) pane_unref(c->fresh[i]);
    pane_unref(c->firing);
    mem_free(c->open);
    mem_free(c->fresh);
    mem_free(c->order);
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

/* Few windows are open at a time as a rule; with many, new panes must not cost room for each. */
enum { RESERVE_PANES = 8 };

/* The pane of a window among panes in order; NULL: none. */
static Pane *
panes_find(Pane *const *panes, u32 n, i64 start_us)
{
    u32 lo = 0, hi = n;
    while (lo < hi) {
        u32 mid = lo + (hi - lo) / 2;
        i64 there = pane_id(panes[mid]).start_us;
        if (there == start_us) return panes[mid];
        if (there < start_us)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* The open pane of a window; made when absent, as a fresh one. */
static Pane *
pane_of(AggCore *c, i64 start_us)
{
    u32 open = c->nopen - c->oldest;
    Pane *p = open ? panes_find(c->open + c->oldest, open, start_us) : NULL;
    if (p) return p;
    mem_grow(c->fresh, c->nfresh, c->fresh_cap);
    p = pane_new(&c->shape, (PaneId){start_us + c->node->agg.window.size_us, start_us});
    if (c->node->agg.nkeys && open + c->nfresh < RESERVE_PANES) pane_expect(p, c->usual_rows);
    return c->fresh[c->nfresh++] = p;
}

static int
pane_cmp(const void *a, const void *b)
{
    i64 x = pane_id(*(Pane *const *)a).start_us, y = pane_id(*(Pane *const *)b).start_us;
    return (x > y) - (x < y);
}

/* Fresh panes take their places among the open ones: one merge for a batch, from the newest, so
 * that windows in any order and number cost little. */
static void
panes_join(AggCore *c)
{
    if (c->nfresh == 0) return;
    if (c->nfresh > 1) qsort(c->fresh, c->nfresh, sizeof *c->fresh, pane_cmp);
    u32 live = c->nopen - c->oldest;
    if (c->oldest && c->nopen + c->nfresh > c->open_cap) {
        memmove(c->open, c->open + c->oldest, live * sizeof *c->open);
        c->oldest = 0;
    }
    while (c->oldest + live + c->nfresh > c->open_cap) mem_grow(c->open, c->open_cap, c->open_cap);
    u32 from = c->oldest + live, to = c->nopen = from + c->nfresh;
    while (c->nfresh) {
        Pane *p = c->fresh[c->nfresh - 1];
        bool older = from > c->oldest && pane_id(c->open[from - 1]).start_us > pane_id(p).start_us;
        if (older) {
            c->open[--to] = c->open[--from];
        } else {
            c->open[--to] = p;
            c->nfresh--;
        }
    }
}

Pane *
agg_core_take(AggCore *c, i64 event_us)
{
    panes_join(c);
    if (c->nopen == c->oldest) return NULL;
    const TimeWindow *w = &c->node->agg.window;
    Pane *p = c->open[c->oldest];
    if (event_us != WATERMARK_MAX) {
        if (w->kind == WINDOW_NONE || w->bounded_only) return NULL;
        if (window_last(c, pane_id(p).start_us) > event_us) return NULL;
    }
    c->oldest++;
    c->usual_rows = pane_rows(p);
    return p;
}

void
agg_core_need_group(AggCore *c)
{
    if (c->node->agg.nkeys || c->node->agg.window.kind != WINDOW_NONE) return;
    panes_join(c);
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

static void
rows_of_lanes(AggCore *c, i64 start_us, const u16 *lanes, u32 n)
{
    Pane *p = pane_of(c, start_us);
    if (c->node->agg.nkeys == 0) {
        u8 *row = pane_single_group(p);
        for (u32 i = 0; i < n; i++) c->rows[lanes[i]] = row;
        return;
    }
    pane_find_groups(p, c->keys, lanes, n, c->found);
    for (u32 i = 0; i < n; i++) c->rows[lanes[i]] = c->found[i];
}

static int
lane_cmp(const void *a, const void *b, void *starts)
{
    u16 x = *(const u16 *)a, y = *(const u16 *)b;
    i64 s = ((const i64 *)starts)[x], t = ((const i64 *)starts)[y];
    return s != t ? (s > t) - (s < t) : (x > y) - (x < y);
}

/* Passes over the lanes that pick out one window each; lanes of further windows are sorted. */
enum { WINDOW_PASSES = 16 };

/* Lanes that fall into several panes, pane by pane. keep says which lanes count. */
static void
rows_of_many_panes(AggCore *c, const Batch *b)
{
    u16 left[BATCH_ROWS_MAX];
    u32 nleft = 0;
    for (u32 i = 0; i < b->rows; i++) {
        if (bit_get(c->keep, i))
            left[nleft++] = (u16)i;
        else
            c->rows[i] = c->nowhere;
    }
    for (u32 pass = 0; nleft && pass < WINDOW_PASSES; pass++) {
        i64 start = c->start[left[0]];
        u32 n = 0, others = 0;
        for (u32 i = 0; i < nleft; i++) {
            u16 lane = left[i];
            if (c->start[lane] == start)
                c->lanes[n++] = lane;
            else
                left[others++] = lane;
        }
        rows_of_lanes(c, start, c->lanes, n);
        nleft = others;
    }
    if (nleft) qsort_r(left, nleft, sizeof *left, lane_cmp, c->start);
    for (u32 from = 0, to; from < nleft; from = to) {
        i64 start = c->start[left[from]];
        for (to = from + 1; to < nleft && c->start[left[to]] == start;) to++;
        rows_of_lanes(c, start, left + from, to - from);
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
    panes_join(c);
    return ERR_OK;
}

/* A local phase sends its panes oldest first, so fresh ones stay in order and can be searched; they
 * join the open ones when that ends. */
void
agg_core_merge(AggCore *c, Pane *from)
{
    i64 start_us = pane_id(from).start_us;
    if (c->nfresh && pane_id(c->fresh[c->nfresh - 1]).start_us > start_us) panes_join(c);
    Pane *to = panes_find(c->fresh, c->nfresh, start_us);
    pane_merge_share(to ? to : pane_of(c, start_us), from, c->ctx->subtask);
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
    i64 start = pane_id(p).start_us, end = start + w->size_us;
    const Column *at = node->schema.at;
    if (node->agg.win_start) b->col[col] = time_column(&at[col], start, n), col++;
    if (node->agg.win_end) b->col[col] = time_column(&at[col], end, n), col++;
    if (node->agg.win_time) b->col[col] = time_column(&at[col], window_last(c, start), n), col++;
    assert(col == node->schema.len);
    *ret_batch = b;
    return ERR_OK;
}

static void
firing_done(AggCore *c)
{
    mem_free(c->order);
    pane_unref(c->firing);
    c->order = NULL;
    c->firing = NULL;
}

static void
firing_start(AggCore *c, Pane *p)
{
    c->firing = p;
    c->emitted = 0;
    if (!c->node->agg.sorted) return;
    c->order = mem_array(u32, pane_rows(p));
    pane_sort(p, c->order);
}

Status
agg_core_fire(AggCore *c, i64 event_us, Out *out, bool *ret_done, Err *err)
{
    *ret_done = false;
    for (;;) {
        if (c->firing && c->emitted == pane_rows(c->firing)) firing_done(c);
        if (!c->firing) {
            Pane *p = agg_core_take(c, event_us);
            if (!p) break;
            firing_start(c, p);
            continue; /* a share may be empty */
        }
        if (!out_has_room(out)) return ERR_OK;
        u32 n = MIN(pane_rows(c->firing) - c->emitted, c->ctx->batch_rows);
        for (u32 i = 0; i < n; i++) {
            u32 row = c->emitted + i;
            c->rows[i] = pane_row(c->firing, c->order ? c->order[row] : row);
        }
        c->emitted += n;
        Batch *b = NULL;
        TRY(emit_rows(c, c->firing, c->rows, n, &b, err));
        TRY(out_batch(out, b, err));
    }
    *ret_done = true;
    return ERR_OK;
}
