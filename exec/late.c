/* late.c - late rows: images while they are dropped, texts once somebody wants to know.
 *
 * Dropping a row costs one copy of its bytes. Of a table there may be PENDING_FACTOR * keep such
 * rows; then, and when they are written or read, those that can be among the newest become texts,
 * and the rest go. A run carries the number of the epoch that its task had passed, so that what is
 * written with an epoch is what was dropped before its barrier: a start from there drops the others
 * again. */
#include "exec/late.h"
#include "base/mem.h"
#include "exec/funcs/json_path.h"
#include "exec/state/row_codec.h"
#include <pthread.h>
#include <stdlib.h>

enum {
    PENDING_FACTOR = 4,
    RECORD_ROWS = 256, /* of an epoch's record; more than 16 KiB are fine, the table is small */
};

#define NO_TIME INT64_MIN

struct LateOp {
    LateLog *log;
    const u64 *epoch; /* that the task has passed */
    const Schema *schema;
    Str *names;   /* of the columns; len 0: not shown */
    u32 time_col; /* UINT32_MAX: the rows have lost it */
    u32 set_col;  /* of GROUPING SETS, each row once per set; UINT32_MAX: none */
    WindowClock clock;
    const TimeZone *zone;
};

typedef struct LateTimes {
    i64 event_us, wm_us, end_us; /* event_us NO_TIME: not known */
    u64 epoch;                   /* the last that its task had passed */
    u32 partition;
} LateTimes;

typedef struct LateRun {
    const LateOp *op;
    LateTimes *times;
    StrBuf image; /* of a batch with as many rows */
    u32 rows;
} LateRun;

typedef struct LateText {
    LateTimes times;
    char *row;
    u32 len;
} LateText;

typedef struct LateTable {
    const PlanNode *scan;
    u32 number, keep;
    LateRun *runs;
    u32 nruns, runs_cap;
    u64 pending; /* rows of runs */
    LateText *texts;
    u32 ntexts, texts_cap;
    bool changed; /* since it was written */
} LateTable;

struct LateLog {
    pthread_mutex_t lock;
    LateNaming *naming;
    LateTable *tables;
    u32 ntables, cap;
};

/* ---- the log ------------------------------------------------------------------------------ */

LateLog *
late_log_new(LateNaming *naming)
{
    LateLog *l = mem_make(LateLog);
    l->naming = naming;
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

static void
runs_free(LateTable *t)
{
    for (u32 i = 0; i < t->nruns; i++) {
        mem_free(t->runs[i].times);
        strbuf_done(&t->runs[i].image);
    }
    t->nruns = 0;
    t->pending = 0;
}

void
late_log_free(LateLog *l)
{
    if (!l) return;
    for (u32 i = 0; i < l->ntables; i++) {
        LateTable *t = &l->tables[i];
        runs_free(t);
        for (u32 k = 0; k < t->ntexts; k++) mem_free(t->texts[k].row);
        mem_free(t->runs);
        mem_free(t->texts);
    }
    mem_free(l->tables);
    pthread_mutex_destroy(&l->lock);
    mem_free(l);
}

void
late_log_add(LateLog *l, u32 number, const PlanNode *scan, u32 keep)
{
    mem_grow(l->tables, l->ntables, l->cap);
    l->tables[l->ntables++] = (LateTable){.scan = scan, .number = number, .keep = keep};
}

u32
late_log_tables(const LateLog *l)
{
    return l->ntables;
}

Str
late_log_name(const LateLog *l, u32 i)
{
    return str_from(l->tables[i].scan->scan.name);
}

/* ---- how an operator sees its rows ---------------------------------------------------------- */

/* Does a node give its input's columns under their numbers? */
static bool
columns_stay(const PlanNode *n)
{
    return n->kind == PLAN_FILTER || n->kind == PLAN_EXCHANGE || n->kind == PLAN_EXPAND ||
           n->kind == PLAN_WINDOW || n->kind == PLAN_UNION_ALL;
}

/* Of the node's output, the column with the event time that its rows were read with. The plan's
 * depth is bounded by the grammar. */
static u32
time_column_of(const PlanNode *n)
{
    if (n->kind == PLAN_WATERMARK) return n->watermark.time_col;
    if (columns_stay(n)) return time_column_of(n->input[0]);
    if (n->kind != PLAN_PROJECT) return UINT32_MAX;
    u32 below = time_column_of(n->input[0]);
    for (u32 i = 0; below != UINT32_MAX && i < n->schema.len; i++) {
        const BoundExpr *e = n->project.exprs[i];
        if (e->kind == BOUND_COLUMN && e->column == below) return i;
    }
    return UINT32_MAX;
}

/* The planner's own columns have names with $ in front: those that it computes ahead of an
 * aggregate are called what they are. */
static Str
column_name(const LateLog *l, Arena *a, const PlanNode *n, u32 column)
{
    Str name = n->schema.at[column].name;
    if (!name.len || name.ptr[0] != '$') return name;
    while (columns_stay(n) && column < n->input[0]->schema.len) n = n->input[0];
    if (n->kind != PLAN_PROJECT || !l->naming) return (Str){0};
    StrBuf text = {0};
    l->naming(&text, n->project.exprs[column], &n->input[0]->schema);
    name = (Str){arena_copy(a, text.ptr ? text.ptr : "", text.len), (u32)text.len};
    strbuf_done(&text);
    return name;
}

LateOp *
late_op(OpCtx *ctx, const PlanNode *input, Type time)
{
    if (!ctx->late) return NULL;
    LateOp *o = arena_make(ctx->arena, LateOp);
    *o = (LateOp){.log = ctx->late,
                  .epoch = ctx->epoch,
                  .schema = &input->schema,
                  .names = arena_array(ctx->arena, Str, input->schema.len + 1),
                  .time_col = time_column_of(input),
                  .set_col = UINT32_MAX,
                  .clock = window_clock(time, ctx->session),
                  .zone = ctx->session->zone};
    const PlanNode *below = input;
    while (below->kind == PLAN_EXCHANGE) below = below->input[0];
    if (below->kind == PLAN_EXPAND) o->set_col = below->schema.len - 1;
    for (u32 i = 0; i < input->schema.len; i++) {
        o->names[i] = column_name(ctx->late, ctx->arena, input, i);
    }
    return o;
}

/* ---- dropping ------------------------------------------------------------------------------- */

static void
times_of_lanes(const LateOp *o, const LateRows *r, const u16 *lanes, u32 n, LateTimes *times)
{
    const i64 *wm = buf_data(r->batch->wm, const i64);
    for (u32 i = 0; i < n; i++) {
        const i64 *event = NULL;
        u32 lane = lanes[i];
        if (o->time_col != UINT32_MAX) event = vector_at(&r->batch->col[o->time_col], lane);
        times[i] = (LateTimes){
            .event_us = event ? *event : NO_TIME,
            .wm_us = wm[lane],
            .end_us = r->end_us[lane],
            .epoch = *o->epoch,
            .partition = r->place ? r->place[lane].partition : r->batch->partition,
        };
        if (event) window_from_event(o->clock, &times[i].event_us, 1);
        window_from_event(o->clock, &times[i].wm_us, 1);
    }
}

static Batch *
take_lanes(const Batch *b, const u16 *lanes, u32 n)
{
    Batch *to = batch_new(b->cols, n);
    for (u32 c = 0; c < b->cols; c++) to->col[c] = vector_take(&b->col[c], lanes, n);
    return to;
}

static void table_settle(LateTable *t);

/* The image shares nothing with the batch: a late row must not hold on to what it was read from. */
static void
table_drop(LateTable *t, const LateOp *o, const LateRows *r, const u16 *lanes, u32 n)
{
    Batch *rows = take_lanes(r->batch, lanes, n);
    LateRun run = {.op = o, .rows = n, .times = mem_array(LateTimes, n)};
    times_of_lanes(o, r, lanes, n, run.times);
    rows_encode(o->schema, rows, &run.image);
    batch_free(rows);
    pthread_mutex_lock(&o->log->lock);
    mem_grow(t->runs, t->nruns, t->runs_cap);
    t->runs[t->nruns++] = run;
    t->pending += n;
    t->changed = true;
    if (t->pending > (u64)t->keep * PENDING_FACTOR) table_settle(t);
    pthread_mutex_unlock(&o->log->lock);
}

void
late_rows(const LateOp *o, const LateRows *r)
{
    const Batch *b = r->batch;
    if (!o) return;
    if (o->set_col != UINT32_MAX) {
        const i32 *set = vector_at(&b->col[o->set_col], 0);
        if (!set || *set != 0) return;
    }
    for (u32 k = 0; k < o->log->ntables; k++) {
        LateTable *t = &o->log->tables[k];
        u16 lanes[BATCH_ROWS_MAX];
        u32 n = 0;
        if (t->keep == 0 || (!r->place && b->table != t->number)) continue;
        for (u32 i = 0; i < b->rows; i++) {
            if (!bit_get(r->lanes, i)) continue;
            if (!r->place || r->place[i].table == t->number) lanes[n++] = (u16)i;
        }
        if (n) table_drop(t, o, r, lanes, n);
    }
}

/* ---- texts ---------------------------------------------------------------------------------- */

static int
text_cmp(const void *x, const void *y)
{
    const LateText *a = x, *b = y;
    const LateTimes *s = &a->times, *t = &b->times;
    if (s->wm_us != t->wm_us) return s->wm_us < t->wm_us ? -1 : 1;
    if (s->partition != t->partition) return s->partition < t->partition ? -1 : 1;
    if (s->event_us != t->event_us) return s->event_us < t->event_us ? -1 : 1;
    if (s->end_us != t->end_us) return s->end_us < t->end_us ? -1 : 1;
    return str_cmp((Str){a->row, a->len}, (Str){b->row, b->len});
}

static int
i64_falling(const void *x, const void *y)
{
    i64 a = *(const i64 *)x, b = *(const i64 *)y;
    return (a < b) - (a > b);
}

/* No row with a smaller watermark is among the newest. */
static i64
least_watermark(const LateTable *t)
{
    u64 n = 0;
    if (t->ntexts + t->pending <= t->keep) return INT64_MIN;
    i64 *wm = mem_array(i64, t->ntexts + t->pending);
    for (u32 i = 0; i < t->ntexts; i++) wm[n++] = t->texts[i].times.wm_us;
    for (u32 i = 0; i < t->nruns; i++) {
        for (u32 k = 0; k < t->runs[i].rows; k++) wm[n++] = t->runs[i].times[k].wm_us;
    }
    qsort(wm, n, sizeof *wm, i64_falling);
    i64 least = wm[t->keep - 1];
    mem_free(wm);
    return least;
}

static void
row_print(StrBuf *out, const LateOp *o, const Batch *b, u32 row)
{
    bool any = false;
    strbuf_char(out, '{');
    for (u32 c = 0; c < b->cols; c++) {
        if (!o->names[c].len) continue;
        if (any) strbuf_char(out, ',');
        any = true;
        json_quote(out, o->names[c], false);
        strbuf_char(out, ':');
        const void *slot = vector_at(&b->col[c], row);
        if (slot)
            json_print(out, o->schema->at[c].type, slot, o->zone);
        else
            strbuf_str(out, STR("null"));
    }
    strbuf_char(out, '}');
}

static void
text_add(LateTable *t, const LateTimes *times, Str row)
{
    mem_grow(t->texts, t->ntexts, t->texts_cap);
    t->texts[t->ntexts++] =
        (LateText){.times = *times, .row = mem_strdup(row.len ? row.ptr : "", row.len), row.len};
}

static void
run_settle(LateTable *t, const LateRun *run, i64 least_us)
{
    bool any = false;
    for (u32 i = 0; i < run->rows; i++) any |= run->times[i].wm_us >= least_us;
    if (!any) return;
    Str image = strbuf_view(&run->image);
    Batch *b = NULL;
    StrBuf row = {0};
    Err err;
    Status st = rows_decode(run->op->schema, &image, BATCH_ROWS_MAX, &b, &err);
    assert(!st); /* made by table_drop() */
    for (u32 i = 0; i < run->rows; i++) {
        if (run->times[i].wm_us < least_us) continue;
        strbuf_clear(&row);
        row_print(&row, run->op, b, i);
        text_add(t, &run->times[i], strbuf_view(&row));
    }
    strbuf_done(&row);
    batch_free(b);
}

/* All runs to texts, sorted, of which the newest stay. With the lock held. */
static void
table_settle(LateTable *t)
{
    if (!t->nruns) return;
    i64 least_us = least_watermark(t);
    for (u32 i = 0; i < t->nruns; i++) run_settle(t, &t->runs[i], least_us);
    runs_free(t);
    if (t->ntexts) qsort(t->texts, t->ntexts, sizeof *t->texts, text_cmp);
    if (t->ntexts <= t->keep) return;
    u32 gone = t->ntexts - t->keep;
    for (u32 i = 0; i < gone; i++) mem_free(t->texts[i].row);
    memmove(t->texts, t->texts + gone, t->keep * sizeof *t->texts);
    t->ntexts = t->keep;
}

/* ---- as batches ----------------------------------------------------------------------------- */

enum { COL_EVENT, COL_WATERMARK, COL_END, COL_ROW, COL_PARTITION, COLS_STORED };

#define LATE_TIMESTAMP                                                                             \
    {                                                                                              \
        .kind = TYPE_TIMESTAMP, .scale = 6                                                         \
    }
#define LATE_STRING                                                                                \
    {                                                                                              \
        .kind = TYPE_VARCHAR, .precision = TYPE_LEN_MAX                                            \
    }
#define LATE_NAME(literal)                                                                         \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static const Column late_columns[COLS_STORED] = {
    [COL_EVENT] = {.name = LATE_NAME("event_time"), .type = LATE_TIMESTAMP},
    [COL_WATERMARK] = {.name = LATE_NAME("watermark"), .type = LATE_TIMESTAMP},
    [COL_END] = {.name = LATE_NAME("window_end"), .type = LATE_TIMESTAMP},
    [COL_ROW] = {.name = LATE_NAME("row"), .type = LATE_STRING},
    [COL_PARTITION] = {.name = LATE_NAME("partition"), .type = {.kind = TYPE_BIGINT}},
};
const Schema late_schema = {.at = (Column *)(uintptr_t)late_columns, .len = COL_PARTITION};
static const Schema stored_schema = {.at = (Column *)(uintptr_t)late_columns, .len = COLS_STORED};

static Batch *
texts_batch(const Schema *s, const LateText *at, u32 n)
{
    Batch *b = batch_new(s->len, n);
    for (u32 c = 0; c < s->len; c++) b->col[c] = vector_new(s->at[c].type, n);
    for (u32 i = 0; i < n; i++) {
        const LateTimes *t = &at[i].times;
        vector_data(&b->col[COL_WATERMARK], i64)[i] = t->wm_us;
        vector_data(&b->col[COL_END], i64)[i] = t->end_us;
        vector_set_str(&b->col[COL_ROW], i, at[i].row, at[i].len);
        if (s->len > COL_PARTITION) vector_data(&b->col[COL_PARTITION], i64)[i] = t->partition;
        if (t->event_us == NO_TIME)
            vector_set_null(&b->col[COL_EVENT], i);
        else
            vector_data(&b->col[COL_EVENT], i64)[i] = t->event_us;
    }
    return b;
}

/* ---- epochs --------------------------------------------------------------------------------- */

/* Texts that are dropped again by a start from the epoch are not written; they are few. */
static void
table_write(LateTable *t, u64 epoch, StateChanges *to)
{
    StateWriter w = {to, t->scan->id, 0, epoch};
    LateText *texts = mem_array(LateText, t->ntexts + 1);
    StrBuf image = {0};
    u32 n = 0;
    for (u32 i = 0; i < t->ntexts; i++) {
        if (t->texts[i].times.epoch < epoch) texts[n++] = t->texts[i];
    }
    state_delete_table(&w, LATE_TABLE);
    for (u32 from = 0; from < n; from += RECORD_ROWS) {
        Batch *b = texts_batch(&stored_schema, texts + from, MIN(n - from, (u32)RECORD_ROWS));
        strbuf_clear(&image);
        rows_encode(&stored_schema, b, &image);
        batch_free(b);
        state_put(&w, (StateKey){.table = LATE_TABLE, .chunk = from / RECORD_ROWS},
                  strbuf_view(&image));
    }
    t->changed = n < t->ntexts;
    strbuf_done(&image);
    mem_free(texts);
}

void
late_log_write(LateLog *l, u64 epoch, StateChanges *to)
{
    if (!l) return;
    pthread_mutex_lock(&l->lock);
    for (u32 i = 0; i < l->ntables; i++) {
        LateTable *t = &l->tables[i];
        if (!t->changed) continue;
        table_settle(t);
        table_write(t, epoch, to);
    }
    pthread_mutex_unlock(&l->lock);
}

static Status
stored_decode(const StateRecord *record, Batch **ret_batch, Err *err)
{
    Str image = record->image;
    TRY(rows_decode(&stored_schema, &image, RECORD_ROWS, ret_batch, err));
    const Batch *b = *ret_batch;
    bool sound = image.len == 0;
    for (u32 c = COL_WATERMARK; c < COLS_STORED; c++) {
        for (u32 i = 0; i < b->rows; i++) sound &= !vector_is_null(&b->col[c], i);
    }
    if (sound) return ERR_OK;
    batch_free(*ret_batch);
    return state_damaged("a late row", err);
}

static Status
table_record(void *ctx, const StateRecord *record, Err *err)
{
    LateTable *t = ctx;
    Batch *b = NULL;
    TRY(stored_decode(record, &b, err));
    for (u32 i = 0; i < b->rows; i++) {
        const i64 *event = vector_at(&b->col[COL_EVENT], i);
        LateTimes times = {.event_us = event ? *event : NO_TIME,
                           .wm_us = vector_data(&b->col[COL_WATERMARK], i64)[i],
                           .end_us = vector_data(&b->col[COL_END], i64)[i],
                           .partition = (u32)vector_data(&b->col[COL_PARTITION], i64)[i]};
        text_add(t, &times, strview_str(vector_at(&b->col[COL_ROW], i)));
    }
    batch_free(b);
    return ERR_OK;
}

Status
late_log_restore(LateLog *l, u32 i, StateStore *s, Err *err)
{
    LateTable *t = &l->tables[i];
    TRY(state_store_each(s, t->scan->id, LATE_TABLE, table_record, t, err));
    t->changed = true; /* another number of workers begins by deleting what there was */
    return ERR_OK;
}

/* ---- reading -------------------------------------------------------------------------------- */

Status
late_log_read(LateLog *l, u32 i, LateRead *read, void *ctx, Err *err)
{
    LateTable *t = &l->tables[i];
    Status st = ERR_OK;
    pthread_mutex_lock(&l->lock);
    table_settle(t);
    for (u32 from = 0; from < t->ntexts && !st; from += BATCH_ROWS_MAX) {
        u32 n = MIN(t->ntexts - from, (u32)BATCH_ROWS_MAX);
        Batch *b = texts_batch(&late_schema, t->texts + from, n);
        st = read(ctx, b, err);
        batch_free(b);
    }
    pthread_mutex_unlock(&l->lock);
    return st;
}

typedef struct StoreRead {
    LateRead *read;
    void *ctx;
} StoreRead;

static Status
store_record(void *ctx, const StateRecord *record, Err *err)
{
    const StoreRead *r = ctx;
    Batch *b = NULL;
    TRY(stored_decode(record, &b, err));
    Batch *shown = batch_new(COL_PARTITION, b->rows);
    for (u32 c = 0; c < COL_PARTITION; c++) shown->col[c] = vector_share(&b->col[c]);
    batch_free(b);
    Status st = r->read(r->ctx, shown, err);
    batch_free(shown);
    return st;
}

Status
late_store_read(StateStore *s, u32 scan_id, LateRead *read, void *ctx, Err *err)
{
    StoreRead r = {read, ctx};
    return state_store_each(s, scan_id, LATE_TABLE, store_record, &r, err);
}
