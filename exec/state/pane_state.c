/* pane_state.c - chunks of panes as records, and panes out of records.
 *
 * The table remembers the ids of the panes that have records, ascending; a save walks them beside
 * the live ones. Reading appends rows chunk by chunk without an index, which is made once, at its
 * final size, when a pane is complete. */
#include "exec/state/pane_state.h"
#include "base/mem.h"
#include "exec/state/pane_body.h"
#include "exec/state/row_image.h"
#include <stdlib.h>

struct StateTable {
    u16 number;
    const PaneShape *shape;
    RowImage *image;
    PaneId *known; /* that have records, ascending */
    u32 nknown, known_cap;
    bool described;
    bool foreign; /* the records were written by another number of subtasks */
    StrBuf scratch;
};

/* Before any pane: slices do not start at the beginning of time. */
static const i64 describe_pane[2] = {INT64_MIN, INT64_MIN};

enum { STATE_LAYOUT = 1 }; /* of rows and images; a number in every print */

void
pane_shape_describe(const PaneShape *shape, StrBuf *out)
{
    const RowLayout *l = shape->layout;
    strbuf_printf(out, "layout %d; keys (", STATE_LAYOUT);
    for (u32 k = 0; k < l->nkeys; k++) {
        if (k) strbuf_add(out, ", ", 2);
        type_print(out, l->keys[k].type);
    }
    strbuf_add(out, "); states (", 11);
    for (u32 a = 0; a < l->naggs; a++) {
        const AggCall *c = shape->aggs[a];
        strbuf_printf(out, a ? ", %s(" : "%s(", c->def->name);
        for (u32 i = 0; i < c->nargs; i++) {
            if (i) strbuf_add(out, ", ", 2);
            type_print(out, type_nullable(c->arg_type[i], true));
        }
        strbuf_printf(out, ") %u", c->state_bytes);
    }
    strbuf_printf(out, "); room %u", l->extra_bytes);
}

StateTable *
state_table_new(u16 number, const PaneShape *shape)
{
    StateTable *t = mem_make(StateTable);
    t->number = number;
    t->shape = shape;
    t->image = row_image_new(shape);
    return t;
}

void
state_table_free(StateTable *t)
{
    if (!t) return;
    row_image_free(t->image);
    mem_free(t->known);
    strbuf_done(&t->scratch);
    mem_free(t);
}

static int
id_cmp(PaneId a, PaneId b)
{
    if (a.first_end_us != b.first_end_us) return a.first_end_us < b.first_end_us ? -1 : 1;
    return (a.start_us > b.start_us) - (a.start_us < b.start_us);
}

static int
pane_cmp(const void *a, const void *b)
{
    return id_cmp((*(Pane *const *)a)->id, (*(Pane *const *)b)->id);
}

/* ---- saving ------------------------------------------------------------------------------- */

static StateKey
chunk_key(const StateTable *t, PaneId id, u32 chunk)
{
    return (StateKey){t->number, {id.first_end_us, id.start_us}, chunk};
}

static void
chunk_save(StateTable *t, const Pane *p, u32 chunk, StateWriter *w)
{
    u32 from = chunk << p->chunk_rows_log2, n = MIN(p->rows - from, pane_chunk_rows(p));
    StateKey key = chunk_key(t, p->id, chunk);
    if (row_image_is_plain(t->image)) {
        u8 *to = state_room(w, key, ROW_IMAGE_HEAD + n * t->shape->layout->row_bytes);
        row_image_write_plain(t->image, p->chunks[chunk], n, to);
        return;
    }
    u8 *rows[1 << 12];
    assert(n <= ARRAY_LEN(rows));
    for (u32 i = 0; i < n; i++) rows[i] = pane_row(p, from + i);
    strbuf_clear(&t->scratch);
    row_image_write(t->image, rows, n, &t->scratch);
    state_put(w, key, strbuf_view(&t->scratch));
}

static void
pane_save(StateTable *t, Pane *p, bool known, StateWriter *w)
{
    if (known && !p->stored) state_delete_pane(w, t->number, p->id.first_end_us, p->id.start_us);
    for (u32 c = 0; (u64)c << p->chunk_rows_log2 < p->rows; c++) {
        if (p->stored && !p->dirty[c]) continue;
        chunk_save(t, p, c, w);
        p->dirty[c] = 0;
    }
    p->stored = true;
}

/* The live panes that have rows, ascending. */
static Pane **
panes_in_order(Pane *const *panes, u32 n, u32 *ret_n)
{
    Pane **at = mem_array(Pane *, n);
    u32 len = 0;
    bool in_order = true;
    for (u32 i = 0; i < n; i++) {
        if (pane_rows(panes[i]) == 0) continue;
        in_order &= len == 0 || id_cmp(at[len - 1]->id, panes[i]->id) < 0;
        at[len++] = panes[i];
    }
    if (!in_order) qsort(at, len, sizeof *at, pane_cmp);
    *ret_n = len;
    return at;
}

static void
table_describe(StateTable *t, StateWriter *w)
{
    StrBuf text = {0};
    pane_shape_describe(t->shape, &text);
    StateKey key = {t->number, {describe_pane[0], describe_pane[1]}, 0};
    state_put(w, key, strbuf_view(&text));
    strbuf_done(&text);
    t->described = true;
}

void
state_table_save(StateTable *t, Pane *const *panes, u32 n, StateWriter *w)
{
    if (t->foreign) state_delete_table(w, t->number);
    t->foreign = false;
    u32 live, old = 0;
    Pane **at = panes_in_order(panes, n, &live);
    if (!t->described && live) table_describe(t, w);
    PaneId *known = mem_array(PaneId, live);
    for (u32 i = 0; i < live; i++) {
        assert(i == 0 || id_cmp(at[i - 1]->id, at[i]->id) < 0);
        for (; old < t->nknown && id_cmp(t->known[old], at[i]->id) < 0; old++) {
            state_delete_pane(w, t->number, t->known[old].first_end_us, t->known[old].start_us);
        }
        bool is_known = old < t->nknown && id_cmp(t->known[old], at[i]->id) == 0;
        old += is_known;
        pane_save(t, at[i], is_known, w);
        known[i] = at[i]->id;
    }
    for (; old < t->nknown; old++) {
        state_delete_pane(w, t->number, t->known[old].first_end_us, t->known[old].start_us);
    }
    mem_free(t->known);
    t->known = known;
    t->nknown = t->known_cap = live;
    mem_free(at);
}

/* ---- restoring ---------------------------------------------------------------------------- */

/* Panes of the subtasks read so far are in `done`, ascending; those of the one being read come
 * ascending too, so that they either are among `done` or join `fresh` at its end. */
typedef struct Restore {
    StateTable *t;
    u32 subtask, subtasks;
    bool same; /* number of subtasks */
    u32 reading;
    Pane **done, **fresh;
    u32 ndone, nfresh, fresh_cap;
    Pane *last; /* the pane of the last record */
    u32 next_chunk;
} Restore;

static void
fresh_join(Restore *x)
{
    if (x->nfresh == 0) return;
    Pane **all = mem_array(Pane *, x->ndone + x->nfresh);
    u32 n = 0, i = 0, k = 0;
    while (i < x->ndone || k < x->nfresh) {
        bool older =
            k == x->nfresh || (i < x->ndone && id_cmp(x->done[i]->id, x->fresh[k]->id) < 0);
        all[n++] = older ? x->done[i++] : x->fresh[k++];
    }
    mem_free(x->done);
    x->done = all;
    x->ndone = n;
    x->nfresh = 0;
}

static Pane *
restore_pane(Restore *x, PaneId id)
{
    if (x->last && id_cmp(x->last->id, id) == 0) return x->last;
    x->next_chunk = 0;
    u32 lo = 0, hi = x->ndone;
    while (lo < hi) {
        u32 mid = lo + (hi - lo) / 2;
        if (id_cmp(x->done[mid]->id, id) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo < x->ndone && id_cmp(x->done[lo]->id, id) == 0) return x->last = x->done[lo];
    mem_grow(x->fresh, x->nfresh, x->fresh_cap);
    return x->last = x->fresh[x->nfresh++] = pane_new(x->t->shape, id);
}

static Status
restore_description(Restore *x, const StateRecord *record, Err *err)
{
    StrBuf text = {0};
    pane_shape_describe(x->t->shape, &text);
    bool same = str_eq(strbuf_view(&text), record->image);
    Status st = ERR_OK;
    if (!same) {
        st = err_set(err, W5005, POS_NONE, "stored groups are of another shape: %.*s",
                     STR_ARG(record->image));
        st = err_hint(err, st, "The query needs: %.*s.", STR_ARG(strbuf_view(&text)));
    }
    strbuf_done(&text);
    return st;
}

static Status
restore_record(void *ctx, const StateRecord *record, Err *err)
{
    Restore *x = ctx;
    if (x->same && record->subtask != x->subtask) return ERR_OK;
    if (record->key.pane[0] == describe_pane[0]) return restore_description(x, record, err);
    if (record->subtask != x->reading) {
        fresh_join(x);
        x->last = NULL;
        x->reading = record->subtask;
    }
    RowImageReader r;
    if (!row_image_open(x->t->image, record->image, &r)) {
        return state_damaged("a chunk of groups", err);
    }
    Pane *p = restore_pane(x, (PaneId){record->key.pane[0], record->key.pane[1]});
    /* With as many subtasks as then, chunks lie in memory as they lie in the store. */
    bool fits = r.rows <= pane_chunk_rows(p) && record->key.chunk == x->next_chunk++;
    if (x->same) fits &= (u64)record->key.chunk << p->chunk_rows_log2 == p->rows;
    if (!fits) return state_damaged("a chunk of groups", err);
    pane_reserve_rows(p, r.rows);
    for (u32 i = 0; i < r.rows; i++) {
        if (!row_image_next(&r, p)) return state_damaged("a group", err);
        u64 hash = pane_row_hash(p->shape->layout, pane_row(p, p->rows - 1));
        if (!x->same && pane_share_of(hash, x->subtasks) != x->subtask) row_image_unget(p);
    }
    return row_image_at_end(&r) ? ERR_OK : state_damaged("a chunk of groups", err);
}

/* A pane that has all its rows: found by key from now on. */
static Status
restore_finish(Restore *x, Pane *p, Err *err)
{
    StateTable *t = x->t;
    if (t->shape->layout->nkeys == 0) {
        if (p->rows > 1) return state_damaged("an aggregate without keys", err);
    } else if (!pane_index_rows(p, 0)) {
        return state_damaged("a pane: two groups have one key", err);
    }
    if (!x->same) return ERR_OK;
    memset(p->dirty, 0, p->nchunks);
    p->stored = true;
    mem_grow(t->known, t->nknown, t->known_cap);
    t->known[t->nknown++] = p->id;
    return ERR_OK;
}

/* Hand the panes out; *at says how far it came. */
static Status
restore_give(Restore *x, u32 *at, Status (*each)(void *ctx, Pane *p, Err *err), void *ctx, Err *err)
{
    while (*at < x->ndone) {
        Pane *p = x->done[(*at)++];
        Status st = pane_rows(p) ? restore_finish(x, p, err) : ERR_OK;
        if (st || pane_rows(p) == 0) {
            pane_unref(p);
            TRY(st);
            continue;
        }
        TRY(each(ctx, p, err));
    }
    return ERR_OK;
}

Status
state_table_restore(StateTable *t, StateReader *r, u32 subtask, u32 subtasks,
                    Status (*each)(void *ctx, Pane *p, Err *err), void *ctx, Err *err)
{
    assert(t->nknown == 0 && subtask < subtasks);
    Restore x = {.t = t, .subtask = subtask, .subtasks = subtasks, .reading = UINT32_MAX};
    x.same = state_subtasks_then(r) == subtasks;
    t->foreign = !x.same;
    Status st = state_each(r, t->number, restore_record, &x, err);
    fresh_join(&x);
    u32 given = 0;
    if (st == ERR_OK) st = restore_give(&x, &given, each, ctx, err);
    for (; given < x.ndone; given++) pane_unref(x.done[given]);
    mem_free(x.done);
    mem_free(x.fresh);
    t->described = x.same && t->nknown > 0;
    return st;
}
