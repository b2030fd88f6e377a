/* bind_strip.c - take a window off its rows, so that an aggregate can do the windowing itself.
 *
 *   PROJECT a, window_start        PROJECT a, ts          columns without the window's
 *     FILTER b > 0 AND w < ...  ->   FILTER b > 0         what is about the window is postponed
 *       WINDOW tumble(ts)              ...
 *         ...
 *
 * From the WINDOW node upwards each PROJECT and FILTER is made again over the rows below it.
 * Columns that are functions of the window's bounds only are remembered as expressions over
 * SLOT_WINDOW columns; conditions on them apply to the finished groups, since a group lies in one
 * window. A column made of both kinds cannot be had any more, and a condition on both cannot be
 * moved: then the window stays where it is (WINDOW_ATTACHED). So it does when rows of a SESSION are
 * taken out behind it, which must not make sessions shorter. */
#include "planner/bind.h"

/* Nodes between a GROUP BY and its window: each level of queries adds at most three. */
enum { STRIP_NODES_MAX = 4 * QUERY_DEPTH_MAX };

static StripColumn
strip_expr(Binder *b, const Strip *s, const BoundExpr *e, u32 ncols)
{
    bool *column = arena_array(b->a, bool, ncols + 1), *window = arena_array(b->a, bool, ncols + 1);
    BoundExpr **by = arena_array(b->a, BoundExpr *, ncols + 1);
    for (u32 i = 0; i < ncols; i++) {
        column[i] = s->at[i].kind == STRIP_COLUMN;
        window[i] = s->at[i].kind == STRIP_WINDOW;
        by[i] = s->at[i].expr;
    }
    StripColumn c = {.kind = STRIP_MIXED};
    if (bound_reads_only(e, column, ncols)) {
        c.kind = STRIP_COLUMN;
    } else if (bound_reads_only(e, window, ncols) && !(bound_facts(e) & BOUND_VOLATILE)) {
        c.kind = STRIP_WINDOW;
    } else {
        return c;
    }
    c.expr = bound_replace(b->a, e, by);
    if (!bound_small(c.expr)) c.kind = STRIP_MIXED;
    return c;
}

static void
strip_window(Binder *b, const PlanNode *n, Strip *s)
{
    const TimeWindow *w = &n->window.spec;
    u32 ncols = n->schema.len;
    s->node = n->input[0];
    s->time_col = w->time_col;
    s->pos = n->pos;
    s->session = w->kind == WINDOW_SESSION;
    s->npartition = w->npartition;
    s->partition = arena_array(b->a, u32, w->npartition + 1);
    if (w->npartition) memcpy(s->partition, w->partition, w->npartition * sizeof *w->partition);
    s->at = arena_array(b->a, StripColumn, ncols);
    for (u32 i = 0; i < ncols; i++) {
        bool bound = i >= ncols - 3;
        u32 number = bound ? (u32)SLOT_WINDOW + ROLE_START + i - (ncols - 3) : i;
        s->at[i].kind = bound ? STRIP_WINDOW : STRIP_COLUMN;
        s->at[i].expr = bound_column(b->a, number, n->schema.at[i].type);
    }
}

static bool
strip_reads_partition(Binder *b, const Strip *s, const BoundExpr *e)
{
    u32 n = s->node->schema.len;
    bool *set = arena_array(b->a, bool, n + 1);
    for (u32 i = 0; i < s->npartition; i++) set[s->partition[i]] = true;
    return !(bound_facts(e) & BOUND_VOLATILE) && bound_reads_only(e, set, n);
}

static bool
strip_filter(Binder *b, const PlanNode *n, Strip *s)
{
    BoundList parts = {0}, below = {0};
    bound_split(b->a, n->filter.cond, &parts);
    for (u32 i = 0; i < parts.len; i++) {
        StripColumn c = strip_expr(b, s, parts.at[i], n->schema.len);
        if (c.kind == STRIP_MIXED) return false;
        if (c.kind == STRIP_COLUMN && s->session && !strip_reads_partition(b, s, c.expr)) {
            return false;
        }
        bound_list_add(b->a, c.kind == STRIP_WINDOW ? &s->postponed : &below, c.expr);
    }
    if (!below.len) return true;
    PlanNode *f = node_new(b->a, PLAN_FILTER, 1, 0);
    f->pos = n->pos;
    f->input[0] = s->node;
    f->schema = s->node->schema;
    f->filter.cond = bound_and(b->a, below.at, below.len);
    s->node = f;
    return true;
}

/* Column col below p becomes a column of p, which gets one more if it did not pass it on. */
static u32
strip_keep(Binder *b, PlanNode *p, const Schema *below, u32 col)
{
    for (u32 i = 0; i < p->schema.len; i++) {
        if (bound_is_column(p->project.exprs[i], col)) return i;
    }
    u32 at = p->schema.len++;
    p->schema.at[at] = below->at[col];
    p->project.exprs[at] = bound_column(b->a, col, below->at[col].type);
    return at;
}

static void
strip_project(Binder *b, const PlanNode *n, Strip *s)
{
    u32 ncols = n->schema.len, most = ncols + s->npartition + 1, kept = 0;
    PlanNode *p = node_new(b->a, PLAN_PROJECT, 1, most);
    StripColumn *at = arena_array(b->a, StripColumn, ncols + 1);
    p->pos = n->pos;
    p->input[0] = s->node;
    p->project.exprs = arena_array(b->a, BoundExpr *, most);
    for (u32 i = 0; i < ncols; i++) {
        at[i] = strip_expr(b, s, n->project.exprs[i], n->input[0]->schema.len);
        if (at[i].kind != STRIP_COLUMN) continue;
        p->schema.at[kept] = n->schema.at[i];
        p->project.exprs[kept] = at[i].expr;
        at[i].expr = bound_column(b->a, kept++, n->schema.at[i].type);
    }
    p->schema.len = kept;
    const Schema *below = &s->node->schema;
    s->time_col = strip_keep(b, p, below, s->time_col);
    for (u32 i = 0; i < s->npartition; i++) {
        s->partition[i] = strip_keep(b, p, below, s->partition[i]);
    }
    s->node = p;
    s->at = at;
}

bool
window_strip(Binder *b, const Rel *rel, const TimeWindow *window, Strip *ret_strip)
{
    const PlanNode **path = arena_array(b->a, const PlanNode *, STRIP_NODES_MAX);
    u32 len = 0;
    const PlanNode *n = rel->node;
    while ((n->kind == PLAN_PROJECT || n->kind == PLAN_FILTER) && len < STRIP_NODES_MAX) {
        path[len++] = n;
        n = n->input[0];
    }
    if (n->kind != PLAN_WINDOW || &n->window.spec != window) return false;
    Strip s = {0};
    strip_window(b, n, &s);
    while (len--) {
        if (path[len]->kind == PLAN_PROJECT) {
            strip_project(b, path[len], &s);
        } else if (!strip_filter(b, path[len], &s)) {
            return false;
        }
    }
    *ret_strip = s;
    return true;
}

/* ---- bounds that a query in between did not pass on ------------------------------------------ */

/* Where the bound stands among the columns of n, the node that made the window. */
static u32
bound_of_maker(const PlanNode *n, const TimeWindow *window, WindowRole role)
{
    bool makes = (n->kind == PLAN_WINDOW && &n->window.spec == window) ||
                 (n->kind == PLAN_AGGREGATE && &n->agg.window == window);
    return makes ? n->schema.len - 3 + (role - ROLE_START) : UINT32_MAX;
}

/* The bound as a column of n; PROJECTs on the way pass it on from now on. */
static u32
bound_pass_on(Binder *b, PlanNode *n, const TimeWindow *window, WindowRole role)
{
    if (n->kind == PLAN_FILTER) {
        u32 col = bound_pass_on(b, n->input[0], window, role);
        n->schema = n->input[0]->schema;
        return col;
    }
    if (n->kind != PLAN_PROJECT) return bound_of_maker(n, window, role);
    u32 col = bound_pass_on(b, n->input[0], window, role), ncols = n->schema.len;
    if (col == UINT32_MAX) return col;
    Column *cols = arena_array(b->a, Column, ncols + 1);
    BoundExpr **exprs = arena_array(b->a, BoundExpr *, ncols + 1);
    memcpy(cols, n->schema.at, ncols * sizeof *cols);
    memcpy(exprs, n->project.exprs, ncols * sizeof *exprs);
    cols[ncols] = n->input[0]->schema.at[col];
    exprs[ncols] = bound_column(b->a, col, cols[ncols].type);
    n->schema = (Schema){.at = cols, .len = ncols + 1};
    n->project.exprs = exprs;
    return ncols;
}

bool
window_bound(Binder *b, Rel *rel, const TimeWindow *window, WindowRole role, u32 *ret_col)
{
    for (u32 i = 0; i < rel->len; i++) {
        if (rel->at[i].role != role || rel->at[i].window != window) continue;
        *ret_col = i;
        return true;
    }
    u32 col = bound_pass_on(b, rel->node, window, role);
    if (col == UINT32_MAX) return false;
    /* A PROJECT put it behind its columns; without one it is where the window's maker has it. */
    RelColumn *at = arena_array(b->a, RelColumn, rel->node->schema.len + 1);
    memcpy(at, rel->at, rel->len * sizeof *at);
    assert(col == rel->len && rel->node->schema.len == rel->len + 1);
    at[col] = (RelColumn){.column = rel->node->schema.at[col], .role = role, .window = window};
    rel->at = at;
    rel->len++;
    *ret_col = col;
    return true;
}
