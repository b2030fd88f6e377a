/* bind_group.c - GROUP BY, aggregates, HAVING: one AGGREGATE node, with its window fused in.
 *
 *   outputs over the input   -->   PROJECT keys, arguments   AGGREGATE   outputs over its columns
 *
 * If a key is a bound of a window (of a table function below, or of windows that an aggregate
 * below has closed already), the AGGREGATE is windowed:
 *  - rows that still lie in a WINDOW node: the node is taken off (bind_strip.c) and its spec moves
 *    into the aggregate;
 *  - rows of closed TUMBLE windows: the same window again, by the start of the first one, since a
 *    window's start lies in it. */
#include "planner/bind.h"

#include <stdio.h>

/* Where the keys of one GROUP BY go. */
typedef struct Grouping {
    Selecting *g;
    TimeWindow window;    /* WINDOW_NONE: none */
    const TimeWindow *of; /* whose bounds the keys are; NULL: none, or GROUP BY TUMBLE(...) */
    Strip strip;
    OutputList pre; /* what the aggregate reads */
    u32 *key_slot;  /* per key of g: its column in the aggregate; UINT32_MAX: about the window */
    BoundExpr **key_window; /* per key: over SLOT_WINDOW columns, if it is about the window */
    u32 *keys;
    u32 nkeys;
} Grouping;

/* ---- keys ----------------------------------------------------------------------------------- */

static Status
group_unsupported(const Binder *b, const GroupElem *e, Err *err)
{
    static const char *const names[] = {"", "", "GROUPING SETS", "CUBE", "ROLLUP"};
    return bind_unsupported(b, e->pos, e->width, names[e->kind], err);
}

/* The expressions of GROUP BY one by one: (a, b) counts as a and b. */
static Status
group_exprs(Binder *b, const Select *sel, ExprList *ret, Err *err)
{
    u32 n = 0;
    for (u32 i = 0; i < sel->group_by.len; i++) n += MAX(sel->group_by.at[i]->len, 1);
    ret->at = arena_array(b->a, Expr *, n + 1);
    for (u32 i = 0; i < sel->group_by.len; i++) {
        const GroupElem *e = sel->group_by.at[i];
        if (e->kind == GROUP_EXPR) {
            ret->at[ret->len++] = e->expr;
            continue;
        }
        if (e->kind != GROUP_SET) return group_unsupported(b, e, err);
        for (u32 k = 0; k < e->len; k++) {
            if (e->args[k]->kind != GROUP_EXPR) return group_unsupported(b, e->args[k], err);
            ret->at[ret->len++] = e->args[k]->expr;
        }
    }
    return ERR_OK;
}

Status
bind_group_legacy(Binder *b, Selecting *g, Err *err)
{
    ExprList exprs = {0};
    TRY(group_exprs(b, g->sel, &exprs, err));
    for (u32 i = 0; i < exprs.len; i++) {
        bool is = false;
        LegacyWindow w = {0};
        TRY(bind_group_window(b, &g->rel, exprs.at[i], &w, &is, err));
        if (!is) continue;
        if (g->has_legacy) {
            return bind_fail(b, W2016, exprs.at[i]->pos, exprs.at[i]->width, err,
                             "GROUP BY takes one window only");
        }
        g->legacy = w;
        g->has_legacy = true;
    }
    return ERR_OK;
}

/* GROUP BY 2: the second output. */
static Status
group_ordinal(const Binder *b, const Selecting *g, const Expr *e, BoundExpr **ret, Err *err)
{
    i64 n = 0;
    *ret = NULL;
    if (e->kind != EXPR_LITERAL || e->literal->kind != LITERAL_INTEGER) return ERR_OK;
    if (!str_to_i64(e->literal->text, &n) || n < 1 || n > g->nvisible) {
        return bind_fail(b, W2013, e->pos, e->width, err,
                         "GROUP BY %.*s is not among the %u column%s", STR_ARG(e->literal->text),
                         g->nvisible, plural(g->nvisible));
    }
    *ret = g->outs.at[n - 1].expr;
    return ERR_OK;
}

static bool
group_reads_slot(const BoundExpr *e)
{
    if (e->kind == BOUND_COLUMN) return e->column >= SLOT_AGG;
    for (u32 i = 0; i < e->nargs; i++) {
        if (group_reads_slot(e->args[i])) return true;
    }
    return false;
}

static void
group_add_key(Binder *b, Selecting *g, BoundExpr *key)
{
    for (u32 i = 0; i < g->keys.len; i++) {
        if (bound_equal(g->keys.at[i], key)) return;
    }
    bound_list_add(b->a, &g->keys, key);
}

Status
bind_group_keys(Binder *b, Selecting *g, Err *err)
{
    ExprScope s = {.rel = &g->rel, .clause = "GROUP BY", .aliases = &g->outs};
    ExprList exprs = {0};
    if (g->sel->group_by.all) {
        for (u32 i = 0; i < g->nvisible; i++) {
            if (!group_reads_slot(g->outs.at[i].expr)) group_add_key(b, g, g->outs.at[i].expr);
        }
        return ERR_OK;
    }
    TRY(group_exprs(b, g->sel, &exprs, err));
    for (u32 i = 0; i < exprs.len; i++) {
        const Expr *e = exprs.at[i];
        TRY(bind_limit(b, i + 1, COLUMNS_MAX, "GROUP BY", "keys", e->pos, e->width, err));
        WindowKind kind;
        if (e->kind == EXPR_CALL && window_kind_find(path_last(&e->call->func).text, &kind))
            continue;
        BoundExpr *key;
        TRY(group_ordinal(b, g, e, &key, err));
        if (!key) TRY(bind_expr(b, &s, e, &key, err));
        if (group_reads_slot(key)) {
            return bind_fail(b, W2008, e->pos, e->width, err,
                             "GROUP BY cannot hold an aggregate or a rank");
        }
        group_add_key(b, g, key);
    }
    return ERR_OK;
}

/* ---- the window ----------------------------------------------------------------------------- */

/* Do these bounds of one window name it? CUMULATE's windows share starts, sessions of different
 * keys share either bound. */
static bool
group_names_window(WindowKind kind, const bool *has)
{
    if (has[ROLE_TIME] && kind != WINDOW_SESSION) return true;
    if (kind == WINDOW_SESSION) return has[ROLE_START] && (has[ROLE_END] || has[ROLE_TIME]);
    if (kind == WINDOW_CUMULATE) return has[ROLE_END];
    return has[ROLE_START] || has[ROLE_END];
}

static const TimeWindow *
group_find_window(const Selecting *g)
{
    for (u32 i = 0; i < g->keys.len; i++) {
        const BoundExpr *k = g->keys.at[i];
        if (k->kind != BOUND_COLUMN || g->rel.at[k->column].role == ROLE_NONE) continue;
        const TimeWindow *w = g->rel.at[k->column].window;
        bool has[ROLE_TIME + 1] = {0};
        for (u32 j = 0; j < g->keys.len; j++) {
            const BoundExpr *x = g->keys.at[j];
            if (x->kind != BOUND_COLUMN || g->rel.at[x->column].window != w) continue;
            has[g->rel.at[x->column].role] = true;
        }
        if (group_names_window(w->kind, has)) return w;
    }
    return NULL;
}

static void
strip_nothing(Binder *b, const Rel *rel, Strip *s)
{
    s->node = rel->node;
    s->at = arena_array(b->a, StripColumn, rel->len + 1);
    for (u32 i = 0; i < rel->len; i++) {
        s->at[i].kind = STRIP_COLUMN;
        s->at[i].expr = bound_column(b->a, i, rel->at[i].column.type);
    }
}

/* Windows that are closed already: group by the same TUMBLE window of their start. */
static bool
group_again(const Rel *rel, Grouping *gr)
{
    if (gr->of->kind != WINDOW_TUMBLE) return false;
    for (u32 i = 0; i < rel->len; i++) {
        if (rel->at[i].window != gr->of || rel->at[i].role != ROLE_START) continue;
        gr->window = *gr->of;
        gr->window.time_col = gr->strip.time_col = i;
        return true;
    }
    return false;
}

static Status
group_window(Binder *b, Grouping *gr, Err *err)
{
    Selecting *g = gr->g;
    strip_nothing(b, &g->rel, &gr->strip);
    gr->strip.pos = bind_pos(b, g->sel->pos);
    gr->of = group_find_window(g);
    if (g->has_legacy) {
        gr->window = g->legacy.spec;
        gr->strip.time_col = g->legacy.spec.time_col;
        gr->strip.pos = bind_pos(b, g->legacy.pos);
        gr->of = NULL;
    } else if (gr->of) {
        bool raw = false;
        TRY(window_strip(b, &g->rel, gr->of, &gr->strip, &raw, err));
        if (raw) {
            gr->window = *gr->of;
        } else if (!group_again(&g->rel, gr)) {
            gr->of = NULL;
        }
    }
    if (gr->window.kind != WINDOW_NONE || g->rel.bounded) return ERR_OK;
    const GroupBy *by = &g->sel->group_by;
    u32 pos = by->present ? by->pos : g->sel->pos, width = by->present ? by->width : g->sel->width;
    Status st =
        bind_unsupported(b, pos, width, "grouping an unbounded input without a window", err);
    return err_hint(err, st,
                    "Group by window_start, window_end of TUMBLE(TABLE t, DESCRIPTOR(ts), "
                    "INTERVAL '1' MINUTE).");
}

/* ---- what the aggregate reads --------------------------------------------------------------- */

static u32
group_pre(Binder *b, Grouping *gr, BoundExpr *e, Str name)
{
    for (u32 i = 0; i < gr->pre.len; i++) {
        if (bound_equal(gr->pre.at[i].expr, e)) return i;
    }
    if (!name.len) {
        char text[16];
        int len = snprintf(text, sizeof text, "$f%u", gr->pre.len);
        name = (Str){arena_copy(b->a, text, (size_t)len), (u32)len};
    }
    output_add(b, &gr->pre, (Output){.expr = e, .name = name, .pos = e->pos, .width = e->width});
    return gr->pre.len - 1;
}

/* An expression over the input becomes one over the stripped input. *ret_window: it is about the
 * window only, and *ret reads SLOT_WINDOW columns. */
static Status
group_strip(Binder *b, const Grouping *gr, BoundExpr *e, BoundExpr **ret, bool *ret_window,
            Err *err)
{
    u32 n = gr->g->rel.len;
    bool *column = arena_array(b->a, bool, n + 1), *window = arena_array(b->a, bool, n + 1);
    BoundExpr **by = arena_array(b->a, BoundExpr *, n + 1);
    for (u32 i = 0; i < n; i++) {
        column[i] = gr->strip.at[i].kind == STRIP_COLUMN;
        window[i] = gr->strip.at[i].kind == STRIP_WINDOW;
        by[i] = gr->strip.at[i].expr;
        const RelColumn *c = &gr->g->rel.at[i];
        if (!column[i] || !gr->of || c->role == ROLE_NONE || c->window != gr->of) continue;
        window[i] = true; /* the bound of a closed window is a column and about the window */
    }
    *ret_window = (bound_facts(e) & BOUND_READS) && bound_reads_only(e, window, n);
    if (!*ret_window && !bound_reads_only(e, column, n)) {
        Status st = err_set(err, W2001, e->pos,
                            "an expression over both a window's bounds and its rows is not "
                            "supported yet in GROUP BY or an aggregate");
        err_at(err, e->pos, e->width);
        return st;
    }
    for (u32 i = 0; *ret_window && i < n; i++) {
        const RelColumn *c = &gr->g->rel.at[i];
        if (!column[i] || !window[i]) continue;
        by[i] = bound_column(b->a, (u32)SLOT_WINDOW + c->role, c->column.type);
    }
    *ret = bound_replace(b->a, e, by);
    return ERR_OK;
}

static Str
group_key_name(const Grouping *gr, const BoundExpr *key)
{
    if (key->kind == BOUND_COLUMN) return gr->g->rel.at[key->column].column.name;
    for (u32 i = 0; i < gr->g->nvisible; i++) {
        if (bound_equal(gr->g->outs.at[i].expr, key)) return gr->g->outs.at[i].name;
    }
    return (Str){0};
}

static Status
group_keys(Binder *b, Grouping *gr, Err *err)
{
    BoundList *keys = &gr->g->keys;
    gr->key_slot = arena_array(b->a, u32, keys->len + 1);
    gr->key_window = arena_array(b->a, BoundExpr *, keys->len + 1);
    gr->keys = arena_array(b->a, u32, keys->len + 1);
    for (u32 i = 0; i < keys->len; i++) {
        bool window = false;
        BoundExpr *e;
        TRY(group_strip(b, gr, keys->at[i], &e, &window, err));
        gr->key_slot[i] = UINT32_MAX;
        if (window) {
            gr->key_window[i] = e;
            continue;
        }
        u32 col = group_pre(b, gr, e, group_key_name(gr, keys->at[i]));
        u32 slot = 0;
        while (slot < gr->nkeys && gr->keys[slot] != col) slot++;
        if (slot == gr->nkeys) gr->keys[gr->nkeys++] = col;
        gr->key_slot[i] = slot;
    }
    return ERR_OK;
}

static Status
group_agg_inputs(Binder *b, Grouping *gr, BoundAgg *agg, Err *err)
{
    for (u32 i = 0; i < agg->call.nargs + (agg->filter != NULL); i++) {
        BoundExpr **at = i < agg->call.nargs ? &agg->args[i] : &agg->filter;
        bool window = false;
        BoundExpr *e;
        TRY(group_strip(b, gr, *at, &e, &window, err));
        if (window) {
            if (gr->strip.node != gr->g->rel.node) {
                Status st = err_set(err, W2001, (*at)->pos,
                                    "an aggregate of a window's bounds is not supported yet");
                err_at(err, (*at)->pos, (*at)->width);
                return st;
            }
            e = *at; /* in a closed window's rows the bound is a column like any other */
        }
        u32 col = group_pre(b, gr, e,
                            e->kind == BOUND_COLUMN ? gr->strip.node->schema.at[e->column].name
                                                    : (Str){0});
        BoundExpr *ref = bound_column(b->a, col, e->type);
        ref->pos = (*at)->pos;
        ref->width = (*at)->width;
        *at = ref;
    }
    return ERR_OK;
}

/* ---- the node ------------------------------------------------------------------------------- */

static Str
group_agg_name(Binder *b, const Selecting *g, u32 agg)
{
    for (u32 i = 0; i < g->outs.len; i++) {
        if (bound_is_column(g->outs.at[i].expr, SLOT_AGG + agg)) return g->outs.at[i].name;
    }
    char text[16];
    int len = snprintf(text, sizeof text, "$agg%u", agg);
    return (Str){arena_copy(b->a, text, (size_t)len), (u32)len};
}

static void
group_window_columns(Grouping *gr, RelColumn *cols, PlanNode *n, const Column *time)
{
    static const char *const names[] = {"", "window_start", "window_end", "window_time"};
    Type start = type_nullable(type_timestamp(TYPE_TIMESTAMP, 3), false);
    Type at = type_timestamp((TypeKind)time->type.kind, MAX(time->type.scale, 3u));
    if (gr->of) {
        const Rel *rel = &gr->g->rel;
        for (u32 i = 0; i < rel->len; i++) {
            if (rel->at[i].window == gr->of && rel->at[i].role == ROLE_TIME) {
                at = rel->at[i].column.type;
            }
        }
    }
    for (u32 r = ROLE_START; r <= ROLE_TIME; r++) {
        RelColumn *c = &cols[r - ROLE_START];
        c->column.name = str_from(names[r]);
        c->column.type = r == ROLE_TIME ? type_nullable(at, false) : start;
        c->role = (WindowRole)r;
        c->window = &n->agg.window;
        c->loose = gr->window.bounded_only;
        if (r != ROLE_TIME) continue;
        c->column.attr = gr->window.event_time ? ATTR_ROWTIME : ATTR_PROCTIME;
    }
}

static void
group_node(Binder *b, Grouping *gr)
{
    Selecting *g = gr->g;
    Rel pre = rel_of(b, gr->strip.node, g->rel.bounded);
    bool windowed = gr->window.kind != WINDOW_NONE;
    u32 time = 0;
    if (windowed) {
        const Column *t = &pre.node->schema.at[gr->strip.time_col];
        time = group_pre(b, gr, bound_column(b->a, gr->strip.time_col, t->type), t->name);
    }
    if (gr->pre.len == 0 && pre.len) { /* COUNT(*): rows must have a column to be counted by */
        const Column *c = &pre.node->schema.at[0];
        group_pre(b, gr, bound_column(b->a, 0, c->type), c->name);
    }
    rel_project(b, &pre, gr->pre.at, gr->pre.len);

    u32 ncols = gr->nkeys + g->aggs.len + (windowed ? 3 : 0);
    PlanNode *n = node_new(b->a, PLAN_AGGREGATE, 1, ncols);
    RelColumn *cols = arena_array(b->a, RelColumn, ncols + 1);
    n->pos = gr->strip.pos;
    n->input[0] = pre.node;
    n->agg.keys = gr->keys;
    n->agg.nkeys = gr->nkeys;
    n->agg.aggs = g->aggs.at;
    n->agg.naggs = g->aggs.len;
    n->agg.window = gr->window;
    n->agg.window.time_col = time;
    for (u32 i = 0; i < gr->nkeys; i++) {
        cols[i].column = pre.at[gr->keys[i]].column;
        cols[i].column.attr = ATTR_NONE;
    }
    for (u32 i = 0; i < g->aggs.len; i++) {
        cols[gr->nkeys + i].column =
            (Column){.name = group_agg_name(b, g, i), .type = g->aggs.at[i].call.ret};
    }
    if (windowed) {
        n->agg.win_start = n->agg.win_end = n->agg.win_time = true;
        group_window_columns(gr, cols + gr->nkeys + g->aggs.len, n, &pre.at[time].column);
    }
    for (u32 i = 0; i < ncols; i++) n->schema.at[i] = cols[i].column;
    bool bounded = g->rel.bounded;
    g->rel = (Rel){.node = n, .at = cols, .len = ncols, .bounded = bounded};
}

/* ---- outputs over the groups ---------------------------------------------------------------- */

/* A column of the finished aggregate for a slot. */
static BoundExpr *
group_slot(Binder *b, const Grouping *gr, const BoundExpr *e)
{
    u32 base = gr->nkeys, naggs = gr->g->aggs.len;
    u32 col = e->column >= SLOT_WINDOW ? base + naggs + (e->column - SLOT_WINDOW - ROLE_START)
                                       : base + (e->column - SLOT_AGG);
    BoundExpr *x = bound_column(b->a, col, e->type);
    x->pos = e->pos;
    x->width = e->width;
    return x;
}

static Status
group_not_grouped(const Binder *b, const Rel *rel, const BoundExpr *e, Err *err)
{
    (void)b;
    Str name = rel->at[e->column].column.name;
    Status st =
        err_set(err, W2007, e->pos, "column \"%.*s\" must be grouped or aggregated", STR_ARG(name));
    err_at(err, e->pos, e->width);
    return err_hint(err, st, "Add it to GROUP BY, or write an aggregate as MAX(%.*s).",
                    STR_ARG(name));
}

/* rel: what e reads, before grouping. */
static Status
group_rewrite(Binder *b, const Grouping *gr, const Rel *rel, BoundExpr *e, BoundExpr **ret,
              Err *err)
{
    for (u32 i = 0; i < gr->g->keys.len; i++) {
        if (!bound_equal(gr->g->keys.at[i], e)) continue;
        if (gr->key_slot[i] == UINT32_MAX) {
            return group_rewrite(b, gr, rel, gr->key_window[i], ret, err);
        }
        *ret = bound_column(b->a, gr->key_slot[i], e->type);
        (*ret)->pos = e->pos;
        (*ret)->width = e->width;
        return ERR_OK;
    }
    if (e->kind == BOUND_COLUMN) {
        if (e->column >= SLOT_OVER && e->column < SLOT_WINDOW) {
            *ret = e;
            return ERR_OK;
        }
        if (e->column >= SLOT_AGG) {
            *ret = group_slot(b, gr, e);
            return ERR_OK;
        }
        const RelColumn *c = &rel->at[e->column];
        if (gr->of && c->role != ROLE_NONE && c->window == gr->of) {
            BoundExpr slot = *e;
            slot.column = (u32)SLOT_WINDOW + c->role;
            *ret = group_slot(b, gr, &slot);
            return ERR_OK;
        }
        return group_not_grouped(b, rel, e, err);
    }
    BoundExpr *c = arena_make(b->a, BoundExpr);
    *c = *e;
    if (e->nargs) c->args = arena_array(b->a, BoundExpr *, e->nargs);
    for (u32 i = 0; i < e->nargs; i++) {
        TRY(group_rewrite(b, gr, rel, e->args[i], &c->args[i], err));
    }
    *ret = c;
    return ERR_OK;
}

static Status
group_rewrite_all(Binder *b, const Grouping *gr, const Rel *rel, Err *err)
{
    Selecting *g = gr->g;
    for (u32 i = 0; i < g->outs.len; i++) {
        Output *o = &g->outs.at[i];
        TRY(group_rewrite(b, gr, rel, o->expr, &o->expr, err));
    }
    if (g->having) TRY(group_rewrite(b, gr, rel, g->having, &g->having, err));
    if (g->qualify) TRY(group_rewrite(b, gr, rel, g->qualify, &g->qualify, err));
    for (u32 i = 0; i < g->overs.len; i++) {
        OverCall *o = &g->overs.at[i];
        for (u32 k = 0; k < o->partition.len; k++) {
            TRY(group_rewrite(b, gr, rel, o->partition.at[k], &o->partition.at[k], err));
        }
        for (u32 k = 0; k < o->order.len; k++) {
            TRY(group_rewrite(b, gr, rel, o->order.at[k], &o->order.at[k], err));
        }
    }
    return ERR_OK;
}

Status
bind_group(Binder *b, Selecting *g, Err *err)
{
    Grouping gr = {.g = g};
    Rel before = g->rel;
    TRY(group_window(b, &gr, err));
    TRY(group_keys(b, &gr, err));
    for (u32 i = 0; i < g->aggs.len; i++) TRY(group_agg_inputs(b, &gr, &g->aggs.at[i], err));
    group_node(b, &gr);
    TRY(group_rewrite_all(b, &gr, &before, err));
    for (u32 i = 0; i < gr.strip.postponed.len; i++) {
        BoundExpr *cond;
        TRY(group_rewrite(b, &gr, &before, gr.strip.postponed.at[i], &cond, err));
        rel_filter(b, &g->rel, cond);
    }
    if (g->having) rel_filter(b, &g->rel, g->having);
    return ERR_OK;
}

Status
bind_distinct(Binder *b, Rel *rel, u32 pos, u32 width, Err *err)
{
    Select sel = {.pos = pos, .width = width};
    Selecting g = {.sel = &sel, .rel = *rel, .nvisible = rel->len};
    for (u32 i = 0; i < rel->len; i++) {
        const Column *c = &rel->at[i].column;
        BoundExpr *e = bound_column(b->a, i, c->type);
        e->pos = bind_pos(b, pos);
        e->width = bind_width(b, width);
        output_add(b, &g.outs, (Output){.expr = e, .name = c->name});
        group_add_key(b, &g, e);
    }
    TRY(bind_group(b, &g, err));
    rel_project(b, &g.rel, g.outs.at, g.outs.len);
    *rel = g.rel;
    return ERR_OK;
}
