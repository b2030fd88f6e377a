/* op_rank.c - the first rows of each partition: ROW_NUMBER, RANK or DENSE_RANK <= n.
 *
 *     window_end 10:05 -> pane: partition -> RankPart      window_end 10:10 -> pane ...
 *                                            | best rows: keys here, the rows themselves in `held`
 *
 * Windows have panes (pane_set.h) whose groups are the partitions; without a window there is one,
 * for the end of the input. What a partition keeps, and when a row is refused, is rank_rows.h's.
 *
 * Processing time is the order of arrival, and no two rows share it. The last row by a time
 * attribute (ORDER BY ts DESC, = 1) is, of equals, the one that came later.
 *
 * Ties otherwise: rows that come straight from a table keep their canonical order, which is the
 * order of arrival here; rows that an aggregate or another ranking made have no place of their own,
 * so all their columns decide, and threads do not.
 *
 * State tables: 0 the rows; 1 one record: the time up to which windows are closed, i64. */
#include "base/mem.h"
#include "exec/late.h"
#include "exec/op.h"
#include "exec/ops/pane_set.h"
#include "exec/ops/rank_rows.h"
#include "exec/state/held.h"
#include "exec/window.h"
#include <stdlib.h>

enum { TABLE_ROWS, TABLE_CLOSED };

typedef struct Rank {
    Op op;
    OpCtx *ctx;
    RankOrder order;
    WindowClock clock;
    bool windowed, by_event;
    PaneShape shape; /* partition columns; a RankPart * behind them */
    LateOp *late;    /* NULL: late rows are not kept */
    PaneSet *windows;
    KeyBatch *keys; /* NULL: the window is the whole partition */
    Held *held;
    u64 arrived; /* rows taken in so far */
    i64 closed_us, saved_us;
    StrBuf key;
    /* The window being emitted. */
    i64 event_us, proc_us;
    Pane *firing;
    u32 *parts; /* its partitions in order */
    u32 part, row;
    u32 emit_rows[BATCH_ROWS_MAX];
    i64 numbers[BATCH_ROWS_MAX];
    u32 nemit;
    /* The batch being taken in. */
    LanePanes at;
    u8 *lane_row[BATCH_ROWS_MAX];
    u8 *nowhere;
} Rank;

/* Do the rows below come from an operator that makes new ones? */
static bool
rows_are_derived(const PlanNode *n)
{
    switch (n->kind) {
    case PLAN_AGGREGATE:
    case PLAN_LOCAL_AGG:
    case PLAN_GLOBAL_AGG:
    case PLAN_RANK:
        return true;
    case PLAN_SCAN:
    case PLAN_VALUES:
    case PLAN_SORT:
    case PLAN_LIMIT:
        return false;
    case PLAN_WATERMARK:
    case PLAN_FILTER:
    case PLAN_PROJECT:
    case PLAN_UNION_ALL:
    case PLAN_WINDOW:
    case PLAN_EXPAND:
    case PLAN_EXCHANGE:
    case PLAN_SINK:
    case PLAN_RESULT:
    case PLAN_COUNT:
        break;
    }
    for (u32 i = 0; i < n->ninputs; i++) {
        if (rows_are_derived(n->input[i])) return true;
    }
    return false;
}

/* ---- set-up ------------------------------------------------------------------------------- */

static void
rank_order(Rank *r, const PlanNode *n, const Schema *in)
{
    RankOrder *o = &r->order;
    o->kind = (int)n->rank.kind;
    o->limit = n->rank.limit;
    o->ties = rows_are_derived(n->input[0]) ? SORT_BY_COLUMNS : SORT_BY_ARRIVAL;
    o->keys = arena_array(r->ctx->arena, SortKey, n->rank.norder + in->len);
    for (u32 i = 0; i < n->rank.norder && !o->no_peers; i++) {
        const SortKey *key = &n->rank.order[i];
        TimeAttr attr = in->at[key->column].attr;
        bool last_one = n->rank.kind == RANK_ROW_NUMBER && n->rank.limit == 1 && key->descending;
        if (attr == ATTR_PROCTIME) {
            o->no_peers = true;
            o->ties = key->descending ? SORT_BY_LATEST : SORT_BY_ARRIVAL;
            continue;
        }
        if (attr == ATTR_ROWTIME && last_one && o->ties == SORT_BY_ARRIVAL) {
            o->ties = SORT_BY_LATEST;
        }
        o->keys[o->nkeys++] = *key;
    }
    o->npeer = o->nkeys;
    for (u32 c = 0; o->ties == SORT_BY_COLUMNS && c < in->len; c++) {
        bool there = false;
        for (u32 i = 0; i < o->npeer; i++) there |= o->keys[i].column == c;
        if (!there) o->keys[o->nkeys++] = (SortKey){.column = c, .nulls_first = true};
    }
}

/* Partition columns beside the window's bounds, of which the end is enough. */
static u32
rank_partition(const PlanNode *n, u32 *ret_columns)
{
    u32 len = 0;
    for (u32 i = 0; i < n->rank.npartition; i++) {
        u32 col = n->rank.partition[i];
        bool bound = col == n->rank.window_end_col || col == n->rank.window_start_col;
        if (!bound) ret_columns[len++] = col;
    }
    return len;
}

static Status
rank_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    const Schema *in = &n->input[0]->schema;
    u32 *columns = arena_array(ctx->arena, u32, n->rank.npartition + 1);
    u32 ncolumns = rank_partition(n, columns);
    if (ncolumns > ROW_KEYS_MAX) {
        return err_set(err, W2001, n->pos,
                       "not supported yet: PARTITION BY of more than %d columns", ROW_KEYS_MAX);
    }
    Rank *r = mem_make(Rank);
    *ret_op = &r->op;
    r->ctx = ctx;
    r->windowed = n->rank.window_end_col != UINT32_MAX;
    r->closed_us = r->saved_us = WATERMARK_NONE;
    rank_order(r, n, in);
    r->clock = window_clock(n->rank.time_type, ctx->session);
    r->by_event = !r->windowed || n->rank.event_time;
    if (r->windowed && r->by_event) r->late = late_op(ctx, n->input[0], n->rank.time_type);
    RowLayout *layout = row_layout_new(ctx->arena, in, columns, ncolumns, NULL, 0);
    (void)row_layout_add(layout, sizeof(RankPart *));
    r->shape.layout = layout;
    r->windows = pane_set_new(&r->shape);
    if (ncolumns) r->keys = key_batch_new(layout);
    r->nowhere = mem_aligned(64, layout->row_bytes);
    r->held = held_new(in);
    return ERR_OK;
}

/* ---- rows --------------------------------------------------------------------------------- */

static RankPart *
part_of(const Rank *r, const u8 *row)
{
    RankPart *p;
    memcpy(&p, row + r->shape.layout->extra_at, sizeof p);
    return p;
}

static void
drop_row(void *ctx, u32 row)
{
    held_drop(((Rank *)ctx)->held, row);
}

/* Lane i of b; row: its number when it is held already, else UINT32_MAX. */
static void
lane_add(Rank *r, const Batch *b, u32 i, u64 arrival, u32 row)
{
    u8 *group = r->lane_row[i];
    RankPart *p = part_of(r, group);
    if (!p) {
        p = rank_part_new();
        memcpy(group + r->shape.layout->extra_at, &p, sizeof p);
    }
    strbuf_clear(&r->key);
    sorter_key(r->order.keys, r->order.npeer, b, i, &r->key);
    u32 peer_bytes = (u32)r->key.len;
    sorter_key(r->order.keys + r->order.npeer, r->order.nkeys - r->order.npeer, b, i, &r->key);
    RankRow x = {.key = (const u8 *)r->key.ptr,
                 .key_bytes = (u32)r->key.len,
                 .peer_bytes = peer_bytes,
                 .arrival = arrival,
                 .row = row};
    if (rank_part_refuses(p, &r->order, &x)) {
        if (row != UINT32_MAX) held_drop(r->held, row);
        return;
    }
    if (row == UINT32_MAX) {
        HeldPlace place = {.wm_us = WATERMARK_NONE,
                           .table = b->table,
                           .partition = b->partition,
                           .chunk = b->chunk,
                           .arrival = arrival};
        held_add(r->held, b, &(u16){(u16)i}, 1, &place, &x.row);
    }
    rank_part_add(p, &r->order, &x, drop_row, r);
}

/* The window of each lane. */
static void
lanes_find_windows(Rank *r, const Batch *b)
{
    memset(r->at.keep, 0xff, sizeof r->at.keep);
    memset(r->at.first_end_us, 0, b->rows * sizeof(i64));
    memset(r->at.start_us, 0, b->rows * sizeof(i64));
    if (!r->windowed) return;
    Vector ends = vector_share(&b->col[r->op.node->rank.window_end_col]);
    vector_flatten(&ends);
    memcpy(r->at.first_end_us, ends.data->bytes, b->rows * sizeof(i64));
    vector_done(&ends);
}

static i64
last_us_of(const Rank *r, i64 end_us)
{
    return window_to_event(r->clock, end_us) - r->op.node->rank.unit_us;
}

/* Rows that come too late for their window (DIALECT 4) are left out and counted. */
static void
leave_out_late(Rank *r, const Batch *b)
{
    if (!r->windowed || (!b->wm && r->closed_us == WATERMARK_NONE)) return;
    const i64 *wm = b->wm && r->by_event ? buf_data(b->wm, const i64) : NULL;
    i64 end_us = r->at.first_end_us[0], last_us = last_us_of(r, end_us);
    u64 late = 0, left_out[BATCH_MASK_WORDS] = {0};
    for (u32 i = 0; i < b->rows; i++) {
        if (r->at.first_end_us[i] != end_us) {
            end_us = r->at.first_end_us[i];
            last_us = last_us_of(r, end_us);
        }
        bool by_row = wm && last_us <= wm[i];
        if (!by_row && last_us > r->closed_us) continue;
        bit_clear(r->at.keep, i);
        late += by_row;
        r->ctx->counts->rows_late_after_close += !by_row;
        if (by_row) bit_set(left_out, i);
    }
    if (!late) return;
    r->ctx->counts->rows_late += late;
    late_rows(r->late, &(LateRows){b, left_out, r->at.first_end_us, NULL});
}

/* Their partitions, in r->lane_row. */
static void
lanes_find_parts(Rank *r, const Batch *b)
{
    if (r->keys) key_batch_load(r->keys, b);
    pane_set_rows(r->windows, r->keys, &r->at, b->rows, r->nowhere, r->lane_row);
    pane_set_join(r->windows);
}

static Status
rank_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    (void)out, (void)err;
    assert(port == 0);
    Rank *r = (Rank *)op;
    lanes_find_windows(r, b);
    leave_out_late(r, b);
    lanes_find_parts(r, b);
    for (u32 i = 0; i < b->rows; i++) {
        if (bit_get(r->at.keep, i)) lane_add(r, b, i, r->arrived + i, UINT32_MAX);
    }
    r->arrived += b->rows;
    batch_free(b);
    return ERR_OK;
}

/* ---- firing ------------------------------------------------------------------------------- */

static Status
emit(Rank *r, Out *out, Err *err)
{
    const PlanNode *n = r->op.node;
    Batch *b = held_batch(r->held, r->emit_rows, r->nemit);
    buf_unref(b->wm); /* what a window gives is never late */
    b->wm = NULL;
    for (u32 i = 0; i < r->nemit; i++) held_drop(r->held, r->emit_rows[i]);
    if (n->rank.emit_rank) {
        Batch *wide = batch_new(b->cols + 1, r->nemit);
        for (u32 c = 0; c < b->cols; c++) wide->col[c] = vector_share(&b->col[c]);
        wide->col[b->cols] = vector_new(n->schema.at[b->cols].type, r->nemit);
        memcpy(wide->col[b->cols].data->bytes, r->numbers, r->nemit * sizeof(i64));
        batch_free(b);
        b = wide;
    }
    b->proc_time_us = r->proc_us;
    r->nemit = 0;
    return out_batch(out, b, err);
}

static bool
window_next(Rank *r)
{
    const Pane *p = pane_set_first(r->windows);
    if (!p) return false;
    i64 time_us = r->by_event || r->event_us == WATERMARK_MAX ? r->event_us : r->proc_us;
    if (time_us != WATERMARK_MAX) {
        if (!r->windowed || last_us_of(r, pane_id(p).first_end_us) > time_us) return false;
    }
    r->firing = pane_set_take(r->windows);
    r->parts = mem_array(u32, pane_rows(r->firing));
    pane_sort(r->firing, r->parts);
    r->part = r->row = 0;
    return true;
}

static void
window_free(Rank *r, Pane *p)
{
    for (u32 i = 0; p && i < pane_rows(p); i++) rank_part_free(part_of(r, pane_row(p, i)));
    pane_unref(p);
}

/* Rows of the window into the batch to be sent, until that is full. False: there are no more. */
static bool
window_rows(Rank *r)
{
    for (; r->part < pane_rows(r->firing); r->part++, r->row = 0) {
        RankPart *p = part_of(r, pane_row(r->firing, r->parts[r->part]));
        if (!p) continue;
        if (r->row == 0) rank_part_finish(p, &r->order, drop_row, r);
        for (; r->row < p->n; r->row++) {
            if (r->nemit == r->ctx->batch_rows) return true;
            r->emit_rows[r->nemit] = p->rows[r->row].row;
            r->numbers[r->nemit++] = p->rows[r->row].number;
        }
    }
    return false;
}

static Status
rank_resume(Op *op, Out *out, Err *err)
{
    Rank *r = (Rank *)op;
    while (r->firing || window_next(r)) {
        if (!out_has_room(out)) {
            out_again(out);
            return ERR_OK;
        }
        bool more = window_rows(r);
        if (r->nemit) TRY(emit(r, out, err));
        if (more) continue;
        window_free(r, r->firing);
        mem_free(r->parts);
        r->firing = NULL;
        r->parts = NULL;
    }
    bool by_event = r->by_event || r->event_us == WATERMARK_MAX;
    r->closed_us = MAX(r->closed_us, by_event ? r->event_us : r->proc_us);
    return out_watermark(out, r->event_us, r->proc_us, err);
}

static Status
rank_watermark(Op *op, i64 event_us, i64 proc_us, Out *out, Err *err)
{
    Rank *r = (Rank *)op;
    r->event_us = event_us;
    r->proc_us = proc_us;
    return rank_resume(op, out, err);
}

/* ---- state -------------------------------------------------------------------------------- */

static Status
rank_barrier(Op *op, StateWriter *w, Out *out, Err *err)
{
    (void)out, (void)err;
    Rank *r = (Rank *)op;
    held_save(r->held, w, TABLE_ROWS);
    if (r->closed_us == r->saved_us) return ERR_OK;
    r->saved_us = r->closed_us;
    Str image = {(const char *)&r->closed_us, sizeof r->closed_us};
    state_put(w, (StateKey){.table = TABLE_CLOSED}, image);
    return ERR_OK;
}

static Status
closed_restore(void *ctx, const StateRecord *record, Err *err)
{
    Rank *r = ctx;
    if (record->image.len != sizeof r->closed_us) return state_damaged("a watermark", err);
    memcpy(&r->closed_us, record->image.ptr, sizeof r->closed_us);
    r->saved_us = r->closed_us;
    return ERR_OK;
}

typedef struct Restored {
    const Held *held;
    u32 *rows;
    u32 n, cap;
} Restored;

static void
row_restore(void *ctx, u32 row)
{
    Restored *x = ctx;
    mem_grow(x->rows, x->n, x->cap);
    x->rows[x->n++] = row;
}

static int
arrival_cmp(const void *a, const void *b, void *ctx)
{
    const Held *h = ctx;
    u64 x = held_place(h, *(const u32 *)a)->arrival, y = held_place(h, *(const u32 *)b)->arrival;
    return (x > y) - (x < y);
}

/* Held rows take their places again, as if they came once more. */
static Status
rank_restore(Op *op, StateReader *reader, Err *err)
{
    Rank *r = (Rank *)op;
    Restored x = {.held = r->held};
    Status st = state_each(reader, TABLE_CLOSED, closed_restore, r, err);
    if (!st) st = held_restore(r->held, reader, TABLE_ROWS, row_restore, &x, err);
    if (!st && x.n) qsort_r(x.rows, x.n, sizeof *x.rows, arrival_cmp, r->held);
    for (u32 from = 0, n; !st && from < x.n; from += n) {
        n = MIN(x.n - from, (u32)BATCH_ROWS_MAX);
        Batch *b = held_batch(r->held, x.rows + from, n);
        lanes_find_windows(r, b);
        lanes_find_parts(r, b);
        for (u32 i = 0; i < n; i++) {
            u64 arrival = held_place(r->held, x.rows[from + i])->arrival;
            r->arrived = MAX(r->arrived, arrival + 1);
            lane_add(r, b, i, arrival, x.rows[from + i]);
        }
        batch_free(b);
    }
    mem_free(x.rows);
    return st;
}

static void
rank_destroy(Op *op)
{
    if (!op) return;
    Rank *r = (Rank *)op;
    window_free(r, r->firing);
    for (Pane *p; r->windows && (p = pane_set_first(r->windows));) {
        window_free(r, pane_set_take(r->windows));
    }
    pane_set_free(r->windows);
    key_batch_free(r->keys);
    held_free(r->held);
    mem_free(r->parts);
    mem_free(r->nowhere);
    strbuf_done(&r->key);
    mem_free(r);
}

const OpDef op_rank = {
    .create = rank_create,
    .process = rank_process,
    .watermark = rank_watermark,
    .resume = rank_resume,
    .barrier = rank_barrier,
    .restore = rank_restore,
    .destroy = rank_destroy,
};
