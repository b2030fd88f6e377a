/* op_session_agg.c - GROUP BY over SESSION windows.
 *
 * A session's row holds the states of the aggregates; rows of a batch are added by column, as in
 * any other aggregate, once all of them have found their sessions. Sessions that meet merge states.
 *
 * FIRST_VALUE and LAST_VALUE: rows do not come in the canonical order (slow ones wait), and merging
 * sessions have rows before and after each other's. So each such state has the place of the row
 * that its value came from beside it, and a row counts only if its own place is before (after) it.
 * Other aggregates that depend on order would need all rows, and are refused. */
#include "base/mem.h"
#include "exec/ops/agg_lanes.h"
#include "exec/ops/op_session_core.h"
#include "exec/ops/session.h"
#include "exec/state/distinct.h"
#include "exec/state/row_codec.h"

static const OpDef session_agg_def;

typedef enum Taking { TAKE_ALL, TAKE_FIRST, TAKE_LAST } Taking;

typedef struct SessionCall {
    const AggCall *call;
    u32 at; /* of its state in the row */
    Taking taking;
    u32 place_at; /* of the place of its value, unless it takes all; arrival 0: no value yet */
} SessionCall;

typedef struct SessionAgg {
    SessionCore core;
    SessionCall *calls;
    u32 ncalls;
    SessionUser user;
    bool replace; /* the next barrier writes everything anew */
    Schema keys;  /* of the key columns alone, for the state */
    u8 *nowhere;  /* a row for lanes that are left out: never read */
    u8 *rows[BATCH_ROWS_MAX];
    u64 mask[BATCH_MASK_WORDS];
} SessionAgg;

/* ---- states ------------------------------------------------------------------------------- */

static void
agg_init(void *ctx, u8 *row)
{
    SessionAgg *a = ctx;
    for (u32 i = 0; i < a->ncalls; i++) {
        const AggCall *c = a->calls[i].call;
        if (c->fns->init) c->fns->init(c, row + a->calls[i].at);
    }
}

static void
agg_done(void *ctx, u8 *row)
{
    SessionAgg *a = ctx;
    for (u32 i = 0; i < a->ncalls; i++) {
        const AggCall *c = a->calls[i].call;
        if (c->fns->done) c->fns->done(c, row + a->calls[i].at);
    }
}

static HeldPlace *
place_of(const SessionCall *c, u8 *row)
{
    return (HeldPlace *)(void *)(row + c->place_at);
}

/* Does a value of that place replace the one there is? */
static bool
place_wins(const SessionCall *c, const HeldPlace *now, const HeldPlace *before)
{
    if (now->arrival == 0 || before->arrival == 0) return now->arrival != 0;
    int order = held_place_cmp(now, before);
    return c->taking == TAKE_FIRST ? order < 0 : order > 0;
}

static void
state_reset(const AggCall *c, u8 *state)
{
    if (c->fns->done) c->fns->done(c, state);
    memset(state, 0, c->state_bytes);
    if (c->fns->init) c->fns->init(c, state);
}

static void
agg_merge(void *ctx, u8 *to, u8 *from)
{
    SessionAgg *a = ctx;
    for (u32 i = 0; i < a->ncalls; i++) {
        const SessionCall *s = &a->calls[i];
        const AggCall *c = s->call;
        if (s->taking == TAKE_ALL) {
            c->fns->merge(c, to + s->at, from + s->at);
        } else if (place_wins(s, place_of(s, from), place_of(s, to))) {
            state_reset(c, to + s->at);
            c->fns->merge(c, to + s->at, from + s->at);
            *place_of(s, to) = *place_of(s, from);
        }
    }
    agg_done(a, from);
}

/* ---- rows --------------------------------------------------------------------------------- */

/* A session's first value comes once or twice in its life: each is taken by itself. */
static void
take_first(SessionAgg *a, const SessionCall *s, const Vector *args, const u64 *lanes, u32 n)
{
    u64 one[BATCH_MASK_WORDS] = {0};
    for (u32 i = 0; i < n; i++) {
        if (lanes && !bit_get(lanes, i)) continue;
        HeldPlace *best = place_of(s, a->rows[i]);
        if (!place_wins(s, &a->core.place[i], best)) continue;
        *best = a->core.place[i];
        state_reset(s->call, a->rows[i] + s->at);
        bit_set(one, i);
        s->call->fns->update_one(s->call, a->rows[i] + s->at, args, one, n);
        bit_clear(one, i);
    }
}

/* The lanes that are later than what their session has; a later one of them overwrites. */
static void
take_last(SessionAgg *a, const SessionCall *s, const Vector *args, const u64 *lanes, u32 n)
{
    u64 later[BATCH_MASK_WORDS] = {0};
    for (u32 i = 0; i < n; i++) {
        if (lanes && !bit_get(lanes, i)) continue;
        HeldPlace *best = place_of(s, a->rows[i]);
        if (!place_wins(s, &a->core.place[i], best)) continue;
        *best = a->core.place[i];
        bit_set(later, i);
    }
    s->call->fns->update(s->call, a->rows, s->at, args, later, n);
}

static void
agg_rows(SessionCore *core, const Batch *b)
{
    SessionAgg *a = (SessionAgg *)core;
    for (u32 i = 0; i < b->rows; i++) {
        u32 slot = core->slot[i];
        a->rows[i] = slot == SESSION_NONE ? a->nowhere : session_row(core->table, slot);
    }
    const u64 *keep = core->all_kept ? NULL : core->keep;
    const PlanNode *node = core->op.node;
    for (u32 i = 0; i < a->ncalls; i++) {
        const SessionCall *s = &a->calls[i];
        Vector args[FUNC_ARGS_MAX];
        agg_args(&node->agg.aggs[i], b, args);
        const u64 *lanes = agg_lanes(&node->agg.aggs[i], b, args, keep, a->mask);
        switch (s->taking) {
        case TAKE_ALL:
            s->call->fns->update(s->call, a->rows, s->at, args, lanes, b->rows);
            break;
        case TAKE_FIRST:
            take_first(a, s, args, lanes, b->rows);
            break;
        case TAKE_LAST:
            take_last(a, s, args, lanes, b->rows);
            break;
        }
        agg_args_done(args);
    }
}

/* ---- making ------------------------------------------------------------------------------- */

static Status
call_new(Arena *arena, const BoundAgg *agg, SessionCall *ret, Err *err)
{
    const AggDef *def = agg->call.def;
    *ret = (SessionCall){.call = &agg->call};
    if (def->flags & AGG_ORDERED) {
        bool first = strcmp(def->name, "FIRST_VALUE") == 0;
        bool last = strcmp(def->name, "LAST_VALUE") == 0 && !agg->distinct;
        if (!first && !last) {
            Status st = err_set(err, W2001, agg->call.pos, "not supported yet: %s%s over SESSION",
                                agg->distinct ? "DISTINCT in " : "", def->name);
            err_at(err, agg->call.pos, agg->call.width);
            return st;
        }
        ret->taking = first ? TAKE_FIRST : TAKE_LAST;
    } else if (agg->distinct) {
        ret->call = distinct_call(arena, &agg->call);
    }
    assert(ret->call->fns->merge);
    return ERR_OK;
}

static void
key_schema(SessionAgg *a, Arena *arena, const PlanNode *n)
{
    a->keys = (Schema){.at = arena_array(arena, Column, n->agg.nkeys + 1), .len = n->agg.nkeys};
    for (u32 k = 0; k < n->agg.nkeys; k++) a->keys.at[k] = n->input[0]->schema.at[n->agg.keys[k]];
}

Status
session_agg_create(OpCtx *ctx, const PlanNode *n, Op **ret_op, Err *err)
{
    if (n->agg.nkeys > ROW_KEYS_MAX) {
        return err_set(err, W2001, n->pos, "not supported yet: GROUP BY of more than %d columns",
                       ROW_KEYS_MAX);
    }
    SessionAgg *a = mem_make(SessionAgg);
    *ret_op = &a->core.op;
    a->core.op.def = &session_agg_def;
    a->core.op.node = n;
    a->ncalls = n->agg.naggs;
    a->calls = mem_array(SessionCall, a->ncalls);
    u32 *state_bytes = arena_array(ctx->arena, u32, a->ncalls + 1);
    Status st = ERR_OK;
    for (u32 i = 0; i < a->ncalls && !st; i++) {
        st = call_new(ctx->arena, &n->agg.aggs[i], &a->calls[i], err);
        if (!st) state_bytes[i] = a->calls[i].call->state_bytes;
    }
    if (st) return st;
    const Schema *input = &n->input[0]->schema;
    RowLayout *layout =
        row_layout_new(ctx->arena, input, n->agg.keys, n->agg.nkeys, state_bytes, a->ncalls);
    a->user = (SessionUser){.fns = {agg_init, agg_merge, agg_done}, .rows = agg_rows};
    for (u32 i = 0; i < a->ncalls; i++) {
        a->calls[i].at = layout->agg_at[i];
        if (a->calls[i].taking == TAKE_ALL) continue;
        a->calls[i].place_at = row_layout_add(layout, sizeof(HeldPlace));
        a->user.places = true;
    }
    session_core_init(&a->core, ctx, n, &n->agg.window, layout, &a->user);
    key_schema(a, ctx->arena, n);
    a->nowhere = mem_aligned(64, layout->row_bytes);
    memset(a->nowhere, 0, layout->row_bytes);
    return ERR_OK;
}

static void
session_agg_destroy(Op *op)
{
    SessionAgg *a = (SessionAgg *)op;
    session_core_done(&a->core);
    mem_free(a->nowhere);
    mem_free(a->calls);
    mem_free(a);
}

/* ---- running ------------------------------------------------------------------------------ */

static Status
session_agg_process(Op *op, u32 port, Batch *b, Out *out, Err *err)
{
    assert(port == 0);
    (void)out;
    return session_core_add((SessionCore *)op, b, err);
}

static Status
emit_sessions(SessionAgg *a, u32 n, Batch **ret_batch, Err *err)
{
    SessionCore *c = &a->core;
    const PlanNode *node = c->op.node;
    const u32 *slots = c->fired + c->emitted;
    for (u32 i = 0; i < n; i++) a->rows[i] = session_row(c->table, slots[i]);
    Batch *b = batch_new(node->schema.len, n);
    b->proc_time_us = c->proc_us;
    u32 col = 0;
    for (u32 k = 0; k < node->agg.nkeys; k++) {
        b->col[col++] = session_key_column(c->table, k, a->rows, n);
    }
    for (u32 i = 0; i < a->ncalls; i++, col++) {
        const AggCall *call = a->calls[i].call;
        b->col[col] = vector_new(node->schema.at[col].type, n);
        Status st = call->fns->finish(call, a->rows, a->calls[i].at, &b->col[col], n, err);
        if (st) {
            batch_free(b);
            return st;
        }
    }
    session_core_bounds(c, a->rows, b, col, node->agg.win_start, node->agg.win_end,
                        node->agg.win_time);
    for (u32 i = 0; i < n; i++) session_release(c->table, slots[i]);
    c->emitted += n;
    *ret_batch = b;
    return ERR_OK;
}

static Status
session_agg_resume(Op *op, Out *out, Err *err)
{
    SessionAgg *a = (SessionAgg *)op;
    SessionCore *c = &a->core;
    while (c->emitted < c->nfired) {
        if (!out_has_room(out)) {
            out_again(out);
            return ERR_OK;
        }
        Batch *b = NULL;
        TRY(emit_sessions(a, MIN(c->nfired - c->emitted, c->ctx->batch_rows), &b, err));
        TRY(out_batch(out, b, err));
    }
    return session_core_pass_on(c, out, err);
}

static Status
session_agg_watermark(Op *op, i64 event_us, i64 proc_us, Out *out, Err *err)
{
    session_core_advance((SessionCore *)op, event_us, proc_us, op->node->agg.sorted);
    return session_agg_resume(op, out, err);
}

/* ---- state -------------------------------------------------------------------------------- */

/* A chunk's record: its keys as rows (row_codec.h), then by column: start and last; per aggregate
 * the places of the values, if it has them, and the states. */
typedef struct Saving {
    SessionAgg *a;
    StateWriter *w;
    StrBuf image;
} Saving;

static void
save_bytes(StrBuf *image, const void *bytes, size_t n)
{
    strbuf_add(image, bytes, n);
}

static void
save_call(const SessionCall *s, u8 *const *rows, u32 n, StrBuf *image)
{
    for (u32 i = 0; i < n && s->taking != TAKE_ALL; i++) {
        save_bytes(image, place_of(s, rows[i]), sizeof(HeldPlace));
    }
    for (u32 i = 0; i < n; i++) {
        if (s->call->fns->save)
            s->call->fns->save(s->call, rows[i] + s->at, image);
        else
            save_bytes(image, rows[i] + s->at, s->call->state_bytes);
    }
}

static void
save_chunk(void *ctx, u32 chunk, const u32 *slots, u32 n)
{
    Saving *s = ctx;
    SessionAgg *a = s->a;
    StateKey key = {.table = SESSION_TABLE_OPEN, .pane = {chunk, 0}};
    if (n == 0) {
        state_delete_pane(s->w, key.table, key.pane[0], 0);
        return;
    }
    for (u32 i = 0; i < n; i++) a->rows[i] = session_row(a->core.table, slots[i]);
    Batch *keys = batch_new(a->keys.len, n);
    for (u32 k = 0; k < a->keys.len; k++) {
        keys->col[k] = session_key_column(a->core.table, k, a->rows, n);
    }
    strbuf_clear(&s->image);
    rows_encode(&a->keys, keys, &s->image);
    batch_free(keys);
    for (u32 i = 0; i < n; i++) {
        const Span *span = session_span(a->core.table, a->rows[i]);
        save_bytes(&s->image, &span->start_us, sizeof span->start_us);
        save_bytes(&s->image, &span->last_us, sizeof span->last_us);
    }
    for (u32 i = 0; i < a->ncalls; i++) save_call(&a->calls[i], a->rows, n, &s->image);
    state_put(s->w, key, strbuf_view(&s->image));
}

static Status
session_agg_barrier(Op *op, StateWriter *w, Out *out, Err *err)
{
    (void)out, (void)err;
    SessionAgg *a = (SessionAgg *)op;
    session_core_save(&a->core, w);
    if (a->replace) state_delete_table(w, SESSION_TABLE_OPEN);
    a->replace = false;
    Saving s = {.a = a, .w = w};
    session_table_changes(a->core.table, save_chunk, &s);
    strbuf_done(&s.image);
    return ERR_OK;
}

static bool
load_bytes(Str *bytes, void *to, size_t n)
{
    if (n > bytes->len) return false;
    memcpy(to, bytes->ptr, n);
    bytes->ptr += n;
    bytes->len -= (u32)n;
    return true;
}

/* Makes the sessions of a record, with their keys and times. */
static bool
load_spans(SessionAgg *a, Batch *keys, Str *bytes)
{
    SessionCore *c = &a->core;
    Batch *wide = batch_new(c->input->len, keys->rows);
    for (u32 k = 0; k < a->keys.len; k++) {
        Vector *to = &wide->col[c->layout->keys[k].col];
        if (!to->data) *to = vector_share(&keys->col[k]);
    }
    key_batch_load(c->keys, wide);
    batch_free(wide);
    for (u32 i = 0; i < keys->rows; i++) {
        i64 us[2];
        u32 slot;
        if (!load_bytes(bytes, us, sizeof us)) return false;
        if (us[0] > us[1] || us[0] < INT64_MIN / 4 || us[1] > INT64_MAX / 4) return false;
        if (!session_restore(c->table, c->keys, i, us[0], us[1], &slot)) return false;
        session_core_expect(c, slot);
        a->rows[i] = session_row(c->table, slot);
    }
    return true;
}

static bool
load_call(const SessionCall *s, u8 *const *rows, u32 n, Str *bytes)
{
    for (u32 i = 0; i < n && s->taking != TAKE_ALL; i++) {
        if (!load_bytes(bytes, place_of(s, rows[i]), sizeof(HeldPlace))) return false;
    }
    for (u32 i = 0; i < n; i++) {
        u8 *state = rows[i] + s->at;
        if (s->call->fns->load) {
            if (s->call->fns->done) s->call->fns->done(s->call, state);
            memset(state, 0, s->call->state_bytes);
            if (!s->call->fns->load(s->call, state, bytes)) return false;
        } else if (!load_bytes(bytes, state, s->call->state_bytes)) {
            return false;
        }
    }
    return true;
}

static Status
load_chunk(void *ctx, const StateRecord *record, Err *err)
{
    SessionAgg *a = ctx;
    Str bytes = record->image;
    Batch *keys;
    TRY(rows_decode(&a->keys, &bytes, BATCH_ROWS_MAX, &keys, err));
    u32 n = keys->rows;
    bool good = load_spans(a, keys, &bytes);
    batch_free(keys);
    for (u32 i = 0; i < a->ncalls && good; i++) good = load_call(&a->calls[i], a->rows, n, &bytes);
    return good && bytes.len == 0 ? ERR_OK : state_damaged("open sessions", err);
}

static Status
session_agg_restore(Op *op, StateReader *r, Err *err)
{
    SessionAgg *a = (SessionAgg *)op;
    a->replace = true;
    TRY(session_core_restore(&a->core, r, err));
    return state_each(r, SESSION_TABLE_OPEN, load_chunk, a, err);
}

static const OpDef session_agg_def = {
    .create = session_agg_create,
    .process = session_agg_process,
    .watermark = session_agg_watermark,
    .resume = session_agg_resume,
    .barrier = session_agg_barrier,
    .restore = session_agg_restore,
    .destroy = session_agg_destroy,
};
