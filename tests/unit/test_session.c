/* test_session.c - SESSION windows beside their definition, as the shared pages' windows.py has it:
 * random partitions in random turns, batches of any size, stopped and gone on from their state. */
#include "base/mem.h"
#include "base/rng.h"
#include "exec/funcs/funcs.h"
#include "exec/ops/session.h"
#include "exec/state/changes.h"
#include "exec/state/session_table.h"
#include "exec/task.h"
#include "tests/unit/test.h"
#include <stdlib.h>
#include <unistd.h>

enum { UNIT = 1000, PARTS_MAX = 3, ROWS_MAX = 240, OP_ID = 5, LINE_MAX_BYTES = 160 };

typedef struct Row {
    i64 ts, wm; /* in units */
    u32 part, pos;
    u32 key;
    i64 value;
    bool has_value;
} Row;

typedef struct Case {
    Row rows[ROWS_MAX]; /* partition after partition */
    u32 nrows, nparts;
    u32 first[PARTS_MAX + 1]; /* of each partition's rows */
    i64 delay, gap;
} Case;

typedef struct Lines {
    char (*at)[LINE_MAX_BYTES];
    u32 len, cap;
} Lines;

static const char *const key_texts[] = {
    "a",  "b", "a key that is longer than twelve bytes", "a key that is longer than twelve bytez",
    NULL,
};

static void
line_add(Lines *l, const char *text)
{
    mem_grow(l->at, l->len, l->cap);
    snprintf(l->at[l->len++], LINE_MAX_BYTES, "%s", text);
}

static int
line_cmp(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* ---- the definition ----------------------------------------------------------------------- */

typedef struct Open {
    i64 start, end; /* in units; end: last + gap */
    u32 key;
    const Row *rows[ROWS_MAX];
    u32 nrows;
} Open;

typedef struct Model {
    Open *open;
    u32 nopen;
    u32 late;
    Lines lines;
    bool raw;
} Model;

static int
row_cmp(const void *a, const void *b)
{
    const Row *x = *(const Row *const *)a, *y = *(const Row *const *)b;
    if (x->part != y->part) return x->part < y->part ? -1 : 1;
    return x->pos < y->pos ? -1 : 1;
}

static int
canonical_cmp(const void *a, const void *b)
{
    const Row *x = *(const Row *const *)a, *y = *(const Row *const *)b;
    if (x->wm != y->wm) return x->wm < y->wm ? -1 : 1;
    return row_cmp(a, b);
}

static const char *
number_text(char *to, bool has, i64 value)
{
    if (has)
        snprintf(to, 24, "%lld", (long long)value);
    else
        snprintf(to, 24, "-");
    return to;
}

static void
line_of_aggregate(Lines *l, i64 start_us, i64 end_us, const char *key, i64 count, const bool *has,
                  const i64 *values)
{
    char text[LINE_MAX_BYTES], sum[24], first[24], last[24];
    snprintf(text, sizeof text, "%lld %lld %s n=%lld sum=%s first=%s last=%s",
             (long long)start_us / UNIT, (long long)end_us / UNIT, key ? key : "-",
             (long long)count, number_text(sum, has[0], values[0]),
             number_text(first, has[1], values[1]), number_text(last, has[2], values[2]));
    line_add(l, text);
}

static void
line_of_row(Lines *l, i64 start_us, i64 end_us, const char *key, i64 ts_us, i64 number)
{
    char text[LINE_MAX_BYTES];
    snprintf(text, sizeof text, "%lld %lld %s ts=%lld row=%lld", (long long)start_us / UNIT,
             (long long)end_us / UNIT, key ? key : "-", (long long)ts_us / UNIT, (long long)number);
    line_add(l, text);
}

static void
model_close(Model *m, u32 i)
{
    Open *o = &m->open[i];
    qsort(o->rows, o->nrows, sizeof *o->rows, row_cmp);
    bool has[3] = {0};
    i64 values[3] = {0};
    for (u32 r = 0; r < o->nrows; r++) {
        const Row *row = o->rows[r];
        i64 number = (i64)row->part * ROWS_MAX + row->pos;
        if (m->raw) {
            line_of_row(&m->lines, o->start * UNIT, o->end * UNIT, key_texts[o->key],
                        row->ts * UNIT, number);
        }
        if (!row->has_value) continue;
        values[0] += row->value;
        if (!has[0]) values[1] = row->value;
        values[2] = row->value;
        has[0] = has[1] = has[2] = true;
    }
    if (!m->raw) {
        line_of_aggregate(&m->lines, o->start * UNIT, o->end * UNIT, key_texts[o->key], o->nrows,
                          has, values);
    }
    m->open[i] = m->open[--m->nopen];
}

static void
model_row(Model *m, const Row *row, i64 gap)
{
    for (u32 i = m->nopen; i-- > 0;) {
        if (m->open[i].end - 1 <= row->wm) model_close(m, i);
    }
    Open all = {.start = row->ts, .end = row->ts + gap, .key = row->key};
    for (u32 i = m->nopen; i-- > 0;) {
        Open *o = &m->open[i];
        if (o->key != row->key || o->start > row->ts + gap || row->ts > o->end) continue;
        all.start = MIN(all.start, o->start);
        all.end = MAX(all.end, o->end);
        memcpy(all.rows + all.nrows, o->rows, o->nrows * sizeof *o->rows);
        all.nrows += o->nrows;
        m->open[i] = m->open[--m->nopen];
    }
    if (all.end - 1 <= row->wm) {
        m->late++;
        return;
    }
    all.rows[all.nrows++] = row;
    m->open[m->nopen++] = all;
}

static void
model_run(Model *m, const Case *c)
{
    const Row *order[ROWS_MAX];
    for (u32 i = 0; i < c->nrows; i++) order[i] = &c->rows[i];
    qsort(order, c->nrows, sizeof *order, canonical_cmp);
    m->open = mem_array(Open, ROWS_MAX);
    for (u32 i = 0; i < c->nrows; i++) model_row(m, order[i], c->gap);
    while (m->nopen) model_close(m, 0);
    mem_free(m->open);
}

/* ---- cases -------------------------------------------------------------------------------- */

static Case *
case_new(Rng *rng)
{
    static const i64 gaps[] = {1, 3, 10, 40}, delays[] = {0, 0, 1, 5, 60},
                     steps[] = {0, 0, 1, 2, 7};
    static const u32 counts[] = {0, 3, 30, 70};
    Case *c = mem_make(Case);
    c->nparts = 1 + (u32)rng_below(rng, PARTS_MAX);
    c->gap = gaps[rng_below(rng, ARRAY_LEN(gaps))];
    c->delay = delays[rng_below(rng, ARRAY_LEN(delays))];
    for (u32 p = 0; p < c->nparts; p++) {
        i64 t = (i64)rng_below(rng, 60) - 30, wm = INT64_MIN;
        u32 n = counts[rng_below(rng, ARRAY_LEN(counts))];
        c->first[p] = c->nrows;
        for (u32 i = 0; i < n; i++) {
            t += steps[rng_below(rng, ARRAY_LEN(steps))];
            i64 back = rng_below(rng, 3) ? 0 : (i64)rng_below(rng, 20);
            c->rows[c->nrows++] = (Row){.ts = t - back,
                                        .wm = wm,
                                        .part = p,
                                        .pos = i,
                                        .key = (u32)rng_below(rng, ARRAY_LEN(key_texts)),
                                        .value = (i64)rng_below(rng, 19) - 9,
                                        .has_value = rng_below(rng, 4) > 0};
            wm = MAX(wm, t - back - c->delay);
        }
    }
    c->first[c->nparts] = c->nrows;
    return c;
}

/* ---- the operator ------------------------------------------------------------------------- */

/* Below the session operator: writes down what comes. */
typedef struct Collector {
    Op op;
    Lines *lines;
    bool raw;
    u32 batch_rows;
    i64 last_end, wm_us;
} Collector;

static i64
slot_i64(const Batch *b, u32 col, u32 row, bool *ret_has)
{
    const i64 *at = vector_at(&b->col[col], row);
    *ret_has = at != NULL;
    return at ? *at : 0;
}

static Status
collect(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    (void)port, (void)out, (void)err;
    Collector *c = (Collector *)op;
    batch_check(b);
    CHECK(b->rows <= c->batch_rows);
    u32 times = b->cols - 3;
    for (u32 i = 0; i < b->rows; i++) {
        bool has[3], there;
        const StrView *view = vector_at(&b->col[c->raw ? 1 : 0], i);
        char key[64] = "-";
        if (view) snprintf(key, sizeof key, "%.*s", STR_ARG(strview_str(view)));
        i64 start = slot_i64(b, times, i, &there), end = slot_i64(b, times + 1, i, &there);
        CHECK(slot_i64(b, times + 2, i, &there) == end - UNIT);
        CHECK(end >= c->last_end); /* in the order of their ends */
        CHECK(c->wm_us == WATERMARK_NONE || end - UNIT > c->wm_us);
        c->last_end = end;
        if (c->raw) {
            i64 ts = slot_i64(b, 0, i, &there);
            line_of_row(c->lines, start, end, key, ts, slot_i64(b, 3, i, &there));
            continue;
        }
        i64 count = slot_i64(b, 1, i, &there), values[3];
        for (u32 v = 0; v < 3; v++) values[v] = slot_i64(b, 2 + v, i, &has[v]);
        line_of_aggregate(c->lines, start, end, key, count, has, values);
    }
    batch_free(b);
    return ERR_OK;
}

static Status
collect_watermark(Op *op, i64 event_us, i64 proc_us, Out *out, Err *err)
{
    (void)proc_us, (void)out, (void)err;
    ((Collector *)op)->wm_us = event_us;
    return ERR_OK;
}

static const OpDef collector_def = {.process = collect, .watermark = collect_watermark};

typedef struct Rig {
    Arena *arena;
    PlanNode input, *inputs[1], node;
    BoundExpr value;
    BoundAgg aggs[4];
    Session session;
    JobCounts counts;
    Shared shared;
    Task task;
    OpCtx ctx;
    Op *ops[2];
    Out outs[2];
    Collector collector;
    StateStore *store;
    char folder[64];
    u64 epoch;
} Rig;

static void
columns_set(Schema *s, Column *at, u32 n, const Type *types)
{
    for (u32 i = 0; i < n; i++) at[i] = (Column){.type = types[i]};
    *s = (Schema){.at = at, .len = n};
}

static void
rig_agg(Rig *r, u32 i, const char *name, bool argument)
{
    BoundAgg *a = &r->aggs[i];
    a->call = (AggCall){.arena = r->arena, .nargs = argument, .arg_type = {type_of(TYPE_BIGINT)}};
    a->args[0] = &r->value;
    Err err;
    if (agg_resolve(&exec_func_table, str_from(name), &a->call, &err)) abort();
}

static void
rig_plan(Rig *r, const Case *c, bool raw)
{
    Type ts = type_timestamp(TYPE_TIMESTAMP, 3), big = type_of(TYPE_BIGINT), text = type_string();
    static Column in[4], out[8];
    columns_set(&r->input.schema, in, 4, (const Type[]){ts, text, big, big});
    static u32 key = 1;
    TimeWindow w = {.kind = WINDOW_SESSION,
                    .size_us = c->gap * UNIT,
                    .unit_us = UNIT,
                    .partition = &key,
                    .npartition = 1,
                    .event_time = true};
    r->inputs[0] = &r->input;
    r->node =
        (PlanNode){.kind = raw ? PLAN_WINDOW : PLAN_AGGREGATE, .input = r->inputs, .ninputs = 1};
    if (raw) {
        columns_set(&r->node.schema, out, 7, (const Type[]){ts, text, big, big, ts, ts, ts});
        r->node.window.spec = w;
        return;
    }
    columns_set(&r->node.schema, out, 8, (const Type[]){text, big, big, big, big, ts, ts, ts});
    r->value = (BoundExpr){.kind = BOUND_COLUMN, .type = big, .column = 2};
    rig_agg(r, 0, "COUNT", false);
    rig_agg(r, 1, "SUM", true);
    rig_agg(r, 2, "FIRST_VALUE", true);
    rig_agg(r, 3, "LAST_VALUE", true);
    r->node.agg.keys = &key;
    r->node.agg.nkeys = 1;
    r->node.agg.aggs = r->aggs;
    r->node.agg.naggs = 4;
    r->node.agg.window = w;
    r->node.agg.win_start = r->node.agg.win_end = r->node.agg.win_time = r->node.agg.sorted = true;
}

static void
rig_start(Rig *r)
{
    Err err;
    bool raw = r->node.kind == PLAN_WINDOW;
    Status st = raw ? session_window_create(&r->ctx, &r->node, &r->ops[0], &err)
                    : session_agg_create(&r->ctx, &r->node, &r->ops[0], &err);
    if (st) abort();
    r->ops[0]->node = &r->node;
    if (!r->epoch) return;
    StateReader reader = {.store = r->store, .op = OP_ID, .subtasks_then = 1};
    CHECK(r->ops[0]->def->restore(r->ops[0], &reader, &err) == ERR_OK);
}

static Rig *
rig_new(const Case *c, bool raw, u32 batch_rows, Lines *lines)
{
    Rig *r = mem_make(Rig);
    r->arena = arena_new();
    pthread_mutex_init(&r->shared.lock, NULL);
    rig_plan(r, c, raw);
    r->ctx = (OpCtx){.arena = r->arena,
                     .session = &r->session,
                     .counts = &r->counts,
                     .subtasks = 1,
                     .batch_rows = batch_rows};
    r->collector = (Collector){.op.def = &collector_def,
                               .lines = lines,
                               .raw = raw,
                               .batch_rows = batch_rows,
                               .last_end = INT64_MIN,
                               .wm_us = WATERMARK_NONE};
    r->ops[1] = &r->collector.op;
    r->task = (Task){.shared = &r->shared, .ops = r->ops, .outs = r->outs, .nops = 2, .again = 2};
    for (u32 i = 0; i < 2; i++) r->outs[i] = (Out){.task = &r->task, .next = i + 1};
    snprintf(r->folder, sizeof r->folder, "/tmp/weir-test-session-XXXXXX");
    Err err;
    if (!mkdtemp(r->folder)) abort();
    if (state_store_open(r->folder, STORE_SCRATCH, &r->store, &err)) abort();
    rig_start(r);
    return r;
}

static void
rig_barrier(Rig *r)
{
    StateChanges changes = {0};
    StateWriter w = {.to = &changes, .op = OP_ID};
    Err err;
    CHECK(r->ops[0]->def->barrier(r->ops[0], &w, &r->outs[0], &err) == ERR_OK);
    CHECK(state_store_commit(r->store, ++r->epoch, changes.at, changes.len, NULL, 0, &err) ==
          ERR_OK);
    state_changes_done(&changes);
}

static void
rig_free(Rig *r)
{
    r->ops[0]->def->destroy(r->ops[0]);
    state_store_close(r->store);
    pthread_mutex_destroy(&r->shared.lock);
    arena_free(r->arena);
    mem_free(r);
}

static Batch *
rows_batch(const Case *c, u32 from, u32 n)
{
    Batch *b = batch_new(4, n);
    Type ts = type_timestamp(TYPE_TIMESTAMP, 3), big = type_of(TYPE_BIGINT);
    b->col[0] = vector_new(ts, n);
    b->col[1] = vector_new(type_string(), n);
    b->col[2] = vector_new(big, n);
    b->col[3] = vector_new(big, n);
    Buf *wm = buf_new(n * sizeof(i64));
    bool slow = false;
    for (u32 i = 0; i < n; i++) {
        const Row *r = &c->rows[from + i];
        vector_data(&b->col[0], i64)[i] = r->ts * UNIT;
        vector_data(&b->col[2], i64)[i] = r->value;
        vector_data(&b->col[3], i64)[i] = (i64)r->part * ROWS_MAX + r->pos;
        const char *key = key_texts[r->key];
        if (key) vector_set_str(&b->col[1], i, key, (u32)strlen(key));
        buf_data(wm, i64)[i] = r->wm == INT64_MIN ? WATERMARK_NONE : r->wm * UNIT;
        slow |= r->wm != INT64_MIN && r->ts <= r->wm + 1;
    }
    for (u32 i = 0; i < n; i++) {
        if (!key_texts[c->rows[from + i].key]) vector_set_null(&b->col[1], i);
        if (!c->rows[from + i].has_value) vector_set_null(&b->col[2], i);
    }
    if (slow)
        b->wm = wm;
    else
        buf_unref(wm);
    b->partition = c->rows[from].part;
    return b;
}

/* The least of the partitions' watermarks, as if all had been open from the start. */
static i64
combined_wm(const Case *c, const u32 *at)
{
    i64 least = WATERMARK_MAX;
    for (u32 p = 0; p < c->nparts; p++) {
        if (at[p] == c->first[p + 1]) continue;
        i64 wm = c->rows[at[p]].wm;
        least = MIN(least, wm == INT64_MIN ? WATERMARK_NONE : wm * UNIT);
    }
    return least;
}

static void
rig_run(Rig *r, const Case *c, Rng *rng)
{
    static const u32 sizes[] = {1, 3, 20};
    u32 at[PARTS_MAX], left = c->nrows;
    u64 chunk = 0;
    memcpy(at, c->first, sizeof at);
    i64 sent = WATERMARK_NONE;
    Err err;
    while (left) {
        u32 p = (u32)rng_below(rng, c->nparts), rest = c->first[p + 1] - at[p];
        if (rest == 0) continue;
        u32 some = 1 + (u32)rng_below(rng, sizes[rng_below(rng, ARRAY_LEN(sizes))]);
        u32 n = MIN(rest, some);
        Batch *b = rows_batch(c, at[p], n);
        b->chunk = chunk++;
        CHECK(r->ops[0]->def->process(r->ops[0], 0, b, &r->outs[0], &err) == ERR_OK);
        at[p] += n;
        left -= n;
        i64 wm = combined_wm(c, at);
        if (wm > sent && wm != WATERMARK_MAX && rng_below(rng, 3)) {
            sent = wm;
            CHECK(r->ops[0]->def->watermark(r->ops[0], wm, 0, &r->outs[0], &err) == ERR_OK);
        }
        if (rng_below(rng, 24) == 0) rig_barrier(r);
        if (rng_below(rng, 16) == 0) { /* what a barrier has not seen would come again */
            rig_barrier(r);
            r->ops[0]->def->destroy(r->ops[0]);
            r->ops[0] = NULL;
            rig_start(r);
            chunk = 0;
        }
    }
    CHECK(r->ops[0]->def->watermark(r->ops[0], WATERMARK_MAX, 0, &r->outs[0], &err) == ERR_OK);
}

static void
compare(const Case *c, Rng *rng, bool raw, u32 round)
{
    static const u32 batches[] = {1, 3, 2048};
    Model m = {.raw = raw};
    Lines got = {0};
    model_run(&m, c);
    Rig *r = rig_new(c, raw, batches[rng_below(rng, ARRAY_LEN(batches))], &got);
    rig_run(r, c, rng);
    bool same = m.lines.len == got.len && m.late == r->counts.rows_late;
    if (got.len) qsort(got.at, got.len, LINE_MAX_BYTES, line_cmp);
    if (m.lines.len) qsort(m.lines.at, m.lines.len, LINE_MAX_BYTES, line_cmp);
    for (u32 i = 0; same && i < got.len; i++) same = strcmp(got.at[i], m.lines.at[i]) == 0;
    CHECK(same && r->counts.rows_late_after_close == 0);
    if (!same) {
        fprintf(stderr, "round %u, gap %lld, delay %lld: late %u, got %llu\n", round,
                (long long)c->gap, (long long)c->delay, m.late,
                (unsigned long long)r->counts.rows_late);
        for (u32 i = 0; i < MAX(got.len, m.lines.len); i++) {
            fprintf(stderr, "  %-70s | %s\n", i < m.lines.len ? m.lines.at[i] : "",
                    i < got.len ? got.at[i] : "");
        }
    }
    rig_free(r);
    mem_free(got.at);
    mem_free(m.lines.at);
}

static void
sessions_are_what_the_definition_says(void)
{
    Rng rng = rng_seed(11);
    for (u32 round = 0; round < 200 && !check_failures; round++) {
        Case *c = case_new(&rng);
        compare(c, &rng, false, round);
        mem_free(c);
    }
}

static void
rows_come_with_their_session(void)
{
    Rng rng = rng_seed(12);
    for (u32 round = 0; round < 200 && !check_failures; round++) {
        Case *c = case_new(&rng);
        compare(c, &rng, true, round);
        mem_free(c);
    }
}

/* Changed bytes in what is stored: refused, or read as something else, but never worse. */
static void
damaged_state_is_refused_or_harmless(void)
{
    Rng rng = rng_seed(13);
    for (u32 round = 0; round < 60; round++) {
        Case *c = case_new(&rng);
        Lines got = {0};
        Rig *r = rig_new(c, round & 1, 2048, &got);
        Err err;
        for (u32 from = 0, n; from < c->nrows; from += n) {
            u32 p = c->rows[from].part;
            n = MIN(c->first[p + 1] - from, 50u);
            Batch *b = rows_batch(c, from, n);
            CHECK(r->ops[0]->def->process(r->ops[0], 0, b, &r->outs[0], &err) == ERR_OK);
        }
        StateChanges changes = {0};
        StateWriter w = {.to = &changes, .op = OP_ID};
        CHECK(r->ops[0]->def->barrier(r->ops[0], &w, &r->outs[0], &err) == ERR_OK);
        for (size_t i = 0; i < changes.len; i++) {
            if (!changes.at[i].len) continue;
            u8 *image = (u8 *)(uintptr_t)changes.at[i].image;
            u32 cuts = (u32)rng_below(&rng, 4);
            for (u32 k = 0; k < cuts; k++) {
                image[rng_below(&rng, changes.at[i].len)] = (u8)rng_u64(&rng);
            }
            if (cuts == 3) changes.at[i].len = (u32)rng_below(&rng, changes.at[i].len);
        }
        CHECK(state_store_commit(r->store, 1, changes.at, changes.len, NULL, 0, &err) == ERR_OK);
        state_changes_done(&changes);
        r->ops[0]->def->destroy(r->ops[0]);
        r->ops[0] = NULL;
        if (round & 1)
            CHECK(session_window_create(&r->ctx, &r->node, &r->ops[0], &err) == ERR_OK);
        else
            CHECK(session_agg_create(&r->ctx, &r->node, &r->ops[0], &err) == ERR_OK);
        r->ops[0]->node = &r->node;
        StateReader reader = {.store = r->store, .op = OP_ID, .subtasks_then = 1};
        Status st = r->ops[0]->def->restore(r->ops[0], &reader, &err);
        CHECK(st == ERR_OK || err.code == W5004 || err.code == W3107);
        rig_free(r);
        mem_free(got.at);
        mem_free(c);
    }
}

/* ---- many rows ---------------------------------------------------------------------------- */

/* Row i at i units: every 50th is of one session that never ends, the others of short ones. */
static Batch *
long_and_short(u32 from, u32 n)
{
    Type ts = type_timestamp(TYPE_TIMESTAMP, 3), big = type_of(TYPE_BIGINT);
    Batch *b = batch_new(4, n);
    b->col[0] = vector_new(ts, n);
    b->col[1] = vector_new(type_string(), n);
    b->col[2] = vector_new(big, n);
    b->col[3] = vector_new(big, n);
    for (u32 i = 0; i < n; i++) {
        char key[40] = "long";
        u32 row = from + i;
        if (row % 50) snprintf(key, sizeof key, "one of the short sessions: %u", row / 100);
        vector_data(&b->col[0], i64)[i] = (i64)row * UNIT;
        vector_set_str(&b->col[1], i, key, (u32)strlen(key));
        vector_data(&b->col[2], i64)[i] = 1;
        vector_data(&b->col[3], i64)[i] = row;
    }
    return b;
}

static StateChanges
changes_of(Rig *r)
{
    StateChanges changes = {0};
    StateWriter w = {.to = &changes, .op = OP_ID};
    Err err;
    CHECK(r->ops[0]->def->barrier(r->ops[0], &w, &r->outs[0], &err) == ERR_OK);
    return changes;
}

static u32
lines_with(const Lines *l, const char *text)
{
    u32 n = 0;
    for (u32 i = 0; i < l->len; i++) n += strstr(l->at[i], text) != NULL;
    return n;
}

/* Rows of the long session are few in each block, so they move together as the others go. */
static void
few_rows_do_not_hold_many_blocks(void)
{
    enum { ROWS = 160000, STEP = 2000 };
    Case c = {.gap = 60};
    Lines got = {0};
    Rig *r = rig_new(&c, true, 2048, &got);
    Err err;
    u64 stored = 0;
    for (u32 from = 0; from < ROWS; from += STEP) {
        CHECK(
            !r->ops[0]->def->process(r->ops[0], 0, long_and_short(from, STEP), &r->outs[0], &err));
        i64 wm = ((i64)from + STEP - 1) * UNIT;
        CHECK(!r->ops[0]->def->watermark(r->ops[0], wm, 0, &r->outs[0], &err));
        if (from % 40000) continue;
        StateChanges changes = changes_of(r);
        stored = MAX(stored, changes.bytes);
        state_changes_done(&changes);
    }
    CHECK(lines_with(&got, " long ") == 0);
    CHECK(!r->ops[0]->def->watermark(r->ops[0], WATERMARK_MAX, 0, &r->outs[0], &err));
    CHECK(got.len == ROWS && lines_with(&got, " long ") == ROWS / 50);
    for (u32 i = 0, last = 0; i < got.len; i++) { /* in the order of the rows */
        u32 row;
        if (sscanf(got.at[i], "%*s %*s long ts=%*d row=%u", &row) != 1) continue;
        CHECK(row >= last);
        last = row;
    }
    CHECK(stored < 2000000);
    rig_free(r);
    mem_free(got.at);
}

/* A barrier writes the chunks that changed, and no others. */
static void
a_barrier_costs_what_changed(void)
{
    enum { STEP = 2000, ROWS = 40000 };
    for (u32 raw = 0; raw < 2; raw++) {
        Case c = {.gap = ROWS * 2};
        Lines got = {0};
        Rig *r = rig_new(&c, raw, 2048, &got);
        Err err;
        for (u32 from = 0; from < ROWS; from += STEP) {
            CHECK(!r->ops[0]->def->process(r->ops[0], 0, long_and_short(from, STEP), &r->outs[0],
                                           &err));
        }
        StateChanges all = changes_of(r);
        u64 whole = all.bytes;
        CHECK(!r->ops[0]->def->process(r->ops[0], 0, long_and_short(7, 1), &r->outs[0], &err));
        StateChanges one = changes_of(r), none = changes_of(r);
        CHECK(one.len == 2 && one.bytes < whole / 3);
        CHECK(none.len == 1); /* the time that all came to */
        state_changes_done(&all);
        state_changes_done(&one);
        state_changes_done(&none);
        rig_free(r);
        mem_free(got.at);
    }
}

/* ---- the table alone ---------------------------------------------------------------------- */

static void
merge_nothing(void *ctx, u8 *to, u8 *from)
{
    (void)ctx, (void)to, (void)from;
}

/* A key with very many open sessions, in falling, rising and mixed order: each step costs a
 * logarithm, or this would not end. */
static void
one_key_with_many_sessions(void)
{
    enum { MANY = 200000 };
    static const SessionFns fns = {.merge = merge_nothing};
    Arena *arena = arena_new();
    Column at = {.type = type_of(TYPE_BIGINT)};
    Schema s = {.at = &at, .len = 1};
    u32 key = 0;
    for (u32 way = 0; way < 3; way++) {
        RowLayout *layout = row_layout_new(arena, &s, &key, 1, NULL, 0);
        SessionTable *t = session_table_new(layout, 5, &fns, NULL);
        KeyBatch *keys = key_batch_new(layout);
        Batch *b = batch_new(1, 1);
        b->col[0] = vector_new(at.type, 1);
        vector_data(&b->col[0], i64)[0] = 7;
        key_batch_load(keys, b);
        bool made;
        u32 *slots = mem_array(u32, MANY);
        for (u32 i = 0; i < MANY; i++) {
            u32 n = way == 0 ? i : way == 1 ? MANY - 1 - i : (u32)((u64)i * 7919 % MANY);
            slots[n] = session_touch(t, keys, 0, (i64)n * 10, INT64_MIN, &made);
            CHECK(made);
        }
        CHECK(session_table_live(t) == MANY);
        /* Rows between them join all of them into one. */
        if (way == 2) {
            for (u32 i = 0; i + 1 < MANY; i++) {
                (void)session_touch(t, keys, 0, (i64)i * 10 + 5, INT64_MIN, &made);
                CHECK(!made);
            }
            CHECK(session_table_live(t) == 1 &&
                  session_heir(t, slots[1]) == session_heir(t, slots[9]));
            session_table_settle(t);
        } else {
            for (u32 i = 0; i < MANY; i++) {
                session_close(t, slots[i]);
                session_release(t, slots[i]);
            }
            CHECK(session_table_live(t) == 0);
        }
        mem_free(slots);
        batch_free(b);
        key_batch_free(keys);
        session_table_free(t);
    }
    arena_free(arena);
}

TESTS(TEST(sessions_are_what_the_definition_says), TEST(rows_come_with_their_session),
      TEST(damaged_state_is_refused_or_harmless), TEST(few_rows_do_not_hold_many_blocks),
      TEST(a_barrier_costs_what_changed), TEST(one_key_with_many_sessions))
