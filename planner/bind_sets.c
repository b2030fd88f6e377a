/* bind_sets.c - what GROUP BY groups by: expressions, GROUPING SETS, CUBE, ROLLUP, GROUPING().
 *
 * GROUP BY a, CUBE (b, c), ROLLUP (d) is the product of its parts, each a list of sets of keys; an
 * expression is a part of one set. One set in the end is an ordinary GROUP BY. With more, each row
 * goes into the aggregate once per set (EXPAND), with the number of the set as one more key, and
 * GROUPING(a) becomes a CASE over that number. */
#include "planner/bind.h"

enum {
    GROUPING_SETS_MAX = 1024,    /* CUBE of ten keys. Each row is taken once per set. */
    GROUPING_VALUES_MAX = 65536, /* branches of all calls of GROUPING */
};

/* Keys by number. */
typedef struct KeySet {
    u32 *at;
    u32 len;
} KeySet;

typedef struct SetList {
    KeySet *at;
    u32 len;
} SetList;

/* ---- GROUP BY TUMBLE(...) ------------------------------------------------------------------- */

static bool
sets_is_window(const Expr *e)
{
    WindowKind kind;
    return e->kind == EXPR_CALL && window_kind_find(path_last(&e->call->func).text, &kind);
}

static Status
sets_legacy(Binder *b, Selecting *g, const Expr *e, Err *err)
{
    bool is = false;
    LegacyWindow w = {0};
    TRY(bind_group_window(b, &g->rel, e, &w, &is, err));
    if (!is) return ERR_OK;
    if (g->has_legacy) {
        return bind_fail(b, W2016, e->pos, e->width, err, "GROUP BY takes one window only");
    }
    g->legacy = w;
    g->has_legacy = true;
    return ERR_OK;
}

Status
bind_group_legacy(Binder *b, Selecting *g, Err *err)
{
    const GroupBy *by = &g->sel->group_by;
    for (u32 i = 0; i < by->len; i++) {
        const GroupElem *e = by->at[i];
        if (e->kind == GROUP_EXPR) TRY(sets_legacy(b, g, e->expr, err));
        for (u32 k = 0; e->kind == GROUP_SET && k < e->len; k++) {
            if (e->args[k]->kind == GROUP_EXPR) TRY(sets_legacy(b, g, e->args[k]->expr, err));
        }
    }
    return ERR_OK;
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* GROUP BY 2: the second output. */
static Status
sets_ordinal(const Binder *b, const Selecting *g, const Expr *e, BoundExpr **ret, Err *err)
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
sets_reads_slot(const BoundExpr *e)
{
    if (e->kind == BOUND_COLUMN) return e->column >= SLOT_AGG;
    for (u32 i = 0; i < e->nargs; i++) {
        if (sets_reads_slot(e->args[i])) return true;
    }
    return false;
}

u32
group_key_add(Binder *b, Selecting *g, BoundExpr *key)
{
    for (u32 i = 0; i < g->keys.len; i++) {
        if (bound_equal(g->keys.at[i], key)) return i;
    }
    bound_list_add(b->a, &g->keys, key);
    return g->keys.len - 1;
}

static Status
sets_key(Binder *b, Selecting *g, const Expr *e, u32 *ret_key, Err *err)
{
    ExprScope s = {.rel = &g->rel, .clause = "GROUP BY", .aliases = &g->outs};
    BoundExpr *key;
    TRY(sets_ordinal(b, g, e, &key, err));
    if (!key) TRY(bind_expr(b, &s, e, &key, err));
    if (sets_reads_slot(key)) {
        return bind_fail(b, W2008, e->pos, e->width, err,
                         "GROUP BY cannot hold an aggregate or a rank");
    }
    *ret_key = group_key_add(b, g, key);
    return bind_limit(b, ++g->sets.items, COLUMNS_MAX, "GROUP BY", "keys", e->pos, e->width, err);
}

/* ---- sets ----------------------------------------------------------------------------------- */

static KeySet
set_join(Binder *b, KeySet x, KeySet y)
{
    KeySet to = {.at = arena_array(b->a, u32, x.len + y.len + 1), .len = x.len + y.len};
    if (x.len) memcpy(to.at, x.at, x.len * sizeof *x.at);
    if (y.len) memcpy(to.at + x.len, y.at, y.len * sizeof *y.at);
    return to;
}

static Status
sets_room(const Binder *b, u64 n, const GroupElem *e, Err *err)
{
    u32 shown = (u32)MIN(n, (u64)UINT32_MAX);
    return bind_limit(b, shown, GROUPING_SETS_MAX, "GROUP BY", "grouping sets", e->pos, e->width,
                      err);
}

static Status
sets_item(Binder *b, Selecting *g, const GroupElem *e, u32 *ret_key, Err *err)
{
    if (e->kind != GROUP_EXPR) {
        return bind_fail(b, W2018, e->pos, e->width, err,
                         "a column or an expression is expected here, not another grouping");
    }
    const Expr *x = e->expr;
    if (sets_is_window(x)) {
        Status st = bind_fail(b, W2016, x->pos, x->width, err,
                              "a window cannot be part of GROUPING SETS, CUBE or ROLLUP");
        return err_hint(err, st, "Write it beside them: GROUP BY TUMBLE(...), CUBE (...).");
    }
    return sets_key(b, g, x, ret_key, err);
}

/* The keys of an expression or of (a, b, ...). */
static Status
sets_flat(Binder *b, Selecting *g, const GroupElem *e, KeySet *ret, Err *err)
{
    u32 n = e->kind == GROUP_SET ? e->len : 1;
    *ret = (KeySet){.at = arena_array(b->a, u32, n + 1), .len = n};
    for (u32 i = 0; i < n; i++) {
        TRY(sets_item(b, g, e->kind == GROUP_SET ? e->args[i] : e, &ret->at[i], err));
    }
    return ERR_OK;
}

static Status
sets_cube(Binder *b, Selecting *g, const GroupElem *e, SetList *ret, Err *err)
{
    bool rollup = e->kind == GROUP_ROLLUP;
    u64 n = rollup ? (u64)e->len + 1 : e->len < 32 ? (u64)1 << e->len : UINT32_MAX;
    TRY(sets_room(b, n, e, err));
    KeySet *parts = arena_array(b->a, KeySet, e->len + 1);
    for (u32 i = 0; i < e->len; i++) TRY(sets_flat(b, g, e->args[i], &parts[i], err));
    *ret = (SetList){.at = arena_array(b->a, KeySet, n), .len = (u32)n};
    for (u32 set = 0; set < ret->len; set++) {
        for (u32 i = 0; i < e->len; i++) {
            /* (a, b), (a), (b), (); of a ROLLUP (a, b), (a), (). */
            bool gone = rollup ? i + set >= e->len : set >> (e->len - 1 - i) & 1;
            if (!gone) ret->at[set] = set_join(b, ret->at[set], parts[i]);
        }
    }
    return ERR_OK;
}

static Status
sets_of(Binder *b, Selecting *g, const GroupElem *e, SetList *ret, Err *err)
{
    if (e->kind == GROUP_CUBE || e->kind == GROUP_ROLLUP) return sets_cube(b, g, e, ret, err);
    if (e->kind != GROUP_SETS) {
        *ret = (SetList){.at = arena_array(b->a, KeySet, 1), .len = 1};
        return sets_flat(b, g, e, &ret->at[0], err);
    }
    SetList *parts = arena_array(b->a, SetList, e->len + 1);
    u64 n = 0;
    for (u32 i = 0; i < e->len; i++) {
        TRY(sets_of(b, g, e->args[i], &parts[i], err));
        n += parts[i].len;
        TRY(sets_room(b, n, e, err));
    }
    *ret = (SetList){.at = arena_array(b->a, KeySet, n + 1)};
    for (u32 i = 0; i < e->len; i++) {
        for (u32 k = 0; k < parts[i].len; k++) ret->at[ret->len++] = parts[i].at[k];
    }
    return ERR_OK;
}

static Status
sets_product(Binder *b, SetList *all, const SetList *part, const GroupElem *e, Err *err)
{
    u64 n = (u64)all->len * part->len;
    TRY(sets_room(b, n, e, err));
    KeySet *at = arena_array(b->a, KeySet, n + 1);
    for (u32 i = 0; i < all->len; i++) {
        for (u32 k = 0; k < part->len; k++) {
            at[(size_t)i * part->len + k] = set_join(b, all->at[i], part->at[k]);
        }
    }
    *all = (SetList){.at = at, .len = (u32)n};
    return ERR_OK;
}

/* What is in every set; the window of GROUP BY TUMBLE(...) is no key. */
static Status
sets_common(Binder *b, Selecting *g, const GroupElem *e, KeySet *common, Err *err)
{
    u32 n = e->kind == GROUP_SET ? e->len : 1;
    for (u32 i = 0; i < n; i++) {
        const GroupElem *item = e->kind == GROUP_SET ? e->args[i] : e;
        if (item->kind == GROUP_EXPR && sets_is_window(item->expr)) continue;
        TRY(sets_item(b, g, item, &common->at[common->len], err));
        common->len++;
    }
    return ERR_OK;
}

static void
sets_finish(Binder *b, Selecting *g, const SetList *all, const KeySet *common)
{
    if (all->len < 2) return;
    g->sets.n = all->len;
    g->sets.has = arena_array(b->a, bool, (size_t)all->len * g->keys.len + 1);
    for (u32 set = 0; set < all->len; set++) {
        bool *has = g->sets.has + (size_t)set * g->keys.len;
        for (u32 i = 0; i < common->len; i++) has[common->at[i]] = true;
        for (u32 i = 0; i < all->at[set].len; i++) has[all->at[set].at[i]] = true;
    }
}

Status
bind_group_keys(Binder *b, Selecting *g, Err *err)
{
    const GroupBy *by = &g->sel->group_by;
    if (by->all) {
        for (u32 i = 0; i < g->nvisible; i++) {
            if (!sets_reads_slot(g->outs.at[i].expr)) group_key_add(b, g, g->outs.at[i].expr);
        }
        return ERR_OK;
    }
    KeySet none = {0}, common = {.at = arena_array(b->a, u32, COLUMNS_MAX + 1)};
    SetList all = {.at = &none, .len = 1}, part;
    for (u32 i = 0; i < by->len; i++) {
        const GroupElem *e = by->at[i];
        if (e->kind == GROUP_EXPR || e->kind == GROUP_SET) {
            TRY(sets_common(b, g, e, &common, err));
            continue;
        }
        TRY(sets_of(b, g, e, &part, err));
        if (part.len == 1) { /* one set: its keys are in every set */
            for (u32 k = 0; k < part.at[0].len; k++) common.at[common.len++] = part.at[0].at[k];
        } else {
            TRY(sets_product(b, &all, &part, e, err));
        }
    }
    sets_finish(b, g, &all, &common);
    return ERR_OK;
}

bool
group_key_always(const Selecting *g, u32 key)
{
    for (u32 set = 0; set < g->sets.n; set++) {
        if (!g->sets.has[(size_t)set * g->keys.len + key]) return false;
    }
    return true;
}

/* ---- GROUPING(a, b) ------------------------------------------------------------------------- */

bool
grouping_find(Str name)
{
    return str_eq_nocase(name, STR("GROUPING")) || str_eq_nocase(name, STR("GROUPING_ID")) ||
           str_eq_nocase(name, STR("GROUP_ID"));
}

static Status
grouping_check(const Binder *b, const ExprScope *s, const Expr *e, Err *err)
{
    const Call *c = e->call;
    Str name = path_last(&c->func).text;
    bool id = str_eq_nocase(name, STR("GROUP_ID"));
    if (!s->groupings || s->in_agg) {
        Status st =
            bind_fail(b, W2008, e->pos, e->width, err,
                      "\"%.*s\" is not allowed here: it speaks of a GROUP BY", STR_ARG(name));
        return err_hint(err, st, "Write it in SELECT, HAVING or ORDER BY of that GROUP BY.");
    }
    if (c->filter || c->quantifier == QUANTIFIER_DISTINCT) {
        return bind_fail(b, W2008, e->pos, e->width, err,
                         "\"%.*s\" is no aggregate: it takes no DISTINCT and no FILTER",
                         STR_ARG(name));
    }
    /* 63: one bit each of a BIGINT. */
    if (id ? c->args.len > 0 : c->args.len < 1 || c->args.len > 63) {
        return bind_fail(b, W2005, e->pos, e->width, err, "\"%.*s\" takes %s", STR_ARG(name),
                         id ? "no argument" : "1 to 63 expressions of GROUP BY");
    }
    return ERR_OK;
}

Status
bind_grouping_call(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    TRY(grouping_check(b, s, e, err));
    const Call *c = e->call;
    GroupingCall call = {.pos = bind_pos(b, e->pos), .width = bind_width(b, e->width)};
    ExprScope inner = *s;
    inner.aggs = NULL;
    inner.overs = NULL;
    inner.groupings = NULL;
    for (u32 i = 0; i < c->args.len; i++) {
        BoundExpr *x;
        TRY(bind_expr(b, &inner, c->args.at[i], &x, err));
        bound_list_add(b->a, &call.args, x);
    }
    GroupingList *l = s->groupings;
    TRY(bind_limit(b, l->len + 1, COLUMNS_MAX, "a SELECT", "calls of GROUPING", e->pos, e->width,
                   err));
    if (l->len == l->cap) {
        u32 cap = l->cap ? l->cap * 2 : 8;
        GroupingCall *at = arena_array(b->a, GroupingCall, cap);
        if (l->len) memcpy(at, l->at, l->len * sizeof *at);
        l->at = at;
        l->cap = cap;
    }
    l->at[l->len] = call;
    *ret = bound_column(b->a, SLOT_GROUPING + l->len++, type_nullable(type_of(TYPE_BIGINT), false));
    (*ret)->pos = call.pos;
    (*ret)->width = call.width;
    return ERR_OK;
}

/* The number that the call has in a set: a bit per argument, the first one highest, that says
 * whether the set leaves it out. GROUP_ID() speaks of all keys. */
static i64
grouping_value(const Selecting *g, const u32 *key, u32 n, u32 set)
{
    u64 value = 0;
    for (u32 i = 0; i < n; i++) {
        bool has = g->sets.n == 0 || g->sets.has[(size_t)set * g->keys.len + key[i]];
        value = value << 1 | !has;
    }
    return (i64)(value & INT64_MAX);
}

static Status
grouping_keys(const Selecting *g, const GroupingCall *call, u32 *key, Err *err)
{
    for (u32 i = 0; i < call->args.len; i++) {
        BoundExpr *x = call->args.at[i];
        u32 k = 0;
        while (k < g->keys.len && !bound_equal(g->keys.at[k], x)) k++;
        if (k == g->keys.len) {
            Status st = err_set(err, W2007, x->pos, "GROUPING needs an expression of GROUP BY");
            err_at(err, x->pos, x->width);
            return st;
        }
        key[i] = k;
    }
    for (u32 i = 0; call->args.len == 0 && i < g->keys.len; i++) key[i] = i;
    return ERR_OK;
}

Status
bind_grouping_value(Binder *b, const Selecting *g, u32 number, u32 set_col, BoundExpr **ret,
                    Err *err)
{
    const GroupingCall *call = &g->groupings.at[number];
    u32 n = call->args.len ? call->args.len : g->keys.len;
    if ((u64)g->groupings.len * g->sets.n > GROUPING_VALUES_MAX) {
        return bind_fail(b, W7003, call->pos, call->width, err,
                         "calls of GROUPING by grouping sets are at most %d", GROUPING_VALUES_MAX);
    }
    u32 *key = arena_array(b->a, u32, n + 1);
    TRY(grouping_keys(g, call, key, err));
    Type type = type_nullable(type_of(TYPE_BIGINT), false);
    i64 first = grouping_value(g, key, n, 0);
    BoundList parts = {0};
    for (u32 set = 1; set < g->sets.n; set++) {
        i64 value = grouping_value(g, key, n, set);
        if (value == first) continue;
        i32 set_number = (i32)set;
        Type int_type = type_nullable(type_of(TYPE_INT), false);
        BoundExpr *sides[2] = {bound_column(b->a, set_col, int_type),
                               bind_const_slot(b, int_type, &set_number, call->pos, call->width)};
        BoundExpr *cond;
        TRY(bind_func(b, STR("="), sides, 2, call->pos, call->width, &cond, err));
        bound_list_add(b->a, &parts, cond);
        bound_list_add(b->a, &parts, bind_const_slot(b, type, &value, call->pos, call->width));
    }
    BoundExpr *otherwise = bind_const_slot(b, type, &first, call->pos, call->width);
    *ret = otherwise;
    if (!parts.len) return ERR_OK;
    bound_list_add(b->a, &parts, otherwise);
    BoundExpr *e = bound_new(b->a, BOUND_CASE, type, 0);
    e->args = parts.at;
    e->nargs = parts.len;
    e->pos = call->pos;
    e->width = call->width;
    *ret = e;
    return ERR_OK;
}
