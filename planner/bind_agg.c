/* bind_agg.c - a call of an aggregate: collected once per SELECT, read through its slot.
 *
 * Arguments and FILTER stay expressions over the input here; bind_group.c projects them, so that
 * the executor sees plain columns. Equal calls share one slot. */
#include "planner/bind.h"

static bool
agg_equal(const BoundAgg *x, const BoundAgg *y)
{
    if (x->call.def != y->call.def || x->call.nargs != y->call.nargs) return false;
    if (x->distinct != y->distinct || !x->filter != !y->filter) return false;
    if (x->filter && !bound_equal(x->filter, y->filter)) return false;
    for (u32 i = 0; i < x->call.nargs; i++) {
        if (!bound_equal(x->args[i], y->args[i])) return false;
    }
    return true;
}

static u32
agg_add(Binder *b, AggList *l, const BoundAgg *agg)
{
    for (u32 i = 0; i < l->len; i++) {
        if (agg_equal(&l->at[i], agg)) return i;
    }
    if (l->len == l->cap) {
        u32 cap = l->cap ? l->cap * 2 : 8;
        BoundAgg *at = arena_array(b->a, BoundAgg, cap);
        if (l->len) memcpy(at, l->at, l->len * sizeof *at);
        l->at = at;
        l->cap = cap;
    }
    l->at[l->len] = *agg;
    return l->len++;
}

static Status
agg_allowed(const Binder *b, const ExprScope *s, const Expr *e, Err *err)
{
    const Call *c = e->call;
    Str name = path_last(&c->func).text;
    if (s->in_agg) {
        return bind_fail(b, W2008, e->pos, e->width, err, "aggregates cannot be nested");
    }
    if (!s->aggs) {
        Status st = bind_fail(b, W2008, e->pos, e->width, err,
                              "aggregate \"%.*s\" is not allowed in %s", STR_ARG(name), s->clause);
        if (strcmp(s->clause, "WHERE") == 0) {
            err_hint(err, st, "Conditions on aggregates stand in HAVING.");
        }
        return st;
    }
    if (c->within_group.len || c->order_by.len) {
        return bind_unsupported(b, e->pos, e->width, "ORDER BY within an aggregate", err);
    }
    if (c->nulls != NULLS_AS_DEFAULT) {
        return bind_unsupported(b, e->pos, e->width, "IGNORE NULLS and RESPECT NULLS", err);
    }
    if (c->args.len > FUNC_ARGS_MAX) {
        return bind_fail(b, W2005, e->pos, e->width, err,
                         "aggregate \"%.*s\" takes at most %d arguments here", STR_ARG(name),
                         FUNC_ARGS_MAX);
    }
    return ERR_OK;
}

static Status
agg_args(Binder *b, const ExprScope *inner, const Expr *e, BoundAgg *agg, Err *err)
{
    const Call *c = e->call;
    AggCall *call = &agg->call;
    Str name = path_last(&c->func).text;
    if (c->args.len == 1 && c->args.at[0]->kind == EXPR_STAR) {
        if (!str_eq_nocase(name, STR("COUNT")) || c->quantifier == QUANTIFIER_DISTINCT) {
            return bind_fail(b, W2005, c->args.at[0]->pos, c->args.at[0]->width, err,
                             "only COUNT(*) takes *");
        }
        return ERR_OK;
    }
    call->nargs = c->args.len;
    for (u32 i = 0; i < call->nargs; i++) {
        TRY(bind_expr(b, inner, c->args.at[i], &agg->args[i], err));
        call->arg_type[i] = agg->args[i]->type;
        call->constant[i] = bind_constant(b, agg->args[i]);
    }
    return ERR_OK;
}

Status
bind_agg_call(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    const Call *c = e->call;
    TRY(agg_allowed(b, s, e, err));
    ExprScope inner = *s;
    inner.in_agg = true;
    inner.aliases = NULL;
    inner.overs = NULL;
    BoundAgg agg = {0};
    agg.call =
        (AggCall){.arena = b->a, .pos = bind_pos(b, e->pos), .width = bind_width(b, e->width)};
    TRY(agg_args(b, &inner, e, &agg, err));
    TRY(agg_resolve(b->env->funcs, path_last(&c->func).text, &agg.call, err));
    for (u32 i = 0; i < agg.call.nargs; i++) {
        Type to = type_nullable(agg.call.arg_type[i], !agg.args[i]->type.not_null);
        TRY(bind_coerce(b, agg.args[i], to, &agg.args[i], err));
    }
    if (c->filter) {
        inner.clause = "FILTER";
        TRY(bind_condition(b, &inner, c->filter, &agg.filter, err));
    }
    bool never_null =
        agg.call.nargs == 1 && agg.args[0]->kind == BOUND_CONST && agg.args[0]->type.not_null;
    if (never_null && c->quantifier != QUANTIFIER_DISTINCT && b->env->optimize &&
        strcmp(agg.call.def->name, "COUNT") == 0) { /* COUNT(1) is COUNT(*) */
        agg.args[0] = NULL;
        agg.call.nargs = 0;
        TRY(agg_resolve(b->env->funcs, STR("COUNT"), &agg.call, err));
    }
    agg.distinct = c->quantifier == QUANTIFIER_DISTINCT && agg.call.nargs > 0;
    u32 slot = agg_add(b, s->aggs, &agg);
    TRY(bind_limit(b, s->aggs->len, COLUMNS_MAX, "a SELECT", "aggregates", e->pos, e->width, err));
    *ret = bound_column(b->a, SLOT_AGG + slot, agg.call.ret);
    (*ret)->pos = agg.call.pos;
    (*ret)->width = agg.call.width;
    return ERR_OK;
}
