/* bind_group.c - GROUP BY, aggregates, HAVING: one AGGREGATE node, with its window fused in.
 *
 *   outputs over the input   -->   PROJECT keys, arguments   AGGREGATE   outputs over its columns
 *
 * If a key is a bound of a window (of a table function below, or of windows that an aggregate
 * below has closed already), the AGGREGATE is windowed:
 *  - rows that still lie in a WINDOW node: the node is taken off (bind_strip.c) and its spec moves
 *    into the aggregate;
 *  - rows that must stay in their windows, or were put into them further below: the aggregate finds
 *    the bounds in two columns (WINDOW_ATTACHED).
 *
 * With GROUPING SETS (bind_sets.c) an EXPAND stands between PROJECT and AGGREGATE. It makes columns
 * NULL, so the keys are columns of their own there, and arguments never share them. */
#include "planner/bind.h"

#include <stdio.h>

/* Where the keys of one GROUP BY go. */
typedef struct Grouping {
    Selecting *g;
    TimeWindow window;    /* WINDOW_NONE: none */
    const TimeWindow *of; /* whose bounds the keys are; NULL: none, or GROUP BY TUMBLE(...) */
    Strip strip;
    OutputList pre; /* what the aggregate reads */
    u32 pre_own;    /* of those, the first that arguments cannot share */
    bool *gone;     /* GROUPING SETS: sets * pre columns */
    u32 *key_slot;  /* per key of g: its column in the aggregate; UINT32_MAX: about the window */
    BoundExpr **key_window; /* per key: over SLOT_WINDOW columns, if it is about the window */
    u32 *keys;
    u32 nkeys;
} Grouping;

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
        if (!group_key_always(g, i)) continue;
        const TimeWindow *w = g->rel.at[k->column].window;
        bool has[ROLE_TIME + 1] = {0};
        for (u32 j = 0; j < g->keys.len; j++) {
            const BoundExpr *x = g->keys.at[j];
            if (x->kind != BOUND_COLUMN || g->rel.at[x->column].window != w) continue;
            if (!group_key_always(g, j)) continue;
            has[g->rel.at[x->column].role] = true;
        }
        if (group_names_window(w->kind == WINDOW_ATTACHED ? w->of : w->kind, has)) return w;
    }
    return NULL;
}

static void
strip_nothing(Binder *b, const Rel *rel, Strip *s)
{
    u32 pos = s->pos;
    *s = (Strip){.node = rel->node, .pos = pos};
    s->at = arena_array(b->a, StripColumn, rel->len + 1);
    for (u32 i = 0; i < rel->len; i++) {
        s->at[i].kind = STRIP_COLUMN;
        s->at[i].expr = bound_column(b->a, i, rel->at[i].column.type);
    }
}

/* An expression over the input becomes one over the stripped input. *ret_window: it is about the
 * window only, and *ret reads SLOT_WINDOW columns. False: it is about both, or about the window
 * where that will not do. */
static bool
group_strip(Binder *b, const Grouping *gr, const BoundExpr *e, bool window_will_do, BoundExpr **ret,
            bool *ret_window)
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
        window[i] = true; /* the bound of an attached window is a column and about the window */
    }
    *ret_window =
        window_will_do && (bound_facts(e) & BOUND_READS) && bound_reads_only(e, window, n);
    if (!*ret_window && !bound_reads_only(e, column, n)) return false;
    for (u32 i = 0; *ret_window && i < n; i++) {
        const RelColumn *c = &gr->g->rel.at[i];
        if (!column[i] || !window[i]) continue;
        by[i] = bound_column(b->a, (u32)SLOT_WINDOW + c->role, c->column.type);
    }
    *ret = bound_replace(b->a, e, by);
    return true;
}

/* ---- fused or attached ---------------------------------------------------------------------- */

/* The keys beside a SESSION's bounds must be what it is partitioned by. */
static bool
group_is_partition(const Strip *s, const BoundList *keys)
{
    for (u32 i = 0; i < keys->len; i++) {
        bool found = false;
        for (u32 k = 0; k < s->npartition; k++) {
            found = found || bound_is_column(keys->at[i], s->partition[k]);
        }
        if (!found) return false;
    }
    for (u32 k = 0; k < s->npartition; k++) {
        bool found = false;
        for (u32 i = 0; i < keys->len; i++) {
            found = found || bound_is_column(keys->at[i], s->partition[k]);
        }
        if (!found) return false;
    }
    return true;
}

/* Can keys and arguments be had from the stripped rows? */
static bool
group_fits(Binder *b, const Grouping *gr)
{
    const Selecting *g = gr->g;
    BoundList keys = {0};
    BoundExpr *e;
    bool window;
    for (u32 i = 0; i < g->keys.len; i++) {
        bool always = group_key_always(g, i);
        if (!group_strip(b, gr, g->keys.at[i], always, &e, &window)) return false;
        if (!window) bound_list_add(b->a, &keys, e);
    }
    for (u32 i = 0; i < g->aggs.len; i++) {
        const BoundAgg *agg = &g->aggs.at[i];
        for (u32 k = 0; k < agg->call.nargs; k++) {
            if (!group_strip(b, gr, agg->args[k], false, &e, &window)) return false;
        }
        if (agg->filter && !group_strip(b, gr, agg->filter, false, &e, &window)) return false;
    }
    if (!gr->strip.session) return true;
    return g->sets.n == 0 && group_is_partition(&gr->strip, &keys);
}

static bool
group_fuse(Binder *b, Grouping *gr)
{
    Strip plain = gr->strip;
    if (window_strip(b, &gr->g->rel, gr->of, &gr->strip) && group_fits(b, gr)) {
        gr->window = *gr->of;
        return true;
    }
    gr->strip = plain;
    return false;
}

static Status
group_attach(Binder *b, Grouping *gr, Err *err)
{
    const TimeWindow *of = gr->of;
    TimeWindow w = {.kind = WINDOW_ATTACHED,
                    .of = of->kind == WINDOW_ATTACHED ? of->of : of->kind,
                    .time_type = of->time_type,
                    .unit_us = of->unit_us,
                    .event_time = of->event_time,
                    .bounded_only = of->bounded_only};
    Rel *rel = &gr->g->rel;
    if (!window_bound(b, rel, of, ROLE_START, &w.start_col) ||
        !window_bound(b, rel, of, ROLE_END, &w.end_col)) {
        if (rel->bounded) { /* an ordinary GROUP BY gives the same rows in the end */
            gr->of = NULL;
            strip_nothing(b, rel, &gr->strip);
            return ERR_OK;
        }
        const GroupBy *by = &gr->g->sel->group_by;
        u32 pos = by->present ? by->pos : gr->g->sel->pos;
        u32 width = by->present ? by->width : gr->g->sel->width;
        Status st = bind_unsupported(
            b, pos, width, "grouping by a window without both of its bounds in the input", err);
        return err_hint(err, st, "Select window_start and window_end in the inner query.");
    }
    w.time_col = w.end_col;
    gr->window = w;
    strip_nothing(b, rel, &gr->strip);
    return ERR_OK;
}

static Status
group_window(Binder *b, Grouping *gr, Err *err)
{
    Selecting *g = gr->g;
    gr->strip.pos = bind_pos(b, g->sel->pos);
    strip_nothing(b, &g->rel, &gr->strip);
    gr->of = group_find_window(g);
    if (g->has_legacy) {
        gr->window = g->legacy.spec;
        gr->strip.time_col = g->legacy.spec.time_col;
        gr->strip.pos = bind_pos(b, g->legacy.pos);
        gr->of = NULL;
    } else if (gr->of && !group_fuse(b, gr)) {
        TRY(group_attach(b, gr, err));
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
group_pre_add(Binder *b, Grouping *gr, BoundExpr *e, Str name)
{
    if (!name.len) {
        char text[16];
        int len = snprintf(text, sizeof text, "$f%u", gr->pre.len);
        name = (Str){arena_copy(b->a, text, (size_t)len), (u32)len};
    }
    output_add(b, &gr->pre, (Output){.expr = e, .name = name, .pos = e->pos, .width = e->width});
    return gr->pre.len - 1;
}

static u32
group_pre(Binder *b, Grouping *gr, BoundExpr *e, Str name)
{
    for (u32 i = gr->pre_own; i < gr->pre.len; i++) {
        if (bound_equal(gr->pre.at[i].expr, e)) return i;
    }
    return group_pre_add(b, gr, e, name);
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

static void
group_keys(Binder *b, Grouping *gr)
{
    const Selecting *g = gr->g;
    const BoundList *keys = &g->keys;
    gr->key_slot = arena_array(b->a, u32, keys->len + 1);
    gr->key_window = arena_array(b->a, BoundExpr *, keys->len + 1);
    gr->keys = arena_array(b->a, u32, keys->len + 2);
    for (u32 i = 0; i < keys->len; i++) {
        bool window = false, always = group_key_always(g, i);
        BoundExpr *e = NULL;
        bool fits = group_strip(b, gr, keys->at[i], always, &e, &window);
        assert(fits);
        gr->key_slot[i] = UINT32_MAX;
        if (window) {
            gr->key_window[i] = e;
            continue;
        }
        Str name = group_key_name(gr, keys->at[i]);
        u32 col = g->sets.n ? group_pre_add(b, gr, e, name) : group_pre(b, gr, e, name), slot = 0;
        while (slot < gr->nkeys && gr->keys[slot] != col) slot++;
        if (slot == gr->nkeys) gr->keys[gr->nkeys++] = col;
        gr->key_slot[i] = slot;
    }
    if (g->sets.n) gr->pre_own = gr->pre.len;
}

static void
group_agg_inputs(Binder *b, Grouping *gr, BoundAgg *agg)
{
    for (u32 i = 0; i < agg->call.nargs + (agg->filter != NULL); i++) {
        BoundExpr **at = i < agg->call.nargs ? &agg->args[i] : &agg->filter;
        bool window = false;
        BoundExpr *e = NULL;
        bool fits = group_strip(b, gr, *at, false, &e, &window);
        assert(fits);
        u32 col = group_pre(b, gr, e,
                            e->kind == BOUND_COLUMN ? gr->strip.node->schema.at[e->column].name
                                                    : (Str){0});
        BoundExpr *ref = bound_column(b->a, col, e->type);
        ref->pos = (*at)->pos;
        ref->width = (*at)->width;
        *at = ref;
    }
}

/* Column col of the stripped input among those that the aggregate reads. */
static u32
group_pre_column(Binder *b, Grouping *gr, u32 col)
{
    const Column *c = &gr->strip.node->schema.at[col];
    return group_pre(b, gr, bound_column(b->a, col, c->type), c->name);
}

static void
group_window_inputs(Binder *b, Grouping *gr)
{
    TimeWindow *w = &gr->window;
    if (w->kind == WINDOW_ATTACHED) {
        w->start_col = group_pre_column(b, gr, w->start_col);
        w->end_col = w->time_col = group_pre_column(b, gr, w->end_col);
    } else if (w->kind != WINDOW_NONE) {
        w->time_col = group_pre_column(b, gr, gr->strip.time_col);
    } else if (gr->pre.len == 0 && gr->strip.node->schema.len) {
        group_pre_column(b, gr, 0); /* COUNT(*): rows must have a column to be counted by */
    }
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
group_window_columns(const Grouping *gr, RelColumn *cols, PlanNode *n)
{
    static const char *const names[] = {"", "window_start", "window_end", "window_time"};
    Type time = gr->window.time_type;
    for (u32 r = ROLE_START; r <= ROLE_TIME; r++) {
        RelColumn *c = &cols[r - ROLE_START];
        c->column.name = str_from(names[r]);
        c->column.type = window_column_type((WindowRole)r, time);
        c->role = (WindowRole)r;
        c->window = &n->agg.window;
        c->loose = gr->window.bounded_only;
        if (r != ROLE_TIME) continue;
        c->column.attr = gr->window.event_time ? ATTR_ROWTIME : ATTR_PROCTIME;
    }
}

/* GROUPING SETS: which of the columns go in which set; the set's number is the last key. */
static void
group_expand(Binder *b, Grouping *gr, Rel *pre)
{
    const Selecting *g = gr->g;
    u32 ncols = pre->len, nsets = g->sets.n;
    if (!nsets) return;
    PlanNode *n = node_new(b->a, PLAN_EXPAND, 1, ncols + 1);
    RelColumn *cols = arena_array(b->a, RelColumn, ncols + 1);
    bool *gone = arena_array(b->a, bool, (size_t)nsets *ncols + 1);
    memcpy(cols, pre->at, ncols * sizeof *cols);
    n->pos = gr->strip.pos;
    n->input[0] = pre->node;
    for (u32 set = 0; set < nsets; set++) {
        for (u32 i = 0; i < g->keys.len; i++) {
            bool has = g->sets.has[(size_t)set * g->keys.len + i];
            if (has || gr->key_slot[i] == UINT32_MAX) continue;
            u32 col = gr->keys[gr->key_slot[i]];
            gone[(size_t)set * ncols + col] = true;
            cols[col].column.type.not_null = false;
        }
    }
    cols[ncols].column =
        (Column){.name = STR("$set"), .type = type_nullable(type_of(TYPE_INT), false)};
    for (u32 i = 0; i <= ncols; i++) n->schema.at[i] = cols[i].column;
    n->expand.gone = gone;
    n->expand.nsets = nsets;
    gr->keys[gr->nkeys++] = ncols;
    *pre = (Rel){.node = n, .at = cols, .len = ncols + 1, .bounded = pre->bounded};
}

static void
group_aggregate(Binder *b, Grouping *gr, const Rel *pre)
{
    Selecting *g = gr->g;
    bool windowed = gr->window.kind != WINDOW_NONE;
    u32 ncols = gr->nkeys + g->aggs.len + (windowed ? 3 : 0);
    PlanNode *n = node_new(b->a, PLAN_AGGREGATE, 1, ncols);
    RelColumn *cols = arena_array(b->a, RelColumn, ncols + 1);
    n->pos = gr->strip.pos;
    n->input[0] = pre->node;
    n->agg.keys = gr->keys;
    n->agg.nkeys = gr->nkeys;
    n->agg.aggs = g->aggs.at;
    n->agg.naggs = g->aggs.len;
    n->agg.window = gr->window;
    if (gr->window.kind == WINDOW_SESSION) {
        n->agg.window.partition = n->agg.keys;
        n->agg.window.npartition = n->agg.nkeys;
    }
    for (u32 i = 0; i < gr->nkeys; i++) {
        cols[i].column = pre->at[gr->keys[i]].column;
        cols[i].column.attr = ATTR_NONE;
    }
    for (u32 i = 0; i < g->aggs.len; i++) {
        cols[gr->nkeys + i].column =
            (Column){.name = group_agg_name(b, g, i), .type = g->aggs.at[i].call.ret};
    }
    if (windowed) {
        n->agg.win_start = n->agg.win_end = n->agg.win_time = true;
        group_window_columns(gr, cols + gr->nkeys + g->aggs.len, n);
    }
    for (u32 i = 0; i < ncols; i++) n->schema.at[i] = cols[i].column;
    bool bounded = g->rel.bounded;
    g->rel = (Rel){.node = n, .at = cols, .len = ncols, .bounded = bounded};
}

static void
group_node(Binder *b, Grouping *gr)
{
    Rel pre = rel_of(b, gr->strip.node, gr->g->rel.bounded);
    group_window_inputs(b, gr);
    rel_project(b, &pre, gr->pre.at, gr->pre.len);
    group_expand(b, gr, &pre);
    group_aggregate(b, gr, &pre);
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
        *ret = bound_column(b->a, gr->key_slot[i], gr->g->rel.at[gr->key_slot[i]].column.type);
        (*ret)->pos = e->pos;
        (*ret)->width = e->width;
        return ERR_OK;
    }
    if (e->kind == BOUND_COLUMN) {
        if (e->column >= SLOT_GROUPING) {
            /* The number of the set is the last key. */
            return bind_grouping_value(b, gr->g, e->column - SLOT_GROUPING, gr->nkeys - 1, ret,
                                       err);
        }
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
    bool nullable = false;
    for (u32 i = 0; i < e->nargs; i++) {
        TRY(group_rewrite(b, gr, rel, e->args[i], &c->args[i], err));
        nullable |= e->args[i]->type.not_null && !c->args[i]->type.not_null;
    }
    /* A key that GROUPING SETS leave out is NULL, whatever its column is. */
    bool never = e->kind == BOUND_CALL && e->call.def->flags & FUNC_NOT_NULL;
    if (nullable && !never) c->type.not_null = false;
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
    group_keys(b, &gr);
    for (u32 i = 0; i < g->aggs.len; i++) group_agg_inputs(b, &gr, &g->aggs.at[i]);
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
        group_key_add(b, &g, e);
    }
    TRY(bind_group(b, &g, err));
    rel_project(b, &g.rel, g.outs.at, g.outs.len);
    *rel = g.rel;
    return ERR_OK;
}
