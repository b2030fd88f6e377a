/* bind.c - what every bind_*.c needs: failing at the right place, and constants that are owned.
 *
 * An arena frees no buffers, so each constant of a plan is a row of the binder's list of owned
 * vectors; the list goes over to the Plan, whose plan_done() drops them. */
#include "planner/bind.h"

#include <stdarg.h>
#include <stdio.h>

#undef bind_fail /* macros for the analyzer */
#undef bind_unsupported

u32
bind_pos(const Binder *b, u32 pos)
{
    return b->place.fixed ? b->place.pos : pos;
}

u32
bind_width(const Binder *b, u32 width)
{
    return b->place.fixed ? b->place.width : width;
}

Status
bind_fail(const Binder *b, ErrCode code, u32 pos, u32 width, Err *err, const char *fmt, ...)
{
    char text[sizeof err->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    Status st = err_set(err, code, bind_pos(b, pos), "%s", text);
    err_at(err, bind_pos(b, pos), bind_width(b, width));
    return st;
}

Status
bind_limit(const Binder *b, u32 n, u32 max, const char *whose, const char *what, u32 pos, u32 width,
           Err *err)
{
    if (n <= max) return ERR_OK;
    return bind_fail(b, W7003, pos, width, err, "%s has at most %u %s", whose, max, what);
}

Status
bind_unsupported(const Binder *b, u32 pos, u32 width, const char *what, Err *err)
{
    return bind_fail(b, W2001, pos, width, err, "%s is not supported yet", what);
}

BoundExpr *
bind_const(Binder *b, Vector *v, u32 pos, u32 width)
{
    assert(v->form == VEC_CONST && v->len == 1);
    Type t = type_nullable(v->type, vector_is_null(v, 0));
    BoundExpr *e = bound_new(b->a, BOUND_CONST, t, 0);
    e->constant = *v;
    e->constant.type = t;
    e->pos = bind_pos(b, pos);
    e->width = bind_width(b, width);
    *v = (Vector){0};

    PlanOwned *owned = arena_make(b->a, PlanOwned);
    owned->vector = &e->constant;
    owned->next = b->owned;
    b->owned = owned;
    return e;
}

BoundExpr *
bind_const_slot(Binder *b, Type type, const void *slot, u32 pos, u32 width)
{
    Vector v = vector_const(type_nullable(type, false), 1, slot);
    return bind_const(b, &v, pos, width);
}

BoundExpr *
bind_const_text(Binder *b, Str text, u32 pos, u32 width)
{
    StrView slot = strview_make(text.ptr, text.len);
    return bind_const_slot(b, type_string(), &slot, pos, width);
}

BoundExpr *
bind_const_bool(Binder *b, bool value, u32 pos, u32 width)
{
    u8 slot = value;
    return bind_const_slot(b, type_of(TYPE_BOOLEAN), &slot, pos, width);
}

BoundExpr *
bind_null(Binder *b, Type type, u32 pos, u32 width)
{
    Vector v = vector_null(type_nullable(type, true), 1);
    return bind_const(b, &v, pos, width);
}

void
bind_release(PlanOwned *owned)
{
    for (PlanOwned *o = owned; o; o = o->next) vector_done(o->vector);
}

const char *
bind_type_text(const Binder *b, Type t)
{
    StrBuf text = {0};
    type_print(&text, type_nullable(t, true));
    const char *copy = arena_copy(b->a, text.ptr, text.len);
    strbuf_done(&text);
    return copy;
}
