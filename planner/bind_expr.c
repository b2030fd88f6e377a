/* bind_expr.c - operators, predicates, CASE and CAST; calls are in bind_call.c, names in scope.c.
 *
 * Special syntax becomes calls of functions with SQL's own spelling ("IS NULL", "LIKE", "||"), or
 * simpler expressions: BETWEEN two comparisons, IN a list of comparisons, CASE x WHEN a equals x
 * with a. */
#include "planner/bind.h"

static BoundExpr *
expr_logic(Binder *b, BoundExprKind kind, BoundExpr **args, u32 n, u32 pos, u32 width)
{
    assert(n > 0);
    bool not_null = true;
    for (u32 i = 0; i < n; i++) not_null = not_null && args[i]->type.not_null;
    BoundExpr *e = bound_new(b->a, kind, type_nullable(type_of(TYPE_BOOLEAN), !not_null), n);
    memcpy(e->args, args, n * sizeof *args);
    e->pos = bind_pos(b, pos);
    e->width = bind_width(b, width);
    return e;
}

static Status
expr_not(Binder *b, BoundExpr *arg, const Expr *e, BoundExpr **ret, Err *err)
{
    return bind_func(b, STR("NOT"), &arg, 1, e->pos, e->width, ret, err);
}

static Status
expr_negated(Binder *b, const Expr *e, BoundExpr **ret, Err *err)
{
    return e->negated ? expr_not(b, *ret, e, ret, err) : ERR_OK;
}

static Status
expr_boolean(const BoundExpr *e, const char *where, Err *err)
{
    if (e->type.kind == TYPE_BOOLEAN || e->type.kind == TYPE_NULL) return ERR_OK;
    StrBuf text = {0};
    type_print(&text, type_nullable(e->type, true));
    Status st = err_set(err, W2006, e->pos, "%s needs a BOOLEAN, not %s", where, text.ptr);
    err_at(err, e->pos, e->width);
    strbuf_done(&text);
    if (type_is(e->type, KIND_NUMERIC)) return err_hint(err, st, "Write a comparison, as x <> 0.");
    return err_hint(err, st, "Write a comparison, or CAST(... AS BOOLEAN).");
}

/* A condition; a bare NULL becomes a BOOLEAN one. */
static Status
expr_truth(Binder *b, const ExprScope *s, const Expr *e, const char *where, BoundExpr **ret,
           Err *err)
{
    TRY(bind_expr(b, s, e, ret, err));
    TRY(expr_boolean(*ret, where, err));
    return bind_coerce(b, *ret, type_nullable(type_of(TYPE_BOOLEAN), !(*ret)->type.not_null), ret,
                       err);
}

Status
bind_condition(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    return expr_truth(b, s, e, s->clause, ret, err);
}

/* Something is going to be used twice: its size as a tree must stay sane. */
static Status
expr_shared(const Binder *b, const BoundExpr *x, const Expr *e, Err *err)
{
    if (bound_small(x)) return ERR_OK;
    return bind_fail(b, W7003, e->pos, e->width, err,
                     "expression has more than %d parts once it is written out", BOUND_SIZE_MAX);
}

/* Fraction digits that a time's text needs, and at least `scale`: equal types compare fastest, and
 * in the scan. */
static u8
expr_text_scale(const BoundExpr *x, u8 scale)
{
    const StrView *slot = vector_at(&x->constant, 0);
    Str text = slot ? str_trim(strview_str(slot)) : (Str){0};
    for (u32 i = 0; i < text.len; i++) {
        if (text.ptr[i] != '.') continue;
        u32 digits = text.len - i - 1;
        return (u8)MIN(MAX(digits, scale), TIME_SCALE_MAX);
    }
    return scale;
}

/* A text constant beside a time, number or boolean is read as one, as Flink does. */
static Status
expr_match_text(Binder *b, BoundExpr **left, BoundExpr **right, Err *err)
{
    BoundExpr **pair[2] = {left, right};
    for (u32 i = 0; i < 2; i++) {
        BoundExpr *x = *pair[i], *other = *pair[1 - i];
        if (x->kind != BOUND_CONST || !type_is(x->type, KIND_TEXT)) continue;
        if (type_is(other->type, KIND_TEXT | KIND_BYTES) || other->type.kind == TYPE_NULL) continue;
        Type to = other->type;
        if (type_is(to, KIND_TIME) && to.kind != TYPE_DATE) to.scale = expr_text_scale(x, to.scale);
        return bind_coerce(b, x, type_nullable(to, !x->type.not_null), pair[i], err);
    }
    return ERR_OK;
}

static Status
expr_compare(Binder *b, const char *op, BoundExpr *left, BoundExpr *right, const Expr *e,
             BoundExpr **ret, Err *err)
{
    BoundExpr *args[2] = {left, right};
    TRY(expr_match_text(b, &args[0], &args[1], err));
    return bind_func(b, str_from(op), args, 2, e->pos, e->width, ret, err);
}

static Status
expr_binary(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    BoundExpr *left, *right;
    BinaryOp op = e->binary.op;
    if (op == OP_OVERLAPS) return bind_unsupported(b, e->pos, e->width, "OVERLAPS", err);
    TRY(bind_expr(b, s, e->binary.left, &left, err));
    TRY(bind_expr(b, s, e->binary.right, &right, err));
    if (op >= OP_EQ && op <= OP_GE) {
        return expr_compare(b, binary_op_text(op), left, right, e, ret, err);
    }
    BoundExpr *args[2] = {left, right};
    return bind_func(b, str_from(binary_op_text(op)), args, 2, e->pos, e->width, ret, err);
}

static Status
expr_unary(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    BoundExpr *arg;
    switch (e->unary.op) {
    case UNARY_NOT:
        TRY(expr_truth(b, s, e->unary.arg, "NOT", &arg, err));
        return expr_not(b, arg, e, ret, err);
    case UNARY_POS:
    case UNARY_NEG:
        TRY(bind_expr(b, s, e->unary.arg, &arg, err));
        if (!type_is(arg->type, KIND_NUMERIC | KIND_INTERVAL) && arg->type.kind != TYPE_NULL) {
            return bind_fail(b, W2006, e->pos, e->width, err, "a sign needs a number, not %s",
                             bind_type_text(b, arg->type));
        }
        if (e->unary.op == UNARY_POS) {
            *ret = arg;
            return ERR_OK;
        }
        return bind_func(b, STR("-"), &arg, 1, e->pos, e->width, ret, err);
    }
    UNREACHABLE();
}

static Status
expr_is(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    static const char *const names[2][4] = {
        {"IS NULL", "IS TRUE", "IS FALSE", "IS NULL"},
        {"IS NOT NULL", "IS NOT TRUE", "IS NOT FALSE", "IS NOT NULL"},
    };
    static const char *const json[] = {"VALUE", "SCALAR", "ARRAY", "OBJECT"};
    BoundExpr *args[2];
    if (e->is.is >= IS_JSON) {
        TRY(bind_expr(b, s, e->is.arg, &args[0], err));
        args[1] = bind_const_text(b, str_from(json[e->is.is - IS_JSON]), e->pos, e->width);
        TRY(bind_func(b, STR("IS JSON"), args, 2, e->pos, e->width, ret, err));
        return expr_negated(b, e, ret, err);
    }
    if (e->is.is == IS_NULL) {
        TRY(bind_expr(b, s, e->is.arg, &args[0], err));
    } else {
        TRY(expr_truth(b, s, e->is.arg, "IS", &args[0], err));
    }
    return bind_func(b, str_from(names[e->negated][e->is.is]), args, 1, e->pos, e->width, ret, err);
}

static Status
expr_distinct(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    BoundExpr *left, *right;
    TRY(bind_expr(b, s, e->binary.left, &left, err));
    TRY(bind_expr(b, s, e->binary.right, &right, err));
    const char *op = e->negated ? "IS NOT DISTINCT FROM" : "IS DISTINCT FROM";
    return expr_compare(b, op, left, right, e, ret, err);
}

/* x >= low AND x <= high */
static Status
expr_range(Binder *b, BoundExpr *x, BoundExpr *low, BoundExpr *high, const Expr *e, BoundExpr **ret,
           Err *err)
{
    BoundExpr *parts[2];
    TRY(expr_compare(b, ">=", x, low, e, &parts[0], err));
    TRY(expr_compare(b, "<=", x, high, e, &parts[1], err));
    *ret = expr_logic(b, BOUND_AND, parts, 2, e->pos, e->width);
    return ERR_OK;
}

static Status
expr_between(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    BoundExpr *x, *low, *high, *sides[2];
    TRY(bind_expr(b, s, e->between.arg, &x, err));
    TRY(bind_expr(b, s, e->between.low, &low, err));
    TRY(bind_expr(b, s, e->between.high, &high, err));
    TRY(expr_shared(b, x, e, err));
    TRY(expr_range(b, x, low, high, e, &sides[0], err));
    if (!e->between.symmetric) {
        *ret = sides[0];
        return expr_negated(b, e, ret, err);
    }
    TRY(expr_shared(b, sides[0], e, err));
    TRY(expr_range(b, x, high, low, e, &sides[1], err));
    *ret = expr_logic(b, BOUND_OR, sides, 2, e->pos, e->width);
    return expr_negated(b, e, ret, err);
}

static Status
expr_like(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    static const char *const names[] = {"LIKE", "ILIKE", "REGEXP", "SIMILAR TO"};
    BoundExpr *args[3];
    u32 n = 2;
    TRY(bind_expr(b, s, e->like.arg, &args[0], err));
    TRY(bind_expr(b, s, e->like.pattern, &args[1], err));
    if (e->like.escape) TRY(bind_expr(b, s, e->like.escape, &args[n++], err));
    TRY(bind_func(b, str_from(names[e->like.like]), args, n, e->pos, e->width, ret, err));
    return expr_negated(b, e, ret, err);
}

/* IN over constants is one look-up in a set; else it is a list of comparisons. */
static Status
expr_in(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    if (e->in.query) return bind_unsupported(b, e->pos, e->width, "IN (SELECT ...)", err);
    u32 n = e->in.list.len + 1;
    BoundExpr **args = arena_array(b->a, BoundExpr *, n), *first;
    TRY(bind_expr(b, s, e->in.arg, &first, err));
    args[0] = first;
    if (n == 1) { /* in nothing, whatever x is */
        *ret = bind_const_bool(b, e->negated, e->pos, e->width);
        return ERR_OK;
    }
    bool constant = true;
    for (u32 i = 1; i < n; i++) {
        BoundExpr *x = first;
        TRY(bind_expr(b, s, e->in.list.at[i - 1], &args[i], err));
        TRY(expr_match_text(b, &x, &args[i], err));
        constant = constant && args[i]->kind == BOUND_CONST;
    }
    Type common;
    if (constant && n > 2) {
        TRY(bind_common(b, args, n, "IN", &common, err));
        for (u32 i = 1; i < n; i++) constant = constant && args[i]->kind == BOUND_CONST;
    }
    if (constant && n > 2) {
        TRY(bind_func(b, STR("IN"), args, n, e->pos, e->width, ret, err));
        return expr_negated(b, e, ret, err);
    }
    if (n > 2) TRY(expr_shared(b, first, e, err));
    for (u32 i = 1; i < n; i++) TRY(expr_compare(b, "=", first, args[i], e, &args[i], err));
    *ret = n == 2 ? args[1] : expr_logic(b, BOUND_OR, args + 1, n - 1, e->pos, e->width);
    return expr_negated(b, e, ret, err);
}

static Status
expr_case(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    u32 n = e->cases.whens_len, nvalues = n + (e->cases.otherwise != NULL);
    BoundExpr *operand = NULL;
    BoundExpr **values = arena_array(b->a, BoundExpr *, nvalues);
    BoundExpr *c = bound_new(b->a, BOUND_CASE, (Type){0}, n + nvalues);
    if (e->cases.operand) {
        TRY(bind_expr(b, s, e->cases.operand, &operand, err));
        if (n > 1) TRY(expr_shared(b, operand, e, err));
    }
    for (u32 i = 0; i < n; i++) {
        const CaseWhen *w = &e->cases.whens[i];
        BoundExpr *when;
        if (operand) {
            TRY(bind_expr(b, s, w->when, &when, err));
            TRY(expr_compare(b, "=", operand, when, w->when, &when, err));
        } else {
            TRY(expr_truth(b, s, w->when, "WHEN", &when, err));
        }
        c->args[2 * i] = when;
        TRY(bind_expr(b, s, w->then, &values[i], err));
    }
    if (e->cases.otherwise) TRY(bind_expr(b, s, e->cases.otherwise, &values[n], err));
    TRY(bind_common(b, values, nvalues, "CASE", &c->type, err));
    for (u32 i = 0; i < n; i++) c->args[2 * i + 1] = values[i];
    if (e->cases.otherwise) {
        c->args[2 * n] = values[n];
    } else {
        c->type.not_null = false;
    }
    c->pos = bind_pos(b, e->pos);
    c->width = bind_width(b, e->width);
    *ret = c;
    return ERR_OK;
}

static Status
expr_logic_ast(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    u32 n = e->logic.args.len;
    bool and = e->logic.op == LOGIC_AND;
    BoundExpr **args = arena_array(b->a, BoundExpr *, n);
    for (u32 i = 0; i < n; i++) {
        TRY(expr_truth(b, s, e->logic.args.at[i], and? "AND" : "OR", &args[i], err));
    }
    *ret = expr_logic(b, and? BOUND_AND : BOUND_OR, args, n, e->pos, e->width);
    return ERR_OK;
}

static Status
expr_cast(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    Type to;
    TRY(bind_type(b, e->cast.type, &to, err));
    TRY(bind_expr(b, s, e->cast.arg, ret, err));
    return bind_cast(b, *ret, type_nullable(to, !(*ret)->type.not_null), e->cast.try_cast, e->pos,
                     e->width, ret, err);
}

Status
bind_expr(Binder *b, const ExprScope *s, const Expr *e, BoundExpr **ret, Err *err)
{
    const char *what = NULL;
    switch (e->kind) {
    case EXPR_LITERAL:
        return bind_literal(b, e, ret, err);
    case EXPR_COLUMN:
        return scope_column(b, s, e, ret, err);
    case EXPR_UNARY:
        return expr_unary(b, s, e, ret, err);
    case EXPR_BINARY:
        return expr_binary(b, s, e, ret, err);
    case EXPR_LOGIC:
        return expr_logic_ast(b, s, e, ret, err);
    case EXPR_IS:
        return expr_is(b, s, e, ret, err);
    case EXPR_DISTINCT:
        return expr_distinct(b, s, e, ret, err);
    case EXPR_BETWEEN:
        return expr_between(b, s, e, ret, err);
    case EXPR_LIKE:
        return expr_like(b, s, e, ret, err);
    case EXPR_IN:
        return expr_in(b, s, e, ret, err);
    case EXPR_CASE:
        return expr_case(b, s, e, ret, err);
    case EXPR_CAST:
        return expr_cast(b, s, e, ret, err);
    case EXPR_CALL:
        return bind_call(b, s, e, ret, err);
    case EXPR_SYMBOL:
        *ret = bind_const_text(b, e->symbol, e->pos, e->width);
        return ERR_OK;
    case EXPR_QUANTIFIED:
        what = "comparison with ANY or ALL";
        break;
    case EXPR_EXISTS:
        what = "EXISTS";
        break;
    case EXPR_SUBQUERY:
        what = "a subquery as a value";
        break;
    case EXPR_ROW:
        what = "a row value";
        break;
    case EXPR_ARRAY:
        what = "ARRAY[...]";
        break;
    case EXPR_MAP:
        what = "MAP[...]";
        break;
    case EXPR_FIELD:
        what = "access to nested fields";
        break;
    case EXPR_INDEX:
        what = "element access";
        break;
    case EXPR_STAR:
    case EXPR_NAMED_ARG:
    case EXPR_DESCRIPTOR:
    case EXPR_TABLE_ARG:
    case EXPR_DEFAULT:
    case EXPR_KIND_COUNT:
        return bind_fail(b, W2005, e->pos, e->width, err, "a value is expected here");
    }
    return bind_unsupported(b, e->pos, e->width, what, err);
}
