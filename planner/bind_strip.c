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
 * window. A column made of both kinds cannot be had any more: W2001 if it is used. */
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
    u32 ncols = n->schema.len;
    s->node = n->input[0];
    s->time_col = n->window.spec.time_col;
    s->pos = n->pos;
    s->at = arena_array(b->a, StripColumn, ncols);
    for (u32 i = 0; i < ncols; i++) {
        bool bound = i >= ncols - 3;
        u32 number = bound ? (u32)SLOT_WINDOW + ROLE_START + i - (ncols - 3) : i;
        s->at[i].kind = bound ? STRIP_WINDOW : STRIP_COLUMN;
        s->at[i].expr = bound_column(b->a, number, n->schema.at[i].type);
    }
}

static Status
strip_filter(Binder *b, const PlanNode *n, Strip *s, Err *err)
{
    BoundList parts = {0}, below = {0};
    bound_split(b->a, n->filter.cond, &parts);
    for (u32 i = 0; i < parts.len; i++) {
        StripColumn c = strip_expr(b, s, parts.at[i], n->schema.len);
        if (c.kind == STRIP_MIXED) {
            Status st = err_set(err, W2001, parts.at[i]->pos,
                                "a condition on both a window's bounds and its rows is not "
                                "supported yet below GROUP BY");
            err_at(err, parts.at[i]->pos, parts.at[i]->width);
            return st;
        }
        bound_list_add(b->a, c.kind == STRIP_WINDOW ? &s->postponed : &below, c.expr);
    }
    if (!below.len) return ERR_OK;
    PlanNode *f = node_new(b->a, PLAN_FILTER, 1, 0);
    f->pos = n->pos;
    f->input[0] = s->node;
    f->schema = s->node->schema;
    f->filter.cond = bound_and(b->a, below.at, below.len);
    s->node = f;
    return ERR_OK;
}

static void
strip_project(Binder *b, const PlanNode *n, Strip *s)
{
    u32 ncols = n->schema.len, kept = 0;
    PlanNode *p = node_new(b->a, PLAN_PROJECT, 1, ncols + 1);
    StripColumn *at = arena_array(b->a, StripColumn, ncols + 1);
    p->pos = n->pos;
    p->input[0] = s->node;
    p->project.exprs = arena_array(b->a, BoundExpr *, ncols + 1);
    u32 time_col = UINT32_MAX;
    for (u32 i = 0; i < ncols; i++) {
        at[i] = strip_expr(b, s, n->project.exprs[i], n->input[0]->schema.len);
        if (at[i].kind != STRIP_COLUMN) continue;
        if (bound_is_column(at[i].expr, s->time_col)) time_col = kept;
        p->schema.at[kept] = n->schema.at[i];
        p->project.exprs[kept] = at[i].expr;
        at[i].expr = bound_column(b->a, kept++, n->schema.at[i].type);
    }
    if (time_col == UINT32_MAX) {
        time_col = kept;
        p->schema.at[kept] = s->node->schema.at[s->time_col];
        p->project.exprs[kept++] = bound_column(b->a, s->time_col, p->schema.at[time_col].type);
    }
    p->schema.len = kept;
    s->node = p;
    s->time_col = time_col;
    s->at = at;
}

Status
window_strip(Binder *b, const Rel *rel, const TimeWindow *window, Strip *ret_strip, bool *ret_raw,
             Err *err)
{
    const PlanNode **path = arena_array(b->a, const PlanNode *, STRIP_NODES_MAX);
    u32 len = 0;
    const PlanNode *n = rel->node;
    while ((n->kind == PLAN_PROJECT || n->kind == PLAN_FILTER) && len < STRIP_NODES_MAX) {
        path[len++] = n;
        n = n->input[0];
    }
    *ret_raw = n->kind == PLAN_WINDOW && &n->window.spec == window;
    if (!*ret_raw) return ERR_OK;
    Strip s = {0};
    strip_window(b, n, &s);
    while (len--) {
        if (path[len]->kind == PLAN_FILTER) {
            TRY(strip_filter(b, path[len], &s, err));
        } else {
            strip_project(b, path[len], &s);
        }
    }
    *ret_strip = s;
    return ERR_OK;
}
