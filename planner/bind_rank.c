/* bind_rank.c - ROW_NUMBER, RANK and DENSE_RANK over a partition.
 *
 * Each becomes a RANK node without a limit that appends its number; pass_rank.c finds the limit in
 * the conditions above. Other OVER calls are not executed yet. */
#include "planner/bind.h"

#include <stdio.h>

bool
order_nulls_first(const OrderItem *o)
{
    switch (o->nulls) {
    case ORDER_NULLS_FIRST:
        return true;
    case ORDER_NULLS_LAST:
        return false;
    case ORDER_NULLS_UNSAID:
        return !o->desc;
    }
    UNREACHABLE();
}

static Status
over_check(const Binder *b, const ExprScope *s, const Expr *e, int *ret_kind, Err *err)
{
    static const char *const names[] = {"ROW_NUMBER", "RANK", "DENSE_RANK"};
    const Call *c = e->call;
    Str name = path_last(&c->func).text;
    *ret_kind = -1;
    for (u32 i = 0; i < ARRAY_LEN(names); i++) {
        if (str_eq_nocase(name, str_from(names[i]))) *ret_kind = (int)i;
    }
    if (*ret_kind < 0 || c->over->mode != FRAME_NONE) {
        return bind_fail(b, W2001, e->pos, e->width, err, "OVER with \"%.*s\" is not supported yet",
                         STR_ARG(name));
    }
    if (c->over->by_name || c->over->base.text.ptr) {
        return bind_unsupported(b, c->over->pos, c->over->width, "a named window", err);
    }
    if (c->args.len || c->filter || c->quantifier == QUANTIFIER_DISTINCT) {
        return bind_fail(b, W2005, e->pos, e->width, err, "function \"%.*s\" takes no argument",
                         STR_ARG(name));
    }
    if (!s->overs) {
        Status st =
            bind_fail(b, W2008, e->pos, e->width, err, "OVER is not allowed in %s", s->clause);
        if (strcmp(s->clause, "WHERE") == 0) {
            err_hint(err, st, "Write QUALIFY, or put the rank in a subquery.");
        }
        return st;
    }
    return ERR_OK;
}

static void
over_grow(Binder *b, OverList *l)
{
    if (l->len < l->cap) return;
    u32 cap = l->cap ? l->cap * 2 : 4;
    OverCall *at = arena_array(b->a, OverCall, cap);
    if (l->len) memcpy(at, l->at, l->len * sizeof *at);
    l->at = at;
    l->cap = cap;
}

static bool
over_equal(const OverCall *x, const OverCall *y)
{
    if (x->kind != y->kind || x->partition.len != y->partition.len) return false;
    if (x->order.len != y->order.len) return false;
    for (u32 i = 0; i < x->partition.len; i++) {
        if (!bound_equal(x->partition.at[i], y->partition.at[i])) return false;
    }
    for (u32 i = 0; i < x->order.len; i++) {
        if (!bound_equal(x->order.at[i], y->order.at[i])) return false;
        if (x->descending[i] != y->descending[i]) return false;
        if (x->nulls_first[i] != y->nulls_first[i]) return false;
    }
    return true;
}

Status
bind_over_call(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    OverCall over = {.pos = bind_pos(b, e->pos), .width = bind_width(b, e->width)};
    TRY(over_check(b, s, e, &over.kind, err));
    const WindowSpec *w = e->call->over;
    ExprScope inner = *s;
    inner.overs = NULL;
    inner.clause = "OVER";
    for (u32 i = 0; i < w->partition_by.len; i++) {
        BoundExpr *x;
        TRY(bind_expr(b, &inner, w->partition_by.at[i], &x, err));
        bound_list_add(b->a, &over.partition, x);
    }
    over.descending = arena_array(b->a, bool, w->order_by.len + 1);
    over.nulls_first = arena_array(b->a, bool, w->order_by.len + 1);
    for (u32 i = 0; i < w->order_by.len; i++) {
        BoundExpr *x;
        TRY(bind_expr(b, &inner, w->order_by.at[i].expr, &x, err));
        over.descending[over.order.len] = w->order_by.at[i].desc;
        over.nulls_first[over.order.len] = order_nulls_first(&w->order_by.at[i]);
        bound_list_add(b->a, &over.order, x);
    }
    if (over.kind != RANK_ROW_NUMBER && over.order.len == 0) {
        return bind_fail(b, W2008, e->pos, e->width, err, "a rank needs ORDER BY");
    }
    u32 slot = 0;
    while (slot < s->overs->len && !over_equal(&s->overs->at[slot], &over)) slot++;
    TRY(bind_limit(b, slot + 1, RANKS_MAX, "a SELECT", "ranks", e->pos, e->width, err));
    if (slot == s->overs->len) {
        over_grow(b, s->overs);
        s->overs->at[s->overs->len++] = over;
    }
    *ret = bound_column(b->a, SLOT_OVER + slot, type_nullable(type_of(TYPE_BIGINT), false));
    (*ret)->pos = over.pos;
    (*ret)->width = over.width;
    return ERR_OK;
}

/* The column of rel that holds e; computed ones are noted in `extra`. */
static u32
rank_column(Binder *b, const Rel *rel, BoundExpr *e, OutputList *extra)
{
    if (e->kind == BOUND_COLUMN) return e->column;
    for (u32 i = 0; i < extra->len; i++) {
        if (bound_equal(extra->at[i].expr, e)) return rel->len + i;
    }
    char text[16];
    int len = snprintf(text, sizeof text, "$r%u", rel->len + extra->len);
    Str name = {arena_copy(b->a, text, (size_t)len), (u32)len};
    output_add(b, extra, (Output){.expr = e, .name = name});
    return rel->len + extra->len - 1;
}

/* The window whose rows a partition ranks, and its end column; NULL: none. */
static const TimeWindow *
rank_window(const Rel *rel, const u32 *partition, u32 n, u32 *ret_end)
{
    for (u32 i = 0; i < n; i++) {
        if (partition[i] >= rel->len || rel->at[partition[i]].role == ROLE_NONE) continue;
        const TimeWindow *w = rel->at[partition[i]].window;
        for (u32 k = 0; k < rel->len; k++) {
            if (rel->at[k].role != ROLE_END || rel->at[k].window != w) continue;
            *ret_end = k;
            return w;
        }
    }
    return NULL;
}

static u32
rank_window_start(const Rel *rel, const TimeWindow *w, const u32 *partition, u32 n)
{
    WindowKind kind = w->kind == WINDOW_ATTACHED ? w->of : w->kind;
    for (u32 i = 0; i < n && kind != WINDOW_SESSION; i++) {
        u32 col = partition[i];
        if (col >= rel->len || rel->at[col].role != ROLE_START) continue;
        if (rel->at[col].window == w) return col;
    }
    return UINT32_MAX;
}

static void
rank_inputs(Binder *b, Rel *rel, const OutputList *extra)
{
    if (!extra->len) return;
    OutputList all = {0};
    Rel before = *rel;
    for (u32 i = 0; i < rel->len; i++) {
        const Column *c = &rel->at[i].column;
        output_add(b, &all, (Output){.expr = bound_column(b->a, i, c->type), .name = c->name});
    }
    for (u32 i = 0; i < extra->len; i++) output_add(b, &all, extra->at[i]);
    rel_project(b, rel, all.at, all.len);
    for (u32 i = 0; i < before.len; i++) {
        rel->at[i].table = before.at[i].table;
        rel->at[i].hides = before.at[i].hides;
    }
}

static void
rank_append(Binder *b, Rel *rel, const OverCall *over, u32 *partition, SortKey *keys)
{
    static const char *const names[] = {"row_number", "rank", "dense_rank"};
    PlanNode *n = node_new(b->a, PLAN_RANK, 1, rel->len + 1);
    n->pos = over->pos;
    n->input[0] = rel->node;
    RelColumn *cols = arena_array(b->a, RelColumn, rel->len + 1);
    memcpy(cols, rel->at, rel->len * sizeof *cols);
    cols[rel->len].column = (Column){.name = str_from(names[over->kind]),
                                     .type = type_nullable(type_of(TYPE_BIGINT), false)};
    n->rank.partition = partition;
    n->rank.npartition = over->partition.len;
    n->rank.order = keys;
    n->rank.norder = over->order.len;
    n->rank.kind = (u32)over->kind;
    n->rank.limit = UINT64_MAX;
    n->rank.emit_rank = true;
    n->rank.unit_us = 1000;
    n->rank.event_time = true;
    n->rank.window_end_col = n->rank.window_start_col = UINT32_MAX;
    /* Rows come when the window closes, or at the end: only the window's own time stays one. */
    const TimeWindow *w = rank_window(rel, partition, over->partition.len, &n->rank.window_end_col);
    if (w) {
        n->rank.unit_us = w->unit_us;
        n->rank.time_type = w->time_type;
        n->rank.event_time = w->event_time;
        n->rank.window_start_col = rank_window_start(rel, w, partition, over->partition.len);
    }
    for (u32 i = 0; i <= rel->len; i++) {
        if (!w || cols[i].window != w) cols[i].role = ROLE_NONE;
        if (cols[i].role != ROLE_TIME) cols[i].column.attr = ATTR_NONE;
        n->schema.at[i] = cols[i].column;
    }
    rel->node = n;
    rel->at = cols;
    rel->len++;
}

void
bind_ranks(Binder *b, const OverList *overs, Rel *rel, u32 *ret_col)
{
    for (u32 i = 0; i < overs->len; i++) {
        const OverCall *over = &overs->at[i];
        OutputList extra = {0};
        u32 *partition = arena_array(b->a, u32, over->partition.len + 1);
        SortKey *keys = arena_array(b->a, SortKey, over->order.len + 1);
        for (u32 k = 0; k < over->partition.len; k++) {
            partition[k] = rank_column(b, rel, over->partition.at[k], &extra);
        }
        for (u32 k = 0; k < over->order.len; k++) {
            keys[k] = (SortKey){.column = rank_column(b, rel, over->order.at[k], &extra),
                                .descending = over->descending[k],
                                .nulls_first = over->nulls_first[k]};
        }
        rank_inputs(b, rel, &extra);
        rank_append(b, rel, over, partition, keys);
        ret_col[i] = rel->len - 1;
    }
}
