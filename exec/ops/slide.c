/* slide.c - three ways to make a window of slices.
 *
 *  - CUMULATE merges each slice into a running pane.
 *  - HOP, when all aggregates can subtract (counts and exact sums can): a running pane to which new
 *    slices are added and from which old ones are subtracted. Each of its rows counts the slices
 *    that it is made of: at zero the group is gone; when half are gone, the pane is made anew.
 *  - HOP otherwise (MIN, MAX, DISTINCT): two stacks per key (the queue of two stacks is folklore;
 *    for windows see K. Tangwongsan et al., "In-Order Sliding-Window Aggregation in Worst-Case
 *    Constant Time", VLDB Journal 2021):
 *
 *      front  s1+s2+s3 -> s2+s3 -> s3     one suffix per slice that has the key; the top is popped
 *                                         when its slice leaves
 *      back   s4+s5                       one state, in the running pane's row
 *      window = top of front + back
 *
 *    When a slice leaves that is not in front, all slices become the front: each is merged twice
 *    in its life. A part that is late, and so comes when its slice is in front already, is merged
 *    into the suffixes that hold its slice.
 *
 * A merged state is spent, so what stays is copied first where states own memory. */
#include "exec/ops/slide.h"
#include "base/mem.h"

/* A suffix of the front, with its states behind it. */
typedef struct Front Front;
struct Front {
    i64 start_us; /* of its oldest slice: it is gone when that leaves */
    Front *next;  /* without that slice */
};

/* Behind the states of a running row. */
typedef struct Mark {
    Front *front; /* two stacks only */
    u32 slices;   /* that the row's own states are made of */
    u32 known;    /* not a new row any more */
} Mark;

typedef enum SlideMode { SLIDE_CUMULATE, SLIDE_SUBTRACT, SLIDE_STACKS } SlideMode;

enum { BLOCK_ROWS = 256, FRONT_BLOCK_BYTES = 64 * 1024 };

struct Slide {
    SlideMode mode;
    const PaneShape *shape; /* of slices */
    PaneShape run_shape;    /* with a Mark; CUMULATE: as shape */
    WindowCut cut;
    u32 mark_at;
    bool started;
    i64 end_us; /* of the current window */
    Pane *run;  /* NULL: no rows */
    u64 dead;   /* rows of run without slices */
    Pane **slices;
    u32 nslices, slices_cap;
    u64 slices_bytes;
    i64 front_end_us; /* slices that begin before it are in front */
    u32 front_bytes;
    u8 **blocks; /* of Fronts */
    u32 nblocks, blocks_cap;
    u32 block_used;
    u8 *scratch; /* rows put together for the caller */
    u32 nscratch;
    u8 *spare; /* one row, for a copy that is merged and so spent */
};

/* ---- set-up ------------------------------------------------------------------------------- */

static void
slide_shape(Slide *s, Arena *a)
{
    RowLayout *l = arena_make(a, RowLayout);
    *l = *s->shape->layout;
    s->mark_at = row_layout_add(l, sizeof(Mark));
    s->run_shape.layout = l;
}

Slide *
slide_new(Arena *a, const PaneShape *shape, const WindowCut *cut)
{
    Slide *s = mem_make(Slide);
    const RowLayout *l = shape->layout;
    s->shape = shape;
    s->run_shape = *shape;
    s->cut = *cut;
    s->mode = cut->cumulate ? SLIDE_CUMULATE : SLIDE_SUBTRACT;
    for (u32 i = 0; i < l->naggs; i++) {
        const AggFns *f = shape->aggs[i]->fns;
        assert(!f->done || f->copy);
        if (!f->subtract && !cut->cumulate) s->mode = SLIDE_STACKS;
    }
    s->front_end_us = INT64_MIN;
    s->front_bytes = (u32)sizeof(Front) + l->states_bytes;
    s->spare = mem_aligned(64, l->row_bytes);
    if (s->mode != SLIDE_CUMULATE) slide_shape(s, a);
    return s;
}

static Mark *
mark_of(const Slide *s, u8 *row)
{
    return (Mark *)(void *)(row + s->mark_at);
}

/* ---- states ------------------------------------------------------------------------------- */

static void
state_copy(const AggCall *c, u8 *to, const u8 *from)
{
    if (c->fns->copy) {
        memset(to, 0, c->state_bytes);
        c->fns->copy(c, to, from);
    } else {
        memcpy(to, from, c->state_bytes);
    }
}

/* `from` stays as it is. */
static void
state_merge(const Slide *s, u32 agg, u8 *to, const u8 *from)
{
    const AggCall *c = s->shape->aggs[agg];
    if (!c->fns->done) {
        c->fns->merge(c, to, (u8 *)(uintptr_t)from);
        return;
    }
    u8 *copy = s->spare + s->shape->layout->agg_at[agg];
    state_copy(c, copy, from);
    c->fns->merge(c, to, copy);
    c->fns->done(c, copy);
}

static u8 *
front_state(const Slide *s, Front *f, u32 agg)
{
    return (u8 *)(f + 1) + (s->shape->layout->agg_at[agg] - s->shape->layout->states_at);
}

static void
front_done(const Slide *s, Front *f)
{
    for (u32 i = 0; i < s->shape->layout->naggs; i++) {
        const AggCall *c = s->shape->aggs[i];
        if (c->fns->done) c->fns->done(c, front_state(s, f, i));
    }
}

/* Off with suffixes whose oldest slice has left. */
static Front *
front_top(const Slide *s, Mark *m)
{
    while (m->front && m->front->start_us < s->end_us - s->cut.size_us) {
        Front *gone = m->front;
        m->front = gone->next;
        front_done(s, gone);
    }
    return m->front;
}

static void
scratch_drop(Slide *s)
{
    const RowLayout *l = s->shape->layout;
    for (u32 i = 0; i < s->nscratch; i++) {
        u8 *row = s->scratch + (size_t)i * l->row_bytes;
        for (u32 a = 0; a < l->naggs; a++) {
            const AggCall *c = s->shape->aggs[a];
            if (c->fns->done) c->fns->done(c, row + l->agg_at[a]);
        }
    }
    s->nscratch = 0;
}

/* The running pane and the front go. */
static void
run_drop(Slide *s)
{
    for (u32 i = 0; s->mode == SLIDE_STACKS && s->run && i < pane_rows(s->run); i++) {
        Mark *m = mark_of(s, pane_row(s->run, i));
        for (; m->front; m->front = m->front->next) front_done(s, m->front);
    }
    for (u32 i = 0; i < s->nblocks; i++) mem_free(s->blocks[i]);
    s->nblocks = 0;
    pane_unref(s->run);
    s->run = NULL;
    s->dead = 0;
    s->front_end_us = INT64_MIN;
}

void
slide_free(Slide *s)
{
    if (!s) return;
    scratch_drop(s);
    run_drop(s);
    for (u32 i = 0; i < s->nslices; i++) pane_unref(s->slices[i]);
    mem_free(s->slices);
    mem_free(s->blocks);
    mem_free(s->scratch);
    mem_free(s->spare);
    mem_free(s);
}

/* ---- slices into the running pane ----------------------------------------------------------- */

/* Rows stay where they are, so that many can be found first and merged then. */
static Pane *
run_new(const Slide *s)
{
    Pane *p = pane_new(&s->run_shape, (PaneId){0, 0});
    pane_pin(p);
    return p;
}

/* Rows `at`.. of a slice and their groups in the running pane; how many. */
static u32
block_of(Slide *s, const Pane *p, u32 at, u8 **from, u8 **to)
{
    u32 n = MIN(pane_rows(p) - at, (u32)BLOCK_ROWS);
    for (u32 i = 0; i < n; i++) {
        from[i] = pane_row(p, at + i);
        to[i] = pane_group_of(s->run, p, from[i]);
    }
    return n;
}

static void
run_add(Slide *s, const Pane *p)
{
    const RowLayout *l = s->shape->layout;
    u8 *from[BLOCK_ROWS], *to[BLOCK_ROWS];
    for (u32 at = 0, n; at < pane_rows(p); at += n) {
        n = block_of(s, p, at, from, to);
        for (u32 i = 0; i < n; i++) {
            Mark *m = mark_of(s, to[i]);
            s->dead -= m->slices++ == 0 && m->known;
            m->known = 1;
        }
        for (u32 a = 0; a < l->naggs; a++) {
            for (u32 i = 0; i < n; i++) {
                state_merge(s, a, to[i] + l->agg_at[a], from[i] + l->agg_at[a]);
            }
        }
    }
}

static void
run_subtract(Slide *s, const Pane *p)
{
    const RowLayout *l = s->shape->layout;
    u8 *from[BLOCK_ROWS], *to[BLOCK_ROWS];
    for (u32 at = 0, n; at < pane_rows(p); at += n) {
        n = block_of(s, p, at, from, to);
        for (u32 i = 0; i < n; i++) s->dead += --mark_of(s, to[i])->slices == 0;
        for (u32 a = 0; a < l->naggs; a++) {
            const AggCall *c = s->shape->aggs[a];
            u32 state_at = l->agg_at[a];
            for (u32 i = 0; i < n; i++) c->fns->subtract(c, to[i] + state_at, from[i] + state_at);
        }
    }
}

/* Rows of dead groups go: the others move into a new pane. */
static void
run_compact(Slide *s)
{
    if (s->dead < BLOCK_ROWS || s->dead * 2 < pane_rows(s->run)) return;
    const RowLayout *l = s->shape->layout;
    Pane *old = s->run;
    s->run = run_new(s);
    for (u32 i = 0; i < pane_rows(old); i++) {
        u8 *from = pane_row(old, i);
        if (mark_of(s, from)->slices == 0) continue;
        u8 *to = pane_group_of(s->run, old, from);
        *mark_of(s, to) = *mark_of(s, from);
        for (u32 a = 0; a < l->naggs; a++) {
            const AggCall *c = s->shape->aggs[a];
            c->fns->merge(c, to + l->agg_at[a], from + l->agg_at[a]);
        }
    }
    s->dead = 0;
    pane_unref(old);
}

/* ---- two stacks --------------------------------------------------------------------------- */

static Front *
front_new(Slide *s, i64 start_us, Front *next)
{
    u32 each = (s->front_bytes + 7) & ~7u, per_block = MAX(FRONT_BLOCK_BYTES / each, 1u);
    if (s->nblocks == 0 || s->block_used == per_block) {
        mem_grow(s->blocks, s->nblocks, s->blocks_cap);
        s->blocks[s->nblocks++] = mem_aligned(64, (size_t)each * per_block);
        s->block_used = 0;
    }
    Front *f = (Front *)(void *)(s->blocks[s->nblocks - 1] + (size_t)each * s->block_used++);
    *f = (Front){.start_us = start_us, .next = next};
    return f;
}

/* A suffix of a slice's row and the suffix behind it. */
static Front *
front_of(Slide *s, i64 start_us, const u8 *row, Front *next)
{
    Front *f = front_new(s, start_us, next);
    const RowLayout *l = s->shape->layout;
    for (u32 a = 0; a < l->naggs; a++) {
        state_copy(s->shape->aggs[a], front_state(s, f, a), row + l->agg_at[a]);
        if (next) state_merge(s, a, front_state(s, f, a), front_state(s, next, a));
    }
    return f;
}

/* All slices become the front. */
static void
stacks_flip(Slide *s)
{
    run_drop(s);
    if (s->nslices == 0) return;
    s->run = run_new(s);
    for (u32 i = s->nslices; i-- > 0;) {
        Pane *p = s->slices[i];
        for (u32 r = 0; r < pane_rows(p); r++) {
            u8 *row = pane_row(p, r);
            Mark *m = mark_of(s, pane_group_of(s->run, p, row));
            m->front = front_of(s, pane_id(p).start_us, row, m->front);
        }
    }
    s->front_end_us = pane_id(s->slices[s->nslices - 1]).start_us + 1;
}

/* A late part of a slice in front goes into every suffix that holds its slice. */
static void
stacks_add_late(Slide *s, const Pane *p)
{
    const RowLayout *l = s->shape->layout;
    i64 start_us = pane_id(p).start_us;
    for (u32 r = 0; r < pane_rows(p); r++) {
        u8 *row = pane_row(p, r);
        Mark *m = mark_of(s, pane_group_of(s->run, p, row));
        (void)front_top(s, m);
        Front **at = &m->front;
        bool there = false;
        for (; *at && (*at)->start_us <= start_us; at = &(*at)->next) {
            there = (*at)->start_us == start_us;
            for (u32 a = 0; a < l->naggs; a++) {
                state_merge(s, a, front_state(s, *at, a), row + l->agg_at[a]);
            }
        }
        if (!there) *at = front_of(s, start_us, row, *at);
    }
}

/* ---- windows ------------------------------------------------------------------------------ */

bool
slide_next(const Slide *s, i64 *ret_end_us)
{
    if (!s->run) return false;
    *ret_end_us = s->end_us + s->cut.step_us;
    return s->mode != SLIDE_CUMULATE || *ret_end_us <= pane_id(s->run).first_end_us;
}

/* Slices that begin before the window leave. */
static void
slices_leave(Slide *s, i64 window_us)
{
    u32 n = 0;
    while (n < s->nslices && pane_id(s->slices[n]).start_us < window_us) n++;
    if (n == 0) return;
    bool all = n == s->nslices, behind_front = false;
    for (u32 i = 0; i < n; i++) {
        if (!all && s->mode == SLIDE_SUBTRACT) run_subtract(s, s->slices[i]);
        behind_front |= pane_id(s->slices[i]).start_us >= s->front_end_us;
        s->slices_bytes -= pane_bytes(s->slices[i]);
        pane_unref(s->slices[i]);
    }
    s->nslices -= n;
    memmove(s->slices, s->slices + n, s->nslices * sizeof *s->slices);
    if (all)
        run_drop(s);
    else if (s->mode == SLIDE_SUBTRACT)
        run_compact(s);
    else if (behind_front)
        stacks_flip(s);
}

void
slide_to(Slide *s, i64 end_us)
{
    assert(!s->started || end_us >= s->end_us);
    scratch_drop(s);
    s->started = true;
    s->end_us = end_us;
    if (s->mode != SLIDE_CUMULATE) {
        slices_leave(s, end_us - s->cut.size_us);
    } else if (s->run && pane_id(s->run).first_end_us < end_us) {
        run_drop(s);
    }
}

static void
slices_insert(Slide *s, Pane *p)
{
    mem_grow(s->slices, s->nslices, s->slices_cap);
    u32 at = s->nslices++;
    for (; at && pane_id(s->slices[at - 1]).start_us > pane_id(p).start_us; at--) {
        s->slices[at] = s->slices[at - 1];
    }
    s->slices[at] = p;
    pane_seal(p);
    s->slices_bytes += pane_bytes(p);
}

static void
cumulate_add(Slide *s, Pane *p)
{
    if (!s->run) {
        i64 start_us = cut_start_of(&s->cut, pane_id(p).start_us, s->end_us);
        s->run = pane_new(s->shape, (PaneId){start_us + s->cut.size_us, start_us});
        pane_pin(s->run);
    }
    const RowLayout *l = s->shape->layout;
    u8 *from[BLOCK_ROWS], *to[BLOCK_ROWS];
    for (u32 at = 0, n; at < pane_rows(p); at += n) {
        n = block_of(s, p, at, from, to);
        for (u32 a = 0; a < l->naggs; a++) {
            const AggCall *c = s->shape->aggs[a];
            u32 state_at = l->agg_at[a];
            for (u32 i = 0; i < n; i++) c->fns->merge(c, to[i] + state_at, from[i] + state_at);
        }
    }
    pane_unref(p);
}

void
slide_add(Slide *s, Pane *p)
{
    assert(s->started);
    scratch_drop(s);
    if (pane_rows(p) == 0) {
        pane_unref(p);
        return;
    }
    if (s->mode == SLIDE_CUMULATE) {
        cumulate_add(s, p);
        return;
    }
    slices_insert(s, p);
    if (!s->run) s->run = run_new(s);
    if (pane_id(p).start_us < s->front_end_us)
        stacks_add_late(s, p);
    else
        run_add(s, p);
}

u64
slide_bytes(const Slide *s)
{
    u64 front = (u64)s->nblocks * MAX((u32)FRONT_BLOCK_BYTES, s->front_bytes);
    return s->slices_bytes + front + (s->run ? pane_bytes(s->run) : 0);
}

/* ---- rows --------------------------------------------------------------------------------- */

Pane *
slide_window(const Slide *s)
{
    return s->run;
}

i64
slide_window_start(const Slide *s)
{
    if (s->mode == SLIDE_CUMULATE) return pane_id(s->run).start_us;
    return s->end_us - s->cut.size_us;
}

/* A row of the window whose states are the back's and the top's of the front. */
static u8 *
row_of_stacks(Slide *s, u8 *row)
{
    const RowLayout *l = s->shape->layout;
    if (!s->scratch) s->scratch = mem_aligned(64, (size_t)BATCH_ROWS_MAX * l->row_bytes);
    u8 *to = s->scratch + (size_t)s->nscratch++ * l->row_bytes;
    memcpy(to, row, l->states_at);
    Front *top = mark_of(s, row)->front;
    bool back = mark_of(s, row)->slices > 0;
    for (u32 a = 0; a < l->naggs; a++) {
        u8 *state = to + l->agg_at[a];
        state_copy(s->shape->aggs[a], state, back ? row + l->agg_at[a] : front_state(s, top, a));
        if (back && top) state_merge(s, a, state, front_state(s, top, a));
    }
    return to;
}

u32
slide_rows(Slide *s, const u32 *order, u32 *at, u32 n, u8 **ret_rows)
{
    assert(n <= BATCH_ROWS_MAX);
    scratch_drop(s);
    u32 found = 0, rows = s->run ? pane_rows(s->run) : 0;
    for (; *at < rows && found < n; ++*at) {
        u8 *row = pane_row(s->run, order ? order[*at] : *at);
        if (s->mode == SLIDE_STACKS) {
            Mark *m = mark_of(s, row);
            if (front_top(s, m))
                row = row_of_stacks(s, row);
            else if (m->slices == 0)
                continue;
        } else if (s->mode == SLIDE_SUBTRACT && mark_of(s, row)->slices == 0) {
            continue;
        }
        ret_rows[found++] = row;
    }
    return found;
}

Pane *const *
slide_panes(const Slide *s, u32 *ret_n)
{
    if (s->mode != SLIDE_CUMULATE) {
        *ret_n = s->nslices;
        return s->slices;
    }
    *ret_n = s->run != NULL;
    return (Pane *const *)&s->run;
}

void
slide_restore_running(Slide *s, Pane *p)
{
    assert(s->mode == SLIDE_CUMULATE && !s->run);
    pane_pin(p);
    s->run = p;
}
