/* pane_set.c - panes kept in order, and lanes parted by pane.
 *
 * Rows of a batch fall into few panes as a rule: each pass over the lanes picks out those of one
 * pane. When there are many, the rest is sorted instead. */
#include "exec/ops/pane_set.h"
#include "base/mem.h"
#include <stdlib.h>

/* Few panes are open at a time as a rule; with many, new ones must not cost room for each. */
enum { RESERVE_PANES = 8, PANE_PASSES = 16 };

PaneSet *
pane_set_new(const PaneShape *shape)
{
    PaneSet *s = mem_make(PaneSet);
    s->shape = shape;
    return s;
}

void
pane_set_free(PaneSet *s)
{
    if (!s) return;
    for (u32 i = s->oldest; i < s->nopen; i++) pane_unref(s->open[i]);
    for (u32 i = 0; i < s->nfresh; i++) pane_unref(s->fresh[i]);
    mem_free(s->open);
    mem_free(s->fresh);
    mem_free(s);
}

/* ---- in order ----------------------------------------------------------------------------- */

static int
id_cmp(PaneId a, PaneId b)
{
    if (a.first_end_us != b.first_end_us) return a.first_end_us < b.first_end_us ? -1 : 1;
    return (a.start_us > b.start_us) - (a.start_us < b.start_us);
}

static Pane *
panes_find(Pane *const *panes, u32 n, PaneId id)
{
    u32 lo = 0, hi = n;
    while (lo < hi) {
        u32 mid = lo + (hi - lo) / 2;
        int c = id_cmp(pane_id(panes[mid]), id);
        if (c == 0) return panes[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

Pane *
pane_set_find(const PaneSet *s, PaneId id)
{
    if (s->nopen == s->oldest) return NULL; /* and perhaps no array either */
    return panes_find(s->open + s->oldest, s->nopen - s->oldest, id);
}

void
pane_set_add(PaneSet *s, Pane *p)
{
    mem_grow(s->fresh, s->nfresh, s->fresh_cap);
    s->fresh[s->nfresh++] = p;
}

Pane *
pane_set_get(PaneSet *s, PaneId id)
{
    Pane *p = pane_set_find(s, id);
    if (p) return p;
    p = pane_new(s->shape, id);
    u32 panes = s->nopen - s->oldest + s->nfresh;
    if (s->shape->layout->nkeys && panes < RESERVE_PANES) pane_expect(p, s->usual_rows);
    pane_set_add(s, p);
    return p;
}

Pane *
pane_set_get_next(PaneSet *s, PaneId id)
{
    if (s->nfresh && id_cmp(pane_id(s->fresh[s->nfresh - 1]), id) > 0) pane_set_join(s);
    Pane *p = panes_find(s->fresh, s->nfresh, id);
    return p ? p : pane_set_get(s, id);
}

static int
pane_cmp(const void *a, const void *b)
{
    return id_cmp(pane_id(*(Pane *const *)a), pane_id(*(Pane *const *)b));
}

/* One merge from the newest. */
void
pane_set_join(PaneSet *s)
{
    if (s->nfresh == 0) return;
    if (s->nfresh > 1) qsort(s->fresh, s->nfresh, sizeof(Pane *), pane_cmp);
    u32 live = s->nopen - s->oldest;
    if (s->oldest && s->nopen + s->nfresh > s->open_cap) {
        memmove(s->open, s->open + s->oldest, live * sizeof(Pane *));
        s->oldest = 0;
    }
    while (s->oldest + live + s->nfresh > s->open_cap) mem_grow(s->open, s->open_cap, s->open_cap);
    u32 from = s->oldest + live, to = s->nopen = from + s->nfresh;
    while (s->nfresh) {
        Pane *p = s->fresh[s->nfresh - 1];
        if (from > s->oldest && pane_cmp(&s->open[from - 1], &p) > 0) {
            s->open[--to] = s->open[--from];
        } else {
            s->open[--to] = p;
            s->nfresh--;
        }
    }
}

Pane *
pane_set_first(PaneSet *s)
{
    pane_set_join(s);
    return s->nopen == s->oldest ? NULL : s->open[s->oldest];
}

Pane *
pane_set_take(PaneSet *s)
{
    Pane *p = pane_set_first(s);
    if (!p) return NULL;
    s->oldest++;
    s->usual_rows = pane_rows(p);
    return p;
}

/* ---- from lanes to groups ------------------------------------------------------------------- */

void
pane_set_rows_of_one(PaneSet *s, const KeyBatch *keys, PaneId id, u32 n, u8 **ret_rows)
{
    Pane *p = pane_set_get(s, id);
    if (keys) {
        pane_find_groups(p, keys, NULL, n, ret_rows);
    } else {
        u8 *row = pane_single_group(p);
        for (u32 i = 0; i < n; i++) ret_rows[i] = row;
    }
}

static void
rows_of_lanes(PaneSet *s, const KeyBatch *keys, PaneId id, const u16 *lanes, u32 n, u8 **ret_rows)
{
    Pane *p = pane_set_get(s, id);
    if (!keys) {
        u8 *row = pane_single_group(p);
        for (u32 i = 0; i < n; i++) ret_rows[lanes[i]] = row;
        return;
    }
    pane_find_groups(p, keys, lanes, n, s->found);
    for (u32 i = 0; i < n; i++) ret_rows[lanes[i]] = s->found[i];
}

static PaneId
id_of_lane(const LanePanes *at, u32 lane)
{
    return (PaneId){at->first_end_us[lane], at->start_us[lane]};
}

static int
lane_cmp(const void *a, const void *b, void *ctx)
{
    u16 x = *(const u16 *)a, y = *(const u16 *)b;
    int c = id_cmp(id_of_lane(ctx, x), id_of_lane(ctx, y));
    return c ? c : (x > y) - (x < y);
}

/* Of the first *nleft lanes in s->left, those of the first one's pane. */
static u32
lanes_pick(PaneSet *s, const LanePanes *at, u32 *nleft)
{
    PaneId id = id_of_lane(at, s->left[0]);
    u32 n = 0, others = 0;
    for (u32 i = 0; i < *nleft; i++) {
        u16 lane = s->left[i];
        bool same = at->start_us[lane] == id.start_us && at->first_end_us[lane] == id.first_end_us;
        s->lanes[n] = lane;
        s->left[others] = lane;
        n += same;
        others += !same;
    }
    *nleft = others;
    return n;
}

void
pane_set_rows(PaneSet *s, const KeyBatch *keys, const LanePanes *at, u32 n, u8 *nowhere,
              u8 **ret_rows)
{
    u32 nleft = 0;
    for (u32 i = 0; i < n; i++) {
        ret_rows[i] = nowhere;
        s->left[nleft] = (u16)i;
        nleft += bit_get(at->keep, i);
    }
    for (u32 pass = 0; nleft && pass < PANE_PASSES; pass++) {
        PaneId id = id_of_lane(at, s->left[0]);
        u32 picked = lanes_pick(s, at, &nleft);
        rows_of_lanes(s, keys, id, s->lanes, picked, ret_rows);
    }
    if (nleft) qsort_r(s->left, nleft, sizeof *s->left, lane_cmp, (void *)(uintptr_t)at);
    for (u32 from = 0, to; from < nleft; from = to) {
        PaneId id = id_of_lane(at, s->left[from]);
        for (to = from + 1; to < nleft && id_cmp(id_of_lane(at, s->left[to]), id) == 0;) to++;
        rows_of_lanes(s, keys, id, s->left + from, to - from, ret_rows);
    }
}
