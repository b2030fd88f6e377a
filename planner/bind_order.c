/* bind_order.c - ORDER BY, LIMIT, OFFSET.
 *
 * A key is an output's number or name, or any expression over what the SELECT reads; the latter
 * becomes a hidden output that bind_select.c drops after the sort. */
#include "planner/bind.h"

static Status
order_ordinal(const Binder *b, const Expr *e, u32 ncols, u32 *ret_col, Err *err)
{
    i64 n = 0;
    *ret_col = UINT32_MAX;
    if (e->kind != EXPR_LITERAL || e->literal->kind != LITERAL_INTEGER) return ERR_OK;
    if (!str_to_i64(e->literal->text, &n) || n < 1 || n > ncols) {
        return bind_fail(b, W2013, e->pos, e->width, err,
                         "ORDER BY %.*s is not among the %u column%s", STR_ARG(e->literal->text),
                         ncols, plural(ncols));
    }
    *ret_col = (u32)(n - 1);
    return ERR_OK;
}

static Status
order_item(Binder *b, Selecting *g, const Expr *e, u32 *ret_col, Err *err)
{
    TRY(order_ordinal(b, e, g->nvisible, ret_col, err));
    if (*ret_col != UINT32_MAX) return ERR_OK;
    ExprScope s = g->scope;
    OutputList visible = {.at = g->outs.at, .len = g->nvisible};
    s.clause = "ORDER BY";
    s.aliases = &visible;
    s.aliases_first = true;
    BoundExpr *x;
    TRY(bind_expr(b, &s, e, &x, err));
    for (u32 i = 0; i < g->outs.len; i++) {
        if (!bound_equal(g->outs.at[i].expr, x)) continue;
        *ret_col = i;
        return ERR_OK;
    }
    *ret_col = g->outs.len;
    output_add(b, &g->outs, (Output){x, STR("$order"), e->pos, e->width});
    return ERR_OK;
}

static SortKey
order_key(const OrderItem *o, u32 col)
{
    return (SortKey){.column = col, .descending = o->desc, .nulls_first = order_nulls_first(o)};
}

Status
bind_order(Binder *b, const Query *q, Selecting *g, Err *err)
{
    if (q->order_by.len > COLUMNS_MAX) {
        const Expr *e = q->order_by.at[COLUMNS_MAX].expr;
        return bind_limit(b, q->order_by.len, COLUMNS_MAX, "ORDER BY", "columns", e->pos, e->width,
                          err);
    }
    g->norder = q->order_by.len;
    g->order = arena_array(b->a, SortKey, g->norder + 1);
    for (u32 i = 0; i < g->norder; i++) {
        u32 col;
        TRY(order_item(b, g, q->order_by.at[i].expr, &col, err));
        g->order[i] = order_key(&q->order_by.at[i], col);
    }
    return ERR_OK;
}

Status
bind_order_columns(Binder *b, const Query *q, const Rel *rel, SortKey **ret_keys, Err *err)
{
    ExprScope s = {.rel = rel, .clause = "ORDER BY"};
    *ret_keys = arena_array(b->a, SortKey, q->order_by.len + 1);
    for (u32 i = 0; i < q->order_by.len; i++) {
        const Expr *e = q->order_by.at[i].expr;
        u32 col;
        TRY(order_ordinal(b, e, rel->len, &col, err));
        if (col == UINT32_MAX) {
            BoundExpr *x;
            TRY(bind_expr(b, &s, e, &x, err));
            if (x->kind != BOUND_COLUMN) {
                return bind_unsupported(b, e->pos, e->width,
                                        "ORDER BY with an expression over a set operation", err);
            }
            col = x->column;
        }
        (*ret_keys)[i] = order_key(&q->order_by.at[i], col);
    }
    return ERR_OK;
}

static Status
tail_count(Binder *b, const Expr *e, const char *what, u64 *ret, Err *err)
{
    if (!e) return ERR_OK;
    ExprScope s = {.clause = what};
    BoundExpr *x;
    TRY(bind_expr(b, &s, e, &x, err));
    if (type_is(x->type, KIND_INTEGER)) {
        TRY(bind_coerce(b, x, type_of(TYPE_BIGINT), &x, err));
        const Vector *v = bind_constant(b, x);
        const i64 *slot = v ? vector_at(v, 0) : NULL;
        if (slot && *slot >= 0) {
            *ret = (u64)*slot;
            return ERR_OK;
        }
    }
    return bind_fail(b, W2015, e->pos, e->width, err, "%s needs a constant whole number from 0 on",
                     what);
}

static void
tail_sort(Binder *b, SortKey *keys, u32 nkeys, u64 limit, u32 pos, Rel *rel)
{
    PlanNode *n = node_new(b->a, PLAN_SORT, 1, rel->len);
    n->pos = bind_pos(b, pos);
    n->input[0] = rel->node;
    for (u32 i = 0; i < rel->len; i++) n->schema.at[i] = rel->at[i].column;
    n->sort.keys = keys;
    n->sort.nkeys = nkeys;
    n->sort.limit = limit;
    rel->node = n;
    rel_forget_time(rel);
}

static void
tail_limit(Binder *b, u64 offset, u64 count, u32 pos, Rel *rel)
{
    PlanNode *n = node_new(b->a, PLAN_LIMIT, 1, rel->len);
    n->pos = bind_pos(b, pos);
    n->input[0] = rel->node;
    for (u32 i = 0; i < rel->len; i++) n->schema.at[i] = rel->at[i].column;
    n->limit.offset = offset;
    n->limit.count = count;
    rel->bounded |= count != UINT64_MAX;
    rel->node = n;
    rel_forget_time(rel);
}

Status
bind_tail(Binder *b, const Query *q, SortKey *keys, u32 nkeys, Rel *rel, Err *err)
{
    u64 count = UINT64_MAX, offset = 0;
    TRY(tail_count(b, q->limit, "LIMIT", &count, err));
    TRY(tail_count(b, q->offset, "OFFSET", &offset, err));
    if (nkeys) {
        const Expr *e = q->order_by.at[0].expr;
        if (!rel->bounded) {
            Status st = bind_fail(b, W2022, e->pos, e->width, err,
                                  "ORDER BY needs a bounded input: this one never ends");
            return err_hint(err, st,
                            "Rank within windows: ROW_NUMBER() OVER (PARTITION BY "
                            "window_start, window_end ORDER BY ...).");
        }
        u64 most =
            count == UINT64_MAX || count > UINT64_MAX - 1 - offset ? UINT64_MAX : count + offset;
        tail_sort(b, keys, nkeys, most, e->pos, rel);
        if (offset == 0) return ERR_OK;
    }
    if (count == UINT64_MAX && offset == 0) return ERR_OK;
    tail_limit(b, offset, count, (q->limit ? q->limit : q->offset)->pos, rel);
    return ERR_OK;
}
