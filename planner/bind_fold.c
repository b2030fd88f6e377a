/* bind_fold.c - calls whose arguments are constants are computed while binding.
 *
 * The kernel itself runs on CONST vectors of one row, so folding means what running means. A call
 * that raises an error stays a call: the error appears when, and if, a row reaches it. AND, OR and
 * CASE of constants are simplified by pass_fold.c. */
#include "planner/bind.h"

static bool
fold_call(Binder *b, const BoundExpr *e, Vector *ret)
{
    const FuncDef *def = e->call.def;
    if (def->flags & (FUNC_VOLATILE | FUNC_STABLE)) return false;
    Vector *args = arena_array(b->a, Vector, e->nargs + 1);
    bool null = false;
    for (u32 i = 0; i < e->nargs; i++) {
        const Vector *v = bind_constant(b, e->args[i]);
        if (!v) return false;
        args[i] = *v; /* borrowed: kernels do not keep their arguments */
        null = null || vector_is_null(v, 0);
    }
    if (null && !(def->flags & FUNC_NULLS)) {
        *ret = vector_null(type_nullable(e->type, true), 1);
        return true;
    }
    EvalCtx ctx = {.session = b->env->session,
                   .rows = 1,
                   .data = e->call.data,
                   .pos = e->pos,
                   .width = e->width};
    Vector out = vector_new(type_nullable(e->type, true), 1);
    Err ignored;
    if (e->call.kernel(&ctx, args, e->nargs, &out, &ignored)) {
        vector_done(&out);
        return false;
    }
    const void *slot = vector_at(&out, 0);
    *ret = slot ? vector_const(e->type, 1, slot) : vector_null(e->type, 1);
    vector_done(&out);
    return true;
}

BoundExpr *
bind_fold(Binder *b, BoundExpr *e)
{
    if (e->kind != BOUND_CALL || !b->env->optimize) return e;
    for (u32 i = 0; i < e->nargs; i++) {
        if (e->args[i]->kind != BOUND_CONST) return e;
    }
    Vector v;
    if (!fold_call(b, e, &v)) return e;
    Place kept = b->place;
    b->place.fixed = false; /* e's place is translated already */
    BoundExpr *c = bind_const(b, &v, e->pos, e->width);
    b->place = kept;
    return c;
}

const Vector *
bind_constant(Binder *b, BoundExpr *e)
{
    if (e->kind == BOUND_CONST) return &e->constant;
    if (e->kind != BOUND_CALL) return NULL;
    Vector v;
    if (!fold_call(b, e, &v)) return NULL;
    return &bind_const(b, &v, e->pos, e->width)->constant;
}
