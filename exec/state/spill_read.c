/* spill_read.c - layers merged like sorted runs: a heap of cursors, the least row on top. */
#include "base/mem.h"
#include "exec/state/pane_body.h"
#include "exec/state/spill_body.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { GROUPS_AT_A_TIME = 8 * 1024 };

/* ---- order -------------------------------------------------------------------------------- */

u32
spill_rank(const Spill *s, const u8 *row)
{
    if (s->spec.by_key) return 0;
    return (u32)(pane_row_hash(s->spec.shape->layout, row) >> 32);
}

/* Ascending by the upper half, which is the rank: three passes of eleven bits. */
static void
ranks_sort(u64 *at, u32 n)
{
    enum { BITS = 11, PASSES = 3 };
    u64 *other = mem_array(u64, n);
    for (u32 pass = 0; pass < PASSES; pass++) {
        u32 count[1 << BITS] = {0}, sum = 0, shift = 32 + pass * BITS;
        for (u32 i = 0; i < n; i++) count[at[i] >> shift & (ARRAY_LEN(count) - 1)]++;
        for (u32 i = 0; i < ARRAY_LEN(count); i++) {
            u32 here = count[i];
            count[i] = sum;
            sum += here;
        }
        for (u32 i = 0; i < n; i++) {
            other[count[at[i] >> shift & (ARRAY_LEN(count) - 1)]++] = at[i];
        }
        u64 *swap = at;
        at = other;
        other = swap;
    }
    /* An odd number of passes: the result lies where the scratch was. */
    memcpy(other, at, n * sizeof *at);
    mem_free(at);
}

/* Rows of equal rank are few: put them in the order of their keys one by one. */
static void
ties_sort(const Pane *p, const u64 *rank, u32 *order)
{
    const RowLayout *l = p->shape->layout;
    for (u32 i = 1; i < p->rows; i++) {
        if (rank[i] >> 32 != rank[i - 1] >> 32) continue;
        for (u32 k = i; k > 0 && rank[k - 1] >> 32 == rank[i] >> 32; k--) {
            if (pane_row_cmp(l, pane_row(p, order[k - 1]), pane_row(p, order[k])) <= 0) break;
            u32 swap = order[k];
            order[k] = order[k - 1];
            order[k - 1] = swap;
        }
    }
}

u32 *
spill_order(const Spill *s, const Pane *p)
{
    u32 *order = mem_array(u32, p->rows);
    if (s->spec.by_key) {
        pane_sort(p, order);
        return order;
    }
    u64 *rank = mem_array(u64, p->rows);
    for (u32 i = 0; i < p->rows; i++) rank[i] = (u64)spill_rank(s, pane_row(p, i)) << 32 | i;
    ranks_sort(rank, p->rows);
    for (u32 i = 0; i < p->rows; i++) order[i] = (u32)rank[i];
    ties_sort(p, rank, order);
    mem_free(rank);
    return order;
}

/* ---- one layer ---------------------------------------------------------------------------- */

static Status
read_all(const SpillFile *f, u64 at, void *to, size_t len, Err *err)
{
    u8 *into = to;
    while (len) {
        ssize_t n = pread(f->fd, into, len, (off_t)at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            return err_set(err, W5001, POS_NONE, "cannot read spilled state: %s", strerror(errno));
        }
        if (n == 0) return state_damaged("a spilled pane, which is cut off", err);
        into += n;
        at += (u64)n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

/* The cursor's next block, decoded. */
static Status
block_read(Spill *s, SpillCursor *c, Err *err)
{
    const SpillLayer *l = c->layer;
    const SpillFile *f = spill_file(s, l->file);
    SpillBlock head;
    u64 at = l->at + c->done_bytes, left = l->bytes - c->done_bytes;
    if (left < sizeof head) return state_damaged("a spilled pane", err);
    TRY(read_all(f, at, &head, sizeof head, err));
    if (head.len > left - sizeof head) return state_damaged("a spilled pane", err);
    strbuf_clear(&s->block);
    char *bytes = strbuf_room(&s->block, head.len);
    TRY(read_all(f, at + sizeof head, bytes, head.len, err));
    RowImageReader r;
    if (spill_checksum(bytes, head.len, f->number, at) != head.checksum ||
        !row_image_open(s->image, (Str){bytes, head.len}, &r) || r.rows != head.rows ||
        r.rows > l->rows - c->done_rows) {
        return state_damaged("a spilled pane", err);
    }
    pane_unref(c->block);
    c->block = pane_new(s->spec.shape, l->id);
    pane_reserve_rows(c->block, r.rows);
    for (u32 i = 0; i < r.rows; i++) {
        if (!row_image_next(&r, c->block)) return state_damaged("a spilled group", err);
    }
    if (!row_image_at_end(&r)) return state_damaged("a spilled pane", err);
    c->done_bytes += sizeof head + head.len;
    c->done_rows += r.rows;
    c->at = 0;
    return ERR_OK;
}

/* Step to the next row; before the first one, `row` is NULL and nothing is done yet. */
Status
spill_cursor_next(Spill *s, SpillCursor *c, Err *err)
{
    u8 *before = c->row;
    if (before) c->at++;
    c->row = NULL;
    if (!c->layer) {
        if (c->at < pane_rows(c->live)) c->row = pane_row(c->live, c->order[c->at]);
    } else {
        if (!c->block || c->at == pane_rows(c->block)) {
            if (c->done_rows == c->layer->rows) return ERR_OK;
            TRY(block_read(s, c, err));
        }
        c->row = pane_row(c->block, c->at);
    }
    if (c->row) c->rank = spill_rank(s, c->row);
    return ERR_OK;
}

void
spill_cursor_done(SpillCursor *c)
{
    pane_unref(c->block);
    mem_free(c->order);
    *c = (SpillCursor){0};
}

/* ---- merging ------------------------------------------------------------------------------ */

struct SpillRead {
    Spill *s;
    PaneId id;
    SpillCursor *cursor;
    SpillCursor **heap; /* by row; the least is [0] */
    u32 ncursors, nheap;
};

static int
cursor_cmp(const SpillRead *r, const SpillCursor *a, const SpillCursor *b)
{
    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    int c = pane_row_cmp(r->s->spec.shape->layout, a->row, b->row);
    return c ? c : (a > b) - (a < b); /* older layers first, the live pane last */
}

static void
heap_sink(SpillRead *r, u32 at)
{
    for (u32 child; (child = at * 2 + 1) < r->nheap; at = child) {
        if (child + 1 < r->nheap && cursor_cmp(r, r->heap[child + 1], r->heap[child]) < 0) child++;
        if (cursor_cmp(r, r->heap[at], r->heap[child]) < 0) return;
        SpillCursor *swap = r->heap[at];
        r->heap[at] = r->heap[child];
        r->heap[child] = swap;
    }
}

Status
spill_read_new(Spill *s, const Pane *live, PaneId id, SpillRead **ret_read, Err *err)
{
    u32 from, to = spill_layers_of(s, id, &from);
    SpillRead *r = mem_make(SpillRead);
    r->s = s;
    r->id = id;
    r->cursor = mem_array(SpillCursor, to - from + 1);
    r->heap = mem_array(SpillCursor *, to - from + 1);
    for (u32 i = from; i < to; i++) r->cursor[r->ncursors++].layer = &s->layer[i];
    if (live && pane_rows(live)) {
        SpillCursor *c = &r->cursor[r->ncursors++];
        c->live = live;
        c->order = spill_order(s, live);
    }
    for (u32 i = 0; i < r->ncursors; i++) {
        Status st = spill_cursor_next(s, &r->cursor[i], err);
        if (st) {
            spill_read_free(r);
            return st;
        }
        if (r->cursor[i].row) r->heap[r->nheap++] = &r->cursor[i];
    }
    for (u32 i = r->nheap / 2; i-- > 0;) heap_sink(r, i);
    *ret_read = r;
    return ERR_OK;
}

void
spill_read_free(SpillRead *r)
{
    if (!r) return;
    for (u32 i = 0; i < r->ncursors; i++) spill_cursor_done(&r->cursor[i]);
    mem_free(r->cursor);
    mem_free(r->heap);
    mem_free(r);
}

u8 *
spill_row_move(Pane *to, u8 *from)
{
    const RowLayout *l = to->shape->layout;
    u8 *row = pane_append_raw(to);
    memcpy(row, from, l->row_bytes);
    if (l->has_text) pane_own_texts(to, row);
    if (pane_shape_owns_memory(to->shape)) memset(from + l->states_at, 0, l->states_bytes);
    return row;
}

static u8 *
group_copy(Pane *to, const u8 *from)
{
    const RowLayout *l = to->shape->layout;
    u8 *row = pane_append_raw(to);
    memcpy(row, from, l->states_at);
    memcpy(row + l->extra_at, from + l->extra_at, l->extra_bytes);
    if (l->has_text) pane_own_texts(to, row);
    pane_states_copy(to->shape, row, from);
    return row;
}

static Status
heap_step(SpillRead *r, Err *err)
{
    TRY(spill_cursor_next(r->s, r->heap[0], err));
    if (!r->heap[0]->row) r->heap[0] = r->heap[--r->nheap];
    heap_sink(r, 0);
    return ERR_OK;
}

Status
spill_read_next(SpillRead *r, Pane **ret_pane, Err *err)
{
    *ret_pane = NULL;
    if (r->nheap == 0) return ERR_OK;
    const PaneShape *shape = r->s->spec.shape;
    Pane *p = pane_new(shape, r->id);
    pane_pin(p);
    u8 *group = NULL;
    u32 rank = 0;
    Status st = ERR_OK;
    while (r->nheap && st == ERR_OK) {
        const SpillCursor *c = r->heap[0];
        bool same = group && c->rank == rank && pane_row_cmp(shape->layout, group, c->row) == 0;
        if (!same && pane_rows(p) == GROUPS_AT_A_TIME) break;
        if (same) {
            pane_states_merge(shape, group, c->row);
        } else {
            group = c->layer ? spill_row_move(p, c->row) : group_copy(p, c->row);
            rank = c->rank;
        }
        st = heap_step(r, err);
    }
    if (st) {
        pane_unref(p);
        return st;
    }
    *ret_pane = p;
    return ERR_OK;
}
