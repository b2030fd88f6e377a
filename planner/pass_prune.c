/* pass_prune.c - columns that nobody reads are never made, and projections are merged.
 *
 * From the root down each node is told which of its columns are read, makes itself anew with those
 * (or a few more), and answers where they are now. Most nodes read columns by number, so a PROJECT
 * that only picks columns is not needed at all: the numbers above it change instead. Where the
 * layout counts (the result, a sink, the sides of a union) one is put back if it must be. */
#include "planner/pass.h"

/* need[c]: is column c of *at read? ret_map[c]: its number in the new node, UINT32_MAX if it is
 * gone. Both have room for all columns of the old node. */
static void prune(Binder *b, PlanNode **at, const bool *need, u32 *ret_map);

static bool *
prune_flags(Binder *b, u32 n)
{
    return arena_array(b->a, bool, n + 1);
}

static u32 *
prune_map(Binder *b, u32 n)
{
    u32 *map = arena_array(b->a, u32, n + 1);
    for (u32 i = 0; i < n; i++) map[i] = UINT32_MAX;
    return map;
}

/* ---- projections ---------------------------------------------------------------------------- */

static void
prune_count(const BoundExpr *e, u32 *uses)
{
    if (e->kind == BOUND_COLUMN) uses[e->column]++;
    for (u32 i = 0; i < e->nargs; i++) prune_count(e->args[i], uses);
}

/* PROJECT over PROJECT: one, unless something would be computed twice. */
static void
prune_merge(Binder *b, PlanNode *n)
{
    while (n->input[0]->kind == PLAN_PROJECT) {
        PlanNode *in = n->input[0];
        u32 *uses = arena_array(b->a, u32, in->schema.len + 1);
        BoundExpr **merged = arena_array(b->a, BoundExpr *, n->schema.len + 1);
        for (u32 i = 0; i < n->schema.len; i++) prune_count(n->project.exprs[i], uses);
        for (u32 i = 0; i < in->schema.len; i++) {
            u32 facts = bound_facts(in->project.exprs[i]);
            if (facts & BOUND_VOLATILE || (facts & BOUND_CALLS && uses[i] > 1)) return;
        }
        for (u32 i = 0; i < n->schema.len; i++) {
            merged[i] = bound_replace(b->a, n->project.exprs[i], in->project.exprs);
            if (!bound_small(merged[i])) return;
        }
        n->project.exprs = merged;
        n->input[0] = in->input[0];
    }
}

static void
prune_project(Binder *b, PlanNode **at, const bool *need, u32 *ret_map)
{
    PlanNode *n = *at;
    u32 ncols = n->schema.len, nin = n->input[0]->schema.len, kept = 0;
    bool *below = prune_flags(b, nin), plain = true;
    u32 *map = prune_map(b, nin);
    for (u32 i = 0; i < ncols; i++) {
        if (!need[i]) continue;
        bound_mark(n->project.exprs[i], below);
        plain = plain && n->project.exprs[i]->kind == BOUND_COLUMN;
    }
    prune(b, &n->input[0], below, map);
    if (plain) {
        for (u32 i = 0; i < ncols; i++) {
            if (need[i]) ret_map[i] = map[n->project.exprs[i]->column];
        }
        *at = n->input[0];
        return;
    }
    PlanNode *p = node_new(b->a, PLAN_PROJECT, 1, ncols);
    p->pos = n->pos;
    p->input[0] = n->input[0];
    p->project.exprs = arena_array(b->a, BoundExpr *, ncols + 1);
    for (u32 i = 0; i < ncols; i++) {
        if (!need[i]) continue;
        p->project.exprs[kept] = bound_renumber(b->a, n->project.exprs[i], map);
        p->schema.at[kept] = n->schema.at[i];
        ret_map[i] = kept++;
    }
    p->schema.len = kept;
    prune_merge(b, p);
    *at = p;
}

/* The columns of *at become exactly those of `want` that are needed, in their order. */
static void
prune_exact(Binder *b, PlanNode **at, const Schema *want, const bool *need)
{
    u32 *map = prune_map(b, want->len), n = 0;
    prune(b, at, need, map);
    bool same = true;
    for (u32 i = 0; i < want->len; i++) {
        if (!need[i]) continue;
        same = same && map[i] == n;
        n++;
    }
    if (same && (*at)->schema.len == n) return;
    PlanNode *p = node_new(b->a, PLAN_PROJECT, 1, n);
    p->pos = (*at)->pos;
    p->input[0] = *at;
    p->project.exprs = arena_array(b->a, BoundExpr *, n + 1);
    n = 0;
    for (u32 i = 0; i < want->len; i++) {
        if (!need[i]) continue;
        p->schema.at[n] = want->at[i];
        p->project.exprs[n++] = bound_column(b->a, map[i], (*at)->schema.at[map[i]].type);
    }
    prune_merge(b, p);
    *at = p;
}

/* ---- the others ----------------------------------------------------------------------------- */

/* COUNT(*) reads no column, but rows must have one to be counted by: the narrowest. */
static u32
prune_narrowest(const Schema *s)
{
    u32 best = 0;
    for (u32 i = 1; i < s->len; i++) {
        if (type_slot_bytes[s->at[i].type.kind] < type_slot_bytes[s->at[best].type.kind]) best = i;
    }
    return best;
}

static void
prune_scan(Binder *b, PlanNode *n, const bool *need, u32 *ret_map)
{
    u32 ncols = n->schema.len, kept = 0;
    bool *all = prune_flags(b, ncols), any = false;
    for (u32 i = 0; i < ncols; i++) all[i] = need[i];
    for (u32 i = 0; i < n->scan.npreds; i++) all[n->scan.preds[i].column] = true;
    for (u32 i = 0; i < ncols; i++) any = any || all[i];
    if (!any && ncols) all[prune_narrowest(&n->schema)] = true;
    Schema schema = {.at = arena_array(b->a, Column, ncols + 1)};
    u32 *source = arena_array(b->a, u32, ncols + 1);
    for (u32 i = 0; i < ncols; i++) {
        if (!all[i]) continue;
        schema.at[kept] = n->schema.at[i];
        source[kept] = n->scan.source_col[i];
        ret_map[i] = kept++;
    }
    schema.len = kept;
    n->schema = schema;
    n->scan.source_col = source;
    for (u32 i = 0; i < n->scan.npreds; i++) {
        n->scan.preds[i].column = ret_map[n->scan.preds[i].column];
    }
}

static void
prune_union(Binder *b, PlanNode *n, const bool *need, u32 *ret_map)
{
    u32 ncols = n->schema.len, kept = 0;
    bool *all = prune_flags(b, ncols), any = false;
    for (u32 i = 0; i < ncols; i++) {
        all[i] = need[i];
        any = any || need[i];
    }
    if (!any && ncols) all[prune_narrowest(&n->schema)] = true;
    for (u32 i = 0; i < n->ninputs; i++) prune_exact(b, &n->input[i], &n->schema, all);
    Schema schema = {.at = arena_array(b->a, Column, ncols + 1)};
    for (u32 i = 0; i < ncols; i++) {
        if (!all[i]) continue;
        schema.at[kept] = n->schema.at[i];
        ret_map[i] = kept++;
    }
    schema.len = kept;
    n->schema = schema;
}

static void
prune_window(Binder *b, PlanNode *n, const bool *need, u32 *ret_map)
{
    u32 nin = n->schema.len - 3;
    TimeWindow *w = &n->window.spec;
    bool *below = prune_flags(b, nin);
    for (u32 i = 0; i < nin; i++) below[i] = need[i];
    below[w->time_col] = true;
    for (u32 i = 0; i < w->npartition; i++) below[w->partition[i]] = true;
    prune(b, &n->input[0], below, ret_map);
    const Schema *in = &n->input[0]->schema;
    Schema schema = {.at = arena_array(b->a, Column, in->len + 3), .len = in->len + 3};
    for (u32 i = 0; i < in->len; i++) schema.at[i] = in->at[i];
    for (u32 i = 0; i < 3; i++) {
        schema.at[in->len + i] = n->schema.at[nin + i];
        ret_map[nin + i] = in->len + i;
    }
    n->schema = schema;
    w->time_col = ret_map[w->time_col];
    for (u32 i = 0; i < w->npartition; i++) w->partition[i] = ret_map[w->partition[i]];
}

static void
prune_window_columns(TimeWindow *w, bool *need)
{
    if (w->kind == WINDOW_NONE) return;
    need[w->time_col] = true;
    if (w->kind != WINDOW_ATTACHED) return;
    need[w->start_col] = need[w->end_col] = true;
}

static void
prune_window_renumber(TimeWindow *w, const u32 *map)
{
    if (w->kind == WINDOW_NONE) return;
    w->time_col = map[w->time_col];
    if (w->kind != WINDOW_ATTACHED) return;
    w->start_col = map[w->start_col];
    w->end_col = map[w->end_col];
}

static void
prune_aggregate_input(Binder *b, PlanNode *n)
{
    u32 nin = n->input[0]->schema.len;
    bool *below = prune_flags(b, nin);
    u32 *map = prune_map(b, nin);
    for (u32 i = 0; i < n->agg.nkeys; i++) below[n->agg.keys[i]] = true;
    for (u32 i = 0; i < n->agg.naggs; i++) {
        BoundAgg *agg = &n->agg.aggs[i];
        for (u32 k = 0; k < agg->call.nargs; k++) bound_mark(agg->args[k], below);
        if (agg->filter) bound_mark(agg->filter, below);
    }
    prune_window_columns(&n->agg.window, below);
    prune(b, &n->input[0], below, map);
    /* A SESSION's partition is this very array. */
    for (u32 i = 0; i < n->agg.nkeys; i++) n->agg.keys[i] = map[n->agg.keys[i]];
    for (u32 i = 0; i < n->agg.naggs; i++) {
        BoundAgg *agg = &n->agg.aggs[i];
        for (u32 k = 0; k < agg->call.nargs; k++) {
            agg->args[k] = bound_renumber(b->a, agg->args[k], map);
        }
        if (agg->filter) agg->filter = bound_renumber(b->a, agg->filter, map);
    }
    prune_window_renumber(&n->agg.window, map);
}

/* Two columns of its input that hold the same stay two: one of them becomes NULL, the other not. */
static void
prune_expand(Binder *b, PlanNode *n, const bool *need, u32 *ret_map)
{
    u32 nin = n->schema.len - 1, kept = 0;
    Schema in = n->input[0]->schema;
    prune_exact(b, &n->input[0], &in, need);
    u32 left = n->input[0]->schema.len;
    Schema schema = {.at = arena_array(b->a, Column, left + 1), .len = left + 1};
    bool *gone = arena_array(b->a, bool, (size_t)n->expand.nsets *left + 1);
    for (u32 i = 0; i < nin; i++) {
        if (!need[i]) continue;
        schema.at[kept] = n->schema.at[i];
        for (u32 set = 0; set < n->expand.nsets; set++) {
            gone[(size_t)set * left + kept] = n->expand.gone[(size_t)set * nin + i];
        }
        ret_map[i] = kept++;
    }
    assert(kept == left);
    schema.at[kept] = n->schema.at[nin];
    ret_map[nin] = kept;
    n->schema = schema;
    n->expand.gone = gone;
}

static void
prune_aggregate(Binder *b, PlanNode *n, const bool *need, u32 *ret_map)
{
    u32 ncols = n->schema.len, kept = 0, naggs = 0, at = n->agg.nkeys + n->agg.naggs;
    Schema schema = {.at = arena_array(b->a, Column, ncols + 1)};
    bool *wins[] = {&n->agg.win_start, &n->agg.win_end, &n->agg.win_time};
    bool *all = prune_flags(b, ncols), any = n->agg.nkeys > 0;
    for (u32 i = 0; i < ncols; i++) {
        all[i] = need[i];
        any = any || need[i];
    }
    if (!any && ncols) all[0] = true; /* a group is a row, so it has a column */
    need = all;
    for (u32 i = 0; i < n->agg.nkeys; i++) {
        schema.at[kept] = n->schema.at[i];
        ret_map[i] = kept++;
    }
    for (u32 i = n->agg.nkeys; i < at; i++) {
        if (!need[i]) continue;
        n->agg.aggs[naggs++] = n->agg.aggs[i - n->agg.nkeys];
        schema.at[kept] = n->schema.at[i];
        ret_map[i] = kept++;
    }
    n->agg.naggs = naggs;
    for (u32 i = 0; i < ARRAY_LEN(wins); i++) {
        if (!*wins[i]) continue;
        if (need[at]) {
            schema.at[kept] = n->schema.at[at];
            ret_map[at] = kept++;
        } else {
            *wins[i] = false;
        }
        at++;
    }
    schema.len = kept;
    n->schema = schema;
    prune_aggregate_input(b, n);
}

static void
prune_rank(Binder *b, PlanNode *n, const bool *need, u32 *ret_map)
{
    u32 nin = n->input[0]->schema.len;
    Column number = n->schema.at[n->schema.len - 1];
    bool *below = prune_flags(b, nin), has_window = n->rank.window_end_col != UINT32_MAX;
    for (u32 i = 0; i < nin; i++) below[i] = need[i];
    for (u32 i = 0; i < n->rank.npartition; i++) below[n->rank.partition[i]] = true;
    for (u32 i = 0; i < n->rank.norder; i++) below[n->rank.order[i].column] = true;
    if (has_window) below[n->rank.window_end_col] = true;
    prune(b, &n->input[0], below, ret_map);
    for (u32 i = 0; i < n->rank.npartition; i++) {
        n->rank.partition[i] = ret_map[n->rank.partition[i]];
    }
    for (u32 i = 0; i < n->rank.norder; i++) {
        n->rank.order[i].column = ret_map[n->rank.order[i].column];
    }
    if (has_window) n->rank.window_end_col = ret_map[n->rank.window_end_col];
    bool has_start = n->rank.window_start_col != UINT32_MAX;
    if (has_start) n->rank.window_start_col = ret_map[n->rank.window_start_col];
    const Schema *in = &n->input[0]->schema;
    bool emit = n->rank.emit_rank && need[nin];
    Schema schema = {.at = arena_array(b->a, Column, in->len + 1), .len = in->len + emit};
    for (u32 i = 0; i < in->len; i++) schema.at[i] = in->at[i];
    if (emit) {
        schema.at[in->len] = number;
        ret_map[nin] = in->len;
    }
    n->rank.emit_rank = emit;
    n->schema = schema;
}

/* Nodes whose columns are their input's. */
static void
prune_passing(Binder *b, PlanNode *n, const bool *need, u32 *ret_map)
{
    bool *below = prune_flags(b, n->schema.len);
    for (u32 i = 0; i < n->schema.len; i++) below[i] = need[i];
    if (n->kind == PLAN_FILTER) bound_mark(n->filter.cond, below);
    if (n->kind == PLAN_WATERMARK) {
        bound_mark(n->watermark.expr, below);
        below[n->watermark.time_col] = true;
    }
    for (u32 i = 0; n->kind == PLAN_SORT && i < n->sort.nkeys; i++) {
        below[n->sort.keys[i].column] = true;
    }
    prune(b, &n->input[0], below, ret_map);
    n->schema = n->input[0]->schema;
    if (n->kind == PLAN_FILTER) n->filter.cond = bound_renumber(b->a, n->filter.cond, ret_map);
    if (n->kind == PLAN_WATERMARK) {
        n->watermark.expr = bound_renumber(b->a, n->watermark.expr, ret_map);
        n->watermark.time_col = ret_map[n->watermark.time_col];
    }
    for (u32 i = 0; n->kind == PLAN_SORT && i < n->sort.nkeys; i++) {
        n->sort.keys[i].column = ret_map[n->sort.keys[i].column];
    }
}

static void
prune(Binder *b, PlanNode **at, const bool *need, u32 *ret_map)
{
    PlanNode *n = *at;
    switch (n->kind) {
    case PLAN_SCAN:
        prune_scan(b, n, need, ret_map);
        return;
    case PLAN_VALUES:
        for (u32 i = 0; i < n->schema.len; i++) ret_map[i] = i;
        return;
    case PLAN_PROJECT:
        prune_project(b, at, need, ret_map);
        return;
    case PLAN_UNION_ALL:
        prune_union(b, n, need, ret_map);
        return;
    case PLAN_WINDOW:
        prune_window(b, n, need, ret_map);
        return;
    case PLAN_AGGREGATE:
        prune_aggregate(b, n, need, ret_map);
        return;
    case PLAN_EXPAND:
        prune_expand(b, n, need, ret_map);
        return;
    case PLAN_RANK:
        prune_rank(b, n, need, ret_map);
        return;
    case PLAN_WATERMARK:
    case PLAN_FILTER:
    case PLAN_SORT:
    case PLAN_LIMIT:
        prune_passing(b, n, need, ret_map);
        return;
    case PLAN_SINK:
    case PLAN_RESULT:
    case PLAN_LOCAL_AGG:
    case PLAN_GLOBAL_AGG:
    case PLAN_EXCHANGE:
    case PLAN_COUNT:
        break;
    }
    UNREACHABLE();
}

void
pass_prune(Binder *b, PlanNode **root)
{
    PlanNode *n = *root;
    assert(n->kind == PLAN_RESULT || n->kind == PLAN_SINK);
    bool *all = prune_flags(b, n->schema.len);
    for (u32 i = 0; i < n->schema.len; i++) all[i] = true;
    prune_exact(b, &n->input[0], &n->schema, all);
}
