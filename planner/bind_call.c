/* bind_call.c - calls of scalar functions: overload, implicit casts, lazy forms.
 *
 * IF, COALESCE, IFNULL and NULLIF are ordinary functions while their arguments cannot fail; else
 * they become CASE, which does not compute what it does not need. Aggregates (bind_agg.c), ranks
 * (bind_rank.c), window bounds (bind_window.c) and macros (bind_macro.c) branch off here. */
#include "planner/bind.h"

static Status
call_resolve(Binder *b, Str name, BoundExpr **args, FuncCall *call, Err *err)
{
    u32 n = call->nargs;
    call->arena = b->a;
    call->session = b->env->session;
    call->arg_type = arena_array(b->a, Type, n + 1);
    call->constant = arena_array(b->a, const Vector *, n + 1);
    u32 *pos = arena_array(b->a, u32, n + 1);
    for (u32 i = 0; i < n; i++) {
        call->arg_type[i] = args[i]->type;
        call->constant[i] = bind_constant(b, args[i]);
        pos[i] = args[i]->pos;
    }
    call->arg_pos = pos;
    return func_resolve(b->env->funcs, name, call, err);
}

Status
bind_func(Binder *b, Str name, BoundExpr **args, u32 nargs, u32 pos, u32 width, BoundExpr **ret,
          Err *err)
{
    FuncCall call = {.nargs = nargs, .pos = bind_pos(b, pos), .width = bind_width(b, width)};
    TRY(call_resolve(b, name, args, &call, err));
    BoundExpr *e = bound_new(b->a, BOUND_CALL, call.ret, nargs);
    e->pos = call.pos;
    e->width = call.width;
    for (u32 i = 0; i < nargs; i++) {
        Type to = type_nullable(call.arg_type[i], !args[i]->type.not_null);
        TRY(bind_coerce(b, args[i], to, &e->args[i], err));
    }
    e->call.def = call.def;
    e->call.kernel = call.kernel;
    e->call.data = call.data;
    *ret = bind_fold(b, e);
    return ERR_OK;
}

static bool
call_may_fail(BoundExpr *const *args, u32 from, u32 n)
{
    for (u32 i = from; i < n; i++) {
        if (bound_facts(args[i]) & (BOUND_FAILS | BOUND_VOLATILE)) return true;
    }
    return false;
}

/* CASE WHEN cond THEN a ELSE b END */
static Status
call_case(Binder *b, BoundExpr *cond, BoundExpr *then, BoundExpr *otherwise, const Expr *e,
          BoundExpr **ret, Err *err)
{
    BoundExpr *values[2] = {then, otherwise};
    BoundExpr *c = bound_new(b->a, BOUND_CASE, (Type){0}, 3);
    TRY(bind_common(b, values, 2, "the function", &c->type, err));
    c->args[0] = cond;
    c->args[1] = values[0];
    c->args[2] = values[1];
    c->pos = bind_pos(b, e->pos);
    c->width = bind_width(b, e->width);
    *ret = c;
    return ERR_OK;
}

static Status
call_coalesce(Binder *b, BoundExpr **args, u32 n, const Expr *e, BoundExpr **ret, Err *err)
{
    BoundExpr *value = args[n - 1];
    for (u32 i = n - 1; i-- > 0;) {
        BoundExpr *cond;
        if (!bound_small(args[i])) {
            return bind_fail(b, W7003, e->pos, e->width, err,
                             "expression has more than %d parts once it is written out",
                             BOUND_SIZE_MAX);
        }
        TRY(bind_func(b, STR("IS NOT NULL"), &args[i], 1, e->pos, e->width, &cond, err));
        TRY(call_case(b, cond, args[i], value, e, &value, err));
        value->type.not_null = args[i]->type.not_null || value->args[2]->type.not_null;
    }
    *ret = value;
    return ERR_OK;
}

/* *ret stays NULL for functions that are no lazy form. */
static Status
call_lazy(Binder *b, Str name, BoundExpr **args, u32 n, const Expr *e, BoundExpr **ret, Err *err)
{
    *ret = NULL;
    if (str_eq_nocase(name, STR("IF")) && n == 3 && call_may_fail(args, 1, n) &&
        args[0]->type.kind == TYPE_BOOLEAN) {
        return call_case(b, args[0], args[1], args[2], e, ret, err);
    }
    bool coalesce = str_eq_nocase(name, STR("COALESCE")) && n > 1;
    if ((coalesce || (str_eq_nocase(name, STR("IFNULL")) && n == 2)) && call_may_fail(args, 1, n)) {
        return call_coalesce(b, args, n, e, ret, err);
    }
    return ERR_OK;
}

/* TRIM(BOTH FROM s) trims spaces. */
static void
call_trim(Binder *b, BoundExpr ***args, u32 *nargs, const Expr *e)
{
    BoundExpr **three = arena_array(b->a, BoundExpr *, 3);
    three[0] = (*args)[0];
    three[1] = bind_const_text(b, STR(" "), e->pos, e->width);
    three[2] = (*args)[1];
    *args = three;
    *nargs = 3;
}

static Status
call_scalar(Binder *b, const ExprScope *s, const Expr *e, Str name, BoundExpr **ret, Err *err)
{
    const Call *c = e->call;
    u32 n = c->args.len;
    bool aggregate_like =
        c->quantifier == QUANTIFIER_DISTINCT || c->filter || c->within_group.len || c->order_by.len;
    if (aggregate_like && func_exists(b->env->funcs, name)) {
        return bind_fail(b, W2008, e->pos, e->width, err,
                         "function \"%.*s\" is no aggregate: it takes no DISTINCT, FILTER or order",
                         STR_ARG(name));
    }
    BoundExpr **args = arena_array(b->a, BoundExpr *, n + JSON_ARGS_MAX);
    for (u32 i = 0; i < n; i++) TRY(bind_expr(b, s, c->args.at[i], &args[i], err));
    if (n == 2 && c->args.at[0]->kind == EXPR_SYMBOL && str_eq_nocase(name, STR("TRIM"))) {
        call_trim(b, &args, &n, e);
    }
    if (c->json) TRY(bind_json_clause(b, e, args, &n, err));
    TRY(call_lazy(b, name, args, n, e, ret, err));
    if (*ret) return ERR_OK;
    Status st = bind_func(b, name, args, n, e->pos, e->width, ret, err);
    if (st && err->code == W2004)
        err_at(err, bind_pos(b, c->func.pos), bind_width(b, c->func.width));
    if (st) return st;
    if (!c->json || !c->json->returning) return ERR_OK;
    Type to;
    TRY(bind_type(b, c->json->returning, &to, err));
    return bind_cast(b, *ret, type_nullable(to, true), false, e->pos, e->width, ret, err);
}

Status
bind_call(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    const Call *c = e->call;
    Str name = path_last(&c->func).text;
    if (c->over) return bind_over_call(b, s, e, ret, err);
    TRY(bind_group_window_bound(b, s, e, ret, err));
    if (*ret) return ERR_OK;
    if (agg_find(b->env->funcs, name)) return bind_agg_call(b, s, e, ret, err);
    if (grouping_find(name)) return bind_grouping_call(b, s, e, ret, err);
    if (!func_exists(b->env->funcs, name)) {
        TRY(bind_macro_call(b, s, e, ret, err));
        if (*ret) return ERR_OK;
    }
    return call_scalar(b, s, e, name, ret, err);
}
