/* op_session_window.c - the rows of SESSION windows: each comes out when its session closes, with
 * window_start, window_end and window_time appended.
 *
 *     session's row: first, last  -> held row -> held row -> ... (exec/state/held.h, by links)
 *
 * Merging sessions join their chains, so a chain is in no order: at the end its rows are sorted
 * by their places. The rows are the whole state: from them the open sessions are found again. */
#include "base/mem.h"
#include "exec/ops/op_session_core.h"
#include "exec/ops/session.h"
#include <stdlib.h>

enum { SESSION_TABLE_ROWS = SESSION_TABLE_OPEN };

/* In each session's row: held rows + 1, 0: none. */
typedef struct Chain {
    u32 first, last;
} Chain;

typedef struct SessionWindow {
    SessionCore core;
    SessionUser user;
    u32 chain_at;
    Held *rows;
    u32 *ready; /* rows of closed sessions, in order */
    u32 *owner; /* the slot of each one's session */
    u32 nready, ready_cap, owner_cap, sent;
    u8 *sessions[BATCH_ROWS_MAX];
} SessionWindow;

static Chain *
chain_of(const SessionWindow *s, u8 *row)
{
    return (Chain *)(void *)(row + s->chain_at);
}

static void
chain_merge(void *ctx, u8 *to, u8 *from)
{
    SessionWindow *s = ctx;
    Chain *a = chain_of(s, to), *b = chain_of(s, from);
    if (b->first == 0) return;
    if (a->first)
        *held_link(s->rows, a->last - 1) = b->first;
    else
        a->first = b->first;
    a->last = b->last;
    *b = (Chain){0};
}

static void
chain_add(SessionWindow *s, u32 slot, u32 row)
{
    Chain *c = chain_of(s, session_row(s->core.table, slot));
    *held_link(s->rows, row) = 0;
    if (c->first)
        *held_link(s->rows, c->last - 1) = row + 1;
    else
        c->first = row + 1;
    c->last = row + 1;
}

static void
window_rows(SessionCore *c, const Batch *b)
{
    SessionWindow *s = (SessionWindow *)c;
    u16 lanes[BATCH_ROWS_MAX];
    u32 n = 0, *rows = mem_array(u32, b->rows);
    HeldPlace *places = mem_array(HeldPlace, b->rows);
    for (u32 i = 0; i < b->rows; i++) {
        if (c->slot[i] == SESSION_NONE) continue;
        places[n] = c->place[i];
        lanes[n++] = (u16)i;
    }
    if (n) held_add(s->rows, b, lanes, n, places, rows);
    for (u32 i = 0; i < n; i++) chain_add(s, c->slot[lanes[i]], rows[i]);
    mem_free(places);
    mem_free(rows);
}

static u64
window_bytes(const SessionCore *c)
{
    return held_bytes(((const SessionWindow *)c)->rows);
}

/* ---- making ------------------------------------------------------------------------------- */

static const OpDef session_window_def;

Status
session_window_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    const TimeWindow *w = &n->window.spec;
    if (w->npartition > ROW_KEYS_MAX) {
        return err_set(err, W2001, n->pos,
                       "not supported yet: PARTITION BY of more than %d columns", ROW_KEYS_MAX);
    }
    SessionWindow *s = mem_make(SessionWindow);
    *ret_op = &s->core.op;
    s->core.op.def = &session_window_def;
    s->core.op.node = n;
    const Schema *input = &n->input[0]->schema;
    RowLayout *layout = row_layout_new(ctx->arena, input, w->partition, w->npartition, NULL, 0);
    s->chain_at = row_layout_add(layout, sizeof(Chain));
    s->user = (SessionUser){
        .fns = {.merge = chain_merge}, .places = true, .bytes = window_bytes, .rows = window_rows};
    s->rows = held_new(input);
    session_core_init(&s->core, ctx, n, w, layout, &s->user);
    return ERR_OK;
}

static void
session_window_destroy(Op *op)
{
    SessionWindow *s = (SessionWindow *)op;
    session_core_done(&s->core);
    held_free(s->rows);
    mem_free(s->ready);
    mem_free(s->owner);
    mem_free(s);
}

/* ---- running ------------------------------------------------------------------------------ */

static Status
session_window_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    assert(port == 0);
    (void)out;
    return session_core_add((SessionCore *)op, b, err);
}

static int
ready_cmp(const void *a, const void *b, void *held)
{
    return held_place_cmp(held_place(held, *(const u32 *)a), held_place(held, *(const u32 *)b));
}

/* The rows of the next closed session get ready. */
static void
ready_session(SessionWindow *s)
{
    u32 slot = s->core.fired[s->core.emitted++], from = s->nready;
    Chain *c = chain_of(s, session_row(s->core.table, slot));
    for (u32 row = c->first; row; row = *held_link(s->rows, row - 1)) {
        mem_grow(s->owner, s->nready, s->owner_cap);
        mem_grow(s->ready, s->nready, s->ready_cap);
        s->owner[s->nready] = slot;
        s->ready[s->nready++] = row - 1;
    }
    for (u32 i = from + 1; i < s->nready; i++) { /* mostly they came in order */
        if (ready_cmp(&s->ready[i - 1], &s->ready[i], s->rows) <= 0) continue;
        qsort_r(s->ready + from, s->nready - from, sizeof *s->ready, ready_cmp, s->rows);
        break;
    }
}

/* What was sent makes room, when there is much of it. */
static void
ready_trim(SessionWindow *s)
{
    if (s->sent < s->nready && s->sent < 16 * BATCH_ROWS_MAX) return;
    u32 left = s->nready - s->sent;
    if (left) memmove(s->ready, s->ready + s->sent, left * sizeof *s->ready);
    if (left) memmove(s->owner, s->owner + s->sent, left * sizeof *s->owner);
    s->nready = left;
    s->sent = 0;
}

/* n rows that are ready, and what they leave behind. */
static Batch *
send_ready(SessionWindow *s, u32 n)
{
    SessionCore *c = &s->core;
    const u32 *rows = s->ready + s->sent, *owner = s->owner + s->sent;
    Batch *in = held_batch(s->rows, rows, n);
    Batch *b = batch_new(c->op.node->schema.len, n);
    b->proc_time_us = c->proc_us;
    for (u32 col = 0; col < in->cols; col++) {
        b->col[col] = in->col[col];
        in->col[col] = (Vector){0};
    }
    for (u32 i = 0; i < n; i++) s->sessions[i] = session_row(c->table, owner[i]);
    session_core_bounds(c, s->sessions, b, in->cols, true, true, true);
    batch_free(in);
    for (u32 i = 0; i < n; i++) {
        held_drop(s->rows, rows[i]);
        bool last = s->sent + i + 1 == s->nready || owner[i + 1] != owner[i];
        if (last) session_release(c->table, owner[i]);
    }
    s->sent += n;
    return b;
}

/* Few rows of long sessions keep large blocks alive: copy them together. */
static void
rows_compact(SessionWindow *s)
{
    enum { ROOM_MIN = 64 * 1024, SHARE = 4 };
    SessionTable *t = s->core.table;
    if (held_room(s->rows) < ROOM_MIN || held_room(s->rows) / SHARE < held_rows(s->rows)) return;
    Held *to = held_new(s->core.input);
    held_replace(to);
    Held *from = s->rows;
    for (u32 slot = 0; slot < session_table_slots(t); slot++) {
        if (!session_is_open(t, slot)) continue;
        Chain *c = chain_of(s, session_row(t, slot));
        u32 row = c->first;
        *c = (Chain){0};
        while (row) {
            u32 copy, old = row - 1;
            Batch *b = held_batch(from, &old, 1);
            HeldPlace place = *held_place(from, old);
            row = *held_link(from, old);
            held_add(to, b, &(u16){0}, 1, &place, &copy);
            batch_free(b);
            s->rows = to;
            chain_add(s, slot, copy);
        }
    }
    s->rows = to;
    held_free(from);
}

static Status
session_window_resume(Op *op, Out *out, Err *err)
{
    SessionWindow *s = (SessionWindow *)op;
    SessionCore *c = &s->core;
    for (;;) {
        while (c->emitted < c->nfired && s->nready - s->sent < c->ctx->batch_rows) {
            ready_session(s);
        }
        if (s->sent == s->nready) break;
        if (!out_has_room(out)) {
            out_again(out);
            return ERR_OK;
        }
        Batch *b = send_ready(s, MIN(s->nready - s->sent, c->ctx->batch_rows));
        ready_trim(s);
        TRY(out_batch(out, b, err));
    }
    rows_compact(s);
    return session_core_pass_on(c, out, err);
}

static Status
session_window_watermark(Op *op, i64 event_us, i64 proc_us, Out *out, Err *err)
{
    session_core_advance((SessionCore *)op, event_us, proc_us, true);
    return session_window_resume(op, out, err);
}

/* ---- state -------------------------------------------------------------------------------- */

static Status
session_window_barrier(Op *op, StateWriter *w, Out *out, Err *err)
{
    (void)out, (void)err;
    SessionWindow *s = (SessionWindow *)op;
    session_core_save(&s->core, w);
    held_save(s->rows, w, SESSION_TABLE_ROWS);
    return ERR_OK;
}

typedef struct Returning {
    u32 *rows;
    u32 len, cap;
} Returning;

static void
row_is_back(void *ctx, u32 row)
{
    Returning *r = ctx;
    mem_grow(r->rows, r->len, r->cap);
    r->rows[r->len++] = row;
}

/* Open sessions never touch each other, so their rows make the same sessions again, in whatever
 * order they come. */
static Status
session_window_restore(Op *op, StateReader *r, Err *err)
{
    SessionWindow *s = (SessionWindow *)op;
    TRY(session_core_restore(&s->core, r, err));
    Held *stored = held_new(s->core.input);
    Returning back = {0};
    Status st = held_restore(stored, r, SESSION_TABLE_ROWS, row_is_back, &back, err);
    for (u32 from = 0, n; from < back.len && !st; from += n) {
        n = MIN(back.len - from, (u32)BATCH_ROWS_MAX);
        Batch *b = held_batch(stored, back.rows + from, n);
        for (u32 i = 0; i < n; i++) s->core.place[i] = *held_place(stored, back.rows[from + i]);
        st = session_core_readd(&s->core, b, err);
        batch_free(b);
    }
    mem_free(back.rows);
    held_free(stored);
    held_replace(s->rows);
    return st;
}

static const OpDef session_window_def = {
    .create = session_window_create,
    .process = session_window_process,
    .watermark = session_window_watermark,
    .resume = session_window_resume,
    .barrier = session_window_barrier,
    .restore = session_window_restore,
    .destroy = session_window_destroy,
};
