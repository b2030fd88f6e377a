/* bind_query.c - queries: WITH, SELECT, VALUES, set operations, nesting.
 *
 * A CTE is bound anew wherever it is named, seeing the CTEs before it. UNION is UNION ALL with
 * duplicates removed. */
#include "planner/bind.h"

#include <stdio.h>

/* ---- set operations ------------------------------------------------------------------------- */

void
query_column_place(const Query *q, u32 col, u32 ncols, u32 *ret_pos, u32 *ret_width)
{
    *ret_pos = q->pos;
    *ret_width = q->width;
    const Expr *e = NULL;
    if (q->kind == QUERY_SELECT && q->select->items.len == ncols) {
        e = q->select->items.at[col].expr;
    } else if (q->kind == QUERY_VALUES && col < q->rows.at[0]->args.len) {
        e = q->rows.at[0]->args.at[col];
    }
    if (!e || e->kind == EXPR_STAR) return;
    *ret_pos = e->pos;
    *ret_width = e->width;
}

static Status
setop_widths(const Binder *b, const Query *q, const Rel *parts, Err *err)
{
    for (u32 i = 1; i < q->setop.len; i++) {
        if (parts[i].len == parts[0].len) continue;
        const Query *x = q->setop.at[i];
        return bind_fail(b, W2009, x->pos, x->width, err,
                         "this side of UNION has %u column%s, the first has %u", parts[i].len,
                         plural(parts[i].len), parts[0].len);
    }
    return ERR_OK;
}

/* Column col of all parts gets one type; casts[i * ncols + col] is how part i gets there. */
static Status
setop_column(Binder *b, const Query *q, const Rel *parts, u32 col, BoundExpr **casts, Err *err)
{
    u32 n = q->setop.len, ncols = parts[0].len;
    BoundExpr **at = arena_array(b->a, BoundExpr *, n);
    for (u32 i = 0; i < n; i++) {
        at[i] = bound_column(b->a, col, parts[i].at[col].column.type);
        u32 pos, width;
        query_column_place(q->setop.at[i], col, ncols, &pos, &width);
        at[i]->pos = bind_pos(b, pos);
        at[i]->width = bind_width(b, width);
    }
    Type common;
    TRY(bind_common(b, at, n, "UNION", &common, err));
    for (u32 i = 0; i < n; i++) casts[i * ncols + col] = at[i];
    return ERR_OK;
}

static void
setop_project(Binder *b, Rel *part, BoundExpr *const *casts, const Rel *first)
{
    OutputList outs = {0};
    bool same = true;
    for (u32 i = 0; i < part->len; i++) {
        same = same && bound_is_column(casts[i], i);
        output_add(b, &outs, (Output){.expr = casts[i], .name = first->at[i].column.name});
    }
    if (!same) rel_project(b, part, outs.at, outs.len);
}

static Status
bind_setop(Binder *b, const Query *q, Rel *ret, Err *err)
{
    if (q->setop.op != SETOP_UNION) {
        return bind_unsupported(b, q->pos, q->width,
                                q->setop.op == SETOP_EXCEPT ? "EXCEPT" : "INTERSECT", err);
    }
    u32 n = q->setop.len;
    Rel *parts = arena_array(b->a, Rel, n);
    for (u32 i = 0; i < n; i++) TRY(bind_query(b, q->setop.at[i], &parts[i], err));
    TRY(setop_widths(b, q, parts, err));
    u32 ncols = parts[0].len;
    BoundExpr **casts = arena_array(b->a, BoundExpr *, (size_t)n * ncols + 1);
    for (u32 i = 0; i < ncols; i++) TRY(setop_column(b, q, parts, i, casts, err));

    PlanNode *u = node_new(b->a, PLAN_UNION_ALL, n, ncols);
    u->pos = bind_pos(b, q->pos);
    Rel first = parts[0], rel = {.node = u, .len = ncols, .bounded = true};
    rel.at = arena_array(b->a, RelColumn, ncols + 1);
    for (u32 i = 0; i < n; i++) {
        setop_project(b, &parts[i], casts + (size_t)i * ncols, &first);
        u->input[i] = parts[i].node;
        rel.bounded = rel.bounded && parts[i].bounded;
    }
    for (u32 k = 0; k < ncols; k++) {
        Column *c = &rel.at[k].column;
        *c = parts[0].at[k].column;
        c->name = first.at[k].column.name;
        for (u32 i = 0; i < n; i++) {
            const RelColumn *x = &parts[i].at[k];
            if (x->column.attr != c->attr) c->attr = ATTR_NONE;
            c->type.not_null = c->type.not_null && x->column.type.not_null;
            rel.at[k].loose = rel.at[k].loose || x->loose;
        }
        u->schema.at[k] = *c;
    }
    *ret = rel;
    return q->setop.all ? ERR_OK : bind_distinct(b, ret, q->pos, q->width, err);
}

/* ---- VALUES --------------------------------------------------------------------------------- */

static Status
values_row(Binder *b, const Query *q, u32 row, u32 ncols, BoundExpr **exprs, Err *err)
{
    const Expr *e = q->rows.at[row];
    ExprScope s = {.clause = "VALUES"};
    if (e->args.len != ncols) {
        return bind_fail(b, W2009, e->pos, e->width, err,
                         "this row of VALUES has %u column%s, the first has %u", e->args.len,
                         plural(e->args.len), ncols);
    }
    for (u32 i = 0; i < ncols; i++) TRY(bind_expr(b, &s, e->args.at[i], &exprs[i], err));
    return ERR_OK;
}

/* A row that is not constant (CURRENT_DATE, 1 / 0): a projection over one empty row. */
static PlanNode *
values_computed(Binder *b, BoundExpr **row, const Schema *schema)
{
    PlanNode *one = node_new(b->a, PLAN_VALUES, 0, 0);
    one->values.nrows = 1;
    PlanNode *p = node_new(b->a, PLAN_PROJECT, 1, 0);
    p->input[0] = one;
    p->schema = *schema;
    p->project.exprs = row;
    return p;
}

static PlanNode *
values_node(Binder *b, BoundExpr **exprs, u32 nrows, const Schema *schema)
{
    u32 ncols = schema->len;
    bool constant = true;
    for (u32 i = 0; i < nrows * ncols; i++) {
        const Vector *v = bind_constant(b, exprs[i]);
        if (v && exprs[i]->kind != BOUND_CONST) {
            Vector copy = vector_share(v);
            exprs[i] = bind_const(b, &copy, exprs[i]->pos, exprs[i]->width);
        }
        constant = constant && v;
    }
    if (constant) {
        PlanNode *n = node_new(b->a, PLAN_VALUES, 0, 0);
        n->schema = *schema;
        n->values.rows = exprs;
        n->values.nrows = nrows;
        return n;
    }
    if (nrows == 1) return values_computed(b, exprs, schema);
    PlanNode *u = node_new(b->a, PLAN_UNION_ALL, nrows, 0);
    u->schema = *schema;
    for (u32 i = 0; i < nrows; i++) {
        u->input[i] = values_computed(b, exprs + (size_t)i * ncols, schema);
    }
    return u;
}

static Status
bind_values(Binder *b, const Query *q, Rel *ret, Err *err)
{
    u32 nrows = q->rows.len, ncols = q->rows.at[0]->args.len;
    if ((u64)nrows * ncols > UINT32_MAX / 8) {
        return bind_fail(b, W7003, q->pos, q->width, err, "VALUES has too many rows");
    }
    BoundExpr **exprs = arena_array(b->a, BoundExpr *, (size_t)nrows * ncols + 1);
    BoundExpr **column = arena_array(b->a, BoundExpr *, nrows);
    for (u32 r = 0; r < nrows; r++) TRY(values_row(b, q, r, ncols, exprs + (size_t)r * ncols, err));
    Schema schema = {.at = arena_array(b->a, Column, ncols + 1), .len = ncols};
    for (u32 c = 0; c < ncols; c++) {
        for (u32 r = 0; r < nrows; r++) column[r] = exprs[(size_t)r * ncols + c];
        TRY(bind_common(b, column, nrows, "VALUES", &schema.at[c].type, err));
        for (u32 r = 0; r < nrows; r++) exprs[(size_t)r * ncols + c] = column[r];
        char text[24];
        int len = snprintf(text, sizeof text, "EXPR$%u", c);
        schema.at[c].name = (Str){arena_copy(b->a, text, (size_t)len), (u32)len};
    }
    PlanNode *n = values_node(b, exprs, nrows, &schema);
    n->pos = bind_pos(b, q->pos);
    *ret = rel_of(b, n, true);
    return ERR_OK;
}

/* ---- queries -------------------------------------------------------------------------------- */

static Status
query_body(Binder *b, const Query *q, Rel *ret, Err *err)
{
    TableRef table = {.kind = TABLE_NAME, .pos = q->pos, .width = q->width};
    SortKey *keys;
    switch (q->kind) {
    case QUERY_SELECT:
        return bind_select(b, q, ret, err);
    case QUERY_VALUES:
        TRY(bind_values(b, q, ret, err));
        break;
    case QUERY_TABLE:
        table.name.path = q->table;
        TRY(bind_table_ref(b, &table, ret, err));
        break;
    case QUERY_SETOP:
        TRY(bind_setop(b, q, ret, err));
        break;
    case QUERY_NEST:
        TRY(bind_query(b, q->inner, ret, err));
        break;
    }
    TRY(bind_order_columns(b, q, ret, &keys, err));
    return bind_tail(b, q, keys, q->order_by.len, ret, err);
}

Status
bind_query(Binder *b, const Query *q, Rel *ret, Err *err)
{
    if (b->depth == QUERY_DEPTH_MAX) {
        Status st =
            bind_fail(b, W1005, q->pos, q->width, err,
                      "queries, views and WITH are nested more than %d deep", QUERY_DEPTH_MAX);
        return err_hint(err, st, "Does a view refer to itself?");
    }
    const CteFrame *outer = b->ctes;
    for (u32 i = 0; i < q->ctes_len; i++) {
        CteFrame *f = arena_make(b->a, CteFrame);
        *f = (CteFrame){.cte = &q->ctes[i], .outer = b->ctes};
        b->ctes = f;
    }
    b->depth++;
    Status st = query_body(b, q, ret, err);
    b->depth--;
    b->ctes = outer;
    return st;
}
