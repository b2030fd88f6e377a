/* agg_core.c - rows into panes: which slice, which window first, which group. */
#include "base/mem.h"
#include "exec/kernels/kernels.h"
#include "exec/ops/agg_inside.h"
#include "exec/state/distinct.h"

/* ---- set-up ------------------------------------------------------------------------------- */

static void
agg_windows(AggCore *c, const Schema *input)
{
    const TimeWindow *w = &c->node->agg.window;
    c->windowed = w->kind != WINDOW_NONE;
    c->attached = w->kind == WINDOW_ATTACHED;
    c->clamps = c->windowed && !w->event_time && !c->attached;
    c->lateness = c->windowed && !w->bounded_only && !c->clamps;
    if (!c->windowed) return;
    /* Rows that bring their windows along may have lost the time column. */
    Type time = c->attached ? w->time_type : input->at[w->time_col].type;
    WindowClock clock = window_clock(time, c->ctx->session);
    c->cut = c->attached ? (WindowCut){.clock = clock, .unit_us = w->unit_us, .whole = true}
                         : window_cut(w, clock);
    const PlanNode *local = c->node->kind == PLAN_GLOBAL_AGG ? NULL : c->node;
    if (local && c->lateness) c->late = late_op(c->ctx, local->input[0], time);
    if (c->cut.whole) return;
    for (u32 i = 0; i < c->node->agg.naggs; i++) {
        c->each_window |= (c->shape.aggs[i]->def->flags & AGG_ORDERED) != 0;
    }
    if (!c->each_window) c->slide = slide_new(c->ctx->arena, &c->shape, &c->cut);
}

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
    c->closed_us = c->saved_us = WATERMARK_NONE;
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
    c->shape.layout =
        row_layout_new(ctx->arena, input, n->agg.keys, n->agg.nkeys, state_bytes, n->agg.naggs);
    c->shape.aggs = calls;
    /* Panes may still be on their way when the phase that made them is gone. */
    PaneShape *lasting = arena_make(ctx->arena, PaneShape);
    *lasting = c->shape;
    c->panes = pane_set_new(lasting);
    c->keys = n->agg.nkeys ? key_batch_new(c->shape.layout) : NULL;
    c->nowhere = mem_aligned(64, c->shape.layout->row_bytes);
    memset(c->nowhere, 0, c->shape.layout->row_bytes);
    agg_windows(c, input);
    c->spill = agg_spill_new(ctx, n, c->panes->shape, !c->slide);
    *ret_core = c;
    return ERR_OK;
}

void
agg_core_free(AggCore *c)
{
    if (!c) return;
    if (c->owned) pane_unref(c->firing);
    agg_spill_free(c->spill);
    slide_free(c->slide);
    pane_set_free(c->panes);
    state_table_free(c->table);
    state_table_free(c->running_table);
    mem_free(c->order);
    mem_free(c->nowhere);
    key_batch_free(c->keys);
    mem_free(c);
}

i64
agg_core_time(const AggCore *c, i64 event_us, i64 proc_us)
{
    bool by_event = !c->windowed || c->node->agg.window.event_time;
    return by_event || event_us == WATERMARK_MAX ? event_us : proc_us;
}

void
agg_core_close(AggCore *c, i64 time_us)
{
    if (c->windowed && c->node->agg.window.bounded_only) return; /* nothing is, before the end */
    c->closed_us = MAX(c->closed_us, time_us);
}

Pane *
agg_core_take(AggCore *c, i64 time_us)
{
    Pane *p = pane_set_first(c->panes);
    if (!p) return NULL;
    if (time_us != WATERMARK_MAX) {
        if (!c->windowed || c->node->agg.window.bounded_only) return NULL;
        if (agg_last_us(c, pane_id(p).first_end_us) > time_us) return NULL;
    }
    return pane_set_take(c->panes);
}

void
agg_core_need_group(AggCore *c)
{
    if (c->node->agg.nkeys || c->windowed) return;
    pane_set_join(c->panes);
    (void)pane_single_group(pane_set_get(c->panes, (PaneId){0, 0}));
}

/* ---- windows of rows ------------------------------------------------------------------------ */

static bool
column_has_null(const Vector *v)
{
    const u64 *valid = vector_valid(v);
    for (u32 i = 0; valid && i < v->len; i++) {
        if (!bit_get(valid, i)) return true;
    }
    return false;
}

/* Is the window with this end closed, whatever a row carries? */
static bool
is_closed(const AggCore *c, i64 end_us)
{
    return c->lateness && c->closed_us != WATERMARK_NONE && agg_last_us(c, end_us) <= c->closed_us;
}

/* Slices of n times between lo and hi into at.start_us, and their first ends. Dividing by the width
 * is multiplying by a rounded reciprocal, put right by one. */
static void
slices_of_times(AggCore *c, const i64 *restrict ts, u32 n, i64 lo, i64 hi)
{
    const WindowCut *cut = &c->cut;
    const i64 base = cut_slice(cut, lo), width = cut->width_us;
    i64 *restrict start = c->at.start_us, *restrict end = c->at.first_end_us;
    if ((u64)hi - (u64)base < (u64)1 << 52) {
        const f64 per = 1.0 / (f64)width;
        for (u32 i = 0; i < n; i++) {
            i64 d = ts[i] - base, k = (i64)((f64)d * per), rest = d - k * width;
            k += (rest >= width) - (rest < 0);
            start[i] = base + k * width;
        }
    } else {
        for (u32 i = 0; i < n; i++) start[i] = cut_slice(cut, ts[i]);
    }
    if (cut->width_us == cut->step_us) {
        const i64 to_end = cut->whole ? cut->size_us : width;
        for (u32 i = 0; i < n; i++) end[i] = start[i] + to_end;
    } else {
        for (u32 i = 0; i < n; i++) end[i] = cut_first_end(cut, start[i]);
    }
}

/* Times in no window: between two of HOP with a slide above the size. */
static void
leave_out_gaps(AggCore *c, const i64 *ts, u32 n)
{
    u64 late = 0;
    for (u32 i = 0; i < n; i++) {
        if (ts[i] < c->at.first_end_us[i]) continue;
        bit_clear(c->at.keep, i);
        late++;
    }
    if (late) c->ctx->counts->rows_late += late;
}

static i64
last_end_of(const AggCore *c, u32 lane)
{
    if (c->cut.whole) return c->at.first_end_us[lane];
    return cut_last_end(&c->cut, c->at.start_us[lane]);
}

/* The first window that is not over for the row: DIALECT 4 says when window_end - unit <= wm(row).
 * closed: what the operator has closed already counts apart, since only idle sources have it. */
static void
leave_out_late(AggCore *c, const Batch *b)
{
    bool by_wm = b->wm && c->node->agg.window.event_time;
    const i64 *wm = by_wm ? buf_data(b->wm, const i64) : NULL;
    i64 known_end = 0, known_us = 0;
    bool known = false;
    u64 late = 0, after_close = 0, left_out[BATCH_MASK_WORDS] = {0};
    for (u32 i = 0; i < b->rows; i++) {
        if (!bit_get(c->at.keep, i)) continue;
        i64 end = c->at.first_end_us[i], row_us = wm ? wm[i] : WATERMARK_NONE;
        if (!known || end != known_end) known_us = agg_last_us(c, known_end = end), known = true;
        if (known_us > MAX(row_us, c->closed_us)) continue;
        i64 last = last_end_of(c, i);
        i64 open =
            last == end ? end + 1 : cut_open_end(&c->cut, end, last, MAX(row_us, c->closed_us));
        if (open <= last) {
            c->at.first_end_us[i] = open;
            continue;
        }
        bit_clear(c->at.keep, i);
        bool by_row = agg_last_us(c, last) <= row_us;
        after_close += !by_row;
        if (!by_row) continue;
        late++;
        bit_set(left_out, i);
        c->at.first_end_us[i] = last;
    }
    if (late) {
        c->ctx->counts->rows_late += late;
        late_rows(c->late, &(LateRows){b, left_out, c->at.first_end_us, NULL});
    }
    if (after_close) c->ctx->counts->rows_late_after_close += after_close;
}

/* Times on the windows' clock: in the column itself, or in c->last_us. */
static Status
times_of(AggCore *c, const Batch *b, Vector *time, const i64 **ret_ts, Err *err)
{
    *time = vector_share(&b->col[c->node->agg.window.time_col]);
    vector_flatten(time);
    if (column_has_null(time)) {
        return err_set(err, W3107, c->node->pos, "a row has NULL as its event time");
    }
    const i64 *ts = vector_data(time, const i64);
    *ret_ts = ts;
    if (!c->cut.clock.zone && !c->clamps) return ERR_OK;
    *ret_ts = c->last_us;
    i64 least = c->clamps && c->closed_us != WATERMARK_NONE ? c->closed_us + c->cut.unit_us
                                                            : WATERMARK_NONE;
    for (u32 i = 0; i < b->rows; i++) c->last_us[i] = MAX(ts[i], least);
    window_from_event(c->cut.clock, c->last_us, b->rows);
    return ERR_OK;
}

/* Is a row of the batch late for the window with this end, the first of all? */
static bool
may_be_late(const AggCore *c, const Batch *b, i64 end_us)
{
    if (!b->wm) return false;
    i64 least, greatest;
    kernel_table()->range(buf_data(b->wm, const i64), b->rows, &least, &greatest);
    return greatest != WATERMARK_NONE && agg_last_us(c, end_us) <= greatest;
}

/* Pane and lateness of each row. *ret_one: all share the pane of lane 0, and none is left out. */
static Status
assign_slices(AggCore *c, const Batch *b, bool *ret_one, Err *err)
{
    Vector time = {0};
    const i64 *ts = NULL;
    Status st = times_of(c, b, &time, &ts, err);
    if (st) {
        vector_done(&time);
        return st;
    }
    i64 lo, hi;
    kernel_table()->range(ts, b->rows, &lo, &hi);
    i64 start = cut_slice(&c->cut, lo), end = cut_first_end(&c->cut, start);
    bool closed = is_closed(c, end), gaps = c->cut.whole && c->cut.size_us < c->cut.width_us;
    bool late = c->lateness && (closed || may_be_late(c, b, end));
    *ret_one = !late && !c->each_window && (u64)hi - (u64)start < (u64)c->cut.width_us &&
               (!gaps || hi < end);
    memset(c->at.keep, 0xff, sizeof c->at.keep);
    if (*ret_one) {
        c->at.start_us[0] = start;
        c->at.first_end_us[0] = end;
    } else {
        slices_of_times(c, ts, b->rows, lo, hi);
        if (gaps) leave_out_gaps(c, ts, b->rows);
        if (late) leave_out_late(c, b);
    }
    vector_done(&time);
    return ERR_OK;
}

/* Rows that bring their window along. */
static Status
assign_attached(AggCore *c, const Batch *b, bool *ret_one, Err *err)
{
    const TimeWindow *w = &c->node->agg.window;
    Vector start = vector_share(&b->col[w->start_col]), end = vector_share(&b->col[w->end_col]);
    vector_flatten(&start);
    vector_flatten(&end);
    bool nulls = column_has_null(&start) || column_has_null(&end);
    memcpy(c->at.start_us, start.data->bytes, b->rows * sizeof(i64));
    memcpy(c->at.first_end_us, end.data->bytes, b->rows * sizeof(i64));
    vector_done(&start);
    vector_done(&end);
    if (nulls) return err_set(err, W3107, c->node->pos, "a row has NULL as a bound of its window");
    memset(c->at.keep, 0xff, sizeof c->at.keep);
    bool late = c->lateness && (b->wm || c->closed_us != WATERMARK_NONE), one = !late;
    for (u32 i = 1; i < b->rows && one; i++) {
        one = c->at.start_us[i] == c->at.start_us[0] &&
              c->at.first_end_us[i] == c->at.first_end_us[0];
    }
    *ret_one = one;
    if (late) leave_out_late(c, b);
    return ERR_OK;
}

/* ---- adding rows -------------------------------------------------------------------------- */

/* Lanes that count for one aggregate: kept, passing its FILTER, and with all arguments present
 * unless it counts NULLs. NULL: all do. */
static const u64 *
lanes_of_agg(AggCore *c, const BoundAgg *agg, const Batch *b, const Vector *args, bool one)
{
    const u64 *lanes = one ? NULL : c->at.keep;
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

/* Each row once per window that counts it: window by window, and in each in the order of rows. */
static void
add_to_each_window(AggCore *c, const Batch *b)
{
    i64 slice[BATCH_ROWS_MAX], next[BATCH_ROWS_MAX], last[BATCH_ROWS_MAX];
    for (u32 i = 0; i < b->rows; i++) {
        slice[i] = c->at.start_us[i];
        next[i] = c->at.first_end_us[i];
        last[i] = bit_get(c->at.keep, i) ? cut_last_end(&c->cut, slice[i]) : INT64_MIN;
    }
    for (;;) {
        i64 end = INT64_MAX;
        for (u32 i = 0; i < b->rows; i++) end = next[i] <= last[i] ? MIN(end, next[i]) : end;
        if (end == INT64_MAX) return;
        memset(c->at.keep, 0, sizeof c->at.keep);
        for (u32 i = 0; i < b->rows; i++) {
            if (next[i] != end || end > last[i]) continue;
            bit_set(c->at.keep, i);
            c->at.first_end_us[i] = end;
            c->at.start_us[i] = cut_start_of(&c->cut, slice[i], end);
            next[i] += c->cut.step_us;
        }
        pane_set_rows(c->panes, c->keys, &c->at, b->rows, c->nowhere, c->rows);
        update_aggs(c, b, false);
        pane_set_join(c->panes);
    }
}

Status
agg_core_add(AggCore *c, const Batch *b, Err *err)
{
    bool one = true;
    c->at.first_end_us[0] = c->at.start_us[0] = 0;
    if (c->attached)
        TRY(assign_attached(c, b, &one, err));
    else if (c->windowed)
        TRY(assign_slices(c, b, &one, err));
    if (c->keys) key_batch_load(c->keys, b);
    if (c->each_window) {
        add_to_each_window(c, b);
        return ERR_OK;
    }
    if (one) {
        PaneId id = {c->at.first_end_us[0], c->at.start_us[0]};
        pane_set_rows_of_one(c->panes, c->keys, id, b->rows, c->rows);
    } else {
        pane_set_rows(c->panes, c->keys, &c->at, b->rows, c->nowhere, c->rows);
    }
    update_aggs(c, b, one);
    pane_set_join(c->panes);
    return ERR_OK;
}

/* A local phase sends its panes in their order. One that has missed the closing of its window (the
 * phase was started again, and did not know) counts from the first open one on. */
void
agg_core_merge(AggCore *c, Pane *from)
{
    PaneId id = pane_id(from);
    if (c->windowed && is_closed(c, id.first_end_us)) {
        i64 last = c->cut.whole ? id.first_end_us : cut_last_end(&c->cut, id.start_us);
        id.first_end_us =
            c->cut.whole ? last + 1 : cut_open_end(&c->cut, id.first_end_us, last, c->closed_us);
        if (id.first_end_us > last) {
            c->ctx->counts->rows_late_after_close += pane_rows(from);
            pane_unref(from);
            return;
        }
    }
    pane_merge_share(pane_set_get_next(c->panes, id), from, c->ctx->subtask);
    pane_unref(from);
}

/* ---- memory ------------------------------------------------------------------------------- */

Status
agg_core_relieve(AggCore *c, Err *err)
{
    return agg_spill_check(c->spill, c->panes, c->slide ? slide_bytes(c->slide) : 0, err);
}

bool
agg_core_is_pressed(AggCore *c)
{
    return agg_spill_is_pressed(c->spill, c->panes);
}
