/* bind_cast.c - conversions: written ones, quiet ones, and the common type of several values. */
#include "planner/bind.h"

Status
bind_cast(Binder *b, BoundExpr *e, Type to, bool try_cast, u32 pos, u32 width, BoundExpr **ret,
          Err *err)
{
    if (e->type.kind == TYPE_NULL) {
        *ret = bind_null(b, to, pos, width);
        return ERR_OK;
    }
    if (type_eq(e->type, to)) {
        *ret = e;
        return ERR_OK;
    }
    Type *arg_type = arena_make(b->a, Type);
    const Vector **constant = arena_make(b->a, const Vector *);
    u32 *arg_pos = arena_make(b->a, u32);
    *arg_type = e->type;
    *constant = e->kind == BOUND_CONST ? &e->constant : NULL;
    *arg_pos = e->pos;
    FuncCall call = {.arena = b->a,
                     .session = b->env->session,
                     .nargs = 1,
                     .arg_type = arg_type,
                     .constant = constant,
                     .arg_pos = arg_pos,
                     .pos = bind_pos(b, pos),
                     .width = bind_width(b, width),
                     .ret = to};
    TRY(b->env->funcs->cast_bind(&call, to, try_cast, err));
    assert(call.def && call.kernel);
    BoundExpr *c = bound_new(b->a, BOUND_CALL, to, 1);
    bool nullable = try_cast || !e->type.not_null || (call.def->flags & FUNC_NULLABLE);
    c->type.not_null = !nullable;
    c->pos = call.pos;
    c->width = call.width;
    c->args[0] = e;
    c->call.def = call.def;
    c->call.kernel = call.kernel;
    c->call.data = call.data;
    *ret = bind_fold(b, c);
    return ERR_OK;
}

Status
bind_coerce(Binder *b, BoundExpr *e, Type to, BoundExpr **ret, Err *err)
{
    if (e->type.kind == TYPE_NULL && to.kind == TYPE_NULL) {
        *ret = e;
        return ERR_OK;
    }
    Place kept = b->place;
    b->place.fixed = false; /* e's place is translated already */
    Status st = bind_cast(b, e, to, false, e->pos, e->width, ret, err);
    b->place = kept;
    return st;
}

Status
bind_common(Binder *b, BoundExpr **at, u32 n, const char *what, Type *ret_type, Err *err)
{
    assert(n > 0);
    Type t = at[0]->type;
    bool nullable = !t.not_null;
    for (u32 i = 1; i < n; i++) {
        Type common;
        nullable = nullable || !at[i]->type.not_null;
        if (t.kind == TYPE_NULL) {
            t = at[i]->type;
        } else if (at[i]->type.kind == TYPE_NULL) {
            continue;
        } else if (type_common(t, at[i]->type, &common)) {
            t = common;
        } else {
            Status st = err_set(err, W2006, at[i]->pos, "%s has %s here and %s before", what,
                                bind_type_text(b, at[i]->type), bind_type_text(b, t));
            err_at(err, at[i]->pos, at[i]->width);
            return err_hint(err, st, "Write CAST(... AS %s).", bind_type_text(b, t));
        }
    }
    for (u32 i = 0; i < n; i++) {
        TRY(bind_coerce(b, at[i], type_nullable(t, !at[i]->type.not_null), &at[i], err));
    }
    *ret_type = type_nullable(t, nullable);
    return ERR_OK;
}
