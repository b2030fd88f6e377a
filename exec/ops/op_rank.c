/* op_rank.c - the first rows of each partition: ROW_NUMBER, RANK or DENSE_RANK <= n.
 *
 * Rows are collected per window (by window_end, when the partition names a window) or all together,
 * put in order by (partition, order keys) when their window closes, numbered and cut.
 *
 *     window_end 10:05 -> Sorter      window_end 10:10 -> Sorter ...
 *
 * Processing time is the order of arrival, and no two rows share it. The last row by a time
 * attribute (ORDER BY ts DESC, = 1) is, of equals, the one that came later.
 *
 * Ties otherwise: rows that come straight from a table keep their canonical order, which is the
 * order of arrival here; rows that an aggregate or another ranking made have no place of their own,
 * so all their columns decide, and threads do not. */
#include "base/mem.h"
#include "exec/op.h"
#include "exec/sorter.h"
#include "exec/window.h"

typedef struct RankWindow {
    i64 end_us;
    Sorter *sorter;
    u64 prune_at;
} RankWindow;

typedef struct Rank {
    Op op;
    SortKey *keys; /* partition columns, then the order */
    u32 nkeys, npartition;
    SortTies ties;
    bool no_peers; /* ordered by processing time */
    WindowClock clock;
    bool one_partition; /* the window is the whole partition: rows beyond the limit are of no use */
    u32 batch_rows;
    RankWindow *windows; /* ascending by end */
    u32 nwindows, windows_cap;
    JobCounts *counts;
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

static void
rank_order(Rank *r, const PlanNode *n, const Schema *in)
{
    r->ties = rows_are_derived(n->input[0]) ? SORT_BY_COLUMNS : SORT_BY_ARRIVAL;
    for (u32 i = 0; i < n->rank.norder && !r->no_peers; i++) {
        const SortKey *key = &n->rank.order[i];
        TimeAttr attr = in->at[key->column].attr;
        bool last_one = n->rank.kind == RANK_ROW_NUMBER && n->rank.limit == 1 && key->descending;
        if (attr == ATTR_PROCTIME) {
            r->no_peers = true;
            r->ties = key->descending ? SORT_BY_LATEST : SORT_BY_ARRIVAL;
            continue;
        }
        if (attr == ATTR_ROWTIME && last_one && r->ties == SORT_BY_ARRIVAL) {
            r->ties = SORT_BY_LATEST;
        }
        r->keys[r->nkeys++] = *key;
    }
}

static Status
rank_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    (void)err;
    Rank *r = mem_make(Rank);
    r->nkeys = r->npartition = n->rank.npartition;
    r->keys = mem_array(SortKey, n->rank.npartition + n->rank.norder);
    r->one_partition = true;
    const Schema *in = &n->input[0]->schema;
    for (u32 i = 0; i < n->rank.npartition; i++) {
        u32 col = n->rank.partition[i];
        r->keys[i] = (SortKey){.column = col, .nulls_first = true};
        /* window_start goes with window_end: it parts nothing further. */
        bool window =
            n->rank.window_end_col != UINT32_MAX &&
            (col == n->rank.window_end_col || str_eq(in->at[col].name, STR("window_start")));
        r->one_partition &= window;
    }
    rank_order(r, n, in);
    for (u32 i = 0; i < in->len; i++) {
        if (in->at[i].attr == ATTR_ROWTIME) {
            r->clock = window_clock(in->at[i].type, ctx->session);
        }
    }
    r->batch_rows = ctx->batch_rows;
    r->counts = ctx->counts;
    *ret_op = &r->op;
    return ERR_OK;
}

static RankWindow *
window_of(Rank *r, i64 end_us)
{
    u32 at = r->nwindows;
    while (at > 0 && r->windows[at - 1].end_us > end_us) at--;
    if (at > 0 && r->windows[at - 1].end_us == end_us) return &r->windows[at - 1];
    mem_grow(r->windows, r->nwindows, r->windows_cap);
    memmove(r->windows + at + 1, r->windows + at, (r->nwindows - at) * sizeof *r->windows);
    r->nwindows++;
    u64 limit = r->op.node->rank.limit;
    bool prunes =
        r->one_partition && r->op.node->rank.kind == RANK_ROW_NUMBER && limit < UINT64_MAX / 4;
    r->windows[at] = (RankWindow){
        .end_us = end_us,
        .sorter = sorter_new(r->keys, r->nkeys, r->op.node->input[0]->schema.len, r->ties),
        .prune_at = prunes ? MAX(limit * 4, (u64)4 * BATCH_ROWS_MAX) : UINT64_MAX,
    };
    return &r->windows[at];
}

static void
window_add(Rank *r, i64 end_us, Batch *b)
{
    RankWindow *w = window_of(r, end_us);
    sorter_add(w->sorter, b);
    if (sorter_rows(w->sorter) < w->prune_at) return;
    sorter_sort(w->sorter);
    sorter_truncate(w->sorter, r->op.node->rank.limit);
}

/* Rows that come too late for their window (DIALECT 4) are left out and counted. */
static bool
row_is_late(const Rank *r, const Batch *b, i64 end_us, u32 i)
{
    if (!b->wm) return false;
    i64 last_us = window_to_event(r->clock, end_us) - r->op.node->rank.unit_us;
    return last_us <= buf_data(b->wm, const i64)[i];
}

static Status
rank_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    (void)out, (void)err;
    assert(port == 0);
    Rank *r = (Rank *)op;
    if (op->node->rank.window_end_col == UINT32_MAX) {
        window_add(r, 0, b);
        return ERR_OK;
    }
    Vector ends = vector_share(&b->col[op->node->rank.window_end_col]);
    vector_flatten(&ends);
    const i64 *end = vector_data(&ends, const i64);
    u64 left[BATCH_MASK_WORDS];
    memset(left, 0xff, sizeof left);
    for (u32 first = 0; first < b->rows; first++) {
        if (!bit_get(left, first)) continue;
        u16 rows[BATCH_ROWS_MAX];
        u32 n = 0;
        for (u32 i = first; i < b->rows; i++) {
            if (!bit_get(left, i) || end[i] != end[first]) continue;
            bit_clear(left, i);
            if (row_is_late(r, b, end[i], i))
                r->counts->rows_late++;
            else
                rows[n++] = (u16)i;
        }
        if (n == b->rows) {
            window_add(r, end[first], b);
            b = NULL;
            break;
        }
        Batch *all = batch_slice(b, 0, b->rows);
        if (n)
            window_add(r, end[first], batch_take(all, rows, n));
        else
            batch_free(all);
    }
    vector_done(&ends);
    batch_free(b);
    return ERR_OK;
}

/* Numbers of the sorted rows, and which of them are within the limit. */
typedef struct Numbering {
    i64 row_number, rank, dense_rank;
} Numbering;

static i64
number_next(const Rank *r, const Sorter *s, u64 i, Numbering *at)
{
    if (i == 0 || !sorter_same_prefix(s, i, r->npartition)) {
        *at = (Numbering){1, 1, 1};
    } else {
        at->row_number++;
        if (r->no_peers || !sorter_same_prefix(s, i, r->nkeys)) {
            at->rank = at->row_number;
            at->dense_rank++;
        }
    }
    switch (r->op.node->rank.kind) {
    case RANK_ROW_NUMBER:
        return at->row_number;
    case RANK_RANK:
        return at->rank;
    case RANK_DENSE_RANK:
        return at->dense_rank;
    }
    UNREACHABLE();
}

static Status
emit_run(Rank *r, const Sorter *s, u64 from, u32 n, const i64 *numbers, Out *out, Err *err)
{
    Batch *b = sorter_batch(s, from, n);
    if (!r->op.node->rank.emit_rank) return out_batch(out, b, err);
    Batch *wide = batch_new(b->cols + 1, n);
    for (u32 c = 0; c < b->cols; c++) wide->col[c] = vector_share(&b->col[c]);
    wide->col[b->cols] = vector_new(r->op.node->schema.at[b->cols].type, n);
    memcpy(wide->col[b->cols].data->bytes, numbers, n * sizeof *numbers);
    wide->proc_time_us = b->proc_time_us;
    batch_free(b);
    return out_batch(out, wide, err);
}

/* Rows within the limit come in runs: the beginnings of partitions. */
static Status
window_emit(Rank *r, RankWindow *w, Out *out, Err *err)
{
    sorter_sort(w->sorter);
    u64 total = sorter_rows(w->sorter);
    Numbering at = {0};
    i64 numbers[BATCH_ROWS_MAX];
    u64 from = 0;
    u32 n = 0;
    for (u64 i = 0; i < total; i++) {
        i64 number = number_next(r, w->sorter, i, &at);
        bool kept = (u64)number <= r->op.node->rank.limit;
        if (kept) {
            if (n == 0) from = i;
            numbers[n++] = number;
        }
        if (n && (!kept || n == r->batch_rows || i + 1 == total)) {
            TRY(emit_run(r, w->sorter, from, n, numbers, out, err));
            n = 0;
        }
    }
    return ERR_OK;
}

static Status
rank_watermark(Op *op, i64 event_us, i64 proc_us, Out *out, Err *err)
{
    Rank *r = (Rank *)op;
    bool windowed = op->node->rank.window_end_col != UINT32_MAX;
    u32 closed = 0;
    Status st = ERR_OK;
    for (; closed < r->nwindows && !st; closed++) {
        RankWindow *w = &r->windows[closed];
        bool closes =
            event_us == WATERMARK_MAX ||
            (windowed && window_to_event(r->clock, w->end_us) - op->node->rank.unit_us <= event_us);
        if (!closes) break;
        st = window_emit(r, w, out, err);
        sorter_free(w->sorter);
        w->sorter = NULL;
    }
    r->nwindows -= closed;
    if (r->nwindows) memmove(r->windows, r->windows + closed, r->nwindows * sizeof *r->windows);
    return st ? st : out_watermark(out, event_us, proc_us, err);
}

static void
rank_destroy(Op *op)
{
    if (!op) return;
    Rank *r = (Rank *)op;
    for (u32 i = 0; i < r->nwindows; i++) sorter_free(r->windows[i].sorter);
    mem_free(r->windows);
    mem_free(r->keys);
    mem_free(r);
}

const OpDef op_rank = {
    .create = rank_create,
    .process = rank_process,
    .watermark = rank_watermark,
    .destroy = rank_destroy,
};
