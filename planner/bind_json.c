/* bind_json.c - the clauses of JSON_VALUE, JSON_QUERY and JSON_EXISTS as constant arguments.
 *
 *   JSON_VALUE(x, p RETURNING INT DEFAULT 0 ON EMPTY)
 *       -> CAST(JSON_VALUE(x, p, 'DEFAULT', '0', 'NULL', NULL) AS INT)
 *
 * The order of the arguments is exec/funcs/fn_json.c's. */
#include "planner/bind.h"

static BoundExpr *
json_word(Binder *b, JsonBehavior how, const char *unsaid, const Expr *e)
{
    static const char *const words[] = {
        "", "NULL", "ERROR", "DEFAULT", "EMPTY ARRAY", "EMPTY OBJECT", "TRUE", "FALSE", "UNKNOWN"};
    const char *word = how == JSON_UNSAID ? unsaid : words[how];
    return bind_const_text(b, str_from(word), e->pos, e->width);
}

/* DEFAULT x: a constant text; NULL when there is none. */
static Status
json_default(Binder *b, const Expr *x, const Expr *call, BoundExpr **ret, Err *err)
{
    if (!x) {
        *ret = bind_null(b, type_string(), call->pos, call->width);
        return ERR_OK;
    }
    ExprScope s = {.clause = "DEFAULT"};
    BoundExpr *e;
    TRY(bind_expr(b, &s, x, &e, err));
    TRY(bind_coerce(b, e, type_nullable(type_string(), !e->type.not_null), ret, err));
    if (bind_constant(b, *ret)) return ERR_OK;
    return bind_fail(b, W2015, x->pos, x->width, err, "DEFAULT needs a constant here");
}

Status
bind_json_clause(Binder *b, const Expr *e, BoundExpr **args, u32 *nargs, Err *err)
{
    const Call *c = e->call;
    const JsonClause *j = c->json;
    static const char *const wrappers[] = {"WITHOUT", "WITHOUT", "CONDITIONAL", "UNCONDITIONAL"};
    Str name = path_last(&c->func).text;
    if (c->args.len != 2 || j->on_null != JSON_ON_NULL_UNSAID) {
        return bind_unsupported(b, e->pos, e->width, "this JSON function", err);
    }
    u32 n = 2;
    if (str_eq_nocase(name, STR("JSON_EXISTS"))) {
        args[n++] = json_word(b, j->on_error, "FALSE", e);
    } else if (str_eq_nocase(name, STR("JSON_VALUE"))) {
        args[n++] = json_word(b, j->on_empty, "NULL", e);
        TRY(json_default(b, j->empty_default, e, &args[n++], err));
        args[n++] = json_word(b, j->on_error, "NULL", e);
        TRY(json_default(b, j->error_default, e, &args[n++], err));
    } else if (str_eq_nocase(name, STR("JSON_QUERY"))) {
        args[n++] = bind_const_text(b, str_from(wrappers[j->wrapper]), e->pos, e->width);
        args[n++] = json_word(b, j->on_empty, "NULL", e);
        args[n++] = json_word(b, j->on_error, "NULL", e);
    } else {
        return bind_unsupported(b, e->pos, e->width, "this JSON function", err);
    }
    *nargs = n;
    return ERR_OK;
}
