/* bind_select.c - one SELECT: FROM, WHERE, GROUP BY, HAVING, OVER, QUALIFY, items, DISTINCT.
 *
 * All expressions are bound over the rows of FROM first, collecting aggregates and ranks on the
 * way; grouping (bind_group.c) then rewrites them to read the groups, and each rank becomes a
 * column (bind_rank.c). ORDER BY is bound here too, since it may name what is not selected. */
#include "planner/bind.h"

#include <stdio.h>

static Status
select_from(Binder *b, const Select *sel, Rel *ret, Err *err)
{
    if (sel->from) return bind_table_ref(b, sel->from, ret, err);
    PlanNode *n = node_new(b->a, PLAN_VALUES, 0, 0); /* one row of no columns */
    n->pos = bind_pos(b, sel->pos);
    n->values.nrows = 1;
    *ret = rel_of(b, n, true);
    return ERR_OK;
}

/* ---- items ---------------------------------------------------------------------------------- */

static bool
star_excepts(const Expr *e, Str name)
{
    for (u32 i = 0; i < e->star.except.len; i++) {
        if (str_eq(e->star.except.at[i].text, name)) return true;
    }
    return false;
}

static Status
select_star(Binder *b, Selecting *g, const Expr *e, Err *err)
{
    if (e->star.base) {
        return bind_unsupported(b, e->pos, e->width, "access to nested fields", err);
    }
    Str table = e->star.table.len ? path_last(&e->star.table).text : (Str){0};
    if (!g->sel->from) {
        return bind_fail(b, W2013, e->pos, e->width, err, "* needs a FROM");
    }
    for (u32 i = 0; i < e->star.except.len; i++) {
        Name n = e->star.except.at[i];
        if (scope_find(&g->rel, n.text) != UINT32_MAX) continue;
        return bind_fail(b, W2013, n.pos, n.width, err, "column \"%.*s\" does not exist",
                         STR_ARG(n.text));
    }
    u32 found = 0;
    for (u32 i = 0; i < g->rel.len; i++) {
        const RelColumn *c = &g->rel.at[i];
        if (table.ptr && !str_eq(c->table, table)) continue;
        found++;
        if (star_excepts(e, c->column.name)) continue;
        BoundExpr *x = bound_column(b->a, i, c->column.type);
        x->pos = bind_pos(b, e->pos);
        x->width = bind_width(b, e->width);
        output_add(b, &g->outs, (Output){x, c->column.name, e->pos, e->width});
    }
    if (found || !table.ptr) return ERR_OK;
    return bind_fail(b, W2002, e->star.table.pos, e->star.table.width, err,
                     "table \"%.*s\" is not in FROM", STR_ARG(table));
}

static Str
select_name(Binder *b, const SelectItem *item, u32 number)
{
    if (item->alias.text.ptr) return item->alias.text;
    if (item->expr->kind == EXPR_COLUMN) return path_last(&item->expr->column).text;
    char text[24];
    int len = snprintf(text, sizeof text, "EXPR$%u", number);
    return (Str){arena_copy(b->a, text, (size_t)len), (u32)len};
}

static Status
select_limit(const Binder *b, const Selecting *g, const SelectItem *item, Err *err)
{
    return bind_limit(b, g->outs.len, COLUMNS_MAX, "a SELECT", "columns", item->expr->pos,
                      item->expr->width, err);
}

static Status
select_items(Binder *b, Selecting *g, Err *err)
{
    for (u32 i = 0; i < g->sel->items.len; i++) {
        const SelectItem *item = &g->sel->items.at[i];
        if (item->expr->kind == EXPR_STAR) {
            TRY(select_star(b, g, item->expr, err));
            TRY(select_limit(b, g, item, err));
            continue;
        }
        BoundExpr *x;
        TRY(bind_expr(b, &g->scope, item->expr, &x, err));
        Str name = select_name(b, item, i);
        output_add(b, &g->outs, (Output){x, name, item->expr->pos, item->expr->width});
        TRY(select_limit(b, g, item, err));
    }
    g->nvisible = g->outs.len;
    return ERR_OK;
}

/* ---- the rest ------------------------------------------------------------------------------- */

static Status
select_where(Binder *b, Selecting *g, Err *err)
{
    if (!g->sel->where) return ERR_OK;
    ExprScope s = {.rel = &g->rel, .clause = "WHERE"};
    BoundExpr *cond;
    TRY(bind_condition(b, &s, g->sel->where, &cond, err));
    rel_filter(b, &g->rel, cond);
    return ERR_OK;
}

static Status
select_conditions(Binder *b, Selecting *g, Err *err)
{
    ExprScope s = g->scope;
    s.aliases = &g->outs;
    if (g->sel->having) {
        s.clause = "HAVING";
        s.overs = NULL;
        TRY(bind_condition(b, &s, g->sel->having, &g->having, err));
    }
    if (g->sel->qualify) {
        s.clause = "QUALIFY";
        s.overs = &g->overs;
        TRY(bind_condition(b, &s, g->sel->qualify, &g->qualify, err));
    }
    return ERR_OK;
}

static BoundExpr *
select_unslot(Binder *b, const BoundExpr *e, const u32 *rank_col)
{
    BoundExpr *c = arena_make(b->a, BoundExpr);
    *c = *e;
    if (e->kind == BOUND_COLUMN && e->column >= SLOT_OVER) {
        c->column = rank_col[e->column - SLOT_OVER];
    }
    if (e->nargs) c->args = arena_array(b->a, BoundExpr *, e->nargs);
    for (u32 i = 0; i < e->nargs; i++) c->args[i] = select_unslot(b, e->args[i], rank_col);
    return c;
}

static void
select_ranks(Binder *b, Selecting *g)
{
    if (!g->overs.len) return;
    u32 *cols = arena_array(b->a, u32, g->overs.len);
    bind_ranks(b, &g->overs, &g->rel, cols);
    for (u32 i = 0; i < g->outs.len; i++) {
        g->outs.at[i].expr = select_unslot(b, g->outs.at[i].expr, cols);
    }
    if (g->qualify) g->qualify = select_unslot(b, g->qualify, cols);
}

/* ORDER BY with DISTINCT can only speak of what is selected. */
static Status
select_distinct(Binder *b, Selecting *g, Err *err)
{
    if (!g->sel->distinct) return ERR_OK;
    if (g->outs.len > g->nvisible) {
        const Output *o = &g->outs.at[g->nvisible];
        return bind_fail(b, W2007, o->pos, o->width, err,
                         "ORDER BY of a SELECT DISTINCT must be a selected column");
    }
    return bind_distinct(b, &g->rel, g->sel->pos, 6, err);
}

Status
bind_select(Binder *b, const Query *q, Rel *ret, Err *err)
{
    Selecting g = {.sel = q->select};
    if (g.sel->windows_len) {
        const WindowSpec *w = g.sel->windows[0].spec;
        return bind_unsupported(b, w->pos, w->width, "the WINDOW clause", err);
    }
    TRY(select_from(b, g.sel, &g.rel, err));
    TRY(select_where(b, &g, err));
    TRY(bind_group_legacy(b, &g, err));
    g.scope = (ExprScope){.rel = &g.rel, .clause = "SELECT", .aggs = &g.aggs, .overs = &g.overs};
    if (g.sel->group_by.present) g.scope.groupings = &g.groupings;
    if (g.has_legacy) g.scope.legacy = &g.legacy;
    TRY(select_items(b, &g, err));
    TRY(select_conditions(b, &g, err));
    TRY(bind_order(b, q, &g, err));
    if (g.sel->group_by.present || g.aggs.len || g.having) {
        if (g.sel->group_by.present) TRY(bind_group_keys(b, &g, err));
        TRY(bind_group(b, &g, err));
    }
    select_ranks(b, &g);
    if (g.qualify) rel_filter(b, &g.rel, g.qualify);
    rel_project(b, &g.rel, g.outs.at, g.outs.len);
    TRY(select_distinct(b, &g, err));
    TRY(bind_tail(b, q, g.order, g.norder, &g.rel, err));
    if (g.outs.len > g.nvisible) { /* drop what was only there to sort by */
        OutputList visible = {0};
        for (u32 i = 0; i < g.nvisible; i++) {
            const Column *c = &g.rel.at[i].column;
            output_add(b, &visible,
                       (Output){.expr = bound_column(b->a, i, c->type), .name = c->name});
        }
        rel_project(b, &g.rel, visible.at, visible.len);
    }
    *ret = g.rel;
    return ERR_OK;
}
