/* op_session_core.c - SESSION windows: rows to sessions, and sessions to their end.
 *
 * Firing and giving out rows alternate while held rows are applied. What has fired only stands in a
 * list until all rows of the batch are with their sessions; then it is emitted. */
#include "exec/ops/op_session_core.h"
#include "base/mem.h"
#include "exec/pressure.h"
#include <stdlib.h>

/* Beyond this a gap is longer than all of time, and sums of times would overflow. */
#define GAP_MAX_US ((i64)1 << 61)
enum { BUCKETS_OF_GAP = 16 };

void
session_core_init(SessionCore *c, OpCtx *ctx, const PlanNode *n, const TimeWindow *w,
                  RowLayout *layout, const SessionUser *user)
{
    c->ctx = ctx;
    c->user = user;
    c->window = w;
    c->input = &n->input[0]->schema;
    c->gap_us = MIN(w->size_us, GAP_MAX_US);
    c->unit_us = w->unit_us;
    c->clock = window_clock(c->input->at[w->time_col].type, ctx->session);
    bool late = w->event_time && !w->bounded_only;
    if (late) c->late = late_op(ctx, n->input[0], c->input->at[w->time_col].type);
    c->layout = layout;
    c->table = session_table_new(layout, c->gap_us, &user->fns, c);
    c->keys = key_batch_new(layout);
    c->timers = timers_new(MAX(c->gap_us / BUCKETS_OF_GAP, (i64)1));
    c->slow = held_new(c->input);
    c->closed_us = WATERMARK_NONE;
}

/* Nothing can be given back: a session's rows may come any time. But others know and can. */
static void
session_core_tell(SessionCore *c)
{
    u64 more = c->user->bytes ? c->user->bytes(c) : 0;
    u64 bytes = session_table_bytes(c->table) + held_bytes(c->slow) + more;
    (void)memory_pressure(c->ctx, &c->told_bytes, bytes);
}

void
session_core_done(SessionCore *c)
{
    if (c->ctx) (void)memory_pressure(c->ctx, &c->told_bytes, 0);
    session_table_free(c->table);
    key_batch_free(c->keys);
    timers_free(c->timers);
    held_free(c->slow);
    held_queue_done(&c->waiting);
    mem_free(c->fired);
}

/* ---- closing ------------------------------------------------------------------------------ */

static i64
session_due(const SessionCore *c, u32 slot)
{
    return session_span(c->table, session_row(c->table, slot))->last_us + c->gap_us - c->unit_us;
}

void
session_core_expect(SessionCore *c, u32 slot)
{
    u32 turn = session_span(c->table, session_row(c->table, slot))->turn;
    timers_add(c->timers, session_due(c, slot), (Timer){slot, turn});
}

/* How many timers before its own a session is brought closer. */
enum { NEAR_AHEAD = 8, FAR_AHEAD = 24 };

/* Close every session whose end - unit is at or before upto_us. */
static void
session_fire(SessionCore *c, i64 upto_us)
{
    if (upto_us <= c->closed_us) return;
    c->closed_us = upto_us;
    Timer due;
    u32 thing;
    while (timers_take(c->timers, upto_us, &due)) {
        if (timers_ahead(c->timers, FAR_AHEAD, &thing)) session_prefetch(c->table, thing, false);
        if (timers_ahead(c->timers, NEAR_AHEAD, &thing)) session_prefetch(c->table, thing, true);
        if (session_span(c->table, session_row(c->table, due.thing))->turn != due.turn) continue;
        if (session_due(c, due.thing) > upto_us) { /* it went on meanwhile */
            timers_add(c->timers, session_due(c, due.thing), due);
            continue;
        }
        session_close(c->table, due.thing);
        mem_grow(c->fired, c->nfired, c->fired_cap);
        c->fired[c->nfired++] = due.thing;
    }
}

/* ---- rows to sessions --------------------------------------------------------------------- */

static void
lane_is_late(SessionCore *c, u32 lane, i64 ts_us, i64 wm_us)
{
    bit_clear(c->keep, lane);
    c->slot[lane] = SESSION_NONE;
    c->all_kept = false;
    if (wm_us != WATERMARK_NONE && ts_us + c->gap_us - c->unit_us <= wm_us) {
        c->ctx->counts->rows_late++;
        if (!c->any_late) memset(c->left_out, 0, sizeof c->left_out);
        c->any_late = true;
        bit_set(c->left_out, lane);
    } else {
        c->ctx->counts->rows_late_after_close++;
    }
}

/* Late rows were held before, and so have places; each would have been a session of its own. */
static void
tell_late(SessionCore *c, const Batch *b, const i64 *ts)
{
    i64 end_us[BATCH_ROWS_MAX];
    if (!c->any_late) return;
    c->any_late = false;
    for (u32 i = 0; i < b->rows; i++) end_us[i] = ts[i] + c->gap_us;
    window_from_event(c->clock, end_us, b->rows);
    late_rows(c->late, &(LateRows){b, c->left_out, end_us, c->place});
}

/* The kept lanes, in order; with wm, each after what its watermark closes. */
static void
assign_sessions(SessionCore *c, const Batch *b, const i64 *ts, const i64 *wm)
{
    bool timed = c->window->event_time && !c->window->bounded_only;
    for (u32 i = 0; i < b->rows; i++) {
        if (i % SESSION_PREFETCH == 0) session_table_prefetch(c->table, c->keys, i);
        if (!c->all_kept && !bit_get(c->keep, i)) continue;
        if (wm) session_fire(c, wm[i]);
        /* By processing time nothing is late: what has closed is then followed by another. */
        bool closing = timed && c->closed_us != WATERMARK_NONE;
        i64 closed_end_us = closing ? c->closed_us + c->unit_us : INT64_MIN;
        bool made;
        u32 slot = session_touch(c->table, c->keys, i, ts[i], closed_end_us, &made);
        if (slot == SESSION_NONE) {
            lane_is_late(c, i, ts[i], wm ? wm[i] : WATERMARK_NONE);
            continue;
        }
        c->slot[i] = slot;
        if (made) session_core_expect(c, slot);
    }
    for (u32 i = 0; i < b->rows && session_table_merged(c->table); i++) {
        if (c->slot[i] != SESSION_NONE) c->slot[i] = session_heir(c->table, c->slot[i]);
    }
    tell_late(c, b, ts);
    c->user->rows(c, b);
    session_table_settle(c->table);
}

static void
keep_all(SessionCore *c)
{
    c->all_kept = true;
    memset(c->keep, 0xff, sizeof c->keep);
}

/* Chunks of a source are numbered anew when it goes on from its state. */
enum { CHUNK_BITS = 44 };

static void
place_rows(SessionCore *c, const Batch *b)
{
    u64 chunk = (b->chunk & (((u64)1 << CHUNK_BITS) - 1)) | c->starts << CHUNK_BITS;
    for (u32 i = 0; i < b->rows; i++) {
        c->place[i] = (HeldPlace){.wm_us = WATERMARK_NONE,
                                  .table = b->table,
                                  .partition = b->partition,
                                  .chunk = chunk,
                                  .arrival = ++c->arrivals};
    }
}

/* Take the slow lanes out of keep and hold them. */
static void
hold_slow_rows(SessionCore *c, const Batch *b, const i64 *ts)
{
    const i64 *wm = buf_data(b->wm, const i64);
    u16 lanes[BATCH_ROWS_MAX];
    u32 n = 0, rows[BATCH_ROWS_MAX];
    HeldPlace *places = NULL;
    for (u32 i = 0; i < b->rows; i++) {
        if (wm[i] == WATERMARK_NONE || ts[i] > wm[i] + c->unit_us) continue;
        if (!places) places = mem_array(HeldPlace, b->rows);
        places[n] = c->place[i];
        places[n].wm_us = wm[i];
        lanes[n++] = (u16)i;
        bit_clear(c->keep, i);
        c->slot[i] = SESSION_NONE;
    }
    if (n == 0) return;
    c->all_kept = false;
    held_add(c->slow, b, lanes, n, places, rows);
    for (u32 i = 0; i < n; i++) held_queue_add(&c->waiting, c->slow, rows[i]);
    mem_free(places);
}

static Status
time_column(const SessionCore *c, const Batch *b, Vector *ret_time, Err *err)
{
    *ret_time = vector_share(&b->col[c->window->time_col]);
    vector_flatten(ret_time);
    const u64 *valid = vector_valid(ret_time);
    for (u32 i = 0; valid && i < b->rows; i++) {
        if (bit_get(valid, i)) continue;
        vector_done(ret_time);
        return err_set(err, W3107, c->op.node->pos, "a row has NULL as its event time");
    }
    return ERR_OK;
}

Status
session_core_add(SessionCore *c, Batch *b, Err *err)
{
    Vector time;
    Status st = time_column(c, b, &time, err);
    if (st) {
        batch_free(b);
        return st;
    }
    const i64 *ts = vector_data(&time, const i64);
    bool slow = b->wm && c->window->event_time && !c->window->bounded_only;
    keep_all(c);
    if (slow || c->user->places) place_rows(c, b);
    if (slow) hold_slow_rows(c, b, ts);
    key_batch_load(c->keys, b);
    assign_sessions(c, b, ts, NULL);
    vector_done(&time);
    batch_free(b);
    session_core_tell(c);
    return ERR_OK;
}

Status
session_core_readd(SessionCore *c, const Batch *b, Err *err)
{
    Vector time;
    TRY(time_column(c, b, &time, err));
    i64 closed_us = c->closed_us;
    c->closed_us = WATERMARK_NONE; /* they were in time when they came */
    keep_all(c);
    key_batch_load(c->keys, b);
    assign_sessions(c, b, vector_data(&time, const i64), NULL);
    c->closed_us = closed_us;
    vector_done(&time);
    return ERR_OK;
}

/* ---- time --------------------------------------------------------------------------------- */

/* Held rows whose watermark lies behind upto_us, in the canonical order, as many as fit a batch. */
static void
apply_held_rows(SessionCore *c, i64 upto_us)
{
    u32 rows[BATCH_ROWS_MAX], n = 0;
    while (n < BATCH_ROWS_MAX && c->waiting.len) {
        const HeldPlace *next = held_place(c->slow, c->waiting.rows[0]);
        if (next->wm_us >= upto_us) break;
        c->place[n] = *next;
        c->place[n].wm_us = WATERMARK_NONE;
        rows[n++] = held_queue_take(&c->waiting, c->slow);
    }
    Batch *b = held_batch(c->slow, rows, n);
    for (u32 i = 0; i < n; i++) held_drop(c->slow, rows[i]);
    keep_all(c);
    key_batch_load(c->keys, b);
    const Vector *time = &b->col[c->window->time_col];
    assign_sessions(c, b, vector_data(time, const i64), buf_data(b->wm, const i64));
    batch_free(b);
}

static int
fired_cmp(const void *a, const void *b, void *table)
{
    return session_cmp(table, *(const u32 *)a, *(const u32 *)b);
}

void
session_core_advance(SessionCore *c, i64 event_us, i64 proc_us, bool sorted)
{
    c->event_us = event_us;
    c->proc_us = proc_us;
    c->nfired = c->emitted = 0;
    i64 upto = c->window->event_time || event_us == WATERMARK_MAX ? event_us : proc_us;
    if (c->window->bounded_only && upto != WATERMARK_MAX) return;
    while (c->waiting.len && held_place(c->slow, c->waiting.rows[0])->wm_us < upto) {
        apply_held_rows(c, upto);
    }
    session_fire(c, upto);
    if (sorted && c->nfired) qsort_r(c->fired, c->nfired, sizeof *c->fired, fired_cmp, c->table);
}

Status
session_core_pass_on(SessionCore *c, Out *out, Err *err)
{
    if (c->window->event_time) c->ctx->counts->watermark_us = c->event_us;
    return out_watermark(out, c->event_us, c->proc_us, err);
}

void
session_core_bounds(const SessionCore *c, u8 *const *rows, Batch *b, u32 col, bool start, bool end,
                    bool time)
{
    const Column *at = c->op.node->schema.at;
    for (u32 which = 0; which < 3; which++) {
        if (!(which == 0 ? start : which == 1 ? end : time)) continue;
        b->col[col] = vector_new(at[col].type, b->rows);
        i64 *us = vector_data(&b->col[col], i64);
        for (u32 i = 0; i < b->rows; i++) {
            const Span *s = session_span(c->table, rows[i]);
            us[i] = which == 0 ? s->start_us : s->last_us + c->gap_us;
            if (which == 2) us[i] -= c->unit_us;
        }
        if (which < 2) window_from_event(c->clock, us, b->rows);
        col++;
    }
    assert(col == b->cols);
}

/* ---- state -------------------------------------------------------------------------------- */

typedef struct CoreImage {
    i64 closed_us;
    u64 arrivals, starts;
} CoreImage;

void
session_core_save(SessionCore *c, StateWriter *w)
{
    CoreImage image = {c->closed_us, c->arrivals, c->starts};
    state_put(w, (StateKey){.table = SESSION_TABLE_CORE},
              (Str){(const char *)&image, sizeof image});
    held_save(c->slow, w, SESSION_TABLE_SLOW);
}

static Status
core_restore(void *ctx, const StateRecord *record, Err *err)
{
    SessionCore *c = ctx;
    CoreImage image;
    if (record->image.len != sizeof image) return state_damaged("the time of sessions", err);
    memcpy(&image, record->image.ptr, sizeof image);
    c->closed_us = image.closed_us;
    c->arrivals = image.arrivals;
    c->starts = image.starts + 1;
    return ERR_OK;
}

static void
slow_row_is_back(void *ctx, u32 row)
{
    SessionCore *c = ctx;
    held_queue_add(&c->waiting, c->slow, row);
}

Status
session_core_restore(SessionCore *c, StateReader *r, Err *err)
{
    TRY(state_each(r, SESSION_TABLE_CORE, core_restore, c, err));
    return held_restore(c->slow, r, SESSION_TABLE_SLOW, slow_row_is_back, c, err);
}
