/* bind_macro.c - SQL macros: CREATE FUNCTION f(a INT) RETURNS INT RETURN a + 1, put inline.
 *
 * Arguments are bound in the caller's scope and cast to the parameters' types; the body is bound
 * with the parameters as its only names, and its value cast to the declared result. */
#include "grammar/parse.h"
#include "planner/bind.h"

static Status
macro_load(Binder *b, const CatalogEntry *entry, const CreateFunction **ret, u32 pos, u32 width,
           Err *err)
{
    Stmt *stmt = NULL;
    u32 next;
    Err inner;
    if (parse_statement(b->a, entry->sql, 0, &stmt, &next, &inner) || !stmt ||
        stmt->kind != STMT_CREATE_FUNCTION) {
        return bind_fail(b, W5002, pos, width, err,
                         "function \"%.*s\" cannot be read from the catalog", STR_ARG(entry->name));
    }
    *ret = stmt->create_function;
    return ERR_OK;
}

static Status
macro_args(Binder *b, const ExprScope *s, const Expr *e, const CreateFunction *f, MacroArgs *ret,
           Err *err)
{
    const Call *c = e->call;
    if (c->args.len != f->params_len) {
        return bind_fail(
            b, W2005, e->pos, e->width, err, "function \"%.*s\" takes %u argument%s, not %u",
            STR_ARG(path_last(&f->name).text), f->params_len, plural(f->params_len), c->args.len);
    }
    *ret = (MacroArgs){.params = f->params, .len = f->params_len};
    ret->values = arena_array(b->a, BoundExpr *, f->params_len + 1);
    for (u32 i = 0; i < f->params_len; i++) {
        Type to;
        TRY(bind_type(b, f->params[i].type, &to, err));
        BoundExpr *x;
        TRY(bind_expr(b, s, c->args.at[i], &x, err));
        if (x->type.kind != TYPE_NULL && !type_eq(x->type, to) && !type_implicit(x->type, to)) {
            Status st =
                bind_fail(b, W2005, c->args.at[i]->pos, c->args.at[i]->width, err,
                          "parameter \"%.*s\" is %s, not %s", STR_ARG(f->params[i].name.text),
                          bind_type_text(b, to), bind_type_text(b, x->type));
            return err_hint(err, st, "Write CAST(... AS %s).", bind_type_text(b, to));
        }
        TRY(bind_coerce(b, x, type_nullable(to, !x->type.not_null), &ret->values[i], err));
        if (!bound_small(x)) {
            return bind_fail(b, W7003, e->pos, e->width, err,
                             "expression has more than %d parts once functions are put inline",
                             BOUND_SIZE_MAX);
        }
    }
    return ERR_OK;
}

static Status
macro_body(Binder *b, const CreateFunction *f, const MacroArgs *args, BoundExpr **ret, Err *err)
{
    ExprScope s = {.clause = "RETURN", .macro = args};
    TRY(bind_expr(b, &s, f->body, ret, err));
    if (!f->returns) return ERR_OK;
    Type to;
    TRY(bind_type(b, f->returns, &to, err));
    BoundExpr *x = *ret;
    if (x->type.kind != TYPE_NULL && !type_eq(x->type, to) && !type_implicit(x->type, to)) {
        Status st = bind_fail(b, W2018, f->body_pos, f->body_width, err,
                              "body is %s, but the function returns %s", bind_type_text(b, x->type),
                              bind_type_text(b, to));
        return err_hint(err, st, "Write RETURN CAST(... AS %s).", bind_type_text(b, to));
    }
    return bind_coerce(b, x, type_nullable(to, !x->type.not_null), ret, err);
}

Status
bind_macro_call(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    *ret = NULL;
    CatalogEntry entry;
    bool found = false;
    Str name = path_last(&e->call->func).text;
    TRY(catalog_find(b->env->catalog, b->a, CATALOG_FUNCTION, name, &entry, &found, err));
    if (!found) return ERR_OK;
    if (b->macro_depth == MACRO_DEPTH_MAX) {
        return bind_fail(b, W2018, e->pos, e->width, err,
                         "function \"%.*s\" calls functions more than %d deep", STR_ARG(name),
                         MACRO_DEPTH_MAX);
    }
    TRY(bind_limit(b, ++b->macro_calls, MACRO_CALLS_MAX, "a statement",
                   "calls of functions once they are put inline", e->pos, e->width, err));
    Place outer = b->place;
    const CreateFunction *f = NULL;
    TRY(macro_load(b, &entry, &f, e->pos, e->width, err));
    if (!f->body)
        return bind_unsupported(b, e->pos, e->width, "a function in another language", err);
    MacroArgs args;
    TRY(macro_args(b, s, e, f, &args, err));
    b->place = (Place){.fixed = true, .pos = bind_pos(b, e->pos), .width = bind_width(b, e->width)};
    b->macro_depth++;
    Status st = macro_body(b, f, &args, ret, err);
    b->macro_depth--;
    b->place = outer;
    return st;
}

Status
plan_check_function(const PlannerEnv *env, Arena *a, const CreateFunction *f, Err *err)
{
    Binder b = {.env = env, .a = a};
    if (!f->body)
        return bind_unsupported(&b, f->name.pos, f->name.width, "a function in another language",
                                err);
    MacroArgs args = {.params = f->params, .len = f->params_len};
    args.values = arena_array(a, BoundExpr *, f->params_len + 1);
    for (u32 i = 0; i < f->params_len; i++) {
        const MacroParam *p = &f->params[i];
        for (u32 k = 0; k < i; k++) {
            if (!str_eq(p->name.text, f->params[k].name.text)) continue;
            return bind_fail(&b, W2011, p->name.pos, p->name.width, err,
                             "parameter \"%.*s\" is named twice", STR_ARG(p->name.text));
        }
        Type type;
        TRY(bind_type(&b, p->type, &type, err));
        args.values[i] = bound_column(a, i, type);
    }
    BoundExpr *body;
    Status st = macro_body(&b, f, &args, &body, err);
    bind_release(b.owned);
    return st;
}
